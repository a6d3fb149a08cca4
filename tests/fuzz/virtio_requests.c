// Requests to virtio's keyboard, pointers and graphics, for fuzz_virtio.
#include "tests/fuzz/virtio_requests.h"

#include <string.h>

#include "replay/gate.h"
#include "ui/console.h"
#include "ui/input.h"

void serve(Rig *r, unsigned queue)
{
    vd_kick(&r->d, queue);
    if (fuzz_one_in(r->f, 4)) {
        fuzz_pass_time(r->d.fm);
    }
    vd_reap(&r->d, queue);
}

void fill_random(Fuzz *f, uint8_t *p, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        p[i] = (uint8_t)fuzz_random(f);
    }
}

// --- input

enum { INPUT_EVENTS, INPUT_STATUS };

static void send_input(Rig *r)
{
    InputEvent e[8];
    unsigned n = 1 + (unsigned)fuzz_below(r->f, ARRAY_LEN(e) - 1);
    for (unsigned i = 0; i < n; i++) {
        e[i] = (InputEvent){(uint16_t)fuzz_below(r->f, INPUT_KINDS),
                            (uint16_t)fuzz_below(r->f, fuzz_one_in(r->f, 2) ? 5 : INPUT_KEYS),
                            (int32_t)fuzz_number(r->f)};
    }
    e[n - 1].kind = INPUT_KIND_SYNC;
    input_send(r->d.fm->m, e, n);
    gate_deliver(gate_get(r->d.fm->m));
}

void input_request(Rig *r)
{
    Vd *d = &r->d;
    unsigned len = vd_deviate(d, 10) ? (unsigned)fuzz_below(r->f, 20) + 1 : 8;
    uint64_t buffer = vd_alloc(d, len);
    switch (fuzz_below(r->f, 4)) {
    case 0:
        vd_config_write(d, 0, (uint32_t)fuzz_below(r->f, 0x20), 1);
        vd_config_write(d, 1, (uint32_t)fuzz_below(r->f, 0x20), 1);
        if (vd_config_read(d, 2, 1) > 128 && !d->wild) {
            fuzz_fail("input: more configuration than there is room for");
        }
        break;
    case 1:
        fill_random(r->f, vd_host(d, buffer, len), len);
        vd_host(d, buffer, len)[0] = 17; // LEDs
        vd_offer(d, INPUT_STATUS, &(VdPiece){buffer, len, false}, 1);
        serve(r, INPUT_STATUS);
        break;
    case 2:
        send_input(r);
        vd_reap(d, INPUT_EVENTS);
        break;
    default:
        vd_offer(d, INPUT_EVENTS, &(VdPiece){buffer, len, true}, 1);
        serve(r, INPUT_EVENTS);
    }
}

// --- graphics

enum {
    GPU_DISPLAY_INFO = 0x100,
    GPU_CREATE,
    GPU_UNREF,
    GPU_SCANOUT,
    GPU_FLUSH,
    GPU_TRANSFER,
    GPU_ATTACH,
    GPU_DETACH,
    GPU_EDID = 0x10a,
    GPU_UPDATE_CURSOR = 0x300,
    GPU_MOVE_CURSOR,
};
#define GPU_OK     0x1100
#define GPU_ANSWER 1100
#define GPU_WORDS  8

// A picture's memory is read while the command is served.
static void expect_transfer(Rig *r, const uint32_t *a)
{
    const uint8_t *memory = vd_host(&r->d, r->memory, 4 * r->side * r->side);
    for (uint32_t y = a[1]; y < a[1] + a[3]; y++) {
        memcpy(r->transferred + y * r->side + a[0],
               memory + a[4] + 4 * (size_t)(y - a[1]) * r->side, 4 * (size_t)a[2]);
    }
}

static bool gpu_command(Rig *r, uint32_t type, const uint32_t arg[GPU_WORDS])
{
    Vd *d = &r->d;
    bool cursor = type >= GPU_UPDATE_CURSOR;
    uint32_t command[6 + GPU_WORDS] = {type, (uint32_t)fuzz_below(r->f, 2)};
    unsigned len = sizeof command;
    memcpy(command + 6, arg, 4 * GPU_WORDS);
    if (vd_deviate(d, 3)) {
        command[fuzz_below(r->f, ARRAY_LEN(command))] = (uint32_t)fuzz_number(r->f);
    }
    len = vd_deviate(d, 10) ? 1 + (unsigned)fuzz_below(r->f, len) : len;
    unsigned room = vd_deviate(d, 10) ? 1 + (unsigned)fuzz_below(r->f, 60) : GPU_ANSWER;
    uint64_t at = vd_alloc(d, len), answer = vd_alloc(d, room);
    memcpy(vd_host(d, at, len), command, len);
    VdPiece all[] = {{at, len, false}, {answer, room, true}};
    if (!d->wild && type == GPU_TRANSFER) {
        expect_transfer(r, arg);
    }
    if (!vd_offer(d, cursor, all, 2)) { // a short queue: what the device has is not known any more
        r->picture = 0;
        r->on_screen = false;
        return false;
    }
    serve(r, cursor);
    uint32_t got;
    memcpy(&got, vd_host(d, answer, room), room >= 4 ? 4 : 0);
    if (!d->wild && (d->q[cursor].outstanding || got < GPU_OK || got >= GPU_OK + 0x100)) {
        fuzz_fail("graphics: command 0x%x: answer 0x%x", type, got);
    }
    return true;
}

static void check_screen(Rig *r)
{
    const Surface *s = console_update(console_get(r->d.fm->m, 0));
    if (r->d.wild || !r->on_screen) {
        return;
    }
    if (s->width != r->side || s->height != r->side) {
        fuzz_fail("graphics: the screen is %u x %u, not %u", s->width, s->height, r->side);
    }
    for (unsigned i = 0; i < r->side * r->side; i++) {
        if (surface_line(s, i / r->side)[i % r->side] != (r->transferred[i] & 0xffffff)) {
            fuzz_fail("graphics: pixel %u is not what was transferred", i);
        }
    }
}

static void gpu_new_picture(Rig *r)
{
    const uint32_t old[GPU_WORDS] = {r->picture};
    uint32_t side = fuzz_one_in(r->f, 3) ? GPU_SIDE : 1 + (uint32_t)fuzz_below(r->f, GPU_SIDE);
    uint32_t len = 4 * side * side, id = ++r->last_picture;
    uint64_t memory = vd_alloc(&r->d, len);
    const uint32_t create[GPU_WORDS] = {id, 2, side, side};
    const uint32_t attach[GPU_WORDS] = {id, 1, (uint32_t)memory, 0, len};
    r->on_screen = false;
    if ((!r->picture || gpu_command(r, GPU_UNREF, old)) && gpu_command(r, GPU_CREATE, create) &&
        gpu_command(r, GPU_ATTACH, attach)) {
        r->picture = id;
        r->side = side;
        r->memory = memory;
        memset(r->transferred, 0, sizeof r->transferred);
    }
}

static void gpu_transfer(Rig *r)
{
    uint32_t side = r->side, x = (uint32_t)fuzz_below(r->f, side);
    uint32_t y = (uint32_t)fuzz_below(r->f, side), w = 1 + (uint32_t)fuzz_below(r->f, side - x);
    uint32_t h = 1 + (uint32_t)fuzz_below(r->f, side - y), pixels = side * side;
    fill_random(r->f, vd_host(&r->d, r->memory, 4 * pixels), 4 * pixels);
    const uint32_t flush[GPU_WORDS] = {x, y, w, h, r->picture};
    const uint32_t transfer[GPU_WORDS] = {x, y, w, h, 4 * (y * side + x), 0, r->picture};
    if (gpu_command(r, GPU_TRANSFER, transfer) && gpu_command(r, GPU_FLUSH, flush)) {
        check_screen(r);
    }
}

void gpu_request(Rig *r)
{
    Fuzz *f = r->f;
    uint32_t x = (uint32_t)fuzz_number(f), y = (uint32_t)fuzz_number(f);
    if (!r->picture || fuzz_one_in(f, 20)) {
        gpu_new_picture(r);
        return;
    }
    switch (fuzz_below(f, 7)) {
    case 0:
        r->on_screen = gpu_command(
            r, GPU_SCANOUT, (const uint32_t[GPU_WORDS]){0, 0, r->side, r->side, 0, r->picture});
        check_screen(r);
        break;
    case 1:
        gpu_command(r, GPU_DISPLAY_INFO, (const uint32_t[GPU_WORDS]){0});
        break;
    case 2:
        if (vd_has(&r->d, 1)) {
            gpu_command(r, GPU_EDID, (const uint32_t[GPU_WORDS]){0});
        }
        break;
    case 3:
        gpu_command(r, fuzz_one_in(f, 2) && r->side == 64 ? GPU_UPDATE_CURSOR : GPU_MOVE_CURSOR,
                    (const uint32_t[GPU_WORDS]){0, x, y, 0, r->picture, x, y});
        break;
    case 4:
        console_suggest_size(console_get(r->d.fm->m, 0), x, y);
        gate_deliver(gate_get(r->d.fm->m));
        break;
    default:
        gpu_transfer(r);
    }
}
