// The A64 encoder of the AArch64 backend: what it writes, capstone must read back.
#include <capstone/capstone.h>
#include <criterion/criterion.h>
#include <glib.h>
#include <stdio.h>

#include "host-backends/aarch64/emit_vector.h"

typedef struct Text {
    uint8_t bytes[64];
    A64Code c;
    char text[400];
} Text;

static A64Code *begin(Text *t)
{
    t->c = (A64Code){.rw = t->bytes, .pos = 0, .end = sizeof(t->bytes)};
    return &t->c;
}

// All that was written, at address 0, instructions separated by "; ".
static const char *read_back(Text *t)
{
    csh h;
    cs_insn *insn;
    size_t at = 0;
    cr_assert(cs_open(CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN, &h) == CS_ERR_OK);
    size_t n = cs_disasm(h, t->bytes, t->c.pos, 0, 0, &insn);
    t->text[0] = 0;
    for (size_t k = 0; k < n; k++) {
        at += (size_t)snprintf(t->text + at, sizeof(t->text) - at, "%s%s%s%s", k ? "; " : "",
                               insn[k].mnemonic, insn[k].op_str[0] ? " " : "", insn[k].op_str);
    }
    if (4 * n != t->c.pos) {
        snprintf(t->text + at, sizeof(t->text) - at, " and %zu bytes more", t->c.pos - 4 * n);
    }
    if (n) {
        cs_free(insn, n);
    }
    cs_close(&h);
    return t->text;
}

#define CHECK(expected, call)                                                                      \
    do {                                                                                           \
        Text t;                                                                                    \
        A64Code *c = begin(&t);                                                                    \
        call;                                                                                      \
        const char *got = read_back(&t);                                                           \
        cr_expect(!strcmp(got, expected), "%s: got %s, want %s", #call, got, expected);            \
    } while (0)

Test(a64_encode, registers)
{
    CHECK("add w1, w2, w3", a64_rrr(c, A64_ADD, 1, 2, 3));
    CHECK("subs x30, x29, x28", a64_rrr(c, A64_SUBS | A64_X, 30, 29, 28));
    CHECK("and x17, x25, x30, lsr #7", a64_rrr_shift(c, A64_AND | A64_X, 17, 25, 30, A64_LSR, 7));
    CHECK("eon w1, w2, w2, lsr #1", a64_rrr_shift(c, A64_EON, 1, 2, 2, A64_LSR, 1));
    CHECK("bic x1, x2, x3", a64_rrr(c, A64_BIC | A64_X, 1, 2, 3));
    CHECK("orn w1, w2, w3", a64_rrr(c, A64_ORN, 1, 2, 3));
    CHECK("adcs w1, w2, w3", a64_rrr(c, A64_ADCS, 1, 2, 3));
    CHECK("sbcs x1, x2, x3", a64_rrr(c, A64_SBCS | A64_X, 1, 2, 3));
    CHECK("udiv x1, x2, x3", a64_rrr(c, A64_UDIV | A64_X, 1, 2, 3));
    CHECK("sdiv w1, w2, w3", a64_rrr(c, A64_SDIV, 1, 2, 3));
    CHECK("ror x1, x2, x3", a64_rrr(c, A64_RORV | A64_X, 1, 2, 3));
    CHECK("mul x1, x2, x3", a64_rrr(c, A64_MUL | A64_X, 1, 2, 3));
    CHECK("smull x1, w2, w3", a64_rrr(c, A64_SMULL | A64_X, 1, 2, 3));
    CHECK("umulh x1, x2, x3", a64_rrr(c, A64_UMULH | A64_X, 1, 2, 3));
    CHECK("csel x1, x2, x3, hi", a64_csel(c, A64_CSEL | A64_X, 1, 2, 3, A64_HI));
    CHECK("cset w9, vs", a64_cset(c, 9, A64_VS));
    CHECK("rev x1, x2", a64_rr(c, A64_REV64 | A64_X, 1, 2));
    CHECK("rev32 x1, x2", a64_rr(c, A64_REV32 | A64_X, 1, 2));
    CHECK("rev16 w1, w2", a64_rr(c, A64_REV16, 1, 2));
    CHECK("rbit x1, x2", a64_rr(c, A64_RBIT | A64_X, 1, 2));
    CHECK("clz w1, w2", a64_rr(c, A64_CLZ, 1, 2));
    CHECK("crc32cx w1, w2, x3", a64_rrr(c, A64_CRC32CB | A64_X | 3 << 10, 1, 2, 3));
    CHECK("mrs x16, nzcv", a64_word(c, A64_MRS | SYS_NZCV | 16));
    CHECK("msr nzcv, x17", a64_word(c, A64_MSR | SYS_NZCV | 17));
    CHECK("msr fpcr, xzr", a64_word(c, A64_MSR | SYS_FPCR | XZR));
    CHECK("mrs x4, fpsr", a64_word(c, A64_MRS | SYS_FPSR | 4));
}

Test(a64_encode, immediates)
{
    CHECK("movz w1, #0", a64_const(c, 1, 0));
    CHECK("movn x1, #0", a64_const(c, 1, UINT64_MAX));
    CHECK("movz w1, #0x1234, lsl #16", a64_const(c, 1, 0x12340000));
    CHECK("movz w1, #0x1234; movk w1, #0x5678, lsl #16", a64_const(c, 1, 0x56781234));
    CHECK("orr x1, xzr, #0x5555555555555555", a64_const(c, 1, 0x5555555555555555));
    CHECK("movz x3, #0x1; movk x3, #0x2, lsl #32", a64_const(c, 3, 0x200000001));
    CHECK("add x1, x2, #0xfff", a64_add_imm(c, A64_ADDI | A64_X, 1, 2, 0xfff));
    CHECK("subs w27, w27, #0x10", a64_add_imm(c, A64_SUBSI, 27, 27, 16));
    CHECK("add x1, x2, #1, lsl #12; add x1, x1, #1", a64_add_const(c, 1, 2, 0x1001, 3));
    CHECK("and x1, x2, #0xfffffffffffff000",
          a64_logic_imm(c, A64_ANDI | A64_X, 1, 2, ~UINT64_C(0xfff)));
    CHECK("eor w1, w2, #0x100", a64_logic_imm(c, A64_EORI, 1, 2, 0x100));
    CHECK("and w1, w2, #0xfffffeff", a64_logic_imm(c, A64_ANDI, 1, 2, 0xfffffeff));
}

Test(a64_encode, fields)
{
    CHECK("ubfx x1, x2, #3, #7", a64_ubfx(c, true, 1, 2, 3, 7));
    CHECK("sxtb w1, w2", a64_sbfx(c, false, 1, 2, 0, 8));
    CHECK("bfi w1, w2, #8, #1", a64_bfi(c, false, 1, 2, 8, 1));
    CHECK("lsl x1, x2, #5", a64_lsl(c, true, 1, 2, 5));
    CHECK("lsr w1, w2, #0x1e", a64_lsr(c, false, 1, 2, 30));
    CHECK("ror w1, w2, #7", a64_extr(c, false, 1, 2, 2, 7));
    CHECK("extr x1, x2, x3, #0x21", a64_extr(c, true, 1, 2, 3, 33));
}

Test(a64_encode, memory)
{
    CHECK("ldr x1, [x28, #0x18]", a64_mem(c, A64_LDR_X, 1, 28, 24, 15));
    CHECK("strb w1, [x28, #0xfff]", a64_mem(c, A64_STRB, 1, 28, 4095, 15));
    CHECK("ldurh w1, [x2, #-1]", a64_mem(c, A64_LDRH, 1, 2, -1, 15));
    CHECK("movz w15, #0x1000; ldrb w1, [x28, x15]", a64_mem(c, A64_LDRB, 1, 28, 4096, 15));
    CHECK("ldrsw x1, [x2, x3]", a64_mem_index(c, A64_LDRSW, 1, 2, 3));
    CHECK("ldrsh w1, [x2, x3]", a64_mem_index(c, A64_LDRSH_W, 1, 2, 3));
    CHECK("str q1, [x28, #0x150]", a64_mem(c, A64_STR_Q, 1, 28, 0x150, 15));
    CHECK("ldr h1, [x2, x3]", a64_mem_index(c, a64_load_op(2, true), 1, 2, 3));
    CHECK("ldr d1, [x28, #8]", a64_mem(c, a64_load_op(8, true), 1, 28, 8, 15));
    CHECK("ldp x15, x17, [x17, #0x10]", a64_pair(c, A64_LDP, 15, 17, 17, 16));
    CHECK("stp x17, x15, [x24, #-0x10]!", a64_pair(c, A64_STP_PRE, 17, 15, 24, -16));
    CHECK("ldp x29, x30, [sp], #0x60", a64_pair(c, A64_LDP_POST, 29, 30, SP, 96));
}

Test(a64_encode, branches)
{
    CHECK("nop; b #0", a64_word(c, 0xd503201f); a64_b(c, 0));
    CHECK("b.hi #8; nop", size_t f = a64_bcond_fwd(c, A64_HI); a64_word(c, 0xd503201f);
          a64_patch(c, f, 8));
    CHECK("cbnz x3, #8; nop", size_t f = a64_cbz_fwd(c, true, true, 3); a64_word(c, 0xd503201f);
          a64_patch(c, f, 8));
    CHECK("adr x15, #0xc; nop", size_t f = a64_adr_fwd(c, 15); a64_word(c, 0xd503201f);
          a64_patch(c, f, 12));
    CHECK("blr x16", a64_br(c, A64_BLR, 16));
    CHECK("ret x15", a64_br(c, A64_RET, 15));
    uint32_t word = A64_BCOND;
    cr_expect(a64_retarget(&word, (1 << 20) - 4));
    cr_expect_not(a64_retarget(&word, 1 << 20));
    word = A64_B;
    cr_expect(a64_retarget(&word, -(128 << 20)));
    cr_expect_not(a64_retarget(&word, 128 << 20));
}

Test(a64_encode, vectors)
{
    CHECK("fmov d1, x2", a64_fmov_to_vec(c, true, 1, 2));
    CHECK("fmov w1, s2", a64_fmov_from_vec(c, false, 1, 2));
    CHECK("mov v1.16b, v2.16b", a64_vmov(c, 1, 2));
    CHECK("add v1.8h, v2.8h, v3.8h", a64_rrr(c, (uint32_t)V_ADD | V_ESIZE(1), 1, 2, 3));
    CHECK("bsl v1.16b, v2.16b, v3.16b", a64_rrr(c, (uint32_t)V_BSL, 1, 2, 3));
    CHECK("xtn v1.4h, v2.4s", a64_rr(c, V_XTN | V_ESIZE(1), 1, 2));
    CHECK("umaxv s1, v2.4s", a64_rr(c, V_ACROSS(1, 10) | V_HIGH | V_ESIZE(2), 1, 2));
    CHECK("sshr v1.4s, v2.4s, #0x20", v_shift_right(c, V_SHIFT(0, 0), 2, 1, 2, 32));
    CHECK("shl v1.2d, v2.2d, #0x3f", v_shift_left(c, V_SHIFT(0, 10), 3, 1, 2, 63));
    CHECK("dup v1.8h, v2.h[3]", v_dup_lane(c, 1, 1, 2, 3));
    CHECK("ins v1.s[3], v2.s[1]", v_insert_lane(c, 2, 1, 3, 2, 1));
    CHECK("umov w1, v2.b[0xf]", v_umov(c, 0, 1, 2, 15));
    CHECK("ext v1.16b, v2.16b, v3.16b, #5", v_ext(c, 1, 2, 3, 5));
    CHECK("zip2 v1.2d, v2.2d, v3.2d", a64_rrr(c, V_PERM(7) | V_ESIZE(3), 1, 2, 3));
    CHECK("smull2 v1.4s, v2.8h, v3.8h", a64_rrr(c, V_WIDE(0, 12) | V_HIGH | V_ESIZE(1), 1, 2, 3));
    CHECK("movi v1.2d, #0000000000000000", v_zero(c, 1));
}

// All immediates of logic instructions that there are, by counting them; and each decodes to its
// value.
Test(a64_encode, logic_immediates)
{
    unsigned n = 0;
    for (unsigned size = 2; size <= 64; size *= 2) {
        for (unsigned ones = 1; ones < size; ones++) {
            for (unsigned turn = 0; turn < size; turn++) {
                uint64_t e = mask64(ones), v = 0;
                e = ((e >> turn) | (turn ? e << (size - turn) : 0)) & mask64(size);
                for (unsigned k = 0; k < 64; k += size) {
                    v |= e << k;
                }
                uint32_t field = 0;
                cr_assert(a64_fits_logic(true, v, &field), "%lx", v);
                unsigned imms = field >> 10 & 0x3f, immr = field >> 16 & 0x3f;
                cr_expect_eq(immr, turn);
                cr_expect_eq(imms & (size - 1), ones - 1);
                n++;
            }
        }
    }
    cr_expect_eq(n, 5334);
    uint32_t field;
    cr_expect_not(a64_fits_logic(true, 0, &field));
    cr_expect_not(a64_fits_logic(true, 5, &field));
    cr_expect_not(a64_fits_logic(false, UINT32_MAX, &field));
}
