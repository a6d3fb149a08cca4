// Receiving: filters, then the ring of bytes or the ring of descriptors.
#include <string.h>
#include <zlib.h>

#include "hw/core/machine.h"
#include "hw/net/rtl8139.h"
#include "net/checksum.h"
#include "net/inspect.h"

#define MIN_FRAME 60
#define FCS       4
#define RING_MAX  64 // descriptors

// RCR.
enum {
    RCR_ALL = 0x01,
    RCR_PHYSICAL = 0x02,
    RCR_MULTICAST = 0x04,
    RCR_BROADCAST = 0x08,
    RCR_WRAP = 0x80
};
// Status in the ring of bytes.
enum { RX_OK = 0x0001, RX_BROADCAST = 0x2000, RX_PHYSICAL = 0x4000, RX_MULTICAST = 0x8000 };

#define RXD_OWN       BIT(31)
#define RXD_EOR       BIT(30)
#define RXD_FS        BIT(29)
#define RXD_LS        BIT(28)
#define RXD_MULTICAST BIT(26)
#define RXD_PHYSICAL  BIT(25)
#define RXD_BROADCAST BIT(24)
#define RXD_FIFO      BIT(21)
#define RXD_RES       BIT(20)
#define RXD_TAVA      BIT(16)

// --- filter

enum { KIND_NONE, KIND_PHYSICAL, KIND_MULTICAST, KIND_BROADCAST, KIND_OTHER };

static unsigned kind_of(const Rtl8139 *s, const uint8_t *p)
{
    static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    uint32_t rcr = r_get32(s, R_RCR);
    if (!memcmp(p, broadcast, 6)) {
        return rcr & RCR_BROADCAST ? KIND_BROADCAST : rcr & RCR_ALL ? KIND_BROADCAST : KIND_NONE;
    }
    if (p[0] & 1) {
        // The upper six bits of the Ethernet CRC, first bit first.
        uint32_t crc = (uint32_t)crc32(0, p, 6) ^ 0xffffffff;
        unsigned hash = 0;
        for (unsigned i = 0; i < 6; i++) {
            hash = hash << 1 | (crc >> i & 1);
        }
        bool listed = s->reg[R_MAR + hash / 8] >> (hash % 8) & 1;
        return (rcr & RCR_MULTICAST && listed) || (rcr & RCR_ALL) ? KIND_MULTICAST : KIND_NONE;
    }
    if (!memcmp(p, s->reg + R_IDR, 6) && (rcr & RCR_PHYSICAL)) {
        return KIND_PHYSICAL;
    }
    return rcr & RCR_ALL ? KIND_OTHER : KIND_NONE;
}

// --- the ring of bytes

static uint32_t buffer_size(const Rtl8139 *s)
{
    return 8192u << (r_get32(s, R_RCR) >> 11 & 3);
}

// Where the driver reads next, and how much is free for us.
static uint32_t read_position(const Rtl8139 *s)
{
    return (r_get16(s, R_CAPR) + 16u) % buffer_size(s);
}

static uint32_t bytes_free(const Rtl8139 *s)
{
    uint32_t size = buffer_size(s), write = r_get16(s, R_CBR) % size;
    return write == read_position(s) && (s->reg[R_CR] & CR_EMPTY)
               ? size
               : (read_position(s) + size - write) % size;
}

void rtl8139_update_empty(Rtl8139 *s)
{
    bool empty = r_get16(s, R_CBR) % buffer_size(s) == read_position(s);
    s->reg[R_CR] = (uint8_t)((s->reg[R_CR] & ~CR_EMPTY) | (empty ? CR_EMPTY : 0));
}

// With WRAP set a packet goes on behind the buffer's end: drivers have room there.
static void put_bytes(Rtl8139 *s, uint32_t at, const uint8_t *p, size_t len)
{
    AddressSpace *as = s->pci.dev.machine->memory;
    uint64_t base = r_get32(s, R_RBSTART);
    uint32_t size = buffer_size(s);
    bool wrap = r_get32(s, R_RCR) & RCR_WRAP && size < 65536;
    size_t first = wrap ? len : MIN_OF(len, (size_t)(size - at));
    mem_write(as, base + at, p, first);
    if (first < len) {
        mem_write(as, base, p + first, len - first);
    }
}

static bool to_bytes(Rtl8139 *s, unsigned kind, uint8_t *frame, size_t len)
{
    static const uint16_t status[] = {[KIND_PHYSICAL] = RX_PHYSICAL,
                                      [KIND_MULTICAST] = RX_MULTICAST,
                                      [KIND_BROADCAST] = RX_BROADCAST,
                                      [KIND_OTHER] = 0};
    uint32_t size = buffer_size(s), at = r_get16(s, R_CBR) % size;
    uint32_t needed = ALIGN_UP((uint32_t)len + FCS + 4, 4);
    if (needed >= bytes_free(s)) {
        rtl8139_cause(s, ISR_RX_OVERFLOW);
        return needed >= size; // never fits: dropped
    }
    unsigned st = RX_OK | status[kind], total = (unsigned)len + FCS;
    uint8_t header[4] = {(uint8_t)st, (uint8_t)(st >> 8), (uint8_t)total, (uint8_t)(total >> 8)};
    uint32_t crc = (uint32_t)crc32(0, frame, (uInt)len);
    memcpy(frame + len, &crc, FCS);
    memmove(frame + 4, frame, total);
    memcpy(frame, header, 4);
    put_bytes(s, at, frame, total + 4);
    r_put16(s, R_CBR, (at + needed) % size);
    s->reg[R_CR] &= (uint8_t)~CR_EMPTY;
    return true;
}

// --- the ring of descriptors

typedef struct RxDesc {
    uint32_t flags, vlan;
    uint64_t addr;
} RxDesc;

static uint64_t desc_at(const Rtl8139 *s)
{
    uint64_t base = (r_get32(s, R_RDSAR) & ~0xffu) | (uint64_t)r_get32(s, R_RDSAR + 4) << 32;
    return base + s->rx_current * sizeof(RxDesc);
}

static uint32_t checksum_flags(const Rtl8139 *s, const uint8_t *frame, size_t len)
{
    static const uint8_t ids[] = {[NET_OTHER] = 0, [NET_IP] = 3, [NET_TCP] = 1, [NET_UDP] = 2};
    if (!(r_get16(s, R_CPCR) & CPCR_CHECKSUM)) {
        return 0;
    }
    NetInspection r = net_inspect(frame, len);
    if (!r.ipv4) {
        return 0;
    }
    bool l4_bad = r.l4_checked && !r.l4_ok;
    return (uint32_t)ids[r.protocol] << 16 | (r.ip_ok ? 0 : BIT(15)) |
           (l4_bad && r.protocol == NET_UDP ? BIT(14) : 0) |
           (l4_bad && r.protocol == NET_TCP ? BIT(13) : 0);
}

static bool to_descriptor(Rtl8139 *s, unsigned kind, uint8_t *frame, size_t len)
{
    static const uint32_t kinds[] = {[KIND_PHYSICAL] = RXD_PHYSICAL,
                                     [KIND_MULTICAST] = RXD_MULTICAST,
                                     [KIND_BROADCAST] = RXD_BROADCAST,
                                     [KIND_OTHER] = 0};
    AddressSpace *as = s->pci.dev.machine->memory;
    uint64_t at = desc_at(s);
    RxDesc d;
    mem_read(as, at, &d, sizeof d);
    if (!(d.flags & RXD_OWN)) {
        rtl8139_cause(s, ISR_RX_OVERFLOW);
        return false;
    }
    uint32_t room = d.flags & 0x1fff, keep = d.flags & RXD_EOR;
    d.vlan = 0;
    if ((r_get16(s, R_CPCR) & CPCR_VLAN) && len >= 18 && net_get16(frame + 12) == 0x8100) {
        unsigned tag = net_get16(frame + 14);
        d.vlan = RXD_TAVA | (tag & 0xff) << 8 | tag >> 8;
        memmove(frame + 12, frame + 16, len - 16);
        len -= 4;
    }
    uint32_t sums = checksum_flags(s, frame, len);
    uint32_t crc = (uint32_t)crc32(0, frame, (uInt)len);
    memcpy(frame + len, &crc, FCS);
    len += FCS;
    bool fits = len <= room;
    mem_write(as, d.addr, frame, MIN_OF(len, (size_t)room));
    d.flags = keep | RXD_FS | RXD_LS | kinds[kind] | sums | (uint32_t)len |
              (fits ? 0 : (uint32_t)(RXD_RES | RXD_FIFO));
    mem_write(as, at, &d, 8);
    s->rx_current = keep ? 0 : (s->rx_current + 1) % RING_MAX;
    return true;
}

// --- from the network

static bool in_cplus(const Rtl8139 *s)
{
    return r_get16(s, R_CPCR) & CPCR_RX;
}

static bool running(const Rtl8139 *s)
{
    return (s->reg[R_CR] & CR_RX) && rtl8139_master(s);
}

// What has no room waits, so that a slow guest loses nothing.
bool rtl8139_can_receive(void *opaque)
{
    Rtl8139 *s = opaque;
    RxDesc d;
    if (!running(s)) {
        return true;
    }
    if (!in_cplus(s)) {
        return bytes_free(s) >= 2048;
    }
    mem_read(s->pci.dev.machine->memory, desc_at(s), &d, sizeof d);
    return d.flags & RXD_OWN;
}

bool rtl8139_receive(void *opaque, const uint8_t *packet, size_t len)
{
    Rtl8139 *s = opaque;
    uint8_t frame[RTL_FRAME_MAX + MIN_FRAME + FCS + 8];
    if (!running(s) || len < 14 || len > RTL_FRAME_MAX) {
        return true;
    }
    unsigned kind = kind_of(s, packet);
    if (kind == KIND_NONE) {
        return true;
    }
    memcpy(frame, packet, len);
    if (len < MIN_FRAME) {
        memset(frame + len, 0, MIN_FRAME - len);
        len = MIN_FRAME;
    }
    bool was_busy = s->busy;
    s->busy = true;
    bool taken = in_cplus(s) ? to_descriptor(s, kind, frame, len) : to_bytes(s, kind, frame, len);
    s->busy = was_busy;
    if (taken) {
        rtl8139_cause(s, ISR_ROK);
    }
    return taken;
}
