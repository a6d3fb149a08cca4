// The state of an x86 CPU, declared once. Reset, the state hash and snapshots derive from it.
#include "target-x86/system.h"

#include <glib.h>

static const StateField segment_fields[] = {
    STATE_U64(X86Segment, base),
    STATE_U32(X86Segment, limit),
    STATE_U32(X86Segment, attr),
    STATE_U16(X86Segment, selector),
    STATE_END,
};

static const StateField table_fields[] = {
    STATE_U64(X86Table, base),
    STATE_U32(X86Table, limit),
    STATE_END,
};

static const StateField float80_fields[] = {
    STATE_U64(X86Float80, frac),
    STATE_U16(X86Float80, se),
    STATE_END,
};

static const StateField fpu_fields[] = {
    STATE_STRUCTS(X86Fpu, st, X86Float80, 8, float80_fields),
    STATE_U16(X86Fpu, control),
    STATE_U16(X86Fpu, status),
    STATE_U8(X86Fpu, top),
    STATE_U8(X86Fpu, empty),
    STATE_U16(X86Fpu, opcode),
    STATE_U64(X86Fpu, ip),
    STATE_U64(X86Fpu, dp),
    STATE_U16(X86Fpu, cs),
    STATE_U16(X86Fpu, ds),
    STATE_END,
};

static const StateField system_fields[] = {
    STATE_STRUCTS(X86System, ldt, X86Segment, 1, segment_fields),
    STATE_STRUCTS(X86System, tr, X86Segment, 1, segment_fields),
    STATE_STRUCTS(X86System, gdt, X86Table, 1, table_fields),
    STATE_STRUCTS(X86System, idt, X86Table, 1, table_fields),
    STATE_U64(X86System, star),
    STATE_U64(X86System, lstar),
    STATE_U64(X86System, cstar),
    STATE_U64(X86System, fmask),
    STATE_U64(X86System, sysenter_cs),
    STATE_U64(X86System, sysenter_esp),
    STATE_U64(X86System, sysenter_eip),
    STATE_U64(X86System, pat),
    STATE_U64(X86System, tsc_offset),
    STATE_U64(X86System, tsc_seen),
    STATE_U64(X86System, tsc_adjust),
    STATE_U64(X86System, tsc_aux),
    STATE_U64(X86System, misc_enable),
    STATE_U64(X86System, feature_control),
    STATE_U64(X86System, debugctl),
    STATE_U64(X86System, mtrr_def_type),
    STATE_U64_ARRAY(X86System, mtrr_fixed, X86_FIX_MTRRS),
    STATE_U64_ARRAY(X86System, mtrr_var, 2 * X86_VAR_MTRRS),
    STATE_U64(X86System, mcg_status),
    STATE_U64(X86System, mcg_ctl),
    STATE_U64_ARRAY(X86System, mce_bank, 4 * X86_MCE_BANKS),
    STATE_U64_ARRAY(X86System, pdpte, 4),
    STATE_U64_ARRAY(X86System, dr, 8),
    STATE_U64(X86System, smbase),
    STATE_U64_ARRAY(X86System, rng, 2),
    STATE_U32(X86System, db_pending),
    STATE_U8(X86System, pending),
    STATE_U8(X86System, step_skip),
    STATE_U8(X86System, wait_sipi),
    STATE_U8_ARRAY(X86System, input, X86_INPUTS, .keep = true),
    STATE_U8(X86System, ignne),
    STATE_U8(X86System, shutdown),
    STATE_END,
};

#define STATUS_MASK (IR_FLAG_S | IR_FLAG_Z | IR_FLAG_A | IR_FLAG_P | IR_FLAG_C | IR_FLAG_V)

static const StateField fields[] = {
    STATE_U64(X86CPUAll, cpu.vcpu.pc),
    STATE_U64_ARRAY(X86CPUAll, cpu.vcpu.gpr, 32),
    STATE_BYTES(X86CPUAll, cpu.vcpu.vec),
    STATE_U16(X86CPUAll, cpu.vcpu.flags, .mask = STATUS_MASK),
    STATE_U8(X86CPUAll, cpu.vcpu.halted),
    STATE_U8(X86CPUAll, cpu.vcpu.stopped),
    STATE_U32(X86CPUAll, cpu.eflags),
    {.name = "df",
     .offset = offsetof(X86CPUAll, cpu.df),
     .size = 4,
     .count = 1,
     .kind = STATE_KIND_INT},
    STATE_U32(X86CPUAll, cpu.mxcsr),
    STATE_U8(X86CPUAll, cpu.cpl),
    STATE_U8(X86CPUAll, cpu.inhibit),
    STATE_U8(X86CPUAll, cpu.smm),
    STATE_U8(X86CPUAll, cpu.nmi_masked),
    STATE_STRUCTS(X86CPUAll, cpu.seg, X86Segment, X86_SEGS, segment_fields),
    STATE_STRUCTS(X86CPUAll, cpu.fpu, X86Fpu, 1, fpu_fields),
    STATE_U64(X86CPUAll, cpu.cr0),
    STATE_U64(X86CPUAll, cpu.cr2),
    STATE_U64(X86CPUAll, cpu.cr3),
    STATE_U64(X86CPUAll, cpu.cr4),
    STATE_U64(X86CPUAll, cpu.efer),
    STATE_U64(X86CPUAll, cpu.xcr0),
    STATE_U64(X86CPUAll, cpu.kernel_gs_base),
    STATE_STRUCTS(X86CPUAll, sys, X86System, 1, system_fields),
    STATE_END,
};

static void saving(void *obj)
{
    VCPU *v = obj;
    v->target->sync(v);
}

static bool loaded(void *obj, char **error)
{
    X86CPU *c = obj;
    bool ok = c->cpl <= 3 && (c->df == 1 || c->df == -1) && c->fpu.top < 8 &&
              !((c->cr0 & X86_CR0_PG) && !(c->cr0 & X86_CR0_PE));
    if (!ok) {
        *error =
            g_strdup_printf("CPU %u: CPL %u, DF %d, TOP %u, CR0 0x%llx do not go together",
                            c->vcpu.index, c->cpl, c->df, c->fpu.top, (unsigned long long)c->cr0);
        return false;
    }
    x86_cpu_state_loaded(c);
    return true;
}

const StateDesc x86_cpu_state = {"x86-cpu", 1, fields, .saving = saving, .loaded = loaded};
