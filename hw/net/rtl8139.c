// The RTL8139's registers and the device. The picture is in rtl8139.h.
#include "hw/net/rtl8139.h"

#include <glib.h>
#include <string.h>

#include "hw/core/machine.h"
#include "util/log.h"

#define TIMER_HZ UINT64_C(33000000) // what TCTR counts

// --- interrupts

static void update_irq(Rtl8139 *s)
{
    pci_set_irq(&s->pci, r_get16(s, R_ISR) & r_get16(s, R_IMR));
}

void rtl8139_cause(Rtl8139 *s, unsigned isr)
{
    r_put16(s, R_ISR, r_get16(s, R_ISR) | isr);
    update_irq(s);
}

// --- the timer: TIMEOUT when TCTR reaches TimerInt

static uint64_t now(Rtl8139 *s)
{
    return clock_now(s->pci.dev.machine->clock);
}

static uint64_t ticks_to_ns(uint64_t ticks)
{
    return ticks * NS_PER_SEC / TIMER_HZ;
}

static uint32_t timer_count(Rtl8139 *s)
{
    uint64_t ns = now(s) - s->timer_base;
    return (uint32_t)(ns / NS_PER_SEC * TIMER_HZ + ns % NS_PER_SEC * TIMER_HZ / NS_PER_SEC);
}

static void arm_timer(Rtl8139 *s)
{
    uint32_t goal = r_get32(s, R_TIMER_INT), count = timer_count(s);
    if (!goal) {
        timer_stop(s->timer);
        return;
    }
    uint64_t left = goal > count ? goal - count : (UINT64_C(1) << 32) + goal - count;
    timer_arm(s->timer, now(s) + ticks_to_ns(left) + 1);
}

static void timer_fired(void *opaque)
{
    Rtl8139 *s = opaque;
    rtl8139_cause(s, ISR_TIMEOUT);
    arm_timer(s);
}

static void more_to_send(void *opaque)
{
    rtl8139_send_rings(opaque);
}

// --- EEPROM

enum { EE_DO = 1, EE_DI = 2, EE_SK = 4, EE_CS = 8, EE_MODE = 0xc0 };
#define MODE_PROGRAM 0x80
#define MODE_CONFIG  0xc0

static void eeprom_init(Rtl8139 *s)
{
    uint16_t *w = s->eeprom.word;
    w[0] = 0x8129; // signature
    w[1] = 0x10ec;
    w[2] = 0x8139;
    w[3] = pci_get16(s->pci.config, PCI_SUBSYSTEM_VENDOR);
    w[4] = pci_get16(s->pci.config, PCI_SUBSYSTEM_ID);
    w[5] = 0x4020; // latencies
    for (unsigned i = 0; i < 3; i++) {
        w[7 + i] = (uint16_t)(s->mac[2 * i] | s->mac[2 * i + 1] << 8);
    }
}

static void write_9346(Rtl8139 *s, uint8_t v)
{
    s->reg[R_9346CR] = v & (EE_MODE | EE_CS | EE_SK | EE_DI);
    if ((v & EE_MODE) == MODE_PROGRAM) {
        microwire_write(&s->eeprom, v & EE_CS, v & EE_SK, v & EE_DI);
    }
}

static uint8_t read_9346(const Rtl8139 *s)
{
    bool program = (s->reg[R_9346CR] & EE_MODE) == MODE_PROGRAM;
    return s->reg[R_9346CR] | (program && microwire_read(&s->eeprom) ? EE_DO : 0);
}

// --- registers: bits that a plain write changes. What is not here reads as it was at reset.

typedef struct RegRow {
    uint8_t first, last;
    uint8_t mask;
    bool locked; // only with the configuration unlocked
} RegRow;

static const RegRow rows[] = {
    {R_IDR, R_IDR + 5, 0xff, false},
    {R_MAR, R_MAR + 7, 0xff, false},
    {R_TSAD, R_TSAD + 15, 0xff, false},
    {R_RBSTART, R_RBSTART + 3, 0xff, false},
    {R_CAPR, R_CAPR + 1, 0xff, false},
    {R_IMR, R_IMR, 0xff, false},
    {R_IMR + 1, R_IMR + 1, 0xe0, false},
    {R_TCR, R_TCR, 0xf0, false},
    {R_TCR + 1, R_TCR + 1, 0x07, false},
    {R_TCR + 2, R_TCR + 2, 0x07, false},
    {R_TCR + 3, R_TCR + 3, 0x03, false},
    {R_RCR, R_RCR + 3, 0xff, false},
    {R_CONFIG0, R_CONFIG0, 0x00, true},
    {R_CONFIG1, R_CONFIG1, 0xed, true},
    {R_TIMER_INT, R_TIMER_INT + 3, 0xff, false},
    {R_MSR, R_MSR, 0xc0, false},
    {R_CONFIG3, R_CONFIG3, 0x34, true},
    {R_CONFIG4, R_CONFIG4, 0xff, true},
    {R_MULINT, R_MULINT + 1, 0xff, false},
    {R_BMCR, R_BMCR, 0x00, false},
    {R_BMCR + 1, R_BMCR + 1, 0x31, false},
    {R_ANAR, R_ANAR + 1, 0xff, false},
    {R_NWAYTR, R_NWAYTR + 1, 0xff, false},
    {R_CSCR, R_CSCR + 1, 0xff, false},
    {R_CONFIG5, R_CONFIG5, 0x7f, true},
    {R_CPCR, R_CPCR, 0x7b, false},
    {R_RDSAR, R_RDSAR + 7, 0xff, false},
    {R_ETTHR, R_ETTHR, 0x3f, false},
};

static const struct {
    uint8_t at, size;
    uint32_t value;
} after_reset[] = {
    {R_TSD, 4, 0x2000},   {R_TSD + 4, 4, 0x2000}, {R_TSD + 8, 4, 0x2000}, {R_TSD + 12, 4, 0x2000},
    {R_CR, 1, CR_EMPTY},  {R_CAPR, 2, 0xfff0},    {R_TCR, 4, 0x74800000}, // C+
    {R_CONFIG0, 1, 0x10}, {R_CONFIG1, 1, 0x8c},   {R_MSR, 1, 0x10},       {R_CONFIG3, 1, 0x01},
    {R_BMCR, 2, 0x1000},  {R_BMSR, 2, 0x782d},    {R_ANAR, 2, 0x05e1},    {R_ANLPAR, 2, 0x45e1},
    {R_ANER, 2, 0x0001},  {R_CSCR, 2, 0x03c8},
};

// Reset by CR: the address and the multicast filter stay.
static void core_reset(Rtl8139 *s)
{
    uint8_t keep[R_MAR + 8];
    memcpy(keep, s->reg, sizeof keep);
    memset(s->reg, 0, sizeof s->reg);
    memcpy(s->reg, keep, sizeof keep);
    for (size_t i = 0; i < ARRAY_LEN(after_reset); i++) {
        for (unsigned b = 0; b < after_reset[i].size; b++) {
            s->reg[after_reset[i].at + b] = (uint8_t)(after_reset[i].value >> (8 * b));
        }
    }
    s->tx_current[0] = s->tx_current[1] = s->rx_current = 0;
    s->tx_next = 0;
    s->packet_len = 0;
    s->packet_bad = false;
    s->timer_base = now(s);
    microwire_reset(&s->eeprom);
    timer_stop(s->timer);
    timer_stop(s->tx_more);
    update_irq(s);
}

static void write_cr(Rtl8139 *s, uint8_t v)
{
    if (v & CR_RESET) {
        core_reset(s);
        return;
    }
    uint8_t old = s->reg[R_CR];
    s->reg[R_CR] = (uint8_t)((old & CR_EMPTY) | (v & (CR_TX | CR_RX)));
    if (v & ~old & CR_RX) { // the ring begins anew
        r_put16(s, R_CBR, 0);
        r_put16(s, R_CAPR, 0xfff0);
        s->rx_current = 0;
        rtl8139_update_empty(s);
    }
    if (v & ~old & CR_TX) {
        s->tx_current[0] = s->tx_current[1] = 0;
    }
    net_ready(s->client);
}

static void plain_byte(Rtl8139 *s, unsigned at, uint8_t v)
{
    bool unlocked = (s->reg[R_9346CR] & EE_MODE) == MODE_CONFIG;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (at >= rows[i].first && at <= rows[i].last && (unlocked || !rows[i].locked)) {
            s->reg[at] = (uint8_t)((s->reg[at] & ~rows[i].mask) | (v & rows[i].mask));
            return;
        }
    }
}

static void plain_write(Rtl8139 *s, unsigned at, uint32_t v, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        plain_byte(s, at + i, (uint8_t)(v >> (8 * i)));
    }
}

static bool within(unsigned at, unsigned first, unsigned len)
{
    return at >= first && at < first + len;
}

// What follows from a write.
static void written(Rtl8139 *s, unsigned at)
{
    if (within(at, R_IMR, 2)) {
        update_irq(s);
    } else if (within(at, R_CAPR, 2)) {
        rtl8139_update_empty(s);
        net_ready(s->client);
    } else if (within(at, R_TIMER_INT, 4)) {
        arm_timer(s);
    } else if (within(at, R_RCR, 4)) {
        rtl8139_update_empty(s);
    }
}

static void reg_write(Rtl8139 *s, unsigned at, uint32_t v, unsigned size)
{
    if (s->busy) {
        log_printf(LOG_GUEST_ERRORS, "rtl8139: DMA to its own registers\n");
        return;
    }
    if (within(at, R_TSD, 16) && size == 4) { // size and OWN; the threshold makes no difference
        r_put32(s, at, v & 0x003f3fff);
        rtl8139_send_buffers(s);
        return;
    }
    switch (at) {
    case R_CR:
        write_cr(s, (uint8_t)v);
        return;
    case R_ISR:
        r_put16(s, R_ISR, r_get16(s, R_ISR) & ~v);
        update_irq(s);
        // A driver that has emptied its ring says so here.
        net_ready(s->client);
        return;
    case R_9346CR:
        write_9346(s, (uint8_t)v);
        return;
    case R_TCTR:
        s->timer_base = now(s);
        arm_timer(s);
        return;
    case R_MPC:
        r_put32(s, R_MPC, 0);
        return;
    case R_TPPOLL:
        s->reg[R_TPPOLL] |= v & 0xc0;
        rtl8139_send_rings(s);
        return;
    }
    plain_write(s, at, v, size);
    written(s, at);
}

static uint16_t summary(const Rtl8139 *s)
{
    unsigned v = 0;
    for (unsigned i = 0; i < 4; i++) {
        uint32_t tsd = r_get32(s, R_TSD + 4 * i);
        v |= (tsd >> 15 & 1) << (12 + i) | (tsd >> 14 & 1) << (8 + i) | (tsd >> 13 & 1) << i;
    }
    return (uint16_t)v;
}

static uint32_t reg_read(Rtl8139 *s, unsigned at, unsigned size)
{
    uint32_t v = 0;
    if (at == R_9346CR) {
        v = read_9346(s);
        return size == 1 ? v : v | (uint32_t)s->reg[R_CONFIG0] << 8;
    }
    if (within(at, R_TCTR, 4)) {
        return timer_count(s) >> (8 * (at - R_TCTR));
    }
    if (within(at, R_TSAD_SUMMARY, 2)) {
        return summary(s) >> (8 * (at - R_TSAD_SUMMARY));
    }
    memcpy(&v, s->reg + at, MIN_OF(size, RTL_SIZE - at));
    return v;
}

static uint64_t bar_read(void *opaque, uint64_t offset, unsigned size)
{
    return reg_read(opaque, (unsigned)offset, size);
}

static void bar_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    reg_write(opaque, (unsigned)offset, (uint32_t)value, size);
}

static const MmioOps ops = {bar_read, bar_write, 1, 4, false};

// --- the device

static bool realize(Device *d, char **error)
{
    static const PciIds ids = {0x10ec, 0x8139, 0x1af4, 0x1100, 0x20, 0x020000};
    Rtl8139 *s = (Rtl8139 *)d;
    NetPeer peer = {rtl8139_can_receive, rtl8139_receive, s};
    s->pci.default_rom = "efi-rtl8139.rom";
    if (!net_plug(d->machine, s->netdev, s->mac, &peer, &s->client, error) ||
        !pci_device_plug(&s->pci, &ids, true, error)) {
        return false;
    }
    eeprom_init(s);
    s->timer = timer_new(d->machine->clock, timer_fired, s);
    s->tx_more = timer_new(d->machine->clock, more_to_send, s);
    s->packet = (uint8_t *)g_malloc0(RTL_PACKET_MAX + 16) + 16; // room for a VLAN tag before it
    s->scratch = g_malloc0(RTL_FRAME_MAX);
    pci_add_bar(&s->pci, 0, PCI_BAR_IO, mem_mmio("rtl8139-io", RTL_SIZE, &ops, s));
    pci_add_bar(&s->pci, 1, 0, mem_mmio("rtl8139", RTL_SIZE, &ops, s));
    pci_device_ready(&s->pci);
    return true;
}

static void unrealize(Device *d)
{
    Rtl8139 *s = (Rtl8139 *)d;
    net_disconnect(s->client);
    pci_device_unplug(&s->pci);
    timer_free(s->timer);
    timer_free(s->tx_more);
    g_free(s->packet - 16);
    g_free(s->scratch);
}

static void reset(Device *d)
{
    Rtl8139 *s = (Rtl8139 *)d;
    pci_device_reset(&s->pci);
    core_reset(s);
    memcpy(s->reg + R_IDR, s->mac, 6);
    memset(s->reg + R_MAR, 0, 8);
}

static bool loaded(void *obj, char **error)
{
    Rtl8139 *s = obj;
    pci_device_loaded(&s->pci);
    if (s->packet_len > RTL_PACKET_MAX || s->tx_next > 3) {
        *error =
            g_strdup_printf("rtl8139: packet of %zu bytes, buffer %u", s->packet_len, s->tx_next);
        return false;
    }
    return true;
}

static const StateField fields[] = {
    STATE_STRUCTS(Rtl8139, pci, PciDevice, 1, pci_state_fields),
    STATE_U8_ARRAY(Rtl8139, reg, RTL_SIZE),
    STATE_STRUCTS(Rtl8139, eeprom, Microwire, 1, microwire_fields),
    STATE_U32_ARRAY(Rtl8139, tx_current, 2),
    STATE_U32(Rtl8139, rx_current),
    STATE_U8(Rtl8139, tx_next),
    STATE_BOOL(Rtl8139, packet_bad),
    STATE_U64(Rtl8139, packet_len),
    STATE_U64(Rtl8139, timer_base),
    STATE_TIMER(Rtl8139, timer),
    STATE_TIMER(Rtl8139, tx_more),
    STATE_BUFFER(Rtl8139, packet, packet_len, .size = RTL_PACKET_MAX),
    STATE_END,
};
static const StateDesc state = {
    .name = "rtl8139", .version = 1, .fields = fields, .loaded = loaded};

static const DeviceProp props[] = {
    PCI_PROPS(Rtl8139, pci),
    {"netdev", PROP_STRING, offsetof(Rtl8139, netdev), NULL, "id of the -netdev"},
    {"mac", PROP_MAC, offsetof(Rtl8139, mac), NULL, "address (default 52:54:00:12:34:56 and up)"},
    {0},
};

static const DeviceType rtl8139_type = {
    .name = "rtl8139",
    .desc = "Realtek RTL8139C+ fast Ethernet",
    .bus = "pci",
    .size = sizeof(Rtl8139),
    .user_creatable = true,
    .props = props,
    .state = &state,
    .realize = realize,
    .reset = reset,
    .unrealize = unrealize,
};
DEVICE_TYPE(rtl8139_type);
