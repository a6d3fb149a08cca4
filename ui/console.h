// Consoles: what display devices show, for whoever wants to see it.
//
//   device -- console_add --> machine's list <-- console_get -- screendump
//                                  |        <-- console_view_new -- windows, VNC
//                             console_update: the device brings the surface up to date
//
//   guest draws -- console_touch --> views that wait for it
//
// A device keeps nothing up to date by itself: a screen that nobody looks at costs nothing. Looking
// changes nothing that the guest can see. What changed goes to every view: each sees all damage
// since it last looked, however often others do.
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
    // Milliseconds for which the picture stays as the last update left it, unless console_touch is
    // called; UINT_MAX: for ever. NULL: it may change at any time, and console_touch tells nothing.
    unsigned (*calm_ms)(void *opaque);
    // Somebody would like the guest to use this size. May be NULL.
    void (*suggest_size)(void *opaque, unsigned width, unsigned height);
    // A console that is no screen of the guest's takes keys itself: in UTF-8, cursor keys and the
    // like as the escape sequences of a terminal. NULL: keys go to the guest (ui/input.h).
    void (*typed)(void *opaque, const char *text, size_t len);
} ConsoleOps;

// A pointer that the device draws apart from the picture. Pictures in files are without it.
#define CONSOLE_CURSOR_MAX 512 // pixels, of a side
typedef struct ConsoleCursor {
    unsigned serial; // a new one for each shape; 0: there has been none
    unsigned width, height, hot_x, hot_y;
    const uint32_t *argb; // width * height, alpha not multiplied in
    int x, y;             // of the hot spot, in the picture
    bool visible;
} ConsoleCursor;

// name (for people): the device's id or type. ops and opaque stay until console_remove.
Console *console_add(struct Machine *m, const char *name, const ConsoleOps *ops, void *opaque);
void console_remove(struct Machine *m, Console *c);

// The n-th, in the order of their creation; NULL if there are fewer.
Console *console_get(struct Machine *m, unsigned n);
const char *console_name(const Console *c);
// The picture as of now, and as damage what this call found changed. Valid until the next call.
Surface *console_update(Console *c);
const Surface *console_surface(const Console *c); // as of the last update
char *console_text(Console *c);
void console_suggest_size(Console *c, unsigned width, unsigned height);
bool console_takes_size(const Console *c);
// For consoles with a `typed` of their own. False: the guest gets the keys.
bool console_takes_text(const Console *c);
void console_type(Console *c, const char *text, size_t len);

// By devices, also in the middle of a vCPU's turn: an update may find something new. Costs nothing
// if it was said already since the last update.
void console_touch(Console *c);
// For how long nobody has to look (ConsoleOps.calm_ms); 0: that is not known.
unsigned console_calm_ms(const Console *c);

// By devices. The pixels are copied. A side of 0, or one above CONSOLE_CURSOR_MAX: no shape.
void console_set_cursor(Console *c, unsigned width, unsigned height, unsigned hot_x, unsigned hot_y,
                        const uint32_t *argb);
void console_move_cursor(Console *c, int x, int y, bool visible);
const ConsoleCursor *console_cursor(const Console *c);

// Somebody who looks again and again.
typedef struct ConsoleView {
    Console *console; // NULL once that is gone
    unsigned n_damage;
    Rect damage[SURFACE_MAX_DAMAGE]; // since console_view_clear; may overlap
    bool looked;                     // console_view_update was called; for the owner to clear
    // Called when console_touch says the first word since an update, maybe in the middle of a
    // vCPU's turn, and when the console goes. May be NULL.
    void (*touched)(void *opaque);
    void *opaque;
} ConsoleView;
// The view begins with everything damaged.
ConsoleView *console_view_new(Console *c);
void console_view_free(ConsoleView *v);
// The picture as of now, and v->damage; NULL if the console is gone. Its size may differ from the
// last time's; then all of it is damaged.
const Surface *console_view_update(ConsoleView *v);
void console_view_clear(ConsoleView *v);

#endif
