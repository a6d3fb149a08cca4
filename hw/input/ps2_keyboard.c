// PS/2 keyboard with 105 keys and three scan code sets (IBM PS/2 technical reference, "Keyboard").
// A key that is held sends its code again when the input side repeats it; in set 3 all keys send
// make and break codes.
#include "hw/input/ps2.h"

#include "hw/core/machine.h"
#include "util/log.h"

enum {
    CMD_LEDS = 0xed,
    CMD_ECHO = 0xee,
    CMD_SCAN_SET = 0xf0,
    CMD_ID = 0xf2,
    CMD_RATE = 0xf3,
    CMD_ENABLE = 0xf4,
    CMD_DISABLE = 0xf5,
    CMD_DEFAULTS = 0xf6,
    CMD_ALL_KEYS = 0xf7, // to 0xfa: what keys send in set 3
    CMD_ONE_KEY = 0xfb,  // to 0xfd, with keys as arguments
    CMD_RESEND = 0xfe,
    CMD_RESET = 0xff,
};

// What is held that changes what other keys send (modifiers).
enum { HELD_CTRL = 3, HELD_SHIFT = 12, HELD_ALT = 48 }; // left and right: two bits each

#define DEFAULT_RATE 0x2b // 10.9 characters a second after 500 ms

const StateField ps2_keyboard_state_fields[] = {
    STATE_STRUCTS(Ps2Keyboard, w, Ps2Wire, 1, ps2_wire_fields),
    STATE_U8(Ps2Keyboard, scan_set, .reset = 2),
    STATE_BOOL(Ps2Keyboard, scanning, .reset = 1),
    STATE_U8(Ps2Keyboard, leds),
    STATE_U8(Ps2Keyboard, rate, .reset = DEFAULT_RATE),
    STATE_U8(Ps2Keyboard, modifiers, .keep = true),
    STATE_END,
};

// --- codes

typedef struct KeyCodes {
    uint16_t set[3];
} KeyCodes;

static const KeyCodes codes[INPUT_KEYS] = {
#define INPUT_KEY(symbol, name, evdev, set1, set2, set3)                                           \
    [INPUT_KEY_##symbol] = {{set1, set2, set3}},
#include "ui/input_keys.h"
#undef INPUT_KEY
};

// Codes that are not one key's: a sequence, in sets 1 and 2 (set 3 has plain codes for all).
typedef struct Sequence {
    uint8_t n, byte[8];
} Sequence;

static const Sequence pause_make[2] = {{6, {0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5}},
                                       {8, {0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77}}};
static const Sequence break_make[2] = {{4, {0xe0, 0x46, 0xe0, 0xc6}},
                                       {5, {0xe0, 0x7e, 0xe0, 0xf0, 0x7e}}};
static const Sequence print_make[2] = {{4, {0xe0, 0x2a, 0xe0, 0x37}},
                                       {4, {0xe0, 0x12, 0xe0, 0x7c}}};
static const Sequence print_break[2] = {{4, {0xe0, 0xb7, 0xe0, 0xaa}},
                                        {6, {0xe0, 0xf0, 0x7c, 0xe0, 0xf0, 0x12}}};

static void plain(Sequence *q, unsigned set, uint16_t code, bool down)
{
    q->n = 0;
    if (code >> 8) {
        q->byte[q->n++] = (uint8_t)(code >> 8);
    }
    if (!down && set > 1) {
        q->byte[q->n++] = 0xf0;
    }
    q->byte[q->n++] = (uint8_t)(set == 1 && !down ? code | 0x80 : code);
}

// Empty if the key sends nothing.
static Sequence sequence_for(const Ps2Keyboard *k, InputKey key, bool down)
{
    unsigned set = k->scan_set;
    Sequence q = {0, {0}};
    if (set < 3 && key == INPUT_KEY_PAUSE) {
        return !down ? q : k->modifiers & HELD_CTRL ? break_make[set - 1] : pause_make[set - 1];
    }
    if (set < 3 && key == INPUT_KEY_PRINT && (k->modifiers & HELD_ALT)) {
        key = INPUT_KEY_SYSRQ;
    } else if (set < 3 && key == INPUT_KEY_PRINT && !(k->modifiers & (HELD_CTRL | HELD_SHIFT))) {
        return down ? print_make[set - 1] : print_break[set - 1];
    }
    if (codes[key].set[set - 1]) {
        plain(&q, set, codes[key].set[set - 1], down);
    }
    return q;
}

static void track_modifiers(Ps2Keyboard *k, InputKey key, bool down)
{
    static const struct {
        InputKey key;
        uint8_t bit;
    } held[] = {{INPUT_KEY_CTRL, 1},    {INPUT_KEY_CTRL_R, 2}, {INPUT_KEY_SHIFT, 4},
                {INPUT_KEY_SHIFT_R, 8}, {INPUT_KEY_ALT, 16},   {INPUT_KEY_ALT_R, 32}};
    for (size_t i = 0; i < ARRAY_LEN(held); i++) {
        if (held[i].key == key) {
            k->modifiers =
                (uint8_t)(down ? k->modifiers | held[i].bit : k->modifiers & ~held[i].bit);
        }
    }
}

// Keys that find no room are lost, as on a real keyboard, which would send an overrun code.
static void key_event(void *opaque, const InputEvent *e)
{
    Ps2Keyboard *k = opaque;
    if (e->kind != INPUT_KIND_KEY || e->code >= INPUT_KEYS) {
        return;
    }
    Sequence q = sequence_for(k, e->code, e->value);
    track_modifiers(k, e->code, e->value);
    if (k->scanning && q.n && ps2_room(&k->w) >= q.n) {
        ps2_send(&k->w, q.byte, q.n);
    }
}

// --- commands

static void defaults(Ps2Keyboard *k)
{
    k->scan_set = 2;
    k->rate = DEFAULT_RATE;
    k->w.count = 0;
}

static void set_leds(Ps2Keyboard *k, uint8_t v)
{
    k->leds = v & 7;
    input_set_leds(k->w.m, k->leds);
}

// True if v was the argument of the command before.
static bool argument(Ps2Keyboard *k, uint8_t v)
{
    uint8_t command = k->w.command;
    if (!command || v >= CMD_LEDS) { // another command instead
        k->w.command = 0;
        return false;
    }
    if (command < CMD_ONE_KEY) { // those take keys until the next command
        k->w.command = 0;
    }
    ps2_reply(&k->w, PS2_ACK);
    switch (command) {
    case CMD_LEDS:
        set_leds(k, v);
        break;
    case CMD_RATE:
        k->rate = v & 0x7f;
        break;
    case CMD_SCAN_SET:
        if (v == 0) {
            ps2_reply(&k->w, k->scan_set);
        } else if (v <= 3) {
            k->scan_set = v;
        } else {
            log_printf(LOG_GUEST_ERRORS, "ps2: keyboard: scan code set %u\n", v);
        }
        break;
    }
    return true;
}

void ps2_keyboard_write(Ps2Keyboard *k, uint8_t v)
{
    if (argument(k, v)) {
        return;
    }
    switch (v) {
    case CMD_ECHO:
        ps2_reply(&k->w, PS2_ECHO);
        return;
    case CMD_RESEND:
        ps2_reply(&k->w, k->w.last);
        return;
    case CMD_LEDS:
    case CMD_SCAN_SET:
    case CMD_RATE:
    case CMD_ONE_KEY ... CMD_ONE_KEY + 2:
        k->w.command = v;
        break;
    case CMD_ENABLE:
        k->w.count = 0;
        k->scanning = true;
        break;
    case CMD_DISABLE:
        defaults(k);
        k->scanning = false;
        break;
    case CMD_DEFAULTS:
        defaults(k);
        k->scanning = true;
        break;
    case CMD_ALL_KEYS ... CMD_ALL_KEYS + 3:
        break;
    case CMD_ID:
        ps2_reply(&k->w, PS2_ACK);
        ps2_reply(&k->w, 0xab);
        ps2_reply(&k->w, 0x83);
        return;
    case CMD_RESET:
        ps2_clear(&k->w);
        defaults(k);
        k->scanning = true;
        set_leds(k, 0);
        ps2_reply(&k->w, PS2_ACK);
        ps2_reply(&k->w, PS2_SELF_TEST_OK);
        return;
    default:
        log_printf(LOG_GUEST_ERRORS, "ps2: keyboard command 0x%02x\n", v);
        ps2_reply(&k->w, PS2_RESEND);
        return;
    }
    ps2_reply(&k->w, PS2_ACK);
}

void ps2_keyboard_reset(Ps2Keyboard *k)
{
    input_set_leds(k->w.m, 0);
}

void ps2_keyboard_init(Ps2Keyboard *k, Machine *m, void (*ready)(void *), void *opaque)
{
    k->w.m = m;
    k->w.ready = ready;
    k->w.opaque = opaque;
    k->receiver = (InputReceiver){
        .name = "ps2-kbd", .kinds = BIT(INPUT_KIND_KEY), .event = key_event, .opaque = k};
    input_register(m, &k->receiver);
}
