// Random port and register accesses to every device of the PC boards, as a hostile guest would make
// them, with keys, pointer movement and time passing between. Each run is one machine, i440FX or
// Q35. At the end each device's state has to be one that it would load.
#include "target-x86/system.h"
#include "tests/fuzz/machine.h"
#include "ui/input.h"

#define RAM_SIZE UINT64_C(0x800000)
#define HOT_BASE UINT64_C(0x100000)
#define HOT      UINT64_C(0x10000) // of RAM: where DMA goes
#define STEPS    6000              // a run
#define PCI_MEM  UINT64_C(0xe0000000)
#define PCI_IO   0xc000

// --- targets

typedef struct Target {
    const char *name;
    uint64_t base, size;
    unsigned weight;
} Target;

static const Target ports[] = {
    {"dma", 0x00, 0x10, 3},      {"pic", 0x20, 2, 8},         {"pit", 0x40, 4, 8},
    {"kbd", 0x60, 5, 10},        {"rtc", 0x70, 4, 8},         {"pages", 0x80, 0x10, 1},
    {"port92", 0x92, 1, 1},      {"pic2", 0xa0, 2, 5},        {"apm", 0xb2, 2, 2},
    {"dma2", 0xc0, 0x20, 2},     {"fpu", 0xf0, 2, 1},         {"ide2", 0x170, 8, 4},
    {"ide", 0x1f0, 8, 8},        {"vbe", 0x1ce, 3, 4},        {"com2", 0x2f8, 8, 1},
    {"lpt", 0x378, 3, 2},        {"vga", 0x3b0, 0x30, 12},    {"fdc", 0x3f0, 8, 6},
    {"com", 0x3f8, 8, 8},        {"elcr", 0x4d0, 2, 2},       {"fw_cfg", 0x510, 12, 4},
    {"pvpanic", 0x505, 1, 1},    {"exit", 0x501, 2, 1},       {"pm", 0x600, 0x80, 10},
    {"smbus", 0x700, 0x40, 1},   {"gpe", 0xafe0, 4, 1},       {"pci", 0xcf8, 8, 12},
    {"bars", PCI_IO, 0x800, 20}, {"anything", 0, 0x10000, 2},
};

static const Target memory[] = {
    {"apic", 0xfee00000, 0x400, 20},   {"msi", 0xfee00000, 0x100000, 2},
    {"ioapic", 0xfec00000, 0x50, 12},  {"hpet", 0xfed00000, 0x180, 12},
    {"vga", 0xa0000, 0x20000, 8},      {"bars", PCI_MEM, 0x200000, 30},
    {"ecam", 0xb0000000, 0x100000, 8}, {"rom", 0xc0000, 0x40000, 2},
    {"flash", 0xfffc0000, 0x40000, 2}, {"rcba", 0xfed1c000, 0x4000, 2},
    {"hot", HOT_BASE, HOT, 20},
};

static const Target *pick(Fuzz *f, const Target *t, size_t n)
{
    unsigned total = 0;
    for (size_t i = 0; i < n; i++) {
        total += t[i].weight;
    }
    unsigned at = (unsigned)fuzz_below(f, total);
    while (at >= t->weight) {
        at -= t->weight;
        t++;
    }
    return t;
}

static uint64_t random_value(Fuzz *f)
{
    switch (fuzz_below(f, 4)) {
    case 0:
        return HOT_BASE + (fuzz_below(f, HOT) & ~UINT64_C(15));
    case 1:
        return fuzz_below(f, 0x100);
    default:
        return fuzz_number(f);
    }
}

static void port_access(FuzzMachine *fm)
{
    Fuzz *f = fm->f;
    const Target *t = pick(f, ports, ARRAY_LEN(ports));
    unsigned size = fuzz_one_in(f, 3) ? 1u << fuzz_below(f, 3) : 1;
    unsigned port = (unsigned)(t->base + fuzz_below(f, t->size));
    if (fuzz_one_in(f, 3)) {
        fuzz_in(fm, port, size);
    } else {
        fuzz_out(fm, port, random_value(f), size);
    }
}

static void memory_access(FuzzMachine *fm)
{
    Fuzz *f = fm->f;
    const Target *t = pick(f, memory, ARRAY_LEN(memory));
    unsigned size = fuzz_one_in(f, 3) ? 1u << fuzz_below(f, 4) : 4;
    uint64_t offset = fuzz_below(f, fuzz_one_in(f, 2) && t->size > 0x400 ? 0x400 : t->size);
    offset &= fuzz_one_in(f, 8) ? ~UINT64_C(0) : fuzz_one_in(f, 2) ? ~UINT64_C(15) : ~UINT64_C(3);
    if (fuzz_one_in(f, 3)) {
        fuzz_read(fm, t->base + offset, size);
    } else {
        fuzz_write(fm, t->base + offset, random_value(f), size);
    }
}

// --- what drivers do first

static void pci_write(FuzzMachine *fm, unsigned devfn, unsigned reg, uint32_t v)
{
    fuzz_out(fm, 0xcf8, 0x80000000 | devfn << 8 | reg, 4);
    fuzz_out(fm, 0xcfc, v, 4);
}

// BARs where the tables above look for them, everything enabled.
static void pci_bring_up(FuzzMachine *fm, unsigned devfn)
{
    unsigned n = devfn / 8 % 16;
    for (unsigned bar = 0; bar < 6; bar++) {
        unsigned reg = 0x10 + 4 * bar;
        fuzz_out(fm, 0xcf8, 0x80000000 | devfn << 8 | reg, 4);
        bool io = fuzz_in(fm, 0xcfc, 4) & 1;
        fuzz_out(fm, 0xcfc,
                 io ? PCI_IO + n * 0x80 + bar * 0x10 : PCI_MEM + n * 0x20000 + bar * 0x4000, 4);
    }
    pci_write(fm, devfn, 4, 7);
}

static void bring_up(FuzzMachine *fm)
{
    static const unsigned south[] = {0x09, 0x0b, 0xf8, 0xfa, 0xfb};
    for (unsigned slot = 0; slot < 16; slot++) {
        pci_bring_up(fm, slot * 8);
    }
    for (size_t i = 0; i < ARRAY_LEN(south); i++) {
        pci_bring_up(fm, south[i]);
    }
    pci_write(fm, 0x0b, 0x40, 0x601); // PIIX4: power management, SMBus
    pci_write(fm, 0x0b, 0x80, 1);
    pci_write(fm, 0x0b, 0x90, 0x701);
    pci_write(fm, 0x0b, 0xd0, 1 << 16);
    pci_write(fm, 0xf8, 0x40, 0x601); // ICH9
    pci_write(fm, 0xf8, 0x44, 0x80);
    fuzz_write(fm, 0xfee000f0, 0x1ff, 4);
}

// --- other sides of the devices

static void apic_access(FuzzMachine *fm)
{
    Fuzz *f = fm->f;
    Machine *m = fm->m;
    VCPU *v = m->cpu[fuzz_below(f, m->n_cpus)];
    const X86System *s = x86_cpu(v)->sys;
    uint64_t value;
    m->current = v;
    m->turn_start = vcpu_icount(v);
    switch (fuzz_below(f, 6)) {
    case 0:
        s->apic->acknowledge(s->apic_opaque);
        break;
    case 1:
        s->apic->set_tpr(s->apic_opaque, (unsigned)fuzz_below(f, 16));
        break;
    case 2:
        s->apic->set_base(s->apic_opaque, 0xfee00000 | fuzz_below(f, 16) << 8);
        break;
    case 3:
        s->apic->read_msr(s->apic_opaque, 0x800 + (uint32_t)fuzz_below(f, 0x100), &value);
        break;
    case 4:
        s->apic->write_msr(s->apic_opaque, 0x6e0, fm->now + fuzz_number(f));
        break;
    default:
        s->apic->write_msr(s->apic_opaque, 0x800 + (uint32_t)fuzz_below(f, 0x40), random_value(f));
    }
    m->current = NULL;
    f->inputs++;
}

static void person(FuzzMachine *fm)
{
    Fuzz *f = fm->f;
    if (fuzz_one_in(f, 8)) {
        const InputKey keys[] = {INPUT_KEY_CTRL, (InputKey)fuzz_below(f, INPUT_KEYS)};
        input_type_keys(fm->m, keys, 2, (unsigned)fuzz_below(f, 1000));
        return;
    }
    InputEvent e[8];
    for (size_t i = 0; i < ARRAY_LEN(e); i++) {
        e[i] = (InputEvent){(uint16_t)fuzz_below(f, INPUT_KINDS),
                            (uint16_t)fuzz_below(f, fuzz_one_in(f, 2) ? 4 : INPUT_KEYS),
                            (int32_t)fuzz_number(f)};
    }
    input_send(fm->m, e, ARRAY_LEN(e));
}

static void step(FuzzMachine *fm)
{
    switch (fuzz_below(fm->f, 60)) {
    case 0:
        pci_bring_up(fm, (unsigned)fuzz_below(fm->f, 256));
        break;
    case 1 ... 2:
        fuzz_pass_time(fm);
        break;
    case 3:
        person(fm);
        break;
    case 4 ... 5:
        apic_access(fm);
        break;
    case 6 ... 25:
        memory_access(fm);
        break;
    default:
        port_access(fm);
    }
    if (fm->m->stop != MACHINE_RUNNING) {
        bool again = fm->m->stop == MACHINE_RESET;
        fm->m->stop = MACHINE_RUNNING;
        if (again && fuzz_one_in(fm->f, 20)) {
            machine_reset(fm->m);
        }
    }
}

static void run(Fuzz *f)
{
    char *disk = fuzz_disk(f, "disk", 1 << 20);
    char *d0 = g_strdup_printf("file=%s,if=ide,format=raw,snapshot=on", disk);
    char *d1 = g_strdup_printf("file=%s,if=ide,index=2,media=cdrom,format=raw", disk);
    const char *const drives[] = {d0, d1, NULL};
    const char *const netdevs[] = {"user,id=n0,restrict=on", NULL};
    const char *const devices[] = {"virtio-net-pci,netdev=n0,addr=6",
                                   "i6300esb,addr=7",
                                   "pci-testdev,addr=8",
                                   "pci-serial,addr=9",
                                   "pvpanic-pci,addr=a",
                                   "pvpanic",
                                   "isa-debug-exit",
                                   "isa-debugcon",
                                   "isa-serial,index=1",
                                   "pc-testdev",
                                   "virtio-tablet-pci,addr=b",
                                   "ramfb",
                                   NULL};
    MachineConfig c = {.machine = fuzz_one_in(f, 2) ? "pc" : "q35",
                       .smp = 2,
                       .ram_size = RAM_SIZE,
                       .vga = fuzz_one_in(f, 2) ? "std" : "virtio"};
    FuzzParts parts = {drives, netdevs, devices};
    char *error = NULL;
    fuzz_machine_opt(&c.machine_opts, "firmware", "off");
    FuzzMachine *fm = fuzz_machine_new(f, &c, &parts, &error);
    if (!fm) {
        fuzz_fail("%s: %s", c.machine, error);
    }
    bring_up(fm);
    for (unsigned i = 0; i < STEPS; i++) {
        step(fm);
    }
    fuzz_check_states(fm);
    fuzz_machine_free(fm);
    g_free(d0);
    g_free(d1);
    g_free(disk);
}

const Fuzzer fuzzer = {
    .name = "fuzz_pc",
    .what = "Random accesses to all devices of the PC boards.",
    .unit = "accesses",
    .run = run,
};
