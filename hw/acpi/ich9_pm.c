// Power management block of an ICH9 (Intel 316972, "ICH9 family data sheet", 13.8): 128 ports where
// the LPC bridge's PMBASE says.
#include "hw/acpi/ich9_tco.h"
#include "hw/acpi/pm_internal.h"
#include "hw/core/machine.h"
#include "util/log.h"

// --- registers

enum {
    GPE0 = ICH9_GPE0_OFFSET,
    GPE0_END = GPE0 + 2 * GPE_MAX,
    SMI_EN = 0x30,
    SMI_STS = 0x34,
    TCO = 0x60,
};
enum {
    SMI_GLOBAL = 1 << 0,
    SMI_EOS = 1 << 1,
    SMI_APMC = 1 << 5,
    SMI_TCO = 1 << 13,
};

typedef struct Ich9Pm {
    Device dev;
    AcpiPm pm;
    Ich9Tco tco;
    uint32_t smi_en, smi_sts;
    bool locked; // the LPC bridge's SMI lock
    MemRegion *io, *block;
    bool mapped;
    IrqLine sci, smi;
} Ich9Pm;

// Where the block lies is the LPC bridge's state.
static const StateField fields[] = {
    STATE_STRUCTS(Ich9Pm, pm, AcpiPm, 1, acpi_pm_state_fields),
    STATE_STRUCTS(Ich9Pm, tco, Ich9Tco, 1, ich9_tco_state_fields),
    STATE_U32(Ich9Pm, smi_en, .reset = SMI_EOS),
    STATE_U32(Ich9Pm, smi_sts),
    STATE_BOOL(Ich9Pm, locked),
    STATE_END,
};

static bool loaded(void *obj, char **error)
{
    (void)error;
    acpi_pm_loaded(&((Ich9Pm *)obj)->pm);
    return true;
}

static const StateDesc state = {"ich9-pm", 1, fields, .loaded = loaded};

// --- SMIs

static void smi(Ich9Pm *s, uint32_t reason)
{
    s->smi_sts |= reason;
    if ((s->smi_en & SMI_GLOBAL) && (s->smi_en & reason)) {
        irq_pulse(&s->smi);
    }
}

static void apm_written(void *opaque, uint8_t value)
{
    (void)value;
    smi(opaque, SMI_APMC);
}

static void tco_timeout(void *opaque)
{
    smi(opaque, SMI_TCO);
}

static void write_smi_en(Ich9Pm *s, uint32_t v)
{
    uint32_t fixed = s->locked ? SMI_GLOBAL : 0;
    s->smi_en = (v & ~fixed) | (s->smi_en & fixed);
}

// --- ports: bytes; words of the PM1 block are written whole

static uint8_t read_byte(Ich9Pm *s, unsigned at)
{
    uint16_t v = 0;
    if (at >= TCO) {
        return ich9_tco_read(&s->tco, at - TCO);
    }
    if (at >= GPE0 && at < GPE0_END) {
        return acpi_gpe_read(&s->pm, at - GPE0);
    }
    if (at >= SMI_EN && at < SMI_EN + 4) {
        return (uint8_t)(s->smi_en >> (at - SMI_EN) * 8);
    }
    if (at >= SMI_STS && at < SMI_STS + 4) {
        return (uint8_t)(s->smi_sts >> (at - SMI_STS) * 8);
    }
    if (!acpi_pm_read(&s->pm, at & ~1u, &v)) {
        log_printf(LOG_UNIMP, "ich9-pm: read of register 0x%x\n", at);
    }
    return (uint8_t)(v >> (at & 1) * 8);
}

static void write_byte(Ich9Pm *s, unsigned at, uint8_t v)
{
    unsigned shift = (at & 3) * 8;
    if (at >= TCO) {
        ich9_tco_write(&s->tco, at - TCO, v);
    } else if (at >= GPE0 && at < GPE0_END) {
        acpi_gpe_write(&s->pm, at - GPE0, v);
    } else if (at >= SMI_EN && at < SMI_EN + 4) {
        write_smi_en(s, (uint32_t)deposit64(s->smi_en, shift, 8, v));
    } else if (at >= SMI_STS && at < SMI_STS + 4) {
        s->smi_sts &= ~((uint32_t)v << shift);
    } else {
        log_printf(LOG_UNIMP, "ich9-pm: write of register 0x%x: 0x%x\n", at, v);
    }
}

static uint64_t block_read(void *opaque, uint64_t offset, unsigned size)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < size; i++) {
        v |= (uint64_t)read_byte(opaque, (unsigned)offset + i) << 8 * i;
    }
    return v;
}

static void block_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Ich9Pm *s = opaque;
    unsigned shift = size == 2 ? 0 : (offset & 1) * 8;
    uint16_t mask = size == 2 ? 0xffff : (uint16_t)(0xff << shift);
    if (acpi_pm_write(&s->pm, (unsigned)offset & ~1u, (uint16_t)(value << shift), mask)) {
        return;
    }
    for (unsigned i = 0; i < size; i++) {
        write_byte(s, (unsigned)offset + i, (uint8_t)(value >> 8 * i));
    }
}

static const MmioOps block_ops = {block_read, block_write, .min_size = 1, .max_size = 2};

// --- device

static bool realize(Device *d, char **error)
{
    Ich9Pm *s = (Ich9Pm *)d;
    (void)error;
    s->pm = (AcpiPm){.m = d->machine,
                     .name = "ich9-pm",
                     .sci = s->sci,
                     .smi = s->smi,
                     .gpe_len = GPE_MAX,
                     .enable_cmd = ACPI_ENABLE_ICH9,
                     .disable_cmd = ACPI_DISABLE_ICH9,
                     .apm_written = apm_written,
                     .opaque = s};
    s->tco = (Ich9Tco){.m = d->machine, .smi = tco_timeout, .opaque = s};
    s->block = mem_mmio("ich9-pm", ICH9_PM_SIZE, &block_ops, s);
    acpi_pm_init(&s->pm, s->io, s->block);
    ich9_tco_init(&s->tco);
    return true;
}

static void reset(Device *d)
{
    Ich9Pm *s = (Ich9Pm *)d;
    ich9_tco_reset(&s->tco);
    acpi_pm_reset(&s->pm);
}

static void unrealize(Device *d)
{
    Ich9Pm *s = (Ich9Pm *)d;
    acpi_pm_free(&s->pm);
    ich9_tco_free(&s->tco);
}

static const DeviceType ich9_pm_type = {
    .name = "ich9-pm",
    .desc = "power management of the ICH9",
    .bus = "sysbus",
    .size = sizeof(Ich9Pm),
    .state = &state,
    .realize = realize,
    .reset = reset,
    .unrealize = unrealize,
};
DEVICE_TYPE(ich9_pm_type);

Device *ich9_pm_create(Machine *m, MemRegion *io, IrqLine sci, IrqLine smi)
{
    Ich9Pm *s = (Ich9Pm *)device_new(&ich9_pm_type, m, NULL);
    char *error = NULL;
    s->io = io;
    s->sci = sci;
    s->smi = smi;
    if (!device_realize(&s->dev, &error)) {
        die("%s", error);
    }
    machine_register(m, "acpi-pm", &s->pm);
    return &s->dev;
}

void ich9_pm_map(Device *d, uint16_t base, bool enabled)
{
    Ich9Pm *s = (Ich9Pm *)d;
    if (s->mapped) {
        mem_unmap(s->io, s->block);
        s->mapped = false;
    }
    if (enabled && (base & 0xff80)) {
        mem_map(s->io, base & 0xff80, s->block, 1);
        s->mapped = true;
    }
}

void ich9_pm_smi_lock(Device *d, bool locked)
{
    ((Ich9Pm *)d)->locked = locked;
}

void ich9_pm_no_reboot(Device *d, bool no_reboot)
{
    ((Ich9Pm *)d)->tco.no_reboot = no_reboot;
}
