// The decoder: all chapters' rows, parsed once and indexed by the instruction bits that tell most
// rows apart.
//
//   index bits  ->  bucket  ->  candidates, most specific first  ->  row, fields
//
// A bucket holds each row that is compatible with its bits, so a look-up compares a few masks.
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "target-arm/decode.h"
#include "util/log.h"

#define N_FIELDS (sizeof(ArmFields) / sizeof(uint32_t))

typedef struct Entry {
    ArmPattern pattern;
    const ArmRow *row;
} Entry;

struct ArmDecoder {
    const ArmInsnSet *set;
    Entry *entry; // most specific first
    unsigned n_entries;
    unsigned n_buckets;
    uint32_t *first; // bucket b: list[first[b]] .. list[first[b + 1] - 1]
    uint16_t *list;  // indices into entry
};

static unsigned bucket_of(const ArmInsnSet *set, uint32_t insn)
{
    unsigned high = extract32(insn, set->index[0].pos, set->index[0].len);
    return high << set->index[1].len | extract32(insn, set->index[1].pos, set->index[1].len);
}

// The other way round: the instruction bits of a bucket.
static uint32_t bucket_bits(const ArmInsnSet *set, unsigned bucket)
{
    unsigned low = extract32(bucket, 0, set->index[1].len);
    return bucket >> set->index[1].len << set->index[0].pos | low << set->index[1].pos;
}

// --- parsing

static int field_index(char ch)
{
    if (ch >= 'a' && ch <= 'z') {
        return ch - 'a';
    }
    if (ch >= 'A' && ch <= 'Z') {
        return 26 + ch - 'A';
    }
    return -1;
}

static bool add_field_bit(ArmPattern *p, int field, unsigned pos)
{
    unsigned n = p->n_runs;
    if (n && p->run[n - 1].field == field && p->run[n - 1].pos == pos + 1) {
        p->run[n - 1].pos--;
        p->run[n - 1].len++;
        return true;
    }
    if (n == ARRAY_LEN(p->run)) {
        return false;
    }
    p->run[n].field = (uint8_t)field;
    p->run[n].pos = (uint8_t)pos;
    p->run[n].len = 1;
    p->n_runs++;
    return true;
}

bool arm_parse_row(unsigned bits, const ArmRow *row, ArmPattern *p)
{
    int pos = (int)bits - 1;
    memset(p, 0, sizeof *p);
    for (const char *s = row->bits; *s; s++) {
        if (*s == ' ') {
            continue;
        }
        if (pos < 0) {
            return false;
        }
        if (*s == '0' || *s == '1') {
            p->mask |= 1u << pos;
            p->value |= (uint32_t)(*s - '0') << pos;
        } else if (*s != '-') {
            int field = field_index(*s);
            if (field < 0 || !add_field_bit(p, field, (unsigned)pos)) {
                return false;
            }
        }
        pos--;
    }
    return pos == -1;
}

// --- building

static int more_specific_first(const void *a, const void *b)
{
    const Entry *x = a, *y = b;
    int d = __builtin_popcount(y->pattern.mask) - __builtin_popcount(x->pattern.mask);
    return d ? d : (x->pattern.value > y->pattern.value) - (x->pattern.value < y->pattern.value);
}

static void collect_entries(ArmDecoder *d)
{
    const ArmInsnSet *set = d->set;
    unsigned n = 0;
    for (unsigned i = 0; i < set->n_chapters; i++) {
        n += set->chapter[i]->n_rows;
    }
    d->entry = g_new0(Entry, n);
    for (unsigned i = 0; i < set->n_chapters; i++) {
        for (unsigned k = 0; k < set->chapter[i]->n_rows; k++) {
            Entry *e = &d->entry[d->n_entries++];
            e->row = &set->chapter[i]->rows[k];
            if (!arm_parse_row(set->bits, e->row, &e->pattern)) {
                die("%s decode table: row %s is malformed: \"%s\"", set->name, e->row->name,
                    e->row->bits);
            }
        }
    }
    qsort(d->entry, d->n_entries, sizeof(Entry), more_specific_first);
}

ArmDecoder *arm_decoder_new(const ArmInsnSet *set)
{
    ArmDecoder *d = g_new0(ArmDecoder, 1);
    GArray *list = g_array_new(FALSE, FALSE, sizeof(uint16_t));
    d->set = set;
    d->n_buckets = 1u << (set->index[0].len + set->index[1].len);
    d->first = g_new0(uint32_t, d->n_buckets + 1);
    collect_entries(d);
    uint32_t indexed = bucket_bits(set, d->n_buckets - 1);
    for (unsigned b = 0; b < d->n_buckets; b++) {
        uint32_t bits = bucket_bits(set, b);
        d->first[b] = list->len;
        for (unsigned i = 0; i < d->n_entries; i++) {
            const ArmPattern *p = &d->entry[i].pattern;
            if (((p->value ^ bits) & p->mask & indexed) == 0) {
                uint16_t index = (uint16_t)i;
                g_array_append_val(list, index);
            }
        }
    }
    d->first[d->n_buckets] = list->len;
    d->list = (uint16_t *)(void *)g_array_free(list, FALSE);
    return d;
}

void arm_decoder_free(ArmDecoder *d)
{
    if (d) {
        g_free(d->entry);
        g_free(d->first);
        g_free(d->list);
        g_free(d);
    }
}

// --- looking up

static void extract_fields(const ArmPattern *p, uint32_t insn, ArmFields *fields)
{
    uint32_t *field = &fields->a;
    memset(fields, 0, N_FIELDS * sizeof(uint32_t));
    for (unsigned i = 0; i < p->n_runs; i++) {
        uint32_t *f = &field[p->run[i].field];
        *f = *f << p->run[i].len | extract32(insn, p->run[i].pos, p->run[i].len);
    }
}

static bool matches(const ArmInsnSet *set, const ArmPattern *p, uint32_t insn)
{
    bool unconditional = set->conditional && insn >> 28 == 15;
    return (insn & p->mask) == p->value && !(unconditional && p->mask >> 28 != 15);
}

const ArmRow *arm_decode(const ArmDecoder *d, uint32_t insn, ArmFields *fields)
{
    unsigned b = bucket_of(d->set, insn);
    for (uint32_t i = d->first[b]; i < d->first[b + 1]; i++) {
        const Entry *e = &d->entry[d->list[i]];
        if (matches(d->set, &e->pattern, insn)) {
            extract_fields(&e->pattern, insn, fields);
            return e->row;
        }
    }
    return NULL;
}
