// The interpreter's integer and flag ops.
#include "tcg-like/interp_ops.h"
#include "tcg-like/intops.h"

#define UNARY(name)                                                                                \
    INTERP(name)                                                                                   \
    {                                                                                              \
        r->u64[0] = ir_eval_##name(IS64, ARG(0));                                                  \
        NEXT;                                                                                      \
    }
#define BINARY(name)                                                                               \
    INTERP(name)                                                                                   \
    {                                                                                              \
        r->u64[0] = ir_eval_##name(IS64, ARG(0), ARG(1));                                          \
        NEXT;                                                                                      \
    }
#define UNARY_AUX(name)                                                                            \
    INTERP(name)                                                                                   \
    {                                                                                              \
        r->u64[0] = ir_eval_##name(IS64, ARG(0), i->aux);                                          \
        NEXT;                                                                                      \
    }

BINARY(add)
BINARY(sub)
BINARY(mul)
BINARY(mulhu)
BINARY(mulhs)
BINARY(divu)
BINARY(divs)
BINARY(and)
BINARY(or)
BINARY(xor)
BINARY(andn)
BINARY(orn)
BINARY(xnor)
BINARY(shl)
BINARY(shr)
BINARY(sar)
BINARY(ror)
BINARY(pdep)
BINARY(pext)
UNARY(not )
UNARY(neg)
UNARY(rbit)
UNARY(clz)
UNARY(ctz)
UNARY(popcnt)
UNARY(trunc)
UNARY(extu)
UNARY(exts)
UNARY_AUX(zext)
UNARY_AUX(sext)
UNARY_AUX(bswap)
UNARY_AUX(extract)
UNARY_AUX(sextract)

INTERP(crc32c)
{
    r->u64[0] = ir_eval_crc32c((uint32_t)ARG(0), ARG(1), i->aux);
    NEXT;
}

INTERP(deposit)
{
    r->u64[0] = ir_eval_deposit(IS64, ARG(0), ARG(1), i->aux);
    NEXT;
}

INTERP(extr)
{
    r->u64[0] = ir_eval_extr(IS64, ARG(0), ARG(1), (unsigned)i->imm);
    NEXT;
}

INTERP(div2u)
{
    r->u64[0] = ir_eval_divide2(IS64, ARG(0), ARG(1), ARG(2), false);
    NEXT;
}

INTERP(rem2u)
{
    r->u64[0] = ir_eval_divide2(IS64, ARG(0), ARG(1), ARG(2), true);
    NEXT;
}

INTERP(cmpset)
{
    r->u64[0] = ir_cond_holds((IRCond)i->aux, interp_arg_type(b, i, 0), ARG(0), ARG(1));
    NEXT;
}

INTERP(select)
{
    bool holds = ir_cond_holds((IRCond)i->aux, interp_arg_type(b, i, 0), ARG(0), ARG(1));
    r->u64[0] = holds ? ARG(2) : ARG(3);
    NEXT;
}

// --- flags
#define FLAG_BITS ir_flag_bits(i, interp_arg_type(b, i, 0))
#define FLAG_OP(name, carry)                                                                       \
    INTERP(name)                                                                                   \
    {                                                                                              \
        r->u64[0] = ir_eval_##name(FLAG_BITS, ARG(0), ARG(1), carry);                              \
        NEXT;                                                                                      \
    }
#define CARRY (ARG(2) & IR_FLAG_C ? 1 : 0)

FLAG_OP(f_add, 0)
FLAG_OP(f_sub, 0)
FLAG_OP(f_adc, CARRY)
FLAG_OP(f_sbb, CARRY)

INTERP(adc)
{
    r->u64[0] = ir_eval_add(IS64, ARG(0), ARG(1) + CARRY);
    NEXT;
}

INTERP(sbb)
{
    r->u64[0] = ir_eval_sub(IS64, ARG(0), ARG(1) + CARRY);
    NEXT;
}

INTERP(f_logic)
{
    r->u64[0] = ir_flags_of_result(FLAG_BITS, ARG(0));
    NEXT;
}

INTERP(f_shr1)
{
    r->u64[0] = ir_eval_f_shr1(FLAG_BITS, ARG(0));
    NEXT;
}

INTERP(f_sar1)
{
    r->u64[0] = ir_eval_f_sar1(FLAG_BITS, ARG(0));
    NEXT;
}

INTERP(f_setc)
{
    r->u64[0] = ir_eval_f_set((unsigned)ARG(0), IR_FLAG_C, ARG(1));
    NEXT;
}

INTERP(f_setv)
{
    r->u64[0] = ir_eval_f_set((unsigned)ARG(0), IR_FLAG_V, ARG(1));
    NEXT;
}

INTERP(f_nz)
{
    r->u64[0] = ir_eval_f_nz((unsigned)ARG(0), ARG(1));
    NEXT;
}

INTERP(f_cmc)
{
    r->u64[0] = ARG(0) ^ IR_FLAG_C;
    NEXT;
}

INTERP(f_pack)
{
    r->u64[0] = ARG(0);
    NEXT;
}

INTERP(f_unpack)
{
    r->u64[0] = ARG(0) & IR_FLAG_MASK;
    NEXT;
}

INTERP(f_test)
{
    r->u64[0] = ir_flags_hold((IRFlagCond)i->aux, (unsigned)ARG(0));
    NEXT;
}

INTERP(f_select)
{
    r->u64[0] = ir_flags_hold((IRFlagCond)i->aux, (unsigned)ARG(0)) ? ARG(1) : ARG(2);
    NEXT;
}

INTERP(f_choose)
{
    r->u64[0] = ir_flags_hold((IRFlagCond)i->aux, (unsigned)ARG(0)) ? ARG(1) : ARG(2);
    NEXT;
}
