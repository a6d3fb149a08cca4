// What happens when a watchdog expires.
#include "hw/watchdog/watchdog.h"

#include <string.h>

#include "hw/core/machine.h"
#include "hw/core/powerdown.h"
#include "hw/intc/apic.h"
#include "util/log.h"

typedef struct WatchdogAction {
    const char *name;
    void (*run)(Machine *m);
} WatchdogAction;

static void act_reset(Machine *m)
{
    machine_request(m, MACHINE_RESET, 0);
}

static void act_shutdown(Machine *m) // as the power button does
{
    if (!machine_powerdown(m)) {
        machine_request(m, MACHINE_SHUTDOWN, 0);
    }
}

static void act_poweroff(Machine *m)
{
    machine_request(m, MACHINE_QUIT, 0);
}

static void act_pause(Machine *m)
{
    machine_pause_for(m, MACHINE_PAUSE_WATCHDOG);
}

static void act_nothing(Machine *m)
{
    (void)m;
}

static void act_nmi(Machine *m)
{
    if (machine_lookup(m, "apics")) {
        IrqLine nmi = apic_lint1(m);
        irq_pulse(&nmi);
    }
}

// The first is the default.
static const WatchdogAction actions[] = {
    {"reset", act_reset},    {"shutdown", act_shutdown}, {"poweroff", act_poweroff},
    {"pause", act_pause},    {"debug", act_nothing},     {"none", act_nothing},
    {"inject-nmi", act_nmi},
};

bool watchdog_set_action(Machine *m, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
        if (!strcmp(actions[i].name, name)) {
            machine_register(m, "watchdog-action", (void *)&actions[i]);
            return true;
        }
    }
    return false;
}

void watchdog_expired(Machine *m, const char *device)
{
    const WatchdogAction *a = machine_lookup(m, "watchdog-action");
    a = a ? a : &actions[0];
    report("watchdog %s expired: %s", device, a->name);
    machine_event(m, &(MachineEvent){MACHINE_EVENT_WATCHDOG, .action = a->name});
    a->run(m);
}
