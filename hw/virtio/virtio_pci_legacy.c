// Registers of the legacy PCI transport (Virtio 1.2, 4.1.4.10), in I/O space.
#include "hw/virtio/virtio_pci_internal.h"

#include "util/log.h"

enum {
    LEGACY_FEATURES = 0x00,
    LEGACY_GUEST_FEATURES = 0x04,
    LEGACY_QUEUE_PFN = 0x08,
    LEGACY_QUEUE_SIZE = 0x0c,
    LEGACY_QUEUE_SELECT = 0x0e,
    LEGACY_NOTIFY = 0x10,
    LEGACY_STATUS = 0x12,
    LEGACY_ISR = 0x13,
    LEGACY_CONFIG_VECTOR = 0x14, // while MSI-X is on
    LEGACY_QUEUE_VECTOR = 0x16,
    LEGACY_CONFIG = 0x14,
};

#define LEGACY_ALIGN 4096

static uint64_t config_start(const VirtioPci *p)
{
    return pci_msix_enabled(&p->pci) ? LEGACY_CONFIG_MSIX : LEGACY_CONFIG;
}

static uint32_t register_read(VirtioPci *p, uint64_t reg)
{
    VirtioDevice *v = p->vdev;
    const VirtQueue *q = p->queue_select < v->n_queues ? &v->queue[p->queue_select] : NULL;
    switch (reg) {
    case LEGACY_FEATURES:
        return virtio_offered(v, false);
    case LEGACY_GUEST_FEATURES:
        return v->features;
    case LEGACY_QUEUE_PFN:
        return q ? q->desc / LEGACY_ALIGN : 0;
    case LEGACY_QUEUE_SIZE:
        return q ? q->num : 0;
    case LEGACY_QUEUE_SELECT:
        return p->queue_select;
    case LEGACY_STATUS:
        return v->status;
    case LEGACY_ISR:
        return virtio_pci_read_isr(p);
    case LEGACY_CONFIG_VECTOR:
        return p->config_vector;
    case LEGACY_QUEUE_VECTOR:
        return q ? q->vector : VIRTIO_NO_VECTOR;
    }
    return 0;
}

static uint64_t legacy_read(void *opaque, uint64_t offset, unsigned size)
{
    VirtioPci *p = opaque;
    uint64_t config = config_start(p);
    if (offset >= config) {
        return virtio_config_read(p->vdev, offset - config, size);
    }
    return register_read(p, offset);
}

static void register_write(VirtioPci *p, uint64_t reg, uint32_t value)
{
    VirtioDevice *v = p->vdev;
    switch (reg) {
    case LEGACY_GUEST_FEATURES:
        virtio_set_features(v, value);
        break;
    case LEGACY_QUEUE_PFN:
        virtio_queue_set_legacy(v, p->queue_select, (uint64_t)value * LEGACY_ALIGN, LEGACY_ALIGN);
        break;
    case LEGACY_QUEUE_SELECT:
        p->queue_select = value;
        break;
    case LEGACY_NOTIFY:
        virtio_kick(v, value & 0xffff);
        break;
    case LEGACY_STATUS:
        virtio_pci_set_status(p, value);
        break;
    case LEGACY_CONFIG_VECTOR:
        p->config_vector = virtio_pci_vector(p, value & 0xffff);
        break;
    case LEGACY_QUEUE_VECTOR:
        virtio_pci_set_queue_vector(p, value & 0xffff);
        break;
    default:
        log_printf(LOG_GUEST_ERRORS, "virtio-pci: write to legacy offset 0x%x\n", (unsigned)reg);
    }
}

static void legacy_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    VirtioPci *p = opaque;
    uint64_t config = config_start(p);
    if (offset >= config) {
        virtio_config_write(p->vdev, offset - config, value, size);
    } else {
        register_write(p, offset, value);
    }
}

const MmioOps virtio_pci_legacy_ops = {legacy_read, legacy_write, 1, 4, false};
