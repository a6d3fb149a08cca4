// Reference functions of the SHA-1 and SHA-256 steps (FIPS 180-4 sections 4.1, 6.1, 6.2). Lane 0 of
// a vector holds a or e, and the earliest word of the message schedule.
#include <string.h>
#include "tcg-like/interp_ops.h"
#include "util/sha.h"

// --- SHA-1
typedef uint32_t Mix(uint32_t x, uint32_t y, uint32_t z);

static void sha1_rounds(V128 *d, const V128 *a, const V128 *b, const V128 *c, Mix *mix)
{
    V128 s = *a, w = *c;
    uint32_t e = b->u32[0];
    for (unsigned k = 0; k < 4; k++) {
        uint32_t t = e + rol(s.u32[0], 5) + mix(s.u32[1], s.u32[2], s.u32[3]) + w.u32[k];
        e = s.u32[3];
        s.u32[3] = s.u32[2];
        s.u32[2] = rol(s.u32[1], 30);
        s.u32[1] = s.u32[0];
        s.u32[0] = t;
    }
    *d = s;
}

VECTOR_FN(sha1c)
{
    sha1_rounds(d, a, b, c, choose);
}
VECTOR_FN(sha1p)
{
    sha1_rounds(d, a, b, c, parity);
}
VECTOR_FN(sha1m)
{
    sha1_rounds(d, a, b, c, majority);
}

VECTOR_FN(sha1su1)
{
    V128 r;
    r.u32[0] = rol(a->u32[0] ^ b->u32[1], 1);
    r.u32[1] = rol(a->u32[1] ^ b->u32[2], 1);
    r.u32[2] = rol(a->u32[2] ^ b->u32[3], 1);
    r.u32[3] = rol(a->u32[3] ^ r.u32[0], 1);
    *d = r;
}

// --- SHA-256
static void sha256_round(uint32_t x[4], uint32_t y[4], uint32_t w)
{
    uint32_t e = y[0], a = x[0];
    uint32_t s1 = ror32(e, 6) ^ ror32(e, 11) ^ ror32(e, 25);
    uint32_t s0 = ror32(a, 2) ^ ror32(a, 13) ^ ror32(a, 22);
    uint32_t t = y[3] + s1 + choose(e, y[1], y[2]) + w;
    uint32_t new_a = t + s0 + majority(a, x[1], x[2]), new_e = x[3] + t;
    memmove(x + 1, x, 12);
    memmove(y + 1, y, 12);
    x[0] = new_a;
    y[0] = new_e;
}

static void sha256_rounds(V128 *x, V128 *y, const V128 *w)
{
    for (unsigned k = 0; k < 4; k++) {
        sha256_round(x->u32, y->u32, w->u32[k]);
    }
}

VECTOR_FN(sha256h)
{
    V128 x = *a, y = *b;
    sha256_rounds(&x, &y, c);
    *d = x;
}

VECTOR_FN(sha256h2)
{
    V128 x = *a, y = *b;
    sha256_rounds(&x, &y, c);
    *d = y;
}

VECTOR_FN(sha256su0)
{
    V128 r;
    for (unsigned k = 0; k < 4; k++) {
        uint32_t x = k < 3 ? a->u32[k + 1] : b->u32[0];
        r.u32[k] = a->u32[k] + (ror32(x, 7) ^ ror32(x, 18) ^ x >> 3);
    }
    *d = r;
}

VECTOR_FN(sha256su1)
{
    V128 r;
    for (unsigned k = 0; k < 4; k++) {
        uint32_t x = k < 2 ? c->u32[k + 2] : r.u32[k - 2];
        uint32_t y = k < 3 ? b->u32[k + 1] : c->u32[0];
        r.u32[k] = a->u32[k] + y + (ror32(x, 17) ^ ror32(x, 19) ^ x >> 10);
    }
    *d = r;
}

// --- as x86's instructions have it, from lane 3 down
VECTOR_FN(sha1rnds4)
{
    static const uint32_t constant[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    static Mix *const mix[] = {choose, parity, majority, parity};
    unsigned f = desc >> 16 & 3;
    V128 s, w;
    for (unsigned k = 0; k < 4; k++) {
        s.u32[k] = a->u32[3 - k];
        w.u32[k] = b->u32[3 - k] + constant[f];
    }
    const V128 e = {.u32 = {0}}; // it is in the first word
    sha1_rounds(&s, &s, &e, &w, mix[f]);
    for (unsigned k = 0; k < 4; k++) {
        d->u32[k] = s.u32[3 - k];
    }
}

VECTOR_FN(sha1nexte)
{
    V128 r = *b;
    r.u32[3] += rol(a->u32[3], 30);
    *d = r;
}

VECTOR_FN(sha1msg1)
{
    V128 r;
    r.u64[1] = a->u64[1] ^ a->u64[0];
    r.u64[0] = a->u64[0] ^ b->u64[1];
    *d = r;
}

VECTOR_FN(sha1msg2)
{
    V128 r;
    r.u32[3] = rol(a->u32[3] ^ b->u32[2], 1);
    r.u32[2] = rol(a->u32[2] ^ b->u32[1], 1);
    r.u32[1] = rol(a->u32[1] ^ b->u32[0], 1);
    r.u32[0] = rol(a->u32[0] ^ r.u32[3], 1);
    *d = r;
}

// Two rounds are half of four: what is c, d, g, h after them is a, b, e, f before.
VECTOR_FN(sha256rnds2)
{
    uint32_t s[2][4] = {{b->u32[3], b->u32[2], a->u32[3], a->u32[2]},
                        {b->u32[1], b->u32[0], a->u32[1], a->u32[0]}};
    for (unsigned k = 0; k < 2; k++) {
        sha256_round(s[0], s[1], c->u32[k]);
    }
    *d = (V128){.u32 = {s[1][1], s[1][0], s[0][1], s[0][0]}};
}

VECTOR_FN(sha256msg1)
{
    ir_ref_sha256su0(v, d, a, b, c, desc);
}

VECTOR_FN(sha256msg2)
{
    V128 r;
    for (unsigned k = 0; k < 4; k++) {
        uint32_t x = k < 2 ? b->u32[k + 2] : r.u32[k - 2];
        r.u32[k] = a->u32[k] + (ror32(x, 17) ^ ror32(x, 19) ^ x >> 10);
    }
    *d = r;
}
