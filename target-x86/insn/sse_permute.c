// Lanes moved within and between registers: unpacking, shuffles, blends, inserts, extracts,
// widening.
#include "target-x86/insn/sse.h"

// --- interleaving. MMX's high halves are the high half of what the low halves make of 128 bits.
static IRRef unpack_high(X86Ctx *c, const SseOp *o, IRRef x, IRRef y)
{
    if (o->mmx) {
        IRRef all = ir_v2(c->b, IR_vzip1, x, y, o->arg);
        return ir_v1(c->b, IR_vduplane, all, 3 | 1 << 8);
    }
    return ir_v2(c->b, IR_vzip2, x, y, o->arg);
}

static bool tr_unpack_high(X86Ctx *c, const X86Insn *i)
{
    return sse_binary(c, i, unpack_high);
}

// --- shuffles
// PSHUFW, PSHUFLW (arg 0), PSHUFHW (arg 4): four words from `arg` on.
static IRRef shuffle_words(X86Ctx *c, const SseOp *o, IRRef x)
{
    V128 index;
    for (unsigned k = 0; k < 8; k++) {
        bool moved = (k & 4) == o->arg;
        unsigned from = moved ? (sse_imm8(o->i) >> 2 * (k & 3) & 3) + o->arg : k;
        index.u16[k] = (uint16_t)(2 * from | (2 * from + 1) << 8);
    }
    return ir_v2(c->b, IR_vshufb, x, ir_vconst(c->b, index.u64[0], index.u64[1]), 0);
}

static bool tr_shuffle_words(X86Ctx *c, const X86Insn *i)
{
    return sse_unary(c, i, shuffle_words);
}

static IRRef pshufd(X86Ctx *c, const SseOp *o, IRRef x)
{
    return ir_v2i(c->b, IR_vshuf32, x, x, 0, sse_imm8(o->i));
}

static bool tr_pshufd(X86Ctx *c, const X86Insn *i)
{
    return sse_unary(c, i, pshufd);
}

static IRRef shufps(X86Ctx *c, const SseOp *o, IRRef x, IRRef y)
{
    return ir_v2i(c->b, IR_vshuf32, x, y, 0, sse_imm8(o->i));
}

static bool tr_shufps(X86Ctx *c, const X86Insn *i)
{
    return sse_binary(c, i, shufps);
}

// Two bits of the immediate for each half, each of which picks two words of 32 bits.
static IRRef shufpd(X86Ctx *c, const SseOp *o, IRRef x, IRRef y)
{
    unsigned imm = sse_imm8(o->i) >> 2 * o->half;
    unsigned words = (imm & 1 ? 0xe : 0x4) | (imm & 2 ? 0xe0 : 0x40);
    return ir_v2i(c->b, IR_vshuf32, x, y, 0, words);
}

static bool tr_shufpd(X86Ctx *c, const X86Insn *i)
{
    return sse_binary(c, i, shufpd);
}

static IRRef pshufb(X86Ctx *c, const SseOp *o, IRRef x, IRRef y)
{
    if (o->mmx) { // three bits of index
        uint64_t bits = UINT64_C(0x8787878787878787);
        y = ir_v2(c->b, IR_vand, y, ir_vconst(c->b, bits, bits), 0);
    }
    return ir_v2(c->b, IR_vshufb, x, y, 0);
}

static bool tr_pshufb(X86Ctx *c, const X86Insn *i)
{
    return sse_binary(c, i, pshufb);
}

// Bytes from n on of high:low, zeros above.
static IRRef bytes_from(X86Ctx *c, IRRef low, IRRef high, unsigned n)
{
    if (n >= 32) {
        return sse_zero(c);
    }
    return n < 16 ? ir_vext(c->b, low, high, n) : ir_vext(c->b, high, sse_zero(c), n - 16);
}

static IRRef palignr(X86Ctx *c, const SseOp *o, IRRef x, IRRef y)
{
    unsigned n = sse_imm8(o->i);
    if (o->mmx) {
        return bytes_from(c, ir_v2(c->b, IR_vzip1, y, x, 3), sse_zero(c), n);
    }
    return bytes_from(c, y, x, n);
}

static bool tr_palignr(X86Ctx *c, const X86Insn *i)
{
    return sse_binary(c, i, palignr);
}

// MOVSLDUP, MOVSHDUP (arg: IR op), MOVDDUP.
static IRRef duplicate(X86Ctx *c, const SseOp *o, IRRef x)
{
    return o->arg ? ir_v2(c->b, (IROpcode)o->arg, x, x, 2) : ir_v1(c->b, IR_vduplane, x, 3);
}

static bool tr_duplicate(X86Ctx *c, const X86Insn *i)
{
    return sse_unary(c, i, duplicate);
}

// --- blends. arg: log2 of the lane's words of 16 bits; 0 has the same 8 bits for both halves.
static IRRef blend(X86Ctx *c, const SseOp *o, IRRef x, IRRef y)
{
    unsigned n = 8u >> o->arg, imm = sse_imm8(o->i), words = 0;
    if (o->arg) {
        imm >>= n * o->half;
    }
    for (unsigned k = 0; k < 8; k++) {
        words |= (imm >> (k >> o->arg) & 1) << k;
    }
    return ir_v2i(c->b, IR_vblendi, x, y, 0, words);
}

static bool tr_blend(X86Ctx *c, const X86Insn *i)
{
    return sse_binary(c, i, blend);
}

// The mask is the last operand: XMM0, or imm8[7:4]. arg: lane size.
static bool tr_blendv(X86Ctx *c, const X86Insn *i)
{
    unsigned mask = i->n_operands - 1u, n = sse_halves(i, 0);
    IRRef r[2];
    for (unsigned h = 0; h < n; h++) {
        r[h] = sse_read(c, mask - 1, h);
    }
    for (unsigned h = 0; h < n; h++) {
        IRRef m = sse_read(c, mask, h);
        r[h] = ir_v3(c->b, IR_vblendv, sse_read(c, mask - 2, h), r[h], m, i->row->arg);
    }
    sse_write(c, r);
    return true;
}

// --- single lanes
static bool tr_insertps(X86Ctx *c, const X86Insn *i)
{
    unsigned s2 = sse_source2(i), imm = sse_imm8(i);
    bool memory = i->operand[s2].kind == X86_OP_MEM;
    IRRef y = sse_read(c, s2, 0), x = sse_read(c, sse_source1(i), 0);
    unsigned from = memory ? 0 : imm >> 6;
    x = ir_v2(c->b, IR_vmovlane, x, y, 2 | (imm >> 4 & 3) << 8 | from << 12);
    V128 keep;
    for (unsigned k = 0; k < 4; k++) {
        keep.u32[k] = imm >> k & 1 ? 0 : UINT32_MAX;
    }
    x = ir_v2(c->b, IR_vand, x, ir_vconst(c->b, keep.u64[0], keep.u64[1]), 0);
    sse_write(c, &x);
    return true;
}

static unsigned lane_of(const X86Insn *i, unsigned esize)
{
    return sse_imm8(i) & (((sse_is_mmx(i) ? 8u : 16u) >> esize) - 1);
}

// arg: lane size; of PINSRD 2, and 3 with W.
static bool tr_insert(X86Ctx *c, const X86Insn *i)
{
    unsigned s2 = sse_source2(i);
    unsigned esize = i->row->arg == 2 && i->operand[s2].bytes == 8 ? 3 : i->row->arg;
    IRRef y = x86_read(c, s2);
    IRRef x = ir_vset(c->b, sse_read(c, sse_source1(i), 0), y, esize, lane_of(i, esize));
    sse_write(c, &x);
    return true;
}

static bool tr_extract(X86Ctx *c, const X86Insn *i)
{
    unsigned esize = i->row->arg == 2 && i->operand[0].bytes == 8 ? 3 : i->row->arg;
    bool mmx = i->operand[1].kind == X86_OP_MMX;
    IRRef x = mmx ? x86_read_mmx(c, 1) : x86_read_v(c, 1, 0);
    unsigned lane = sse_imm8(i) & (((mmx ? 8u : 16u) >> esize) - 1);
    if (mmx) {
        x86_enter_mmx(c);
    }
    x86_write(c, 0, ir_vget(c->b, esize == 3 ? IR_I64 : IR_I32, x, esize, lane));
    return true;
}

// Top bits of all lanes. arg: lane size.
static bool tr_movmsk(X86Ctx *c, const X86Insn *i)
{
    unsigned esize = i->row->arg;
    bool mmx = i->operand[1].kind == X86_OP_MMX;
    IRRef r = IR_NONE;
    for (unsigned h = 0; h < sse_halves(i, 1); h++) {
        IRRef x = mmx ? x86_read_mmx(c, 1) : x86_read_v(c, 1, h);
        IRRef m = ir_make(c->b, IR_vmovmsk, IR_I32, x, IR_NONE, IR_NONE, IR_NONE, esize, 0, 0);
        r = h ? ir_or(c->b, r, ir_shli(c->b, m, 16 >> esize)) : m;
    }
    if (mmx) {
        x86_enter_mmx(c);
    }
    x86_write(c, 0, i->operand[0].bytes == 8 ? ir_extu(c->b, r) : r);
    return true;
}

// --- PMOVSX, PMOVZX. arg: lane size of the source | steps << 4 | signed << 8. The upper half comes
// from what the last step but one has in its high lanes.
enum { WIDEN_SIGNED = 1 << 8 };

static bool tr_widen(X86Ctx *c, const X86Insn *i)
{
    unsigned esize = i->row->arg & 3, steps = i->row->arg >> 4 & 3;
    bool sign = i->row->arg & WIDEN_SIGNED;
    IRRef r[2], x = sse_read(c, 1, 0);
    for (unsigned k = 1; k < steps; k++) {
        x = ir_v1(c->b, sign ? IR_vwiden_s : IR_vwiden_u, x, esize++);
    }
    r[0] = ir_v1(c->b, sign ? IR_vwiden_s : IR_vwiden_u, x, esize);
    r[1] = ir_v1(c->b, sign ? IR_vwiden2_s : IR_vwiden2_u, x, esize);
    sse_write(c, r);
    return true;
}

#define A(op, esize) SSE_ARG(IR_##op, esize)

#define R_UNPACK(name, low, high, esize)                                                           \
    R_MMX("PUNPCKL" name, "NP 0F " low " /r", "Pq,Qd", sse_tr_op2, A(vzip1, esize), MMX),          \
        R_0F("PUNPCKL" name, low, sse_tr_op2, A(vzip1, esize), SSE2),                              \
        R_M0F("PUNPCKH" name, high, tr_unpack_high, esize, MMX, SSE2)
#define R_FP2(name, op, tr, arg_ps, arg_pd, imm)                                                   \
    R_SSE(name "PS", "NP 0F " op " /r", "Vx,Wx" imm, tr, arg_ps, SSE),                             \
        R_SSE(name "PD", "66 0F " op " /r", "Vx,Wx" imm, tr, arg_pd, SSE2),                        \
        R_VEX(name "PS", "NP.0F.WIG " op " /r", "Vx,Hx,Wx" imm, tr, arg_ps, AVX),                  \
        R_VEX(name "PD", "66.0F.WIG " op " /r", "Vx,Hx,Wx" imm, tr, arg_pd, AVX)
#define R_PSHUF(name, pp, tr, arg)                                                                 \
    R_SSE(name, pp " 0F 70 /r", "Vx,Wx,Ib", tr, arg, SSE2),                                        \
        R_VEX(name, "128." pp ".0F.WIG 70 /r", "Vx,Wx,Ib", tr, arg, AVX),                          \
        R_VEX(name, "256." pp ".0F.WIG 70 /r", "Vx,Wx,Ib", tr, arg, AVX2)
#define R_BLEND(name, op, arg, feat)                                                               \
    R_SSE(name, "66 0F 3A " op " /r", "Vx,Wx,Ib", tr_blend, arg, SSE41),                           \
        R_VEX(name, "128.66.0F3A.WIG " op " /r", "Vx,Hx,Wx,Ib", tr_blend, arg, AVX),               \
        R_VEX(name, "256.66.0F3A.WIG " op " /r", "Vx,Hx,Wx,Ib", tr_blend, arg, feat)
#define R_BLENDV(name, op, vop, arg, feat)                                                         \
    R_SSE(name, "66 0F 38 " op " /r", "Vx,Wx,XMM0", tr_blendv, arg, SSE41),                        \
        R_VEX(name, "128.66.0F3A.W0 " vop " /r", "Vx,Hx,Wx,Lx", tr_blendv, arg, AVX),              \
        R_VEX(name, "256.66.0F3A.W0 " vop " /r", "Vx,Hx,Wx,Lx", tr_blendv, arg, feat)
#define R_DUP(name, pp, op, narrow, arg)                                                           \
    R_SSE(name, pp " 0F " op " /r", "Vx," narrow, tr_duplicate, arg, SSE3),                        \
        R_VEX(name, "128." pp ".0F.WIG " op " /r", "Vx," narrow, tr_duplicate, arg, AVX),          \
        R_VEX(name, "256." pp ".0F.WIG " op " /r", "Vx,Wx", tr_duplicate, arg, AVX)
#define R_WIDEN2(name, op, narrow, wide, arg)                                                      \
    R_SSE(name, "66 0F 38 " op " /r", "Vx," narrow, tr_widen, arg, SSE41),                         \
        R_VEX(name, "128.66.0F38.WIG " op " /r", "Vx," narrow, tr_widen, arg, AVX),                \
        R_VEX(name, "256.66.0F38.WIG " op " /r", "Vx," wide, tr_widen, arg, AVX2)
#define R_WIDEN(name, op, narrow, wide, arg)                                                       \
    R_WIDEN2("PMOVSX" name, "2" op, narrow, wide, (arg) | WIDEN_SIGNED),                           \
        R_WIDEN2("PMOVZX" name, "3" op, narrow, wide, arg)

static const X86Row rows[] = {
    R_UNPACK("BW", "60", "68", 0),
    R_UNPACK("WD", "61", "69", 1),
    R_UNPACK("DQ", "62", "6A", 2),
    R_0F("PUNPCKLQDQ", "6C", sse_tr_op2, A(vzip1, 3), SSE2),
    R_0F("PUNPCKHQDQ", "6D", sse_tr_op2, A(vzip2, 3), SSE2),
    R_FP2("UNPCKL", "14", sse_tr_op2, A(vzip1, 2), A(vzip1, 3), ""),
    R_FP2("UNPCKH", "15", sse_tr_op2, A(vzip2, 2), A(vzip2, 3), ""),
    R_SSE("SHUFPS", "NP 0F C6 /r", "Vx,Wx,Ib", tr_shufps, 0, SSE),
    R_SSE("SHUFPD", "66 0F C6 /r", "Vx,Wx,Ib", tr_shufpd, 0, SSE2),
    R_VEX("SHUFPS", "NP.0F.WIG C6 /r", "Vx,Hx,Wx,Ib", tr_shufps, 0, AVX),
    R_VEX("SHUFPD", "66.0F.WIG C6 /r", "Vx,Hx,Wx,Ib", tr_shufpd, 0, AVX),
    R_MMX("PSHUFW", "NP 0F 70 /r", "Pq,Qq,Ib", tr_shuffle_words, 0, SSE),
    R_PSHUF("PSHUFD", "66", tr_pshufd, 0),
    R_PSHUF("PSHUFLW", "F2", tr_shuffle_words, 0),
    R_PSHUF("PSHUFHW", "F3", tr_shuffle_words, 4),
    R_M0F38("PSHUFB", "00", tr_pshufb, 0, SSSE3),
    R_MMX("PALIGNR", "NP 0F 3A 0F /r", "Pq,Qq,Ib", tr_palignr, 0, SSSE3),
    R_SSE("PALIGNR", "66 0F 3A 0F /r", "Vx,Wx,Ib", tr_palignr, 0, SSSE3),
    R_VEX("PALIGNR", "128.66.0F3A.WIG 0F /r", "Vx,Hx,Wx,Ib", tr_palignr, 0, AVX),
    R_VEX("PALIGNR", "256.66.0F3A.WIG 0F /r", "Vx,Hx,Wx,Ib", tr_palignr, 0, AVX2),
    R_DUP("MOVSLDUP", "F3", "12", "Wx", IR_vtrn1),
    R_DUP("MOVSHDUP", "F3", "16", "Wx", IR_vtrn2),
    R_DUP("MOVDDUP", "F2", "12", "Wq", 0),
    R_BLEND("PBLENDW", "0E", 0, AVX2),
    R_BLEND("BLENDPS", "0C", 1, AVX),
    R_BLEND("BLENDPD", "0D", 2, AVX),
    R_VEX("PBLENDD", "66.0F3A.W0 02 /r", "Vx,Hx,Wx,Ib", tr_blend, 1, AVX2),
    R_BLENDV("PBLENDVB", "10", "4C", 0, AVX2),
    R_BLENDV("BLENDVPS", "14", "4A", 2, AVX),
    R_BLENDV("BLENDVPD", "15", "4B", 3, AVX),
    R_SSE("INSERTPS", "66 0F 3A 21 /r", "Vdq,Wd,Ib", tr_insertps, 0, SSE41),
    R_VEX("INSERTPS", "128.66.0F3A.WIG 21 /r", "Vdq,Hdq,Wd,Ib", tr_insertps, 0, AVX),
    R_SSE("PINSRB", "66 0F 3A 20 /r reg", "Vdq,Rd,Ib", tr_insert, 0, SSE41),
    R_SSE("PINSRB", "66 0F 3A 20 /r mem", "Vdq,Mb,Ib", tr_insert, 0, SSE41),
    R_VEX("PINSRB", "128.66.0F3A.WIG 20 /r reg", "Vdq,Hdq,Rd,Ib", tr_insert, 0, AVX),
    R_VEX("PINSRB", "128.66.0F3A.WIG 20 /r mem", "Vdq,Hdq,Mb,Ib", tr_insert, 0, AVX),
    R_MMX("PINSRW", "NP 0F C4 /r reg", "Pq,Rd,Ib", tr_insert, 1, SSE),
    R_MMX("PINSRW", "NP 0F C4 /r mem", "Pq,Mw,Ib", tr_insert, 1, SSE),
    R_SSE("PINSRW", "66 0F C4 /r reg", "Vdq,Rd,Ib", tr_insert, 1, SSE2),
    R_SSE("PINSRW", "66 0F C4 /r mem", "Vdq,Mw,Ib", tr_insert, 1, SSE2),
    R_VEX("PINSRW", "128.66.0F.WIG C4 /r reg", "Vdq,Hdq,Rd,Ib", tr_insert, 1, AVX),
    R_VEX("PINSRW", "128.66.0F.WIG C4 /r mem", "Vdq,Hdq,Mw,Ib", tr_insert, 1, AVX),
    R_SSE("PINSRD", "66 0F 3A 22 /r", "Vdq,Ey,Ib", tr_insert, 2, SSE41),
    R_VEX("PINSRD", "128.66.0F3A.W0 22 /r", "Vdq,Hdq,Ed,Ib", tr_insert, 2, AVX),
    R_VEX64("PINSRQ", "128.66.0F3A.W1 22 /r", "Vdq,Hdq,Eq,Ib", tr_insert, 2),
    R_SSE("PEXTRB", "66 0F 3A 14 /r reg", "Rd,Vdq,Ib", tr_extract, 0, SSE41),
    R_SSE("PEXTRB", "66 0F 3A 14 /r mem", "Mb,Vdq,Ib", tr_extract, 0, SSE41),
    R_VEX("PEXTRB", "128.66.0F3A.WIG 14 /r reg", "Rd,Vdq,Ib", tr_extract, 0, AVX),
    R_VEX("PEXTRB", "128.66.0F3A.WIG 14 /r mem", "Mb,Vdq,Ib", tr_extract, 0, AVX),
    R_MMX("PEXTRW", "NP 0F C5 /r", "Gd,Nq,Ib", tr_extract, 1, SSE),
    R_SSE("PEXTRW", "66 0F C5 /r", "Gd,Udq,Ib", tr_extract, 1, SSE2),
    R_VEX("PEXTRW", "128.66.0F.WIG C5 /r", "Gd,Udq,Ib", tr_extract, 1, AVX),
    R_SSE("PEXTRW", "66 0F 3A 15 /r reg", "Rd,Vdq,Ib", tr_extract, 1, SSE41),
    R_SSE("PEXTRW", "66 0F 3A 15 /r mem", "Mw,Vdq,Ib", tr_extract, 1, SSE41),
    R_VEX("PEXTRW", "128.66.0F3A.WIG 15 /r reg", "Rd,Vdq,Ib", tr_extract, 1, AVX),
    R_VEX("PEXTRW", "128.66.0F3A.WIG 15 /r mem", "Mw,Vdq,Ib", tr_extract, 1, AVX),
    R_SSE("PEXTRD", "66 0F 3A 16 /r", "Ey,Vdq,Ib", tr_extract, 2, SSE41),
    R_VEX("PEXTRD", "128.66.0F3A.W0 16 /r", "Ed,Vdq,Ib", tr_extract, 2, AVX),
    R_VEX64("PEXTRQ", "128.66.0F3A.W1 16 /r", "Eq,Vdq,Ib", tr_extract, 2),
    R_SSE("EXTRACTPS", "66 0F 3A 17 /r", "Ed,Vdq,Ib", tr_extract, 2, SSE41),
    R_VEX("EXTRACTPS", "128.66.0F3A.WIG 17 /r", "Ed,Vdq,Ib", tr_extract, 2, AVX),
    R_MMX("PMOVMSKB", "NP 0F D7 /r", "Gd,Nq", tr_movmsk, 0, SSE),
    R_SSE("PMOVMSKB", "66 0F D7 /r", "Gd,Udq", tr_movmsk, 0, SSE2),
    R_VEX("PMOVMSKB", "128.66.0F.WIG D7 /r", "Gd,Ux", tr_movmsk, 0, AVX),
    R_VEX("PMOVMSKB", "256.66.0F.WIG D7 /r", "Gd,Ux", tr_movmsk, 0, AVX2),
    R_SSE("MOVMSKPS", "NP 0F 50 /r", "Gd,Udq", tr_movmsk, 2, SSE),
    R_SSE("MOVMSKPD", "66 0F 50 /r", "Gd,Udq", tr_movmsk, 3, SSE2),
    R_VEX("MOVMSKPS", "NP.0F.WIG 50 /r", "Gd,Ux", tr_movmsk, 2, AVX),
    R_VEX("MOVMSKPD", "66.0F.WIG 50 /r", "Gd,Ux", tr_movmsk, 3, AVX),
    R_WIDEN("BW", "0", "Wq", "Wdq", 0 | 1 << 4),
    R_WIDEN("BD", "1", "Wd", "Wq", 0 | 2 << 4),
    R_WIDEN("BQ", "2", "Ww", "Wd", 0 | 3 << 4),
    R_WIDEN("WD", "3", "Wq", "Wdq", 1 | 1 << 4),
    R_WIDEN("WQ", "4", "Wd", "Wq", 1 | 2 << 4),
    R_WIDEN("DQ", "5", "Wq", "Wdq", 2 | 1 << 4),
};
const X86Group x86_sse_permute = {"sse_permute", rows, ARRAY_LEN(rows)};
