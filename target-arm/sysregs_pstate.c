// PSTATE fields as registers (NZCV, DAIF, SPSel, PAN, ...), stack pointers, FPCR and FPSR, and
// MSR (immediate).
#include "target-arm/sysregs.h"

#include "target-arm/fp_exact.h"

static void set_pstate_bit(ARMCPU *c, uint32_t bit, bool on)
{
    arm_set_pstate(c, on ? c->pstate | bit : c->pstate & ~bit);
    arm_pstate_changed(c);
}

// --- access rules

static uint8_t trap_daif(ARMCPU *c, const ARMSysReg *r, bool write)
{
    (void)r, (void)write;
    bool trapped = arm_el(c) == 0 && !(c->sys->sctlr_el[1] & SCTLR_UMA);
    return trapped ? EC_SYSREG : ARM_NO_TRAP;
}

// SP_EL0 cannot be reached by name while it is the current stack pointer.
static uint8_t trap_sp_el0(ARMCPU *c, const ARMSysReg *r, bool write)
{
    (void)r, (void)write;
    return c->pstate & PSTATE_SP ? ARM_NO_TRAP : EC_UNKNOWN;
}

static uint8_t trap_fp(ARMCPU *c, const ARMSysReg *r, bool write)
{
    (void)r, (void)write;
    return c->sys->block_flags & ARM_BF_FP_TRAP ? EC_FP : ARM_NO_TRAP;
}

// --- hooks

static uint64_t read_sp_el0(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    return c->sys->sp_el[0];
}

static void write_sp_el0(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    c->sys->sp_el[0] = value;
}

static uint64_t read_nzcv(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    return arm_nzcv(c);
}

static void write_nzcv(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    arm_set_nzcv(c, (uint32_t)value);
}

static uint64_t read_daif(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    return c->pstate & (PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F);
}

static void write_daif(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    arm_set_daif(c, (uint32_t)value);
}

static uint64_t read_spsel(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    return c->pstate & PSTATE_SP;
}

static void write_spsel(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    set_pstate_bit(c, PSTATE_SP, value & 1);
}

static uint64_t read_current_el(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    return c->pstate & PSTATE_EL;
}

// PAN, UAO, DIT, SSBS: the register has the bit at the same place as SPSR; .value is the bit.
static uint64_t read_bit(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)enc;
    return c->pstate & (uint32_t)r->value;
}

static void write_bit(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)enc;
    set_pstate_bit(c, (uint32_t)r->value, value & r->value);
}

static uint64_t read_fpcr(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    return c->fpcr;
}

static void write_fpcr(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    arm_fpcr_write(c, (uint32_t)value);
    arm_mode_changed(c);
}

static uint64_t read_fpsr(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    return arm_fpsr_read(c);
}

static void write_fpsr(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    arm_fpsr_write(c, (uint32_t)value);
}

#define BIT_ROW(op1, crm, op2, nm, acc, feat, bit)                                                 \
    {                                                                                              \
        .enc = SR(3, op1, 4, crm, op2), .name = nm, .access = acc, .flags = SR_ENDS,               \
        .feature = feat, .value = bit, .read = read_bit, .write = write_bit                        \
    }

static const ARMSysReg rows[] = {
    {.enc = SR(3, 0, 4, 1, 0),
     .name = "SP_EL0",
     .access = SR_RW1,
     .read = read_sp_el0,
     .write = write_sp_el0,
     .trap = trap_sp_el0},
    {.enc = SR(3, 0, 4, 2, 0),
     .name = "SPSel",
     .access = SR_RW1,
     .flags = SR_ENDS,
     .read = read_spsel,
     .write = write_spsel},
    {.enc = SR(3, 0, 4, 2, 2), .name = "CurrentEL", .access = SR_R1, .read = read_current_el},
    BIT_ROW(0, 2, 3, "PAN", SR_RW1, ARM_FEAT_PAN, PSTATE_PAN),
    BIT_ROW(0, 2, 4, "UAO", SR_RW1, ARM_FEAT_UAO, PSTATE_UAO),
    BIT_ROW(3, 2, 5, "DIT", SR_RW0, ARM_FEAT_DIT, PSTATE_DIT),
    BIT_ROW(3, 2, 6, "SSBS", SR_RW0, ARM_FEAT_SSBS, PSTATE_SSBS),
    {.enc = SR(3, 3, 4, 2, 0),
     .name = "NZCV",
     .access = SR_RW0,
     .read = read_nzcv,
     .write = write_nzcv},
    {.enc = SR(3, 3, 4, 2, 1),
     .name = "DAIF",
     .access = SR_RW0,
     .flags = SR_ENDS,
     .read = read_daif,
     .write = write_daif,
     .trap = trap_daif},
    {.enc = SR(3, 3, 4, 4, 0),
     .name = "FPCR",
     .access = SR_RW0,
     .flags = SR_ENDS,
     .read = read_fpcr,
     .write = write_fpcr,
     .trap = trap_fp},
    {.enc = SR(3, 3, 4, 4, 1),
     .name = "FPSR",
     .access = SR_RW0,
     .read = read_fpsr,
     .write = write_fpsr,
     .trap = trap_fp},
};
const ARMSysRegTable arm_sysregs_pstate = {rows, ARRAY_LEN(rows)};
