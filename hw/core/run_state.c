// What a machine should do next, and who may ask for it.
//
//   RUNNING --pause--> PAUSED --continue--> RUNNING       listeners: STOP, RESUME
//   RUNNING --reset--> (machine loop resets) --> RUNNING  RESET
//   any     --shutdown, quit--> the loop ends             SHUTDOWN
//
// A request from inside a turn takes effect at its end; one from between turns at once.
#include "hw/core/run_state.h"

#include "hw/core/machine.h"
#include "replay/gate.h"

static const char *const pause_names[MACHINE_PAUSES] = {
    [MACHINE_PAUSE_USER] = "paused",
    [MACHINE_PAUSE_PRELAUNCH] = "prelaunch",
    [MACHINE_PAUSE_DEBUG] = "debug",
    [MACHINE_PAUSE_SHUTDOWN] = "shutdown",
    [MACHINE_PAUSE_PANICKED] = "guest-panicked",
    [MACHINE_PAUSE_WATCHDOG] = "watchdog",
};

const char *machine_run_state(const Machine *m)
{
    if (m->stop == MACHINE_PAUSED) {
        return pause_names[m->pause];
    }
    return m->stop == MACHINE_SHUTDOWN || m->stop == MACHINE_QUIT ? "shutdown" : "running";
}

bool machine_needs_reset(const Machine *m)
{
    return m->stop == MACHINE_PAUSED && m->pause == MACHINE_PAUSE_SHUTDOWN;
}

void machine_request_by(Machine *m, MachineStop what, int exit_status, MachineCause cause)
{
    if (m->stop == MACHINE_QUIT || (m->stop != MACHINE_RUNNING && what == MACHINE_PAUSED)) {
        return;
    }
    m->stop = what;
    m->exit_status = exit_status;
    m->cause = cause;
    if (m->current) {
        vcpu_kick(m->current);
    }
}

void machine_request(Machine *m, MachineStop what, int exit_status)
{
    machine_request_by(m, what, exit_status,
                       what == MACHINE_RESET ? MACHINE_CAUSE_GUEST_RESET
                                             : MACHINE_CAUSE_GUEST_SHUTDOWN);
}

// --- pauses

void machine_tell_paused(Machine *m)
{
    if (!m->pause_told) {
        m->pause_told = true;
        machine_event(m, &(MachineEvent){.kind = MACHINE_EVENT_STOP});
    }
}

void machine_pause_for(Machine *m, MachinePause why)
{
    if (m->stop != MACHINE_RUNNING) {
        return;
    }
    machine_request(m, MACHINE_PAUSED, 0);
    m->pause = why;
    m->pause_told = why == MACHINE_PAUSE_PRELAUNCH; // it never ran: nothing stopped
    if (!m->current) {
        machine_tell_paused(m);
    }
}

void machine_pause(Machine *m)
{
    machine_pause_for(m, MACHINE_PAUSE_USER);
}

void machine_continue(Machine *m)
{
    if (m->stop == MACHINE_PAUSED) {
        m->stop = MACHINE_RUNNING;
        if (m->pause_told) {
            machine_event(m, &(MachineEvent){.kind = MACHINE_EVENT_RESUME});
        }
        m->pause_told = false;
    }
}

// --- reset button and panic

typedef struct ResetButton {
    GateSource source;
    Machine *machine;
} ResetButton;

// data: the cause, and whether the machine was paused.
static void button_pressed(void *opaque, const void *data, size_t len)
{
    const ResetButton *b = opaque;
    const uint8_t *press = data;
    if (len != 2 || press[0] >= MACHINE_CAUSES) {
        return;
    }
    if (!press[1]) {
        machine_request_by(b->machine, MACHINE_RESET, 0, (MachineCause)press[0]);
        return;
    }
    machine_reset(b->machine);
    machine_event(b->machine,
                  &(MachineEvent){.kind = MACHINE_EVENT_RESET, .cause = (MachineCause)press[0]});
}

void machine_add_reset_button(Machine *m)
{
    ResetButton *b = g_new(ResetButton, 1);
    *b = (ResetButton){{.name = "reset-button", .deliver = button_pressed, .opaque = b}, m};
    machine_register(m, "reset-button", b);
    gate_add_source(gate_get(m), &b->source);
}

void machine_reset_button(Machine *m, MachineCause cause)
{
    ResetButton *b = machine_lookup(m, "reset-button");
    bool paused = m->stop == MACHINE_PAUSED;
    const uint8_t press[2] = {(uint8_t)cause, paused};
    if (!gate_submit(gate_get(m), &b->source, press, sizeof press) || !paused) {
        return;
    }
    gate_deliver(gate_get(m)); // the machine loop stands still: now is between two turns
    m->pause = m->pause == MACHINE_PAUSE_SHUTDOWN ? MACHINE_PAUSE_USER : m->pause;
}

void machine_panicked(Machine *m)
{
    MachinePanicAction action = m->config.panic_action;
    bool end = action == MACHINE_PANIC_SHUTDOWN || action == MACHINE_PANIC_EXIT_FAILURE;
    bool pause = action == MACHINE_PANIC_PAUSE ||
                 (action == MACHINE_PANIC_SHUTDOWN && m->config.no_shutdown);
    machine_event(m, &(MachineEvent){.kind = MACHINE_EVENT_GUEST_PANICKED,
                                     .action = pause ? "pause"
                                               : end ? "poweroff"
                                                     : "run"});
    if (pause) {
        machine_pause_for(m, MACHINE_PAUSE_PANICKED);
    } else if (end) {
        machine_request_by(m, MACHINE_SHUTDOWN, action == MACHINE_PANIC_EXIT_FAILURE,
                           MACHINE_CAUSE_GUEST_PANIC);
    }
}
