// The chapters of T32: 16-bit instructions in a set of their own.
#include "target-arm/a32/a32.h"

static const ArmChapter *const t16_chapters[] = {&t16_all};

const ArmInsnSet t16_set = {
    .name = "T16",
    .bits = 16,
    .index = {{8, 8}, {4, 4}},
    .chapter = t16_chapters,
    .n_chapters = ARRAY_LEN(t16_chapters),
};

static const ArmChapter *const t32_chapters[] = {
    &t32_dp,        &t32_multiply, &t32_media,  &t32_load_store,  &t32_load_store_multiple,
    &t32_exclusive, &t32_branches, &t32_system, &t32_coprocessor,
};

const ArmInsnSet t32_set = {
    .name = "T32",
    .bits = 32,
    .index = {{20, 9}, {13, 3}},
    .chapter = t32_chapters,
    .n_chapters = ARRAY_LEN(t32_chapters),
};
