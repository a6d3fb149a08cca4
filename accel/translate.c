// From guest bytes to a block: decode, passes, backend.
#include "accel/internal.h"

static TranslateRequest make_request(VCPU *v, uint64_t pc, uint64_t phys, const uint8_t *host,
                                     uint64_t flags, unsigned max_insns)
{
    uint64_t address = pc & v->pc_address;
    unsigned bytes = 0x1000 - (address & 0xfff);
    uint64_t stop = debug_next_break(v, address, bytes);
    unsigned limit = stop == UINT64_MAX ? bytes : (unsigned)(stop - address);
    return (TranslateRequest){.pc = pc,
                              .flags = flags & ~BLOCK_FLAG_SINGLE,
                              .host = host,
                              .bytes = bytes,
                              .limit = device_insn_distance(v->engine, phys, limit),
                              .max_insns = max_insns,
                              .single = flags & BLOCK_FLAG_SINGLE};
}

const uint8_t *engine_next_page(VCPU *v, const TranslateRequest *r)
{
    Engine *e = v->engine;
    e->next_host = mmu_fetch_page(v, ((r->pc | 0xfff) + 1) & v->pc_address, &e->next_phys);
    return e->next_host;
}

static void frontend(VCPU *v, IRBlock *ir, const TranslateRequest *r)
{
    ir_block_reset(ir);
    ir->pc = r->pc;
    v->engine->next_host = NULL;
    v->target->translate(v, ir, r);
    assert(ir->guest_insns >= 1 && ir->guest_insns <= r->max_insns);
    assert(ir->guest_bytes <= r->bytes || (v->engine->next_host && ir->guest_insns == 1));
    if (ir->guest_bytes <= r->bytes) {
        v->engine->next_host = NULL;
    }
#ifdef MIMUS_DEBUG
    char *problem = ir_verify(ir);
    if (problem) {
        ir_print(ir, stderr);
        die("IR of the block at 0x%" PRIx64 " is unsound: %s", r->pc, problem);
    }
#endif
}

static void record_insns(uint64_t *pcs, const IRBlock *ir)
{
    for (unsigned i = 0; i < ir->n; i++) {
        if (ir->insn[i].op == IR_insn) {
            pcs[ir->insn[i].aux] = ir->insn[i].imm;
        }
    }
}

// A target so near its page's end that its first instruction may go on in the next page depends on
// that one's mapping, too.
static bool may_cross(const TargetOps *t, uint64_t pc)
{
    return (pc & 0xfff) + t->longest_insn > 0x1000;
}

static void make_links(const TargetOps *t, Block *b, const IRBlock *ir)
{
    bool call = false;
    uint64_t ret = 0;
    if (ir->n) {
        const IRInsn *last = &ir->insn[ir->n - 1];
        call = last->op == IR_exit_call || (last->op == IR_exit_ind && last->aux2 == IR_IND_CALL);
        ret = last->imm;
    }
    b->n_links = ir->n_slots + call;
    b->link = g_new0(BlockLink, b->n_links);
    for (unsigned i = 0; i < b->n_links; i++) {
        uint64_t target = i < ir->n_slots ? ir->exit_pc[i] : ret;
        b->link[i].from = b;
        b->link[i].target_pc = target & t->va_canonical_mask;
        b->link[i].checked = i >= ir->n_slots || ir->exit_checked >> i & 1 ||
                             (target ^ b->pc) >> 12 || may_cross(t, b->link[i].target_pc);
    }
}

// The last instructions of a turn, fewer than a whole block: made for exactly that many, for the
// interpreter, and thrown away.
Block *engine_translate_short(VCPU *v, uint64_t phys, const uint8_t *host, uint64_t flags,
                              unsigned insns)
{
    Engine *e = v->engine;
    TranslateRequest r = make_request(v, v->pc, phys, host, flags, insns);
    frontend(v, e->short_ir, &r);
    record_insns(e->short_pc, e->short_ir);
    e->short_block = (Block){.pc = v->pc,
                             .phys = phys,
                             .host = host,
                             .next_host = e->next_host,
                             .next_phys = e->next_phys,
                             .flags = flags,
                             .guest_bytes = e->short_ir->guest_bytes,
                             .guest_insns = e->short_ir->guest_insns,
                             .ir = e->short_ir,
                             .insn_pc = e->short_pc};
    e->stats.short_blocks++;
    return &e->short_block;
}

static bool compile(Engine *e, Block *b)
{
    CompileRequest c = {
        .cache = &e->cache, .thunks = &e->thunks, .target = e->target, .ir = e->ir, .block = b};
    if (e->config.backend->compile(&c)) {
        return true;
    }
    engine_flush(e);
    bool done = e->config.backend->compile(&c);
    assert(done);
    return done;
}

Block *engine_translate(VCPU *v, uint64_t pc, uint64_t phys, const uint8_t *host, uint64_t flags)
{
    Engine *e = v->engine;
    unsigned max =
        e->config.one_insn_per_block || (flags & BLOCK_FLAG_SINGLE) ? 1 : MAX_BLOCK_INSNS;
    TranslateRequest r = make_request(v, pc, phys, host, flags, max);
    Block *b = block_revive(v, &r, phys, flags);
    if (b) {
        return b;
    }
    if (!e->ir) {
        e->ir = ir_block_new();
    }
    frontend(v, e->ir, &r);
    b = g_new0(Block, 1);
    *b = (Block){.pc = pc,
                 .phys = phys,
                 .host = host,
                 .next_host = e->next_host,
                 .next_phys = e->next_phys,
                 .flags = flags,
                 .guest_bytes = e->ir->guest_bytes,
                 .guest_insns = (uint16_t)e->ir->guest_insns,
                 .single = r.single};
    b->insn_pc = g_new(uint64_t, b->guest_insns);
    b->bytes = b->next_host ? NULL : g_memdup2(host, b->guest_bytes);
    record_insns(b->insn_pc, e->ir);
    dump_block_in(e, v, b);
    dump_ir(LOG_OP, e->ir);
    if (!r.single) {
        ir_optimize(e->ir, e->config.dump_pass, stderr);
        dump_ir(LOG_OP_OPT, e->ir);
    }
    if (e->config.backend) {
        make_links(v->target, b, e->ir);
        compile(e, b);
        dump_host_code(e, b);
        perf_block(e, b);
    } else {
        ir_block_trim(e->ir);
        b->ir = e->ir;
        e->ir = NULL;
    }
    e->stats.blocks++;
    e->stats.guest_insns += b->guest_insns;
    e->stats.guest_bytes += b->guest_bytes;
    e->stats.host_bytes += b->code_size;
    block_insert(v, b);
    return b;
}
