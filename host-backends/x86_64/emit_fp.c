// Floating point.
#include "host-backends/x86_64/emit.h"
#include "tcg-like/passes.h"

static void by_exact(Emit *e, const IRInsn *i)
{
    const IRVHelper *h = (const IRVHelper *)(uintptr_t)i->imm;
    x86_vector_call(e, i, h->fn, ir_fp_desc(e->b, i), h->flags);
}

#define BY_EXACT(name)                                                                             \
    EMIT(name)                                                                                     \
    {                                                                                              \
        by_exact(e, i);                                                                            \
    }
BY_EXACT(f_fcmp)
BY_EXACT(fadd)
BY_EXACT(fsub)
BY_EXACT(fmul)
BY_EXACT(fdiv)
BY_EXACT(fsqrt)
BY_EXACT(fma)
BY_EXACT(fmin)
BY_EXACT(fmax)
BY_EXACT(fceq)
BY_EXACT(fcge)
BY_EXACT(fcgt)
BY_EXACT(fround)
BY_EXACT(fcvt)
BY_EXACT(fs2f)
BY_EXACT(fu2f)
BY_EXACT(ff2s)
BY_EXACT(ff2u)
BY_EXACT(vs2f)
BY_EXACT(vu2f)
BY_EXACT(vf2s)
BY_EXACT(vf2u)
