// Register values of a case: numbers that matter to integers, vectors and the x87, and addresses in
// the data pages, at their edges, or where nothing is.
#ifndef TESTS_ORACLE_X86_VALUES_H
#define TESTS_ORACLE_X86_VALUES_H

#include "tests/oracle_x86/generate.h"

// Where a generated instruction has its displacement (bytes 0: none) and its immediate.
typedef struct XFields {
    unsigned disp_at, disp_bytes, imm_at;
} XFields;

bool xo_one_in(XGenerator *g, unsigned n);
bool xo_uses(const X86Insn *i, X86OperandKind kind);
bool xo_is_gather(const X86Row *row);
void xo_random_state(XGenerator *g, XState *s);
// Both change registers of c->before (and fields of c->code) so that operands lie where they
// should.
void xo_aim_memory(XGenerator *g, XCase *c, const X86Insn *i, const XFields *f);
void xo_aim_implicit(XGenerator *g, XCase *c, const X86Insn *i);

#endif
