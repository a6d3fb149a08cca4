// Arithmetic and logic with two operands, and INC, DEC, NEG, NOT, TEST, XADD, CMPXCHG.
//
// Values of 8 and 16 bits travel zero-extended in I32; results may have rubbish above, which flag
// ops and writes ignore. LOCK changes nothing: one thread runs all vCPUs, and an instruction is
// never split.
#include "target-x86/insn/helpers.h"
#include "target-x86/insn/insn.h"

enum { ADD, OR, ADC, SBB, AND, SUB, XOR, CMP };

static unsigned bits_of(const X86Insn *i)
{
    return 8u * i->operand[0].bytes;
}

static IRRef compute(X86Ctx *c, unsigned op, IRRef x, IRRef y)
{
    IRBlock *b = c->b;
    switch (op) {
    case ADD:
        return ir_add(b, x, y);
    case OR:
        return ir_or(b, x, y);
    case ADC:
        return ir_adc(b, x, y, x86_flags(c));
    case SBB:
        return ir_sbb(b, x, y, x86_flags(c));
    case AND:
        return ir_and(b, x, y);
    case XOR:
        return ir_xor(b, x, y);
    default:
        return ir_sub(b, x, y);
    }
}

static IRRef compute_flags(X86Ctx *c, unsigned op, IRRef x, IRRef y, IRRef result, unsigned bits)
{
    IRBlock *b = c->b;
    switch (op) {
    case ADD:
        return ir_f_add_n(b, x, y, bits);
    case ADC:
        return ir_f_adc_n(b, x, y, x86_flags(c), bits);
    case SBB:
        return ir_f_sbb_n(b, x, y, x86_flags(c), bits);
    case SUB:
    case CMP:
        return ir_f_sub_n(b, x, y, bits);
    default:
        return ir_f_logic_n(b, result, bits);
    }
}

static bool same_register(const X86Insn *i)
{
    const X86Operand *x = &i->operand[0], *y = &i->operand[1];
    return x->kind == X86_OP_GPR && y->kind == X86_OP_GPR && x->reg == y->reg &&
           x->high_byte == y->high_byte;
}

static bool tr_alu(X86Ctx *c, const X86Insn *i)
{
    unsigned op = i->row->arg, bits = bits_of(i);
    IRRef x, y;
    if (same_register(i) && (op == XOR || op == SUB)) { // does not depend on it
        x = y = ir_const(c->b, x86_type(i->operand[0].bytes), 0);
    } else {
        x = op == CMP ? x86_read(c, 0) : x86_read_rmw(c, 0);
        y = x86_read(c, 1);
    }
    IRRef result = op == CMP ? IR_NONE : compute(c, op, x, y);
    IRRef flags = compute_flags(c, op, x, y, result, bits);
    if (op != CMP) {
        x86_write(c, 0, result);
    }
    x86_put_flags(c, flags);
    return true;
}

static bool tr_test(X86Ctx *c, const X86Insn *i)
{
    IRRef x = ir_and(c->b, x86_read(c, 0), x86_read(c, 1));
    x86_put_flags(c, ir_f_logic_n(c->b, x, bits_of(i)));
    return true;
}

// arg: 0 INC, 1 DEC. CF stays.
static bool tr_inc(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    IRRef x = x86_read_rmw(c, 0), one = ir_const(b, x86_type(i->operand[0].bytes), 1);
    IRRef carry = ir_f_test(b, IR_F_C, x86_flags(c));
    IRRef f = i->row->arg ? ir_f_sub_n(b, x, one, bits_of(i)) : ir_f_add_n(b, x, one, bits_of(i));
    x86_write(c, 0, ir_addi(b, x, i->row->arg ? -1 : 1));
    x86_put_flags(c, ir_f_setc(b, f, carry));
    return true;
}

static bool tr_not(X86Ctx *c, const X86Insn *i)
{
    (void)i;
    x86_write(c, 0, ir_not(c->b, x86_read_rmw(c, 0)));
    return true;
}

static bool tr_neg(X86Ctx *c, const X86Insn *i)
{
    IRRef x = x86_read_rmw(c, 0), zero = ir_const(c->b, x86_type(i->operand[0].bytes), 0);
    IRRef f = ir_f_sub_n(c->b, zero, x, bits_of(i));
    x86_write(c, 0, ir_neg(c->b, x));
    x86_put_flags(c, f);
    return true;
}

static IRRef destination_address(X86Ctx *c, const X86Insn *i)
{
    return x86_mem(c, i->operand[0].bytes, true);
}

static bool tr_xadd(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    unsigned bytes = i->operand[0].bytes;
    IRRef y = x86_read(c, 1), x;
    if (i->operand[0].kind == X86_OP_MEM) {
        x = ir_rmw(b, IR_RMW_ADD, destination_address(c, i), y, x86_memop(c, bytes));
        x86_write(c, 1, x);
    } else {
        x = x86_read(c, 0);
        x86_write(c, 1, x);
        x86_write(c, 0, ir_add(b, x, y));
    }
    x86_put_flags(c, ir_f_add_n(b, x, y, bits_of(i)));
    return true;
}

// Puts y into a register if acc and old are equal; else it keeps all its bits.
static void put_if_equal(X86Ctx *c, const X86Operand *o, IRRef acc, IRRef old, IRRef y)
{
    IRBlock *b = c->b;
    IRRef before = x86_reg64(c, o->reg), wide = o->bytes == 8 ? y : ir_extu(b, y);
    if (o->bytes < 4) {
        wide = ir_deposit(b, before, wide, o->high_byte ? 8 : 0, 8 * o->bytes);
    }
    ir_put(b, offsetof(X86CPU, vcpu.gpr) + 8 * (size_t)o->reg,
           ir_select(b, IR_EQ, acc, old, wide, before));
}

// The accumulator gets the old value if the comparison failed, the destination the new one if it
// did not. The other one keeps its upper half.
static bool tr_cmpxchg(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    unsigned bytes = i->operand[0].bytes;
    IRRef acc = x86_get_gpr(c, X86_RAX, bytes, false), y = x86_read(c, 1), old;
    if (i->operand[0].kind == X86_OP_MEM) {
        old = ir_cas(b, destination_address(c, i), acc, y, x86_memop(c, bytes));
    } else {
        old = x86_read(c, 0);
    }
    IRRef rax = x86_reg64(c, X86_RAX), wide = bytes == 8 ? old : ir_extu(b, old);
    IRRef loaded = bytes < 4 ? ir_deposit(b, rax, wide, 0, 8 * bytes) : wide;
    IRRef value = ir_select(b, IR_EQ, acc, old, rax, loaded);
    x86_put_flags(c, ir_f_sub_n(b, acc, old, bits_of(i)));
    ir_put(b, offsetof(X86CPU, vcpu.gpr[X86_RAX]), value);
    if (i->operand[0].kind != X86_OP_MEM) {
        put_if_equal(c, &i->operand[0], acc, old, y);
    }
    return true;
}

static IRRef pair(X86Ctx *c, unsigned lo, unsigned hi)
{
    return ir_deposit(c->b, x86_reg64(c, lo), x86_reg64(c, hi), 32, 32);
}

static IRRef with_z(X86Ctx *c, IRRef z)
{
    IRRef old = ir_f_pack(c->b, x86_flags(c));
    return ir_f_unpack(c->b, ir_deposit(c->b, old, z, 14, 1));
}

static bool cmpxchg16b(X86Ctx *c)
{
    IRRef a = x86_mem(c, 16, true);
    IRRef z = ir_call(c->b, &x86_h_cmpxchg16b, a, IR_NONE, IR_NONE, IR_NONE);
    x86_put_flags(c, with_z(c, z));
    return true;
}

static bool tr_cmpxchg8b(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    if (i->rex_w) {
        return x86_features_test(&c->cpu->features, X86_FEAT_CX16) && cmpxchg16b(c);
    }
    IRRef expected = pair(c, X86_RAX, X86_RDX), a = x86_mem(c, 8, true);
    IRRef old = ir_cas(b, a, expected, pair(c, X86_RBX, X86_RCX), x86_memop(c, 8));
    for (unsigned half = 0; half < 2; half++) {
        unsigned reg = half ? X86_RDX : X86_RAX;
        IRRef loaded = ir_extract(b, old, 32 * half, 32);
        IRRef v = ir_select(b, IR_EQ, expected, old, x86_reg64(c, reg), loaded);
        ir_put(b, offsetof(X86CPU, vcpu.gpr) + 8 * reg, v);
    }
    x86_put_flags(c, with_z(c, ir_cmpset(b, IR_EQ, expected, old)));
    return true;
}

// ADCX (arg 0) adds with CF and changes only it; ADOX (1) does with OF.
static bool tr_adx(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    bool ox = i->row->arg;
    IRRef f = x86_flags(c), x = x86_read(c, 0), y = x86_read(c, 1);
    IRRef in = ox ? ir_f_setc(b, f, ir_f_test(b, IR_F_V, f)) : f;
    IRRef carry = ir_f_test(b, IR_F_C, ir_f_adc_n(b, x, y, in, bits_of(i)));
    IRRef sum = ir_adc(b, x, y, in);
    x86_write(c, 0, sum);
    x86_put_flags(c, ox ? ir_f_setv(b, f, carry) : ir_f_setc(b, f, carry));
    return true;
}

// The forms that the eight operations share; n is the operation's number in opcodes and ModRM.
#define ALU_ROWS(name, op, x0, x1, x2, x3, x4, x5, n, lock)                                        \
    {name, x0 " /r", "Eb,Gb", tr_alu, op, lock}, {name, x1 " /r", "Ev,Gv", tr_alu, op, lock},      \
        {name, x2 " /r", "Gb,Eb", tr_alu, op}, {name, x3 " /r", "Gv,Ev", tr_alu, op},              \
        {name, x4, "AL,Ib", tr_alu, op}, {name, x5, "rAX,Iz", tr_alu, op},                         \
        {name, "80 /" n, "Eb,Ib", tr_alu, op, lock}, {name, "81 /" n, "Ev,Iz", tr_alu, op, lock},  \
        {name, "82 /" n, "Eb,Ib", tr_alu, op, lock | X86_ROW_I64},                                 \
    {                                                                                              \
        name, "83 /" n, "Ev,Ibs", tr_alu, op, lock                                                 \
    }

// clang-format off
static const X86Row rows[] = {
    ALU_ROWS("ADD", ADD, "00", "01", "02", "03", "04", "05", "0", X86_ROW_LOCK),
    ALU_ROWS("OR",  OR,  "08", "09", "0A", "0B", "0C", "0D", "1", X86_ROW_LOCK),
    ALU_ROWS("ADC", ADC, "10", "11", "12", "13", "14", "15", "2", X86_ROW_LOCK),
    ALU_ROWS("SBB", SBB, "18", "19", "1A", "1B", "1C", "1D", "3", X86_ROW_LOCK),
    ALU_ROWS("AND", AND, "20", "21", "22", "23", "24", "25", "4", X86_ROW_LOCK),
    ALU_ROWS("SUB", SUB, "28", "29", "2A", "2B", "2C", "2D", "5", X86_ROW_LOCK),
    ALU_ROWS("XOR", XOR, "30", "31", "32", "33", "34", "35", "6", X86_ROW_LOCK),
    ALU_ROWS("CMP", CMP, "38", "39", "3A", "3B", "3C", "3D", "7", 0),

    {"TEST", "84 /r", "Eb,Gb", tr_test},
    {"TEST", "85 /r", "Ev,Gv", tr_test},
    {"TEST", "A8", "AL,Ib", tr_test},
    {"TEST", "A9", "rAX,Iz", tr_test},
    {"TEST", "F6 /0", "Eb,Ib", tr_test},
    {"TEST", "F6 /1", "Eb,Ib", tr_test},
    {"TEST", "F7 /0", "Ev,Iz", tr_test},
    {"TEST", "F7 /1", "Ev,Iz", tr_test},

    {"INC", "40+r", "Zv", tr_inc, 0, X86_ROW_I64},
    {"DEC", "48+r", "Zv", tr_inc, 1, X86_ROW_I64},
    {"INC", "FE /0", "Eb", tr_inc, 0, X86_ROW_LOCK},
    {"INC", "FF /0", "Ev", tr_inc, 0, X86_ROW_LOCK},
    {"DEC", "FE /1", "Eb", tr_inc, 1, X86_ROW_LOCK},
    {"DEC", "FF /1", "Ev", tr_inc, 1, X86_ROW_LOCK},
    {"NOT", "F6 /2", "Eb", tr_not, 0, X86_ROW_LOCK},
    {"NOT", "F7 /2", "Ev", tr_not, 0, X86_ROW_LOCK},
    {"NEG", "F6 /3", "Eb", tr_neg, 0, X86_ROW_LOCK},
    {"NEG", "F7 /3", "Ev", tr_neg, 0, X86_ROW_LOCK},

    {"XADD", "0F C0 /r", "Eb,Gb", tr_xadd, 0, X86_ROW_LOCK},
    {"XADD", "0F C1 /r", "Ev,Gv", tr_xadd, 0, X86_ROW_LOCK},
    {"CMPXCHG", "0F B0 /r", "Eb,Gb", tr_cmpxchg, 0, X86_ROW_LOCK},
    {"CMPXCHG", "0F B1 /r", "Ev,Gv", tr_cmpxchg, 0, X86_ROW_LOCK},
    {"CMPXCHG8B", "0F C7 /1 mem", "M", tr_cmpxchg8b, 0, X86_ROW_LOCK, X86_FEAT_CX8},

    {"ADCX", "66 0F 38 F6 /r", "Gy,Ey", tr_adx, 0, 0, X86_FEAT_ADX},
    {"ADOX", "F3 0F 38 F6 /r", "Gy,Ey", tr_adx, 1, 0, X86_FEAT_ADX},
};
// clang-format on

const X86Group x86_int_alu = {"alu", rows, ARRAY_LEN(rows)};
