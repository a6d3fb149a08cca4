// AES, carry-less products, SHA.
#include "target-x86/insn/sse.h"

// --- AES
static IRRef sub_word(X86Ctx *c, IRRef x, unsigned lane)
{
    // In a state of four equal columns, shifting the rows changes nothing.
    IRRef columns = ir_v1(c->b, IR_vduplane, x, 2 | lane << 8);
    return ir_v2(c->b, IR_aes_enclast, columns, sse_zero(c), 0);
}

// SubWord of words 1 and 3; rotated and with the round constant in the lanes above.
static IRRef keygen(X86Ctx *c, const SseOp *o, IRRef x)
{
    IRBlock *b = c->b;
    uint64_t rcon = (uint64_t)sse_imm8(o->i) << 32;
    IRRef words = ir_v2i(b, IR_vblendi, sub_word(c, x, 1), sub_word(c, x, 3), 0, 0xf0);
    IRRef rotated = ir_vconst(b, UINT64_C(0x0407060503020100), UINT64_C(0x0c0f0e0d0b0a0908));
    IRRef r = ir_v2(b, IR_vshufb, words, rotated, 0);
    return ir_v2(b, IR_vxor, r, ir_vconst(b, rcon, rcon), 0);
}

static bool tr_keygen(X86Ctx *c, const X86Insn *i)
{
    return sse_unary(c, i, keygen);
}

// --- PCLMULQDQ: imm8 bit 0 picks the first factor, bit 4 the second.
static IRRef carryless(X86Ctx *c, const SseOp *o, IRRef x, IRRef y)
{
    return ir_v2(c->b, IR_vclmul, x, y, sse_imm8(o->i) & 0x11);
}

static bool tr_carryless(X86Ctx *c, const X86Insn *i)
{
    return sse_binary(c, i, carryless);
}

// --- SHA
static IRRef sha1rnds4(X86Ctx *c, const SseOp *o, IRRef x, IRRef y)
{
    return ir_v2i(c->b, IR_sha1rnds4, x, y, 0, sse_imm8(o->i) & 3);
}

static bool tr_sha1rnds4(X86Ctx *c, const X86Insn *i)
{
    return sse_binary(c, i, sha1rnds4);
}

static bool tr_sha256rnds2(X86Ctx *c, const X86Insn *i)
{
    IRRef y = sse_read(c, 1, 0), words = sse_read(c, 2, 0);
    IRRef r = ir_v3(c->b, IR_sha256rnds2, sse_read(c, 0, 0), y, words, 0);
    sse_write(c, &r);
    (void)i;
    return true;
}

#define R_AES(name, op, ir)                                                                        \
    R_SSE(name, "66 0F 38 " op " /r", "Vdq,Wdq", sse_tr_op2, ir, AES),                             \
        R_VEX(name, "128.66.0F38.WIG " op " /r", "Vdq,Hdq,Wdq", sse_tr_op2, ir, AES)
// Memory operands may be unaligned, as AMD's processors have it.
#define SHA_FLAGS (X86_ROW_SSE | X86_ROW_UNALIGNED)
#define R_SHA(name, op, ir)                                                                        \
    {                                                                                              \
        name, "NP 0F 38 " op " /r", "Vdq,Wdq", sse_tr_op2, ir, SHA_FLAGS, X86_FEAT_SHA, NULL       \
    }

static const X86Row rows[] = {
    R_SSE("AESIMC", "66 0F 38 DB /r", "Vdq,Wdq", sse_tr_op1, IR_aes_imc, AES),
    R_VEX("AESIMC", "128.66.0F38.WIG DB /r", "Vdq,Wdq", sse_tr_op1, IR_aes_imc, AES),
    R_AES("AESENC", "DC", IR_aes_enc),
    R_AES("AESENCLAST", "DD", IR_aes_enclast),
    R_AES("AESDEC", "DE", IR_aes_dec),
    R_AES("AESDECLAST", "DF", IR_aes_declast),
    R_SSE("AESKEYGENASSIST", "66 0F 3A DF /r", "Vdq,Wdq,Ib", tr_keygen, 0, AES),
    R_VEX("AESKEYGENASSIST", "128.66.0F3A.WIG DF /r", "Vdq,Wdq,Ib", tr_keygen, 0, AES),
    R_SSE("PCLMULQDQ", "66 0F 3A 44 /r", "Vdq,Wdq,Ib", tr_carryless, 0, PCLMULQDQ),
    R_VEX("PCLMULQDQ", "128.66.0F3A.WIG 44 /r", "Vdq,Hdq,Wdq,Ib", tr_carryless, 0, PCLMULQDQ),
    R_SHA("SHA1NEXTE", "C8", IR_sha1nexte),
    R_SHA("SHA1MSG1", "C9", IR_sha1msg1),
    R_SHA("SHA1MSG2", "CA", IR_sha1msg2),
    R_SHA("SHA256MSG1", "CC", IR_sha256msg1),
    R_SHA("SHA256MSG2", "CD", IR_sha256msg2),
    {"SHA1RNDS4", "NP 0F 3A CC /r", "Vdq,Wdq,Ib", tr_sha1rnds4, 0, SHA_FLAGS, X86_FEAT_SHA, NULL},
    {"SHA256RNDS2", "NP 0F 38 CB /r", "Vdq,Wdq,XMM0", tr_sha256rnds2, 0, SHA_FLAGS, X86_FEAT_SHA,
     NULL},
};
const X86Group x86_sse_crypto = {"sse_crypto", rows, ARRAY_LEN(rows)};
