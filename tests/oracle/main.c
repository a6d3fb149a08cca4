// Compares our A64, A32, T32 or T16 with a reference, instruction by instruction:
//
//   decode tables --generate--> cases --+--> runner under qemu-aarch64, qemu-arm --> results --+
//                                       +--> our interpreter, our JIT --------> results --+--> diff
//
// Each row of each chapter gets the same number of random cases, except those that the rules leave
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
#include "tests/oracle/compare.h"
#include "tests/oracle/generate.h"
#include "util/log.h"

typedef struct Options {
    unsigned cases, shown, sequence;
    uint64_t seed;
    const char *chapter, *row;
    const char *runner, *qemu; // NULL: the instruction set's
    const OracleIsa *isa;
    bool interp, jit;
} Options;

typedef struct Totals {
    unsigned rows, rows_bad; // compared; with differences
    unsigned rows_known;     // in the chapters that were looked at
    uint64_t cases, bad;
} Totals;

#define CONFIRMED 4 // differences of a row that are looked at twice

// --- the reference

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
    return !oracle_same(&r->c[i], &r->want[i], got);
}

// Replaces instructions of a sequence by NOPs as long as the difference stays.
static void reduce(Runner *r, unsigned e, unsigned i, OracleResult *got)
{
    OracleCase *c = &r->c[i];
    for (unsigned k = 0; c->n_insns > 2 && k < c->n_insns; k++) {
        OracleCase kept = *c;
        OracleResult want = r->want[i], now;
        c->insn[k] = r->gen.isa->nop;
        bare_run(r->engine[e], c, &now);
        reference(r->o, r->cpu, c, &r->want[i], 1);
        if (oracle_same(c, &r->want[i], &now)) {
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
        if (oracle_same(&r->c[i], &r->want[i], &got)) {
            continue;
        }
        if (bad >= r->o->shown + CONFIRMED) { // no doubt any more
            bad++;
        } else if (is_confirmed(r, i, &got)) {
            if (bad++ < r->o->shown) {
                if (r->o->sequence) {
                    reduce(r, e, i, &got);
                }
                oracle_show(r->dis, r->gen.isa->nop, r->engine_name[e], &r->c[i], &r->want[i],
                            &got);
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
    r->cpu = r->gen.isa->cpu;
}

static void run_row(Runner *r, const ArmChapter *chapter, const ArmRow *row)
{
    const char *why = row_left_out(&r->gen, chapter, row);
    uint64_t bad = r->t.bad;
    r->t.rows_known++;
    r->gen.chapter = chapter;
    r->gen.row = row;
    arm_parse_row(r->gen.isa->set->bits, row, &r->gen.pattern);
    if (!why && !compare_cases(r)) {
        why = "NO CASES: the rules refuse all of them";
        r->t.rows_bad++;
    }
    if (why) {
        g_string_append_printf(r->uncovered, "  %-24s %s\n", row->name, why);
        return;
    }
    if (r->gen.isa->state == ORACLE_A64 && !strcmp(row->name, "SYS")) {
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
    const ArmInsnSet *set = r->gen.isa->set;
    for (unsigned i = 0; i < set->n_chapters; i++) {
        const ArmChapter *ch = set->chapter[i];
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
    const OracleIsa *isa = r->gen.isa;
    Bare *b = bare_new(isa->our_cpu, isa->features, backend, &error);
    if (!b) {
        die("cannot make a CPU: %s", error);
    }
    r->engine[r->n_engines] = b;
    r->engine_name[r->n_engines++] = name;
}

static const OracleIsa *find_isa(const char *name)
{
    for (unsigned i = 0; i < oracle_n_isas; i++) {
        if (!strcmp(oracle_isa[i].name, name)) {
            return &oracle_isa[i];
        }
    }
    die("--isa %s: not known; known: a64, a32, t32, t16, vfp-t32, each but a64 also as NAME-v7",
        name);
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
    } else if (!strcmp(name, "--isa")) {
        o->isa = find_isa(value);
    } else if (!strcmp(name, "--runner")) {
        o->runner = value;
    } else if (!strcmp(name, "--qemu")) {
        o->qemu = value;
    } else if (!strcmp(name, "--engine")) {
        o->interp = !strcmp(value, "interp") || !strcmp(value, "both");
        o->jit = !strcmp(value, "jit") || !strcmp(value, "both");
    } else {
        die("unknown option %s; known: --isa NAME --cases N --seed N --show N --sequence LENGTH "
            "--chapter "
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
    Options o = {
        .cases = 1000, .shown = 2, .seed = 1, .isa = &oracle_isa[0], .interp = true, .jit = true};
    for (int i = 1; i + 1 < argc; i += 2) {
        parse_option(&o, argv[i], argv[i + 1]);
    }
    if (argc % 2 == 0) {
        die("option %s needs a value", argv[argc - 1]);
    }
    o.runner = o.runner ? o.runner : o.isa->runner;
    o.qemu = o.qemu ? o.qemu : o.isa->qemu;
    uint64_t *pristine = g_malloc(ORACLE_MEM_SIZE);
    oracle_fill(pristine, ORACLE_MEM_SIZE / 8);
    Runner r = {.o = &o,
                .cpu = o.isa->cpu,
                .uncovered = g_string_new(NULL),
                .gen = {.seed = o.seed,
                        .isa = o.isa,
                        .decoder = arm_decoder_new(o.isa->set),
                        .pristine = pristine}};
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
    if (cs_open((cs_arch)o.isa->cs_arch, (cs_mode)o.isa->cs_mode, &r.dis) != CS_ERR_OK) {
        die("no disassembler");
    }
    r.c = g_new0(OracleCase, o.cases);
    r.want = g_new0(OracleResult, o.cases);
    run_all(&r);
    summary(&r);
    return r.t.rows_bad != 0;
}
