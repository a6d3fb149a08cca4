// Multiplication and division.
//
// #DE is so rare that a guard sends the instruction to a run of its own, where a C function
// decides. Signed 128 by 64 bits goes there, too, unless the dividend is 64 bits extended.
#include "target-x86/helpers.h"
#include "target-x86/insn/helpers.h"
#include "target-x86/insn/insn.h"

static IRRef ext(X86Ctx *c, IRRef x, unsigned bytes, bool is_signed)
{
    if (bytes == 8) {
        return x;
    }
    IRRef w = is_signed && bytes < 4 ? ir_sext(c->b, x, 8 * bytes) : x;
    return is_signed ? ir_exts(c->b, w) : ir_extu(c->b, w);
}

// --- multiplication

// CF and OF: the upper half counts. The others, undefined, are those of the lower half.
static void put_mul_flags(X86Ctx *c, IRRef low, IRRef wide, unsigned bits)
{
    IRRef f = ir_f_logic_n(c->b, low, bits);
    x86_put_flags(c, ir_f_setv(c->b, ir_f_setc(c->b, f, wide), wide));
}

// MUL, IMUL with one operand; arg: signed.
static bool tr_mul1(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    bool is_signed = i->row->arg;
    unsigned bytes = i->operand[0].bytes, bits = 8 * bytes;
    IRRef x = ext(c, x86_get_gpr(c, X86_RAX, bytes, false), bytes, is_signed);
    IRRef y = ext(c, x86_read(c, 0), bytes, is_signed), low = ir_mul(b, x, y), high, wide;
    if (bytes == 8) {
        high = is_signed ? ir_mulhs(b, x, y) : ir_mulhu(b, x, y);
        wide = ir_cmpset(b, IR_NE, high, is_signed ? ir_sari(b, low, 63) : ir_i64(b, 0));
    } else {
        high = ir_shri(b, low, bits);
        wide = ir_cmpset(b, IR_NE, low,
                         is_signed ? ir_sextract(b, low, 0, bits) : ir_extract(b, low, 0, bits));
    }
    if (bytes == 1) {
        x86_put_gpr(c, X86_RAX, 2, false, low);
    } else {
        x86_put_gpr(c, X86_RAX, bytes, false, bytes == 4 ? ir_trunc(b, low) : low);
        x86_put_gpr(c, X86_RDX, bytes, false, bytes == 4 ? ir_trunc(b, high) : high);
    }
    put_mul_flags(c, low, wide, bits);
    return true;
}

// IMUL with two or three operands: the last two are the factors; arg: index of the first one.
static bool tr_imul(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    unsigned bytes = i->operand[0].bytes, bits = 8 * bytes;
    IRRef x = ext(c, x86_read(c, i->row->arg), bytes, true);
    IRRef y = ext(c, x86_read(c, i->row->arg + 1u), bytes, true);
    IRRef low = ir_mul(b, x, y), wide;
    if (bytes == 8) {
        wide = ir_cmpset(b, IR_NE, ir_mulhs(b, x, y), ir_sari(b, low, 63));
    } else {
        wide = ir_cmpset(b, IR_NE, low, ir_sextract(b, low, 0, bits));
    }
    x86_write(c, 0, bytes == 8 ? low : ir_trunc(b, low));
    put_mul_flags(c, low, wide, bits);
    return true;
}

// MULX: no flags; the first destination is the upper half and wins if both are the same.
static bool tr_mulx(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    unsigned bytes = i->operand[0].bytes;
    IRRef x = ext(c, x86_get_gpr(c, X86_RDX, bytes, false), bytes, false);
    IRRef y = ext(c, x86_read(c, 2), bytes, false), low = ir_mul(b, x, y);
    IRRef high = bytes == 8 ? ir_mulhu(b, x, y) : ir_shri(b, low, 32);
    x86_write(c, 1, bytes == 8 ? low : ir_trunc(b, low));
    x86_write(c, 0, bytes == 8 ? high : ir_trunc(b, high));
    return true;
}

// --- division

static IRRef dividend(X86Ctx *c, unsigned bytes, bool is_signed)
{
    IRBlock *b = c->b;
    IRRef rax = x86_reg64(c, X86_RAX);
    if (bytes == 1) {
        return is_signed ? ir_sextract(b, rax, 0, 16) : ir_extract(b, rax, 0, 16);
    }
    IRRef x = ir_deposit(b, rax, x86_reg64(c, X86_RDX), 8 * bytes, 8 * bytes);
    if (bytes == 4) {
        return x;
    }
    return is_signed ? ir_sextract(b, x, 0, 32) : ir_extract(b, x, 0, 32);
}

static void put_quotient(X86Ctx *c, unsigned bytes, IRRef q, IRRef r)
{
    if (bytes == 4 && ir_type(c->b, q) == IR_I64) {
        q = ir_trunc(c->b, q);
        r = ir_trunc(c->b, r);
    }
    x86_put_gpr(c, X86_RAX, bytes, false, q);
    x86_put_gpr(c, bytes == 1 ? X86_RAX : X86_RDX, bytes, bytes == 1, r);
}

// The quotient has to fit; division by zero gives 0 in the IR.
static void guard_quotient(X86Ctx *c, unsigned bits, IRRef y, IRRef q, bool is_signed)
{
    IRBlock *b = c->b;
    IRRef cut = is_signed ? ir_sextract(b, q, 0, bits) : ir_extract(b, q, 0, bits);
    IRRef zero = ir_i64(b, 0);
    bool may_be_zero = x86_guard(c, IR_EQ, y, zero), may_not_fit = x86_guard(c, IR_NE, q, cut);
    if (may_be_zero || may_not_fit) {
        IRRef wrong = ir_or(b, ir_cmpset(b, IR_EQ, y, zero), ir_cmpset(b, IR_NE, q, cut));
        ir_call(b, &x86_h_divide_error_if, wrong, IR_NONE, IR_NONE, IR_NONE);
    }
}

// Two words by one, unsigned: the quotient fits if the upper word is below the divisor.
static bool divide_unsigned(X86Ctx *c, unsigned bytes, IRRef y)
{
    IRBlock *b = c->b;
    IRRef lo = x86_get_gpr(c, X86_RAX, bytes, false), hi = x86_get_gpr(c, X86_RDX, bytes, false);
    if (x86_guard(c, IR_GEU, hi, y)) {
        IRRef wrong = ir_cmpset(b, IR_GEU, hi, y);
        ir_call(b, &x86_h_divide_error_if, wrong, IR_NONE, IR_NONE, IR_NONE);
    }
    put_quotient(c, bytes, ir_div2u(b, hi, lo, y), ir_rem2u(b, hi, lo, y));
    return true;
}

static void divide_signed_64(X86Ctx *c, IRRef y)
{
    IRBlock *b = c->b;
    IRRef lo = x86_reg64(c, X86_RAX), hi = x86_reg64(c, X86_RDX), q;
    IRRef lowest = ir_i64(b, UINT64_C(1) << 63);
    if (x86_guard(c, IR_NE, hi, ir_sari(b, lo, 63))) {
        q = ir_call(b, &x86_h_idiv64, hi, lo, y, IR_NONE);
    } else {
        x86_guard(c, IR_EQ, y, ir_i64(b, 0));
        x86_guard(c, IR_EQ, lo, lowest);
        q = ir_divs(b, lo, y);
    }
    put_quotient(c, 8, q, ir_sub(b, lo, ir_mul(b, q, y)));
}

// arg: signed
static bool tr_div(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    bool is_signed = i->row->arg;
    unsigned bytes = i->operand[0].bytes;
    if (!is_signed && bytes >= 4) {
        return divide_unsigned(c, bytes, x86_read(c, 0));
    }
    IRRef y = ext(c, x86_read(c, 0), bytes, is_signed);
    if (bytes == 8) {
        divide_signed_64(c, y);
        return true;
    }
    IRRef x = dividend(c, bytes, is_signed);
    IRRef q = is_signed ? ir_divs(b, x, y) : ir_divu(b, x, y);
    guard_quotient(c, 8 * bytes, y, q, is_signed);
    put_quotient(c, bytes, q, ir_sub(b, x, ir_mul(b, q, y)));
    return true;
}

// clang-format off
static const X86Row rows[] = {
    {"MUL", "F6 /4", "Eb", tr_mul1, 0, 0, 0, "SZAP"},
    {"MUL", "F7 /4", "Ev", tr_mul1, 0, 0, 0, "SZAP"},
    {"IMUL", "F6 /5", "Eb", tr_mul1, 1, 0, 0, "SZAP"},
    {"IMUL", "F7 /5", "Ev", tr_mul1, 1, 0, 0, "SZAP"},
    {"IMUL", "0F AF /r", "Gv,Ev", tr_imul, 0, 0, 0, "SZAP"},
    {"IMUL", "6B /r", "Gv,Ev,Ibs", tr_imul, 1, 0, 0, "SZAP"},
    {"IMUL", "69 /r", "Gv,Ev,Iz", tr_imul, 1, 0, 0, "SZAP"},
    {"MULX", "VEX.LZ.F2.0F38 F6 /r", "Gy,By,Ey", tr_mulx, 0, X86_ROW_NO_REAL, X86_FEAT_BMI2},
    {"DIV", "F6 /6", "Eb", tr_div, 0, 0, 0, "OSZAPC"},
    {"DIV", "F7 /6", "Ev", tr_div, 0, 0, 0, "OSZAPC"},
    {"IDIV", "F6 /7", "Eb", tr_div, 1, 0, 0, "OSZAPC"},
    {"IDIV", "F7 /7", "Ev", tr_div, 1, 0, 0, "OSZAPC"},
};
// clang-format on

const X86Group x86_int_muldiv = {"muldiv", rows, ARRAY_LEN(rows)};
