// Counts all references again and writes the counts that differ: after an interruption that the
// header tells of (dirty), or an operation that failed half-way. The tables that map the disk are
// taken as they are; where they contradict each other, or a refcount block has no place of its
// own, that is left to qemu-img check.
#include "block/qcow2.h"

#include <errno.h>

#define SLACK ((uint64_t)1 << 16) // clusters beyond the file's end that may have references
#define MOST  ((uint64_t)1 << 26) // clusters that are counted: 4 TiB of 64 KiB each

typedef struct Counts {
    uint32_t *n;
    uint64_t size;
} Counts;

static int count(Qcow2 *q, void *opaque, uint64_t off, uint64_t len)
{
    Counts *c = opaque;
    uint64_t most = c->size << q->cluster_bits;
    if (off > most || len > most - off) {
        return BLOCK_EDAMAGED;
    }
    uint64_t first = off >> q->cluster_bits, end = q_clusters(q, off + len);
    for (uint64_t i = first; i < end; i++) {
        c->n[i]++;
    }
    return 0;
}

static int count_blocks(Qcow2 *q, Counts *c)
{
    int err = 0;
    for (uint64_t i = 0; i < q->reftable_size && !err; i++) {
        uint64_t off = q->reftable[i] & ~UINT64_C(0x1ff);
        if (off) {
            err = off & (q->cluster - 1) ? BLOCK_EDAMAGED : count(q, c, off, q->cluster);
        }
        if (off && !err && c->n[off >> q->cluster_bits] > 1) {
            err = BLOCK_EDAMAGED;
        }
    }
    return err;
}

static int count_bitmap(Qcow2 *q, Counts *c, uint64_t table, uint32_t entries)
{
    uint64_t *e = NULL;
    int err = count(q, c, table, (uint64_t)entries * 8);
    err = err ? err : q_load_l1(q, table, entries, &e);
    for (uint32_t i = 0; i < entries && !err; i++) {
        err = e[i] & Q_OFFSET ? count(q, c, e[i] & Q_OFFSET, q->cluster) : 0;
    }
    g_free(e);
    return err;
}

// Directory entry: table's offset, its entries, flags, type, granularity, length of the name (18)
// and of extra data (20).
static int count_bitmaps(Qcow2 *q, Counts *c)
{
    uint64_t len = q->bitmaps_bytes, at = 0;
    int err = len > Q_MAX_L1_BYTES ? BLOCK_EDAMAGED : count(q, c, q->bitmaps_offset, len);
    uint8_t *dir = err || !len ? NULL : g_malloc(len);
    err = dir ? q_read(q, q->bitmaps_offset, dir, len) : err;
    while (!err && at + 24 <= len) {
        const uint8_t *e = dir + at;
        err = count_bitmap(q, c, q_get64(e), q_get32(e + 8));
        at += ALIGN_UP(24 + (uint64_t)q_get16(e + 18) + q_get32(e + 20), UINT64_C(8));
    }
    g_free(dir);
    return err;
}

static int count_snapshots(Qcow2 *q, Counts *c)
{
    int err = count(q, c, q->snapshots_offset, q->snapshots_bytes);
    for (guint i = 0; i < q->snapshots->len && !err; i++) {
        const QSnapshot *s = q->snapshots->pdata[i];
        uint64_t *l1 = NULL;
        err = count(q, c, s->l1_offset, (uint64_t)s->l1_size * 8);
        err = err ? err : q_load_l1(q, s->l1_offset, s->l1_size, &l1);
        err = err ? err : q_tree_each(q, l1, s->l1_size, count, c);
        g_free(l1);
    }
    return err;
}

static int count_all(Qcow2 *q, Counts *c)
{
    int err = count(q, c, 0, q->cluster);
    err = err ? err : count(q, c, q->l1_offset, (uint64_t)q->l1_size * 8);
    err = err ? err : count(q, c, q->reftable_offset, q->reftable_size * 8);
    err = err ? err : count_blocks(q, c);
    err = err ? err : count_snapshots(q, c);
    err = err ? err : count_bitmaps(q, c);
    return err ? err : q_tree_each(q, q->l1, q->l1_size, count, c);
}

// A block that is not there lies in the first cluster that it counts.
static int make_block(Qcow2 *q, Counts *c, uint64_t block)
{
    uint64_t first = block * q_block_entries(q), had = q->reftable_offset;
    if (c->n[first]) {
        return BLOCK_EDAMAGED; // no place for it
    }
    c->n[first] = 1;
    int err = q_make_block(q, block);
    return err || q->reftable_offset == had ? err : BLOCK_EDAMAGED; // not a larger table now
}

static int correct_block(Qcow2 *q, Counts *c, uint64_t block)
{
    uint64_t entries = q_block_entries(q), first = block * entries;
    bool has_block = block < q->reftable_size && q->reftable[block];
    int err = 0;
    for (uint64_t i = first; i < first + entries && !err; i++) {
        uint64_t is, should = i < c->size ? c->n[i] : 0;
        if (!has_block && should) {
            err = make_block(q, c, block);
            has_block = true;
        }
        if (!has_block) {
            continue;
        }
        err = err ? err : q_count(q, i, &is);
        err = !err && should > q_max_count(q) ? EMLINK : err;
        err = err || is == should ? err : q_set_count(q, i, should);
    }
    return err ? err : q_settle(q);
}

static int correct(Qcow2 *q, Counts *c)
{
    uint64_t entries = q_block_entries(q), blocks = (c->size + entries - 1) / entries;
    int err = 0;
    for (uint64_t b = 0; b < MAX_OF(blocks, q->reftable_size) && !err; b++) {
        if (b < blocks || q->reftable[b]) {
            err = correct_block(q, c, b);
        }
    }
    return err;
}

static int reload(Qcow2 *q)
{
    q_cache_drop_all(&q->l2_cache);
    q_cache_drop_all(&q->ref_cache);
    g_array_set_size(q->freed, 0);
    q->l1_dirty_from = q->l1_dirty_to = 0;
    q->reftable_dirty_from = q->reftable_dirty_to = 0;
    q->free_hint = 0;
    g_free(q->l1);
    g_free(q->reftable);
    int err = q_load_l1(q, q->l1_offset, q->l1_size, &q->l1);
    int err2 = q_load_reftable(q);
    return err ? err : err2;
}

int q_repair(Qcow2 *q)
{
    Counts c = {.size = q_clusters(q, q->file->size) + SLACK};
    int err = c.size > MOST ? EFBIG : reload(q);
    // Four bytes a cluster of the file.
    c.n = err ? NULL : g_try_new0(uint32_t, c.size);
    err = err ? err : c.n ? count_all(q, &c) : ENOMEM;
    err = err ? err : q_set_features(q, q->incompatible | Q_DIRTY);
    err = err ? err : correct(q, &c);
    err = err ? err : q_tree_fix_copied(q);
    err = err ? err : q_commit(q, true);
    g_free(c.n);
    return err ? err : q_set_features(q, q->incompatible & ~Q_DIRTY);
}
