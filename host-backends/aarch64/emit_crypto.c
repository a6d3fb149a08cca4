// Carry-less products, AES and SHA on the host's instructions, where it has them (HWCAP); else, and
// for the forms that x86 has, the reference function.
#include "host-backends/aarch64/emit_vector.h"

enum {
    PMULL = 0x0ee0e000,
    AESE = 0x4e284800,
    AESD = 0x4e285800,
    AESMC = 0x4e286800,
    AESIMC = 0x4e287800,
    SHA1C = 0x5e000000,
    SHA1P = 0x5e001000,
    SHA1M = 0x5e002000,
    SHA1SU1 = 0x5e281800,
    SHA256H = 0x5e004000,
    SHA256H2 = 0x5e005000,
    SHA256SU0 = 0x5e282800,
    SHA256SU1 = 0x5e006000,
};

EMIT(vclmul)
{
    A64Code *c = &e->c;
    if (!has_feature(e, A64_HAS_PMULL)) {
        v_by_reference(e, i);
        return;
    }
    unsigned x = i->aux & 1, y = i->aux >> 4 & 1;
    Regs r = a64_r2(e, i);
    if (x == y) {
        a64_rrr(c, PMULL | (x ? V_HIGH : 0), r.d, r.a, r.b);
    } else {
        v_dup_lane(c, 3, VA, x ? r.a : r.b, 1);
        a64_rrr(c, PMULL, r.d, VA, x ? r.b : r.a);
    }
}

// --- AES. The instructions add the key before the other steps; here it comes last.
static void aes_round(Emit *e, const IRInsn *i, uint32_t op, uint32_t mix)
{
    A64Code *c = &e->c;
    if (!has_feature(e, A64_HAS_AES)) {
        v_by_reference(e, i);
        return;
    }
    Regs r = a64_r2(e, i);
    v_zero(c, VA);
    a64_rr(c, op, VA, r.a);
    if (mix) {
        a64_rr(c, mix, VA, VA);
    }
    a64_rrr(c, (uint32_t)V_EOR, r.d, VA, r.b);
}
EMIT(aes_enclast)
{
    aes_round(e, i, AESE, 0);
}
EMIT(aes_declast)
{
    aes_round(e, i, AESD, 0);
}
EMIT(aes_enc)
{
    aes_round(e, i, AESE, AESMC);
}
EMIT(aes_dec)
{
    aes_round(e, i, AESD, AESIMC);
}

static void aes_mix(Emit *e, const IRInsn *i, uint32_t op)
{
    if (!has_feature(e, A64_HAS_AES)) {
        v_by_reference(e, i);
        return;
    }
    Regs r = a64_r1(e, i);
    a64_rr(&e->c, op, r.d, r.a);
}
EMIT(aes_mc)
{
    aes_mix(e, i, AESMC);
}
EMIT(aes_imc)
{
    aes_mix(e, i, AESIMC);
}

// --- SHA: the first register is changed
// d = op(first, second, third)
static void three(Emit *e, const IRInsn *i, unsigned feature, uint32_t op, unsigned first)
{
    if (!has_feature(e, feature)) {
        v_by_reference(e, i);
        return;
    }
    Regs r = a64_r3(e, i);
    a64_vmov(&e->c, VA, first ? r.b : r.a);
    a64_rrr(&e->c, op, VA, first ? r.a : r.b, r.c);
    a64_vmov(&e->c, r.d, VA);
}

static void two(Emit *e, const IRInsn *i, unsigned feature, uint32_t op)
{
    if (!has_feature(e, feature)) {
        v_by_reference(e, i);
        return;
    }
    Regs r = a64_r2(e, i);
    a64_vmov(&e->c, VA, r.a);
    a64_rr(&e->c, op, VA, r.b);
    a64_vmov(&e->c, r.d, VA);
}

EMIT(sha1c)
{
    three(e, i, A64_HAS_SHA1, SHA1C, 0);
}
EMIT(sha1p)
{
    three(e, i, A64_HAS_SHA1, SHA1P, 0);
}
EMIT(sha1m)
{
    three(e, i, A64_HAS_SHA1, SHA1M, 0);
}
EMIT(sha1su1)
{
    two(e, i, A64_HAS_SHA1, SHA1SU1);
}
EMIT(sha256h)
{
    three(e, i, A64_HAS_SHA2, SHA256H, 0);
}
EMIT(sha256h2)
{
    three(e, i, A64_HAS_SHA2, SHA256H2, 1);
}
EMIT(sha256su0)
{
    two(e, i, A64_HAS_SHA2, SHA256SU0);
}
EMIT(sha256su1)
{
    three(e, i, A64_HAS_SHA2, SHA256SU1, 0);
}

#define REFERENCE(name)                                                                            \
    EMIT(name)                                                                                     \
    {                                                                                              \
        v_by_reference(e, i);                                                                      \
    }
REFERENCE(sha1rnds4)
REFERENCE(sha1nexte)
REFERENCE(sha1msg1)
REFERENCE(sha1msg2)
REFERENCE(sha256rnds2)
REFERENCE(sha256msg1)
REFERENCE(sha256msg2)
