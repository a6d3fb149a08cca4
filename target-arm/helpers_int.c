// Integer helpers that need no CPU state: CRC32B .. CRC32X (FEAT_CRC32).
#include "target-arm/helpers.h"

// Remainders of the sixteen nibbles for the bit-reversed polynomial 0x04c11db7.
static const uint32_t crc_nibble[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

static uint64_t crc32(struct VCPU *v, uint64_t acc, uint64_t value, uint64_t log2_bytes)
{
    uint32_t crc = (uint32_t)acc;
    (void)v;
    for (unsigned i = 0; i < 2u << log2_bytes; i++, value >>= 4) {
        crc = crc >> 4 ^ crc_nibble[(crc ^ value) & 15];
    }
    return crc;
}

const IRHelper arm_h_crc32 = {"crc32", (void *)crc32, IR_I32, 3, 0};
