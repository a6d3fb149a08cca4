// PUSHF, POPF, CLI, STI. Kernels use them around every few lines, so what they mostly do is inline:
//
//   POPF at CPL 0 that changes status flags, DF and IF only, and no interrupt that waits for IF
//   STI with no interrupt waiting, and a next instruction of the same block that is known not to
//       look at the interrupt shadow: cpu->inhibit stands only while that one is under way, for the
//       case that it leaves the block to run alone (context.c ends the shadow)
//
// Everything else is the helper's, behind a guard or by the block's own flags.
#include <string.h>

#include "target-x86/helpers.h"
#include "target-x86/insn/insn.h"
#include "target-x86/system.h"

#define EFLAGS  offsetof(X86CPU, eflags)
#define INTR    offsetof(X86CPUAll, sys.input[X86_INPUT_INTR])
#define PENDING offsetof(X86CPUAll, sys.pending)

static bool stepping(const X86Ctx *c)
{
    return c->flags & (X86_BF_TF | X86_BF_SHADOW);
}

// --- PUSHF

static IRRef flags_image(X86Ctx *c)
{
    IRBlock *b = c->b;
    IRRef rest = ir_and(b, ir_get(b, IR_I32, EFLAGS), ir_i32(b, ~(uint32_t)(X86_VM | X86_RF)));
    IRRef status = ir_f_pack(b, x86_flags(c));
    IRRef df = ir_and(b, ir_get(b, IR_I32, offsetof(X86CPU, df)), ir_i32(b, X86_DF));
    IRRef f = ir_or(b, ir_or(b, rest, df), ir_shri(b, status, 8));
    return ir_or(b, f, ir_shli(b, ir_and(b, status, ir_i32(b, IR_FLAG_V)), 11));
}

static bool tr_pushf(X86Ctx *c, const X86Insn *i)
{
    IRRef v;
    if (c->flags & X86_BF_V86) {
        v = ir_call(c->b, &x86_h_pushf, ir_i32(c->b, i->op_bytes), IR_NONE, IR_NONE, IR_NONE);
        v = ir_trunc(c->b, v);
    } else {
        v = flags_image(c);
    }
    x86_do_push(c, i->op_bytes == 8 ? ir_extu(c->b, v) : v, i->op_bytes);
    return true;
}

// --- POPF

// Bits that differ and are not inline, or IF if it lets an interrupt in.
static IRRef popf_rare(X86Ctx *c, IRRef old, IRRef v)
{
    IRBlock *b = c->b;
    const uint32_t rare = X86_TF | X86_IOPL | X86_NT | X86_AC | X86_ID;
    IRRef changed = ir_and(b, ir_xor(b, v, old), ir_i32(b, rare));
    IRRef on = ir_and(b, v, ir_i32(b, X86_IF));
    IRRef waiting = ir_get_n(b, IR_I32, INTR, 1), zero = ir_i32(b, 0);
    return ir_or(b, changed, ir_select(b, IR_NE, waiting, zero, on, zero));
}

static void popf_inline(X86Ctx *c, IRRef old, IRRef v)
{
    IRBlock *b = c->b;
    IRRef status = ir_shli(b, ir_and(b, v, ir_i32(b, X86_STATUS_FLAGS & 0xff)), 8);
    IRRef f = ir_f_setv(b, ir_f_unpack(b, status), ir_shri(b, v, 11));
    IRRef down = ir_and(b, ir_shri(b, v, 9), ir_i32(b, 2));
    IRRef kept = ir_and(b, old, ir_i32(b, ~(uint32_t)X86_IF));
    x86_put_flags(c, f);
    ir_put(b, offsetof(X86CPU, df), ir_sub(b, ir_i32(b, 1), down));
    ir_put(b, EFLAGS, ir_or(b, kept, ir_and(b, v, ir_i32(b, X86_IF))));
}

static bool popf_may_be_inline(const X86Ctx *c, unsigned n)
{
    return (c->flags & X86_BF_PROTECTED) && !(c->flags & X86_BF_CPL) && n >= 4 && !stepping(c);
}

static bool tr_popf(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    unsigned n = i->op_bytes;
    IRRef a = x86_stack_address(c, 0, n, false);
    IRRef v = ir_ld(b, x86_type(n), a, 0, x86_memop(c, n));
    if (popf_may_be_inline(c, n)) {
        IRRef old = ir_get(b, IR_I32, EFLAGS), w = n == 8 ? ir_trunc(b, v) : v;
        if (!x86_guard(c, IR_NE, popf_rare(c, old, w), ir_i32(b, 0))) {
            popf_inline(c, old, w);
            x86_stack_move(c, n);
            return true;
        }
    }
    x86_put_next_pc(c);
    ir_call(b, &x86_h_popf, v, ir_i32(b, n), IR_NONE, IR_NONE);
    x86_stack_move(c, n);
    x86_exit_again(c);
    return true;
}

// --- CLI, STI

static bool tr_cli(X86Ctx *c, const X86Insn *i)
{
    (void)i;
    if (c->flags & X86_BF_IOPL) {
        IRRef f = ir_get(c->b, IR_I32, EFLAGS);
        ir_put(c->b, EFLAGS, ir_and(c->b, f, ir_i32(c->b, ~(uint32_t)X86_IF)));
        return true;
    }
    x86_put_next_pc(c);
    ir_call(c->b, &x86_h_cli, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    x86_exit_again(c);
    return true;
}

// Whether an instruction may stand in the shadow without knowing: neither its helpers nor what
// comes of them read or publish it. The shadow of those that do ends as they begin, which nobody
// can tell: they leave the block for faults only.
static bool may_follow_sti(const X86Ctx *c, const X86Insn *next)
{
    static const char *const ends_first[] = {"HLT", "MWAIT", "SYSEXIT", "SYSRET"};
    const unsigned other =
        X86_ROW_SYSTEM | X86_ROW_FPU | X86_ROW_WAIT | X86_ROW_MMX | X86_ROW_SSE | X86_ROW_AVX;
    if (!(next->row->flags & other)) {
        return strcmp(next->row->name, "POPF") != 0;
    }
    for (unsigned k = 0; k < ARRAY_LEN(ends_first); k++) {
        if (!strcmp(next->row->name, ends_first[k])) {
            return !(c->flags & X86_BF_CPL);
        }
    }
    return false;
}

static void sti_inline(X86Ctx *c)
{
    IRBlock *b = c->b;
    IRRef old = ir_get(b, IR_I32, EFLAGS), was_off = ir_not(b, ir_shri(b, old, 8));
    ir_put(b, EFLAGS, ir_or(b, old, ir_i32(b, X86_IF)));
    ir_put_n(b, offsetof(X86CPU, inhibit), ir_and(b, was_off, ir_i32(b, X86_INHIBIT_STI)), 1);
    c->shadow = X86_SHADOW_NEXT;
}

static bool tr_sti(X86Ctx *c, const X86Insn *i)
{
    X86Insn next;
    (void)i;
    bool known = (c->flags & X86_BF_IOPL) && !(c->flags & X86_BF_BREAK) && !stepping(c) &&
                 x86_peek(c, &next) && may_follow_sti(c, &next);
    if (known) {
        IRRef waiting =
            ir_or(c->b, ir_get_n(c->b, IR_I32, INTR, 1), ir_get_n(c->b, IR_I32, PENDING, 1));
        if (!x86_guard(c, IR_NE, waiting, ir_i32(c->b, 0))) {
            sti_inline(c);
            return true;
        }
    }
    x86_put_next_pc(c);
    ir_call(c->b, &x86_h_sti, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    x86_exit_again(c);
    return true;
}

static const X86Row rows[] = {
    {"PUSHF", "9C", "", tr_pushf, 0, X86_ROW_D64},
    {"POPF", "9D", "", tr_popf, 0, X86_ROW_D64},
    {"CLI", "FA", "", tr_cli, 0, X86_ROW_SYSTEM},
    {"STI", "FB", "", tr_sti, 0, X86_ROW_SYSTEM},
};

const X86Group x86_int_eflags = {"eflags", rows, ARRAY_LEN(rows)};
