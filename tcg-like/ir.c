// IR blocks: growing arrays of insns and vector constants, reused from one translation to the next.
//
//   insn[]   values, named by index         vpool[]  128-bit constants
//   exit_pc[] targets of the exit slots     spare[], scratch  working memory of the passes
#include <assert.h>
#include <glib.h>
#include "tcg-like/builder.h"
#include "tcg-like/owned.h"

IRBlock *ir_block_new(void)
{
    IRBlock *b = g_new0(IRBlock, 1);
    b->capacity = 256;
    b->insn = g_new(IRInsn, b->capacity);
    return b;
}

static void free_owned(IRBlock *b)
{
    while (b->owned) {
        IROwned *next = b->owned->next;
        g_free(b->owned);
        b->owned = next;
    }
}

void ir_block_reset(IRBlock *b)
{
    b->n = 0;
    b->n_vpool = 0;
    b->n_slots = 0;
    b->exit_checked = 0;
    b->pc = 0;
    b->guest_bytes = 0;
    b->guest_insns = 0;
    free_owned(b);
}

void ir_block_free(IRBlock *b)
{
    if (b) {
        free_owned(b);
        g_free(b->insn);
        g_free(b->vpool);
        g_free(b->spare);
        g_free(b->scratch);
        g_free(b);
    }
}

void ir_block_trim(IRBlock *b)
{
    g_free(b->spare);
    g_free(b->scratch);
    b->spare = NULL;
    b->scratch = NULL;
    b->spare_capacity = 0;
    b->scratch_bytes = 0;
    b->capacity = MAX_OF(b->n, 1u);
    b->insn = g_renew(IRInsn, b->insn, b->capacity);
}

IRRef ir_append(IRBlock *b, IRInsn i)
{
    assert(b->n < IR_MAX_INSNS);
    if (b->n == b->capacity) {
        b->capacity *= 2;
        b->insn = g_renew(IRInsn, b->insn, b->capacity);
    }
    b->insn[b->n] = i;
    return (IRRef)b->n++;
}

IRRef ir_vconst(IRBlock *b, uint64_t lo, uint64_t hi)
{
    unsigned k = 0;
    while (k < b->n_vpool && (b->vpool[k].u64[0] != lo || b->vpool[k].u64[1] != hi)) {
        k++;
    }
    if (k == b->n_vpool) {
        if (k == b->vpool_capacity) {
            b->vpool_capacity = k ? 2 * k : 8;
            b->vpool = g_renew(V128, b->vpool, b->vpool_capacity);
        }
        b->vpool[b->n_vpool++] = (V128){.u64 = {lo, hi}};
    }
    return ir_make(b, IR_vconst, IR_V128, IR_NONE, IR_NONE, IR_NONE, IR_NONE, 0, 0, k);
}

void *ir_scratch(IRBlock *b, size_t bytes)
{
    if (b->scratch_bytes < bytes) {
        b->scratch_bytes = ALIGN_UP(bytes + bytes / 2, (size_t)64);
        g_free(b->scratch);
        b->scratch = g_malloc(b->scratch_bytes);
    }
    return b->scratch;
}
