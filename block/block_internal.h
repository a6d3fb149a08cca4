// Shared by block.c (requests) and drive.c (the -drive option). Nobody else includes it.
#ifndef BLOCK_BLOCK_INTERNAL_H
#define BLOCK_BLOCK_INTERNAL_H

#include <glib.h>
#include "block/block.h"
#include "block/format.h"
#include "block/node.h"
#include "replay/gate.h"

struct BlockDevice {
    char *id, *file, *serial, *interface;
    unsigned unit;
    BlockNode *node; // NULL: an empty drive
    bool readonly, snapshot, unmap, cdrom;
    bool write_through; // flush after each write
    bool no_flush;      // cache=unsafe
    char *owner;        // the device that has it
    char *addr;         // addr= of the drive, for its disk
    bool created;       // an if=virtio drive whose disk exists
    unsigned errors;    // reported so far
    BlockStats stats;
    // --- removable media
    const BlockMedia *media; // NULL: fixed
    void *media_opaque;
    BlockNode *incoming; // what block_change has opened, until it is put in
    GateSource media_source;
    // --- rewind.c
    bool rewinds;
    GPtrArray *parked; // nodes of media that were taken out
};

GPtrArray *block_devices(struct Machine *m);                    // of BlockDevice *
void block_add_media_source(struct Machine *m, BlockDevice *b); // once it has its id
// In a replay that can go back: the node is kept for that. False: it is not one.
bool block_park_node(BlockDevice *b);
// Puts an overlay with a journal on a writable node. False with *error: the node has been closed.
bool block_make_rewindable(const BlockDevice *b, BlockNode **n, char **error);
// The file as -drive would open it. NULL with *error, without the file's name.
BlockNode *drive_open_file(const char *file, const BlockOpen *how, bool snapshot, char **error);

#endif
