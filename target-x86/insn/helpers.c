// Small C functions: of the translator's own machinery, and of integer instructions that the IR
// cannot say.
#include "hw/core/machine.h"
#include "softmmu/softmmu.h"
#include "target-x86/helpers.h"
#include "target-x86/insn/helpers.h"
#include "target-x86/system.h"

// --- machinery

// RF holds breakpoints back for one instruction and makes it a shadow of its own.
static void end_shadow(X86CPU *c)
{
    c->inhibit = 0;
    c->eflags &= ~(uint32_t)X86_RF;
    x86_level_changed(c);
}

static void inhibit(X86CPU *c)
{
    c->inhibit = 1;
    x86_level_changed(c);
}

static void check_eip(X86CPU *c, uint64_t eip)
{
    bool long_code = c->efer & X86_EFER_LMA && c->seg[X86_CS].attr & X86_DESC_L;
    bool bad = long_code ? (uint64_t)sextract64(eip, 0, 48) != eip : eip > c->seg[X86_CS].limit;
    if (bad) {
        x86_exception(c, X86_GP, 0);
    }
}

// A spinning CPU gives way to one that does something; alone, time must go on at its usual pace.
static void pause_cpu(X86CPU *c)
{
    VCPU *v = &c->vcpu;
    for (unsigned i = 0; i < v->machine->n_cpus; i++) {
        const VCPU *o = v->machine->cpu[i];
        if (o != v && !o->halted && !o->stopped && !o->yield) {
            v->yield = VCPU_SPINS;
        }
    }
}

// --- conditional exceptions

static void divide_error_if(X86CPU *c, uint64_t wrong)
{
    if (wrong) {
        x86_exception(c, X86_DE, 0);
    }
}

static void bound_error_if(X86CPU *c, uint64_t outside)
{
    if (outside) {
        x86_exception(c, X86_BR, 0);
    }
}

// --- arithmetic

static uint64_t idiv64(X86CPU *c, uint64_t high, uint64_t low, uint64_t divisor)
{
    int64_t y = (int64_t)divisor;
    bool plain = (int64_t)high == (int64_t)low >> 63;
    if (y == 0 || (plain && y == -1 && low == BIT(63))) {
        x86_exception(c, X86_DE, 0);
    }
    if (plain) {
        return (uint64_t)((int64_t)low / y);
    }
    __int128 x = (__int128)((unsigned __int128)high << 64 | low);
    // The lowest number's only overflow here is by -1.
    if (y == -1 && high == BIT(63) && low == 0) {
        x86_exception(c, X86_DE, 0);
    }
    __int128 q = x / y;
    if (q != (int64_t)q) {
        x86_exception(c, X86_DE, 0);
    }
    return (uint64_t)q;
}

// Rotation of bits + 1 bits: the carry stands above the value.
static unsigned __int128 rotate_left(uint64_t x, unsigned n, unsigned carry, unsigned bits)
{
    unsigned width = bits + 1;
    unsigned __int128 v = (unsigned __int128)carry << bits | x;
    n %= width;
    v = v << n | (n ? v >> (width - n) : 0);
    return v & (((unsigned __int128)1 << width) - 1);
}

static uint64_t rcl(X86CPU *c, uint64_t x, unsigned n, unsigned carry, unsigned bits)
{
    (void)c;
    return (uint64_t)rotate_left(x, n, carry, bits) & mask64(bits);
}

static uint64_t rcl_carry(X86CPU *c, uint64_t x, unsigned n, unsigned carry, unsigned bits)
{
    (void)c;
    return rotate_left(x, n, carry, bits) >> bits & 1;
}

static unsigned to_left(unsigned n, unsigned bits)
{
    return bits + 1 - n % (bits + 1);
}

static uint64_t rcr(X86CPU *c, uint64_t x, unsigned n, unsigned carry, unsigned bits)
{
    return rcl(c, x, to_left(n, bits), carry, bits);
}

static uint64_t rcr_carry(X86CPU *c, uint64_t x, unsigned n, unsigned carry, unsigned bits)
{
    return rcl_carry(c, x, to_left(n, bits), carry, bits);
}

// --- CMPXCHG16B

static uint64_t cmpxchg16b(X86CPU *c, uint64_t linear)
{
    VCPU *v = &c->vcpu;
    V128 old;
    if (linear & 15) {
        x86_exception(c, X86_GP, 0);
    }
    mmu_probe(v, linear, 16, IR_MEM_STORE);
    mmu_load128(v, linear, &old, 4);
    bool equal = old.u64[0] == v->gpr[X86_RAX] && old.u64[1] == v->gpr[X86_RDX];
    V128 new = equal ? (V128){.u64 = {v->gpr[X86_RBX], v->gpr[X86_RCX]}} : old;
    mmu_store128(v, linear, &new, 4 | IR_MEM_STORE);
    if (!equal) {
        v->gpr[X86_RAX] = old.u64[0];
        v->gpr[X86_RDX] = old.u64[1];
    }
    return equal;
}

// Permission to read, without an access: CLFLUSH and its like.
static void touch(X86CPU *c, uint64_t linear)
{
    mmu_probe(&c->vcpu, linear, 1, 0);
}

// INTO; the next pc has been put.
static void into(X86CPU *c, uint64_t overflow)
{
    typedef void Int(X86CPU *, uint64_t, uint64_t);
    if (overflow) {
        ((Int *)x86_h_int.fn)(c, X86_OF_TRAP, X86_INT_O);
    }
}

#define STATE (IR_CALL_READS | IR_CALL_WRITES)

// clang-format off
const IRHelper x86_h_end_shadow = {"end_shadow", end_shadow, IR_VOID, 0, STATE};
const IRHelper x86_h_inhibit = {"inhibit", inhibit, IR_VOID, 0, STATE};
const IRHelper x86_h_check_eip = {"check_eip", check_eip, IR_VOID, 1, IR_CALL_FAULTS};
const IRHelper x86_h_pause = {"pause", pause_cpu, IR_VOID, 0, IR_CALL_ALL};
const IRHelper x86_h_divide_error_if = {"divide_error_if", divide_error_if, IR_VOID, 1, IR_CALL_FAULTS};
const IRHelper x86_h_bound_error_if = {"bound_error_if", bound_error_if, IR_VOID, 1, IR_CALL_FAULTS};
const IRHelper x86_h_idiv64 = {"idiv64", idiv64, IR_I64, 3, IR_CALL_FAULTS};
const IRHelper x86_h_rcl = {"rcl", rcl, IR_I64, 4, 0};
const IRHelper x86_h_rcr = {"rcr", rcr, IR_I64, 4, 0};
const IRHelper x86_h_rcl_carry = {"rcl_carry", rcl_carry, IR_I32, 4, 0};
const IRHelper x86_h_rcr_carry = {"rcr_carry", rcr_carry, IR_I32, 4, 0};
const IRHelper x86_h_cmpxchg16b = {"cmpxchg16b", cmpxchg16b, IR_I32, 1, IR_CALL_ALL};
const IRHelper x86_h_touch = {"touch", touch, IR_VOID, 1, IR_CALL_FAULTS};
const IRHelper x86_h_into = {"into", into, IR_VOID, 1, IR_CALL_ALL};
