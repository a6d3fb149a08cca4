// What the integer and flag ops compute, for the interpreter and the constant folder. w is "the op
// is 64 bits wide"; 32-bit values come and go zero-extended.
#ifndef TCG_LIKE_INTOPS_H
#define TCG_LIKE_INTOPS_H

#include "tcg-like/ir.h"

static inline uint64_t ir_trim(bool w, uint64_t x)
{
    return w ? x : (uint32_t)x;
}

static inline int64_t ir_signed(bool w, uint64_t x)
{
    return w ? (int64_t)x : (int32_t)x;
}

#define IR_EVAL1(name, expr)                                                                       \
    static inline uint64_t ir_eval_##name(bool w, uint64_t x)                                      \
    {                                                                                              \
        return ir_trim(w, expr);                                                                   \
    }
#define IR_EVAL2(name, expr)                                                                       \
    static inline uint64_t ir_eval_##name(bool w, uint64_t x, uint64_t y)                          \
    {                                                                                              \
        return ir_trim(w, expr);                                                                   \
    }
#define IR_COUNT(y) ((unsigned)(y) & (w ? 63 : 31))

IR_EVAL2(add, x + y)
IR_EVAL2(sub, x - y)
IR_EVAL2(mul, x *y)
IR_EVAL2(mulhu, w ? (uint64_t)((unsigned __int128)x *y >> 64) : x *y >> 32)
IR_EVAL2(mulhs, w ? (uint64_t)((__int128)(int64_t)x *(int64_t)y >> 64)
                  : (uint64_t)((int64_t)(int32_t)x *(int32_t)y >> 32))
IR_EVAL2(divu, y ? x / y : 0)
IR_EVAL2(and, x &y)
IR_EVAL2(or, x | y)
IR_EVAL2(xor, x ^ y)
IR_EVAL2(andn, x & ~y)
IR_EVAL2(orn, x | ~y)
IR_EVAL2(xnor, ~(x ^ y))
IR_EVAL2(shl, x << IR_COUNT(y))
IR_EVAL2(shr, x >> IR_COUNT(y))
IR_EVAL2(sar, (uint64_t)(ir_signed(w, x) >> IR_COUNT(y)))
IR_EVAL2(ror, w ? ror64(x, IR_COUNT(y)) : ror32((uint32_t)x, IR_COUNT(y)))
IR_EVAL1(not, ~x)
IR_EVAL1(neg, -x)
IR_EVAL1(trunc, (uint32_t)x)
IR_EVAL1(extu, x)
IR_EVAL1(exts, (uint64_t)(int64_t)(int32_t)x)
IR_EVAL1(popcnt, (uint64_t)__builtin_popcountll(x))
IR_EVAL1(clz, x ? (uint64_t)__builtin_clzll(x) - (w ? 0 : 32) : w ? 64 : 32)
IR_EVAL1(ctz, x ? (uint64_t)__builtin_ctzll(x) : w ? 64 : 32)

static inline uint64_t ir_eval_pdep(bool w, uint64_t x, uint64_t mask)
{
    uint64_t r = 0;
    for (; mask; mask &= mask - 1, x >>= 1) {
        r |= x & 1 ? mask & -mask : 0;
    }
    return ir_trim(w, r);
}

static inline uint64_t ir_eval_pext(bool w, uint64_t x, uint64_t mask)
{
    uint64_t r = 0;
    for (unsigned i = 0; mask; mask &= mask - 1, i++) {
        r |= x & mask & -mask ? BIT(i) : 0;
    }
    return ir_trim(w, r);
}

// Bit by bit from the lowest; the polynomial reflected.
static inline uint64_t ir_eval_crc32c(uint32_t sum, uint64_t value, unsigned log2_bytes)
{
    unsigned bits = 8u << log2_bytes;
    uint64_t x = sum ^ (value & mask64(bits));
    for (unsigned i = 0; i < bits; i++) {
        x = x >> 1 ^ (x & 1 ? 0x82f63b78 : 0);
    }
    return (uint32_t)x;
}

static inline uint64_t ir_eval_divs(bool w, uint64_t x, uint64_t y)
{
    int64_t n = ir_signed(w, x), d = ir_signed(w, y);
    if (d == 0) {
        return 0;
    }
    return ir_trim(w, d == -1 ? -(uint64_t)n : (uint64_t)(n / d));
}

// (hi:lo) / y: quotient or remainder, 0 if the quotient does not fit.
static inline uint64_t ir_eval_divide2(bool w, uint64_t hi, uint64_t lo, uint64_t y, bool rem)
{
    if (hi >= y) {
        return 0;
    }
    unsigned __int128 x = (unsigned __int128)hi << (w ? 64 : 32) | lo;
    return (uint64_t)(rem ? x % y : x / y);
}

// Reverses the bits in each byte: swaps neighbours, pairs, halves.
static inline uint64_t ir_reverse_bits_of_bytes(uint64_t x)
{
    x = (x >> 1 & 0x5555555555555555) | (x & 0x5555555555555555) << 1;
    x = (x >> 2 & 0x3333333333333333) | (x & 0x3333333333333333) << 2;
    return (x >> 4 & 0x0f0f0f0f0f0f0f0f) | (x & 0x0f0f0f0f0f0f0f0f) << 4;
}

static inline uint64_t ir_eval_bswap(bool w, uint64_t x, unsigned unit)
{
    switch (unit) {
    case 16:
        return ir_trim(w, (x >> 8 & 0x00ff00ff00ff00ff) | (x & 0x00ff00ff00ff00ff) << 8);
    case 32:
        return ir_trim(w, (uint64_t)__builtin_bswap32((uint32_t)(x >> 32)) << 32 |
                              __builtin_bswap32((uint32_t)x));
    default:
        return __builtin_bswap64(x);
    }
}

static inline uint64_t ir_eval_rbit(bool w, uint64_t x)
{
    return ir_reverse_bits_of_bytes(ir_eval_bswap(w, x, w ? 64 : 32));
}

static inline uint64_t ir_eval_zext(bool w, uint64_t x, unsigned bits)
{
    return ir_trim(w, x & mask64(bits));
}

static inline uint64_t ir_eval_sext(bool w, uint64_t x, unsigned bits)
{
    return ir_trim(w, (uint64_t)sextract64(x, 0, bits));
}

static inline uint64_t ir_eval_extract(bool w, uint64_t x, unsigned field)
{
    return ir_trim(w, extract64(x, field & 0xff, field >> 8));
}

static inline uint64_t ir_eval_sextract(bool w, uint64_t x, unsigned field)
{
    return ir_trim(w, (uint64_t)sextract64(x, field & 0xff, field >> 8));
}

static inline uint64_t ir_eval_deposit(bool w, uint64_t x, uint64_t y, unsigned field)
{
    return ir_trim(w, deposit64(x, field & 0xff, field >> 8, y));
}

static inline uint64_t ir_eval_extr(bool w, uint64_t hi, uint64_t lo, unsigned shift)
{
    if (!w) {
        return (uint32_t)((hi << 32 | lo) >> (shift & 31));
    }
    shift &= 63;
    return shift ? lo >> shift | hi << (64 - shift) : lo;
}

// Width of a flag op on arguments of type t.
static inline unsigned ir_flag_bits(const IRInsn *i, IRType t)
{
    return i->aux ? i->aux : t == IR_I64 ? 64 : 32;
}

// S, Z and P of a result; the others clear.
static inline unsigned ir_flags_of_result(unsigned bits, uint64_t x)
{
    unsigned sign = x >> (bits - 1) & 1;
    return (sign ? IR_FLAG_S : 0) | (x & mask64(bits) ? 0 : IR_FLAG_Z) |
           (__builtin_parity((unsigned)x & 0xff) ? 0 : IR_FLAG_P);
}

static inline unsigned ir_flags_acv(bool half_carry, bool carry, bool overflow)
{
    return (half_carry ? IR_FLAG_A : 0) | (carry ? IR_FLAG_C : 0) | (overflow ? IR_FLAG_V : 0);
}

// x + y + carry: overflow if both addends have the sign that the sum has not.
static inline unsigned ir_eval_f_adc(unsigned bits, uint64_t x, uint64_t y, unsigned carry)
{
    uint64_t mask = mask64(bits), sum = (x + y + carry) & mask;
    x &= mask;
    y &= mask;
    bool overflow = ((x ^ sum) & (y ^ sum)) >> (bits - 1) & 1;
    return ir_flags_of_result(bits, sum) |
           ir_flags_acv((x ^ y ^ sum) & 16, carry ? sum <= x : sum < x, overflow);
}

static inline unsigned ir_eval_f_sbb(unsigned bits, uint64_t x, uint64_t y, unsigned carry)
{
    uint64_t mask = mask64(bits), diff = (x - y - carry) & mask;
    x &= mask;
    y &= mask;
    bool overflow = ((x ^ y) & (x ^ diff)) >> (bits - 1) & 1;
    return ir_flags_of_result(bits, diff) |
           ir_flags_acv((x ^ y ^ diff) & 16, carry ? x <= y : x < y, overflow);
}

static inline unsigned ir_eval_f_shr1(unsigned bits, uint64_t x)
{
    x &= mask64(bits);
    return ir_flags_of_result(bits, x >> 1) | ir_flags_acv(false, x & 1, x >> (bits - 1));
}

static inline unsigned ir_eval_f_sar1(unsigned bits, uint64_t x)
{
    return ir_flags_of_result(bits, (uint64_t)(sextract64(x, 0, bits) >> 1)) |
           ir_flags_acv(false, x & 1, false);
}

static inline unsigned ir_eval_f_set(unsigned f, unsigned flag, uint64_t x)
{
    return x & 1 ? f | flag : f & ~flag;
}

static inline unsigned ir_eval_f_nz(unsigned f, uint64_t x)
{
    unsigned nz = ((uint32_t)x >> 31 ? IR_FLAG_S : 0) | ((uint32_t)x ? 0 : IR_FLAG_Z);
    return (f & ~(unsigned)(IR_FLAG_S | IR_FLAG_Z)) | nz;
}

#define ir_eval_f_add ir_eval_f_adc
#define ir_eval_f_sub ir_eval_f_sbb

#endif
