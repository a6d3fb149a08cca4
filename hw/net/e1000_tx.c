// The e1000's transmit ring (3.3, 3.4): descriptors become packets, with checksums, VLAN tags and
// segmentation as they ask.
#include <string.h>

#include "hw/core/machine.h"
#include "hw/net/e1000.h"
#include "net/checksum.h"
#include "net/segment.h"
#include "util/log.h"

#define DESC_SIZE 16
// In one go; the rest follows a little later, so that a ring cannot keep the machine busy for long.
#define BUDGET_DESCS 512
#define BUDGET_BYTES (1 << 20)
#define MORE_NS      20000

// Commands: bits 24 to 31 of the descriptor's third word.
enum {
    CMD_EOP = 1,
    CMD_IFCS = 2,
    CMD_IC = 4,
    CMD_TSE = 4,
    CMD_RS = 8,
    CMD_RPS = 16,
    CMD_DEXT = 32,
    CMD_VLE = 64,
    CMD_IDE = 128
};
enum { TUCMD_TCP = 1, TUCMD_IP = 2 };
enum { POPTS_IXSM = 1, POPTS_TXSM = 2 };
#define STATUS_DD 1
#define MIN_FRAME 60

typedef struct TxDesc {
    uint64_t addr;
    uint32_t lower, upper;
} TxDesc;

static void take_context(E1000 *s, const TxDesc *d)
{
    bool cut = d->lower >> 24 & CMD_TSE;
    E1000Context *c = &s->context[cut];
    c->ip_start = (uint8_t)d->addr;
    c->ip_field = (uint8_t)(d->addr >> 8);
    c->ip_end = (uint16_t)(d->addr >> 16);
    c->l4_start = (uint8_t)(d->addr >> 32);
    c->l4_field = (uint8_t)(d->addr >> 40);
    c->l4_end = (uint16_t)(d->addr >> 48);
    c->header_len = (uint8_t)(d->upper >> 8);
    c->mss = (uint16_t)(d->upper >> 16);
    c->tcp = d->lower >> 24 & TUCMD_TCP;
    c->ipv4 = d->lower >> 24 & TUCMD_IP;
}

static bool is_extended(const TxDesc *d)
{
    return d->lower >> 24 & CMD_DEXT;
}

// The first data descriptor of a packet says what is to be done with it; the last one, for legacy
// checksums and VLAN tags.
static void take_options(E1000 *s, const TxDesc *d)
{
    unsigned cmd = d->lower >> 24;
    if (is_extended(d) && s->packet_first) {
        s->cut = cmd & CMD_TSE;
        s->sum_ip = d->upper >> 8 & POPTS_IXSM;
        s->sum_l4 = d->upper >> 8 & POPTS_TXSM;
    } else if (!is_extended(d)) {
        s->cut = s->sum_ip = s->sum_l4 = false;
    }
    s->packet_first = false;
    s->vlan = (cmd & CMD_VLE) && (*e_reg(s, E_CTRL) & CTRL_VME);
    s->vlan_tag = (uint16_t)(d->upper >> 16);
}

// Returns the number of bytes.
static uint32_t append(E1000 *s, const TxDesc *d)
{
    uint32_t len = is_extended(d) ? d->lower & 0xfffff : d->lower & 0xffff;
    size_t limit = s->cut ? E1000_PACKET_MAX : E1000_FRAME_MAX;
    if (s->packet_len > limit || len > limit - s->packet_len) {
        s->packet_bad = true;
        return 0;
    }
    mem_read(s->pci.dev.machine->memory, d->addr, s->packet + s->packet_len, len);
    s->packet_len += len;
    return len;
}

// --- sending

static bool loops_back(E1000 *s)
{
    return (*e_reg(s, E_RCTL) >> 6 & 3) == 3 || (s->phy[0] & 0x4000);
}

static void count_sent(E1000 *s, const uint8_t *p, size_t len)
{
    e1000_count(s, STAT_TPT, 1);
    e1000_count(s, STAT_GPTC, 1);
    e1000_count_octets(s, STAT_TOT, len + 4);
    e1000_count_octets(s, STAT_GOTC, len + 4);
    e1000_count_size(s, STAT_PTC64, len + 4);
    if (p[0] & 1) {
        bool broadcast = p[0] == 0xff && p[1] == 0xff && p[2] == 0xff;
        e1000_count(s, broadcast ? STAT_BPTC : STAT_MPTC, 1);
    }
}

// The VLAN tag goes behind the addresses. There is room before each packet.
static void send_frame(void *opaque, const uint8_t *frame, size_t len)
{
    E1000 *s = opaque;
    uint8_t *p = (uint8_t *)(uintptr_t)frame;
    if (s->vlan) {
        memmove(p - 4, p, 12);
        p -= 4;
        net_put16(p + 12, *e_reg(s, E_VET) & 0xffff);
        net_put16(p + 14, s->vlan_tag);
        len += 4;
    }
    count_sent(s, p, len);
    if (loops_back(s)) {
        e1000_receive(s, p, len);
    } else if (e_link_up(s)) {
        net_send(s->client, p, len);
    }
}

static SegmentPlan plan_of(E1000 *s, const TxDesc *last)
{
    const E1000Context *c = &s->context[s->cut];
    if (!is_extended(last)) { // checksum from CSS on, at CSO
        SegmentPlan legacy = {.l4_checksum = last->lower >> 24 & CMD_IC,
                              .tcp = true,
                              .l4_start = last->upper >> 8 & 0xff,
                              .l4_field = last->lower >> 16 & 0xff};
        return legacy;
    }
    SegmentPlan plan = {.ip_checksum = s->sum_ip,
                        .l4_checksum = s->sum_l4,
                        .cut = s->cut,
                        .ipv4 = c->ipv4,
                        .tcp = c->tcp || !s->cut,
                        .ip_start = c->ip_start,
                        .ip_field = c->ip_field,
                        .ip_end = c->ip_end,
                        .l4_start = c->l4_start,
                        .l4_field = c->l4_field,
                        .l4_end = c->l4_end,
                        .header_len = c->header_len,
                        .mss = c->mss};
    return plan;
}

static void end_packet(E1000 *s, const TxDesc *last)
{
    SegmentPlan plan = plan_of(s, last);
    bool good = !s->packet_bad && s->packet_len >= 14;
    if (good && s->packet_len < MIN_FRAME && !s->cut && (*e_reg(s, E_TCTL) & BIT(3))) {
        memset(s->packet + s->packet_len, 0, MIN_FRAME - s->packet_len);
        s->packet_len = MIN_FRAME;
    }
    if (!good || !segment_send(s->packet, s->packet_len, &plan, s->scratch, E1000_FRAME_MAX,
                               send_frame, s)) {
        log_printf(LOG_GUEST_ERRORS, "e1000: packet of %zu bytes dropped\n", s->packet_len);
    } else if (s->cut) {
        e1000_count(s, STAT_TSCTC, 1);
    }
    s->packet_len = 0;
    s->packet_bad = false;
    s->packet_first = true;
}

// --- the ring

// What was done with a descriptor goes to its status.
static void write_back(E1000 *s, uint64_t at, TxDesc *d, bool *done, bool *delayed)
{
    unsigned cmd = d->lower >> 24;
    if (cmd & (CMD_RS | CMD_RPS)) {
        d->upper |= STATUS_DD;
        mem_write(s->pci.dev.machine->memory, at + 12, &d->upper, 4);
        *delayed = (cmd & CMD_IDE) && (*done ? *delayed : true);
        *done = true;
    }
}

static uint32_t one_descriptor(E1000 *s, uint64_t at, bool *done, bool *delayed)
{
    TxDesc d;
    uint32_t bytes = 0;
    mem_read(s->pci.dev.machine->memory, at, &d, sizeof d);
    if (is_extended(&d) && (d.lower >> 20 & 15) == 0) {
        take_context(s, &d);
    } else {
        take_options(s, &d);
        bytes = append(s, &d);
        if (d.lower >> 24 & CMD_EOP) {
            end_packet(s, &d);
        }
    }
    write_back(s, at, &d, done, delayed);
    return bytes;
}

void e1000_transmit(E1000 *s)
{
    uint32_t size = (*e_reg(s, E_TDLEN) & 0xfff80) / DESC_SIZE, *head = e_reg(s, E_TDH);
    uint64_t base = e_base(s, E_TDBAL);
    uint64_t sent = 0;
    bool done = false, delayed = false;
    if (!(*e_reg(s, E_TCTL) & TCTL_EN) || s->busy || *head >= size || *e_reg(s, E_TDT) >= size ||
        !(pci_get16(s->pci.config, PCI_COMMAND) & PCI_COMMAND_MASTER)) {
        return;
    }
    s->busy = true;
    unsigned n = 0;
    while (*head != *e_reg(s, E_TDT) && n < BUDGET_DESCS && sent < BUDGET_BYTES) {
        sent += one_descriptor(s, base + *head * DESC_SIZE, &done, &delayed);
        *head = (*head + 1) % size;
        n++;
    }
    s->busy = false;
    if (done) {
        e1000_cause_tx(s, delayed);
    }
    if (*head != *e_reg(s, E_TDT)) {
        timer_arm(s->tx_more, clock_now(s->pci.dev.machine->clock) + MORE_NS);
    } else if (n) {
        e1000_cause(s, ICR_TXQE);
    }
}

void e1000_tx_reset(E1000 *s)
{
    s->packet_len = 0;
    s->packet_bad = false;
    s->packet_first = true;
    memset(s->context, 0, sizeof s->context);
}
