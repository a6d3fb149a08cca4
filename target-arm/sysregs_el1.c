// EL1's control, translation, exception and context registers (DDI 0487 D17.2).
#include "target-arm/sysregs.h"

#include "hw/core/machine.h"
#include "util/log.h"

// --- SCTLR_EL1

// Bits that are one in every CPU without AArch32, or whose features are not there: LSMAOE, nTLSMD,
// EIS, EOS, SED, ITD.
#define SCTLR_RES1  UINT64_C(0x30400980)
#define SCTLR_TSCXT BIT(20)
#define SCTLR_BASE                                                                                 \
    (SCTLR_M | SCTLR_A | SCTLR_C | SCTLR_SA | SCTLR_SA0 | SCTLR_UMA | SCTLR_I | SCTLR_DZE |        \
     SCTLR_UCT | SCTLR_NTWI | SCTLR_NTWE | SCTLR_WXN | SCTLR_UCI)

static uint64_t sctlr_bits(const ARMCPU *c)
{
    uint64_t m = SCTLR_BASE;
    m |= arm_has(c, ARM_FEAT_PAUTH) ? SCTLR_ENIA | SCTLR_ENIB | SCTLR_ENDA | SCTLR_ENDB : 0;
    m |= arm_has(c, ARM_FEAT_PAN) ? SCTLR_SPAN : 0;
    m |= arm_has(c, ARM_FEAT_SSBS) ? SCTLR_DSSBS : 0;
    m |= arm_has(c, ARM_FEAT_CSV2) ? SCTLR_TSCXT : 0;
    m |= arm_has(c, ARM_FEAT_LSE2) ? BIT(6) : 0;           // nAA
    m |= arm_has(c, ARM_FEAT_BTI) ? BIT(35) | BIT(36) : 0; // BT0, BT1
    return m;
}

static void write_sctlr(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    uint64_t *sctlr = &c->sys->sctlr_el[1], old = *sctlr;
    uint64_t res1 = SCTLR_RES1 | (arm_has(c, ARM_FEAT_PAN) ? 0 : SCTLR_SPAN) |
                    (arm_has(c, ARM_FEAT_CSV2) ? 0 : SCTLR_TSCXT);
    *sctlr = (value & sctlr_bits(c)) | res1;
    arm_mode_refresh(c);
    if ((old ^ *sctlr) & (SCTLR_M | SCTLR_WXN | SCTLR_C)) {
        mmu_regime_changed(&c->vcpu);
    }
    arm_mode_changed(c);
}

// --- translation

static uint64_t tcr_bits(const ARMCPU *c)
{
    uint64_t m = mask64(39) & ~BIT(6) & ~BIT(35);
    m |= arm_has(c, ARM_FEAT_HAFDBS) ? TCR_HA | TCR_HD : 0;
    m |= arm_has(c, ARM_FEAT_HPDS) ? TCR_HPD0 | TCR_HPD1 : 0;
    m |= arm_has(c, ARM_FEAT_PAUTH) ? TCR_TBID0 | TCR_TBID1 : 0;
    m |= arm_has(c, ARM_FEAT_E0PD) ? TCR_E0PD0 | TCR_E0PD1 : 0;
    return m;
}

static void write_tcr(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    uint64_t old = c->sys->tcr_el[1];
    c->sys->tcr_el[1] = value & tcr_bits(c);
    arm_pauth_update(c);
    arm_mode_refresh(c);
    if (old != c->sys->tcr_el[1]) {
        mmu_regime_changed(&c->vcpu);
    }
    arm_mode_changed(c);
}

// A new table under the old ASID needs TLB maintenance by the guest, so nothing is dropped here.
static void write_ttbr0(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    c->sys->ttbr0_el[1] = value;
    arm_mode_changed(c);
}

static void write_ttbr1(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    c->sys->ttbr1_el[1] = value;
    arm_mode_changed(c);
}

static void write_mair(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    if (c->sys->mair_el[1] != value) {
        c->sys->mair_el[1] = value;
        mmu_regime_changed(&c->vcpu);
    }
}

// --- control

static void write_cpacr(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    c->sys->cpacr = value & (UINT64_C(3) << 20); // FPEN; there is no SVE, SME or trace
    arm_mode_changed(c);
}

static uint64_t read_isr(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    uint32_t in = c->sys->inputs;
    return (in >> ARM_INPUT_IRQ & 1) << 7 | (in >> ARM_INPUT_FIQ & 1) << 6;
}

static uint64_t read_rvbar(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    return c->sys->boot_pc;
}

// RMR_EL1.RR asks for a warm reset; it counts as one of the machine.
static void write_rmr(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    if (value & 2) {
        machine_request(c->vcpu.machine, MACHINE_RESET, 0);
    }
}

// --- thread registers that live with the CPU

static uint64_t read_tpidr_el0(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    return c->tpidr_el0;
}

static void write_tpidr_el0(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    c->tpidr_el0 = value;
}

static uint64_t read_tpidrro(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    return c->tpidrro_el0;
}

static void write_tpidrro(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)r, (void)enc;
    c->tpidrro_el0 = value;
}

// --- software context numbers (FEAT_CSV2_2). Nothing is predicted across contexts anyway.

static uint8_t trap_scxtnum(ARMCPU *c, const ARMSysReg *r, bool write)
{
    (void)r, (void)write;
    return arm_el(c) == 0 && (c->sys->sctlr_el[1] & SCTLR_TSCXT) ? EC_SYSREG : ARM_NO_TRAP;
}

// --- random numbers: xorshift128+, part of the machine's state, so that a run repeats

static uint64_t read_rndr(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    uint64_t *s = c->sys->rng, x = s[0], y = s[1];
    s[0] = y;
    x ^= x << 23;
    s[1] = x ^ y ^ (x >> 17) ^ (y >> 26);
    arm_set_nzcv(c, 0); // a number was returned
    return s[1] + y;
}

#define PLAIN(op1, crn, crm, op2, nm, field)                                                       \
    {                                                                                              \
        .enc = SR(3, op1, crn, crm, op2), .name = nm, .access = SR_RW1, SR_HOME(field)             \
    }
#define KEY(crm, op2, nm, field)                                                                   \
    {                                                                                              \
        .enc = SR(3, 0, 2, crm, op2), .name = nm, .access = SR_RW1, .feature = ARM_FEAT_PAUTH,     \
        SR_HOME(field)                                                                             \
    }

static const ARMSysReg rows[] = {
    {.enc = SR(3, 0, 1, 0, 0),
     .name = "SCTLR_EL1",
     .access = SR_RW1,
     .flags = SR_ENDS,
     SR_HOME(sctlr_el[1]),
     .write = write_sctlr},
    PLAIN(0, 1, 0, 1, "ACTLR_EL1", actlr_el[1]),
    {.enc = SR(3, 0, 1, 0, 2),
     .name = "CPACR_EL1",
     .access = SR_RW1,
     .flags = SR_ENDS,
     SR_HOME(cpacr),
     .write = write_cpacr},
    {.enc = SR(3, 0, 2, 0, 0),
     .name = "TTBR0_EL1",
     .access = SR_RW1,
     .flags = SR_ENDS,
     SR_HOME(ttbr0_el[1]),
     .write = write_ttbr0},
    {.enc = SR(3, 0, 2, 0, 1),
     .name = "TTBR1_EL1",
     .access = SR_RW1,
     .flags = SR_ENDS,
     SR_HOME(ttbr1_el[1]),
     .write = write_ttbr1},
    {.enc = SR(3, 0, 2, 0, 2),
     .name = "TCR_EL1",
     .access = SR_RW1,
     .flags = SR_ENDS,
     SR_HOME(tcr_el[1]),
     .write = write_tcr},
    KEY(1, 0, "APIAKeyLo_EL1", key[0].lo),
    KEY(1, 1, "APIAKeyHi_EL1", key[0].hi),
    KEY(1, 2, "APIBKeyLo_EL1", key[1].lo),
    KEY(1, 3, "APIBKeyHi_EL1", key[1].hi),
    KEY(2, 0, "APDAKeyLo_EL1", key[2].lo),
    KEY(2, 1, "APDAKeyHi_EL1", key[2].hi),
    KEY(2, 2, "APDBKeyLo_EL1", key[3].lo),
    KEY(2, 3, "APDBKeyHi_EL1", key[3].hi),
    KEY(3, 0, "APGAKeyLo_EL1", key[4].lo),
    KEY(3, 1, "APGAKeyHi_EL1", key[4].hi),
    PLAIN(0, 4, 0, 0, "SPSR_EL1", spsr_el[1]),
    PLAIN(0, 4, 0, 1, "ELR_EL1", elr_el[1]),
    PLAIN(0, 5, 1, 0, "AFSR0_EL1", afsr0_el[1]),
    PLAIN(0, 5, 1, 1, "AFSR1_EL1", afsr1_el[1]),
    PLAIN(0, 5, 2, 0, "ESR_EL1", esr_el[1]),
    PLAIN(0, 6, 0, 0, "FAR_EL1", far_el[1]),
    PLAIN(0, 7, 4, 0, "PAR_EL1", par),
    {.enc = SR(3, 0, 10, 2, 0),
     .name = "MAIR_EL1",
     .access = SR_RW1,
     .flags = SR_ENDS,
     SR_HOME(mair_el[1]),
     .write = write_mair},
    PLAIN(0, 10, 3, 0, "AMAIR_EL1", amair_el[1]),
    {.enc = SR(3, 0, 12, 0, 0),
     .name = "VBAR_EL1",
     .access = SR_RW1,
     SR_HOME(vbar_el[1]),
     .mask = ~UINT64_C(0x7ff)},
    {.enc = SR(3, 0, 12, 0, 1), .name = "RVBAR_EL1", .access = SR_R1, .read = read_rvbar},
    {.enc = SR(3, 0, 12, 0, 2),
     .name = "RMR_EL1",
     .access = SR_RW1,
     .flags = SR_ENDS,
     SR_HOME(impdef[3]),
     .write = write_rmr},
    {.enc = SR(3, 0, 12, 1, 0), .name = "ISR_EL1", .access = SR_R1, .read = read_isr},
    PLAIN(0, 13, 0, 1, "CONTEXTIDR_EL1", contextidr_el[1]),
    PLAIN(0, 13, 0, 4, "TPIDR_EL1", tpidr_el[1]),
    {.enc = SR(3, 3, 13, 0, 2),
     .name = "TPIDR_EL0",
     .access = SR_RW0,
     .read = read_tpidr_el0,
     .write = write_tpidr_el0},
    {.enc = SR(3, 3, 13, 0, 3),
     .name = "TPIDRRO_EL0",
     .access = SR_RW1_R0,
     .read = read_tpidrro,
     .write = write_tpidrro},
    {.enc = SR(3, 0, 13, 0, 7),
     .name = "SCXTNUM_EL1",
     .access = SR_RW1,
     .feature = ARM_FEAT_CSV2,
     SR_HOME(scxtnum[1])},
    {.enc = SR(3, 3, 13, 0, 7),
     .name = "SCXTNUM_EL0",
     .access = SR_RW0,
     .feature = ARM_FEAT_CSV2,
     SR_HOME(scxtnum[0]),
     .trap = trap_scxtnum},
    {.enc = SR(3, 3, 2, 4, 0),
     .name = "RNDR",
     .access = SR_R0,
     .feature = ARM_FEAT_RNG,
     .read = read_rndr},
    {.enc = SR(3, 3, 2, 4, 1),
     .name = "RNDRRS",
     .access = SR_R0,
     .feature = ARM_FEAT_RNG,
     .read = read_rndr},
};
const ARMSysRegTable arm_sysregs_el1 = {rows, ARRAY_LEN(rows)};

// --- implementation-defined registers of Cortex-A53/A57/A72 that firmware and kernels touch. They
// keep nothing: reads give 0 (L2CTLR: the number of cores), writes are ignored.

static uint64_t read_l2ctlr(ARMCPU *c, const ARMSysReg *r, uint32_t enc)
{
    (void)r, (void)enc;
    return (uint64_t)((MIN_OF(c->vcpu.machine->n_cpus, 4u) - 1) & 3) << 24;
}

static void write_ignored(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value)
{
    (void)c, (void)enc;
    log_printf(LOG_UNIMP, "write of 0x%llx to %s ignored\n", (unsigned long long)value, r->name);
}

#define ZERO(crn, crm, op2, nm)                                                                    \
    {                                                                                              \
        .enc = SR(3, 1, crn, crm, op2), .name = nm, .access = SR_RW1,                              \
        .flags = SR_CORTEX | SR_CONST                                                              \
    }

static const ARMSysReg impdef_rows[] = {
    {.enc = SR(3, 1, 11, 0, 2),
     .name = "L2CTLR_EL1",
     .access = SR_RW1,
     .flags = SR_CORTEX,
     .read = read_l2ctlr,
     .write = write_ignored},
    ZERO(11, 0, 3, "L2ECTLR_EL1"),
    ZERO(15, 0, 0, "L2ACTLR_EL1"),
    ZERO(15, 2, 0, "CPUACTLR_EL1"),
    ZERO(15, 2, 1, "CPUECTLR_EL1"),
    ZERO(15, 2, 2, "CPUMERRSR_EL1"),
    ZERO(15, 2, 3, "L2MERRSR_EL1"),
};
const ARMSysRegTable arm_sysregs_impdef = {impdef_rows, ARRAY_LEN(impdef_rows)};
