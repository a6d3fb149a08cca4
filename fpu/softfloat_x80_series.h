// 128-bit arithmetic and power series for the x87's transcendental functions.
//
// A Wide is a floating-point number with a 128-bit significand. Series are summed in fixed point,
// by Horner's rule: their sums lie near 1, where an absolute error is a relative one.
#ifndef FPU_SOFTFLOAT_X80_SERIES_H
#define FPU_SOFTFLOAT_X80_SERIES_H

#include "fpu/softfloat_x80_parts.h"

typedef SfTerm Wide; // normalised: bit 127 is set, or all of frac is zero

extern const Wide wide_one, wide_ln2, wide_log2e, wide_pi;
extern const Wide wide_atan_eighths[9];    // atan(k / 8)
extern const Wide wide_exp_sixteenths[33]; // 2^(k / 16) - 1, from k = -16
#define WIDE_LOG_FIRST 45
#define WIDE_LOG_LAST  91
extern const Wide wide_log_inverse[WIDE_LOG_LAST - WIDE_LOG_FIRST + 1]; // log2(64 / j)

Wide wide_normal(Wide a);
Wide wide_int(int n);
Wide wide_add(Wide a, Wide b);
Wide wide_mul(Wide a, Wide b);
Wide wide_div(Wide a, Wide b); // b is not zero
static inline Wide wide_negate(Wide a)
{
    a.sign = !a.sign;
    return a;
}

Wide wide_expm1(Wide t);       // e^t - 1, |t| < 2^-5
Wide wide_twice_atanh(Wide z); // ln((1 + z) / (1 - z)), |z| < 2^-2.5
Wide wide_atan(Wide r);        // |r| <= 1/8
Wide wide_sin(Wide x);         // |x| <= pi / 4
Wide wide_cos(Wide x);

#endif
