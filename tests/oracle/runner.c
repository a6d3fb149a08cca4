// The reference side: runs cases from stdin on whatever executes this program (an Arm CPU, or
// qemu-aarch64 or qemu-arm) and writes results to stdout. Freestanding, without a C library: the
// thread pointer and all registers belong to the cases.
//
// Everything happens in the signal handler. A case ends in a signal (the breakpoint behind it, or
// its own fault); the handler takes the result from the signal frame, puts the next case's
// registers there and returns into it.
#include <stddef.h>

#include "tests/oracle/case.h"

#ifdef __aarch64__
#include "tests/oracle/runner_a64.h"
#else
#include "tests/oracle/runner_a32.h"
#endif

#define SIG_ILL  4
#define SIG_TRAP 5
#define SIG_BUS  7
#define SIG_FPE  8
#define SIG_SEGV 11

typedef struct KernelSigaction {
    void *handler;
    unsigned long flags;
    void *restorer;
    unsigned long mask[8 / sizeof(long)];
} KernelSigaction;

static OracleCase current;
static OracleResult result;
static int running;
static uint32_t filled; // the state that the rest of the code is for
static uint64_t pristine[ORACLE_MEM_SIZE / 8];
static unsigned char signal_stack[65536] __attribute__((aligned(16)));

static void leave(int status)
{
    for (;;) {
        call6(__NR_exit, status, 0, 0, 0, 0, 0);
    }
}

static int read_all(void *p, size_t n)
{
    unsigned char *b = p;
    while (n) {
        long got = call6(__NR_read, 0, (long)b, (long)n, 0, 0, 0);
        if (got <= 0) {
            return 0;
        }
        b += got;
        n -= (size_t)got;
    }
    return 1;
}

static void write_all(const void *p, size_t n)
{
    const unsigned char *b = p;
    while (n) {
        long done = call6(__NR_write, 1, (long)b, (long)n, 0, 0, 0);
        if (done <= 0) {
            leave(3);
        }
        b += done;
        n -= (size_t)done;
    }
}

static void take_memory(void)
{
    uint64_t *mem = (uint64_t *)(uintptr_t)ORACLE_MEM;
    unsigned n = ORACLE_MEM_SIZE / 8, first = n, last = 0;
    for (unsigned i = 0; i < n; i++) {
        if (mem[i] != pristine[i]) {
            first = i < first ? i : first;
            last = i;
        }
    }
    result.mem_len = 0;
    result.mem_first = 0;
    if (first == n) {
        return;
    }
    result.mem_first = first * 8;
    result.mem_len = (last - first + 1) * 8;
    for (unsigned i = 0; i < ORACLE_MEM_REPORT; i++) {
        unsigned at = first * 8 + i;
        result.mem[i] = at < ORACLE_MEM_SIZE ? ((unsigned char *)mem)[at] : 0;
    }
    for (unsigned i = first; i <= last; i++) {
        mem[i] = pristine[i];
    }
}

static void fill_code(uint32_t state)
{
    uint32_t *code = (uint32_t *)(uintptr_t)ORACLE_CODE;
    oracle_fill_code(code, state);
    for (unsigned i = 0; i < ORACLE_CODE_SIZE; i += 4) {
        sync_code((char *)code + i);
    }
    filled = state;
}

static void put_code(void)
{
    static uint16_t half[ORACLE_WINDOW_HALVES];
    volatile uint16_t *slot = (uint16_t *)(uintptr_t)ORACLE_WINDOW;
    if (current.state != filled) {
        fill_code(current.state);
    }
    oracle_code(&current, half);
    for (unsigned i = 0; i < ORACLE_WINDOW_HALVES; i++) {
        if (slot[i] != half[i]) {
            slot[i] = half[i];
            sync_code((void *)&slot[i]);
        }
    }
}

static void handler(int sig, void *info, Context *uc)
{
    (void)info;
    if (running) {
        result.signal = (uint32_t)sig;
        result.pc = take_pc(uc);
        take_regs(&result.regs, uc);
        result.mem_len = 0;
        if (current.memory) {
            take_memory();
        }
        write_all(&result, sizeof result);
    }
    running = 1;
    if (!read_all(&current, sizeof current)) {
        leave(0);
    }
    put_code();
    if (current.poke) {
        ((uint32_t *)(uintptr_t)ORACLE_MEM)[current.poke / 4] = current.poked;
    }
    give_case(uc, &current);
}

static void map_at(uint64_t at, unsigned size)
{
    // PROT_READ | WRITE | EXEC, MAP_PRIVATE | FIXED | ANONYMOUS
    if (call6(NR_MMAP, (long)at, size, 7, 0x32, -1, 0) != (long)at) {
        leave(2);
    }
}

static void catch (int sig)
{
    // SA_SIGINFO | SA_ONSTACK | SA_NODEFER
    static KernelSigaction a = {.handler = (void *)handler, .flags = 4 | 0x08000000 | 0x40000000};
    call6(__NR_rt_sigaction, sig, (long)&a, 0, 8, 0, 0);
}

void _start(void)
{
    stack_t stack = {.ss_sp = signal_stack, .ss_size = sizeof signal_stack};
    map_at(ORACLE_CODE, ORACLE_CODE_SIZE);
    map_at(ORACLE_MEM, ORACLE_MEM_SIZE);
    fill_code(FIRST_STATE);
    oracle_fill(pristine, ORACLE_MEM_SIZE / 8);
    oracle_fill((uint64_t *)(uintptr_t)ORACLE_MEM, ORACLE_MEM_SIZE / 8);
    call6(__NR_sigaltstack, (long)&stack, 0, 0, 0, 0, 0);
    static const int signals[] = {SIG_ILL, SIG_TRAP, SIG_BUS, SIG_FPE, SIG_SEGV};
    for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        catch (signals[i]);
    }
    breakpoint();
    leave(1);
}
