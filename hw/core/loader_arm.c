// Kernels of 32-bit Arm: zImage and raw Image, which say nothing of where they want to be, U-Boot's
// uImage, which does, and ELF executables.
//
//   raw:    RAM + 0x10000, entered at its first byte (Documentation/arch/arm/booting.rst)
//   uImage: 64 bytes of header, big-endian: magic, crc, time, size, load, entry, crc, os, arch,
//   type,
//           compression, name
#include <elf.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "hw/core/loader.h"
#include "util/bits.h"

#define RAW_OFFSET   0x10000
#define UIMAGE_BYTES 64
#define UIMAGE_MAGIC 0x27051956u

enum { UIMAGE_OS_LINUX = 5, UIMAGE_ARCH_ARM = 2, UIMAGE_KERNEL = 2, UIMAGE_KERNEL_NOLOAD = 14 };
enum { UIMAGE_PLAIN = 0, UIMAGE_GZIP = 1 };

typedef struct Placed {
    uint64_t at, entry;
    ImageKind kind;
} Placed;

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool has(const uint8_t *data, uint64_t len, uint64_t at, const char *magic, size_t n)
{
    return len >= at + n && !memcmp(data + at, magic, n);
}

// Takes data over.
static LoadImage *place(const char *name, uint8_t *data, uint64_t len, const Placed *p,
                        uint64_t ram_base, uint64_t ram_size, char **error)
{
    if (p->at < ram_base || p->at - ram_base > ram_size || len > ram_size - (p->at - ram_base)) {
        *error =
            g_strdup_printf("%s: %llu KiB at 0x%llx do not fit into RAM (%llu MiB at 0x%llx)", name,
                            (unsigned long long)(len >> 10), (unsigned long long)p->at,
                            (unsigned long long)(ram_size >> 20), (unsigned long long)ram_base);
        g_free(data);
        return NULL;
    }
    LoadImage *image = g_new0(LoadImage, 1);
    image->kind = p->kind;
    image->n_segments = 1;
    image->segment = g_new0(LoadSegment, 1);
    image->segment[0] = (LoadSegment){p->at, data, len, len};
    image->entry = p->entry;
    image->low = p->at;
    image->high = p->at + len;
    return image;
}

static char *uimage_problem(const uint8_t *h, uint64_t len)
{
    if (be32(h + 12) > len - UIMAGE_BYTES) {
        return g_strdup("truncated uImage");
    }
    if (h[29] != UIMAGE_ARCH_ARM) {
        return g_strdup_printf("uImage for architecture %u, not 2 (Arm)", h[29]);
    }
    if (h[30] != UIMAGE_KERNEL && h[30] != UIMAGE_KERNEL_NOLOAD) {
        return g_strdup_printf("uImage of type %u, not a kernel (2 or 14)", h[30]);
    }
    if (h[31] != UIMAGE_PLAIN && h[31] != UIMAGE_GZIP) {
        return g_strdup_printf("uImage with compression %u; only none (0) and gzip (1) are known",
                               h[31]);
    }
    return NULL;
}

static LoadImage *load_uimage(const char *name, uint8_t *data, uint64_t len, uint64_t ram_base,
                              uint64_t ram_size, char **error)
{
    const uint8_t *h = data;
    char *problem = uimage_problem(h, len);
    uint8_t *body = NULL;
    uint64_t size = 0;
    Placed p = {.at = be32(h + 16), .entry = be32(h + 20), .kind = IMAGE_RAW};
    if (problem) {
        *error = g_strdup_printf("%s: %s", name, problem);
        g_free(problem);
        g_free(data);
        return NULL;
    }
    if (h[30] == UIMAGE_KERNEL_NOLOAD) { // the entry is an offset then
        p.at = ram_base + RAW_OFFSET;
        p.entry += p.at;
    }
    p.kind = h[28] == UIMAGE_OS_LINUX ? IMAGE_LINUX : IMAGE_RAW;
    size = be32(h + 12);
    if (h[31] == UIMAGE_GZIP) {
        body = load_gunzip(name, data + UIMAGE_BYTES, size, ram_size, &size, error);
    } else {
        body = g_memdup2(data + UIMAGE_BYTES, size);
    }
    g_free(data);
    return body ? place(name, body, size, &p, ram_base, ram_size, error) : NULL;
}

// What is certainly for another CPU.
static const char *foreign_kind(const uint8_t *data, uint64_t len)
{
    if (has(data, len, 56, "ARM\x64", 4)) {
        return "an arm64 kernel";
    }
    if (has(data, len, 0x202, "HdrS", 4)) {
        return "an x86 kernel";
    }
    return NULL;
}

LoadImage *load_arm_bytes(const char *name, uint8_t *data, uint64_t len, uint64_t ram_base,
                          uint64_t ram_size, char **error)
{
    const char *foreign = foreign_kind(data, len);
    if (foreign || len < 4) {
        *error = g_strdup_printf("%s: not an Arm kernel of 32 bits: %s", name,
                                 foreign ? foreign : "less than one instruction");
        g_free(data);
        return NULL;
    }
    if (has(data, len, 0, ELFMAG, SELFMAG)) {
        LoadImage *image = load_elf_bytes(name, data, len, EM_ARM, error);
        g_free(data);
        return image;
    }
    if (len >= UIMAGE_BYTES && be32(data) == UIMAGE_MAGIC) {
        return load_uimage(name, data, len, ram_base, ram_size, error);
    }
    Placed p = {ram_base + RAW_OFFSET, ram_base + RAW_OFFSET, IMAGE_LINUX};
    return place(name, data, len, &p, ram_base, ram_size, error);
}

LoadImage *load_arm_kernel(const char *path, uint64_t ram_base, uint64_t ram_size, char **error)
{
    uint64_t len;
    // An ELF with debug information may be larger than what it loads.
    uint8_t *data = load_file(path, MAX_OF(ram_size, UINT64_C(1) << 30), &len, error);
    return data ? load_arm_bytes(path, data, len, ram_base, ram_size, error) : NULL;
}
