// Compares our x86 with the host's CPU, instruction by instruction:
//
//   decode rows --generate--> cases --+--> runner process, on the CPU itself ---> results --+
//                                     +--> our interpreter, our JIT ------------> results --+-->
//                                     diff
//
// Each row gets the same number of random cases in 64-bit, 32-bit and 16-bit (protected) mode.
// Status flags that a row names as undefined are not compared. Prints the first differences of each
// row, what the floating-point cases covered, and a summary; status 1 if anything differs.
#define _GNU_SOURCE
#include <fcntl.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host-backends/backend.h"
#include "tests/oracle_x86/bare.h"
#include "tests/oracle_x86/coverage.h"
#include "tests/oracle_x86/disassemble.h"
#include "tests/oracle_x86/generate.h"
#include "tests/oracle_x86/rules.h"
#include "util/log.h"

enum { N_MODES = 3 };
static const unsigned mode_bits[N_MODES] = {16, 32, 64};

typedef struct Options {
    unsigned cases, shown, sequence; // sequence: instructions of a case, 0: each row alone
    uint64_t seed;
    const char *group, *row, *runner[2]; // 32-bit, 64-bit
    bool interp, jit, mode[N_MODES];
} Options;

typedef struct Totals {
    unsigned rows, rows_bad, left_out, empty;
    uint64_t cases, bad;
    Coverage coverage;
} Totals;

// --- the reference

typedef struct Runner {
    XShared *shared;
    int to, from;
    pid_t pid;
} Runner;

static Runner start_runner(const char *path, unsigned bits)
{
    Runner r;
    int in[2], out[2], fd = memfd_create("cases", 0);
    if (fd < 0 || ftruncate(fd, sizeof(XShared)) || pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC)) {
        die("cannot set up the runner's memory and pipes");
    }
    r.shared = mmap(NULL, sizeof(XShared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    r.pid = fork();
    if (r.pid == 0) {
        char arg[16];
        snprintf(arg, sizeof arg, "%d", fd);
        dup2(in[0], 0);
        dup2(out[1], 1);
        execl(path, path, arg, bits == 16 ? "16" : "", (char *)NULL);
        perror(path);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    close(fd);
    r.to = in[1];
    r.from = out[0];
    return r;
}

static void run_batch(Runner *r)
{
    char byte = 0;
    if (write(r->to, &byte, 1) != 1 || read(r->from, &byte, 1) != 1) {
        die("the runner died in a batch that begins with %02x %02x %02x %02x",
            r->shared->in[0].code[0], r->shared->in[0].code[1], r->shared->in[0].code[2],
            r->shared->in[0].code[3]);
    }
}

static void stop_runner(Runner *r)
{
    close(r->to);
    close(r->from);
    waitpid(r->pid, NULL, 0);
    munmap(r->shared, sizeof(XShared));
}

// --- reporting

static void hex(const uint8_t *p, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        printf("%02x", p[n - 1 - i]);
    }
}

static void diff_bytes(const char *what, unsigned i, const void *before, const void *want,
                       const void *got, unsigned n)
{
    if (memcmp(want, got, n)) {
        printf("      %s%u: before ", what, i);
        hex(before, n);
        printf(", expected ");
        hex(want, n);
        printf(", got ");
        hex(got, n);
        printf("\n");
    }
}

static void diff(const char *what, uint64_t before, uint64_t want, uint64_t got)
{
    if (want != got) {
        printf("      %s: before %" PRIx64 ", expected %" PRIx64 ", got %" PRIx64 "\n", what,
               before, want, got);
    }
}

static void show_state(const XState *b, const XState *want, const XState *got)
{
    static const char *const names[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                        "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
    for (unsigned i = 0; i < 16; i++) {
        diff(names[i], b->gpr[i], want->gpr[i], got->gpr[i]);
    }
    diff("rip", XO_SLOT, want->rip, got->rip);
    diff("eflags", b->eflags, want->eflags, got->eflags);
    diff("mxcsr", b->mxcsr, want->mxcsr, got->mxcsr);
    diff("fcw", b->fcw, want->fcw, got->fcw);
    diff("fsw", b->fsw, want->fsw, got->fsw);
    diff("tags", b->valid, want->valid, got->valid);
    for (unsigned i = 0; i < 8; i++) {
        diff_bytes("st", i, b->st[i], want->st[i], got->st[i], 10);
    }
    for (unsigned i = 0; i < 16; i++) {
        diff_bytes("ymm", i, b->ymm[i], want->ymm[i], got->ymm[i], 32);
    }
}

static void show_inputs(const XState *s)
{
    printf("      inputs:");
    for (unsigned i = 0; i < 8; i++) {
        printf(" %" PRIx64, s->gpr[i]);
    }
    printf(" eflags %x mxcsr %x fcw %x fsw %x tags %x\n", s->eflags, s->mxcsr, s->fcw, s->fsw,
           s->valid);
}

static void show_memory(const char *what, const XResult *r)
{
    printf("      %s: %u bytes at +%x:", what, r->mem_len, r->mem_first);
    for (unsigned i = 0; i < MIN_OF(r->mem_len, 32u); i++) {
        printf(" %02x", r->mem[i]);
    }
    printf("\n");
}

static void show(const char *engine, unsigned bits, const XCase *c, const XResult *want,
                 const XResult *got)
{
    printf("    %s, %u-bit:", engine, bits);
    print_instruction(c->code, c->len, bits);
    show_inputs(&c->before);
    diff("trap", 0, want->trap, got->trap);
    diff("error", 0, want->error, got->error);
    diff("cr2", 0, want->cr2, got->cr2);
    show_state(&c->before, &want->after, &got->after);
    if (want->mem_len != got->mem_len || want->mem_first != got->mem_first ||
        memcmp(want->mem, got->mem, XO_REPORT)) {
        show_memory("expected memory", want);
        show_memory("got", got);
    }
}

// --- rows

typedef struct Mode {
    unsigned bits;
    XGenerator gen;
    Runner runner;
    Bare *bare[2]; // interpreter, JIT
} Mode;

static const char *const engine_names[] = {"interpreter", "JIT"};

// Returns the number of cases that differ.
static unsigned compare_batch(const Options *o, Mode *m, const X86Row *row, const X86Insn *insns,
                              unsigned *shown)
{
    unsigned bad = 0;
    for (unsigned i = 0; i < m->runner.shared->n; i++) {
        const XCase *c = &m->runner.shared->in[i];
        for (unsigned e = 0; e < 2; e++) {
            XResult got, want = m->runner.shared->out[i];
            if (!m->bare[e]) {
                continue;
            }
            bare_run(m->bare[e], c, &got);
            if (rules_same(row, &insns[i], c, &want, &got)) {
                continue;
            }
            bad++;
            if ((*shown)++ < o->shown) {
                show(engine_names[e], m->bits, c, &want, &got);
            }
        }
    }
    return bad;
}

static void run_row(const Options *o, Mode *m, const X86Row *row, Totals *t)
{
    static X86Insn insns[XO_BATCH];
    unsigned bad = 0, shown = 0, done = 0;
    if (!xo_row_applies(&m->gen, row)) {
        t->left_out++;
        return;
    }
    while (done < o->cases) {
        XShared *s = m->runner.shared;
        s->n = 0;
        while (s->n < XO_BATCH && done + s->n < o->cases &&
               xo_generate(&m->gen, row, &s->in[s->n], &insns[s->n])) {
            s->n++;
        }
        if (!s->n) {
            break;
        }
        run_batch(&m->runner);
        bad += compare_batch(o, m, row, insns, &shown);
        for (unsigned i = 0; i < s->n; i++) {
            coverage_note(&t->coverage, row, &s->in[i], &s->out[i]);
        }
        done += s->n;
    }
    t->rows++;
    t->cases += done;
    t->bad += bad;
    t->rows_bad += bad != 0;
    t->empty += done == 0;
    if (bad || !done) {
        printf("  %s %s (%s), %u-bit: %s", row->name, row->encoding, row->operands, m->bits,
               done ? "" : "no case could be made\n");
        if (done) {
            printf("%u of %u differ\n", bad, done);
        }
        fflush(stdout);
    }
}

static void run_mode(const Options *o, Mode *m, Totals *t)
{
    for (unsigned g = 0; g < x86_n_groups; g++) {
        const X86Group *group = x86_groups[g];
        if (o->group && strcmp(o->group, group->name)) {
            continue;
        }
        for (unsigned r = 0; r < group->n_rows; r++) {
            if (!o->row || !strcmp(o->row, group->rows[r].name)) {
                m->gen.random.s = o->seed * 1000003 + g * 1009 + r + 1;
                run_row(o, m, &group->rows[r], t);
            }
        }
    }
}

static void run_sequences(const Options *o, Mode *m, Totals *t)
{
    static const X86Row row = {.name = "sequence", .undefined = "A"};
    static const X86Insn none[XO_BATCH];
    unsigned shown = 0, bad = 0;
    m->gen.random.s = o->seed * 1000003 + 1;
    for (unsigned done = 0; done < o->cases; done += m->runner.shared->n) {
        XShared *s = m->runner.shared;
        s->n = MIN_OF(XO_BATCH, o->cases - done);
        for (unsigned i = 0; i < s->n; i++) {
            xo_generate_sequence(&m->gen, o->sequence, o->group, o->row, &s->in[i]);
        }
        run_batch(&m->runner);
        bad += compare_batch(o, m, &row, none, &shown);
        t->cases += s->n;
    }
    t->bad += bad;
    t->rows_bad += bad != 0;
    t->rows++;
}

// --- command line

NORETURN static void usage(void)
{
    printf("usage: x86-oracle --runner32 FILE --runner64 FILE [--cases N] [--shown N] [--seed N]\n"
           "                  [--group NAME] [--row NAME] [--engine interp|jit] [--mode 16|32|64]\n"
           "                  [--sequence N]\n");
    exit(2);
}

static Options parse(int argc, char **argv)
{
    Options o = {.cases = 1000,
                 .shown = 2,
                 .seed = 1,
                 .interp = true,
                 .jit = true,
                 .mode = {true, true, true}};
    for (int i = 1; i < argc; i += 2) {
        const char *key = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (!value) {
            usage();
        } else if (!strcmp(key, "--runner32")) {
            o.runner[0] = value;
        } else if (!strcmp(key, "--runner64")) {
            o.runner[1] = value;
        } else if (!strcmp(key, "--cases")) {
            o.cases = (unsigned)atoi(value);
        } else if (!strcmp(key, "--shown")) {
            o.shown = (unsigned)atoi(value);
        } else if (!strcmp(key, "--sequence")) {
            o.sequence = (unsigned)atoi(value);
        } else if (!strcmp(key, "--seed")) {
            o.seed = strtoull(value, NULL, 0);
        } else if (!strcmp(key, "--group")) {
            o.group = value;
        } else if (!strcmp(key, "--row")) {
            o.row = value;
        } else if (!strcmp(key, "--engine")) {
            o.interp = !strcmp(value, "interp");
            o.jit = !o.interp;
        } else if (!strcmp(key, "--mode")) {
            for (unsigned m = 0; m < N_MODES; m++) {
                o.mode[m] = mode_bits[m] == (unsigned)atoi(value);
            }
        } else {
            usage();
        }
    }
    return o;
}

static Bare *machine(unsigned bits, const struct HostBackend *backend)
{
    char *error = NULL;
    Bare *b = bare_new("max", bits, backend, &error);
    if (!b) {
        die("%s", error);
    }
    return b;
}

static const HostBackend *backend(void)
{
    const char *why;
    const HostBackend *b = host_backend_find(&why);
    if (!b) {
        die("no JIT: %s", why);
    }
    return b;
}

static Mode start_mode(const Options *o, unsigned bits)
{
    static const uint64_t size_flags[] = {
        [1] = 0, [2] = X86_BF_CODE32 | X86_BF_STACK32, [4] = X86_BF_CODE64};
    Mode m = {.bits = bits};
    m.runner = start_runner(o->runner[bits == 64], bits);
    m.bare[0] = o->interp ? machine(bits, NULL) : NULL;
    m.bare[1] = o->jit ? machine(bits, backend()) : NULL;
    const Bare *any = m.bare[0] ? m.bare[0] : m.bare[1];
    m.gen = (XGenerator){.decoder = x86_decoder_new(),
                         .features = any->cpu->features,
                         .bits = bits,
                         .mode64 = bits == 64,
                         .block_flags = X86_BF_PROTECTED | X86_BF_LONG | 3 | size_flags[bits / 16] |
                                        X86_BF_SSE | X86_BF_AVX | X86_BF_XSAVE | X86_BF_FSGSBASE};
    return m;
}

int main(int argc, char **argv)
{
    Options o = parse(argc, argv);
    Totals t = {0};
    for (unsigned mode = 0; mode < N_MODES; mode++) {
        if (!o.mode[mode] || !o.runner[mode_bits[mode] == 64]) {
            continue;
        }
        Mode m = start_mode(&o, mode_bits[mode]);
        (o.sequence ? run_sequences : run_mode)(&o, &m, &t);
        stop_runner(&m.runner);
    }
    coverage_print(&t.coverage);
    printf("%u rows (by mode), %" PRIu64 " cases: %u rows with differences (%" PRIu64
           " cases), %u without a case, %u left out\n",
           t.rows, t.cases, t.rows_bad, t.bad, t.empty, t.left_out);
    return t.rows_bad || t.empty ? 1 : 0;
}
