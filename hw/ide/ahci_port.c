// An AHCI port: its registers, the command slots, and the FISes that come back.
#include <glib.h>
#include <string.h>

#include "hw/core/machine.h"
#include "hw/ide/ahci_internal.h"
#include "util/log.h"

enum {
    PX_CLB = 0x00,
    PX_CLBU = 0x04,
    PX_FB = 0x08,
    PX_FBU = 0x0c,
    PX_IS = 0x10,
    PX_IE = 0x14,
    PX_CMD = 0x18,
    PX_TFD = 0x20,
    PX_SIG = 0x24,
    PX_SSTS = 0x28,
    PX_SCTL = 0x2c,
    PX_SERR = 0x30,
    PX_SACT = 0x34,
    PX_CI = 0x38,
};

enum { FIS_H2D = 0x27, FIS_D2H = 0x34, FIS_SDB = 0xa1, FIS_PIO_SETUP = 0x5f };
#define FIS_INTERRUPT 0x40
// Places in the received FIS area (4.2.1).
#define RFIS_PIO 0x20
#define RFIS_D2H 0x40
#define RFIS_SDB 0x58

#define HEADER_ATAPI BIT(5)
#define HEADER_SIZE  32
#define TABLE_ACMD   0x40
#define TABLE_PRDT   0x80
#define PRD_SIZE     16

#define CMD_READ_FPDMA  0x60
#define CMD_WRITE_FPDMA 0x61
#define NO_DRIVE_TFD    0x7f

const StateField ahci_port_fields[] = {
    STATE_U64(AhciPort, clb, .keep = true),
    STATE_U64(AhciPort, fb, .keep = true),
    STATE_U32(AhciPort, is),
    STATE_U32(AhciPort, ie),
    STATE_U32(AhciPort, cmd),
    STATE_U32(AhciPort, tfd),
    STATE_U32(AhciPort, sig),
    STATE_U32(AhciPort, sctl),
    STATE_U32(AhciPort, serr),
    STATE_U32(AhciPort, sact),
    STATE_U32(AhciPort, ci),
    STATE_BOOL(AhciPort, halted),
    STATE_BOOL(AhciPort, soft_reset),
    STATE_END,
};

static AtaDrive *drive_of(const AhciPort *p)
{
    return p->bus.drive[0];
}

static AddressSpace *memory(const AhciPort *p)
{
    return p->hba->pci.dev.machine->memory;
}

// --- FISes to memory

static void receive(AhciPort *p, unsigned place, const uint8_t *fis, unsigned len)
{
    if (p->cmd & PCMD_FRE) {
        mem_write(memory(p), p->fb + place, fis, len);
    }
}

static void put_registers(const AtaDrive *d, uint8_t *fis)
{
    fis[2] = d->status;
    fis[3] = d->error;
    fis[4] = d->lba_low.now;
    fis[5] = d->lba_mid.now;
    fis[6] = d->lba_high.now;
    fis[7] = d->device;
    fis[8] = d->lba_low.before;
    fis[9] = d->lba_mid.before;
    fis[10] = d->lba_high.before;
    fis[12] = d->count.now;
    fis[13] = d->count.before;
}

static void take_status(AhciPort *p, const AtaDrive *d)
{
    p->tfd = (uint32_t)d->error << 8 | d->status;
    if (d->status & ATA_ERR) {
        p->is |= PIS_TFES;
        p->halted = true;
    }
}

static void send_d2h(AhciPort *p, bool interrupt)
{
    const AtaDrive *d = drive_of(p);
    uint8_t fis[20] = {FIS_D2H, interrupt ? FIS_INTERRUPT : 0};
    put_registers(d, fis);
    receive(p, RFIS_D2H, fis, sizeof fis);
    take_status(p, d);
    p->is |= interrupt ? PIS_DHRS : 0;
}

// status: as it is once the block has been moved.
static void send_pio_setup(AhciPort *p, uint8_t before, uint8_t status, uint32_t len, bool to_host)
{
    uint8_t fis[20] = {FIS_PIO_SETUP, (uint8_t)(FIS_INTERRUPT | (to_host ? 0x20 : 0))};
    put_registers(drive_of(p), fis);
    fis[2] = before;
    fis[15] = status;
    fis[16] = (uint8_t)len;
    fis[17] = (uint8_t)(len >> 8);
    receive(p, RFIS_PIO, fis, sizeof fis);
    p->is |= PIS_PSS;
}

static void send_set_device_bits(AhciPort *p, uint32_t done)
{
    const AtaDrive *d = drive_of(p);
    uint8_t fis[8] = {FIS_SDB, FIS_INTERRUPT, d->status & 0x77, d->error};
    for (unsigned i = 0; i < 4; i++) {
        fis[4 + i] = (uint8_t)(done >> (8 * i));
    }
    receive(p, RFIS_SDB, fis, sizeof fis);
    p->sact &= ~done;
    p->is |= PIS_SDBS;
    take_status(p, d);
}

// After reset the drive tells who it is.
static void send_signature(AhciPort *p)
{
    const AtaDrive *d = drive_of(p);
    if (!d) {
        p->tfd = NO_DRIVE_TFD;
        p->sig = 0xffffffff;
        return;
    }
    p->sig = (uint32_t)d->lba_high.now << 24 | (uint32_t)d->lba_mid.now << 16 |
             (uint32_t)d->lba_low.now << 8 | d->count.now;
    send_d2h(p, false);
}

// --- scatter lists

typedef struct Prdt {
    AtaSg sg;
    uint64_t at;
    unsigned left;
    bool interrupt; // some entry asked for one
} Prdt;

static bool next_prd(AtaSg *sg, uint64_t *addr, uint32_t *len)
{
    Prdt *t = container_of(sg, Prdt, sg);
    uint8_t e[PRD_SIZE];
    if (!t->left) {
        return false;
    }
    t->left--;
    mem_read(sg->memory, t->at, e, sizeof e);
    t->at += sizeof e;
    *addr = (pci_get32(e, 0) & ~1u) | (uint64_t)pci_get32(e, 4) << 32;
    *len = (pci_get32(e, 12) & 0x3fffff) + 1;
    t->interrupt |= (pci_get32(e, 12) & BIT(31)) != 0;
    return true;
}

// --- one command

typedef struct Slot {
    unsigned n;
    uint64_t header, table;
    uint32_t flags; // first word of the header
    uint8_t fis[20];
    Prdt prdt;
} Slot;

static void read_slot(AhciPort *p, unsigned n, Slot *c)
{
    uint8_t h[16];
    *c = (Slot){.n = n, .header = p->clb + (uint64_t)n * HEADER_SIZE};
    mem_read(memory(p), c->header, h, sizeof h);
    c->flags = pci_get32(h, 0);
    c->table = (pci_get32(h, 8) & ~0x7fu) | (uint64_t)pci_get32(h, 12) << 32;
    mem_read(memory(p), c->table, c->fis, sizeof c->fis);
    c->prdt = (Prdt){.sg = {.memory = memory(p), .next = next_prd},
                     .at = c->table + TABLE_PRDT,
                     .left = c->flags >> 16};
}

static void take_registers(AtaDrive *d, const uint8_t *fis)
{
    d->feature = (AtaReg){fis[3], fis[11]};
    d->lba_low = (AtaReg){fis[4], fis[8]};
    d->lba_mid = (AtaReg){fis[5], fis[9]};
    d->lba_high = (AtaReg){fis[6], fis[10]};
    d->count = (AtaReg){fis[12], fis[13]};
    d->device = fis[7];
}

// The drive wants data that the list has no room for, or has too much of it.
static void overflow(AhciPort *p, AtaDrive *d)
{
    log_printf(LOG_GUEST_ERRORS, "ahci: scatter list too short for command 0x%02x\n", d->command);
    ata_abort(d, ATA_ABRT);
    p->is |= PIS_OFS;
}

static bool pio_block(AhciPort *p, AtaDrive *d, Slot *c)
{
    uint32_t len = d->end - d->pos;
    bool in = d->phase == ATA_PIO_IN;
    uint8_t before = d->status;
    if (!in && d->data == ATA_DATA_PACKET) {
        mem_read(memory(p), c->table + TABLE_ACMD, d->buf, ATA_PACKET_LEN);
    } else if (ata_sg_copy(&c->prdt.sg, d->buf + d->pos, len, in) < len) {
        return false;
    }
    d->pos = d->end;
    ata_block_done(d);
    send_pio_setup(p, before, d->status, len, in);
    return true;
}

// True: a register FIS tells the end; false: the last PIO setup FIS did.
static bool move_data(AhciPort *p, AtaDrive *d, Slot *c)
{
    bool last_was_in = false;
    while (d->phase != ATA_IDLE) {
        bool pio = d->phase == ATA_PIO_IN || d->phase == ATA_PIO_OUT;
        last_was_in = d->phase == ATA_PIO_IN && !d->cdrom;
        if (pio && pio_block(p, d, c)) {
            continue;
        }
        if (!pio) {
            ata_dma(d, &c->prdt.sg);
        }
        if (d->phase != ATA_IDLE) {
            overflow(p, d);
        }
    }
    return !last_was_in || (d->status & ATA_ERR);
}

static void run_register_command(AhciPort *p, AtaDrive *d, Slot *c)
{
    uint8_t moved[4];
    ata_command(d, c->fis[2]);
    if (move_data(p, d, c)) {
        send_d2h(p, true);
    } else {
        take_status(p, d);
    }
    pci_put32(moved, 0, (uint32_t)c->prdt.sg.moved);
    mem_write(memory(p), c->header + 4, moved, sizeof moved);
}

static void run_queued_command(AhciPort *p, AtaDrive *d, Slot *c)
{
    unsigned tag = d->count.now >> 3;
    bool ok = tag == c->n && !d->cdrom;
    if (ok) {
        d->command = c->fis[2];
        ok = ata_queued(d, &c->prdt.sg, c->fis[2] == CMD_WRITE_FPDMA, tag);
        // Accepted: the slot is free again, SACT tells about the command.
        p->ci &= ~(1u << c->n);
        send_set_device_bits(p, ok ? 1u << tag : 0);
    } else {
        ata_abort(d, ATA_ABRT);
        send_d2h(p, true);
    }
}

// Register FIS without the command bit: the device control register.
static void control_fis(AhciPort *p, AtaDrive *d, const uint8_t *fis)
{
    bool reset = fis[15] & 4;
    if (reset && !p->soft_reset) {
        ata_reset(d);
    } else if (!reset && p->soft_reset) {
        ata_reset(d);
        d->device = 0;
        send_signature(p);
    }
    p->soft_reset = reset;
}

// False: the slot stays busy.
static bool run_slot(AhciPort *p, unsigned n)
{
    AtaDrive *d = drive_of(p);
    Slot c;
    if (!(pci_get16(p->hba->pci.config, PCI_COMMAND) & PCI_COMMAND_MASTER)) {
        log_printf(LOG_GUEST_ERRORS, "ahci: command without bus mastering\n");
        return false;
    }
    read_slot(p, n, &c);
    p->cmd = (p->cmd & ~PCMD_CCS) | n << 8;
    if (c.fis[0] != FIS_H2D || (c.fis[1] & 15)) { // there are no port multipliers
        log_printf(LOG_GUEST_ERRORS, "ahci: FIS %02x %02x\n", c.fis[0], c.fis[1]);
        return !(c.fis[1] & 15);
    }
    if (!(c.fis[1] & 0x80)) {
        control_fis(p, d, c.fis);
        return true;
    }
    take_registers(d, c.fis);
    if (c.fis[2] == CMD_READ_FPDMA || c.fis[2] == CMD_WRITE_FPDMA) {
        run_queued_command(p, d, &c);
    } else {
        run_register_command(p, d, &c);
    }
    p->is |= c.prdt.interrupt ? PIS_DPS : 0;
    return !p->halted;
}

static void run_slots(AhciPort *p)
{
    if (!(p->cmd & PCMD_ST) || !drive_of(p)) {
        return;
    }
    p->hba->busy = true;
    for (unsigned n = 0; n < AHCI_SLOTS && !p->halted; n++) {
        if ((p->ci >> n & 1) && run_slot(p, n)) {
            p->ci &= ~(1u << n);
        }
    }
    p->hba->busy = false;
    ahci_update_irq(p->hba);
}

// --- registers

static uint32_t sata_status(const AhciPort *p)
{
    unsigned detect = p->sctl & 15;
    if (!drive_of(p) || detect == 1) {
        return 0;
    }
    return detect == 4 ? 4 : 0x123; // present, 3 Gb/s, active
}

static void write_command(AhciPort *p, uint32_t v)
{
    uint32_t old = p->cmd;
    p->cmd = (v & PCMD_WRITABLE) | (old & PCMD_CCS) | (v & PCMD_FRE ? PCMD_FR : 0) |
             (v & PCMD_ST ? PCMD_CR : 0);
    if (v & PCMD_CLO) {
        p->tfd &= ~(uint32_t)(ATA_BSY | ATA_DRQ);
    }
    if (!(v & PCMD_ST)) {
        p->ci = p->sact = 0;
        p->halted = false;
        p->cmd &= ~PCMD_CCS;
    }
    if ((v & ~old & PCMD_FRE) && drive_of(p)) {
        send_signature(p);
    }
    run_slots(p);
}

// COMRESET: as long as DET is 1, and the drive starts anew when that ends.
static void write_control(AhciPort *p, uint32_t v)
{
    bool was = (p->sctl & 15) == 1, is = (v & 15) == 1;
    p->sctl = v & 0xfff;
    if (was && !is && drive_of(p)) {
        ata_reset(drive_of(p));
        drive_of(p)->device = 0;
        p->serr |= SERR_X;
        p->is |= PIS_PCS;
        send_signature(p);
    } else if (is) {
        p->tfd = NO_DRIVE_TFD;
    }
}

uint32_t ahci_port_read(AhciPort *p, unsigned offset)
{
    switch (offset) {
    case PX_CLB:
        return (uint32_t)p->clb;
    case PX_CLBU:
        return p->clb >> 32;
    case PX_FB:
        return (uint32_t)p->fb;
    case PX_FBU:
        return p->fb >> 32;
    case PX_IS:
        return p->is;
    case PX_IE:
        return p->ie;
    case PX_CMD:
        return p->cmd;
    case PX_TFD:
        return p->tfd;
    case PX_SIG:
        return p->sig;
    case PX_SSTS:
        return sata_status(p);
    case PX_SCTL:
        return p->sctl;
    case PX_SERR:
        return p->serr;
    case PX_SACT:
        return p->sact;
    case PX_CI:
        return p->ci;
    }
    return 0;
}

void ahci_port_write(AhciPort *p, unsigned offset, uint32_t v)
{
    switch (offset) {
    case PX_CLB:
        p->clb = deposit64(p->clb, 0, 32, v & ~0x3ffu);
        break;
    case PX_CLBU:
        p->clb = deposit64(p->clb, 32, 32, v);
        break;
    case PX_FB:
        p->fb = deposit64(p->fb, 0, 32, v & ~0xffu);
        break;
    case PX_FBU:
        p->fb = deposit64(p->fb, 32, 32, v);
        break;
    case PX_IS:
        p->is &= ~(v & ~(uint32_t)PIS_PCS);
        break;
    case PX_IE:
        p->ie = v & PIS_ALL;
        break;
    case PX_CMD:
        write_command(p, v);
        break;
    case PX_SCTL:
        write_control(p, v);
        break;
    case PX_SERR:
        p->serr &= ~v;
        p->is &= p->serr & SERR_X ? ~0u : ~(uint32_t)PIS_PCS;
        break;
    case PX_SACT:
        p->sact |= p->cmd & PCMD_ST ? v : 0;
        break;
    case PX_CI:
        p->ci |= p->cmd & PCMD_ST ? v : 0;
        run_slots(p);
        break;
    }
    ahci_update_irq(p->hba);
}

// --- setting up

static void drive_interrupt(void *opaque, unsigned unit)
{
    (void)opaque; // FISes tell instead
    (void)unit;
}

void ahci_port_init(AhciPort *p, Ahci *s, unsigned n)
{
    p->hba = s;
    p->bus.machine = s->pci.dev.machine;
    p->bus.controller = &s->pci.dev;
    p->bus.index = n;
    p->bus.units = 1;
    p->bus.sata = true;
    p->bus.interrupt = drive_interrupt;
    p->bus.opaque = p;
    ide_bus_init(&p->bus);
}

void ahci_port_reset(AhciPort *p)
{
    p->is = p->ie = p->serr = p->sact = p->ci = p->sctl = 0;
    p->halted = p->soft_reset = false;
    p->cmd = PCMD_SUD | PCMD_POD;
    if (drive_of(p)) {
        ata_reset(drive_of(p));
        drive_of(p)->device = 0;
    }
    send_signature(p);
}

void ahci_port_power_on(AhciPort *p)
{
    p->clb = p->fb = 0;
    ahci_port_reset(p);
}

bool ahci_port_loaded(AhciPort *p, char **error)
{
    (void)error;
    p->clb &= ~UINT64_C(0x3ff);
    p->fb &= ~UINT64_C(0xff);
    return true;
}
