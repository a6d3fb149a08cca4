// x87 arithmetic, comparisons and the functions of ST0.
#include "target-x86/fp/x87.h"

static void set_condition(X86CPU *c, unsigned bits)
{
    c->fpu.status = (uint16_t)((c->fpu.status & ~X87_CONDITION) | bits);
}

static unsigned order_bits(SfOrder o)
{
    switch (o) {
    case SF_LESS:
        return X87_C0;
    case SF_EQUAL:
        return X87_C3;
    case SF_GREATER:
        return 0;
    default:
        return X87_C0 | X87_C2 | X87_C3;
    }
}

// Each kind of instruction starts so.
static void begin(X86CPU *c, uint32_t desc, uint64_t ip)
{
    x87_check_pending(c);
    x87_keep_pointers(c, desc, ip);
}

// Is one of the operands missing? Then: false and the fault is raised, or, masked, true with
// *missing set.
static bool operands(X86CPU *c, bool empty, bool *missing)
{
    *missing = empty;
    return !empty || x87_stack_underflow(c);
}

static SfX80 compute(SfX80Status *s, X87Arith op, SfX80 dst, SfX80 src)
{
    switch (op) {
    case X87_ADD:
        return sf_x80_add(s, dst, src);
    case X87_MUL:
        return sf_x80_mul(s, dst, src);
    case X87_SUB:
        return sf_x80_sub(s, dst, src);
    case X87_SUBR:
        return sf_x80_sub(s, src, dst);
    case X87_DIV:
        return sf_x80_div(s, dst, src);
    default:
        return sf_x80_div(s, src, dst);
    }
}

// --- comparisons

static void pops(X86CPU *c, unsigned n)
{
    while (n--) {
        x87_pop(c);
    }
}

// ST0 with b, which is missing or there. Unmasked invalid: nothing is popped.
static void compare(X86CPU *c, SfX80 b, bool missing, bool quiet, unsigned n_pops)
{
    SfX80Status s = x87_status_for(c);
    if (missing || x87_is_empty(c, 0)) {
        bool masked = x87_stack_underflow(c);
        set_condition(c, order_bits(SF_UNORDERED));
        pops(c, masked ? n_pops : 0);
        return;
    }
    SfOrder o = sf_x80_compare(&s, x87_get(c, 0), b, !quiet);
    bool done = x87_note(c, &s);
    set_condition(c, order_bits(o));
    pops(c, done ? n_pops : 0);
}

static void compare_reg(X86CPU *c, unsigned i, bool quiet, unsigned n_pops)
{
    compare(c, x87_get(c, i), x87_is_empty(c, i), quiet, n_pops);
}

// The flags are set even if an exception is unmasked, as AMD's CPUs do.
static uint64_t h_comi(VCPU *v, uint64_t how, uint64_t ip)
{
    X86CPU *c = x86_cpu(v);
    unsigned i = how & 7;
    begin(c, (uint32_t)how, ip);
    SfX80Status s = x87_status_for(c);
    SfOrder o = SF_UNORDERED;
    bool done;
    if (x87_is_empty(c, 0) || x87_is_empty(c, i)) {
        done = x87_stack_underflow(c);
    } else {
        uint16_t c1 = c->fpu.status & X87_C1; // stays
        o = sf_x80_compare(&s, x87_get(c, 0), x87_get(c, i), !(how >> 8 & 1));
        done = x87_note(c, &s);
        c->fpu.status |= c1;
    }
    pops(c, done ? how >> 9 & 1 : 0);
    unsigned bits = order_bits(o);
    return (bits & X87_C0 ? IR_FLAG_C : 0) | (bits & X87_C2 ? IR_FLAG_P : 0) |
           (bits & X87_C3 ? IR_FLAG_Z : 0);
}
X87_FORM(comi, h_comi, IR_FLAGS, 2, X87_CALL_COMI);

// --- two operands

// ST(d) = ST(d) op src.
static void arith(X86CPU *c, X87Arith op, unsigned d, SfX80 src, bool missing, bool pop)
{
    bool underflow;
    if (!operands(c, missing || x87_is_empty(c, d), &underflow)) {
        return;
    }
    SfX80 r = SF_X80_DEFNAN;
    if (!underflow) {
        SfX80Status s = x87_status_for(c);
        r = compute(&s, op, x87_get(c, d), src);
        if (!x87_note(c, &s)) {
            return;
        }
    }
    x87_set(c, d, r);
    pops(c, pop);
}

static void h_arith(VCPU *v, uint64_t desc, uint64_t ip)
{
    X86CPU *c = x86_cpu(v);
    X87Arith op = desc & 7;
    unsigned i = desc >> 8 & 7, pop = desc & X87_POP ? 1 : 0;
    begin(c, (uint32_t)desc, ip);
    if (op == X87_COM || op == X87_COMP) {
        compare_reg(c, i, false, op == X87_COMP || pop);
    } else if (desc & X87_ARITH_TO_STI) {
        arith(c, op, i, x87_get(c, 0), x87_is_empty(c, 0), pop);
    } else {
        arith(c, op, 0, x87_get(c, i), x87_is_empty(c, i), pop);
    }
}
X87_FORM(arith, h_arith, IR_VOID, 2, X87_CALL_ARITH);

static SfX80 widen(SfX80Status *s, X87Format f, uint64_t value)
{
    switch (f) {
    case X87_F32:
        return sf_x80_from(s, SF_F32, (uint32_t)value);
    case X87_F64:
        return sf_x80_from(s, SF_F64, value);
    case X87_I16:
        return sf_x80_from_int((int16_t)value);
    case X87_I32:
        return sf_x80_from_int((int32_t)value);
    default:
        return sf_x80_from_int((int64_t)value);
    }
}

static bool is_snan(X87Format f, uint64_t value)
{
    SfX80Status s = {0};
    return f <= X87_F64 && (widen(&s, f, value), s.flags & SF_INVALID);
}

static void h_arith_mem(VCPU *v, uint64_t value, uint64_t desc, uint64_t ip, uint64_t dp)
{
    X86CPU *c = x86_cpu(v);
    X87Arith op = desc & 7;
    X87Format f = desc >> 8 & 7;
    begin(c, (uint32_t)desc, ip);
    x87_keep_operand(c, (uint32_t)desc, dp);
    // A signalling NaN reaches the operation as it is: it takes part in the choice of the result.
    SfX80Status s = {.precision = 64};
    SfX80 src = widen(&s, f, value);
    if (is_snan(f, value)) {
        src.frac &= ~(UINT64_C(1) << 62);
    }
    bool denormal = s.denormal;
    if (op == X87_COM || op == X87_COMP) {
        SfX80Status t = x87_status_for(c);
        if (x87_is_empty(c, 0)) {
            compare(c, src, true, false, op == X87_COMP);
            return;
        }
        SfOrder o = sf_x80_compare(&t, x87_get(c, 0), src, true);
        t.denormal |= denormal && !(t.flags & SF_INVALID);
        bool done = x87_note(c, &t);
        set_condition(c, order_bits(o));
        pops(c, done && op == X87_COMP);
        return;
    }
    bool underflow;
    if (!operands(c, x87_is_empty(c, 0), &underflow)) {
        return;
    }
    SfX80 r = SF_X80_DEFNAN;
    if (!underflow) {
        SfX80Status t = x87_status_for(c);
        r = compute(&t, op, x87_get(c, 0), src);
        bool no_numbers = sf_x80_class(x87_get(c, 0)) <= SF_X80_NAN;
        t.denormal |= denormal && !no_numbers && !(t.flags & (SF_INVALID | SF_DIVZERO));
        if (!x87_note(c, &t)) {
            return;
        }
    }
    x87_set(c, 0, r);
}
X87_FORM(arith_mem, h_arith_mem, IR_VOID, 4, X87_CALL_ARITH_MEM);

// --- functions of ST0, or of ST0 and ST1

static void f_xam(X86CPU *c)
{
    static const uint16_t codes[] = {
        [SF_X80_UNSUPPORTED] = 0, [SF_X80_NAN] = X87_C0,
        [SF_X80_NORMAL] = X87_C2, [SF_X80_INFINITY] = X87_C2 | X87_C0,
        [SF_X80_ZERO] = X87_C3,   [SF_X80_DENORMAL] = X87_C3 | X87_C2,
    };
    SfX80 a = x87_get(c, 0);
    unsigned bits = x87_is_empty(c, 0) ? X87_C3 | X87_C0 : codes[sf_x80_class(a)];
    set_condition(c, bits | (a.se & SF_X80_SIGN ? X87_C1 : 0));
}

static SfX80 unary(SfX80Status *s, X87Misc what, SfX80 a)
{
    SfX80 r = a;
    switch (what) {
    case X87_F2XM1:
        return sf_x80_f2xm1(s, a);
    case X87_FSQRT:
        return sf_x80_sqrt(s, a);
    case X87_FRNDINT:
        return sf_x80_round_to_int(s, a);
    case X87_FSIN:
        sf_x80_trig(s, a, &r, NULL, NULL);
        return r;
    default:
        sf_x80_trig(s, a, NULL, &r, NULL);
        return r;
    }
}

// FSIN, FCOS, FSINCOS, FPTAN leave an operand of 2^63 and more, with C2 set.
static bool trig_out_of_range(X86CPU *c)
{
    unsigned exp = x87_get(c, 0).se & SF_X80_EXP;
    bool out = exp >= SF_X80_BIAS + 63 && sf_x80_class(x87_get(c, 0)) == SF_X80_NORMAL;
    set_condition(c, (c->fpu.status & (X87_C0 | X87_C3)) | (out ? X87_C2 : 0));
    return out;
}

static bool is_trig(X87Misc what)
{
    return what == X87_FSIN || what == X87_FCOS || what == X87_FSINCOS || what == X87_FPTAN;
}

static void clear_c2(X86CPU *c, X87Misc what)
{
    if (is_trig(what)) {
        c->fpu.status &= (uint16_t)~X87_C2;
    }
}

static void f_unary(X86CPU *c, X87Misc what)
{
    bool underflow;
    clear_c2(c, what);
    if (!operands(c, x87_is_empty(c, 0), &underflow)) {
        return;
    }
    SfX80 r = SF_X80_DEFNAN;
    if (!underflow) {
        if (is_trig(what) && trig_out_of_range(c)) {
            return;
        }
        SfX80Status s = x87_status_for(c);
        r = unary(&s, what, x87_get(c, 0));
        if (!x87_note(c, &s)) {
            return;
        }
    }
    x87_set(c, 0, r);
}

static SfX80 binary(SfX80Status *s, X87Misc what, SfX80 st0, SfX80 st1)
{
    switch (what) {
    case X87_FYL2X:
        return sf_x80_yl2x(s, st1, st0);
    case X87_FYL2XP1:
        return sf_x80_yl2xp1(s, st1, st0);
    case X87_FPATAN:
        return sf_x80_atan2(s, st1, st0);
    default:
        return sf_x80_scale(s, st0, st1);
    }
}

// Result in ST1, popped to ST0; FSCALE: in ST0.
static void f_binary(X86CPU *c, X87Misc what)
{
    bool underflow, pop = what != X87_FSCALE;
    if (!operands(c, x87_is_empty(c, 0) || x87_is_empty(c, 1), &underflow)) {
        return;
    }
    SfX80 r = SF_X80_DEFNAN;
    if (!underflow) {
        SfX80Status s = x87_status_for(c);
        r = binary(&s, what, x87_get(c, 0), x87_get(c, 1));
        if (!x87_note(c, &s)) {
            return;
        }
    }
    x87_set(c, pop, r);
    pops(c, pop);
}

static void f_remainder(X86CPU *c, bool nearest)
{
    bool underflow;
    c->fpu.status &= (uint16_t)~X87_C2;
    if (!operands(c, x87_is_empty(c, 0) || x87_is_empty(c, 1), &underflow)) {
        return;
    }
    SfX80 r = SF_X80_DEFNAN;
    unsigned bits = c->fpu.status & (X87_C0 | X87_C3); // stay if there is no quotient
    if (!underflow) {
        SfX80Status s = x87_status_for(c);
        uint64_t q;
        bool complete;
        r = sf_x80_remainder(&s, x87_get(c, 0), x87_get(c, 1), nearest, &q, &complete);
        if (!x87_note(c, &s)) {
            return;
        }
        if (sf_x80_class(r) > SF_X80_NAN) {
            bits = complete ? (q & 1 ? X87_C1 : 0) | (q & 2 ? X87_C3 : 0) | (q & 4 ? X87_C0 : 0)
                            : X87_C2;
        }
    }
    set_condition(c, bits);
    x87_set(c, 0, r);
}

// Those that push a second result need a free register.
static bool two_results(X86CPU *c, bool *fault)
{
    bool underflow = x87_is_empty(c, 0), overflow = !x87_is_empty(c, 7);
    *fault = underflow || overflow;
    if (!*fault) {
        return true;
    }
    return overflow && !underflow ? x87_stack_overflow(c) : x87_stack_underflow(c);
}

static void f_two(X86CPU *c, X87Misc what)
{
    bool fault;
    SfX80 first = SF_X80_DEFNAN, second = SF_X80_DEFNAN;
    clear_c2(c, what);
    if (!two_results(c, &fault)) {
        return;
    }
    if (!fault) {
        SfX80Status s = x87_status_for(c);
        SfX80 a = x87_get(c, 0);
        if (is_trig(what) && trig_out_of_range(c)) {
            return;
        }
        if (what == X87_FSINCOS) {
            sf_x80_trig(&s, a, &first, &second, NULL);
        } else if (what == X87_FXTRACT) {
            sf_x80_extract(&s, a, &first, &second);
        } else {
            sf_x80_trig(&s, a, NULL, NULL, &first);
            bool nan = sf_x80_class(first) == SF_X80_NAN;
            second = nan ? first : (SfX80){UINT64_C(1) << 63, SF_X80_BIAS};
        }
        if (!x87_note(c, &s)) {
            return;
        }
    }
    x87_set(c, 0, first);
    x87_push(c, second);
}

static void f_sign(X86CPU *c, bool change)
{
    bool underflow;
    if (!operands(c, x87_is_empty(c, 0), &underflow)) {
        return;
    }
    SfX80 r = underflow ? SF_X80_DEFNAN : x87_get(c, 0);
    if (!underflow) {
        r.se = change ? r.se ^ SF_X80_SIGN : r.se & SF_X80_EXP;
        c->fpu.status &= (uint16_t)~X87_C1;
    }
    x87_set(c, 0, r);
}

// --- moves between registers

static void f_push(X86CPU *c, SfX80 v, bool missing)
{
    bool overflow = !x87_is_empty(c, 7);
    if (missing || overflow) {
        if (!(missing ? x87_stack_underflow(c) : x87_stack_overflow(c))) {
            return;
        }
        v = SF_X80_DEFNAN;
    } else {
        c->fpu.status &= (uint16_t)~X87_C1;
    }
    x87_push(c, v);
}

// FLDL2T .. FLDLN2 round to the current mode (SDM vol. 1, 8.3.3): the last bit for rounding down
// or to zero; up only the first differs.
static void f_constant(X86CPU *c, X87Misc what)
{
    static const struct {
        uint64_t frac;
        uint16_t se;
        int8_t down, up; // to be added under these modes
    } constants[] = {
        {UINT64_C(0x8000000000000000), 0x3fff, 0, 0},  // 1
        {UINT64_C(0xd49a784bcd1b8afe), 0x4000, 0, 1},  // log2 10
        {UINT64_C(0xb8aa3b295c17f0bc), 0x3fff, -1, 0}, // log2 e
        {UINT64_C(0xc90fdaa22168c235), 0x4000, -1, 0}, // pi
        {UINT64_C(0x9a209a84fbcff799), 0x3ffd, -1, 0}, // log10 2
        {UINT64_C(0xb17217f7d1cf79ac), 0x3ffe, -1, 0}, // ln 2
        {0, 0, 0, 0},
    };
    unsigned i = what - X87_FLD1, round = c->fpu.control >> 10 & 3;
    int adjust = round == SF_RND_UP        ? constants[i].up
                 : round != SF_RND_NEAREST ? constants[i].down
                                           : 0;
    f_push(c, (SfX80){constants[i].frac + (uint64_t)(int64_t)adjust, constants[i].se}, false);
}

static void f_exchange(X86CPU *c, unsigned i)
{
    bool e0 = x87_is_empty(c, 0), ei = x87_is_empty(c, i);
    if ((e0 || ei) && !x87_stack_underflow(c)) {
        return;
    }
    if (!e0 && !ei) {
        c->fpu.status &= (uint16_t)~X87_C1;
    }
    SfX80 a = e0 ? SF_X80_DEFNAN : x87_get(c, 0), b = ei ? SF_X80_DEFNAN : x87_get(c, i);
    x87_set(c, 0, b);
    x87_set(c, i, a);
}

static void f_store(X86CPU *c, unsigned i, bool pop)
{
    bool underflow;
    if (!operands(c, x87_is_empty(c, 0), &underflow)) {
        return;
    }
    if (!underflow) {
        c->fpu.status &= (uint16_t)~X87_C1;
    }
    x87_set(c, i, underflow ? SF_X80_DEFNAN : x87_get(c, 0));
    pops(c, pop);
}

static void h_cmov(VCPU *v, uint64_t desc, uint64_t condition, uint64_t ip)
{
    X86CPU *c = x86_cpu(v);
    unsigned i = desc & 7;
    bool underflow;
    begin(c, (uint32_t)desc, ip);
    if (!operands(c, x87_is_empty(c, 0) || x87_is_empty(c, i), &underflow)) {
        return;
    }
    if (underflow) {
        x87_set(c, 0, SF_X80_DEFNAN);
    } else {
        x87_set(c, 0, condition ? x87_get(c, i) : x87_get(c, 0));
    }
}
X87_FORM(cmov, h_cmov, IR_VOID, 3, X87_CALL_CMOV);

// --- by operation

static void f_load(X86CPU *c, X87Misc what, unsigned i)
{
    (void)what;
    f_push(c, x87_get(c, i), x87_is_empty(c, i));
}
static void f_change_sign(X86CPU *c, X87Misc what, unsigned i)
{
    (void)i;
    f_sign(c, what == X87_FCHS);
}
static void f_compare(X86CPU *c, X87Misc what, unsigned i)
{
    if (what == X87_FTST) {
        compare(c, (SfX80){0, 0}, false, false, 0);
    } else {
        bool quiet = what != X87_FCOMPP;
        unsigned n = what == X87_FUCOM ? 0 : what == X87_FUCOMP ? 1 : 2;
        compare_reg(c, i, quiet, n);
    }
}
static void f_free(X86CPU *c, X87Misc what, unsigned i)
{
    c->fpu.status &= (uint16_t)~X87_C1;
    c->fpu.empty |= (uint8_t)(1u << x87_reg(c, i));
    pops(c, what == X87_FFREEP);
}
static void f_rotate(X86CPU *c, X87Misc what, unsigned i)
{
    (void)i;
    c->fpu.top = (c->fpu.top + (what == X87_FINCSTP ? 1 : 7)) & 7;
    c->fpu.status &= (uint16_t)~X87_C1;
}
static void f_swap(X86CPU *c, X87Misc what, unsigned i)
{
    (void)what;
    f_exchange(c, i);
}
static void f_store_unchecked(X86CPU *c, X87Misc what, unsigned i)
{
    (void)what;
    c->fpu.status &= (uint16_t)~X87_C1;
    if (!x87_is_empty(c, 0)) {
        x87_set(c, i, x87_get(c, 0));
    }
    x87_pop(c);
}
static void f_store_reg(X86CPU *c, X87Misc what, unsigned i)
{
    f_store(c, i, what == X87_FSTP);
}
static void f_const(X86CPU *c, X87Misc what, unsigned i)
{
    (void)i;
    f_constant(c, what);
}
static void f_examine(X86CPU *c, X87Misc what, unsigned i)
{
    (void)what;
    (void)i;
    f_xam(c);
}
static void f_one(X86CPU *c, X87Misc what, unsigned i)
{
    (void)i;
    f_unary(c, what);
}
static void f_both(X86CPU *c, X87Misc what, unsigned i)
{
    (void)i;
    f_binary(c, what);
}
static void f_pair(X86CPU *c, X87Misc what, unsigned i)
{
    (void)i;
    f_two(c, what);
}
static void f_partial(X86CPU *c, X87Misc what, unsigned i)
{
    (void)i;
    f_remainder(c, what == X87_FPREM1);
}
static void f_nothing(X86CPU *c, X87Misc what, unsigned i)
{
    (void)c;
    (void)what;
    (void)i;
}

typedef void MiscFn(X86CPU *c, X87Misc what, unsigned i);
static MiscFn *const misc[] = {
    [X87_FLD] = f_load,         [X87_FXCH] = f_swap,
    [X87_FST] = f_store_reg,    [X87_FSTP] = f_store_reg,
    [X87_FLD1] = f_const,       [X87_FLDL2T] = f_const,
    [X87_FLDL2E] = f_const,     [X87_FLDPI] = f_const,
    [X87_FLDLG2] = f_const,     [X87_FLDLN2] = f_const,
    [X87_FLDZ] = f_const,       [X87_FCHS] = f_change_sign,
    [X87_FABS] = f_change_sign, [X87_FTST] = f_compare,
    [X87_FXAM] = f_examine,     [X87_F2XM1] = f_one,
    [X87_FYL2X] = f_both,       [X87_FPTAN] = f_pair,
    [X87_FPATAN] = f_both,      [X87_FXTRACT] = f_pair,
    [X87_FPREM1] = f_partial,   [X87_FPREM] = f_partial,
    [X87_FYL2XP1] = f_both,     [X87_FSQRT] = f_one,
    [X87_FSINCOS] = f_pair,     [X87_FRNDINT] = f_one,
    [X87_FSCALE] = f_both,      [X87_FSIN] = f_one,
    [X87_FCOS] = f_one,         [X87_FUCOM] = f_compare,
    [X87_FUCOMP] = f_compare,   [X87_FUCOMPP] = f_compare,
    [X87_FCOMPP] = f_compare,   [X87_FFREE] = f_free,
    [X87_FFREEP] = f_free,      [X87_FDECSTP] = f_rotate,
    [X87_FINCSTP] = f_rotate,   [X87_FSTPNCE] = f_store_unchecked,
    [X87_FNOP] = f_nothing,
};

static void h_misc(VCPU *v, uint64_t desc, uint64_t ip)
{
    X86CPU *c = x86_cpu(v);
    begin(c, (uint32_t)desc, ip);
    misc[desc & 0xff](c, desc & 0xff, desc >> 8 & 7);
}
X87_FORM(misc, h_misc, IR_VOID, 2, X87_CALL_MISC);

// --- loads and stores

static void h_load(VCPU *v, uint64_t value, uint64_t desc, uint64_t ip, uint64_t dp)
{
    X86CPU *c = x86_cpu(v);
    begin(c, (uint32_t)desc, ip);
    x87_keep_operand(c, (uint32_t)desc, dp);
    if (!x87_is_empty(c, 7)) {
        f_push(c, SF_X80_DEFNAN, false);
        return;
    }
    SfX80Status s = {.precision = 64};
    SfX80 r = widen(&s, desc & 0xff, value);
    s.up = false;
    // A denormal is loaded even if that is unmasked.
    if (x87_note(c, &s) || !(s.flags & SF_INVALID)) {
        x87_push(c, r);
    }
}
X87_FORM(load, h_load, IR_VOID, 4, X87_CALL_LOAD);

static void h_load80(VCPU *v, uint64_t low, uint64_t high, uint64_t desc, uint64_t ip)
{
    X86CPU *c = x86_cpu(v);
    begin(c, (uint32_t)desc, ip);
    SfX80 r = {low, (uint16_t)high};
    if ((desc & 0xff) == X87_BCD) {
        uint8_t bcd[10];
        for (unsigned i = 0; i < 10; i++) {
            bcd[i] = (uint8_t)(i < 8 ? low >> (8 * i) : high >> (8 * (i - 8)));
        }
        r = sf_x80_from_bcd(bcd);
    }
    f_push(c, r, false);
}
X87_FORM(load80, h_load80, IR_VOID, 4, X87_CALL_LOAD80);
