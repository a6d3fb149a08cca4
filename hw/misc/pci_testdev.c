// "pci-testdev" (1b36:0005): counts writes to memory (BAR 0) and ports (BAR 1), as QEMU's does
// where there are no eventfds. Writing a test's number to offset 0 shows its header there:
//
//   0 test   1 width   4 offset (32)   8 data   12 count (32)   16 name
#include <string.h>

#include "hw/core/machine.h"
#include "hw/pci/pci.h"

#define MEM_SIZE 4096
#define IO_SIZE  256

typedef struct TestCase {
    const char *name;
    uint16_t offset;
    uint8_t width; // 0: any
    uint8_t data;
} TestCase;

// Of each BAR.
static const TestCase cases[2][3] = {
    {{"mmio-no-eventfd", 0x800, 1, 0xfa},
     {"mmio-wildcard-eventfd", 0x800, 0, 0xfa},
     {"mmio-datamatch-eventfd", 0x800, 1, 0xfa}},
    {{"portio-no-eventfd", 0xff, 1, 0xfa},
     {"portio-wildcard-eventfd", 0xff, 0, 0xfa},
     {"portio-datamatch-eventfd", 0xff, 1, 0xfa}},
};
#define NO_TEST 0xff

typedef struct PciTestdev PciTestdev;

typedef struct TestBar {
    const TestCase *cases;
    uint8_t test; // NO_TEST: none chosen
    uint32_t count;
} TestBar;

struct PciTestdev {
    PciDevice pci;
    TestBar bar[2];
};

static const StateField bar_fields[] = {
    STATE_U8(TestBar, test, .reset = NO_TEST),
    STATE_U32(TestBar, count),
    STATE_END,
};
static const StateField fields[] = {
    STATE_STRUCTS(PciTestdev, pci, PciDevice, 1, pci_state_fields),
    STATE_STRUCTS(PciTestdev, bar, TestBar, 2, bar_fields),
    STATE_END,
};

static bool loaded(void *obj, char **error)
{
    PciTestdev *s = obj;
    for (unsigned i = 0; i < 2; i++) {
        if (s->bar[i].test != NO_TEST && s->bar[i].test >= ARRAY_LEN(cases[0])) {
            *error = g_strdup("pci-testdev: test out of range");
            return false;
        }
    }
    pci_device_loaded(&s->pci);
    return true;
}

static const StateDesc state = {"pci-testdev", 1, fields, .loaded = loaded};

static uint64_t bar_read(void *opaque, uint64_t offset, unsigned size)
{
    const TestBar *b = opaque;
    uint8_t header[64] = {0};
    (void)size;
    if (b->test == NO_TEST || offset >= sizeof header) {
        return 0;
    }
    const TestCase *c = &b->cases[b->test];
    header[0] = b->test;
    header[1] = c->width;
    pci_put32(header, 4, c->offset);
    header[8] = c->data;
    pci_put32(header, 12, b->count);
    memcpy(header + 16, c->name, strlen(c->name));
    return header[offset];
}

static void bar_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    TestBar *b = opaque;
    if (offset == 0) {
        b->test = value < ARRAY_LEN(cases[0]) ? (uint8_t)value : NO_TEST;
        b->count = 0;
        return;
    }
    const TestCase *c = b->test == NO_TEST ? NULL : &b->cases[b->test];
    if (c && offset == c->offset && (!c->width || c->width == size) &&
        (!c->width || (uint8_t)value == c->data)) {
        b->count++;
    }
}

static const MmioOps ops = {bar_read, bar_write, .min_size = 1, .max_size = 1};

static bool realize(Device *d, char **error)
{
    static const PciIds ids = {0x1b36, 0x0005, 0x1af4, 0x1100, 0, 0x00ff00};
    PciTestdev *s = (PciTestdev *)d;
    if (!pci_device_plug(&s->pci, &ids, false, error)) {
        return false;
    }
    s->bar[0].cases = cases[0];
    s->bar[1].cases = cases[1];
    pci_add_bar(&s->pci, 0, 0, mem_mmio("pci-testdev-mem", MEM_SIZE, &ops, &s->bar[0]));
    pci_add_bar(&s->pci, 1, PCI_BAR_IO, mem_mmio("pci-testdev-io", IO_SIZE, &ops, &s->bar[1]));
    pci_device_ready(&s->pci);
    return true;
}

static void reset(Device *d)
{
    pci_device_reset(&((PciTestdev *)d)->pci);
}

static void unrealize(Device *d)
{
    pci_device_unplug(&((PciTestdev *)d)->pci);
}

static const DeviceProp props[] = {
    PCI_PROPS(PciTestdev, pci),
    {NULL, 0, 0, NULL, NULL},
};

static const DeviceType pci_testdev_type = {
    .name = "pci-testdev",
    .desc = "counts writes, for test programs",
    .bus = "pci",
    .size = sizeof(PciTestdev),
    .user_creatable = true,
    .props = props,
    .state = &state,
    .realize = realize,
    .reset = reset,
    .unrealize = unrealize,
};
DEVICE_TYPE(pci_testdev_type);
