// The text form: what is printed reads back as the same block; what is wrong gets a clear answer,
// from the parser or from the verifier.
#include <criterion/criterion.h>
#include <glib.h>
#include <stdio.h>
#include "ir_random.h"

static const IRVHelper mix_exact = {"mix", mixing_exact, 0};
static const IRVHelper vector_helper = {"vmix", mixing_exact, IR_CALL_WRITES};
static const IRHelper helper = {"helper", NULL, IR_I64, 2, IR_CALL_ALL};

// Every op that makes a value from values, then one of each of the others.
static IRBlock *block_of_all(Random *r)
{
    const IRVHelper *exact[IR_OPCODES];
    for (unsigned op = 0; op < IR_OPCODES; op++) {
        exact[op] = &mix_exact;
    }
    RandomBlock g = {.r = r, .b = ir_block_new(), .exact = exact};
    IRBlock *b = g.b;
    b->pc = 0xffff800010001000;
    b->guest_bytes = 4;
    b->guest_insns = 1;
    ir_insn(b, b->pc, 0);
    for (unsigned op = 0; op < IR_OPCODES; op++) {
        if (is_value_op(op)) {
            random_op(&g, op);
        }
    }
    random_put(&g);
    IRRef x = random_value(&g, IR_I64), v = random_value(&g, IR_V128);
    ir_ld(b, IR_V128, x, -16, 4 | IR_MEM_ALIGN);
    ir_ld(b, IR_I32, x, 0, 1 | IR_MEM_SIGN | IR_MEM_ACQ);
    ir_st(b, x, 8, v, 4 | IR_MEM_REL | IR_MEM_ALIGN16);
    ir_rmw(b, IR_RMW_UMAX, x, x, 3);
    ir_cas(b, x, x, x, 3 | IR_MEM_UNPRIV);
    ir_casif(b, x, x, x, ir_trunc(b, x), 3 | IR_MEM_ALIGN);
    ir_fence(b);
    IRRef page = ir_make(b, IR_page, IR_I64, x, IR_NONE, IR_NONE, IR_NONE, 0, 40, 0);
    ir_make(b, IR_ld, IR_I64, x, page, IR_NONE, IR_NONE, 3, 0, 32);
    ir_make(b, IR_st, IR_VOID, x, x, page, IR_NONE, 3 | IR_MEM_STORE, 0, 32);
    IRRef chk = ir_make(b, IR_chk, IR_I64, x, page, IR_NONE, IR_NONE, 0, 32, 0);
    ir_make(b, IR_ldh, IR_V128, x, chk, IR_NONE, IR_NONE, 4, 0, 16);
    ir_make(b, IR_sth, IR_VOID, x, chk, x, IR_NONE, 3, 0, (uint64_t)-8);
    ir_call(b, &helper, x, x, IR_NONE, IR_NONE);
    ir_vcall(b, &vector_helper, v, IR_NONE, v, 0x12345);
    ir_exit_if(b, IR_LE, x, x, 0x1234);
    ir_exit_if_f(b, IR_F_C_NZ, random_value(&g, IR_FLAGS), 0x5678);
    return b;
}

static void round_trip(const IRBlock *b)
{
    char *error = ir_verify(b);
    cr_assert_null(error, "%s", error);
    char *first = ir_text(b);
    IRBlock *again = ir_parse(first, &error);
    cr_assert(again, "%s in\n%s", error, first);
    cr_assert_null(error = ir_verify(again), "%s", error);
    char *second = ir_text(again);
    cr_expect_str_eq(first, second);
    free(first);
    free(second);
    ir_block_free(again);
}

Test(ir_text, round_trip)
{
    for (unsigned seed = 0; seed < 200; seed++) {
        Random r = random_seeded(seed);
        IRBlock *b = block_of_all(&r);
        switch (seed % 4) {
        case 0:
            ir_exit_jump(b, 0x2000);
            break;
        case 1:
            ir_exit_call(b, 0x2000, 0x1004);
            break;
        case 2:
            ir_exit_ind_tagged(b, ir_get(b, IR_I64, 0x60), IR_IND_RET, 0, 2);
            break;
        default:
            ir_exit_loop(b);
            break;
        }
        round_trip(b);
        ir_block_free(b);
    }
}

Test(ir_text, parse_errors)
{
    static const struct {
        const char *text, *error;
    } row[] = {
        {"  frob %1", "line 1: no op \"frob\""},
        {"\n  %0 = const.i63 value=1", "line 2: no type \"i63\""},
        {"  %0 = add.i64 %1, %2", "line 1: %1 is not defined before"},
        {"  exit_loop\n  %0 = const.i32 value=1", "line 2: %0 is out of order: the next is 1"},
        {"  %0 = const.i32 pos=1", "line 1: const has no \"pos\""},
        {"  %0 = const.i32 value=q", "line 1: not a number: \"q\""},
        {"  %0 = const.i64 value=1\n  %1 = ld.i64 %0 mem=3", "line 2: no access has 3 bytes"},
        {"  exit_jump slot=9 to=1", "line 1: no slot 9"},
        {"block pc=1", "line 1: a block is written block pc= bytes= insns="},
    };
    for (unsigned k = 0; k < ARRAY_LEN(row); k++) {
        char *error = NULL;
        cr_assert_null(ir_parse(row[k].text, &error), "%s", row[k].text);
        cr_expect_str_eq(error, row[k].error);
        g_free(error);
    }
}

Test(ir_text, verify_errors)
{
    static const struct {
        const char *text, *error;
    } row[] = {
        {"%0 = const.i64 value=1", "insn 0 (const): not a way out"},
        {"exit_loop\nexit_loop", "insn 0 (exit_loop): a way out before the end"},
        {"%0 = const.i32 value=1\n%1 = const.i64 value=1\n%2 = add.i64 %1, %0\nexit_loop",
         "insn 2 (add): argument 1, %0, has type i32"},
        {"%0 = const.i64 value=1\n%1 = add.i64 %0\nexit_loop",
         "insn 1 (add): argument 1 is missing"},
        {"%0 = const.i64 value=1\n%1 = not.i64 %0, %0\nexit_loop",
         "insn 1 (not): argument 1 is too many"},
        {"%0 = const.i32 value=0x100000000\nexit_loop", "insn 0 (const): constant exceeds 32 bits"},
        {"%0 = get.i32 off=8 bytes=8\nexit_loop", "insn 0 (get): 8 bytes of state for i32"},
        {"%0 = const.i64 value=1\n%1 = ld.i64 %0 mem=16\nexit_loop",
         "insn 1 (ld): 16 bytes of memory for i64"},
        {"%0 = const.i64 value=1\nst %0, %0 mem=8\nexit_loop",
         "insn 1 (st): a store without IR_MEM_STORE"},
        {"%0 = const.i64 value=1\n%1 = extract.i64 %0 pos=60 len=5\nexit_loop",
         "insn 1 (extract): field 60+5 is out of range"},
        {"insn pc=0 index=1\ninsn pc=4 index=1\nexit_loop", "insn 1 (insn): index 1 after 1, of 0"},
        {"exit_jump slot=1", "insn 0 (exit_jump): slot 1 of 0"},
        {"%0 = vconst.v128 value=0:0\n%1 = vadd.v128 %0, %0 esize=4\nexit_loop",
         "insn 1 (vadd): esize 4"},
        {"insn pc=0 index=0\n%1 = not.i64 %0\nexit_loop",
         "insn 1 (not): argument 0, %0, has no value"},
    };
    for (unsigned k = 0; k < ARRAY_LEN(row); k++) {
        char *error = NULL;
        IRBlock *b = ir_parse(row[k].text, &error);
        cr_assert(b, "%s: %s", row[k].text, error);
        cr_expect_str_eq(error = ir_verify(b), row[k].error);
        g_free(error);
        ir_block_free(b);
    }
}

// Text is a person's or a test's: however wrong, it gets an answer.
Test(ir_text, garbage)
{
    for (unsigned seed = 0; seed < 2000; seed++) {
        Random r = random_seeded(seed);
        IRBlock *b = block_of_all(&r);
        ir_exit_jump(b, 0x2000);
        char *text = ir_text(b), *error = NULL;
        size_t n = strlen(text);
        for (unsigned k = 1 + rnd(&r, 3); k-- > 0;) {
            text[rnd(&r, (unsigned)n)] = " %=.,:_0123456789abcdefx\n"[rnd(&r, 25)];
        }
        IRBlock *again = ir_parse(text, &error);
        cr_expect(again || error);
        if (again) {
            g_free(ir_verify(again));
        }
        g_free(error);
        ir_block_free(again);
        ir_block_free(b);
        free(text);
    }
}
