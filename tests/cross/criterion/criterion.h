// A stand-in for Criterion where only libc is there: tests run one after the other in one process.
// The first failed assertion ends its test, a failed expectation does not.
#ifndef TESTS_CROSS_CRITERION_H
#define TESTS_CROSS_CRITERION_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct CrossTest {
    const char *suite, *name;
    void (*run)(void);
    struct CrossTest *next;
} CrossTest;

void cross_test_add(CrossTest *t);
void cross_test_failed(const char *file, int line, const char *what);
_Noreturn void cross_test_leave(bool skipped);

#define Test(suite, name, ...)                                                                     \
    static void suite##_##name(void);                                                              \
    __attribute__((constructor)) static void suite##_##name##_add(void)                            \
    {                                                                                              \
        static CrossTest t = {#suite, #name, suite##_##name, NULL};                                \
        cross_test_add(&t);                                                                        \
    }                                                                                              \
    static void suite##_##name(void)

#define CROSS_SAY(...)                                                                             \
    do {                                                                                           \
        fprintf(stderr, "  " __VA_ARGS__);                                                         \
        fputc('\n', stderr);                                                                       \
    } while (0)
#define CROSS_CHECK(cond, what, fatal, ...)                                                        \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            cross_test_failed(__FILE__, __LINE__, what);                                           \
            __VA_OPT__(CROSS_SAY(__VA_ARGS__);)                                                    \
            if (fatal) {                                                                           \
                cross_test_leave(false);                                                           \
            }                                                                                      \
        }                                                                                          \
    } while (0)
#define cr_assert(cond, ...)        CROSS_CHECK(cond, #cond, true, __VA_ARGS__)
#define cr_assert_null(p, ...)      CROSS_CHECK(!(p), #p, true, __VA_ARGS__)
#define cr_expect_null(p, ...)      CROSS_CHECK(!(p), #p, false, __VA_ARGS__)
#define cr_expect_eq(a, b, ...)     CROSS_CHECK((a) == (b), #a " == " #b, false, __VA_ARGS__)
#define cr_expect_str_eq(a, b, ...) CROSS_CHECK(!strcmp(a, b), #a " == " #b, false, __VA_ARGS__)
#define cr_skip_test(...)                                                                          \
    do {                                                                                           \
        CROSS_SAY(__VA_ARGS__);                                                                    \
        cross_test_leave(true);                                                                    \
    } while (0)

#endif
