// Events of the SDL window: keys by place, hot keys, pointer, focus, size.
#include "ui/sdl_internal.h"

#include "hw/core/machine.h"

// --- hot keys

static void hot_full_screen(SdlWindow *w)
{
    sdl_full_screen(w, !w->full_screen);
}

static void hot_grab(SdlWindow *w)
{
    sdl_grab(w, !w->grabbed);
}

static void hot_quit(SdlWindow *w)
{
    machine_request(w->d->m, MACHINE_QUIT, 0);
}

static const struct {
    SDL_Scancode code;
    void (*act)(SdlWindow *w);
} hot_keys[] = {
    {SDL_SCANCODE_F, hot_full_screen},
    {SDL_SCANCODE_G, hot_grab},
    {SDL_SCANCODE_U, sdl_natural_size},
    {SDL_SCANCODE_Q, hot_quit},
};

static bool hot_key(SdlWindow *w, const SDL_KeyboardEvent *e)
{
    SDL_Scancode code = e->keysym.scancode;
    if ((e->keysym.mod & w->grab_mod) != w->grab_mod) { // as they were at that key
        return false;
    }
    if (code >= SDL_SCANCODE_1 && code <= SDL_SCANCODE_9) {
        if (!e->repeat) {
            display_show(w->d, (unsigned)(code - SDL_SCANCODE_1));
        }
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(hot_keys); i++) {
        if (hot_keys[i].code == code) {
            if (!e->repeat) {
                hot_keys[i].act(w);
            }
            return true;
        }
    }
    return false;
}

static void key(SdlWindow *w, const SDL_KeyboardEvent *e)
{
    bool pressed = e->type == SDL_KEYDOWN;
    if (pressed && hot_key(w, e)) {
        return;
    }
    display_key(w->d, sdl_key(e->keysym.scancode), pressed);
}

// --- pointer

static InputButton button_of(unsigned b)
{
    static const InputButton map[] = {INPUT_BUTTONS,      INPUT_BUTTON_LEFT, INPUT_BUTTON_MIDDLE,
                                      INPUT_BUTTON_RIGHT, INPUT_BUTTON_SIDE, INPUT_BUTTON_EXTRA};
    return b < ARRAY_LEN(map) ? map[b] : INPUT_BUTTONS;
}

static void motion(SdlWindow *w, const SDL_MouseMotionEvent *e)
{
    if (display_takes_absolute(w->d)) {
        if (w->grabbed && SDL_GetRelativeMouseMode()) { // a tablet came up meanwhile
            sdl_grab(w, false);
        }
        if (w->view.w > 0 && w->view.h > 0) {
            display_point(w->d, (e->x - w->view.x) * w->width / w->view.w,
                          (e->y - w->view.y) * w->height / w->view.h);
        }
    } else if (w->grabbed) {
        display_move(w->d, e->xrel, e->yrel);
    }
    sdl_choose_cursor(w);
}

static void button(SdlWindow *w, const SDL_MouseButtonEvent *e)
{
    InputButton b = button_of(e->button);
    bool pressed = e->type == SDL_MOUSEBUTTONDOWN;
    if (b == INPUT_BUTTONS) {
        return;
    }
    if (!display_takes_absolute(w->d) && !w->grabbed) {
        Console *c = w->d->view ? w->d->view->console : NULL;
        if (pressed && b == INPUT_BUTTON_LEFT && input_takes(w->d->m, INPUT_KIND_REL) && c &&
            !console_takes_text(c)) {
            sdl_grab(w, true);
        }
        return;
    }
    display_button(w->d, b, pressed);
}

static void wheel(SdlWindow *w, const SDL_MouseWheelEvent *e)
{
    if (display_takes_absolute(w->d) || w->grabbed) {
        display_wheel(w->d, INPUT_AXIS_WHEEL, -e->y);
        display_wheel(w->d, INPUT_AXIS_HWHEEL, e->x);
    }
}

// --- the window

static void resized(SdlWindow *w, int width, int height)
{
    w->redraw = true;
    Console *c = w->d->view ? w->d->view->console : NULL;
    if (c && console_takes_size(c) && width > 0 && height > 0 &&
        (width != w->width || height != w->height)) {
        console_suggest_size(c, (unsigned)width, (unsigned)height);
    }
}

static void window_event(SdlWindow *w, const SDL_WindowEvent *e)
{
    switch (e->event) {
    case SDL_WINDOWEVENT_SIZE_CHANGED:
        w->redraw = true;
        break;
    case SDL_WINDOWEVENT_RESIZED: // by the user, not by sdl_natural_size
        resized(w, e->data1, e->data2);
        break;
    case SDL_WINDOWEVENT_EXPOSED:
    case SDL_WINDOWEVENT_RESTORED:
        w->redraw = true;
        break;
    case SDL_WINDOWEVENT_FOCUS_LOST:
        display_release_all(w->d);
        sdl_grab(w, false);
        break;
    case SDL_WINDOWEVENT_CLOSE:
        if (w->window_close) {
            machine_request(w->d->m, MACHINE_QUIT, 0);
        }
        break;
    }
    display_wake(w->d);
}

void sdl_event(SdlWindow *w, const SDL_Event *e)
{
    switch (e->type) {
    case SDL_KEYDOWN:
    case SDL_KEYUP:
        key(w, &e->key);
        break;
    case SDL_MOUSEMOTION:
        motion(w, &e->motion);
        break;
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEBUTTONUP:
        button(w, &e->button);
        break;
    case SDL_MOUSEWHEEL:
        wheel(w, &e->wheel);
        break;
    case SDL_WINDOWEVENT:
        window_event(w, &e->window);
        break;
    }
}
