// info topics about the machine as a whole.
#include <stdio.h>
#include <string.h>

#include "block/block.h"
#include "hw/core/irq_stats.h"
#include "hw/pci/pci.h"
#include "monitor/row.h"
#include "ui/input.h"
#include "util/log.h"

COMMAND(info_name)
{
    UNUSED_ARGS;
    if (m->config.name) {
        g_string_append_printf(out, "%s\n", m->config.name);
    }
}

COMMAND(info_uuid)
{
    UNUSED_ARGS;
    g_string_append_printf(
        out, "%s\n", m->config.uuid ? m->config.uuid : "00000000-0000-0000-0000-000000000000");
}

COMMAND(info_kvm)
{
    UNUSED_ARGS;
    g_string_append(out, "kvm support: not compiled\n");
}

COMMAND(info_memory_size)
{
    UNUSED_ARGS;
    g_string_append_printf(out, "base memory: %" G_GUINT64_FORMAT "\n", m->config.ram_size);
}

COMMAND(info_mice)
{
    UNUSED_ARGS;
    bool abs = input_takes(m, INPUT_KIND_ABS), rel = input_takes(m, INPUT_KIND_REL);
    if (!abs && !rel) {
        g_string_append(out, "No mouse devices connected\n");
    }
    if (abs) {
        g_string_append(out, "* Mouse #0: tablet (absolute)\n");
    }
    if (rel) {
        g_string_append_printf(out, "%s Mouse #%d: mouse\n", abs ? " " : "*", abs);
    }
}

static void print_pci(Machine *m, void *file)
{
    PciBus *bus = machine_lookup(m, "pci");
    if (bus) {
        pci_bus_print(bus, file);
    } else {
        fprintf(file, "this machine has no PCI bus\n");
    }
}

COMMAND_PRINT(info_pci, print_pci)

// --- disks

static void add_stats(void *opaque, BlockDevice *b)
{
    const BlockStats *s = block_stats(b);
    g_string_append_printf(opaque,
                           "%s: rd_bytes=%" G_GUINT64_FORMAT " wr_bytes=%" G_GUINT64_FORMAT
                           " rd_operations=%" G_GUINT64_FORMAT " wr_operations=%" G_GUINT64_FORMAT
                           " flush_operations=%" G_GUINT64_FORMAT
                           " unmap_operations=%" G_GUINT64_FORMAT
                           " failed_operations=%" G_GUINT64_FORMAT "\n",
                           block_id(b), s->read_bytes, s->write_bytes, s->reads, s->writes,
                           s->flushes, s->discards, s->failed);
}

COMMAND(info_blockstats)
{
    UNUSED_ARGS;
    block_each(m, add_stats, out);
}

// --- memory map

static void add_ram(void *out, const char *name, uint64_t phys, uint8_t *host, uint64_t size)
{
    (void)host;
    g_string_append_printf(out,
                           "addr=%016" G_GINT64_MODIFIER "x size=0x%06" G_GINT64_MODIFIER
                           "x mem=ram name=\"%s\"\n",
                           phys, size, name);
}

COMMAND(info_ramblock)
{
    UNUSED_ARGS;
    address_space_each_ram(m->memory, add_ram, out);
}

// What the command line puts into memory. Boards copy it there again at each reset.
COMMAND(info_roms)
{
    UNUSED_ARGS;
    const struct {
        const char *what, *file;
    } files[] = {{"firmware", m->config.bios},
                 {"kernel", m->config.kernel},
                 {"initrd", m->config.initrd},
                 {"device tree", m->config.dtb}};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        if (files[i].file) {
            g_string_append_printf(out, "%s: \"%s\"\n", files[i].what, files[i].file);
        }
    }
}

static void print_mtree(Machine *m, void *file)
{
    address_space_print(m->memory, file);
    if (m->io) {
        address_space_print(m->io, file);
    }
}

COMMAND(info_mtree)
{
    if (argc > 2 || (argc == 2 && strcmp(argv[1], "-f"))) {
        monitor_usage(argv[0], out);
        return;
    }
    monitor_capture(out, print_mtree, m);
}

// --- counts

COMMAND(info_log)
{
    UNUSED_ARGS;
    g_string_append_printf(out,
                           "unimp: %" G_GUINT64_FORMAT " times, guest_errors: %" G_GUINT64_FORMAT
                           " times since the start\n",
                           log_count(LOG_UNIMP), log_count(LOG_GUEST_ERRORS));
}

static void add_irqs(void *out, const char *name, const uint64_t *count, unsigned n)
{
    g_string_append_printf(out, "IRQ statistics for %s:\n", name);
    for (unsigned i = 0; i < n; i++) {
        if (count[i]) {
            g_string_append_printf(out, "%2u: %" G_GUINT64_FORMAT "\n", i, count[i]);
        }
    }
}

COMMAND(info_irq)
{
    UNUSED_ARGS;
    irq_stats_each(m, add_irqs, out);
}

// --- the running terminal answers this one itself
COMMAND(info_history)
{
    UNUSED_ARGS;
    g_string_append(out, "info history: only at a monitor's own terminal\n");
}

static const MonitorCommand info[] = {
    {"name", NULL, "", "the machine's name (-name)", info_name},
    {"uuid", NULL, "", "the machine's UUID (-uuid)", info_uuid},
    {"kvm", NULL, "", "whether KVM is used: never", info_kvm},
    {"memory_size_summary", NULL, "", "how much memory there is", info_memory_size},
    {"mice", NULL, "", "pointer devices", info_mice},
    {"pci", NULL, "", "PCI devices", info_pci},
    {"blockstats", NULL, "", "what was asked of the disks", info_blockstats},
    {"ramblock", NULL, "", "where RAM is", info_ramblock},
    {"roms", NULL, "", "files that are put into memory", info_roms},
    {"mtree", NULL, "[-f]", "what answers at which address; always the flat view", info_mtree},
    {"log", NULL, "", "how often the guest did what is not there or wrong", info_log},
    {"irq", NULL, "", "how often lines of interrupt controllers rose", info_irq},
    {"history", NULL, "", "the lines typed here", info_history},
    {NULL, NULL, NULL, NULL, NULL},
};
static const MonitorTable table = {NULL, info};
MONITOR_TABLE(table);
