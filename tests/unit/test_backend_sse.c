// Floating point under x86's rules (IR_FP_SSE): the backend's code against the host's own
// instructions as the C compiler has them, under random rounding modes, FZ and DAZ.
#include <immintrin.h>
#include "backend_sse.h"

#define AVX __attribute__((target("avx2,fma")))
#define EXACT(name)                                                                                \
    AVX static void name(VCPU *v __attribute__((unused)), V128 *d, const V128 *a,                  \
                         const V128 *b __attribute__((unused)),                                    \
                         const V128 *c __attribute__((unused)), uint32_t desc)

static bool wide(uint32_t desc)
{
    return (desc & 3) == 3;
}

// Lane 0 alone, if the op is scalar.
static void finish(V128 *d, uint32_t desc)
{
    if (desc & IR_FP_SCALAR) {
        *d = (V128){.u64 = {wide(desc) ? d->u64[0] : d->u32[0]}};
    }
}

// Of a scalar op the other lanes must not raise flags.
static V128 operand(const V128 *a, uint32_t desc)
{
    V128 x = *a;
    finish(&x, desc);
    return x;
}

#define LOAD_OPERANDS                                                                              \
    V128 x = operand(a, desc), y = b ? operand(b, desc) : x, z = c ? operand(c, desc) : x;         \
    __m128 ps = _mm_load_ps((float *)&x), pt = _mm_load_ps((float *)&y),                           \
           pu __attribute__((unused)) = _mm_load_ps((float *)&z);                                  \
    __m128d pd = _mm_castps_pd(ps), pe = _mm_castps_pd(pt),                                        \
            pf __attribute__((unused)) = _mm_castps_pd(pu);                                        \
    bool scalar __attribute__((unused)) = desc & IR_FP_SCALAR;

#define STORE_PS(e) _mm_store_ps((float *)d, e)
#define STORE_PD(e) _mm_store_pd((double *)d, e)

// Compilers may swap operands, and with them which NaN wins: these keep the order.
#define ASM2(name, r, x, y) __asm__ volatile(name " %2, %1, %0" : "=x"(r) : "x"(x), "x"(y))

#define BINARY(name)                                                                               \
    EXACT(x_##name)                                                                                \
    {                                                                                              \
        LOAD_OPERANDS                                                                              \
        __m128 r;                                                                                  \
        __m128d q;                                                                                 \
        if (wide(desc) && scalar) {                                                                \
            ASM2("v" #name "sd", q, pd, pe);                                                       \
        } else if (wide(desc)) {                                                                   \
            ASM2("v" #name "pd", q, pd, pe);                                                       \
        } else if (scalar) {                                                                       \
            ASM2("v" #name "ss", r, ps, pt);                                                       \
        } else {                                                                                   \
            ASM2("v" #name "ps", r, ps, pt);                                                       \
        }                                                                                          \
        if (wide(desc)) {                                                                          \
            STORE_PD(q);                                                                           \
        } else {                                                                                   \
            STORE_PS(r);                                                                           \
        }                                                                                          \
        finish(d, desc);                                                                           \
    }
BINARY(add)
BINARY(sub)
BINARY(mul)
BINARY(div)
BINARY(min)
BINARY(max)

EXACT(x_sqrt)
{
    LOAD_OPERANDS
    if (wide(desc)) {
        STORE_PD(scalar ? _mm_sqrt_sd(pe, pd) : _mm_sqrt_pd(pd));
    } else {
        STORE_PS(scalar ? _mm_sqrt_ss(ps) : _mm_sqrt_ps(ps));
    }
    finish(d, desc);
}

#define ASM3(name, r, x, y) __asm__ volatile(name " %2, %1, %0" : "+x"(r) : "x"(x), "x"(y))
#define FMA(kind, f, one_double, one_single)                                                       \
    case kind:                                                                                     \
        if (wide(desc) && scalar) {                                                                \
            ASM3("v" #f one_double, pf, pd, pe);                                                   \
        } else if (wide(desc)) {                                                                   \
            ASM3("v" #f "pd", pf, pd, pe);                                                         \
        } else if (scalar) {                                                                       \
            ASM3("v" #f one_single, pu, ps, pt);                                                   \
        } else {                                                                                   \
            ASM3("v" #f "ps", pu, ps, pt);                                                         \
        }                                                                                          \
        break;

EXACT(x_fma)
{
    LOAD_OPERANDS
    switch (desc >> 16 & 7) {
        FMA(IR_FMA_ADD, fmadd231, "sd", "ss")
        FMA(IR_FMA_SUB, fmsub231, "sd", "ss")
        FMA(IR_FMA_NEG_ADD, fnmadd231, "sd", "ss")
        FMA(IR_FMA_NEG_SUB, fnmsub231, "sd", "ss")
        FMA(IR_FMA_ADD_SUB, fmaddsub231, "pd", "ps")
        FMA(IR_FMA_SUB_ADD, fmsubadd231, "pd", "ps")
    }
    if (wide(desc)) {
        STORE_PD(pf);
    } else {
        STORE_PS(pu);
    }
    finish(d, desc);
}

#define CMP(n)                                                                                     \
    case n:                                                                                        \
        if (wide(desc)) {                                                                          \
            STORE_PD(scalar ? _mm_cmp_sd(pd, pe, n) : _mm_cmp_pd(pd, pe, n));                      \
        } else {                                                                                   \
            STORE_PS(scalar ? _mm_cmp_ss(ps, pt, n) : _mm_cmp_ps(ps, pt, n));                      \
        }                                                                                          \
        break;
#define CMP8(n) CMP(n) CMP(n + 1) CMP(n + 2) CMP(n + 3) CMP(n + 4) CMP(n + 5) CMP(n + 6) CMP(n + 7)

EXACT(x_cmp)
{
    LOAD_OPERANDS
    switch (desc >> 16) {
        CMP8(0)
        CMP8(8)
        CMP8(16)
        CMP8(24)
    }
    finish(d, desc);
}

#define COMPARE(name, n)                                                                           \
    EXACT(name)                                                                                    \
    {                                                                                              \
        x_cmp(v, d, a, b, c, (desc & 0xffff) | (n) << 16);                                         \
    }
COMPARE(x_ceq, 0)
COMPARE(x_cge, 13)
COMPARE(x_cgt, 14)

#define ROUND(n)                                                                                   \
    case n:                                                                                        \
        if (wide(desc)) {                                                                          \
            STORE_PD(scalar ? _mm_round_sd(pd, pd, n) : _mm_round_pd(pd, n));                      \
        } else {                                                                                   \
            STORE_PS(scalar ? _mm_round_ss(ps, ps, n) : _mm_round_ps(ps, n));                      \
        }                                                                                          \
        break;

EXACT(x_round)
{
    LOAD_OPERANDS
    unsigned round = desc >> 16 & 7, quiet = desc >> 16 & IR_RND_EXACT ? 0 : 8;
    (void)pt;
    (void)pe;
    switch ((round == IR_RND_CURRENT ? 4 : round) | quiet) {
        ROUND(0)
        ROUND(1)
        ROUND(2)
        ROUND(3)
        ROUND(4)
        ROUND(8)
        ROUND(9)
        ROUND(10)
        ROUND(11)
        ROUND(12)
    }
    finish(d, desc);
}

EXACT(x_cvt)
{
    V128 x = operand(a, desc);
    if (wide(desc)) {
        _mm_store_ps((float *)d, _mm_cvtsd_ss(_mm_setzero_ps(), _mm_load_pd((const double *)&x)));
    } else {
        _mm_store_pd((double *)d, _mm_cvtss_sd(_mm_setzero_pd(), _mm_load_ps((const float *)&x)));
    }
}

EXACT(x_s2f)
{
    *d = (V128){.u64 = {0}};
    bool from64 = desc >> 31;
    if (wide(desc)) {
        __m128d z = _mm_setzero_pd();
        z = from64 ? _mm_cvtsi64_sd(z, a->s64[0]) : _mm_cvtsi32_sd(z, a->s32[0]);
        _mm_store_pd((double *)d, z);
    } else {
        __m128 z = _mm_setzero_ps();
        z = from64 ? _mm_cvtsi64_ss(z, a->s64[0]) : _mm_cvtsi32_ss(z, a->s32[0]);
        _mm_store_ps((float *)d, z);
    }
}

EXACT(x_f2s)
{
    V128 x = operand(a, desc);
    bool to64 = desc >> 31, trunc = (desc >> 16 & 7) == IR_RND_ZERO;
    __m128 s = _mm_load_ps((const float *)&x);
    __m128d t = _mm_load_pd((const double *)&x);
    int64_t r;
    if (wide(desc)) {
        r = to64 ? (trunc ? _mm_cvttsd_si64(t) : _mm_cvtsd_si64(t))
                 : (trunc ? _mm_cvttsd_si32(t) : _mm_cvtsd_si32(t));
    } else {
        r = to64 ? (trunc ? _mm_cvttss_si64(s) : _mm_cvtss_si64(s))
                 : (trunc ? _mm_cvttss_si32(s) : _mm_cvtss_si32(s));
    }
    *d = (V128){.u64 = {to64 ? (uint64_t)r : (uint32_t)r}};
}

EXACT(x_vs2f)
{
    if (wide(desc)) {
        *d = (V128){.u64 = {0}};
        double lo = (double)a->s64[0], hi = (double)a->s64[1];
        memcpy(&d->u64[0], &lo, 8);
        memcpy(&d->u64[1], &hi, 8);
    } else {
        _mm_store_ps((float *)d, _mm_cvtepi32_ps(_mm_load_si128((const __m128i *)a)));
    }
}

EXACT(x_vf2s)
{
    __m128 s = _mm_load_ps((const float *)a);
    bool trunc = (desc >> 16 & 7) == IR_RND_ZERO;
    _mm_store_si128((__m128i *)d, trunc ? _mm_cvttps_epi32(s) : _mm_cvtps_epi32(s));
}

EXACT(x_fcmp)
{
    V128 x = operand(a, desc | IR_FP_SCALAR), y = operand(b, desc | IR_FP_SCALAR);
    bool signal = desc & IR_FCMP_SIGNAL;
    unsigned long f;
    if (wide(desc)) {
        double p = 0, q = 0;
        memcpy(&p, &x, 8);
        memcpy(&q, &y, 8);
        if (signal) {
            __asm__ volatile("vcomisd %2, %1; pushf; pop %0" : "=r"(f) : "x"(p), "x"(q) : "cc");
        } else {
            __asm__ volatile("vucomisd %2, %1; pushf; pop %0" : "=r"(f) : "x"(p), "x"(q) : "cc");
        }
    } else {
        float p = 0, q = 0;
        memcpy(&p, &x, 4);
        memcpy(&q, &y, 4);
        if (signal) {
            __asm__ volatile("vcomiss %2, %1; pushf; pop %0" : "=r"(f) : "x"(p), "x"(q) : "cc");
        } else {
            __asm__ volatile("vucomiss %2, %1; pushf; pop %0" : "=r"(f) : "x"(p), "x"(q) : "cc");
        }
    }
    *d = (V128){.u64 = {f << 8 & IR_FLAG_MASK}};
}

// --- blocks
static const Row rows[] = {
    {IR_fadd, &(const IRVHelper){"add", x_add, 0}, true, true, 1},
    {IR_fsub, &(const IRVHelper){"sub", x_sub, 0}, true, true, 1},
    {IR_fmul, &(const IRVHelper){"mul", x_mul, 0}, true, true, 1},
    {IR_fdiv, &(const IRVHelper){"div", x_div, 0}, true, true, 1},
    {IR_fmin, &(const IRVHelper){"min", x_min, 0}, true, true, 1},
    {IR_fmax, &(const IRVHelper){"max", x_max, 0}, true, true, 1},
    {IR_fsqrt, &(const IRVHelper){"sqrt", x_sqrt, 0}, true, true, 1},
    {IR_fma, &(const IRVHelper){"fma", x_fma, 0}, true, true, 6},
    {IR_fceq, &(const IRVHelper){"ceq", x_ceq, 0}, true, true, 1},
    {IR_fcge, &(const IRVHelper){"cge", x_cge, 0}, true, true, 1},
    {IR_fcgt, &(const IRVHelper){"cgt", x_cgt, 0}, true, true, 1},
    {IR_fcmpp, &(const IRVHelper){"cmp", x_cmp, 0}, true, true, 32},
    {IR_fround, &(const IRVHelper){"rnd", x_round, 0}, true, true, 16},
    {IR_fcvt, &(const IRVHelper){"cvt", x_cvt, 0}, false, true, 1},
    {IR_fs2f, &(const IRVHelper){"s2f", x_s2f, 0}, false, true, 1},
    {IR_ff2s, &(const IRVHelper){"f2s", x_f2s, 0}, false, true, 6},
    {IR_vs2f, &(const IRVHelper){"vs2f", x_vs2f, 0}, true, false, 1},
    {IR_vf2s, &(const IRVHelper){"vf2s", x_vf2s, 0}, true, false, 6},
    {IR_f_fcmp, &(const IRVHelper){"fcmp", x_fcmp, 0}, false, false, 1},
};

Test(backend_sse, the_hosts_own_results_and_flags, .timeout = 600)
{
    compare_rows(rows, ARRAY_LEN(rows));
}
