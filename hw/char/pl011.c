// PrimeCell UART (Arm DDI 0183, "PL011"). Characters leave and arrive at once: there is no baud
// rate; the transmit FIFO is always empty. Flow control towards the host is by FIFO space.
#include "hw/char/pl011.h"

#include "chardev/chardev.h"
#include "hw/core/machine.h"
#include "util/log.h"

// --- registers (chapter 3)

enum {
    UARTDR = 0x000,
    UARTRSR = 0x004,
    UARTFR = 0x018,
    UARTILPR = 0x020,
    UARTIBRD = 0x024,
    UARTFBRD = 0x028,
    UARTLCR_H = 0x02c,
    UARTCR = 0x030,
    UARTIFLS = 0x034,
    UARTIMSC = 0x038,
    UARTRIS = 0x03c,
    UARTMIS = 0x040,
    UARTICR = 0x044,
    UARTDMACR = 0x048,
    UART_ID = 0xfe0,
};

enum {
    FR_CTS = 1 << 0,
    FR_DSR = 1 << 1,
    FR_DCD = 1 << 2,
    FR_RXFE = 1 << 4,
    FR_RXFF = 1 << 6,
    FR_TXFE = 1 << 7,
    FR_RI = 1 << 8,
    LCR_BRK = 1 << 0,
    LCR_FEN = 1 << 4,
    CR_LBE = 1 << 7,
    CR_DTR = 1 << 10,
    CR_RTS = 1 << 11,
    CR_OUT1 = 1 << 12,
    CR_OUT2 = 1 << 13,
    CR_TXE = 1 << 8,
    CR_RXE = 1 << 9,
    INT_RI = 1 << 0,
    INT_CTS = 1 << 1,
    INT_DCD = 1 << 2,
    INT_DSR = 1 << 3,
    INT_RX = 1 << 4,
    INT_TX = 1 << 5,
    INT_RT = 1 << 6,
    INT_OE = 1 << 10,
    INT_ALL = 0x7ff,
    DR_BREAK = 1 << 10,
    DR_OVERRUN = 1 << 11,
};

#define FIFO_DEPTH 16

static const uint8_t id[] = {0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

// --- state

typedef struct PL011 {
    Device dev;
    uint32_t rsr, flags, ilpr, ibrd, fbrd, lcr, cr, ifls, imsc, ris, dmacr;
    uint32_t fifo[FIFO_DEPTH]; // character, with the error bits of UARTDR
    uint32_t head, count;
    Chardev *backend;
    IrqLine irq;
} PL011;

static const StateField fields[] = {
    STATE_U32(PL011, rsr),
    STATE_U32(PL011, flags),
    STATE_U32(PL011, ilpr),
    STATE_U32(PL011, ibrd),
    STATE_U32(PL011, fbrd),
    STATE_U32(PL011, lcr),
    STATE_U32(PL011, cr, .reset = CR_TXE | CR_RXE),
    STATE_U32(PL011, ifls, .reset = 0x12),
    STATE_U32(PL011, imsc),
    STATE_U32(PL011, ris),
    STATE_U32(PL011, dmacr),
    STATE_U32_ARRAY(PL011, fifo, FIFO_DEPTH),
    STATE_U32(PL011, head),
    STATE_U32(PL011, count),
    STATE_END,
};

static void update_irq(PL011 *s)
{
    irq_set(&s->irq, s->ris & s->imsc);
}

static bool loaded(void *obj, char **error)
{
    PL011 *s = obj;
    if (s->head >= FIFO_DEPTH || s->count > FIFO_DEPTH) {
        *error = g_strdup("pl011: receive FIFO out of range");
        return false;
    }
    update_irq(s);
    return true;
}

static const StateDesc state = {"pl011", 1, fields, .loaded = loaded};

// --- receive FIFO

static unsigned depth(const PL011 *s)
{
    return s->lcr & LCR_FEN ? FIFO_DEPTH : 1;
}

// Characters in the FIFO at which UARTRXINTR is raised: 1/8, 1/4, 1/2, 3/4, 7/8 full.
static unsigned rx_trigger(const PL011 *s)
{
    static const uint8_t eighths[8] = {1, 2, 4, 6, 7, 7, 7, 7};
    return s->lcr & LCR_FEN ? FIFO_DEPTH / 8 * eighths[extract32(s->ifls, 3, 3)] : 1;
}

// There is no baud rate, so that the receive timeout (32 bit times of silence) comes at once.
static void update_rx(PL011 *s)
{
    if (s->count >= rx_trigger(s)) {
        s->ris |= INT_RX;
    }
    if (s->count) {
        s->ris |= INT_RT;
    }
}

static void input_wanted(PL011 *s)
{
    if (s->backend) {
        chardev_ready(s->backend);
    }
}

static void push(PL011 *s, uint32_t c)
{
    if (s->count >= depth(s)) {
        s->ris |= INT_OE;
        s->rsr |= DR_OVERRUN >> 8;
        s->fifo[(s->head + s->count - 1) % FIFO_DEPTH] |= DR_OVERRUN;
        return;
    }
    s->fifo[(s->head + s->count) % FIFO_DEPTH] = c;
    s->count++;
    update_rx(s);
}

static uint32_t pop(PL011 *s)
{
    uint32_t c = s->fifo[s->head];
    if (!s->count) {
        return c & 0xff; // whatever was read last
    }
    s->head = (s->head + 1) % FIFO_DEPTH;
    s->count--;
    s->rsr = (c >> 8) & 0xf;
    if (s->count < rx_trigger(s)) {
        s->ris &= ~(uint32_t)INT_RX;
    }
    if (!s->count) {
        s->ris &= ~(uint32_t)INT_RT;
    }
    update_irq(s);
    input_wanted(s);
    return c;
}

static void flush(PL011 *s)
{
    s->head = s->count = 0;
    s->ris &= ~(uint32_t)(INT_RX | INT_RT);
}

static size_t can_receive(void *opaque)
{
    const PL011 *s = opaque;
    unsigned room = depth(s);
    return s->count < room && (s->cr & CR_RXE) ? room - s->count : 0;
}

static void receive(void *opaque, const uint8_t *buf, size_t len)
{
    PL011 *s = opaque;
    for (size_t i = 0; i < len && !(s->cr & CR_LBE); i++) {
        push(s, buf[i]);
    }
    update_irq(s);
}

static void line_break(void *opaque)
{
    PL011 *s = opaque;
    push(s, DR_BREAK);
    update_irq(s);
}

// --- transmit, modem lines

// In loopback the modem outputs are wired to the inputs (3.3.8).
static void update_modem(PL011 *s)
{
    uint32_t cr = s->cr, fr = FR_CTS | FR_DSR | FR_DCD;
    if (cr & CR_LBE) {
        fr = (cr & CR_RTS ? FR_CTS : 0) | (cr & CR_DTR ? FR_DSR : 0) | (cr & CR_OUT1 ? FR_DCD : 0) |
             (cr & CR_OUT2 ? FR_RI : 0);
    }
    uint32_t changed = fr ^ s->flags;
    s->ris |= (changed & FR_CTS ? INT_CTS : 0) | (changed & FR_DSR ? INT_DSR : 0) |
              (changed & FR_DCD ? INT_DCD : 0) | (changed & FR_RI ? INT_RI : 0);
    s->flags = fr;
}

static void transmit(PL011 *s, uint8_t c)
{
    if (s->cr & CR_LBE) {
        push(s, c);
    } else {
        chardev_write(s->backend, &c, 1);
    }
    s->ris |= INT_TX;
}

// --- read and write

static uint32_t read_flags(const PL011 *s)
{
    return s->flags | FR_TXFE | (s->count == 0 ? FR_RXFE : 0) |
           (s->count >= depth(s) ? FR_RXFF : 0);
}

static uint64_t pl011_read(void *opaque, uint64_t offset, unsigned size)
{
    PL011 *s = opaque;
    (void)size;
    switch (offset) {
    case UARTDR:
        return pop(s);
    case UARTRSR:
        return s->rsr;
    case UARTFR:
        return read_flags(s);
    case UARTILPR:
        return s->ilpr;
    case UARTIBRD:
        return s->ibrd;
    case UARTFBRD:
        return s->fbrd;
    case UARTLCR_H:
        return s->lcr;
    case UARTCR:
        return s->cr;
    case UARTIFLS:
        return s->ifls;
    case UARTIMSC:
        return s->imsc;
    case UARTRIS:
        return s->ris;
    case UARTMIS:
        return s->ris & s->imsc;
    case UARTDMACR:
        return s->dmacr;
    }
    if (offset >= UART_ID) {
        return id[(offset - UART_ID) / 4];
    }
    log_printf(LOG_GUEST_ERRORS, "pl011: read of register 0x%x\n", (unsigned)offset);
    return 0;
}

static void write_lcr(PL011 *s, uint32_t v)
{
    if ((v ^ s->lcr) & LCR_FEN) {
        flush(s);
    }
    if ((v & ~s->lcr & LCR_BRK) && (s->cr & CR_LBE)) {
        push(s, DR_BREAK);
    }
    s->lcr = v & 0xff;
    input_wanted(s);
}

static void write_cr(PL011 *s, uint32_t v)
{
    s->cr = v & 0xff87;
    update_modem(s);
    input_wanted(s);
}

static void pl011_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    PL011 *s = opaque;
    uint32_t v = (uint32_t)value;
    (void)size;
    switch (offset) {
    case UARTDR:
        transmit(s, (uint8_t)v);
        break;
    case UARTRSR: // UARTECR: any write clears
        s->rsr = 0;
        break;
    case UARTILPR:
        s->ilpr = v & 0xff;
        break;
    case UARTIBRD:
        s->ibrd = v & 0xffff;
        break;
    case UARTFBRD:
        s->fbrd = v & 0x3f;
        break;
    case UARTLCR_H:
        write_lcr(s, v);
        break;
    case UARTCR:
        write_cr(s, v);
        break;
    case UARTIFLS:
        s->ifls = v & 0x3f;
        update_rx(s);
        break;
    case UARTIMSC:
        s->imsc = v & INT_ALL;
        break;
    case UARTICR:
        s->ris &= ~(v & INT_ALL);
        break;
    case UARTDMACR:
        s->dmacr = v & 7;
        if (v & 3) {
            log_printf(LOG_UNIMP, "pl011: there is no DMA controller\n");
        }
        break;
    default:
        log_printf(LOG_GUEST_ERRORS, "pl011: write of register 0x%x: 0x%x\n", (unsigned)offset, v);
        return;
    }
    update_irq(s);
}

static const MmioOps ops = {pl011_read, pl011_write, .min_size = 4, .max_size = 4};

// --- device

static void reset(Device *d)
{
    PL011 *s = (PL011 *)d;
    s->flags = FR_CTS | FR_DSR | FR_DCD;
    update_irq(s);
    input_wanted(s);
}

static const DeviceType pl011_type = {
    .name = "pl011",
    .desc = "Arm PrimeCell UART",
    .bus = "sysbus",
    .size = sizeof(PL011),
    .state = &state,
    .reset = reset,
};
DEVICE_TYPE(pl011_type);

Device *pl011_create(Machine *m, MemRegion *sysmem, uint64_t base, IrqLine irq, Chardev *backend)
{
    PL011 *s = (PL011 *)device_new(&pl011_type, m, NULL);
    s->irq = irq;
    s->backend = backend;
    mem_map(sysmem, base, mem_mmio("pl011", 0x1000, &ops, s), 0);
    if (backend) {
        chardev_connect(backend, &(ChardevFrontend){.can_receive = can_receive,
                                                    .receive = receive,
                                                    .brk = line_break,
                                                    .opaque = s});
    }
    char *error = NULL;
    if (!device_realize(&s->dev, &error)) {
        die("%s", error);
    }
    return &s->dev;
}
