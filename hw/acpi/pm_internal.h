// ACPI registers that both chipsets have, for piix4_pm.c and ich9_pm.c.
#ifndef HW_ACPI_PM_INTERNAL_H
#define HW_ACPI_PM_INTERNAL_H

#include "hw/acpi/pm.h"

// PM1 (ACPI 4.8.3).
enum {
    PM1_TIMER = 1 << 0,
    PM1_BUS_MASTER = 1 << 4,
    PM1_GLOBAL = 1 << 5,
    PM1_POWER_BUTTON = 1 << 8,
    PM1_SLEEP_BUTTON = 1 << 9,
    PM1_RTC = 1 << 10,
    PM1_WAKE = 1 << 15,
    PM1_CNT_SCI = 1 << 0,
    PM1_CNT_SLEEP = 1 << 13,
};

#define GPE_MAX 8 // bytes of status, and of enables

typedef struct AcpiPm {
    // --- fixed
    struct Machine *m;
    const char *name;
    IrqLine sci, smi;
    unsigned gpe_len; // bytes of status
    uint8_t enable_cmd, disable_cmd;
    // The APM control port was written; may be NULL.
    void (*apm_written)(void *opaque, uint8_t value);
    void *opaque;
    // --- state
    uint16_t sts, en, cnt;
    uint8_t gpe_sts[GPE_MAX], gpe_en[GPE_MAX];
    uint8_t apm[2];
    uint64_t carry; // timer tick at which PM1_TIMER is set next
    Timer *timer;
} AcpiPm;

extern const StateField acpi_pm_state_fields[];

// Maps the APM ports, and the timer into the register block; connects the power button. Everything
// fixed has been set.
void acpi_pm_init(AcpiPm *pm, MemRegion *io, MemRegion *block);
void acpi_pm_free(AcpiPm *pm);
void acpi_pm_reset(AcpiPm *pm);
void acpi_pm_update(AcpiPm *pm); // the SCI
void acpi_pm_loaded(const AcpiPm *pm);

// 16-bit registers at offsets 0 (status) to 6. False: not one of these.
bool acpi_pm_read(AcpiPm *pm, unsigned offset, uint16_t *value);
bool acpi_pm_write(AcpiPm *pm, unsigned offset, uint16_t value, uint16_t mask);
// One byte of the GPE block: status, then enables.
uint8_t acpi_gpe_read(const AcpiPm *pm, unsigned offset);
void acpi_gpe_write(AcpiPm *pm, unsigned offset, uint8_t value);
void acpi_gpe_raise(AcpiPm *pm, unsigned n);

#endif
