// 8259 pair, I/O APIC and local APICs. The CPU's side of target-x86/board.h is played here.
#include "hw/intc/apic.h"
#include "hw/intc/i8259.h"
#include "hw/intc/ioapic.h"
#include "target-x86/board.h"
#include "target-x86/cpu.h"
#include "tests/unit/pc_rig.h"

// --- CPUs of our own

#define CPUS 3

typedef struct TestCpu {
    X86CPU cpu; // first
    Pin input[X86_INPUTS];
    const X86ApicOps *ops;
    void *apic;
    int startup; // vector, -1: none came
} TestCpu;

IrqLine x86_cpu_input(VCPU *v, X86Input which)
{
    return pin_line(&((TestCpu *)v)->input[which]);
}

void x86_cpu_connect_apic(VCPU *v, const X86ApicOps *ops, void *opaque)
{
    ((TestCpu *)v)->ops = ops;
    ((TestCpu *)v)->apic = opaque;
}

void x86_cpu_startup(VCPU *v, unsigned vector)
{
    ((TestCpu *)v)->startup = (int)vector;
}

uint64_t x86_cpu_tsc_to_ns(VCPU *v, uint64_t tsc)
{
    (void)v;
    return tsc;
}

typedef struct Rig {
    PcRig pc;
    TestCpu *cpu[CPUS];
    Device *pic, *ioapic;
} Rig;

static void enable(X86Features *f, X86Feature n)
{
    f->bits[n / 64] |= BIT(n % 64);
}

static Rig *rig(void)
{
    Rig *r = g_new0(Rig, 1);
    pc_rig_init(&r->pc);
    Machine *m = r->pc.m;
    for (unsigned i = 0; i < CPUS; i++) {
        TestCpu *c = r->cpu[i] = g_new0(TestCpu, 1);
        m->cpu[i] = &c->cpu.vcpu;
        c->cpu.vcpu.index = i;
        c->startup = -1;
        enable(&c->cpu.features, X86_FEAT_APIC);
        enable(&c->cpu.features, X86_FEAT_X2APIC);
        enable(&c->cpu.features, X86_FEAT_TSC_DEADLINE);
    }
    m->n_cpus = CPUS;
    apic_create_all(m, r->pc.mem);
    r->pic = i8259_create(m, r->pc.io, apic_lint0(m));
    apic_connect_pic(m, r->pic);
    r->ioapic = ioapic_create(m, r->pc.mem, IOAPIC_ADDRESS, 0x20);
    bare_reset(m);
    m->current = m->cpu[0];
    return r;
}

static void pic_setup(Rig *r)
{
    static const uint8_t words[2][4] = {{0x11, 0x20, 4, 1}, {0x11, 0x28, 2, 1}};
    for (unsigned i = 0; i < 2; i++) {
        unsigned port = i ? 0xa0 : 0x20;
        out(&r->pc, port, words[i][0]);
        for (unsigned n = 1; n < 4; n++) {
            out(&r->pc, port + 1, words[i][n]);
        }
    }
}

static void line(Rig *r, unsigned irq, bool level)
{
    IrqLine l = i8259_input(r->pic, irq);
    irq_set(&l, level);
}

static void pin(Rig *r, unsigned n, bool level)
{
    IrqLine l = ioapic_input(r->ioapic, n);
    irq_set(&l, level);
}

static int ack(Rig *r, unsigned cpu)
{
    return r->cpu[cpu]->ops->acknowledge(r->cpu[cpu]->apic);
}

static bool intr(Rig *r, unsigned cpu)
{
    return r->cpu[cpu]->input[X86_INPUT_INTR].level;
}

static void on_cpu(Rig *r, unsigned cpu)
{
    r->pc.m->current = r->pc.m->cpu[cpu];
}

static void apic_w(Rig *r, unsigned reg, uint32_t v)
{
    wr(r->pc.m, APIC_ADDRESS + reg, v, 4);
}

static uint32_t apic_r(Rig *r, unsigned reg)
{
    return (uint32_t)rd(r->pc.m, APIC_ADDRESS + reg, 4);
}

static void enable_apics(Rig *r)
{
    for (unsigned i = 0; i < CPUS; i++) {
        on_cpu(r, i);
        apic_w(r, 0xf0, 0x1ff);
    }
    on_cpu(r, 0);
}

static void route(Rig *r, unsigned n, uint64_t entry)
{
    for (unsigned i = 2; i-- > 0;) { // the half with the mask last
        wr(r->pc.m, IOAPIC_ADDRESS, 0x10 + 2 * n + i, 4);
        wr(r->pc.m, IOAPIC_ADDRESS + 0x10, (uint32_t)(entry >> 32 * i), 4);
    }
}

static uint64_t routed(Rig *r, unsigned n)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 2; i++) {
        wr(r->pc.m, IOAPIC_ADDRESS, 0x10 + 2 * n + i, 4);
        v |= rd(r->pc.m, IOAPIC_ADDRESS + 0x10, 4) << 32 * i;
    }
    return v;
}

// --- 8259

Test(i8259, priorities_and_cascade)
{
    Rig *r = rig();
    pic_setup(r);
    line(r, 5, true);
    line(r, 3, true);
    line(r, 10, true);
    cr_assert(intr(r, 0));
    cr_assert_eq(ack(r, 0), 0x2a); // the slave is input 2
    cr_assert(!intr(r, 0));
    out(&r->pc, 0xa0, 0x20);
    cr_assert(!intr(r, 0)); // the master's input 2 is in service
    out(&r->pc, 0x20, 0x20);
    cr_assert_eq(ack(r, 0), 0x23);
    line(r, 1, true);
    cr_assert_eq(ack(r, 0), 0x21); // nested
    out(&r->pc, 0x20, 0x0b);
    cr_assert_eq(in(&r->pc, 0x20), 0x0a); // ISR
    out(&r->pc, 0x20, 0x61);              // specific EOI of 1
    cr_assert_eq(in(&r->pc, 0x20), 0x08);
    out(&r->pc, 0x20, 0x20);
    cr_assert_eq(ack(r, 0), 0x25);
    out(&r->pc, 0x20, 0x0a);
    cr_assert_eq(in(&r->pc, 0x20), 0x00); // IRR: edges were acknowledged
}

Test(i8259, masked_edge_waits_and_level_comes_again)
{
    Rig *r = rig();
    pic_setup(r);
    out(&r->pc, 0x21, 0xff);
    line(r, 4, true);
    line(r, 4, false);
    cr_assert(!intr(r, 0));
    out(&r->pc, 0x21, 0xef);
    cr_assert_eq(ack(r, 0), 0x24);
    out(&r->pc, 0x20, 0x20);
    cr_assert(!intr(r, 0));
    out(&r->pc, 0x4d0, 0xff);
    cr_assert_eq(in(&r->pc, 0x4d0), 0xf8);
    out(&r->pc, 0x21, 0xdf);
    line(r, 5, true);
    cr_assert_eq(ack(r, 0), 0x25);
    out(&r->pc, 0x20, 0x20);
    cr_assert(intr(r, 0)); // still high
    line(r, 5, false);
    cr_assert(!intr(r, 0));
    cr_assert_eq(i8259_acknowledge(r->pic), 0x27); // spurious
    out(&r->pc, 0x20, 0x0b);
    cr_assert_eq(in(&r->pc, 0x20), 0);
}

Test(i8259, rotation_auto_eoi_poll_special_mask)
{
    Rig *r = rig();
    pic_setup(r);
    out(&r->pc, 0x20, 0xc4); // 4 becomes the lowest: 5 is the highest
    line(r, 0, true);
    line(r, 5, true);
    cr_assert_eq(ack(r, 0), 0x25);
    out(&r->pc, 0x20, 0xa0); // rotate on EOI: 5 is the lowest
    line(r, 6, true);
    cr_assert_eq(ack(r, 0), 0x26);
    out(&r->pc, 0x20, 0x20);
    out(&r->pc, 0x20, 0x0c); // poll
    cr_assert_eq(in(&r->pc, 0x20), 0x80);
    out(&r->pc, 0x20, 0x0c);
    cr_assert_eq(in(&r->pc, 0x20), 0x00);
    // 0 is in service; with it masked in special mask mode, lower ones come.
    out(&r->pc, 0x20, 0xc7);
    line(r, 7, true);
    cr_assert(!intr(r, 0));
    out(&r->pc, 0x21, 0x01);
    cr_assert(!intr(r, 0));
    out(&r->pc, 0x20, 0x68);
    cr_assert_eq(ack(r, 0), 0x27);
    // Auto-EOI.
    out(&r->pc, 0x20, 0x11);
    out(&r->pc, 0x21, 0x40);
    out(&r->pc, 0x21, 4);
    out(&r->pc, 0x21, 3);
    line(r, 3, true);
    cr_assert_eq(ack(r, 0), 0x43);
    out(&r->pc, 0x20, 0x0b);
    cr_assert_eq(in(&r->pc, 0x20), 0);
}

// --- local APIC

Test(apic, virtual_wire_and_masking)
{
    Rig *r = rig();
    pic_setup(r);
    cr_assert_eq(apic_r(r, 0x30), 0x50014);
    line(r, 0, true);
    cr_assert(intr(r, 0)); // LINT0 of the boot CPU is ExtINT
    cr_assert(!intr(r, 1));
    apic_w(r, 0xf0, 0x1ff);
    apic_w(r, 0x350, 0x10700);
    cr_assert(!intr(r, 0));
    apic_w(r, 0x350, 0x700);
    cr_assert_eq(ack(r, 0), 0x20);
    apic_w(r, 0xf0, 0xff); // software disable masks all
    cr_assert_eq(apic_r(r, 0x350), 0x10700);
    apic_w(r, 0x350, 0x700);
    cr_assert_eq(apic_r(r, 0x350), 0x10700);
}

Test(apic, priorities)
{
    Rig *r = rig();
    enable_apics(r);
    apic_w(r, 0x300, 0x40000 | 0x51); // self
    apic_w(r, 0x300, 0x40000 | 0x62);
    cr_assert_eq(ack(r, 0), 0x62);
    cr_assert(!intr(r, 0));
    cr_assert_eq(apic_r(r, 0xa0), 0x60); // PPR
    apic_w(r, 0x300, 0x40000 | 0x6f);    // the same class
    cr_assert(!intr(r, 0));
    apic_w(r, 0x300, 0x40000 | 0x71);
    cr_assert_eq(ack(r, 0), 0x71);
    apic_w(r, 0xb0, 0);
    apic_w(r, 0xb0, 0);
    cr_assert_eq(ack(r, 0), 0x6f);
    apic_w(r, 0xb0, 0);
    r->cpu[0]->ops->set_tpr(r->cpu[0]->apic, 5);
    cr_assert_eq(apic_r(r, 0x80), 0x50);
    cr_assert(!intr(r, 0));
    r->cpu[0]->ops->set_tpr(r->cpu[0]->apic, 4);
    cr_assert_eq(ack(r, 0), 0x51);
    cr_assert_eq(ack(r, 0), -1);
}

Test(apic, messages_between_cpus)
{
    Rig *r = rig();
    enable_apics(r);
    apic_w(r, 0x310, 2u << 24);
    apic_w(r, 0x300, 0x4000 | 0x33);
    cr_assert(intr(r, 2) && !intr(r, 1) && !intr(r, 0));
    cr_assert_eq(ack(r, 2), 0x33);
    apic_w(r, 0x300, 0xc0000 | 0x44); // all but self
    cr_assert(intr(r, 1) && !intr(r, 0));
    apic_w(r, 0x300, 0x80400); // NMI to all
    cr_assert_eq(r->cpu[0]->input[X86_INPUT_NMI].rises, 1);
    cr_assert_eq(r->cpu[2]->input[X86_INPUT_NMI].rises, 1);
    apic_w(r, 0x310, 1u << 24);
    apic_w(r, 0x300, 0xc500); // INIT, assert
    apic_w(r, 0x300, 0x8500); // de-assert
    cr_assert_eq(r->cpu[1]->input[X86_INPUT_INIT].rises, 1);
    apic_w(r, 0x300, 0x4600 | 0x9a);
    cr_assert_eq(r->cpu[1]->startup, 0x9a);
    apic_w(r, 0x300, 0x5); // illegal vector
    apic_w(r, 0x280, 0);
    cr_assert_eq(apic_r(r, 0x280), 0x20);
    apic_w(r, 0x280, 0);
    cr_assert_eq(apic_r(r, 0x280), 0);
}

Test(apic, logical_and_lowest_priority)
{
    Rig *r = rig();
    enable_apics(r);
    for (unsigned i = 0; i < CPUS; i++) {
        on_cpu(r, i);
        apic_w(r, 0xe0, 0xffffffff);
        apic_w(r, 0xd0, 1u << (24 + i));
    }
    on_cpu(r, 0);
    apic_w(r, 0x310, 6u << 24);
    apic_w(r, 0x300, 0x4800 | 0x40);
    cr_assert(!intr(r, 0) && intr(r, 1) && intr(r, 2));
    ack(r, 1);
    ack(r, 2);
    apic_w(r, 0x310, 7u << 24);
    apic_w(r, 0x80, 0x20);
    apic_w(r, 0x300, 0x4900 | 0x55); // lowest priority: 1 and 2 serve 0x40, 0 has TPR 0x20
    cr_assert(intr(r, 0) && !intr(r, 1) && !intr(r, 2));
    apic_msi(r->pc.m, 0, APIC_ADDRESS | 1 << 12, 0x66); // physical, id 1
    cr_assert_eq(ack(r, 1), 0x66);
    wr(r->pc.m, APIC_ADDRESS | 2 << 12, 0x67, 4); // a device's memory write
    cr_assert_eq(ack(r, 2), 0x67);
    on_cpu(r, 2);
    apic_w(r, 0xe0, 0x0fffffff); // cluster model
    apic_w(r, 0xd0, 0x21000000);
    apic_msi(r->pc.m, 0, APIC_ADDRESS | 0x21 << 12 | 4, 0x78);
    cr_assert_eq(ack(r, 2), 0x78);
}

Test(apic, timer)
{
    Rig *r = rig();
    enable_apics(r);
    apic_w(r, 0x3e0, 3); // divide by 16
    apic_w(r, 0x320, 0x20000 | 0x80);
    apic_w(r, 0x380, 1000);
    pass(&r->pc, 8000);
    cr_assert_eq(apic_r(r, 0x390), 500);
    cr_assert(!intr(r, 0));
    pass(&r->pc, 8000);
    cr_assert_eq(ack(r, 0), 0x80);
    apic_w(r, 0xb0, 0);
    pass(&r->pc, 15999);
    cr_assert(!intr(r, 0));
    pass(&r->pc, 1);
    cr_assert_eq(ack(r, 0), 0x80);
    apic_w(r, 0xb0, 0);
    apic_w(r, 0x320, 0x81); // one-shot
    apic_w(r, 0x380, 10);
    pass(&r->pc, 160);
    cr_assert_eq(ack(r, 0), 0x81);
    apic_w(r, 0xb0, 0);
    cr_assert_eq(apic_r(r, 0x390), 0);
    pass(&r->pc, 100000);
    cr_assert(!intr(r, 0));
    const X86ApicOps *ops = r->cpu[0]->ops;
    uint64_t v = 1;
    apic_w(r, 0x320, 0x40082);
    cr_assert(ops->write_msr(r->cpu[0]->apic, 0x6e0, r->pc.now + 500));
    pass(&r->pc, 499);
    cr_assert(!intr(r, 0));
    pass(&r->pc, 1);
    cr_assert_eq(ack(r, 0), 0x82);
    cr_assert(ops->read_msr(r->cpu[0]->apic, 0x6e0, &v) && v == 0);
}

Test(apic, x2apic)
{
    Rig *r = rig();
    enable_apics(r);
    const X86ApicOps *ops = r->cpu[1]->ops;
    void *a = r->cpu[1]->apic;
    uint64_t v;
    cr_assert_eq(ops->base(a), APIC_ADDRESS | 0x800);
    cr_assert_eq(r->cpu[0]->ops->base(r->cpu[0]->apic), APIC_ADDRESS | 0x900);
    cr_assert(!ops->read_msr(a, 0x802, &v));
    cr_assert(!ops->set_base(a, APIC_ADDRESS | 0x400));
    cr_assert(ops->set_base(a, APIC_ADDRESS | 0xc00));
    cr_assert(!ops->set_base(a, APIC_ADDRESS | 0x800));
    cr_assert(ops->read_msr(a, 0x802, &v) && v == 1);
    cr_assert(ops->read_msr(a, 0x80d, &v) && v == 2);
    cr_assert(!ops->write_msr(a, 0x80b, 1));
    cr_assert(ops->write_msr(a, 0x830, UINT64_C(2) << 32 | 0x99));
    cr_assert_eq(ack(r, 2), 0x99);
    cr_assert(ops->write_msr(a, 0x83f, 0x98));
    cr_assert_eq(ack(r, 1), 0x98);
    cr_assert(ops->write_msr(a, 0x80b, 0));
    cr_assert(!ops->write_msr(a, 0x80e, 0));
    cr_assert(!ops->read_msr(a, 0x80e, &v));
    on_cpu(r, 1);
    cr_assert_eq(apic_r(r, 0x30), 0xffffffff); // no MMIO
    cr_assert(ops->set_base(a, APIC_ADDRESS));
    cr_assert(ops->set_base(a, APIC_ADDRESS | 0x800));
    cr_assert_eq(apic_r(r, 0xf0), 0xff);
}

Test(apic, without_apic_the_pic_is_the_cpus)
{
    Rig *r = rig();
    pic_setup(r);
    const X86ApicOps *ops = r->cpu[1]->ops;
    cr_assert(ops->set_base(r->cpu[1]->apic, APIC_ADDRESS));
    line(r, 3, true);
    cr_assert(intr(r, 1));
    cr_assert_eq(ack(r, 1), 0x23);
    cr_assert(!intr(r, 1) && !intr(r, 0));
    IrqLine nmi = apic_lint1(r->pc.m);
    irq_pulse(&nmi);
    cr_assert_eq(r->cpu[1]->input[X86_INPUT_NMI].rises, 1);
}

// --- I/O APIC

Test(ioapic, edge_and_level)
{
    Rig *r = rig();
    enable_apics(r);
    wr(r->pc.m, IOAPIC_ADDRESS, 1, 4);
    cr_assert_eq(rd(r->pc.m, IOAPIC_ADDRESS + 0x10, 4), 0x170020);
    pin(r, 4, true); // masked: lost
    pin(r, 4, false);
    route(r, 4, 0x41);
    cr_assert(!intr(r, 0));
    pin(r, 4, true);
    cr_assert_eq(ack(r, 0), 0x41);
    apic_w(r, 0xb0, 0);
    cr_assert(!intr(r, 0));
    pin(r, 10, true);
    route(r, 10, UINT64_C(1) << 56 | 0x8000 | 0x52);
    cr_assert_eq(ack(r, 1), 0x52);
    cr_assert(routed(r, 10) & 0x4000);
    on_cpu(r, 1);
    apic_w(r, 0xb0, 0);
    cr_assert(intr(r, 1)); // the line is still high
    cr_assert_eq(ack(r, 1), 0x52);
    pin(r, 10, false);
    apic_w(r, 0xb0, 0);
    cr_assert(!intr(r, 1));
    cr_assert(!(routed(r, 10) & 0x4000));
    pin(r, 10, true);
    ack(r, 1);
    wr(r->pc.m, IOAPIC_ADDRESS + 0x40, 0x52, 4); // EOI register
    apic_w(r, 0xb0, 0);
    cr_assert(intr(r, 1));
    route(r, 10, UINT64_C(1) << 56 | 0x10052); // edge: remote IRR goes
    cr_assert(!(routed(r, 10) & 0x4000));
}

Test(ioapic, external_interrupt)
{
    Rig *r = rig();
    pic_setup(r);
    enable_apics(r);
    apic_w(r, 0x350, 0x10700);
    route(r, 0, 0x700);
    line(r, 6, true);
    cr_assert(!intr(r, 0));
    pin(r, 0, true);
    cr_assert_eq(ack(r, 0), 0x26);
    cr_assert(!intr(r, 0));
}
