// Formats that are only read, as qemu-img makes them. Without it nothing is tested here.
#include "qcow2_rig.h"

#define SIZE (9u << 20)

static char *source(void)
{
    char *path = raw_make("formats.raw", SIZE), *bytes;
    gsize len;
    cr_assert(g_file_get_contents(path, &bytes, &len, NULL));
    memset(bytes + 100000, 0x11, 300000);
    memset(bytes + (1 << 20), 0, 3 << 20);
    cr_assert(g_file_set_contents(path, bytes, (gssize)len, NULL));
    g_free(bytes);
    return path;
}

static void compare(const char *path, const char *format, const char *raw)
{
    char *error = NULL, *want;
    gsize len;
    const BlockOpen how = {.readonly = true};
    cr_assert(g_file_get_contents(raw, &want, &len, NULL));
    BlockNode *n = block_open_image(path, &how, &error);
    cr_assert(n, "%s: %s", format, error);
    BlockImageInfo info = {.format = "raw"};
    n->ops->info(n, &info);
    cr_expect_str_eq(info.format, format);
    cr_assert_geq(n->size, len);
    char *got = g_malloc(len);
    for (uint64_t off = 0; off < len;) { // across blocks, in two buffers
        uint64_t part = MIN_OF(len - off, UINT64_C(777216));
        struct iovec v[2] = {{got + off, part / 3}, {got + off + part / 3, part - part / 3}};
        cr_assert_eq(n->ops->readv(n, off, v, 2), 0, "%s", format);
        off += part;
    }
    cr_expect_eq(memcmp(got, want, len), 0, "%s", format);
    struct iovec v = {got, 512};
    cr_expect_eq(n->ops->writev(n, 0, &v, 1), EROFS);
    n->ops->close(n);
    g_free(got);
    g_free(want);
}

Test(block_formats, read_as_qemu_makes_them)
{
    static const struct {
        const char *format, *options;
    } rows[] = {
        {"vdi", "-O vdi"},   {"vdi", "-O vdi -o static=on"},
        {"vpc", "-O vpc"},   {"vpc", "-O vpc -o force_size=on"},
        {"vmdk", "-O vmdk"}, {"vmdk", "-O vmdk -o subformat=streamOptimized"},
    };
    if (!have_qemu_img()) {
        return;
    }
    char *raw = source(), *path = qcow2_path("foreign");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *error = NULL, *more = g_strdup_printf("%s %s", rows[i].options, path);
        cr_assert_eq(run_tool(0, "qemu-img convert -f raw %s %s", raw, more), 0);
        compare(path, rows[i].format, raw);
        const BlockOpen how = {.format = rows[i].format};
        cr_expect_null(block_open_image(path, &how, &error));
        cr_expect(strstr(error, "can only be read"), "%s", error);
        g_free(error);
        g_free(more);
    }
    unlink(path);
    unlink(raw);
}

Test(block_formats, refusals)
{
    if (!have_qemu_img()) {
        return;
    }
    char *raw = source(), *path = qcow2_path("refused.vmdk"), *error = NULL;
    const BlockOpen how = {.readonly = true};
    char *more = g_strdup_printf("-O vmdk -o subformat=twoGbMaxExtentSparse %s", path);
    cr_assert_eq(run_tool(0, "qemu-img convert -f raw %s %s", raw, more), 0);
    cr_expect_null(block_open_image(path, &how, &error));
    cr_expect(strstr(error, "in one file"), "%s", error);
    char *extent = qcow2_path("refused-s001.vmdk");
    unlink(extent);
    unlink(path);
    unlink(raw);
}
