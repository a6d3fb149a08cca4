// MCR, MRC, MCRR and MRRC of coprocessors 14 and 15, in A32 and T32 (DDI 0487 F4.1.17). All others
// but 10 and 11 (VFP and Advanced SIMD) are UNDEFINED, and so are CDP, LDC and STC.
#include "target-arm/a32/share.h"
#include "target-arm/helpers.h"
#include "target-arm/helpers_a32.h"

static bool is_system(const ArmFields *f)
{
    return f->p == 14 || f->p == 15;
}

// Puts the next pc if the access may change what translation depends on.
static bool begin(ArmCtx *c, uint32_t enc, bool write, bool *ends)
{
    unsigned flags = arm_cp_flags(c->cpu, enc, write);
    *ends = flags & ARM_SR_ENDS_BLOCK;
    if (flags & ARM_SR_UNKNOWN) {
        return false;
    }
    if (*ends) {
        a32_put_next_pc(c);
    }
    return true;
}

static IRRef registers(ArmCtx *c, const ArmFields *f)
{
    return ir_i32(c->b, f->t | f->u << 8);
}

static IRRef read(ArmCtx *c, const ArmFields *f, uint32_t enc)
{
    return ir_call(c->b, &arm_h_cp_read, ir_i32(c->b, enc), registers(c, f), IR_NONE, IR_NONE);
}

static void write(ArmCtx *c, const ArmFields *f, uint32_t enc, IRRef v)
{
    ir_call(c->b, &arm_h_cp_write, ir_i32(c->b, enc), v, registers(c, f), IR_NONE);
}

static void end_if(ArmCtx *c, bool ends)
{
    if (ends) {
        a32_exit_again(c);
    }
}

// MRC to pc is one to the flags: APSR_nzcv.
static void put_read(ArmCtx *c, unsigned t, IRRef v)
{
    IRRef w = ir_trunc(c->b, v);
    if (t != A32_PC) {
        a32_put(c, t, w);
        return;
    }
    IRRef nz = ir_shli(c->b, ir_extract(c->b, w, 30, 2), 14);
    IRRef carry = ir_shli(c->b, ir_extract(c->b, w, 29, 1), 8);
    IRRef packed = ir_or(c->b, ir_or(c->b, nz, carry), ir_extract(c->b, w, 28, 1));
    a32_put_flags(c, ir_f_unpack(c->b, packed));
}

bool a32_tr_mrc(ArmCtx *c, const ArmFields *f)
{
    uint32_t enc = arm_cp_enc(c->insn), slot;
    bool ends;
    if (!is_system(f)) {
        return false;
    }
    if ((slot = arm_cp_inline(c->cpu, c->flags, enc, false))) {
        put_read(c, f->t, ir_get(c->b, IR_I64, slot));
        return true;
    }
    if (!begin(c, enc, false, &ends)) {
        return false;
    }
    put_read(c, f->t, read(c, f, enc));
    end_if(c, ends);
    return true;
}

bool a32_tr_mcr(ArmCtx *c, const ArmFields *f)
{
    uint32_t enc = arm_cp_enc(c->insn), slot;
    bool ends;
    if (!is_system(f) || f->t == A32_PC) {
        return false;
    }
    if ((slot = arm_cp_inline(c->cpu, c->flags, enc, true))) {
        ir_put(c->b, slot, ir_extu(c->b, a32_r(c, f->t)));
        return true;
    }
    if (!begin(c, enc, true, &ends)) {
        return false;
    }
    write(c, f, enc, ir_extu(c->b, a32_r(c, f->t)));
    end_if(c, ends);
    return true;
}

bool a32_tr_mrrc(ArmCtx *c, const ArmFields *f)
{
    uint32_t enc = arm_cp_enc64(c->insn);
    bool ends;
    if (!is_system(f) || !begin(c, enc, false, &ends)) {
        return false;
    }
    IRRef v = read(c, f, enc);
    a32_put(c, f->t, ir_trunc(c->b, v));
    a32_put(c, f->u, ir_trunc(c->b, ir_shri(c->b, v, 32)));
    end_if(c, ends);
    return true;
}

bool a32_tr_mcrr(ArmCtx *c, const ArmFields *f)
{
    uint32_t enc = arm_cp_enc64(c->insn);
    bool ends;
    if (!is_system(f) || !begin(c, enc, true, &ends)) {
        return false;
    }
    IRRef high = ir_shli(c->b, ir_extu(c->b, a32_r(c, f->u)), 32);
    write(c, f, enc, ir_or(c->b, high, ir_extu(c->b, a32_r(c, f->t))));
    end_if(c, ends);
    return true;
}

static const ArmRow rows[] = {
    {"MCR", "---- 1110 ooo0 nnnn tttt pppp qqq1 mmmm", a32_tr_mcr, ARM_FEAT_BASE},
    {"MRC", "---- 1110 ooo1 nnnn tttt pppp qqq1 mmmm", a32_tr_mrc, ARM_FEAT_BASE},
    {"MCRR", "---- 1100 0100 uuuu tttt pppp oooo mmmm", a32_tr_mcrr, ARM_FEAT_BASE},
    {"MRRC", "---- 1100 0101 uuuu tttt pppp oooo mmmm", a32_tr_mrrc, ARM_FEAT_BASE},
};
const ArmChapter a32_coprocessor = {"Coprocessors 14 and 15", rows, ARRAY_LEN(rows)};
