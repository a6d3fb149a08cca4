// Images that are a list of blocks, each at a place of its own in the file, for reading only: VDI,
// VHD (dynamic), VMDK (in one file). Their headers differ; vdi.c, vpc.c and vmdk.c make a map of
// them.
//
//   disk   | block 0 | block 1 | block 2 | ...
//   map    | place   | 0: zeros| place   |
#ifndef BLOCK_MAPPED_H
#define BLOCK_MAPPED_H

#include <endian.h>
#include <glib.h>
#include <string.h>

#include "block/format.h"

#define MAPPED_MOST ((uint64_t)1 << 24) // blocks: 1 TiB of VMDK's 64 KiB

typedef struct MappedImage {
    const char *format;
    uint64_t size, block; // bytes; block is a power of two
    uint64_t *map, n;     // bytes in the file, 0: zeros; entries, from mapped_new_map
    bool packed;          // a place has VMDK's marker and a zlib stream
} MappedImage;

// Takes file and image->map over.
BlockNode *mapped_open(BlockNode *file, const MappedImage *image);
// False with *error if that many blocks of that size cannot be, or do not fit the disk.
bool mapped_new_map(MappedImage *image, char **error);
// Gives up: closes file, frees the map, returns NULL.
BlockNode *mapped_fail(BlockNode *file, MappedImage *image);
// Bytes of the file, zeros behind its end. False with *error.
bool mapped_read(BlockNode *file, uint64_t off, void *buf, uint64_t len, char **error);
// Only for reading: false with *error if it is to be written.
bool mapped_may_open(const char *format, const BlockOpen *how, char **error);

static inline uint32_t mapped_le32(const void *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return le32toh(v);
}

static inline uint64_t mapped_le64(const void *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return le64toh(v);
}

static inline uint32_t mapped_be32(const void *p)
{
    return be32toh(htole32(mapped_le32(p)));
}

static inline uint64_t mapped_be64(const void *p)
{
    return be64toh(htole64(mapped_le64(p)));
}

#endif
