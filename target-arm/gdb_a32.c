// Registers of a CPU of 32 bits as gdb numbers them: org.gnu.gdb.arm.core (r0-r12, sp, lr, pc,
// cpsr) and org.gnu.gdb.arm.vfp (d0-d31, fpscr).
#include "target-arm/system.h"

#include <string.h>

#include "target-arm/helpers_vfp.h"

#define R(n)                                                                                       \
    {                                                                                              \
        "r" #n, 32, "uint32"                                                                       \
    }
#define D(n)                                                                                       \
    {                                                                                              \
        "d" #n, 64, "ieee_double"                                                                  \
    }

enum { REG_SP = 13, REG_LR = 14, REG_PC = 15, REG_CPSR = 16, REG_D0 = 17, REG_FPSCR = 49 };

const GdbRegister arm_a32_gdb_regs[ARM_A32_GDB_REGS] = {
    R(0),
    R(1),
    R(2),
    R(3),
    R(4),
    R(5),
    R(6),
    R(7),
    R(8),
    R(9),
    R(10),
    R(11),
    R(12),
    {"sp", 32, "data_ptr"},
    {"lr", 32, "int"},
    {"pc", 32, "code_ptr"},
    {"cpsr", 32, "int"},
    D(0),
    D(1),
    D(2),
    D(3),
    D(4),
    D(5),
    D(6),
    D(7),
    D(8),
    D(9),
    D(10),
    D(11),
    D(12),
    D(13),
    D(14),
    D(15),
    D(16),
    D(17),
    D(18),
    D(19),
    D(20),
    D(21),
    D(22),
    D(23),
    D(24),
    D(25),
    D(26),
    D(27),
    D(28),
    D(29),
    D(30),
    D(31),
    {"fpscr", 32, "int"},
};

static uint64_t *d_register(VCPU *v, unsigned reg)
{
    unsigned n = reg - REG_D0;
    return &v->vec[n / 2].u64[n & 1];
}

bool arm_a32_gdb_read(VCPU *v, unsigned reg, void *buf)
{
    ARMCPU *c = arm_cpu(v);
    if (reg >= REG_D0 && reg < REG_FPSCR) {
        memcpy(buf, d_register(v, reg), 8);
        return true;
    }
    if (reg > REG_FPSCR) {
        return false;
    }
    uint32_t word = reg < REG_PC      ? (uint32_t)v->gpr[reg]
                    : reg == REG_PC   ? (uint32_t)vcpu_pc_address(v)
                    : reg == REG_CPSR ? arm_cpsr(c)
                                      : arm_fpscr_read(c);
    memcpy(buf, &word, 4);
    return true;
}

// T and ITSTATE live in pc. The mode must be one that the CPU has.
static bool write_cpsr(ARMCPU *c, uint32_t value)
{
    if (!arm_a32_mode_valid(value & CPSR_M)) {
        return false;
    }
    uint32_t address = (uint32_t)vcpu_pc_address(&c->vcpu);
    arm_set_cpsr(c, value);
    c->vcpu.pc = arm_a32_pc(address, value);
    arm_mode_changed(c);
    return true;
}

bool arm_a32_gdb_write(VCPU *v, unsigned reg, const void *buf)
{
    ARMCPU *c = arm_cpu(v);
    uint32_t word;
    if (reg >= REG_D0 && reg < REG_FPSCR) {
        memcpy(d_register(v, reg), buf, 8);
        return true;
    }
    memcpy(&word, buf, 4);
    if (reg < REG_PC) {
        v->gpr[reg] = word;
    } else if (reg == REG_PC) {
        v->pc = arm_a32_pc(word, arm_cpsr(c) & CPSR_T); // gdb changes T by cpsr
    } else if (reg == REG_CPSR) {
        return write_cpsr(c, word);
    } else if (reg == REG_FPSCR) {
        arm_fpscr_write(c, word);
    } else {
        return false;
    }
    return true;
}
