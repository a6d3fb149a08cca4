// VNC viewers against a server, each over a socket with its thread and the library behind it:
// handshakes and messages, whole and in pieces, true and changed, while the screen, its size,
// cursor and the console that is shown change. What a viewer types arrives at a receiver or a text
// console. How threads take turns is not in the seed: a finding may need a few runs to come back.
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hw/core/machine.h"
#include "replay/gate.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/bare_machine.h"
#include "ui/display_types.h"
#include "ui/text_console.h"
#include "ui/vnc/internal.h"

#define STEPS      200 // a run
#define VIEWERS    4
#define PATIENCE   20000                // us that a group of messages is waited for
#define NAP        200                  // us
#define MAX_OUTPUT (UINT64_C(64) << 20) // bytes of an answer that are read

typedef struct Peer {
    int fd;       // our end, or -1
    bool greeted; // it is past the handshake
} Peer;

typedef struct Rig {
    Fuzz *f;
    Machine *m;
    Console *screen;
    unsigned width, height;
    TextConsole *terminal;
    Display display;
    VncServer *server;
    Peer peer[VIEWERS];
    const char *password;
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
    display_show(&r->display, 0);
    char *error = NULL;
    VncServer *server = vnc_server_new(&r->display, &error);
    if (!server) {
        fuzz_fail("no server: %s", error);
    }
    server->id = g_strdup("fuzz");
    server->needs_password = fuzz_one_in(f, 4);
    server->share = (VncShare)fuzz_below(f, 3);
    r->server = server;
    r->password = fuzz_one_in(f, 8) ? NULL : "secret";
    server->password = g_strdup(r->password);
    for (unsigned i = 0; i < VIEWERS; i++) {
        r->peer[i].fd = -1;
    }
}

static void hang_up(Peer *p)
{
    if (p->fd >= 0) {
        close(p->fd);
    }
    *p = (Peer){.fd = -1};
}

static void stop(Rig *r)
{
    vnc_server_free(r->server);
    for (unsigned i = 0; i < VIEWERS; i++) {
        hang_up(&r->peer[i]);
    }
    while (g_main_context_iteration(NULL, FALSE)) {
    }
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
    // Pixels, pseudo-encodings, then levels of quality and compression.
    static const int32_t known[] = {
        0,    1,    2,    4,    5,    6,    7,    9,    10,          16,     17,     -223,  -239,
        -240, -232, -224, -257, -258, -261, -307, -308, -314,        -32,    -23,    -247,  -256,
        -512, -412, -768, -763, -260, 8,    15,   -305, -1063131698, -65536, -65535, -65534};
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
    static const uint8_t bits[] = {8, 16, 32, 32, 24};
    put(b, 0, 4);
    put(b, FUZZ_PICK(f, bits), 1);
    put(b, fuzz_below(f, 33), 1); // depth
    put(b, fuzz_below(f, 2), 1);  // big-endian
    put(b, !fuzz_one_in(f, 5), 1);
    for (unsigned i = 0; i < 3; i++) {
        put(b, fuzz_one_in(f, 4) ? fuzz_number(f) : 255, 2);
    }
    for (unsigned i = 0; i < 3; i++) {
        put(b, fuzz_one_in(f, 4) ? fuzz_below(f, 34) : 8 * i, 1);
    }
    put(b, 0, 3);
}

static void put_message(Rig *r, GByteArray *b)
{
    static const uint16_t keysyms[] = {0xffe1, 0xffe3, 0xffe9, 0xff0d, '1', '2', 'A', '/', 0xffc9};
    Fuzz *f = r->f;
    switch (fuzz_below(f, 10)) {
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
    case 7:
        put(b, fuzz_below(f, 256), 1); // of a kind that may not exist
        put_numbers(f, b, "1244");
        break;
    default:
        put(b, 3, 1);
        put(b, fuzz_below(f, 2), 1);
        if (fuzz_one_in(f, 2)) {
            put(b, 0, 4);
            put(b, UINT64_C(0x10001000), 4); // all of it
        } else {
            put_numbers(f, b, "2222");
        }
    }
}

static void main_loop(void)
{
    while (g_main_context_iteration(NULL, FALSE)) {
    }
    g_usleep(NAP);
}

// Reads what is there and forgets it. False: the server has hung up.
static bool drain(const Peer *p, uint64_t most)
{
    uint8_t buf[16384];
    for (uint64_t done = 0; done < most;) {
        ssize_t n = recv(p->fd, buf, sizeof buf, MSG_DONTWAIT);
        if (n <= 0) {
            return n != 0;
        }
        done += (uint64_t)n;
    }
    return true;
}

// Exactly so many bytes, soon.
static bool get(const Peer *p, void *bytes, size_t len)
{
    size_t done = 0;
    for (unsigned i = 0; i < 1000000 / NAP && done < len; i++) {
        ssize_t n = recv(p->fd, (uint8_t *)bytes + done, len - done, MSG_DONTWAIT);
        if (n == 0) {
            return false;
        }
        done += n > 0 ? (size_t)n : 0;
        if (n < 0) {
            main_loop();
        }
    }
    return done == len;
}

static bool say_bytes(const Peer *p, const void *bytes, size_t len)
{
    return send(p->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
}

// A viewer that wants to be alone may have sent this one away.
static bool broken(const Rig *r, const char *what)
{
    if (r->server->share != VNC_SHARE_ALLOW_EXCLUSIVE) {
        fuzz_fail("%s", what);
    }
    return false;
}

// Up to the first message. False: the server said no.
static bool handshake(Rig *r, Peer *p)
{
    static const char *const versions[] = {"RFB 003.003\n", "RFB 003.007\n", "RFB 003.008\n",
                                           "RFB 003.889\n"};
    uint8_t in[16], kind = r->server->needs_password ? 2 : 1, result[4] = {0};
    const char *version = FUZZ_PICK(r->f, versions);
    bool old = version[10] == '3', newest = version[10] >= '8';
    if (!get(p, in, 12) || !say_bytes(p, version, 12) || !get(p, in, old ? 4 : 2) ||
        in[old ? 3 : 1] != kind || (!old && !say_bytes(p, &kind, 1))) {
        return broken(r, "a true handshake was refused");
    }
    if (kind == 2) {
        if (!get(p, in, 16)) {
            return broken(r, "no challenge");
        }
        char password[] = "secret";
        rfbEncryptBytes(in, password);
        say_bytes(p, in, 16);
    }
    if ((kind == 2 || newest) && !get(p, result, 4)) {
        return broken(r, "no answer to a handshake");
    }
    if ((kind == 2 && !r->password) != (result[3] != 0)) {
        fuzz_fail("a password is %s, the result %u", r->password ? "set" : "not set", result[3]);
    }
    uint8_t shared = (uint8_t)fuzz_below(r->f, 2);
    return !result[3] && say_bytes(p, &shared, 1);
}

// Gives the server time to read it all.
static void wait_until_read(const Peer *p)
{
    int left = 1;
    for (unsigned i = 0; i < PATIENCE / NAP && left; i++) {
        main_loop();
        if (!drain(p, MAX_OUTPUT) || ioctl(p->fd, TIOCOUTQ, &left)) {
            return;
        }
    }
}

static void feed(Rig *r, Peer *p, GByteArray *b)
{
    Fuzz *f = r->f;
    if (fuzz_one_in(f, 8)) {
        fuzz_mutate(f, b);
    }
    for (size_t at = 0; at < b->len;) {
        size_t n = fuzz_one_in(f, 3) ? 1 + fuzz_below(f, 20) : b->len;
        n = MIN_OF(n, (size_t)b->len - at);
        if (!say_bytes(p, b->data + at, n)) { // full, or gone
            break;
        }
        at += n;
    }
    f->inputs++;
}

static void say(Rig *r, Peer *p)
{
    GByteArray *b = g_byte_array_new();
    if (!p->greeted && !fuzz_one_in(r->f, 10)) {
        if (!handshake(r, p)) {
            hang_up(p);
        }
    }
    p->greeted = true;
    for (unsigned n = (unsigned)fuzz_below(r->f, 6); n--;) {
        put_message(r, b);
    }
    if (p->fd >= 0) {
        feed(r, p, b);
        wait_until_read(p);
    }
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
        if (fuzz_one_in(f, 10)) { // wider than viewers are shown
            r->width += 8000;
            r->height = 1 + r->height % 16;
        }
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

// Some viewers do not read for a while.
static void refresh(Rig *r)
{
    r->display.type->refresh(&r->display);
    main_loop();
    for (unsigned i = 0; i < VIEWERS; i++) {
        Peer *p = &r->peer[i];
        if (p->fd >= 0 && !fuzz_one_in(r->f, 4) && !drain(p, MAX_OUTPUT)) {
            hang_up(p);
        }
    }
}

static void come(Rig *r, Peer *p)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair)) {
        fuzz_fail("no sockets");
    }
    *p = (Peer){.fd = pair[0]};
    vnc_viewer_new(r->server, pair[1], (VncPeer){g_strdup("fuzz"), g_strdup("0"), "ipv4"});
}

static void run(Fuzz *f)
{
    Rig r = {.f = f};
    InputReceiver receiver;
    start(&r, &receiver);
    for (unsigned i = 0; i < STEPS; i++) {
        Peer *p = &r.peer[fuzz_below(f, VIEWERS)];
        if (p->fd >= 0 && fuzz_one_in(f, 40)) {
            hang_up(p);
        }
        if (p->fd < 0 && r.server->viewers->len < VNC_MAX_CLIENTS) {
            come(&r, p);
        }
        if (p->fd >= 0) {
            say(&r, p);
        }
        change(&r);
        refresh(&r);
    }
    stop(&r);
}

const Fuzzer fuzzer = {
    .name = "fuzz_vnc",
    .what = "VNC viewers that say true, changed and senseless things in pieces",
    .unit = "groups of messages",
    .runs_per_worker = 20,
    .run = run,
};
