// System instructions (DDI 0487 C4.1.93 "System"): hints, barriers, PSTATE, SYS, MRS and MSR.
//
// Registers that running code reads all the time (thread pointers, NZCV, the kernel's SP_EL0 and
// TPIDR_EL1, ...) are accessed inline by the table below; everything else goes through arm_h_mrs,
// arm_h_msr and arm_h_sys, which know the traps.
#include "target-arm/a64/a64.h"
#include "target-arm/a64/pauth.h"
#include "target-arm/helpers.h"
#include "target-arm/system.h"
#include "target-arm/sysregs.h"

#define CPU_SLOT(f) offsetof(ARMCPU, f)
#define SYS_SLOT(f) (offsetof(ARMCPUAll, sys) + offsetof(ARMSystem, f))

#define DAIF_BITS (PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F)

static bool at_el0(const ArmCtx *c)
{
    return (c->flags & ARM_BF_EL) == 0;
}

// Ends the block if the instruction may have changed what translation depends on.
static void sync_if(ArmCtx *c, bool ends)
{
    if (ends) {
        a64_exit_again(c);
    }
}

// --- hints and barriers

static void trap_wfx(ArmCtx *c, bool wfe)
{
    a64_raise(c, ESR_EC(EC_WFX) | 1u << 24 | 0xeu << 20 | wfe);
}

static bool wait(ArmCtx *c, const IRHelper *h, bool wfe)
{
    if (at_el0(c) && (c->flags & ARM_BF_NTWX) >> 21 & (wfe ? 2 : 1)) {
        trap_wfx(c, wfe);
        return true;
    }
    a64_put_next_pc(c);
    ir_call(c->b, h, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    a64_exit_loop(c);
    return true;
}

static bool send_event(ArmCtx *c, const IRHelper *h)
{
    ir_call(c->b, h, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    return true;
}

// Unallocated hints are NOPs.
static bool tr_hint(ArmCtx *c, const ArmFields *f)
{
    unsigned hint = f->m << 3 | f->o;
    switch (hint) {
    case 1: // YIELD
        a64_put_next_pc(c);
        ir_call(c->b, &arm_h_yield, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
        a64_exit_loop(c);
        return true;
    case 2:
        return wait(c, &arm_h_wfe, true);
    case 3:
        return wait(c, &arm_h_wfi, false);
    case 4:
        return send_event(c, &arm_h_sev);
    case 5:
        return send_event(c, &arm_h_sevl);
    default:
        a64_pauth_hint(c, hint);
        return true;
    }
}

static bool tr_clrex(ArmCtx *c, const ArmFields *f)
{
    (void)f;
    arm_close_monitor(c);
    return true;
}

// One host thread runs all vCPUs, in order: DSB, DMB, SSBB, PSSBB and SB order nothing.
static bool tr_barrier(ArmCtx *c, const ArmFields *f)
{
    (void)c, (void)f;
    return true;
}

// Effects of earlier system instructions are visible at once; a new block is fetched anew.
static bool tr_isb(ArmCtx *c, const ArmFields *f)
{
    (void)f;
    a64_exit_jump(c, c->pc + 4);
    return true;
}

// --- PSTATE fields and flag manipulation

static bool tr_cfinv(ArmCtx *c, const ArmFields *f)
{
    (void)f;
    a64_put_flags(c, ir_f_cmc(c->b, a64_flags(c)));
    return true;
}

static IRRef flag(ArmCtx *c, IRFlagCond cond)
{
    return ir_f_test(c->b, cond, a64_flags(c));
}

static void put_four_flags(ArmCtx *c, IRRef n, IRRef z, IRRef carry, IRRef v)
{
    IRRef nz = ir_or(c->b, ir_shli(c->b, n, 15), ir_shli(c->b, z, 14));
    IRRef cv = ir_or(c->b, ir_shli(c->b, carry, 8), v);
    a64_put_flags(c, ir_f_unpack(c->b, ir_or(c->b, nz, cv)));
}

// DDI 0487 C6.2 XAFLAG, AXFLAG: between Arm's and the usual encoding of a float comparison.
static bool tr_xaflag(ArmCtx *c, const ArmFields *f)
{
    (void)f;
    IRRef nc = flag(c, IR_F_NC), z = flag(c, IR_F_Z), nz = flag(c, IR_F_NZ), cy = flag(c, IR_F_C);
    put_four_flags(c, ir_and(c->b, nc, nz), ir_and(c->b, z, cy), ir_or(c->b, cy, z),
                   ir_and(c->b, nc, z));
    return true;
}

static bool tr_axflag(ArmCtx *c, const ArmFields *f)
{
    (void)f;
    IRRef z = flag(c, IR_F_Z), v = flag(c, IR_F_V), cy = flag(c, IR_F_C), nv = flag(c, IR_F_NV);
    IRRef zero = ir_i32(c->b, 0);
    put_four_flags(c, zero, ir_or(c->b, z, v), ir_and(c->b, cy, nv), zero);
    return true;
}

static bool may_access_daif(const ArmCtx *c)
{
    return !at_el0(c) || (c->flags & ARM_BF_UMA);
}

// Masking interrupts needs no look at pending ones. PSTATE.D is left to arm_h_msr_imm: software
// step depends on it.
static bool mask_interrupts(ArmCtx *c, unsigned op, unsigned bits)
{
    if (op != 036 || (bits & 8) || !may_access_daif(c)) { // DAIFSet
        return false;
    }
    IRRef old = ir_get(c->b, IR_I32, CPU_SLOT(pstate));
    ir_put(c->b, CPU_SLOT(pstate), ir_or(c->b, old, ir_i32(c->b, bits << 6)));
    return true;
}

static bool tr_msr_imm(ArmCtx *c, const ArmFields *f)
{
    unsigned op = f->p << 3 | f->o;
    if (mask_interrupts(c, op, f->m)) {
        return true;
    }
    a64_put_next_pc(c);
    ir_call(c->b, &arm_h_msr_imm, ir_i32(c->b, op), ir_i32(c->b, f->m), IR_NONE, IR_NONE);
    a64_exit_again(c);
    return true;
}

// --- registers accessed inline

enum { INLINE_R = 1, INLINE_W0 = 2, INLINE_W1 = 4, INLINE_EL1 = 8, INLINE_SPSEL = 16 };

typedef struct InlineReg {
    uint32_t enc;
    uint32_t how; // INLINE_W0, _W1: writable at EL0, at EL1 and above
    uint32_t slot;
} InlineReg;

#define INLINE_SYS (INLINE_R | INLINE_EL1)

static const InlineReg inline_regs[] = {
    {SR(3, 3, 13, 0, 2), INLINE_R | INLINE_W0 | INLINE_W1, CPU_SLOT(tpidr_el0)},
    {SR(3, 3, 13, 0, 3), INLINE_R | INLINE_W1, CPU_SLOT(tpidrro_el0)},
    {SR(3, 0, 4, 1, 0), INLINE_SYS | INLINE_W1 | INLINE_SPSEL, SYS_SLOT(sp_el[0])},
    {SR(3, 0, 13, 0, 4), INLINE_SYS | INLINE_W1, SYS_SLOT(tpidr_el[1])},
    {SR(3, 0, 4, 0, 1), INLINE_SYS | INLINE_W1, SYS_SLOT(elr_el[1])},
    {SR(3, 0, 4, 0, 0), INLINE_SYS, SYS_SLOT(spsr_el[1])},
    {SR(3, 0, 5, 2, 0), INLINE_SYS, SYS_SLOT(esr_el[1])},
    {SR(3, 0, 6, 0, 0), INLINE_SYS, SYS_SLOT(far_el[1])},
};

static const InlineReg *find_inline(const ArmCtx *c, uint32_t enc, bool write)
{
    uint32_t want = !write ? INLINE_R : at_el0(c) ? INLINE_W0 : INLINE_W1;
    for (unsigned i = 0; i < ARRAY_LEN(inline_regs); i++) {
        const InlineReg *r = &inline_regs[i];
        if (r->enc == enc) {
            bool el = !(r->how & INLINE_EL1) || (c->flags & ARM_BF_EL) == 1;
            bool sp = !(r->how & INLINE_SPSEL) || (c->flags & ARM_BF_SPSEL);
            return (r->how & want) && el && sp ? r : NULL;
        }
    }
    return NULL;
}

// --- registers with inline functions

static IRRef read_nzcv(ArmCtx *c)
{
    IRRef p = ir_f_pack(c->b, a64_flags(c));
    IRRef nz = ir_shli(c->b, ir_extract(c->b, p, 14, 2), 30);
    IRRef carry = ir_shli(c->b, ir_extract(c->b, p, 8, 1), 29);
    IRRef v = ir_shli(c->b, ir_extract(c->b, p, 0, 1), 28);
    return ir_or(c->b, nz, ir_or(c->b, carry, v));
}

static void write_nzcv(ArmCtx *c, IRRef x)
{
    IRRef w = ir_trunc(c->b, x);
    put_four_flags(c, ir_extract(c->b, w, 31, 1), ir_extract(c->b, w, 30, 1),
                   ir_extract(c->b, w, 29, 1), ir_extract(c->b, w, 28, 1));
}

static IRRef read_daif(ArmCtx *c)
{
    return ir_and(c->b, ir_get(c->b, IR_I32, CPU_SLOT(pstate)), ir_i32(c->b, DAIF_BITS));
}

// DCZID_EL0.DZP tells whether DC ZVA traps here.
static IRRef read_dczid(ArmCtx *c)
{
    IRRef v = ir_get(c->b, IR_I64, CPU_SLOT(dczid_el0));
    bool prohibited = at_el0(c) && !(c->flags & ARM_BF_DZE);
    return prohibited ? ir_or(c->b, v, ir_i64(c->b, 1 << 4)) : v;
}

static IRRef read_special(ArmCtx *c, uint32_t enc)
{
    switch (enc) {
    case SR(3, 3, 4, 2, 0):
        return read_nzcv(c);
    case SR(3, 3, 4, 2, 1):
        return may_access_daif(c) ? read_daif(c) : IR_NONE;
    case SR(3, 3, 0, 0, 7):
        return read_dczid(c);
    case SR(3, 3, 0, 0, 1): // CTR_EL0
        return at_el0(c) && !(c->flags & ARM_BF_UCT) ? IR_NONE
                                                     : ir_get(c->b, IR_I64, CPU_SLOT(ctr_el0));
    case SR(3, 0, 4, 2, 2): // CurrentEL
        return at_el0(c) ? IR_NONE : ir_i64(c->b, (c->flags & ARM_BF_EL) << 2);
    default:
        return IR_NONE;
    }
}

static bool is_fp_register(uint32_t enc)
{
    return enc == SR(3, 3, 4, 4, 0) || enc == SR(3, 3, 4, 4, 1);
}

// --- MRS, MSR, SYS

static bool tr_mrs(ArmCtx *c, const ArmFields *f)
{
    uint32_t enc = c->insn >> 5 & 0xffff;
    const InlineReg *r = find_inline(c, enc, false);
    if (r) {
        a64_put(c, f->t, ir_get(c->b, IR_I64, r->slot));
        return true;
    }
    uint32_t slot = arm_sysreg_inline(c->cpu, c->flags, enc, false);
    if (slot) {
        a64_put(c, f->t, ir_get(c->b, IR_I64, slot));
        return true;
    }
    if (is_fp_register(enc) && a64_fp_trapped(c)) {
        return true;
    }
    IRRef v = read_special(c, enc);
    bool ends = false;
    if (v == IR_NONE) {
        ends = arm_sysreg_flags(c->cpu, enc, false) & ARM_SR_ENDS_BLOCK;
        if (ends) {
            a64_put_next_pc(c);
        }
        v = ir_call(c->b, &arm_h_mrs, ir_i32(c->b, enc), ir_i32(c->b, f->t), IR_NONE, IR_NONE);
    }
    a64_put(c, f->t, v);
    sync_if(c, ends);
    return true;
}

static bool tr_msr(ArmCtx *c, const ArmFields *f)
{
    uint32_t enc = c->insn >> 5 & 0xffff;
    const InlineReg *r = find_inline(c, enc, true);
    if (r) {
        ir_put(c->b, r->slot, a64_x(c, f->t));
        return true;
    }
    uint32_t slot = arm_sysreg_inline(c->cpu, c->flags, enc, true);
    if (slot) {
        ir_put(c->b, slot, a64_x(c, f->t));
        return true;
    }
    if (enc == SR(3, 3, 4, 2, 0)) {
        write_nzcv(c, a64_x(c, f->t));
        return true;
    }
    if (is_fp_register(enc) && a64_fp_trapped(c)) {
        return true;
    }
    bool ends = arm_sysreg_flags(c->cpu, enc, true) & ARM_SR_ENDS_BLOCK;
    if (ends) {
        a64_put_next_pc(c);
    }
    ir_call(c->b, &arm_h_msr, ir_i32(c->b, enc), a64_x(c, f->t), ir_i32(c->b, f->t), IR_NONE);
    sync_if(c, ends);
    return true;
}

// DC ZVA of the usual 64 bytes as stores, which one check covers.
static void zero_block(ArmCtx *c, IRRef addr)
{
    if ((c->cpu->dczid_el0 & 15) != 4) {
        ir_call(c->b, &arm_h_dc_zva, addr, IR_NONE, IR_NONE, IR_NONE);
        return;
    }
    IRRef base = ir_and(c->b, addr, ir_i64(c->b, ~UINT64_C(63)));
    IRRef zero = ir_vconst(c->b, 0, 0);
    for (unsigned i = 0; i < 64; i += 16) {
        ir_st(c->b, base, i, zero, a64_memop(c, 4));
    }
}

static bool tr_sys(ArmCtx *c, const ArmFields *f)
{
    uint32_t enc = c->insn >> 5 & 0xffff;
    if (enc == SR(1, 3, 7, 4, 1) && (!at_el0(c) || (c->flags & ARM_BF_DZE))) {
        zero_block(c, a64_x(c, f->t));
        return true;
    }
    bool ends = arm_sysreg_flags(c->cpu, enc, true) & ARM_SR_ENDS_BLOCK;
    if (ends) {
        a64_put_next_pc(c);
    }
    ir_call(c->b, &arm_h_sys, ir_i32(c->b, enc), a64_x(c, f->t), ir_i32(c->b, f->t), IR_NONE);
    sync_if(c, ends);
    return true;
}

static const ArmRow rows[] = {
    {"HINT", "1101 0101 0000 0011 0010 mmmm ooo1 1111", tr_hint, ARM_FEAT_BASE},
    {"CLREX", "1101 0101 0000 0011 0011 ---- 0101 1111", tr_clrex, ARM_FEAT_BASE},
    {"DSB", "1101 0101 0000 0011 0011 ---- 1001 1111", tr_barrier, ARM_FEAT_BASE},
    {"DMB", "1101 0101 0000 0011 0011 ---- 1011 1111", tr_barrier, ARM_FEAT_BASE},
    {"ISB", "1101 0101 0000 0011 0011 ---- 1101 1111", tr_isb, ARM_FEAT_BASE},
    {"SB", "1101 0101 0000 0011 0011 0000 1111 1111", tr_barrier, ARM_FEAT_SB},
    {"CFINV", "1101 0101 0000 0000 0100 0000 0001 1111", tr_cfinv, ARM_FEAT_FLAGM},
    {"XAFLAG", "1101 0101 0000 0000 0100 0000 0011 1111", tr_xaflag, ARM_FEAT_FLAGM2},
    {"AXFLAG", "1101 0101 0000 0000 0100 0000 0101 1111", tr_axflag, ARM_FEAT_FLAGM2},
    {"MSR_imm", "1101 0101 0000 0ppp 0100 mmmm ooo1 1111", tr_msr_imm, ARM_FEAT_BASE},
    {"SYS", "1101 0101 0000 1ppp rrrr mmmm ooot tttt", tr_sys, ARM_FEAT_BASE},
    {"MSR", "1101 0101 0001 qppp rrrr mmmm ooot tttt", tr_msr, ARM_FEAT_BASE},
    {"MRS", "1101 0101 0011 qppp rrrr mmmm ooot tttt", tr_mrs, ARM_FEAT_BASE},
};
const ArmChapter a64_system = {"System", rows, ARRAY_LEN(rows)};
