// Keys and pointers of VNC viewers.
#include "ui/vnc/internal.h"

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

static void press(VncViewer *v, InputKey key, bool down)
{
    if (!console_key(v->s->d, key, down)) {
        display_key(v->s->d, key, down);
    }
}

// A viewer with another layout, or a program, sends characters without the Shift that they need
// here. Letters are left alone while the guest's Caps Lock is on.
static void add_shift(VncViewer *v, KeymapShift shift, uint32_t keysym)
{
    Display *d = v->s->d;
    bool letter = (keysym | 0x20) >= 'a' && (keysym | 0x20) <= 'z';
    if (shift == KEYMAP_WITH && !shift_down(d) && !(letter && input_leds(d->m) & 4)) {
        display_key(d, INPUT_KEY_SHIFT, true);
        v->shift_held = true;
    }
}

static void drop_shift(VncViewer *v)
{
    if (v->shift_held) {
        v->shift_held = false;
        display_key(v->s->d, INPUT_KEY_SHIFT, false);
    }
}

void vnc_key(VncViewer *v, bool down, uint32_t keysym)
{
    KeymapShift shift;
    InputKey key = keymap_keysym(keysym, &shift);
    Display *d = v->s->d;
    if (key == INPUT_KEY_NONE) {
        return;
    }
    if (down && shift == KEYMAP_WITHOUT && shift_down(d) && keysym < 0x7f &&
        !((keysym | 0x20) >= 'a' && (keysym | 0x20) <= 'z')) { // '/' typed as Shift-7 elsewhere
        bool left = d->pressed[INPUT_KEY_SHIFT], right = d->pressed[INPUT_KEY_SHIFT_R];
        display_key(d, INPUT_KEY_SHIFT, false);
        display_key(d, INPUT_KEY_SHIFT_R, false);
        press(v, key, true);
        display_key(d, INPUT_KEY_SHIFT, left);
        display_key(d, INPUT_KEY_SHIFT_R, right);
        return;
    }
    if (down) {
        add_shift(v, shift, keysym);
    }
    press(v, key, down);
    if (!down) {
        drop_shift(v);
    }
}

void vnc_scancode(VncViewer *v, bool down, uint32_t keysym, uint32_t code)
{
    InputKey key = keymap_scancode(code);
    if (key == INPUT_KEY_NONE) {
        vnc_key(v, down, keysym);
    } else {
        press(v, key, down);
    }
}

// --- pointer: buttons 1 to 3, wheel steps as buttons 4 to 7, two at the side

static void buttons(VncViewer *v, unsigned now)
{
    static const InputButton map[] = {INPUT_BUTTON_LEFT, INPUT_BUTTON_MIDDLE, INPUT_BUTTON_RIGHT};
    Display *d = v->s->d;
    unsigned changed = now ^ v->buttons, pressed = changed & now;
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
    v->buttons = now;
}

void vnc_pointer(VncViewer *v, unsigned now, int x, int y, bool movement)
{
    Display *d = v->s->d;
    if (!display_point(d, x, y)) {
        if (movement) { // with 7fff for none
            display_move(d, x - 0x7fff, y - 0x7fff);
        } else if (v->pointer_known) {
            display_move(d, x - v->x, y - v->y);
        }
    }
    v->x = x;
    v->y = y;
    v->pointer_known = true;
    buttons(v, now);
}
