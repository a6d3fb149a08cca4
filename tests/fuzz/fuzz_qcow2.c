// Damaged qcow2 images: made by our own hand with data, zeros and a snapshot, changed in a few
// places, then opened and used like a disk. Opening refuses them with one line and leaves the file
// as it is, or the disk answers, with errors perhaps; nothing crashes or takes long. Images of
// other formats take turns with them.
#include <stdio.h>
#include <string.h>

#include "block/format.h"
#include "block/snapshot.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/images.h"
#include "tests/qcow2_image.h"

#define SIZE  (192u << 10)
#define FILES 8 // a run
#define STEPS 60

static const Qcow2Shape shapes[] = {
    {3, 9, 4, false, SIZE, NULL, NULL}, {3, 9, 0, false, SIZE, NULL, NULL},
    {2, 9, 4, false, SIZE, NULL, NULL}, {3, 10, 6, false, SIZE, NULL, NULL},
    {3, 14, 4, true, SIZE, NULL, NULL}, {3, 12, 3, false, SIZE, "base", "raw"},
};

static void check_error(const char *error)
{
    if (!error || !*error || strchr(error, '\n')) {
        fuzz_fail("refused with '%s'", error ? error : "(no reason)");
    }
}

// --- use

static void transfer(Fuzz *f, BlockNode *n)
{
    uint64_t off = fuzz_below(f, n->size ? n->size : 1);
    uint64_t most = 1 + fuzz_below(f, 20000), len = MIN_OF(most, n->size - MIN_OF(off, n->size));
    struct iovec v = {g_malloc0(len + 1), len};
    memset(v.iov_base, (int)fuzz_below(f, 256), len);
    switch (len ? fuzz_below(f, 8) : 8) {
    case 0:
    case 1:
    case 2:
        n->ops->writev(n, off, &v, 1);
        break;
    case 3:
        n->ops->zero(n, off, len, fuzz_one_in(f, 2));
        break;
    case 4:
        n->ops->discard(n, off, len);
        break;
    case 5:
        n->ops->flush(n);
        break;
    default:
        n->ops->readv(n, off, &v, 1);
    }
    g_free(v.iov_base);
}

static void snapshots(Fuzz *f, BlockNode *n)
{
    const BlockSnapshotOps *ops = n->ops->snapshots;
    BlockSnapshotInfo it, new = {.name = "fuzz", .icount = -1, .vm_state_size = 3000};
    char *error = NULL, buf[3000] = "";
    bool has = ops->get(n, (unsigned)fuzz_below(f, 3), &it), ok = true;
    switch (fuzz_below(f, 4)) {
    case 0:
        ok = ops->vmstate_write(n, 0, buf, sizeof buf, &error) && ops->create(n, &new, &error);
        break;
    case 1:
        ok = !has || ops->apply(n, it.id, &error);
        break;
    case 2:
        ok = !has || ops->remove(n, it.id, &error);
        break;
    default:
        ok = !has || ops->vmstate_read(n, it.id, fuzz_below(f, 4000), buf, sizeof buf, &error);
    }
    if (!ok) {
        check_error(error);
    }
    g_free(error);
}

static bool use(Fuzz *f, const char *path, bool readonly)
{
    const BlockOpen how = {.format = fuzz_one_in(f, 8) ? NULL : "qcow2",
                           .readonly = readonly,
                           .discard = true,
                           .no_sync = true,
                           .cache_bytes = fuzz_below(f, 2)};
    char *error = NULL;
    BlockNode *n = block_open_image(path, &how, &error);
    if (!n) {
        check_error(error);
        if (f->verbose) {
            printf("refused: %s\n", error);
        }
        g_free(error);
        return false;
    }
    for (unsigned i = 0; i < STEPS; i++) {
        if (n->ops->snapshots && fuzz_one_in(f, 12)) {
            snapshots(f, n);
        } else {
            transfer(f, n);
        }
    }
    n->ops->close(n);
    return true;
}

// --- damage

// What tables are made of, at a place where one may stand.
static void poke(Fuzz *f, GByteArray *b)
{
    uint64_t at = fuzz_below(f, b->len / 8) * 8, v = fuzz_number(f);
    if (fuzz_one_in(f, 4)) {
        at = fuzz_below(f, 14) * 8;
    }
    if (!fuzz_one_in(f, 3)) {
        v = fuzz_below(f, b->len / 512 + 4) * 512 | fuzz_below(f, 4) << 62 | fuzz_below(f, 2);
    }
    if (at + 8 <= b->len) {
        image_put(b, at, v, 8);
    }
}

static void damage(Fuzz *f, const char *path)
{
    gchar *bytes;
    gsize len;
    if (!g_file_get_contents(path, &bytes, &len, NULL)) {
        fuzz_fail("%s has gone", path);
    }
    GByteArray *b = g_byte_array_new_take((guint8 *)bytes, len);
    for (uint64_t i = fuzz_below(f, 6); i > 0; i--) {
        poke(f, b);
    }
    if (fuzz_one_in(f, 3)) {
        fuzz_mutate(f, b);
    }
    if (b->len > 80 && fuzz_one_in(f, 4)) {
        b->data[79] ^= 1; // dirty
    }
    g_file_set_contents(path, (char *)b->data, b->len, NULL);
    g_byte_array_free(b, TRUE);
}

// Images of other formats, which are only read.
static void foreign_file(Fuzz *f)
{
    static const char *const formats[] = {"vdi", "vpc", "vmdk"};
    const char *format = FUZZ_PICK(f, formats);
    GByteArray *b = fuzz_image(format);
    if (!fuzz_one_in(f, 16)) {
        fuzz_mutate(f, b);
    }
    char *path = fuzz_file(f, "disk", b->data, b->len), *error = NULL;
    g_byte_array_free(b, TRUE);
    const BlockOpen how = {.format = fuzz_one_in(f, 8) ? NULL : format, .readonly = true};
    BlockNode *n = block_open_image(path, &how, &error);
    for (unsigned i = 0; n && i < STEPS; i++) {
        transfer(f, n);
    }
    if (n) {
        n->ops->close(n);
    } else {
        check_error(error);
    }
    g_free(error);
    g_free(path);
    f->inputs++;
}

static void one_file(Fuzz *f)
{
    const Qcow2Shape *s = &FUZZ_PICK(f, shapes);
    GByteArray *b = image_qcow2(s);
    char *path = fuzz_file(f, "disk.qcow2", b->data, b->len), *before, *after;
    gsize len, len2;
    g_byte_array_free(b, TRUE);
    if (!use(f, path, false)) {
        fuzz_fail("a good image is refused");
    }
    damage(f, path);
    g_file_get_contents(path, &before, &len, NULL);
    bool readonly = fuzz_one_in(f, 4), opened = use(f, path, readonly);
    // Where tables are damaged, one that was written may have become very large, with holes.
    bool same = !opened || readonly;
    after = NULL;
    len2 = 0;
    if (same) {
        g_file_get_contents(path, &after, &len2, NULL);
    }
    if (same && (len != len2 || memcmp(before, after, len) != 0)) {
        fuzz_fail("an image that was %s has changed", opened ? "read-only" : "refused");
    }
    if (opened) {
        use(f, path, false);
    }
    g_free(before);
    g_free(after);
    g_free(path);
    f->inputs++;
}

static void run(Fuzz *f)
{
    uint8_t base[5000];
    memset(base, 0x5b, sizeof base);
    g_free(fuzz_file(f, "base", base, sizeof base));
    for (unsigned i = 0; i < FILES; i++) {
        one_file(f);
        foreign_file(f);
    }
}

const Fuzzer fuzzer = {
    .name = "fuzz_qcow2",
    .what = "Damaged disk images: qcow2 read, written and snapshotted, others read.",
    .unit = "images",
    .hang_seconds = 30,
    .run = run,
};
