// Keyboard controller, PS/2 keyboard and mouse, input events; serial ports.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hw/char/serial16550.h"
#include "hw/input/i8042.h"
#include "hw/isa/isa.h"
#include "replay/gate.h"
#include "tests/unit/fake_chardev.h"
#include "tests/unit/pc_rig.h"
#include "ui/input.h"

// --- keyboard controller

typedef struct KbdRig {
    PcRig pc;
    Pin irq1, irq12, a20m;
} KbdRig;

static KbdRig *kbd(void)
{
    KbdRig *r = g_new0(KbdRig, 1);
    pc_rig_init(&r->pc);
    i8042_create(r->pc.m, r->pc.io, pin_line(&r->irq1), pin_line(&r->irq12), pin_line(&r->a20m));
    port92_create(r->pc.m, r->pc.io, pin_line(&r->a20m));
    bare_reset(r->pc.m);
    return r;
}

static void expect(KbdRig *r, bool mouse, const char *hex)
{
    for (; *hex; hex += hex[2] ? 3 : 2) {
        unsigned want = (unsigned)strtoul(hex, NULL, 16), status = in(&r->pc, 0x64);
        cr_assert(status & 1, "nothing where %02x was expected", want);
        cr_assert_eq(!!(status & 0x20), mouse);
        unsigned got = in(&r->pc, 0x60);
        cr_assert_eq(got, want, "%02x instead of %02x", got, want);
    }
    cr_assert(!(in(&r->pc, 0x64) & 1), "more than expected: %02x", in(&r->pc, 0x60));
}

static void command(KbdRig *r, unsigned c)
{
    out(&r->pc, 0x64, c);
}

static void mode(KbdRig *r, unsigned v)
{
    command(r, 0x60);
    out(&r->pc, 0x60, v);
}

static void mouse(KbdRig *r, unsigned v)
{
    command(r, 0xd4);
    out(&r->pc, 0x60, v);
}

static void key(KbdRig *r, InputKey k, bool down)
{
    input_send(r->pc.m, &(InputEvent){INPUT_KIND_KEY, k, down}, 1);
    gate_deliver(gate_get(r->pc.m));
}

static void move(KbdRig *r, int dx, int dy, int dz)
{
    const InputEvent e[] = {{INPUT_KIND_REL, INPUT_AXIS_X, dx},
                            {INPUT_KIND_REL, INPUT_AXIS_Y, dy},
                            {INPUT_KIND_REL, INPUT_AXIS_WHEEL, dz},
                            {INPUT_KIND_SYNC, 0, 0}};
    input_send(r->pc.m, e, 4);
    gate_deliver(gate_get(r->pc.m));
}

Test(i8042, controller)
{
    KbdRig *r = kbd();
    command(r, 0xaa);
    expect(r, false, "55");
    command(r, 0xab);
    expect(r, false, "00");
    command(r, 0x20);
    expect(r, false, "03");
    mode(r, 0x65);
    command(r, 0x20);
    expect(r, false, "65");
    command(r, 0xd3);
    out(&r->pc, 0x60, 0x5a);
    expect(r, true, "5a");
    command(r, 0xd0);
    expect(r, false, "cf");
    command(r, 0xdd);
    cr_assert(r->a20m.level);
    out(&r->pc, 0x92, 2);
    cr_assert(!r->a20m.level);
    command(r, 0xd1);
    out(&r->pc, 0x60, 0xdd);
    cr_assert(r->a20m.level);
    cr_assert_eq(r->pc.m->stop, MACHINE_RUNNING);
    command(r, 0xfe);
    cr_assert_eq(r->pc.m->stop, MACHINE_RESET);
}

Test(i8042, keyboard_sets)
{
    KbdRig *r = kbd();
    out(&r->pc, 0x60, 0xff);
    expect(r, false, "fa aa");
    out(&r->pc, 0x60, 0xf2);
    expect(r, false, "fa ab 83");
    key(r, INPUT_KEY_A, true);
    cr_assert(r->irq1.level);
    key(r, INPUT_KEY_A, false);
    expect(r, false, "1c f0 1c");
    cr_assert(!r->irq1.level);
    mode(r, 0x41); // translation
    key(r, INPUT_KEY_A, true);
    key(r, INPUT_KEY_A, false);
    key(r, INPUT_KEY_UP, true);
    key(r, INPUT_KEY_UP, false);
    expect(r, false, "1e 9e e0 48 e0 c8");
    key(r, INPUT_KEY_PAUSE, true);
    key(r, INPUT_KEY_PAUSE, false);
    expect(r, false, "e1 1d 45 e1 9d c5");
    key(r, INPUT_KEY_PRINT, true);
    key(r, INPUT_KEY_PRINT, false);
    expect(r, false, "e0 2a e0 37 e0 b7 e0 aa");
    out(&r->pc, 0x60, 0xf2);
    expect(r, false, "fa ab 41");
    mode(r, 0x01);
    out(&r->pc, 0x60, 0xf0);
    out(&r->pc, 0x60, 3);
    expect(r, false, "fa fa");
    key(r, INPUT_KEY_CTRL_R, true);
    key(r, INPUT_KEY_CTRL_R, false);
    expect(r, false, "58 f0 58");
    out(&r->pc, 0x60, 0xed);
    out(&r->pc, 0x60, 4);
    cr_assert_eq(input_leds(r->pc.m), 4);
    expect(r, false, "fa fa");
    out(&r->pc, 0x60, 0xf5);
    key(r, INPUT_KEY_B, true);
    expect(r, false, "fa");
}

// Each key's set 2 code, translated, is its set 1 code.
Test(i8042, translation_of_all_keys)
{
    static const struct {
        const char *name;
        uint16_t set1, set2;
    } keys[] = {
#define INPUT_KEY(symbol, name, evdev, set1, set2, set3) {name, set1, set2},
#include "ui/input_keys.h"
#undef INPUT_KEY
    };
    KbdRig *r = kbd();
    mode(r, 0x41);
    for (unsigned i = 0; i < ARRAY_LEN(keys); i++) {
        InputKey k = input_key_find(keys[i].name);
        cr_assert_eq(k, i + 1, "%s", keys[i].name);
        if (!keys[i].set1 || k == INPUT_KEY_PAUSE || k == INPUT_KEY_PRINT || k == INPUT_KEY_LANG1 ||
            k == INPUT_KEY_LANG2) {
            continue;
        }
        key(r, k, true);
        char want[8];
        snprintf(want, sizeof want, keys[i].set1 >> 8 ? "e0 %02x" : "%02x", keys[i].set1 & 0xff);
        expect(r, false, want);
        key(r, k, false);
        while (in(&r->pc, 0x64) & 1) {
            in(&r->pc, 0x60);
        }
    }
    cr_assert_eq(input_key_find("0x1c"), INPUT_KEY_RET);
    cr_assert_eq(input_key_find("0xc8"), INPUT_KEY_UP);
    cr_assert_eq(input_key_find("nokey"), INPUT_KEY_NONE);
}

Test(i8042, mouse)
{
    KbdRig *r = kbd();
    mode(r, 0x03);
    mouse(r, 0xff);
    cr_assert(r->irq12.level);
    expect(r, true, "fa aa 00");
    move(r, 5, 5, 0); // not enabled
    mouse(r, 0xf4);
    expect(r, true, "fa");
    move(r, 3, -2, 0);
    expect(r, true, "08 03 02");
    move(r, -1, 300, 0);
    expect(r, true, "38 ff 01 28 00 d3");
    static const uint8_t knock[] = {200, 100, 80};
    for (unsigned i = 0; i < 3; i++) {
        mouse(r, 0xf3);
        mouse(r, knock[i]);
        expect(r, true, "fa fa");
    }
    mouse(r, 0xf2);
    expect(r, true, "fa 03");
    move(r, 0, 0, -1);
    expect(r, true, "08 00 00 ff");
    const InputEvent press[] = {{INPUT_KIND_BUTTON, INPUT_BUTTON_RIGHT, 1},
                                {INPUT_KIND_SYNC, 0, 0}};
    input_send(r->pc.m, press, 2);
    gate_deliver(gate_get(r->pc.m));
    expect(r, true, "0a 00 00 00");
    mouse(r, 0xe9);
    expect(r, true, "fa 21 02 50");
    for (unsigned i = 0; i < 1000; i++) {
        move(r, 1, 0, 0); // nobody reads: it gathers
    }
    unsigned sum = 0;
    for (unsigned i = 0; in(&r->pc, 0x64) & 1; i++) {
        unsigned v = in(&r->pc, 0x60);
        sum += i % 4 == 1 ? v : 0;
    }
    cr_assert_eq(sum, 1000);
}

Test(input, typing)
{
    KbdRig *r = kbd();
    const InputKey keys[] = {INPUT_KEY_CTRL, INPUT_KEY_C}, one[] = {INPUT_KEY_X};
    input_type_keys(r->pc.m, keys, 2, 100);
    input_type_keys(r->pc.m, one, 1, 100);
    gate_deliver(gate_get(r->pc.m));
    expect(r, false, "14 21");
    pass(&r->pc, 99000000);
    expect(r, false, "");
    pass(&r->pc, 1000000);
    expect(r, false, "f0 21 f0 14");
    pass(&r->pc, 100000000);
    expect(r, false, "22");
    pass(&r->pc, 100000000);
    expect(r, false, "f0 22");
}

// --- serial port

bool chardev_use(Machine *m, const char *id, Chardev **c, char **error)
{
    (void)m;
    (void)id;
    (void)c;
    *error = NULL;
    return false;
}

Chardev *chardev_serial(Machine *m, unsigned n)
{
    (void)m;
    (void)n;
    return NULL;
}

typedef struct UartRig {
    PcRig pc;
    Pin irq[ISA_IRQS];
    Chardev c;
} UartRig;

static UartRig *uart(void)
{
    UartRig *r = g_new0(UartRig, 1);
    IrqLine lines[ISA_IRQS];
    pc_rig_init(&r->pc);
    for (unsigned i = 0; i < ISA_IRQS; i++) {
        lines[i] = pin_line(&r->irq[i]);
    }
    isa_bus_create(r->pc.m, lines);
    serial_isa_create(r->pc.m, 0x3f8, 4, &r->c);
    bare_reset(r->pc.m);
    return r;
}

static void feed(UartRig *r, const char *s)
{
    for (; *s && r->c.f.can_receive(r->c.f.opaque); s++) {
        r->c.f.receive(r->c.f.opaque, (const uint8_t *)s, 1);
    }
}

#define COM 0x3f8

Test(uart16550, transmit_and_divisor)
{
    UartRig *r = uart();
    out(&r->pc, COM + 3, 0x83);
    out(&r->pc, COM, 1);
    out(&r->pc, COM + 1, 0);
    cr_assert_eq(in(&r->pc, COM), 1);
    out(&r->pc, COM + 3, 3);
    cr_assert_eq(in(&r->pc, COM + 5), 0x60);
    out(&r->pc, COM, 'o');
    out(&r->pc, COM, 'k');
    cr_assert_str_eq(r->c.out, "ok");
    cr_assert_eq(in(&r->pc, COM + 6), 0xb0);
    out(&r->pc, COM + 7, 0x5a);
    cr_assert_eq(in(&r->pc, COM + 7), 0x5a);
    cr_assert_eq(in(&r->pc, COM + 2), 1);
    out(&r->pc, COM + 1, 2); // transmitter interrupt: at once
    cr_assert(r->irq[4].level);
    cr_assert_eq(in(&r->pc, COM + 2), 2);
    cr_assert(!r->irq[4].level); // by reading it
    cr_assert_eq(in(&r->pc, COM + 2), 1);
    out(&r->pc, COM, 'x');
    cr_assert(r->irq[4].level);
}

Test(uart16550, receive_fifo)
{
    UartRig *r = uart();
    out(&r->pc, COM + 3, 0x80);
    out(&r->pc, COM, 1);
    out(&r->pc, COM + 3, 3);
    out(&r->pc, COM + 2, 0x81); // FIFO, trigger 8
    out(&r->pc, COM + 1, 1);
    feed(r, "1234567");
    cr_assert(!r->irq[4].level);
    cr_assert_eq(in(&r->pc, COM + 5) & 1, 1);
    pass(&r->pc, 400000); // four characters
    cr_assert_eq(in(&r->pc, COM + 2), 0xcc);
    cr_assert_eq(in(&r->pc, COM), '1');
    cr_assert(!r->irq[4].level);
    feed(r, "8901234567890");
    cr_assert_eq(in(&r->pc, COM + 2), 0xc4);
    for (unsigned i = 0; i < 16; i++) {
        cr_assert_eq(in(&r->pc, COM), (unsigned)"2345678901234567"[i]);
    }
    cr_assert_eq(in(&r->pc, COM + 5), 0x60);
    cr_assert_eq(in(&r->pc, COM + 2), 0xc1);
    r->c.f.brk(r->c.f.opaque);
    cr_assert_eq(in(&r->pc, COM + 5), 0x71);
    cr_assert_eq(in(&r->pc, COM + 5), 0x61);
    out(&r->pc, COM + 2, 0x83);
    cr_assert_eq(in(&r->pc, COM + 5), 0x60);
}

Test(uart16550, loopback_and_modem)
{
    UartRig *r = uart();
    out(&r->pc, COM + 4, 0x1a);
    cr_assert_eq(in(&r->pc, COM + 6) & 0xf0, 0x90); // RTS -> CTS, OUT2 -> DCD
    cr_assert_eq(in(&r->pc, COM + 6), 0x90);
    out(&r->pc, COM, 'L');
    cr_assert_eq(r->c.n, 0);
    cr_assert_eq(in(&r->pc, COM), 'L');
    feed(r, "x"); // stays with the host
    cr_assert_eq(in(&r->pc, COM + 5) & 1, 0);
    out(&r->pc, COM + 1, 8);
    out(&r->pc, COM + 4, 0x0b);
    cr_assert(r->irq[4].level);
    cr_assert_eq(in(&r->pc, COM + 2), 0);
    in(&r->pc, COM + 6);
    cr_assert(!r->irq[4].level);
}
