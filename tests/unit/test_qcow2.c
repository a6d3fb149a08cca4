// qcow2 images: random operations against a plain model, and interruptions. Where qemu-img is
// installed, it has to find the same.
#include "qcow2_fault.h"
#include "qcow2_model.h"

static const struct {
    const char *name;
    Qcow2Shape s;
    bool backing, snapshots;
} shapes[] = {
    {"v2", {2, 16, 4, false, SIZE, NULL, NULL}, false, true},
    {"v2-backing", {2, 12, 4, false, SIZE, NULL, NULL}, true, true},
    {"v3", {3, 16, 4, false, SIZE, NULL, NULL}, false, true},
    {"v3-backing", {3, 16, 4, false, SIZE, NULL, NULL}, true, true},
    {"small", {3, 9, 6, false, SIZE, NULL, NULL}, false, true},
    {"small-backing", {3, 9, 3, false, SIZE, NULL, NULL}, true, true},
    {"bit", {3, 12, 0, false, SIZE, NULL, NULL}, true, false},
    {"two-bits", {3, 13, 1, false, SIZE, NULL, NULL}, false, false},
    {"four-bits", {3, 12, 2, false, SIZE, NULL, NULL}, false, true},
    {"wide", {3, 12, 5, false, SIZE, NULL, NULL}, false, true},
    {"large", {3, 21, 4, false, SIZE, NULL, NULL}, true, true},
    {"sub", {3, 16, 4, true, SIZE, NULL, NULL}, false, true},
    {"sub-backing", {3, 14, 4, true, SIZE, NULL, NULL}, true, true},
};

Test(qcow2, random_operations)
{
    char *base = raw_make("base.raw", SIZE - 100000);
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
        Qcow2Shape s = shapes[i].s;
        s.backing = shapes[i].backing ? base : NULL;
        s.backing_format = shapes[i].backing ? "raw" : NULL;
        char *path = qcow2_make(shapes[i].name, &s);
        fprintf(stderr, "%s\n", shapes[i].name);
        random_operations(path, 600, shapes[i].snapshots, (unsigned)i);
        unlink(path);
        g_free(path);
    }
    unlink(base);
    g_free(base);
}

// --- interruptions

// All that was flushed and not written since is there.
static void check_flushed(const char *path, const Model *m)
{
    BlockNode *n = qcow2_node(path, true);
    struct iovec v = {g_malloc(SIZE), SIZE};
    cr_assert_eq(n->ops->readv(n, 0, &v, 1), 0);
    for (uint32_t i = 0; i < SIZE; i++) {
        uint8_t is = ((uint8_t *)v.iov_base)[i];
        cr_assert(m->touched[i] || is == m->flushed[i], "byte %u is lost", i);
    }
    g_free(v.iov_base);
    n->ops->close(n);
}

static bool is_dirty(const char *path)
{
    BlockImageInfo info = {0};
    BlockNode *n = qcow2_node(path, true);
    n->ops->info(n, &info);
    n->ops->close(n);
    return info.dirty;
}

static void interrupt(const Qcow2Shape *s, bool snapshots, unsigned seed)
{
    char *path = qcow2_make("crash", s), *error = NULL;
    const BlockOpen how = {.format = "qcow2", .cache_bytes = seed & 2};
    GRand *power = seed & 1 ? g_rand_new_with_seed(seed) : NULL;
    FaultNode *f = fault_open(path, (seed * 37) % 400);
    BlockNode *n = qcow2_open(&f->node, path, &how, &error);
    cr_assert(n, "%s", error);
    Model m;
    model_init(&m, n, seed);
    for (unsigned i = 0; i < 2000 && !f->failed; i++) {
        int err = model_step(&m, snapshots);
        cr_assert(!err || f->failed, "step %u: %s", i, block_strerror(err));
    }
    m.n->ops->close(m.n);
    fault_crash(f, power);
    bool dirty = is_dirty(path);
    if (!dirty) {
        int r = qemu_check(path, 3);
        cr_assert(r == 0 || r == 3, "seed %u: qemu-img check: %d", seed, r);
    }
    check_flushed(path, &m);
    if (dirty) {
        m.n = qcow2_node(path, false);
        m.n->ops->close(m.n);
        cr_assert_eq(qemu_check(path, 0), 0, "seed %u", seed);
        check_flushed(path, &m);
    }
    model_free(&m);
    fault_free(f);
    unlink(path);
    g_free(path);
}

Test(qcow2, interruptions)
{
    char *base = raw_make("base2.raw", SIZE - 100000);
    const Qcow2Shape all[] = {
        {3, 16, 4, false, SIZE, NULL, NULL},
        {3, 9, 4, false, SIZE, base, "raw"},
        {2, 12, 4, false, SIZE, base, "raw"},
        {3, 14, 4, true, SIZE, base, "raw"},
    };
    for (unsigned seed = 0; seed < 80; seed++) {
        const Qcow2Shape *s = &all[seed % ARRAY_LEN(all)];
        interrupt(s, s->version == 3 && seed % 8 < 4, seed);
    }
    unlink(base);
    g_free(base);
}
