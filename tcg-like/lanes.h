// Lanes of a vector by number; esize is log2 of the lane's bytes.
#ifndef TCG_LIKE_LANES_H
#define TCG_LIKE_LANES_H

#include "tcg-like/ir.h"

static inline uint64_t vector_lane(const V128 *v, unsigned esize, unsigned lane)
{
    switch (esize) {
    case 0:
        return v->u8[lane & 15];
    case 1:
        return v->u16[lane & 7];
    case 2:
        return v->u32[lane & 3];
    default:
        return v->u64[lane & 1];
    }
}

static inline void vector_set_lane(V128 *v, unsigned esize, unsigned lane, uint64_t x)
{
    switch (esize) {
    case 0:
        v->u8[lane & 15] = (uint8_t)x;
        break;
    case 1:
        v->u16[lane & 7] = (uint16_t)x;
        break;
    case 2:
        v->u32[lane & 3] = (uint32_t)x;
        break;
    default:
        v->u64[lane & 1] = x;
        break;
    }
}

#endif
