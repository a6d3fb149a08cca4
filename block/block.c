// Requests of disk devices, and the list of what they may ask for. The picture is in block.h.
#include "block/block_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hw/core/machine.h"
#include "util/log.h"

#define MAX_REPORTS 20 // lines about errors of one drive

GPtrArray *block_devices(Machine *m)
{
    GPtrArray *all = machine_lookup(m, "block");
    if (!all) {
        all = g_ptr_array_new();
        machine_register(m, "block", all);
    }
    return all;
}

BlockDevice *block_find(Machine *m, const char *id)
{
    GPtrArray *all = block_devices(m);
    for (guint i = 0; i < all->len; i++) {
        BlockDevice *b = all->pdata[i];
        if (!strcmp(b->id, id)) {
            return b;
        }
    }
    return NULL;
}

BlockDevice *block_find_interface(Machine *m, const char *interface, unsigned unit)
{
    GPtrArray *all = block_devices(m);
    for (guint i = 0; i < all->len; i++) {
        BlockDevice *b = all->pdata[i];
        if (!strcmp(b->interface, interface) && b->unit == unit) {
            return b;
        }
    }
    return NULL;
}

bool block_claim_empty(BlockDevice *b, const char *owner, char **error)
{
    if (b->owner) {
        *error = g_strdup_printf("drive '%s' belongs to %s already", b->id, b->owner);
        return false;
    }
    b->owner = g_strdup(owner);
    return true;
}

bool block_claim(BlockDevice *b, const char *owner, char **error)
{
    if (!b->node && !b->owner) {
        *error = g_strdup_printf("drive '%s' has no file", b->id);
        return false;
    }
    return block_claim_empty(b, owner, error);
}

const char *block_id(const BlockDevice *b)
{
    return b->id;
}

const char *block_file(const BlockDevice *b)
{
    return b->file;
}

const char *block_serial(const BlockDevice *b)
{
    return b->serial;
}

unsigned block_unit(const BlockDevice *b)
{
    return b->unit;
}

bool block_is_cdrom(const BlockDevice *b)
{
    return b->cdrom;
}

bool block_inserted(const BlockDevice *b)
{
    return b->node != NULL;
}

bool block_write_through(const BlockDevice *b)
{
    return b->write_through;
}

const char *block_owner(const BlockDevice *b)
{
    return b->owner;
}

const BlockStats *block_stats(const BlockDevice *b)
{
    return &b->stats;
}

bool block_readonly(const BlockDevice *b)
{
    return b->readonly;
}

uint64_t block_size(const BlockDevice *b)
{
    return b->node ? b->node->size : 0;
}

// --- requests

static void tell(BlockDevice *b, const char *what, uint64_t off, uint64_t len, const char *reason)
{
    if (b->errors++ < MAX_REPORTS) {
        report("drive %s: %s: %s of %" PRIu64 " bytes at offset %" PRIu64 " failed: %s%s", b->id,
               b->file ? b->file : "(empty)", what, len, off, reason,
               b->errors == MAX_REPORTS ? " (no further errors of this drive are shown)" : "");
    }
}

static bool in_range(BlockDevice *b, const char *what, uint64_t off, uint64_t len)
{
    uint64_t size = block_size(b);
    if (off <= size && len <= size - off) {
        return true;
    }
    log_printf(LOG_GUEST_ERRORS,
               "drive %s: %s of %" PRIu64 " bytes at %" PRIu64 ", size %" PRIu64 "\n", b->id, what,
               len, off, size);
    return false;
}

static bool may_write(BlockDevice *b, const char *what, uint64_t off, uint64_t len)
{
    if (b->readonly) {
        log_printf(LOG_GUEST_ERRORS, "drive %s: %s of a read-only drive\n", b->id, what);
        return false;
    }
    return in_range(b, what, off, len);
}

// Counts a request that went well. False otherwise.
static bool count(BlockDevice *b, bool ok, uint64_t *requests, uint64_t *bytes, uint64_t len)
{
    *(ok ? requests : &b->stats.failed) += 1;
    if (ok && bytes) {
        *bytes += len;
    }
    return ok;
}

static bool done(BlockDevice *b, const char *what, uint64_t off, uint64_t len, int err)
{
    if (err) {
        tell(b, what, off, len, block_strerror(err));
    }
    return !err;
}

static bool written(BlockDevice *b, const char *what, uint64_t off, uint64_t len, int err)
{
    return done(b, what, off, len, err) && (!b->write_through || block_flush(b));
}

bool block_readv(BlockDevice *b, uint64_t off, const struct iovec *iov, unsigned n)
{
    uint64_t len = iov_length(iov, n);
    if (n > BLOCK_IOV_MAX || !in_range(b, "read", off, len)) {
        return false;
    }
    BlockStats *st = &b->stats;
    return !len || count(b, done(b, "read", off, len, b->node->ops->readv(b->node, off, iov, n)),
                         &st->reads, &st->read_bytes, len);
}

bool block_writev(BlockDevice *b, uint64_t off, const struct iovec *iov, unsigned n)
{
    uint64_t len = iov_length(iov, n);
    if (n > BLOCK_IOV_MAX || !may_write(b, "write", off, len)) {
        return false;
    }
    BlockStats *st = &b->stats;
    return !len ||
           count(b, written(b, "write", off, len, b->node->ops->writev(b->node, off, iov, n)),
                 &st->writes, &st->write_bytes, len);
}

bool block_read(BlockDevice *b, uint64_t off, void *buf, uint64_t len)
{
    struct iovec iov = {buf, len};
    return block_readv(b, off, &iov, 1);
}

bool block_write(BlockDevice *b, uint64_t off, const void *buf, uint64_t len)
{
    struct iovec iov = {(void *)(uintptr_t)buf, len};
    return block_writev(b, off, &iov, 1);
}

bool block_write_zeroes(BlockDevice *b, uint64_t off, uint64_t len, bool may_unmap)
{
    if (!may_write(b, "zeroing", off, len)) {
        return false;
    }
    BlockStats *st = &b->stats;
    int err = len ? b->node->ops->zero(b->node, off, len, may_unmap && b->unmap) : 0;
    return !len ||
           count(b, written(b, "zeroing", off, len, err), &st->writes, &st->write_bytes, len);
}

bool block_discard(BlockDevice *b, uint64_t off, uint64_t len)
{
    if (!may_write(b, "discard", off, len)) {
        return false;
    }
    BlockStats *st = &b->stats;
    return !len || !b->unmap ||
           count(b, done(b, "discard", off, len, b->node->ops->discard(b->node, off, len)),
                 &st->discards, &st->discard_bytes, len);
}

bool block_flush(BlockDevice *b)
{
    if (!b->node || b->readonly || b->no_flush) {
        return true;
    }
    return count(b, done(b, "flush", 0, 0, b->node->ops->flush(b->node)), &b->stats.flushes, NULL,
                 0);
}

// --- all drives

void block_each(Machine *m, void (*fn)(void *, BlockDevice *), void *opaque)
{
    GPtrArray *all = block_devices(m);
    for (guint i = 0; i < all->len; i++) {
        fn(opaque, all->pdata[i]);
    }
}

// --- images

bool block_image_info(const BlockDevice *b, unsigned level, BlockImageInfo *info)
{
    *info = (BlockImageInfo){.backing = b->node, .backing_file = b->file};
    for (unsigned i = 0; i <= level; i++) {
        BlockNode *n = info->backing;
        if (!n) {
            return false;
        }
        *info = (BlockImageInfo){.file = info->backing_file, .format = "raw", .size = n->size};
        if (n->ops->info) {
            n->ops->info(n, info);
        }
    }
    return true;
}

static void print_backing(FILE *out, const BlockDevice *b)
{
    BlockImageInfo info;
    for (unsigned level = 1; block_image_info(b, level, &info); level++) {
        fprintf(out, "    Backing file: %s (%s, chain depth: %u)\n", info.file, info.format, level);
    }
}

void block_print(Machine *m, void *file)
{
    FILE *out = file;
    GPtrArray *all = block_devices(m);
    for (guint i = 0; i < all->len; i++) {
        const BlockDevice *b = all->pdata[i];
        BlockImageInfo info = {.format = "raw"};
        block_image_info(b, 0, &info);
        fprintf(out, "%s: %s (%s, %" PRIu64 " bytes%s%s%s%s)%s%s\n", b->id,
                b->file ? b->file : "[not inserted]", info.format, block_size(b),
                b->readonly ? ", read-only" : "", b->snapshot ? ", snapshot" : "",
                info.dirty ? ", dirty" : "", info.corrupt ? ", corrupt" : "",
                b->owner ? ", attached to " : "", b->owner ? b->owner : "");
        print_backing(out, b);
    }
}

static void close_device(BlockDevice *b)
{
    if (b->node) {
        block_flush(b);
        b->node->ops->close(b->node);
        b->node = NULL;
    }
}

void block_close_all(Machine *m)
{
    GPtrArray *all = block_devices(m);
    for (guint i = 0; i < all->len; i++) {
        close_device(all->pdata[i]);
    }
}
