// Registers of the modern PCI transport (Virtio 1.2, 4.1.4).
#include "hw/virtio/virtio_pci_internal.h"

#include "util/log.h"

// The common configuration structure (4.1.4.3).
enum {
    COMMON_FEATURE_SELECT = 0x00,
    COMMON_FEATURES = 0x04,
    COMMON_GUEST_SELECT = 0x08,
    COMMON_GUEST_FEATURES = 0x0c,
    COMMON_CONFIG_VECTOR = 0x10,
    COMMON_N_QUEUES = 0x12,
    COMMON_STATUS = 0x14,
    COMMON_GENERATION = 0x15,
    COMMON_QUEUE_SELECT = 0x16,
    COMMON_QUEUE_SIZE = 0x18,
    COMMON_QUEUE_VECTOR = 0x1a,
    COMMON_QUEUE_ENABLE = 0x1c,
    COMMON_QUEUE_NOTIFY = 0x1e,
    COMMON_QUEUE_DESC = 0x20,
    COMMON_QUEUE_AVAIL = 0x28,
    COMMON_QUEUE_USED = 0x30,
    COMMON_QUEUE_RESET = 0x3a,
    COMMON_END = 0x3c,
};

static VirtQueue *selected(VirtioPci *p)
{
    return p->queue_select < p->vdev->n_queues ? &p->vdev->queue[p->queue_select] : NULL;
}

static uint64_t *address_field(VirtQueue *q, uint64_t reg)
{
    return reg < COMMON_QUEUE_AVAIL ? &q->desc : reg < COMMON_QUEUE_USED ? &q->avail : &q->used;
}

static bool is_address(uint64_t reg)
{
    return reg >= COMMON_QUEUE_DESC && reg < COMMON_QUEUE_USED + 8;
}

// --- reads

static uint32_t queue_read(VirtioPci *p, uint64_t reg)
{
    VirtQueue *q = selected(p);
    if (!q) {
        return reg == COMMON_QUEUE_VECTOR ? VIRTIO_NO_VECTOR : 0;
    }
    switch (reg) {
    case COMMON_QUEUE_SIZE:
        return q->num;
    case COMMON_QUEUE_VECTOR:
        return q->vector;
    case COMMON_QUEUE_ENABLE:
        return q->enabled;
    case COMMON_QUEUE_NOTIFY:
        return q->index;
    }
    return is_address(reg) ? *address_field(q, reg) >> (reg & 4 ? 32 : 0) : 0;
}

static uint32_t common_read(VirtioPci *p, uint64_t reg)
{
    VirtioDevice *v = p->vdev;
    switch (reg) {
    case COMMON_FEATURE_SELECT:
        return p->feature_select;
    case COMMON_FEATURES:
        return p->feature_select < 2 ? virtio_offered(v, true) >> (32 * p->feature_select) : 0;
    case COMMON_GUEST_SELECT:
        return p->guest_feature_select;
    case COMMON_GUEST_FEATURES:
        return p->guest_feature_select < 2 ? p->guest_features >> (32 * p->guest_feature_select)
                                           : 0;
    case COMMON_CONFIG_VECTOR:
        return p->config_vector;
    case COMMON_N_QUEUES:
        return v->n_queues;
    case COMMON_STATUS:
        return v->status;
    case COMMON_GENERATION:
        return v->generation & 0xff;
    case COMMON_QUEUE_SELECT:
        return p->queue_select;
    }
    return queue_read(p, reg);
}

static uint64_t modern_read(void *opaque, uint64_t offset, unsigned size)
{
    VirtioPci *p = opaque;
    uint64_t reg = offset & 0xfff;
    switch (offset & ~UINT64_C(0xfff)) {
    case MODERN_COMMON:
        return common_read(p, reg);
    case MODERN_ISR:
        return reg == 0 ? virtio_pci_read_isr(p) : 0;
    case MODERN_CONFIG:
        return virtio_config_read(p->vdev, reg, size);
    }
    return 0;
}

// --- writes

static void write_status(VirtioPci *p, uint8_t value)
{
    VirtioDevice *v = p->vdev;
    bool ok = value & VIRTIO_STATUS_FEATURES_OK;
    if (ok && !(v->status & VIRTIO_STATUS_FEATURES_OK)) {
        virtio_set_features(v, p->guest_features);
    }
    virtio_pci_set_status(p, value);
}

static void write_address(VirtioPci *p, uint64_t reg, uint32_t value)
{
    VirtQueue *q = selected(p);
    if (!q || q->enabled) {
        log_printf(LOG_GUEST_ERRORS, "virtio-pci: address of queue %u written\n", p->queue_select);
        return;
    }
    uint64_t *field = address_field(q, reg);
    *field = deposit64(*field, reg & 4 ? 32 : 0, 32, value);
}

static void common_write(VirtioPci *p, uint64_t reg, uint32_t value)
{
    VirtioDevice *v = p->vdev;
    switch (reg) {
    case COMMON_FEATURE_SELECT:
        p->feature_select = value;
        break;
    case COMMON_GUEST_SELECT:
        p->guest_feature_select = value;
        break;
    case COMMON_GUEST_FEATURES:
        if (p->guest_feature_select < 2) {
            p->guest_features =
                deposit64(p->guest_features, 32 * p->guest_feature_select, 32, value);
        }
        break;
    case COMMON_CONFIG_VECTOR:
        p->config_vector = virtio_pci_vector(p, value);
        break;
    case COMMON_STATUS:
        write_status(p, value);
        break;
    case COMMON_QUEUE_SELECT:
        p->queue_select = value;
        break;
    case COMMON_QUEUE_SIZE:
        virtio_queue_set_size(v, p->queue_select, value & 0xffff);
        break;
    case COMMON_QUEUE_VECTOR:
        virtio_pci_set_queue_vector(p, value & 0xffff);
        break;
    case COMMON_QUEUE_ENABLE:
        if (value & 1) {
            virtio_queue_enable(v, p->queue_select);
        }
        break;
    case COMMON_QUEUE_RESET:
        if (value & 1) {
            virtio_queue_reset(v, p->queue_select);
        }
        break;
    default:
        if (is_address(reg) && !(reg & 3)) {
            write_address(p, reg, value);
        } else {
            log_printf(LOG_GUEST_ERRORS, "virtio-pci: write to common offset 0x%x\n",
                       (unsigned)reg);
        }
    }
}

static void modern_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    VirtioPci *p = opaque;
    uint64_t reg = offset & 0xfff;
    switch (offset & ~UINT64_C(0xfff)) {
    case MODERN_COMMON:
        common_write(p, reg, value);
        break;
    case MODERN_CONFIG:
        virtio_config_write(p->vdev, reg, value, size);
        break;
    case MODERN_NOTIFY: // the address names the queue
        virtio_kick(p->vdev, reg / 4);
        break;
    }
}

const MmioOps virtio_pci_modern_ops = {modern_read, modern_write, 1, 4, false};
