// Shifts, widths, bit fields, counts and orders of bits and bytes.
#include "host-backends/aarch64/emit_flags.h"
#include "tcg-like/intops.h"

// --- shifts
static void shift(Emit *e, const IRInsn *i, uint32_t op, unsigned kind)
{
    uint64_t n;
    bool wide = is_wide(i);
    if (!ra_is_const(&e->ra, i->arg[1], &n)) {
        Regs r = a64_r2(e, i);
        a64_rrr(&e->c, a64_wide(op, wide), r.d, r.a, r.b);
        return;
    }
    unsigned bits = wide ? 64 : 32, count = (unsigned)n & (bits - 1);
    Regs r = a64_r1(e, i);
    switch (kind) {
    case A64_LSL:
        a64_lsl(&e->c, wide, r.d, r.a, count);
        break;
    case A64_ROR:
        a64_extr(&e->c, wide, r.d, r.a, r.a, count);
        break;
    default:
        a64_bitfield(&e->c, a64_wide(kind == A64_LSR ? A64_UBFM : A64_SBFM, wide), r.d, r.a, count,
                     bits - 1);
        break;
    }
}
EMIT(shl)
{
    shift(e, i, A64_LSLV, A64_LSL);
}
EMIT(shr)
{
    shift(e, i, A64_LSRV, A64_LSR);
}
EMIT(sar)
{
    shift(e, i, A64_ASRV, A64_ASR);
}
EMIT(ror)
{
    shift(e, i, A64_RORV, A64_ROR);
}

// --- widths
EMIT(zext)
{
    Regs r = a64_r1(e, i);
    if (i->aux == 32) {
        a64_mov(&e->c, false, r.d, r.a);
    } else {
        a64_ubfx(&e->c, false, r.d, r.a, 0, i->aux);
    }
}
EMIT(sext)
{
    Regs r = a64_r1(e, i);
    if (i->aux == 32 && !is_wide(i)) {
        a64_mov(&e->c, false, r.d, r.a);
    } else {
        a64_sbfx(&e->c, is_wide(i), r.d, r.a, 0, i->aux);
    }
}
EMIT(trunc)
{
    (void)e, (void)i; // shares its operand's register
}
EMIT(extu)
{
    Regs r = a64_r1(e, i);
    a64_mov(&e->c, false, r.d, r.a);
}
EMIT(exts)
{
    Regs r = a64_r1(e, i);
    a64_sbfx(&e->c, true, r.d, r.a, 0, 32);
}

// --- fields
EMIT(extract)
{
    Regs r = a64_r1(e, i);
    a64_ubfx(&e->c, is_wide(i), r.d, r.a, i->aux & 0xff, i->aux >> 8);
}
EMIT(sextract)
{
    Regs r = a64_r1(e, i);
    a64_sbfx(&e->c, is_wide(i), r.d, r.a, i->aux & 0xff, i->aux >> 8);
}

EMIT(deposit)
{
    bool wide = is_wide(i);
    unsigned pos = i->aux & 0xff, len = i->aux >> 8;
    uint64_t v;
    bool zero = ra_is_const(&e->ra, i->arg[1], &v) && !(v & mask64(len));
    int a = ra_use(&e->ra, i->arg[0]), b = zero ? XZR : ra_use(&e->ra, i->arg[1]);
    int dst = ra_def(&e->ra, e->at, i->arg[0], false);
    int into = dst == b && a != b ? T0 : dst;
    if (into != a || !wide) {
        a64_mov(&e->c, wide, into, a); // of 32 bits: the upper half becomes zero
    }
    a64_bfi(&e->c, wide, into, b, pos, len);
    a64_copy(e, wide, dst, into);
}

EMIT(extr)
{
    Regs r = a64_r2(e, i);
    a64_extr(&e->c, is_wide(i), r.d, r.a, r.b, (unsigned)i->imm & (is_wide(i) ? 63 : 31));
}

// --- counts and orders
static void unary(Emit *e, const IRInsn *i, uint32_t op)
{
    Regs r = a64_r1(e, i);
    a64_rr(&e->c, a64_wide(op, is_wide(i)), r.d, r.a);
}

EMIT(bswap)
{
    bool wide = is_wide(i);
    unary(e, i, i->aux == 16 ? A64_REV16 : i->aux == 64 && wide ? A64_REV64 : A64_REV32);
}
EMIT(rbit)
{
    unary(e, i, A64_RBIT);
}
EMIT(clz)
{
    unary(e, i, A64_CLZ);
}

EMIT(ctz)
{
    Regs r = a64_r1(e, i);
    a64_rr(&e->c, a64_wide(A64_RBIT, is_wide(i)), r.d, r.a);
    a64_rr(&e->c, a64_wide(A64_CLZ, is_wide(i)), r.d, r.d);
}

EMIT(popcnt)
{
    Regs r = a64_r1(e, i);
    a64_fmov_to_vec(&e->c, is_wide(i), VA, r.a);
    a64_rr(&e->c, 0x0e205800, VA, VA); // cnt 8b
    a64_rr(&e->c, 0x0e31b800, VA, VA); // addv
    a64_fmov_from_vec(&e->c, false, r.d, VA);
}

static uint64_t spread64(VCPU *v, uint64_t x, uint64_t mask)
{
    (void)v;
    return ir_eval_pdep(true, x, mask);
}
static uint64_t gather64(VCPU *v, uint64_t x, uint64_t mask)
{
    (void)v;
    return ir_eval_pext(true, x, mask);
}
// A mask without its upper half has no bits there, either.
EMIT(pdep)
{
    a64_call_helper(e, i, (const void *)(uintptr_t)spread64);
}
EMIT(pext)
{
    a64_call_helper(e, i, (const void *)(uintptr_t)gather64);
}

#define CRC(n)                                                                                     \
    static uint64_t crc_##n(VCPU *v, uint64_t sum, uint64_t x)                                     \
    {                                                                                              \
        (void)v;                                                                                   \
        return ir_eval_crc32c((uint32_t)sum, x, n);                                                \
    }
CRC(0)
CRC(1)
CRC(2)
CRC(3)

EMIT(crc32c)
{
    static uint64_t (*const fn[])(VCPU *, uint64_t, uint64_t) = {crc_0, crc_1, crc_2, crc_3};
    if (!has_feature(e, A64_HAS_CRC32)) {
        a64_call_helper(e, i, (const void *)(uintptr_t)fn[i->aux & 3]);
        return;
    }
    Regs r = a64_r2(e, i);
    unsigned size = i->aux & 3;
    a64_rrr(&e->c, a64_wide(A64_CRC32CB | size << 10, size == 3), r.d, r.a, r.b);
}
