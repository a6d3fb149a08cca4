// The machine's list of consoles. The picture is in console.h.
#include "ui/console.h"

#include <glib.h>

#include "hw/core/machine.h"

struct Console {
    char *name;
    const ConsoleOps *ops;
    void *opaque;
    Surface *surface;
};

static GPtrArray *consoles(Machine *m)
{
    GPtrArray *all = machine_lookup(m, "consoles");
    if (!all) {
        all = g_ptr_array_new();
        machine_register(m, "consoles", all);
    }
    return all;
}

Console *console_add(Machine *m, const char *name, const ConsoleOps *ops, void *opaque)
{
    Console *c = g_new0(Console, 1);
    c->name = g_strdup(name);
    c->ops = ops;
    c->opaque = opaque;
    c->surface = surface_new(640, 480);
    g_ptr_array_add(consoles(m), c);
    return c;
}

void console_remove(Machine *m, Console *c)
{
    if (c && g_ptr_array_remove(consoles(m), c)) {
        surface_free(c->surface);
        g_free(c->name);
        g_free(c);
    }
}

Console *console_get(Machine *m, unsigned n)
{
    GPtrArray *all = consoles(m);
    return n < all->len ? all->pdata[n] : NULL;
}

const char *console_name(const Console *c)
{
    return c->name;
}

Surface *console_update(Console *c)
{
    c->ops->update(c->opaque, c->surface);
    return c->surface;
}

char *console_text(Console *c)
{
    return c->ops->text ? c->ops->text(c->opaque) : NULL;
}

void console_suggest_size(Console *c, unsigned width, unsigned height)
{
    if (c->ops->suggest_size) {
        c->ops->suggest_size(c->opaque, width, height);
    }
}
