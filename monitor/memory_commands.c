// Commands that print sums, save memory, and read and write I/O ports.
#include <stdio.h>
#include <string.h>

#include "monitor/commands.h"
#include "monitor/memory.h"
#include "replay/replay.h"
#include "util/keyval.h"

// The size that a suffix of a command's format means: b, h, w (or l), g (or q).
static unsigned unit_of(char letter)
{
    switch (letter) {
    case 'b':
        return 1;
    case 'h':
        return 2;
    case 'w':
    case 'l':
        return 4;
    case 'g':
    case 'q':
        return 8;
    default:
        return 0;
    }
}

// --- print

static void cmd_print(Machine *m, int argc, char **argv, GString *out)
{
    int at = argc > 1 && argv[1][0] == '/' ? 2 : 1;
    char how = at == 2 ? argv[1][1] : 'x';
    uint64_t value;
    if (!how || !strchr("xduoc", how) || (at == 2 && argv[1][2])) {
        monitor_usage(argv[0], out);
        return;
    }
    if (!monitor_expression(monitor_cpu(m), argc - at, argv + at, argv[0], &value, out)) {
        return;
    }
    monitor_append_value(out, how, 1, value);
    g_string_append_c(out, '\n');
}

// --- sum: the BSD checksum, 16 bits

static void cmd_sum(Machine *m, int argc, char **argv, GString *out)
{
    uint64_t addr, size;
    uint16_t sum = 0;
    if (argc != 3 || !monitor_number(monitor_cpu(m), argv[1], &addr) ||
        !monitor_number(monitor_cpu(m), argv[2], &size)) {
        monitor_usage(argv[0], out);
        return;
    }
    if (size > m->config.ram_size) {
        g_string_append_printf(out, "sum: the machine has %" G_GUINT64_FORMAT " bytes of memory\n",
                               m->config.ram_size);
        return;
    }
    for (uint64_t i = 0; i < size; i++) {
        uint8_t byte;
        if (mem_read(m->memory, addr + i, &byte, 1) != MEM_OK) {
            g_string_append_printf(out, "sum: nothing is mapped at 0x%" G_GINT64_MODIFIER "x\n",
                                   addr + i);
            return;
        }
        sum = (uint16_t)((uint16_t)(sum >> 1 | sum << 15) + byte);
    }
    g_string_append_printf(out, "%05u\n", sum);
}

// --- memsave, pmemsave

static void save(Machine *m, VCPU *v, int argc, char **argv, GString *out)
{
    uint64_t addr, size;
    char *error = NULL;
    if (argc != 4 || !monitor_number(monitor_cpu(m), argv[1], &addr) ||
        !monitor_number(monitor_cpu(m), argv[2], &size)) {
        monitor_usage(argv[0], out);
    } else if (!monitor_save_memory(m, v, addr, size, argv[3], &error)) {
        g_string_append_printf(out, "%s: %s\n", argv[0], error);
        g_free(error);
    }
}

static void cmd_memsave(Machine *m, int argc, char **argv, GString *out)
{
    save(m, monitor_cpu(m), argc, argv, out);
}

static void cmd_pmemsave(Machine *m, int argc, char **argv, GString *out)
{
    save(m, NULL, argc, argv, out);
}

// --- i, o: a PC's I/O ports. Reading may change what a device does next, as it does for a guest.

static bool port_args(Machine *m, int argc, char **argv, int numbers, uint64_t *value,
                      unsigned *size, GString *out)
{
    bool format = argc > 1 && argv[1][0] == '/';
    *size = format ? unit_of(argv[1][1]) : 1;
    if (argc != numbers + 1 + format || !*size || *size > 4 || (format && argv[1][2])) {
        monitor_usage(argv[0], out);
        return false;
    }
    for (int i = 0; i < numbers; i++) {
        if (!monitor_number(monitor_cpu(m), argv[1 + format + i], &value[i])) {
            monitor_usage(argv[0], out);
            return false;
        }
    }
    if (!m->io || value[0] > 0xffff) {
        g_string_append_printf(out, "%s: %s\n", argv[0],
                               m->io ? "ports are 0 to 0xffff" : "this machine has no I/O ports");
        return false;
    }
    return true;
}

static void cmd_in(Machine *m, int argc, char **argv, GString *out)
{
    uint64_t port, value = UINT64_MAX;
    unsigned size;
    if (port_args(m, argc, argv, 1, &port, &size, out)) {
        replay_disturbed(m, "the monitor's command i");
        if (mem_read_n(m->io, port, &value, size) != MEM_OK) {
            value = mask64(size * 8); // nothing answers
        }
        g_string_append_printf(out, "port%c[0x%04x] = 0x%0*" G_GINT64_MODIFIER "x\n", " bw l"[size],
                               (unsigned)port, (int)size * 2, value);
    }
}

static void cmd_out(Machine *m, int argc, char **argv, GString *out)
{
    uint64_t args[2];
    unsigned size;
    if (port_args(m, argc, argv, 2, args, &size, out)) {
        replay_disturbed(m, "the monitor's command o");
        mem_write_n(m->io, args[0], args[1], size);
    }
}

static const MonitorCommand commands[] = {
    {"print", "p", "[/x|/d|/u|/o|/c] EXPRESSION", "an expression of numbers and registers",
     cmd_print},
    {"sum", NULL, "ADDR SIZE", "16-bit checksum of physical memory", cmd_sum},
    {"memsave", NULL, "ADDR SIZE FILE", "virtual memory to a file", cmd_memsave},
    {"pmemsave", NULL, "ADDR SIZE FILE", "physical memory to a file", cmd_pmemsave},
    {"i", NULL, "[/b|/h|/w] PORT", "reads an I/O port", cmd_in},
    {"o", NULL, "[/b|/h|/w] PORT VALUE", "writes an I/O port", cmd_out},
    {NULL, NULL, NULL, NULL, NULL},
};
static const MonitorTable table = {commands, NULL};
MONITOR_TABLE(table);
