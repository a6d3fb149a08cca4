// I/O APIC (Intel 290566, "82093AA"): 24 inputs, each with an entry that says what message its
// interrupt becomes.
#include "hw/intc/ioapic.h"

#include <inttypes.h>
#include <stdio.h>

#include "hw/core/irq_stats.h"
#include "hw/core/machine.h"
#include "hw/intc/apic.h"
#include "util/log.h"

// --- registers

enum {
    IOREGSEL = 0x00,
    IOWIN = 0x10,
    IOEOI = 0x40, // version 0x20
};
enum {
    REG_ID = 0x00,
    REG_VERSION = 0x01,
    REG_ARBITRATION = 0x02,
    REG_TABLE = 0x10, // two words for each entry
};

// Bits of an entry.
#define ENTRY_VECTOR     UINT64_C(0xff)
#define ENTRY_MODE_SHIFT 8
#define ENTRY_LOGICAL    BIT(11)
#define ENTRY_REMOTE_IRR BIT(14)
#define ENTRY_LEVEL      BIT(15)
#define ENTRY_MASKED     BIT(16)
#define ENTRY_DEST_SHIFT 56
#define ENTRY_READ_ONLY  (BIT(12) | ENTRY_REMOTE_IRR)
#define ENTRY_RESERVED   UINT64_C(0x00fffffffffe0000)

// --- state

typedef struct IoApic {
    Device dev;
    unsigned version;
    uint32_t lines; // inputs as they are
    uint8_t select;
    uint32_t id;
    uint64_t entry[IOAPIC_PINS];
    uint64_t count[IOAPIC_PINS]; // info irq
} IoApic;

static const StateField fields[] = {
    STATE_U32(IoApic, lines, .keep = true),
    STATE_U8(IoApic, select),
    STATE_U32(IoApic, id),
    STATE_U64_ARRAY(IoApic, entry, IOAPIC_PINS, .reset = ENTRY_MASKED),
    STATE_END,
};
static const StateDesc state = {"ioapic", 1, fields, NULL, NULL};

// --- delivery

static void send(IoApic *s, unsigned pin)
{
    uint64_t e = s->entry[pin];
    ApicMessage msg = {
        .dest = (uint32_t)(e >> ENTRY_DEST_SHIFT),
        .vector = (uint8_t)e,
        .mode = (uint8_t)extract64(e, ENTRY_MODE_SHIFT, 3),
        .logical = (e & ENTRY_LOGICAL) != 0,
        .level = (e & ENTRY_LEVEL) != 0,
    };
    apic_send(s->dev.machine, &msg);
}

// A level asks once, until the end of its interrupt.
static void service_level(IoApic *s, unsigned pin)
{
    uint64_t e = s->entry[pin];
    if ((s->lines >> pin & 1) && (e & ENTRY_LEVEL) && !(e & (ENTRY_MASKED | ENTRY_REMOTE_IRR))) {
        unsigned mode = (unsigned)extract64(e, ENTRY_MODE_SHIFT, 3);
        if (mode == APIC_FIXED || mode == APIC_LOWEST) {
            s->entry[pin] |= ENTRY_REMOTE_IRR; // only these end with an EOI
        }
        send(s, pin);
    }
}

// An edge on a masked input is lost (82093AA, 3.2.4).
static void input(void *opaque, unsigned pin, bool level)
{
    IoApic *s = opaque;
    bool rises = level && !(s->lines >> pin & 1);
    s->lines = (s->lines & ~(1u << pin)) | (uint32_t)level << pin;
    if (!rises) {
        return;
    }
    s->count[pin]++;
    if (s->entry[pin] & ENTRY_LEVEL) {
        service_level(s, pin);
    } else if (!(s->entry[pin] & ENTRY_MASKED)) {
        send(s, pin);
    }
}

static void eoi(IoApic *s, unsigned vector)
{
    for (unsigned pin = 0; pin < IOAPIC_PINS; pin++) {
        if ((s->entry[pin] & (ENTRY_REMOTE_IRR | ENTRY_VECTOR)) == (ENTRY_REMOTE_IRR | vector)) {
            s->entry[pin] &= ~ENTRY_REMOTE_IRR;
            service_level(s, pin);
        }
    }
}

void ioapic_eoi(Machine *m, unsigned vector)
{
    IoApic *s = machine_lookup(m, "ioapic");
    if (s) {
        eoi(s, vector & 0xff);
    }
}

// --- read and write

static uint64_t *entry_of(IoApic *s, unsigned reg)
{
    unsigned pin = (reg - REG_TABLE) / 2;
    return reg >= REG_TABLE && pin < IOAPIC_PINS ? &s->entry[pin] : NULL;
}

static uint32_t read_register(IoApic *s, unsigned reg)
{
    const uint64_t *e = entry_of(s, reg);
    if (e) {
        return (uint32_t)(reg & 1 ? *e >> 32 : *e);
    }
    switch (reg) {
    case REG_ID:
    case REG_ARBITRATION:
        return s->id << 24;
    case REG_VERSION:
        return s->version | (IOAPIC_PINS - 1) << 16;
    }
    log_printf(LOG_GUEST_ERRORS, "ioapic: read of register 0x%x\n", reg);
    return 0;
}

static void write_entry(IoApic *s, uint64_t *e, bool high, uint32_t v)
{
    uint64_t n = deposit64(*e, high ? 32 : 0, 32, v) & ~(ENTRY_READ_ONLY | ENTRY_RESERVED);
    *e = n | (*e & ENTRY_READ_ONLY);
    if (!(n & ENTRY_LEVEL)) {
        *e &= ~ENTRY_REMOTE_IRR; // what software does to end an interrupt without an EOI register
    }
    service_level(s, (unsigned)(e - s->entry));
}

static void write_register(IoApic *s, unsigned reg, uint32_t v)
{
    uint64_t *e = entry_of(s, reg);
    if (e) {
        write_entry(s, e, reg & 1, v);
    } else if (reg == REG_ID) {
        s->id = v >> 24 & 15;
    } else {
        log_printf(LOG_GUEST_ERRORS, "ioapic: write of register 0x%x: 0x%x\n", reg, v);
    }
}

static uint64_t ioapic_read(void *opaque, uint64_t offset, unsigned size)
{
    IoApic *s = opaque;
    (void)size;
    switch (offset) {
    case IOREGSEL:
        return s->select;
    case IOWIN:
        return read_register(s, s->select);
    }
    return 0;
}

static void ioapic_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    IoApic *s = opaque;
    (void)size;
    if (offset == IOREGSEL) {
        s->select = (uint8_t)value;
    } else if (offset == IOWIN) {
        write_register(s, s->select, (uint32_t)value);
    } else if (offset == IOEOI && s->version >= 0x20) {
        eoi(s, value & 0xff);
    } else {
        log_printf(LOG_GUEST_ERRORS, "ioapic: write at offset 0x%x\n", (unsigned)offset);
    }
}

static const MmioOps ops = {ioapic_read, ioapic_write, .min_size = 4, .max_size = 4};

// --- device

static const DeviceType ioapic_type = {
    .name = "ioapic",
    .desc = "I/O APIC (82093AA)",
    .bus = "sysbus",
    .size = sizeof(IoApic),
    .state = &state,
};
DEVICE_TYPE(ioapic_type);

IrqLine ioapic_input(Device *d, unsigned pin)
{
    return pin < IOAPIC_PINS ? irq_line(input, d, pin) : (IrqLine){0};
}

void ioapic_print(const Device *d, void *file)
{
    const IoApic *s = (const IoApic *)d;
    fprintf(file, "ioapic: id %u, version 0x%x, lines %06x\n", s->id, s->version, s->lines);
    for (unsigned i = 0; i < IOAPIC_PINS; i++) {
        uint64_t e = s->entry[i];
        fprintf(file, "  pin %2u: %016" PRIx64 " vector %u, to %" PRIu64 "%s, %s%s%s\n", i, e,
                (unsigned)(e & 0xff), e >> ENTRY_DEST_SHIFT, e & ENTRY_LOGICAL ? " (logical)" : "",
                e & ENTRY_LEVEL ? "level" : "edge", e & ENTRY_MASKED ? ", masked" : "",
                e & ENTRY_REMOTE_IRR ? ", in service" : "");
    }
}

Device *ioapic_create(Machine *m, MemRegion *sysmem, uint64_t base, unsigned version)
{
    IoApic *s = (IoApic *)device_new(&ioapic_type, m, NULL);
    char *error = NULL;
    s->version = version;
    mem_map(sysmem, base, mem_mmio("ioapic", 0x1000, &ops, s), 0);
    if (!device_realize(&s->dev, &error)) {
        die("%s", error);
    }
    machine_register(m, "ioapic", s);
    irq_stats_register(m, "ioapic", s->count, ARRAY_LEN(s->count));
    return &s->dev;
}
