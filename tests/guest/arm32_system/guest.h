// What the programs share: the UART, exception records.
#ifndef GUEST_H
#define GUEST_H

#include <stdint.h>

// Filled by the vectors (start.S). kind: 1 undefined, 2 SVC, 3 prefetch abort, 4 data abort.
struct Record {
    uint32_t kind, lr, spsr, dfsr, dfar, ifsr, ifar, result;
};
extern volatile struct Record record;
void probe(const void *code, uint32_t r0);
void probe_user(const void *code, uint32_t r0);

static inline void put(const char *s)
{
    while (*s) {
        *(volatile uint32_t *)0x09000000 = (uint32_t)*s++;
    }
}

static inline void put_hex(uint32_t v)
{
    char text[9], *p = text + 8;
    *p = 0;
    do {
        *--p = "0123456789abcdef"[v & 15];
    } while (v >>= 4);
    put(p);
}

static inline void put_field(const char *name, uint32_t v)
{
    put(name);
    put_hex(v);
}

#define ISB()      __asm__ volatile("isb" ::: "memory")
#define MCR(op, v) __asm__ volatile("mcr " op "; isb" ::"r"((uint32_t)(v)) : "memory")
#define MRC(op)                                                                                    \
    ({                                                                                             \
        uint32_t v_;                                                                               \
        __asm__ volatile("mrc " op : "=r"(v_));                                                    \
        v_;                                                                                        \
    })

#endif
