// The table of snapshots: entries of different lengths, one after the other.
#include "block/qcow2.h"

#include <errno.h>

enum { FIXED = 40, EXTRA = 24, MAX_EXTRA = 1024 };

void q_snapshot_free(void *snapshot)
{
    QSnapshot *s = snapshot;
    g_free(s->id);
    g_free(s->name);
    if (s->extra) {
        g_byte_array_free(s->extra, TRUE);
    }
    g_free(s);
}

int q_load_l1(Qcow2 *q, uint64_t off, uint32_t entries, uint64_t **l1)
{
    *l1 = g_new0(uint64_t, MAX_OF(entries, 1u));
    int err = q_read(q, off, *l1, (uint64_t)entries * 8);
    for (uint32_t i = 0; i < entries; i++) {
        (*l1)[i] = be64toh((*l1)[i]);
    }
    return err;
}

// What follows the fixed part: extra data, id, name. Returns the bytes that it takes.
static uint64_t parse_rest(Qcow2 *q, QSnapshot *s, const uint8_t *fixed, const uint8_t *p,
                           uint32_t extra)
{
    unsigned id = q_get16(fixed + 12), name = q_get16(fixed + 14);
    s->vm_state_size = extra >= 8 ? q_get64(p) : q_get32(fixed + 32);
    s->disk_size = extra >= 16 ? q_get64(p + 8) : q->size;
    s->icount = extra >= 24 ? (int64_t)q_get64(p + 16) : -1;
    s->extra = g_byte_array_new();
    g_byte_array_append(s->extra, p, extra);
    s->id = g_strndup((const char *)p + extra, id);
    s->name = g_strndup((const char *)p + extra + id, name);
    return ALIGN_UP(FIXED + (uint64_t)extra + id + name, UINT64_C(8));
}

// An entry at *at. False with *error.
static bool load_one(Qcow2 *q, uint64_t *at, QSnapshot *s, char **error)
{
    uint8_t fixed[FIXED];
    int err = q_read(q, *at, fixed, sizeof fixed);
    uint32_t extra = q_get32(fixed + 36);
    uint64_t rest = extra + (uint64_t)q_get16(fixed + 12) + q_get16(fixed + 14);
    s->l1_offset = q_get64(fixed);
    s->l1_size = q_get32(fixed + 8);
    s->date_sec = q_get32(fixed + 16);
    s->date_nsec = q_get32(fixed + 20);
    s->vm_clock = q_get64(fixed + 24);
    bool bad = err || extra > MAX_EXTRA || (uint64_t)s->l1_size * 8 > Q_MAX_L1_BYTES ||
               s->l1_offset & (q->cluster - 1) || s->l1_offset > Q_OFFSET;
    uint8_t *p = g_malloc0(bad ? 1 : rest + 1);
    err = bad ? err : q_read(q, *at + FIXED, p, rest);
    if (bad || err) {
        *error =
            g_strdup_printf("the snapshot at %#llx: %s", (unsigned long long)*at,
                            err ? block_strerror(err) : "its L1 table or extra data cannot be");
    } else {
        *at += parse_rest(q, s, fixed, p, extra);
    }
    g_free(p);
    return !bad && !err;
}

bool q_load_snapshots(Qcow2 *q, uint32_t n, uint64_t off, char **error)
{
    q->snapshots = g_ptr_array_new_with_free_func(q_snapshot_free);
    uint64_t at = off;
    if (n > Q_MAX_SNAPSHOTS || (n && (!off || off & (q->cluster - 1) || off > Q_OFFSET))) {
        *error = g_strdup_printf("%u snapshots at %#llx: at most %d, at a cluster, are possible", n,
                                 (unsigned long long)off, Q_MAX_SNAPSHOTS);
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        // The last is in the file, so all are.
        if (at >= q->file->size) {
            *error = g_strdup_printf("snapshot %u, at %#llx, is beyond the file's end", i,
                                     (unsigned long long)at);
            return false;
        }
        QSnapshot *s = g_new0(QSnapshot, 1);
        g_ptr_array_add(q->snapshots, s);
        if (!load_one(q, &at, s, error)) {
            return false;
        }
    }
    q->snapshots_offset = n ? off : 0;
    q->snapshots_bytes = at - off;
    return true;
}

// --- writing

static void append(GByteArray *out, const QSnapshot *s)
{
    uint8_t fixed[FIXED], extra[EXTRA];
    size_t id = strlen(s->id), name = strlen(s->name);
    uint32_t more = s->extra && s->extra->len > EXTRA ? s->extra->len - EXTRA : 0;
    q_put64(fixed, s->l1_offset);
    q_put32(fixed + 8, s->l1_size);
    q_put16(fixed + 12, (uint16_t)id);
    q_put16(fixed + 14, (uint16_t)name);
    q_put32(fixed + 16, s->date_sec);
    q_put32(fixed + 20, s->date_nsec);
    q_put64(fixed + 24, s->vm_clock);
    q_put32(fixed + 32, s->vm_state_size > UINT32_MAX ? 0 : (uint32_t)s->vm_state_size);
    q_put32(fixed + 36, EXTRA + more);
    q_put64(extra, s->vm_state_size);
    q_put64(extra + 8, s->disk_size);
    q_put64(extra + 16, (uint64_t)s->icount);
    g_byte_array_append(out, fixed, FIXED);
    g_byte_array_append(out, extra, EXTRA);
    if (more) {
        g_byte_array_append(out, s->extra->data + EXTRA, more);
    }
    g_byte_array_append(out, (const uint8_t *)s->id, (guint)id);
    g_byte_array_append(out, (const uint8_t *)s->name, (guint)name);
    static const uint8_t zeros[8];
    g_byte_array_append(out, zeros, ALIGN_UP(out->len, 8u) - out->len);
}

int q_write_snapshots(Qcow2 *q)
{
    GByteArray *b = g_byte_array_new();
    for (guint i = 0; i < q->snapshots->len; i++) {
        append(b, q->snapshots->pdata[i]);
    }
    uint64_t cluster = 0, len = b->len;
    uint8_t field[12];
    int err = len ? q_alloc_exact(q, q_clusters(q, len), &cluster) : 0;
    uint64_t off = cluster << q->cluster_bits;
    q_put32(field, q->snapshots->len);
    q_put64(field + 4, off);
    err = err ? err : q_commit(q, true);
    err = err || !len ? err : q_write(q, off, b->data, len);
    err = err ? err : q_sync(q);
    err = err ? err : q_write(q, QH_SNAPSHOTS, field, sizeof field);
    err = err ? err : q_sync(q);
    g_byte_array_free(b, TRUE);
    if (!err) {
        q_free_bytes(q, q->snapshots_offset, q->snapshots_bytes);
        q->snapshots_offset = off;
        q->snapshots_bytes = len;
    }
    return err;
}
