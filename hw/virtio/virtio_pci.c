// Virtio over PCI (Virtio 1.2, 4.1): identity, capabilities, interrupts. The registers are in
// virtio_pci_modern.c (BAR 4, found through capabilities) and virtio_pci_legacy.c (I/O BAR 0).
//
//   BAR 0  legacy registers (transitional devices)       BAR 1  MSI-X table
//   BAR 4  0x0000 common   0x1000 ISR   0x2000 device configuration   0x3000 notify, 4 bytes a
//   queue
#include "hw/virtio/virtio_pci_internal.h"

#include <stdio.h>
#include <string.h>

#include "hw/core/machine.h"
#include "util/log.h"

#define VENDOR_VIRTIO    0x1af4
#define MODERN_DEVICE    0x1040 // + device id
#define MODERN_SUBSYSTEM 0x1100

// Ids of transitional devices (4.1.2.1), by virtio device id.
static const uint16_t transitional_ids[] = {
    [VIRTIO_ID_NET] = 0x1000,
    [VIRTIO_ID_BLOCK] = 0x1001,
    [VIRTIO_ID_CONSOLE] = 0x1003,
    [VIRTIO_ID_RNG] = 0x1005,
};

const StateField virtio_pci_state_fields[] = {
    STATE_STRUCTS(VirtioPci, pci, PciDevice, 1, pci_state_fields),
    STATE_U8(VirtioPci, isr, .keep = true),
    STATE_U16(VirtioPci, config_vector, .keep = true),
    STATE_U16(VirtioPci, queue_select, .keep = true),
    STATE_U32(VirtioPci, feature_select, .keep = true),
    STATE_U32(VirtioPci, guest_feature_select, .keep = true),
    STATE_U64(VirtioPci, guest_features, .keep = true),
    STATE_END,
};

// --- interrupts

static void raise_irq(VirtioPci *p, uint8_t isr, uint16_t vector)
{
    p->isr |= isr;
    if (pci_msix_enabled(&p->pci)) {
        if (vector != VIRTIO_NO_VECTOR) {
            pci_msix_notify(&p->pci, vector);
        }
    } else {
        pci_set_irq(&p->pci, true);
    }
}

static void pci_notify(void *opaque, unsigned queue)
{
    VirtioPci *p = opaque;
    raise_irq(p, VIRTIO_ISR_QUEUE, p->vdev->queue[queue].vector);
}

static void pci_config_changed(void *opaque)
{
    VirtioPci *p = opaque;
    raise_irq(p, VIRTIO_ISR_QUEUE | VIRTIO_ISR_CONFIG, p->config_vector);
}

uint8_t virtio_pci_read_isr(VirtioPci *p)
{
    uint8_t isr = p->isr;
    p->isr = 0;
    pci_set_irq(&p->pci, false);
    return isr;
}

uint16_t virtio_pci_vector(const VirtioPci *p, uint32_t value)
{
    return value < p->pci.msix_vectors ? value : VIRTIO_NO_VECTOR;
}

void virtio_pci_set_queue_vector(VirtioPci *p, uint32_t value)
{
    if (p->queue_select < p->vdev->n_queues) {
        p->vdev->queue[p->queue_select].vector = virtio_pci_vector(p, value);
    }
}

static void clear_state(VirtioPci *p)
{
    p->isr = 0;
    p->config_vector = VIRTIO_NO_VECTOR;
    p->queue_select = 0;
    p->feature_select = p->guest_feature_select = 0;
    p->guest_features = 0;
    pci_set_irq(&p->pci, false);
}

void virtio_pci_set_status(VirtioPci *p, uint8_t status)
{
    virtio_set_status(p->vdev, status);
    if (status == 0) {
        clear_state(p);
    }
}

// --- capabilities (4.1.4)

enum { CAP_COMMON = 1, CAP_NOTIFY = 2, CAP_ISR = 3, CAP_DEVICE = 4, CAP_PCI = 5 };

#define CAP_LEN    16
#define CAP_BAR    4
#define CAP_OFFSET 8
#define CAP_LENGTH 12
#define CAP_DATA   16 // notify: the multiplier; CAP_PCI: the window

#define MODERN_BAR 4
#define MSIX_BAR   1

static uint8_t add_cap(VirtioPci *p, uint8_t type, uint32_t offset, uint32_t length, uint8_t extra)
{
    PciDevice *d = &p->pci;
    uint8_t at = pci_add_capability(d, PCI_CAP_ID_VENDOR, CAP_LEN + extra);
    uint8_t *c = d->config + at;
    c[2] = CAP_LEN + extra;
    c[3] = type;
    c[CAP_BAR] = p->layout.modern_bar;
    pci_put32(c, CAP_OFFSET, p->layout.offset + offset);
    pci_put32(c, CAP_LENGTH, length);
    return at;
}

static void add_modern_caps(VirtioPci *p)
{
    PciDevice *d = &p->pci;
    add_cap(p, CAP_COMMON, MODERN_COMMON, 0x1000, 0);
    add_cap(p, CAP_ISR, MODERN_ISR, 0x1000, 0);
    add_cap(p, CAP_DEVICE, MODERN_CONFIG, 0x1000, 0);
    uint8_t at = add_cap(p, CAP_NOTIFY, MODERN_NOTIFY, 0x1000, 4);
    pci_put32(d->config, at + CAP_DATA, 4);
    p->cfg_cap = add_cap(p, CAP_PCI, 0, 0, 4);
    uint8_t *w = d->wmask + p->cfg_cap;
    d->config[p->cfg_cap + CAP_BAR] = 0;
    w[CAP_BAR] = 0xff;
    pci_put32(w, CAP_OFFSET, ~0u);
    pci_put32(w, CAP_LENGTH, ~0u);
    pci_put32(w, CAP_DATA, ~0u);
}

// The window into the BARs (4.1.4.9): what it points at, or false if nothing.
static bool cfg_window(VirtioPci *p, unsigned offset, unsigned size, uint32_t *target,
                       unsigned *len)
{
    const uint8_t *c = p->pci.config + p->cfg_cap;
    if (!p->cfg_cap || offset >= p->cfg_cap + CAP_DATA + 4u ||
        offset + size <= p->cfg_cap + CAP_DATA + 0u) {
        return false;
    }
    *target = pci_get32(c, CAP_OFFSET) - p->layout.offset;
    *len = pci_get32(c, CAP_LENGTH);
    return c[CAP_BAR] == p->layout.modern_bar && (*len == 1 || *len == 2 || *len == 4) &&
           !(*target & (*len - 1)) && *target < VIRTIO_PCI_MODERN_SIZE;
}

static void config_read_hook(PciDevice *d, unsigned offset, unsigned size)
{
    VirtioPci *p = (VirtioPci *)d;
    uint32_t target;
    unsigned len;
    if (cfg_window(p, offset, size, &target, &len)) {
        uint32_t v = virtio_pci_modern_ops.read(p, target, len);
        memcpy(d->config + p->cfg_cap + CAP_DATA, &v, len);
    }
}

static void config_written(PciDevice *d, unsigned offset, unsigned size)
{
    VirtioPci *p = (VirtioPci *)d;
    uint32_t target, v = 0;
    unsigned len;
    if (cfg_window(p, offset, size, &target, &len)) {
        memcpy(&v, d->config + p->cfg_cap + CAP_DATA, len);
        virtio_pci_modern_ops.write(p, target, v, len);
    }
}

// --- plugging

static bool choose_modes(VirtioPci *p, char **error)
{
    const char *o = p->legacy_opt;
    bool off = !strcmp(o, "off") || !strcmp(o, "auto") || !strcmp(o, "false");
    if (!off && strcmp(o, "on") && strcmp(o, "true")) {
        *error = g_strdup_printf("disable-legacy=%s: expected on, off or auto", o);
        return false;
    }
    if (p->vdev->cls->modern_only) {
        if (!strcmp(o, "off") || p->disable_modern) {
            *error =
                g_strdup_printf("%s: this device has the modern interface only",
                                p->disable_modern ? "disable-modern=on" : "disable-legacy=off");
            return false;
        }
        off = false;
    }
    p->legacy = off;
    p->modern = !p->disable_modern;
    if (!p->legacy && !p->modern) {
        *error = g_strdup("disable-legacy=on and disable-modern=on leave no interface");
        return false;
    }
    return true;
}

static PciIds identity(const VirtioPci *p, uint32_t class_code)
{
    uint16_t id = p->vdev->cls->id;
    PciIds ids = {VENDOR_VIRTIO, MODERN_DEVICE + id, VENDOR_VIRTIO, MODERN_SUBSYSTEM, 1,
                  class_code};
    if (p->legacy) {
        ids.device = transitional_ids[id];
        ids.subsystem = id;
        ids.revision = 0;
    }
    return ids;
}

static uint64_t power_of_2(uint64_t n)
{
    uint64_t p = 16;
    while (p < n) {
        p *= 2;
    }
    return p;
}

static void add_bars(VirtioPci *p, unsigned vectors)
{
    PciDevice *d = &p->pci;
    if (p->modern) {
        p->mem = mem_mmio("virtio-pci", VIRTIO_PCI_MODERN_SIZE, &virtio_pci_modern_ops, p);
        if (p->layout.bar) {
            mem_map(p->layout.bar, p->layout.offset, p->mem, 0);
        }
        pci_add_bar(d, p->layout.modern_bar, PCI_BAR_MEM64 | PCI_BAR_PREFETCH,
                    p->layout.bar ? p->layout.bar : p->mem);
        add_modern_caps(p);
    }
    if (vectors) {
        pci_add_msix(d, p->layout.msix_bar, vectors);
    }
    if (p->legacy) {
        uint64_t size = power_of_2(LEGACY_CONFIG_MSIX + p->vdev->config_size);
        p->io = mem_mmio("virtio-pci-legacy", size, &virtio_pci_legacy_ops, p);
        pci_add_bar(d, 0, PCI_BAR_IO, p->io);
    }
}

bool virtio_pci_plug(VirtioPci *p, VirtioDevice *v, uint32_t class_code, unsigned vectors,
                     char **error)
{
    p->vdev = v;
    if (!p->layout.bar) {
        p->layout = (VirtioPciLayout){NULL, 0, MODERN_BAR, MSIX_BAR};
    }
    if (!choose_modes(p, error)) {
        return false;
    }
    if (p->vectors != UINT32_MAX) {
        vectors = p->vectors;
    }
    if (vectors > PCI_MSIX_MAX) {
        *error = g_strdup_printf("vectors=%u: at most %d", vectors, PCI_MSIX_MAX);
        return false;
    }
    PciIds ids = identity(p, class_code);
    if (!pci_device_plug(&p->pci, &ids, true, error)) {
        return false;
    }
    add_bars(p, vectors);
    p->pci.config_read_hook = config_read_hook;
    p->pci.config_written = config_written;
    v->transport = (VirtioTransport){pci_notify, pci_config_changed, p};
    pci_device_ready(&p->pci);
    clear_state(p);
    return true;
}

void virtio_pci_reset(VirtioPci *p)
{
    virtio_reset(p->vdev);
    clear_state(p);
    pci_device_reset(&p->pci);
}

bool virtio_pci_loaded(VirtioPci *p, char **error)
{
    pci_device_loaded(&p->pci);
    return virtio_loaded(p->vdev, error);
}

void virtio_pci_unplug(VirtioPci *p)
{
    pci_device_unplug(&p->pci);
}
