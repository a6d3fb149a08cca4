// What the harness (x86-64) and the runner (AArch64) exchange: one instruction, or a few, with the
// registers before, and the registers after. Both are little-endian with 8-byte alignment.
#ifndef TESTS_ORACLE_A64_CASE_H
#define TESTS_ORACLE_A64_CASE_H

#include <stdint.h>

// Guest addresses, the same in both. Code is surrounded by BRK #0; memory is the pristine pattern
// before each case.
#define ORACLE_CODE       UINT64_C(0x50000000)
#define ORACLE_CODE_SIZE  0x4000u
#define ORACLE_SLOT       (ORACLE_CODE + 0x2000)
#define ORACLE_MEM        UINT64_C(0x51000000)
#define ORACLE_MEM_SIZE   0x8000u
#define ORACLE_BRK        0xd4200000u
#define ORACLE_MEM_REPORT 512u
#define ORACLE_MAX_INSNS  16u

typedef struct OracleRegs {
    uint64_t x[32]; // x[31] is SP
    uint64_t v[64]; // V0 low, V0 high, ...
    uint32_t nzcv;  // at bits 31..28
    uint32_t fpcr, fpsr;
    uint32_t pad;
} OracleRegs;

typedef struct OracleCase {
    uint32_t insn[ORACLE_MAX_INSNS];
    uint32_t n_insns;
    uint32_t memory;    // may write memory: look for changes
    uint32_t ignored_x; // bit n: what X[n] ends with is up to the implementation
    uint32_t pad;
    OracleRegs regs;
} OracleCase;

typedef struct OracleResult {
    uint32_t signal;    // Linux's number; 5 (SIGTRAP): reached a BRK
    uint32_t mem_len;   // bytes from the first change to the last, 0 if none
    uint64_t mem_first; // offset of the first change
    uint64_t pc;        // where it stopped
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

#endif
