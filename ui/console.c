// The machine's list of consoles. The picture is in console.h.
#include "ui/console.h"

#include <glib.h>

#include "hw/core/machine.h"

struct Console {
    char *name;
    const ConsoleOps *ops;
    void *opaque;
    Surface *surface;
    GPtrArray *views; // ConsoleView *, borrowed
    ConsoleCursor cursor;
    uint32_t *cursor_pixels;
    bool touched; // since the last update
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
    c->views = g_ptr_array_new();
    c->touched = true;
    g_ptr_array_add(consoles(m), c);
    return c;
}

static void tell_views(const Console *c)
{
    for (unsigned i = 0; i < c->views->len; i++) {
        const ConsoleView *v = c->views->pdata[i];
        if (v->touched) {
            v->touched(v->opaque);
        }
    }
}

void console_touch(Console *c)
{
    if (!c->touched) {
        c->touched = true;
        tell_views(c);
    }
}

unsigned console_calm_ms(const Console *c)
{
    return c->touched || !c->ops->calm_ms ? 0 : c->ops->calm_ms(c->opaque);
}

void console_remove(Machine *m, Console *c)
{
    if (c && g_ptr_array_remove(consoles(m), c)) {
        tell_views(c);
        for (unsigned i = 0; i < c->views->len; i++) {
            ((ConsoleView *)c->views->pdata[i])->console = NULL;
        }
        g_ptr_array_free(c->views, TRUE);
        surface_free(c->surface);
        g_free(c->cursor_pixels);
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
    Surface *s = c->surface;
    surface_clear_damage(s);
    c->touched = false;
    c->ops->update(c->opaque, s);
    for (unsigned i = 0; i < c->views->len; i++) {
        ConsoleView *v = c->views->pdata[i];
        for (unsigned k = 0; k < s->n_damage; k++) {
            damage_add(v->damage, &v->n_damage, &s->damage[k]);
        }
    }
    return s;
}

const Surface *console_surface(const Console *c)
{
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

bool console_takes_size(const Console *c)
{
    return c->ops->suggest_size != NULL;
}

bool console_takes_text(const Console *c)
{
    return c->ops->typed != NULL;
}

void console_type(Console *c, const char *text, size_t len)
{
    if (c->ops->typed) {
        c->ops->typed(c->opaque, text, len);
    }
}

// --- the cursor

void console_set_cursor(Console *c, unsigned width, unsigned height, unsigned hot_x, unsigned hot_y,
                        const uint32_t *argb)
{
    ConsoleCursor *p = &c->cursor;
    if (!width || !height || width > CONSOLE_CURSOR_MAX || height > CONSOLE_CURSOR_MAX) {
        width = height = 0;
    }
    g_free(c->cursor_pixels);
    c->cursor_pixels = g_memdup2(argb, (size_t)width * height * sizeof *argb);
    p->argb = c->cursor_pixels;
    p->width = width;
    p->height = height;
    p->hot_x = width ? MIN_OF(hot_x, width - 1) : 0;
    p->hot_y = height ? MIN_OF(hot_y, height - 1) : 0;
    p->serial++;
    console_touch(c);
}

void console_move_cursor(Console *c, int x, int y, bool visible)
{
    c->cursor.x = x;
    c->cursor.y = y;
    c->cursor.visible = visible;
    console_touch(c);
}

const ConsoleCursor *console_cursor(const Console *c)
{
    return &c->cursor;
}

// --- views

ConsoleView *console_view_new(Console *c)
{
    ConsoleView *v = g_new0(ConsoleView, 1);
    v->console = c;
    v->n_damage = 1;
    v->damage[0] = (Rect){0, 0, c->surface->width, c->surface->height};
    g_ptr_array_add(c->views, v);
    return v;
}

void console_view_free(ConsoleView *v)
{
    if (v && v->console) {
        g_ptr_array_remove_fast(v->console->views, v);
    }
    g_free(v);
}

// Damage from before the surface got smaller may reach beyond it.
static void clip(ConsoleView *v, const Surface *s)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < v->n_damage; i++) {
        Rect r = v->damage[i];
        if (r.x < s->width && r.y < s->height) {
            r.width = MIN_OF(r.width, s->width - r.x);
            r.height = MIN_OF(r.height, s->height - r.y);
            v->damage[kept++] = r;
        }
    }
    v->n_damage = kept;
}

const Surface *console_view_update(ConsoleView *v)
{
    if (!v->console) {
        return NULL;
    }
    const Surface *s = console_update(v->console);
    v->looked = true;
    clip(v, s);
    return s;
}

void console_view_clear(ConsoleView *v)
{
    v->n_damage = 0;
}
