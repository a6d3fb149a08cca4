// Damaged qcow2 images: what is said of them, and that nothing more is written.
#include "qcow2_rig.h"

#define SIZE    (1u << 20)
#define CLUSTER 4096u

// An image of 4 KiB clusters: tables as in qcow2_image.h, then data at the disk's start.
static char *make(const char *name, unsigned version)
{
    const Qcow2Shape s = {version, 12, 4, false, SIZE, NULL, NULL};
    char *path = qcow2_make(name, &s), bytes[CLUSTER];
    memset(bytes, 0x5a, sizeof bytes);
    BlockNode *n = qcow2_node(path, false);
    for (unsigned i = 0; i < 4; i++) {
        struct iovec v = {bytes, sizeof bytes};
        cr_assert_eq(n->ops->writev(n, i * CLUSTER, &v, 1), 0);
    }
    n->ops->close(n);
    return path;
}

static uint64_t get(const char *path, uint64_t at)
{
    char *bytes;
    gsize len;
    cr_assert(g_file_get_contents(path, &bytes, &len, NULL));
    uint64_t v;
    memcpy(&v, bytes + at, 8);
    g_free(bytes);
    return be64toh(v);
}

static void put(const char *path, uint64_t at, uint64_t v, unsigned size)
{
    char *bytes;
    gsize len;
    cr_assert(g_file_get_contents(path, &bytes, &len, NULL));
    GByteArray b = {(guint8 *)bytes, (guint)len};
    image_put(&b, at, v, size);
    cr_assert(g_file_set_contents(path, bytes, (gssize)len, NULL));
    g_free(bytes);
}

Test(qcow2_damage, headers_are_refused_with_the_place)
{
    static const struct {
        uint64_t at, value;
        unsigned size;
        const char *words;
    } rows[] = {
        {4, 4, 4, "version 4"},
        {20, 8, 4, "2^8"},
        {20, 22, 4, "2^22"},
        {8, 0x5000, 8, "backing file's name"},
        {24, UINT64_MAX, 8, "too large"},
        {24, BIT(40), 8, "L1 table"},
        {32, 1, 4, "AES"},
        {36, 0x7fffffff, 4, "L1 table"},
        {40, 0x3001, 8, "L1 table"},
        {40, BIT(60), 8, "L1 table"},
        {48, 0x1100, 8, "refcount table"},
        {48, 0, 8, "refcount table"},
        {56, 0, 4, "refcount table"},
        {56, 0xffffffff, 4, "refcount table"},
        {60, 1, 4, "snapshots"},
        {60, 0x7fffffff, 4, "snapshots"},
        {72, BIT(3), 8, "compression"},
        {72, BIT(4), 8, "subclusters"},
        {72, BIT(63), 8, "bit 63"},
        {96, 7, 4, "refcount order 7"},
        {100, 100, 4, "header length 100"},
        {100, 8192, 4, "header length 8192"},
        {104, 0x2385287500000001, 8, "bitmaps"},
        {104, 0x12345678ffffffff, 8, "extension"},
    };
    char *good = make("head", 3);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *path = qcow2_path("head2"), *bytes, *before, *after, *error = NULL;
        gsize len;
        const BlockOpen how = {.format = "qcow2"};
        cr_assert(g_file_get_contents(good, &bytes, &len, NULL));
        cr_assert(g_file_set_contents(path, bytes, (gssize)len, NULL));
        put(path, rows[i].at, rows[i].value, rows[i].size);
        cr_assert(g_file_get_contents(path, &before, &len, NULL));
        cr_expect_null(block_open_image(path, &how, &error), "%s", rows[i].words);
        cr_expect(error && strstr(error, rows[i].words), "%s: %s", rows[i].words, error);
        cr_assert(g_file_get_contents(path, &after, &len, NULL));
        cr_expect_eq(memcmp(before, after, len), 0, "%s", rows[i].words);
        unlink(path);
        g_free(bytes);
        g_free(before);
        g_free(after);
        g_free(error);
        g_free(path);
    }
    unlink(good);
}

// The first L2 entry becomes `entry`; reading and writing say that the image is damaged.
static void expect_damage(unsigned version, uint64_t entry)
{
    char *path = make("entry", version), buf[512] = "";
    uint64_t l1 = 3 * CLUSTER, l2 = get(path, l1) & 0xffffffff000, first = get(path, l2);
    put(path, l2, entry ? entry : first + 512, 8);
    struct iovec v = {buf, sizeof buf};
    BlockNode *n = qcow2_node(path, false);
    cr_expect_eq(n->ops->readv(n, CLUSTER, &v, 1), 0);
    cr_expect_eq(n->ops->readv(n, 0, &v, 1), BLOCK_EDAMAGED);
    cr_expect_eq(n->ops->writev(n, SIZE / 2, &v, 1), BLOCK_EDAMAGED);
    cr_expect_eq(n->ops->flush(n), BLOCK_EDAMAGED);
    cr_expect_eq(n->ops->readv(n, CLUSTER, &v, 1), 0);
    n->ops->close(n);
    n = qcow2_node(path, false);
    cr_expect_eq(n->ops->writev(n, SIZE / 2, &v, 1), 0);
    cr_expect_eq(n->ops->writev(n, 0, &v, 1), BLOCK_EDAMAGED);
    n->ops->close(n);
    char *error = NULL;
    const BlockOpen how = {.format = "qcow2"};
    n = block_open_image(path, &how, &error);
    cr_expect(version == 2 ? n != NULL : !n && strstr(error, "corrupt"), "%s", error);
    if (n) {
        n->ops->close(n);
    }
    unlink(path);
}

Test(qcow2_damage, entries_that_cannot_be)
{
    expect_damage(3, 0);                     // inside a cluster
    expect_damage(3, BIT(63) | CLUSTER);     // the refcount table
    expect_damage(2, BIT(63) | 3 * CLUSTER); // the L1 table
    expect_damage(2, BIT(63) | BIT(20) | 1); // a zero cluster in version 2
}

Test(qcow2_damage, a_table_that_counts_as_free_is_not_taken)
{
    char *path = make("free", 3), bytes[CLUSTER];
    put(path, 2 * CLUSTER + 2 * 3, 0, 2); // the L1 table's count
    memset(bytes, 1, sizeof bytes);
    struct iovec v = {bytes, sizeof bytes};
    BlockNode *n = qcow2_node(path, false);
    cr_expect_eq(n->ops->writev(n, SIZE / 2, &v, 1), BLOCK_EDAMAGED);
    n->ops->close(n);
    unlink(path);
}

Test(qcow2_damage, a_cluster_that_was_freed_too_often)
{
    char *path = make("count", 3), bytes[CLUSTER];
    put(path, 2 * CLUSTER + 2 * 5, 0, 2); // the first data cluster's
    memset(bytes, 1, sizeof bytes);
    struct iovec v = {bytes, sizeof bytes};
    BlockNode *n = qcow2_node(path, false);
    cr_expect_eq(n->ops->discard(n, 0, CLUSTER), 0);
    int err = n->ops->flush(n);
    cr_expect_eq(err, BLOCK_EDAMAGED);
    cr_expect_eq(n->ops->writev(n, 0, &v, 1), BLOCK_EDAMAGED);
    n->ops->close(n);
    unlink(path);
}

Test(qcow2_damage, counts_too_narrow_for_a_snapshot)
{
    const Qcow2Shape s = {3, 12, 0, false, SIZE, NULL, NULL};
    char *path = qcow2_make("narrow", &s), *error = NULL, bytes[CLUSTER];
    memset(bytes, 1, sizeof bytes);
    struct iovec v = {bytes, sizeof bytes};
    const BlockSnapshotInfo info = {.name = "a", .icount = -1};
    BlockSnapshotInfo it;
    BlockNode *n = qcow2_node(path, false);
    cr_assert_eq(n->ops->writev(n, 0, &v, 1), 0);
    cr_expect_not(n->ops->snapshots->create(n, &info, &error));
    cr_expect(strstr(error, "too narrow"), "%s", error);
    cr_expect_not(n->ops->snapshots->get(n, 0, &it));
    cr_expect_eq(n->ops->writev(n, CLUSTER, &v, 1), 0);
    n->ops->close(n);
    cr_expect_eq(qemu_check(path, 0), 0);
    unlink(path);
}

Test(qcow2_damage, state_that_no_snapshot_wants_goes)
{
    char *path = make("drop", 3), *error = NULL, bytes[CLUSTER];
    memset(bytes, 1, sizeof bytes);
    BlockNode *n = qcow2_node(path, false);
    for (unsigned i = 0; i < 100; i++) {
        cr_assert(n->ops->snapshots->vmstate_write(n, i * CLUSTER, bytes, CLUSTER, &error));
    }
    n->ops->snapshots->vmstate_drop(n);
    n->ops->close(n);
    cr_expect_eq(qemu_check(path, 0), 0);
    unlink(path);
}
