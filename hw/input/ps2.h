// PS/2 keyboard and mouse, as the keyboard controller sees them: a byte at a time.
//
// What answers a command goes ahead of scan codes or packets that wait.
#ifndef HW_INPUT_PS2_H
#define HW_INPUT_PS2_H

#include "hw/core/device.h"
#include "ui/input.h"

#define PS2_QUEUE 64
#define PS2_REPLY 16

// The wire: what the device sends waits here for the controller.
typedef struct Ps2Wire {
    // --- fixed
    struct Machine *m;
    void (*ready)(void *opaque); // there is something to send
    void *opaque;
    // --- state
    uint8_t queue[PS2_QUEUE], head, count;
    uint8_t reply[PS2_REPLY], reply_head, reply_count;
    uint8_t last;    // byte sent last, for "resend"
    uint8_t command; // that waits for its argument, 0: none
} Ps2Wire;

typedef struct Ps2Keyboard {
    Ps2Wire w;
    InputReceiver receiver;
    // --- state
    uint8_t scan_set; // 1 to 3
    bool scanning;
    uint8_t leds, rate;
    uint8_t modifiers; // keys that change what others send: see ps2_keyboard.c
} Ps2Keyboard;

typedef struct Ps2Mouse {
    Ps2Wire w;
    InputReceiver receiver;
    // --- state
    bool reporting, remote, wrap, scaling;
    uint8_t resolution, rate;
    uint8_t id;       // 0: three buttons, 3: wheel, 4: five buttons
    uint8_t knock[2]; // rates set before, which switch the id
    uint8_t buttons, sent_buttons;
    uint32_t dx, dy, dz; // signed: movement since the last packet
} Ps2Mouse;

extern const StateField ps2_keyboard_state_fields[], ps2_mouse_state_fields[];

// --- both
bool ps2_has_data(const Ps2Wire *w);
uint8_t ps2_read(Ps2Wire *w); // what was sent last if there is nothing new
bool ps2_wire_loaded(const Ps2Wire *w);

// At realization: registers with the machine's input.
void ps2_keyboard_init(Ps2Keyboard *k, struct Machine *m, void (*ready)(void *), void *opaque);
void ps2_keyboard_reset(Ps2Keyboard *k);
void ps2_keyboard_write(Ps2Keyboard *k, uint8_t v);
void ps2_mouse_init(Ps2Mouse *s, struct Machine *m, void (*ready)(void *), void *opaque);
void ps2_mouse_reset(Ps2Mouse *s);
void ps2_mouse_write(Ps2Mouse *s, uint8_t v);
// The controller took a byte: movement that found no room may be sent now.
void ps2_mouse_room(Ps2Mouse *s);

// --- for the two
extern const StateField ps2_wire_fields[];
void ps2_reply(Ps2Wire *w, uint8_t v);
unsigned ps2_room(const Ps2Wire *w);
void ps2_send(Ps2Wire *w, const uint8_t *bytes, unsigned n); // n fits
void ps2_clear(Ps2Wire *w);

enum { PS2_ACK = 0xfa, PS2_RESEND = 0xfe, PS2_SELF_TEST_OK = 0xaa, PS2_ECHO = 0xee };

#endif
