// virtio-gpu-pci and virtio-gpu-device.
#include <stdio.h>
#include <string.h>

#include "hw/core/machine.h"
#include "hw/display/virtio_gpu.h"
#include "hw/virtio/virtio_mmio.h"
#include "hw/virtio/virtio_pci.h"

// --- on PCI

typedef struct VirtioGpuPci {
    VirtioPci pci;
    VirtioGpu gpu;
} VirtioGpuPci;

static bool pci_realize(Device *d, char **error)
{
    VirtioGpuPci *s = (VirtioGpuPci *)d;
    if (!virtio_gpu_init(&s->gpu, d, error)) {
        return false;
    }
    bool ok = virtio_pci_plug(&s->pci, &s->gpu.v, 0x038000, VIRTIO_GPU_VECTORS, error);
    if (!ok) {
        virtio_gpu_free(&s->gpu);
    }
    return ok;
}

static void pci_reset(Device *d)
{
    virtio_pci_reset(&((VirtioGpuPci *)d)->pci);
}

static void pci_unrealize(Device *d)
{
    VirtioGpuPci *s = (VirtioGpuPci *)d;
    virtio_pci_unplug(&s->pci);
    virtio_gpu_free(&s->gpu);
}

static bool pci_loaded(void *obj, char **error)
{
    VirtioGpuPci *s = obj;
    return virtio_pci_loaded(&s->pci, error) && virtio_gpu_loaded(&s->gpu, error);
}

static const StateField pci_fields[] = {
    STATE_STRUCTS(VirtioGpuPci, pci, VirtioPci, 1, virtio_pci_state_fields),
    STATE_STRUCTS(VirtioGpuPci, gpu, VirtioGpu, 1, virtio_gpu_state_fields),
    STATE_END,
};
static const StateDesc pci_state = {
    .name = "virtio-gpu-pci", .version = 1, .fields = pci_fields, .loaded = pci_loaded};

static const DeviceProp pci_props[] = {
    VIRTIO_PCI_PROPS(VirtioGpuPci, pci),
    VIRTIO_GPU_PROPS(VirtioGpuPci, gpu),
    {0},
};

static const DeviceType virtio_gpu_pci = {
    .name = "virtio-gpu-pci",
    .alias = "virtio-gpu",
    .desc = "virtio graphics, 2D",
    .bus = "pci",
    .size = sizeof(VirtioGpuPci),
    .user_creatable = true,
    .props = pci_props,
    .state = &pci_state,
    .realize = pci_realize,
    .reset = pci_reset,
    .unrealize = pci_unrealize,
};
DEVICE_TYPE(virtio_gpu_pci);

// --- on MMIO

typedef struct VirtioGpuMmio {
    VirtioMmioChild mmio;
    VirtioGpu gpu;
} VirtioGpuMmio;

static bool mmio_realize(Device *d, char **error)
{
    VirtioGpuMmio *s = (VirtioGpuMmio *)d;
    if (!virtio_gpu_init(&s->gpu, d, error)) {
        return false;
    }
    bool ok = virtio_mmio_plug(&s->mmio, &s->gpu.v, error);
    if (!ok) {
        virtio_gpu_free(&s->gpu);
    }
    return ok;
}

static void mmio_unrealize(Device *d)
{
    virtio_gpu_free(&((VirtioGpuMmio *)d)->gpu);
}

static bool mmio_loaded(void *obj, char **error)
{
    VirtioGpuMmio *s = obj;
    return virtio_loaded(&s->gpu.v, error) && virtio_gpu_loaded(&s->gpu, error);
}

static const StateField mmio_fields[] = {
    STATE_STRUCTS(VirtioGpuMmio, gpu, VirtioGpu, 1, virtio_gpu_state_fields),
    STATE_END,
};
static const StateDesc mmio_state = {"virtio-gpu-device", 1, mmio_fields, .loaded = mmio_loaded};

static const DeviceProp mmio_props[] = {
    VIRTIO_MMIO_PROPS(VirtioGpuMmio, mmio),
    VIRTIO_GPU_PROPS(VirtioGpuMmio, gpu),
    {0},
};

static const DeviceType virtio_gpu_device = {
    .name = "virtio-gpu-device",
    .desc = "virtio graphics, 2D, in a virtio-mmio slot",
    .bus = "virtio-mmio",
    .size = sizeof(VirtioGpuMmio),
    .user_creatable = true,
    .props = mmio_props,
    .state = &mmio_state,
    .realize = mmio_realize,
    .unrealize = mmio_unrealize,
};
DEVICE_TYPE(virtio_gpu_device);
