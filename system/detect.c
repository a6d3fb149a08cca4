// Tells what a file is by its first bytes, so that `mimus FILE` needs no options.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "block/block.h"
#include "system/options.h"

#define HEAD     0x9000      // enough for an ISO 9660 volume descriptor
#define ESP_SCAN (16u << 20) // bytes of an EFI system partition that are searched

typedef struct Head {
    FILE *file;
    uint8_t byte[HEAD];
    size_t len;
} Head;

static uint32_t le32(const uint8_t *p)
{
    return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t le64(const uint8_t *p)
{
    return le32(p) | (uint64_t)le32(p + 4) << 32;
}

static bool has(const Head *h, size_t at, const void *bytes, size_t n)
{
    return at + n <= h->len && !memcmp(h->byte + at, bytes, n);
}

static bool detect_elf(const Head *h, FileKind *k)
{
    static const struct {
        unsigned machine; // e_machine
        const char *target;
    } machines[] = {{183, "aarch64"}, {40, "arm"}, {62, "x86_64"}, {3, "i386"}};
    if (!has(h, 0, "\177ELF", 4) || h->len < 20) {
        return false;
    }
    unsigned machine = h->byte[18] | h->byte[19] << 8;
    *k = (FileKind){FILE_KERNEL, NULL, "ELF file for a processor that Mimus does not know", false};
    for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
        if (machines[i].machine == machine) {
            *k = (FileKind){FILE_KERNEL, machines[i].target, "ELF file", machine == 3};
        }
    }
    return true;
}

// Linux, Documentation/arch/arm64/booting: magic at 56. Compressed EFI images: "zimg" at 4.
static bool detect_kernel(const Head *h, FileKind *k)
{
    if (has(h, 56, "ARM\x64", 4)) {
        *k = (FileKind){FILE_KERNEL, "aarch64", "arm64 Linux kernel", false};
        return true;
    }
    if (has(h, 0, "MZ", 2) && has(h, 4, "zimg", 4)) {
        *k = (FileKind){FILE_KERNEL, NULL, "compressed EFI Linux kernel", false};
        return true;
    }
    if (has(h, 36, "\x18\x28\x6f\x01", 4)) { // zImage
        *k = (FileKind){FILE_KERNEL, "arm", "arm Linux kernel", false};
        return true;
    }
    if (has(h, 0x202, "HdrS", 4)) {
        bool tells = h->byte[0x207] > 2 || h->byte[0x206] >= 0x0c; // protocol 2.12: xloadflags
        bool wide = h->byte[0x236] & 1;                            // XLF_KERNEL_64
        *k = (FileKind){FILE_KERNEL, tells && !wide ? "i386" : "x86_64", "x86 Linux kernel",
                        !tells || !wide};
        return true;
    }
    return false;
}

// Replaces the head by what its first bytes inflate to.
static bool inflate_head(const Head *h, Head *out)
{
    z_stream z = {.next_in = (Bytef *)h->byte,
                  .avail_in = (uInt)h->len,
                  .next_out = out->byte,
                  .avail_out = sizeof(out->byte)};
    if (!has(h, 0, "\x1f\x8b", 2) || inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) {
        return false;
    }
    inflate(&z, Z_SYNC_FLUSH);
    out->len = sizeof(out->byte) - z.avail_out;
    inflateEnd(&z);
    return out->len > 0;
}

// The removable-media loader's name on the EFI system partition tells the processor.
static const char *esp_target(Head *h, uint64_t lba)
{
    static const struct {
        const char *name; // as a FAT short name
        const char *target;
    } loaders[] = {{"BOOTAA64EFI", "aarch64"}, {"BOOTX64 EFI", "x86_64"}, {"BOOTIA32EFI", "i386"}};
    const char *target = NULL;
    if (lba > INT64_MAX / 512 || fseeko(h->file, (off_t)(lba * 512), SEEK_SET)) {
        return NULL;
    }
    char *esp = g_malloc(ESP_SCAN);
    size_t n = fread(esp, 1, ESP_SCAN, h->file);
    for (size_t at = 0; at + 32 <= n && !target; at += 32) { // directory entries
        for (size_t i = 0; i < ARRAY_LEN(loaders); i++) {
            if (!memcmp(esp + at, loaders[i].name, 11)) {
                target = loaders[i].target;
            }
        }
    }
    g_free(esp);
    return target;
}

static const char *gpt_target(Head *h)
{
    static const uint8_t esp_type[16] = {0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11,
                                         0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b};
    for (size_t at = 1024; at + 128 <= MIN_OF(h->len, 1024 + 128 * 128); at += 128) {
        if (!memcmp(h->byte + at, esp_type, sizeof(esp_type))) {
            return esp_target(h, le64(h->byte + at + 32));
        }
    }
    return NULL;
}

// An MBR with boot code is a PC's; one without is only a partition table.
static const char *mbr_target(Head *h)
{
    for (size_t at = 446; at < 510; at += 16) {
        if (h->byte[at + 4] == 0xef) {
            return esp_target(h, le32(h->byte + at + 8));
        }
    }
    for (size_t i = 0; i < 440; i++) {
        if (h->byte[i]) {
            return "x86_64";
        }
    }
    return NULL;
}

#define CD_SECTOR 2048
#define BOOT_BIOS 0x00
#define BOOT_EFI  0xef

// The boot catalog (El Torito 1.0): a validation entry with the platform, entries of 32 bytes, and
// headers (0x90, 0x91) of sections for other platforms.
static const char *catalog_target(Head *h, const uint8_t *catalog)
{
    uint8_t platform = catalog[1];
    for (unsigned at = 32; at + 32 <= CD_SECTOR; at += 32) {
        const uint8_t *e = catalog + at;
        if (e[0] == 0x90 || e[0] == 0x91) {
            platform = e[1];
        } else if (e[0] == 0x88 && platform == BOOT_BIOS) {
            return "x86_64";
        } else if (e[0] == 0x88 && platform == BOOT_EFI) {
            const char *target = esp_target(h, (uint64_t)le32(e + 8) * (CD_SECTOR / 512));
            if (target) {
                return target;
            }
        }
    }
    return NULL;
}

static const char *cd_target(Head *h)
{
    uint8_t catalog[CD_SECTOR];
    if (!has(h, 17 * CD_SECTOR + 7, "EL TORITO SPECIFICATION", 23)) {
        return NULL;
    }
    uint32_t lba = le32(h->byte + 17 * CD_SECTOR + 0x47);
    if (fseeko(h->file, (off_t)lba * CD_SECTOR, SEEK_SET) ||
        fread(catalog, 1, sizeof catalog, h->file) != sizeof catalog || catalog[0] != 1) {
        return NULL;
    }
    return catalog_target(h, catalog);
}

static bool detect_disk(Head *h, FileKind *k)
{
    if (has(h, 512, "EFI PART", 8)) {
        *k = (FileKind){FILE_DISK, gpt_target(h), "disk image (GPT)", true};
    } else if (has(h, 0x8001, "CD001", 5)) {
        *k = (FileKind){FILE_CDROM, cd_target(h), "CD image (ISO 9660)", true};
    } else if (has(h, 510, "\x55\xaa", 2)) {
        *k = (FileKind){FILE_DISK, mbr_target(h), "disk image (MBR)", true};
    } else {
        return false;
    }
    return true;
}

// The disk in the image says what it is for.
static bool detect_image(const Head *h, const char *path, FileKind *k)
{
    if (!has(h, 0, "QFI\xfb", 4)) {
        return false;
    }
    Head *disk = g_new0(Head, 1);
    disk->file = block_contents(path);
    if (disk->file) {
        disk->len = fread(disk->byte, 1, sizeof(disk->byte), disk->file);
        detect_disk(disk, k);
        fclose(disk->file);
    }
    g_free(disk);
    *k = (FileKind){FILE_DISK, k->target, "qcow2 disk image", k->either};
    return true;
}

static bool detect_firmware(const Head *h, FileKind *k)
{
    for (size_t at = 40; at + 4 <= h->len; at += 0x1000) {
        if (has(h, at, "_FVH", 4)) {
            *k = (FileKind){FILE_FIRMWARE, NULL, "UEFI firmware", false};
            return true;
        }
    }
    return false;
}

bool file_detect(const char *path, FileKind *k, char **error)
{
    *k = (FileKind){0};
    FILE *f = fopen(path, "rb");
    Head *h = g_new0(Head, 1), *inner = g_new0(Head, 1);
    if (f) {
        h->file = f;
        h->len = fread(h->byte, 1, sizeof(h->byte), f);
    }
    if (!f || ferror(f)) {
        *error = g_strdup_printf("'%s': %s", path, g_strerror(errno));
    } else if (inflate_head(h, inner)) {
        if (!detect_kernel(inner, k)) {
            detect_elf(inner, k);
        }
    } else if (!detect_image(h, path, k) && !detect_elf(h, k) && !detect_kernel(h, k) &&
               !detect_firmware(h, k)) {
        detect_disk(h, k);
    }
    if (f) {
        fclose(f);
    }
    g_free(h);
    g_free(inner);
    return *error == NULL;
}
