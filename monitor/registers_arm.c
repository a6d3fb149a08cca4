// info registers of an Arm CPU.
#include <string.h>

#include "monitor/registers.h"
#include "target-arm/fp_exact.h"
#include "target-arm/system.h"

static void general(const VCPU *v, GString *out)
{
    g_string_append_printf(out, " PC=%016" G_GINT64_MODIFIER "x ", v->pc);
    for (unsigned i = 0; i < 31; i++) {
        g_string_append_printf(out, "X%02u=%016" G_GINT64_MODIFIER "x%s", i, v->gpr[i],
                               i % 3 == 1 ? "\n" : " ");
    }
    g_string_append_printf(out, " SP=%016" G_GINT64_MODIFIER "x\n", v->gpr[ARM_SP]);
}

static void pstate(const ARMCPU *c, GString *out)
{
    uint32_t p = arm_spsr(c);
    unsigned el = arm_el(c);
    g_string_append_printf(out, "PSTATE=%08x %c%c%c%c EL%u%c BTYPE=%u\n", p,
                           p >> 31 & 1 ? 'N' : '-', p >> 30 & 1 ? 'Z' : '-',
                           p >> 29 & 1 ? 'C' : '-', p >> 28 & 1 ? 'V' : '-', el,
                           p & PSTATE_SP ? 'h' : 't', (p & PSTATE_BTYPE) >> 10);
}

// AArch32: R15 is the address, T and ITSTATE are in the PSR.
static void registers_a32(ARMCPU *c, GString *out)
{
    static const char *const modes[16] = {"usr", "fiq", "irq", "svc", "???", "???", "mon", "abt",
                                          "???", "???", "hyp", "und", "???", "???", "???", "sys"};
    const VCPU *v = &c->vcpu;
    uint32_t p = arm_cpsr(c);
    for (unsigned i = 0; i < 16; i++) {
        uint64_t r = i < 15 ? v->gpr[i] : vcpu_pc_address(v);
        g_string_append_printf(out, "R%02u=%08x%s", i, (uint32_t)r, i % 4 == 3 ? "\n" : " ");
    }
    g_string_append_printf(out, "PSR=%08x %c%c%c%c %c %s%d\n", p, p >> 31 & 1 ? 'N' : '-',
                           p >> 30 & 1 ? 'Z' : '-', p >> 29 & 1 ? 'C' : '-',
                           p >> 28 & 1 ? 'V' : '-', p & CPSR_T ? 'T' : 'A', modes[p & 15], 32);
    for (unsigned i = 0; i < 32; i++) {
        const uint64_t d = v->vec[i / 2].u64[i & 1];
        g_string_append_printf(out, "s%02u=%08x s%02u=%08x d%02u=%016" G_GINT64_MODIFIER "x\n",
                               i * 2, (uint32_t)d, i * 2 + 1, (uint32_t)(d >> 32), i, d);
    }
    uint8_t raw[8];
    arm_a32_gdb_read(&c->vcpu, ARM_A32_GDB_REGS - 1, raw);
    uint32_t fpscr;
    memcpy(&fpscr, raw, 4);
    g_string_append_printf(out, "FPSCR: %08x\n", fpscr);
}

void monitor_registers_arm(VCPU *v, bool wide, GString *out)
{
    ARMCPU *c = arm_cpu(v);
    (void)wide; // vector registers have 128 bits
    if (arm_is_a32(c)) {
        registers_a32(c, out);
        return;
    }
    general(v, out);
    pstate(c, out);
    g_string_append_printf(out, "     FPCR=%08x FPSR=%08x\n", c->fpcr, arm_fpsr_read(c));
    for (unsigned i = 0; i < 32; i++) {
        const uint64_t *q = (const uint64_t *)&v->vec[i];
        g_string_append_printf(out, "Q%02u=%016" G_GINT64_MODIFIER "x:%016" G_GINT64_MODIFIER "x%s",
                               i, q[1], q[0], i % 2 ? "\n" : " ");
    }
}
