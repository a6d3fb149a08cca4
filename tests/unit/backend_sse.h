// Blocks of one floating-point op under x86's rules (IR_FP_SSE), for tests that have a table of
// exact functions to compare with.
#ifndef TESTS_BACKEND_SSE_H
#define TESTS_BACKEND_SSE_H

#include "backend_rig.h"

typedef struct Row {
    IROpcode op;
    const IRVHelper *exact;
    bool lanes, scalar; // forms that there are
    unsigned aux2;      // below this
} Row;

static inline void choose_immediates(Random *r, const Row *row, IRInsn *i)
{
    unsigned esize = row->op == IR_vf2s ? 2 : 2 + rnd(r, 2);
    bool scalar = row->scalar && (!row->lanes || rnd(r, 2));
    i->aux = (uint16_t)(esize | (scalar ? IR_FP_SCALAR : 0) | IR_FP_SSE);
    bool keeps = (row->op >= IR_fadd && row->op <= IR_fmax && row->op != IR_fma) ||
                 row->op == IR_fcmpp || row->op == IR_fround;
    i->aux |= scalar && keeps && rnd(r, 2) ? IR_FP_KEEP : 0;
    i->aux2 = (uint16_t)rnd(r, row->aux2);
    if (row->op == IR_f_fcmp) {
        i->aux = (uint16_t)(esize | (rnd(r, 2) ? IR_FCMP_SIGNAL : 0));
    } else if (row->op == IR_fcvt) {
        i->aux2 = (uint16_t)(5 - esize);
    } else if (row->op == IR_fround) {
        i->aux2 = (uint16_t)((i->aux2 & 3) | (rnd(r, 2) ? IR_RND_EXACT : 0));
        i->aux2 = rnd(r, 4) ? i->aux2 : (uint16_t)((i->aux2 & IR_RND_EXACT) | IR_RND_CURRENT);
    } else if (row->op == IR_ff2s || row->op == IR_vf2s) {
        i->aux2 = rnd(r, 2) ? IR_RND_ZERO : IR_RND_CURRENT;
    } else if (row->op == IR_fma && scalar) {
        i->aux2 &= 3;
    }
}

static inline IRRef make(IRBlock *b, Random *r, const Row *row)
{
    const IROpInfo *o = &ir_op_info[row->op];
    IRInsn i = {.op = row->op,
                .type = o->sig[0] == 'f'   ? IR_FLAGS
                        : o->sig[0] == 'v' ? IR_V128
                        : rnd(r, 2)        ? IR_I64
                                           : IR_I32,
                .arg = {IR_NONE, IR_NONE, IR_NONE, IR_NONE},
                .imm = (uintptr_t)row->exact};
    for (unsigned k = 0; k < o->n_args; k++) {
        unsigned reg = rnd(r, 5);
        i.arg[k] = o->sig[2 + k] == 'v' ? ir_get(b, IR_V128, offsetof(VCPU, vec[reg]))
                                        : ir_get(b, IR_I64, offsetof(VCPU, gpr[reg]));
        if (o->sig[2 + k] == 'S' && rnd(r, 2)) {
            i.arg[k] = ir_trunc(b, i.arg[k]);
        }
    }
    choose_immediates(r, row, &i);
    return ir_append(b, i);
}

static inline char *compare_row(Host *h, const Row *row, uint64_t seed)
{
    Random r = random_seeded(seed);
    IRBlock *b = ir_block_new();
    b->pc = 0x1000;
    b->guest_insns = 1;
    ir_insn(b, 0x1000, 0);
    IRRef x = make(b, &r, row);
    put_value(b, x, rnd(&r, 8));
    if (rnd(&r, 3) == 0) {
        put_value(b, x, rnd(&r, 8));
    }
    ir_exit_loop(b);
    char *d = compare(h, &r, b, 24, true);
    ir_block_free(b);
    return d;
}

static inline Host *sse_host(void)
{
    Host *h = host_new();
    h->sse = true;
    return h;
}

static inline void compare_rows(const Row *rows, unsigned n)
{
    Host *h = sse_host();
    for (unsigned k = 0; k < n; k++) {
        for (uint64_t seed = 0; seed < seeds(400); seed++) {
            char *d = compare_row(h, &rows[k], k * 100000 + seed);
            cr_assert_null(d, "%s", d);
        }
    }
    host_free(h);
}

#endif
