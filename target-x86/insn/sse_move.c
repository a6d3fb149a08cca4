// Moves between registers and memory, with MMX and with integer registers.
#include "target-x86/insn/sse.h"

#include "softmmu/softmmu.h"

// --- whole registers. VEX forms of the aligned moves check for themselves.
static bool tr_move_aligned(X86Ctx *c, const X86Insn *i)
{
    unsigned memory = i->operand[0].kind == X86_OP_MEM ? 0 : 1;
    if (i->vex && i->operand[memory].kind == X86_OP_MEM) {
        sse_check_aligned(c, i->operand[memory].bytes, memory == 0);
    }
    return c->ended || sse_tr_move(c, i);
}

// --- parts. arg: of 64-bit lanes, destination's | source's << 4.
static bool tr_move_half(X86Ctx *c, const X86Insn *i)
{
    unsigned to = i->row->arg & 1, from = i->row->arg >> 4 & 1;
    IRRef y = sse_read(c, sse_source2(i), 0), x = sse_read(c, sse_source1(i), 0);
    x = ir_v2(c->b, IR_vmovlane, x, y, 3 | to << 8 | from << 12);
    sse_write(c, &x);
    return true;
}

static bool tr_store_high(X86Ctx *c, const X86Insn *i)
{
    x86_write_v(c, 0, 0, ir_v1(c->b, IR_vduplane, sse_read(c, 1, 0), 3 | 1 << 8));
    (void)i;
    return true;
}

// MOVSS, MOVSD between registers. arg: lane size.
static bool tr_move_scalar(X86Ctx *c, const X86Insn *i)
{
    IRRef y = sse_read(c, sse_source2(i), 0);
    sse_write_scalar(c, sse_read(c, sse_source1(i), 0), y, i->row->arg);
    return true;
}

// MOVQ: the low 64 bits, zeros above.
static bool tr_movq(X86Ctx *c, const X86Insn *i)
{
    IRRef x = ir_v1(c->b, IR_vzext, sse_read(c, 1, 0), 3);
    sse_write(c, &x);
    (void)i;
    return true;
}

// MOVD, MOVQ from and to integer registers and memory.
static bool tr_from_integer(X86Ctx *c, const X86Insn *i)
{
    IRRef x = ir_v1(c->b, IR_vfromg, x86_read(c, 1), i->operand[1].bytes == 8 ? 3 : 2);
    sse_write(c, &x);
    return true;
}

static bool tr_to_integer(X86Ctx *c, const X86Insn *i)
{
    bool wide = i->operand[0].bytes == 8, mmx = i->operand[1].kind == X86_OP_MMX;
    IRRef x = mmx ? x86_read_mmx(c, 1) : x86_read_v(c, 1, 0);
    IRRef low = ir_vget(c->b, wide ? IR_I64 : IR_I32, x, wide ? 3 : 2, 0);
    // A fault finds the x87 unit as it was.
    x86_write(c, 0, low);
    if (mmx) {
        x86_enter_mmx(c);
    }
    return true;
}

// --- between MMX and XMM
static bool tr_movq2dq(X86Ctx *c, const X86Insn *i)
{
    IRRef x = x86_read_mmx(c, 1);
    x86_enter_mmx(c);
    x86_write_v(c, 0, 0, x);
    (void)i;
    return true;
}

static bool tr_movdq2q(X86Ctx *c, const X86Insn *i)
{
    IRRef x = x86_read_v(c, 1, 0);
    x86_enter_mmx(c);
    x86_write_mmx(c, 0, x);
    (void)i;
    return true;
}

// MOVQ mm/m64, mm; MOVNTQ.
static bool tr_mmx_move(X86Ctx *c, const X86Insn *i)
{
    IRRef x = x86_read_mmx(c, 1);
    if (i->operand[0].kind == X86_OP_MEM) {
        x86_write_mmx(c, 0, x);
        x86_enter_mmx(c);
    } else {
        x86_enter_mmx(c);
        x86_write_mmx(c, 0, x);
    }
    return true;
}

// --- bytes under a mask, to DS:rDI
enum { MASKMOV_MMX = 1 << 8 };

// CPUs look at the first byte's page even if nothing there is written; at the next page if
// something is. A fault stores nothing.
static void probe_masked(VCPU *v, uint64_t address, const V128 *mask, uint32_t memop)
{
    mmu_probe(v, address, 1, memop | IR_MEM_STORE);
    for (unsigned k = 0x1000 - (address & 0xfff); k < 16; k++) {
        if (mask->u8[k] & 0x80) {
            mmu_probe(v, (address | 0xfff) + 1, 1, memop | IR_MEM_STORE);
            return;
        }
    }
}

static void maskmov(VCPU *v, uint64_t address, uint64_t registers, uint64_t memop)
{
    X86CPU *c = x86_cpu(v);
    unsigned data = registers & 15, mask = registers >> 4 & 15;
    bool mmx = registers & MASKMOV_MMX;
    V128 d = v->vec[data], m = v->vec[mask];
    if (mmx) {
        d = (V128){.u64 = {c->fpu.st[data & 7].frac}};
        m = (V128){.u64 = {c->fpu.st[mask & 7].frac}};
    }
    probe_masked(v, address, &m, (uint32_t)memop);
    for (unsigned k = 0; k < (mmx ? 8 : 16); k++) {
        if (m.u8[k] & 0x80) {
            mmu_store(v, address + k, d.u8[k], (uint32_t)memop);
        }
    }
}
static const IRHelper h_maskmov = {"maskmov", (void *)maskmov, IR_VOID, 3, IR_CALL_ALL};

static bool tr_maskmov(X86Ctx *c, const X86Insn *i)
{
    bool mmx = sse_is_mmx(i);
    unsigned seg = i->seg_prefix == X86_NO_REG ? X86_DS : i->seg_prefix;
    IRRef offset = x86_reg64(c, X86_RDI);
    if (i->addr_bytes < 8) {
        offset = ir_zext(c->b, offset, 8 * i->addr_bytes);
    }
    if (mmx) { // CPUs do this even if the store faults
        x86_enter_mmx(c);
    }
    IRRef address = x86_linear(c, seg, offset, mmx ? 8 : 16, true);
    unsigned registers = i->operand[0].reg | i->operand[1].reg << 4 | (mmx ? MASKMOV_MMX : 0);
    ir_call(c->b, &h_maskmov, address, ir_i32(c->b, registers), ir_i32(c->b, x86_memop(c, 1)),
            IR_NONE);
    return true;
}

// --- upper halves
static bool tr_vzero(X86Ctx *c, const X86Insn *i)
{
    unsigned n = c->flags & X86_BF_CODE64 ? 16 : 8;
    IRRef zero = sse_zero(c);
    for (unsigned k = 0; k < n; k++) {
        ir_put(c->b, offsetof(VCPU, vec[16 + k]), zero);
        if (i->vex_l) { // VZEROALL
            ir_put(c->b, offsetof(VCPU, vec[k]), zero);
        }
    }
    return true;
}

#define R_LOOSE(name, enc, ops, tr, feat)                                                          \
    {                                                                                              \
        name, enc, ops, tr, 0, X86_ROW_SSE | X86_ROW_UNALIGNED, X86_FEAT_##feat, NULL              \
    }
#define R_MOVE_LOOSE(name, pp, load, store, feat)                                                  \
    R_LOOSE(name, pp " 0F " load " /r", "Vx,Wx", sse_tr_move, feat),                               \
        R_LOOSE(name, pp " 0F " store " /r", "Wx,Vx", sse_tr_move, feat),                          \
        R_VEX(name, pp ".0F.WIG " load " /r", "Vx,Wx", sse_tr_move, 0, AVX),                       \
        R_VEX(name, pp ".0F.WIG " store " /r", "Wx,Vx", sse_tr_move, 0, AVX)
#define R_MOVE(name, pp, load, store, feat)                                                        \
    R_SSE(name, pp " 0F " load " /r", "Vx,Wx", tr_move_aligned, 0, feat),                          \
        R_SSE(name, pp " 0F " store " /r", "Wx,Vx", tr_move_aligned, 0, feat),                     \
        R_VEX(name, pp ".0F.WIG " load " /r", "Vx,Wx", tr_move_aligned, 0, AVX),                   \
        R_VEX(name, pp ".0F.WIG " store " /r", "Wx,Vx", tr_move_aligned, 0, AVX)
#define R_STORE(name, pp, op, feat)                                                                \
    R_SSE(name, pp " 0F " op " /r", "Mx,Vx", tr_move_aligned, 0, feat),                            \
        R_VEX(name, pp ".0F.WIG " op " /r", "Mx,Vx", tr_move_aligned, 0, AVX)
#define R_SCALAR(name, pp, m, esize, feat)                                                         \
    R_SSE(name, pp " 0F 10 /r mem", "Vdq," m, sse_tr_move, 0, feat),                               \
        R_SSE(name, pp " 0F 10 /r reg", "Vdq,Udq", tr_move_scalar, esize, feat),                   \
        R_SSE(name, pp " 0F 11 /r mem", m ",Vdq", sse_tr_move, 0, feat),                           \
        R_SSE(name, pp " 0F 11 /r reg", "Udq,Vdq", tr_move_scalar, esize, feat),                   \
        R_VEX(name, "LIG." pp ".0F.WIG 10 /r mem", "Vdq," m, sse_tr_move, 0, AVX),                 \
        R_VEX(name, "LIG." pp ".0F.WIG 10 /r reg", "Vdq,Hdq,Udq", tr_move_scalar, esize, AVX),     \
        R_VEX(name, "LIG." pp ".0F.WIG 11 /r mem", m ",Vdq", sse_tr_move, 0, AVX),                 \
        R_VEX(name, "LIG." pp ".0F.WIG 11 /r reg", "Udq,Hdq,Vdq", tr_move_scalar, esize, AVX)
#define R_HALF(name, pp, op, m, arg, feat)                                                         \
    R_SSE(name, pp " 0F " op " /r " m, "Vdq,Wq", tr_move_half, arg, feat),                         \
        R_VEX(name, "128." pp ".0F.WIG " op " /r " m, "Vdq,Hdq,Wq", tr_move_half, arg, AVX)
#define R_HALF_STORE(name, pp, op, tr, feat)                                                       \
    R_SSE(name, pp " 0F " op " /r", "Mq,Vdq", tr, 0, feat),                                        \
        R_VEX(name, "128." pp ".0F.WIG " op " /r", "Mq,Vdq", tr, 0, AVX)

static const X86Row rows[] = {
    R_MOVE("MOVAPS", "NP", "28", "29", SSE),
    R_MOVE("MOVAPD", "66", "28", "29", SSE2),
    R_MOVE("MOVDQA", "66", "6F", "7F", SSE2),
    R_MOVE_LOOSE("MOVUPS", "NP", "10", "11", SSE),
    R_MOVE_LOOSE("MOVUPD", "66", "10", "11", SSE2),
    R_MOVE_LOOSE("MOVDQU", "F3", "6F", "7F", SSE2),
    R_LOOSE("LDDQU", "F2 0F F0 /r", "Vx,Mx", sse_tr_move, SSE3),
    R_VEX("LDDQU", "F2.0F.WIG F0 /r", "Vx,Mx", sse_tr_move, 0, AVX),
    R_STORE("MOVNTPS", "NP", "2B", SSE),
    R_STORE("MOVNTPD", "66", "2B", SSE2),
    R_STORE("MOVNTDQ", "66", "E7", SSE2),
    R_SSE("MOVNTDQA", "66 0F 38 2A /r", "Vx,Mx", tr_move_aligned, 0, SSE41),
    R_VEX("MOVNTDQA", "128.66.0F38.WIG 2A /r", "Vx,Mx", tr_move_aligned, 0, AVX),
    R_VEX("MOVNTDQA", "256.66.0F38.WIG 2A /r", "Vx,Mx", tr_move_aligned, 0, AVX2),
    R_SCALAR("MOVSS", "F3", "Md", 2, SSE),
    R_SCALAR("MOVSD", "F2", "Mq", 3, SSE2),
    R_HALF("MOVLPS", "NP", "12", "mem", 0x00, SSE),
    R_HALF("MOVHLPS", "NP", "12", "reg", 0x10, SSE),
    R_HALF("MOVHPS", "NP", "16", "mem", 0x01, SSE),
    R_HALF("MOVLHPS", "NP", "16", "reg", 0x01, SSE),
    R_HALF("MOVLPD", "66", "12", "mem", 0x00, SSE2),
    R_HALF("MOVHPD", "66", "16", "mem", 0x01, SSE2),
    R_HALF_STORE("MOVLPS", "NP", "13", sse_tr_move, SSE),
    R_HALF_STORE("MOVHPS", "NP", "17", tr_store_high, SSE),
    R_HALF_STORE("MOVLPD", "66", "13", sse_tr_move, SSE2),
    R_HALF_STORE("MOVHPD", "66", "17", tr_store_high, SSE2),
    R_SSE("MOVQ", "F3 0F 7E /r", "Vdq,Wq", tr_movq, 0, SSE2),
    R_VEX("MOVQ", "128.F3.0F.WIG 7E /r", "Vdq,Wq", tr_movq, 0, AVX),
    R_SSE("MOVQ", "66 0F D6 /r", "Wq,Vdq", tr_movq, 0, SSE2),
    R_VEX("MOVQ", "128.66.0F.WIG D6 /r", "Wq,Vdq", tr_movq, 0, AVX),
    R_MMX("MOVD", "NP 0F 6E /r", "Pq,Ey", tr_from_integer, 0, MMX),
    R_SSE("MOVD", "66 0F 6E /r", "Vdq,Ey", tr_from_integer, 0, SSE2),
    R_VEX("MOVD", "128.66.0F 6E /r", "Vdq,Ey", tr_from_integer, 0, AVX),
    R_MMX("MOVD", "NP 0F 7E /r", "Ey,Pq", tr_to_integer, 0, MMX),
    R_SSE("MOVD", "66 0F 7E /r", "Ey,Vdq", tr_to_integer, 0, SSE2),
    R_VEX("MOVD", "128.66.0F 7E /r", "Ey,Vdq", tr_to_integer, 0, AVX),
    R_MMX("MOVQ", "NP 0F 6F /r", "Pq,Qq", sse_tr_move, 0, MMX),
    R_MMX("MOVQ", "NP 0F 7F /r", "Qq,Pq", tr_mmx_move, 0, MMX),
    R_MMX("MOVNTQ", "NP 0F E7 /r", "Mq,Pq", tr_mmx_move, 0, SSE),
    {"MOVQ2DQ", "F3 0F D6 /r", "Vdq,Nq", tr_movq2dq, 0, X86_ROW_SSE | X86_ROW_MMX, X86_FEAT_SSE2,
     NULL},
    {"MOVDQ2Q", "F2 0F D6 /r", "Pq,Udq", tr_movdq2q, 0, X86_ROW_SSE | X86_ROW_MMX, X86_FEAT_SSE2,
     NULL},
    R_MMX("MASKMOVQ", "NP 0F F7 /r", "Pq,Nq", tr_maskmov, 0, SSE),
    R_SSE("MASKMOVDQU", "66 0F F7 /r", "Vdq,Udq", tr_maskmov, 0, SSE2),
    R_VEX("MASKMOVDQU", "128.66.0F.WIG F7 /r", "Vdq,Udq", tr_maskmov, 0, AVX),
    R_VEX("ZEROUPPER", "128.NP.0F.WIG 77", "", tr_vzero, 0, AVX),
    R_VEX("ZEROALL", "256.NP.0F.WIG 77", "", tr_vzero, 0, AVX),
};
const X86Group x86_sse_move = {"sse_move", rows, ARRAY_LEN(rows)};
