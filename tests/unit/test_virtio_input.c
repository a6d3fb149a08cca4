// Virtio keyboard, mouse and tablet: what their configuration tells, events, LEDs.
#include <criterion/criterion.h>

#include "replay/gate.h"
#include "ui/input.h"
#include "virtio_rig.h"

enum { EVENTQ, STATUSQ };

static Rig *input_rig(const char *type, const char *const *props)
{
    Rig *r = rig_new();
    rig_slot(r, true); // the device makes the slot modern
    cr_assert_null(rig_plug(r, type, props));
    start(r, 0, 2);
    return r;
}

static unsigned config(Rig *r, unsigned select, unsigned subsel, uint8_t *data)
{
    wr(r->m, SLOT_BASE + 0x100, select, 1);
    wr(r->m, SLOT_BASE + 0x101, subsel, 1);
    unsigned n = (unsigned)rd(r->m, SLOT_BASE + 0x102, 1);
    for (unsigned i = 0; i < 128; i++) {
        data[i] = (uint8_t)rd(r->m, SLOT_BASE + 0x108 + i, 1);
    }
    return n;
}

static void offer_buffers(Rig *r, unsigned first, unsigned n)
{
    for (unsigned i = first; i < first + n; i++) {
        desc(r, EVENTQ, i % N_DESC, DATA + 8 * (i % N_DESC), 8, D_WRITE, 0);
        offer(r, EVENTQ, i % N_DESC);
    }
    kick(r, EVENTQ);
}

static void send(Rig *r, InputKind kind, unsigned code, int value)
{
    const InputEvent e = {(uint16_t)kind, (uint16_t)code, value};
    input_send(r->m, &e, 1);
    gate_deliver(gate_get(r->m));
}

static void expect_event(Rig *r, unsigned n, unsigned type, unsigned code, int value)
{
    uint64_t at_ = DATA + 8 * (n % N_DESC);
    cr_expect_eq(get16(r, at_), type, "event %u", n);
    cr_expect_eq(get16(r, at_ + 2), code, "event %u", n);
    cr_expect_eq((int)get32(r, at_ + 4), value, "event %u", n);
}

Test(virtio_input, keyboard_says_what_it_is)
{
    static const char *const props[] = {"serial=k7", NULL};
    Rig *r = input_rig("virtio-keyboard-device", props);
    uint8_t d[129] = {0};
    cr_expect_eq(getreg(r, 0x04), 2);
    cr_expect_eq(getreg(r, 0x08), 18);
    cr_expect_eq(config(r, 1, 0, d), 20);
    cr_expect_str_eq((char *)d, "QEMU Virtio Keyboard");
    cr_expect_eq(config(r, 2, 0, d), 2);
    cr_expect_eq(memcmp(d, "k7", 2), 0);
    cr_expect_eq(config(r, 3, 0, d), 8);
    cr_expect_eq(memcmp(d, "\x06\0\x27\x06\x01\0\x01\0", 8), 0);
    cr_expect_gt(config(r, 0x11, 1, d), 16);
    cr_expect(d[30 / 8] >> 30 % 8 & 1, "KEY_A");
    cr_expect_not(d[0] & 1, "no key has code 0");
    cr_expect_eq(config(r, 0x11, 17, d), 1);
    cr_expect_eq(d[0], 7);
    cr_expect_eq(config(r, 0x11, 20, d), 1, "the guest repeats");
    cr_expect_eq(config(r, 0x11, 2, d), 0);
    cr_expect_eq(config(r, 0x12, 0, d), 0);
    cr_expect_eq(config(r, 0x99, 3, d), 0);
}

Test(virtio_input, repeat_can_be_off)
{
    static const char *const props[] = {"repeat=off", NULL};
    Rig *r = input_rig("virtio-keyboard-device", props);
    uint8_t d[128];
    cr_expect_eq(config(r, 0x11, 20, d), 0);
}

Test(virtio_input, tablet_has_places_and_a_wheel)
{
    Rig *r = input_rig("virtio-tablet-device", NULL);
    uint8_t d[128];
    cr_expect_eq(config(r, 0x11, 3, d), 1);
    cr_expect_eq(d[0], 3);
    cr_expect_eq(config(r, 0x12, 1, d), 20);
    cr_expect_eq(d[4] | d[5] << 8, INPUT_ABS_MAX);
    cr_expect_eq(config(r, 0x12, 2, d), 0);
    cr_expect_eq(config(r, 0x11, 2, d), 2);
    cr_expect_eq(d[0] | d[1] << 8, 1 << 8 | 1 << 6);
}

Test(virtio_input, keys_come_with_their_syn)
{
    Rig *r = input_rig("virtio-keyboard-device", NULL);
    offer_buffers(r, 0, 8);
    cr_expect_eq(r->irq.rises, 0);
    send(r, INPUT_KIND_KEY, INPUT_KEY_A, 1);
    cr_assert_eq(used(r, EVENTQ), 2);
    cr_expect_eq(used_len(r, EVENTQ, 0), 8);
    expect_event(r, 0, 1, 30, 1);
    expect_event(r, 1, 0, 0, 0);
    cr_expect_eq(r->irq.rises, 1);
    send(r, INPUT_KIND_KEY, INPUT_KEY_A, 0);
    expect_event(r, 2, 1, 30, 0);
}

Test(virtio_input, pointer_groups_wait_for_sync_and_for_room)
{
    Rig *r = input_rig("virtio-tablet-device", NULL);
    offer_buffers(r, 0, 2);
    send(r, INPUT_KIND_ABS, INPUT_AXIS_X, 100);
    send(r, INPUT_KIND_ABS, INPUT_AXIS_Y, 99999);
    send(r, INPUT_KIND_BUTTON, INPUT_BUTTON_RIGHT, 1);
    cr_expect_eq(used(r, EVENTQ), 0);
    send(r, INPUT_KIND_SYNC, 0, 0);
    cr_expect_eq(used(r, EVENTQ), 0, "four events do not fit in two buffers");
    offer_buffers(r, 2, 3);
    cr_assert_eq(used(r, EVENTQ), 4);
    expect_event(r, 0, 3, 0, 100);
    expect_event(r, 1, 3, 1, INPUT_ABS_MAX);
    expect_event(r, 2, 1, 0x111, 1);
    expect_event(r, 3, 0, 0, 0);
    send(r, INPUT_KIND_SYNC, 0, 0);
    cr_expect_eq(used(r, EVENTQ), 4, "nothing has changed");
}

Test(virtio_input, wheel_turns_the_guests_way)
{
    Rig *r = input_rig("virtio-tablet-device", NULL);
    offer_buffers(r, 0, 4);
    send(r, INPUT_KIND_REL, INPUT_AXIS_X, 5);
    send(r, INPUT_KIND_REL, INPUT_AXIS_WHEEL, 1);
    send(r, INPUT_KIND_SYNC, 0, 0);
    cr_assert_eq(used(r, EVENTQ), 2, "a tablet takes no movements");
    expect_event(r, 0, 2, 8, -1);
}

Test(virtio_input, mouse_moves)
{
    Rig *r = input_rig("virtio-mouse-device", NULL);
    offer_buffers(r, 0, 4);
    send(r, INPUT_KIND_REL, INPUT_AXIS_X, -3);
    send(r, INPUT_KIND_REL, INPUT_AXIS_Y, 4);
    send(r, INPUT_KIND_SYNC, 0, 0);
    expect_event(r, 0, 2, 0, -3);
    expect_event(r, 1, 2, 1, 4);
}

Test(virtio_input, listens_while_the_driver_runs)
{
    Rig *r = input_rig("virtio-keyboard-device", NULL);
    cr_expect(input_takes(r->m, INPUT_KIND_KEY));
    reg(r, 0x70, 0);
    cr_expect_not(input_takes(r->m, INPUT_KIND_KEY));
    start(r, 0, 2);
    cr_expect(input_takes(r->m, INPUT_KIND_KEY));
    bare_reset(r->m);
    cr_expect_not(input_takes(r->m, INPUT_KIND_KEY));
}

Test(virtio_input, too_much_is_dropped_in_whole_groups)
{
    Rig *r = input_rig("virtio-keyboard-device", NULL);
    for (int i = 0; i < 300; i++) {
        send(r, INPUT_KIND_KEY, INPUT_KEY_A, i & 1);
    }
    for (unsigned i = 0; i < 256; i += 8) {
        offer_buffers(r, i, 8);
    }
    cr_assert_eq(used(r, EVENTQ), 256);
    expect_event(r, 254, 1, 30, 1);
    expect_event(r, 255, 0, 0, 0);
    offer_buffers(r, 256, 8);
    cr_expect_eq(used(r, EVENTQ), 256);
    send(r, INPUT_KIND_KEY, INPUT_KEY_B, 1);
    cr_expect_eq(used(r, EVENTQ), 258);
}

Test(virtio_input, leds)
{
    Rig *r = input_rig("virtio-keyboard-device", NULL);
    static const uint16_t caps_on[4] = {17, 1, 1, 0}, nonsense[4] = {17, 9, 1, 0};
    memcpy(at(r, DATA), caps_on, 8);
    memcpy(at(r, DATA + 8), nonsense, 8);
    desc(r, STATUSQ, 0, DATA, 8, 0, 0);
    desc(r, STATUSQ, 1, DATA + 8, 8, 0, 0);
    desc(r, STATUSQ, 2, DATA, 3, 0, 0);
    offer(r, STATUSQ, 0);
    offer(r, STATUSQ, 1);
    offer(r, STATUSQ, 2);
    kick(r, STATUSQ);
    cr_expect_eq(used(r, STATUSQ), 3);
    cr_expect_eq(input_leds(r->m), 4);
}
