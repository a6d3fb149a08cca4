// What the FP emitters share.
#ifndef HOST_BACKENDS_X86_64_EMIT_FP_H
#define HOST_BACKENDS_X86_64_EMIT_FP_H

#include "host-backends/x86_64/emit_vector.h"

// Registers and shape of an FP op: operands (or -1), result, and where the host computes it: t is d
// if that is no operand, else scratch, so that the cold path finds the operands as they were.
typedef struct Fp {
    int d, t, a, b, c;
    unsigned esize;
    bool scalar;
    bool clean; // the lanes above a's lane 0 are zero
    bool keep;  // the result has the lanes above a's lane 0
} Fp;

// Half precision is computed exactly, in C; so is all that wants guest state for it, and what
// flushes denormals, but for vectors of single precision.
static inline bool fp_native(const IRInsn *i)
{
    if (i->aux & IR_FP_FLUSH && (i->aux & (3 | IR_FP_SCALAR)) != 2) {
        return false;
    }
    return (i->aux & 3) >= 2 && !((const IRVHelper *)(uintptr_t)i->imm)->flags;
}

static inline bool fp_flush(const IRInsn *i)
{
    return i->aux & IR_FP_FLUSH;
}

static inline bool fp_sse(const IRInsn *i)
{
    return i->aux & IR_FP_SSE;
}

void fp_by_exact(Emit *e, const IRInsn *i);
Fp fp_operands(Emit *e, const IRInsn *i);
// Opcode of a row like ADDPS/ADDPD/ADDSS/ADDSD.
unsigned fp_op(const Fp *f, unsigned opcode);
void fp_binary(Emit *e, unsigned op, int d, int a, int b); // of vvvv = a
// Leaves for the exact function on cc; the result comes back to d, behind fp_finish.
Cold *fp_cold(Emit *e, const Fp *f, X86Cond cc);
// d = t, with zeros above lane 0 if scalar. Then the cold path comes back.
void fp_finish(Emit *e, const Fp *f, Cold *cold);
// IR_FP_FLUSH: leaves before the op if a lane of an operand is not zero and below 2^-126, or, of
// the factors of a product, below 2^-40: from other operands only sums can be denormal.
void fp_guard_small(Emit *e, const IRInsn *i, const Fp *f);
// All cold paths from `first` on come back here.
void fp_colds_back(Emit *e, unsigned first);
void fp_zero_upper(Emit *e, int d, int t, unsigned esize);

#endif
