// PC keyboard controller (IBM PC/AT and PS/2 technical references, "Keyboard controller"; 8042) and
// port 92h of the PS/2.
//
//   keyboard --(set 2, translated to set 1)--.
//   mouse -----------------------------------+--> output buffer --> port 60h, IRQ 1 or 12
//   answers of the controller itself --------'
//
// Bytes arrive as soon as the buffer is free: there are no serial lines that take time.
#include "hw/input/i8042.h"

#include "hw/core/machine.h"
#include "hw/input/ps2.h"
#include "util/log.h"

// --- registers

enum {
    STATUS_OUTPUT = 0x01, // the output buffer is full
    STATUS_SYSTEM = 0x04,
    STATUS_COMMAND = 0x08, // the last write was to port 64h
    STATUS_UNLOCKED = 0x10,
    STATUS_MOUSE = 0x20, // what is in the buffer is the mouse's
    MODE_KBD_IRQ = 0x01,
    MODE_MOUSE_IRQ = 0x02,
    MODE_SYSTEM = 0x04,
    MODE_KBD_OFF = 0x10,
    MODE_MOUSE_OFF = 0x20,
    MODE_TRANSLATE = 0x40,
    OUT_NOT_RESET = 0x01,
    OUT_A20 = 0x02,
    OUT_MOUSE_FULL = 0x20,
    OUT_KBD_FULL = 0x10,
    OUT_ONES = 0xcc,
};
enum {
    CMD_READ_RAM = 0x20, // to 3f; byte 0 is the mode
    CMD_WRITE_RAM = 0x60,
    CMD_MOUSE_OFF = 0xa7,
    CMD_MOUSE_ON = 0xa8,
    CMD_TEST_MOUSE = 0xa9,
    CMD_SELF_TEST = 0xaa,
    CMD_TEST_KBD = 0xab,
    CMD_KBD_OFF = 0xad,
    CMD_KBD_ON = 0xae,
    CMD_READ_INPUT = 0xc0,
    CMD_READ_OUTPUT = 0xd0,
    CMD_WRITE_OUTPUT = 0xd1,
    CMD_WRITE_KBD_BUFFER = 0xd2,
    CMD_WRITE_MOUSE_BUFFER = 0xd3,
    CMD_WRITE_MOUSE = 0xd4,
    CMD_A20_OFF = 0xdd,
    CMD_A20_ON = 0xdf,
    CMD_READ_TEST = 0xe0,
    CMD_PULSE = 0xf0, // bits that are 0 are pulsed low
};

// --- state

typedef struct I8042 {
    Device dev;
    Ps2Keyboard kbd;
    Ps2Mouse mouse;
    uint8_t ram[32]; // byte 0: mode
    uint8_t status, output;
    bool full;
    uint8_t outport;         // without the buffer bits
    uint8_t command;         // whose argument comes at port 60h, 0: none
    uint8_t own, own_source; // an answer that waits for the buffer, and whose it seems to be
    bool own_full;
    bool release; // a 0xf0 went through translation: the next byte is a release
    IrqLine irq1, irq12, a20m;
} I8042;

static const StateField fields[] = {
    STATE_STRUCTS(I8042, kbd, Ps2Keyboard, 1, ps2_keyboard_state_fields),
    STATE_STRUCTS(I8042, mouse, Ps2Mouse, 1, ps2_mouse_state_fields),
    STATE_U8_ARRAY(I8042, ram, 32),
    STATE_U8(I8042, status),
    STATE_U8(I8042, output),
    STATE_BOOL(I8042, full),
    STATE_U8(I8042, outport),
    STATE_U8(I8042, command),
    STATE_U8(I8042, own),
    STATE_U8(I8042, own_source),
    STATE_BOOL(I8042, own_full),
    STATE_BOOL(I8042, release),
    STATE_END,
};

// --- output buffer

static void update_irq(I8042 *s)
{
    bool mouse = s->status & STATUS_MOUSE;
    irq_set(&s->irq1, s->full && !mouse && (s->ram[0] & MODE_KBD_IRQ));
    irq_set(&s->irq12, s->full && mouse && (s->ram[0] & MODE_MOUSE_IRQ));
}

static void fill(I8042 *s, uint8_t v, uint8_t source)
{
    s->output = v;
    s->full = true;
    s->status = (s->status & ~STATUS_MOUSE) | source;
    update_irq(s);
}

// What set 2 codes become; above 0x7f they stay, but for two.
static const uint8_t set1_of_set2[128] = {
    0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59,
    0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a, 0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b,
    0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d,
    0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f,
    0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, 0x6c, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0c, 0x61,
    0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76,
    0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f,
    0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45, 0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54,
};

static uint8_t translate(uint8_t v)
{
    return v < 128 ? set1_of_set2[v] : v == 0x83 ? 0x41 : v == 0x84 ? 0x54 : v;
}

// Takes a byte of the keyboard. False: it was the release prefix, which is folded into the next.
static bool take_kbd(I8042 *s, uint8_t *v)
{
    *v = ps2_read(&s->kbd.w);
    if (!(s->ram[0] & MODE_TRANSLATE)) {
        return true;
    }
    if (*v == 0xf0) {
        s->release = true;
        return false;
    }
    *v = translate(*v) | (s->release ? 0x80 : 0);
    s->release = false;
    return true;
}

static void refill(I8042 *s)
{
    uint8_t v;
    if (!s->full && s->own_full) {
        s->own_full = false;
        fill(s, s->own, s->own_source);
    }
    while (!s->full && !(s->ram[0] & MODE_KBD_OFF) && ps2_has_data(&s->kbd.w)) {
        if (take_kbd(s, &v)) {
            fill(s, v, 0);
        }
    }
    if (!s->full && !(s->ram[0] & MODE_MOUSE_OFF) && ps2_has_data(&s->mouse.w)) {
        fill(s, ps2_read(&s->mouse.w), STATUS_MOUSE);
        ps2_mouse_room(&s->mouse);
    }
}

static void device_ready(void *opaque)
{
    refill(opaque);
}

// An answer of the controller: the latest counts.
static void answer(I8042 *s, uint8_t v, uint8_t source)
{
    s->own = v;
    s->own_source = source;
    s->own_full = true;
    refill(s);
}

static bool loaded(void *obj, char **error)
{
    I8042 *s = obj;
    if (!ps2_wire_loaded(&s->kbd.w) || !ps2_wire_loaded(&s->mouse.w) || s->kbd.scan_set < 1 ||
        s->kbd.scan_set > 3) {
        *error = g_strdup("i8042: queue or scan code set out of range");
        return false;
    }
    update_irq(s); // A20 is as the CPU has it: port 92h may have been written later
    return true;
}

static const StateDesc state = {"i8042", 1, fields, .loaded = loaded};

// --- the output port: A20 and reset

static void write_outport(I8042 *s, uint8_t v)
{
    s->outport = v;
    irq_set(&s->a20m, !(v & OUT_A20));
    if (!(v & OUT_NOT_RESET)) {
        machine_request(s->dev.machine, MACHINE_RESET, 0);
    }
}

static uint8_t read_outport(const I8042 *s)
{
    bool mouse = s->status & STATUS_MOUSE;
    return s->outport | (s->full ? mouse ? OUT_MOUSE_FULL : OUT_KBD_FULL : 0);
}

// --- commands

static void set_mode_bits(I8042 *s, uint8_t set, uint8_t clear)
{
    s->ram[0] = (s->ram[0] | set) & (uint8_t)~clear;
    update_irq(s);
    refill(s);
}

static void self_test(I8042 *s)
{
    s->status |= STATUS_SYSTEM;
    answer(s, 0x55, 0);
}

static void write_command(I8042 *s, uint8_t v)
{
    s->status |= STATUS_COMMAND;
    s->command = 0;
    if (v >= CMD_PULSE) {
        if (!(v & OUT_NOT_RESET)) {
            machine_request(s->dev.machine, MACHINE_RESET, 0);
        }
        return;
    }
    if (v >= CMD_READ_RAM && v < CMD_READ_RAM + 32) {
        answer(s, s->ram[v - CMD_READ_RAM], 0);
        return;
    }
    if (v >= CMD_WRITE_RAM && v < CMD_WRITE_RAM + 32) {
        s->command = v;
        return;
    }
    switch (v) {
    case CMD_MOUSE_OFF:
        set_mode_bits(s, MODE_MOUSE_OFF, 0);
        break;
    case CMD_MOUSE_ON:
        set_mode_bits(s, 0, MODE_MOUSE_OFF);
        break;
    case CMD_TEST_MOUSE:
    case CMD_TEST_KBD:
        answer(s, 0x00, 0);
        break;
    case CMD_SELF_TEST:
        self_test(s);
        break;
    case CMD_KBD_OFF:
        set_mode_bits(s, MODE_KBD_OFF, 0);
        break;
    case CMD_KBD_ON:
        set_mode_bits(s, 0, MODE_KBD_OFF);
        break;
    case CMD_READ_INPUT:
        answer(s, 0x80, 0); // keyboard not inhibited
        break;
    case CMD_READ_OUTPUT:
        answer(s, read_outport(s), 0);
        break;
    case CMD_WRITE_OUTPUT:
    case CMD_WRITE_KBD_BUFFER:
    case CMD_WRITE_MOUSE_BUFFER:
    case CMD_WRITE_MOUSE:
        s->command = v;
        break;
    case CMD_A20_OFF:
        write_outport(s, s->outport & ~OUT_A20);
        break;
    case CMD_A20_ON:
        write_outport(s, s->outport | OUT_A20);
        break;
    case CMD_READ_TEST:
        answer(s, 0x00, 0);
        break;
    default:
        log_printf(LOG_GUEST_ERRORS, "i8042: command 0x%02x\n", v);
    }
}

static void write_data(I8042 *s, uint8_t v)
{
    uint8_t command = s->command;
    s->status &= (uint8_t)~STATUS_COMMAND;
    s->command = 0;
    if (command >= CMD_WRITE_RAM && command < CMD_WRITE_RAM + 32) {
        s->ram[command - CMD_WRITE_RAM] = v;
        s->status = (s->status & ~STATUS_SYSTEM) | (s->ram[0] & MODE_SYSTEM);
        set_mode_bits(s, 0, 0);
        return;
    }
    switch (command) {
    case CMD_WRITE_OUTPUT:
        write_outport(s, v & ~(OUT_MOUSE_FULL | OUT_KBD_FULL));
        break;
    case CMD_WRITE_KBD_BUFFER:
        answer(s, v, 0);
        break;
    case CMD_WRITE_MOUSE_BUFFER:
        answer(s, v, STATUS_MOUSE);
        break;
    case CMD_WRITE_MOUSE:
        set_mode_bits(s, 0, MODE_MOUSE_OFF);
        ps2_mouse_write(&s->mouse, v);
        break;
    default: // a byte for the keyboard turns its line on
        set_mode_bits(s, 0, MODE_KBD_OFF);
        ps2_keyboard_write(&s->kbd, v);
    }
}

// --- ports: 60h (offset 0) and 64h

static uint64_t data_read(void *opaque, uint64_t offset, unsigned size)
{
    I8042 *s = opaque;
    (void)offset;
    (void)size;
    uint8_t v = s->output;
    if (s->full) {
        s->full = false;
        s->status &= (uint8_t)~STATUS_MOUSE;
        update_irq(s);
        refill(s);
    }
    return v;
}

static void data_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    (void)offset;
    (void)size;
    write_data(opaque, (uint8_t)value);
}

static uint64_t status_read(void *opaque, uint64_t offset, unsigned size)
{
    const I8042 *s = opaque;
    (void)offset;
    (void)size;
    return s->status | STATUS_UNLOCKED | (s->full ? STATUS_OUTPUT : 0);
}

static void command_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    (void)offset;
    (void)size;
    write_command(opaque, (uint8_t)value);
}

static const MmioOps data_ops = {data_read, data_write, .min_size = 1, .max_size = 1};
static const MmioOps command_ops = {status_read, command_write, .min_size = 1, .max_size = 1};

// --- device

static void reset(Device *d)
{
    I8042 *s = (I8042 *)d;
    s->ram[0] = MODE_KBD_IRQ | MODE_MOUSE_IRQ;
    s->status = STATUS_COMMAND;
    s->outport = OUT_NOT_RESET | OUT_A20 | OUT_ONES;
    ps2_keyboard_reset(&s->kbd);
    ps2_mouse_reset(&s->mouse);
    update_irq(s);
    irq_set(&s->a20m, false);
}

static const DeviceType i8042_type = {
    .name = "i8042",
    .desc = "keyboard controller with PS/2 keyboard and mouse",
    .bus = "sysbus",
    .size = sizeof(I8042),
    .state = &state,
    .reset = reset,
};
DEVICE_TYPE(i8042_type);

Device *i8042_create(Machine *m, MemRegion *io, IrqLine irq1, IrqLine irq12, IrqLine a20m)
{
    I8042 *s = (I8042 *)device_new(&i8042_type, m, NULL);
    char *error = NULL;
    s->irq1 = irq1;
    s->irq12 = irq12;
    s->a20m = a20m;
    ps2_keyboard_init(&s->kbd, m, device_ready, s);
    ps2_mouse_init(&s->mouse, m, device_ready, s);
    mem_map(io, 0x60, mem_mmio("i8042-data", 1, &data_ops, s), 0);
    mem_map(io, 0x64, mem_mmio("i8042-command", 1, &command_ops, s), 0);
    if (!device_realize(&s->dev, &error)) {
        die("%s", error);
    }
    return &s->dev;
}

void i8042_prepare(Device *d)
{
    I8042 *s = (I8042 *)d;
    s->ram[0] = MODE_KBD_IRQ | MODE_MOUSE_OFF | MODE_TRANSLATE | MODE_SYSTEM;
    s->status |= STATUS_SYSTEM;
}
