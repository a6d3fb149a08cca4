// Monitor commands that press keys and move the pointer.
#include <stdlib.h>
#include <string.h>

#include "monitor/commands.h"
#include "ui/input.h"
#include "util/nearest.h"

#define DEFAULT_HOLD_MS 100
#define MAX_HOLD_MS     60000

static bool number(const char *text, long low, long high, long *out)
{
    char *end;
    *out = strtol(text, &end, 0);
    return *text && !*end && *out >= low && *out <= high;
}

static void tell_wrong_key(const char *name, bool unknown, GString *out)
{
    Nearest n;
    nearest_init(&n, name);
    for (int k = 1; k < INPUT_KEYS; k++) {
        nearest_add(&n, input_key_name((InputKey)k));
    }
    char *hint = nearest_hint(&n);
    if (unknown) {
        g_string_append_printf(out,
                               "sendkey: no key '%s'%s; keys are a, 1, f1, ret, spc, ctrl, shift "
                               "and so on, joined by '-'\n",
                               name, hint);
    } else {
        g_string_append_printf(out, "sendkey: '%s': at most %d keys at once\n", name,
                               INPUT_TYPE_MAX);
    }
    g_free(hint);
}

// sendkey ctrl-alt-delete [MS]. A key's own name has no dash in it; "-" alone is "minus".
void monitor_sendkey(Machine *m, int argc, char **argv, GString *out)
{
    long hold = DEFAULT_HOLD_MS;
    InputKey key[INPUT_TYPE_MAX];
    unsigned n = 0;
    if (argc < 2 || argc > 3) {
        monitor_usage(argv[0], out);
        return;
    }
    if (argc == 3 && !number(argv[2], 1, MAX_HOLD_MS, &hold)) {
        g_string_append_printf(out, "sendkey: '%s': 1 to %d milliseconds are expected\n", argv[2],
                               MAX_HOLD_MS);
        return;
    }
    if (!input_takes(m, INPUT_KIND_KEY)) {
        g_string_append(out, "sendkey: this machine has no keyboard\n");
        return;
    }
    char **names = g_strsplit(argv[1], "-", 0);
    for (unsigned i = 0; names[i]; i++) {
        InputKey k = input_key_find(names[i]);
        if (k == INPUT_KEY_NONE || n == INPUT_TYPE_MAX) {
            tell_wrong_key(names[i], k == INPUT_KEY_NONE, out);
            g_strfreev(names);
            return;
        }
        key[n++] = k;
    }
    g_strfreev(names);
    input_type_keys(m, key, n, (unsigned)hold);
}

void monitor_mouse_move(Machine *m, int argc, char **argv, GString *out)
{
    long v[3] = {0};
    if (argc != 3 && argc != 4) {
        monitor_usage(argv[0], out);
        return;
    }
    for (int i = 1; i < argc; i++) {
        if (!number(argv[i], -32768, 32767, &v[i - 1])) {
            g_string_append_printf(out, "mouse_move: '%s': -32768 to 32767 are expected\n",
                                   argv[i]);
            return;
        }
    }
    if (!input_takes(m, INPUT_KIND_REL)) {
        g_string_append(
            out, "mouse_move: this machine has no mouse (a tablet takes QMP's input-send-event)\n");
        return;
    }
    const InputEvent e[] = {{INPUT_KIND_REL, INPUT_AXIS_X, (int32_t)v[0]},
                            {INPUT_KIND_REL, INPUT_AXIS_Y, (int32_t)v[1]},
                            {INPUT_KIND_REL, INPUT_AXIS_WHEEL, (int32_t)v[2]},
                            {INPUT_KIND_SYNC, 0, 0}};
    input_send(m, e, ARRAY_LEN(e));
}

// The state of all buttons: 1 left, 2 middle, 4 right.
void monitor_mouse_button(Machine *m, int argc, char **argv, GString *out)
{
    long state;
    if (argc != 2) {
        monitor_usage(argv[0], out);
        return;
    }
    if (!number(argv[1], 0, 7, &state)) {
        g_string_append_printf(
            out, "mouse_button: '%s': a sum of 1 (left), 2 (middle) and 4 (right) is expected\n",
            argv[1]);
        return;
    }
    const InputEvent e[] = {{INPUT_KIND_BUTTON, INPUT_BUTTON_LEFT, state & 1},
                            {INPUT_KIND_BUTTON, INPUT_BUTTON_MIDDLE, state >> 1 & 1},
                            {INPUT_KIND_BUTTON, INPUT_BUTTON_RIGHT, state >> 2 & 1},
                            {INPUT_KIND_SYNC, 0, 0}};
    input_send(m, e, ARRAY_LEN(e));
}
