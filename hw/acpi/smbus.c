// SMBus host controller (Intel 290562, 82371AB, chapter 11.5): every transaction ends with a device
// error, as on a bus where nobody answers.
#include "hw/acpi/smbus.h"

enum { HST_STS = 0, HST_CNT = 2, HST_CMD = 3, HST_ADD = 4, HST_D0 = 5, HST_D1 = 6, HST_BLOCK = 7 };
enum { STS_DEVICE_ERROR = 1 << 2, STS_CLEARED = 0x1e, CNT_START = 1 << 6 };

const StateField smbus_state_fields[] = {
    STATE_U8(SmbusHost, status),
    STATE_U8_ARRAY(SmbusHost, reg, 16),
    STATE_END,
};

static uint64_t smbus_read(void *opaque, uint64_t offset, unsigned size)
{
    const SmbusHost *s = opaque;
    (void)size;
    if (offset == HST_STS) {
        return s->status;
    }
    return offset < sizeof s->reg ? s->reg[offset] : 0;
}

static void smbus_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    SmbusHost *s = opaque;
    (void)size;
    if (offset == HST_STS) {
        s->status &= (uint8_t) ~(value & STS_CLEARED);
    } else if (offset == HST_CNT) {
        s->reg[HST_CNT] = value & 0x1f;
        s->status |= value & CNT_START ? STS_DEVICE_ERROR : 0;
    } else if (offset < sizeof s->reg) {
        s->reg[offset] = (uint8_t)value;
    }
}

const MmioOps smbus_ops = {smbus_read, smbus_write, .min_size = 1, .max_size = 1};
