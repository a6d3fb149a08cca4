// Vector ops.
#include "host-backends/x86_64/emit.h"
#include "tcg-like/passes.h"

// --- between integer and vector registers
enum {
    VMOVD = 0x6e | X86_0F | X86_66,
    VMOVD_OUT = 0x7e | X86_0F | X86_66,
};

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
    int a = ra_use(&e->ra, i->arg[0]);
    emit_zext_lane(e, ra_def(&e->ra, e->at, IR_NONE, true), a, i->aux & 3);
}

EMIT(vdup)
{
    static const uint16_t broadcast[] = {0x78 | X86_0F38 | X86_66, 0x79 | X86_0F38 | X86_66,
                                         0x58 | X86_0F38 | X86_66, 0x59 | X86_0F38 | X86_66};
    int a = ra_use(&e->ra, i->arg[0]);
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
    int a = ra_use(&e->ra, i->arg[0]), b = ra_use(&e->ra, i->arg[1]);
    int dst = ra_def(&e->ra, e->at, i->arg[0], false);
    vex_rrr(&e->c, insert_op[esize], dst, a, b);
    x86_byte(&e->c, lane);
}

// --- ops without a host sequence: their reference functions
static void by_reference(Emit *e, const IRInsn *i)
{
    x86_vector_call(e, i, ir_vector_fn((IROpcode)i->op), ir_vector_desc(i), 0);
}

#define BY_REFERENCE(name)                                                                         \
    EMIT(name)                                                                                     \
    {                                                                                              \
        by_reference(e, i);                                                                        \
    }
BY_REFERENCE(vzext)
BY_REFERENCE(vduplane)
BY_REFERENCE(vmovlane)
BY_REFERENCE(vand)
BY_REFERENCE(vor)
BY_REFERENCE(vxor)
BY_REFERENCE(vandn)
BY_REFERENCE(vorn)
BY_REFERENCE(vnot)
BY_REFERENCE(vbsl)
BY_REFERENCE(vadd)
BY_REFERENCE(vsub)
BY_REFERENCE(vmul)
BY_REFERENCE(vneg)
BY_REFERENCE(vabs)
BY_REFERENCE(vceq)
BY_REFERENCE(vcgt)
BY_REFERENCE(vcge)
BY_REFERENCE(vcgtu)
BY_REFERENCE(vcgeu)
BY_REFERENCE(vctst)
BY_REFERENCE(vmins)
BY_REFERENCE(vmaxs)
BY_REFERENCE(vminu)
BY_REFERENCE(vmaxu)
BY_REFERENCE(vqadds)
BY_REFERENCE(vqaddu)
BY_REFERENCE(vqsubs)
BY_REFERENCE(vqsubu)
BY_REFERENCE(vavgu)
BY_REFERENCE(vabds)
BY_REFERENCE(vabdu)
BY_REFERENCE(vaddp)
BY_REFERENCE(vmull_s)
BY_REFERENCE(vmull_u)
BY_REFERENCE(vmull2_s)
BY_REFERENCE(vmull2_u)
BY_REFERENCE(vcnt)
BY_REFERENCE(vshli)
BY_REFERENCE(vshri)
BY_REFERENCE(vsari)
BY_REFERENCE(vzip1)
BY_REFERENCE(vzip2)
BY_REFERENCE(vuzp1)
BY_REFERENCE(vuzp2)
BY_REFERENCE(vtrn1)
BY_REFERENCE(vtrn2)
BY_REFERENCE(vext)
BY_REFERENCE(vrev)
BY_REFERENCE(vtbl)
BY_REFERENCE(vwiden_s)
BY_REFERENCE(vwiden_u)
BY_REFERENCE(vwiden2_s)
BY_REFERENCE(vwiden2_u)
BY_REFERENCE(vnarrow)
BY_REFERENCE(vnarrow2)
BY_REFERENCE(vclmul)
BY_REFERENCE(aes_enclast)
BY_REFERENCE(aes_declast)
BY_REFERENCE(aes_mc)
BY_REFERENCE(aes_imc)
