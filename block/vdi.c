// VirtualBox's VDI, little-endian: a header, a map of blocks of 1 MiB, the blocks.
#include "block/mapped.h"

enum { HEADER = 0x190, STATIC_OR_DYNAMIC = 2 };

#define SIGNATURE 0xbeda107f
#define NO_BLOCK  0xfffffffe // and above: zeros

static bool parse(BlockNode *file, MappedImage *im, char **error)
{
    uint8_t h[HEADER];
    if (!mapped_read(file, 0, h, sizeof h, error)) {
        return false;
    }
    uint32_t type = mapped_le32(h + 0x4c), map = mapped_le32(h + 0x154);
    uint32_t data = mapped_le32(h + 0x158);
    if (mapped_le32(h + 0x40) != SIGNATURE || mapped_le32(h + 0x44) >> 16 != 1) {
        *error = g_strdup("it is not a VDI image of version 1 (at byte 64)");
        return false;
    }
    if (!type || type > STATIC_OR_DYNAMIC) {
        *error = g_strdup_printf("VDI images of type %u (at byte 76): only dynamic and static ones "
                                 "without a parent are supported",
                                 type);
        return false;
    }
    im->size = mapped_le64(h + 0x170);
    im->block = mapped_le32(h + 0x178);
    im->n = mapped_le32(h + 0x180);
    if (!mapped_new_map(im, error)) {
        return false;
    }
    uint32_t *entries = g_new(uint32_t, im->n + 1);
    bool ok = mapped_read(file, map, entries, im->n * 4, error);
    for (uint64_t i = 0; ok && i < im->n; i++) {
        uint32_t e = le32toh(entries[i]);
        im->map[i] = e >= NO_BLOCK ? 0 : data + e * im->block;
    }
    g_free(entries);
    return ok;
}

BlockNode *vdi_open(BlockNode *file, const char *name, const BlockOpen *how, char **error)
{
    (void)name;
    MappedImage im = {.format = "vdi"};
    bool ok = mapped_may_open(im.format, how, error) && parse(file, &im, error);
    return ok ? mapped_open(file, &im) : mapped_fail(file, &im);
}
