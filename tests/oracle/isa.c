// The instruction sets that can be compared.
#include "tests/oracle/generate.h"

#include <capstone/capstone.h>

#include "target-arm/a32/a32.h"
#include "target-arm/a64/a64.h"
#include "target-arm/cpu.h"

// --- A64

static void trim_a64(OracleRegs *r)
{
    r->flags &= 0xf0000000u;
    // With SP in the runner's signal stack, the frame of its signal would go right there.
    if (r->x[31] - 0x400000 < 0x100000) {
        r->x[31] += 0x100000;
    }
}

static uint32_t coincide_a64(Gen *g, uint32_t free_bits)
{
    (void)g;
    return (free_bits & ~0x001f03e0u) | (free_bits & 0x1f) << 5 | (free_bits & 0x1f) << 16;
}

// --- AArch32

static void trim_a32(OracleRegs *r)
{
    r->fpcr |= r->flags << 28; // N, Z, C, V of FPSCR
    r->flags &= 0xf80f0000u;   // N, Z, C, V, Q, GE
    for (unsigned i = 0; i < 32; i++) {
        r->x[i] = i < 15 ? (uint32_t)r->x[i] : 0;
        r->v[32 + i] = 0;
    }
    if (r->x[13] - 0x400000 < 0x100000) {
        r->x[13] += 0x100000;
    }
}

// ARMv7 has no FPSCR.FZ16.
static void trim_v7(OracleRegs *r)
{
    trim_a32(r);
    r->fpcr &= ~(UINT32_C(1) << 19);
}

static uint32_t coincide_a32(Gen *g, uint32_t free_bits)
{
    static const uint8_t pos[] = {0, 8, 12, 16};
    uint32_t same = free_bits >> 24 & 15;
    for (unsigned i = 0; i < ARRAY_LEN(pos); i++) {
        if (gen_below(g, 3)) {
            free_bits = (free_bits & ~(15u << pos[i])) | same << pos[i];
        }
    }
    return free_bits;
}

static uint32_t coincide_t16(Gen *g, uint32_t free_bits)
{
    uint32_t same = free_bits & 7;
    return (free_bits & ~0x1f8u) | same << 3 | (gen_below(g, 2) ? same : free_bits >> 16 & 7) << 6;
}

#define V7                                                                                         \
    (BIT(ARM_FEAT_BASE) | BIT(ARM_FEAT_AA32) | BIT(ARM_FEAT_LPAE) | BIT(ARM_FEAT_IDIV) |           \
     BIT(ARM_FEAT_VFP4) | BIT(ARM_FEAT_VIRT))

#define AARCH32                                                                                    \
    .our_cpu = "max", .runner = "build/tests/a32-runner", .qemu = "qemu-arm-static",               \
    .cs_arch = CS_ARCH_ARM, .rule = oracle_rules_a32, .n_rules = &oracle_n_rules_a32,              \
    .sequence = oracle_sequence_a32
#define ON_MAX                                                                                     \
    .cpu = "max", .features = ~(BIT(ARM_FEAT_LSE2) | BIT(ARM_FEAT_AA32_EL1)), .trim = trim_a32
#define ON_V7 .cpu = "cortex-a15", .features = V7, .trim = trim_v7
#define IN_A32                                                                                     \
    .set = &a32_set, .state = ORACLE_A32, .cs_mode = CS_MODE_ARM, .nop = 0xe320f000u,              \
    .coincide = coincide_a32, .condition = oracle_condition_a32
#define IN_THUMB                                                                                   \
    .state = ORACLE_THUMB, .cs_mode = CS_MODE_THUMB | CS_MODE_V8, .nop = 0xbf00u,                  \
    .condition = oracle_condition_thumb
#define IN_T32 IN_THUMB, .set = &t32_set, .coincide = coincide_a32
#define IN_T16 IN_THUMB, .set = &t16_set, .coincide = coincide_t16

// VFP and Advanced SIMD: A32's rows, which T32 has under other first bytes.
static const ArmChapter *const vfp_chapters[] = {
    &a32_vfp_dp,          &a32_vfp_move,        &a32_vfp_load_store, &a32_vfp_unconditional,
    &a32_neon_three_same, &a32_neon_three_diff, &a32_neon_scalar,    &a32_neon_shift,
    &a32_neon_two_misc,   &a32_neon_immediate,  &a32_neon_permute,   &a32_neon_load_store,
    &a32_neon_crypto,
};
static const ArmInsnSet vfp_set = {
    .name = "VFP and Advanced SIMD",
    .bits = 32,
    .conditional = true,
    .index = {{20, 8}, {4, 4}},
    .chapter = vfp_chapters,
    .n_chapters = ARRAY_LEN(vfp_chapters),
};
#define IN_VFP_T32                                                                                 \
    .set = &vfp_set, .state = ORACLE_THUMB, .cs_mode = CS_MODE_THUMB | CS_MODE_V8, .nop = 0xbf00u, \
    .coincide = coincide_a32, .condition = oracle_condition_vfp_t32

const OracleIsa oracle_isa[] = {
    {
        .name = "a64",
        .set = &a64_set,
        .state = ORACLE_A64,
        .cpu = "max,sve=off,sme=off",
        .our_cpu = "max",
        // All rows, whatever the model has; but QEMU 7.2 lacks FEAT_LSE2, whose alignment rules
        // differ.
        .features = ~(BIT(ARM_FEAT_LSE2) | BIT(ARM_FEAT_AA32_EL1)),
        .runner = "build/tests/a64-runner",
        .qemu = "qemu-aarch64-static",
        .cs_arch = CS_ARCH_ARM64,
        .cs_mode = CS_MODE_ARM,
        .nop = 0xd503201fu,
        .rule = oracle_rules_a64,
        .n_rules = &oracle_n_rules_a64,
        .trim = trim_a64,
        .coincide = coincide_a64,
        .sequence = oracle_sequence_a64,
    },
    {.name = "a32", AARCH32, IN_A32, ON_MAX},
    {.name = "t32", AARCH32, IN_T32, ON_MAX},
    {.name = "t16", AARCH32, IN_T16, ON_MAX},
    {.name = "a32-v7", AARCH32, IN_A32, ON_V7},
    {.name = "t32-v7", AARCH32, IN_T32, ON_V7},
    {.name = "t16-v7", AARCH32, IN_T16, ON_V7},
    {.name = "vfp-t32", AARCH32, IN_VFP_T32, ON_MAX},
    {.name = "vfp-t32-v7", AARCH32, IN_VFP_T32, ON_V7},
};
const unsigned oracle_n_isas = ARRAY_LEN(oracle_isa);
