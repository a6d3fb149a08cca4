// The PCI bus and the config space of its devices. The picture is in pci.h.
#include "hw/pci/pci.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hw/core/firmware.h"
#include "hw/core/loader.h"
#include "hw/core/machine.h"
#include "util/log.h"

#define N_DEVFN   256
#define FIRST_CAP 0x40

struct PciBus {
    Machine *machine;
    char *name;
    MemRegion *mem, *io; // containers whose addresses are the bus's
    IrqLine intx[PCI_INTX_MAX];
    unsigned asserted[PCI_INTX_MAX]; // devices that hold the line
    PciIntxMap *intx_map;            // NULL: (slot + pin) mod 4
    void *intx_opaque;
    bool roms; // devices show their default option ROMs
    PciMsiHook *msi_hook;
    void *msi_opaque;
    PciDevice *device[N_DEVFN];
};

const StateField pci_state_fields[] = {
    {.name = "config",
     .offset = offsetof(PciDevice, config),
     .size = PCI_CONFIG_SIZE,
     .count = 1,
     .kind = STATE_KIND_BYTES,
     .keep = true},
    {.name = "msix_table",
     .offset = offsetof(PciDevice, msix_table),
     .size = PCI_MSIX_MAX * 16,
     .count = 1,
     .kind = STATE_KIND_BYTES,
     .keep = true},
    {.name = "msix_pba",
     .offset = offsetof(PciDevice, msix_pba),
     .size = PCI_MSIX_MAX / 8,
     .count = 1,
     .kind = STATE_KIND_BYTES,
     .keep = true},
    STATE_BOOL(PciDevice, intx, .keep = true),
    STATE_END,
};

// --- the bus

PciBus *pci_bus_new(Machine *m, const char *name, MemRegion *mem, MemRegion *io,
                    const IrqLine intx[4])
{
    PciBus *b = g_new0(PciBus, 1);
    b->machine = m;
    b->name = g_strdup(name);
    b->mem = mem;
    b->io = io;
    memcpy(b->intx, intx, 4 * sizeof intx[0]);
    return b;
}

void pci_bus_set_intx(PciBus *b, const IrqLine *lines, unsigned n, PciIntxMap *map, void *opaque)
{
    assert(n <= PCI_INTX_MAX);
    memcpy(b->intx, lines, n * sizeof lines[0]);
    b->intx_map = map;
    b->intx_opaque = opaque;
}

void pci_bus_enable_roms(PciBus *b)
{
    b->roms = true;
}

MemRegion *pci_bus_memory(PciBus *b)
{
    return b->mem;
}

MemRegion *pci_bus_io(PciBus *b)
{
    return b->io;
}

void pci_bus_set_msi_hook(PciBus *b, PciMsiHook *hook, void *opaque)
{
    b->msi_hook = hook;
    b->msi_opaque = opaque;
}

PciDevice *pci_bus_device(PciBus *b, unsigned devfn)
{
    return devfn < N_DEVFN ? b->device[devfn] : NULL;
}

static unsigned intx_line(const PciBus *b, unsigned devfn, unsigned pin)
{
    unsigned line = b->intx_map ? b->intx_map(b->intx_opaque, devfn, pin) : (devfn / 8 + pin) % 4;
    assert(line < PCI_INTX_MAX);
    return line;
}

void pci_bus_intx_moved(PciBus *b)
{
    memset(b->asserted, 0, sizeof b->asserted);
    for (unsigned i = 0; i < N_DEVFN; i++) {
        const PciDevice *d = b->device[i];
        if (d && d->intx_out) {
            b->asserted[intx_line(b, i, d->config[PCI_INT_PIN] - 1u)]++;
        }
    }
    for (unsigned i = 0; i < PCI_INTX_MAX; i++) {
        irq_set(&b->intx[i], b->asserted[i] != 0);
    }
}

void pci_bus_intx(PciBus *b, unsigned devfn, unsigned pin, bool level)
{
    unsigned line = intx_line(b, devfn, pin);
    if (level) {
        b->asserted[line]++;
    } else {
        assert(b->asserted[line]);
        b->asserted[line]--;
    }
    irq_set(&b->intx[line], b->asserted[line] != 0);
}

void pci_bus_msi(PciBus *b, unsigned devfn, uint64_t addr, uint32_t data)
{
    if (b->msi_hook) {
        b->msi_hook(b->msi_opaque, devfn, addr, data);
    } else {
        mem_write_n(b->machine->memory, addr, data, 4);
    }
}

// --- BARs

static uint64_t bar_address(const PciDevice *d, unsigned i)
{
    const PciBar *b = &d->bar[i];
    if (i == PCI_ROM_BAR) {
        return pci_get32(d->config, PCI_ROM) & 0xfffff800;
    }
    uint64_t addr = pci_get32(d->config, PCI_BAR0 + 4 * i) & ~(b->type & PCI_BAR_IO ? 3u : 15u);
    if (b->type & PCI_BAR_MEM64) {
        addr |= (uint64_t)pci_get32(d->config, PCI_BAR0 + 4 * i + 4) << 32;
    }
    return addr;
}

// The all-ones pattern of a size probe decodes nothing. Address 0 is good: firmware gives ports
// from 0 on, and memory there is in no window.
static bool bar_decodes(const PciDevice *d, unsigned i, uint64_t addr)
{
    const PciBar *b = &d->bar[i];
    uint64_t space = b->type & PCI_BAR_IO      ? UINT64_C(0xffff)
                     : b->type & PCI_BAR_MEM64 ? UINT64_MAX
                                               : UINT64_C(0xffffffff);
    unsigned enable = b->type & PCI_BAR_IO ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY;
    bool off = i == PCI_ROM_BAR && !(d->config[PCI_ROM] & PCI_ROM_ENABLE);
    if (off || !(pci_get16(d->config, PCI_COMMAND) & enable)) {
        return false;
    }
    return addr < space && b->size - 1 < space - addr;
}

static void update_bars(PciDevice *d)
{
    for (unsigned i = 0; i <= PCI_ROM_BAR; i++) {
        PciBar *b = &d->bar[i];
        if (!b->region) {
            continue;
        }
        MemRegion *space = b->type & PCI_BAR_IO ? d->bus->io : d->bus->mem;
        uint64_t addr = bar_address(d, i);
        bool wanted = bar_decodes(d, i, addr);
        if (b->mapped && (!wanted || addr != b->addr)) {
            mem_unmap(space, b->region);
            b->mapped = false;
        }
        if (wanted && !b->mapped) {
            mem_map(space, addr, b->region, 1);
            b->mapped = true;
            b->addr = addr;
        }
    }
}

void pci_add_bar(PciDevice *d, unsigned bar, uint8_t type, MemRegion *region)
{
    uint64_t size = mem_size(region);
    assert(bar < PCI_BARS && !d->bar[bar].region && !(size & (size - 1)));
    assert(size >= (type & PCI_BAR_IO ? 4 : 16)); // 6.2.5.1
    d->bar[bar] = (PciBar){.region = region, .size = size, .type = type};
    unsigned at = PCI_BAR0 + 4 * bar;
    pci_put32(d->config, at, type);
    pci_put32(d->wmask, at, (uint32_t) ~(size - 1));
    if (type & PCI_BAR_MEM64) {
        assert(bar + 1 < PCI_BARS);
        pci_put32(d->wmask, at + 4, ~(size - 1) >> 32);
    }
}

// --- option ROM (6.3)

#define MAX_ROM UINT64_C(0x1000000)

#define ROM_PCIR     0x18 // offset of the data structure, which begins with "PCIR", vendor, device
#define ROM_CHECKSUM 6    // a byte of the header that may make up for changes

// A default image is one card's of a family: it gets the ids of the device that it is on, as
// firmware compares them.
static void patch_rom_ids(const PciDevice *d, uint8_t *rom, uint64_t len)
{
    unsigned pcir = len >= 0x1a ? pci_get16(rom, ROM_PCIR) : 0;
    if (!pcir || pcir + 8u > len || memcmp(rom + pcir, "PCIR", 4)) {
        return;
    }
    for (unsigned i = 0; i < 4; i++) {
        rom[ROM_CHECKSUM] += rom[pcir + 4 + i] - d->config[PCI_VENDOR_ID + i];
        rom[pcir + 4 + i] = d->config[PCI_VENDOR_ID + i];
    }
}

// romfile= names one, romfile= without a name says none; otherwise the default, if it is there.
static bool add_rom(PciDevice *d, char **error)
{
    const Machine *m = d->dev.machine;
    const char *name = d->rom_opt ? d->rom_opt : d->bus->roms ? d->default_rom : NULL;
    if (!name || !*name || !d->rombar) {
        return true;
    }
    char *path = firmware_find(&m->config, name);
    if (!path) {
        *error = d->rom_opt ? g_strdup_printf("romfile=%s: there is no such file", name) : NULL;
        return !d->rom_opt;
    }
    uint64_t len;
    char *reason = NULL;
    uint8_t *data = load_file(path, MAX_ROM, &len, &reason);
    g_free(path);
    if (!data) {
        *error = g_strdup_printf("romfile=%s", reason);
        g_free(reason);
        return false;
    }
    uint64_t size = 0x800;
    while (size < len) {
        size *= 2;
    }
    MemRegion *rom = machine_add_memory(d->dev.machine, mem_rom(name, size));
    memcpy(mem_host(rom), data, len);
    g_free(data);
    if (!d->rom_opt) {
        patch_rom_ids(d, mem_host(rom), len);
    }
    d->bar[PCI_ROM_BAR] = (PciBar){.region = rom, .size = size};
    pci_put32(d->wmask, PCI_ROM, (uint32_t)(~(size - 1) | PCI_ROM_ENABLE));
    return true;
}

// --- config space

static bool overlaps(unsigned offset, unsigned size, unsigned first, unsigned len)
{
    return offset < first + len && first < offset + size;
}

static bool valid_access(unsigned offset, unsigned size)
{
    return (size == 1 || size == 2 || size == 4) && !(offset & (size - 1)) &&
           offset < PCI_CONFIG_SIZE;
}

uint32_t pci_bus_config_read(PciBus *b, unsigned devfn, unsigned offset, unsigned size)
{
    PciDevice *d = pci_bus_device(b, devfn);
    if (!d || !valid_access(offset, size)) {
        return mask64(8 * size);
    }
    if (d->config_read_hook) {
        d->config_read_hook(d, offset, size);
    }
    uint32_t v = 0;
    memcpy(&v, d->config + offset, size);
    return v;
}

void pci_bus_config_write(PciBus *b, unsigned devfn, unsigned offset, uint32_t value, unsigned size)
{
    PciDevice *d = pci_bus_device(b, devfn);
    if (!d || !valid_access(offset, size)) {
        return;
    }
    for (unsigned i = 0; i < size; i++) {
        uint8_t v = value >> (8 * i), w = d->wmask[offset + i];
        uint8_t *c = &d->config[offset + i];
        *c = (*c & ~w) | (v & w);
        *c &= ~(v & d->w1c[offset + i]);
    }
    if (overlaps(offset, size, PCI_COMMAND, 2) || overlaps(offset, size, PCI_BAR0, 4 * PCI_BARS) ||
        overlaps(offset, size, PCI_ROM, 4)) {
        update_bars(d);
        pci_update_intx(d);
    }
    pci_msi_config_written(d, offset, size);
    if (d->config_written) {
        d->config_written(d, offset, size);
    }
}

uint8_t pci_add_capability(PciDevice *d, uint8_t id, uint8_t len)
{
    uint8_t at = d->next_cap;
    assert(at + len <= 256);
    d->config[at] = id;
    d->config[at + 1] = d->config[PCI_CAP_POINTER];
    d->config[PCI_CAP_POINTER] = at;
    d->config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
    d->next_cap = ALIGN_UP(at + len, 4);
    return at;
}

// --- plugging

static bool parse_addr(const char *text, unsigned *devfn)
{
    unsigned slot, fn = 0;
    char rest;
    int n = sscanf(text, "%x.%x%c", &slot, &fn, &rest);
    if ((n != 2 && (n != 1 || strchr(text, '.'))) || slot >= PCI_SLOTS || fn > 7) {
        return false;
    }
    *devfn = slot * 8 + fn;
    return true;
}

static bool choose_slot(PciDevice *d, char **error)
{
    PciBus *b = d->bus;
    unsigned devfn = 0;
    if (d->addr_opt) {
        if (!parse_addr(d->addr_opt, &devfn)) {
            *error = g_strdup_printf("addr=%s: expected slot 0 to 1f and function 0 to 7, "
                                     "as in addr=5 or addr=5.1",
                                     d->addr_opt);
            return false;
        }
        if (b->device[devfn]) {
            *error = g_strdup_printf("addr=%s: taken by %s", d->addr_opt,
                                     b->device[devfn]->dev.type->name);
            return false;
        }
    } else {
        while (devfn < N_DEVFN && b->device[devfn]) {
            devfn += 8;
        }
        if (devfn >= N_DEVFN) {
            *error = g_strdup_printf("bus %s: all %d slots are taken", b->name, PCI_SLOTS);
            return false;
        }
    }
    d->devfn = devfn;
    return true;
}

static void write_header(PciDevice *d, const PciIds *ids, bool intx_pin)
{
    uint8_t *c = d->config;
    pci_put16(c, PCI_VENDOR_ID, ids->vendor);
    pci_put16(c, PCI_DEVICE_ID, ids->device);
    pci_put16(c, PCI_SUBSYSTEM_VENDOR, ids->subsystem_vendor);
    pci_put16(c, PCI_SUBSYSTEM_ID, ids->subsystem);
    pci_put32(c, PCI_REVISION, ids->class_code << 8 | ids->revision);
    c[PCI_HEADER_TYPE] = d->multifunction ? 0x80 : 0;
    c[PCI_INT_PIN] = intx_pin;
    pci_put16(d->wmask, PCI_COMMAND,
              PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | 0x0140 |
                  PCI_COMMAND_NO_INTX);
    pci_put16(d->w1c, PCI_STATUS, 0xf900);
    d->wmask[PCI_CACHE_LINE] = d->wmask[PCI_LATENCY] = d->wmask[PCI_INT_LINE] = 0xff;
    d->next_cap = FIRST_CAP;
}

bool pci_device_plug(PciDevice *d, const PciIds *ids, bool intx_pin, char **error)
{
    d->bus = machine_lookup(d->dev.machine, "pci");
    if (!d->bus) {
        *error = g_strdup("this machine has no PCI bus");
        return false;
    }
    if (d->bus_opt && strcmp(d->bus_opt, d->bus->name)) {
        *error = g_strdup_printf("bus=%s: there is no such bus, only %s", d->bus_opt, d->bus->name);
        return false;
    }
    if (!choose_slot(d, error)) {
        return false;
    }
    write_header(d, ids, intx_pin);
    if (!add_rom(d, error)) {
        return false;
    }
    d->bus->device[d->devfn] = d;
    d->dev.bus = d->bus;
    return true;
}

void pci_device_unplug(PciDevice *d)
{
    if (!d->bus || d->bus->device[d->devfn] != d) {
        return;
    }
    pci_set_irq(d, false);
    pci_put16(d->config, PCI_COMMAND, 0);
    update_bars(d);
    d->bus->device[d->devfn] = NULL;
}

void pci_device_ready(PciDevice *d)
{
    memcpy(d->initial, d->config, sizeof d->initial);
}

void pci_device_reset(PciDevice *d)
{
    d->intx = false;
    memcpy(d->config, d->initial, sizeof d->config);
    pci_msi_reset(d);
    update_bars(d);
    pci_update_intx(d);
}

void pci_device_loaded(PciDevice *d)
{
    // What the guest cannot write is not the snapshot's to say either.
    for (unsigned i = 0; i < PCI_CONFIG_SIZE; i++) {
        uint8_t variable = d->wmask[i] | d->w1c[i];
        d->config[i] = (d->config[i] & variable) | (d->initial[i] & ~variable);
    }
    update_bars(d);
    pci_update_intx(d);
}

// --- info pci

static void print_bar(const PciDevice *d, unsigned i, FILE *out)
{
    const PciBar *b = &d->bar[i];
    if (!b->region) {
        return;
    }
    fprintf(out, "    BAR%u: %s ", i,
            i == PCI_ROM_BAR          ? "ROM"
            : b->type & PCI_BAR_IO    ? "I/O"
            : b->type & PCI_BAR_MEM64 ? "64-bit memory"
                                      : "32-bit memory");
    if (b->mapped) {
        fprintf(out, "at 0x%" PRIx64 " [0x%" PRIx64 " bytes]\n", b->addr, b->size);
    } else {
        fprintf(out, "not mapped [0x%" PRIx64 " bytes]\n", b->size);
    }
}

void pci_bus_print(PciBus *b, void *file)
{
    FILE *out = file;
    for (unsigned devfn = 0; devfn < N_DEVFN; devfn++) {
        const PciDevice *d = b->device[devfn];
        if (!d) {
            continue;
        }
        fprintf(out, "  %s, slot %2u, function %u: %s%s%s [%04x:%04x], class %06x\n", b->name,
                devfn / 8, devfn % 8, d->dev.type->name, d->dev.id ? " " : "",
                d->dev.id ? d->dev.id : "", pci_get16(d->config, PCI_VENDOR_ID),
                pci_get16(d->config, PCI_DEVICE_ID), pci_get32(d->config, PCI_REVISION) >> 8);
        for (unsigned i = 0; i <= PCI_ROM_BAR; i++) {
            print_bar(d, i, out);
        }
    }
}
