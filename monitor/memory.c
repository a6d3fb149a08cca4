// Memory to files: HMP's and QMP's memsave and pmemsave.
#include "monitor/memory.h"

#include <errno.h>
#include <stdio.h>

#include "monitor/qmp_command.h"
#include "softmmu/softmmu.h"

#define CHUNK 4096

// At most to the end of the page, so that an unmapped page does not hide the one before it.
static uint64_t piece(uint64_t addr, uint64_t left)
{
    return MIN_OF(left, CHUNK - addr % CHUNK);
}

static char *write_pieces(Machine *m, VCPU *v, uint64_t addr, uint64_t size, FILE *f)
{
    uint8_t buf[CHUNK];
    while (size) {
        uint64_t n = piece(addr, size);
        bool ok = v ? mmu_debug_access(v, addr, buf, n, false)
                    : mem_read(m->memory, addr, buf, n) == MEM_OK;
        if (!ok) {
            return g_strdup_printf("nothing is mapped at %s address 0x%" G_GINT64_MODIFIER "x",
                                   v ? "virtual" : "physical", addr);
        }
        if (fwrite(buf, 1, n, f) != n) {
            return g_strdup(g_strerror(errno));
        }
        addr += n;
        size -= n;
    }
    return NULL;
}

bool monitor_save_memory(Machine *m, VCPU *v, uint64_t addr, uint64_t size, const char *file,
                         char **error)
{
    if (!v && (size > m->config.ram_size)) { // keeps a mistyped size from filling the disk
        *error = g_strdup_printf("size: the machine has %" G_GUINT64_FORMAT " bytes of memory",
                                 m->config.ram_size);
        return false;
    }
    FILE *f = fopen(file, "wb");
    if (!f) {
        *error = g_strdup_printf("file '%s': %s", file, g_strerror(errno));
        return false;
    }
    *error = write_pieces(m, v, addr, size, f);
    if (fclose(f) && !*error) {
        *error = g_strdup_printf("file '%s': %s", file, g_strerror(errno));
    }
    return !*error;
}

static Json *save(QmpCall *c, VCPU *v)
{
    char *error = NULL;
    int64_t size = qmp_int(c, "size", 0);
    if (size < 0) {
        return qmp_fail(c, QMP_GENERIC, "size: below 0");
    }
    return monitor_save_memory(c->machine, v, (uint64_t)qmp_int(c, "val", 0), (uint64_t)size,
                               qmp_str(c, "filename"), &error)
               ? qmp_nothing()
               : qmp_fail_with(c, error);
}

static Json *memsave(QmpCall *c)
{
    int64_t cpu = qmp_int(c, "cpu-index", 0);
    if (cpu < 0 || cpu >= c->machine->n_cpus) {
        return qmp_fail(c, QMP_GENERIC, "cpu-index: there are CPUs 0 to %u",
                        c->machine->n_cpus - 1);
    }
    return save(c, c->machine->cpu[cpu]);
}

static Json *pmemsave(QmpCall *c)
{
    return save(c, NULL);
}

static const QmpCommand commands[] = {
    {"memsave", "val:int size:int filename:str cpu-index?:int", NULL, memsave},
    {"pmemsave", "val:int size:int filename:str", NULL, pmemsave},
};

static const QmpTable table = {.commands = commands, .n_commands = ARRAY_LEN(commands)};
QMP_TABLE(table);
