// The part of a virtual CPU that every guest has. A guest's own CPU structure starts with it.
//
// Translated code addresses all of this relative to one host register; what it touches most stands
// first. The pinned guest registers of the running code are in host registers; gpr[] and vec[] are
// their homes, current whenever C code that declares to read or write state runs.
#ifndef ACCEL_VCPU_H
#define ACCEL_VCPU_H

#include <setjmp.h>
#include "tcg-like/ir.h"

typedef struct TlbEntry {
    uint64_t rtag;  // guest page address if loads may take the fast path; else low bits are set
    uintptr_t radd; // host address - guest address
    uint64_t wtag;
    uintptr_t wadd;
} TlbEntry;

typedef struct TlbFast {
    TlbEntry *entry;
    uint64_t mask; // (entries - 1) << 5: applied to (va >> 7)
} TlbFast;

// Where indirect branches look first. key must equal vcpu->key[half of pc].
typedef struct JumpCacheEntry {
    uint64_t pc;
    uint32_t key;
    uint32_t pad;
    const void *code;
    uint64_t pad2;
} JumpCacheEntry;

#define JUMP_CACHE_BITS 12
// Index of pc: (pc >> 2 ^ pc >> 14) would cost a shift more than it saves; guests with byte
// alignment lose two bits only.
#define JUMP_CACHE_INDEX(pc) (((pc) >> 2) & ((1u << JUMP_CACHE_BITS) - 1))

struct Machine;
struct Engine;
struct Block;
struct TargetOps;
struct SoftMmu;

// Why a vCPU gives up its turn: until an event or interrupt (if all do, time may pass), or for
// others to go first.
enum { VCPU_WAITS = 1, VCPU_SPINS = 2 };

typedef struct VCPU {
    // --- translated code's, at fixed small offsets
    int32_t budget;   // instructions left; in a host register while code runs
    uint32_t in_code; // translated code is on the stack (its FP control word is loaded)
    uint64_t pc;
    uint32_t key[2]; // identity of (code mapping, mode) for the low and the high half
    TlbFast fast[2]; // current regime, unprivileged regime
    JumpCacheEntry *jump_cache;
    uint64_t gpr[32]; // guest integer registers, numbered by the target
    V128 vec[32];     // guest vector registers
    uint16_t flags;   // packed IR flags, if the target uses them
    // --- the engine's
    uint16_t insn_index; // interpreter: current instruction of the block
    uint32_t host_fpcr;  // host FP control word for translated code, sticky flags included
    uint32_t host_x87;   // control word of the host's x87 if that is the guest's and its flags are
                         // among the guest's; 0: not known
    const struct Block *block; // interpreter: current block
    uintptr_t host_ra;         // return address into translated code of the C call under way, or 0
    uint64_t host_rsp;         // C stack of the entry thunk
    uint64_t ret_stack;        // top of the return-prediction stack
    uint64_t spill[256];       // the backend's: spilled values and saved registers
    V128 vspill[160];
    int64_t base; // instructions executed = base - budget
    // The bits of pc that are an address; ~0 unless the target changes it. Others are what the
    // target keeps there for decoding (Arm's T and ITSTATE): part of a block's identity, not of
    // where it lies.
    uint64_t pc_address;
    uint8_t leave_single; // the next block is one instruction long and may touch devices
    uint8_t halted;       // waits for an interrupt or event
    uint8_t stopped;      // powered off (PSCI) or stopped by the debugger
    uint8_t yield;        // gives up the rest of its turn: VCPU_WAITS or VCPU_SPINS, or 0
    uint32_t map_gen[2];  // code-mapping generation of each half
    jmp_buf leave;        // where engine_leave goes
    unsigned index;       // 0 .. machine's vCPUs - 1
    struct Machine *machine;
    struct AddressSpace *memory; // physical addresses mean this; NULL: the machine's memory
    struct Engine *engine;
    const struct TargetOps *target;
    struct SoftMmu *mmu;
    void *debug;         // breakpoints and watchpoints of the gdb server, or NULL
    uint8_t watch_armed; // the guest's own watchpoints may match: target->page_watched tells where
} VCPU;

static inline uint64_t vcpu_pc_address(const VCPU *v)
{
    return v->pc & v->pc_address;
}

// Instructions that this vCPU has executed, between blocks. Inside C code called from a block it
// includes the whole block: use engine_icount (accel/engine.h) there.
static inline uint64_t vcpu_icount(const VCPU *v)
{
    return (uint64_t)(v->base - v->budget);
}

// Makes translated code stop at its next budget check; the count stays exact.
static inline void vcpu_kick(VCPU *v)
{
    if (v->budget > 0) {
        v->base -= v->budget;
        v->budget = 0;
    }
}

#endif
