// The VGA's ports and registers. The picture is in vga.h.
#include "hw/display/vga.h"

#include <glib.h>
#include <string.h>

#include "hw/core/machine.h"
#include "util/log.h"

#define STATUS_READ_NS 500 // what a read over an ISA-like bus takes

const StateField vga_state_fields[] = {
    STATE_U8(Vga, misc),
    STATE_U8(Vga, feature),
    STATE_U8(Vga, status_toggle),
    STATE_U8(Vga, seq_index),
    STATE_U8_ARRAY(Vga, seq, SEQ_COUNT),
    STATE_U8(Vga, gr_index),
    STATE_U8_ARRAY(Vga, gr, GR_COUNT),
    STATE_U8(Vga, cr_index),
    STATE_U8_ARRAY(Vga, cr, CR_COUNT),
    STATE_U8(Vga, ar_index),
    STATE_U8_ARRAY(Vga, ar, AR_COUNT),
    STATE_BOOL(Vga, ar_data),
    STATE_BOOL(Vga, ar_blank, .reset = 1),
    STATE_U8(Vga, dac_mask, .reset = 0xff),
    STATE_U8(Vga, dac_state),
    STATE_U8(Vga, dac_read),
    STATE_U8(Vga, dac_write),
    STATE_U8(Vga, dac_part),
    STATE_U8_ARRAY(Vga, dac_cache, 3),
    STATE_U8_ARRAY(Vga, dac, 768),
    STATE_U32(Vga, latch),
    STATE_U16(Vga, vbe_index),
    STATE_U8(Vga, vbe_low),
    STATE_U16_ARRAY(Vga, vbe, VBE_COUNT),
    STATE_END,
};

// --- which bits of a register exist

static const uint8_t seq_mask[SEQ_COUNT] = {0x03, 0x3d, 0x0f, 0x3f, 0x0e};
static const uint8_t gr_mask[GR_COUNT] = {0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff};
static const uint8_t ar_mask[AR_COUNT] = {0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f,
                                          0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f, 0x3f,
                                          0x3f, 0x3f, 0xef, 0xff, 0x3f, 0x0f, 0x0f};

// --- input status 1: where the beam is

typedef struct Timing {
    uint64_t line_ns, frame_ns, visible_lines, sync_start, sync_lines;
    uint64_t visible_ns; // of a line
} Timing;

// False: the CRT controller is not set up.
static bool timing(const Vga *s, Timing *t)
{
    static const uint32_t khz[4] = {25175, 28322, 28322, 25175};
    const uint8_t *c = s->cr;
    uint64_t chars = c[CR_HTOTAL] + 5u;
    uint64_t lines =
        c[CR_VTOTAL] + ((c[CR_OVERFLOW] & 1u) << 8 | (c[CR_OVERFLOW] & 0x20u) << 4) + 2;
    uint64_t dots = (s->seq[SEQ_CLOCKING] & 1 ? 8 : 9) * (s->seq[SEQ_CLOCKING] & 8 ? 2 : 1);
    if (c[CR_HTOTAL] < 8 || lines < 16) {
        return false;
    }
    uint64_t char_ps = dots * 1000000000 / khz[s->misc >> 2 & 3];
    t->line_ns = chars * char_ps / 1000;
    t->frame_ns = t->line_ns * lines;
    t->visible_ns = (c[CR_HDISP_END] + 1u) * char_ps / 1000;
    t->visible_lines =
        c[CR_VDISP_END] + ((c[CR_OVERFLOW] & 2u) << 7 | (c[CR_OVERFLOW] & 0x40u) << 3) + 1;
    t->sync_start =
        c[CR_VSYNC_START] + ((c[CR_OVERFLOW] & 4u) << 6 | (c[CR_OVERFLOW] & 0x80u) << 2);
    t->sync_lines = ((c[CR_VSYNC_END] - c[CR_VSYNC_START]) & 15u) + 1;
    return t->line_ns != 0;
}

// Bit 0: not drawing; bit 3: vertical retrace. A poll takes its time on the bus, so that a loop
// that waits for the beam does not run a million times.
static uint8_t input_status_1(Vga *s)
{
    Timing t;
    Machine *m = s->machine;
    s->ar_data = false;
    if (m->current) {
        machine_charge(m->current, STATUS_READ_NS);
    }
    if (!timing(s, &t)) {
        s->status_toggle ^= 0x09;
        return s->status_toggle;
    }
    uint64_t at = clock_now(m->clock) % t.frame_ns;
    uint64_t line = at / t.line_ns, x = at % t.line_ns;
    bool retrace = line - t.sync_start < t.sync_lines;
    bool blank = line >= t.visible_lines || x >= t.visible_ns;
    return (uint8_t)(retrace << 3 | (blank || retrace));
}

// --- attribute controller and DAC

static void write_attribute(Vga *s, uint8_t v)
{
    if (!s->ar_data) {
        s->ar_index = v & 0x1f;
        s->ar_blank = !(v & 0x20);
    } else if (s->ar_index < AR_COUNT && (s->ar_index >= 16 || s->ar_blank)) {
        s->ar[s->ar_index] = v & ar_mask[s->ar_index];
    }
    s->ar_data = !s->ar_data;
}

static uint8_t read_dac(Vga *s)
{
    uint8_t v = s->dac[s->dac_read * 3 + s->dac_part];
    if (++s->dac_part == 3) {
        s->dac_part = 0;
        s->dac_read++;
    }
    return v;
}

static void write_dac(Vga *s, uint8_t v)
{
    s->dac_cache[s->dac_part] = vga_dac_is_8bit(s) ? v : v & 0x3f;
    if (++s->dac_part == 3) {
        memcpy(&s->dac[s->dac_write * 3], s->dac_cache, 3);
        s->dac_part = 0;
        s->dac_write++;
    }
}

// --- CRT controller

static void write_crtc(Vga *s, uint8_t v)
{
    unsigned i = s->cr_index;
    if (i >= CR_COUNT) {
        return;
    }
    if (i <= CR_OVERFLOW && s->cr[CR_VSYNC_END] & 0x80) { // protected, but for line compare
        if (i == CR_OVERFLOW) {
            s->cr[i] = (s->cr[i] & ~0x10) | (v & 0x10);
        }
        return;
    }
    s->cr[i] = v;
}

// --- ports

// The CRT controller answers at 3dx or at 3bx, as the miscellaneous register says.
static bool other_crtc(const Vga *s, unsigned port)
{
    bool colour = s->misc & 1;
    return (port >= 0x3b0 && port <= 0x3bf && colour) ||
           (port >= 0x3d0 && port <= 0x3df && !colour);
}

uint8_t vga_port_read(Vga *s, unsigned port)
{
    if (other_crtc(s, port)) {
        return 0xff;
    }
    switch (port) {
    case 0x3c0:
        return s->ar_data ? 0 : s->ar_index | (s->ar_blank ? 0 : 0x20);
    case 0x3c1:
        return s->ar_index < AR_COUNT ? s->ar[s->ar_index] : 0;
    case 0x3c2:
        return 0x10; // a colour monitor's sense line
    case 0x3c4:
        return s->seq_index;
    case 0x3c5:
        return s->seq[s->seq_index];
    case 0x3c6:
        return s->dac_mask;
    case 0x3c7:
        return s->dac_state;
    case 0x3c8:
        return s->dac_write;
    case 0x3c9:
        return read_dac(s);
    case 0x3ca:
        return s->feature;
    case 0x3cc:
        return s->misc;
    case 0x3ce:
        return s->gr_index;
    case 0x3cf:
        return s->gr[s->gr_index];
    case 0x3b4:
    case 0x3d4:
        return s->cr_index;
    case 0x3b5:
    case 0x3d5:
        return s->cr_index < CR_COUNT ? s->cr[s->cr_index] : 0;
    case 0x3ba:
    case 0x3da:
        return input_status_1(s);
    }
    return 0xff;
}

void vga_port_write(Vga *s, unsigned port, uint8_t v)
{
    if (other_crtc(s, port)) {
        return;
    }
    vga_touch(s);
    switch (port) {
    case 0x3c0:
        write_attribute(s, v);
        break;
    case 0x3c2:
        s->misc = v & ~0x10;
        break;
    case 0x3c4:
        s->seq_index = v & (SEQ_COUNT - 1);
        break;
    case 0x3c5:
        s->seq[s->seq_index] = v & seq_mask[s->seq_index];
        vga_window_moved(s);
        break;
    case 0x3c6:
        s->dac_mask = v;
        break;
    case 0x3c7:
        s->dac_read = v;
        s->dac_part = 0;
        s->dac_state = 3;
        break;
    case 0x3c8:
        s->dac_write = v;
        s->dac_part = 0;
        s->dac_state = 0;
        break;
    case 0x3c9:
        write_dac(s, v);
        break;
    case 0x3ce:
        s->gr_index = v & (GR_COUNT - 1);
        break;
    case 0x3cf:
        s->gr[s->gr_index] = v & gr_mask[s->gr_index];
        vga_window_moved(s);
        break;
    case 0x3b4:
    case 0x3d4:
        s->cr_index = v;
        break;
    case 0x3b5:
    case 0x3d5:
        write_crtc(s, v);
        break;
    case 0x3ba:
    case 0x3da:
        s->feature = v & 0x10;
        break;
    }
}

static uint64_t ports_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)size;
    return vga_port_read(opaque, VGA_PORT0 + (unsigned)offset);
}

static void ports_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    (void)size;
    vga_port_write(opaque, VGA_PORT0 + (unsigned)offset, (uint8_t)value);
}

static const MmioOps port_ops = {ports_read, ports_write, 1, 1, false};

// 16-bit ports: index at 1ce, data at 1cf and again at 1d0. What goes to 1cf comes in two bytes, as
// it is not aligned: the second completes it.
static uint64_t vbe_read(void *opaque, uint64_t offset, unsigned size)
{
    Vga *s = opaque;
    uint16_t data = offset ? vga_vbe_read(s, s->vbe_index) : 0;
    if (size == 2) {
        return offset ? data : s->vbe_index;
    }
    return offset == 0 ? s->vbe_index & 0xff : offset == 1 ? data & 0xff : data >> 8;
}

static void vbe_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Vga *s = opaque;
    if (offset == 0) {
        s->vbe_index = (uint16_t)value;
    } else if (size == 2) {
        vga_vbe_write(s, s->vbe_index, (uint16_t)value);
    } else if (offset == 1) {
        s->vbe_low = (uint8_t)value;
    } else if (offset == 2) {
        vga_vbe_write(s, s->vbe_index, (uint16_t)(s->vbe_low | value << 8));
    }
}

static const MmioOps vbe_ops = {vbe_read, vbe_write, 1, 2, false};

// --- setting up

static void add_ports(Vga *s, MemRegion *io)
{
    mem_map(io, VGA_PORT0, mem_mmio("vga-ports", VGA_NPORTS, &port_ops, s), 1);
    mem_map(io, 0x1ce, mem_mmio("vbe-ports", 4, &vbe_ops, s), 1);
}

static void add_window(Vga *s, MemRegion *memory)
{
    s->window = mem_container("vga-window", 2 * VGA_BANK);
    mem_map(s->window, 0, mem_mmio("vga-planes", 2 * VGA_BANK, &vga_window_ops, s), 0);
    mem_map(memory, 0xa0000, s->window, 1);
}

void vga_init(Vga *s, Machine *m, const VgaPlaces *p)
{
    s->machine = m;
    s->vram_size = p->vram_size;
    s->vram_region = machine_add_memory(m, mem_ram("vga-vram", p->vram_size));
    s->vram = mem_host(s->vram_region);
    s->direct = g_new0(MemRegion *, p->vram_size / VGA_BANK);
    s->direct_bank = -1;
    s->shadow = g_malloc0(p->vram_size);
    s->chunk = g_malloc0(p->vram_size / VGA_CHUNK);
    s->line = g_new0(uint32_t, VGA_MAX_LINE);
    vga_touched_init(s);
    if (p->memory) {
        add_window(s, p->memory);
    }
    if (p->io) {
        add_ports(s, p->io);
    }
    s->console = p->name ? console_add(m, p->name, &vga_console_ops, s) : NULL;
    s->shown_on = s->console;
}

void vga_free(Vga *s)
{
    console_remove(s->machine, s->console);
    vga_touched_free(s);
    g_free(s->shadow);
    g_free(s->chunk);
    g_free(s->line);
}

void vga_reset(Vga *s)
{
    s->vbe[VBE_ID] = 0xb0c5;
    s->vbe[VBE_MEMORY_64K] = (uint16_t)(s->vram_size / VGA_BANK);
    vga_window_moved(s);
    vga_touch(s);
}

bool vga_loaded(Vga *s, char **error)
{
    s->seq_index &= SEQ_COUNT - 1;
    s->gr_index &= GR_COUNT - 1;
    s->ar_index &= 0x1f;
    if (s->dac_part > 2 || s->vbe[VBE_BANK] >= s->vram_size / VGA_BANK) {
        *error = g_strdup_printf("vga: bank %u, palette part %u", s->vbe[VBE_BANK], s->dac_part);
        return false;
    }
    s->drawn = false;
    vga_window_moved(s);
    vga_touch(s);
    return true;
}
