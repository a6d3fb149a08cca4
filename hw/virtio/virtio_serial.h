// The virtio console device (Virtio 1.2, 5.3) and the ports on it.
//
//   virtio-serial-pci / -device     the device: control queues, two data queues a port
//     |- virtconsole                a port that the guest uses as a console (hvc0, ...)
//     '- virtserialport             a byte channel (/dev/vport0p1, /dev/virtio-ports/NAME)
//            '- chardev=ID
//
// Ports plug into the latest device, or into the one whose id bus=ID.0 names.
#ifndef HW_VIRTIO_VIRTIO_SERIAL_H
#define HW_VIRTIO_VIRTIO_SERIAL_H

#include "chardev/chardev.h"
#include "hw/virtio/virtio_mmio.h"
#include "hw/virtio/virtio_pci.h"
#include "replay/gate.h"

#define SERIAL_MAX_PORTS 31
#define SERIAL_INPUT     4096 // bytes of host input that wait for the guest

struct VirtioSerial;

typedef struct VirtioSerialPort {
    Device dev;
    // --- options
    char *bus_opt, *chardev_opt, *name;
    uint32_t nr; // UINT32_MAX: next free
    // --- fixed
    struct VirtioSerial *serial;
    Chardev *chardev; // NULL: output is discarded
    bool console;
    GateSource opened; // by which the host's opening and closing enters
    // --- state
    uint8_t guest_open, host_open;
    uint32_t n_input;
    uint8_t input[SERIAL_INPUT];
} VirtioSerialPort;

typedef struct VirtioSerial {
    VirtioDevice v;
    uint32_t max_ports; // option
    bool emergency_write;
    VirtioSerialPort *port[SERIAL_MAX_PORTS];
    VirtElem *elem;
} VirtioSerial;

// Makes *p the port of its number. False with *error.
bool virtio_serial_add_port(VirtioSerialPort *p, char **error);
// Moves waiting input into the guest's buffers.
void virtio_serial_push_input(VirtioSerialPort *p);
void virtio_serial_host_open(VirtioSerialPort *p, bool open);

#endif
