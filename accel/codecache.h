// Memory for host code: one object mapped twice, writable at rw and executable at rx, never both at
// one address. Code is appended; only a full flush frees it.
#ifndef ACCEL_CODECACHE_H
#define ACCEL_CODECACHE_H

#include "util/bits.h"

typedef struct CodeCache {
    uint8_t *rw;
    const uint8_t *rx;
    size_t size;
    size_t used;
} CodeCache;

// size in bytes. Returns false and sets errno if the host refuses.
bool codecache_init(CodeCache *c, size_t size);
void codecache_free(CodeCache *c);

static inline const void *codecache_exec(const CodeCache *c, size_t offset)
{
    return c->rx + offset;
}

#endif
