// Native x87 loads, stores and control instructions (x87_native_run.h).
#include "target-x86/fp/x87_native_run.h"

#if X87_NATIVE

// --- loads

// The format's fields widen with general registers. False: infinities, NaNs, denormals.
static IR_ASK inline bool widen_normal(X86Float80 *r, uint64_t v, unsigned exp_bits,
                                       unsigned frac_bits)
{
    unsigned max = (1u << exp_bits) - 1, exp = (unsigned)(v >> frac_bits) & max;
    uint64_t frac = v << (63 - frac_bits) & (UINT64_MAX >> 1);
    uint16_t sign = v >> (exp_bits + frac_bits) & 1 ? SF_X80_SIGN : 0;
    if (exp == max || (exp == 0 && frac)) {
        return false;
    }
    r->frac = exp ? frac | UINT64_C(1) << 63 : 0;
    r->se = (uint16_t)(sign | (exp ? exp + SF_X80_BIAS - (max >> 1) : 0));
    return true;
}

static IR_ASK inline bool load_ready(X86CPU *c, uint64_t desc, uint64_t ip, uint64_t dp)
{
    if (!masked(c) || holds(c, 7)) {
        return false;
    }
    keep(c, desc, ip);
    keep_operand(c, dp);
    return true;
}

#define LOAD_FLOAT(insn, type, exp_bits, frac_bits)                                                \
    static IR_ASK IRAnswer n_##insn(VCPU *v, uint64_t value, uint64_t desc, uint64_t ip,           \
                                    uint64_t dp)                                                   \
    {                                                                                              \
        X86CPU *c = x86_cpu(v);                                                                    \
        type operand = (type)value;                                                                \
        uint16_t sw;                                                                               \
        if (!load_ready(c, desc, ip, dp)) {                                                        \
            return DECLINED;                                                                       \
        }                                                                                          \
        if (likely(widen_normal(push(c), value, exp_bits, frac_bits))) {                           \
            clear_c1(c);                                                                           \
            return DONE(0);                                                                        \
        }                                                                                          \
        RUN(c, sw, RESULT, #insn " %1\n\tfnstsw %0" : "=a"(sw) : "m"(operand));                    \
        take(c, st(c, 0), sw);                                                                     \
        return DONE(0);                                                                            \
    }                                                                                              \
    static const IRHelper h_##insn = {"x87_n_" #insn, n_##insn, IR_VOID, 4, ASKS};

LOAD_FLOAT(flds, uint32_t, 8, 23)
LOAD_FLOAT(fldl, uint64_t, 11, 52)

#define LOAD_INT(insn, type)                                                                       \
    static IR_ASK IRAnswer n_##insn(VCPU *v, uint64_t value, uint64_t desc, uint64_t ip,           \
                                    uint64_t dp)                                                   \
    {                                                                                              \
        X86CPU *c = x86_cpu(v);                                                                    \
        type operand = (type)value;                                                                \
        if (!load_ready(c, desc, ip, dp)) {                                                        \
            return DECLINED;                                                                       \
        }                                                                                          \
        clear_c1(c);                                                                               \
        __asm__ volatile(#insn " %1\n\tfstpt %0" : "+m"(*push(c)) : "m"(operand));                 \
        return DONE(0);                                                                            \
    }                                                                                              \
    static const IRHelper h_##insn = {"x87_n_" #insn, n_##insn, IR_VOID, 4, ASKS};

LOAD_INT(filds, int16_t)
LOAD_INT(fildl, int32_t)
LOAD_INT(fildll, int64_t)

static IR_ASK IRAnswer n_load80(VCPU *v, uint64_t low, uint64_t high, uint64_t desc, uint64_t ip)
{
    X86CPU *c = x86_cpu(v);
    if (!masked(c) || holds(c, 7)) {
        return DECLINED;
    }
    keep(c, desc, ip);
    clear_c1(c);
    X86Float80 *to = push(c);
    to->frac = low;
    to->se = (uint16_t)high;
    return DONE(0);
}
const IRHelper x87_n_load80 = {"x87_n_load80", n_load80, IR_VOID, 4, ASKS};

static IR_ASK IRAnswer n_operand(VCPU *v, uint64_t dp)
{
    keep_operand(x86_cpu(v), dp);
    return DONE(0);
}
const IRHelper x87_n_operand = {"x87_n_operand", n_operand, IR_VOID, 1, ASKS};

const IRHelper *x87_native_load(X87Format f)
{
    static const IRHelper *const helper[] = {
        [X87_F32] = &h_flds,  [X87_F64] = &h_fldl,   [X87_I16] = &h_filds,
        [X87_I32] = &h_fildl, [X87_I64] = &h_fildll,
    };
    return helper[f];
}

// --- stores: the status waits in x87_stored until the store is done

#define STORE(insn, type)                                                                          \
    static IR_ASK IRAnswer n_##insn(VCPU *v, uint64_t desc)                                        \
    {                                                                                              \
        X86CPU *c = x86_cpu(v);                                                                    \
        type operand;                                                                              \
        uint16_t sw;                                                                               \
        (void)desc;                                                                                \
        if (!masked(c) || !holds(c, 0)) {                                                          \
            return DECLINED;                                                                       \
        }                                                                                          \
        RUN(c, sw, NO_RESULT, "fldt %2\n\t" #insn " %1\n\tfnstsw %0"                               \
            : "=a"(sw), "=m"(operand)                                                              \
            : "m"(*st(c, 0)));                                                                     \
        c->x87_stored = merged(c, sw);                                                             \
        return DONE(operand);                                                                      \
    }                                                                                              \
    static const IRHelper h_##insn = {"x87_n_" #insn, n_##insn, IR_I64, 1, ASKS};

STORE(fstps, uint32_t)
STORE(fstpl, uint64_t)
STORE(fistps, uint16_t)
STORE(fistpl, uint32_t)
STORE(fistpll, uint64_t)
STORE(fisttps, uint16_t)
STORE(fisttpl, uint32_t)
STORE(fisttpll, uint64_t)

static IR_ASK IRAnswer n_store80(VCPU *v, uint64_t desc, uint64_t part)
{
    X86CPU *c = x86_cpu(v);
    (void)desc;
    if (!masked(c) || !holds(c, 0)) {
        return DECLINED;
    }
    c->x87_stored = merged(c, 0);
    return DONE(part ? st(c, 0)->se : st(c, 0)->frac);
}
const IRHelper x87_n_store80 = {"x87_n_store80", n_store80, IR_I64, 2, ASKS};

static IR_ASK IRAnswer n_store_done(VCPU *v, uint64_t desc, uint64_t ip, uint64_t dp)
{
    X86CPU *c = x86_cpu(v);
    keep(c, desc, ip);
    keep_operand(c, dp);
    c->fpu.status = c->x87_stored;
    if (desc & X87_POP) {
        pop(c);
    }
    return DONE(0);
}
const IRHelper x87_n_store_done = {"x87_n_store_done", n_store_done, IR_VOID, 3, ASKS};

const IRHelper *x87_native_store(X87Format f, bool to_zero)
{
    static const IRHelper *const helper[2][X87_I64 + 1] = {
        {[X87_F32] = &h_fstps, &h_fstpl, &h_fistps, &h_fistpl, &h_fistpll},
        {[X87_I16] = &h_fisttps, &h_fisttpl, &h_fisttpll},
    };
    return helper[to_zero][f];
}

// --- control

static IR_ASK IRAnswer n_wait(VCPU *v)
{
    return masked(x86_cpu(v)) ? DONE(0) : DECLINED;
}
const IRHelper x87_n_wait = {"x87_n_wait", n_wait, IR_VOID, 0, ASKS};

static IR_ASK IRAnswer n_fldcw(VCPU *v, uint64_t value)
{
    X86CPU *c = x86_cpu(v);
    if (!masked(c) || (value & X87_EXCEPTIONS) != X87_EXCEPTIONS) {
        return DECLINED;
    }
    c->fpu.control = (uint16_t)((value & 0x1f3f) | 0x40);
    return DONE(0);
}
const IRHelper x87_n_fldcw = {"x87_n_fldcw", n_fldcw, IR_VOID, 1, ASKS};

static IR_ASK IRAnswer n_fnstcw(VCPU *v)
{
    return DONE(x86_cpu(v)->fpu.control);
}
const IRHelper x87_n_fnstcw = {"x87_n_fnstcw", n_fnstcw, IR_I32, 0, ASKS};

static IR_ASK IRAnswer n_status(VCPU *v)
{
    const X86CPU *c = x86_cpu(v);
    return DONE((uint16_t)((c->fpu.status & ~X87_TOP) | c->fpu.top << X87_TOP_SHIFT));
}
const IRHelper x87_n_status = {"x87_n_status", n_status, IR_I32, 0, ASKS};

#endif
