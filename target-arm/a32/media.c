// Media and bit operations of A32 and T32 (DDI 0487 F4.1.9 - F4.1.13): parallel arithmetic with the
// GE flags, selection and packing, saturation, extension, byte and bit order, bit fields, CRC.
//
// Parallel arithmetic widens the lanes to twice their size in a vector register, where sums are
// exact. GE flags are kept as byte masks (cpu.h), which is what comparing lanes gives.
#include "target-arm/a32/share.h"
#include "target-arm/helpers.h"

// --- GE

static void put_ge(ArmCtx *c, IRRef v)
{
    if (c->selects) {
        IRRef old = ir_get(c->b, IR_I32, offsetof(ARMCPU, ge));
        v = ir_f_select(c->b, a32_cond_of(c->cond), c->cond_flags, v, old);
    }
    ir_put(c->b, offsetof(ARMCPU, ge), v);
}

bool a32_tr_sel(ArmCtx *c, const ArmFields *f)
{
    IRRef ge = ir_get(c->b, IR_I32, offsetof(ARMCPU, ge));
    IRRef n = ir_and(c->b, a32_r(c, f->n), ge), m = ir_andn(c->b, a32_r(c, f->m), ge);
    a32_put(c, f->d, ir_or(c->b, n, m));
    return true;
}

// --- parallel addition and subtraction

enum { PAR_S = 1, PAR_Q, PAR_SH, PAR_U = 5, PAR_UQ, PAR_UH };
enum { PAR_ADD16, PAR_ASX, PAR_SAX, PAR_SUB16, PAR_ADD8, PAR_SUB8 = 7 };

static IRRef to_vector(ArmCtx *c, IRRef v)
{
    return ir_make(c->b, IR_vfromg, IR_V128, v, IR_NONE, IR_NONE, IR_NONE, 2, 0, 0);
}

static IRRef from_vector(ArmCtx *c, IRRef v)
{
    return ir_vget(c->b, IR_I32, v, 2, 0);
}

// Sums, differences, or one of each in the two halves.
typedef struct Parallel {
    ArmCtx *c;
    unsigned op;
    unsigned esize; // of the operation's vector ops
} Parallel;

static bool exchanges(unsigned op)
{
    return op == PAR_ASX || op == PAR_SAX;
}

static IRRef add_sub(const Parallel *p, IRRef n, IRRef m, IROpcode add, IROpcode sub)
{
    IRBlock *b = p->c->b;
    if (p->op == PAR_ADD16 || p->op == PAR_ADD8) {
        return ir_v2(b, add, n, m, p->esize);
    }
    IRRef difference = ir_v2(b, sub, n, m, p->esize);
    if (!exchanges(p->op)) {
        return difference;
    }
    unsigned lane = p->op == PAR_ASX;
    return ir_v2(b, IR_vmovlane, difference, ir_v2(b, add, n, m, p->esize),
                 p->esize | lane << 8 | lane << 12);
}

static IRRef widened(ArmCtx *c, IRRef v, unsigned esize, bool sign)
{
    return ir_v1(c->b, sign ? IR_vwiden_s : IR_vwiden_u, v, esize);
}

// In each widened lane: what an exact result must reach for its GE to be set.
static IRRef ge_bound(const Parallel *p, bool sign)
{
    uint64_t carry = p->esize == 1 ? UINT64_C(0x0100010001000100) : UINT64_C(0x0001000000010000);
    bool add = p->op == PAR_ADD16 || p->op == PAR_ADD8;
    if (sign || !(add || exchanges(p->op))) {
        carry = 0;
    } else if (exchanges(p->op)) { // the half that is a sum
        carry &= p->op == PAR_ASX ? UINT64_C(0xffffffff00000000) : UINT64_C(0xffffffff);
    }
    return ir_vconst(p->c->b, carry, 0);
}

static bool parallel_exact(ArmCtx *c, unsigned kind, unsigned op, unsigned d, IRRef n, IRRef m)
{
    bool sign = kind < PAR_U, halve = kind == PAR_SH || kind == PAR_UH;
    unsigned esize = op >= PAR_ADD8 ? 0 : 1;
    Parallel p = {c, op, esize + 1};
    IRRef sum =
        add_sub(&p, widened(c, n, esize, sign), widened(c, m, esize, sign), IR_vadd, IR_vsub);
    IRRef v = halve ? ir_v1i(c->b, IR_vsari, sum, p.esize, 1) : sum;
    a32_put(c, d, from_vector(c, ir_v1(c->b, IR_vnarrow, v, p.esize)));
    if (!halve) {
        IRRef ge = ir_v2(c->b, IR_vcge, sum, ge_bound(&p, sign), p.esize);
        put_ge(c, from_vector(c, ir_v1(c->b, IR_vnarrow, ge, p.esize)));
    }
    return true;
}

static bool parallel_saturating(ArmCtx *c, unsigned kind, unsigned op, unsigned d, IRRef n, IRRef m)
{
    Parallel p = {c, op, op >= PAR_ADD8 ? 0 : 1};
    bool sign = kind == PAR_Q;
    IRRef v = add_sub(&p, n, m, sign ? IR_vqadds : IR_vqaddu, sign ? IR_vqsubs : IR_vqsubu);
    a32_put(c, d, from_vector(c, v));
    return true;
}

bool a32_parallel(ArmCtx *c, unsigned kind, unsigned op, unsigned d, unsigned n, unsigned m)
{
    if ((kind & 3) == 0 || op == 5 || op == 6) {
        return false;
    }
    IRRef x = a32_r(c, n), y = a32_r(c, m);
    if (exchanges(op)) {
        y = ir_ror(c->b, y, ir_i32(c->b, 16));
    }
    x = to_vector(c, x);
    y = to_vector(c, y);
    if ((kind & 3) == PAR_Q) {
        return parallel_saturating(c, kind, op, d, x, y);
    }
    return parallel_exact(c, kind, op, d, x, y);
}

static bool tr_parallel(ArmCtx *c, const ArmFields *f)
{
    return a32_parallel(c, f->p, f->o, f->d, f->n, f->m);
}

// --- packing and extension

bool a32_tr_pkh(ArmCtx *c, const ArmFields *f)
{
    IRRef n = a32_r(c, f->n), m = a32_shift_imm(c, a32_r(c, f->m), f->t ? 2 : 0, f->i, NULL);
    a32_put(c, f->d, f->t ? ir_deposit(c->b, n, m, 0, 16) : ir_deposit(c->b, m, n, 0, 16));
    return true;
}

static IRRef rotated(ArmCtx *c, const ArmFields *f)
{
    IRRef m = a32_r(c, f->m);
    return f->r ? ir_ror(c->b, m, ir_i32(c->b, 8 * f->r)) : m;
}

static bool put_sum(ArmCtx *c, const ArmFields *f, IRRef v)
{
    a32_put(c, f->d, f->n == A32_PC ? v : ir_add(c->b, a32_r(c, f->n), v));
    return true;
}

bool a32_tr_sxtab(ArmCtx *c, const ArmFields *f)
{
    return put_sum(c, f, ir_sext(c->b, rotated(c, f), 8));
}

bool a32_tr_sxtah(ArmCtx *c, const ArmFields *f)
{
    return put_sum(c, f, ir_sext(c->b, rotated(c, f), 16));
}

bool a32_tr_uxtab(ArmCtx *c, const ArmFields *f)
{
    return put_sum(c, f, ir_zext(c->b, rotated(c, f), 8));
}

bool a32_tr_uxtah(ArmCtx *c, const ArmFields *f)
{
    return put_sum(c, f, ir_zext(c->b, rotated(c, f), 16));
}

// Bytes 0 and 2, each extended to 16 bits and added to a half of n.
static bool extend16(ArmCtx *c, const ArmFields *f, bool sign)
{
    IRRef m = rotated(c, f);
    IRRef low = sign ? ir_sext(c->b, m, 8) : ir_zext(c->b, m, 8);
    IRRef high = sign ? ir_sextract(c->b, m, 16, 8) : ir_extract(c->b, m, 16, 8);
    if (f->n != A32_PC) {
        IRRef n = a32_r(c, f->n);
        low = ir_add(c->b, n, low);
        high = ir_add(c->b, ir_shri(c->b, n, 16), high);
    }
    a32_put(c, f->d, ir_deposit(c->b, low, high, 16, 16));
    return true;
}

bool a32_tr_sxtab16(ArmCtx *c, const ArmFields *f)
{
    return extend16(c, f, true);
}

bool a32_tr_uxtab16(ArmCtx *c, const ArmFields *f)
{
    return extend16(c, f, false);
}

// --- saturation

static IRRef clamp(ArmCtx *c, IRRef v, int32_t least, int32_t most)
{
    IRRef low = ir_i32(c->b, (uint32_t)least), high = ir_i32(c->b, (uint32_t)most);
    v = ir_select(c->b, IR_GT, v, high, high, v);
    return ir_select(c->b, IR_LT, v, low, low, v);
}

static bool saturate(ArmCtx *c, const ArmFields *f, int32_t least, int32_t most)
{
    IRRef v = a32_shift_imm(c, a32_r(c, f->n), f->h ? 2 : 0, f->i, NULL);
    IRRef r = clamp(c, v, least, most);
    a32_set_q(c, ir_xor(c->b, r, v));
    a32_put(c, f->d, r);
    return true;
}

bool a32_tr_ssat(ArmCtx *c, const ArmFields *f)
{
    uint32_t top = 1u << f->s;
    return saturate(c, f, (int32_t)-top, (int32_t)(top - 1));
}

bool a32_tr_usat(ArmCtx *c, const ArmFields *f)
{
    return saturate(c, f, 0, (int32_t)((1u << f->s) - 1));
}

static bool saturate16(ArmCtx *c, const ArmFields *f, int32_t least, int32_t most)
{
    IRRef n = a32_r(c, f->n);
    IRRef low = ir_sext(c->b, n, 16), high = ir_sari(c->b, n, 16);
    IRRef a = clamp(c, low, least, most), b = clamp(c, high, least, most);
    a32_set_q(c, ir_or(c->b, ir_xor(c->b, a, low), ir_xor(c->b, b, high)));
    a32_put(c, f->d, ir_deposit(c->b, a, b, 16, 16));
    return true;
}

bool a32_tr_ssat16(ArmCtx *c, const ArmFields *f)
{
    int32_t top = 1 << f->s;
    return saturate16(c, f, -top, top - 1);
}

bool a32_tr_usat16(ArmCtx *c, const ArmFields *f)
{
    return saturate16(c, f, 0, (1 << f->s) - 1);
}

// An I64 clamped to 32 bits; Q is set if that changes it.
static IRRef saturate_word(ArmCtx *c, IRRef v)
{
    IRRef low = ir_i64(c->b, (uint64_t)INT32_MIN), high = ir_i64(c->b, INT32_MAX);
    IRRef r = ir_select(c->b, IR_GT, v, high, high, v);
    r = ir_select(c->b, IR_LT, r, low, low, r);
    a32_set_q(c, ir_cmpset(c->b, IR_NE, r, v));
    return r;
}

static bool saturating_add(ArmCtx *c, const ArmFields *f, bool doubled, bool sub)
{
    IRRef m = ir_exts(c->b, a32_r(c, f->m)), n = ir_exts(c->b, a32_r(c, f->n));
    if (doubled) {
        n = saturate_word(c, ir_add(c->b, n, n));
    }
    IRRef v = saturate_word(c, sub ? ir_sub(c->b, m, n) : ir_add(c->b, m, n));
    a32_put(c, f->d, ir_trunc(c->b, v));
    return true;
}

bool a32_tr_qadd(ArmCtx *c, const ArmFields *f)
{
    return saturating_add(c, f, false, false);
}

bool a32_tr_qsub(ArmCtx *c, const ArmFields *f)
{
    return saturating_add(c, f, false, true);
}

bool a32_tr_qdadd(ArmCtx *c, const ArmFields *f)
{
    return saturating_add(c, f, true, false);
}

bool a32_tr_qdsub(ArmCtx *c, const ArmFields *f)
{
    return saturating_add(c, f, true, true);
}

// --- order of bytes and bits

bool a32_tr_rev(ArmCtx *c, const ArmFields *f)
{
    a32_put(c, f->d, ir_bswap(c->b, a32_r(c, f->m), 32));
    return true;
}

bool a32_tr_rev16(ArmCtx *c, const ArmFields *f)
{
    a32_put(c, f->d, ir_bswap(c->b, a32_r(c, f->m), 16));
    return true;
}

bool a32_tr_revsh(ArmCtx *c, const ArmFields *f)
{
    a32_put(c, f->d, ir_sext(c->b, ir_bswap(c->b, a32_r(c, f->m), 16), 16));
    return true;
}

bool a32_tr_rbit(ArmCtx *c, const ArmFields *f)
{
    a32_put(c, f->d, ir_rbit(c->b, a32_r(c, f->m)));
    return true;
}

bool a32_tr_clz(ArmCtx *c, const ArmFields *f)
{
    a32_put(c, f->d, ir_clz(c->b, a32_r(c, f->m)));
    return true;
}

// --- bit fields

bool a32_tr_bfi(ArmCtx *c, const ArmFields *f)
{
    if (f->w < f->l) {
        return false;
    }
    IRRef field = f->n == A32_PC ? ir_i32(c->b, 0) : a32_r(c, f->n);
    unsigned len = f->w - f->l + 1;
    a32_put(c, f->d, len == 32 ? field : ir_deposit(c->b, a32_r(c, f->d), field, f->l, len));
    return true;
}

bool a32_tr_sbfx(ArmCtx *c, const ArmFields *f)
{
    if (f->l + f->w > 31) {
        return false;
    }
    IRRef n = a32_r(c, f->n);
    a32_put(c, f->d, f->w == 31 ? n : ir_sextract(c->b, n, f->l, f->w + 1));
    return true;
}

bool a32_tr_ubfx(ArmCtx *c, const ArmFields *f)
{
    if (f->l + f->w > 31) {
        return false;
    }
    IRRef n = a32_r(c, f->n);
    a32_put(c, f->d, f->w == 31 ? n : ir_extract(c->b, n, f->l, f->w + 1));
    return true;
}

// --- CRC

bool a32_tr_crc32(ArmCtx *c, const ArmFields *f)
{
    if (f->z == 3) {
        return false;
    }
    IRRef acc = a32_r(c, f->n), v = ir_extu(c->b, a32_r(c, f->m));
    IRRef z = ir_i32(c->b, f->z);
    a32_put(c, f->d,
            f->C ? ir_crc32c(c->b, acc, v, f->z) : ir_call(c->b, &arm_h_crc32, acc, v, z, IR_NONE));
    return true;
}

#define SEL ARM_ROW_SELECTS

static const ArmRow rows[] = {
    {"PARALLEL", "---- 0110 0ppp nnnn dddd 1111 ooo1 mmmm", tr_parallel, SEL},
    {"SEL", "---- 0110 1000 nnnn dddd 1111 1011 mmmm", a32_tr_sel, SEL},
    {"PKH", "---- 0110 1000 nnnn dddd iiii it01 mmmm", a32_tr_pkh, SEL},
    {"SSAT", "---- 0110 101s ssss dddd iiii ih01 nnnn", a32_tr_ssat, SEL},
    {"USAT", "---- 0110 111s ssss dddd iiii ih01 nnnn", a32_tr_usat, SEL},
    {"SSAT16", "---- 0110 1010 ssss dddd 1111 0011 nnnn", a32_tr_ssat16, SEL},
    {"USAT16", "---- 0110 1110 ssss dddd 1111 0011 nnnn", a32_tr_usat16, SEL},
    {"SXTAB16", "---- 0110 1000 nnnn dddd rr00 0111 mmmm", a32_tr_sxtab16, SEL},
    {"SXTAB", "---- 0110 1010 nnnn dddd rr00 0111 mmmm", a32_tr_sxtab, SEL},
    {"SXTAH", "---- 0110 1011 nnnn dddd rr00 0111 mmmm", a32_tr_sxtah, SEL},
    {"UXTAB16", "---- 0110 1100 nnnn dddd rr00 0111 mmmm", a32_tr_uxtab16, SEL},
    {"UXTAB", "---- 0110 1110 nnnn dddd rr00 0111 mmmm", a32_tr_uxtab, SEL},
    {"UXTAH", "---- 0110 1111 nnnn dddd rr00 0111 mmmm", a32_tr_uxtah, SEL},
    {"REV", "---- 0110 1011 1111 dddd 1111 0011 mmmm", a32_tr_rev, SEL},
    {"REV16", "---- 0110 1011 1111 dddd 1111 1011 mmmm", a32_tr_rev16, SEL},
    {"RBIT", "---- 0110 1111 1111 dddd 1111 0011 mmmm", a32_tr_rbit, SEL},
    {"REVSH", "---- 0110 1111 1111 dddd 1111 1011 mmmm", a32_tr_revsh, SEL},
    {"BFI", "---- 0111 110w wwww dddd llll l001 nnnn", a32_tr_bfi, SEL},
    {"SBFX", "---- 0111 101w wwww dddd llll l101 nnnn", a32_tr_sbfx, SEL},
    {"UBFX", "---- 0111 111w wwww dddd llll l101 nnnn", a32_tr_ubfx, SEL},
    {"CLZ", "---- 0001 0110 1111 dddd 1111 0001 mmmm", a32_tr_clz, SEL},
    {"QADD", "---- 0001 0000 nnnn dddd 0000 0101 mmmm", a32_tr_qadd, SEL},
    {"QSUB", "---- 0001 0010 nnnn dddd 0000 0101 mmmm", a32_tr_qsub, SEL},
    {"QDADD", "---- 0001 0100 nnnn dddd 0000 0101 mmmm", a32_tr_qdadd, SEL},
    {"QDSUB", "---- 0001 0110 nnnn dddd 0000 0101 mmmm", a32_tr_qdsub, SEL},
    {"CRC32", "---- 0001 0zz0 nnnn dddd 00C0 0100 mmmm", a32_tr_crc32, SEL | ARM_FEAT_CRC32},
};
const ArmChapter a32_media = {"Media and bit operations", rows, ARRAY_LEN(rows)};
