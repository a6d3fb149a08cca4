// Memory of the PC boards.
//
//   physical (system)                              priority
//   00000000  RAM                                  0
//   000a0000  PCI (VGA), or SMRAM while open       1
//   000c0000  PCI or RAM, by the host bridge's PAM 1, 2
//   ........  to 2, 2.75, 3 or 3.5 GiB
//   fec00000  I/O APIC, fed00000 HPET, fee00000 local APICs
//   100000000 the rest of RAM                      0
//   anywhere  PCI memory: BARs, VGA, firmware     -1   (nothing there: all ones)
//
// CPUs in system management mode see the same, with SMRAM over it.
#include "hw/i386/pc_internal.h"

#include "hw/pci/pci_host.h"

static bool check_size(const Pc *s, char **error)
{
    uint64_t size = s->m->config.ram_size;
    if (size < MIB || size > 256 * GIB || size % 4096) {
        *error = g_strdup_printf("-m %llu bytes: RAM has to be 1 MiB to 256 GiB",
                                 (unsigned long long)size);
        return false;
    }
    return true;
}

static void map_ram(Pc *s)
{
    MemRegion *sys = s->mem.sysmem;
    mem_map(sys, 0, mem_alias("ram-below-4g", s->mem.ram, 0, s->below_4g), 0);
    if (s->above_4g) {
        mem_map(sys, 4 * GIB, mem_alias("ram-above-4g", s->mem.ram, s->below_4g, s->above_4g), 0);
    }
}

static void map_pci(Pc *s)
{
    s->mem.pci = mem_container("pci", UINT64_MAX);
    mem_map(s->mem.pci, 0, pci_unmapped_region("pci", UINT64_MAX), -100);
    mem_map(s->mem.sysmem, 0, s->mem.pci, -1);
}

static void make_smm_view(Pc *s)
{
    s->mem.smm = mem_container("smm", UINT64_MAX);
    mem_map(s->mem.smm, 0, mem_alias("smm-system", s->mem.sysmem, 0, UINT64_MAX), 0);
    s->smm = address_space_new("smm", s->mem.smm);
    machine_hook_memory(s->m, s->smm);
}

bool pc_memory_create(Pc *s, char **error)
{
    Machine *m = s->m;
    if (!check_size(s, error)) {
        return false;
    }
    s->below_4g = s->chipset->below_4g(m->config.ram_size);
    s->above_4g = m->config.ram_size - s->below_4g;
    s->mem.sysmem = address_space_root(m->memory);
    s->mem.ram = machine_add_memory(m, mem_ram("pc.ram", m->config.ram_size));
    s->mem.below_4g = s->below_4g;
    map_ram(s);
    map_pci(s);
    make_smm_view(s);
    s->io = mem_container("io", 0x10000);
    mem_map(s->io, 0, pci_unmapped_region("io", 0x10000), -100);
    m->io = address_space_new("io", s->io);
    return true;
}

uint64_t pc_hole_start(const Pc *s)
{
    return MAX_OF(s->below_4g, s->chipset->hole_start);
}

uint64_t pc_high_hole_start(const Pc *s)
{
    return ALIGN_UP(4 * GIB + s->above_4g, GIB);
}

static void add(PcRange *out, unsigned *n, uint64_t base, uint64_t end, uint32_t type)
{
    if (base < end) {
        out[(*n)++] = (PcRange){base, end - base, type};
    }
}

unsigned pc_e820(const Pc *s, PcRange out[PC_E820_MAX], bool kernel)
{
    unsigned n = 0;
    if (kernel) {
        add(out, &n, 0, MIN_OF(s->below_4g, UINT64_C(0x9fc00)), E820_RAM);
        add(out, &n, 0x9fc00, 0xa0000, E820_RESERVED);
        add(out, &n, PC_LOW_TABLES, 0x100000, E820_RESERVED);
        add(out, &n, 0x100000, s->below_4g, E820_RAM);
    } else {
        add(out, &n, 0, s->below_4g, E820_RAM);
    }
    if (s->chipset->q35 && kernel) {
        add(out, &n, PC_ECAM, PC_ECAM + PC_ECAM_SIZE, E820_RESERVED);
    }
    add(out, &n, 4 * GIB, 4 * GIB + s->above_4g, E820_RAM);
    return n;
}
