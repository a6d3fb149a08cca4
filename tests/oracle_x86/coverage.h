// What the floating-point cases covered: exceptions masked and unmasked, in each rounding mode.
#ifndef TESTS_ORACLE_X86_COVERAGE_H
#define TESTS_ORACLE_X86_COVERAGE_H

#include "target-x86/insn/insn.h"
#include "tests/oracle_x86/case.h"

enum { COVERAGE_SSE, COVERAGE_X87, COVERAGE_UNITS };

typedef struct UnitCoverage {
    uint64_t masked[4][6], unmasked[4][6]; // [rounding mode][IE DE ZE OE UE PE]
    uint64_t cases[4], daz, ftz, pending;
} UnitCoverage;

typedef struct Coverage {
    UnitCoverage unit[COVERAGE_UNITS];
} Coverage;

void coverage_note(Coverage *v, const X86Row *row, const XCase *c, const XResult *r);
void coverage_print(const Coverage *v);

#endif
