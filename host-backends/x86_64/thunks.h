// The ways into translated code, out of it, and from it into C.
#ifndef HOST_BACKENDS_X86_64_THUNKS_H
#define HOST_BACKENDS_X86_64_THUNKS_H

#include "host-backends/x86_64/emit.h"

// HostThunks.features: instructions that not every host has.
enum {
    X86_HAS_SHA = 1,
    X86_HAS_ADX = 2,
    X86_COMI_KEEPS_C1 = 4, // FCOMI leaves the x87's C1, as AMD's CPUs do; Intel's clear it
};

bool x86_emit_thunks(CodeCache *cache, HostThunks *t, const TargetOps *target);
// Code that looks rdx up in the jump cache: falls through, x86_jump_cache_code() is where the
// code's address lies. Fills miss[] with the two jumps (for x86_patch) that are taken otherwise.
void x86_jump_cache_look(X86Code *c, size_t miss[2]);
X86Mem x86_jump_cache_code(void);
void x86_emit_constants(X86Code *c); // K_* of emit.h, at the code cache's start

// --- the host itself (host.c)
#define DEFAULT_MXCSR 0x1f80
const char *x86_unusable(void);
uint32_t x86_host_features(void);
// MXCSR, wherever it is now (HostBackend).
unsigned x86_fp_take_flags(VCPU *v);
void x86_fp_set_round(VCPU *v, IRRound round);
void x86_fp_set_control(VCPU *v, uint32_t mxcsr);
void x86_left(VCPU *v);
void x86_turn_over(VCPU *v);

#endif
