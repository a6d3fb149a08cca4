// Vector ops: lanes, logic, arithmetic, compare. Permutes, shifts and widths are in
// emit_vector_permute.c. Results are written last or by the last instruction that reads operands;
// xmm14 and xmm15 are scratch. Ops of lane sizes that x86 lacks call their reference function.
#include "host-backends/x86_64/emit_vector.h"
#include "tcg-like/passes.h"

// --- between integer and vector registers
enum {
    VMOVD = 0x6e | X86_0F | X86_66,
    VMOVD_OUT = 0x7e | X86_0F | X86_66,
};

// An integer for a lane: an I32 counts as zero-extended in a lane of 64 bits.
static int lane_source(Emit *e, IRRef r, unsigned esize)
{
    int reg = ra_use(&e->ra, r);
    if (esize == 3 && !arg_wide(e, r) && !ra_zero_high(&e->ra, r)) {
        x86_mov_rr(&e->c, false, RAX, reg);
        return RAX;
    }
    return reg;
}

static void emit_zext_lane(Emit *e, int reg, int src, unsigned esize)
{
    static const uint8_t bytes[] = {1, 2, 4, 8};
    if (esize < 2) {
        x86_movzx(&e->c, RAX, src, bytes[esize]);
        src = RAX;
    }
    vex_rrr(&e->c, VMOVD | (esize == 3 ? X86_W : 0), reg, 0, src);
}

EMIT(vfromg)
{
    int d = ra_def(&e->ra, e->at, IR_NONE, true);
    emit_zext_lane(e, d, lane_source(e, i->arg[0], i->aux & 3), i->aux & 3);
}

EMIT(vdup)
{
    static const uint16_t broadcast[] = {0x78 | X86_0F38 | X86_66, 0x79 | X86_0F38 | X86_66,
                                         0x58 | X86_0F38 | X86_66, 0x59 | X86_0F38 | X86_66};
    int a = lane_source(e, i->arg[0], i->aux & 3);
    int dst = ra_def(&e->ra, e->at, IR_NONE, true);
    vex_rrr(&e->c, VMOVD | ((i->aux & 3) == 3 ? X86_W : 0), dst, 0, a);
    vex_rrr(&e->c, broadcast[i->aux & 3], dst, 0, dst);
}

static const uint16_t extract_op[] = {0x14 | X86_0F3A | X86_66, 0x15 | X86_0F3A | X86_66,
                                      0x16 | X86_0F3A | X86_66, 0x16 | X86_0F3A | X86_66 | X86_W};
static const uint16_t insert_op[] = {0x20 | X86_0F3A | X86_66, 0xc4 | X86_0F | X86_66,
                                     0x22 | X86_0F3A | X86_66, 0x22 | X86_0F3A | X86_66 | X86_W};

EMIT(vget)
{
    unsigned esize = i->aux & 3, lane = i->aux >> 8;
    int a = ra_use(&e->ra, i->arg[0]);
    int dst = ra_def(&e->ra, e->at, IR_NONE, true);
    if (lane == 0 && esize >= 2) {
        vex_rrr(&e->c, VMOVD_OUT | (esize == 3 && is_wide(i) ? X86_W : 0), a, 0, dst);
        return;
    }
    vex_rrr(&e->c, extract_op[esize], a, 0, dst);
    x86_byte(&e->c, lane);
    if (esize == 3 && !is_wide(i)) {
        x86_mov_rr(&e->c, false, dst, dst);
    }
}

EMIT(vgets)
{
    unsigned esize = i->aux & 3, lane = i->aux >> 8;
    int a = ra_use(&e->ra, i->arg[0]);
    int dst = ra_def(&e->ra, e->at, IR_NONE, true);
    vex_rrr(&e->c, extract_op[esize], a, 0, RAX);
    x86_byte(&e->c, lane);
    x86_movsx(&e->c, dst, RAX, 1u << esize, is_wide(i) && esize < 4);
    if (esize == 3 && !is_wide(i)) {
        x86_mov_rr(&e->c, false, dst, RAX);
    }
}

EMIT(vset)
{
    unsigned esize = i->aux & 3, lane = i->aux >> 8;
    int a = ra_use(&e->ra, i->arg[0]), b = lane_source(e, i->arg[1], esize);
    int dst = ra_def(&e->ra, e->at, i->arg[0], false);
    vex_rrr(&e->c, insert_op[esize], dst, a, b);
    x86_byte(&e->c, lane);
}

// --- shapes
void x86_by_reference(Emit *e, const IRInsn *i)
{
    x86_vector_call(e, i, ir_vector_fn((IROpcode)i->op), ir_vector_desc(i), 0);
}

VRegs x86_v1(Emit *e, const IRInsn *i)
{
    VRegs r = {.a = ra_use(&e->ra, i->arg[0])};
    r.d = ra_def(&e->ra, e->at, i->arg[0], false);
    return r;
}

VRegs x86_v2(Emit *e, const IRInsn *i)
{
    VRegs r = {.a = ra_use(&e->ra, i->arg[0]), .b = ra_use(&e->ra, i->arg[1])};
    r.d = ra_def(&e->ra, e->at, i->arg[0], false);
    return r;
}

void x86_vi(Emit *e, unsigned op, int dst, int vvvv, int src, unsigned imm)
{
    vex_rrr(&e->c, op, dst, vvvv, src);
    x86_byte(&e->c, imm);
}

void x86_ones(Emit *e, int reg)
{
    vex_rrr(&e->c, V_PCMPEQD, reg, reg, reg);
}

void x86_zero(Emit *e, int reg)
{
    vex_rrr(&e->c, V_PXOR, reg, reg, reg);
}

void x86_vex_operand(Emit *e, unsigned op, int reg, int vvvv, IRRef r)
{
    vex_rrr(&e->c, op, reg, vvvv, ra_use(&e->ra, r));
}

void x86_vector_simple(Emit *e, const IRInsn *i, unsigned op)
{
    size_t off;
    if (!op) {
        x86_by_reference(e, i);
        return;
    }
    int a = ra_use(&e->ra, i->arg[0]);
    if (ra_memory(&e->ra, i->arg[1], 16, &off)) {
        int d = ra_def(&e->ra, e->at, i->arg[0], false);
        vex_rrm(&e->c, op, d, a, state_mem(off));
        return;
    }
    int b = ra_use(&e->ra, i->arg[1]);
    vex_rrr(&e->c, op, ra_def(&e->ra, e->at, i->arg[0], false), a, b);
}

ANY_SIZE(vand, V_PAND)
ANY_SIZE(vor, V_POR)
ANY_SIZE(vxor, V_PXOR)
BY_SIZE(vadd, V_PADDB, V_PADDW, V_PADDD, V_PADDQ)
BY_SIZE(vsub, 0xf8 | M0F, 0xf9 | M0F, 0xfa | M0F, V_PSUBQ)
BY_SIZE(vceq, 0x74 | M0F, 0x75 | M0F, V_PCMPEQD, 0x29 | M0F38)
BY_SIZE(vcgt, 0x64 | M0F, 0x65 | M0F, 0x66 | M0F, V_PCMPGTQ)
BY_SIZE(vqadds, 0xec | M0F, 0xed | M0F, 0, 0)
BY_SIZE(vqaddu, 0xdc | M0F, 0xdd | M0F, 0, 0)
BY_SIZE(vqsubs, 0xe8 | M0F, 0xe9 | M0F, 0, 0)
BY_SIZE(vqsubu, 0xd8 | M0F, 0xd9 | M0F, 0, 0)
BY_SIZE(vavgu, 0xe0 | M0F, 0xe3 | M0F, 0, 0)
BY_SIZE(vzip1, 0x60 | M0F, 0x61 | M0F, 0x62 | M0F, V_PUNPCKLQDQ)
BY_SIZE(vzip2, 0x68 | M0F, 0x69 | M0F, 0x6a | M0F, V_PUNPCKHQDQ)
ANY_SIZE(aes_enclast, 0xdd | M0F38)
ANY_SIZE(aes_declast, 0xdf | M0F38)

// --- logic
EMIT(vandn)
{
    VRegs r = x86_v2(e, i);
    vex_rrr(&e->c, V_PANDN, r.d, r.b, r.a);
}

EMIT(vorn)
{
    VRegs r = x86_v2(e, i);
    x86_ones(e, XMM_B);
    vex_rrr(&e->c, V_PXOR, XMM_B, XMM_B, r.b);
    vex_rrr(&e->c, V_POR, r.d, r.a, XMM_B);
}

EMIT(vnot)
{
    VRegs r = x86_v1(e, i);
    x86_ones(e, XMM_B);
    vex_rrr(&e->c, V_PXOR, r.d, r.a, XMM_B);
}

EMIT(vbsl)
{
    int a = ra_use(&e->ra, i->arg[0]), b = ra_use(&e->ra, i->arg[1]), c = ra_use(&e->ra, i->arg[2]);
    int d = ra_def(&e->ra, e->at, i->arg[0], false);
    vex_rrr(&e->c, V_PAND, XMM_A, a, b);
    vex_rrr(&e->c, V_PANDN, XMM_B, a, c);
    vex_rrr(&e->c, V_POR, d, XMM_A, XMM_B);
}

// --- arithmetic
// 8-bit products in 16-bit lanes, even and odd ones apart.
static void multiply_bytes(Emit *e, VRegs r)
{
    vex_rrr(&e->c, 0xd5 | M0F, XMM_A, r.a, r.b); // pmullw: the even bytes' low halves
    x86_vshift(e, 1, VSH_RIGHT, XMM_B, r.a, 8);
    x86_vex_pool(e, V_PAND, XMM_A, XMM_A, all_words(0xff));
    int t = ra_temp(&e->ra, RA_VEC);
    x86_vshift(e, 1, VSH_RIGHT, t, r.b, 8);
    vex_rrr(&e->c, 0xd5 | M0F, XMM_B, XMM_B, t);
    x86_vshift(e, 1, VSH_LEFT, XMM_B, XMM_B, 8);
    vex_rrr(&e->c, V_POR, r.d, XMM_A, XMM_B);
}

// a.lo * b.lo + ((a.hi * b.lo + a.lo * b.hi) << 32)
static void multiply_quads(Emit *e, VRegs r)
{
    enum { PMULUDQ = 0xf4 | M0F };
    x86_vshift(e, 3, VSH_RIGHT, XMM_A, r.a, 32);
    vex_rrr(&e->c, PMULUDQ, XMM_A, XMM_A, r.b);
    x86_vshift(e, 3, VSH_RIGHT, XMM_B, r.b, 32);
    vex_rrr(&e->c, PMULUDQ, XMM_B, XMM_B, r.a);
    vex_rrr(&e->c, V_PADDQ, XMM_A, XMM_A, XMM_B);
    x86_vshift(e, 3, VSH_LEFT, XMM_A, XMM_A, 32);
    vex_rrr(&e->c, PMULUDQ, XMM_B, r.a, r.b);
    vex_rrr(&e->c, V_PADDQ, r.d, XMM_A, XMM_B);
}

EMIT(vmul)
{
    unsigned esize = i->aux & 3;
    if (esize == 1 || esize == 2) {
        x86_vector_simple(e, i, esize == 1 ? 0xd5 | M0F : 0x40 | M0F38);
        return;
    }
    VRegs r = x86_v2(e, i);
    if (esize == 0) {
        multiply_bytes(e, r);
    } else {
        multiply_quads(e, r);
    }
}

static const uint16_t psub[] = {0xf8 | M0F, 0xf9 | M0F, 0xfa | M0F, V_PSUBQ};

EMIT(vneg)
{
    VRegs r = x86_v1(e, i);
    x86_zero(e, XMM_B);
    vex_rrr(&e->c, psub[i->aux & 3], r.d, XMM_B, r.a);
}

EMIT(vabs)
{
    VRegs r = x86_v1(e, i);
    if ((i->aux & 3) < 3) {
        vex_rrr(&e->c, (0x1c + (i->aux & 3)) | M0F38, r.d, 0, r.a);
        return;
    }
    x86_zero(e, XMM_B);
    vex_rrr(&e->c, V_PCMPGTQ, XMM_B, XMM_B, r.a);
    vex_rrr(&e->c, V_PXOR, XMM_A, r.a, XMM_B);
    vex_rrr(&e->c, V_PSUBQ, r.d, XMM_A, XMM_B);
}

static const uint16_t pcmpeq[] = {0x74 | M0F, 0x75 | M0F, V_PCMPEQD, 0x29 | M0F38};
static const uint16_t pcmpgt[] = {0x64 | M0F, 0x65 | M0F, 0x66 | M0F, V_PCMPGTQ};
static const uint16_t pmins[] = {0x38 | M0F38, 0xea | M0F, 0x39 | M0F38};
static const uint16_t pmaxs[] = {0x3c | M0F38, 0xee | M0F, 0x3d | M0F38};
static const uint16_t pminu[] = {0xda | M0F, 0x3a | M0F38, 0x3b | M0F38};
static const uint16_t pmaxu[] = {0xde | M0F, 0x3e | M0F38, 0x3f | M0F38};

static V128 sign_bits(unsigned esize)
{
    static const uint64_t bits[] = {0x8080808080808080, 0x8000800080008000, 0x8000000080000000,
                                    0x8000000000000000};
    return all_quads(bits[esize]);
}

// to = lanes of x greater than y, unsigned. x, y stay; XMM_A and XMM_B are used.
static void greater_unsigned(Emit *e, unsigned esize, int to, int x, int y)
{
    x86_vex_pool(e, V_PXOR, XMM_A, x, sign_bits(esize));
    x86_vex_pool(e, V_PXOR, XMM_B, y, sign_bits(esize));
    vex_rrr(&e->c, pcmpgt[esize], to, XMM_A, XMM_B);
}

static void invert(Emit *e, int d, int a, int scratch)
{
    x86_ones(e, scratch);
    vex_rrr(&e->c, V_PXOR, d, a, scratch);
}

EMIT(vcge)
{
    VRegs r = x86_v2(e, i);
    if ((i->aux & 3) < 3) {
        vex_rrr(&e->c, pmaxs[i->aux & 3], XMM_B, r.a, r.b);
        vex_rrr(&e->c, pcmpeq[i->aux & 3], r.d, XMM_B, r.a);
    } else {
        vex_rrr(&e->c, V_PCMPGTQ, XMM_B, r.b, r.a);
        invert(e, r.d, XMM_B, XMM_A);
    }
}

EMIT(vcgtu)
{
    VRegs r = x86_v2(e, i);
    greater_unsigned(e, i->aux & 3, r.d, r.a, r.b);
}

EMIT(vcgeu)
{
    VRegs r = x86_v2(e, i);
    if ((i->aux & 3) < 3) {
        vex_rrr(&e->c, pmaxu[i->aux & 3], XMM_B, r.a, r.b);
        vex_rrr(&e->c, pcmpeq[i->aux & 3], r.d, XMM_B, r.a);
    } else {
        greater_unsigned(e, 3, XMM_B, r.b, r.a);
        invert(e, r.d, XMM_B, XMM_A);
    }
}

EMIT(vctst)
{
    VRegs r = x86_v2(e, i);
    vex_rrr(&e->c, V_PAND, XMM_B, r.a, r.b);
    x86_zero(e, XMM_A);
    vex_rrr(&e->c, pcmpeq[i->aux & 3], XMM_B, XMM_B, XMM_A);
    invert(e, r.d, XMM_B, XMM_A);
}

// 64-bit minimum and maximum: by comparison and blend.
static void pick_quads(Emit *e, const IRInsn *i, bool is_unsigned, bool max)
{
    VRegs r = x86_v2(e, i);
    if (is_unsigned) {
        greater_unsigned(e, 3, XMM_B, r.a, r.b);
    } else {
        vex_rrr(&e->c, V_PCMPGTQ, XMM_B, r.a, r.b);
    }
    x86_vi(e, V_PBLENDVB, r.d, max ? r.b : r.a, max ? r.a : r.b, XMM_B << 4);
}

#define MIN_MAX(name, table, is_unsigned, max)                                                     \
    EMIT(name)                                                                                     \
    {                                                                                              \
        if ((i->aux & 3) < 3) {                                                                    \
            x86_vector_simple(e, i, table[i->aux & 3]);                                            \
        } else {                                                                                   \
            pick_quads(e, i, is_unsigned, max);                                                    \
        }                                                                                          \
    }
MIN_MAX(vmins, pmins, false, false)
MIN_MAX(vmaxs, pmaxs, false, true)
MIN_MAX(vminu, pminu, true, false)
MIN_MAX(vmaxu, pmaxu, true, true)

static void difference(Emit *e, const IRInsn *i, const uint16_t *max, const uint16_t *min)
{
    unsigned esize = i->aux & 3;
    if (esize == 3) {
        x86_by_reference(e, i);
        return;
    }
    VRegs r = x86_v2(e, i);
    vex_rrr(&e->c, max[esize], XMM_A, r.a, r.b);
    vex_rrr(&e->c, min[esize], XMM_B, r.a, r.b);
    vex_rrr(&e->c, psub[esize], r.d, XMM_A, XMM_B);
}
EMIT(vabds)
{
    difference(e, i, pmaxs, pmins);
}
EMIT(vabdu)
{
    difference(e, i, pmaxu, pminu);
}

EMIT(vaddp)
{
    VRegs r = x86_v2(e, i);
    unsigned esize = i->aux & 3;
    if (esize == 1 || esize == 2) {
        vex_rrr(&e->c, (esize == 1 ? 0x01 : 0x02) | M0F38, r.d, r.a, r.b); // phaddw, phaddd
    } else if (esize == 3) {
        vex_rrr(&e->c, V_PUNPCKLQDQ, XMM_A, r.a, r.b);
        vex_rrr(&e->c, V_PUNPCKHQDQ, XMM_B, r.a, r.b);
        vex_rrr(&e->c, V_PADDQ, r.d, XMM_A, XMM_B);
    } else {
        x86_vshift(e, 1, VSH_RIGHT, XMM_A, r.a, 8);
        vex_rrr(&e->c, V_PADDB, XMM_A, XMM_A, r.a);
        x86_vex_pool(e, V_PAND, XMM_A, XMM_A, all_words(0xff));
        x86_vshift(e, 1, VSH_RIGHT, XMM_B, r.b, 8);
        vex_rrr(&e->c, V_PADDB, XMM_B, XMM_B, r.b);
        x86_vex_pool(e, V_PAND, XMM_B, XMM_B, all_words(0xff));
        vex_rrr(&e->c, V_PACKUSWB, r.d, XMM_A, XMM_B);
    }
}

// Both operands' halves are widened (32 bit: spread to even lanes), then multiplied.
static void widening_multiply(Emit *e, const IRInsn *i, bool is_signed, bool high)
{
    static const uint16_t multiply[2][3] = {{0xd5 | M0F, 0x40 | M0F38, 0xf4 | M0F},
                                            {0xd5 | M0F, 0x40 | M0F38, 0x28 | M0F38}};
    VRegs r = x86_v2(e, i);
    unsigned esize = i->aux & 3;
    int from[2] = {r.a, r.b}, to[2] = {XMM_A, XMM_B};
    for (unsigned k = 0; k < 2; k++) {
        if (esize == 2) {
            x86_vi(e, V_PSHUFD, to[k], 0, from[k], high ? 0xfa : 0x50);
            continue;
        }
        int src = from[k];
        if (high) {
            x86_vi(e, V_PSHUFD, to[k], 0, src, 0xee);
            src = to[k];
        }
        static const uint16_t widen[2][2] = {{0x30 | M0F38, 0x33 | M0F38},
                                             {0x20 | M0F38, 0x23 | M0F38}};
        vex_rrr(&e->c, widen[is_signed][esize], to[k], 0, src);
    }
    vex_rrr(&e->c, multiply[is_signed][esize], r.d, XMM_A, XMM_B);
}
EMIT(vmull_s)
{
    widening_multiply(e, i, true, false);
}
EMIT(vmull_u)
{
    widening_multiply(e, i, false, false);
}
EMIT(vmull2_s)
{
    widening_multiply(e, i, true, true);
}
EMIT(vmull2_u)
{
    widening_multiply(e, i, false, true);
}

// Set bits of each nibble, looked up.
EMIT(vcnt)
{
    static const V128 counts = {.u8 = {0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4}};
    VRegs r = x86_v1(e, i);
    int t = ra_temp(&e->ra, RA_VEC);
    x86_vex_pool(e, 0x6f | X86_0F | X86_F3, t, 0, counts);
    x86_vex_pool(e, V_PAND, XMM_A, r.a, all_bytes(15));
    x86_vshift(e, 1, VSH_RIGHT, XMM_B, r.a, 4);
    x86_vex_pool(e, V_PAND, XMM_B, XMM_B, all_bytes(15));
    vex_rrr(&e->c, V_PSHUFB, XMM_A, t, XMM_A);
    vex_rrr(&e->c, V_PSHUFB, XMM_B, t, XMM_B);
    vex_rrr(&e->c, V_PADDB, r.d, XMM_A, XMM_B);
}
