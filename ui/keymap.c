#include "ui/keymap.h"

#include <string.h>

typedef struct CharKey {
    InputKey key;
    char plain, shifted;
} CharKey;

static const CharKey chars[] = {
    {INPUT_KEY_GRAVE_ACCENT, '`', '~'},
    {INPUT_KEY_D1, '1', '!'},
    {INPUT_KEY_D2, '2', '@'},
    {INPUT_KEY_D3, '3', '#'},
    {INPUT_KEY_D4, '4', '$'},
    {INPUT_KEY_D5, '5', '%'},
    {INPUT_KEY_D6, '6', '^'},
    {INPUT_KEY_D7, '7', '&'},
    {INPUT_KEY_D8, '8', '*'},
    {INPUT_KEY_D9, '9', '('},
    {INPUT_KEY_D0, '0', ')'},
    {INPUT_KEY_MINUS, '-', '_'},
    {INPUT_KEY_EQUAL, '=', '+'},
    {INPUT_KEY_Q, 'q', 'Q'},
    {INPUT_KEY_W, 'w', 'W'},
    {INPUT_KEY_E, 'e', 'E'},
    {INPUT_KEY_R, 'r', 'R'},
    {INPUT_KEY_T, 't', 'T'},
    {INPUT_KEY_Y, 'y', 'Y'},
    {INPUT_KEY_U, 'u', 'U'},
    {INPUT_KEY_I, 'i', 'I'},
    {INPUT_KEY_O, 'o', 'O'},
    {INPUT_KEY_P, 'p', 'P'},
    {INPUT_KEY_BRACKET_LEFT, '[', '{'},
    {INPUT_KEY_BRACKET_RIGHT, ']', '}'},
    {INPUT_KEY_BACKSLASH, '\\', '|'},
    {INPUT_KEY_A, 'a', 'A'},
    {INPUT_KEY_S, 's', 'S'},
    {INPUT_KEY_D, 'd', 'D'},
    {INPUT_KEY_F, 'f', 'F'},
    {INPUT_KEY_G, 'g', 'G'},
    {INPUT_KEY_H, 'h', 'H'},
    {INPUT_KEY_J, 'j', 'J'},
    {INPUT_KEY_K, 'k', 'K'},
    {INPUT_KEY_L, 'l', 'L'},
    {INPUT_KEY_SEMICOLON, ';', ':'},
    {INPUT_KEY_APOSTROPHE, '\'', '"'},
    {INPUT_KEY_Z, 'z', 'Z'},
    {INPUT_KEY_X, 'x', 'X'},
    {INPUT_KEY_C, 'c', 'C'},
    {INPUT_KEY_V, 'v', 'V'},
    {INPUT_KEY_B, 'b', 'B'},
    {INPUT_KEY_N, 'n', 'N'},
    {INPUT_KEY_M, 'm', 'M'},
    {INPUT_KEY_COMMA, ',', '<'},
    {INPUT_KEY_DOT, '.', '>'},
    {INPUT_KEY_SLASH, '/', '?'},
    {INPUT_KEY_SPC, ' ', ' '},
};

// --- as text

static const struct {
    InputKey key;
    const char *text;
} sequences[] = {
    {INPUT_KEY_RET, "\r"},         {INPUT_KEY_KP_ENTER, "\r"},  {INPUT_KEY_BACKSPACE, "\177"},
    {INPUT_KEY_TAB, "\t"},         {INPUT_KEY_ESC, "\033"},     {INPUT_KEY_UP, "\033[A"},
    {INPUT_KEY_DOWN, "\033[B"},    {INPUT_KEY_RIGHT, "\033[C"}, {INPUT_KEY_LEFT, "\033[D"},
    {INPUT_KEY_HOME, "\033[H"},    {INPUT_KEY_END, "\033[F"},   {INPUT_KEY_INSERT, "\033[2~"},
    {INPUT_KEY_DELETE, "\033[3~"}, {INPUT_KEY_PGUP, "\033[5~"}, {INPUT_KEY_PGDN, "\033[6~"},
    {INPUT_KEY_F1, "\033OP"},      {INPUT_KEY_F2, "\033OQ"},    {INPUT_KEY_F3, "\033OR"},
    {INPUT_KEY_F4, "\033OS"},      {INPUT_KEY_F5, "\033[15~"},  {INPUT_KEY_F6, "\033[17~"},
    {INPUT_KEY_F7, "\033[18~"},    {INPUT_KEY_F8, "\033[19~"},  {INPUT_KEY_F9, "\033[20~"},
    {INPUT_KEY_F10, "\033[21~"},   {INPUT_KEY_F11, "\033[23~"}, {INPUT_KEY_F12, "\033[24~"},
    {INPUT_KEY_KP_DIVIDE, "/"},    {INPUT_KEY_KP_ADD, "+"},     {INPUT_KEY_KP_MULTIPLY, "*"},
    {INPUT_KEY_KP_SUBTRACT, "-"},  {INPUT_KEY_KP_0, "0"},       {INPUT_KEY_KP_1, "1"},
    {INPUT_KEY_KP_2, "2"},         {INPUT_KEY_KP_3, "3"},       {INPUT_KEY_KP_4, "4"},
    {INPUT_KEY_KP_5, "5"},         {INPUT_KEY_KP_6, "6"},       {INPUT_KEY_KP_7, "7"},
    {INPUT_KEY_KP_8, "8"},         {INPUT_KEY_KP_9, "9"},       {INPUT_KEY_KP_DECIMAL, "."},
};

static char typed_char(const CharKey *c, unsigned modifiers)
{
    bool letter = c->plain >= 'a' && c->plain <= 'z';
    bool shift = !!(modifiers & KEYMAP_SHIFT) ^ (letter && modifiers & KEYMAP_CAPS);
    char ch = shift ? c->shifted : c->plain;
    if (modifiers & KEYMAP_CTRL && (c->shifted >= '@' || c->plain >= '@' || ch == ' ')) {
        ch = c->plain >= '@' ? c->plain : c->shifted; // ^[ and ^@, whatever Shift does
        return ch == ' ' ? 0 : ch & 0x1f;
    }
    return ch;
}

size_t keymap_text(InputKey key, unsigned modifiers, char out[KEYMAP_TEXT])
{
    size_t n = 0;
    if (modifiers & KEYMAP_ALT) {
        out[n++] = '\033';
    }
    for (size_t i = 0; i < ARRAY_LEN(chars); i++) {
        if (chars[i].key == key) {
            out[n++] = typed_char(&chars[i], modifiers);
            return n;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(sequences); i++) {
        if (sequences[i].key == key) {
            size_t len = strlen(sequences[i].text);
            memcpy(out + n, sequences[i].text, len);
            return n + len;
        }
    }
    return 0;
}

// --- keysyms: X11's keysymdef.h; Latin-1 characters are their own

static const struct {
    uint16_t keysym;
    uint16_t key; // InputKey
} keysyms[] = {
    {0xff08, INPUT_KEY_BACKSPACE},  {0xff09, INPUT_KEY_TAB},        {0xff0a, INPUT_KEY_LF},
    {0xff0d, INPUT_KEY_RET},        {0xff13, INPUT_KEY_PAUSE},      {0xff14, INPUT_KEY_SCROLL_LOCK},
    {0xff15, INPUT_KEY_SYSRQ},      {0xff1b, INPUT_KEY_ESC},        {0xff20, INPUT_KEY_COMPOSE},
    {0xff50, INPUT_KEY_HOME},       {0xff51, INPUT_KEY_LEFT},       {0xff52, INPUT_KEY_UP},
    {0xff53, INPUT_KEY_RIGHT},      {0xff54, INPUT_KEY_DOWN},       {0xff55, INPUT_KEY_PGUP},
    {0xff56, INPUT_KEY_PGDN},       {0xff57, INPUT_KEY_END},        {0xff58, INPUT_KEY_HOME},
    {0xff61, INPUT_KEY_PRINT},      {0xff63, INPUT_KEY_INSERT},     {0xff65, INPUT_KEY_UNDO},
    {0xff66, INPUT_KEY_AGAIN},      {0xff67, INPUT_KEY_MENU},       {0xff68, INPUT_KEY_FIND},
    {0xff69, INPUT_KEY_STOP},       {0xff6a, INPUT_KEY_HELP},       {0xff6b, INPUT_KEY_PAUSE},
    {0xff7e, INPUT_KEY_ALT_R},      {0xff7f, INPUT_KEY_NUM_LOCK},   {0xff8d, INPUT_KEY_KP_ENTER},
    {0xff95, INPUT_KEY_KP_7},       {0xff96, INPUT_KEY_KP_4},       {0xff97, INPUT_KEY_KP_8},
    {0xff98, INPUT_KEY_KP_6},       {0xff99, INPUT_KEY_KP_2},       {0xff9a, INPUT_KEY_KP_9},
    {0xff9b, INPUT_KEY_KP_3},       {0xff9c, INPUT_KEY_KP_1},       {0xff9d, INPUT_KEY_KP_5},
    {0xff9e, INPUT_KEY_KP_0},       {0xff9f, INPUT_KEY_KP_DECIMAL}, {0xffaa, INPUT_KEY_KP_MULTIPLY},
    {0xffab, INPUT_KEY_KP_ADD},     {0xffac, INPUT_KEY_KP_COMMA},   {0xffad, INPUT_KEY_KP_SUBTRACT},
    {0xffae, INPUT_KEY_KP_DECIMAL}, {0xffaf, INPUT_KEY_KP_DIVIDE},  {0xffb0, INPUT_KEY_KP_0},
    {0xffb1, INPUT_KEY_KP_1},       {0xffb2, INPUT_KEY_KP_2},       {0xffb3, INPUT_KEY_KP_3},
    {0xffb4, INPUT_KEY_KP_4},       {0xffb5, INPUT_KEY_KP_5},       {0xffb6, INPUT_KEY_KP_6},
    {0xffb7, INPUT_KEY_KP_7},       {0xffb8, INPUT_KEY_KP_8},       {0xffb9, INPUT_KEY_KP_9},
    {0xffbd, INPUT_KEY_KP_EQUALS},  {0xffbe, INPUT_KEY_F1},         {0xffbf, INPUT_KEY_F2},
    {0xffc0, INPUT_KEY_F3},         {0xffc1, INPUT_KEY_F4},         {0xffc2, INPUT_KEY_F5},
    {0xffc3, INPUT_KEY_F6},         {0xffc4, INPUT_KEY_F7},         {0xffc5, INPUT_KEY_F8},
    {0xffc6, INPUT_KEY_F9},         {0xffc7, INPUT_KEY_F10},        {0xffc8, INPUT_KEY_F11},
    {0xffc9, INPUT_KEY_F12},        {0xffe1, INPUT_KEY_SHIFT},      {0xffe2, INPUT_KEY_SHIFT_R},
    {0xffe3, INPUT_KEY_CTRL},       {0xffe4, INPUT_KEY_CTRL_R},     {0xffe5, INPUT_KEY_CAPS_LOCK},
    {0xffe7, INPUT_KEY_META_L},     {0xffe8, INPUT_KEY_META_R},     {0xffe9, INPUT_KEY_ALT},
    {0xffea, INPUT_KEY_ALT_R},      {0xffeb, INPUT_KEY_META_L},     {0xffec, INPUT_KEY_META_R},
    {0xffff, INPUT_KEY_DELETE},     {0xfe03, INPUT_KEY_ALT_R},      {0xfe20, INPUT_KEY_TAB},
};

InputKey keymap_keysym(uint32_t keysym, KeymapShift *shift)
{
    *shift = KEYMAP_ANY;
    for (size_t i = 0; keysym < 0x7f && i < ARRAY_LEN(chars); i++) {
        const CharKey *c = &chars[i];
        if ((uint32_t)c->plain == keysym || (uint32_t)c->shifted == keysym) {
            *shift = c->plain == c->shifted           ? KEYMAP_ANY
                     : (uint32_t)c->shifted == keysym ? KEYMAP_WITH
                                                      : KEYMAP_WITHOUT;
            return c->key;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(keysyms); i++) {
        if (keysyms[i].keysym == keysym) {
            return (InputKey)keysyms[i].key;
        }
    }
    return INPUT_KEY_NONE;
}

InputKey keymap_scancode(uint32_t code)
{
    static const uint16_t set1[INPUT_KEYS] = {
#define INPUT_KEY(symbol, name, evdev, set1, set2, set3) [INPUT_KEY_##symbol] = set1,
#include "ui/input_keys.h"
#undef INPUT_KEY
    };
    if (!code || code > 0xff) {
        return INPUT_KEY_NONE;
    }
    uint16_t want = code & 0x80 ? (uint16_t)(0xe000 | (code & 0x7f)) : (uint16_t)code;
    for (unsigned i = 1; i < INPUT_KEYS; i++) {
        if (set1[i] == want) {
            return (InputKey)i;
        }
    }
    return INPUT_KEY_NONE;
}
