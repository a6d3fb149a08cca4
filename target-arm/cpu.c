// An Arm CPU as an object: creation from "MODEL,feature=on|off", wiring, reset.
#include "target-arm/cp15.h"

#include <capstone/capstone.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hw/core/machine.h"
#include "target-arm/a32/a32.h"
#include "target-arm/a64/a64.h"
#include "target-arm/fp_exact.h"
#include "util/log.h"
#include "util/nearest.h"

// --- "-cpu"

// Options of QEMU's that can only be off here (or, for the last, say what is so anyway).
static const char *const only_off[] = {"sve", "sme", "mte", "lpa2", "bti"};
static const char *const ignored[] = {"pauth-impdef"};

static bool in_list(const char *const *list, unsigned n, const char *key)
{
    for (unsigned i = 0; i < n; i++) {
        if (!strcmp(list[i], key)) {
            return true;
        }
    }
    return false;
}

static bool parse_switch(const char *value, bool *on)
{
    if (!strcmp(value, "on") || !strcmp(value, "true") || !strcmp(value, "yes")) {
        *on = true;
    } else if (!strcmp(value, "off") || !strcmp(value, "false") || !strcmp(value, "no")) {
        *on = false;
    } else {
        return false;
    }
    return true;
}

static bool feature_by_name(const char *key, unsigned *bit)
{
    const char *name;
    for (unsigned i = 0; (name = arm_feature_name(i, bit)); i++) {
        if (!strcmp(name, key)) {
            return true;
        }
    }
    return false;
}

static char *unknown_feature(const char *model, const char *key)
{
    Nearest n;
    const char *name;
    unsigned bit;
    nearest_init(&n, key);
    for (unsigned i = 0; (name = arm_feature_name(i, &bit)); i++) {
        nearest_add(&n, name);
    }
    char *hint = nearest_hint(&n);
    char *error =
        g_strdup_printf("-cpu %s: no feature '%s'%s; -cpu help lists them", model, key, hint);
    g_free(hint);
    return error;
}

static bool apply_feature(ARMCPU *c, const char *item, char **error)
{
    const char *model = c->model->name, *eq = strchr(item, '=');
    char *key = eq ? g_strndup(item, (gsize)(eq - item)) : g_strdup(item);
    bool on = true, ok = true;
    unsigned bit;
    if (eq && !parse_switch(eq + 1, &on)) {
        *error = g_strdup_printf("-cpu %s: %s: '%s' is neither on nor off", model, key, eq + 1);
        ok = false;
    } else if (in_list(only_off, ARRAY_LEN(only_off), key)) {
        if (on) {
            *error = g_strdup_printf("-cpu %s: %s=on: not implemented", model, key);
            ok = false;
        }
    } else if (in_list(ignored, ARRAY_LEN(ignored), key)) {
        ok = true;
    } else if (!feature_by_name(key, &bit)) {
        *error = unknown_feature(model, key);
        ok = false;
    } else {
        c->features = on ? c->features | BIT(bit) : c->features & ~BIT(bit);
    }
    g_free(key);
    return ok;
}

static char *unknown_model(const char *name, bool a32)
{
    Nearest n;
    nearest_init(&n, name);
    for (unsigned i = 0; arm_model_at(i, a32); i++) {
        nearest_add(&n, arm_model_at(i, a32)->name);
    }
    char *hint = nearest_hint(&n);
    char *error = g_strdup_printf("-cpu %s: no such CPU model%s; -cpu help lists them", name, hint);
    g_free(hint);
    return error;
}

static bool choose_model(ARMCPU *c, const char *spec, bool a32, char **error)
{
    char **part = g_strsplit(spec, ",", -1);
    bool ok = false;
    c->model = arm_model_find(part[0] ? part[0] : "", a32);
    if (!c->model) {
        *error = unknown_model(part[0] ? part[0] : "", a32);
    } else {
        c->features = c->model->features;
        ok = true;
        for (unsigned i = 1; ok && part[i]; i++) {
            ok = apply_feature(c, part[i], error);
        }
        c->features = arm_features_close(c->features | BIT(ARM_FEAT_BASE));
    }
    g_strfreev(part);
    return ok;
}

void arm_cpu_list(void *file, bool a32)
{
    FILE *f = file;
    fprintf(f, "CPU models (-cpu MODEL[,FEATURE=on|off]...):\n");
    for (unsigned i = 0; arm_model_at(i, a32); i++) {
        fprintf(f, "  %-12s %s\n", arm_model_at(i, a32)->name, arm_model_at(i, a32)->desc);
    }
    fprintf(f, "features:\n ");
    const char *name;
    unsigned bit;
    for (unsigned i = 0; (name = arm_feature_name(i, &bit)); i++) {
        fprintf(f, " %s", name);
    }
    fprintf(f, "\n");
}

const char *arm_cpu_model_name(unsigned i)
{
    const ARMCPUModel *model = arm_model_at(i, false);
    return model ? model->name : NULL;
}

const char *arm_cpu_model_name_a32(unsigned i)
{
    const ARMCPUModel *model = arm_model_at(i, true);
    return model ? model->name : NULL;
}

// --- creation

static void handle_input(void *opaque, unsigned n, bool level)
{
    ARMCPU *c = opaque;
    uint32_t old = c->sys->inputs;
    c->sys->inputs = level ? old | 1u << n : old & ~(1u << n);
    if (level && !(old >> n & 1)) {
        machine_notify_cpu(&c->vcpu);
    }
}

VCPU *arm_cpu_create(Machine *m, const char *model, char **error)
{
    size_t size = ALIGN_UP(sizeof(ARMCPUAll), (size_t)64);
    ARMCPUAll *all = aligned_alloc(64, size);
    if (!all) {
        die("no memory for a CPU");
    }
    memset(all, 0, size);
    ARMCPU *c = &all->cpu;
    c->sys = &all->sys;
    bool a32 = m->board && !strcmp(m->board->target, target_arm.name);
    if (!choose_model(c, model, a32, error)) {
        free(all);
        return NULL;
    }
    c->vcpu.target = arm_a32_el1(c) ? &target_arm : &target_aarch64;
    c->sys->boot_off = false;
    machine_add_cpu(m, &c->vcpu);
    arm_id_registers(c);
    arm_sysregs_init(c);
    if (arm_has(c, ARM_FEAT_AA32)) {
        arm_cp_init(c);
    }
    arm_timers_init(c);
    arm_pmu_init(c);
    state_reset(&arm_cpu_state, c);
    arm_cpu_reset(&c->vcpu);
    return &c->vcpu;
}

// --- wiring

IrqLine arm_cpu_input(VCPU *v, ARMInput which)
{
    return irq_line(handle_input, v, which);
}

void arm_cpu_connect_timer(VCPU *v, ARMTimer which, IrqLine line)
{
    arm_cpu(v)->sys->timer[which].line = line;
}

void arm_cpu_connect_pmu(VCPU *v, IrqLine line)
{
    arm_cpu(v)->sys->pmu.line = line;
}

void arm_cpu_connect_gic(VCPU *v, const ARMGicOps *ops, void *opaque)
{
    ARMCPU *c = arm_cpu(v);
    c->sys->gic = ops;
    c->sys->gic_opaque = opaque;
    arm_id_registers(c);
}

void arm_cpu_set_psci(VCPU *v, ARMPsciConduit conduit)
{
    arm_cpu(v)->sys->psci = conduit;
}

// AArch32: as Linux wants it, r1 without a machine number and r2 the device tree.
static void apply_boot(ARMCPU *c)
{
    c->vcpu.pc = c->sys->boot_pc;
    if (arm_a32_el1(c)) {
        c->vcpu.pc = arm_a32_pc((uint32_t)c->sys->boot_pc, c->sys->boot_pc & 1 ? CPSR_T : 0);
        c->vcpu.gpr[1] = c->sys->boot_x0 ? UINT32_MAX : 0;
        c->vcpu.gpr[2] = (uint32_t)c->sys->boot_x0;
    } else {
        c->vcpu.gpr[0] = c->sys->boot_x0;
    }
    c->vcpu.stopped = c->sys->boot_off;
}

void arm_cpu_set_boot(VCPU *v, uint64_t pc, uint64_t x0, bool powered_off)
{
    ARMCPU *c = arm_cpu(v);
    c->sys->boot_pc = pc;
    c->sys->boot_x0 = x0;
    c->sys->boot_off = powered_off;
    apply_boot(c);
}

uint64_t arm_cpu_mpidr(const VCPU *v)
{
    return ((const ARMCPU *)v)->sys->mpidr;
}

// Clusters of eight: what a GICv2 can address, and a GICv3 does not mind.
uint64_t arm_cpu_affinity_for(unsigned index)
{
    return (uint64_t)(index / 8) << 8 | index % 8;
}

bool arm_cpu_has_el1_a32(const VCPU *v)
{
    return arm_a32_el1((const ARMCPU *)v);
}

bool arm_cpu_is_v8(const VCPU *v)
{
    return !arm_cpu_has_el1_a32(v) || arm_has((const ARMCPU *)v, ARM_FEAT_A32_V8);
}

const char *arm_cpu_dt_compatible(const VCPU *v)
{
    return ((const ARMCPU *)v)->model->compatible;
}

// --- reset: what is not zero or depends on the model

#define SCTLR_RESET     UINT64_C(0x30d00980)
#define SCTLR_RESET_A32 UINT64_C(0x00c50878)

void arm_cpu_reset(VCPU *v)
{
    ARMCPU *c = arm_cpu(v);
    ARMSystem *s = c->sys;
    c->pstate = 1u << PSTATE_EL_SHIFT | PSTATE_SP | PSTATE_D | PSTATE_A | PSTATE_I | PSTATE_F;
    s->sctlr_el[1] = SCTLR_RESET;
    if (arm_a32_el1(c)) {
        c->pstate = ARM_MODE_SVC | PSTATE_A | PSTATE_I | PSTATE_F;
        s->sctlr_el[1] = SCTLR_RESET_A32;
    }
    s->rng[0] = UINT64_C(0x6d696d75732d726e) + v->index;
    s->rng[1] = UINT64_C(0x9e3779b97f4a7c15);
    arm_pmu_reset(c);
    apply_boot(c);
    arm_cpu_state_loaded(c);
}

void arm_cpu_state_loaded(ARMCPU *c)
{
    arm_fpcr_write(c, c->fpcr);
    arm_pauth_update(c);
    arm_timers_update(c);
    arm_pmu_update(c);
    arm_watchpoints_update(c);
    c->sys->a32.dacr_slot[0] = (uint32_t)c->sys->a32.dacr;
    c->sys->a32.n_dacr_slots = 1;
    arm_mode_refresh(c);
    if (c->vcpu.engine) {
        mmu_regime_changed(&c->vcpu);
    }
}

// --- the target

static void sync_state(VCPU *v)
{
    ARMCPU *c = arm_cpu(v);
    arm_fpsr_write(c, arm_fpsr_read(c));
}

#define GPR(n) offsetof(VCPU, gpr[n])
#define VEC(n) offsetof(VCPU, vec[n])

// Arguments, frame and stack pointers, then what compilers use first.
static const uint16_t pin_gpr[] = {
    GPR(0), GPR(1),  GPR(ARM_SP), GPR(2), GPR(19), GPR(3), GPR(20), GPR(29),
    GPR(4), GPR(30), GPR(8),      GPR(5), GPR(21), GPR(6), GPR(7),  0,
};
static const uint16_t pin_vec[] = {VEC(0), VEC(1), VEC(2), VEC(3), VEC(4),
                                   VEC(5), VEC(6), VEC(7), 0};

// R0-R12, SP and LR, but for those that would be the eleventh and later.
static const uint16_t pin_gpr_a32[] = {
    GPR(0), GPR(1), GPR(13), GPR(2),  GPR(3),  GPR(4), GPR(5), GPR(14),
    GPR(6), GPR(7), GPR(12), GPR(11), GPR(10), GPR(8), GPR(9), 0,
};

// AArch64 CPUs run AArch32 at EL0, if they have it.
static void translate_any(VCPU *v, IRBlock *b, const TranslateRequest *r)
{
    if (r->flags & ARM_BF_A32) {
        arm_a32_translate(v, b, r);
    } else {
        arm_a64_translate(v, b, r);
    }
}

static int a32_disas_mode(uint64_t block_flags, uint64_t pc)
{
    (void)block_flags;
    return pc & ARM_PC_T ? CS_MODE_THUMB | CS_MODE_V8 : CS_MODE_ARM | CS_MODE_V8;
}

#define ARM_TARGET                                                                                 \
    .pin_vec = pin_vec, .va_canonical_mask = ~UINT64_C(0), .longest_insn = 4,                      \
    .block_flags = arm_block_flags, .walk = arm_mmu_walk, .regime_key = arm_regime_key,            \
    .fault = arm_fault, .unaligned = arm_unaligned, .bus_error = arm_bus_error,                    \
    .interrupt_ready = arm_interrupt_ready, .interrupt_take = arm_interrupt_take,                  \
    .has_work = arm_has_work, .page_watched = arm_page_watched, .check_watch = arm_check_watch,    \
    .sync = sync_state, .virt_to_phys_debug = arm_virt_to_phys_debug,                              \
    .translation_on = arm_translation_on, .mapping = arm_mapping, .state = &arm_cpu_state,         \
    .reset = arm_cpu_reset

const TargetOps target_aarch64 = {
    ARM_TARGET,
    .name = "aarch64",
    .capstone_arch = CS_ARCH_ARM64,
    .gdb_arch = "aarch64",
    .pin_gpr = pin_gpr,
    .translate = translate_any,
    .gdb_regs = arm_gdb_regs,
    .n_gdb_regs = ARM_GDB_REGS,
    .gdb_read = arm_gdb_read,
    .gdb_write = arm_gdb_write,
};

const TargetOps target_arm = {
    ARM_TARGET,
    .name = "arm",
    .capstone_arch = CS_ARCH_ARM,
    .capstone_mode_of = a32_disas_mode,
    .gdb_arch = "arm",
    .pin_gpr = pin_gpr_a32,
    .translate = arm_a32_translate,
    .gdb_regs = arm_a32_gdb_regs,
    .n_gdb_regs = ARM_A32_GDB_REGS,
    .gdb_read = arm_a32_gdb_read,
    .gdb_write = arm_a32_gdb_write,
};
