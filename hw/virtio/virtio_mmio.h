// The memory-mapped virtio transport (Virtio 1.2, section 4.2): one slot of 0x200 bytes.
#ifndef HW_VIRTIO_VIRTIO_MMIO_H
#define HW_VIRTIO_VIRTIO_MMIO_H

#include "hw/virtio/virtio.h"

#define VIRTIO_MMIO_SIZE 0x200

// An empty slot at base. Devices take the last created slot first (QEMU's order), or the one that
// bus=virtio-mmio-bus.N names. The slots are the machine's "virtio-mmio".
void virtio_mmio_create(struct Machine *m, MemRegion *sysmem, uint64_t base, IrqLine irq);

// What a device behind such a slot starts with.
typedef struct VirtioMmioChild {
    Device dev;
    char *bus_opt;
    uint32_t bootindex;
} VirtioMmioChild;

#define VIRTIO_MMIO_PROPS(T, f)                                                                    \
    {"bus", PROP_STRING, offsetof(T, f.bus_opt), NULL, "virtio-mmio-bus.N"},                       \
    {                                                                                              \
        "bootindex", PROP_U32, offsetof(T, f.bootindex), "0", "boot order, stored for firmware"    \
    }

// Finds a slot and connects v to it. False with *error.
bool virtio_mmio_plug(VirtioMmioChild *c, VirtioDevice *v, char **error);

#endif
