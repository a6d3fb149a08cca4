// Packed integer arithmetic, logic and comparisons of MMX, SSE2, SSSE3, SSE4 and AVX2.
#include "target-x86/insn/sse.h"

// --- MMX has both operands of what works on neighbours in one vector
static IRRef join(X86Ctx *c, IRRef low, IRRef high)
{
    return ir_v2(c->b, IR_vzip1, low, high, 3);
}

static unsigned esize_of(const SseOp *o)
{
    return o->arg >> SSE_ESIZE_SHIFT & 3;
}

static IROpcode op_of(const SseOp *o)
{
    return (IROpcode)(o->arg & (BIT(SSE_ESIZE_SHIFT) - 1));
}

// PACKSSWB, PHADDW: lanes of x, then lanes of y.
static IRRef neighbours(X86Ctx *c, const SseOp *o, IRRef x, IRRef y)
{
    if (o->mmx) {
        x = y = join(c, x, y);
    }
    return ir_v2(c->b, op_of(o), x, y, esize_of(o));
}

static bool tr_neighbours(X86Ctx *c, const X86Insn *i)
{
    return sse_binary(c, i, neighbours);
}

// PHADDSW, PHSUBW: the op on the even and the odd lanes.
static IRRef horizontal(X86Ctx *c, const SseOp *o, IRRef x, IRRef y)
{
    if (o->mmx) {
        x = y = join(c, x, y);
    }
    IRRef even = ir_v2(c->b, IR_vuzp1, x, y, esize_of(o));
    return ir_v2(c->b, op_of(o), even, ir_v2(c->b, IR_vuzp2, x, y, esize_of(o)), esize_of(o));
}

static bool tr_horizontal(X86Ctx *c, const X86Insn *i)
{
    return sse_binary(c, i, horizontal);
}

// x, negated where y is negative, zero where y is zero.
static IRRef sign(X86Ctx *c, const SseOp *o, IRRef x, IRRef y)
{
    unsigned esize = o->arg;
    IRRef zero = sse_zero(c);
    IRRef negative = ir_v2(c->b, IR_vcgt, zero, y, esize);
    IRRef r = ir_v2(c->b, IR_vsub, ir_v2(c->b, IR_vxor, x, negative, 0), negative, esize);
    return ir_v2(c->b, IR_vandn, r, ir_v2(c->b, IR_vceq, y, zero, esize), 0);
}

static bool tr_sign(X86Ctx *c, const X86Insn *i)
{
    return sse_binary(c, i, sign);
}

static IRRef minpos(X86Ctx *c, const SseOp *o, IRRef x)
{
    (void)o;
    return ir_vcall(c->b, &sse_v_minpos, x, IR_NONE, IR_NONE, 0);
}

static bool tr_minpos(X86Ctx *c, const X86Insn *i)
{
    return sse_unary(c, i, minpos);
}

// Three bits of the immediate for each half.
static IRRef mpsad(X86Ctx *c, const SseOp *o, IRRef x, IRRef y)
{
    return ir_vcall(c->b, &sse_v_mpsad, x, y, IR_NONE, sse_imm8(o->i) >> (3 * o->half) & 7);
}

static bool tr_mpsad(X86Ctx *c, const X86Insn *i)
{
    return sse_binary(c, i, mpsad);
}

// --- tests
// Z: x & y has no bit in mask, C: ~x & y has none.
static IRRef test_halves(X86Ctx *c, const X86Insn *i, IRRef mask)
{
    IRBlock *b = c->b;
    IRRef both = IR_NONE, only = IR_NONE;
    for (unsigned h = 0; h < sse_halves(i, 0); h++) {
        IRRef y = sse_read(c, 1, h), x = sse_read(c, 0, h);
        if (mask != IR_NONE) {
            y = ir_v2(b, IR_vand, y, mask, 0);
        }
        if (sse_halves(i, 0) == 1) {
            return ir_make(b, IR_f_vtest, IR_FLAGS, x, y, IR_NONE, IR_NONE, 0, 0, 0);
        }
        IRRef xy = ir_v2(b, IR_vand, x, y, 0), yx = ir_v2(b, IR_vandn, y, x, 0);
        both = h ? ir_v2(b, IR_vor, both, xy, 0) : xy;
        only = h ? ir_v2(b, IR_vor, only, yx, 0) : yx;
    }
    IRRef f[2], v[] = {both, only};
    for (unsigned k = 0; k < 2; k++) {
        IRRef any = ir_or(b, ir_vget(b, IR_I64, v[k], 3, 0), ir_vget(b, IR_I64, v[k], 3, 1));
        f[k] = ir_cmpset(b, IR_EQ, any, ir_i64(b, 0));
    }
    return ir_f_unpack(b, ir_or(b, ir_shli(b, f[0], 14), ir_shli(b, f[1], 8)));
}

// arg: 0, or the lane size whose top bits count.
static bool tr_test(X86Ctx *c, const X86Insn *i)
{
    static const uint64_t top[] = {0, 0, 0x8000000080000000, 0x8000000000000000};
    uint64_t m = top[i->row->arg];
    x86_put_flags(c, test_halves(c, i, m ? ir_vconst(c->b, m, m) : IR_NONE));
    return true;
}

#define A(op, esize) SSE_ARG(IR_##op, esize)

static const X86Row rows[] = {
    R_M0F("PADDB", "FC", sse_tr_op2, A(vadd, 0), MMX, SSE2),
    R_M0F("PADDW", "FD", sse_tr_op2, A(vadd, 1), MMX, SSE2),
    R_M0F("PADDD", "FE", sse_tr_op2, A(vadd, 2), MMX, SSE2),
    R_M0F("PADDQ", "D4", sse_tr_op2, A(vadd, 3), SSE2, SSE2),
    R_M0F("PSUBB", "F8", sse_tr_op2, A(vsub, 0), MMX, SSE2),
    R_M0F("PSUBW", "F9", sse_tr_op2, A(vsub, 1), MMX, SSE2),
    R_M0F("PSUBD", "FA", sse_tr_op2, A(vsub, 2), MMX, SSE2),
    R_M0F("PSUBQ", "FB", sse_tr_op2, A(vsub, 3), SSE2, SSE2),
    R_M0F("PADDSB", "EC", sse_tr_op2, A(vqadds, 0), MMX, SSE2),
    R_M0F("PADDSW", "ED", sse_tr_op2, A(vqadds, 1), MMX, SSE2),
    R_M0F("PADDUSB", "DC", sse_tr_op2, A(vqaddu, 0), MMX, SSE2),
    R_M0F("PADDUSW", "DD", sse_tr_op2, A(vqaddu, 1), MMX, SSE2),
    R_M0F("PSUBSB", "E8", sse_tr_op2, A(vqsubs, 0), MMX, SSE2),
    R_M0F("PSUBSW", "E9", sse_tr_op2, A(vqsubs, 1), MMX, SSE2),
    R_M0F("PSUBUSB", "D8", sse_tr_op2, A(vqsubu, 0), MMX, SSE2),
    R_M0F("PSUBUSW", "D9", sse_tr_op2, A(vqsubu, 1), MMX, SSE2),
    R_M0F("PAND", "DB", sse_tr_op2, A(vand, 0), MMX, SSE2),
    R_M0F("PANDN", "DF", sse_tr_op2, A(vandn, 0) | SSE_SWAP, MMX, SSE2),
    R_M0F("POR", "EB", sse_tr_op2, A(vor, 0), MMX, SSE2),
    R_M0F("PXOR", "EF", sse_tr_op2, A(vxor, 0), MMX, SSE2),
    R_M0F("PCMPEQB", "74", sse_tr_op2, A(vceq, 0), MMX, SSE2),
    R_M0F("PCMPEQW", "75", sse_tr_op2, A(vceq, 1), MMX, SSE2),
    R_M0F("PCMPEQD", "76", sse_tr_op2, A(vceq, 2), MMX, SSE2),
    R_0F38("PCMPEQQ", "29", sse_tr_op2, A(vceq, 3), SSE41),
    R_M0F("PCMPGTB", "64", sse_tr_op2, A(vcgt, 0), MMX, SSE2),
    R_M0F("PCMPGTW", "65", sse_tr_op2, A(vcgt, 1), MMX, SSE2),
    R_M0F("PCMPGTD", "66", sse_tr_op2, A(vcgt, 2), MMX, SSE2),
    R_0F38("PCMPGTQ", "37", sse_tr_op2, A(vcgt, 3), SSE42),
    R_M0F("PMINUB", "DA", sse_tr_op2, A(vminu, 0), SSE, SSE2),
    R_M0F("PMAXUB", "DE", sse_tr_op2, A(vmaxu, 0), SSE, SSE2),
    R_M0F("PMINSW", "EA", sse_tr_op2, A(vmins, 1), SSE, SSE2),
    R_M0F("PMAXSW", "EE", sse_tr_op2, A(vmaxs, 1), SSE, SSE2),
    R_0F38("PMINSB", "38", sse_tr_op2, A(vmins, 0), SSE41),
    R_0F38("PMINSD", "39", sse_tr_op2, A(vmins, 2), SSE41),
    R_0F38("PMINUW", "3A", sse_tr_op2, A(vminu, 1), SSE41),
    R_0F38("PMINUD", "3B", sse_tr_op2, A(vminu, 2), SSE41),
    R_0F38("PMAXSB", "3C", sse_tr_op2, A(vmaxs, 0), SSE41),
    R_0F38("PMAXSD", "3D", sse_tr_op2, A(vmaxs, 2), SSE41),
    R_0F38("PMAXUW", "3E", sse_tr_op2, A(vmaxu, 1), SSE41),
    R_0F38("PMAXUD", "3F", sse_tr_op2, A(vmaxu, 2), SSE41),
    R_M0F("PAVGB", "E0", sse_tr_op2, A(vavgu, 0), SSE, SSE2),
    R_M0F("PAVGW", "E3", sse_tr_op2, A(vavgu, 1), SSE, SSE2),
    R_M0F("PMULLW", "D5", sse_tr_op2, A(vmul, 1), MMX, SSE2),
    R_M0F("PMULHW", "E5", sse_tr_op2, A(vmulh_s, 1), MMX, SSE2),
    R_M0F("PMULHUW", "E4", sse_tr_op2, A(vmulh_u, 1), SSE, SSE2),
    R_M0F38("PMULHRSW", "0B", sse_tr_op2, A(vmulhr_s, 1), SSSE3),
    R_0F38("PMULLD", "40", sse_tr_op2, A(vmul, 2), SSE41),
    R_M0F("PMULUDQ", "F4", sse_tr_op2, A(vmule_u, 2), SSE2, SSE2),
    R_0F38("PMULDQ", "28", sse_tr_op2, A(vmule_s, 2), SSE41),
    R_M0F("PMADDWD", "F5", sse_tr_op2, A(vmaddp_s, 1), MMX, SSE2),
    R_M0F38("PMADDUBSW", "04", sse_tr_op2, A(vmaddp_us, 0), SSSE3),
    R_M0F("PSADBW", "F6", sse_tr_op2, A(vsadu, 0), SSE, SSE2),
    R_M0F("PACKSSWB", "63", tr_neighbours, A(vqpack_s, 1), MMX, SSE2),
    R_M0F("PACKSSDW", "6B", tr_neighbours, A(vqpack_s, 2), MMX, SSE2),
    R_M0F("PACKUSWB", "67", tr_neighbours, A(vqpack_u, 1), MMX, SSE2),
    R_0F38("PACKUSDW", "2B", tr_neighbours, A(vqpack_u, 2), SSE41),
    R_M0F38("PHADDW", "01", tr_neighbours, A(vaddp, 1), SSSE3),
    R_M0F38("PHADDD", "02", tr_neighbours, A(vaddp, 2), SSSE3),
    R_M0F38("PHADDSW", "03", tr_horizontal, A(vqadds, 1), SSSE3),
    R_M0F38("PHSUBW", "05", tr_horizontal, A(vsub, 1), SSSE3),
    R_M0F38("PHSUBD", "06", tr_horizontal, A(vsub, 2), SSSE3),
    R_M0F38("PHSUBSW", "07", tr_horizontal, A(vqsubs, 1), SSSE3),
    R_M0F38("PSIGNB", "08", tr_sign, 0, SSSE3),
    R_M0F38("PSIGNW", "09", tr_sign, 1, SSSE3),
    R_M0F38("PSIGND", "0A", tr_sign, 2, SSSE3),
#define R_ABS(name, op, esize)                                                                     \
    R_MMX(name, "NP 0F 38 " op " /r", "Pq,Qq", sse_tr_op1, A(vabs, esize), SSSE3),                 \
        R_SSE(name, "66 0F 38 " op " /r", "Vx,Wx", sse_tr_op1, A(vabs, esize), SSSE3),             \
        R_VEX(name, "128.66.0F38.WIG " op " /r", "Vx,Wx", sse_tr_op1, A(vabs, esize), AVX),        \
        R_VEX(name, "256.66.0F38.WIG " op " /r", "Vx,Wx", sse_tr_op1, A(vabs, esize), AVX2)
    R_ABS("PABSB", "1C", 0),
    R_ABS("PABSW", "1D", 1),
    R_ABS("PABSD", "1E", 2),
    R_SSE("PHMINPOSUW", "66 0F 38 41 /r", "Vx,Wx", tr_minpos, 0, SSE41),
    R_VEX("PHMINPOSUW", "128.66.0F38.WIG 41 /r", "Vx,Wx", tr_minpos, 0, AVX),
    R_SSE("MPSADBW", "66 0F 3A 42 /r", "Vx,Wx,Ib", tr_mpsad, 0, SSE41),
    R_VEX("MPSADBW", "128.66.0F3A.WIG 42 /r", "Vx,Hx,Wx,Ib", tr_mpsad, 0, AVX),
    R_VEX("MPSADBW", "256.66.0F3A.WIG 42 /r", "Vx,Hx,Wx,Ib", tr_mpsad, 0, AVX2),
    R_SSE("PTEST", "66 0F 38 17 /r", "Vx,Wx", tr_test, 0, SSE41),
    R_VEX("PTEST", "66.0F38.WIG 17 /r", "Vx,Wx", tr_test, 0, AVX),
    R_VEX("TESTPS", "66.0F38.W0 0E /r", "Vx,Wx", tr_test, 2, AVX),
    R_VEX("TESTPD", "66.0F38.W0 0F /r", "Vx,Wx", tr_test, 3, AVX),
// Logic by FP names.
#define R_LOGIC(name, op, arg)                                                                     \
    R_SSE(name "PS", "NP 0F " op " /r", "Vx,Wx", sse_tr_op2, arg, SSE),                            \
        R_SSE(name "PD", "66 0F " op " /r", "Vx,Wx", sse_tr_op2, arg, SSE2),                       \
        R_VEX(name "PS", "NP.0F.WIG " op " /r", "Vx,Hx,Wx", sse_tr_op2, arg, AVX),                 \
        R_VEX(name "PD", "66.0F.WIG " op " /r", "Vx,Hx,Wx", sse_tr_op2, arg, AVX)
    R_LOGIC("AND", "54", A(vand, 0)),
    R_LOGIC("ANDN", "55", A(vandn, 0) | SSE_SWAP),
    R_LOGIC("OR", "56", A(vor, 0)),
    R_LOGIC("XOR", "57", A(vxor, 0)),
};
const X86Group x86_sse_int = {"sse_int", rows, ARRAY_LEN(rows)};
