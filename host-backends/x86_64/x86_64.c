// The x86-64 backend (x86-64-v3: AVX2, BMI1/2, LZCNT, FMA, F16C, MOVBE).
//
//   code cache:  [constants][thunks][block][block]...
//
//   a block:     sub r15d, N ; js budget stub
//                ops, each by its emitter in x86_emit_table (emit_*.c);
//                    registers by tcg-like/regalloc
//                cold code: TLB misses, inexact FP, exits' stubs
//                vector constants, link records (link.c)
//
// Registers are in registers.h, the way in and out of C code in thunks.c, how blocks are joined in
// emit_exit.c and link.c, how flags stay in EFLAGS in emit_flags.c.
#include <capstone/capstone.h>
#include <glib.h>
#include <string.h>

#include "host-backends/x86_64/emit_x87.h"
#include "host-backends/x86_64/link.h"
#include "host-backends/x86_64/thunks.h"

EmitFn *const x86_emit_table[IR_OPCODES] = {
#define IR_OP(name, sig, eff) [IR_##name] = x86_emit_##name,
#include "tcg-like/ops.h"
};

void x86_registers(RaRegs *r, const TargetOps *t)
{
    static const int8_t gpr[N_PIN_GPR] = {PIN_GPR};
    *r = (RaRegs){.temps = {TEMP_GPR, TEMP_VEC},
                  .spill_off = {offsetof(VCPU, spill), offsetof(VCPU, vspill)},
                  .n_spill = {N_SPILL_GPR, N_SPILL_VEC}};
    for (unsigned k = 0; k < N_PIN_GPR && t->pin_gpr && t->pin_gpr[k]; k++) {
        r->pin[RA_GPR][r->n_pins[RA_GPR]++] = (RaPin){t->pin_gpr[k], gpr[k], 0};
    }
    for (unsigned k = 0; k < N_PIN_VEC && t->pin_vec && t->pin_vec[k]; k++) {
        r->pin[RA_VEC][r->n_pins[RA_VEC]++] = (RaPin){t->pin_vec[k], (int8_t)k, 0};
    }
}

// --- how the allocator moves things
static void ra_move(void *ctx, RaClass cls, int dst, int src)
{
    Emit *e = ctx;
    if (cls == RA_GPR) {
        x86_mov_rr(&e->c, true, dst, src);
    } else {
        vex_rrr(&e->c, 0x28 | X86_0F, dst, 0, src); // vmovaps
    }
}

static void ra_load(void *ctx, RaClass cls, int dst, size_t off, unsigned bytes)
{
    Emit *e = ctx;
    if (cls == RA_GPR) {
        x86_load(&e->c, dst, state_mem(off), bytes);
    } else if (bytes < 4) {
        x86_load(&e->c, RAX, state_mem(off), bytes);
        vex_rrr(&e->c, 0x6e | X86_0F | X86_66, dst, 0, RAX); // vmovd
    } else if (bytes == 16) {
        vex_rrm(&e->c, 0x6f | X86_0F | X86_F3, dst, 0, state_mem(off)); // vmovdqu
    } else {
        vex_rrm(&e->c, bytes == 8 ? 0x7e | X86_0F | X86_F3 : 0x6e | X86_0F | X86_66, dst, 0,
                state_mem(off)); // vmovq, vmovd
    }
}

static void ra_store(void *ctx, RaClass cls, int src, size_t off, unsigned bytes)
{
    Emit *e = ctx;
    if (cls == RA_GPR) {
        x86_store(&e->c, src, state_mem(off), bytes);
    } else if (bytes == 16) {
        vex_rrm(&e->c, 0x7f | X86_0F | X86_F3, src, 0, state_mem(off));
    } else {
        vex_rrm(&e->c, bytes == 8 ? 0xd6 | X86_0F | X86_66 : 0x7e | X86_0F | X86_66, src, 0,
                state_mem(off));
    }
}

void x86_vex_pool(Emit *e, unsigned op, int dst, int vvvv, V128 value)
{
    vex_rrm(&e->c, op, dst, vvvv, x86_mem_rip(0));
    if (e->n_pool == e->pool_capacity) {
        e->pool_capacity = e->pool_capacity * 2 + 8;
        e->pool = g_renew(PoolUse, e->pool, e->pool_capacity);
    }
    e->pool[e->n_pool++] = (PoolUse){.field = e->c.pos - 4, .value = value};
}

static void load_vconst(Emit *e, int dst, unsigned index)
{
    const V128 *v = &e->b->vpool[index];
    if (!v->u64[0] && !v->u64[1]) {
        vex_rrr(&e->c, 0xef | X86_0F | X86_66, dst, dst, dst); // vpxor
    } else if (!~v->u64[0] && !~v->u64[1]) {
        vex_rrr(&e->c, 0x76 | X86_0F | X86_66, dst, dst, dst); // vpcmpeqd
    } else {
        x86_vex_pool(e, 0x6f | X86_0F | X86_F3, dst, 0, *v); // vmovdqu
    }
}

static void ra_constant(void *ctx, RaClass cls, int dst, const IRInsn *i)
{
    Emit *e = ctx;
    if (cls == RA_VEC) {
        load_vconst(e, dst, (unsigned)i->imm);
    } else {
        x86_mov_ri(&e->c, dst, i->op == IR_fconst ? i->imm & IR_FLAG_MASK : i->imm);
    }
}

static const RaOps ra_ops = {ra_move, ra_load, ra_store, ra_constant};

// --- a block
static void emit_head(Emit *e)
{
    Block *blk = e->r->block;
    x86_alu_ri(&e->c, ALU_SUB, false, REG_BUDGET, (int32_t)e->b->guest_insns);
    size_t over = x86_jcc_fwd(&e->c, CC_S);
    e->cold = g_new(Cold, e->cold_capacity = 16);
    Cold *c = x86_cold(e, x86_cold_budget, over);
    c->imm = (uintptr_t)blk;
}

static void emit_ops(Emit *e)
{
    for (unsigned k = 0; k < e->b->n && !e->c.full; k++) {
        const IRInsn *i = &e->b->insn[k];
        e->at = (IRRef)k;
        if (hb_wants_code(&e->ra, e->at)) {
            ra_begin(&e->ra, e->at);
            x87_before(e, i);
            x86_emit_table[i->op](e, i);
            ra_end(&e->ra);
        }
    }
}

static void emit_pool(Emit *e)
{
    if (!e->n_pool) {
        return;
    }
    while (e->c.pos & 15 && !e->c.full) {
        x86_byte(&e->c, 0xcc);
    }
    for (unsigned k = 0; k < e->n_pool; k++) {
        size_t at = e->c.pos;
        unsigned same = 0;
        while (same < k && memcmp(&e->pool[same].value, &e->pool[k].value, sizeof(V128)) != 0) {
            same++;
        }
        if (same == k) {
            x86_imm64(&e->c, e->pool[k].value.u64[0]);
            x86_imm64(&e->c, e->pool[k].value.u64[1]);
            x86_patch(&e->c, e->pool[k].field, at);
        } else if (!e->c.full) {
            int32_t rel;
            memcpy(&rel, e->c.rw + e->pool[same].field, 4);
            x86_patch(&e->c, e->pool[k].field, e->pool[same].field + 4 + (size_t)rel);
        }
    }
}

static void emit_all(Emit *e)
{
    emit_head(e);
    emit_ops(e);
    for (unsigned k = 0; k < e->n_cold && !e->c.full; k++) {
        Cold c = e->cold[k];
        x86_patch(&e->c, c.from, e->c.pos);
        x87_cold(e, &c);
        c.emit(e, &c);
    }
    emit_pool(e);
    x86_emit_link_records(e);
}

static void finish(Emit *e, size_t start)
{
    Block *b = e->r->block;
    CodeCache *cache = e->r->cache;
    hb_side_finish(&e->side, b);
    b->recipes = g_realloc(e->recipes.bytes, e->recipes.n);
    e->recipes.bytes = NULL;
    b->code = cache->rx + start;
    b->code_size = (uint32_t)(e->c.pos - start);
    cache->used = ALIGN_UP(e->c.pos, 16);
}

static bool compile(const CompileRequest *r)
{
    size_t start = ALIGN_UP(r->cache->used, 16);
    Emit e = {.c = {.rw = r->cache->rw, .pos = start, .end = r->cache->size},
              .r = r,
              .b = r->ir,
              .ef = IR_NONE,
              .fcmp = IR_NONE};
    x86_registers(&e.regs, r->target);
    ir_lazy_plan(&e.lazy, r->ir);
    ra_init(&e.ra, e.b, &e.lazy, &e.regs, &ra_ops, &e);
    x87_plan(&e);
    emit_all(&e);
    bool ok = !e.c.full && !e.ra.overflow;
    if (ok) {
        finish(&e, start);
    }
    ra_free(&e.ra);
    g_free(e.cold);
    ir_lazy_free(&e.lazy);
    g_free(e.side.entry);
    g_free(e.recipes.bytes);
    g_free(e.pool);
    x87_free(&e);
    return ok;
}

const HostBackend host_backend_x86_64 = {
    .name = "x86_64",
    .unusable = x86_unusable,
    .emit_thunks = x86_emit_thunks,
    .compile = compile,
    .patch_link = x86_patch_link,
    .fp_take_flags = x86_fp_take_flags,
    .fp_set_round = x86_fp_set_round,
    .fp_set_control = x86_fp_set_control,
    .left = x86_left,
    .turn_over = x86_turn_over,
    .capstone_arch = CS_ARCH_X86,
    .capstone_mode = CS_MODE_64,
};
