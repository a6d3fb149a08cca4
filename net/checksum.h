// The Internet checksum (RFC 1071). Sums are of 16-bit words as they lie in memory.
#ifndef NET_CHECKSUM_H
#define NET_CHECKSUM_H

#include <string.h>
#include "util/bits.h"

static inline uint16_t net_sum_fold(uint64_t sum)
{
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

// Folded; an odd last byte counts as if a zero followed.
static inline uint16_t net_sum(const uint8_t *p, size_t len)
{
    uint64_t sum = 0;
    for (; len >= 4; p += 4, len -= 4) {
        uint32_t w;
        memcpy(&w, p, 4);
        sum += w;
    }
    uint32_t w = 0;
    memcpy(&w, p, len);
    return net_sum_fold(sum + w);
}

// Completes a checksum field that holds 0 or the sum of the pseudo header: the sum over len bytes
// from p on goes to p + field. A UDP checksum of 0 would mean "none".
static inline void net_sum_finish(uint8_t *p, size_t len, size_t field, bool udp)
{
    uint16_t sum = (uint16_t)~net_sum(p, len);
    sum = !sum && udp ? 0xffff : sum;
    memcpy(p + field, &sum, 2);
}

static inline uint16_t net_get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t net_get32(const uint8_t *p)
{
    return (uint32_t)net_get16(p) << 16 | net_get16(p + 2);
}

static inline void net_put16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void net_put32(uint8_t *p, uint32_t v)
{
    net_put16(p, v >> 16);
    net_put16(p + 2, v & 0xffff);
}

#endif
