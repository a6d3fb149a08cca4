// Keyboard and pointer input: from people (monitor, later windows and VNC) to input devices.
//
//   sendkey, window --> input_send --> gate --> receiver of that kind (the latest that registered)
//
// Keys go by QEMU's names ("ret", "ctrl", "a"); ui/input_keys.h has them all with the codes that
// keyboards give them.
#ifndef UI_INPUT_H
#define UI_INPUT_H

#include "util/bits.h"

struct Machine;

typedef enum InputKey {
    INPUT_KEY_NONE,
#define INPUT_KEY(symbol, name, evdev, set1, set2, set3) INPUT_KEY_##symbol,
#include "ui/input_keys.h"
#undef INPUT_KEY
    INPUT_KEYS
} InputKey;

typedef enum InputButton {
    INPUT_BUTTON_LEFT,
    INPUT_BUTTON_MIDDLE,
    INPUT_BUTTON_RIGHT,
    INPUT_BUTTON_SIDE,
    INPUT_BUTTON_EXTRA,
    INPUT_BUTTONS
} InputButton;

typedef enum InputKind {
    INPUT_KIND_KEY,    // code: InputKey; value: 1 pressed, 0 released
    INPUT_KIND_BUTTON, // code: InputButton; value: 1 pressed, 0 released
    INPUT_KIND_REL,    // code: InputAxis; value: movement, right and down positive
    INPUT_KIND_ABS,    // code: InputAxis; value: 0..INPUT_ABS_MAX
    INPUT_KIND_SYNC,   // what came before belongs together: pointers report it now
    INPUT_KINDS
} InputKind;

typedef enum InputAxis {
    INPUT_AXIS_X,
    INPUT_AXIS_Y,
    INPUT_AXIS_WHEEL,  // value: steps, towards the user positive
    INPUT_AXIS_HWHEEL, // value: steps, right positive
    INPUT_AXES
} InputAxis;

#define INPUT_ABS_MAX 0x7fff

typedef struct InputEvent {
    uint16_t kind; // InputKind
    uint16_t code;
    int32_t value;
} InputEvent;

typedef struct InputReceiver {
    const char *name;
    unsigned kinds; // BIT(InputKind) of those it takes; SYNC goes to all receivers of pointers
    bool wheel;     // takes the wheels although it takes no other REL (a tablet)
    void (*event)(void *opaque, const InputEvent *e);
    void *opaque;
} InputReceiver;

// For devices, at realization. The receiver has to stay. Of several that take a kind, the latest
// has it; input_select (a guest turned a tablet on) makes another one the latest.
void input_register(struct Machine *m, const InputReceiver *r);
void input_unregister(struct Machine *m, const InputReceiver *r);
void input_select(struct Machine *m, const InputReceiver *r);

// Through the gate, in order. Events of kinds that nobody takes are dropped.
void input_send(struct Machine *m, const InputEvent *e, unsigned n);
bool input_takes(struct Machine *m, InputKind kind);
// Presses keys together and releases them after hold_ms of virtual time (sendkey). At most
// INPUT_TYPE_MAX keys.
#define INPUT_TYPE_MAX 16
void input_type_keys(struct Machine *m, const InputKey *key, unsigned n, unsigned hold_ms);

// "ret", "0x1c" (a set 1 code; 0xe0xx or bit 7 for extended ones) -> key; INPUT_KEY_NONE if
// unknown.
InputKey input_key_find(const char *name);
const char *input_key_name(InputKey key);

// LEDs of the keyboard, for windows to show: bits 0 scroll, 1 num, 2 caps lock.
void input_set_leds(struct Machine *m, unsigned leds);
unsigned input_leds(const struct Machine *m);

#endif
