// Dynamic VHDs, big-endian: a copy of the footer, a header, a table of blocks; each block begins
// with a bitmap of its sectors. (A fixed VHD is a raw image with a footer.)
#include "block/mapped.h"

enum { FOOTER = 512, HEADER = 1024, DYNAMIC = 3 };

#define NO_BLOCK 0xffffffff

// Some programs make the disk as large as its geometry, others as large as they say.
static uint64_t disk_size(const uint8_t *footer)
{
    static const char *const by_geometry[] = {"vpc ", "vs  ", "qemu"};
    uint64_t heads = footer[58], sectors = footer[59];
    uint64_t geometry = ((uint64_t)footer[56] << 8 | footer[57]) * heads * sectors;
    for (size_t i = 0; i < ARRAY_LEN(by_geometry); i++) {
        if (!memcmp(footer + 28, by_geometry[i], 4) && geometry && geometry < 65535 * 16 * 255) {
            return geometry * 512;
        }
    }
    return mapped_be64(footer + 48);
}

static bool parse(BlockNode *file, MappedImage *im, char **error)
{
    uint8_t f[FOOTER], h[HEADER];
    if (!mapped_read(file, 0, f, sizeof f, error)) {
        return false;
    }
    if (memcmp(f, "conectix", 8) != 0 || mapped_be32(f + 60) != DYNAMIC) {
        *error = g_strdup_printf("it is not a dynamic VHD image (type %u at byte 60); format=raw "
                                 "takes fixed ones",
                                 mapped_be32(f + 60));
        return false;
    }
    if (!mapped_read(file, mapped_be64(f + 16), h, sizeof h, error)) {
        return false;
    }
    if (memcmp(h, "cxsparse", 8) != 0) {
        *error = g_strdup("its second header does not begin with 'cxsparse'");
        return false;
    }
    im->size = disk_size(f);
    im->n = mapped_be32(h + 28);
    im->block = mapped_be32(h + 32);
    if (!mapped_new_map(im, error)) {
        return false;
    }
    uint64_t bitmap = ALIGN_UP((im->block / 512 + 7) / 8, UINT64_C(512));
    uint32_t *entries = g_new(uint32_t, im->n + 1);
    bool ok = mapped_read(file, mapped_be64(h + 16), entries, im->n * 4, error);
    for (uint64_t i = 0; ok && i < im->n; i++) {
        uint32_t e = be32toh(entries[i]);
        im->map[i] = e == NO_BLOCK ? 0 : e * UINT64_C(512) + bitmap;
    }
    g_free(entries);
    return ok;
}

BlockNode *vpc_open(BlockNode *file, const char *name, const BlockOpen *how, char **error)
{
    (void)name;
    MappedImage im = {.format = "vpc"};
    bool ok = mapped_may_open(im.format, how, error) && parse(file, &im, error);
    return ok ? mapped_open(file, &im) : mapped_fail(file, &im);
}
