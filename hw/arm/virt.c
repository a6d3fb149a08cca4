// The virt board: QEMU's "virt" machine of the same name, so that kernels, firmware and device
// trees made for it run unchanged.
//
//   00000000  flash, two banks          0a000000  32 virtio-mmio slots of 0x200
//   08000000  GIC distributor           10000000  PCIe memory window
//   08010000  GICv2 CPU interface       3eff0000  PCIe I/O ports
//   08020000  GICv2m                    3f000000  PCIe configuration (highmem=off)
//   080a0000  GICv3 redistributors      40000000  RAM
//   09000000  UART                    4010000000  PCIe configuration
//   09010000  RTC                     8000000000  PCIe high memory window
//   09020000  fw_cfg
//   09030000  GPIO: line 3 is the power button
#include <string.h>

#include "block/block.h"
#include "chardev/chardev.h"
#include "hw/arm/virt_internal.h"
#include "hw/char/pl011.h"
#include "hw/core/powerdown.h"
#include "hw/gpio/pl061.h"
#include "hw/intc/gic.h"
#include "hw/nvram/fw_cfg.h"
#include "hw/pci/gpex.h"
#include "hw/rtc/pl031.h"
#include "hw/virtio/virtio_mmio.h"
#include "target-arm/board.h"
#include "util/keyval.h"
#include "util/log.h"

const VirtRange virt_map[VIRT_SLOTS] = {
    [VIRT_FLASH] = {0x00000000, 2 * VIRT_FLASH_BANK},
    [VIRT_GIC_DIST] = {0x08000000, 0x10000},
    [VIRT_GIC_CPU] = {0x08010000, 0x10000},
    [VIRT_GIC_V2M] = {0x08020000, 0x1000},
    [VIRT_GIC_REDIST] = {0x080a0000, 0xf60000},
    [VIRT_UART] = {0x09000000, 0x1000},
    [VIRT_RTC] = {0x09010000, 0x1000},
    [VIRT_FW_CFG] = {0x09020000, 0x18},
    [VIRT_GPIO] = {0x09030000, 0x1000},
    [VIRT_MMIO] = {0x0a000000, 0x200},
    [VIRT_PCIE_MMIO] = {0x10000000, 0x2eff0000},
    [VIRT_PCIE_PIO] = {0x3eff0000, 0x10000},
    [VIRT_PCIE_ECAM] = {0x3f000000, 0x1000000},
    [VIRT_PCIE_HIGH_ECAM] = {0x4010000000, 0x10000000},
    [VIRT_PCIE_HIGH_MMIO] = {0x8000000000, 0x8000000000},
    [VIRT_RAM] = {0x40000000, 0x3fc0000000}, // up to 256 GiB
};

// --- options

static const DeviceProp opts[] = {
    {"gic-version", PROP_STRING, 0, "2", "interrupt controller: 2, 3, max"},
    {"highmem", PROP_BOOL, 0, "on", "use addresses above 4 GiB"},
    {"secure", PROP_BOOL, 0, "off", "EL3: not implemented"},
    {"virtualization", PROP_BOOL, 0, "off", "EL2: not implemented"},
    {"mte", PROP_BOOL, 0, "off", "memory tagging: not implemented"},
    {"ras", PROP_BOOL, 0, "off", "error injection: not implemented"},
    {"its", PROP_BOOL, 0, "off", "GICv3 ITS: not implemented"},
    {"acpi", PROP_STRING, 0, "off", "ACPI tables: not implemented"},
    {"iommu", PROP_STRING, 0, "none", "IOMMU: not implemented"},
    {"usb", PROP_BOOL, 0, "off", "accepted for compatibility"},
    {"graphics", PROP_BOOL, 0, "on", "accepted for compatibility"},
    {"mem-merge", PROP_BOOL, 0, "on", "accepted for compatibility"},
    {"dump-guest-core", PROP_BOOL, 0, "on", "accepted for compatibility"},
    {"highmem-ecam", PROP_BOOL, 0, "on", "accepted for compatibility"},
    {"highmem-mmio", PROP_BOOL, 0, "on", "accepted for compatibility"},
    {"highmem-redists", PROP_BOOL, 0, "on", "accepted for compatibility"},
    {"compact-highmem", PROP_BOOL, 0, "on", "accepted for compatibility"},
    {"dtb-randomness", PROP_BOOL, 0, "on", "accepted for compatibility"},
    {"dtb-kaslr-seed", PROP_BOOL, 0, "on", "accepted for compatibility"},
    {NULL, 0, 0, NULL, NULL},
};

static const char *option(const Virt *s, const char *name)
{
    return s->m->config.machine_opts ? g_hash_table_lookup(s->m->config.machine_opts, name) : NULL;
}

static bool parse_on(const char *name, const char *text, bool *on, char **error)
{
    if (!text || parse_bool(text, on)) {
        return true;
    }
    *error = g_strdup_printf("%s=%s: expected on or off", name, text);
    return false;
}

// What is not there must not be asked for.
static bool check_absent(const Virt *s, char **error)
{
    static const struct {
        const char *name, *what;
    } absent[] = {
        {"secure", "EL3 (the secure world) is not implemented"},
        {"virtualization", "EL2 (nested virtualization) is not implemented"},
        {"mte", "the memory tagging extension is not implemented"},
        {"ras", "error injection is not implemented"},
        {"its", "the GICv3 ITS is not implemented; MSIs need gic-version=2"},
    };
    for (size_t i = 0; i < ARRAY_LEN(absent); i++) {
        bool on = false;
        if (!parse_on(absent[i].name, option(s, absent[i].name), &on, error)) {
            return false;
        }
        if (on) {
            *error = g_strdup_printf("%s=on: %s", absent[i].name, absent[i].what);
            return false;
        }
    }
    const char *acpi = option(s, "acpi"), *iommu = option(s, "iommu");
    if (acpi && !strcmp(acpi, "on")) {
        *error = g_strdup("acpi=on: there are no ACPI tables; the device tree describes the board");
        return false;
    }
    if (iommu && strcmp(iommu, "none")) {
        *error = g_strdup_printf("iommu=%s: not implemented", iommu);
        return false;
    }
    return true;
}

static bool starts_in_flash(const Virt *s)
{
    const char *bios = s->m->config.bios;
    return (bios && strcmp(bios, "none")) || block_find_interface(s->m, "pflash", 0);
}

static bool parse_options(Virt *s, char **error)
{
    const char *gic = option(s, "gic-version");
    s->gic_version = 2;
    s->highmem = true;
    if (gic && (!strcmp(gic, "3") || !strcmp(gic, "max") || !strcmp(gic, "host"))) {
        s->gic_version = 3;
    } else if (gic && strcmp(gic, "2")) {
        *error = g_strdup_printf("gic-version=%s: expected 2, 3 or max", gic);
        return false;
    }
    bool ok = parse_on("highmem", option(s, "highmem"), &s->highmem, error);
    // Firmware of 32 bits finds PCIe's configuration below 4 GiB.
    s->high_ecam = s->highmem && !(s->a32 && starts_in_flash(s));
    return ok && check_absent(s, error);
}

static bool check_ram(const Virt *s, char **error)
{
    uint64_t size = s->m->config.ram_size;
    uint64_t max = s->highmem ? virt_map[VIRT_RAM].size : (UINT64_C(4) << 30) - 0x40000000;
    if (size == 0 || size > max || size % 4096) {
        *error =
            g_strdup_printf("-m %llu bytes: RAM has to be a multiple of 4 KiB, at most %llu GiB%s",
                            (unsigned long long)size, (unsigned long long)(max >> 30),
                            s->highmem ? "" : " with highmem=off");
        return false;
    }
    return true;
}

// --- wiring

static IrqLine spi(const Virt *s, unsigned n)
{
    return gic_spi(s->gic, n);
}

static IrqLine ppi(const Virt *s, unsigned cpu, unsigned n)
{
    return gic_ppi(s->gic, cpu, 16 + n);
}

static bool create_cpus(Virt *s, char **error)
{
    const MachineConfig *c = &s->m->config;
    for (unsigned i = 0; i < c->smp; i++) {
        VCPU *v = arm_cpu_create(s->m, c->cpu ? c->cpu : s->m->board->default_cpu, error);
        if (!v) {
            return false;
        }
        arm_cpu_set_psci(v, ARM_PSCI_HVC);
    }
    return true;
}

static void create_v2m(Virt *s)
{
    IrqLine lines[VIRT_V2M_SPIS];
    for (unsigned i = 0; i < VIRT_V2M_SPIS; i++) {
        lines[i] = spi(s, VIRT_SPI_V2M + i);
    }
    gicv2m_create(s->m, s->sysmem, virt_map[VIRT_GIC_V2M].base, VIRT_SPI_V2M, VIRT_V2M_SPIS, lines);
}

static void create_gic(Virt *s)
{
    GicConfig c = {
        .n_cpus = s->m->n_cpus,
        .n_spis = VIRT_SPIS,
        .sysmem = s->sysmem,
        .dist_base = virt_map[VIRT_GIC_DIST].base,
        .cpu_base = virt_map[s->gic_version == 2 ? VIRT_GIC_CPU : VIRT_GIC_REDIST].base,
    };
    for (unsigned i = 0; i < c.n_cpus; i++) {
        c.irq[i] = arm_cpu_input(s->m->cpu[i], ARM_INPUT_IRQ);
        c.fiq[i] = arm_cpu_input(s->m->cpu[i], ARM_INPUT_FIQ);
        c.affinity[i] = arm_cpu_mpidr(s->m->cpu[i]);
    }
    if (s->gic_version == 2) {
        s->gic = gicv2_create(s->m, &c);
        create_v2m(s);
        return;
    }
    s->gic = gicv3_create(s->m, &c);
    for (unsigned i = 0; i < c.n_cpus; i++) {
        arm_cpu_connect_gic(s->m->cpu[i], &gicv3_sysreg_ops, s->gic);
    }
}

static void connect_cpus(Virt *s)
{
    static const uint8_t timer_ppi[ARM_TIMERS] = {
        [ARM_TIMER_PHYS] = VIRT_PPI_TIMER_PHYS,
        [ARM_TIMER_VIRT] = VIRT_PPI_TIMER_VIRT,
        [ARM_TIMER_HYP] = VIRT_PPI_TIMER_HYP,
        [ARM_TIMER_SEC] = VIRT_PPI_TIMER_SEC,
    };
    for (unsigned cpu = 0; cpu < s->m->n_cpus; cpu++) {
        for (unsigned t = 0; t < ARM_TIMERS; t++) {
            arm_cpu_connect_timer(s->m->cpu[cpu], t, ppi(s, cpu, timer_ppi[t]));
        }
        arm_cpu_connect_pmu(s->m->cpu[cpu], ppi(s, cpu, VIRT_PPI_PMU));
    }
}

static void create_pcie(Virt *s)
{
    VirtRange ecam = virt_ecam(s);
    GpexConfig c = {
        .sysmem = s->sysmem,
        .ecam_base = ecam.base,
        .ecam_size = ecam.size,
        .mmio_base = virt_map[VIRT_PCIE_MMIO].base,
        .mmio_size = virt_map[VIRT_PCIE_MMIO].size,
        .pio_base = virt_map[VIRT_PCIE_PIO].base,
        .pio_size = virt_map[VIRT_PCIE_PIO].size,
    };
    if (s->highmem) {
        c.high_mmio_base = virt_map[VIRT_PCIE_HIGH_MMIO].base;
        c.high_mmio_size = virt_map[VIRT_PCIE_HIGH_MMIO].size;
    }
    for (unsigned i = 0; i < 4; i++) {
        c.intx[i] = spi(s, VIRT_SPI_PCIE + i);
    }
    gpex_create(s->m, &c);
}

static void create_devices(Virt *s)
{
    Machine *m = s->m;
    pl011_create(m, s->sysmem, virt_map[VIRT_UART].base, spi(s, VIRT_SPI_UART),
                 chardev_serial(m, 0));
    pl031_create(m, s->sysmem, virt_map[VIRT_RTC].base, spi(s, VIRT_SPI_RTC));
    Device *gpio = pl061_create(m, s->sysmem, virt_map[VIRT_GPIO].base, spi(s, VIRT_SPI_GPIO));
    powerdown_connect(m, pl061_input(gpio, VIRT_POWER_LINE));
    s->fw_cfg = fw_cfg_create(m, s->sysmem, virt_map[VIRT_FW_CFG].base);
    create_pcie(s);
    for (unsigned i = 0; i < VIRT_MMIO_SLOTS; i++) {
        virtio_mmio_create(m, s->sysmem, virt_map[VIRT_MMIO].base + i * virt_map[VIRT_MMIO].size,
                           spi(s, VIRT_SPI_MMIO + i));
    }
}

// --- board

static bool init(Machine *m, char **error)
{
    Virt *s = g_new0(Virt, 1);
    m->board_state = s;
    s->m = m;
    s->a32 = !strcmp(m->board->target, "arm");
    s->sysmem = address_space_root(m->memory);
    if (!parse_options(s, error) || !check_ram(s, error) || !create_cpus(s, error)) {
        return false;
    }
    mem_map(s->sysmem, virt_map[VIRT_RAM].base,
            machine_add_memory(m, mem_ram("mach-virt.ram", m->config.ram_size)), 0);
    create_gic(s);
    connect_cpus(s);
    create_devices(s);
    return true;
}

static bool finish(Machine *m, char **error)
{
    return virt_boot_finish(m->board_state, error);
}

static void reset(Machine *m)
{
    virt_boot_reset(m->board_state);
}

#define VIRT_BOARD                                                                                 \
    .name = "virt", .desc = "Arm virtual machine, the same as QEMU's",                             \
    .default_ram = UINT64_C(1) << 30, .max_cpus = MACHINE_MAX_CPUS, .is_default = true,            \
    .opts = opts, .init = init, .finish = finish, .reset = reset

static const BoardType virt_board = {VIRT_BOARD, .target = "aarch64", .default_cpu = "max",
                                     .rank = 1};
BOARD_TYPE(virt_board);
static const BoardType virt_board_arm = {VIRT_BOARD, .target = "arm", .default_cpu = "cortex-a15"};
BOARD_TYPE(virt_board_arm);
