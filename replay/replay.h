// Recording a run and replaying it.
//
//   gate, machine loop --> replay.c --> log_write.c --> file        -icount rr=record,rrfile=FILE
//                          replay.c <-- log_read.c  <-- file        -icount rr=replay,rrfile=FILE
//
// A machine is deterministic but for what comes through the gate, how long it waits for that, and
// the date at its start. A recording holds these, with the instruction count and the virtual time
// at which each was seen. A replay delivers them at the same counts; the host's input is dropped,
// and nothing waits for the host's clock. Before each input the vCPUs' state is compared, at the
// beginning and the end the whole machine's.
//
// Going back (checkpoints.h) loads a state from memory and runs on. A machine that was loaded has
// empty TLBs, and a guest may tell by old translations that it still finds. So all runs forget them
// every REPLAY_SETTLE instructions, and that is where checkpoints are made.
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include "hw/core/state.h"
#include "replay/gate.h"

#define REPLAY_SETTLE (UINT64_C(1) << 28)

typedef struct Replay Replay;
typedef enum ReplayMode { REPLAY_OFF, REPLAY_RECORD, REPLAY_PLAY } ReplayMode;

ReplayMode replay_mode(const struct Machine *m);

// Before the machine is built. False with *error, which names the file.
bool replay_open(struct Machine *m, ReplayMode mode, const char *file, char **error);
// Between that and replay_begin, for tests: instead of REPLAY_SETTLE. A replay takes its
// recording's.
void replay_set_settle(struct Machine *m, uint64_t insns);
// The date at virtual time 0 (seconds since 1970): a recording keeps it, a replay has its own.
uint64_t replay_rtc_base(struct Machine *m, uint64_t now);
// The machine is built and reset: its state goes into the recording, or must equal the recorded
// one.
bool replay_begin(struct Machine *m, char **error);
// The run is over. Returns the exit status: `status`, or 1 if the recording failed or a replay
// differs. Closes the file.
int replay_end(struct Machine *m, int status);

// --- by the gate
void replay_record_input(struct Machine *m, const GateSource *src, const void *data, size_t len);

// --- by the machine loop
// Instructions of all vCPUs at which a turn has to end: UINT64_MAX if none.
uint64_t replay_mark(const struct Machine *m);
// Between turns, in every mode: inputs that are due, the end of the recording.
void replay_between_turns(struct Machine *m);
void replay_check_break(struct Machine *m); // pauses if it is there
// The round has to be left for a moment, wherever it is.
bool replay_due(const struct Machine *m);
// Everybody waits, until deadline (virtual ns; UINT64_MAX: for ever). True in a replay: *ns is the
// time to which it was.
bool replay_wait(struct Machine *m, uint64_t deadline, uint64_t *ns);
// The wait ended before its deadline, at the machine's round_start_ns.
void replay_waited(struct Machine *m);

// --- by debuggers and monitors
// Something changed the machine that no recording knows of.
void replay_disturbed(struct Machine *m, const char *by);
// Pauses the replay at that instruction count, going back to before it if it has passed. False with
// *error: none runs, or it cannot go back so far. Between turns.
bool replay_break(struct Machine *m, uint64_t icount, char **error);
bool replay_delete_break(struct Machine *m, char **error);
// The last checkpoint at or before icount; UINT64_MAX: there is none.
uint64_t replay_checkpoint(const struct Machine *m, uint64_t icount);
// At its end the replay pauses rather than quits: somebody may want to go back.
void replay_hold(struct Machine *m, bool hold);
bool replay_holds(const struct Machine *m);

typedef struct ReplayInfo {
    ReplayMode mode;
    const char *file;    // NULL if off
    uint64_t icount;     // now
    uint64_t inputs;     // recorded or delivered so far
    uint64_t break_at;   // UINT64_MAX: none
    bool ended, differs; // the recording is at its end; the replay differs from it
    unsigned checkpoints;
    uint64_t checkpoint_bytes;
} ReplayInfo;
ReplayInfo replay_info(const struct Machine *m);

#endif
