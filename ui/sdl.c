// A window by SDL: one console at a time, drawn in software.
//
//   console_view_update -> damage --unscaled: these rectangles--> window surface -> screen
//                                 \-scaled: all of it, smoothed-/
//
// SDL is asked for events now and then, and whenever the X server has sent something. Window size:
// the picture's, unless the user made it another; a device that can change its mode is told that
// size instead.
#include "ui/sdl_internal.h"

#include <stdlib.h>
#include <string.h>

#include "hw/core/machine.h"
#include "ui/display_types.h"
#include "ui/sdl_connection.h"
#include "util/log.h"

#define MIN_SIDE 64

// --- size

// Where the picture goes: all of the window, with bars at two sides if the shape differs.
static SDL_Rect fit(int win_w, int win_h, int w, int h)
{
    SDL_Rect r = {0, 0, win_w, win_h};
    if ((int64_t)win_w * h > (int64_t)win_h * w) {
        r.w = MAX_OF((int)((int64_t)win_h * w / h), 1);
        r.x = (win_w - r.w) / 2;
    } else {
        r.h = MAX_OF((int)((int64_t)win_w * h / w), 1);
        r.y = (win_h - r.h) / 2;
    }
    return r;
}

void sdl_natural_size(SdlWindow *w)
{
    if (!w->full_screen) {
        SDL_SetWindowSize(w->window, MAX_OF(w->width, MIN_SIDE), MAX_OF(w->height, MIN_SIDE));
    }
    w->redraw = true;
}

void sdl_full_screen(SdlWindow *w, bool on)
{
    if (SDL_SetWindowFullscreen(w->window, on ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0)) {
        report("-display sdl: full screen: %s", SDL_GetError());
        return;
    }
    w->full_screen = on;
    w->redraw = true;
    if (!on) {
        sdl_natural_size(w);
    }
}

// --- pointer

void sdl_grab(SdlWindow *w, bool on)
{
    bool relative = on && !display_takes_absolute(w->d);
    if (on == w->grabbed) {
        return;
    }
    w->grabbed = on;
    SDL_SetRelativeMouseMode(relative);
    SDL_SetWindowGrab(w->window, on);
    sdl_choose_cursor(w);
}

static void drop_shape(SdlWindow *w)
{
    if (w->shape) {
        SDL_FreeCursor(w->shape);
    }
    SDL_FreeSurface(w->sprite);
    w->shape = NULL;
    w->sprite = NULL;
}

static void take_shape(SdlWindow *w, const ConsoleCursor *c)
{
    drop_shape(w);
    w->shape_serial = c->serial;
    if (!c->width) {
        return;
    }
    w->sprite = SDL_CreateRGBSurfaceWithFormat(0, (int)c->width, (int)c->height, 32,
                                               SDL_PIXELFORMAT_ARGB8888);
    if (!w->sprite) {
        return;
    }
    for (unsigned y = 0; y < c->height; y++) {
        memcpy((uint8_t *)w->sprite->pixels + y * (size_t)w->sprite->pitch,
               c->argb + (size_t)y * c->width, c->width * sizeof *c->argb);
    }
    SDL_SetSurfaceBlendMode(w->sprite, SDL_BLENDMODE_BLEND);
    w->shape = SDL_CreateColorCursor(w->sprite, (int)c->hot_x, (int)c->hot_y);
}

static const ConsoleCursor *guest_cursor(const SdlWindow *w)
{
    return w->d->view && w->d->view->console ? console_cursor(w->d->view->console) : NULL;
}

// With a tablet the host's pointer takes the guest's shape; with none the host's is hidden while
// grabbed, and the shape drawn where the guest says.
void sdl_choose_cursor(SdlWindow *w)
{
    const ConsoleCursor *c = guest_cursor(w);
    bool text = w->d->view && w->d->view->console && console_takes_text(w->d->view->console);
    SDL_Cursor *want = w->arrow;
    if (c && c->serial != w->shape_serial) {
        take_shape(w, c);
    }
    if (text || w->show_cursor) {
        want = w->arrow;
    } else if (display_takes_absolute(w->d)) {
        want = c && c->visible && w->shape ? w->shape : w->nothing;
    }
    if (SDL_GetCursor() != want) {
        SDL_SetCursor(want);
    }
}

static SDL_Rect sprite_place(const SdlWindow *w)
{
    const ConsoleCursor *c = guest_cursor(w);
    if (!c || !c->visible || !w->sprite || display_takes_absolute(w->d) || w->width <= 0) {
        return (SDL_Rect){0, 0, 0, 0};
    }
    return (SDL_Rect){w->view.x + (c->x - (int)c->hot_x) * w->view.w / w->width,
                      w->view.y + (c->y - (int)c->hot_y) * w->view.h / w->height,
                      MAX_OF((int)c->width * w->view.w / w->width, 1),
                      MAX_OF((int)c->height * w->view.h / w->height, 1)};
}

// --- picture

static void title(SdlWindow *w)
{
    const Display *d = w->d;
    Console *c = d->view ? d->view->console : NULL;
    GString *t = g_string_new("Mimus");
    if (d->name) {
        g_string_append_printf(t, " (%s)", d->name);
    }
    if (c && d->console) {
        g_string_append_printf(t, " - %s", console_name(c));
    }
    if (display_is_paused(d)) {
        g_string_append(t, " - [paused]");
    }
    if (input_leds(d->m) & 4) {
        g_string_append(t, " - [caps lock]");
    }
    if (w->grabbed) {
        g_string_append(t, w->grab_mod & KMOD_RCTRL    ? " - right Ctrl-G lets the mouse go"
                           : w->grab_mod & KMOD_LSHIFT ? " - Ctrl-Alt-Shift-G lets the mouse go"
                                                       : " - Ctrl-Alt-G lets the mouse go");
    }
    if (g_strcmp0(w->title, t->str)) {
        SDL_SetWindowTitle(w->window, t->str);
        g_free(w->title);
        w->title = g_strdup(t->str);
    }
    g_string_free(t, TRUE);
}

static SDL_Surface *wrap(const Surface *s)
{
    return SDL_CreateRGBSurfaceWithFormatFrom(s->pixels, (int)s->width, (int)s->height, 32,
                                              (int)(s->stride * sizeof *s->pixels),
                                              SDL_PIXELFORMAT_RGB888);
}

// SDL's smooth stretching wants equal formats; the other one takes any.
static void stretch(SDL_Surface *from, SDL_Surface *to, SDL_Rect *at)
{
    if (from->format->format != to->format->format || SDL_SoftStretchLinear(from, NULL, to, at)) {
        SDL_BlitScaled(from, NULL, to, at);
    }
}

static void draw_all(SdlWindow *w, SDL_Surface *from, SDL_Surface *to)
{
    SDL_FillRect(to, NULL, 0);
    if (w->view.w == from->w && w->view.h == from->h) {
        SDL_BlitSurface(from, NULL, to, &w->view);
    } else {
        stretch(from, to, &w->view);
    }
    if (w->sprite_at.w) {
        SDL_BlitScaled(w->sprite, NULL, to,
                       &(SDL_Rect){w->sprite_at.x, w->sprite_at.y, w->sprite_at.w, w->sprite_at.h});
    }
    SDL_UpdateWindowSurface(w->window);
}

static void draw_damage(SdlWindow *w, SDL_Surface *from, SDL_Surface *to)
{
    const ConsoleView *v = w->d->view;
    SDL_Rect rects[SURFACE_MAX_DAMAGE];
    int n = 0;
    for (unsigned i = 0; i < v->n_damage; i++) {
        const Rect *r = &v->damage[i];
        SDL_Rect src = {(int)r->x, (int)r->y, (int)r->width, (int)r->height};
        SDL_Rect dst = {w->view.x + src.x, w->view.y + src.y, src.w, src.h};
        SDL_BlitSurface(from, &src, to, &dst);
        if (dst.w > 0 && dst.h > 0) {
            rects[n++] = dst;
        }
    }
    SDL_UpdateWindowSurfaceRects(w->window, rects, n);
}

static bool draw(SdlWindow *w, const Surface *s)
{
    SDL_Surface *to = SDL_GetWindowSurface(w->window);
    SDL_Surface *from = to ? wrap(s) : NULL;
    if (!from) {
        return false;
    }
    SDL_Rect view = fit(to->w, to->h, (int)s->width, (int)s->height);
    w->redraw |= memcmp(&view, &w->view, sizeof view) != 0;
    w->view = view;
    SDL_Rect sprite = sprite_place(w);
    bool moved = memcmp(&sprite, &w->sprite_at, sizeof sprite) != 0;
    w->sprite_at = sprite;
    if (w->redraw || moved || sprite.w || view.w != from->w || view.h != from->h) {
        draw_all(w, from, to);
    } else {
        draw_damage(w, from, to);
    }
    SDL_FreeSurface(from);
    w->redraw = false;
    return true;
}

static bool sdl_refresh(Display *d)
{
    SdlWindow *w = d->state;
    title(w);
    if (!d->view) {
        return false;
    }
    const Surface *s = console_view_update(d->view);
    if (!s) {
        return false;
    }
    if ((int)s->width != w->width || (int)s->height != w->height) {
        w->width = (int)s->width;
        w->height = (int)s->height;
        sdl_natural_size(w);
    }
    unsigned shape = w->shape_serial;
    sdl_choose_cursor(w);
    SDL_Rect sprite = sprite_place(w);
    bool pointer = shape != w->shape_serial || memcmp(&sprite, &w->sprite_at, sizeof sprite);
    if (!d->view->n_damage && !w->redraw && !pointer) {
        return false;
    }
    if (draw(w, s)) {
        console_view_clear(d->view);
    }
    return true;
}

static void sdl_poll(Display *d)
{
    SDL_Event e;
    for (unsigned i = 0; i < 256 && SDL_PollEvent(&e); i++) {
        sdl_event(d->state, &e);
    }
}

static int sdl_file(Display *d)
{
    const SdlWindow *w = d->state;
    return sdl_connection(w->window);
}

// --- opening

static bool is_set(const char *variable)
{
    const char *v = getenv(variable);
    return v && *v;
}

// Left alone, SDL would draw where nobody sees it if there is no window system. $SDL_VIDEODRIVER
// may still say so.
bool sdl_usable(char **error)
{
    bool x = is_set("DISPLAY"), wayland = is_set("WAYLAND_DISPLAY");
    if (!is_set("SDL_VIDEODRIVER")) {
        if (!x && !wayland) {
            *error = g_strdup("no window can be opened: neither $DISPLAY nor $WAYLAND_DISPLAY says "
                              "where");
            return false;
        }
        SDL_SetHint(SDL_HINT_VIDEODRIVER, x && wayland ? "wayland,x11" : x ? "x11" : "wayland");
    }
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
    SDL_SetHint(SDL_HINT_GRAB_KEYBOARD, "1");
    SDL_SetHint(SDL_HINT_WINDOWS_NO_CLOSE_ON_ALT_F4, "1");
    if (SDL_WasInit(SDL_INIT_VIDEO) || !SDL_InitSubSystem(SDL_INIT_VIDEO)) {
        return true;
    }
    *error = g_strdup_printf("no window can be opened: %s", SDL_GetError());
    return false;
}

static bool choose_grab_keys(SdlWindow *w, const char *mod, char **error)
{
    static const struct {
        const char *name;
        unsigned mod;
    } rows[] = {
        {"lctrl-lalt", KMOD_LCTRL | KMOD_LALT},
        {"lshift-lctrl-lalt", KMOD_LSHIFT | KMOD_LCTRL | KMOD_LALT},
        {"rctrl", KMOD_RCTRL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (!mod || !strcmp(rows[i].name, mod)) {
            w->grab_mod = rows[i].mod;
            return true;
        }
    }
    *error = g_strdup_printf("grab-mod=%s: there are lctrl-lalt, lshift-lctrl-lalt and rctrl", mod);
    return false;
}

static bool options(SdlWindow *w, KeyVal *kv, bool *full, char **error)
{
    bool alt_grab = false, ctrl_grab = false;
    const char *gl = keyval_get(kv, "gl");
    w->window_close = true;
    if (gl && strcmp(gl, "off")) {
        *error = g_strdup_printf("gl=%s: the window is drawn in software (gl=off)", gl);
        return false;
    }
    if (!keyval_bool(kv, "full-screen", full, error) ||
        !keyval_bool(kv, "window-close", &w->window_close, error) ||
        !keyval_bool(kv, "window_close", &w->window_close, error) ||
        !keyval_bool(kv, "show-cursor", &w->show_cursor, error) ||
        !keyval_bool(kv, "alt_grab", &alt_grab, error) ||
        !keyval_bool(kv, "ctrl_grab", &ctrl_grab, error)) {
        return false;
    }
    const char *mod = keyval_get(kv, "grab-mod");
    return choose_grab_keys(w,
                            mod         ? mod
                            : ctrl_grab ? "rctrl"
                            : alt_grab  ? "lshift-lctrl-lalt"
                                        : NULL,
                            error);
}

static void sdl_close(Display *d)
{
    SdlWindow *w = d->state;
    if (!w) {
        return;
    }
    drop_shape(w);
    if (w->window) {
        SDL_FreeCursor(w->nothing);
        SDL_DestroyWindow(w->window);
    }
    SDL_QuitSubSystem(SDL_INIT_VIDEO);
    g_free(w->title);
    g_free(w);
    d->state = NULL;
}

static bool make_window(SdlWindow *w, char **error)
{
    const Surface *s = console_surface(w->d->view->console);
    w->width = (int)s->width;
    w->height = (int)s->height;
    w->window = SDL_CreateWindow("Mimus", SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED,
                                 w->width, w->height, SDL_WINDOW_RESIZABLE);
    if (!w->window || !SDL_GetWindowSurface(w->window)) {
        *error = g_strdup_printf("no window can be opened: %s", SDL_GetError());
        return false;
    }
    uint8_t blank[8] = {0};
    w->arrow = SDL_GetDefaultCursor();
    w->nothing = SDL_CreateCursor(blank, blank, 8, 8, 0, 0);
    w->redraw = true;
    return true;
}

static bool sdl_open(Display *d, KeyVal *kv, char **error)
{
    bool full = false;
    if (!d->view) {
        *error = g_strdup("the machine has no graphics card whose picture a window could show");
        return false;
    }
    if (!sdl_usable(error)) {
        return false;
    }
    SdlWindow *w = g_new0(SdlWindow, 1);
    d->state = w;
    w->d = d;
    if (!options(w, kv, &full, error) || !make_window(w, error)) {
        sdl_close(d);
        return false;
    }
    if (full) {
        sdl_full_screen(w, true);
    }
    return true;
}

static const char *const keys[] = {"full-screen", "grab-mod",  "window-close", "show-cursor", "gl",
                                   "alt_grab",    "ctrl_grab", "window_close", NULL};

const DisplayType display_sdl = {
    .name = "sdl",
    .help = "[,full-screen=on|off][,grab-mod=lctrl-lalt|lshift-lctrl-lalt|rctrl]"
            "[,window-close=on|off][,show-cursor=on|off][,gl=off]",
    .keys = keys,
    .open = sdl_open,
    .refresh = sdl_refresh,
    .poll = sdl_poll,
    .file = sdl_file,
    .close = sdl_close,
};
