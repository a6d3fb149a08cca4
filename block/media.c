// Removable media: taken out and put in while the machine runs.
//
//   monitor: eject, change --> the file is opened --> gate
//                                                       | between turns
//           the old file is closed, the new one is in <-'
//           the drive's device hears of it and tells its guest
//
// Whether the guest has locked its drive is looked at when the command comes; what is delivered
// does not depend on it.
#include <stdio.h>
#include <string.h>

#include "block/block_internal.h"
#include "hw/core/machine.h"
#include "util/log.h"

enum { MEDIA_REQUEST, MEDIA_REMOVE, MEDIA_INSERT };

static void close_node(BlockNode **n)
{
    if (*n) {
        (*n)->ops->close(*n);
        *n = NULL;
    }
}

static void take_out(BlockDevice *b)
{
    block_flush(b);
    if (block_park_node(b)) {
        b->node = NULL;
    }
    close_node(&b->node);
    g_free(b->file);
    b->file = NULL;
}

static BlockNode *open_medium(const BlockDevice *b, const char *file, bool readonly,
                              const char *format, char **error)
{
    const BlockOpen how = {.format = format,
                           .readonly = readonly,
                           .lock = !b->rewinds, // its file may still be open
                           .no_sync = b->no_flush,
                           .discard = b->unmap};
    return drive_open_file(file, &how, b->snapshot, error);
}

// In a replay nobody has opened it.
static BlockNode *open_recorded(const BlockDevice *b, const char *format)
{
    char *reason = NULL;
    BlockNode *n = open_medium(b, b->file, b->readonly, format, &reason);
    if (n && b->rewinds && !block_make_rewindable(b, &n, &reason)) {
        n = NULL;
    }
    if (!n) {
        report("%s: %s: the recorded change of medium cannot be made", b->file, reason);
        g_free(reason);
    }
    return n;
}

// data: what is to be done, read-only or not, the file's name and, if one was given, a zero, the
// format and a zero.
static const char *format_of(const uint8_t *data, size_t len)
{
    const uint8_t *zero = memchr(data + 2, 0, len - 2);
    return zero && !data[len - 1] && zero != data + len - 1 ? (const char *)zero + 1 : NULL;
}

static void deliver(void *opaque, const void *data, size_t len)
{
    BlockDevice *b = opaque;
    const uint8_t *what = data;
    if (len < 2 || !b->media) {
        return;
    }
    if (what[0] == MEDIA_REQUEST) {
        if (b->media->request) {
            b->media->request(b->media_opaque);
        }
        return;
    }
    take_out(b);
    if (what[0] == MEDIA_INSERT) {
        b->file = g_strndup((const char *)what + 2, len - 2);
        b->readonly = what[1];
        b->node = b->incoming ? b->incoming : open_recorded(b, format_of(what, len));
        b->incoming = NULL;
    }
    b->media->changed(b->media_opaque);
}

static void submit(Machine *m, BlockDevice *b, uint8_t what, bool readonly, const char *file,
                   const char *format)
{
    GByteArray *data = g_byte_array_new();
    const uint8_t head[] = {what, readonly};
    g_byte_array_append(data, head, sizeof head);
    g_byte_array_append(data, (const uint8_t *)file, (guint)strlen(file) + (format != NULL));
    if (format) {
        g_byte_array_append(data, (const uint8_t *)format, (guint)strlen(format) + 1);
    }
    gate_submit(gate_get(m), &b->media_source, data->data, data->len);
    g_byte_array_free(data, TRUE);
}

void block_add_media_source(Machine *m, BlockDevice *b)
{
    b->media_source =
        (GateSource){.name = g_strdup_printf("media:%s", b->id), .deliver = deliver, .opaque = b};
    gate_add_source(gate_get(m), &b->media_source);
}

void block_set_media(BlockDevice *b, const BlockMedia *ops, void *opaque)
{
    b->media = ops;
    b->media_opaque = opaque;
}

// --- by name

// QEMU's names count buses: two units each on IDE, one on AHCI.
static BlockDevice *find_by_place(Machine *m, const char *name)
{
    unsigned bus, unit;
    int end = 0;
    if (sscanf(name, "ide%u-cd%u%n", &bus, &unit, &end) != 2 || name[end]) {
        return NULL;
    }
    BlockDevice *b = unit < 2 && bus < 128 ? block_find_interface(m, "ide", 2 * bus + unit) : NULL;
    return b && b->cdrom ? b : unit == 0 ? block_find_interface(m, "ide", bus) : NULL;
}

static BlockDevice *find_by_owner(Machine *m, const char *name)
{
    GPtrArray *all = block_devices(m);
    for (guint i = 0; i < all->len; i++) {
        BlockDevice *b = all->pdata[i];
        if (b->owner && b->media && !strcmp(b->owner, name)) {
            return b;
        }
    }
    return NULL;
}

static char *removable_names(Machine *m)
{
    GString *s = g_string_new(NULL);
    GPtrArray *all = block_devices(m);
    for (guint i = 0; i < all->len; i++) {
        const BlockDevice *b = all->pdata[i];
        if (b->media) {
            g_string_append_printf(s, "%s%s", s->len ? ", " : "", b->id);
        }
    }
    return g_string_free(s, FALSE);
}

static BlockDevice *find_drive(Machine *m, const char *name, char **error)
{
    BlockDevice *b = block_find(m, name);
    b = b ? b : find_by_place(m, name);
    b = b ? b : find_by_owner(m, name);
    if (b && b->media) {
        return b;
    }
    char *names = removable_names(m);
    *error = g_strdup_printf("%s: %s (those with removable media: %s)", name,
                             b ? "its medium is fixed" : "there is no such drive",
                             *names ? names : "none");
    g_free(names);
    return NULL;
}

// The guest has the last word; it hears of the wish.
static bool may_remove(Machine *m, BlockDevice *b, bool force, char **error)
{
    if (force || !b->media->locked || !b->media->locked(b->media_opaque)) {
        return true;
    }
    submit(m, b, MEDIA_REQUEST, false, "", NULL);
    *error = g_strdup_printf("%s: the guest has locked the drive; it has been asked to eject (-f "
                             "does not ask)",
                             b->id);
    return false;
}

bool block_eject(Machine *m, const char *name, bool force, char **error)
{
    BlockDevice *b = find_drive(m, name, error);
    if (!b || !may_remove(m, b, force, error)) {
        return false;
    }
    close_node(&b->incoming);
    submit(m, b, MEDIA_REMOVE, false, "", NULL);
    return true;
}

bool block_change(Machine *m, const char *name, const char *file, const char *format, int readonly,
                  bool force, char **error)
{
    BlockDevice *b = find_drive(m, name, error);
    if (b && format && !block_format_known(format)) {
        *error = g_strdup_printf("format '%.64s': there are " BLOCK_FORMATS, format);
        return false;
    }
    if (!b || !may_remove(m, b, force, error)) {
        return false;
    }
    bool ro = b->cdrom || (readonly < 0 ? b->readonly : readonly);
    char *reason = NULL;
    BlockNode *n = open_medium(b, file, ro, format, &reason);
    if (!n) {
        *error = g_strdup_printf("%s: %s", file, reason);
        g_free(reason);
        return false;
    }
    close_node(&b->incoming);
    b->incoming = n;
    submit(m, b, MEDIA_INSERT, ro, file, format);
    return true;
}
