// Integer helpers that need no CPU state: the CRC32 instructions (FEAT_CRC32).
#include "target-arm/helpers.h"

// Remainders of the sixteen nibbles for the bit-reversed polynomials of CRC-32 (0x04c11db7) and
// CRC-32C (0x1edc6f41).
static const uint32_t crc_nibble[2][16] = {
    {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
     0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278,
     0xbdbdf21c},
    {0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
     0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a,
     0xf36e6f75},
};

// how: log2 of the value's bytes, and 4 for CRC-32C
static uint64_t crc32(struct VCPU *v, uint64_t acc, uint64_t value, uint64_t how)
{
    const uint32_t *t = crc_nibble[how >> 2 & 1];
    unsigned nibbles = 2u << (how & 3);
    uint32_t crc = (uint32_t)acc;
    (void)v;
    for (unsigned i = 0; i < nibbles; i++, value >>= 4) {
        crc = crc >> 4 ^ t[(crc ^ value) & 15];
    }
    return crc;
}

const IRHelper arm_h_crc32 = {"crc32", (void *)crc32, IR_I32, 3, 0};
