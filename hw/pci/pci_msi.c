// Interrupts of PCI devices: INTx (2.2.6), MSI (6.8.1) and MSI-X (6.8.2).
#include "hw/pci/pci.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "util/log.h"

// --- INTx

void pci_update_intx(PciDevice *d)
{
    uint16_t status = pci_get16(d->config, PCI_STATUS) & ~PCI_STATUS_INTX;
    pci_put16(d->config, PCI_STATUS, status | (d->intx ? PCI_STATUS_INTX : 0));
    bool out = d->intx && !(pci_get16(d->config, PCI_COMMAND) & PCI_COMMAND_NO_INTX) &&
               d->config[PCI_INT_PIN];
    if (out != d->intx_out) {
        d->intx_out = out;
        pci_bus_intx(d->bus, d->devfn, d->config[PCI_INT_PIN] - 1u, out);
    }
}

void pci_set_irq(PciDevice *d, bool level)
{
    if (d->intx != level) {
        d->intx = level;
        pci_update_intx(d);
    }
}

// --- MSI: control, address (64 bits), data

#define MSI_CONTROL 2
#define MSI_ADDRESS 4
#define MSI_DATA    12
#define MSI_LEN     14
#define MSI_ENABLE  0x0001
#define MSI_64BIT   0x0080

void pci_add_msi(PciDevice *d, unsigned vectors)
{
    assert(vectors && vectors <= 32 && !(vectors & (vectors - 1)));
    uint8_t at = pci_add_capability(d, PCI_CAP_ID_MSI, MSI_LEN);
    d->msi_cap = at;
    unsigned log2 = (unsigned)__builtin_ctz(vectors);
    pci_put16(d->config, at + MSI_CONTROL, MSI_64BIT | log2 << 1);
    pci_put16(d->wmask, at + MSI_CONTROL, MSI_ENABLE | 0x70);
    pci_put32(d->wmask, at + MSI_ADDRESS, ~3u);
    pci_put32(d->wmask, at + MSI_ADDRESS + 4, ~0u);
    pci_put16(d->wmask, at + MSI_DATA, 0xffff);
}

bool pci_msi_enabled(const PciDevice *d)
{
    return d->msi_cap && (d->config[d->msi_cap + MSI_CONTROL] & MSI_ENABLE);
}

void pci_msi_notify(PciDevice *d, unsigned vector)
{
    if (!pci_msi_enabled(d)) {
        return;
    }
    const uint8_t *c = d->config + d->msi_cap;
    unsigned offered = extract32(c[MSI_CONTROL], 1, 3);
    unsigned log2 = MIN_OF(extract32(c[MSI_CONTROL], 4, 3), offered);
    uint32_t low = (uint32_t)mask64(log2);
    uint32_t data = (pci_get16(c, MSI_DATA) & ~low) | (vector & low);
    uint64_t addr = pci_get32(c, MSI_ADDRESS) | (uint64_t)pci_get32(c, MSI_ADDRESS + 4) << 32;
    pci_bus_msi(d->bus, d->devfn, addr, data);
}

// --- MSI-X: a table of {address, data, control} and a bit for each vector that waits

#define MSIX_CONTROL  2
#define MSIX_TABLE    4
#define MSIX_PBA      8
#define MSIX_LEN      12
#define MSIX_ENABLE   0x8000
#define MSIX_MASK_ALL 0x4000
#define ENTRY_SIZE    16
#define ENTRY_DATA    8
#define ENTRY_CONTROL 12
#define ENTRY_MASKED  1

bool pci_msix_enabled(const PciDevice *d)
{
    return d->msix_cap && (pci_get16(d->config, d->msix_cap + MSIX_CONTROL) & MSIX_ENABLE);
}

static bool vector_masked(const PciDevice *d, unsigned vector)
{
    return (pci_get16(d->config, d->msix_cap + MSIX_CONTROL) & MSIX_MASK_ALL) ||
           (d->msix_table[vector * ENTRY_SIZE + ENTRY_CONTROL] & ENTRY_MASKED);
}

void pci_msix_notify(PciDevice *d, unsigned vector)
{
    if (!pci_msix_enabled(d) || vector >= d->msix_vectors) {
        return;
    }
    if (vector_masked(d, vector)) {
        d->msix_pba[vector / 8] |= BIT(vector % 8);
        return;
    }
    d->msix_pba[vector / 8] &= ~BIT(vector % 8);
    const uint8_t *e = d->msix_table + vector * ENTRY_SIZE;
    pci_bus_msi(d->bus, d->devfn, pci_get32(e, 0) | (uint64_t)pci_get32(e, 4) << 32,
                pci_get32(e, ENTRY_DATA));
}

// Sends what was held back, after a mask bit went away.
static void release_pending(PciDevice *d, unsigned first, unsigned count)
{
    for (unsigned v = first; v < first + count; v++) {
        if ((d->msix_pba[v / 8] & BIT(v % 8)) && pci_msix_enabled(d) && !vector_masked(d, v)) {
            pci_msix_notify(d, v);
        }
    }
}

static uint64_t pba_offset(const PciDevice *d)
{
    return d->msix_vectors <= 128 ? 0x800 : 0x1000;
}

static uint64_t msix_read(void *opaque, uint64_t offset, unsigned size)
{
    PciDevice *d = opaque;
    uint64_t v = 0, table = (uint64_t)d->msix_vectors * ENTRY_SIZE, pba = pba_offset(d);
    if (offset + size <= table) {
        memcpy(&v, d->msix_table + offset, size);
    } else if (offset >= pba && offset + size <= pba + sizeof d->msix_pba) {
        memcpy(&v, d->msix_pba + (offset - pba), size);
    }
    return v;
}

static void msix_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    PciDevice *d = opaque;
    if (offset + size > (uint64_t)d->msix_vectors * ENTRY_SIZE) {
        log_printf(LOG_GUEST_ERRORS, "pci: write to MSI-X offset 0x%x\n", (unsigned)offset);
        return;
    }
    memcpy(d->msix_table + offset, &value, size);
    release_pending(d, offset / ENTRY_SIZE, 1);
}

static const MmioOps msix_ops = {msix_read, msix_write, 4, 8, false};

void pci_add_msix(PciDevice *d, unsigned bar, unsigned vectors)
{
    assert(vectors && vectors <= PCI_MSIX_MAX);
    d->msix_vectors = vectors;
    d->msix_cap = pci_add_capability(d, PCI_CAP_ID_MSIX, MSIX_LEN);
    uint8_t *c = d->config + d->msix_cap;
    pci_put16(c, MSIX_CONTROL, vectors - 1);
    pci_put32(c, MSIX_TABLE, bar);
    pci_put32(c, MSIX_PBA, pba_offset(d) | bar);
    pci_put16(d->wmask, d->msix_cap + MSIX_CONTROL, MSIX_ENABLE | MSIX_MASK_ALL);
    pci_add_bar(d, bar, 0, mem_mmio("msix", 2 * pba_offset(d), &msix_ops, d));
    pci_msi_reset(d);
}

void pci_msi_config_written(PciDevice *d, unsigned offset, unsigned size)
{
    unsigned control = d->msix_cap + MSIX_CONTROL;
    if (d->msix_cap && offset < control + 2 && control < offset + size) {
        release_pending(d, 0, d->msix_vectors);
    }
}

void pci_msi_reset(PciDevice *d)
{
    memset(d->msix_table, 0, sizeof d->msix_table);
    memset(d->msix_pba, 0, sizeof d->msix_pba);
    for (unsigned v = 0; v < d->msix_vectors; v++) {
        d->msix_table[v * ENTRY_SIZE + ENTRY_CONTROL] = ENTRY_MASKED;
    }
}
