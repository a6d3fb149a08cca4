// The unpacked form that all operations of softfloat.h work on.
#ifndef FPU_SOFTFLOAT_PARTS_H
#define FPU_SOFTFLOAT_PARTS_H

#include "fpu/softfloat.h"

typedef unsigned __int128 sf_u128;

typedef enum SfClass { SF_ZERO, SF_NORMAL, SF_INF, SF_QNAN, SF_SNAN } SfClass;

// SF_NORMAL: frac has bit 63 set, the value is frac / 2^63 * 2^exp. NaNs: the fraction field stands
// left-aligned below bit 63, so that bit 62 is the quiet bit in every format.
typedef struct SfParts {
    SfClass cls;
    bool sign;
    int exp;
    uint64_t frac;
} SfParts;

static inline bool sf_parts_nan(const SfParts *p)
{
    return p->cls >= SF_QNAN;
}

SfParts sf_unpack(SfStatus *s, SfFormat f, uint64_t a);

// frac / 2^127 * 2^exp, rounded. frac need not be normalised; its lowest bit may be sticky. Zero
// gives a zero of that sign.
uint64_t sf_round_pack(SfStatus *s, SfFormat f, bool sign, int exp, sf_u128 frac);

uint64_t sf_pack_zero(SfFormat f, bool sign);
uint64_t sf_pack_inf(SfFormat f, bool sign);
uint64_t sf_pack_nan(const SfStatus *s, SfFormat f, const SfParts *p); // quieted

// The result for n operands of which one at least is a NaN, in the rule's order of preference.
uint64_t sf_pick_nan(SfStatus *s, SfFormat f, const SfParts *const *p, unsigned n);
uint64_t sf_invalid(SfStatus *s, SfFormat f); // raises it and gives the default NaN

// x >> n, with all bits that are lost gathered in bit 0.
static inline sf_u128 sf_shift_jam(sf_u128 x, unsigned n)
{
    if (n == 0) {
        return x;
    }
    return n >= 128 ? x != 0 : x >> n | ((x << (128 - n)) != 0);
}

static inline int sf_clz128(sf_u128 x)
{
    uint64_t hi = (uint64_t)(x >> 64);
    return hi ? __builtin_clzll(hi) : 64 + __builtin_clzll((uint64_t)x);
}

// A finite term of a sum: (-1)^sign * frac / 2^127 * 2^exp; frac = 0 is zero.
typedef struct SfTerm {
    bool sign;
    int exp;
    sf_u128 frac;
} SfTerm;

// The sum of two terms, each with at most 126 significant bits from the top (so that nothing but
// sticky bits is lost), to be rounded.
SfTerm sf_add_terms(const SfStatus *s, SfTerm x, SfTerm y);

// Quotient and square root of normal numbers, to be rounded: 127 or 128 bits, the last one sticky.
// The square root's argument is positive.
SfTerm sf_quotient(const SfParts *a, const SfParts *b);
SfTerm sf_square_root(const SfParts *x);
// The order of two numbers, neither a NaN.
SfOrder sf_order(const SfParts *a, const SfParts *b);
// Integer part of p->frac / 2^63 * 2^exp, rounded, as the magnitude; exact up to 2^64 - 1. *huge:
// it is 2^64 or more.
uint64_t sf_integral(const SfParts *p, int exp, SfRound round, bool *inexact, bool *huge);

#endif
