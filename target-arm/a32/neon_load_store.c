// Advanced SIMD VLD1..4, VST1..4: multiple structures, one lane, to all lanes (DDI 0487 F4.1.27).
//
// Structures are moved as whole pieces of memory and taken apart with permutes, as in A64. Where
// bytes are in the other order, or each element must be aligned (SCTLR.A), they go one by one. The
// alignment that an instruction names is asked of its first access.
#include "target-arm/a32/vfp.h"

enum { NO_INDEX = 15, POST_SIZE = 13 }; // Rm

// A load writes no register before all of its accesses are done.
static void writeback(ArmCtx *c, const ArmFields *f, IRRef base, unsigned bytes)
{
    if (f->m == POST_SIZE) {
        a32_put(c, f->n, ir_addi(c->b, base, bytes));
    } else if (f->m != NO_INDEX) {
        a32_put(c, f->n, ir_add(c->b, base, a32_r(c, f->m)));
    }
}

// memop bits of the access at `disp`. align: log2, of the whole.
static unsigned alignment(const ArmCtx *c, unsigned disp, unsigned align)
{
    if (!disp && align) {
        return IR_MEM_ALIGN | align << IR_MEM_ALIGN_TO;
    }
    return c->flags & ARM_BF_ALIGN ? IR_MEM_ALIGN : 0;
}

static IRType type_of(unsigned esize)
{
    return esize == 3 ? IR_I64 : IR_I32;
}

// Lane `lane` of Dr as one of its Q register.
static unsigned lane_in_q(unsigned d, unsigned esize, unsigned lane)
{
    return d % 2 * (8u >> esize) + lane;
}

static IRRef get_lane(ArmCtx *c, unsigned d, unsigned esize, unsigned lane)
{
    return ir_vget(c->b, type_of(esize), a32_q(c, d / 2), esize, lane_in_q(d, esize, lane));
}

static void put_lane(ArmCtx *c, unsigned d, unsigned esize, unsigned lane, IRRef x)
{
    IRRef q = ir_vset(c->b, a32_q(c, d / 2), x, esize, lane_in_q(d, esize, lane));
    a32_put_q(c, d / 2, q);
}

// --- multiple structures: `repeats` groups of n_regs registers, `step` apart; group r begins at
// first + r

typedef struct Multiple {
    unsigned first, step, repeats, n_regs, esize, align;
    bool load;
} Multiple;

// By type (11..8): structure size (0: not allocated), repeats, step, the highest alignment.
static const struct {
    uint8_t n, repeats, step, align;
} shape[16] = {[0] = {4, 1, 1, 3}, [1] = {4, 1, 2, 3}, [2] = {1, 4, 1, 3}, [3] = {2, 2, 2, 3},
               [4] = {3, 1, 1, 1}, [5] = {3, 1, 2, 1}, [6] = {1, 3, 1, 1}, [7] = {1, 1, 1, 1},
               [8] = {2, 1, 1, 2}, [9] = {2, 1, 2, 2}, [10] = {1, 2, 1, 2}};

static bool by_element(const ArmCtx *c)
{
    return c->flags & (ARM_BF_ALIGN | ARM_BF_E);
}

static void group_by_element(ArmCtx *c, const Multiple *m, IRRef at, unsigned group)
{
    unsigned lanes = 8u >> m->esize, disp = group * m->n_regs * 8;
    IRRef x[32];
    for (unsigned i = 0; i < lanes * m->n_regs; i++, disp += 1u << m->esize) {
        unsigned d = m->first + group + i % m->n_regs * m->step;
        unsigned memop = m->esize | alignment(c, disp, m->align);
        if (m->load) {
            x[i] = a32_load_at(c, at, (int32_t)disp, memop);
        } else {
            a32_store_at(c, at, (int32_t)disp, get_lane(c, d, m->esize, i / m->n_regs), memop);
        }
    }
    for (unsigned i = 0; m->load && i < lanes * m->n_regs; i++) {
        put_lane(c, m->first + group + i % m->n_regs * m->step, m->esize, i / m->n_regs, x[i]);
    }
}

static SimdStructs structs(const Multiple *m)
{
    return (SimdStructs){.esize = m->esize, .n_regs = m->n_regs, .load = m->load};
}

static void load_pieces(ArmCtx *c, const Multiple *m, IRRef at, unsigned group, IRRef *reg)
{
    SimdStructs s = structs(m);
    IRRef mem[4];
    for (unsigned i = 0; i < simd_n_pieces(&s); i++) {
        unsigned disp = group * m->n_regs * 8 + i * 16;
        mem[i] =
            ir_ld(c->b, IR_V128, at, disp, simd_piece_size(&s, i) | alignment(c, disp, m->align));
    }
    if (m->n_regs == 1) {
        reg[0] = mem[0];
    } else {
        simd_take_apart(c, &s, mem, reg);
    }
}

static void load_multiple(ArmCtx *c, const Multiple *m, IRRef at)
{
    IRRef reg[4][4];
    for (unsigned r = 0; r < m->repeats; r++) {
        load_pieces(c, m, at, r, reg[r]);
    }
    for (unsigned r = 0; r < m->repeats; r++) {
        for (unsigned i = 0; i < m->n_regs; i++) {
            a32_put_dv(c, m->first + r + i * m->step, reg[r][i]);
        }
    }
}

static void store_multiple(ArmCtx *c, const Multiple *m, IRRef at)
{
    SimdStructs s = structs(m);
    for (unsigned r = 0; r < m->repeats; r++) {
        IRRef reg[4], mem[4];
        for (unsigned i = 0; i < m->n_regs; i++) {
            reg[i] = a32_dv(c, m->first + r + i * m->step);
        }
        mem[0] = reg[0];
        if (m->n_regs > 1) {
            simd_put_together(c, &s, reg, mem);
        }
        for (unsigned i = 0; i < simd_n_pieces(&s); i++) {
            unsigned disp = r * m->n_regs * 8 + i * 16;
            ir_st(c->b, at, disp, mem[i], simd_piece_size(&s, i) | alignment(c, disp, m->align));
        }
    }
}

static bool tr_multiple(ArmCtx *c, const ArmFields *f)
{
    Multiple m = {.first = vfp_d(f->d, f->D),
                  .step = shape[f->t].step,
                  .repeats = shape[f->t].repeats,
                  .n_regs = shape[f->t].n,
                  .esize = f->s,
                  .align = f->a ? f->a + 2 : 0,
                  .load = f->l};
    if (!m.n_regs || (m.n_regs > 1 && m.esize == 3) || f->a > shape[f->t].align || f->n == A32_PC ||
        m.first + m.repeats - 1 + (m.n_regs - 1) * m.step > 31) {
        return false;
    }
    if (a32_vfp_trapped(c, true)) {
        return true;
    }
    IRRef base = a32_r(c, f->n), at = a32_address(c, base, 0);
    if (by_element(c)) {
        for (unsigned r = 0; r < m.repeats; r++) {
            group_by_element(c, &m, at, r);
        }
    } else if (m.load) {
        load_multiple(c, &m, at);
    } else {
        store_multiple(c, &m, at);
    }
    writeback(c, f, base, m.repeats * m.n_regs * 8);
    return true;
}

// --- one lane of 1 to 4 registers. Field i is index_align.

typedef struct Lane {
    unsigned esize, lane, step, align;
} Lane;

// What index_align says of the bits below the index, by structure size: false: not allocated.
static bool lane_shape(const ArmFields *f, unsigned size, Lane *x)
{
    unsigned n = f->o + 1, low = f->i & mask64(size + 1);
    static const uint8_t word_align[4] = {0, 3, 4, 0};
    *x = (Lane){.esize = size, .lane = f->i >> (size + 1), .step = 1};
    if (size && n > 1) { // the bit below the index doubles the step
        x->step = 1 + (low >> size);
        low &= mask64(size);
    }
    switch (n) {
    case 1: // aligned to its size: all bits but the highest are set
        x->align = low ? size : 0;
        return !low || (size && low == mask64(size));
    case 2:
        x->align = low ? size + 1 : 0;
        return low < 2;
    case 3:
        return !low;
    default:
        x->align = size == 2 ? word_align[low] : low ? size + 2 : 0;
        return low < 2 || (size == 2 && low == 2);
    }
}

static bool tr_lane(ArmCtx *c, const ArmFields *f)
{
    Lane x;
    unsigned n = f->o + 1, first = vfp_d(f->d, f->D);
    IRRef v[4];
    if (!lane_shape(f, extract32(c->insn, 10, 2), &x) || f->n == A32_PC ||
        first + (n - 1) * x.step > 31) {
        return false;
    }
    if (a32_vfp_trapped(c, true)) {
        return true;
    }
    IRRef base = a32_r(c, f->n), at = a32_address(c, base, 0);
    for (unsigned i = 0; i < n; i++) {
        unsigned disp = i << x.esize, memop = x.esize | alignment(c, disp, x.align);
        if (f->l) {
            v[i] = a32_load_at(c, at, (int32_t)disp, memop);
        } else {
            a32_store_at(c, at, (int32_t)disp, get_lane(c, first + i * x.step, x.esize, x.lane),
                         memop);
        }
    }
    for (unsigned i = 0; f->l && i < n; i++) {
        put_lane(c, first + i * x.step, x.esize, x.lane, v[i]);
    }
    writeback(c, f, base, n << x.esize);
    return true;
}

// --- one structure to all lanes. Field T: two registers (VLD1), or a step of two; a: alignment.

static bool all_lanes_shape(const ArmFields *f, Lane *x)
{
    unsigned n = f->o + 1;
    *x = (Lane){.esize = f->s, .step = n > 1 ? 1 + f->T : 1};
    switch (n) {
    case 1:
        x->align = f->a ? f->s : 0;
        return f->s != 3 && !(f->s == 0 && f->a);
    case 2:
        x->align = f->a ? f->s + 1 : 0;
        return f->s != 3;
    case 3:
        return f->s != 3 && !f->a;
    default:
        if (f->s == 3) {
            x->esize = 2;
            x->align = 4;
            return f->a;
        }
        x->align = !f->a ? 0 : f->s == 2 ? 3 : f->s + 2;
        return true;
    }
}

static bool tr_all_lanes(ArmCtx *c, const ArmFields *f)
{
    Lane x;
    unsigned n = f->o + 1, first = vfp_d(f->d, f->D);
    unsigned n_regs = n == 1 ? 1 + f->T : n;
    IRRef v[4];
    if (!all_lanes_shape(f, &x) || f->n == A32_PC || first + (n_regs - 1) * x.step > 31) {
        return false;
    }
    if (a32_vfp_trapped(c, true)) {
        return true;
    }
    IRRef base = a32_r(c, f->n), at = a32_address(c, base, 0);
    for (unsigned i = 0; i < n; i++) {
        unsigned disp = i << x.esize;
        v[i] = a32_load_at(c, at, (int32_t)disp, x.esize | alignment(c, disp, x.align));
    }
    for (unsigned i = 0; i < n_regs; i++) {
        IRRef all = ir_v1(c->b, IR_vdup, v[n == 1 ? 0 : i], x.esize);
        a32_put_dv(c, first + i * x.step, all);
    }
    writeback(c, f, base, n << x.esize);
    return true;
}

// clang-format off
static const ArmRow rows[] = {
    {"vldst_multiple", "1111 0100 0Dl0 nnnn dddd tttt ssaa mmmm", tr_multiple, 0},
    {"vldst_lane_b", "1111 0100 1Dl0 nnnn dddd 0-oo iiii mmmm", tr_lane, 0},
    {"vldst_lane_s", "1111 0100 1Dl0 nnnn dddd 10oo iiii mmmm", tr_lane, 0},
    {"vld_all_lanes", "1111 0100 1D10 nnnn dddd 11oo ssTa mmmm", tr_all_lanes, 0},
};
// clang-format on

const ArmChapter a32_neon_load_store = {"neon_load_store", rows, ARRAY_LEN(rows)};
