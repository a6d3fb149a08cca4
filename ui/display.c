// What all displays share: opening, the refresh timer, which console is shown, where input goes.
// The picture is in display.h.
#include "ui/display.h"

#include <glib-unix.h>
#include <stdio.h>
#include <string.h>

#include "hw/core/machine.h"
#include "ui/display_types.h"
#include "ui/keymap.h"
#include "util/nearest.h"

#define FAST_MS      33
#define AGAIN_MS     10 // after a look that found nothing
#define SLOW_MS      125
#define IDLE_MS      1000
#define QUIET_AFTER  30 // refreshes without a change
#define IDLE_AFTER   8
#define POLL_MS      10 // of a window in use
#define POLL_SLOW_MS 30
#define POLL_FILE_MS 250 // the window system's library may have read ahead
#define IN_USE_US    2000000
#define US_PER_MS    1000
#define MAX_DISPLAYS 16

static const DisplayType *const types[] = {
#if CONFIG_SDL
    &display_sdl,
#endif
#if CONFIG_VNC
    &display_vnc,
#endif
    NULL,
};

// Pauses and resets change what is told of the machine besides its picture.
static void happened(void *opaque, const MachineEvent *e)
{
    GPtrArray *all = opaque;
    (void)e;
    for (unsigned i = 0; i < all->len; i++) {
        display_wake(all->pdata[i]);
    }
}

static GPtrArray *displays(Machine *m)
{
    GPtrArray *all = machine_lookup(m, "displays");
    if (!all) {
        all = g_ptr_array_new();
        machine_register(m, "displays", all);
        machine_on_event(m, happened, all);
    }
    return all;
}

// --- the timer

static gboolean tick(gpointer opaque);

// How long the picture can wait for the next look, if nothing is heard before.
static unsigned interval_ms(const Display *d)
{
    bool looked = d->view && d->view->console && d->view->looked;
    unsigned calm = looked ? console_calm_ms(d->view->console) : IDLE_MS;
    if (!calm) {
        return d->quiet < QUIET_AFTER ? FAST_MS : SLOW_MS;
    }
    return MIN_OF(calm, d->quiet < IDLE_AFTER ? SLOW_MS : IDLE_MS);
}

static unsigned poll_ms(const Display *d, gint64 now)
{
    return now - d->woken < IN_USE_US ? POLL_MS : d->watch ? POLL_FILE_MS : POLL_SLOW_MS;
}

static void arm(Display *d)
{
    gint64 now = g_get_monotonic_time();
    gint64 wait = d->type->refresh ? MAX_OF(d->due - now, 0) : G_MAXINT64;
    if (d->type->poll) {
        wait = MIN_OF(wait, (gint64)poll_ms(d, now) * US_PER_MS);
    }
    d->timer = g_timeout_add((guint)((wait + US_PER_MS - 1) / US_PER_MS), tick, d);
}

static void refresh(Display *d)
{
    if (d->view && !d->view->console) {
        display_show(d, 0);
    }
    if (d->view) {
        d->view->looked = false;
    }
    d->refreshed = g_get_monotonic_time();
    d->due = G_MAXINT64;
    d->quiet = d->type->refresh(d) ? 0 : MIN_OF(d->quiet + 1, QUIET_AFTER);
    d->due = MIN_OF(d->due, d->refreshed + (gint64)interval_ms(d) * US_PER_MS);
}

static gboolean tick(gpointer opaque)
{
    Display *d = opaque;
    d->timer = 0;
    if (d->type->poll) {
        d->type->poll(d);
    }
    if (d->type->refresh && g_get_monotonic_time() >= d->due) {
        refresh(d);
    }
    arm(d);
    return G_SOURCE_REMOVE;
}

// As soon as the last look is long enough ago.
static void refresh_soon(Display *d)
{
    gint64 at = d->refreshed + (d->quiet ? AGAIN_MS : FAST_MS) * US_PER_MS;
    if (at >= d->due) {
        return;
    }
    d->due = at;
    if (d->timer) {
        g_source_remove(d->timer);
        arm(d);
    }
}

void display_wake(Display *d)
{
    d->woken = g_get_monotonic_time();
    refresh_soon(d);
    d->quiet = 0;
}

static gboolean readable(gint fd, GIOCondition why, gpointer opaque)
{
    Display *d = opaque;
    (void)fd;
    d->type->poll(d);
    if (why & (G_IO_HUP | G_IO_ERR | G_IO_NVAL)) {
        d->watch = 0;
        return G_SOURCE_REMOVE;
    }
    return G_SOURCE_CONTINUE;
}

static void touched(void *opaque)
{
    refresh_soon(opaque);
}

// --- opening

static const DisplayType *find(const char *name, size_t len)
{
    for (size_t i = 0; types[i]; i++) {
        if (strlen(types[i]->name) == len && !strncmp(types[i]->name, name, len)) {
            return types[i];
        }
    }
    return NULL;
}

bool display_known(const char *spec, char **error)
{
    size_t len = strcspn(spec, ",=");
    if (find(spec, len)) {
        return true;
    }
    if (len == 3 && ((!CONFIG_SDL && !strncmp(spec, "sdl", len)) ||
                     (!CONFIG_VNC && !strncmp(spec, "vnc", len)))) {
        *error = g_strdup_printf("built without %s; -display help lists what there is",
                                 *spec == 's' ? "SDL" : "libvncserver");
        return false;
    }
    Nearest n;
    char *name = g_strndup(spec, len);
    nearest_init(&n, name);
    nearest_add(&n, "none");
    for (size_t i = 0; types[i]; i++) {
        nearest_add(&n, types[i]->name);
    }
    char *hint = nearest_hint(&n);
    *error = g_strdup_printf("there is no display '%s'%s; -display help lists them", name, hint);
    g_free(hint);
    g_free(name);
    return false;
}

void display_print_help(void)
{
    printf("none\n");
    for (size_t i = 0; types[i]; i++) {
        printf("%s%s\n", types[i]->name, types[i]->help);
    }
}

static void free_display(Display *d)
{
    if (d->timer) {
        g_source_remove(d->timer);
    }
    if (d->watch) {
        g_source_remove(d->watch);
    }
    console_view_free(d->view);
    g_free(d->name);
    g_free(d);
}

bool display_open(Machine *m, const char *spec, const char *name, char **error)
{
    if (!display_known(spec, error)) {
        return false;
    }
    if (displays(m)->len == MAX_DISPLAYS) {
        *error = g_strdup_printf("there are %u displays already", MAX_DISPLAYS);
        return false;
    }
    Display *d = g_new0(Display, 1);
    d->type = find(spec, strcspn(spec, ",="));
    d->m = m;
    d->name = g_strdup(name);
    display_show(d, 0);
    KeyVal *kv = keyval_parse(spec, d->type->name); // "vnc=:1,..." or "sdl,..."
    keyval_get(kv, d->type->name);
    bool ok = d->type->open(d, kv, error);
    if (ok && !keyval_all_used(kv, d->type->keys, error)) {
        d->type->close(d);
        ok = false;
    }
    keyval_free(kv);
    if (!ok) {
        free_display(d);
        return false;
    }
    int fd = d->type->file ? d->type->file(d) : -1;
    d->watch = fd >= 0 ? g_unix_fd_add(fd, G_IO_IN, readable, d) : 0;
    g_ptr_array_add(displays(m), d);
    if (d->type->refresh || d->type->poll) {
        arm(d);
    }
    return true;
}

void display_close_all(Machine *m)
{
    GPtrArray *all = displays(m);
    for (unsigned i = 0; i < all->len; i++) {
        Display *d = all->pdata[i];
        d->type->close(d);
        free_display(d);
    }
    g_ptr_array_set_size(all, 0);
}

// --- which console

bool display_show(Display *d, unsigned console)
{
    Console *c = console_get(d->m, console);
    if (!c) {
        return false;
    }
    display_release_all(d);
    console_view_free(d->view);
    d->view = console_view_new(c);
    d->view->touched = touched;
    d->view->opaque = d;
    d->console = console;
    display_wake(d);
    return true;
}

// --- input

bool display_is_paused(const Display *d)
{
    return d->m->stop == MACHINE_PAUSED;
}

static bool on_text_console(const Display *d)
{
    return d->view && d->view->console && console_takes_text(d->view->console);
}

static bool held(const Display *d, InputKey a, InputKey b)
{
    return d->pressed[a] || d->pressed[b];
}

static void type_key(Display *d, InputKey key, bool pressed)
{
    char text[KEYMAP_TEXT];
    unsigned modifiers = (held(d, INPUT_KEY_SHIFT, INPUT_KEY_SHIFT_R) ? KEYMAP_SHIFT : 0) |
                         (held(d, INPUT_KEY_CTRL, INPUT_KEY_CTRL_R) ? KEYMAP_CTRL : 0) |
                         (d->pressed[INPUT_KEY_ALT] ? KEYMAP_ALT : 0) |
                         (d->caps_lock ? KEYMAP_CAPS : 0);
    if (!pressed) {
        return;
    }
    d->caps_lock ^= key == INPUT_KEY_CAPS_LOCK;
    size_t len = keymap_text(key, modifiers, text);
    if (len) {
        console_type(d->view->console, text, len);
    }
}

static void send(Display *d, InputKind kind, unsigned code, int value)
{
    InputEvent e = {(uint16_t)kind, (uint16_t)code, value};
    input_send(d->m, &e, 1);
}

// A paused machine takes nothing: it would see it all at once when it goes on. Releases of what it
// saw pressed do wait for it.
void display_key(Display *d, InputKey key, bool pressed)
{
    bool text = on_text_console(d);
    if (key == INPUT_KEY_NONE || (!pressed && !d->pressed[key]) ||
        (pressed && !text && display_is_paused(d))) {
        return;
    }
    d->pressed[key] = pressed;
    if (text) {
        type_key(d, key, pressed);
    } else {
        send(d, INPUT_KIND_KEY, key, pressed);
    }
    display_wake(d);
}

// The guest takes what the pointer does.
static bool pointer_wanted(const Display *d)
{
    return !display_is_paused(d) && !on_text_console(d);
}

static void send_pointer(Display *d, const InputEvent *e, unsigned n)
{
    input_send(d->m, e, n);
    display_wake(d);
}

static void send_button(Display *d, InputButton b, bool pressed)
{
    InputEvent e[] = {{INPUT_KIND_BUTTON, (uint16_t)b, pressed}, {INPUT_KIND_SYNC, 0, 0}};
    send_pointer(d, e, ARRAY_LEN(e));
}

void display_button(Display *d, InputButton b, bool pressed)
{
    bool was = d->buttons & BIT(b);
    if (was == pressed || (pressed && !pointer_wanted(d))) {
        return;
    }
    d->buttons ^= (unsigned)BIT(b);
    send_button(d, b, pressed);
}

void display_release_all(Display *d)
{
    for (unsigned k = 1; k < INPUT_KEYS; k++) {
        display_key(d, (InputKey)k, false);
    }
    for (unsigned b = 0; b < INPUT_BUTTONS; b++) {
        display_button(d, (InputButton)b, false);
    }
}

bool display_takes_absolute(const Display *d)
{
    return input_takes(d->m, INPUT_KIND_ABS);
}

static int scale(int v, unsigned size)
{
    int last = (int)size - 1;
    v = v < 0 ? 0 : MIN_OF(v, last);
    return last > 0 ? (int)((int64_t)v * INPUT_ABS_MAX / last) : 0;
}

bool display_point(Display *d, int x, int y)
{
    if (!display_takes_absolute(d)) {
        return false;
    }
    if (d->view && d->view->console && pointer_wanted(d)) {
        const Surface *s = console_surface(d->view->console);
        InputEvent e[] = {{INPUT_KIND_ABS, INPUT_AXIS_X, scale(x, s->width)},
                          {INPUT_KIND_ABS, INPUT_AXIS_Y, scale(y, s->height)},
                          {INPUT_KIND_SYNC, 0, 0}};
        send_pointer(d, e, ARRAY_LEN(e));
    }
    return true;
}

void display_move(Display *d, int dx, int dy)
{
    if ((dx || dy) && pointer_wanted(d)) {
        InputEvent e[] = {{INPUT_KIND_REL, INPUT_AXIS_X, dx},
                          {INPUT_KIND_REL, INPUT_AXIS_Y, dy},
                          {INPUT_KIND_SYNC, 0, 0}};
        send_pointer(d, e, ARRAY_LEN(e));
    }
}

void display_wheel(Display *d, InputAxis axis, int steps)
{
    if (steps && pointer_wanted(d)) {
        InputEvent e[] = {{INPUT_KIND_REL, (uint16_t)axis, steps}, {INPUT_KIND_SYNC, 0, 0}};
        send_pointer(d, e, ARRAY_LEN(e));
    }
}
