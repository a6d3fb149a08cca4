#include "chardev/terminal.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

// The process has one controlling terminal, and signal handlers get no pointer: like the log, this
// is state of the process, not of a machine.
typedef struct Terminal {
    volatile sig_atomic_t raw;
    int fd;
    struct termios before, during;
} Terminal;

static Terminal *terminal(void)
{
    static Terminal t;
    return &t;
}

void terminal_restore(void)
{
    Terminal *t = terminal();
    if (t->raw) {
        t->raw = 0;
        tcsetattr(t->fd, TCSANOW, &t->before);
    }
}

static void on_fatal(int sig)
{
    terminal_restore();
    raise(sig); // SA_RESETHAND: the default action now
}

// After a stop (kill -STOP, then fg) the shell has set its own modes.
static void on_continue(int sig)
{
    (void)sig;
    const Terminal *t = terminal();
    if (t->raw) {
        tcsetattr(t->fd, TCSANOW, &t->during);
    }
}

static void catch_if_default(int sig, void (*handler)(int), int flags)
{
    struct sigaction old, sa = {.sa_handler = handler, .sa_flags = flags};
    if (!sigaction(sig, NULL, &old) && old.sa_handler == SIG_DFL) {
        sigaction(sig, &sa, NULL);
    }
}

static void catch_signals(void)
{
    // Those that ask the process to end are turned into a clean stop elsewhere; until that is set
    // up they come here too.
    static const int fatal[] = {SIGABRT, SIGSEGV, SIGBUS,  SIGILL,  SIGFPE,  SIGTERM, SIGINT,
                                SIGHUP,  SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU, SIGTRAP};
    for (size_t i = 0; i < ARRAY_LEN(fatal); i++) {
        catch_if_default(fatal[i], on_fatal, SA_RESETHAND | SA_ONSTACK | SA_NODEFER);
    }
    catch_if_default(SIGCONT, on_continue, SA_RESTART | SA_ONSTACK);
}

void terminal_raw(int fd, bool signals)
{
    Terminal *t = terminal();
    if (t->raw || !isatty(fd) || tcgetattr(fd, &t->before)) {
        return;
    }
    t->fd = fd;
    t->during = t->before;
    t->during.c_iflag &=
        ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    t->during.c_oflag |= OPOST;
    t->during.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN);
    if (!signals) {
        t->during.c_lflag &= ~(tcflag_t)ISIG;
    }
    t->during.c_cflag = (t->during.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
    t->during.c_cc[VMIN] = 1;
    t->during.c_cc[VTIME] = 0;
    catch_signals();
    atexit(terminal_restore);
    t->raw = 1;
    tcsetattr(fd, TCSANOW, &t->during);
}
