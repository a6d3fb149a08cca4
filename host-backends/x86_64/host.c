// What only an x86-64 host can run: CPUID, MXCSR and the x87's control word. On other hosts the
// backend can make code, but not run it.
#include "host-backends/x86_64/thunks.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

#define MXCSR_FLAGS 0x3f
#define MXCSR_ROUND 0x6000
#define MXCSR_FZ    0x8000
#define MXCSR_DAZ   0x0040

// --- what the host must have
#define NEED(reg, bit, name)                                                                       \
    if (!((reg) >> (bit)&1)) {                                                                     \
        return "the host processor lacks " name;                                                   \
    }

const char *x86_unusable(void)
{
    unsigned a, b, c, d, b7, c81;
    if (!__get_cpuid(1, &a, &b, &c, &d)) {
        return "the host processor has no CPUID";
    }
    NEED(c, 27, "OSXSAVE");
    NEED(c, 28, "AVX");
    NEED(c, 12, "FMA");
    NEED(c, 22, "MOVBE");
    NEED(c, 29, "F16C");
    NEED(c, 23, "POPCNT");
    NEED(c, 1, "PCLMULQDQ");
    NEED(c, 25, "AES");
    unsigned c1 = c;
    (void)c1;
    if (!__get_cpuid_count(7, 0, &a, &b7, &c, &d)) {
        return "the host processor lacks AVX2";
    }
    NEED(b7, 5, "AVX2");
    NEED(b7, 3, "BMI1");
    NEED(b7, 8, "BMI2");
    if (!__get_cpuid(0x80000001, &a, &b, &c81, &d)) {
        return "the host processor lacks LZCNT";
    }
    NEED(c81, 5, "LZCNT");
    NEED(c81, 0, "LAHF in 64-bit mode");
    return NULL;
}

uint32_t x86_host_features(void)
{
    unsigned a, b, c, d, features = 0;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        features = (b >> 29 & 1 ? X86_HAS_SHA : 0) | (b >> 19 & 1 ? X86_HAS_ADX : 0);
    }
    bool amd = __get_cpuid(0, &a, &b, &c, &d) && b == signature_AMD_ebx;
    return features | (amd ? X86_COMI_KEEPS_C1 : 0);
}

// --- MXCSR
unsigned x86_fp_take_flags(VCPU *v)
{
    unsigned csr = v->in_code ? _mm_getcsr() : v->host_fpcr;
    if (v->in_code) {
        _mm_setcsr(csr & ~(unsigned)MXCSR_FLAGS);
    } else {
        v->host_fpcr = csr & ~(unsigned)MXCSR_FLAGS;
    }
    return (csr & 1 ? HOST_FP_INVALID : 0) | (csr & 4 ? HOST_FP_DIVZERO : 0) |
           (csr & 8 ? HOST_FP_OVERFLOW : 0) | (csr & 16 ? HOST_FP_UNDERFLOW : 0) |
           (csr & 32 ? HOST_FP_INEXACT : 0) | (csr & 2 ? HOST_FP_DENORMAL : 0);
}

// Changes the bits of mask; nothing ever traps.
static void set_mxcsr(VCPU *v, unsigned mask, unsigned value)
{
    unsigned csr = v->in_code ? _mm_getcsr() : v->host_fpcr;
    csr = (csr & ~mask) | DEFAULT_MXCSR | (value & mask);
    if (v->in_code) {
        _mm_setcsr(csr);
    } else {
        v->host_fpcr = csr;
    }
}

void x86_fp_set_round(VCPU *v, IRRound round)
{
    set_mxcsr(v, MXCSR_ROUND, (unsigned)(round & 3) << 13);
}

void x86_fp_set_control(VCPU *v, uint32_t mxcsr)
{
    set_mxcsr(v, MXCSR_ROUND | MXCSR_FZ | MXCSR_DAZ, mxcsr);
}

// C code finds the x87 as its ABI has it, but for sticky flags.
void x86_turn_over(VCPU *v)
{
    static const uint16_t own = 0x37f;
    if (v->host_x87 && v->host_x87 != own) {
        __asm__ volatile("fldcw %0" : : "m"(own));
        v->host_x87 = 0;
    }
}

void x86_left(VCPU *v)
{
    if (v->in_code) {
        v->host_fpcr = _mm_getcsr();
        v->in_code = 0;
    }
    _mm_setcsr(DEFAULT_MXCSR);
}
#else
const char *x86_unusable(void)
{
    return "this host is not an x86-64";
}
uint32_t x86_host_features(void)
{
    return 0;
}
unsigned x86_fp_take_flags(VCPU *v)
{
    (void)v;
    return 0;
}
void x86_fp_set_round(VCPU *v, IRRound round)
{
    (void)v, (void)round;
}
void x86_fp_set_control(VCPU *v, uint32_t mxcsr)
{
    (void)v, (void)mxcsr;
}
void x86_left(VCPU *v)
{
    (void)v;
}
void x86_turn_over(VCPU *v)
{
    (void)v;
}
#endif
