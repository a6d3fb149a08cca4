// The CPU's side of its local APIC: INTA cycles, CR8, IA32_APIC_BASE and the x2APIC registers as
// MSRs (SDM volume 3, 10.12).
#include "hw/intc/apic_internal.h"

#include "hw/intc/i8259.h"
#include "target-x86/cpu.h"
#include "util/log.h"

#define MSR_X2APIC       0x800
#define MSR_TSC_DEADLINE 0x6e0

static int acknowledge(void *opaque)
{
    Apic *s = opaque;
    int vector = apic_soft_enabled(s) ? apic_highest(s->irr) : -1;
    if (vector >= 0 && ((unsigned)vector & 0xf0) > (apic_ppr(s) & 0xf0)) {
        s->irr[vector / 32] &= ~(1u << vector % 32);
        s->isr[vector / 32] |= 1u << vector % 32;
        apic_update(s);
        return vector;
    }
    bool external = s->extint || (s->lint[0] && apic_takes_extint(s));
    if (!external || !s->bus->pic) {
        return -1;
    }
    s->extint = false;
    vector = (int)i8259_acknowledge(s->bus->pic);
    apic_update(s);
    return vector;
}

// --- IA32_APIC_BASE

static uint64_t base(void *opaque)
{
    return ((Apic *)opaque)->base;
}

static bool has(const Apic *s, X86Feature f)
{
    return x86_features_test(&x86_cpu(s->cpu)->features, f);
}

// The modes that may follow each other (SDM 10.12.5).
static bool allowed(const Apic *s, uint64_t to)
{
    const uint64_t mode = BASE_ENABLED | BASE_X2APIC;
    uint64_t from = s->base & mode;
    to &= mode;
    if (to == BASE_X2APIC || ((to & BASE_X2APIC) && !has(s, X86_FEAT_X2APIC))) {
        return false;
    }
    return !(from == mode && to == BASE_ENABLED) && !(from == 0 && to == mode);
}

static bool set_base(void *opaque, uint64_t value)
{
    Apic *s = opaque;
    const uint64_t flags = BASE_BSP | BASE_ENABLED | BASE_X2APIC;
    if ((value & 0xfff & ~flags) || value >> 40 || !s->exists || !allowed(s, value)) {
        return false;
    }
    if ((value & ~UINT64_C(0xfff)) != APIC_ADDRESS) {
        log_printf(LOG_UNIMP, "apic: the registers stay at 0x%x\n", APIC_ADDRESS);
    }
    bool was_on = apic_enabled(s);
    s->base = value;
    if (was_on && !apic_enabled(s)) {
        apic_init_state(s, false);
    }
    apic_update(s);
    return true;
}

// --- MSRs

static bool read_msr(void *opaque, uint32_t msr, uint64_t *value)
{
    Apic *s = opaque;
    uint32_t low = 0;
    if (msr == MSR_TSC_DEADLINE) {
        *value = apic_timer_deadline(s);
        return has(s, X86_FEAT_TSC_DEADLINE);
    }
    unsigned reg = msr - MSR_X2APIC;
    if (!apic_x2(s) || reg == APIC_EOI || !apic_register_read(s, reg, &low)) {
        return false;
    }
    *value = reg == APIC_ICR ? s->icr : low;
    return true;
}

static bool write_self_ipi(Apic *s, uint64_t value)
{
    if (value >> 8) {
        return false;
    }
    uint64_t icr = s->icr; // it stays
    apic_write_icr(s, 1 << 18 | value);
    s->icr = icr;
    return true;
}

// Bits that may be written, of each register (SDM 10.12.1.2); 0: none.
static uint32_t writable(unsigned reg)
{
    switch (reg) {
    case APIC_TPR:
        return 0xff;
    case APIC_SVR:
        return 0x1ff;
    case APIC_LVT + LVT_TIMER:
        return LVT_VECTOR | LVT_MASKED | LVT_TIMER_MODE | 1 << 12;
    case APIC_LVT + LVT_THERMAL:
    case APIC_LVT + LVT_PERF:
        return LVT_VECTOR | LVT_MASKED | 0x1700;
    case APIC_LVT + LVT_LINT0:
    case APIC_LVT + LVT_LINT1:
        return 0x1f7ff;
    case APIC_LVT + LVT_ERROR:
        return LVT_VECTOR | LVT_MASKED | 1 << 12;
    case APIC_INITIAL:
        return UINT32_MAX;
    case APIC_DIVIDE:
        return 0xb;
    }
    return 0; // EOI and ESR take zero only
}

static bool write_msr(void *opaque, uint32_t msr, uint64_t value)
{
    Apic *s = opaque;
    if (msr == MSR_TSC_DEADLINE) {
        if (has(s, X86_FEAT_TSC_DEADLINE)) {
            apic_timer_set_deadline(s, value);
        }
        return has(s, X86_FEAT_TSC_DEADLINE);
    }
    unsigned reg = msr - MSR_X2APIC;
    if (!apic_x2(s)) {
        return false;
    }
    switch (reg) {
    case APIC_SELF_IPI:
        return write_self_ipi(s, value);
    case APIC_ICR:
        if (value & 0xfff32000) {
            return false;
        }
        apic_write_icr(s, value);
        return true;
    case APIC_ID:
    case APIC_LDR:
    case APIC_DFR:
    case APIC_ICR_HIGH:
        return false;
    }
    return !(value & ~(uint64_t)writable(reg)) && apic_register_write(s, reg, (uint32_t)value);
}

// --- CR8, INIT

static unsigned tpr(void *opaque)
{
    return ((Apic *)opaque)->tpr >> 4;
}

static void set_tpr(void *opaque, unsigned cr8)
{
    Apic *s = opaque;
    s->tpr = (cr8 & 15) << 4;
    apic_update(s);
}

static void init(void *opaque)
{
    apic_init_state(opaque, false);
}

const X86ApicOps apic_cpu_ops = {
    .acknowledge = acknowledge,
    .base = base,
    .set_base = set_base,
    .read_msr = read_msr,
    .write_msr = write_msr,
    .tpr = tpr,
    .set_tpr = set_tpr,
    .init = init,
};
