// The VGA: planar memory, its registers, and the Bochs VBE extensions for linear modes.
//
//   ports 3b0-3df --> registers (vga.c) -------+
//   ports 1ce, 1cf --> VBE registers (vga_vbe) |
//                                              v
//   a0000-bffff --> write and read modes --> video memory <-- linear frame buffer (plain RAM)
//                   (vga_memory.c)             |
//                                              v
//             console update --> mode (vga_mode.c) --> text, graphics (vga_text.c, vga_graphics.c)
//
// Video memory holds the four planes' bytes of one address side by side: plane p of address a is
// byte 4 * a + p. So pixels of packed modes (chain-4, "mode X" and all VBE modes) lie in order, and
// the frame buffer can be plain RAM. A picture is drawn from the memory only when somebody looks,
// and only what differs from the last time: in pages that were stored to (vga_touched.c), what is
// not as it was drawn.
//
// Manuals: IBM VGA (register and mode facts as in the "FreeVGA" collection), Bochs VBE extensions.
#ifndef HW_DISPLAY_VGA_H
#define HW_DISPLAY_VGA_H

#include "hw/core/device.h"
#include "hw/display/edid.h"
#include "softmmu/ram_dirty.h"
#include "ui/console.h"

struct Machine;

// --- register numbers
enum { SEQ_RESET, SEQ_CLOCKING, SEQ_MAP_MASK, SEQ_FONT, SEQ_MODE, SEQ_COUNT = 8 };
enum {
    GR_SET_RESET,
    GR_ENABLE_SET_RESET,
    GR_COMPARE,
    GR_ROTATE,
    GR_READ_MAP,
    GR_MODE,
    GR_MISC,
    GR_DONT_CARE,
    GR_BIT_MASK,
    GR_COUNT = 16
};
enum {
    CR_HTOTAL = 0x00,
    CR_HDISP_END = 0x01,
    CR_HBLANK_START = 0x02,
    CR_VTOTAL = 0x06,
    CR_OVERFLOW = 0x07,
    CR_PRESET_ROW = 0x08,
    CR_MAX_SCAN = 0x09,
    CR_CURSOR_START = 0x0a,
    CR_CURSOR_END = 0x0b,
    CR_START_HIGH = 0x0c,
    CR_START_LOW = 0x0d,
    CR_CURSOR_HIGH = 0x0e,
    CR_CURSOR_LOW = 0x0f,
    CR_VSYNC_START = 0x10,
    CR_VSYNC_END = 0x11,
    CR_VDISP_END = 0x12,
    CR_OFFSET = 0x13,
    CR_UNDERLINE = 0x14,
    CR_VBLANK_START = 0x15,
    CR_MODE = 0x17,
    CR_LINE_COMPARE = 0x18,
    CR_COUNT = 0x19
};
enum { AR_MODE = 0x10, AR_OVERSCAN, AR_PLANE_ENABLE, AR_PEL_PANNING, AR_COLOR_SELECT, AR_COUNT };

// Bochs VBE register indices and enable bits.
enum {
    VBE_ID,
    VBE_XRES,
    VBE_YRES,
    VBE_BPP,
    VBE_ENABLE,
    VBE_BANK,
    VBE_VIRT_WIDTH,
    VBE_VIRT_HEIGHT,
    VBE_X_OFFSET,
    VBE_Y_OFFSET,
    VBE_MEMORY_64K,
    VBE_COUNT
};
#define VBE_ENABLED  0x01
#define VBE_GETCAPS  0x02
#define VBE_8BIT_DAC 0x20
#define VBE_LFB      0x40
#define VBE_NO_CLEAR 0x80
#define VBE_MAX_X    16000
#define VBE_MAX_Y    12000

#define VGA_CHUNK    1024             // bytes of video memory that are compared at a time
#define VGA_BLINK_MS 114              // a phase of a text screen's cursor: 8 frames of 1/70 s
#define VGA_MAX_LINE SURFACE_MAX_SIDE // pixels
#define VGA_BANK     0x10000          // bytes of a window onto packed memory
#define VGA_PORT0    0x3b0            // first of the legacy ports
#define VGA_NPORTS   0x30

// How video memory becomes a picture: everything besides the memory itself. It is compared at each
// update; when it differs, all is drawn anew.
typedef enum VgaDraw { VGA_BLANK, VGA_TEXT, VGA_PLANAR, VGA_CGA4, VGA_INDEXED, VGA_DIRECT } VgaDraw;
typedef struct VgaMode {
    VgaDraw draw;
    unsigned width, height;  // of the surface, pixels
    unsigned depth;          // VGA_DIRECT: bits a pixel (15, 16, 24, 32)
    uint32_t mask;           // of addresses of video memory, all in bytes
    uint32_t start;          // where the picture begins
    uint32_t line_bytes;     // from one row in memory to the next
    uint32_t split;          // after this scan line memory is read from 0 on
    unsigned row_height;     // scan lines of a row in memory (character height)
    unsigned line_double;    // 1 or 2: times that each scan line is shown
    unsigned first_row_scan; // scan line of the first row that comes first
    unsigned panning;        // pixels of the first row's line that are left of the surface
    unsigned char_width;     // of text: 8 or 9
    unsigned pixel_double;   // 1 or 2
    uint32_t scan_bit[2];    // address bits taken from the row's scan line number (CGA, Hercules)
    bool pan_after_split, blink, mono, line_graphics;
    uint8_t planes; // that are shown
    uint8_t underline;
    uint8_t cursor_first, cursor_last; // scan lines of a row
    uint32_t cursor;                   // its cell's address, or UINT32_MAX
    uint32_t font[2];                  // where the glyphs are: for attribute bit 3 clear, set
    uint32_t palette[256];             // as pixels; text and planar modes use 16
} VgaMode;

typedef struct Vga {
    struct Machine *machine;
    MemRegion *vram_region;
    uint8_t *vram;
    uint32_t vram_size; // a power of 2
    Console *console;
    Console *shown_on; // the same, or that of the device that the VGA is part of; NULL: none
    // --- the window at a0000
    MemRegion *window;  // container on the bus
    MemRegion **direct; // aliases of video memory, by bank; made when used
    int direct_bank;    // the one that is mapped, or -1
    // --- state
    uint8_t misc, feature, status_toggle;
    uint8_t seq_index, seq[SEQ_COUNT];
    uint8_t gr_index, gr[GR_COUNT];
    uint8_t cr_index, cr[CR_COUNT];
    uint8_t ar_index, ar[AR_COUNT];
    bool ar_data;  // the attribute controller's port takes data next
    bool ar_blank; // palette address source: the CPU has the palette
    uint8_t dac_mask, dac_state, dac_read, dac_write, dac_part, dac_cache[3];
    uint8_t dac[768];
    uint32_t latch;
    uint16_t vbe_index;
    uint8_t vbe_low;
    uint16_t vbe[VBE_COUNT];
    // --- what was drawn last: derived, not state
    bool drawn;
    VgaMode last;
    uint8_t *shadow;   // video memory as drawn
    uint8_t *chunk;    // what this update knows of each piece of video memory (vga_graphics.c)
    RamDirty *dirty;   // of video memory
    uint64_t *touched; // pages that this update has to look at, a bit each
    uint32_t shown_first, shown_pages;  // that the picture comes from
    uint32_t *line;                     // a line being drawn
    bool last_cursor_on, last_blink_on; // phases of the blinking text screen
} Vga;

// Where the pieces go.
typedef struct VgaPlaces {
    MemRegion *memory, *io; // a0000 and the ports are put here; NULL: not there
    uint32_t vram_size;
    const char *name; // of the console; NULL: the device has one of its own
} VgaPlaces;
void vga_init(Vga *s, struct Machine *m, const VgaPlaces *p);
void vga_free(Vga *s);
void vga_reset(Vga *s);
// For StateDesc.loaded.
bool vga_loaded(Vga *s, char **error);
extern const StateField vga_state_fields[]; // of a Vga

// --- registers
uint8_t vga_port_read(Vga *s, unsigned port); // 0x3b0..0x3df
void vga_port_write(Vga *s, unsigned port, uint8_t v);
uint16_t vga_vbe_read(Vga *s, unsigned index);
void vga_vbe_write(Vga *s, unsigned index, uint16_t v);
uint32_t vga_vbe_bytes(unsigned bpp, uint32_t pixels); // of video memory
static inline bool vga_vbe_on(const Vga *s)
{
    return s->vbe[VBE_ENABLE] & VBE_ENABLED;
}

// --- registers in a BAR (vga_regs.c)
#define VGA_REGS_SIZE 0x1000
typedef struct VgaRegs {
    Vga *vga;
    uint8_t edid[EDID_SIZE]; // all zero: none
} VgaRegs;
MemRegion *vga_regs_region(VgaRegs *r, Vga *vga);
bool vga_check_memory(uint64_t bytes, char **error); // video memory of a card's options

// --- memory window, offsets from a0000
extern const MmioOps vga_window_ops;
void vga_window_moved(Vga *s); // after a change of what decides how the window works

// --- pictures
void vga_mode(const Vga *s, VgaMode *m);
typedef struct VgaLine {
    uint32_t address;
    unsigned scan; // line of the row
    bool after_split;
} VgaLine;
VgaLine vga_line(const VgaMode *m, unsigned y);
extern const ConsoleOps vga_console_ops;
uint32_t vga_source_bytes(const VgaMode *m, unsigned pixels); // that pixels of a line come from
void vga_touch(Vga *s); // something that the picture depends on may have changed
void vga_touched_init(Vga *s);
void vga_touched_free(Vga *s);
// Fills s->touched for this update (all: with every page that is shown). False: with none.
bool vga_collect_touched(Vga *s, const VgaMode *m, bool all);
// Draw what differs from the shadow in touched pages (all: everything) and bring the shadow up to
// date.
void vga_draw_text(Vga *s, const VgaMode *m, Surface *surface, bool all);
void vga_draw_graphics(Vga *s, const VgaMode *m, Surface *surface, bool all);
char *vga_text(Vga *s, const VgaMode *m); // lines of a text screen, g_free it

static inline bool vga_dac_is_8bit(const Vga *s)
{
    return vga_vbe_on(s) && (s->vbe[VBE_ENABLE] & VBE_8BIT_DAC);
}

#endif
