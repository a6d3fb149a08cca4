// When two results count as the same.
#ifndef TESTS_ORACLE_X86_RULES_H
#define TESTS_ORACLE_X86_RULES_H

#include "target-x86/insn/insn.h"
#include "tests/oracle_x86/case.h"

bool rules_same(const X86Row *row, const X86Insn *insn, const XCase *c, const XResult *want,
                const XResult *got);

#endif
