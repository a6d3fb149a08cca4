// Which displays there are, before the machine is built (serial ports and monitor then go to text
// consoles), and opening them once it is.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/launch.h"
#include "ui/display.h"
#include "ui/display_types.h"
#include "util/log.h"

// Will there be a picture to show? Boards other than PCs get one by -device only.
static bool expects_screen(const Options *o, const BoardType *board)
{
    static const char *const cards[] = {"VGA", "bochs-display", "virtio-gpu", "virtio-vga",
                                        "ramfb"};
    bool pc = !strncmp(board->target, "x86", 3) || !strcmp(board->target, "i386");
    if (pc && (o->config.vga ? strcmp(o->config.vga, "none") : !o->config.nodefaults)) {
        return true;
    }
    for (unsigned i = 0; i < o->devices->len; i++) {
        for (size_t c = 0; c < ARRAY_LEN(cards); c++) {
            if (g_str_has_prefix(g_array_index(o->devices, OptionsItem, i).arg, cards[c])) {
                return true;
            }
        }
    }
    return false;
}

static bool host_has_screen(void)
{
    const char *x = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");
    return (x && *x) || (wayland && *wayland);
}

// Nobody said: a window where one can be seen.
static void default_display(Options *o, const BoardType *board)
{
    char *error = NULL;
    if (!CONFIG_SDL || o->display_asked || o->nographic || o->daemonize || !host_has_screen() ||
        !expects_screen(o, board)) {
        return;
    }
#if CONFIG_SDL
    if (sdl_usable(&error)) {
        options_add(o->displays, "-display", "sdl");
        report("showing the screen in a window (-display none or -nographic: stay here)");
        return;
    }
#endif
    report("%s; staying on the terminal", error);
    g_free(error);
}

void choose_displays(Options *o, const BoardType *board)
{
    default_display(o, board);
    if (o->nographic) { // a window was asked for before or after it: -nographic wins, as in QEMU
        for (unsigned i = o->displays->len; i-- > 0;) {
            const char *spec = g_array_index(o->displays, OptionsItem, i).arg;
            if (g_str_has_prefix(spec, "sdl")) {
                g_array_remove_index(o->displays, i);
            }
        }
    }
    o->config.nographic = o->nographic || !o->displays->len;
}

void start_displays(Options *o, Machine *m)
{
    char *error = NULL;
    for (unsigned i = 0; i < o->displays->len; i++) {
        const OptionsItem *it = &g_array_index(o->displays, OptionsItem, i);
        bool sdl = g_str_has_prefix(it->arg, "sdl");
        char *spec = g_strconcat(it->arg, sdl && o->full_screen ? ",full-screen=on" : "", NULL);
        if (!display_open(m, spec, o->config.name, &error)) {
            bool vnc = !strcmp(it->option, "-vnc");
            die("%s %s: %s", it->option, it->arg + (vnc ? strlen("vnc=") : 0), error);
        }
        g_free(spec);
    }
}
