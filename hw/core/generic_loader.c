// -device loader: at each reset writes a file or a value into memory, and may set where a CPU
// starts
//
//   loader,file=PATH[,addr=A][,cpu-num=N][,force-raw=on]   ELF, or raw at A
//   loader,addr=A,data=V,data-len=L[,data-be=on]           1 to 8 bytes
//   loader,addr=A,cpu-num=N                                only the start
#include "hw/core/generic_loader.h"

#include <elf.h>
#include <string.h>

#include "hw/core/loader.h"

#define NO_CPU UINT32_MAX

typedef struct GenericLoader {
    Device dev;
    char *file;
    uint64_t addr, data;
    uint32_t data_len, cpu_num;
    bool data_be, force_raw;
    uint64_t entry;
    LoadImage *image;
} GenericLoader;

static const DeviceProp props[] = {
    {"file", PROP_STRING, offsetof(GenericLoader, file), NULL, "ELF or raw file"},
    {"addr", PROP_U64, offsetof(GenericLoader, addr), NULL, "where a raw file or data goes"},
    {"cpu-num", PROP_U32, offsetof(GenericLoader, cpu_num), "4294967295", "CPU that starts there"},
    {"data", PROP_U64, offsetof(GenericLoader, data), NULL, "value to write"},
    {"data-len", PROP_U32, offsetof(GenericLoader, data_len), NULL, "its bytes, 1 to 8"},
    {"data-be", PROP_BOOL, offsetof(GenericLoader, data_be), NULL, "write it big-endian"},
    {"force-raw", PROP_BOOL, offsetof(GenericLoader, force_raw), NULL, "do not look for ELF"},
    {NULL, 0, 0, NULL, NULL},
};

#define MAX_FILE (UINT64_C(64) << 30)

// Of 64 bits, or of 32 on a board with such CPUs.
static LoadImage *load_executable(const Machine *m, const char *file, char **error)
{
    const char *target = m->board->target ? m->board->target : "";
    if (strcmp(target, "arm")) {
        return load_elf64(file, strcmp(target, "aarch64") ? EM_NONE : EM_AARCH64, MAX_FILE, error);
    }
    uint64_t len;
    uint8_t *data = load_file(file, MAX_FILE, &len, error);
    LoadImage *image = data ? load_elf_bytes(file, data, len, EM_ARM, error) : NULL;
    g_free(data);
    return image;
}

static bool load(GenericLoader *s, char **error)
{
    Machine *m = s->dev.machine;
    bool elf = !s->force_raw && load_is_elf(s->file);
    s->image =
        elf ? load_executable(m, s->file, error) : load_raw(s->file, s->addr, MAX_FILE, error);
    if (!s->image || !load_fits(s->image, s->file, m->memory, error)) {
        return false;
    }
    s->entry = s->image->entry;
    return true;
}

static bool realize(Device *d, char **error)
{
    GenericLoader *s = (GenericLoader *)d;
    s->entry = s->addr;
    if (s->cpu_num != NO_CPU && s->cpu_num >= d->machine->n_cpus) {
        *error = g_strdup_printf("cpu-num=%u: there are %u CPUs", s->cpu_num, d->machine->n_cpus);
        return false;
    }
    if (s->data_len > 8 || (s->data && !s->data_len)) {
        *error = g_strdup_printf("data-len=%u: a value has 1 to 8 bytes", s->data_len);
        return false;
    }
    if (s->file && s->data_len) {
        *error = g_strdup("file= and data= exclude each other");
        return false;
    }
    if (s->data_len && !mem_dma(d->machine->memory, s->addr, s->data_len)) {
        *error = g_strdup_printf("addr=0x%llx: not in RAM", (unsigned long long)s->addr);
        return false;
    }
    if (!s->file && !s->data_len && s->cpu_num == NO_CPU) {
        *error = g_strdup("nothing to do: give file=, data= or cpu-num=");
        return false;
    }
    return !s->file || load(s, error);
}

static void reset(Device *d)
{
    GenericLoader *s = (GenericLoader *)d;
    AddressSpace *as = d->machine->memory;
    if (s->image) {
        load_write(s->image, as);
    } else if (s->data_len) {
        uint64_t v = s->data_be ? __builtin_bswap64(s->data) >> (64 - 8 * s->data_len) : s->data;
        mem_write(as, s->addr, &v, s->data_len);
    }
}

static void unrealize(Device *d)
{
    load_free(((GenericLoader *)d)->image);
}

static const DeviceType loader_type = {
    .name = "loader",
    .desc = "puts a file or a value into memory",
    .bus = "none",
    .size = sizeof(GenericLoader),
    .user_creatable = true,
    .props = props,
    .realize = realize,
    .reset = reset,
    .unrealize = unrealize,
};
DEVICE_TYPE(loader_type);

bool generic_loader_pc(Machine *m, unsigned cpu, uint64_t *pc)
{
    bool found = false;
    for (guint i = 0; i < m->devices->len; i++) {
        const Device *d = m->devices->pdata[i];
        const GenericLoader *s = (const GenericLoader *)d;
        if (d->type == &loader_type && s->cpu_num == cpu) {
            *pc = s->entry;
            found = true;
        }
    }
    return found;
}
