// Advanced SIMD, one register and a modified immediate (DDI 0487 F4.1.22): VMOV, VMVN, VORR, VBIC.
#include "target-arm/a32/vfp.h"

static IRRef splat64(ArmCtx *c, uint64_t v, bool q)
{
    return ir_vconst(c->b, v, q ? v : 0);
}

static bool tr_imm(ArmCtx *c, const ArmFields *f)
{
    unsigned d = vfp_d(f->d, f->D);
    if ((f->c == 15 && f->o) || !neon_even(d, f->q)) {
        return false;
    }
    if (a32_vfp_trapped(c, true)) {
        return true;
    }
    if (f->c == 15) {
        uint64_t v = a64_expand_fp_imm(2, f->i) * UINT64_C(0x100000001);
        neon_put_reg(c, d, f->q, splat64(c, v, f->q));
        return true;
    }
    uint64_t v = simd_expand_imm(f->o, f->c, f->i);
    IRRef imm;
    if (f->c < 12 && (f->c & 1)) {
        imm = ir_v2(c->b, f->o ? IR_vandn : IR_vor, neon_reg(c, d, f->q), splat64(c, v, f->q), 0);
    } else {
        imm = splat64(c, f->o && f->c != 14 ? ~v : v, f->q);
    }
    neon_put_reg(c, d, f->q, imm);
    return true;
}

static const ArmRow rows[] = {
    {"neon_imm", "1111 001i 1D00 0iii dddd cccc 0qo1 iiii", tr_imm, 0},
};

const ArmChapter a32_neon_immediate = {"neon_immediate", rows, ARRAY_LEN(rows)};
