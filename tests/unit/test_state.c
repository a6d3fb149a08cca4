// State descriptions: reset, hash, text.
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hw/core/clock.h"
#include "hw/core/state.h"

typedef struct Part {
    uint16_t x;
    uint8_t y;
} Part;

typedef struct Obj {
    uint32_t a;
    uint64_t kept;
    uint8_t arr[4];
    bool on;
    uint8_t bytes[10];
    Part part[2];
    Timer *timer;
    uint8_t *buf;
    size_t buf_len;
    uint32_t masked;
    uint32_t derived;
} Obj;

static const StateField part_fields[] = {STATE_U16(Part, x, .reset = 7), STATE_U8(Part, y),
                                         STATE_END};
static const StateField fields[] = {
    STATE_U32(Obj, a, .reset = 0x1234),
    STATE_U64(Obj, kept, .keep = true),
    STATE_U8_ARRAY(Obj, arr, 4, .reset = 3),
    STATE_BOOL(Obj, on, .reset = 1),
    STATE_BYTES(Obj, bytes),
    STATE_STRUCTS(Obj, part, Part, 2, part_fields),
    STATE_TIMER(Obj, timer),
    STATE_BUFFER(Obj, buf, buf_len),
    STATE_U32(Obj, masked, .mask = 0xff),
    STATE_END,
};
static const StateDesc desc = {"obj", 1, fields, NULL, NULL};

static StateHash hash_of(Obj *o)
{
    StateHash h;
    state_hash_init(&h);
    state_hash(&h, &desc, o);
    return h;
}

static bool same(StateHash a, StateHash b)
{
    return a.h[0] == b.h[0] && a.h[1] == b.h[1];
}

Test(state, reset)
{
    Clock *c = clock_new();
    Obj o;
    memset(&o, 0xee, sizeof o);
    o.timer = timer_new(c, NULL, NULL);
    timer_arm(o.timer, 5);
    state_reset(&desc, &o);
    cr_assert(o.a == 0x1234 && o.kept == 0xeeeeeeeeeeeeeeee && o.on == 1);
    cr_assert(o.arr[0] == 3 && o.arr[3] == 3 && o.bytes[9] == 0);
    cr_assert(o.part[1].x == 7 && o.part[1].y == 0);
    cr_assert(!timer_armed(o.timer));
    cr_assert_eq(o.derived, 0xeeeeeeee);
}

Test(state, hash_sees_declared_fields_only)
{
    Clock *c = clock_new();
    Obj o = {.timer = timer_new(c, NULL, NULL)};
    uint8_t data[3] = {1, 2, 3};
    o.buf = data;
    o.buf_len = 3;
    StateHash h = hash_of(&o);
    cr_assert(same(h, hash_of(&o)));
    o.derived = 1;
    o.masked = 0x100;
    cr_assert(same(h, hash_of(&o)));
    o.masked = 1;
    cr_assert(!same(h, hash_of(&o)));
    o.masked = 0;
    data[2] = 4;
    cr_assert(!same(h, hash_of(&o)));
    data[2] = 3;
    o.part[1].y = 1;
    cr_assert(!same(h, hash_of(&o)));
    o.part[1].y = 0;
    timer_arm(o.timer, 99);
    cr_assert(!same(h, hash_of(&o)));
    timer_stop(o.timer);
    cr_assert(same(h, hash_of(&o)));
}

Test(state, every_bit_of_a_block_counts)
{
    uint8_t block[67] = {0};
    StateHash seen[67 * 8], zero;
    state_hash_init(&zero);
    state_hash_bytes(&zero, block, sizeof block);
    for (unsigned i = 0; i < sizeof block * 8; i++) {
        block[i / 8] ^= (uint8_t)(1 << (i % 8));
        state_hash_init(&seen[i]);
        state_hash_bytes(&seen[i], block, sizeof block);
        block[i / 8] = 0;
        cr_assert(!same(seen[i], zero));
        for (unsigned j = 0; j < i; j++) {
            cr_assert(!same(seen[i], seen[j]));
        }
    }
    StateHash a, b;
    state_hash_init(&a);
    state_hash_init(&b);
    state_hash_bytes(&a, block, 16);
    state_hash_bytes(&b, block, 17);
    cr_assert(!same(a, b)); // length counts
}

Test(state, print)
{
    Obj o = {.a = 0xab, .arr = {0, 1, 0, 0}};
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    state_print(&desc, &o, "dev", f);
    fclose(f);
    cr_assert(strstr(text, "dev.a = 0xab\n"));
    cr_assert(strstr(text, "dev.arr[1] = 0x1\n"));
    cr_assert(strstr(text, "dev.part[0].y = 0x0\n"));
    free(text);
}
