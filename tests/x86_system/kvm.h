// One scenario on this host's CPU.
#ifndef TESTS_X86_SYSTEM_KVM_H
#define TESTS_X86_SYSTEM_KVM_H

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/x86_system/scenario.h"

typedef struct Kvm {
    int kvm, vm, cpu;
    struct kvm_run *run;
    uint8_t *ram;
} Kvm;

static inline void kvm_set_cpuid(Kvm *k)
{
    enum { MAX = 200 };
    struct kvm_cpuid2 *c = calloc(1, sizeof(*c) + MAX * sizeof(c->entries[0]));
    c->nent = MAX;
    if (!ioctl(k->kvm, KVM_GET_SUPPORTED_CPUID, c)) {
        ioctl(k->cpu, KVM_SET_CPUID2, c);
    }
    free(c);
}

// False: no KVM here, or one that has no hardware under it: then what would be compared with is
// another emulator.
static inline bool kvm_open(Kvm *k)
{
    if (access("/sys/module/kvm_amd", F_OK) && access("/sys/module/kvm_intel", F_OK)) {
        return false;
    }
    k->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (k->kvm < 0 || ioctl(k->kvm, KVM_GET_API_VERSION, 0) != 12) {
        return false;
    }
    k->vm = ioctl(k->kvm, KVM_CREATE_VM, 0);
    if (k->vm < 0) {
        return false;
    }
    k->ram = mmap(NULL, SCENARIO_RAM, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct kvm_userspace_memory_region r = {.memory_size = SCENARIO_RAM,
                                            .userspace_addr = (uintptr_t)k->ram};
    if (ioctl(k->vm, KVM_SET_USER_MEMORY_REGION, &r)) {
        return false;
    }
    k->cpu = ioctl(k->vm, KVM_CREATE_VCPU, 0);
    long size = ioctl(k->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (k->cpu < 0 || size <= 0) {
        return false;
    }
    k->run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, k->cpu, 0);
    kvm_set_cpuid(k);
    return true;
}

static inline void kvm_close(Kvm *k)
{
    close(k->cpu);
    close(k->vm);
    close(k->kvm);
    munmap(k->ram, SCENARIO_RAM);
}

static inline void kvm_start(Kvm *k)
{
    struct kvm_sregs s;
    struct kvm_regs r = {.rip = SCENARIO_BASE, .rflags = 2};
    ioctl(k->cpu, KVM_GET_SREGS, &s);
    s.cs.base = 0;
    s.cs.selector = 0;
    s.cr0 = SCENARIO_CR0;
    ioctl(k->cpu, KVM_SET_SREGS, &s);
    ioctl(k->cpu, KVM_SET_REGS, &r);
}

// Nothing answers at any port.
static inline void kvm_answer_io(Kvm *k)
{
    if (k->run->io.direction == KVM_EXIT_IO_IN) {
        memset((uint8_t *)k->run + k->run->io.data_offset, 0xff,
               (size_t)k->run->io.size * k->run->io.count);
    }
}

static inline void kvm_alarm(int sig)
{
    (void)sig;
}

static inline ScenarioSegment kvm_segment(const struct kvm_segment *s)
{
    uint32_t attr = (uint32_t)s->type << 8 | (uint32_t)s->s << 12 | (uint32_t)s->dpl << 13 |
                    (uint32_t)s->present << 15 | (uint32_t)s->avl << 20 | (uint32_t)s->l << 21 |
                    (uint32_t)s->db << 22 | (uint32_t)s->g << 23;
    return (ScenarioSegment){s->selector, s->base, s->limit, s->unusable ? 0 : attr};
}

static inline void kvm_state(Kvm *k, ScenarioState *out)
{
    struct kvm_regs r;
    struct kvm_sregs s;
    struct kvm_debugregs d;
    ioctl(k->cpu, KVM_GET_REGS, &r);
    ioctl(k->cpu, KVM_GET_SREGS, &s);
    ioctl(k->cpu, KVM_GET_DEBUGREGS, &d);
    const uint64_t gpr[16] = {r.rax, r.rcx, r.rdx, r.rbx, r.rsp, r.rbp, r.rsi, r.rdi,
                              r.r8,  r.r9,  r.r10, r.r11, r.r12, r.r13, r.r14, r.r15};
    memcpy(out->gpr, gpr, sizeof(gpr));
    out->rip = r.rip;
    out->rflags = r.rflags;
    const struct kvm_segment *seg[6] = {&s.es, &s.cs, &s.ss, &s.ds, &s.fs, &s.gs};
    for (unsigned i = 0; i < 6; i++) {
        out->seg[i] = kvm_segment(seg[i]);
    }
    out->ldt = kvm_segment(&s.ldt);
    out->tr = kvm_segment(&s.tr);
    out->gdt_base = s.gdt.base;
    out->gdt_limit = s.gdt.limit;
    out->idt_base = s.idt.base;
    out->idt_limit = s.idt.limit;
    out->cr0 = s.cr0;
    out->cr2 = s.cr2;
    out->cr3 = s.cr3;
    out->cr4 = s.cr4;
    out->efer = s.efer;
    memcpy(out->dr, d.db, sizeof(out->dr));
    out->dr6 = d.dr6;
    out->dr7 = d.dr7;
}

static inline void kvm_scenario(Kvm *k, const Scenario *s, ScenarioState *out)
{
    struct sigaction a = {.sa_handler = kvm_alarm};
    sigaction(SIGALRM, &a, NULL);
    scenario_prepare(k->ram, s);
    kvm_start(k);
    alarm(5);
    int result;
    do {
        result = ioctl(k->cpu, KVM_RUN, 0);
        if (!result && k->run->exit_reason == KVM_EXIT_IO) {
            kvm_answer_io(k);
        }
    } while (!result && k->run->exit_reason == KVM_EXIT_IO);
    alarm(0);
    out->end = result                                     ? SCENARIO_STUCK
               : k->run->exit_reason == KVM_EXIT_HLT      ? SCENARIO_HALTED
               : k->run->exit_reason == KVM_EXIT_SHUTDOWN ? SCENARIO_SHUTDOWN
                                                          : SCENARIO_STUCK;
    if (out->end == SCENARIO_STUCK && getenv("SCENARIO")) {
        fprintf(stderr, "KVM: result %d, errno %d, exit reason %u, suberror %u\n", result, errno,
                k->run->exit_reason, k->run->internal.suberror);
    }
    kvm_state(k, out);
}

#endif
