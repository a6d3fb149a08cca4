// Snapshots: every declared state over random contents, and streams that are damaged.
#include <criterion/criterion.h>
#include <string.h>

#include "block/block.h"
#include "chardev/chardev.h"
#include "hw/core/snapshot_internal.h"
#include "net/net.h"

// --- machines with many devices

static const char *const virt_devices[] = {
    "virtio-rng-pci",
    "virtio-gpu-pci",
    "virtio-keyboard-pci",
    "virtio-serial-pci",
    "virtconsole",
    "e1000",
    "rtl8139",
    "virtio-net-pci",
    "ramfb",
    "i6300esb",
    "virtio-blk-device",
    "pvpanic-pci",
    NULL,
};
static const char *const pc_devices[] = {
    "virtio-vga", "ich9-ahci", "pci-serial", "isa-parallel", "i6300esb", "pc-testdev", NULL,
};

static Machine *build(const char *board, const char *const *devices)
{
    char *error = NULL;
    const BoardType *type = board_type_find(board, NULL);
    MachineConfig c = {.machine = board,
                       .cpu = type->default_cpu,
                       .smp = 2,
                       .ram_size = 4 << 20,
                       .machine_opts = g_hash_table_new(g_str_hash, g_str_equal),
                       .chardevs = chardev_set_new()};
    chardev_set_add_serial(c.chardevs, "null", &error);
    Machine *m = machine_new(type, &c);
    cr_assert(type->init(m, &error), "%s", error);
    for (; *devices; devices++) {
        bool disk = !strcmp(*devices, "virtio-blk-device");
        if (!disk) {
            cr_assert(device_add(m, *devices, &error), "%s", error);
        }
    }
    cr_assert(drive_create_devices(m, &error), "%s", error);
    chardev_set_attach(c.chardevs, m);
    machine_reset(m);
    return m;
}

// --- random contents

static uint64_t next(uint64_t *random)
{
    *random = *random * UINT64_C(6364136223846793005) + 1442695040888963407;
    return *random >> 24;
}

static void random_bytes(uint64_t *random, size_t n, GByteArray *out)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t b = (uint8_t)next(random);
        g_byte_array_append(out, &b, 1);
    }
}

static void random_int(const StateField *f, uint64_t *random, GByteArray *out)
{
    for (uint32_t i = 0; i < f->count; i++) {
        uint64_t v = f->boolean ? next(random) & 1 : next(random) << 32 ^ next(random);
        v &= f->mask ? f->mask : UINT64_MAX;
        g_byte_array_append(out, (const guint8 *)&v, f->size);
    }
}

static void random_timer(const uint8_t *p, uint64_t *random, GByteArray *out)
{
    uint64_t when[2] = {0, 0};
    const uint8_t armed = *(Timer *const *)(const void *)p && next(random) & 1;
    if (armed) {
        when[0] = next(random);
        when[1] = next(random);
    }
    g_byte_array_append(out, &armed, 1);
    g_byte_array_append(out, (const guint8 *)when, sizeof when);
}

static void random_fields(const StateField *f, const uint8_t *obj, uint64_t *random,
                          GByteArray *out)
{
    for (; f->kind != STATE_KIND_END; f++) {
        const uint8_t *p = obj + f->offset;
        if (f->kind == STATE_KIND_INT) {
            random_int(f, random, out);
        } else if (f->kind == STATE_KIND_BYTES) {
            random_bytes(random, (size_t)f->size * f->count, out);
        } else if (f->kind == STATE_KIND_TIMER) {
            random_timer(p, random, out);
        } else if (f->kind == STATE_KIND_BUFFER) {
            const uint64_t len = next(random) % (f->size ? MIN_OF(f->size, 300) : 300);
            g_byte_array_append(out, (const guint8 *)&len, sizeof len);
            random_bytes(random, len, out);
        }
        for (uint32_t i = 0; f->kind == STATE_KIND_STRUCT && i < f->count; i++) {
            random_fields(f->fields, p + (size_t)i * f->size, random, out);
        }
    }
}

// In and out again, and then what was there before.
static void through_random(const SnapshotPart *part, uint64_t *random)
{
    StateDesc plain = *part->desc;
    GArray *timers = g_array_new(FALSE, FALSE, sizeof(TimerSetting));
    GByteArray *before = g_byte_array_new(), *in = g_byte_array_new(), *out = g_byte_array_new();
    char *error = NULL;
    plain.saving = NULL;
    state_save(&plain, part->obj, before);
    random_fields(plain.fields, part->obj, random, in);
    if (!strcmp(part->desc->name, "e1000") || !strcmp(part->desc->name, "rtl8139")) {
        // They declare the length of their buffer as a number, too, which is then the buffer's.
        state_load(&plain, part->obj, in->data, in->len, timers);
        g_array_set_size(timers, 0);
        g_byte_array_set_size(in, 0);
        state_save(&plain, part->obj, in);
    }
    cr_assert(state_check(&plain, in->data, in->len, &error), "%s: %s", part->name, error);
    state_load(&plain, part->obj, in->data, in->len, timers);
    for (guint i = 0; i < timers->len; i++) {
        timer_restore(&g_array_index(timers, TimerSetting, i));
    }
    state_save(&plain, part->obj, out);
    cr_assert_eq(in->len, out->len, "%s", part->name);
    cr_assert(!memcmp(in->data, out->data, in->len), "%s: what was saved is not what was loaded",
              part->name);
    cr_assert(!state_check(&plain, in->data, in->len - 1, &error), "%s", part->name);
    g_array_set_size(timers, 0);
    state_load(&plain, part->obj, before->data, before->len, timers);
    for (guint i = 0; i < timers->len; i++) {
        timer_restore(&g_array_index(timers, TimerSetting, i));
    }
    g_array_unref(timers);
    g_byte_array_unref(before);
    g_byte_array_unref(in);
    g_byte_array_unref(out);
}

static void all_parts(const char *board, const char *const *devices)
{
    uint64_t random = 1;
    Machine *m = build(board, devices);
    SnapshotParts *parts = snapshot_parts_new(m);
    cr_assert(snapshot_parts_count(parts) > 15);
    for (unsigned n = 2; n < snapshot_parts_count(parts); n++) { // not the run state's own copies
        through_random(snapshot_part(parts, n), &random);
    }
    snapshot_parts_free(parts);
}

Test(snapshot, every_state_goes_through_bytes_virt)
{
    all_parts("virt", virt_devices);
}

Test(snapshot, every_state_goes_through_bytes_pc)
{
    all_parts("q35", pc_devices);
}

// --- streams

static StateHash hash_of(Machine *m)
{
    StateHash h;
    machine_state_hash(m, &h);
    return h;
}

static bool same(StateHash a, StateHash b)
{
    return !memcmp(a.h, b.h, sizeof a.h);
}

static GByteArray *saved(Machine *m)
{
    char *error = NULL;
    GByteArray *b = g_byte_array_new();
    cr_assert(snapshot_save_bytes(m, b, &error), "%s", error);
    return b;
}

Test(snapshot, loads_into_another_machine)
{
    char *error = NULL;
    Machine *a = build("virt", virt_devices), *b = build("virt", virt_devices);
    uint64_t random = 5;
    for (unsigned i = 0; i < 300; i++) {
        const uint64_t v = next(&random);
        mem_write(a->memory, 0x40000000 + next(&random) % (4 << 20) / 8 * 8, &v, sizeof v);
        mem_write(b->memory, 0x40000000 + next(&random) % (4 << 20) / 8 * 8, &v, sizeof v);
        mem_write_n(a->memory, 0x08000000 + next(&random) % 0x10000 / 4 * 4, v, 4); // GIC
        mem_write_n(a->memory, 0x09000000 + next(&random) % 0x50 / 4 * 4, v, 4);    // UART
    }
    a->executed = 4711;
    GByteArray *bytes = saved(a);
    cr_assert(!same(hash_of(a), hash_of(b)));
    cr_assert_eq(snapshot_load_bytes(b, bytes->data, bytes->len, &error), SNAPSHOT_LOADED, "%s",
                 error);
    cr_assert(same(hash_of(a), hash_of(b)));
    cr_assert_eq(b->executed, 4711);
}

static void refused(Machine *m, const void *bytes, size_t n, const char *reason)
{
    char *error = NULL;
    StateHash before = hash_of(m);
    cr_assert_eq(snapshot_load_bytes(m, bytes, n, &error), SNAPSHOT_REFUSED);
    cr_assert(strstr(error, reason), "'%s' does not say '%s'", error, reason);
    cr_assert(same(before, hash_of(m)));
    g_free(error);
}

Test(snapshot, damage_is_refused_and_named)
{
    static const char *const none[] = {NULL};
    Machine *m = build("virt", none);
    GByteArray *b = saved(m);
    refused(m, b->data, 3, "offset 0: the state ends here");
    for (size_t n = 0; n < b->len; n += b->len / 40) {
        refused(m, b->data, n, "offset ");
    }
    refused(m, b->data, b->len - 1, "the state ends here");
    for (size_t n = 12; n < b->len; n += b->len / 60) {
        b->data[n] ^= 0x10;
        refused(m, b->data, b->len, "offset ");
        b->data[n] ^= 0x10;
    }
    b->data[0] = 'm';
    refused(m, b->data, b->len, "not a machine's state");
    b->data[0] = 'M';
    b->data[8] = 99;
    refused(m, b->data, b->len, "format 99");
}

Test(snapshot, other_machines_are_refused)
{
    static const char *const none[] = {NULL}, *const rng[] = {"virtio-rng-pci", NULL};
    GByteArray *b = saved(build("virt", none));
    refused(build("virt", rng), b->data, b->len, "virtio-rng-pci");
    refused(build("q35", none), b->data, b->len, "another machine: ");
}

Test(snapshot, layouts_that_differ_are_named)
{
    char *what = state_layout_difference("x 1\na u8\nb u16\n", "x 1\na u8\nb u32\n");
    cr_assert_str_eq(what, "it has 'b u32' where this version has 'b u16'");
    g_free(what);
    what = state_layout_difference("x 1\na u8\n", "x 1\na u8\nb u32\n");
    cr_assert_str_eq(what, "it has 'b u32' where this version has 'nothing'");
    g_free(what);
    cr_assert_null(state_layout_difference("x 1\n", "x 1\n"));
}

// A sink that is full.
static bool write_some(void *opaque, const void *bytes, size_t n, char **error)
{
    size_t *left = opaque;
    (void)bytes;
    if (n > *left) {
        *error = g_strdup("full");
        return false;
    }
    *left -= n;
    return true;
}

Test(snapshot, a_sink_that_fails)
{
    static const char *const none[] = {NULL};
    char *error = NULL;
    size_t room = 5000;
    Machine *m = build("virt", none);
    StateHash before = hash_of(m);
    cr_assert(!snapshot_save(m, &(SnapshotSink){write_some, &room}, &error));
    cr_assert_str_eq(error, "full");
    cr_assert(same(before, hash_of(m)));
}

// Disks that cannot go back.
static bool cannot_commit(void *opaque, bool *changed, char **error)
{
    *changed = false;
    *error = g_strdup_printf("no, %u bytes", ((const GByteArray *)opaque)->len);
    return false;
}

static bool read_bytes(void *opaque, uint64_t at, void *bytes, size_t n, char **error)
{
    (void)error;
    memcpy(bytes, ((const GByteArray *)opaque)->data + at, n);
    return true;
}

Test(snapshot, what_cannot_be_committed_changes_nothing)
{
    static const char *const none[] = {NULL};
    char *error = NULL;
    Machine *m = build("virt", none);
    GByteArray *b = saved(m);
    mem_write_n(m->memory, 0x40000000, 1, 4);
    StateHash before = hash_of(m);
    SnapshotSource s = {read_bytes, b, b->len, cannot_commit};
    cr_assert_eq(snapshot_load(m, &s, &error), SNAPSHOT_REFUSED);
    cr_assert(same(before, hash_of(m)));
}
