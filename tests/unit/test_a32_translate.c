// The IR of a few A32 blocks, as text: how conditions are treated, what ends a block, and how each
// way out is told to the engine.
#include <criterion/criterion.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target-arm/a32/a32.h"
#include "tests/unit/ir_ops.h"

#define PC  UINT64_C(0x400000)
#define EL1 (ARM_BF_A32 | 1)

static char *translate(uint64_t pc, uint64_t flags, uint64_t features, const uint32_t *words,
                       unsigned n)
{
    ARMCPU *cpu = g_new0(ARMCPU, 1);
    IRBlock *b = ir_block_new();
    TranslateRequest r = {.pc = pc,
                          .flags = flags,
                          .host = (const uint8_t *)words,
                          .bytes = 4 * n,
                          .limit = 4 * n,
                          .max_insns = 64};
    cpu->features = features;
    arm_a32_translate(&cpu->vcpu, b, &r);
    char *problem = ir_verify(b), *text = ir_text(b);
    cr_assert_null(problem, "%s", problem);
    ir_block_free(b);
    arm_decoder_free(cpu->a32_decoder);
    arm_decoder_free(cpu->t32_decoder);
    arm_decoder_free(cpu->t16_decoder);
    g_free(cpu);
    return text;
}

static void expect(uint64_t flags, uint64_t features, const uint32_t *words, unsigned n,
                   const char *want)
{
    char *text = translate(PC, flags, features, words, n), *got = ops_of(text);
    cr_expect_str_eq(got, want, "got  %s\nwant %s\n%s", got, want, text);
    g_free(got);
    free(text);
}

#define OPS_WITH(flags, features, want, ...)                                                       \
    do {                                                                                           \
        const uint32_t words_[] = {__VA_ARGS__};                                                   \
        expect(flags, features, words_, ARRAY_LEN(words_), want);                                  \
    } while (0)
#define OPS(want, ...) OPS_WITH(EL1, ~UINT64_C(0), want, __VA_ARGS__)

Test(a32_translate, registers_are_zero_extended)
{
    OPS("insn get trunc get trunc add extu put exit_jump", 0xe0810002); // add r0, r1, r2
}

Test(a32_translate, registers_are_selected_by_the_condition)
{
    // addne r0, r1, r2
    OPS("insn get get trunc get trunc add get trunc f_select extu put exit_jump", 0x10810002);
    // cmpne r1, #3: the flags are chosen
    OPS("insn get get trunc const f_sub f_cmc f_choose put exit_jump", 0x13510003);
}

Test(a32_translate, others_are_branched_over)
{
    // ldrne r0, [r1]
    OPS("insn get exit_if_f get trunc extu ld extu put exit_jump", 0x15910000);
}

Test(a32_translate, a_condition_stays_known)
{
    // ldrne r0, [r1]; addne r0, r1, r2; ldreq r0, [r1]
    OPS("insn get exit_if_f get trunc extu ld extu put "
        "insn get trunc get trunc add extu put insn exit_jump",
        0x15910000, 0x10810002, 0x05910000);
    // bne .+16; ldreq r0, [r1]
    OPS("insn get get exit_if_f insn get trunc extu ld extu put exit_jump", 0x1a000002, 0x05910000);
    // ldrne r0, [r1]; cmp r0, #0; addne r0, r1, r2: until flags are written
    OPS("insn get exit_if_f get trunc extu ld extu put "
        "insn get trunc const f_sub f_cmc put "
        "insn get get trunc get trunc add get trunc f_select extu put exit_jump",
        0x15910000, 0xe3500000, 0x10810002);
}

Test(a32_translate, compare_and_branch)
{
    // cmp r1, #3; bhi .+16
    OPS("insn get trunc const f_sub f_cmc put insn get get exit_if_f exit_jump", 0xe3510003,
        0x8a000002);
}

Test(a32_translate, calls_and_returns)
{
    OPS("insn const extu put exit_call", 0xeb000002);                  // bl
    OPS("insn get exit_if_f const extu put exit_call", 0x1b000002);    // blne
    OPS("insn const extu put exit_call", 0xfa000002);                  // blx to T32
    OPS("insn get trunc const extu put extu exit_ind", 0xe12fff3e);    // blx lr: target before link
    OPS("insn get trunc extu exit_ind", 0xe12fff1e);                   // bx lr
    OPS("insn get trunc extu exit_ind", 0xe1a0f00e);                   // mov pc, lr
    OPS("insn get get trunc get exit_if_f extu exit_ind", 0x11a0f000); // movne pc, r0
}

Test(a32_translate, write_back_comes_after_the_access)
{
    OPS("insn get trunc const add extu ld extu put extu put exit_jump",
        0xe5b10004); // ldr r0,[r1,4]!
    OPS("insn get trunc const add get trunc extu st extu put exit_jump", 0xe4810004);
    // ldmia r1!, {r0, r2}
    OPS("insn get trunc extu ld extu put ld extu put const add extu put exit_jump", 0xe8b10005);
    // ldm r1, {r0, r1}: the base last
    OPS("insn get trunc extu ld extu put ld extu put exit_jump", 0xe8910003);
    // pop {r0, pc}
    OPS("insn get trunc extu ld extu put ld const add extu put extu exit_ind", 0xe8bd8001);
}

Test(a32_translate, big_endian_data)
{
    OPS_WITH(EL1 | ARM_BF_E, ~UINT64_C(0), "insn get trunc extu ld bswap extu put exit_jump",
             0xe5910000);
}

Test(a32_translate, features_and_undefined_words)
{
    uint64_t v7 = BIT(ARM_FEAT_BASE);
    const char *undefined = "insn const call exit_loop";
    OPS_WITH(EL1, v7, undefined, 0xe710f211);           // sdiv r0, r1, r2
    OPS_WITH(EL1, v7, undefined, 0xe1910c9f);           // lda r0, [r1]
    OPS_WITH(EL1, v7, undefined, 0xe1020091);           // swp r0, r1, [r2] without SCTLR.SW
    OPS_WITH(EL1, ~UINT64_C(0), undefined, 0xf0810002); // the space of cond 1111
    OPS_WITH(EL1, ~UINT64_C(0), undefined, 0xe7f000f0); // udf #0
    OPS_WITH(EL1 | ARM_BF_IL, ~UINT64_C(0), undefined, 0xe1a00000);
    OPS_WITH(ARM_BF_A32, ~UINT64_C(0), undefined, 0xe14f0000); // mrs r0, spsr at PL0
}

Test(a32_translate, pc_reads_eight_ahead)
{
    char *text = translate(PC, EL1, ~UINT64_C(0), (const uint32_t[]){0xe1a0000f}, 1); // mov r0, pc
    cr_expect(strstr(text, "0x400008"), "%s", text);
    free(text);
}

Test(a32_translate, misaligned_pc)
{
    char *text = translate(PC + 2, EL1, ~UINT64_C(0), (const uint32_t[]){0xe1a00000}, 1);
    char *ops = ops_of(text);
    cr_expect_str_eq(ops, "insn const call exit_loop");
    g_free(ops);
    free(text);
}

Test(a32_translate, software_step)
{
    // ldrne r0, [r1]: where it is passed over, the step ends by its own pc
    OPS_WITH(ARM_BF_A32 | ARM_BF_SS, ~UINT64_C(0),
             "insn get exit_if_f get trunc extu ld extu put const put call exit_loop", 0x15910000);
}
