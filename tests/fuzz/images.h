// Small valid files of every kind that Mimus reads, made from nothing.
#ifndef TESTS_FUZZ_IMAGES_H
#define TESTS_FUZZ_IMAGES_H

#include "tests/fuzz/fuzz.h"

typedef struct FuzzImage {
    const char *name;
    void (*make)(GByteArray *out); // the same bytes each time
} FuzzImage;

extern const FuzzImage fuzz_images[];
extern const unsigned n_fuzz_images;
// By name; it must exist.
GByteArray *fuzz_image(const char *name);

#endif
