// What a virtio input device is, as its configuration tells (Virtio 1.2, 5.8.4): the driver writes
// what it wants to know into select and subsel, and reads size and the answer.
#include <string.h>

#include "hw/virtio/virtio_input_internal.h"

// Offsets in the configuration, and the values of select.
enum { CFG_SELECT = 0, CFG_SUBSEL = 1, CFG_SIZE = 2, CFG_DATA = 8, CFG_DATA_MAX = 128 };
enum {
    SELECT_NAME = 0x01,
    SELECT_SERIAL = 0x02,
    SELECT_DEVIDS = 0x03,
    SELECT_PROPS = 0x10,
    SELECT_EVENTS = 0x11,
    SELECT_ABS = 0x12,
};

// Linux's codes.
enum { REL_X = 0, REL_Y = 1, REL_HWHEEL = 6, REL_WHEEL = 8, ABS_X = 0, ABS_Y = 1 };
enum { BTN_LEFT = 0x110, BTN_RIGHT, BTN_MIDDLE, BTN_SIDE, BTN_EXTRA };
#define BUS_VIRTUAL 6

// QEMU's names and ids, which guests may know.
static const struct {
    const char *name;
    uint16_t ids[4]; // bus, vendor, product, version
} identity[VIRTIO_INPUT_KINDS] = {
    [VIRTIO_INPUT_KEYBOARD] = {"QEMU Virtio Keyboard", {BUS_VIRTUAL, 0x0627, 1, 1}},
    [VIRTIO_INPUT_MOUSE] = {"QEMU Virtio Mouse", {BUS_VIRTUAL, 0x0627, 2, 2}},
    [VIRTIO_INPUT_TABLET] = {"QEMU Virtio Tablet", {BUS_VIRTUAL, 0x0627, 3, 2}},
};

static const uint16_t key_codes[INPUT_KEYS] = {
#define INPUT_KEY(symbol, name, evdev, set1, set2, set3) [INPUT_KEY_##symbol] = (evdev),
#include "ui/input_keys.h"
#undef INPUT_KEY
};

static const uint16_t button_codes[INPUT_BUTTONS] = {
    [INPUT_BUTTON_LEFT] = BTN_LEFT,   [INPUT_BUTTON_MIDDLE] = BTN_MIDDLE,
    [INPUT_BUTTON_RIGHT] = BTN_RIGHT, [INPUT_BUTTON_SIDE] = BTN_SIDE,
    [INPUT_BUTTON_EXTRA] = BTN_EXTRA,
};

static const uint16_t axis_codes[INPUT_AXES] = {
    [INPUT_AXIS_X] = REL_X,
    [INPUT_AXIS_Y] = REL_Y,
    [INPUT_AXIS_WHEEL] = REL_WHEEL,
    [INPUT_AXIS_HWHEEL] = REL_HWHEEL,
};

uint16_t virtio_input_key_code(unsigned key)
{
    return key < INPUT_KEYS ? key_codes[key] : 0;
}

uint16_t virtio_input_button_code(unsigned button)
{
    return button_codes[button];
}

uint16_t virtio_input_axis_code(unsigned axis)
{
    return axis_codes[axis];
}

// --- bitmaps

static void set_bit(uint8_t *map, unsigned bit)
{
    map[bit / 8] |= (uint8_t)(1 << bit % 8);
}

static unsigned map_size(const uint8_t *map)
{
    unsigned n = CFG_DATA_MAX;
    while (n && !map[n - 1]) {
        n--;
    }
    return n;
}

static void keys_map(const VirtioInput *s, uint8_t *map)
{
    bool keyboard = s->kind == VIRTIO_INPUT_KEYBOARD;
    const uint16_t *codes = keyboard ? key_codes : button_codes;
    for (unsigned i = 0; i < (keyboard ? (unsigned)INPUT_KEYS : (unsigned)INPUT_BUTTONS); i++) {
        if (codes[i]) {
            set_bit(map, codes[i]);
        }
    }
}

static void axes_map(const VirtioInput *s, uint8_t *map)
{
    if (s->kind == VIRTIO_INPUT_MOUSE) {
        set_bit(map, REL_X);
        set_bit(map, REL_Y);
    }
    if (s->kind != VIRTIO_INPUT_KEYBOARD && s->wheel_axis) {
        set_bit(map, REL_WHEEL);
        set_bit(map, REL_HWHEEL);
    }
}

static unsigned events_map(const VirtioInput *s, uint8_t *map)
{
    bool keyboard = s->kind == VIRTIO_INPUT_KEYBOARD, tablet = s->kind == VIRTIO_INPUT_TABLET;
    switch (s->subsel) {
    case EV_KEY:
        keys_map(s, map);
        break;
    case EV_REL:
        axes_map(s, map);
        break;
    case EV_ABS:
        map[0] = tablet ? BIT(ABS_X) | BIT(ABS_Y) : 0;
        break;
    case EV_LED:
        map[0] = keyboard ? BIT(LED_NUM) | BIT(LED_CAPS) | BIT(LED_SCROLL) : 0;
        break;
    case EV_REP: // a size says that the guest is to repeat keys; there are no codes
        return keyboard && s->repeat;
    }
    return map_size(map);
}

// --- the other answers

static unsigned text(const char *t, uint8_t *out)
{
    size_t n = t ? MIN_OF(strlen(t), (size_t)CFG_DATA_MAX) : 0;
    memcpy(out, t ? t : "", n);
    return (unsigned)n;
}

// 5.8.4: minimum, maximum, fuzz, flat, resolution.
static unsigned abs_info(const VirtioInput *s, uint8_t *out)
{
    static const uint32_t info[5] = {0, INPUT_ABS_MAX};
    if (s->kind != VIRTIO_INPUT_TABLET || s->subsel > ABS_Y) {
        return 0;
    }
    memcpy(out, info, sizeof info);
    return sizeof info;
}

static unsigned answer(const VirtioInput *s, uint8_t *out)
{
    switch (s->select) {
    case SELECT_NAME:
        return s->subsel ? 0 : text(identity[s->kind].name, out);
    case SELECT_SERIAL:
        return s->subsel ? 0 : text(s->serial, out);
    case SELECT_DEVIDS:
        memcpy(out, identity[s->kind].ids, s->subsel ? 0 : 8);
        return s->subsel ? 0 : 8;
    case SELECT_EVENTS:
        return events_map(s, out);
    case SELECT_ABS:
        return abs_info(s, out);
    default: // SELECT_PROPS: none
        return 0;
    }
}

void virtio_input_get_config(VirtioDevice *v, uint8_t *config)
{
    const VirtioInput *s = container_of(v, VirtioInput, v);
    config[CFG_SELECT] = s->select;
    config[CFG_SUBSEL] = s->subsel;
    config[CFG_SIZE] = (uint8_t)answer(s, config + CFG_DATA);
}

// Only select and subsel can be written.
void virtio_input_set_config(VirtioDevice *v, const uint8_t *config)
{
    VirtioInput *s = container_of(v, VirtioInput, v);
    s->select = config[CFG_SELECT];
    s->subsel = config[CFG_SUBSEL];
}
