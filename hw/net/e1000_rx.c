// The e1000's receive ring (3.2): filters, VLAN tags, checksums.
#include <string.h>
#include <zlib.h>

#include "hw/core/machine.h"
#include "hw/net/e1000.h"
#include "net/checksum.h"
#include "net/inspect.h"

#define DESC_SIZE 16
#define MIN_FRAME 60
#define FCS       4

#define RCTL_UPE   BIT(3)
#define RCTL_MPE   BIT(4)
#define RCTL_LPE   BIT(5)
#define RCTL_BAM   BIT(15)
#define RCTL_VFE   BIT(18)
#define RCTL_BSEX  BIT(25)
#define RCTL_SECRC BIT(26)

enum {
    RXD_DD = 1,
    RXD_EOP = 2,
    RXD_IXSM = 4,
    RXD_VP = 8,
    RXD_TCPCS = 0x20,
    RXD_IPCS = 0x40,
    RXD_PIF = 0x80
};
enum { RXD_TCPE = 0x20, RXD_IPE = 0x40 };
#define RXCSUM_IPOFL BIT(8)
#define RXCSUM_TUOFL BIT(9)

typedef struct RxDesc {
    uint64_t addr;
    uint16_t length, checksum;
    uint8_t status, errors;
    uint16_t special;
} RxDesc;

static uint32_t ring_size(E1000 *s)
{
    return (*e_reg(s, E_RDLEN) & 0xfff80) / DESC_SIZE;
}

static uint32_t free_descriptors(E1000 *s)
{
    uint32_t size = ring_size(s), head = *e_reg(s, E_RDH), tail = *e_reg(s, E_RDT);
    if (head >= size || tail >= size) {
        return 0;
    }
    return tail >= head ? tail - head : size - head + tail;
}

static uint32_t buffer_size(E1000 *s)
{
    uint32_t rctl = *e_reg(s, E_RCTL), size = 2048u >> (rctl >> 16 & 3);
    return rctl & RCTL_BSEX ? size * 16 : size;
}

// --- statistics

void e1000_count(E1000 *s, unsigned stat, uint32_t n)
{
    s->stat[stat] += MIN_OF(n, UINT32_MAX - s->stat[stat]);
}

void e1000_count_octets(E1000 *s, unsigned stat, uint64_t n)
{
    uint64_t v = (s->stat[stat] | (uint64_t)s->stat[stat + 1] << 32) + n;
    s->stat[stat] = (uint32_t)v;
    s->stat[stat + 1] = (uint32_t)(v >> 32);
}

void e1000_count_size(E1000 *s, unsigned first, size_t len)
{
    static const uint16_t limits[] = {64, 127, 255, 511, 1023};
    unsigned i = 0;
    while (i < ARRAY_LEN(limits) && len > limits[i]) {
        i++;
    }
    e1000_count(s, first + i, 1);
}

// --- filters (3.2.1)

static bool is_vlan(E1000 *s, const uint8_t *p, size_t len)
{
    return len >= 18 && net_get16(p + 12) == (*e_reg(s, E_VET) & 0xffff);
}

static bool passes_vlan(E1000 *s, const uint8_t *p, size_t len)
{
    if (!(*e_reg(s, E_RCTL) & RCTL_VFE) || !is_vlan(s, p, len)) {
        return true;
    }
    unsigned id = net_get16(p + 14) & 0xfff;
    return *e_reg(s, E_VFTA + (id >> 5) * 4) >> (id & 31) & 1;
}

static bool matches_address(E1000 *s, const uint8_t *p)
{
    for (unsigned i = 0; i < 16; i++) {
        uint32_t low = *e_reg(s, E_RA + 8 * i), high = *e_reg(s, E_RA + 8 * i + 4);
        uint8_t mac[6] = {(uint8_t)low,         (uint8_t)(low >> 8), (uint8_t)(low >> 16),
                          (uint8_t)(low >> 24), (uint8_t)high,       (uint8_t)(high >> 8)};
        if ((high & BIT(31)) && !memcmp(mac, p, 6)) {
            return true;
        }
    }
    return false;
}

static bool passes(E1000 *s, const uint8_t *p, size_t len)
{
    static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t shift[4] = {4, 3, 2, 0};
    uint32_t rctl = *e_reg(s, E_RCTL);
    if (!passes_vlan(s, p, len)) {
        return false;
    }
    if (!memcmp(p, broadcast, 6) && (rctl & RCTL_BAM)) {
        return true;
    }
    if (rctl & (p[0] & 1 ? RCTL_MPE : RCTL_UPE)) {
        return true;
    }
    if (matches_address(s, p)) {
        return true;
    }
    if (!(p[0] & 1)) {
        return false;
    }
    unsigned hash = (p[4] | p[5] << 8) >> shift[rctl >> 12 & 3] & 0xfff;
    return *e_reg(s, E_MTA + (hash >> 5) * 4) >> (hash & 31) & 1;
}

// --- checksums (3.2.9)

// p: a frame without VLAN tag or FCS.
static void check_sums(E1000 *s, const uint8_t *p, size_t len, RxDesc *d)
{
    uint32_t on = *e_reg(s, E_RXCSUM);
    unsigned start = on & 0xff;
    NetInspection r = net_inspect(p, len);
    d->checksum = start < len ? (uint16_t)~net_sum(p + start, len - start) : 0xffff;
    if (r.ipv4 && (on & RXCSUM_IPOFL)) {
        d->status |= RXD_IPCS;
        d->errors |= r.ip_ok ? 0 : RXD_IPE;
    }
    if (r.l4_checked && (on & RXCSUM_TUOFL)) {
        d->status |= RXD_TCPCS;
        d->errors |= r.l4_ok ? 0 : RXD_TCPE;
    }
    if (!(d->status & (RXD_IPCS | RXD_TCPCS))) {
        d->status |= RXD_IXSM;
    }
}

// --- the ring

static void put_descriptor(E1000 *s, const RxDesc *d)
{
    uint32_t *head = e_reg(s, E_RDH);
    mem_write(s->pci.dev.machine->memory, e_base(s, E_RDBAL) + *head * DESC_SIZE, d, sizeof *d);
    *head = (*head + 1) % ring_size(s);
}

static void deliver(E1000 *s, const uint8_t *frame, size_t len, RxDesc *result)
{
    AddressSpace *as = s->pci.dev.machine->memory;
    uint32_t room = buffer_size(s);
    for (size_t done = 0; done < len;) {
        RxDesc d;
        mem_read(as, e_base(s, E_RDBAL) + *e_reg(s, E_RDH) * DESC_SIZE, &d, sizeof d);
        size_t part = MIN_OF((size_t)room, len - done);
        if (d.addr) {
            mem_write(as, d.addr, frame + done, part);
        }
        done += part;
        result->addr = d.addr;
        result->length = (uint16_t)part;
        RxDesc out = *result;
        out.status = done == len ? out.status | RXD_DD | RXD_EOP : RXD_DD;
        out.errors = done == len ? out.errors : 0;
        put_descriptor(s, &out);
    }
}

static bool running(E1000 *s)
{
    return (*e_reg(s, E_RCTL) & RCTL_EN) && e_link_up(s) &&
           (pci_get16(s->pci.config, PCI_COMMAND) & PCI_COMMAND_MASTER);
}

// One that cannot be taken now waits, so that a slow guest loses nothing.
bool e1000_can_receive(void *opaque)
{
    E1000 *s = opaque;
    return !running(s) || free_descriptors(s);
}

static void count_received(E1000 *s, const uint8_t *p, size_t len)
{
    e1000_count(s, STAT_TPR, 1);
    e1000_count(s, STAT_GPRC, 1);
    e1000_count_octets(s, STAT_TOR, len);
    e1000_count_octets(s, STAT_GORC, len);
    e1000_count_size(s, STAT_PRC64, len);
    if (p[0] & 1) {
        bool broadcast = p[0] == 0xff && p[1] == 0xff && p[2] == 0xff;
        e1000_count(s, broadcast ? STAT_BPRC : STAT_MPRC, 1);
    }
}

static void ring_low(E1000 *s)
{
    uint32_t threshold = ring_size(s) >> ((*e_reg(s, E_RCTL) >> 8 & 3) + 1);
    if (free_descriptors(s) <= threshold) {
        e1000_cause(s, ICR_RXDMT0);
    }
}

bool e1000_receive(void *opaque, const uint8_t *packet, size_t len)
{
    E1000 *s = opaque;
    uint8_t frame[E1000_FRAME_MAX + MIN_FRAME + FCS + 4];
    RxDesc d = {0};
    if (!running(s) || len < 14 || len > E1000_FRAME_MAX) {
        return true;
    }
    bool tagged = is_vlan(s, packet, len);
    size_t longest = tagged ? 1518 : 1514;
    if (len > longest && !(*e_reg(s, E_RCTL) & RCTL_LPE)) {
        e1000_count(s, STAT_ROC, 1);
        return true;
    }
    if (!passes(s, packet, len)) {
        return true;
    }
    size_t head = 0; // bytes left out: the tag
    if (tagged && (*e_reg(s, E_CTRL) & CTRL_VME)) {
        d.special = net_get16(packet + 14);
        d.status = RXD_VP;
        head = 4;
        memcpy(frame, packet, 12);
        memcpy(frame + 12, packet + 16, len - 16);
    } else {
        memcpy(frame, packet, len);
    }
    len -= head;
    if (len < MIN_FRAME) {
        memset(frame + len, 0, MIN_FRAME - len);
        len = MIN_FRAME;
    }
    check_sums(s, frame, len, &d);
    if (!(*e_reg(s, E_RCTL) & RCTL_SECRC)) {
        uint32_t crc = (uint32_t)crc32(0, frame, (uInt)len);
        memcpy(frame + len, &crc, FCS);
        len += FCS;
    }
    if (free_descriptors(s) * (uint64_t)buffer_size(s) < len) {
        return free_descriptors(s) == ring_size(s) - 1; // never fits: dropped
    }
    bool was_busy = s->busy;
    s->busy = true;
    deliver(s, frame, len, &d);
    s->busy = was_busy;
    count_received(s, frame, len);
    ring_low(s);
    e1000_cause_rx(s);
    return true;
}
