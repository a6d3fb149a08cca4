// A virtio driver of a hostile guest: it brings a device up over any transport, builds chains and
// watches what the device does with them. A tame driver keeps to the specification (Virtio 1.2),
// and the device must then do so too; a wild one deviates now and then.
#ifndef TESTS_FUZZ_VIRTIO_DRIVER_H
#define TESTS_FUZZ_VIRTIO_DRIVER_H

#include "tests/fuzz/machine.h"

#define VD_QUEUES   12
#define VD_MAX_NUM  1024
#define VD_RAM      UINT64_C(0x40000000)
#define VD_RAM_SIZE UINT64_C(0x400000)
#define VD_DATA     (VD_RAM + UINT64_C(0x200000)) // buffers are here

typedef enum VdTransport {
    VD_MMIO,
    VD_MMIO_LEGACY,
    VD_PCI,
    VD_PCI_LEGACY,
    VD_TRANSPORTS
} VdTransport;

typedef struct VdQueue {
    unsigned num;
    uint64_t desc, avail, used;
    unsigned free_desc;        // the next one to use
    uint16_t avail_idx, seen;  // seen: of the used ring
    unsigned outstanding;      // chains
    uint32_t room[VD_MAX_NUM]; // by head: bytes that the device may write, + 1; 0: not outstanding
} VdQueue;

typedef struct Vd {
    FuzzMachine *fm;
    Fuzz *f;
    VdTransport transport;
    bool wild, msix;
    uint64_t config; // PCI: the function's configuration space
    uint64_t regs;   // slot, common configuration or I/O BAR
    uint64_t features;
    unsigned n_queues;
    uint64_t data; // next buffer
    VdQueue q[VD_QUEUES];
} Vd;

typedef struct VdPiece {
    uint64_t addr;
    uint32_t len;
    bool write; // by the device
} VdPiece;

// What fits a device: "bus=..." or "addr=..." and the transport's options, for -device.
const char *vd_device_options(VdTransport t);
bool vd_is_pci(VdTransport t);

void vd_init(Vd *d, FuzzMachine *fm, VdTransport t, unsigned n_queues, bool wild);
// Reset, features, queues, DRIVER_OK. wanted: the features to take if they are offered.
void vd_bring_up(Vd *d, uint64_t wanted);
static inline bool vd_has(const Vd *d, unsigned feature)
{
    return d->features >> feature & 1;
}
bool vd_deviate(Vd *d, unsigned one_in); // shall something be wrong here? never if tame

// Device configuration space.
uint32_t vd_config_read(Vd *d, unsigned offset, unsigned size);
void vd_config_write(Vd *d, unsigned offset, uint32_t value, unsigned size);

// A buffer, and the host's view of it.
uint64_t vd_alloc(Vd *d, unsigned len);
uint8_t *vd_host(Vd *d, uint64_t addr, unsigned len);
// Makes a chain available. False: no room until the device uses some.
bool vd_offer(Vd *d, unsigned queue, const VdPiece *piece, unsigned n);
void vd_kick(Vd *d, unsigned queue);
// Takes what the device has used, and checks it if tame.
void vd_reap(Vd *d, unsigned queue);
// Anything but chains: odd registers, resets of queues and device.
void vd_meddle(Vd *d);

#endif
