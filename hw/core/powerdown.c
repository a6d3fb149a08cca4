// The power button of a machine: a device of its own, because the press lasts a while.
#include "hw/core/powerdown.h"

#include "hw/core/machine.h"
#include "replay/gate.h"
#include "util/log.h"

#define PRESS_NS (NS_PER_SEC / 10)

typedef struct PowerButton {
    Device dev;
    bool pressed;
    Timer *release;
    IrqLine line;
    GateSource source;
} PowerButton;

static const StateField fields[] = {
    STATE_BOOL(PowerButton, pressed),
    STATE_TIMER(PowerButton, release),
    STATE_END,
};
static const StateDesc state = {"power-button", 1, fields, NULL, NULL};

static void released(void *opaque)
{
    PowerButton *s = opaque;
    s->pressed = false;
    irq_set(&s->line, false);
}

static void pressed(void *opaque, const void *data, size_t len)
{
    PowerButton *s = opaque;
    (void)data;
    (void)len;
    s->pressed = true;
    irq_set(&s->line, true);
    timer_arm(s->release, clock_now(s->dev.machine->clock) + PRESS_NS);
}

static void reset(Device *d)
{
    irq_set(&((PowerButton *)d)->line, false);
}

static bool realize(Device *d, char **error)
{
    PowerButton *s = (PowerButton *)d;
    (void)error;
    s->release = timer_new(d->machine->clock, released, s);
    s->source = (GateSource){.name = "power-button", .deliver = pressed, .opaque = s};
    gate_add_source(gate_get(d->machine), &s->source);
    return true;
}

static void unrealize(Device *d)
{
    timer_free(((PowerButton *)d)->release);
}

static const DeviceType power_button_type = {
    .name = "power-button",
    .desc = "power button on a GPIO line",
    .bus = "sysbus",
    .size = sizeof(PowerButton),
    .state = &state,
    .realize = realize,
    .reset = reset,
    .unrealize = unrealize,
};
DEVICE_TYPE(power_button_type);

void powerdown_connect(Machine *m, IrqLine line)
{
    PowerButton *s = (PowerButton *)device_new(&power_button_type, m, NULL);
    char *error = NULL;
    s->line = line;
    if (!device_realize(&s->dev, &error)) {
        die("%s", error);
    }
    machine_register(m, "power-button", s);
}

bool machine_powerdown(Machine *m)
{
    PowerButton *s = machine_lookup(m, "power-button");
    if (s) {
        gate_submit(gate_get(m), &s->source, "", 1);
        machine_event(m, &(MachineEvent){.kind = MACHINE_EVENT_POWERDOWN});
    }
    return s != NULL;
}
