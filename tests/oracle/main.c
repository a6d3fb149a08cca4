// Compares our A64 with a reference, instruction by instruction:
//
//   decode tables --generate--> cases --+--> a64_runner under qemu-aarch64 ---> results --+
//                                       +--> our interpreter, our JIT --------> results --+--> diff
//
// Each row of each chapter gets the same number of random cases, except those that rules.c leaves
// out; with --sequence, cases are random instructions in a row instead, which also tests the passes
// and the backend's register allocation. Prints the first differences of each row and a summary;
// status 1 if anything differs.
#include <capstone/capstone.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host-backends/backend.h"
#include "tests/oracle/bare.h"
#include "tests/oracle/generate.h"
#include "util/log.h"

#define NOP       0xd503201fu
#define FPSR_BITS 0x0800009fu

typedef struct Options {
    unsigned cases, shown, sequence;
    uint64_t seed;
    const char *chapter, *row;
    const char *runner, *qemu;
    bool interp, jit;
} Options;

typedef struct Totals {
    unsigned rows, rows_bad; // compared; with differences
    unsigned rows_known;     // in the chapters that were looked at
    uint64_t cases, bad;
} Totals;

// --- the reference

#define FULL_CPU  "max,sve=off,sme=off"
#define PLAIN_CPU "cortex-a72"

static void run_child(const Options *o, const char *cpu, int in, int out)
{
    dup2(in, 0);
    dup2(out, 1);
    execlp(o->qemu, o->qemu, "-cpu", cpu, o->runner, (char *)NULL);
    perror(o->qemu);
    _exit(127);
}

static FILE *temporary(void)
{
    FILE *f = tmpfile();
    if (!f) {
        die("cannot make a temporary file: %s", strerror(errno));
    }
    return f;
}

static void reference(const Options *o, const char *cpu, const OracleCase *c, OracleResult *r,
                      unsigned n)
{
    FILE *in = temporary(), *out = temporary();
    if (fwrite(c, sizeof *c, n, in) != n || fflush(in)) {
        die("cannot write the cases: %s", strerror(errno));
    }
    lseek(fileno(in), 0, SEEK_SET);
    pid_t child = fork();
    if (child == 0) {
        run_child(o, cpu, fileno(in), fileno(out));
    }
    int status = 0;
    waitpid(child, &status, 0);
    rewind(out);
    size_t got = fread(r, sizeof *r, n, out);
    if (got != n || status) {
        die("%s %s ended with status %d after %zu of %u cases (instruction %08x)", o->qemu,
            o->runner, status, got, n, got < n ? c[got].insn[0] : 0);
    }
    fclose(in);
    fclose(out);
}

// --- comparing

static void diff64(const char *what, unsigned i, uint64_t want, uint64_t got)
{
    if (want != got) {
        printf("      %s%u: expected %016" PRIx64 ", got %016" PRIx64 "\n", what, i, want, got);
    }
}

static bool same_x(const OracleRegs *a, const OracleRegs *b, uint32_t ignored)
{
    for (unsigned i = 0; i < 32; i++) {
        if (a->x[i] != b->x[i] && !(ignored >> i & 1)) {
            return false;
        }
    }
    return true;
}

static bool same_regs(const OracleRegs *a, const OracleRegs *b, uint32_t ignored)
{
    return same_x(a, b, ignored) && !memcmp(a->v, b->v, sizeof a->v) && a->nzcv == b->nzcv &&
           a->fpcr == b->fpcr && !((a->fpsr ^ b->fpsr) & FPSR_BITS);
}

static bool same(const OracleCase *c, const OracleResult *a, const OracleResult *b)
{
    return a->signal == b->signal && a->pc == b->pc && a->mem_len == b->mem_len &&
           a->mem_first == b->mem_first &&
           !memcmp(a->mem, b->mem, MIN_OF(a->mem_len, ORACLE_MEM_REPORT)) &&
           same_regs(&a->regs, &b->regs, c->ignored_x);
}

static void show_regs(const OracleRegs *want, const OracleRegs *got)
{
    for (unsigned i = 0; i < 32; i++) {
        diff64("x", i, want->x[i], got->x[i]);
    }
    for (unsigned i = 0; i < 64; i++) {
        diff64(i & 1 ? "v high " : "v low ", i / 2, want->v[i], got->v[i]);
    }
    if (want->nzcv != got->nzcv || want->fpcr != got->fpcr ||
        ((want->fpsr ^ got->fpsr) & FPSR_BITS)) {
        printf("      expected nzcv %08x fpcr %08x fpsr %08x, got %08x %08x %08x\n", want->nzcv,
               want->fpcr, want->fpsr, got->nzcv, got->fpcr, got->fpsr);
    }
}

static void show_memory(const char *who, const OracleResult *r)
{
    printf("      %s memory +0x%" PRIx64 ":", who, r->mem_first);
    for (unsigned i = 0; i < MIN_OF(r->mem_len, 64u); i++) {
        printf(" %02x", r->mem[i]);
    }
    printf("\n");
}

static void show_operands(const OracleCase *c)
{
    uint32_t insn = c->insn[c->n_insns - 1];
    unsigned n = insn >> 5 & 31, m = insn >> 16 & 31, a = insn >> 10 & 31, d = insn & 31;
    const unsigned r[] = {n, m, a, d};
    printf("      before: nzcv %08x fpcr %08x fpsr %08x\n", c->regs.nzcv, c->regs.fpcr,
           c->regs.fpsr);
    for (unsigned i = 0; i < 4; i++) {
        printf("        x%u %016" PRIx64 "  v%u %016" PRIx64 "_%016" PRIx64 "\n", r[i],
               c->regs.x[r[i]], r[i], c->regs.v[2 * r[i] + 1], c->regs.v[2 * r[i]]);
    }
}

static void show_insn(csh dis, uint32_t word)
{
    cs_insn *insn;
    uint8_t bytes[4] = {(uint8_t)word, (uint8_t)(word >> 8), (uint8_t)(word >> 16),
                        (uint8_t)(word >> 24)};
    if (cs_disasm(dis, bytes, 4, ORACLE_SLOT, 1, &insn)) {
        printf("    %08x  %s %s\n", word, insn->mnemonic, insn->op_str);
        cs_free(insn, 1);
    } else {
        printf("    %08x  (not known to the disassembler)\n", word);
    }
}

static void show(csh dis, const char *engine, const OracleCase *c, const OracleResult *want,
                 const OracleResult *got)
{
    for (unsigned i = 0; i < c->n_insns; i++) {
        if (c->insn[i] != NOP || c->n_insns == 1) {
            show_insn(dis, c->insn[i]);
        }
    }
    printf("      %s\n", engine);
    show_operands(c);
    if (want->signal != got->signal || want->pc != got->pc) {
        printf("      expected signal %u at +%" PRId64 ", got %u at +%" PRId64 "\n", want->signal,
               (int64_t)(want->pc - ORACLE_SLOT), got->signal, (int64_t)(got->pc - ORACLE_SLOT));
    }
    show_regs(&want->regs, &got->regs);
    if (want->mem_len || got->mem_len) {
        show_memory("expected", want);
        show_memory("got", got);
    }
}

// --- rows

typedef struct Runner {
    const Options *o;
    const char *cpu; // the reference's
    Gen gen;
    csh dis;
    Bare *engine[2];
    const char *engine_name[2];
    unsigned n_engines;
    OracleCase *c;
    OracleResult *want;
    Totals t;
    GString *uncovered; // a line for each row that was not compared
} Runner;

// A user-mode emulator that rewrites code under itself gives a wrong answer once in a million: a
// difference counts if it is there again in a run of its own.
static bool is_confirmed(Runner *r, unsigned i, const OracleResult *got)
{
    reference(r->o, r->cpu, &r->c[i], &r->want[i], 1);
    return !same(&r->c[i], &r->want[i], got);
}

// Replaces instructions of a sequence by NOPs as long as the difference stays.
static void reduce(Runner *r, unsigned e, unsigned i, OracleResult *got)
{
    OracleCase *c = &r->c[i];
    for (unsigned k = 0; c->n_insns > 2 && k < c->n_insns; k++) {
        OracleCase kept = *c;
        OracleResult want = r->want[i], now;
        c->insn[k] = NOP;
        bare_run(r->engine[e], c, &now);
        reference(r->o, r->cpu, c, &r->want[i], 1);
        if (same(c, &r->want[i], &now)) {
            *c = kept;
            r->want[i] = want;
        } else {
            *got = now;
        }
    }
}

static unsigned run_engine(Runner *r, unsigned e, unsigned n)
{
    unsigned bad = 0;
    for (unsigned i = 0; i < n; i++) {
        OracleResult got;
        bare_run(r->engine[e], &r->c[i], &got);
        if (!same(&r->c[i], &r->want[i], &got) && is_confirmed(r, i, &got)) {
            if (bad++ < r->o->shown) {
                if (r->o->sequence) {
                    reduce(r, e, i, &got);
                }
                show(r->dis, r->engine_name[e], &r->c[i], &r->want[i], &got);
            }
        }
    }
    return bad;
}

static unsigned compare_cases(Runner *r)
{
    unsigned n = 0, bad = 0;
    while (n < r->o->cases && gen_case(&r->gen, &r->c[n])) {
        n++;
    }
    if (n) {
        reference(r->o, r->cpu, r->c, r->want, n);
    }
    for (unsigned e = 0; e < r->n_engines; e++) {
        bad += run_engine(r, e, n);
    }
    r->t.cases += n;
    r->t.bad += bad;
    if (bad) {
        printf("  %-24s %u of %u differ\n", r->gen.row->name, bad, n * r->n_engines);
    }
    return n;
}

// Once more against a CPU whose DC ZVA has the usual size.
static void compare_plain(Runner *r)
{
    r->cpu = PLAIN_CPU;
    for (unsigned e = 0; e < r->n_engines; e++) {
        bare_set_zva(r->engine[e], 6);
    }
    compare_cases(r);
    for (unsigned e = 0; e < r->n_engines; e++) {
        bare_set_zva(r->engine[e], 9);
    }
    r->cpu = FULL_CPU;
}

static void run_row(Runner *r, const ArmChapter *chapter, const ArmRow *row)
{
    const char *why = row_left_out(chapter, row);
    uint64_t bad = r->t.bad;
    r->t.rows_known++;
    r->gen.chapter = chapter;
    r->gen.row = row;
    arm_parse_row(32, row, &r->gen.pattern);
    if (!why && !compare_cases(r)) {
        why = "NO CASES: the rules refuse all of them";
        r->t.rows_bad++;
    }
    if (why) {
        g_string_append_printf(r->uncovered, "  %-24s %s\n", row->name, why);
        return;
    }
    if (!strcmp(row->name, "SYS")) {
        compare_plain(r);
    }
    r->t.rows++;
    r->t.rows_bad += bad != r->t.bad;
    fflush(stdout);
}

static void run_sequences(Runner *r)
{
    unsigned n = 0, bad = 0;
    while (n < r->o->cases && gen_sequence(&r->gen, &r->c[n], r->o->sequence)) {
        n++;
    }
    reference(r->o, r->cpu, r->c, r->want, n);
    for (unsigned e = 0; e < r->n_engines; e++) {
        bad += run_engine(r, e, n);
    }
    r->t.rows = 1;
    r->t.cases = n;
    r->t.bad = bad;
    r->t.rows_bad = bad != 0;
}

static void run_all(Runner *r)
{
    if (r->o->sequence) {
        run_sequences(r);
        return;
    }
    for (unsigned i = 0; i < a64_set.n_chapters; i++) {
        const ArmChapter *ch = a64_set.chapter[i];
        if (r->o->chapter && !strstr(ch->name, r->o->chapter)) {
            continue;
        }
        if (!r->o->row) {
            printf("%s\n", ch->name);
        }
        for (unsigned k = 0; k < ch->n_rows; k++) {
            if (!r->o->row || !strcmp(ch->rows[k].name, r->o->row)) {
                run_row(r, ch, &ch->rows[k]);
            }
        }
    }
}

static void add_engine(Runner *r, const char *name, const HostBackend *backend)
{
    char *error = NULL;
    Bare *b = bare_new("max", backend, &error);
    if (!b) {
        die("cannot make a CPU: %s", error);
    }
    r->engine[r->n_engines] = b;
    r->engine_name[r->n_engines++] = name;
}

static void parse_option(Options *o, const char *name, const char *value)
{
    if (!strcmp(name, "--cases")) {
        o->cases = (unsigned)strtoul(value, NULL, 0);
    } else if (!strcmp(name, "--seed")) {
        o->seed = strtoull(value, NULL, 0);
    } else if (!strcmp(name, "--show")) {
        o->shown = (unsigned)strtoul(value, NULL, 0);
    } else if (!strcmp(name, "--sequence")) {
        o->sequence = MIN_OF((unsigned)strtoul(value, NULL, 0), ORACLE_MAX_INSNS);
    } else if (!strcmp(name, "--chapter")) {
        o->chapter = value;
    } else if (!strcmp(name, "--row")) {
        o->row = value;
    } else if (!strcmp(name, "--runner")) {
        o->runner = value;
    } else if (!strcmp(name, "--qemu")) {
        o->qemu = value;
    } else if (!strcmp(name, "--engine")) {
        o->interp = !strcmp(value, "interp") || !strcmp(value, "both");
        o->jit = !strcmp(value, "jit") || !strcmp(value, "both");
    } else {
        die("unknown option %s; known: --cases N --seed N --show N --sequence LENGTH --chapter "
            "TEXT --row NAME "
            "--engine interp|jit|both --runner PATH --qemu PATH",
            name);
    }
}

static void summary(const Runner *r)
{
    const Totals *t = &r->t;
    if (r->o->sequence) {
        printf("%" PRIu64 " sequences", t->cases);
    } else {
        printf("%u of %u rows covered, %" PRIu64 " cases", t->rows, t->rows_known, t->cases);
    }
    printf(" on %u engine(s): %u rows with %" PRIu64 " differences\n", r->n_engines, t->rows_bad,
           t->bad);
    if (r->uncovered->len) {
        printf("not covered:\n%s", r->uncovered->str);
    }
}

int main(int argc, char **argv)
{
    Options o = {.cases = 1000,
                 .shown = 2,
                 .seed = 1,
                 .runner = "build/tests/a64-runner",
                 .qemu = "qemu-aarch64-static",
                 .interp = true,
                 .jit = true};
    for (int i = 1; i + 1 < argc; i += 2) {
        parse_option(&o, argv[i], argv[i + 1]);
    }
    if (argc % 2 == 0) {
        die("option %s needs a value", argv[argc - 1]);
    }
    uint64_t *pristine = g_malloc(ORACLE_MEM_SIZE);
    oracle_fill(pristine, ORACLE_MEM_SIZE / 8);
    Runner r = {
        .o = &o,
        .cpu = FULL_CPU,
        .uncovered = g_string_new(NULL),
        .gen = {.seed = o.seed, .decoder = arm_decoder_new(&a64_set), .pristine = pristine}};
    const char *why = NULL;
    const HostBackend *backend = o.jit ? host_backend_find(&why) : NULL;
    if (o.jit && !backend) {
        die("no JIT on this host: %s", why);
    }
    if (o.interp) {
        add_engine(&r, "interpreter", NULL);
    }
    if (backend) {
        add_engine(&r, backend->name, backend);
    }
    if (cs_open(CS_ARCH_ARM64, CS_MODE_ARM, &r.dis) != CS_ERR_OK) {
        die("no disassembler");
    }
    r.c = g_new0(OracleCase, o.cases);
    r.want = g_new0(OracleResult, o.cases);
    run_all(&r);
    summary(&r);
    return r.t.rows_bad != 0;
}
