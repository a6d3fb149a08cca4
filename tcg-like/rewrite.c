#include <glib.h>
#include "tcg-like/rewrite.h"

void ir_rewrite_begin(IRRewrite *w, IRBlock *b, size_t extra)
{
    if (b->spare_capacity < b->n) {
        b->spare_capacity = b->capacity;
        g_free(b->spare);
        b->spare = g_new(IRInsn, b->spare_capacity);
    }
    IRInsn *old = b->insn;
    unsigned old_capacity = b->capacity;
    b->insn = b->spare;
    b->capacity = b->spare_capacity;
    b->spare = old;
    b->spare_capacity = old_capacity;
    size_t map_bytes = ALIGN_UP(b->n * sizeof(IRRef), (size_t)16);
    char *scratch = ir_scratch(b, map_bytes + extra);
    *w = (IRRewrite){
        .b = b, .old = old, .n = b->n, .map = (IRRef *)scratch, .extra = scratch + map_bytes};
    b->n = 0;
}

static unsigned touches_of_flags(unsigned flags)
{
    return (flags & (IR_CALL_READS | IR_CALL_FAULTS) ? IR_TOUCH_READS : 0) |
           (flags & IR_CALL_WRITES ? IR_TOUCH_READS | IR_TOUCH_WRITES : 0);
}

unsigned ir_touches(const IRInsn *i)
{
    unsigned effects = ir_op_info[i->op].effects;
    switch (i->op) {
    case IR_put:
    case IR_insn:
        return IR_TOUCH_KEEP;
    case IR_nop:
        return 0;
    case IR_call: {
        unsigned flags = ((const IRHelper *)(uintptr_t)i->imm)->flags;
        return touches_of_flags(flags) | (flags || i->type == IR_VOID ? IR_TOUCH_KEEP : 0);
    }
    default:
        break;
    }
    if (effects &
        (IR_EFF_RD | IR_EFF_WR)) { // vcall and FP: the FP status, and what the helper says
        return touches_of_flags(((const IRVHelper *)(uintptr_t)i->imm)->flags) | IR_TOUCH_KEEP;
    }
    if (effects & (IR_EFF_FAULT | IR_EFF_EXIT | IR_EFF_TERM)) {
        return IR_TOUCH_READS | IR_TOUCH_KEEP;
    }
    return effects & IR_EFF_MEM_W ? IR_TOUCH_KEEP : 0;
}
