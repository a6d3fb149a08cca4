// Shifts; base + (index << n) as one LEA.
#include "host-backends/x86_64/emit.h"

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
