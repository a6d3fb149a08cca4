// Displays: windows and VNC servers, which show consoles to people and send their input.
//
//   launch --> display_open("sdl,full-screen=on") --> DisplayType.open
//   timer, console_touch --> refresh: console_view_update, draw what is damaged
//   keys, pointer --> display_key, display_move, ... --> guest (ui/input.h) or a text console
//
// Everything runs in the main loop, between the machine's turns, and goes on while it is paused.
// A picture that changes is looked at 30 times a second. One that does not, once a second if its
// device tells when it changes (console_touch), 8 times if not.
#ifndef UI_DISPLAY_H
#define UI_DISPLAY_H

#include <glib.h>

#include "ui/console.h"
#include "ui/input.h"
#include "util/keyval.h"

typedef struct Display Display;

typedef struct DisplayType {
    const char *name;
    const char *help;        // options, for -display help
    const char *const *keys; // the same as a list, ended by NULL
    bool (*open)(Display *d, KeyVal *kv, char **error);
    // Draws what changed; true if anything did. NULL: it never asks for it.
    bool (*refresh)(Display *d);
    void (*poll)(Display *d); // takes events of a window system; may be NULL
    int (*file)(Display *d);  // that they come from, -1 if there is none; may be NULL
    void (*close)(Display *d);
} DisplayType;

struct Display {
    const DisplayType *type;
    struct Machine *m;
    char *name; // -name, or NULL
    void *state;
    ConsoleView *view;  // what it shows; NULL: nothing
    unsigned console;   // its number
    guint timer, watch; // of the file; 0: none
    unsigned quiet;     // refreshes without a change
    // Monotonic time, microseconds: the next refresh, the last one, and the last display_wake.
    gint64 due, refreshed, woken;
    bool pressed[INPUT_KEYS]; // keys that the guest believes held
    unsigned buttons;         // BIT(InputButton) of the same kind
    bool caps_lock;           // of text consoles
};

// "sdl", "vnc=:1", with options after commas. name: -name, or NULL. False with *error.
bool display_open(struct Machine *m, const char *spec, const char *name, char **error);
void display_close_all(struct Machine *m); // gives keys back, restores the host's screen
// Checks a spec's first word. False with *error, which lists what there is.
bool display_known(const char *spec, char **error);
void display_print_help(void);

// --- for DisplayTypes
// Refresh soon: somebody typed, moved, joined.
void display_wake(Display *d);
// False, and nothing changes, if there is no such console.
bool display_show(Display *d, unsigned console);
bool display_is_paused(const Display *d);
void display_key(Display *d, InputKey key, bool pressed);
void display_release_all(Display *d); // focus is lost: nothing stays pressed
// A position in the picture, in pixels. False if the guest takes relative movement only.
bool display_point(Display *d, int x, int y);
void display_move(Display *d, int dx, int dy); // relative
void display_button(Display *d, InputButton b, bool pressed);
void display_wheel(Display *d, InputAxis axis, int steps);
bool display_takes_absolute(const Display *d);

#endif
