// The TCO watchdog of an ICH9, part of its power management block.
#ifndef HW_ACPI_ICH9_TCO_H
#define HW_ACPI_ICH9_TCO_H

#include "hw/core/device.h"

typedef struct Ich9Tco {
    // --- fixed
    struct Machine *m;
    void (*smi)(void *opaque); // the first timeout
    void *opaque;
    bool no_reboot; // the chipset's GCS says so; not reset here
    // --- state
    uint8_t reg[0x20];
    uint64_t started; // virtual ns at which the count began, while it runs
    Timer *timer;
} Ich9Tco;

extern const StateField ich9_tco_state_fields[];

void ich9_tco_init(Ich9Tco *t);
void ich9_tco_free(Ich9Tco *t);
void ich9_tco_reset(Ich9Tco *t);
// Bytes 0 to 0x1f of the TCO block.
uint8_t ich9_tco_read(const Ich9Tco *t, unsigned offset);
void ich9_tco_write(Ich9Tco *t, unsigned offset, uint8_t value);

#endif
