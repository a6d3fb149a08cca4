// VFP's system registers: helpers_vfp.h.
#include "target-arm/helpers_vfp.h"

#include "target-arm/fp_exact.h"
#include "target-arm/system.h"

#define FPEXC_EN   (1u << 30)
#define FPSR_PART  0xf800009fu   // N Z C V QC IDC IXC..IOC
#define ID_MVFR(n) (3 * 8 + (n)) // index into the ID space

uint32_t arm_fpscr_read(ARMCPU *c)
{
    return c->fpcr | (arm_fpsr_read(c) & FPSR_PART);
}

void arm_fpscr_write(ARMCPU *c, uint32_t value)
{
    arm_fpcr_write(c, value);
    arm_fpsr_write(c, value & FPSR_PART);
    arm_mode_changed(c);
}

// By the part number of MIDR; all of ARMv8 have the same.
static uint32_t fpsid(const ARMCPU *c)
{
    static const struct {
        uint16_t part;
        uint32_t fpsid;
    } table[] = {
        {0xc07, 0x41023075}, {0xc08, 0x410330c0}, {0xc09, 0x41033090}, {0xc0f, 0x410430f0}};
    unsigned part = extract32((uint32_t)c->sys->midr, 4, 12);
    for (unsigned i = 0; i < ARRAY_LEN(table); i++) {
        if (table[i].part == part) {
            return table[i].fpsid;
        }
    }
    return 0x41034070;
}

static uint64_t vmrs(VCPU *v, uint64_t reg)
{
    ARMCPU *c = arm_cpu(v);
    switch (reg) {
    case 0:
        return fpsid(c);
    case 1:
        return arm_fpscr_read(c);
    case 5:
    case 6:
    case 7:
        return (uint32_t)c->sys->id[ID_MVFR(7 - reg)];
    default:
        return c->fpexc;
    }
}

static void vmsr(VCPU *v, uint64_t reg, uint64_t value)
{
    ARMCPU *c = arm_cpu(v);
    if (reg == 1) {
        arm_fpscr_write(c, (uint32_t)value);
    } else {
        c->fpexc = (uint32_t)value & FPEXC_EN;
        arm_mode_changed(c);
    }
}

const IRHelper arm_h_vmrs = {"vmrs", (void *)vmrs, IR_I32, 1, IR_CALL_ALL};
const IRHelper arm_h_vmsr = {"vmsr", (void *)vmsr, IR_VOID, 2, IR_CALL_ALL};
