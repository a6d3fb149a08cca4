// Scatter lists: image contents go straight to and from guest RAM, in pieces of many segments.
#include "hw/ide/ata.h"

#include <glib.h>
#include <string.h>

#define MAX_IOV 64

// The current piece, at most len of it. False: the list is at its end.
static bool piece(AtaSg *sg, uint64_t len, uint64_t *addr, uint32_t *n)
{
    while (!sg->left) {
        if (sg->over || !sg->next(sg, &sg->addr, &sg->left)) {
            sg->over = true;
            return false;
        }
    }
    *addr = sg->addr;
    *n = (uint32_t)MIN_OF(len, (uint64_t)sg->left);
    return true;
}

static void advance(AtaSg *sg, uint32_t n)
{
    sg->addr += n;
    sg->left -= n;
    sg->moved += n;
}

size_t ata_sg_copy(AtaSg *sg, void *buf, size_t len, bool to_memory)
{
    size_t done = 0;
    uint64_t addr;
    uint32_t n;
    while (done < len && piece(sg, len - done, &addr, &n)) {
        if (to_memory) {
            mem_write(sg->memory, addr, (uint8_t *)buf + done, n);
        } else {
            mem_read(sg->memory, addr, (uint8_t *)buf + done, n);
        }
        advance(sg, n);
        done += n;
    }
    return done;
}

// Memory that is not RAM is reached through a buffer.
static bool slow_piece(AtaSg *sg, BlockDevice *disk, uint64_t off, uint32_t len, bool to_memory,
                       uint64_t *moved)
{
    uint8_t buf[4096];
    uint32_t n = MIN_OF(len, (uint32_t)sizeof buf);
    if (to_memory && !block_read(disk, off, buf, n)) {
        return false;
    }
    n = (uint32_t)ata_sg_copy(sg, buf, n, to_memory);
    if (!to_memory && !block_write(disk, off, buf, n)) {
        return false;
    }
    *moved += n;
    return true;
}

typedef struct Batch {
    struct iovec iov[MAX_IOV];
    uint64_t phys[MAX_IOV];
    unsigned n;
    uint64_t len;
} Batch;

// Collects pieces of RAM; stops before one that is not.
static void collect(AtaSg *sg, uint64_t len, Batch *b)
{
    uint64_t addr;
    uint32_t n;
    b->n = 0;
    b->len = 0;
    while (b->n < MAX_IOV && b->len < len && piece(sg, len - b->len, &addr, &n)) {
        void *p = mem_dma(sg->memory, addr, n);
        if (!p) {
            return;
        }
        b->iov[b->n] = (struct iovec){p, n};
        b->phys[b->n++] = addr;
        b->len += n;
        advance(sg, n);
    }
}

static bool move_batch(AtaSg *sg, BlockDevice *disk, uint64_t off, const Batch *b, bool to_memory)
{
    if (!to_memory) {
        return block_writev(disk, off, b->iov, b->n);
    }
    bool ok = block_readv(disk, off, b->iov, b->n);
    for (unsigned i = 0; i < b->n; i++) {
        mem_dirty(sg->memory, b->phys[i], b->iov[i].iov_len);
    }
    return ok;
}

bool ata_sg_image(AtaSg *sg, BlockDevice *disk, uint64_t off, uint64_t len, bool to_memory,
                  uint64_t *moved)
{
    Batch b;
    *moved = 0;
    while (*moved < len) {
        collect(sg, len - *moved, &b);
        if (b.n) {
            if (!move_batch(sg, disk, off + *moved, &b, to_memory)) {
                return false;
            }
            *moved += b.len;
        } else if (sg->over) {
            return true;
        } else if (!slow_piece(sg, disk, off + *moved,
                               (uint32_t)MIN_OF(len - *moved, (uint64_t)sg->left), to_memory,
                               moved)) {
            return false;
        }
    }
    return true;
}
