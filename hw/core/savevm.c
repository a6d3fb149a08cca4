// savevm.h has the picture.
#include "hw/core/savevm.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "block/snapshot.h"
#include "hw/core/machine.h"
#include "hw/core/snapshot.h"

#define CHUNK ((size_t)1 << 20) // bytes that go to an image at once

// --- who takes part

typedef struct Disks {
    GPtrArray *all;     // BlockDevice *
    BlockDevice *wrong; // writable, and cannot
} Disks;

static void add_disk(void *opaque, BlockDevice *b)
{
    Disks *d = opaque;
    if (!block_inserted(b) || block_readonly(b)) {
        return;
    }
    if (block_can_snapshot(b)) {
        g_ptr_array_add(d->all, b);
    } else if (!d->wrong) {
        d->wrong = b;
    }
}

// NULL with *error.
static GPtrArray *taking_part(Machine *m, char **error)
{
    Disks d = {.all = g_ptr_array_new()};
    block_each(m, add_disk, &d);
    if (d.wrong) {
        *error = g_strdup_printf("device '%s' (%s) is writable but does not support snapshots: it "
                                 "has to be a qcow2 image without -snapshot, or read-only",
                                 block_id(d.wrong), block_file(d.wrong));
    } else if (!d.all->len) {
        *error = g_strdup("no block device can accept snapshots: a writable qcow2 image is needed");
    } else {
        return d.all;
    }
    g_ptr_array_unref(d.all);
    return NULL;
}

static bool fail(char **error, BlockDevice *b, const char *what, char *why)
{
    *error = g_strdup_printf("%s on '%s' (%s): %s", what, block_id(b), block_file(b), why);
    g_free(why);
    return false;
}

static bool delete_on(BlockDevice *b, const char *name, bool *any, char **error)
{
    char *why = NULL;
    while (block_snapshot_find(b, name, NULL)) {
        *any = true;
        if (!block_snapshot_delete(b, name, &why)) {
            return fail(error, b, "deleting the snapshot", why);
        }
    }
    return true;
}

static bool delete_all(GPtrArray *disks, const char *name, bool *any, char **error)
{
    for (guint i = 0; i < disks->len; i++) {
        if (!delete_on(disks->pdata[i], name, any, error)) {
            return false;
        }
    }
    return true;
}

// --- saving

typedef struct StateSink {
    BlockDevice *b;
    uint64_t at;
    GByteArray *chunk;
} StateSink;

static bool flush_chunk(StateSink *s, char **error)
{
    bool ok =
        !s->chunk->len || block_vmstate_write(s->b, s->at, s->chunk->data, s->chunk->len, error);
    s->at += s->chunk->len;
    g_byte_array_set_size(s->chunk, 0);
    return ok;
}

static bool write_state(void *opaque, const void *bytes, size_t n, char **error)
{
    StateSink *s = opaque;
    g_byte_array_append(s->chunk, bytes, (guint)n);
    return s->chunk->len < CHUNK || flush_chunk(s, error);
}

static bool save_state(Machine *m, BlockDevice *b, uint64_t *size, char **error)
{
    StateSink s = {b, 0, g_byte_array_new()};
    char *why = NULL;
    bool ok = snapshot_save(m, &(SnapshotSink){write_state, &s}, &why) && flush_chunk(&s, &why);
    *size = s.at;
    g_byte_array_unref(s.chunk);
    return ok || fail(error, b, "writing the state", why);
}

static bool create_all(GPtrArray *disks, BlockSnapshotInfo *info, char **error)
{
    for (guint i = 0; i < disks->len; i++) {
        char *why = NULL;
        if (!block_snapshot_create(disks->pdata[i], info, &why)) {
            return fail(error, disks->pdata[i], "making the snapshot", why);
        }
        info->vm_state_size = 0; // the first has it
    }
    return true;
}

static char *name_of_now(void)
{
    GDateTime *now = g_date_time_new_now_local();
    char *name = g_date_time_format(now, "vm-%Y%m%d%H%M%S");
    g_date_time_unref(now);
    return name;
}

static bool save_as(Machine *m, GPtrArray *disks, const char *name, char **error)
{
    gint64 host = g_get_real_time();
    bool any = false;
    BlockSnapshotInfo info = {.name = name,
                              .date_sec = (uint32_t)(host / G_USEC_PER_SEC),
                              .date_nsec = (uint32_t)(host % G_USEC_PER_SEC * 1000),
                              .vm_clock_ns = clock_now(m->clock),
                              .icount = (int64_t)machine_icount(m)};
    if (!delete_all(disks, name, &any, error)) {
        return false;
    }
    if (!save_state(m, disks->pdata[0], &info.vm_state_size, error)) {
        block_vmstate_drop(disks->pdata[0]);
        return false;
    }
    if (create_all(disks, &info, error)) {
        return true;
    }
    block_vmstate_drop(disks->pdata[0]);
    char *again = NULL;
    delete_all(disks, name, &any, &again); // half a snapshot is none
    g_free(again);
    return false;
}

bool savevm_save(struct Machine *m, const char *name, char **error)
{
    GPtrArray *disks = taking_part(m, error);
    if (!disks) {
        return false;
    }
    char *chosen = name ? g_strdup(name) : name_of_now();
    bool ok = save_as(m, disks, chosen, error);
    g_free(chosen);
    g_ptr_array_unref(disks);
    return ok;
}

// --- loading

typedef struct StateSource {
    GPtrArray *disks;
    const char *name;
} StateSource;

static bool read_state(void *opaque, uint64_t at, void *bytes, size_t n, char **error)
{
    const StateSource *s = opaque;
    return block_vmstate_read(s->disks->pdata[0], s->name, at, bytes, n, error);
}

static bool apply_all(void *opaque, bool *changed, char **error)
{
    const StateSource *s = opaque;
    for (guint i = 0; i < s->disks->len; i++) {
        char *why = NULL;
        if (!block_snapshot_apply(s->disks->pdata[i], s->name, &why)) {
            return fail(error, s->disks->pdata[i], "going back", why);
        }
        *changed = true;
    }
    return true;
}

// The size of the state; 0 with *error.
static uint64_t find_state(GPtrArray *disks, const char *name, char **error)
{
    BlockSnapshotInfo info;
    for (guint i = disks->len; i-- > 0;) {
        if (!block_snapshot_find(disks->pdata[i], name, &info)) {
            *error = g_strdup_printf("snapshot '%s' does not exist on '%s' (%s)", name,
                                     block_id(disks->pdata[i]), block_file(disks->pdata[i]));
            return 0;
        }
    }
    if (!info.vm_state_size) {
        *error = g_strdup_printf("snapshot '%s' is one of disks only, without a machine's state "
                                 "(qemu-img snapshot -a goes back to it)",
                                 name);
    }
    return info.vm_state_size;
}

static bool load_from(Machine *m, GPtrArray *disks, const char *name, char **error)
{
    char *why = NULL;
    StateSource s = {disks, name};
    uint64_t size = find_state(disks, name, error);
    if (!size) {
        return false;
    }
    const SnapshotSource source = {read_state, &s, size, apply_all};
    SnapshotResult r = snapshot_load(m, &source, &why);
    if (r != SNAPSHOT_LOADED) {
        *error =
            g_strdup_printf("snapshot '%s' of %s: %s%s", name, block_file(disks->pdata[0]), why,
                            r == SNAPSHOT_BROKEN ? "; the machine has been reset and is paused"
                                                 : "; the machine is as it was");
        g_free(why);
    }
    return r == SNAPSHOT_LOADED;
}

bool savevm_load(struct Machine *m, const char *name, char **error)
{
    GPtrArray *disks = taking_part(m, error);
    bool ok = disks && load_from(m, disks, name, error);
    if (disks) {
        g_ptr_array_unref(disks);
    }
    return ok;
}

bool savevm_delete(struct Machine *m, const char *name, char **error)
{
    bool any = false;
    GPtrArray *disks = taking_part(m, error);
    bool ok = disks && delete_all(disks, name, &any, error);
    if (ok && !any) {
        *error = g_strdup_printf("there is no snapshot '%s'", name);
        ok = false;
    }
    if (disks) {
        g_ptr_array_unref(disks);
    }
    return ok;
}

// --- the list

typedef struct Listing {
    GArray *rows;
    GPtrArray *disks;
    BlockDevice *b;
    bool complete; // those that all disks have; or else those that this one has alone
} Listing;

static void free_row(gpointer row)
{
    SavevmRow *r = row;
    g_free(r->id);
    g_free(r->name);
}

static bool on_all(GPtrArray *disks, const char *name)
{
    for (guint i = 0; i < disks->len; i++) {
        if (!block_snapshot_find(disks->pdata[i], name, NULL)) {
            return false;
        }
    }
    return true;
}

static void add_row(void *opaque, const BlockSnapshotInfo *info)
{
    const Listing *l = opaque;
    if (on_all(l->disks, info->name) != l->complete) {
        return;
    }
    SavevmRow row = {.id = g_strdup(info->id),
                     .name = g_strdup(info->name),
                     .state_size = info->vm_state_size,
                     .vm_clock_ns = info->vm_clock_ns,
                     .icount = info->icount,
                     .seconds = info->date_sec,
                     .on = l->complete ? NULL : l->b};
    g_array_append_val(l->rows, row);
}

GArray *savevm_list(struct Machine *m)
{
    Disks d = {.all = g_ptr_array_new()};
    block_each(m, add_disk, &d);
    Listing l = {.disks = d.all, .complete = true};
    if (d.all->len) {
        l.rows = g_array_new(FALSE, FALSE, sizeof(SavevmRow));
        g_array_set_clear_func(l.rows, free_row);
        l.b = d.all->pdata[0];
        block_snapshot_each(l.b, add_row, &l);
        l.complete = false;
        for (guint i = 0; i < d.all->len; i++) {
            l.b = d.all->pdata[i];
            block_snapshot_each(l.b, add_row, &l);
        }
    }
    g_ptr_array_unref(d.all);
    return l.rows;
}
