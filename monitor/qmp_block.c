// QMP commands about disks.
#include <string.h>

#include "block/block.h"
#include "monitor/qmp_command.h"

// What the drive has in it, as query-block and query-named-block-nodes say it: the image and those
// behind it.
static Json *image_info(BlockDevice *b, unsigned level)
{
    BlockImageInfo info;
    if (!block_image_info(b, level, &info)) {
        return NULL;
    }
    Json *image = qmp_add_str(json_object_new_object(), "filename", info.file ? info.file : "");
    qmp_add_str(image, "format", info.format);
    qmp_add_int(image, "virtual-size", (int64_t)info.size);
    qmp_add_bool(image, "dirty-flag", info.dirty);
    if (info.cluster) {
        qmp_add_int(image, "cluster-size", (int64_t)info.cluster);
    }
    if (info.backing_name) {
        qmp_add_str(image, "backing-filename", info.backing_name);
        qmp_add_str(image, "full-backing-filename", info.backing_file);
    }
    if (info.backing_format) {
        qmp_add_str(image, "backing-filename-format", info.backing_format);
    }
    Json *below = image_info(b, level + 1);
    return below ? qmp_add(image, "backing-image", below) : image;
}

static int backing_depth(BlockDevice *b)
{
    BlockImageInfo info;
    unsigned levels = 0;
    while (block_image_info(b, levels, &info)) {
        levels++;
    }
    return (int)levels - 1;
}

static Json *inserted(BlockDevice *b)
{
    BlockImageInfo info;
    block_image_info(b, 0, &info);
    const char *file = block_file(b) ? block_file(b) : "";
    Json *cache = qmp_add_bool(json_object_new_object(), "writeback", !block_write_through(b));
    qmp_add_bool(cache, "direct", false);
    qmp_add_bool(cache, "no-flush", false);
    Json *o = qmp_add_str(json_object_new_object(), "file", file);
    qmp_add_str(o, "node-name", block_id(b));
    qmp_add_bool(o, "ro", block_readonly(b));
    qmp_add_str(o, "drv", info.format);
    if (info.backing_file) {
        qmp_add_str(o, "backing_file", info.backing_file);
    }
    qmp_add_int(o, "backing_file_depth", backing_depth(b));
    qmp_add_bool(o, "encrypted", false);
    qmp_add_str(o, "detect_zeroes", "off");
    static const char *const limits[] = {"bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"};
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        qmp_add_int(o, limits[i], 0); // 0: none
    }
    qmp_add(o, "image", image_info(b, 0));
    qmp_add(o, "cache", cache);
    return qmp_add_int(o, "write_threshold", 0);
}

static void add_drive(void *list, BlockDevice *b)
{
    Json *o = qmp_add_str(json_object_new_object(), "device", block_id(b));
    if (block_owner(b)) {
        qmp_add_str(o, "qdev", block_owner(b));
    }
    qmp_add_str(o, "type", "unknown");
    qmp_add_bool(o, "removable", block_is_cdrom(b) || !block_inserted(b));
    qmp_add_bool(o, "locked", false);
    if (block_inserted(b)) {
        qmp_add(o, "inserted", inserted(b));
        qmp_add_str(o, "io-status", block_stats(b)->failed ? "failed" : "ok");
    }
    json_object_array_add(list, o);
}

static void add_node(void *list, BlockDevice *b)
{
    if (block_inserted(b)) {
        json_object_array_add(list, inserted(b));
    }
}

static void add_stats(void *list, BlockDevice *b)
{
    const BlockStats *s = block_stats(b);
    Json *t = json_object_new_object();
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"rd_bytes", s->read_bytes},       {"wr_bytes", s->write_bytes},
        {"unmap_bytes", s->discard_bytes}, {"rd_operations", s->reads},
        {"wr_operations", s->writes},      {"flush_operations", s->flushes},
        {"unmap_operations", s->discards}, {"failed_operations", s->failed},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        qmp_add_int(t, rows[i].name, (int64_t)rows[i].value);
    }
    Json *o = qmp_add_str(json_object_new_object(), "device", block_id(b));
    qmp_add_str(o, "node-name", block_id(b));
    json_object_array_add(list, qmp_add(o, "stats", t));
}

static Json *each(QmpCall *c, void (*fn)(void *, BlockDevice *))
{
    Json *list = json_object_new_array();
    block_each(c->machine, fn, list);
    return list;
}

static Json *query_block(QmpCall *c)
{
    return each(c, add_drive);
}

static Json *query_blockstats(QmpCall *c)
{
    return each(c, add_stats);
}

static Json *query_named_block_nodes(QmpCall *c)
{
    return each(c, add_node);
}

// --- removable media

// The drive by its own name or by its device's id; NULL with an error.
static const char *drive_name(QmpCall *c)
{
    const char *device = qmp_str(c, "device"), *id = qmp_str(c, "id");
    if (!device == !id) {
        qmp_fail(c, QMP_GENERIC, "give one of 'device' and 'id'");
        return NULL;
    }
    return id ? id : device;
}

static Json *result(QmpCall *c, bool ok, char *error)
{
    return ok ? qmp_nothing() : qmp_fail_with(c, error);
}

static Json *eject(QmpCall *c)
{
    const char *name = drive_name(c);
    char *error = NULL;
    if (!name) {
        return NULL;
    }
    bool ok = block_eject(c->machine, name, qmp_bool(c, "force", false), &error);
    return result(c, ok, error);
}

static Json *change_medium(QmpCall *c)
{
    const char *name = drive_name(c), *format = qmp_str(c, "format");
    const char *mode = qmp_str(c, "read-only-mode");
    int readonly = !mode || !strcmp(mode, "retain") ? -1 : !strcmp(mode, "read-only");
    char *error = NULL;
    if (!name) {
        return NULL;
    }
    bool ok = block_change(c->machine, name, qmp_str(c, "filename"), format, readonly,
                           qmp_bool(c, "force", false), &error);
    return result(c, ok, error);
}

static const QmpCommand commands[] = {
    {"eject", "device?:str id?:str force?:bool", NULL, eject},
    {"blockdev-change-medium",
     "device?:str id?:str filename:str format?:str force?:bool "
     "read-only-mode?:BlockdevChangeReadOnlyMode",
     NULL, change_medium},
    {"query-block", "", "[BlockInfo]", query_block},
    {"query-blockstats", "query-nodes?:bool", "[BlockStats]", query_blockstats},
    {"query-named-block-nodes", "flat?:bool", "[BlockDeviceInfo]", query_named_block_nodes},
};

static const QmpType types[] = {
    {"BlockdevChangeReadOnlyMode", QMP_ENUM, "retain read-only read-write"},
    {"ImageInfo", QMP_OBJECT,
     "filename:str format:str virtual-size:int dirty-flag?:bool cluster-size?:int "
     "backing-filename?:str full-backing-filename?:str backing-filename-format?:str "
     "backing-image?:ImageInfo"},
    {"BlockdevCacheInfo", QMP_OBJECT, "writeback:bool direct:bool no-flush:bool"},
    {"BlockDeviceInfo", QMP_OBJECT,
     "file:str node-name?:str ro:bool drv:str backing_file?:str backing_file_depth:int "
     "encrypted:bool "
     "detect_zeroes:str bps:int bps_rd:int bps_wr:int iops:int iops_rd:int iops_wr:int "
     "image:ImageInfo cache:BlockdevCacheInfo write_threshold:int"},
    {"BlockInfo", QMP_OBJECT,
     "device:str qdev?:str type:str removable:bool locked:bool inserted?:BlockDeviceInfo "
     "io-status?:str"},
    {"BlockDeviceStats", QMP_OBJECT,
     "rd_bytes:int wr_bytes:int unmap_bytes:int rd_operations:int wr_operations:int "
     "flush_operations:int unmap_operations:int failed_operations:int"},
    {"BlockStats", QMP_OBJECT, "device?:str node-name?:str stats:BlockDeviceStats"},
};

static const QmpTable table = {.commands = commands,
                               .n_commands = ARRAY_LEN(commands),
                               .types = types,
                               .n_types = ARRAY_LEN(types)};
QMP_TABLE(table);
