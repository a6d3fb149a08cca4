// Vector ops for most of which x86 has the very instruction: products of neighbours, packs, blends,
// shifts by values, tests.
#include "host-backends/x86_64/emit_vector.h"
#include "tcg-like/passes.h"

ANY_SIZE(vshufb, V_PSHUFB)
ANY_SIZE(vmulh_s, 0xe5 | M0F)
ANY_SIZE(vmulh_u, 0xe4 | M0F)
ANY_SIZE(vmulhr_s, 0x0b | M0F38)
ANY_SIZE(vmule_s, 0x28 | M0F38)
ANY_SIZE(vmule_u, 0xf4 | M0F)
ANY_SIZE(vmaddp_s, 0xf5 | M0F)
ANY_SIZE(vmaddp_us, 0x04 | M0F38)
ANY_SIZE(vsadu, 0xf6 | M0F)
BY_SIZE(vqpack_s, 0, 0x63 | M0F, 0x6b | M0F, 0)
BY_SIZE(vqpack_u, 0, V_PACKUSWB, V_PACKUSDW, 0)
BY_SIZE(vshl, 0, 0xf1 | M0F, 0xf2 | M0F, 0xf3 | M0F)
BY_SIZE(vshr, 0, 0xd1 | M0F, 0xd2 | M0F, 0xd3 | M0F)
BY_SIZE(vsar, 0, 0xe1 | M0F, 0xe2 | M0F, 0)
BY_SIZE(vshlv, 0, 0, 0x47 | M0F38, 0x47 | M0F38 | X86_W)
BY_SIZE(vshrv, 0, 0, 0x45 | M0F38, 0x45 | M0F38 | X86_W)
BY_SIZE(vsarv, 0, 0, 0x46 | M0F38, 0)
ANY_SIZE(aes_enc, 0xdc | M0F38)
ANY_SIZE(aes_dec, 0xde | M0F38)

EMIT(vshuf32)
{
    bool one = i->arg[0] == i->arg[1];
    VRegs r = x86_v2(e, i);
    if (one) {
        x86_vi(e, V_PSHUFD, r.d, 0, r.a, (unsigned)i->imm);
    } else {
        x86_vi(e, V_SHUFPS, r.d, r.a, r.b, (unsigned)i->imm);
    }
}

EMIT(vblendi)
{
    VRegs r = x86_v2(e, i);
    x86_vi(e, V_PBLENDW, r.d, r.a, r.b, (unsigned)i->imm);
}

EMIT(vblendv)
{
    static const uint16_t op[] = {V_PBLENDVB, 0, 0x4a | M0F3A, 0x4b | M0F3A};
    if (!op[i->aux & 3]) {
        x86_by_reference(e, i);
        return;
    }
    int a = ra_use(&e->ra, i->arg[0]), b = ra_use(&e->ra, i->arg[1]), c = ra_use(&e->ra, i->arg[2]);
    x86_vi(e, op[i->aux & 3], ra_def(&e->ra, e->at, i->arg[0], false), a, b, (unsigned)c << 4);
}

EMIT(vmovmsk)
{
    static const uint16_t op[] = {0xd7 | M0F, 0xd7 | M0F, 0x50 | X86_0F, 0x50 | M0F};
    int a = ra_use(&e->ra, i->arg[0]);
    int d = ra_def(&e->ra, e->at, IR_NONE, false);
    if ((i->aux & 3) == 1) {
        x86_zero(e, XMM_B);
        vex_rrr(&e->c, 0x63 | M0F, XMM_A, a, XMM_B); // packsswb keeps the signs
        a = XMM_A;
    }
    vex_rrr(&e->c, op[i->aux & 3], d, 0, a);
}

EMIT(f_vtest)
{
    flags_clobber(e);
    int a = ra_use(&e->ra, i->arg[0]), b = ra_use(&e->ra, i->arg[1]);
    vex_rrr(&e->c, 0x17 | M0F38, a, 0, b);
    flags_set(e, e->at, false);
}
