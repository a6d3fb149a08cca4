// Sending: four buffers in turn, or descriptor rings with checksums, segmentation and VLAN tags.
#include <string.h>

#include "hw/core/machine.h"
#include "hw/net/rtl8139.h"
#include "net/checksum.h"
#include "net/segment.h"
#include "util/log.h"

#define N_BUFFERS    4
#define MIN_FRAME    60
#define BUDGET_DESCS 256 // of a ring in one go; the rest follows a little later
#define MORE_NS      20000
#define RING_MAX     64 // descriptors

// TSD.
#define TSD_OWN BIT(13)
#define TSD_TUN BIT(14)
#define TSD_TOK BIT(15)

// First and second word of a C+ descriptor.
#define TXD_OWN   BIT(31)
#define TXD_EOR   BIT(30)
#define TXD_FS    BIT(29)
#define TXD_LS    BIT(28)
#define TXD_LGSEN BIT(27)
#define TXD_IPCS  BIT(18)
#define TXD_UDPCS BIT(17)
#define TXD_TCPCS BIT(16)
#define TXD_TAGC  BIT(17)

static bool loops_back(const Rtl8139 *s)
{
    return (r_get32(s, R_TCR) >> 17 & 3) == 3;
}

static void send_frame(void *opaque, const uint8_t *frame, size_t len)
{
    Rtl8139 *s = opaque;
    if (loops_back(s)) {
        rtl8139_receive(s, frame, len);
    } else {
        net_send(s->client, frame, len);
    }
}

// --- four buffers

static void send_buffer(Rtl8139 *s, unsigned n, uint32_t tsd)
{
    size_t len = tsd & 0x1fff;
    mem_read(s->pci.dev.machine->memory, r_get32(s, R_TSAD + 4 * n), s->packet, len);
    if (len < MIN_FRAME) {
        memset(s->packet + len, 0, MIN_FRAME - len);
        len = MIN_FRAME;
    }
    send_frame(s, s->packet, len);
}

// A buffer is the card's as long as OWN is clear; they go in turn.
void rtl8139_send_buffers(Rtl8139 *s)
{
    if (!(s->reg[R_CR] & CR_TX) || s->busy || !rtl8139_master(s)) {
        return;
    }
    s->busy = true;
    bool sent = false;
    for (unsigned i = 0; i < N_BUFFERS; i++) {
        unsigned n = s->tx_next;
        uint32_t tsd = r_get32(s, R_TSD + 4 * n);
        if (tsd & TSD_OWN) {
            break;
        }
        send_buffer(s, n, tsd);
        r_put32(s, R_TSD + 4 * n, tsd | TSD_OWN | TSD_TOK);
        s->tx_next = (uint8_t)((n + 1) % N_BUFFERS);
        sent = true;
    }
    s->busy = false;
    if (sent) {
        rtl8139_cause(s, ISR_TOK);
    }
}

// --- rings

typedef struct TxDesc {
    uint32_t flags, vlan;
    uint64_t addr;
} TxDesc;

// Headers are where they are in an untagged packet. The pseudo header's sum is made here.
static bool plan(Rtl8139 *s, uint32_t flags, SegmentPlan *p)
{
    uint8_t *ip = s->packet + 14;
    memset(p, 0, sizeof *p);
    bool v4 = s->packet_len >= 34 && net_get16(s->packet + 12) == 0x0800 && ip[0] >> 4 == 4;
    if (!(flags & (TXD_LGSEN | TXD_IPCS | TXD_UDPCS | TXD_TCPCS)) || !v4) {
        return !(flags & TXD_LGSEN);
    }
    size_t header = (ip[0] & 15) * 4u, total = net_get16(ip + 2);
    bool cut = flags & TXD_LGSEN;
    unsigned proto = ip[9];
    if (header < 20 || 14 + header + 20 > s->packet_len) {
        return !cut;
    }
    *p = (SegmentPlan){.ip_checksum = cut || (flags & TXD_IPCS),
                       .cut = cut,
                       .ipv4 = true,
                       .tcp = proto == 6,
                       .ip_start = 14,
                       .ip_field = 14 + 10,
                       .ip_end = 14 + header - 1,
                       .l4_start = 14 + header,
                       .l4_field = 14 + header + (proto == 6 ? 16 : 6),
                       .mss = flags >> 16 & 0x7ff};
    p->l4_checksum = (cut && proto == 6) || (proto == 6 && (flags & TXD_TCPCS)) ||
                     (proto == 17 && (flags & TXD_UDPCS));
    p->header_len = 14 + header + (proto == 6 ? (ip[header + 12] >> 4) * 4u : 8);
    if (p->l4_checksum) {
        size_t l4_len = cut ? 0 : total > header ? total - header : 0;
        uint8_t tail[4] = {(uint8_t)(l4_len >> 8), (uint8_t)l4_len, 0, (uint8_t)proto};
        uint16_t sum = net_sum_fold((uint64_t)net_sum(ip + 12, 8) + net_sum(tail, 4));
        memcpy(s->packet + p->l4_field, &sum, 2);
        p->l4_end = cut ? 0 : 14 + total - 1;
    }
    return true;
}

static void insert_tag(Rtl8139 *s, uint32_t vlan)
{
    memmove(s->packet - 4, s->packet, 12);
    s->packet -= 4;
    net_put16(s->packet + 12, 0x8100);
    net_put16(s->packet + 14, (vlan & 0xff) << 8 | (vlan >> 8 & 0xff));
    s->packet_len += 4;
}

// A tag is put in front of what was worked out already: nothing else moves.
static void end_packet(Rtl8139 *s, const TxDesc *d, uint32_t first_flags)
{
    SegmentPlan p;
    uint8_t *packet = s->packet;
    bool good = !s->packet_bad && s->packet_len >= 14 && plan(s, first_flags, &p);
    if (good && s->packet_len < MIN_FRAME) {
        memset(s->packet + s->packet_len, 0, MIN_FRAME - s->packet_len);
        s->packet_len = MIN_FRAME;
    }
    if (good && (d->vlan & TXD_TAGC)) {
        insert_tag(s, d->vlan);
        p.ip_start += 4, p.ip_field += 4, p.l4_start += 4, p.l4_field += 4, p.header_len += 4;
        p.ip_end += p.ip_end ? 4 : 0;
        p.l4_end += p.l4_end ? 4 : 0;
    }
    if (!good ||
        !segment_send(s->packet, s->packet_len, &p, s->scratch, RTL_FRAME_MAX, send_frame, s)) {
        log_printf(LOG_GUEST_ERRORS, "rtl8139: packet of %zu bytes dropped\n", s->packet_len);
    }
    s->packet = packet;
    s->packet_len = 0;
    s->packet_bad = false;
}

static void append(Rtl8139 *s, const TxDesc *d)
{
    size_t len = d->flags & 0xffff;
    if (d->flags & TXD_FS) {
        s->packet_len = 0;
        s->packet_bad = false;
    }
    if (len > RTL_PACKET_MAX - s->packet_len) {
        s->packet_bad = true;
        return;
    }
    mem_read(s->pci.dev.machine->memory, d->addr, s->packet + s->packet_len, len);
    s->packet_len += len;
}

// False: the descriptor is the driver's.
static bool one_descriptor(Rtl8139 *s, bool high, bool *sent)
{
    AddressSpace *as = s->pci.dev.machine->memory;
    unsigned base_reg = high ? R_TSAD + 8 : R_TSAD;
    uint64_t base = (r_get32(s, base_reg) & ~0xffu) | (uint64_t)r_get32(s, base_reg + 4) << 32;
    uint64_t at = base + s->tx_current[high] * sizeof(TxDesc);
    TxDesc d;
    mem_read(as, at, &d, sizeof d);
    if (!(d.flags & TXD_OWN)) {
        return false;
    }
    append(s, &d);
    uint32_t flags = d.flags;
    bool last = d.flags & TXD_LS;
    d.flags &= ~(uint32_t)(TXD_OWN | 0x0fff0000); // no errors
    mem_write(as, at, &d.flags, sizeof d.flags);
    s->tx_current[high] = flags & TXD_EOR ? 0 : (s->tx_current[high] + 1) % RING_MAX;
    if (last) {
        end_packet(s, &d, flags);
        *sent = true;
    }
    return true;
}

void rtl8139_send_ring(Rtl8139 *s, bool high)
{
    bool sent = false;
    unsigned n = 0;
    if (!(s->reg[R_CR] & CR_TX) || !(r_get16(s, R_CPCR) & CPCR_TX) || s->busy ||
        !rtl8139_master(s)) {
        return;
    }
    s->busy = true;
    while (n < BUDGET_DESCS && one_descriptor(s, high, &sent)) {
        n++;
    }
    s->busy = false;
    if (n == BUDGET_DESCS) {
        timer_arm(s->tx_more, clock_now(s->pci.dev.machine->clock) + MORE_NS);
    } else {
        s->reg[R_TPPOLL] &= high ? ~0x80 : ~0x40;
    }
    rtl8139_cause(s, (sent ? ISR_TOK : 0) | (n < BUDGET_DESCS ? ISR_TDU : 0));
}

void rtl8139_send_rings(Rtl8139 *s)
{
    if (s->reg[R_TPPOLL] & 0x80) {
        rtl8139_send_ring(s, true);
    }
    if (s->reg[R_TPPOLL] & 0x40) {
        rtl8139_send_ring(s, false);
    }
}
