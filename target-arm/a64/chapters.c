// The chapters of the A64 instruction set.
#include "target-arm/a64/a64.h"
#include "target-arm/a64/pauth.h"

static const ArmChapter *const chapters[] = {
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

const ArmInsnSet a64_set = {
    .name = "A64",
    .bits = 32,
    .index = {{21, 8}, {10, 3}},
    .chapter = chapters,
    .n_chapters = ARRAY_LEN(chapters),
};
