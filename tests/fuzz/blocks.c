#include "tests/fuzz/blocks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tcg-like/passes.h"

#define MAX_INSNS 64 // of any block

void fuzz_blocks_init(FuzzBlocks *b, Fuzz *f, const MachineConfig *c)
{
    const char *why = NULL;
    char *error = NULL;
    FuzzMachine *fm = fuzz_machine_new(f, c, NULL, &error);
    if (!fm) {
        fuzz_fail("machine: %s", error);
    }
    *b = (FuzzBlocks){.f = f, .m = fm->m, .vcpu = fm->m->cpu[0]};
    b->backend = host_backend_find(&why);
    if (!b->backend) {
        fuzz_fail("no backend: %s", why);
    }
    if (!codecache_init(&b->cache, 1 << 20) ||
        !b->backend->emit_thunks(&b->cache, &b->thunks, b->vcpu->target)) {
        fuzz_fail("no code cache");
    }
    b->ir = ir_block_new();
}

void fuzz_blocks_free(FuzzBlocks *b)
{
    ir_block_free(b->ir);
    codecache_free(&b->cache);
}

static void verify(const IRBlock *ir, const char *when)
{
    char *problem = ir_verify(ir);
    if (problem) {
        ir_print(ir, stderr);
        fuzz_fail("%s: %s", when, problem);
    }
}

static void make_links(Fuzz *f, Block *b, const IRBlock *ir)
{
    const IRInsn *last = &ir->insn[ir->n - 1];
    bool call = last->op == IR_exit_call || (last->op == IR_exit_ind && last->aux2 == IR_IND_CALL);
    b->n_links = (uint16_t)(ir->n_slots + call);
    b->link = g_new0(BlockLink, b->n_links + 1u);
    for (unsigned i = 0; i < b->n_links; i++) {
        b->link[i].from = b;
        b->link[i].target_pc = i < ir->n_slots ? ir->exit_pc[i] : last->imm;
        b->link[i].checked = i >= ir->n_slots || fuzz_one_in(f, 2);
    }
}

static void compile(FuzzBlocks *r)
{
    IRBlock *ir = r->ir;
    uint64_t insn_pc[MAX_INSNS + 1];
    Block b = {.pc = ir->pc,
               .guest_insns = (uint16_t)ir->guest_insns,
               .guest_bytes = ir->guest_bytes,
               .insn_pc = insn_pc,
               .valid = true};
    make_links(r->f, &b, ir);
    size_t start = r->cache.used;
    CompileRequest c = {&r->cache, &r->thunks, r->vcpu->target, ir, &b};
    if (!r->backend->compile(&c)) {
        fuzz_fail("a block of %u instructions does not fit into the code cache", ir->guest_insns);
    }
    for (unsigned i = 0; i < b.n_side; i++) {
        if (b.side[i].insn_index >= ir->guest_insns || b.side[i].host_offset > b.code_size) {
            fuzz_fail("side table entry %u is wrong", i);
        }
    }
    r->cache.used = start;
    g_free(b.side);
    g_free(b.link);
}

static void tell(const TranslateRequest *q, size_t size, unsigned unit)
{
    printf("pc %llx flags %llx:", (unsigned long long)q->pc, (unsigned long long)q->flags);
    for (size_t i = 0; i < size; i += unit) {
        uint32_t x = 0;
        memcpy(&x, q->host + i, unit);
        printf(" %0*x", (int)unit * 2, x);
    }
    printf("\n");
    fflush(stdout);
}

void fuzz_block(FuzzBlocks *b, const TranslateRequest *q, size_t size, unsigned unit)
{
    IRBlock *ir = b->ir;
    if (b->f->verbose) {
        tell(q, size, unit);
    }
    ir_block_reset(ir);
    ir->pc = q->pc;
    b->vcpu->target->translate(b->vcpu, ir, q);
    if (!ir->guest_insns || ir->guest_insns > q->max_insns || !ir->n) {
        fuzz_fail("%u instructions of at most %u", ir->guest_insns, q->max_insns);
    }
    if (ir->guest_bytes > q->bytes && ir->guest_insns != 1) {
        fuzz_fail("a block of %u instructions goes on into the next page", ir->guest_insns);
    }
    verify(ir, "translated");
    ir_optimize(ir, NULL, NULL);
    verify(ir, "optimized");
    free(ir_text(ir));
    compile(b);
    b->f->inputs += ir->guest_insns;
}
