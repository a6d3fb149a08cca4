// PCMPxSTRx: string comparisons. Lengths come from EAX and EDX, or end at the first zero.
#include "target-x86/insn/sse.h"

// arg: SSE_STR_EXPLICIT, SSE_STR_MASK.
static bool tr_strings(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    unsigned kind = i->row->arg | sse_imm8(i);
    IRRef y = sse_read(c, 1, 0), x = sse_read(c, 0, 0), lengths = IR_NONE;
    bool wide = i->rex_w && c->flags & X86_BF_CODE64;
    if (kind & SSE_STR_EXPLICIT) {
        IRRef n[2] = {x86_reg64(c, X86_RAX), x86_reg64(c, X86_RDX)};
        for (unsigned k = 0; k < 2; k++) {
            n[k] = wide ? n[k] : ir_sext(b, n[k], 32);
        }
        lengths = ir_vset(b, ir_v1(b, IR_vfromg, n[0], 3), n[1], 3, 1);
    }
    IRRef r = ir_vcall(b, &sse_v_strings, x, y, lengths, kind);
    IRRef f = ir_vcall(b, &sse_v_strings, x, y, lengths, kind | SSE_STR_FLAGS);
    if (!(kind & SSE_STR_MASK)) {
        x86_put_gpr(c, X86_RCX, 4, false, ir_vget(b, IR_I32, r, 2, 0));
    } else {
        ir_put(b, offsetof(VCPU, vec[0]), r);
        if (i->vex) {
            ir_put(b, offsetof(VCPU, vec[16]), sse_zero(c));
        }
    }
    x86_put_flags(c, ir_f_unpack(b, ir_vget(b, IR_I32, f, 2, 0)));
    return true;
}

#define R_STRINGS(name, op, arg)                                                                   \
    {name,                                                                                         \
     "66 0F 3A " op " /r",                                                                         \
     "Vdq,Wdq,Ib",                                                                                 \
     tr_strings,                                                                                   \
     arg,                                                                                          \
     X86_ROW_SSE | X86_ROW_UNALIGNED,                                                              \
     X86_FEAT_SSE42,                                                                               \
     NULL},                                                                                        \
        R_VEX(name, "128.66.0F3A " op " /r", "Vdq,Wdq,Ib", tr_strings, arg, AVX)

static const X86Row rows[] = {
    R_STRINGS("PCMPESTRM", "60", SSE_STR_EXPLICIT | SSE_STR_MASK),
    R_STRINGS("PCMPESTRI", "61", SSE_STR_EXPLICIT),
    R_STRINGS("PCMPISTRM", "62", SSE_STR_MASK),
    R_STRINGS("PCMPISTRI", "63", 0),
};
const X86Group x86_sse_string = {"sse_string", rows, ARRAY_LEN(rows)};
