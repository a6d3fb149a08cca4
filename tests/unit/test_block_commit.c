// commit: changes of an image or of -snapshot's temporary file go into the file below.
#include "bare_machine.h"
#include "block/block.h"
#include "qcow2_rig.h"

#define SIZE (1u << 20)

static BlockDevice *drive(Machine *m, const char *path, const char *rest)
{
    char *arg = g_strdup_printf("file=%s,if=none,id=d%s", path, rest), *error = NULL;
    cr_assert(drive_add(m, arg, false, &error), "%s", error);
    g_free(arg);
    return block_find(m, "d");
}

static char *contents(const char *path)
{
    char *bytes;
    gsize len;
    cr_assert(g_file_get_contents(path, &bytes, &len, NULL));
    cr_assert_eq(len, SIZE);
    return bytes;
}

// Changes the disk and a copy of what it was.
static void change(BlockDevice *b, char *model, unsigned seed)
{
    GRand *g = g_rand_new_with_seed(seed);
    for (int i = 0; i < 60; i++) {
        uint32_t off = (uint32_t)g_rand_int_range(g, 0, SIZE);
        uint32_t most = MIN_OF(SIZE - off, 70000u);
        uint32_t len = (uint32_t)g_rand_int_range(g, 0, (gint32)most);
        memset(model + off, i % 3 ? i : 0, len);
        cr_assert(i % 3 ? block_write(b, off, model + off, len)
                        : block_write_zeroes(b, off, len, i & 1));
    }
    g_rand_free(g);
}

static void expect_disk(BlockDevice *b, const char *model)
{
    char *buf = g_malloc(SIZE);
    cr_assert(block_read(b, 0, buf, SIZE));
    cr_expect_eq(memcmp(buf, model, SIZE), 0);
    g_free(buf);
}

static void commit_twice(const char *base, const char *file, const char *rest)
{
    char *model = contents(base), *error = NULL, *before = contents(base), *after;
    Machine *m = bare_machine();
    BlockDevice *b = drive(m, file, rest);
    for (unsigned seed = 1; seed < 3; seed++) {
        change(b, model, seed);
        cr_assert(block_flush(b));
        after = contents(base);
        cr_expect_eq(memcmp(before, after, SIZE), 0);
        cr_assert(block_commit(m, seed == 1 ? "d" : "all", &error), "%s", error);
        g_free(before);
        g_free(after);
        before = contents(base);
        cr_expect_eq(memcmp(before, model, SIZE), 0);
        expect_disk(b, model);
    }
    change(b, model, 3);
    expect_disk(b, model);
    block_close_all(m);
    g_free(model);
    g_free(before);
}

Test(block_commit, a_temporary_file)
{
    char *base = raw_make("commit.raw", SIZE);
    commit_twice(base, base, ",format=raw,snapshot=on");
    unlink(base);
}

Test(block_commit, an_image)
{
    char *base = raw_make("commit2.raw", SIZE);
    const Qcow2Shape shapes[] = {{3, 12, 4, false, SIZE, base, "raw"},
                                 {2, 16, 4, false, SIZE, base, "raw"},
                                 {3, 14, 4, true, SIZE, base, "raw"}};
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
        char *path = qcow2_make("commit.qcow2", &shapes[i]);
        commit_twice(base, path, ",format=qcow2");
        cr_expect_eq(qemu_check(path, 0), 0);
        unlink(path);
        g_free(path);
    }
    unlink(base);
}

static void expect_error(Machine *m, const char *name, const char *words)
{
    char *error = NULL;
    cr_expect_not(block_commit(m, name, &error));
    cr_expect(error && strstr(error, words), "%s: %s", words, error);
    g_free(error);
}

Test(block_commit, what_cannot_be_committed)
{
    char *base = raw_make("commit3.raw", SIZE), *error = NULL;
    const Qcow2Shape plain = {3, 16, 4, false, SIZE, NULL, NULL};
    const Qcow2Shape large = {3, 16, 4, false, SIZE * 2, base, "raw"};
    char *path = qcow2_make("alone.qcow2", &plain), *top = qcow2_make("large.qcow2", &large);
    Machine *m = bare_machine();
    drive(m, path, "");
    expect_error(m, "x", "no drive");
    expect_error(m, "d", "no backing file");
    cr_expect(block_commit(m, "all", &error));
    block_close_all(m);
    m = bare_machine();
    BlockDevice *b = drive(m, top, "");
    expect_error(m, "d", "fewer");
    char buf[512];
    cr_expect(block_read(b, 0, buf, sizeof buf)); // it is open as it was
    const BlockSnapshotInfo info = {.name = "s", .icount = -1};
    cr_assert(block_snapshot_create(b, &info, &error), "%s", error);
    expect_error(m, "d", "snapshots");
    block_close_all(m);
    unlink(path);
    unlink(top);
    unlink(base);
}
