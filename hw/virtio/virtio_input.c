// Virtio keyboard, mouse and tablet (Virtio 1.2, 5.8): events and LEDs.
//
//   ui/input.h --> receiver --> FIFO, in groups that an EV_SYN ends --> event queue --> guest
//                                                  status queue <-- LEDs ---------------/
//
// What the device is, the guest reads from its configuration (virtio_input_config.c). Input goes to
// the device from DRIVER_OK on; until then another keyboard or pointer of the machine has it. A
// group is handed over as a whole, when the guest has given buffers for it.
#include "hw/virtio/virtio_input_internal.h"

#include "hw/core/machine.h"
#include "util/log.h"

#define QUEUE_SIZE 64

enum { QUEUE_EVENT, QUEUE_STATUS };

const StateField virtio_input_state_fields[] = {
    STATE_STRUCTS(VirtioInput, v, VirtioDevice, 1, virtio_state_fields),
    STATE_U8(VirtioInput, select, .keep = true),
    STATE_U8(VirtioInput, subsel, .keep = true),
    STATE_U8(VirtioInput, leds, .keep = true),
    STATE_U64_ARRAY(VirtioInput, fifo, VIRTIO_INPUT_FIFO, .keep = true),
    STATE_U32(VirtioInput, head, .keep = true),
    STATE_U32(VirtioInput, count, .keep = true),
    STATE_U32(VirtioInput, open, .keep = true),
    STATE_BOOL(VirtioInput, lost, .keep = true),
    STATE_END,
};

static VirtioInput *input_of(VirtioDevice *v)
{
    return container_of(v, VirtioInput, v);
}

// --- the event queue

// Length of the first group in the FIFO, its EV_SYN included; 0 if none is complete.
static unsigned first_group(const VirtioInput *s)
{
    for (unsigned i = 0; i < s->count - s->open; i++) {
        if ((uint16_t)s->fifo[(s->head + i) % VIRTIO_INPUT_FIFO] == EV_SYN) {
            return i + 1;
        }
    }
    return 0;
}

static bool hand_over_group(VirtioInput *s, VirtQueue *q, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (!virtqueue_pop(q, s->elem)) {
            return false;
        }
        uint64_t e = s->fifo[s->head];
        s->head = (s->head + 1) % VIRTIO_INPUT_FIFO;
        s->count--;
        virtqueue_push(q, s->elem, (uint32_t)virtelem_write(s->elem, 0, &e, sizeof e));
    }
    return true;
}

static void hand_over(VirtioInput *s)
{
    VirtQueue *q = &s->v.queue[QUEUE_EVENT];
    unsigned n;
    bool any = false;
    while (virtqueue_ready(q) && (n = first_group(s)) && virtqueue_available(q) >= n) {
        any = true;
        if (!hand_over_group(s, q, n)) {
            break;
        }
    }
    virtqueue_want_kicks(q);
    if (any) {
        virtio_notify(&s->v, q);
    }
}

// A group that does not fit is dropped whole.
static void add_event(VirtioInput *s, unsigned type, unsigned code, int32_t value)
{
    if (s->count == VIRTIO_INPUT_FIFO && !s->lost) {
        log_printf(LOG_GUEST_ERRORS, "%s: the guest takes no input, some is lost\n",
                   s->receiver.name);
        s->count -= s->open;
        s->open = 0;
        s->lost = true;
    }
    if (!s->lost) {
        uint64_t e = type | (uint64_t)code << 16 | (uint64_t)(uint32_t)value << 32;
        s->fifo[(s->head + s->count) % VIRTIO_INPUT_FIFO] = e;
        s->count++;
        s->open++;
    }
    if (type == EV_SYN) {
        s->open = 0;
        s->lost = false;
    }
}

// --- input from people

static void sync_events(VirtioInput *s)
{
    if (s->open || s->lost) {
        add_event(s, EV_SYN, 0, 0);
        hand_over(s);
    }
}

static void on_wheel(VirtioInput *s, const InputEvent *e)
{
    if (s->wheel_axis) { // up is positive here, towards the user there
        int32_t v = e->code == INPUT_AXIS_WHEEL ? (int32_t) - (uint32_t)e->value : e->value;
        add_event(s, EV_REL, virtio_input_axis_code(e->code), v);
    }
}

static void on_input(void *opaque, const InputEvent *e)
{
    VirtioInput *s = opaque;
    switch ((InputKind)e->kind) {
    case INPUT_KIND_KEY:
        if (virtio_input_key_code(e->code)) {
            add_event(s, EV_KEY, virtio_input_key_code(e->code), e->value != 0);
            sync_events(s);
        }
        break;
    case INPUT_KIND_BUTTON:
        if (e->code < INPUT_BUTTONS) {
            add_event(s, EV_KEY, virtio_input_button_code(e->code), e->value != 0);
        }
        break;
    case INPUT_KIND_REL:
        if (e->code == INPUT_AXIS_WHEEL || e->code == INPUT_AXIS_HWHEEL) {
            on_wheel(s, e);
        } else if (e->code < INPUT_AXIS_WHEEL) {
            add_event(s, EV_REL, virtio_input_axis_code(e->code), e->value);
        }
        break;
    case INPUT_KIND_ABS:
        if (e->code <= INPUT_AXIS_Y) {
            int32_t v = e->value < 0 ? 0 : MIN_OF(e->value, INPUT_ABS_MAX);
            add_event(s, EV_ABS, e->code, v);
        }
        break;
    default:
        sync_events(s);
    }
}

static void listen_or_not(VirtioInput *s)
{
    bool wanted = virtio_running(&s->v);
    if (wanted != s->listening) {
        s->listening = wanted;
        (wanted ? input_register : input_unregister)(s->v.owner->machine, &s->receiver);
    }
}

// --- the status queue

// What input_set_leds takes, from BIT(LED_*).
static unsigned leds_for_people(unsigned leds)
{
    return (leds >> LED_SCROLL & 1) | (leds >> LED_NUM & 1) << 1 | (leds >> LED_CAPS & 1) << 2;
}

static void status_event(VirtioInput *s, uint64_t e)
{
    uint16_t type = (uint16_t)e, code = (uint16_t)(e >> 16);
    if (s->kind == VIRTIO_INPUT_KEYBOARD && type == EV_LED && code <= LED_SCROLL) {
        s->leds = (uint8_t)((s->leds & ~BIT(code)) | (e >> 32 ? BIT(code) : 0));
        input_set_leds(s->v.owner->machine, leds_for_people(s->leds));
    } else if (type != EV_SYN) {
        log_printf(LOG_GUEST_ERRORS, "%s: status event of type %u, code %u\n", s->receiver.name,
                   type, code);
    }
}

static void serve_status(VirtioInput *s)
{
    VirtQueue *q = &s->v.queue[QUEUE_STATUS];
    bool any = false;
    for (unsigned budget = q->num; budget && virtqueue_pop(q, s->elem); budget--) {
        uint64_t e;
        if (virtelem_read(s->elem, 0, &e, sizeof e) == sizeof e) {
            status_event(s, e);
        }
        virtqueue_push(q, s->elem, 0);
        any = true;
    }
    virtqueue_want_kicks(q);
    if (any) {
        virtio_notify(&s->v, q);
    }
}

static void input_kick(VirtioDevice *v, unsigned queue)
{
    if (queue == QUEUE_EVENT) {
        hand_over(input_of(v));
    } else {
        serve_status(input_of(v));
    }
}

// --- the device

static void input_reset(VirtioDevice *v)
{
    VirtioInput *s = input_of(v);
    s->select = s->subsel = s->leds = 0;
    s->head = s->count = s->open = 0;
    s->lost = false;
    listen_or_not(s);
}

static void input_status_changed(VirtioDevice *v, uint8_t old)
{
    (void)old;
    listen_or_not(input_of(v));
}

static const VirtioClass input_class = {
    .name = "virtio-input",
    .id = VIRTIO_ID_INPUT,
    .modern_only = true,
    .get_config = virtio_input_get_config,
    .set_config = virtio_input_set_config,
    .reset = input_reset,
    .status_changed = input_status_changed,
    .kick = input_kick,
};

void virtio_input_init(VirtioInput *s, Device *d)
{
    static const unsigned kinds[VIRTIO_INPUT_KINDS] = {
        [VIRTIO_INPUT_KEYBOARD] = BIT(INPUT_KIND_KEY),
        [VIRTIO_INPUT_MOUSE] = BIT(INPUT_KIND_REL) | BIT(INPUT_KIND_BUTTON),
        [VIRTIO_INPUT_TABLET] = BIT(INPUT_KIND_ABS) | BIT(INPUT_KIND_BUTTON),
    };
    virtio_init(&s->v, &input_class, d, VIRTIO_INPUT_CONFIG_SIZE);
    virtio_add_queue(&s->v, QUEUE_SIZE);
    virtio_add_queue(&s->v, QUEUE_SIZE);
    s->elem = g_new(VirtElem, 1);
    s->receiver = (InputReceiver){
        .name = d->type->name,
        .kinds = kinds[s->kind],
        .wheel = s->kind == VIRTIO_INPUT_TABLET && s->wheel_axis,
        .event = on_input,
        .opaque = s,
    };
    // The hub has to be there before the machine runs.
    input_register(d->machine, &s->receiver);
    input_unregister(d->machine, &s->receiver);
}

void virtio_input_free(VirtioInput *s)
{
    if (s->listening) {
        input_unregister(s->v.owner->machine, &s->receiver);
    }
    g_free(s->elem);
}

bool virtio_input_loaded(VirtioInput *s, char **error)
{
    if (s->head >= VIRTIO_INPUT_FIFO || s->count > VIRTIO_INPUT_FIFO || s->open > s->count) {
        *error = g_strdup_printf("%s: event queue out of range", s->receiver.name);
        return false;
    }
    listen_or_not(s);
    if (s->kind == VIRTIO_INPUT_KEYBOARD && s->listening) {
        input_set_leds(s->v.owner->machine, leds_for_people(s->leds));
    }
    return true;
}
