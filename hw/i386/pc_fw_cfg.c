// What the board hands to firmware through fw_cfg: memory map, tables, boot order, kernel.
#include <stdio.h>
#include <string.h>

#include "hw/acpi/tables.h"
#include "hw/i386/pc_internal.h"
#include "hw/ide/ide.h"
#include "hw/nvram/fw_cfg.h"
#include "hw/timer/hpet.h"

#define LINUXBOOT "genroms/linuxboot.bin"

static const uint8_t linuxboot[] = {
#include "pc-bios/linuxboot.inc"
};

static void add_e820(Pc *s)
{
    PcRange range[PC_E820_MAX];
    unsigned n = pc_e820(s, range, false);
    GByteArray *out = g_byte_array_new();
    for (unsigned i = 0; i < n; i++) {
        g_byte_array_append(out, (const guint8 *)&range[i].base, 8);
        g_byte_array_append(out, (const guint8 *)&range[i].size, 8);
        g_byte_array_append(out, (const guint8 *)&range[i].type, 4);
    }
    fw_cfg_add_file(s->fw_cfg, "etc/e820", out->data, out->len);
    g_byte_array_free(out, TRUE);
}

#define HPET_SLOTS 8

// A count, then for each block: id, address, minimum tick, protection.
static void add_hpet(Pc *s)
{
    struct {
        uint32_t id;
        uint64_t address;
        uint16_t tick;
        uint8_t protection;
    } __attribute__((packed)) block[HPET_SLOTS] = {{HPET_BLOCK_ID, HPET_ADDRESS, 100, 0}};
    uint8_t out[1 + sizeof block] = {0};
    if (s->hpet_on) {
        out[0] = 1;
        memcpy(out + 1, block, sizeof block);
    }
    fw_cfg_add(s->fw_cfg, FW_CFG_X86_HPET, out, sizeof out);
}

// Nodes: none; then a node for each APIC id.
static void add_numa(Pc *s)
{
    uint64_t none[1 + MACHINE_MAX_CPUS] = {0};
    fw_cfg_add(s->fw_cfg, FW_CFG_NUMA, none, 8 * (1 + s->m->n_cpus));
}

// Firmware has decided where the PM block is by the time it reads the tables.
static void refresh_acpi(void *opaque)
{
    Pc *s = opaque;
    AcpiTables t;
    acpi_tables_init(&t);
    pc_acpi_build(s, &t);
    fw_cfg_replace_file(s->fw_cfg, ACPI_TABLES_FILE, t.data->data, t.data->len);
    acpi_tables_free(&t);
}

static void add_acpi(Pc *s)
{
    AcpiTables t;
    acpi_tables_init(&t);
    pc_acpi_build(s, &t);
    GByteArray *script = acpi_loader_script(&t);
    fw_cfg_add_file(s->fw_cfg, ACPI_TABLES_FILE, t.data->data, t.data->len);
    fw_cfg_add_file(s->fw_cfg, ACPI_RSDP_FILE, t.rsdp->data, t.rsdp->len);
    fw_cfg_add_file(s->fw_cfg, "etc/table-loader", script->data, script->len);
    fw_cfg_set_refresh(s->fw_cfg, ACPI_TABLES_FILE, refresh_acpi, s);
    g_byte_array_free(script, TRUE);
    acpi_tables_free(&t);
}

static void add_smbios(Pc *s)
{
    unsigned count, largest;
    GByteArray *tables = pc_smbios_tables(s, &count, &largest);
    GByteArray *anchor = pc_smbios_anchor(tables, count, largest, 0);
    fw_cfg_add_file(s->fw_cfg, "etc/smbios/smbios-tables", tables->data, tables->len);
    fw_cfg_add_file(s->fw_cfg, "etc/smbios/smbios-anchor", anchor->data, anchor->len);
    g_byte_array_free(anchor, TRUE);
    g_byte_array_free(tables, TRUE);
}

// --- boot order: Open Firmware paths, one a line

typedef struct BootEntry {
    uint32_t index;
    char *path;
} BootEntry;

static gint by_index(gconstpointer a, gconstpointer b)
{
    const BootEntry *x = a, *y = b;
    return x->index < y->index ? -1 : x->index > y->index;
}

static const char *pci_node(const PciDevice *p)
{
    switch (pci_get16(p->initial, PCI_CLASS_DEVICE) >> 8) {
    case 0x01:
        return "scsi";
    case 0x02:
        return "ethernet";
    default:
        return "pci";
    }
}

static char *pci_path(const PciDevice *p, const char *rest)
{
    unsigned slot = p->devfn / 8, fn = p->devfn % 8;
    bool network = pci_get16(p->initial, PCI_CLASS_DEVICE) >> 8 == 2;
    char *function = fn ? g_strdup_printf(",%x", fn) : g_strdup("");
    char *path = g_strdup_printf("/pci@i0cf8/%s@%x%s%s", pci_node(p), slot, function,
                                 network ? "/ethernet-phy@0" : rest);
    g_free(function);
    return path;
}

static bool boot_entry(const Device *d, BootEntry *e)
{
    char *ide = ide_boot_path(d, &e->index);
    if (ide) {
        e->path = g_strconcat("/pci@i0cf8/", ide, NULL);
        g_free(ide);
        return e->index != UINT32_MAX;
    }
    if (strcmp(d->type->bus, "pci")) {
        return false;
    }
    const PciDevice *p = (const PciDevice *)d;
    e->index = p->bootindex;
    if (e->index == UINT32_MAX) {
        return false;
    }
    e->path = pci_path(p, "/disk@0,0");
    return true;
}

static void add_boot_order(Pc *s)
{
    GArray *list = g_array_new(FALSE, TRUE, sizeof(BootEntry));
    for (guint i = 0; i < s->m->devices->len; i++) {
        BootEntry e = {0};
        if (boot_entry(s->m->devices->pdata[i], &e)) {
            g_array_append_val(list, e);
        } else {
            g_free(e.path);
        }
    }
    g_array_sort(list, by_index);
    GString *text = g_string_new(NULL);
    if (s->m->config.kernel) {
        g_string_append(text, "/rom@" LINUXBOOT "\n");
    }
    for (guint i = 0; i < list->len; i++) {
        BootEntry *e = &g_array_index(list, BootEntry, i);
        g_string_append_printf(text, "%s\n", e->path);
        g_free(e->path);
    }
    if (text->len) { // the last line ends with a NUL
        text->str[text->len - 1] = '\0';
        fw_cfg_add_file(s->fw_cfg, "bootorder", text->str, text->len);
    }
    g_string_free(text, TRUE);
    g_array_free(list, TRUE);
}

static void add_boot_options(Pc *s)
{
    const MachineConfig *c = &s->m->config;
    const char *order = c->boot_once ? c->boot_once : c->boot_order ? c->boot_order : "cad";
    fw_cfg_add_int(s->fw_cfg, FW_CFG_BOOT_DEVICE, (uint8_t)order[0], 2);
    fw_cfg_add_int(s->fw_cfg, FW_CFG_BOOT_MENU, c->boot_menu, 2);
    if (c->splash_time_ms) {
        uint16_t wait = (uint16_t)MIN_OF(c->splash_time_ms, 65535u);
        fw_cfg_add_file(s->fw_cfg, "etc/boot-menu-wait", &wait, sizeof wait);
    }
    uint32_t fail_wait = c->reboot_timeout_given ? c->reboot_timeout_ms : UINT32_MAX;
    fw_cfg_add_file(s->fw_cfg, "etc/boot-fail-wait", &fail_wait, sizeof fail_wait);
    add_boot_order(s);
}

// --- kernel

static bool add_part(Pc *s, unsigned size_key, unsigned data_key, const void *data, uint64_t len)
{
    fw_cfg_add_int(s->fw_cfg, size_key, len, 4);
    fw_cfg_add(s->fw_cfg, data_key, data, len);
    return true;
}

// Firmware gets the real-mode part and the rest as two items.
static bool add_kernel(Pc *s, char **error)
{
    const MachineConfig *c = &s->m->config;
    const char *append = c->append ? c->append : "";
    uint64_t len, rd_len;
    char *reason = NULL;
    if (!c->kernel) {
        return true;
    }
    fw_cfg_add_file(s->fw_cfg, LINUXBOOT, linuxboot, sizeof linuxboot);
    uint8_t *kernel = load_file(c->kernel, s->below_4g, &len, &reason);
    uint8_t *initrd =
        kernel && c->initrd ? load_file(c->initrd, s->below_4g, &rd_len, &reason) : NULL;
    bool ok = !reason && pc_linux_fw_cfg(s, kernel, len, initrd, initrd ? rd_len : 0, &reason);
    if (!ok) {
        *error = g_strdup_printf("%s %s", kernel && c->initrd && !initrd ? "-initrd" : "-kernel",
                                 reason);
        g_free(reason);
    } else if (initrd) {
        add_part(s, FW_CFG_INITRD_SIZE, FW_CFG_INITRD_DATA, initrd, rd_len);
    }
    add_part(s, FW_CFG_CMDLINE_SIZE, FW_CFG_CMDLINE_DATA, append, strlen(append) + 1);
    g_free(kernel);
    g_free(initrd);
    return ok;
}

bool pc_fw_cfg_fill(Pc *s, char **error)
{
    // S3 and S4 are not there: only S5 has bit 7 in the list of states.
    static const uint8_t states[6] = {0x80, 0, 0, 0x01, 0x02, 0x80};
    unsigned cpus = s->m->n_cpus;
    fw_cfg_add_int(s->fw_cfg, FW_CFG_NB_CPUS, cpus, 2);
    fw_cfg_add_int(s->fw_cfg, FW_CFG_MAX_CPUS, cpus, 2);
    fw_cfg_add_int(s->fw_cfg, FW_CFG_RAM_SIZE, s->m->config.ram_size, 8);
    fw_cfg_add_int(s->fw_cfg, FW_CFG_NOGRAPHIC, s->m->config.nographic, 2);
    fw_cfg_add_int(s->fw_cfg, FW_CFG_X86_IRQ0_OVERRIDE, 1, 4);
    add_e820(s);
    add_hpet(s);
    add_numa(s);
    add_boot_options(s);
    fw_cfg_add_file(s->fw_cfg, "etc/system-states", states, sizeof states);
    if (s->m->config.nographic) {
        fw_cfg_add_file(s->fw_cfg, "etc/sercon-port", "\xf8\x03", 2);
    }
    if (s->acpi) {
        add_acpi(s);
    }
    add_smbios(s);
    return add_kernel(s, error);
}
