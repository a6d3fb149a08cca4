// Memory accesses that are C functions: register pairs as one access, exclusive or not, and the
// faults of a misaligned pc or SP.
//
// The local monitor (cpu.h: exclusive_*) holds address, size and the value that a load exclusive
// saw. A store exclusive to the same place succeeds if memory still holds that value.
#include "target-arm/helpers.h"
#include "target-arm/system.h"

enum { STORED = 0, NOT_STORED = 1 };

static bool monitor_holds(const ARMCPU *c, uint64_t addr, unsigned bytes)
{
    return c->exclusive_size == bytes && c->exclusive_addr == addr;
}

// After the access: an access that leaves the block runs again with the monitor as it was.
static uint64_t close_monitor(ARMCPU *c, bool stored)
{
    c->exclusive_size = 0;
    return stored ? STORED : NOT_STORED;
}

// --- pairs: memop gives the size of one element

static void put_reg(VCPU *v, unsigned r, uint64_t value)
{
    if (r != 31) {
        v->gpr[r] = value;
    }
}

static uint64_t get_reg(const VCPU *v, unsigned r)
{
    return r == 31 ? 0 : v->gpr[r];
}

static uint32_t double_size(uint64_t memop)
{
    return (uint32_t)memop + 1;
}

static bool is_quad(uint64_t memop)
{
    return (memop & IR_MEM_SIZE) == 3;
}

static void ldxp(VCPU *v, uint64_t addr, uint64_t memop, uint64_t rt, uint64_t rt2)
{
    ARMCPU *c = arm_cpu(v);
    V128 q = {.u128 = 0};
    if (is_quad(memop)) {
        mmu_load128(v, addr, &q, double_size(memop));
        put_reg(v, (unsigned)rt, q.u64[0]);
        put_reg(v, (unsigned)rt2, q.u64[1]);
    } else {
        q.u64[0] = mmu_load(v, addr, double_size(memop));
        put_reg(v, (unsigned)rt, q.u32[0]);
        put_reg(v, (unsigned)rt2, q.u32[1]);
    }
    c->exclusive_addr = addr;
    c->exclusive_size = 2u << (memop & IR_MEM_SIZE);
    c->exclusive_value[0] = q.u64[0];
    c->exclusive_value[1] = q.u64[1];
}

const IRHelper arm_h_ldxp = {"ldxp", (void *)ldxp, IR_VOID, 4,
                             IR_CALL_READS | IR_CALL_WRITES | IR_CALL_FAULTS};

// Stores new if memory holds expected; gives what it held. Otherwise the old value is stored: the
// access needs write permission either way.
static V128 compare_swap_16(VCPU *v, uint64_t addr, V128 expected, V128 new, uint32_t memop)
{
    V128 old;
    mmu_load128(v, addr, &old, memop & ~(uint32_t)IR_MEM_STORE);
    mmu_store128(v, addr, old.u128 == expected.u128 ? &new : &old, memop | IR_MEM_STORE);
    return old;
}

static uint64_t stxp(VCPU *v, uint64_t addr, uint64_t low, uint64_t high, uint64_t memop)
{
    ARMCPU *c = arm_cpu(v);
    if (!monitor_holds(c, addr, 2u << (memop & IR_MEM_SIZE))) {
        return close_monitor(c, false);
    }
    if (is_quad(memop)) {
        V128 expected = {.u64 = {c->exclusive_value[0], c->exclusive_value[1]}};
        V128 new = {.u64 = {low, high}};
        V128 old = compare_swap_16(v, addr, expected, new, double_size(memop));
        return close_monitor(c, old.u128 == expected.u128);
    }
    uint64_t expected = c->exclusive_value[0], new = (uint32_t)low | high << 32;
    return close_monitor(c, mmu_cas(v, addr, expected, new, double_size(memop)) == expected);
}

const IRHelper arm_h_stxp = {"stxp", (void *)stxp, IR_I64, 4, IR_CALL_READS | IR_CALL_FAULTS};

static void casp(VCPU *v, uint64_t addr, uint64_t regs, uint64_t memop)
{
    unsigned s = regs & 31, t = regs >> 8 & 31;
    if (is_quad(memop)) {
        V128 expected = {.u64 = {get_reg(v, s), get_reg(v, s + 1)}};
        V128 new = {.u64 = {get_reg(v, t), get_reg(v, t + 1)}};
        V128 old = compare_swap_16(v, addr, expected, new, double_size(memop));
        put_reg(v, s, old.u64[0]);
        put_reg(v, s + 1, old.u64[1]);
        return;
    }
    uint64_t expected = (uint32_t)get_reg(v, s) | get_reg(v, s + 1) << 32;
    uint64_t new = (uint32_t)get_reg(v, t) | get_reg(v, t + 1) << 32;
    uint64_t old = mmu_cas(v, addr, expected, new, double_size(memop));
    put_reg(v, s, (uint32_t)old);
    put_reg(v, s + 1, old >> 32);
}

const IRHelper arm_h_casp = {"casp", (void *)casp, IR_VOID, 3,
                             IR_CALL_READS | IR_CALL_WRITES | IR_CALL_FAULTS};

// --- misaligned pc and SP

// A block that finds SP misaligned branches to its instruction's address plus 2 (a64/context.c).
// That way out has counted the instruction.
static bool is_sp_fault(VCPU *v, uint64_t pc)
{
    bool checked = v->target->block_flags(v) & ARM_BF_SP_ALIGN;
    return (pc & 3) == 2 && checked && (v->gpr[ARM_SP] & 15);
}

static void misaligned(VCPU *v, uint64_t pc)
{
    ARMCPU *c = arm_cpu(v);
    if (!is_sp_fault(v, pc)) {
        arm_raise_far(c, ESR_EC(EC_PC_ALIGN), pc);
    }
    engine_restore(v);
    v->pc = pc & ~UINT64_C(3);
    arm_take_sync(c, ESR_EC(EC_SP_ALIGN), NULL);
    engine_leave(v);
}

const IRHelper arm_h_misaligned = {"misaligned", (void *)misaligned, IR_VOID, 1, IR_CALL_ALL};
