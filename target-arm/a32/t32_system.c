// T32 status registers, hints, barriers (DDI 0487 F3.1.6).
#include "target-arm/a32/t32.h"

static bool tr_mrs_banked(ArmCtx *c, const ArmFields *f)
{
    return f->d != 15 && a32_tr_mrs_banked(c, f);
}

static bool tr_msr_banked(ArmCtx *c, const ArmFields *f)
{
    return f->n != 15 && a32_tr_msr_banked(c, f);
}

static bool tr_mrs(ArmCtx *c, const ArmFields *f)
{
    return f->d != 15 && a32_tr_mrs(c, f);
}

static bool tr_msr(ArmCtx *c, const ArmFields *f)
{
    return f->n != 15 && a32_tr_msr(c, f);
}

// o: imod, M: the mode changes. Both 0 are the hints. What contradicts itself is UNPREDICTABLE.
static bool tr_cps(ArmCtx *c, const ArmFields *f)
{
    bool enables = f->o & 2;
    if (t32_in_it(c) || f->o == 1 || (f->m && !f->M) || enables != (f->a != 0)) {
        return false;
    }
    return a32_cps(c, f->o, f->a, f->M ? (int)f->m : -1);
}

static const ArmRow rows[] = {
    {"MSR", "1111 0011 100R nnnn 1000 kkkk 0000 0000", tr_msr, 0},
    {"MSR_banked", "1111 0011 100R nnnn 1000 bbbb 001M 0000", tr_msr_banked, ARM_FEAT_VIRT},
    {"MRS", "1111 0011 111R 1111 1000 dddd 0000 0000", tr_mrs, 0},
    {"MRS_banked", "1111 0011 111R bbbb 1000 dddd 001M 0000", tr_mrs_banked, ARM_FEAT_VIRT},
    {"CPS", "1111 0011 1010 1111 1000 0ooM aaam mmmm", tr_cps, 0},
    {"HINT", "1111 0011 1010 1111 1000 0000 iiii iiii", a32_tr_hint, 0},
    {"CLREX", "1111 0011 1011 1111 1000 1111 0010 1111", a32_tr_clrex, 0},
    {"DSB", "1111 0011 1011 1111 1000 1111 0100 oooo", a32_tr_barrier, 0},
    {"DMB", "1111 0011 1011 1111 1000 1111 0101 oooo", a32_tr_barrier, 0},
    {"ISB", "1111 0011 1011 1111 1000 1111 0110 oooo", a32_tr_isb, 0},
    {"SB", "1111 0011 1011 1111 1000 1111 0111 0000", a32_tr_barrier, ARM_FEAT_SB},
};

const ArmChapter t32_system = {"T32 system", rows, ARRAY_LEN(rows)};
