// Stands in for what the rest of AArch32 will define (weak: theirs wins), so that all links until
// it is there: helpers_a32.h answers UNDEFINED, T32 has no instructions.
#include "target-arm/a32/a32.h"
#include "target-arm/helpers.h"
#include "target-arm/helpers_a32.h"
#include "target-arm/system.h"

#define WEAK __attribute__((weak))

static uint64_t undefined(VCPU *v)
{
    arm_raise_undefined(arm_cpu(v));
    return 0;
}

#define PENDING(name, ret, n)                                                                      \
    WEAK const IRHelper name = {#name, (void *)undefined, ret, n, IR_CALL_ALL}

PENDING(arm_h_get_cpsr, IR_I64, 0);
PENDING(arm_h_set_cpsr, IR_VOID, 2);
PENDING(arm_h_get_spsr, IR_I64, 0);
PENDING(arm_h_set_spsr, IR_VOID, 2);
PENDING(arm_h_get_banked, IR_I64, 1);
PENDING(arm_h_set_banked, IR_VOID, 2);
PENDING(arm_h_get_user, IR_I64, 1);
PENDING(arm_h_set_user, IR_VOID, 2);
PENDING(arm_h_get_mode_sp, IR_I64, 1);
PENDING(arm_h_set_mode_sp, IR_VOID, 2);
PENDING(arm_h_return, IR_VOID, 1);
PENDING(arm_h_rfe, IR_VOID, 2);
PENDING(arm_h_bkpt, IR_VOID, 1);
PENDING(arm_h_cp_read, IR_I64, 2);
PENDING(arm_h_cp_write, IR_VOID, 3);

WEAK unsigned arm_cp_flags(const struct ARMCPU *c, uint32_t enc, bool write)
{
    (void)c, (void)enc, (void)write;
    return ARM_SR_UNKNOWN;
}

WEAK uint32_t arm_cp_inline(const struct ARMCPU *c, uint64_t flags, uint32_t enc, bool write)
{
    (void)c, (void)flags, (void)enc, (void)write;
    return 0;
}

WEAK const ArmInsnSet t32_set = {.name = "T32", .bits = 32, .index = {{20, 8}, {4, 4}}};
WEAK const ArmInsnSet t16_set = {.name = "T16", .bits = 16, .index = {{6, 10}, {0, 0}}};
