// Empty qcow2 images, made from nothing, for tests:
//
//   cluster 0 header, backing file | 1 refcount table | 2 its first block | 3.. L1 table
#ifndef TESTS_QCOW2_IMAGE_H
#define TESTS_QCOW2_IMAGE_H

#include <endian.h>
#include <glib.h>
#include <string.h>
#include "util/bits.h"

typedef struct Qcow2Shape {
    unsigned version, cluster_bits, refcount_order;
    bool extended_l2;
    uint64_t size;
    const char *backing, *backing_format; // or NULL
} Qcow2Shape;

static inline void image_put(GByteArray *b, uint64_t at, uint64_t v, unsigned bytes)
{
    v = htobe64(v) >> (64 - 8 * bytes);
    memcpy(b->data + at, &v, bytes);
}

static inline void image_backing(GByteArray *b, const Qcow2Shape *s, uint64_t at)
{
    if (s->backing_format) {
        size_t n = strlen(s->backing_format);
        image_put(b, at, 0xe2792aca, 4);
        image_put(b, at + 4, n, 4);
        memcpy(b->data + at + 8, s->backing_format, n);
        at += 8 + ALIGN_UP(n, (size_t)8);
    }
    if (s->backing) {
        image_put(b, 8, at + 8, 8);
        image_put(b, 16, strlen(s->backing), 4);
        memcpy(b->data + at + 8, s->backing, strlen(s->backing));
    }
}

static inline GByteArray *image_qcow2(const Qcow2Shape *s)
{
    uint64_t cluster = BIT(s->cluster_bits), order = s->version == 2 ? 4 : s->refcount_order;
    uint64_t per_l2 = cluster * (cluster / (s->extended_l2 ? 16 : 8));
    uint64_t entries = (s->size + per_l2 - 1) / per_l2;
    uint64_t used = 3 + (entries * 8 + cluster - 1) / cluster;
    GByteArray *b = g_byte_array_new();
    g_byte_array_set_size(b, (guint)(used * cluster));
    memset(b->data, 0, b->len);
    image_put(b, 0, 0x514649fb, 4);
    image_put(b, 4, s->version, 4);
    image_put(b, 20, s->cluster_bits, 4);
    image_put(b, 24, s->size, 8);
    image_put(b, 36, entries, 4);
    image_put(b, 40, 3 * cluster, 8);
    image_put(b, 48, cluster, 8);
    image_put(b, 56, 1, 4);
    if (s->version == 3) {
        image_put(b, 72, s->extended_l2 ? BIT(4) : 0, 8);
        image_put(b, 96, order, 4);
        image_put(b, 100, 104, 4);
    }
    image_backing(b, s, s->version == 3 ? 104 : 72);
    image_put(b, cluster, 2 * cluster, 8);
    for (uint64_t i = 0; i < used; i++) {
        if (order < 3) {
            b->data[2 * cluster + (i << order) / 8] |= (uint8_t)(1 << ((i << order) % 8));
        } else {
            image_put(b, 2 * cluster + (i << (order - 3)), 1, 1u << (order - 3));
        }
    }
    return b;
}

#endif
