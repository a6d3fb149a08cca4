// A terminal on a console of its own: what the chardev "vc" shows (serial ports, monitor).
//
//   chardev output --> text_console_write --> cells --> surface, when somebody looks
//   keys, replies to queries --> send --> chardev input
//
// It knows what a VT100 and the Linux console's programs use: cursor movement, erasing, inserting,
// scrolling regions, colours, UTF-8, line drawing.
#ifndef UI_TEXT_CONSOLE_H
#define UI_TEXT_CONSOLE_H

#include "util/bits.h"

struct Machine;
typedef struct TextConsole TextConsole;

#define TEXT_CONSOLE_MAX_COLUMNS 512
#define TEXT_CONSOLE_MAX_ROWS    256

// send: what is typed, or answered by the terminal itself.
TextConsole *text_console_new(unsigned columns, unsigned rows,
                              void (*send)(void *opaque, const char *text, size_t len),
                              void *opaque);
void text_console_free(TextConsole *t);
// Becomes one of the machine's consoles. At most once.
void text_console_show(TextConsole *t, struct Machine *m, const char *name);
void text_console_write(TextConsole *t, const void *bytes, size_t len);
// The lines, without blanks at their ends. g_free it.
char *text_console_text(const TextConsole *t);

#endif
