// Conversions between integers, single, double and half precision.
#include "target-x86/insn/sse.h"

static unsigned rounding(bool truncate)
{
    return truncate ? IR_RND_ZERO : IR_RND_CURRENT;
}

// --- one number
// arg: lane size of the result.
static bool tr_from_integer(X86Ctx *c, const X86Insn *i)
{
    unsigned s2 = sse_source2(i), esize = i->row->arg;
    IRRef y = x86_read(c, s2), x = sse_read(c, i->vex ? 1 : 0, 0);
    IRRef r = sse_fp(c, IR_fs2f, IR_V128, (IRRef[]){y, IR_NONE, IR_NONE}, esize | IR_FP_SCALAR, 0,
                     &sse_fx_s2f);
    sse_fp_done(c);
    sse_write_scalar(c, x, r, esize);
    return true;
}

// arg: lane size | truncate << 4.
static bool tr_to_integer(X86Ctx *c, const X86Insn *i)
{
    IRType t = i->operand[0].bytes == 8 ? IR_I64 : IR_I32;
    IRRef x = sse_read(c, 1, 0);
    IRRef r = sse_fp(c, IR_ff2s, t, (IRRef[]){x, IR_NONE, IR_NONE},
                     (i->row->arg & 3) | IR_FP_SCALAR, rounding(i->row->arg >> 4), &sse_fx_f2s);
    sse_fp_done(c);
    x86_write(c, 0, r);
    return true;
}

// CVTSS2SD, CVTSD2SS. arg: lane size of the source.
static bool tr_scalar(X86Ctx *c, const X86Insn *i)
{
    unsigned from = i->row->arg, to = from ^ 1;
    IRRef y = sse_read(c, sse_source2(i), 0), x = sse_read(c, sse_source1(i), 0);
    IRRef r = sse_fp1(c, IR_fcvt, y, from | IR_FP_SCALAR, to, &sse_fx_cvt);
    sse_fp_done(c);
    sse_write_scalar(c, x, r, to);
    return true;
}

// --- as many as there is room for
typedef enum Packed {
    PS2PD,
    DQ2PD,
    PH2PS, // these widen
    PD2PS,
    PD2DQ,
    TPD2DQ,
    PS2PH, // these narrow
    DQ2PS,
    PS2DQ,
    TPS2DQ,
} Packed;

static IRRef convert(X86Ctx *c, Packed kind, const X86Insn *i, IRRef x)
{
    unsigned imm = sse_imm8(i), half_round = imm & 4 ? IR_RND_CURRENT : imm & 3;
    switch (kind) {
    case PS2PD:
        return sse_fp1(c, IR_fcvt, x, 2, 3, &sse_fx_cvt);
    case PD2PS:
        return sse_fp1(c, IR_fcvt, x, 3, 2, &sse_fx_cvt);
    case PH2PS:
        return sse_fp1(c, IR_fcvt, x, 1, 2, &sse_fx_cvt);
    case PS2PH:
        return sse_fp1(c, IR_vcall, x, 2, half_round, &sse_fx_to_half);
    case DQ2PD:
        return sse_fp1(c, IR_vw2f, x, 3, 0, &sse_fx_w2f);
    case PD2DQ:
    case TPD2DQ:
        return sse_fp1(c, IR_vf2w, x, 3, rounding(kind == TPD2DQ), &sse_fx_f2w);
    case DQ2PS:
        return sse_fp1(c, IR_vs2f, x, 2, 0, &sse_fx_vs2f);
    default:
        return sse_fp1(c, IR_vf2s, x, 2, rounding(kind == TPS2DQ), &sse_fx_vf2s);
    }
}

// Two results of 128 bits from the halves of one source.
static bool tr_widen(X86Ctx *c, const X86Insn *i)
{
    unsigned n = sse_halves(i, 0);
    IRRef r[2], x = sse_read(c, 1, 0);
    for (unsigned h = 0; h < n; h++) {
        IRRef part = h ? ir_v1(c->b, IR_vduplane, x, 3 | 1 << 8) : x;
        r[h] = convert(c, (Packed)i->row->arg, i, part);
    }
    sse_fp_done(c);
    sse_write(c, r);
    return true;
}

// Half a result from each half of the source.
static bool tr_narrow(X86Ctx *c, const X86Insn *i)
{
    unsigned n = sse_halves(i, 1), bytes = i->operand[0].bytes;
    IRRef r[2];
    if (i->operand[0].kind == X86_OP_MEM) { // a fault comes before the flags
        ir_ld(c->b, IR_V128, x86_mem(c, bytes, true), 0, x86_memop(c, bytes) | IR_MEM_WRITE);
    }
    for (unsigned h = 0; h < n; h++) {
        r[h] = sse_read(c, 1, h);
    }
    for (unsigned h = 0; h < n; h++) {
        r[h] = convert(c, (Packed)i->row->arg, i, r[h]);
    }
    if (n == 2) {
        r[0] = ir_v2(c->b, IR_vzip1, r[0], r[1], 3);
    }
    sse_fp_done(c);
    sse_write(c, r);
    return true;
}

static bool tr_same(X86Ctx *c, const X86Insn *i)
{
    unsigned n = sse_halves(i, 0);
    IRRef r[2];
    for (unsigned h = 0; h < n; h++) {
        r[h] = sse_read(c, 1, h);
    }
    for (unsigned h = 0; h < n; h++) {
        r[h] = convert(c, (Packed)i->row->arg, i, r[h]);
    }
    sse_fp_done(c);
    sse_write(c, r);
    return true;
}

// --- with MMX registers. The x87 unit becomes MMX's once memory has been read: before an exception
// of the conversion. Where memory is the source of a conversion to XMM it has no part in it.
static bool tr_from_mmx(X86Ctx *c, const X86Insn *i)
{
    bool mmx = i->operand[1].kind == X86_OP_MMX;
    IRRef y = mmx ? x86_read_mmx(c, 1) : x86_read_v(c, 1, 0), x = x86_read_v(c, 0, 0);
    if (mmx) {
        x86_enter_mmx(c);
    }
    IRRef r = convert(c, (Packed)i->row->arg, i, y);
    sse_fp_done(c);
    if (i->row->arg == DQ2PS) {
        sse_write_scalar(c, x, r, 3);
    } else {
        x86_write_v(c, 0, 0, r);
    }
    return true;
}

static bool tr_to_mmx(X86Ctx *c, const X86Insn *i)
{
    IRRef x = x86_read_v(c, 1, 0);
    if (i->row->arg == PS2DQ || i->row->arg == TPS2DQ) {
        x = ir_v1(c->b, IR_vzext, x, 3); // zeros raise nothing
    }
    x86_enter_mmx(c);
    IRRef r = convert(c, (Packed)i->row->arg, i, x);
    sse_fp_done(c);
    x86_write_mmx(c, 0, r);
    return true;
}

#define R_BOTH(name, enc, ops, tr, arg, feat)                                                      \
    {                                                                                              \
        name, enc, ops, tr, arg, X86_ROW_SSE | X86_ROW_MMX, X86_FEAT_##feat, NULL                  \
    }
#define R_LOOSE(name, enc, ops, tr, arg, feat)                                                     \
    {                                                                                              \
        name, enc, ops, tr, arg, X86_ROW_SSE | X86_ROW_UNALIGNED, X86_FEAT_##feat, NULL            \
    }
#define R_FROM(name, pp, arg, feat)                                                                \
    R_SSE(name, pp " 0F 2A /r", "Vdq,Ey", tr_from_integer, arg, feat),                             \
        R_VEX(name, "LIG." pp ".0F 2A /r", "Vdq,Hdq,Ey", tr_from_integer, arg, AVX)
#define R_TO(name, pp, op, w, arg, feat)                                                           \
    R_SSE(name, pp " 0F " op " /r", "Gy," w, tr_to_integer, arg, feat),                            \
        R_VEX(name, "LIG." pp ".0F " op " /r", "Gy," w, tr_to_integer, arg, AVX)
#define R_SCALAR(name, pp, w, arg)                                                                 \
    R_SSE(name, pp " 0F 5A /r", "Vdq," w, tr_scalar, arg, SSE2),                                   \
        R_VEX(name, "LIG." pp ".0F.WIG 5A /r", "Vdq,Hdq," w, tr_scalar, arg, AVX)
#define R_WIDEN(name, pp, op, arg)                                                                 \
    R_SSE(name, pp " 0F " op " /r", "Vdq,Wq", tr_widen, arg, SSE2),                                \
        R_VEX(name, "128." pp ".0F.WIG " op " /r", "Vdq,Wq", tr_widen, arg, AVX),                  \
        R_VEX(name, "256." pp ".0F.WIG " op " /r", "Vqq,Wdq", tr_widen, arg, AVX)
#define R_NARROW(name, pp, op, arg)                                                                \
    R_SSE(name, pp " 0F " op " /r", "Vdq,Wdq", tr_narrow, arg, SSE2),                              \
        R_VEX(name, pp ".0F.WIG " op " /r", "Vdq,Wx", tr_narrow, arg, AVX)
#define R_SAME(name, pp, arg)                                                                      \
    R_SSE(name, pp " 0F 5B /r", "Vx,Wx", tr_same, arg, SSE2),                                      \
        R_VEX(name, pp ".0F.WIG 5B /r", "Vx,Wx", tr_same, arg, AVX)

static const X86Row rows[] = {
    R_BOTH("CVTPI2PS", "NP 0F 2A /r reg", "Vdq,Nq", tr_from_mmx, DQ2PS, SSE),
    R_BOTH("CVTPI2PD", "66 0F 2A /r reg", "Vdq,Nq", tr_from_mmx, DQ2PD, SSE2),
    R_LOOSE("CVTPI2PS", "NP 0F 2A /r mem", "Vdq,Mq", tr_from_mmx, DQ2PS, SSE),
    R_LOOSE("CVTPI2PD", "66 0F 2A /r mem", "Vdq,Mq", tr_from_mmx, DQ2PD, SSE2),
    R_BOTH("CVTTPS2PI", "NP 0F 2C /r", "Pq,Wq", tr_to_mmx, TPS2DQ, SSE),
    R_BOTH("CVTPS2PI", "NP 0F 2D /r", "Pq,Wq", tr_to_mmx, PS2DQ, SSE),
    R_BOTH("CVTTPD2PI", "66 0F 2C /r", "Pq,Wdq", tr_to_mmx, TPD2DQ, SSE2),
    R_BOTH("CVTPD2PI", "66 0F 2D /r", "Pq,Wdq", tr_to_mmx, PD2DQ, SSE2),
    R_FROM("CVTSI2SS", "F3", 2, SSE),
    R_FROM("CVTSI2SD", "F2", 3, SSE2),
    R_TO("CVTTSS2SI", "F3", "2C", "Wd", 2 | 1 << 4, SSE),
    R_TO("CVTTSD2SI", "F2", "2C", "Wq", 3 | 1 << 4, SSE2),
    R_TO("CVTSS2SI", "F3", "2D", "Wd", 2, SSE),
    R_TO("CVTSD2SI", "F2", "2D", "Wq", 3, SSE2),
    R_SCALAR("CVTSS2SD", "F3", "Wd", 2),
    R_SCALAR("CVTSD2SS", "F2", "Wq", 3),
    R_WIDEN("CVTPS2PD", "NP", "5A", PS2PD),
    R_WIDEN("CVTDQ2PD", "F3", "E6", DQ2PD),
    R_NARROW("CVTPD2PS", "66", "5A", PD2PS),
    R_NARROW("CVTTPD2DQ", "66", "E6", TPD2DQ),
    R_NARROW("CVTPD2DQ", "F2", "E6", PD2DQ),
    R_SAME("CVTDQ2PS", "NP", DQ2PS),
    R_SAME("CVTPS2DQ", "66", PS2DQ),
    R_SAME("CVTTPS2DQ", "F3", TPS2DQ),
    R_VEX("CVTPH2PS", "128.66.0F38.W0 13 /r", "Vdq,Wq", tr_widen, PH2PS, F16C),
    R_VEX("CVTPH2PS", "256.66.0F38.W0 13 /r", "Vqq,Wdq", tr_widen, PH2PS, F16C),
    R_VEX("CVTPS2PH", "128.66.0F3A.W0 1D /r", "Wq,Vdq,Ib", tr_narrow, PS2PH, F16C),
    R_VEX("CVTPS2PH", "256.66.0F3A.W0 1D /r", "Wdq,Vqq,Ib", tr_narrow, PS2PH, F16C),
};
const X86Group x86_sse_convert = {"sse_convert", rows, ARRAY_LEN(rows)};
