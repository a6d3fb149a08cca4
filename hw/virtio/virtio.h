// Virtio devices, independent of how the guest reaches them.
//
//   VirtioClass (blk, net, rng, console)   features, config, what a kick does
//        |
//   VirtioDevice                           status, negotiated features, queues
//        |            \-- virtqueue.c      descriptor chains in guest memory
//   VirtioTransport (virtio_mmio.c, virtio_pci.c)   registers and interrupts
//
// A device is one object: `virtio-blk-pci` holds a PCI transport and the block device side by side.
// Section numbers in comments are those of the Virtual I/O Device specification 1.2.
#ifndef HW_VIRTIO_VIRTIO_H
#define HW_VIRTIO_VIRTIO_H

#include "hw/virtio/virtqueue.h"

#define VIRTIO_MAX_QUEUES 64
#define VIRTIO_CONFIG_MAX 256
#define VIRTIO_NO_VECTOR  0xffff

// Device ids (5).
enum {
    VIRTIO_ID_NET = 1,
    VIRTIO_ID_BLOCK = 2,
    VIRTIO_ID_CONSOLE = 3,
    VIRTIO_ID_RNG = 4,
    VIRTIO_ID_GPU = 16,
    VIRTIO_ID_INPUT = 18,
};

// Device status bits (2.1).
#define VIRTIO_STATUS_ACKNOWLEDGE 0x01
#define VIRTIO_STATUS_DRIVER      0x02
#define VIRTIO_STATUS_DRIVER_OK   0x04
#define VIRTIO_STATUS_FEATURES_OK 0x08
#define VIRTIO_STATUS_NEEDS_RESET 0x40
#define VIRTIO_STATUS_FAILED      0x80

// Feature bits that are not a device's own (6).
#define VIRTIO_F_NOTIFY_ON_EMPTY 24
#define VIRTIO_F_ANY_LAYOUT      27
#define VIRTIO_F_INDIRECT_DESC   28
#define VIRTIO_F_EVENT_IDX       29
#define VIRTIO_F_VERSION_1       32
#define VIRTIO_F_RING_RESET      40

// Interrupt status bits (4.1.4.5, 4.2.2).
#define VIRTIO_ISR_QUEUE  1
#define VIRTIO_ISR_CONFIG 2

typedef struct VirtioDevice VirtioDevice;

typedef struct VirtioClass {
    const char *name;
    uint16_t id;
    uint64_t features; // always offered; a device adds to VirtioDevice.offered in its init
    bool modern_only;  // it came with Virtio 1.0: no transport offers the layout of before
    // May be NULL each.
    void (*get_config)(VirtioDevice *v, uint8_t *config);
    void (*set_config)(VirtioDevice *v, const uint8_t *config);
    void (*reset)(VirtioDevice *v);
    void (*status_changed)(VirtioDevice *v, uint8_t old);
    void (*kick)(VirtioDevice *v, unsigned queue); // the guest made buffers available
} VirtioClass;

typedef struct VirtioTransport {
    // ISR bits and vectors are the transport's business.
    void (*notify)(void *opaque, unsigned queue);
    void (*config_changed)(void *opaque);
    void *opaque;
} VirtioTransport;

struct VirtioDevice {
    // --- fixed after init
    const VirtioClass *cls;
    Device *owner;
    VirtioTransport transport;
    uint64_t offered; // features
    unsigned n_queues;
    unsigned config_size;
    uint16_t queue_max[VIRTIO_MAX_QUEUES];
    bool event_idx, indirect_desc; // options
    // --- state
    uint8_t status;
    uint8_t broken;      // DEVICE_NEEDS_RESET until reset
    uint64_t features;   // negotiated
    uint32_t generation; // of the configuration
    VirtQueue queue[VIRTIO_MAX_QUEUES];
};

// Properties that every virtio device has.
#define VIRTIO_PROPS(T, f)                                                                         \
    {"indirect_desc", PROP_BOOL, offsetof(T, f.indirect_desc), "on", "indirect descriptors"},      \
    {                                                                                              \
        "event_idx", PROP_BOOL, offsetof(T, f.event_idx), "on", "event index"                      \
    }

extern const StateField virtio_state_fields[];

// --- for devices
void virtio_init(VirtioDevice *v, const VirtioClass *cls, Device *owner, unsigned config_size);
VirtQueue *virtio_add_queue(VirtioDevice *v, uint16_t max_size);
void virtio_notify(VirtioDevice *v, VirtQueue *q); // if the guest wants to know
void virtio_config_changed(VirtioDevice *v);
// The guest broke the protocol: nothing more happens until it resets the device.
void virtio_broken(VirtioDevice *v, const char *fmt, ...) PRINTF_LIKE(2, 3);

static inline bool virtio_has(const VirtioDevice *v, unsigned feature)
{
    return v->features >> feature & 1;
}

static inline bool virtio_running(const VirtioDevice *v)
{
    return (v->status & VIRTIO_STATUS_DRIVER_OK) && !v->broken;
}

// --- for transports
void virtio_reset(VirtioDevice *v);
void virtio_set_status(VirtioDevice *v, uint8_t status); // 0 resets
uint64_t virtio_offered(const VirtioDevice *v, bool modern);
void virtio_set_features(VirtioDevice *v, uint64_t features);
void virtio_kick(VirtioDevice *v, unsigned queue);
// Size and addresses of a queue: false (logged) if the queue does not exist, is enabled, or the
// size is no power of 2 or above the maximum.
bool virtio_queue_set_size(VirtioDevice *v, unsigned queue, uint32_t size);
// Legacy layout: one block at addr, the used ring aligned. Address 0 takes the queue away.
void virtio_queue_set_legacy(VirtioDevice *v, unsigned queue, uint64_t addr, uint32_t align);
void virtio_queue_enable(VirtioDevice *v, unsigned queue);
void virtio_queue_reset(VirtioDevice *v, unsigned queue);
// Config space, size 1, 2, 4 or 8; outside of it: zero, ignored.
uint64_t virtio_config_read(VirtioDevice *v, uint64_t offset, unsigned size);
void virtio_config_write(VirtioDevice *v, uint64_t offset, uint64_t value, unsigned size);
// After a snapshot load: false with *error if a queue is out of range.
bool virtio_loaded(VirtioDevice *v, char **error);

#endif
