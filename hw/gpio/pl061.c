// PrimeCell GPIO (Arm DDI 0190, "PL061"): eight lines, each an input or an output, with interrupts
// on levels or edges.
#include "hw/gpio/pl061.h"

#include <assert.h>

#include "hw/core/machine.h"
#include "util/log.h"

// --- registers (chapter 3)

enum {
    GPIO_DATA_END = 0x400, // address bits 9:2 are the mask of the access
    GPIO_DIR = 0x400,
    GPIO_IS = 0x404,
    GPIO_IBE = 0x408,
    GPIO_IEV = 0x40c,
    GPIO_IE = 0x410,
    GPIO_RIS = 0x414,
    GPIO_MIS = 0x418,
    GPIO_IC = 0x41c,
    GPIO_AFSEL = 0x420,
    GPIO_ID = 0xfe0,
};

static const uint8_t id[] = {0x61, 0x10, 0x04, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

// --- state

typedef struct PL061 {
    Device dev;
    uint8_t data;   // levels of all lines
    uint8_t inputs; // levels that the outside drives
    uint8_t dir;    // 1: output
    uint8_t sense;  // 1: level, 0: edge
    uint8_t both_edges;
    uint8_t event; // 1: high level or rising edge
    uint8_t enable;
    uint8_t edge; // latched
    uint8_t afsel;
    IrqLine irq;
    IrqLine output[8];
} PL061;

static const StateField fields[] = {
    STATE_U8(PL061, data),       STATE_U8(PL061, inputs, .keep = true),
    STATE_U8(PL061, dir),        STATE_U8(PL061, sense),
    STATE_U8(PL061, both_edges), STATE_U8(PL061, event),
    STATE_U8(PL061, enable),     STATE_U8(PL061, edge),
    STATE_U8(PL061, afsel),      STATE_END,
};

static uint8_t raw_status(const PL061 *s)
{
    uint8_t at_level = (uint8_t) ~(s->data ^ s->event);
    return (uint8_t)((s->sense & at_level) | (~s->sense & s->edge));
}

// The lines take their levels; edges on inputs are latched.
static void update(PL061 *s)
{
    uint8_t before = s->data;
    s->data = (uint8_t)((s->data & s->dir) | (s->inputs & ~s->dir));
    uint8_t changed = (uint8_t)((before ^ s->data) & ~s->dir);
    s->edge |= (uint8_t)(changed & ~s->sense & (s->both_edges | ~(s->data ^ s->event)));
    irq_set(&s->irq, raw_status(s) & s->enable);
}

static void drive_outputs(PL061 *s)
{
    for (unsigned i = 0; i < 8; i++) {
        if (s->dir >> i & 1) {
            irq_set(&s->output[i], s->data >> i & 1);
        }
    }
}

static bool loaded(void *obj, char **error)
{
    PL061 *s = obj;
    (void)error;
    irq_set(&s->irq, raw_status(s) & s->enable);
    return true;
}

static const StateDesc state = {"pl061", 1, fields, .loaded = loaded};

static void input(void *opaque, unsigned n, bool level)
{
    PL061 *s = opaque;
    s->inputs = (uint8_t)((s->inputs & ~(1u << n)) | (unsigned)level << n);
    update(s);
}

// --- read and write

// The plain registers, in order from GPIO_DIR on; RIS, MIS and IC are not plain.
static uint8_t *plain_register(PL061 *s, uint64_t offset)
{
    uint8_t *const by_index[] = {&s->dir, &s->sense, &s->both_edges, &s->event, &s->enable,
                                 NULL,    NULL,      NULL,           &s->afsel};
    uint64_t i = (offset - GPIO_DIR) / 4;
    return i < ARRAY_LEN(by_index) ? by_index[i] : NULL;
}

static uint64_t pl061_read(void *opaque, uint64_t offset, unsigned size)
{
    PL061 *s = opaque;
    (void)size;
    if (offset < GPIO_DATA_END) {
        return s->data & (offset >> 2);
    }
    const uint8_t *plain = plain_register(s, offset);
    if (plain) {
        return *plain;
    }
    if (offset == GPIO_RIS || offset == GPIO_MIS) {
        return raw_status(s) & (offset == GPIO_MIS ? s->enable : 0xff);
    }
    if (offset >= GPIO_ID) {
        return id[(offset - GPIO_ID) / 4];
    }
    log_printf(LOG_GUEST_ERRORS, "pl061: read of register 0x%x\n", (unsigned)offset);
    return 0;
}

static void pl061_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    PL061 *s = opaque;
    uint8_t v = (uint8_t)value;
    (void)size;
    uint8_t *plain = plain_register(s, offset);
    if (offset < GPIO_DATA_END) {
        uint8_t mask = (uint8_t)((offset >> 2) & s->dir);
        s->data = (uint8_t)((s->data & ~mask) | (v & mask));
        drive_outputs(s);
    } else if (plain) {
        *plain = v;
        drive_outputs(s);
    } else if (offset == GPIO_IC) {
        s->edge &= (uint8_t)~v;
    } else {
        log_printf(LOG_GUEST_ERRORS, "pl061: write of register 0x%x: 0x%x\n", (unsigned)offset, v);
        return;
    }
    update(s);
}

static const MmioOps ops = {pl061_read, pl061_write, .min_size = 4, .max_size = 4};

// --- device

static void reset(Device *d)
{
    PL061 *s = (PL061 *)d;
    s->data = s->inputs;
    update(s);
}

static const DeviceType pl061_type = {
    .name = "pl061",
    .desc = "Arm PrimeCell GPIO",
    .bus = "sysbus",
    .size = sizeof(PL061),
    .state = &state,
    .reset = reset,
};
DEVICE_TYPE(pl061_type);

IrqLine pl061_input(Device *d, unsigned line)
{
    assert(line < 8);
    return irq_line(input, d, line);
}

void pl061_connect(Device *d, unsigned line, IrqLine output)
{
    assert(line < 8);
    ((PL061 *)d)->output[line] = output;
}

Device *pl061_create(Machine *m, MemRegion *sysmem, uint64_t base, IrqLine irq)
{
    PL061 *s = (PL061 *)device_new(&pl061_type, m, NULL);
    s->irq = irq;
    mem_map(sysmem, base, mem_mmio("pl061", 0x1000, &ops, s), 0);
    char *error = NULL;
    if (!device_realize(&s->dev, &error)) {
        die("%s", error);
    }
    return &s->dev;
}
