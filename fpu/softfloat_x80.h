// The x87's 80-bit format: a sign, 15 bits of exponent, 64 bits of significand with an explicit
// integer bit (SDM vol. 1, 4.2.2 and 8.2). Built on the parts and the rounding of softfloat.
//
// Encodings whose integer bit contradicts the exponent (unnormals, pseudo-NaNs, pseudo-infinities)
// are invalid operands; pseudo-denormals count as the numbers that they spell.
#ifndef FPU_SOFTFLOAT_X80_H
#define FPU_SOFTFLOAT_X80_H

#include "fpu/softfloat.h"

typedef struct SfX80 {
    uint64_t frac;
    uint16_t se; // sign, exponent
} SfX80;

typedef struct SfX80Status {
    uint8_t round;     // SfRound, the first four
    uint8_t precision; // 24, 53 or 64 bits: of add, sub, mul, div, sqrt
    uint8_t trapped;   // SF_OVERFLOW, SF_UNDERFLOW: such results are scaled by 2^-+24576 instead
    // --- results, sticky
    uint8_t flags; // SF_* but for SF_DENORMAL_IN
    bool denormal; // an operand was denormal
    bool up;       // the last inexact result is larger in magnitude than the exact one
} SfX80Status;

#define SF_X80_SIGN   0x8000
#define SF_X80_EXP    0x7fff
#define SF_X80_BIAS   16383
#define SF_X80_DEFNAN ((SfX80){UINT64_C(3) << 62, 0xffff})

typedef enum SfX80Class {
    SF_X80_UNSUPPORTED,
    SF_X80_NAN,
    SF_X80_NORMAL,
    SF_X80_INFINITY,
    SF_X80_ZERO,
    SF_X80_DENORMAL,
} SfX80Class;
SfX80Class sf_x80_class(SfX80 a);
bool sf_x80_is_snan(SfX80 a);

SfX80 sf_x80_add(SfX80Status *s, SfX80 a, SfX80 b);
SfX80 sf_x80_sub(SfX80Status *s, SfX80 a, SfX80 b);
SfX80 sf_x80_mul(SfX80Status *s, SfX80 a, SfX80 b);
SfX80 sf_x80_div(SfX80Status *s, SfX80 a, SfX80 b);
SfX80 sf_x80_sqrt(SfX80Status *s, SfX80 a);
// A quiet NaN is invalid only if `signalling`; signalling ones and unsupported encodings always.
SfOrder sf_x80_compare(SfX80Status *s, SfX80 a, SfX80 b, bool signalling);

SfX80 sf_x80_round_to_int(SfX80Status *s, SfX80 a);
SfX80 sf_x80_scale(SfX80Status *s, SfX80 a, SfX80 b); // a * 2^trunc(b)
// a = *significand * 2^*exponent (FXTRACT).
void sf_x80_extract(SfX80Status *s, SfX80 a, SfX80 *exponent, SfX80 *significand);
// Partial remainder of a / b: quotient truncated, or to nearest. *quotient: its low bits if
// complete; *complete false: a multiple of b was taken off that lowers the exponent by 32 to 63.
SfX80 sf_x80_remainder(SfX80Status *s, SfX80 a, SfX80 b, bool nearest, uint64_t *quotient,
                       bool *complete);

// Loads are exact. Stores round to the format, whatever the precision.
SfX80 sf_x80_from(SfX80Status *s, SfFormat f, uint64_t a); // SF_F32, SF_F64
uint64_t sf_x80_to(SfX80Status *s, SfFormat f, SfX80 a);
SfX80 sf_x80_from_int(int64_t a);
// 16, 32 or 64 bits, sign-extended; invalid gives the integer indefinite, the least integer.
int64_t sf_x80_to_int(SfX80Status *s, SfX80 a, unsigned bits, SfRound round);
// 18 packed decimal digits and a sign byte.
SfX80 sf_x80_from_bcd(const uint8_t bcd[10]);
void sf_x80_to_bcd(SfX80Status *s, SfX80 a, uint8_t bcd[10]);

// --- transcendental functions (softfloat_x80_math.c): correct to well under an ulp, rounded to 64
// bits under s->round. Arguments out of a function's range: see there.
SfX80 sf_x80_f2xm1(SfX80Status *s, SfX80 x);           // 2^x - 1, |x| <= 1
SfX80 sf_x80_yl2x(SfX80Status *s, SfX80 y, SfX80 x);   // y * log2(x)
SfX80 sf_x80_yl2xp1(SfX80Status *s, SfX80 y, SfX80 x); // y * log2(x + 1)
SfX80 sf_x80_atan2(SfX80Status *s, SfX80 y, SfX80 x);  // angle of (x, y)
// |x| < 2^63, which the caller has checked: reduced with the 66-bit pi of the hardware. Any of sin,
// cos and tan may be NULL.
void sf_x80_trig(SfX80Status *s, SfX80 x, SfX80 *sin, SfX80 *cos, SfX80 *tan);

// --- between the files
SfX80 sf_x80_round_pack(SfX80Status *s, bool sign, int exp, unsigned __int128 frac,
                        unsigned precision); // as sf_round_pack
// The NaN that an operation on a and b gives, if either is a NaN or unsupported (invalid is raised
// as needed); false: both are numbers, denormals are noted.
bool sf_x80_nan2(SfX80Status *s, SfX80 a, SfX80 b, SfX80 *result);
bool sf_x80_nan1(SfX80Status *s, SfX80 a, SfX80 *result);
SfX80 sf_x80_invalid(SfX80Status *s);

#endif
