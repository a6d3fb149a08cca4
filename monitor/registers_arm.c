// info registers of an Arm CPU.
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

void monitor_registers_arm(VCPU *v, bool wide, GString *out)
{
    ARMCPU *c = arm_cpu(v);
    (void)wide; // vector registers have 128 bits
    general(v, out);
    pstate(c, out);
    g_string_append_printf(out, "     FPCR=%08x FPSR=%08x\n", c->fpcr, arm_fpsr_read(c));
    for (unsigned i = 0; i < 32; i++) {
        const uint64_t *q = (const uint64_t *)&v->vec[i];
        g_string_append_printf(out, "Q%02u=%016" G_GINT64_MODIFIER "x:%016" G_GINT64_MODIFIER "x%s",
                               i, q[1], q[0], i % 2 ? "\n" : " ");
    }
}
