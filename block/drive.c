// The -drive option: parses, opens, names, and makes disks of if=virtio drives.
#include "block/block_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hw/core/machine.h"
#include "util/keyval.h"
#include "util/log.h"

#define MAX_UNITS 256

static const char *const known_keys[] = {
    "file",
    "if",
    "id",
    "format",
    "readonly",
    "read-only",
    "unit",
    "index",
    "bus",
    "cache",
    "snapshot",
    "serial",
    "media",
    "aio",
    "discard",
    "werror",
    "rerror",
    "detect-zeroes",
    "addr",
    "driver",
    "locking",
    "filename",
    "cache.direct",
    "cache.no-flush",
    "cache.writeback",
    "copy-on-read",
    "file.filename",
    "file.locking",
    "file.driver",
    "lazy-refcounts",
    "l2-cache-size",
    "cache-size",
    "refcount-cache-size",
    NULL,
};

static const char *const interfaces[] = {
    "none", "virtio", "pflash", "ide", "scsi", "sd", "mtd", "floppy", "xen", NULL,
};

typedef struct DriveOptions {
    const char *file, *format, *interface, *id, *serial, *addr;
    bool readonly, snapshot, cdrom, unmap, lock, write_through, no_flush;
    uint64_t unit, cache_bytes;
    bool unit_given;
} DriveOptions;

static bool is_in(const char *word, const char *const *list)
{
    for (; *list; list++) {
        if (!strcmp(word, *list)) {
            return true;
        }
    }
    return false;
}

// A key whose value must be one of a few words. *value keeps its default if the key is not there.
static bool get_word(KeyVal *kv, const char *key, const char *const *words, const char **value,
                     char **error)
{
    const char *v = keyval_get(kv, key);
    if (v && !is_in(v, words)) {
        char *all = g_strjoinv(", ", (char **)(uintptr_t)words);
        *error = g_strdup_printf("%s=%s: expected one of %s", key, v, all);
        g_free(all);
        return false;
    }
    *value = v ? v : *value;
    return true;
}

static bool get_cache(KeyVal *kv, DriveOptions *o, char **error)
{
    static const char *const modes[] = {"none",       "writeback",    "unsafe",
                                        "directsync", "writethrough", NULL};
    const char *mode = "writeback";
    bool writeback = true, direct = false;
    if (!get_word(kv, "cache", modes, &mode, error)) {
        return false;
    }
    o->write_through = !strcmp(mode, "directsync") || !strcmp(mode, "writethrough");
    o->no_flush = !strcmp(mode, "unsafe");
    writeback = !o->write_through;
    if (!keyval_bool(kv, "cache.writeback", &writeback, error) ||
        !keyval_bool(kv, "cache.direct", &direct, error) ||
        !keyval_bool(kv, "cache.no-flush", &o->no_flush, error)) {
        return false;
    }
    o->write_through = !writeback;
    return true;
}

// Options that say how QEMU should go about it and make no difference here, and error policies:
// errors always go to the guest.
static bool get_ignored(KeyVal *kv, DriveOptions *o, char **error)
{
    static const char *const aio[] = {"threads", "native", "io_uring", NULL};
    static const char *const policy[] = {"report", "enospc", "auto", NULL};
    static const char *const zeroes[] = {"off", "on", "unmap", NULL};
    static const char *const discard[] = {"ignore", "off", "unmap", "on", NULL};
    static const char *const locking[] = {"auto", "on", "off", NULL};
    const char *ignored = NULL, *d = "ignore", *l = "auto";
    if (!get_word(kv, "aio", aio, &ignored, error) ||
        !get_word(kv, "werror", policy, &ignored, error) ||
        !get_word(kv, "rerror", policy, &ignored, error) ||
        !get_word(kv, "detect-zeroes", zeroes, &ignored, error) ||
        !get_word(kv, "discard", discard, &d, error) ||
        !get_word(kv, "locking", locking, &l, error) ||
        !get_word(kv, "file.locking", locking, &l, error)) {
        return false;
    }
    static const char *const off[] = {"off", NULL};
    bool lazy = false;
    uint64_t size;
    if (!keyval_size(kv, "cache-size", 1, &o->cache_bytes, error) ||
        !keyval_size(kv, "l2-cache-size", 1, &o->cache_bytes, error) ||
        !keyval_size(kv, "refcount-cache-size", 1, &size, error) ||
        !keyval_bool(kv, "lazy-refcounts", &lazy, error)) {
        return false;
    }
    if (!get_word(kv, "copy-on-read", off, &ignored, error)) {
        return false;
    }
    o->unmap = !strcmp(d, "unmap") || !strcmp(d, "on");
    o->lock = strcmp(l, "off");
    return true;
}

static bool get_place(KeyVal *kv, DriveOptions *o, char **error)
{
    static const char *const media[] = {"disk", "cdrom", NULL};
    const char *m = "disk";
    uint64_t bus = 0;
    if (!get_word(kv, "if", interfaces, &o->interface, error) ||
        !get_word(kv, "media", media, &m, error) || !keyval_u64(kv, "bus", &bus, error)) {
        return false;
    }
    o->cdrom = !strcmp(m, "cdrom");
    o->unit_given = keyval_get(kv, "unit") || keyval_get(kv, "index");
    if (!keyval_u64(kv, "unit", &o->unit, error) || !keyval_u64(kv, "index", &o->unit, error)) {
        return false;
    }
    if (bus || o->unit >= MAX_UNITS) {
        *error =
            g_strdup_printf("bus=%llu,unit=%llu: bus 0 and units 0 to %d exist",
                            (unsigned long long)bus, (unsigned long long)o->unit, MAX_UNITS - 1);
        return false;
    }
    return true;
}

static bool get_format(KeyVal *kv, DriveOptions *o, char **error)
{
    const char *format = keyval_get(kv, "format");
    const char *driver = keyval_get(kv, "driver"), *under = keyval_get(kv, "file.driver");
    o->format = format ? format : driver;
    if (o->format && !block_format_known(o->format)) {
        *error = g_strdup_printf("%s=%s: not supported, only " BLOCK_FORMATS
                                 " (qemu-img convert makes one)",
                                 format ? "format" : "driver", o->format);
        return false;
    }
    if (under && strcmp(under, "file") && strcmp(under, "host_device")) {
        *error = g_strdup_printf("file.driver=%s: not supported, only file", under);
        return false;
    }
    return true;
}

static bool parse_options(KeyVal *kv, DriveOptions *o, char **error)
{
    o->file = keyval_get(kv, "file");
    o->file = o->file ? o->file : keyval_get(kv, "file.filename");
    o->id = keyval_get(kv, "id");
    o->serial = keyval_get(kv, "serial");
    o->addr = keyval_get(kv, "addr");
    if (o->file && g_str_has_prefix(o->file, "file:")) {
        o->file += strlen("file:");
    }
    if (!get_place(kv, o, error) || !get_format(kv, o, error) || !get_cache(kv, o, error) ||
        !get_ignored(kv, o, error)) {
        return false;
    }
    o->readonly = o->cdrom;
    return keyval_bool(kv, "readonly", &o->readonly, error) &&
           keyval_bool(kv, "read-only", &o->readonly, error) &&
           keyval_bool(kv, "snapshot", &o->snapshot, error) &&
           keyval_all_used(kv, known_keys, error);
}

// --- opening

BlockNode *drive_open_file(const char *file, const BlockOpen *how, bool snapshot, char **error)
{
    BlockOpen o = *how;
    o.readonly = how->readonly || snapshot;
    BlockNode *n = block_open_image(file, &o, error);
    return n && snapshot && !how->readonly ? overlay_open(n, error) : n;
}

// --- naming

static unsigned free_unit(Machine *m, const char *interface)
{
    unsigned unit = 0;
    while (block_find_interface(m, interface, unit)) {
        unit++;
    }
    return unit;
}

static bool choose_names(Machine *m, BlockDevice *b, const DriveOptions *o, char **error)
{
    b->interface = g_strdup(o->interface);
    b->unit = o->unit_given ? o->unit : free_unit(m, o->interface);
    if (o->unit_given && block_find_interface(m, o->interface, b->unit)) {
        *error =
            g_strdup_printf("if=%s,unit=%u: there is another such drive", o->interface, b->unit);
        return false;
    }
    b->id = o->id ? g_strdup(o->id) : g_strdup_printf("%s%u", o->interface, b->unit);
    if (block_find(m, b->id)) {
        *error = g_strdup_printf("id=%s: there is another drive of that name", b->id);
        return false;
    }
    return true;
}

static void free_device(BlockDevice *b)
{
    if (b->node) {
        b->node->ops->close(b->node);
    }
    g_free(b->id);
    g_free(b->file);
    g_free(b->serial);
    g_free(b->interface);
    g_free(b->addr);
    g_free(b);
}

static BlockDevice *new_device(Machine *m, const DriveOptions *o, char **error)
{
    BlockDevice *b = g_new0(BlockDevice, 1);
    b->file = g_strdup(o->file);
    b->serial = g_strdup(o->serial);
    b->addr = g_strdup(o->addr);
    b->readonly = o->readonly;
    b->cdrom = o->cdrom;
    b->snapshot = o->snapshot;
    b->unmap = o->unmap;
    b->write_through = o->write_through;
    b->no_flush = o->no_flush;
    bool ok = choose_names(m, b, o, error);
    if (ok && o->file && *o->file) {
        char *reason = NULL;
        const BlockOpen how = {.format = o->format,
                               .readonly = o->readonly,
                               .lock = o->lock,
                               .no_sync = o->no_flush,
                               .discard = o->unmap,
                               .cache_bytes = o->cache_bytes};
        b->node = drive_open_file(o->file, &how, o->snapshot, &reason);
        ok = b->node != NULL;
        if (!ok) {
            *error = g_strdup_printf("file=%s: %s", o->file, reason);
            g_free(reason);
        }
    }
    if (!ok) {
        free_device(b);
        return NULL;
    }
    block_add_media_source(m, b);
    return b;
}

// --- interfaces of controllers

typedef struct DriveInterface {
    const char *name;
    DriveCreate *create;
    void *opaque;
} DriveInterface;

static GArray *registered(Machine *m)
{
    GArray *all = machine_lookup(m, "drive-interfaces");
    if (!all) {
        all = g_array_new(FALSE, FALSE, sizeof(DriveInterface));
        machine_register(m, "drive-interfaces", all);
    }
    return all;
}

void drive_register_interface(Machine *m, const char *interface, DriveCreate *create, void *opaque)
{
    DriveInterface i = {interface, create, opaque};
    g_array_append_val(registered(m), i);
}

static const DriveInterface *find_interface(Machine *m, const char *name)
{
    GArray *all = registered(m);
    for (guint i = 0; i < all->len; i++) {
        const DriveInterface *d = &g_array_index(all, DriveInterface, i);
        if (!strcmp(d->name, name)) {
            return d;
        }
    }
    return NULL;
}

static const char *default_interface(Machine *m)
{
    return find_interface(m, "ide") ? "ide" : "virtio";
}

bool drive_add(Machine *m, const char *optarg, bool snapshot, char **error)
{
    KeyVal *kv = keyval_parse(optarg, NULL);
    DriveOptions o = {.interface = default_interface(m), .snapshot = snapshot};
    char *reason = NULL;
    BlockDevice *b = NULL;
    if (parse_options(kv, &o, &reason)) {
        b = new_device(m, &o, &reason);
    }
    if (b) {
        g_ptr_array_add(block_devices(m), b);
    } else {
        *error = reason;
    }
    keyval_free(kv);
    return b != NULL;
}

bool drive_add_file(Machine *m, const char *file, const char *interface, unsigned unit,
                    bool snapshot, char **error)
{
    char **parts = g_strsplit(file, ",", -1);
    char *escaped = g_strjoinv(",,", parts);
    char *arg = g_strdup_printf("file=%s,if=%s,unit=%u", escaped,
                                interface ? interface : default_interface(m), unit);
    bool ok = drive_add(m, arg, snapshot, error);
    g_free(arg);
    g_free(escaped);
    g_strfreev(parts);
    return ok;
}

// --- disks

static bool create_disk(Machine *m, BlockDevice *b, char **error)
{
    bool pci = machine_lookup(m, "pci") != NULL;
    const DeviceType *t = device_type_find(pci ? "virtio-blk-pci" : "virtio-blk-device");
    Device *d = device_new(t, m, NULL);
    char *reason = NULL;
    b->created = true;
    if (!device_set(d, "drive", b->id, &reason) ||
        (pci && b->addr && !device_set(d, "addr", b->addr, &reason)) ||
        !device_realize(d, &reason)) {
        *error = g_strdup_printf("drive %s: %s", b->id, reason);
        g_free(reason);
        return false;
    }
    return true;
}

bool drive_create_devices(Machine *m, char **error)
{
    static const char *const placed[] = {"none", "virtio", "pflash", NULL};
    GPtrArray *all = block_devices(m);
    for (guint i = 0; i < all->len; i++) {
        BlockDevice *b = all->pdata[i];
        bool wants_disk = !strcmp(b->interface, "virtio") && !b->owner && !b->created;
        if (wants_disk && !create_disk(m, b, error)) {
            return false;
        }
        const DriveInterface *d = find_interface(m, b->interface);
        char *reason = NULL;
        if (d && !b->owner && !d->create(d->opaque, b, &reason)) {
            *error = g_strdup_printf("drive %s: %s", b->id, reason);
            g_free(reason);
            return false;
        }
        if (!is_in(b->interface, placed) && !b->owner) {
            *error = g_strdup_printf("drive %s: this machine has no if=%s,unit=%u", b->id,
                                     b->interface, b->unit);
            return false;
        }
    }
    return true;
}
