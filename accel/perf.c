// What perf(1) needs to name translated code: /tmp/perf-PID.map (one line a block) or a jitdump
// file (with the code itself; format: Linux tools/perf/Documentation/jitdump-specification.txt).
#include "accel/internal.h"

#include <elf.h>
#include <errno.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

typedef struct JitDump {
    FILE *file;
    void *marker; // perf finds the file by this executable mapping
    uint64_t index;
} JitDump;

typedef struct JitDumpHeader {
    uint32_t magic, version, total_size, elf_mach, pad, pid;
    uint64_t timestamp, flags;
} JitDumpHeader;

typedef struct JitDumpLoad {
    uint32_t id, total_size;
    uint64_t timestamp;
    uint32_t pid, tid;
    uint64_t vma, code_addr, code_size, code_index;
} JitDumpLoad;

static uint64_t timestamp(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void open_map(Engine *e)
{
    char path[64];
    snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
    e->perf_map = fopen(path, "w");
    if (!e->perf_map) {
        die("-perfmap: %s: %s", path, g_strerror(errno));
    }
}

static void open_jitdump(Engine *e)
{
    char path[64];
    snprintf(path, sizeof(path), "jit-%d.dump", (int)getpid());
    JitDump *d = g_new0(JitDump, 1);
    d->file = fopen(path, "w+");
    if (!d->file) {
        die("-jitdump: %s: %s", path, g_strerror(errno));
    }
    d->marker = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_EXEC, MAP_PRIVATE,
                     fileno(d->file), 0);
    JitDumpHeader h = {.magic = 0x4a695444,
                       .version = 1,
                       .total_size = sizeof(h),
                       .elf_mach = EM_X86_64,
                       .pid = (uint32_t)getpid(),
                       .timestamp = timestamp()};
    fwrite(&h, sizeof(h), 1, d->file);
    e->jitdump = d;
}

void perf_open(Engine *e)
{
    if (e->config.backend && e->config.perf_map) {
        open_map(e);
    }
    if (e->config.backend && e->config.jitdump) {
        open_jitdump(e);
    }
}

void perf_block(Engine *e, const Block *b)
{
    char name[64];
    if (e->perf_map) {
        fprintf(e->perf_map, "%" PRIxPTR " %x guest_%" PRIx64 "\n", (uintptr_t)b->code,
                b->code_size, b->pc);
    }
    if (!e->jitdump) {
        return;
    }
    JitDump *d = e->jitdump;
    snprintf(name, sizeof(name), "guest_%" PRIx64, b->pc);
    JitDumpLoad r = {.id = 0,
                     .timestamp = timestamp(),
                     .pid = (uint32_t)getpid(),
                     .tid = (uint32_t)getpid(),
                     .vma = (uintptr_t)b->code,
                     .code_addr = (uintptr_t)b->code,
                     .code_size = b->code_size,
                     .code_index = d->index++};
    r.total_size = (uint32_t)(sizeof(r) + strlen(name) + 1 + b->code_size);
    fwrite(&r, sizeof(r), 1, d->file);
    fwrite(name, strlen(name) + 1, 1, d->file);
    fwrite(b->code, b->code_size, 1, d->file);
}

void perf_close(Engine *e)
{
    if (e->perf_map) {
        fclose(e->perf_map);
    }
    if (e->jitdump) {
        munmap(e->jitdump->marker, (size_t)sysconf(_SC_PAGESIZE));
        fclose(e->jitdump->file);
        g_free(e->jitdump);
    }
}
