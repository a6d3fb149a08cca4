// Virtio over MMIO (Virtio 1.2, 4.2; the legacy layout is 4.2.4).
//
//   0x000 magic, version, device id, vendor     0x080-0x0a4 queue addresses (modern)
//   0x010-0x024 features                        0x060/0x064 interrupt status / acknowledge
//   0x030-0x044 queue select, size, address     0x100 configuration of the device
//
// A slot without a device answers with device id 0. Which of the two layouts a slot has is its
// force-legacy option, on by default as in QEMU; a device that has no legacy layout turns it off.
#include "hw/virtio/virtio_mmio.h"

#include <stdio.h>
#include <string.h>

#include "hw/core/machine.h"
#include "util/log.h"

enum {
    REG_MAGIC = 0x000,
    REG_VERSION = 0x004,
    REG_DEVICE_ID = 0x008,
    REG_VENDOR = 0x00c,
    REG_FEATURES = 0x010,
    REG_FEATURES_SEL = 0x014,
    REG_DRIVER_FEATURES = 0x020,
    REG_DRIVER_FEATURES_SEL = 0x024,
    REG_PAGE_SIZE = 0x028, // legacy
    REG_QUEUE_SEL = 0x030,
    REG_QUEUE_MAX = 0x034,
    REG_QUEUE_NUM = 0x038,
    REG_QUEUE_ALIGN = 0x03c, // legacy
    REG_QUEUE_PFN = 0x040,   // legacy
    REG_QUEUE_READY = 0x044,
    REG_NOTIFY = 0x050,
    REG_ISR = 0x060,
    REG_ACK = 0x064,
    REG_STATUS = 0x070,
    REG_DESC_LO = 0x080,
    REG_DESC_HI = 0x084,
    REG_AVAIL_LO = 0x090,
    REG_AVAIL_HI = 0x094,
    REG_USED_LO = 0x0a0,
    REG_USED_HI = 0x0a4,
    REG_SHM_LEN_LO = 0x0b0,
    REG_SHM_BASE_HI = 0x0bc,
    REG_QUEUE_RESET = 0x0c0,
    REG_GENERATION = 0x0fc,
    REG_CONFIG = 0x100,
};

#define MAGIC  0x74726976 // "virt"
#define VENDOR 0x554d4551 // "QEMU": what guests have seen at these addresses so far

typedef struct VirtioMmio {
    Device dev;
    bool force_legacy;
    IrqLine irq;
    VirtioDevice *vdev; // NULL: empty
    // --- state
    uint32_t isr;
    uint32_t features_sel, driver_features_sel;
    uint64_t driver_features; // as written, before FEATURES_OK
    uint32_t queue_sel;
    uint32_t page_size;
    uint32_t align;
    uint64_t legacy_addr[VIRTIO_MAX_QUEUES];
} VirtioMmio;

static void update_irq(VirtioMmio *s)
{
    irq_set(&s->irq, s->isr != 0);
}

// --- what the device tells

static void mmio_notify(void *opaque, unsigned queue)
{
    VirtioMmio *s = opaque;
    (void)queue;
    s->isr |= VIRTIO_ISR_QUEUE;
    update_irq(s);
}

static void mmio_config_changed(void *opaque)
{
    VirtioMmio *s = opaque;
    s->isr |= VIRTIO_ISR_CONFIG;
    update_irq(s);
}

static void clear_state(VirtioMmio *s)
{
    s->isr = s->features_sel = s->driver_features_sel = s->queue_sel = s->page_size = 0;
    s->driver_features = 0;
    s->align = 4096;
    memset(s->legacy_addr, 0, sizeof s->legacy_addr);
    update_irq(s);
}

// --- registers

static bool modern_only(uint64_t reg)
{
    return reg == REG_QUEUE_READY || reg >= REG_DESC_LO;
}

static bool legacy_only(uint64_t reg)
{
    return reg == REG_PAGE_SIZE || reg == REG_QUEUE_ALIGN || reg == REG_QUEUE_PFN;
}

static uint32_t queue_read(VirtioMmio *s, uint64_t reg)
{
    unsigned n = s->queue_sel;
    if (n >= s->vdev->n_queues) {
        return 0;
    }
    if (reg == REG_QUEUE_MAX) {
        return s->vdev->queue_max[n];
    }
    if (reg == REG_QUEUE_READY) {
        return s->vdev->queue[n].enabled;
    }
    return s->page_size ? s->legacy_addr[n] / s->page_size : 0; // REG_QUEUE_PFN
}

static uint32_t register_read(VirtioMmio *s, uint64_t reg)
{
    VirtioDevice *v = s->vdev;
    switch (reg) {
    case REG_MAGIC:
        return MAGIC;
    case REG_VERSION:
        return s->force_legacy ? 1 : 2;
    case REG_VENDOR:
        return VENDOR;
    case REG_DEVICE_ID:
        return v ? v->cls->id : 0;
    }
    if (!v) {
        return 0;
    }
    switch (reg) {
    case REG_FEATURES:
        return s->features_sel < 2 ? virtio_offered(v, !s->force_legacy) >> (32 * s->features_sel)
                                   : 0;
    case REG_QUEUE_MAX:
    case REG_QUEUE_PFN:
    case REG_QUEUE_READY:
        return queue_read(s, reg);
    case REG_ISR:
        return s->isr;
    case REG_STATUS:
        return v->status;
    case REG_GENERATION:
        return v->generation;
    }
    // No shared memory regions: their length reads as all ones.
    return reg >= REG_SHM_LEN_LO && reg <= REG_SHM_BASE_HI ? UINT32_MAX : 0;
}

static uint64_t mmio_read(void *opaque, uint64_t offset, unsigned size)
{
    VirtioMmio *s = opaque;
    if (offset >= REG_CONFIG) {
        return s->vdev ? virtio_config_read(s->vdev, offset - REG_CONFIG, size) : 0;
    }
    bool foreign = s->force_legacy ? modern_only(offset) : legacy_only(offset);
    if (size != 4 || (offset & 3) || foreign) {
        log_printf(LOG_GUEST_ERRORS, "virtio-mmio: read of %u bytes at 0x%x\n", size,
                   (unsigned)offset);
        return 0;
    }
    return register_read(s, offset);
}

static void write_driver_features(VirtioMmio *s, uint32_t value)
{
    if (s->force_legacy) {
        if (s->driver_features_sel == 0) {
            virtio_set_features(s->vdev, value);
        }
    } else if (s->driver_features_sel < 2) {
        s->driver_features = deposit64(s->driver_features, 32 * s->driver_features_sel, 32, value);
    }
}

static void write_status(VirtioMmio *s, uint8_t value)
{
    VirtioDevice *v = s->vdev;
    bool ok = value & VIRTIO_STATUS_FEATURES_OK;
    if (!s->force_legacy && ok && !(v->status & VIRTIO_STATUS_FEATURES_OK)) {
        virtio_set_features(v, s->driver_features);
    }
    virtio_set_status(v, value);
    if (value == 0) {
        // Legacy drivers write the page size first and reset the device then.
        uint32_t page_size = s->force_legacy ? s->page_size : 0;
        clear_state(s);
        s->page_size = page_size;
    }
}

static void write_queue_address(VirtioMmio *s, uint64_t reg, uint32_t value)
{
    if (s->queue_sel >= s->vdev->n_queues || s->vdev->queue[s->queue_sel].enabled) {
        log_printf(LOG_GUEST_ERRORS, "virtio-mmio: address of queue %u written\n", s->queue_sel);
        return;
    }
    VirtQueue *q = &s->vdev->queue[s->queue_sel];
    uint64_t *field = reg < REG_AVAIL_LO ? &q->desc : reg < REG_USED_LO ? &q->avail : &q->used;
    *field = deposit64(*field, reg & 4 ? 32 : 0, 32, value);
}

static void write_queue_pfn(VirtioMmio *s, uint32_t pfn)
{
    unsigned n = s->queue_sel;
    if (n >= s->vdev->n_queues) {
        return;
    }
    s->legacy_addr[n] = (uint64_t)pfn * s->page_size;
    virtio_queue_set_legacy(s->vdev, n, s->legacy_addr[n], s->align);
}

static void write_queue_ready(VirtioMmio *s, uint32_t value)
{
    if (value & 1) {
        virtio_queue_enable(s->vdev, s->queue_sel);
    } else if (s->queue_sel < s->vdev->n_queues) {
        s->vdev->queue[s->queue_sel].enabled = false;
    }
}

static void write_page_size(VirtioMmio *s, uint32_t value)
{
    if (value & (value - 1)) {
        log_printf(LOG_GUEST_ERRORS, "virtio-mmio: page size %u\n", value);
        return;
    }
    s->page_size = value;
}

static void register_write(VirtioMmio *s, uint64_t reg, uint32_t value)
{
    VirtioDevice *v = s->vdev;
    switch (reg) {
    case REG_FEATURES_SEL:
        s->features_sel = value;
        break;
    case REG_DRIVER_FEATURES_SEL:
        s->driver_features_sel = value;
        break;
    case REG_DRIVER_FEATURES:
        write_driver_features(s, value);
        break;
    case REG_PAGE_SIZE:
        write_page_size(s, value);
        break;
    case REG_QUEUE_SEL:
        s->queue_sel = value;
        break;
    case REG_QUEUE_NUM:
        virtio_queue_set_size(v, s->queue_sel, value);
        break;
    case REG_QUEUE_ALIGN:
        s->align = value;
        break;
    case REG_QUEUE_PFN:
        write_queue_pfn(s, value);
        break;
    case REG_QUEUE_READY:
        write_queue_ready(s, value);
        break;
    case REG_QUEUE_RESET:
        if (value & 1) {
            virtio_queue_reset(v, s->queue_sel);
        }
        break;
    case REG_NOTIFY:
        virtio_kick(v, value);
        break;
    case REG_ACK:
        s->isr &= ~value;
        update_irq(s);
        break;
    case REG_STATUS:
        write_status(s, value);
        break;
    case REG_DESC_LO:
    case REG_DESC_HI:
    case REG_AVAIL_LO:
    case REG_AVAIL_HI:
    case REG_USED_LO:
    case REG_USED_HI:
        write_queue_address(s, reg, value);
        break;
    default:
        log_printf(LOG_GUEST_ERRORS, "virtio-mmio: write to 0x%x\n", (unsigned)reg);
    }
}

static void mmio_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    VirtioMmio *s = opaque;
    if (!s->vdev) {
        return; // an empty slot: probing guests write the status register
    }
    if (offset >= REG_CONFIG) {
        virtio_config_write(s->vdev, offset - REG_CONFIG, value, size);
        return;
    }
    bool foreign = s->force_legacy ? modern_only(offset) : legacy_only(offset);
    if (size != 4 || (offset & 3) || foreign) {
        log_printf(LOG_GUEST_ERRORS, "virtio-mmio: write of %u bytes at 0x%x\n", size,
                   (unsigned)offset);
        return;
    }
    register_write(s, offset, value);
}

static const MmioOps mmio_ops = {mmio_read, mmio_write, 1, 4, false};

// --- the device

static const StateField mmio_fields[] = {
    STATE_U32(VirtioMmio, isr),
    STATE_U32(VirtioMmio, features_sel),
    STATE_U32(VirtioMmio, driver_features_sel),
    STATE_U64(VirtioMmio, driver_features),
    STATE_U32(VirtioMmio, queue_sel),
    STATE_U32(VirtioMmio, page_size),
    STATE_U32(VirtioMmio, align, .reset = 4096),
    STATE_U64_ARRAY(VirtioMmio, legacy_addr, VIRTIO_MAX_QUEUES),
    STATE_END,
};

static bool mmio_loaded(void *obj, char **error)
{
    (void)error;
    update_irq(obj);
    return true;
}

static const StateDesc mmio_state = {"virtio-mmio", 1, mmio_fields, .loaded = mmio_loaded};

static void mmio_reset(Device *d)
{
    VirtioMmio *s = (VirtioMmio *)d;
    clear_state(s);
    if (s->vdev) {
        virtio_reset(s->vdev);
    }
}

static bool mmio_realize(Device *d, char **error)
{
    (void)d;
    (void)error;
    return true;
}

static const DeviceProp mmio_props[] = {
    {"force-legacy", PROP_BOOL, offsetof(VirtioMmio, force_legacy), "on",
     "the layout of before Virtio 1.0"},
    {0},
};

static const DeviceType virtio_mmio_type = {
    .name = "virtio-mmio",
    .desc = "memory-mapped virtio slot",
    .bus = "sysbus",
    .size = sizeof(VirtioMmio),
    .props = mmio_props,
    .state = &mmio_state,
    .realize = mmio_realize,
    .reset = mmio_reset,
};
DEVICE_TYPE(virtio_mmio_type);

void virtio_mmio_create(Machine *m, MemRegion *sysmem, uint64_t base, IrqLine irq)
{
    GPtrArray *slots = machine_lookup(m, "virtio-mmio");
    if (!slots) {
        slots = g_ptr_array_new();
        machine_register(m, "virtio-mmio", slots);
    }
    VirtioMmio *s = (VirtioMmio *)device_create(m, "virtio-mmio");
    s->irq = irq;
    g_ptr_array_add(slots, s);
    mem_map(sysmem, base, mem_mmio("virtio-mmio", VIRTIO_MMIO_SIZE, &mmio_ops, s), 0);
}

// --- plugging

static VirtioMmio *named_slot(GPtrArray *slots, const char *name, char **error)
{
    unsigned n;
    char rest;
    if (sscanf(name, "virtio-mmio-bus.%u%c", &n, &rest) != 1 || n >= slots->len) {
        *error = g_strdup_printf("bus=%s: there is no such bus (virtio-mmio-bus.0 to .%u)", name,
                                 slots->len - 1);
        return NULL;
    }
    VirtioMmio *s = slots->pdata[n];
    if (s->vdev) {
        *error = g_strdup_printf("bus=%s: a device is there already", name);
        return NULL;
    }
    return s;
}

static VirtioMmio *last_free_slot(GPtrArray *slots, char **error)
{
    for (unsigned i = slots->len; i-- > 0;) {
        VirtioMmio *s = slots->pdata[i];
        if (!s->vdev) {
            return s;
        }
    }
    *error = g_strdup_printf("all %u virtio-mmio buses are taken", slots->len);
    return NULL;
}

bool virtio_mmio_plug(VirtioMmioChild *c, VirtioDevice *v, char **error)
{
    GPtrArray *slots = machine_lookup(c->dev.machine, "virtio-mmio");
    if (!slots || !slots->len) {
        *error = g_strdup("this machine has no virtio-mmio bus");
        return false;
    }
    VirtioMmio *s =
        c->bus_opt ? named_slot(slots, c->bus_opt, error) : last_free_slot(slots, error);
    if (!s) {
        return false;
    }
    s->vdev = v;
    s->force_legacy &= !v->cls->modern_only;
    c->dev.bus = s;
    v->transport = (VirtioTransport){mmio_notify, mmio_config_changed, s};
    return true;
}
