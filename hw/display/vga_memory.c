// What the CPU sees at a0000: the four planes through latches, set/reset, rotation, logic and
// masks.
//
// A window that shows packed memory without any of this (mode 13h, banked VBE modes) is mapped as
// plain RAM instead.
#include "hw/display/vga.h"

#include <glib.h>
#include <string.h>

#include "hw/core/machine.h"

// Bit p of the low four -> all ones or zeros in byte p.
static uint32_t spread(unsigned bits)
{
    uint32_t one = (bits & 1) | (bits & 2) << 7 | (bits & 4) << 14 | (bits & 8) << 21;
    return one * 0xff;
}

static uint32_t all_planes(uint8_t v)
{
    return v * 0x01010101u;
}

static uint8_t rotate(const Vga *s, uint8_t v)
{
    unsigned n = s->gr[GR_ROTATE] & 7;
    return (uint8_t)(v >> n | v << (8 - n));
}

// Offset from a0000 -> address in the window that is selected. False: outside of it.
static bool window_address(const Vga *s, uint64_t offset, uint32_t *address)
{
    static const struct {
        uint32_t first, size;
    } windows[4] = {{0, 0x20000}, {0, 0x10000}, {0x10000, 0x8000}, {0x18000, 0x8000}};
    unsigned w = s->gr[GR_MISC] >> 2 & 3;
    uint64_t at = offset - windows[w].first;
    if (!(s->misc & 2) || offset < windows[w].first || at >= windows[w].size) {
        return false;
    }
    *address = (uint32_t)at;
    if (vga_vbe_on(s) && w == 1) {
        *address += s->vbe[VBE_BANK] * (uint32_t)VGA_BANK;
    }
    return true;
}

static uint8_t *cell(Vga *s, uint32_t address)
{
    return s->vram + ((address << 2) & (s->vram_size - 1));
}

static uint64_t window_read(void *opaque, uint64_t offset, unsigned size)
{
    Vga *s = opaque;
    uint32_t a;
    (void)size;
    if (!window_address(s, offset, &a)) {
        return 0xff;
    }
    unsigned plane = s->gr[GR_READ_MAP];
    if (s->seq[SEQ_MODE] & 8) {
        plane = a & 3;
        a >>= 2;
    } else if (s->gr[GR_MODE] & 0x10) {
        plane = (plane & 2) | (a & 1);
        a >>= 1;
    }
    memcpy(&s->latch, cell(s, a), 4);
    if (!(s->gr[GR_MODE] & 8)) {
        return s->latch >> (8 * plane) & 0xff;
    }
    uint32_t differ = (s->latch ^ spread(s->gr[GR_COMPARE])) & spread(s->gr[GR_DONT_CARE]);
    differ |= differ >> 16;
    return ~(differ | differ >> 8) & 0xff;
}

static uint32_t logic(const Vga *s, uint32_t v)
{
    switch (s->gr[GR_ROTATE] >> 3 & 3) {
    case 1:
        return v & s->latch;
    case 2:
        return v | s->latch;
    case 3:
        return v ^ s->latch;
    }
    return v;
}

// What the four planes get for a byte from the CPU.
static uint32_t write_value(const Vga *s, uint8_t v)
{
    uint32_t mask = all_planes(s->gr[GR_BIT_MASK]), value;
    switch (s->gr[GR_MODE] & 3) {
    case 1:
        return s->latch;
    case 2:
        value = spread(v);
        break;
    case 3:
        mask &= all_planes(rotate(s, v));
        value = spread(s->gr[GR_SET_RESET]);
        break;
    default: {
        uint32_t set = spread(s->gr[GR_ENABLE_SET_RESET]);
        value = (all_planes(rotate(s, v)) & ~set) | (spread(s->gr[GR_SET_RESET]) & set);
        break;
    }
    }
    return (logic(s, value) & mask) | (s->latch & ~mask);
}

static void window_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Vga *s = opaque;
    uint32_t a, old;
    (void)size;
    if (!window_address(s, offset, &a)) {
        return;
    }
    unsigned planes = s->seq[SEQ_MAP_MASK];
    if (s->seq[SEQ_MODE] & 8) {
        planes &= 1u << (a & 3);
        a >>= 2;
    } else if (!(s->seq[SEQ_MODE] & 4)) {
        planes &= a & 1 ? 0xa : 0x5;
        a >>= 1;
    }
    uint32_t mask = spread(planes);
    memcpy(&old, cell(s, a), 4);
    old = (old & ~mask) | (write_value(s, (uint8_t)value) & mask);
    memcpy(cell(s, a), &old, 4);
    mem_region_dirty(s->machine->memory, s->vram_region, (uint64_t)(cell(s, a) - s->vram), 4);
}

const MmioOps vga_window_ops = {window_read, window_write, 1, 1, false};

// Do reads and writes of the first 64 KiB go straight to packed memory?
static bool is_direct(const Vga *s)
{
    return s->window && (s->misc & 2) && (s->seq[SEQ_MODE] & 8) && s->seq[SEQ_MAP_MASK] == 15 &&
           (s->gr[GR_MISC] & 8) == 0 && !(s->gr[GR_MODE] & 0x0b) &&
           !(s->gr[GR_ENABLE_SET_RESET] | s->gr[GR_ROTATE]) && s->gr[GR_BIT_MASK] == 0xff;
}

void vga_window_moved(Vga *s)
{
    bool banked = vga_vbe_on(s) && (s->gr[GR_MISC] >> 2 & 3) == 1;
    int bank = !is_direct(s) ? -1 : banked ? s->vbe[VBE_BANK] : 0;
    if (bank == s->direct_bank) {
        return;
    }
    if (s->direct_bank >= 0) {
        mem_unmap(s->window, s->direct[s->direct_bank]);
    }
    if (bank >= 0) {
        MemRegion **r = &s->direct[bank];
        if (!*r) {
            *r = mem_alias("vga-bank", s->vram_region, (uint64_t)bank * VGA_BANK, VGA_BANK);
        }
        mem_map(s->window, 0, *r, 1);
    }
    s->direct_bank = bank;
}
