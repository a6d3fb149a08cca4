// T32 branches and exceptions (DDI 0487 F3.1.6), table branches (F3.1.5).
#include "target-arm/a32/t32.h"

// 25 bits: s, then j and k, inverted where s is 0, then `low`.
static int32_t far_offset(const ArmFields *f, uint32_t low)
{
    uint32_t i1 = ~(f->j ^ f->s) & 1, i2 = ~(f->k ^ f->s) & 1;
    return t32_sign(f->s << 24 | i1 << 23 | i2 << 22 | low, 25);
}

// The conditions 14 and 15 are other instructions' encodings.
static bool tr_b_cond(ArmCtx *c, const ArmFields *f)
{
    uint32_t offset = f->s << 20 | f->k << 19 | f->j << 18 | f->i << 1;
    if (f->c >= A32_COND_AL || t32_in_it(c)) {
        return false;
    }
    c->cond = (uint8_t)f->c;
    c->selects = true;
    a32_exit_jump(c, t32_target(c, t32_sign(offset, 21)));
    return true;
}

static bool tr_b(ArmCtx *c, const ArmFields *f)
{
    if (t32_inside_it(c)) {
        return false;
    }
    a32_exit_jump(c, t32_target(c, far_offset(f, f->i << 1)));
    return true;
}

static void put_link(ArmCtx *c)
{
    a32_put(c, A32_LR, ir_i32(c->b, a32_link_value(c)));
}

static bool tr_bl(ArmCtx *c, const ArmFields *f)
{
    if (t32_inside_it(c)) {
        return false;
    }
    put_link(c);
    a32_exit_call(c, t32_target(c, far_offset(f, f->i << 1)));
    return true;
}

static bool tr_blx(ArmCtx *c, const ArmFields *f)
{
    if (t32_inside_it(c)) {
        return false;
    }
    put_link(c);
    a32_exit_call_exchange(c, t32_target(c, far_offset(f, f->i << 2)) & ~UINT32_C(3));
    return true;
}

// Twice the entry m of the table at n, from the pc that the instruction reads.
static bool table_branch(ArmCtx *c, const ArmFields *f, unsigned size)
{
    if (t32_inside_it(c) || f->m == 15) {
        return false;
    }
    IRRef at = ir_add(c->b, a32_r(c, f->n), ir_shli(c->b, a32_r(c, f->m), size));
    IRRef entry = a32_load(c, at, 0, size);
    IRRef from = ir_i32(c->b, t32_target(c, 0) | (uint32_t)ARM_PC_T);
    a32_exit_bx(c, ir_add(c->b, from, ir_shli(c->b, entry, 1)), IR_IND_JUMP);
    return true;
}

static bool tr_tbb(ArmCtx *c, const ArmFields *f)
{
    return table_branch(c, f, 0);
}

static bool tr_tbh(ArmCtx *c, const ArmFields *f)
{
    return table_branch(c, f, 1);
}

static bool tr_bxj(ArmCtx *c, const ArmFields *f)
{
    return !t32_inside_it(c) && f->m != 15 && a32_tr_bxj(c, f);
}

// SUBS PC, LR, #i; with 0, ERET.
static bool tr_subs_pc(ArmCtx *c, const ArmFields *f)
{
    if (t32_inside_it(c)) {
        return false;
    }
    return a32_exception_return(c, ir_addi(c->b, a32_r(c, A32_LR), -(int64_t)f->i));
}

// Not in IT blocks.
static bool tr_hvc(ArmCtx *c, const ArmFields *f)
{
    return !t32_in_it(c) && a32_tr_hvc(c, f);
}

static bool tr_smc(ArmCtx *c, const ArmFields *f)
{
    return !t32_inside_it(c) && a32_tr_smc(c, f);
}

static const ArmRow rows[] = {
    {"B_cond", "1111 0scc ccii iiii 10j0 kiii iiii iiii", tr_b_cond, 0},
    {"B", "1111 0sii iiii iiii 10j1 kiii iiii iiii", tr_b, 0},
    {"BL", "1111 0sii iiii iiii 11j1 kiii iiii iiii", tr_bl, 0},
    {"BLX", "1111 0sii iiii iiii 11j0 kiii iiii iii0", tr_blx, 0},
    {"TBB", "1110 1000 1101 nnnn 1111 0000 0000 mmmm", tr_tbb, 0},
    {"TBH", "1110 1000 1101 nnnn 1111 0000 0001 mmmm", tr_tbh, 0},
    {"BXJ", "1111 0011 1100 mmmm 1000 1111 0000 0000", tr_bxj, 0},
    {"SUBS_PC", "1111 0011 1101 1110 1000 1111 iiii iiii", tr_subs_pc, 0},
    {"HVC", "1111 0111 1110 iiii 1000 iiii iiii iiii", tr_hvc, ARM_FEAT_VIRT},
    {"SMC", "1111 0111 1111 iiii 1000 0000 0000 0000", tr_smc, 0},
    {"UDF", "1111 0111 1111 iiii 1010 iiii iiii iiii", a32_tr_udf, 0},
};

const ArmChapter t32_branches = {"T32 branches", rows, ARRAY_LEN(rows)};
