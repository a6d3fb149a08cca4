// Vectors and crypto, in the compiler's portable vector notation and the architecture's own
// instructions where there are no others.
#include "bench.h"

#include <string.h>

typedef float f32x4 __attribute__((vector_size(16)));
typedef uint8_t u8x16 __attribute__((vector_size(16)));
typedef uint32_t u32x4 __attribute__((vector_size(16)));
typedef int16_t s16x8 __attribute__((vector_size(16)));

static uint64_t fold(const void *p, size_t n)
{
    const uint8_t *b = p;
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < n; i++) {
        h = (h ^ b[i]) * 1099511628211u;
    }
    return h;
}

static uint64_t simd_integer(unsigned scale)
{
    static s16x8 a[512], b[512], c[512];
    for (int i = 0; i < 512; i++) {
        for (int k = 0; k < 8; k++) {
            a[i][k] = (int16_t)(i * 8 + k);
            b[i][k] = (int16_t)(i ^ k);
        }
    }
    for (unsigned r = 0; r < scale * 1000; r++) {
        for (int i = 0; i < 512; i++) {
            c[i] += a[i] * b[i] - (a[i] >> 3);
            c[i] ^= b[i] > a[i];
        }
        CLOBBER_ALL();
    }
    return fold(c, sizeof(c));
}

static uint64_t simd_float(unsigned scale)
{
    static f32x4 a[512], b[512], c[512];
    for (int i = 0; i < 512; i++) {
        for (int k = 0; k < 4; k++) {
            a[i][k] = (float)(i + k) * 0.25f;
            b[i][k] = 1.0f / (float)(i + k + 1);
            c[i][k] = 0;
        }
    }
    for (unsigned r = 0; r < scale * 1000; r++) {
        for (int i = 0; i < 512; i++) {
            c[i] = c[i] * 0.5f + a[i] * b[i] - b[i];
        }
        CLOBBER_ALL();
    }
    return fold(c, sizeof(c));
}

static uint64_t simd_bytes(unsigned scale)
{
    static u8x16 text[1024];
    uint64_t found = 0;
    memset(text, 'q', sizeof(text));
    text[700][3] = 'z';
    for (unsigned r = 0; r < scale * 500; r++) {
        u8x16 acc = {0};
        for (int i = 0; i < 1024; i++) {
            acc |= (u8x16)(text[i] == (u8x16){'z', 'z', 'z', 'z', 'z', 'z', 'z', 'z', 'z', 'z', 'z',
                                              'z', 'z', 'z', 'z', 'z'});
            acc += (text[i] & 1);
        }
        found += fold(&acc, sizeof(acc));
        CLOBBER_ALL();
    }
    return found;
}

static uint64_t chacha(unsigned scale)
{
    u32x4 s[4] = {{0x61707865, 0x3320646e, 0x79622d32, 0x6b206574},
                  {1, 2, 3, 4},
                  {5, 6, 7, 8},
                  {9, 10, 11, 12}};
#define ROTATE(v, n) (((v) << (n)) | ((v) >> (32 - (n))))
    for (unsigned r = 0; r < scale * 100000; r++) {
        s[0] += s[1];
        s[3] = ROTATE(s[3] ^ s[0], 16);
        s[2] += s[3];
        s[1] = ROTATE(s[1] ^ s[2], 12);
        s[0] += s[1];
        s[3] = ROTATE(s[3] ^ s[0], 8);
        s[2] += s[3];
        s[1] = ROTATE(s[1] ^ s[2], 7);
        s[1] = __builtin_shuffle(s[1], (u32x4){1, 2, 3, 0});
        s[2] = __builtin_shuffle(s[2], (u32x4){2, 3, 0, 1});
        s[3] = __builtin_shuffle(s[3], (u32x4){3, 0, 1, 2});
    }
    return fold(s, sizeof(s));
}

#ifdef __aarch64__
#include <arm_neon.h>

__attribute__((target("+crypto"))) static uint64_t aes(unsigned scale)
{
    uint8x16_t x = vdupq_n_u8(7), k = vdupq_n_u8(0x5a);
    for (unsigned r = 0; r < scale * 100000; r++) {
        x = vaesmcq_u8(vaeseq_u8(x, k));
        k = vaddq_u8(k, x);
    }
    return fold(&x, sizeof(x));
}

__attribute__((target("+crypto"))) static uint64_t sha256(unsigned scale)
{
    uint32x4_t a = vdupq_n_u32(0x6a09e667), b = vdupq_n_u32(0xbb67ae85), w = vdupq_n_u32(3);
    for (unsigned r = 0; r < scale * 100000; r++) {
        uint32x4_t t = a;
        a = vsha256hq_u32(a, b, w);
        b = vsha256h2q_u32(b, t, w);
        w = vsha256su1q_u32(vsha256su0q_u32(w, a), b, t);
    }
    return fold(&a, sizeof(a));
}
#define CRYPTO {"aes", aes, 240}, {"sha256", sha256, 120},
#elif defined(__x86_64__) || defined(__i386__)
#include <immintrin.h> // SHA is left out: QEMU 7.2 has it on no CPU model

__attribute__((target("aes,sse2"))) static uint64_t aes(unsigned scale)
{
    __m128i x = _mm_set1_epi8(7), k = _mm_set1_epi8(0x5a);
    for (unsigned r = 0; r < scale * 100000; r++) {
        x = _mm_aesenc_si128(x, k);
        k = _mm_add_epi8(k, x);
    }
    return fold(&x, sizeof(x));
}

__attribute__((target("pclmul,sse2"))) static uint64_t clmul(unsigned scale)
{
    __m128i x = _mm_set_epi32(1, 2, 3, 4), k = _mm_set_epi32(0x1234567, 77, -5, 0x7654321);
    for (unsigned r = 0; r < scale * 100000; r++) {
        __m128i low = _mm_clmulepi64_si128(x, k, 0x00), high = _mm_clmulepi64_si128(x, k, 0x11);
        x = _mm_add_epi32(_mm_xor_si128(low, _mm_slli_si128(high, 1)), k);
    }
    return fold(&x, sizeof(x));
}
#define CRYPTO {"aes", aes, 240}, {"clmul", clmul, 120},
#else
#define CRYPTO
#endif

const Bench simd_benches[] = {
    {"simd_integer", simd_integer, 80},
    {"simd_float", simd_float, 40},
    {"simd_bytes", simd_bytes, 160},
    {"chacha", chacha, 160},
    CRYPTO{NULL, NULL, 0},
};
