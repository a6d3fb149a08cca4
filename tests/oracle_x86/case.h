// What the harness and the runner exchange: one instruction (or several) with the state before it,
// and the state after. The runner is built once for 64-bit mode and once for the others; both map
// the same addresses. In 16-bit mode CS has the base XO_CODE and DS, ES, SS have XO_DATA, each with
// 64 KiB; rip and addresses in registers are offsets.
#ifndef TESTS_ORACLE_X86_CASE_H
#define TESTS_ORACLE_X86_CASE_H

#include <stdint.h>
#include <string.h>

// Guest addresses. Code pages are filled with INT3; data is the pristine pattern before each case.
#define XO_CODE      UINT64_C(0x50000000)
#define XO_CODE_SIZE 0x4000u
#define XO_SLOT      (XO_CODE + 0x2000)
#define XO_DATA      UINT64_C(0x51000000)
#define XO_DATA_SIZE 0x4000u
// Where a process has no memory: next to code and data (up to 64 KiB), and these pages.
#define XO_NEXT       0x10000u
#define XO_GUARD      UINT64_C(0x52000000)
#define XO_GUARD_SIZE 0x1000000u
#define XO_REPORT     512u
#define XO_MAX_CODE   240u // of a case: one instruction or several
#define XO_BATCH      256u

typedef struct XState {
    uint64_t gpr[16]; // rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8..
    uint64_t rip;
    uint32_t eflags, mxcsr;
    uint16_t fcw, fsw, fop;
    uint8_t valid; // abridged tag: bit n: physical register n is in use
    uint8_t pad;
    uint8_t st[8][16]; // ST(0).., ten bytes each
    uint8_t ymm[16][32];
} XState;

typedef struct XCase {
    uint8_t code[XO_MAX_CODE];
    uint32_t len;
    uint32_t pad;
    XState before;
} XCase;

typedef struct XResult {
    uint32_t trap;  // vector: 3 is the normal end, at an INT3
    uint32_t error; // of vectors that have an error code
    uint64_t cr2;   // of 14
    XState after;
    uint32_t mem_len; // bytes from the first change to the last, 0 if none
    uint32_t mem_first;
    uint8_t mem[XO_REPORT];
} XResult;

// The file that both map.
typedef struct XShared {
    uint32_t n;
    uint32_t pad;
    XCase in[XO_BATCH];
    XResult out[XO_BATCH];
} XShared;

// Which bytes of the data differ from the pristine ones.
static inline void xo_note_memory(XResult *r, const uint8_t *data, const uint8_t *old)
{
    unsigned first = 0, last = XO_DATA_SIZE;
    while (first < last && data[first] == old[first]) {
        first++;
    }
    while (last > first && data[last - 1] == old[last - 1]) {
        last--;
    }
    r->mem_first = first < last ? first : 0;
    r->mem_len = last - first;
    memcpy(r->mem, data + first, r->mem_len < XO_REPORT ? r->mem_len : XO_REPORT);
}

// The pristine data: small numbers, special values of all FP formats, random bits.
static inline void xo_fill(uint64_t *word, unsigned n)
{
    static const uint64_t special[] = {
        0,
        UINT64_C(0xffffffffffffffff),
        UINT64_C(0x8000000000000000),
        UINT64_C(0x3ff000003f800000),
        UINT64_C(0x7ff0000000000000),
        UINT64_C(0x7f8000017fc00000),
        UINT64_C(0x000fffff007fffff),
        UINT64_C(0x3fff8000c0490fdb),
    };
    uint64_t s = UINT64_C(0x9e3779b97f4a7c15);
    for (unsigned i = 0; i < n; i++) {
        s ^= s << 13;
        s ^= s >> 7;
        s ^= s << 17;
        word[i] = s & 0x700 ? s : special[s & 7];
    }
}

#endif
