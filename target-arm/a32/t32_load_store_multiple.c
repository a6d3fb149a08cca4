// T32 loads and stores of several registers, and of exception state (DDI 0487 F3.1.4).
#include "target-arm/a32/t32.h"

#define LIST_SP UINT32_C(0x2000)
#define LIST_PC UINT32_C(0x8000)

// Fewer than two registers, SP, and pc where it cannot be, are UNPREDICTABLE.
static bool bad_list(const ArmFields *f, uint32_t excluded)
{
    return __builtin_popcount(f->r) < 2 || (f->r & excluded) || f->n == 15 ||
           (f->W && f->r >> f->n & 1);
}

static bool store(ArmCtx *c, const ArmFields *f, bool up)
{
    return !bad_list(f, LIST_SP | LIST_PC) && a32_stm(c, f->n, f->r, up, !up, f->W);
}

static bool load(ArmCtx *c, const ArmFields *f, bool up)
{
    bool both = (f->r & LIST_PC) && (f->r >> A32_LR & 1);
    if (bad_list(f, LIST_SP) || both || ((f->r & LIST_PC) && t32_inside_it(c))) {
        return false;
    }
    return a32_ldm(c, f->n, f->r, up, !up, f->W);
}

// clang-format off
static bool tr_stm(ArmCtx *c, const ArmFields *f) { return store(c, f, true); }
static bool tr_stmdb(ArmCtx *c, const ArmFields *f) { return store(c, f, false); }
static bool tr_ldm(ArmCtx *c, const ArmFields *f) { return load(c, f, true); }
static bool tr_ldmdb(ArmCtx *c, const ArmFields *f) { return load(c, f, false); }

static bool tr_srsdb(ArmCtx *c, const ArmFields *f) { return a32_srs(c, f->m, false, true, f->W); }
static bool tr_srsia(ArmCtx *c, const ArmFields *f) { return a32_srs(c, f->m, true, false, f->W); }
// clang-format on

static bool rfe(ArmCtx *c, const ArmFields *f, bool up)
{
    return f->n != 15 && !t32_inside_it(c) && a32_rfe(c, f->n, up, !up, f->W);
}

static bool tr_rfedb(ArmCtx *c, const ArmFields *f)
{
    return rfe(c, f, false);
}

static bool tr_rfeia(ArmCtx *c, const ArmFields *f)
{
    return rfe(c, f, true);
}

static const ArmRow rows[] = {
    {"SRSDB", "1110 1000 00W0 1101 1100 0000 000m mmmm", tr_srsdb, 0},
    {"RFEDB", "1110 1000 00W1 nnnn 1100 0000 0000 0000", tr_rfedb, 0},
    {"STM", "1110 1000 10W0 nnnn rrrr rrrr rrrr rrrr", tr_stm, 0},
    {"LDM", "1110 1000 10W1 nnnn rrrr rrrr rrrr rrrr", tr_ldm, 0},
    {"STMDB", "1110 1001 00W0 nnnn rrrr rrrr rrrr rrrr", tr_stmdb, 0},
    {"LDMDB", "1110 1001 00W1 nnnn rrrr rrrr rrrr rrrr", tr_ldmdb, 0},
    {"SRSIA", "1110 1001 10W0 1101 1100 0000 000m mmmm", tr_srsia, 0},
    {"RFEIA", "1110 1001 10W1 nnnn 1100 0000 0000 0000", tr_rfeia, 0},
};

const ArmChapter t32_load_store_multiple = {"T32 multiple registers", rows, ARRAY_LEN(rows)};
