// T32 loads and stores of one register, or two (DDI 0487 F3.1.5, F3.1.7).
#include "target-arm/a32/t32.h"

static bool transfer(ArmCtx *c, bool load, unsigned t, unsigned n, int32_t disp, IRRef reg,
                     unsigned memop)
{
    A32Transfer x = {.load = load,
                     .t = (uint8_t)t,
                     .n = (uint8_t)n,
                     .index = A32_OFFSET,
                     .disp = disp,
                     .reg = reg,
                     .memop = memop};
    return a32_transfer(c, &x);
}

bool t32_load(ArmCtx *c, unsigned t, unsigned n, int32_t disp, IRRef reg, unsigned memop)
{
    return transfer(c, true, t, n, disp, reg, memop);
}

bool t32_store(ArmCtx *c, unsigned t, unsigned n, int32_t disp, IRRef reg, unsigned memop)
{
    return transfer(c, false, t, n, disp, reg, memop);
}

// What the encodings of a single register share. load, S (sign), z (size), n, t; the low 12 bits i.
static unsigned memop_of(const ArmFields *f)
{
    return f->z | (f->S ? IR_MEM_SIGN : 0);
}

// A load of a byte or halfword into pc is a hint: PLD, PLDW, PLI, or nothing. z 3 and a sign for a
// word are UNDEFINED.
static bool is_hint(const ArmFields *f)
{
    return f->t == 15 && f->z < 2;
}

static bool is_undefined(const ArmFields *f, bool load)
{
    if (f->z == 3 || (f->S && f->z == 2)) {
        return true;
    }
    return !load && (f->n == 15 || f->t == 15);
}

// Into pc: in the middle of an IT block UNPREDICTABLE.
static bool bad_branch(const ArmCtx *c, const ArmFields *f)
{
    return f->t == 15 && !is_hint(f) && t32_inside_it(c);
}

// 8-bit immediates: bits 10..8 are P, U, W.
static bool by_imm8(ArmCtx *c, const ArmFields *f, bool load)
{
    bool p = f->i >> 10 & 1, u = f->i >> 9 & 1, w = f->i >> 8 & 1;
    int32_t disp = u ? (int32_t)(f->i & 0xff) : -(int32_t)(f->i & 0xff);
    A32Transfer x = {.load = load,
                     .t = (uint8_t)f->t,
                     .n = (uint8_t)f->n,
                     .index = !p  ? A32_POST
                              : w ? A32_PRE
                                  : A32_OFFSET,
                     .disp = disp,
                     .reg = IR_NONE,
                     .memop = memop_of(f)};
    if (!p && !w) {
        return false;
    }
    if (p && u && !w) { // LDRT, STRT
        if (f->t == 15) {
            return false;
        }
        x.memop |= a32_memop_unprivileged(c);
    } else if (w && (f->t == f->n || is_hint(f))) {
        return false;
    } else if (is_hint(f)) {
        return true;
    }
    return a32_transfer(c, &x);
}

// A register shifted left by up to 3.
static bool by_reg(ArmCtx *c, const ArmFields *f, bool load)
{
    unsigned m = f->i & 15;
    if (f->i >> 6 & 31 || m == 15) {
        return false;
    }
    if (is_hint(f)) {
        return true;
    }
    IRRef offset = ir_shli(c->b, a32_r(c, m), f->i >> 4 & 3);
    return transfer(c, load, f->t, f->n, 0, offset, memop_of(f));
}

static bool literal(ArmCtx *c, const ArmFields *f, bool up)
{
    int32_t disp = up ? (int32_t)f->i : -(int32_t)f->i;
    return is_hint(f) || transfer(c, true, f->t, 15, disp, IR_NONE, memop_of(f));
}

static bool tr_store(ArmCtx *c, const ArmFields *f)
{
    return !is_undefined(f, false) && (f->i >> 11 ? by_imm8(c, f, false) : by_reg(c, f, false));
}

static bool tr_store_imm12(ArmCtx *c, const ArmFields *f)
{
    return !is_undefined(f, false) &&
           transfer(c, false, f->t, f->n, (int32_t)f->i, IR_NONE, memop_of(f));
}

static bool tr_load(ArmCtx *c, const ArmFields *f)
{
    if (is_undefined(f, true) || bad_branch(c, f)) {
        return false;
    }
    if (f->n == 15) {
        return literal(c, f, false);
    }
    return f->i >> 11 ? by_imm8(c, f, true) : by_reg(c, f, true);
}

static bool tr_load_imm12(ArmCtx *c, const ArmFields *f)
{
    if (is_undefined(f, true) || bad_branch(c, f)) {
        return false;
    }
    if (f->n == 15) {
        return literal(c, f, true);
    }
    return is_hint(f) || transfer(c, true, f->t, f->n, (int32_t)f->i, IR_NONE, memop_of(f));
}

// --- two registers: t and u, an offset in words

static bool dual(ArmCtx *c, const ArmFields *f, bool load, A32Index index)
{
    int32_t disp = (int32_t)f->i * 4;
    bool writeback = index != A32_OFFSET;
    bool bad = f->t == 15 || f->u == 15 || (load && f->t == f->u) || (f->n == 15 && !load) ||
               (writeback && (f->n == f->t || f->n == f->u || f->n == 15));
    A32Transfer x = {.load = load,
                     .t = (uint8_t)f->t,
                     .u = (uint8_t)f->u,
                     .n = (uint8_t)f->n,
                     .index = index,
                     .disp = f->U ? disp : -disp,
                     .reg = IR_NONE};
    return !bad && a32_transfer_dual(c, &x);
}

static bool tr_strd(ArmCtx *c, const ArmFields *f)
{
    return dual(c, f, false, f->W ? A32_PRE : A32_OFFSET);
}

static bool tr_ldrd(ArmCtx *c, const ArmFields *f)
{
    return dual(c, f, true, f->W ? A32_PRE : A32_OFFSET);
}

static bool tr_strd_post(ArmCtx *c, const ArmFields *f)
{
    return dual(c, f, false, A32_POST);
}

static bool tr_ldrd_post(ArmCtx *c, const ArmFields *f)
{
    return dual(c, f, true, A32_POST);
}

static const ArmRow rows[] = {
    {"STR", "1111 1000 0zz0 nnnn tttt iiii iiii iiii", tr_store, 0},
    {"STR_imm12", "1111 1000 1zz0 nnnn tttt iiii iiii iiii", tr_store_imm12, 0},
    {"LDR", "1111 100S 0zz1 nnnn tttt iiii iiii iiii", tr_load, 0},
    {"LDR_imm12", "1111 100S 1zz1 nnnn tttt iiii iiii iiii", tr_load_imm12, 0},
    {"STRD", "1110 1001 U1W0 nnnn tttt uuuu iiii iiii", tr_strd, 0},
    {"LDRD", "1110 1001 U1W1 nnnn tttt uuuu iiii iiii", tr_ldrd, 0},
    {"STRD_post", "1110 1000 U110 nnnn tttt uuuu iiii iiii", tr_strd_post, 0},
    {"LDRD_post", "1110 1000 U111 nnnn tttt uuuu iiii iiii", tr_ldrd_post, 0},
};

const ArmChapter t32_load_store = {"T32 loads and stores", rows, ARRAY_LEN(rows)};
