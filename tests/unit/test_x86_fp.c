// The x86-64 backend's floating point against the exact functions: same bits and same sticky flags
// in every rounding mode, on operands where arithmetic goes wrong.
#include <criterion/criterion.h>
#include <glib.h>
#include <math.h>
#include <stdio.h>

#include "accel/codecache.h"
#include "accel/engine.h"
#include "host-backends/backend.h"
#include "ir_memory.h"
#include "ir_random.h"
#include "target-arm/fp_exact.h"

static const uint16_t pin_gpr[] = {offsetof(VCPU, gpr[0]), 0};
static const uint16_t pin_vec[] = {offsetof(VCPU, vec[0]), offsetof(VCPU, vec[1]), 0};
static const TargetOps target = {
    .name = "test", .pin_gpr = pin_gpr, .pin_vec = pin_vec, .va_canonical_mask = UINT64_MAX};

// What fp_status.c wants of the engine.
unsigned engine_fp_take_flags(VCPU *v)
{
    return host_backend_x86_64.fp_take_flags(v);
}
void engine_fp_set_round(VCPU *v, IRRound round)
{
    host_backend_x86_64.fp_set_round(v, round);
}

static uint64_t fp_number(Random *r, unsigned esize)
{
    static const uint8_t frac[] = {0, 10, 23, 52}, exp[] = {0, 5, 8, 11};
    unsigned f = frac[esize], e = exp[esize];
    uint64_t bias = mask64(e - 1), top = mask64(e);
    uint64_t fraction, exponent;
    switch (rnd(r, 6)) {
    case 0:
        fraction = 0;
        break;
    case 1:
        fraction = mask64(f);
        break;
    case 2:
        fraction = BIT(rnd(r, f));
        break;
    case 3:
        fraction = rnd64(r) & mask64(f) & ~mask64(rnd(r, f));
        break;
    default:
        fraction = rnd64(r) & mask64(f);
        break;
    }
    switch (rnd(r, 8)) {
    case 0:
        exponent = 0;
        break;
    case 1:
        exponent = top;
        break;
    case 2:
        exponent = 1 + rnd(r, 2);
        break;
    case 3:
        exponent = top - 1 - rnd(r, 2);
        break;
    case 4:
        exponent = rnd64(r) & top;
        break;
    case 5:
        exponent = bias + rnd(r, 70) - 3 * (esize == 1);
        break;
    case 6:
        exponent = bias / 2 + rnd(r, 8) - 4; // products near the smallest normal number
        break;
    default:
        exponent = bias + rnd(r, 5) - 2;
        break;
    }
    return (rnd64(r) & 1) << (f + e) | (exponent & top) << f | fraction;
}

static V128 fp_vector(Random *r, unsigned esize)
{
    V128 v = {.u64 = {0}};
    for (unsigned k = 0; k < 16u >> esize; k++) {
        uint64_t x = fp_number(r, esize);
        if (rnd(r, 20) == 0) {
            x = esize == 3 ? UINT64_C(0x8000000000000000) : 0x80000000;
        }
        memcpy(&v.u8[k << esize], &x, (size_t)1 << esize);
    }
    return v;
}

typedef struct FpRow {
    uint16_t op;
    const IRVHelper *exact;
    bool packed;
} FpRow;

static const FpRow rows[] = {
    {IR_fadd, &arm_fx_add, true},   {IR_fsub, &arm_fx_sub, true},
    {IR_fmul, &arm_fx_mul, true},   {IR_fdiv, &arm_fx_div, true},
    {IR_fsqrt, &arm_fx_sqrt, true}, {IR_fma, &arm_fx_fma, true},
    {IR_fmin, &arm_fx_min, true},   {IR_fmax, &arm_fx_max, true},
    {IR_fceq, &arm_fx_ceq, true},   {IR_fcge, &arm_fx_cge, true},
    {IR_fcgt, &arm_fx_cgt, true},   {IR_fround, &arm_fx_round, true},
    {IR_fcvt, &arm_fx_cvt, false},  {IR_fs2f, &arm_fx_s2f, false},
    {IR_fu2f, &arm_fx_u2f, false},  {IR_ff2s, &arm_fx_f2s, false},
    {IR_ff2u, &arm_fx_f2u, false},  {IR_vs2f, &arm_fx_vs2f, true},
    {IR_vu2f, &arm_fx_vu2f, true},  {IR_vf2s, &arm_fx_vf2s, true},
    {IR_vf2u, &arm_fx_vf2u, true},  {IR_f_fcmp, &arm_fx_cmp, false},
};

// One op on vec[0..2] or gpr[0]; its result to vec[3], gpr[1] or the flags.
static IRBlock *fp_block(Random *r, const FpRow *row, unsigned esize)
{
    static const uint8_t rounds[] = {IR_RND_NEAREST, IR_RND_DOWN, IR_RND_UP,
                                     IR_RND_ZERO,    IR_RND_AWAY, IR_RND_CURRENT};
    IRBlock *b = ir_block_new();
    b->pc = 0x1000;
    b->guest_insns = 1;
    ir_insn(b, 0x1000, 0);
    unsigned aux = esize | (!row->packed || rnd(r, 2) ? IR_FP_SCALAR : 0), aux2 = 0;
    bool from_int = row->op == IR_fs2f || row->op == IR_fu2f;
    IRRef arg[3] = {IR_NONE, IR_NONE, IR_NONE};
    for (unsigned k = 0; k < ir_op_info[row->op].n_args; k++) {
        arg[k] = ir_get(b, IR_V128, offsetof(VCPU, vec[rnd(r, 8) ? k : 0]));
    }
    IRType type = IR_V128;
    if (from_int) {
        IRType t = rnd(r, 2) ? IR_I64 : IR_I32;
        arg[0] = ir_get_n(b, t, offsetof(VCPU, gpr[0]), ir_type_bytes(t));
    }
    switch (row->op) {
    case IR_fround:
        aux2 = rounds[rnd(r, 6)] | (rnd(r, 2) ? IR_RND_EXACT : 0);
        break;
    case IR_fcvt:
        aux2 = 1 + (esize + rnd(r, 2)) % 3;
        break;
    case IR_ff2s:
    case IR_ff2u:
        type = rnd(r, 2) ? IR_I64 : IR_I32;
        aux2 = rounds[rnd(r, 6)];
        break;
    case IR_vf2s:
    case IR_vf2u:
        aux2 = rounds[rnd(r, 6)];
        break;
    case IR_f_fcmp:
        type = IR_FLAGS;
        aux = esize | IR_FCMP_NZCV | (rnd(r, 2) ? IR_FCMP_SIGNAL : 0);
        break;
    default:
        break;
    }
    IRRef x = ir_fp(b, (IROpcode)row->op, type, arg[0], arg[1], arg[2], aux, aux2, row->exact);
    if (type == IR_FLAGS) {
        ir_put(b, offsetof(VCPU, flags), x);
        for (unsigned k = 0; k < 6; k++) {
            IRRef t = ir_f_test(b, (IRFlagCond)rnd(r, IR_F_NP + 1), x);
            ir_put_n(b, offsetof(VCPU, gpr[2 + k]), t, 4);
        }
    } else if (type == IR_V128) {
        ir_put(b, offsetof(VCPU, vec[rnd(r, 4)]), x);
    } else {
        ir_put_n(b, offsetof(VCPU, gpr[1]), x, ir_type_bytes(type));
    }
    ir_exit_jump(b, 0x2000);
    return b;
}

// Products that round to the smallest normal number, or miss it by little.
static void near_smallest(Random *r, VCPU *v, unsigned esize)
{
    unsigned half = esize == 3 ? 500 : 60, whole = esize == 3 ? 1022 : 126;
    double m = 1 + ldexp((double)(rnd64(r) >> 12), -52);
    if (esize == 3) {
        double x = ldexp(m, -(int)half), y = ldexp(1 / m, (int)half - (int)whole);
        memcpy(&v->vec[0].u64[0], &x, 8);
        memcpy(&v->vec[1].u64[0], &y, 8);
    } else {
        float f = (float)m, x = ldexpf(f, -(int)half), y = ldexpf(1 / f, (int)half - (int)whole);
        memcpy(&v->vec[0].u32[0], &x, 4);
        memcpy(&v->vec[1].u32[0], &y, 4);
    }
}

static void set_state(ARMCPU *c, Random r, const FpRow *row, unsigned esize)
{
    static const uint8_t rmode[] = {0, 2, 1, 3}; // of IRRound, DDI 0487 C5.2.7
    memset(c, 0, sizeof(*c));
    VCPU *v = &c->vcpu;
    bool ints = row->op == IR_vs2f || row->op == IR_vu2f;
    for (unsigned k = 0; k < 4; k++) {
        v->vec[k] = fp_vector(&r, esize);
        for (unsigned j = 0; ints && j < 2; j++) {
            v->vec[k].u64[j] = rnd_number(&r);
        }
        v->gpr[k] = rnd_number(&r);
    }
    if (rnd(&r, 4) == 0) {
        v->vec[1] = v->vec[0];
        v->vec[1].u64[0] ^= rnd64(&r) & (esize == 3 ? BIT(63) : BIT(31));
    }
    if (rnd(&r, 8) == 0) {
        near_smallest(&r, v, esize);
    }
    v->budget = 100;
    unsigned round = rnd(&r, 4);
    c->fpcr = (uint32_t)rmode[round] << FPCR_RMODE_SHIFT;
    host_backend_x86_64.fp_set_round(v, (IRRound)round);
}

Test(x86_fp, bits_and_flags)
{
    const char *why;
    const HostBackend *be = host_backend_find(&why);
    if (!be) {
        cr_skip_test("%s", why);
    }
    CodeCache cache;
    HostThunks thunks;
    cr_assert(codecache_init(&cache, 16 << 20));
    cr_assert(be->emit_thunks(&cache, &thunks, &target));
    size_t empty = cache.used;
    uint8_t *stack = g_malloc0(65536);
    ARMCPU *c = aligned_alloc(64, ALIGN_UP(sizeof(ARMCPU), 64)),
           *want = aligned_alloc(64, ALIGN_UP(sizeof(ARMCPU), 64));
    const char *from = getenv("MIMUS_SEED"), *count = getenv("MIMUS_SEEDS");
    uint64_t first = from ? strtoull(from, NULL, 0) : 1;
    uint64_t n = count ? strtoull(count, NULL, 0) : from ? 1 : 60000;
    for (uint64_t seed = first; seed < first + n; seed++) {
        Random r = random_seeded(seed);
        const FpRow *row = &rows[rnd(&r, ARRAY_LEN(rows))];
        unsigned esize = 2 + rnd(&r, 2);
        IRBlock *ir = fp_block(&r, row, esize);
        set_state(c, r, row, esize);
        VCPU *v = &c->vcpu;
        ir_interp(v, ir);
        *want = *c;
        set_state(c, r, row, esize);
        v->ret_stack = (uintptr_t)stack + 65536 - 64;
        BlockLink link = {.target_pc = 0x2000};
        Block b = {.pc = 0x1000, .guest_insns = 1, .n_links = 1, .link = &link};
        CompileRequest q = {&cache, &thunks, &target, ir, &b};
        cache.used = empty;
        cr_assert(be->compile(&q));
        thunks.enter(v, b.code);
        uint32_t flags = c->fpsr | (be->fp_take_flags(v) & FPSR_FLAGS);
        bool ok = flags == want->fpsr && !memcmp(v->vec, want->vcpu.vec, sizeof(v->vec)) &&
                  !memcmp(v->gpr, want->vcpu.gpr, sizeof(v->gpr)) &&
                  !((v->flags ^ want->vcpu.flags) & IR_FLAG_MASK);
        if (!ok) {
            set_state(c, r, row, esize);
            ir_print(ir, stderr);
            for (unsigned k = 0; k < 4; k++) {
                fprintf(stderr, "in %016lx:%016lx want %016lx:%016lx gpr %lx\n",
                        (long)c->vcpu.vec[k].u64[1], (long)c->vcpu.vec[k].u64[0],
                        (long)want->vcpu.vec[k].u64[1], (long)want->vcpu.vec[k].u64[0],
                        (long)c->vcpu.gpr[k]);
            }
            set_state(c, r, row, esize);
            v->ret_stack = (uintptr_t)stack + 65536 - 64;
            thunks.enter(v, b.code);
            for (unsigned k = 0; k < 8; k++) {
                fprintf(stderr, "got %016lx:%016lx gpr want %lx got %lx\n", (long)v->vec[k].u64[1],
                        (long)v->vec[k].u64[0], (long)want->vcpu.gpr[k], (long)v->gpr[k]);
            }
        }
        cr_assert(ok, "seed %lu: %s esize %u fpcr %x: sticky flags want %x got %x, flags %x %x",
                  (long)seed, ir_op_info[row->op].name, esize, c->fpcr, want->fpsr, flags,
                  want->vcpu.flags, v->flags);
        g_free(b.side);
        ir_block_free(ir);
    }
}
