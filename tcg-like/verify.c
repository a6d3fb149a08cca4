// The verifier: what every pass and backend may rely on.
//
//   each insn: op known -> arguments defined before -> types by the signature -> immediates in
//   range the block: exactly one terminal, last; slots in range; instruction markers ascend
#include <glib.h>
#include "tcg-like/passes.h"
#include "tcg-like/text_format.h"

typedef struct Verifier {
    const IRBlock *b;
    const IRInsn *i;
    unsigned n;
    int last_index; // of the instruction markers
    uint8_t own;    // what T and S stand for, IR_VOID while unknown
    uint8_t shared;
    char *error;
} Verifier;

static PRINTF_LIKE(2, 3) bool bad(Verifier *v, const char *format, ...)
{
    if (!v->error) {
        va_list args;
        va_start(args, format);
        char *why = g_strdup_vprintf(format, args);
        va_end(args);
        v->error = g_strdup_printf("insn %u (%s): %s", v->n,
                                   v->i->op < IR_OPCODES ? ir_op_info[v->i->op].name : "?", why);
        g_free(why);
    }
    return false;
}

static bool is_int(unsigned type)
{
    return type == IR_I32 || type == IR_I64;
}

// --- types
static bool unify(uint8_t *letter, unsigned type)
{
    if (*letter == IR_VOID) {
        *letter = (uint8_t)type;
    }
    return *letter == type && is_int(type);
}

static bool type_fits(Verifier *v, char letter, unsigned type)
{
    switch (letter) {
    case 'T':
        return unify(&v->own, type);
    case 'S':
        return unify(&v->shared, type);
    case 'w':
        return type == IR_I32;
    case 'x':
        return type == IR_I64;
    case 'v':
        return type == IR_V128;
    case 'f':
        return type == IR_FLAGS;
    case 'a':
        return type != IR_VOID || v->i->op == IR_call;
    default:
        return type == IR_VOID;
    }
}

// How many arguments the insn must have; calls tell it by their helper, a page's memo is optional.
static unsigned min_args(Verifier *v)
{
    switch (v->i->op) {
    case IR_call:
        return ((const IRHelper *)(uintptr_t)v->i->imm)->n_args;
    case IR_vcall:
        return 0;
    case IR_ld:
    case IR_st:
    case IR_chk:
        return ir_op_info[v->i->op].n_args - 1u; // the memo
    default:
        return ir_op_info[v->i->op].n_args;
    }
}

static bool check_arg(Verifier *v, unsigned k, char letter)
{
    IRRef r = v->i->arg[k];
    if (r == IR_NONE) {
        return k >= min_args(v) || bad(v, "argument %u is missing", k);
    }
    if (r >= v->n) {
        return bad(v, "argument %u, %%%u, is not defined before", k, r);
    }
    unsigned type = v->b->insn[r].type;
    if (type == IR_VOID || type > IR_FLAGS) {
        return bad(v, "argument %u, %%%u, has no value", k, r);
    }
    if (v->i->op == IR_call && (!is_int(type) || k >= min_args(v))) {
        return bad(v, "argument %u does not fit the helper", k);
    }
    return type_fits(v, letter, type) ||
           bad(v, "argument %u, %%%u, has type %s", k, r, ir_text_type[type]);
}

static bool check_types(Verifier *v)
{
    const IROpInfo *o = &ir_op_info[v->i->op];
    v->own = v->shared = IR_VOID;
    if (v->i->type > IR_FLAGS || !type_fits(v, o->sig[0], v->i->type)) {
        return bad(v, "wrong result type %u", v->i->type);
    }
    for (unsigned k = 0; k < 4; k++) {
        if (k >= o->n_args && v->i->arg[k] != IR_NONE) {
            return bad(v, "argument %u is too many", k);
        }
        if (k < o->n_args && !check_arg(v, k, o->sig[2 + k])) {
            return false;
        }
    }
    return true;
}

// --- immediates
static unsigned type_bits(unsigned type)
{
    return type == IR_I64 ? 64 : 32;
}

static bool check_state(Verifier *v)
{
    unsigned type = v->i->op == IR_get ? v->i->type : v->b->insn[v->i->arg[0]].type;
    unsigned bytes = v->i->aux;
    bool ok = type == IR_V128    ? bytes == 16
              : type == IR_FLAGS ? bytes == 2
                                 : bytes && !(bytes & (bytes - 1)) && bytes <= type_bits(type) / 8;
    if (v->i->aux2 && (v->i->op == IR_get || type != IR_FLAGS)) {
        return bad(v, "only puts of flags are lazy");
    }
    return ok || bad(v, "%u bytes of state for %s", bytes, ir_text_type[type]);
}

static bool check_field(Verifier *v)
{
    unsigned pos = v->i->aux & 0xff, len = v->i->aux >> 8;
    return (len >= 1 && pos + len <= type_bits(v->i->type)) ||
           bad(v, "field %u+%u is out of range", pos, len);
}

static bool check_bits(Verifier *v)
{
    unsigned bits = v->i->aux;
    bool ok = bits == 16 || bits == (v->i->op == IR_bswap ? 64 : 8) || bits == 32;
    return (ok && bits <= type_bits(v->i->type)) || bad(v, "%u bits", bits);
}

// Type of the value that a memory op moves.
static unsigned memory_type(const Verifier *v)
{
    switch (v->i->op) {
    case IR_st:
    case IR_casif:
        return v->b->insn[v->i->arg[1]].type;
    case IR_sth:
        return v->b->insn[v->i->arg[2]].type;
    default:
        return v->i->type;
    }
}

static bool check_memop(Verifier *v)
{
    unsigned size = v->i->aux & IR_MEM_SIZE, type = memory_type(v);
    bool store =
        v->i->op == IR_st || v->i->op == IR_rmw || v->i->op == IR_cas || v->i->op == IR_casif;
    bool ok = type == IR_V128 ? size >= 2 && size <= 4 : type == IR_I32 ? size <= 2 : size <= 3;
    if (v->i->aux & IR_MEM_WRITE && v->i->op != IR_ld) {
        return bad(v, "only a load is checked for a later store");
    }
    if (!ok || type == IR_FLAGS) {
        return bad(v, "%u bytes of memory for %s", 1u << size, ir_text_type[type]);
    }
    return !store || v->i->aux & IR_MEM_STORE || bad(v, "a store without IR_MEM_STORE");
}

// A memo comes from a page op and serves accesses that need no more than a page.
static bool check_memo(Verifier *v, unsigned k)
{
    IRRef r = v->i->arg[k];
    if (r == IR_NONE) {
        return true;
    }
    if (v->b->insn[r].op != IR_page) {
        return bad(v, "argument %u, %%%u, is no page", k, r);
    }
    return !(v->i->aux & (IR_MEM_ALIGN | IR_MEM_ALIGN16)) || bad(v, "aligned, with a page");
}

static bool check_ld(Verifier *v)
{
    return check_memop(v) && check_memo(v, 1);
}

static bool check_st(Verifier *v)
{
    return check_memop(v) && check_memo(v, 2);
}

static bool check_rmw(Verifier *v)
{
    return v->i->aux2 <= IR_RMW_UMIN ? check_memop(v) : bad(v, "kind %u", v->i->aux2);
}

static bool check_page(Verifier *v)
{
    return (v->i->aux2 >= 1 && v->i->aux2 <= 4096) || bad(v, "span %u", v->i->aux2);
}

static bool check_chk(Verifier *v)
{
    return check_page(v) && check_memo(v, 1);
}

static bool check_slot(Verifier *v)
{
    return v->i->aux < v->b->n_slots || bad(v, "slot %u of %u", v->i->aux, v->b->n_slots);
}

static bool check_cond(Verifier *v)
{
    return v->i->aux <= IR_TSTZ || bad(v, "condition %u", v->i->aux);
}

static bool check_fcond(Verifier *v)
{
    return v->i->aux <= IR_F_NP || bad(v, "condition %u", v->i->aux);
}

static bool check_flag_width(Verifier *v)
{
    return v->i->aux == 0 || v->i->aux == 8 || v->i->aux == 16 || bad(v, "%u bits", v->i->aux);
}

static bool check_guard(Verifier *v)
{
    return v->i->aux2 <= IR_TSTZ || bad(v, "condition %u", v->i->aux2);
}

static bool check_exit_if(Verifier *v)
{
    return v->i->aux2 <= IR_TSTZ ? check_slot(v) : bad(v, "condition %u", v->i->aux2);
}

static bool check_exit_if_f(Verifier *v)
{
    return v->i->aux2 <= IR_F_NP ? check_slot(v) : bad(v, "condition %u", v->i->aux2);
}

static bool check_ind(Verifier *v)
{
    return (v->i->aux2 <= IR_IND_RET || bad(v, "kind %u", v->i->aux2)) &&
           (v->i->aux <= 3 || bad(v, "tags %u", v->i->aux));
}

static bool check_vconst(Verifier *v)
{
    return v->i->imm < v->b->n_vpool ||
           bad(v, "constant %u of %u", (unsigned)v->i->imm, v->b->n_vpool);
}

static bool check_crc32c(Verifier *v)
{
    return v->i->aux <= 3 || bad(v, "%u bytes", 1u << (v->i->aux & 31));
}

static bool check_extr(Verifier *v)
{
    return v->i->imm < type_bits(v->i->type) || bad(v, "shift %u", (unsigned)v->i->imm);
}

static bool check_const(Verifier *v)
{
    return v->i->type == IR_I64 || v->i->imm <= UINT32_MAX || bad(v, "constant exceeds 32 bits");
}

static bool check_helper(Verifier *v)
{
    const IRHelper *h = (const IRHelper *)(uintptr_t)v->i->imm;
    if (h->flags & IR_CALL_X87 && h->flags != (IR_CALL_X87 | IR_CALL_FAULTS)) {
        return bad(v, "a function of the x87 has flags %#x", h->flags);
    }
    return v->i->type == h->ret || bad(v, "result type is not the helper's");
}

static bool check_lane(Verifier *v)
{
    unsigned esize = v->i->aux & 0xff, lane = v->i->aux >> 8;
    bool ok = esize <= 3 && lane < 16u >> esize;
    if (ok && (v->i->op == IR_vget || v->i->op == IR_vgets)) {
        ok = esize < 3 || v->i->type == IR_I64;
    }
    return ok || bad(v, "lane %u of esize %u", lane, esize);
}

static bool check_movlane(Verifier *v)
{
    unsigned esize = v->i->aux & 0xff, lanes = 16u >> (esize & 3);
    return (esize <= 3 && (v->i->aux >> 8 & 15) < lanes && v->i->aux >> 12 < lanes) ||
           bad(v, "lanes 0x%x", v->i->aux);
}

// Sources of widening, results of narrowing ops are esize 0..2.
static bool check_widen(Verifier *v)
{
    return v->i->aux <= 2 || bad(v, "esize %u", v->i->aux);
}

static bool check_narrow(Verifier *v)
{
    return (v->i->aux >= 1 && v->i->aux <= 3) || bad(v, "esize %u", v->i->aux);
}

static bool check_esize(Verifier *v)
{
    return v->i->aux <= 3 || bad(v, "esize %u", v->i->aux);
}

static bool check_vavg(Verifier *v)
{
    return v->i->aux <= 1 || bad(v, "esize %u", v->i->aux);
}

static bool check_vshift(Verifier *v)
{
    unsigned bits = 8u << (v->i->aux & 3);
    return (v->i->aux <= 3 && v->i->imm <= (v->i->op == IR_vshli ? bits - 1 : bits)) ||
           bad(v, "esize %u shifted by %u", v->i->aux, (unsigned)v->i->imm);
}

static bool check_vext(Verifier *v)
{
    return v->i->imm <= 15 || bad(v, "byte %u", (unsigned)v->i->imm);
}

static bool check_vrev(Verifier *v)
{
    return (v->i->aux < v->i->aux2 && v->i->aux2 <= 3) ||
           bad(v, "esize %u in %u", v->i->aux, v->i->aux2);
}

static bool check_imm(Verifier *v)
{
    return v->i->imm <= (v->i->op == IR_sha1rnds4 ? 3 : 255) ||
           bad(v, "immediate %u", (unsigned)v->i->imm);
}

static bool check_pack(Verifier *v)
{
    return v->i->aux == 1 || v->i->aux == 2 || bad(v, "esize %u", v->i->aux);
}

static bool check_counted(Verifier *v)
{
    unsigned low = v->i->op >= IR_vshlv && v->i->op <= IR_vsarv ? 2 : 1;
    return (v->i->aux >= low && v->i->aux <= 3) || bad(v, "esize %u", v->i->aux);
}

static bool check_clmul(Verifier *v)
{
    return !(v->i->aux & ~0x11u) || bad(v, "lanes 0x%x", v->i->aux);
}

// esize 1 to 3: there is no 8-bit FP.
static bool check_fp(Verifier *v)
{
    unsigned esize = v->i->aux & 0xf;
    if (esize < 1 || esize > 3) {
        return bad(v, "esize %u", esize);
    }
    if (v->i->op == IR_fcmpp && v->i->aux2 > 31) {
        return bad(v, "predicate %u", v->i->aux2);
    }
    unsigned kinds = !(v->i->aux & IR_FP_SSE) ? 1 : v->i->aux & IR_FP_SCALAR ? 4 : 6;
    if (v->i->op == IR_fma && v->i->aux2 >= kinds) {
        return bad(v, "kind %u", v->i->aux2);
    }
    bool keeps = v->i->op != IR_fma && v->i->op <= IR_fround;
    unsigned scalar = IR_FP_SSE | IR_FP_SCALAR;
    if (v->i->op != IR_f_fcmp && v->i->aux & IR_FP_KEEP &&
        (!keeps || (v->i->aux & scalar) != scalar)) {
        return bad(v, "aux 0x%x", v->i->aux);
    }
    return v->i->imm || bad(v, "no exact function");
}

// Every other op has no immediates, or any value is sound.
typedef bool CheckFn(Verifier *v);
static CheckFn *const check_op[IR_OPCODES] = {
    [IR_const] = check_const,
    [IR_vconst] = check_vconst,
    [IR_get] = check_state,
    [IR_put] = check_state,
    [IR_zext] = check_bits,
    [IR_sext] = check_bits,
    [IR_bswap] = check_bits,
    [IR_extract] = check_field,
    [IR_sextract] = check_field,
    [IR_deposit] = check_field,
    [IR_crc32c] = check_crc32c,
    [IR_extr] = check_extr,
    [IR_cmpset] = check_cond,
    [IR_select] = check_cond,
    [IR_f_test] = check_fcond,
    [IR_f_select] = check_fcond,
    [IR_f_choose] = check_fcond,
    [IR_ld] = check_ld,
    [IR_st] = check_st,
    [IR_rmw] = check_rmw,
    [IR_cas] = check_memop,
    [IR_page] = check_page,
    [IR_chk] = check_chk,
    [IR_ldh] = check_memop,
    [IR_sth] = check_memop,
    [IR_call] = check_helper,
    [IR_vduplane] = check_lane,
    [IR_vget] = check_lane,
    [IR_vgets] = check_lane,
    [IR_vset] = check_lane,
    [IR_vmovlane] = check_movlane,
    [IR_vavgu] = check_vavg,
    [IR_vmull_s] = check_widen,
    [IR_vmull_u] = check_widen,
    [IR_vmull2_s] = check_widen,
    [IR_vmull2_u] = check_widen,
    [IR_vshli] = check_vshift,
    [IR_vshri] = check_vshift,
    [IR_vsari] = check_vshift,
    [IR_vext] = check_vext,
    [IR_vrev] = check_vrev,
    [IR_vwiden_s] = check_widen,
    [IR_vwiden_u] = check_widen,
    [IR_vwiden2_s] = check_widen,
    [IR_vwiden2_u] = check_widen,
    [IR_vnarrow] = check_narrow,
    [IR_vnarrow2] = check_narrow,
    [IR_vclmul] = check_clmul,
    [IR_exit_if] = check_exit_if,
    [IR_exit_if_f] = check_exit_if_f,
    [IR_exit_jump] = check_slot,
    [IR_exit_call] = check_slot,
    [IR_exit_ind] = check_ind,
    [IR_casif] = check_memop,
    [IR_vshuf32] = check_imm,
    [IR_vblendi] = check_imm,
    [IR_sha1rnds4] = check_imm,
    [IR_vqpack_s] = check_pack,
    [IR_vqpack_u] = check_pack,
    [IR_vshl] = check_counted,
    [IR_vshr] = check_counted,
    [IR_vsar] = check_counted,
    [IR_vshlv] = check_counted,
    [IR_vshrv] = check_counted,
    [IR_vsarv] = check_counted,
    [IR_f_add] = check_flag_width,
    [IR_f_sub] = check_flag_width,
    [IR_f_adc] = check_flag_width,
    [IR_f_sbb] = check_flag_width,
    [IR_f_logic] = check_flag_width,
    [IR_f_shr1] = check_flag_width,
    [IR_f_sar1] = check_flag_width,
    [IR_guard] = check_guard,
};

static bool check_immediates(Verifier *v)
{
    IROpcode op = (IROpcode)v->i->op;
    if (check_op[op]) {
        return check_op[op](v);
    }
    if (op == IR_f_fcmp || (op >= IR_fadd && op <= IR_vf2w)) {
        return check_fp(v);
    }
    return op < IR_vzext || op > IR_f_vtest || check_esize(v);
}

// --- the block
static bool check_marker(Verifier *v)
{
    if (v->i->op != IR_insn) {
        return true;
    }
    int index = v->i->aux;
    if (index <= v->last_index || (v->b->guest_insns && index >= (int)v->b->guest_insns)) {
        return bad(v, "index %d after %d, of %u", index, v->last_index, v->b->guest_insns);
    }
    v->last_index = index;
    return true;
}

static bool check_end(Verifier *v)
{
    bool terminal = ir_op_info[v->i->op].effects & IR_EFF_TERM, last = v->n + 1 == v->b->n;
    return terminal == last || bad(v, last ? "not a way out" : "a way out before the end");
}

static bool check_insn(Verifier *v)
{
    if (v->i->op >= IR_OPCODES) {
        return bad(v, "no such op: %u", v->i->op);
    }
    if ((v->i->op == IR_call || v->i->op == IR_vcall) && !v->i->imm) {
        return bad(v, "no helper");
    }
    return check_types(v) && check_immediates(v) && check_marker(v) && check_end(v);
}

char *ir_verify(const IRBlock *b)
{
    if (b->n == 0 || b->n_slots > IR_MAX_SLOTS) {
        return g_strdup_printf("block of %u insns, %u slots", b->n, b->n_slots);
    }
    Verifier v = {.b = b, .last_index = -1};
    for (; v.n < b->n; v.n++) {
        v.i = &b->insn[v.n];
        if (!check_insn(&v)) {
            return v.error;
        }
    }
    return NULL;
}
