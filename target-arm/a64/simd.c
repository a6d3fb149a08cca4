// Shapes, write-back and small combinations that the SIMD chapters share.
#include "target-arm/a64/simd.h"

Simd simd_vector(const ArmCtx *c)
{
    return (Simd){.d = extract32(c->insn, 0, 5),
                  .n = extract32(c->insn, 5, 5),
                  .m = extract32(c->insn, 16, 5),
                  .esize = extract32(c->insn, 22, 2),
                  .q = extract32(c->insn, 30, 1)};
}

Simd simd_scalar(const ArmCtx *c)
{
    Simd s = simd_vector(c);
    s.scalar = true;
    s.q = false;
    return s;
}

// immh:immb stands at 22..16; the highest set bit of immh tells the size.
static Simd shift_shape(const ArmCtx *c, bool scalar)
{
    Simd s = scalar ? simd_scalar(c) : simd_vector(c);
    unsigned immh = extract32(c->insn, 19, 4);
    s.esize = immh ? 31 - __builtin_clz(immh) : 0;
    return s;
}

Simd simd_shift_left(const ArmCtx *c, bool scalar)
{
    Simd s = shift_shape(c, scalar);
    s.shift = extract32(c->insn, 16, 7) - simd_bits(&s);
    return s;
}

Simd simd_shift_right(const ArmCtx *c, bool scalar)
{
    Simd s = shift_shape(c, scalar);
    s.shift = 2 * simd_bits(&s) - extract32(c->insn, 16, 7);
    return s;
}

// Index H:L:M or H:L; a 16-bit element has only V0-V15, M being part of the index.
bool simd_by_element(const ArmCtx *c, bool scalar, unsigned esize, Simd *s, unsigned *lane)
{
    unsigned h = extract32(c->insn, 11, 1), l = extract32(c->insn, 21, 1);
    *s = scalar ? simd_scalar(c) : simd_vector(c);
    s->esize = esize;
    if (esize == 1) {
        s->m &= 15;
        *lane = h << 2 | l << 1 | extract32(c->insn, 20, 1);
    } else if (esize == 2) {
        *lane = h << 1 | l;
    } else {
        *lane = h;
        return esize == 3 && !l && (scalar || s->q);
    }
    return true;
}

IRRef simd_clean(ArmCtx *c, const Simd *s, IRRef v)
{
    if (s->given) {
        return v;
    }
    if (s->scalar) {
        return ir_v1(c->b, IR_vzext, v, s->esize);
    }
    return s->q ? v : ir_v1(c->b, IR_vzext, v, 3);
}

IRRef simd_splat(ArmCtx *c, unsigned esize, uint64_t value)
{
    unsigned bits = 8u << esize;
    value &= mask64(bits);
    for (; bits < 64; bits *= 2) {
        value |= value << bits;
    }
    return ir_vconst(c->b, value, value);
}

void simd_note_saturation(ArmCtx *c, IRRef saturated, IRRef wrapped)
{
    IRBlock *b = c->b;
    size_t slot = offsetof(ARMCPU, qc);
    IRRef differ = ir_v2(b, IR_vxor, saturated, wrapped, 0);
    ir_put(b, slot, ir_v2(b, IR_vor, ir_get(b, IR_V128, slot), differ, 0));
}

static void write_back(ArmCtx *c, const Simd *s, IRRef v)
{
    if (s->scalar) {
        unsigned size = s->resized ? s->out_esize : s->esize;
        a64_put_v(c, s->d, ir_v1(c->b, IR_vzext, v, size));
    } else {
        a64_put_v_q(c, s->d, v, s->q);
    }
}

bool simd_run(ArmCtx *c, const Simd *s, SimdFn *fn)
{
    if (!a64_fp_trapped(c)) {
        write_back(c, s, fn(c, s));
    }
    return true;
}

bool simd_run_bytes(ArmCtx *c, SimdFn *fn)
{
    Simd s = simd_vector(c);
    s.esize = 0;
    return simd_run(c, &s, fn);
}

IRRef simd_call1(ArmCtx *c, const Simd *s, const IRVHelper *h, IRRef a)
{
    return ir_vcall(c->b, h, a, IR_NONE, IR_NONE, arm_vdesc(s->esize, s->q, s->shift));
}

IRRef simd_call2(ArmCtx *c, const Simd *s, const IRVHelper *h, IRRef a, IRRef b)
{
    return ir_vcall(c->b, h, a, b, IR_NONE, arm_vdesc(s->esize, s->q, s->shift));
}

IRRef simd_call3(ArmCtx *c, const Simd *s, const IRVHelper *h, IRRef a, IRRef b, IRRef d)
{
    return ir_vcall(c->b, h, a, b, d, arm_vdesc(s->esize, s->q, s->shift));
}

IRRef simd_shr_round(ArmCtx *c, IRRef v, unsigned esize, unsigned n, bool is_signed)
{
    IRBlock *b = c->b;
    IRRef high = ir_v1i(b, is_signed ? IR_vsari : IR_vshri, v, esize, n);
    IRRef round = ir_v1i(b, IR_vshri, v, esize, n - 1); // bit 0 is what rounds
    round = ir_v2(b, IR_vand, round, simd_splat(c, esize, 1), 0);
    return ir_v2(b, IR_vadd, high, round, esize);
}

IRRef simd_wide_n(ArmCtx *c, const Simd *s)
{
    IRRef n = simd_n(c, s);
    return s->scalar ? ir_v1(c->b, IR_vzext, n, s->esize + 1) : n;
}

IRRef simd_narrow_saturating(ArmCtx *c, const Simd *s, IRRef v, SimdNarrow how)
{
    IRBlock *b = c->b;
    unsigned wide = s->esize + 1, bits = simd_bits(s);
    bool to_signed = how == NARROW_S_TO_S;
    IRRef r = v;
    if (how != NARROW_U_TO_U) {
        uint64_t least = to_signed ? ~mask64(bits - 1) : 0;
        r = ir_v2(b, IR_vmaxs, r, simd_splat(c, wide, least), wide);
    }
    r = ir_v2(b, how == NARROW_U_TO_U ? IR_vminu : IR_vmins, r,
              simd_splat(c, wide, mask64(to_signed ? bits - 1 : bits)), wide);
    simd_note_saturation(c, r, v);
    if (s->q && !s->scalar) {
        return ir_v2(b, IR_vnarrow2, simd_d(c, s), r, wide);
    }
    return ir_v1(b, IR_vnarrow, r, wide);
}
