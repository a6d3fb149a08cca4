// What counts as a difference, and how one is told.
#include "tests/oracle/compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/bits.h"

#define FPSR_BITS 0x0800009fu

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
    return same_x(a, b, ignored) && !memcmp(a->v, b->v, sizeof a->v) && a->flags == b->flags &&
           a->fpcr == b->fpcr && !((a->fpsr ^ b->fpsr) & FPSR_BITS);
}

bool oracle_same(const OracleCase *c, const OracleResult *a, const OracleResult *b)
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
        diff64(i & 1 ? "v high (d odd) " : "v low (d even) ", i / 2, want->v[i], got->v[i]);
    }
    if (want->flags != got->flags || want->fpcr != got->fpcr ||
        ((want->fpsr ^ got->fpsr) & FPSR_BITS)) {
        printf("      expected flags %08x fpcr %08x fpsr %08x, got %08x %08x %08x\n", want->flags,
               want->fpcr, want->fpsr, got->flags, got->fpcr, got->fpsr);
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

static void show_operands_a32(const OracleCase *c)
{
    for (unsigned i = 0; i < 15; i++) {
        printf("%s r%u %08x%s", i % 8 ? "" : "       ", i, (uint32_t)c->regs.x[i],
               i % 8 == 7 || i == 14 ? "\n" : "");
    }
    uint32_t insn = c->insn[c->n_insns - 1];
    const unsigned d[] = {extract32(insn, 22, 1) << 4 | extract32(insn, 12, 4),
                          extract32(insn, 7, 1) << 4 | extract32(insn, 16, 4),
                          extract32(insn, 5, 1) << 4 | extract32(insn, 0, 4)};
    for (unsigned i = 0; i < 3; i++) { // what they would be of Advanced SIMD
        printf("        d%u %016" PRIx64 " %016" PRIx64 "\n", d[i], c->regs.v[d[i]],
               c->regs.v[d[i] ^ 1]);
    }
}

static void show_operands_a64(const OracleCase *c)
{
    uint32_t insn = c->insn[c->n_insns - 1];
    unsigned n = insn >> 5 & 31, m = insn >> 16 & 31, a = insn >> 10 & 31, d = insn & 31;
    const unsigned r[] = {n, m, a, d};
    for (unsigned i = 0; i < 4; i++) {
        printf("        x%u %016" PRIx64 "  v%u %016" PRIx64 "_%016" PRIx64 "\n", r[i],
               c->regs.x[r[i]], r[i], c->regs.v[2 * r[i] + 1], c->regs.v[2 * r[i]]);
    }
}

static void show_operands(const OracleCase *c)
{
    printf("      before: flags %08x fpcr %08x fpsr %08x\n", c->regs.flags, c->regs.fpcr,
           c->regs.fpsr);
    if (c->state == ORACLE_A64) {
        show_operands_a64(c);
    } else {
        show_operands_a32(c);
    }
}

static void show_insn(csh dis, const OracleCase *c, unsigned i)
{
    cs_insn *insn;
    uint32_t word = c->insn[i];
    bool halves = c->state == ORACLE_THUMB;
    unsigned size = halves && !(word >> 16) ? 2 : 4;
    uint32_t in_memory = halves && size == 4 ? word << 16 | word >> 16 : word;
    uint8_t bytes[4] = {(uint8_t)in_memory, (uint8_t)(in_memory >> 8), (uint8_t)(in_memory >> 16),
                        (uint8_t)(in_memory >> 24)};
    if (cs_disasm(dis, bytes, size, ORACLE_SLOT, 1, &insn)) {
        printf("    %0*x  %s %s\n", (int)size * 2, word, insn->mnemonic, insn->op_str);
        cs_free(insn, 1);
    } else {
        printf("    %0*x  (not known to the disassembler)\n", (int)size * 2, word);
    }
}

void oracle_show(csh dis, uint32_t nop, const char *engine, const OracleCase *c,
                 const OracleResult *want, const OracleResult *got)
{
    for (unsigned i = 0; i < c->n_insns; i++) {
        if (c->insn[i] != nop || c->n_insns == 1) {
            show_insn(dis, c, i);
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
