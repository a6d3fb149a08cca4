// The functions of 32-bit words that SHA-1, SHA-256 (FIPS 180-4, 4.1) and SM3 are made of.
#ifndef UTIL_SHA_H
#define UTIL_SHA_H

#include "util/bits.h"

static inline uint32_t rol(uint32_t x, unsigned n)
{
    return ror32(x, 32 - n);
}

// Where x is 1: y, else z.
static inline uint32_t choose(uint32_t x, uint32_t y, uint32_t z)
{
    return ((y ^ z) & x) ^ z;
}

static inline uint32_t parity(uint32_t x, uint32_t y, uint32_t z)
{
    return x ^ y ^ z;
}

static inline uint32_t majority(uint32_t x, uint32_t y, uint32_t z)
{
    return (x & y) | ((x | y) & z);
}

#endif
