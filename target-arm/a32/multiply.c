// Multiplies and divides of A32 and T32 (DDI 0487 F4.1.2, F4.1.12). Sums that may overflow are made
// in 64 bits; Q tells whether they did.
#include "target-arm/a32/share.h"

static IRRef wide(ArmCtx *c, unsigned r, bool sign)
{
    IRRef v = a32_r(c, r);
    return sign ? ir_exts(c->b, v) : ir_extu(c->b, v);
}

// The lower or upper half of a register as signed number.
static IRRef half(ArmCtx *c, IRRef v, bool top)
{
    return top ? ir_sari(c->b, v, 16) : ir_sext(c->b, v, 16);
}

static IRRef wide_half(ArmCtx *c, unsigned r, bool top)
{
    return ir_exts(c->b, half(c, a32_r(c, r), top));
}

// N and Z of v; C and V stay.
static void put_nz(ArmCtx *c, IRRef v)
{
    if (ir_type(c->b, v) == IR_I32) {
        a32_put_flags(c, ir_f_nz(c->b, a32_flags(c), v));
        return;
    }
    IRRef old = a32_flags(c);
    IRRef f = ir_f_setc(c->b, ir_f_logic(c->b, v), ir_f_test(c->b, IR_F_C, old));
    a32_put_flags(c, ir_f_setv(c->b, f, ir_f_test(c->b, IR_F_V, old)));
}

// --- 32 bits

static bool put_product(ArmCtx *c, const ArmFields *f, IRRef v)
{
    a32_put(c, f->d, v);
    if (f->S) {
        put_nz(c, v);
    }
    return true;
}

static IRRef product(ArmCtx *c, const ArmFields *f)
{
    return ir_mul(c->b, a32_r(c, f->n), a32_r(c, f->m));
}

bool a32_tr_mul(ArmCtx *c, const ArmFields *f)
{
    return put_product(c, f, product(c, f));
}

bool a32_tr_mla(ArmCtx *c, const ArmFields *f)
{
    return put_product(c, f, ir_add(c->b, a32_r(c, f->a), product(c, f)));
}

bool a32_tr_mls(ArmCtx *c, const ArmFields *f)
{
    a32_put(c, f->d, ir_sub(c->b, a32_r(c, f->a), product(c, f)));
    return true;
}

bool a32_tr_sdiv(ArmCtx *c, const ArmFields *f)
{
    a32_put(c, f->d, ir_divs(c->b, a32_r(c, f->n), a32_r(c, f->m)));
    return true;
}

bool a32_tr_udiv(ArmCtx *c, const ArmFields *f)
{
    a32_put(c, f->d, ir_divu(c->b, a32_r(c, f->n), a32_r(c, f->m)));
    return true;
}

// --- 64 bits

static void put_pair(ArmCtx *c, const ArmFields *f, IRRef v)
{
    IRRef low = ir_trunc(c->b, v), high = ir_trunc(c->b, ir_shri(c->b, v, 32));
    a32_put(c, f->l, low);
    a32_put(c, f->h, high);
}

static IRRef pair(ArmCtx *c, const ArmFields *f)
{
    IRRef high = ir_shli(c->b, wide(c, f->h, false), 32);
    return ir_or(c->b, high, wide(c, f->l, false));
}

static bool multiply_long(ArmCtx *c, const ArmFields *f, bool sign, bool add)
{
    IRRef v = ir_mul(c->b, wide(c, f->n, sign), wide(c, f->m, sign));
    if (add) {
        v = ir_add(c->b, pair(c, f), v);
    }
    put_pair(c, f, v);
    if (f->S) {
        put_nz(c, v);
    }
    return true;
}

bool a32_tr_umull(ArmCtx *c, const ArmFields *f)
{
    return multiply_long(c, f, false, false);
}

bool a32_tr_umlal(ArmCtx *c, const ArmFields *f)
{
    return multiply_long(c, f, false, true);
}

bool a32_tr_smull(ArmCtx *c, const ArmFields *f)
{
    return multiply_long(c, f, true, false);
}

bool a32_tr_smlal(ArmCtx *c, const ArmFields *f)
{
    return multiply_long(c, f, true, true);
}

// The sum of a product and two 32-bit numbers fits in 64 bits.
bool a32_tr_umaal(ArmCtx *c, const ArmFields *f)
{
    IRRef v = ir_mul(c->b, wide(c, f->n, false), wide(c, f->m, false));
    v = ir_add(c->b, v, wide(c, f->h, false));
    put_pair(c, f, ir_add(c->b, v, wide(c, f->l, false)));
    return true;
}

// --- halves

// An I64 to Rd; Q is set if it does not fit.
static bool put_checked(ArmCtx *c, unsigned d, IRRef v)
{
    IRRef r = ir_trunc(c->b, v);
    a32_set_q(c, ir_cmpset(c->b, IR_NE, ir_exts(c->b, r), v));
    a32_put(c, d, r);
    return true;
}

static IRRef product_xy(ArmCtx *c, const ArmFields *f)
{
    return ir_mul(c->b, wide_half(c, f->n, f->x), wide_half(c, f->m, f->y));
}

bool a32_tr_smulxy(ArmCtx *c, const ArmFields *f)
{
    IRRef n = half(c, a32_r(c, f->n), f->x), m = half(c, a32_r(c, f->m), f->y);
    a32_put(c, f->d, ir_mul(c->b, n, m));
    return true;
}

bool a32_tr_smlaxy(ArmCtx *c, const ArmFields *f)
{
    return put_checked(c, f->d, ir_add(c->b, product_xy(c, f), wide(c, f->a, true)));
}

bool a32_tr_smlalxy(ArmCtx *c, const ArmFields *f)
{
    put_pair(c, f, ir_add(c->b, pair(c, f), product_xy(c, f)));
    return true;
}

// Bits 47..16 of the product of a word and a half.
static IRRef product_w(ArmCtx *c, const ArmFields *f)
{
    IRRef v = ir_mul(c->b, wide(c, f->n, true), wide_half(c, f->m, f->y));
    return ir_sari(c->b, v, 16);
}

bool a32_tr_smulwy(ArmCtx *c, const ArmFields *f)
{
    a32_put(c, f->d, ir_trunc(c->b, product_w(c, f)));
    return true;
}

bool a32_tr_smlawy(ArmCtx *c, const ArmFields *f)
{
    return put_checked(c, f->d, ir_add(c->b, product_w(c, f), wide(c, f->a, true)));
}

// --- two products of halves; x: those of m exchanged

static IRRef dual(ArmCtx *c, const ArmFields *f, bool sub)
{
    IRRef low = ir_mul(c->b, wide_half(c, f->n, false), wide_half(c, f->m, f->x));
    IRRef high = ir_mul(c->b, wide_half(c, f->n, true), wide_half(c, f->m, !f->x));
    return sub ? ir_sub(c->b, low, high) : ir_add(c->b, low, high);
}

bool a32_tr_smuad(ArmCtx *c, const ArmFields *f)
{
    return put_checked(c, f->d, dual(c, f, false));
}

bool a32_tr_smusd(ArmCtx *c, const ArmFields *f)
{
    a32_put(c, f->d, ir_trunc(c->b, dual(c, f, true)));
    return true;
}

bool a32_tr_smlad(ArmCtx *c, const ArmFields *f)
{
    return put_checked(c, f->d, ir_add(c->b, dual(c, f, false), wide(c, f->a, true)));
}

bool a32_tr_smlsd(ArmCtx *c, const ArmFields *f)
{
    return put_checked(c, f->d, ir_add(c->b, dual(c, f, true), wide(c, f->a, true)));
}

bool a32_tr_smlald(ArmCtx *c, const ArmFields *f)
{
    put_pair(c, f, ir_add(c->b, pair(c, f), dual(c, f, false)));
    return true;
}

bool a32_tr_smlsld(ArmCtx *c, const ArmFields *f)
{
    put_pair(c, f, ir_add(c->b, pair(c, f), dual(c, f, true)));
    return true;
}

// --- the upper half of a product

static bool put_upper(ArmCtx *c, const ArmFields *f, IRRef v)
{
    v = f->r ? ir_addi(c->b, v, INT64_C(0x80000000)) : v;
    a32_put(c, f->d, ir_trunc(c->b, ir_shri(c->b, v, 32)));
    return true;
}

static IRRef signed_product(ArmCtx *c, const ArmFields *f)
{
    return ir_mul(c->b, wide(c, f->n, true), wide(c, f->m, true));
}

static IRRef upper_accumulator(ArmCtx *c, const ArmFields *f)
{
    return ir_shli(c->b, wide(c, f->a, false), 32);
}

bool a32_tr_smmul(ArmCtx *c, const ArmFields *f)
{
    return put_upper(c, f, signed_product(c, f));
}

bool a32_tr_smmla(ArmCtx *c, const ArmFields *f)
{
    return put_upper(c, f, ir_add(c->b, upper_accumulator(c, f), signed_product(c, f)));
}

bool a32_tr_smmls(ArmCtx *c, const ArmFields *f)
{
    return put_upper(c, f, ir_sub(c->b, upper_accumulator(c, f), signed_product(c, f)));
}

// --- sums of absolute differences

static IRRef absolute_differences(ArmCtx *c, const ArmFields *f)
{
    IRRef n = ir_make(c->b, IR_vfromg, IR_V128, a32_r(c, f->n), IR_NONE, IR_NONE, IR_NONE, 2, 0, 0);
    IRRef m = ir_make(c->b, IR_vfromg, IR_V128, a32_r(c, f->m), IR_NONE, IR_NONE, IR_NONE, 2, 0, 0);
    return ir_vget(c->b, IR_I32, ir_v2(c->b, IR_vsadu, n, m, 0), 2, 0);
}

bool a32_tr_usad8(ArmCtx *c, const ArmFields *f)
{
    a32_put(c, f->d, absolute_differences(c, f));
    return true;
}

bool a32_tr_usada8(ArmCtx *c, const ArmFields *f)
{
    a32_put(c, f->d, ir_add(c->b, absolute_differences(c, f), a32_r(c, f->a)));
    return true;
}

#define SEL ARM_ROW_SELECTS

static const ArmRow rows[] = {
    {"MUL", "---- 0000 000S dddd 0000 mmmm 1001 nnnn", a32_tr_mul, SEL},
    {"MLA", "---- 0000 001S dddd aaaa mmmm 1001 nnnn", a32_tr_mla, SEL},
    {"UMAAL", "---- 0000 0100 hhhh llll mmmm 1001 nnnn", a32_tr_umaal, SEL},
    {"MLS", "---- 0000 0110 dddd aaaa mmmm 1001 nnnn", a32_tr_mls, SEL},
    {"UMULL", "---- 0000 100S hhhh llll mmmm 1001 nnnn", a32_tr_umull, SEL},
    {"UMLAL", "---- 0000 101S hhhh llll mmmm 1001 nnnn", a32_tr_umlal, SEL},
    {"SMULL", "---- 0000 110S hhhh llll mmmm 1001 nnnn", a32_tr_smull, SEL},
    {"SMLAL", "---- 0000 111S hhhh llll mmmm 1001 nnnn", a32_tr_smlal, SEL},
    {"SMLAxy", "---- 0001 0000 dddd aaaa mmmm 1yx0 nnnn", a32_tr_smlaxy, SEL},
    {"SMLAWy", "---- 0001 0010 dddd aaaa mmmm 1y00 nnnn", a32_tr_smlawy, SEL},
    {"SMULWy", "---- 0001 0010 dddd 0000 mmmm 1y10 nnnn", a32_tr_smulwy, SEL},
    {"SMLALxy", "---- 0001 0100 hhhh llll mmmm 1yx0 nnnn", a32_tr_smlalxy, SEL},
    {"SMULxy", "---- 0001 0110 dddd 0000 mmmm 1yx0 nnnn", a32_tr_smulxy, SEL},
    {"SMLAD", "---- 0111 0000 dddd aaaa mmmm 00x1 nnnn", a32_tr_smlad, SEL},
    {"SMUAD", "---- 0111 0000 dddd 1111 mmmm 00x1 nnnn", a32_tr_smuad, SEL},
    {"SMLSD", "---- 0111 0000 dddd aaaa mmmm 01x1 nnnn", a32_tr_smlsd, SEL},
    {"SMUSD", "---- 0111 0000 dddd 1111 mmmm 01x1 nnnn", a32_tr_smusd, SEL},
    {"SDIV", "---- 0111 0001 dddd 1111 mmmm 0001 nnnn", a32_tr_sdiv, SEL | ARM_FEAT_IDIV},
    {"UDIV", "---- 0111 0011 dddd 1111 mmmm 0001 nnnn", a32_tr_udiv, SEL | ARM_FEAT_IDIV},
    {"SMLALD", "---- 0111 0100 hhhh llll mmmm 00x1 nnnn", a32_tr_smlald, SEL},
    {"SMLSLD", "---- 0111 0100 hhhh llll mmmm 01x1 nnnn", a32_tr_smlsld, SEL},
    {"SMMLA", "---- 0111 0101 dddd aaaa mmmm 00r1 nnnn", a32_tr_smmla, SEL},
    {"SMMUL", "---- 0111 0101 dddd 1111 mmmm 00r1 nnnn", a32_tr_smmul, SEL},
    {"SMMLS", "---- 0111 0101 dddd aaaa mmmm 11r1 nnnn", a32_tr_smmls, SEL},
    {"USADA8", "---- 0111 1000 dddd aaaa mmmm 0001 nnnn", a32_tr_usada8, SEL},
    {"USAD8", "---- 0111 1000 dddd 1111 mmmm 0001 nnnn", a32_tr_usad8, SEL},
};
const ArmChapter a32_multiply = {"Multiply and divide", rows, ARRAY_LEN(rows)};
