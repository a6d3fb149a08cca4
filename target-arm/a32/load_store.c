// Loads and stores of one register or of a pair in A32 and T32 (DDI 0487 F4.1.4 - F4.1.6), all
// addressing modes.
//
// A fault must leave the registers as they were: the base is written back after the access.
#include "target-arm/a32/share.h"

// The base's new value for the indexed forms; the address otherwise.
static IRRef indexed(ArmCtx *c, const A32Transfer *x, IRRef base)
{
    return x->reg != IR_NONE ? ir_add(c->b, base, x->reg) : ir_addi(c->b, base, x->disp);
}

static IRRef base_of(ArmCtx *c, const A32Transfer *x)
{
    return x->index == A32_OFFSET ? a32_r_aligned(c, x->n) : a32_r(c, x->n);
}

static void write_back(ArmCtx *c, const A32Transfer *x, IRRef v)
{
    if (x->index != A32_OFFSET) {
        a32_put(c, x->n, v);
    }
}

// Popping into pc returns.
static void put_target(ArmCtx *c, const A32Transfer *x, IRRef v)
{
    if (x->t == A32_PC && x->n == A32_SP) {
        a32_exit_bx(c, v, IR_IND_RET);
    } else {
        a32_put_loaded(c, x->t, v);
    }
}

bool a32_transfer(ArmCtx *c, const A32Transfer *x)
{
    IRRef base = base_of(c, x), moved = indexed(c, x, base);
    IRRef addr = x->index == A32_POST ? base : moved;
    if (!x->load) {
        a32_store(c, addr, 0, a32_r(c, x->t), x->memop);
        write_back(c, x, moved);
        return true;
    }
    IRRef v = a32_load(c, addr, 0, x->memop);
    write_back(c, x, moved);
    put_target(c, x, v);
    return true;
}

// Two words, each of which must be aligned.
bool a32_transfer_dual(ArmCtx *c, const A32Transfer *x)
{
    IRRef base = base_of(c, x), moved = indexed(c, x, base);
    IRRef addr = a32_address(c, x->index == A32_POST ? base : moved, 0);
    if (!x->load) {
        a32_store_at(c, addr, 0, a32_r(c, x->t), 2 | IR_MEM_ALIGN);
        a32_store_at(c, addr, 4, a32_r(c, x->u), 2);
        write_back(c, x, moved);
        return true;
    }
    IRRef first = a32_load_at(c, addr, 0, 2 | IR_MEM_ALIGN);
    IRRef second = a32_load_at(c, addr, 4, 2);
    write_back(c, x, moved);
    a32_put(c, x->t, first);
    a32_put(c, x->u, second);
    return true;
}

// --- A32's rows: P, U, W as in the manual

static A32Transfer transfer(ArmCtx *c, const ArmFields *f, bool load, unsigned memop)
{
    bool unprivileged = !f->P && f->W;
    return (A32Transfer){.load = load,
                         .t = (uint8_t)f->t,
                         .u = (uint8_t)(f->t + 1),
                         .n = (uint8_t)f->n,
                         .index = !f->P  ? A32_POST
                                  : f->W ? A32_PRE
                                         : A32_OFFSET,
                         .reg = IR_NONE,
                         .memop = memop | (unprivileged ? a32_memop_unprivileged(c) : 0)};
}

static void offset_imm(A32Transfer *x, const ArmFields *f)
{
    x->disp = f->U ? (int32_t)f->i : -(int32_t)f->i;
}

static void offset_reg(ArmCtx *c, A32Transfer *x, const ArmFields *f, IRRef v)
{
    x->reg = f->U ? v : ir_neg(c->b, v);
}

static bool tr_imm(ArmCtx *c, const ArmFields *f)
{
    A32Transfer x = transfer(c, f, f->L, f->B ? 0 : 2);
    offset_imm(&x, f);
    return a32_transfer(c, &x);
}

static bool tr_reg(ArmCtx *c, const ArmFields *f)
{
    A32Transfer x = transfer(c, f, f->L, f->B ? 0 : 2);
    offset_reg(c, &x, f, a32_shift_imm(c, a32_r(c, f->m), f->s, f->i, NULL));
    return a32_transfer(c, &x);
}

// s: 1 LDRH and STRH, 2 LDRSB, 3 LDRSH; LDRD and STRD have the codes of signed stores.
static bool extra(ArmCtx *c, const ArmFields *f, unsigned s, IRRef reg)
{
    static const uint8_t memop[] = {0, 1, 0 | IR_MEM_SIGN, 1 | IR_MEM_SIGN};
    A32Transfer x = transfer(c, f, f->L, memop[s]);
    if (reg == IR_NONE) {
        offset_imm(&x, f);
    } else {
        offset_reg(c, &x, f, reg);
    }
    if (f->L || s < 2) {
        return a32_transfer(c, &x);
    }
    x.load = s == 2;
    return !(f->t & 1) && !(!f->P && f->W) && a32_transfer_dual(c, &x);
}

static bool tr_half_imm(ArmCtx *c, const ArmFields *f)
{
    return extra(c, f, 1, IR_NONE);
}

static bool tr_half_reg(ArmCtx *c, const ArmFields *f)
{
    return extra(c, f, 1, a32_r(c, f->m));
}

static bool tr_signed_imm(ArmCtx *c, const ArmFields *f)
{
    return extra(c, f, 2 | f->s, IR_NONE);
}

static bool tr_signed_reg(ArmCtx *c, const ArmFields *f)
{
    return extra(c, f, 2 | f->s, a32_r(c, f->m));
}

// PLD, PLDW, PLI and the unallocated hints of their space
static bool tr_preload(ArmCtx *c, const ArmFields *f)
{
    (void)c, (void)f;
    return true;
}

static const ArmRow rows[] = {
    {"LDR_STR_imm", "---- 010P UBWL nnnn tttt iiii iiii iiii", tr_imm, ARM_FEAT_BASE},
    {"LDR_STR_reg", "---- 011P UBWL nnnn tttt iiii iss0 mmmm", tr_reg, ARM_FEAT_BASE},
    {"LDRH_imm", "---- 000P U1WL nnnn tttt iiii 1011 iiii", tr_half_imm, ARM_FEAT_BASE},
    {"LDRH_reg", "---- 000P U0WL nnnn tttt 0000 1011 mmmm", tr_half_reg, ARM_FEAT_BASE},
    {"LDRS_imm", "---- 000P U1WL nnnn tttt iiii 11s1 iiii", tr_signed_imm, ARM_FEAT_BASE},
    {"LDRS_reg", "---- 000P U0WL nnnn tttt 0000 11s1 mmmm", tr_signed_reg, ARM_FEAT_BASE},
    {"PLD_imm", "1111 0101 -101 ---- 1111 ---- ---- ----", tr_preload, ARM_FEAT_BASE},
    {"PLDW_imm", "1111 0101 -001 ---- 1111 ---- ---- ----", tr_preload, ARM_FEAT_BASE},
    {"PLI_imm", "1111 0100 -101 ---- 1111 ---- ---- ----", tr_preload, ARM_FEAT_BASE},
    {"PLI_hint", "1111 0100 -001 ---- ---- ---- ---- ----", tr_preload, ARM_FEAT_BASE},
    {"PLD_reg", "1111 0111 -101 ---- 1111 ---- ---0 ----", tr_preload, ARM_FEAT_BASE},
    {"PLDW_reg", "1111 0111 -001 ---- 1111 ---- ---0 ----", tr_preload, ARM_FEAT_BASE},
    {"PLI_reg", "1111 0110 -101 ---- 1111 ---- ---0 ----", tr_preload, ARM_FEAT_BASE},
    {"PLI_reg_hint", "1111 0110 -001 ---- ---- ---- ---0 ----", tr_preload, ARM_FEAT_BASE},
};
const ArmChapter a32_load_store = {"Loads and stores", rows, ARRAY_LEN(rows)};
