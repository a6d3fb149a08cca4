// The ways into translated code, out of it, and from it into C.
#ifndef HOST_BACKENDS_AARCH64_THUNKS_H
#define HOST_BACKENDS_AARCH64_THUNKS_H

#include "host-backends/aarch64/emit.h"

// Branches between blocks reach 128 MiB.
#define A64_CACHE_MAX ((size_t)127 << 20)

bool a64_emit_thunks(CodeCache *cache, HostThunks *t, const TargetOps *target);
// Looks T0 up in the jump cache: falls through with the code's address in T1. Fills miss[] with the
// two jumps (for a64_patch) that are taken otherwise.
void a64_jump_cache_look(A64Code *c, size_t miss[2]);

// FPCR and FPSR, wherever they are now (HostBackend).
unsigned a64_fp_take_flags(VCPU *v);
void a64_fp_set_round(VCPU *v, IRRound round);
void a64_fp_set_control(VCPU *v, uint32_t mxcsr);
void a64_left(VCPU *v);

#endif
