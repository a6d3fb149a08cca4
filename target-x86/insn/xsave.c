// MXCSR, FXSAVE and XSAVE: the rows; what they do is in target-x86/fp/xsave.c.
#include "target-x86/fp/xsave.h"
#include "target-x86/insn/sse.h"

static unsigned mode_of(const X86Ctx *c, const X86Insn *i)
{
    return (c->flags & X86_BF_CODE64 ? XS_LONG : 0) | (i->rex_w ? XS_64 : 0) | i->row->arg;
}

static bool no_device(X86Ctx *c)
{
    if (c->flags & (X86_BF_TS | X86_BF_EM)) {
        x86_raise(c, X86_NM, 0);
        return true;
    }
    return false;
}

static bool tr_ldmxcsr(X86Ctx *c, const X86Insn *i)
{
    IRRef x = x86_read(c, 0);
    x86_put_next_pc(c);
    ir_call(c->b, &x86_h_ldmxcsr, x, IR_NONE, IR_NONE, IR_NONE);
    x86_exit_again(c);
    (void)i;
    return true;
}

static bool tr_stmxcsr(X86Ctx *c, const X86Insn *i)
{
    x86_write(c, 0, ir_call(c->b, &x86_h_stmxcsr, IR_NONE, IR_NONE, IR_NONE, IR_NONE));
    (void)i;
    return true;
}

static bool tr_fxsave(X86Ctx *c, const X86Insn *i)
{
    if (no_device(c)) {
        return true;
    }
    IRRef a = x86_mem(c, FXSAVE_BYTES, true);
    ir_call(c->b, &x86_h_fxsave, a, ir_i32(c->b, mode_of(c, i)), IR_NONE, IR_NONE);
    return true;
}

// What was restored may unmask exceptions, of either unit.
static bool tr_fxrstor(X86Ctx *c, const X86Insn *i)
{
    if (no_device(c)) {
        return true;
    }
    IRRef a = x86_mem(c, FXSAVE_BYTES, false);
    x86_put_next_pc(c);
    ir_call(c->b, &x86_h_fxrstor, a, ir_i32(c->b, mode_of(c, i)), IR_NONE, IR_NONE);
    x86_exit_again(c);
    return true;
}

static IRRef component_mask(X86Ctx *c)
{
    return ir_deposit(c->b, x86_reg64(c, X86_RAX), x86_reg64(c, X86_RDX), 32, 32);
}

static bool tr_xsave(X86Ctx *c, const X86Insn *i)
{
    if (!(c->flags & X86_BF_XSAVE)) {
        return false;
    }
    if (c->flags & X86_BF_TS) {
        x86_raise(c, X86_NM, 0);
        return true;
    }
    IRRef a = x86_mem(c, XSAVE_BYTES, true);
    ir_call(c->b, &x86_h_xsave, a, ir_i32(c->b, mode_of(c, i)), component_mask(c), IR_NONE);
    return true;
}

static bool tr_xrstor(X86Ctx *c, const X86Insn *i)
{
    if (!(c->flags & X86_BF_XSAVE)) {
        return false;
    }
    if (c->flags & X86_BF_TS) {
        x86_raise(c, X86_NM, 0);
        return true;
    }
    IRRef a = x86_mem(c, XSAVE_BYTES, false), mask = component_mask(c);
    x86_put_next_pc(c);
    ir_call(c->b, &x86_h_xrstor, a, ir_i32(c->b, mode_of(c, i)), mask, IR_NONE);
    x86_exit_again(c);
    return true;
}

#define R_AREA(name, enc, tr, arg, feat)                                                           \
    {                                                                                              \
        name, enc " mem", "Mb", tr, arg, X86_ROW_SYSTEM, X86_FEAT_##feat, NULL                     \
    }

static const X86Row rows[] = {
    R_SSE("LDMXCSR", "NP 0F AE /2 mem", "Md", tr_ldmxcsr, 0, SSE),
    R_SSE("STMXCSR", "NP 0F AE /3 mem", "Md", tr_stmxcsr, 0, SSE),
    R_VEX("LDMXCSR", "128.NP.0F.WIG AE /2 mem", "Md", tr_ldmxcsr, 0, AVX),
    R_VEX("STMXCSR", "128.NP.0F.WIG AE /3 mem", "Md", tr_stmxcsr, 0, AVX),
    R_AREA("FXSAVE", "NP 0F AE /0", tr_fxsave, 0, FXSR),
    R_AREA("FXRSTOR", "NP 0F AE /1", tr_fxrstor, 0, FXSR),
    R_AREA("XSAVE", "NP 0F AE /4", tr_xsave, 0, XSAVE),
    R_AREA("XRSTOR", "NP 0F AE /5", tr_xrstor, 0, XSAVE),
    R_AREA("XSAVEOPT", "NP 0F AE /6", tr_xsave, XS_OPT, XSAVEOPT),
    R_AREA("XSAVEC", "NP 0F C7 /4", tr_xsave, XS_COMPACT, XSAVEC),
};
const X86Group x86_xsave = {"xsave", rows, ARRAY_LEN(rows)};
