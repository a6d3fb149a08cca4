// How a pass rewrites a block: the insns are read from the old array and appended, changed or not,
// to a new one, so that a pass may insert and drop insns in one walk. map[] tells where each old
// value went.
#ifndef TCG_LIKE_REWRITE_H
#define TCG_LIKE_REWRITE_H

#include <string.h>
#include "tcg-like/builder.h"

typedef struct IRRewrite {
    IRBlock *b;
    const IRInsn *old;
    unsigned n;
    IRRef *map;
    void *extra; // working memory that begin was asked for, 16-aligned
} IRRewrite;

// Empties b, keeping its insns in w->old until the next rewrite. extra: bytes of working memory.
void ir_rewrite_begin(IRRewrite *w, IRBlock *b, size_t extra);

// The old insn n with its arguments renamed.
static inline IRInsn ir_rewrite_fetch(const IRRewrite *w, unsigned n)
{
    IRInsn i = w->old[n];
    for (unsigned k = 0; k < 4; k++) {
        if (i.arg[k] != IR_NONE) {
            i.arg[k] = w->map[i.arg[k]];
        }
    }
    return i;
}

// What an insn does besides making its value, for calls by what their helper declares.
typedef enum IRTouch {
    IR_TOUCH_READS = 1,  // guest state outside named slots, or leaves the block: puts must be home
    IR_TOUCH_WRITES = 2, // guest state outside named slots
    IR_TOUCH_KEEP = 4,   // must stay although nobody uses its value
} IRTouch;

unsigned ir_touches(const IRInsn *i);

#endif
