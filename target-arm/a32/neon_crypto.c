// Cryptographic extension in AArch32 (DDI 0487 F4.1.22): AES, SHA1, SHA256. All registers are Q.
// VMULL.P64 is in neon_three_diff.c.
#include "target-arm/a32/vfp.h"

typedef IRRef CryptoFn(ArmCtx *c, IRRef d, IRRef n, IRRef m);

static bool run(ArmCtx *c, bool three, CryptoFn *fn)
{
    Neon r = neon_fields(c);
    if (!neon_even(r.d | r.m | (three ? r.n : 0), true)) {
        return false;
    }
    if (!a32_vfp_trapped(c, true)) {
        IRRef n = three ? a32_q(c, r.n / 2) : IR_NONE;
        a32_put_q(c, r.d / 2, fn(c, a32_q(c, r.d / 2), n, a32_q(c, r.m / 2)));
    }
    return true;
}

// The IR's AES ops are x86's, which add the key last; Arm's add it first.
static IRRef aese(ArmCtx *c, IRRef d, IRRef n, IRRef m)
{
    (void)n;
    return ir_v2(c->b, IR_aes_enclast, ir_v2(c->b, IR_vxor, d, m, 0), simd_zero(c), 0);
}
static IRRef aesd(ArmCtx *c, IRRef d, IRRef n, IRRef m)
{
    (void)n;
    return ir_v2(c->b, IR_aes_declast, ir_v2(c->b, IR_vxor, d, m, 0), simd_zero(c), 0);
}
static IRRef aesmc(ArmCtx *c, IRRef d, IRRef n, IRRef m)
{
    (void)d, (void)n;
    return ir_v1(c->b, IR_aes_mc, m, 0);
}
static IRRef aesimc(ArmCtx *c, IRRef d, IRRef n, IRRef m)
{
    (void)d, (void)n;
    return ir_v1(c->b, IR_aes_imc, m, 0);
}

static IRRef sha1h(ArmCtx *c, IRRef d, IRRef n, IRRef m)
{
    (void)d, (void)n;
    IRRef x =
        ir_v2(c->b, IR_vor, ir_v1i(c->b, IR_vshli, m, 2, 30), ir_v1i(c->b, IR_vshri, m, 2, 2), 0);
    return ir_v1(c->b, IR_vzext, x, 2);
}
static IRRef sha1su0(ArmCtx *c, IRRef d, IRRef n, IRRef m)
{
    IRRef x = ir_v2(c->b, IR_vxor, d, m, 0);
    return ir_v2(c->b, IR_vxor, x, ir_vext(c->b, d, n, 8), 0);
}
static IRRef sha256h2(ArmCtx *c, IRRef d, IRRef n, IRRef m)
{
    return ir_v3(c->b, IR_sha256h2, n, d, m, 0);
}

#define OP3(name)                                                                                  \
    static IRRef name(ArmCtx *c, IRRef d, IRRef n, IRRef m)                                        \
    {                                                                                              \
        return ir_v3(c->b, IR_##name, d, n, m, 0);                                                 \
    }
#define OP2(name)                                                                                  \
    static IRRef name(ArmCtx *c, IRRef d, IRRef n, IRRef m)                                        \
    {                                                                                              \
        (void)n;                                                                                   \
        return ir_v2(c->b, IR_##name, d, m, 0);                                                    \
    }
OP3(sha1c)
OP3(sha1p)
OP3(sha1m)
OP3(sha256h)
OP3(sha256su1)
OP2(sha1su1)
OP2(sha256su0)

#define TR3(name) NEON_TR(name, run(c, true, name))
#define TR2(name) NEON_TR(name, run(c, false, name))

// clang-format off
TR2(aese) TR2(aesd) TR2(aesmc) TR2(aesimc) TR2(sha1h) TR2(sha1su1) TR2(sha256su0)
TR3(sha1c) TR3(sha1p) TR3(sha1m) TR3(sha1su0) TR3(sha256h) TR3(sha256h2) TR3(sha256su1)

#define THREE(name, u, size, feature) \
    {#name, "1111 001" u " 0D" size " nnnn dddd 1100 N1M0 mmmm", tr_##name, ARM_FEAT_##feature}
#define TWO(name, size, op, feature) \
    {#name, "1111 0011 1D11 " size " dddd " op "M0 mmmm", tr_##name, ARM_FEAT_##feature}

static const ArmRow rows[] = {
    TWO(aese, "0000", "0011 00", AES), TWO(aesd, "0000", "0011 01", AES),
    TWO(aesmc, "0000", "0011 10", AES), TWO(aesimc, "0000", "0011 11", AES),
    TWO(sha1h, "1001", "0010 11", SHA1), TWO(sha1su1, "1010", "0011 10", SHA1),
    TWO(sha256su0, "1010", "0011 11", SHA256),
    THREE(sha1c, "0", "00", SHA1), THREE(sha1p, "0", "01", SHA1), THREE(sha1m, "0", "10", SHA1),
    THREE(sha1su0, "0", "11", SHA1), THREE(sha256h, "1", "00", SHA256),
    THREE(sha256h2, "1", "01", SHA256), THREE(sha256su1, "1", "10", SHA256),
};
// clang-format on

const ArmChapter a32_neon_crypto = {"neon_crypto", rows, ARRAY_LEN(rows)};
