// A PC without CPUs for device tests: 16 MiB of RAM at 0, ports, a PCI bus whose addresses are
// physical ones.
#ifndef TESTS_UNIT_BUS_RIG_H
#define TESTS_UNIT_BUS_RIG_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "bare_machine.h"
#include "block/block.h"
#include "hw/pci/pci.h"

#define BUS_RAM (16 << 20)

typedef struct BusRig {
    Machine *m;
    uint8_t *ram;
    PciBus *bus;
    Pin intx[4];
} BusRig;

static inline BusRig *bus_rig(void)
{
    BusRig *r = g_new0(BusRig, 1);
    IrqLine lines[4];
    r->m = bare_machine();
    MemRegion *root = address_space_root(r->m->memory), *ram = mem_ram("ram", BUS_RAM);
    MemRegion *io = mem_container("io", 0x10000);
    r->ram = mem_host(ram);
    mem_map(root, 0, ram, 0);
    r->m->io = address_space_new("io", io);
    for (int i = 0; i < 4; i++) {
        lines[i] = pin_line(&r->intx[i]);
    }
    r->bus = pci_bus_new(r->m, "pci.0", root, io, lines);
    machine_register(r->m, "pci", r->bus);
    return r;
}

static inline uint64_t in_port(BusRig *r, unsigned port, unsigned size)
{
    uint64_t v;
    mem_read_n(r->m->io, port, &v, size);
    return v;
}

static inline void out_port(BusRig *r, unsigned port, uint64_t v, unsigned size)
{
    mem_write_n(r->m->io, port, v, size);
}

// A temporary image of this many 512-byte sectors, each filled with what `fill` says; its name is
// freed at exit by nobody. The -drive gets this id.
static inline char *bus_image(BusRig *r, const char *id, unsigned sectors, const char *options,
                              void (*fill)(uint8_t *sector, unsigned n))
{
    char *name = g_strdup("/tmp/mimus-test-XXXXXX");
    int fd = mkstemp(name);
    uint8_t sector[512];
    for (unsigned i = 0; i < sectors; i++) {
        memset(sector, 0, sizeof sector);
        fill(sector, i);
        if (write(fd, sector, sizeof sector) != sizeof sector) {
            abort();
        }
    }
    close(fd);
    char *arg = g_strdup_printf("file=%s,if=none,id=%s%s", name, id, options), *error = NULL;
    if (!drive_add(r->m, arg, false, &error)) {
        fprintf(stderr, "%s\n", error);
        abort();
    }
    g_free(arg);
    return name;
}

// type and properties as -device has them.
static inline Device *bus_device(BusRig *r, const char *arg)
{
    char *error = NULL;
    guint n = r->m->devices->len;
    if (!device_add(r->m, arg, &error)) {
        fprintf(stderr, "%s\n", error);
        abort();
    }
    return r->m->devices->pdata[n];
}

static inline uint32_t pci_cfg(BusRig *r, unsigned devfn, unsigned at, unsigned size)
{
    return pci_bus_config_read(r->bus, devfn, at, size);
}

static inline void pci_cfg_set(BusRig *r, unsigned devfn, unsigned at, uint32_t v, unsigned size)
{
    pci_bus_config_write(r->bus, devfn, at, v, size);
}

static inline void ram32(BusRig *r, uint32_t at, uint32_t v)
{
    memcpy(r->ram + at, &v, 4);
}

static inline uint32_t ram_get32(BusRig *r, uint32_t at)
{
    uint32_t v;
    memcpy(&v, r->ram + at, 4);
    return v;
}

#endif
