// Model-specific registers (SDM vol. 4), and the clock that one of them is.
//
//   MSR number -> a row: home in X86System (with the bits that may be set), or hooks
//              -> the local APIC: 0x800-0x8ff (x2APIC), APIC base, TSC deadline
//              -> ranges: MTRRs, machine check banks
//              -> else #GP
#include "target-x86/system.h"

#include "target-x86/insn/system.h"

#include <inttypes.h>
#include <string.h>

#include "util/log.h"

enum {
    MSR_TSC = 0x10,
    MSR_PLATFORM_ID = 0x17,
    MSR_APIC_BASE = 0x1b,
    MSR_FEATURE_CONTROL = 0x3a,
    MSR_TSC_ADJUST = 0x3b,
    MSR_UCODE_WRITE = 0x79,
    MSR_UCODE_REV = 0x8b,
    MSR_SMBASE = 0x9e,
    MSR_MTRR_CAP = 0xfe,
    MSR_SYSENTER_CS = 0x174,
    MSR_SYSENTER_ESP = 0x175,
    MSR_SYSENTER_EIP = 0x176,
    MSR_MCG_CAP = 0x179,
    MSR_MCG_STATUS = 0x17a,
    MSR_MCG_CTL = 0x17b,
    MSR_PERF_STATUS = 0x198,
    MSR_MISC_ENABLE = 0x1a0,
    MSR_DEBUGCTL = 0x1d9,
    MSR_LBR_FIRST = 0x1db, // last branch and last exception, from and to
    MSR_MTRR_VAR = 0x200,
    MSR_PAT = 0x277,
    MSR_MTRR_DEF_TYPE = 0x2ff,
    MSR_MC_BANKS = 0x400,
    MSR_TSC_DEADLINE = 0x6e0,
    MSR_X2APIC = 0x800,
    MSR_EFER = 0xc0000080,
    MSR_STAR,
    MSR_LSTAR,
    MSR_CSTAR,
    MSR_FMASK,
    MSR_FS_BASE = 0xc0000100,
    MSR_GS_BASE,
    MSR_KERNEL_GS_BASE,
    MSR_TSC_AUX,
};

#define MCG_CAP         (X86_MCE_BANKS | 1 << 8)           // with MCG_CTL
#define MTRR_CAP        (X86_VAR_MTRRS | 1 << 8 | 1 << 10) // fixed ranges, write combining
#define UCODE_REV       UINT64_C(0x100000000)
#define DEBUGCTL_BITS   3 // LBR, BTF: accepted, without effect
#define MISC_ENABLE_SET 1 // fast strings

typedef struct MsrRow {
    uint32_t msr;
    uint8_t feature;
    uint8_t flags;
    uint32_t offset; // in X86CPUAll; 0: none
    uint64_t value;  // read if there is no home
    uint64_t mask;   // bits that may be set; others are #GP
    uint64_t (*read)(X86CPU *c);
    bool (*write)(X86CPU *c, uint64_t value);
} MsrRow;

enum {
    MSR_CANONICAL = 1, // the value is an address
    MSR_IGNORE = 2,    // writes are dropped
    MSR_CONST = 4,     // writes are #GP
};

#define SYS(f) offsetof(X86CPUAll, sys.f)
#define CPU(f) offsetof(X86CPUAll, cpu.f)

// --- time

// CPUs take their turns one after the other from the same virtual time on. Counters that went by it
// alone would be ahead of each other by up to a turn, which systems notice and then do without
// them: none shows less than another has shown.
static uint64_t counter(X86CPU *c)
{
    const Machine *m = c->vcpu.machine;
    uint64_t now = clock_now(m->clock);
    for (unsigned i = 0; i < m->n_cpus && m->n_cpus > 1; i++) {
        now = MAX_OF(now, x86_cpu(m->cpu[i])->sys->tsc_seen);
    }
    c->sys->tsc_seen = now;
    return now;
}

uint64_t x86_tsc(X86CPU *c)
{
    return counter(c) + c->sys->tsc_offset;
}

static bool write_tsc(X86CPU *c, uint64_t value)
{
    uint64_t step = value - x86_tsc(c);
    c->sys->tsc_offset += step;
    c->sys->tsc_adjust += step;
    return true;
}

static bool write_tsc_adjust(X86CPU *c, uint64_t value)
{
    c->sys->tsc_offset += value - c->sys->tsc_adjust;
    c->sys->tsc_adjust = value;
    return true;
}

// --- hooks

static uint64_t read_apic_base(X86CPU *c)
{
    const X86System *s = c->sys;
    return s->apic && s->apic->base ? s->apic->base(s->apic_opaque) : 0;
}

static bool write_apic_base(X86CPU *c, uint64_t value)
{
    const X86System *s = c->sys;
    return s->apic && s->apic->set_base && s->apic->set_base(s->apic_opaque, value);
}

static uint64_t read_deadline(X86CPU *c)
{
    const X86System *s = c->sys;
    uint64_t value = 0;
    return s->apic && s->apic->read_msr &&
                   s->apic->read_msr(s->apic_opaque, MSR_TSC_DEADLINE, &value)
               ? value
               : 0;
}

static bool write_deadline(X86CPU *c, uint64_t value)
{
    const X86System *s = c->sys;
    return s->apic && s->apic->write_msr &&
           s->apic->write_msr(s->apic_opaque, MSR_TSC_DEADLINE, value);
}

static bool write_efer(X86CPU *c, uint64_t value)
{
    x86_set_efer(c, value);
    return true;
}

static bool write_pat(X86CPU *c, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++) {
        unsigned type = value >> 8 * i & 0xff;
        if (type > 7 || type == 2 || type == 3) {
            return false;
        }
    }
    c->sys->pat = value;
    return true;
}

static uint64_t read_smbase(X86CPU *c)
{
    return c->sys->smbase;
}

static bool write_mcg_ctl(X86CPU *c, uint64_t value)
{
    if (value && value != UINT64_MAX) {
        return false;
    }
    c->sys->mcg_ctl = value;
    return true;
}

static bool write_mcg_status(X86CPU *c, uint64_t value)
{
    c->sys->mcg_status = 0;
    return !value;
}

// --- rows, ascending

static const MsrRow rows[] = {
    {.msr = MSR_TSC, .feature = X86_FEAT_TSC, .read = x86_tsc, .write = write_tsc},
    {.msr = MSR_PLATFORM_ID, .flags = MSR_CONST},
    {.msr = MSR_APIC_BASE,
     .feature = X86_FEAT_APIC,
     .read = read_apic_base,
     .write = write_apic_base},
    {.msr = MSR_FEATURE_CONTROL, .offset = SYS(feature_control), .mask = 1},
    {.msr = MSR_TSC_ADJUST,
     .feature = X86_FEAT_TSC_ADJUST,
     .offset = SYS(tsc_adjust),
     .write = write_tsc_adjust},
    {.msr = MSR_UCODE_WRITE, .flags = MSR_IGNORE},
    {.msr = MSR_UCODE_REV, .value = UCODE_REV, .flags = MSR_IGNORE},
    {.msr = MSR_SMBASE, .read = read_smbase, .flags = MSR_CONST},
    {.msr = MSR_MTRR_CAP, .feature = X86_FEAT_MTRR, .value = MTRR_CAP, .flags = MSR_CONST},
    {.msr = MSR_SYSENTER_CS,
     .feature = X86_FEAT_SEP,
     .offset = SYS(sysenter_cs),
     .mask = UINT32_MAX},
    {.msr = MSR_SYSENTER_ESP,
     .feature = X86_FEAT_SEP,
     .offset = SYS(sysenter_esp),
     .mask = UINT64_MAX,
     .flags = MSR_CANONICAL},
    {.msr = MSR_SYSENTER_EIP,
     .feature = X86_FEAT_SEP,
     .offset = SYS(sysenter_eip),
     .mask = UINT64_MAX,
     .flags = MSR_CANONICAL},
    {.msr = MSR_MCG_CAP, .feature = X86_FEAT_MCA, .value = MCG_CAP, .flags = MSR_CONST},
    {.msr = MSR_MCG_STATUS,
     .feature = X86_FEAT_MCA,
     .offset = SYS(mcg_status),
     .write = write_mcg_status},
    {.msr = MSR_MCG_CTL, .feature = X86_FEAT_MCA, .offset = SYS(mcg_ctl), .write = write_mcg_ctl},
    {.msr = MSR_PERF_STATUS, .flags = MSR_IGNORE},
    {.msr = MSR_MISC_ENABLE, .offset = SYS(misc_enable), .mask = UINT64_MAX},
    {.msr = MSR_DEBUGCTL, .offset = SYS(debugctl), .mask = DEBUGCTL_BITS},
    {.msr = MSR_LBR_FIRST, .flags = MSR_IGNORE},
    {.msr = MSR_LBR_FIRST + 1, .flags = MSR_IGNORE},
    {.msr = MSR_LBR_FIRST + 2, .flags = MSR_IGNORE},
    {.msr = MSR_LBR_FIRST + 3, .flags = MSR_IGNORE},
    {.msr = MSR_PAT, .feature = X86_FEAT_PAT, .offset = SYS(pat), .write = write_pat},
    {.msr = MSR_MTRR_DEF_TYPE,
     .feature = X86_FEAT_MTRR,
     .offset = SYS(mtrr_def_type),
     .mask = 0xcff},
    {.msr = MSR_TSC_DEADLINE,
     .feature = X86_FEAT_TSC_DEADLINE,
     .read = read_deadline,
     .write = write_deadline},
    {.msr = MSR_EFER, .feature = X86_FEAT_SYSCALL, .offset = CPU(efer), .write = write_efer},
    {.msr = MSR_STAR, .feature = X86_FEAT_SYSCALL, .offset = SYS(star), .mask = UINT64_MAX},
    {.msr = MSR_LSTAR,
     .feature = X86_FEAT_LM,
     .offset = SYS(lstar),
     .mask = UINT64_MAX,
     .flags = MSR_CANONICAL},
    {.msr = MSR_CSTAR,
     .feature = X86_FEAT_LM,
     .offset = SYS(cstar),
     .mask = UINT64_MAX,
     .flags = MSR_CANONICAL},
    {.msr = MSR_FMASK, .feature = X86_FEAT_LM, .offset = SYS(fmask), .mask = UINT32_MAX},
    {.msr = MSR_FS_BASE,
     .feature = X86_FEAT_LM,
     .offset = CPU(seg[X86_FS].base),
     .mask = UINT64_MAX,
     .flags = MSR_CANONICAL},
    {.msr = MSR_GS_BASE,
     .feature = X86_FEAT_LM,
     .offset = CPU(seg[X86_GS].base),
     .mask = UINT64_MAX,
     .flags = MSR_CANONICAL},
    {.msr = MSR_KERNEL_GS_BASE,
     .feature = X86_FEAT_LM,
     .offset = CPU(kernel_gs_base),
     .mask = UINT64_MAX,
     .flags = MSR_CANONICAL},
    {.msr = MSR_TSC_AUX, .feature = X86_FEAT_RDTSCP, .offset = SYS(tsc_aux), .mask = UINT32_MAX},
};

static const MsrRow *find_row(const X86CPU *c, uint32_t msr)
{
    unsigned lo = 0, hi = ARRAY_LEN(rows);
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        if (rows[mid].msr < msr) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    bool found = lo < ARRAY_LEN(rows) && rows[lo].msr == msr;
    return found && x86_has(c, rows[lo].feature) ? &rows[lo] : NULL;
}

static uint64_t *home(X86CPU *c, const MsrRow *r)
{
    return (uint64_t *)(void *)((uint8_t *)c + r->offset);
}

// --- ranges

// The eleven fixed MTRRs are not next to each other.
static int fixed_mtrr(uint32_t msr)
{
    return msr == 0x250                   ? 0
           : msr == 0x258 || msr == 0x259 ? (int)(msr - 0x257)
           : msr >= 0x268 && msr <= 0x26f ? (int)(msr - 0x265)
                                          : -1;
}

// A register of one of the ranges and the bits that it has.
static uint64_t *ranged(X86CPU *c, uint32_t msr, uint64_t *mask)
{
    X86System *s = c->sys;
    int fixed = fixed_mtrr(msr);
    *mask = UINT64_MAX;
    if (x86_has(c, X86_FEAT_MTRR) && fixed >= 0) {
        return &s->mtrr_fixed[fixed];
    }
    if (x86_has(c, X86_FEAT_MTRR) && msr >= MSR_MTRR_VAR &&
        msr < MSR_MTRR_VAR + 2 * X86_VAR_MTRRS) {
        *mask = (mask64(X86_PHYS_BITS) & ~mask64(12)) | (msr & 1 ? 0x800 : 0xff);
        return &s->mtrr_var[msr - MSR_MTRR_VAR];
    }
    if (x86_has(c, X86_FEAT_MCA) && msr >= MSR_MC_BANKS && msr < MSR_MC_BANKS + 4 * X86_MCE_BANKS) {
        return &s->mce_bank[msr - MSR_MC_BANKS];
    }
    return NULL;
}

// AMD's configuration registers that operating systems look at without asking: nothing is behind
// them.
static bool amd_config(const X86CPU *c, uint32_t msr)
{
    static const uint32_t list[] = {
        0xc0010010, 0xc0010015, 0xc001001a, 0xc001001d, 0xc001001f, 0xc0010055,
        0xc0010112, 0xc0010113, 0xc0010114, 0xc0010117, 0xc0010140, 0xc0010141,
        0xc0011020, 0xc0011021, 0xc0011022, 0xc0011023, 0xc0011029, 0xc001102a,
    };
    if (strcmp(c->model->vendor, "AuthenticAMD")) {
        return false;
    }
    for (unsigned i = 0; i < ARRAY_LEN(list); i++) {
        if (list[i] == msr) {
            return true;
        }
    }
    return msr >= 0xc0010000 && msr <= 0xc0010007; // performance counters: none count
}

static bool is_x2apic(const X86CPU *c, uint32_t msr)
{
    return c->sys->apic && msr >= MSR_X2APIC && msr <= MSR_X2APIC + 0xff;
}

bool x86_msr_read(X86CPU *c, uint32_t msr, uint64_t *value)
{
    const X86System *s = c->sys;
    const MsrRow *r = find_row(c, msr);
    uint64_t mask;
    if (r) {
        *value = r->read ? r->read(c) : r->offset ? *home(c, r) : r->value;
        return true;
    }
    if (is_x2apic(c, msr)) {
        return s->apic->read_msr && s->apic->read_msr(s->apic_opaque, msr, value);
    }
    const uint64_t *p = ranged(c, msr, &mask);
    *value = p ? *p : 0;
    return p || amd_config(c, msr);
}

static bool write_row(X86CPU *c, const MsrRow *r, uint64_t value)
{
    if (r->flags & (MSR_CONST | MSR_IGNORE)) {
        return r->flags & MSR_IGNORE;
    }
    if ((r->flags & MSR_CANONICAL) && !x86_canonical(value)) {
        return false;
    }
    if (r->write) {
        return r->write(c, value);
    }
    if (value & ~r->mask) {
        return false;
    }
    *home(c, r) = value;
    return true;
}

bool x86_msr_write(X86CPU *c, uint32_t msr, uint64_t value)
{
    const X86System *s = c->sys;
    const MsrRow *r = find_row(c, msr);
    uint64_t mask;
    if (r) {
        return write_row(c, r, value);
    }
    if (is_x2apic(c, msr)) {
        return s->apic->write_msr && s->apic->write_msr(s->apic_opaque, msr, value);
    }
    uint64_t *p = ranged(c, msr, &mask);
    if (!p) {
        return amd_config(c, msr);
    }
    if (value & ~mask) {
        return false;
    }
    *p = value;
    return true;
}

// --- instructions

static void rdmsr(VCPU *v)
{
    X86CPU *c = x86_cpu(v);
    uint32_t msr = (uint32_t)v->gpr[X86_RCX];
    uint64_t value;
    if (!x86_msr_read(c, msr, &value)) {
        log_printf(LOG_UNIMP, "RDMSR 0x%x: #GP\n", msr);
        x86_exception(c, X86_GP, 0);
    }
    v->gpr[X86_RAX] = (uint32_t)value;
    v->gpr[X86_RDX] = value >> 32;
}

static void wrmsr(VCPU *v)
{
    X86CPU *c = x86_cpu(v);
    uint32_t msr = (uint32_t)v->gpr[X86_RCX];
    uint64_t value = (uint32_t)v->gpr[X86_RAX] | v->gpr[X86_RDX] << 32;
    if (!x86_msr_write(c, msr, value)) {
        log_printf(LOG_UNIMP, "WRMSR 0x%x = 0x%" PRIx64 ": #GP\n", msr, value);
        x86_exception(c, X86_GP, 0);
    }
    machine_meet_deadline(v); // it may have armed a timer
}

static void check_tsd(X86CPU *c)
{
    if ((c->cr4 & X86_CR4_TSD) && c->cpl != 0) {
        x86_exception(c, X86_GP, 0);
    }
}

static void rdtsc(VCPU *v)
{
    X86CPU *c = x86_cpu(v);
    check_tsd(c);
    uint64_t now = x86_tsc(c);
    v->gpr[X86_RAX] = (uint32_t)now;
    v->gpr[X86_RDX] = now >> 32;
    machine_charge(v, X86_RDTSC_NS);
}

static void rdtscp(VCPU *v)
{
    rdtsc(v);
    v->gpr[X86_RCX] = (uint32_t)x86_cpu(v)->sys->tsc_aux;
}

// There are no performance counters.
static void rdpmc(VCPU *v)
{
    x86_exception(x86_cpu(v), X86_GP, 0);
}

const IRHelper x86_h_rdmsr = {"rdmsr", rdmsr, IR_VOID, 0, IR_CALL_ALL};
const IRHelper x86_h_wrmsr = {"wrmsr", wrmsr, IR_VOID, 0, IR_CALL_ALL};
const IRHelper x86_h_rdtsc = {"rdtsc", rdtsc, IR_VOID, 0, IR_CALL_ALL};
const IRHelper x86_h_rdtscp = {"rdtscp", rdtscp, IR_VOID, 0, IR_CALL_ALL};
const IRHelper x86_h_rdpmc = {"rdpmc", rdpmc, IR_VOID, 0, IR_CALL_ALL};
