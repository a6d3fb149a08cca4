// LDM and STM of A32 and T32, with User mode's registers and as exception return, RFE and SRS (DDI
// 0487 F4.1.14).
//
// Registers are put as they are loaded, but for the base and pc: a load that faults half way is run
// again from the same base, and what the others hold then is UNKNOWN anyway.
#include "target-arm/a32/share.h"
#include "target-arm/helpers_a32.h"

// Where the lowest word lies, and the base afterwards, relative to the base.
typedef struct Span {
    int32_t start, end;
} Span;

static Span span_of(unsigned words, bool up, bool before)
{
    int32_t size = 4 * (int32_t)words;
    if (up) {
        return (Span){before ? 4 : 0, size};
    }
    return (Span){-size + (before ? 0 : 4), -size};
}

static unsigned words_of(uint32_t list)
{
    return (unsigned)__builtin_popcount(list);
}

// The alignment of the first word is that of all.
static unsigned memop_of(unsigned i)
{
    return i ? 2 : 2 | IR_MEM_ALIGN;
}

static IRRef load_word(ArmCtx *c, IRRef addr, unsigned i)
{
    return a32_load_at(c, addr, 4 * (int32_t)i, memop_of(i));
}

static void store_word(ArmCtx *c, IRRef addr, unsigned i, IRRef v)
{
    a32_store_at(c, addr, 4 * (int32_t)i, v, memop_of(i));
}

// --- LDM

typedef struct Loaded {
    IRRef base, pc; // IR_NONE: not in the list
} Loaded;

static Loaded load_list(ArmCtx *c, IRRef addr, unsigned n, uint32_t list)
{
    Loaded loaded = {IR_NONE, IR_NONE};
    unsigned i = 0;
    for (unsigned r = 0; r < 16; r++) {
        if (!(list >> r & 1)) {
            continue;
        }
        IRRef v = load_word(c, addr, i++);
        if (r == A32_PC) {
            loaded.pc = v;
        } else if (r == n) {
            loaded.base = v;
        } else {
            a32_put(c, r, v);
        }
    }
    return loaded;
}

static Loaded load_and_write_back(ArmCtx *c, unsigned n, uint32_t list, bool up, bool before,
                                  bool writeback)
{
    Span s = span_of(words_of(list), up, before);
    IRRef base = a32_r(c, n);
    Loaded loaded = load_list(c, a32_address(c, base, s.start), n, list);
    if (writeback) {
        a32_put(c, n, ir_addi(c->b, base, s.end));
    }
    if (loaded.base != IR_NONE) {
        a32_put(c, n, loaded.base);
    }
    return loaded;
}

bool a32_ldm(ArmCtx *c, unsigned n, uint32_t list, bool up, bool before, bool writeback)
{
    Loaded loaded = load_and_write_back(c, n, list, up, before, writeback);
    if (loaded.pc != IR_NONE) {
        a32_exit_bx(c, loaded.pc, IR_IND_RET);
    }
    return true;
}

// LDM (exception return)
static bool load_and_return(ArmCtx *c, const ArmFields *f)
{
    Loaded loaded = load_and_write_back(c, f->n, f->r, f->U, f->P, f->W);
    return a32_exception_return(c, loaded.pc);
}

// --- STM

bool a32_stm(ArmCtx *c, unsigned n, uint32_t list, bool up, bool before, bool writeback)
{
    Span s = span_of(words_of(list), up, before);
    IRRef base = a32_r(c, n), addr = a32_address(c, base, s.start);
    unsigned i = 0;
    for (unsigned r = 0; r < 16; r++) {
        if (list >> r & 1) {
            store_word(c, addr, i++, a32_r(c, r));
        }
    }
    if (writeback) {
        a32_put(c, n, ir_addi(c->b, base, s.end));
    }
    return true;
}

// --- User mode's registers: r0-r7 and pc are not banked

static bool is_banked(unsigned r)
{
    return r >= 8 && r != A32_PC;
}

static IRRef user_register(ArmCtx *c, unsigned r)
{
    if (!is_banked(r)) {
        return a32_r(c, r);
    }
    return ir_trunc(c->b,
                    ir_call(c->b, &arm_h_get_user, ir_i32(c->b, r), IR_NONE, IR_NONE, IR_NONE));
}

static void put_user_register(ArmCtx *c, unsigned r, IRRef v)
{
    if (is_banked(r)) {
        ir_call(c->b, &arm_h_set_user, ir_i32(c->b, r), v, IR_NONE, IR_NONE);
    } else {
        a32_put(c, r, v);
    }
}

static bool tr_ldm_user(ArmCtx *c, const ArmFields *f)
{
    if ((c->flags & ARM_BF_EL) == 0 || !f->r) {
        return false;
    }
    if (f->r >> A32_PC & 1) {
        return load_and_return(c, f);
    }
    IRRef addr = a32_address(c, a32_r(c, f->n), span_of(words_of(f->r), f->U, f->P).start);
    IRRef kept = IR_NONE;
    unsigned i = 0;
    for (unsigned r = 0; r < A32_PC; r++) {
        if (f->r >> r & 1) {
            IRRef v = load_word(c, addr, i++);
            if (r == f->n) {
                kept = v;
            } else {
                put_user_register(c, r, v);
            }
        }
    }
    if (kept != IR_NONE) {
        put_user_register(c, f->n, kept);
    }
    return true;
}

static bool tr_stm_user(ArmCtx *c, const ArmFields *f)
{
    if ((c->flags & ARM_BF_EL) == 0 || !f->r) {
        return false;
    }
    IRRef addr = a32_address(c, a32_r(c, f->n), span_of(words_of(f->r), f->U, f->P).start);
    unsigned i = 0;
    for (unsigned r = 0; r < 16; r++) {
        if (f->r >> r & 1) {
            store_word(c, addr, i++, user_register(c, r));
        }
    }
    return true;
}

// --- RFE, SRS

bool a32_rfe(ArmCtx *c, unsigned n, bool up, bool before, bool writeback)
{
    if ((c->flags & ARM_BF_EL) == 0) {
        return false;
    }
    Span s = span_of(2, up, before);
    IRRef base = a32_r(c, n), addr = a32_address(c, base, s.start);
    IRRef pc = load_word(c, addr, 0), cpsr = load_word(c, addr, 1);
    if (writeback) {
        a32_put(c, n, ir_addi(c->b, base, s.end));
    }
    ir_call(c->b, &arm_h_rfe, pc, cpsr, IR_NONE, IR_NONE);
    a32_exit_taken(c);
    return true;
}

bool a32_srs(ArmCtx *c, unsigned mode, bool up, bool before, bool writeback)
{
    if ((c->flags & ARM_BF_EL) == 0 || c->flags & ARM_BF_SYS) {
        return false;
    }
    Span s = span_of(2, up, before);
    IRRef m = ir_i32(c->b, mode);
    IRRef sp = ir_trunc(c->b, ir_call(c->b, &arm_h_get_mode_sp, m, IR_NONE, IR_NONE, IR_NONE));
    IRRef spsr = ir_trunc(c->b, ir_call(c->b, &arm_h_get_spsr, IR_NONE, IR_NONE, IR_NONE, IR_NONE));
    IRRef addr = a32_address(c, sp, s.start);
    store_word(c, addr, 0, a32_r(c, A32_LR));
    store_word(c, addr, 1, spsr);
    if (writeback) {
        ir_call(c->b, &arm_h_set_mode_sp, m, ir_addi(c->b, sp, s.end), IR_NONE, IR_NONE);
    }
    return true;
}

// --- A32's rows

static bool tr_ldm(ArmCtx *c, const ArmFields *f)
{
    return f->r && a32_ldm(c, f->n, f->r, f->U, f->P, f->W);
}

static bool tr_stm(ArmCtx *c, const ArmFields *f)
{
    return f->r && a32_stm(c, f->n, f->r, f->U, f->P, f->W);
}

static bool tr_rfe(ArmCtx *c, const ArmFields *f)
{
    return a32_rfe(c, f->n, f->U, f->P, f->W);
}

static bool tr_srs(ArmCtx *c, const ArmFields *f)
{
    return a32_srs(c, f->m, f->U, f->P, f->W);
}

static const ArmRow rows[] = {
    {"LDM", "---- 100P U0W1 nnnn rrrr rrrr rrrr rrrr", tr_ldm, ARM_FEAT_BASE},
    {"STM", "---- 100P U0W0 nnnn rrrr rrrr rrrr rrrr", tr_stm, ARM_FEAT_BASE},
    {"LDM_user", "---- 100P U1W1 nnnn rrrr rrrr rrrr rrrr", tr_ldm_user, ARM_FEAT_BASE},
    {"STM_user", "---- 100P U1-0 nnnn rrrr rrrr rrrr rrrr", tr_stm_user, ARM_FEAT_BASE},
    {"RFE", "1111 100P U0W1 nnnn ---- ---- ---- ----", tr_rfe, ARM_FEAT_BASE},
    {"SRS", "1111 100P U1W0 ---- ---- ---- ---m mmmm", tr_srs, ARM_FEAT_BASE},
};
const ArmChapter a32_load_store_multiple = {"Load and store multiple", rows, ARRAY_LEN(rows)};
