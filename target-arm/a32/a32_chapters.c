// The chapters of the A32 instruction set.
#include "target-arm/a32/a32.h"

static const ArmChapter *const chapters[] = {
    &a32_dp,
    &a32_multiply,
    &a32_media,
    &a32_load_store,
    &a32_load_store_multiple,
    &a32_exclusive,
    &a32_branches,
    &a32_system,
    &a32_coprocessor,
    // also T32's (translate.c)
    &a32_vfp_dp,
    &a32_vfp_move,
    &a32_vfp_load_store,
    &a32_vfp_unconditional,
    &a32_neon_three_same,
    &a32_neon_three_diff,
    &a32_neon_scalar,
    &a32_neon_shift,
    &a32_neon_two_misc,
    &a32_neon_immediate,
    &a32_neon_permute,
    &a32_neon_load_store,
    &a32_neon_crypto,
};

const ArmInsnSet a32_set = {
    .name = "A32",
    .bits = 32,
    .conditional = true,
    .index = {{20, 8}, {4, 4}},
    .chapter = chapters,
    .n_chapters = ARRAY_LEN(chapters),
};
