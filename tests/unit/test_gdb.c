// gdb's packet framing, and the server against a machine of two vCPUs that never run.
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "chardev/backend.h"
#include "gdbstub/internal.h"

// --- framing

static GdbEvent feed(GdbParser *p, const char *bytes, size_t n)
{
    GdbEvent last = GDB_NOTHING;
    for (size_t i = 0; i < n; i++) {
        GdbEvent e = gdb_parser_feed(p, (uint8_t)bytes[i]);
        last = e == GDB_NOTHING ? last : e;
    }
    return last;
}

#define FEED(p, s) feed(p, s, sizeof(s) - 1)

Test(gdb_packet, framing)
{
    GdbParser *p = g_new0(GdbParser, 1);
    cr_assert_eq(FEED(p, "noise+"), GDB_ACK);
    cr_assert_eq(FEED(p, "-"), GDB_NAK);
    cr_assert_eq(FEED(p, "\003"), GDB_INTERRUPT);
    cr_assert_eq(FEED(p, "$g#67"), GDB_PACKET);
    cr_assert_eq(p->len, 1);
    cr_assert_eq(FEED(p, "$g#68"), GDB_BAD);
    cr_assert_eq(FEED(p, "$g#zz"), GDB_BAD);
    cr_assert_eq(FEED(p, "$cut$g#67"), GDB_PACKET);
    cr_assert_eq(FEED(p, "$#00"), GDB_PACKET);
    cr_assert_eq(p->len, 0);
    cr_assert_eq(FEED(p, "$a\003b#c6"), GDB_PACKET); // no interrupt inside a packet
}

Test(gdb_packet, too_long)
{
    GdbParser *p = g_new0(GdbParser, 1);
    FEED(p, "$");
    for (int i = 0; i < 1000000; i++) {
        cr_assert_eq(gdb_parser_feed(p, 'x'), GDB_NOTHING);
    }
    cr_assert_eq(FEED(p, "#00"), GDB_TOO_LONG);
    cr_assert_eq(FEED(p, "$g#67"), GDB_PACKET);
}

Test(gdb_packet, escapes_go_both_ways)
{
    GdbParser *p = g_new0(GdbParser, 1);
    uint8_t all[256];
    for (int i = 0; i < 256; i++) {
        all[i] = (uint8_t)i;
    }
    GByteArray *out = g_byte_array_new();
    gdb_frame(out, all, sizeof(all));
    cr_assert_eq(feed(p, (const char *)out->data, out->len), GDB_PACKET);
    cr_assert_eq(p->len, sizeof(all));
    cr_assert_arr_eq(p->payload, all, sizeof(all));
}

// --- the server

static const GdbRegister regs[] = {
    {"x0", 64, "int"}, {"x1", 64, "int"}, {"pc", 64, "code_ptr"}, {"v0", 128, "aarch64v"}};

static bool fake_read(VCPU *v, unsigned reg, void *buf)
{
    if (reg == 3) {
        memcpy(buf, &v->vec[0], 16);
    } else {
        memcpy(buf, reg == 2 ? &v->pc : &v->gpr[reg], 8);
    }
    return true;
}

static bool fake_write(VCPU *v, unsigned reg, const void *buf)
{
    if (reg == 3) {
        memcpy(&v->vec[0], buf, 16);
    } else {
        memcpy(reg == 2 ? &v->pc : &v->gpr[reg], buf, 8);
    }
    return true;
}

static void fake_sync(VCPU *v)
{
    (void)v;
}

// The machine's one page of memory is at 0x1000; what lies above is unmapped.
static uint64_t fake_phys(VCPU *v, uint64_t va)
{
    (void)v;
    return va >= 0x1000 && va < 0x2000 ? va : UINT64_MAX;
}

static const TargetOps fake_target = {
    .name = "aarch64",
    .gdb_arch = "aarch64",
    .gdb_regs = regs,
    .n_gdb_regs = ARRAY_LEN(regs),
    .gdb_read = fake_read,
    .gdb_write = fake_write,
    .sync = fake_sync,
    .virt_to_phys_debug = fake_phys,
};

typedef struct Rig {
    Machine *m;
    GdbServer *g;
    char log[32]; // file with what the server said
} Rig;

static Rig *rig(void)
{
    Rig *r = g_new0(Rig, 1);
    char *error = NULL;
    static const BoardType board = {.name = "test", .target = "aarch64"};
    static const MachineConfig config = {0};
    Machine *m = r->m = machine_new(&board, &config);
    mem_map(address_space_root(m->memory), 0x1000, mem_ram("ram", 0x1000), 0);
    for (unsigned i = 0; i < 2; i++) {
        VCPU *v = g_malloc0(ALIGN_UP(sizeof(VCPU), 64));
        v->target = &fake_target;
        machine_add_cpu(m, v);
    }
    strcpy(r->log, "/tmp/mimus-test-XXXXXX");
    close(mkstemp(r->log));
    char *spec = g_strdup_printf("null,logfile=%s", r->log);
    cr_assert(gdb_server_start(m, spec, &error), "%s", error);
    g_free(spec);
    r->g = machine_lookup(m, "gdb");
    return r;
}

static void send_bytes(Rig *r, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    while (n) {
        size_t part = MIN_OF(n, (size_t)1000);
        chardev_input(r->g->chardev, p, part);
        p += part;
        n -= part;
    }
}

// Sends a payload; returns that of the reply.
static char *ask_bytes(Rig *r, const char *payload, size_t n)
{
    cr_assert_eq(truncate(r->log, 0), 0);
    lseek(r->g->chardev->log_fd, 0, SEEK_SET);
    GByteArray *out = g_byte_array_new();
    gdb_frame(out, payload, n);
    send_bytes(r, out->data, out->len);
    g_byte_array_free(out, TRUE);
    char *text;
    gsize len;
    cr_assert(g_file_get_contents(r->log, &text, &len, NULL));
    GdbParser *p = g_new0(GdbParser, 1);
    char *reply = NULL;
    for (gsize i = 0; i < len; i++) {
        if (gdb_parser_feed(p, (uint8_t)text[i]) == GDB_PACKET) {
            g_free(reply);
            reply = g_strdup((const char *)p->payload);
        }
    }
    g_free(p);
    g_free(text);
    return reply ? reply : g_strdup("(none)");
}

static char *ask(Rig *r, const char *payload)
{
    return ask_bytes(r, payload, strlen(payload));
}

Test(gdb_server, talks)
{
    static const struct {
        const char *packet, *reply;
    } talk[] = {
        {"?", "T05thread:1;"},
        {"vMustReplyEmpty", ""},
        {"Hg0", "OK"},
        {"Hc-1", "OK"},
        {"Hg9", "E16"},
        {"qC", "QC1"},
        {"qfThreadInfo", "m1,2"},
        {"qsThreadInfo", "l"},
        {"qThreadExtraInfo,2", "4350552031202872756e6e696e6729"},
        {"T2", "OK"},
        {"T3", "E02"},
        {"qAttached", "1"},
        {"vCont?", "vCont;c;C;s;S"},
        {"P0=8877665544332211", "OK"},
        {"p0", "8877665544332211"},
        {"p9", "E16"},
        {"p", "E16"},
        {"P0=88", "E16"},
        {"P0", "E16"},
        {"M1000,4:deadbeef", "OK"},
        {"m1000,4", "deadbeef"},
        {"m1ffe,4", "0000"},
        {"m2000,4", "E0e"},
        {"m1000", "E16"},
        {"m1000,4;", "E16"},
        {"M1000,4:dead", "E16"},
        {"M3000,1:00", "E0e"},
        {"m0,11111111111111111111", "E16"},
        {"X1000,0:", "OK"},
        {"X1000,5:ab", "E16"},
        {"Z0,1000,4", "OK"},
        {"Z0,1000,4", "OK"},
        {"z0,1000,4", "OK"},
        {"Z2,1000,8", "OK"},
        {"Z2,1000,8", "OK"},
        {"z2,1000,8", "OK"},
        {"Z4,0,ffffffffffff", "E16"},
        {"z4,0,ffffffffffff", "OK"},
        {"Z3,ffffffffffffffff,ff", "OK"},
        {"Z7,0,0", ""},
        {"Zx", "E16"},
        {"vCont", "E16"},
        {"vCont;x", "E16"},
        {"vCont;c:7", "E16"},
        {"qemu", ""},
        {"QStartNoAckMode", "OK"},
        {"zz", "E16"},
        {"!", ""},
    };
    Rig *r = rig();
    cr_assert_eq(r->m->stop, MACHINE_RUNNING);
    for (size_t i = 0; i < ARRAY_LEN(talk); i++) {
        char *reply = ask(r, talk[i].packet);
        cr_assert_str_eq(reply, talk[i].reply, "%s: '%s', not '%s'", talk[i].packet, reply,
                         talk[i].reply);
        g_free(reply);
    }
    cr_assert_eq(r->m->stop, MACHINE_PAUSED); // since gdb spoke
    cr_assert_eq(r->m->cpu[0]->gpr[0], 0x1122334455667788);
    unlink(r->log);
}

Test(gdb_server, binary_writes_and_descriptions)
{
    Rig *r = rig();
    cr_assert_str_eq(ask_bytes(r, "X1000,4:\x7d\x24\x00\x2a", 12), "OK");
    cr_assert_str_eq(ask(r, "m1000,4"), "7d24002a");
    char *xml = ask(r, "qXfer:features:read:target.xml:0,ffff");
    cr_assert_eq(xml[0], 'l');
    cr_assert_not_null(strstr(xml, "org.gnu.gdb.aarch64.core"));
    cr_assert_not_null(strstr(xml, "<reg name=\"v0\" bitsize=\"128\" type=\"aarch64v\""));
    cr_assert_eq(ask(r, "qXfer:features:read:target.xml:0,10")[0], 'm');
    cr_assert_str_eq(ask(r, "qXfer:features:read:target.xml:fffffffff,10"), "l");
    cr_assert_not_null(strstr(ask(r, "qSupported:x"), "PacketSize=4000"));
    cr_assert_str_eq(ask(r, "qRcmd,696e666f2076657273696f6e"), "OK"); // info version
    cr_assert_str_eq(ask(r, "qRcmd,6"), "E16");
    unlink(r->log);
}

Test(gdb_server, runs_and_stops)
{
    Rig *r = rig();
    ask(r, "?");
    cr_assert_str_eq(ask(r, "vCont;s:2;c"), "(none)");
    cr_assert_eq(r->m->stop, MACHINE_RUNNING);
    cr_assert_eq(r->g->waiting, true);
    lseek(r->g->chardev->log_fd, 0, SEEK_SET);
    cr_assert_eq(truncate(r->log, 0), 0);
    send_bytes(r, "\003", 1);
    cr_assert_eq(r->m->stop, MACHINE_PAUSED);
    r->m->paused(r->m->paused_opaque); // as the loop does
    char *text;
    cr_assert(g_file_get_contents(r->log, &text, NULL, NULL));
    cr_assert_not_null(strstr(text, "T02thread:1;"));
    cr_assert_str_eq(ask(r, "D"), "OK");
    cr_assert_eq(r->m->stop, MACHINE_RUNNING);
    unlink(r->log);
}

// Random bytes, and random packets with the letters that handlers look for.
Test(gdb_server, random_bytes_do_no_harm, .timeout = 120)
{
    static const char letters[] = "?gGpPmMXZzHTcCsSqQvCont;:,=#$0123456789abcdefx-}*\003 Rcmd";
    Rig *r = rig();
    GRand *rand = g_rand_new_with_seed(42);
    for (int round = 0; round < 20000; round++) {
        char b[300];
        size_t n = (size_t)g_rand_int_range(rand, 0, sizeof(b));
        for (size_t i = 0; i < n; i++) {
            b[i] = round % 3 ? letters[g_rand_int_range(rand, 0, sizeof(letters) - 1)]
                             : (char)g_rand_int(rand);
        }
        if (round % 3 == 2) {
            GByteArray *out = g_byte_array_new();
            gdb_frame(out, b, n % 40);
            send_bytes(r, out->data, out->len);
            g_byte_array_free(out, TRUE);
        } else {
            send_bytes(r, b, n);
        }
        if (r->m->stop == MACHINE_QUIT) { // a "k" among them
            r->m->stop = MACHINE_PAUSED;
        }
    }
    g_rand_free(rand);
    cr_assert_eq(truncate(r->log, 0), 0);
    cr_assert_not_null(r->g->chardev);
    send_bytes(r, "#00", 3);
    cr_assert_str_eq(ask(r, "Hg0"), "OK");
    unlink(r->log);
}
