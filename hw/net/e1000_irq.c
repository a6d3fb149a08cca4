// Interrupts of the e1000: causes, masks, and what makes them rarer. All delays are virtual time.
//
//   RXT0   waits RDTR after the last packet, at most RADV after the first   (13.4.30)
//   TXDW   of descriptors with IDE: TIDV and TADV in the same way            (13.4.44)
//   line   goes up at most once in ITR * 256 ns                               (13.4.18)
#include "hw/core/machine.h"
#include "hw/net/e1000.h"

#define ITR_UNIT   256  // ns
#define DELAY_UNIT 1024 // ns

static uint64_t now(E1000 *s)
{
    return clock_now(s->pci.dev.machine->clock);
}

void e1000_update_irq(E1000 *s)
{
    bool wanted = *e_reg(s, E_ICR) & *e_reg(s, E_IMS);
    if (!wanted) {
        pci_set_irq(&s->pci, false);
        return;
    }
    if (s->throttled || s->pci.intx) {
        return;
    }
    uint32_t interval = *e_reg(s, E_ITR) & 0xffff;
    if (interval) {
        s->throttled = true;
        timer_arm(s->itr_timer, now(s) + (uint64_t)interval * ITR_UNIT);
    }
    pci_set_irq(&s->pci, true);
}

static void itr_over(void *opaque)
{
    E1000 *s = opaque;
    s->throttled = false;
    e1000_update_irq(s);
}

void e1000_cause(E1000 *s, uint32_t causes)
{
    *e_reg(s, E_ICR) |= causes & ICR_ALL;
    e1000_update_irq(s);
}

uint32_t e1000_read_icr(E1000 *s)
{
    uint32_t v = *e_reg(s, E_ICR);
    *e_reg(s, E_ICR) = 0;
    e1000_update_irq(s);
    return v;
}

// Starts or restarts a delay; *first is when the event that began it was.
static void delay(E1000 *s, Timer *t, uint64_t *first, uint32_t units, uint32_t at_most)
{
    uint64_t when = now(s) + (uint64_t)units * DELAY_UNIT;
    if (!timer_armed(t)) {
        *first = now(s);
    }
    if (at_most) {
        when = MIN_OF(when, *first + (uint64_t)at_most * DELAY_UNIT);
    }
    timer_arm(t, when);
}

void e1000_cause_rx(E1000 *s)
{
    uint32_t units = *e_reg(s, E_RDTR) & 0xffff;
    if (units) {
        delay(s, s->rx_timer, &s->rx_first, units, *e_reg(s, E_RADV) & 0xffff);
    } else {
        e1000_cause(s, ICR_RXT0);
    }
}

void e1000_cause_tx(E1000 *s, bool delayed)
{
    uint32_t units = *e_reg(s, E_TIDV) & 0xffff;
    if (delayed && units) {
        delay(s, s->tx_timer, &s->tx_first, units, *e_reg(s, E_TADV) & 0xffff);
    } else {
        e1000_cause(s, ICR_TXDW);
    }
}

static void rx_delay_over(void *opaque)
{
    e1000_cause(opaque, ICR_RXT0);
}

static void tx_delay_over(void *opaque)
{
    e1000_cause(opaque, ICR_TXDW);
}

static void more_to_send(void *opaque)
{
    e1000_transmit(opaque);
}

bool e1000_irq_init(E1000 *s)
{
    Clock *c = s->pci.dev.machine->clock;
    s->itr_timer = timer_new(c, itr_over, s);
    s->rx_timer = timer_new(c, rx_delay_over, s);
    s->tx_timer = timer_new(c, tx_delay_over, s);
    s->tx_more = timer_new(c, more_to_send, s);
    return true;
}

void e1000_irq_free(E1000 *s)
{
    timer_free(s->itr_timer);
    timer_free(s->rx_timer);
    timer_free(s->tx_timer);
    timer_free(s->tx_more);
}

void e1000_irq_reset(E1000 *s)
{
    timer_stop(s->itr_timer);
    timer_stop(s->rx_timer);
    timer_stop(s->tx_timer);
    timer_stop(s->tx_more);
    s->throttled = false;
    e1000_update_irq(s);
}
