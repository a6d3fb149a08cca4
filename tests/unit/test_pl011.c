// PL011 against a chardev of our own making.
#include <criterion/criterion.h>
#include <string.h>

#include "hw/char/pl011.h"
#include "tests/unit/bare_machine.h"
#include "tests/unit/fake_chardev.h"

#define UART 0x09000000
enum {
    DR = UART,
    FR = UART + 0x18,
    LCR = UART + 0x2c,
    CR = UART + 0x30,
    IFLS = UART + 0x34,
    IMSC = UART + 0x38,
    RIS = UART + 0x3c,
    MIS = UART + 0x40,
    ICR = UART + 0x44
};

typedef struct Rig {
    Machine *m;
    Chardev c;
    Pin irq;
} Rig;

static void rig_init(Rig *r)
{
    *r = (Rig){.m = bare_machine()};
    pl011_create(r->m, address_space_root(r->m->memory), UART, pin_line(&r->irq), &r->c);
    bare_reset(r->m);
}

static size_t feed(Rig *r, const char *s)
{
    size_t n = 0;
    while (s[n] && r->c.f.can_receive(r->c.f.opaque) > 0) {
        r->c.f.receive(r->c.f.opaque, (const uint8_t *)s + n, 1);
        n++;
    }
    return n;
}

Test(pl011, identification_and_output)
{
    Rig r;
    rig_init(&r);
    cr_assert_eq(rd(r.m, UART + 0xfe0, 4), 0x11);
    cr_assert_eq(rd(r.m, UART + 0xffc, 4), 0xb1);
    cr_assert_eq(rd(r.m, CR, 4), 0x300);
    cr_assert_eq(rd(r.m, FR, 4) & 0xf8, 0x90); // both FIFOs empty
    wr(r.m, DR, 'h', 1);
    wr(r.m, DR, 'i', 4);
    cr_assert_str_eq(r.c.out, "hi");
    cr_assert_eq(rd(r.m, RIS, 4), 0x20);
    cr_assert(!r.irq.level);
    wr(r.m, IMSC, 0x20, 4);
    cr_assert(r.irq.level);
    wr(r.m, ICR, 0x20, 4);
    cr_assert(!r.irq.level);
}

Test(pl011, one_character_without_fifo)
{
    Rig r;
    rig_init(&r);
    wr(r.m, IMSC, 0x10, 4);
    cr_assert_eq(feed(&r, "abc"), 1);
    cr_assert(r.irq.level);
    cr_assert_eq(rd(r.m, FR, 4) & 0x50, 0x40);
    r.c.ready = 0;
    cr_assert_eq(rd(r.m, DR, 4), 'a');
    cr_assert(!r.irq.level);
    cr_assert_eq(r.c.ready, 1);
    cr_assert_eq(feed(&r, "bc"), 1);
}

Test(pl011, fifo_trigger_and_timeout)
{
    Rig r;
    rig_init(&r);
    wr(r.m, LCR, 0x70, 4);
    wr(r.m, IFLS, 2 << 3, 4); // half full
    wr(r.m, IMSC, 0x10, 4);
    cr_assert_eq(feed(&r, "1234567"), 7);
    cr_assert(!r.irq.level);
    cr_assert_eq(rd(r.m, RIS, 4) & 0x50, 0x40); // only the timeout
    cr_assert_eq(feed(&r, "89abcdefghijk"), 9);
    cr_assert(r.irq.level);
    for (unsigned i = 0; i < 16; i++) {
        cr_assert_eq(rd(r.m, DR, 4), (uint64_t) "123456789abcdefg"[i]);
    }
    cr_assert_eq(rd(r.m, RIS, 4) & 0x50, 0);
    cr_assert_eq(rd(r.m, FR, 4) & 0x10, 0x10);
}

Test(pl011, overrun_when_pushed_anyway)
{
    Rig r;
    rig_init(&r);
    r.c.f.receive(r.c.f.opaque, (const uint8_t *)"xy", 2);
    cr_assert_eq(rd(r.m, RIS, 4) & 0x400, 0x400);
    cr_assert_eq(rd(r.m, DR, 4), 'x' | 0x800);
    wr(r.m, UART + 4, 0, 4);
    cr_assert_eq(rd(r.m, UART + 4, 4), 0);
}

Test(pl011, loopback)
{
    Rig r;
    rig_init(&r);
    wr(r.m, CR, 0x380 | 1, 4);
    wr(r.m, DR, 'L', 1);
    cr_assert_eq(r.c.n, 0);
    cr_assert_eq(rd(r.m, DR, 4), 'L');
    wr(r.m, CR, 0xb81, 4); // RTS -> CTS
    cr_assert_eq(rd(r.m, FR, 4) & 1, 1);
}

Test(pl011, receiver_off_leaves_input_with_the_host)
{
    Rig r;
    rig_init(&r);
    wr(r.m, CR, 0x101, 4);
    cr_assert_eq(feed(&r, "a"), 0);
    wr(r.m, CR, 0x301, 4);
    cr_assert_eq(feed(&r, "a"), 1);
}
