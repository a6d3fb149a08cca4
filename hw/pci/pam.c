// Areas below 1 MiB of a PC's host bridge. Memory that is read from ROM and written to RAM, which
// firmware uses while it copies itself, has no host page: each access is a call.
#include "hw/pci/pam.h"

#include "hw/core/machine.h"

#define SMRAM_BASE 0xa0000
#define SMRAM_SIZE 0x20000
#define SMRAM_OPEN 0x40
#define SMRAM_ON   0x08

static uint64_t through_read(void *opaque, uint64_t offset, unsigned size)
{
    PamArea *a = opaque;
    uint64_t v;
    mem_read_n(a->map->pci, a->base + offset, &v, size);
    return v;
}

static void through_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    PamArea *a = opaque;
    uint8_t *ram = mem_host(a->map->ram) + a->base + offset;
    for (unsigned i = 0; i < size; i++) {
        ram[i] = value >> (8 * i);
    }
    mem_region_dirty(a->map->machine->memory, a->map->ram, a->base + offset, size);
}

static const MmioOps through_ops = {through_read, through_write, 1, 8, false};

static void init_area(PamArea *a, const PcMemory *mem, uint32_t base, uint32_t size)
{
    a->base = base;
    a->ram = mem_alias("pam-ram", mem->ram, base, size);
    a->write_only = mem_mmio("pam-write", size, &through_ops, a);
    mem_set_enabled(a->ram, false);
    mem_set_enabled(a->write_only, false);
    mem_map(mem->sysmem, base, mem_alias("pam-pci", mem->pci, base, size), 1);
    mem_map(mem->sysmem, base, a->write_only, 2);
    mem_map(mem->sysmem, base, a->ram, 2);
}

void pam_init(PamMap *p, Machine *m, const PcMemory *mem)
{
    p->machine = m;
    p->ram = mem->ram;
    p->pci = address_space_new("pci-memory", mem->pci);
    for (unsigned i = 0; i < PAM_AREAS; i++) {
        p->area[i].map = p;
        init_area(&p->area[i], mem, i ? 0xc0000 + 0x4000 * (i - 1) : 0xf0000, i ? 0x4000 : 0x10000);
    }
    p->vga_hole = mem_alias("vga-hole", mem->pci, SMRAM_BASE, SMRAM_SIZE);
    mem_map(mem->sysmem, SMRAM_BASE, p->vga_hole, 1);
    p->smram = mem_alias("smram", mem->ram, SMRAM_BASE, SMRAM_SIZE);
    mem_set_enabled(p->smram, false);
    mem_map(mem->smm, SMRAM_BASE, p->smram, 1);
}

static unsigned attributes(const uint8_t *registers, unsigned area)
{
    uint8_t r = registers[(area + 1) / 2];
    return area % 2 ? r & 3 : (r >> 4) & 3;
}

void pam_set(PamMap *p, const uint8_t registers[PAM_REGISTERS])
{
    for (unsigned i = 0; i < PAM_AREAS; i++) {
        unsigned bits = attributes(registers, i);
        mem_alias_set_readonly(p->area[i].ram, !(bits & 2));
        mem_set_enabled(p->area[i].ram, bits & 1);
        mem_set_enabled(p->area[i].write_only, bits == 2);
    }
}

void pam_set_smram(PamMap *p, uint8_t smram)
{
    mem_set_enabled(p->vga_hole, (smram & (SMRAM_OPEN | SMRAM_ON)) != (SMRAM_OPEN | SMRAM_ON));
    mem_set_enabled(p->smram, smram & SMRAM_ON);
}
