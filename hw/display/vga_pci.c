// The VGA on PCI: "VGA" (-vga std), and "bochs-display", which has the frame buffer and the VBE
// registers only.
//
//   BAR 0  video memory, plain RAM
//   BAR 2  EDID and registers (vga_regs.c)
#include <stdio.h>
#include <string.h>

#include "hw/core/machine.h"
#include "hw/display/edid.h"
#include "hw/display/vga.h"
#include "hw/pci/pci.h"

#define MIB (UINT64_C(1) << 20)

typedef struct VgaPci {
    PciDevice pci;
    // --- options
    uint32_t vgamem_mb, xres, yres, xmax, ymax;
    uint64_t vgamem;
    bool edid;
    // --- fixed
    VgaRegs regs;
    // --- state
    Vga vga;
} VgaPci;

// --- setting up

static bool check_options(VgaPci *s, char **error)
{
    s->vgamem = s->vgamem ? s->vgamem : s->vgamem_mb * MIB;
    if (!vga_check_memory(s->vgamem, error)) {
        return false;
    }
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
        edid_make(&info, s->regs.edid);
    }
    pci_add_bar(d, 0, PCI_BAR_PREFETCH, s->vga.vram_region);
    pci_add_bar(d, 2, 0, vga_regs_region(&s->regs, &s->vga));
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
