// The PC's ACPI tables (ACPI 6.4, chapter 5) but for the DSDT, which is in pc_dsdt.c.
#include <string.h>

#include "hw/acpi/pm.h"
#include "hw/acpi/tables.h"
#include "hw/i386/acpitable.h"
#include "hw/i386/pc_internal.h"
#include "hw/intc/apic.h"
#include "hw/intc/ioapic.h"
#include "hw/rtc/mc146818.h"
#include "hw/timer/hpet.h"

enum { SPACE_MEMORY = 0, SPACE_IO = 1 };

// FADT flags (table 5.10).
enum {
    FADT_WBINVD = 1 << 0,
    FADT_PROC_C1 = 1 << 2,
    FADT_NO_SLEEP_BUTTON = 1 << 5,
    FADT_RTC_S4 = 1 << 7,
    FADT_RESET_REG = 1 << 10,
};
enum { BOOT_LEGACY_DEVICES = 1, BOOT_8042 = 2 };

#define RESET_PORT  0xcf9
#define RESET_VALUE 0x0f

static guint put_facs(AcpiTables *t)
{
    acpi_align(t, 64);
    guint at = t->data->len;
    acpi_put_bytes(t, "FACS", 4);
    acpi_put(t, 64, 4);
    for (unsigned i = 8; i < 64; i++) {
        acpi_put(t, i == 32 ? 1 : 0, 1); // version at 32
    }
    return at;
}

static guint put_dsdt(const Pc *s, AcpiTables *t)
{
    GByteArray *aml = pc_dsdt(s);
    guint at = acpi_table_begin(t, "DSDT", 2);
    acpi_put_bytes(t, aml->data, aml->len);
    acpi_table_end(t, at);
    g_byte_array_free(aml, TRUE);
    return at;
}

typedef struct PmPorts {
    uint16_t base, gpe;
    uint8_t gpe_len, enable, disable;
} PmPorts;

static PmPorts pm_ports(const Pc *s)
{
    uint16_t base = s->chipset->pm_base(s);
    if (s->chipset->q35) {
        return (PmPorts){base, base + ICH9_GPE0_OFFSET, 16, ACPI_ENABLE_ICH9, ACPI_DISABLE_ICH9};
    }
    return (PmPorts){base, PIIX4_GPE0, 4, ACPI_ENABLE_PIIX4, ACPI_DISABLE_PIIX4};
}

// The blocks again, as addresses of the newer form.
static void put_fadt_extended(AcpiTables *t, const PmPorts *p, guint facs, guint dsdt)
{
    acpi_put_address(t, SPACE_IO, 8, 0, RESET_PORT);
    acpi_put(t, RESET_VALUE, 1);
    acpi_put(t, 0, 3);
    (void)facs; // the 32-bit address says it; both would have to be equal
    acpi_put(t, 0, 8);
    acpi_put_link(t, 8, dsdt);
    acpi_put_address(t, SPACE_IO, 32, 0, p->base);
    acpi_put_address(t, 0, 0, 0, 0);
    acpi_put_address(t, SPACE_IO, 16, 0, p->base + 4);
    acpi_put_address(t, 0, 0, 0, 0);
    acpi_put_address(t, 0, 0, 0, 0);
    acpi_put_address(t, SPACE_IO, 32, 0, p->base + 8);
    acpi_put_address(t, SPACE_IO, p->gpe_len * 8, 0, p->gpe);
    acpi_put_address(t, 0, 0, 0, 0);
}

static guint put_fadt(const Pc *s, AcpiTables *t, guint facs, guint dsdt)
{
    PmPorts p = pm_ports(s);
    guint at = acpi_table_begin(t, "FACP", 3);
    acpi_put_link(t, 4, facs);
    acpi_put_link(t, 4, dsdt);
    acpi_put(t, 1, 1); // 8259s, as ACPI 1.0 said
    acpi_put(t, 0, 1); // preferred profile: unspecified
    acpi_put(t, PC_SCI, 2);
    acpi_put(t, ACPI_SMI_CMD, 4);
    acpi_put(t, p.enable, 1);
    acpi_put(t, p.disable, 1);
    acpi_put(t, 0, 2); // S4BIOS_REQ, PSTATE_CNT
    acpi_put(t, p.base, 4);
    acpi_put(t, 0, 4);
    acpi_put(t, p.base + 4, 4);
    acpi_put(t, 0, 4);
    acpi_put(t, 0, 4);
    acpi_put(t, p.base + 8, 4);
    acpi_put(t, p.gpe, 4);
    acpi_put(t, 0, 4);
    acpi_put(t, 4, 1); // lengths: PM1 events, PM1 control, PM2, timer, GPE0, GPE1
    acpi_put(t, 2, 1);
    acpi_put(t, 0, 1);
    acpi_put(t, 4, 1);
    acpi_put(t, p.gpe_len, 1);
    acpi_put(t, 0, 1);
    acpi_put(t, 0, 2);     // GPE1_BASE, CST_CNT
    acpi_put(t, 0xfff, 2); // no C2
    acpi_put(t, 0xfff, 2); // no C3
    acpi_put(t, 0, 8);     // flush size and stride, duty cycle, alarms
    acpi_put(t, RTC_CENTURY, 1);
    acpi_put(t, BOOT_LEGACY_DEVICES | (s->i8042_on ? BOOT_8042 : 0), 2);
    acpi_put(t, 0, 1);
    acpi_put(t, FADT_WBINVD | FADT_PROC_C1 | FADT_NO_SLEEP_BUTTON | FADT_RTC_S4 | FADT_RESET_REG,
             4);
    put_fadt_extended(t, &p, facs, dsdt);
    acpi_table_end(t, at);
    return at;
}

// --- MADT

static void put_override(AcpiTables *t, uint8_t irq, uint32_t gsi, uint16_t flags)
{
    acpi_put(t, 2, 1);
    acpi_put(t, 10, 1);
    acpi_put(t, 0, 1); // ISA
    acpi_put(t, irq, 1);
    acpi_put(t, gsi, 4);
    acpi_put(t, flags, 2);
}

static void put_lapic(AcpiTables *t, unsigned cpu)
{
    acpi_put(t, 0, 1);
    acpi_put(t, 8, 1);
    acpi_put(t, cpu, 1);
    acpi_put(t, cpu, 1);
    acpi_put(t, 1, 4); // enabled
}

static void put_ioapic(AcpiTables *t)
{
    acpi_put(t, 1, 1);
    acpi_put(t, 12, 1);
    acpi_put(t, 0, 2); // id, reserved
    acpi_put(t, IOAPIC_ADDRESS, 4);
    acpi_put(t, 0, 4);
}

static guint put_madt(const Pc *s, AcpiTables *t)
{
    static const uint8_t pci_irqs[] = {5, 9, 10, 11};
    const uint16_t level_high = 0xd;
    guint at = acpi_table_begin(t, "APIC", 1);
    acpi_put(t, APIC_ADDRESS, 4);
    acpi_put(t, 1, 4); // there are 8259s too
    for (unsigned i = 0; i < s->m->n_cpus; i++) {
        put_lapic(t, i);
    }
    put_ioapic(t);
    put_override(t, 0, 2, 0);
    for (size_t i = 0; i < ARRAY_LEN(pci_irqs); i++) {
        put_override(t, pci_irqs[i], pci_irqs[i], level_high);
    }
    acpi_put(t, 4, 1); // NMI on LINT1 of all
    acpi_put(t, 6, 1);
    acpi_put(t, 0xff, 1);
    acpi_put(t, 0, 2);
    acpi_put(t, 1, 1);
    acpi_table_end(t, at);
    return at;
}

// --- small ones

static guint put_hpet(AcpiTables *t)
{
    guint at = acpi_table_begin(t, "HPET", 1);
    acpi_put(t, HPET_BLOCK_ID, 4);
    acpi_put_address(t, SPACE_MEMORY, 0, 0, HPET_ADDRESS);
    acpi_put(t, 0, 1);
    acpi_put(t, 0, 2);
    acpi_put(t, 0, 1);
    acpi_table_end(t, at);
    return at;
}

static guint put_mcfg(AcpiTables *t)
{
    guint at = acpi_table_begin(t, "MCFG", 1);
    acpi_put(t, 0, 8);
    acpi_put(t, PC_ECAM, 8);
    acpi_put(t, 0, 2);
    acpi_put(t, 0, 1);
    acpi_put(t, (PC_ECAM_SIZE >> 20) - 1, 1);
    acpi_put(t, 0, 4);
    acpi_table_end(t, at);
    return at;
}

// Windows ACPI emulated devices: the PM timer needs one read only.
static guint put_waet(AcpiTables *t)
{
    guint at = acpi_table_begin(t, "WAET", 1);
    acpi_put(t, 2, 4);
    acpi_table_end(t, at);
    return at;
}

void pc_acpi_build(Pc *s, AcpiTables *t)
{
    guint table[8 + ACPITABLE_MAX];
    unsigned n = 0;
    guint facs = put_facs(t), dsdt = put_dsdt(s, t);
    table[n++] = put_fadt(s, t, facs, dsdt);
    table[n++] = put_madt(s, t);
    if (s->hpet_on) {
        table[n++] = put_hpet(t);
    }
    if (s->chipset->q35) {
        table[n++] = put_mcfg(t);
    }
    table[n++] = put_waet(t);
    n += acpitable_put(s->m, t, table + n);
    acpi_tables_root(t, table, n);
}
