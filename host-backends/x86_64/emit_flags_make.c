// The ops that make flags. Where an op for the value on the same operands is near, one host
// instruction makes both. Narrow ones leave the value to its own op.
#include "host-backends/x86_64/emit.h"
#include "host-backends/x86_64/thunks.h"
#include "tcg-like/intops.h"

static bool flags_arg_wide(Emit *e, const IRInsn *i)
{
    return arg_wide(e, i->arg[0]);
}

// If the value is computed soon, too, both are now. carry: the operands include a carry in.
static bool with_value(Emit *e, const IRInsn *i, IROpcode value_op, X86Alu op, bool carry)
{
    IRRef j = flags_partner(e, value_op, i);
    if (j == IR_NONE) {
        return false;
    }
    ra_fuse(&e->ra, j);
    if (carry) {
        flags_load_carry(e, i->arg[2]);
    } else {
        flags_clobber(e);
    }
    x86_alu_with_flags(e, op, flags_arg_wide(e, i), i->arg[0], i->arg[1], j, e->at);
    return true;
}

// --- 8 and 16 bits
static Opnd narrow_operand(Emit *e, IRRef r, unsigned bits)
{
    uint64_t v;
    size_t off;
    if (ra_is_const(&e->ra, r, &v)) {
        return (Opnd){.kind = OPND_IMM, .imm = (int32_t)sextract64(v, 0, bits)};
    }
    if (ra_memory(&e->ra, r, bits / 8, &off)) {
        return (Opnd){.kind = OPND_MEM, .mem = state_mem(off)};
    }
    return (Opnd){.kind = OPND_REG, .reg = ra_use(&e->ra, r)};
}

static void narrow_imm(Emit *e, X86Alu op, unsigned bits, int dst, int32_t imm)
{
    X86Code *c = &e->c;
    if (imm == (int8_t)imm) {
        x86_rr(c, bits == 8 ? 0x80 | X86_BYTE : 0x83 | X86_66, (int)op, dst);
        x86_byte(c, (unsigned)imm & 0xff);
    } else { // a 16-bit immediate makes hosts decode slowly
        x86_mov_ri(c, RCX, (uint16_t)imm);
        x86_rr(c, (op << 3 | 3) | X86_66, dst, RCX);
    }
}

static void narrow_alu(Emit *e, X86Alu op, unsigned bits, int dst, Opnd b)
{
    unsigned code = bits == 8 ? op << 3 | 2 | X86_BYTE_REG : op << 3 | 3 | X86_66;
    switch (b.kind) {
    case OPND_REG:
        x86_rr(&e->c, bits == 8 ? code | X86_BYTE : code, dst, b.reg);
        break;
    case OPND_MEM:
        x86_rm(&e->c, code, dst, b.mem);
        break;
    case OPND_IMM:
        narrow_imm(e, op, bits, dst, b.imm);
        break;
    }
}

// --- sums and differences
static void flags_alu(Emit *e, const IRInsn *i, X86Alu op, int dst, Opnd b)
{
    if (i->aux) {
        narrow_alu(e, op, i->aux, dst, b);
    } else {
        x86_alu(e, op, flags_arg_wide(e, i), dst, b);
    }
}

static Opnd flags_operand(Emit *e, const IRInsn *i)
{
    return i->aux ? narrow_operand(e, i->arg[1], i->aux)
                  : x86_operand(e, i->arg[1], flags_arg_wide(e, i));
}

static void in_rax(Emit *e, const IRInsn *i, X86Alu op)
{
    int a = ra_use(&e->ra, i->arg[0]);
    Opnd b = flags_operand(e, i);
    x86_mov_rr(&e->c, flags_arg_wide(e, i), RAX, a);
    flags_alu(e, i, op, RAX, b);
    flags_set(e, e->at, false);
}

EMIT(f_add)
{
    if (!with_value(e, i, IR_add, ALU_ADD, false)) {
        flags_clobber(e);
        in_rax(e, i, ALU_ADD);
    }
}

EMIT(f_sub)
{
    if (with_value(e, i, IR_sub, ALU_SUB, false)) {
        return;
    }
    flags_clobber(e);
    int a = ra_use(&e->ra, i->arg[0]);
    flags_alu(e, i, ALU_CMP, a, flags_operand(e, i));
    flags_set(e, e->at, false);
}

static void flags_with_carry(Emit *e, const IRInsn *i, IROpcode value_op, X86Alu op)
{
    if (!with_value(e, i, value_op, op, true)) {
        flags_load_carry(e, i->arg[2]);
        in_rax(e, i, op);
    }
}
EMIT(f_adc)
{
    flags_with_carry(e, i, IR_adc, ALU_ADC);
}
EMIT(f_sbb)
{
    flags_with_carry(e, i, IR_sbb, ALU_SBB);
}

static void value_with_carry(Emit *e, const IRInsn *i, IROpcode flags_op, X86Alu op)
{
    bool w = is_wide(i);
    IRRef j = flags_partner(e, flags_op, i);
    if (j != IR_NONE) {
        ra_fuse(&e->ra, j);
    }
    flags_load_carry(e, i->arg[2]);
    if (j != IR_NONE) {
        x86_alu_with_flags(e, op, w, i->arg[0], i->arg[1], e->at, j);
        return;
    }
    int a = ra_use(&e->ra, i->arg[0]);
    Opnd b = x86_operand(e, i->arg[1], w);
    int dst = ra_def(&e->ra, e->at, i->arg[0], false);
    x86_two_operand(e, op, w, dst, a, b);
}
EMIT(adc)
{
    value_with_carry(e, i, IR_f_adc, ALU_ADC);
}
EMIT(sbb)
{
    value_with_carry(e, i, IR_f_sbb, ALU_SBB);
}

EMIT(f_logic)
{
    flags_clobber(e);
    int a = ra_use(&e->ra, i->arg[0]);
    if (i->aux) {
        unsigned op = i->aux == 8 ? 0x84 | X86_BYTE | X86_BYTE_REG : 0x85 | X86_66;
        x86_rr(&e->c, op, a, a);
    } else {
        x86_test_rr(&e->c, flags_arg_wide(e, i), a, a);
    }
    flags_set(e, e->at, false);
}

// What shifts leave in AF differs between hosts.
static void shift_by_one(Emit *e, const IRInsn *i, X86Shift op)
{
    static const uint16_t by_one[] = {[0] = 0xd1, [8] = 0xd0 | X86_BYTE, [16] = 0xd1 | X86_66};
    bool w = flags_arg_wide(e, i);
    flags_clobber(e);
    x86_mov_rr(&e->c, w, RAX, ra_use(&e->ra, i->arg[0]));
    x86_rr(&e->c, by_one[i->aux] | (w && !i->aux ? X86_W : 0), (int)op, RAX);
    flags_set(e, e->at, false);
    e->ef_any_a = true;
}
EMIT(f_shr1)
{
    shift_by_one(e, i, SH_SHR);
}
EMIT(f_sar1)
{
    shift_by_one(e, i, SH_SAR);
}

EMIT(f_cmc)
{
    flags_load(e, i->arg[0]);
    bool any_a = e->ef_any_a;
    if (flags_wanted(e)) {
        flags_save(e, true);
    }
    flags_set(e, e->at, !e->ef_inverted);
    e->ef_any_a = any_a;
}

// --- one flag set from a bit
// CF (ADCX) or OF (ADOX) alone: the doubled operand carries out if its top bit is set, whatever
// comes in.
static void set_in_eflags(Emit *e, int w, bool carry)
{
    vex_rrr(&e->c, 0xf0 | X86_0F3A | X86_F2, RAX, 0, w); // rorx
    x86_byte(&e->c, 1);
    x86_rr(&e->c, 0xf6 | X86_0F38 | (carry ? X86_66 : X86_F3), RAX, RAX);
}

static void set_packed(Emit *e, const IRInsn *i, unsigned flag)
{
    X86Code *c = &e->c;
    uint64_t v;
    if (ra_is_const(&e->ra, i->arg[1], &v)) {
        x86_alu_ri(c, v & 1 ? ALU_OR : ALU_AND, false, RAX, (int32_t)(v & 1 ? flag : ~flag));
    } else {
        x86_mov_rr(c, false, RCX, ra_use(&e->ra, i->arg[1]));
        x86_alu_ri(c, ALU_AND, false, RCX, 1);
        if (flag != 1) {
            x86_shift_ri(c, SH_SHL, false, RCX, (unsigned)__builtin_ctz(flag));
        }
        x86_alu_ri(c, ALU_AND, false, RAX, (int32_t)~flag);
        x86_alu_rr(c, ALU_OR, false, RAX, RCX);
    }
    x86_mov_rr(c, false, ra_def(&e->ra, e->at, i->arg[0], false), RAX);
}

static void set_flag(Emit *e, const IRInsn *i, unsigned flag)
{
    bool carry = flag == IR_FLAG_C;
    if (e->ef == flags_root(e, i->arg[0]) && e->r->thunks->features & X86_HAS_ADX) {
        if (flags_wanted(e)) {
            flags_save(e, true);
        }
        bool inverted = e->ef_inverted && !carry, any_a = e->ef_any_a;
        set_in_eflags(e, ra_use(&e->ra, i->arg[1]), carry);
        flags_set(e, e->at, inverted);
        e->ef_any_a = any_a;
        return;
    }
    flags_keep(e, i->arg[0]);
    flags_clobber(e);
    flags_load_packed(e, i->arg[0]);
    set_packed(e, i, flag);
}
EMIT(f_setc)
{
    set_flag(e, i, IR_FLAG_C);
}
EMIT(f_setv)
{
    set_flag(e, i, IR_FLAG_V);
}

// Packed; the questions that are asked of it mostly go to the integer (fold_flags.c).
EMIT(f_nz)
{
    X86Code *c = &e->c;
    const unsigned nz = IR_FLAG_S | IR_FLAG_Z;
    uint64_t v;
    flags_keep(e, i->arg[0]);
    flags_clobber(e);
    if (ra_is_const(&e->ra, i->arg[1], &v)) {
        flags_load_packed(e, i->arg[0]);
        x86_alu_ri(c, ALU_AND, false, RAX, (int32_t)(IR_FLAG_MASK & ~nz));
        x86_alu_ri(c, ALU_OR, false, RAX, (int32_t)ir_eval_f_nz(0, v));
    } else {
        int x = ra_use(&e->ra, i->arg[1]);
        flags_load_packed(e, i->arg[0]);
        x86_mov_rr(c, false, RCX, RAX);
        x86_alu_ri(c, ALU_AND, false, RCX, (int32_t)(IR_FLAG_MASK & ~nz));
        x86_test_rr(c, false, x, x);
        x86_byte(c, 0x9f); // lahf
        x86_alu_ri(c, ALU_AND, false, RAX, (int32_t)nz);
        x86_alu_rr(c, ALU_OR, false, RAX, RCX);
    }
    x86_mov_rr(c, false, ra_def(&e->ra, e->at, i->arg[0], false), RAX);
}
