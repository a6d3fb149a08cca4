// What fuzz_virtio's requests share, and those of devices for people: keyboard, pointers, graphics.
#ifndef TESTS_FUZZ_VIRTIO_REQUESTS_H
#define TESTS_FUZZ_VIRTIO_REQUESTS_H

#include "tests/fuzz/virtio_driver.h"

#define GPU_SIDE 64 // pixels, at most

typedef struct Rig {
    Fuzz *f;
    Vd d;
    const struct Kind *kind;
    uint8_t *disk; // what it should hold
    // Of the graphics device: its one resource (0: none), its memory, and what it should hold.
    uint32_t picture, last_picture, side, transferred[GPU_SIDE * GPU_SIDE];
    uint64_t memory;
    bool on_screen;
} Rig;

typedef struct Kind {
    const char *device, *options; // options end in ","
    unsigned n_queues;
    uint64_t features; // to take, besides those below
    void (*request)(Rig *r);
    bool modern_only;
} Kind;

void serve(Rig *r, unsigned queue); // kick, maybe wait, see what came back
void fill_random(Fuzz *f, uint8_t *p, unsigned n);

void input_request(Rig *r);
void gpu_request(Rig *r);

#endif
