// VLDR, VSTR, VLDM, VSTM, VPUSH, VPOP (DDI 0487 F4.1.23). Doublewords are read and written at once
// where their bytes are in order; only alignment to words is asked for.
#include "target-arm/a32/vfp.h"

#define ALIGNED_4 (IR_MEM_ALIGN | 2u << IR_MEM_ALIGN_TO)

// Big-endian doublewords are two words, the upper one first; a32_load_at swaps all eight bytes,
// which is the same.
static void load(ArmCtx *c, IRRef at, int32_t disp, unsigned r, unsigned esize, bool check)
{
    unsigned align = check ? ALIGNED_4 : 0;
    if (esize == 3) {
        a32_put_d(c, r, a32_load_at(c, at, disp, 3 | align));
    } else if (esize == 2) {
        a32_put_s(c, r, a32_load_at(c, at, disp, 2 | align));
    } else {
        a32_put_s(c, r, a32_load_at(c, at, disp, 1 | (check ? IR_MEM_ALIGN : 0)));
    }
}

static void store(ArmCtx *c, IRRef at, int32_t disp, unsigned r, unsigned esize, bool check)
{
    unsigned align = check ? ALIGNED_4 : 0;
    if (esize == 3) {
        a32_store_at(c, at, disp, a32_d(c, r), 3 | align);
    } else if (esize == 2) {
        a32_store_at(c, at, disp, a32_s(c, r), 2 | align);
    } else {
        a32_store_at(c, at, disp, a32_s(c, r), 1 | (check ? IR_MEM_ALIGN : 0));
    }
}

// --- one register. Field z: its size; half precision scales by two.

static bool tr_one(ArmCtx *c, const ArmFields *f)
{
    if (!f->z || (f->z == 1 && !arm_has(c->cpu, ARM_FEAT_FP16)) ||
        (f->n == A32_PC && !f->l && a32_thumb(c))) {
        return false;
    }
    if (a32_vfp_trapped(c, false)) {
        return true;
    }
    int32_t disp = (int32_t)(f->i << (f->z == 1 ? 1 : 2));
    IRRef at = a32_address(c, a32_r_aligned(c, f->n), f->u ? disp : -disp);
    unsigned r = vfp_reg(f->d, f->D, f->z);
    if (f->l) {
        load(c, at, 0, r, f->z, true);
    } else {
        store(c, at, 0, r, f->z, true);
    }
    return true;
}

// --- several. A doubleword count that is odd is FLDMX's, FSTMX's: one word more to step over.

static void all(ArmCtx *c, const ArmFields *f, IRRef at, unsigned first, unsigned n, unsigned esize)
{
    IRRef x[32];
    for (unsigned i = 0; i < n; i++) {
        int32_t disp = (int32_t)(i << esize);
        unsigned align = i ? 0 : ALIGNED_4;
        if (f->l) {
            x[i] = a32_load_at(c, at, disp, esize | align);
        } else {
            store(c, at, disp, first + i, esize, !i);
        }
    }
    for (unsigned i = 0; f->l && i < n; i++) {
        if (esize == 3) {
            a32_put_d(c, first + i, x[i]);
        } else {
            a32_put_s(c, first + i, x[i]);
        }
    }
}

static bool multiple(ArmCtx *c, const ArmFields *f, bool before, bool writeback)
{
    unsigned esize = 2 + f->z, first = vfp_reg(f->d, f->D, esize), n = f->i >> f->z;
    if (!n || first + n > 32 || (f->z && n > 16) ||
        (f->n == A32_PC && (writeback || a32_thumb(c)))) {
        return false;
    }
    if (a32_vfp_trapped(c, false)) {
        return true;
    }
    int32_t bytes = (int32_t)f->i * 4;
    IRRef base = a32_r_aligned(c, f->n);
    all(c, f, a32_address(c, base, before ? -bytes : 0), first, n, esize);
    if (writeback) {
        a32_put(c, f->n, ir_addi(c->b, base, before ? -bytes : bytes));
    }
    return true;
}

static bool tr_after(ArmCtx *c, const ArmFields *f)
{
    return multiple(c, f, false, f->w);
}
static bool tr_before(ArmCtx *c, const ArmFields *f)
{
    return multiple(c, f, true, true);
}

static const ArmRow rows[] = {
    {"vldst", VFP_COND "1101 uD0l nnnn dddd 10zz iiii iiii", tr_one, 0},
    {"vldstm_ia", VFP_COND "1100 1Dwl nnnn dddd 101z iiii iiii", tr_after, 0},
    {"vldstm_db", VFP_COND "1101 0D1l nnnn dddd 101z iiii iiii", tr_before, 0},
};

const ArmChapter a32_vfp_load_store = {"vfp_load_store", rows, ARRAY_LEN(rows)};
