// SHA512, SM3 and SM4 steps: helpers_crypto.h. The functions of FIPS 180-4 and GB/T 32905, 32907,
// arranged as DDI 0487 C7.2 tells.
#include "target-arm/helpers_crypto.h"
#include "util/sha.h"

#define HELPER(name)                                                                               \
    static void do_##name(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c,           \
                          uint32_t desc);                                                          \
    const IRVHelper arm_hv_##name = {#name, do_##name, 0};                                         \
    static void do_##name(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c,           \
                          uint32_t desc)
#define UNUSED(x) ((void)(x))

typedef struct VCPU VCPU;

// --- SHA512

static uint64_t choose64(uint64_t x, uint64_t y, uint64_t z)
{
    return ((y ^ z) & x) ^ z;
}
static uint64_t majority64(uint64_t x, uint64_t y, uint64_t z)
{
    return (x & y) | ((x | y) & z);
}
static uint64_t sum1(uint64_t x)
{
    return ror64(x, 14) ^ ror64(x, 18) ^ ror64(x, 41);
}
static uint64_t sum0(uint64_t x)
{
    return ror64(x, 28) ^ ror64(x, 34) ^ ror64(x, 39);
}

HELPER(sha512h)
{
    V128 r;
    UNUSED(v), UNUSED(desc);
    uint64_t x0 = b->u64[0], x1 = b->u64[1], y0 = c->u64[0], y1 = c->u64[1];
    r.u64[1] = choose64(y1, x0, x1) + sum1(y1) + a->u64[1];
    uint64_t t = r.u64[1] + y0;
    r.u64[0] = choose64(t, y1, x0) + sum1(t) + a->u64[0];
    *d = r;
}

HELPER(sha512h2)
{
    V128 r;
    UNUSED(v), UNUSED(desc);
    uint64_t x = b->u64[0], y0 = c->u64[0], y1 = c->u64[1];
    r.u64[1] = majority64(y0, y1, x) + sum0(y0) + a->u64[1];
    r.u64[0] = majority64(r.u64[1], y0, y1) + sum0(r.u64[1]) + a->u64[0];
    *d = r;
}

HELPER(sha512su0)
{
    V128 r;
    UNUSED(v), UNUSED(c), UNUSED(desc);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t x = i ? b->u64[0] : a->u64[1];
        r.u64[i] = a->u64[i] + (ror64(x, 1) ^ ror64(x, 8) ^ x >> 7);
    }
    *d = r;
}

HELPER(sha512su1)
{
    V128 r;
    UNUSED(v), UNUSED(desc);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t x = b->u64[i];
        r.u64[i] = a->u64[i] + (ror64(x, 19) ^ ror64(x, 61) ^ x >> 6) + c->u64[i];
    }
    *d = r;
}

// --- SM3

static uint32_t p1(uint32_t x)
{
    return x ^ rol(x, 15) ^ rol(x, 23);
}

HELPER(sm3partw1)
{
    V128 r, x = *a;
    UNUSED(v), UNUSED(desc);
    for (unsigned i = 0; i < 4; i++) {
        uint32_t t = i < 3 ? c->u32[i + 1] : r.u32[0];
        r.u32[i] = p1(x.u32[i] ^ b->u32[i] ^ rol(t, 15));
    }
    *d = r;
}

HELPER(sm3partw2)
{
    V128 t, r;
    UNUSED(v), UNUSED(desc);
    for (unsigned i = 0; i < 4; i++) {
        t.u32[i] = b->u32[i] ^ rol(c->u32[i], 7);
        r.u32[i] = a->u32[i] ^ t.u32[i];
    }
    r.u32[3] ^= p1(rol(t.u32[0], 15));
    *d = r;
}

HELPER(sm3ss1)
{
    UNUSED(v), UNUSED(desc);
    *d = (V128){.u32 = {0, 0, 0, rol(rol(a->u32[3], 12) + b->u32[3] + c->u32[3], 7)}};
}

HELPER(sm3tt)
{
    unsigned index = desc & 3, variant = desc >> 4;
    bool second = variant & 2, mixed = variant & 1;
    V128 r = *a;
    uint32_t x = a->u32[3], y = a->u32[2], z = a->u32[1], t;
    UNUSED(v);
    t = !mixed ? parity(x, y, z) : second ? choose(x, y, z) : majority(x, y, z);
    t += a->u32[0] + c->u32[index];
    if (second) {
        t += b->u32[3];
        r.u32[3] = t ^ rol(t, 9) ^ rol(t, 17);
        r.u32[1] = rol(y, 19);
    } else {
        t += b->u32[3] ^ rol(x, 12);
        r.u32[3] = t;
        r.u32[1] = rol(y, 9);
    }
    r.u32[0] = z;
    r.u32[2] = x;
    *d = r;
}

// --- SM4

static const uint8_t sm4_sbox[256] = {
    0xd6, 0x90, 0xe9, 0xfe, 0xcc, 0xe1, 0x3d, 0xb7, 0x16, 0xb6, 0x14, 0xc2, 0x28, 0xfb, 0x2c, 0x05,
    0x2b, 0x67, 0x9a, 0x76, 0x2a, 0xbe, 0x04, 0xc3, 0xaa, 0x44, 0x13, 0x26, 0x49, 0x86, 0x06, 0x99,
    0x9c, 0x42, 0x50, 0xf4, 0x91, 0xef, 0x98, 0x7a, 0x33, 0x54, 0x0b, 0x43, 0xed, 0xcf, 0xac, 0x62,
    0xe4, 0xb3, 0x1c, 0xa9, 0xc9, 0x08, 0xe8, 0x95, 0x80, 0xdf, 0x94, 0xfa, 0x75, 0x8f, 0x3f, 0xa6,
    0x47, 0x07, 0xa7, 0xfc, 0xf3, 0x73, 0x17, 0xba, 0x83, 0x59, 0x3c, 0x19, 0xe6, 0x85, 0x4f, 0xa8,
    0x68, 0x6b, 0x81, 0xb2, 0x71, 0x64, 0xda, 0x8b, 0xf8, 0xeb, 0x0f, 0x4b, 0x70, 0x56, 0x9d, 0x35,
    0x1e, 0x24, 0x0e, 0x5e, 0x63, 0x58, 0xd1, 0xa2, 0x25, 0x22, 0x7c, 0x3b, 0x01, 0x21, 0x78, 0x87,
    0xd4, 0x00, 0x46, 0x57, 0x9f, 0xd3, 0x27, 0x52, 0x4c, 0x36, 0x02, 0xe7, 0xa0, 0xc4, 0xc8, 0x9e,
    0xea, 0xbf, 0x8a, 0xd2, 0x40, 0xc7, 0x38, 0xb5, 0xa3, 0xf7, 0xf2, 0xce, 0xf9, 0x61, 0x15, 0xa1,
    0xe0, 0xae, 0x5d, 0xa4, 0x9b, 0x34, 0x1a, 0x55, 0xad, 0x93, 0x32, 0x30, 0xf5, 0x8c, 0xb1, 0xe3,
    0x1d, 0xf6, 0xe2, 0x2e, 0x82, 0x66, 0xca, 0x60, 0xc0, 0x29, 0x23, 0xab, 0x0d, 0x53, 0x4e, 0x6f,
    0xd5, 0xdb, 0x37, 0x45, 0xde, 0xfd, 0x8e, 0x2f, 0x03, 0xff, 0x6a, 0x72, 0x6d, 0x6c, 0x5b, 0x51,
    0x8d, 0x1b, 0xaf, 0x92, 0xbb, 0xdd, 0xbc, 0x7f, 0x11, 0xd9, 0x5c, 0x41, 0x1f, 0x10, 0x5a, 0xd8,
    0x0a, 0xc1, 0x31, 0x88, 0xa5, 0xcd, 0x7b, 0xbd, 0x2d, 0x74, 0xd0, 0x12, 0xb8, 0xe5, 0xb4, 0xb0,
    0x89, 0x69, 0x97, 0x4a, 0x0c, 0x96, 0x77, 0x7e, 0x65, 0xb9, 0xf1, 0x09, 0xc5, 0x6e, 0xc6, 0x84,
    0x18, 0xf0, 0x7d, 0xec, 0x3a, 0xdc, 0x4d, 0x20, 0x79, 0xee, 0x5f, 0x3e, 0xd7, 0xcb, 0x39, 0x48,
};

static uint32_t sm4_substitute(uint32_t x)
{
    uint32_t r = 0;
    for (unsigned i = 0; i < 32; i += 8) {
        r |= (uint32_t)sm4_sbox[x >> i & 0xff] << i;
    }
    return r;
}

static void sm4_rounds(V128 *d, const V128 *state, const V128 *key, bool expansion)
{
    V128 s = *state, k = *key;
    for (unsigned i = 0; i < 4; i++) {
        uint32_t t = sm4_substitute(s.u32[1] ^ s.u32[2] ^ s.u32[3] ^ k.u32[i]);
        t ^= expansion ? rol(t, 13) ^ rol(t, 23) : rol(t, 2) ^ rol(t, 10) ^ rol(t, 18) ^ rol(t, 24);
        t ^= s.u32[0];
        s = (V128){.u32 = {s.u32[1], s.u32[2], s.u32[3], t}};
    }
    *d = s;
}

HELPER(sm4e)
{
    UNUSED(v), UNUSED(c), UNUSED(desc);
    sm4_rounds(d, a, b, false);
}

HELPER(sm4ekey)
{
    UNUSED(v), UNUSED(c), UNUSED(desc);
    sm4_rounds(d, a, b, true);
}
