// The gdb server's state, shared by its files.
#ifndef GDBSTUB_INTERNAL_H
#define GDBSTUB_INTERNAL_H

#include "accel/debug.h"
#include "chardev/chardev.h"
#include "gdbstub/gdbstub.h"
#include "gdbstub/packet.h"
#include "hw/core/machine.h"

enum { GDB_SIGINT = 2, GDB_SIGTRAP = 5 };

// Errors, as E replies: Linux's numbers, which gdb does not interpret.
enum { GDB_E_NOENT = 2, GDB_E_FAULT = 14, GDB_E_INVAL = 22 };

// What is under way while the machine runs, to go back (reverse.c).
typedef struct GdbReverse {
    enum { GDB_FORWARD, GDB_SEEK, GDB_SCAN } kind;
    bool found, at_begin; // a stop was met; there is nothing before
    uint64_t from;        // instruction count at which gdb asked
    uint64_t begin, to;   // of the stretch that is run
    uint64_t hit;         // the last stop in it,
    DebugStop stop;       // and why
} GdbReverse;

typedef struct GdbServer {
    Machine *machine;
    Chardev *chardev;
    GdbParser parser;
    GByteArray *sent; // the last reply, for a NAK
    bool attached;    // gdb has spoken: the machine is under its control
    bool no_ack, no_ack_next;
    bool waiting;         // gdb let the machine run and waits for a stop reply
    bool interrupted;     // gdb sent Ctrl-C
    bool phys;            // memory packets mean physical addresses
    VCPU *reg_cpu;        // Hg: registers and memory
    VCPU *run_cpu;        // Hc: c and s; NULL: all
    unsigned next_thread; // of qsThreadInfo
    GString *xml;         // target description
    GdbReverse reverse;
} GdbServer;

// A packet's text after its name, being taken apart. Every take_ function returns false at the
// first thing that does not fit; nothing is read past end.
typedef struct GdbArgs {
    const char *p, *end;
} GdbArgs;

bool gdb_take_hex(GdbArgs *a, uint64_t *value); // one digit at least
bool gdb_take_char(GdbArgs *a, char c);
bool gdb_take_text(GdbArgs *a, const char *text);
// A thread id: -1 all and 0 any give *v NULL; else the vCPU. False: no such thread.
bool gdb_take_thread(GdbServer *g, GdbArgs *a, VCPU **v);

// --- replies (server.c). Each packet's handler sends exactly one, or lets the machine run.
void gdb_reply(GdbServer *g, const char *text);
void gdb_reply_bytes(GdbServer *g, const void *bytes, size_t len);
void gdb_reply_error(GdbServer *g, unsigned number);
void gdb_reply_stop(GdbServer *g, unsigned signal);
void gdb_resume(GdbServer *g, VCPU *step); // NULL: all run
void gdb_detach(GdbServer *g);

// --- handlers
typedef void GdbHandler(GdbServer *g, GdbArgs *a);
typedef struct GdbCommand {
    const char *name; // the packet starts with it
    GdbHandler *handle;
} GdbCommand;
// True if a row matched.
bool gdb_dispatch(GdbServer *g, const GdbCommand *table, size_t n, GdbArgs *a);
void gdb_handle_packet(GdbServer *g, const uint8_t *payload, size_t len); // commands.c
GdbHandler gdb_query, gdb_set, gdb_vcont;                                 // query.c, run.c
GdbHandler gdb_continue, gdb_step, gdb_continue_signal, gdb_step_signal;  // run.c

// reverse.c
GdbHandler gdb_reverse_step, gdb_reverse_continue;
bool gdb_can_reverse(const GdbServer *g);
bool gdb_at_end(const GdbServer *g);   // of a replay, that waits there
bool gdb_reverse_paused(GdbServer *g); // true: the pause was one on the way, and is dealt with

// target.xml of the machine's CPUs.
GString *gdb_target_xml(const TargetOps *t);
static inline unsigned gdb_thread_id(const VCPU *v)
{
    return v->index + 1;
}

#endif
