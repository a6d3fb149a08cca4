// Kernels that are not Linux's own format, without firmware:
//
//   Multiboot 1 (Multiboot Specification 0.6.96): a header in the first 8 KiB; EAX says so, EBX
//   points
//                to the information. -initrd FILE [ARGS],FILE [ARGS] are its modules.
//   PVH (Xen's "x86/HVM direct boot ABI"): an ELF note names the 32-bit entry; EBX points to the
//   start
//                information.
//
// Modules and the information follow the kernel in RAM.
#include <elf.h>
#include <string.h>

#include "hw/i386/pc_internal.h"

#define PAGE UINT64_C(0x1000)

// Guest memory that is filled from its start and knows its address.
typedef struct Blob {
    GByteArray *bytes;
    uint64_t base;
} Blob;

static uint32_t blob_put(Blob *b, const void *p, size_t n)
{
    while (b->bytes->len % 8) {
        g_byte_array_append(b->bytes, (const guint8 *)"", 1);
    }
    uint64_t at = b->base + b->bytes->len;
    g_byte_array_append(b->bytes, p, (guint)n);
    return (uint32_t)at;
}

// --- modules

typedef struct Module {
    uint64_t start, end;
    char *text; // file name and arguments
} Module;

// Places the files of -initrd from *at on, each on a page; *at moves behind them.
static bool load_modules(Pc *s, uint64_t *at, GArray *modules, char **error)
{
    const char *list = s->m->config.initrd;
    char **items = g_strsplit(list ? list : "", ",", -1);
    bool ok = true;
    for (unsigned i = 0; items[i] && ok; i++) {
        char *text = g_strdup(g_strstrip(items[i]));
        char *path = g_strndup(text, strcspn(text, " "));
        char *reason = NULL;
        uint64_t len;
        *at = ALIGN_UP(*at, PAGE);
        uint8_t *data =
            *at < s->below_4g ? load_file(path, s->below_4g - *at, &len, &reason) : NULL;
        ok = data != NULL;
        if (ok) {
            Module m = {*at, *at + len, text};
            g_array_append_val(modules, m);
            pc_add_image(s, *at, data, len);
            *at += len;
        } else {
            *error = g_strdup_printf("-initrd %s", reason ? reason : "does not fit into RAM");
            g_free(text);
        }
        g_free(reason);
        g_free(path);
        g_free(data);
    }
    g_strfreev(items);
    return ok;
}

static void free_modules(GArray *modules)
{
    for (guint i = 0; i < modules->len; i++) {
        g_free(g_array_index(modules, Module, i).text);
    }
    g_array_free(modules, TRUE);
}

static bool finish(Pc *s, LoadImage *image, Blob *b, char **error)
{
    const char *path = s->m->config.kernel;
    bool fits = b->base + b->bytes->len <= s->below_4g;
    s->kernel = image;
    if (fits) {
        pc_add_image(s, b->base, b->bytes->data, b->bytes->len);
    } else {
        *error = g_strdup_printf("%s: too little RAM for kernel and modules", path);
    }
    g_byte_array_free(b->bytes, TRUE);
    return fits && load_fits(image, path, s->m->memory, error);
}

// --- Multiboot

#define MB_MAGIC     0x1badb002u
#define MB_SEARCH    8192
#define MB_MEMORY    (1 << 0)
#define MB_CMDLINE   (1 << 2)
#define MB_MODULES   (1 << 3)
#define MB_MMAP      (1 << 6)
#define MB_NAME      (1 << 9)
#define MB_ADDRESSES (1 << 16)
#define MB_UNKNOWN   0xfff8u // required features but alignment, memory and video mode

typedef struct MultibootHeader {
    uint32_t magic, flags, checksum;
    uint32_t header_addr, load_addr, load_end, bss_end, entry;
} MultibootHeader;

typedef struct MultibootInfo {
    uint32_t flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr, syms[4];
    uint32_t mmap_length, mmap_addr, drives_length, drives_addr, config_table, boot_loader_name;
    uint32_t apm_table, vbe[4];
} MultibootInfo;

static bool find_header(const uint8_t *file, uint64_t len, MultibootHeader *h, uint64_t *at)
{
    for (*at = 0; *at + 12 <= MIN_OF(len, (uint64_t)MB_SEARCH); *at += 4) {
        memset(h, 0, sizeof *h);
        memcpy(h, file + *at, MIN_OF(sizeof *h, len - *at));
        if (h->magic == MB_MAGIC && h->magic + h->flags + h->checksum == 0) {
            return true;
        }
    }
    return false;
}

// The header says itself what goes where.
static LoadImage *load_by_addresses(const char *path, const uint8_t *file, uint64_t len,
                                    const MultibootHeader *h, uint64_t at, char **error)
{
    uint64_t before = h->header_addr - h->load_addr;
    uint64_t start = at - before, size = h->load_end ? h->load_end - h->load_addr : len - start;
    if (h->header_addr < h->load_addr || before > at || size > len - start ||
        (h->bss_end && h->bss_end < h->load_addr + size)) {
        *error = g_strdup_printf("%s: bad addresses in the Multiboot header", path);
        return NULL;
    }
    LoadImage *image = g_new0(LoadImage, 1);
    uint64_t end = MAX_OF((uint64_t)h->bss_end, h->load_addr + size);
    image->n_segments = 1;
    image->segment = g_new0(LoadSegment, 1);
    image->segment[0] =
        (LoadSegment){h->load_addr, g_memdup2(file + start, size), size, end - h->load_addr};
    image->low = h->load_addr;
    image->high = end;
    image->entry = h->entry;
    return image;
}

static LoadImage *load_multiboot(const char *path, const uint8_t *file, uint64_t len,
                                 const MultibootHeader *h, uint64_t at, char **error)
{
    if (h->flags & MB_UNKNOWN) {
        *error = g_strdup_printf("%s: wants Multiboot features 0x%x, which are not there", path,
                                 h->flags & MB_UNKNOWN);
        return NULL;
    }
    return h->flags & MB_ADDRESSES ? load_by_addresses(path, file, len, h, at, error)
                                   : load_elf_bytes(path, file, len, EM_386, error);
}

static void put_mmap(const Pc *s, Blob *b, MultibootInfo *info)
{
    PcRange range[PC_E820_MAX];
    unsigned n = pc_e820(s, range, true);
    struct {
        uint32_t size;
        uint64_t base, length;
        uint32_t type;
    } __attribute__((packed)) entry[PC_E820_MAX];
    for (unsigned i = 0; i < n; i++) {
        entry[i].size = sizeof entry[i] - 4;
        entry[i].base = range[i].base;
        entry[i].length = range[i].size;
        entry[i].type = range[i].type;
    }
    info->mmap_length = (uint32_t)(n * sizeof entry[0]);
    info->mmap_addr = blob_put(b, entry, info->mmap_length);
}

static void put_mods(Blob *b, MultibootInfo *info, const GArray *modules)
{
    uint32_t *list = g_new0(uint32_t, 4 * modules->len + 1);
    for (guint i = 0; i < modules->len; i++) {
        const Module *m = &g_array_index(modules, Module, i);
        list[4 * i] = (uint32_t)m->start;
        list[4 * i + 1] = (uint32_t)m->end;
        list[4 * i + 2] = blob_put(b, m->text, strlen(m->text) + 1);
    }
    info->mods_count = modules->len;
    info->mods_addr = blob_put(b, list, 16 * modules->len);
    g_free(list);
}

static void put_info(Pc *s, Blob *b, const GArray *modules)
{
    const MachineConfig *c = &s->m->config;
    MultibootInfo info = {.flags = MB_MEMORY | MB_CMDLINE | MB_MODULES | MB_MMAP | MB_NAME,
                          .mem_lower = 639,
                          .mem_upper = (uint32_t)((s->below_4g - MIB) / KIB)};
    char *line =
        g_strdup_printf("%s%s%s", c->kernel, c->append ? " " : "", c->append ? c->append : "");
    info.cmdline = blob_put(b, line, strlen(line) + 1);
    info.boot_loader_name = blob_put(b, "mimus", 6);
    put_mods(b, &info, modules);
    put_mmap(s, b, &info);
    s->boot_arg = blob_put(b, &info, sizeof info);
    g_free(line);
}

bool pc_load_multiboot(Pc *s, const uint8_t *file, uint64_t len, bool *known, char **error)
{
    MultibootHeader h;
    uint64_t at;
    *known = find_header(file, len, &h, &at);
    if (!*known) {
        return false;
    }
    LoadImage *image = load_multiboot(s->m->config.kernel, file, len, &h, at, error);
    if (!image) {
        return false;
    }
    GArray *modules = g_array_new(FALSE, TRUE, sizeof(Module));
    uint64_t end = image->high;
    bool ok = load_modules(s, &end, modules, error);
    Blob b = {g_byte_array_new(), ALIGN_UP(end, PAGE)};
    if (ok) {
        put_info(s, &b, modules);
        pc_place_tables(s);
        s->boot = PC_BOOT_MULTIBOOT;
        s->entry = image->entry;
    }
    free_modules(modules);
    return ok && finish(s, image, &b, error);
}

// --- PVH

#define PVH_NOTE  18 // XEN_ELFNOTE_PHYS32_ENTRY
#define PVH_MAGIC 0x336ec578u

typedef struct PvhInfo {
    uint32_t magic, version, flags, nr_modules;
    uint64_t modlist, cmdline, rsdp, memmap;
    uint32_t memmap_entries, reserved;
} PvhInfo;

static void put_pvh_info(Pc *s, Blob *b, const GArray *modules)
{
    const char *append = s->m->config.append ? s->m->config.append : "";
    PvhInfo info = {.magic = PVH_MAGIC, .version = 1, .nr_modules = modules->len};
    PcRange range[PC_E820_MAX];
    unsigned n = pc_e820(s, range, true);
    uint64_t map[3 * PC_E820_MAX], *mods = g_new0(uint64_t, 4 * modules->len + 1);
    for (unsigned i = 0; i < n; i++) {
        map[3 * i] = range[i].base;
        map[3 * i + 1] = range[i].size;
        map[3 * i + 2] = range[i].type;
    }
    for (guint i = 0; i < modules->len; i++) {
        const Module *m = &g_array_index(modules, Module, i);
        mods[4 * i] = m->start;
        mods[4 * i + 1] = m->end - m->start;
    }
    info.modlist = modules->len ? blob_put(b, mods, 32 * modules->len) : 0;
    info.memmap = blob_put(b, map, 24 * n);
    info.memmap_entries = n;
    info.cmdline = blob_put(b, append, strlen(append) + 1);
    info.rsdp = pc_place_tables(s);
    s->boot_arg = blob_put(b, &info, sizeof info);
    g_free(mods);
}

static LoadImage *load_any_elf(const char *path, const uint8_t *file, uint64_t len, char **error)
{
    bool wide = len > EI_CLASS && file[EI_CLASS] == ELFCLASS64;
    return load_elf_bytes(path, file, len, wide ? EM_X86_64 : EM_386, error);
}

bool pc_load_pvh(Pc *s, const uint8_t *file, uint64_t len, bool *known, char **error)
{
    const char *path = s->m->config.kernel;
    uint64_t entry;
    *known = len > SELFMAG && !memcmp(file, ELFMAG, SELFMAG);
    LoadImage *image = *known ? load_any_elf(path, file, len, error) : NULL;
    if (!image) {
        return false;
    }
    if (!load_elf_note(file, len, "Xen", PVH_NOTE, &entry, sizeof entry)) {
        *error = g_strdup_printf("%s: an ELF file with neither a Multiboot header nor a PVH entry "
                                 "note",
                                 path);
        load_free(image);
        return false;
    }
    GArray *modules = g_array_new(FALSE, TRUE, sizeof(Module));
    uint64_t end = image->high;
    bool ok = load_modules(s, &end, modules, error);
    Blob b = {g_byte_array_new(), ALIGN_UP(end, PAGE)};
    if (ok) {
        put_pvh_info(s, &b, modules);
        s->boot = PC_BOOT_PVH;
        s->entry = entry;
    }
    free_modules(modules);
    return ok && finish(s, image, &b, error);
}
