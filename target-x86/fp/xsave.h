// FXSAVE and XSAVE areas (SDM vol. 1, 10.5 and 13.4).
#ifndef TARGET_X86_FP_XSAVE_H
#define TARGET_X86_FP_XSAVE_H

#include "target-x86/helpers.h"

enum {
    XSTATE_X87 = 1 << 0,
    XSTATE_SSE = 1 << 1,
    XSTATE_AVX = 1 << 2,
    XSTATE_ALL = XSTATE_X87 | XSTATE_SSE | XSTATE_AVX,
};
#define XCOMP_COMPACT UINT64_C(0x8000000000000000)

enum {
    FXSAVE_BYTES = 512,
    XSAVE_HEADER = 512, // XSTATE_BV, XCOMP_BV
    XSAVE_AVX = 576,    // in both formats, as it is the first component there is
    XSAVE_BYTES = 832,
};

// Components that differ from their initial state (XINUSE).
unsigned x86_xinuse(X86CPU *c);

// address, mode (XS_*), mask (EDX:EAX).
enum { XS_LONG = 1, XS_64 = 2, XS_OPT = 4, XS_COMPACT = 8 }; // XS_64: REX.W; XS_LONG: 64-bit mode
extern const IRHelper x86_h_fxsave, x86_h_fxrstor, x86_h_xsave, x86_h_xrstor;

#endif
