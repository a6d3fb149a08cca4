// The US keyboard: characters and keysyms -> keys, keys -> what a terminal would send.
#ifndef UI_KEYMAP_H
#define UI_KEYMAP_H

#include "ui/input.h"

// Modifiers of keymap_text.
#define KEYMAP_SHIFT 1
#define KEYMAP_CTRL  2
#define KEYMAP_ALT   4
#define KEYMAP_CAPS  8
#define KEYMAP_TEXT  8 // bytes that a key makes at most

// What the key types: a character, or the escape sequence of a VT100 with xterm's additions.
size_t keymap_text(InputKey key, unsigned modifiers, char out[KEYMAP_TEXT]);

typedef enum KeymapShift { KEYMAP_ANY, KEYMAP_WITH, KEYMAP_WITHOUT } KeymapShift;
// The key that an X keysym stands for; *shift: whether the character needs Shift held.
InputKey keymap_keysym(uint32_t keysym, KeymapShift *shift);
// A set 1 scan code; 0x80 marks those with an e0 prefix (RFB's extended key events).
InputKey keymap_scancode(uint32_t code);

#endif
