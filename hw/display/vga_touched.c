// Which parts of video memory have to be looked at: pages that the picture comes from and that were
// stored to since it was drawn (softmmu/ram_dirty.h).
#include "hw/display/vga.h"

#include <glib.h>
#include <string.h>

#include "hw/core/machine.h"

// Memory that the picture comes from, as pages. Text and planar modes reach 256 KiB, all of which
// is taken: glyphs lie among the characters.
static void find_shown(Vga *s, const VgaMode *m)
{
    uint64_t lo = m->mask, hi = 0;
    uint32_t bytes = m->draw == VGA_TEXT ? 0 : vga_source_bytes(m, m->width + m->panning);
    for (unsigned y = 0; y < m->height && bytes; y++) {
        VgaLine l = vga_line(m, y);
        lo = MIN_OF(lo, l.address);
        hi = MAX_OF(hi, l.address + (uint64_t)bytes - 1);
    }
    if (!bytes || hi > m->mask) { // it goes on at 0
        lo = 0;
        hi = m->mask;
    }
    s->shown_first = (uint32_t)(lo / RAM_DIRTY_PAGE);
    s->shown_pages = (uint32_t)(hi / RAM_DIRTY_PAGE) + 1 - s->shown_first;
}

static void touch_shown(Vga *s)
{
    for (uint32_t p = s->shown_first; p < s->shown_first + s->shown_pages; p++) {
        s->touched[p / 64] |= BIT(p % 64);
    }
}

bool vga_collect_touched(Vga *s, const VgaMode *m, bool all)
{
    if (all) {
        find_shown(s, m);
    }
    bool any = ram_dirty_collect(s->dirty, s->shown_first, s->shown_pages, s->touched);
    if (all) {
        touch_shown(s);
    }
    return any || all;
}

void vga_touch(Vga *s)
{
    if (s->shown_on) {
        console_touch(s->shown_on);
    }
}

static void stored(void *opaque)
{
    vga_touch(opaque);
}

void vga_touched_init(Vga *s)
{
    MemPage first = mem_region_page(s->vram_region, 0);
    s->dirty = ram_dirty_track(s->machine, &first, s->vram_size / RAM_DIRTY_PAGE);
    ram_dirty_notify(s->dirty, stored, s);
    s->touched = g_new0(uint64_t, s->vram_size / RAM_DIRTY_PAGE / 64 + 1);
}

void vga_touched_free(Vga *s)
{
    ram_dirty_free(s->dirty);
    g_free(s->touched);
}
