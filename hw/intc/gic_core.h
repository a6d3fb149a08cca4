// What GICv2 and GICv3 have in common: the state of each interrupt, the registers that hold one bit
// or one byte per interrupt, and the choice of the best pending one.
//
// Interrupts 0-15 (software generated) and 16-31 (private peripherals) exist once per CPU; the rest
// (shared peripherals) once.
#ifndef HW_INTC_GIC_CORE_H
#define HW_INTC_GIC_CORE_H

#include "hw/core/device.h"
#include "hw/core/machine.h"

#define GIC_WORDS     32 // 32 interrupts each
#define GIC_NONE      1023
#define GIC_PRIVATE   32
#define GIC_SGIS      16
#define GIC_IDLE_PRIO 0x100 // lower than any priority

typedef struct GicBits {
    uint32_t enabled;
    uint32_t pending; // latched: an edge, or written by software
    uint32_t active;
    uint32_t level; // the wires
    uint32_t group; // 1: group 1
    uint32_t edge;  // 1: edge-triggered
} GicBits;

typedef struct GicCore {
    unsigned n_cpus;
    unsigned n_words;  // interrupts / 32
    uint8_t prio_mask; // priority bits that exist
    bool sgi_fixed;    // SGIs are always enabled, their pending bits read-only (v2)
    GicBits local[MACHINE_MAX_CPUS];
    GicBits shared[GIC_WORDS]; // [0] is unused
    uint8_t local_prio[MACHINE_MAX_CPUS][GIC_PRIVATE];
    uint8_t shared_prio[GIC_WORDS * 32];
    // Which shared interrupts go to which CPU: derives from the owner's target registers.
    uint32_t routed[MACHINE_MAX_CPUS][GIC_WORDS];
} GicCore;

extern const StateField gic_core_fields[];

typedef struct GicBest {
    unsigned intid; // GIC_NONE if nothing is pending
    unsigned prio;
    bool group1;
} GicBest;

enum { GIC_GROUP0 = 1, GIC_GROUP1 = 2 };

void gic_core_reset(GicCore *g);
static inline GicBits *gic_bits(GicCore *g, unsigned cpu, unsigned word)
{
    return word ? &g->shared[word] : &g->local[cpu];
}
static inline uint8_t *gic_prio(GicCore *g, unsigned cpu, unsigned intid)
{
    return intid < GIC_PRIVATE ? &g->local_prio[cpu][intid] : &g->shared_prio[intid];
}
static inline bool gic_is_group1(GicCore *g, unsigned cpu, unsigned intid)
{
    return gic_bits(g, cpu, intid / 32)->group >> (intid % 32) & 1;
}
static inline bool gic_is_active(GicCore *g, unsigned cpu, unsigned intid)
{
    return gic_bits(g, cpu, intid / 32)->active >> (intid % 32) & 1;
}

void gic_core_set_line(GicCore *g, unsigned cpu, unsigned intid, bool level);
// The best pending, enabled, not active interrupt of these groups (GIC_GROUP*).
GicBest gic_core_best(GicCore *g, unsigned cpu, unsigned groups);
void gic_core_acknowledge(GicCore *g, unsigned cpu, unsigned intid); // pending -> active
void gic_core_deactivate(GicCore *g, unsigned cpu, unsigned intid);

// Registers at offsets 0x080-0x7ff and 0xc00-0xcff of a distributor or SGI frame. Word access only,
// besides the priorities. The caller keeps word 0 out where it does not belong.
bool gic_core_owns(uint32_t offset);
unsigned gic_core_word(uint32_t offset); // which 32 interrupts it is about
uint32_t gic_core_read(GicCore *g, unsigned cpu, uint32_t offset, unsigned size);
void gic_core_write(GicCore *g, unsigned cpu, uint32_t offset, uint32_t value, unsigned size);

#endif
