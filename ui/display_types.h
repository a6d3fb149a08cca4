// The displays that there are (display.c has the list).
#ifndef UI_DISPLAY_TYPES_H
#define UI_DISPLAY_TYPES_H

#include "ui/display.h"

#ifndef CONFIG_SDL
#define CONFIG_SDL 0
#endif
#ifndef CONFIG_VNC
#define CONFIG_VNC 0
#endif

extern const DisplayType display_sdl, display_vnc;

// True if windows can be opened here and now. False with *error.
bool sdl_usable(char **error);

#endif
