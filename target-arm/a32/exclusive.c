// Exclusive and ordered accesses of A32 and T32, SWP (DDI 0487 F4.1.3). The monitor is the one that
// A64 has (a64/load_store_exclusive.c): address, size, and the value in memory, unswapped.
#include "target-arm/a32/share.h"

static bool big_endian(const ArmCtx *c)
{
    return c->flags & ARM_BF_E;
}

static IRType type_of(unsigned size)
{
    return size == 3 ? IR_I64 : IR_I32;
}

// Between memory's order and the guest's: each word of a pair by itself.
static IRRef in_order(ArmCtx *c, IRRef v, unsigned size)
{
    if (!big_endian(c) || !size) {
        return v;
    }
    return ir_bswap(c->b, v, size == 1 ? 16 : 32);
}

// --- the monitor

bool a32_tr_clrex(ArmCtx *c, const ArmFields *f)
{
    (void)f;
    arm_close_monitor(c);
    return true;
}

// --- LDREX, STREX and their ordered forms

bool a32_ldrex(ArmCtx *c, unsigned t, unsigned u, unsigned n, uint32_t disp, unsigned size)
{
    IRRef addr = a32_address(c, a32_r(c, n), (int32_t)disp);
    IRRef v = ir_ld(c->b, type_of(size), addr, 0, size | IR_MEM_ALIGN);
    arm_open_monitor(c, addr, v, size);
    v = in_order(c, v, size);
    if (size < 3) {
        a32_put(c, t, v);
        return true;
    }
    a32_put(c, t, ir_trunc(c->b, v));
    a32_put(c, u, ir_trunc(c->b, ir_shri(c->b, v, 32)));
    return true;
}

static IRRef stored(ArmCtx *c, unsigned t, unsigned u, unsigned size)
{
    IRRef v = a32_r(c, t);
    if (size == 3) {
        IRRef high = ir_shli(c->b, ir_extu(c->b, a32_r(c, u)), 32);
        v = ir_or(c->b, high, ir_extu(c->b, v));
    }
    return in_order(c, v, size);
}

bool a32_strex(ArmCtx *c, unsigned d, unsigned t, unsigned u, unsigned n, uint32_t disp,
               unsigned size)
{
    IRType type = type_of(size);
    IRRef addr = a32_address(c, a32_r(c, n), (int32_t)disp);
    IRRef expected =
        ir_get_n(c->b, type, offsetof(ARMCPU, exclusive_value), type == IR_I64 ? 8 : 4);
    IRRef failed = ir_casif(c->b, addr, expected, stored(c, t, u, size),
                            arm_monitor_holds(c, addr, size), size | IR_MEM_ALIGN);
    arm_close_monitor(c);
    a32_put(c, d, failed);
    return true;
}

bool a32_tr_lda(ArmCtx *c, const ArmFields *f)
{
    a32_put(c, f->t, a32_load_aligned(c, a32_r(c, f->n), 0, f->z | IR_MEM_ACQ));
    return true;
}

bool a32_tr_stl(ArmCtx *c, const ArmFields *f)
{
    a32_store_aligned(c, a32_r(c, f->n), 0, a32_r(c, f->t), f->z | IR_MEM_REL);
    return true;
}

// --- A32's rows: z is 0 word, 1 doubleword, 2 byte, 3 halfword

static unsigned size_of(unsigned z)
{
    static const uint8_t size[] = {2, 3, 0, 1};
    return size[z];
}

static bool tr_ldrex(ArmCtx *c, const ArmFields *f)
{
    unsigned size = size_of(f->z);
    return !(size == 3 && f->t & 1) && a32_ldrex(c, f->t, f->t + 1, f->n, 0, size);
}

static bool tr_strex(ArmCtx *c, const ArmFields *f)
{
    unsigned size = size_of(f->z);
    return !(size == 3 && f->t & 1) && a32_strex(c, f->d, f->t, f->t + 1, f->n, 0, size);
}

static bool tr_lda(ArmCtx *c, const ArmFields *f)
{
    ArmFields g = *f;
    g.z = size_of(f->z);
    return g.z < 3 && a32_tr_lda(c, &g);
}

static bool tr_stl(ArmCtx *c, const ArmFields *f)
{
    ArmFields g = *f;
    g.z = size_of(f->z);
    return g.z < 3 && a32_tr_stl(c, &g);
}

// SWP, SWPB
static bool tr_swp(ArmCtx *c, const ArmFields *f)
{
    if (!(c->flags & ARM_BF_SWP)) {
        return false;
    }
    unsigned size = f->B ? 0 : 2;
    IRRef addr = a32_address(c, a32_r(c, f->n), 0), m = a32_r(c, f->m);
    m = f->B ? ir_zext(c->b, m, 8) : in_order(c, m, size);
    IRRef old = ir_rmw(c->b, IR_RMW_XCHG, addr, m, size | IR_MEM_ALIGN);
    a32_put(c, f->t, in_order(c, old, size));
    return true;
}

static const ArmRow rows[] = {
    {"LDREX", "---- 0001 1zz1 nnnn tttt 1111 1001 1111", tr_ldrex, ARM_FEAT_BASE},
    {"STREX", "---- 0001 1zz0 nnnn dddd 1111 1001 tttt", tr_strex, ARM_FEAT_BASE},
    {"LDAEX", "---- 0001 1zz1 nnnn tttt 1110 1001 1111", tr_ldrex, ARM_FEAT_A32_V8},
    {"STLEX", "---- 0001 1zz0 nnnn dddd 1110 1001 tttt", tr_strex, ARM_FEAT_A32_V8},
    {"LDA", "---- 0001 1zz1 nnnn tttt 1100 1001 1111", tr_lda, ARM_FEAT_A32_V8},
    {"STL", "---- 0001 1zz0 nnnn 1111 1100 1001 tttt", tr_stl, ARM_FEAT_A32_V8},
    {"SWP", "---- 0001 0B00 nnnn tttt 0000 1001 mmmm", tr_swp, ARM_FEAT_BASE},
    {"CLREX", "1111 0101 0111 ---- ---- ---- 0001 ----", a32_tr_clrex, ARM_FEAT_BASE},
};
const ArmChapter a32_exclusive = {"Exclusive accesses", rows, ARRAY_LEN(rows)};
