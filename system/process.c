#include "system/process.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "hw/core/machine.h"
#include "util/log.h"

// --- signals

// One for each signal: glib tells a handler nothing of which it was.
#define ON_SIGNAL(fn, name)                                                                        \
    static gboolean fn(gpointer opaque)                                                            \
    {                                                                                              \
        report("ended by " name);                                                                  \
        machine_request_by(opaque, MACHINE_QUIT, 0, MACHINE_CAUSE_HOST_SIGNAL);                    \
        return G_SOURCE_CONTINUE;                                                                  \
    }
ON_SIGNAL(on_int, "SIGINT")
ON_SIGNAL(on_term, "SIGTERM")
ON_SIGNAL(on_hup, "SIGHUP")

void process_catch_signals(struct Machine *m)
{
    g_unix_signal_add(SIGINT, on_int, m);
    g_unix_signal_add(SIGTERM, on_term, m);
    g_unix_signal_add(SIGHUP, on_hup, m);
}

void process_set_name(const char *name)
{
    if (name) {
        prctl(PR_SET_NAME, name); // cut to 15 bytes
    }
}

// --- the pid file

static bool lock(int fd)
{
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(fd, F_SETLK, &l) == 0;
}

int process_write_pidfile(const char *path)
{
    char text[32];
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) {
        die("-pidfile %s: %s", path, g_strerror(errno));
    }
    if (!lock(fd)) {
        die("-pidfile %s: a process that runs has it (one machine, one file)", path);
    }
    int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) || write(fd, text, (size_t)n) != n) {
        die("-pidfile %s: %s", path, g_strerror(errno));
    }
    return fd;
}

void process_remove_pidfile(int fd, const char *path)
{
    if (fd >= 0) {
        unlink(path); // before the lock goes
        close(fd);
    }
}

// --- the background

int process_daemonize(void)
{
    int fd[2];
    char ready;
    if (pipe(fd)) {
        die("-daemonize: %s", g_strerror(errno));
    }
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        die("-daemonize: %s", g_strerror(errno));
    }
    if (pid) {
        close(fd[1]);
        _exit(read(fd[0], &ready, 1) == 1 ? 0 : 1);
    }
    close(fd[0]);
    setsid();
    return fd[1];
}

void process_daemon_ready(int fd)
{
    int null = open("/dev/null", O_RDWR);
    fflush(NULL);
    for (int i = 0; null >= 0 && i < 3; i++) {
        dup2(null, i);
    }
    if (null > 2) {
        close(null);
    }
    // Its file system can be unmounted then.
    if (chdir("/")) {
        report("-daemonize: /: %s", g_strerror(errno));
    }
    if (write(fd, "1", 1) != 1) {
        exit(1);
    }
    close(fd);
}
