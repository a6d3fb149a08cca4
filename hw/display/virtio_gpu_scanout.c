// Screens of the virtio graphics device: which part of a resource each shows, and its cursor.
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "hw/core/machine.h"
#include "hw/display/edid.h"
#include "hw/display/virtio_gpu.h"

#define OFF_WIDTH  640 // of the black picture of a screen that is off
#define OFF_HEIGHT 480

const StateField virtio_gpu_scanout_fields[] = {
    STATE_U32(VirtioGpuScanout, resource, .keep = true),
    STATE_U32(VirtioGpuScanout, x, .keep = true),
    STATE_U32(VirtioGpuScanout, y, .keep = true),
    STATE_U32(VirtioGpuScanout, width, .keep = true),
    STATE_U32(VirtioGpuScanout, height, .keep = true),
    STATE_U32(VirtioGpuScanout, want_width, .keep = true),
    STATE_U32(VirtioGpuScanout, want_height, .keep = true),
    STATE_U32(VirtioGpuScanout, cursor_x, .keep = true),
    STATE_U32(VirtioGpuScanout, cursor_y, .keep = true),
    STATE_U32(VirtioGpuScanout, cursor_hot_x, .keep = true),
    STATE_U32(VirtioGpuScanout, cursor_hot_y, .keep = true),
    STATE_BOOL(VirtioGpuScanout, cursor_shown, .keep = true),
    STATE_BOOL(VirtioGpuScanout, cursor_set, .keep = true),
    STATE_BYTES(VirtioGpuScanout, cursor_pixels, .keep = true),
    STATE_END,
};

static void damage_all(VirtioGpuScanout *s)
{
    s->n_damage = 1;
    s->damage[0] = (Rect){0, 0, SURFACE_MAX_SIDE, SURFACE_MAX_SIDE};
    if (s->console) {
        console_touch(s->console);
    }
}

// --- pixels

static uint32_t channel(uint32_t pixel, unsigned shift)
{
    return pixel >> shift & 0xff;
}

static void convert_line(const VirtioGpuFormat *f, const uint8_t *from, uint32_t *to, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        uint32_t p;
        memcpy(&p, from + 4 * (size_t)i, 4);
        to[i] = f->blue == 0
                    ? p & 0xffffff
                    : channel(p, f->red) << 16 | channel(p, f->green) << 8 | channel(p, f->blue);
    }
}

// Guests multiply alpha into the cursor's colours (as Linux's DRM has it); consoles want them as
// they are. Linux's cursors are of a format without alpha, and have it all the same.
static uint32_t cursor_pixel(const VirtioGpuFormat *f, uint32_t p)
{
    uint32_t a = channel(p, f->alpha), out = a;
    const uint8_t shifts[3] = {f->red, f->green, f->blue};
    for (int i = 0; i < 3; i++) {
        uint32_t c = channel(p, shifts[i]);
        c = a ? MIN_OF(c * 255 / a, 255u) : 0;
        out = out << 8 | c;
    }
    return out;
}

// --- drawing

static void draw_part(const VirtioGpuScanout *s, const VirtioGpuResource *r, Surface *surface,
                      const Rect *d)
{
    if (d->x >= s->width || d->y >= s->height) {
        return;
    }
    unsigned width = MIN_OF(d->width, s->width - d->x);
    unsigned height = MIN_OF(d->height, s->height - d->y);
    const VirtioGpuFormat *f = virtio_gpu_format(r->format);
    for (unsigned y = d->y; y < d->y + height; y++) {
        size_t from = (size_t)(s->y + y) * r->width + s->x + d->x;
        convert_line(f, r->data + 4 * from, surface_line(surface, y) + d->x, width);
    }
    surface_damage(surface, d->x, d->y, width, height);
}

static void update(void *opaque, Surface *surface)
{
    VirtioGpuScanout *s = opaque;
    VirtioGpu *g = s->gpu;
    const VirtioGpuResource *r = virtio_gpu_resource(g, s->resource);
    if (!r && g->fallback && s->index == 0) {
        g->fallback->update(g->fallback_opaque, surface);
        return;
    }
    if (surface->width != (r ? s->width : OFF_WIDTH) ||
        surface->height != (r ? s->height : OFF_HEIGHT)) {
        surface_resize(surface, r ? s->width : OFF_WIDTH, r ? s->height : OFF_HEIGHT);
        damage_all(s);
    }
    if (r) {
        for (unsigned i = 0; i < s->n_damage; i++) {
            draw_part(s, r, surface, &s->damage[i]);
        }
    } else if (s->n_damage) {
        surface_fill(surface, 0);
    }
    s->n_damage = 0;
}

static void invalidate(void *opaque)
{
    VirtioGpuScanout *s = opaque;
    VirtioGpu *g = s->gpu;
    damage_all(s);
    if (g->fallback && g->fallback->invalidate && s->index == 0) {
        g->fallback->invalidate(g->fallback_opaque);
    }
}

static char *text(void *opaque)
{
    VirtioGpuScanout *s = opaque;
    const VirtioGpu *g = s->gpu;
    bool other = g->fallback && g->fallback->text && !s->resource && s->index == 0;
    return other ? g->fallback->text(g->fallback_opaque) : NULL;
}

static void suggest_size(void *opaque, unsigned width, unsigned height)
{
    VirtioGpuScanout *s = opaque;
    const uint32_t wish[3] = {s->index, width, height};
    gate_submit(gate_get(s->gpu->v.owner->machine), &s->gpu->sizes, wish, sizeof wish);
}

// The guest says what it has changed.
static unsigned calm_ms(void *opaque)
{
    const VirtioGpuScanout *s = opaque;
    const VirtioGpu *g = s->gpu;
    bool other = g->fallback && !s->resource && s->index == 0;
    return !other ? UINT_MAX : g->fallback->calm_ms ? g->fallback->calm_ms(g->fallback_opaque) : 0;
}

static const ConsoleOps console_ops = {.update = update,
                                       .invalidate = invalidate,
                                       .text = text,
                                       .calm_ms = calm_ms,
                                       .suggest_size = suggest_size};

// --- what a screen shows

static void show_cursor(VirtioGpuScanout *s)
{
    console_move_cursor(s->console, (int)s->cursor_x, (int)s->cursor_y, s->cursor_shown);
}

static void turn_off(VirtioGpuScanout *s)
{
    s->resource = 0;
    s->x = s->y = s->width = s->height = 0;
    s->cursor_shown = false;
    show_cursor(s);
    invalidate(s);
}

void virtio_gpu_resource_gone(VirtioGpu *g, uint32_t id)
{
    for (unsigned i = 0; i < g->max_outputs; i++) {
        if (g->scanout[i].resource == id) {
            turn_off(&g->scanout[i]);
        }
    }
}

static bool fits(const VirtioGpuResource *r, const uint32_t *rect)
{
    return rect[2] && rect[3] && virtio_gpu_inside(r, rect);
}

// x, y, width, height, screen, resource (0: off).
VirtioGpuAnswer virtio_gpu_set_scanout(VirtioGpu *g, const uint32_t *arg)
{
    if (arg[4] >= g->max_outputs) {
        virtio_gpu_guest_error(g, "there is no screen %u", arg[4]);
        return GPU_ERR_SCANOUT;
    }
    VirtioGpuScanout *s = &g->scanout[arg[4]];
    if (!arg[5]) {
        turn_off(s);
        return GPU_OK;
    }
    const VirtioGpuResource *r = virtio_gpu_resource(g, arg[5]);
    if (!r || !fits(r, arg)) {
        virtio_gpu_guest_error(g, "screen %u: %u,%u %u x %u of resource %u%s", s->index, arg[0],
                               arg[1], arg[2], arg[3], arg[5], r ? "" : ", which is none");
        return r ? GPU_ERR_PARAMETER : GPU_ERR_RESOURCE;
    }
    s->resource = r->id;
    s->x = arg[0];
    s->y = arg[1];
    s->width = arg[2];
    s->height = arg[3];
    damage_all(s);
    return GPU_OK;
}

// The part of a resource's rectangle that a screen shows.
static void damage_part(VirtioGpuScanout *s, const uint32_t *rect)
{
    uint32_t x = MAX_OF(rect[0], s->x), y = MAX_OF(rect[1], s->y);
    uint32_t right = MIN_OF(rect[0] + rect[2], s->x + s->width);
    uint32_t bottom = MIN_OF(rect[1] + rect[3], s->y + s->height);
    if (x < right && y < bottom) {
        Rect d = {x - s->x, y - s->y, right - x, bottom - y};
        damage_add(s->damage, &s->n_damage, &d);
        console_touch(s->console);
    }
}

// x, y, width, height, resource.
VirtioGpuAnswer virtio_gpu_flush(VirtioGpu *g, const uint32_t *arg)
{
    const VirtioGpuResource *r = virtio_gpu_resource(g, arg[4]);
    if (!r || !virtio_gpu_inside(r, arg)) {
        virtio_gpu_guest_error(g, "flush: %u,%u %u x %u of resource %u%s", arg[0], arg[1], arg[2],
                               arg[3], arg[4], r ? "" : ", which is none");
        return r ? GPU_ERR_PARAMETER : GPU_ERR_RESOURCE;
    }
    for (unsigned i = 0; i < g->max_outputs; i++) {
        if (g->scanout[i].resource == r->id) {
            damage_part(&g->scanout[i], arg);
        }
    }
    return GPU_OK;
}

// --- the cursor

static void cursor_shape(VirtioGpuScanout *s, const VirtioGpuResource *r)
{
    const VirtioGpuFormat *f = virtio_gpu_format(r->format);
    for (unsigned i = 0; i < ARRAY_LEN(s->cursor_pixels); i++) {
        uint32_t p;
        memcpy(&p, r->data + 4 * (size_t)i, 4);
        s->cursor_pixels[i] = cursor_pixel(f, p);
    }
    s->cursor_set = true;
    console_set_cursor(s->console, VIRTIO_GPU_CURSOR, VIRTIO_GPU_CURSOR, s->cursor_hot_x,
                       s->cursor_hot_y, s->cursor_pixels);
}

// Screen, x, y, padding, resource (0: no cursor), hot spot's x and y.
VirtioGpuAnswer virtio_gpu_cursor(VirtioGpu *g, const uint32_t *arg, bool shape)
{
    if (arg[0] >= g->max_outputs) {
        virtio_gpu_guest_error(g, "cursor: there is no screen %u", arg[0]);
        return GPU_ERR_SCANOUT;
    }
    VirtioGpuScanout *s = &g->scanout[arg[0]];
    if (shape && arg[4]) {
        const VirtioGpuResource *r = virtio_gpu_resource(g, arg[4]);
        if (!r || r->width != VIRTIO_GPU_CURSOR || r->height != VIRTIO_GPU_CURSOR) {
            virtio_gpu_guest_error(g, "cursor: resource %u is not one of %d x %d", arg[4],
                                   VIRTIO_GPU_CURSOR, VIRTIO_GPU_CURSOR);
            return r ? GPU_ERR_PARAMETER : GPU_ERR_RESOURCE;
        }
        s->cursor_hot_x = MIN_OF(arg[5], VIRTIO_GPU_CURSOR - 1u);
        s->cursor_hot_y = MIN_OF(arg[6], VIRTIO_GPU_CURSOR - 1u);
        cursor_shape(s, r);
    }
    s->cursor_x = arg[1];
    s->cursor_y = arg[2];
    s->cursor_shown = arg[4] != 0;
    show_cursor(s);
    return GPU_OK;
}

// --- the device

void virtio_gpu_scanouts_init(VirtioGpu *g)
{
    const Device *d = g->v.owner;
    for (unsigned i = 0; i < VIRTIO_GPU_SCANOUTS; i++) {
        g->scanout[i].gpu = g;
        g->scanout[i].index = i;
    }
    for (unsigned i = 0; i < g->max_outputs; i++) {
        char *name = g_strdup_printf(i ? "%s.%u" : "%s", d->id ? d->id : d->type->name, i);
        g->scanout[i].console = console_add(d->machine, name, &console_ops, &g->scanout[i]);
        damage_all(&g->scanout[i]);
        g_free(name);
    }
    g->scanout[0].want_width = g->xres;
    g->scanout[0].want_height = g->yres;
}

void virtio_gpu_scanouts_free(VirtioGpu *g)
{
    for (unsigned i = 0; i < g->max_outputs; i++) {
        console_remove(g->v.owner->machine, g->scanout[i].console);
    }
}

void virtio_gpu_scanouts_off(VirtioGpu *g)
{
    for (unsigned i = 0; i < g->max_outputs; i++) {
        VirtioGpuScanout *s = &g->scanout[i];
        s->cursor_set = false;
        s->cursor_x = s->cursor_y = s->cursor_hot_x = s->cursor_hot_y = 0;
        memset(s->cursor_pixels, 0, sizeof s->cursor_pixels);
        turn_off(s);
    }
}

static bool loaded_one(VirtioGpu *g, const VirtioGpuScanout *s)
{
    const uint32_t rect[4] = {s->x, s->y, s->width, s->height};
    const VirtioGpuResource *r = virtio_gpu_resource(g, s->resource);
    return (!s->resource || (s->index < g->max_outputs && r && fits(r, rect))) &&
           s->want_width <= EDID_MAX_SIDE && s->want_height <= EDID_MAX_SIDE &&
           !s->want_width == !s->want_height && s->cursor_hot_x < VIRTIO_GPU_CURSOR &&
           s->cursor_hot_y < VIRTIO_GPU_CURSOR;
}

bool virtio_gpu_scanouts_loaded(VirtioGpu *g, char **error)
{
    for (unsigned i = 0; i < VIRTIO_GPU_SCANOUTS; i++) {
        VirtioGpuScanout *s = &g->scanout[i];
        if (!loaded_one(g, s)) {
            *error = g_strdup_printf("virtio-gpu: screen %u is out of range", i);
            return false;
        }
        if (!s->console) {
            continue;
        }
        invalidate(s);
        if (s->cursor_set) {
            console_set_cursor(s->console, VIRTIO_GPU_CURSOR, VIRTIO_GPU_CURSOR, s->cursor_hot_x,
                               s->cursor_hot_y, s->cursor_pixels);
        }
        show_cursor(s);
    }
    return true;
}
