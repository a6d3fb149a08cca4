// Integer ops, constants and guest state.
#include "host-backends/x86_64/emit.h"

// --- operands
Opnd x86_operand(Emit *e, IRRef r, bool w)
{
    uint64_t v;
    size_t off;
    if (ra_is_const(&e->ra, r, &v) && (!w || v == (uint64_t)(int64_t)(int32_t)v)) {
        return (Opnd){.kind = OPND_IMM, .imm = (int32_t)v};
    }
    if (ra_memory(&e->ra, r, w ? 8 : 4, &off)) {
        return (Opnd){.kind = OPND_MEM, .mem = state_mem(off)};
    }
    return (Opnd){.kind = OPND_REG, .reg = ra_use(&e->ra, r)};
}

void x86_alu(Emit *e, X86Alu op, bool w, int dst, Opnd src)
{
    switch (src.kind) {
    case OPND_REG:
        x86_alu_rr(&e->c, op, w, dst, src.reg);
        break;
    case OPND_MEM:
        x86_alu_rm(&e->c, op, w, dst, src.mem);
        break;
    case OPND_IMM:
        x86_alu_ri(&e->c, op, w, dst, src.imm);
        break;
    }
}

void x86_copy(Emit *e, bool w, int dst, int src)
{
    if (dst != src) {
        x86_mov_rr(&e->c, w, dst, src);
    }
}

void x86_alu_with_flags(Emit *e, X86Alu op, bool w, IRRef x, IRRef y, IRRef value, IRRef flags)
{
    int a = ra_use(&e->ra, x);
    Opnd b = x86_operand(e, y, w);
    int dst = ra_def(&e->ra, value, x, false);
    x86_two_operand(e, op, w, dst, a, b);
    flags_set(e, flags, false);
}

static bool commutes(X86Alu op)
{
    return op != ALU_SUB && op != ALU_SBB;
}

// dst = a op b. Leaves EFLAGS of the operation, apart from what moves follow it.
void x86_two_operand(Emit *e, X86Alu op, bool w, int dst, int a, Opnd b)
{
    if (b.kind == OPND_REG && b.reg == dst && a != dst) {
        if (commutes(op)) {
            x86_alu_rr(&e->c, op, w, dst, a);
            return;
        }
        x86_mov_rr(&e->c, w, RAX, a);
        x86_alu_rr(&e->c, op, w, RAX, b.reg);
        x86_mov_rr(&e->c, w, dst, RAX);
        return;
    }
    x86_copy(e, w, dst, a);
    x86_alu(e, op, w, dst, b);
}

// A constant first operand of a commutative op goes second.
static void order_operands(Emit *e, const IRInsn *i, IRRef *x, IRRef *y)
{
    uint64_t v;
    *x = i->arg[0];
    *y = i->arg[1];
    if (ra_is_const(&e->ra, *x, &v) && !ra_is_const(&e->ra, *y, &v)) {
        *x = i->arg[1];
        *y = i->arg[0];
    }
}

// --- constants and state
EMIT(nop)
{
    (void)e, (void)i;
}
EMIT(const)
{
    (void)e, (void)i;
}
EMIT(vconst)
{
    (void)e, (void)i;
}
EMIT(fconst)
{
    (void)e, (void)i;
}

EMIT(insn)
{
    e->index = i->aux;
}

// Pinned slots that the bytes touch, other than as a whole, are written home and, after a change,
// loaded again.
static void sync_pins(Emit *e, size_t off, size_t bytes, bool load)
{
    for (unsigned c = 0; c < RA_CLASSES; c++) {
        unsigned size = c == RA_GPR ? 8 : 16;
        for (unsigned p = 0; p < e->regs.n_pins[c]; p++) {
            const RaPin *pin = &e->regs.pin[c][p];
            if (off >= pin->off + size || pin->off >= off + bytes) {
                continue;
            }
            if (load) {
                e->ra.ops->load(e, c, pin->reg, pin->off, size);
            } else {
                e->ra.ops->store(e, c, pin->reg, pin->off, size);
            }
        }
    }
}

static const RaPin *whole_pin(Emit *e, IRType t, uint64_t off, unsigned bytes)
{
    if (bytes == 8 && t == IR_I64) {
        return ra_pin(&e->ra, RA_GPR, off);
    }
    return bytes == 16 ? ra_pin(&e->ra, RA_VEC, off) : NULL;
}

static bool touches_pin(Emit *e, size_t off, size_t bytes)
{
    for (unsigned c = 0; c < RA_CLASSES; c++) {
        unsigned size = c == RA_GPR ? 8 : 16;
        for (unsigned p = 0; p < e->regs.n_pins[c]; p++) {
            size_t at = e->regs.pin[c][p].off;
            if (off < at + size && at < off + bytes) {
                return true;
            }
        }
    }
    return false;
}

EMIT(get)
{
    const RaPin *pin = whole_pin(e, i->type, i->imm, i->aux);
    if (pin) {
        ra_get_pinned(&e->ra, e->at, pin);
        return;
    }
    const RaPin *low = i->aux == 4 && i->type == IR_I32 ? ra_pin(&e->ra, RA_GPR, i->imm) : NULL;
    if (low) {
        x86_mov_rr(&e->c, false, ra_def(&e->ra, e->at, IR_NONE, true), low->reg);
        return;
    }
    if (touches_pin(e, i->imm, i->aux)) {
        sync_pins(e, i->imm, i->aux, false);
        int dst = ra_def(&e->ra, e->at, IR_NONE, true);
        e->ra.ops->load(e, e->ra.v[e->at].cls, dst, i->imm, i->aux);
        return;
    }
    RaValue *v = &e->ra.v[e->at]; // loaded when first used
    v->state = (int32_t)i->imm;
    v->state_bytes = (uint8_t)i->aux;
    if (!v->listed) {
        v->listed = true;
        e->ra.in_state[e->ra.n_in_state++] = e->at;
    }
}

static void put_vector(Emit *e, const IRInsn *i)
{
    int src = ra_use(&e->ra, i->arg[0]);
    ra_state_changes(&e->ra, i->imm, i->aux);
    if (i->aux < 4) { // vpextrb, vpextrw
        vex_rrm(&e->c, (i->aux == 2 ? 0x15 : 0x14) | X86_0F3A | X86_66, src, 0, state_mem(i->imm));
        x86_byte(&e->c, 0);
    } else {
        e->ra.ops->store(e, RA_VEC, src, i->imm, i->aux);
    }
}

static void put_integer(Emit *e, const IRInsn *i)
{
    uint64_t v;
    if (ra_is_const(&e->ra, i->arg[0], &v) && (i->aux < 8 || v == (uint64_t)(int64_t)(int32_t)v)) {
        ra_state_changes(&e->ra, i->imm, i->aux);
        x86_store_imm(&e->c, state_mem(i->imm), i->aux, (int32_t)v);
        return;
    }
    int src = ra_use(&e->ra, i->arg[0]);
    ra_state_changes(&e->ra, i->imm, i->aux);
    if (i->aux == 8 && e->b->insn[i->arg[0]].type == IR_I32 && !ra_zero_high(&e->ra, i->arg[0])) {
        x86_mov_rr(&e->c, false, RAX, src);
        src = RAX;
    }
    x86_store(&e->c, src, state_mem(i->imm), i->aux);
}

EMIT(put)
{
    IRType t = (IRType)e->b->insn[i->arg[0]].type;
    const RaPin *pin = whole_pin(e, t, i->imm, i->aux);
    if (pin) {
        ra_put_pinned(&e->ra, i->arg[0], pin);
        return;
    }
    bool pinned = touches_pin(e, i->imm, i->aux);
    if (pinned) {
        sync_pins(e, i->imm, i->aux, false);
    }
    if (t == IR_FLAGS) {
        flags_put(e, i->arg[0], i->imm);
    } else if (t == IR_V128) {
        put_vector(e, i);
    } else {
        put_integer(e, i);
    }
    if (pinned) {
        sync_pins(e, i->imm, i->aux, true);
    } else {
        ra_state_holds(&e->ra, i->arg[0], i->imm, i->aux);
    }
}

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
    order_operands(e, i, &x, &y);
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
    order_operands(e, i, &x, &y);
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

// --- multiply and divide
EMIT(mul)
{
    IRRef x, y;
    bool w = is_wide(i);
    unsigned wide = w ? X86_W : 0;
    flags_clobber(e);
    order_operands(e, i, &x, &y);
    int a = ra_use(&e->ra, x);
    Opnd b = x86_operand(e, y, w);
    int dst = ra_def(&e->ra, e->at, x, false);
    if (b.kind == OPND_IMM) {
        x86_rr(&e->c, 0x69 | wide, dst, a);
        x86_imm32(&e->c, (uint32_t)b.imm);
    } else if (b.kind == OPND_MEM) {
        x86_copy(e, w, dst, a);
        x86_rm(&e->c, 0xaf | X86_0F | wide, dst, b.mem);
    } else if (dst == b.reg) {
        x86_rr(&e->c, 0xaf | X86_0F | wide, dst, a);
    } else {
        x86_copy(e, w, dst, a);
        x86_rr(&e->c, 0xaf | X86_0F | wide, dst, b.reg);
    }
}

EMIT(mulhu)
{
    bool w = is_wide(i);
    ra_take(&e->ra, RA_GPR, RDX);
    int a = ra_use(&e->ra, i->arg[0]), b = ra_use(&e->ra, i->arg[1]);
    int dst = ra_def(&e->ra, e->at, i->arg[0], false);
    x86_mov_rr(&e->c, w, RDX, a);
    vex_rrr(&e->c, 0xf6 | X86_0F38 | X86_F2 | (w ? X86_W : 0), dst, RAX, b); // mulx
}

EMIT(mulhs)
{
    bool w = is_wide(i);
    flags_clobber(e);
    ra_take(&e->ra, RA_GPR, RDX);
    int a = ra_use(&e->ra, i->arg[0]), b = ra_use(&e->ra, i->arg[1]);
    int dst = ra_def(&e->ra, e->at, i->arg[0], false);
    x86_mov_rr(&e->c, w, RAX, a);
    x86_rr(&e->c, w ? 0xf7 | X86_W : 0xf7, 5, b);
    x86_mov_rr(&e->c, w, dst, RDX);
}

// x / 0 = 0, and MIN / -1 = MIN where x86 would trap.
static void emit_divide(Emit *e, const IRInsn *i, bool is_signed)
{
    bool w = is_wide(i);
    unsigned wide = w ? X86_W : 0;
    flags_clobber(e);
    ra_take(&e->ra, RA_GPR, RDX);
    int a = ra_use(&e->ra, i->arg[0]), b = ra_use(&e->ra, i->arg[1]);
    int dst = ra_def(&e->ra, e->at, i->arg[0], false);
    X86Code *c = &e->c;
    x86_mov_ri(c, RAX, 0);
    x86_test_rr(c, w, b, b);
    size_t zero = x86_jcc_fwd(c, CC_E), minus_one = 0;
    x86_mov_rr(c, w, RAX, a);
    if (is_signed) {
        x86_alu_ri(c, ALU_CMP, w, b, -1);
        size_t divide = x86_jcc_fwd(c, CC_NE);
        x86_rr(c, 0xf7 | wide, 3, RAX);
        minus_one = x86_jmp_fwd(c);
        x86_patch(c, divide, c->pos);
        if (w) {
            x86_byte(c, 0x48);
        }
        x86_byte(c, 0x99); // cdq, cqo
    } else {
        x86_mov_ri(c, RDX, 0);
    }
    x86_rr(c, 0xf7 | wide, is_signed ? 7 : 6, b);
    x86_patch(c, zero, c->pos);
    if (minus_one) {
        x86_patch(c, minus_one, c->pos);
    }
    x86_mov_rr(c, w, dst, RAX);
}
EMIT(divu)
{
    emit_divide(e, i, false);
}
EMIT(divs)
{
    emit_divide(e, i, true);
}

// Two words by one. The operands go to where DIV wants them, so that the results can take their
// registers. If the other op of the pair follows, one DIV makes both.
static void emit_divide2(Emit *e, const IRInsn *i, IROpcode other, int mine, int others)
{
    bool w = is_wide(i);
    X86Code *c = &e->c;
    static const int8_t to[] = {RDX, RAX, RCX};
    flags_clobber(e);
    IRRef j = flags_partner(e, other, i);
    ra_take(&e->ra, RA_GPR, RDX);
    for (unsigned k = 0; k < 3; k++) {
        x86_mov_rr(c, w, to[k], ra_use(&e->ra, i->arg[k]));
    }
    for (unsigned k = 0; k < 3; k++) {
        ra_unlock(&e->ra, i->arg[k]);
    }
    x86_alu_rr(c, ALU_CMP, w, RDX, RCX);
    size_t fits = x86_jcc_fwd(c, CC_B);
    x86_mov_ri(c, RAX, 0);
    x86_mov_ri(c, RDX, 0);
    size_t done = x86_jmp_fwd(c);
    x86_patch(c, fits, c->pos);
    x86_rr(c, 0xf7 | (w ? X86_W : 0), 6, RCX);
    x86_patch(c, done, c->pos);
    if (j != IR_NONE) {
        ra_fuse(&e->ra, j);
    }
    x86_mov_rr(c, w, ra_def(&e->ra, e->at, IR_NONE, true), mine);
    if (j != IR_NONE) {
        x86_mov_rr(c, w, ra_def(&e->ra, j, IR_NONE, true), others);
    }
}
EMIT(div2u)
{
    emit_divide2(e, i, IR_rem2u, RAX, RDX);
}
EMIT(rem2u)
{
    emit_divide2(e, i, IR_div2u, RDX, RAX);
}

// --- shifts
static void emit_shift_const(Emit *e, const IRInsn *i, X86Shift op, unsigned count)
{
    bool w = is_wide(i);
    count &= w ? 63 : 31;
    if (op == SH_ROR) {
        int a = ra_use(&e->ra, i->arg[0]);
        int dst = ra_def(&e->ra, e->at, i->arg[0], false);
        vex_rrr(&e->c, 0xf0 | X86_0F3A | X86_F2 | (w ? X86_W : 0), dst, 0, a); // rorx
        x86_byte(&e->c, count);
        return;
    }
    if (!flags_wanted(e)) {
        flags_clobber(e);
    }
    int a = ra_use(&e->ra, i->arg[0]);
    int dst = ra_def(&e->ra, e->at, i->arg[0], false);
    if (op == SH_SHL && count == 1 && (dst != a || flags_wanted(e))) {
        x86_lea(&e->c, w, dst, x86_mem_index(a, a, 0, 0));
        return;
    }
    if (flags_wanted(e) && count) {
        static const uint16_t bmi2[] = {[SH_SHL] = X86_66, [SH_SHR] = X86_F2, [SH_SAR] = X86_F3};
        x86_mov_ri(&e->c, RCX, count);
        vex_rrr(&e->c, bmi2[op] | 0xf7 | X86_0F38 | (w ? X86_W : 0), dst, RCX, a);
        return;
    }
    x86_copy(e, w, dst, a);
    if (count) {
        x86_shift_ri(&e->c, op, w, dst, count);
    } else if (!w && dst == a) {
        x86_mov_rr(&e->c, false, dst, dst);
    }
}

// The 64-bit add that alone uses the shift, soon, of a value that exists already: base + index *
// 2^n is one LEA, which addresses of array elements gain a cycle by. IR_NONE if there is none.
static IRRef scaled_add(Emit *e, IRRef *base)
{
    IRRef j = e->ra.v[e->at].next;
    if (j == IR_NONE || j > e->at + 4 || e->b->insn[j].op != IR_add || e->ra.v[j].done ||
        e->ra.v[j].unused || e->b->insn[j].type != IR_I64) {
        return IR_NONE;
    }
    uint64_t v;
    unsigned k = e->ra.v[e->b->insn[j].arg[0]].root == e->at ? 0 : 1;
    IRRef o = e->b->insn[j].arg[!k];
    bool only = e->ra.v[e->b->insn[j].arg[k]].root == e->at && e->ra.next[j][k] == IR_NONE;
    bool exists = e->ra.v[o].root < e->at && ra_has_place(&e->ra, o);
    if (!only || !exists || ra_value(&e->ra, o)->next != j || ra_is_const(&e->ra, o, &v)) {
        return IR_NONE;
    }
    *base = o;
    return j;
}

static bool emit_scaled_add(Emit *e, const IRInsn *i, unsigned count)
{
    IRRef base, j;
    if (i->type != IR_I64 || count < 1 || count > 3 || (j = scaled_add(e, &base)) == IR_NONE) {
        return false;
    }
    int a = ra_use(&e->ra, i->arg[0]), b = ra_use(&e->ra, base);
    ra_fuse(&e->ra, j);
    x86_lea(&e->c, true, ra_def(&e->ra, j, i->arg[0], false), x86_mem_index(b, a, count, 0));
    ra_kill(&e->ra, e->at);
    if (!ra_live(&e->ra, base)) {
        ra_kill(&e->ra, e->ra.v[base].root);
    }
    return true;
}

static void emit_shift(Emit *e, const IRInsn *i, X86Shift op, unsigned bmi2)
{
    uint64_t n;
    if (ra_is_const(&e->ra, i->arg[1], &n)) {
        if (op == SH_SHL && emit_scaled_add(e, i, (unsigned)n & 63)) {
            return;
        }
        emit_shift_const(e, i, op, (unsigned)n);
        return;
    }
    bool w = is_wide(i);
    int a = ra_use(&e->ra, i->arg[0]), b = ra_use(&e->ra, i->arg[1]);
    int dst = ra_def(&e->ra, e->at, i->arg[0], false);
    vex_rrr(&e->c, bmi2 | 0xf7 | X86_0F38 | (w ? X86_W : 0), dst, b, a); // shlx, shrx, sarx
}
EMIT(shl)
{
    emit_shift(e, i, SH_SHL, X86_66);
}
EMIT(shr)
{
    emit_shift(e, i, SH_SHR, X86_F2);
}
EMIT(sar)
{
    emit_shift(e, i, SH_SAR, X86_F3);
}
EMIT(ror)
{
    uint64_t n;
    if (ra_is_const(&e->ra, i->arg[1], &n)) {
        emit_shift_const(e, i, SH_ROR, (unsigned)n);
        return;
    }
    bool w = is_wide(i);
    flags_clobber(e);
    int a = ra_use(&e->ra, i->arg[0]), b = ra_use(&e->ra, i->arg[1]);
    int dst = ra_def(&e->ra, e->at, i->arg[0], false);
    x86_mov_rr(&e->c, false, RCX, b);
    x86_copy(e, w, dst, a);
    x86_shift_cl(&e->c, SH_ROR, w, dst);
}

// --- widths
static int unary(Emit *e, const IRInsn *i, int *a)
{
    *a = ra_use(&e->ra, i->arg[0]);
    return ra_def(&e->ra, e->at, i->arg[0], false);
}

EMIT(zext)
{
    int a, dst = unary(e, i, &a);
    x86_movzx(&e->c, dst, a, i->aux / 8);
}
EMIT(sext)
{
    int a, dst = unary(e, i, &a);
    x86_movsx(&e->c, dst, a, i->aux / 8, is_wide(i));
}
EMIT(trunc)
{
    (void)e, (void)i; // shares its operand's register
}
EMIT(extu)
{
    int a, dst = unary(e, i, &a);
    x86_mov_rr(&e->c, false, dst, a);
}
EMIT(exts)
{
    int a, dst = unary(e, i, &a);
    x86_movsx(&e->c, dst, a, 4, true);
}

// --- bits
static void bswap(X86Code *c, bool w, int reg)
{
    if (w || reg >= R8) {
        x86_byte(c, 0x40u | (w ? 8 : 0) | (reg >= R8 ? 1 : 0));
    }
    x86_byte(c, 0x0f);
    x86_byte(c, 0xc8u | (unsigned)(reg & 7));
}

// Swaps neighbouring fields of `shift` bits; mask has the lower one of each pair.
static void swap_fields(Emit *e, bool w, int reg, unsigned shift, uint64_t mask)
{
    X86Code *c = &e->c;
    x86_mov_ri(c, RCX, w ? mask : (uint32_t)mask);
    x86_mov_rr(c, w, RAX, reg);
    x86_shift_ri(c, SH_SHR, w, RAX, shift);
    x86_alu_rr(c, ALU_AND, w, RAX, RCX);
    x86_alu_rr(c, ALU_AND, w, reg, RCX);
    x86_shift_ri(c, SH_SHL, w, reg, shift);
    x86_alu_rr(c, ALU_OR, w, reg, RAX);
}

EMIT(bswap)
{
    bool w = is_wide(i);
    flags_clobber(e);
    int a, dst = unary(e, i, &a);
    x86_copy(e, w, dst, a);
    if (i->aux == 16 && w) {
        swap_fields(e, true, dst, 8, 0x00ff00ff00ff00ff);
        return;
    }
    bswap(&e->c, w, dst);
    if (i->aux == 16) {
        x86_shift_ri(&e->c, SH_ROR, false, dst, 16);
    } else if (i->aux == 32 && w) {
        x86_shift_ri(&e->c, SH_ROR, true, dst, 32);
    }
}

EMIT(rbit)
{
    bool w = is_wide(i);
    flags_clobber(e);
    int a, dst = unary(e, i, &a);
    x86_copy(e, w, dst, a);
    bswap(&e->c, w, dst);
    swap_fields(e, w, dst, 4, 0x0f0f0f0f0f0f0f0f);
    swap_fields(e, w, dst, 2, 0x3333333333333333);
    swap_fields(e, w, dst, 1, 0x5555555555555555);
}

static void emit_count(Emit *e, const IRInsn *i, unsigned op)
{
    flags_clobber(e);
    int a, dst = unary(e, i, &a);
    x86_rr(&e->c, op | X86_0F | X86_F3 | (is_wide(i) ? X86_W : 0), dst, a);
}
EMIT(clz)
{
    emit_count(e, i, 0xbd);
}
EMIT(ctz)
{
    emit_count(e, i, 0xbc);
}
EMIT(popcnt)
{
    emit_count(e, i, 0xb8);
}

EMIT(extract)
{
    bool w = is_wide(i);
    unsigned pos = i->aux & 0xff, len = i->aux >> 8, width = w ? 64 : 32;
    bool moves = pos == 0 && (len == 8 || len == 16 || len == 32 || len == width);
    if (!moves) {
        flags_clobber(e);
    }
    int a, dst = unary(e, i, &a);
    X86Code *c = &e->c;
    if (moves) {
        x86_movzx(c, dst, a, len / 8);
    } else if (pos + len == width) {
        x86_copy(e, w, dst, a);
        x86_shift_ri(c, SH_SHR, w, dst, pos);
    } else if (pos + len == 32) {
        x86_mov_rr(c, false, dst, a);
        x86_shift_ri(c, SH_SHR, false, dst, pos);
    } else if (pos == 0 && len < 32) {
        x86_copy(e, false, dst, a);
        x86_alu_ri(c, ALU_AND, false, dst, (int32_t)mask64(len));
    } else {
        x86_mov_ri(c, RCX, pos | len << 8);
        vex_rrr(c, 0xf7 | X86_0F38 | (w ? X86_W : 0), dst, RCX, a); // bextr
    }
}

EMIT(sextract)
{
    bool w = is_wide(i);
    unsigned pos = i->aux & 0xff, len = i->aux >> 8, width = w ? 64 : 32;
    bool moves = pos == 0 && (len == 8 || len == 16 || len == 32);
    if (!moves) {
        flags_clobber(e);
    }
    int a, dst = unary(e, i, &a);
    if (moves) {
        x86_movsx(&e->c, dst, a, len / 8, w);
        return;
    }
    x86_copy(e, w, dst, a);
    if (pos + len < width) {
        x86_shift_ri(&e->c, SH_SHL, w, dst, width - pos - len);
    }
    if (len < width) {
        x86_shift_ri(&e->c, SH_SAR, w, dst, width - len);
    } else if (!w) {
        x86_mov_rr(&e->c, false, dst, dst);
    }
}

// rax = the low len bits of b, moved to pos.
static void place_field(Emit *e, bool w, int b, unsigned pos, unsigned len)
{
    X86Code *c = &e->c;
    unsigned width = w ? 64 : 32;
    if (len == 8 || len == 16 || len == 32) {
        x86_movzx(c, RAX, b, len / 8);
    } else {
        x86_mov_rr(c, w, RAX, b);
        if (pos + len != width && len < 32) {
            x86_alu_ri(c, ALU_AND, false, RAX, (int32_t)mask64(len));
        } else if (pos + len != width) {
            x86_shift_ri(c, SH_SHL, true, RAX, 64 - len);
            x86_shift_ri(c, SH_SHR, true, RAX, 64 - len);
        }
    }
    if (pos) {
        x86_shift_ri(c, SH_SHL, w, RAX, pos);
    }
}

EMIT(deposit)
{
    bool w = is_wide(i);
    unsigned pos = i->aux & 0xff, len = i->aux >> 8, width = w ? 64 : 32;
    flags_clobber(e);
    int a = ra_use(&e->ra, i->arg[0]), b = ra_use(&e->ra, i->arg[1]);
    int dst = ra_def(&e->ra, e->at, i->arg[0], false);
    uint64_t keep = ~(mask64(len) << pos);
    if (len >= width) {
        x86_mov_rr(&e->c, w, dst, b);
        return;
    }
    place_field(e, w, b, pos, len);
    x86_copy(e, w, dst, a);
    if (!w || keep == (uint64_t)(int64_t)(int32_t)keep) {
        x86_alu_ri(&e->c, ALU_AND, w, dst, (int32_t)keep);
    } else {
        x86_mov_ri(&e->c, RCX, keep);
        x86_alu_rr(&e->c, ALU_AND, w, dst, RCX);
    }
    x86_alu_rr(&e->c, ALU_OR, w, dst, RAX);
}

EMIT(extr)
{
    bool w = is_wide(i);
    flags_clobber(e);
    int hi = ra_use(&e->ra, i->arg[0]), lo = ra_use(&e->ra, i->arg[1]);
    int dst = ra_def(&e->ra, e->at, i->arg[1], false);
    unsigned n = (unsigned)i->imm & (w ? 63 : 31);
    if (hi == lo && n) {
        vex_rrr(&e->c, 0xf0 | X86_0F3A | X86_F2 | (w ? X86_W : 0), dst, 0, lo); // rorx
        x86_byte(&e->c, n);
        return;
    }
    int into = dst == hi && n ? RAX : dst;
    if (into != lo || (!w && !n)) {
        x86_mov_rr(&e->c, w, into, lo);
    }
    if (n) {
        x86_rr(&e->c, 0xac | X86_0F | (w ? X86_W : 0), hi, into); // shrd
        x86_byte(&e->c, n);
    }
    if (into != dst) {
        x86_mov_rr(&e->c, w, dst, into);
    }
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
