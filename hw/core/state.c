// Walks state descriptions: reset values, the state hash, text dumps.
#include "hw/core/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hw/core/clock.h"

// --- hash: two lanes of xor, multiply, fold; not cryptographic. Little-endian hosts only, like
// the rest of the program.

#define LANE0 UINT64_C(0x9e3779b97f4a7c15)
#define LANE1 UINT64_C(0xd6e8feb86659fd93)

static uint64_t mix(uint64_t h, uint64_t word, uint64_t k)
{
    h = (h ^ word) * k;
    return h ^ (h >> 32);
}

void state_hash_init(StateHash *h)
{
    h->h[0] = LANE1;
    h->h[1] = LANE0;
}

void state_hash_bytes(StateHash *h, const void *p, size_t n)
{
    const uint8_t *b = p;
    uint64_t a = h->h[0], c = h->h[1];
    uint64_t w[2];
    size_t left = n;
    for (; left >= 16; left -= 16, b += 16) {
        memcpy(w, b, 16);
        a = mix(a, w[0], LANE0);
        c = mix(c, w[1], LANE1);
    }
    w[0] = w[1] = 0;
    if (left) {
        memcpy(w, b, left);
    }
    a = mix(a, w[0] ^ n, LANE0);
    c = mix(c, w[1] + (a >> 7), LANE1);
    h->h[0] = a ^ (c >> 29);
    h->h[1] = c;
}

// --- fields

static uint64_t get_int(const uint8_t *p, unsigned size)
{
    uint64_t v = 0;
    memcpy(&v, p, size);
    return v;
}

static uint64_t deadline_of(const uint8_t *p)
{
    const Timer *t = *(Timer *const *)(const void *)p;
    return t ? timer_deadline(t) : UINT64_MAX;
}

static size_t buffer_len(const StateField *f, const uint8_t *obj)
{
    return *(const size_t *)(const void *)(obj + f->count_offset);
}

static const uint8_t *buffer_ptr(const uint8_t *p)
{
    return *(const uint8_t *const *)(const void *)p;
}

static void hash_fields(StateHash *h, const StateField *f, const uint8_t *obj);

static void hash_int(StateHash *h, const StateField *f, const uint8_t *p)
{
    if (!f->mask) {
        state_hash_bytes(h, p, (size_t)f->size * f->count);
        return;
    }
    for (uint32_t i = 0; i < f->count; i++) {
        uint64_t v = get_int(p + (size_t)i * f->size, f->size) & f->mask;
        state_hash_bytes(h, &v, sizeof v);
    }
}

static void hash_field(StateHash *h, const StateField *f, const uint8_t *obj)
{
    const uint8_t *p = obj + f->offset;
    uint64_t deadline;
    switch (f->kind) {
    case STATE_KIND_INT:
        hash_int(h, f, p);
        break;
    case STATE_KIND_BYTES:
        state_hash_bytes(h, p, (size_t)f->size * f->count);
        break;
    case STATE_KIND_BUFFER:
        state_hash_bytes(h, buffer_ptr(p), buffer_ptr(p) ? buffer_len(f, obj) : 0);
        break;
    case STATE_KIND_TIMER:
        deadline = deadline_of(p);
        state_hash_bytes(h, &deadline, sizeof deadline);
        break;
    case STATE_KIND_STRUCT:
        for (uint32_t i = 0; i < f->count; i++) {
            hash_fields(h, f->fields, p + (size_t)i * f->size);
        }
        break;
    case STATE_KIND_END:
        break;
    }
}

static void hash_fields(StateHash *h, const StateField *f, const uint8_t *obj)
{
    for (; f->kind != STATE_KIND_END; f++) {
        hash_field(h, f, obj);
    }
}

void state_hash(StateHash *h, const StateDesc *d, void *obj)
{
    if (d->saving) {
        d->saving(obj);
    }
    hash_fields(h, d->fields, obj);
}

static void reset_fields(const StateField *f, uint8_t *obj)
{
    for (; f->kind != STATE_KIND_END; f++) {
        uint8_t *p = obj + f->offset;
        if (f->keep) {
            continue;
        }
        switch (f->kind) {
        case STATE_KIND_INT:
            for (uint32_t i = 0; i < f->count; i++) {
                memcpy(p + (size_t)i * f->size, &f->reset, f->size);
            }
            break;
        case STATE_KIND_BYTES:
            memset(p, 0, (size_t)f->size * f->count);
            break;
        case STATE_KIND_TIMER:
            if (*(Timer **)(void *)p) {
                timer_stop(*(Timer **)(void *)p);
            }
            break;
        case STATE_KIND_STRUCT:
            for (uint32_t i = 0; i < f->count; i++) {
                reset_fields(f->fields, p + (size_t)i * f->size);
            }
            break;
        default: // what a pointer leads to is its owner's to reset
            break;
        }
    }
}

void state_reset(const StateDesc *d, void *obj)
{
    reset_fields(d->fields, obj);
}

// --- text

#define PRINT_BYTES 64 // longer byte strings are printed as their hash

static void print_bytes(FILE *out, const uint8_t *p, size_t n)
{
    if (n > PRINT_BYTES) {
        StateHash h;
        state_hash_init(&h);
        state_hash_bytes(&h, p, n);
        fprintf(out, "%zu bytes, hash %016" PRIx64 "%016" PRIx64 "\n", n, h.h[0], h.h[1]);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        fprintf(out, "%02x", p[i]);
    }
    fputc('\n', out);
}

static void print_fields(const StateField *f, const uint8_t *obj, const char *prefix, FILE *out);

static void print_ints(const StateField *f, const uint8_t *p, const char *prefix, FILE *out)
{
    for (uint32_t i = 0; i < f->count; i++) {
        uint64_t v = get_int(p + (size_t)i * f->size, f->size);
        v &= f->mask ? f->mask : UINT64_MAX;
        if (f->count == 1) {
            fprintf(out, "%s.%s = 0x%" PRIx64 "\n", prefix, f->name, v);
        } else if (v != f->reset) {
            fprintf(out, "%s.%s[%u] = 0x%" PRIx64 "\n", prefix, f->name, i, v);
        }
    }
}

static void print_structs(const StateField *f, const uint8_t *p, const char *prefix, FILE *out)
{
    for (uint32_t i = 0; i < f->count; i++) {
        char inner[256];
        if (f->count == 1) {
            snprintf(inner, sizeof inner, "%s.%s", prefix, f->name);
        } else {
            snprintf(inner, sizeof inner, "%s.%s[%u]", prefix, f->name, i);
        }
        print_fields(f->fields, p + (size_t)i * f->size, inner, out);
    }
}

static void print_fields(const StateField *f, const uint8_t *obj, const char *prefix, FILE *out)
{
    for (; f->kind != STATE_KIND_END; f++) {
        const uint8_t *p = obj + f->offset;
        switch (f->kind) {
        case STATE_KIND_INT:
            print_ints(f, p, prefix, out);
            break;
        case STATE_KIND_BYTES:
            fprintf(out, "%s.%s = ", prefix, f->name);
            print_bytes(out, p, (size_t)f->size * f->count);
            break;
        case STATE_KIND_BUFFER:
            fprintf(out, "%s.%s = ", prefix, f->name);
            print_bytes(out, buffer_ptr(p), buffer_ptr(p) ? buffer_len(f, obj) : 0);
            break;
        case STATE_KIND_TIMER:
            fprintf(out, "%s.%s = 0x%" PRIx64 "\n", prefix, f->name, deadline_of(p));
            break;
        case STATE_KIND_STRUCT:
            print_structs(f, p, prefix, out);
            break;
        case STATE_KIND_END:
            break;
        }
    }
}

void state_print(const StateDesc *d, void *obj, const char *prefix, void *file)
{
    if (d->saving) {
        d->saving(obj);
    }
    print_fields(d->fields, obj, prefix, file);
}
