// x86-64 instruction bytes. An opcode is one number: the byte, its map and mandatory prefix; the
// same number serves the legacy and the VEX form. All offsets are offsets in the code cache.
#ifndef HOST_BACKENDS_X86_64_ENCODE_H
#define HOST_BACKENDS_X86_64_ENCODE_H

#include "util/bits.h"

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };

// Opcode number: bits 0-7 byte, 8-9 map (0F, 0F38, 0F3A), 10-11 prefix (66, F3, F2), 12 W.
enum {
    X86_0F = 1 << 8,
    X86_0F38 = 2 << 8,
    X86_0F3A = 3 << 8,
    X86_66 = 1 << 10,
    X86_F3 = 2 << 10,
    X86_F2 = 3 << 10,
    X86_W = 1 << 12,
    X86_BYTE = 1 << 13,    // the r/m operand is a byte register: SPL..DIL need a REX prefix
    X86_BYTE_REG = 1 << 14 // so is the reg operand
};

typedef struct X86Mem {
    int8_t base;       // register, or X86_RIP: disp is then an offset in the code cache
    int8_t index;      // register or X86_NO_INDEX
    uint8_t scale;     // log2
    uint8_t imm_bytes; // X86_RIP: bytes of immediate that follow the displacement
    int32_t disp;
} X86Mem;
#define X86_RIP      (-2)
#define X86_NO_INDEX (-1)

static inline X86Mem x86_mem(int base, int32_t disp)
{
    return (X86Mem){.base = (int8_t)base, .index = X86_NO_INDEX, .disp = disp};
}
static inline X86Mem x86_mem_index(int base, int index, unsigned scale, int32_t disp)
{
    return (X86Mem){
        .base = (int8_t)base, .index = (int8_t)index, .scale = (uint8_t)scale, .disp = disp};
}
static inline X86Mem x86_mem_rip(size_t offset)
{
    return (X86Mem){.base = X86_RIP, .index = X86_NO_INDEX, .disp = (int32_t)offset};
}

// Where bytes go. Past `end` nothing is written and `full` is set; pos still tells nothing then.
typedef struct X86Code {
    uint8_t *rw;
    size_t pos, end;
    bool full;
} X86Code;

typedef enum X86Cond {
    CC_O,
    CC_NO,
    CC_B,
    CC_AE,
    CC_E,
    CC_NE,
    CC_BE,
    CC_A,
    CC_S,
    CC_NS,
    CC_P,
    CC_NP,
    CC_L,
    CC_GE,
    CC_LE,
    CC_G,
} X86Cond;

typedef enum X86Alu {
    ALU_ADD,
    ALU_OR,
    ALU_ADC,
    ALU_SBB,
    ALU_AND,
    ALU_SUB,
    ALU_XOR,
    ALU_CMP
} X86Alu;
typedef enum X86Shift { SH_ROL, SH_ROR, SH_SHL = 4, SH_SHR, SH_SAR = 7 } X86Shift;

void x86_byte(X86Code *c, unsigned b);
void x86_imm32(X86Code *c, uint32_t v);
void x86_imm64(X86Code *c, uint64_t v);

// Legacy encodings: [prefix] [REX] opcode modrm.
void x86_rr(X86Code *c, unsigned op, int reg, int rm);
void x86_rm(X86Code *c, unsigned op, int reg, X86Mem m);
// VEX.128: reg, vvvv, r/m. vvvv = 0 where the instruction has no second source. These take W from
// the opcode number.
void vex_rrr(X86Code *c, unsigned op, int reg, int vvvv, int rm);
void vex_rrm(X86Code *c, unsigned op, int reg, int vvvv, X86Mem m);

// w: 64-bit operation.
void x86_alu_rr(X86Code *c, X86Alu op, bool w, int dst, int src);
void x86_alu_rm(X86Code *c, X86Alu op, bool w, int dst, X86Mem src);
void x86_alu_ri(X86Code *c, X86Alu op, bool w, int dst, int32_t imm);
void x86_alu_mi(X86Code *c, X86Alu op, bool w, X86Mem dst, int32_t imm);
void x86_test_rr(X86Code *c, bool w, int a, int b);
void x86_test_ri(X86Code *c, bool w, int a, int32_t imm);
void x86_shift_ri(X86Code *c, X86Shift op, bool w, int dst, unsigned count);
void x86_shift_cl(X86Code *c, X86Shift op, bool w, int dst);

void x86_mov_rr(X86Code *c, bool w, int dst, int src);
void x86_mov_ri(X86Code *c, int dst, uint64_t imm); // 64-bit value, shortest form, flags untouched
void x86_load(X86Code *c, int dst, X86Mem m, unsigned bytes);          // zero-extends
void x86_loads(X86Code *c, int dst, X86Mem m, unsigned bytes, bool w); // sign-extends
void x86_store(X86Code *c, int src, X86Mem m, unsigned bytes);
void x86_store_imm(X86Code *c, X86Mem m, unsigned bytes, int32_t imm);
void x86_movzx(X86Code *c, int dst, int src, unsigned bytes);
void x86_movsx(X86Code *c, int dst, int src, unsigned bytes, bool w);
void x86_lea(X86Code *c, bool w, int dst, X86Mem m);
void x86_setcc(X86Code *c, X86Cond cc, int dst);
void x86_cmov(X86Code *c, X86Cond cc, bool w, int dst, int src);
void x86_push(X86Code *c, int reg);
void x86_pop(X86Code *c, int reg);
void x86_push_imm(X86Code *c, int32_t imm);
void x86_push_mem(X86Code *c, X86Mem m);
void x86_ret(X86Code *c, unsigned bytes);
void x86_jmp_mem(X86Code *c, X86Mem m);
void x86_call_mem(X86Code *c, X86Mem m);
void x86_call_reg(X86Code *c, int reg);
void x86_jmp_reg(X86Code *c, int reg);

// Branches with a 32-bit displacement: to a known offset, or with the offset of the displacement
// returned for x86_patch.
void x86_jcc(X86Code *c, X86Cond cc, size_t to);
void x86_jmp(X86Code *c, size_t to);
void x86_call(X86Code *c, size_t to);
size_t x86_jcc_fwd(X86Code *c, X86Cond cc);
size_t x86_jmp_fwd(X86Code *c);
size_t x86_call_fwd(X86Code *c);
void x86_patch(X86Code *c, size_t field, size_t to);

#endif
