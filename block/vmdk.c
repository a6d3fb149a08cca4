// VMDK in one sparse file, little-endian, also with compressed grains ("streamOptimized"): a
// directory of tables of grains. Disks of several files, and those with a parent, are refused.
#include "block/mapped.h"

enum { HEADER = 512, TABLE = 512, MAX_DESCRIPTOR = 65536 };

#define SECTOR          512u
#define FLAG_ZEROED     BIT(2) // entry 1 is a grain of zeros
#define FLAG_COMPRESSED BIT(16)
#define AT_END          UINT64_MAX // the directory's place is in a footer

typedef struct Vmdk {
    uint64_t capacity, grain, descriptor, descriptor_size, directory;
    uint32_t flags, per_table;
    unsigned compression;
} Vmdk;

static void parse_header(const uint8_t *h, Vmdk *v)
{
    v->flags = mapped_le32(h + 8);
    v->capacity = mapped_le64(h + 12);
    v->grain = mapped_le64(h + 20);
    v->descriptor = mapped_le64(h + 28);
    v->descriptor_size = mapped_le64(h + 36);
    v->per_table = mapped_le32(h + 44);
    v->directory = mapped_le64(h + 56);
    v->compression = h[77] | (unsigned)h[78] << 8;
}

static bool read_header(BlockNode *file, Vmdk *v, char **error)
{
    uint8_t h[HEADER];
    if (!mapped_read(file, 0, h, sizeof h, error)) {
        return false;
    }
    if (memcmp(h, "KDMV", 4) != 0) {
        *error = g_strdup("it is not a sparse VMDK file: only disks in one file of that kind are "
                          "supported (qemu-img convert makes one)");
        return false;
    }
    parse_header(h, v);
    // The footer is the last sector but one, behind its marker.
    if (v->directory == AT_END) {
        if (file->size < 2 * SECTOR ||
            !mapped_read(file, file->size - 2 * SECTOR, h, sizeof h, error)) {
            *error = *error ? *error : g_strdup("its footer is missing");
            return false;
        }
        parse_header(h, v);
    }
    return true;
}

static bool check(BlockNode *file, const Vmdk *v, char **error)
{
    char text[MAX_DESCRIPTOR + 1] = "";
    if (v->per_table != TABLE || v->capacity > INT64_MAX / SECTOR || v->grain > 0x10000 ||
        v->descriptor > INT64_MAX / SECTOR || v->directory > INT64_MAX / SECTOR ||
        (v->flags & FLAG_COMPRESSED && v->compression != 1)) {
        *error = g_strdup("its header has sizes or a compression that cannot be");
        return false;
    }
    uint64_t len = MIN_OF(v->descriptor_size, (uint64_t)MAX_DESCRIPTOR / SECTOR) * SECTOR;
    if (!mapped_read(file, v->descriptor * SECTOR, text, len, error)) {
        return false;
    }
    const char *parent = strstr(text, "parentCID=");
    if (parent && g_ascii_strncasecmp(parent, "parentCID=ffffffff", 18) != 0) {
        *error = g_strdup("it has a parent image, which is not supported for VMDK");
        return false;
    }
    return true;
}

// The grains of one table.
static bool read_table(BlockNode *file, const Vmdk *v, uint64_t first, uint32_t sector,
                       MappedImage *im, char **error)
{
    uint32_t entries[TABLE];
    if (!sector) {
        return true;
    }
    bool ok = mapped_read(file, (uint64_t)sector * SECTOR, entries, sizeof entries, error);
    for (uint64_t i = 0; ok && i < TABLE && first + i < im->n; i++) {
        uint32_t e = le32toh(entries[i]);
        bool zero = v->flags & FLAG_ZEROED && e == 1;
        im->map[first + i] = zero ? 0 : (uint64_t)e * SECTOR;
    }
    return ok;
}

static bool parse(BlockNode *file, MappedImage *im, char **error)
{
    Vmdk v;
    if (!read_header(file, &v, error) || !check(file, &v, error)) {
        return false;
    }
    im->size = v.capacity * SECTOR;
    im->block = v.grain * SECTOR;
    im->packed = v.flags & FLAG_COMPRESSED;
    im->n = v.grain ? v.capacity / v.grain + (v.capacity % v.grain != 0) : 0;
    if (!mapped_new_map(im, error)) {
        return false;
    }
    uint64_t tables = (im->n + TABLE - 1) / TABLE;
    uint32_t *directory = g_new(uint32_t, tables + 1);
    bool ok = mapped_read(file, v.directory * SECTOR, directory, tables * 4, error);
    for (uint64_t i = 0; ok && i < tables; i++) {
        ok = read_table(file, &v, i * TABLE, le32toh(directory[i]), im, error);
    }
    g_free(directory);
    return ok;
}

BlockNode *vmdk_open(BlockNode *file, const char *name, const BlockOpen *how, char **error)
{
    (void)name;
    MappedImage im = {.format = "vmdk"};
    bool ok = mapped_may_open(im.format, how, error) && parse(file, &im, error);
    return ok ? mapped_open(file, &im) : mapped_fail(file, &im);
}
