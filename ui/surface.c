#include "ui/surface.h"

#include <assert.h>
#include <glib.h>

Surface *surface_new(unsigned width, unsigned height)
{
    Surface *s = g_new0(Surface, 1);
    surface_resize(s, width, height);
    return s;
}

void surface_free(Surface *s)
{
    if (s) {
        g_free(s->pixels);
        g_free(s);
    }
}

void surface_resize(Surface *s, unsigned width, unsigned height)
{
    assert(width && height && width <= SURFACE_MAX_SIDE && height <= SURFACE_MAX_SIDE);
    if (s->width == width && s->height == height) {
        return;
    }
    g_free(s->pixels);
    s->width = s->stride = width;
    s->height = height;
    s->pixels = g_new0(uint32_t, (size_t)width * height);
    s->n_damage = 0;
    surface_damage(s, 0, 0, width, height);
}

// The smallest rectangle that has both in it.
static Rect join(const Rect *a, const Rect *b)
{
    unsigned x = MIN_OF(a->x, b->x), y = MIN_OF(a->y, b->y);
    unsigned right = MAX_OF(a->x + a->width, b->x + b->width);
    unsigned bottom = MAX_OF(a->y + a->height, b->y + b->height);
    return (Rect){x, y, right - x, bottom - y};
}

static size_t area(const Rect *r)
{
    return (size_t)r->width * r->height;
}

// Neighbours that fill their joint rectangle (lines drawn one after the other) become one.
void damage_add(Rect *list, unsigned *n, const Rect *r)
{
    for (unsigned i = *n; i-- > 0;) {
        Rect both = join(&list[i], r);
        if (area(&both) <= area(&list[i]) + area(r)) {
            list[i] = both;
            return;
        }
    }
    if (*n == SURFACE_MAX_DAMAGE) {
        list[*n - 1] = join(&list[*n - 1], r);
    } else {
        list[(*n)++] = *r;
    }
}

void surface_damage(Surface *s, unsigned x, unsigned y, unsigned width, unsigned height)
{
    if (x >= s->width || y >= s->height || !width || !height) {
        return;
    }
    Rect r = {x, y, MIN_OF(width, s->width - x), MIN_OF(height, s->height - y)};
    damage_add(s->damage, &s->n_damage, &r);
}

void surface_clear_damage(Surface *s)
{
    s->n_damage = 0;
}

void surface_fill(Surface *s, uint32_t pixel)
{
    bool changed = false;
    for (unsigned y = 0; y < s->height; y++) {
        uint32_t *line = surface_line(s, y);
        for (unsigned x = 0; x < s->width; x++) {
            changed |= line[x] != pixel;
            line[x] = pixel;
        }
    }
    if (changed) {
        surface_damage(s, 0, 0, s->width, s->height);
    }
}
