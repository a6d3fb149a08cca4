// PM1 event and control block, power management timer, general-purpose events (ACPI 4.8.3, 4.8.4)
// and the APM ports, which carry commands to firmware.
#include "hw/acpi/pm_internal.h"

#include "hw/core/machine.h"
#include "hw/core/powerdown.h"
#include "util/log.h"

enum { PM1_STS = 0x0, PM1_EN = 0x2, PM1_CNT = 0x4, PM1_CNT_HIGH = 0x6, PM_TMR = 0x8 };

#define PM1_EVENTS   (PM1_TIMER | PM1_GLOBAL | PM1_POWER_BUTTON | PM1_SLEEP_BUTTON | PM1_RTC)
#define PM1_CLEARED  (PM1_EVENTS | PM1_BUS_MASTER | PM1_WAKE)
#define PM1_CNT_KEPT 0x1c07              // SLP_TYP, GBL_RLS, BM_RLD, SCI_EN
#define CARRY_TICKS  (UINT64_C(1) << 23) // the status is set each time that bit 23 changes

enum { SLEEP_S5 = 0, SLEEP_S3 = 1, SLEEP_S4 = 2 };

const StateField acpi_pm_state_fields[] = {
    STATE_U16(AcpiPm, sts),
    STATE_U16(AcpiPm, en),
    STATE_U16(AcpiPm, cnt),
    STATE_U8_ARRAY(AcpiPm, gpe_sts, GPE_MAX),
    STATE_U8_ARRAY(AcpiPm, gpe_en, GPE_MAX),
    STATE_U8_ARRAY(AcpiPm, apm, 2),
    STATE_U64(AcpiPm, carry),
    STATE_TIMER(AcpiPm, timer),
    STATE_END,
};

// --- timer

static uint64_t ticks(const AcpiPm *pm)
{
    return clock_ticks(clock_now(pm->m->clock), PM_TIMER_HZ);
}

static uint64_t next_carry(const AcpiPm *pm)
{
    return (ticks(pm) / CARRY_TICKS + 1) * CARRY_TICKS;
}

// The status is brought up to date when somebody looks; the event needs a timer only if enabled.
static void catch_up(AcpiPm *pm)
{
    if (ticks(pm) >= pm->carry) {
        pm->sts |= PM1_TIMER;
        pm->carry = next_carry(pm);
    }
}

static void drive(const AcpiPm *pm)
{
    bool level = pm->sts & pm->en & PM1_EVENTS;
    for (unsigned i = 0; i < pm->gpe_len; i++) {
        level |= pm->gpe_sts[i] & pm->gpe_en[i];
    }
    irq_set(&pm->sci, level && (pm->cnt & PM1_CNT_SCI));
}

void acpi_pm_update(AcpiPm *pm)
{
    catch_up(pm);
    drive(pm);
    if ((pm->en & ~pm->sts) & PM1_TIMER) {
        timer_arm(pm->timer, clock_ticks_to_ns(pm->carry, PM_TIMER_HZ));
    } else {
        timer_stop(pm->timer);
    }
}

void acpi_pm_loaded(const AcpiPm *pm)
{
    drive(pm); // the timer is as it was saved
}

static void carried(void *opaque)
{
    acpi_pm_update(opaque);
}

// --- sleeping

static void sleep_now(AcpiPm *pm)
{
    unsigned type = extract32(pm->cnt, 10, 3);
    switch (type) {
    case SLEEP_S5:
    case SLEEP_S4: // the guest has saved itself
        machine_request(pm->m, MACHINE_SHUTDOWN, 0);
        return;
    default:
        log_printf(LOG_UNIMP, "%s: sleep type %u: it wakes up at once\n", pm->name, type);
        pm->sts |= PM1_WAKE;
    }
}

// --- registers

bool acpi_pm_read(AcpiPm *pm, unsigned offset, uint16_t *value)
{
    switch (offset) {
    case PM1_STS:
        catch_up(pm);
        *value = pm->sts;
        return true;
    case PM1_EN:
        *value = pm->en;
        return true;
    case PM1_CNT:
        *value = pm->cnt;
        return true;
    case PM1_CNT_HIGH:
        *value = 0;
        return true;
    }
    return false;
}

bool acpi_pm_write(AcpiPm *pm, unsigned offset, uint16_t value, uint16_t mask)
{
    switch (offset) {
    case PM1_STS:
        catch_up(pm);
        pm->sts &= (uint16_t) ~(value & mask & PM1_CLEARED);
        break;
    case PM1_EN:
        pm->en = ((pm->en & ~mask) | (value & mask)) & PM1_EVENTS;
        break;
    case PM1_CNT:
        pm->cnt = ((pm->cnt & ~mask) | (value & mask)) & PM1_CNT_KEPT;
        if (value & mask & PM1_CNT_SLEEP) {
            sleep_now(pm);
        }
        break;
    case PM1_CNT_HIGH:
        break; // reserved
    default:
        return false;
    }
    acpi_pm_update(pm);
    return true;
}

// --- general-purpose events

uint8_t acpi_gpe_read(const AcpiPm *pm, unsigned offset)
{
    return offset < pm->gpe_len ? pm->gpe_sts[offset] : pm->gpe_en[offset - pm->gpe_len];
}

void acpi_gpe_write(AcpiPm *pm, unsigned offset, uint8_t value)
{
    if (offset < pm->gpe_len) {
        pm->gpe_sts[offset] &= (uint8_t)~value;
    } else {
        pm->gpe_en[offset - pm->gpe_len] = value;
    }
    acpi_pm_update(pm);
}

void acpi_gpe_raise(AcpiPm *pm, unsigned n)
{
    if (n / 8 < pm->gpe_len) {
        pm->gpe_sts[n / 8] |= (uint8_t)BIT(n % 8);
        acpi_pm_update(pm);
    }
}

void acpi_gpe(Machine *m, unsigned n)
{
    AcpiPm *pm = machine_lookup(m, "acpi-pm");
    if (pm) {
        acpi_gpe_raise(pm, n);
    }
}

// --- APM ports: control at b2h, status at b3h

static uint64_t apm_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)size;
    return ((AcpiPm *)opaque)->apm[offset];
}

static void apm_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    AcpiPm *pm = opaque;
    uint8_t v = (uint8_t)value;
    (void)size;
    pm->apm[offset] = v;
    if (offset == 1) {
        return;
    }
    // What firmware's SMI handler would do, so that it works without one.
    if (v == pm->enable_cmd) {
        pm->cnt |= PM1_CNT_SCI;
    } else if (v == pm->disable_cmd) {
        pm->cnt &= (uint16_t)~PM1_CNT_SCI;
    }
    acpi_pm_update(pm);
    if (pm->apm_written) {
        pm->apm_written(pm->opaque, v);
    }
}

static const MmioOps apm_ops = {apm_read, apm_write, .min_size = 1, .max_size = 1};

// --- the timer: guests read it in loops, so it is a region of its own, read at once

static uint64_t timer_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)offset;
    (void)size;
    return ticks(opaque) & 0xffffff;
}

static const MmioOps timer_ops = {timer_read, NULL, .min_size = 4, .max_size = 4};

// --- for the chipsets

static void power_button(void *opaque, unsigned n, bool level)
{
    AcpiPm *pm = opaque;
    (void)n;
    if (level) {
        pm->sts |= PM1_POWER_BUTTON;
        acpi_pm_update(pm);
    }
}

void acpi_pm_init(AcpiPm *pm, MemRegion *io, MemRegion *block)
{
    mem_map(block, PM_TMR, mem_mmio("pm-timer", 4, &timer_ops, pm), 0);
    pm->timer = timer_new(pm->m->clock, carried, pm);
    mem_map(io, ACPI_SMI_CMD, mem_mmio("apm", 2, &apm_ops, pm), 0);
    powerdown_connect(pm->m, irq_line(power_button, pm, 0));
}

void acpi_pm_free(AcpiPm *pm)
{
    timer_free(pm->timer);
}

void acpi_pm_reset(AcpiPm *pm)
{
    pm->carry = next_carry(pm);
    acpi_pm_update(pm);
}
