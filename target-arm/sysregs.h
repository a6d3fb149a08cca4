// System registers and SYS operations as rows. The tables are split by subject; arm_sysregs_init
// gathers the rows that a model has into one index by encoding.
#ifndef TARGET_ARM_SYSREGS_H
#define TARGET_ARM_SYSREGS_H

#include "target-arm/system.h"

// Encoding as in bits 20..5 of MSR/MRS/SYS.
#define SR(op0, op1, crn, crm, op2)                                                                \
    ((uint32_t)(op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
#define SR_OP0(enc) ((enc) >> 14 & 3)
#define SR_OP1(enc) ((enc) >> 11 & 7)
#define SR_CRN(enc) ((enc) >> 7 & 15)
#define SR_CRM(enc) ((enc) >> 3 & 15)
#define SR_OP2(enc) ((enc)&7)

typedef struct ARMSysReg ARMSysReg;
typedef uint64_t ARMSysRead(ARMCPU *c, const ARMSysReg *r, uint32_t enc);
typedef void ARMSysWrite(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value);
// Called before an access that the row's permissions allow: the exception class of the trap, or
// ARM_NO_TRAP.
typedef uint8_t ARMSysTrap(ARMCPU *c, const ARMSysReg *r, bool write);
#define ARM_NO_TRAP 0xff

// Who may read and write.
enum {
    SR_EL0_R = 1,
    SR_EL0_W = 2,
    SR_EL1_R = 4,
    SR_EL1_W = 8,
    SR_RW1 = SR_EL1_R | SR_EL1_W,
    SR_R1 = SR_EL1_R,
    SR_W1 = SR_EL1_W,
    SR_RW0 = SR_RW1 | SR_EL0_R | SR_EL0_W, // everywhere
    SR_R0 = SR_EL1_R | SR_EL0_R,
    SR_W0 = SR_EL1_W | SR_EL0_W,
    SR_RW1_R0 = SR_RW1 | SR_EL0_R,
};

// What else is special.
enum {
    SR_ENDS = 1,      // a write may change mode, mapping or interrupts: the block ends
    SR_ENDS_READ = 2, // so may a read
    SR_CONST = 4,     // reads as .value; writes are ignored
    SR_CORTEX = 8,    // only models with the Cortex's implementation-defined registers
};

struct ARMSysReg {
    uint32_t enc;
    const char *name;
    uint8_t access;
    uint8_t flags;
    uint8_t feature; // ARM_FEAT_* that it needs
    uint8_t count;   // encodings enc, enc + step, ...; 0 means 1
    uint8_t step;
    uint32_t offset;  // of the first register's 64-bit home in ARMSystem, 0 if none
    uint64_t value;   // SR_CONST
    uint64_t mask;    // writable bits; 0: all
    ARMSysRead *read; // NULL: the home
    ARMSysWrite *write;
    ARMSysTrap *trap;
};

// Home of a register: offsets count from the ARMSystem, whose first word is never a home by itself
// here (SP_EL0 has hooks).
#define SR_HOME(field) .offset = offsetof(ARMSystem, field)

typedef struct ARMSysRegTable {
    const ARMSysReg *row;
    unsigned n;
} ARMSysRegTable;

extern const ARMSysRegTable arm_sysregs_id, arm_sysregs_el1, arm_sysregs_pstate, arm_sysregs_timer,
    arm_sysregs_pmu, arm_sysregs_debug, arm_sysregs_cache, arm_sysregs_tlbi, arm_sysregs_impdef;
extern const ARMSysRegTable *const arm_sysreg_tables[];
extern const unsigned arm_n_sysreg_tables;

void arm_sysregs_init(ARMCPU *c);
void arm_sysregs_free(ARMCPU *c);
const ARMSysReg *arm_sysreg_find(const ARMCPU *c, uint32_t enc);
uint64_t arm_sysreg_read(ARMCPU *c, uint32_t enc, unsigned rt); // may raise
void arm_sysreg_write(ARMCPU *c, uint32_t enc, uint64_t value, unsigned rt);
// A row's access alone, without permissions and traps.
uint64_t arm_sysreg_get(ARMCPU *c, const ARMSysReg *r, uint32_t enc);
void arm_sysreg_set(ARMCPU *c, const ARMSysReg *r, uint32_t enc, uint64_t value);

#endif
