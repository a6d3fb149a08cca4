// Data processing -- register (DDI 0487 C4.1.95): logical, arithmetic, conditional, multiply,
// divide, bit operations, CRC and flag manipulation. Pointer authentication stands in pauth.c.
#include "target-arm/a64/dp.h"
#include "target-arm/helpers.h"

enum { SHIFT_LSL, SHIFT_LSR, SHIFT_ASR, SHIFT_ROR };
enum { COND_AL = 14 };

void a64_add_sub(ArmCtx *c, unsigned d, IRRef n, IRRef m, bool sub, bool set)
{
    if (set) {
        // Arm's carry of a subtraction is "no borrow".
        IRRef flags = sub ? ir_f_cmc(c->b, ir_f_sub(c->b, n, m)) : ir_f_add(c->b, n, m);
        a64_put_flags(c, flags);
        if (d == 31) {
            return;
        }
    }
    a64_put(c, d, sub ? ir_sub(c->b, n, m) : ir_add(c->b, n, m));
}

IRRef a64_extend(ArmCtx *c, IRRef x, unsigned option, unsigned shift)
{
    unsigned bits = 8u << (option & 3);
    if (bits < 64) {
        x = option & 4 ? ir_sext(c->b, x, bits) : ir_zext(c->b, x, bits);
    }
    return ir_shli(c->b, x, shift);
}

static IRRef shifted(ArmCtx *c, unsigned m, bool sf, unsigned kind, unsigned amount)
{
    IRRef v = a64_r(c, m, sf);
    switch (kind) {
    case SHIFT_LSL:
        return ir_shli(c->b, v, amount);
    case SHIFT_LSR:
        return ir_shri(c->b, v, amount);
    case SHIFT_ASR:
        return ir_sari(c->b, v, amount);
    default:
        return amount ? ir_ror(c->b, v, ir_const(c->b, ir_type(c->b, v), amount)) : v;
    }
}

static IRRef logical(ArmCtx *c, unsigned op, bool invert, IRRef n, IRRef m)
{
    switch (op) {
    case 1:
        return invert ? ir_orn(c->b, n, m) : ir_or(c->b, n, m);
    case 2:
        return invert ? ir_xnor(c->b, n, m) : ir_xor(c->b, n, m);
    default:
        return invert ? ir_andn(c->b, n, m) : ir_and(c->b, n, m);
    }
}

static bool tr_logical_reg(ArmCtx *c, const ArmFields *f)
{
    if (!f->z && f->i >= 32) {
        return false;
    }
    IRRef m = shifted(c, f->m, f->z, f->t, f->i), v;
    if (f->o == 1 && f->n == 31) { // MOV, MVN
        v = f->N ? ir_not(c->b, m) : m;
    } else {
        v = logical(c, f->o, f->N, a64_r(c, f->n, f->z), m);
    }
    if (f->o == 3) {
        a64_put_flags(c, ir_f_logic(c->b, v));
    }
    a64_put(c, f->d, v);
    return true;
}

static bool tr_add_sub_shifted(ArmCtx *c, const ArmFields *f)
{
    if (f->t == SHIFT_ROR || (!f->z && f->i >= 32)) {
        return false;
    }
    IRRef n = a64_r(c, f->n, f->z), m = shifted(c, f->m, f->z, f->t, f->i);
    a64_add_sub(c, f->d, n, m, f->o, f->S);
    return true;
}

static bool tr_add_sub_extended(ArmCtx *c, const ArmFields *f)
{
    if (f->i > 4) {
        return false;
    }
    IRRef n = a64_r_sp(c, f->n, f->z);
    IRRef m = a64_extend(c, a64_x(c, f->m), f->x, f->i);
    if (!f->z) {
        m = ir_trunc(c->b, m);
    }
    if (f->S) {
        a64_add_sub(c, f->d, n, m, f->o, true);
    } else {
        a64_put_sp(c, f->d, f->o ? ir_sub(c->b, n, m) : ir_add(c->b, n, m));
    }
    return true;
}

// ADC, SBC: the IR subtracts a borrow, Arm adds the carry to NOT(m).
static bool tr_adc(ArmCtx *c, const ArmFields *f)
{
    IRRef n = a64_r(c, f->n, f->z), m = a64_r(c, f->m, f->z), flags = a64_flags(c);
    IRRef carry = f->o ? ir_f_cmc(c->b, flags) : flags;
    IRRef v = f->o ? ir_sbb(c->b, n, m, carry) : ir_adc(c->b, n, m, carry);
    if (f->S) {
        a64_put_flags(c, f->o ? ir_f_cmc(c->b, ir_f_sbb(c->b, n, m, carry))
                              : ir_f_adc(c->b, n, m, carry));
    }
    a64_put(c, f->d, v);
    return true;
}

static unsigned pack_nzcv(unsigned nzcv)
{
    return (nzcv & 8 ? IR_FLAG_S : 0) | (nzcv & 4 ? IR_FLAG_Z : 0) | (nzcv & 2 ? IR_FLAG_C : 0) |
           (nzcv & 1 ? IR_FLAG_V : 0);
}

static bool cond_compare(ArmCtx *c, const ArmFields *f, IRRef n, IRRef m)
{
    IRRef result = f->o ? ir_f_cmc(c->b, ir_f_sub(c->b, n, m)) : ir_f_add(c->b, n, m);
    if (f->c < COND_AL) {
        IRRef other = ir_fconst(c->b, pack_nzcv(f->v));
        result = ir_f_choose(c->b, a64_cond(f->c), a64_flags(c), result, other);
    }
    a64_put_flags(c, result);
    return true;
}

static bool tr_ccmp_reg(ArmCtx *c, const ArmFields *f)
{
    return cond_compare(c, f, a64_r(c, f->n, f->z), a64_r(c, f->m, f->z));
}

static bool tr_ccmp_imm(ArmCtx *c, const ArmFields *f)
{
    IRRef n = a64_r(c, f->n, f->z);
    return cond_compare(c, f, n, ir_const(c->b, ir_type(c->b, n), f->i));
}

// CSEL, CSINC, CSINV, CSNEG: o inverts the second operand, p adds one to it.
static bool tr_csel(ArmCtx *c, const ArmFields *f)
{
    IRRef n = a64_r(c, f->n, f->z), m = a64_r(c, f->m, f->z);
    if (f->c >= COND_AL) {
        a64_put(c, f->d, n);
        return true;
    }
    if (f->o) {
        m = f->p ? ir_neg(c->b, m) : ir_not(c->b, m);
    } else if (f->p) {
        m = ir_addi(c->b, m, 1);
    }
    a64_put(c, f->d, ir_f_select(c->b, a64_cond(f->c), a64_flags(c), n, m));
    return true;
}

// --- one source

static bool tr_rbit(ArmCtx *c, const ArmFields *f)
{
    a64_put(c, f->d, ir_rbit(c->b, a64_r(c, f->n, f->z)));
    return true;
}

static bool tr_rev(ArmCtx *c, const ArmFields *f)
{
    if (f->o == 3 && !f->z) {
        return false;
    }
    a64_put(c, f->d, ir_bswap(c->b, a64_r(c, f->n, f->z), 8u << f->o));
    return true;
}

static bool tr_clz(ArmCtx *c, const ArmFields *f)
{
    a64_put(c, f->d, ir_clz(c->b, a64_r(c, f->n, f->z)));
    return true;
}

static bool tr_cls(ArmCtx *c, const ArmFields *f)
{
    IRRef n = a64_r(c, f->n, f->z);
    IRRef changes = ir_xor(c->b, n, ir_sari(c->b, n, 1)); // top bit 0
    a64_put(c, f->d, ir_addi(c->b, ir_clz(c->b, changes), -1));
    return true;
}

// --- two sources

static bool tr_div(ArmCtx *c, const ArmFields *f)
{
    IRRef n = a64_r(c, f->n, f->z), m = a64_r(c, f->m, f->z);
    a64_put(c, f->d, f->o ? ir_divs(c->b, n, m) : ir_divu(c->b, n, m));
    return true;
}

static bool tr_shift_var(ArmCtx *c, const ArmFields *f)
{
    static const uint8_t op[] = {IR_shl, IR_shr, IR_sar, IR_ror};
    IRRef n = a64_r(c, f->n, f->z), m = a64_r(c, f->m, f->z);
    a64_put(c, f->d,
            ir_make(c->b, (IROpcode)op[f->o], ir_type(c->b, n), n, m, IR_NONE, IR_NONE, 0, 0, 0));
    return true;
}

static bool tr_crc32(ArmCtx *c, const ArmFields *f)
{
    if (f->z != (f->s == 3)) {
        return false;
    }
    IRRef acc = a64_w(c, f->n), v = a64_x(c, f->m);
    a64_put(c, f->d,
            f->c ? ir_crc32c(c->b, acc, v, f->s)
                 : ir_call(c->b, &arm_h_crc32, acc, v, ir_i32(c->b, f->s), IR_NONE));
    return true;
}

// --- three sources

static IRRef accumulate(ArmCtx *c, const ArmFields *f, IRRef product, bool sf)
{
    if (f->a == 31) {
        return f->o ? ir_neg(c->b, product) : product;
    }
    IRRef a = a64_r(c, f->a, sf);
    return f->o ? ir_sub(c->b, a, product) : ir_add(c->b, a, product);
}

static bool tr_madd(ArmCtx *c, const ArmFields *f)
{
    IRRef product = ir_mul(c->b, a64_r(c, f->n, f->z), a64_r(c, f->m, f->z));
    a64_put(c, f->d, accumulate(c, f, product, f->z));
    return true;
}

static bool tr_maddl(ArmCtx *c, const ArmFields *f)
{
    IRRef n = a64_w(c, f->n), m = a64_w(c, f->m);
    IRRef product = f->U ? ir_mul(c->b, ir_extu(c->b, n), ir_extu(c->b, m))
                         : ir_mul(c->b, ir_exts(c->b, n), ir_exts(c->b, m));
    a64_put(c, f->d, accumulate(c, f, product, true));
    return true;
}

static bool tr_mulh(ArmCtx *c, const ArmFields *f)
{
    IRRef n = a64_x(c, f->n), m = a64_x(c, f->m);
    a64_put(c, f->d, f->U ? ir_mulhu(c->b, n, m) : ir_mulhs(c->b, n, m));
    return true;
}

// --- flag manipulation (FEAT_FlagM)

// N = top bit of the low 8 or 16, Z = those are zero, V = the bit above differs from N, C stays.
static bool tr_setf(ArmCtx *c, const ArmFields *f)
{
    unsigned bits = f->z ? 16 : 8;
    IRRef n = a64_w(c, f->n);
    IRRef up = ir_shli(c->b, n, 32 - bits);
    IRRef nz = ir_f_pack(c->b, ir_f_logic(c->b, up));
    IRRef changes = ir_xor(c->b, n, ir_shri(c->b, n, 1));
    IRRef v = ir_extract(c->b, changes, bits - 1, 1);
    IRRef carry = ir_and(c->b, ir_f_pack(c->b, a64_flags(c)), ir_i32(c->b, IR_FLAG_C));
    IRRef keep = ir_and(c->b, nz, ir_i32(c->b, IR_FLAG_S | IR_FLAG_Z));
    a64_put_flags(c, ir_f_unpack(c->b, ir_or(c->b, ir_or(c->b, keep, carry), v)));
    return true;
}

// The flags in the mask are taken from bits 3..0 of Xn rotated right.
static bool tr_rmif(ArmCtx *c, const ArmFields *f)
{
    static const struct {
        uint8_t bit, to;
    } flag[] = {{3, 15}, {2, 14}, {1, 8}, {0, 0}};
    IRRef x = ir_trunc(c->b, ir_ror(c->b, a64_x(c, f->n), ir_i64(c->b, f->i)));
    IRRef packed = ir_f_pack(c->b, a64_flags(c));
    for (unsigned i = 0; i < ARRAY_LEN(flag); i++) {
        if (f->m >> flag[i].bit & 1) {
            IRRef bit = ir_extract(c->b, x, flag[i].bit, 1);
            packed = ir_deposit(c->b, packed, bit, flag[i].to, 1);
        }
    }
    a64_put_flags(c, ir_f_unpack(c->b, packed));
    return true;
}

static const ArmRow rows[] = {
    {"LOGICAL_reg", "zoo0 1010 ttNm mmmm iiii iinn nnnd dddd", tr_logical_reg, ARM_FEAT_BASE},
    {"ADD_SUB_shifted", "zoS0 1011 tt0m mmmm iiii iinn nnnd dddd", tr_add_sub_shifted,
     ARM_FEAT_BASE},
    {"ADD_SUB_extended", "zoS0 1011 001m mmmm xxxi iinn nnnd dddd", tr_add_sub_extended,
     ARM_FEAT_BASE},
    {"ADC_SBC", "zoS1 1010 000m mmmm 0000 00nn nnnd dddd", tr_adc, ARM_FEAT_BASE},
    {"RMIF", "1011 1010 000i iiii i000 01nn nnn0 mmmm", tr_rmif, ARM_FEAT_FLAGM},
    {"SETF", "0011 1010 0000 0000 0z00 10nn nnn0 1101", tr_setf, ARM_FEAT_FLAGM},
    {"CCMP_reg", "zo11 1010 010m mmmm cccc 00nn nnn0 vvvv", tr_ccmp_reg, ARM_FEAT_BASE},
    {"CCMP_imm", "zo11 1010 010i iiii cccc 10nn nnn0 vvvv", tr_ccmp_imm, ARM_FEAT_BASE},
    {"CSEL", "zo01 1010 100m mmmm cccc 0pnn nnnd dddd", tr_csel, ARM_FEAT_BASE},
    {"RBIT", "z101 1010 1100 0000 0000 00nn nnnd dddd", tr_rbit, ARM_FEAT_BASE},
    {"REV", "z101 1010 1100 0000 0000 oonn nnnd dddd", tr_rev, ARM_FEAT_BASE},
    {"CLZ", "z101 1010 1100 0000 0001 00nn nnnd dddd", tr_clz, ARM_FEAT_BASE},
    {"CLS", "z101 1010 1100 0000 0001 01nn nnnd dddd", tr_cls, ARM_FEAT_BASE},
    {"DIV", "z001 1010 110m mmmm 0000 1onn nnnd dddd", tr_div, ARM_FEAT_BASE},
    {"SHIFT_var", "z001 1010 110m mmmm 0010 oonn nnnd dddd", tr_shift_var, ARM_FEAT_BASE},
    {"CRC32", "z001 1010 110m mmmm 010c ssnn nnnd dddd", tr_crc32, ARM_FEAT_CRC32},
    {"MADD", "z001 1011 000m mmmm oaaa aann nnnd dddd", tr_madd, ARM_FEAT_BASE},
    {"MADDL", "1001 1011 U01m mmmm oaaa aann nnnd dddd", tr_maddl, ARM_FEAT_BASE},
    {"MULH", "1001 1011 U10m mmmm 0--- --nn nnnd dddd", tr_mulh, ARM_FEAT_BASE},
};
const ArmChapter a64_dp_reg = {"Data processing, register", rows, ARRAY_LEN(rows)};
