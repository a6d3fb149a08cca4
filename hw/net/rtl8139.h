// Realtek RTL8139C+, 10ec:8139: the old way (four transmit buffers, one receive ring of bytes) and
// the C+ way (rings of descriptors).
//
//   rtl8139.c     registers, EEPROM, transceiver, timer, interrupts, the device
//   rtl8139_tx.c  both ways of sending     rtl8139_rx.c  filters and both ways of receiving
//
// Manuals: RTL8139C(L) and RTL8139C+ data sheets. Only hw/net/rtl8139*.c include this.
#ifndef HW_NET_RTL8139_H
#define HW_NET_RTL8139_H

#include "hw/net/microwire.h"
#include "hw/pci/pci.h"
#include "net/net.h"

#define RTL_SIZE 256 // bytes of registers

// Registers that code looks at; all are bytes of `reg`.
enum {
    R_IDR = 0x00,
    R_MAR = 0x08,
    R_TSD = 0x10,
    R_TSAD = 0x20, // also: normal priority ring of C+ at 0x20, high at 0x28
    R_RBSTART = 0x30,
    R_ERBCR = 0x34,
    R_CR = 0x37,
    R_CAPR = 0x38,
    R_CBR = 0x3a,
    R_IMR = 0x3c,
    R_ISR = 0x3e,
    R_TCR = 0x40,
    R_RCR = 0x44,
    R_TCTR = 0x48,
    R_MPC = 0x4c,
    R_9346CR = 0x50,
    R_CONFIG0 = 0x51,
    R_CONFIG1 = 0x52,
    R_TIMER_INT = 0x54,
    R_MSR = 0x58,
    R_CONFIG3 = 0x59,
    R_CONFIG4 = 0x5a,
    R_MULINT = 0x5c,
    R_TSAD_SUMMARY = 0x60,
    R_BMCR = 0x62,
    R_BMSR = 0x64,
    R_ANAR = 0x66,
    R_ANLPAR = 0x68,
    R_ANER = 0x6a,
    R_NWAYTR = 0x70,
    R_CSCR = 0x74,
    R_CONFIG5 = 0xd8,
    R_TPPOLL = 0xd9,
    R_CPCR = 0xe0,
    R_RDSAR = 0xe4,
    R_ETTHR = 0xec,
};

enum { CR_EMPTY = 0x01, CR_TX = 0x04, CR_RX = 0x08, CR_RESET = 0x10 };
enum {
    ISR_ROK = 0x0001,
    ISR_TOK = 0x0004,
    ISR_TER = 0x0008,
    ISR_RX_OVERFLOW = 0x0010,
    ISR_TDU = 0x0080,
    ISR_FIFO_OVERFLOW = 0x0040,
    ISR_TIMEOUT = 0x4000
};
enum { CPCR_TX = 0x01, CPCR_RX = 0x02, CPCR_CHECKSUM = 0x20, CPCR_VLAN = 0x40 };

#define RTL_PACKET_MAX (72 << 10)
#define RTL_FRAME_MAX  8192

typedef struct Rtl8139 {
    PciDevice pci;
    // --- options
    char *netdev;
    uint8_t mac[6];
    // --- fixed
    NetClient *client;
    uint8_t *packet, *scratch; // being put together; a segment of it
    // --- state
    uint8_t reg[RTL_SIZE];
    Microwire eeprom;
    uint32_t tx_current[2]; // C+: next descriptor of the normal and the high ring
    uint32_t rx_current;
    uint8_t tx_next; // old way: the buffer that is sent next
    bool busy;       // in a ring: DMA may not reach the registers
    bool packet_bad;
    size_t packet_len;   // C+: of the packet so far
    uint64_t timer_base; // virtual time at which TCTR was 0
    Timer *timer, *tx_more;
} Rtl8139;

static inline uint16_t r_get16(const Rtl8139 *s, unsigned at)
{
    return (uint16_t)(s->reg[at] | s->reg[at + 1] << 8);
}

static inline uint32_t r_get32(const Rtl8139 *s, unsigned at)
{
    return r_get16(s, at) | (uint32_t)r_get16(s, at + 2) << 16;
}

static inline void r_put16(Rtl8139 *s, unsigned at, unsigned v)
{
    s->reg[at] = (uint8_t)v;
    s->reg[at + 1] = (uint8_t)(v >> 8);
}

static inline void r_put32(Rtl8139 *s, unsigned at, uint32_t v)
{
    r_put16(s, at, v & 0xffff);
    r_put16(s, at + 2, v >> 16);
}

void rtl8139_cause(Rtl8139 *s, unsigned isr);
static inline bool rtl8139_master(const Rtl8139 *s)
{
    return pci_get16(s->pci.config, PCI_COMMAND) & PCI_COMMAND_MASTER;
}

// --- rtl8139_tx.c
void rtl8139_send_buffers(Rtl8139 *s);         // the old way: those that are the card's
void rtl8139_send_ring(Rtl8139 *s, bool high); // C+
void rtl8139_send_rings(Rtl8139 *s);           // what TPPoll still asks for

// --- rtl8139_rx.c
bool rtl8139_can_receive(void *opaque);
bool rtl8139_receive(void *opaque, const uint8_t *packet, size_t len);
void rtl8139_update_empty(Rtl8139 *s); // CR's "buffer empty"

#endif
