// The gate, character backends and the mux.
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "chardev/backend.h"
#include "hw/core/machine.h"
#include "replay/gate.h"

static Machine *bare_machine(void)
{
    Machine *m = g_new0(Machine, 1);
    m->registry = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    m->clock = clock_new();
    return m;
}

// A frontend with a small FIFO that the test empties.
typedef struct Uart {
    uint8_t fifo[16];
    size_t n;
    unsigned breaks, connects;
} Uart;

static size_t uart_can(void *opaque)
{
    return sizeof(((Uart *)opaque)->fifo) - ((Uart *)opaque)->n;
}

static void uart_receive(void *opaque, const uint8_t *buf, size_t len)
{
    Uart *u = opaque;
    cr_assert_leq(len, uart_can(u));
    memcpy(u->fifo + u->n, buf, len);
    u->n += len;
}

static void uart_break(void *opaque)
{
    ((Uart *)opaque)->breaks++;
}

static void uart_connected(void *opaque, bool yes)
{
    ((Uart *)opaque)->connects += yes;
}

static ChardevFrontend frontend(Uart *u, bool direct)
{
    return (ChardevFrontend){.can_receive = uart_can,
                             .receive = uart_receive,
                             .connected = uart_connected,
                             .brk = uart_break,
                             .opaque = u,
                             .direct = direct};
}

static Chardev *open_ok(Machine *m, const char *spec)
{
    char *error = NULL;
    Chardev *c = chardev_open(m, spec, &error);
    cr_assert_not_null(c, "%s: %s", spec, error);
    return c;
}

static void type(Chardev *c, const char *text)
{
    chardev_input(c, (const uint8_t *)text, strlen(text));
}

// --- the gate

typedef struct Trace {
    GString *text;
    Gate *gate;
    const GateSource *again;
} Trace;

static void trace(void *opaque, const void *data, size_t len)
{
    Trace *t = opaque;
    g_string_append_len(t->text, data, (gssize)len);
    g_string_append_c(t->text, ';');
    if (t->again) {
        const GateSource *s = t->again;
        t->again = NULL;
        gate_submit(t->gate, s, "late", 4);
    }
}

Test(gate, delivers_in_the_order_of_submission)
{
    Machine *m = bare_machine();
    Gate *g = gate_get(m);
    Trace t = {g_string_new(NULL), g, NULL};
    GateSource a = {.name = "a", .deliver = trace, .opaque = &t};
    GateSource b = {.name = "b", .deliver = trace, .opaque = &t};
    gate_add_source(g, &a);
    gate_add_source(g, &b);
    cr_assert_not(gate_deliver(g));
    gate_submit(g, &a, "1", 1);
    gate_submit(g, &b, "2", 1);
    gate_submit(g, &a, NULL, 0);
    t.again = &b;
    cr_assert(gate_deliver(g));
    cr_assert_str_eq(t.text->str, "1;2;;"); // what a delivery submits waits
    cr_assert(gate_deliver(g));
    cr_assert_str_eq(t.text->str, "1;2;;late;");
    cr_assert_not(gate_deliver(g));
    cr_assert_eq(gate_get(m), g);
}

// --- flow

Test(chardev, input_waits_for_the_gate_and_for_room)
{
    Machine *m = bare_machine();
    Chardev *c = open_ok(m, "null");
    Uart u = {0};
    ChardevFrontend f = frontend(&u, false);
    chardev_connect(c, &f);
    type(c, "0123456789abcdefXYZ");
    cr_assert_eq(u.n, 0);
    gate_deliver(gate_get(m));
    cr_assert_eq(u.n, 16);
    u.n = 0;
    chardev_ready(c);
    cr_assert_eq(u.n, 3);
    cr_assert_arr_eq(u.fifo, "XYZ", 3);
}

Test(chardev, room_shrinks_with_what_waits)
{
    Machine *m = bare_machine();
    Chardev *c = open_ok(m, "null");
    Uart u = {0};
    ChardevFrontend f = frontend(&u, false);
    chardev_connect(c, &f);
    uint8_t lots[CHARDEV_QUEUE] = {0};
    cr_assert_eq(chardev_room(c), CHARDEV_QUEUE);
    chardev_input(c, lots, 1000);
    cr_assert_eq(chardev_room(c), CHARDEV_QUEUE - 1000);
    chardev_input(c, lots, sizeof(lots));
    cr_assert_eq(chardev_room(c), 0);
    gate_deliver(gate_get(m));
    cr_assert_eq(chardev_room(c), 16);
}

Test(chardev, direct_frontends_bypass_the_gate)
{
    Machine *m = bare_machine();
    Chardev *c = open_ok(m, "null");
    Uart u = {0};
    ChardevFrontend f = frontend(&u, true);
    chardev_connect(c, &f);
    type(c, "now");
    cr_assert_eq(u.n, 3);
}

Test(chardev, specs)
{
    static const struct {
        const char *spec, *error;
    } bad[] = {
        {"stdoi", "unknown character backend 'stdoi' (did you mean 'stdio'?)"},
        {"tcp:1234", "tcp:1234: not HOST:PORT"},
        {"chardev:nope", "there is no chardev 'nope'"},
        {"file:/nowhere/at/all", "file '/nowhere/at/all': No such file or directory"},
        {"null,id=x,pth=3", "unknown property 'pth'"},
        {"socket,id=x", "socket: give either port (and host) or path"},
        {"unix:/tmp/x,server=on,wait=perhaps", "wait=perhaps: not 'on' or 'off'"},
        {"tcp:localhost:1,telnet=on", "telnet=on: only as a server (server=on)"},
        {"tcp::70000,server=on,wait=off", "tcp::70000: a port is 0 to 65535"},
        {"", "an empty character backend"},
    };
    Machine *m = bare_machine();
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char *error = NULL;
        cr_assert_null(chardev_open(m, bad[i].spec, &error), "%s", bad[i].spec);
        cr_assert(g_str_has_prefix(error, bad[i].error), "%s: %s", bad[i].spec, error);
        g_free(error);
    }
    Chardev *c = open_ok(m, "null,id=one");
    cr_assert_eq(chardev_find(m, "one"), c);
    cr_assert_eq(open_ok(m, "chardev:one"), c);
}

Test(chardev, serials_in_order)
{
    ChardevSet *s = chardev_set_new();
    char *error = NULL;
    cr_assert(chardev_set_add_serial(s, "none", &error));
    cr_assert(chardev_set_add_serial(s, "null", &error));
    cr_assert_not_null(chardev_set_open(s, "null,id=n", &error));
    cr_assert(chardev_set_add_serial(s, "chardev:n", &error));
    cr_assert_not(chardev_set_add_serial(s, "chardev:n", &error)); // no mux
    Machine *m = bare_machine();
    m->config.chardevs = s;
    chardev_set_attach(s, m);
    cr_assert_null(chardev_serial(m, 0));
    cr_assert_not_null(chardev_serial(m, 1));
    cr_assert_eq(chardev_serial(m, 2), chardev_find(m, "n"));
    cr_assert_null(chardev_serial(m, 3));
}

Test(chardev, file_and_log)
{
    char dir[] = "/tmp/mimus-test-XXXXXX";
    cr_assert_not_null(mkdtemp(dir));
    char *spec = g_strdup_printf("file,id=f,path=%s/out,logfile=%s/log", dir, dir);
    char *out = g_build_filename(dir, "out", NULL), *log = g_build_filename(dir, "log", NULL);
    Machine *m = bare_machine();
    Chardev *c = open_ok(m, spec);
    chardev_write(c, "hello", 5);
    chardev_write(NULL, "nobody", 6);
    chardev_close_all(m);
    chardev_write(c, "late", 4);
    char *text;
    cr_assert(g_file_get_contents(out, &text, NULL, NULL));
    cr_assert_str_eq(text, "hello");
    cr_assert(g_file_get_contents(log, &text, NULL, NULL));
    cr_assert(g_str_has_prefix(text, "hello"));
    unlink(out);
    unlink(log);
    rmdir(dir);
}

// --- the mux

static Chardev *mux_with(Machine *m, Uart *serial, Uart *monitor)
{
    Chardev *c = open_ok(m, "null,id=mux,mux=on");
    ChardevFrontend s = frontend(serial, false), t = frontend(monitor, true);
    chardev_connect(c, &s);
    chardev_connect_behind(c, &t);
    return c;
}

Test(mux, escapes)
{
    Machine *m = bare_machine();
    Uart serial = {0}, monitor = {0};
    Chardev *c = mux_with(m, &serial, &monitor);
    type(c, "a\001\001b"); // Ctrl-A Ctrl-A is one Ctrl-A
    gate_deliver(gate_get(m));
    cr_assert_eq(serial.n, 3);
    cr_assert_arr_eq(serial.fifo, "a\001b", 3);
    type(c, "\001"); // cut between two reads
    type(c, "c");
    cr_assert_eq(monitor.connects, 1);
    type(c, "q");
    cr_assert_eq(monitor.n, 1);
    type(c, "\001c");
    type(c, "\001b");
    type(c, "\001z"); // unknown: nothing
    gate_deliver(gate_get(m));
    cr_assert_eq(serial.breaks, 1);
    cr_assert_eq(serial.n, 3);
    type(c, "\001x");
    cr_assert_eq(m->stop, MACHINE_QUIT);
}

// --- sockets

static int connect_unix(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    g_strlcpy(a.sun_path, path, sizeof(a.sun_path));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    return fd;
}

static void poll_host(void)
{
    for (int i = 0; i < 20; i++) {
        g_main_context_iteration(NULL, FALSE);
        g_usleep(500);
    }
}

Test(socket, server_survives_slow_and_dead_peers, .timeout = 30)
{
    char dir[] = "/tmp/mimus-test-XXXXXX";
    cr_assert_not_null(mkdtemp(dir));
    char *path = g_build_filename(dir, "s", NULL);
    char *spec = g_strdup_printf("unix:%s,server=on,wait=off", path);
    Machine *m = bare_machine();
    Chardev *c = open_ok(m, spec);
    Uart u = {0};
    ChardevFrontend f = frontend(&u, false);
    chardev_connect(c, &f);
    chardev_write(c, "lost", 4); // nobody there

    int fd = connect_unix(path);
    poll_host();
    cr_assert(c->connected);
    cr_assert_eq(u.connects, 1);
    char buf[5] = {0};
    chardev_write(c, "hi", 2);
    cr_assert_eq(read(fd, buf, 4), 2);
    cr_assert_eq(write(fd, "abc", 3), 3);
    poll_host();
    gate_deliver(gate_get(m));
    cr_assert_eq(u.n, 3);

    static uint8_t lots[65536];
    for (int i = 0; i < 64; i++) { // 4 MiB that nobody reads
        chardev_write(c, lots, sizeof(lots));
    }
    poll_host();
    close(fd);
    poll_host();
    cr_assert_not(c->connected);
    fd = connect_unix(path); // the next one
    poll_host();
    cr_assert(c->connected);
    close(fd);
    chardev_close_all(m);
    cr_assert_neq(access(path, F_OK), 0);
    rmdir(dir);
}
