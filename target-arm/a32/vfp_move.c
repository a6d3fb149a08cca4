// Moves between VFP or Advanced SIMD registers and core registers, and VMRS, VMSR (DDI 0487
// F4.1.22..25).
#include "target-arm/a32/vfp.h"
#include "target-arm/helpers_vfp.h"

// --- one register

static bool to_core(const ArmCtx *c)
{
    return extract32(c->insn, 20, 1);
}

static bool tr_vmov_single(ArmCtx *c, const ArmFields *f)
{
    if (f->t == A32_PC) {
        return false;
    }
    if (!a32_vfp_trapped(c, false)) {
        unsigned s = vfp_s(f->n, f->N);
        if (to_core(c)) {
            a32_put(c, f->t, a32_s(c, s));
        } else {
            a32_put_s(c, s, a32_r(c, f->t));
        }
    }
    return true;
}

static bool tr_vmov_half(ArmCtx *c, const ArmFields *f)
{
    if (f->t == A32_PC) {
        return false;
    }
    if (!a32_vfp_trapped(c, false)) {
        unsigned s = vfp_s(f->n, f->N);
        if (to_core(c)) {
            a32_put(c, f->t, ir_zext(c->b, a32_s(c, s), 16));
        } else {
            a32_put_s(c, s, ir_zext(c->b, a32_r(c, f->t), 16));
        }
    }
    return true;
}

// --- lanes. Fields o and p, opc1 and opc2, tell size and index.

static bool lane_of(const ArmFields *f, unsigned *esize, unsigned *lane)
{
    if (f->o & 2) {
        *esize = 0;
        *lane = (f->o & 1) << 2 | f->p;
    } else if (f->p & 1) {
        *esize = 1;
        *lane = (f->o & 1) << 1 | f->p >> 1;
    } else {
        *esize = 2;
        *lane = f->o & 1;
    }
    return *esize < 2 || !(f->p & 2);
}

// Of D register n, as a lane of its Q register.
static unsigned lane_in_q(unsigned d, unsigned esize, unsigned lane)
{
    return d % 2 * (8u >> esize) + lane;
}

static bool tr_vmov_to_lane(ArmCtx *c, const ArmFields *f)
{
    unsigned esize, lane, d = vfp_d(f->n, f->N);
    if (f->t == A32_PC || !lane_of(f, &esize, &lane)) {
        return false;
    }
    if (!a32_vfp_trapped(c, esize < 2)) {
        IRRef v = ir_vset(c->b, a32_q(c, d / 2), a32_r(c, f->t), esize, lane_in_q(d, esize, lane));
        a32_put_q(c, d / 2, v);
    }
    return true;
}

static bool tr_vmov_from_lane(ArmCtx *c, const ArmFields *f)
{
    unsigned esize, lane, d = vfp_d(f->n, f->N);
    if (f->t == A32_PC || !lane_of(f, &esize, &lane) || (f->U && esize == 2)) {
        return false;
    }
    if (!a32_vfp_trapped(c, esize < 2)) {
        IRRef q = a32_q(c, d / 2);
        unsigned k = lane_in_q(d, esize, lane);
        a32_put(c, f->t,
                f->U || esize == 2 ? ir_vget(c->b, IR_I32, q, esize, k)
                                   : ir_vgets(c->b, IR_I32, q, esize, k));
    }
    return true;
}

// Fields b and e: byte, halfword.
static bool tr_vdup(ArmCtx *c, const ArmFields *f)
{
    unsigned d = vfp_d(f->n, f->N), esize = f->b ? 0 : f->e ? 1 : 2;
    if (f->t == A32_PC || (f->b && f->e) || !neon_even(d, f->q)) {
        return false;
    }
    if (!a32_vfp_trapped(c, true)) {
        neon_put_reg(c, d, f->q, ir_v1(c->b, IR_vdup, a32_r(c, f->t), esize));
    }
    return true;
}

// --- two core registers: t the lower half, u the upper

static bool pair_ok(const ArmCtx *c, const ArmFields *f)
{
    return f->t != A32_PC && f->u != A32_PC && !(to_core(c) && f->t == f->u);
}

static bool tr_vmov_double(ArmCtx *c, const ArmFields *f)
{
    if (!pair_ok(c, f)) {
        return false;
    }
    if (a32_vfp_trapped(c, false)) {
        return true;
    }
    unsigned d = vfp_d(f->m, f->M);
    if (to_core(c)) {
        IRRef x = a32_d(c, d);
        a32_put(c, f->t, ir_trunc(c->b, x));
        a32_put(c, f->u, ir_trunc(c->b, ir_shri(c->b, x, 32)));
    } else {
        IRRef low = ir_extu(c->b, a32_r(c, f->t)), high = ir_extu(c->b, a32_r(c, f->u));
        a32_put_d(c, d, ir_or(c->b, low, ir_shli(c->b, high, 32)));
    }
    return true;
}

static bool tr_vmov_singles(ArmCtx *c, const ArmFields *f)
{
    unsigned s = vfp_s(f->m, f->M);
    if (!pair_ok(c, f) || s == 31) {
        return false;
    }
    if (a32_vfp_trapped(c, false)) {
        return true;
    }
    if (to_core(c)) {
        IRRef x = a32_s(c, s), y = a32_s(c, s + 1);
        a32_put(c, f->t, x);
        a32_put(c, f->u, y);
    } else {
        a32_put_s(c, s, a32_r(c, f->t));
        a32_put_s(c, s + 1, a32_r(c, f->u));
    }
    return true;
}

// --- system registers

enum { FPSID, FPSCR, MVFR2 = 5, MVFR1, MVFR0, FPEXC };

// All but FPSCR are for privileged modes, and can be reached while FPEXC.EN is clear.
static bool system_register(const ArmCtx *c, unsigned reg)
{
    if (reg == FPSCR) {
        return true;
    }
    bool known = reg == FPSID || reg == MVFR1 || reg == MVFR0 || reg == FPEXC ||
                 (reg == MVFR2 && arm_has(c->cpu, ARM_FEAT_A32_V8));
    return known && c->flags & ARM_BF_EL;
}

static bool register_trapped(ArmCtx *c, unsigned reg)
{
    uint64_t flags = c->flags;
    if (reg != FPSCR) {
        c->flags &= ~ARM_BF_VFP_OFF;
    }
    bool trapped = a32_vfp_trapped(c, false);
    c->flags = flags;
    return trapped;
}

static bool tr_vmrs(ArmCtx *c, const ArmFields *f)
{
    if (!system_register(c, f->r) || (f->t == A32_PC && f->r != FPSCR)) {
        return false;
    }
    if (register_trapped(c, f->r)) {
        return true;
    }
    if (f->t == A32_PC) {
        a32_put_flags(c, ir_get(c->b, IR_FLAGS, offsetof(ARMCPU, vfp_flags)));
    } else {
        a32_put(c, f->t, ir_call(c->b, &arm_h_vmrs, ir_i64(c->b, f->r), IR_NONE, IR_NONE, IR_NONE));
    }
    return true;
}

static bool tr_vmsr(ArmCtx *c, const ArmFields *f)
{
    if (!system_register(c, f->r) || f->t == A32_PC) {
        return false;
    }
    if (register_trapped(c, f->r)) {
        return true;
    }
    if (f->r == FPSCR || f->r == FPEXC) { // the mode may change
        IRRef x = a32_r(c, f->t);
        a32_put_next_pc(c);
        ir_call(c->b, &arm_h_vmsr, ir_i64(c->b, f->r), x, IR_NONE, IR_NONE);
        a32_exit_again(c);
    }
    return true;
}

// clang-format off
// Each direction has a row, as MCR and MRC have, which these are exceptions of.
#define BOTH(name, high, low, feature) \
    {#name "_in", VFP_COND high "0 " low, tr_##name, feature}, \
    {#name "_out", VFP_COND high "1 " low, tr_##name, feature}

static const ArmRow rows[] = {
    BOTH(vmov_single, "1110 000", "nnnn tttt 1010 N001 0000", 0),
    BOTH(vmov_half, "1110 000", "nnnn tttt 1001 N001 0000", ARM_FEAT_FP16),
    {"vmov_to_lane", VFP_COND "1110 0oo0 nnnn tttt 1011 Npp1 0000", tr_vmov_to_lane, 0},
    {"vmov_from_lane", VFP_COND "1110 Uoo1 nnnn tttt 1011 Npp1 0000", tr_vmov_from_lane, 0},
    {"vdup", VFP_COND "1110 1bq0 nnnn tttt 1011 N0e1 0000", tr_vdup, 0},
    BOTH(vmov_double, "1100 010", "uuuu tttt 1011 00M1 mmmm", 0),
    BOTH(vmov_singles, "1100 010", "uuuu tttt 1010 00M1 mmmm", 0),
    {"vmrs", VFP_COND "1110 1111 rrrr tttt 1010 0001 0000", tr_vmrs, 0},
    {"vmsr", VFP_COND "1110 1110 rrrr tttt 1010 0001 0000", tr_vmsr, 0},
};
// clang-format on

const ArmChapter a32_vfp_move = {"vfp_move", rows, ARRAY_LEN(rows)};
