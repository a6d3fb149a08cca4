// Reads every system register encoding at EL1 and at EL0 and prints those that are not UNDEFINED.
#include "guest.h"

struct Record record;
static uint32_t code[16] __attribute__((aligned(64)));

static void write_code(uint32_t first, uint32_t second)
{
    code[0] = first;
    code[1] = second;
    __asm__ volatile("dc cvau, %0; dsb ish; ic ivau, %0; dsb ish; isb" ::"r"(code) : "memory");
}

static void read_one(uint32_t enc, int el)
{
    write_code(0xd5200000 | enc << 5, el ? 0xd65f03c0 : 0xd4000001); // MRS X0; RET or SVC
    clear_record();
    record.resume = 0x3c5;
    if (el) {
        probe(code, 0);
    } else {
        probe_el0(code, 0);
    }
    unsigned ec = (unsigned)(record.esr >> 26);
    if (record.hit && ec == 0) {
        return;
    }
    put(el ? "EL1 S" : "EL0 S");
    for (unsigned i = 0; i < 5; i++) {
        static const uint8_t shift[5] = {14, 11, 7, 3, 0}, mask[5] = {3, 7, 15, 15, 7};
        put_hex(enc >> shift[i] & mask[i]);
        put(i < 4 ? "_" : "");
    }
    if (record.hit && ec != 0x15) {
        put(" traps ");
        put_hex(record.esr);
    }
    put("\n");
}

void main(void)
{
    for (int el = 1; el >= 0; el--) {
        for (uint32_t enc = 0x8000; enc < 0x10000; enc++) {
            read_one(enc, el);
        }
    }
    put("done\n");
}
