// The mux: several frontends share one backend. One has the focus and gets the input; all may
// write. Ctrl-A starts an escape, as in QEMU.
#include <stdio.h>
#include <string.h>

#include "chardev/backend.h"
#include "hw/core/machine.h"

#define ESCAPE 0x01 // Ctrl-A

static void say(Chardev *c, const char *text)
{
    chardev_output(c, (const uint8_t *)text, strlen(text));
}

static void escape_help(Chardev *c)
{
    say(c, "\r\n"
           "Ctrl-A h    this help\r\n"
           "Ctrl-A x    quit\r\n"
           "Ctrl-A c    switch between the console and the monitor\r\n"
           "Ctrl-A b    send a break (magic SysRq)\r\n"
           "Ctrl-A t    time stamps on or off\r\n"
           "Ctrl-A s    disk contents are written at once: nothing to save\r\n"
           "Ctrl-A Ctrl-A  send Ctrl-A\r\n");
}

static void escape_quit(Chardev *c)
{
    say(c, "\r\nmimus: quit by Ctrl-A x\r\n");
    machine_request_by(c->set->machine, MACHINE_QUIT, 0, MACHINE_CAUSE_HOST_UI);
}

static void escape_focus(Chardev *c)
{
    if (c->n_slots < 2) {
        return;
    }
    c->focus = (c->focus + 1) % c->n_slots;
    const ChardevFrontend *f = &c->slot[c->focus]->frontend;
    if (f->direct && f->connected) {
        f->connected(f->opaque, true); // the monitor shows its prompt
    }
}

void chardev_break(Chardev *c)
{
    ChardevSlot *s = c->n_slots ? c->slot[c->focus] : NULL;
    if (s && !s->frontend.direct) {
        gate_submit(gate_get(c->set->machine), &s->brk, NULL, 0);
    }
}

static void escape_timestamps(Chardev *c)
{
    c->timestamps = !c->timestamps;
    c->line_start = true;
}

static void escape_sync(Chardev *c)
{
    (void)c; // writes reach the image file when the guest makes them
}

static const struct {
    char key;
    void (*act)(Chardev *c);
} escapes[] = {
    {'h', escape_help},   {'?', escape_help},       {'x', escape_quit}, {'c', escape_focus},
    {'b', chardev_break}, {'t', escape_timestamps}, {'s', escape_sync},
};

static void pass(Chardev *c, const uint8_t *buf, size_t len)
{
    if (len && c->n_slots) {
        chardev_slot_input(c->slot[c->focus], buf, len);
    }
}

// After Ctrl-A: true if the byte was an escape, false if it is to be passed on.
static bool run_escape(Chardev *c, uint8_t byte)
{
    for (size_t i = 0; i < ARRAY_LEN(escapes); i++) {
        if (byte == escapes[i].key) {
            escapes[i].act(c);
            return true;
        }
    }
    return byte != ESCAPE; // other keys after Ctrl-A are dropped
}

void mux_input(Chardev *c, const uint8_t *buf, size_t len)
{
    size_t start = 0;
    for (size_t i = 0; i < len; i++) {
        if (c->escape) {
            c->escape = false;
            start = run_escape(c, buf[i]) ? i + 1 : i;
        } else if (buf[i] == ESCAPE) {
            pass(c, buf + start, i - start);
            c->escape = true;
            start = i + 1;
        }
    }
    pass(c, buf + start, len - start);
}

// With Ctrl-A t, each line starts with the virtual time.
void mux_write(Chardev *c, const uint8_t *buf, size_t len)
{
    for (size_t i = 0; i < len;) {
        if (c->line_start) {
            uint64_t ns = clock_now(c->set->machine->clock);
            char stamp[40];
            snprintf(stamp, sizeof(stamp), "[%" G_GUINT64_FORMAT ".%06u] ", ns / NS_PER_SEC,
                     (unsigned)(ns % NS_PER_SEC / 1000));
            say(c, stamp);
        }
        const uint8_t *nl = memchr(buf + i, '\n', len - i);
        size_t n = nl ? (size_t)(nl - (buf + i)) + 1 : len - i;
        chardev_output(c, buf + i, n);
        c->line_start = nl != NULL;
        i += n;
    }
}
