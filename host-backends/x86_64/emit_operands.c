// Operands of integer instructions: in a register, in memory, or as an immediate.
#include "host-backends/x86_64/emit.h"

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

void x86_order_operands(Emit *e, const IRInsn *i, IRRef *x, IRRef *y)
{
    uint64_t v;
    *x = i->arg[0];
    *y = i->arg[1];
    if (ra_is_const(&e->ra, *x, &v) && !ra_is_const(&e->ra, *y, &v)) {
        *x = i->arg[1];
        *y = i->arg[0];
    }
}
