// What a guest architecture gives the engine: one constant struct, found at run time by name.
#ifndef ACCEL_TARGET_H
#define ACCEL_TARGET_H

#include "accel/vcpu.h"

typedef enum MmuAccess { MMU_READ, MMU_WRITE, MMU_FETCH } MmuAccess;

// Result of a page-table walk, for the 4 KiB page of the access.
typedef struct MmuPage {
    uint64_t phys;      // physical address of the page
    unsigned page_bits; // log2 of the size of the translation it came from, >= 12
    bool r, w, x;       // allowed now, in the regime asked for (w false while a dirty bit is clean)
    bool global;        // valid for every ASID
    bool device;        // device memory: unaligned accesses fault
} MmuPage;

typedef struct MmuFault {
    uint64_t va;
    MmuAccess access;
    uint32_t code; // the target's: for example Arm's fault status
    uint64_t extra;
} MmuFault;

typedef struct TranslateRequest {
    uint64_t pc;         // vcpu.pc, whatever it holds beside the address (vcpu.pc_address)
    uint64_t flags;      // block_flags of the vCPU
    const uint8_t *host; // the bytes at its address
    unsigned bytes;      // how many of them lie in pc's page
    unsigned limit;      // <= bytes: no instruction but the first begins at or behind it
    unsigned max_insns;  // decode no more (>= 1)
    bool single;         // one instruction that may touch devices
    // For guests whose instructions may cross a page: if the block's first one does,
    // engine_next_page (accel/engine.h) gives the following page's bytes. It then is the block's
    // only one, and guest_bytes counts all bytes that were looked at. A later instruction that
    // crosses is left to a block of its own.
} TranslateRequest;

// What the page tables say of an address, for people (`info mem`, `info tlb`).
typedef struct TargetMapping {
    uint64_t va, phys, size; // the translation that the address lies in
    char access[12];         // for `info mem`, as the target writes it
    char flags[48];          // for `info tlb`
    uint64_t next;           // where the next translation may begin; 0: there is none
} TargetMapping;

typedef struct GdbRegister {
    const char *name;
    uint16_t bits;
    const char *type; // gdb target-description type
} GdbRegister;

struct StateDesc;

typedef struct TargetOps {
    const char *name;                 // "aarch64"
    int capstone_arch, capstone_mode; // for -d in_asm
    // Where it depends on the mode or on what pc holds beside the address; else NULL.
    int (*capstone_mode_of)(uint64_t block_flags, uint64_t pc);
    const char *gdb_arch; // target description's <architecture>
    // Guest state offsets worth a host register, best first; ended by 0.
    const uint16_t *pin_gpr;
    const uint16_t *pin_vec;
    uint64_t va_canonical_mask; // bits of a pc that count
    // Where nothing answers a data access, reads give ones and stores vanish (a PC's buses):
    // bus_error is told of fetches only.
    bool open_bus;
    // Bytes of the longest instruction, where instructions may cross a page; else 0.
    unsigned longest_insn;
    // A store over instructions of the block under way takes effect before the next one (x86).
    bool precise_code;

    // The mode that decode depends on (exception level, FP traps, ...): part of a block's key.
    uint64_t (*block_flags)(VCPU *);
    // Decodes from r->pc to a block's end into IR. Always makes at least one instruction; what
    // cannot be decoded raises the guest's undefined-instruction exception when run.
    void (*translate)(VCPU *, IRBlock *b, const TranslateRequest *r);
    // Regime 0 is the current one, 1 the unprivileged. True: *page; false: *fault.
    bool (*walk)(VCPU *, uint64_t va, MmuAccess, unsigned regime, MmuPage *page, MmuFault *fault);
    // Table key of a regime: accesses under equal keys see the same translations (besides global
    // ones): for example exception level and PAN, and the ASID, as (mode << 32 | asid).
    uint64_t (*regime_key)(VCPU *, unsigned regime);
    // Takes the guest exception for a failed access. Called with the pc restored to the faulting
    // instruction; the engine then leaves the block.
    void (*fault)(VCPU *, const MmuFault *);
    void (*unaligned)(VCPU *, uint64_t va, MmuAccess, unsigned regime);
    void (*bus_error)(VCPU *, uint64_t va, uint64_t phys, MmuAccess);
    // Interrupts: is one deliverable now? take it. Is there a reason to wake from a halt?
    bool (*interrupt_ready)(VCPU *);
    void (*interrupt_take)(VCPU *);
    bool (*has_work)(VCPU *);
    // Watchpoints of the guest's own debug registers; NULL: there are none. They are only asked
    // while vcpu.watch_armed is set; the target flushes the MMU when it changes them. Do some lie
    // in the page? Then each access to it, once it is known not to fault, is announced: check_watch
    // raises the guest's exception, which leaves the block, or returns.
    bool (*page_watched)(VCPU *, uint64_t page_va);
    void (*check_watch)(VCPU *, uint64_t va, unsigned size, MmuAccess, unsigned regime);
    // May an access of the current regime run on from va to last, on the next page? False: *fault.
    // NULL: always.
    bool (*span_allowed)(VCPU *, uint64_t va, uint64_t last, MmuAccess, MmuFault *fault);
    // Brings lazily kept state (sticky FP flags) home, before it is read from outside.
    void (*sync)(VCPU *);
    // For gdb. read and write transfer bits / 8 bytes, little-endian; false: no such register.
    const GdbRegister *gdb_regs;
    unsigned n_gdb_regs;
    uint64_t (*virt_to_phys_debug)(VCPU *, uint64_t va); // ~0 if unmapped; no side effects
    bool (*translation_on)(VCPU *);
    // No side effects. False: nothing is mapped there, and only p->next is set.
    bool (*mapping)(VCPU *, uint64_t va, TargetMapping *p);
    bool (*gdb_read)(VCPU *, unsigned reg, void *buf);
    bool (*gdb_write)(VCPU *, unsigned reg, const void *buf);
    const struct StateDesc *state; // declared once: reset, hash, snapshot; its object is the VCPU
    // What the CPU has derived from its state besides TLBs, and a guest might tell. NULL: nothing.
    void (*forget)(VCPU *);
    void (*reset)(VCPU *); // after the declared state's reset: what depends on the model
} TargetOps;

#endif
