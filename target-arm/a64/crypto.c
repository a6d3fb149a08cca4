// Cryptographic extension: AES, SHA1, SHA256, SHA512, SHA3, SM3, SM4 (DDI 0487 C4.1.96). PMULL is
// in simd_three_diff.c.
#include "target-arm/a64/simd.h"
#include "target-arm/helpers_crypto.h"

static IRRef xor_of(ArmCtx *c, IRRef a, IRRef b)
{
    return ir_v2(c->b, IR_vxor, a, b, 0);
}

// --- AES: the IR's ops are x86's, which add the key last; Arm's add it first.

static bool tr_aese(ArmCtx *c, const ArmFields *f)
{
    if (!a64_fp_trapped(c)) {
        IRRef x = xor_of(c, a64_v(c, f->d), a64_v(c, f->n));
        a64_put_v(c, f->d, ir_v2(c->b, IR_aes_enclast, x, simd_zero(c), 0));
    }
    return true;
}

static bool tr_aesd(ArmCtx *c, const ArmFields *f)
{
    if (!a64_fp_trapped(c)) {
        IRRef x = xor_of(c, a64_v(c, f->d), a64_v(c, f->n));
        a64_put_v(c, f->d, ir_v2(c->b, IR_aes_declast, x, simd_zero(c), 0));
    }
    return true;
}

static bool tr_aesmc(ArmCtx *c, const ArmFields *f)
{
    if (!a64_fp_trapped(c)) {
        a64_put_v(c, f->d, ir_v1(c->b, IR_aes_mc, a64_v(c, f->n), 0));
    }
    return true;
}

static bool tr_aesimc(ArmCtx *c, const ArmFields *f)
{
    if (!a64_fp_trapped(c)) {
        a64_put_v(c, f->d, ir_v1(c->b, IR_aes_imc, a64_v(c, f->n), 0));
    }
    return true;
}

// --- SHA1 and SHA256: ops of the IR, or a few of its vector ops

static bool op_dnm(ArmCtx *c, const ArmFields *f, IROpcode op)
{
    if (!a64_fp_trapped(c)) {
        a64_put_v(c, f->d, ir_v3(c->b, op, a64_v(c, f->d), a64_v(c, f->n), a64_v(c, f->m), 0));
    }
    return true;
}

static bool op_dn(ArmCtx *c, const ArmFields *f, IROpcode op)
{
    if (!a64_fp_trapped(c)) {
        a64_put_v(c, f->d, ir_v2(c->b, op, a64_v(c, f->d), a64_v(c, f->n), 0));
    }
    return true;
}

#define OP(name, how)                                                                              \
    static bool tr_##name(ArmCtx *c, const ArmFields *f)                                           \
    {                                                                                              \
        return how(c, f, IR_##name);                                                               \
    }

OP(sha1c, op_dnm)
OP(sha1p, op_dnm)
OP(sha1m, op_dnm)
OP(sha1su1, op_dn)
OP(sha256h, op_dnm)
OP(sha256su0, op_dn)
OP(sha256su1, op_dnm)

// The IR's op takes the state's halves in the order of SHA256H, so that a backend can see that a
// pair of them has the same operands.
static bool tr_sha256h2(ArmCtx *c, const ArmFields *f)
{
    if (!a64_fp_trapped(c)) {
        a64_put_v(c, f->d,
                  ir_v3(c->b, IR_sha256h2, a64_v(c, f->n), a64_v(c, f->d), a64_v(c, f->m), 0));
    }
    return true;
}

static bool tr_sha1h(ArmCtx *c, const ArmFields *f)
{
    if (!a64_fp_trapped(c)) {
        IRRef x = a64_v(c, f->n);
        x = ir_v2(c->b, IR_vor, ir_v1i(c->b, IR_vshli, x, 2, 30), ir_v1i(c->b, IR_vshri, x, 2, 2),
                  0);
        a64_put_v(c, f->d, ir_v1(c->b, IR_vzext, x, 2));
    }
    return true;
}

static bool tr_sha1su0(ArmCtx *c, const ArmFields *f)
{
    if (!a64_fp_trapped(c)) {
        IRRef d = a64_v(c, f->d), middle = ir_vext(c->b, d, a64_v(c, f->n), 8);
        a64_put_v(c, f->d, xor_of(c, xor_of(c, d, a64_v(c, f->m)), middle));
    }
    return true;
}

// --- by C functions: on Vd, Vn and Vm; on Vd and Vn

static bool call_dnm(ArmCtx *c, const ArmFields *f, const IRVHelper *h)
{
    if (!a64_fp_trapped(c)) {
        a64_put_v(c, f->d, ir_vcall(c->b, h, a64_v(c, f->d), a64_v(c, f->n), a64_v(c, f->m), 0));
    }
    return true;
}

static bool call_dn(ArmCtx *c, const ArmFields *f, const IRVHelper *h)
{
    if (!a64_fp_trapped(c)) {
        a64_put_v(c, f->d, ir_vcall(c->b, h, a64_v(c, f->d), a64_v(c, f->n), IR_NONE, 0));
    }
    return true;
}

#define TR(name, how)                                                                              \
    static bool tr_##name(ArmCtx *c, const ArmFields *f)                                           \
    {                                                                                              \
        return how(c, f, &arm_hv_##name);                                                          \
    }

TR(sha512h, call_dnm)
TR(sha512h2, call_dnm)
TR(sha512su0, call_dn)
TR(sha512su1, call_dnm)
TR(sm3partw1, call_dnm)
TR(sm3partw2, call_dnm)
TR(sm4e, call_dn)

static bool tr_sm4ekey(ArmCtx *c, const ArmFields *f)
{
    if (!a64_fp_trapped(c)) {
        a64_put_v(c, f->d,
                  ir_vcall(c->b, &arm_hv_sm4ekey, a64_v(c, f->n), a64_v(c, f->m), IR_NONE, 0));
    }
    return true;
}

static bool tr_sm3ss1(ArmCtx *c, const ArmFields *f)
{
    if (!a64_fp_trapped(c)) {
        a64_put_v(
            c, f->d,
            ir_vcall(c->b, &arm_hv_sm3ss1, a64_v(c, f->n), a64_v(c, f->m), a64_v(c, f->a), 0));
    }
    return true;
}

static bool tr_sm3tt(ArmCtx *c, const ArmFields *f)
{
    if (!a64_fp_trapped(c)) {
        a64_put_v(c, f->d,
                  ir_vcall(c->b, &arm_hv_sm3tt, a64_v(c, f->d), a64_v(c, f->n), a64_v(c, f->m),
                           f->i | f->v << 4));
    }
    return true;
}

// --- SHA3

static bool tr_eor3(ArmCtx *c, const ArmFields *f)
{
    if (!a64_fp_trapped(c)) {
        IRRef x = xor_of(c, a64_v(c, f->m), a64_v(c, f->a));
        a64_put_v(c, f->d, xor_of(c, a64_v(c, f->n), x));
    }
    return true;
}

static bool tr_bcax(ArmCtx *c, const ArmFields *f)
{
    if (!a64_fp_trapped(c)) {
        IRRef x = ir_v2(c->b, IR_vandn, a64_v(c, f->m), a64_v(c, f->a), 0);
        a64_put_v(c, f->d, xor_of(c, a64_v(c, f->n), x));
    }
    return true;
}

// Both halves rotated right by 0 to 63.
static IRRef rotate64(ArmCtx *c, IRRef v, unsigned n)
{
    if (!n) {
        return v;
    }
    return ir_v2(c->b, IR_vor, ir_v1i(c->b, IR_vshri, v, 3, n),
                 ir_v1i(c->b, IR_vshli, v, 3, 64 - n), 0);
}

static bool tr_rax1(ArmCtx *c, const ArmFields *f)
{
    if (!a64_fp_trapped(c)) {
        a64_put_v(c, f->d, xor_of(c, a64_v(c, f->n), rotate64(c, a64_v(c, f->m), 63)));
    }
    return true;
}

static bool tr_xar(ArmCtx *c, const ArmFields *f)
{
    if (!a64_fp_trapped(c)) {
        IRRef x = xor_of(c, a64_v(c, f->n), a64_v(c, f->m));
        a64_put_v(c, f->d, rotate64(c, x, f->i));
    }
    return true;
}

// clang-format off
static const ArmRow rows[] = {
    {"aese", "0100 1110 0010 1000 0100 10nn nnnd dddd", tr_aese, ARM_FEAT_AES},
    {"aesd", "0100 1110 0010 1000 0101 10nn nnnd dddd", tr_aesd, ARM_FEAT_AES},
    {"aesmc", "0100 1110 0010 1000 0110 10nn nnnd dddd", tr_aesmc, ARM_FEAT_AES},
    {"aesimc", "0100 1110 0010 1000 0111 10nn nnnd dddd", tr_aesimc, ARM_FEAT_AES},
    {"sha1c", "0101 1110 000m mmmm 0000 00nn nnnd dddd", tr_sha1c, ARM_FEAT_SHA1},
    {"sha1p", "0101 1110 000m mmmm 0001 00nn nnnd dddd", tr_sha1p, ARM_FEAT_SHA1},
    {"sha1m", "0101 1110 000m mmmm 0010 00nn nnnd dddd", tr_sha1m, ARM_FEAT_SHA1},
    {"sha1su0", "0101 1110 000m mmmm 0011 00nn nnnd dddd", tr_sha1su0, ARM_FEAT_SHA1},
    {"sha256h", "0101 1110 000m mmmm 0100 00nn nnnd dddd", tr_sha256h, ARM_FEAT_SHA256},
    {"sha256h2", "0101 1110 000m mmmm 0101 00nn nnnd dddd", tr_sha256h2, ARM_FEAT_SHA256},
    {"sha256su1", "0101 1110 000m mmmm 0110 00nn nnnd dddd", tr_sha256su1, ARM_FEAT_SHA256},
    {"sha1h", "0101 1110 0010 1000 0000 10nn nnnd dddd", tr_sha1h, ARM_FEAT_SHA1},
    {"sha1su1", "0101 1110 0010 1000 0001 10nn nnnd dddd", tr_sha1su1, ARM_FEAT_SHA1},
    {"sha256su0", "0101 1110 0010 1000 0010 10nn nnnd dddd", tr_sha256su0, ARM_FEAT_SHA256},
    {"sha512h", "1100 1110 011m mmmm 1000 00nn nnnd dddd", tr_sha512h, ARM_FEAT_SHA512},
    {"sha512h2", "1100 1110 011m mmmm 1000 01nn nnnd dddd", tr_sha512h2, ARM_FEAT_SHA512},
    {"sha512su1", "1100 1110 011m mmmm 1000 10nn nnnd dddd", tr_sha512su1, ARM_FEAT_SHA512},
    {"rax1", "1100 1110 011m mmmm 1000 11nn nnnd dddd", tr_rax1, ARM_FEAT_SHA3},
    {"sha512su0", "1100 1110 1100 0000 1000 00nn nnnd dddd", tr_sha512su0, ARM_FEAT_SHA512},
    {"eor3", "1100 1110 000m mmmm 0aaa aann nnnd dddd", tr_eor3, ARM_FEAT_SHA3},
    {"bcax", "1100 1110 001m mmmm 0aaa aann nnnd dddd", tr_bcax, ARM_FEAT_SHA3},
    {"xar", "1100 1110 100m mmmm iiii iinn nnnd dddd", tr_xar, ARM_FEAT_SHA3},
    {"sm3ss1", "1100 1110 010m mmmm 0aaa aann nnnd dddd", tr_sm3ss1, ARM_FEAT_SM3},
    {"sm3tt", "1100 1110 010m mmmm 10ii vvnn nnnd dddd", tr_sm3tt, ARM_FEAT_SM3},
    {"sm3partw1", "1100 1110 011m mmmm 1100 00nn nnnd dddd", tr_sm3partw1, ARM_FEAT_SM3},
    {"sm3partw2", "1100 1110 011m mmmm 1100 01nn nnnd dddd", tr_sm3partw2, ARM_FEAT_SM3},
    {"sm4ekey", "1100 1110 011m mmmm 1100 10nn nnnd dddd", tr_sm4ekey, ARM_FEAT_SM4},
    {"sm4e", "1100 1110 1100 0000 1000 01nn nnnd dddd", tr_sm4e, ARM_FEAT_SM4},
};
// clang-format on

const ArmChapter a64_crypto = {"crypto", rows, ARRAY_LEN(rows)};
