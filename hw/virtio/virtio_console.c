// virtconsole and virtserialport: ports of a virtio console device. See virtio_serial.h.
#include "hw/virtio/virtio_serial.h"

#include <stdio.h>
#include <string.h>

#include "hw/core/machine.h"

// --- the chardev's side

// Input waits in the host until a program in the guest has opened the port.
static size_t port_can_receive(void *opaque)
{
    const VirtioSerialPort *p = opaque;
    return p->guest_open ? SERIAL_INPUT - p->n_input : 0;
}

static void port_receive(void *opaque, const uint8_t *buf, size_t len)
{
    VirtioSerialPort *p = opaque;
    len = MIN_OF(len, (size_t)SERIAL_INPUT - p->n_input);
    memcpy(p->input + p->n_input, buf, len);
    p->n_input += len;
    virtio_serial_push_input(p);
}

// Like input, the opening and closing of the host's end enters through the gate.
static void deliver_opened(void *opaque, const void *data, size_t len)
{
    const uint8_t *open = data;
    if (len == 1) {
        virtio_serial_host_open(opaque, *open);
    }
}

static void port_connected(void *opaque, bool connected)
{
    VirtioSerialPort *p = opaque;
    uint8_t open = connected;
    if (!p->console) { // a console is open all the time
        gate_submit(gate_get(p->dev.machine), &p->opened, &open, 1);
    }
}

// --- the device

static bool port_init(Device *d, bool console, char **error)
{
    VirtioSerialPort *p = (VirtioSerialPort *)d;
    p->console = console;
    if (!chardev_use(d->machine, p->chardev_opt, &p->chardev, error)) {
        return false;
    }
    if (!virtio_serial_add_port(p, error)) {
        return false;
    }
    p->host_open = console;
    if (p->chardev) {
        p->opened.name = g_strdup_printf("virtio-serial-open:%s", p->chardev_opt);
        p->opened.deliver = deliver_opened;
        p->opened.opaque = p;
        gate_add_source(gate_get(d->machine), &p->opened);
        ChardevFrontend f = {
            .can_receive = port_can_receive,
            .receive = port_receive,
            .connected = port_connected,
            .opaque = p,
        };
        chardev_connect(p->chardev, &f);
    }
    return true;
}

static bool console_realize(Device *d, char **error)
{
    return port_init(d, true, error);
}

static bool port_realize(Device *d, char **error)
{
    return port_init(d, false, error);
}

static const StateField port_fields[] = {
    STATE_U8(VirtioSerialPort, guest_open, .keep = true),
    STATE_U8(VirtioSerialPort, host_open, .keep = true),
    STATE_U32(VirtioSerialPort, n_input),
    STATE_BYTES(VirtioSerialPort, input),
    STATE_END,
};

static bool port_loaded(void *obj, char **error)
{
    const VirtioSerialPort *p = obj;
    if (p->n_input > SERIAL_INPUT) {
        *error = g_strdup_printf("virtio-serial port: %u bytes of input", p->n_input);
        return false;
    }
    return true;
}

static const StateDesc port_state = {
    .name = "virtio-serial-port", .version = 1, .fields = port_fields, .loaded = port_loaded};

static const DeviceProp port_props[] = {
    {"chardev", PROP_STRING, offsetof(VirtioSerialPort, chardev_opt), NULL, "id of the -chardev"},
    {"name", PROP_STRING, offsetof(VirtioSerialPort, name), NULL, "name that the guest sees"},
    {"nr", PROP_U32, offsetof(VirtioSerialPort, nr), "4294967295", "number (default: next free)"},
    {"bus", PROP_STRING, offsetof(VirtioSerialPort, bus_opt), NULL, "ID.0 of a virtio-serial"},
    {0},
};

static const DeviceType virtconsole = {
    .name = "virtconsole",
    .desc = "console port of a virtio-serial device",
    .bus = "virtio-serial-bus",
    .size = sizeof(VirtioSerialPort),
    .user_creatable = true,
    .props = port_props,
    .state = &port_state,
    .realize = console_realize,
};
DEVICE_TYPE(virtconsole);

static const DeviceType virtserialport = {
    .name = "virtserialport",
    .desc = "byte channel of a virtio-serial device",
    .bus = "virtio-serial-bus",
    .size = sizeof(VirtioSerialPort),
    .user_creatable = true,
    .props = port_props,
    .state = &port_state,
    .realize = port_realize,
};
DEVICE_TYPE(virtserialport);
