// IEEE 754 arithmetic in integers, exact in every bit and flag: for whatever host instructions do
// not give the guest's answer, and as the reference for those that do. It never touches the host's
// FPU.
//
//   packed bits --unpack--> class, sign, exponent, 64-bit fraction --operation--> 128-bit fraction
//                                                       packed bits <--round once, pack--
//
// A value of any format travels in the low bits of a uint64_t. Formats up to 64 bits are packed
// here; the parts (softfloat_parts.h) hold 64 fraction bits, enough for x87's format too.
#ifndef FPU_SOFTFLOAT_H
#define FPU_SOFTFLOAT_H

#include "util/bits.h"

// Numbered as log2 of the bytes where that is unique.
typedef enum SfFormat { SF_F16 = 1, SF_F32 = 2, SF_F64 = 3, SF_BF16 = 4, SF_FORMATS } SfFormat;

typedef enum SfRound { // the first five as IRRound
    SF_RND_NEAREST,
    SF_RND_DOWN,
    SF_RND_UP,
    SF_RND_ZERO,
    SF_RND_AWAY,    // ties away from zero
    SF_RND_ODD,     // von Neumann: inexact results get an odd last bit
    SF_RND_ODD_INF, // the same, but overflow gives infinity
} SfRound;

enum {
    SF_INVALID = 1,
    SF_DIVZERO = 2,
    SF_OVERFLOW = 4,
    SF_UNDERFLOW = 8,
    SF_INEXACT = 16,
    SF_DENORMAL_IN = 32,   // an input was flushed to zero
    SF_DENORMAL_USED = 64, // an input was denormal, and counted as what it is
};

// Which NaN comes out when several go in, and the sign of the one that operations make.
typedef enum SfNanRule {
    SF_NAN_ARM, // the first signalling one, else the first quiet one; addend before factors; made:
                // +
    SF_NAN_SSE, // the first one of either kind; made: -
} SfNanRule;

typedef struct SfStatus {
    uint8_t round;       // SfRound
    uint8_t nan_rule;    // SfNanRule
    bool default_nan;    // any NaN result is the default one
    bool flush_in;       // denormal inputs count as zero
    bool flush_out;      // denormal results become zero
    uint8_t flush_flags; // flags of such a flushed result (Arm: underflow only)
    bool tiny_after;     // underflow is told after rounding (x86), not before (Arm)
    // Unmasked on x86: inexact is then told of the result as if exponents had no bounds, and
    // underflow of exact results, too. What comes out does not matter.
    bool overflow_traps, underflow_traps;
    bool alt_half; // SF_F16 has no infinities and NaNs (Arm's alternative half precision)
    uint8_t flags; // sticky, SF_*
} SfStatus;

typedef enum SfOrder { SF_LESS = -1, SF_EQUAL = 0, SF_GREATER = 1, SF_UNORDERED = 2 } SfOrder;

uint64_t sf_add(SfStatus *s, SfFormat f, uint64_t a, uint64_t b);
uint64_t sf_sub(SfStatus *s, SfFormat f, uint64_t a, uint64_t b);
uint64_t sf_mul(SfStatus *s, SfFormat f, uint64_t a, uint64_t b);
uint64_t sf_div(SfStatus *s, SfFormat f, uint64_t a, uint64_t b);
uint64_t sf_sqrt(SfStatus *s, SfFormat f, uint64_t a);
// (a * b + c) * 2^scale, rounded once.
uint64_t sf_muladd(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, uint64_t c, int scale);
// a and b have format `from` (flushed, without a flag, if flush_ab), c and the result `to`.
uint64_t sf_muladd_widen(SfStatus *s, SfFormat from, bool flush_ab, SfFormat to, uint64_t a,
                         uint64_t b, uint64_t c);

// A quiet NaN is invalid only if `signalling`; a signalling one always.
SfOrder sf_compare(SfStatus *s, SfFormat f, uint64_t a, uint64_t b, bool signalling);
// A NaN operand gives a NaN; -0 < +0.
uint64_t sf_min(SfStatus *s, SfFormat f, uint64_t a, uint64_t b);
uint64_t sf_max(SfStatus *s, SfFormat f, uint64_t a, uint64_t b);
// IEEE minNum, maxNum: a lone quiet NaN loses against a number.
uint64_t sf_minnum(SfStatus *s, SfFormat f, uint64_t a, uint64_t b);
uint64_t sf_maxnum(SfStatus *s, SfFormat f, uint64_t a, uint64_t b);

// To an integral value in the same format; inexact is raised only if `exact`.
uint64_t sf_round_to_int(SfStatus *s, SfFormat f, uint64_t a, SfRound round, bool exact);
uint64_t sf_convert(SfStatus *s, SfFormat from, SfFormat to, uint64_t a);
// To an integer of `bits` bits with fbits fraction bits: saturates, NaN gives 0 (Arm's answers).
// Signed results are sign-extended to 64 bits.
uint64_t sf_to_int(SfStatus *s, SfFormat f, uint64_t a, SfRound round, unsigned fbits,
                   unsigned bits, bool is_signed);
uint64_t sf_from_int(SfStatus *s, SfFormat f, uint64_t a, unsigned fbits, bool is_signed);

uint64_t sf_default_nan(const SfStatus *s, SfFormat f);
// Quieted, or the default NaN; raises invalid if a is signalling. a must be a NaN.
uint64_t sf_process_nan(SfStatus *s, SfFormat f, uint64_t a);

// --- bits
unsigned sf_exp_bits(SfFormat f);
unsigned sf_frac_bits(SfFormat f);
static inline unsigned sf_bits(SfFormat f)
{
    return f == SF_BF16 ? 16 : 8u << f;
}
static inline uint64_t sf_sign_bit(SfFormat f)
{
    return UINT64_C(1) << (sf_bits(f) - 1);
}
bool sf_is_nan(SfFormat f, uint64_t a);

#endif
