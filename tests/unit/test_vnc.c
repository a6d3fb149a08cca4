// VNC viewers over a socket: what they are shown and told, and where what they type arrives.
#include <criterion/criterion.h>
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bare_machine.h"
#include "replay/gate.h"
#include "ui/display_types.h"
#include "ui/vnc/internal.h"

#define PATIENCE 200000 // ms, of the host: for a server that hangs

typedef struct Rig {
    Machine *m;
    Console *screen;
    unsigned width, height;
    uint32_t colour;
    bool takes_size;
    InputReceiver receiver;
    GString *typed; // events that arrived
    Display display;
    VncServer *server;
    int fd; // the viewer's
} Rig;

// --- the machine

static void draw(void *opaque, Surface *s)
{
    Rig *r = opaque;
    surface_resize(s, r->width, r->height);
    surface_fill(s, r->colour);
}

static void suggest(void *opaque, unsigned width, unsigned height)
{
    Rig *r = opaque;
    r->width = width;
    r->height = height;
}

static void event(void *opaque, const InputEvent *e)
{
    Rig *r = opaque;
    g_string_append_printf(r->typed, "%u:%u:%d ", e->kind, e->code, e->value);
}

static const ConsoleOps fixed = {.update = draw},
                        sizeable = {.update = draw, .suggest_size = suggest};

static Rig *rig(bool takes_size, bool absolute)
{
    Rig *r = g_new0(Rig, 1);
    char *error = NULL;
    r->m = bare_machine();
    r->width = 64;
    r->height = 48;
    r->colour = 0x123456;
    r->typed = g_string_new(NULL);
    r->screen = console_add(r->m, "screen", takes_size ? &sizeable : &fixed, r);
    unsigned kinds = BIT(INPUT_KIND_KEY) | BIT(INPUT_KIND_BUTTON);
    kinds |= absolute ? BIT(INPUT_KIND_ABS) : BIT(INPUT_KIND_REL);
    r->receiver = (InputReceiver){.name = "r", .kinds = kinds, .event = event, .opaque = r};
    input_register(r->m, &r->receiver);
    r->display = (Display){.type = &display_vnc, .m = r->m};
    display_show(&r->display, 0);
    r->server = vnc_server_new(&r->display, &error);
    cr_assert(r->server, "%s", error);
    r->server->id = g_strdup("test");
    return r;
}

static void turn(Rig *r)
{
    while (g_main_context_iteration(NULL, FALSE)) {
    }
    display_vnc.refresh(&r->display);
    gate_deliver(gate_get(r->m));
    g_usleep(500);
}

// --- a viewer

static int connect_viewer(Rig *r)
{
    int pair[2];
    cr_assert(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair));
    vnc_viewer_new(r->server, pair[1], (VncPeer){g_strdup("test"), g_strdup("1"), "ipv4"});
    return pair[0];
}

static void put(const Rig *r, const void *bytes, size_t len)
{
    cr_assert_eq(send(r->fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

// False: the server has hung up.
static bool get(Rig *r, void *bytes, size_t len)
{
    gint64 end = g_get_monotonic_time() + PATIENCE * 1000;
    for (size_t done = 0; done < len;) {
        ssize_t n = recv(r->fd, (uint8_t *)bytes + done, len - done, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN)) {
            return false;
        }
        done += n > 0 ? (size_t)n : 0;
        cr_assert(g_get_monotonic_time() < end, "%zu of %zu bytes came", done, len);
        if (n < 0) {
            turn(r);
        }
    }
    return true;
}

static unsigned get16(Rig *r)
{
    uint8_t b[2];
    cr_assert(get(r, b, 2));
    return (unsigned)b[0] << 8 | b[1];
}

static uint32_t get32(Rig *r)
{
    uint32_t high = get16(r);
    return high << 16 | get16(r);
}

// Up to the first message, which lists these encodings.
static void join(Rig *r, const int32_t *encodings, unsigned n)
{
    uint8_t in[12 + 2 + 4 + 24 + 5], head[4] = {2, 0, 0, (uint8_t)n};
    r->fd = connect_viewer(r);
    put(r, "RFB 003.008\n\1\1", 14); // no security, others may stay
    cr_assert(get(r, in, sizeof in));
    cr_expect(!memcmp(in, "RFB 003.008\n\1\1\0\0\0\0", 18));
    cr_expect(!memcmp(in + 18, "\0\x40\0\x30\x20\x18\0\xff\0\xff\0\xff\0\xff\x10\x08\0", 17));
    cr_expect(!memcmp(in + 38, "\0\0\0\5Mimus", 9));
    put(r, head, sizeof head);
    for (unsigned i = 0; i < n; i++) {
        uint32_t e = GUINT32_TO_BE((uint32_t)encodings[i]);
        put(r, &e, 4);
    }
}

static void request(const Rig *r, bool incremental)
{
    uint8_t m[10] = {3, incremental, 0, 0, 0, 0, 0x20, 0, 0x20, 0};
    put(r, m, sizeof m);
}

typedef struct Update { // a rectangle without pixels, or the last with them
    unsigned x, y, width, height;
    int32_t encoding;
    uint32_t pixel; // the last
    bool mixed;     // the others are not all like it
    uint8_t data[4096];
} Update;

static void payload(Rig *r, Update *u)
{
    unsigned n = u->width * u->height;
    uint32_t *pixels = g_new0(uint32_t, n + 1);
    size_t len = u->encoding == -239   ? n * 4 + (u->width + 7) / 8 * u->height
                 : u->encoding == -308 ? 20
                 : u->encoding == -261 ? 1
                 : u->encoding == -314 ? 4 + n * 4
                                       : 0;
    cr_assert(u->encoding || get(r, pixels, n * sizeof *pixels));
    u->pixel = n ? pixels[n - 1] : 0;
    u->mixed = false;
    for (unsigned i = 0; i < n; i++) {
        u->mixed |= pixels[i] != u->pixel;
    }
    g_free(pixels);
    cr_assert(len <= sizeof u->data && get(r, u->data, len));
}

// Takes updates until a rectangle of the encoding comes.
static Update await(Rig *r, int32_t encoding)
{
    for (;;) {
        Update u, found = {.encoding = 1};
        cr_assert_eq(get16(r), 0, "not an update");
        for (unsigned n = get16(r); n--;) {
            u.x = get16(r);
            u.y = get16(r);
            u.width = get16(r);
            u.height = get16(r);
            u.encoding = (int32_t)get32(r);
            payload(r, &u);
            found = u.encoding == encoding ? u : found;
        }
        if (found.encoding == encoding) {
            return found;
        }
    }
}

static void leave(Rig *r)
{
    close(r->fd);
    vnc_server_free(r->server);
}

static void await_typed(Rig *r, const char *what)
{
    gint64 end = g_get_monotonic_time() + PATIENCE * 1000;
    while (!strstr(r->typed->str, what) && g_get_monotonic_time() < end) {
        turn(r);
    }
    cr_expect(strstr(r->typed->str, what), "'%s' is not in '%s'", what, r->typed->str);
    g_string_truncate(r->typed, 0);
}

// --- pictures

Test(vnc, picture_and_changes)
{
    Rig *r = rig(false, false);
    join(r, NULL, 0);
    request(r, false);
    Update u = await(r, 0);
    cr_expect(u.width == 64 && u.height == 48 && u.pixel == 0x123456 && !u.mixed);
    r->colour = 0xfedcba;
    request(r, true);
    u = await(r, 0);
    cr_expect(u.width == 64 && u.height == 48 && u.pixel == 0xfedcba && !u.mixed);
    leave(r);
}

// SetDesktopSize: 100x80, one screen.
static const uint8_t wish[24] = {251, 0, 0, 100, 0, 80, 1, 0,   0, 0,
                                 0,   1, 0, 0,   0, 0,  0, 100, 0, 80};

Test(vnc, sizes)
{
    static const int32_t size = -308;
    Rig *r = rig(true, false);
    join(r, &size, 1);
    request(r, false);
    Update u = await(r, size);
    cr_expect(u.x == 0 && u.y == 0 && u.width == 64 && u.height == 48);
    cr_expect(!memcmp(u.data, "\1\0\0\0", 4) && !memcmp(u.data + 12, "\0\x40\0\x30", 4));
    await(r, 0);
    put(r, wish, sizeof wish);
    request(r, true);
    do {
        u = await(r, size); // an answer, then what it led to
        request(r, true);
    } while (u.width != 100);
    cr_expect_eq(u.height, 80);
    leave(r);
}

Test(vnc, size_of_a_screen_that_has_one)
{
    static const int32_t size = -308;
    Rig *r = rig(false, false);
    join(r, &size, 1);
    request(r, false);
    await(r, 0);
    put(r, wish, sizeof wish);
    request(r, true);
    Update u = await(r, size);
    cr_expect(u.x == 1 && u.y == 1 && u.width == 64 && u.height == 48, "asked, prohibited");
    leave(r);
}

Test(vnc, cursor)
{
    static const int32_t cursor = -239;
    static const uint32_t argb[6] = {0xff010203, 0, 0xff040506, 0x20ffffff, 0xffffffff, 0};
    Rig *r = rig(false, false);
    join(r, &cursor, 1);
    request(r, false);
    await(r, 0); // without a shape
    console_set_cursor(r->screen, 3, 2, 1, 1, argb);
    console_move_cursor(r->screen, 5, 5, true);
    request(r, true);
    Update u = await(r, cursor);
    cr_expect(u.x == 1 && u.y == 1 && u.width == 3 && u.height == 2);
    cr_expect(!memcmp(u.data, "\3\2\1\0\0\0\0\0\6\5\4\0", 12));
    cr_expect(!memcmp(u.data + 24, "\xa0\x40", 2), "mask %x %x", u.data[24], u.data[25]);
    console_move_cursor(r->screen, 5, 5, false);
    request(r, true);
    u = await(r, cursor);
    cr_expect(u.width == 0 && u.height == 0);
    leave(r);
}

Test(vnc, cursor_with_alpha)
{
    static const int32_t both[] = {-239, -314};
    static const uint32_t argb[2] = {0x80ff00fe, 0xff010203};
    Rig *r = rig(false, false);
    console_set_cursor(r->screen, 2, 1, 1, 0, argb);
    console_move_cursor(r->screen, 5, 5, true);
    join(r, both, 2);
    request(r, false);
    Update u = await(r, -314);
    cr_expect(u.x == 1 && u.y == 0 && u.width == 2 && u.height == 1);
    cr_expect(!memcmp(u.data, "\0\0\0\0\x80\0\x7f\x80\1\2\3\xff", 12));
    console_move_cursor(r->screen, 5, 5, false);
    request(r, true);
    u = await(r, -314);
    cr_expect(u.width == 0 && u.height == 0);
    leave(r);
}

// Viewers that draw none find it in the picture.
Test(vnc, cursor_in_the_picture)
{
    static uint32_t argb[64 * 48];
    Rig *r = rig(false, false);
    for (unsigned i = 0; i < ARRAY_LEN(argb); i++) {
        argb[i] = 0xffffffff;
    }
    join(r, NULL, 0);
    request(r, false);
    cr_expect_eq(await(r, 0).pixel, 0x123456);
    console_set_cursor(r->screen, 20, 20, 0, 0, argb);
    console_move_cursor(r->screen, 10, 10, true);
    uint8_t small[10] = {3, 0, 0, 20, 0, 20, 0, 2, 0, 2};
    uint32_t pixel = 0;
    for (unsigned i = 0; i < 1000 && pixel != 0xffffff; i++) {
        put(r, small, sizeof small);
        Update u;
        cr_assert_eq(get16(r), 0);
        for (unsigned n = get16(r); n--;) {
            u.x = get16(r);
            u.y = get16(r);
            u.width = get16(r);
            u.height = get16(r);
            u.encoding = (int32_t)get32(r);
            payload(r, &u);
            pixel = u.pixel;
        }
        turn(r);
    }
    cr_expect_eq(pixel, 0xffffff);
    leave(r);
}

// --- extensions, input

Test(vnc, extensions_are_told)
{
    static const int32_t all[] = {-257, -258, -261};
    Rig *r = rig(false, true);
    input_set_leds(r->m, 4);
    join(r, all, 3);
    request(r, false);
    Update u = await(r, -261);
    cr_expect_eq(u.data[0], 4);
    await(r, 0);
    input_set_leds(r->m, 2);
    request(r, true);
    u = await(r, -261);
    cr_expect_eq(u.data[0], 2);
    leave(r);
}

Test(vnc, pointer_mode_is_told)
{
    static const int32_t pointer = -257;
    Rig *r = rig(false, true);
    join(r, &pointer, 1);
    request(r, false);
    cr_expect_eq(await(r, pointer).x, 1, "absolute");
    leave(r);
}

Test(vnc, keys)
{
    static const uint8_t key[8] = {4, 1, 0, 0, 0, 0, 0, 'a'};
    static const uint8_t place[12] = {255, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x1f};
    char want[32];
    Rig *r = rig(false, false);
    join(r, NULL, 0);
    put(r, key, sizeof key);
    g_snprintf(want, sizeof want, "0:%d:1 ", INPUT_KEY_A);
    await_typed(r, want);
    put(r, place, sizeof place);
    g_snprintf(want, sizeof want, "0:%d:1 ", INPUT_KEY_S);
    await_typed(r, want);
    close(r->fd); // what it held is let go
    g_snprintf(want, sizeof want, "0:%d:0 ", INPUT_KEY_S);
    await_typed(r, want);
    vnc_server_free(r->server);
}

Test(vnc, pointers)
{
    static const uint8_t at[6] = {5, 1, 0, 63, 0, 0};
    static const uint8_t moved[12] = {5, 0, 0, 10, 0, 10, 5, 0, 0, 13, 0, 8};
    static const uint8_t relative[6] = {5, 0, 0x80, 0x03, 0x7f, 0xfe};
    static const int32_t pointer = -257;
    Rig *r = rig(false, true);
    join(r, NULL, 0);
    put(r, at, sizeof at);
    await_typed(r, "3:0:32767 3:1:0 4:0:0 1:0:1 4:0:0 ");
    leave(r);
    r = rig(false, false); // a mouse
    join(r, NULL, 0);
    put(r, moved, sizeof moved);
    await_typed(r, "2:0:3 2:1:-2 4:0:0 ");
    leave(r);
    r = rig(false, false);
    join(r, &pointer, 1);
    put(r, relative, sizeof relative);
    await_typed(r, "2:0:4 2:1:-1 4:0:0 ");
    leave(r);
}

// --- ends

static void is_left(Rig *r, const void *bytes, size_t len)
{
    uint8_t byte;
    put(r, bytes, len);
    while (get(r, &byte, 1)) {
    }
}

Test(vnc, what_was_not_offered)
{
    static const uint8_t file[12] = {7, 1}, chat[8] = {11}, scale[4] = {8, 2},
                         bits[20] = {0, 0, 0, 0, 24};
    Rig *r = rig(false, false);
    const struct {
        const uint8_t *bytes;
        size_t len;
    } rows[] = {
        {file, sizeof file}, {chat, sizeof chat}, {scale, sizeof scale}, {bits, sizeof bits}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        join(r, NULL, 0);
        is_left(r, rows[i].bytes, rows[i].len);
        close(r->fd);
    }
    r->fd = connect_viewer(r);
    is_left(r, "GET / HTTP/1.1\r\n", 16);
    leave(r);
}

// Clipboard text is read past, however long.
Test(vnc, clipboard)
{
    static uint8_t text[8 + 70000] = {6, 0, 0, 0, 0, 1, 0x11, 0x70};
    Rig *r = rig(false, false);
    join(r, NULL, 0);
    for (size_t done = 0; done < sizeof text;) {
        ssize_t n = send(r->fd, text + done, sizeof text - done, MSG_NOSIGNAL);
        done += n > 0 ? (size_t)n : 0;
        turn(r);
    }
    request(r, false);
    cr_expect_eq(await(r, 0).pixel, 0x123456);
    leave(r);
}
