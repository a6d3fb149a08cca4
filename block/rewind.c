// rewind.h has the picture. Media that are taken out stay open, as going back puts them in again.
#include "block/rewind.h"

#include <string.h>

#include "block/block_internal.h"

typedef struct DriveMark {
    BlockDevice *b;
    BlockNode *node;
    char *file;
    bool readonly;
    uint64_t mark; // of the overlay
} DriveMark;

struct BlockMark {
    GArray *drives; // DriveMark
};

static bool has_journal(const BlockDevice *b, const BlockNode *n, bool readonly)
{
    return b->rewinds && n && !readonly;
}

bool block_make_rewindable(const BlockDevice *b, BlockNode **n, char **error)
{
    if (b->readonly) {
        return true;
    }
    if (overlay_keep_journal(*n, error)) {
        return true;
    }
    if (!*error) { // it is no overlay
        *n = overlay_open(*n, error);
        if (*n && overlay_keep_journal(*n, error)) {
            return true;
        }
    }
    if (*n) {
        (*n)->ops->close(*n);
        *n = NULL;
    }
    return false;
}

bool block_rewind_begin(struct Machine *m, char **error)
{
    GPtrArray *all = block_devices(m);
    for (guint i = 0; i < all->len; i++) {
        BlockDevice *b = all->pdata[i];
        char *why = NULL;
        b->rewinds = true;
        b->parked = b->parked ? b->parked : g_ptr_array_new();
        if (b->node && !block_make_rewindable(b, &b->node, &why)) {
            *error = g_strdup_printf("drive %s: %s: %s", b->id, b->file, why);
            g_free(why);
            return false;
        }
    }
    return true;
}

bool block_park_node(BlockDevice *b)
{
    if (b->rewinds && b->node) {
        g_ptr_array_add(b->parked, b->node);
    }
    return b->rewinds;
}

static void free_drive_mark(gpointer mark)
{
    DriveMark *d = mark;
    g_free(d->file);
}

BlockMark *block_mark(struct Machine *m)
{
    BlockMark *mark = g_new0(BlockMark, 1);
    GPtrArray *all = block_devices(m);
    mark->drives = g_array_new(FALSE, FALSE, sizeof(DriveMark));
    g_array_set_clear_func(mark->drives, free_drive_mark);
    for (guint i = 0; i < all->len; i++) {
        BlockDevice *b = all->pdata[i];
        DriveMark d = {b, b->node, g_strdup(b->file), b->readonly, 0};
        if (has_journal(b, b->node, b->readonly)) {
            d.mark = overlay_mark(b->node);
        }
        g_array_append_val(mark->drives, d);
    }
    return mark;
}

void block_mark_free(BlockMark *mark)
{
    g_array_unref(mark->drives);
    g_free(mark);
}

// The medium of the mark is in again; the one that was in goes, as it was put in later.
static void put_medium_back(const DriveMark *d)
{
    BlockDevice *b = d->b;
    if (b->node != d->node) {
        if (b->node) {
            b->node->ops->close(b->node);
        }
        b->node = d->node;
        g_ptr_array_remove(b->parked, d->node);
    }
    g_free(b->file);
    b->file = g_strdup(d->file);
    b->readonly = d->readonly;
}

bool block_rewind(struct Machine *m, const BlockMark *mark, char **error)
{
    (void)m;
    for (guint i = 0; i < mark->drives->len; i++) {
        const DriveMark *d = &g_array_index(mark->drives, DriveMark, i);
        put_medium_back(d);
        int err = has_journal(d->b, d->node, d->readonly) ? overlay_rewind(d->node, d->mark) : 0;
        if (err) {
            *error = g_strdup_printf("drive %s: going back: %s", d->b->id, block_strerror(err));
            return false;
        }
    }
    return true;
}
