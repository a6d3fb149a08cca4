// Registers as gdb numbers them: org.gnu.gdb.aarch64.core (x0-x30, sp, pc, cpsr) and
// org.gnu.gdb.aarch64.fpu (v0-v31, fpsr, fpcr).
#include "target-arm/system.h"

#include <string.h>

#include "target-arm/fp_exact.h"

#define X(n)                                                                                       \
    {                                                                                              \
        "x" #n, 64, "int"                                                                          \
    }
#define V(n)                                                                                       \
    {                                                                                              \
        "v" #n, 128, "aarch64v"                                                                    \
    }

enum { REG_SP = 31, REG_PC = 32, REG_CPSR = 33, REG_V0 = 34, REG_FPSR = 66, REG_FPCR = 67 };

const GdbRegister arm_gdb_regs[ARM_GDB_REGS] = {
    X(0),
    X(1),
    X(2),
    X(3),
    X(4),
    X(5),
    X(6),
    X(7),
    X(8),
    X(9),
    X(10),
    X(11),
    X(12),
    X(13),
    X(14),
    X(15),
    X(16),
    X(17),
    X(18),
    X(19),
    X(20),
    X(21),
    X(22),
    X(23),
    X(24),
    X(25),
    X(26),
    X(27),
    X(28),
    X(29),
    X(30),
    {"sp", 64, "data_ptr"},
    {"pc", 64, "code_ptr"},
    {"cpsr", 32, "cpsr_flags"},
    V(0),
    V(1),
    V(2),
    V(3),
    V(4),
    V(5),
    V(6),
    V(7),
    V(8),
    V(9),
    V(10),
    V(11),
    V(12),
    V(13),
    V(14),
    V(15),
    V(16),
    V(17),
    V(18),
    V(19),
    V(20),
    V(21),
    V(22),
    V(23),
    V(24),
    V(25),
    V(26),
    V(27),
    V(28),
    V(29),
    V(30),
    V(31),
    {"fpsr", 32, "int"},
    {"fpcr", 32, "int"},
};

bool arm_gdb_read(VCPU *v, unsigned reg, void *buf)
{
    ARMCPU *c = arm_cpu(v);
    uint32_t word;
    if (reg <= REG_SP) {
        memcpy(buf, &v->gpr[reg], 8);
        return true;
    }
    if (reg == REG_PC) {
        memcpy(buf, &v->pc, 8);
        return true;
    }
    if (reg >= REG_V0 && reg < REG_FPSR) {
        memcpy(buf, &v->vec[reg - REG_V0], 16);
        return true;
    }
    if (reg != REG_CPSR && reg != REG_FPSR && reg != REG_FPCR) {
        return false;
    }
    word = reg == REG_CPSR ? arm_spsr(c) : reg == REG_FPSR ? arm_fpsr_read(c) : c->fpcr;
    memcpy(buf, &word, 4);
    return true;
}

// The debugger may change flags and masks, not the exception level.
static bool write_cpsr(ARMCPU *c, uint32_t value)
{
    uint32_t keep = PSTATE_EL | PSTATE_SP | PSTATE_NRW;
    if ((value ^ c->pstate) & keep) {
        return false;
    }
    arm_set_nzcv(c, value);
    uint32_t bits = PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F | PSTATE_SS;
    arm_set_pstate(c, (c->pstate & ~bits) | (value & bits));
    arm_mode_changed(c);
    return true;
}

static bool write_word(ARMCPU *c, unsigned reg, uint32_t value)
{
    switch (reg) {
    case REG_CPSR:
        return write_cpsr(c, value);
    case REG_FPSR:
        arm_fpsr_write(c, value);
        return true;
    case REG_FPCR:
        arm_fpcr_write(c, value);
        arm_mode_changed(c);
        return true;
    default:
        return false;
    }
}

bool arm_gdb_write(VCPU *v, unsigned reg, const void *buf)
{
    if (reg <= REG_SP) {
        memcpy(&v->gpr[reg], buf, 8);
        return true;
    }
    if (reg == REG_PC) {
        memcpy(&v->pc, buf, 8);
        return true;
    }
    if (reg >= REG_V0 && reg < REG_FPSR) {
        memcpy(&v->vec[reg - REG_V0], buf, 16);
        return true;
    }
    uint32_t word;
    memcpy(&word, buf, 4);
    return write_word(arm_cpu(v), reg, word);
}
