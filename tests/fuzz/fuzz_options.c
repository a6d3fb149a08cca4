// Changed command lines. Each is given to a process of its own, which must end as a user may
// expect: the machine starts (and is stopped after some instructions, or by SIGTERM), a question is
// answered with status 0, or it is refused with status 1 and one line on stderr, after notes.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "system/options.h"
#include "tests/fuzz/images.h"
#include "util/log.h"

#define LINES       10 // a run
#define MAX_ARGS    40
#define RUN_MS      1500 // then SIGTERM
#define END_MS      15000
#define STOP_AT     "2000"
#define NOBODY      65534
#define MAX_MESSAGE 4000

// Options and their arguments; files are those of make_files. Nothing here writes outside of the
// directory, forks (-daemonize) or keeps waiting (server,wait=on).
static const char *const phrases[][2] = {
    {"-M", "virt"},
    {"-machine", "virt,gic-version=3"},
    {"-M", "virt,gic-version=max,highmem=on"},
    {"-M", "help"},
    {"-M", "virt,help"},
    {"-M", "virt,dumpdtb=out.dtb"},
    {"-M", "pc"},
    {"-M", "q35"},
    {"-M", "q35,help"},
    {"-kernel", "bzimage"},
    {"-device", "e1000,netdev=n0"},
    {"-device", "ahci,id=a0"},
    {"-boot", "order=dc,menu=on"},
    {"-cpu", "cortex-a53"},
    {"-cpu", "max,pauth=off"},
    {"-cpu", "help"},
    {"-smp", "2"},
    {"-smp", "cpus=4,sockets=1,cores=4,threads=1"},
    {"-m", "64"},
    {"-m", "size=1G"},
    {"-m", "128M,slots=2,maxmem=1G"},
    {"-accel", "jit,tb-size=4"},
    {"-accel", "interp"},
    {"-accel", "jit,one-insn-per-block=on"},
    {"-kernel", "image"},
    {"-kernel", "elf"},
    {"-initrd", "text"},
    {"-append", "console=ttyAMA0 root=/dev/vda"},
    {"-dtb", "fdt"},
    {"-bios", "firmware"},
    {"-rtc", "base=2024-02-29T12:00:00"},
    {"-rtc", "base=utc,clock=vm"},
    {"-semihosting", NULL},
    {"-semihosting-config", "enable=on,target=native,arg=a,arg=b"},
    {"-name", "guest"},
    {"-L", "."},
    {"-icount", "shift=0,sleep=off"},
    {"-icount", "shift=auto"},
    {"-icount", "off"},
    {"-S", NULL},
    {"-no-reboot", NULL},
    {"-no-shutdown", NULL},
    {"-hash-every", "500,from=100"},
    {"-dump-state", NULL},
    {"-pidfile", "pid"},
    {"-help", NULL},
    {"-version", NULL},
    {"-gdb", "tcp::0"},
    {"-gdb", "unix:gdb.sock"},
    {"-d", "in_asm,op,out_asm,int,mmu,exec,unimp,guest_errors"},
    {"-d", "help"},
    {"-D", "log"},
    {"-dfilter", "0x40000000..0x50000000,0x1000+0x20"},
    {"-dump-pass", "all"},
    {"-device", "virtio-rng-pci,addr=4,max-bytes=100"},
    {"-device", "virtio-blk-pci,drive=d0,bootindex=1,serial=abc"},
    {"-device", "virtio-blk-device,drive=d0,num-queues=4,bus=virtio-mmio-bus.3"},
    {"-device", "virtio-net-pci,netdev=n0,mac=52:54:00:12:34:56"},
    {"-device", "virtio-serial-pci,id=s0"},
    {"-device", "virtconsole,bus=s0.0,chardev=c0"},
    {"-device", "virtserialport,chardev=c0,name=org.port,nr=3"},
    {"-device", "loader,file=elf,cpu-num=0"},
    {"-device", "loader,addr=0x40000000,data=0x1122334455667788,data-len=8"},
    {"-device", "help"},
    {"-device", "virtio-net-pci,help"},
    {"-global", "virtio-mmio.force-legacy=false"},
    {"-drive", "file=disk,if=none,id=d0,format=raw,readonly=on"},
    {"-drive", "file=disk,if=virtio,index=1,cache=writeback,aio=threads,snapshot=on"},
    {"-drive", "file=firmware,if=pflash,unit=0,format=raw,readonly=on"},
    {"-drive", "if=none,driver=raw,file.filename=disk,file.locking=off,id=d0"},
    {"-hda", "disk"},
    {"-cdrom", "iso"},
    {"-pflash", "firmware"},
    {"-snapshot", NULL},
    {"-fw_cfg", "opt/org.test/a,string=hello"},
    {"-fw_cfg", "name=opt/b,file=text"},
    {"-netdev", "user,id=n0,restrict=on,net=10.0.2.0/24,dhcpstart=10.0.2.20,hostname=h"},
    {"-netdev", "user,id=n0,hostfwd=tcp:127.0.0.1:0-:22"},
    {"-nic", "user,model=virtio-net-pci,mac=52:54:00:00:00:01"},
    {"-nic", "none"},
    {"-net", "none"},
    {"-net", "nic,model=virtio"},
    {"-net", "user"},
    {"-chardev", "null,id=c0"},
    {"-chardev", "file,id=c0,path=char.log,append=on"},
    {"-chardev", "socket,id=c0,path=char.sock,server=on,wait=off"},
    {"-chardev", "socket,id=c0,host=127.0.0.1,port=0,server=on,wait=off"},
    {"-chardev", "ringbuf,id=c0,size=4096"},
    {"-chardev", "stdio,id=c0,mux=on,signal=off"},
    {"-chardev", "pty,id=c0"},
    {"-serial", "null"},
    {"-serial", "mon:stdio"},
    {"-serial", "chardev:c0"},
    {"-serial", "file:serial.log"},
    {"-serial", "tcp:127.0.0.1:1"},
    {"-monitor", "none"},
    {"-monitor", "stdio"},
    {"-nographic", NULL},
    {"-display", "none"},
    {"-vga", "none"},
    {"-nodefaults", NULL},
    {"image", NULL},
    {"disk", NULL},
};

static const char *const words[] = {",",
                                    "=",
                                    ":",
                                    "-",
                                    "on",
                                    "off",
                                    "=on",
                                    ",,",
                                    "id=",
                                    "help",
                                    "?",
                                    "0",
                                    "-1",
                                    "1",
                                    "0x",
                                    "1e9",
                                    "99999999999999999999",
                                    "K",
                                    "G",
                                    "T",
                                    "none",
                                    "file=",
                                    "virt",
                                    "d0",
                                    "n0",
                                    "c0",
                                    "s0",
                                    "../",
                                    "%s%n",
                                    "\n",
                                    "\t",
                                    "\303",
                                    "\"",
                                    "'",
                                    "\\",
                                    " ",
                                    "auto",
                                    "max",
                                    "raw",
                                    "if=",
                                    "bus=",
                                    "addr=",
                                    "image",
                                    "disk",
                                    "elf",
                                    "text",
                                    "a.b",
                                    "1.1",
                                    "0.0.0.0",
                                    "::",
                                    ".",
                                    NULL};

static const char *const programs[] = {"mimus-system-aarch64",          "mimus",
                                       "/usr/bin/mimus-system-aarch64", "qemu-system-aarch64",
                                       "mimus-system-x86_64",           "mimus-system-i386"};

typedef struct Line {
    char *arg[MAX_ARGS + 1];
    int n;
} Line;

// --- a command line

static void add(Line *l, const char *arg)
{
    if (l->n < MAX_ARGS) {
        l->arg[l->n++] = g_strdup(arg);
        l->arg[l->n] = NULL;
    }
}

static void add_phrase(Line *l, Fuzz *f)
{
    const char *const *p = FUZZ_PICK(f, phrases);
    add(l, p[0]);
    if (p[1]) {
        add(l, p[1]);
    }
}

static void change_text(Fuzz *f, Line *l)
{
    char **arg = &l->arg[1 + fuzz_below(f, (uint64_t)l->n - 1)];
    GString *s = g_string_new(*arg);
    fuzz_mutate_text(f, s, words);
    g_free(*arg);
    *arg = g_string_free(s, FALSE);
    if (strstr(*arg, "daemon") || strstr(*arg, "perfmap")) { // leaves things behind
        **arg = '\0';
    }
}

static void change_order(Fuzz *f, Line *l)
{
    unsigned a = 1 + (unsigned)fuzz_below(f, (uint64_t)l->n - 1);
    unsigned b = 1 + (unsigned)fuzz_below(f, (uint64_t)l->n - 1);
    if (fuzz_one_in(f, 2)) {
        char *t = l->arg[a];
        l->arg[a] = l->arg[b];
        l->arg[b] = t;
    } else {
        g_free(l->arg[a]);
        memmove(&l->arg[a], &l->arg[a + 1], sizeof(l->arg[0]) * (size_t)(l->n - (int)a));
        l->n--;
    }
}

static void make_line(Fuzz *f, Line *l)
{
    *l = (Line){.n = 0};
    add(l, fuzz_one_in(f, 2) ? programs[0] : FUZZ_PICK(f, programs));
    if (!fuzz_one_in(f, 16)) {
        bool pc = g_str_has_suffix(l->arg[0], "86_64") || g_str_has_suffix(l->arg[0], "i386");
        add(l, "-M");
        add(l, pc ? (fuzz_one_in(f, 2) ? "pc" : "q35") : "virt");
    }
    for (uint64_t n = 1 + fuzz_below(f, 6); n; n--) {
        add_phrase(l, f);
    }
    for (uint64_t n = fuzz_below(f, 4); n && l->n > 1; n--) {
        if (fuzz_one_in(f, 4)) {
            change_order(f, l);
        } else {
            change_text(f, l);
        }
    }
    if (!fuzz_one_in(f, 50)) {
        add(l, "-stop-at");
        add(l, STOP_AT);
    }
}

static void show(FILE *out, const Line *l)
{
    for (int i = 0; i < l->n; i++) {
        char *q = g_shell_quote(l->arg[i]);
        fprintf(out, "%s%s", i ? " " : "", q);
        g_free(q);
    }
    fprintf(out, "\n");
    fflush(out);
}

// --- running it

static void limit(int what, rlim_t n)
{
    struct rlimit r = {n, n};
    setrlimit(what, &r);
}

// As nobody where that is possible: a changed path must not hit anything.
NORETURN static void child(Line *l, const char *dir, int out, int err)
{
    Options o;
    char *error = NULL;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, UINT64_C(4) << 30); // of the code cache, above all
    signal(SIGXFSZ, SIG_IGN);
    limit(RLIMIT_CPU, 60);
    int null = open("/dev/null", O_RDONLY);
    if (chdir(dir) || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0 ||
        (!getuid() && (setgid(NOBODY) || setuid(NOBODY)))) {
        _exit(97);
    }
    options_init(&o);
    switch (options_parse(&o, l->n, l->arg, &error)) {
    case OPTIONS_DONE:
        exit(0);
    case OPTIONS_ERROR:
        die("%s", error);
    case OPTIONS_RUN:
        break;
    }
    exit(launch(&o));
}

static uint64_t host_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

// The exit status as waitpid gives it; *termed: it was asked to end.
static int wait_for(pid_t pid, bool *termed)
{
    static const struct timespec nap = {.tv_nsec = 2000000};
    uint64_t begun = host_ms();
    int status;
    *termed = false;
    while (!waitpid(pid, &status, WNOHANG)) {
        uint64_t took = host_ms() - begun;
        if (took > RUN_MS && !*termed) {
            *termed = true;
            kill(pid, SIGTERM);
        }
        if (took > RUN_MS + END_MS) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            fuzz_fail("does not end after SIGTERM");
        }
        nanosleep(&nap, NULL);
    }
    return status;
}

static char *read_back(int fd)
{
    char *text = g_malloc0(MAX_MESSAGE + 1);
    ssize_t n = pread(fd, text, MAX_MESSAGE, 0);
    text[MAX_OF(n, (ssize_t)0)] = '\0';
    return text;
}

static bool logs_to_stderr(const Line *l)
{
    for (int i = 1; i < l->n; i++) {
        const char *a = l->arg[i] + (l->arg[i][0] == '-' && l->arg[i][1] == '-');
        if (!strcmp(a, "-d") || !strcmp(a, "-dump-pass")) {
            return true;
        }
    }
    return false;
}

static void check(const Line *l, int status, bool termed, const char *err)
{
    if (WIFSIGNALED(status)) {
        if (!termed || WTERMSIG(status) != SIGTERM) {
            fuzz_fail("signal %d: %s", WTERMSIG(status), err);
        }
        return;
    }
    if (WEXITSTATUS(status) > 1) {
        fuzz_fail("status %d: %s", WEXITSTATUS(status), err);
    }
    if (WEXITSTATUS(status) == 0 || logs_to_stderr(l)) {
        return;
    }
    // What was chosen or is missing may be told before.
    unsigned lines = 0;
    const char *at = err;
    for (const char *end; (end = strchr(at, '\n')); at = end + 1, lines++) {
        if (strncmp(at, "mimus: ", 7) != 0) {
            fuzz_fail("refused, but not with lines of ours: %s", err);
        }
    }
    if (!lines || lines > 4 || *at) {
        fuzz_fail("refused, but not with one line: %s", err);
    }
}

static void one_line(Fuzz *f, const char *dir, int out, int err)
{
    Line l;
    bool termed;
    make_line(f, &l);
    if (f->verbose) {
        show(stdout, &l);
    }
    if (ftruncate(out, 0) || ftruncate(err, 0)) {
        fuzz_fail("ftruncate: %s", strerror(errno));
    }
    fflush(NULL);
    pid_t pid = fork();
    if (!pid) {
        child(&l, dir, out, err);
    }
    int status = pid > 0 ? wait_for(pid, &termed) : -1;
    char *text = read_back(err);
    if (f->verbose) {
        printf("status %x: %s\n", status, text);
    } else { // for the report, if this is one
        fprintf(stderr, "command line: ");
        show(stderr, &l);
    }
    check(&l, status, termed, text);
    g_free(text);
    for (int i = 0; i < l.n; i++) {
        g_free(l.arg[i]);
    }
    f->inputs++;
}

// --- files

static int temporary(Fuzz *f, const char *name)
{
    char *path = g_build_filename(f->dir, name, NULL);
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    g_free(path);
    if (fd < 0) {
        fuzz_fail("%s: %s", name, strerror(errno));
    }
    return fd;
}

static void make_files(Fuzz *f)
{
    for (unsigned i = 0; i < n_fuzz_images; i++) {
        GByteArray *b = fuzz_image(fuzz_images[i].name);
        g_free(fuzz_file(f, fuzz_images[i].name, b->data, b->len));
        g_byte_array_free(b, TRUE);
    }
    uint8_t *disk = g_malloc0(1 << 20);
    g_free(fuzz_file(f, "disk", disk, 1 << 20));
    g_free(disk);
    if (!getuid() && chown(f->dir, NOBODY, NOBODY)) {
        fuzz_fail("chown: %s", strerror(errno));
    }
}

static void run(Fuzz *f)
{
    make_files(f);
    int out = temporary(f, ".out"), err = temporary(f, ".err");
    for (unsigned i = 0; i < LINES; i++) {
        one_line(f, f->dir, out, err);
    }
    close(out);
    close(err);
}

const Fuzzer fuzzer = {
    .name = "fuzz_options",
    .what = "Changed command lines: they start, answer, or are refused with one line.",
    .unit = "command lines",
    .hang_seconds = 200,
    .run = run,
};
