// PSCI 1.1 (Arm DEN 0022) and the SMC calling convention's version (DEN 0028), answered here
// instead of by firmware: -M virt has neither EL2 nor EL3.
#include "target-arm/system.h"

#include <inttypes.h>

#include "hw/core/machine.h"
#include "util/log.h"

enum {
    PSCI_SUCCESS = 0,
    PSCI_NOT_SUPPORTED = -1,
    PSCI_INVALID_PARAMETERS = -2,
    PSCI_ALREADY_ON = -4,
    PSCI_INVALID_ADDRESS = -9,
};
#define PSCI_VERSION_1_1  0x10001
#define SMCCC_VERSION_1_1 0x10001
#define AFFINITY_BITS     UINT64_C(0xff00ffffff)
#define TOS_NONE          2 // MIGRATE_INFO_TYPE: no trusted OS that would have to move
#define FN64              0x40000000u

typedef int64_t PsciFunction(ARMCPU *c, const uint64_t *arg);

static VCPU *cpu_by_affinity(const Machine *m, uint64_t affinity)
{
    for (unsigned i = 0; i < m->n_cpus; i++) {
        if ((arm_cpu_mpidr(m->cpu[i]) & AFFINITY_BITS) == (affinity & AFFINITY_BITS)) {
            return affinity & ~AFFINITY_BITS ? NULL : m->cpu[i];
        }
    }
    return NULL;
}

static int64_t version(ARMCPU *c, const uint64_t *arg)
{
    (void)c, (void)arg;
    return PSCI_VERSION_1_1;
}

static int64_t smccc_version(ARMCPU *c, const uint64_t *arg)
{
    (void)c, (void)arg;
    return SMCCC_VERSION_1_1;
}

// Standby: the state is kept, so this is a WFI. No power-down state is offered.
static int64_t cpu_suspend(ARMCPU *c, const uint64_t *arg)
{
    bool power_down = arg[0] & BIT(16);
    if (power_down || (arg[0] & ~UINT64_C(0x301ffff))) {
        return PSCI_INVALID_PARAMETERS;
    }
    c->vcpu.halted = !arm_has_work(&c->vcpu);
    vcpu_kick(&c->vcpu);
    return PSCI_SUCCESS;
}

static int64_t cpu_off(ARMCPU *c, const uint64_t *arg)
{
    (void)arg;
    c->vcpu.stopped = 1;
    vcpu_kick(&c->vcpu);
    return PSCI_SUCCESS;
}

static int64_t cpu_on(ARMCPU *c, const uint64_t *arg)
{
    VCPU *target = cpu_by_affinity(c->vcpu.machine, arg[0]);
    if (!target) {
        return PSCI_INVALID_PARAMETERS;
    }
    if (!target->stopped) {
        return PSCI_ALREADY_ON;
    }
    bool a32 = arm_a32_el1(c);
    if (arg[1] & 3 && !(a32 && (arg[1] & 1))) { // AArch32: bit 0 says T32
        return PSCI_INVALID_ADDRESS;
    }
    state_reset(target->target->state, target);
    arm_cpu_reset(target);
    target->pc = a32 ? arm_a32_pc((uint32_t)arg[1], arg[1] & 1 ? CPSR_T : 0) : arg[1];
    target->gpr[0] = arg[2];
    target->stopped = 0;
    target->halted = 0;
    machine_notify_cpu(target);
    return PSCI_SUCCESS;
}

static int64_t affinity_info(ARMCPU *c, const uint64_t *arg)
{
    const VCPU *target = cpu_by_affinity(c->vcpu.machine, arg[0]);
    if (!target || arg[1]) {
        return PSCI_INVALID_PARAMETERS; // only affinity level 0 is asked about since PSCI 1.0
    }
    return target->stopped ? 1 : 0;
}

static int64_t migrate_info_type(ARMCPU *c, const uint64_t *arg)
{
    (void)c, (void)arg;
    return TOS_NONE;
}

static int64_t system_off(ARMCPU *c, const uint64_t *arg)
{
    (void)arg;
    c->vcpu.halted = 1;
    machine_request(c->vcpu.machine, MACHINE_SHUTDOWN, 0);
    return PSCI_SUCCESS;
}

static int64_t system_reset(ARMCPU *c, const uint64_t *arg)
{
    (void)arg;
    c->vcpu.halted = 1;
    machine_request(c->vcpu.machine, MACHINE_RESET, 0);
    return PSCI_SUCCESS;
}

// Type 0 is the architectural warm reset; bit 31 would be a vendor's.
static int64_t system_reset2(ARMCPU *c, const uint64_t *arg)
{
    return arg[0] ? PSCI_INVALID_PARAMETERS : system_reset(c, arg);
}

static PsciFunction features;

// Functions of the SMC32 convention; those with an SMC64 twin have .wide set.
typedef struct PsciRow {
    uint32_t id;
    bool wide;
    PsciFunction *fn;
} PsciRow;

static const PsciRow table[] = {
    {0x80000000, false, smccc_version},
    {0x84000000, false, version},
    {0x84000001, true, cpu_suspend},
    {0x84000002, false, cpu_off},
    {0x84000003, true, cpu_on},
    {0x84000004, true, affinity_info},
    {0x84000006, false, migrate_info_type},
    {0x84000008, false, system_off},
    {0x84000009, false, system_reset},
    {0x8400000a, false, features},
    {0x84000012, true, system_reset2},
};

static const PsciRow *find(uint32_t id)
{
    for (unsigned i = 0; i < ARRAY_LEN(table); i++) {
        if (id == table[i].id || (table[i].wide && id == (table[i].id | FN64))) {
            return &table[i];
        }
    }
    return NULL;
}

static int64_t features(ARMCPU *c, const uint64_t *arg)
{
    (void)c;
    return find((uint32_t)arg[0]) ? 0 : PSCI_NOT_SUPPORTED;
}

bool arm_psci_call(ARMCPU *c)
{
    uint64_t *x = c->vcpu.gpr;
    uint32_t id = (uint32_t)x[0];
    // AArch32 has only the functions of SMC32.
    bool a32 = arm_is_a32(c);
    uint64_t result = a32 ? UINT32_MAX : ~UINT64_C(0);
    const PsciRow *r = a32 && (id & FN64) ? NULL : find(id);
    if (!r) {
        log_printf(LOG_UNIMP, "firmware call 0x%x: not supported\n", id);
        x[0] = (uint64_t)(int64_t)PSCI_NOT_SUPPORTED & result;
        return true;
    }
    uint64_t narrow = id & FN64 ? ~UINT64_C(0) : UINT32_MAX;
    uint64_t arg[3] = {x[1] & narrow, x[2] & narrow, x[3] & narrow};
    log_printf(LOG_INT, "cpu%u firmware call 0x%x (0x%" PRIx64 ", 0x%" PRIx64 ")\n", c->vcpu.index,
               id, arg[0], arg[1]);
    x[0] = (uint64_t)r->fn(c, arg) & result;
    return true;
}
