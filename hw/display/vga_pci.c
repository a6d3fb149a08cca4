// The VGA on PCI: "VGA" (-vga std), and "bochs-display", which has the frame buffer and the VBE
// registers only.
//
//   BAR 0  video memory, plain RAM
//   BAR 2  000 EDID, 400 VGA ports 3c0-3df, 500 VBE registers (16 bits each), 600 extensions: size
//          of these, and byte order of the frame buffer
#include <stdio.h>
#include <string.h>

#include "hw/core/machine.h"
#include "hw/display/edid.h"
#include "hw/display/vga.h"
#include "hw/pci/pci.h"
#include "util/log.h"

#define REGS_SIZE        0x1000
#define REGS_PORTS       0x400
#define REGS_VBE         0x500
#define REGS_EXT         0x600
#define EXT_SIZE         8
#define LITTLE_ENDIAN_FB 0x1e1e1e1e
#define MIB              (UINT64_C(1) << 20)

typedef struct VgaPci {
    PciDevice pci;
    // --- options
    uint32_t vgamem_mb, xres, yres, xmax, ymax;
    uint64_t vgamem;
    bool edid;
    // --- fixed
    uint8_t edid_block[EDID_SIZE];
    // --- state
    Vga vga;
} VgaPci;

static uint64_t regs_read(void *opaque, uint64_t offset, unsigned size)
{
    VgaPci *s = opaque;
    if (offset < EDID_SIZE) {
        uint64_t v = 0;
        memcpy(&v, s->edid_block + offset, size);
        return v;
    }
    if (offset >= REGS_PORTS && offset < REGS_PORTS + 0x20) {
        unsigned port = 0x3c0 + (unsigned)(offset - REGS_PORTS);
        uint64_t v = vga_port_read(&s->vga, port);
        return size == 2 ? v | (uint64_t)vga_port_read(&s->vga, port + 1) << 8 : v;
    }
    if (offset >= REGS_VBE && offset < REGS_VBE + 2 * VBE_COUNT) {
        uint16_t v = vga_vbe_read(&s->vga, (unsigned)(offset - REGS_VBE) / 2);
        return offset & 1 ? v >> 8 : v;
    }
    if (offset >= REGS_EXT && offset < REGS_EXT + EXT_SIZE) {
        uint64_t ext = (uint64_t)LITTLE_ENDIAN_FB << 32 | EXT_SIZE;
        return ext >> (8 * (offset - REGS_EXT));
    }
    return mask64(8 * size);
}

static void regs_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    VgaPci *s = opaque;
    if (offset >= REGS_PORTS && offset < REGS_PORTS + 0x20) {
        unsigned port = 0x3c0 + (unsigned)(offset - REGS_PORTS);
        vga_port_write(&s->vga, port, (uint8_t)value);
        if (size == 2) {
            vga_port_write(&s->vga, port + 1, (uint8_t)(value >> 8));
        }
    } else if (offset >= REGS_VBE && offset < REGS_VBE + 2 * VBE_COUNT && !(offset & 1)) {
        vga_vbe_write(&s->vga, (unsigned)(offset - REGS_VBE) / 2, (uint16_t)value);
    } else if (offset >= REGS_EXT && offset < REGS_EXT + EXT_SIZE) {
        if (offset == REGS_EXT + 4 && (value & 0xff) != (LITTLE_ENDIAN_FB & 0xff)) {
            log_printf(LOG_UNIMP, "vga: big-endian frame buffer\n");
        }
    }
}

static const MmioOps regs_ops = {regs_read, regs_write, 1, 2, false};

// --- setting up

static bool check_options(VgaPci *s, char **error)
{
    uint64_t bytes = s->vgamem ? s->vgamem : s->vgamem_mb * MIB;
    if (bytes < MIB || bytes > 512 * MIB || (bytes & (bytes - 1))) {
        *error = g_strdup_printf("video memory of %llu bytes: expected a power of 2 from 1 to 512 "
                                 "MiB",
                                 (unsigned long long)bytes);
        return false;
    }
    s->vgamem = bytes;
    if (s->xres < 64 || s->yres < 64 || s->xres > 4095 || s->yres > 4095) {
        *error = g_strdup_printf("xres=%u,yres=%u: expected 64 to 4095", s->xres, s->yres);
        return false;
    }
    return true;
}

static bool plug(VgaPci *s, bool legacy, char **error)
{
    static const PciIds vga_ids = {0x1234, 0x1111, 0x1af4, 0x1100, 2, 0x030000};
    static const PciIds display_ids = {0x1234, 0x1111, 0x1af4, 0x1100, 2, 0x038000};
    PciDevice *d = &s->pci;
    if (!check_options(s, error)) {
        return false;
    }
    d->default_rom = legacy ? "vgabios-stdvga.bin" : NULL;
    if (!pci_device_plug(d, legacy ? &vga_ids : &display_ids, false, error)) {
        return false;
    }
    VgaPlaces places = {.vram_size = (uint32_t)s->vgamem,
                        .name = d->dev.id ? d->dev.id : d->dev.type->name};
    if (legacy) {
        places.memory = pci_bus_memory(d->bus);
        places.io = pci_bus_io(d->bus);
    }
    vga_init(&s->vga, d->dev.machine, &places);
    if (s->edid) {
        EdidInfo info = {s->xres, s->yres, s->xmax, s->ymax, "Mimus Monitor"};
        edid_make(&info, s->edid_block);
    }
    pci_add_bar(d, 0, PCI_BAR_PREFETCH, s->vga.vram_region);
    pci_add_bar(d, 2, 0, mem_mmio("vga-regs", REGS_SIZE, &regs_ops, s));
    pci_device_ready(d);
    return true;
}

static bool vga_realize(Device *d, char **error)
{
    return plug((VgaPci *)d, true, error);
}

static bool display_realize(Device *d, char **error)
{
    return plug((VgaPci *)d, false, error);
}

static void pci_reset(Device *d)
{
    VgaPci *s = (VgaPci *)d;
    pci_device_reset(&s->pci);
    vga_reset(&s->vga);
}

// Without VGA registers there is nothing to turn the picture on with.
static void display_reset(Device *d)
{
    pci_reset(d);
    ((VgaPci *)d)->vga.ar_blank = false;
}

static void pci_unrealize(Device *d)
{
    VgaPci *s = (VgaPci *)d;
    pci_device_unplug(&s->pci);
    vga_free(&s->vga);
}

static bool pci_loaded(void *obj, char **error)
{
    VgaPci *s = obj;
    pci_device_loaded(&s->pci);
    return vga_loaded(&s->vga, error);
}

// Video memory is RAM: hashed and kept as such.
static const StateField fields[] = {
    STATE_STRUCTS(VgaPci, pci, PciDevice, 1, pci_state_fields),
    STATE_STRUCTS(VgaPci, vga, Vga, 1, vga_state_fields),
    STATE_END,
};
static const StateDesc state = {
    .name = "vga", .version = 1, .fields = fields, .loaded = pci_loaded};

#define DISPLAY_PROPS                                                                              \
    PCI_PROPS(VgaPci, pci), {"edid", PROP_BOOL, offsetof(VgaPci, edid), "on", "a monitor's EDID"}, \
        {"xres", PROP_U32, offsetof(VgaPci, xres), "1280", "width that the EDID prefers"},         \
        {"yres", PROP_U32, offsetof(VgaPci, yres), "800", "height that the EDID prefers"},         \
        {"xmax", PROP_U32, offsetof(VgaPci, xmax), "0", "largest width in the EDID (0: any)"},     \
    {                                                                                              \
        "ymax", PROP_U32, offsetof(VgaPci, ymax), "0", "largest height in the EDID (0: any)"       \
    }

static const DeviceProp vga_props[] = {
    DISPLAY_PROPS,
    {"vgamem_mb", PROP_U32, offsetof(VgaPci, vgamem_mb), "16", "video memory, MiB"},
    {0},
};
static const DeviceProp display_props[] = {
    DISPLAY_PROPS,
    {"vgamem", PROP_SIZE, offsetof(VgaPci, vgamem), "16M", "video memory"},
    {0},
};

static const DeviceType vga_type = {
    .name = "VGA",
    .desc = "VGA with Bochs VBE extensions",
    .bus = "pci",
    .size = sizeof(VgaPci),
    .user_creatable = true,
    .props = vga_props,
    .state = &state,
    .realize = vga_realize,
    .reset = pci_reset,
    .unrealize = pci_unrealize,
};
DEVICE_TYPE(vga_type);

static const DeviceType bochs_display_type = {
    .name = "bochs-display",
    .desc = "frame buffer with Bochs VBE registers, no VGA",
    .bus = "pci",
    .size = sizeof(VgaPci),
    .user_creatable = true,
    .props = display_props,
    .state = &state,
    .realize = display_realize,
    .reset = display_reset,
    .unrealize = pci_unrealize,
};
DEVICE_TYPE(bochs_display_type);
