// The decode tables of all instruction sets: each row is well-formed, no two rows overlap unless
// one is the more specific, and the index finds the same row as a plain search.
#include <criterion/criterion.h>
#include <glib.h>

#include "target-arm/a32/a32.h"
#include "target-arm/a64/a64.h"

typedef struct Parsed {
    const ArmRow *row;
    ArmPattern p;
} Parsed;

static const ArmInsnSet *const sets[] = {&a64_set, &a32_set, &t32_set, &t16_set};

static GArray *parse_all(const ArmInsnSet *set)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(Parsed));
    for (unsigned i = 0; i < set->n_chapters; i++) {
        for (unsigned k = 0; k < set->chapter[i]->n_rows; k++) {
            Parsed x = {.row = &set->chapter[i]->rows[k]};
            cr_assert(arm_parse_row(set->bits, x.row, &x.p), "%s %s: \"%s\"", set->name,
                      x.row->name, x.row->bits);
            g_array_append_val(all, x);
        }
    }
    return all;
}

// A row of A32 whose condition is free does not have what is unconditional.
static bool only_conditional(const ArmInsnSet *set, const ArmPattern *p)
{
    return set->conditional && p->mask >> 28 != 15;
}

static bool overlap(const ArmInsnSet *set, const ArmPattern *a, const ArmPattern *b)
{
    bool apart = (only_conditional(set, a) && b->value >> 28 == 15) ||
                 (only_conditional(set, b) && a->value >> 28 == 15);
    return !apart && ((a->value ^ b->value) & a->mask & b->mask) == 0;
}

static bool contains(const ArmPattern *general, const ArmPattern *specific)
{
    return (general->mask & ~specific->mask) == 0 && general->mask != specific->mask;
}

Test(arm_decode, malformed_rows_are_refused)
{
    ArmPattern p;
    static const ArmRow rows[] = {
        {"short", "0000 0000 0000 0000 0000 0000 0000 000", NULL, 0},
        {"long", "0000 0000 0000 0000 0000 0000 0000 0000 0", NULL, 0},
        {"strange", "0000 0000 0000 0000 0000 0000 0000 000?", NULL, 0},
    };
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        cr_expect_not(arm_parse_row(32, &rows[i], &p), "%s", rows[i].name);
    }
}

static void check_names(const ArmInsnSet *set)
{
    for (unsigned i = 0; i < set->n_chapters; i++) {
        const ArmChapter *ch = set->chapter[i];
        GHashTable *seen = g_hash_table_new(g_str_hash, g_str_equal);
        for (unsigned k = 0; k < ch->n_rows; k++) {
            cr_expect(g_hash_table_add(seen, (void *)ch->rows[k].name), "%s has two rows %s",
                      ch->name, ch->rows[k].name);
        }
        g_hash_table_destroy(seen);
    }
}

Test(arm_decode, names_are_unique_in_a_chapter)
{
    for (unsigned i = 0; i < ARRAY_LEN(sets); i++) {
        check_names(sets[i]);
    }
}

static void check_overlaps(const ArmInsnSet *set)
{
    GArray *all = parse_all(set);
    for (unsigned i = 0; i < all->len; i++) {
        for (unsigned k = i + 1; k < all->len; k++) {
            const Parsed *a = &g_array_index(all, Parsed, i), *b = &g_array_index(all, Parsed, k);
            bool fine =
                !overlap(set, &a->p, &b->p) || contains(&a->p, &b->p) || contains(&b->p, &a->p);
            cr_expect(fine, "%s: %s and %s overlap", set->name, a->row->name, b->row->name);
        }
    }
    g_array_free(all, TRUE);
}

Test(arm_decode, no_two_rows_are_ambiguous)
{
    for (unsigned i = 0; i < ARRAY_LEN(sets); i++) {
        check_overlaps(sets[i]);
    }
}

static const ArmRow *search(const ArmInsnSet *set, const GArray *all, uint32_t insn)
{
    const Parsed *best = NULL;
    for (unsigned i = 0; i < all->len; i++) {
        const Parsed *x = &g_array_index(all, Parsed, i);
        bool excluded = only_conditional(set, &x->p) && insn >> 28 == 15;
        if ((insn & x->p.mask) == x->p.value && !excluded && (!best || contains(&best->p, &x->p))) {
            best = x;
        }
    }
    return best ? best->row : NULL;
}

static void check_index(const ArmInsnSet *set)
{
    GArray *all = parse_all(set);
    ArmDecoder *d = arm_decoder_new(set);
    GRand *rng = g_rand_new_with_seed(1);
    for (unsigned i = 0; i < 200000; i++) {
        ArmFields f;
        uint32_t insn = g_rand_int(rng) & (uint32_t)mask64(set->bits);
        if (i & 1) { // near some row
            const Parsed *x = &g_array_index(all, Parsed, g_rand_int(rng) % all->len);
            insn = x->p.value | (insn & ~x->p.mask);
        }
        const ArmRow *want = search(set, all, insn), *got = arm_decode(d, insn, &f);
        cr_assert_eq(got, want, "%s %08x: %s, not %s", set->name, insn, got ? got->name : "none",
                     want ? want->name : "none");
    }
    g_rand_free(rng);
    arm_decoder_free(d);
    g_array_free(all, TRUE);
}

Test(arm_decode, index_finds_the_most_specific_row)
{
    for (unsigned i = 0; i < ARRAY_LEN(sets); i++) {
        check_index(sets[i]);
    }
}

Test(arm_decode, fields_of_split_and_adjacent_bits)
{
    ArmDecoder *d = arm_decoder_new(&a64_set);
    ArmFields f;
    const ArmRow *r = arm_decode(d, 0x30000013, &f); // adr x19, . + 0x1
    cr_assert_str_eq(r->name, "ADR");
    cr_expect_eq(f.l, 1);
    cr_expect_eq(f.i, 0);
    cr_expect_eq(f.d, 19);
    r = arm_decode(d, 0xb7f9ffe5, &f); // tbnz x5, #63, . + 0x3ffc
    cr_assert_str_eq(r->name, "TBZ");
    cr_expect_eq(f.h << 5 | f.b, 63);
    cr_expect_eq(f.i, 0xfff);
    cr_expect_eq(f.t, 5);
    cr_expect_null(arm_decode(d, 0xffffffff, &f));
    arm_decoder_free(d);
}
