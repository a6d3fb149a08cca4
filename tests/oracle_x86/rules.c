// What the manual leaves open, row by row: undefined flags, results that are only bounded.
#include "tests/oracle_x86/rules.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool one_of(const char *const *list, unsigned n, const char *name)
{
    for (unsigned i = 0; i < n; i++) {
        if (!strcmp(list[i], name)) {
            return true;
        }
    }
    return false;
}

// Letters of X86Row.undefined.
static uint32_t undefined_flags(const X86Row *row)
{
    static const struct {
        char letter;
        uint32_t flag;
    } flags[] = {{'O', X86_OF}, {'S', X86_SF}, {'Z', X86_ZF},
                 {'A', X86_AF}, {'P', X86_PF}, {'C', X86_CF}};
    uint32_t mask = 0;
    for (unsigned i = 0; row->undefined && i < ARRAY_LEN(flags); i++) {
        if (strchr(row->undefined, flags[i].letter)) {
            mask |= flags[i].flag;
        }
    }
    return mask;
}

// SDM vol. 1, 8.3.10: errors below one unit in the last place.
static bool is_transcendental(const X86Row *row)
{
    static const char *const names[] = {"F2XM1",  "FYL2X", "FYL2XP1", "FPTAN",
                                        "FPATAN", "FSIN",  "FCOS",    "FSINCOS"};
    return one_of(names, ARRAY_LEN(names), row->name);
}

static bool near80(const uint8_t *a, const uint8_t *b)
{
    uint64_t x, y, fraction = UINT64_MAX >> 1;
    uint16_t ex, ey;
    memcpy(&x, a, 8);
    memcpy(&y, b, 8);
    memcpy(&ex, a + 8, 2);
    memcpy(&ey, b + 8, 2);
    // The last bit may also carry over into the exponent.
    uint64_t low = (x & fraction) - (y & fraction) + ((uint64_t)(ex - ey) << 63);
    return !memcmp(a + 8, b + 8, 2) ? x - y + 1 <= 2 : abs(ex - ey) == 1 && low + 1 <= 2;
}

static bool same_st(const X86Row *row, const XState *a, const XState *b)
{
    for (unsigned i = 0; i < 8; i++) {
        bool same = !memcmp(a->st[i], b->st[i], 10);
        if (!same && !(is_transcendental(row) && near80(a->st[i], b->st[i]))) {
            return false;
        }
    }
    return true;
}

// SDM vol. 2, RCPPS, RSQRTPS: relative error up to 1.5 * 2^-12.
static bool is_estimate(const X86Row *row)
{
    return strstr(row->name, "RCP") || strstr(row->name, "RSQRT");
}

static bool near32(const uint8_t *a, const uint8_t *b)
{
    float x, y;
    memcpy(&x, a, 4);
    memcpy(&y, b, 4);
    return !memcmp(a, b, 4) || fabsf(x - y) <= fabsf(x) * 3.0f / 4096;
}

static bool same_vectors(const X86Row *row, const XState *a, const XState *b)
{
    for (unsigned i = 0; i < 16; i++) {
        for (unsigned k = 0; k < 32; k += 4) {
            const uint8_t *x = a->ymm[i] + k, *y = b->ymm[i] + k;
            if (memcmp(x, y, 4) && !(is_estimate(row) && near32(x, y))) {
                return false;
            }
        }
    }
    return true;
}

static bool memory_fault(unsigned trap)
{
    return trap == X86_SS_FAULT || trap == X86_GP || trap == X86_PF_FAULT;
}

// Stores of 32 bytes are two of 16: one of them may be done when the other one's page faults.
static bool half_stored(const X86Insn *insn, const XResult *want, const XResult *got)
{
    unsigned bytes = insn->operand[0].bytes;
    return insn->row && insn->n_operands && insn->operand[0].kind == X86_OP_MEM && bytes == 32 &&
           memory_fault(want->trap) && got->mem_len <= 16;
}

static bool same_memory(const X86Insn *insn, const XResult *a, const XResult *b)
{
    return half_stored(insn, a, b) || (a->mem_len == b->mem_len && a->mem_first == b->mem_first &&
                                       !memcmp(a->mem, b->mem, XO_REPORT));
}

// SDM vol. 2: F2XM1 is undefined outside -1..1, FYL2XP1 outside -(1 - sqrt(1/2))..sqrt(2) - 1.
static bool undefined_operand(const X86Row *row, const XCase *c)
{
    uint16_t se;
    memcpy(&se, c->before.st[0] + 8, 2);
    unsigned exp = se & 0x7fff;
    return (!strcmp(row->name, "F2XM1") && exp >= 0x3fff) ||
           (!strcmp(row->name, "FYL2XP1") && exp >= 0x3ffd);
}

// The host's own memory stands where the guest has none.
static bool same_error(const XResult *a, const XResult *b)
{
    unsigned present = a->trap == X86_PF_FAULT ? 1 : 0;
    return !((a->error ^ b->error) & ~present);
}

// Indirect branches to an address that is not canonical: CPUs raise #GP at the branch, we at its
// target (docs/status.md).
static bool wild_branch(const X86Row *row, const XResult *want, const XResult *got)
{
    static const char *const names[] = {"RET", "JMP", "CALL"};
    uint64_t rip = got->after.rip;
    return one_of(names, ARRAY_LEN(names), row->name) && want->trap == X86_GP &&
           got->trap == X86_GP && (uint64_t)((int64_t)(rip << 16) >> 16) != rip;
}

// Where two things are wrong with an operand, the manual does not say which is told.
static bool either_fault(const X86Row *row, const XResult *want, const XResult *got)
{
    // Images of many fields: CPUs look at them piece by piece, we at the whole.
    static const char *const images[] = {"FNSTENV", "FLDENV", "FNSAVE", "FBSTP",  "FBLD",
                                         "FLD",     "FSTP",   "FRSTOR", "FXSAVE", "FXRSTOR"};
    if (!memory_fault(want->trap) || !memory_fault(got->trap)) {
        return false;
    }
    bool cmps = !strcmp(row->name, "CMPS"); // which side is first
    bool misaligned = (row->flags & (X86_ROW_SSE | X86_ROW_AVX)) && want->trap == X86_GP &&
                      got->trap == X86_SS_FAULT;
    bool lanes = strstr(row->name, "MASKMOV") && want->trap != got->trap; // lane by lane, or all
    return cmps || misaligned || lanes || one_of(images, ARRAY_LEN(images), row->name);
}

static bool same_registers(const XState *a, const XState *b)
{
    return !memcmp(a->gpr, b->gpr, sizeof a->gpr) && a->rip == b->rip && a->mxcsr == b->mxcsr &&
           a->fcw == b->fcw && a->valid == b->valid;
}

// SDM vol. 2, MASKMOVDQU: whether a page that the mask leaves out may fault is the CPU's choice.
static bool unmasked_page(const X86Row *row, const XResult *want, const XResult *got)
{
    return strstr(row->name, "MASKMOVDQU") && want->trap == X86_PF_FAULT && !(want->cr2 & 0xfff) &&
           got->trap == X86_BP;
}

bool rules_same(const X86Row *row, const X86Insn *insn, const XCase *c, const XResult *want,
                const XResult *got)
{
    if (undefined_operand(row, c) || wild_branch(row, want, got) || unmasked_page(row, want, got)) {
        return true;
    }
    // C1 is undefined where the result is not exact to the last bit, and C0, C2, C3 after most.
    uint16_t fsw = is_transcendental(row) ? 0x0200 : 0;
    const XState *a = &want->after, *b = &got->after;
    bool same_trap = want->trap == got->trap && same_error(want, got) && want->cr2 == got->cr2;
    return (same_trap || either_fault(row, want, got)) && same_registers(a, b) &&
           !((a->eflags ^ b->eflags) & ~undefined_flags(row)) &&
           !((a->fsw ^ b->fsw) & (uint16_t)~fsw) && same_st(row, a, b) && same_vectors(row, a, b) &&
           same_memory(insn, want, got);
}
