// The virt board's device tree: nodes, names and properties of QEMU's, which kernels and firmware
// know.
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "hw/arm/virt_internal.h"
#include "target-arm/board.h"
#include "util/log.h"

enum { PHANDLE_CLOCK = 0x8000, PHANDLE_GIC, PHANDLE_MSI, PHANDLE_GPIO, PHANDLE_CPU0 };

enum { SPI_TYPE = 0, PPI_TYPE = 1, EDGE_RISING = 1, LEVEL_HIGH = 4 };

// --- writing

// libfdt fails only for want of room, which VIRT_FDT_MAX is ample for.
static void check(int r)
{
    if (r < 0) {
        die("device tree: %s", fdt_strerror(r));
    }
}

static void begin(void *fdt, const char *name)
{
    check(fdt_begin_node(fdt, name));
}

static void begin_at(void *fdt, const char *name, uint64_t addr)
{
    char full[64];
    snprintf(full, sizeof full, "%s@%llx", name, (unsigned long long)addr);
    begin(fdt, full);
}

static void end(void *fdt)
{
    check(fdt_end_node(fdt));
}

static void flag(void *fdt, const char *name)
{
    check(fdt_property(fdt, name, NULL, 0));
}

static void string(void *fdt, const char *name, const char *value)
{
    check(fdt_property_string(fdt, name, value));
}

// Several strings, written with \0 between them.
#define STRINGS(fdt, name, literal) check(fdt_property(fdt, name, literal, sizeof(literal)))

static void cell(void *fdt, const char *name, uint32_t value)
{
    check(fdt_property_u32(fdt, name, value));
}

static void cells(void *fdt, const char *name, const uint32_t *v, size_t n)
{
    uint32_t be[128];
    for (size_t i = 0; i < n; i++) {
        be[i] = cpu_to_fdt32(v[i]);
    }
    check(fdt_property(fdt, name, be, (int)(n * 4)));
}

#define CELLS(fdt, name, ...)                                                                      \
    do {                                                                                           \
        const uint32_t cells_[] = {__VA_ARGS__};                                                   \
        cells(fdt, name, cells_, ARRAY_LEN(cells_));                                               \
    } while (0)

#define HI(x)  ((uint32_t)((x) >> 32))
#define LO(x)  ((uint32_t)(x))
#define REG(r) HI((r).base), LO((r).base), HI((r).size), LO((r).size)

// --- CPUs

static void add_cpu_map(void *fdt, unsigned n)
{
    begin(fdt, "cpu-map");
    begin(fdt, "socket0");
    begin(fdt, "cluster0");
    for (unsigned i = 0; i < n; i++) {
        char name[16];
        snprintf(name, sizeof name, "core%u", i);
        begin(fdt, name);
        cell(fdt, "cpu", PHANDLE_CPU0 + i);
        end(fdt);
    }
    end(fdt);
    end(fdt);
    end(fdt);
}

static void add_cpus(const Virt *s, void *fdt)
{
    const Machine *m = s->m;
    begin(fdt, "cpus");
    cell(fdt, "#address-cells", 1);
    cell(fdt, "#size-cells", 0);
    add_cpu_map(fdt, m->n_cpus);
    for (unsigned i = 0; i < m->n_cpus; i++) {
        begin_at(fdt, "cpu", i);
        string(fdt, "device_type", "cpu");
        string(fdt, "compatible", arm_cpu_dt_compatible(m->cpu[i]));
        if (m->n_cpus > 1) {
            string(fdt, "enable-method", "psci");
        }
        cell(fdt, "reg", (uint32_t)(arm_cpu_mpidr(m->cpu[i]) & 0xffffff));
        cell(fdt, "phandle", PHANDLE_CPU0 + i);
        end(fdt);
    }
    end(fdt);
}

static void add_psci(const Virt *s, void *fdt)
{
    uint32_t fn = s->a32 ? 0x84000000 : 0xc4000000; // SMC32's functions, or SMC64's
    begin(fdt, "psci");
    STRINGS(fdt, "compatible", "arm,psci-1.0\0arm,psci-0.2\0arm,psci");
    string(fdt, "method", "hvc");
    cell(fdt, "cpu_suspend", fn | 1);
    cell(fdt, "cpu_off", 0x84000002);
    cell(fdt, "cpu_on", fn | 3);
    cell(fdt, "migrate", fn | 5);
    end(fdt);
}

// GICv2 wants to know which CPUs a private interrupt has.
static uint32_t ppi_flags(const Virt *s)
{
    return LEVEL_HIGH | (s->gic_version == 2 ? (uint32_t)mask64(s->m->n_cpus) << 8 : 0);
}

static void add_timer(const Virt *s, void *fdt)
{
    uint32_t f = ppi_flags(s);
    begin(fdt, "timer");
    bool v8 = arm_cpu_is_v8(s->m->cpu[0]);
    if (v8) {
        STRINGS(fdt, "compatible", "arm,armv8-timer\0arm,armv7-timer");
    } else {
        string(fdt, "compatible", "arm,armv7-timer");
    }
    flag(fdt, "always-on");
    CELLS(fdt, "interrupts", PPI_TYPE, VIRT_PPI_TIMER_SEC, f, PPI_TYPE, VIRT_PPI_TIMER_PHYS, f,
          PPI_TYPE, VIRT_PPI_TIMER_VIRT, f, PPI_TYPE, VIRT_PPI_TIMER_HYP, f);
    end(fdt);
    begin(fdt, "pmu");
    if (v8) {
        string(fdt, "compatible", "arm,armv8-pmuv3");
        CELLS(fdt, "interrupts", PPI_TYPE, VIRT_PPI_PMU, f);
    }
    end(fdt);
}

// --- interrupt controller

static void add_v2m(void *fdt)
{
    begin_at(fdt, "v2m", virt_map[VIRT_GIC_V2M].base);
    string(fdt, "compatible", "arm,gic-v2m-frame");
    flag(fdt, "msi-controller");
    CELLS(fdt, "reg", REG(virt_map[VIRT_GIC_V2M]));
    cell(fdt, "phandle", PHANDLE_MSI);
    end(fdt);
}

static void add_gic(const Virt *s, void *fdt)
{
    bool v2 = s->gic_version == 2;
    VirtRange second = virt_map[v2 ? VIRT_GIC_CPU : VIRT_GIC_REDIST];
    begin_at(fdt, "intc", virt_map[VIRT_GIC_DIST].base);
    string(fdt, "compatible", v2 ? "arm,cortex-a15-gic" : "arm,gic-v3");
    cell(fdt, "#interrupt-cells", 3);
    flag(fdt, "interrupt-controller");
    cell(fdt, "#address-cells", 2);
    cell(fdt, "#size-cells", 2);
    flag(fdt, "ranges");
    if (!v2) {
        cell(fdt, "#redistributor-regions", 1);
    }
    CELLS(fdt, "reg", REG(virt_map[VIRT_GIC_DIST]), REG(second));
    cell(fdt, "phandle", PHANDLE_GIC);
    if (v2) {
        add_v2m(fdt);
    }
    end(fdt);
}

// --- devices

static void add_clock(void *fdt)
{
    begin(fdt, "apb-pclk");
    string(fdt, "compatible", "fixed-clock");
    cell(fdt, "#clock-cells", 0);
    cell(fdt, "clock-frequency", 24000000);
    string(fdt, "clock-output-names", "clk24mhz");
    cell(fdt, "phandle", PHANDLE_CLOCK);
    end(fdt);
}

static void add_memory(const Virt *s, void *fdt)
{
    VirtRange ram = {virt_map[VIRT_RAM].base, s->m->config.ram_size};
    begin_at(fdt, "memory", ram.base);
    string(fdt, "device_type", "memory");
    CELLS(fdt, "reg", REG(ram));
    end(fdt);
}

static void add_flash(void *fdt)
{
    begin_at(fdt, "flash", virt_map[VIRT_FLASH].base);
    string(fdt, "compatible", "cfi-flash");
    CELLS(fdt, "reg", 0, 0, 0, LO(VIRT_FLASH_BANK), 0, LO(VIRT_FLASH_BANK), 0, LO(VIRT_FLASH_BANK));
    cell(fdt, "bank-width", 4);
    end(fdt);
}

static void add_uart(void *fdt)
{
    begin_at(fdt, "pl011", virt_map[VIRT_UART].base);
    STRINGS(fdt, "compatible", "arm,pl011\0arm,primecell");
    CELLS(fdt, "reg", REG(virt_map[VIRT_UART]));
    CELLS(fdt, "interrupts", SPI_TYPE, VIRT_SPI_UART, LEVEL_HIGH);
    CELLS(fdt, "clocks", PHANDLE_CLOCK, PHANDLE_CLOCK);
    STRINGS(fdt, "clock-names", "uartclk\0apb_pclk");
    end(fdt);
}

static void add_rtc(void *fdt)
{
    begin_at(fdt, "pl031", virt_map[VIRT_RTC].base);
    STRINGS(fdt, "compatible", "arm,pl031\0arm,primecell");
    CELLS(fdt, "reg", REG(virt_map[VIRT_RTC]));
    CELLS(fdt, "interrupts", SPI_TYPE, VIRT_SPI_RTC, LEVEL_HIGH);
    cell(fdt, "clocks", PHANDLE_CLOCK);
    string(fdt, "clock-names", "apb_pclk");
    end(fdt);
}

static void add_fw_cfg(void *fdt)
{
    begin_at(fdt, "fw-cfg", virt_map[VIRT_FW_CFG].base);
    string(fdt, "compatible", "qemu,fw-cfg-mmio");
    CELLS(fdt, "reg", REG(virt_map[VIRT_FW_CFG]));
    flag(fdt, "dma-coherent");
    end(fdt);
}

static void add_gpio(void *fdt)
{
    begin_at(fdt, "pl061", virt_map[VIRT_GPIO].base);
    STRINGS(fdt, "compatible", "arm,pl061\0arm,primecell");
    CELLS(fdt, "reg", REG(virt_map[VIRT_GPIO]));
    cell(fdt, "#gpio-cells", 2);
    flag(fdt, "gpio-controller");
    CELLS(fdt, "interrupts", SPI_TYPE, VIRT_SPI_GPIO, LEVEL_HIGH);
    cell(fdt, "clocks", PHANDLE_CLOCK);
    string(fdt, "clock-names", "apb_pclk");
    cell(fdt, "phandle", PHANDLE_GPIO);
    end(fdt);
    begin(fdt, "gpio-keys");
    string(fdt, "compatible", "gpio-keys");
    begin(fdt, "poweroff");
    string(fdt, "label", "GPIO Key Poweroff");
    cell(fdt, "linux,code", 116); // KEY_POWER
    CELLS(fdt, "gpios", PHANDLE_GPIO, VIRT_POWER_LINE, 0);
    end(fdt);
    end(fdt);
}

static void add_virtio(void *fdt)
{
    for (unsigned i = 0; i < VIRT_MMIO_SLOTS; i++) {
        VirtRange r = virt_map[VIRT_MMIO];
        r.base += i * r.size;
        begin_at(fdt, "virtio_mmio", r.base);
        string(fdt, "compatible", "virtio,mmio");
        CELLS(fdt, "reg", REG(r));
        CELLS(fdt, "interrupts", SPI_TYPE, VIRT_SPI_MMIO + i, EDGE_RISING);
        flag(fdt, "dma-coherent");
        end(fdt);
    }
}

// --- PCIe

// Slot s, pin p (from 0) reaches interrupt (s + p) % 4; the mask leaves two bits of the slot.
static void add_interrupt_map(void *fdt)
{
    uint32_t map[4 * 4 * 10], *p = map, be[ARRAY_LEN(map)];
    for (unsigned slot = 0; slot < 4; slot++) {
        for (unsigned pin = 0; pin < 4; pin++) {
            const uint32_t row[10] = {slot << 11, 0,           0,
                                      pin + 1,    PHANDLE_GIC, 0,
                                      0,          SPI_TYPE,    VIRT_SPI_PCIE + (slot + pin) % 4,
                                      LEVEL_HIGH};
            memcpy(p, row, sizeof row);
            p += 10;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(map); i++) {
        be[i] = cpu_to_fdt32(map[i]);
    }
    check(fdt_property(fdt, "interrupt-map", be, sizeof be));
    CELLS(fdt, "interrupt-map-mask", 0x1800, 0, 0, 7);
}

// First cell of a range: I/O, 32-bit memory, 64-bit memory.
enum { PCI_IO = 0x01000000, PCI_MEM32 = 0x02000000, PCI_MEM64 = 0x03000000 };

static void add_ranges(const Virt *s, void *fdt)
{
    VirtRange pio = virt_map[VIRT_PCIE_PIO], mmio = virt_map[VIRT_PCIE_MMIO];
    VirtRange high = virt_map[VIRT_PCIE_HIGH_MMIO];
    const uint32_t v[] = {
        PCI_IO,
        0,
        0,
        HI(pio.base),
        LO(pio.base),
        HI(pio.size),
        LO(pio.size),
        PCI_MEM32,
        HI(mmio.base),
        LO(mmio.base),
        HI(mmio.base),
        LO(mmio.base),
        HI(mmio.size),
        LO(mmio.size),
        PCI_MEM64,
        HI(high.base),
        LO(high.base),
        HI(high.base),
        LO(high.base),
        HI(high.size),
        LO(high.size),
    };
    cells(fdt, "ranges", v, s->highmem ? 21 : 14);
}

static void add_pcie(const Virt *s, void *fdt)
{
    VirtRange ecam = virt_ecam(s);
    begin_at(fdt, "pcie", virt_map[VIRT_PCIE_MMIO].base);
    string(fdt, "compatible", "pci-host-ecam-generic");
    string(fdt, "device_type", "pci");
    cell(fdt, "#address-cells", 3);
    cell(fdt, "#size-cells", 2);
    cell(fdt, "linux,pci-domain", 0);
    CELLS(fdt, "bus-range", 0, (uint32_t)(ecam.size >> 20) - 1);
    flag(fdt, "dma-coherent");
    if (s->gic_version == 2) {
        CELLS(fdt, "msi-map", 0, PHANDLE_MSI, 0, 0x10000);
    }
    CELLS(fdt, "reg", REG(ecam));
    add_ranges(s, fdt);
    cell(fdt, "#interrupt-cells", 1);
    add_interrupt_map(fdt);
    end(fdt);
}

// --- chosen, root

// The seeds are constants: two runs of the same machine have to be the same.
static void add_chosen(void *fdt)
{
    char path[32];
    snprintf(path, sizeof path, "/pl011@%llx", (unsigned long long)virt_map[VIRT_UART].base);
    begin(fdt, "chosen");
    string(fdt, "stdout-path", path);
    CELLS(fdt, "rng-seed", 0x4d696d75, 0x73207669, 0x72742062, 0x6f617264, 0x1f83d9ab, 0x5be0cd19,
          0x3c6ef372, 0xa54ff53a);
    CELLS(fdt, "kaslr-seed", 0x510e527f, 0x9b05688c);
    end(fdt);
}

uint8_t *virt_make_fdt(const Virt *s)
{
    uint8_t *fdt = g_malloc0(VIRT_FDT_MAX);
    check(fdt_create(fdt, VIRT_FDT_MAX / 2));
    check(fdt_finish_reservemap(fdt));
    begin(fdt, "");
    string(fdt, "compatible", "linux,dummy-virt");
    string(fdt, "model", "linux,dummy-virt");
    cell(fdt, "#address-cells", 2);
    cell(fdt, "#size-cells", 2);
    cell(fdt, "interrupt-parent", PHANDLE_GIC);
    add_chosen(fdt);
    add_clock(fdt);
    add_timer(s, fdt);
    add_cpus(s, fdt);
    add_flash(fdt);
    add_gic(s, fdt);
    add_uart(fdt);
    add_rtc(fdt);
    add_pcie(s, fdt);
    add_gpio(fdt);
    add_virtio(fdt);
    add_fw_cfg(fdt);
    add_memory(s, fdt);
    add_psci(s, fdt);
    end(fdt);
    check(fdt_finish(fdt));
    check(fdt_open_into(fdt, fdt, VIRT_FDT_MAX));
    return fdt;
}

static int find_or_add(void *fdt, const char *name)
{
    int node = fdt_subnode_offset(fdt, 0, name);
    return node == -FDT_ERR_NOTFOUND ? fdt_add_subnode(fdt, 0, name) : node;
}

static bool has_cells(const void *fdt, int addr, int size)
{
    return fdt_address_cells(fdt, 0) == addr && fdt_size_cells(fdt, 0) == size;
}

static int find_memory(const void *fdt)
{
    return fdt_node_offset_by_prop_value(fdt, -1, "device_type", "memory", sizeof "memory");
}

// A user's own tree gets this machine's RAM in place of its memory nodes.
static int set_memory(const Virt *s, void *fdt)
{
    int node;
    if (!has_cells(fdt, 2, 2)) {
        return 0;
    }
    while ((node = find_memory(fdt)) >= 0) {
        int r = fdt_del_node(fdt, node);
        if (r < 0) {
            return r;
        }
    }
    VirtRange ram = {virt_map[VIRT_RAM].base, s->m->config.ram_size};
    const fdt64_t reg[2] = {cpu_to_fdt64(ram.base), cpu_to_fdt64(ram.size)};
    node = fdt_add_subnode(fdt, 0, "memory@40000000");
    int r = node < 0 ? node : fdt_setprop_string(fdt, node, "device_type", "memory");
    return r < 0 ? r : fdt_setprop(fdt, node, "reg", reg, sizeof reg);
}

bool virt_fdt_set_boot(const Virt *s, void *fdt, const char *bootargs, const LoadImage *initrd,
                       char **error)
{
    int memory = s->m->config.dtb ? set_memory(s, fdt) : 0;
    int chosen = find_or_add(fdt, "chosen");
    int r = memory < 0 ? memory : chosen;
    if (r >= 0 && bootargs) {
        r = fdt_setprop_string(fdt, chosen, "bootargs", bootargs);
    }
    if (r >= 0 && initrd) {
        r = fdt_setprop_u64(fdt, chosen, "linux,initrd-start", initrd->low);
    }
    if (r >= 0 && initrd) {
        r = fdt_setprop_u64(fdt, chosen, "linux,initrd-end", initrd->high);
    }
    if (r < 0) {
        *error = g_strdup_printf("device tree: cannot set boot arguments: %s", fdt_strerror(r));
    }
    return r >= 0;
}
