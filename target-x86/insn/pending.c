// Weak stand-ins for C functions that are not there yet, so that the tree links. This file goes
// when they come.
#include "target-x86/helpers.h"

#define WEAK __attribute__((weak))

WEAK uint32_t x86_mxcsr_get(X86CPU *c)
{
    return c->mxcsr;
}

WEAK void x86_mxcsr_set(X86CPU *c, uint32_t value)
{
    c->mxcsr = value;
}
