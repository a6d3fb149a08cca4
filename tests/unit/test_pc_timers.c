// 8254, HPET, RTC, ACPI timer.
#include "hw/acpi/pm.h"
#include "hw/rtc/mc146818.h"
#include "hw/timer/hpet.h"
#include "hw/timer/i8254.h"
#include "tests/unit/pc_rig.h"

// --- 8254

typedef struct PitRig {
    PcRig pc;
    Pin irq0;
} PitRig;

static PitRig *pit(void)
{
    PitRig *r = g_new0(PitRig, 1);
    pc_rig_init(&r->pc);
    i8254_create(r->pc.m, r->pc.io, pin_line(&r->irq0));
    bare_reset(r->pc.m);
    return r;
}

static void program(PitRig *r, unsigned channel, unsigned mode, unsigned count)
{
    out(&r->pc, 0x43, channel << 6 | 0x30 | mode << 1);
    out(&r->pc, 0x40 + channel, count & 0xff);
    out(&r->pc, 0x40 + channel, count >> 8);
}

static unsigned count(PitRig *r, unsigned channel)
{
    out(&r->pc, 0x43, channel << 6);
    unsigned low = in(&r->pc, 0x40 + channel);
    return low | in(&r->pc, 0x40 + channel) << 8;
}

Test(i8254, rate_generator_interrupts)
{
    PitRig *r = pit();
    cr_assert(!r->irq0.level);
    program(r, 0, 2, 1193); // about 1000 Hz
    unsigned before = r->irq0.rises;
    pass(&r->pc, NS_PER_SEC);
    cr_assert_eq(r->irq0.rises - before, 1000);
    before = r->irq0.rises;
    program(r, 0, 3, 11932);
    pass(&r->pc, NS_PER_SEC);
    cr_assert(r->irq0.rises - before >= 99 && r->irq0.rises - before <= 101);
}

Test(i8254, a_new_count_waits_for_the_period)
{
    PitRig *r = pit();
    program(r, 0, 2, 10000);
    pass(&r->pc, 1000000);
    unsigned before = r->irq0.rises;
    out(&r->pc, 0x40, 100);
    out(&r->pc, 0x40, 0);
    out(&r->pc, 0x43, 0xe2);                     // status of channel 0
    cr_assert_eq(in(&r->pc, 0x40) & 0x7f, 0x74); // null count
    pass(&r->pc, 7370000);                       // 8.381 ms is the first period
    cr_assert_eq(r->irq0.rises, before);
    pass(&r->pc, 12000);
    cr_assert_eq(r->irq0.rises, before + 1);
    pass(&r->pc, 838100); // ten short ones
    cr_assert_eq(r->irq0.rises, before + 11);
}

Test(i8254, counts_latches_bcd)
{
    PitRig *r = pit();
    program(r, 2, 2, 50000);
    out(&r->pc, 0x61, 1);
    cr_assert_eq(count(r, 2), 50000);
    pass(&r->pc, 8381000); // 10000 ticks
    cr_assert_eq(count(r, 2), 40000);
    out(&r->pc, 0x43, 0x80);
    pass(&r->pc, 8381000);
    unsigned low = in(&r->pc, 0x42);
    cr_assert_eq(low | in(&r->pc, 0x42) << 8, 40000); // latched
    low = in(&r->pc, 0x42);
    cr_assert_eq(low | in(&r->pc, 0x42) << 8, 30000);
    out(&r->pc, 0x43, 0xb1); // mode 0, BCD
    out(&r->pc, 0x42, 0x00);
    out(&r->pc, 0x42, 0x50);
    pass(&r->pc, 838100); // 1000
    cr_assert_eq(count(r, 2), 0x4000);
}

Test(i8254, speaker_port)
{
    PitRig *r = pit();
    out(&r->pc, 0x61, 1);
    program(r, 2, 0, 11932); // 10 ms
    cr_assert_eq(in(&r->pc, 0x61) & 0x21, 0x01);
    pass(&r->pc, 5000000);
    out(&r->pc, 0x61, 0); // the gate stops the count
    pass(&r->pc, 50000000);
    out(&r->pc, 0x61, 3);
    cr_assert_eq(in(&r->pc, 0x61) & 0x23, 0x03);
    pass(&r->pc, 5002000);
    cr_assert_eq(in(&r->pc, 0x61) & 0x23, 0x23);
    unsigned toggles = 0, last = in(&r->pc, 0x61) & 0x10;
    for (unsigned i = 0; i < 1000; i++) {
        pass(&r->pc, 1000);
        toggles += (in(&r->pc, 0x61) & 0x10) != last;
        last = in(&r->pc, 0x61) & 0x10;
    }
    cr_assert(toggles >= 66 && toggles <= 67);
}

Test(i8254, one_shot_and_strobe)
{
    PitRig *r = pit();
    out(&r->pc, 0x61, 0);
    program(r, 2, 1, 1193);
    cr_assert(in(&r->pc, 0x61) & 0x20);
    out(&r->pc, 0x61, 1); // trigger
    cr_assert(!(in(&r->pc, 0x61) & 0x20));
    pass(&r->pc, 999000);
    cr_assert(!(in(&r->pc, 0x61) & 0x20));
    pass(&r->pc, 2000);
    cr_assert(in(&r->pc, 0x61) & 0x20);
    unsigned before = r->irq0.rises;
    program(r, 0, 4, 1193);
    cr_assert(r->irq0.level);
    before = r->irq0.rises;
    pass(&r->pc, 10000000);
    cr_assert_eq(r->irq0.rises, before + 1); // the strobe's end
}

// --- HPET

typedef struct HpetRig {
    PcRig pc;
    Device *d;
    Pin gsi[HPET_IOAPIC_PINS], isa[2];
} HpetRig;

static HpetRig *hpet(void)
{
    HpetRig *r = g_new0(HpetRig, 1);
    IrqLine gsi[HPET_IOAPIC_PINS];
    pc_rig_init(&r->pc);
    for (unsigned i = 0; i < HPET_IOAPIC_PINS; i++) {
        gsi[i] = pin_line(&r->gsi[i]);
    }
    r->d = hpet_create(r->pc.m, r->pc.mem, HPET_ADDRESS, gsi, pin_line(&r->isa[0]),
                       pin_line(&r->isa[1]));
    bare_reset(r->pc.m);
    return r;
}

static void hw(HpetRig *r, unsigned reg, uint64_t v, unsigned size)
{
    wr(r->pc.m, HPET_ADDRESS + reg, v, size);
}

static uint64_t hr(HpetRig *r, unsigned reg, unsigned size)
{
    return rd(r->pc.m, HPET_ADDRESS + reg, size);
}

Test(hpet, counter)
{
    HpetRig *r = hpet();
    cr_assert_eq(hr(r, 0, 8), UINT64_C(0x009896808086a201));
    cr_assert_eq(hr(r, 4, 4), 10000000);
    pass(&r->pc, 1000);
    cr_assert_eq(hr(r, 0xf0, 8), 0);
    hw(r, 0x10, 1, 8);
    pass(&r->pc, 1000);
    cr_assert_eq(hr(r, 0xf0, 4), 100);
    hw(r, 0x10, 0, 8);
    pass(&r->pc, 1000);
    cr_assert_eq(hr(r, 0xf0, 8), 100);
    hw(r, 0xf0, UINT64_C(0xfffffffff), 8);
    cr_assert_eq(hr(r, 0xf4, 4), 0xf);
}

Test(hpet, one_shot_periodic_level)
{
    HpetRig *r = hpet();
    hw(r, 0x10, 1, 4);
    hw(r, 0x140, 16 << 9 | 0x104, 4); // timer 2, pin 16, edge, 32 bits
    hw(r, 0x148, 500, 4);
    pass(&r->pc, 4990);
    cr_assert_eq(r->gsi[16].rises, 0);
    pass(&r->pc, 10);
    cr_assert_eq(r->gsi[16].rises, 1);
    pass(&r->pc, 1000000);
    cr_assert_eq(r->gsi[16].rises, 1);
    // Timer 0 periodic: first match, then the period.
    uint64_t now = hr(r, 0xf0, 4);
    hw(r, 0x100, 17 << 9 | 0x14c, 4);
    hw(r, 0x108, now + 100, 4);
    hw(r, 0x108, 1000, 4);
    pass(&r->pc, 1000);
    cr_assert_eq(r->gsi[17].rises, 1);
    pass(&r->pc, 100000);
    cr_assert_eq(r->gsi[17].rises, 11);
    // Level.
    hw(r, 0x120, 18 << 9 | 0x106, 4);
    hw(r, 0x128, hr(r, 0xf0, 4) + 10, 4);
    pass(&r->pc, 100);
    cr_assert(r->gsi[18].level);
    cr_assert_eq(hr(r, 0x20, 4), 2);
    hw(r, 0x20, 2, 4);
    cr_assert(!r->gsi[18].level);
}

Test(hpet, legacy_replacement)
{
    HpetRig *r = hpet();
    IrqLine pit_line = hpet_legacy_input(r->d, 0);
    irq_set(&pit_line, true);
    cr_assert(r->isa[0].level);
    hw(r, 0x10, 3, 4);
    cr_assert(!r->isa[0].level);
    irq_set(&pit_line, false);
    irq_set(&pit_line, true);
    cr_assert(!r->isa[0].level);
    hw(r, 0x100, 0x104, 4);
    hw(r, 0x108, 10, 4);
    unsigned before = r->isa[0].rises;
    pass(&r->pc, 100);
    cr_assert_eq(r->isa[0].rises, before + 1);
    hw(r, 0x10, 0, 4);
    cr_assert(r->isa[0].level);
}

// --- RTC

typedef struct RtcRig {
    PcRig pc;
    Device *d;
    Pin irq8;
} RtcRig;

static RtcRig *rtc(uint64_t base)
{
    RtcRig *r = g_new0(RtcRig, 1);
    pc_rig_init(&r->pc);
    clock_set_rtc_base(r->pc.m->clock, base);
    r->d = mc146818_create(r->pc.m, r->pc.io, pin_line(&r->irq8));
    bare_reset(r->pc.m);
    return r;
}

static unsigned cmos(RtcRig *r, unsigned reg)
{
    out(&r->pc, 0x70, reg);
    return in(&r->pc, 0x71);
}

static void set_cmos(RtcRig *r, unsigned reg, unsigned v)
{
    out(&r->pc, 0x70, reg);
    out(&r->pc, 0x71, v);
}

#define NEW_YEAR_2024 UINT64_C(1704067200)

Test(rtc, formats)
{
    RtcRig *r = rtc(NEW_YEAR_2024 - 2);
    cr_assert_eq(cmos(r, 9), 0x23);
    cr_assert_eq(cmos(r, 8), 0x12);
    cr_assert_eq(cmos(r, 7), 0x31);
    cr_assert_eq(cmos(r, 6), 1); // Sunday
    cr_assert_eq(cmos(r, 4), 0x23);
    cr_assert_eq(cmos(r, 0), 0x58);
    cr_assert_eq(cmos(r, 0x32), 0x20);
    set_cmos(r, 11, 0x00); // 12 hours
    cr_assert_eq(cmos(r, 4), 0x91);
    set_cmos(r, 11, 0x06); // binary
    cr_assert_eq(cmos(r, 0), 58);
    pass(&r->pc, 2 * NS_PER_SEC);
    cr_assert_eq(cmos(r, 9), 24);
    cr_assert_eq(cmos(r, 7), 1);
    cr_assert_eq(cmos(r, 13), 0x80);
}

Test(rtc, setting)
{
    RtcRig *r = rtc(NEW_YEAR_2024);
    static const uint8_t regs[][2] = {{0, 0x30}, {2, 0x59}, {4, 0x23},   {7, 0x28},
                                      {8, 0x02}, {9, 0x99}, {0x32, 0x20}};
    set_cmos(r, 11, 0x82);
    for (unsigned i = 0; i < ARRAY_LEN(regs); i++) {
        set_cmos(r, regs[i][0], regs[i][1]);
    }
    pass(&r->pc, 5 * NS_PER_SEC);
    cr_assert_eq(cmos(r, 0), 0x30);
    set_cmos(r, 11, 0x02);
    pass(&r->pc, 30 * NS_PER_SEC);
    cr_assert_eq(cmos(r, 8), 0x03); // 2099 is no leap year
    cr_assert_eq(cmos(r, 7), 0x01);
    cr_assert_eq(cmos(r, 0), 0x00);
    bare_reset(r->pc.m);
    cr_assert_eq(cmos(r, 9), 0x99); // battery
    mc146818_set_cmos(r->d, 0x40, 0xa5);
    cr_assert_eq(cmos(r, 0x40), 0xa5);
    out(&r->pc, 0x72, 0x01);
    out(&r->pc, 0x73, 0x77);
    cr_assert_eq(mc146818_get_cmos(r->d, 0x81), 0x77);
}

Test(rtc, update_in_progress)
{
    RtcRig *r = rtc(NEW_YEAR_2024);
    go_to(&r->pc, NS_PER_SEC - 300000);
    cr_assert_eq(cmos(r, 10), 0x26);
    go_to(&r->pc, NS_PER_SEC - 100000);
    cr_assert_eq(cmos(r, 10), 0xa6);
    go_to(&r->pc, NS_PER_SEC);
    cr_assert_eq(cmos(r, 10), 0x26);
}

Test(rtc, interrupts)
{
    RtcRig *r = rtc(NEW_YEAR_2024);
    set_cmos(r, 10, 0x26); // 1024 Hz
    cmos(r, 12);
    set_cmos(r, 11, 0x42);
    pass(&r->pc, 976563);
    cr_assert(r->irq8.level);
    cr_assert_eq(cmos(r, 12) & 0xe0, 0xc0);
    cr_assert(!r->irq8.level);
    unsigned before = r->irq8.rises;
    for (unsigned i = 0; i < 1024; i++) {
        pass(&r->pc, 976563);
        cmos(r, 12);
    }
    cr_assert(r->irq8.rises - before >= 1023);
    // Alarm at 00:01:10.
    set_cmos(r, 11, 0x02);
    set_cmos(r, 1, 0x10);
    set_cmos(r, 3, 0x01);
    set_cmos(r, 5, 0xff);
    cmos(r, 12);
    set_cmos(r, 11, 0x22);
    go_to(&r->pc, 70 * NS_PER_SEC - 1);
    cr_assert(!r->irq8.level);
    go_to(&r->pc, 70 * NS_PER_SEC);
    cr_assert(r->irq8.level);
    cr_assert_eq(cmos(r, 12) & 0xb0, 0xb0);
    // Flags without interrupts, for those who poll.
    set_cmos(r, 11, 0x02);
    cmos(r, 12);
    cr_assert_eq(cmos(r, 12), 0);
    pass(&r->pc, NS_PER_SEC);
    cr_assert_eq(cmos(r, 12) & 0x90, 0x10);
    // Update-ended.
    set_cmos(r, 11, 0x12);
    cmos(r, 12);
    go_to(&r->pc, 75 * NS_PER_SEC);
    cr_assert(r->irq8.level);
}

Test(rtc, divider_reset)
{
    RtcRig *r = rtc(NEW_YEAR_2024);
    pass(&r->pc, 700000000);
    set_cmos(r, 10, 0x76);
    pass(&r->pc, 10 * NS_PER_SEC);
    cr_assert_eq(cmos(r, 0), 0);
    set_cmos(r, 10, 0x26);
    pass(&r->pc, 499999999);
    cr_assert_eq(cmos(r, 0), 0);
    pass(&r->pc, 1);
    cr_assert_eq(cmos(r, 0), 1);
}

// --- ACPI

typedef struct PmRig {
    PcRig pc;
    Device *d;
    Pin sci, smi;
} PmRig;

static PmRig *pm(void)
{
    PmRig *r = g_new0(PmRig, 1);
    pc_rig_init(&r->pc);
    r->d = ich9_pm_create(r->pc.m, r->pc.io, pin_line(&r->sci), pin_line(&r->smi));
    bare_reset(r->pc.m);
    ich9_pm_map(r->d, 0x600, true);
    return r;
}

Test(acpi_pm, timer)
{
    PmRig *r = pm();
    pass(&r->pc, NS_PER_SEC);
    cr_assert_eq(in_n(&r->pc, 0x608, 4), 3579545);
    out_n(&r->pc, 0x602, 1, 2);
    out(&r->pc, 0xb2, ACPI_ENABLE_ICH9);
    cr_assert_eq(in_n(&r->pc, 0x604, 2), 1);
    go_to(&r->pc, 2343000000);
    cr_assert(!r->sci.level);
    go_to(&r->pc, 2344000000); // 2^23 ticks
    cr_assert(r->sci.level);
    out_n(&r->pc, 0x600, 1, 2);
    cr_assert(!r->sci.level);
    go_to(&r->pc, 4700000000);
    cr_assert(r->sci.level);
    cr_assert_eq(in_n(&r->pc, 0x608, 4) >> 24, 0);
}

Test(acpi_pm, events_smi_shutdown)
{
    PmRig *r = pm();
    out(&r->pc, 0xb2, ACPI_ENABLE_ICH9);
    cr_assert_eq(r->smi.rises, 0);
    out_n(&r->pc, 0x630, 0x21, 4);
    out(&r->pc, 0xb2, 0x55);
    cr_assert_eq(r->smi.rises, 1);
    cr_assert_eq(in(&r->pc, 0xb2), 0x55);
    cr_assert_eq(in_n(&r->pc, 0x634, 4), 0x20);
    out(&r->pc, 0x629, 0x10); // GPE 12
    acpi_gpe(r->pc.m, 12);
    cr_assert(r->sci.level);
    out(&r->pc, 0x621, 0x10);
    cr_assert(!r->sci.level);
    out_n(&r->pc, 0x604, 0x2001, 2);
    cr_assert_eq(r->pc.m->stop, MACHINE_SHUTDOWN);
}

Test(acpi_pm, tco_watchdog)
{
    PmRig *r = pm();
    out_n(&r->pc, 0x672, 10, 2); // 6 s
    out(&r->pc, 0x660, 1);
    cr_assert_eq(in_n(&r->pc, 0x660, 2), 10);
    out_n(&r->pc, 0x668, 0, 2); // go
    pass(&r->pc, 5 * NS_PER_SEC);
    cr_assert_eq(in_n(&r->pc, 0x660, 2), 2);
    out(&r->pc, 0x660, 1);
    pass(&r->pc, 5 * NS_PER_SEC);
    cr_assert_eq(r->pc.m->stop, MACHINE_RUNNING);
    pass(&r->pc, 2 * NS_PER_SEC);
    cr_assert_eq(in(&r->pc, 0x664), 8);
    pass(&r->pc, 6 * NS_PER_SEC);
    cr_assert_eq(r->pc.m->stop, MACHINE_RESET);
}
