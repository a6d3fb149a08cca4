// "pci-serial": a 16550A behind a PCI function (1b36:0002), eight I/O ports in BAR 0.
#include "hw/char/uart16550.h"
#include "hw/core/machine.h"
#include "hw/pci/pci.h"

typedef struct SerialPci {
    PciDevice pci;
    char *chardev;
    Uart uart;
} SerialPci;

static bool loaded(void *obj, char **error)
{
    SerialPci *s = obj;
    pci_device_loaded(&s->pci);
    return uart_loaded(&s->uart, error);
}

static const StateField fields[] = {
    STATE_STRUCTS(SerialPci, pci, PciDevice, 1, pci_state_fields),
    STATE_STRUCTS(SerialPci, uart, Uart, 1, uart_state_fields),
    STATE_END,
};
static const StateDesc state = {"pci-serial", 1, fields, .loaded = loaded};

static void set_irq(void *opaque, bool level)
{
    pci_set_irq(&((SerialPci *)opaque)->pci, level);
}

static bool realize(Device *d, char **error)
{
    static const PciIds ids = {0x1b36, 0x0002, 0x1af4, 0x1100, 1, 0x070002};
    SerialPci *s = (SerialPci *)d;
    Chardev *backend = NULL;
    if (!chardev_use(d->machine, s->chardev, &backend, error)) {
        return false;
    }
    if (!pci_device_plug(&s->pci, &ids, true, error)) {
        return false;
    }
    uart_init(&s->uart, d->machine, "pci-serial", backend, set_irq, s);
    pci_add_bar(&s->pci, 0, PCI_BAR_IO, mem_mmio("pci-serial", UART_PORTS, &uart_ops, &s->uart));
    pci_device_ready(&s->pci);
    return true;
}

static void reset(Device *d)
{
    SerialPci *s = (SerialPci *)d;
    pci_device_reset(&s->pci);
    uart_reset(&s->uart);
}

static void unrealize(Device *d)
{
    SerialPci *s = (SerialPci *)d;
    uart_free(&s->uart);
    pci_device_unplug(&s->pci);
}

static const DeviceProp props[] = {
    PCI_PROPS(SerialPci, pci),
    {"chardev", PROP_STRING, offsetof(SerialPci, chardev), NULL, "character backend's id"},
    {NULL, 0, 0, NULL, NULL},
};

static const DeviceType serial_pci_type = {
    .name = "pci-serial",
    .desc = "serial port (16550A) on PCI",
    .bus = "pci",
    .size = sizeof(SerialPci),
    .user_creatable = true,
    .props = props,
    .state = &state,
    .realize = realize,
    .reset = reset,
    .unrealize = unrealize,
};
DEVICE_TYPE(serial_pci_type);
