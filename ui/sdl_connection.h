// Apart from the other files of the window: X's headers have a Display of their own.
#ifndef UI_SDL_CONNECTION_H
#define UI_SDL_CONNECTION_H

#include <SDL.h>

// The file that a window's events come from: the connection to an X server. -1: SDL does not tell.
int sdl_connection(SDL_Window *w);

#endif
