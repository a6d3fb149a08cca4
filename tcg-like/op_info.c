// Names, signatures and effects of the ops, and what their conditions mean.
#include "tcg-like/ir.h"

enum {
    PURE = IR_EFF_PURE,
    RD = IR_EFF_RD,
    WR = IR_EFF_WR,
    MEM_R = IR_EFF_MEM_R,
    MEM_W = IR_EFF_MEM_W,
    FAULT = IR_EFF_FAULT,
    EXIT = IR_EFF_EXIT,
    TERM = IR_EFF_TERM,
};

// A signature is one letter, '=', then one letter an argument.
const IROpInfo ir_op_info[IR_OPCODES] = {
#define IR_OP(name, sig, eff) [IR_##name] = {#name, sig, sizeof(sig) - 3, (eff)},
#include "tcg-like/ops.h"
};

static bool signed_less(IRType t, uint64_t x, uint64_t y)
{
    return t == IR_I32 ? (int32_t)x < (int32_t)y : (int64_t)x < (int64_t)y;
}

bool ir_cond_holds(IRCond c, IRType t, uint64_t x, uint64_t y)
{
    bool holds = false;
    switch (c & ~1u) {
    case IR_EQ:
        holds = x == y;
        break;
    case IR_LTU:
        holds = x < y;
        break;
    case IR_GTU:
        holds = x > y;
        break;
    case IR_LT:
        holds = signed_less(t, x, y);
        break;
    case IR_GT:
        holds = signed_less(t, y, x);
        break;
    case IR_TSTNZ:
        holds = (x & y) != 0;
        break;
    }
    return holds != (c & 1);
}

bool ir_flags_hold(IRFlagCond c, unsigned f)
{
    bool s = f & IR_FLAG_S, z = f & IR_FLAG_Z, carry = f & IR_FLAG_C, v = f & IR_FLAG_V;
    bool holds = false;
    switch (c & ~1u) {
    case IR_F_Z:
        holds = z;
        break;
    case IR_F_C:
        holds = carry;
        break;
    case IR_F_S:
        holds = s;
        break;
    case IR_F_V:
        holds = v;
        break;
    case IR_F_C_NZ:
        holds = carry && !z;
        break;
    case IR_F_GE:
        holds = s == v;
        break;
    case IR_F_GT:
        holds = !z && s == v;
        break;
    case IR_F_NC_NZ:
        holds = !carry && !z;
        break;
    case IR_F_P:
        holds = f & IR_FLAG_P;
        break;
    }
    return holds != (c & 1);
}
