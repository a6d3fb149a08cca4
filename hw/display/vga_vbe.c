// The Bochs VBE extensions: linear modes by 11 registers of 16 bits.
#include "hw/display/vga.h"

#include <string.h>

#include "hw/core/machine.h"
#include "util/log.h"

uint32_t vga_vbe_bytes(unsigned bpp, uint32_t pixels)
{
    switch (bpp) {
    case 4:
        return (pixels + 7) / 8 * 4; // a bit in each of four planes
    case 15:
        return pixels * 2;
    }
    return pixels * (bpp / 8);
}

static bool known_depth(unsigned bpp)
{
    return bpp == 4 || bpp == 8 || bpp == 15 || bpp == 16 || bpp == 24 || bpp == 32;
}

// A picture that the memory cannot hold is cut down: width first, then height; offsets last.
static void fit(Vga *s)
{
    uint16_t *v = s->vbe;
    if (!known_depth(v[VBE_BPP])) {
        v[VBE_BPP] = 8;
    }
    v[VBE_XRES] = (uint16_t)MAX_OF(MIN_OF(v[VBE_XRES], VBE_MAX_X), 8);
    v[VBE_YRES] = (uint16_t)MAX_OF(MIN_OF(v[VBE_YRES], VBE_MAX_Y), 1);
    v[VBE_VIRT_WIDTH] = (uint16_t)MIN_OF(MAX_OF(v[VBE_VIRT_WIDTH], v[VBE_XRES]), VBE_MAX_X);
    uint32_t line = vga_vbe_bytes(v[VBE_BPP], v[VBE_VIRT_WIDTH]);
    if ((uint64_t)line * v[VBE_YRES] > s->vram_size) {
        v[VBE_VIRT_WIDTH] = v[VBE_XRES];
        line = vga_vbe_bytes(v[VBE_BPP], v[VBE_XRES]);
        v[VBE_YRES] = (uint16_t)MAX_OF(MIN_OF(v[VBE_YRES], s->vram_size / line), 1u);
    }
    uint32_t lines = s->vram_size / line;
    v[VBE_VIRT_HEIGHT] = (uint16_t)MIN_OF(lines, 0xffffu);
    v[VBE_X_OFFSET] = (uint16_t)MIN_OF(v[VBE_X_OFFSET], v[VBE_VIRT_WIDTH]);
    v[VBE_Y_OFFSET] = (uint16_t)MIN_OF(v[VBE_Y_OFFSET], lines);
}

// Programs that look at VGA registers in a VBE mode, or use its window, find them set for it.
static void set_vga_registers(Vga *s)
{
    unsigned height = s->vbe[VBE_YRES] - 1u;
    uint32_t line = vga_vbe_bytes(s->vbe[VBE_BPP], s->vbe[VBE_VIRT_WIDTH]);
    bool planar = s->vbe[VBE_BPP] == 4;
    s->gr[GR_MISC] = (s->gr[GR_MISC] & ~0x0c) | 0x05; // graphics, 64 KiB at a0000
    s->gr[GR_MODE] = (s->gr[GR_MODE] & ~0x7b) | (planar ? 0 : 0x40);
    s->gr[GR_ENABLE_SET_RESET] = s->gr[GR_ROTATE] = 0;
    s->gr[GR_BIT_MASK] = 0xff;
    s->seq[SEQ_MODE] = (s->seq[SEQ_MODE] & ~8) | 4 | (planar ? 0 : 8);
    s->seq[SEQ_MAP_MASK] = 15;
    s->seq[SEQ_CLOCKING] &= ~0x28;
    s->cr[CR_MODE] |= 3;
    s->cr[CR_OFFSET] = (uint8_t)(line >> 3);
    s->cr[CR_HDISP_END] = (uint8_t)(s->vbe[VBE_XRES] / 8 - 1);
    s->cr[CR_VDISP_END] = (uint8_t)height;
    s->cr[CR_OVERFLOW] = (uint8_t)((s->cr[CR_OVERFLOW] & ~0x52) | (height >> 7 & 0x02) |
                                   (height >> 3 & 0x40) | 0x10);
    s->cr[CR_LINE_COMPARE] = 0xff;
    s->cr[CR_MAX_SCAN] = (s->cr[CR_MAX_SCAN] & ~0x9f) | 0x40;
    s->cr[CR_START_HIGH] = s->cr[CR_START_LOW] = 0;
}

static void enable(Vga *s, uint16_t v)
{
    bool was_on = vga_vbe_on(s), was_8bit = vga_dac_is_8bit(s);
    s->vbe[VBE_BANK] = 0;
    s->vbe[VBE_ENABLE] = v & (VBE_ENABLED | VBE_GETCAPS | VBE_8BIT_DAC | VBE_LFB | VBE_NO_CLEAR);
    if ((v & VBE_ENABLED) && !was_on) {
        s->vbe[VBE_VIRT_WIDTH] = 0;
        s->vbe[VBE_X_OFFSET] = s->vbe[VBE_Y_OFFSET] = 0;
        fit(s);
        set_vga_registers(s);
        if (!(v & VBE_NO_CLEAR)) {
            uint32_t line = vga_vbe_bytes(s->vbe[VBE_BPP], s->vbe[VBE_VIRT_WIDTH]);
            uint64_t len = MIN_OF((uint64_t)line * s->vbe[VBE_YRES], s->vram_size);
            memset(s->vram, 0, len);
            mem_region_dirty(s->machine->memory, s->vram_region, 0, len);
        }
    }
    bool is_8bit = vga_dac_is_8bit(s);
    for (unsigned i = 0; was_8bit != is_8bit && i < sizeof s->dac; i++) {
        s->dac[i] = is_8bit ? (uint8_t)(s->dac[i] << 2 | s->dac[i] >> 4) : s->dac[i] >> 2;
    }
}

void vga_vbe_write(Vga *s, unsigned index, uint16_t v)
{
    vga_touch(s);
    switch (index) {
    case VBE_ID:
        if (v >= 0xb0c0 && v <= 0xb0c5) {
            s->vbe[VBE_ID] = v;
        }
        return;
    case VBE_XRES:
    case VBE_YRES:
    case VBE_BPP:
        if (!vga_vbe_on(s)) {
            s->vbe[index] = v;
        }
        return;
    case VBE_VIRT_WIDTH:
    case VBE_X_OFFSET:
    case VBE_Y_OFFSET:
        s->vbe[index] = v;
        if (vga_vbe_on(s)) {
            fit(s);
        }
        return;
    case VBE_BANK:
        s->vbe[VBE_BANK] = v & (s->vram_size / VGA_BANK - 1);
        break;
    case VBE_ENABLE:
        enable(s, v);
        break;
    default:
        return;
    }
    vga_window_moved(s);
}

uint16_t vga_vbe_read(Vga *s, unsigned index)
{
    if (index >= VBE_COUNT) {
        return 0;
    }
    if (s->vbe[VBE_ENABLE] & VBE_GETCAPS) {
        switch (index) {
        case VBE_XRES:
            return VBE_MAX_X;
        case VBE_YRES:
            return VBE_MAX_Y;
        case VBE_BPP:
            return 32;
        }
    }
    return s->vbe[index];
}
