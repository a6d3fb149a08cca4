// The gdb server against a small machine: two CPUs, code that loops over a page of data, and a gdb
// that sends real packets, changed ones, and noise. In between the machine runs.
#include <stdio.h>
#include <string.h>

#include "chardev/backend.h"
#include "gdbstub/internal.h"
#include "host-backends/backend.h"
#include "tests/fuzz/machine.h"

#define RAM_BASE UINT64_C(0x40000000)
#define CODE     (RAM_BASE + 0x10000)
#define PACKETS  150 // a run

// What gdb says to a machine; %x is a number that makes sense.
static const char *const packets[] = {
    "?",
    "g",
    "p%x",
    "P%x=8877665544332211",
    "P21=1000014000000000",
    "m%x,%x",
    "m40010000,20",
    "M%x,4:deadbeef",
    "X%x,4:abcd",
    "X40020000,0:",
    "Z0,%x,4",
    "z0,%x,4",
    "Z0,40010008,4",
    "z0,40010008,4",
    "Z1,%x,4",
    "z1,%x,4",
    "Z2,%x,8",
    "z2,%x,8",
    "Z3,40020000,8",
    "z3,40020000,8",
    "Z4,%x,%x",
    "z4,%x,%x",
    "Hg%x",
    "Hc-1",
    "Hc%x",
    "T%x",
    "c",
    "c40010000",
    "C05",
    "s",
    "s40010004",
    "S05;40010000",
    "vCont?",
    "vCont;c",
    "vCont;s:1;c",
    "vCont;s:%x",
    "vCont;C05:%x;s",
    "vMustReplyEmpty",
    "vKill;1",
    "qSupported:multiprocess+;swbreak+;hwbreak+;vContSupported+",
    "qXfer:features:read:target.xml:%x,%x",
    "qXfer:features:read:target.xml:0,ffb",
    "qfThreadInfo",
    "qsThreadInfo",
    "qThreadExtraInfo,%x",
    "qAttached",
    "qC",
    "qSymbol::",
    "qOffsets",
    "qTStatus",
    "qqemu.PhyMemMode",
    "Qqemu.PhyMemMode:1",
    "Qqemu.PhyMemMode:0",
    "QStartNoAckMode",
    "D",
    "D;1",
    "k",
    "!",
};

// For the monitor, as hex in qRcmd.
static const char *const commands[] = {
    "help",
    "info registers",
    "info registers -a",
    "info mtree",
    "info jit",
    "info status",
    "info qtree",
    "info block",
    "info network",
    "info chardev",
    "info version",
    "info cpus",
    "x/4i $pc",
    "x/8x 0x40010000",
    "xp/2gx 0x40020000",
    "p $x0 + 4",
    "print 1+(2*3",
    "system_reset",
    "stop",
    "cont",
    "log in_asm,int",
    "log none",
    "stopped",
    "x/99999999b 0",
    "memsave 0 1 /dev/null",
    NULL,
};

static const char *const words[] = {
    ",", ":",    ";",          "=",        "-1",     "ffffffffffffffff", "}",   "*",   "#00",
    "$", "\003", "target.xml", "40010000", "vCont;", "qRcmd,",           "Z2,", "m0,", NULL};

// --- the machine

// ldr x1, [x0]; add x1, x1, #1; str x1, [x0]; ldr x2, [x0, #8]; b .-16
static const uint32_t program[] = {0xf9400001, 0x91000421, 0xf9000001, 0xf9400402, 0x17fffffc};

static FuzzMachine *make_machine(Fuzz *f)
{
    const char *why;
    char *error = NULL;
    MachineConfig c = {.machine = "virt", .cpu = "max", .smp = 2};
    c.engine.backend = fuzz_one_in(f, 2) ? host_backend_find(&why) : NULL;
    FuzzMachine *fm = fuzz_machine_new(f, &c, NULL, &error);
    if (!fm || !gdb_server_start(fm->m, "null", &error)) {
        fuzz_fail("machine: %s", error);
    }
    memcpy(mem_dma(fm->m->memory, CODE, sizeof(program)), program, sizeof(program));
    for (unsigned i = 0; i < 2; i++) {
        VCPU *v = fm->m->cpu[i];
        v->pc = CODE;
        v->gpr[0] = RAM_BASE + 0x20000;
        v->stopped = v->halted = 0;
    }
    return fm;
}

// --- gdb

static uint64_t sensible(Fuzz *f)
{
    switch (fuzz_below(f, 4)) {
    case 0:
        return fuzz_below(f, 4);
    case 1:
        return CODE + fuzz_below(f, 32);
    case 2:
        return RAM_BASE + 0x20000 + fuzz_below(f, 32);
    default:
        return fuzz_number(f);
    }
}

static GString *from_template(Fuzz *f)
{
    GString *s = g_string_new(NULL);
    for (const char *p = FUZZ_PICK(f, packets); *p; p++) {
        if (p[0] == '%') {
            g_string_append_printf(s, "%llx", (unsigned long long)sensible(f));
            p++;
        } else {
            g_string_append_c(s, *p);
        }
    }
    return s;
}

static GString *monitor_packet(Fuzz *f)
{
    GString *line = g_string_new(commands[fuzz_below(f, ARRAY_LEN(commands) - 1)]);
    if (fuzz_one_in(f, 2)) {
        fuzz_mutate_text(f, line, commands);
    }
    GString *s = g_string_new("qRcmd,");
    gdb_append_hex(s, line->str, line->len);
    g_string_free(line, TRUE);
    return s;
}

static GString *all_registers(Fuzz *f)
{
    GString *s = g_string_new("G");
    for (uint64_t n = fuzz_below(f, 900); n; n--) {
        g_string_append_printf(s, "%02x", fuzz_one_in(f, 2) ? 0 : (unsigned)fuzz_below(f, 256));
    }
    return s;
}

static void feed(FuzzMachine *fm, const uint8_t *p, size_t n)
{
    GdbServer *g = machine_lookup(fm->m, "gdb");
    while (n) {
        size_t some = 1 + fuzz_below(fm->f, 2000), part = MIN_OF(n, some);
        chardev_input(g->chardev, p, part);
        p += part;
        n -= part;
    }
}

static void send_packet(FuzzMachine *fm, const GString *s)
{
    Fuzz *f = fm->f;
    GByteArray *out = g_byte_array_new();
    if (f->verbose) {
        printf("$%s\n", s->str);
        fflush(stdout);
    }
    gdb_frame(out, s->str, s->len);
    if (fuzz_one_in(f, 12)) {
        fuzz_mutate(f, out);
    }
    feed(fm, out->data, out->len);
    g_byte_array_free(out, TRUE);
    f->inputs++;
}

static void send_noise(FuzzMachine *fm)
{
    uint8_t b[512];
    size_t n = fuzz_below(fm->f, sizeof(b));
    for (size_t i = 0; i < n; i++) {
        b[i] = (uint8_t)fuzz_random(fm->f);
    }
    feed(fm, b, n);
}

static void say_something(FuzzMachine *fm)
{
    Fuzz *f = fm->f;
    GString *s;
    switch (fuzz_below(f, 12)) {
    case 0:
        send_noise(fm);
        return;
    case 1:
        feed(fm, (const uint8_t *)FUZZ_PICK(f, ((const char *[]){"\003", "-", "+", "$"})), 1);
        return;
    case 2:
        s = monitor_packet(f);
        break;
    case 3:
        s = all_registers(f);
        break;
    default:
        s = from_template(f);
        if (fuzz_one_in(f, 3)) {
            fuzz_mutate_text(f, s, words);
        }
    }
    send_packet(fm, s);
    g_string_free(s, TRUE);
}

static void run(Fuzz *f)
{
    FuzzMachine *fm = make_machine(f);
    for (unsigned i = 0; i < PACKETS; i++) {
        say_something(fm);
        if (fm->m->stop == MACHINE_QUIT) { // a "k" among them
            fm->m->stop = MACHINE_PAUSED;
        }
        if (fm->m->stop == MACHINE_RUNNING && fuzz_one_in(f, 2)) {
            fuzz_machine_turn(fm, 1 + fuzz_below(f, 200));
        }
        if (fuzz_one_in(f, 16)) {
            fuzz_pass_time(fm);
        }
    }
    fuzz_machine_free(fm);
}

const Fuzzer fuzzer = {
    .name = "fuzz_gdb",
    .what = "Packets, changed packets and noise for the gdb server, with a machine that runs.",
    .unit = "packets",
    .run = run,
};
