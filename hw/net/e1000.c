// The e1000's registers and the device. The picture is in e1000.h.
#include "hw/net/e1000.h"

#include <glib.h>
#include <string.h>

#include "hw/core/machine.h"
#include "util/log.h"

#define DEVICE_ID 0x100e
#define BAR_SIZE  0x20000
#define IO_SIZE   64

// --- registers

// Bits that a plain write changes. What is not here reads as zero.
typedef struct RegRow {
    uint16_t first, last;
    uint32_t writable;
} RegRow;

static const RegRow rows[] = {
    {E_CTRL, E_CTRL, 0xffffffff & ~(uint32_t)(CTRL_RST | CTRL_PHY_RST)},
    {E_CTRL_EXT, E_CTRL_EXT, 0xffffffff},
    {E_FCAL, E_FCT, 0xffffffff},
    {E_VET, E_VET, 0xffff},
    {E_ITR, E_ITR, 0xffff},
    {E_RCTL, E_RCTL, 0xffffffff},
    {E_FCTTV, E_FCTTV, 0xffff},
    {E_TXCW, E_TXCW, 0xffffffff},
    {E_TCTL, E_TCTL, 0xffffffff},
    {E_TIPG, E_TIPG, 0xffffffff},
    {E_AIT, E_AIT, 0xffff},
    {E_LEDCTL, E_LEDCTL, 0xffffffff},
    {E_PBA, E_PBA, 0xffff},
    {E_FCRTL, E_FCRTL, 0xffffffff},
    {E_FCRTH, E_FCRTH, 0xffffffff},
    {E_RDBAL, E_RDBAL, 0xfffffff0},
    {E_RDBAH, E_RDBAH, 0xffffffff},
    {E_RDLEN, E_RDLEN, 0xfff80},
    {E_RDH, E_RDH, 0xffff},
    {E_RDT, E_RDT, 0xffff},
    {E_RDTR, E_RDTR, 0xffff},
    {E_RXDCTL, E_RXDCTL, 0xffffffff},
    {E_RADV, E_RADV, 0xffff},
    {E_RSRPD, E_RSRPD, 0xfff},
    {E_TXDMAC, E_TXDMAC, 0xffffffff},
    {E_TDBAL, E_TDBAL, 0xfffffff0},
    {E_TDBAH, E_TDBAH, 0xffffffff},
    {E_TDLEN, E_TDLEN, 0xfff80},
    {E_TDH, E_TDH, 0xffff},
    {E_TDT, E_TDT, 0xffff},
    {E_TIDV, E_TIDV, 0xffff},
    {E_TXDCTL, E_TXDCTL, 0xffffffff},
    {E_TADV, E_TADV, 0xffff},
    {E_TSPMT, E_TSPMT, 0xffffffff},
    {E_RXCSUM, E_RXCSUM, 0x7ff},
    {E_MTA, E_MTA + 0x1fc, 0xffffffff},
    {E_RA, E_RA + 0x7c, 0xffffffff},
    {E_VFTA, E_VFTA + 0x1fc, 0xffffffff},
    {E_WUC, E_WUC, 0x1b},
    {E_WUFC, E_WUFC, 0xfffff},
    {E_MANC, E_MANC, 0xffffffff},
};

static const RegRow *find_row(uint64_t offset)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (offset >= rows[i].first && offset <= rows[i].last) {
            return &rows[i];
        }
    }
    return NULL;
}

static const struct {
    uint16_t offset;
    uint32_t value;
} after_reset[] = {
    {E_CTRL, 0x00000240},   {E_STATUS, 0x80000000 | STATUS_UP},
    {E_PBA, 0x00100030},    {E_VET, 0x8100},
    {E_LEDCTL, 0x07061302}, {E_MDIC, BIT(28)},
    {E_RXDCTL, 0x00010000}, {E_MANC, 0x00000000},
};

static void set_link(E1000 *s, bool up)
{
    uint32_t *status = e_reg(s, E_STATUS);
    if (((*status & STATUS_LU) != 0) != up) {
        *status ^= (uint32_t)STATUS_LU;
        e1000_cause(s, ICR_LSC);
    }
}

static void core_reset(E1000 *s)
{
    memset(s->reg, 0, sizeof s->reg);
    for (size_t i = 0; i < ARRAY_LEN(after_reset); i++) {
        *e_reg(s, after_reset[i].offset) = after_reset[i].value;
    }
    memset(s->stat, 0, sizeof s->stat);
    *e_reg(s, E_RA) = s->eeprom.word[0] | (uint32_t)s->eeprom.word[1] << 16;
    *e_reg(s, E_RA + 4) = s->eeprom.word[2] | (uint32_t)BIT(31);
    microwire_reset(&s->eeprom);
    s->eecd = 0;
    e1000_phy_reset(s);
    e1000_tx_reset(s);
    e1000_irq_reset(s);
}

static void write_ctrl(E1000 *s, uint32_t v)
{
    if (v & CTRL_RST) {
        core_reset(s);
        net_ready(s->client);
        return;
    }
    if (v & CTRL_PHY_RST) {
        e1000_phy_reset(s);
    }
    set_link(s, v & CTRL_SLU);
}

// Counters start anew when they are read; those of 64 bits when their high half is.
static uint32_t read_stat(E1000 *s, unsigned i)
{
    uint32_t v = s->stat[i];
    bool low = i == STAT_GORC || i == STAT_GOTC || i == STAT_TOR || i == STAT_TOT;
    bool high = i == STAT_GORC + 1 || i == STAT_GOTC + 1 || i == STAT_TOR + 1 || i == STAT_TOT + 1;
    if (!low) {
        s->stat[i] = 0;
    }
    if (high) {
        s->stat[i - 1] = 0;
    }
    return v;
}

static uint32_t reg_read(E1000 *s, uint64_t offset)
{
    offset &= ~UINT64_C(3);
    if (offset >= E_STATS && offset < E_STATS + 4 * STAT_COUNT) {
        return read_stat(s, (unsigned)(offset - E_STATS) / 4);
    }
    switch (offset) {
    case E_CTRL + 4: // a shadow of it
        return *e_reg(s, E_CTRL);
    case E_EECD:
        return e1000_eecd_read(s);
    case E_ICR:
        return e1000_read_icr(s);
    case E_IMC:
        return *e_reg(s, E_IMS);
    case E_STATUS:
    case E_EERD:
    case E_MDIC:
    case E_IMS:
    case E_WUS:
        return *e_reg(s, (unsigned)offset);
    }
    return find_row(offset) ? *e_reg(s, (unsigned)offset) : 0;
}

static void reg_written(E1000 *s, uint64_t offset, uint32_t v)
{
    switch (offset) {
    case E_CTRL:
        write_ctrl(s, v);
        break;
    case E_TCTL:
    case E_TDT:
        e1000_transmit(s);
        break;
    case E_RCTL:
    case E_RDT:
    case E_RDH:
    case E_RDLEN:
        net_ready(s->client);
        break;
    case E_RDTR:
        if (v & BIT(31)) { // flush: what is delayed comes now
            timer_stop(s->rx_timer);
            e1000_cause(s, ICR_RXT0);
        }
        break;
    }
}

static void reg_write(E1000 *s, uint64_t offset, uint32_t v)
{
    offset &= ~UINT64_C(3);
    if (s->busy) {
        log_printf(LOG_GUEST_ERRORS, "e1000: DMA to its own registers\n");
        return;
    }
    switch (offset) {
    case E_EECD:
        e1000_eecd_write(s, v);
        return;
    case E_EERD:
        *e_reg(s, E_EERD) = e1000_eerd_write(s, v);
        return;
    case E_MDIC:
        e1000_mdic_write(s, v);
        return;
    case E_ICR:
        *e_reg(s, E_ICR) &= ~v;
        e1000_update_irq(s);
        return;
    case E_ICS:
        e1000_cause(s, v);
        return;
    case E_IMS:
        *e_reg(s, E_IMS) |= v & ICR_ALL;
        e1000_update_irq(s);
        return;
    case E_IMC:
        *e_reg(s, E_IMS) &= ~v;
        e1000_update_irq(s);
        return;
    case E_WUS:
        *e_reg(s, E_WUS) &= ~v;
        return;
    }
    const RegRow *row = find_row(offset);
    if (!row) {
        log_printf(LOG_UNIMP, "e1000: write of 0x%x to register 0x%llx\n", v,
                   (unsigned long long)offset);
        return;
    }
    *e_reg(s, (unsigned)offset) = v & row->writable;
    reg_written(s, offset, v);
}

static uint64_t mmio_read(void *opaque, uint64_t offset, unsigned size)
{
    (void)size;
    return reg_read(opaque, offset);
}

static void mmio_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    (void)size;
    reg_write(opaque, offset, (uint32_t)value);
}

static const MmioOps mmio_ops = {mmio_read, mmio_write, 4, 4, false};

// IOADDR and IODATA (13.3).
static uint64_t io_read(void *opaque, uint64_t offset, unsigned size)
{
    E1000 *s = opaque;
    (void)size;
    return offset == 0 ? s->io_address : offset == 4 ? reg_read(s, s->io_address) : 0;
}

static void io_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    E1000 *s = opaque;
    (void)size;
    if (offset == 0) {
        s->io_address = (uint32_t)value & (BAR_SIZE - 4);
    } else if (offset == 4) {
        reg_write(s, s->io_address, (uint32_t)value);
    }
}

static const MmioOps io_ops = {io_read, io_write, 4, 4, false};

// --- the device

static bool realize(Device *d, char **error)
{
    static const PciIds ids = {0x8086, DEVICE_ID, 0x1af4, 0x1100, 3, 0x020000};
    E1000 *s = (E1000 *)d;
    NetPeer peer = {e1000_can_receive, e1000_receive, s};
    s->pci.default_rom = "efi-e1000.rom";
    if (!net_plug(d->machine, s->netdev, s->mac, &peer, &s->client, error) ||
        !pci_device_plug(&s->pci, &ids, true, error)) {
        return false;
    }
    e1000_eeprom_init(s, DEVICE_ID);
    s->packet = (uint8_t *)g_malloc0(E1000_PACKET_MAX + 16) + 16; // room for a VLAN tag before it
    s->scratch = (uint8_t *)g_malloc0(E1000_FRAME_MAX + 16) + 16;
    pci_add_bar(&s->pci, 0, 0, mem_mmio("e1000", BAR_SIZE, &mmio_ops, s));
    pci_add_bar(&s->pci, 1, PCI_BAR_IO, mem_mmio("e1000-io", IO_SIZE, &io_ops, s));
    pci_device_ready(&s->pci);
    return e1000_irq_init(s);
}

static void unrealize(Device *d)
{
    E1000 *s = (E1000 *)d;
    net_disconnect(s->client);
    pci_device_unplug(&s->pci);
    e1000_irq_free(s);
    g_free(s->packet - 16);
    g_free(s->scratch - 16);
}

static void reset(Device *d)
{
    E1000 *s = (E1000 *)d;
    pci_device_reset(&s->pci);
    core_reset(s);
}

static bool loaded(void *obj, char **error)
{
    E1000 *s = obj;
    pci_device_loaded(&s->pci);
    if (s->packet_len > E1000_PACKET_MAX) {
        *error = g_strdup_printf("e1000: packet of %zu bytes", s->packet_len);
        return false;
    }
    return true;
}

static const StateField context_fields[] = {
    STATE_U8(E1000Context, ip_start),
    STATE_U8(E1000Context, ip_field),
    STATE_U8(E1000Context, l4_start),
    STATE_U8(E1000Context, l4_field),
    STATE_U8(E1000Context, header_len),
    STATE_U16(E1000Context, ip_end),
    STATE_U16(E1000Context, l4_end),
    STATE_U16(E1000Context, mss),
    STATE_BOOL(E1000Context, tcp),
    STATE_BOOL(E1000Context, ipv4),
    STATE_END,
};

static const StateField fields[] = {
    STATE_STRUCTS(E1000, pci, PciDevice, 1, pci_state_fields),
    STATE_U32_ARRAY(E1000, reg, E_REGS_END / 4),
    STATE_U32_ARRAY(E1000, stat, STAT_COUNT),
    STATE_U16_ARRAY(E1000, phy, E1000_PHY_REGS),
    STATE_U32(E1000, eecd),
    STATE_U32(E1000, io_address),
    STATE_STRUCTS(E1000, eeprom, Microwire, 1, microwire_fields),
    STATE_STRUCTS(E1000, context, E1000Context, 2, context_fields),
    STATE_U64(E1000, packet_len),
    STATE_BOOL(E1000, packet_bad),
    STATE_BOOL(E1000, packet_first),
    STATE_BOOL(E1000, sum_ip),
    STATE_BOOL(E1000, sum_l4),
    STATE_BOOL(E1000, cut),
    STATE_BOOL(E1000, vlan),
    STATE_U16(E1000, vlan_tag),
    STATE_BOOL(E1000, throttled),
    STATE_U64(E1000, rx_first),
    STATE_U64(E1000, tx_first),
    STATE_TIMER(E1000, itr_timer),
    STATE_TIMER(E1000, rx_timer),
    STATE_TIMER(E1000, tx_timer),
    STATE_TIMER(E1000, tx_more),
    STATE_BUFFER(E1000, packet, packet_len, .size = E1000_PACKET_MAX),
    STATE_END,
};
static const StateDesc state = {.name = "e1000", .version = 1, .fields = fields, .loaded = loaded};

static const DeviceProp props[] = {
    PCI_PROPS(E1000, pci),
    {"netdev", PROP_STRING, offsetof(E1000, netdev), NULL, "id of the -netdev"},
    {"mac", PROP_MAC, offsetof(E1000, mac), NULL, "address (default 52:54:00:12:34:56 and up)"},
    {0},
};

static const DeviceType e1000_type = {
    .name = "e1000",
    .alias = "e1000-82540em",
    .desc = "Intel 82540EM gigabit Ethernet",
    .bus = "pci",
    .size = sizeof(E1000),
    .user_creatable = true,
    .props = props,
    .state = &state,
    .realize = realize,
    .reset = reset,
    .unrealize = unrealize,
};
DEVICE_TYPE(e1000_type);
