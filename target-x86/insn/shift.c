// Shifts and rotates.
//
// A count of 0 changes nothing, flags included; where the count is known (by immediate, or 1) only
// the other case is emitted, else flags are chosen by f_choose.
#include "target-x86/insn/helpers.h"
#include "target-x86/insn/insn.h"

enum { ROL, ROR, RCL, RCR, SHL, SHR, SAL, SAR };

typedef struct Shift {
    unsigned bits; // of the operand
    unsigned bytes;
    IRRef x;     // the operand, zero-extended
    IRRef count; // masked, of x's type
    bool known;  // n is the count
    unsigned n;
} Shift;

static IRRef konst(X86Ctx *c, const Shift *s, uint64_t v)
{
    return ir_const(c->b, x86_type(s->bytes), v);
}

static void get_count(X86Ctx *c, Shift *s, unsigned operand)
{
    const X86Operand *o = &c->insn.operand[operand];
    unsigned mask = s->bytes == 8 ? 63 : 31;
    s->known = o->kind == X86_OP_IMM;
    if (s->known) {
        s->n = o->imm & mask;
        s->count = konst(c, s, s->n);
    } else {
        IRRef n = x86_read(c, operand);
        s->count = ir_and(c->b, s->bytes == 8 ? ir_extu(c->b, n) : n, konst(c, s, mask));
    }
}

// Flags if the count is not 0; else the old ones.
static void put_flags(X86Ctx *c, const Shift *s, IRRef f)
{
    if (!s->known) {
        f = ir_f_choose(c->b, IR_F_Z, ir_f_logic(c->b, s->count), x86_flags(c), f);
    }
    x86_put_flags(c, f);
}

// A destination of 32 bits is zero-extended even if the count is 0.
static bool nothing_to_do(X86Ctx *c, const Shift *s)
{
    if (!s->known || s->n) {
        return false;
    }
    if (c->insn.operand[0].kind == X86_OP_GPR) {
        x86_write(c, 0, s->x);
    }
    return true;
}

// --- SHL, SHR, SAR

// The operand shifted by one less: the flags are those of the last step.
static IRRef shift_all_but_one(X86Ctx *c, const Shift *s, IROpcode op, IRRef x)
{
    IRRef n = ir_addi(c->b, s->count, -1);
    return ir_make(c->b, op, ir_type(c->b, x), x, n, IR_NONE, IR_NONE, 0, 0, 0);
}

static IRRef shift_left(X86Ctx *c, const Shift *s, IRRef *flags)
{
    IRRef y = shift_all_but_one(c, s, IR_shl, s->x);
    *flags = ir_f_add_n(c->b, y, y, s->bits);
    return ir_shl(c->b, s->x, s->count);
}

static IRRef shift_right(X86Ctx *c, const Shift *s, IRRef *flags)
{
    *flags = ir_f_shr1_n(c->b, shift_all_but_one(c, s, IR_shr, s->x), s->bits);
    return ir_shr(c->b, s->x, s->count);
}

static IRRef shift_arithmetic(X86Ctx *c, const Shift *s, IRRef *flags)
{
    IRRef x = s->bits < 32 ? ir_sext(c->b, s->x, s->bits) : s->x;
    *flags = ir_f_sar1_n(c->b, shift_all_but_one(c, s, IR_sar, x), s->bits);
    return ir_sar(c->b, x, s->count);
}

// --- ROL, ROR: C is the bit that went around; V compares the result's top bit with C or with the
// bit below. Other flags stay.

// The operand repeated to 32 bits, so that a rotation of it rotates the operand.
static IRRef repeated(X86Ctx *c, const Shift *s)
{
    IRRef x = s->x;
    if (s->bits == 8) {
        x = ir_or(c->b, x, ir_shli(c->b, x, 8));
    }
    return s->bits < 32 ? ir_or(c->b, x, ir_shli(c->b, x, 16)) : x;
}

static IRRef rotate_flags(X86Ctx *c, const Shift *s, IRRef carry, IRRef x, IRRef y)
{
    (void)s;
    return ir_f_setv(c->b, ir_f_setc(c->b, x86_flags(c), carry), ir_xor(c->b, x, y));
}

static IRRef rotate(X86Ctx *c, const Shift *s, bool left, IRRef *flags)
{
    IRBlock *b = c->b;
    IRRef n = left ? ir_neg(b, s->count) : s->count;
    IRRef r = ir_ror(b, repeated(c, s), n);
    IRRef top = ir_shri(b, r, s->bits - 1);
    *flags = left ? rotate_flags(c, s, r, top, r)
                  : rotate_flags(c, s, top, top, ir_shri(b, r, s->bits - 2));
    return r;
}

// --- RCL, RCR: by one inline, else by C functions

static IRRef rotate_carry_1(X86Ctx *c, const Shift *s, bool left, IRRef *flags)
{
    IRBlock *b = c->b;
    IRRef carry = ir_f_test(b, IR_F_C, x86_flags(c)), r, out;
    if (left) {
        out = ir_shri(b, s->x, s->bits - 1);
        r = ir_adc(b, s->x, s->x, x86_flags(c));
        *flags = rotate_flags(c, s, out, out, ir_shri(b, r, s->bits - 1));
    } else {
        IRRef in = s->bytes == 8 ? ir_extu(b, carry) : carry;
        r = ir_or(b, ir_shri(b, s->x, 1), ir_shli(b, in, s->bits - 1));
        *flags = rotate_flags(c, s, s->x, in, ir_shri(b, s->x, s->bits - 1));
    }
    return r;
}

static IRRef rotate_carry(X86Ctx *c, const Shift *s, bool left, IRRef *flags)
{
    IRBlock *b = c->b;
    if (s->known && s->n == 1) {
        return rotate_carry_1(c, s, left, flags);
    }
    IRRef carry = ir_f_test(b, IR_F_C, x86_flags(c)), bits = ir_i32(b, s->bits);
    IRRef r = ir_call(b, left ? &x86_h_rcl : &x86_h_rcr, s->x, s->count, carry, bits);
    IRRef out = ir_call(b, left ? &x86_h_rcl_carry : &x86_h_rcr_carry, s->x, s->count, carry, bits);
    r = s->bytes == 8 ? r : ir_trunc(b, r);
    IRRef top = ir_shri(b, r, s->bits - 1);
    IRRef other = left ? (s->bytes == 8 ? ir_extu(b, out) : out) : ir_shri(b, r, s->bits - 2);
    *flags = rotate_flags(c, s, out, top, other);
    return r;
}

// --- the group

static IRRef shift(X86Ctx *c, const Shift *s, unsigned op, IRRef *flags)
{
    switch (op) {
    case ROL:
    case ROR:
        return rotate(c, s, op == ROL, flags);
    case RCL:
    case RCR:
        return rotate_carry(c, s, op == RCL, flags);
    case SHR:
        return shift_right(c, s, flags);
    case SAR:
        return shift_arithmetic(c, s, flags);
    default:
        return shift_left(c, s, flags);
    }
}

static Shift operand(X86Ctx *c, const X86Insn *i)
{
    Shift s = {.bytes = i->operand[0].bytes, .bits = 8u * i->operand[0].bytes};
    s.x = x86_read_rmw(c, 0);
    return s;
}

static bool tr_shift(X86Ctx *c, const X86Insn *i)
{
    Shift s = operand(c, i);
    IRRef flags;
    get_count(c, &s, 1);
    if (nothing_to_do(c, &s)) {
        return true;
    }
    IRRef r = shift(c, &s, i->row->arg, &flags);
    x86_write(c, 0, r);
    put_flags(c, &s, flags);
    return true;
}

// --- SHLD, SHRD

// 16 bits: counts go to 31, and what comes in after 16 bits is the source once more.
static IRRef double_16(X86Ctx *c, const Shift *s, bool left, IRRef y, IRRef count)
{
    IRBlock *b = c->b;
    IRRef n = ir_extu(b, count), x = ir_extu(b, s->x), w = ir_extu(b, y);
    IRRef twice = ir_or(b, w, ir_shli(b, w, 16));
    if (left) {
        IRRef v = ir_or(b, ir_shli(b, x, 32), twice);
        return ir_trunc(b, ir_shri(b, ir_shl(b, v, n), 32));
    }
    return ir_trunc(b, ir_shr(b, ir_or(b, ir_shli(b, twice, 16), x), n));
}

// x shifted by count (below the width), filled from y.
static IRRef double_wide(X86Ctx *c, const Shift *s, bool left, IRRef y, IRRef count)
{
    IRBlock *b = c->b;
    unsigned last = s->bits - 1;
    IRRef rest = ir_sub(b, konst(c, s, last), count);
    if (left) {
        return ir_or(b, ir_shl(b, s->x, count), ir_shr(b, ir_shri(b, y, 1), rest));
    }
    return ir_or(b, ir_shr(b, s->x, count), ir_shl(b, ir_shli(b, y, 1), rest));
}

// arg: 1 left. Flags: S, Z, P of the result; C the last bit out; V: the last step changed the sign.
static bool tr_double_shift(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    Shift s = operand(c, i);
    bool left = i->row->arg;
    IRRef y = x86_read(c, 1), r, before;
    get_count(c, &s, 2);
    if (nothing_to_do(c, &s)) {
        return true;
    }
    IRRef less = ir_addi(b, s.count, -1);
    if (s.bits == 16) {
        r = double_16(c, &s, left, y, s.count);
        before = double_16(c, &s, left, y, ir_and(b, less, ir_i32(b, 31)));
    } else {
        r = double_wide(c, &s, left, y, s.count);
        before = ir_make(b, left ? IR_shl : IR_shr, ir_type(b, s.x), s.x, less, IR_NONE, IR_NONE, 0,
                         0, 0);
    }
    IRRef carry = left ? ir_shri(b, before, s.bits - 1) : before;
    IRRef flags = ir_f_setc(b, ir_f_logic_n(b, r, s.bits), carry);
    IRRef other = left ? carry : ir_shri(b, r, s.bits - 2); // the sign before the last step
    flags = ir_f_setv(b, flags, ir_xor(b, ir_shri(b, r, s.bits - 1), other));
    x86_write(c, 0, r);
    put_flags(c, &s, flags);
    return true;
}

// --- BMI2: no flags

enum { SHLX, SHRX, SARX };

static bool tr_shiftx(X86Ctx *c, const X86Insn *i)
{
    static const IROpcode ops[] = {IR_shl, IR_shr, IR_sar};
    IRRef x = x86_read(c, 1), n = x86_read(c, 2);
    x86_write(c, 0,
              ir_make(c->b, ops[i->row->arg], ir_type(c->b, x), x, n, IR_NONE, IR_NONE, 0, 0, 0));
    return true;
}

static bool tr_rorx(X86Ctx *c, const X86Insn *i)
{
    IRRef x = x86_read(c, 1);
    unsigned mask = i->operand[0].bytes == 8 ? 63 : 31;
    x86_write(c, 0, ir_ror(c->b, x, ir_const(c->b, ir_type(c->b, x), i->operand[2].imm & mask)));
    return true;
}

#define SHIFT_ROWS(name, op, n, undefined)                                                         \
    {name, "C0 /" n, "Eb,Ib", tr_shift, op, 0, 0, undefined},                                      \
        {name, "C1 /" n, "Ev,Ib", tr_shift, op, 0, 0, undefined},                                  \
        {name, "D0 /" n, "Eb,1", tr_shift, op, 0, 0, undefined},                                   \
        {name, "D1 /" n, "Ev,1", tr_shift, op, 0, 0, undefined},                                   \
        {name, "D2 /" n, "Eb,CL", tr_shift, op, 0, 0, undefined},                                  \
    {                                                                                              \
        name, "D3 /" n, "Ev,CL", tr_shift, op, 0, 0, undefined                                     \
    }

// clang-format off
static const X86Row rows[] = {
    SHIFT_ROWS("ROL", ROL, "0", NULL),
    SHIFT_ROWS("ROR", ROR, "1", NULL),
    SHIFT_ROWS("RCL", RCL, "2", NULL),
    SHIFT_ROWS("RCR", RCR, "3", NULL),
    SHIFT_ROWS("SHL", SHL, "4", "A"),
    SHIFT_ROWS("SHR", SHR, "5", "A"),
    SHIFT_ROWS("SAL", SAL, "6", "A"),
    SHIFT_ROWS("SAR", SAR, "7", "A"),
    {"SHLD", "0F A4 /r", "Ev,Gv,Ib", tr_double_shift, 1, 0, 0, "OAC"},
    {"SHLD", "0F A5 /r", "Ev,Gv,CL", tr_double_shift, 1, 0, 0, "OAC"},
    {"SHRD", "0F AC /r", "Ev,Gv,Ib", tr_double_shift, 0, 0, 0, "OAC"},
    {"SHRD", "0F AD /r", "Ev,Gv,CL", tr_double_shift, 0, 0, 0, "OAC"},
    {"SHLX", "VEX.LZ.66.0F38 F7 /r", "Gy,Ey,By", tr_shiftx, SHLX, X86_ROW_NO_REAL, X86_FEAT_BMI2},
    {"SHRX", "VEX.LZ.F2.0F38 F7 /r", "Gy,Ey,By", tr_shiftx, SHRX, X86_ROW_NO_REAL, X86_FEAT_BMI2},
    {"SARX", "VEX.LZ.F3.0F38 F7 /r", "Gy,Ey,By", tr_shiftx, SARX, X86_ROW_NO_REAL, X86_FEAT_BMI2},
    {"RORX", "VEX.LZ.F2.0F3A F0 /r", "Gy,Ey,Ib", tr_rorx, 0, X86_ROW_NO_REAL, X86_FEAT_BMI2},
};
// clang-format on

const X86Group x86_int_shift = {"shift", rows, ARRAY_LEN(rows)};
