// Recipes of lazy flags, as bytes: state offset (2), number of steps (1), then each step:
//
//   LEAF   0xff, offset (2), bytes (1)
//   CONST  0xfe, value (8)
//   op     opcode, widths (1), aux (2), an earlier step for each argument
#include "tcg-like/lazy_flags.h"

#include <string.h>

#include "accel/vcpu.h"
#include "tcg-like/intops.h"

enum { LEAF = 0xff, CONST = 0xfe, WIDE = 1, ARG_WIDE = 2 };

_Static_assert((int)IR_OPCODES < (int)CONST, "opcodes take a byte");

// --- writing
static uint8_t *write_bytes(uint8_t *to, const void *from, size_t n)
{
    memcpy(to, from, n);
    return to + n;
}

static const LazyPlace *place_of(const LazyPlan *p, const LazyPlace *place, IRRef leaf)
{
    unsigned k = 0;
    while (p->leaf[k] != leaf) {
        k++;
    }
    return &place[k];
}

unsigned ir_recipe_write(const LazyPlan *p, const LazyPlace *place, uint16_t state, uint8_t *out)
{
    uint8_t *to = write_bytes(out, &state, 2);
    *to++ = p->n_nodes;
    for (unsigned k = 0; k < p->n_nodes; k++) {
        const LazyNode *n = &p->node[k];
        if (n->kind == LAZY_LEAF) {
            const LazyPlace *at = place_of(p, place, n->leaf);
            *to++ = LEAF;
            to = write_bytes(to, &at->off, 2);
            *to++ = at->bytes;
        } else if (n->kind == LAZY_CONST) {
            *to++ = CONST;
            to = write_bytes(to, &n->imm, 8);
        } else {
            *to++ = (uint8_t)n->op;
            *to++ = (uint8_t)((n->wide ? WIDE : 0) | (n->arg_wide ? ARG_WIDE : 0));
            to = write_bytes(to, &n->aux, 2);
            to = write_bytes(to, n->arg, ir_op_info[n->op].n_args);
        }
    }
    return (unsigned)(to - out);
}

// --- following
typedef struct Step {
    unsigned op, aux;
    bool w, arg_w;
    uint64_t x, y;
} Step;

static uint64_t integer_step(const Step *s)
{
    switch (s->op) {
    case IR_add:
        return ir_eval_add(s->w, s->x, s->y);
    case IR_sub:
        return ir_eval_sub(s->w, s->x, s->y);
    case IR_and:
        return ir_eval_and(s->w, s->x, s->y);
    case IR_or:
        return ir_eval_or(s->w, s->x, s->y);
    case IR_xor:
        return ir_eval_xor(s->w, s->x, s->y);
    case IR_neg:
        return ir_eval_neg(s->w, s->x);
    case IR_shl:
        return ir_eval_shl(s->w, s->x, s->y);
    case IR_shr:
        return ir_eval_shr(s->w, s->x, s->y);
    case IR_sar:
        return ir_eval_sar(s->w, s->x, s->y);
    case IR_zext:
        return ir_eval_zext(s->w, s->x, s->aux);
    case IR_sext:
        return ir_eval_sext(s->w, s->x, s->aux);
    case IR_extract:
        return ir_eval_extract(s->w, s->x, s->aux);
    case IR_trunc:
        return ir_eval_trunc(s->w, s->x);
    case IR_cmpset:
        return ir_cond_holds((IRCond)s->aux, s->arg_w ? IR_I64 : IR_I32, s->x, s->y);
    default: // extu
        return (uint32_t)s->x;
    }
}

static uint64_t step(const Step *s)
{
    unsigned bits = s->aux ? s->aux : s->arg_w ? 64 : 32;
    switch (s->op) {
    case IR_f_add:
        return ir_eval_f_add(bits, s->x, s->y, 0);
    case IR_f_sub:
        return ir_eval_f_sub(bits, s->x, s->y, 0);
    case IR_f_logic:
        return ir_flags_of_result(bits, s->x);
    case IR_f_shr1:
        return ir_eval_f_shr1(bits, s->x);
    case IR_f_sar1:
        return ir_eval_f_sar1(bits, s->x);
    case IR_f_cmc:
        return s->x ^ IR_FLAG_C;
    case IR_f_test:
        return ir_flags_hold((IRFlagCond)s->aux, (unsigned)s->x);
    case IR_f_setc:
        return ir_eval_f_set((unsigned)s->x, IR_FLAG_C, s->y);
    case IR_f_setv:
        return ir_eval_f_set((unsigned)s->x, IR_FLAG_V, s->y);
    case IR_f_nz:
        return ir_eval_f_nz((unsigned)s->x, s->y);
    default:
        return integer_step(s);
    }
}

static const uint8_t *read_op(const uint8_t *at, const uint64_t *value, uint64_t *result)
{
    Step s = {.op = at[0], .w = at[1] & WIDE, .arg_w = at[1] & ARG_WIDE};
    uint16_t aux;
    memcpy(&aux, at + 2, 2);
    s.aux = aux;
    unsigned n = ir_op_info[s.op].n_args;
    s.x = value[at[4]];
    s.y = n > 1 ? value[at[5]] : 0;
    *result = step(&s);
    return at + 4 + n;
}

void ir_recipe_follow(const uint8_t *recipe, VCPU *v)
{
    uint64_t value[LAZY_NODES];
    uint16_t state, off;
    memcpy(&state, recipe, 2);
    unsigned n = recipe[2];
    const uint8_t *at = recipe + 3;
    for (unsigned k = 0; k < n; k++) {
        value[k] = 0;
        if (*at == LEAF) {
            memcpy(&off, at + 1, 2);
            memcpy(&value[k], (const char *)v + off, at[3]);
            at += 4;
        } else if (*at == CONST) {
            memcpy(&value[k], at + 1, 8);
            at += 9;
        } else {
            at = read_op(at, value, &value[k]);
        }
    }
    uint16_t flags = (uint16_t)value[n - 1];
    memcpy((char *)v + state, &flags, 2);
}
