// What user programs rely on, as one static program for 32 and for 64 bits: x87 and SSE arithmetic,
// rounding and exceptions, signals, long jumps, threads, timers, processes, code written at run
// time. Prints results that must not depend on where it runs.
#define _GNU_SOURCE
#include <emmintrin.h>
#include <fenv.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static uint32_t next_random(uint32_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 17;
    *s ^= *s << 5;
    return *s;
}

static uint32_t mix(uint32_t h, const void *p, size_t n)
{
    const uint8_t *b = p;
    for (size_t i = 0; i < n; i++) {
        h = (h ^ b[i]) * 16777619u;
    }
    return h;
}

// --- arithmetic

static void x87_arithmetic(void)
{
    static const int rounds[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};
    uint32_t h = 2166136261u, s = 12345;
    for (unsigned r = 0; r < 4; r++) {
        fesetround(rounds[r]);
        volatile long double x = 1, y = 3;
        for (unsigned i = 1; i < 20000; i++) {
            long double d = (long double)(int32_t)next_random(&s) / 65537;
            x = x / y + d * (long double)i;
            y = __builtin_sqrtl(x * x + 1) - (long double)(i & 7);
            int64_t whole = (int64_t)(x / 1000003);
            h = mix(h, &whole, sizeof whole);
            h = mix(h, (const void *)&x, 10);
        }
    }
    fesetround(FE_TONEAREST);
    printf("x87 %08x\n", h);
}

static void sse_arithmetic(void)
{
    uint32_t h = 1, s = 777;
    __m128d sum = _mm_set1_pd(0.5);
    __m128i bits = _mm_set1_epi32(0x1234567);
    for (unsigned i = 0; i < 60000; i++) {
        __m128d v = _mm_set_pd((int32_t)next_random(&s) / 3.0, (int32_t)next_random(&s) * 1e-300);
        sum = _mm_add_pd(_mm_mul_pd(sum, _mm_set1_pd(0.999)), _mm_sqrt_pd(_mm_mul_pd(v, v)));
        __m128i words = _mm_cvttpd_epi32(sum);
        bits = _mm_xor_si128(_mm_slli_epi32(bits, 1), _mm_madd_epi16(words, _mm_castpd_si128(v)));
        bits = _mm_add_epi8(bits, _mm_shuffle_epi32(words, 0x1b));
    }
    h = mix(h, &sum, sizeof sum);
    h = mix(h, &bits, sizeof bits);
    printf("sse %08x\n", h);
}

static void exceptions(void)
{
    volatile double zero = 0, one = 1, tiny = 1e-308, huge = 1e308;
    volatile long double wide = 1;
    feclearexcept(FE_ALL_EXCEPT);
    volatile double r[] = {one / zero, zero / zero, tiny * tiny, huge * huge, one / 3};
    int sse = fetestexcept(FE_ALL_EXCEPT);
    feclearexcept(FE_ALL_EXCEPT);
    wide = wide / 3;
    int x87 = fetestexcept(FE_ALL_EXCEPT);
    printf("exceptions %x %x %g %g %g\n", sse, x87, r[0], r[2], r[3]);
}

// --- signals

static sigjmp_buf back;
static volatile int last_signal, ticks;
static volatile uint8_t *page;

static void jump_out(int sig)
{
    last_signal = sig;
    siglongjmp(back, 1);
}

static void open_page(int sig, siginfo_t *info, void *context)
{
    (void)context;
    last_signal = sig == SIGSEGV && (uint8_t *)info->si_addr == page + 5 ? 1000 : -1;
    mprotect((void *)page, 4096, PROT_READ | PROT_WRITE);
}

static void count_tick(int sig)
{
    (void)sig;
    ticks++;
}

static unsigned trapped_divisions(void)
{
    unsigned caught = 0;
    feenableexcept(FE_DIVBYZERO);
    for (volatile int i = 0; i < 200; i++) {
        if (!sigsetjmp(back, 1)) {
            if (i % 3 == 0) {
                volatile double zero = 0, x = 1 / zero;
                (void)x;
            } else if (i % 3 == 1) {
                volatile long double zero = 0, x = 1 / zero;
                (void)x;
                __asm__ volatile("fwait");
            } else {
                volatile int zero = 0, x = 1 / zero;
                (void)x;
            }
        } else {
            caught += last_signal == SIGFPE;
            feclearexcept(FE_ALL_EXCEPT);
            feenableexcept(FE_DIVBYZERO);
        }
    }
    fedisableexcept(FE_ALL_EXCEPT);
    return caught;
}

static void signals(void)
{
    struct sigaction jump = {.sa_handler = jump_out}, open = {.sa_sigaction = open_page};
    open.sa_flags = SA_SIGINFO;
    sigaction(SIGFPE, &jump, NULL);
    sigaction(SIGSEGV, &open, NULL);
    unsigned caught = trapped_divisions(), opened = 0;
    page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (unsigned i = 0; i < 200; i++) {
        mprotect((void *)page, 4096, PROT_READ);
        page[5] = (uint8_t)i;
        opened += last_signal == 1000 && page[5] == (uint8_t)i;
    }
    sigaction(SIGSEGV, &jump, NULL);
    unsigned missing = 0;
    for (volatile unsigned i = 0; i < 200; i++) {
        if (!sigsetjmp(back, 1)) {
            *(volatile int *)(uintptr_t)(i * 16) = 1;
        } else {
            missing++;
        }
    }
    printf("signals %u %u %u\n", caught, opened, missing);
}

// Work that a timer interrupts all the time: its registers and flags must survive.
static void interrupted(void)
{
    struct sigaction sa = {.sa_handler = count_tick};
    struct itimerval fast = {{0, 1000}, {0, 1000}}, off = {{0, 0}, {0, 0}};
    sigaction(SIGALRM, &sa, NULL);
    setitimer(ITIMER_REAL, &fast, NULL);
    uint32_t s = 99, h = 0;
    double d = 1;
    volatile long double w = 1;
    for (unsigned i = 0; i < 1000000 || ticks < 5; i++) {
        if (i < 1000000) {
            h = mix(h, &(uint32_t){next_random(&s)}, 4);
            d = d * 1.0000001 + 1e-9 * (double)(h & 255);
            w = w * 1.0000001L + 1e-9L * (long double)(h & 255);
        }
    }
    setitimer(ITIMER_REAL, &off, NULL);
    printf("interrupted %08x %.17g %.20Lg\n", h, d, w);
}

// --- threads

enum { THREADS = 4, ROUNDS = 2000 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn_changed = PTHREAD_COND_INITIALIZER;
static unsigned turn, order_hash = 17;
static uint64_t atomic_sum;

static void *thread(void *arg)
{
    unsigned me = (unsigned)(uintptr_t)arg;
    for (unsigned i = 0; i < ROUNDS; i++) {
        __atomic_fetch_add(&atomic_sum, (uint64_t)(me + 1) << 30, __ATOMIC_SEQ_CST);
        if (i % 20) {
            continue;
        }
        pthread_mutex_lock(&lock);
        while (turn % THREADS != me) {
            pthread_cond_wait(&turn_changed, &lock);
        }
        order_hash = order_hash * 31 + me;
        turn++;
        pthread_cond_broadcast(&turn_changed);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static void threads(void)
{
    pthread_t t[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_create(&t[i], NULL, thread, (void *)(uintptr_t)i);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(t[i], NULL);
    }
    printf("threads %u %u %llu\n", turn, order_hash, (unsigned long long)atomic_sum);
}

static void processes(void)
{
    int ends[2], status = 0, sum = 0;
    if (pipe(ends)) {
        return;
    }
    for (int i = 0; i < 8; i++) {
        pid_t child = fork();
        if (child == 0) {
            int v = i * i;
            order_hash = 0;
            _exit(write(ends[1], &v, sizeof v) == sizeof v ? i : 99);
        }
        int v = 0;
        sum += read(ends[0], &v, sizeof v) == sizeof v ? v : 1000;
        waitpid(child, &status, 0);
        sum += WEXITSTATUS(status) * 100;
    }
    printf("processes %d %u\n", sum, order_hash);
}

// --- code written at run time: MOV EAX, imm32; ADD EAX, imm8 (several); RET

static unsigned write_code(uint8_t *at, uint32_t value, unsigned adds)
{
    unsigned n = 0;
    at[n++] = 0xb8;
    memcpy(at + n, &value, 4);
    n += 4;
    for (unsigned i = 0; i < adds; i++) {
        at[n++] = 0x83;
        at[n++] = 0xc0;
        at[n++] = (uint8_t)(i & 0x7f);
    }
    at[n++] = 0xc3;
    return n;
}

static void generated_code(void)
{
    uint8_t *code =
        mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint32_t h = 5, s = 4242, wrong = 0;
    for (unsigned i = 0; i < 4000; i++) {
        uint32_t v = next_random(&s), adds = v % 60, want = v + adds * (adds - 1) / 2;
        uint8_t *at = code + v % 60000;
        write_code(at, v, adds);
        uint32_t got = ((uint32_t(*)(void))(uintptr_t)at)();
        at[1] ^= 1; // patched where it has just run
        uint32_t patched = ((uint32_t(*)(void))(uintptr_t)at)();
        wrong += got != want || patched != want - v + (v ^ 1);
        h = mix(h, &patched, 4);
    }
    printf("code %08x %u\n", h, wrong);
}

int main(void)
{
    x87_arithmetic();
    sse_arithmetic();
    exceptions();
    signals();
    interrupted();
    threads();
    processes();
    generated_code();
    puts("done");
    return 0;
}
