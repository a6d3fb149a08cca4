// virtio-vga (-vga virtio): a VGA for firmware and boot loaders, and virtio graphics, in one
// function with one screen. It shows the VGA's picture until a driver gives the virtio screen one.
//
//   BAR 0  video memory    BAR 2  0000 VGA registers, 4000 virtio's    BAR 4  MSI-X table
#include <stdio.h>
#include <string.h>

#include "hw/core/machine.h"
#include "hw/display/vga.h"
#include "hw/display/virtio_gpu.h"
#include "hw/virtio/virtio_pci.h"

#define MIB         (UINT64_C(1) << 20)
#define VIRTIO_REGS 0x4000 // in BAR 2

typedef struct VirtioVga {
    VirtioPci pci;
    // --- options
    uint32_t vgamem_mb;
    // --- fixed
    VgaRegs regs;
    // --- state
    VirtioGpu gpu;
    Vga vga;
} VirtioVga;

static void add_vga(VirtioVga *s)
{
    PciDevice *d = &s->pci.pci;
    VgaPlaces places = {.memory = pci_bus_memory(d->bus),
                        .io = pci_bus_io(d->bus),
                        .vram_size = (uint32_t)(s->vgamem_mb * MIB)};
    vga_init(&s->vga, d->dev.machine, &places);
    s->gpu.fallback = &vga_console_ops;
    s->gpu.fallback_opaque = &s->vga;
    s->vga.shown_on = s->gpu.scanout[0].console;
    pci_add_bar(d, 0, PCI_BAR_PREFETCH, s->vga.vram_region);
    mem_map(s->pci.layout.bar, 0, vga_regs_region(&s->regs, &s->vga), 0);
    pci_device_ready(d);
}

static bool vga_realize(Device *d, char **error)
{
    VirtioVga *s = (VirtioVga *)d;
    if (!vga_check_memory(s->vgamem_mb * MIB, error) || !virtio_gpu_init(&s->gpu, d, error)) {
        return false;
    }
    s->pci.layout = (VirtioPciLayout){
        mem_container("virtio-vga", VIRTIO_REGS + VIRTIO_PCI_MODERN_SIZE), VIRTIO_REGS, 2, 4};
    s->pci.pci.default_rom = "vgabios-virtio.bin";
    if (!virtio_pci_plug(&s->pci, &s->gpu.v, 0x030000, VIRTIO_GPU_VECTORS, error)) {
        virtio_gpu_free(&s->gpu);
        return false;
    }
    add_vga(s);
    return true;
}

static void vga_device_reset(Device *d)
{
    VirtioVga *s = (VirtioVga *)d;
    virtio_pci_reset(&s->pci);
    vga_reset(&s->vga);
}

static void vga_unrealize(Device *d)
{
    VirtioVga *s = (VirtioVga *)d;
    virtio_pci_unplug(&s->pci);
    virtio_gpu_free(&s->gpu);
    vga_free(&s->vga);
}

static bool vga_device_loaded(void *obj, char **error)
{
    VirtioVga *s = obj;
    return virtio_pci_loaded(&s->pci, error) && virtio_gpu_loaded(&s->gpu, error) &&
           vga_loaded(&s->vga, error);
}

static const StateField fields[] = {
    STATE_STRUCTS(VirtioVga, pci, VirtioPci, 1, virtio_pci_state_fields),
    STATE_STRUCTS(VirtioVga, gpu, VirtioGpu, 1, virtio_gpu_state_fields),
    STATE_STRUCTS(VirtioVga, vga, Vga, 1, vga_state_fields),
    STATE_END,
};
static const StateDesc state = {
    .name = "virtio-vga", .version = 1, .fields = fields, .loaded = vga_device_loaded};

static const DeviceProp props[] = {
    VIRTIO_PCI_PROPS(VirtioVga, pci),
    VIRTIO_GPU_PROPS(VirtioVga, gpu),
    {"vgamem_mb", PROP_U32, offsetof(VirtioVga, vgamem_mb), "8", "video memory of the VGA, MiB"},
    {0},
};

static const DeviceType virtio_vga_type = {
    .name = "virtio-vga",
    .desc = "VGA and virtio graphics in one",
    .bus = "pci",
    .size = sizeof(VirtioVga),
    .user_creatable = true,
    .props = props,
    .state = &state,
    .realize = vga_realize,
    .reset = vga_device_reset,
    .unrealize = vga_unrealize,
};
DEVICE_TYPE(virtio_vga_type);
