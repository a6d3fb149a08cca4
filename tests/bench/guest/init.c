// The guest's init: runs the benchmarks named on the kernel command line as bench=a,b,c (all
// without it), marking each on the console for the host to time, and powers off.
#include "bench.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

static int wanted(const char *name)
{
    const char *list = getenv("bench");
    if (!list) {
        return 1;
    }
    size_t n = strlen(name);
    for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',') {
        if (strcspn(p, ",") == n && !memcmp(p, name, n)) {
            return 1;
        }
    }
    return 0;
}

static void run_all(const Bench *b)
{
    for (; b->name; b++) {
        if (wanted(b->name)) {
            printf("@begin %s\n", b->name);
            fflush(stdout);
            uint64_t sum = b->run(b->scale);
            printf("@end %s %016" PRIx64 "\n", b->name, sum);
            fflush(stdout);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "exit")) {
        return 42;
    }
    printf("@ready\n");
    fflush(stdout);
    run_all(compute_benches);
    run_all(simd_benches);
    run_all(system_benches);
    printf("@done\n");
    fflush(stdout);
    if (getpid() == 1) {
        reboot(RB_POWER_OFF);
    }
    return 0;
}
