// A picture in memory: 32 bits a pixel, 0x00RRGGBB, and which parts of it changed.
//
//   producer (a display device): surface_resize, writes pixels, surface_damage
//   consumer (screendump, a window): reads pixels, looks at the damage, surface_clear_damage
#ifndef UI_SURFACE_H
#define UI_SURFACE_H

#include "util/bits.h"

#define SURFACE_MAX_SIDE   16384
#define SURFACE_MAX_DAMAGE 16

typedef struct Rect {
    unsigned x, y, width, height; // pixels
} Rect;

typedef struct Surface {
    unsigned width, height;
    unsigned stride; // pixels from one line to the next
    uint32_t *pixels;
    unsigned n_damage;
    Rect damage[SURFACE_MAX_DAMAGE]; // may overlap
} Surface;

// Adds r to a list of at most SURFACE_MAX_DAMAGE; what does not fit is joined.
void damage_add(Rect *list, unsigned *n, const Rect *r);

Surface *surface_new(unsigned width, unsigned height); // black, damaged as a whole
void surface_free(Surface *s);
// Black and damaged as a whole if the size changes. Sides are 1 to SURFACE_MAX_SIDE.
void surface_resize(Surface *s, unsigned width, unsigned height);
// The part of the rectangle that lies in the surface has changed.
void surface_damage(Surface *s, unsigned x, unsigned y, unsigned width, unsigned height);
void surface_clear_damage(Surface *s);
void surface_fill(Surface *s, uint32_t pixel); // all of it, if it is not that already

static inline uint32_t *surface_line(const Surface *s, unsigned y)
{
    return s->pixels + (size_t)y * s->stride;
}

#endif
