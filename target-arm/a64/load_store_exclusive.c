// Exclusive, ordered and atomic accesses (DDI 0487 C4.1.94): LDXR/STXR, LDAR/STLR, CAS, LSE
// atomics.
//
// vCPUs run one after another, so an IR rmw or cas is atomic as it stands, and acquire and release
// order nothing. The exclusive monitor is the address, the size and the value loaded; a store
// exclusive succeeds if they still agree (helpers_mem.c).
#include "target-arm/a64/a64.h"
#include "target-arm/helpers.h"

static unsigned aligned(ArmCtx *c, unsigned size)
{
    (void)c;
    return size | IR_MEM_ALIGN;
}

// LDXR, LDAXR, STXR, STLXR. The monitor is closed after the access: one that leaves the block runs
// again with the monitor as it was.
static bool tr_exclusive(ArmCtx *c, const ArmFields *f)
{
    IRRef addr = a64_base(c, f->n);
    unsigned memop = aligned(c, f->z);
    if (f->L) {
        IRRef v =
            ir_ld(c->b, f->z == 3 ? IR_I64 : IR_I32, addr, 0, memop | (f->o ? IR_MEM_ACQ : 0));
        arm_open_monitor(c, addr, v, f->z);
        a64_put(c, f->t, v);
        return true;
    }
    IRType t = f->z == 3 ? IR_I64 : IR_I32;
    IRRef expected = ir_get_n(c->b, t, offsetof(ARMCPU, exclusive_value), t == IR_I64 ? 8 : 4);
    IRRef failed = ir_casif(c->b, addr, expected, a64_r(c, f->t, f->z == 3),
                            arm_monitor_holds(c, addr, f->z), memop | (f->o ? IR_MEM_REL : 0));
    arm_close_monitor(c);
    a64_put(c, f->s, failed);
    return true;
}

// LDXP, LDAXP, STXP, STLXP: pairs of 32-bit or 64-bit registers
static bool tr_exclusive_pair(ArmCtx *c, const ArmFields *f)
{
    IRRef addr = a64_base(c, f->n);
    unsigned size = f->z ? 3 : 2;
    if (f->L) {
        IRRef how = ir_i32(c->b, size | IR_MEM_ALIGN | (f->o ? IR_MEM_ACQ : 0));
        ir_call(c->b, &arm_h_ldxp, addr, how, ir_i32(c->b, f->t), ir_i32(c->b, f->u));
        return true;
    }
    IRRef how = ir_i32(c->b, size | IR_MEM_ALIGN | (f->o ? IR_MEM_REL : 0) | IR_MEM_STORE);
    IRRef low = a64_x(c, f->t), high = a64_x(c, f->u);
    a64_put(c, f->s, ir_call(c->b, &arm_h_stxp, addr, low, high, how));
    return true;
}

// LDAR, LDLAR, STLR, STLLR
static bool tr_ordered(ArmCtx *c, const ArmFields *f)
{
    IRRef addr = a64_base(c, f->n);
    unsigned memop = a64_memop_ordered(c, f->z);
    if (f->L) {
        a64_put(c, f->t, ir_ld(c->b, f->z == 3 ? IR_I64 : IR_I32, addr, 0, memop | IR_MEM_ACQ));
    } else {
        ir_st(c->b, addr, 0, a64_r(c, f->t, f->z == 3), memop | IR_MEM_REL);
    }
    return true;
}

// LDAPR (FEAT_LRCPC)
static bool tr_ldapr(ArmCtx *c, const ArmFields *f)
{
    IRRef addr = a64_base(c, f->n);
    unsigned memop = a64_memop_ordered(c, f->z) | IR_MEM_ACQ;
    a64_put(c, f->t, ir_ld(c->b, f->z == 3 ? IR_I64 : IR_I32, addr, 0, memop));
    return true;
}

// The operand of a narrow atomic, whose upper bits do not count.
static IRRef operand(ArmCtx *c, unsigned r, unsigned size)
{
    IRRef v = a64_r(c, r, size == 3);
    return size < 2 ? ir_zext(c->b, v, 8u << size) : v;
}

static bool tr_cas(ArmCtx *c, const ArmFields *f)
{
    IRRef addr = a64_base(c, f->n);
    IRRef expected = operand(c, f->s, f->z), new = operand(c, f->t, f->z);
    unsigned memop = a64_memop_ordered(c, f->z) | (f->L ? IR_MEM_ACQ : 0) | (f->o ? IR_MEM_REL : 0);
    a64_put(c, f->s, ir_cas(c->b, addr, expected, new, memop));
    return true;
}

static bool tr_casp(ArmCtx *c, const ArmFields *f)
{
    if ((f->s & 1) || (f->t & 1)) {
        return false;
    }
    IRRef addr = a64_base(c, f->n);
    unsigned size = f->z ? 3 : 2;
    unsigned memop = a64_memop_ordered(c, size) | IR_MEM_STORE;
    ir_call(c->b, &arm_h_casp, addr, ir_i32(c->b, f->s | f->t << 8), ir_i32(c->b, memop), IR_NONE);
    return true;
}

// LDADD ... LDUMIN, SWP: o = 8 is SWP
static bool tr_atomic(ArmCtx *c, const ArmFields *f)
{
    static const uint8_t kind[] = {IR_RMW_ADD,  IR_RMW_CLR,  IR_RMW_XOR,  IR_RMW_OR,  IR_RMW_SMAX,
                                   IR_RMW_SMIN, IR_RMW_UMAX, IR_RMW_UMIN, IR_RMW_XCHG};
    if (f->o >= ARRAY_LEN(kind)) {
        return false;
    }
    IRRef addr = a64_base(c, f->n);
    unsigned memop = a64_memop_ordered(c, f->z) | (f->A ? IR_MEM_ACQ : 0) | (f->R ? IR_MEM_REL : 0);
    a64_put(c, f->t, ir_rmw(c->b, (IRRmwKind)kind[f->o], addr, operand(c, f->s, f->z), memop));
    return true;
}

static const ArmRow rows[] = {
    {"LDXR_STXR", "zz00 1000 0L0s ssss o--- --nn nnnt tttt", tr_exclusive, ARM_FEAT_BASE},
    {"LDXP_STXP", "1z00 1000 0L1s ssss ouuu uunn nnnt tttt", tr_exclusive_pair, ARM_FEAT_BASE},
    {"LDAR_STLR", "zz00 1000 1L0- ---- 1--- --nn nnnt tttt", tr_ordered, ARM_FEAT_BASE},
    {"LDLAR_STLLR", "zz00 1000 1L0- ---- 0--- --nn nnnt tttt", tr_ordered, ARM_FEAT_LSE},
    {"CAS", "zz00 1000 1L1s ssss o111 11nn nnnt tttt", tr_cas, ARM_FEAT_LSE},
    {"CASP", "0z00 1000 0L1s ssss o111 11nn nnnt tttt", tr_casp, ARM_FEAT_LSE},
    {"ATOMIC", "zz11 1000 AR1s ssss oooo 00nn nnnt tttt", tr_atomic, ARM_FEAT_LSE},
    {"LDAPR", "zz11 1000 101- ---- 1100 00nn nnnt tttt", tr_ldapr, ARM_FEAT_LRCPC},
};
const ArmChapter a64_load_store_exclusive = {"Exclusive and atomic accesses", rows,
                                             ARRAY_LEN(rows)};
