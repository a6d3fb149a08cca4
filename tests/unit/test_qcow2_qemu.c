// qcow2 images that qemu-img makes, and ours as it sees them. Without qemu-img and qemu-io
// (Debian's qemu-utils) nothing is tested here.
#include "qcow2_model.h"

static bool have_tools(void)
{
    char *io = g_find_program_in_path("qemu-io");
    g_free(io);
    return io && have_qemu_img();
}

static char *contents(const char *path, gsize *len)
{
    char *bytes;
    cr_assert(g_file_get_contents(path, &bytes, len, NULL), "%s", path);
    return bytes;
}

// Half of it is like other images' first megabytes, so that compression has work.
static char *source(const char *name)
{
    char *path = raw_make(name, SIZE), *bytes;
    gsize len;
    bytes = contents(path, &len);
    memset(bytes + 70000, 0x33, 1000000);
    memset(bytes + 1500000, 0, 700000);
    cr_assert(g_file_set_contents(path, bytes, (gssize)len, NULL));
    g_free(bytes);
    return path;
}

static void same_as_file(const char *image, const char *raw)
{
    gsize len;
    char *want = contents(raw, &len);
    BlockNode *n = qcow2_node(image, true);
    cr_assert_eq(n->size, len);
    struct iovec v = {g_malloc(len), len};
    cr_assert_eq(n->ops->readv(n, 0, &v, 1), 0);
    cr_expect_eq(memcmp(v.iov_base, want, len), 0, "%s", image);
    g_free(v.iov_base);
    g_free(want);
    n->ops->close(n);
}

static char *open_error(const char *path, bool readonly)
{
    char *error = NULL;
    const BlockOpen how = {.format = "qcow2", .readonly = readonly};
    cr_expect_null(block_open_image(path, &how, &error), "%s", path);
    return error ? error : g_strdup("");
}

Test(qcow2_qemu, compressed_images)
{
    static const char *const options[] = {
        "compat=0.10",           "compat=1.1",
        "cluster_size=512",      "cluster_size=2M",
        "compression_type=zstd", "compression_type=zstd,extended_l2=on",
    };
    if (!have_tools()) {
        return;
    }
    char *raw = source("comp.raw"), *path = qcow2_path("comp.qcow2");
    for (size_t i = 0; i < ARRAY_LEN(options); i++) {
        if (!CONFIG_ZSTD && strstr(options[i], "zstd")) {
            continue;
        }
        char *more = g_strdup_printf("%s -o %s", path, options[i]);
        cr_assert_eq(run_tool(0, "qemu-img convert -c -f raw -O qcow2 %s %s", raw, more), 0);
        same_as_file(path, raw);
        random_operations(path, 200, true, (unsigned)i);
        g_free(more);
    }
    unlink(path);
    unlink(raw);
}

Test(qcow2_qemu, chains_with_relative_names)
{
    if (!have_tools()) {
        return;
    }
    char *dir = g_dir_make_tmp("mimus-chain-XXXXXX", NULL), *raw = source("chain.raw");
    char *top = g_build_filename(dir, "top.qcow2", NULL), *out = qcow2_path("chain.out");
    cr_assert_eq(
        run_tool(
            0,
            "sh -c 'cd %s && cp %s base.raw && truncate -s 2M base.raw &&"
            " qemu-img create -q -f qcow2 -b base.raw -F raw -o cluster_size=4k mid.qcow2 3M &&"
            " qemu-io -c \"write -P 5 100k 300k\" -c \"write -z 600k 50k\" mid.qcow2 >&2 &&"
            " qemu-img create -q -f qcow2 -b mid.qcow2 -F qcow2 top.qcow2 3M &&"
            " qemu-io -c \"write -P 9 350k 1M\" top.qcow2 >&2'",
            dir, raw),
        0);
    cr_assert_eq(run_tool(0, "qemu-img convert -f qcow2 -O raw %s %s", top, out), 0);
    same_as_file(top, out);
    random_operations(top, 200, true, 3);
    char *mid = g_build_filename(dir, "mid.qcow2", NULL);
    cr_expect_eq(qemu_check(mid, 0), 0);
    unlink(mid);
    char *error = open_error(top, true);
    cr_expect(strstr(error, "mid.qcow2"), "%s", error);
    run_tool(0, "rm -r %s %s", dir, out);
    unlink(raw);
}

Test(qcow2_qemu, snapshots_both_ways)
{
    if (!have_tools()) {
        return;
    }
    char *raw = source("snap.raw"), *path = qcow2_path("snap.qcow2"), *error = NULL;
    cr_assert_eq(run_tool(0, "qemu-img convert -f raw -O qcow2 %s %s", raw, path), 0);
    cr_assert_eq(run_tool(0, "qemu-img snapshot -c theirs %s%s", path, ""), 0);
    BlockNode *n = qcow2_node(path, false);
    const BlockSnapshotOps *ops = n->ops->snapshots;
    BlockSnapshotInfo it = {0}, ours = {.name = "ours", .date_sec = 1000000000, .icount = -1};
    char ones[4096];
    memset(ones, 1, sizeof ones);
    cr_assert(ops->get(n, 0, &it));
    cr_expect_str_eq(it.name, "theirs");
    cr_expect_not(ops->get(n, 1, &it));
    struct iovec v = {ones, sizeof ones};
    cr_assert_eq(n->ops->writev(n, 70000, &v, 1), 0);
    cr_assert(ops->vmstate_write(n, 0, ones, sizeof ones, &error), "%s", error);
    ours.vm_state_size = sizeof ones;
    cr_assert(ops->create(n, &ours, &error), "%s", error);
    cr_assert(ops->get(n, 1, &it));
    cr_expect_str_eq(it.name, "ours");
    cr_expect_str_eq(it.id, "2");
    cr_assert(ops->apply(n, "1", &error), "%s", error);
    n->ops->close(n);
    same_as_file(path, raw);
    cr_expect_eq(qemu_check(path, 0), 0);
    cr_expect_eq(
        run_tool(0, "sh -c 'qemu-img snapshot -l %s | grep \"ours *4 KiB 2001-09-09\" >&2 %s'",
                 path, ""),
        0);
    cr_assert_eq(run_tool(0, "qemu-img snapshot -a ours %s%s", path, ""), 0);
    cr_assert_eq(run_tool(0, "qemu-img snapshot -d theirs %s%s", path, ""), 0);
    cr_assert_eq(
        run_tool(0, "sh -c 'qemu-io -c \"read -P 1 70000 4096\" %s | grep read%s >&2'", path, ""),
        0);
    cr_expect_eq(qemu_check(path, 0), 0);
    n = qcow2_node(path, false);
    cr_assert(n->ops->snapshots->remove(n, "2", &error), "%s", error);
    n->ops->close(n);
    cr_expect_eq(qemu_check(path, 0), 0);
    unlink(path);
    unlink(raw);
}

Test(qcow2_qemu, an_image_that_was_not_closed_is_repaired)
{
    if (!have_tools()) {
        return;
    }
    char *path = qcow2_path("dirty.qcow2");
    cr_assert_eq(run_tool(0, "qemu-img create -q -f qcow2 -o lazy_refcounts=on %s %s", path, "3M"),
                 0);
    run_tool(134, "sh -c 'qemu-io -c \"write -P 7 0 1M\" -c \"flush\" -c \"abort\" %s%s >&2'", path,
             "");
    cr_assert_neq(run_tool(2, "qemu-img check -q -f qcow2 %s%s", path, ""), 0);
    gsize len, len2;
    char *before = contents(path, &len);
    BlockNode *n = qcow2_node(path, true); // changes nothing
    n->ops->close(n);
    char *after = contents(path, &len2);
    cr_expect(len == len2 && !memcmp(before, after, len));
    random_operations(path, 100, true, 1);
    unlink(path);
}

Test(qcow2_qemu, bitmaps_count_as_out_of_date_after_a_write)
{
    if (!have_tools()) {
        return;
    }
    char *path = qcow2_path("bitmap.qcow2");
    cr_assert_eq(run_tool(0, "qemu-img create -q -f qcow2 %s %s", path, "3M"), 0);
    cr_assert_eq(run_tool(0, "qemu-img bitmap --add %s %s", path, "b0"), 0);
    gsize len, len2;
    char *before = contents(path, &len);
    BlockNode *n = qcow2_node(path, false);
    n->ops->close(n);
    char *after = contents(path, &len2);
    cr_expect(len == len2 && !memcmp(before, after, len));
    cr_expect_eq(before[95], 1);
    n = qcow2_node(path, false);
    char ones[512] = {1};
    struct iovec v = {ones, sizeof ones};
    cr_assert_eq(n->ops->writev(n, 0, &v, 1), 0);
    n->ops->close(n);
    after = contents(path, &len2);
    cr_expect_eq(after[95], 0);
    int r = qemu_check(path, 3); // the bitmap's own clusters have become useless
    cr_expect(r == 0 || r == 3);
    unlink(path);
}

// Each is refused with these words, and not a byte of it changes.
static const struct {
    const char *make, *words;
    bool also_readonly;
} refused[] = {
    {"", "external", true}, // see below
    {"qemu-img create -q -f qcow2 --object secret,id=s,data=x "
     "-o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10 %s%s",
     "LUKS", true},
    {"sh -c 'qemu-img create -q -f qcow2 %s%s 3M && printf \"\\002\" | "
     "dd bs=1 seek=79 conv=notrunc status=none of=PATH'",
     "corrupt", false},
    {"sh -c 'qemu-img create -q -f qcow2 %s%s 3M && printf \"\\200\" | "
     "dd bs=1 seek=79 conv=notrunc status=none of=PATH'",
     "bit 7", true},
};

Test(qcow2_qemu, refusals)
{
    if (!have_tools()) {
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        char *path = qcow2_path("refused.qcow2");
        char **parts = g_strsplit(refused[i].make, "PATH", 2);
        char *make = g_strjoinv(path, parts), *data = g_strconcat(path, ".data", NULL);
        bool by_shell = g_str_has_prefix(make, "sh");
        if (i == 0) {
            char *command = g_strdup_printf("data_file=%s", data);
            cr_assert_eq(run_tool(0, "qemu-img create -q -f qcow2 -o %s %s 3M", command, path), 0);
        } else {
            cr_assert_eq(run_tool(0, make, path, by_shell ? "" : " 3M"), 0);
        }
        gsize len, len2;
        char *before = contents(path, &len), *error = open_error(path, false);
        char *after = contents(path, &len2);
        cr_expect(strstr(error, refused[i].words), "%s", error);
        cr_expect(len == len2 && !memcmp(before, after, len), "%s", refused[i].words);
        if (refused[i].also_readonly) {
            cr_expect(strstr(open_error(path, true), refused[i].words));
        } else {
            BlockNode *n = qcow2_node(path, true);
            n->ops->close(n);
        }
        unlink(data);
        unlink(path);
    }
}
