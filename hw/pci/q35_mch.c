// Intel Q35 host bridge (datasheet 316966, chapter 5): the configuration window, PAM, SMRAM and
// TSEG.
//
//   TSEG  the end of RAM below 4 GiB, as large as ESMRAMC says; only CPUs in SMM see it, others
//         read all ones
#include "hw/pci/q35_mch.h"

#include "hw/core/machine.h"
#include "hw/pci/pc_bridge.h"
#include "hw/pci/pci_host.h"

enum {
    REG_EXT_TSEG = 0x50, // QEMU's: reads as TSEG's size in MiB after 0xffff was written
    REG_PCIEXBAR = 0x60,
    REG_PAM = 0x90,
    REG_SMRAM = 0x9d,
    REG_ESMRAMC = 0x9e,
};

#define ECAM_SIZE     0x10000000
#define ECAM_DEFAULT  UINT64_C(0xb0000000)
#define ESMRAMC_RESET 0x38
#define ESMRAMC_WMASK 0x87
#define TSEG_ON       0x01
#define EXT_TSEG_ASK  0xffff
#define EXT_TSEG_MIB  16
#define MIB           UINT64_C(0x100000)

typedef struct Q35Mch {
    PcBridge bridge;
    const PcMemory *mem;
    MemRegion *ecam;
    MemRegion *tseg_hole, *tseg; // whole-RAM sized; what is shown is an alias's window
} Q35Mch;

static const StateField fields[] = {
    STATE_STRUCTS(PcBridge, pci, PciDevice, 1, pci_state_fields),
    STATE_END,
};

static void update_ecam(Q35Mch *s)
{
    static const uint64_t align[4] = {0x10000000, 0x8000000, 0x4000000, 0x10000000};
    const uint8_t *c = s->bridge.pci.config;
    uint64_t v = pci_get32(c, REG_PCIEXBAR) | (uint64_t)pci_get32(c, REG_PCIEXBAR + 4) << 32;
    mem_set_enabled(s->ecam, false);
    mem_set_address(s->ecam, ALIGN_DOWN(v & 0xfffffffffull, align[extract64(v, 1, 2)]));
    mem_set_enabled(s->ecam, v & 1);
}

static uint64_t tseg_size(const Q35Mch *s)
{
    static const uint8_t mib[4] = {1, 2, 8, EXT_TSEG_MIB};
    return mib[extract32(s->bridge.pci.config[REG_ESMRAMC], 1, 2)] * MIB;
}

static void remove_tseg(Q35Mch *s)
{
    if (s->tseg) {
        mem_unmap(s->mem->sysmem, s->tseg_hole);
        mem_unmap(s->mem->smm, s->tseg);
        s->tseg = s->tseg_hole = NULL;
    }
}

// Regions of the new size each time: it is decided once, by firmware.
static void update_tseg(Q35Mch *s)
{
    const uint8_t *c = s->bridge.pci.config;
    uint64_t size = tseg_size(s), base = s->mem->below_4g - size;
    bool on = (c[REG_SMRAM] & PC_SMRAM_ON) && (c[REG_ESMRAMC] & TSEG_ON) && size < s->mem->below_4g;
    if (on && s->tseg && mem_size(s->tseg) == size) {
        return;
    }
    remove_tseg(s);
    if (on) {
        s->tseg_hole = pci_unmapped_region("tseg-hole", size);
        s->tseg = mem_alias("tseg", s->mem->ram, base, size);
        mem_map(s->mem->sysmem, base, s->tseg_hole, 1);
        mem_map(s->mem->smm, base, s->tseg, 1);
    }
}

static void update(PcBridge *b, bool locked)
{
    Q35Mch *s = (Q35Mch *)b;
    b->pci.wmask[REG_ESMRAMC] = locked ? 0 : ESMRAMC_WMASK;
    update_tseg(s);
    update_ecam(s);
}

static bool loaded(void *obj, char **error)
{
    Q35Mch *s = obj;
    (void)error;
    s->bridge.pci.wmask[REG_ESMRAMC] = ESMRAMC_WMASK;
    pc_bridge_loaded(&s->bridge);
    return true;
}

static const StateDesc state = {"mch", 1, fields, .loaded = loaded};

static void config_written(PciDevice *d, unsigned offset, unsigned size)
{
    if (offset < REG_EXT_TSEG + 2 && offset + size > REG_EXT_TSEG) {
        uint16_t v = pci_get16(d->config, REG_EXT_TSEG);
        pci_put16(d->config, REG_EXT_TSEG, v == EXT_TSEG_ASK ? EXT_TSEG_MIB : 0);
    }
    if (offset < REG_ESMRAMC + 1 && offset + size > REG_PCIEXBAR) {
        pc_bridge_update((PcBridge *)d);
    }
}

static bool realize(Device *d, char **error)
{
    static const PcBridgeModel model = {
        .ids = {0x8086, 0x29c0, 0x1af4, 0x1100, 0, 0x060000},
        .pam = REG_PAM,
        .smram = REG_SMRAM,
        .smram_wmask = PC_SMRAM_LOCKED,
        .update = update,
        .config_written = config_written,
    };
    PciDevice *p = (PciDevice *)d;
    if (!pc_bridge_plug((PcBridge *)d, &model, error)) {
        return false;
    }
    pci_put32(p->config, REG_PCIEXBAR, (uint32_t)ECAM_DEFAULT);
    p->config[REG_ESMRAMC] = ESMRAMC_RESET;
    pci_device_ready(p);
    return true;
}

static const DeviceProp props[] = {PCI_PROPS(Q35Mch, bridge.pci), {NULL, 0, 0, NULL, NULL}};

static const DeviceType mch_type = {
    .name = "mch",
    .desc = "Intel Q35 host bridge",
    .bus = "pci",
    .size = sizeof(Q35Mch),
    .props = props,
    .state = &state,
    .realize = realize,
    .reset = pc_bridge_reset,
};
DEVICE_TYPE(mch_type);

Device *q35_mch_create(Machine *m, const PcMemory *mem)
{
    Q35Mch *s = (Q35Mch *)pci_create(m, "mch", "0", false);
    s->mem = mem;
    s->ecam = pci_ecam_region(s->bridge.pci.bus, ECAM_SIZE);
    mem_set_enabled(s->ecam, false);
    mem_map(mem->sysmem, ECAM_DEFAULT, s->ecam, 0);
    pam_init(&s->bridge.pam, m, mem);
    return &s->bridge.pci.dev;
}

void q35_mch_prepare(Device *d, uint64_t ecam)
{
    Q35Mch *s = (Q35Mch *)d;
    pc_bridge_open_shadow(&s->bridge);
    pci_put32(s->bridge.pci.config, REG_PCIEXBAR, (uint32_t)ecam | 1);
    pci_put32(s->bridge.pci.config, REG_PCIEXBAR + 4, (uint32_t)(ecam >> 32));
    pc_bridge_update(&s->bridge);
}
