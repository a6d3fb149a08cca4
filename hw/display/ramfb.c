// ramfb: a frame buffer in the guest's own RAM. Firmware allocates it, and tells where it is by
// writing the fw_cfg file "etc/ramfb" (QEMU's "ramfb" interface; all numbers big-endian):
//
//   +0 address (64 bits)   +8 format (DRM fourcc)   +12 flags, 0   +16 width   +20 height
//   +24 bytes from one line to the next, 0: no gaps
//
// There is nothing else to it, so that the guest's operating system can go on with it after the
// firmware, but cannot set a mode. Lines in pages that were stored to (softmmu/ram_dirty.h) are
// compared with what was drawn last.
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "hw/core/firmware.h"
#include "hw/core/machine.h"
#include "hw/nvram/fw_cfg.h"
#include "softmmu/ram_dirty.h"
#include "ui/console.h"
#include "util/log.h"

#define FILE_NAME   "etc/ramfb"
#define CONFIG_SIZE 28
#define VGA_ROM     "vgabios-ramfb.bin"

#define FOURCC(a, b, c, d)                                                                         \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

// Where the colours are in a little-endian pixel: shift, and bits.
typedef struct Format {
    uint32_t fourcc;
    uint8_t bytes, red, green, blue, red_bits, green_bits, blue_bits;
} Format;

static const Format formats[] = {
    {FOURCC('X', 'R', '2', '4'), 4, 16, 8, 0, 8, 8, 8},
    {FOURCC('A', 'R', '2', '4'), 4, 16, 8, 0, 8, 8, 8},
    {FOURCC('X', 'B', '2', '4'), 4, 0, 8, 16, 8, 8, 8},
    {FOURCC('A', 'B', '2', '4'), 4, 0, 8, 16, 8, 8, 8},
    {FOURCC('R', 'G', '2', '4'), 3, 16, 8, 0, 8, 8, 8},
    {FOURCC('R', 'G', '1', '6'), 2, 11, 5, 0, 5, 6, 5},
};

typedef struct Mode {
    const Format *format; // NULL: there is no picture
    uint64_t addr, stride, bytes;
    uint32_t width, height;
} Mode;

typedef struct Ramfb {
    Device dev;
    Device *fw_cfg;
    Console *console;
    // --- state
    uint8_t config[CONFIG_SIZE];
    // --- derived
    Mode mode;
    uint8_t *shadow; // lines as drawn, one after the other
    bool all;        // draw everything
    RamDirty *dirty; // NULL: not tracked
    MemPage first;   // the page that tracking and the picture begin in
    uint64_t *touched;
} Ramfb;

// --- the configuration

static void stored(void *opaque)
{
    console_touch(((Ramfb *)opaque)->console);
}

static void stop_tracking(Ramfb *s)
{
    ram_dirty_free(s->dirty);
    g_free(s->touched);
    s->dirty = NULL;
    s->touched = NULL;
}

static uint64_t big_endian(const uint8_t *p, unsigned bytes)
{
    uint64_t v = 0;
    while (bytes--) {
        v = v << 8 | *p++;
    }
    return v;
}

static const Format *format_of(uint32_t fourcc)
{
    for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
        if (formats[i].fourcc == fourcc) {
            return &formats[i];
        }
    }
    return NULL;
}

static bool parse(const Ramfb *s, Mode *m)
{
    const uint8_t *c = s->config;
    *m = (Mode){
        .format = format_of((uint32_t)big_endian(c + 8, 4)),
        .addr = big_endian(c, 8),
        .width = (uint32_t)big_endian(c + 16, 4),
        .height = (uint32_t)big_endian(c + 20, 4),
        .stride = big_endian(c + 24, 4),
    };
    if (!m->format || !m->width || !m->height || m->width > SURFACE_MAX_SIDE ||
        m->height > SURFACE_MAX_SIDE) {
        return false;
    }
    uint64_t line = (uint64_t)m->width * m->format->bytes;
    m->stride = m->stride ? m->stride : line;
    m->bytes = m->stride * (m->height - 1) + line;
    return m->stride >= line && mem_dma(s->dev.machine->memory, m->addr, m->bytes);
}

// Takes over what the configuration says; no address: no picture.
static void set_mode(Ramfb *s)
{
    if (!parse(s, &s->mode)) {
        if (s->mode.addr) {
            log_printf(LOG_GUEST_ERRORS,
                       "ramfb: %u x %u, format 0x%" PRIx64 ", %" PRIu64 " bytes a line at "
                       "0x%" PRIx64 ": no picture\n",
                       s->mode.width, s->mode.height, big_endian(s->config + 8, 4), s->mode.stride,
                       s->mode.addr);
        }
        s->mode = (Mode){0};
    }
    stop_tracking(s);
    g_free(s->shadow);
    stored(s);
    s->shadow = s->mode.format ? g_try_malloc0((size_t)s->mode.stride * s->mode.height) : NULL;
    s->all = true;
}

static void written(void *opaque, const uint8_t *data)
{
    Ramfb *s = opaque;
    memcpy(s->config, data, CONFIG_SIZE);
    set_mode(s);
}

// --- what to look at

static uint64_t pages(const Mode *m)
{
    return (m->addr % RAM_DIRTY_PAGE + m->bytes - 1) / RAM_DIRTY_PAGE + 1;
}

// Tracks the memory that is there now. Not if it shares its first or last page with something else.
static void track(Ramfb *s)
{
    AddressSpace *as = s->dev.machine->memory;
    MemPage first = address_space_page(as, s->mode.addr);
    MemPage last = address_space_page(as, s->mode.addr + s->mode.bytes - 1);
    if (s->dirty && first.host == s->first.host && last.host) {
        return;
    }
    stop_tracking(s);
    if (first.host && last.host) {
        s->first = first;
        s->dirty = ram_dirty_track(s->dev.machine, &first, pages(&s->mode));
        ram_dirty_notify(s->dirty, stored, s);
        s->touched = g_new0(uint64_t, pages(&s->mode) / 64 + 1);
    }
}

// Fills s->touched. False: nothing was stored to.
static bool collect(Ramfb *s)
{
    track(s);
    return !s->dirty || ram_dirty_collect(s->dirty, 0, pages(&s->mode), s->touched);
}

static bool line_touched(const Ramfb *s, size_t at, size_t len)
{
    uint64_t page = (s->mode.addr % RAM_DIRTY_PAGE + at) / RAM_DIRTY_PAGE;
    uint64_t last = (s->mode.addr % RAM_DIRTY_PAGE + at + len - 1) / RAM_DIRTY_PAGE;
    bool touched = s->all || !s->dirty;
    for (; page <= last && !touched; page++) {
        touched = ram_dirty_bit(s->touched, page);
    }
    return touched;
}

// --- the picture

static uint32_t eight_bits(uint32_t v, unsigned bits)
{
    return v << (8 - bits) | v >> (2 * bits - 8);
}

static uint32_t pixel(const Format *f, const uint8_t *p)
{
    uint32_t v = 0;
    memcpy(&v, p, f->bytes);
    uint32_t r = v >> f->red & mask64(f->red_bits), g = v >> f->green & mask64(f->green_bits);
    uint32_t b = v >> f->blue & mask64(f->blue_bits);
    return eight_bits(r, f->red_bits) << 16 | eight_bits(g, f->green_bits) << 8 |
           eight_bits(b, f->blue_bits);
}

static void draw_line(Ramfb *s, Surface *surface, const uint8_t *memory, unsigned y)
{
    const Format *f = s->mode.format;
    size_t line = (size_t)s->mode.width * f->bytes, at = (size_t)y * s->mode.stride;
    if (!line_touched(s, at, line)) {
        return;
    }
    if (!s->all && !memcmp(s->shadow + at, memory + at, line)) {
        return;
    }
    memcpy(s->shadow + at, memory + at, line);
    uint32_t *to = surface_line(surface, y);
    for (unsigned x = 0; x < s->mode.width; x++) {
        to[x] = pixel(f, memory + at + (size_t)x * f->bytes);
    }
    surface_damage(surface, 0, y, s->mode.width, 1);
}

static void update(void *opaque, Surface *surface)
{
    Ramfb *s = opaque;
    const Mode *m = &s->mode;
    // Looked up each time: the memory may have gone.
    const uint8_t *memory = s->shadow ? mem_dma(s->dev.machine->memory, m->addr, m->bytes) : NULL;
    if (!memory) {
        if (s->all) {
            surface_fill(surface, 0);
        }
        s->all = s->mode.format;
        return;
    }
    if (surface->width != m->width || surface->height != m->height) {
        surface_resize(surface, m->width, m->height);
        s->all = true;
    }
    bool touched = collect(s);
    for (unsigned y = 0; (s->all || touched) && y < m->height; y++) {
        draw_line(s, surface, memory, y);
    }
    s->all = false;
}

static void invalidate(void *opaque)
{
    ((Ramfb *)opaque)->all = true;
}

static unsigned calm_ms(void *opaque)
{
    const Ramfb *s = opaque;
    return s->dirty || !s->mode.format ? UINT_MAX : 0;
}

static const ConsoleOps console_ops = {
    .update = update, .invalidate = invalidate, .calm_ms = calm_ms};

// --- the device

static const StateField fields[] = {
    STATE_BYTES(Ramfb, config),
    STATE_END,
};

static bool loaded(void *obj, char **error)
{
    Ramfb *s = obj;
    (void)error;
    fw_cfg_replace_file(s->fw_cfg, FILE_NAME, s->config, CONFIG_SIZE);
    set_mode(s);
    return true;
}

static const StateDesc state = {"ramfb", 1, fields, .loaded = loaded};

static void reset(Device *d)
{
    char *error = NULL;
    loaded(d, &error);
}

// A PC's BIOS draws text with this one.
static void add_vga_rom(Ramfb *s)
{
    char *path = firmware_find(&s->dev.machine->config, VGA_ROM);
    gchar *data;
    gsize len;
    if (path && g_file_get_contents(path, &data, &len, NULL)) {
        fw_cfg_add_file(s->fw_cfg, "vgaroms/" VGA_ROM, data, len);
        g_free(data);
    }
    g_free(path);
}

static bool realize(Device *d, char **error)
{
    Ramfb *s = (Ramfb *)d;
    s->fw_cfg = machine_lookup(d->machine, "fw_cfg");
    if (!s->fw_cfg) {
        *error = g_strdup("this board has no fw_cfg device, which ramfb needs");
        return false;
    }
    if (!fw_cfg_add_writable(s->fw_cfg, FILE_NAME, s->config, CONFIG_SIZE, written, s)) {
        *error = g_strdup("there can be only one ramfb");
        return false;
    }
    if (d->machine->io) {
        add_vga_rom(s);
    }
    s->console = console_add(d->machine, d->id ? d->id : "ramfb", &console_ops, s);
    s->all = true;
    return true;
}

static void unrealize(Device *d)
{
    Ramfb *s = (Ramfb *)d;
    console_remove(d->machine, s->console);
    stop_tracking(s);
    g_free(s->shadow);
}

static const DeviceType ramfb_type = {
    .name = "ramfb",
    .desc = "frame buffer in RAM that firmware sets up (UEFI)",
    .bus = "sysbus",
    .size = sizeof(Ramfb),
    .user_creatable = true,
    .state = &state,
    .realize = realize,
    .reset = reset,
    .unrealize = unrealize,
};
DEVICE_TYPE(ramfb_type);
