#include "hw/core/events.h"

#include "hw/core/machine.h"

typedef struct Listener {
    MachineListener *fn;
    void *opaque;
} Listener;

static const char *const cause_names[MACHINE_CAUSES] = {
    [MACHINE_CAUSE_NONE] = "none",
    [MACHINE_CAUSE_HOST_ERROR] = "host-error",
    [MACHINE_CAUSE_HOST_QUIT] = "host-qmp-quit",
    [MACHINE_CAUSE_HOST_RESET] = "host-qmp-system-reset",
    [MACHINE_CAUSE_HOST_SIGNAL] = "host-signal",
    [MACHINE_CAUSE_HOST_UI] = "host-ui",
    [MACHINE_CAUSE_GUEST_SHUTDOWN] = "guest-shutdown",
    [MACHINE_CAUSE_GUEST_RESET] = "guest-reset",
    [MACHINE_CAUSE_GUEST_PANIC] = "guest-panic",
};

const char *machine_cause_name(MachineCause c)
{
    return cause_names[c];
}

bool machine_cause_is_guest(MachineCause c)
{
    return c >= MACHINE_CAUSE_GUEST_SHUTDOWN;
}

void machine_on_event(Machine *m, MachineListener *fn, void *opaque)
{
    GArray *list = machine_lookup(m, "event-listeners");
    if (!list) {
        list = g_array_new(FALSE, FALSE, sizeof(Listener));
        machine_register(m, "event-listeners", list);
    }
    const Listener l = {fn, opaque};
    g_array_append_val(list, l);
}

void machine_event(Machine *m, const MachineEvent *e)
{
    const GArray *list = machine_lookup(m, "event-listeners");
    for (guint i = 0; list && i < list->len; i++) {
        const Listener *l = &g_array_index(list, Listener, i);
        l->fn(l->opaque, e);
    }
}
