// "i6300esb": the watchdog of Intel's 6300ESB (Intel 300641, chapter 15), a PCI function. The first
// stage may raise an interrupt; at the end of the second the watchdog has expired.
#include "hw/core/machine.h"
#include "hw/pci/pci.h"
#include "hw/watchdog/watchdog.h"
#include "util/log.h"

// --- registers

enum {
    CFG_CONFIG = 0x60,
    CFG_LOCK = 0x68,
    CONFIG_INT_TYPE = 0x03, // 0: interrupt, 2: SMI, 3: none
    CONFIG_MICROSECONDS = 1 << 2,
    CONFIG_NO_REBOOT = 1 << 5,
    LOCK_LOCKED = 1 << 0,
    LOCK_ENABLED = 1 << 1,
    LOCK_FREE_RUN = 1 << 2,
};
enum {
    PRELOAD1 = 0x00,
    PRELOAD2 = 0x04,
    INTERRUPT = 0x08,
    RELOAD = 0x0c,
    RELOAD_NOW = 1 << 8,
    RELOAD_TIMEOUT = 1 << 9,
    PRELOAD_MASK = 0xfffff,
};
#define PCI_CLOCK_HZ UINT64_C(33333333)

typedef struct Esb {
    PciDevice pci;
    uint32_t preload[2];
    uint8_t stage;    // 0 or 1
    uint8_t unlocked; // steps of the unlock sequence: 2 is open
    bool int_status;
    bool timed_out; // the machine was reset by it
    Timer *timer;
} Esb;

static const StateField fields[] = {
    STATE_STRUCTS(Esb, pci, PciDevice, 1, pci_state_fields),
    STATE_U32_ARRAY(Esb, preload, 2, .reset = PRELOAD_MASK),
    STATE_U8(Esb, stage),
    STATE_U8(Esb, unlocked),
    STATE_BOOL(Esb, int_status),
    STATE_BOOL(Esb, timed_out, .keep = true),
    STATE_TIMER(Esb, timer),
    STATE_END,
};

static bool loaded(void *obj, char **error)
{
    Esb *s = obj;
    if (s->stage > 1) {
        *error = g_strdup("i6300esb: stage out of range");
        return false;
    }
    pci_device_loaded(&s->pci);
    return true;
}

static const StateDesc state = {"i6300esb", 1, fields, .loaded = loaded};

// --- counting

static uint16_t config(const Esb *s)
{
    return pci_get16(s->pci.config, CFG_CONFIG);
}

static uint8_t lock(const Esb *s)
{
    return s->pci.config[CFG_LOCK];
}

static void start_stage(Esb *s, uint8_t stage)
{
    unsigned scale = config(s) & CONFIG_MICROSECONDS ? 5 : 15;
    uint64_t ticks = (uint64_t)(s->preload[stage] + 1) << scale;
    uint64_t now = clock_now(s->pci.dev.machine->clock);
    s->stage = stage;
    timer_arm(s->timer, now + ticks * NS_PER_SEC / PCI_CLOCK_HZ);
}

static void restart(Esb *s)
{
    if (lock(s) & LOCK_ENABLED) {
        start_stage(s, 0);
    } else {
        timer_stop(s->timer);
    }
}

static void expired(void *opaque)
{
    Esb *s = opaque;
    if (s->stage == 0) {
        if ((config(s) & CONFIG_INT_TYPE) == 0) {
            s->int_status = true;
            pci_set_irq(&s->pci, true);
        }
        start_stage(s, 1);
        return;
    }
    if (!(config(s) & CONFIG_NO_REBOOT)) {
        s->timed_out = true;
        watchdog_expired(s->pci.dev.machine, "i6300esb");
    }
    if (lock(s) & LOCK_FREE_RUN) {
        start_stage(s, 0);
    }
}

// --- read and write

static uint64_t esb_read(void *opaque, uint64_t offset, unsigned size)
{
    const Esb *s = opaque;
    (void)size;
    if (offset == INTERRUPT) {
        return s->int_status;
    }
    return offset == RELOAD && s->timed_out ? RELOAD_TIMEOUT : 0;
}

// 80h, 86h open the registers for one write.
static void write_reload(Esb *s, uint16_t v)
{
    if (v == 0x80) {
        s->unlocked = 1;
    } else if (v == 0x86 && s->unlocked == 1) {
        s->unlocked = 2;
    } else if (s->unlocked == 2) {
        s->unlocked = 0;
        if (v & RELOAD_NOW) {
            restart(s);
        }
        if (v & RELOAD_TIMEOUT) {
            s->timed_out = false;
        }
    }
}

static void esb_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Esb *s = opaque;
    (void)size;
    switch (offset) {
    case PRELOAD1:
    case PRELOAD2:
        if (s->unlocked == 2) {
            s->preload[offset / 4] = value & PRELOAD_MASK;
            s->unlocked = 0;
        }
        break;
    case INTERRUPT:
        if (value & 1) {
            s->int_status = false;
            pci_set_irq(&s->pci, false);
        }
        break;
    case RELOAD:
        write_reload(s, (uint16_t)value);
        break;
    }
}

static const MmioOps ops = {esb_read, esb_write, .min_size = 4, .max_size = 4};

// Once locked, the lock register stays as it is.
static void config_written(PciDevice *d, unsigned offset, unsigned size)
{
    Esb *s = (Esb *)d;
    if (offset <= CFG_LOCK && CFG_LOCK < offset + size) {
        if (lock(s) & LOCK_LOCKED) {
            d->wmask[CFG_LOCK] = 0;
        }
        if (!timer_armed(s->timer) || !(lock(s) & LOCK_ENABLED)) {
            restart(s);
        }
    }
}

// --- device

static void set_lock_writable(PciDevice *d)
{
    d->wmask[CFG_LOCK] = LOCK_LOCKED | LOCK_ENABLED | LOCK_FREE_RUN;
}

static bool realize(Device *d, char **error)
{
    static const PciIds ids = {0x8086, 0x25ab, 0x1af4, 0x1100, 0, 0x088000};
    Esb *s = (Esb *)d;
    if (!pci_device_plug(&s->pci, &ids, true, error)) {
        return false;
    }
    s->timer = timer_new(d->machine->clock, expired, s);
    pci_add_bar(&s->pci, 0, 0, mem_mmio("i6300esb", 16, &ops, s));
    pci_put16(s->pci.wmask, CFG_CONFIG, CONFIG_INT_TYPE | CONFIG_MICROSECONDS | CONFIG_NO_REBOOT);
    set_lock_writable(&s->pci);
    s->pci.config_written = config_written;
    pci_device_ready(&s->pci);
    return true;
}

static void reset(Device *d)
{
    Esb *s = (Esb *)d;
    set_lock_writable(&s->pci);
    pci_device_reset(&s->pci);
}

static void unrealize(Device *d)
{
    Esb *s = (Esb *)d;
    timer_free(s->timer);
    pci_device_unplug(&s->pci);
}

static const DeviceProp props[] = {
    PCI_PROPS(Esb, pci),
    {NULL, 0, 0, NULL, NULL},
};

static const DeviceType i6300esb_type = {
    .name = "i6300esb",
    .desc = "watchdog (Intel 6300ESB)",
    .bus = "pci",
    .size = sizeof(Esb),
    .user_creatable = true,
    .props = props,
    .state = &state,
    .realize = realize,
    .reset = reset,
    .unrealize = unrealize,
};
DEVICE_TYPE(i6300esb_type);
