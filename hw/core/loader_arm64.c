// Arm64 kernels. A Linux "Image" begins with a header (Linux Documentation/arch/arm64/booting.rst):
//
//   0x00 code0, code1   0x08 text_offset   0x10 image_size   0x18 flags   0x38 "ARM\x64"
//
// It is loaded text_offset bytes from a 2 MiB boundary in RAM and entered at its first byte.
#include "hw/core/loader.h"

#include <elf.h>
#include <glib.h>
#include <string.h>

#include "util/log.h"

#define HEADER_SIZE  64
#define MAGIC_AT     0x38
#define MAGIC        "ARM\x64"
#define TWO_MIB      UINT64_C(0x200000)
#define OLD_OFFSET   UINT64_C(0x80000) // kernels before 3.17, which do not fill in image_size
#define LOW_RESERVED UINT64_C(0x1000)

static uint64_t le64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint32_t le32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static bool is_image(const uint8_t *data, uint64_t len)
{
    return len >= HEADER_SIZE && !memcmp(data + MAGIC_AT, MAGIC, 4);
}

// EFI zboot (Linux drivers/firmware/efi/libstub/zboot-header.S): "MZ", "zimg" at 4, payload offset
// and size at 8 and 12, the compression's name at 24.
static bool is_zboot(const uint8_t *data, uint64_t len)
{
    return len >= HEADER_SIZE && !memcmp(data, "MZ", 2) && !memcmp(data + 4, "zimg", 4);
}

static bool is_gzip(const uint8_t *data, uint64_t len)
{
    return len > 18 && data[0] == 0x1f && data[1] == 0x8b;
}

// What else people try to boot.
static const char *foreign_kind(const uint8_t *data, uint64_t len)
{
    if (len >= 0x210 && !memcmp(data + 0x202, "HdrS", 4)) {
        return "this is an x86 bzImage";
    }
    if (len >= 0x28 && le32(data + 0x24) == 0x016f2818) {
        return "this is a 32-bit Arm zImage";
    }
    if (len >= 4 && !memcmp(data, "\x27\x05\x19\x56", 4)) {
        return "this is a U-Boot uImage";
    }
    if (len >= 0x40 && !memcmp(data + 0x38, "RSC\x05", 4)) {
        return "this is a RISC-V kernel";
    }
    if (len >= 2 && !memcmp(data, "MZ", 2)) {
        return "this is an EFI program; firmware (-bios) could start it from a disk";
    }
    if (len >= 4 && !memcmp(data, "\xd0\x0d\xfe\xed", 4)) {
        return "this is a device tree or FIT image";
    }
    return "no arm64 Image header, ELF or gzip data (firmware goes to -bios, raw code to -device "
           "loader)";
}

// Kernels with an EFI stub carry a PE header whose sections tell how long the file has to be.
static bool is_truncated(const uint8_t *data, uint64_t len)
{
    uint64_t pe = le32(data + 0x3c);
    if (pe == 0) {
        return false;
    }
    if (pe > len || len - pe < 24) {
        return true;
    }
    if (memcmp(data + pe, "PE\0\0", 4)) {
        return false;
    }
    unsigned sections = data[pe + 6] | data[pe + 7] << 8;
    uint64_t at = pe + 24 + (data[pe + 20] | data[pe + 21] << 8);
    for (unsigned i = 0; i < sections; i++, at += 40) {
        if (at > len || len - at < 40) {
            return true;
        }
        if ((uint64_t)le32(data + at + 16) + le32(data + at + 20) > len) {
            return true;
        }
    }
    return false;
}

static LoadImage *place_image(const char *name, uint8_t *data, uint64_t len, uint64_t ram_base,
                              uint64_t ram_size, char **error)
{
    uint64_t offset = le64(data + 8), size = le64(data + 16);
    if (is_truncated(data, len)) {
        *error = g_strdup_printf("%s: truncated kernel image", name);
        g_free(data);
        return NULL;
    }
    if (size == 0) {
        offset = OLD_OFFSET;
        size = len;
    }
    size = MAX_OF(size, len);
    if (offset < LOW_RESERVED) {
        offset += TWO_MIB; // QEMU's choice: the start of RAM stays free for a device tree
    }
    if (offset > ram_size || size > ram_size - offset) {
        *error =
            g_strdup_printf("%s: the kernel takes %llu MiB from RAM + 0x%llx, RAM has %llu MiB",
                            name, (unsigned long long)(size >> 20) + 1, (unsigned long long)offset,
                            (unsigned long long)(ram_size >> 20));
        g_free(data);
        return NULL;
    }
    LoadImage *image = g_new0(LoadImage, 1);
    image->kind = IMAGE_LINUX;
    image->n_segments = 1;
    image->segment = g_new0(LoadSegment, 1);
    image->entry = image->low = ram_base + offset;
    image->high = image->low + size; // with .bss
    image->segment[0] = (LoadSegment){image->low, data, len, len};
    return image;
}

static uint8_t *unpack_zboot(const char *name, const uint8_t *data, uint64_t len, uint64_t max,
                             uint64_t *out_len, char **error)
{
    uint64_t at = le32(data + 8), size = le32(data + 12);
    if (at > len || size > len - at) {
        *error = g_strdup_printf("%s: truncated EFI zboot image", name);
        return NULL;
    }
    if (memcmp(data + 24, "gzip", 5)) {
        *error = g_strdup_printf("%s: EFI zboot image compressed with '%.8s', only gzip is known",
                                 name, (const char *)data + 24);
        return NULL;
    }
    return load_gunzip(name, data + at, size, max, out_len, error);
}

// Replaces compressed data by what is in it. False with *error; *data is then freed.
static bool unpack(const char *name, uint8_t **data, uint64_t *len, uint64_t max, char **error)
{
    uint8_t *out;
    uint64_t out_len = 0;
    if (is_zboot(*data, *len)) {
        out = unpack_zboot(name, *data, *len, max, &out_len, error);
    } else if (is_gzip(*data, *len)) {
        out = load_gunzip(name, *data, *len, max, &out_len, error);
    } else {
        return true;
    }
    g_free(*data);
    *data = out;
    *len = out_len;
    return out != NULL;
}

LoadImage *load_arm64_bytes(const char *name, uint8_t *data, uint64_t len, uint64_t ram_base,
                            uint64_t ram_size, char **error)
{
    if (!unpack(name, &data, &len, ram_size, error)) {
        return NULL;
    }
    if (len >= SELFMAG && !memcmp(data, ELFMAG, SELFMAG)) {
        LoadImage *image = load_elf64_bytes(name, data, len, EM_AARCH64, error);
        g_free(data);
        return image;
    }
    if (is_image(data, len)) {
        return place_image(name, data, len, ram_base, ram_size, error);
    }
    if (len < HEADER_SIZE) {
        *error = g_strdup_printf("%s: not an arm64 kernel: only %llu bytes", name,
                                 (unsigned long long)len);
    } else {
        *error = g_strdup_printf("%s: not an arm64 kernel: %s", name, foreign_kind(data, len));
    }
    g_free(data);
    return NULL;
}

LoadImage *load_arm64_kernel(const char *path, uint64_t ram_base, uint64_t ram_size, char **error)
{
    uint64_t len;
    // An ELF with debug information may be larger than what it loads.
    uint8_t *data = load_file(path, MAX_OF(ram_size, UINT64_C(1) << 30), &len, error);
    return data ? load_arm64_bytes(path, data, len, ram_base, ram_size, error) : NULL;
}
