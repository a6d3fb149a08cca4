// State of an x86 CPU. Translated code reaches rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8-r15 as
// vcpu.gpr[0..15]; XMM0-15 as vcpu.vec[0..15] and the upper halves of YMM0-15 as vcpu.vec[16..31];
// SF, ZF, AF, PF, CF and OF as vcpu.flags (packed IR flags; IR's C is CF, IR's V is OF).
//
// vcpu.pc is a linear address: CS.base + (E/R)IP, cut to 32 bits outside 64-bit mode. Outside
// 64-bit mode the upper halves of gpr[] are zero unless long mode left something there.
//
// "SDM" is Intel's Software Developer's Manual, "APM" AMD's Programmer's Manual.
#ifndef TARGET_X86_CPU_H
#define TARGET_X86_CPU_H

#include "accel/vcpu.h"
#include "target-x86/features.h"

enum { X86_RAX, X86_RCX, X86_RDX, X86_RBX, X86_RSP, X86_RBP, X86_RSI, X86_RDI };
enum { X86_ES, X86_CS, X86_SS, X86_DS, X86_FS, X86_GS, X86_SEGS };

// EFLAGS (SDM vol. 1, 3.4.3). cpu->eflags holds what vcpu.flags and cpu->df do not.
enum {
    X86_CF = 1 << 0,
    X86_PF = 1 << 2,
    X86_AF = 1 << 4,
    X86_ZF = 1 << 6,
    X86_SF = 1 << 7,
    X86_TF = 1 << 8,
    X86_IF = 1 << 9,
    X86_DF = 1 << 10,
    X86_OF = 1 << 11,
    X86_IOPL = 3 << 12,
    X86_NT = 1 << 14,
    X86_RF = 1 << 16,
    X86_VM = 1 << 17,
    X86_AC = 1 << 18,
    X86_VIF = 1 << 19,
    X86_VIP = 1 << 20,
    X86_ID = 1 << 21,
    X86_STATUS_FLAGS = X86_CF | X86_PF | X86_AF | X86_ZF | X86_SF | X86_OF,
};

enum {
    X86_CR0_PE = 1u << 0,
    X86_CR0_MP = 1u << 1,
    X86_CR0_EM = 1u << 2,
    X86_CR0_TS = 1u << 3,
    X86_CR0_ET = 1u << 4,
    X86_CR0_NE = 1u << 5,
    X86_CR0_WP = 1u << 16,
    X86_CR0_AM = 1u << 18,
    X86_CR0_NW = 1u << 29,
    X86_CR0_CD = 1u << 30,
    X86_CR0_PG = 1u << 31,
};
enum {
    X86_CR4_VME = 1u << 0,
    X86_CR4_PVI = 1u << 1,
    X86_CR4_TSD = 1u << 2,
    X86_CR4_DE = 1u << 3,
    X86_CR4_PSE = 1u << 4,
    X86_CR4_PAE = 1u << 5,
    X86_CR4_MCE = 1u << 6,
    X86_CR4_PGE = 1u << 7,
    X86_CR4_PCE = 1u << 8,
    X86_CR4_OSFXSR = 1u << 9,
    X86_CR4_OSXMMEXCPT = 1u << 10,
    X86_CR4_UMIP = 1u << 11,
    X86_CR4_FSGSBASE = 1u << 16,
    X86_CR4_PCIDE = 1u << 17,
    X86_CR4_OSXSAVE = 1u << 18,
    X86_CR4_SMEP = 1u << 20,
    X86_CR4_SMAP = 1u << 21,
};
enum {
    X86_EFER_SCE = 1u << 0,
    X86_EFER_LME = 1u << 8,
    X86_EFER_LMA = 1u << 10,
    X86_EFER_NXE = 1u << 11,
};

// Exception vectors (SDM vol. 3, 6.3.1).
enum {
    X86_DE = 0,
    X86_DB = 1,
    X86_NMI = 2,
    X86_BP = 3,
    X86_OF_TRAP = 4,
    X86_BR = 5,
    X86_UD = 6,
    X86_NM = 7,
    X86_DF_ABORT = 8,
    X86_TS = 10,
    X86_NP = 11,
    X86_SS_FAULT = 12,
    X86_GP = 13,
    X86_PF_FAULT = 14,
    X86_MF = 16,
    X86_AC_FAULT = 17,
    X86_MC = 18,
    X86_XM = 19,
};

// The hidden part of a segment register. attr: bits 8..23 of the descriptor's second word at their
// places there (SDM vol. 3, 3.4.5); limit in bytes, already scaled by G.
typedef struct X86Segment {
    uint64_t base;
    uint32_t limit;
    uint32_t attr;
    uint16_t selector;
    uint16_t pad[3];
} X86Segment;

enum {
    X86_DESC_TYPE = 15 << 8,
    X86_DESC_A = 1 << 8,  // accessed
    X86_DESC_W = 1 << 9,  // data: writable; code: readable
    X86_DESC_E = 1 << 10, // data: expand down; code: conforming
    X86_DESC_CODE = 1 << 11,
    X86_DESC_S = 1 << 12, // code or data, not system
    X86_DESC_DPL_SHIFT = 13,
    X86_DESC_DPL = 3 << 13,
    X86_DESC_P = 1 << 15,
    X86_DESC_AVL = 1 << 20,
    X86_DESC_L = 1 << 21,
    X86_DESC_B = 1 << 22, // D/B: 32-bit
    X86_DESC_G = 1 << 23,
};

// An x87 register as memory holds it: 64-bit significand, sign and exponent. MMn is the significand
// of the physical register n.
typedef struct X86Float80 {
    uint64_t frac;
    uint16_t se;
    uint16_t pad[3];
} X86Float80;

// The x87 unit (SDM vol. 1, 8.1). st[] are physical registers: ST(i) is st[(top + i) & 7].
typedef struct X86Fpu {
    X86Float80 st[8];
    uint16_t control; // FCW
    uint16_t status;  // FSW but for TOP
    uint8_t top;
    uint8_t empty; // bit n: physical register n is empty (the opposite of the abridged tag)
    uint16_t opcode;
    uint64_t ip, dp; // last instruction and operand; selectors beside them
    uint16_t cs, ds;
    uint32_t pad;
} X86Fpu;

struct X86System;
struct X86Decoder;
typedef struct X86Model X86Model;

typedef struct X86CPU {
    VCPU vcpu; // first
    // --- near, as translated code uses them
    uint32_t eflags; // all but status flags and DF; bit 1 is always set
    int32_t df;      // 1 or -1: what string instructions step by
    uint32_t mxcsr;  // masks, rounding, FZ, DAZ; sticky flags besides those still in the host
    uint8_t cpl;
    uint8_t inhibit; // interrupt shadow of MOV SS, POP SS (1) and STI (2): the next instruction
    uint8_t smm;
    uint8_t nmi_masked;
    uint8_t sse_flags; // of an SSE instruction under way that may trap (fp/sse.h)
    X86Segment seg[X86_SEGS];
    X86Fpu fpu;
    uint64_t cr0, cr2, cr3, cr4;
    uint64_t efer, xcr0;
    uint64_t kernel_gs_base;
    X86Features features;
    const X86Model *model;
    struct X86System *sys;      // target-x86/system.h
    struct X86Decoder *decoder; // made at the first translation
} X86CPU;

static inline X86CPU *x86_cpu(VCPU *v)
{
    return (X86CPU *)v;
}

// Bits of TranslateRequest.flags (block_flags). "Flat": base 0, limit 4 GiB - 1, present, usable
// for what it is loaded for; then an address is its own linear address and nothing is checked.
enum {
    X86_BF_CPL = 3,
    X86_BF_CODE32 = 1 << 2,    // CS.D: 32-bit operands and addresses
    X86_BF_CODE64 = 1 << 3,    // 64-bit mode
    X86_BF_STACK32 = 1 << 4,   // SS.B (in 64-bit mode the stack is 64-bit)
    X86_BF_PROTECTED = 1 << 5, // CR0.PE and not V86
    X86_BF_V86 = 1 << 6,
    X86_BF_LONG = 1 << 7,       // EFER.LMA (with CODE64 clear: compatibility mode)
    X86_BF_FLAT_SHIFT = 8,      // 6 bits, by segment number
    X86_BF_NO_LIMIT_SHIFT = 14, // 6 bits: any base, but limit 4 GiB - 1, and readable and writable
    X86_BF_64K_SHIFT = 20,      // 6 bits: limit at least 64 KiB - 1, readable and writable
    X86_BF_TF = 1 << 26,        // one instruction, then #DB
    X86_BF_SHADOW = 1 << 27,    // one instruction; it clears cpu->inhibit
    X86_BF_SSE_TRAPS = 1 << 28, // MXCSR unmasks something: check after each operation
    X86_BF_EM = 1 << 29,        // CR0.EM
    X86_BF_TS = 1 << 30,        // CR0.TS
};
#define X86_BF_MP        (UINT64_C(1) << 31) // CR0.MP
#define X86_BF_SSE       (UINT64_C(1) << 32) // CR4.OSFXSR
#define X86_BF_AVX       (UINT64_C(1) << 33) // CR4.OSXSAVE and XCR0 has SSE and AVX
#define X86_BF_XSAVE     (UINT64_C(1) << 34) // CR4.OSXSAVE
#define X86_BF_FPU_ERROR (UINT64_C(1) << 35) // FSW.ES: waiting x87 instructions raise #MF
#define X86_BF_BREAK     (UINT64_C(1) << 36) // DR7 arms instruction breakpoints: ask before each
#define X86_BF_IOPL      (UINT64_C(1) << 37) // CPL <= IOPL (in V86: IOPL = 3)
#define X86_BF_ALIGN     (UINT64_C(1) << 38) // #AC checks apply: CR0.AM, EFLAGS.AC, CPL 3
#define X86_BF_FSGSBASE  (UINT64_C(1) << 39)
#define X86_BF_SMM       (UINT64_C(1) << 40)
#define X86_BF_CS_SHIFT  44 // 16 bits: number of (CS.base, CS.limit); 0: flat. See x86_code_segment
#define X86_BF_CS        (UINT64_C(0xffff) << X86_BF_CS_SHIFT)

static inline bool x86_flat(uint64_t flags, unsigned seg)
{
    return flags >> (X86_BF_FLAT_SHIFT + seg) & 1;
}

#endif
