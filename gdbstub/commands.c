// Packets about registers, memory, threads and breakpoints.
#include <string.h>

#include "gdbstub/internal.h"
#include "replay/replay.h"
#include "softmmu/softmmu.h"

#define MAX_REGISTER 64 // bytes

// --- taking packets apart

bool gdb_take_char(GdbArgs *a, char c)
{
    if (a->p == a->end || *a->p != c) {
        return false;
    }
    a->p++;
    return true;
}

bool gdb_take_text(GdbArgs *a, const char *text)
{
    size_t n = strlen(text);
    if ((size_t)(a->end - a->p) < n || memcmp(a->p, text, n)) {
        return false;
    }
    a->p += n;
    return true;
}

bool gdb_take_hex(GdbArgs *a, uint64_t *value)
{
    const char *start = a->p;
    uint64_t v = 0;
    for (int d; a->p < a->end && (d = gdb_hex_digit((uint8_t)*a->p)) >= 0; a->p++) {
        v = v << 4 | (uint64_t)d;
    }
    *value = v;
    return a->p != start && a->p - start <= 16;
}

bool gdb_take_thread(GdbServer *g, GdbArgs *a, VCPU **v)
{
    uint64_t id;
    *v = NULL;
    if (gdb_take_text(a, "-1")) {
        return true;
    }
    if (!gdb_take_hex(a, &id) || id > g->machine->n_cpus) {
        return false;
    }
    *v = id ? g->machine->cpu[id - 1] : NULL;
    return true;
}

static bool at_end(const GdbArgs *a)
{
    return a->p == a->end;
}

static void reply_ok_or(GdbServer *g, bool ok, unsigned error)
{
    if (ok) {
        gdb_reply(g, "OK");
    } else {
        gdb_reply_error(g, error);
    }
}

// --- registers

static unsigned register_bytes(const GdbRegister *r)
{
    return r->bits / 8u <= MAX_REGISTER ? r->bits / 8u : MAX_REGISTER;
}

static bool append_register(GdbServer *g, unsigned n, GString *out)
{
    uint8_t value[MAX_REGISTER] = {0};
    VCPU *v = g->reg_cpu;
    if (!v->target->gdb_read(v, n, value)) {
        return false;
    }
    gdb_append_hex(out, value, register_bytes(&v->target->gdb_regs[n]));
    return true;
}

static bool write_register(GdbServer *g, unsigned n, GdbArgs *a)
{
    uint8_t value[MAX_REGISTER] = {0};
    VCPU *v = g->reg_cpu;
    size_t want = register_bytes(&v->target->gdb_regs[n]);
    size_t got = gdb_decode_hex(a->p, (size_t)(a->end - a->p), value, want);
    replay_disturbed(g->machine, "gdb");
    a->p += 2 * got;
    return got == want && v->target->gdb_write(v, n, value);
}

static void read_all(GdbServer *g, GdbArgs *a)
{
    GString *s = g_string_new(NULL);
    (void)a;
    g->reg_cpu->target->sync(g->reg_cpu);
    for (unsigned i = 0; i < g->reg_cpu->target->n_gdb_regs; i++) {
        if (!append_register(g, i, s)) {
            for (unsigned j = 0; j < register_bytes(&g->reg_cpu->target->gdb_regs[i]); j++) {
                g_string_append(s, "xx"); // not available
            }
        }
    }
    gdb_reply_bytes(g, s->str, s->len);
    g_string_free(s, TRUE);
}

static void write_all_registers(GdbServer *g, GdbArgs *a)
{
    bool ok = true;
    g->reg_cpu->target->sync(g->reg_cpu);
    for (unsigned i = 0; ok && i < g->reg_cpu->target->n_gdb_regs && !at_end(a); i++) {
        ok = write_register(g, i, a);
    }
    reply_ok_or(g, ok, GDB_E_INVAL);
}

static bool take_register(GdbServer *g, GdbArgs *a, unsigned *n)
{
    uint64_t number;
    if (!gdb_take_hex(a, &number) || number >= g->reg_cpu->target->n_gdb_regs) {
        return false;
    }
    *n = (unsigned)number;
    return true;
}

static void read_one(GdbServer *g, GdbArgs *a)
{
    GString *s = g_string_new(NULL);
    unsigned n;
    g->reg_cpu->target->sync(g->reg_cpu);
    if (take_register(g, a, &n) && append_register(g, n, s)) {
        gdb_reply_bytes(g, s->str, s->len);
    } else {
        gdb_reply_error(g, GDB_E_INVAL);
    }
    g_string_free(s, TRUE);
}

static void write_one(GdbServer *g, GdbArgs *a)
{
    unsigned n;
    g->reg_cpu->target->sync(g->reg_cpu);
    bool ok = take_register(g, a, &n) && gdb_take_char(a, '=') && write_register(g, n, a);
    reply_ok_or(g, ok, GDB_E_INVAL);
}

// --- memory

static bool access_memory(GdbServer *g, uint64_t addr, uint8_t *buf, size_t len, bool write)
{
    if (write) {
        replay_disturbed(g->machine, "gdb");
    }
    if (!g->phys) {
        return mmu_debug_access(g->reg_cpu, addr, buf, len, write);
    }
    return (write ? mem_write(g->machine->memory, addr, buf, len)
                  : mem_read(g->machine->memory, addr, buf, len)) == MEM_OK;
}

// Page by page, so that a range that ends in nothing gives what there is.
static size_t read_memory(GdbServer *g, uint64_t addr, uint8_t *buf, size_t len)
{
    size_t done = 0;
    while (done < len) {
        size_t n = MIN_OF(len - done, (size_t)(0x1000 - ((addr + done) & 0xfff)));
        if (!access_memory(g, addr + done, buf + done, n, false)) {
            break;
        }
        done += n;
    }
    return done;
}

static bool take_range(GdbArgs *a, uint64_t *addr, uint64_t *len)
{
    return gdb_take_hex(a, addr) && gdb_take_char(a, ',') && gdb_take_hex(a, len);
}

static void read_mem(GdbServer *g, GdbArgs *a)
{
    uint64_t addr, len;
    uint8_t buf[GDB_MAX_PACKET / 2];
    if (!take_range(a, &addr, &len) || !at_end(a)) {
        gdb_reply_error(g, GDB_E_INVAL);
        return;
    }
    size_t n = read_memory(g, addr, buf, (size_t)MIN_OF(len, (uint64_t)sizeof(buf)));
    if (!n && len) {
        gdb_reply_error(g, GDB_E_FAULT);
        return;
    }
    GString *s = g_string_new(NULL);
    gdb_append_hex(s, buf, n);
    gdb_reply_bytes(g, s->str, s->len);
    g_string_free(s, TRUE);
}

static void write_hex(GdbServer *g, GdbArgs *a)
{
    uint64_t addr, len;
    uint8_t buf[GDB_MAX_PACKET / 2];
    if (!take_range(a, &addr, &len) || !gdb_take_char(a, ':') || len > sizeof(buf) ||
        gdb_decode_hex(a->p, (size_t)(a->end - a->p), buf, (size_t)len) != len) {
        gdb_reply_error(g, GDB_E_INVAL);
        return;
    }
    reply_ok_or(g, !len || access_memory(g, addr, buf, (size_t)len, true), GDB_E_FAULT);
}

static void write_binary(GdbServer *g, GdbArgs *a)
{
    uint64_t addr, len;
    if (!take_range(a, &addr, &len) || !gdb_take_char(a, ':') || len != (uint64_t)(a->end - a->p)) {
        gdb_reply_error(g, GDB_E_INVAL);
        return;
    }
    uint8_t buf[GDB_MAX_PACKET];
    memcpy(buf, a->p, (size_t)len);
    reply_ok_or(g, !len || access_memory(g, addr, buf, (size_t)len, true), GDB_E_FAULT);
}

// --- breakpoints and watchpoints: Z type,addr,kind

static bool change_point(Machine *m, bool insert, unsigned type, uint64_t addr, uint64_t len)
{
    static const WatchKind kinds[] = {[2] = WATCH_WRITE, [3] = WATCH_READ, [4] = WATCH_ACCESS};
    if (type <= 1) {
        if (insert) {
            debug_break_insert(m, addr); // gdb may insert one twice
        } else {
            debug_break_remove(m, addr);
        }
        return true;
    }
    if (!insert) {
        debug_watch_remove(m, addr, len, kinds[type]);
        return true;
    }
    // False for one that is there already, too: removing first makes it a no-op.
    debug_watch_remove(m, addr, len, kinds[type]);
    return debug_watch_insert(m, addr, len, kinds[type]);
}

static void point(GdbServer *g, GdbArgs *a, bool insert)
{
    uint64_t type, addr, len;
    if (!gdb_take_hex(a, &type) || !gdb_take_char(a, ',') || !take_range(a, &addr, &len)) {
        gdb_reply_error(g, GDB_E_INVAL);
    } else if (type > 4) {
        gdb_reply(g, ""); // not supported
    } else {
        reply_ok_or(g, change_point(g->machine, insert, (unsigned)type, addr, len), GDB_E_INVAL);
    }
}

static void insert_point(GdbServer *g, GdbArgs *a)
{
    point(g, a, true);
}

static void remove_point(GdbServer *g, GdbArgs *a)
{
    point(g, a, false);
}

// --- threads and the connection

static void set_thread(GdbServer *g, GdbArgs *a)
{
    VCPU *v;
    bool run = gdb_take_char(a, 'c');
    if ((!run && !gdb_take_char(a, 'g')) || !gdb_take_thread(g, a, &v)) {
        gdb_reply_error(g, GDB_E_INVAL);
        return;
    }
    if (run) {
        g->run_cpu = v;
    } else if (v) {
        g->reg_cpu = v;
    }
    gdb_reply(g, "OK");
}

static void thread_alive(GdbServer *g, GdbArgs *a)
{
    VCPU *v;
    reply_ok_or(g, gdb_take_thread(g, a, &v) && v, GDB_E_NOENT);
}

static void why_stopped(GdbServer *g, GdbArgs *a)
{
    (void)a;
    gdb_reply_stop(g, GDB_SIGTRAP);
}

static void detach(GdbServer *g, GdbArgs *a)
{
    (void)a;
    gdb_reply(g, "OK");
    gdb_detach(g);
}

static void kill_machine(GdbServer *g, GdbArgs *a)
{
    (void)a;
    g->attached = false;
    machine_request_by(g->machine, MACHINE_QUIT, 0, MACHINE_CAUSE_HOST_UI);
}

static void kill_and_reply(GdbServer *g, GdbArgs *a)
{
    gdb_reply(g, "OK");
    kill_machine(g, a);
}

static const GdbCommand commands[] = {
    {"?", why_stopped},
    {"g", read_all},
    {"G", write_all_registers},
    {"p", read_one},
    {"P", write_one},
    {"m", read_mem},
    {"M", write_hex},
    {"X", write_binary},
    {"Z", insert_point},
    {"z", remove_point},
    {"H", set_thread},
    {"T", thread_alive},
    {"bs", gdb_reverse_step},
    {"bc", gdb_reverse_continue},
    {"c", gdb_continue},
    {"C", gdb_continue_signal},
    {"s", gdb_step},
    {"S", gdb_step_signal},
    {"vCont", gdb_vcont},
    {"vKill", kill_and_reply},
    {"q", gdb_query},
    {"Q", gdb_set},
    {"D", detach},
    {"k", kill_machine},
};

bool gdb_dispatch(GdbServer *g, const GdbCommand *table, size_t n, GdbArgs *a)
{
    for (size_t i = 0; i < n; i++) {
        if (gdb_take_text(a, table[i].name)) {
            table[i].handle(g, a);
            return true;
        }
    }
    return false;
}

// An empty reply says: not supported.
void gdb_handle_packet(GdbServer *g, const uint8_t *payload, size_t len)
{
    GdbArgs a = {(const char *)payload, (const char *)payload + len};
    if (!gdb_dispatch(g, commands, ARRAY_LEN(commands), &a)) {
        gdb_reply(g, "");
    }
}
