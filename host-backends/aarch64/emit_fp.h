// What the FP emitters share.
#ifndef HOST_BACKENDS_AARCH64_EMIT_FP_H
#define HOST_BACKENDS_AARCH64_EMIT_FP_H

#include "host-backends/aarch64/emit_flags.h"
#include "host-backends/aarch64/emit_vector.h"

// Half precision is computed exactly, in C; so is all that wants guest state for it, and what
// flushes denormals.
static inline bool a64_fp_native(const IRInsn *i)
{
    return (i->aux & 3) >= 2 && !(i->aux & IR_FP_FLUSH) &&
           !((const IRVHelper *)(uintptr_t)i->imm)->flags;
}
static inline bool a64_fp_sse(const IRInsn *i)
{
    return i->aux & IR_FP_SSE;
}
static inline bool a64_fp_scalar(const IRInsn *i)
{
    return i->aux & IR_FP_SCALAR;
}
static inline bool a64_fp_wide(const IRInsn *i)
{
    return (i->aux & 3) == 3;
}
// Rows of single precision: double is bit 22.
static inline uint32_t a64_fp_row(const IRInsn *i, uint32_t op)
{
    return a64_fp_wide(i) ? op | 1u << 22 : op;
}

void a64_fp_by_exact(Emit *e, const IRInsn *i);
// Leaves for the exact function; it gets a, b, c (registers, or -1), the result comes to d, which
// then may be none of them.
Cold *a64_fp_cold(Emit *e, size_t from, int d, int a, int b, int c);

// --- SSE's rules (emit_fp_sse.c)
void a64_fp_sse_arithmetic(Emit *e, const IRInsn *i, uint32_t scalar, uint32_t lanes);
void a64_fp_sse_min_max(Emit *e, const IRInsn *i, bool max);
void a64_fp_sse_compare(Emit *e, const IRInsn *i);
void a64_fp_sse_convert(Emit *e, const IRInsn *i);
void a64_fp_sse_to_int(Emit *e, const IRInsn *i);

#endif
