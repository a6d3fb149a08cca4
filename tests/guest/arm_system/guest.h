// What the programs share: the UART, exception records, system registers.
#ifndef GUEST_H
#define GUEST_H

#include <stdint.h>

// Filled by the vector (start.S); resume is the SPSR to go on with.
struct Record {
    uint64_t esr, far, elr, spsr, hit, resume;
};
extern struct Record record;
void probe(const void *code, uint64_t x0);
void probe_el0(const void *code, uint64_t x0);

#define WR(reg, v) __asm__ volatile("msr " #reg ", %0; isb" ::"r"((uint64_t)(v)) : "memory")
#define RD(reg)                                                                                    \
    ({                                                                                             \
        uint64_t v_;                                                                               \
        __asm__ volatile("mrs %0, " #reg : "=r"(v_));                                              \
        v_;                                                                                        \
    })

static inline void put(const char *s)
{
    while (*s) {
        *(volatile uint32_t *)0x09000000 = (uint32_t)*s++;
    }
}

static inline void put_hex(uint64_t v)
{
    char text[17], *p = text + 16;
    *p = 0;
    do {
        *--p = "0123456789abcdef"[v & 15];
    } while (v >>= 4);
    put(p);
}

static inline void clear_record(void)
{
    record.hit = record.esr = record.far = record.elr = record.spsr = 0;
}

#endif
