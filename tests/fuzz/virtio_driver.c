#include "tests/fuzz/virtio_driver.h"

#include <string.h>

#define SLOT      UINT64_C(0x0a000000) // virtio-mmio-bus.0
#define ECAM      UINT64_C(0x4010000000)
#define PCI_SLOT  3
#define PIO       UINT64_C(0x3eff0000)
#define IO_BAR    UINT64_C(0x1000)
#define MSIX_BAR  UINT64_C(0x10000000)
#define MEM_BAR   UINT64_C(0x10010000)
#define V2M       UINT64_C(0x08020040)
#define RING_SIZE UINT64_C(0x10000)

enum { F_INDIRECT = 28, F_EVENT_IDX = 29, F_VERSION_1 = 32, F_RING_RESET = 40 };
enum { D_NEXT = 1, D_WRITE = 2, D_INDIRECT = 4 };

const char *vd_device_options(VdTransport t)
{
    static const char *const options[] = {
        [VD_MMIO] = "bus=virtio-mmio-bus.0",
        [VD_MMIO_LEGACY] = "bus=virtio-mmio-bus.0",
        [VD_PCI] = "addr=3",
        [VD_PCI_LEGACY] = "addr=3,disable-legacy=off",
    };
    return options[t];
}

bool vd_is_pci(VdTransport t)
{
    return t == VD_PCI || t == VD_PCI_LEGACY;
}

bool vd_deviate(Vd *d, unsigned one_in)
{
    return d->wild && fuzz_one_in(d->f, one_in);
}

static uint64_t or_odd(Vd *d, uint64_t value, unsigned one_in)
{
    return vd_deviate(d, one_in) ? fuzz_number(d->f) : value;
}

static void put(Vd *d, uint64_t addr, uint64_t value, unsigned size)
{
    fuzz_write(d->fm, addr, value, size);
}

static uint64_t get(Vd *d, uint64_t addr, unsigned size)
{
    return fuzz_read(d->fm, addr, size);
}

// --- registers: where they are on each transport; 0: not there

typedef struct Register {
    uint16_t offset[VD_TRANSPORTS];
    uint8_t size[VD_TRANSPORTS];
} Register;

#define NONE 0xffff
typedef enum Reg {
    R_STATUS,
    R_HOST_SEL,
    R_HOST,
    R_GUEST_SEL,
    R_GUEST,
    R_Q_SEL,
    R_Q_MAX,
    R_Q_NUM,
    R_Q_ENABLE,
    R_Q_RESET,
    R_Q_PFN,
    R_DESC,
    R_AVAIL,
    R_USED,
    R_ISR,
    R_Q_VECTOR,
    R_CONFIG_VECTOR,
} Reg;

static const Register registers[] = {
    [R_STATUS] = {{0x70, 0x70, 0x14, 0x12}, {4, 4, 1, 1}},
    [R_HOST_SEL] = {{0x14, 0x14, 0x00, NONE}, {4, 4, 4, 0}},
    [R_HOST] = {{0x10, 0x10, 0x04, 0x00}, {4, 4, 4, 4}},
    [R_GUEST_SEL] = {{0x24, 0x24, 0x08, NONE}, {4, 4, 4, 0}},
    [R_GUEST] = {{0x20, 0x20, 0x0c, 0x04}, {4, 4, 4, 4}},
    [R_Q_SEL] = {{0x30, 0x30, 0x16, 0x0e}, {4, 4, 2, 2}},
    [R_Q_MAX] = {{0x34, 0x34, 0x18, 0x0c}, {4, 4, 2, 2}},
    [R_Q_NUM] = {{0x38, 0x38, 0x18, NONE}, {4, 4, 2, 0}},
    [R_Q_ENABLE] = {{0x44, NONE, 0x1c, NONE}, {4, 0, 2, 0}},
    [R_Q_RESET] = {{0xc0, NONE, 0x3a, NONE}, {4, 0, 2, 0}},
    [R_Q_PFN] = {{NONE, 0x40, NONE, 0x08}, {0, 4, 0, 4}},
    [R_DESC] = {{0x80, NONE, 0x20, NONE}, {4, 0, 4, 0}},
    [R_AVAIL] = {{0x90, NONE, 0x28, NONE}, {4, 0, 4, 0}},
    [R_USED] = {{0xa0, NONE, 0x30, NONE}, {4, 0, 4, 0}},
    [R_ISR] = {{0x60, 0x60, 0x1000, 0x13}, {4, 4, 1, 1}},
    [R_Q_VECTOR] = {{NONE, NONE, 0x1a, 0x16}, {0, 0, 2, 2}},
    [R_CONFIG_VECTOR] = {{NONE, NONE, 0x10, 0x14}, {0, 0, 2, 2}},
};

static void reg_write(Vd *d, Reg r, uint64_t value)
{
    if (registers[r].offset[d->transport] != NONE) {
        put(d, d->regs + registers[r].offset[d->transport], value, registers[r].size[d->transport]);
    }
}

static uint64_t reg_read(Vd *d, Reg r)
{
    return registers[r].offset[d->transport] == NONE
               ? 0
               : get(d, d->regs + registers[r].offset[d->transport],
                     registers[r].size[d->transport]);
}

static void reg_write64(Vd *d, Reg r, uint64_t value)
{
    uint64_t at = d->regs + registers[r].offset[d->transport];
    put(d, at, value & UINT32_MAX, 4);
    put(d, at + 4, value >> 32, 4);
}

static bool legacy(const Vd *d)
{
    return d->transport == VD_MMIO_LEGACY || d->transport == VD_PCI_LEGACY;
}

static uint64_t config_base(const Vd *d)
{
    static const uint16_t at[] = {0x100, 0x100, 0x2000, 0x14};
    return d->regs + at[d->transport] + (d->transport == VD_PCI_LEGACY && d->msix ? 4 : 0);
}

uint32_t vd_config_read(Vd *d, unsigned offset, unsigned size)
{
    return (uint32_t)get(d, config_base(d) + offset, size);
}

void vd_config_write(Vd *d, unsigned offset, uint32_t value, unsigned size)
{
    put(d, config_base(d) + offset, value, size);
}

// --- PCI: BARs, commands, MSI-X

static unsigned find_capability(Vd *d, unsigned id)
{
    unsigned at = (unsigned)get(d, d->config + 0x34, 1);
    for (unsigned i = 0; at && i < 48; i++) {
        if (get(d, d->config + at, 1) == id) {
            return at;
        }
        at = (unsigned)get(d, d->config + at + 1, 1);
    }
    return 0;
}

static void set_up_msix(Vd *d)
{
    unsigned at = find_capability(d, 0x11);
    d->msix = at && fuzz_one_in(d->f, 2);
    if (!at) {
        return;
    }
    put(d, d->config + at + 2, d->msix ? 0x8000 : 0, 2);
    for (unsigned i = 0; d->msix && i < 4; i++) {
        uint64_t entry = MSIX_BAR + 16 * i;
        put(d, entry, or_odd(d, V2M, 10) & UINT32_MAX, 4);
        put(d, entry + 4, or_odd(d, 0, 30) & UINT32_MAX, 4);
        put(d, entry + 8, or_odd(d, 80 + i, 10) & UINT32_MAX, 4);
        put(d, entry + 12, fuzz_one_in(d->f, 8), 4);
    }
}

static void set_up_pci(Vd *d)
{
    d->config = ECAM + (PCI_SLOT << 15);
    put(d, d->config + 0x10, IO_BAR, 4);
    put(d, d->config + 0x14, MSIX_BAR, 4);
    put(d, d->config + 0x20, MEM_BAR, 4);
    put(d, d->config + 0x24, 0, 4);
    put(d, d->config + 4, or_odd(d, 7, 20) & 0xffff, 2);
    set_up_msix(d);
}

void vd_init(Vd *d, FuzzMachine *fm, VdTransport t, unsigned n_queues, bool wild)
{
    *d = (Vd){.fm = fm, .f = fm->f, .transport = t, .n_queues = n_queues, .wild = wild};
    d->regs = t == VD_PCI ? MEM_BAR : t == VD_PCI_LEGACY ? PIO + IO_BAR : SLOT;
    if (vd_is_pci(t)) {
        set_up_pci(d);
    }
}

// --- queues

static unsigned choose_num(Vd *d)
{
    unsigned max = (unsigned)reg_read(d, R_Q_MAX), num = max;
    if (d->transport != VD_PCI_LEGACY) {
        num = 1u << fuzz_below(d->f, 9);
        num = MAX_OF(MIN_OF(num, max), 1u);
    }
    return MIN_OF(num, (unsigned)VD_MAX_NUM);
}

static void place_rings(Vd *d, VdQueue *q, unsigned index)
{
    uint64_t base = VD_RAM + RING_SIZE * (index + 1);
    q->desc = base;
    q->avail = base + 16 * q->num;
    q->used = ALIGN_UP(q->avail + 6 + 2 * q->num, UINT64_C(4096));
    if (!legacy(d)) {
        q->desc = or_odd(d, q->desc, 60);
        q->avail = or_odd(d, q->avail, 60);
        q->used = vd_deviate(d, 60) ? q->desc : or_odd(d, q->used, 60);
    }
}

static void set_up_queue(Vd *d, unsigned index)
{
    VdQueue *q = &d->q[index];
    memset(q, 0, sizeof(*q));
    reg_write(d, R_Q_SEL, or_odd(d, index, 40));
    q->num = choose_num(d);
    place_rings(d, q, index);
    memset(vd_host(d, VD_RAM + RING_SIZE * (index + 1), RING_SIZE), 0, RING_SIZE);
    reg_write(d, R_Q_NUM, or_odd(d, q->num, 30));
    if (d->transport == VD_MMIO_LEGACY) {
        put(d, d->regs + 0x28, or_odd(d, 4096, 40), 4);
        put(d, d->regs + 0x3c, or_odd(d, 4096, 40), 4);
    }
    if (d->msix) {
        reg_write(d, R_Q_VECTOR, or_odd(d, fuzz_below(d->f, 4), 20));
    }
    if (legacy(d)) {
        reg_write(d, R_Q_PFN, or_odd(d, q->desc >> 12, 40));
        return;
    }
    reg_write64(d, R_DESC, q->desc);
    reg_write64(d, R_AVAIL, q->avail);
    reg_write64(d, R_USED, q->used);
    reg_write(d, R_Q_ENABLE, or_odd(d, 1, 60));
}

static void negotiate(Vd *d, uint64_t wanted)
{
    uint64_t offered = 0;
    d->features = 0;
    for (unsigned i = 0; i < (legacy(d) ? 1 : 2); i++) {
        reg_write(d, R_HOST_SEL, i);
        offered |= reg_read(d, R_HOST) << 32 * i;
    }
    d->features = offered & (wanted | (legacy(d) ? 0 : BIT(F_VERSION_1)));
    d->features = or_odd(d, d->features, 30);
    for (unsigned i = 0; i < (legacy(d) ? 1 : 2); i++) {
        reg_write(d, R_GUEST_SEL, i);
        reg_write(d, R_GUEST, d->features >> 32 * i & UINT32_MAX);
    }
}

void vd_bring_up(Vd *d, uint64_t wanted)
{
    d->data = VD_DATA;
    reg_write(d, R_STATUS, 0);
    reg_write(d, R_STATUS, 3);
    negotiate(d, wanted);
    reg_write(d, R_STATUS, or_odd(d, 11, 60));
    if (!legacy(d) && !d->wild && !(reg_read(d, R_STATUS) & 8)) {
        fuzz_fail("features that were offered are refused");
    }
    if (d->msix) {
        reg_write(d, R_CONFIG_VECTOR, or_odd(d, 0, 10));
    }
    for (unsigned i = 0; i < d->n_queues; i++) {
        set_up_queue(d, i);
    }
    reg_write(d, R_STATUS, or_odd(d, 15, 60));
}

// --- chains

uint8_t *vd_host(Vd *d, uint64_t addr, unsigned len)
{
    uint8_t *p = mem_dma(d->fm->m->memory, addr, len);
    if (!p) {
        fuzz_fail("the fuzzer's own buffer is not in RAM");
    }
    return p;
}

uint64_t vd_alloc(Vd *d, unsigned len)
{
    if (d->data + len > VD_RAM + VD_RAM_SIZE - 0x1000) {
        d->data = VD_DATA;
    }
    uint64_t at = d->data;
    d->data += len + fuzz_below(d->f, 64);
    return at;
}

typedef struct Table { // of descriptors: the ring's, or an indirect one
    uint64_t base;
    unsigned first, num;
} Table;

static void write_desc(Vd *d, const Table *t, unsigned i, const VdPiece *p, unsigned flags)
{
    uint64_t at = t->base + 16 * ((t->first + i) % t->num);
    put(d, at, or_odd(d, p->addr, 100), 8);
    put(d, at + 8, or_odd(d, p->len, 100) & UINT32_MAX, 4);
    put(d, at + 12, or_odd(d, flags | (p->write ? D_WRITE : 0), 100) & 0xffff, 2);
    put(d, at + 14, or_odd(d, (t->first + i + 1) % t->num, 60) & 0xffff, 2);
}

static void write_chain(Vd *d, const Table *t, const VdPiece *piece, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        write_desc(d, t, i, &piece[i], i + 1 < n ? D_NEXT : 0);
    }
}

// The same bytes in more pieces.
static unsigned split(Vd *d, const VdPiece *piece, unsigned n, VdPiece *out, unsigned max)
{
    unsigned made = 0;
    for (unsigned i = 0; i < n; i++) {
        VdPiece p = piece[i];
        while (p.len > 1 && made + (n - i) < max && fuzz_one_in(d->f, 3)) {
            uint32_t part = 1 + (uint32_t)fuzz_below(d->f, p.len - 1);
            out[made++] = (VdPiece){p.addr, part, p.write};
            p.addr += part;
            p.len -= part;
        }
        out[made++] = p;
    }
    return made;
}

static void make_available(Vd *d, VdQueue *q, unsigned head)
{
    put(d, q->avail + 4 + 2 * (q->avail_idx % q->num), or_odd(d, head, 60) & 0xffff, 2);
    q->avail_idx += (uint16_t)(vd_deviate(d, 60) ? fuzz_number(d->f) : 1);
    put(d, q->avail, fuzz_one_in(d->f, 8), 2);
    put(d, q->avail + 2, q->avail_idx, 2);
    if (vd_has(d, F_EVENT_IDX)) { // used_event
        put(d, q->avail + 4 + 2 * q->num, (uint16_t)(q->seen + fuzz_below(d->f, 4)), 2);
    }
}

bool vd_offer(Vd *d, unsigned queue, const VdPiece *piece, unsigned n)
{
    VdPiece parts[32];
    VdQueue *q = &d->q[queue];
    if (!q->outstanding) {
        q->free_desc = 0;
    }
    bool indirect = vd_has(d, F_INDIRECT) && fuzz_one_in(d->f, 2);
    unsigned room = q->num - q->free_desc, max = indirect ? ARRAY_LEN(parts) : room;
    if (!room || n > max || n > ARRAY_LEN(parts)) {
        return false;
    }
    // A chain longer than the queue is not allowed, indirect or not (2.7.5.3.1).
    max = MIN_OF(max, MIN_OF(q->num, (unsigned)ARRAY_LEN(parts)));
    if (n > max) {
        return false;
    }
    n = split(d, piece, n, parts, max);
    unsigned head = q->free_desc;
    if (indirect) {
        uint64_t table = ALIGN_UP(vd_alloc(d, 16 * n + 16), UINT64_C(16));
        write_chain(d, &(Table){table, 0, n}, parts, n);
        VdPiece p = {table, 16 * n + (vd_deviate(d, 40) ? 1 : 0), vd_deviate(d, 40)};
        write_desc(d, &(Table){q->desc, head, q->num}, 0, &p, D_INDIRECT);
    } else {
        write_chain(d, &(Table){q->desc, head, q->num}, parts, n);
    }
    q->free_desc += indirect ? 1 : n;
    q->room[head] = 1;
    for (unsigned i = 0; i < n; i++) {
        q->room[head] += parts[i].write ? parts[i].len : 0;
    }
    q->outstanding++;
    make_available(d, q, head);
    return true;
}

void vd_kick(Vd *d, unsigned queue)
{
    queue = (unsigned)or_odd(d, queue, 40);
    switch (d->transport) {
    case VD_PCI:
        put(d, d->regs + 0x3000 + 4 * (queue & 0x3ff), queue & 0xffff, 2);
        break;
    case VD_PCI_LEGACY:
        put(d, d->regs + 0x10, queue & 0xffff, 2);
        break;
    default:
        put(d, d->regs + 0x50, queue, 4);
    }
}

static void acknowledge(Vd *d)
{
    uint64_t isr = reg_read(d, R_ISR);
    if (!vd_is_pci(d->transport)) {
        put(d, d->regs + 0x64, isr, 4);
    }
}

static void check_used(Vd *d, VdQueue *q, unsigned queue)
{
    uint64_t at = q->used + 4 + 8 * (q->seen % q->num);
    uint32_t head = (uint32_t)get(d, at, 4), len = (uint32_t)get(d, at + 4, 4);
    if (head >= q->num || !q->room[head]) {
        fuzz_fail("queue %u: chain %u is used but was not offered", queue, head);
    }
    if (len >= q->room[head]) {
        fuzz_fail("queue %u: %u bytes written into %u", queue, len, q->room[head] - 1);
    }
    q->room[head] = 0;
}

void vd_reap(Vd *d, unsigned queue)
{
    VdQueue *q = &d->q[queue];
    uint16_t idx = (uint16_t)get(d, q->used + 2, 2);
    if (fuzz_one_in(d->f, 2)) {
        acknowledge(d);
    }
    if (d->wild) { // what it did to the rings makes all of this uncertain
        q->seen = idx;
        q->outstanding = 0;
        return;
    }
    if ((uint16_t)(idx - q->seen) > q->outstanding) {
        fuzz_fail("queue %u: %u chains used of %u", queue, (uint16_t)(idx - q->seen),
                  q->outstanding);
    }
    for (; q->seen != idx; q->seen++) {
        check_used(d, q, queue);
        q->outstanding--;
    }
}

void vd_meddle(Vd *d)
{
    unsigned queue = (unsigned)fuzz_below(d->f, d->n_queues);
    if (vd_has(d, F_RING_RESET) && !legacy(d) && fuzz_one_in(d->f, 2)) {
        reg_write(d, R_Q_SEL, queue);
        reg_write(d, R_Q_RESET, 1);
        set_up_queue(d, queue);
    }
    vd_config_read(d, (unsigned)fuzz_below(d->f, 64), 1u << fuzz_below(d->f, 3));
    if (!d->wild) {
        return;
    }
    static const uint16_t sizes[] = {0x200, 0x200, 0x4000, 0x40};
    uint64_t at = d->regs + fuzz_below(d->f, fuzz_one_in(d->f, 2) ? 0x40 : sizes[d->transport]);
    unsigned size = 1u << fuzz_below(d->f, 4);
    if (fuzz_one_in(d->f, 2)) {
        put(d, at, fuzz_number(d->f), size);
    } else {
        get(d, at, size);
    }
    if (vd_is_pci(d->transport) && fuzz_one_in(d->f, 4)) {
        put(d, d->config + fuzz_below(d->f, 0x100), fuzz_number(d->f), 1u << fuzz_below(d->f, 3));
    }
}
