// Consoles: what display devices show, for whoever wants to see it.
//
//   device -- console_add --> machine's list <-- console_get -- screendump, windows
//                                  |
//                             console_update: the device brings the surface up to date
//
// A device keeps nothing up to date by itself: a screen that nobody looks at costs nothing. Looking
// changes nothing that the guest can see.
#ifndef UI_CONSOLE_H
#define UI_CONSOLE_H

#include "ui/surface.h"

struct Machine;
typedef struct Console Console;

typedef struct ConsoleOps {
    // Brings the surface up to date with what is on the screen now, resizing it if need be, and
    // marks what changed since the last call.
    void (*update)(void *opaque, Surface *s);
    // The surface does not hold what the last update left there: paint everything. May be NULL.
    void (*invalidate)(void *opaque);
    // What a text screen says: lines ended by '\n', g_free it. NULL (or no function): not text.
    char *(*text)(void *opaque);
    // Somebody would like the guest to use this size. May be NULL.
    void (*suggest_size)(void *opaque, unsigned width, unsigned height);
} ConsoleOps;

// name (for people): the device's id or type. ops and opaque stay until console_remove.
Console *console_add(struct Machine *m, const char *name, const ConsoleOps *ops, void *opaque);
void console_remove(struct Machine *m, Console *c);

// The n-th, in the order of their creation; NULL if there are fewer.
Console *console_get(struct Machine *m, unsigned n);
const char *console_name(const Console *c);
// The picture as of now. Valid until the next call.
Surface *console_update(Console *c);
char *console_text(Console *c);
void console_suggest_size(Console *c, unsigned width, unsigned height);

#endif
