// Split virtqueues: rings and descriptor chains in guest memory (Virtio 1.2, section 2.7).
//
//   virtqueue_pop: available ring -> one chain as host pieces (out: device reads, in: device
//   writes) virtqueue_push: used ring, after which virtio_notify may interrupt
//
// Everything in guest memory is distrusted: a chain that loops, is too long, or names memory that
// is not RAM breaks the device (DEVICE_NEEDS_RESET) instead of harming the host.
#ifndef HW_VIRTIO_VIRTQUEUE_H
#define HW_VIRTIO_VIRTQUEUE_H

#include <sys/uio.h>
#include "hw/core/device.h"

#define VIRTQUEUE_MAX_SIZE 1024 // descriptors in a ring, and in one chain

struct VirtioDevice;

typedef struct VirtQueue {
    struct VirtioDevice *vdev; // fixed
    // --- state
    uint16_t index;
    uint16_t num;    // descriptors, 0: not set up
    uint16_t vector; // MSI-X
    uint16_t last_avail;
    uint16_t used_idx;
    uint16_t signalled; // used_idx at the last interrupt
    uint8_t signalled_valid;
    uint8_t enabled;
    uint64_t desc, avail, used; // guest physical
} VirtQueue;

// A chain. Pieces 0 .. n_out-1 are read by the device, n_out .. n_out+n_in-1 written.
typedef struct VirtElem {
    uint16_t head;
    unsigned n_out, n_in;
    uint64_t out_len, in_len; // bytes
    struct iovec iov[VIRTQUEUE_MAX_SIZE];
    uint64_t addr[VIRTQUEUE_MAX_SIZE];
} VirtElem;

extern const StateField virtqueue_state_fields[];

void virtqueue_reset(VirtQueue *q, uint16_t max_size);
bool virtqueue_ready(const VirtQueue *q);   // set up and the device not broken
unsigned virtqueue_available(VirtQueue *q); // chains waiting; more than num breaks the device
// False if there is none or the device broke.
bool virtqueue_pop(VirtQueue *q, VirtElem *e);
// Puts back the last popped chain, unused.
void virtqueue_unpop(VirtQueue *q);
// The device wrote `written` bytes from the start of the in pieces.
void virtqueue_push(VirtQueue *q, const VirtElem *e, uint32_t written);
// The two halves of push, for several chains published at once: fill slot i of those that follow,
// then flush them all.
void virtqueue_fill(VirtQueue *q, const VirtElem *e, uint32_t written, unsigned i);
void virtqueue_flush(VirtQueue *q, unsigned count);
// Whether the guest asked to hear of what was pushed since the last call.
bool virtqueue_should_notify(VirtQueue *q);
// EVENT_IDX: the guest kicks for the next chain.
void virtqueue_want_kicks(VirtQueue *q);

// Copies between the chain and a buffer, from byte `skip` of the out or in pieces. Returns bytes.
size_t virtelem_read(const VirtElem *e, size_t skip, void *buf, size_t len);
size_t virtelem_write(const VirtElem *e, size_t skip, const void *buf, size_t len);

#endif
