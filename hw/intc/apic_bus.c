// Messages to local APICs: from each other (ICR), from the I/O APIC and from devices (MSI).
#include "hw/intc/apic_internal.h"

#include "util/log.h"

#define BROADCAST    0xff
#define X2_BROADCAST UINT32_MAX

// --- who is meant (SDM 10.6.2, 10.12.10)

static bool logical_match(const Apic *s, const ApicMessage *msg)
{
    if (apic_x2(s)) {
        uint32_t ldr = (s->index >> 4) << 16 | 1u << (s->index & 15);
        return msg->dest >> 16 == ldr >> 16 && (msg->dest & ldr & 0xffff);
    }
    uint32_t mine = s->ldr >> 24;
    if (s->dfr >> 28 == 0xf) {
        return mine & msg->dest;
    }
    return (mine & 0xf0) == (msg->dest & 0xf0) && (mine & msg->dest & 0xf);
}

static bool match(const Apic *s, const ApicMessage *msg)
{
    if (!apic_enabled(s)) {
        return false;
    }
    if (msg->dest == (msg->x2apic ? X2_BROADCAST : BROADCAST)) {
        return true;
    }
    if (msg->logical) {
        return logical_match(s, msg);
    }
    return msg->dest == (apic_x2(s) ? s->index : s->id >> 24);
}

// --- delivery

static void deliver(Apic *s, const ApicMessage *msg)
{
    switch ((ApicMode)(msg->mode & 7)) {
    case APIC_FIXED:
    case APIC_LOWEST:
        apic_accept(s, msg->vector, msg->level);
        break;
    case APIC_SMI:
        irq_pulse(&s->smi);
        break;
    case APIC_NMI:
        irq_pulse(&s->nmi);
        break;
    case APIC_INIT:
        if (!msg->deassert) {
            irq_pulse(&s->init);
        }
        break;
    case APIC_STARTUP:
        x86_cpu_startup(s->cpu, msg->vector);
        break;
    case APIC_EXTINT:
        s->extint = true;
        apic_update(s);
        break;
    case APIC_RESERVED:
        log_printf(LOG_GUEST_ERRORS, "apic: message with the reserved delivery mode\n");
        break;
    }
}

// The one that does the least important thing; of equals, the lowest id.
static void deliver_lowest(const ApicBus *bus, const ApicMessage *msg)
{
    Apic *best = NULL;
    for (unsigned i = 0; i < bus->n; i++) {
        Apic *s = bus->apic[i];
        if (match(s, msg) && apic_soft_enabled(s) && (!best || apic_ppr(s) < apic_ppr(best))) {
            best = s;
        }
    }
    if (best) {
        deliver(best, msg);
    }
}

// except: the sender of "all but self", or NULL.
static void deliver_all(const ApicBus *bus, const ApicMessage *msg, const Apic *except)
{
    for (unsigned i = 0; i < bus->n; i++) {
        Apic *s = bus->apic[i];
        if (s != except && match(s, msg)) {
            deliver(s, msg);
        }
    }
}

void apic_send(Machine *m, const ApicMessage *msg)
{
    const ApicBus *bus = apic_bus(m);
    if (!bus) {
        return;
    }
    if (msg->mode == APIC_LOWEST) {
        deliver_lowest(bus, msg);
    } else {
        deliver_all(bus, msg, NULL);
    }
}

// --- the interrupt command register (SDM 10.6.1)

enum { TO_DEST, TO_SELF, TO_ALL, TO_OTHERS };

void apic_write_icr(Apic *s, uint64_t icr)
{
    ApicMessage msg = {
        .vector = (uint8_t)icr,
        .mode = (uint8_t)extract64(icr, 8, 3),
        .logical = icr & BIT(11),
        .deassert = !(icr & BIT(14)) && (icr & BIT(15)),
        .x2apic = apic_x2(s),
        .dest = (uint32_t)(apic_x2(s) ? icr >> 32 : icr >> 56),
    };
    s->icr = icr & ~BIT(12); // delivery status: always done
    if (!apic_enabled(s)) {
        return;
    }
    if (msg.mode <= APIC_LOWEST && msg.vector < 16) {
        apic_error(s, ESR_SEND_ILLEGAL);
        return;
    }
    unsigned to = (unsigned)extract64(icr, 18, 2);
    if (to != TO_DEST) {
        msg.dest = msg.x2apic ? X2_BROADCAST : BROADCAST;
    }
    switch (to) {
    case TO_DEST:
        apic_send(s->bus->m, &msg);
        break;
    case TO_SELF:
        if (msg.mode == APIC_FIXED || msg.mode == APIC_LOWEST) {
            deliver(s, &msg);
        } else {
            log_printf(LOG_GUEST_ERRORS, "apic: message of mode %u to oneself\n", msg.mode);
        }
        break;
    default:
        deliver_all(s->bus, &msg, to == TO_OTHERS ? s : NULL);
    }
}

// --- message-signalled interrupts (SDM 10.11)

void apic_msi(void *machine, uint16_t requester, uint64_t addr, uint32_t data)
{
    Machine *m = machine;
    (void)requester;
    if (addr - APIC_ADDRESS >= APIC_WINDOW) {
        mem_write_n(m->memory, addr, data, 4);
        return;
    }
    ApicMessage msg = {
        .dest = (uint32_t)extract64(addr, 12, 8),
        .logical = addr & BIT(2),
        .vector = (uint8_t)data,
        .mode = (uint8_t)extract32(data, 8, 3),
        .level = data & BIT(15),
    };
    if (msg.level && !(data & BIT(14))) {
        return; // de-assert
    }
    apic_send(m, &msg);
}
