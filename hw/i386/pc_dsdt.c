// The PC's DSDT: the devices that cannot be found by asking the hardware.
//
//   \_SB.PCI0       the root bridge: windows (_CRS) and interrupts (_PRT)
//       .ISA        the PCI-to-ISA bridge; its registers route the links
//            .RTC .KBD .MOU .FDC0 .COM1-4 .LPT1
//       .FWCF       fw_cfg
//   \_SB.LNKA-H     PCI interrupt links: which ISA line (8259, and I/O APIC pins below 16)
//       .HPET .C000... (CPUs)
#include <stdio.h>

#include "chardev/chardev.h"
#include "hw/acpi/aml.h"
#include "hw/i386/pc_internal.h"
#include "hw/timer/hpet.h"

#define ISA_PATH "\\_SB_.PCI0.ISA_"

static void eisa(Aml *a, const char *name, const char *id)
{
    aml_name(a, name);
    aml_eisaid(a, id);
}

static void name_int(Aml *a, const char *name, uint64_t value)
{
    aml_name(a, name);
    aml_int(a, value);
}

// Method (NAME) { Return (value) }
static void method_int(Aml *a, const char *name, uint64_t value)
{
    aml_method(a, name, 0, false);
    aml_op(a, AML_RETURN);
    aml_int(a, value);
    aml_end(a);
}

// --- interrupt links

// Where link n has its register among the bridge's fields.
static void link_register(Aml *a, unsigned n)
{
    char path[32];
    snprintf(path, sizeof path, ISA_PATH ".PRQ%u", n);
    aml_ref(a, path);
}

static void link_sta(Aml *a, unsigned n)
{
    aml_method(a, "_STA", 0, false);
    aml_if(a);
    aml_op(a, AML_AND);
    link_register(a, n);
    aml_int(a, 0x80);
    aml_none(a);
    aml_op(a, AML_RETURN);
    aml_int(a, 0x9);
    aml_end(a);
    aml_op(a, AML_RETURN);
    aml_int(a, 0xb);
    aml_end(a);
}

static void interrupt_field(Aml *a)
{
    aml_int(a, 5); // offset of the number in the descriptor
    aml_ref(a, "PRRI");
}

static void link_crs(Aml *a, unsigned n)
{
    const uint32_t none = 0;
    aml_method(a, "_CRS", 0, true);
    aml_name(a, "PRR0");
    aml_resources(a);
    aml_interrupts(a, &none, 1);
    aml_end(a);
    aml_op(a, AML_CREATE_DWORD_FIELD);
    aml_ref(a, "PRR0");
    interrupt_field(a);
    aml_if(a);
    aml_op(a, AML_LLESS);
    link_register(a, n);
    aml_int(a, 0x80);
    aml_op(a, AML_STORE);
    link_register(a, n);
    aml_ref(a, "PRRI");
    aml_end(a);
    aml_op(a, AML_RETURN);
    aml_ref(a, "PRR0");
    aml_end(a);
}

static void link_srs(Aml *a, unsigned n)
{
    aml_method(a, "_SRS", 1, true);
    aml_op(a, AML_CREATE_DWORD_FIELD);
    aml_arg(a, 0);
    interrupt_field(a);
    aml_op(a, AML_STORE);
    aml_ref(a, "PRRI");
    link_register(a, n);
    aml_end(a);
}

static void link_dis(Aml *a, unsigned n)
{
    aml_method(a, "_DIS", 0, false);
    aml_op(a, AML_OR);
    link_register(a, n);
    aml_int(a, 0x80);
    link_register(a, n);
    aml_end(a);
}

static void put_link(Aml *a, unsigned n)
{
    static const uint32_t choice[] = {5, 10, 11};
    const char name[] = {'L', 'N', 'K', (char)('A' + n), '\0'};
    aml_device(a, name);
    eisa(a, "_HID", "PNP0C0F");
    name_int(a, "_UID", n + 1);
    aml_name(a, "_PRS");
    aml_resources(a);
    aml_interrupts(a, choice, ARRAY_LEN(choice));
    aml_end(a);
    link_sta(a, n);
    link_crs(a, n);
    link_srs(a, n);
    link_dis(a, n);
    aml_end(a);
}

// The SCI is wired to its line: a link without a choice.
static void put_sci_link(Aml *a)
{
    static const uint32_t sci = PC_SCI;
    aml_device(a, "LNKS");
    eisa(a, "_HID", "PNP0C0F");
    name_int(a, "_UID", 9);
    aml_name(a, "_PRS");
    aml_resources(a);
    aml_interrupts(a, &sci, 1);
    aml_end(a);
    aml_name(a, "_CRS");
    aml_resources(a);
    aml_interrupts(a, &sci, 1);
    aml_end(a);
    method_int(a, "_STA", 0xb);
    aml_method(a, "_SRS", 1, false);
    aml_end(a);
    aml_method(a, "_DIS", 0, false);
    aml_end(a);
    aml_end(a);
}

// --- _PRT

typedef enum RouteKind { ROUTE_LINKS, ROUTE_GSIS } RouteKind;

static void put_route(Aml *a, const Pc *s, unsigned slot, unsigned pin, RouteKind kind)
{
    unsigned pirq = s->chipset->pirq(slot, pin);
    const char link[] = {'L', 'N', 'K', (char)('A' + pirq), '\0'};
    bool sci = !s->chipset->q35 && slot == 1 && pin == 0;
    aml_package(a, 4);
    aml_int(a, (uint64_t)slot << 16 | 0xffff);
    aml_int(a, pin);
    if (kind == ROUTE_LINKS) {
        aml_ref(a, sci ? "LNKS" : link);
        aml_int(a, 0);
    } else {
        aml_int(a, 0);
        aml_int(a, 16 + pirq);
    }
    aml_end(a);
}

static void put_routes(Aml *a, const Pc *s, RouteKind kind)
{
    aml_package(a, PCI_SLOTS * 4);
    for (unsigned slot = 0; slot < PCI_SLOTS; slot++) {
        for (unsigned pin = 0; pin < 4; pin++) {
            put_route(a, s, slot, pin, kind);
        }
    }
    aml_end(a);
}

static void put_prt(Aml *a, const Pc *s)
{
    if (!s->chipset->q35) {
        aml_name(a, "_PRT");
        put_routes(a, s, ROUTE_LINKS);
        return;
    }
    aml_name(a, "PRTP");
    put_routes(a, s, ROUTE_LINKS);
    aml_name(a, "PRTA");
    put_routes(a, s, ROUTE_GSIS);
    aml_method(a, "_PRT", 0, false);
    aml_if(a);
    aml_ref(a, "\\PICF");
    aml_op(a, AML_RETURN);
    aml_ref(a, "PRTA");
    aml_end(a);
    aml_op(a, AML_RETURN);
    aml_ref(a, "PRTP");
    aml_end(a);
}

// --- the root bridge

static void put_crs(Aml *a, const Pc *s)
{
    uint64_t start = pc_hole_start(s);
    aml_name(a, "_CRS");
    aml_resources(a);
    aml_bus_numbers(a, 0, 0xff);
    aml_io(a, 0xcf8, 0xcf8, 1, 8);
    aml_window_io(a, 0, 0xcf7);
    aml_window_io(a, 0xd00, 0xffff);
    aml_window_memory32(a, 0xa0000, 0xbffff, true);
    if (s->chipset->q35 && start < PC_ECAM) {
        aml_window_memory32(a, (uint32_t)start, PC_ECAM - 1, false);
    }
    if (s->chipset->q35) {
        start = PC_ECAM + PC_ECAM_SIZE;
    }
    aml_window_memory32(a, (uint32_t)start, PC_HOLE_END - 1, false);
    aml_window_memory64(a, pc_high_hole_start(s), PC_HIGH_HOLE_END, true);
    aml_end(a);
}

// The system may take over native PCIe features but hot plug (PCI Firmware Specification, 4.5.1).
static void put_osc(Aml *a)
{
    aml_method(a, "_OSC", 4, true);
    aml_op(a, AML_CREATE_DWORD_FIELD);
    aml_arg(a, 3);
    aml_int(a, 0);
    aml_ref(a, "CDW1");
    aml_if(a);
    aml_op(a, AML_LEQUAL);
    aml_arg(a, 0);
    aml_uuid(a, "33DB4D5B-1FF7-401C-9657-7441C03DD766");
    aml_op(a, AML_CREATE_DWORD_FIELD);
    aml_arg(a, 3);
    aml_int(a, 8);
    aml_ref(a, "CDW3");
    aml_op(a, AML_AND);
    aml_ref(a, "CDW3");
    aml_int(a, 0x1c);
    aml_ref(a, "CDW3");
    aml_end(a);
    aml_else(a);
    aml_op(a, AML_OR);
    aml_ref(a, "CDW1");
    aml_int(a, 4); // unrecognized UUID
    aml_ref(a, "CDW1");
    aml_end(a);
    aml_op(a, AML_RETURN);
    aml_arg(a, 3);
    aml_end(a);
}

// --- ISA devices

static void isa_device(Aml *a, const char *name, const char *hid, unsigned uid)
{
    aml_device(a, name);
    eisa(a, "_HID", hid);
    name_int(a, "_UID", uid);
    name_int(a, "_STA", 0xf);
    aml_name(a, "_CRS");
    aml_resources(a);
}

static void end_isa_device(Aml *a)
{
    aml_end(a);
    aml_end(a);
}

static void put_ports(Aml *a, const Pc *s)
{
    static const uint16_t base[] = {0x3f8, 0x2f8, 0x3e8, 0x2e8};
    static const uint8_t irq[] = {4, 3, 4, 3};
    for (unsigned n = 0; n < 4; n++) {
        if (n && !chardev_serial(s->m, n)) {
            continue;
        }
        const char name[] = {'C', 'O', 'M', (char)('1' + n), '\0'};
        isa_device(a, name, "PNP0501", n + 1);
        aml_io(a, base[n], base[n], 0, 8);
        aml_irq(a, irq[n]);
        end_isa_device(a);
    }
    if (s->parallel) {
        isa_device(a, "LPT1", "PNP0400", 1);
        aml_io(a, 0x378, 0x378, 8, 8);
        aml_irq(a, 7);
        end_isa_device(a);
    }
}

static void put_isa_devices(Aml *a, const Pc *s)
{
    isa_device(a, "RTC_", "PNP0B00", 0);
    aml_io(a, 0x70, 0x70, 1, 8);
    aml_irq(a, 8);
    end_isa_device(a);
    if (s->i8042_on) {
        isa_device(a, "KBD_", "PNP0303", 0);
        aml_io(a, 0x60, 0x60, 1, 1);
        aml_io(a, 0x64, 0x64, 1, 1);
        aml_irq(a, 1);
        end_isa_device(a);
        isa_device(a, "MOU_", "PNP0F13", 0);
        aml_irq(a, 12);
        end_isa_device(a);
    }
    if (s->fdc) {
        isa_device(a, "FDC0", "PNP0700", 0);
        aml_io(a, 0x3f2, 0x3f2, 0, 4);
        aml_io(a, 0x3f7, 0x3f7, 0, 1);
        aml_irq(a, 6);
        aml_dma(a, 2);
        end_isa_device(a);
    }
    put_ports(a, s);
}

// PIRQ routing registers: 60h-63h, on ICH9 also 68h-6bh.
static void put_isa(Aml *a, const Pc *s)
{
    unsigned links = s->chipset->q35 ? 8 : 4;
    char name[8];
    aml_device(a, "ISA_");
    name_int(a, "_ADR", s->chipset->q35 ? 0x1f0000 : 0x10000);
    aml_region(a, "PIRQ", AML_SPACE_PCI, 0x60, 0x0c);
    aml_field(a, "PIRQ", AML_ACCESS_BYTE);
    for (unsigned n = 0; n < links; n++) {
        if (n == 4) {
            aml_field_skip(a, 32);
        }
        snprintf(name, sizeof name, "PRQ%u", n);
        aml_field_unit(a, name, 8);
    }
    aml_end(a);
    put_isa_devices(a, s);
    aml_end(a);
}

static void put_fw_cfg(Aml *a)
{
    aml_device(a, "FWCF");
    aml_name(a, "_HID");
    aml_string(a, "QEMU0002");
    name_int(a, "_STA", 0xb);
    aml_name(a, "_CRS");
    aml_resources(a);
    aml_io(a, PC_FW_CFG, PC_FW_CFG, 1, 12);
    end_isa_device(a);
}

static void put_pci(Aml *a, const Pc *s)
{
    aml_device(a, "PCI0");
    if (s->chipset->q35) {
        eisa(a, "_HID", "PNP0A08");
        eisa(a, "_CID", "PNP0A03");
    } else {
        eisa(a, "_HID", "PNP0A03");
    }
    name_int(a, "_UID", 0);
    put_crs(a, s);
    put_prt(a, s);
    if (s->chipset->q35) {
        put_osc(a);
    }
    put_isa(a, s);
    put_fw_cfg(a);
    aml_end(a);
}

// --- the rest of \_SB

static void put_hpet(Aml *a)
{
    aml_device(a, "HPET");
    eisa(a, "_HID", "PNP0103");
    name_int(a, "_UID", 0);
    name_int(a, "_STA", 0xf);
    aml_name(a, "_CRS");
    aml_resources(a);
    aml_memory32(a, HPET_ADDRESS, 0x400);
    end_isa_device(a);
}

// The configuration window is taken: a system uses it only if something says so.
static void put_ecam(Aml *a)
{
    aml_device(a, "DRAC");
    eisa(a, "_HID", "PNP0C01");
    aml_name(a, "_CRS");
    aml_resources(a);
    aml_memory32(a, PC_ECAM, PC_ECAM_SIZE);
    end_isa_device(a);
}

static void put_cpus(Aml *a, const Pc *s)
{
    char name[16];
    for (unsigned i = 0; i < s->m->n_cpus; i++) {
        snprintf(name, sizeof name, "C%03X", i);
        aml_device(a, name);
        aml_name(a, "_HID");
        aml_string(a, "ACPI0007");
        name_int(a, "_UID", i);
        aml_end(a);
    }
}

static void put_pic_method(Aml *a)
{
    name_int(a, "PICF", 0);
    aml_method(a, "_PIC", 1, false);
    aml_op(a, AML_STORE);
    aml_arg(a, 0);
    aml_ref(a, "PICF");
    aml_end(a);
}

// SLP_TYP 0 is off.
static void put_s5(Aml *a)
{
    aml_name(a, "_S5_");
    aml_package(a, 4);
    for (unsigned i = 0; i < 4; i++) {
        aml_int(a, 0);
    }
    aml_end(a);
}

GByteArray *pc_dsdt(const Pc *s)
{
    Aml a;
    aml_init(&a);
    put_pic_method(&a);
    aml_scope(&a, "\\_SB_");
    put_pci(&a, s);
    for (unsigned n = 0; n < (s->chipset->q35 ? 8u : 4u); n++) {
        put_link(&a, n);
    }
    put_sci_link(&a);
    if (s->hpet_on) {
        put_hpet(&a);
    }
    if (s->chipset->q35) {
        put_ecam(&a);
    }
    put_cpus(&a, s);
    aml_end(&a);
    put_s5(&a);
    return a.code;
}
