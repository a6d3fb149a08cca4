// What GICv2 and GICv3 have in common: the device, its wires, the state of each interrupt, the
// registers that hold one bit or one byte per interrupt, and the choice of the best pending one.
//
//   wires in (gic_spi, gic_ppi) --> GicBits --> routed to a CPU? --> ops.update_cpu --> irq, fiq
//
// Interrupts 0-15 (software generated) and 16-31 (private peripherals) exist once per CPU; the rest
// (shared peripherals) once.
#ifndef HW_INTC_GIC_CORE_H
#define HW_INTC_GIC_CORE_H

#include "hw/intc/gic.h"

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

struct GicCore;

// What the architecture's version decides.
typedef struct GicOps {
    // Whether a shared interrupt goes to the CPU, by the target or routing registers.
    bool (*goes_to)(const struct GicCore *g, unsigned intid, unsigned cpu);
    // Something changed that the CPU interface's outputs may depend on.
    void (*update_cpu)(struct GicCore *g, unsigned cpu);
} GicOps;

// A GIC begins with one.
typedef struct GicCore {
    Device dev;
    const GicOps *ops;
    IrqLine irq[MACHINE_MAX_CPUS], fiq[MACHINE_MAX_CPUS];
    unsigned n_cpus;
    unsigned n_words;  // interrupts / 32
    uint8_t prio_mask; // priority bits that exist
    bool sgi_fixed;    // SGIs are always enabled, their pending bits read-only (v2)
    GicBits local[MACHINE_MAX_CPUS];
    GicBits shared[GIC_WORDS]; // [0] is unused
    uint8_t local_prio[MACHINE_MAX_CPUS][GIC_PRIVATE];
    uint8_t shared_prio[GIC_WORDS * 32];
    // Which shared interrupts go to which CPU: what goes_to said last.
    uint32_t routed[MACHINE_MAX_CPUS][GIC_WORDS];
    uint64_t count[GIC_WORDS * 32]; // info irq: all CPUs' private ones together
} GicCore;

extern const StateField gic_core_fields[];

typedef struct GicBest {
    unsigned intid; // GIC_NONE if nothing is pending
    unsigned prio;
    bool group1;
} GicBest;

enum { GIC_GROUP0 = 1, GIC_GROUP1 = 2 };

static inline GicCore *gic_core(Device *d)
{
    return (GicCore *)d;
}

// CPUs, wires and sizes, from the board.
void gic_core_init(GicCore *g, const GicOps *ops, const GicConfig *c);
// After the declared state's reset, and the owner's; routes and updates.
void gic_core_reset(GicCore *g);
void gic_core_route(GicCore *g, unsigned intid); // its target register changed
void gic_core_route_all(GicCore *g);
void gic_core_update(GicCore *g); // all CPUs

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

// The best pending, enabled, not active interrupt of these groups (GIC_GROUP*).
GicBest gic_core_best(GicCore *g, unsigned cpu, unsigned groups);
// Whether it passes a priority mask and has a higher group priority than the running one, of which
// group_mask has the bits that count.
static inline bool gic_preempts(const GicBest *b, uint8_t pmr, unsigned running, uint8_t group_mask)
{
    return b->intid != GIC_NONE && b->prio < pmr &&
           (running == GIC_IDLE_PRIO || (b->prio & group_mask) < (running & group_mask));
}
void gic_core_acknowledge(GicCore *g, unsigned cpu, unsigned intid); // pending -> active
void gic_core_deactivate(GicCore *g, unsigned cpu, unsigned intid);

// Registers at offsets 0x080-0x7ff and 0xc00-0xcff of a distributor or SGI frame. Word access only,
// besides the priorities. The caller keeps word 0 out where it does not belong.
bool gic_core_owns(uint32_t offset);
unsigned gic_core_word(uint32_t offset); // which 32 interrupts it is about
uint32_t gic_core_read(GicCore *g, unsigned cpu, uint32_t offset, unsigned size);
void gic_core_write(GicCore *g, unsigned cpu, uint32_t offset, uint32_t value, unsigned size);

#endif
