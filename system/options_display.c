// Options about what people see of the machine and type into it.
#include <stdio.h>
#include <string.h>

#include "system/options.h"
#include "ui/display.h"

static OptionsResult opt_nographic(Options *o, const char *arg, char **error)
{
    (void)arg;
    (void)error;
    o->nographic = true;
    return OPTIONS_RUN;
}

// "none", like -nographic, does not take back -vnc.
static OptionsResult opt_display(Options *o, const char *arg, char **error)
{
    o->display_asked = true;
    if (!strcmp(arg, "help") || !strcmp(arg, "?")) {
        display_print_help();
        return OPTIONS_DONE;
    }
    if (!strcmp(arg, "none")) {
        return OPTIONS_RUN;
    }
    if (!display_known(arg, error)) {
        return OPTIONS_ERROR;
    }
    options_add(o->displays, "-display", arg);
    return OPTIONS_RUN;
}

static OptionsResult opt_vnc(Options *o, const char *arg, char **error)
{
    (void)error;
    if (strcmp(arg, "none")) {
        char *spec = g_strconcat("vnc=", arg, NULL);
        o->display_asked = true;
        options_add(o->displays, "-vnc", spec);
        g_free(spec);
    }
    return OPTIONS_RUN;
}

static OptionsResult opt_full_screen(Options *o, const char *arg, char **error)
{
    (void)arg;
    (void)error;
    o->full_screen = true;
    return OPTIONS_RUN;
}

static OptionsResult opt_keyboard(Options *o, const char *arg, char **error)
{
    (void)o;
    if (strcmp(arg, "en-us") && strcmp(arg, "en")) {
        return options_fail(error, "there is en-us only; windows and most VNC viewers send keys by "
                                   "their place, so that the guest's own layout counts");
    }
    return OPTIONS_RUN;
}

static OptionsResult opt_vga(Options *o, const char *arg, char **error)
{
    if (strcmp(arg, "none") && strcmp(arg, "std") && strcmp(arg, "virtio")) {
        return options_fail(error, "there are std, virtio and none");
    }
    o->config.vga = options_keep(o, arg);
    return OPTIONS_RUN;
}

const OptionDef options_display[] = {
    {"display", "sdl[,...]|vnc=:N[,...]|none|help", "a window, a VNC server, or neither",
     opt_display},
    {"vnc", "[HOST]:N|unix:PATH|none[,password=on][,to=L][,share=...]",
     "a VNC server at port 5900 + N", opt_vnc},
    {"full-screen", NULL, "the window fills the screen (Ctrl-Alt-F)", opt_full_screen},
    {"nographic", NULL, "no window; serial port and monitor share the terminal (Ctrl-A h)",
     opt_nographic},
    {"k", "en-us", "keyboard layout that VNC viewers' characters are put back into", opt_keyboard},
    {"vga", "std|virtio|none", "graphics card of a PC", opt_vga},
    {NULL, NULL, NULL, NULL},
};
