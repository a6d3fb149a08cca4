// Random instructions of one decode row, with a state in which their operands lie in the data
// pages.
#ifndef TESTS_ORACLE_X86_GENERATE_H
#define TESTS_ORACLE_X86_GENERATE_H

#include "target-x86/insn/insn.h"
#include "tests/oracle_x86/case.h"

typedef struct XRandom {
    uint64_t s;
} XRandom;

uint64_t xrandom(XRandom *r);
unsigned xrandom_below(XRandom *r, unsigned n);

typedef struct XGenerator {
    const X86Decoder *decoder;
    X86Features features;
    unsigned bits; // 16, 32, 64
    bool mode64;
    uint64_t block_flags; // what the decoder is told
    bool on_stack;        // all memory operands are [(E/R)SP + disp8]
    int depth;            // of the x87's stack in a sequence of its instructions; -1: without them
    XRandom random;
} XGenerator;

// False if no valid instruction of the row came out after many tries.
bool xo_generate(XGenerator *g, const X86Row *row, XCase *c, X86Insn *insn);
// Up to n random instructions of rows that suit (group, row: as of the options, or NULL), with
// memory operands on the stack. What they leave of the flags is defined, but for AF. Group x87:
// three of four are the x87's, mostly such that they find operands and room; the stack may end at a
// page's end with nothing behind it.
void xo_generate_sequence(XGenerator *g, unsigned n, const char *group, const char *row, XCase *c);
// Whether the row has instructions in this mode that a process can run.
bool xo_row_applies(const XGenerator *g, const X86Row *row);

#endif
