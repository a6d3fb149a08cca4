// String instructions.
//
// Without REP they are inline loads and stores. With REP a C function (string_rep.c) does a chunk,
// which ends at a page boundary at the latest and counts as one instruction; the block then goes
// back to the instruction if there is more to do, so that interrupts find their way in between.
#include "target-x86/insn/helpers.h"
#include "target-x86/insn/insn.h"

// rSI or rDI += element size, in the direction of DF.
static void step(X86Ctx *c, unsigned reg, unsigned bytes)
{
    IRBlock *b = c->b;
    unsigned n = c->insn.addr_bytes;
    IRRef delta =
        ir_shli(b, ir_get(b, IR_I32, offsetof(X86CPU, df)), (unsigned)__builtin_ctz(bytes));
    IRRef v = x86_get_gpr(c, reg, n, false);
    x86_put_gpr(c, reg, n, false, ir_add(b, v, n == 8 ? ir_exts(b, delta) : delta));
}

static bool once_movs(X86Ctx *c, unsigned bytes)
{
    x86_write(c, 0, x86_read(c, 1));
    step(c, X86_RSI, bytes);
    step(c, X86_RDI, bytes);
    return true;
}

static bool once_stos(X86Ctx *c, unsigned bytes)
{
    x86_write(c, 0, x86_read(c, 1));
    step(c, X86_RDI, bytes);
    return true;
}

static bool once_lods(X86Ctx *c, unsigned bytes)
{
    IRRef v = x86_read(c, 1);
    step(c, X86_RSI, bytes);
    x86_write(c, 0, v);
    return true;
}

static bool once_cmps(X86Ctx *c, unsigned bytes)
{
    IRRef y = x86_read(c, 1), x = x86_read(c, 0); // ES:rDI first, as CPUs do: both may fault
    step(c, X86_RSI, bytes);
    step(c, X86_RDI, bytes);
    x86_put_flags(c, ir_f_sub_n(c->b, x, y, 8 * bytes));
    return true;
}

static bool once_scas(X86Ctx *c, unsigned bytes)
{
    IRRef x = x86_read(c, 0), y = x86_read(c, 1);
    step(c, X86_RDI, bytes);
    x86_put_flags(c, ir_f_sub_n(c->b, x, y, 8 * bytes));
    return true;
}

typedef bool OnceFn(X86Ctx *c, unsigned bytes);

static OnceFn *const once[] = {
    [X86_STR_MOVS] = once_movs, [X86_STR_STOS] = once_stos, [X86_STR_LODS] = once_lods,
    [X86_STR_CMPS] = once_cmps, [X86_STR_SCAS] = once_scas,
};

static uint32_t describe(const X86Ctx *c, const X86Insn *i, X86StringRep rep)
{
    X86StringDesc d = {
        .op = (uint8_t)i->row->arg,
        .log2_bytes = (uint8_t)__builtin_ctz(i->operand[0].bytes),
        .log2_addr = (uint8_t)__builtin_ctz(i->addr_bytes),
        .seg = i->seg,
        .rep = (uint8_t)rep,
        .one = c->flags & X86_BF_TF ? 1 : 0,
        .align = c->flags & X86_BF_ALIGN ? 1 : 0,
    };
    return x86_string_desc(d);
}

static IRRef call(X86Ctx *c, const X86Insn *i, X86StringRep rep)
{
    return ir_call(c->b, &x86_h_string, ir_i32(c->b, describe(c, i, rep)), IR_NONE, IR_NONE,
                   IR_NONE);
}

static bool tr_string(X86Ctx *c, const X86Insn *i)
{
    if (!i->rep && !i->repne) {
        return once[i->row->arg](c, i->operand[0].bytes);
    }
    x86_exit_repeat(c, call(c, i, i->repne ? X86_REPNE : X86_REP));
    return true;
}

// INS and OUTS: always by the C function, which touches a device.
static bool tr_string_io(X86Ctx *c, const X86Insn *i)
{
    if (!i->rep && !i->repne) {
        call(c, i, X86_NO_REP);
    } else {
        x86_exit_repeat(c, call(c, i, X86_REP));
    }
    return true;
}

// clang-format off
static const X86Row rows[] = {
    {"MOVS", "A4", "Yb,Xb", tr_string, X86_STR_MOVS},
    {"MOVS", "A5", "Yv,Xv", tr_string, X86_STR_MOVS},
    {"CMPS", "A6", "Xb,Yb", tr_string, X86_STR_CMPS},
    {"CMPS", "A7", "Xv,Yv", tr_string, X86_STR_CMPS},
    {"STOS", "AA", "Yb,AL", tr_string, X86_STR_STOS},
    {"STOS", "AB", "Yv,rAX", tr_string, X86_STR_STOS},
    {"LODS", "AC", "AL,Xb", tr_string, X86_STR_LODS},
    {"LODS", "AD", "rAX,Xv", tr_string, X86_STR_LODS},
    {"SCAS", "AE", "AL,Yb", tr_string, X86_STR_SCAS},
    {"SCAS", "AF", "rAX,Yv", tr_string, X86_STR_SCAS},
    {"INS", "6C", "Yb", tr_string_io, X86_STR_INS, X86_ROW_SYSTEM},
    {"INS", "6D", "Yz", tr_string_io, X86_STR_INS, X86_ROW_SYSTEM},
    {"OUTS", "6E", "Xb", tr_string_io, X86_STR_OUTS, X86_ROW_SYSTEM},
    {"OUTS", "6F", "Xz", tr_string_io, X86_STR_OUTS, X86_ROW_SYSTEM},
};
// clang-format on

const X86Group x86_int_string = {"string", rows, ARRAY_LEN(rows)};
