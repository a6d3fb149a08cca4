// Between the emitters of accesses and of atomics.
#ifndef HOST_BACKENDS_AARCH64_EMIT_MEMORY_H
#define HOST_BACKENDS_AARCH64_EMIT_MEMORY_H

#include "host-backends/aarch64/emit.h"

typedef struct Access {
    int addr;
    int64_t disp;
    unsigned span; // bytes
    unsigned memop;
    bool store;
} Access;

Access access_of(Emit *e, const IRInsn *i);
// The address in a register: the operand's own, or T2.
int access_address(Emit *e, const Access *a);
// T1 = host address - guest address of the address in va. Fills from[] with the n jumps to the slow
// path. T0, T3 change; NZCV do not.
unsigned access_check(Emit *e, const Access *a, int va, size_t *from);
// The slow path of an access, entered from n places. word: what T1 has at the thunk.
Cold *access_slow(Emit *e, void (*emit)(Emit *, const Cold *), const Access *a, const size_t *from,
                  unsigned n, uint32_t word);
// Out of line: saves, T0 = address, and T1 = the word; then, with the other operands in place, the
// call. T0, VB and the op's own registers are left to what follows.
void slow_address(Emit *e, const Cold *c);
void slow_call(Emit *e, const Cold *c, unsigned thunk);

#endif
