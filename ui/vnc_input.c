// Keys and pointers of VNC viewers.
#include "ui/vnc_internal.h"

#include "ui/keymap.h"

static bool shift_down(const Display *d)
{
    return d->pressed[INPUT_KEY_SHIFT] || d->pressed[INPUT_KEY_SHIFT_R];
}

// Ctrl-Alt-1 and so on: another console.
static bool console_key(Display *d, InputKey key, bool down)
{
    bool ctrl = d->pressed[INPUT_KEY_CTRL] || d->pressed[INPUT_KEY_CTRL_R];
    if (!down || !ctrl || !d->pressed[INPUT_KEY_ALT] || key < INPUT_KEY_D1 || key > INPUT_KEY_D9) {
        return false;
    }
    display_show(d, (unsigned)(key - INPUT_KEY_D1));
    return true;
}

static void press(VncClient *c, InputKey key, bool down)
{
    if (!console_key(c->s->d, key, down)) {
        display_key(c->s->d, key, down);
    }
}

// A viewer with another layout, or a program, sends characters without the Shift that they need
// here. Letters are left alone while the guest's Caps Lock is on.
static void add_shift(VncClient *c, KeymapShift shift, uint32_t keysym)
{
    Display *d = c->s->d;
    bool letter = (keysym | 0x20) >= 'a' && (keysym | 0x20) <= 'z';
    if (shift == KEYMAP_WITH && !shift_down(d) && !(letter && input_leds(d->m) & 4)) {
        display_key(d, INPUT_KEY_SHIFT, true);
        c->shift_held = true;
    }
}

static void drop_shift(VncClient *c)
{
    if (c->shift_held) {
        c->shift_held = false;
        display_key(c->s->d, INPUT_KEY_SHIFT, false);
    }
}

void vnc_key(VncClient *c, bool down, uint32_t keysym)
{
    KeymapShift shift;
    InputKey key = keymap_keysym(keysym, &shift);
    Display *d = c->s->d;
    if (key == INPUT_KEY_NONE) {
        return;
    }
    if (down && shift == KEYMAP_WITHOUT && shift_down(d) && keysym < 0x7f &&
        !((keysym | 0x20) >= 'a' && (keysym | 0x20) <= 'z')) { // '/' typed as Shift-7 elsewhere
        bool left = d->pressed[INPUT_KEY_SHIFT], right = d->pressed[INPUT_KEY_SHIFT_R];
        display_key(d, INPUT_KEY_SHIFT, false);
        display_key(d, INPUT_KEY_SHIFT_R, false);
        press(c, key, true);
        display_key(d, INPUT_KEY_SHIFT, left);
        display_key(d, INPUT_KEY_SHIFT_R, right);
        return;
    }
    if (down) {
        add_shift(c, shift, keysym);
    }
    press(c, key, down);
    if (!down) {
        drop_shift(c);
    }
}

void vnc_scancode(VncClient *c, bool down, uint32_t keysym, uint32_t code)
{
    InputKey key = keymap_scancode(code);
    if (key == INPUT_KEY_NONE) {
        vnc_key(c, down, keysym);
    } else {
        press(c, key, down);
    }
}

// --- pointer: buttons 1 to 3, wheel steps as buttons 4 to 7, two at the side

static void buttons(VncClient *c, unsigned now)
{
    static const InputButton map[] = {INPUT_BUTTON_LEFT, INPUT_BUTTON_MIDDLE, INPUT_BUTTON_RIGHT};
    Display *d = c->s->d;
    unsigned changed = now ^ c->buttons, pressed = changed & now;
    for (unsigned i = 0; i < ARRAY_LEN(map); i++) {
        if (changed >> i & 1) {
            display_button(d, map[i], now >> i & 1);
        }
    }
    if (changed & 0x80) {
        display_button(d, INPUT_BUTTON_SIDE, now & 0x80);
    }
    if (pressed & 0x18) {
        display_wheel(d, INPUT_AXIS_WHEEL, pressed & 8 ? -1 : 1);
    }
    if (pressed & 0x60) {
        display_wheel(d, INPUT_AXIS_HWHEEL, pressed & 0x20 ? -1 : 1);
    }
    c->buttons = now;
}

void vnc_pointer(VncClient *c, unsigned now, int x, int y)
{
    Display *d = c->s->d;
    if (!display_point(d, x, y)) {
        if (c->has & VNC_HAS_POINTER_MODE) { // movements, with 7fff for none
            display_move(d, x - 0x7fff, y - 0x7fff);
        } else if (c->pointer_known) {
            display_move(d, x - c->x, y - c->y);
        }
    }
    c->x = x;
    c->y = y;
    c->pointer_known = true;
    buttons(c, now);
}
