// Products of other shapes: complex numbers, half precision onto single, brain float.
#include "target-arm/fp_lanes.h"

// --- complex: lanes 2i and 2i + 1 are the real and imaginary part

// FCADD: rotated by 90 degrees (i * b) or 270.
static void do_cadd(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c, uint32_t desc)
{
    SfFormat f = desc & 3;
    SfStatus s = arm_fp_status_of(arm_cpu(v), f, desc);
    bool by_270 = desc >> 16 & 2;
    V128 r;
    (void)c;
    for (unsigned i = 0; i < fp_lanes(desc); i += 2) {
        uint64_t re = fp_lane(b, f, i + 1), im = fp_lane(b, f, i);
        *(by_270 ? &im : &re) ^= sf_sign_bit(f);
        fp_set_lane(&r, f, i, sf_add(&s, f, fp_lane(a, f, i), re));
        fp_set_lane(&r, f, i + 1, sf_add(&s, f, fp_lane(a, f, i + 1), im));
    }
    *d = r;
    arm_fp_note(arm_cpu(v), f, &s);
}
const IRVHelper arm_fx_cadd = {"fx_cadd", do_cadd, 0};

// FCMLA: one half of a complex product a * b, as the rotation tells.
static void do_cmla(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c, uint32_t desc)
{
    SfFormat f = desc & 3;
    SfStatus s = arm_fp_status_of(arm_cpu(v), f, desc);
    unsigned rot = desc >> 16 & 3;
    uint64_t sign = sf_sign_bit(f);
    V128 r;
    for (unsigned i = 0; i < fp_lanes(desc); i += 2) {
        uint64_t x = fp_lane(a, f, i + (rot & 1)); // the part of a that both products share
        uint64_t re = fp_lane(b, f, i + (rot & 1)), im = fp_lane(b, f, i + !(rot & 1));
        re ^= rot == 1 || rot == 2 ? sign : 0;
        im ^= rot >= 2 ? sign : 0;
        fp_set_lane(&r, f, i, sf_muladd(&s, f, x, re, fp_lane(c, f, i), 0));
        fp_set_lane(&r, f, i + 1, sf_muladd(&s, f, x, im, fp_lane(c, f, i + 1), 0));
    }
    *d = r;
    arm_fp_note(arm_cpu(v), f, &s);
}
const IRVHelper arm_fx_cmla = {"fx_cmla", do_cmla, 0};

// --- FMLAL: half precision factors, single precision sum

static void do_mlal(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c, uint32_t desc)
{
    ARMCPU *cpu = arm_cpu(v);
    SfStatus s = arm_fp_status_of(cpu, SF_F32, desc);
    unsigned how = desc >> 16, n = how & 4 ? 2 : 4, base = (how & 1) * n;
    V128 r = {.u64 = {0, 0}};
    for (unsigned i = 0; i < n; i++) {
        uint64_t x = a->u16[base + i] ^ (how & 2 ? sf_sign_bit(SF_F16) : 0);
        r.u32[i] = (uint32_t)sf_muladd_widen(&s, SF_F16, cpu->fpcr & FPCR_FZ16, SF_F32, x,
                                             b->u16[base + i], c->u32[i]);
    }
    *d = r;
    arm_fp_note(cpu, SF_F32, &s);
}
const IRVHelper arm_fx_mlal = {"fx_mlal", do_mlal, 0};

// --- brain float. Sums of products round to odd, flush denormals, and raise no flags (FEAT_BF16
// without FEAT_EBF16: DDI 0487 shared/functions/float/bfdotadd).

static uint32_t bf_single(uint16_t x)
{
    return (uint32_t)x << 16;
}

static uint32_t bf_dot_add(uint32_t sum, const V128 *a, unsigned i, const V128 *b, unsigned j)
{
    SfStatus s = {
        .round = SF_RND_ODD_INF, .default_nan = true, .flush_in = true, .flush_out = true};
    uint64_t p = sf_mul(&s, SF_F32, bf_single(a->u16[i]), bf_single(b->u16[j]));
    uint64_t q = sf_mul(&s, SF_F32, bf_single(a->u16[i + 1]), bf_single(b->u16[j + 1]));
    return (uint32_t)sf_add(&s, SF_F32, sum, sf_add(&s, SF_F32, p, q));
}

static void do_bf_dot(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c, uint32_t desc)
{
    V128 r;
    (void)v;
    (void)desc;
    for (unsigned i = 0; i < 4; i++) {
        r.u32[i] = bf_dot_add(c->u32[i], a, 2 * i, b, 2 * i);
    }
    *d = r;
}
const IRVHelper arm_fx_bf_dot = {"fx_bf_dot", do_bf_dot, 0};

static void do_bf_mmla(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c, uint32_t desc)
{
    V128 r;
    (void)v;
    (void)desc;
    for (unsigned i = 0; i < 4; i++) {
        unsigned row = i / 2 * 4, column = i % 2 * 4;
        uint32_t sum = bf_dot_add(c->u32[i], a, row, b, column);
        r.u32[i] = bf_dot_add(sum, a, row + 2, b, column + 2);
    }
    *d = r;
}
const IRVHelper arm_fx_bf_mmla = {"fx_bf_mmla", do_bf_mmla, 0};

// aux2: 0 even lanes, 1 odd lanes. Under the ordinary FPCR, fused.
static void do_bf_mlal(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c, uint32_t desc)
{
    SfStatus s = arm_fp_status_of(arm_cpu(v), SF_F32, desc);
    unsigned odd = desc >> 16 & 1;
    V128 r;
    for (unsigned i = 0; i < 4; i++) {
        r.u32[i] = (uint32_t)sf_muladd(&s, SF_F32, bf_single(a->u16[2 * i + odd]),
                                       bf_single(b->u16[2 * i + odd]), c->u32[i], 0);
    }
    *d = r;
    arm_fp_note(arm_cpu(v), SF_F32, &s);
}
const IRVHelper arm_fx_bf_mlal = {"fx_bf_mlal", do_bf_mlal, 0};
