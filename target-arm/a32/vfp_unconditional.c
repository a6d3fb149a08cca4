// VFP and Advanced SIMD instructions of ARMv8 in the unconditional space (DDI 0487 F4.1.21): VSEL,
// VMAXNM, directed rounding, dot products, complex numbers, half precision and brain float
// products.
#include "target-arm/a32/vfp.h"

static bool size_ok(const ArmCtx *c, unsigned esize)
{
    return esize > 1 || arm_has(c->cpu, ARM_FEAT_FP16);
}

// --- scalars. Their size is at 9..8.

static ArmFields sized(const ArmCtx *c, const ArmFields *f)
{
    ArmFields g = *f;
    g.z = extract32(c->insn, 8, 2);
    return g;
}

// Field c: EQ, VS, GE, GT.
static bool vsel(ArmCtx *c, const ArmFields *f)
{
    static const uint8_t cond[] = {IR_F_Z, IR_F_V, IR_F_GE, IR_F_GT};
    if (!size_ok(c, f->z)) {
        return false;
    }
    if (!a32_vfp_trapped(c, false)) {
        IRType t = f->z == 3 ? IR_I64 : IR_I32;
        IRRef n = vfp_lane(c, vfp_reg(f->n, f->N, f->z), f->z);
        IRRef m = vfp_lane(c, vfp_reg(f->m, f->M, f->z), f->z);
        IRRef x = ir_f_select(c->b, (IRFlagCond)cond[f->c], a32_flags(c),
                              ir_vget(c->b, t, n, f->z, 0), ir_vget(c->b, t, m, f->z, 0));
        vfp_put_lane(c, vfp_reg(f->d, f->D, f->z), f->z, ir_v1(c->b, IR_vfromg, x, f->z));
    }
    return true;
}

// Field o: VMINNM.
static bool vmaxnm(ArmCtx *c, const ArmFields *f)
{
    if (!size_ok(c, f->z)) {
        return false;
    }
    if (!a32_vfp_trapped(c, false)) {
        IRRef n = vfp_lane(c, vfp_reg(f->n, f->N, f->z), f->z);
        IRRef m = vfp_lane(c, vfp_reg(f->m, f->M, f->z), f->z);
        vfp_put_lane(c, vfp_reg(f->d, f->D, f->z), f->z,
                     a64_fp_maxnm(c, n, m, f->z | IR_FP_SCALAR, !f->o));
    }
    return true;
}

static const uint8_t direction[] = {IR_RND_AWAY, IR_RND_NEAREST, IR_RND_UP, IR_RND_DOWN};

static bool vrint(ArmCtx *c, const ArmFields *f)
{
    if (!size_ok(c, f->z)) {
        return false;
    }
    if (!a32_vfp_trapped(c, false)) {
        IRRef m = vfp_lane(c, vfp_reg(f->m, f->M, f->z), f->z);
        vfp_put_lane(c, vfp_reg(f->d, f->D, f->z), f->z, vfp_round(c, m, f->z, direction[f->r]));
    }
    return true;
}

static bool vcvt(ArmCtx *c, const ArmFields *f)
{
    return size_ok(c, f->z) && vfp_to_int(c, f, (IRRound)direction[f->r]);
}

#define TR_SCALAR(name)                                                                            \
    static bool tr_##name(ArmCtx *c, const ArmFields *f)                                           \
    {                                                                                              \
        ArmFields g = sized(c, f);                                                                 \
        return name(c, &g);                                                                        \
    }

TR_SCALAR(vsel)
TR_SCALAR(vmaxnm)
TR_SCALAR(vrint)
TR_SCALAR(vcvt)

// The low half of Sm goes to the high half of Sd; the high half of Sm to Sd.
static bool tr_vins(ArmCtx *c, const ArmFields *f)
{
    if (!a32_vfp_trapped(c, false)) {
        unsigned d = vfp_s(f->d, f->D);
        IRRef x = ir_deposit(c->b, a32_s(c, d), a32_s(c, vfp_s(f->m, f->M)), 16, 16);
        a32_put_s(c, d, x);
    }
    return true;
}

static bool tr_vmovx(ArmCtx *c, const ArmFields *f)
{
    if (!a32_vfp_trapped(c, false)) {
        a32_put_s(c, vfp_s(f->d, f->D), ir_shri(c->b, a32_s(c, vfp_s(f->m, f->M)), 16));
    }
    return true;
}

// --- vectors. `wide`: registers that are Q whatever q says.

// The second operand is a lane of Dm, or Vm as a whole (lane < 0).
typedef struct Product {
    Neon r;
    unsigned esize; // of the lane
    int lane;
} Product;

static bool run(ArmCtx *c, const Product *p, unsigned esize, SimdFn *fn)
{
    Neon r = p->r;
    if (!neon_even(r.d | r.n | (p->lane < 0 ? r.m : 0), r.q)) {
        return false;
    }
    if (a32_vfp_trapped(c, true)) {
        return true;
    }
    if (p->lane < 0) {
        Simd s = neon_shape(c, &r, esize);
        neon_put_reg(c, r.d, r.q, fn(c, &s));
        return true;
    }
    Simd s = neon_shape(c, &(Neon){.d = r.d, .n = r.n, .m = r.n, .q = r.q}, esize);
    unsigned lane = (unsigned)p->lane;
    if (r.m % 2) {
        lane += 8u >> p->esize;
    }
    s.m = (uint8_t)r.m;
    s.m_value = ir_v1(c->b, IR_vduplane, a32_q(c, r.m / 2), p->esize | lane << 8);
    if (!r.q) {
        s.m_value = ir_v1(c->b, IR_vzext, s.m_value, 3);
    }
    neon_put_reg(c, r.d, r.q, fn(c, &s));
    return true;
}

static bool whole(ArmCtx *c, unsigned esize, SimdFn *fn)
{
    return run(c, &(Product){.r = neon_fields(c), .lane = -1}, esize, fn);
}

// Dot products by element: Vm is D0..D15, M the index.
static bool element(ArmCtx *c, unsigned esize, SimdFn *fn)
{
    Product p = {.r = neon_fields(c), .esize = 2, .lane = extract32(c->insn, 5, 1)};
    p.r.m &= 15;
    return run(c, &p, esize, fn);
}

static IRRef bf_dot(ArmCtx *c, const Simd *s)
{
    return ir_vcall(c->b, &arm_fx_bf_dot, s->n_value, s->m_value, s->d_value, 2);
}
static IRRef bf_mmla(ArmCtx *c, const Simd *s)
{
    return ir_vcall(c->b, &arm_fx_bf_mmla, s->n_value, s->m_value, s->d_value, 2);
}

#define TR(name, call) NEON_TR(name, call)
TR(vsdot, whole(c, 2, simd_sdot))
TR(vudot, whole(c, 2, simd_udot))
TR(vusdot, whole(c, 2, simd_usdot))
TR(vbfdot, whole(c, 2, bf_dot))
TR(vsdot_element, element(c, 2, simd_sdot))
TR(vudot_element, element(c, 2, simd_udot))
TR(vusdot_element, element(c, 2, simd_usdot))
TR(vsudot_element, element(c, 2, simd_sudot))
TR(vbfdot_element, element(c, 2, bf_dot))
TR(vsmmla, whole(c, 2, simd_smmla))
TR(vummla, whole(c, 2, simd_ummla))
TR(vusmmla, whole(c, 2, simd_usmmla))
TR(vbfmmla, whole(c, 2, bf_mmla))

// --- complex. r: rotation in quarter turns; s: single precision, else half.

static IRRef complex_op(ArmCtx *c, const Simd *s, const IRVHelper *h, unsigned rotation)
{
    return a64_fp_exact(c, h, s->n_value, s->m_value, s->d_value, s->esize, rotation);
}

#define ROTATED(name, helper, quarter)                                                             \
    static IRRef name##quarter(ArmCtx *c, const Simd *s)                                           \
    {                                                                                              \
        return complex_op(c, s, &helper, quarter);                                                 \
    }
ROTATED(cmla, arm_fx_cmla, 0)
ROTATED(cmla, arm_fx_cmla, 1)
ROTATED(cmla, arm_fx_cmla, 2)
ROTATED(cmla, arm_fx_cmla, 3)
ROTATED(cadd, arm_fx_cadd, 1)
ROTATED(cadd, arm_fx_cadd, 3)

static SimdFn *const cmla[] = {cmla0, cmla1, cmla2, cmla3};

static bool tr_vcmla(ArmCtx *c, const ArmFields *f)
{
    return size_ok(c, 1 + f->s) && whole(c, 1 + f->s, cmla[f->r]);
}

static bool tr_vcadd(ArmCtx *c, const ArmFields *f)
{
    return size_ok(c, 1 + f->s) && whole(c, 1 + f->s, f->r ? cadd3 : cadd1);
}

// Elements are pairs of lanes: one of single precision a D register, two of half precision.
static bool tr_vcmla_element(ArmCtx *c, const ArmFields *f)
{
    Product p = {.r = neon_fields(c), .esize = 2 + f->s, .lane = 0};
    if (!f->s) {
        p.lane = (int)f->M;
        p.r.m &= 15;
    }
    return size_ok(c, 1 + f->s) && run(c, &p, 1 + f->s, cmla[f->r]);
}

// --- half precision onto single: n and m are half as long as d

static bool mlal(ArmCtx *c, const ArmFields *f, bool subtract, bool by_element)
{
    unsigned how = (subtract ? 2 : 0) | (f->q ? 0 : 4), d = vfp_d(f->d, f->D);
    unsigned n = f->q ? vfp_d(f->n, f->N) : vfp_s(f->n, f->N), m, lane = 0;
    if (!neon_even(d, f->q)) {
        return false;
    }
    if (by_element) {
        m = f->q ? f->m & 7 : (f->m & 7) << 1 | f->M;
        lane = f->q ? f->M << 1 | f->m >> 3 : f->m >> 3;
    } else {
        m = f->q ? vfp_d(f->m, f->M) : vfp_s(f->m, f->M);
    }
    if (a32_vfp_trapped(c, true)) {
        return true;
    }
    unsigned esize = f->q ? 3 : 2;
    IRRef x = vfp_lane(c, n, esize), y = vfp_lane(c, m, esize);
    if (by_element) {
        y = ir_v1(c->b, IR_vduplane, y, 1 | lane << 8);
    }
    neon_put_reg(c, d, f->q, a64_fp_exact(c, &arm_fx_mlal, x, y, neon_reg(c, d, f->q), 2, how));
    return true;
}

#define TR_MLAL(name, subtract, by_element)                                                        \
    static bool tr_##name(ArmCtx *c, const ArmFields *f)                                           \
    {                                                                                              \
        return mlal(c, f, subtract, by_element);                                                   \
    }
TR_MLAL(vfmal, false, false)
TR_MLAL(vfmsl, true, false)
TR_MLAL(vfmal_element, false, true)
TR_MLAL(vfmsl_element, true, true)

// --- brain float onto single: even or odd lanes (q), always Q registers

static bool bf_mlal(ArmCtx *c, const ArmFields *f, bool by_element)
{
    unsigned d = vfp_d(f->d, f->D), n = vfp_d(f->n, f->N), m = vfp_d(f->m, f->M);
    if (((d | n) & 1) || (!by_element && (m & 1))) {
        return false;
    }
    if (a32_vfp_trapped(c, true)) {
        return true;
    }
    IRRef y;
    if (by_element) {
        unsigned lane = f->M << 1 | f->m >> 3;
        m = f->m & 7;
        y = ir_v1(c->b, IR_vduplane, a32_q(c, m / 2), 1 | (lane + m % 2 * 4) << 8);
    } else {
        y = a32_q(c, m / 2);
    }
    a32_put_q(c, d / 2,
              a64_fp_exact(c, &arm_fx_bf_mlal, a32_q(c, n / 2), y, a32_q(c, d / 2), 2, f->q));
    return true;
}

static bool tr_vfmab(ArmCtx *c, const ArmFields *f)
{
    return bf_mlal(c, f, false);
}
static bool tr_vfmab_element(ArmCtx *c, const ArmFields *f)
{
    return bf_mlal(c, f, true);
}

// clang-format off
// Size 0 is another coprocessor's.
#define SCALAR(name, high, low) \
    {#name "_half", "1111 11" high "1001 " low, tr_##name, ARM_FEAT_FP16}, \
    {#name, "1111 11" high "101z " low, tr_##name, ARM_FEAT_A32_V8}
#define ROW(name, bits, feature)  {#name, "1111 11" bits, tr_##name, ARM_FEAT_##feature}

static const ArmRow rows[] = {
    SCALAR(vsel, "10 0Dcc nnnn dddd ", "N0M0 mmmm"), SCALAR(vmaxnm, "10 1D00 nnnn dddd ", "NoM0 mmmm"),
    SCALAR(vrint, "10 1D11 10rr dddd ", "01M0 mmmm"), SCALAR(vcvt, "10 1D11 11rr dddd ", "s1M0 mmmm"),
    ROW(vmovx, "10 1D11 0000 dddd 1010 01M0 mmmm", FP16),
    ROW(vins, "10 1D11 0000 dddd 1010 11M0 mmmm", FP16),
    ROW(vsdot, "00 0D10 nnnn dddd 1101 NqM0 mmmm", DOTPROD),
    ROW(vudot, "00 0D10 nnnn dddd 1101 NqM1 mmmm", DOTPROD),
    ROW(vusdot, "00 1D10 nnnn dddd 1101 NqM0 mmmm", I8MM),
    ROW(vbfdot, "00 0D00 nnnn dddd 1101 NqM0 mmmm", BF16),
    ROW(vsdot_element, "10 0D10 nnnn dddd 1101 NqM0 mmmm", DOTPROD),
    ROW(vudot_element, "10 0D10 nnnn dddd 1101 NqM1 mmmm", DOTPROD),
    ROW(vusdot_element, "10 1D00 nnnn dddd 1101 NqM0 mmmm", I8MM),
    ROW(vsudot_element, "10 1D00 nnnn dddd 1101 NqM1 mmmm", I8MM),
    ROW(vbfdot_element, "10 0D00 nnnn dddd 1101 NqM0 mmmm", BF16),
    ROW(vsmmla, "00 0D10 nnnn dddd 1100 N1M0 mmmm", I8MM),
    ROW(vummla, "00 0D10 nnnn dddd 1100 N1M1 mmmm", I8MM),
    ROW(vusmmla, "00 1D10 nnnn dddd 1100 N1M0 mmmm", I8MM),
    ROW(vbfmmla, "00 0D00 nnnn dddd 1100 N1M0 mmmm", BF16),
    ROW(vcmla, "0r rD1s nnnn dddd 1000 NqM0 mmmm", FCMA),
    ROW(vcadd, "0r 1D0s nnnn dddd 1000 NqM0 mmmm", FCMA),
    ROW(vcmla_element, "10 sDrr nnnn dddd 1000 NqM0 mmmm", FCMA),
    ROW(vfmal, "00 0D10 nnnn dddd 1000 NqM1 mmmm", FHM),
    ROW(vfmsl, "00 1D10 nnnn dddd 1000 NqM1 mmmm", FHM),
    ROW(vfmal_element, "10 0D00 nnnn dddd 1000 NqM1 mmmm", FHM),
    ROW(vfmsl_element, "10 0D01 nnnn dddd 1000 NqM1 mmmm", FHM),
    ROW(vfmab, "00 0D11 nnnn dddd 1000 NqM1 mmmm", BF16),
    ROW(vfmab_element, "10 0D11 nnnn dddd 1000 NqM1 mmmm", BF16),
};
// clang-format on

const ArmChapter a32_vfp_unconditional = {"vfp_unconditional", rows, ARRAY_LEN(rows)};
