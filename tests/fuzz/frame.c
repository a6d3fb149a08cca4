// main() of every fuzzer: workers, time, findings. See fuzz.h.
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <glib/gstdio.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

#define MAX_FINDINGS     5
#define PROGRESS_SECONDS 30
#define MAX_WORKER_RSS   (UINT64_C(1500) << 10) // KiB; machines are not freed to the last byte
#define LOG_TAIL         4000                   // bytes of a worker's output to show

// What the sanitizers' run-time asks for at its start.
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0:exitcode=99:print_legend=0:allocator_may_return_null=1";
}
const char *__ubsan_default_options(void)
{
    return "print_stacktrace=1";
}

// Between parent and worker, in shared memory.
typedef struct Shared {
    uint64_t seed;    // of the run under way
    uint64_t started; // host ns
    uint64_t runs, inputs;
    uint32_t stop; // the parent: end after this run
    uint32_t done; // the worker: its batch is complete
} Shared;

typedef struct Frame {
    Shared *shared;
    uint64_t first, max_runs, seconds;
    bool verbose;
    char *dir, *log;
    unsigned findings;
    uint64_t begun, told; // host ns
} Frame;

static uint64_t host_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

void fuzz_fail(const char *fmt, ...)
{
    va_list ap;
    fflush(stdout);
    fprintf(stderr, "WRONG: ");
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fprintf(stderr, "\n");
    fflush(stderr);
    _exit(98);
}

char *fuzz_file(Fuzz *f, const char *name, const void *data, size_t len)
{
    char *path = g_build_filename(f->dir, name, NULL);
    FILE *out = fopen(path, "w");
    if (!out || fwrite(data, 1, len, out) != len || fclose(out)) {
        fuzz_fail("cannot write %s: %s", path, strerror(errno));
    }
    return path;
}

// --- the worker

static bool too_large(void)
{
    struct rusage u;
    return getrusage(RUSAGE_SELF, &u) == 0 && (uint64_t)u.ru_maxrss > MAX_WORKER_RSS;
}

static void say_to(const char *log)
{
    int fd = open(log, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd >= 0) {
        dup2(fd, 1);
        dup2(fd, 2);
        close(fd);
    }
}

NORETURN static void worker(Frame *fr, uint64_t seed)
{
    Shared *s = fr->shared;
    unsigned batch = fuzzer.runs_per_worker ? fuzzer.runs_per_worker : 200;
    if (!fr->verbose) {
        say_to(fr->log);
    }
    for (; batch && !s->stop && s->runs < fr->max_runs && !too_large(); batch--, seed++) {
        if (!fr->verbose && ftruncate(2, 0)) {
            _exit(97);
        }
        Fuzz f = {.random = seed, .verbose = fr->verbose, .dir = fr->dir};
        s->seed = seed;
        s->started = host_ns();
        fuzzer.run(&f);
        s->runs++;
        s->inputs += f.inputs;
    }
    s->seed = seed;
    s->done = 1;
    fflush(stdout);
    _exit(0);
}

// --- the parent

static unsigned hang_seconds(void)
{
    return fuzzer.hang_seconds ? fuzzer.hang_seconds : 60;
}

static void show_log(const Frame *fr)
{
    char *text;
    gsize len;
    if (fr->verbose || !g_file_get_contents(fr->log, &text, &len, NULL)) {
        return;
    }
    gsize from = len > LOG_TAIL ? len - LOG_TAIL : 0;
    printf("%s%.*s\n", from ? "...\n" : "", (int)(len - from), text + from);
    g_free(text);
}

static void finding(Frame *fr, int status, bool hung)
{
    char why[64];
    if (hung) {
        snprintf(why, sizeof(why), "takes more than %u s", hang_seconds());
    } else if (WIFSIGNALED(status)) {
        snprintf(why, sizeof(why), "signal %d", WTERMSIG(status));
    } else {
        snprintf(why, sizeof(why), "exit status %d", WEXITSTATUS(status));
    }
    fr->findings++;
    printf("%s: FINDING: seed %" PRIu64 ": %s\n", fuzzer.name, fr->shared->seed, why);
    show_log(fr);
    fflush(stdout);
}

static void progress(Frame *fr, uint64_t now)
{
    if (now - fr->told >= PROGRESS_SECONDS * UINT64_C(1000000000)) {
        fr->told = now;
        printf("%s: %" PRIu64 " s, seed %" PRIu64 ", %" PRIu64 " runs, %" PRIu64 " %s\n",
               fuzzer.name, (now - fr->begun) / 1000000000, fr->shared->seed, fr->shared->runs,
               fr->shared->inputs, fuzzer.unit);
        fflush(stdout);
    }
}

// Until the worker ends. True: it completed its batch.
static bool watch(Frame *fr, pid_t pid)
{
    static const struct timespec nap = {.tv_nsec = 20000000};
    uint64_t limit = hang_seconds() * UINT64_C(1000000000);
    bool hung = false;
    int status;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        uint64_t now = host_ns();
        progress(fr, now);
        fr->shared->stop = fr->seconds && now - fr->begun >= fr->seconds * 1000000000;
        uint64_t started = fr->shared->started;
        if (started && now > started && now - started > limit) {
            hung = true;
            kill(-pid, SIGKILL);
            kill(pid, SIGKILL);
        }
        nanosleep(&nap, NULL);
    }
    if (fr->shared->done && !status) {
        return true;
    }
    kill(-pid, SIGKILL); // what it started, if it did
    finding(fr, status, hung);
    return false;
}

static void remove_dir(const char *path)
{
    GDir *d = g_dir_open(path, 0, NULL);
    const char *name;
    while (d && (name = g_dir_read_name(d))) {
        char *file = g_build_filename(path, name, NULL);
        g_remove(file);
        g_free(file);
    }
    if (d) {
        g_dir_close(d);
    }
    g_rmdir(path);
}

static bool more(const Frame *fr)
{
    return fr->findings < MAX_FINDINGS && !fr->shared->stop && fr->shared->runs < fr->max_runs;
}

static void run_all(Frame *fr)
{
    uint64_t seed = fr->first;
    while (more(fr)) {
        fr->shared->done = 0;
        fr->shared->started = 0;
        fr->shared->seed = seed;
        fflush(stdout);
        pid_t pid = fork();
        if (pid < 0) {
            printf("%s: fork: %s\n", fuzzer.name, strerror(errno));
            fr->findings++;
            return;
        }
        if (!pid) {
            setpgid(0, 0);
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            worker(fr, seed);
        }
        if (watch(fr, pid)) {
            seed = fr->shared->seed;
        } else {
            seed = fr->shared->seed + 1;
            fr->shared->runs++;
        }
    }
}

static void usage(void)
{
    fprintf(stderr,
            "usage: %s [--seed N] [--runs N] [--seconds N] [-v]\n%s\n"
            "  --seed N     the first run's seed [1]; run i has seed N + i\n"
            "  --runs N     end after N runs\n"
            "  --seconds N  end after N seconds [10, if no --runs]\n"
            "  -v           show what runs do and say\n",
            fuzzer.name, fuzzer.what);
    exit(2);
}

static void parse(Frame *fr, int argc, char **argv)
{
    static const struct option options[] = {{"seed", required_argument, NULL, 's'},
                                            {"runs", required_argument, NULL, 'n'},
                                            {"seconds", required_argument, NULL, 't'},
                                            {NULL, 0, NULL, 0}};
    int c;
    fr->first = 1;
    fr->max_runs = UINT64_MAX;
    while ((c = getopt_long(argc, argv, "v", options, NULL)) != -1) {
        switch (c) {
        case 's':
            fr->first = strtoull(optarg, NULL, 0);
            break;
        case 'n':
            fr->max_runs = strtoull(optarg, NULL, 0);
            break;
        case 't':
            fr->seconds = strtoull(optarg, NULL, 0);
            break;
        case 'v':
            fr->verbose = true;
            break;
        default:
            usage();
        }
    }
    if (optind != argc) {
        usage();
    }
    if (!fr->seconds && fr->max_runs == UINT64_MAX) {
        fr->seconds = 10;
    }
}

int main(int argc, char **argv)
{
    Frame fr = {0};
    parse(&fr, argc, argv);
    fr.shared =
        mmap(NULL, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    fr.dir = g_dir_make_tmp("mimus-fuzz-XXXXXX", NULL);
    if (fr.shared == MAP_FAILED || !fr.dir) {
        fprintf(stderr, "%s: no shared memory or no temporary directory\n", fuzzer.name);
        return 2;
    }
    fr.log = g_strconcat(fr.dir, ".log", NULL);
    fr.begun = fr.told = host_ns();
    printf("%s: seeds from %" PRIu64 "\n", fuzzer.name, fr.first);
    run_all(&fr);
    printf("%s: %" PRIu64 " runs, %" PRIu64 " %s, %" PRIu64 " s: %s\n", fuzzer.name,
           fr.shared->runs, fr.shared->inputs, fuzzer.unit, (host_ns() - fr.begun) / 1000000000,
           fr.findings ? "FAILED" : "ok");
    g_remove(fr.log);
    remove_dir(fr.dir);
    g_free(fr.log);
    g_free(fr.dir);
    return fr.findings != 0;
}
