// Virtio graphics: resources, transfers, screens, cursors, and that a wrong command gets an error.
#include <criterion/criterion.h>

#include "hw/display/virtio_gpu.h"
#include "replay/gate.h"
#include "virtio_rig.h"

enum { CONTROL, CURSOR };
#define CMD    DATA
#define ANSWER (DATA + 0x8000)
#define PIXELS (DATA + 0x10000) // the guest's picture
#define BGRX   2

static Rig *gpu_rig(const char *const *props)
{
    Rig *r = rig_new();
    rig_slot(r, true);
    cr_assert_null(rig_plug(r, "virtio-gpu-device", props));
    start(r, BIT(1), 2);
    return r;
}

// A command of n words after the header; its answer's type.
static uint32_t command(Rig *r, unsigned queue, uint32_t type, const uint32_t *arg, unsigned n)
{
    uint32_t header[6] = {type};
    memcpy(at(r, CMD), header, 24);
    memcpy(at(r, CMD + 24), arg, 4 * n);
    memset(at(r, ANSWER), 0, 1100);
    desc(r, queue, 0, CMD, 24 + 4 * n, D_NEXT, 1);
    desc(r, queue, 1, ANSWER, 1100, D_WRITE, 0);
    offer(r, queue, 0);
    kick(r, queue);
    return get32(r, ANSWER);
}

#define DO(r, type, ...)                                                                           \
    command(r, CONTROL, type, (const uint32_t[]){__VA_ARGS__},                                     \
            sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

static uint32_t create(Rig *r, uint32_t id, uint32_t format, uint32_t w, uint32_t h)
{
    return DO(r, 0x101, id, format, w, h);
}

static uint32_t attach(Rig *r, uint32_t id, uint64_t addr, uint32_t len)
{
    return DO(r, 0x106, id, 1, (uint32_t)addr, (uint32_t)(addr >> 32), len, 0);
}

// A 32 x 16 screen of resource 1, whose memory is at PIXELS.
static void set_up_screen(Rig *r)
{
    cr_assert_eq(create(r, 1, BGRX, 32, 16), GPU_OK);
    cr_assert_eq(attach(r, 1, PIXELS, 32 * 16 * 4), GPU_OK);
    cr_assert_eq(DO(r, 0x103, 0, 0, 32, 16, 0, 1), GPU_OK);
}

static void paint(Rig *r, unsigned x, unsigned y, uint32_t pixel)
{
    memcpy(at(r, PIXELS + 4 * (32 * y + x)), &pixel, 4);
}

static uint32_t shown(const Surface *s, unsigned x, unsigned y)
{
    return surface_line(s, y)[x];
}

Test(virtio_gpu, display_info)
{
    static const char *const props[] = {"xres=1024", "yres=768", "max_outputs=2", NULL};
    Rig *r = gpu_rig(props);
    cr_expect_eq(getreg(r, 0x08), 16);
    cr_expect_eq(getreg(r, 0x108), 2, "screens");
    cr_expect_eq(DO(r, 0x100, 0), GPU_OK_DISPLAY_INFO);
    cr_expect_eq(used_len(r, CONTROL, 0), 408);
    cr_expect_eq(get32(r, ANSWER + 24 + 8), 1024);
    cr_expect_eq(get32(r, ANSWER + 24 + 12), 768);
    cr_expect_eq(get32(r, ANSWER + 24 + 16), 1, "enabled");
    cr_expect_eq(get32(r, ANSWER + 48 + 16), 0, "the second is not");
}

Test(virtio_gpu, fences_come_back)
{
    Rig *r = gpu_rig(NULL);
    const uint32_t header[6] = {0x100, 1, 0x55667788, 0x11223344, 9, 0};
    memcpy(at(r, CMD), header, 24);
    desc(r, CONTROL, 0, CMD, 24, D_NEXT, 1);
    desc(r, CONTROL, 1, ANSWER, 408, D_WRITE, 0);
    offer(r, CONTROL, 0);
    kick(r, CONTROL);
    cr_expect_eq(get32(r, ANSWER + 4), 1);
    cr_expect_eq(get32(r, ANSWER + 8), 0x55667788);
    cr_expect_eq(get32(r, ANSWER + 12), 0x11223344);
    cr_expect_eq(get32(r, ANSWER + 16), 9);
}

Test(virtio_gpu, edid)
{
    Rig *r = gpu_rig(NULL);
    cr_expect_eq(DO(r, 0x10a, 0, 0), GPU_OK_EDID);
    cr_expect_eq(get32(r, ANSWER + 24), 128);
    cr_expect_eq(memcmp(at(r, ANSWER + 32), "\0\xff\xff\xff\xff\xff\xff\0", 8), 0);
    uint8_t sum = 0;
    for (int i = 0; i < 128; i++) {
        sum += *(uint8_t *)at(r, ANSWER + 32 + i);
    }
    cr_expect_eq(sum, 0);
    cr_expect_eq(DO(r, 0x10a, 1, 0), GPU_ERR_PARAMETER);
}

Test(virtio_gpu, shows_what_was_transferred_and_flushed)
{
    Rig *r = gpu_rig(NULL);
    Console *c = console_get(r->m, 0);
    cr_expect_eq(console_update(c)->width, 640, "off");
    set_up_screen(r);
    paint(r, 3, 2, 0xff123456);
    Surface *s = console_update(c);
    cr_assert_eq(s->width, 32);
    cr_assert_eq(s->height, 16);
    cr_expect_eq(shown(s, 3, 2), 0);
    // Lines 2 and 3, columns 2 to 9.
    uint32_t offset = 4 * (32 * 2 + 2);
    cr_expect_eq(DO(r, 0x105, 2, 2, 8, 2, offset, 0, 1, 0), GPU_OK);
    s = console_update(c);
    cr_expect_eq(s->n_damage, 0, "nothing is drawn before the flush");
    cr_expect_eq(DO(r, 0x104, 2, 2, 8, 2, 1, 0), GPU_OK);
    s = console_update(c);
    cr_expect_eq(shown(s, 3, 2), 0x123456);
    cr_expect_eq(s->n_damage, 1);
    cr_expect_eq(s->damage[0].x, 2);
    cr_expect_eq(s->damage[0].width, 8);
    cr_expect_eq(console_update(c)->n_damage, 0, "a screen that does not change costs nothing");
    cr_expect_eq(DO(r, 0x103, 0, 0, 0, 0, 0, 0), GPU_OK);
    cr_expect_eq(console_update(c)->width, 640);
}

Test(virtio_gpu, formats)
{
    static const struct {
        uint32_t number, pixel;
    } row[] = {{1, 0x40112233},  {2, 0x00112233},  {3, 0x33221140},   {4, 0x33221100},
               {67, 0x40332211}, {68, 0x11223300}, {121, 0x11223340}, {134, 0x00332211}};
    Rig *r = gpu_rig(NULL);
    for (unsigned i = 0; i < ARRAY_LEN(row); i++) {
        cr_assert_eq(create(r, i + 1, row[i].number, 32, 16), GPU_OK);
        cr_assert_eq(attach(r, i + 1, PIXELS, 32 * 16 * 4), GPU_OK);
        cr_assert_eq(DO(r, 0x103, 0, 0, 32, 16, 0, i + 1), GPU_OK);
        paint(r, 0, 0, row[i].pixel);
        cr_assert_eq(DO(r, 0x105, 0, 0, 32, 16, 0, 0, i + 1, 0), GPU_OK);
        cr_expect_eq(shown(console_update(console_get(r->m, 0)), 0, 0), 0x112233, "format %u",
                     row[i].number);
    }
}

Test(virtio_gpu, memory_in_pieces)
{
    Rig *r = gpu_rig(NULL);
    cr_assert_eq(create(r, 1, BGRX, 32, 16), GPU_OK);
    // Two pieces, the second half first, cut in the middle of a line.
    uint32_t cut = 4 * (32 * 8 + 5), rest = 32 * 16 * 4 - cut;
    cr_assert_eq(
        DO(r, 0x106, 1, 2, (uint32_t)PIXELS, 0, cut, 0, (uint32_t)PIXELS + 0x8000, 0, rest, 0),
        GPU_OK);
    cr_expect_eq(attach(r, 1, PIXELS, 16), GPU_ERR_UNSPEC, "it has memory already");
    cr_assert_eq(DO(r, 0x103, 0, 0, 32, 16, 0, 1), GPU_OK);
    paint(r, 4, 8, 0xaaaaaa);
    uint32_t pixel = 0xbbbbbb;
    memcpy(at(r, PIXELS + 0x8000), &pixel, 4);
    cr_assert_eq(DO(r, 0x105, 0, 0, 32, 16, 0, 0, 1, 0), GPU_OK);
    Surface *s = console_update(console_get(r->m, 0));
    cr_expect_eq(shown(s, 4, 8), 0xaaaaaa);
    cr_expect_eq(shown(s, 5, 8), 0xbbbbbb);
    cr_expect_eq(DO(r, 0x107, 1, 0), GPU_OK);
    cr_expect_eq(DO(r, 0x105, 0, 0, 32, 16, 0, 0, 1, 0), GPU_ERR_UNSPEC);
}

Test(virtio_gpu, wrong_commands_get_errors)
{
    static const char *const props[] = {"max_hostmem=1M", NULL};
    Rig *r = gpu_rig(props);
    set_up_screen(r);
    cr_expect_eq(create(r, 1, BGRX, 8, 8), GPU_ERR_RESOURCE, "taken");
    cr_expect_eq(create(r, 0, BGRX, 8, 8), GPU_ERR_RESOURCE);
    cr_expect_eq(create(r, 2, 5, 8, 8), GPU_ERR_PARAMETER, "format");
    cr_expect_eq(create(r, 2, BGRX, 0, 8), GPU_ERR_PARAMETER);
    cr_expect_eq(create(r, 2, BGRX, 0x10000, 0x10000), GPU_ERR_PARAMETER);
    cr_expect_eq(create(r, 2, BGRX, 512, 512), GPU_ERR_OUT_OF_MEMORY, "1 MiB and what there is");
    cr_expect_eq(DO(r, 0x103, 0, 0, 32, 17, 0, 1), GPU_ERR_PARAMETER);
    cr_expect_eq(DO(r, 0x103, 0xffffffff, 0, 32, 16, 0, 1), GPU_ERR_PARAMETER);
    cr_expect_eq(DO(r, 0x103, 0, 0, 32, 16, 1, 1), GPU_ERR_SCANOUT);
    cr_expect_eq(DO(r, 0x103, 0, 0, 32, 16, 0, 7), GPU_ERR_RESOURCE);
    cr_expect_eq(DO(r, 0x104, 0, 0, 33, 16, 1, 0), GPU_ERR_PARAMETER);
    cr_expect_eq(DO(r, 0x105, 31, 0, 2, 1, 0, 0, 1, 0), GPU_ERR_PARAMETER);
    cr_expect_eq(DO(r, 0x105, 0, 0, 32, 16, 4, 0, 1, 0), GPU_ERR_PARAMETER, "beyond its memory");
    cr_expect_eq(DO(r, 0x105, 0, 0, 1, 1, 0, 0xffffffff, 1, 0), GPU_ERR_PARAMETER);
    cr_expect_eq(DO(r, 0x102, 9, 0), GPU_ERR_RESOURCE);
    cr_expect_eq(create(r, 2, BGRX, 8, 8), GPU_OK);
    cr_expect_eq(attach(r, 2, 0x1000, 256), GPU_ERR_UNSPEC, "not RAM");
    cr_expect_eq(DO(r, 0x106, 2, 1000, 0, 0), GPU_ERR_UNSPEC, "fewer pieces than it says");
    cr_expect_eq(DO(r, 0x108, 0, 0), GPU_ERR_UNSPEC, "no capability sets");
    cr_expect_eq(DO(r, 0x4711, 0, 0), GPU_ERR_UNSPEC);
    cr_expect_eq(DO(r, 0x101, 3), GPU_ERR_PARAMETER, "too short");
    cr_expect_eq(status(r), 15, "the device is not broken");
}

Test(virtio_gpu, a_resource_that_goes_takes_the_screen_along)
{
    Rig *r = gpu_rig(NULL);
    set_up_screen(r);
    cr_expect_eq(DO(r, 0x102, 1, 0), GPU_OK);
    cr_expect_eq(console_update(console_get(r->m, 0))->width, 640);
    for (unsigned i = 0; i < VIRTIO_GPU_RESOURCES; i++) {
        cr_assert_eq(create(r, i + 1, BGRX, 1, 1), GPU_OK);
    }
    cr_expect_eq(create(r, 1000, BGRX, 1, 1), GPU_ERR_OUT_OF_MEMORY);
    reg(r, 0x70, 0);
    start(r, 0, 2);
    cr_expect_eq(create(r, 1, BGRX, 1, 1), GPU_OK, "a reset frees them");
}

Test(virtio_gpu, cursor)
{
    Rig *r = gpu_rig(NULL);
    const ConsoleCursor *c = console_cursor(console_get(r->m, 0));
    cr_assert_eq(create(r, 5, BGRX, 64, 64), GPU_OK);
    cr_assert_eq(attach(r, 5, PIXELS, 64 * 64 * 4), GPU_OK);
    uint32_t half = 0x80402000;
    memcpy(at(r, PIXELS), &half, 4);
    cr_assert_eq(DO(r, 0x105, 0, 0, 64, 64, 0, 0, 5, 0), GPU_OK);
    const uint32_t shape[8] = {0, 70, 80, 0, 5, 3, 4, 0}, move[8] = {0, 71, 81, 0, 5, 0, 0, 0};
    const uint32_t none[8] = {0, 1, 2, 0, 0, 0, 0, 0}, wrong[8] = {0, 1, 2, 0, 99, 0, 0, 0};
    cr_expect_eq(command(r, CURSOR, 0x300, shape, 8), GPU_OK);
    cr_expect(c->visible);
    cr_expect_eq(c->width, 64);
    cr_expect_eq(c->hot_x, 3);
    cr_expect_eq(c->x, 70);
    cr_expect_eq(c->argb[0], 0x807f3f00, "alpha is not multiplied in");
    cr_expect_eq(command(r, CURSOR, 0x301, move, 8), GPU_OK);
    cr_expect_eq(c->y, 81);
    cr_expect_eq(c->hot_x, 3);
    cr_expect_eq(command(r, CURSOR, 0x300, wrong, 8), GPU_ERR_RESOURCE);
    cr_expect_eq(command(r, CURSOR, 0x300, none, 8), GPU_OK);
    cr_expect_not(c->visible);
    cr_expect_eq(command(r, CURSOR, 0x100, none, 8), GPU_ERR_UNSPEC);
}

Test(virtio_gpu, another_size_is_told)
{
    Rig *r = gpu_rig(NULL);
    uint32_t generation = getreg(r, 0xfc);
    console_suggest_size(console_get(r->m, 0), 800, 600);
    cr_expect_eq(getreg(r, 0x100), 0, "not before the gate lets it in");
    gate_deliver(gate_get(r->m));
    cr_expect_eq(getreg(r, 0x100), 1);
    cr_expect_neq(getreg(r, 0xfc), generation);
    cr_expect_eq(getreg(r, 0x60), VIRTIO_ISR_CONFIG);
    cr_expect_eq(DO(r, 0x100, 0), GPU_OK_DISPLAY_INFO);
    cr_expect_eq(get32(r, ANSWER + 24 + 8), 800);
    reg(r, 0x104, 1);
    cr_expect_eq(getreg(r, 0x100), 0);
    reg(r, 0x64, 3);
    console_suggest_size(console_get(r->m, 0), 800, 600);
    gate_deliver(gate_get(r->m));
    cr_expect_eq(getreg(r, 0x60), 0, "the same again");
}

Test(virtio_gpu, pictures_are_state)
{
    Rig *r = gpu_rig(NULL);
    StateHash before, after;
    set_up_screen(r);
    state_hash_init(&before);
    state_hash(&before, r->dev->type->state, r->dev);
    paint(r, 1, 1, 1);
    DO(r, 0x105, 0, 0, 32, 16, 0, 0, 1, 0);
    state_hash_init(&after);
    state_hash(&after, r->dev->type->state, r->dev);
    cr_expect_neq(before.h[0], after.h[0]);
    char *error = NULL;
    cr_expect(r->dev->type->state->loaded(r->dev, &error));
}

Test(virtio_gpu, options_are_checked)
{
    static const char *const none[] = {"max_outputs=0", NULL}, *const wide[] = {"xres=5000", NULL};
    Rig *r = rig_new();
    rig_slot(r, true);
    cr_expect_str_eq(rig_plug(r, "virtio-gpu-device", none), "max_outputs=0: expected 1 to 16");
    cr_expect_str_eq(rig_plug(r, "virtio-gpu-device", wide),
                     "xres=5000,yres=800: expected 1 to 4095");
}
