// SHA-1 and SHA-256 steps by the SHA instructions, where the host has them.
//
// The IR keeps the state as Arm does, {a b c d} and {e f g h} from lane 0 up. SHA256RNDS2 does two
// rounds on {f e b a} and {h g d c}, so one SHUFPS of both halves makes either operand, and the
// same two turn the results back. The pair sha256h, sha256h2 is computed once. SHA1RNDS4 has the
// lanes in reverse order, and adds the round's constant itself: the schedule here already holds it.
#include "host-backends/x86_64/emit_vector.h"
#include "host-backends/x86_64/thunks.h"

enum {
    SHA1RNDS4 = 0xcc | X86_0F3A,
    SHA1MSG2 = 0xca | X86_0F38,
    SHA256RNDS2 = 0xcb | X86_0F38, // third operand: xmm0
    SHA256MSG1 = 0xcc | X86_0F38,
    SHA256MSG2 = 0xcd | X86_0F38,
    REVERSED = 0x1b,
};

static bool by_reference(Emit *e, const IRInsn *i)
{
    if (e->r->thunks->features & X86_HAS_SHA) {
        return false;
    }
    x86_by_reference(e, i);
    return true;
}

static void copy(Emit *e, int dst, int src)
{
    if (dst != src) {
        vex_rrr(&e->c, V_MOVAPS, dst, 0, src);
    }
}

// --- SHA-256
enum { ABEF = 0x11, CDGH = 0xbb };

static void rounds256(Emit *e, const IRInsn *i, IRRef h, IRRef h2)
{
    int x = ra_use(&e->ra, i->arg[0]), y = ra_use(&e->ra, i->arg[1]), w = ra_use(&e->ra, i->arg[2]);
    int kept = ra_temp(&e->ra, RA_VEC);
    int new_x = h == IR_NONE ? RA_NO_REG : ra_def(&e->ra, h, i->arg[0], false);
    int new_y = h2 == IR_NONE ? RA_NO_REG : ra_def(&e->ra, h2, i->arg[1], false);
    x86_vi(e, V_SHUFPS, XMM_A, y, x, ABEF);
    x86_vi(e, V_SHUFPS, XMM_B, y, x, CDGH);
    copy(e, kept, 0);
    copy(e, 0, w);
    x86_rr(&e->c, SHA256RNDS2, XMM_B, XMM_A);
    x86_vi(e, V_PSHUFD, 0, 0, 0, 0x0e);
    x86_rr(&e->c, SHA256RNDS2, XMM_A, XMM_B);
    copy(e, 0, kept);
    if (new_x != RA_NO_REG) {
        x86_vi(e, V_SHUFPS, new_x, XMM_A, XMM_B, CDGH);
    }
    if (new_y != RA_NO_REG) {
        x86_vi(e, V_SHUFPS, new_y, XMM_A, XMM_B, ABEF);
    }
}

EMIT(sha256h)
{
    if (by_reference(e, i)) {
        return;
    }
    IRRef other = flags_partner(e, IR_sha256h2, i);
    if (other != IR_NONE) {
        ra_fuse(&e->ra, other);
    }
    rounds256(e, i, e->at, other);
}

EMIT(sha256h2)
{
    if (by_reference(e, i)) {
        return;
    }
    IRRef other = flags_partner(e, IR_sha256h, i);
    if (other != IR_NONE) {
        ra_fuse(&e->ra, other);
    }
    rounds256(e, i, other, e->at);
}

EMIT(sha256su0)
{
    if (by_reference(e, i)) {
        return;
    }
    VRegs r = x86_v2(e, i);
    copy(e, XMM_A, r.a);
    x86_rr(&e->c, SHA256MSG1, XMM_A, r.b);
    copy(e, r.d, XMM_A);
}

// SHA256MSG2 wants W[t-7..] added before.
EMIT(sha256su1)
{
    if (by_reference(e, i)) {
        return;
    }
    int a = ra_use(&e->ra, i->arg[0]), b = ra_use(&e->ra, i->arg[1]), c = ra_use(&e->ra, i->arg[2]);
    int d = ra_def(&e->ra, e->at, i->arg[0], false);
    x86_vi(e, V_PALIGNR, XMM_A, c, b, 4);
    vex_rrr(&e->c, V_PADDD, XMM_A, XMM_A, a);
    x86_rr(&e->c, SHA256MSG2, XMM_A, c);
    copy(e, d, XMM_A);
}

// --- SHA-1
static void rounds1(Emit *e, const IRInsn *i, unsigned function)
{
    static const uint32_t constant[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc};
    if (by_reference(e, i)) {
        return;
    }
    uint64_t less = -(uint64_t)constant[function] & UINT32_MAX;
    int a = ra_use(&e->ra, i->arg[0]), b = ra_use(&e->ra, i->arg[1]), w = ra_use(&e->ra, i->arg[2]);
    int d = ra_def(&e->ra, e->at, i->arg[0], false);
    x86_zero(e, XMM_B);
    x86_vi(e, V_PBLENDD, XMM_B, XMM_B, b, 1);
    x86_vex_pool(e, V_PADDD, XMM_A, w, all_quads(less << 32 | less));
    vex_rrr(&e->c, V_PADDD, XMM_B, XMM_B, XMM_A);
    x86_vi(e, V_PSHUFD, XMM_B, 0, XMM_B, REVERSED);
    x86_vi(e, V_PSHUFD, XMM_A, 0, a, REVERSED);
    x86_rr(&e->c, SHA1RNDS4, XMM_A, XMM_B);
    x86_byte(&e->c, function);
    x86_vi(e, V_PSHUFD, d, 0, XMM_A, REVERSED);
}
EMIT(sha1c)
{
    rounds1(e, i, 0);
}
EMIT(sha1p)
{
    rounds1(e, i, 1);
}
EMIT(sha1m)
{
    rounds1(e, i, 2);
}

EMIT(sha1su1)
{
    if (by_reference(e, i)) {
        return;
    }
    VRegs r = x86_v2(e, i);
    x86_vi(e, V_PSHUFD, XMM_A, 0, r.a, REVERSED);
    x86_vi(e, V_PSHUFD, XMM_B, 0, r.b, REVERSED);
    x86_rr(&e->c, SHA1MSG2, XMM_A, XMM_B);
    x86_vi(e, V_PSHUFD, r.d, 0, XMM_A, REVERSED);
}

// --- x86's own forms: the destination is the first operand
static void destructive(Emit *e, const IRInsn *i, unsigned op, bool imm)
{
    if (by_reference(e, i)) {
        return;
    }
    VRegs r = x86_v2(e, i);
    int t = r.d == r.b && r.d != r.a ? XMM_A : r.d;
    copy(e, t, r.a);
    x86_rr(&e->c, op, t, r.b);
    if (imm) {
        x86_byte(&e->c, (unsigned)i->imm & 3);
    }
    copy(e, r.d, t);
}
EMIT(sha1rnds4)
{
    destructive(e, i, SHA1RNDS4, true);
}
EMIT(sha1nexte)
{
    destructive(e, i, 0xc8 | X86_0F38, false);
}
EMIT(sha1msg1)
{
    destructive(e, i, 0xc9 | X86_0F38, false);
}
EMIT(sha1msg2)
{
    destructive(e, i, SHA1MSG2, false);
}
EMIT(sha256msg1)
{
    destructive(e, i, SHA256MSG1, false);
}
EMIT(sha256msg2)
{
    destructive(e, i, SHA256MSG2, false);
}

EMIT(sha256rnds2)
{
    if (by_reference(e, i)) {
        return;
    }
    int a = ra_use(&e->ra, i->arg[0]), b = ra_use(&e->ra, i->arg[1]), c = ra_use(&e->ra, i->arg[2]);
    int d = ra_def(&e->ra, e->at, i->arg[0], false);
    copy(e, XMM_A, a);
    copy(e, XMM_B, b);
    if (c == 0) {
        x86_rr(&e->c, SHA256RNDS2, XMM_A, XMM_B);
    } else {
        int kept = ra_temp(&e->ra, RA_VEC);
        copy(e, kept, 0);
        copy(e, 0, c);
        x86_rr(&e->c, SHA256RNDS2, XMM_A, XMM_B);
        copy(e, 0, kept);
    }
    copy(e, d, XMM_A);
}
