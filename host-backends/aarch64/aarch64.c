// The AArch64 backend (Armv8.0-A with AdvSIMD; crypto and CRC32 instructions where the host has
// them).
//
//   code cache:  [thunks][block][block]...
//
//   a block:     subs w27, w27, N ; b.mi budget stub
//                ops, each by its emitter in a64_emit_table (emit_*.c);
//                    registers by tcg-like/regalloc
//                cold code: TLB misses, inexact FP, exits' stubs
//                vector constants, link records (link.c)
//
// Registers are in registers.h, the way in and out of C code in thunks.c, how blocks are joined in
// emit_exit.c and link.c, how flags stay in NZCV in emit_flags.c. Code refers to code by distance
// only, as it is written at one address and run at another.
#include <capstone/capstone.h>
#include <glib.h>
#include <string.h>

#include "host-backends/aarch64/link.h"
#include "host-backends/aarch64/thunks.h"

EmitFn *const a64_emit_table[IR_OPCODES] = {
#define IR_OP(name, sig, eff) [IR_##name] = a64_emit_##name,
#include "tcg-like/ops.h"
};

void a64_registers(RaRegs *r, const TargetOps *t)
{
    static const int8_t gpr[N_PIN_GPR] = {PIN_GPR};
    *r = (RaRegs){.temps = {TEMP_GPR, TEMP_VEC},
                  .spill_off = {offsetof(VCPU, spill), offsetof(VCPU, vspill)},
                  .n_spill = {N_SPILL_GPR, N_SPILL_VEC}};
    for (unsigned k = 0; k < N_PIN_GPR && t->pin_gpr && t->pin_gpr[k]; k++) {
        r->pin[RA_GPR][r->n_pins[RA_GPR]++] = (RaPin){t->pin_gpr[k], gpr[k], 0};
    }
    for (unsigned k = 0; k < N_PIN_VEC && t->pin_vec && t->pin_vec[k]; k++) {
        r->pin[RA_VEC][r->n_pins[RA_VEC]++] = (RaPin){t->pin_vec[k], (int8_t)(PIN_VEC + k), 0};
    }
}

// --- how the allocator moves things
static void ra_move(void *ctx, RaClass cls, int dst, int src)
{
    Emit *e = ctx;
    if (cls == RA_GPR) {
        a64_mov(&e->c, true, dst, src);
    } else {
        a64_vmov(&e->c, dst, src);
    }
}

static void ra_load(void *ctx, RaClass cls, int dst, size_t off, unsigned bytes)
{
    Emit *e = ctx;
    a64_mem(&e->c, a64_load_op(bytes, cls == RA_VEC), dst, REG_STATE, (int64_t)off, T3);
}

static void ra_store(void *ctx, RaClass cls, int src, size_t off, unsigned bytes)
{
    Emit *e = ctx;
    a64_mem(&e->c, a64_store_op(bytes, cls == RA_VEC), src, REG_STATE, (int64_t)off, T3);
}

static void load_vconst(Emit *e, int dst, const V128 *v)
{
    uint32_t movi = 0x6f00e400 | (uint32_t)dst; // each bit of the immediate is a byte
    if (!v->u64[0] && !v->u64[1]) {
        a64_word(&e->c, movi);
    } else if (!~v->u64[0] && !~v->u64[1]) {
        a64_word(&e->c, movi | 7 << 16 | 31 << 5);
    } else {
        a64_pool(e, dst, *v);
    }
}

static void ra_constant(void *ctx, RaClass cls, int dst, const IRInsn *i)
{
    Emit *e = ctx;
    if (cls == RA_VEC) {
        load_vconst(e, dst, &e->b->vpool[i->imm]);
    } else {
        uint64_t v = i->op == IR_fconst ? i->imm & IR_FLAG_MASK : i->imm;
        a64_const(&e->c, dst, i->type == IR_I64 ? v : (uint32_t)v);
    }
}

static const RaOps ra_ops = {ra_move, ra_load, ra_store, ra_constant};

// --- a block
static void emit_head(Emit *e)
{
    Block *blk = e->r->block;
    a64_add_imm(&e->c, A64_SUBSI, REG_BUDGET, REG_BUDGET, e->b->guest_insns);
    size_t over = a64_bcond_fwd(&e->c, A64_MI);
    e->cold = g_new(Cold, e->cold_capacity = 16);
    Cold *c = a64_cold(e, a64_cold_budget, over);
    c->imm = (uintptr_t)blk;
}

static void emit_ops(Emit *e)
{
    for (unsigned k = 0; k < e->b->n && !e->c.full; k++) {
        const IRInsn *i = &e->b->insn[k];
        e->at = (IRRef)k;
        if (hb_wants_code(&e->ra, e->at)) {
            ra_begin(&e->ra, e->at);
            a64_emit_table[i->op](e, i);
            ra_end(&e->ra);
        }
    }
}

static void emit_pool(Emit *e)
{
    while (e->n_pool && e->c.pos & 15 && !e->c.full) {
        a64_word(&e->c, 0);
    }
    size_t *place = g_new(size_t, e->n_pool);
    for (unsigned k = 0; k < e->n_pool; k++) {
        const V128 *v = &e->pool[k].value;
        unsigned same = 0;
        while (same < k && memcmp(&e->pool[same].value, v, sizeof(V128)) != 0) {
            same++;
        }
        place[k] = same < k ? place[same] : e->c.pos;
        for (unsigned n = 0; same == k && n < 4; n++) {
            a64_word(&e->c, v->u32[n]);
        }
        a64_patch(&e->c, e->pool[k].field, place[k]);
    }
    g_free(place);
}

static void emit_all(Emit *e)
{
    emit_head(e);
    emit_ops(e);
    for (unsigned k = 0; k < e->n_cold && !e->c.full; k++) {
        Cold c = e->cold[k];
        a64_patch(&e->c, c.from, e->c.pos);
        c.emit(e, &c);
    }
    emit_pool(e);
    a64_emit_link_records(e);
}

static void finish(Emit *e)
{
    Block *b = e->r->block;
    CodeCache *cache = e->r->cache;
    hb_side_finish(&e->side, b);
    b->recipes = g_realloc(e->recipes.bytes, e->recipes.n);
    e->recipes.bytes = NULL;
    b->code = cache->rx + e->start;
    b->code_size = (uint32_t)(e->c.pos - e->start);
    cache->used = ALIGN_UP(e->c.pos, 16);
    a64_sync_code(cache, e->start, e->c.pos);
}

static bool compile(const CompileRequest *r)
{
    size_t start = ALIGN_UP(r->cache->used, 16);
    Emit e = {.c = {.rw = r->cache->rw, .pos = start, .end = MIN_OF(r->cache->size, A64_CACHE_MAX)},
              .start = start,
              .r = r,
              .b = r->ir,
              .nz = IR_NONE};
    a64_registers(&e.regs, r->target);
    ir_lazy_plan(&e.lazy, r->ir);
    ra_init(&e.ra, e.b, &e.lazy, &e.regs, &ra_ops, &e);
    emit_all(&e);
    bool ok = !e.c.full && !e.ra.overflow;
    if (ok) {
        finish(&e);
    }
    ra_free(&e.ra);
    g_free(e.cold);
    ir_lazy_free(&e.lazy);
    g_free(e.side.entry);
    g_free(e.recipes.bytes);
    g_free(e.pool);
    return ok;
}

static const char *unusable(void)
{
#if defined(__aarch64__)
    return NULL; // AdvSIMD is part of what Linux asks of its hosts
#else
    return "this host is not an AArch64";
#endif
}

const HostBackend host_backend_aarch64 = {
    .name = "aarch64",
    .unusable = unusable,
    .emit_thunks = a64_emit_thunks,
    .compile = compile,
    .patch_link = a64_patch_link,
    .fp_take_flags = a64_fp_take_flags,
    .fp_set_round = a64_fp_set_round,
    .fp_set_control = a64_fp_set_control,
    .left = a64_left,
    .capstone_arch = CS_ARCH_ARM64,
    .capstone_mode = CS_MODE_LITTLE_ENDIAN,
};
