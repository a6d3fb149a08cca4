// The e1000's EEPROM, by registers or bit by bit (5), and its transceiver, by MDIC (13.4.5).
#include <string.h>

#include "hw/net/e1000.h"
#include "util/log.h"

// --- EEPROM

#define EE_CHECKSUM 0xbaba // sum of words 0 to 0x3f

void e1000_eeprom_init(E1000 *s, uint16_t device_id)
{
    uint16_t *w = s->eeprom.word, sum = 0;
    memset(w, 0xff, sizeof s->eeprom.word);
    for (int i = 0; i < 3; i++) {
        w[i] = (uint16_t)(s->mac[2 * i] | s->mac[2 * i + 1] << 8);
    }
    w[0x03] = 0x0710; // compatibility: client card
    w[0x08] = w[0x09] = 0;
    w[0x0a] = 0x640a; // initialization control 1: subsystem and vendor ids from here, SLU
    w[0x0b] = pci_get16(s->pci.config, PCI_SUBSYSTEM_ID);
    w[0x0c] = pci_get16(s->pci.config, PCI_SUBSYSTEM_VENDOR);
    w[0x0d] = device_id;
    w[0x0e] = 0x8086;
    w[0x0f] = 0x3040; // initialization control 2: pause is offered
    w[0x10] = 0;
    for (int i = 0; i < 0x3f; i++) {
        sum = (uint16_t)(sum + w[i]);
    }
    w[0x3f] = (uint16_t)(EE_CHECKSUM - sum);
}

enum { EECD_SK = 1, EECD_CS = 2, EECD_DI = 4, EECD_DO = 8, EECD_REQ = 0x40, EECD_GNT = 0x80 };
#define EECD_PRESENT  0x100
#define EECD_WRITABLE 0x77

uint32_t e1000_eecd_read(E1000 *s)
{
    return s->eecd | EECD_PRESENT | (s->eecd & EECD_REQ ? EECD_GNT : 0) |
           (microwire_read(&s->eeprom) ? EECD_DO : 0);
}

void e1000_eecd_write(E1000 *s, uint32_t v)
{
    s->eecd = v & EECD_WRITABLE;
    microwire_write(&s->eeprom, v & EECD_CS, v & EECD_SK, v & EECD_DI);
}

uint32_t e1000_eerd_write(E1000 *s, uint32_t v)
{
    unsigned word = v >> 8 & 0xff;
    if (!(v & 1)) {
        return v & ~0x10u;
    }
    uint16_t data = word < MICROWIRE_WORDS ? s->eeprom.word[word] : 0xffff;
    return (v & 0xff00) | 0x10 | (uint32_t)data << 16;
}

// --- transceiver (8): a Marvell 88E1000

enum { PHY_CONTROL = 0, PHY_STATUS = 1 };
#define PHY_RESET   0x8000
#define PHY_RESTART 0x0200
#define PHY_ADDRESS 1

static const struct {
    uint8_t reg;
    uint16_t value;
    uint16_t writable;
} phy_regs[] = {
    {0, 0x1140, 0x7fc0},                       // control: 1000 Mb/s, full duplex, negotiates
    {1, 0x796d, 0},                            // status: all speeds, negotiated, link up
    {2, 0x0141, 0},                            // identifiers
    {3, 0x0c20, 0},       {4, 0x0de1, 0xffff}, // what we offer
    {5, 0xcde1, 0},                            // what the other side offers
    {6, 0x0003, 0},       {9, 0x0e00, 0xffff}, // 1000BASE-T control
    {10, 0x3c00, 0}, // 1000BASE-T status: the partner is capable, receivers are fine
    {15, 0x3000, 0},      {16, 0x0360, 0xffff}, // specific control
    {17, 0xac08, 0},      // specific status: 1000 Mb/s, full duplex, resolved, link up
    {18, 0x0000, 0xffff}, // interrupt enable
    {20, 0x0d60, 0xffff}, // extended control
    {21, 0x0000, 0},      // receive errors
    {29, 0x0000, 0xffff}, // page and general register
    {30, 0x0000, 0xffff},
};

void e1000_phy_reset(E1000 *s)
{
    memset(s->phy, 0, sizeof s->phy);
    for (size_t i = 0; i < ARRAY_LEN(phy_regs); i++) {
        s->phy[phy_regs[i].reg] = phy_regs[i].value;
    }
}

static bool phy_write(E1000 *s, unsigned reg, uint16_t v)
{
    for (size_t i = 0; i < ARRAY_LEN(phy_regs); i++) {
        if (phy_regs[i].reg != reg) {
            continue;
        }
        uint16_t w = phy_regs[i].writable;
        s->phy[reg] = (uint16_t)((s->phy[reg] & ~w) | (v & w));
        if (reg == PHY_CONTROL && (v & PHY_RESET)) {
            e1000_phy_reset(s);
        }
        if (reg == PHY_CONTROL && (v & (PHY_RESET | PHY_RESTART))) {
            s->phy[PHY_CONTROL] &= (uint16_t)~PHY_RESTART; // negotiated at once
            e1000_cause(s, ICR_LSC);
        }
        return true;
    }
    return false;
}

#define MDIC_READY BIT(28)
#define MDIC_IRQ   BIT(29)
#define MDIC_ERROR BIT(30)

void e1000_mdic_write(E1000 *s, uint32_t v)
{
    unsigned reg = v >> 16 & 31, address = v >> 21 & 31, op = v >> 26 & 3;
    bool ok = address == PHY_ADDRESS && (op == 1 || op == 2);
    v &= ~(uint32_t)(MDIC_READY | MDIC_ERROR);
    if (ok && op == 1) {
        ok = phy_write(s, reg, (uint16_t)v);
    } else if (ok) {
        v = (v & 0xffff0000) | s->phy[reg];
    }
    *e_reg(s, E_MDIC) = v | MDIC_READY | (ok ? 0 : MDIC_ERROR);
    if (v & MDIC_IRQ) {
        e1000_cause(s, ICR_MDAC);
    }
}
