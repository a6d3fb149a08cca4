// Random choices and mutations.
#include <string.h>

#include "tests/fuzz/fuzz.h"

uint64_t fuzz_random(Fuzz *f)
{
    f->random += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = f->random;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint64_t fuzz_below(Fuzz *f, uint64_t n)
{
    return fuzz_random(f) % n;
}

bool fuzz_one_in(Fuzz *f, unsigned n)
{
    return fuzz_below(f, n) == 0;
}

uint64_t fuzz_number(Fuzz *f)
{
    switch (fuzz_below(f, 6)) {
    case 0:
        return fuzz_below(f, 16);
    case 1:
        return UINT64_C(1) << fuzz_below(f, 64);
    case 2:
        return (UINT64_C(1) << fuzz_below(f, 64)) - 1 + fuzz_below(f, 3);
    case 3:
        return UINT64_MAX >> fuzz_below(f, 64);
    case 4:
        return -fuzz_below(f, 256);
    default:
        return fuzz_random(f) >> fuzz_below(f, 64);
    }
}

// --- bytes

static void put_number(Fuzz *f, uint8_t *at, unsigned bytes, uint64_t value)
{
    bool big = fuzz_one_in(f, 2);
    for (unsigned i = 0; i < bytes; i++) {
        at[big ? bytes - 1 - i : i] = (uint8_t)(value >> 8 * i);
    }
}

// A place in b: mostly at its start, where headers are.
static size_t place(Fuzz *f, const GByteArray *b)
{
    size_t range = fuzz_one_in(f, 2) ? MIN_OF(b->len, 256u) : b->len;
    return fuzz_below(f, range);
}

static void change_number(Fuzz *f, GByteArray *b)
{
    unsigned bytes = 1u << fuzz_below(f, 4);
    size_t at = place(f, b);
    at = fuzz_one_in(f, 8) ? at : at & ~(size_t)(bytes - 1);
    if (bytes > b->len - at) {
        return;
    }
    uint64_t old = 0;
    memcpy(&old, b->data + at, bytes);
    uint64_t near = old + fuzz_below(f, 33) - 16;
    put_number(f, b->data + at, bytes, fuzz_one_in(f, 3) ? near : fuzz_number(f));
}

static void copy_run(Fuzz *f, GByteArray *b)
{
    size_t from = place(f, b), to = place(f, b);
    size_t n = fuzz_below(f, MIN_OF(b->len - MAX_OF(from, to), 64u) + 1);
    memmove(b->data + to, b->data + from, n);
}

static void repeat_run(Fuzz *f, GByteArray *b)
{
    size_t at = place(f, b), n = fuzz_below(f, MIN_OF(b->len - at, 64u) + 1);
    uint8_t run[64];
    memcpy(run, b->data + at, n);
    size_t tail = b->len - at;
    g_byte_array_set_size(b, (guint)(b->len + n));
    memmove(b->data + at + n, b->data + at, tail);
    memcpy(b->data + at, run, n);
}

static void change_once(Fuzz *f, GByteArray *b)
{
    size_t at = place(f, b);
    switch (fuzz_below(f, 12)) {
    case 0:
        g_byte_array_set_size(b, (guint)fuzz_below(f, b->len + 1));
        break;
    case 1:
        g_byte_array_remove_range(b, (guint)at, (guint)fuzz_below(f, MIN_OF(b->len - at, 64u) + 1));
        break;
    case 2:
        repeat_run(f, b);
        break;
    case 3:
        copy_run(f, b);
        break;
    case 4:
        memset(b->data + at, fuzz_one_in(f, 2) ? 0 : 0xff,
               fuzz_below(f, MIN_OF(b->len - at, 64u) + 1));
        break;
    case 5:
    case 6:
        b->data[at] ^= (uint8_t)(1u << fuzz_below(f, 8));
        break;
    case 7:
        b->data[at] = (uint8_t)fuzz_random(f);
        break;
    default:
        change_number(f, b);
    }
}

void fuzz_mutate(Fuzz *f, GByteArray *b)
{
    unsigned n = 1 + (unsigned)fuzz_below(f, 1 + fuzz_below(f, 12));
    while (n-- && b->len) {
        change_once(f, b);
    }
}

// --- text

static void insert_word(Fuzz *f, GString *s, gssize at, const char *const *dictionary)
{
    unsigned words = 0;
    while (dictionary && dictionary[words]) {
        words++;
    }
    if (words && !fuzz_one_in(f, 4)) {
        g_string_insert(s, at, dictionary[fuzz_below(f, words)]);
    } else {
        char number[32];
        g_snprintf(number, sizeof(number), fuzz_one_in(f, 2) ? "%lld" : "0x%llx",
                   (long long)fuzz_number(f));
        g_string_insert(s, at, number);
    }
}

static void change_text_once(Fuzz *f, GString *s, const char *const *dictionary)
{
    gssize at = (gssize)fuzz_below(f, s->len + 1);
    gssize n = (gssize)fuzz_below(f, MIN_OF(s->len - (gsize)at, (gsize)12) + 1);
    switch (fuzz_below(f, 7)) {
    case 0:
        g_string_erase(s, at, n);
        break;
    case 1:
        g_string_insert_c(s, at, (char)(1 + fuzz_below(f, 255)));
        break;
    case 2:
        if (s->len) {
            s->str[fuzz_below(f, s->len)] = (char)(32 + fuzz_below(f, 95));
        }
        break;
    case 3: {
        char *run = g_strndup(s->str + at, (gsize)n);
        g_string_insert(s, at, run);
        g_free(run);
        break;
    }
    case 4:
        g_string_erase(s, at, n);
        insert_word(f, s, at, dictionary);
        break;
    default:
        insert_word(f, s, at, dictionary);
    }
}

void fuzz_mutate_text(Fuzz *f, GString *s, const char *const *dictionary)
{
    unsigned n = 1 + (unsigned)fuzz_below(f, 1 + fuzz_below(f, 6));
    while (n--) {
        change_text_once(f, s, dictionary);
    }
}
