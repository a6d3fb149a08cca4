// Helpers that exist only as text: ir_parse makes them, the block frees them.
#ifndef TCG_LIKE_OWNED_H
#define TCG_LIKE_OWNED_H

#include "tcg-like/ir.h"

typedef struct IROwned {
    struct IROwned *next;
    union {
        IRHelper call;
        IRVHelper vcall;
    };
    char name[64];
} IROwned;

#endif
