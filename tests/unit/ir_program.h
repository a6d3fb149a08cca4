// Random blocks as a frontend makes them: guest instructions with memory accesses, helpers of every
// kind, puts, side exits. Register 31 holds an address in the arena of ir_memory.h.
#ifndef TESTS_IR_PROGRAM_H
#define TESTS_IR_PROGRAM_H

#include "ir_memory.h"
#include "ir_random.h"

static inline uint64_t reads_state(VCPU *v, uint64_t x)
{
    uint64_t h = x;
    for (unsigned k = 0; k < 6; k++) {
        h = mix(mix(h, v->gpr[k]), v->vec[k].u64[0] + v->vec[k].u64[1]);
    }
    return mix(h, v->flags & IR_FLAG_MASK);
}

static inline uint64_t writes_state(VCPU *v, uint64_t x)
{
    v->gpr[x % 6] = mix(1, x);
    v->vec[x / 7 % 6].u64[1] = mix(2, x);
    v->flags ^= IR_FLAG_C;
    return x + 1;
}

static inline uint64_t pure_helper(VCPU *v, uint64_t x)
{
    (void)v;
    return mix(3, x);
}

static inline uint64_t may_fault(VCPU *v, uint64_t x)
{
    if (x % 5 == 0) {
        longjmp(v->leave, 1);
    }
    return x;
}

static const IRHelper helpers[] = {
    {"reads_state", (void *)reads_state, IR_I64, 1, IR_CALL_READS},
    {"writes_state", (void *)writes_state, IR_I64, 1, IR_CALL_WRITES},
    {"pure", (void *)pure_helper, IR_I64, 1, 0},
    {"may_fault", (void *)may_fault, IR_I64, 1, IR_CALL_FAULTS},
};

// Of register 31, which is never put: well inside the good page, or near its end.
static inline uint64_t random_base(Random *r)
{
    return ARENA_VA + (rnd(r, 2) ? 512 : ARENA_BAD - 600);
}

// As 32-bit guests compute it.
static inline IRRef random_narrow_address(RandomBlock *g)
{
    IRRef r = ir_trunc(g->b, ir_get(g->b, IR_I64, offsetof(VCPU, gpr[31])));
    for (unsigned n = rnd(g->r, 4); n-- > 0;) {
        r = ir_add(g->b, r, ir_const(g->b, IR_I32, (uint32_t)(rnd(g->r, 128) - 48)));
    }
    return ir_extu(g->b, r);
}

// An address in the arena, now and then in the bad page.
static inline IRRef random_address(RandomBlock *g)
{
    if (rnd(g->r, 4) == 0) {
        return random_narrow_address(g);
    }
    IRRef base = ir_get(g->b, IR_I64, offsetof(VCPU, gpr[31]));
    IRRef r = rnd(g->r, 2) ? ir_addi(g->b, base, (int64_t)rnd(g->r, 64)) : base;
    if (rnd(g->r, 3) == 0) {
        IRRef index = ir_extract(g->b, random_value(g, IR_I64), 0, 10);
        r = ir_add(g->b, r, index);
    }
    return rnd(g->r, 3) ? r : ir_addi(g->b, r, (int64_t)rnd(g->r, 100) - 30);
}

static inline IRType random_access(Random *r, unsigned *memop)
{
    IRType t = (IRType)(IR_I32 + rnd(r, 3));
    *memop = t == IR_V128 ? 4 : rnd(r, t == IR_I64 ? 4 : 3);
    if (t != IR_V128 && rnd(r, 3) == 0) {
        *memop |= IR_MEM_SIGN;
    }
    return t;
}

static inline void random_load_store(RandomBlock *g, IRRef address, int64_t disp, bool store)
{
    unsigned memop;
    IRType t = random_access(g->r, &memop);
    if (store) {
        IRRef v = random_value(g, t);
        ir_st(g->b, address, disp, v, memop & ~IR_MEM_SIGN);
    } else {
        memop |= rnd(g->r, 4) ? 0 : IR_MEM_WRITE;
        keep(g, ir_ld(g->b, t, address, disp, memop));
    }
}

static inline void random_group(RandomBlock *g)
{
    IRRef a = random_address(g);
    bool store = rnd(g->r, 2), narrow = rnd(g->r, 4) == 0;
    for (unsigned n = 1 + rnd(g->r, 3); n-- > 0;) {
        a = narrow ? random_narrow_address(g) : a;
        random_load_store(g, a, (int64_t)rnd(g->r, 48), store);
    }
}

static inline void random_action(RandomBlock *g)
{
    switch (rnd(g->r, 16)) {
    case 0:
        random_load_store(g, random_address(g), 0, rnd(g->r, 2));
        break;
    case 1:
        keep(g, ir_call(g->b, &helpers[rnd(g->r, ARRAY_LEN(helpers))], random_value(g, IR_I64),
                        IR_NONE, IR_NONE, IR_NONE));
        break;
    case 2:
    case 3:
    case 4:
    case 5:
        random_put(g);
        break;
    case 6:
        if (g->b->n_slots < 6) {
            IRRef x = random_value(g, IR_I64), y = random_value(g, IR_I64);
            ir_exit_if(g->b, rnd(g->r, 2) ? IR_EQ : (IRCond)rnd(g->r, 12), x, y, rnd(g->r, 9999));
        }
        break;
    case 7:
        if (g->b->n_slots < 6) {
            IRRef f = random_value(g, IR_FLAGS);
            ir_exit_if_f(g->b, (IRFlagCond)rnd(g->r, 18), f, rnd(g->r, 9999));
        }
        break;
    case 8:
        if (rnd(g->r, 4) == 0) {
            ir_guard(g->b, (IRCond)rnd(g->r, 12), random_value(g, IR_I64), random_value(g, IR_I64));
        }
        break;
    default:
        random_any_op(g);
        break;
    }
}

static inline IRBlock *random_block(Random *r, const IRVHelper *const *exact)
{
    RandomBlock g = {.r = r, .b = ir_block_new(), .exact = exact};
    g.b->guest_insns = 2 + rnd(r, 6);
    for (unsigned k = 0; k < g.b->guest_insns; k++) {
        ir_insn(g.b, 0x1000 + 4 * k, k);
        if (rnd(r, 3) == 0) {
            random_group(&g);
        }
        for (unsigned n = rnd(r, 12); n-- > 0;) {
            random_action(&g);
        }
    }
    ir_exit_jump(g.b, 0x2000);
    return g.b;
}

// What may not differ between two ways to run a block. in_code and the host's fields may.
static inline bool same_state(const VCPU *x, const VCPU *y)
{
    return x->budget == y->budget && !memcmp(x->gpr, y->gpr, sizeof x->gpr) &&
           !memcmp(x->vec, y->vec, sizeof x->vec) && !((x->flags ^ y->flags) & IR_FLAG_MASK);
}

#endif
