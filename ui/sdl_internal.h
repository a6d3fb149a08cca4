// The SDL window between its files: sdl.c draws, sdl_input.c takes events.
#ifndef UI_SDL_INTERNAL_H
#define UI_SDL_INTERNAL_H

#include <SDL.h>

#include "ui/display.h"

typedef struct SdlWindow {
    Display *d;
    SDL_Window *window;
    SDL_Cursor *arrow, *nothing, *shape; // shape: the guest's, or NULL
    unsigned shape_serial;
    SDL_Surface *sprite; // the same shape, drawn by us where the guest moves it itself
    SDL_Rect sprite_at;  // where it is in the window; w is 0 if it is not shown
    int width, height;   // of the picture that was drawn last
    SDL_Rect view;       // where the picture is in the window
    char *title;
    bool full_screen, window_close, show_cursor;
    unsigned grab_mod; // KMOD_*: held for hot keys
    bool grabbed, redraw;
} SdlWindow;

// --- sdl.c
void sdl_full_screen(SdlWindow *w, bool on);
void sdl_natural_size(SdlWindow *w);
void sdl_grab(SdlWindow *w, bool on);
void sdl_choose_cursor(SdlWindow *w);

// --- sdl_input.c
void sdl_event(SdlWindow *w, const SDL_Event *e);

// --- sdl_keys.c
InputKey sdl_key(SDL_Scancode code);

#endif
