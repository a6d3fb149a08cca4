// Instructions that do nothing, are undefined for ever, or stand alone: flags, fences, hints.
#include "softmmu/softmmu.h"
#include "target-x86/helpers.h"
#include "target-x86/insn/helpers.h"
#include "target-x86/insn/insn.h"

static bool tr_nop(X86Ctx *c, const X86Insn *i)
{
    (void)c;
    (void)i;
    return true;
}

static bool tr_ud(X86Ctx *c, const X86Insn *i)
{
    (void)i;
    x86_raise_ud(c);
    return true;
}

static bool tr_fence(X86Ctx *c, const X86Insn *i)
{
    (void)i;
    ir_fence(c->b);
    return true;
}

static bool tr_flush_line(X86Ctx *c, const X86Insn *i)
{
    (void)i;
    ir_call(c->b, &x86_h_touch, x86_mem(c, 1, false), IR_NONE, IR_NONE, IR_NONE);
    return true;
}

// arg: the new CF; 2: the inverse of the old
static bool tr_carry(X86Ctx *c, const X86Insn *i)
{
    IRRef f = x86_flags(c);
    x86_put_flags(c, i->row->arg == 2 ? ir_f_cmc(c->b, f)
                                      : ir_f_setc(c->b, f, ir_i32(c->b, i->row->arg)));
    return true;
}

// arg: 1 STD
static bool tr_direction(X86Ctx *c, const X86Insn *i)
{
    ir_put(c->b, offsetof(X86CPU, df), ir_i32(c->b, i->row->arg ? UINT32_MAX : 1));
    return true;
}

static bool tr_salc(X86Ctx *c, const X86Insn *i)
{
    (void)i;
    IRRef carry = ir_f_test(c->b, IR_F_C, x86_flags(c));
    x86_put_gpr(c, X86_RAX, 1, false, ir_neg(c->b, carry));
    return true;
}

// Memory is written only if it changes.
static void store_arpl(X86CPU *c, uint64_t where, uint64_t value, uint64_t memop)
{
    unsigned seg = where >> 32 & 7;
    uint64_t at = x86_linear_checked(c, seg, (uint32_t)where, 2, true);
    mmu_store(&c->vcpu, at, value, (uint32_t)memop | IR_MEM_STORE);
}

static void arpl(VCPU *v, uint64_t where, uint64_t value, uint64_t memop)
{
    if (value >> 16) {
        store_arpl(x86_cpu(v), where, value & 0xffff, memop);
    }
}
static const IRHelper h_arpl = {"arpl", (void *)arpl, IR_VOID, 3, IR_CALL_ALL};

// The destination's RPL is raised to the source's; Z tells whether it was lower.
static bool tr_arpl(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    IRRef x = x86_read(c, 0), y = x86_read(c, 1), three = ir_i32(b, 3);
    IRRef rpl = ir_and(b, y, three), lower = ir_cmpset(b, IR_LTU, ir_and(b, x, three), rpl);
    IRRef raised = ir_deposit(b, x, rpl, 0, 2);
    if (i->operand[0].kind == X86_OP_MEM) {
        IRRef where = ir_deposit(b, x86_ea(c), ir_i64(b, i->seg), 32, 32);
        ir_call(b, &h_arpl, where, ir_deposit(b, raised, lower, 16, 1), ir_i32(b, x86_memop(c, 2)),
                IR_NONE);
    } else {
        x86_write(c, 0, ir_select(b, IR_NE, lower, ir_i32(b, 0), raised, x));
    }
    IRRef old = ir_f_pack(b, x86_flags(c));
    x86_put_flags(c, ir_f_unpack(b, ir_deposit(b, old, lower, 14, 1)));
    return true;
}

// RDRAND, RDSEED: CF set, other flags clear.
static bool tr_random(X86Ctx *c, const X86Insn *i)
{
    IRRef v = ir_call(c->b, &x86_h_random, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    x86_write(c, 0, i->operand[0].bytes == 8 ? v : ir_trunc(c->b, v));
    x86_put_flags(c, ir_fconst(c->b, IR_FLAG_C));
    return true;
}

// clang-format off
static const X86Row rows[] = {
    {"NOP", "0F 0D /r mem", "M", tr_nop}, // PREFETCH, PREFETCHW
    {"NOP", "0F 18 /r", "Ev", tr_nop}, // PREFETCHh
    {"NOP", "0F 19 /r", "Ev", tr_nop},
    {"NOP", "0F 1A /r", "Ev", tr_nop},
    {"NOP", "0F 1B /r", "Ev", tr_nop},
    {"NOP", "0F 1C /r", "Ev", tr_nop},
    {"NOP", "0F 1D /r", "Ev", tr_nop},
    {"NOP", "0F 1E /r", "Ev", tr_nop},
    {"NOP", "0F 1F /r", "Ev", tr_nop},
    {"UD2", "0F 0B", "", tr_ud},
    {"UD1", "0F B9 /r", "Gv,Ev", tr_ud},
    {"UD0", "0F FF /r", "Gv,Ev", tr_ud},

    {"LFENCE", "NP 0F AE /5 reg", "", tr_fence, 0, 0, X86_FEAT_SSE2},
    {"MFENCE", "NP 0F AE /6 reg", "", tr_fence, 0, 0, X86_FEAT_SSE2},
    {"SFENCE", "NP 0F AE /7 reg", "", tr_fence, 0, 0, X86_FEAT_SSE},
    {"CLFLUSH", "NP 0F AE /7 mem", "M", tr_flush_line, 0, 0, X86_FEAT_CLFLUSH},
    {"CLFLUSHOPT", "66 0F AE /7 mem", "M", tr_flush_line, 0, 0, X86_FEAT_CLFLUSHOPT},
    {"CLWB", "66 0F AE /6 mem", "M", tr_flush_line, 0, 0, X86_FEAT_CLWB},

    {"CLC", "F8", "", tr_carry, 0},
    {"STC", "F9", "", tr_carry, 1},
    {"CMC", "F5", "", tr_carry, 2},
    {"CLD", "FC", "", tr_direction, 0},
    {"STD", "FD", "", tr_direction, 1},
    {"SALC", "D6", "", tr_salc, 0, X86_ROW_I64},
    {"ARPL", "63 /r", "Ew,Gw", tr_arpl, 0, X86_ROW_I64 | X86_ROW_NO_REAL},
    {"RDRAND", "NFx 0F C7 /6 reg", "Rv", tr_random, 0, X86_ROW_SYSTEM, X86_FEAT_RDRAND},
    {"RDSEED", "NFx 0F C7 /7 reg", "Rv", tr_random, 0, X86_ROW_SYSTEM, X86_FEAT_RDSEED},
};
// clang-format on

const X86Group x86_int_misc = {"misc", rows, ARRAY_LEN(rows)};
