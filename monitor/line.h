// Inside monitor/: the line that a person types at a terminal.
#ifndef MONITOR_LINE_H
#define MONITOR_LINE_H

#include <glib.h>
#include "util/bits.h"

typedef struct Line Line;

typedef struct LineOwner {
    const char *prompt;
    void (*write)(void *opaque, const char *text, size_t len); // to the terminal
    // Enter: the line, which stays as it is during the call. False: no prompt after it.
    bool (*entered)(void *opaque, const char *line);
    GPtrArray *(*complete)(void *opaque, const char *line); // char *: what its last word may be
    void *opaque;
} LineOwner;

Line *line_new(const LineOwner *owner);
// What the terminal sends: characters, control characters, escape sequences.
void line_input(Line *l, const uint8_t *buf, size_t len);
// The prompt, and what has been typed behind it.
void line_show(Line *l);
// Forgets what is being typed, not the history.
void line_drop(Line *l);
// "0: 'help'" and so on.
void line_print_history(const Line *l, GString *out);

#endif
