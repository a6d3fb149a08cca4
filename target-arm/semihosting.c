// Semihosting (Arm IHI 0100): HLT 0xF000 with the operation in W0 and its parameter, mostly the
// address of a block of 64-bit fields, in X1. AArch32: also SVC, and T32 has other numbers; R0, R1,
// fields of 32 bits.
//
// Guest memory is read and written without side effects: an unmapped address makes the call fail,
// never the guest or the emulator. Files of the host can be opened only below the directory that
// -semihosting-config dir= names, by relative names without symbolic links; without it only the
// console (":tt") and ":semihosting-features" open. Time is virtual. What files contain does not go
// through the gate: a guest that reads them repeats only while they stay the same.
#define _GNU_SOURCE
#include "target-arm/system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hw/core/machine.h"
#include "util/log.h"

#define MAX_HANDLES 64
#define MAX_PATH    1024
#define MAX_STRING  (1 << 20) // of one SYS_WRITE0
#define MAX_IO      (1 << 30) // of one SYS_READ or SYS_WRITE
#define CHUNK       4096
#define FAILED      UINT64_MAX

typedef enum HandleKind { HANDLE_FREE, HANDLE_FILE, HANDLE_CONSOLE, HANDLE_FEATURES } HandleKind;

typedef struct Handle {
    HandleKind kind;
    int fd;
    uint64_t pos; // in the features file
} Handle;

typedef struct ARMSemihosting {
    Handle handle[MAX_HANDLES]; // number n is the guest's n + 1
    int error;                  // SYS_ERRNO
} Semihosting;

typedef struct Call {
    ARMCPU *c;
    Semihosting *s;
    uint64_t param; // X1
    unsigned word;  // bytes of a field
    uint64_t arg[4];
} Call;

// SHFB, then a byte of feature bits: SYS_EXIT_EXTENDED works, :tt has separate stdout and stderr.
static const uint8_t features_file[] = {'S', 'H', 'F', 'B', 3};

static uint64_t fail(Call *k, int error)
{
    k->s->error = error;
    return FAILED;
}

static bool guest_read(Call *k, uint64_t va, void *buf, size_t n)
{
    return mmu_debug_access(&k->c->vcpu, va, buf, n, false);
}

static bool guest_write(Call *k, uint64_t va, const void *buf, size_t n)
{
    uint8_t copy[CHUNK];
    memcpy(copy, buf, n);
    return mmu_debug_access(&k->c->vcpu, va, copy, n, true);
}

// --- handles

static Handle *handle_of(Call *k, uint64_t number)
{
    if (number < 1 || number > MAX_HANDLES || !k->s->handle[number - 1].kind) {
        k->s->error = EBADF;
        return NULL;
    }
    return &k->s->handle[number - 1];
}

static uint64_t new_handle(Call *k, HandleKind kind, int fd)
{
    for (unsigned i = 0; i < MAX_HANDLES; i++) {
        if (!k->s->handle[i].kind) {
            k->s->handle[i] = (Handle){kind, fd, 0};
            return i + 1;
        }
    }
    if (kind == HANDLE_FILE) {
        close(fd);
    }
    return fail(k, EMFILE);
}

// --- names

// A string of the given length at va, terminated. Names with zero bytes inside are refused.
static bool read_name(Call *k, uint64_t va, uint64_t len, char *name)
{
    if (len >= MAX_PATH || !guest_read(k, va, name, len)) {
        return false;
    }
    name[len] = 0;
    return strlen(name) == len;
}

static const char *allowed_dir(const Call *k)
{
    return k->c->vcpu.machine->config.semihosting_dir;
}

// Opens the directory that a relative name lies in, step by step below the allowed one; *last is
// the final part. -1 with errno.
static int open_parent(const char *dir, char *name, char **last)
{
    int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char *rest = name;
    for (char *slash; at >= 0 && (slash = strchr(rest, '/')); rest = slash + 1) {
        *slash = 0;
        if (!*rest || !strcmp(rest, ".") || !strcmp(rest, "..")) {
            close(at);
            errno = EACCES;
            return -1;
        }
        int next = openat(at, rest, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int error = errno;
        close(at);
        errno = error;
        at = next;
    }
    if (at >= 0 && (!*rest || !strcmp(rest, ".") || !strcmp(rest, ".."))) {
        close(at);
        errno = EACCES;
        return -1;
    }
    *last = rest;
    return at;
}

static int parent_of(Call *k, char *name, char **last)
{
    if (!allowed_dir(k)) {
        log_printf(LOG_GUEST_ERRORS, "semihosting: '%s' refused: no directory is allowed\n", name);
        errno = EACCES;
        return -1;
    }
    return open_parent(allowed_dir(k), name, last);
}

// --- files

static const int open_flags[12] = {
    O_RDONLY,
    O_RDONLY,
    O_RDWR,
    O_RDWR,
    O_WRONLY | O_CREAT | O_TRUNC,
    O_WRONLY | O_CREAT | O_TRUNC,
    O_RDWR | O_CREAT | O_TRUNC,
    O_RDWR | O_CREAT | O_TRUNC,
    O_WRONLY | O_CREAT | O_APPEND,
    O_WRONLY | O_CREAT | O_APPEND,
    O_RDWR | O_CREAT | O_APPEND,
    O_RDWR | O_CREAT | O_APPEND,
};

static uint64_t open_file(Call *k, char *name, unsigned mode)
{
    char *last;
    int at = parent_of(k, name, &last);
    if (at < 0) {
        return fail(k, errno);
    }
    int fd = openat(at, last, open_flags[mode] | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    int error = errno;
    close(at);
    struct stat st;
    if (fd < 0) {
        return fail(k, error);
    }
    if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        close(fd);
        return fail(k, EACCES);
    }
    return new_handle(k, HANDLE_FILE, fd);
}

// :tt is the console: input for modes 0-3, standard output for 4-7, standard error for 8-11.
static uint64_t sys_open(Call *k)
{
    char name[MAX_PATH];
    uint64_t mode = k->arg[1];
    if (mode >= ARRAY_LEN(open_flags) || !read_name(k, k->arg[0], k->arg[2], name)) {
        return fail(k, EINVAL);
    }
    if (!strcmp(name, ":tt")) {
        return new_handle(k, HANDLE_CONSOLE,
                          mode < 4   ? -1
                          : mode < 8 ? STDOUT_FILENO
                                     : STDERR_FILENO);
    }
    if (!strcmp(name, ":semihosting-features")) {
        return mode < 2 ? new_handle(k, HANDLE_FEATURES, -1) : fail(k, EACCES);
    }
    return open_file(k, name, (unsigned)mode);
}

static uint64_t sys_close(Call *k)
{
    Handle *h = handle_of(k, k->arg[0]);
    if (!h) {
        return FAILED;
    }
    int r = h->kind == HANDLE_FILE ? close(h->fd) : 0;
    h->kind = HANDLE_FREE;
    return r ? fail(k, errno) : 0;
}

static bool write_all(int fd, const uint8_t *p, size_t n)
{
    while (n) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return false;
        }
        p += done;
        n -= (size_t)done;
    }
    return true;
}

// Returns the bytes not written.
static uint64_t sys_write(Call *k)
{
    uint8_t buf[CHUNK];
    Handle *h = handle_of(k, k->arg[0]);
    uint64_t va = k->arg[1], left = k->arg[2], end = left > MAX_IO ? left - MAX_IO : 0;
    if (!h || h->fd < 0) {
        k->s->error = EBADF;
        return left;
    }
    while (left > end) {
        size_t n = MIN_OF(left - end, (uint64_t)CHUNK);
        if (!guest_read(k, va, buf, n)) {
            k->s->error = EFAULT;
            break;
        }
        if (!write_all(h->fd, buf, n)) {
            k->s->error = errno;
            break;
        }
        va += n;
        left -= n;
    }
    return left;
}

static ssize_t read_some(Handle *h, uint8_t *buf, size_t n)
{
    if (h->kind == HANDLE_FEATURES) {
        size_t left = sizeof(features_file) - (size_t)MIN_OF(h->pos, sizeof(features_file));
        n = MIN_OF(n, left);
        memcpy(buf, features_file + sizeof(features_file) - left, n);
        h->pos += n;
        return (ssize_t)n;
    }
    return h->kind == HANDLE_CONSOLE ? 0 : read(h->fd, buf, n);
}

// Returns the bytes not read. The console has no input: it is always at its end.
static uint64_t sys_read(Call *k)
{
    uint8_t buf[CHUNK];
    Handle *h = handle_of(k, k->arg[0]);
    uint64_t va = k->arg[1], left = k->arg[2], end = left > MAX_IO ? left - MAX_IO : 0;
    while (h && left > end) {
        size_t n = MIN_OF(left - end, (uint64_t)CHUNK);
        ssize_t done = read_some(h, buf, n);
        if (done <= 0) {
            k->s->error = done < 0 ? errno : 0;
            break;
        }
        if (!guest_write(k, va, buf, (size_t)done)) {
            k->s->error = EFAULT;
            break;
        }
        va += (uint64_t)done;
        left -= (uint64_t)done;
    }
    return left;
}

static uint64_t sys_writec(Call *k)
{
    uint8_t byte;
    if (!guest_read(k, k->param, &byte, 1)) {
        return fail(k, EFAULT);
    }
    return write_all(STDERR_FILENO, &byte, 1) ? 0 : fail(k, errno);
}

static uint64_t sys_write0(Call *k)
{
    uint8_t byte;
    for (uint64_t i = 0; i < MAX_STRING; i++) {
        if (!guest_read(k, k->param + i, &byte, 1)) {
            return fail(k, EFAULT);
        }
        if (!byte) {
            break;
        }
        if (!write_all(STDERR_FILENO, &byte, 1)) {
            return fail(k, errno);
        }
    }
    return 0;
}

static uint64_t sys_readc(Call *k)
{
    log_printf(LOG_UNIMP, "semihosting SYS_READC: the console has no input\n");
    return fail(k, ENOSYS);
}

static uint64_t sys_iserror(Call *k)
{
    return (int64_t)k->arg[0] < 0 ? 1 : 0;
}

static uint64_t sys_istty(Call *k)
{
    const Handle *h = handle_of(k, k->arg[0]);
    return h ? h->kind == HANDLE_CONSOLE : FAILED;
}

static uint64_t sys_flen(Call *k)
{
    const Handle *h = handle_of(k, k->arg[0]);
    struct stat st;
    if (!h) {
        return FAILED;
    }
    if (h->kind == HANDLE_FEATURES) {
        return sizeof(features_file);
    }
    if (h->kind != HANDLE_FILE || fstat(h->fd, &st)) {
        return fail(k, EINVAL);
    }
    return (uint64_t)st.st_size;
}

static uint64_t sys_seek(Call *k)
{
    Handle *h = handle_of(k, k->arg[0]);
    if (!h) {
        return FAILED;
    }
    if (h->kind == HANDLE_FEATURES) {
        h->pos = k->arg[1];
        return 0;
    }
    if (h->kind != HANDLE_FILE || k->arg[1] > INT64_MAX ||
        lseek(h->fd, (off_t)k->arg[1], SEEK_SET) < 0) {
        return fail(k, EINVAL);
    }
    return 0;
}

static uint64_t sys_remove(Call *k)
{
    char name[MAX_PATH], *last;
    if (!read_name(k, k->arg[0], k->arg[1], name)) {
        return fail(k, EINVAL);
    }
    int at = parent_of(k, name, &last);
    if (at < 0) {
        return fail(k, errno);
    }
    int r = unlinkat(at, last, 0), error = errno;
    close(at);
    return r ? fail(k, error) : 0;
}

static uint64_t sys_rename(Call *k)
{
    char from[MAX_PATH], to[MAX_PATH], *from_last, *to_last;
    if (!read_name(k, k->arg[0], k->arg[1], from) || !read_name(k, k->arg[2], k->arg[3], to)) {
        return fail(k, EINVAL);
    }
    int a = parent_of(k, from, &from_last);
    if (a < 0) {
        return fail(k, errno);
    }
    int b = parent_of(k, to, &to_last);
    if (b < 0) {
        int error = errno;
        close(a);
        return fail(k, error);
    }
    int r = renameat(a, from_last, b, to_last), error = errno;
    close(a);
    close(b);
    return r ? fail(k, error) : 0;
}

// --- time, arguments, exit

static uint64_t now(const Call *k)
{
    return clock_now(k->c->vcpu.machine->clock);
}

static uint64_t sys_clock(Call *k)
{
    return now(k) / (NS_PER_SEC / 100);
}

static uint64_t sys_time(Call *k)
{
    return clock_rtc_base(k->c->vcpu.machine->clock) + now(k) / NS_PER_SEC;
}

static uint64_t sys_elapsed(Call *k)
{
    uint64_t ticks = now(k);
    return guest_write(k, k->param, &ticks, 8) ? 0 : fail(k, EFAULT);
}

static uint64_t sys_tickfreq(Call *k)
{
    (void)k;
    return NS_PER_SEC;
}

static uint64_t sys_errno(Call *k)
{
    return (uint64_t)k->s->error;
}

// Block: buffer, its size; the size becomes the string's length.
static uint64_t sys_get_cmdline(Call *k)
{
    const char *args = k->c->vcpu.machine->config.semihosting_args;
    const char *text = args ? args : "";
    uint64_t len = strlen(text);
    if (k->arg[1] <= len || len >= CHUNK) {
        return fail(k, E2BIG);
    }
    bool ok = guest_write(k, k->arg[0], text, len + 1) &&
              guest_write(k, k->param + k->word, &len, k->word);
    return ok ? 0 : fail(k, EFAULT);
}

// Heap base and limit, stack base and limit: zeros let the guest's library choose.
static uint64_t sys_heapinfo(Call *k)
{
    static const uint64_t zero[4] = {0, 0, 0, 0};
    return guest_write(k, k->arg[0], zero, 4u * k->word) ? 0 : fail(k, EFAULT);
}

#define ADP_APPLICATION_EXIT 0x20026

// AArch32's parameter is the reason itself.
static uint64_t sys_exit_a32(Call *k)
{
    int status = k->param == ADP_APPLICATION_EXIT ? 0 : 1;
    machine_request(k->c->vcpu.machine, MACHINE_QUIT, status);
    return 0;
}

static uint64_t sys_exit(Call *k)
{
    int status = k->arg[0] == ADP_APPLICATION_EXIT ? (int)(k->arg[1] & 0xff) : 1;
    machine_request(k->c->vcpu.machine, MACHINE_QUIT, status);
    return 0;
}

static uint64_t done_nothing(Call *k)
{
    (void)k;
    return 0;
}

// --- dispatch

typedef struct Operation {
    uint8_t number;
    uint8_t n_args; // 64-bit fields of the block at X1
    uint64_t (*fn)(Call *k);
} Operation;

static const Operation operations[] = {
    {0x01, 3, sys_open},    {0x02, 1, sys_close},       {0x03, 0, sys_writec},
    {0x04, 0, sys_write0},  {0x05, 3, sys_write},       {0x06, 3, sys_read},
    {0x07, 0, sys_readc},   {0x08, 1, sys_iserror},     {0x09, 1, sys_istty},
    {0x0a, 2, sys_seek},    {0x0c, 1, sys_flen},        {0x0e, 2, sys_remove},
    {0x0f, 4, sys_rename},  {0x10, 0, sys_clock},       {0x11, 0, sys_time},
    {0x13, 0, sys_errno},   {0x15, 2, sys_get_cmdline}, {0x16, 1, sys_heapinfo},
    {0x18, 2, sys_exit},    {0x19, 0, done_nothing},    {0x20, 2, sys_exit},
    {0x30, 0, sys_elapsed}, {0x31, 0, sys_tickfreq},
};

static const Operation *find(uint32_t number)
{
    for (unsigned i = 0; i < ARRAY_LEN(operations); i++) {
        if (operations[i].number == number) {
            return &operations[i];
        }
    }
    return NULL;
}

static bool read_block(Call *k, unsigned n)
{
    uint8_t raw[sizeof(k->arg)];
    if (n && !guest_read(k, k->param, raw, (size_t)k->word * n)) {
        return false;
    }
    for (unsigned i = 0; i < n; i++) {
        memcpy(&k->arg[i], raw + i * k->word, k->word); // arg is zero so far
    }
    return true;
}

static uint64_t run(Call *k, uint32_t number)
{
    const Operation *op = find(number);
    if (!op) {
        log_printf(LOG_UNIMP, "semihosting operation 0x%x\n", number);
        return fail(k, ENOSYS);
    }
    if (k->word == 4 && op->number == 0x18) {
        return sys_exit_a32(k);
    }
    return read_block(k, op->n_args) ? op->fn(k) : fail(k, EFAULT);
}

void arm_semihosting_call(ARMCPU *c)
{
    uint64_t *x = c->vcpu.gpr;
    bool a32 = arm_is_a32(c);
    if (!c->sys->semihosting) {
        c->sys->semihosting = g_new0(Semihosting, 1);
    }
    Call k = {.c = c, .s = c->sys->semihosting, .param = x[1], .word = a32 ? 4 : 8};
    uint64_t result = run(&k, (uint32_t)x[0]);
    x[0] = a32 ? (uint32_t)result : result;
}

void arm_semihosting_free(ARMCPU *c)
{
    Semihosting *s = c->sys->semihosting;
    for (unsigned i = 0; s && i < MAX_HANDLES; i++) {
        if (s->handle[i].kind == HANDLE_FILE) {
            close(s->handle[i].fd);
        }
    }
    g_free(s);
    c->sys->semihosting = NULL;
}
