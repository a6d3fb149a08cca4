// Privileged behaviour of the x86 CPU: the scenarios of tests/x86_system in the interpreter, in
// translated code and, where /dev/kvm allows it, on this host's CPU. They have to agree in every
// register and in memory.
#include <criterion/criterion.h>
#include <stdio.h>

#if defined(__x86_64__)

#include "host-backends/backend.h"
#include "target-x86/system.h"
#include "tests/unit/x86_machine.h"
#include "tests/x86_system/kvm.h"
#include "tests/x86_system/programs.h"

#define MAX_INSNS 3000000

static X86Machine machine_for(bool translate)
{
    EngineConfig jit = {.backend = &host_backend_x86_64, .cache_bytes = 32u << 20};
    return x86_machine_new(SCENARIO_RAM, translate ? jit : (EngineConfig){0});
}

static ScenarioSegment segment(const X86Segment *s)
{
    return (ScenarioSegment){s->selector, s->base, s->limit, s->attr};
}

static void state_of(const X86CPU *c, ScenarioState *out)
{
    memcpy(out->gpr, c->vcpu.gpr, sizeof(out->gpr));
    out->rip = x86_eip_of(c, c->vcpu.pc);
    out->rflags = x86_eflags_get(c);
    for (unsigned i = 0; i < X86_SEGS; i++) {
        out->seg[i] = segment(&c->seg[i]);
    }
    out->ldt = segment(&c->sys->ldt);
    out->tr = segment(&c->sys->tr);
    out->gdt_base = c->sys->gdt.base;
    out->gdt_limit = (uint16_t)c->sys->gdt.limit;
    out->idt_base = c->sys->idt.base;
    out->idt_limit = (uint16_t)c->sys->idt.limit;
    out->cr0 = c->cr0;
    out->cr2 = c->cr2;
    out->cr3 = c->cr3;
    out->cr4 = c->cr4;
    out->efer = c->efer;
    memcpy(out->dr, c->sys->dr, sizeof(out->dr));
    out->dr6 = c->sys->dr[6] | 0xffff0ff0;
    out->dr7 = c->sys->dr[7] | 0x400;
}

static void run_here(X86Machine *r, const Scenario *s, ScenarioState *out)
{
    machine_reset(r->m);
    r->m->stop = MACHINE_RUNNING;
    scenario_prepare(r->ram, s);
    X86CPU *c = r->c;
    c->cr0 = SCENARIO_CR0;
    c->seg[X86_CS].selector = 0;
    c->seg[X86_CS].base = 0;
    c->vcpu.gpr[X86_RDX] = 0;
    c->vcpu.pc = SCENARIO_BASE;
    c->vcpu.stopped = c->vcpu.halted = 0;
    x86_segments_changed(c);
    engine_run(&c->vcpu, MAX_INSNS);
    out->end = c->vcpu.halted     ? SCENARIO_HALTED
               : c->sys->shutdown ? SCENARIO_SHUTDOWN
                                  : SCENARIO_STUCK;
    state_of(c, out);
}

// --- comparison

static unsigned differences;

static void differ(const Scenario *s, const char *what, uint64_t here, uint64_t there)
{
    if (differences++ < 40) {
        fprintf(stderr, "%s: %s 0x%llx, but 0x%llx expected\n", s->name, what,
                (unsigned long long)here, (unsigned long long)there);
    }
}

#define COMPARE(field)                                                                             \
    do {                                                                                           \
        if (a->field != b->field) {                                                                \
            differ(s, #field, a->field, b->field);                                                 \
        }                                                                                          \
    } while (0)

static void compare_segment(const Scenario *s, const char *name, const ScenarioSegment *a,
                            const ScenarioSegment *b)
{
    char what[40];
    if (a->selector != b->selector) {
        snprintf(what, sizeof(what), "%s selector", name);
        differ(s, what, a->selector, b->selector);
    }
    if (!(a->attr & X86_DESC_P) && !(b->attr & X86_DESC_P)) {
        return;
    }
    if (a->base != b->base || a->limit != b->limit || a->attr != b->attr) {
        snprintf(what, sizeof(what), "%s base", name);
        differ(s, what, a->base, b->base);
        snprintf(what, sizeof(what), "%s limit", name);
        differ(s, what, a->limit, b->limit);
        snprintf(what, sizeof(what), "%s attr", name);
        differ(s, what, a->attr, b->attr);
    }
}

static void compare_state(const Scenario *s, const ScenarioState *a, const ScenarioState *b)
{
    static const char *const seg[] = {"ES", "CS", "SS", "DS", "FS", "GS"};
    static const char *const gpr[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                      "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
    COMPARE(end);
    for (unsigned i = 0; i < 16; i++) {
        if (a->gpr[i] != b->gpr[i]) {
            differ(s, gpr[i], a->gpr[i], b->gpr[i]);
        }
    }
    COMPARE(rip);
    COMPARE(rflags);
    for (unsigned i = 0; i < 6; i++) {
        compare_segment(s, seg[i], &a->seg[i], &b->seg[i]);
    }
    compare_segment(s, "LDT", &a->ldt, &b->ldt);
    compare_segment(s, "TR", &a->tr, &b->tr);
    COMPARE(gdt_base);
    COMPARE(gdt_limit);
    COMPARE(idt_base);
    COMPARE(idt_limit);
    COMPARE(cr0);
    COMPARE(cr2);
    COMPARE(cr3);
    COMPARE(cr4);
    COMPARE(efer);
    for (unsigned i = 0; i < 4; i++) {
        COMPARE(dr[i]);
    }
    COMPARE(dr6);
    COMPARE(dr7);
}

// A CPU may set accessed bits of pages that it only thought of accessing.
static uint32_t mask_of(uint32_t at)
{
    return at >= SCENARIO_PAGES && at < SCENARIO_LOG ? ~UINT32_C(0x20) : ~UINT32_C(0);
}

static void compare_memory(const Scenario *s, const uint8_t *a, const uint8_t *b)
{
    for (uint32_t at = 0; at < SCENARIO_RAM; at += 4) {
        uint32_t x, y;
        memcpy(&x, a + at, 4);
        memcpy(&y, b + at, 4);
        if ((x ^ y) & mask_of(at)) {
            char what[40];
            snprintf(what, sizeof(what), "memory at 0x%x", at);
            differ(s, what, x, y);
            // In a log the first difference is the one that tells.
            if (at >= SCENARIO_LOG) {
                return;
            }
        }
    }
}

static const Scenario *wanted(const Scenario *s)
{
    const char *only = getenv("SCENARIO");
    return !only || !strcmp(only, s->name) ? s : NULL;
}

static bool same(const Scenario *s, const ScenarioState *a, const uint8_t *ram_a,
                 const ScenarioState *b, const uint8_t *ram_b)
{
    differences = 0;
    compare_state(s, a, b);
    compare_memory(s, ram_a, ram_b);
    return !differences;
}

Test(x86_system, as_this_hosts_cpu, .timeout = 600)
{
    X86Machine here = machine_for(false);
    Kvm kvm;
    unsigned bad = 0, n = 0;
    if (!kvm_open(&kvm)) {
        cr_skip_test("NOT COMPARED with this host's CPU: there is no KVM with hardware under it");
    }
    for (const Scenario *s = x86_scenarios; s < x86_scenarios_end; s++) {
        ScenarioState a = {0}, b = {0};
        if (wanted(s)) {
            run_here(&here, s, &a);
            kvm_close(&kvm);
            kvm_open(&kvm);
            kvm_scenario(&kvm, s, &b);
            bad += !same(s, &a, here.ram, &b, kvm.ram);
            n++;
        }
    }
    cr_expect_eq(bad, 0u, "%u of %u scenarios differ", bad, n);
}

// For a look from outside: SCENARIO_DUMP=DIR writes what memory held at the end.
static void dump(const Scenario *s, const uint8_t *ram)
{
    const char *dir = getenv("SCENARIO_DUMP");
    char path[256];
    snprintf(path, sizeof(path), "%s/%s.mimus", dir ? dir : "", s->name);
    FILE *f = dir ? fopen(path, "wb") : NULL;
    if (f) {
        fwrite(ram, 1, 0x30000, f);
        fclose(f);
    }
}

// What each scenario came to when its log was last read through, compared with QEMU's and with the
// manual. PRINT_EXPECTED=1 prints the lines of expected.h.
typedef struct Expected {
    const char *name;
    uint64_t hash;
} Expected;

static const Expected expected[] = {
#include "tests/x86_system/expected.h"
};

static uint64_t hash_of(const ScenarioState *s, const uint8_t *ram)
{
    StateHash h;
    state_hash_init(&h);
    state_hash_bytes(&h, s, sizeof(*s));
    state_hash_bytes(&h, ram, SCENARIO_RAM);
    return h.h[0];
}

Test(x86_system, as_expected, .timeout = 600)
{
    X86Machine rig = machine_for(true);
    for (const Scenario *s = x86_scenarios; s < x86_scenarios_end; s++) {
        ScenarioState state;
        memset(&state, 0, sizeof(state));
        run_here(&rig, s, &state);
        uint64_t hash = hash_of(&state, rig.ram), want = 0;
        for (unsigned i = 0; i < ARRAY_LEN(expected); i++) {
            want = strcmp(expected[i].name, s->name) ? want : expected[i].hash;
        }
        if (getenv("PRINT_EXPECTED")) {
            fprintf(stderr, "{\"%s\", 0x%016llx},\n", s->name, (unsigned long long)hash);
        } else {
            cr_expect_eq(hash, want, "%s has changed", s->name);
        }
    }
}

Test(x86_system, interpreted_and_translated, .timeout = 600)
{
    X86Machine here = machine_for(false), there = machine_for(true);
    for (const Scenario *s = x86_scenarios; s < x86_scenarios_end; s++) {
        ScenarioState a = {0}, b = {0};
        if (wanted(s)) {
            run_here(&there, s, &a);
            run_here(&here, s, &b);
            dump(s, here.ram);
            cr_expect(same(s, &a, there.ram, &b, here.ram), "%s", s->name);
            cr_expect_eq(vcpu_icount(&here.c->vcpu), vcpu_icount(&there.c->vcpu), "%s", s->name);
        }
    }
}

#endif
