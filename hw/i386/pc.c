// The PC boards: QEMU's "pc" (i440FX, PIIX3) and "q35" (MCH, ICH9), so that firmware and systems
// made for them run unchanged.
//
//              CPUs with local APICs (fee00000)
//                |            |
//   RAM -- host bridge     I/O APIC (fec00000) <--- GSI 0 to 23
//                |            |                      |
//     PCI bus ---+---...      +-- 8259 pair <--- ISA lines, PCI interrupts (q35: GSI 16 and up)
//                |
//          south bridge: 8254, RTC with CMOS, i8042, COM1-4, LPT1, floppy, DMA, HPET, ACPI PM,
//          fw_cfg
//
// What a machine starts with: firmware (SeaBIOS, OVMF) at the reset vector, or a kernel that is put
// into RAM together with the tables that firmware would have made (pc_boot.c).
#include <string.h>

#include "chardev/chardev.h"
#include "hw/block/fdc.h"
#include "hw/char/debugcon.h"
#include "hw/char/parallel.h"
#include "hw/char/serial16550.h"
#include "hw/i386/pc_internal.h"
#include "hw/input/i8042.h"
#include "hw/intc/apic.h"
#include "hw/intc/i8259.h"
#include "hw/intc/ioapic.h"
#include "hw/isa/isa.h"
#include "hw/misc/pc_ports.h"
#include "hw/nvram/fw_cfg.h"
#include "hw/pci/pci_host.h"
#include "hw/rtc/mc146818.h"
#include "hw/timer/hpet.h"
#include "hw/timer/i8254.h"
#include "net/net.h"
#include "target-x86/board.h"
#include "util/keyval.h"
#include "util/log.h"

// --- options

static const DeviceProp opts[] = {
    {"acpi", PROP_BOOL, 0, "on", "ACPI tables"},
    {"firmware", PROP_STRING, 0, "auto",
     "how -kernel starts: on: through firmware; off: at once; auto: at once if there is no -bios"},
    {"hpet", PROP_BOOL, 0, "on", "high precision event timer"},
    {"smm", PROP_BOOL, 0, "on", "system management mode"},
    {"fdc", PROP_BOOL, 0, "on", "floppy disk controller (off with -nodefaults)"},
    {"i8042", PROP_BOOL, 0, "on", "keyboard controller"},
    {"usb", PROP_BOOL, 0, "off", "accepted for compatibility: there is no USB"},
    {"vmport", PROP_BOOL, 0, "off", "accepted for compatibility: there is no VMware port"},
    {"graphics", PROP_BOOL, 0, "on", "accepted for compatibility"},
    {"kernel-irqchip", PROP_STRING, 0, "off", "accepted for compatibility"},
    {"mem-merge", PROP_BOOL, 0, "on", "accepted for compatibility"},
    {"dump-guest-core", PROP_BOOL, 0, "on", "accepted for compatibility"},
    {NULL, 0, 0, NULL, NULL},
};

const char *pc_option(const Pc *s, const char *name)
{
    return s->m->config.machine_opts ? g_hash_table_lookup(s->m->config.machine_opts, name) : NULL;
}

static bool parse_on(const Pc *s, const char *name, bool *on, char **error)
{
    const char *text = pc_option(s, name);
    if (!text || !strcmp(text, "auto") || parse_bool(text, on)) {
        return true;
    }
    *error = g_strdup_printf("%s=%s: expected on or off", name, text);
    return false;
}

static bool parse_options(Pc *s, char **error)
{
    s->acpi = s->hpet_on = s->smm_on = s->i8042_on = true;
    s->fdc_on = !s->m->config.nodefaults;
    const char *firmware = pc_option(s, "firmware");
    s->firmware_given = firmware && strcmp(firmware, "auto");
    return parse_on(s, "acpi", &s->acpi, error) && parse_on(s, "hpet", &s->hpet_on, error) &&
           parse_on(s, "smm", &s->smm_on, error) && parse_on(s, "i8042", &s->i8042_on, error) &&
           parse_on(s, "fdc", &s->fdc_on, error) &&
           parse_on(s, "firmware", &s->firmware_wanted, error);
}

// --- interrupts

// ISA line 0, the timer, is on the I/O APIC's pin 2, as the tables say.
static void drive_gsi(Pc *s, unsigned gsi, bool level)
{
    if (gsi < 16) {
        irq_set(&s->pic_pin[gsi], level);
    }
    irq_set(&s->ioapic_pin[gsi == 0 ? 2 : gsi], level);
}

static void isa_line(void *opaque, unsigned n, bool level)
{
    drive_gsi(opaque, n, level);
}

static void gsi_source(void *opaque, unsigned n, bool level)
{
    Pc *s = opaque;
    unsigned gsi = n / PC_GSI_SOURCES, source = n % PC_GSI_SOURCES;
    uint8_t bit = (uint8_t)BIT(source);
    s->gsi_level[gsi] = level ? s->gsi_level[gsi] | bit : s->gsi_level[gsi] & ~bit;
    drive_gsi(s, gsi, s->gsi_level[gsi] != 0);
}

IrqLine pc_gsi(Pc *s, unsigned gsi, unsigned source)
{
    return gsi < ISA_IRQS ? isa_irq(s->m, gsi)
                          : irq_line(gsi_source, s, gsi * PC_GSI_SOURCES + source);
}

static void all_cpus(void *opaque, unsigned input, bool level)
{
    Machine *m = opaque;
    for (unsigned i = 0; i < m->n_cpus; i++) {
        IrqLine line = x86_cpu_input(m->cpu[i], (X86Input)input);
        irq_set(&line, level);
    }
}

// The CPU that asked for the SMI takes it; one that the chipset makes goes to the first.
static void smi(void *opaque, unsigned n, bool level)
{
    Machine *m = opaque;
    (void)n;
    IrqLine line = x86_cpu_input(m->current ? m->current : m->cpu[0], X86_INPUT_SMI);
    irq_set(&line, level);
}

IrqLine pc_smi(Pc *s)
{
    return s->smm_on ? irq_line(smi, s->m, 0) : (IrqLine){0};
}

static void create_interrupts(Pc *s)
{
    Machine *m = s->m;
    IrqLine isa[ISA_IRQS];
    apic_create_all(m, s->mem.sysmem);
    s->pic = i8259_create(m, s->io, apic_lint0(m));
    apic_connect_pic(m, s->pic);
    s->ioapic = ioapic_create(m, s->mem.sysmem, IOAPIC_ADDRESS, s->chipset->ioapic_version);
    for (unsigned n = 0; n < PC_GSIS; n++) {
        s->ioapic_pin[n] = ioapic_input(s->ioapic, n);
    }
    for (unsigned n = 0; n < ISA_IRQS; n++) {
        s->pic_pin[n] = i8259_input(s->pic, n);
        isa[n] = irq_line(isa_line, s, n);
    }
    isa_bus_create(m, isa);
}

static void create_timers(Pc *s)
{
    Machine *m = s->m;
    IrqLine timer = isa_irq(m, 0), rtc = isa_irq(m, 8);
    if (s->hpet_on) {
        IrqLine gsi[HPET_IOAPIC_PINS];
        for (unsigned n = 0; n < HPET_IOAPIC_PINS; n++) {
            gsi[n] = pc_gsi(s, n, PC_GSI_HPET);
        }
        Device *hpet = hpet_create(m, s->mem.sysmem, HPET_ADDRESS, gsi, timer, rtc);
        timer = hpet_legacy_input(hpet, 0);
        rtc = hpet_legacy_input(hpet, 1);
    }
    i8254_create(m, s->io, timer);
    s->rtc = mc146818_create(m, s->io, rtc);
}

static void create_isa(Pc *s)
{
    Machine *m = s->m;
    IrqLine a20m = irq_line(all_cpus, m, X86_INPUT_A20M);
    if (s->i8042_on) {
        s->i8042 = i8042_create(m, s->io, isa_irq(m, 1), isa_irq(m, 12), a20m);
    }
    port92_create(m, s->io, a20m);
    pc_ports_create(m, s->io, isa_irq(m, 13));
    for (unsigned n = 0; n < 4; n++) {
        if (n == 0 || chardev_serial(m, n)) {
            serial_isa_create_com(m, n);
        }
    }
    I8237 *dma = i8237_create(m, s->io);
    s->fdc = s->fdc_on ? fdc_create(m, s->io, isa_irq(m, 6), dma) : NULL;
    s->fw_cfg = fw_cfg_create_ports(m, s->io, PC_FW_CFG);
}

static Chardev *open_backend(Pc *s, const char *option, const char *spec)
{
    char *error = NULL;
    Chardev *c = chardev_open(s->m, spec, &error);
    if (!c) {
        die("%s %s: %s", option, spec, error);
    }
    return c;
}

static void create_consoles(Pc *s)
{
    const MachineConfig *c = &s->m->config;
    if (c->debugcon) {
        debugcon_create(s->m, 0, open_backend(s, "-debugcon", c->debugcon));
    }
    if (c->parallel || !c->nodefaults) {
        Chardev *backend = c->parallel ? open_backend(s, "-parallel", c->parallel) : NULL;
        s->parallel = parallel_isa_create(s->m, 0x378, 7, backend);
    }
    if (c->vga ? strcmp(c->vga, "none") : !c->nodefaults) {
        bool virtio = c->vga && !strcmp(c->vga, "virtio");
        pci_create(s->m, virtio ? "virtio-vga" : "VGA", NULL, false);
    }
}

static bool create_cpus(Pc *s, char **error)
{
    const MachineConfig *c = &s->m->config;
    for (unsigned i = 0; i < c->smp; i++) {
        VCPU *v = x86_cpu_create(s->m, c->cpu ? c->cpu : s->m->board->default_cpu, error);
        if (!v) {
            return false;
        }
        x86_cpu_set_smm_space(v, s->smm_on ? s->smm : NULL);
    }
    return true;
}

// --- board

static bool create(Machine *m, const PcChipset *chipset, char **error)
{
    Pc *s = g_new0(Pc, 1);
    m->board_state = s;
    s->m = m;
    s->chipset = chipset;
    s->images = g_ptr_array_new();
    if (!parse_options(s, error) || !pc_memory_create(s, error) || !create_cpus(s, error)) {
        return false;
    }
    create_interrupts(s);
    chipset->create(s);
    create_timers(s);
    create_isa(s);
    create_consoles(s);
    return nic_create_pending(m, error);
}

static bool init_i440fx(Machine *m, char **error)
{
    return create(m, &pc_i440fx_chipset, error);
}

static bool init_q35(Machine *m, char **error)
{
    return create(m, &pc_q35_chipset, error);
}

static bool finish(Machine *m, char **error)
{
    return pc_boot_finish(m->board_state, error);
}

static void reset(Machine *m)
{
    pc_boot_reset(m->board_state);
}

#define PC_BOARD(symbol, board, other, text, arch, bits, first, make)                              \
    static const BoardType symbol = {                                                              \
        .name = board,                                                                             \
        .alias = other,                                                                            \
        .desc = text,                                                                              \
        .target = arch,                                                                            \
        .rank = bits,                                                                              \
        .default_cpu = "qemu" #bits,                                                               \
        .default_ram = GIB,                                                                        \
        .max_cpus = MACHINE_MAX_CPUS,                                                              \
        .is_default = first,                                                                       \
        .nic = "e1000",                                                                            \
        .opts = opts,                                                                              \
        .init = make,                                                                              \
        .finish = finish,                                                                          \
        .reset = reset,                                                                            \
    };                                                                                             \
    BOARD_TYPE(symbol)

#define I440FX "PC (i440FX and PIIX3)"
#define Q35    "PC (Q35 and ICH9)"
PC_BOARD(pc64, "pc-i440fx-7.2", "pc", I440FX, "x86_64", 64, true, init_i440fx);
PC_BOARD(q35_64, "pc-q35-7.2", "q35", Q35, "x86_64", 64, false, init_q35);
PC_BOARD(pc32, "pc-i440fx-7.2", "pc", I440FX, "i386", 32, true, init_i440fx);
PC_BOARD(q35_32, "pc-q35-7.2", "q35", Q35, "i386", 32, false, init_q35);
