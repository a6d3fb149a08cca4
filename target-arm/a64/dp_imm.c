// Data processing -- immediate (DDI 0487 C4.1.92).
#include "target-arm/a64/a64.h"
#include "target-arm/a64/dp.h"

static bool tr_adr(ArmCtx *c, const ArmFields *f)
{
    int64_t offset = sextract64(f->i << 2 | f->l, 0, 21);
    a64_put(c, f->d, ir_i64(c->b, c->pc + (uint64_t)offset));
    return true;
}

static bool tr_adrp(ArmCtx *c, const ArmFields *f)
{
    int64_t pages = sextract64(f->i << 2 | f->l, 0, 21);
    a64_put(c, f->d, ir_i64(c->b, (c->pc & ~UINT64_C(0xfff)) + (uint64_t)pages * 4096));
    return true;
}

// ADD, SUB (immediate). A multiple of 16 keeps a checked SP checked.
static bool tr_add_imm(ArmCtx *c, const ArmFields *f)
{
    uint64_t imm = (uint64_t)f->i << (f->h ? 12 : 0);
    IRRef n = a64_r_sp(c, f->n, f->z);
    bool still_aligned = c->sp_checked && f->n == ARM_SP && (imm & 15) == 0 && f->z;
    a64_put_sp(c, f->d, ir_addi(c->b, n, f->o ? -(int64_t)imm : (int64_t)imm));
    if (f->d == ARM_SP) {
        c->sp_checked = still_aligned;
    }
    return true;
}

static bool tr_adds_imm(ArmCtx *c, const ArmFields *f)
{
    uint64_t imm = (uint64_t)f->i << (f->h ? 12 : 0);
    IRRef n = a64_r_sp(c, f->n, f->z);
    IRRef m = ir_const(c->b, ir_type(c->b, n), imm);
    a64_add_sub(c, f->d, n, m, f->o, true);
    return true;
}

// DecodeBitMasks (DDI 0487 J1.1.3): a run of S + 1 ones, rotated right by R, repeated in elements
// of 2^len bits, where len is the highest set bit of N:NOT(imms).
static bool logical_imm(const ArmFields *f, uint64_t *out)
{
    uint32_t n_imms = f->N << 6 | (~f->s & 0x3f);
    if (n_imms < 2 || (!f->z && f->N)) {
        return false;
    }
    unsigned len = 31 - (unsigned)__builtin_clz(n_imms);
    unsigned size = 1u << len;
    unsigned s = f->s & (size - 1), r = f->r & (size - 1);
    if (s == size - 1) {
        return false;
    }
    uint64_t run = mask64(s + 1);
    uint64_t element = r ? (run >> r | run << (size - r)) & mask64(size) : run;
    for (unsigned w = size; w < 64; w *= 2) {
        element |= element << w;
    }
    *out = element;
    return true;
}

static bool tr_logical_imm(ArmCtx *c, const ArmFields *f)
{
    uint64_t imm;
    if (!logical_imm(f, &imm)) {
        return false;
    }
    IRType t = f->z ? IR_I64 : IR_I32;
    IRRef m = ir_const(c->b, t, imm);
    if (f->o == 1 && f->n == 31) { // MOV (bitmask immediate)
        a64_put_sp(c, f->d, m);
        return true;
    }
    IRRef n = a64_r(c, f->n, f->z);
    IRRef v = f->o == 1 ? ir_or(c->b, n, m) : f->o == 2 ? ir_xor(c->b, n, m) : ir_and(c->b, n, m);
    if (f->o != 3) {
        a64_put_sp(c, f->d, v);
        return true;
    }
    a64_put_flags(c, ir_f_logic(c->b, v));
    a64_put(c, f->d, v);
    return true;
}

// MOVN, MOVZ, MOVK
static bool tr_move_wide(ArmCtx *c, const ArmFields *f)
{
    unsigned shift = f->h * 16;
    if (f->o == 1 || (!f->z && shift >= 32)) {
        return false;
    }
    IRType t = f->z ? IR_I64 : IR_I32;
    uint64_t imm = (uint64_t)f->i << shift;
    if (f->o == 3) {
        IRRef d = a64_r(c, f->d, f->z);
        IRRef v = ir_deposit(c->b, d, ir_const(c->b, t, f->i), shift, 16);
        a64_put(c, f->d, v);
        return true;
    }
    a64_put(c, f->d, ir_const(c->b, t, f->o ? imm : ~imm));
    return true;
}

static IRRef field_down(ArmCtx *c, IRRef n, unsigned pos, unsigned len, unsigned width, bool sign)
{
    if (len == width) {
        return n;
    }
    if (pos + len == width) {
        return sign ? ir_sari(c->b, n, pos) : ir_shri(c->b, n, pos);
    }
    if (pos == 0 && (len == 8 || len == 16 || len == 32)) {
        return sign ? ir_sext(c->b, n, len) : ir_zext(c->b, n, len);
    }
    return sign ? ir_sextract(c->b, n, pos, len) : ir_extract(c->b, n, pos, len);
}

// A field of len low bits moved up to pos, zeros below, sign or zeros above.
static IRRef field_up(ArmCtx *c, IRRef n, unsigned pos, unsigned len, unsigned width, bool sign)
{
    if (pos + len != width) {
        n = field_down(c, n, 0, len, width, sign);
    }
    return ir_shli(c->b, n, pos);
}

// SBFM, BFM, UBFM: imms >= immr extracts bits immr..imms; else the low imms + 1 bits are inserted
// at width - immr.
static bool tr_bitfield(ArmCtx *c, const ArmFields *f)
{
    unsigned width = f->z ? 64 : 32;
    if (f->o == 3 || f->N != f->z || f->r >= width || f->s >= width) {
        return false;
    }
    bool down = f->s >= f->r;
    unsigned len = down ? f->s - f->r + 1 : f->s + 1;
    unsigned pos = down ? f->r : width - f->r;
    IRRef n = a64_r(c, f->n, f->z), v;
    if (f->o == 1) {
        IRRef d = a64_r(c, f->d, f->z);
        v = down ? (len == width ? n : ir_deposit(c->b, d, ir_shri(c->b, n, pos), 0, len))
                 : ir_deposit(c->b, d, n, pos, len);
    } else {
        bool sign = f->o == 0;
        v = down ? field_down(c, n, pos, len, width, sign) : field_up(c, n, pos, len, width, sign);
    }
    a64_put(c, f->d, v);
    return true;
}

static bool tr_extr(ArmCtx *c, const ArmFields *f)
{
    if (f->N != f->z || (!f->z && f->s >= 32)) {
        return false;
    }
    IRRef n = a64_r(c, f->n, f->z), m = a64_r(c, f->m, f->z), v;
    if (f->s == 0) {
        v = m;
    } else if (f->n == f->m) {
        v = ir_ror(c->b, m, ir_const(c->b, ir_type(c->b, m), f->s));
    } else {
        v = ir_extr(c->b, n, m, f->s);
    }
    a64_put(c, f->d, v);
    return true;
}

static const ArmRow rows[] = {
    {"ADR", "0ll1 0000 iiii iiii iiii iiii iiid dddd", tr_adr, ARM_FEAT_BASE},
    {"ADRP", "1ll1 0000 iiii iiii iiii iiii iiid dddd", tr_adrp, ARM_FEAT_BASE},
    {"ADD_SUB_imm", "zo01 0001 0hii iiii iiii iinn nnnd dddd", tr_add_imm, ARM_FEAT_BASE},
    {"ADDS_SUBS_imm", "zo11 0001 0hii iiii iiii iinn nnnd dddd", tr_adds_imm, ARM_FEAT_BASE},
    {"LOGICAL_imm", "zoo1 0010 0Nrr rrrr ssss ssnn nnnd dddd", tr_logical_imm, ARM_FEAT_BASE},
    {"MOV_wide", "zoo1 0010 1hhi iiii iiii iiii iiid dddd", tr_move_wide, ARM_FEAT_BASE},
    {"BITFIELD", "zoo1 0011 0Nrr rrrr ssss ssnn nnnd dddd", tr_bitfield, ARM_FEAT_BASE},
    {"EXTR", "z001 0011 1N0m mmmm ssss ssnn nnnd dddd", tr_extr, ARM_FEAT_BASE},
};
const ArmChapter a64_dp_imm = {"Data processing, immediate", rows, ARRAY_LEN(rows)};
