// What the T16 and T32 chapters share.
#ifndef TARGET_ARM_A32_T32_H
#define TARGET_ARM_A32_T32_H

#include "target-arm/a32/share.h"

// ITSTATE of the current instruction. In an IT block its low half is not 0; in its last
// instruction, 1000.
static inline unsigned t32_it(const ArmCtx *c)
{
    return (unsigned)(c->pc >> ARM_PC_IT_SHIFT) & 0xff;
}
static inline bool t32_in_it(const ArmCtx *c)
{
    return t32_it(c) & 15;
}
// What must not stand in the middle of an IT block: branches.
static inline bool t32_inside_it(const ArmCtx *c)
{
    return t32_in_it(c) && (t32_it(c) & 15) != 8;
}

// The target of a direct branch: offset from the pc that the instruction reads.
static inline uint32_t t32_target(const ArmCtx *c, int32_t offset)
{
    return (uint32_t)(c->pc & ARM_PC_ADDRESS) + 4 + (uint32_t)offset;
}

static inline int32_t t32_sign(uint32_t v, unsigned bits)
{
    return (int32_t)(v << (32 - bits)) >> (32 - bits);
}

// One transfer of t at n + disp, or n + reg.
bool t32_load(ArmCtx *c, unsigned t, unsigned n, int32_t disp, IRRef reg, unsigned memop);
bool t32_store(ArmCtx *c, unsigned t, unsigned n, int32_t disp, IRRef reg, unsigned memop);

#endif
