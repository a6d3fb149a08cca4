// x87 stores to memory: the value, then the effects.
#include "target-x86/fp/x87.h"
#include "accel/engine.h"
#include "softmmu/softmmu.h"

typedef struct Stored {
    uint64_t low, high;
} Stored;

static const uint8_t format_bytes[] = {
    [X87_F32] = 4, [X87_F64] = 8,  [X87_I16] = 2,  [X87_I32] = 4,
    [X87_I64] = 8, [X87_F80] = 10, [X87_BCD] = 10,
};
static const uint8_t int_bits[] = {[X87_I16] = 16, [X87_I32] = 32, [X87_I64] = 64};

static Stored pack_bcd(SfX80Status *s, SfX80 a)
{
    uint8_t bcd[10];
    Stored r = {0, 0};
    sf_x80_to_bcd(s, a, bcd);
    for (unsigned i = 0; i < 10; i++) {
        *(i < 8 ? &r.low : &r.high) |= (uint64_t)bcd[i] << (i % 8 * 8);
    }
    return r;
}

static Stored convert(SfX80Status *s, uint32_t desc, SfX80 a)
{
    X87Format f = desc & 0xff;
    switch (f) {
    case X87_F32:
        return (Stored){sf_x80_to(s, SF_F32, a), 0};
    case X87_F64:
        return (Stored){sf_x80_to(s, SF_F64, a), 0};
    case X87_F80:
        s->up = false;
        return (Stored){a.frac, a.se};
    case X87_BCD:
        return pack_bcd(s, a);
    default: {
        SfRound round = desc & X87_ROUND_ZERO ? SF_RND_ZERO : (SfRound)s->round;
        return (Stored){(uint64_t)sf_x80_to_int(s, a, int_bits[f], round), 0};
    }
    }
}

// What an empty ST0 stores if that is masked: the format's indefinite.
static Stored indefinite(uint32_t desc)
{
    switch (desc & 0xff) {
    case X87_F32:
        return (Stored){0xffc00000, 0};
    case X87_F64:
        return (Stored){UINT64_C(0xfff8) << 48, 0};
    case X87_F80:
        return (Stored){SF_X80_DEFNAN.frac, SF_X80_DEFNAN.se};
    case X87_BCD:
        return (Stored){UINT64_C(3) << 62, 0xffff};
    default:
        return (Stored){UINT64_C(1) << (int_bits[desc & 0xff] - 1), 0};
    }
}

// ip: NULL if the instruction's pointers are not known.
typedef struct Store {
    uint32_t desc;
    uint64_t next_pc, dp;
    const uint64_t *ip;
} Store;

// The instruction is over without a store: an exception waits for the next one. What the access
// itself would raise comes first.
static NORETURN void skip_store(X86CPU *c, const Store *st, const SfX80Status *s)
{
    uint64_t dp = st->dp;
    uint32_t desc = st->desc;
    unsigned bytes = format_bytes[desc & 0xff];
    uint64_t at = x86_linear_checked(c, desc >> X87_SEG_SHIFT & 7, dp, bytes, true);
    mmu_probe(&c->vcpu, at, bytes, IR_MEM_STORE);
    if (st->ip) {
        x87_keep_pointers(c, desc, *st->ip);
        x87_keep_operand(c, desc, dp);
    }
    if (s) {
        x87_note(c, s);
    } else {
        x87_stack_underflow(c);
    }
    engine_exception_begin(&c->vcpu);
    c->vcpu.pc = st->next_pc;
    c->inhibit = 0;
    engine_leave(&c->vcpu);
}

// Unmasked O and U also forbid a store to memory.
static bool forbidden(const X86CPU *c, const SfX80Status *s)
{
    unsigned raised = (s->flags & SF_INVALID ? X87_IE : 0) | (s->flags & SF_OVERFLOW ? X87_OE : 0) |
                      (s->flags & SF_UNDERFLOW ? X87_UE : 0);
    return raised & ~c->fpu.control;
}

static Stored store_value(X86CPU *c, const Store *st)
{
    x87_check_pending(c);
    if (x87_is_empty(c, 0)) {
        if (!(c->fpu.control & X87_IE)) {
            skip_store(c, st, NULL);
        }
        return indefinite(st->desc);
    }
    SfX80Status s = x87_status_for(c);
    Stored r = convert(&s, st->desc, x87_get(c, 0));
    if (unlikely(forbidden(c, &s))) {
        // Nothing was rounded to the destination (SDM vol. 1, 8.5.4 and 8.5.5).
        if (!(s.flags & SF_INVALID)) {
            s.flags &= ~(unsigned)SF_INEXACT;
        }
        skip_store(c, st, &s);
    }
    return r;
}

static uint64_t h_store_value(VCPU *v, uint64_t desc, uint64_t next_pc, uint64_t ip, uint64_t dp)
{
    return store_value(x86_cpu(v), &(Store){(uint32_t)desc, next_pc, dp, &ip}).low;
}
X87_FORM(store32, h_store_value, IR_I32, 4, X87_CALL_STORE);
X87_FORM(store64, h_store_value, IR_I64, 4, X87_CALL_STORE);

static uint64_t h_store80_value(VCPU *v, uint64_t desc, uint64_t next_pc, uint64_t part,
                                uint64_t dp)
{
    X86CPU *c = x86_cpu(v);
    Stored r = store_value(c, &(Store){(uint32_t)desc, next_pc, dp, NULL});
    if (!part) { // of the two accesses, the first page's fault comes first
        unsigned seg = (uint32_t)desc >> X87_SEG_SHIFT & 7;
        mmu_probe(v, x86_linear_checked(c, seg, dp, 10, true), 10, IR_MEM_STORE);
    }
    return part ? r.high : r.low;
}
X87_FORM(store80, h_store80_value, IR_I64, 4, X87_CALL_STORE80);

static void h_store_done(VCPU *v, uint64_t desc, uint64_t ip, uint64_t dp)
{
    X86CPU *c = x86_cpu(v);
    x87_keep_pointers(c, (uint32_t)desc, ip);
    x87_keep_operand(c, (uint32_t)desc, dp);
    if (x87_is_empty(c, 0)) {
        x87_stack_underflow(c);
    } else {
        SfX80Status s = x87_status_for(c);
        convert(&s, (uint32_t)desc, x87_get(c, 0));
        x87_note(c, &s);
    }
    if (desc & X87_POP) {
        x87_pop(c);
    }
}
X87_FORM(store_done, h_store_done, IR_VOID, 3, X87_CALL_STORE_DONE);
