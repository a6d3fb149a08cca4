// Vector ops that move lanes, shift them or change their width; crypto.
#include "host-backends/x86_64/emit_vector.h"

// --- shifts by constants
void x86_vshift(Emit *e, unsigned esize, unsigned ext, int dst, int src, unsigned count)
{
    static const uint16_t op[] = {0, 0x71 | M0F, 0x72 | M0F, 0x73 | M0F};
    vex_rrr(&e->c, op[esize], (int)ext, dst, src);
    x86_byte(&e->c, count);
}

static void copy(Emit *e, VRegs r)
{
    if (r.d != r.a) {
        vex_rrr(&e->c, V_MOVAPS, r.d, 0, r.a);
    }
}

EMIT(vshli)
{
    VRegs r = x86_v1(e, i);
    unsigned esize = i->aux & 3, n = (unsigned)i->imm;
    if (n == 0) {
        copy(e, r);
    } else if (esize) {
        x86_vshift(e, esize, VSH_LEFT, r.d, r.a, n);
    } else {
        x86_vshift(e, 1, VSH_LEFT, r.d, r.a, n);
        x86_vex_pool(e, V_PAND, r.d, r.d, all_bytes(0xffu << n & 0xff));
    }
}

static void shift_bytes_right(Emit *e, int dst, int src, unsigned n)
{
    x86_vshift(e, 1, VSH_RIGHT, dst, src, n);
    x86_vex_pool(e, V_PAND, dst, dst, all_bytes(0xffu >> n));
}

EMIT(vshri)
{
    VRegs r = x86_v1(e, i);
    unsigned esize = i->aux & 3, n = (unsigned)i->imm;
    if (n == 0) {
        copy(e, r);
    } else if (esize) {
        x86_vshift(e, esize, VSH_RIGHT, r.d, r.a, n); // n = lane bits gives 0
    } else {
        shift_bytes_right(e, r.d, r.a, n);
    }
}

static void shift_quads_arith(Emit *e, VRegs r, unsigned n)
{
    x86_zero(e, XMM_B);
    if (n >= 64) {
        vex_rrr(&e->c, V_PCMPGTQ, r.d, XMM_B, r.a);
        return;
    }
    vex_rrr(&e->c, V_PCMPGTQ, XMM_B, XMM_B, r.a);
    x86_vshift(e, 3, VSH_LEFT, XMM_B, XMM_B, 64 - n);
    x86_vshift(e, 3, VSH_RIGHT, XMM_A, r.a, n);
    vex_rrr(&e->c, V_POR, r.d, XMM_A, XMM_B);
}

EMIT(vsari)
{
    VRegs r = x86_v1(e, i);
    unsigned esize = i->aux & 3, n = (unsigned)i->imm;
    if (n == 0) {
        copy(e, r);
    } else if (esize == 3) {
        shift_quads_arith(e, r, n);
    } else if (esize) {
        x86_vshift(e, esize, VSH_ARITH, r.d, r.a, n);
    } else if (n >= 8) {
        x86_zero(e, XMM_B);
        vex_rrr(&e->c, 0x64 | M0F, r.d, XMM_B, r.a); // pcmpgtb
    } else {
        shift_bytes_right(e, XMM_A, r.a, n);
        x86_vex_pool(e, V_PXOR, XMM_A, XMM_A, all_bytes(0x80u >> n)); // extends the moved sign bit
        x86_vex_pool(e, 0xf8 | M0F, r.d, XMM_A, all_bytes(0x80u >> n));
    }
}

// --- single lanes
EMIT(vzext)
{
    VRegs r = x86_v1(e, i);
    if ((i->aux & 3) == 3) {
        vex_rrr(&e->c, V_MOVQ, r.d, 0, r.a);
    } else {
        x86_vex_pool(e, V_PAND, r.d, r.a, (V128){.u64 = {mask64(8u << (i->aux & 3)), 0}});
    }
}

EMIT(vduplane)
{
    VRegs r = x86_v1(e, i);
    unsigned esize = i->aux & 3, lane = i->aux >> 8;
    if (esize >= 2) {
        x86_vi(e, V_PSHUFD, r.d, 0, r.a, esize == 2 ? lane * 0x55 : lane ? 0xee : 0x44);
        return;
    }
    V128 index;
    for (unsigned k = 0; k < 16; k++) {
        index.u8[k] = (uint8_t)((lane << esize) + (k & ((1u << esize) - 1)));
    }
    x86_vex_pool(e, V_PSHUFB, r.d, r.a, index);
}

EMIT(vmovlane)
{
    static const uint16_t extract[] = {0x14 | M0F3A, 0x15 | M0F3A, 0x16 | M0F3A};
    static const uint16_t insert[] = {0x20 | M0F3A, 0xc4 | M0F, 0x22 | M0F3A};
    VRegs r = x86_v2(e, i);
    unsigned esize = i->aux & 3, to = i->aux >> 8 & 15, from = i->aux >> 12;
    if (esize == 3) {
        if (to) {
            x86_vi(e, V_SHUFPD, r.d, r.a, r.b, from << 1);
        } else {
            x86_vi(e, V_SHUFPD, r.d, r.b, r.a, from | 2);
        }
    } else if (esize == 2) {
        x86_vi(e, 0x21 | M0F3A, r.d, r.a, r.b, from << 6 | to << 4); // insertps
    } else {
        vex_rrr(&e->c, extract[esize], r.b, 0, RAX);
        x86_byte(&e->c, from);
        x86_vi(e, insert[esize], r.d, r.a, RAX, to);
    }
}

// --- permutes
EMIT(vuzp1)
{
    VRegs r = x86_v2(e, i);
    switch (i->aux & 3) {
    case 3:
        vex_rrr(&e->c, V_PUNPCKLQDQ, r.d, r.a, r.b);
        break;
    case 2:
        x86_vi(e, V_SHUFPS, r.d, r.a, r.b, 0x88);
        break;
    case 1:
        x86_zero(e, XMM_B);
        x86_vi(e, 0x0e | M0F3A, XMM_A, XMM_B, r.a, 0x55); // pblendw
        x86_vi(e, 0x0e | M0F3A, XMM_B, XMM_B, r.b, 0x55);
        vex_rrr(&e->c, V_PACKUSDW, r.d, XMM_A, XMM_B);
        break;
    default:
        x86_vex_pool(e, V_PAND, XMM_A, r.a, all_words(0xff));
        x86_vex_pool(e, V_PAND, XMM_B, r.b, all_words(0xff));
        vex_rrr(&e->c, V_PACKUSWB, r.d, XMM_A, XMM_B);
        break;
    }
}

EMIT(vuzp2)
{
    VRegs r = x86_v2(e, i);
    unsigned esize = i->aux & 3;
    if (esize == 3) {
        vex_rrr(&e->c, V_PUNPCKHQDQ, r.d, r.a, r.b);
    } else if (esize == 2) {
        x86_vi(e, V_SHUFPS, r.d, r.a, r.b, 0xdd);
    } else {
        x86_vshift(e, esize + 1, VSH_RIGHT, XMM_A, r.a, 8u << esize);
        x86_vshift(e, esize + 1, VSH_RIGHT, XMM_B, r.b, 8u << esize);
        vex_rrr(&e->c, esize ? V_PACKUSDW : V_PACKUSWB, r.d, XMM_A, XMM_B);
    }
}

static void blend_odd(Emit *e, unsigned esize, int d, int even, int odd)
{
    if (esize == 2) {
        x86_vi(e, V_PBLENDD, d, even, odd, 0xa);
    } else {
        x86_vi(e, 0x0e | M0F3A, d, even, odd, 0xaa); // pblendw
    }
}

EMIT(vtrn1)
{
    VRegs r = x86_v2(e, i);
    unsigned esize = i->aux & 3;
    if (esize == 3) {
        vex_rrr(&e->c, V_PUNPCKLQDQ, r.d, r.a, r.b);
        return;
    }
    x86_vshift(e, esize + 1, VSH_LEFT, XMM_B, r.b, 8u << esize);
    if (esize == 0) {
        x86_vex_pool(e, V_PAND, XMM_A, r.a, all_words(0xff));
        vex_rrr(&e->c, V_POR, r.d, XMM_A, XMM_B);
    } else {
        blend_odd(e, esize, r.d, r.a, XMM_B);
    }
}

EMIT(vtrn2)
{
    VRegs r = x86_v2(e, i);
    unsigned esize = i->aux & 3;
    if (esize == 3) {
        vex_rrr(&e->c, V_PUNPCKHQDQ, r.d, r.a, r.b);
        return;
    }
    x86_vshift(e, esize + 1, VSH_RIGHT, XMM_A, r.a, 8u << esize);
    if (esize == 0) {
        x86_vex_pool(e, V_PAND, XMM_B, r.b, all_words(0xff00));
        vex_rrr(&e->c, V_POR, r.d, XMM_A, XMM_B);
    } else {
        blend_odd(e, esize, r.d, XMM_A, r.b);
    }
}

EMIT(vext)
{
    VRegs r = x86_v2(e, i);
    x86_vi(e, V_PALIGNR, r.d, r.b, r.a, (unsigned)i->imm);
}

EMIT(vrev)
{
    VRegs r = x86_v1(e, i);
    unsigned lane = 1u << (i->aux & 3), box = 1u << (i->aux2 & 3);
    V128 index;
    for (unsigned k = 0; k < 16; k++) {
        unsigned in_lane = k & (lane - 1), n = (k & (box - 1)) / lane;
        index.u8[k] = (uint8_t)((k & ~(box - 1)) + (box / lane - 1 - n) * lane + in_lane);
    }
    x86_vex_pool(e, V_PSHUFB, r.d, r.a, index);
}

// Indices above 15 get their top bit set: PSHUFB gives 0 for those.
EMIT(vtbl)
{
    VRegs r = x86_v2(e, i);
    x86_vex_pool(e, 0xdc | M0F, XMM_B, r.b, all_bytes(0x70)); // paddusb
    vex_rrr(&e->c, V_PSHUFB, r.d, r.a, XMM_B);
}

// --- widths
static void widen(Emit *e, const IRInsn *i, unsigned op, bool high)
{
    VRegs r = x86_v1(e, i);
    int src = r.a;
    if (high) {
        x86_vi(e, V_PSHUFD, XMM_B, 0, r.a, 0xee);
        src = XMM_B;
    }
    static const uint8_t row[] = {0, 3, 5}; // pmovsxbw, wd, dq
    vex_rrr(&e->c, (op + row[i->aux & 3]) | M0F38, r.d, 0, src);
}
EMIT(vwiden_s)
{
    widen(e, i, 0x20, false);
}
EMIT(vwiden_u)
{
    widen(e, i, 0x30, false);
}
EMIT(vwiden2_s)
{
    widen(e, i, 0x20, true);
}
EMIT(vwiden2_u)
{
    widen(e, i, 0x30, true);
}

static V128 narrow_index(unsigned esize)
{
    V128 index;
    unsigned half = 1u << esize >> 1;
    for (unsigned k = 0; k < 16; k++) {
        index.u8[k] = (uint8_t)(k < 8 ? k / half * 2 * half + k % half : 0x80);
    }
    return index;
}

EMIT(vnarrow)
{
    VRegs r = x86_v1(e, i);
    x86_vex_pool(e, V_PSHUFB, r.d, r.a, narrow_index(i->aux & 3));
}

EMIT(vnarrow2)
{
    VRegs r = x86_v2(e, i);
    x86_vex_pool(e, V_PSHUFB, XMM_B, r.b, narrow_index(i->aux & 3));
    vex_rrr(&e->c, V_PUNPCKLQDQ, r.d, r.a, XMM_B);
}

// --- crypto
EMIT(vclmul)
{
    VRegs r = x86_v2(e, i);
    x86_vi(e, 0x44 | M0F3A, r.d, r.a, r.b, i->aux & 0x11);
}

// MixColumns alone: an inverse last round, then a whole round, both with a zero key.
EMIT(aes_mc)
{
    VRegs r = x86_v1(e, i);
    x86_zero(e, XMM_B);
    vex_rrr(&e->c, 0xdf | M0F38, XMM_A, r.a, XMM_B);
    vex_rrr(&e->c, 0xdc | M0F38, r.d, XMM_A, XMM_B);
}

EMIT(aes_imc)
{
    VRegs r = x86_v1(e, i);
    vex_rrr(&e->c, 0xdb | M0F38, r.d, 0, r.a);
}
