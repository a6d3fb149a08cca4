// Guest benchmark programs: each runs a fixed amount of work and returns a checksum that must be
// the same under every emulator.
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>
#include <stddef.h>

typedef struct Bench {
    const char *name;
    uint64_t (*run)(unsigned scale);
    unsigned scale;
} Bench;

extern const Bench compute_benches[], simd_benches[], system_benches[]; // ended by name NULL

// Keeps the compiler from computing a loop's result ahead of time.
#define OPAQUE(x)     __asm__ volatile("" : "+r"(x))
#define CLOBBER_ALL() __asm__ volatile("" ::: "memory")

#endif
