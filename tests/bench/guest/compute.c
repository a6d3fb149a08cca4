// Integer, branches, calls, strings, memory, scalar float, libm.
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t integer(unsigned scale)
{
    uint64_t a = 0x123456789abcdef, b = 0xfedcba987654321, s = 0;
    for (uint64_t i = 0; i < (uint64_t)scale * 1000000; i++) {
        a = (a ^ (a << 13)) + i;
        b = (b >> 7) ^ (b * 5);
        s += (a & b) | (i << 3);
        s = (s << 11) | (s >> 53);
    }
    return s;
}

// The upper half of the product.
static uint64_t high_product(uint64_t x, uint64_t y)
{
#ifdef __SIZEOF_INT128__
    return (uint64_t)(((unsigned __int128)x * y) >> 64);
#else
    uint64_t low = (x & UINT32_MAX) * (y & UINT32_MAX), mid = (x >> 32) * (y & UINT32_MAX);
    uint64_t other = (x & UINT32_MAX) * (y >> 32) + (low >> 32) + (mid & UINT32_MAX);
    return (x >> 32) * (y >> 32) + (mid >> 32) + (other >> 32);
#endif
}

static uint64_t mul_div(unsigned scale)
{
    uint64_t s = 1, x = 88172645463325252;
    for (uint64_t i = 1; i < (uint64_t)scale * 1000000; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        s += x / (i | 1) + high_product(x, i) + (uint32_t)x % 1009;
    }
    return s;
}

static uint64_t branches(unsigned scale)
{
    uint64_t count = 0;
    for (unsigned r = 0; r < scale; r++) {
        for (uint32_t n = 1; n < 20000; n++) {
            uint32_t x = n;
            while (x != 1 && count < UINT64_MAX) {
                x = x & 1 ? x * 3 + 1 : x >> 1;
                count++;
            }
        }
    }
    return count;
}

static uint64_t sieve(unsigned scale)
{
    enum { N = 400000 };
    static uint8_t composite[N];
    uint64_t primes = 0;
    for (unsigned r = 0; r < scale; r++) {
        memset(composite, 0, N);
        for (unsigned i = 2; i < N; i++) {
            if (!composite[i]) {
                primes++;
                for (unsigned j = 2 * i; j < N; j += i) {
                    composite[j] = 1;
                }
            }
        }
    }
    return primes;
}

static __attribute__((noinline)) uint64_t fib(unsigned n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static uint64_t calls(unsigned scale)
{
    uint64_t s = 0;
    for (unsigned i = 0; i < scale; i++) {
        s += fib(27);
    }
    return s;
}

#define TARGET(n, expr)                                                                            \
    static __attribute__((noinline)) uint64_t target##n(uint64_t x)                                \
    {                                                                                              \
        return expr;                                                                               \
    }
// clang-format off
TARGET(0, x + 1)
TARGET(1, x * 3)
TARGET(2, x ^ 0x55)
TARGET(3, x >> 1)
TARGET(4, x - 7)
TARGET(5, ~x)
TARGET(6, x << 2)
TARGET(7, x | 1)

static uint64_t indirect_calls(unsigned scale)
{
    static uint64_t (*const table[])(uint64_t) = {target0, target1, target2, target3,
                                                  target4, target5, target6, target7};
    uint64_t s = 1, x = 12345;
    for (uint64_t i = 0; i < (uint64_t)scale * 1000000; i++) {
        x = x * 6364136223846793005 + 1442695040888963407;
        s = table[x >> 61](s);
    }
    return s;
}
// clang-format on

static uint64_t strings(unsigned scale)
{
    static char a[4096], b[4096], line[256];
    uint64_t s = 0;
    memset(a, 'x', sizeof(a) - 1);
    for (unsigned i = 0; i < scale * 20000; i++) {
        a[i % 4000] = 'a' + i % 26;
        size_t n = strlen(a + i % 64);
        memcpy(b, a, n % 1000 + 100);
        s += n + (unsigned)(memcmp(a, b, 100) == 0) + (size_t)(strchr(a + 16, 'z') - a + 1) % 97;
        s += (uint64_t)snprintf(line, sizeof(line), "%u:%s:%08x", i, "text", i * 7);
        s += strtoul(line, NULL, 10);
    }
    return s;
}

static uint64_t memory(unsigned scale)
{
    enum { N = 1 << 20 };
    static uint64_t v[N];
    uint64_t s = 0;
    for (unsigned i = 0; i < N; i++) {
        v[i] = (uint64_t)i * 2654435761u;
    }
    for (unsigned r = 0; r < scale; r++) {
        for (unsigned i = 0; i + 8 < N; i += 4) {
            v[i] += v[i + 3] ^ v[i + 7];
            s += v[i];
            CLOBBER_ALL();
        }
    }
    return s;
}

static uint64_t pointer_chase(unsigned scale)
{
    enum { N = 1 << 16 };
    static uint32_t next[N];
    for (unsigned i = 0; i < N; i++) {
        next[i] = (i * 40503u + 12345u) & (N - 1);
    }
    uint32_t p = 1;
    for (uint64_t i = 0; i < (uint64_t)scale * 1000000; i++) {
        p = next[p];
    }
    return p;
}

typedef struct Node {
    struct Node *left, *right;
    uint32_t key;
} Node;

static uint64_t heap_tree(unsigned scale)
{
    uint64_t s = 0;
    for (unsigned r = 0; r < scale; r++) {
        Node *root = NULL;
        uint32_t x = 1 + r;
        for (unsigned i = 0; i < 20000; i++) {
            x = x * 1664525 + 1013904223;
            Node **at = &root;
            while (*at) {
                at = x < (*at)->key ? &(*at)->left : &(*at)->right;
            }
            *at = calloc(1, sizeof(Node));
            (*at)->key = x;
        }
        Node *stack[1024];
        unsigned n = 0;
        stack[n++] = root;
        while (n) {
            Node *t = stack[--n];
            s += t->key;
            if (t->left) {
                stack[n++] = t->left;
            }
            if (t->right) {
                stack[n++] = t->right;
            }
            free(t);
        }
    }
    return s;
}

static uint64_t bits_of(double d)
{
    uint64_t u;
    memcpy(&u, &d, sizeof(u));
    return u;
}

static uint64_t float_scalar(unsigned scale)
{
    double x = 0.1, y = 0.2, s = 0;
    for (uint64_t i = 0; i < (uint64_t)scale * 1000000; i++) {
        x = x * 1.0000001 + y * 0.5;
        y = y / 1.1 + 1e-3 - x * 1e-9;
        s += x > y ? x - y : y;
    }
    return bits_of(s);
}

static uint64_t float_single(unsigned scale)
{
    float x = 0.1f, s = 0;
    for (uint64_t i = 0; i < (uint64_t)scale * 1000000; i++) {
        x = x * 0.999f + 0.5f;
        s += sqrtf(x) - (float)(int)(x * 3.0f);
        s *= 0.9999f;
    }
    return bits_of(s);
}

static uint64_t nbody(unsigned scale)
{
    double p[5][3], v[5][3], m[5] = {10, 1, 0.5, 0.2, 0.1};
    for (int i = 0; i < 5; i++) {
        for (int k = 0; k < 3; k++) {
            p[i][k] = i * 1.5 + k * 0.3;
            v[i][k] = 0.01 * (i - k);
        }
    }
    for (unsigned r = 0; r < scale * 10000; r++) {
        for (int i = 0; i < 5; i++) {
            for (int j = i + 1; j < 5; j++) {
                double d[3], q = 0.01;
                for (int k = 0; k < 3; k++) {
                    d[k] = p[i][k] - p[j][k];
                    q += d[k] * d[k];
                }
                double f = 0.001 / (q * sqrt(q));
                for (int k = 0; k < 3; k++) {
                    v[i][k] -= d[k] * m[j] * f;
                    v[j][k] += d[k] * m[i] * f;
                }
            }
        }
        for (int i = 0; i < 5; i++) {
            for (int k = 0; k < 3; k++) {
                p[i][k] += 0.001 * v[i][k];
            }
        }
    }
    return bits_of(p[0][0] + p[4][2]);
}

static uint64_t libm(unsigned scale)
{
    double s = 0;
    for (uint64_t i = 0; i < (uint64_t)scale * 20000; i++) {
        double x = 0.001 * (double)(i % 5000);
        s += sin(x) + exp(-x) * log(x + 1) + pow(x, 1.5) + atan2(x, 2.0);
    }
    return bits_of(s);
}

const Bench compute_benches[] = {
    {"integer", integer, 240},
    {"mul_div", mul_div, 60},
    {"branches", branches, 100},
    {"sieve", sieve, 160},
    {"calls", calls, 80},
    {"indirect_calls", indirect_calls, 80},
    {"strings", strings, 24},
    {"memory", memory, 320},
    {"pointer_chase", pointer_chase, 160},
    {"heap_tree", heap_tree, 48},
    {"float_scalar", float_scalar, 32},
    {"float_single", float_single, 32},
    {"nbody", nbody, 16},
    {"libm", libm, 32},
    {NULL, NULL, 0},
};
