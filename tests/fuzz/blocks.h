// For fuzzers of a target's translator: what is done with a block. The IR is verified after
// translation and after the passes (a debug build does after each), goes through its text form, and
// host code is made of it; nothing is run.
#ifndef TESTS_FUZZ_BLOCKS_H
#define TESTS_FUZZ_BLOCKS_H

#include "accel/target.h"
#include "host-backends/backend.h"
#include "tests/fuzz/machine.h"

typedef struct FuzzBlocks {
    Fuzz *f;
    Machine *m;
    VCPU *vcpu; // the first
    const HostBackend *backend;
    CodeCache cache;
    HostThunks thunks;
    IRBlock *ir; // the block under way
} FuzzBlocks;

// A machine as c says; everything a backend needs.
void fuzz_blocks_init(FuzzBlocks *b, Fuzz *f, const MachineConfig *c);
void fuzz_blocks_free(FuzzBlocks *b);
// All of it with one block; adds its instructions to Fuzz.inputs. -v tells of the request with
// `size` bytes of code in units of 1, 2 or 4.
void fuzz_block(FuzzBlocks *b, const TranslateRequest *q, size_t size, unsigned unit);

#endif
