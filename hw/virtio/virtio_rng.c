// virtio entropy device (Virtio 1.2, 5.4). Its bytes come from a generator with a fixed seed, so
// that two runs of a machine are the same run: give seed=N to have others. They must not be trusted
// as secrets.
#include <stdio.h>
#include <string.h>

#include "hw/core/machine.h"
#include "hw/virtio/virtio_mmio.h"
#include "hw/virtio/virtio_pci.h"

#define QUEUE_SIZE   8
#define NS_PER_MS    UINT64_C(1000000)
#define DEFAULT_SEED "0x4d696d7573" // any number does

typedef struct VirtioRng {
    VirtioDevice v;
    // --- options
    uint64_t seed, max_bytes;
    uint32_t period; // ms
    char *rng;
    // --- fixed
    VirtElem *elem;
    Timer *timer; // the next period
    // --- state
    uint64_t s[4]; // of the generator
    uint64_t left; // bytes in this period
} VirtioRng;

#define RNG_PROPS(T, f)                                                                            \
    VIRTIO_PROPS(T, f.v),                                                                          \
        {"seed", PROP_U64, offsetof(T, f.seed), DEFAULT_SEED, "start of the byte sequence"},       \
        {"max-bytes", PROP_U64, offsetof(T, f.max_bytes), "0x7fffffffffffffff",                    \
         "bytes given in a period"},                                                               \
        {"period", PROP_U32, offsetof(T, f.period), "65536", "milliseconds"},                      \
    {                                                                                              \
        "rng", PROP_STRING, offsetof(T, f.rng), NULL,                                              \
            "accepted; bytes come from the seeded generator all the same"                          \
    }

// --- the generator: xoshiro256**, seeded by splitmix64 (both by Blackman and Vigna, public domain
// algorithms)

static uint64_t split_mix(uint64_t *x)
{
    uint64_t z = *x += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void seed(VirtioRng *r)
{
    uint64_t x = r->seed;
    for (int i = 0; i < 4; i++) {
        r->s[i] = split_mix(&x);
    }
}

static uint64_t next(uint64_t s[4])
{
    uint64_t result = ror64(s[1] * 5, 64 - 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = ror64(s[3], 64 - 45);
    return result;
}

static void fill(VirtioRng *r, uint8_t *p, size_t n)
{
    while (n) {
        uint64_t w = next(r->s);
        size_t k = MIN_OF(n, sizeof w);
        memcpy(p, &w, k);
        p += k;
        n -= k;
    }
}

// --- requests

static VirtioRng *rng_of(VirtioDevice *v)
{
    return container_of(v, VirtioRng, v);
}

static uint32_t fill_elem(VirtioRng *r)
{
    const VirtElem *e = r->elem;
    uint64_t want = MIN_OF(MIN_OF(e->in_len, r->left), (uint64_t)UINT32_MAX), done = 0;
    for (unsigned i = e->n_out; i < e->n_out + e->n_in && done < want; i++) {
        uint64_t n = MIN_OF(e->iov[i].iov_len, want - done);
        fill(r, e->iov[i].iov_base, n);
        done += n;
    }
    r->left -= done;
    return (uint32_t)done;
}

static void rng_kick(VirtioDevice *v, unsigned queue)
{
    VirtioRng *r = rng_of(v);
    VirtQueue *q = &v->queue[queue];
    for (unsigned budget = q->num; budget && r->left && virtqueue_pop(q, r->elem); budget--) {
        uint32_t n = fill_elem(r);
        virtqueue_push(q, r->elem, n);
    }
    if (!r->left && !timer_armed(r->timer)) {
        timer_arm(r->timer, clock_now(v->owner->machine->clock) + r->period * NS_PER_MS);
    }
    virtqueue_want_kicks(q);
    virtio_notify(v, q);
}

static void next_period(void *opaque)
{
    VirtioRng *r = opaque;
    r->left = r->max_bytes;
    if (virtqueue_ready(&r->v.queue[0])) {
        rng_kick(&r->v, 0);
    }
}

// The sequence goes on over a reset of the device, and starts over with the machine.
static const VirtioClass rng_class = {
    .name = "virtio-rng",
    .id = VIRTIO_ID_RNG,
    .kick = rng_kick,
};

static void machine_reset_rng(VirtioRng *r)
{
    seed(r);
    r->left = r->max_bytes;
}

static bool rng_init(VirtioRng *r, Device *d, char **error)
{
    if (!r->period || !r->max_bytes) {
        *error = g_strdup("period= and max-bytes= must be above 0");
        return false;
    }
    virtio_init(&r->v, &rng_class, d, 0);
    virtio_add_queue(&r->v, QUEUE_SIZE);
    r->elem = g_new(VirtElem, 1);
    r->timer = timer_new(d->machine->clock, next_period, r);
    machine_reset_rng(r);
    return true;
}

static void rng_free(VirtioRng *r)
{
    timer_free(r->timer);
    g_free(r->elem);
}

static const StateField rng_fields[] = {
    STATE_STRUCTS(VirtioRng, v, VirtioDevice, 1, virtio_state_fields),
    STATE_U64_ARRAY(VirtioRng, s, 4, .keep = true),
    STATE_U64(VirtioRng, left, .keep = true),
    STATE_TIMER(VirtioRng, timer),
    STATE_END,
};

// --- on PCI

typedef struct VirtioRngPci {
    VirtioPci pci;
    VirtioRng rng;
} VirtioRngPci;

static bool rng_pci_realize(Device *d, char **error)
{
    VirtioRngPci *s = (VirtioRngPci *)d;
    return rng_init(&s->rng, d, error) && virtio_pci_plug(&s->pci, &s->rng.v, 0x00ff00, 2, error);
}

static void rng_pci_reset(Device *d)
{
    VirtioRngPci *s = (VirtioRngPci *)d;
    virtio_pci_reset(&s->pci);
    machine_reset_rng(&s->rng);
}

static void rng_pci_unrealize(Device *d)
{
    VirtioRngPci *s = (VirtioRngPci *)d;
    virtio_pci_unplug(&s->pci);
    rng_free(&s->rng);
}

static bool rng_pci_loaded(void *obj, char **error)
{
    return virtio_pci_loaded(obj, error);
}

static const StateField rng_pci_fields[] = {
    STATE_STRUCTS(VirtioRngPci, pci, VirtioPci, 1, virtio_pci_state_fields),
    STATE_STRUCTS(VirtioRngPci, rng, VirtioRng, 1, rng_fields),
    STATE_END,
};

static const StateDesc rng_pci_state = {
    .name = "virtio-rng-pci", .version = 1, .fields = rng_pci_fields, .loaded = rng_pci_loaded};

static const DeviceProp rng_pci_props[] = {
    VIRTIO_PCI_PROPS(VirtioRngPci, pci),
    RNG_PROPS(VirtioRngPci, rng),
    {0},
};

static const DeviceType virtio_rng_pci = {
    .name = "virtio-rng-pci",
    .alias = "virtio-rng",
    .desc = "virtio source of random bytes (seeded)",
    .bus = "pci",
    .size = sizeof(VirtioRngPci),
    .user_creatable = true,
    .props = rng_pci_props,
    .state = &rng_pci_state,
    .realize = rng_pci_realize,
    .reset = rng_pci_reset,
    .unrealize = rng_pci_unrealize,
};
DEVICE_TYPE(virtio_rng_pci);

// --- on MMIO

typedef struct VirtioRngMmio {
    VirtioMmioChild mmio;
    VirtioRng rng;
} VirtioRngMmio;

static bool rng_mmio_realize(Device *d, char **error)
{
    VirtioRngMmio *s = (VirtioRngMmio *)d;
    return rng_init(&s->rng, d, error) && virtio_mmio_plug(&s->mmio, &s->rng.v, error);
}

static void rng_mmio_reset(Device *d)
{
    machine_reset_rng(&((VirtioRngMmio *)d)->rng);
}

static void rng_mmio_unrealize(Device *d)
{
    rng_free(&((VirtioRngMmio *)d)->rng);
}

static bool rng_mmio_loaded(void *obj, char **error)
{
    return virtio_loaded(&((VirtioRngMmio *)obj)->rng.v, error);
}

static const StateField rng_mmio_fields[] = {
    STATE_STRUCTS(VirtioRngMmio, rng, VirtioRng, 1, rng_fields),
    STATE_END,
};

static const StateDesc rng_mmio_state = {"virtio-rng-device", 1, rng_mmio_fields,
                                         .loaded = rng_mmio_loaded};

static const DeviceProp rng_mmio_props[] = {
    VIRTIO_MMIO_PROPS(VirtioRngMmio, mmio),
    RNG_PROPS(VirtioRngMmio, rng),
    {0},
};

static const DeviceType virtio_rng_device = {
    .name = "virtio-rng-device",
    .desc = "virtio source of random bytes (seeded) in a virtio-mmio slot",
    .bus = "virtio-mmio",
    .size = sizeof(VirtioRngMmio),
    .user_creatable = true,
    .props = rng_mmio_props,
    .state = &rng_mmio_state,
    .realize = rng_mmio_realize,
    .reset = rng_mmio_reset,
    .unrealize = rng_mmio_unrealize,
};
DEVICE_TYPE(virtio_rng_device);
