// The virt board's small devices: GPIO, RTC, fw_cfg, flash; and device properties.
#include <criterion/criterion.h>
#include <string.h>

#include "block/block.h"
#include "hw/block/pflash_cfi01.h"
#include "hw/gpio/pl061.h"
#include "hw/nvram/fw_cfg.h"
#include "hw/rtc/pl031.h"
#include "tests/unit/bare_machine.h"

#define BASE 0x09000000

// --- PL061

Test(pl061, button_on_an_edge)
{
    Machine *m = bare_machine();
    Pin irq = {0};
    Device *d = pl061_create(m, address_space_root(m->memory), BASE, pin_line(&irq));
    bare_reset(m);
    cr_assert_eq(rd(m, BASE + 0xfe0, 4), 0x61);
    wr(m, BASE + 0x408, 8, 4); // both edges of line 3
    wr(m, BASE + 0x410, 8, 4);
    IrqLine line = pl061_input(d, 3);
    irq_set(&line, true);
    cr_assert(irq.level);
    cr_assert_eq(rd(m, BASE + (8 << 2), 4), 8);
    cr_assert_eq(rd(m, BASE + (7 << 2), 4), 0);
    wr(m, BASE + 0x41c, 8, 4);
    cr_assert(!irq.level);
    irq_set(&line, false);
    cr_assert(irq.level);
    wr(m, BASE + 0x404, 8, 4); // level, low
    cr_assert_eq(rd(m, BASE + 0x418, 4), 8);
    wr(m, BASE + 0x40c, 8, 4); // level, high
    cr_assert(!irq.level);
}

Test(pl061, outputs)
{
    Machine *m = bare_machine();
    Pin irq = {0}, out = {0};
    Device *d = pl061_create(m, address_space_root(m->memory), BASE, pin_line(&irq));
    pl061_connect(d, 1, pin_line(&out));
    bare_reset(m);
    wr(m, BASE + (2 << 2), 2, 4); // an input does not take it
    cr_assert_eq(rd(m, BASE + 0x3fc, 4), 0);
    wr(m, BASE + 0x400, 2, 4);
    wr(m, BASE + (2 << 2), 0xff, 4);
    cr_assert(out.level);
    cr_assert_eq(rd(m, BASE + 0x3fc, 4), 2);
}

// --- PL031

static uint64_t now_ns;

static uint64_t now(void *opaque)
{
    (void)opaque;
    return now_ns;
}

Test(pl031, time_and_alarm)
{
    Machine *m = bare_machine();
    Pin irq = {0};
    clock_set_source(m->clock, now, NULL);
    clock_set_rtc_base(m->clock, 1000000);
    pl031_create(m, address_space_root(m->memory), BASE, pin_line(&irq));
    bare_reset(m);
    now_ns = 5 * NS_PER_SEC + 1;
    cr_assert_eq(rd(m, BASE, 4), 1000005);
    wr(m, BASE + 0x10, 1, 4);
    wr(m, BASE + 4, 1000007, 4);
    cr_assert_eq(clock_next_deadline(m->clock), 7 * NS_PER_SEC);
    now_ns = 7 * NS_PER_SEC;
    clock_run_due(m->clock, now_ns);
    cr_assert(irq.level);
    wr(m, BASE + 0x1c, 1, 4);
    cr_assert(!irq.level);
    wr(m, BASE + 8, 500, 4);
    cr_assert_eq(rd(m, BASE, 4), 500);
    cr_assert_eq(rd(m, BASE + 8, 4), 500);
    now_ns += 3 * NS_PER_SEC;
    bare_reset(m);
    cr_assert_eq(rd(m, BASE, 4), 503);
}

// --- fw_cfg

static Machine *with_fw_cfg(Device **d)
{
    Machine *m = bare_machine();
    mem_map(address_space_root(m->memory), 0x40000000, mem_ram("ram", 0x10000), 0);
    *d = fw_cfg_create(m, address_space_root(m->memory), BASE);
    return m;
}

static void select_item(Machine *m, uint16_t key)
{
    wr(m, BASE + 8, __builtin_bswap16(key), 2);
}

Test(fw_cfg, signature_and_integers)
{
    Device *d;
    Machine *m = with_fw_cfg(&d);
    select_item(m, FW_CFG_SIGNATURE);
    char sig[5] = "";
    for (unsigned i = 0; i < 4; i++) {
        sig[i] = (char)rd(m, BASE, 1);
    }
    cr_assert_str_eq(sig, "QEMU");
    cr_assert_eq(rd(m, BASE, 1), 0);
    select_item(m, FW_CFG_ID);
    cr_assert_eq(rd(m, BASE, 4), 3);
    fw_cfg_add_int(d, FW_CFG_RAM_SIZE, 0x123456789, 8);
    select_item(m, FW_CFG_RAM_SIZE);
    cr_assert_eq(rd(m, BASE, 8), 0x123456789);
    select_item(m, 0x3fff);
    cr_assert_eq(rd(m, BASE, 8), 0);
    cr_assert_eq(rd(m, BASE + 16, 8), __builtin_bswap64(0x51454d5520434647));
}

Test(fw_cfg, directory_is_sorted)
{
    Device *d;
    Machine *m = with_fw_cfg(&d);
    cr_assert(fw_cfg_add_file(d, "opt/b", "bb", 2));
    cr_assert(fw_cfg_add_file(d, "opt/a", "aaa", 3));
    cr_assert_not(fw_cfg_add_file(d, "opt/a", "x", 1));
    cr_assert_not(
        fw_cfg_add_file(d, "a-name-that-is-a-good-deal-longer-than-fifty-five-characters", "x", 1));
    select_item(m, FW_CFG_FILE_DIR);
    cr_assert_eq(__builtin_bswap32((uint32_t)rd(m, BASE, 4)), 2);
    cr_assert_eq(__builtin_bswap32((uint32_t)rd(m, BASE, 4)), 3);
    uint16_t key = __builtin_bswap16((uint16_t)rd(m, BASE, 2));
    rd(m, BASE, 2);
    char name[56];
    for (unsigned i = 0; i < 56; i++) {
        name[i] = (char)rd(m, BASE, 1);
    }
    cr_assert_str_eq(name, "opt/a");
    select_item(m, key);
    cr_assert_eq(rd(m, BASE, 2), 'a' | 'a' << 8);
}

static uint32_t dma(Machine *m, uint32_t control, uint32_t len, uint64_t addr)
{
    const uint32_t head[2] = {__builtin_bswap32(control), __builtin_bswap32(len)};
    const uint64_t at = __builtin_bswap64(addr);
    mem_write(m->memory, 0x40000000, head, 8);
    mem_write(m->memory, 0x40000008, &at, 8);
    wr(m, BASE + 16, 0, 4);
    wr(m, BASE + 20, __builtin_bswap32(0x40000000), 4);
    return __builtin_bswap32((uint32_t)rd(m, 0x40000000, 4));
}

Test(fw_cfg, dma)
{
    Device *d;
    Machine *m = with_fw_cfg(&d);
    fw_cfg_add(d, FW_CFG_KERNEL_DATA, "0123456789", 10);
    wr(m, 0x4000100a, 0xff, 1);
    cr_assert_eq(dma(m, FW_CFG_KERNEL_DATA << 16 | 8 | 2, 16, 0x40001000), 0);
    cr_assert_eq(memcmp(mem_dma(m->memory, 0x40001000, 11), "0123456789", 11), 0);
    dma(m, FW_CFG_KERNEL_DATA << 16 | 8, 0, 0);
    dma(m, 4, 3, 0); // skip
    cr_assert_eq(dma(m, 2, 2, 0x40001000), 0);
    cr_assert_eq(rd(m, 0x40001000, 2), '3' | '4' << 8);
    cr_assert_eq(dma(m, 16, 2, 0x40001000), 1); // write: error
    dma(m, 2, UINT32_MAX, UINT64_MAX - 100);    // anywhere, without end
    dma(m, 2, 64, BASE + 16);                   // onto itself
    wr(m, BASE + 16, 0xffffffffffffffff, 8);
}

// --- flash

#define SIZE 0x200000

static Machine *with_flash(Device **d)
{
    Machine *m = bare_machine();
    char *error = NULL;
    *d = pflash_create(m, address_space_root(m->memory), "flash", 0, SIZE, NULL, &error);
    cr_assert_not_null(*d);
    bare_reset(m);
    return m;
}

Test(pflash, identification_and_query)
{
    Device *d;
    Machine *m = with_flash(&d);
    wr(m, 0, 0x00900090, 4);
    cr_assert_eq(rd(m, 0, 4), 0x00890089);
    cr_assert_eq(rd(m, 4, 4), 0x00180018);
    wr(m, 0x55 * 4, 0x00980098, 4);
    cr_assert_eq(rd(m, 0x10 * 4, 4), 0x00510051);
    cr_assert_eq(rd(m, 0x12 * 4, 2), 'Y');
    cr_assert_eq(rd(m, 0x27 * 4, 1), 20); // a chip has 1 MiB
    wr(m, 0, 0x00ff00ff, 4);
    cr_assert_eq(rd(m, 0, 4), 0);
}

Test(pflash, erase_program_status)
{
    Device *d;
    Machine *m = with_flash(&d);
    wr(m, 0x40000, 0x00200020, 4);
    wr(m, 0x40000, 0x00d000d0, 4);
    cr_assert_eq(rd(m, 0x40000, 4), 0x00800080);
    wr(m, 0, 0x00ff00ff, 4);
    cr_assert_eq(rd(m, 0x40000, 4), 0xffffffff);
    cr_assert_eq(rd(m, 0x7fffc, 4), 0xffffffff);
    cr_assert_eq(rd(m, 0x3fffc, 4), 0);
    wr(m, 0x40010, 0x00400040, 4);
    wr(m, 0x40010, 0x12345678, 4);
    wr(m, 0, 0x00700070, 4);
    cr_assert_eq(rd(m, 0, 4), 0x00800080);
    wr(m, 0, 0x00ff00ff, 4);
    cr_assert_eq(rd(m, 0x40010, 4), 0x12345678);
    wr(m, 0x40010, 0x00400040, 4);
    wr(m, 0x40010, 0xff00ffff, 4); // bits only fall
    wr(m, 0, 0x00ff00ff, 4);
    cr_assert_eq(rd(m, 0x40010, 4), 0x12005678);
}

Test(pflash, write_buffer)
{
    Device *d;
    Machine *m = with_flash(&d);
    wr(m, 0, 0x00200020, 4);
    wr(m, 0, 0x00d000d0, 4);
    wr(m, 0x100, 0x00e800e8, 4);
    cr_assert_eq(rd(m, 0x100, 4), 0x00800080);
    wr(m, 0x100, 0x00030003, 4); // four words
    for (unsigned i = 0; i < 4; i++) {
        wr(m, 0x100 + 4 * i, 0x11111111 * (i + 1), 4);
    }
    wr(m, 0x100, 0x00d000d0, 4);
    wr(m, 0, 0x00ff00ff, 4);
    cr_assert_eq(rd(m, 0x104, 4), 0x22222222);
    cr_assert_eq(rd(m, 0x110, 4), 0xffffffff);
    wr(m, 0x100, 0x00e800e8, 4); // a word outside the buffer ends it
    wr(m, 0x100, 0x00030003, 4);
    wr(m, 0x20000, 0, 4);
    cr_assert_eq(rd(m, 0x104, 4), 0x22222222);
}

Test(pflash, read_only)
{
    Device *d;
    Machine *m = with_flash(&d);
    pflash_set_readonly(d);
    wr(m, 0, 0x00200020, 4);
    wr(m, 0, 0x00d000d0, 4);
    cr_assert_eq(rd(m, 0, 4), 0x00a000a0);
    wr(m, 0, 0x00500050, 4);
    wr(m, 0, 0x00700070, 4);
    cr_assert_eq(rd(m, 0, 4), 0x00800080);
}

// --- properties

typedef struct Thing {
    Device dev;
    bool on;
    uint32_t n;
    uint64_t size;
    char *text;
    uint8_t mac[6];
} Thing;

static const DeviceProp props[] = {
    {"on", PROP_BOOL, offsetof(Thing, on), "on", NULL},
    {"number", PROP_U32, offsetof(Thing, n), "7", NULL},
    {"size", PROP_SIZE, offsetof(Thing, size), NULL, NULL},
    {"text", PROP_STRING, offsetof(Thing, text), NULL, NULL},
    {"mac", PROP_MAC, offsetof(Thing, mac), NULL, NULL},
    {NULL, 0, 0, NULL, NULL},
};
static const DeviceType thing_type = {.name = "test-thing",
                                      .desc = "a thing",
                                      .bus = "none",
                                      .size = sizeof(Thing),
                                      .user_creatable = true,
                                      .props = props};
DEVICE_TYPE(thing_type);

Test(device, properties)
{
    Machine *m = bare_machine();
    char *error = NULL;
    cr_assert(
        device_add(m, "test-thing,id=x,on=off,size=2K,text=a,,b,mac=52:54:00:12:34:56", &error),
        "%s", error);
    Thing *t = (Thing *)device_find(m, "x");
    cr_assert(t && !t->on && t->n == 7 && t->size == 2048 && t->mac[5] == 0x56);
    cr_assert_str_eq(t->text, "a,b");
    const char *const bad[][2] = {
        {"test-thing,id=x", "another device with id 'x'"},
        {"test-thing,numbr=1", "did you mean 'number'"},
        {"test-thin", "did you mean 'test-thing'"},
        {"test-thing,number=0x100000000", "up to 0xffffffff"},
        {"test-thing,mac=1:2", "52:54"},
        {"", "begin with a device's name"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        error = NULL;
        cr_assert_not(device_add(m, bad[i][0], &error));
        cr_assert(error && strstr(error, bad[i][1]), "%s", error);
    }
    cr_assert_eq(m->devices->len, 1);
}
