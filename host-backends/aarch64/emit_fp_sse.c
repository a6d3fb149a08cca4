// Floating point by x86's rules on A64's instructions. They differ in which NaN comes out, in when
// tininess is found, in a flag for denormal operands, and in FZ and DAZ. None of that matters as
// long as no operand or result is denormal (or the smallest normal number) and the result is no
// NaN; a guard looks, and leaves for the exact function otherwise:
//
//   y = 2 * bits, without the sign     y - 1 < 2 * smallest normal, unsigned: denormal, or that
//
// Operands are looked at first, so that what the host raises before it leaves is part of what the
// exact function raises.
#include "host-backends/aarch64/emit_fp.h"

// --- guards. Rows of CCMP and FCCMP (DDI 0487 C4.1.94): nzcv, condition of the comparison.
enum { CCMP = 0x7a400000, FCCMP = 0x1e200400, NZCV_V = 1, NZCV_Z = 4, NZCV_NONE = 0 };

static void conditional_compare(A64Code *c, uint32_t op, int a, int b, A64Cond cond, unsigned nzcv)
{
    a64_rrr(c, op | (uint32_t)cond << 12, (int)nzcv, a, b);
}

// Whether a value is denormal goes to C; unless it is the first, only if C is set. T2 and T1 are as
// compare_denormals leaves them.
static void compare_more(Emit *e, int value, bool wide, bool first)
{
    A64Code *c = &e->c;
    uint32_t x = wide ? A64_X : 0;
    a64_fmov_from_vec(c, wide, T0, value);
    a64_rrr_shift(c, A64_ADD | x, T0, T2, T0, A64_LSL, 1);
    if (first) {
        a64_rrr(c, A64_SUBS | x, XZR, T0, T1);
    } else {
        conditional_compare(c, CCMP | x, T0, T1, A64_CS, NZCV_NONE);
    }
}

// Values that must not be denormal, -1 for none. After it CS holds if none of them is.
static void compare_denormals(Emit *e, const int *value, unsigned n, bool wide)
{
    a64_const(&e->c, T2, wide ? UINT64_MAX : UINT32_MAX);
    a64_const(&e->c, T1, wide ? BIT(53) : BIT(24));
    for (unsigned k = 0; k < n; k++) {
        if (value[k] >= 0) {
            compare_more(e, value[k], wide, k == 0);
        }
    }
}

// d = VA, with a's other lanes if they are kept.
static void scalar_result(Emit *e, const IRInsn *i, int d, int a)
{
    A64Code *c = &e->c;
    if (!(i->aux & IR_FP_KEEP)) {
        a64_vmov(c, d, VA);
        return;
    }
    if (d != a) {
        a64_vmov(c, d, a);
    }
    v_insert_lane(c, i->aux & 3, d, 0, VA, 0);
}

// --- all lanes. NZCV stay as they are. VC = all ones.
// d = all ones in lanes where a is denormal, or the smallest normal number.
static void denormal_lanes(A64Code *c, const IRInsn *i, int d, int a)
{
    unsigned esize = i->aux & 3;
    v_shift_left(c, V_SHIFT(0, 10), esize, d, a, 1);
    a64_rrr(c, (uint32_t)V_ADD | V_ESIZE(esize), d, d, VC);
    v_shift_right(c, V_SHIFT(1, 0), esize, d, d, esize == 3 ? 53 : 24);
    a64_rr(c, V_MISC(0, 9) | V_ESIZE(esize), d, d);
}

// The branch that is taken if any bit of a is set; a changes.
static size_t any_lane(A64Code *c, int a)
{
    a64_rr(c, V_ACROSS(1, 10) | V_HIGH | V_ESIZE(2), a, a); // UMAXV
    a64_fmov_from_vec(c, false, T0, a);
    return a64_cbz_fwd(c, false, true, T0);
}

static size_t any_denormal(A64Code *c, const IRInsn *i, int a, int b)
{
    a64_word(c, V_ZERO | 7 << 16 | 31 << 5 | VC); // ones
    denormal_lanes(c, i, VA, a);
    if (b >= 0 && b != a) {
        denormal_lanes(c, i, VB, b);
        a64_rrr(c, (uint32_t)V_ORR, VA, VA, VB);
    }
    return any_lane(c, VA);
}

static void packed_arithmetic(Emit *e, const IRInsn *i, uint32_t op)
{
    A64Code *c = &e->c;
    bool two = i->op != IR_fsqrt;
    int a = ra_use(&e->ra, i->arg[0]), b = two ? ra_use(&e->ra, i->arg[1]) : -1;
    int d = ra_def(&e->ra, e->at, i->arg[0], false);
    size_t denormal = any_denormal(c, i, a, b);
    if (two) {
        a64_rrr(c, a64_fp_row(i, op), VA, a, b);
    } else {
        a64_rr(c, a64_fp_row(i, op), VA, a);
    }
    denormal_lanes(c, i, VB, VA);
    a64_rrr(c, a64_fp_row(i, V_SAME(0, 28)), VC, VA, VA); // equal to itself
    a64_rrr(c, (uint32_t)V_ORN, VB, VB, VC);
    Cold *cold = a64_fp_cold(e, any_lane(c, VB), d, a, b, -1);
    cold->reg[4] = (int)denormal;
    a64_vmov(c, d, VA);
    cold->back = c->pos;
}

// b, unless a is less, or greater; any NaN is invalid.
static void packed_min_max(Emit *e, const IRInsn *i, bool max)
{
    A64Code *c = &e->c;
    int a = ra_use(&e->ra, i->arg[0]), b = ra_use(&e->ra, i->arg[1]);
    int d = ra_def(&e->ra, e->at, i->arg[0], false);
    Cold *cold = a64_fp_cold(e, any_denormal(c, i, a, b), d, a, b, -1);
    a64_rrr(c, a64_fp_row(i, V_SAME(1, 28) | 1u << 23), VA, max ? a : b, max ? b : a); // FCMGT
    a64_rrr(c, (uint32_t)V_BSL, VA, a, b);
    a64_vmov(c, d, VA);
    cold->back = c->pos;
}

// --- add, subtract, multiply, divide, root
void a64_fp_sse_arithmetic(Emit *e, const IRInsn *i, uint32_t scalar, uint32_t lanes)
{
    A64Code *c = &e->c;
    if (!a64_fp_scalar(i)) {
        packed_arithmetic(e, i, lanes);
        return;
    }
    bool two = i->op != IR_fsqrt;
    nz_clobber(e);
    int a = ra_use(&e->ra, i->arg[0]), b = two ? ra_use(&e->ra, i->arg[1]) : -1;
    int d = ra_def(&e->ra, e->at, i->arg[0], false);
    compare_denormals(e, (const int[]){a, b == a ? -1 : b}, 2, a64_fp_wide(i));
    size_t denormal = a64_bcond_fwd(c, A64_CC);
    if (two) {
        a64_rrr(c, a64_fp_row(i, scalar), VA, a, b);
    } else {
        a64_rr(c, a64_fp_row(i, scalar), VA, a);
    }
    compare_more(e, VA, a64_fp_wide(i), true);
    conditional_compare(c, a64_fp_row(i, FCCMP), VA, VA, A64_CS, NZCV_V);
    Cold *cold = a64_fp_cold(e, a64_bcond_fwd(c, A64_VS), d, a, b, -1);
    cold->reg[4] = (int)denormal;
    scalar_result(e, i, d, a);
    cold->back = c->pos;
}

// --- minimum and maximum: b, unless a is less, or greater
void a64_fp_sse_min_max(Emit *e, const IRInsn *i, bool max)
{
    A64Code *c = &e->c;
    if (!a64_fp_scalar(i)) {
        packed_min_max(e, i, max);
        return;
    }
    nz_clobber(e);
    int a = ra_use(&e->ra, i->arg[0]), b = ra_use(&e->ra, i->arg[1]);
    int d = ra_def(&e->ra, e->at, i->arg[0], false);
    compare_denormals(e, (const int[]){a, b}, 2, a64_fp_wide(i));
    Cold *cold = a64_fp_cold(e, a64_bcond_fwd(c, A64_CC), d, a, b, -1);
    a64_rrr(c, a64_fp_row(i, 0x1e202010), 0, a, b); // FCMPE: any NaN is invalid
    a64_csel(c, a64_fp_row(i, 0x1e200c00), VA, a, b, max ? A64_GT : A64_MI); // FCSEL
    scalar_result(e, i, d, a);
    cold->back = c->pos;
}

// --- COMISD and UCOMISD
// NZCV as FCMP would leave them, from packed flags in rd: less N; equal Z, C; greater C; unordered
// C, V.
static void nzcv_from_packed(A64Code *c, int rd)
{
    a64_ubfx(c, false, T0, rd, 8, 1);  // less or unordered
    a64_ubfx(c, false, T1, rd, 14, 1); // equal or unordered
    a64_rrr(c, A64_BIC, T0, T0, T1);
    a64_lsl(c, false, T2, T0, 31);
    a64_logic_imm(c, A64_EORI, T0, T0, 1);
    a64_bfi(c, false, T2, T0, 29, 1);
    a64_ubfx(c, false, T0, rd, 10, 1);
    a64_bfi(c, false, T2, T0, 28, 1);
    a64_rrr(c, A64_BIC, T1, T1, T0);
    a64_bfi(c, false, T2, T1, 30, 1);
    a64_word(c, A64_MSR | SYS_NZCV | T2);
}

static void cold_compare(Emit *e, const Cold *c)
{
    const IRInsn *i = &e->b->insn[c->insn];
    const IRVHelper *h = (const IRVHelper *)(uintptr_t)i->imm;
    A64Code *x = &e->c;
    int rd = c->reg[0] < 0 ? T3 : c->reg[0];
    a64_cold_save(e, c);
    state_store_vec(x, c->reg[1], VARG(1), 16);
    state_store_vec(x, c->reg[2], VARG(2), 16);
    a64_const(x, T0, (uintptr_t)h->fn);
    a64_const(x, T1, i->aux | (uint32_t)i->aux2 << 16);
    a64_thunk(e, T_VCALL_PURE, c->index, 0);
    a64_cold_restore(e, c);
    state_load(x, T0, VARG(0), 4);
    a64_const(x, T1, IR_FLAG_MASK);
    a64_rrr(x, A64_AND, rd, T0, T1);
    nzcv_from_packed(x, rd);
    a64_b(x, c->back);
}

void a64_fp_sse_compare(Emit *e, const IRInsn *i)
{
    A64Code *c = &e->c;
    nz_clobber(e);
    int a = ra_use(&e->ra, i->arg[0]), b = ra_use(&e->ra, i->arg[1]);
    int dst = nz_needs_packed(e, e->at) ? ra_def(&e->ra, e->at, IR_NONE, true) : -1;
    compare_denormals(e, (const int[]){a, b == a ? -1 : b}, 2, a64_fp_wide(i));
    Cold *cold = a64_cold(e, cold_compare, a64_bcond_fwd(c, A64_CC));
    cold->reg[0] = dst;
    cold->reg[1] = a;
    cold->reg[2] = b;
    a64_rrr(c, a64_fp_row(i, i->aux & IR_FCMP_SIGNAL ? 0x1e202010 : 0x1e202000), 0, a, b);
    if (dst >= 0) {
        nz_pack_plain(c, dst, NZ_SSE);
    }
    cold->back = c->pos;
    nz_set(e, e->at, NZ_SSE);
}

// --- between formats: the result counts in its own
void a64_fp_sse_convert(Emit *e, const IRInsn *i)
{
    A64Code *c = &e->c;
    bool narrows = (i->aux & 3) == 3;
    nz_clobber(e);
    int a = ra_use(&e->ra, i->arg[0]);
    int d = ra_def(&e->ra, e->at, i->arg[0], false);
    compare_denormals(e, &a, 1, narrows);
    size_t from = a64_bcond_fwd(c, A64_CC), denormal = 0;
    a64_rr(c, narrows ? 0x1e624000 : 0x1e22c000, VA, a);
    if (narrows) {
        compare_denormals(e, (const int[]){VA}, 1, false);
        denormal = from;
        from = a64_bcond_fwd(c, A64_CC);
    }
    Cold *cold = a64_fp_cold(e, from, d, a, -1, -1);
    cold->reg[4] = (int)denormal;
    a64_vmov(c, d, VA);
    cold->back = c->pos;
}

// --- to integers. What does not fit and NaNs give 0 or a largest number here.
void a64_fp_sse_to_int(Emit *e, const IRInsn *i)
{
    A64Code *c = &e->c;
    bool wide = is_wide(i), current = i->aux2 == IR_RND_CURRENT;
    if (!current && i->aux2 != IR_RND_ZERO) {
        a64_fp_by_exact(e, i);
        return;
    }
    nz_clobber(e);
    int a = ra_use(&e->ra, i->arg[0]);
    int d = ra_def(&e->ra, e->at, IR_NONE, true);
    int src = a;
    compare_denormals(e, &a, 1, a64_fp_wide(i));
    size_t denormal = a64_bcond_fwd(c, A64_CC);
    if (current) {
        a64_rr(c, a64_fp_row(i, 0x1e27c000), VA, a); // FRINTI: inexact is not raised yet
        src = VA;
    }
    a64_rr(c, a64_fp_row(i, a64_wide(0x1e380000, wide)), d, src); // FCVTZS
    a64_add_imm(c, a64_wide(A64_ADDI, wide), T0, d, 1);
    a64_const(c, T1, wide ? (uint64_t)INT64_MIN : (uint32_t)INT32_MIN);
    a64_rrr(c, a64_wide(A64_SUBS, wide), XZR, T0, T1); // the largest number
    conditional_compare(c, a64_wide(CCMP, wide), d, XZR, A64_NE, NZCV_Z);
    Cold *cold = a64_fp_cold(e, a64_bcond_fwd(c, A64_EQ), d, a, -1, -1);
    cold->reg[4] = (int)denormal;
    if (current) {
        a64_rr(c, a64_fp_row(i, 0x1e274000), VB, a); // FRINTX raises it
    }
    cold->back = c->pos;
}
