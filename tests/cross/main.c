// Runs the tests that were linked in, or those whose names contain the argument.
#include <setjmp.h>

#include "criterion/criterion.h"

static struct {
    CrossTest *first, **end;
    jmp_buf leave;
    unsigned failures;
} tests;

void cross_test_add(CrossTest *t)
{
    if (!tests.first) {
        tests.end = &tests.first;
    }
    *tests.end = t;
    tests.end = &t->next;
}

void cross_test_failed(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    tests.failures++;
}

void cross_test_leave(bool skipped)
{
    longjmp(tests.leave, skipped ? 2 : 1);
}

// True if it was skipped.
static bool run(const CrossTest *t)
{
    int how = setjmp(tests.leave);
    if (how == 0) {
        t->run();
    }
    return how == 2;
}

int main(int argc, char **argv)
{
    unsigned n = 0;
    for (CrossTest *t = tests.first; t; t = t->next) {
        if (argc > 1 && !strstr(t->name, argv[1])) {
            continue;
        }
        unsigned before = tests.failures;
        bool skipped = run(t), failed = tests.failures != before;
        fprintf(stderr, "%s %s::%s\n",
                failed    ? "FAILED"
                : skipped ? "skipped"
                          : "ok",
                t->suite, t->name);
        n++;
    }
    fprintf(stderr, "%u tests, %u failures\n", n, tests.failures);
    return n == 0 || tests.failures != 0;
}
