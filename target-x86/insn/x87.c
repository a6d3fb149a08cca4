// x87 rows: D8 to DF, WAIT. Each loads its memory operand, and calls the unit
// (target-x86/fp/x87.h): as an op that backends know, but for an instruction that is run alone,
// behind MMX instructions, and for the long functions.
#include "target-x86/fp/x87.h"
#include "target-x86/insn/insn.h"

static IRRef k32(X86Ctx *c, uint64_t v)
{
    return ir_i32(c->b, v);
}

static IRRef ip_of(X86Ctx *c)
{
    return ir_i64(c->b,
                  (c->pc - c->cs_base) & (c->flags & X86_BF_CODE64 ? UINT64_MAX : UINT32_MAX));
}

// FOP: the low three bits of the opcode byte, then ModRM; the memory operand's segment.
static IRRef desc_of(X86Ctx *c, const X86Insn *i, uint32_t desc)
{
    uint32_t fop = (i->opcode & 7u) << 8 | i->modrm, seg = i->modrm < 0xc0 ? i->seg : 0;
    return k32(c, desc | fop << X87_FOP_SHIFT | seg << X87_SEG_SHIFT);
}

static IRRef call_helper(X86Ctx *c, const IRHelper *h, IRRef a0, IRRef a1, IRRef a2, IRRef a3)
{
    return ir_call(c->b, h, a0, a1, a2, a3);
}

static IRRef call(X86Ctx *c, const X87Form *f, IRRef a0, IRRef a1, IRRef a2, IRRef a3)
{
    bool alone = c->req->single || c->mmx;
    return call_helper(c, alone ? &f->alone : &f->inlined.helper, a0, a1, a2, a3);
}

static IRRef wide(X86Ctx *c, IRRef v)
{
    return ir_type(c->b, v) == IR_I64 ? v : ir_extu(c->b, v);
}

// --- memory forms

static const uint8_t format_bytes[] = {
    [X87_F32] = 4, [X87_F64] = 8, [X87_I16] = 2, [X87_I32] = 4, [X87_I64] = 8};

static IRRef load_value(X86Ctx *c, const X86Insn *i, X87Format f, IRRef *offset)
{
    unsigned bytes = format_bytes[f];
    *offset = x86_ea(c);
    IRRef at = x86_linear(c, i->seg, *offset, bytes, false);
    return ir_ld(c->b, bytes == 8 ? IR_I64 : IR_I32, at, 0, x86_memop(c, bytes));
}

// Of a function that backends do not know. Where an exception may come of it, it runs alone, too.
static IRRef call_c(X86Ctx *c, const X87Form *f, IRRef a0, IRRef a1, IRRef a2, IRRef a3)
{
    if (!c->req->single) {
        call(c, &x87_wait, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    }
    return call_helper(c, &f->alone, a0, a1, a2, a3);
}

// BCD is C code's.
static IRRef call_long(X86Ctx *c, const X86Insn *i, const X87Form *f, IRRef a0, IRRef a1, IRRef a2,
                       IRRef a3)
{
    return (i->row->arg & 7) == X87_BCD ? call_c(c, f, a0, a1, a2, a3) : call(c, f, a0, a1, a2, a3);
}

// arg: X87Format; the operation is ModRM.reg.
static bool tr_arith_mem(X86Ctx *c, const X86Insn *i)
{
    IRRef offset, v = load_value(c, i, i->row->arg, &offset);
    uint32_t desc = X87_DESC(i->modrm >> 3 & 7, i->row->arg);
    call(c, &x87_arith_mem, v, desc_of(c, i, desc), ip_of(c), offset);
    return true;
}

static bool tr_load(X86Ctx *c, const X86Insn *i)
{
    IRRef offset, v = load_value(c, i, i->row->arg, &offset);
    call(c, &x87_load, v, desc_of(c, i, X87_DESC(i->row->arg, 0)), ip_of(c), offset);
    return true;
}

static bool tr_store(X86Ctx *c, const X86Insn *i)
{
    unsigned bytes = format_bytes[i->row->arg & 7];
    const X87Form *f = bytes == 8 ? &x87_store64 : &x87_store32;
    IRRef offset = x86_ea(c), desc = desc_of(c, i, i->row->arg), ip = ip_of(c);
    IRRef v = call(c, f, desc, ir_i64(c->b, c->next), ip, offset);
    IRRef at = x86_linear(c, i->seg, offset, bytes, true);
    ir_st(c->b, at, 0, v, x86_memop(c, bytes));
    call(c, &x87_store_done, desc, ip, offset, IR_NONE);
    return true;
}

static bool tr_load80(X86Ctx *c, const X86Insn *i)
{
    IRRef offset = x86_ea(c), at = x86_linear(c, i->seg, offset, 10, false);
    IRRef low = ir_ld(c->b, IR_I64, at, 0, x86_memop(c, 8));
    IRRef high = ir_ld(c->b, IR_I32, at, 8, x86_memop(c, 2));
    IRRef desc = desc_of(c, i, X87_DESC(i->row->arg, 0));
    call_long(c, i, &x87_load80, low, wide(c, high), desc, ip_of(c));
    call_long(c, i, &x87_operand, desc, offset, IR_NONE, IR_NONE);
    return true;
}

static bool tr_store80(X86Ctx *c, const X86Insn *i)
{
    IRRef offset = x86_ea(c), desc = desc_of(c, i, i->row->arg), next = ir_i64(c->b, c->next);
    IRRef low = call_long(c, i, &x87_store80, desc, next, ir_i64(c->b, 0), offset);
    IRRef high = call_long(c, i, &x87_store80, desc, next, ir_i64(c->b, 1), offset);
    IRRef at = x86_linear(c, i->seg, offset, 10, true);
    // The first page's fault comes first; the part that may lie on the next page is stored first,
    // so that a fault there stores nothing.
    ir_ld(c->b, IR_I64, at, 0, x86_memop(c, 8) | IR_MEM_WRITE);
    ir_st(c->b, at, 8, ir_trunc(c->b, high), x86_memop(c, 2));
    ir_st(c->b, at, 0, low, x86_memop(c, 8));
    call_long(c, i, &x87_store_done, desc, ip_of(c), offset, IR_NONE);
    return true;
}

// --- register forms

// arg: X87_ARITH_TO_STI, X87_POP. With the destination ST(i), SUB and SUBR, DIV and DIVR change
// places in the opcodes.
static bool tr_arith(X86Ctx *c, const X86Insn *i)
{
    unsigned op = i->modrm >> 3 & 7;
    if ((i->row->arg & X87_ARITH_TO_STI) && op >= X87_SUB) {
        op ^= 1;
    }
    uint32_t desc = X87_DESC(op, i->modrm & 7) | i->row->arg;
    call(c, &x87_arith, desc_of(c, i, desc), ip_of(c), IR_NONE, IR_NONE);
    return true;
}

static bool tr_misc(X86Ctx *c, const X86Insn *i)
{
    X87Misc what = i->row->arg;
    IRRef desc = desc_of(c, i, X87_DESC(what, i->modrm & 7));
    if (x87_misc_is_short(what, i->modrm & 7)) {
        call(c, &x87_misc, desc, ip_of(c), IR_NONE, IR_NONE);
    } else {
        call_c(c, &x87_misc, desc, ip_of(c), IR_NONE, IR_NONE);
    }
    return true;
}

// arg: quiet << 8 | pop << 9.
static bool tr_comi(X86Ctx *c, const X86Insn *i)
{
    IRRef how = desc_of(c, i, i->row->arg | (i->modrm & 7));
    x86_put_flags(c, call(c, &x87_comi, how, ip_of(c), IR_NONE, IR_NONE));
    return true;
}

static bool tr_cmov(X86Ctx *c, const X86Insn *i)
{
    IRRef condition = ir_f_test(c->b, (IRFlagCond)i->row->arg, x86_flags(c));
    call(c, &x87_cmov, desc_of(c, i, i->modrm & 7), condition, ip_of(c), IR_NONE);
    return true;
}

// --- control

// Whether an exception is pending is part of the mode. loads: flags and masks of any kind.
static void error_may_change(X86Ctx *c, bool loads)
{
    if (loads || c->flags & X86_BF_FPU_ERROR) {
        x86_exit_again(c);
    }
}

static bool tr_call(X86Ctx *c, const X86Insn *i)
{
    static const IRHelper *const helper[] = {&x87_h_init, &x87_h_clex, &x87_h_emms};
    call_helper(c, helper[i->row->arg], IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    error_may_change(c, false);
    return true;
}

static bool tr_wait(X86Ctx *c, const X86Insn *i)
{
    (void)i;
    call(c, &x87_wait, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    return true;
}

static bool tr_nothing(X86Ctx *c, const X86Insn *i)
{
    (void)c;
    (void)i;
    return true;
}

static bool tr_fldcw(X86Ctx *c, const X86Insn *i)
{
    (void)i;
    call(c, &x87_fldcw, x86_read(c, 0), IR_NONE, IR_NONE, IR_NONE);
    return true;
}

static bool tr_fnstcw(X86Ctx *c, const X86Insn *i)
{
    (void)i;
    x86_write(c, 0, call(c, &x87_control, IR_NONE, IR_NONE, IR_NONE, IR_NONE));
    return true;
}

static bool tr_fnstsw(X86Ctx *c, const X86Insn *i)
{
    (void)i;
    x86_write(c, 0, call(c, &x87_status, IR_NONE, IR_NONE, IR_NONE, IR_NONE));
    return true;
}

enum { ENV_LOAD, ENV_STORE, ENV_RESTORE, ENV_SAVE };

static bool tr_env(X86Ctx *c, const X86Insn *i)
{
    static const IRHelper *const helper[] = {&x87_h_fldenv, &x87_h_fstenv, &x87_h_frstor,
                                             &x87_h_fsave};
    unsigned format =
        (i->op_bytes == 2 ? 0 : X87_ENV_32) | (c->flags & X86_BF_PROTECTED ? 0 : X87_ENV_REAL);
    call_helper(c, helper[i->row->arg], k32(c, i->seg), x86_ea(c), k32(c, format), IR_NONE);
    error_may_change(c, i->row->arg == ENV_LOAD || i->row->arg == ENV_RESTORE);
    return true;
}

#define F   X86_ROW_FPU
#define FW  (X86_ROW_FPU | X86_ROW_WAIT)
#define FPU X86_FEAT_FPU
#define POP X87_POP

#define MEM(name, encoding, operand, format)                                                       \
    {                                                                                              \
        name, encoding " mem", operand, tr_arith_mem, format, FW, FPU, NULL                        \
    }
#define REG(name, encoding, operands, how)                                                         \
    {                                                                                              \
        name, encoding " reg", operands, tr_arith, how, FW, FPU, NULL                              \
    }
#define MISC(name, encoding, operands, what)                                                       \
    {                                                                                              \
        name, encoding, operands, tr_misc, what, FW, FPU, NULL                                     \
    }

static const X86Row rows[] = {
    {"FWAIT", "9B", "", tr_wait, 0, 0, FPU, NULL},
    MEM("FADD", "D8 /0", "Md", X87_F32),
    MEM("FMUL", "D8 /1", "Md", X87_F32),
    MEM("FCOM", "D8 /2", "Md", X87_F32),
    MEM("FCOMP", "D8 /3", "Md", X87_F32),
    MEM("FSUB", "D8 /4", "Md", X87_F32),
    MEM("FSUBR", "D8 /5", "Md", X87_F32),
    MEM("FDIV", "D8 /6", "Md", X87_F32),
    MEM("FDIVR", "D8 /7", "Md", X87_F32),
    MEM("FADD", "DC /0", "Mq", X87_F64),
    MEM("FMUL", "DC /1", "Mq", X87_F64),
    MEM("FCOM", "DC /2", "Mq", X87_F64),
    MEM("FCOMP", "DC /3", "Mq", X87_F64),
    MEM("FSUB", "DC /4", "Mq", X87_F64),
    MEM("FSUBR", "DC /5", "Mq", X87_F64),
    MEM("FDIV", "DC /6", "Mq", X87_F64),
    MEM("FDIVR", "DC /7", "Mq", X87_F64),
    MEM("FIADD", "DA /0", "Md", X87_I32),
    MEM("FIMUL", "DA /1", "Md", X87_I32),
    MEM("FICOM", "DA /2", "Md", X87_I32),
    MEM("FICOMP", "DA /3", "Md", X87_I32),
    MEM("FISUB", "DA /4", "Md", X87_I32),
    MEM("FISUBR", "DA /5", "Md", X87_I32),
    MEM("FIDIV", "DA /6", "Md", X87_I32),
    MEM("FIDIVR", "DA /7", "Md", X87_I32),
    MEM("FIADD", "DE /0", "Mw", X87_I16),
    MEM("FIMUL", "DE /1", "Mw", X87_I16),
    MEM("FICOM", "DE /2", "Mw", X87_I16),
    MEM("FICOMP", "DE /3", "Mw", X87_I16),
    MEM("FISUB", "DE /4", "Mw", X87_I16),
    MEM("FISUBR", "DE /5", "Mw", X87_I16),
    MEM("FIDIV", "DE /6", "Mw", X87_I16),
    MEM("FIDIVR", "DE /7", "Mw", X87_I16),
    REG("FADD", "D8 /0", "ST0,STi", 0),
    REG("FMUL", "D8 /1", "ST0,STi", 0),
    REG("FCOM", "D8 /2", "ST0,STi", 0),
    REG("FCOMP", "D8 /3", "ST0,STi", 0),
    REG("FSUB", "D8 /4", "ST0,STi", 0),
    REG("FSUBR", "D8 /5", "ST0,STi", 0),
    REG("FDIV", "D8 /6", "ST0,STi", 0),
    REG("FDIVR", "D8 /7", "ST0,STi", 0),
    REG("FADD", "DC /0", "STi,ST0", X87_ARITH_TO_STI),
    REG("FMUL", "DC /1", "STi,ST0", X87_ARITH_TO_STI),
    REG("FSUBR", "DC /4", "STi,ST0", X87_ARITH_TO_STI),
    REG("FSUB", "DC /5", "STi,ST0", X87_ARITH_TO_STI),
    REG("FDIVR", "DC /6", "STi,ST0", X87_ARITH_TO_STI),
    REG("FDIV", "DC /7", "STi,ST0", X87_ARITH_TO_STI),
    REG("FADDP", "DE /0", "STi,ST0", X87_ARITH_TO_STI | POP),
    REG("FMULP", "DE /1", "STi,ST0", X87_ARITH_TO_STI | POP),
    REG("FSUBRP", "DE /4", "STi,ST0", X87_ARITH_TO_STI | POP),
    REG("FSUBP", "DE /5", "STi,ST0", X87_ARITH_TO_STI | POP),
    REG("FDIVRP", "DE /6", "STi,ST0", X87_ARITH_TO_STI | POP),
    REG("FDIVP", "DE /7", "STi,ST0", X87_ARITH_TO_STI | POP),
    // aliases that the CPUs decode
    REG("FCOM", "DC /2", "ST0,STi", 0),
    REG("FCOMP", "DC /3", "ST0,STi", 0),
    REG("FCOMP", "DE /2", "ST0,STi", X87_POP),
    MISC("FXCH", "DD /1 reg", "STi", X87_FXCH),
    MISC("FXCH", "DF /1 reg", "STi", X87_FXCH),
    MISC("FSTPNCE", "D9 /3 reg", "STi", X87_FSTPNCE),
    MISC("FSTP", "DF /2 reg", "STi", X87_FSTP),
    MISC("FSTP", "DF /3 reg", "STi", X87_FSTP),
    // moves
    {"FLD", "D9 /0 mem", "Md", tr_load, X87_F32, FW, FPU, NULL},
    {"FLD", "DD /0 mem", "Mq", tr_load, X87_F64, FW, FPU, NULL},
    {"FILD", "DF /0 mem", "Mw", tr_load, X87_I16, FW, FPU, NULL},
    {"FILD", "DB /0 mem", "Md", tr_load, X87_I32, FW, FPU, NULL},
    {"FILD", "DF /5 mem", "Mq", tr_load, X87_I64, FW, FPU, NULL},
    {"FST", "D9 /2 mem", "Md", tr_store, X87_F32, FW, FPU, NULL},
    {"FSTP", "D9 /3 mem", "Md", tr_store, X87_F32 | POP, FW, FPU, NULL},
    {"FST", "DD /2 mem", "Mq", tr_store, X87_F64, FW, FPU, NULL},
    {"FSTP", "DD /3 mem", "Mq", tr_store, X87_F64 | POP, FW, FPU, NULL},
    {"FIST", "DF /2 mem", "Mw", tr_store, X87_I16, FW, FPU, NULL},
    {"FISTP", "DF /3 mem", "Mw", tr_store, X87_I16 | POP, FW, FPU, NULL},
    {"FIST", "DB /2 mem", "Md", tr_store, X87_I32, FW, FPU, NULL},
    {"FISTP", "DB /3 mem", "Md", tr_store, X87_I32 | POP, FW, FPU, NULL},
    {"FISTP", "DF /7 mem", "Mq", tr_store, X87_I64 | POP, FW, FPU, NULL},
    {"FISTTP", "DF /1 mem", "Mw", tr_store, X87_I16 | POP | X87_ROUND_ZERO, FW, X86_FEAT_SSE3,
     NULL},
    {"FISTTP", "DB /1 mem", "Md", tr_store, X87_I32 | POP | X87_ROUND_ZERO, FW, X86_FEAT_SSE3,
     NULL},
    {"FISTTP", "DD /1 mem", "Mq", tr_store, X87_I64 | POP | X87_ROUND_ZERO, FW, X86_FEAT_SSE3,
     NULL},
    {"FLD", "DB /5 mem", "Mt", tr_load80, X87_F80, FW, FPU, NULL},
    {"FSTP", "DB /7 mem", "Mt", tr_store80, X87_F80 | POP, FW, FPU, NULL},
    {"FBLD", "DF /4 mem", "Mt", tr_load80, X87_BCD, FW, FPU, NULL},
    {"FBSTP", "DF /6 mem", "Mt", tr_store80, X87_BCD | POP, FW, FPU, NULL},
    MISC("FLD", "D9 /0 reg", "STi", X87_FLD),
    MISC("FXCH", "D9 /1 reg", "STi", X87_FXCH),
    MISC("FST", "DD /2 reg", "STi", X87_FST),
    MISC("FSTP", "DD /3 reg", "STi", X87_FSTP),
    MISC("FFREE", "DD /0 reg", "STi", X87_FFREE),
    MISC("FFREEP", "DF /0 reg", "STi", X87_FFREEP),
    // comparisons
    MISC("FUCOM", "DD /4 reg", "STi", X87_FUCOM),
    MISC("FUCOMP", "DD /5 reg", "STi", X87_FUCOMP),
    MISC("FUCOMPP", "DA E9", "", X87_FUCOMPP),
    MISC("FCOMPP", "DE D9", "", X87_FCOMPP),
    {"FCOMI", "DB /6 reg", "ST0,STi", tr_comi, 0, FW, X86_FEAT_CMOV, NULL},
    {"FUCOMI", "DB /5 reg", "ST0,STi", tr_comi, 1 << 8, FW, X86_FEAT_CMOV, NULL},
    {"FCOMIP", "DF /6 reg", "ST0,STi", tr_comi, 1 << 9, FW, X86_FEAT_CMOV, NULL},
    {"FUCOMIP", "DF /5 reg", "ST0,STi", tr_comi, 3 << 8, FW, X86_FEAT_CMOV, NULL},
    {"FCMOVB", "DA /0 reg", "ST0,STi", tr_cmov, IR_F_C, FW, X86_FEAT_CMOV, NULL},
    {"FCMOVE", "DA /1 reg", "ST0,STi", tr_cmov, IR_F_Z, FW, X86_FEAT_CMOV, NULL},
    {"FCMOVBE", "DA /2 reg", "ST0,STi", tr_cmov, IR_F_C_OR_Z, FW, X86_FEAT_CMOV, NULL},
    {"FCMOVU", "DA /3 reg", "ST0,STi", tr_cmov, IR_F_P, FW, X86_FEAT_CMOV, NULL},
    {"FCMOVNB", "DB /0 reg", "ST0,STi", tr_cmov, IR_F_NC, FW, X86_FEAT_CMOV, NULL},
    {"FCMOVNE", "DB /1 reg", "ST0,STi", tr_cmov, IR_F_NZ, FW, X86_FEAT_CMOV, NULL},
    {"FCMOVNBE", "DB /2 reg", "ST0,STi", tr_cmov, IR_F_NC_NZ, FW, X86_FEAT_CMOV, NULL},
    {"FCMOVNU", "DB /3 reg", "ST0,STi", tr_cmov, IR_F_NP, FW, X86_FEAT_CMOV, NULL},
    // by the whole ModRM byte
    MISC("FNOP", "D9 D0", "", X87_FNOP),
    MISC("FCHS", "D9 E0", "", X87_FCHS),
    MISC("FABS", "D9 E1", "", X87_FABS),
    MISC("FTST", "D9 E4", "", X87_FTST),
    MISC("FXAM", "D9 E5", "", X87_FXAM),
    MISC("FLD1", "D9 E8", "", X87_FLD1),
    MISC("FLDL2T", "D9 E9", "", X87_FLDL2T),
    MISC("FLDL2E", "D9 EA", "", X87_FLDL2E),
    MISC("FLDPI", "D9 EB", "", X87_FLDPI),
    MISC("FLDLG2", "D9 EC", "", X87_FLDLG2),
    MISC("FLDLN2", "D9 ED", "", X87_FLDLN2),
    MISC("FLDZ", "D9 EE", "", X87_FLDZ),
    MISC("F2XM1", "D9 F0", "", X87_F2XM1),
    MISC("FYL2X", "D9 F1", "", X87_FYL2X),
    MISC("FPTAN", "D9 F2", "", X87_FPTAN),
    MISC("FPATAN", "D9 F3", "", X87_FPATAN),
    MISC("FXTRACT", "D9 F4", "", X87_FXTRACT),
    MISC("FPREM1", "D9 F5", "", X87_FPREM1),
    MISC("FDECSTP", "D9 F6", "", X87_FDECSTP),
    MISC("FINCSTP", "D9 F7", "", X87_FINCSTP),
    MISC("FPREM", "D9 F8", "", X87_FPREM),
    MISC("FYL2XP1", "D9 F9", "", X87_FYL2XP1),
    MISC("FSQRT", "D9 FA", "", X87_FSQRT),
    MISC("FSINCOS", "D9 FB", "", X87_FSINCOS),
    MISC("FRNDINT", "D9 FC", "", X87_FRNDINT),
    MISC("FSCALE", "D9 FD", "", X87_FSCALE),
    MISC("FSIN", "D9 FE", "", X87_FSIN),
    MISC("FCOS", "D9 FF", "", X87_FCOS),
    // control
    {"FNCLEX", "DB E2", "", tr_call, 1, F, FPU, NULL},
    {"FNINIT", "DB E3", "", tr_call, 0, F, FPU, NULL},
    {"FNENI", "DB E0", "", tr_nothing, 0, F, FPU, NULL},   // 8087
    {"FNDISI", "DB E1", "", tr_nothing, 0, F, FPU, NULL},  // 8087
    {"FNSETPM", "DB E4", "", tr_nothing, 0, F, FPU, NULL}, // 80287
    {"FLDCW", "D9 /5 mem", "Mw", tr_fldcw, 0, FW, FPU, NULL},
    {"FNSTCW", "D9 /7 mem", "Mw", tr_fnstcw, 0, F, FPU, NULL},
    {"FNSTSW", "DD /7 mem", "Mw", tr_fnstsw, 0, F, FPU, NULL},
    {"FNSTSW", "DF E0", "AX", tr_fnstsw, 0, F, FPU, NULL},
    {"FLDENV", "D9 /4 mem", "M", tr_env, ENV_LOAD, FW, FPU, NULL},
    {"FNSTENV", "D9 /6 mem", "M", tr_env, ENV_STORE, F, FPU, NULL},
    {"FRSTOR", "DD /4 mem", "M", tr_env, ENV_RESTORE, FW, FPU, NULL},
    {"FNSAVE", "DD /6 mem", "M", tr_env, ENV_SAVE, F, FPU, NULL},
    {"EMMS", "NP 0F 77", "", tr_call, 2, X86_ROW_MMX, X86_FEAT_MMX, NULL},
};

const X86Group x86_x87 = {"x87", rows, ARRAY_LEN(rows)};
