// Constants that code reads by rip-relative addresses: they stand at the code cache's start.
#include <string.h>

#include "host-backends/x86_64/thunks.h"

#define ALL64(x)                                                                                   \
    {                                                                                              \
        .u64 = { x, x }                                                                            \
    }

static const V128 constants[K_COUNT] = {
    [K_ABS64] = ALL64(0x7fffffffffffffff),
    [K_ABS32] = ALL64(0x7fffffff7fffffff),
    [K_MIN64] = ALL64(0x0010000000000000),
    [K_MIN32] = ALL64(0x0080000000800000),
    [K_ONES] = ALL64(~UINT64_C(0)),
    [K_TINY32] = ALL64(0x007ffffe007ffffe),
    [K_SMALL32] = ALL64(0x2b7ffffe2b7ffffe),
    [K_SIGN32] = ALL64(0x8000000080000000),
    [K_TWO63_64] = ALL64(0x43e0000000000000),
    [K_TWO63_32] = ALL64(0x5f0000005f000000),
    [K_MXCSR] = {.u32 = {0x1f80}},
};

void x86_emit_constants(X86Code *c)
{
    for (unsigned k = 0; k < K_COUNT; k++) {
        x86_imm64(c, constants[k].u64[0]);
        x86_imm64(c, constants[k].u64[1]);
    }
}
