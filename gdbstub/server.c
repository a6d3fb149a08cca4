// The gdb server.
//
//   chardev (tcp, unix, ...) --bytes--> packet.c: frames --payload--> commands.c, query.c, run.c
//                            <-replies-                                 | machine_pause, _continue,
//                                                                       | debug_*, mmu_debug_access
//   machine stops (breakpoint, watchpoint, step, pause) --paused hook--> stop reply
//
// The server belongs to the host's side: its input does not pass the gate. It only reads and
// changes the machine between turns. One gdb at a time.
#include "gdbstub/internal.h"

#include <string.h>

#include "accel/engine.h"
#include "replay/replay.h"

// --- replies

static void send_sent(GdbServer *g)
{
    chardev_write(g->chardev, g->sent->data, g->sent->len);
}

void gdb_reply_bytes(GdbServer *g, const void *bytes, size_t len)
{
    g_byte_array_set_size(g->sent, 0);
    gdb_frame(g->sent, bytes, len);
    send_sent(g);
}

void gdb_reply(GdbServer *g, const char *text)
{
    gdb_reply_bytes(g, text, strlen(text));
}

void gdb_reply_error(GdbServer *g, unsigned number)
{
    char text[8];
    g_snprintf(text, sizeof(text), "E%02x", number & 0xff);
    gdb_reply(g, text);
}

// Only watchpoints add something: gdb finds the rest by the pc.
void gdb_reply_stop(GdbServer *g, unsigned signal)
{
    static const char *const kinds[] = {
        [WATCH_WRITE] = "watch", [WATCH_READ] = "rwatch", [WATCH_ACCESS] = "awatch"};
    DebugStop stop;
    GString *s = g_string_new(NULL);
    bool known = !g->interrupted && debug_last_stop(g->machine, &stop);
    if (g->reverse.found) {
        known = true;
        stop = g->reverse.stop;
    }
    if (known && stop.cpu) {
        g->reg_cpu = stop.cpu;
    }
    g_string_printf(s, "T%02xthread:%x;", signal, gdb_thread_id(g->reg_cpu));
    if (known && stop.why == DEBUG_WATCH) {
        g_string_append_printf(s, "%s:%" G_GINT64_MODIFIER "x;", kinds[stop.kind & 3], stop.va);
    }
    if (g->reverse.at_begin || gdb_at_end(g)) {
        g_string_append_printf(s, "replaylog:%s;", g->reverse.at_begin ? "begin" : "end");
    }
    gdb_reply(g, s->str);
    g_string_free(s, TRUE);
}

// --- control of the machine

static void attach(GdbServer *g)
{
    g->attached = true;
    g->waiting = false;
    g->interrupted = false;
    g->reg_cpu = g->machine->cpu[0];
    g->run_cpu = NULL;
    replay_hold(g->machine, true);
    machine_pause(g->machine);
}

// With several CPUs a replay would come to differ if one ran alone.
static bool step_all(GdbServer *g)
{
    char *error = NULL;
    bool ok = replay_break(g->machine, machine_icount(g->machine) + 1, &error);
    g_free(error);
    return ok;
}

void gdb_resume(GdbServer *g, VCPU *step)
{
    g->waiting = true;
    g->interrupted = false;
    if (gdb_at_end(g)) {
        g->waiting = false;
        gdb_reply_stop(g, GDB_SIGTRAP);
        return;
    }
    bool all = step && g->machine->n_cpus > 1 && gdb_can_reverse(g) && step_all(g);
    debug_single_step(g->machine, all ? NULL : step);
    machine_continue(g->machine);
}

void gdb_detach(GdbServer *g)
{
    if (g->attached) {
        g->attached = false;
        g->waiting = false;
        g->reverse = (GdbReverse){.kind = GDB_FORWARD};
        replay_hold(g->machine, false);
        debug_remove_all(g->machine);
        debug_single_step(g->machine, NULL);
        machine_continue(g->machine);
    }
}

static void machine_paused(void *opaque)
{
    GdbServer *g = opaque;
    if (g->attached && g->waiting && !gdb_reverse_paused(g)) {
        g->waiting = false;
        gdb_reply_stop(g, g->interrupted ? GDB_SIGINT : GDB_SIGTRAP);
        g->interrupted = false;
    }
}

// --- bytes from gdb

static void on_packet(GdbServer *g)
{
    if (!g->no_ack) {
        chardev_write(g->chardev, "+", 1);
    }
    if (!g->attached) {
        attach(g);
    }
    if (g->waiting) { // gdb should have sent Ctrl-C first
        g->waiting = false;
        machine_pause(g->machine);
    }
    gdb_handle_packet(g, g->parser.payload, g->parser.len);
    g->no_ack = g->no_ack_next;
}

static void on_interrupt(GdbServer *g)
{
    if (g->attached && g->waiting) {
        g->interrupted = true;
        machine_pause(g->machine);
    }
}

static void on_event(GdbServer *g, GdbEvent e)
{
    switch (e) {
    case GDB_PACKET:
        on_packet(g);
        break;
    case GDB_INTERRUPT:
        on_interrupt(g);
        break;
    case GDB_NAK:
        if (!g->no_ack) {
            send_sent(g);
        }
        break;
    case GDB_BAD:
        if (!g->no_ack) {
            chardev_write(g->chardev, "-", 1);
        }
        break;
    case GDB_TOO_LONG:
        if (!g->no_ack) {
            chardev_write(g->chardev, "+", 1);
        }
        gdb_reply_error(g, GDB_E_INVAL);
        break;
    case GDB_ACK:
    case GDB_NOTHING:
        break;
    }
}

static size_t can_receive(void *opaque)
{
    (void)opaque;
    return 4096;
}

static void receive(void *opaque, const uint8_t *buf, size_t len)
{
    GdbServer *g = opaque;
    for (size_t i = 0; i < len && g->chardev; i++) {
        on_event(g, gdb_parser_feed(&g->parser, buf[i]));
    }
}

static void connected(void *opaque, bool yes)
{
    GdbServer *g = opaque;
    if (!yes) {
        gdb_detach(g);
    }
    gdb_parser_init(&g->parser);
    g_byte_array_set_size(g->sent, 0);
    g->no_ack = g->no_ack_next = g->phys = false;
}

// --- starting and ending

static GdbServer *server_of(Machine *m)
{
    GdbServer *g = machine_lookup(m, "gdb");
    if (!g) {
        g = g_new0(GdbServer, 1);
        g->machine = m;
        g->sent = g_byte_array_new();
        g->reg_cpu = m->cpu[0];
        g->xml = gdb_target_xml(m->cpu[0]->target);
        machine_register(m, "gdb", g);
        m->paused = machine_paused;
        m->paused_opaque = g;
    }
    return g;
}

// A socket waits for gdb without holding up the machine (-S does that), and on this host only
// unless an address is given: whoever connects controls the machine.
static char *full_spec(const char *spec)
{
    if (g_str_has_prefix(spec, "tcp::")) {
        return g_strdup_printf("tcp:localhost:%s,server=on,wait=off,nodelay=on", spec + 5);
    }
    if (g_str_has_prefix(spec, "tcp:")) {
        return g_strdup_printf("%s,server=on,wait=off,nodelay=on", spec);
    }
    if (g_str_has_prefix(spec, "unix:")) {
        return g_strdup_printf("%s,server=on,wait=off", spec);
    }
    return g_strdup(spec);
}

static void end(GdbServer *g)
{
    if (g->chardev) {
        Chardev *c = g->chardev;
        gdb_detach(g);
        g->chardev = NULL;
        chardev_close(c);
    }
}

bool gdb_server_start(struct Machine *m, const char *spec, char **error)
{
    if (!m->n_cpus || !m->cpu[0]->target->n_gdb_regs) {
        *error = g_strdup("there is no gdb support for these CPUs");
        return false;
    }
    GdbServer *g = server_of(m);
    end(g);
    if (!strcmp(spec, "none")) {
        return true;
    }
    char *full = full_spec(spec);
    Chardev *c = chardev_open(m, full, error);
    g_free(full);
    if (!c || !chardev_claim(c, error)) {
        return false;
    }
    g->chardev = c;
    ChardevFrontend f = {.can_receive = can_receive,
                         .receive = receive,
                         .connected = connected,
                         .opaque = g,
                         .direct = true};
    chardev_connect_behind(c, &f);
    return true;
}

void gdb_server_exit(struct Machine *m, int status)
{
    GdbServer *g = machine_lookup(m, "gdb");
    if (g && g->chardev && g->attached) {
        char text[8];
        g_snprintf(text, sizeof(text), "W%02x", (unsigned)status & 0xff);
        gdb_reply(g, text);
        g->attached = false;
    }
}
