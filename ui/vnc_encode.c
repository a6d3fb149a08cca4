// Pixels for VNC viewers: their format, raw rectangles, and ZRLE (RFC 6143, 7.7).
#include "ui/vnc_internal.h"

#include <string.h>

#define TILE        64 // pixels, of a side
#define MAX_PALETTE 16

// --- formats

// ZRLE leaves out the byte of four that has no colour in it.
static uint8_t compact_skip(const VncFormat *f)
{
    uint64_t used = 0;
    for (unsigned i = 0; i < 3; i++) {
        used |= (uint64_t)f->max[i] << f->shift[i];
    }
    if (f->bytes != 4 || f->depth > 24 || used >> 32) {
        return 4;
    }
    if (!(used >> 24)) {
        return f->big_endian ? 0 : 3;
    }
    return used & 0xff ? 4 : f->big_endian ? 3 : 0;
}

static void finish_format(VncFormat *f)
{
    for (unsigned i = 0; i < 3; i++) {
        for (unsigned v = 0; v < 256; v++) {
            f->table[i][v] = (uint32_t)((v * f->max[i] + 127) / 255) << f->shift[i];
        }
    }
    f->compact_skip = compact_skip(f);
    f->native = f->bytes == 4 && !f->big_endian && f->max[0] == 255 && f->max[1] == 255 &&
                f->max[2] == 255 && f->shift[0] == 16 && f->shift[1] == 8 && f->shift[2] == 0;
}

void vnc_default_format(VncFormat *f)
{
    *f = (VncFormat){.bytes = 4, .depth = 24, .max = {255, 255, 255}, .shift = {16, 8, 0}};
    finish_format(f);
}

bool vnc_parse_format(VncFormat *f, const uint8_t *p, bool *colour_map)
{
    if (p[0] != 8 && p[0] != 16 && p[0] != 32) {
        return false;
    }
    *f = (VncFormat){.bytes = p[0] / 8, .depth = p[1], .big_endian = p[2]};
    *colour_map = !p[3];
    if (!p[3]) {
        *f = (VncFormat){.bytes = 1, .depth = 8, .max = {7, 7, 3}, .shift = {0, 3, 6}};
    }
    for (unsigned i = 0; p[3] && i < 3; i++) {
        f->max[i] = (uint16_t)(p[4 + 2 * i] << 8 | p[5 + 2 * i]);
        f->shift[i] = p[10 + i];
        if (f->shift[i] > 31) {
            return false;
        }
    }
    finish_format(f);
    return true;
}

void vnc_put_format(const VncFormat *f, uint8_t out[16])
{
    memset(out, 0, 16);
    out[0] = f->bytes * 8;
    out[1] = f->depth;
    out[2] = f->big_endian;
    out[3] = 1;
    for (unsigned i = 0; i < 3; i++) {
        out[4 + 2 * i] = f->max[i] >> 8;
        out[5 + 2 * i] = f->max[i] & 0xff;
        out[10 + i] = f->shift[i];
    }
}

uint8_t *vnc_pixel(const VncFormat *f, uint32_t pixel, uint8_t *out)
{
    uint32_t v = f->table[0][pixel >> 16 & 0xff] | f->table[1][pixel >> 8 & 0xff] |
                 f->table[2][pixel & 0xff];
    for (unsigned i = 0; i < f->bytes; i++) {
        *out++ = (uint8_t)(v >> 8 * (f->big_endian ? f->bytes - 1u - i : i));
    }
    return out;
}

// --- raw

void vnc_encode_raw(VncClient *c, const Surface *s, const Rect *r)
{
    const VncFormat *f = &c->format;
    size_t line = (size_t)r->width * f->bytes;
    guint at = c->out->len;
    g_byte_array_set_size(c->out, at + (guint)(line * r->height));
    uint8_t *out = c->out->data + at;
    for (unsigned y = 0; y < r->height; y++) {
        const uint32_t *in = surface_line(s, r->y + y) + r->x;
        if (f->native) {
            memcpy(out, in, line);
            out += line;
            continue;
        }
        for (unsigned x = 0; x < r->width; x++) {
            out = vnc_pixel(f, in[x], out);
        }
    }
}

// --- ZRLE: tiles, each with the palette it needs, all through one zlib stream

static uint8_t *compact_pixel(const VncFormat *f, uint32_t pixel, uint8_t *out)
{
    uint8_t whole[4];
    if (f->compact_skip == 4) {
        return vnc_pixel(f, pixel, out);
    }
    vnc_pixel(f, pixel, whole);
    for (unsigned i = 0; i < 4; i++) {
        if (i != f->compact_skip) {
            *out++ = whole[i];
        }
    }
    return out;
}

// The tile's colours; more than MAX_PALETTE: that many plus 1.
static unsigned find_palette(const Surface *s, const Rect *t, uint32_t palette[MAX_PALETTE])
{
    unsigned n = 0, last = 0;
    for (unsigned y = 0; y < t->height; y++) {
        const uint32_t *in = surface_line(s, t->y + y) + t->x;
        for (unsigned x = 0; x < t->width; x++) {
            if (n && palette[last] == in[x]) {
                continue;
            }
            for (last = 0; last < n && palette[last] != in[x]; last++) {
            }
            if (last == n) {
                if (n == MAX_PALETTE) {
                    return MAX_PALETTE + 1;
                }
                palette[n++] = in[x];
            }
        }
    }
    return n;
}

static unsigned index_of(const uint32_t *palette, unsigned n, uint32_t pixel)
{
    unsigned i = 0;
    while (i + 1 < n && palette[i] != pixel) {
        i++;
    }
    return i;
}

// Indices of 1, 2 or 4 bits; a line begins at a byte.
static uint8_t *packed(const Surface *s, const Rect *t, const uint32_t *palette, unsigned n,
                       uint8_t *out)
{
    unsigned bits = n == 2 ? 1 : n <= 4 ? 2 : 4;
    for (unsigned y = 0; y < t->height; y++) {
        const uint32_t *in = surface_line(s, t->y + y) + t->x;
        unsigned have = 0, v = 0;
        for (unsigned x = 0; x < t->width; x++) {
            v = v << bits | index_of(palette, n, in[x]);
            have += bits;
            if (have == 8) {
                *out++ = (uint8_t)v;
                have = v = 0;
            }
        }
        if (have) {
            *out++ = (uint8_t)(v << (8 - have));
        }
    }
    return out;
}

static void add_tile(VncClient *c, const Surface *s, const Rect *t)
{
    const VncFormat *f = &c->format;
    uint8_t buf[1 + 4 * TILE * TILE], *out = buf;
    uint32_t palette[MAX_PALETTE];
    unsigned n = find_palette(s, t, palette);
    *out++ = n > MAX_PALETTE ? 0 : (uint8_t)n;
    for (unsigned i = 0; n <= MAX_PALETTE && i < n; i++) {
        out = compact_pixel(f, palette[i], out);
    }
    if (n > MAX_PALETTE) {
        for (unsigned y = 0; y < t->height; y++) {
            const uint32_t *in = surface_line(s, t->y + y) + t->x;
            for (unsigned x = 0; x < t->width; x++) {
                out = compact_pixel(f, in[x], out);
            }
        }
    } else if (n > 1) {
        out = packed(s, t, palette, n, out);
    }
    g_byte_array_append(c->tile, buf, (guint)(out - buf));
}

// Everything in c->tile, so that it can be unpacked without what follows.
static void deflate_tile(VncClient *c)
{
    z_stream *z = &c->zip;
    uint8_t buf[16384];
    z->next_in = c->tile->data;
    z->avail_in = c->tile->len;
    do {
        z->next_out = buf;
        z->avail_out = sizeof buf;
        deflate(z, Z_SYNC_FLUSH);
        g_byte_array_append(c->out, buf, (guint)(sizeof buf - z->avail_out));
    } while (!z->avail_out);
}

void vnc_encode_zrle(VncClient *c, const Surface *s, const Rect *r)
{
    if (!c->zip_open) {
        c->zip_open = deflateInit(&c->zip, Z_BEST_SPEED) == Z_OK;
    }
    g_byte_array_set_size(c->tile, 0);
    for (unsigned y = 0; y < r->height; y += TILE) {
        for (unsigned x = 0; x < r->width; x += TILE) {
            Rect t = {r->x + x, r->y + y, MIN_OF(r->width - x, TILE), MIN_OF(r->height - y, TILE)};
            add_tile(c, s, &t);
        }
    }
    guint at = c->out->len;
    vnc_send_u32(c, 0);
    deflate_tile(c);
    uint32_t len = c->out->len - at - 4;
    for (unsigned i = 0; i < 4; i++) {
        c->out->data[at + i] = (uint8_t)(len >> (24 - 8 * i));
    }
}
