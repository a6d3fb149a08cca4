// The software MMU: guest virtual address -> host memory or device.
//
//   translated code: first-level table of the current (regime, ASID)   hit: plain host access
//        | miss
//   mmu_load/mmu_store: second level (set-associative, ASID-tagged)    hit: refill the first level
//        | miss
//   target->walk                                                       fault: target->fault
//
// First-level tables are switched, never flushed, when regime or ASID change. Watched pages,
// those with translated code for one (page_watch.h), have no fast write tag; devices have no fast
// tag at all. TLB maintenance that hits a page that code was looked up through changes the vCPU's
// code-mapping key (code_mapping.c).
//
// Addresses are the guest's, sizes are bytes. Pages are handled in pieces of 4 KiB whatever the
// guest's page size; which larger translations there are is remembered, so that flushing part of
// one flushes all of it (large.c).
#ifndef SOFTMMU_SOFTMMU_H
#define SOFTMMU_SOFTMMU_H

#include "accel/target.h"

typedef struct SoftMmu SoftMmu;

SoftMmu *softmmu_new(VCPU *v); // v->target is set; mmu_select_regimes comes before any access
void softmmu_free(SoftMmu *m);

// --- accesses. memop: IR_MEM_* bits. They may leave by a guest exception (engine_leave). Values
// are zero-extended, or sign-extended to 64 bits with IR_MEM_SIGN.
uint64_t mmu_load(VCPU *v, uint64_t va, uint32_t memop);
void mmu_store(VCPU *v, uint64_t va, uint64_t value, uint32_t memop);
// A vector register's access: 16 bytes, or fewer in the low bytes (loads clear the rest).
void mmu_load128(VCPU *v, uint64_t va, V128 *out, uint32_t memop);
void mmu_store128(VCPU *v, uint64_t va, const V128 *value, uint32_t memop);
uint64_t mmu_rmw(VCPU *v, uint64_t va, uint64_t value, uint32_t memop, IRRmwKind kind);
uint64_t mmu_cas(VCPU *v, uint64_t va, uint64_t expected, uint64_t value, uint32_t memop);
// The chk op: addend, or leaves the block to run the instruction alone.
uintptr_t mmu_chk(VCPU *v, uint64_t va, uint32_t span, uint32_t memop);
// Address translation and permission check alone, as a load or store would make it (DC ZVA, ...):
// host address of the byte, NULL for a device.
void *mmu_probe(VCPU *v, uint64_t va, unsigned size, uint32_t memop);

// Host address of an instruction's page for the translator and its physical address; takes a guest
// exception if it cannot be fetched.
const uint8_t *mmu_fetch_page(VCPU *v, uint64_t pc, uint64_t *phys);

// --- maintenance
void mmu_flush_all(VCPU *v);
void mmu_flush_asid(VCPU *v, uint32_t asid);
// Pages va .. va + len - 1: in one ASID, or in all (asid = MMU_ALL_ASIDS).
#define MMU_ALL_ASIDS UINT32_MAX
void mmu_flush_range(VCPU *v, uint64_t va, uint64_t len, uint32_t asid);
// Everything that was ever learnt, also what to drop next: as a new MMU. Between turns.
void mmu_forget(VCPU *v);
// Translation enabled or disabled, regimes redefined: the tables of these keys are wrong.
void mmu_regime_changed(VCPU *v);
// Selects the tables of the current regimes; by engine_mode_changed.
void mmu_select_regimes(VCPU *v);
// Takes away the fast write tags of pages of host memory (page_watch.c).
void mmu_protect(VCPU *v, const uint8_t *host, uint64_t len);
// va's page got or lost a watchpoint: its fast tags are worked out anew at the next access.
void mmu_drop_fast(VCPU *v, uint64_t va);

// --- from outside, without side effects: gdb, monitor, loaders. False if unmapped.
bool mmu_debug_access(VCPU *v, uint64_t va, void *buf, size_t len, bool write);

#endif
