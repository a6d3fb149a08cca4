// A host backend is one constant struct, chosen at run time. All backends are built on all hosts;
// only running code needs the host.
//
// What translated code promises, on every host:
//  - It is entered by thunks.enter(vcpu, code) on the C stack and returns a HostExit.
//  - A block starts with the budget check: budget -= guest_insns; if negative, the budget is
//    restored, vcpu->pc = block->pc and HOST_EXIT_BUDGET is returned.
//  - Guest state slots pinned to host registers are in them from block to block, and in their homes
//    whenever C code runs that may read or write state, or has left the block.
//  - A side exit or exception gives back the budget of the instructions that did not execute.
//  - Each C call that may fault, count or leave is in the block's side table.
#ifndef HOST_BACKENDS_BACKEND_H
#define HOST_BACKENDS_BACKEND_H

#include "accel/block.h"
#include "accel/codecache.h"
#include "accel/target.h"

// What enter returns: one of these, or the BlockLink * of an unlinked way out (vcpu->pc is set in
// every case).
typedef uintptr_t HostExit;
enum {
    HOST_EXIT_BUDGET = 0,
    HOST_EXIT_LOOP = 1,     // exit_loop: mode may have changed
    HOST_EXIT_INDIRECT = 2, // jump cache missed
    HOST_EXIT_KINDS = 16,
};
enum { HOST_THUNKS_MAX = 32 };

typedef struct HostThunks {
    HostExit (*enter)(VCPU *, const void *code);
    uint32_t offset[HOST_THUNKS_MAX]; // the backend's own entry points in the code cache
    uint32_t features;                // what it found out about the host; its own bits
} HostThunks;

typedef struct CompileRequest {
    CodeCache *cache;
    const HostThunks *thunks;
    const TargetOps *target;
    IRBlock *ir;  // optimised; the allocator may write its host fields
    Block *block; // pc, guest_insns, links (target_pc, checked) are set; n_links = n_slots,
                  // plus one landing link last if the block ends in a call
} CompileRequest;

typedef struct HostBackend {
    const char *name;
    // NULL if this machine can run its code, else why not.
    const char *(*unusable)(void);
    // Emits entry, exit and slow-path thunks at the start of an empty cache.
    bool (*emit_thunks)(CodeCache *cache, HostThunks *t, const TargetOps *target);
    // Emits a block at cache->used; sets block->code, code_size, side, n_side (g_malloc'd) and
    // link[].site. False if the cache is full (nothing was emitted).
    bool (*compile)(const CompileRequest *r);
    // Points a link at a block's code, or back at its stub (to == NULL). key as in BlockLink.
    void (*patch_link)(CodeCache *cache, BlockLink *l, const void *to);
    // Sticky FP flags gathered since the last call, as HOST_FP_* bits; clears them.
    unsigned (*fp_take_flags)(VCPU *);
    void (*fp_set_round)(VCPU *, IRRound);
    void (*fp_set_control)(VCPU *, uint32_t mxcsr); // rounding, FZ, DAZ
    // A turn is over: the host's x87 gets its own control word back. NULL: nothing to do.
    void (*turn_over)(VCPU *);
    // After C code called from translated code left it by longjmp: the host's own FP control word
    // is put back, in_code is 0, and what was gathered stays in host_fpcr.
    void (*left)(VCPU *);
    int capstone_arch, capstone_mode;
} HostBackend;

enum {
    HOST_FP_INVALID = 1,
    HOST_FP_DIVZERO = 2,
    HOST_FP_OVERFLOW = 4,
    HOST_FP_UNDERFLOW = 8,
    HOST_FP_INEXACT = 16,
    HOST_FP_DENORMAL = 32, // an operand was denormal
};

extern const HostBackend host_backend_x86_64, host_backend_aarch64;

// The backend for this host, or NULL with the reason in *why.
const HostBackend *host_backend_find(const char **why);

#endif
