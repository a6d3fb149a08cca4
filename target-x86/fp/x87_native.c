// Native x87 arithmetic, comparisons, and what works on registers (x87_native_run.h).
#include "target-x86/fp/x87_native_run.h"

#if X87_NATIVE

// --- two operands

static IR_ASK inline bool arith_ready(X86CPU *c, uint64_t desc)
{
    return masked(c) && holds(c, 0) && holds(c, desc >> 8 & 7);
}

#define ARITH_REG(op)                                                                              \
    static IR_ASK IRAnswer n_##op(VCPU *v, uint64_t desc, uint64_t ip)                             \
    {                                                                                              \
        X86CPU *c = x86_cpu(v);                                                                    \
        unsigned i = desc >> 8 & 7;                                                                \
        uint16_t sw;                                                                               \
        if (!arith_ready(c, desc)) {                                                               \
            return DECLINED;                                                                       \
        }                                                                                          \
        X86Float80 *d = st(c, desc & X87_ARITH_TO_STI ? i : 0);                                    \
        X86Float80 *s = st(c, desc & X87_ARITH_TO_STI ? 0 : i);                                    \
        keep(c, desc, ip);                                                                         \
        RUN(c, sw, RESULT,                                                                         \
            "fldt %2\n\tfldt %1\n\t" #op " %%st(1), %%st\n\tfnstsw %0\n\tfstp %%st(1)"             \
            : "=a"(sw)                                                                             \
            : "m"(*d), "m"(*s));                                                                   \
        take(c, d, sw);                                                                            \
        if (desc & X87_POP) {                                                                      \
            pop(c);                                                                                \
        }                                                                                          \
        return DONE(0);                                                                            \
    }                                                                                              \
    static const IRHelper h_##op = {"x87_n_" #op, n_##op, IR_VOID, 2, ASKS};

// insn: the form for this type of memory operand.
#define ARITH_MEM(insn, type)                                                                      \
    static IR_ASK IRAnswer n_##insn(VCPU *v, uint64_t value, uint64_t desc, uint64_t ip,           \
                                    uint64_t dp)                                                   \
    {                                                                                              \
        X86CPU *c = x86_cpu(v);                                                                    \
        type operand = (type)value;                                                                \
        uint16_t sw;                                                                               \
        if (!begin_mem(c, desc, ip, dp)) {                                                         \
            return DECLINED;                                                                       \
        }                                                                                          \
        RUN(c, sw, RESULT, "fldt %1\n\t" #insn " %2\n\tfnstsw %0"                                  \
            : "=a"(sw)                                                                             \
            : "m"(*st(c, 0)), "m"(operand));                                                       \
        take(c, st(c, 0), sw);                                                                     \
        return DONE(0);                                                                            \
    }                                                                                              \
    static const IRHelper h_##insn = {"x87_n_" #insn, n_##insn, IR_VOID, 4, ASKS};

#define ARITH(op)                                                                                  \
    ARITH_REG(f##op)                                                                               \
    ARITH_MEM(f##op##s, uint32_t)                                                                  \
    ARITH_MEM(f##op##l, uint64_t)                                                                  \
    ARITH_MEM(fi##op##s, uint16_t)                                                                 \
    ARITH_MEM(fi##op##l, uint32_t)

ARITH(add)
ARITH(mul)
ARITH(sub)
ARITH(subr)
ARITH(div)
ARITH(divr)

// --- comparisons: C3, C2 and C0 from the host's

static IR_ASK inline void set_order(X86CPU *c, uint16_t sw)
{
    unsigned keep_bits = ~(CONDITION_BITS | X87_C1);
    c->fpu.status =
        (uint16_t)((c->fpu.status & keep_bits) | (sw & (X87_EXCEPTIONS | CONDITION_BITS)));
}

#define COMPARE_REG(name, insn, pops)                                                              \
    static IR_ASK IRAnswer n_##name(VCPU *v, uint64_t desc, uint64_t ip)                           \
    {                                                                                              \
        X86CPU *c = x86_cpu(v);                                                                    \
        uint16_t sw;                                                                               \
        if (!arith_ready(c, desc)) {                                                               \
            return DECLINED;                                                                       \
        }                                                                                          \
        keep(c, desc, ip);                                                                         \
        RUN(c, sw, NO_RESULT, "fldt %2\n\tfldt %1\n\t" #insn "\n\tfnstsw %0"                       \
            : "=a"(sw)                                                                             \
            : "m"(*st(c, 0)), "m"(*st(c, desc >> 8 & 7)));                                         \
        set_order(c, sw);                                                                          \
        for (unsigned n = pops; n > 0; n--) {                                                      \
            pop(c);                                                                                \
        }                                                                                          \
        return DONE(0);                                                                            \
    }                                                                                              \
    static const IRHelper h_##name = {"x87_n_" #name, n_##name, IR_VOID, 2, ASKS};

COMPARE_REG(fcom, fcompp, desc &X87_POP ? 1 : 0)
COMPARE_REG(fcomp, fcompp, 1)
COMPARE_REG(fcompp, fcompp, 2)
COMPARE_REG(fucom, fucompp, 0)
COMPARE_REG(fucomp, fucompp, 1)
COMPARE_REG(fucompp, fucompp, 2)

#define COMPARE_MEM(name, insn, type, pops)                                                        \
    static IR_ASK IRAnswer n_##name(VCPU *v, uint64_t value, uint64_t desc, uint64_t ip,           \
                                    uint64_t dp)                                                   \
    {                                                                                              \
        X86CPU *c = x86_cpu(v);                                                                    \
        type operand = (type)value;                                                                \
        uint16_t sw;                                                                               \
        if (!begin_mem(c, desc, ip, dp)) {                                                         \
            return DECLINED;                                                                       \
        }                                                                                          \
        RUN(c, sw, NO_RESULT, "fldt %1\n\t" #insn " %2\n\tfnstsw %0"                               \
            : "=a"(sw)                                                                             \
            : "m"(*st(c, 0)), "m"(operand));                                                       \
        set_order(c, sw);                                                                          \
        if (pops) {                                                                                \
            pop(c);                                                                                \
        }                                                                                          \
        return DONE(0);                                                                            \
    }                                                                                              \
    static const IRHelper h_##name = {"x87_n_" #name, n_##name, IR_VOID, 4, ASKS};

COMPARE_MEM(fcoms, fcomps, uint32_t, false)
COMPARE_MEM(fcoml, fcompl, uint64_t, false)
COMPARE_MEM(ficoms, ficomps, uint16_t, false)
COMPARE_MEM(ficoml, ficompl, uint32_t, false)
COMPARE_MEM(fcomps, fcomps, uint32_t, true)
COMPARE_MEM(fcompl, fcompl, uint64_t, true)
COMPARE_MEM(ficomps, ficomps, uint16_t, true)
COMPARE_MEM(ficompl, ficompl, uint32_t, true)

static IR_ASK IRAnswer n_ftst(VCPU *v, uint64_t desc, uint64_t ip)
{
    X86CPU *c = x86_cpu(v);
    uint16_t sw;
    if (!begin(c, desc, ip)) {
        return DECLINED;
    }
    RUN(c, sw, NO_RESULT, "fldt %1\n\tftst\n\tfnstsw %0\n\tfstp %%st(0)"
        : "=a"(sw)
        : "m"(*st(c, 0)));
    set_order(c, sw);
    return DONE(0);
}
static const IRHelper h_ftst = {"x87_n_ftst", n_ftst, IR_VOID, 2, ASKS};

// The order goes to EFLAGS; of FSW only exceptions change.
static IR_ASK IRAnswer n_comi(VCPU *v, uint64_t how, uint64_t ip)
{
    X86CPU *c = x86_cpu(v);
    X86Float80 *a = st(c, 0), *b = st(c, how & 7);
    uint16_t sw;
    if (!masked(c) || !holds(c, 0) || !holds(c, how & 7)) {
        return DECLINED;
    }
    keep(c, how, ip);
    if (how >> 8 & 1) {
        RUN(c, sw, NO_RESULT, "fldt %2\n\tfldt %1\n\tfucompp\n\tfnstsw %0"
            : "=a"(sw)
            : "m"(*a), "m"(*b));
    } else {
        RUN(c, sw, NO_RESULT, "fldt %2\n\tfldt %1\n\tfcompp\n\tfnstsw %0"
            : "=a"(sw)
            : "m"(*a), "m"(*b));
    }
    c->fpu.status |= sw & X87_EXCEPTIONS;
    if (how >> 9 & 1) {
        pop(c);
    }
    return DONE((sw & X87_C0 ? IR_FLAG_C : 0) | (sw & X87_C2 ? IR_FLAG_P : 0) |
                (sw & X87_C3 ? IR_FLAG_Z : 0));
}
const IRHelper x87_n_comi = {"x87_n_comi", n_comi, IR_I32, 2, ASKS};

// --- one operand

#define UNARY(name)                                                                                \
    static IR_ASK IRAnswer n_##name(VCPU *v, uint64_t desc, uint64_t ip)                           \
    {                                                                                              \
        X86CPU *c = x86_cpu(v);                                                                    \
        uint16_t sw;                                                                               \
        if (!begin(c, desc, ip)) {                                                                 \
            return DECLINED;                                                                       \
        }                                                                                          \
        RUN(c, sw, RESULT, "fldt %1\n\t" #name "\n\tfnstsw %0" : "=a"(sw) : "m"(*st(c, 0)));       \
        take(c, st(c, 0), sw);                                                                     \
        return DONE(0);                                                                            \
    }                                                                                              \
    static const IRHelper h_##name = {"x87_n_" #name, n_##name, IR_VOID, 2, ASKS};

UNARY(fsqrt)
UNARY(frndint)

static IR_ASK inline bool one_ready(X86CPU *c, uint64_t desc, uint64_t ip)
{
    if (!begin(c, desc, ip)) {
        return false;
    }
    clear_c1(c);
    return true;
}

static IR_ASK IRAnswer n_fchs(VCPU *v, uint64_t desc, uint64_t ip)
{
    X86CPU *c = x86_cpu(v);
    if (!one_ready(c, desc, ip)) {
        return DECLINED;
    }
    st(c, 0)->se ^= SF_X80_SIGN;
    return DONE(0);
}
static const IRHelper h_fchs = {"x87_n_fchs", n_fchs, IR_VOID, 2, ASKS};

static IR_ASK IRAnswer n_fabs(VCPU *v, uint64_t desc, uint64_t ip)
{
    X86CPU *c = x86_cpu(v);
    if (!one_ready(c, desc, ip)) {
        return DECLINED;
    }
    st(c, 0)->se &= SF_X80_EXP;
    return DONE(0);
}
static const IRHelper h_fabs = {"x87_n_fabs", n_fabs, IR_VOID, 2, ASKS};

// --- moves between registers

static IR_ASK IRAnswer n_fld(VCPU *v, uint64_t desc, uint64_t ip)
{
    X86CPU *c = x86_cpu(v);
    unsigned i = desc >> 8 & 7;
    if (!masked(c) || !holds(c, i) || holds(c, 7)) {
        return DECLINED;
    }
    keep(c, desc, ip);
    clear_c1(c);
    const X86Float80 *from = st(c, i);
    X86Float80 *to = push(c);
    to->frac = from->frac;
    to->se = from->se;
    return DONE(0);
}
static const IRHelper h_fld = {"x87_n_fld", n_fld, IR_VOID, 2, ASKS};

static IR_ASK IRAnswer n_fxch(VCPU *v, uint64_t desc, uint64_t ip)
{
    X86CPU *c = x86_cpu(v);
    if (!arith_ready(c, desc)) {
        return DECLINED;
    }
    keep(c, desc, ip);
    clear_c1(c);
    X86Float80 *a = st(c, 0), *b = st(c, desc >> 8 & 7);
    uint64_t frac = a->frac;
    uint16_t se = a->se;
    a->frac = b->frac;
    a->se = b->se;
    b->frac = frac;
    b->se = se;
    return DONE(0);
}
static const IRHelper h_fxch = {"x87_n_fxch", n_fxch, IR_VOID, 2, ASKS};

static IR_ASK IRAnswer n_fst(VCPU *v, uint64_t desc, uint64_t ip)
{
    X86CPU *c = x86_cpu(v);
    if (!one_ready(c, desc, ip)) {
        return DECLINED;
    }
    unsigned i = desc >> 8 & 7;
    X86Float80 *to = st(c, i);
    to->frac = st(c, 0)->frac;
    to->se = st(c, 0)->se;
    c->fpu.empty &= (uint8_t) ~(1u << ((c->fpu.top + i) & 7));
    if ((desc & 0xff) == X87_FSTP) {
        pop(c);
    }
    return DONE(0);
}
static const IRHelper h_fst = {"x87_n_fst", n_fst, IR_VOID, 2, ASKS};

static IR_ASK IRAnswer n_constant(VCPU *v, uint64_t desc, uint64_t ip)
{
    X86CPU *c = x86_cpu(v);
    if (!masked(c) || holds(c, 7)) {
        return DECLINED;
    }
    keep(c, desc, ip);
    clear_c1(c);
    X86Float80 *to = push(c);
    to->frac = (desc & 0xff) == X87_FLD1 ? UINT64_C(1) << 63 : 0;
    to->se = (desc & 0xff) == X87_FLD1 ? SF_X80_BIAS : 0;
    return DONE(0);
}
static const IRHelper h_constant = {"x87_n_constant", n_constant, IR_VOID, 2, ASKS};

static IR_ASK IRAnswer n_cmov(VCPU *v, uint64_t desc, uint64_t condition, uint64_t ip)
{
    X86CPU *c = x86_cpu(v);
    unsigned i = desc & 7;
    if (!masked(c) || !holds(c, 0) || !holds(c, i)) {
        return DECLINED;
    }
    keep(c, desc, ip);
    if (condition) {
        st(c, 0)->frac = st(c, i)->frac;
        st(c, 0)->se = st(c, i)->se;
    }
    return DONE(0);
}
const IRHelper x87_n_cmov = {"x87_n_cmov", n_cmov, IR_VOID, 3, ASKS};

#define FORMS(op)                                                                                  \
    {                                                                                              \
        [X87_F32] = &h_f##op##s, &h_f##op##l, &h_fi##op##s, &h_fi##op##l                           \
    }

const IRHelper *x87_native_arith(X87Arith op)
{
    static const IRHelper *const helper[] = {&h_fadd, &h_fmul,  &h_fcom, &h_fcomp,
                                             &h_fsub, &h_fsubr, &h_fdiv, &h_fdivr};
    return helper[op];
}

const IRHelper *x87_native_arith_mem(X87Arith op, X87Format f)
{
    static const IRHelper *const helper[8][4] = {FORMS(add), FORMS(mul),  FORMS(com), FORMS(comp),
                                                 FORMS(sub), FORMS(subr), FORMS(div), FORMS(divr)};
    return helper[op][f];
}

const IRHelper *x87_native_misc(X87Misc what)
{
    static const IRHelper *const helper[X87_FNOP + 1] = {
        [X87_FLD] = &h_fld,       [X87_FXCH] = &h_fxch,       [X87_FST] = &h_fst,
        [X87_FSTP] = &h_fst,      [X87_FLD1] = &h_constant,   [X87_FLDZ] = &h_constant,
        [X87_FCHS] = &h_fchs,     [X87_FABS] = &h_fabs,       [X87_FTST] = &h_ftst,
        [X87_FSQRT] = &h_fsqrt,   [X87_FRNDINT] = &h_frndint, [X87_FUCOM] = &h_fucom,
        [X87_FUCOMP] = &h_fucomp, [X87_FUCOMPP] = &h_fucompp, [X87_FCOMPP] = &h_fcompp,
    };
    return helper[what];
}

#endif
