// The rows of the system registers: encodings, permissions, reset values, ID registers, timers.
#include "arm_fixture.h"

#include "target-arm/helpers.h"

static Fixture f;

static void setup(void)
{
    fixture_init(&f, "max");
}

TestSuite(arm_sysregs, .init = setup);

Test(arm_sysregs, no_encoding_twice)
{
    uint8_t *seen = g_malloc0(1 << 16);
    for (unsigned t = 0; t < arm_n_sysreg_tables; t++) {
        for (unsigned i = 0; i < arm_sysreg_tables[t]->n; i++) {
            const ARMSysReg *r = &arm_sysreg_tables[t]->row[i];
            for (unsigned k = 0; k < (r->count ? r->count : 1u); k++) {
                uint32_t enc = r->enc + k * r->step;
                cr_assert(enc < 1 << 16, "%s", r->name);
                cr_assert_not(seen[enc], "%s: encoding 0x%x is there twice", r->name, enc);
                seen[enc] = 1;
            }
        }
    }
    g_free(seen);
}

// op1 says from which level on an encoding can be reachable at all (D17.1.1).
Test(arm_sysregs, op1_agrees_with_access)
{
    for (unsigned t = 0; t < arm_n_sysreg_tables; t++) {
        for (unsigned i = 0; i < arm_sysreg_tables[t]->n; i++) {
            const ARMSysReg *r = &arm_sysreg_tables[t]->row[i];
            bool el0 = r->access & (SR_EL0_R | SR_EL0_W);
            cr_assert(r->access, "%s", r->name);
            cr_assert(!el0 || SR_OP1(r->enc) == 3, "%s is reachable at EL0", r->name);
            bool home = r->offset || (r->flags & SR_CONST);
            cr_assert(home || r->read || !(r->access & SR_EL1_R), "%s cannot be read", r->name);
            cr_assert(home || r->write || !(r->access & SR_EL1_W), "%s cannot be written", r->name);
        }
    }
}

static uint64_t rd(unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2)
{
    return arm_sysreg_read(f.c, SR(op0, op1, crn, crm, op2), 0);
}

static void wr(unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2, uint64_t v)
{
    arm_sysreg_write(f.c, SR(op0, op1, crn, crm, op2), v, 0);
}

Test(arm_sysregs, reset_values)
{
    cr_assert_eq(rd(3, 0, 4, 2, 2), 4u); // CurrentEL: EL1
    cr_assert_eq(rd(3, 0, 4, 2, 0), 1u); // SPSel
    cr_assert_eq(rd(3, 3, 4, 2, 1), 0x3c0u);
    cr_assert_eq(rd(3, 0, 1, 0, 0) & (SCTLR_M | SCTLR_C | SCTLR_I), 0u);
    cr_assert_eq(rd(3, 3, 14, 0, 0), 62500000u);
    cr_assert_eq(rd(3, 0, 1, 0, 2), 0u);
    cr_assert_eq(rd(2, 0, 1, 1, 4), 0xau); // OS lock is set
    cr_assert_eq(rd(3, 3, 9, 12, 0) >> 11 & 31, ARM_PMU_COUNTERS);
}

Test(arm_sysregs, plain_registers_hold_what_is_written)
{
    static const uint16_t list[] = {
        SR(3, 0, 4, 0, 0),  SR(3, 0, 4, 0, 1),  SR(3, 0, 4, 1, 0),  SR(3, 0, 5, 2, 0),
        SR(3, 0, 6, 0, 0),  SR(3, 0, 7, 4, 0),  SR(3, 0, 13, 0, 1), SR(3, 0, 13, 0, 4),
        SR(3, 3, 13, 0, 2), SR(3, 3, 13, 0, 3), SR(3, 0, 2, 0, 0),  SR(3, 0, 2, 0, 1),
        SR(3, 0, 2, 1, 0),  SR(3, 0, 2, 3, 1),
    };
    for (unsigned i = 0; i < ARRAY_LEN(list); i++) {
        uint64_t v = UINT64_C(0x123456789abcde00) + i;
        arm_sysreg_write(f.c, list[i], v, 0);
        cr_assert_eq(arm_sysreg_read(f.c, list[i], 0), v, "0x%x", list[i]);
    }
}

Test(arm_sysregs, inline_homes_agree_with_the_helpers)
{
    for (uint32_t enc = 0; enc < 1 << 16; enc++) {
        uint64_t flags = 1 | ARM_BF_SPSEL;
        uint32_t at = arm_sysreg_inline(f.c, flags, enc, true);
        cr_assert_eq(arm_sysreg_inline(f.c, 0, enc, true), 0u);
        if (at) {
            uint64_t v = enc * UINT64_C(0x9e3779b97f4a7c15);
            memcpy((uint8_t *)f.c + at, &v, 8);
            cr_assert_eq(arm_sysreg_read(f.c, enc, 0), v, "0x%x", enc);
            cr_assert_eq(arm_sysreg_inline(f.c, flags, enc, false), at);
        }
    }
    cr_assert_neq(arm_sysreg_inline(f.c, 1 | ARM_BF_SPSEL, SR(3, 0, 13, 0, 4), false), 0u);
    cr_assert_eq(arm_sysreg_inline(f.c, 1, SR(3, 0, 4, 1, 0), false), 0u);
    cr_assert_eq(arm_sysreg_inline(f.c, 1 | ARM_BF_SPSEL, SR(3, 0, 1, 0, 0), true), 0u);
}

Test(arm_sysregs, flags_for_the_translator)
{
    cr_assert_eq(arm_sysreg_flags(f.c, SR(3, 0, 15, 7, 7), false), (unsigned)ARM_SR_UNKNOWN);
    cr_assert_eq(arm_sysreg_flags(f.c, SR(3, 0, 1, 0, 0), true), (unsigned)ARM_SR_ENDS_BLOCK);
    cr_assert_eq(arm_sysreg_flags(f.c, SR(3, 0, 4, 0, 1), true), 0u);
    cr_assert_eq(arm_sysreg_flags(f.c, SR(1, 0, 8, 7, 0), true), (unsigned)ARM_SR_ENDS_BLOCK);
}

// --- ID registers

static unsigned id_field(unsigned crm, unsigned op2, unsigned pos)
{
    return rd(3, 0, 0, crm, op2) >> pos & 15;
}

Test(arm_sysregs, id_registers_of_max)
{
    cr_assert_eq(id_field(4, 0, 0), 2u);  // EL0: AArch64 and AArch32
    cr_assert_eq(id_field(4, 0, 8), 0u);  // no EL2
    cr_assert_eq(id_field(4, 0, 12), 0u); // no EL3
    cr_assert_eq(id_field(4, 0, 32), 0u); // no SVE
    cr_assert_eq(id_field(6, 0, 20), 2u); // LSE
    cr_assert_eq(id_field(6, 1, 4), 0u);  // APA
    cr_assert_eq(id_field(6, 1, 8), 1u);  // API
    cr_assert_eq(id_field(7, 0, 0), 5u);  // 48 bits of PA
    cr_assert_eq(id_field(7, 1, 20), 2u); // PAN2
    cr_assert_eq(rd(3, 0, 0, 1, 3), 0u);  // AArch32's read as zero
    cr_assert_eq(rd(3, 0, 0, 7, 7), 0u);
}

Test(arm_sysregs, features_can_be_turned_off)
{
    Fixture g;
    fixture_init(&g, "max,lse=off,pauth=off,pan=off,sve=off,pauth-impdef=on");
    f = g;
    cr_assert_eq(id_field(6, 0, 20), 0u);
    cr_assert_eq(id_field(6, 1, 8), 0u);
    cr_assert_eq(id_field(7, 1, 20), 0u, "PAN2 goes with PAN");
    cr_assert_null(arm_sysreg_find(f.c, SR(3, 0, 2, 1, 0)), "no keys without PAUTH");
    cr_assert_null(arm_sysreg_find(f.c, SR(3, 0, 4, 2, 3)));
}

Test(arm_sysregs, wrong_models_and_features_are_named)
{
    static const struct {
        const char *spec, *expect;
    } rows[] = {
        {"cortex-a75x", "no such CPU model"},
        {"max,lsee=on", "lse"},
        {"max,lse=maybe", "neither on nor off"},
        {"max,sve=on", "not implemented"},
        {"", "no such CPU model"},
    };
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        char *error = NULL;
        cr_assert_null(arm_cpu_create(f.m, rows[i].spec, &error), "%s", rows[i].spec);
        cr_assert(strstr(error, rows[i].expect), "%s", error);
        g_free(error);
    }
}

Test(arm_sysregs, caches)
{
    wr(3, 2, 0, 0, 0, 2); // L2
    cr_assert_eq(rd(3, 1, 0, 0, 0), f.c->model->ccsidr[2]);
    wr(3, 2, 0, 0, 0, 14);
    cr_assert_eq(rd(3, 1, 0, 0, 0), 0u);
}

// --- PSTATE

Test(arm_sysregs, stack_pointers)
{
    f.c->vcpu.gpr[ARM_SP] = 0x1111;
    wr(3, 0, 4, 1, 0, 0x2222); // SP_EL0
    wr(3, 0, 4, 2, 0, 0);      // SPSel
    cr_assert_eq(f.c->vcpu.gpr[ARM_SP], 0x2222u);
    f.c->vcpu.gpr[ARM_SP] = 0x3333;
    wr(3, 0, 4, 2, 0, 1);
    cr_assert_eq(f.c->vcpu.gpr[ARM_SP], 0x1111u);
    cr_assert_eq(rd(3, 0, 4, 1, 0), 0x3333u);
}

Test(arm_sysregs, nzcv_and_daif)
{
    for (unsigned i = 0; i < 16; i++) {
        wr(3, 3, 4, 2, 0, (uint64_t)i << 28);
        cr_assert_eq(rd(3, 3, 4, 2, 0), (uint64_t)i << 28);
    }
    wr(3, 3, 4, 2, 1, 0x80);
    cr_assert_eq(rd(3, 3, 4, 2, 1), 0x80u);
}

// --- timers

typedef struct Wire {
    unsigned raised;
    bool level;
} Wire;

static void wire_handler(void *opaque, unsigned n, bool level)
{
    (void)n;
    Wire *w = opaque;
    w->raised += level && !w->level;
    w->level = level;
}

Test(arm_sysregs, virtual_timer)
{
    Wire w = {0, false};
    arm_cpu_connect_timer(&f.c->vcpu, ARM_TIMER_VIRT, irq_line(wire_handler, &w, 0));
    f.now = 1600;
    cr_assert_eq(rd(3, 3, 14, 0, 2), 100u);
    wr(3, 3, 14, 3, 0, 50); // TVAL
    cr_assert_eq(rd(3, 3, 14, 3, 2), 150u);
    wr(3, 3, 14, 3, 1, 1);
    cr_assert_not(w.level);
    cr_assert_eq(clock_next_deadline(f.m->clock), 2400u);
    f.now = 2400;
    clock_run_due(f.m->clock, f.now);
    cr_assert(w.level);
    cr_assert_eq(rd(3, 3, 14, 3, 1), 5u);
    cr_assert_eq(rd(3, 3, 14, 3, 0), 0u);
    wr(3, 3, 14, 3, 1, 3); // masked
    cr_assert_not(w.level);
    cr_assert_eq(rd(3, 3, 14, 3, 1), 7u);
    wr(3, 3, 14, 3, 0, (uint32_t)-1);
    cr_assert_eq(rd(3, 3, 14, 3, 0), UINT32_MAX);
    wr(3, 3, 14, 3, 2, UINT64_MAX); // far away: never, rather than a wrapped deadline
    wr(3, 3, 14, 3, 1, 1);
    cr_assert_not(w.level);
    cr_assert_eq(clock_next_deadline(f.m->clock), UINT64_MAX);
}

// --- PMU: a cycle is an instruction

Test(arm_sysregs, pmu_counts_instructions)
{
    Wire w = {0, false};
    arm_cpu_connect_pmu(&f.c->vcpu, irq_line(wire_handler, &w, 0));
    wr(3, 3, 14, 12, 0, 0x08);           // PMEVTYPER0: INST_RETIRED
    wr(3, 3, 14, 12, 1, 0x08 | BIT(31)); // at EL0 only
    wr(3, 3, 9, 12, 1, BIT(31) | 3);
    wr(3, 3, 9, 12, 0, 1);
    f.c->vcpu.base += 1000;
    cr_assert_eq(rd(3, 3, 14, 8, 0), 1000u);
    cr_assert_eq(rd(3, 3, 14, 8, 1), 0u);
    cr_assert_eq(rd(3, 3, 9, 13, 0), 1000u);
    wr(3, 3, 14, 8, 0, UINT32_MAX - 9);
    wr(3, 0, 9, 14, 1, 1);
    f.c->vcpu.base += 10;
    f.now += 10;
    clock_run_due(f.m->clock, f.now);
    cr_assert(w.level);
    cr_assert_eq(rd(3, 3, 9, 14, 3), 1u);
    wr(3, 3, 9, 12, 3, 1);
    cr_assert_not(w.level);
    wr(3, 3, 9, 12, 0, 4 | 2); // reset, stop
    cr_assert_eq(rd(3, 3, 9, 13, 0), 0u);
    cr_assert_eq(rd(3, 3, 14, 8, 0), 0u);
}

Test(arm_sysregs, random_numbers_repeat)
{
    uint64_t a = rd(3, 3, 2, 4, 0), b = rd(3, 3, 2, 4, 0);
    cr_assert_neq(a, b);
    machine_reset(f.m);
    cr_assert_eq(rd(3, 3, 2, 4, 0), a);
}

// --- traps and UNDEFINED: the ESR of an access, 0 if it was allowed

static uint64_t esr_of(uint32_t enc, bool write, unsigned el)
{
    VCPU *v = &f.c->vcpu;
    f.c->sys->esr_el[1] = 0;
    set_el(&f, el);
    if (!setjmp(v->leave)) {
        if (write) {
            arm_sysreg_write(f.c, enc, 0, 5);
        } else {
            arm_sysreg_read(f.c, enc, 5);
        }
    }
    return f.c->sys->esr_el[1];
}

#define UNDEF 0x02000000u

Test(arm_sysregs, el0_may_not_use_el1_registers)
{
    for (unsigned t = 0; t < arm_n_sysreg_tables; t++) {
        for (unsigned i = 0; i < arm_sysreg_tables[t]->n; i++) {
            const ARMSysReg *r = &arm_sysreg_tables[t]->row[i];
            if (arm_sysreg_find(f.c, r->enc) != r) {
                continue;
            }
            if (!(r->access & SR_EL0_R)) {
                cr_assert_eq(esr_of(r->enc, false, 0), UNDEF, "%s", r->name);
            }
            if (!(r->access & SR_EL0_W)) {
                cr_assert_eq(esr_of(r->enc, true, 0), UNDEF, "%s", r->name);
            }
        }
    }
}

Test(arm_sysregs, traps)
{
    // CTR_EL0: op0 3, op2 1, op1 3, CRn 0, Rt 5, CRm 0, read
    uint64_t ctr = 0x62000000u | 3u << 20 | 1u << 17 | 3u << 14 | 5u << 5 | 1;
    cr_assert_eq(esr_of(SR(3, 3, 0, 0, 1), false, 0), ctr);
    uint64_t vct = 0x62000000u | 3u << 20 | 2u << 17 | 3u << 14 | 14u << 10 | 5u << 5 | 1;
    cr_assert_eq(esr_of(SR(3, 3, 14, 0, 2), false, 0), vct);
    f.c->sys->cntkctl = 2;
    cr_assert_eq(esr_of(SR(3, 3, 14, 0, 2), false, 0), 0u);
    uint64_t civac = 0x62000000u | 1u << 20 | 1u << 17 | 3u << 14 | 7u << 10 | 5u << 5 | 14u << 1;
    cr_assert_eq(esr_of(SR(1, 3, 7, 14, 1), true, 0), civac);
    cr_assert_eq(esr_of(SR(3, 3, 4, 4, 0), false, 1), 0x1fe00000u); // FPCR: CPACR.FPEN is 0
    f.c->sys->cpacr = UINT64_C(3) << 20;
    cr_assert_eq(esr_of(SR(3, 3, 4, 4, 0), false, 1), 0u);
    cr_assert_eq(esr_of(SR(3, 0, 15, 7, 7), false, 1), UNDEF);
    cr_assert_eq(esr_of(SR(2, 0, 0, 6, 4), false, 1), UNDEF); // DBGBVR6: there are six
}
