// VNC viewers against a server without sockets: handshakes and messages, whole and in pieces, true
// and changed, while the screen, its size, cursor and the console that is shown change. What a
// viewer types arrives at a receiver or a text console.
#include <string.h>

#include "hw/core/machine.h"
#include "replay/gate.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/bare_machine.h"
#include "ui/display_types.h"
#include "ui/text_console.h"
#include "ui/vnc_internal.h"

#define STEPS 200 // a run

typedef struct Rig {
    Fuzz *f;
    Machine *m;
    Console *screen;
    unsigned width, height;
    TextConsole *terminal;
    Display display;
    VncServer server;
    uint64_t typed;
} Rig;

// --- the machine

static void draw(void *opaque, Surface *s)
{
    Rig *r = opaque;
    surface_resize(s, r->width, r->height);
    for (unsigned n = (unsigned)fuzz_below(r->f, 4); n--;) {
        unsigned x = (unsigned)fuzz_below(r->f, r->width),
                 y = (unsigned)fuzz_below(r->f, r->height);
        unsigned w = (unsigned)fuzz_below(r->f, 90), h = (unsigned)fuzz_below(r->f, 90);
        w = MIN_OF(w, r->width - x);
        h = MIN_OF(h, r->height - y);
        uint32_t mask = FUZZ_PICK(r->f, ((const uint32_t[]){0, 1, 3, 0xff, 0xffffff}));
        for (unsigned i = 0; i < h; i++) {
            for (unsigned k = 0; k < w; k++) {
                surface_line(s, y + i)[x + k] = fuzz_random(r->f) & mask;
            }
        }
        surface_damage(s, x, y, w, h);
    }
}

static void suggest(void *opaque, unsigned width, unsigned height)
{
    Rig *r = opaque;
    r->width = MIN_OF(width, 700u);
    r->height = MIN_OF(height, 500u);
}

static void typed(void *opaque, const char *text, size_t len)
{
    Rig *r = opaque;
    (void)text;
    r->typed += len;
}

static void event(void *opaque, const InputEvent *e)
{
    Rig *r = opaque;
    r->typed++;
    if ((e->kind == INPUT_KIND_KEY && (!e->code || e->code >= INPUT_KEYS)) ||
        (e->kind == INPUT_KIND_BUTTON && e->code >= INPUT_BUTTONS) ||
        (e->kind == INPUT_KIND_ABS && (e->value < 0 || e->value > INPUT_ABS_MAX))) {
        fuzz_fail("an event of kind %u, code %u, value %d", e->kind, e->code, e->value);
    }
}

static const ConsoleOps ops = {.update = draw, .suggest_size = suggest};

static void start(Rig *r, InputReceiver *receiver)
{
    Fuzz *f = r->f;
    r->m = bare_machine();
    r->width = 1 + (unsigned)fuzz_below(f, 300);
    r->height = 1 + (unsigned)fuzz_below(f, 200);
    r->screen = console_add(r->m, "screen", &ops, r);
    r->terminal = text_console_new(80, 24, typed, r);
    text_console_show(r->terminal, r->m, "terminal");
    unsigned kinds = BIT(INPUT_KIND_KEY) | BIT(INPUT_KIND_BUTTON) | BIT(INPUT_KIND_REL);
    kinds |= fuzz_one_in(f, 2) ? (unsigned)BIT(INPUT_KIND_ABS) : 0;
    *receiver = (InputReceiver){.name = "receiver", .kinds = kinds, .event = event, .opaque = r};
    input_register(r->m, receiver);
    r->display.type = &display_vnc;
    r->display.m = r->m;
    r->display.state = &r->server;
    display_show(&r->display, 0);
    r->server = (VncServer){.d = &r->display,
                            .fd = -1,
                            .needs_password = fuzz_one_in(f, 4),
                            .password = fuzz_one_in(f, 2) ? g_strdup("secret") : NULL,
                            .expires = INT64_MAX,
                            .share = (VncShare)fuzz_below(f, 3),
                            .max_clients = VNC_MAX_CLIENTS,
                            .clients = g_ptr_array_new(),
                            .width = 640,
                            .height = 480};
}

static void stop(Rig *r)
{
    while (r->server.clients->len) {
        vnc_client_free(r->server.clients->pdata[0]);
    }
    g_ptr_array_free(r->server.clients, TRUE);
    g_free(r->server.password);
    console_view_free(r->display.view);
    console_remove(r->m, r->screen);
    console_remove(r->m, console_get(r->m, 0));
    text_console_free(r->terminal);
}

// --- viewers

static void put(GByteArray *b, uint64_t v, unsigned size)
{
    for (unsigned i = size; i-- > 0;) {
        uint8_t byte = (uint8_t)(v >> 8 * i);
        g_byte_array_append(b, &byte, 1);
    }
}

static void put_numbers(Fuzz *f, GByteArray *b, const char *sizes)
{
    for (; *sizes; sizes++) {
        put(b, fuzz_one_in(f, 3) ? fuzz_number(f) : fuzz_below(f, 300), (unsigned)(*sizes - '0'));
    }
}

static void put_encodings(Fuzz *f, GByteArray *b)
{
    static const int32_t known[] = {0, 16, -223, -239, -257, -258, -261, -307, -308, -314, 5, 7};
    unsigned n = (unsigned)fuzz_below(f, 14);
    put(b, 2, 1);
    put(b, 0, 1);
    put(b, n, 2);
    while (n--) {
        put(b, (uint32_t)FUZZ_PICK(f, known), 4);
    }
}

static void put_format(Fuzz *f, GByteArray *b)
{
    static const uint8_t bits[] = {8, 16, 32};
    VncFormat format = {.bytes = FUZZ_PICK(f, bits) / 8, .depth = (uint8_t)fuzz_below(f, 33)};
    uint8_t wire[16];
    format.big_endian = fuzz_one_in(f, 2);
    for (unsigned i = 0; i < 3; i++) {
        format.max[i] = fuzz_one_in(f, 4) ? (uint16_t)fuzz_number(f) : 255;
        format.shift[i] = fuzz_one_in(f, 4) ? (uint8_t)fuzz_below(f, 34) : (uint8_t)(8 * i);
    }
    vnc_put_format(&format, wire);
    wire[3] = !fuzz_one_in(f, 5);
    put(b, 0, 4);
    g_byte_array_append(b, wire, sizeof wire);
}

static void put_message(Rig *r, GByteArray *b)
{
    static const uint16_t keysyms[] = {0xffe1, 0xffe3, 0xffe9, 0xff0d, '1', '2', 'A', '/', 0xffc9};
    Fuzz *f = r->f;
    switch (fuzz_below(f, 9)) {
    case 0:
        put_format(f, b);
        break;
    case 1:
        put_encodings(f, b);
        break;
    case 2:
        put(b, 4, 1);
        put(b, fuzz_below(f, 2), 1);
        put(b, 0, 2);
        put(b, fuzz_one_in(f, 3) ? fuzz_number(f) : FUZZ_PICK(f, keysyms), 4);
        break;
    case 3:
        put(b, 5, 1);
        put_numbers(f, b, "122");
        break;
    case 4: {
        unsigned n = (unsigned)fuzz_below(f, 6000);
        put(b, 6, 1);
        put(b, 0, 3);
        put(b, n, 4);
        while (n--) {
            put(b, 'x', 1);
        }
        break;
    }
    case 5:
        put(b, 251, 1);
        put(b, 0, 1);
        put_numbers(f, b, "22");
        put(b, 1, 1);
        put(b, 0, 1);
        put_numbers(f, b, "4222244");
        break;
    case 6:
        put(b, 0xff00, 2);
        put(b, fuzz_below(f, 2), 2);
        put(b, FUZZ_PICK(f, keysyms), 4);
        put(b, fuzz_below(f, 256), 4);
        break;
    default:
        put(b, 3, 1);
        put(b, fuzz_below(f, 2), 1);
        put_numbers(f, b, "2222");
    }
}

// Up to the first message, with the answer to the challenge.
static void put_handshake(Rig *r, VncClient *c, GByteArray *b)
{
    static const char *const versions[] = {"RFB 003.003\n", "RFB 003.007\n", "RFB 003.008\n",
                                           "RFB 003.889\n"};
    g_byte_array_append(b, (const uint8_t *)FUZZ_PICK(r->f, versions), 12);
    if (b->data[10] != '3') {
        put(b, r->server.needs_password ? 2 : 1, 1);
    }
    if (!vnc_take(c, b->data, b->len)) {
        fuzz_fail("a true handshake was refused");
    }
    g_byte_array_set_size(b, 0);
    if (c->state == VNC_AUTH) {
        uint8_t answer[VNC_CHALLENGE];
        memcpy(answer, c->challenge, sizeof answer);
        vnc_encrypt_challenge("secret", answer);
        g_byte_array_append(b, answer, sizeof answer);
    }
    put(b, fuzz_below(r->f, 2), 1);
}

static void feed(Rig *r, VncClient *c, GByteArray *b)
{
    Fuzz *f = r->f;
    if (fuzz_one_in(f, 8)) {
        fuzz_mutate(f, b);
    }
    for (size_t at = 0; at < b->len;) {
        size_t n = fuzz_one_in(f, 3) ? 1 + fuzz_below(f, 20) : b->len;
        n = MIN_OF(n, (size_t)b->len - at);
        if (!vnc_take(c, b->data + at, n)) {
            vnc_client_free(c);
            return;
        }
        at += n;
    }
    f->inputs++;
}

static void say(Rig *r, VncClient *c)
{
    GByteArray *b = g_byte_array_new();
    if (c->state == VNC_VERSION && !c->in_len && !fuzz_one_in(r->f, 10)) {
        put_handshake(r, c, b);
    }
    for (unsigned n = (unsigned)fuzz_below(r->f, 6); n--;) {
        put_message(r, b);
    }
    feed(r, c, b);
    g_byte_array_free(b, TRUE);
}

// --- around them

static void change(Rig *r)
{
    Fuzz *f = r->f;
    uint32_t argb[64 * 64];
    char noise[32];
    switch (fuzz_below(f, 8)) {
    case 0:
        r->width = 1 + (unsigned)fuzz_below(f, 400);
        r->height = 1 + (unsigned)fuzz_below(f, 300);
        break;
    case 1:
        memset(argb, (int)fuzz_random(f), sizeof argb);
        console_set_cursor(r->screen, (unsigned)fuzz_below(f, 65), (unsigned)fuzz_below(f, 65),
                           (unsigned)fuzz_number(f), 0, argb);
        break;
    case 2:
        console_move_cursor(r->screen, (int)fuzz_number(f), 0, fuzz_one_in(f, 2));
        break;
    case 3:
        for (size_t i = 0; i < sizeof noise; i++) {
            noise[i] = (char)fuzz_random(f);
        }
        text_console_write(r->terminal, noise, sizeof noise);
        break;
    case 4:
        r->m->stop = fuzz_one_in(f, 2) ? MACHINE_PAUSED : MACHINE_RUNNING;
        break;
    case 5:
        display_show(&r->display, (unsigned)fuzz_below(f, 3));
        break;
    default:
        gate_deliver(gate_get(r->m));
    }
}

static void refresh(Rig *r)
{
    display_vnc.refresh(&r->display);
    for (unsigned i = 0; i < r->server.clients->len; i++) {
        VncClient *c = r->server.clients->pdata[i];
        if (c->out->len > VNC_OUTPUT) {
            fuzz_fail("%u bytes wait for a viewer", c->out->len);
        }
        if (!fuzz_one_in(r->f, 4)) { // it reads
            g_byte_array_set_size(c->out, 0);
        }
    }
}

static void run(Fuzz *f)
{
    Rig r = {.f = f};
    InputReceiver receiver;
    start(&r, &receiver);
    for (unsigned i = 0; i < STEPS; i++) {
        GPtrArray *clients = r.server.clients;
        if (!clients->len || (clients->len < 4 && fuzz_one_in(f, 10))) {
            vnc_client_new(&r.server, -1, (VncPeer){g_strdup("fuzz"), g_strdup("0"), "ipv4"});
        }
        say(&r, clients->pdata[fuzz_below(f, clients->len)]);
        change(&r);
        refresh(&r);
    }
    stop(&r);
}

const Fuzzer fuzzer = {
    .name = "fuzz_vnc",
    .what = "VNC viewers that say true, changed and senseless things in pieces",
    .unit = "groups of messages",
    .run = run,
};
