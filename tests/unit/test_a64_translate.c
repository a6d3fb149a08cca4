// The IR of a few A64 blocks, as text: operand order, write-back after the access, and how each
// kind of block ends.
#include <criterion/criterion.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target-arm/a64/a64.h"
#include "tests/unit/ir_ops.h"

#define PC UINT64_C(0x400000)

static char *translate_at(uint64_t pc, uint64_t flags, const uint32_t *words, unsigned n)
{
    ARMCPU *cpu = g_new0(ARMCPU, 1);
    IRBlock *b = ir_block_new();
    TranslateRequest r = {.pc = pc,
                          .flags = flags,
                          .host = (const uint8_t *)words,
                          .bytes = 4 * n,
                          .limit = 4 * n,
                          .max_insns = n};
    cpu->features = ~UINT64_C(0);
    arm_a64_translate(&cpu->vcpu, b, &r);
    char *problem = ir_verify(b), *text = ir_text(b);
    cr_assert_null(problem, "%s", problem);
    ir_block_free(b);
    arm_decoder_free(cpu->decoder);
    g_free(cpu);
    return text;
}

static void expect_ops(uint64_t flags, const uint32_t *words, unsigned n, const char *want)
{
    char *text = translate_at(PC, flags, words, n), *got = ops_of(text);
    cr_expect_str_eq(got, want, "got  %s\nwant %s\n%s", got, want, text);
    g_free(got);
    free(text);
}

#define OPS(flags, want, ...)                                                                      \
    do {                                                                                           \
        const uint32_t words_[] = {__VA_ARGS__};                                                   \
        expect_ops(flags, words_, ARRAY_LEN(words_), want);                                        \
    } while (0)

Test(a64_translate, add_and_fall_through)
{
    OPS(1, "insn get get add put exit_jump", 0x8b020020); // add x0, x1, x2
}

Test(a64_translate, thirty_two_bits)
{
    OPS(1, "insn get trunc get trunc add extu put exit_jump", 0x0b020020); // add w0, w1, w2
}

Test(a64_translate, compare_and_branch)
{
    // subs xzr, x1, #3; b.hi .+8
    OPS(1, "insn get const f_sub f_cmc put insn get exit_if_f exit_jump", 0xf1000c3f, 0x54000048);
}

Test(a64_translate, write_back_comes_after_the_access)
{
    OPS(1, "insn get ld put const add put exit_jump", 0xf8408420); // ldr x0, [x1], #8
    OPS(1, "insn get get st const add put exit_jump", 0xf81f8c20); // str x0, [x1, #-8]!
    OPS(1, "insn get ld ld put put const add put exit_jump",
        0xa8c10440 /* ldp x0, x1, [x2], #16 */);
}

Test(a64_translate, calls_and_returns)
{
    OPS(1, "insn const put exit_call", 0x94000002);    // bl .+8
    OPS(1, "insn get const put exit_ind", 0xd63f03c0); // blr x30: target before link
    OPS(1, "insn get exit_ind", 0xd65f03c0);           // ret
}

Test(a64_translate, sp_is_checked_once)
{
    // stp x29, x30, [sp, #-16]!; str x0, [sp]; ldr x1, [sp, #8]
    OPS(1 | ARM_BF_SP_ALIGN,
        "insn get const exit_if get get st st const add put "
        "insn get get st insn get ld put exit_jump",
        0xa9bf7bfd, 0xf90003e0, 0xf94007e1);
}

Test(a64_translate, undefined_and_illegal)
{
    OPS(1, "insn const call exit_loop", 0x00000000);
    OPS(1, "insn const call exit_loop", 0xffffffff);
    OPS(1 | ARM_BF_IL, "insn const call exit_loop", 0xd503201f);
}

Test(a64_translate, software_step_takes_one_instruction)
{
    OPS(1 | ARM_BF_SS, "insn const put call exit_loop", 0xd503201f, 0xd503201f);
    // cbz x0, .+8: the target is chosen without leaving
    OPS(1 | ARM_BF_SS, "insn get const const const select put call exit_loop", 0xb4000040);
}

Test(a64_translate, branch_targets_lose_their_tag)
{
    OPS(1 | ARM_BF_TBI, "insn get exit_ind", 0xd61f0000); // told by the op's immediate
    OPS(1 | ARM_BF_SS | ARM_BF_TBI, "insn get sextract put call exit_loop", 0xd61f0000);
    OPS(1 | ARM_BF_SS | 1 << 19, "insn get sextract const select put call exit_loop", 0xd61f0000);
}

Test(a64_translate, misaligned_pc)
{
    const uint32_t nop = 0xd503201f;
    char *text = translate_at(PC + 2, 1, &nop, 1), *ops = ops_of(text);
    cr_expect_str_eq(ops, "insn const call exit_loop");
    g_free(ops);
    free(text);
}

Test(a64_translate, length_is_limited)
{
    uint32_t nops[200];
    for (unsigned i = 0; i < ARRAY_LEN(nops); i++) {
        nops[i] = 0xd503201f;
    }
    char *text = translate_at(PC, 1, nops, ARRAY_LEN(nops));
    unsigned n = 0;
    for (const char *s = text; (s = strstr(s, "insn ")); s++) {
        n++;
    }
    cr_expect_leq(n, 65u);
    cr_expect_geq(n, 32u);
    free(text);
}
