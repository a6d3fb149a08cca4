// Vector ops that move lanes, among vectors and from and to integers.
#include "host-backends/aarch64/emit_vector.h"

// --- instructions
void v_dup_lane(A64Code *c, unsigned esize, int d, int a, unsigned lane)
{
    a64_rr(c, 0x4e000400 | v_lane(esize, lane), d, a);
}

void v_dup(A64Code *c, unsigned esize, int d, int rn)
{
    a64_rr(c, 0x4e000c00 | v_lane(esize, 0), d, rn);
}

void v_insert(A64Code *c, unsigned esize, int d, unsigned lane, int rn)
{
    a64_rr(c, 0x4e001c00 | v_lane(esize, lane), d, rn);
}

void v_insert_lane(A64Code *c, unsigned esize, int d, unsigned lane, int a, unsigned from)
{
    a64_rr(c, 0x6e000400 | v_lane(esize, lane) | (from << esize) << 11, d, a);
}

void v_umov(A64Code *c, unsigned esize, int rd, int a, unsigned lane)
{
    a64_rr(c, (esize == 3 ? 0x4e003c00 : 0x0e003c00) | v_lane(esize, lane), rd, a);
}

void v_ext(A64Code *c, int d, int low, int high, unsigned byte)
{
    a64_rrr(c, 0x6e000000 | byte << 11, d, low, high);
}

// --- integers
// An integer for a lane: an I32 counts as zero-extended in a lane of 64 bits.
static int lane_source(Emit *e, IRRef r, unsigned esize)
{
    return esize == 3 ? a64_use_wide(e, r) : ra_use(&e->ra, r);
}

EMIT(vfromg)
{
    unsigned esize = i->aux & 3;
    int a = lane_source(e, i->arg[0], esize);
    int d = ra_def(&e->ra, e->at, IR_NONE, true);
    if (esize < 2) {
        a64_ubfx(&e->c, false, T0, a, 0, 8u << esize);
        a = T0;
    }
    a64_fmov_to_vec(&e->c, esize == 3, d, a);
}

EMIT(vdup)
{
    int a = lane_source(e, i->arg[0], i->aux & 3);
    v_dup(&e->c, i->aux & 3, ra_def(&e->ra, e->at, IR_NONE, true), a);
}

// The lane to read and its size: of 64 bits, the lower half if that is all that is wanted.
static unsigned lane_read(const IRInsn *i, unsigned *lane)
{
    unsigned esize = i->aux & 3;
    bool half = esize == 3 && !is_wide(i);
    *lane = (i->aux >> 8) << half;
    return half ? 2 : esize;
}

EMIT(vget)
{
    unsigned lane, esize = lane_read(i, &lane);
    int a = ra_use(&e->ra, i->arg[0]);
    int d = ra_def(&e->ra, e->at, IR_NONE, true);
    if (lane == 0 && esize >= 2) {
        a64_fmov_from_vec(&e->c, esize == 3, d, a);
    } else {
        v_umov(&e->c, esize, d, a, lane);
    }
}

EMIT(vgets)
{
    unsigned lane, esize = lane_read(i, &lane);
    int a = ra_use(&e->ra, i->arg[0]);
    int d = ra_def(&e->ra, e->at, IR_NONE, true);
    if (esize == 3 || (esize == 2 && !is_wide(i))) {
        v_umov(&e->c, esize, d, a, lane);
    } else { // SMOV
        a64_rr(&e->c, (is_wide(i) ? 0x4e002c00 : 0x0e002c00) | v_lane(esize, lane), d, a);
    }
}

EMIT(vset)
{
    unsigned esize = i->aux & 3;
    int a = ra_use(&e->ra, i->arg[0]), b = lane_source(e, i->arg[1], esize);
    int d = ra_def(&e->ra, e->at, i->arg[0], false);
    if (d != a) {
        a64_vmov(&e->c, d, a);
    }
    v_insert(&e->c, esize, d, i->aux >> 8, b);
}

// --- lanes
EMIT(vzext)
{
    Regs r = a64_r1(e, i);
    a64_rr(&e->c, 0x5e000400 | v_lane(i->aux & 3, 0), r.d, r.a); // DUP of a scalar
}

EMIT(vduplane)
{
    Regs r = a64_r1(e, i);
    v_dup_lane(&e->c, i->aux & 3, r.d, r.a, i->aux >> 8);
}

EMIT(vmovlane)
{
    Regs r = a64_r2(e, i);
    unsigned esize = i->aux & 3, to = i->aux >> 8 & 15, from = i->aux >> 12;
    int into = r.d == r.b && r.a != r.b ? VA : r.d;
    if (into != r.a) {
        a64_vmov(&e->c, into, r.a);
    }
    v_insert_lane(&e->c, esize, into, to, r.b, from);
    if (into != r.d) {
        a64_vmov(&e->c, r.d, into);
    }
}

#define PERMUTE(name, opcode)                                                                      \
    EMIT(name)                                                                                     \
    {                                                                                              \
        Regs r = a64_r2(e, i);                                                                     \
        a64_rrr(&e->c, V_PERM(opcode) | V_ESIZE(i->aux & 3), r.d, r.a, r.b);                       \
    }
PERMUTE(vuzp1, 1)
PERMUTE(vtrn1, 2)
PERMUTE(vzip1, 3)
PERMUTE(vuzp2, 5)
PERMUTE(vtrn2, 6)
PERMUTE(vzip2, 7)

EMIT(vext)
{
    Regs r = a64_r2(e, i);
    v_ext(&e->c, r.d, r.a, r.b, (unsigned)i->imm & 15);
}

EMIT(vrev)
{
    static const uint32_t container[] = {
        [1] = V_MISC(0, 1), [2] = V_MISC(1, 0), [3] = V_MISC(0, 0)};
    Regs r = a64_r1(e, i);
    if ((i->aux2 & 3) <= (i->aux & 3)) {
        a64_vmov(&e->c, r.d, r.a);
    } else {
        a64_rr(&e->c, container[i->aux2 & 3] | V_ESIZE(i->aux & 3), r.d, r.a);
    }
}

// --- tables
enum { TBL1 = 0x4e000000, TBL2 = 0x4e002000 };

EMIT(vtbl)
{
    Regs r = a64_r2(e, i);
    a64_rrr(&e->c, TBL1, r.d, r.a, r.b);
}

EMIT(vshufb)
{
    Regs r = a64_r2(e, i);
    a64_word(&e->c, 0x4f00e400 | 4 << 16 | 15 << 5 | VA); // movi 0x8f
    a64_rrr(&e->c, (uint32_t)V_AND, VA, VA, r.b);
    a64_rrr(&e->c, TBL1, r.d, r.a, VA);
}

EMIT(vshuf32)
{
    A64Code *c = &e->c;
    V128 index;
    Regs r = a64_r2(e, i);
    bool one = r.a == r.b;
    for (unsigned k = 0; k < 16; k++) {
        unsigned lane = (unsigned)i->imm >> (2 * (k / 4)) & 3;
        index.u8[k] = (uint8_t)(4 * lane + k % 4 + (k >= 8 && !one ? 16 : 0));
    }
    a64_pool(e, VC, index);
    if (one) {
        a64_rrr(c, TBL1, r.d, r.a, VC);
        return;
    }
    a64_vmov(c, VA, r.a);
    a64_vmov(c, VB, r.b);
    a64_rrr(c, TBL2, r.d, VA, VC);
}
