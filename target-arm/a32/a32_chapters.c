// The chapters of the A32 instruction set.
#include "target-arm/a32/a32.h"

static const ArmChapter *const chapters[] = {
    &a32_dp,        &a32_multiply, &a32_media,  &a32_load_store,  &a32_load_store_multiple,
    &a32_exclusive, &a32_branches, &a32_system, &a32_coprocessor,
};

const ArmInsnSet a32_set = {
    .name = "A32",
    .bits = 32,
    .conditional = true,
    .index = {{20, 8}, {4, 4}},
    .chapter = chapters,
    .n_chapters = ARRAY_LEN(chapters),
};
