// Dead puts: a walk from the end keeps, for each part of the guest state, the bytes that will be
// overwritten before anything can see them. Whatever reads state, may fault or may leave forgets
// all of that.
#include "tcg-like/rewrite.h"

#define CELLS 256 // 8 bytes of state each, by offset; a cell that is shared just knows less

typedef struct Cell {
    uint32_t unit;
    uint16_t generation;
    uint8_t dead; // bit n: byte n of the unit will be overwritten
} Cell;

typedef struct Tracker {
    Cell *cell;
    uint16_t generation;
} Tracker;

static Cell *find(const Tracker *t, uint32_t unit)
{
    return &t->cell[unit % CELLS];
}

static uint8_t dead_bytes(const Tracker *t, uint32_t unit)
{
    const Cell *c = find(t, unit);
    return c->generation == t->generation && c->unit == unit ? c->dead : 0;
}

static void set_dead(Tracker *t, uint32_t unit, uint8_t dead)
{
    *find(t, unit) = (Cell){.unit = unit, .generation = t->generation, .dead = dead};
}

// The bytes of a unit that lie in [off, off + bytes).
static uint8_t bytes_in_unit(uint32_t unit, uint32_t off, unsigned bytes)
{
    uint32_t first = MAX_OF(off, unit * 8), end = MIN_OF(off + bytes, unit * 8 + 8);
    return (uint8_t)(mask64(end - first) << (first - unit * 8));
}

#define FOR_UNITS(unit, off, bytes)                                                                \
    for (uint32_t unit = (off) / 8; unit <= ((off) + (bytes)-1) / 8; unit++)

// True if all of the put's bytes are dead; then they stay so.
static bool visit_put(Tracker *t, uint32_t off, unsigned bytes)
{
    bool useless = true;
    FOR_UNITS(unit, off, bytes)
    {
        uint8_t mask = bytes_in_unit(unit, off, bytes), dead = dead_bytes(t, unit);
        useless &= (dead & mask) == mask;
        set_dead(t, unit, dead | mask);
    }
    return useless;
}

static void visit_get(Tracker *t, uint32_t off, unsigned bytes)
{
    FOR_UNITS(unit, off, bytes)
    {
        uint8_t dead = dead_bytes(t, unit);
        if (dead) {
            set_dead(t, unit, dead & ~bytes_in_unit(unit, off, bytes));
        }
    }
}

static void visit(Tracker *t, IRInsn *i)
{
    if (i->op == IR_get) {
        visit_get(t, (uint32_t)i->imm, i->aux);
    } else if (i->op == IR_put) {
        if (visit_put(t, (uint32_t)i->imm, i->aux)) {
            *i = (IRInsn){.op = IR_nop, .arg = {IR_NONE, IR_NONE, IR_NONE, IR_NONE}};
        }
    } else if (i->op != IR_insn && ir_touches(i) & IR_TOUCH_READS) {
        t->generation++;
    }
}

void ir_pass_dead_state(IRBlock *b)
{
    Tracker t = {.cell = ir_scratch(b, CELLS * sizeof(Cell)), .generation = 1};
    memset(t.cell, 0, CELLS * sizeof(Cell));
    for (unsigned n = b->n; n-- > 0;) {
        visit(&t, &b->insn[n]);
    }
}
