// Bits: BT and its kin, scans, counts, BMI1, BMI2, CRC32.
#include "target-x86/insn/helpers.h"
#include "target-x86/insn/insn.h"

static IRRef konst(X86Ctx *c, const X86Insn *i, uint64_t v)
{
    return ir_const(c->b, x86_type(i->operand[0].bytes), v);
}

static unsigned bits_of(const X86Insn *i)
{
    return 8u * i->operand[0].bytes;
}

// --- BT, BTS, BTR, BTC

enum { BT, BTS, BTR, BTC };

static IRRef change_bit(X86Ctx *c, unsigned op, IRRef x, IRRef mask)
{
    switch (op) {
    case BTS:
        return ir_or(c->b, x, mask);
    case BTR:
        return ir_andn(c->b, x, mask);
    default:
        return ir_xor(c->b, x, mask);
    }
}

// Linear address of the word that a register's bit offset selects in memory: the offset is signed
// and reaches beyond the operand.
static IRRef bit_address(X86Ctx *c, const X86Insn *i, IRRef offset)
{
    IRBlock *b = c->b;
    unsigned bytes = i->operand[0].bytes, log2_bits = (unsigned)__builtin_ctz(8 * bytes);
    IRRef n = bytes == 8 ? offset : ir_exts(b, bytes == 2 ? ir_sext(b, offset, 16) : offset);
    IRRef words = ir_shli(b, ir_sari(b, n, log2_bits), log2_bits - 3);
    IRRef a = ir_add(b, x86_ea(c), words);
    if (i->addr_bytes < 8) {
        a = ir_extract(b, a, 0, 8 * i->addr_bytes);
    }
    return x86_linear(c, i->seg, a, bytes, i->row->arg != BT);
}

static bool tr_bt(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    unsigned op = i->row->arg, bytes = i->operand[0].bytes;
    bool in_memory = i->operand[0].kind == X86_OP_MEM;
    unsigned memop = in_memory ? x86_memop(c, bytes) : 0;
    IRRef y = x86_read(c, 1), a = IR_NONE, x;
    if (i->operand[1].kind == X86_OP_IMM) {
        y = konst(c, i, i->operand[1].imm);
    }
    if (in_memory) {
        a = i->operand[1].kind == X86_OP_IMM ? x86_mem(c, bytes, op != BT) : bit_address(c, i, y);
        x = ir_ld(b, x86_type(bytes), a, 0, memop | (op == BT ? 0 : IR_MEM_WRITE));
    } else {
        x = x86_read(c, 0);
    }
    IRRef n = ir_and(b, y, konst(c, i, bits_of(i) - 1));
    IRRef carry = ir_shr(b, x, n);
    if (op != BT) {
        IRRef r = change_bit(c, op, x, ir_shl(b, konst(c, i, 1), n));
        if (in_memory) {
            ir_st(b, a, 0, r, memop);
        } else {
            x86_write(c, 0, r);
        }
    }
    x86_put_flags(c, ir_f_setc(b, x86_flags(c), carry));
    return true;
}

// --- scans and counts

// BSF (arg 0), BSR (1): a source of 0 sets ZF and leaves the destination as it is, all 64 bits.
static bool tr_scan(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    unsigned bytes = i->operand[0].bytes, width = bytes == 8 ? 64 : 32;
    unsigned dst = i->operand[0].reg;
    IRRef x = x86_read(c, 1), zero = konst(c, i, 0), old = x86_reg64(c, dst), n;
    if (i->row->arg) {
        n = ir_sub(b, konst(c, i, width - 1), ir_clz(b, x));
    } else {
        n = ir_ctz(b, x);
    }
    n = bytes == 8 ? n : ir_extu(b, n);
    n = bytes == 2 ? ir_deposit(b, old, n, 0, 16) : n;
    IRRef f = ir_f_logic_n(b, x, bits_of(i));
    ir_put(b, offsetof(X86CPU, vcpu.gpr) + 8 * dst, ir_select(b, IR_EQ, x, zero, old, n));
    x86_put_flags(c, f);
    return true;
}

enum { TZCNT, LZCNT };

// C: the source is 0; Z: the result is.
static bool tr_count(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    unsigned bytes = i->operand[0].bytes;
    IRRef x = x86_read(c, 1), r;
    if (i->row->arg == TZCNT) {
        r = ir_ctz(b, bytes == 2 ? ir_or(b, x, ir_i32(b, 0x10000)) : x);
    } else {
        r = ir_addi(b, ir_clz(b, x), bytes == 2 ? -16 : 0);
    }
    IRRef carry = ir_cmpset(b, IR_EQ, x, konst(c, i, 0));
    x86_write(c, 0, r);
    x86_put_flags(c, ir_f_setc(b, ir_f_logic(b, r), carry));
    return true;
}

static bool tr_popcnt(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    IRRef x = x86_read(c, 1), z = ir_cmpset(b, IR_EQ, x, konst(c, i, 0));
    x86_write(c, 0, ir_popcnt(b, x));
    x86_put_flags(c, ir_f_unpack(b, ir_shli(b, z, 14)));
    return true;
}

static bool tr_crc32(X86Ctx *c, const X86Insn *i)
{
    IRRef crc = x86_get_gpr(c, i->operand[0].reg, 4, false), y = x86_read(c, 1);
    y = ir_type(c->b, y) == IR_I64 ? y : ir_extu(c->b, y);
    IRRef r = ir_crc32c(c->b, crc, y, (unsigned)__builtin_ctz(i->operand[1].bytes));
    x86_put_gpr(c, i->operand[0].reg, 4, false, r);
    return true;
}

// --- BMI1

static bool tr_andn(X86Ctx *c, const X86Insn *i)
{
    IRRef r = ir_andn(c->b, x86_read(c, 2), x86_read(c, 1));
    x86_write(c, 0, r);
    x86_put_flags(c, ir_f_logic_n(c->b, r, bits_of(i)));
    return true;
}

// What a field of n bits keeps: all, if n is the width or more. n is 8 bits.
static IRRef keep_low(X86Ctx *c, const X86Insn *i, IRRef x, IRRef n)
{
    IRBlock *b = c->b;
    IRRef ones = konst(c, i, UINT64_MAX), width = konst(c, i, bits_of(i));
    IRRef cut = ir_andn(b, x, ir_shl(b, ones, n));
    return ir_select(b, IR_GEU, n, width, x, cut);
}

static bool tr_bextr(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    IRRef x = x86_read(c, 1), control = x86_read(c, 2);
    IRRef start = ir_extract(b, control, 0, 8), length = ir_extract(b, control, 8, 8);
    IRRef shifted =
        ir_select(b, IR_GEU, start, konst(c, i, bits_of(i)), konst(c, i, 0), ir_shr(b, x, start));
    IRRef r = keep_low(c, i, shifted, length);
    x86_write(c, 0, r);
    x86_put_flags(c, ir_f_logic_n(b, r, bits_of(i)));
    return true;
}

static bool tr_bzhi(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    IRRef x = x86_read(c, 1), n = ir_extract(b, x86_read(c, 2), 0, 8);
    IRRef r = keep_low(c, i, x, n);
    IRRef carry = ir_cmpset(b, IR_GEU, n, konst(c, i, bits_of(i)));
    x86_write(c, 0, r);
    x86_put_flags(c, ir_f_setc(b, ir_f_logic_n(b, r, bits_of(i)), carry));
    return true;
}

enum { BLSR, BLSMSK, BLSI };

// C: the source is 0 (BLSI: is not).
static bool tr_bls(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    IRRef x = x86_read(c, 1), less = ir_addi(b, x, -1), r;
    unsigned op = i->row->arg;
    r = op == BLSR     ? ir_and(b, x, less)
        : op == BLSMSK ? ir_xor(b, x, less)
                       : ir_and(b, x, ir_neg(b, x));
    IRRef carry = ir_cmpset(b, op == BLSI ? IR_NE : IR_EQ, x, konst(c, i, 0));
    x86_write(c, 0, r);
    x86_put_flags(c, ir_f_setc(b, ir_f_logic_n(b, r, bits_of(i)), carry));
    return true;
}

// PDEP (arg 0), PEXT (1)
static bool tr_pdep(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    IRRef x = x86_read(c, 1), mask = x86_read(c, 2);
    x86_write(c, 0, i->row->arg ? ir_pext(b, x, mask) : ir_pdep(b, x, mask));
    return true;
}

#define VEX(pfx, op) "VEX.LZ." pfx ".0F38 " op

// clang-format off
static const X86Row rows[] = {
    {"BT",  "0F A3 /r", "Ev,Gv", tr_bt, BT},
    {"BTS", "0F AB /r", "Ev,Gv", tr_bt, BTS, X86_ROW_LOCK},
    {"BTR", "0F B3 /r", "Ev,Gv", tr_bt, BTR, X86_ROW_LOCK},
    {"BTC", "0F BB /r", "Ev,Gv", tr_bt, BTC, X86_ROW_LOCK},
    {"BT",  "0F BA /4", "Ev,Ib", tr_bt, BT},
    {"BTS", "0F BA /5", "Ev,Ib", tr_bt, BTS, X86_ROW_LOCK},
    {"BTR", "0F BA /6", "Ev,Ib", tr_bt, BTR, X86_ROW_LOCK},
    {"BTC", "0F BA /7", "Ev,Ib", tr_bt, BTC, X86_ROW_LOCK},
    {"BSF", "0F BC /r", "Gv,Ev", tr_scan, 0, 0, 0, "OSAPC"},
    {"BSR", "0F BD /r", "Gv,Ev", tr_scan, 1, 0, 0, "OSAPC"},
    {"TZCNT", "F3 0F BC /r", "Gv,Ev", tr_count, TZCNT, 0, X86_FEAT_BMI1, "OSAP"},
    {"LZCNT", "F3 0F BD /r", "Gv,Ev", tr_count, LZCNT, 0, X86_FEAT_LZCNT, "OSAP"},
    {"POPCNT", "F3 0F B8 /r", "Gv,Ev", tr_popcnt, 0, 0, X86_FEAT_POPCNT},
    {"CRC32", "F2 0F 38 F0 /r", "Gy,Eb", tr_crc32, 0, 0, X86_FEAT_SSE42},
    {"CRC32", "F2 0F 38 F1 /r", "Gy,Ev", tr_crc32, 0, 0, X86_FEAT_SSE42},
};

static const X86Row bmi_rows[] = {
    {"ANDN", VEX("NP", "F2 /r"), "Gy,By,Ey", tr_andn, 0, X86_ROW_NO_REAL, X86_FEAT_BMI1, "AP"},
    {"BEXTR", VEX("NP", "F7 /r"), "Gy,Ey,By", tr_bextr, 0, X86_ROW_NO_REAL, X86_FEAT_BMI1, "SAP"},
    {"BLSR", VEX("NP", "F3 /1"), "By,Ey", tr_bls, BLSR, X86_ROW_NO_REAL, X86_FEAT_BMI1, "AP"},
    {"BLSMSK", VEX("NP", "F3 /2"), "By,Ey", tr_bls, BLSMSK, X86_ROW_NO_REAL, X86_FEAT_BMI1, "AP"},
    {"BLSI", VEX("NP", "F3 /3"), "By,Ey", tr_bls, BLSI, X86_ROW_NO_REAL, X86_FEAT_BMI1, "AP"},
    {"BZHI", VEX("NP", "F5 /r"), "Gy,Ey,By", tr_bzhi, 0, X86_ROW_NO_REAL, X86_FEAT_BMI2, "AP"},
    {"PDEP", VEX("F2", "F5 /r"), "Gy,By,Ey", tr_pdep, 0, X86_ROW_NO_REAL, X86_FEAT_BMI2},
    {"PEXT", VEX("F3", "F5 /r"), "Gy,By,Ey", tr_pdep, 1, X86_ROW_NO_REAL, X86_FEAT_BMI2},
};
// clang-format on

const X86Group x86_int_bits = {"bits", rows, ARRAY_LEN(rows)};
const X86Group x86_int_bmi = {"bmi", bmi_rows, ARRAY_LEN(bmi_rows)};
