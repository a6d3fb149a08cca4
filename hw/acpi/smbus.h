// The SMBus host controller of PIIX4 and ICH9, with nothing on its bus.
#ifndef HW_ACPI_SMBUS_H
#define HW_ACPI_SMBUS_H

#include "hw/core/device.h"

#define SMBUS_PORTS 64

typedef struct SmbusHost {
    uint8_t status;
    uint8_t reg[16]; // as they were written
} SmbusHost;

extern const StateField smbus_state_fields[];
extern const MmioOps smbus_ops; // opaque is a SmbusHost; SMBUS_PORTS bytes

#endif
