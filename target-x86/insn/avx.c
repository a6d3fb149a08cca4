// AVX and AVX2 permutes, broadcasts, and moves of 128-bit halves.
#include "target-x86/insn/sse.h"

// --- variable permutes within 128 bits: PSHUFB by the bytes of each picked lane
// Byte numbers of the lanes that the low bits of `index` name. esize 2: two bits, 3: bit 1.
static IRRef lane_bytes(X86Ctx *c, IRRef index, unsigned esize)
{
    IRBlock *b = c->b;
    static const struct {
        uint64_t mask, spread_low, spread_high, within;
        unsigned shift;
    } row[] = {{UINT64_C(0x0000000300000003), UINT64_C(0x0404040400000000),
                UINT64_C(0x0c0c0c0c08080808), UINT64_C(0x0302010003020100), 2},
               {2, 0, UINT64_C(0x0808080808080808), UINT64_C(0x0706050403020100), 2}};
    unsigned k = esize - 2;
    IRRef x = ir_v2(b, IR_vand, index, ir_vconst(b, row[k].mask, row[k].mask), 0);
    x = ir_v1i(b, IR_vshli, x, esize, row[k].shift);
    x = ir_v2(b, IR_vshufb, x, ir_vconst(b, row[k].spread_low, row[k].spread_high), 0);
    return ir_v2(b, IR_vor, x, ir_vconst(b, row[k].within, row[k].within), 0);
}

// arg: lane size.
static IRRef permil(X86Ctx *c, const SseOp *o, IRRef x, IRRef y)
{
    return ir_v2(c->b, IR_vshufb, x, lane_bytes(c, y, o->arg), 0);
}

static bool tr_permil(X86Ctx *c, const X86Insn *i)
{
    return sse_binary(c, i, permil);
}

static IRRef permil_imm(X86Ctx *c, const SseOp *o, IRRef x)
{
    unsigned imm = sse_imm8(o->i);
    if (o->arg == 3) {
        imm >>= 2 * o->half;
        imm = (imm & 1 ? 0xe : 0x4) | (imm & 2 ? 0xe0 : 0x40);
    }
    return ir_v2i(c->b, IR_vshuf32, x, x, 0, imm);
}

static bool tr_permil_imm(X86Ctx *c, const X86Insn *i)
{
    return sse_unary(c, i, permil_imm);
}

// --- across the halves
// VPERMD: source 1 has eight indices of three bits into source 2.
static bool tr_permd(X86Ctx *c, const X86Insn *i)
{
    IRRef table[2], r[2];
    for (unsigned h = 0; h < 2; h++) {
        table[h] = sse_read(c, 2, h);
    }
    for (unsigned h = 0; h < 2; h++) {
        IRRef index = sse_read(c, 1, h), bytes = lane_bytes(c, index, 2);
        IRRef low = ir_v2(c->b, IR_vshufb, table[0], bytes, 0);
        IRRef high = ir_v2(c->b, IR_vshufb, table[1], bytes, 0);
        r[h] = ir_v3(c->b, IR_vblendv, low, high, ir_v1i(c->b, IR_vshli, index, 2, 29), 2);
    }
    sse_write(c, r);
    (void)i;
    return true;
}

// VPERMQ: each of four lanes is the one that two bits of the immediate name.
static bool tr_permq(X86Ctx *c, const X86Insn *i)
{
    IRRef x[2] = {sse_read(c, 1, 0), sse_read(c, 1, 1)}, r[2];
    for (unsigned h = 0; h < 2; h++) {
        unsigned low = sse_imm8(i) >> 4 * h & 3, high = sse_imm8(i) >> (4 * h + 2) & 3;
        unsigned words = (low & 1 ? 0xe : 0x4) | (high & 1 ? 0xe0 : 0x40);
        r[h] = ir_v2i(c->b, IR_vshuf32, x[low >> 1], x[high >> 1], 0, words);
    }
    sse_write(c, r);
    return true;
}

// VPERM2F128: each half is one of four, or zero.
static bool tr_perm2(X86Ctx *c, const X86Insn *i)
{
    IRRef y[2] = {sse_read(c, 2, 0), sse_read(c, 2, 1)}, r[2];
    for (unsigned h = 0; h < 2; h++) {
        unsigned pick = sse_imm8(i) >> 4 * h & 15;
        r[h] = pick & 8 ? sse_zero(c) : pick & 2 ? y[pick & 1] : sse_read(c, 1, pick & 1);
    }
    sse_write(c, r);
    return true;
}

static bool tr_insert_half(X86Ctx *c, const X86Insn *i)
{
    unsigned half = sse_imm8(i) & 1;
    IRRef r[2];
    r[half] = sse_read(c, 2, 0);
    r[half ^ 1] = sse_read(c, 1, half ^ 1);
    sse_write(c, r);
    return true;
}

static bool tr_extract_half(X86Ctx *c, const X86Insn *i)
{
    x86_write_v(c, 0, 0, sse_read(c, 1, sse_imm8(i) & 1));
    return true;
}

// --- broadcasts. arg: lane size, 4 for 128 bits.
static bool tr_broadcast(X86Ctx *c, const X86Insn *i)
{
    IRRef x = sse_read(c, 1, 0);
    if (i->row->arg < 4) {
        x = ir_v1(c->b, IR_vduplane, x, i->row->arg);
    }
    sse_write(c, (IRRef[]){x, x});
    return true;
}

#define R_BROADCAST(name, op, w, arg)                                                              \
    R_VEX(name, "66.0F38.W0 " op " /r", "Vx," w, tr_broadcast, arg, AVX2)

static const X86Row rows[] = {
    R_VEX("PERMILPS", "66.0F38.W0 0C /r", "Vx,Hx,Wx", tr_permil, 2, AVX),
    R_VEX("PERMILPD", "66.0F38.W0 0D /r", "Vx,Hx,Wx", tr_permil, 3, AVX),
    R_VEX("PERMILPS", "66.0F3A.W0 04 /r", "Vx,Wx,Ib", tr_permil_imm, 2, AVX),
    R_VEX("PERMILPD", "66.0F3A.W0 05 /r", "Vx,Wx,Ib", tr_permil_imm, 3, AVX),
    R_VEX("PERMD", "256.66.0F38.W0 36 /r", "Vqq,Hqq,Wqq", tr_permd, 0, AVX2),
    R_VEX("PERMPS", "256.66.0F38.W0 16 /r", "Vqq,Hqq,Wqq", tr_permd, 0, AVX2),
    R_VEX("PERMQ", "256.66.0F3A.W1 00 /r", "Vqq,Wqq,Ib", tr_permq, 0, AVX2),
    R_VEX("PERMPD", "256.66.0F3A.W1 01 /r", "Vqq,Wqq,Ib", tr_permq, 0, AVX2),
    R_VEX("PERM2F128", "256.66.0F3A.W0 06 /r", "Vqq,Hqq,Wqq,Ib", tr_perm2, 0, AVX),
    R_VEX("PERM2I128", "256.66.0F3A.W0 46 /r", "Vqq,Hqq,Wqq,Ib", tr_perm2, 0, AVX2),
    R_VEX("INSERTF128", "256.66.0F3A.W0 18 /r", "Vqq,Hqq,Wdq,Ib", tr_insert_half, 0, AVX),
    R_VEX("INSERTI128", "256.66.0F3A.W0 38 /r", "Vqq,Hqq,Wdq,Ib", tr_insert_half, 0, AVX2),
    R_VEX("EXTRACTF128", "256.66.0F3A.W0 19 /r", "Wdq,Vqq,Ib", tr_extract_half, 0, AVX),
    R_VEX("EXTRACTI128", "256.66.0F3A.W0 39 /r", "Wdq,Vqq,Ib", tr_extract_half, 0, AVX2),
    R_VEX("BROADCASTSS", "66.0F38.W0 18 /r mem", "Vx,Md", tr_broadcast, 2, AVX),
    R_VEX("BROADCASTSS", "66.0F38.W0 18 /r reg", "Vx,Udq", tr_broadcast, 2, AVX2),
    R_VEX("BROADCASTSD", "256.66.0F38.W0 19 /r mem", "Vqq,Mq", tr_broadcast, 3, AVX),
    R_VEX("BROADCASTSD", "256.66.0F38.W0 19 /r reg", "Vqq,Udq", tr_broadcast, 3, AVX2),
    R_VEX("BROADCASTF128", "256.66.0F38.W0 1A /r", "Vqq,Mdq", tr_broadcast, 4, AVX),
    R_VEX("BROADCASTI128", "256.66.0F38.W0 5A /r", "Vqq,Mdq", tr_broadcast, 4, AVX2),
    R_BROADCAST("PBROADCASTB", "78", "Wb", 0),
    R_BROADCAST("PBROADCASTW", "79", "Ww", 1),
    R_BROADCAST("PBROADCASTD", "58", "Wd", 2),
    R_BROADCAST("PBROADCASTQ", "59", "Wq", 3),
};
const X86Group x86_avx = {"avx", rows, ARRAY_LEN(rows)};
