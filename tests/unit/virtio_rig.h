// A driver's side of virtio in C: a machine with RAM, one modern virtio-mmio slot and helpers that
// build rings and chains.
#ifndef TESTS_UNIT_VIRTIO_RIG_H
#define TESTS_UNIT_VIRTIO_RIG_H

#include <stdio.h>
#include <string.h>
#include "bare_machine.h"
#include "hw/virtio/virtio_mmio.h"

#define RAM_BASE  UINT64_C(0x40000000)
#define RAM_SIZE  UINT64_C(0x400000)
#define SLOT_BASE UINT64_C(0x0a000000)
#define N_DESC    8

// Where the driver of queue n keeps its rings.
#define RING(n)  (RAM_BASE + (n)*UINT64_C(0x10000))
#define DESC(n)  RING(n)
#define AVAIL(n) (RING(n) + 0x4000)
#define USED(n)  (RING(n) + 0x8000)
#define DATA     (RAM_BASE + UINT64_C(0x200000))

#define D_NEXT     1
#define D_WRITE    2
#define D_INDIRECT 4

typedef struct Rig {
    Machine *m;
    MemRegion *ram;
    uint8_t *host; // of RAM_BASE
    Pin irq;
    Device *dev;
    uint16_t avail[4];
} Rig;

static inline void *at(Rig *r, uint64_t addr)
{
    return r->host + (addr - RAM_BASE);
}

static inline void put16(Rig *r, uint64_t addr, uint16_t v)
{
    memcpy(at(r, addr), &v, 2);
}

static inline uint16_t get16(Rig *r, uint64_t addr)
{
    uint16_t v;
    memcpy(&v, at(r, addr), 2);
    return v;
}

static inline uint32_t get32(Rig *r, uint64_t addr)
{
    uint32_t v;
    memcpy(&v, at(r, addr), 4);
    return v;
}

static inline Rig *rig_new(void)
{
    Rig *r = g_new0(Rig, 1);
    r->m = bare_machine();
    r->ram = mem_ram("ram", RAM_SIZE);
    r->host = mem_host(r->ram);
    mem_map(address_space_root(r->m->memory), RAM_BASE, r->ram, 0);
    return r;
}

// A slot for one device. legacy: the layout of before 1.0.
static inline void rig_slot(Rig *r, bool legacy)
{
    virtio_mmio_create(r->m, address_space_root(r->m->memory), SLOT_BASE, pin_line(&r->irq));
    char *error = NULL;
    device_set(r->m->devices->pdata[r->m->devices->len - 1], "force-legacy", legacy ? "on" : "off",
               &error);
}

// props: "key=value" strings ended by NULL. Returns the error, or NULL.
static inline char *rig_plug(Rig *r, const char *type, const char *const *props)
{
    char *error = NULL;
    r->dev = device_new(device_type_find(type), r->m, NULL);
    for (; props && *props; props++) {
        char **kv = g_strsplit(*props, "=", 2);
        bool ok = device_set(r->dev, kv[0], kv[1], &error);
        g_strfreev(kv);
        if (!ok) {
            return error;
        }
    }
    if (!device_realize(r->dev, &error)) {
        return error;
    }
    bare_reset(r->m);
    return NULL;
}

static inline void reg(Rig *r, unsigned offset, uint32_t v)
{
    wr(r->m, SLOT_BASE + offset, v, 4);
}

static inline uint32_t getreg(Rig *r, unsigned offset)
{
    return rd(r->m, SLOT_BASE + offset, 4);
}

static inline uint8_t status(Rig *r)
{
    return getreg(r, 0x70);
}

static inline void set_up_queue(Rig *r, unsigned n)
{
    reg(r, 0x30, n);
    reg(r, 0x38, N_DESC);
    reg(r, 0x80, DESC(n));
    reg(r, 0x84, 0);
    reg(r, 0x90, AVAIL(n));
    reg(r, 0x94, 0);
    reg(r, 0xa0, USED(n));
    reg(r, 0xa4, 0);
    reg(r, 0x44, 1);
    memset(at(r, RING(n)), 0, 0x10000);
    if (n < ARRAY_LEN(r->avail)) {
        r->avail[n] = 0;
    }
}

// The driver's start: features & mask, queues 0 .. n-1, DRIVER_OK.
static inline void start(Rig *r, uint64_t features, unsigned queues)
{
    reg(r, 0x70, 0);
    reg(r, 0x70, 3);
    for (unsigned i = 0; i < 2; i++) {
        reg(r, 0x14, i);
        uint32_t offered = getreg(r, 0x10);
        reg(r, 0x24, i);
        reg(r, 0x20, offered & (uint32_t)((features | BIT(VIRTIO_F_VERSION_1)) >> (32 * i)));
    }
    reg(r, 0x70, 11);
    for (unsigned i = 0; i < queues; i++) {
        set_up_queue(r, i);
    }
    reg(r, 0x70, 15);
}

static inline void desc(Rig *r, unsigned queue, unsigned i, uint64_t addr, uint32_t len,
                        uint16_t flags, uint16_t next)
{
    uint8_t *d = at(r, DESC(queue) + 16 * i);
    memcpy(d, &addr, 8);
    memcpy(d + 8, &len, 4);
    memcpy(d + 12, &flags, 2);
    memcpy(d + 14, &next, 2);
}

static inline void offer(Rig *r, unsigned queue, uint16_t head)
{
    put16(r, AVAIL(queue) + 4 + 2 * (r->avail[queue] % N_DESC), head);
    put16(r, AVAIL(queue) + 2, ++r->avail[queue]);
}

static inline void kick(Rig *r, unsigned queue)
{
    reg(r, 0x50, queue);
}

static inline uint16_t used(Rig *r, unsigned queue)
{
    return get16(r, USED(queue) + 2);
}

// Bytes that the device wrote for the n-th used chain.
static inline uint32_t used_len(Rig *r, unsigned queue, unsigned n)
{
    return get32(r, USED(queue) + 4 + 8 * (n % N_DESC) + 4);
}

#endif
