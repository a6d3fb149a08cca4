// Multiplication and division.
#include "host-backends/x86_64/emit.h"

EMIT(mul)
{
    IRRef x, y;
    bool w = is_wide(i);
    unsigned wide = w ? X86_W : 0;
    flags_clobber(e);
    x86_order_operands(e, i, &x, &y);
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
