// q and Q packets.
#include <string.h>

#include "gdbstub/internal.h"
#include "monitor/monitor.h"

static void supported(GdbServer *g, GdbArgs *a)
{
    char text[160];
    (void)a;
    g_snprintf(text, sizeof(text),
               "PacketSize=%x;qXfer:features:read+;vContSupported+;QStartNoAckMode+%s",
               GDB_MAX_PACKET, gdb_can_reverse(g) ? ";ReverseStep+;ReverseContinue+" : "");
    gdb_reply(g, text);
}

// target.xml:OFFSET,LENGTH -> 'm' (more follows) or 'l' (last) and the bytes. Escapes may double
// them: half a packet is safe.
static void read_features(GdbServer *g, GdbArgs *a)
{
    uint64_t offset, len;
    if (!gdb_take_text(a, "target.xml:") || !gdb_take_hex(a, &offset) || !gdb_take_char(a, ',') ||
        !gdb_take_hex(a, &len)) {
        gdb_reply_error(g, GDB_E_INVAL);
        return;
    }
    uint64_t total = g->xml->len;
    uint64_t from = MIN_OF(offset, total), n = MIN_OF(len, total - from);
    n = MIN_OF(n, (uint64_t)GDB_MAX_PACKET / 2);
    GString *s = g_string_new(from + n == total ? "l" : "m");
    g_string_append_len(s, g->xml->str + from, (gssize)n);
    gdb_reply_bytes(g, s->str, s->len);
    g_string_free(s, TRUE);
}

static void next_threads(GdbServer *g, GdbArgs *a)
{
    GString *s = g_string_new(NULL);
    (void)a;
    for (; g->next_thread < g->machine->n_cpus; g->next_thread++) {
        g_string_append_printf(s, "%c%x", s->len ? ',' : 'm',
                               gdb_thread_id(g->machine->cpu[g->next_thread]));
    }
    gdb_reply(g, s->len ? s->str : "l");
    g_string_free(s, TRUE);
}

static void first_threads(GdbServer *g, GdbArgs *a)
{
    g->next_thread = 0;
    next_threads(g, a);
}

static void thread_info(GdbServer *g, GdbArgs *a)
{
    VCPU *v;
    if (!gdb_take_thread(g, a, &v) || !v) {
        gdb_reply_error(g, GDB_E_NOENT);
        return;
    }
    GString *text = g_string_new(NULL), *s = g_string_new(NULL);
    g_string_printf(text, "CPU %u (%s)", v->index,
                    v->stopped  ? "off"
                    : v->halted ? "waiting"
                                : "running");
    gdb_append_hex(s, text->str, text->len);
    gdb_reply_bytes(g, s->str, s->len);
    g_string_free(text, TRUE);
    g_string_free(s, TRUE);
}

static void current_thread(GdbServer *g, GdbArgs *a)
{
    char text[16];
    (void)a;
    g_snprintf(text, sizeof(text), "QC%x", gdb_thread_id(g->reg_cpu));
    gdb_reply(g, text);
}

static void attached(GdbServer *g, GdbArgs *a)
{
    (void)a;
    gdb_reply(g, "1"); // gdb detaches from the machine at its end, rather than kill it
}

static void symbol(GdbServer *g, GdbArgs *a)
{
    (void)a;
    gdb_reply(g, "OK"); // no symbols are wanted
}

// The monitor's answer goes in 'O' packets, then OK.
static void monitor_command(GdbServer *g, GdbArgs *a)
{
    char line[1024];
    size_t n = gdb_decode_hex(a->p, (size_t)(a->end - a->p), (uint8_t *)line, sizeof(line) - 1);
    if (2 * n != (size_t)(a->end - a->p)) {
        gdb_reply_error(g, GDB_E_INVAL);
        return;
    }
    line[n] = 0;
    GString *out = g_string_new(NULL);
    monitor_execute(g->machine, line, out);
    const size_t chunk = GDB_MAX_PACKET / 4;
    for (size_t at = 0; at < out->len; at += chunk) {
        GString *s = g_string_new("O");
        gdb_append_hex(s, out->str + at, MIN_OF(chunk, out->len - at));
        gdb_reply_bytes(g, s->str, s->len);
        g_string_free(s, TRUE);
    }
    g_string_free(out, TRUE);
    gdb_reply(g, "OK");
}

static void physical_mode(GdbServer *g, GdbArgs *a)
{
    (void)a;
    gdb_reply(g, g->phys ? "1" : "0");
}

static const GdbCommand queries[] = {
    {"Supported", supported},
    {"Xfer:features:read:", read_features},
    {"fThreadInfo", first_threads},
    {"sThreadInfo", next_threads},
    {"ThreadExtraInfo,", thread_info},
    {"Attached", attached},
    {"Symbol::", symbol},
    {"Rcmd,", monitor_command},
    {"qemu.PhyMemMode", physical_mode},
};

void gdb_query(GdbServer *g, GdbArgs *a)
{
    if (a->end - a->p == 1 && *a->p == 'C') {
        current_thread(g, a);
    } else if (!gdb_dispatch(g, queries, ARRAY_LEN(queries), a)) {
        gdb_reply(g, "");
    }
}

static void start_no_ack(GdbServer *g, GdbArgs *a)
{
    (void)a;
    g->no_ack_next = true; // from the next packet on
    gdb_reply(g, "OK");
}

static void set_physical_mode(GdbServer *g, GdbArgs *a)
{
    uint64_t on;
    if (gdb_take_hex(a, &on)) {
        g->phys = on != 0;
        gdb_reply(g, "OK");
    } else {
        gdb_reply_error(g, GDB_E_INVAL);
    }
}

static const GdbCommand sets[] = {
    {"StartNoAckMode", start_no_ack},
    {"qemu.PhyMemMode:", set_physical_mode},
};

void gdb_set(GdbServer *g, GdbArgs *a)
{
    if (!gdb_dispatch(g, sets, ARRAY_LEN(sets), a)) {
        gdb_reply(g, "");
    }
}
