// Conditions: A32's in the instruction, T32's by an IT before it. Besides: T32 instructions across
// a page, big-endian data, and sequences.
#include "tests/oracle/generate.h"

#include <string.h>

#include "target-arm/a32/a32.h"

#define SETEND_BE_A32 0xf1010200u
#define SETEND_BE_T16 0xb658u
#define IT            0xbf00u

// The row's own instruction is the last one of the case.
static void insert_before(OracleCase *c, uint32_t insn)
{
    c->insn[c->n_insns] = c->insn[c->n_insns - 1];
    c->insn[c->n_insns - 1] = insn;
    c->n_insns++;
}

static bool wants_big_endian(Gen *g, const OracleCase *c)
{
    return c->memory && !c->poke && c->n_insns == 1 && gen_below(g, 8) == 0;
}

void oracle_condition_a32(Gen *g, OracleCase *c)
{
    uint32_t *insn = &c->insn[c->n_insns - 1];
    if (g->pattern.mask >> 28 != 15 && gen_below(g, 2)) {
        *insn = (*insn & 0x0fffffff) | gen_below(g, 14) << 28;
    }
    if (wants_big_endian(g, c)) {
        insert_before(c, SETEND_BE_A32);
    }
}

// --- IT blocks

static bool in_list(const Gen *g, const char *const *list, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (!strcmp(g->row->name, list[i])) {
            return true;
        }
    }
    return false;
}

static bool fits_it(const Gen *g)
{
    static const char *const never[] = {"IT", "CBZ", "B_cond", "SETEND", "SETPAN", "CPS", "HVC"};
    return !in_list(g, never, ARRAY_LEN(never));
}

static bool ends_it(const Gen *g, const OracleCase *c)
{
    static const char *const last[] = {"ADD_pc", "MOV_pc", "BX", "BLX", "B", "POP", "LDM"};
    return c->poke || g->chapter == &t32_branches || g->chapter == &t32_load_store_multiple ||
           in_list(g, last, ARRAY_LEN(last));
}

static uint32_t random_it(Gen *g, uint32_t mask)
{
    return IT | gen_below(g, 14) << 4 | mask;
}

static unsigned bytes_before_last(const OracleCase *c)
{
    unsigned n = 0;
    for (unsigned i = 0; i + 1 < c->n_insns; i++) {
        n += c->insn[i] >> 16 ? 4 : 2;
    }
    return n;
}

void oracle_condition_thumb(Gen *g, OracleCase *c)
{
    if (fits_it(g) && gen_below(g, 2)) {
        bool alone = ends_it(g, c) || gen_below(g, 2);
        insert_before(c, random_it(g, alone ? 8 : 1 + gen_below(g, 15)));
    }
    if (wants_big_endian(g, c)) {
        insert_before(c, SETEND_BE_T16);
    }
    unsigned before = bytes_before_last(c);
    if (gen_below(g, 4) == 0 && before <= 6) { // the row's instruction goes over into the next page
        c->early = before + 2;
    }
}

// --- sequences: rows that select, as the others would need their own registers

static void random_row(Gen *g)
{
    const ArmInsnSet *set = g->isa->set;
    do {
        g->chapter = set->chapter[gen_below(g, set->n_chapters)];
        g->row = &g->chapter->rows[gen_below(g, g->chapter->n_rows)];
    } while (!(g->row->feature & ARM_ROW_SELECTS) || g->chapter == &a32_branches ||
             row_left_out(g, g->chapter, g->row));
    arm_parse_row(set->bits, g->row, &g->pattern);
}

static void add_one(Gen *g, OracleCase *c)
{
    OracleCase one;
    random_row(g);
    if (gen_case(g, &one)) {
        c->insn[c->n_insns++] = one.insn[one.n_insns - 1];
    }
}

void oracle_sequence_a32(Gen *g, OracleCase *c, unsigned n)
{
    bool thumb = g->isa->state == ORACLE_THUMB;
    for (unsigned attempt = 0; c->n_insns < n && attempt < 10000; attempt++) {
        unsigned left = n - c->n_insns, block = 1;
        if (thumb && left > 1 && gen_below(g, 2)) {
            block = 1 + gen_below(g, MIN_OF(left - 1, 4u));
            uint32_t mask = (gen_below(g, 16) << 1 | 1) << (4 - block) & 15;
            c->insn[c->n_insns++] = random_it(g, mask);
        }
        for (unsigned end = c->n_insns + block; c->n_insns < end;) {
            add_one(g, c);
        }
    }
}
