// The device core: status, features, configuration, notification. See virtio.h for the picture.
#include "hw/virtio/virtio.h"

#include <stdarg.h>
#include <stdio.h>
#include <assert.h>
#include <string.h>

#include "hw/core/machine.h"
#include "util/log.h"

const StateField virtio_state_fields[] = {
    STATE_U8(VirtioDevice, status, .keep = true),
    STATE_U8(VirtioDevice, broken, .keep = true),
    STATE_U64(VirtioDevice, features, .keep = true),
    STATE_U32(VirtioDevice, generation, .keep = true),
    STATE_STRUCTS(VirtioDevice, queue, VirtQueue, VIRTIO_MAX_QUEUES, virtqueue_state_fields),
    STATE_END,
};

void virtio_init(VirtioDevice *v, const VirtioClass *cls, Device *owner, unsigned config_size)
{
    assert(config_size <= VIRTIO_CONFIG_MAX);
    v->cls = cls;
    v->owner = owner;
    v->config_size = config_size;
    v->n_queues = 0;
    v->offered = cls->features | BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_ANY_LAYOUT) |
                 BIT(VIRTIO_F_NOTIFY_ON_EMPTY) | BIT(VIRTIO_F_RING_RESET);
    v->offered |= v->indirect_desc ? BIT(VIRTIO_F_INDIRECT_DESC) : 0;
    v->offered |= v->event_idx ? BIT(VIRTIO_F_EVENT_IDX) : 0;
    for (unsigned i = 0; i < VIRTIO_MAX_QUEUES; i++) {
        v->queue[i].vdev = v;
        v->queue[i].index = i;
        virtqueue_reset(&v->queue[i], 0);
    }
}

VirtQueue *virtio_add_queue(VirtioDevice *v, uint16_t max_size)
{
    assert(v->n_queues < VIRTIO_MAX_QUEUES && max_size <= VIRTQUEUE_MAX_SIZE);
    VirtQueue *q = &v->queue[v->n_queues];
    v->queue_max[v->n_queues++] = max_size;
    virtqueue_reset(q, max_size);
    return q;
}

void virtio_notify(VirtioDevice *v, VirtQueue *q)
{
    if (v->transport.notify && virtqueue_should_notify(q)) {
        v->transport.notify(v->transport.opaque, q->index);
    }
}

void virtio_config_changed(VirtioDevice *v)
{
    v->generation++;
    if ((v->status & VIRTIO_STATUS_DRIVER_OK) && v->transport.config_changed) {
        v->transport.config_changed(v->transport.opaque);
    }
}

void virtio_broken(VirtioDevice *v, const char *fmt, ...)
{
    if (v->broken) {
        return;
    }
    char text[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    log_printf(LOG_GUEST_ERRORS, "%s: %s; the device needs a reset\n", v->cls->name, text);
    v->broken = true;
    if (virtio_has(v, VIRTIO_F_VERSION_1)) {
        v->status |= VIRTIO_STATUS_NEEDS_RESET;
        virtio_config_changed(v);
    }
}

void virtio_reset(VirtioDevice *v)
{
    uint8_t old = v->status;
    v->status = 0;
    v->broken = false;
    v->features = 0;
    for (unsigned i = 0; i < v->n_queues; i++) {
        virtqueue_reset(&v->queue[i], v->queue_max[i]);
    }
    if (v->cls->reset) {
        v->cls->reset(v);
    }
    if (old && v->cls->status_changed) {
        v->cls->status_changed(v, old);
    }
}

uint64_t virtio_offered(const VirtioDevice *v, bool modern)
{
    uint64_t legacy_only = BIT(VIRTIO_F_NOTIFY_ON_EMPTY) | BIT(VIRTIO_F_ANY_LAYOUT);
    return modern ? v->offered & ~legacy_only : v->offered & mask64(32);
}

void virtio_set_features(VirtioDevice *v, uint64_t features)
{
    if (v->status & VIRTIO_STATUS_FEATURES_OK) {
        log_printf(LOG_GUEST_ERRORS, "%s: features written after FEATURES_OK\n", v->cls->name);
        return;
    }
    uint64_t unknown = features & ~v->offered;
    if (unknown) {
        log_printf(LOG_GUEST_ERRORS, "%s: features 0x%llx were not offered\n", v->cls->name,
                   (unsigned long long)unknown);
    }
    v->features = features & v->offered;
}

void virtio_set_status(VirtioDevice *v, uint8_t status)
{
    if (status == 0) {
        virtio_reset(v);
        return;
    }
    uint8_t old = v->status;
    v->status = status | (old & VIRTIO_STATUS_NEEDS_RESET);
    if (v->cls->status_changed) {
        v->cls->status_changed(v, old);
    }
}

void virtio_kick(VirtioDevice *v, unsigned queue)
{
    if (queue >= v->n_queues) {
        log_printf(LOG_GUEST_ERRORS, "%s: kick of queue %u of %u\n", v->cls->name, queue,
                   v->n_queues);
        return;
    }
    // Drivers of old kick before they set DRIVER_OK; what is available then is served at once.
    if (virtqueue_ready(&v->queue[queue]) && v->cls->kick) {
        v->cls->kick(v, queue);
    }
}

// --- queues, for transports

static VirtQueue *queue_of(VirtioDevice *v, unsigned queue)
{
    if (queue < v->n_queues) {
        return &v->queue[queue];
    }
    log_printf(LOG_GUEST_ERRORS, "%s: queue %u of %u\n", v->cls->name, queue, v->n_queues);
    return NULL;
}

bool virtio_queue_set_size(VirtioDevice *v, unsigned queue, uint32_t size)
{
    VirtQueue *q = queue_of(v, queue);
    if (!q) {
        return false;
    }
    if (q->enabled || !size || (size & (size - 1)) || size > v->queue_max[queue]) {
        log_printf(LOG_GUEST_ERRORS, "%s: queue %u: size %u refused (maximum %u%s)\n", v->cls->name,
                   queue, size, v->queue_max[queue], q->enabled ? ", in use" : "");
        return false;
    }
    q->num = size;
    return true;
}

void virtio_queue_set_legacy(VirtioDevice *v, unsigned queue, uint64_t addr, uint32_t align)
{
    VirtQueue *q = queue_of(v, queue);
    if (!q) {
        return;
    }
    if (!addr) {
        virtio_queue_reset(v, queue);
        return;
    }
    if (!align || (align & (align - 1))) {
        log_printf(LOG_GUEST_ERRORS, "%s: queue alignment %u\n", v->cls->name, align);
        return;
    }
    q->desc = addr;
    q->avail = addr + 16 * (uint64_t)q->num;
    q->used = ALIGN_UP(q->avail + 2 * (3 + (uint64_t)q->num), (uint64_t)align);
    q->enabled = true;
}

void virtio_queue_enable(VirtioDevice *v, unsigned queue)
{
    VirtQueue *q = queue_of(v, queue);
    if (q && q->num) {
        q->enabled = true;
    }
}

void virtio_queue_reset(VirtioDevice *v, unsigned queue)
{
    if (queue < v->n_queues) {
        virtqueue_reset(&v->queue[queue], v->queue_max[queue]);
    }
}

// --- configuration space

static void load_config(VirtioDevice *v, uint8_t config[VIRTIO_CONFIG_MAX])
{
    memset(config, 0, VIRTIO_CONFIG_MAX);
    if (v->cls->get_config) {
        v->cls->get_config(v, config);
    }
}

uint64_t virtio_config_read(VirtioDevice *v, uint64_t offset, unsigned size)
{
    uint8_t config[VIRTIO_CONFIG_MAX];
    uint64_t value = 0;
    if (offset < v->config_size && size <= v->config_size - offset) {
        load_config(v, config);
        memcpy(&value, config + offset, size);
    }
    return value;
}

void virtio_config_write(VirtioDevice *v, uint64_t offset, uint64_t value, unsigned size)
{
    uint8_t config[VIRTIO_CONFIG_MAX];
    if (offset >= v->config_size || size > v->config_size - offset || !v->cls->set_config) {
        log_printf(LOG_GUEST_ERRORS, "%s: write to configuration offset 0x%llx\n", v->cls->name,
                   (unsigned long long)offset);
        return;
    }
    load_config(v, config);
    memcpy(config + offset, &value, size);
    v->cls->set_config(v, config);
}

bool virtio_loaded(VirtioDevice *v, char **error)
{
    for (unsigned i = 0; i < v->n_queues; i++) {
        const VirtQueue *q = &v->queue[i];
        if (q->num > v->queue_max[i] || (q->num & (q->num - 1))) {
            *error = g_strdup_printf("%s: queue %u of %u descriptors", v->cls->name, i, q->num);
            return false;
        }
    }
    return true;
}
