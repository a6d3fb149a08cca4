#include "block/format.h"

#include <glib.h>
#include <string.h>

#include "util/log.h"

#define MAX_CHAIN 64 // of backing files

typedef BlockNode *FormatOpen(BlockNode *file, const char *name, const BlockOpen *how,
                              char **error);

// Those without a function are told by their first bytes rather than shown to the guest.
static const struct {
    const char *name, *magic;
    FormatOpen *open;
} formats[] = {
    {"qcow2", "QFI\xfb", qcow2_open}, {"vmdk", "KDMV", vmdk_open},
    {"vmdk", "COWD", NULL},           {"vmdk", "# Disk DescriptorFile", NULL},
    {"vpc", "conectix", vpc_open},    {"vdi", "<<< ", vdi_open},
    {"vhdx", "vhdxfile", NULL},       {"qed", "QED", NULL},
    {"luks", "LUKS\xba\xbe", NULL},   {"parallels", "WithoutFreeSpace", NULL},
};

const char *block_probe(const void *head, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
        size_t n = strlen(formats[i].magic);
        if (len >= n && !memcmp(head, formats[i].magic, n)) {
            return formats[i].name;
        }
    }
    return "raw";
}

static FormatOpen *find(const char *format)
{
    for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
        if (!strcmp(formats[i].name, format) && formats[i].open) {
            return formats[i].open;
        }
    }
    return NULL;
}

bool block_format_known(const char *format)
{
    return !strcmp(format, "raw") || find(format);
}

static const char *probe_file(BlockNode *file)
{
    char head[512] = "";
    struct iovec iov = {head, sizeof head};
    return file->size < sizeof head || file->ops->readv(file, 0, &iov, 1)
               ? "raw"
               : block_probe(head, sizeof head);
}

static void guess_raw(BlockNode *file, const char *name, const BlockOpen *how)
{
    if (!how->readonly) {
        raw_set(file, RAW_GUARD);
        report("%s: no format is given, it is taken as raw; writes that would make it look like "
               "another format are refused (format=raw allows them)",
               name);
    }
}

BlockNode *block_open_image(const char *file, const BlockOpen *how, char **error)
{
    unsigned flags = (how->readonly ? RAW_READONLY : 0) | (how->lock ? RAW_LOCK : 0) |
                     (how->no_sync ? RAW_NO_SYNC : 0);
    BlockNode *n = raw_open(file, flags, error);
    if (!n) {
        return NULL;
    }
    const char *format = how->format ? how->format : probe_file(n);
    FormatOpen *open = find(format);
    if (open) {
        raw_set(n, RAW_GROWS);
        return open(n, file, how, error);
    }
    if (!strcmp(format, "raw")) {
        if (!how->format) {
            guess_raw(n, file, how);
        }
        return n;
    }
    *error = g_strdup_printf("a %s image that cannot be opened; there are " BLOCK_FORMATS
                             " (qemu-img convert -O qcow2 makes one%s)",
                             format, how->format ? "" : "; format=raw shows the guest its bytes");
    n->ops->close(n);
    return NULL;
}

// --- backing files

char *block_backing_path(const char *image, const char *name)
{
    name += g_str_has_prefix(name, "file:") ? strlen("file:") : 0;
    if (g_path_is_absolute(name)) {
        return g_strdup(name);
    }
    char *dir = g_path_get_dirname(image);
    char *path = strcmp(dir, ".") ? g_build_filename(dir, name, NULL) : g_strdup(name);
    g_free(dir);
    return path;
}

// "nbd://...", "json:{...}": not a file's name. A directory may have a colon in it.
static bool has_protocol(const char *name)
{
    size_t n = strcspn(name, ":/");
    return name[n] == ':' && !g_str_has_prefix(name, "file:");
}

BlockNode *block_open_backing(const char *image, const char *name, const char *format,
                              const BlockOpen *how, char **error)
{
    BlockOpen below = *how;
    below.format = format;
    below.readonly = true;
    below.depth++;
    if (below.depth > MAX_CHAIN) {
        *error =
            g_strdup_printf("the chain of backing files is longer than %d, or a circle", MAX_CHAIN);
        return NULL;
    }
    if (has_protocol(name)) {
        *error = g_strdup("only names of files are supported");
        return NULL;
    }
    if (format && !block_format_known(format)) {
        *error = g_strdup_printf("format '%s' is not supported, only " BLOCK_FORMATS, format);
        return NULL;
    }
    char *path = block_backing_path(image, name);
    BlockNode *n = block_open_image(path, &below, error);
    if (n && !format && !how->quiet) {
        BlockImageInfo info = {.format = "raw"};
        if (n->ops->info) {
            n->ops->info(n, &info);
        }
        report("%s: the format of its backing file %s is not recorded; it is taken as %s (qemu-img "
               "rebase -u -F FORMAT records it)",
               image, path, info.format);
    }
    g_free(path);
    return n;
}
