// The decoder: all chapters' rows, parsed once and indexed by the instruction bits that tell most
// rows apart.
//
//   bits 28..21, 12..10  ->  bucket  ->  candidates, most specific first  ->  row, fields
//
// A bucket holds each row that is compatible with its bits, so a look-up compares a few masks.
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "target-arm/a64/a64.h"
#include "target-arm/a64/pauth.h"
#include "util/log.h"

const A64Chapter *const a64_chapters[] = {
    &a64_dp_imm,
    &a64_pauth,
    &a64_dp_reg,
    &a64_branches,
    &a64_system,
    &a64_load_store,
    &a64_load_store_exclusive,
    &a64_load_store_simd,
    &a64_fp_scalar,
    &a64_fp_convert,
    &a64_simd_copy,
    &a64_simd_three_same,
    &a64_simd_three_diff,
    &a64_simd_two_misc,
    &a64_simd_across,
    &a64_simd_shift,
    &a64_simd_permute,
    &a64_simd_indexed,
    &a64_simd_scalar,
    &a64_simd_fp,
    &a64_simd_fp_convert,
    &a64_simd_fp_products,
    &a64_crypto,
};
const unsigned a64_n_chapters = ARRAY_LEN(a64_chapters);

#define BUCKET_BITS 11
#define N_BUCKETS   (1u << BUCKET_BITS)
#define N_FIELDS    (sizeof(A64Fields) / sizeof(uint32_t))

typedef struct Entry {
    A64Pattern pattern;
    const A64Row *row;
} Entry;

struct A64Decoder {
    Entry *entry; // most specific first
    unsigned n_entries;
    uint32_t first[N_BUCKETS + 1]; // bucket b: list[first[b]] .. list[first[b + 1] - 1]
    uint16_t *list;                // indices into entry
};

static unsigned bucket_of(uint32_t insn)
{
    return extract32(insn, 21, 8) << 3 | extract32(insn, 10, 3);
}

static uint32_t bucket_bits(unsigned bucket)
{
    return (uint32_t)(bucket >> 3) << 21 | (bucket & 7) << 10;
}

static const uint32_t bucket_mask = 0xffu << 21 | 7u << 10;

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

static bool add_field_bit(A64Pattern *p, int field, unsigned pos)
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

bool a64_parse_row(const A64Row *row, A64Pattern *p)
{
    int pos = 31;
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

static void collect_entries(A64Decoder *d)
{
    unsigned n = 0;
    for (unsigned i = 0; i < a64_n_chapters; i++) {
        n += a64_chapters[i]->n_rows;
    }
    d->entry = g_new0(Entry, n);
    for (unsigned i = 0; i < a64_n_chapters; i++) {
        for (unsigned k = 0; k < a64_chapters[i]->n_rows; k++) {
            Entry *e = &d->entry[d->n_entries++];
            e->row = &a64_chapters[i]->rows[k];
            if (!a64_parse_row(e->row, &e->pattern)) {
                die("A64 decode table: row %s is malformed: \"%s\"", e->row->name, e->row->bits);
            }
        }
    }
    qsort(d->entry, d->n_entries, sizeof(Entry), more_specific_first);
}

A64Decoder *a64_decoder_new(void)
{
    A64Decoder *d = g_new0(A64Decoder, 1);
    GArray *list = g_array_new(FALSE, FALSE, sizeof(uint16_t));
    collect_entries(d);
    for (unsigned b = 0; b < N_BUCKETS; b++) {
        uint32_t bits = bucket_bits(b);
        d->first[b] = list->len;
        for (unsigned i = 0; i < d->n_entries; i++) {
            const A64Pattern *p = &d->entry[i].pattern;
            if (((p->value ^ bits) & p->mask & bucket_mask) == 0) {
                uint16_t index = (uint16_t)i;
                g_array_append_val(list, index);
            }
        }
    }
    d->first[N_BUCKETS] = list->len;
    d->list = (uint16_t *)(void *)g_array_free(list, FALSE);
    return d;
}

void a64_decoder_free(A64Decoder *d)
{
    if (d) {
        g_free(d->entry);
        g_free(d->list);
        g_free(d);
    }
}

// --- looking up

static void extract_fields(const A64Pattern *p, uint32_t insn, A64Fields *fields)
{
    uint32_t *field = &fields->a;
    memset(fields, 0, N_FIELDS * sizeof(uint32_t));
    for (unsigned i = 0; i < p->n_runs; i++) {
        uint32_t *f = &field[p->run[i].field];
        *f = *f << p->run[i].len | extract32(insn, p->run[i].pos, p->run[i].len);
    }
}

const A64Row *a64_decode(const A64Decoder *d, uint32_t insn, A64Fields *fields)
{
    unsigned b = bucket_of(insn);
    for (uint32_t i = d->first[b]; i < d->first[b + 1]; i++) {
        const Entry *e = &d->entry[d->list[i]];
        if ((insn & e->pattern.mask) == e->pattern.value) {
            extract_fields(&e->pattern, insn, fields);
            return e->row;
        }
    }
    return NULL;
}
