// What happens to a machine as a whole, for those who watch from outside (QMP, windows).
//
//   machine loop, power button, watchdog, pvpanic -- machine_event --> listeners, in order
//
// Listeners may look and write to the host; they change nothing that the guest can see.
#ifndef HW_CORE_EVENTS_H
#define HW_CORE_EVENTS_H

#include "util/bits.h"

struct Machine;

// Who wanted a reset or the end. The names are QMP's ShutdownCause.
typedef enum MachineCause {
    MACHINE_CAUSE_NONE,
    MACHINE_CAUSE_HOST_ERROR,
    MACHINE_CAUSE_HOST_QUIT,  // "host-qmp-quit": monitor
    MACHINE_CAUSE_HOST_RESET, // "host-qmp-system-reset": monitor
    MACHINE_CAUSE_HOST_SIGNAL,
    MACHINE_CAUSE_HOST_UI, // a window, the terminal
    MACHINE_CAUSE_GUEST_SHUTDOWN,
    MACHINE_CAUSE_GUEST_RESET,
    MACHINE_CAUSE_GUEST_PANIC,
    MACHINE_CAUSES
} MachineCause;

const char *machine_cause_name(MachineCause c);
bool machine_cause_is_guest(MachineCause c);

typedef enum MachineEventKind {
    MACHINE_EVENT_STOP,           // paused
    MACHINE_EVENT_RESUME,         // runs again
    MACHINE_EVENT_RESET,          // cause
    MACHINE_EVENT_POWERDOWN,      // the power button was pressed
    MACHINE_EVENT_SHUTDOWN,       // cause; the machine ends, or pauses with -no-shutdown
    MACHINE_EVENT_WATCHDOG,       // action
    MACHINE_EVENT_GUEST_PANICKED, // action: "pause", "poweroff" or "run"
    MACHINE_EVENT_GUEST_CRASHLOADED,
    MACHINE_EVENT_RTC_CHANGE, // value: seconds that the guest's clock is ahead of -rtc
    MACHINE_EVENTS
} MachineEventKind;

typedef struct MachineEvent {
    MachineEventKind kind;
    MachineCause cause;
    const char *action;
    int64_t value;
} MachineEvent;

typedef void MachineListener(void *opaque, const MachineEvent *e);

// Listeners stay as long as the machine.
void machine_on_event(struct Machine *m, MachineListener *fn, void *opaque);
void machine_event(struct Machine *m, const MachineEvent *e);

#endif
