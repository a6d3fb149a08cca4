// What the host's process does besides running a machine: background, pid file, signals, its name.
#ifndef SYSTEM_PROCESS_H
#define SYSTEM_PROCESS_H

struct Machine;

// Each dies with one line if it fails.
// Forks; the parent waits and leaves with status 0 once the child calls process_daemon_ready with
// the descriptor that this returns, and with 1 if the child ends before.
int process_daemonize(void);
void process_daemon_ready(int fd);
// The file is locked while the process lives: a second one that wants it fails.
int process_write_pidfile(const char *path);
void process_remove_pidfile(int fd, const char *path); // fd -1: there is none
// SIGINT, SIGTERM and SIGHUP end the machine in good order.
void process_catch_signals(struct Machine *m);
void process_set_name(const char *name); // as ps and top show it; NULL: stays

#endif
