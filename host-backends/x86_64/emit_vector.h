// Opcode numbers and shapes that the vector emitters share.
#ifndef HOST_BACKENDS_X86_64_EMIT_VECTOR_H
#define HOST_BACKENDS_X86_64_EMIT_VECTOR_H

#include "host-backends/x86_64/emit.h"

#define M0F   (X86_0F | X86_66)
#define M0F38 (X86_0F38 | X86_66)
#define M0F3A (X86_0F3A | X86_66)

enum {
    V_PAND = 0xdb | M0F,
    V_PANDN = 0xdf | M0F, // ~vvvv & rm
    V_POR = 0xeb | M0F,
    V_PXOR = 0xef | M0F,
    V_PADDB = 0xfc | M0F,
    V_PADDW = 0xfd | M0F,
    V_PADDD = 0xfe | M0F,
    V_PADDQ = 0xd4 | M0F,
    V_PSUBQ = 0xfb | M0F,
    V_PCMPEQD = 0x76 | M0F,
    V_PMINUD = 0x3b | M0F38,
    V_PMAXUD = 0x3f | M0F38,
    V_PCMPGTQ = 0x37 | M0F38,
    V_PSHUFB = 0x00 | M0F38,
    V_PSHUFD = 0x70 | M0F,
    V_PUNPCKLQDQ = 0x6c | M0F,
    V_PUNPCKHQDQ = 0x6d | M0F,
    V_PACKUSWB = 0x67 | M0F,
    V_PACKUSDW = 0x2b | M0F38,
    V_PBLENDW = 0x0e | M0F3A,
    V_PBLENDD = 0x02 | M0F3A,
    V_PBLENDVB = 0x4c | M0F3A,
    V_PALIGNR = 0x0f | M0F3A,
    V_SHUFPS = 0xc6 | X86_0F,
    V_SHUFPD = 0xc6 | M0F,
    V_MOVQ = 0x7e | X86_0F | X86_F3,
    V_MOVAPS = 0x28 | X86_0F,
};

// One operand, two operands, and the result's register.
typedef struct VRegs {
    int d, a, b;
} VRegs;

VRegs x86_v1(Emit *e, const IRInsn *i);
VRegs x86_v2(Emit *e, const IRInsn *i);
void x86_by_reference(Emit *e, const IRInsn *i);
// One instruction, or the reference function where op is 0. The second operand may be in memory.
void x86_vector_simple(Emit *e, const IRInsn *i, unsigned op);
// Emitters of one instruction: for each lane size, or the same for all.
#define BY_SIZE(name, b, w, d, q)                                                                  \
    EMIT(name)                                                                                     \
    {                                                                                              \
        static const uint16_t op[] = {b, w, d, q};                                                 \
        x86_vector_simple(e, i, op[i->aux & 3]);                                                   \
    }
#define ANY_SIZE(name, op)                                                                         \
    EMIT(name)                                                                                     \
    {                                                                                              \
        x86_vector_simple(e, i, op);                                                               \
    }

void x86_ones(Emit *e, int reg);
void x86_zero(Emit *e, int reg);
void x86_vi(Emit *e, unsigned op, int dst, int vvvv, int src, unsigned imm); // with an immediate
// Shift of lanes by a constant: /ext of opcode 71..73.
void x86_vshift(Emit *e, unsigned esize, unsigned ext, int dst, int src, unsigned count);
enum { VSH_RIGHT = 2, VSH_ARITH = 4, VSH_LEFT = 6 };

static inline V128 all_bytes(unsigned b)
{
    uint64_t x = b * UINT64_C(0x0101010101010101);
    return (V128){.u64 = {x, x}};
}
static inline V128 all_words(unsigned w)
{
    uint64_t x = w * UINT64_C(0x0001000100010001);
    return (V128){.u64 = {x, x}};
}
static inline V128 all_quads(uint64_t q)
{
    return (V128){.u64 = {q, q}};
}

#endif
