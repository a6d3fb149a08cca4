// PS/2 mouse with three buttons, the wheel of the IntelliMouse and the five buttons of the
// IntelliMouse Explorer (IBM PS/2 technical reference, "Mouse"; Microsoft's IntelliMouse note).
#include "hw/input/ps2.h"

#include "hw/core/machine.h"
#include "util/log.h"

enum {
    CMD_SCALE_1 = 0xe6,
    CMD_SCALE_2 = 0xe7,
    CMD_RESOLUTION = 0xe8,
    CMD_STATUS = 0xe9,
    CMD_STREAM = 0xea,
    CMD_READ = 0xeb,
    CMD_UNWRAP = 0xec,
    CMD_WRAP = 0xee,
    CMD_REMOTE = 0xf0,
    CMD_ID = 0xf2,
    CMD_RATE = 0xf3,
    CMD_ENABLE = 0xf4,
    CMD_DISABLE = 0xf5,
    CMD_DEFAULTS = 0xf6,
    CMD_RESEND = 0xfe,
    CMD_RESET = 0xff,
};
enum {
    BUTTON_LEFT = 1,
    BUTTON_RIGHT = 2,
    BUTTON_MIDDLE = 4,
    BUTTON_SIDE = 8,
    BUTTON_EXTRA = 16,
    ID_WHEEL = 3,
    ID_BUTTONS = 4,
    PACKET_ALWAYS = 1 << 3,
    PACKET_X_NEGATIVE = 1 << 4,
    PACKET_Y_NEGATIVE = 1 << 5,
    STATUS_SCALING = 1 << 4,
    STATUS_ENABLED = 1 << 5,
    STATUS_REMOTE = 1 << 6,
};

const StateField ps2_mouse_state_fields[] = {
    STATE_STRUCTS(Ps2Mouse, w, Ps2Wire, 1, ps2_wire_fields),
    STATE_BOOL(Ps2Mouse, reporting),
    STATE_BOOL(Ps2Mouse, remote),
    STATE_BOOL(Ps2Mouse, wrap),
    STATE_BOOL(Ps2Mouse, scaling),
    STATE_U8(Ps2Mouse, resolution, .reset = 2),
    STATE_U8(Ps2Mouse, rate, .reset = 100),
    STATE_U8(Ps2Mouse, id),
    STATE_U8_ARRAY(Ps2Mouse, knock, 2),
    STATE_U8(Ps2Mouse, buttons, .keep = true),
    STATE_U8(Ps2Mouse, sent_buttons),
    STATE_U32(Ps2Mouse, dx),
    STATE_U32(Ps2Mouse, dy),
    STATE_U32(Ps2Mouse, dz),
    STATE_END,
};

// --- packets

// Takes up to 9 bits (signed) of what has gathered.
static int take(uint32_t *sum, int low, int high)
{
    int v = (int32_t)*sum;
    v = v < low ? low : v > high ? high : v;
    *sum -= (uint32_t)v;
    return v;
}

// 2:1 scaling (stream mode only): small steps stay small, large ones double.
static int scaled(const Ps2Mouse *s, int v)
{
    static const int8_t small[6] = {0, 1, 1, 3, 6, 9};
    int size = v < 0 ? -v : v;
    if (!s->scaling || s->remote) {
        return v;
    }
    size = size < 6 ? small[size] : 2 * size;
    size = size > 255 ? 255 : size;
    return v < 0 ? -size : size;
}

static unsigned packet_len(const Ps2Mouse *s)
{
    return s->id ? 4 : 3;
}

static void make_packet(Ps2Mouse *s, uint8_t p[4])
{
    int dx = scaled(s, take(&s->dx, -255, 255)), dy = scaled(s, take(&s->dy, -255, 255));
    p[0] = (uint8_t)((s->buttons & 7) | PACKET_ALWAYS | (dx < 0 ? PACKET_X_NEGATIVE : 0) |
                     (dy < 0 ? PACKET_Y_NEGATIVE : 0));
    p[1] = (uint8_t)dx;
    p[2] = (uint8_t)dy;
    p[3] = 0;
    if (s->id == ID_WHEEL) {
        p[3] = (uint8_t)take(&s->dz, -127, 127);
    } else if (s->id == ID_BUTTONS) {
        p[3] = (uint8_t)((take(&s->dz, -7, 7) & 15) | (s->buttons & (BUTTON_SIDE | BUTTON_EXTRA))
                                                          << 1);
    } else {
        s->dz = 0;
    }
    s->sent_buttons = s->buttons;
}

static bool changed(const Ps2Mouse *s)
{
    return s->dx || s->dy || s->dz || s->buttons != s->sent_buttons;
}

void ps2_mouse_room(Ps2Mouse *s)
{
    uint8_t p[4];
    while (s->reporting && !s->remote && changed(s) && ps2_room(&s->w) >= 2 * packet_len(s)) {
        make_packet(s, p);
        ps2_send(&s->w, p, packet_len(s));
    }
}

static void press(Ps2Mouse *s, unsigned button, bool down)
{
    static const uint8_t bits[INPUT_BUTTONS] = {
        [INPUT_BUTTON_LEFT] = BUTTON_LEFT,   [INPUT_BUTTON_MIDDLE] = BUTTON_MIDDLE,
        [INPUT_BUTTON_RIGHT] = BUTTON_RIGHT, [INPUT_BUTTON_SIDE] = BUTTON_SIDE,
        [INPUT_BUTTON_EXTRA] = BUTTON_EXTRA,
    };
    if (button < INPUT_BUTTONS) {
        s->buttons = (uint8_t)(down ? s->buttons | bits[button] : s->buttons & ~bits[button]);
    }
}

static void add(uint32_t *sum, int64_t v)
{
    int64_t n = (int32_t)*sum + v;
    *sum = (uint32_t)(int32_t)(n < -4096 ? -4096 : n > 4096 ? 4096 : n); // nobody reads it
}

static void pointer_event(void *opaque, const InputEvent *e)
{
    Ps2Mouse *s = opaque;
    if (e->kind == INPUT_KIND_SYNC) {
        ps2_mouse_room(s);
    } else if (e->kind == INPUT_KIND_BUTTON) {
        press(s, e->code, e->value);
    } else if (s->reporting || s->remote) {
        switch (e->code) {
        case INPUT_AXIS_X:
            add(&s->dx, e->value);
            break;
        case INPUT_AXIS_Y: // up is positive for a mouse
            add(&s->dy, -(int64_t)e->value);
            break;
        case INPUT_AXIS_WHEEL:
            add(&s->dz, e->value);
            break;
        }
    }
}

// --- commands

static void defaults(Ps2Mouse *s)
{
    s->rate = 100;
    s->resolution = 2;
    s->reporting = s->remote = s->scaling = false;
    s->dx = s->dy = s->dz = 0;
    s->w.count = 0;
}

static void set_rate(Ps2Mouse *s, uint8_t v)
{
    if (s->knock[0] == 200 && s->knock[1] == 100 && v == 80) {
        s->id = ID_WHEEL;
    } else if (s->knock[0] == 200 && s->knock[1] == 200 && v == 80) {
        s->id = ID_BUTTONS;
    }
    s->knock[0] = s->knock[1];
    s->knock[1] = v;
    s->rate = v;
}

static void send_status(Ps2Mouse *s)
{
    bool left = s->buttons & BUTTON_LEFT, right = s->buttons & BUTTON_RIGHT,
         middle = s->buttons & BUTTON_MIDDLE;
    ps2_reply(&s->w,
              (uint8_t)((s->remote ? STATUS_REMOTE : 0) | (s->reporting ? STATUS_ENABLED : 0) |
                        (s->scaling ? STATUS_SCALING : 0) | left << 2 | middle << 1 | right));
    ps2_reply(&s->w, s->resolution);
    ps2_reply(&s->w, s->rate);
}

static void reply_packet(Ps2Mouse *s)
{
    uint8_t p[4];
    make_packet(s, p);
    for (unsigned i = 0; i < packet_len(s); i++) {
        ps2_reply(&s->w, p[i]);
    }
}

static bool argument(Ps2Mouse *s, uint8_t v)
{
    uint8_t command = s->w.command;
    s->w.command = 0;
    if (!command || v == CMD_RESET) {
        return false;
    }
    ps2_reply(&s->w, PS2_ACK);
    if (command == CMD_RATE) {
        set_rate(s, v);
    } else {
        s->resolution = v & 3;
    }
    return true;
}

// Commands without argument: true if it was one.
static bool command(Ps2Mouse *s, uint8_t v)
{
    switch (v) {
    case CMD_SCALE_1:
    case CMD_SCALE_2:
        s->scaling = v == CMD_SCALE_2;
        break;
    case CMD_RESOLUTION:
    case CMD_RATE:
        s->w.command = v;
        break;
    case CMD_STREAM:
    case CMD_REMOTE:
        s->remote = v == CMD_REMOTE;
        break;
    case CMD_WRAP:
    case CMD_UNWRAP:
        s->wrap = v == CMD_WRAP;
        break;
    case CMD_ENABLE:
    case CMD_DISABLE:
        s->reporting = v == CMD_ENABLE;
        break;
    case CMD_DEFAULTS:
        defaults(s);
        break;
    case CMD_STATUS:
    case CMD_READ:
    case CMD_ID:
        break;
    case CMD_RESET:
        ps2_clear(&s->w);
        defaults(s);
        s->id = 0;
        break;
    default:
        return false;
    }
    return true;
}

void ps2_mouse_write(Ps2Mouse *s, uint8_t v)
{
    if (s->wrap && v != CMD_RESET && v != CMD_UNWRAP) { // it echoes
        ps2_reply(&s->w, v);
        return;
    }
    s->wrap = false;
    if (argument(s, v)) {
        return;
    }
    if (v == CMD_RESEND) {
        ps2_reply(&s->w, s->w.last);
        return;
    }
    if (!command(s, v)) {
        log_printf(LOG_GUEST_ERRORS, "ps2: mouse command 0x%02x\n", v);
        ps2_reply(&s->w, PS2_RESEND);
        return;
    }
    ps2_reply(&s->w, PS2_ACK);
    if (v == CMD_STATUS) {
        send_status(s);
    } else if (v == CMD_READ) {
        reply_packet(s);
    } else if (v == CMD_ID) {
        ps2_reply(&s->w, s->id);
    } else if (v == CMD_RESET) {
        ps2_reply(&s->w, PS2_SELF_TEST_OK);
        ps2_reply(&s->w, s->id);
    }
}

void ps2_mouse_reset(Ps2Mouse *s)
{
    s->sent_buttons = s->buttons;
}

void ps2_mouse_init(Ps2Mouse *s, Machine *m, void (*ready)(void *), void *opaque)
{
    s->w.m = m;
    s->w.ready = ready;
    s->w.opaque = opaque;
    s->receiver = (InputReceiver){
        .name = "ps2-mouse",
        .kinds = BIT(INPUT_KIND_REL) | BIT(INPUT_KIND_BUTTON) | BIT(INPUT_KIND_SYNC),
        .event = pointer_event,
        .opaque = s,
    };
    input_register(m, &s->receiver);
}
