// Rows of the vector instructions (DDI 0487 C4.1, "Advanced SIMD"), and shapes that their emitters
// share. All are of 128 bits; esize goes to bits 22 and 23.
#ifndef HOST_BACKENDS_AARCH64_EMIT_VECTOR_H
#define HOST_BACKENDS_AARCH64_EMIT_VECTOR_H

#include "host-backends/aarch64/emit.h"

#define V_SAME(u, opcode)   (0x4e200400u | (uint32_t)(u) << 29 | (uint32_t)(opcode) << 11)
#define V_MISC(u, opcode)   (0x4e200800u | (uint32_t)(u) << 29 | (uint32_t)(opcode) << 12)
#define V_WIDE(u, opcode)   (0x0e200000u | (uint32_t)(u) << 29 | (uint32_t)(opcode) << 12)
#define V_PERM(opcode)      (0x4e000800u | (uint32_t)(opcode) << 12)
#define V_SHIFT(u, opcode)  (0x4f000400u | (uint32_t)(u) << 29 | (uint32_t)(opcode) << 11)
#define V_ACROSS(u, opcode) (0x4e300800u | (uint32_t)(u) << 29 | (uint32_t)(opcode) << 12)
#define V_HIGH              0x40000000u // with V_WIDE: the high half lanes
#define V_ESIZE(n)          ((uint32_t)(n) << 22)

enum {
    V_AND = (int)V_SAME(0, 3),
    V_BIC = (int)(V_SAME(0, 3) | V_ESIZE(1)),
    V_ORR = (int)(V_SAME(0, 3) | V_ESIZE(2)),
    V_ORN = (int)(V_SAME(0, 3) | V_ESIZE(3)),
    V_EOR = (int)V_SAME(1, 3),
    V_BSL = (int)(V_SAME(1, 3) | V_ESIZE(1)),
    V_BIT = (int)(V_SAME(1, 3) | V_ESIZE(2)),
    V_ADD = (int)V_SAME(0, 16),
    V_SUB = (int)V_SAME(1, 16),
    V_SSHL = (int)V_SAME(0, 8),
    V_USHL = (int)V_SAME(1, 8),
    V_NOT = (int)V_MISC(1, 5),
    V_NEG = (int)V_MISC(1, 11),
    V_XTN = 0x0e212800, // to the low half; V_HIGH: to the high one; esize: of the result
    V_ZERO = 0x6f00e400,
};

// Shift of each lane by a constant, 1..bits to the right, 0..bits - 1 to the left.
void v_shift_right(A64Code *c, uint32_t op, unsigned esize, int d, int a, unsigned n);
void v_shift_left(A64Code *c, uint32_t op, unsigned esize, int d, int a, unsigned n);
// Lanes: [esize, lane] of a vector, from and to integers or each other.
static inline uint32_t v_lane(unsigned esize, unsigned lane)
{
    return (lane << (esize + 1) | 1u << esize) << 16;
}
void v_dup_lane(A64Code *c, unsigned esize, int d, int a, unsigned lane);
void v_dup(A64Code *c, unsigned esize, int d, int rn);
void v_insert(A64Code *c, unsigned esize, int d, unsigned lane, int rn);
void v_insert_lane(A64Code *c, unsigned esize, int d, unsigned lane, int a, unsigned from);
void v_umov(A64Code *c, unsigned esize, int rd, int a, unsigned lane);
void v_ext(A64Code *c, int d, int low, int high, unsigned byte);
static inline void v_zero(A64Code *c, int d)
{
    a64_word(c, V_ZERO | (uint32_t)d);
}
void v_by_reference(Emit *e, const IRInsn *i);

#endif
