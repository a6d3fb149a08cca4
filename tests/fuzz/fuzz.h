// What all fuzzers share. A fuzzer is one file, fuzz_NAME.c, that defines `fuzzer`; main() is in
// frame.c:
//
//   parent --fork--> worker: fuzzer.run(seed), fuzzer.run(seed + 1), ... some hundred runs
//      ^                |
//      '-- crash, exit, hang, wrong result: prints the seed and what the worker said; goes on with
//          the next seed in a new worker
//
// A run depends on its seed alone: `build/asan/fuzz/fuzz_NAME --seed N --runs 1 -v` repeats it.
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <glib.h>
#include "util/bits.h"

typedef struct Fuzz {
    uint64_t random; // state of the random numbers
    uint64_t inputs; // how many the run has given: the fuzzer counts, in its unit
    bool verbose;    // -v: tell what is done, on stdout
    const char *dir; // a directory for files, removed at the end
} Fuzz;

typedef struct Fuzzer {
    const char *name;         // "fuzz_mmio"
    const char *what;         // one line for people
    const char *unit;         // of Fuzz.inputs: "accesses"
    unsigned hang_seconds;    // a run that takes longer is a finding; 0: 60
    unsigned runs_per_worker; // 0: 200
    void (*run)(Fuzz *f);
} Fuzzer;

extern const Fuzzer fuzzer;

// --- random choices
uint64_t fuzz_random(Fuzz *f);
uint64_t fuzz_below(Fuzz *f, uint64_t n); // 0 .. n - 1; n > 0
bool fuzz_one_in(Fuzz *f, unsigned n);
// Numbers that programs trip over: small, powers of two and their neighbours, all ones, signs.
uint64_t fuzz_number(Fuzz *f);
#define FUZZ_PICK(f, array) ((array)[fuzz_below(f, ARRAY_LEN(array))])

// --- mutation
// Changes a few places: bits, bytes, little- and big-endian numbers, runs copied, removed,
// repeated.
void fuzz_mutate(Fuzz *f, GByteArray *b);
// The same for text; the dictionary (ended by NULL, may be NULL) gives words to insert.
void fuzz_mutate_text(Fuzz *f, GString *s, const char *const *dictionary);

// --- results
// Not what should be: ends the worker; the seed is reported.
NORETURN void fuzz_fail(const char *fmt, ...) PRINTF_LIKE(1, 2);
// A file in the run's directory with these bytes; the path is g_malloc'd.
char *fuzz_file(Fuzz *f, const char *name, const void *data, size_t len);

#endif
