// The x86-64 encoder: what it writes, capstone must read back. Every row of registers goes through
// the extended ones, where the prefixes change.
#include <capstone/capstone.h>
#include <criterion/criterion.h>
#include <glib.h>
#include <stdio.h>

#include "host-backends/x86_64/encode.h"

typedef struct Text {
    uint8_t bytes[256];
    X86Code c;
    char text[400];
} Text;

static X86Code *begin(Text *t)
{
    t->c = (X86Code){.rw = t->bytes, .pos = 0, .end = sizeof(t->bytes)};
    return &t->c;
}

// The one instruction that was written, at address 0.
static const char *read_back(Text *t)
{
    csh h;
    cs_insn *insn;
    cr_assert(cs_open(CS_ARCH_X86, CS_MODE_64, &h) == CS_ERR_OK);
    size_t n = cs_disasm(h, t->bytes, t->c.pos, 0, 0, &insn);
    if (n == 1 && insn[0].size == t->c.pos) {
        snprintf(t->text, sizeof(t->text), "%s%s%s", insn[0].mnemonic, insn[0].op_str[0] ? " " : "",
                 insn[0].op_str);
    } else {
        snprintf(t->text, sizeof(t->text), "%zu instructions of %zu bytes", n, t->c.pos);
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
        X86Code *c = begin(&t);                                                                    \
        call;                                                                                      \
        const char *got = read_back(&t);                                                           \
        cr_expect(!strcmp(got, expected), "%s: got %s, want %s", #call, got, expected);            \
    } while (0)

static const char *const reg64[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                    "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
static const char *const reg32[] = {"eax", "ecx", "edx",  "ebx",  "esp",  "ebp",  "esi",  "edi",
                                    "r8d", "r9d", "r10d", "r11d", "r12d", "r13d", "r14d", "r15d"};
static const char *const reg8[] = {"al",  "cl",  "dl",   "bl",   "spl",  "bpl",  "sil",  "dil",
                                   "r8b", "r9b", "r10b", "r11b", "r12b", "r13b", "r14b", "r15b"};

// Capstone's spelling of a displacement.
static char *address(int base, int index, unsigned scale, int32_t disp)
{
    GString *s = g_string_new("[");
    g_string_append(s, reg64[base]);
    if (index >= 0) {
        g_string_append_printf(s, " + %s", reg64[index]);
        if (scale) {
            g_string_append_printf(s, "*%u", 1u << scale);
        }
    }
    unsigned d = disp < 0 ? -(unsigned)disp : (unsigned)disp;
    if (d) {
        g_string_append_printf(s, d > 9 ? " %c 0x%x" : " %c %u", disp < 0 ? '-' : '+', d);
    }
    g_string_append_c(s, ']');
    return g_string_free(s, FALSE);
}

Test(x86_encode, addresses)
{
    static const int32_t disps[] = {0, 1, 127, -128, 128, -129, 0x12345678};
    for (int base = RAX; base <= R15; base++) {
        for (int index = -1; index <= R15; index++) {
            if (index == RSP) {
                continue;
            }
            for (unsigned k = 0; k < ARRAY_LEN(disps) * 4; k++) {
                unsigned scale = index < 0 ? 0 : k & 3;
                int32_t disp = disps[k / 4];
                char *a = address(base, index, scale, disp);
                char *want = g_strdup_printf("mov r9, qword ptr %s", a);
                CHECK(want, x86_load(c, R9, x86_mem_index(base, index, scale, disp), 8));
                g_free(want);
                g_free(a);
            }
        }
    }
}

Test(x86_encode, registers)
{
    for (int a = RAX; a <= R15; a++) {
        for (int b = RAX; b <= R15; b++) {
            char *w = g_strdup_printf("add %s, %s", reg64[a], reg64[b]);
            CHECK(w, x86_alu_rr(c, ALU_ADD, true, a, b));
            g_free(w);
            w = g_strdup_printf("cmp %s, %s", reg32[a], reg32[b]);
            CHECK(w, x86_alu_rr(c, ALU_CMP, false, a, b));
            g_free(w);
            w = g_strdup_printf("movzx %s, %s", reg32[a], reg8[b]);
            CHECK(w, x86_movzx(c, a, b, 1));
            g_free(w);
            w = g_strdup_printf("cmovb %s, %s", reg64[a], reg64[b]);
            CHECK(w, x86_cmov(c, CC_B, true, a, b));
            g_free(w);
            w = g_strdup_printf("vpaddb xmm%d, xmm%d, xmm3", a, b);
            CHECK(w, vex_rrr(c, 0xfc | X86_0F | X86_66, a, b, 3));
            g_free(w);
            w = g_strdup_printf("vpshufb xmm%d, xmm11, xmm%d", a, b);
            CHECK(w, vex_rrr(c, 0x00 | X86_0F38 | X86_66, a, 11, b));
            g_free(w);
            w = g_strdup_printf("shlx %s, %s, r10", reg64[a], reg64[b]);
            CHECK(w, vex_rrr(c, 0xf7 | X86_0F38 | X86_66 | X86_W, a, R10, b));
            g_free(w);
        }
        char *w = g_strdup_printf("setne %s", reg8[a]);
        CHECK(w, x86_setcc(c, CC_NE, a));
        g_free(w);
        w = g_strdup_printf("mov byte ptr [rcx], %s", reg8[a]);
        CHECK(w, x86_store(c, a, x86_mem(RCX, 0), 1));
        g_free(w);
        w = g_strdup_printf("push %s", reg64[a]);
        CHECK(w, x86_push(c, a));
        g_free(w);
        w = g_strdup_printf("pop %s", reg64[a]);
        CHECK(w, x86_pop(c, a));
        g_free(w);
        w = g_strdup_printf("test %s, 0x40", reg8[a]);
        CHECK(w, x86_test_ri(c, true, a, 0x40));
        g_free(w);
    }
}

Test(x86_encode, immediates)
{
    CHECK("mov eax, 0", x86_mov_ri(c, RAX, 0));
    CHECK("mov r9d, 0xffffffff", x86_mov_ri(c, R9, 0xffffffff));
    CHECK("mov rdx, -1", x86_mov_ri(c, RDX, UINT64_MAX));
    CHECK("mov r14, -0x80000000", x86_mov_ri(c, R14, 0xffffffff80000000));
    CHECK("movabs rcx, 0x80000000000", x86_mov_ri(c, RCX, 0x80000000000));
    CHECK("add rbx, 0x7f", x86_alu_ri(c, ALU_ADD, true, RBX, 127));
    CHECK("and r12d, 0x80", x86_alu_ri(c, ALU_AND, false, R12, 128));
    CHECK("sub rsp, 8", x86_alu_ri(c, ALU_SUB, true, RSP, 8));
    CHECK("or dword ptr [rbp + 0x10], 0x1f80",
          x86_alu_mi(c, ALU_OR, false, x86_mem(RBP, 16), 0x1f80));
    CHECK("test r8, -0x100", x86_test_ri(c, true, R8, -256));
    CHECK("test esi, 0xff00", x86_test_ri(c, true, RSI, 0xff00));
    CHECK("shl rax, 3", x86_shift_ri(c, SH_SHL, true, RAX, 3));
    CHECK("sar r15d, 0x1f", x86_shift_ri(c, SH_SAR, false, R15, 31));
    CHECK("ror r11, cl", x86_shift_cl(c, SH_ROR, true, R11));
    CHECK("mov byte ptr [rsp + 4], 0x80", x86_store_imm(c, x86_mem(RSP, 4), 1, -128));
    CHECK("mov word ptr [r12], 0x1234", x86_store_imm(c, x86_mem(R12, 0), 2, 0x1234));
    CHECK("mov dword ptr [r13], 1", x86_store_imm(c, x86_mem(R13, 0), 4, 1));
    CHECK("mov qword ptr [rcx + r8], -1", x86_store_imm(c, x86_mem_index(RCX, R8, 0, 0), 8, -1));
    CHECK("push 0x10", x86_push_imm(c, 16));
    CHECK("push 0x1234", x86_push_imm(c, 0x1234));
    CHECK("ret 0x20", x86_ret(c, 32));
    CHECK("ret", x86_ret(c, 0));
}

Test(x86_encode, loads_and_stores)
{
    X86Mem m = x86_mem_index(RCX, R9, 0, 24);
    CHECK("movzx r8d, byte ptr [rcx + r9 + 0x18]", x86_load(c, R8, m, 1));
    CHECK("movzx edx, word ptr [rcx + r9 + 0x18]", x86_load(c, RDX, m, 2));
    CHECK("mov edx, dword ptr [rcx + r9 + 0x18]", x86_load(c, RDX, m, 4));
    CHECK("movsx rdx, byte ptr [rcx + r9 + 0x18]", x86_loads(c, RDX, m, 1, true));
    CHECK("movsx edx, word ptr [rcx + r9 + 0x18]", x86_loads(c, RDX, m, 2, false));
    CHECK("movsxd rdx, dword ptr [rcx + r9 + 0x18]", x86_loads(c, RDX, m, 4, true));
    CHECK("mov edx, dword ptr [rcx + r9 + 0x18]", x86_loads(c, RDX, m, 4, false));
    CHECK("mov word ptr [rcx + r9 + 0x18], bx", x86_store(c, RBX, m, 2));
    CHECK("mov dword ptr [rcx + r9 + 0x18], r15d", x86_store(c, R15, m, 4));
    CHECK("movsx r10d, r11b", x86_movsx(c, R10, R11, 1, false));
    CHECK("movsxd rax, ecx", x86_movsx(c, RAX, RCX, 4, true));
    CHECK("lea r9, [rcx + r9 + 0x18]", x86_lea(c, true, R9, m));
    CHECK("push qword ptr [rbp - 8]", x86_push_mem(c, x86_mem(RBP, -8)));
    CHECK("jmp qword ptr [rax + 0x10]", x86_jmp_mem(c, x86_mem(RAX, 16)));
    CHECK("call qword ptr [r10]", x86_call_mem(c, x86_mem(R10, 0)));
    CHECK("call r13", x86_call_reg(c, R13));
    CHECK("cmpxchg byte ptr [rcx], sil",
          x86_rm(c, 0xb0 | X86_0F | X86_BYTE_REG, RSI, x86_mem(RCX, 0)));
}

Test(x86_encode, vectors)
{
    CHECK("vmovaps xmm1, xmm14", vex_rrr(c, 0x28 | X86_0F, 1, 0, 14));
    CHECK("vmovdqu xmm15, xmmword ptr [rbp + 0x100]",
          vex_rrm(c, 0x6f | X86_0F | X86_F3, 15, 0, x86_mem(RBP, 256)));
    CHECK("vmovq xmm9, r12", vex_rrr(c, 0x6e | X86_0F | X86_66 | X86_W, 9, 0, R12));
    CHECK("vmovd eax, xmm15", vex_rrr(c, 0x7e | X86_0F | X86_66, 15, 0, RAX));
    CHECK("vaddsd xmm2, xmm0, xmm8", vex_rrr(c, 0x58 | X86_0F | X86_F2, 2, 0, 8));
    CHECK("vfmadd231sd xmm15, xmm1, xmm2", vex_rrr(c, 0xb9 | X86_0F38 | X86_66 | X86_W, 15, 1, 2));
    CHECK("vcvttsd2si rax, xmm3", vex_rrr(c, 0x2c | X86_0F | X86_F2 | X86_W, RAX, 0, 3));
    CHECK("vpsrlw xmm15, xmm2, 8", (vex_rrr(c, 0x71 | X86_0F | X86_66, 2, 15, 2), x86_byte(c, 8)));
    CHECK("mulx r9, rax, r8", vex_rrr(c, 0xf6 | X86_0F38 | X86_F2 | X86_W, R9, RAX, R8));
    CHECK("rorx rcx, r11, 7",
          (vex_rrr(c, 0xf0 | X86_0F3A | X86_F2 | X86_W, RCX, 0, R11), x86_byte(c, 7)));
    CHECK("andn ecx, edx, r8d", vex_rrr(c, 0xf2 | X86_0F38, RCX, RDX, R8));
}

Test(x86_encode, branches)
{
    CHECK("jmp 0x80", x86_jmp(c, 0x80));
    CHECK("jae 0", x86_jcc(c, CC_AE, 0));
    CHECK("call 5", x86_call(c, 5));
    CHECK("jp 0x20", x86_patch(c, x86_jcc_fwd(c, CC_P), 0x20));
    CHECK("lea rax, [rip + 0x39]", x86_lea(c, true, RAX, x86_mem_rip(0x40)));
    X86Mem m = x86_mem_rip(0x40);
    m.imm_bytes = 1;
    CHECK("vpshufd xmm1, xmmword ptr [rip + 0x37], 9",
          (vex_rrm(c, 0x70 | X86_0F | X86_66, 1, 0, m), x86_byte(c, 9)));
}

Test(x86_encode, never_past_the_end)
{
    uint8_t bytes[64];
    memset(bytes, 0xaa, sizeof(bytes));
    X86Code c = {.rw = bytes, .pos = 0, .end = 40};
    for (unsigned k = 0; k < 20; k++) {
        x86_mov_ri(&c, R11, UINT64_C(0x1122334455667788));
    }
    cr_assert(c.full && c.pos <= c.end);
    for (unsigned k = 40; k < sizeof(bytes); k++) {
        cr_assert(bytes[k] == 0xaa);
    }
}
