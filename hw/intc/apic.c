// Local APIC (SDM volume 3, chapter 10): priorities, local vector table, registers.
//
//   accept --> IRR --> (higher than PPR) INTR --> acknowledge --> ISR --> EOI
#include "hw/intc/apic_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hw/intc/ioapic.h"
#include "target-x86/cpu.h"
#include "util/log.h"

#define VERSION_VALUE (0x14 | (LVT_COUNT - 1) << 16)

// --- state

static const StateField fields[] = {
    STATE_U64(Apic, base, .keep = true),
    STATE_U32(Apic, id, .keep = true),
    STATE_U32(Apic, ldr),
    STATE_U32(Apic, dfr, .reset = 0xffffffff),
    STATE_U32(Apic, svr, .reset = 0xff),
    STATE_U32(Apic, tpr),
    STATE_U32_ARRAY(Apic, isr, 8),
    STATE_U32_ARRAY(Apic, tmr, 8),
    STATE_U32_ARRAY(Apic, irr, 8),
    STATE_U32(Apic, esr),
    STATE_U32(Apic, errors),
    STATE_U64(Apic, icr),
    STATE_U32_ARRAY(Apic, lvt, LVT_COUNT, .reset = LVT_MASKED),
    STATE_U32(Apic, initial),
    STATE_U32(Apic, divide),
    STATE_U64(Apic, started),
    STATE_U64(Apic, deadline),
    STATE_TIMER(Apic, timer),
    STATE_U8_ARRAY(Apic, lint, 2, .keep = true),
    STATE_BOOL(Apic, extint),
    STATE_END,
};

static bool loaded(void *obj, char **error)
{
    Apic *s = obj;
    (void)error;
    s->intr_out = false;
    irq_set(&s->intr, false);
    apic_update(s);
    return true;
}

static const StateDesc state = {"apic", 1, fields, .loaded = loaded};

// --- 256-bit registers

static void set_bit(uint32_t bits[8], unsigned n, bool on)
{
    bits[n / 32] = (bits[n / 32] & ~(1u << n % 32)) | (uint32_t)on << n % 32;
}

static bool get_bit(const uint32_t bits[8], unsigned n)
{
    return bits[n / 32] >> n % 32 & 1;
}

int apic_highest(const uint32_t bits[8])
{
    for (int i = 7; i >= 0; i--) {
        if (bits[i]) {
            return i * 32 + 31 - __builtin_clz(bits[i]);
        }
    }
    return -1;
}

// --- priorities (SDM 10.8.3)

unsigned apic_ppr(const Apic *s)
{
    int busy = apic_highest(s->isr);
    unsigned served = busy < 0 ? 0 : (unsigned)busy & 0xf0;
    return (s->tpr & 0xf0) >= served ? s->tpr : served;
}

bool apic_takes_extint(const Apic *s)
{
    return !apic_enabled(s) || (s->lvt[LVT_LINT0] & (LVT_MASKED | 7 << LVT_MODE_SHIFT)) ==
                                   APIC_EXTINT << LVT_MODE_SHIFT;
}

void apic_update(Apic *s)
{
    int vector = apic_highest(s->irr);
    bool fixed =
        apic_soft_enabled(s) && vector >= 0 && ((unsigned)vector & 0xf0) > (apic_ppr(s) & 0xf0);
    bool out = fixed || s->extint || (s->lint[0] && apic_takes_extint(s));
    if (out != s->intr_out) {
        s->intr_out = out;
        irq_set(&s->intr, out);
    }
}

void apic_accept(Apic *s, unsigned vector, bool level)
{
    if (!apic_soft_enabled(s)) {
        return;
    }
    if (vector < 16) {
        apic_error(s, ESR_RECEIVE_ILLEGAL);
        return;
    }
    set_bit(s->irr, vector, true);
    set_bit(s->tmr, vector, level);
    apic_update(s);
}

void apic_error(Apic *s, uint32_t bit)
{
    bool known = s->errors & bit;
    s->errors |= bit;
    // An illegal vector in the error entry itself is not reported by another error.
    if (!known && (s->lvt[LVT_ERROR] & LVT_VECTOR) >= 16) {
        apic_local(s, LVT_ERROR);
    }
}

// --- local sources

void apic_local(Apic *s, ApicLvt n)
{
    uint32_t lvt = s->lvt[n];
    bool fixed_only = n == LVT_TIMER || n == LVT_ERROR;
    if (!apic_enabled(s) || (lvt & LVT_MASKED)) {
        return;
    }
    switch (fixed_only ? APIC_FIXED : (ApicMode)extract32(lvt, LVT_MODE_SHIFT, 3)) {
    case APIC_FIXED:
        if (n == LVT_LINT0 && (lvt & LVT_LEVEL)) {
            s->lvt[n] |= LVT_REMOTE_IRR;
        }
        apic_accept(s, lvt & LVT_VECTOR, n == LVT_LINT0 && (lvt & LVT_LEVEL));
        break;
    case APIC_SMI:
        irq_pulse(&s->smi);
        break;
    case APIC_NMI:
        irq_pulse(&s->nmi);
        break;
    case APIC_INIT:
        irq_pulse(&s->init);
        break;
    default: // ExtINT is a level: apic_update
        break;
    }
}

// The level-triggered fixed mode of LINT0 asks again while the line stays high.
static void lint_level(Apic *s)
{
    const uint32_t entry = s->lvt[LVT_LINT0];
    if (s->lint[0] && (entry & LVT_LEVEL) && !(entry & LVT_REMOTE_IRR) &&
        extract32(entry, LVT_MODE_SHIFT, 3) == APIC_FIXED) {
        apic_local(s, LVT_LINT0);
    }
}

static void end_of_interrupt(Apic *s)
{
    int vector = apic_highest(s->isr);
    if (vector < 0) {
        return;
    }
    set_bit(s->isr, (unsigned)vector, false);
    if (get_bit(s->tmr, (unsigned)vector)) {
        if ((s->lvt[LVT_LINT0] & (LVT_REMOTE_IRR | LVT_VECTOR)) ==
            (LVT_REMOTE_IRR | (uint32_t)vector)) {
            s->lvt[LVT_LINT0] &= ~(uint32_t)LVT_REMOTE_IRR;
            lint_level(s);
        }
        ioapic_eoi(s->bus->m, (unsigned)vector);
    }
    apic_update(s);
}

// --- registers

static uint32_t read_id(const Apic *s)
{
    return apic_x2(s) ? s->index : s->id;
}

// In x2APIC mode the logical id is the cluster and a bit in it (SDM 10.12.10.2).
static uint32_t read_ldr(const Apic *s)
{
    return apic_x2(s) ? (s->index >> 4) << 16 | 1u << (s->index & 15) : s->ldr;
}

static const uint32_t *vector_register(const Apic *s, unsigned reg)
{
    switch (reg & ~7u) {
    case APIC_ISR:
        return &s->isr[reg & 7];
    case APIC_TMR:
        return &s->tmr[reg & 7];
    case APIC_IRR:
        return &s->irr[reg & 7];
    }
    return NULL;
}

bool apic_register_read(Apic *s, unsigned reg, uint32_t *value)
{
    const uint32_t *bits = vector_register(s, reg);
    if (bits || (reg >= APIC_LVT && reg < APIC_LVT + LVT_COUNT)) {
        *value = bits ? *bits : s->lvt[reg - APIC_LVT];
        return true;
    }
    switch (reg) {
    case APIC_ID:
        *value = read_id(s);
        break;
    case APIC_VERSION:
        *value = VERSION_VALUE;
        break;
    case APIC_TPR:
        *value = s->tpr;
        break;
    case APIC_APR: // arbitration: nothing is contended here
        *value = 0;
        return !apic_x2(s);
    case APIC_PPR:
        *value = apic_ppr(s);
        break;
    case APIC_RRD: // remote read: not since the Pentium 4
    case APIC_EOI:
        *value = 0;
        return !apic_x2(s);
    case APIC_LDR:
        *value = read_ldr(s);
        break;
    case APIC_DFR:
        *value = s->dfr;
        return !apic_x2(s);
    case APIC_SVR:
        *value = s->svr;
        break;
    case APIC_ESR:
        *value = s->esr;
        break;
    case APIC_ICR:
        *value = (uint32_t)s->icr;
        break;
    case APIC_ICR_HIGH:
        *value = (uint32_t)(s->icr >> 32);
        return !apic_x2(s);
    case APIC_INITIAL:
        *value = s->initial;
        break;
    case APIC_CURRENT:
        *value = apic_timer_current(s);
        break;
    case APIC_DIVIDE:
        *value = s->divide;
        break;
    default:
        return false;
    }
    return true;
}

static void write_svr(Apic *s, uint32_t v)
{
    s->svr = v & 0x1ff;
    for (unsigned i = 0; !(v & SVR_ENABLED) && i < LVT_COUNT; i++) {
        s->lvt[i] |= LVT_MASKED; // SDM 10.4.7.2
    }
}

static void write_lvt(Apic *s, ApicLvt n, uint32_t v)
{
    static const uint32_t writable[LVT_COUNT] = {
        [LVT_TIMER] = LVT_VECTOR | LVT_MASKED | LVT_TIMER_MODE,
        [LVT_THERMAL] = LVT_VECTOR | LVT_MASKED | 7 << LVT_MODE_SHIFT,
        [LVT_PERF] = LVT_VECTOR | LVT_MASKED | 7 << LVT_MODE_SHIFT,
        [LVT_LINT0] = LVT_VECTOR | LVT_MASKED | 7 << LVT_MODE_SHIFT | LVT_POLARITY | LVT_LEVEL,
        [LVT_LINT1] = LVT_VECTOR | LVT_MASKED | 7 << LVT_MODE_SHIFT | LVT_POLARITY | LVT_LEVEL,
        [LVT_ERROR] = LVT_VECTOR | LVT_MASKED,
    };
    v &= writable[n];
    if (!(s->svr & SVR_ENABLED)) {
        v |= LVT_MASKED;
    }
    if (n == LVT_TIMER) {
        apic_timer_lvt(s, v);
        return;
    }
    s->lvt[n] = v;
    if (n == LVT_LINT0) {
        lint_level(s);
    }
}

bool apic_register_write(Apic *s, unsigned reg, uint32_t v)
{
    if (reg >= APIC_LVT && reg < APIC_LVT + LVT_COUNT) {
        write_lvt(s, (ApicLvt)(reg - APIC_LVT), v);
        apic_update(s);
        return true;
    }
    switch (reg) {
    case APIC_ID:
        s->id = v & 0xff000000;
        break;
    case APIC_TPR:
        s->tpr = v & 0xff;
        break;
    case APIC_EOI:
        end_of_interrupt(s);
        break;
    case APIC_LDR:
        s->ldr = v & 0xff000000;
        break;
    case APIC_DFR:
        s->dfr = v | 0x0fffffff;
        break;
    case APIC_SVR:
        write_svr(s, v);
        break;
    case APIC_ESR: // shows what was gathered since the last write
        s->esr = s->errors;
        s->errors = 0;
        break;
    case APIC_ICR:
        apic_write_icr(s, (s->icr & UINT64_C(0xffffffff00000000)) | v);
        break;
    case APIC_ICR_HIGH:
        s->icr = (s->icr & UINT64_C(0xffffffff)) | (uint64_t)(v & 0xff000000) << 32;
        break;
    case APIC_INITIAL:
        apic_timer_start(s, v);
        break;
    case APIC_DIVIDE:
        apic_timer_divide(s, v & 0xb);
        break;
    default:
        return false;
    }
    apic_update(s);
    return true;
}

// --- memory window: the registers of the CPU that accesses it, 32 bits at offsets that 16 divides.
// What is written elsewhere is a message that a device sends (SDM 10.11): offset 0 of any page.

static Apic *accessed(const ApicBus *bus)
{
    const VCPU *v = bus->m->current;
    Apic *s = v && v->index < bus->n ? bus->apic[v->index] : NULL;
    return s && apic_enabled(s) && !apic_x2(s) ? s : NULL;
}

static uint64_t window_read(void *opaque, uint64_t offset, unsigned size)
{
    Apic *s = accessed(opaque);
    uint32_t value = 0;
    (void)size;
    if (!s || offset >= 0x1000 || (offset & 15)) {
        log_printf(LOG_GUEST_ERRORS, "apic: read at offset 0x%x\n", (unsigned)offset);
        return s ? 0 : UINT32_MAX;
    }
    if (!apic_register_read(s, (unsigned)offset / 16, &value)) {
        log_printf(LOG_GUEST_ERRORS, "apic: read of register 0x%x\n", (unsigned)offset);
        apic_error(s, ESR_REGISTER);
    }
    return value;
}

static void window_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    ApicBus *bus = opaque;
    (void)size;
    if (offset >= 0x1000 || offset == 0) {
        apic_msi(bus->m, 0, APIC_ADDRESS + offset, (uint32_t)value);
        return;
    }
    Apic *s = accessed(bus);
    if (!s || (offset & 15)) {
        log_printf(LOG_GUEST_ERRORS, "apic: write at offset 0x%x\n", (unsigned)offset);
        return;
    }
    if (!apic_register_write(s, (unsigned)offset / 16, (uint32_t)value)) {
        log_printf(LOG_GUEST_ERRORS, "apic: write of register 0x%x: 0x%x\n", (unsigned)offset,
                   (unsigned)value);
        apic_error(s, ESR_REGISTER);
    }
}

static const MmioOps window_ops = {window_read, window_write, .min_size = 4, .max_size = 4};

// --- device

void apic_init_state(Apic *s, bool power_on)
{
    uint64_t base = s->base;
    state_reset(&state, s);
    s->base = base;
    s->extint = false;
    if (power_on) {
        s->id = s->index << 24;
        s->base = APIC_ADDRESS | (s->exists ? BASE_ENABLED : 0) | (s->index ? 0 : BASE_BSP);
    }
    // Firmware of PCs expects the boot CPU to hear the 8259, which real boards set up before.
    if (s->index == 0) {
        s->lvt[LVT_LINT0] = APIC_EXTINT << LVT_MODE_SHIFT;
    }
    apic_update(s);
}

static void reset(Device *d)
{
    apic_init_state((Apic *)d, true);
}

static bool realize(Device *d, char **error)
{
    (void)error;
    ((Apic *)d)->timer = timer_new(d->machine->clock, apic_timer_fire, d);
    return true;
}

static void unrealize(Device *d)
{
    timer_free(((Apic *)d)->timer);
}

static const DeviceType apic_type = {
    .name = "apic",
    .desc = "local APIC of a CPU",
    .bus = "sysbus",
    .size = sizeof(Apic),
    .state = &state,
    .realize = realize,
    .reset = reset,
    .unrealize = unrealize,
};
DEVICE_TYPE(apic_type);

// --- LINT0 and LINT1 of all

static void lint_input(void *opaque, unsigned n, bool level)
{
    ApicBus *bus = opaque;
    for (unsigned i = 0; i < bus->n; i++) {
        Apic *s = bus->apic[i];
        bool rises = level && !s->lint[n];
        s->lint[n] = level;
        if (rises && n && !apic_enabled(s)) {
            irq_pulse(&s->nmi); // without its APIC, the pin is NMI
        } else if (rises && !(s->lvt[LVT_LINT0 + n] & LVT_REMOTE_IRR)) {
            apic_local(s, LVT_LINT0 + n);
        }
        apic_update(s);
    }
}

IrqLine apic_lint0(Machine *m)
{
    return irq_line(lint_input, apic_bus(m), 0);
}

IrqLine apic_lint1(Machine *m)
{
    return irq_line(lint_input, apic_bus(m), 1);
}

void apic_connect_pic(Machine *m, Device *pic)
{
    apic_bus(m)->pic = pic;
}

// --- for boards

static Apic *apic_create(Machine *m, ApicBus *bus, VCPU *v)
{
    Apic *s = (Apic *)device_new(&apic_type, m, NULL);
    char *error = NULL;
    s->cpu = v;
    s->bus = bus;
    s->index = v->index;
    s->exists = x86_features_test(&x86_cpu(v)->features, X86_FEAT_APIC);
    s->intr = x86_cpu_input(v, X86_INPUT_INTR);
    s->nmi = x86_cpu_input(v, X86_INPUT_NMI);
    s->smi = x86_cpu_input(v, X86_INPUT_SMI);
    s->init = x86_cpu_input(v, X86_INPUT_INIT);
    if (!device_realize(&s->dev, &error)) {
        die("%s", error);
    }
    x86_cpu_connect_apic(v, &apic_cpu_ops, s);
    return s;
}

static void button_pressed(void *machine, const void *data, size_t len)
{
    IrqLine nmi = apic_lint1(machine);
    (void)data;
    (void)len;
    irq_pulse(&nmi);
}

void apic_nmi_button(Machine *m)
{
    gate_submit(gate_get(m), &apic_bus(m)->button, "", 1);
}

void apic_create_all(Machine *m, MemRegion *sysmem)
{
    ApicBus *bus = g_new0(ApicBus, 1);
    bus->m = m;
    bus->button = (GateSource){.name = "nmi-button", .deliver = button_pressed, .opaque = m};
    gate_add_source(gate_get(m), &bus->button);
    machine_register(m, "apics", bus);
    for (unsigned i = 0; i < m->n_cpus; i++) {
        bus->apic[i] = apic_create(m, bus, m->cpu[i]);
    }
    bus->n = m->n_cpus;
    bus->window = mem_mmio("apic", APIC_WINDOW, &window_ops, bus);
    mem_map(sysmem, APIC_ADDRESS, bus->window, 4096); // over everything else
}

// --- info lapic

static void print_bits(FILE *f, const char *name, const uint32_t bits[8])
{
    fprintf(f, "  %s:", name);
    for (unsigned n = 0; n < 256; n++) {
        if (get_bit(bits, n)) {
            fprintf(f, " %u", n);
        }
    }
    fputc('\n', f);
}

static void print_one(const Apic *s, FILE *f)
{
    static const char *const names[LVT_COUNT] = {"timer", "thermal", "perf",
                                                 "lint0", "lint1",   "error"};
    fprintf(f,
            "CPU %u: base %08" PRIx64 ", id %x, tpr %02x, ppr %02x, svr %03x, ldr %08x, dfr %08x\n",
            s->index, s->base, read_id(s), s->tpr, apic_ppr(s), s->svr, read_ldr(s), s->dfr);
    for (unsigned i = 0; i < LVT_COUNT; i++) {
        fprintf(f, "  %s %05x%s", names[i], s->lvt[i], i == LVT_COUNT - 1 ? "\n" : ",");
    }
    fprintf(f, "  timer: initial %u, current %u, divide %x, TSC deadline %" PRIu64 "\n", s->initial,
            apic_timer_current(s), s->divide, s->deadline);
    fprintf(f, "  icr %016" PRIx64 ", esr %x\n", s->icr, s->esr);
    print_bits(f, "isr", s->isr);
    print_bits(f, "irr", s->irr);
    print_bits(f, "tmr", s->tmr);
}

void apic_print(Machine *m, void *file)
{
    const ApicBus *bus = apic_bus(m);
    for (unsigned i = 0; bus && i < bus->n; i++) {
        print_one(bus->apic[i], file);
    }
}
