// A64 encodings (DDI 0487, chapter C4): an instruction is a word made of a row of the tables below
// and register numbers. Rows of two widths are those of 32 bits; A64_X makes them 64 bits wide.
#ifndef HOST_BACKENDS_AARCH64_ENCODE_H
#define HOST_BACKENDS_AARCH64_ENCODE_H

#include "util/bits.h"

enum { XZR = 31, SP = 31 };

typedef enum A64Cond {
    A64_EQ,
    A64_NE,
    A64_CS,
    A64_CC,
    A64_MI,
    A64_PL,
    A64_VS,
    A64_VC,
    A64_HI,
    A64_LS,
    A64_GE,
    A64_LT,
    A64_GT,
    A64_LE,
    A64_AL,
} A64Cond;

// The buffer: rw[pos] is written next. full: it did not fit, or a branch could not reach; the code
// is no good.
typedef struct A64Code {
    uint8_t *rw;
    size_t pos, end;
    bool full;
} A64Code;

#define A64_X (1u << 31)

enum A64Op {
    // register, register, shifted register
    A64_ADD = 0x0b000000,
    A64_ADDS = 0x2b000000,
    A64_SUB = 0x4b000000,
    A64_SUBS = 0x6b000000,
    A64_AND = 0x0a000000,
    A64_BIC = 0x0a200000,
    A64_ORR = 0x2a000000,
    A64_ORN = 0x2a200000,
    A64_EOR = 0x4a000000,
    A64_EON = 0x4a200000,
    A64_ANDS = 0x6a000000,
    // register, register, register
    A64_ADC = 0x1a000000,
    A64_ADCS = 0x3a000000,
    A64_SBC = 0x5a000000,
    A64_SBCS = 0x7a000000,
    A64_UDIV = 0x1ac00800,
    A64_SDIV = 0x1ac00c00,
    A64_LSLV = 0x1ac02000,
    A64_LSRV = 0x1ac02400,
    A64_ASRV = 0x1ac02800,
    A64_RORV = 0x1ac02c00,
    A64_CRC32CB = 0x1ac05000, // then H, W; X with A64_X
    A64_MUL = 0x1b007c00,
    A64_SMULL = 0x1b207c00, // with A64_X only, as the next three
    A64_UMULL = 0x1ba07c00,
    A64_SMULH = 0x1b407c00,
    A64_UMULH = 0x1bc07c00,
    // with a fourth register or a condition
    A64_MSUB = 0x1b008000,
    A64_CSEL = 0x1a800000,
    A64_CSINC = 0x1a800400,
    // register, register
    A64_RBIT = 0x5ac00000,
    A64_REV16 = 0x5ac00400,
    A64_REV32 = 0x5ac00800, // of 32 bits: REV
    A64_REV64 = 0x5ac00c00,
    A64_CLZ = 0x5ac01000,
    // immediates
    A64_ADDI = 0x11000000,
    A64_ADDSI = 0x31000000,
    A64_SUBI = 0x51000000,
    A64_SUBSI = 0x71000000,
    A64_ANDI = 0x12000000,
    A64_ORRI = 0x32000000,
    A64_EORI = 0x52000000,
    A64_ANDSI = 0x72000000,
    A64_SBFM = 0x13000000,
    A64_BFM = 0x33000000,
    A64_UBFM = 0x53000000,
    A64_EXTR = 0x13800000,
    A64_MOVN = 0x12800000,
    A64_MOVZ = 0x52800000,
    A64_MOVK = 0x72800000,
    // branches
    A64_B = 0x14000000,
    A64_BL = 0x94000000,
    A64_BCOND = 0x54000000,
    A64_CBZ = 0x34000000,
    A64_CBNZ = 0x35000000,
    A64_BR = 0xd61f0000,
    A64_BLR = 0xd63f0000,
    A64_RET = 0xd65f0000,
    A64_ADR = 0x10000000,
    A64_LDR_W_LIT = 0x18000000,
    A64_LDR_Q_LIT = 0x9c000000,
    // system registers
    A64_MRS = 0xd5300000,
    A64_MSR = 0xd5100000,
    SYS_NZCV = 0xb4200,
    SYS_FPCR = 0xb4400,
    SYS_FPSR = 0xb4420,
};

enum { A64_LSL, A64_LSR, A64_ASR, A64_ROR };

void a64_word(A64Code *c, uint32_t word);
static inline uint32_t a64_wide(uint32_t op, bool wide)
{
    return wide ? op | A64_X : op;
}
// op rd, rn, rm
void a64_rrr(A64Code *c, uint32_t op, int rd, int rn, int rm);
void a64_rrr_shift(A64Code *c, uint32_t op, int rd, int rn, int rm, unsigned kind, unsigned n);
void a64_rr(A64Code *c, uint32_t op, int rd, int rn);
void a64_csel(A64Code *c, uint32_t op, int rd, int rn, int rm, A64Cond cond); // CSEL, CSINC
void a64_cset(A64Code *c, int rd, A64Cond cond);                              // 32 bits
void a64_mov(A64Code *c, bool wide, int rd, int rm);
void a64_const(A64Code *c, int rd, uint64_t v); // 1 to 4 instructions
// Bit fields: lowest bit and number of bits. insert leaves the rest of rd.
void a64_bitfield(A64Code *c, uint32_t op, int rd, int rn, unsigned immr, unsigned imms);
void a64_ubfx(A64Code *c, bool wide, int rd, int rn, unsigned low, unsigned n);
void a64_sbfx(A64Code *c, bool wide, int rd, int rn, unsigned low, unsigned n);
void a64_bfi(A64Code *c, bool wide, int rd, int rn, unsigned low, unsigned n);
void a64_lsl(A64Code *c, bool wide, int rd, int rn, unsigned n);
void a64_lsr(A64Code *c, bool wide, int rd, int rn, unsigned n);
void a64_extr(A64Code *c, bool wide, int rd, int rn, int rm, unsigned n);
// Immediates that one instruction can hold. imm: of ADD, SUB and their like: 12 bits, or these
// shifted by 12.
bool a64_fits_add(uint64_t v);
bool a64_fits_logic(bool wide, uint64_t v, uint32_t *field);
void a64_add_imm(A64Code *c, uint32_t op, int rd, int rn, uint64_t imm);
// The value must fit: a mistake of the caller otherwise.
void a64_logic_imm(A64Code *c, uint32_t op, int rd, int rn, uint64_t v);
// rd = rn + v, with up to four instructions; rd may be rn, temp neither.
void a64_add_const(A64Code *c, int rd, int rn, int64_t v, int temp);

// --- memory
typedef enum A64Mem { // size << 30 | vector << 26 | opc << 22
    A64_STRB = 0,
    A64_LDRB = 0x00400000,
    A64_LDRSB_X = 0x00800000,
    A64_LDRSB_W = 0x00c00000,
    A64_STRH = 0x40000000,
    A64_LDRH = 0x40400000,
    A64_LDRSH_X = 0x40800000,
    A64_LDRSH_W = 0x40c00000,
    A64_STR_W = (int)0x80000000,
    A64_LDR_W = (int)0x80400000,
    A64_LDRSW = (int)0x80800000,
    A64_STR_X = (int)0xc0000000,
    A64_LDR_X = (int)0xc0400000,
    A64_VECTOR = 0x04000000, // with the rows of 1 to 8 bytes
    A64_STR_Q = 0x04800000,
    A64_LDR_Q = 0x04c00000,
} A64Mem;

// Load or store of 1, 2, 4, 8 bytes, zero-extended; of a vector register also 16.
A64Mem a64_load_op(unsigned bytes, bool vector);
A64Mem a64_store_op(unsigned bytes, bool vector);
// [rn + off]. temp: needed where off fits no form.
void a64_mem(A64Code *c, A64Mem op, int rt, int rn, int64_t off, int temp);
void a64_mem_index(A64Code *c, A64Mem op, int rt, int rn, int rm); // [rn + rm]
enum {
    A64_STP = 0xa9000000,
    A64_LDP = 0xa9400000,
    A64_STP_PRE = 0xa9800000,
    A64_LDP_POST = 0xa8c00000,
    A64_STP_D = 0x6d000000,
    A64_LDP_D = 0x6d400000,
};
void a64_pair(A64Code *c, uint32_t op, int rt, int rt2, int rn, int off); // off: bytes

// --- branches: forward ones give the position of a field for a64_patch
size_t a64_b_fwd(A64Code *c);
size_t a64_bl_fwd(A64Code *c);
size_t a64_bcond_fwd(A64Code *c, A64Cond cond);
size_t a64_cbz_fwd(A64Code *c, bool wide, bool nonzero, int rt);
size_t a64_adr_fwd(A64Code *c, int rd);
void a64_b(A64Code *c, size_t target);
void a64_bl(A64Code *c, size_t target);
void a64_br(A64Code *c, uint32_t op, int rn);
// The branch, ADR or literal load at `field` goes to `target`.
void a64_patch(A64Code *c, size_t field, size_t target);
// The same for a word by itself; false if it cannot reach.
bool a64_retarget(uint32_t *word, int64_t distance);

// --- vectors and floating point: rows are in emit_vector.h
void a64_fmov_to_vec(A64Code *c, bool wide, int vd, int rn);
void a64_fmov_from_vec(A64Code *c, bool wide, int rd, int vn);
void a64_vmov(A64Code *c, int vd, int vn);

#endif
