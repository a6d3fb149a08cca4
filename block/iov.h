// Pieces of a request's buffers.
#ifndef BLOCK_IOV_H
#define BLOCK_IOV_H

#include <string.h>
#include <sys/uio.h>
#include "util/bits.h"

// Where one is in a list of buffers.
typedef struct IovCursor {
    const struct iovec *iov;
    unsigned count; // from iov on
    size_t done;    // bytes of the first
} IovCursor;

// The next len bytes, as at most max buffers in out: returns how many; *len shrinks if they are too
// few.
static inline unsigned iov_take(IovCursor *c, uint64_t *len, struct iovec *out, unsigned max)
{
    uint64_t left = *len;
    unsigned n = 0;
    while (left && c->count && n < max) {
        size_t rest = c->iov->iov_len - c->done, part = MIN_OF((uint64_t)rest, left);
        if (part) {
            out[n++] = (struct iovec){(char *)c->iov->iov_base + c->done, part};
        }
        left -= part;
        c->done += part;
        if (c->done == c->iov->iov_len) {
            c->iov++;
            c->count--;
            c->done = 0;
        }
    }
    *len -= left;
    return n;
}

static inline void iov_clear(const struct iovec *iov, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        memset(iov[i].iov_base, 0, iov[i].iov_len);
    }
}

// To the buffers from consecutive bytes.
static inline void iov_put(const struct iovec *iov, unsigned n, const uint8_t *from)
{
    for (unsigned i = 0; i < n; i++) {
        memcpy(iov[i].iov_base, from, iov[i].iov_len);
        from += iov[i].iov_len;
    }
}

#endif
