// The interpreter: instruction budget, ways out, guest state, memory, calls, and values with known
// answers (manuals, FIPS 197, or the same thing computed another way).
#include <criterion/criterion.h>
#include <glib.h>
#include <stdio.h>
#include "ir_random.h"
#include "ir_memory.h"

typedef struct Fixture {
    VCPU v;
    Arena arena;
    TlbEntry tlb[ARENA_TLB];
    IRBlock *b;
    char *error;
} Fixture;

// In the texts here, g3 is the offset of gpr[3], v0 that of vec[0].
static IRBlock *parse(const char *text, char **error)
{
    GString *s = g_string_new(text);
    for (unsigned k = 0; k < 10; k++) {
        char name[8], offset[24];
        snprintf(name, sizeof name, "=g%u", k);
        snprintf(offset, sizeof offset, "=%zu", offsetof(VCPU, gpr[k]));
        g_string_replace(s, name, offset, 0);
        snprintf(name, sizeof name, "=v%u", k);
        snprintf(offset, sizeof offset, "=%zu", offsetof(VCPU, vec[k]));
        g_string_replace(s, name, offset, 0);
    }
    IRBlock *b = ir_parse(s->str, error);
    g_string_free(s, TRUE);
    return b;
}

static Fixture *setup(const char *text)
{
    Fixture *f = g_new0(Fixture, 1);
    f->v.debug = &f->arena;
    arena_tlb(&f->v, f->tlb, true, false);
    f->v.budget = 10;
    f->b = text ? parse(text, &f->error) : ir_block_new();
    cr_assert(f->b, "%s", f->error);
    return f;
}

static void teardown(Fixture *f)
{
    ir_block_free(f->b);
    g_free(f);
}

static IRExit run(Fixture *f)
{
    f->error = ir_verify(f->b);
    cr_assert_null(f->error, "%s", f->error);
    return ir_interp(&f->v, f->b);
}

static const char three_insns[] = "block pc=0x1000 bytes=12 insns=3\n"
                                  "insn pc=0x1000 index=0\n"
                                  "%1 = get.i64 off=g0 bytes=8\n"
                                  "%2 = const.i64 value=7\n"
                                  "insn pc=0x1004 index=1\n"
                                  "exit_if %1, %2 cond=eq slot=0 to=0x2000\n"
                                  "insn pc=0x1008 index=2\n"
                                  "exit_jump slot=1 to=0x3000\n";

Test(ir_interp, budget)
{
    Fixture *f = setup(three_insns);
    cr_expect_eq(run(f), IR_EXIT_NEXT);
    cr_expect_eq(f->v.budget, 7);
    cr_expect_eq(f->v.pc, 0x3000);
    cr_expect_eq(f->v.insn_index, 2);
    f->v.gpr[0] = 7; // leaves after the second
    cr_expect_eq(run(f), IR_EXIT_NEXT);
    cr_expect_eq(f->v.budget, 5);
    cr_expect_eq(f->v.pc, 0x2000);
    f->v.budget = 2;
    cr_expect_eq(run(f), IR_EXIT_BUDGET);
    cr_expect_eq(f->v.budget, 2);
    cr_expect_eq(f->v.pc, 0x1000);
    f->v.budget = 3;
    cr_expect_eq(run(f), IR_EXIT_NEXT);
    teardown(f);
}

// --- one op with constant arguments
static uint64_t compute(IROpcode op, IRType t, unsigned n, const uint64_t *x, unsigned aux,
                        uint64_t imm)
{
    Fixture *f = setup(NULL);
    IRRef arg[4] = {IR_NONE, IR_NONE, IR_NONE, IR_NONE};
    for (unsigned k = 0; k < n; k++) {
        arg[k] = ir_const(f->b,
                          op == IR_trunc                                  ? IR_I64
                          : t == IR_I64 && op >= IR_extu && op <= IR_exts ? IR_I32
                                                                          : t,
                          x[k]);
    }
    IRRef r =
        ir_make(f->b, op, op == IR_trunc ? IR_I32 : t, arg[0], arg[1], arg[2], arg[3], aux, 0, imm);
    ir_put(f->b, offsetof(VCPU, gpr[0]), r);
    ir_exit_loop(f->b);
    run(f);
    uint64_t v = f->v.gpr[0];
    teardown(f);
    return v;
}

Test(ir_interp, integer)
{
    static const struct {
        IROpcode op;
        IRType t;
        unsigned n;
        uint64_t x[2];
        unsigned aux;
        uint64_t imm, result;
    } row[] = {
        {IR_add, IR_I32, 2, {0xffffffff, 2}, 0, 0, 1},
        {IR_sub, IR_I64, 2, {1, 2}, 0, 0, UINT64_MAX},
        {IR_mulhu, IR_I64, 2, {UINT64_MAX, UINT64_MAX}, 0, 0, UINT64_MAX - 1},
        {IR_mulhs, IR_I64, 2, {UINT64_MAX, UINT64_MAX}, 0, 0, 0},
        {IR_mulhs, IR_I32, 2, {0x80000000, 2}, 0, 0, 0xffffffff},
        {IR_divu, IR_I64, 2, {7, 0}, 0, 0, 0},
        {IR_divs, IR_I64, 2, {BIT(63), UINT64_MAX}, 0, 0, BIT(63)},
        {IR_divs, IR_I32, 2, {0x80000000, 0xffffffff}, 0, 0, 0x80000000},
        {IR_divs, IR_I64, 2, {(uint64_t)-7, 2}, 0, 0, (uint64_t)-3},
        {IR_shl, IR_I32, 2, {1, 33}, 0, 0, 2},
        {IR_sar, IR_I32, 2, {0x80000000, 31}, 0, 0, 0xffffffff},
        {IR_ror, IR_I64, 2, {1, 1}, 0, 0, BIT(63)},
        {IR_orn, IR_I32, 2, {0, 1}, 0, 0, 0xfffffffe},
        {IR_sext, IR_I32, 1, {0x80}, 8, 0, 0xffffff80},
        {IR_exts, IR_I64, 1, {0x80000000}, 0, 0, 0xffffffff80000000},
        {IR_bswap, IR_I64, 1, {0x0102030405060708}, 16, 0, 0x0201040306050807},
        {IR_bswap, IR_I64, 1, {0x0102030405060708}, 32, 0, 0x0403020108070605},
        {IR_bswap, IR_I32, 1, {0x01020304}, 32, 0, 0x04030201},
        {IR_rbit, IR_I32, 1, {1}, 0, 0, 0x80000000},
        {IR_rbit, IR_I64, 1, {0x10}, 0, 0, BIT(59)},
        {IR_clz, IR_I32, 1, {0}, 0, 0, 32},
        {IR_clz, IR_I32, 1, {1}, 0, 0, 31},
        {IR_ctz, IR_I64, 1, {0}, 0, 0, 64},
        {IR_pdep, IR_I64, 2, {5, 0xf0f0}, 0, 0, 0x50},
        {IR_pext, IR_I32, 2, {0x50a0, 0xf0f0}, 0, 0, 0x5a},
        {IR_sextract, IR_I64, 1, {0xf00}, 8 | 4 << 8, 0, UINT64_MAX},
        {IR_deposit, IR_I64, 2, {UINT64_MAX, 0}, 4 | 8 << 8, 0, 0xfffffffffffff00f},
        {IR_extr, IR_I32, 2, {1, 0}, 0, 4, 0x10000000},
        {IR_extr, IR_I64, 2, {1, 5}, 0, 0, 5},
    };
    for (unsigned k = 0; k < ARRAY_LEN(row); k++) {
        uint64_t v = compute(row[k].op, row[k].t, row[k].n, row[k].x, row[k].aux, row[k].imm);
        cr_expect_eq(v, row[k].result, "row %u, %s: 0x%lx", k, ir_op_info[row[k].op].name, v);
    }
}

// --- flags against arithmetic in 128 bits
static unsigned flags_by_hand(unsigned bits, bool add, uint64_t x, uint64_t y, unsigned carry)
{
    __int128 ux = (__int128)(unsigned __int128)x, uy = (__int128)(unsigned __int128)y;
    __int128 sx = sextract64(x, 0, bits), sy = sextract64(y, 0, bits);
    __int128 u = add ? ux + uy + carry : ux - uy - carry,
             s = add ? sx + sy + carry : sx - sy - carry;
    uint64_t r = (uint64_t)u & mask64(bits);
    int low = add ? (int)(x & 15) + (int)(y & 15) + (int)carry
                  : (int)(x & 15) - (int)(y & 15) - (int)carry;
    unsigned parity = 1;
    for (unsigned k = 0; k < 8; k++) {
        parity ^= r >> k & 1;
    }
    return (r >> (bits - 1) & 1 ? IR_FLAG_S : 0) | (r == 0 ? IR_FLAG_Z : 0) |
           (parity ? IR_FLAG_P : 0) | (u < 0 || u >> bits ? IR_FLAG_C : 0) |
           (s != sextract64(r, 0, bits) ? IR_FLAG_V : 0) | (low < 0 || low > 15 ? IR_FLAG_A : 0);
}

Test(ir_interp, flags)
{
    Random r = random_seeded(1);
    for (unsigned k = 0; k < 2000; k++) {
        bool w = rnd(&r, 2), add = rnd(&r, 2);
        unsigned carry = rnd(&r, 2), bits = rnd(&r, 2) ? 8u << rnd(&r, 2) : w ? 64 : 32;
        uint64_t x = rnd_number(&r), y = rnd_number(&r);
        Fixture *f = setup(NULL);
        IRType t = w ? IR_I64 : IR_I32;
        IRRef a = ir_const(f->b, t, x), b = ir_const(f->b, t, y);
        IRRef c = ir_fconst(f->b, carry ? IR_FLAG_C : 0);
        ir_put(f->b, offsetof(VCPU, flags),
               add ? ir_f_adc_n(f->b, a, b, c, bits) : ir_f_sbb_n(f->b, a, b, c, bits));
        ir_put(f->b, offsetof(VCPU, gpr[0]), add ? ir_adc(f->b, a, b, c) : ir_sbb(f->b, a, b, c));
        ir_exit_loop(f->b);
        run(f);
        uint64_t mask = mask64(bits);
        cr_expect_eq(f->v.flags, flags_by_hand(bits, add, x & mask, y & mask, carry));
        cr_expect_eq(f->v.gpr[0], (add ? x + y + carry : x - y - carry) & mask64(w ? 64 : 32));
        teardown(f);
    }
}

// Shifts by one against the host's own, but for A; then one flag set.
Test(ir_interp, flags_of_shifts)
{
    Random r = random_seeded(2);
    for (unsigned k = 0; k < 500; k++) {
        bool sar = rnd(&r, 2), carry = rnd(&r, 2);
        unsigned bits = 8u << rnd(&r, 4), bit = rnd(&r, 4);
        uint64_t x = rnd_number(&r), in = x << (64 - bits);
        Fixture *f = setup(NULL);
        IRRef a = ir_const(f->b, bits == 64 ? IR_I64 : IR_I32, x);
        IRRef fl = sar ? ir_f_sar1_n(f->b, a, bits) : ir_f_shr1_n(f->b, a, bits);
        ir_put(f->b, offsetof(VCPU, flags), fl);
        IRRef w = ir_i32(f->b, bit);
        fl = carry ? ir_f_setc(f->b, fl, w) : ir_f_setv(f->b, fl, w);
        ir_put(f->b, offsetof(VCPU, gpr[0]), ir_extu(f->b, ir_f_pack(f->b, fl)));
        ir_exit_loop(f->b);
        run(f);
        uint64_t out = (sar ? (uint64_t)((int64_t)in >> 1) : in >> 1) >> (64 - bits);
        unsigned want = (out >> (bits - 1) & 1 ? IR_FLAG_S : 0) | (out ? 0 : IR_FLAG_Z) |
                        (__builtin_parity(out & 0xff) ? 0 : IR_FLAG_P) | (x & 1 ? IR_FLAG_C : 0) |
                        (!sar && in >> 63 ? IR_FLAG_V : 0);
        unsigned flag = carry ? IR_FLAG_C : IR_FLAG_V;
        cr_expect_eq(f->v.flags, want);
        cr_expect_eq(f->v.gpr[0], (want & ~flag) | (bit & 1 ? flag : 0));
        teardown(f);
    }
}

Test(ir_interp, flag_conditions)
{
    for (unsigned f = 0; f < 16; f++) {
        bool s = f & 1, z = f & 2, c = f & 4, v = f & 8;
        unsigned packed =
            (s ? IR_FLAG_S : 0) | (z ? IR_FLAG_Z : 0) | (c ? IR_FLAG_C : 0) | (v ? IR_FLAG_V : 0);
        bool holds[18] = {[IR_F_Z] = z,
                          [IR_F_C] = c,
                          [IR_F_S] = s,
                          [IR_F_V] = v,
                          [IR_F_C_NZ] = c && !z,
                          [IR_F_GE] = s == v,
                          [IR_F_GT] = !z && s == v,
                          [IR_F_NC_NZ] = !c && !z};
        for (unsigned k = 0; k < 18; k += 2) {
            cr_expect_eq(ir_flags_hold((IRFlagCond)k, packed), holds[k], "%u of 0x%x", k, packed);
            cr_expect_eq(ir_flags_hold((IRFlagCond)(k + 1), packed), !holds[k]);
        }
    }
}

// --- memory
Test(ir_interp, memory)
{
    Fixture *f = setup("block pc=0 bytes=4 insns=1\n"
                       "%0 = get.i64 off=g0 bytes=8\n"
                       "%1 = ld.i32 %0 disp=1 mem=1,sign\n"
                       "put %1 off=g1 bytes=4\n"
                       "%3 = ld.i64 %0 disp=1 mem=2,sign\n"
                       "put %3 off=g2 bytes=8\n"
                       "st %0, %3 disp=8 mem=4,store\n"
                       "%6 = ld.v128 %0 mem=16\n"
                       "put %6 off=v0 bytes=16\n"
                       "%8 = chk.i64 %0 mem=1,store span=16\n"
                       "sth %0, %8, %6 disp=16 mem=16,store\n"
                       "%10 = ldh.i64 %0, %8 disp=17 mem=2,sign\n"
                       "put %10 off=g3 bytes=8\n"
                       "exit_loop\n");
    static const uint8_t bytes[16] = {1, 0x82, 0x93, 4};
    memcpy(f->arena.byte + 32, bytes, 16);
    f->v.gpr[0] = ARENA_VA + 32;
    run(f);
    cr_expect_eq(f->v.gpr[1], 0xffffff82);
    cr_expect_eq(f->v.gpr[2], 0xffffffffffff9382);
    cr_expect_eq(f->v.vec[0].u64[0], 0x04938201);
    cr_expect_eq(f->v.vec[0].u64[1], 0xffff9382);
    cr_expect_eq(f->v.gpr[3], 0xffffffffffff9382);
    cr_expect(!memcmp(f->arena.byte + 32, f->arena.byte + 48, 16));
    teardown(f);
}

Test(ir_interp, fault)
{
    Fixture *f = setup("block pc=0 bytes=8 insns=2\n"
                       "insn pc=0 index=0\n"
                       "%1 = get.i64 off=g0 bytes=8\n"
                       "put %1 off=g1 bytes=8\n"
                       "insn pc=4 index=1\n"
                       "%4 = ld.i64 %1 mem=8\n"
                       "put %4 off=g1 bytes=8\n"
                       "exit_loop\n");
    f->v.gpr[0] = 5;
    volatile bool faulted = false;
    if (setjmp(f->v.leave)) {
        faulted = true;
    } else {
        run(f);
    }
    cr_expect(faulted);
    cr_expect_eq(f->v.gpr[1], 5);
    cr_expect_eq(f->v.insn_index, 1);
    teardown(f);
}

// A memo serves loads; one that is 0 makes no difference.
Test(ir_interp, page_memo)
{
    Fixture *f = setup("block pc=0 bytes=4 insns=1\n"
                       "%0 = get.i64 off=g0 bytes=8\n"
                       "%1 = page.i64 %0 disp=-8 mem=1 span=24\n"
                       "%2 = ld.i64 %0, %1 disp=-2 mem=2,sign\n"
                       "put %2 off=g1 bytes=8\n"
                       "%4 = page.i64 %0 mem=1,store span=8\n"
                       "st %0, %2, %4 disp=4 mem=4,store\n"
                       "%6 = page.i64 %0 disp=4064 mem=1 span=64\n"
                       "%7 = ld.v128 %0, %6 disp=4 mem=16\n"
                       "put %7 off=v0 bytes=16\n"
                       "put %1 off=g2 bytes=8\n"
                       "put %4 off=g3 bytes=8\n"
                       "put %6 off=g4 bytes=8\n"
                       "exit_loop\n");
    static const uint8_t bytes[4] = {1, 0x82, 0x93, 4};
    memcpy(f->arena.byte + 29, bytes, 4);
    f->v.gpr[0] = ARENA_VA + 32;
    run(f);
    cr_expect_eq(f->v.gpr[1], 0xffffffffffff9382);
    cr_expect_eq(f->v.vec[0].u64[0], 0xffff9382);
    cr_expect_eq(f->v.gpr[2], (uintptr_t)f->arena.byte - ARENA_VA);
    cr_expect_eq(f->v.gpr[3], 0, "stores miss");
    cr_expect_eq(f->v.gpr[4], 0, "over the page's end");
    teardown(f);
}

// --- calls
static uint32_t call4(VCPU *v, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    v->gpr[5] = a + 10 * b + 100 * c + 1000 * d;
    return 0x80000000;
}

Test(ir_interp, call)
{
    static const IRHelper h = {"call4", (void *)call4, IR_I32, 4, IR_CALL_WRITES};
    Fixture *f = setup(NULL);
    IRBlock *b = f->b;
    IRRef r = ir_call(b, &h, ir_i64(b, 1), ir_i32(b, 2), ir_i64(b, 3), ir_i64(b, 4));
    ir_put(b, offsetof(VCPU, gpr[0]), ir_extu(b, r));
    ir_exit_ind(b, ir_i64(b, 0x4444), IR_IND_JUMP, 0);
    run(f);
    cr_expect_eq(f->v.gpr[5], 4321);
    cr_expect_eq(f->v.gpr[0], 0x80000000);
    cr_expect_eq(f->v.pc, 0x4444);
    teardown(f);
}

static void show_desc(VCPU *v, V128 *d, const V128 *a, const V128 *b, const V128 *c, uint32_t desc)
{
    v->gpr[9] = a->u64[0];
    *d = (V128){.u64 = {desc | UINT64_C(0x700000000), (uint64_t)(b != NULL) << 1 | (c != NULL)}};
}

Test(ir_interp, exact)
{
    static const IRVHelper h = {"show", show_desc, 0};
    Fixture *f = setup(NULL);
    IRBlock *b = f->b;
    IRRef i = ir_i64(b, 42), v = ir_vconst(b, 1, 2);
    ir_put(b, offsetof(VCPU, vec[0]), ir_fp(b, IR_fs2f, IR_V128, i, IR_NONE, IR_NONE, 0x12, 0, &h));
    ir_put(b, offsetof(VCPU, gpr[0]),
           ir_fp(b, IR_ff2s, IR_I32, v, IR_NONE, IR_NONE, 0x13, IR_RND_ZERO, &h));
    ir_put(b, offsetof(VCPU, gpr[1]),
           ir_fp(b, IR_ff2u, IR_I64, v, IR_NONE, IR_NONE, 0x13, IR_RND_ZERO, &h));
    ir_put(b, offsetof(VCPU, flags), ir_f_fcmp(b, v, v, 3 | IR_FCMP_NZCV, &h));
    ir_exit_loop(b);
    run(f);
    cr_expect_eq(f->v.vec[0].u64[0], 0x780000012);
    cr_expect_eq(f->v.gpr[0], 0x30013);
    cr_expect_eq(f->v.gpr[1], 0x780030013);
    cr_expect_eq(f->v.flags, 0x13 & IR_FLAG_MASK);
    teardown(f);
}

// --- vectors
static V128 vector(IROpcode op, V128 a, V128 b, uint32_t desc)
{
    V128 d = a;
    ir_vector_fn(op)(NULL, &d, &d, &b, &b, desc); // d may be an argument
    return d;
}

static V128 v128(uint64_t hi, uint64_t lo)
{
    return (V128){.u64 = {lo, hi}};
}

Test(ir_interp, vector_functions_exist)
{
    for (unsigned op = 0; op < IR_OPCODES; op++) {
        const char *sig = ir_op_info[op].sig;
        bool vectors = sig[0] == 'v' && sig[2] && strspn(sig + 2, "v") == strlen(sig + 2);
        bool pure = ir_op_info[op].effects == IR_EFF_PURE;
        cr_expect_eq(ir_vector_fn((IROpcode)op) != NULL, vectors && pure, "%s",
                     ir_op_info[op].name);
    }
}

Test(ir_interp, vectors)
{
    const V128 a = v128(0x0f0e0d0c0b0a0908, 0x0706050403020100);
    const V128 b = v128(0x1f1e1d1c1b1a1918, 0x1716151413121110);
    const V128 m = v128(0x80007fff00ff0001, 0x7f80ff0180000000);
    static const IRInsn narrow = {.op = IR_vshri, .aux = 1, .imm = 16};
    const struct {
        IROpcode op;
        V128 a, b;
        uint32_t desc;
        V128 result;
    } row[] = {
        {IR_vzip1, a, b, 0, v128(0x1707160615051404, 0x1303120211011000)},
        {IR_vzip2, a, b, 2, v128(0x1f1e1d1c0f0e0d0c, 0x1b1a19180b0a0908)},
        {IR_vuzp1, a, b, 0, v128(0x1e1c1a1816141210, 0x0e0c0a0806040200)},
        {IR_vuzp2, a, b, 1, v128(0x1f1e1b1a17161312, 0x0f0e0b0a07060302)},
        {IR_vtrn1, a, b, 3, v128(0x1716151413121110, 0x0706050403020100)},
        {IR_vtrn2, a, b, 0, v128(0x1f0f1d0d1b0b1909, 0x1707150513031101)},
        {IR_vext, a, b, 3 << 16, v128(0x1211100f0e0d0c0b, 0x0a09080706050403)},
        {IR_vrev, a, a, 0 | 2 << 16, v128(0x0c0d0e0f08090a0b, 0x0405060700010203)},
        {IR_vtbl, b, v128(0x10ff0f0000000000, 1), 0, v128(0x00001f1010101010, 0x1010101010101011)},
        {IR_vqadds, m, m, 1, v128(0x80007fff01fe0002, 0x7ffffe0280000000)},
        {IR_vqsubu, a, b, 0, v128(0, 0)},
        {IR_vqaddu, m, m, 3, v128(UINT64_MAX, 0xff01fe0300000000)},
        {IR_vabs, m, m, 1, v128(0x80007fff00ff0001, 0x7f8000ff80000000)},
        {IR_vcgt, v128(0, 0), m, 1, v128(0xffff000000000000, 0x0000ffffffff0000)},
        {IR_vavgu, a, b, 0, v128(0x1716151413121110, 0x0f0e0d0c0b0a0908)},
        {IR_vaddp, a, b, 0, v128(0x3d3935312d292521, 0x1d1915110d090501)},
        {IR_vmull_s, v128(0, 0x80ff), v128(0, 0x8002), 0, v128(0, 0x4000fffe)},
        {IR_vmull2_u, v128(0x00000000ffffffff, 0), v128(0xffffffff, 0), 2,
         v128(0, 0xfffffffe00000001)},
        {IR_vnarrow2, a, b, 2, v128(0x1d1c191815141110, 0x0706050403020100)},
        {IR_vwiden2_s, m, m, 1, v128(0xffff800000007fff, 0x000000ff00000001)},
        {IR_vsari, m, m, 1 | 16 << 16, v128(0xffff000000000000, 0x0000ffffffff0000)},
        {IR_vshri, m, m, ir_vector_desc(&narrow), v128(0, 0)},
        {IR_vcnt, m, m, 0, v128(0x0100070800080001, 0x0701080101000000)},
        {IR_vmovlane, a, b, 1 | 7 << 8 | 0 << 12, v128(0x11100d0c0b0a0908, 0x0706050403020100)},
        {IR_vclmul, v128(0, 0x87), v128(0x3, 0), 0x10, v128(0, 0x189)},
        {IR_vclmul, v128(0, BIT(63)), v128(0, BIT(63)), 0, v128(BIT(62), 0)},
    };
    for (unsigned k = 0; k < ARRAY_LEN(row); k++) {
        V128 r = vector(row[k].op, row[k].a, row[k].b, row[k].desc);
        cr_expect(r.u128 == row[k].result.u128, "row %u, %s: %016lx %016lx", k,
                  ir_op_info[row[k].op].name, r.u64[1], r.u64[0]);
    }
}

static V128 bytes16(const char *hex)
{
    V128 v;
    for (unsigned k = 0; k < 16; k++) {
        char two[3] = {hex[2 * k], hex[2 * k + 1], 0};
        v.u8[k] = (uint8_t)strtoul(two, NULL, 16);
    }
    return v;
}

// FIPS 197 appendix B, round 1.
Test(ir_interp, aes)
{
    V128 start = bytes16("193de3bea0f4e22b9ac68d2ae9f84808"), zero = v128(0, 0);
    V128 shifted = bytes16("d4bf5d30e0b452aeb84111f11e2798e5");
    V128 mixed = bytes16("046681e5e0cb199a48f8d37a2806264c");
    cr_expect(vector(IR_aes_enclast, start, zero, 0).u128 == shifted.u128);
    cr_expect(vector(IR_aes_declast, shifted, zero, 0).u128 == start.u128);
    cr_expect(vector(IR_aes_mc, shifted, zero, 0).u128 == mixed.u128);
    cr_expect(vector(IR_aes_imc, mixed, zero, 0).u128 == shifted.u128);
    V128 key = bytes16("a0fafe1788542cb123a339392a6c7605");
    cr_expect(vector(IR_aes_enclast, start, key, 0).u128 == (shifted.u128 ^ key.u128));
}

static V128 vector3(IROpcode op, V128 a, V128 b, V128 c)
{
    V128 d;
    ir_vector_fn(op)(NULL, &d, &a, &b, &c, 0);
    return d;
}

static V128 words(const uint32_t *w)
{
    return (V128){.u32 = {w[0], w[1], w[2], w[3]}};
}

// FIPS 180-4 section 6.2 on the one block of "abc" as the instructions are meant to be used.
Test(ir_interp, sha256)
{
    static const uint32_t k[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
        0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
        0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
        0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
        0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
        0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
        0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
        0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
        0xc67178f2};
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    V128 w[4] = {{.u32 = {0x61626380}}, {.u32 = {0}}, {.u32 = {0}}, {.u32 = {0, 0, 0, 24}}};
    V128 x = words(start), y = words(start + 4);
    for (unsigned n = 0; n < 16; n++) {
        V128 wk = vector(IR_vadd, w[n & 3], words(k + 4 * n), 2);
        V128 t = vector3(IR_sha256h, x, y, wk);
        y = vector3(IR_sha256h2, x, y, wk);
        x = t;
        V128 next = vector(IR_sha256su0, w[n & 3], w[(n + 1) & 3], 0);
        w[n & 3] = vector3(IR_sha256su1, next, w[(n + 2) & 3], w[(n + 3) & 3]);
    }
    x = vector(IR_vadd, x, words(start), 2);
    y = vector(IR_vadd, y, words(start + 4), 2);
    static const uint32_t digest[8] = {0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223,
                                       0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad};
    cr_expect(x.u128 == words(digest).u128);
    cr_expect(y.u128 == words(digest + 4).u128);
}

// The same for SHA-1 (section 6.1): e comes from the a of four rounds before.
Test(ir_interp, sha1)
{
    static const uint32_t k[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    static const IROpcode op[4] = {IR_sha1c, IR_sha1p, IR_sha1m, IR_sha1p};
    static const uint32_t start[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    V128 w[4] = {{.u32 = {0x61626380}}, {.u32 = {0}}, {.u32 = {0}}, {.u32 = {0, 0, 0, 24}}};
    V128 x = words(start);
    uint32_t e = start[4];
    for (unsigned n = 0; n < 20; n++) {
        uint32_t c = k[n / 5], a = x.u32[0];
        V128 wk = vector(IR_vadd, w[n & 3], (V128){.u32 = {c, c, c, c}}, 2);
        x = vector3(op[n / 5], x, (V128){.u32 = {e, 1, 2, 3}}, wk);
        e = ror32(a, 2);
        V128 middle = vector(IR_vxor, w[n & 3], w[(n + 2) & 3], 0);
        V128 ext = {.u64 = {w[n & 3].u64[1], w[(n + 1) & 3].u64[0]}};
        w[n & 3] = vector(IR_sha1su1, vector(IR_vxor, middle, ext, 0), w[(n + 3) & 3], 0);
    }
    static const uint32_t digest[5] = {0xa9993e36, 0x4706816a, 0xba3e2571, 0x7850c26c, 0x9cd0d89d};
    cr_expect(vector(IR_vadd, x, words(start), 2).u128 == words(digest).u128);
    cr_expect(e + start[4] == digest[4]);
}
