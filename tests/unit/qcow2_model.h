// A disk of plain bytes beside a qcow2 image: random operations on both have to agree.
#ifndef TESTS_UNIT_QCOW2_MODEL_H
#define TESTS_UNIT_QCOW2_MODEL_H

#include "qcow2_rig.h"

#define SIZE (3u << 20)

typedef struct Saved {
    char name[16];
    uint8_t *bytes, *vm;
    uint32_t vm_size;
} Saved;

typedef struct Model {
    uint8_t *now, *flushed;
    uint8_t *touched; // since the flush
    Saved saved[4];
    GRand *g;
    BlockNode *n;
} Model;

static uint32_t below(Model *m, uint32_t n)
{
    return (uint32_t)g_rand_int_range(m->g, 0, (gint32)n);
}

static void pick(Model *m, uint32_t *off, uint32_t *len)
{
    static const uint32_t lens[] = {512, 4096, 65536, 300000};
    uint32_t most = lens[below(m, 4)];
    *off = below(m, SIZE);
    *len = 1 + below(m, most);
    if (below(m, 3)) {
        *off &= ~511u;
        *len = ALIGN_UP(*len, 512u);
    }
    *len = MIN_OF(*len, SIZE - *off);
}

static int model_write(Model *m)
{
    uint32_t off, len;
    pick(m, &off, &len);
    uint8_t *buf = g_malloc(len);
    for (uint32_t i = 0; i < len; i++) {
        buf[i] = (uint8_t)g_rand_int(m->g);
    }
    memset(m->touched + off, 1, len);
    uint32_t cut = below(m, len);
    struct iovec v[2] = {{buf, cut}, {buf + cut, len - cut}};
    int err = m->n->ops->writev(m->n, off, v, 2);
    if (!err) {
        memcpy(m->now + off, buf, len);
    }
    g_free(buf);
    return err;
}

static int model_zero(Model *m)
{
    uint32_t off, len;
    pick(m, &off, &len);
    memset(m->touched + off, 1, len);
    int err = m->n->ops->zero(m->n, off, len, below(m, 2));
    if (!err) {
        memset(m->now + off, 0, len);
    }
    return err;
}

// What a discard leaves is the image's choice: old or zeros, a cluster at a time.
static int model_discard(Model *m)
{
    uint32_t off, len;
    pick(m, &off, &len);
    memset(m->touched + off, 1, len);
    int err = m->n->ops->discard(m->n, off, len);
    struct iovec v = {g_malloc(len), len};
    err = err ? err : m->n->ops->readv(m->n, off, &v, 1);
    for (uint32_t i = 0; !err && i < len; i++) {
        uint8_t is = ((uint8_t *)v.iov_base)[i];
        cr_assert(is == 0 || is == m->now[off + i], "discard at %u left %u", off + i, is);
        m->now[off + i] = is;
    }
    g_free(v.iov_base);
    return err;
}

static int model_read(Model *m)
{
    uint32_t off, len;
    pick(m, &off, &len);
    uint8_t *buf = g_malloc(len);
    uint32_t cut = below(m, len);
    struct iovec v[2] = {{buf, cut}, {buf + cut, len - cut}};
    int err = m->n->ops->readv(m->n, off, v, 2);
    for (uint32_t i = 0; !err && i < len; i++) {
        cr_assert_eq(buf[i], m->now[off + i], "byte %u", off + i);
    }
    g_free(buf);
    return err;
}

static int model_flush(Model *m)
{
    int err = m->n->ops->flush(m->n);
    if (!err) {
        memcpy(m->flushed, m->now, SIZE);
        memset(m->touched, 0, SIZE);
    }
    return err;
}

// Makes a snapshot in a free place, or applies or deletes the one that is there.
static int model_snapshot(Model *m)
{
    const BlockSnapshotOps *ops = m->n->ops->snapshots;
    Saved *s = &m->saved[below(m, ARRAY_LEN(m->saved))];
    BlockSnapshotInfo info = {.name = s->name, .icount = 77}, it;
    char *error = NULL;
    bool ok = true;
    memset(m->touched, 1, SIZE);
    if (!s->bytes) {
        g_snprintf(s->name, sizeof s->name, "s%u", below(m, 1000000));
        s->vm_size = below(m, 2) ? below(m, 200000) : 0;
        s->vm = g_malloc0(s->vm_size + 1);
        memset(s->vm, (int)below(m, 256), s->vm_size);
        info.vm_state_size = s->vm_size;
        ok = !s->vm_size || ops->vmstate_write(m->n, 0, s->vm, s->vm_size, &error);
        ok = ok && ops->create(m->n, &info, &error);
        s->bytes = ok ? g_memdup2(m->now, SIZE) : NULL;
        g_free(error);
        return ok ? 0 : EIO;
    }
    unsigned i = 0;
    while (ops->get(m->n, i, &it) && strcmp(it.name, s->name)) {
        i++;
    }
    cr_assert(ops->get(m->n, i, &it), "%s", s->name);
    cr_expect_eq(it.vm_state_size, s->vm_size);
    cr_expect_eq(it.icount, 77);
    uint8_t *vm = g_malloc(s->vm_size + 1);
    ok = ops->vmstate_read(m->n, it.id, 0, vm, s->vm_size, &error);
    cr_assert(!ok || !memcmp(vm, s->vm, s->vm_size));
    g_free(vm);
    if (ok && below(m, 2)) {
        ok = ops->apply(m->n, it.id, &error);
        if (ok) {
            memcpy(m->now, s->bytes, SIZE);
        }
    } else if (ok) {
        ok = ops->remove(m->n, it.id, &error);
        g_free(s->bytes);
        g_free(s->vm);
        s->bytes = s->vm = NULL;
    }
    g_free(error);
    return ok ? 0 : EIO;
}

static inline int model_step(Model *m, bool snapshots)
{
    unsigned what = below(m, 40);
    if (what == 0 && snapshots) {
        return model_snapshot(m);
    }
    return what < 16   ? model_write(m)
           : what < 20 ? model_zero(m)
           : what < 23 ? model_discard(m)
           : what < 38 ? model_read(m)
                       : model_flush(m);
}

static inline void model_init(Model *m, BlockNode *n, unsigned seed)
{
    *m = (Model){.g = g_rand_new_with_seed(seed), .n = n};
    m->now = g_malloc0(SIZE);
    struct iovec v = {m->now, SIZE};
    cr_assert_eq(n->ops->readv(n, 0, &v, 1), 0);
    m->flushed = g_memdup2(m->now, SIZE);
    m->touched = g_malloc0(SIZE);
}

static void model_free(Model *m)
{
    for (size_t i = 0; i < ARRAY_LEN(m->saved); i++) {
        g_free(m->saved[i].bytes);
        g_free(m->saved[i].vm);
    }
    g_rand_free(m->g);
    g_free(m->now);
    g_free(m->flushed);
    g_free(m->touched);
}

// qemu-img reads the image as the model has it.
static void compare_with_qemu(const char *path, const Model *m)
{
    if (!have_qemu_img()) {
        return;
    }
    char *out = g_strconcat(path, ".raw", NULL), *bytes;
    gsize len;
    cr_assert_eq(run_tool(0, "qemu-img convert -f qcow2 -O raw %s %s", path, out), 0);
    cr_assert(g_file_get_contents(out, &bytes, &len, NULL));
    cr_assert_eq(len, SIZE);
    cr_expect_eq(memcmp(bytes, m->now, SIZE), 0);
    unlink(out);
    g_free(bytes);
    g_free(out);
}

static inline void random_operations(const char *path, unsigned steps, bool snapshots,
                                     unsigned seed)
{
    Model m;
    model_init(&m, qcow2_node(path, false), seed);
    for (unsigned i = 0; i < steps; i++) {
        cr_assert_eq(model_step(&m, snapshots), 0, "step %u", i);
        if (below(&m, 100) == 0) {
            m.n->ops->close(m.n);
            m.n = qcow2_node(path, false);
        }
    }
    m.n->ops->close(m.n);
    cr_expect_eq(qemu_check(path, 0), 0, "%s", path);
    compare_with_qemu(path, &m);
    m.n = qcow2_node(path, true);
    struct iovec v = {g_malloc(SIZE), SIZE};
    cr_assert_eq(m.n->ops->readv(m.n, 0, &v, 1), 0);
    cr_expect_eq(memcmp(v.iov_base, m.now, SIZE), 0);
    g_free(v.iov_base);
    m.n->ops->close(m.n);
    model_free(&m);
}

#endif
