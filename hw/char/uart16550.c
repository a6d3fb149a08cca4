// 16550A UART (National Semiconductor PC16550D data sheet). Characters leave at once: there is no
// baud rate, but for the receive timeout; the transmitter is always empty.
#include "hw/char/uart16550.h"

#include "hw/core/machine.h"
#include "util/log.h"

// --- registers

enum {
    RBR_THR = 0, // with DLAB: divisor, low byte
    IER = 1,     // with DLAB: divisor, high byte
    IIR_FCR = 2,
    LCR = 3,
    MCR = 4,
    LSR = 5,
    MSR = 6,
    SCR = 7,
};
enum {
    IER_RX = 0x01,
    IER_TX = 0x02,
    IER_LINE = 0x04,
    IER_MODEM = 0x08,
    IIR_NONE = 0x01,
    IIR_MODEM = 0x00,
    IIR_TX = 0x02,
    IIR_RX = 0x04,
    IIR_LINE = 0x06,
    IIR_TIMEOUT = 0x0c,
    IIR_FIFOS = 0xc0,
    FCR_ENABLE = 0x01,
    FCR_CLEAR_RX = 0x02,
    FCR_STORED = 0xc9,
    LCR_DLAB = 0x80,
    MCR_DTR = 0x01,
    MCR_RTS = 0x02,
    MCR_OUT1 = 0x04,
    MCR_OUT2 = 0x08,
    MCR_LOOP = 0x10,
    LSR_READY = 0x01,
    LSR_OVERRUN = 0x02,
    LSR_BREAK = 0x10,
    LSR_THR_EMPTY = 0x20,
    LSR_EMPTY = 0x40,
    LSR_FIFO_ERROR = 0x80,
    LSR_ERRORS = 0x1e,
    MSR_DCTS = 0x01,
    MSR_DDSR = 0x02,
    MSR_TERI = 0x04,
    MSR_DDCD = 0x08,
    MSR_CTS = 0x10,
    MSR_DSR = 0x20,
    MSR_RI = 0x40,
    MSR_DCD = 0x80,
    MSR_LINES = 0xf0,
};
#define CHAR_SHIFT 8 // of the line status bits in a FIFO entry
#define CLOCK_HZ   115200

const StateField uart_state_fields[] = {
    STATE_U16(Uart, divisor, .reset = 12),
    STATE_U8(Uart, ier),
    STATE_U8(Uart, fcr),
    STATE_U8(Uart, lcr),
    STATE_U8(Uart, mcr, .reset = MCR_OUT2),
    STATE_U8(Uart, msr),
    STATE_U8(Uart, scr),
    STATE_U8(Uart, errors),
    STATE_BOOL(Uart, tx_empty_pending),
    STATE_BOOL(Uart, timeout),
    STATE_U16_ARRAY(Uart, fifo, UART_FIFO),
    STATE_U8(Uart, head),
    STATE_U8(Uart, count),
    STATE_TIMER(Uart, silence),
    STATE_END,
};

// --- interrupts, by priority

static unsigned trigger(const Uart *u)
{
    static const uint8_t levels[4] = {1, 4, 8, 14};
    return u->fcr & FCR_ENABLE ? levels[u->fcr >> 6] : 1;
}

static uint8_t identify(const Uart *u)
{
    if ((u->ier & IER_LINE) && (u->errors & LSR_ERRORS)) {
        return IIR_LINE;
    }
    if ((u->ier & IER_RX) && u->count >= trigger(u)) {
        return IIR_RX;
    }
    if ((u->ier & IER_RX) && u->timeout) {
        return IIR_TIMEOUT;
    }
    if ((u->ier & IER_TX) && u->tx_empty_pending) {
        return IIR_TX;
    }
    if ((u->ier & IER_MODEM) && (u->msr & ~MSR_LINES)) {
        return IIR_MODEM;
    }
    return IIR_NONE;
}

static void update(Uart *u)
{
    u->set_irq(u->opaque, identify(u) != IIR_NONE);
}

// --- receive FIFO

static unsigned depth(const Uart *u)
{
    return u->fcr & FCR_ENABLE ? UART_FIFO : 1;
}

static uint64_t four_characters(const Uart *u)
{
    return 4 * 10 * NS_PER_SEC / CLOCK_HZ * (u->divisor ? u->divisor : 1);
}

// The timeout counts from the last character that came or was read.
static void restart_timeout(Uart *u)
{
    u->timeout = false;
    if ((u->fcr & FCR_ENABLE) && u->count) {
        timer_arm(u->silence, clock_now(u->m->clock) + four_characters(u));
    } else {
        timer_stop(u->silence);
    }
}

static void silent(void *opaque)
{
    Uart *u = opaque;
    u->timeout = u->count != 0;
    update(u);
}

// Errors of a character show when it comes to the head.
static void show_head(Uart *u)
{
    if (u->count) {
        u->errors |= u->fifo[u->head] >> CHAR_SHIFT & LSR_ERRORS;
        u->fifo[u->head] &= 0xff;
    }
}

static void push(Uart *u, uint16_t c)
{
    if (u->count >= depth(u)) {
        u->errors |= LSR_OVERRUN;
        if (!(u->fcr & FCR_ENABLE)) {
            u->fifo[u->head] = c; // the new one overwrites
        }
    } else {
        u->fifo[(u->head + u->count) % UART_FIFO] = c;
        u->count++;
    }
    show_head(u);
    restart_timeout(u);
    update(u);
}

static void input_wanted(const Uart *u)
{
    if (u->backend) {
        chardev_ready(u->backend);
    }
}

static uint8_t pop(Uart *u)
{
    uint8_t c = (uint8_t)u->fifo[u->head];
    if (u->count) {
        u->head = (u->head + 1) % UART_FIFO;
        u->count--;
        show_head(u);
        restart_timeout(u);
        update(u);
        input_wanted(u);
    }
    return c;
}

static void flush(Uart *u)
{
    u->head = u->count = 0;
    restart_timeout(u);
}

static size_t can_receive(void *opaque)
{
    const Uart *u = opaque;
    return u->mcr & MCR_LOOP ? 0 : depth(u) - MIN_OF(depth(u), u->count);
}

static void receive(void *opaque, const uint8_t *buf, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        push(opaque, buf[i]);
    }
}

static void line_break(void *opaque)
{
    push(opaque, LSR_BREAK << CHAR_SHIFT);
}

// --- modem lines: the other side is always there; in loopback it is our own outputs

static void update_modem(Uart *u)
{
    uint8_t mcr = u->mcr, lines = MSR_CTS | MSR_DSR | MSR_DCD;
    if (mcr & MCR_LOOP) {
        lines = (mcr & MCR_RTS ? MSR_CTS : 0) | (mcr & MCR_DTR ? MSR_DSR : 0) |
                (mcr & MCR_OUT1 ? MSR_RI : 0) | (mcr & MCR_OUT2 ? MSR_DCD : 0);
    }
    uint8_t changed = lines ^ (u->msr & MSR_LINES);
    uint8_t delta = (changed & MSR_CTS ? MSR_DCTS : 0) | (changed & MSR_DSR ? MSR_DDSR : 0) |
                    (changed & ~lines & MSR_RI ? MSR_TERI : 0) | (changed & MSR_DCD ? MSR_DDCD : 0);
    u->msr = lines | (u->msr & ~MSR_LINES) | delta;
    update(u);
}

// --- read and write

static void transmit(Uart *u, uint8_t c)
{
    u->tx_empty_pending = true;
    if (u->mcr & MCR_LOOP) {
        push(u, c);
    } else {
        chardev_write(u->backend, &c, 1);
    }
    update(u);
}

static uint8_t read_iir(Uart *u)
{
    uint8_t v = identify(u);
    if (v == IIR_TX) {
        u->tx_empty_pending = false;
        update(u);
    }
    return v | (u->fcr & FCR_ENABLE ? IIR_FIFOS : 0);
}

static uint8_t read_lsr(Uart *u)
{
    bool more_errors = false;
    for (unsigned i = 0; (u->fcr & FCR_ENABLE) && i < u->count; i++) {
        more_errors |= u->fifo[(u->head + i) % UART_FIFO] >> CHAR_SHIFT;
    }
    uint8_t v = u->errors | LSR_THR_EMPTY | LSR_EMPTY | (u->count ? LSR_READY : 0) |
                (more_errors ? LSR_FIFO_ERROR : 0);
    u->errors = 0;
    update(u);
    return v;
}

static uint8_t read_msr(Uart *u)
{
    uint8_t v = u->msr;
    u->msr &= MSR_LINES;
    update(u);
    return v;
}

static uint64_t uart_read(void *opaque, uint64_t offset, unsigned size)
{
    Uart *u = opaque;
    bool dlab = u->lcr & LCR_DLAB;
    (void)size;
    switch (offset) {
    case RBR_THR:
        return dlab ? u->divisor & 0xff : pop(u);
    case IER:
        return dlab ? u->divisor >> 8 : u->ier;
    case IIR_FCR:
        return read_iir(u);
    case LCR:
        return u->lcr;
    case MCR:
        return u->mcr;
    case LSR:
        return read_lsr(u);
    case MSR:
        return read_msr(u);
    default:
        return u->scr;
    }
}

// Enabling the transmitter's interrupt while it is empty raises it.
static void write_ier(Uart *u, uint8_t v)
{
    if (v & ~u->ier & IER_TX) {
        u->tx_empty_pending = true;
    }
    u->ier = v & 0x0f;
}

static void write_fcr(Uart *u, uint8_t v)
{
    bool toggles = (v ^ u->fcr) & FCR_ENABLE;
    u->fcr = v & FCR_ENABLE ? v & FCR_STORED : 0;
    if (toggles || (v & FCR_CLEAR_RX)) {
        flush(u);
    }
    input_wanted(u);
}

static void uart_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    Uart *u = opaque;
    uint8_t v = (uint8_t)value;
    bool dlab = u->lcr & LCR_DLAB;
    (void)size;
    switch (offset) {
    case RBR_THR:
        if (dlab) {
            u->divisor = (u->divisor & 0xff00) | v;
        } else {
            transmit(u, v);
        }
        break;
    case IER:
        if (dlab) {
            u->divisor = (uint16_t)((u->divisor & 0xff) | v << 8);
        } else {
            write_ier(u, v);
        }
        break;
    case IIR_FCR:
        write_fcr(u, v);
        break;
    case LCR:
        u->lcr = v;
        break;
    case MCR:
        u->mcr = v & 0x1f;
        update_modem(u);
        input_wanted(u);
        break;
    case SCR:
        u->scr = v;
        break;
    default:
        log_printf(LOG_GUEST_ERRORS, "%s: write of register %u: 0x%x\n", u->name, (unsigned)offset,
                   v);
    }
    update(u);
}

const MmioOps uart_ops = {uart_read, uart_write, .min_size = 1, .max_size = 1};

// --- for the buses

void uart_init(Uart *u, Machine *m, const char *name, Chardev *backend,
               void (*set_irq)(void *opaque, bool level), void *opaque)
{
    u->m = m;
    u->name = name;
    u->backend = backend;
    u->set_irq = set_irq;
    u->opaque = opaque;
    u->silence = timer_new(m->clock, silent, u);
    if (backend) {
        chardev_connect(backend, &(ChardevFrontend){.can_receive = can_receive,
                                                    .receive = receive,
                                                    .brk = line_break,
                                                    .opaque = u});
    }
}

void uart_free(Uart *u)
{
    timer_free(u->silence);
}

void uart_reset(Uart *u)
{
    update_modem(u);
    u->msr &= MSR_LINES;
    update(u);
    input_wanted(u);
}

bool uart_loaded(Uart *u, char **error)
{
    if (u->head >= UART_FIFO || u->count > UART_FIFO) {
        *error = g_strdup_printf("%s: receive FIFO out of range", u->name);
        return false;
    }
    update(u);
    return true;
}
