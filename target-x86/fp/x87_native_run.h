// What the native x87 functions share.
//
//   conditions -> operands onto the host's stack -> the instruction itself -> the host's FSW
//     -> result and flags into the guest's
//
// The host's sticky flags are left standing, for clearing them is slow: as long as the guest has
// them all, nothing new was raised. When they show one that the guest lacks, it may be somebody
// else's; then they are cleared and the instruction is done once more (RUN).
//
// The host's control word is that of its ABI (037F); a guest's that differs is loaded for the
// instruction.
#ifndef TARGET_X86_FP_X87_NATIVE_RUN_H
#define TARGET_X86_FP_X87_NATIVE_RUN_H

#include "target-x86/fp/x87_native.h"

#define HOST_CONTROL 0x37f
#define ASKS         (IR_CALL_ASKS | IR_CALL_FAULTS)
#define DECLINED     ((IRAnswer){0, 0})
#define DONE(value)  ((IRAnswer){value, 1})

#define CONDITION_BITS (X87_C0 | X87_C2 | X87_C3)

static IR_ASK inline X86Float80 *st(X86CPU *c, unsigned i)
{
    return &c->fpu.st[(c->fpu.top + i) & 7];
}

static IR_ASK inline bool holds(const X86CPU *c, unsigned i)
{
    return !(c->fpu.empty >> ((c->fpu.top + i) & 7) & 1);
}

// All exceptions: then none can be pending either.
static IR_ASK inline bool masked(const X86CPU *c)
{
    return (c->fpu.control & X87_EXCEPTIONS) == X87_EXCEPTIONS;
}

static IR_ASK inline void keep(X86CPU *c, uint64_t desc, uint64_t ip)
{
    c->fpu.ip = ip;
    c->fpu.cs = c->seg[X86_CS].selector;
    c->fpu.opcode = desc >> 16 & 0x7ff;
}

static IR_ASK inline void keep_operand(X86CPU *c, uint64_t dp)
{
    c->fpu.dp = dp << 4 >> 4;
    c->fpu.ds = c->seg[dp >> 60].selector;
}

// For instructions whose operand is ST0, alone or with one in memory.
static IR_ASK inline bool begin(X86CPU *c, uint64_t desc, uint64_t ip)
{
    if (!masked(c) || !holds(c, 0)) {
        return false;
    }
    keep(c, desc, ip);
    return true;
}

static IR_ASK inline bool begin_mem(X86CPU *c, uint64_t desc, uint64_t ip, uint64_t dp)
{
    if (!begin(c, desc, ip)) {
        return false;
    }
    keep_operand(c, dp);
    return true;
}

static IR_ASK inline void pop(X86CPU *c)
{
    c->fpu.empty |= (uint8_t)(1u << c->fpu.top);
    c->fpu.top = (c->fpu.top + 1) & 7;
}

static IR_ASK inline X86Float80 *push(X86CPU *c)
{
    c->fpu.top = (c->fpu.top - 1) & 7;
    c->fpu.empty &= (uint8_t) ~(1u << c->fpu.top);
    return st(c, 0);
}

static IR_ASK inline void clear_c1(X86CPU *c)
{
    c->fpu.status &= (uint16_t)~X87_C1;
}

// The status after an instruction that left sw in the host.
static IR_ASK inline uint16_t merged(const X86CPU *c, uint16_t sw)
{
    return (uint16_t)((c->fpu.status & ~X87_C1) | (sw & (X87_EXCEPTIONS | X87_C1)));
}

static IR_ASK inline bool other_control(const X86CPU *c)
{
    return unlikely(c->fpu.control != HOST_CONTROL);
}

static IR_ASK inline void own_control(void)
{
    static const uint16_t control = HOST_CONTROL;
    __asm__ volatile("fldcw %0" : : "m"(control));
}

// Runs the assembly given, which leaves the FSW in sw ("=a"). discard takes its result off again.
#define RUN(c, sw, discard, ...)                                                                   \
    do {                                                                                           \
        if (other_control(c)) {                                                                    \
            __asm__ volatile("fldcw %0" : : "m"((c)->fpu.control));                                \
        }                                                                                          \
        __asm__ volatile(__VA_ARGS__);                                                             \
        if (unlikely((sw)&X87_EXCEPTIONS & ~(c)->fpu.status)) {                                    \
            __asm__ volatile(discard "fnclex");                                                    \
            __asm__ volatile(__VA_ARGS__);                                                         \
        }                                                                                          \
        if (other_control(c)) {                                                                    \
            own_control();                                                                         \
        }                                                                                          \
    } while (0)
#define RESULT    "fstp %st(0)\n\t"
#define NO_RESULT ""

static IR_ASK inline void take(X86CPU *c, X86Float80 *d, uint16_t sw)
{
    c->fpu.status = merged(c, sw);
    __asm__ volatile("fstpt %0" : "+m"(*d));
}

#endif
