// What goes through the kernel: system calls, faults, context switches, processes, signals, and
// code that writes code.
#define _GNU_SOURCE
#include "bench.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t syscalls(unsigned scale)
{
    uint64_t s = 0;
    for (unsigned i = 0; i < scale * 100000; i++) {
        s += (uint64_t)syscall(SYS_getppid);
    }
    return s;
}

static uint64_t page_faults(unsigned scale)
{
    uint64_t s = 0;
    for (unsigned r = 0; r < scale * 10; r++) {
        enum { PAGES = 512 };
        char *p =
            mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        madvise(p, PAGES * 4096, MADV_NOHUGEPAGE);
        for (unsigned i = 0; i < PAGES; i++) {
            p[i * 4096] = (char)i;
            s += (uint8_t)p[i * 4096];
        }
        munmap(p, PAGES * 4096);
    }
    return s;
}

static uint64_t context_switches(unsigned scale)
{
    int to[2], from[2];
    if (pipe(to) || pipe(from)) {
        return 0;
    }
    unsigned n = scale * 1000;
    pid_t child = fork();
    char c = 0;
    if (!child) {
        for (unsigned i = 0; i < n; i++) {
            if (read(to[0], &c, 1) != 1 || write(from[1], &c, 1) != 1) {
                _exit(1);
            }
        }
        _exit(0);
    }
    uint64_t s = 0;
    for (unsigned i = 0; i < n; i++) {
        c = (char)i;
        s += write(to[1], &c, 1) == 1 && read(from[0], &c, 1) == 1;
    }
    waitpid(child, NULL, 0);
    close(to[0]);
    close(to[1]);
    close(from[0]);
    close(from[1]);
    return s;
}

static uint64_t fork_wait(unsigned scale)
{
    uint64_t s = 0;
    for (unsigned i = 0; i < scale * 100; i++) {
        pid_t child = fork();
        if (!child) {
            _exit((int)(i & 63));
        }
        int status;
        waitpid(child, &status, 0);
        s += (uint64_t)WEXITSTATUS(status);
    }
    return s;
}

static uint64_t fork_exec(unsigned scale)
{
    uint64_t s = 0;
    for (unsigned i = 0; i < scale * 10; i++) {
        pid_t child = fork();
        if (!child) {
            execl("/init", "init", "exit", (char *)NULL);
            _exit(127);
        }
        int status;
        waitpid(child, &status, 0);
        s += (uint64_t)WEXITSTATUS(status);
    }
    return s;
}

static volatile uint64_t signals_seen;

static void on_signal(int n)
{
    signals_seen += (uint64_t)n;
}

static uint64_t signals(unsigned scale)
{
    signals_seen = 0;
    signal(SIGUSR1, on_signal);
    for (unsigned i = 0; i < scale * 10000; i++) {
        raise(SIGUSR1);
    }
    return signals_seen;
}

// "return constant", written anew each time.
static size_t write_function(uint8_t *p, uint16_t constant)
{
#ifdef __aarch64__
    uint32_t code[2] = {0xd2800000u | (uint32_t)constant << 5, 0xd65f03c0u};
    memcpy(p, code, sizeof(code));
    return sizeof(code);
#elif defined(__arm__) // movw r0, constant; bx lr
    uint32_t code[2] = {0xe3000000u | (uint32_t)(constant & 0xf000) << 4 | (constant & 0xfffu),
                        0xe12fff1eu};
    memcpy(p, code, sizeof(code));
    return sizeof(code);
#else
    uint8_t code[6] = {0xb8, (uint8_t)constant, (uint8_t)(constant >> 8), 0, 0, 0xc3};
    memcpy(p, code, sizeof(code));
    return sizeof(code);
#endif
}

static uint64_t code_writes(unsigned scale)
{
    uint8_t *p =
        mmap(NULL, 65536, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint64_t s = 0;
    for (unsigned i = 0; i < scale * 1000; i++) {
        uint8_t *at = p + (i * 64) % 65536;
        size_t n = write_function(at, (uint16_t)i);
        __builtin___clear_cache((char *)at, (char *)at + n);
        s += (uint64_t)((int (*)(void))(uintptr_t)at)();
    }
    munmap(p, 65536);
    return s;
}

const Bench system_benches[] = {
    {"syscalls", syscalls, 2},
    {"page_faults", page_faults, 3},
    {"context_switches", context_switches, 3},
    {"fork_wait", fork_wait, 1},
    {"fork_exec", fork_exec, 3},
    {"signals", signals, 1},
    {"code_writes", code_writes, 80},
    {NULL, NULL, 0},
};
