// The virtio console device: queues and control messages (Virtio 1.2, 5.3). See virtio_serial.h.
//
//   queue 0, 1  port 0: to and from the guest     queue 2n+2, 2n+3  port n (n > 0)
//   queue 2, 3  control messages, likewise
#include "hw/virtio/virtio_serial.h"

#include <stdio.h>
#include <string.h>

#include "hw/core/machine.h"
#include "util/log.h"

enum { F_SIZE = 0, F_MULTIPORT = 1, F_EMERG_WRITE = 2 };
enum { QUEUE_CTRL_IN = 2, QUEUE_CTRL_OUT = 3 };
enum {
    DEVICE_READY = 0,
    PORT_ADD = 1,
    PORT_READY = 3,
    CONSOLE_PORT = 4,
    PORT_OPEN = 6,
    PORT_NAME = 7,
};

#define QUEUE_SIZE   128
#define CTRL_SIZE    32
#define CONFIG_SIZE  12
#define CONFIG_PORTS 4 // max_nr_ports
#define CONFIG_EMERG 8 // a byte written here is printed

typedef struct Control {
    uint32_t id;
    uint16_t event, value;
} Control;

static VirtioSerial *serial_of(VirtioDevice *v)
{
    return container_of(v, VirtioSerial, v);
}

static unsigned queue_in(uint32_t nr)
{
    return nr ? 2 * nr + 2 : 0;
}

static VirtioSerialPort *port_of_queue(const VirtioSerial *s, unsigned queue)
{
    unsigned nr = queue < 2 ? 0 : queue / 2 - 1;
    return nr < SERIAL_MAX_PORTS ? s->port[nr] : NULL;
}

static bool multiport(const VirtioSerial *s)
{
    return virtio_has(&s->v, F_MULTIPORT);
}

// --- control messages to the guest

static void send_control(VirtioSerial *s, uint32_t id, uint16_t event, uint16_t value,
                         const char *text)
{
    VirtQueue *q = &s->v.queue[QUEUE_CTRL_IN];
    Control c = {id, event, value};
    if (!multiport(s) || !virtio_running(&s->v)) {
        return;
    }
    VirtElem *e = g_new(VirtElem, 1); // a message may answer one that still stands in s->elem
    if (virtqueue_pop(q, e)) {
        size_t n = virtelem_write(e, 0, &c, sizeof c);
        n += virtelem_write(e, n, text, text ? strlen(text) : 0);
        virtqueue_push(q, e, (uint32_t)n);
        virtio_notify(&s->v, q);
    } else {
        log_printf(LOG_GUEST_ERRORS, "virtio-serial: no buffer for control message %u\n", event);
    }
    g_free(e);
}

static void announce_ports(VirtioSerial *s)
{
    for (uint32_t nr = 0; nr < s->max_ports; nr++) {
        if (s->port[nr]) {
            send_control(s, nr, PORT_ADD, 1, NULL);
        }
    }
}

static void describe_port(VirtioSerial *s, VirtioSerialPort *p)
{
    if (p->console) {
        send_control(s, p->nr, CONSOLE_PORT, 1, NULL);
    }
    if (p->name) {
        send_control(s, p->nr, PORT_NAME, 1, p->name);
    }
    if (p->host_open) {
        send_control(s, p->nr, PORT_OPEN, 1, NULL);
    }
}

// --- and from it

static void set_guest_open(VirtioSerialPort *p, bool open)
{
    p->guest_open = open;
    if (open) {
        chardev_ready(p->chardev);
    }
}

static void handle_control(VirtioSerial *s, const Control *c)
{
    if (c->event == DEVICE_READY) {
        if (c->value) {
            announce_ports(s);
        }
        return;
    }
    VirtioSerialPort *p = c->id < s->max_ports ? s->port[c->id] : NULL;
    if (!p) {
        log_printf(LOG_GUEST_ERRORS, "virtio-serial: message %u for port %u\n", c->event, c->id);
        return;
    }
    if (c->event == PORT_READY && c->value) {
        describe_port(s, p);
    } else if (c->event == PORT_OPEN) {
        set_guest_open(p, c->value);
    }
}

static void control_kick(VirtioSerial *s)
{
    VirtQueue *q = &s->v.queue[QUEUE_CTRL_OUT];
    for (unsigned budget = q->num; budget && virtqueue_pop(q, s->elem); budget--) {
        Control c;
        bool whole = virtelem_read(s->elem, 0, &c, sizeof c) == sizeof c;
        virtqueue_push(q, s->elem, 0);
        if (whole) {
            handle_control(s, &c);
        }
    }
    virtqueue_want_kicks(q);
    virtio_notify(&s->v, q);
}

// --- data

static void output_kick(VirtioSerial *s, unsigned queue)
{
    VirtQueue *q = &s->v.queue[queue];
    VirtioSerialPort *p = port_of_queue(s, queue);
    for (unsigned budget = q->num; budget && virtqueue_pop(q, s->elem); budget--) {
        for (unsigned i = 0; p && i < s->elem->n_out; i++) {
            chardev_write(p->chardev, s->elem->iov[i].iov_base, s->elem->iov[i].iov_len);
        }
        virtqueue_push(q, s->elem, 0);
    }
    virtqueue_want_kicks(q);
    virtio_notify(&s->v, q);
}

void virtio_serial_push_input(VirtioSerialPort *p)
{
    VirtioSerial *s = p->serial;
    VirtQueue *q = &s->v.queue[queue_in(p->nr)];
    uint32_t done = 0;
    while (done < p->n_input && virtio_running(&s->v) && virtqueue_pop(q, s->elem)) {
        if (!s->elem->in_len) {
            virtio_broken(&s->v, "input buffer without room");
            break;
        }
        size_t n = virtelem_write(s->elem, 0, p->input + done, p->n_input - done);
        virtqueue_push(q, s->elem, (uint32_t)n);
        done += n;
    }
    memmove(p->input, p->input + done, p->n_input - done);
    p->n_input -= done;
    virtqueue_want_kicks(q);
    virtio_notify(&s->v, q);
}

static void serial_kick(VirtioDevice *v, unsigned queue)
{
    VirtioSerial *s = serial_of(v);
    if (queue == QUEUE_CTRL_OUT) {
        control_kick(s);
    } else if (queue & 1) {
        output_kick(s, queue);
    } else if (queue != QUEUE_CTRL_IN) {
        VirtioSerialPort *p = port_of_queue(s, queue);
        if (p) {
            virtio_serial_push_input(p);
            chardev_ready(p->chardev);
        }
    }
}

void virtio_serial_host_open(VirtioSerialPort *p, bool open)
{
    if (p->host_open != open) {
        p->host_open = open;
        send_control(p->serial, p->nr, PORT_OPEN, open, NULL);
    }
}

// --- configuration and status

static void serial_get_config(VirtioDevice *v, uint8_t *config)
{
    memcpy(config + CONFIG_PORTS, &serial_of(v)->max_ports, 4);
}

static void serial_set_config(VirtioDevice *v, const uint8_t *config)
{
    VirtioSerial *s = serial_of(v);
    if (s->emergency_write && config[CONFIG_EMERG] && s->port[0]) {
        chardev_write(s->port[0]->chardev, config + CONFIG_EMERG, 1);
    }
}

static void serial_reset(VirtioDevice *v)
{
    VirtioSerial *s = serial_of(v);
    for (unsigned i = 0; i < SERIAL_MAX_PORTS; i++) {
        if (s->port[i]) {
            s->port[i]->guest_open = false;
        }
    }
}

// A driver that knows one port only never says that it opened it.
static void serial_status_changed(VirtioDevice *v, uint8_t old)
{
    VirtioSerial *s = serial_of(v);
    if ((v->status & ~old & VIRTIO_STATUS_DRIVER_OK) && !multiport(s) && s->port[0]) {
        set_guest_open(s->port[0], true);
    }
}

static const VirtioClass serial_class = {
    .name = "virtio-serial",
    .id = VIRTIO_ID_CONSOLE,
    .get_config = serial_get_config,
    .set_config = serial_set_config,
    .reset = serial_reset,
    .status_changed = serial_status_changed,
    .kick = serial_kick,
};

// --- setting up

static GPtrArray *all_serials(Machine *m)
{
    GPtrArray *all = machine_lookup(m, "virtio-serial");
    if (!all) {
        all = g_ptr_array_new();
        machine_register(m, "virtio-serial", all);
    }
    return all;
}

// bus=ID.0, where ID is a device's id or "virtio-serial" and its number.
static bool has_bus_name(const VirtioSerial *s, unsigned number, const char *name)
{
    const char *id = s->v.owner->id;
    char *own = id ? g_strdup_printf("%s.0", id) : g_strdup_printf("virtio-serial%u.0", number);
    bool same = !strcmp(own, name);
    g_free(own);
    return same;
}

static VirtioSerial *find_serial(VirtioSerialPort *p, char **error)
{
    GPtrArray *all = all_serials(p->dev.machine);
    for (guint i = all->len; i-- > 0;) {
        VirtioSerial *s = all->pdata[i];
        if (!p->bus_opt || has_bus_name(s, i, p->bus_opt)) {
            return s;
        }
    }
    *error = p->bus_opt ? g_strdup_printf("bus=%s: there is no such bus", p->bus_opt)
                        : g_strdup("a -device virtio-serial-pci or virtio-serial-device must come "
                                   "before it");
    return NULL;
}

// Number 0 is for a console: drivers that know only one port take it for one.
static uint32_t free_number(const VirtioSerial *s, bool console)
{
    uint32_t nr = console ? 0 : 1;
    while (nr < s->max_ports && s->port[nr]) {
        nr++;
    }
    return nr;
}

bool virtio_serial_add_port(VirtioSerialPort *p, char **error)
{
    VirtioSerial *s = find_serial(p, error);
    if (!s) {
        return false;
    }
    if (p->nr == UINT32_MAX) {
        p->nr = free_number(s, p->console);
    }
    if (p->nr >= s->max_ports || s->port[p->nr]) {
        *error = g_strdup_printf("nr=%u: %s", p->nr,
                                 p->nr < s->max_ports ? "taken" : "above the device's max_ports");
        return false;
    }
    if (p->nr == 0 && !p->console) {
        *error = g_strdup("nr=0: this number is for a virtconsole");
        return false;
    }
    p->serial = s;
    s->port[p->nr] = p;
    p->dev.bus = s;
    return true;
}

static bool serial_init(VirtioSerial *s, Device *d, char **error)
{
    if (!s->max_ports || s->max_ports > SERIAL_MAX_PORTS) {
        *error = g_strdup_printf("max_ports=%u: expected 1 to %d", s->max_ports, SERIAL_MAX_PORTS);
        return false;
    }
    VirtioDevice *v = &s->v;
    virtio_init(v, &serial_class, d, CONFIG_SIZE);
    v->offered |= BIT(F_MULTIPORT);
    v->offered |= s->emergency_write ? BIT(F_EMERG_WRITE) : 0;
    unsigned queues = MAX_OF(queue_in(s->max_ports - 1) + 2, 4u);
    for (unsigned i = 0; i < queues; i++) {
        virtio_add_queue(v, i == QUEUE_CTRL_IN || i == QUEUE_CTRL_OUT ? CTRL_SIZE : QUEUE_SIZE);
    }
    s->elem = g_new(VirtElem, 1);
    g_ptr_array_add(all_serials(d->machine), s);
    return true;
}

static void serial_free(VirtioSerial *s)
{
    g_ptr_array_remove(all_serials(s->v.owner->machine), s);
    g_free(s->elem);
}

#define SERIAL_PROPS(T, f)                                                                         \
    VIRTIO_PROPS(T, f.v), {"max_ports", PROP_U32, offsetof(T, f.max_ports), "31", "1 to 31"},      \
    {                                                                                              \
        "emergency-write", PROP_BOOL, offsetof(T, f.emergency_write), "on",                        \
            "output through the configuration space"                                               \
    }

static const StateField serial_fields[] = {
    STATE_STRUCTS(VirtioSerial, v, VirtioDevice, 1, virtio_state_fields),
    STATE_END,
};

// --- on PCI

typedef struct VirtioSerialPci {
    VirtioPci pci;
    VirtioSerial serial;
} VirtioSerialPci;

static bool serial_pci_realize(Device *d, char **error)
{
    VirtioSerialPci *s = (VirtioSerialPci *)d;
    return serial_init(&s->serial, d, error) &&
           virtio_pci_plug(&s->pci, &s->serial.v, 0x078000, s->serial.max_ports + 1, error);
}

static void serial_pci_reset(Device *d)
{
    virtio_pci_reset(&((VirtioSerialPci *)d)->pci);
}

static void serial_pci_unrealize(Device *d)
{
    VirtioSerialPci *s = (VirtioSerialPci *)d;
    virtio_pci_unplug(&s->pci);
    serial_free(&s->serial);
}

static bool serial_pci_loaded(void *obj, char **error)
{
    return virtio_pci_loaded(obj, error);
}

static const StateField serial_pci_fields[] = {
    STATE_STRUCTS(VirtioSerialPci, pci, VirtioPci, 1, virtio_pci_state_fields),
    STATE_STRUCTS(VirtioSerialPci, serial, VirtioSerial, 1, serial_fields),
    STATE_END,
};

static const StateDesc serial_pci_state = {.name = "virtio-serial-pci",
                                           .version = 1,
                                           .fields = serial_pci_fields,
                                           .loaded = serial_pci_loaded};

static const DeviceProp serial_pci_props[] = {
    VIRTIO_PCI_PROPS(VirtioSerialPci, pci),
    SERIAL_PROPS(VirtioSerialPci, serial),
    {0},
};

static const DeviceType virtio_serial_pci = {
    .name = "virtio-serial-pci",
    .alias = "virtio-serial",
    .desc = "virtio console and serial ports",
    .bus = "pci",
    .size = sizeof(VirtioSerialPci),
    .user_creatable = true,
    .props = serial_pci_props,
    .state = &serial_pci_state,
    .realize = serial_pci_realize,
    .reset = serial_pci_reset,
    .unrealize = serial_pci_unrealize,
};
DEVICE_TYPE(virtio_serial_pci);

// --- on MMIO

typedef struct VirtioSerialMmio {
    VirtioMmioChild mmio;
    VirtioSerial serial;
} VirtioSerialMmio;

static bool serial_mmio_realize(Device *d, char **error)
{
    VirtioSerialMmio *s = (VirtioSerialMmio *)d;
    return serial_init(&s->serial, d, error) && virtio_mmio_plug(&s->mmio, &s->serial.v, error);
}

static void serial_mmio_unrealize(Device *d)
{
    serial_free(&((VirtioSerialMmio *)d)->serial);
}

static bool serial_mmio_loaded(void *obj, char **error)
{
    return virtio_loaded(&((VirtioSerialMmio *)obj)->serial.v, error);
}

static const StateField serial_mmio_fields[] = {
    STATE_STRUCTS(VirtioSerialMmio, serial, VirtioSerial, 1, serial_fields),
    STATE_END,
};

static const StateDesc serial_mmio_state = {"virtio-serial-device", 1, serial_mmio_fields,
                                            .loaded = serial_mmio_loaded};

static const DeviceProp serial_mmio_props[] = {
    VIRTIO_MMIO_PROPS(VirtioSerialMmio, mmio),
    SERIAL_PROPS(VirtioSerialMmio, serial),
    {0},
};

static const DeviceType virtio_serial_device = {
    .name = "virtio-serial-device",
    .desc = "virtio console and serial ports in a virtio-mmio slot",
    .bus = "virtio-mmio",
    .size = sizeof(VirtioSerialMmio),
    .user_creatable = true,
    .props = serial_mmio_props,
    .state = &serial_mmio_state,
    .realize = serial_mmio_realize,
    .unrealize = serial_mmio_unrealize,
};
DEVICE_TYPE(virtio_serial_device);
