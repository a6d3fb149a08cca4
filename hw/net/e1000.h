// Intel 82540EM ("e1000"), 8086:100e.
//
//   driver -- BAR 0 registers --> e1000.c        interrupts and their delays: e1000_irq.c
//          -- transmit ring ----> e1000_tx.c --> net_send
//          <- receive ring ------ e1000_rx.c <-- net backend (filter, checksums)
//          -- MDIC, EECD, EERD -> e1000_phy.c    transceiver, EEPROM
//
// Manual: PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's Manual (317453).
// Register names are the manual's. Only hw/net/e1000*.c include this.
#ifndef HW_NET_E1000_H
#define HW_NET_E1000_H

#include "hw/net/microwire.h"
#include "hw/pci/pci.h"
#include "net/net.h"

// Registers that have a meaning here, as offsets in BAR 0.
enum {
    E_CTRL = 0x0000,
    E_STATUS = 0x0008,
    E_EECD = 0x0010,
    E_EERD = 0x0014,
    E_CTRL_EXT = 0x0018,
    E_MDIC = 0x0020,
    E_FCAL = 0x0028,
    E_FCAH = 0x002c,
    E_FCT = 0x0030,
    E_VET = 0x0038,
    E_ICR = 0x00c0,
    E_ITR = 0x00c4,
    E_ICS = 0x00c8,
    E_IMS = 0x00d0,
    E_IMC = 0x00d8,
    E_RCTL = 0x0100,
    E_FCTTV = 0x0170,
    E_TXCW = 0x0178,
    E_RXCW = 0x0180,
    E_TCTL = 0x0400,
    E_TIPG = 0x0410,
    E_AIT = 0x0458,
    E_LEDCTL = 0x0e00,
    E_PBA = 0x1000,
    E_FCRTL = 0x2160,
    E_FCRTH = 0x2168,
    E_RDBAL = 0x2800,
    E_RDBAH = 0x2804,
    E_RDLEN = 0x2808,
    E_RDH = 0x2810,
    E_RDT = 0x2818,
    E_RDTR = 0x2820,
    E_RXDCTL = 0x2828,
    E_RADV = 0x282c,
    E_RSRPD = 0x2c00,
    E_TXDMAC = 0x3000,
    E_TDBAL = 0x3800,
    E_TDBAH = 0x3804,
    E_TDLEN = 0x3808,
    E_TDH = 0x3810,
    E_TDT = 0x3818,
    E_TIDV = 0x3820,
    E_TXDCTL = 0x3828,
    E_TADV = 0x382c,
    E_TSPMT = 0x3830,
    E_STATS = 0x4000, // to 0x40fc
    E_RXCSUM = 0x5000,
    E_MTA = 0x5200,  // 128 words
    E_RA = 0x5400,   // 16 pairs
    E_VFTA = 0x5600, // 128 words
    E_WUC = 0x5800,
    E_WUFC = 0x5808,
    E_WUS = 0x5810,
    E_MANC = 0x5820,
    E_REGS_END = 0x6000,
};

// Interrupt causes.
#define ICR_TXDW   BIT(0)
#define ICR_TXQE   BIT(1)
#define ICR_LSC    BIT(2)
#define ICR_RXDMT0 BIT(4)
#define ICR_RXT0   BIT(7)
#define ICR_MDAC   BIT(9)
#define ICR_ALL    0x1ffffu

#define CTRL_SLU     BIT(6)
#define CTRL_RST     BIT(26)
#define CTRL_VME     BIT(30)
#define CTRL_PHY_RST BIT(31)
#define STATUS_UP    0x00000083u // full duplex, link up, 1000 Mb/s
#define STATUS_LU    BIT(1)
#define RCTL_EN      BIT(1)
#define TCTL_EN      BIT(1)

// Statistics (13.7): offsets from E_STATS, in words.
enum {
    STAT_MPC = 4,
    STAT_PRC64 = 23, // and five more by size
    STAT_GPRC = 29,
    STAT_BPRC = 30,
    STAT_MPRC = 31,
    STAT_GPTC = 32,
    STAT_GORC = 34, // 64 bits
    STAT_GOTC = 36,
    STAT_RUC = 41,
    STAT_ROC = 43,
    STAT_TOR = 48,
    STAT_TOT = 50,
    STAT_TPR = 52,
    STAT_TPT = 53,
    STAT_PTC64 = 54,
    STAT_MPTC = 60,
    STAT_BPTC = 61,
    STAT_TSCTC = 62,
    STAT_COUNT = 64,
};

#define E1000_PHY_REGS   32
#define E1000_PACKET_MAX (128 << 10) // of a packet that is to be cut
#define E1000_FRAME_MAX  16288       // on the wire

// What a driver's context descriptor says (3.3.6).
typedef struct E1000Context {
    uint8_t ip_start, ip_field, l4_start, l4_field, header_len;
    uint16_t ip_end, l4_end, mss;
    bool tcp, ipv4;
} E1000Context;

typedef struct E1000 {
    PciDevice pci;
    // --- options
    char *netdev;
    uint8_t mac[6];
    // --- fixed
    NetClient *client;
    uint8_t *packet, *scratch; // being put together; a segment of it
    // --- state
    uint32_t reg[E_REGS_END / 4];
    uint32_t stat[STAT_COUNT];
    uint16_t phy[E1000_PHY_REGS];
    Microwire eeprom;
    uint32_t eecd, io_address;
    bool busy; // in a ring: DMA may not reach the registers by the I/O ports
    // transmit: the packet so far
    E1000Context context[2]; // without and with cutting
    size_t packet_len;       // in packet
    bool packet_bad, packet_first, sum_ip, sum_l4, cut, vlan, insert_fcs;
    uint16_t vlan_tag;
    // interrupts
    bool throttled;              // the next one has to wait for itr_timer
    uint64_t rx_first, tx_first; // when the delay that runs began
    Timer *itr_timer, *rx_timer, *tx_timer, *tx_more;
} E1000;

static inline uint32_t *e_reg(E1000 *s, unsigned offset)
{
    return &s->reg[offset / 4];
}

static inline uint64_t e_base(E1000 *s, unsigned low)
{
    return (*e_reg(s, low) & ~15u) | (uint64_t)*e_reg(s, low + 4) << 32;
}

static inline bool e_link_up(E1000 *s)
{
    return *e_reg(s, E_STATUS) & STATUS_LU;
}

// --- e1000_irq.c
void e1000_cause(E1000 *s, uint32_t causes); // now
void e1000_cause_rx(E1000 *s);               // RXT0, with its delays
void e1000_cause_tx(E1000 *s, bool delayed); // TXDW, likewise
void e1000_update_irq(E1000 *s);
uint32_t e1000_read_icr(E1000 *s);
bool e1000_irq_init(E1000 *s);
void e1000_irq_free(E1000 *s);
void e1000_irq_reset(E1000 *s);

// --- e1000_tx.c, e1000_rx.c
void e1000_transmit(E1000 *s); // what is in the ring
void e1000_tx_reset(E1000 *s);
bool e1000_can_receive(void *opaque);
bool e1000_receive(void *opaque, const uint8_t *packet, size_t len);
void e1000_count(E1000 *s, unsigned stat, uint32_t n); // sticks at the largest value
void e1000_count_octets(E1000 *s, unsigned stat, uint64_t n);
void e1000_count_size(E1000 *s, unsigned first, size_t len); // by frame size

// --- e1000_phy.c
void e1000_eeprom_init(E1000 *s, uint16_t device_id);
void e1000_phy_reset(E1000 *s);
uint32_t e1000_eecd_read(E1000 *s);
void e1000_eecd_write(E1000 *s, uint32_t v);
uint32_t e1000_eerd_write(E1000 *s, uint32_t v);
void e1000_mdic_write(E1000 *s, uint32_t v);

#endif
