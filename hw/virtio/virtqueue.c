// Split virtqueues (Virtio 1.2, 2.7). The picture is in virtqueue.h.
//
//   desc   16 bytes x num : address, length, flags, next
//   avail  flags, idx, head[num], used_event
//   used   flags, idx, {head, written}[num], avail_event
//
// Ring memory is looked up at each use and never cached: the guest may remap it at will.
#include "hw/virtio/virtio.h"

#include <inttypes.h>
#include <string.h>

#include "hw/core/machine.h"

#define DESC_SIZE       16
#define DESC_F_NEXT     1
#define DESC_F_WRITE    2
#define DESC_F_INDIRECT 4

#define AVAIL_F_NO_INTERRUPT 1

const StateField virtqueue_state_fields[] = {
    STATE_U16(VirtQueue, num, .keep = true),
    STATE_U16(VirtQueue, vector, .keep = true),
    STATE_U16(VirtQueue, last_avail, .keep = true),
    STATE_U16(VirtQueue, used_idx, .keep = true),
    STATE_U16(VirtQueue, signalled, .keep = true),
    STATE_U8(VirtQueue, signalled_valid, .keep = true),
    STATE_U8(VirtQueue, enabled, .keep = true),
    STATE_U64(VirtQueue, desc, .keep = true),
    STATE_U64(VirtQueue, avail, .keep = true),
    STATE_U64(VirtQueue, used, .keep = true),
    STATE_END,
};

typedef struct Desc {
    uint64_t addr;
    uint32_t len;
    uint16_t flags, next;
} Desc;

static AddressSpace *space_of(const VirtQueue *q)
{
    return q->vdev->owner->machine->memory;
}

void virtqueue_reset(VirtQueue *q, uint16_t max_size)
{
    VirtioDevice *v = q->vdev;
    uint16_t index = q->index;
    *q = (VirtQueue){.vdev = v, .index = index, .num = max_size, .vector = VIRTIO_NO_VECTOR};
}

bool virtqueue_ready(const VirtQueue *q)
{
    return q->enabled && q->num && !q->vdev->broken;
}

// --- ring memory

static uint8_t *ring(VirtQueue *q, uint64_t base, uint64_t offset, uint64_t len, const char *what)
{
    uint8_t *p = base + offset < base ? NULL : mem_dma(space_of(q), base + offset, len);
    if (!p) {
        virtio_broken(q->vdev, "queue %u: %s ring at 0x%" PRIx64 " is not in RAM", q->index, what,
                      base);
    }
    return p;
}

static bool ring_get16(VirtQueue *q, uint64_t base, uint64_t offset, const char *what,
                       uint16_t *value)
{
    uint8_t *p = ring(q, base, offset, 2, what);
    if (p) {
        memcpy(value, p, 2);
    }
    return p != NULL;
}

static void ring_put(VirtQueue *q, uint64_t base, uint64_t offset, const void *value, size_t size,
                     const char *what)
{
    uint8_t *p = ring(q, base, offset, size, what);
    if (p) {
        memcpy(p, value, size);
        mem_dirty(space_of(q), base + offset, size);
    }
}

static uint64_t used_event_offset(const VirtQueue *q)
{
    return 4 + 2 * (uint64_t)q->num;
}

static uint64_t avail_event_offset(const VirtQueue *q)
{
    return 4 + 8 * (uint64_t)q->num;
}

unsigned virtqueue_available(VirtQueue *q)
{
    uint16_t idx;
    if (!virtqueue_ready(q) || !ring_get16(q, q->avail, 2, "available", &idx)) {
        return 0;
    }
    unsigned n = (uint16_t)(idx - q->last_avail);
    if (n > q->num) {
        virtio_broken(q->vdev, "queue %u: available index %u is %u ahead of the device, size %u",
                      q->index, idx, n, q->num);
        return 0;
    }
    return n;
}

void virtqueue_want_kicks(VirtQueue *q)
{
    if (virtio_has(q->vdev, VIRTIO_F_EVENT_IDX) && virtqueue_ready(q)) {
        ring_put(q, q->used, avail_event_offset(q), &q->last_avail, 2, "used");
    }
}

// --- descriptor chains

// The table that the walk is in: the ring's own, or an indirect one.
typedef struct Table {
    const uint8_t *host;
    uint32_t entries;
    bool indirect;
} Table;

static Desc get_desc(const Table *t, uint32_t i)
{
    Desc d;
    _Static_assert(sizeof d == DESC_SIZE, "descriptor layout");
    memcpy(&d, t->host + (size_t)i * DESC_SIZE, DESC_SIZE);
    return d;
}

static bool add_piece(VirtQueue *q, VirtElem *e, const Desc *d)
{
    bool in = d->flags & DESC_F_WRITE;
    unsigned n = e->n_out + e->n_in;
    if (n == VIRTQUEUE_MAX_SIZE) {
        virtio_broken(q->vdev, "queue %u: chain of more than %u descriptors", q->index, n);
        return false;
    }
    if (!in && e->n_in) {
        virtio_broken(q->vdev, "queue %u: readable descriptor after a writable one", q->index);
        return false;
    }
    void *p = d->len ? mem_dma(space_of(q), d->addr, d->len) : NULL;
    if (!p) {
        virtio_broken(q->vdev, "queue %u: buffer at 0x%" PRIx64 " of %u bytes is not in RAM",
                      q->index, d->addr, d->len);
        return false;
    }
    e->iov[n] = (struct iovec){p, d->len};
    e->addr[n] = d->addr;
    e->n_in += in;
    e->n_out += !in;
    *(in ? &e->in_len : &e->out_len) += d->len;
    return true;
}

static bool enter_indirect(VirtQueue *q, Table *t, const Desc *d)
{
    if (t->indirect || !d->len || d->len % DESC_SIZE) {
        virtio_broken(q->vdev, "queue %u: indirect descriptor of %u bytes%s", q->index, d->len,
                      t->indirect ? " inside another" : "");
        return false;
    }
    t->host = mem_dma(space_of(q), d->addr, d->len);
    t->entries = d->len / DESC_SIZE;
    t->indirect = true;
    if (!t->host) {
        virtio_broken(q->vdev, "queue %u: indirect table at 0x%" PRIx64 " is not in RAM", q->index,
                      d->addr);
    }
    return t->host != NULL;
}

// Each table entry is visited once at most, which ends the walk of a chain that loops.
static bool walk(VirtQueue *q, VirtElem *e, Table t)
{
    uint32_t i = e->head;
    for (uint32_t steps = 0; steps < t.entries; steps++) {
        if (i >= t.entries) {
            virtio_broken(q->vdev, "queue %u: descriptor %u of %u", q->index, i, t.entries);
            return false;
        }
        Desc d = get_desc(&t, i);
        if (d.flags & DESC_F_INDIRECT) {
            if (!enter_indirect(q, &t, &d)) {
                return false;
            }
            i = 0;
            steps = UINT32_MAX; // counts anew
            continue;
        }
        if (!add_piece(q, e, &d)) {
            return false;
        }
        if (!(d.flags & DESC_F_NEXT)) {
            return true;
        }
        i = d.next;
    }
    virtio_broken(q->vdev, "queue %u: descriptor chain loops", q->index);
    return false;
}

bool virtqueue_pop(VirtQueue *q, VirtElem *e)
{
    if (!virtqueue_available(q)) {
        return false;
    }
    e->n_out = e->n_in = 0;
    e->out_len = e->in_len = 0;
    uint64_t slot = q->last_avail & (q->num - 1u);
    Table t = {.entries = q->num};
    t.host = ring(q, q->desc, 0, (uint64_t)q->num * DESC_SIZE, "descriptor");
    if (!t.host || !ring_get16(q, q->avail, 4 + 2 * slot, "available", &e->head) ||
        !walk(q, e, t)) {
        return false;
    }
    q->last_avail++;
    return true;
}

void virtqueue_unpop(VirtQueue *q)
{
    q->last_avail--;
}

// --- the used ring

static void dirty_in_pieces(VirtQueue *q, const VirtElem *e, uint64_t written)
{
    for (unsigned i = e->n_out; written && i < e->n_out + e->n_in; i++) {
        uint64_t n = MIN_OF(written, e->iov[i].iov_len);
        mem_dirty(space_of(q), e->addr[i], n);
        written -= n;
    }
}

void virtqueue_fill(VirtQueue *q, const VirtElem *e, uint32_t written, unsigned i)
{
    dirty_in_pieces(q, e, written);
    uint32_t entry[2] = {e->head, written};
    uint64_t slot = (uint16_t)(q->used_idx + i) & (q->num - 1u);
    ring_put(q, q->used, 4 + 8 * slot, entry, sizeof entry, "used");
}

void virtqueue_flush(VirtQueue *q, unsigned count)
{
    uint16_t old = q->used_idx;
    q->used_idx += count;
    ring_put(q, q->used, 2, &q->used_idx, 2, "used");
    // used_event is compared within the last 2^16: a longer silence starts over.
    if ((uint16_t)(q->used_idx - q->signalled) < (uint16_t)(q->used_idx - old)) {
        q->signalled_valid = false;
    }
}

void virtqueue_push(VirtQueue *q, const VirtElem *e, uint32_t written)
{
    virtqueue_fill(q, e, written, 0);
    virtqueue_flush(q, 1);
}

// Virtio 1.2, 2.7.7.2 and 2.7.10: by flag, or when used_event has been passed.
bool virtqueue_should_notify(VirtQueue *q)
{
    if (!virtqueue_ready(q)) {
        return false;
    }
    uint16_t value;
    if (virtio_has(q->vdev, VIRTIO_F_NOTIFY_ON_EMPTY) && !virtqueue_available(q)) {
        return true;
    }
    if (!virtio_has(q->vdev, VIRTIO_F_EVENT_IDX)) {
        return ring_get16(q, q->avail, 0, "available", &value) && !(value & AVAIL_F_NO_INTERRUPT);
    }
    bool valid = q->signalled_valid;
    uint16_t old = q->signalled, now = q->used_idx;
    q->signalled = now;
    q->signalled_valid = true;
    if (!ring_get16(q, q->avail, used_event_offset(q), "available", &value)) {
        return false;
    }
    return !valid || (uint16_t)(now - value - 1) < (uint16_t)(now - old);
}

// --- copying

// Walks n pieces from byte `skip` on; to_pieces says which way bytes go.
static size_t copy_pieces(const struct iovec *iov, unsigned n, size_t skip, uint8_t *buf,
                          size_t len, bool to_pieces)
{
    size_t done = 0;
    for (unsigned i = 0; i < n && done < len; i++) {
        if (skip >= iov[i].iov_len) {
            skip -= iov[i].iov_len;
            continue;
        }
        uint8_t *p = (uint8_t *)iov[i].iov_base + skip;
        size_t part = MIN_OF(iov[i].iov_len - skip, len - done);
        memmove(to_pieces ? p : buf + done, to_pieces ? buf + done : p, part);
        done += part;
        skip = 0;
    }
    return done;
}

size_t virtelem_read(const VirtElem *e, size_t skip, void *buf, size_t len)
{
    return copy_pieces(e->iov, e->n_out, skip, buf, len, false);
}

size_t virtelem_write(const VirtElem *e, size_t skip, const void *buf, size_t len)
{
    return copy_pieces(e->iov + e->n_out, e->n_in, skip, (uint8_t *)(uintptr_t)buf, len, true);
}
