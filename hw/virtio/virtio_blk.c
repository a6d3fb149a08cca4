// virtio block device (Virtio 1.2, 5.2). Requests are served one after the other while the guest's
// kick is under way: they complete at the virtual time of the kick, whatever the host's disk does.
#include <stdio.h>
#include <string.h>

#include "block/block.h"
#include "hw/core/machine.h"
#include "hw/virtio/virtio_mmio.h"
#include "hw/virtio/virtio_pci.h"
#include "util/log.h"

enum {
    F_SEG_MAX = 2,
    F_GEOMETRY = 4,
    F_RO = 5,
    F_BLK_SIZE = 6,
    F_FLUSH = 9,
    F_TOPOLOGY = 10,
    F_CONFIG_WCE = 11,
    F_MQ = 12,
    F_DISCARD = 13,
    F_WRITE_ZEROES = 14,
};

enum { T_IN = 0, T_OUT = 1, T_FLUSH = 4, T_GET_ID = 8, T_DISCARD = 11, T_WRITE_ZEROES = 13 };
enum { S_OK = 0, S_IOERR = 1, S_UNSUPP = 2 };

#define SECTOR      512
#define ID_LEN      20
#define CONFIG_SIZE 60
#define MAX_SECTORS (INT32_MAX / SECTOR) // of one discard or zeroing
#define ZERO_UNMAP  1
#define AUTO_QUEUES UINT32_MAX

typedef struct RequestHeader {
    uint32_t type, reserved;
    uint64_t sector;
} RequestHeader;

typedef struct Range { // of a discard or zeroing
    uint64_t sector;
    uint32_t sectors, flags;
} Range;

typedef struct BlkConfig {
    uint64_t capacity;
    uint32_t size_max, seg_max;
    uint16_t cylinders;
    uint8_t heads, sectors;
    uint32_t blk_size;
    uint8_t physical_block_exp, alignment_offset;
    uint16_t min_io_size;
    uint32_t opt_io_size;
    uint8_t wce, unused;
    uint16_t num_queues;
    uint32_t max_discard_sectors, max_discard_seg, discard_alignment;
    uint32_t max_zeroes_sectors, max_zeroes_seg;
    uint8_t zeroes_may_unmap, unused1[3];
} BlkConfig;
_Static_assert(offsetof(BlkConfig, blk_size) == 20, "config layout");
_Static_assert(offsetof(BlkConfig, num_queues) == 34, "config layout");
_Static_assert(offsetof(BlkConfig, zeroes_may_unmap) == 56, "config layout");

typedef struct VirtioBlk {
    VirtioDevice v;
    // --- options
    char *drive, *serial;
    uint32_t num_queues, queue_size;
    uint32_t logical_block_size, physical_block_size, min_io_size, opt_io_size;
    bool config_wce, discard, write_zeroes, share_rw;
    // --- fixed
    BlockDevice *disk;
    VirtElem *elem;      // the request at hand
    struct iovec *piece; // its data
    // --- state
    uint8_t wce; // completed writes may sit in the host's cache until a flush
} VirtioBlk;

#define BLK_PROPS(T, f)                                                                            \
    VIRTIO_PROPS(T, f.v), {"drive", PROP_STRING, offsetof(T, f.drive), NULL, "id of the -drive"},  \
        {"serial", PROP_STRING, offsetof(T, f.serial), NULL, "serial number, up to 20 letters"},   \
        {"num-queues", PROP_U32, offsetof(T, f.num_queues), "4294967295",                          \
         "request queues (default: on PCI one for each CPU)"},                                     \
        {"queue-size", PROP_U32, offsetof(T, f.queue_size), "256", "descriptors in a queue"},      \
        {"logical_block_size", PROP_U32, offsetof(T, f.logical_block_size), "512", "bytes"},       \
        {"physical_block_size", PROP_U32, offsetof(T, f.physical_block_size), "512", "bytes"},     \
        {"min_io_size", PROP_U32, offsetof(T, f.min_io_size), "0", "bytes"},                       \
        {"opt_io_size", PROP_U32, offsetof(T, f.opt_io_size), "0", "bytes"},                       \
        {"config-wce", PROP_BOOL, offsetof(T, f.config_wce), "on",                                 \
         "the guest may switch the write cache"},                                                  \
        {"discard", PROP_BOOL, offsetof(T, f.discard), "on", "offer discard"},                     \
        {"write-zeroes", PROP_BOOL, offsetof(T, f.write_zeroes), "on", "offer zeroing"},           \
    {                                                                                              \
        "share-rw", PROP_BOOL, offsetof(T, f.share_rw), "off", "accepted: file.locking decides"    \
    }

static VirtioBlk *blk_of(VirtioDevice *v)
{
    return container_of(v, VirtioBlk, v);
}

// --- requests

// The data pieces: out without the header, or in without the status byte.
static unsigned data_pieces(VirtioBlk *s, bool in, uint64_t *len)
{
    const VirtElem *e = s->elem;
    const struct iovec *from = e->iov + (in ? e->n_out : 0);
    unsigned n = in ? e->n_in : e->n_out, count = 0;
    uint64_t skip = in ? 0 : sizeof(RequestHeader);
    uint64_t left = in ? e->in_len - 1 : e->out_len - sizeof(RequestHeader);
    *len = left;
    for (unsigned i = 0; i < n && left; i++) {
        uint64_t size = from[i].iov_len;
        if (skip >= size) {
            skip -= size;
            continue;
        }
        size = MIN_OF(size - skip, left);
        s->piece[count++] = (struct iovec){(char *)from[i].iov_base + skip, size};
        left -= size;
        skip = 0;
    }
    return count;
}

static bool sync_if_write_through(VirtioBlk *s)
{
    return s->wce || block_flush(s->disk);
}

static uint8_t transfer(VirtioBlk *s, uint64_t sector, bool in)
{
    uint64_t len;
    unsigned n = data_pieces(s, in, &len);
    if (sector > UINT64_MAX / SECTOR || len % SECTOR ||
        (sector * SECTOR | len) % s->logical_block_size) {
        log_printf(LOG_GUEST_ERRORS, "virtio-blk: request of %llu bytes at sector %llu\n",
                   (unsigned long long)len, (unsigned long long)sector);
        return S_IOERR;
    }
    bool ok = in ? block_readv(s->disk, sector * SECTOR, s->piece, n)
                 : block_writev(s->disk, sector * SECTOR, s->piece, n) && sync_if_write_through(s);
    return ok ? S_OK : S_IOERR;
}

static uint8_t get_id(VirtioBlk *s)
{
    char id[ID_LEN] = "";
    const char *serial = s->serial ? s->serial : block_serial(s->disk);
    if (s->elem->in_len < 1 + ID_LEN) {
        return S_IOERR;
    }
    // Not ended by a zero if it is 20 long (5.2.6).
    memcpy(id, serial ? serial : "", serial ? MIN_OF(strlen(serial), (size_t)ID_LEN) : 0);
    virtelem_write(s->elem, 0, id, ID_LEN);
    return S_OK;
}

static uint8_t clear_range(VirtioBlk *s, bool zero)
{
    Range r;
    size_t len = s->elem->out_len - sizeof(RequestHeader);
    if (block_readonly(s->disk) || !virtio_has(&s->v, zero ? F_WRITE_ZEROES : F_DISCARD) ||
        len != sizeof r) { // one range, as the configuration says
        return S_UNSUPP;
    }
    virtelem_read(s->elem, sizeof(RequestHeader), &r, sizeof r);
    if (r.flags & ~(zero ? ZERO_UNMAP : 0)) {
        return S_UNSUPP;
    }
    if (r.sector > UINT64_MAX / SECTOR || r.sectors > MAX_SECTORS) {
        return S_IOERR;
    }
    uint64_t off = r.sector * SECTOR, bytes = (uint64_t)r.sectors * SECTOR;
    bool ok = zero ? block_write_zeroes(s->disk, off, bytes, r.flags & ZERO_UNMAP) &&
                         sync_if_write_through(s)
                   : block_discard(s->disk, off, bytes);
    return ok ? S_OK : S_IOERR;
}

static uint8_t serve(VirtioBlk *s)
{
    RequestHeader h;
    virtelem_read(s->elem, 0, &h, sizeof h);
    switch (h.type) {
    case T_IN:
        return transfer(s, h.sector, true);
    case T_OUT:
        return transfer(s, h.sector, false);
    case T_FLUSH:
        return block_flush(s->disk) ? S_OK : S_IOERR;
    case T_GET_ID:
        return get_id(s);
    case T_DISCARD:
        return clear_range(s, false);
    case T_WRITE_ZEROES:
        return clear_range(s, true);
    }
    log_printf(LOG_GUEST_ERRORS, "virtio-blk: request type %u\n", h.type);
    return S_UNSUPP;
}

static void blk_kick(VirtioDevice *v, unsigned queue)
{
    VirtioBlk *s = blk_of(v);
    VirtQueue *q = &v->queue[queue];
    // A request may overwrite the ring that it stands in: more than a ring full is never honest.
    for (unsigned budget = q->num; budget && virtqueue_pop(q, s->elem); budget--) {
        VirtElem *e = s->elem;
        if (e->out_len < sizeof(RequestHeader) || !e->in_len || e->in_len > UINT32_MAX) {
            virtio_broken(v, "request with %llu readable and %llu writable bytes",
                          (unsigned long long)e->out_len, (unsigned long long)e->in_len);
            return;
        }
        uint8_t status = serve(s);
        virtelem_write(e, e->in_len - 1, &status, 1);
        virtqueue_push(q, e, (uint32_t)e->in_len);
    }
    virtqueue_want_kicks(q);
    virtio_notify(v, q);
}

// --- configuration

static void geometry(const VirtioBlk *s, BlkConfig *c)
{
    enum { HEADS = 16, SECTORS = 63 };
    uint64_t cylinders = block_size(s->disk) / SECTOR / (HEADS * SECTORS);
    c->cylinders = MAX_OF(MIN_OF(cylinders, UINT64_C(16383)), UINT64_C(2));
    c->heads = HEADS;
    c->sectors = SECTORS / (s->logical_block_size / SECTOR);
}

static void blk_get_config(VirtioDevice *v, uint8_t *config)
{
    const VirtioBlk *s = blk_of(v);
    BlkConfig c = {
        .capacity = block_size(s->disk) / SECTOR,
        .seg_max = s->queue_size - 2,
        .blk_size = s->logical_block_size,
        .physical_block_exp = __builtin_ctz(s->physical_block_size / s->logical_block_size),
        .min_io_size = s->min_io_size / s->logical_block_size,
        .opt_io_size = s->opt_io_size / s->logical_block_size,
        .wce = s->wce,
        .num_queues = v->n_queues,
        .max_discard_sectors = MAX_SECTORS,
        .max_discard_seg = 1,
        .discard_alignment = s->logical_block_size / SECTOR,
        .max_zeroes_sectors = MAX_SECTORS,
        .max_zeroes_seg = 1,
        .zeroes_may_unmap = 1,
    };
    geometry(s, &c);
    memcpy(config, &c, CONFIG_SIZE);
}

static void blk_set_config(VirtioDevice *v, const uint8_t *config)
{
    VirtioBlk *s = blk_of(v);
    if (virtio_has(v, F_CONFIG_WCE)) {
        s->wce = config[offsetof(BlkConfig, wce)] & 1;
        sync_if_write_through(s);
    }
}

// A driver that cannot flush has its writes made durable one by one (5.2.6.2).
static void blk_status_changed(VirtioDevice *v, uint8_t old)
{
    VirtioBlk *s = blk_of(v);
    if ((v->status & ~old & VIRTIO_STATUS_DRIVER_OK) && !virtio_has(v, F_CONFIG_WCE)) {
        s->wce = virtio_has(v, F_FLUSH);
    }
}

static void blk_reset(VirtioDevice *v)
{
    blk_of(v)->wce = 1;
}

static const VirtioClass blk_class = {
    .name = "virtio-blk",
    .id = VIRTIO_ID_BLOCK,
    .features = BIT(F_SEG_MAX) | BIT(F_GEOMETRY) | BIT(F_BLK_SIZE) | BIT(F_FLUSH) | BIT(F_TOPOLOGY),
    .get_config = blk_get_config,
    .set_config = blk_set_config,
    .reset = blk_reset,
    .status_changed = blk_status_changed,
    .kick = blk_kick,
};

// --- setting up

static bool power_of_2(uint32_t n)
{
    return n && !(n & (n - 1));
}

static bool check_options(const VirtioBlk *s, char **error)
{
    if (!power_of_2(s->logical_block_size) || !power_of_2(s->physical_block_size) ||
        s->logical_block_size < SECTOR || s->logical_block_size > 32768 ||
        s->physical_block_size < s->logical_block_size || s->physical_block_size > (1 << 21)) {
        *error = g_strdup_printf("logical_block_size=%u,physical_block_size=%u: expected powers of "
                                 "2, 512 <= logical (up to 32768) <= physical (up to 2097152)",
                                 s->logical_block_size, s->physical_block_size);
        return false;
    }
    if (!power_of_2(s->queue_size) || s->queue_size < 4 || s->queue_size > VIRTQUEUE_MAX_SIZE) {
        *error = g_strdup_printf("queue-size=%u: expected a power of 2, 4 to %d", s->queue_size,
                                 VIRTQUEUE_MAX_SIZE);
        return false;
    }
    if (!s->num_queues || s->num_queues > VIRTIO_MAX_QUEUES) {
        *error =
            g_strdup_printf("num-queues=%u: expected 1 to %d", s->num_queues, VIRTIO_MAX_QUEUES);
        return false;
    }
    return true;
}

static bool open_drive(VirtioBlk *s, Device *d, char **error)
{
    if (!s->drive) {
        *error = g_strdup("drive=ID is needed");
        return false;
    }
    s->disk = block_find(d->machine, s->drive);
    if (!s->disk) {
        *error = g_strdup_printf("drive=%s: there is no -drive with this id", s->drive);
        return false;
    }
    return block_claim(s->disk, d->id ? d->id : d->type->name, error);
}

static bool blk_init(VirtioBlk *s, Device *d, unsigned auto_queues, char **error)
{
    if (s->num_queues == AUTO_QUEUES) {
        s->num_queues = auto_queues;
    }
    if (!check_options(s, error) || !open_drive(s, d, error)) {
        return false;
    }
    VirtioDevice *v = &s->v;
    virtio_init(v, &blk_class, d, CONFIG_SIZE);
    v->offered |= block_readonly(s->disk) ? BIT(F_RO) : 0;
    v->offered |= s->config_wce ? BIT(F_CONFIG_WCE) : 0;
    v->offered |= s->num_queues > 1 ? BIT(F_MQ) : 0;
    v->offered |= s->discard ? BIT(F_DISCARD) : 0;
    v->offered |= s->write_zeroes ? BIT(F_WRITE_ZEROES) : 0;
    for (unsigned i = 0; i < s->num_queues; i++) {
        virtio_add_queue(v, s->queue_size);
    }
    s->elem = g_new(VirtElem, 1);
    s->piece = g_new(struct iovec, VIRTQUEUE_MAX_SIZE);
    s->wce = 1;
    return true;
}

static void blk_free(VirtioBlk *s)
{
    g_free(s->elem);
    g_free(s->piece);
}

static const StateField blk_fields[] = {
    STATE_STRUCTS(VirtioBlk, v, VirtioDevice, 1, virtio_state_fields),
    STATE_U8(VirtioBlk, wce, .keep = true),
    STATE_END,
};

// --- on PCI

typedef struct VirtioBlkPci {
    VirtioPci pci;
    VirtioBlk blk;
} VirtioBlkPci;

static bool blk_pci_realize(Device *d, char **error)
{
    VirtioBlkPci *s = (VirtioBlkPci *)d;
    return blk_init(&s->blk, d, MAX_OF(d->machine->n_cpus, 1u), error) &&
           virtio_pci_plug(&s->pci, &s->blk.v, 0x010000, s->blk.v.n_queues + 1, error);
}

static void blk_pci_reset(Device *d)
{
    virtio_pci_reset(&((VirtioBlkPci *)d)->pci);
}

static void blk_pci_unrealize(Device *d)
{
    VirtioBlkPci *s = (VirtioBlkPci *)d;
    virtio_pci_unplug(&s->pci);
    blk_free(&s->blk);
}

static bool blk_pci_loaded(void *obj, char **error)
{
    return virtio_pci_loaded(obj, error);
}

static const StateField blk_pci_fields[] = {
    STATE_STRUCTS(VirtioBlkPci, pci, VirtioPci, 1, virtio_pci_state_fields),
    STATE_STRUCTS(VirtioBlkPci, blk, VirtioBlk, 1, blk_fields),
    STATE_END,
};

static const StateDesc blk_pci_state = {
    .name = "virtio-blk-pci", .version = 1, .fields = blk_pci_fields, .loaded = blk_pci_loaded};

static const DeviceProp blk_pci_props[] = {
    VIRTIO_PCI_PROPS(VirtioBlkPci, pci),
    BLK_PROPS(VirtioBlkPci, blk),
    {0},
};

static const DeviceType virtio_blk_pci = {
    .name = "virtio-blk-pci",
    .alias = "virtio-blk",
    .desc = "virtio disk",
    .bus = "pci",
    .size = sizeof(VirtioBlkPci),
    .user_creatable = true,
    .props = blk_pci_props,
    .state = &blk_pci_state,
    .realize = blk_pci_realize,
    .reset = blk_pci_reset,
    .unrealize = blk_pci_unrealize,
};
DEVICE_TYPE(virtio_blk_pci);

// --- on MMIO

typedef struct VirtioBlkMmio {
    VirtioMmioChild mmio;
    VirtioBlk blk;
} VirtioBlkMmio;

static bool blk_mmio_realize(Device *d, char **error)
{
    VirtioBlkMmio *s = (VirtioBlkMmio *)d;
    return blk_init(&s->blk, d, 1, error) && virtio_mmio_plug(&s->mmio, &s->blk.v, error);
}

static void blk_mmio_unrealize(Device *d)
{
    blk_free(&((VirtioBlkMmio *)d)->blk);
}

static bool blk_mmio_loaded(void *obj, char **error)
{
    return virtio_loaded(&((VirtioBlkMmio *)obj)->blk.v, error);
}

static const StateField blk_mmio_fields[] = {
    STATE_STRUCTS(VirtioBlkMmio, blk, VirtioBlk, 1, blk_fields),
    STATE_END,
};

static const StateDesc blk_mmio_state = {"virtio-blk-device", 1, blk_mmio_fields,
                                         .loaded = blk_mmio_loaded};

static const DeviceProp blk_mmio_props[] = {
    VIRTIO_MMIO_PROPS(VirtioBlkMmio, mmio),
    BLK_PROPS(VirtioBlkMmio, blk),
    {0},
};

static const DeviceType virtio_blk_device = {
    .name = "virtio-blk-device",
    .desc = "virtio disk in a virtio-mmio slot",
    .bus = "virtio-mmio",
    .size = sizeof(VirtioBlkMmio),
    .user_creatable = true,
    .props = blk_mmio_props,
    .state = &blk_mmio_state,
    .realize = blk_mmio_realize,
    .unrealize = blk_mmio_unrealize,
};
DEVICE_TYPE(virtio_blk_device);
