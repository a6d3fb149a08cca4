// "isa-serial": a 16550A at one of the PC's ports.
#include "hw/char/serial16550.h"

#include "hw/char/uart16550.h"
#include "hw/core/machine.h"
#include "hw/isa/isa.h"
#include "util/log.h"

#define MAX_COM   4
#define NOT_GIVEN UINT32_MAX

// COM1 to COM4.
static const struct {
    uint16_t base;
    uint8_t irq;
} coms[MAX_COM] = {{0x3f8, 4}, {0x2f8, 3}, {0x3e8, 4}, {0x2e8, 3}};

typedef struct SerialIsa {
    Device dev;
    // --- options
    char *chardev;
    uint32_t index, iobase, irq_number;
    // --- fixed
    Chardev *backend;
    IrqLine irq;
    Uart uart;
} SerialIsa;

static bool loaded(void *obj, char **error)
{
    return uart_loaded(&((SerialIsa *)obj)->uart, error);
}

static const StateField fields[] = {
    STATE_STRUCTS(SerialIsa, uart, Uart, 1, uart_state_fields),
    STATE_END,
};
static const StateDesc state = {"isa-serial", 1, fields, .loaded = loaded};

static void set_irq(void *opaque, bool level)
{
    irq_set(&((SerialIsa *)opaque)->irq, level);
}

// The next COM port that nobody has taken; the machine remembers how many there are.
static uint32_t next_index(Machine *m)
{
    uint32_t n = 0;
    for (guint i = 0; i < m->devices->len; i++) {
        const Device *d = g_ptr_array_index(m->devices, i);
        n += !g_strcmp0(d->type->name, "isa-serial");
    }
    return n;
}

static bool choose_ports(SerialIsa *s, char **error)
{
    uint32_t n = s->index == NOT_GIVEN ? next_index(s->dev.machine) : s->index;
    if (n >= MAX_COM && (s->iobase == NOT_GIVEN || s->irq_number == NOT_GIVEN)) {
        *error = g_strdup_printf("index=%u: there are 4 ports (0 to 3); give iobase= and irq=", n);
        return false;
    }
    s->iobase = s->iobase == NOT_GIVEN ? coms[n].base : s->iobase;
    s->irq_number = s->irq_number == NOT_GIVEN ? coms[n].irq : s->irq_number;
    if (s->irq_number >= ISA_IRQS) {
        *error = g_strdup_printf("irq=%u: not 0 to 15", s->irq_number);
        return false;
    }
    return true;
}

static bool realize(Device *d, char **error)
{
    SerialIsa *s = (SerialIsa *)d;
    if (s->chardev && !chardev_use(d->machine, s->chardev, &s->backend, error)) {
        return false;
    }
    if (!choose_ports(s, error) ||
        !isa_map(d->machine, s->iobase, mem_mmio("serial", UART_PORTS, &uart_ops, &s->uart),
                 error)) {
        return false;
    }
    s->irq = isa_irq(d->machine, s->irq_number);
    uart_init(&s->uart, d->machine, "isa-serial", s->backend, set_irq, s);
    return true;
}

static void reset(Device *d)
{
    uart_reset(&((SerialIsa *)d)->uart);
}

static void unrealize(Device *d)
{
    uart_free(&((SerialIsa *)d)->uart);
}

static const DeviceProp props[] = {
    {"chardev", PROP_STRING, offsetof(SerialIsa, chardev), NULL, "character backend's id"},
    {"index", PROP_U32, offsetof(SerialIsa, index), "0xffffffff", "0 to 3: COM1 to COM4"},
    {"iobase", PROP_U32, offsetof(SerialIsa, iobase), "0xffffffff", "first port"},
    {"irq", PROP_U32, offsetof(SerialIsa, irq_number), "0xffffffff", "interrupt line"},
    {NULL, 0, 0, NULL, NULL},
};

static const DeviceType serial_isa_type = {
    .name = "isa-serial",
    .desc = "serial port (16550A)",
    .bus = "isa",
    .size = sizeof(SerialIsa),
    .user_creatable = true,
    .props = props,
    .state = &state,
    .realize = realize,
    .reset = reset,
    .unrealize = unrealize,
};
DEVICE_TYPE(serial_isa_type);

Device *serial_isa_create(Machine *m, uint16_t base, unsigned irq, Chardev *backend)
{
    SerialIsa *s = (SerialIsa *)device_new(&serial_isa_type, m, NULL);
    char *error = NULL;
    s->index = 0;
    s->iobase = base;
    s->irq_number = irq;
    s->backend = backend;
    if (!device_realize(&s->dev, &error)) {
        die("isa-serial: %s", error);
    }
    return &s->dev;
}

Device *serial_isa_create_com(Machine *m, unsigned n)
{
    return serial_isa_create(m, coms[n % MAX_COM].base, coms[n % MAX_COM].irq,
                             chardev_serial(m, n));
}
