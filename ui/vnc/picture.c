// Pictures from the main loop to viewers' threads: one shared copy of the screen, written between
// the machine's turns, read in pieces whenever a viewer gets to it.
#include "ui/vnc/internal.h"

#include <stdlib.h>
#include <string.h>

#define PIECE (256u << 10) // bytes copied with the lock held

// --- main loop

static bool resize(VncServer *s, unsigned width, unsigned height)
{
    VncShared *shared = &s->shared;
    if (shared->pixels && shared->width == width && shared->height == height) {
        return false;
    }
    uint32_t *pixels = g_try_malloc((size_t)width * height * sizeof *pixels);
    if (!pixels) { // viewers keep what they have
        return false;
    }
    g_free(shared->pixels);
    shared->pixels = pixels;
    shared->width = width;
    shared->height = height;
    return true;
}

static void copy_in(VncShared *to, const Surface *from, const Rect *r)
{
    unsigned right = MIN_OF(MIN_OF(r->x + r->width, to->width), from->width);
    unsigned bottom = MIN_OF(MIN_OF(r->y + r->height, to->height), from->height);
    for (unsigned y = r->y; r->x < right && y < bottom; y++) {
        memcpy(to->pixels + (size_t)y * to->width + r->x, surface_line(from, y) + r->x,
               (right - r->x) * sizeof *to->pixels);
    }
}

static bool publish_status(VncServer *s)
{
    const Display *d = s->d;
    const ConsoleCursor *p = console_cursor(d->view->console);
    VncStatus now = {.leds = input_leds(d->m),
                     .absolute = display_takes_absolute(d),
                     .takes_size = console_takes_size(d->view->console)};
    VncStatus *old = &s->shared.status;
    if (p->serial && p->visible) { // far away is far enough
        now.x = MIN_OF(MAX(p->x, -0x7fff), 0x7fff);
        now.y = MIN_OF(MAX(p->y, -0x7fff), 0x7fff);
    }
    bool changed = now.leds != old->leds || now.absolute != old->absolute ||
                   now.takes_size != old->takes_size || now.x != old->x || now.y != old->y;
    *old = now;
    return changed;
}

// A shape that is bigger than viewers can be sent loses its right and lower part.
static bool publish_cursor(VncServer *s)
{
    VncShared *shared = &s->shared;
    const Console *console = s->d->view->console;
    const ConsoleCursor *p = console_cursor(console);
    VncCursor *c = &shared->cursor;
    if (shared->console == console && shared->console_serial == p->serial &&
        c->visible == p->visible) {
        return false;
    }
    shared->console = console;
    shared->console_serial = p->serial;
    c->visible = p->visible;
    if (!p->serial && !c->serial) {
        return false;
    }
    c->serial++;
    c->width = p->serial ? MIN_OF(p->width, (unsigned)VNC_MAX_CURSOR) : 0;
    c->height = p->serial ? MIN_OF(p->height, (unsigned)VNC_MAX_CURSOR) : 0;
    c->hot_x = MIN_OF(p->hot_x, c->width);
    c->hot_y = MIN_OF(p->hot_y, c->height);
    for (unsigned y = 0; y < c->height; y++) {
        memcpy(c->argb + y * c->width, p->argb + y * p->width, c->width * sizeof *c->argb);
    }
    return true;
}

static void call_viewers(VncServer *s, const Rect *r, unsigned n)
{
    for (unsigned i = 0; i < s->viewers->len; i++) {
        VncViewer *v = s->viewers->pdata[i];
        if (!v->watching) {
            continue;
        }
        for (unsigned k = 0; v->started && k < n; k++) {
            damage_add(v->damage, &v->n_damage, &r[k]);
        }
        v->started = true;
        if (!v->called) {
            v->called = true;
            vnc_call(v->wake);
        }
    }
    g_cond_broadcast(&s->change);
}

bool vnc_someone_waits(const VncServer *s)
{
    for (unsigned i = 0; i < s->viewers->len; i++) {
        const VncViewer *v = s->viewers->pdata[i];
        if (v->watching && !v->started && !v->ending) {
            return true;
        }
    }
    return false;
}

bool vnc_publish(VncServer *s)
{
    ConsoleView *view = s->d->view;
    const Surface *picture = view ? console_view_update(view) : NULL;
    if (!picture) {
        return false;
    }
    if (!g_mutex_trylock(&s->lock)) { // next time, with what has changed until then
        vnc_call(s->news);
        return true;
    }
    bool resized = resize(s, MIN_OF(picture->width, (unsigned)VNC_MAX_SIDE),
                          MIN_OF(picture->height, (unsigned)VNC_MAX_SIDE));
    Rect whole = {0, 0, picture->width, picture->height};
    const Rect *r = resized ? &whole : view->damage;
    unsigned n = resized ? 1 : view->n_damage;
    for (unsigned i = 0; s->shared.pixels && i < n; i++) {
        copy_in(&s->shared, picture, &r[i]);
    }
    bool status = publish_status(s), cursor = publish_cursor(s), changed = n || status || cursor;
    if (s->shared.pixels && (changed || vnc_someone_waits(s))) {
        call_viewers(s, r, n);
    }
    g_mutex_unlock(&s->lock);
    console_view_clear(view);
    return changed;
}

void vnc_forget_picture(VncServer *s)
{
    g_free(s->shared.pixels);
    s->shared.pixels = NULL;
}

// --- threads

bool vnc_await_picture(VncViewer *v)
{
    VncServer *s = v->s;
    g_mutex_lock(&s->lock);
    v->watching = true;
    vnc_call(s->news);
    while (!v->started && !v->ending) {
        g_cond_wait(&s->change, &s->lock);
    }
    bool ok = v->started && !v->ending;
    g_mutex_unlock(&s->lock);
    return ok;
}

// Lines of a rectangle, until the piece is full. False: the shared picture has another size now.
static bool copy_piece(VncViewer *v, Rect *r)
{
    VncShared *from = &v->s->shared;
    unsigned width = (unsigned)v->screen->width, height = (unsigned)v->screen->height;
    g_mutex_lock(&v->s->lock);
    bool same = from->width == width && from->height == height;
    unsigned lines = MAX(PIECE / (r->width * 4), 1u);
    lines = MIN_OF(lines, r->height);
    for (unsigned y = r->y; same && y < r->y + lines; y++) {
        size_t at = (size_t)y * width + r->x;
        memcpy(v->frame + at, from->pixels + at, r->width * sizeof *v->frame);
    }
    g_mutex_unlock(&v->s->lock);
    r->y += lines;
    r->height -= lines;
    return same;
}

// Pixels first: what changes in them meanwhile is damage again.
static bool take_rectangle(VncViewer *v, Rect r)
{
    unsigned width = (unsigned)v->screen->width, height = (unsigned)v->screen->height;
    if (r.x >= width || r.y >= height) {
        return true;
    }
    r.width = MIN_OF(r.width, width - r.x);
    r.height = MIN_OF(r.height, height - r.y);
    Rect left = r;
    while (left.width && left.height) {
        if (!copy_piece(v, &left)) {
            return false;
        }
    }
    if (v->cl) {
        rfbMarkRectAsModified(v->screen, (int)r.x, (int)r.y, (int)(r.x + r.width),
                              (int)(r.y + r.height));
    }
    return true;
}

// A frame of the shared picture's size, now. False: there is no memory for it.
static bool take_frame(VncViewer *v, unsigned width, unsigned height)
{
    uint32_t *old = v->frame, *frame = g_try_malloc0((size_t)width * height * sizeof *frame);
    if (!frame) {
        v->why = "there is no memory for its picture";
        return false;
    }
    if (v->cl) {
        rfbNewFramebuffer(v->screen, (char *)frame, (int)width, (int)height, 8, 3, 4);
        vnc_set_format(v->screen);
        v->screen->setTranslateFunction(v->cl);
    } else {
        v->screen->width = (int)width;
        v->screen->height = (int)height;
        v->screen->paddedWidthInBytes = (int)width * 4;
        v->screen->frameBuffer = (char *)frame;
    }
    v->frame = frame;
    g_free(old);
    return true;
}

static void make_cursor(VncViewer *v, const VncCursor *from)
{
    rfbCursorPtr c = NULL;
    unsigned row = (from->width + 7) / 8, n = from->width * from->height;
    if (from->visible && n) { // the library frees it
        c = calloc(1, sizeof *c);
        c->cleanup = c->cleanupSource = c->cleanupMask = c->cleanupRichSource = TRUE;
        c->width = (unsigned short)from->width;
        c->height = (unsigned short)from->height;
        c->xhot = (unsigned short)from->hot_x;
        c->yhot = (unsigned short)from->hot_y;
        c->mask = calloc(row, from->height);
        c->richSource = calloc(n, 4);
        c->alphaSource = calloc(n, 1);
        for (unsigned i = 0; i < n; i++) {
            unsigned x = i % from->width, y = i / from->width;
            ((uint32_t *)c->richSource)[i] = from->argb[i] & 0xffffff;
            c->alphaSource[i] = (unsigned char)(from->argb[i] >> 24);
            c->mask[y * row + x / 8] |= from->argb[i] >> 31 ? 0x80u >> x % 8 : 0;
        }
    }
    rfbSetCursor(v->screen, c);
}

// What is not pixels. The damage so far is moved to r.
static unsigned take_status(VncViewer *v, Rect *r)
{
    VncServer *s = v->s;
    g_mutex_lock(&s->lock);
    unsigned n = v->n_damage;
    memcpy(r, v->damage, n * sizeof *r);
    v->n_damage = 0;
    v->called = false;
    v->status = s->shared.status;
    if (v->cursor.serial != s->shared.cursor.serial) {
        v->cursor = s->shared.cursor;
    }
    g_mutex_unlock(&s->lock);
    return n;
}

bool vnc_take_size(VncViewer *v, unsigned *width, unsigned *height)
{
    g_mutex_lock(&v->s->lock);
    *width = v->s->shared.width;
    *height = v->s->shared.height;
    g_mutex_unlock(&v->s->lock);
    return !v->frame || *width != (unsigned)v->screen->width ||
           *height != (unsigned)v->screen->height;
}

static bool take_pixels(VncViewer *v, const Rect *r, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (!take_rectangle(v, r[i])) {
            return false;
        }
    }
    return true;
}

void vnc_take(VncViewer *v)
{
    Rect r[SURFACE_MAX_DAMAGE];
    unsigned n = take_status(v, r), width, height;
    bool whole = vnc_take_size(v, &width, &height);
    while (whole || !take_pixels(v, r, n)) {
        if ((whole || vnc_take_size(v, &width, &height)) && !take_frame(v, width, height)) {
            vnc_viewer_end(v);
            return;
        }
        r[0] = (Rect){0, 0, width, height};
        n = 1;
        whole = false;
    }
    if (v->drawn_cursor != v->cursor.serial) {
        v->drawn_cursor = v->cursor.serial;
        make_cursor(v, &v->cursor);
    }
    if (v->screen->cursor) { // it is drawn for viewers that do not draw one
        v->screen->cursorX = v->status.x;
        v->screen->cursorY = v->status.y;
    }
}
