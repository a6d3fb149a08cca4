// The ops that make flags. Where an op for the value on the same operands is near, one host
// instruction makes both. Narrow ones work at the top of a register and leave the value to its own
// op.
#include "host-backends/aarch64/emit_flags.h"
#include "host-backends/aarch64/emit_integer.h"

static bool flags_arg_wide(Emit *e, const IRInsn *i)
{
    return arg_wide(e, i->arg[0]);
}

// --- operands of an operation
typedef struct Operands {
    int a, b;
    bool imm;
    uint64_t value;
} Operands;

static Operands operands_of(Emit *e, IRRef x, IRRef y, bool wide, bool sum)
{
    Operands o = {.a = ra_use(&e->ra, x), .b = XZR};
    uint32_t field;
    o.imm = ra_is_const(&e->ra, y, &o.value) &&
            (sum ? a64_fits_add(o.value) : a64_fits_logic(wide, o.value, &field));
    if (!o.imm) {
        o.b = ra_use(&e->ra, y);
    }
    return o;
}

// half = a ^ b, as far as bit 4 of it goes.
static void half_carry(A64Code *c, int half, const Operands *o)
{
    if (!o->imm) {
        a64_rrr(c, A64_EOR, half, o->a, o->b);
    } else if (o->value & 16) {
        a64_logic_imm(c, A64_EORI, half, o->a, 16);
    } else {
        a64_mov(c, false, half, o->a);
    }
}

static void operate(A64Code *c, FlagsOp op, bool wide, int rd, const Operands *o)
{
    static const uint32_t row[][2] = {[FLAGS_ADD] = {A64_ADDS, A64_ADDSI},
                                      [FLAGS_SUB] = {A64_SUBS, A64_SUBSI},
                                      [FLAGS_AND] = {A64_ANDS, A64_ANDSI},
                                      [FLAGS_TEST] = {A64_ANDS, 0}};
    uint32_t form = a64_wide(row[op][o->imm], wide);
    if (op == FLAGS_TEST) {
        a64_rrr(c, form, rd, o->a, o->a);
    } else if (!o->imm) {
        a64_rrr(c, form, rd, o->a, o->b);
    } else if (op == FLAGS_AND) {
        a64_logic_imm(c, form, rd, o->a, o->value);
    } else {
        a64_add_imm(c, form, rd, o->a, o->value);
    }
}

static bool is_sum(FlagsOp op)
{
    return op == FLAGS_ADD || op == FLAGS_SUB;
}

static NzKind kind_after(FlagsOp op)
{
    return op == FLAGS_SUB ? NZ_INVERTED : NZ_PLAIN;
}

// --- packing where the flags are made, or out of line
// The half carry is in T0 (sums), the result in `result`, its low byte from bit low on.
static void define_packed(Emit *e, IRRef f, NzKind kind, int result, bool sum, unsigned low)
{
    int rd = ra_def(&e->ra, f, IR_NONE, true);
    nz_pack(&e->c, rd, kind, result, sum ? T0 : -1, low);
}

static FlagsSource source_of(FlagsOp op, unsigned bits, NzKind kind, const Operands *o)
{
    return (FlagsSource){.kind = (uint8_t)op,
                         .bits = (uint8_t)bits,
                         .nz = (uint8_t)kind,
                         .imm = o->imm,
                         .a = (int8_t)o->a,
                         .b = (int8_t)o->b,
                         .value = o->value};
}

// f is made by op on 32 or 64 bits, and value with it unless that is IR_NONE.
void nz_operation(Emit *e, FlagsOp op, bool wide, IRRef x, IRRef y, IRRef value, IRRef f)
{
    A64Code *c = &e->c;
    nz_clobber(e);
    bool sum = is_sum(op);
    Operands o = op == FLAGS_TEST ? (Operands){.a = ra_use(&e->ra, x), .b = XZR}
                                  : operands_of(e, x, y, wide, sum);
    NzKind kind = kind_after(op);
    if (sum) {
        f = nz_take_cmc(e, f, &kind);
    }
    int dst = value != IR_NONE ? ra_def(&e->ra, value, x, false) : XZR;
    bool lost = dst == o.a, redo = dst == XZR || dst != o.b || o.imm;
    redo = redo && !(lost && !o.imm && o.b == o.a);
    bool packed = nz_needs_packed(e, f);
    bool left = packed && redo && nz_left_to_exit(e, f, value, dst);
    if (packed && !left) {
        if (sum) {
            half_carry(c, T0, &o);
        }
        int result = dst == XZR ? T1 : dst;
        operate(c, op, wide, result, &o);
        define_packed(e, f, kind, result, sum, 0);
        nz_set(e, f, kind);
        return;
    }
    operate(c, op, wide, dst, &o);
    nz_set(e, f, kind);
    e->source = source_of(op, wide ? 64 : 32, kind, &o);
    e->source.lost = lost;
}

// --- 8 and 16 bits: T0 = a, shifted to the top, then the half carry; T1 = the result there
static void narrow_operate(A64Code *c, FlagsOp op, unsigned bits, const Operands *o, bool half)
{
    unsigned shift = 32 - bits;
    if (op == FLAGS_TEST) {
        a64_lsl(c, false, T1, o->a, shift);
        a64_rrr(c, A64_ANDS, XZR, T1, T1);
        return;
    }
    a64_lsl(c, false, T0, o->a, shift);
    uint32_t form = op == FLAGS_ADD ? A64_ADDS : A64_SUBS;
    if (o->imm) {
        a64_const(c, T2, (uint32_t)(o->value << shift));
        a64_rrr(c, form, T1, T0, T2);
    } else {
        a64_rrr_shift(c, form, T1, T0, o->b, A64_LSL, shift);
    }
    if (half && o->imm) {
        a64_rrr(c, A64_EOR, T0, T0, T2);
    } else if (half) {
        a64_rrr_shift(c, A64_EOR, T0, T0, o->b, A64_LSL, shift);
    }
}

static void narrow_operation(Emit *e, FlagsOp op, const IRInsn *i)
{
    nz_clobber(e);
    Operands o = {.a = ra_use(&e->ra, i->arg[0]), .b = XZR};
    IRRef f = e->at;
    NzKind kind = kind_after(op);
    if (is_sum(op)) {
        o.imm = ra_is_const(&e->ra, i->arg[1], &o.value);
        o.b = o.imm ? XZR : ra_use(&e->ra, i->arg[1]);
        f = nz_take_cmc(e, f, &kind);
    }
    bool packed = nz_needs_packed(e, f) && !nz_left_to_exit(e, f, IR_NONE, 0);
    narrow_operate(&e->c, op, i->aux, &o, packed);
    if (packed) {
        define_packed(e, f, kind, T1, is_sum(op), 32u - i->aux);
    }
    nz_set(e, f, kind);
    if (!packed) {
        e->source = source_of(op, i->aux, kind, &o);
    }
}

void nz_redo(Emit *e, const FlagsSource *s)
{
    A64Code *c = &e->c;
    FlagsOp op = (FlagsOp)s->kind;
    Operands o = {.a = s->a, .b = s->b, .imm = s->imm, .value = s->value};
    if (s->bits < 32) {
        narrow_operate(c, op, s->bits, &o, true);
        nz_pack(c, T3, (NzKind)s->nz, T1, is_sum(op) ? T0 : -1, 32u - s->bits);
        return;
    }
    bool wide = s->bits == 64;
    if (s->lost && is_sum(op)) { // the first operand from result and second one
        operate(c, op == FLAGS_ADD ? FLAGS_SUB : FLAGS_ADD, wide, T1, &o);
        o.a = T1;
    } else if (s->lost) {
        op = FLAGS_TEST;
        o.imm = false;
    }
    if (is_sum(op)) {
        half_carry(c, T0, &o);
    }
    operate(c, op, wide, T1, &o);
    nz_pack(c, T3, (NzKind)s->nz, T1, is_sum(op) ? T0 : -1, 0);
}

// --- sums and differences
static void sum_flags(Emit *e, const IRInsn *i, IROpcode value_op, FlagsOp op)
{
    if (i->aux) {
        narrow_operation(e, op, i);
        return;
    }
    IRRef j = hb_partner(&e->ra, e->at, value_op, i);
    if (j != IR_NONE) {
        ra_fuse(&e->ra, j);
    }
    nz_operation(e, op, flags_arg_wide(e, i), i->arg[0], i->arg[1], j, e->at);
}

EMIT(f_add)
{
    sum_flags(e, i, IR_add, FLAGS_ADD);
}
EMIT(f_sub)
{
    sum_flags(e, i, IR_sub, FLAGS_SUB);
}

EMIT(f_logic)
{
    if (i->aux) {
        narrow_operation(e, FLAGS_TEST, i);
    } else {
        nz_operation(e, FLAGS_TEST, flags_arg_wide(e, i), i->arg[0], IR_NONE, IR_NONE, e->at);
    }
}

// --- with a carry in
// Flags and, unless IR_NONE, value; either may be missing.
static void with_carry(Emit *e, const IRInsn *i, bool subtract, IRRef value, IRRef f)
{
    A64Code *c = &e->c;
    bool wide = arg_wide(e, i->arg[0]);
    NzKind kind = subtract ? NZ_INVERTED : NZ_PLAIN;
    nz_load_carry(e, i->arg[2], subtract);
    int a = ra_use(&e->ra, i->arg[0]), b = ra_use(&e->ra, i->arg[1]);
    if (f == IR_NONE) {
        int dst = ra_def(&e->ra, value, i->arg[0], false);
        a64_rrr(c, a64_wide(subtract ? A64_SBC : A64_ADC, wide), dst, a, b);
        return;
    }
    f = nz_take_cmc(e, f, &kind);
    bool packed = nz_needs_packed(e, f);
    int dst = value != IR_NONE ? ra_def(&e->ra, value, i->arg[0], false) : T1;
    if (packed) {
        a64_rrr(c, A64_EOR, T0, a, b);
    }
    a64_rrr(c, a64_wide(subtract ? A64_SBCS : A64_ADCS, wide), dst, a, b);
    if (packed) {
        define_packed(e, f, kind, dst, true, 0);
    }
    nz_set(e, f, kind);
}

// 8 and 16 bits, as 32: T0 = x, T1 = y, T3 = sum; all bits above count as nothing, or as borrows.
static void narrow_with_carry(Emit *e, const IRInsn *i, bool subtract)
{
    A64Code *c = &e->c;
    unsigned bits = i->aux;
    nz_load_carry(e, i->arg[2], subtract);
    int a = ra_use(&e->ra, i->arg[0]), b = ra_use(&e->ra, i->arg[1]);
    int rd = ra_def(&e->ra, e->at, IR_NONE, true);
    a64_ubfx(c, false, T0, a, 0, bits);
    a64_ubfx(c, false, T1, b, 0, bits);
    a64_rrr(c, subtract ? A64_SBC : A64_ADC, T3, T0, T1);
    a64_ubfx(c, false, rd, T3, bits, 1);
    a64_lsl(c, false, rd, rd, 8); // C
    a64_rrr(c, A64_EOR, T2, T0, T1);
    a64_rrr(c, A64_EOR, T2, T2, T3);
    a64_lsr(c, false, T2, T2, 4);
    a64_bfi(c, false, rd, T2, 12, 1); // A
    // V: for sums x and y both differ from the sum in sign, for differences x from y and sum
    a64_rrr(c, A64_EOR, T1, subtract ? T0 : T3, T1);
    a64_rrr(c, A64_EOR, T0, T0, T3);
    a64_rrr(c, A64_AND, T0, T0, T1);
    a64_lsr(c, false, T0, T0, bits - 1);
    a64_bfi(c, false, rd, T0, 0, 1);
    a64_lsr(c, false, T0, T3, bits - 1);
    a64_bfi(c, false, rd, T0, 15, 1); // S
    a64_lsl(c, false, T1, T3, 32 - bits);
    a64_rrr(c, A64_ANDS, XZR, T1, T1);
    a64_cset(c, T0, A64_EQ);
    a64_bfi(c, false, rd, T0, 14, 1); // Z
    a64_rrr_shift(c, A64_EOR, T1, T3, T3, A64_LSR, 4);
    a64_rrr_shift(c, A64_EOR, T1, T1, T1, A64_LSR, 2);
    a64_rrr_shift(c, A64_EON, T1, T1, T1, A64_LSR, 1);
    a64_bfi(c, false, rd, T1, 10, 1); // P
}

static void flags_with_carry(Emit *e, const IRInsn *i, IROpcode value_op, bool subtract)
{
    if (i->aux) {
        narrow_with_carry(e, i, subtract);
        return;
    }
    IRRef j = hb_partner(&e->ra, e->at, value_op, i);
    if (j != IR_NONE) {
        ra_fuse(&e->ra, j);
    }
    with_carry(e, i, subtract, j, e->at);
}
EMIT(f_adc)
{
    flags_with_carry(e, i, IR_adc, false);
}
EMIT(f_sbb)
{
    flags_with_carry(e, i, IR_sbb, true);
}

static void value_with_carry(Emit *e, const IRInsn *i, IROpcode flags_op, bool subtract)
{
    IRRef j = hb_partner(&e->ra, e->at, flags_op, i);
    if (j != IR_NONE) {
        ra_fuse(&e->ra, j);
    }
    with_carry(e, i, subtract, e->at, j);
}
EMIT(adc)
{
    value_with_carry(e, i, IR_f_adc, false);
}
EMIT(sbb)
{
    value_with_carry(e, i, IR_f_sbb, true);
}

// --- shifts by one: packed only. T0 = the operand at the top of 32 or 64 bits.
static void shift_by_one(Emit *e, const IRInsn *i, bool arithmetic)
{
    A64Code *c = &e->c;
    bool wide = flags_arg_wide(e, i);
    unsigned bits = i->aux ? i->aux : wide ? 64 : 32;
    nz_clobber(e);
    int a = ra_use(&e->ra, i->arg[0]);
    int rd = ra_def(&e->ra, e->at, IR_NONE, true);
    a64_bitfield(c, a64_wide(arithmetic ? A64_SBFM : A64_UBFM, bits == 64), T0, a, 1, bits - 1);
    a64_ubfx(c, false, rd, a, 0, 1);
    a64_lsl(c, false, rd, rd, 8); // C
    if (arithmetic) {
        a64_lsr(c, bits == 64, T1, T0, bits - 1);
        a64_bfi(c, false, rd, T1, 15, 1); // S
    } else {
        a64_lsr(c, bits == 64, T1, a, bits - 1);
        a64_bfi(c, false, rd, T1, 0, 1); // V
    }
    a64_rrr(c, a64_wide(A64_ANDS, bits == 64), XZR, T0, T0);
    a64_cset(c, T1, A64_EQ);
    a64_bfi(c, false, rd, T1, 14, 1); // Z
    a64_rrr_shift(c, A64_EOR, T1, T0, T0, A64_LSR, 4);
    a64_rrr_shift(c, A64_EOR, T1, T1, T1, A64_LSR, 2);
    a64_rrr_shift(c, A64_EON, T1, T1, T1, A64_LSR, 1);
    a64_bfi(c, false, rd, T1, 10, 1); // P
}
EMIT(f_shr1)
{
    shift_by_one(e, i, false);
}
EMIT(f_sar1)
{
    shift_by_one(e, i, true);
}

// --- one flag set from a bit
static void set_flag(Emit *e, const IRInsn *i, unsigned flag)
{
    A64Code *c = &e->c;
    uint64_t v;
    int f = nz_use_packed(e, i->arg[0]);
    if (ra_is_const(&e->ra, i->arg[1], &v)) {
        int dst = ra_def(&e->ra, e->at, i->arg[0], false);
        if (v & 1) {
            a64_logic_imm(c, A64_ORRI, dst, f, flag);
        } else {
            a64_logic_imm(c, A64_ANDI, dst, f, ~flag);
        }
        return;
    }
    int w = ra_use(&e->ra, i->arg[1]);
    int dst = ra_def(&e->ra, e->at, i->arg[0], false);
    int into = dst == w ? T0 : dst;
    a64_copy(e, false, into, f);
    a64_bfi(c, false, into, w, (unsigned)__builtin_ctz(flag), 1);
    a64_copy(e, false, dst, into);
}
EMIT(f_setc)
{
    set_flag(e, i, IR_FLAG_C);
}
EMIT(f_setv)
{
    set_flag(e, i, IR_FLAG_V);
}

EMIT(f_nz)
{
    A64Code *c = &e->c;
    int f = nz_use_packed(e, i->arg[0]);
    nz_clobber(e);
    int x = ra_use(&e->ra, i->arg[1]);
    a64_copy(e, false, T0, f);
    a64_lsr(c, false, T1, x, 31);
    a64_bfi(c, false, T0, T1, 15, 1); // S
    a64_rrr(c, A64_ANDS, XZR, x, x);
    a64_cset(c, T1, A64_EQ);
    a64_bfi(c, false, T0, T1, 14, 1); // Z
    a64_copy(e, false, ra_def(&e->ra, e->at, i->arg[0], false), T0);
}
