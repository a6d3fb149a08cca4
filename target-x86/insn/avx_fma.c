// FMA3: 132, 213 and 231 tell which operands are multiplied, and which one is added.
#include "target-x86/insn/sse.h"

// arg: lane size | IR_FP_SCALAR | IRFmaKind << 5 | order << 8.
enum { KIND_SHIFT = 5, ORDER_SHIFT = 8 };
enum { ORDER_132, ORDER_213, ORDER_231 };

static const uint8_t operands[][3] = {
    // factors and addend; of several NaNs the first in this order is the result
    [ORDER_132] = {0, 2, 1},
    [ORDER_213] = {1, 0, 2},
    [ORDER_231] = {1, 2, 0},
};

static bool tr_fma(X86Ctx *c, const X86Insn *i)
{
    unsigned arg = i->row->arg, kind = arg >> KIND_SHIFT & 7, aux = arg & 0x1f;
    const uint8_t *order = operands[arg >> ORDER_SHIFT];
    bool scalar = aux & IR_FP_SCALAR;
    unsigned n = scalar ? 1 : sse_halves(i, 0);
    IRRef x[3][2], r[2];
    for (unsigned k = 3; k-- > 0;) { // memory first
        for (unsigned h = 0; h < n; h++) {
            x[k][h] = sse_read(c, k, h);
        }
    }
    for (unsigned h = 0; h < n; h++) {
        const IRRef a[3] = {x[order[0]][h], x[order[1]][h], x[order[2]][h]};
        r[h] = sse_fp(c, IR_fma, IR_V128, a, aux, kind, &sse_fx_fma);
    }
    sse_fp_done(c);
    if (scalar) {
        sse_write_scalar(c, x[0][0], r[0], aux & 3);
    } else {
        sse_write(c, r);
    }
    return true;
}

#define ARG(esize, kind, order) ((esize) | (kind) << KIND_SHIFT | (order) << ORDER_SHIFT)
#define R_PACKED(name, op, kind, order)                                                            \
    R_VEX(name "PS", "66.0F38.W0 " op " /r", "Vx,Hx,Wx", tr_fma, ARG(2, kind, order), FMA),        \
        R_VEX(name "PD", "66.0F38.W1 " op " /r", "Vx,Hx,Wx", tr_fma, ARG(3, kind, order), FMA)
#define R_SCALAR(name, op, kind, order)                                                            \
    R_VEX(name "SS", "LIG.66.0F38.W0 " op " /r", "Vdq,Hdq,Wd", tr_fma,                             \
          ARG(2 | IR_FP_SCALAR, kind, order), FMA),                                                \
        R_VEX(name "SD", "LIG.66.0F38.W1 " op " /r", "Vdq,Hdq,Wq", tr_fma,                         \
              ARG(3 | IR_FP_SCALAR, kind, order), FMA)
// The opcode's high digit is the order, its low one the operation.
#define R_ORDERS(row, name, low, kind)                                                             \
    row(name "132", "9" low, kind, ORDER_132), row(name "213", "A" low, kind, ORDER_213),          \
        row(name "231", "B" low, kind, ORDER_231)

static const X86Row rows[] = {
    R_ORDERS(R_PACKED, "FMADDSUB", "6", IR_FMA_ADD_SUB),
    R_ORDERS(R_PACKED, "FMSUBADD", "7", IR_FMA_SUB_ADD),
    R_ORDERS(R_PACKED, "FMADD", "8", IR_FMA_ADD),
    R_ORDERS(R_SCALAR, "FMADD", "9", IR_FMA_ADD),
    R_ORDERS(R_PACKED, "FMSUB", "A", IR_FMA_SUB),
    R_ORDERS(R_SCALAR, "FMSUB", "B", IR_FMA_SUB),
    R_ORDERS(R_PACKED, "FNMADD", "C", IR_FMA_NEG_ADD),
    R_ORDERS(R_SCALAR, "FNMADD", "D", IR_FMA_NEG_ADD),
    R_ORDERS(R_PACKED, "FNMSUB", "E", IR_FMA_NEG_SUB),
    R_ORDERS(R_SCALAR, "FNMSUB", "F", IR_FMA_NEG_SUB),
};
const X86Group x86_fma = {"fma", rows, ARRAY_LEN(rows)};
