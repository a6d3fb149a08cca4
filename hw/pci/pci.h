// PCI: config space, BARs, capabilities, INTx, MSI and MSI-X of devices on one root bus.
//
//   guest -- ECAM write --> pci_bus_config_write --> config bytes through write masks
//                                                    BARs move, MSI-X enables
//   device -- pci_set_irq --> INTx line (slot + pin) mod 4   or  pci_msix_notify --> memory write
//
// Section numbers in comments are those of the PCI Local Bus Specification 3.0.
#ifndef HW_PCI_PCI_H
#define HW_PCI_PCI_H

#include "hw/core/device.h"

#define PCI_CONFIG_SIZE 4096
#define PCI_BARS        6
#define PCI_SLOTS       32
#define PCI_ROM_BAR     PCI_BARS // the option ROM's place among the BARs
#define PCI_ROM_ENABLE  1
#define PCI_INTX_MAX    8   // interrupt lines that a host may have
#define PCI_MSIX_MAX    256 // vectors that a device here may have (the format allows 2048)

// Offsets in the type 0 header (6.1).
enum {
    PCI_VENDOR_ID = 0x00,
    PCI_DEVICE_ID = 0x02,
    PCI_COMMAND = 0x04,
    PCI_STATUS = 0x06,
    PCI_REVISION = 0x08,
    PCI_CLASS_PROG = 0x09,
    PCI_CLASS_DEVICE = 0x0a,
    PCI_CACHE_LINE = 0x0c,
    PCI_LATENCY = 0x0d,
    PCI_HEADER_TYPE = 0x0e,
    PCI_BAR0 = 0x10,
    PCI_SUBSYSTEM_VENDOR = 0x2c,
    PCI_SUBSYSTEM_ID = 0x2e,
    PCI_ROM = 0x30,
    PCI_CAP_POINTER = 0x34,
    PCI_INT_LINE = 0x3c,
    PCI_INT_PIN = 0x3d,
};

#define PCI_COMMAND_IO      0x0001
#define PCI_COMMAND_MEMORY  0x0002
#define PCI_COMMAND_MASTER  0x0004
#define PCI_COMMAND_NO_INTX 0x0400
#define PCI_STATUS_INTX     0x0008
#define PCI_STATUS_CAP_LIST 0x0010

#define PCI_CAP_ID_MSI    0x05
#define PCI_CAP_ID_VENDOR 0x09
#define PCI_CAP_ID_MSIX   0x11

// BAR type bits (6.2.5.1).
#define PCI_BAR_IO       0x1
#define PCI_BAR_MEM64    0x4
#define PCI_BAR_PREFETCH 0x8

typedef struct PciBus PciBus;

typedef struct PciBar {
    MemRegion *region; // NULL: not implemented
    uint64_t size;     // a power of 2
    uint8_t type;      // PCI_BAR_* bits
    bool mapped;
    uint64_t addr; // while mapped
} PciBar;

// Every PCI device's instance starts with one. Everything but `config` and the MSI-X arrays is
// fixed after realization.
typedef struct PciDevice {
    Device dev;
    // --- options
    char *addr_opt; // addr=SLOT[.FUNCTION], hexadecimal
    char *bus_opt;  // bus=pcie.0
    char *rom_opt;  // romfile=FILE
    bool rombar;
    bool multifunction;
    uint32_t bootindex;      // for firmware; UINT32_MAX: none
    const char *default_rom; // set before the plug: option ROM without romfile=, or NULL
    // --- identity
    PciBus *bus;
    uint8_t devfn;
    uint8_t wmask[PCI_CONFIG_SIZE];   // bits that the guest may write
    uint8_t w1c[PCI_CONFIG_SIZE];     // bits that a written 1 clears
    uint8_t initial[PCI_CONFIG_SIZE]; // config after reset
    uint8_t next_cap;                 // where the next capability may go
    PciBar bar[PCI_BARS + 1];
    uint8_t msi_cap, msix_cap; // config offsets, 0: none
    uint16_t msix_vectors;
    // --- state
    uint8_t config[PCI_CONFIG_SIZE];
    uint8_t msix_table[PCI_MSIX_MAX * 16];
    uint8_t msix_pba[PCI_MSIX_MAX / 8];
    bool intx;     // what the device asks for, before the disable bit
    bool intx_out; // derived: what the line sees
    // Hooks of the device's class; may be NULL. Called around a guest's config access.
    void (*config_read_hook)(struct PciDevice *d, unsigned offset, unsigned size);
    void (*config_written)(struct PciDevice *d, unsigned offset, unsigned size);
} PciDevice;

// Properties that every PCI device has; T is the instance type, f the path of its PciDevice.
#define PCI_PROPS(T, f)                                                                            \
    {"addr", PROP_STRING, offsetof(T, f.addr_opt), NULL, "slot[.function], hexadecimal"},          \
        {"bus", PROP_STRING, offsetof(T, f.bus_opt), NULL, "bus to sit on"},                       \
        {"romfile", PROP_STRING, offsetof(T, f.rom_opt), NULL, "option ROM"},                      \
        {"rombar", PROP_BOOL, offsetof(T, f.rombar), "on", "show an option ROM"},                  \
        {"multifunction", PROP_BOOL, offsetof(T, f.multifunction), "off",                          \
         "function 0 of several"},                                                                 \
    {                                                                                              \
        "bootindex", PROP_U32, offsetof(T, f.bootindex), "4294967295",                             \
            "place in the firmware's boot order"                                                   \
    }

// The part of a PciDevice that is guest state: use with STATE_STRUCTS(T, f, PciDevice, 1, ...).
extern const StateField pci_state_fields[];

// MSI: who takes the memory write (an interrupt translation service wants the requester's id).
// Without a hook it is a 32-bit write to guest memory.
typedef void PciMsiHook(void *opaque, uint16_t requester, uint64_t addr, uint32_t data);

PciBus *pci_bus_new(struct Machine *m, const char *name, MemRegion *mem, MemRegion *io,
                    const IrqLine intx[4]);
// Other lines, and which of them (0 .. n - 1) a device's pin (INTA = 0) reaches. With a NULL map,
// the first four as in pci_bus_new.
typedef unsigned PciIntxMap(void *opaque, unsigned devfn, unsigned pin);
void pci_bus_set_intx(PciBus *b, const IrqLine *lines, unsigned n, PciIntxMap *map, void *opaque);
void pci_bus_intx_moved(PciBus *b);  // after a change of what map answers
void pci_bus_enable_roms(PciBus *b); // devices get their default option ROMs
void pci_bus_set_msi_hook(PciBus *b, PciMsiHook *hook, void *opaque);
// One config access of 1, 2 or 4 bytes, naturally aligned. Absent functions read as all ones.
uint32_t pci_bus_config_read(PciBus *b, unsigned devfn, unsigned offset, unsigned size);
void pci_bus_config_write(PciBus *b, unsigned devfn, unsigned offset, uint32_t value,
                          unsigned size);
PciDevice *pci_bus_device(PciBus *b, unsigned devfn); // NULL if absent
void pci_bus_print(PciBus *b, void *file);            // `info pci`
// What BARs are mapped into: for devices that answer at fixed addresses as well (VGA, IDE).
MemRegion *pci_bus_memory(PciBus *b);
MemRegion *pci_bus_io(PciBus *b);

// --- for a device's realize: identity first, then the slot, BARs and capabilities
typedef struct PciIds {
    uint16_t vendor, device, subsystem_vendor, subsystem;
    uint8_t revision;
    uint32_t class_code; // base class, sub-class, interface: 24 bits
} PciIds;
// Finds the bus (machine's "pci") and a slot. False with *error.
bool pci_device_plug(PciDevice *d, const PciIds *ids, bool intx_pin, char **error);
void pci_device_unplug(PciDevice *d);
// size of region: a power of 2, at least 16 (I/O ports: 4). A PCI_BAR_MEM64 takes two BARs.
void pci_add_bar(PciDevice *d, unsigned bar, uint8_t type, MemRegion *region);
// Space for a capability of len bytes (header included); returns its offset.
uint8_t pci_add_capability(PciDevice *d, uint8_t id, uint8_t len);
// MSI with 64-bit addresses, `vectors` a power of 2 up to 32.
void pci_add_msi(PciDevice *d, unsigned vectors);
// Table at offset 0 and pending bits in the upper half of a memory BAR of its own.
void pci_add_msix(PciDevice *d, unsigned bar, unsigned vectors);
// After the last of these: what is there now is the reset state.
void pci_device_ready(PciDevice *d);
void pci_device_reset(PciDevice *d);
// After a snapshot load: BARs and lines follow the registers.
void pci_device_loaded(PciDevice *d);

// --- interrupts
void pci_set_irq(PciDevice *d, bool level);
bool pci_msix_enabled(const PciDevice *d);
void pci_msix_notify(PciDevice *d, unsigned vector); // pends while masked
bool pci_msi_enabled(const PciDevice *d);
void pci_msi_notify(PciDevice *d, unsigned vector);

// --- between pci.c and pci_msi.c
void pci_update_intx(PciDevice *d);
void pci_msi_config_written(PciDevice *d, unsigned offset, unsigned size);
void pci_msi_reset(PciDevice *d);
void pci_bus_intx(PciBus *b, unsigned devfn, unsigned pin, bool level);
void pci_bus_msi(PciBus *b, unsigned devfn, uint64_t addr, uint32_t data);

static inline uint16_t pci_get16(const uint8_t *config, unsigned offset)
{
    return config[offset] | config[offset + 1] << 8;
}

static inline void pci_put16(uint8_t *config, unsigned offset, uint16_t v)
{
    config[offset] = v;
    config[offset + 1] = v >> 8;
}

static inline uint32_t pci_get32(const uint8_t *config, unsigned offset)
{
    return pci_get16(config, offset) | (uint32_t)pci_get16(config, offset + 2) << 16;
}

static inline void pci_put32(uint8_t *config, unsigned offset, uint32_t v)
{
    pci_put16(config, offset, v);
    pci_put16(config, offset + 2, v >> 16);
}

#endif
