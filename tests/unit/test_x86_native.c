// Random integer instructions on registers, run by this host itself and by the IR interpreter,
// before and after the passes. Needs an x86-64 host; what it cannot do (SIGILL) is skipped.
#include <criterion/criterion.h>
#include <glib.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "hw/core/machine.h"
#include "target-x86/insn/rows.h"
#include "tcg-like/passes.h"

#ifdef __x86_64__

#define CASES 2000

typedef struct Regs {
    uint64_t gpr[16]; // rSP's is the test's own
    uint64_t flags;
    void *code;
    uint64_t sp;
} Regs;

Regs native_regs;
void native_run(void);

// Loads all registers but rSP, jumps to the code, which jumps back to native_back.
__asm__(".text\n"
        "native_run:\n"
        "  push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
        "  mov %rsp, native_regs+144(%rip)\n"
        "  pushq native_regs+128(%rip); popfq\n"
        "  mov native_regs(%rip), %rax; mov native_regs+8(%rip), %rcx\n"
        "  mov native_regs+16(%rip), %rdx; mov native_regs+24(%rip), %rbx\n"
        "  mov native_regs+40(%rip), %rbp; mov native_regs+48(%rip), %rsi\n"
        "  mov native_regs+56(%rip), %rdi; mov native_regs+64(%rip), %r8\n"
        "  mov native_regs+72(%rip), %r9; mov native_regs+80(%rip), %r10\n"
        "  mov native_regs+88(%rip), %r11; mov native_regs+96(%rip), %r12\n"
        "  mov native_regs+104(%rip), %r13; mov native_regs+112(%rip), %r14\n"
        "  mov native_regs+120(%rip), %r15\n"
        "  jmp *native_regs+136(%rip)\n"
        ".globl native_back\n"
        "native_back:\n"
        "  mov native_regs+144(%rip), %rsp\n"
        "  mov %rax, native_regs(%rip); mov %rcx, native_regs+8(%rip)\n"
        "  mov %rdx, native_regs+16(%rip); mov %rbx, native_regs+24(%rip)\n"
        "  mov %rbp, native_regs+40(%rip); mov %rsi, native_regs+48(%rip)\n"
        "  mov %rdi, native_regs+56(%rip); mov %r8, native_regs+64(%rip)\n"
        "  mov %r9, native_regs+72(%rip); mov %r10, native_regs+80(%rip)\n"
        "  mov %r11, native_regs+88(%rip); mov %r12, native_regs+96(%rip)\n"
        "  mov %r13, native_regs+104(%rip); mov %r14, native_regs+112(%rip)\n"
        "  mov %r15, native_regs+120(%rip)\n"
        "  pushfq; popq native_regs+128(%rip)\n"
        "  push $0x202; popfq\n"
        "  pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
        "  ret\n");
extern char native_back[];

static sigjmp_buf caught;

static void on_signal(int sig)
{
    siglongjmp(caught, sig);
}

// 0, or the signal that it ended by.
static int run_native(uint8_t *page, const uint8_t *insn, unsigned len, const Regs *in, Regs *out)
{
    static const uint8_t jump[6] = {0xff, 0x25, 0, 0, 0, 0}; // to the address that follows
    uint64_t back = (uintptr_t)native_back;
    memcpy(page, insn, len);
    memcpy(page + len, jump, sizeof jump);
    memcpy(page + len + sizeof jump, &back, sizeof back);
    native_regs = *in;
    native_regs.code = page;
    int sig = sigsetjmp(caught, 1);
    if (sig == 0) {
        native_run();
    }
    *out = native_regs;
    return sig;
}

// --- the emulation

static unsigned pack(uint64_t f)
{
    return (f & 0xd5) << 8 | (f >> 11 & 1);
}

static uint64_t unpack(unsigned f)
{
    return (f >> 8 & 0xd5) | (uint64_t)(f & 1) << 11;
}

static bool touches_more_than_registers(const IRBlock *b)
{
    for (unsigned i = 0; i < b->n; i++) {
        const IRHelper *h = (const IRHelper *)(uintptr_t)b->insn[i].imm;
        if (b->insn[i].op == IR_guard) { // needs the dispatcher, where there is none
            return true;
        }
        if (ir_op_info[b->insn[i].op].effects & (IR_EFF_MEM_R | IR_EFF_MEM_W) &&
            b->insn[i].op != IR_fence && (b->insn[i].op != IR_call || h->flags & IR_CALL_FAULTS) &&
            !(b->insn[i].op == IR_call && strstr(h->name, "div64"))) {
            return true;
        }
    }
    return false;
}

static void run_ir(X86CPU *c, IRBlock *b, const Regs *in, Regs *out)
{
    memcpy(c->vcpu.gpr, in->gpr, sizeof in->gpr);
    c->vcpu.flags = (uint16_t)pack(in->flags);
    c->vcpu.budget = 100;
    ir_interp(&c->vcpu, b);
    memcpy(out->gpr, c->vcpu.gpr, sizeof out->gpr);
    out->flags = unpack(c->vcpu.flags);
}

// --- cases

typedef struct Rng {
    uint64_t s;
} Rng;

static uint64_t next(Rng *r)
{
    r->s ^= r->s << 13;
    r->s ^= r->s >> 7;
    r->s ^= r->s << 17;
    return r->s * UINT64_C(0x2545f4914f6cdd1d);
}

static uint64_t interesting(Rng *r)
{
    static const uint64_t values[] = {0,
                                      1,
                                      2,
                                      0x7f,
                                      0x80,
                                      0xff,
                                      0x7fff,
                                      0x8000,
                                      0xffff,
                                      0x7fffffff,
                                      0x80000000,
                                      0xffffffff,
                                      UINT64_C(1) << 63,
                                      UINT64_MAX};
    switch (next(r) % 4) {
    case 0:
        return values[next(r) % ARRAY_LEN(values)];
    case 1:
        return next(r) % 80;
    case 2:
        return (uint64_t)(int32_t)next(r);
    default:
        return next(r);
    }
}

// A random encoding of the row with register operands.
static void encode(Rng *r, const X86Pattern *p, uint8_t *out)
{
    static const uint8_t prefix_bytes[] = {0, 0x66, 0xf3, 0xf2};
    unsigned n = 0, pfx = next(r) % 4, rex = next(r) % 16, w = rex >> 3, l = next(r) & 1;
    while (!(p->prefixes >> pfx & 1)) {
        pfx = (pfx + 1) % 4;
    }
    if (!(p->w >> w & 1)) {
        rex ^= 8;
    }
    l = p->l >> l & 1 ? l : !l;
    unsigned opcode = p->opcode + (p->plus_reg ? next(r) % 8 : 0), modrm;
    do {
        modrm = 0xc0 | next(r) % 64;
    } while (!(p->modrm[3] >> (modrm - 192) & 1));
    if (p->map & X86_MAP_VEX) {
        out[n++] = 0xc4;
        out[n++] = (uint8_t)((~rex & 7) << 5 | (p->map & 3));
        out[n++] = (uint8_t)((rex >> 3) << 7 | (next(r) % 16) << 3 | l << 2 | pfx);
    } else {
        if (pfx) {
            out[n++] = prefix_bytes[pfx];
        }
        if (pfx >= X86_PFX_F3 && next(r) % 4 == 0) {
            out[n++] = 0x66;
        }
        if (next(r) % 2 || p->w != 3) {
            out[n++] = (uint8_t)(0x40 | rex);
        }
        if (p->map) {
            out[n++] = 0x0f;
        }
        if (p->map >= X86_MAP_0F38) {
            out[n++] = p->map == X86_MAP_0F38 ? 0x38 : 0x3a;
        }
    }
    out[n++] = (uint8_t)opcode;
    if (p->has_modrm) {
        out[n++] = (uint8_t)modrm;
    }
    while (n < X86_MAX_INSN_BYTES) {
        out[n++] = (uint8_t)interesting(r);
    }
}

static uint64_t ignored_flags(const X86Row *row)
{
    static const struct {
        char letter;
        uint64_t flag;
    } letters[] = {{'O', X86_OF}, {'S', X86_SF}, {'Z', X86_ZF},
                   {'A', X86_AF}, {'P', X86_PF}, {'C', X86_CF}};
    uint64_t f = 0;
    for (const char *s = row->undefined ? row->undefined : ""; *s; s++) {
        for (unsigned i = 0; i < ARRAY_LEN(letters); i++) {
            f |= letters[i].letter == *s ? letters[i].flag : 0;
        }
    }
    return f;
}

static bool uses_sp(const X86Insn *i)
{
    for (unsigned k = 0; k < i->n_operands; k++) {
        const X86Operand *o = &i->operand[k];
        if (o->kind == X86_OP_GPR && o->reg == X86_RSP && !o->high_byte) {
            return true;
        }
    }
    return false;
}

static void say(const char *what, const X86Row *row, const uint8_t *bytes, unsigned len,
                const Regs *in, const Regs *want, const Regs *got, uint64_t mask)
{
    fprintf(stderr, "%s %s \"%s\":", what, row->name, row->encoding);
    for (unsigned i = 0; i < len; i++) {
        fprintf(stderr, " %02x", bytes[i]);
    }
    fprintf(stderr, "\n");
    for (unsigned r = 0; r < 16; r++) {
        if (want->gpr[r] != got->gpr[r]) {
            fprintf(stderr, "  r%u want %" PRIx64 " got %" PRIx64 " (in %" PRIx64 ")\n", r,
                    want->gpr[r], got->gpr[r], in->gpr[r]);
        }
    }
    fprintf(stderr,
            "  flags want %03" PRIx64 " got %03" PRIx64 " (in %03" PRIx64 ", mask %03" PRIx64
            "); rax %" PRIx64 " rcx %" PRIx64 " rdx %" PRIx64 "\n",
            want->flags & X86_STATUS_FLAGS, got->flags, in->flags & X86_STATUS_FLAGS, mask,
            in->gpr[0], in->gpr[1], in->gpr[2]);
}

typedef struct Tally {
    unsigned run, wrong, undefined_differs;
} Tally;

static void one_case(Rng *r, X86CPU *c, uint8_t *page, const X86Row *row, const X86Pattern *p,
                     Tally *t)
{
    uint8_t bytes[16] = {0};
    X86Insn i;
    encode(r, p, bytes);
    X86DecodeResult d =
        x86_decode(c->decoder, &c->features, X86_BF_CODE64 | X86_BF_PROTECTED, bytes, 15, &i);
    if (d != X86_DECODED || i.row != row || uses_sp(&i)) {
        return;
    }
    Regs in = {.flags = 0x202 | (next(r) & X86_STATUS_FLAGS)}, want, got[2];
    for (unsigned k = 0; k < 16; k++) {
        in.gpr[k] = interesting(r);
    }
    IRBlock *b = ir_block_new();
    TranslateRequest req = {.pc = 0x1000,
                            .flags = X86_BF_CODE64 | X86_BF_PROTECTED | X86_BF_LONG,
                            .host = bytes,
                            .bytes = 15,
                            .limit = 15,
                            .max_insns = 1};
    x86_translate(&c->vcpu, b, &req);
    char *problem = ir_verify(b);
    cr_assert_null(problem, "%s", problem);
    if (touches_more_than_registers(b)) {
        ir_block_free(b);
        return;
    }
    in.gpr[X86_RSP] = 0;
    if (run_native(page, bytes, i.len, &in, &want) == 0) {
        want.gpr[X86_RSP] = 0;
        want.flags &= X86_STATUS_FLAGS;
        run_ir(c, b, &in, &got[0]);
        ir_optimize(b, NULL, NULL);
        run_ir(c, b, &in, &got[1]);
        for (unsigned k = 0; k < 2; k++) {
            uint64_t ignored = ignored_flags(row), diff = want.flags ^ got[k].flags;
            bool bad = memcmp(want.gpr, got[k].gpr, sizeof want.gpr) || diff & ~ignored;
            t->run++;
            t->wrong += bad;
            t->undefined_differs += (diff & ignored) != 0;
            if ((bad && t->wrong <= 2) ||
                (diff & ignored && t->undefined_differs < 2 && getenv("UNDEFINED"))) {
                say(bad ? "wrong" : "undefined", row, bytes, i.len, &in, &want, &got[k], ignored);
            }
        }
    }
    ir_block_free(b);
}

static void one_row(const X86Row *row, X86CPU *c, uint8_t *page)
{
    X86Pattern p;
    const char *why;
    cr_assert(x86_parse_row(row, &p, &why));
    if (row->flags & (X86_ROW_SYSTEM | X86_ROW_I64) || (p.has_modrm && !p.modrm[3])) {
        return;
    }
    Rng r = {0x9e3779b97f4a7c15};
    Tally t = {0};
    for (unsigned k = 0; k < CASES; k++) {
        one_case(&r, c, page, row, &p, &t);
    }
    cr_expect(t.wrong == 0, "%s \"%s\": %u of %u cases are wrong", row->name, row->encoding,
              t.wrong, t.run);
    if (getenv("UNDEFINED") && t.undefined_differs) {
        fprintf(stderr, "%s \"%s\": undefined flags differ in %u of %u\n", row->name, row->encoding,
                t.undefined_differs, t.run);
    }
}

static void one_group(const X86Group *g)
{
    struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_NODEFER};
    sigaction(SIGILL, &sa, NULL);
    sigaction(SIGFPE, &sa, NULL);
    sigaction(SIGSEGV, &sa, NULL);
    X86CPU *c = g_new0(X86CPU, 1);
    c->vcpu.machine = g_new0(Machine, 1); // PAUSE asks how many CPUs there are
    memset(&c->features, 0xff, sizeof c->features);
    c->decoder = x86_decoder_new();
    uint8_t *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (unsigned k = 0; k < g->n_rows; k++) {
        one_row(&g->rows[k], c, page);
    }
    munmap(page, 4096);
    x86_decoder_free(c->decoder);
    g_free(c->vcpu.machine);
    g_free(c);
}

Test(x86_native, alu)
{
    one_group(&x86_int_alu);
}

Test(x86_native, muldiv)
{
    one_group(&x86_int_muldiv);
}

Test(x86_native, shift)
{
    one_group(&x86_int_shift);
}

Test(x86_native, data)
{
    one_group(&x86_int_data);
}

Test(x86_native, bits)
{
    one_group(&x86_int_bits);
}

Test(x86_native, bmi)
{
    one_group(&x86_int_bmi);
}

Test(x86_native, misc)
{
    one_group(&x86_int_misc);
}

#endif
