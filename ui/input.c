// Input events: who takes them, and keys that are typed by name.
//
// The hub is a device, because what sendkey still has to press and release is part of the machine's
// state. Keys of several sendkey commands follow each other.
#include "ui/input.h"

#include <stdlib.h>
#include <string.h>

#include "hw/core/machine.h"
#include "replay/gate.h"
#include "util/log.h"

#define MAX_RECEIVERS 16
#define MAX_STEPS     256
#define NS_PER_MS     UINT64_C(1000000)

typedef struct InputHub {
    Device dev;
    const InputReceiver *receiver[MAX_RECEIVERS]; // the latest last
    unsigned n_receivers;
    GateSource events, typing;
    uint8_t leds; // derived: the keyboard's
    // --- state: a queue of key presses (bit 15 clear) and releases, each after a pause
    uint16_t step_key[MAX_STEPS], step_ms[MAX_STEPS];
    uint32_t head, count;
    Timer *timer;
} InputHub;

#define STEP_RELEASE 0x8000

static const StateField fields[] = {
    STATE_U16_ARRAY(InputHub, step_key, MAX_STEPS),
    STATE_U16_ARRAY(InputHub, step_ms, MAX_STEPS),
    STATE_U32(InputHub, head),
    STATE_U32(InputHub, count),
    STATE_TIMER(InputHub, timer),
    STATE_END,
};

static bool loaded(void *obj, char **error)
{
    const InputHub *h = obj;
    if (h->head >= MAX_STEPS || h->count > MAX_STEPS) {
        *error = g_strdup("input: queue out of range");
        return false;
    }
    return true;
}

static const StateDesc state = {"input", 1, fields, .loaded = loaded};

// --- dispatch

static bool is_pointer(const InputReceiver *r)
{
    return r->kinds & (BIT(INPUT_KIND_REL) | BIT(INPUT_KIND_ABS) | BIT(INPUT_KIND_BUTTON));
}

static bool takes(const InputReceiver *r, const InputEvent *e)
{
    bool wheel = e->kind == INPUT_KIND_REL && e->code >= INPUT_AXIS_WHEEL;
    return (r->kinds & BIT(e->kind)) || (r->wheel && wheel);
}

static void dispatch(InputHub *h, const InputEvent *e)
{
    for (unsigned i = h->n_receivers; i-- > 0;) {
        const InputReceiver *r = h->receiver[i];
        if (e->kind == INPUT_KIND_SYNC) {
            if (is_pointer(r)) {
                r->event(r->opaque, e);
            }
        } else if (takes(r, e)) {
            r->event(r->opaque, e);
            return;
        }
    }
}

static void deliver_events(void *opaque, const void *data, size_t len)
{
    const InputEvent *e = data;
    for (size_t i = 0; i < len / sizeof *e; i++) {
        if (e[i].kind < INPUT_KINDS) {
            dispatch(opaque, &e[i]);
        }
    }
}

// --- typing

static void run_steps(void *opaque)
{
    InputHub *h = opaque;
    while (h->count) {
        uint16_t key = h->step_key[h->head];
        h->head = (h->head + 1) % MAX_STEPS;
        h->count--;
        dispatch(h, &(InputEvent){INPUT_KIND_KEY, key & ~STEP_RELEASE, !(key & STEP_RELEASE)});
        if (h->count && h->step_ms[h->head]) {
            uint64_t now = clock_now(h->dev.machine->clock);
            timer_arm(h->timer, now + h->step_ms[h->head] * NS_PER_MS);
            return;
        }
    }
}

static void add_step(InputHub *h, uint16_t key, uint16_t pause_ms)
{
    unsigned at = (h->head + h->count) % MAX_STEPS;
    h->step_key[at] = key;
    h->step_ms[at] = pause_ms;
    h->count++;
}

// data: how long to hold, then the keys.
static void deliver_typing(void *opaque, const void *data, size_t len)
{
    InputHub *h = opaque;
    const uint16_t *word = data;
    if (len / sizeof *word < 2 || len / sizeof *word > 1 + INPUT_TYPE_MAX) {
        return;
    }
    unsigned n = (unsigned)(len / sizeof *word) - 1;
    bool idle = h->count == 0;
    if (MAX_STEPS - h->count < 2 * n) {
        report("sendkey: too many keys wait");
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        add_step(h, word[1 + i], i == 0 && !idle ? word[0] : 0);
    }
    for (unsigned i = n; i-- > 0;) {
        add_step(h, word[1 + i] | STEP_RELEASE, i == n - 1 ? word[0] : 0);
    }
    if (idle) {
        run_steps(h);
    }
}

// --- device

static bool realize(Device *d, char **error)
{
    InputHub *h = (InputHub *)d;
    (void)error;
    h->timer = timer_new(d->machine->clock, run_steps, h);
    h->events = (GateSource){.name = "input", .deliver = deliver_events, .opaque = h};
    h->typing = (GateSource){.name = "input-typing", .deliver = deliver_typing, .opaque = h};
    gate_add_source(gate_get(d->machine), &h->events);
    gate_add_source(gate_get(d->machine), &h->typing);
    return true;
}

static void unrealize(Device *d)
{
    timer_free(((InputHub *)d)->timer);
}

static const DeviceType input_type = {
    .name = "input",
    .desc = "keyboard and pointer input",
    .bus = "sysbus",
    .size = sizeof(InputHub),
    .state = &state,
    .realize = realize,
    .unrealize = unrealize,
};
DEVICE_TYPE(input_type);

static InputHub *hub(const Machine *m)
{
    return machine_lookup(m, "input");
}

static InputHub *make_hub(Machine *m)
{
    InputHub *h = hub(m);
    char *error = NULL;
    if (!h) {
        h = (InputHub *)device_new(&input_type, m, NULL);
        if (!device_realize(&h->dev, &error)) {
            die("%s", error);
        }
        machine_register(m, "input", h);
    }
    return h;
}

// --- receivers

void input_register(Machine *m, const InputReceiver *r)
{
    InputHub *h = make_hub(m);
    if (h->n_receivers == MAX_RECEIVERS) {
        report("%s: there are %u input devices already: it gets no input", r->name, MAX_RECEIVERS);
        return;
    }
    h->receiver[h->n_receivers++] = r;
}

void input_unregister(Machine *m, const InputReceiver *r)
{
    InputHub *h = make_hub(m);
    unsigned kept = 0;
    for (unsigned i = 0; i < h->n_receivers; i++) {
        if (h->receiver[i] != r) {
            h->receiver[kept++] = h->receiver[i];
        }
    }
    h->n_receivers = kept;
}

void input_select(Machine *m, const InputReceiver *r)
{
    input_unregister(m, r);
    input_register(m, r);
}

bool input_takes(Machine *m, InputKind kind)
{
    const InputHub *h = hub(m);
    for (unsigned i = 0; h && i < h->n_receivers; i++) {
        if (h->receiver[i]->kinds & BIT(kind)) {
            return true;
        }
    }
    return false;
}

// --- senders

void input_send(Machine *m, const InputEvent *e, unsigned n)
{
    InputHub *h = hub(m);
    if (h) {
        gate_submit(gate_get(m), &h->events, e, n * sizeof *e);
    }
}

void input_type_keys(Machine *m, const InputKey *key, unsigned n, unsigned hold_ms)
{
    InputHub *h = hub(m);
    uint16_t word[1 + INPUT_TYPE_MAX];
    if (!h || !n) {
        return;
    }
    n = MIN_OF(n, INPUT_TYPE_MAX);
    word[0] = (uint16_t)MIN_OF(hold_ms, 60000u);
    for (unsigned i = 0; i < n; i++) {
        word[1 + i] = (uint16_t)key[i];
    }
    gate_submit(gate_get(m), &h->typing, word, (1 + n) * sizeof word[0]);
}

// --- names

static const struct {
    const char *name;
    uint16_t set1;
} keys[INPUT_KEYS] = {
#define INPUT_KEY(symbol, name, evdev, set1, set2, set3) [INPUT_KEY_##symbol] = {name, set1},
#include "ui/input_keys.h"
#undef INPUT_KEY
};

static InputKey key_by_code(const char *text)
{
    char *end;
    unsigned long code = strtoul(text, &end, 16);
    if (*end || !code) {
        return INPUT_KEY_NONE;
    }
    if (code >= 0x80 && code < 0x100) {
        code = 0xe000 | (code & 0x7f);
    }
    for (unsigned i = 1; i < INPUT_KEYS; i++) {
        if (keys[i].set1 == code) {
            return (InputKey)i;
        }
    }
    return INPUT_KEY_NONE;
}

InputKey input_key_find(const char *name)
{
    for (unsigned i = 1; i < INPUT_KEYS; i++) {
        if (!strcmp(keys[i].name, name)) {
            return (InputKey)i;
        }
    }
    return !strncmp(name, "0x", 2) ? key_by_code(name) : INPUT_KEY_NONE;
}

const char *input_key_name(InputKey key)
{
    return key > INPUT_KEY_NONE && key < INPUT_KEYS ? keys[key].name : "none";
}

// --- LEDs

void input_set_leds(Machine *m, unsigned leds)
{
    InputHub *h = hub(m);
    if (h) {
        h->leds = (uint8_t)leds;
    }
}

unsigned input_leds(const Machine *m)
{
    const InputHub *h = hub(m);
    return h ? h->leds : 0;
}
