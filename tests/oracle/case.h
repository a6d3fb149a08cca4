// What the harness (x86-64) and the runner (AArch64 or Arm) exchange: one instruction, or a few,
// with the registers before, and the registers after. Both are little-endian with 8-byte alignment.
#ifndef TESTS_ORACLE_CASE_H
#define TESTS_ORACLE_CASE_H

#include <stdint.h>

// Guest addresses, the same in both. Code is surrounded by breakpoints; memory is the pristine
// pattern before each case.
#define ORACLE_CODE      UINT64_C(0x50000000)
#define ORACLE_CODE_SIZE 0x4000u
#define ORACLE_SLOT      (ORACLE_CODE + 0x2000)
// AArch32: breakpoints of T32 here and of A32 there, whatever the case's own instruction set is.
#define ORACLE_THUMB_END  0x1000u
#define ORACLE_A32_START  0x3000u
#define ORACLE_MEM        UINT64_C(0x51000000)
#define ORACLE_MEM_SIZE   0x8000u
#define ORACLE_MEM_REPORT 512u
#define ORACLE_MAX_INSNS  16u

#define ORACLE_BRK_A64   0xd4200000u
#define ORACLE_BRK_A32   0xe1200070u
#define ORACLE_BRK_THUMB 0xbe00be00u

// The state that a case runs in.
enum { ORACLE_A64, ORACLE_A32, ORACLE_THUMB };

typedef struct OracleRegs {
    uint64_t x[32];      // A64: x[31] is SP; AArch32: R0-R14
    uint64_t v[64];      // V0 low, V0 high, ...; AArch32: D0-D31
    uint32_t flags;      // NZCV at bits 31..28; AArch32: CPSR's N, Z, C, V, Q, IT, GE, E
    uint32_t fpcr, fpsr; // AArch32: FPSCR's FPSR bits in the latter, all others in the former
    uint32_t pad;
} OracleRegs;

typedef struct OracleCase {
    // T32's 16-bit instructions have zeroes above, its 32-bit ones their first half there.
    uint32_t insn[ORACLE_MAX_INSNS];
    uint32_t n_insns;
    uint32_t memory;    // may write memory: look for changes
    uint32_t ignored_x; // bit n: what X[n] ends with is up to the implementation
    uint32_t state;
    uint32_t early; // bytes that the code begins before ORACLE_SLOT
    uint32_t poke;  // not 0: a word of memory, at this offset, that is `poked` before
    uint32_t poked;
    uint32_t pad;
    OracleRegs regs;
} OracleCase;

typedef struct OracleResult {
    uint32_t signal;    // Linux's number; 5 (SIGTRAP): reached a breakpoint
    uint32_t mem_len;   // bytes from the first change to the last, 0 if none
    uint64_t mem_first; // offset of the first change
    uint64_t pc;        // where it stopped, with T in bit 0
    OracleRegs regs;
    uint8_t mem[ORACLE_MEM_REPORT]; // from mem_first
} OracleResult;

// The pristine memory: mostly small and special values, so that loads give interesting ones.
static inline void oracle_fill(uint64_t *word, unsigned n)
{
    static const uint64_t special[] = {0,
                                       UINT64_C(0xffffffffffffffff),
                                       UINT64_C(0x8000000000000000),
                                       UINT64_C(0x7fffffff80000000),
                                       UINT64_C(0x7ff0000000000000),
                                       UINT64_C(0x7f80000000000001),
                                       1,
                                       UINT64_C(0x7c017e00fc000001)};
    uint64_t s = UINT64_C(0x9e3779b97f4a7c15);
    for (unsigned i = 0; i < n; i++) {
        s ^= s << 13;
        s ^= s >> 7;
        s ^= s << 17;
        word[i] = s & 0x700 ? s : special[s & 7];
    }
}

// All code but the case's, for cases of that state.
static inline void oracle_fill_code(uint32_t *code, uint32_t state)
{
    for (unsigned i = 0; i < ORACLE_CODE_SIZE / 4; i++) {
        code[i] = state == ORACLE_A64                                ? ORACLE_BRK_A64
                  : i < ORACLE_THUMB_END / 4                         ? ORACLE_BRK_THUMB
                  : i >= ORACLE_A32_START / 4 || state == ORACLE_A32 ? ORACLE_BRK_A32
                                                                     : ORACLE_BRK_THUMB;
    }
}

// Cases' code lies in here: some bytes before ORACLE_SLOT and the longest one behind it.
#define ORACLE_WINDOW        (ORACLE_SLOT - 8)
#define ORACLE_WINDOW_HALVES (4 + 2 * ORACLE_MAX_INSNS + 2)

// What is to be there for a case, as halfwords.
static inline void oracle_code(const OracleCase *c, uint16_t half[ORACLE_WINDOW_HALVES])
{
    uint32_t brk = c->state == ORACLE_A64   ? ORACLE_BRK_A64
                   : c->state == ORACLE_A32 ? ORACLE_BRK_A32
                                            : ORACLE_BRK_THUMB;
    unsigned at = 4 - c->early / 2;
    for (unsigned i = 0; i < ORACLE_WINDOW_HALVES; i++) {
        half[i] = (uint16_t)(brk >> (i % 2 ? 16 : 0));
    }
    for (unsigned i = 0; i < c->n_insns; i++) {
        uint16_t low = (uint16_t)c->insn[i], high = (uint16_t)(c->insn[i] >> 16);
        if (c->state != ORACLE_THUMB) {
            half[at++] = low;
            half[at++] = high;
        } else {
            if (high) {
                half[at++] = high;
            }
            half[at++] = low;
        }
    }
}

#endif
