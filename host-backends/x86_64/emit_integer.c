// Sums, differences, logic and comparisons.
#include "host-backends/x86_64/emit.h"

// --- add, subtract, logic, with the flags op on the same operands if there is one
static void emit_add_const(Emit *e, const IRInsn *i, IRRef x, int32_t imm)
{
    bool w = is_wide(i);
    if (!flags_wanted(e)) {
        flags_clobber(e);
    }
    int a = ra_use(&e->ra, x);
    int dst = ra_def(&e->ra, e->at, x, false);
    if (dst == a && !flags_wanted(e)) {
        x86_alu_ri(&e->c, ALU_ADD, w, dst, imm);
    } else {
        x86_lea(&e->c, w, dst, x86_mem(a, imm));
    }
}

// The flags op j computes from what i does: one instruction makes both.
static void emit_fused(Emit *e, const IRInsn *i, X86Alu op, IRRef x, IRRef y, IRRef j)
{
    flags_clobber(e);
    ra_fuse(&e->ra, j);
    x86_alu_with_flags(e, op, is_wide(i), x, y, e->at, j);
}

EMIT(add)
{
    IRRef x, y;
    bool w = is_wide(i);
    x86_order_operands(e, i, &x, &y);
    IRRef j = flags_partner(e, IR_f_add, i);
    if (j != IR_NONE) {
        emit_fused(e, i, ALU_ADD, x, y, j);
        return;
    }
    uint64_t v;
    if (ra_is_const(&e->ra, y, &v) && (!w || v == (uint64_t)(int64_t)(int32_t)v)) {
        emit_add_const(e, i, x, (int32_t)v);
        return;
    }
    if (!flags_wanted(e)) {
        flags_clobber(e);
    }
    bool keep = flags_wanted(e);
    int a = ra_use(&e->ra, x);
    Opnd b = keep ? (Opnd){.kind = OPND_REG, .reg = ra_use(&e->ra, y)} : x86_operand(e, y, w);
    int dst = ra_def(&e->ra, e->at, x, false);
    if (b.kind == OPND_REG && (keep || (dst != a && dst != b.reg))) {
        x86_lea(&e->c, w, dst, x86_mem_index(a, b.reg, 0, 0));
    } else {
        x86_two_operand(e, ALU_ADD, w, dst, a, b);
    }
}

EMIT(sub)
{
    bool w = is_wide(i);
    IRRef j = flags_partner(e, IR_f_sub, i);
    if (j != IR_NONE) {
        emit_fused(e, i, ALU_SUB, i->arg[0], i->arg[1], j);
        return;
    }
    uint64_t v;
    if (ra_is_const(&e->ra, i->arg[1], &v)) {
        uint64_t n = w ? -v : (uint64_t)(int64_t)(int32_t)-v;
        if (n == (uint64_t)(int64_t)(int32_t)n) {
            emit_add_const(e, i, i->arg[0], (int32_t)n);
            return;
        }
    }
    flags_clobber(e);
    if (ra_is_const(&e->ra, i->arg[0], &v) && v == 0) {
        int a = ra_use(&e->ra, i->arg[1]);
        int dst = ra_def(&e->ra, e->at, i->arg[1], false);
        x86_copy(e, w, dst, a);
        x86_rr(&e->c, w ? 0xf7 | X86_W : 0xf7, 3, dst);
        return;
    }
    int a = ra_use(&e->ra, i->arg[0]);
    Opnd b = x86_operand(e, i->arg[1], w);
    int dst = ra_def(&e->ra, e->at, i->arg[0], false);
    x86_two_operand(e, ALU_SUB, w, dst, a, b);
}

static bool only_use_is(Emit *e, IRRef value, IRRef j)
{
    const RaValue *v = &e->ra.v[value];
    return v->next == j && e->ra.next[j][0] == IR_NONE;
}

static IRRef logic_partner(Emit *e, unsigned width)
{
    IRInsn like = {.aux = (uint16_t)width, .arg = {e->at, IR_NONE, IR_NONE, IR_NONE}};
    return flags_partner(e, IR_f_logic, &like);
}

// The flags op of 8 or 16 bits that alone uses the value, or IR_NONE.
static IRRef narrow_logic_partner(Emit *e)
{
    for (unsigned width = 8; width <= 16; width += 8) {
        IRRef j = logic_partner(e, width);
        if (j != IR_NONE && only_use_is(e, e->at, j)) {
            return j;
        }
    }
    return IR_NONE;
}

static void test_narrow(Emit *e, unsigned bits, int a, IRRef y)
{
    uint64_t v;
    if (!ra_is_const(&e->ra, y, &v)) {
        int b = ra_use(&e->ra, y);
        x86_rr(&e->c, bits == 8 ? 0x84 | X86_BYTE | X86_BYTE_REG : 0x85 | X86_66, b, a);
    } else if (bits == 8) {
        x86_rr(&e->c, 0xf6 | X86_BYTE, 0, a);
        x86_byte(&e->c, v & 0xff);
    } else {
        x86_mov_ri(&e->c, RCX, (uint16_t)v);
        x86_rr(&e->c, 0x85 | X86_66, RCX, a);
    }
}

// AND whose result only the flags want: TEST.
static void emit_test(Emit *e, const IRInsn *i, IRRef x, IRRef y, IRRef j)
{
    bool w = is_wide(i);
    flags_clobber(e);
    ra_fuse(&e->ra, j);
    int a = ra_use(&e->ra, x);
    uint64_t v;
    if (e->b->insn[j].aux) {
        test_narrow(e, e->b->insn[j].aux, a, y);
    } else if (ra_is_const(&e->ra, y, &v) && (!w || v == (uint64_t)(int64_t)(int32_t)v)) {
        x86_test_ri(&e->c, w, a, (int32_t)v);
    } else {
        x86_test_rr(&e->c, w, a, ra_use(&e->ra, y));
    }
    ra_kill(&e->ra, e->at);
    flags_set(e, j, false);
}

static void emit_logic(Emit *e, const IRInsn *i, X86Alu op)
{
    IRRef x, y;
    bool w = is_wide(i);
    x86_order_operands(e, i, &x, &y);
    IRRef j = logic_partner(e, 0);
    IRRef test = op != ALU_AND ? IR_NONE : j == IR_NONE ? narrow_logic_partner(e) : j;
    if (test != IR_NONE && only_use_is(e, e->at, test)) {
        emit_test(e, i, x, y, test);
        return;
    }
    if (j != IR_NONE) {
        emit_fused(e, i, op, x, y, j);
        return;
    }
    flags_clobber(e);
    int a = ra_use(&e->ra, x);
    uint64_t v;
    if (op == ALU_AND && w && ra_is_const(&e->ra, y, &v) && v == (uint32_t)v) {
        int dst = ra_def(&e->ra, e->at, x, false); // the upper half becomes zero
        x86_copy(e, false, dst, a);
        x86_alu_ri(&e->c, ALU_AND, false, dst, (int32_t)v);
        return;
    }
    Opnd b = x86_operand(e, y, w);
    int dst = ra_def(&e->ra, e->at, x, false);
    x86_two_operand(e, op, w, dst, a, b);
}

EMIT(and)
{
    emit_logic(e, i, ALU_AND);
}
EMIT(or)
{
    emit_logic(e, i, ALU_OR);
}
EMIT(xor)
{
    emit_logic(e, i, ALU_XOR);
}

EMIT(andn)
{
    bool w = is_wide(i);
    flags_clobber(e);
    int b = ra_use(&e->ra, i->arg[1]);
    int a = ra_use(&e->ra, i->arg[0]);
    int dst = ra_def(&e->ra, e->at, i->arg[0], false);
    vex_rrr(&e->c, 0xf2 | X86_0F38 | (w ? X86_W : 0), dst, b, a);
}

static void emit_not_then(Emit *e, const IRInsn *i, X86Alu op, bool not_after)
{
    bool w = is_wide(i);
    flags_clobber(e);
    int a = ra_use(&e->ra, i->arg[0]), b = ra_use(&e->ra, i->arg[1]);
    int dst = ra_def(&e->ra, e->at, i->arg[0], false);
    x86_mov_rr(&e->c, w, RAX, b);
    if (!not_after) {
        x86_rr(&e->c, w ? 0xf7 | X86_W : 0xf7, 2, RAX);
    }
    x86_alu_rr(&e->c, op, w, RAX, a);
    if (not_after) {
        x86_rr(&e->c, w ? 0xf7 | X86_W : 0xf7, 2, RAX);
    }
    x86_mov_rr(&e->c, w, dst, RAX);
}

EMIT(orn)
{
    emit_not_then(e, i, ALU_OR, false);
}
EMIT(xnor)
{
    emit_not_then(e, i, ALU_XOR, true);
}

static void emit_f7(Emit *e, const IRInsn *i, int ext)
{
    bool w = is_wide(i);
    int a = ra_use(&e->ra, i->arg[0]);
    int dst = ra_def(&e->ra, e->at, i->arg[0], false);
    x86_copy(e, w, dst, a);
    x86_rr(&e->c, w ? 0xf7 | X86_W : 0xf7, ext, dst);
}
EMIT(not )
{
    emit_f7(e, i, 2); // NOT leaves EFLAGS alone
}
EMIT(neg)
{
    flags_clobber(e);
    emit_f7(e, i, 3);
}

// --- compare
X86Cond x86_compare(Emit *e, IRCond cond, IRRef x, IRRef y)
{
    static const uint8_t cc[] = {CC_E, CC_NE, CC_B, CC_AE, CC_A,  CC_BE,
                                 CC_L, CC_GE, CC_G, CC_LE, CC_NE, CC_E};
    bool w = arg_wide(e, x);
    bool test = cond == IR_TSTNZ || cond == IR_TSTZ;
    flags_clobber(e);
    uint64_t v;
    int a = ra_use(&e->ra, x);
    if (ra_is_const(&e->ra, y, &v) && v == 0 && !test) {
        x86_test_rr(&e->c, w, a, a);
    } else if (test && ra_is_const(&e->ra, y, &v) && (v & (v - 1)) == 0 && v > 0x7f) {
        x86_rr(&e->c, 0xba | X86_0F | (w ? X86_W : 0), 4, a); // bt
        x86_byte(&e->c, (unsigned)__builtin_ctzll(v));
        return cond == IR_TSTNZ ? CC_B : CC_AE;
    } else if (test && ra_is_const(&e->ra, y, &v) && (!w || v == (uint64_t)(int64_t)(int32_t)v)) {
        x86_test_ri(&e->c, w, a, (int32_t)v);
    } else if (test) {
        x86_test_rr(&e->c, w, a, ra_use(&e->ra, y));
    } else {
        x86_alu(e, ALU_CMP, w, a, x86_operand(e, y, w));
    }
    return (X86Cond)cc[cond];
}

EMIT(cmpset)
{
    X86Cond cc = x86_compare(e, (IRCond)i->aux, i->arg[0], i->arg[1]);
    int dst = ra_def(&e->ra, e->at, IR_NONE, false);
    x86_setcc(&e->c, cc, RAX);
    x86_movzx(&e->c, dst, RAX, 1);
}

EMIT(select)
{
    bool w = is_wide(i);
    X86Cond cc = x86_compare(e, (IRCond)i->aux, i->arg[0], i->arg[1]);
    for (unsigned k = 0; k < 2; k++) {
        IRRef root = e->ra.v[i->arg[k]].root;
        if (root != e->ra.v[i->arg[2]].root && root != e->ra.v[i->arg[3]].root) {
            ra_unlock(&e->ra, i->arg[k]);
        }
    }
    int t = ra_use(&e->ra, i->arg[2]), f = ra_use(&e->ra, i->arg[3]);
    int dst = ra_def(&e->ra, e->at, i->arg[3], false);
    if (dst == t) {
        x86_cmov(&e->c, cc ^ 1, w, dst, f);
    } else {
        x86_copy(e, w, dst, f);
        x86_cmov(&e->c, cc, w, dst, t);
    }
}
