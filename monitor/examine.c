// Registers and memory, as the monitor shows them.
#include <capstone/capstone.h>
#include <string.h>

#include "monitor/commands.h"
#include "monitor/registers.h"
#include "softmmu/softmmu.h"

#define MAX_EXAMINE 16384 // items of one command

// --- registers

static const struct {
    const char *target;
    void (*show)(VCPU *v, bool wide, GString *out);
} layouts[] = {
    {"x86_64", monitor_registers_x86},
    {"i386", monitor_registers_x86},
    {"aarch64", monitor_registers_arm},
    {"arm", monitor_registers_arm},
};

static void append_registers(VCPU *v, bool wide, GString *out)
{
    for (size_t i = 0; i < ARRAY_LEN(layouts); i++) {
        if (!strcmp(layouts[i].target, v->target->name)) {
            layouts[i].show(v, wide, out);
        }
    }
}

void monitor_registers(Machine *m, int argc, char **argv, GString *out)
{
    bool all = false, wide = false;
    for (int i = 1; i < argc; i++) {
        bool a = !strcmp(argv[i], "-a"), v = !strcmp(argv[i], "-v");
        if (!a && !v) {
            monitor_usage(argv[0], out);
            return;
        }
        all |= a;
        wide |= v;
    }
    for (unsigned i = 0; i < m->n_cpus; i++) {
        if (all || m->cpu[i] == monitor_cpu(m)) {
            m->cpu[i]->target->sync(m->cpu[i]);
            g_string_append_printf(out, "\nCPU#%u\n", i);
            append_registers(m->cpu[i], wide, out);
        }
    }
}

// --- memory

typedef struct Examine {
    Machine *m;
    VCPU *v;
    bool phys;
    uint64_t count, addr;
    char format;   // x d u o c i
    unsigned size; // bytes
} Examine;

static bool fetch(const Examine *e, uint64_t addr, void *buf, size_t len)
{
    return e->phys ? mem_read(e->m->memory, addr, buf, len) == MEM_OK
                   : mmu_debug_access(e->v, addr, buf, len, false);
}

static bool parse_format(const char *f, Examine *e)
{
    char *end;
    e->count = g_ascii_strtoull(f, &end, 10);
    e->count = end == f ? 1 : e->count;
    for (; *end; end++) {
        static const struct {
            char letter;
            uint8_t size;
        } sizes[] = {{'b', 1}, {'h', 2}, {'w', 4}, {'g', 8}};
        bool known = false;
        for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
            if (*end == sizes[i].letter) {
                e->size = sizes[i].size;
                known = true;
            }
        }
        if (strchr("xduoci", *end)) {
            e->format = *end;
            e->size = *end == 'c' ? 1 : e->size;
            known = true;
        }
        if (!known) {
            return false;
        }
    }
    return e->count <= MAX_EXAMINE;
}

void monitor_append_value(GString *out, char format, unsigned digits, uint64_t value)
{
    switch (format) {
    case 'd':
        g_string_append_printf(out, "%" G_GINT64_FORMAT, (int64_t)value);
        break;
    case 'u':
        g_string_append_printf(out, "%" G_GUINT64_FORMAT, value);
        break;
    case 'o':
        g_string_append_printf(out, "0%" G_GINT64_MODIFIER "o", value);
        break;
    case 'c':
        g_string_append_printf(out, g_ascii_isprint((char)value) ? "'%c'" : "'\\x%02x'",
                               (unsigned)(value & 0xff));
        break;
    default:
        g_string_append_printf(out, "0x%0*" G_GINT64_MODIFIER "x", (int)digits, value);
        break;
    }
}

static void examine_values(const Examine *e, GString *out)
{
    unsigned per_line = e->size == 1 ? 8 : 16 / e->size;
    for (uint64_t i = 0; i < e->count; i++) {
        uint64_t addr = e->addr + i * e->size, value = 0;
        if (i % per_line == 0) {
            g_string_append_printf(out, "%s%016" G_GINT64_MODIFIER "x:", i ? "\n" : "", addr);
        }
        if (!fetch(e, addr, &value, e->size)) {
            g_string_append(out, " nothing is mapped there");
            break;
        }
        value = e->format == 'd' ? (uint64_t)sextract64(value, 0, e->size * 8) : value;
        g_string_append_c(out, ' ');
        monitor_append_value(out, e->format, e->size * 2, value);
    }
    g_string_append_c(out, '\n');
}

// Up to len bytes: fewer where the page after them is not there.
static size_t fetch_code(const Examine *e, uint64_t addr, uint8_t *buf, size_t len)
{
    while (len && !fetch(e, addr, buf, len)) {
        len--;
    }
    return len;
}

static bool open_disassembler(const Examine *e, csh *cs)
{
    const TargetOps *t = e->v->target;
    int mode = t->capstone_mode_of ? t->capstone_mode_of(t->block_flags(e->v), e->v->pc)
                                   : t->capstone_mode;
    return cs_open((cs_arch)t->capstone_arch, (cs_mode)mode, cs) == CS_ERR_OK;
}

// What is no instruction is one unit of data.
static void examine_code(const Examine *e, GString *out)
{
    bool fixed = !strcmp(e->v->target->name, "aarch64");
    uint64_t addr = e->addr;
    csh cs;
    if (!open_disassembler(e, &cs)) {
        g_string_append(out, "no disassembler for this processor\n");
        return;
    }
    for (uint64_t i = 0; i < e->count; i++) {
        uint8_t bytes[16];
        size_t have = fetch_code(e, addr, bytes, fixed ? 4 : 15), unit = fixed ? 4 : 1;
        cs_insn *insn;
        if (have < unit) {
            g_string_append_printf(out, "0x%016" G_GINT64_MODIFIER "x: nothing is mapped there\n",
                                   addr);
            break;
        }
        size_t n = cs_disasm(cs, bytes, have, addr, 1, &insn);
        size_t len = n ? insn->size : unit;
        g_string_append_printf(out, "0x%016" G_GINT64_MODIFIER "x:  ", addr);
        for (size_t b = 0; b < len; b++) {
            g_string_append_printf(out, "%02x%s", bytes[fixed ? len - 1 - b : b], fixed ? "" : " ");
        }
        g_string_append_printf(out, "%*s %s %s\n",
                               fixed ? 1 : (int)(24 - MIN_OF(len * 3, (size_t)24)), "",
                               n ? insn->mnemonic : ".data", n ? insn->op_str : "");
        addr += len;
        if (n) {
            cs_free(insn, n);
        }
    }
    cs_close(&cs);
}

// "x /8xw ADDR" or "x ADDR"
static void examine(Machine *m, bool phys, int argc, char **argv, GString *out)
{
    Examine e = {.m = m, .v = monitor_cpu(m), .phys = phys, .count = 1, .format = 'x', .size = 4};
    int at = 1;
    if (argc > 1 && argv[1][0] == '/') {
        at = 2;
        if (!parse_format(argv[1] + 1, &e)) {
            g_string_append_printf(out,
                                   "'%s': a format is /COUNT (to %d), x d u o c or i, b h w or g\n",
                                   argv[1], MAX_EXAMINE);
            return;
        }
    }
    if (!monitor_expression(e.v, argc - at, argv + at, argv[0], &e.addr, out)) {
        return;
    }
    (e.format == 'i' ? examine_code : examine_values)(&e, out);
}

void monitor_examine(Machine *m, int argc, char **argv, GString *out)
{
    examine(m, false, argc, argv, out);
}

void monitor_examine_phys(Machine *m, int argc, char **argv, GString *out)
{
    examine(m, true, argc, argv, out);
}
