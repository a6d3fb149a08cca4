// Image formats: which one a file has, and opening it with its backing files.
//
//   qcow2 --file--> raw          reads of what an image does not have go to its backing file, which
//     '--backing--> qcow2 ...    is opened read-only
//
// Only block/ includes this.
#ifndef BLOCK_FORMAT_H
#define BLOCK_FORMAT_H

#include "block/node.h"

typedef struct BlockOpen {
    const char *format; // "raw", "qcow2"; NULL: by the file's first bytes, see block_open_image
    bool readonly, lock;
    bool no_sync;         // flushes do nothing (cache=unsafe)
    bool discard;         // discards reach the host's file
    uint64_t cache_bytes; // for each kind of tables; 0: as the format likes
    bool quiet;           // without lines about formats that had to be guessed
    bool no_backing;      // the backing file is not opened; what it has reads as zeros
    unsigned depth;       // how many images stand on this one
} BlockOpen;

// NULL with *error, without the file's name. Without a format, a file that nothing is known of is
// raw; if it may be written, a line says so and writes that would make its first sector look like
// another format are refused, for they would change what it is the next time.
BlockNode *block_open_image(const char *file, const BlockOpen *how, char **error);
// The backing file that `image` calls `name`: relative to image's directory.
BlockNode *block_open_backing(const char *image, const char *name, const char *format,
                              const BlockOpen *how, char **error);
char *block_backing_path(const char *image, const char *name); // to be g_free'd

// "raw", or the name of the format that a file with these first bytes has.
const char *block_probe(const void *head, size_t len);
bool block_format_known(const char *format); // can be opened
#define BLOCK_FORMATS "raw, qcow2, vdi, vmdk and vpc"

// The formats. Each takes file over, also if it fails.
BlockNode *qcow2_open(BlockNode *file, const char *name, const BlockOpen *how, char **error);
BlockNode *vdi_open(BlockNode *file, const char *name, const BlockOpen *how, char **error);
BlockNode *vmdk_open(BlockNode *file, const char *name, const BlockOpen *how, char **error);
BlockNode *vpc_open(BlockNode *file, const char *name, const BlockOpen *how, char **error);

#endif
