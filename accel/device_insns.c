// Instructions that were seen to access devices. They get blocks of their own from then on, which
// may touch devices at once and are linked like any other, instead of being found out each time in
// the middle of a longer block (docs/architecture.md, rule 3). Only speed depends on this.
#include "accel/internal.h"

// A physical page with such instructions: a bit a byte.
typedef struct DevicePage {
    uint64_t phys;
    uint64_t seen[64];  // once
    uint64_t known[64]; // more often
} DevicePage;

static DevicePage *device_page(const Engine *e, uint64_t phys)
{
    uint64_t page = phys & ~UINT64_C(0xfff);
    return g_hash_table_lookup(e->device_pages, &page);
}

static bool test_and_set(uint64_t *bits, unsigned n)
{
    bool was = bits[n / 64] >> (n % 64) & 1;
    bits[n / 64] |= BIT(n % 64);
    return was;
}

static bool known(const DevicePage *p, unsigned n)
{
    return p->known[n / 64] >> (n % 64) & 1;
}

bool device_insn_known(const Engine *e, uint64_t phys)
{
    const DevicePage *p = device_page(e, phys);
    return p && known(p, phys & 0xfff);
}

unsigned device_insn_distance(const Engine *e, uint64_t phys, unsigned bytes)
{
    const DevicePage *p = device_page(e, phys);
    unsigned at = phys & 0xfff, end = at + bytes;
    for (unsigned i = at + 1; p && i < end; i = (i | 63) + 1) {
        uint64_t rest = p->known[i / 64] >> (i % 64);
        if (rest) {
            return MIN_OF(i + (unsigned)__builtin_ctzll(rest) - at, bytes);
        }
    }
    return bytes;
}

static void note(Engine *e, uint64_t phys, const uint8_t *host)
{
    DevicePage *p = device_page(e, phys);
    if (!p) {
        p = g_new0(DevicePage, 1);
        p->phys = phys & ~UINT64_C(0xfff);
        g_hash_table_insert(e->device_pages, &p->phys, p);
    }
    if (test_and_set(p->seen, phys & 0xfff) && !test_and_set(p->known, phys & 0xfff)) {
        engine_invalidate(e, host, 1);
    }
}

void engine_leave_for_device(VCPU *v)
{
    unsigned index;
    const Block *b = engine_current_block(v, &index);
    if (b) {
        uint32_t at = block_insn_offset(b, index);
        note(v->engine, b->phys + at, b->host + at);
    }
    v->leave_single = 1;
    engine_leave(v); // restores the state before the instruction
}
