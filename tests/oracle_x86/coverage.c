// See coverage.h. A case counts for each exception that the reference's result has and the state
// before did not.
#include "tests/oracle_x86/coverage.h"

#include <inttypes.h>
#include <stdio.h>

#include "target-x86/fp/x87.h"

static void note(UnitCoverage *u, unsigned round, unsigned raised, unsigned masks)
{
    u->cases[round]++;
    for (unsigned k = 0; k < 6; k++) {
        if (raised >> k & 1) {
            (masks >> k & 1 ? u->masked : u->unmasked)[round][k]++;
        }
    }
}

void coverage_note(Coverage *v, const X86Row *row, const XCase *c, const XResult *r)
{
    if (row->flags & (X86_ROW_SSE | X86_ROW_AVX)) {
        unsigned old = c->before.mxcsr;
        UnitCoverage *u = &v->unit[COVERAGE_SSE];
        note(u, old >> 13 & 3, r->after.mxcsr & ~old & 0x3f, old >> 7 & 0x3f);
        u->daz += old >> 6 & 1;
        u->ftz += old >> 15 & 1;
    } else if (row->flags & X86_ROW_FPU) {
        UnitCoverage *u = &v->unit[COVERAGE_X87];
        note(u, c->before.fcw >> 10 & 3, r->after.fsw & ~c->before.fsw & 0x3fu, c->before.fcw);
        u->pending += c->before.fsw & X87_ES ? 1 : 0;
    }
}

static void print_unit(const char *name, const UnitCoverage *u)
{
    static const char *const rounds[] = {"nearest", "down", "up", "zero"};
    static const char *const exceptions[] = {"I", "D", "Z", "O", "U", "P"};
    printf("%s: cases by rounding mode, and exceptions raised masked/unmasked\n", name);
    for (unsigned k = 0; k < 4; k++) {
        printf("  %-8s %8" PRIu64 " ", rounds[k], u->cases[k]);
        for (unsigned e = 0; e < 6; e++) {
            printf("  %s %" PRIu64 "/%" PRIu64, exceptions[e], u->masked[k][e], u->unmasked[k][e]);
        }
        printf("\n");
    }
}

void coverage_print(const Coverage *v)
{
    const UnitCoverage *sse = &v->unit[COVERAGE_SSE], *x87 = &v->unit[COVERAGE_X87];
    if (sse->cases[0]) {
        print_unit("SSE and AVX", sse);
        printf("  denormals are zero: %" PRIu64 ", flush to zero: %" PRIu64 "\n", sse->daz,
               sse->ftz);
    }
    if (x87->cases[0]) {
        print_unit("x87", x87);
        printf("  with an exception pending: %" PRIu64 "\n", x87->pending);
    }
}
