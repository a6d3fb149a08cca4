// A 16550A without its bus: for serial_isa.c and serial_pci.c.
#ifndef HW_CHAR_UART16550_H
#define HW_CHAR_UART16550_H

#include "chardev/chardev.h"
#include "hw/core/device.h"

#define UART_FIFO  16
#define UART_PORTS 8

typedef struct Uart {
    // --- fixed
    struct Machine *m;
    const char *name;
    Chardev *backend;
    void (*set_irq)(void *opaque, bool level);
    void *opaque;
    // --- state
    uint16_t divisor;
    uint8_t ier, fcr, lcr, mcr, msr, scr;
    uint8_t errors;           // line status: OE, and PE, FE, BI of the character at the head
    bool tx_empty_pending;    // the transmitter became empty, and nobody was told
    bool timeout;             // characters lie below the trigger level for four character times
    uint16_t fifo[UART_FIFO]; // character, with its line status bits above
    uint8_t head, count;
    Timer *silence; // runs out four character times after the last one
} Uart;

extern const StateField uart_state_fields[];
extern const MmioOps uart_ops; // opaque is a Uart; UART_PORTS bytes

// At realization. backend may be NULL.
void uart_init(Uart *u, struct Machine *m, const char *name, Chardev *backend,
               void (*set_irq)(void *opaque, bool level), void *opaque);
void uart_free(Uart *u);
void uart_reset(Uart *u); // after the declared state's reset
bool uart_loaded(Uart *u, char **error);

#endif
