// Tables of one cluster each in memory. Clean ones go when there are too many; those that were
// changed stay until q_cache_write, which q_settle sees to.
#include "block/qcow2.h"

static QTable *table_at(GList *link)
{
    return link->data;
}

static void free_table(void *table)
{
    QTable *t = table;
    g_free(t->data);
    g_free(t);
}

void q_cache_init(const Qcow2 *q, QCache *c, uint64_t bytes)
{
    c->by_offset = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_table);
    uint64_t max = (bytes ? bytes : Q_CACHE_BYTES) / q->cluster;
    c->max = (unsigned)MIN_OF(MAX_OF(max, (uint64_t)Q_CACHE_TABLES), (uint64_t)INT32_MAX);
    g_queue_init(&c->used);
}

void q_cache_free(QCache *c)
{
    if (c->by_offset) {
        g_hash_table_destroy(c->by_offset);
    }
}

static void drop(QCache *c, QTable *t)
{
    c->n_dirty -= t->dirty_from != t->dirty_to;
    g_queue_unlink(&c->used, &t->link);
    g_hash_table_remove(c->by_offset, &t->offset);
}

void q_cache_drop(QCache *c, uint64_t offset)
{
    QTable *t = g_hash_table_lookup(c->by_offset, &offset);
    if (t) {
        drop(c, t);
    }
}

void q_cache_drop_all(QCache *c)
{
    g_queue_init(&c->used);
    g_hash_table_remove_all(c->by_offset);
    c->n_dirty = 0;
}

// Makes room for one more. The two tables used last may be in use.
static void shrink(QCache *c)
{
    GList *l = c->used.tail;
    while (l && c->used.length >= c->max && c->used.length - c->n_dirty > 2) {
        GList *before = l->prev;
        QTable *t = table_at(l);
        if (t->dirty_from == t->dirty_to && before && before->prev) {
            drop(c, t);
        }
        l = before;
    }
}

static QTable *insert(Qcow2 *q, QCache *c, uint64_t offset)
{
    shrink(c);
    QTable *t = g_new0(QTable, 1);
    t->offset = offset;
    t->data = g_malloc0(q->cluster);
    t->link.data = t;
    g_queue_push_head_link(&c->used, &t->link);
    g_hash_table_insert(c->by_offset, &t->offset, t);
    return t;
}

int q_cache_get(Qcow2 *q, QCache *c, uint64_t offset, QTable **table)
{
    QTable *t = c->used.head ? table_at(c->used.head) : NULL;
    if (t && t->offset == offset) {
        *table = t;
        return 0;
    }
    t = g_hash_table_lookup(c->by_offset, &offset);
    if (t) {
        g_queue_unlink(&c->used, &t->link);
        g_queue_push_head_link(&c->used, &t->link);
        *table = t;
        return 0;
    }
    t = insert(q, c, offset);
    int err = q_read(q, offset, t->data, q->cluster);
    if (err) {
        drop(c, t);
        return err;
    }
    *table = t;
    return 0;
}

QTable *q_cache_new(Qcow2 *q, QCache *c, uint64_t offset)
{
    q_cache_drop(c, offset);
    QTable *t = insert(q, c, offset);
    q_cache_touch(c, t, 0, (uint32_t)q->cluster);
    return t;
}

void q_cache_touch(QCache *c, QTable *t, uint32_t from, uint32_t to)
{
    if (t->dirty_from == t->dirty_to) {
        c->n_dirty++;
        t->dirty_from = from;
        t->dirty_to = to;
    }
    t->dirty_from = MIN_OF(t->dirty_from, from);
    t->dirty_to = MAX_OF(t->dirty_to, to);
}

static int by_offset(const void *a, const void *b)
{
    const QTable *x = *(QTable *const *)a, *y = *(QTable *const *)b;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

int q_cache_write(Qcow2 *q, QCache *c)
{
    if (!c->n_dirty) {
        return 0;
    }
    GPtrArray *dirty = g_ptr_array_new();
    for (GList *l = c->used.head; l; l = l->next) {
        QTable *t = table_at(l);
        if (t->dirty_from != t->dirty_to) {
            g_ptr_array_add(dirty, t);
        }
    }
    g_ptr_array_sort(dirty, by_offset);
    int err = 0;
    for (guint i = 0; i < dirty->len && !err; i++) {
        QTable *t = dirty->pdata[i];
        // Whole sectors: what is written in one piece stays in one piece.
        uint32_t from = t->dirty_from & ~511u, to = ALIGN_UP(t->dirty_to, 512u);
        err = q_write(q, t->offset + from, t->data + from, to - from);
        if (!err) {
            t->dirty_from = t->dirty_to = 0;
            c->n_dirty--;
        }
    }
    g_ptr_array_free(dirty, TRUE);
    return err;
}
