// Loads and stores of SIMD and FP registers: single registers, pairs, and structures of 1 to 4
// registers (DDI 0487 C4.1.94 "Loads and Stores").
//
// Structures are loaded as whole registers and then taken apart with permutes; memory order is
// element 0 of each register, element 1 of each, ... A fault leaves the base register as it was; a
// load writes no register before all of its accesses are done.
#include "target-arm/a64/simd.h"

typedef struct Access {
    unsigned rt;
    unsigned size; // log2 of the bytes
    bool load;
} Access;

// B and H registers pass through an integer.
static IRRef load_register(ArmCtx *c, IRRef addr, int64_t disp, unsigned size)
{
    unsigned memop = a64_memop(c, size);
    if (size >= 2) {
        return ir_ld(c->b, IR_V128, addr, disp, memop);
    }
    return ir_v1(c->b, IR_vfromg, ir_ld(c->b, IR_I32, addr, disp, memop), size);
}

static void store_register(ArmCtx *c, IRRef addr, int64_t disp, IRRef v, unsigned size)
{
    if (size < 2) {
        v = ir_vget(c->b, IR_I32, v, size, 0);
    }
    ir_st(c->b, addr, disp, v, a64_memop(c, size));
}

static void access_one(ArmCtx *c, const Access *a, IRRef addr, int64_t disp)
{
    if (a->load) {
        a64_put_v(c, a->rt, load_register(c, addr, disp, a->size));
    } else {
        store_register(c, addr, disp, a64_v(c, a->rt), a->size);
    }
}

// --- single registers. Size: opc<1> (field h) makes 128 bits of size 0.

static bool single_shape(const ArmFields *f, Access *a)
{
    if (f->h && f->s) {
        return false;
    }
    *a = (Access){.rt = f->t, .size = f->h ? 4 : f->s, .load = f->l};
    return true;
}

static bool tr_unsigned_offset(ArmCtx *c, const ArmFields *f)
{
    Access a;
    if (!single_shape(f, &a)) {
        return false;
    }
    if (!a64_fp_trapped(c)) {
        access_one(c, &a, a64_base(c, f->n), (int64_t)f->i << a.size);
    }
    return true;
}

typedef enum Indexing { OFFSET, POST_INDEX, PRE_INDEX } Indexing;

static bool imm9(ArmCtx *c, const ArmFields *f, Indexing how)
{
    Access a;
    if (!single_shape(f, &a)) {
        return false;
    }
    if (a64_fp_trapped(c)) {
        return true;
    }
    int64_t off = sextract64(f->i, 0, 9);
    IRRef base = a64_base(c, f->n);
    access_one(c, &a, base, how == POST_INDEX ? 0 : off);
    if (how != OFFSET) {
        a64_writeback(c, f->n, base, off);
    }
    return true;
}

static bool tr_unscaled(ArmCtx *c, const ArmFields *f)
{
    return imm9(c, f, OFFSET);
}

static bool tr_post(ArmCtx *c, const ArmFields *f)
{
    return imm9(c, f, POST_INDEX);
}

static bool tr_pre(ArmCtx *c, const ArmFields *f)
{
    return imm9(c, f, PRE_INDEX);
}

// Xm or Wm extended as option (field o) says, shifted.
static IRRef extended_index(ArmCtx *c, unsigned m, unsigned option, unsigned shift)
{
    IRRef x = a64_x(c, m);
    if (option == 2) {
        x = ir_zext(c->b, x, 32);
    } else if (option == 6) {
        x = ir_sext(c->b, x, 32);
    }
    return ir_shli(c->b, x, shift);
}

static bool tr_register_offset(ArmCtx *c, const ArmFields *f)
{
    Access a;
    if (!single_shape(f, &a) || !(f->o & 2)) {
        return false;
    }
    if (a64_fp_trapped(c)) {
        return true;
    }
    IRRef base = a64_base(c, f->n);
    IRRef index = extended_index(c, f->m, f->o, f->S ? a.size : 0);
    access_one(c, &a, ir_add(c->b, base, index), 0);
    return true;
}

static bool tr_literal(ArmCtx *c, const ArmFields *f)
{
    if (f->o == 3) {
        return false;
    }
    if (!a64_fp_trapped(c)) {
        Access a = {.rt = f->t, .size = f->o + 2, .load = true};
        access_one(c, &a, ir_i64(c->b, c->pc + ((uint64_t)sextract64(f->i, 0, 19) << 2)), 0);
    }
    return true;
}

// --- pairs

static bool pair(ArmCtx *c, const ArmFields *f, Indexing how)
{
    if (f->o == 3) {
        return false;
    }
    if (a64_fp_trapped(c)) {
        return true;
    }
    unsigned size = f->o + 2;
    int64_t step = 1 << size, off = sextract64(f->i, 0, 7) * step;
    IRRef base = a64_base(c, f->n);
    int64_t disp = how == POST_INDEX ? 0 : off;
    if (f->l) {
        IRRef first = load_register(c, base, disp, size);
        IRRef second = load_register(c, base, disp + step, size);
        a64_put_v(c, f->t, first);
        a64_put_v(c, f->u, second);
    } else {
        store_register(c, base, disp, a64_v(c, f->t), size);
        store_register(c, base, disp + step, a64_v(c, f->u), size);
    }
    if (how != OFFSET) {
        a64_writeback(c, f->n, base, off);
    }
    return true;
}

static bool tr_pair_offset(ArmCtx *c, const ArmFields *f)
{
    return pair(c, f, OFFSET);
}

static bool tr_pair_post(ArmCtx *c, const ArmFields *f)
{
    return pair(c, f, POST_INDEX);
}

static bool tr_pair_pre(ArmCtx *c, const ArmFields *f)
{
    return pair(c, f, PRE_INDEX);
}

// --- structures

static unsigned nth(unsigned rt, unsigned i)
{
    return (rt + i) & 31;
}

static void post_index(ArmCtx *c, const ArmFields *f, IRRef base, unsigned bytes, bool writeback)
{
    if (writeback && f->m == 31) {
        a64_writeback(c, f->n, base, bytes);
    } else if (writeback) {
        a64_put_sp(c, f->n, ir_add(c->b, base, a64_x(c, f->m)));
    }
}

// Element by element, as the manual tells it; for accesses that must each be aligned (SCTLR.A).
static void structs_by_element(ArmCtx *c, const SimdStructs *s, IRRef base)
{
    IRRef v[4];
    unsigned lanes = (s->q ? 16 : 8) >> s->esize, disp = 0;
    for (unsigned r = 0; r < s->n_regs; r++) {
        v[r] = s->load ? simd_zero(c) : a64_v(c, nth(s->rt, r));
    }
    for (unsigned i = 0; i < lanes * s->n_regs; i++, disp += 1u << s->esize) {
        unsigned r = s->interleaved ? i % s->n_regs : i / lanes;
        unsigned lane = s->interleaved ? i / s->n_regs : i % lanes;
        IRType t = s->esize == 3 ? IR_I64 : IR_I32;
        if (s->load) {
            IRRef x = ir_ld(c->b, t, base, disp, a64_memop(c, s->esize));
            v[r] = ir_vset(c->b, v[r], x, s->esize, lane);
        } else {
            IRRef x = ir_vget(c->b, t, v[r], s->esize, lane);
            ir_st(c->b, base, disp, x, a64_memop(c, s->esize));
        }
    }
    for (unsigned r = 0; s->load && r < s->n_regs; r++) {
        a64_put_v(c, nth(s->rt, r), v[r]);
    }
}

unsigned simd_piece_size(const SimdStructs *s, unsigned piece)
{
    unsigned bytes = s->n_regs * (s->q ? 16 : 8);
    return bytes - piece * 16 >= 16 ? 4 : 3;
}

unsigned simd_n_pieces(const SimdStructs *s)
{
    return s->q ? s->n_regs : (s->n_regs + 1) / 2;
}

// Bytes of three registers <-> bytes of memory, as byte tables for vtbl: which byte of source piece
// `from` goes to each byte of destination piece `to`; 255 for none.
static IRRef triple_table(ArmCtx *c, const SimdStructs *s, unsigned from, unsigned to, bool load)
{
    unsigned es = 1u << s->esize, reg_bytes = s->q ? 16 : 8;
    V128 t;
    for (unsigned i = 0; i < 16; i++) {
        unsigned src_piece, src_byte;
        if (load) { // destination: byte i of register `to`
            unsigned mem = (i / es * 3 + to) * es + i % es;
            src_piece = mem / 16, src_byte = mem % 16;
            if (i >= reg_bytes) {
                src_piece = ~0u;
            }
        } else { // destination: byte 16 * to + i of memory
            unsigned mem = 16 * to + i, elem = mem / es;
            src_piece = elem % 3, src_byte = elem / 3 * es + mem % es;
            if (src_byte >= reg_bytes) {
                src_piece = ~0u;
            }
        }
        t.u8[i] = src_piece == from ? src_byte : 255;
    }
    return ir_vconst(c->b, t.u64[0], t.u64[1]);
}

static IRRef triple(ArmCtx *c, const SimdStructs *s, const IRRef *in, unsigned n_in, unsigned to)
{
    IRRef r = IR_NONE;
    for (unsigned i = 0; i < n_in; i++) {
        IRRef part = ir_v2(c->b, IR_vtbl, in[i], triple_table(c, s, i, to, s->load), 0);
        r = i ? ir_v2(c->b, IR_vor, r, part, 0) : part;
    }
    return r;
}

void simd_take_apart(ArmCtx *c, const SimdStructs *s, const IRRef *mem, IRRef *reg)
{
    IRBlock *b = c->b;
    unsigned es = s->esize;
    IRRef zero = s->q ? IR_NONE : simd_zero(c);
    if (s->n_regs == 2) {
        IRRef hi = s->q ? mem[1] : zero;
        reg[0] = ir_v2(b, IR_vuzp1, mem[0], hi, es);
        reg[1] = ir_v2(b, IR_vuzp2, mem[0], hi, es);
    } else if (s->n_regs == 3) {
        for (unsigned i = 0; i < 3; i++) {
            reg[i] = triple(c, s, mem, simd_n_pieces(s), i);
        }
    } else {
        IRRef even = ir_v2(b, IR_vuzp1, mem[0], mem[1], es);
        IRRef odd = ir_v2(b, IR_vuzp2, mem[0], mem[1], es);
        IRRef even2 = s->q ? ir_v2(b, IR_vuzp1, mem[2], mem[3], es) : zero;
        IRRef odd2 = s->q ? ir_v2(b, IR_vuzp2, mem[2], mem[3], es) : zero;
        reg[0] = ir_v2(b, IR_vuzp1, even, even2, es);
        reg[1] = ir_v2(b, IR_vuzp1, odd, odd2, es);
        reg[2] = ir_v2(b, IR_vuzp2, even, even2, es);
        reg[3] = ir_v2(b, IR_vuzp2, odd, odd2, es);
    }
}

void simd_put_together(ArmCtx *c, const SimdStructs *s, const IRRef *reg, IRRef *mem)
{
    IRBlock *b = c->b;
    unsigned es = s->esize;
    if (s->n_regs == 2) {
        mem[0] = ir_v2(b, IR_vzip1, reg[0], reg[1], es);
        mem[1] = ir_v2(b, IR_vzip2, reg[0], reg[1], es);
    } else if (s->n_regs == 3) {
        for (unsigned i = 0; i < simd_n_pieces(s); i++) {
            mem[i] = triple(c, s, reg, 3, i);
        }
    } else {
        IRRef a = ir_v2(b, IR_vzip1, reg[0], reg[2], es),
              d = ir_v2(b, IR_vzip1, reg[1], reg[3], es);
        mem[0] = ir_v2(b, IR_vzip1, a, d, es);
        mem[1] = ir_v2(b, IR_vzip2, a, d, es);
        if (s->q) {
            a = ir_v2(b, IR_vzip2, reg[0], reg[2], es);
            d = ir_v2(b, IR_vzip2, reg[1], reg[3], es);
            mem[2] = ir_v2(b, IR_vzip1, a, d, es);
            mem[3] = ir_v2(b, IR_vzip2, a, d, es);
        }
    }
}

static void structs_whole(ArmCtx *c, const SimdStructs *s, IRRef base)
{
    IRRef mem[4], reg[4];
    if (s->load) {
        for (unsigned i = 0; i < simd_n_pieces(s); i++) {
            mem[i] = ir_ld(c->b, IR_V128, base, i * 16, simd_piece_size(s, i));
        }
        simd_take_apart(c, s, mem, reg);
        for (unsigned i = 0; i < s->n_regs; i++) {
            a64_put_v(c, nth(s->rt, i), reg[i]);
        }
    } else {
        for (unsigned i = 0; i < s->n_regs; i++) {
            reg[i] = a64_v(c, nth(s->rt, i));
        }
        simd_put_together(c, s, reg, mem);
        for (unsigned i = 0; i < simd_n_pieces(s); i++) {
            ir_st(c->b, base, i * 16, mem[i], simd_piece_size(s, i));
        }
    }
}

// LD1/ST1 of one to four registers.
static void structs_in_order(ArmCtx *c, const SimdStructs *s, IRRef base)
{
    IRRef v[4];
    unsigned size = s->q ? 4 : 3;
    for (unsigned i = 0; i < s->n_regs; i++) {
        if (s->load) {
            v[i] = ir_ld(c->b, IR_V128, base, i << size, size);
        } else {
            ir_st(c->b, base, i << size, a64_v(c, nth(s->rt, i)), size);
        }
    }
    for (unsigned i = 0; s->load && i < s->n_regs; i++) {
        a64_put_v(c, nth(s->rt, i), v[i]);
    }
}

static bool multiple(ArmCtx *c, const ArmFields *f, bool writeback)
{
    // opcode -> registers, interleaved
    static const struct {
        uint8_t n_regs, interleaved;
    } shape[16] = {[0] = {4, 1}, [2] = {4, 0}, [4] = {3, 1}, [6] = {3, 0},
                   [7] = {1, 0}, [8] = {2, 1}, [10] = {2, 0}};
    SimdStructs s = {.rt = f->t,
                     .esize = f->s,
                     .n_regs = shape[f->o].n_regs,
                     .interleaved = shape[f->o].interleaved,
                     .q = f->q,
                     .load = f->l};
    if (!s.n_regs || (s.interleaved && s.esize == 3 && !s.q)) {
        return false;
    }
    if (a64_fp_trapped(c)) {
        return true;
    }
    IRRef base = a64_base(c, f->n);
    if (c->flags & ARM_BF_ALIGN) {
        structs_by_element(c, &s, base);
    } else if (s.interleaved) {
        structs_whole(c, &s, base);
    } else {
        structs_in_order(c, &s, base);
    }
    post_index(c, f, base, s.n_regs * (s.q ? 16 : 8), writeback);
    return true;
}

static bool tr_multiple(ArmCtx *c, const ArmFields *f)
{
    return multiple(c, f, false);
}

static bool tr_multiple_post(ArmCtx *c, const ArmFields *f)
{
    return multiple(c, f, true);
}

// One lane of one to four registers. Fields: o = opcode, S and s = size share the lane's index.
static bool single_lane(const ArmFields *f, unsigned *esize, unsigned *lane)
{
    unsigned index = f->q << 3 | f->S << 2 | f->s; // Q:S:size
    *esize = f->o >> 1;
    if (*esize == 3) { // a replicating store
        return false;
    }
    if (*esize == 2 && f->s == 1 && !f->S) {
        *esize = 3;
    } else if ((*esize == 2 && f->s) || (*esize == 1 && (f->s & 1))) {
        return false;
    }
    *lane = index >> *esize;
    return true;
}

static void one_structure(ArmCtx *c, const ArmFields *f, IRRef base, unsigned n_regs,
                          unsigned esize, unsigned lane)
{
    IRType t = esize == 3 ? IR_I64 : IR_I32;
    unsigned memop = a64_memop(c, esize);
    IRRef x[4];
    for (unsigned i = 0; i < n_regs; i++) {
        if (f->l) {
            x[i] = ir_ld(c->b, t, base, i << esize, memop);
        } else {
            IRRef v = ir_vget(c->b, t, a64_v(c, nth(f->t, i)), esize, lane);
            ir_st(c->b, base, i << esize, v, memop);
        }
    }
    for (unsigned i = 0; f->l && i < n_regs; i++) {
        unsigned r = nth(f->t, i);
        a64_put_v(c, r, ir_vset(c->b, a64_v(c, r), x[i], esize, lane));
    }
}

static bool single(ArmCtx *c, const ArmFields *f, bool writeback)
{
    unsigned esize, lane, n_regs = ((f->o & 1) << 1 | f->R) + 1;
    if (!single_lane(f, &esize, &lane)) {
        return false;
    }
    if (a64_fp_trapped(c)) {
        return true;
    }
    IRRef base = a64_base(c, f->n);
    one_structure(c, f, base, n_regs, esize, lane);
    post_index(c, f, base, n_regs << esize, writeback);
    return true;
}

static bool tr_single(ArmCtx *c, const ArmFields *f)
{
    return single(c, f, false);
}

static bool tr_single_post(ArmCtx *c, const ArmFields *f)
{
    return single(c, f, true);
}

static bool replicate(ArmCtx *c, const ArmFields *f, bool writeback)
{
    unsigned n_regs = (f->o << 1 | f->R) + 1;
    if (a64_fp_trapped(c)) {
        return true;
    }
    IRRef base = a64_base(c, f->n), x[4];
    for (unsigned i = 0; i < n_regs; i++) {
        x[i] = ir_ld(c->b, f->s == 3 ? IR_I64 : IR_I32, base, i << f->s, a64_memop(c, f->s));
    }
    for (unsigned i = 0; i < n_regs; i++) {
        a64_put_v_q(c, nth(f->t, i), ir_v1(c->b, IR_vdup, x[i], f->s), f->q);
    }
    post_index(c, f, base, n_regs << f->s, writeback);
    return true;
}

static bool tr_replicate(ArmCtx *c, const ArmFields *f)
{
    return replicate(c, f, false);
}

static bool tr_replicate_post(ArmCtx *c, const ArmFields *f)
{
    return replicate(c, f, true);
}

static const ArmRow rows[] = {
    {"LDST_v_uoff", "ss11 1101 hlii iiii iiii iinn nnnt tttt", tr_unsigned_offset, ARM_FEAT_BASE},
    {"LDST_v_unscaled", "ss11 1100 hl0i iiii iiii 00nn nnnt tttt", tr_unscaled, ARM_FEAT_BASE},
    {"LDST_v_post", "ss11 1100 hl0i iiii iiii 01nn nnnt tttt", tr_post, ARM_FEAT_BASE},
    {"LDST_v_pre", "ss11 1100 hl0i iiii iiii 11nn nnnt tttt", tr_pre, ARM_FEAT_BASE},
    {"LDST_v_reg", "ss11 1100 hl1m mmmm oooS 10nn nnnt tttt", tr_register_offset, ARM_FEAT_BASE},
    {"LDR_v_literal", "oo01 1100 iiii iiii iiii iiii iiit tttt", tr_literal, ARM_FEAT_BASE},
    {"LDSTNP_v", "oo10 1100 0lii iiii iuuu uunn nnnt tttt", tr_pair_offset, ARM_FEAT_BASE},
    {"LDSTP_v_post", "oo10 1100 1lii iiii iuuu uunn nnnt tttt", tr_pair_post, ARM_FEAT_BASE},
    {"LDSTP_v_offset", "oo10 1101 0lii iiii iuuu uunn nnnt tttt", tr_pair_offset, ARM_FEAT_BASE},
    {"LDSTP_v_pre", "oo10 1101 1lii iiii iuuu uunn nnnt tttt", tr_pair_pre, ARM_FEAT_BASE},
    {"LDST_multiple", "0q00 1100 0l00 0000 oooo ssnn nnnt tttt", tr_multiple, ARM_FEAT_BASE},
    {"LDST_multiple_post", "0q00 1100 1l0m mmmm oooo ssnn nnnt tttt", tr_multiple_post,
     ARM_FEAT_BASE},
    {"LDST_single", "0q00 1101 0lR0 0000 oooS ssnn nnnt tttt", tr_single, ARM_FEAT_BASE},
    {"LDST_single_post", "0q00 1101 1lRm mmmm oooS ssnn nnnt tttt", tr_single_post, ARM_FEAT_BASE},
    {"LDR_replicate", "0q00 1101 01R0 0000 11o0 ssnn nnnt tttt", tr_replicate, ARM_FEAT_BASE},
    {"LDR_replicate_post", "0q00 1101 11Rm mmmm 11o0 ssnn nnnt tttt", tr_replicate_post,
     ARM_FEAT_BASE},
};

const ArmChapter a64_load_store_simd = {"load_store_simd", rows, ARRAY_LEN(rows)};
