// Dead code: a walk from the end marks what is needed, a walk from the start closes the gaps.
#include "tcg-like/rewrite.h"

static void mark(const IRBlock *b, uint8_t *live)
{
    memset(live, 0, b->n);
    for (unsigned n = b->n; n-- > 0;) {
        const IRInsn *i = &b->insn[n];
        if (!live[n] && !(ir_touches(i) & IR_TOUCH_KEEP)) {
            continue;
        }
        live[n] = 1;
        for (unsigned k = 0; k < 4; k++) {
            if (i->arg[k] != IR_NONE) {
                live[i->arg[k]] = 1;
            }
        }
    }
}

void ir_pass_dead_code(IRBlock *b)
{
    IRRef *map = ir_scratch(b, b->n * (sizeof(IRRef) + 1));
    uint8_t *live = (uint8_t *)(map + b->n);
    mark(b, live);
    unsigned to = 0;
    for (unsigned n = 0; n < b->n; n++) {
        if (!live[n]) {
            continue;
        }
        IRInsn i = b->insn[n];
        for (unsigned k = 0; k < 4; k++) {
            if (i.arg[k] != IR_NONE) {
                i.arg[k] = map[i.arg[k]];
            }
        }
        map[n] = (IRRef)to;
        b->insn[to++] = i;
    }
    b->n = to;
}
