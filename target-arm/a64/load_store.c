// Loads and stores of integer registers (DDI 0487 C4.1.94), all addressing modes.
//
// A fault must leave the registers as they were: the base is written back after the access, and the
// first register of a pair after both loads.
#include "target-arm/a64/a64.h"
#include "target-arm/a64/dp.h"
#include "target-arm/a64/pauth.h"

// What opc says for a register access: store, load, load sign-extended to 64 or to 32 bits.
enum { OPC_STORE, OPC_LOAD, OPC_LOAD_S64, OPC_LOAD_S32 };

static bool is_prefetch(unsigned size, unsigned opc)
{
    return size == 3 && opc == OPC_LOAD_S64;
}

static bool is_allocated(unsigned size, unsigned opc)
{
    return !(opc == OPC_LOAD_S64 && size == 3) && !(opc == OPC_LOAD_S32 && size >= 2);
}

static void access(ArmCtx *c, unsigned t, IRRef addr, int64_t disp, unsigned opc, unsigned memop)
{
    bool wide = (memop & IR_MEM_SIZE) == 3;
    if (opc == OPC_STORE) {
        ir_st(c->b, addr, disp, a64_r(c, t, wide), memop);
        return;
    }
    IRType type = wide || opc == OPC_LOAD_S64 ? IR_I64 : IR_I32;
    unsigned sign = opc == OPC_LOAD ? 0 : IR_MEM_SIGN;
    a64_put(c, t, ir_ld(c->b, type, addr, disp, memop | sign));
}

static bool tr_literal(ArmCtx *c, const ArmFields *f)
{
    uint64_t addr = c->pc + (uint64_t)(sextract64(f->i, 0, 19) * 4);
    if (f->o == 3) { // PRFM
        return true;
    }
    unsigned opc = f->o == 2 ? OPC_LOAD_S64 : OPC_LOAD;
    access(c, f->t, ir_i64(c->b, addr), 0, opc, a64_memop(c, f->o == 1 ? 3 : 2));
    return true;
}

static bool at_offset(ArmCtx *c, const ArmFields *f, int64_t disp, unsigned regime)
{
    access(c, f->t, a64_base(c, f->n), disp, f->o, a64_memop(c, f->s) | regime);
    return true;
}

static bool tr_unsigned_offset(ArmCtx *c, const ArmFields *f)
{
    if (is_prefetch(f->s, f->o)) {
        return true;
    }
    return is_allocated(f->s, f->o) && at_offset(c, f, (int64_t)f->i << f->s, 0);
}

static bool tr_unscaled(ArmCtx *c, const ArmFields *f)
{
    if (is_prefetch(f->s, f->o)) {
        return true;
    }
    return is_allocated(f->s, f->o) && at_offset(c, f, sextract64(f->i, 0, 9), 0);
}

// LDTR, STTR: at EL1 with the permissions of EL0.
static bool tr_unprivileged(ArmCtx *c, const ArmFields *f)
{
    unsigned regime = c->flags & ARM_BF_UNPRIV ? IR_MEM_UNPRIV : 0;
    return is_allocated(f->s, f->o) && at_offset(c, f, sextract64(f->i, 0, 9), regime);
}

static bool tr_post_index(ArmCtx *c, const ArmFields *f)
{
    if (!is_allocated(f->s, f->o)) {
        return false;
    }
    IRRef base = a64_base(c, f->n);
    access(c, f->t, base, 0, f->o, a64_memop(c, f->s));
    a64_writeback(c, f->n, base, sextract64(f->i, 0, 9));
    return true;
}

static bool tr_pre_index(ArmCtx *c, const ArmFields *f)
{
    if (!is_allocated(f->s, f->o)) {
        return false;
    }
    int64_t disp = sextract64(f->i, 0, 9);
    IRRef base = a64_base(c, f->n);
    access(c, f->t, base, disp, f->o, a64_memop(c, f->s));
    a64_writeback(c, f->n, base, disp);
    return true;
}

static bool tr_register_offset(ArmCtx *c, const ArmFields *f)
{
    if (!(f->x & 2)) {
        return false;
    }
    if (is_prefetch(f->s, f->o)) {
        return true;
    }
    if (!is_allocated(f->s, f->o)) {
        return false;
    }
    IRRef base = a64_base(c, f->n);
    IRRef offset = a64_extend(c, a64_x(c, f->m), f->x, f->S ? f->s : 0);
    access(c, f->t, ir_add(c->b, base, offset), 0, f->o, a64_memop(c, f->s));
    return true;
}

// LDRAA, LDRAB: the base is authenticated with a data key and a zero modifier.
static bool tr_load_auth(ArmCtx *c, const ArmFields *f)
{
    int64_t disp = sextract64(f->S << 9 | f->i, 0, 10) * 8;
    IRRef base = a64_base(c, f->n);
    IRRef pointer = a64_auth(c, base, ir_i64(c->b, 0), PAUTH_DA + f->M);
    access(c, f->t, pointer, disp, OPC_LOAD, a64_memop(c, 3));
    if (f->w) {
        a64_writeback(c, f->n, pointer, disp);
    }
    return true;
}

// --- pairs

static void load_pair(ArmCtx *c, const ArmFields *f, IRRef base, int64_t disp, unsigned size)
{
    unsigned memop = a64_memop(c, size);
    bool sign = f->o == 1;
    IRType type = size == 3 || sign ? IR_I64 : IR_I32;
    memop |= sign ? IR_MEM_SIGN : 0;
    IRRef first = ir_ld(c->b, type, base, disp, memop);
    IRRef second = ir_ld(c->b, type, base, disp + (1 << size), memop);
    a64_put(c, f->t, first);
    a64_put(c, f->u, second);
}

static void store_pair(ArmCtx *c, const ArmFields *f, IRRef base, int64_t disp, unsigned size)
{
    unsigned memop = a64_memop(c, size);
    IRRef first = a64_r(c, f->t, size == 3), second = a64_r(c, f->u, size == 3);
    ir_st(c->b, base, disp, first, memop);
    ir_st(c->b, base, disp + (1 << size), second, memop);
}

enum { PAIR_NONTEMPORAL, PAIR_POST, PAIR_OFFSET, PAIR_PRE };

// o = 1: LDPSW, which has no non-temporal form.
static bool tr_pair(ArmCtx *c, const ArmFields *f)
{
    if (f->o == 3 || (f->o == 1 && (!f->L || f->p == PAIR_NONTEMPORAL))) {
        return false;
    }
    unsigned size = f->o == 2 ? 3 : 2;
    int64_t offset = sextract64(f->i, 0, 7) * (1 << size);
    int64_t disp = f->p == PAIR_POST ? 0 : offset;
    IRRef base = a64_base(c, f->n);
    (f->L ? load_pair : store_pair)(c, f, base, disp, size);
    if (f->p & 1) {
        a64_writeback(c, f->n, base, offset);
    }
    return true;
}

// LDAPUR, STLUR (FEAT_LRCPC2)
static bool tr_ordered_unscaled(ArmCtx *c, const ArmFields *f)
{
    if (!is_allocated(f->s, f->o)) {
        return false;
    }
    unsigned order = f->o == OPC_STORE ? IR_MEM_REL : IR_MEM_ACQ;
    IRRef base = a64_base(c, f->n);
    unsigned memop = a64_memop_ordered(c, f->s) | order;
    access(c, f->t, base, sextract64(f->i, 0, 9), f->o, memop);
    return true;
}

static const ArmRow rows[] = {
    {"LDR_literal", "oo01 1000 iiii iiii iiii iiii iiit tttt", tr_literal, ARM_FEAT_BASE},
    {"LDR_STR_unsigned", "ss11 1001 ooii iiii iiii iinn nnnt tttt", tr_unsigned_offset,
     ARM_FEAT_BASE},
    {"LDUR_STUR", "ss11 1000 oo0i iiii iiii 00nn nnnt tttt", tr_unscaled, ARM_FEAT_BASE},
    {"LDR_STR_post", "ss11 1000 oo0i iiii iiii 01nn nnnt tttt", tr_post_index, ARM_FEAT_BASE},
    {"LDTR_STTR", "ss11 1000 oo0i iiii iiii 10nn nnnt tttt", tr_unprivileged, ARM_FEAT_BASE},
    {"LDR_STR_pre", "ss11 1000 oo0i iiii iiii 11nn nnnt tttt", tr_pre_index, ARM_FEAT_BASE},
    {"LDR_STR_reg", "ss11 1000 oo1m mmmm xxxS 10nn nnnt tttt", tr_register_offset, ARM_FEAT_BASE},
    {"LDRA", "1111 1000 MS1i iiii iiii w1nn nnnt tttt", tr_load_auth, ARM_FEAT_PAUTH},
    {"LDP_STP", "oo10 100p pLii iiii iuuu uunn nnnt tttt", tr_pair, ARM_FEAT_BASE},
    {"LDAPUR_STLUR", "ss01 1001 oo0i iiii iiii 00nn nnnt tttt", tr_ordered_unscaled,
     ARM_FEAT_LRCPC2},
};
const ArmChapter a64_load_store = {"Loads and stores", rows, ARRAY_LEN(rows)};
