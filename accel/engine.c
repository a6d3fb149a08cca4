// The dispatcher. engine.h has the picture; docs/architecture.md the rules.
#include "accel/internal.h"

#include <sys/mman.h>

Engine *engine_new(Machine *m, const EngineConfig *c)
{
    Engine *e = g_new0(Engine, 1);
    e->machine = m;
    e->config = *c;
    e->pages = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    e->device_pages = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    e->all = g_ptr_array_new();
    e->short_ir = ir_block_new();
    if (c->backend) {
        e->ir = ir_block_new();
        if (!codecache_init(&e->cache, c->cache_bytes)) {
            die("cannot map %zu bytes for translated code: %s", c->cache_bytes, g_strerror(errno));
        }
    }
    page_watch_handler(m, WATCH_CODE, engine_code_stored, e);
    perf_open(e);
    return e;
}

void engine_free(Engine *e)
{
    perf_close(e);
    page_watch_handler(e->machine, WATCH_CODE, NULL, NULL);
    block_free_all(e);
    if (e->config.backend) {
        codecache_free(&e->cache);
    }
    if (e->ir) {
        ir_block_free(e->ir);
    }
    ir_block_free(e->short_ir);
    g_ptr_array_free(e->all, TRUE);
    g_hash_table_destroy(e->pages);
    g_hash_table_destroy(e->device_pages);
    g_free(e);
}

static void emit_thunks(Engine *e)
{
    if (e->config.backend && !e->config.backend->emit_thunks(&e->cache, &e->thunks, e->target)) {
        die("the code cache of %zu bytes is too small", e->cache.size);
    }
}

static void allocate_return_stack(VCPU *v)
{
    uint8_t *base = mmap(NULL, RET_STACK_BYTES, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) {
        die("cannot map the return stack: %s", g_strerror(errno));
    }
    // The words from the top up are a sentinel: no guest pc equals them.
    v->ret_stack = (uintptr_t)base + RET_STACK_BYTES - 64;
    memset((void *)(uintptr_t)v->ret_stack, 0xff, 64);
}

void engine_attach(Engine *e, VCPU *v)
{
    v->engine = e;
    v->pc_address = UINT64_MAX;
    v->jump_cache = g_new(JumpCacheEntry, 1u << JUMP_CACHE_BITS);
    memset(v->jump_cache, 0xff, sizeof(JumpCacheEntry) << JUMP_CACHE_BITS);
    v->mmu = softmmu_new(v);
    allocate_return_stack(v);
    if (!e->target) {
        e->target = v->target;
        emit_thunks(e);
    }
    v->host_fpcr = 0;
    engine_fp_set_round(v, IR_RND_NEAREST);
}

// --- modes and keys

// A number for (code mapping, mode). Losing an old pair's number only makes its links miss once.
static uint32_t key_for(Engine *e, uint32_t generation, uint64_t flags, uint32_t half)
{
    uint64_t h =
        (flags * UINT64_C(0x9e3779b97f4a7c15)) ^ ((uint64_t)generation * 0x85ebca6b) ^ half;
    KeyCacheEntry *set = e->key_cache[(h ^ h >> 32) % KEY_CACHE_SETS];
    for (unsigned i = 0; i < KEY_CACHE_WAYS; i++) {
        const KeyCacheEntry *k = &set[i];
        if (k->key && k->flags == flags && k->generation == generation && k->half == half) {
            return k->key;
        }
    }
    uint32_t key = ++e->next_key;
    set[key % KEY_CACHE_WAYS] = (KeyCacheEntry){flags, generation, half, key};
    return key;
}

// Modes come in twos and threes (a program, the kernel, the kernel with its own segments), so a few
// of the last answers serve nearly all questions.
static void update_keys(VCPU *v)
{
    Engine *e = v->engine;
    uint64_t flags = v->target->block_flags(v);
    uint64_t h = (flags ^ v->map_gen[0]) * UINT64_C(0x9e3779b97f4a7c15);
    KeyPair *p = &e->key_pair[h >> (64 - KEY_PAIR_BITS)];
    bool known = p->key[0] && p->flags == flags && p->generation[0] == v->map_gen[0] &&
                 p->generation[1] == v->map_gen[1];
    if (!known) {
        *p = (KeyPair){flags,
                       {v->map_gen[0], v->map_gen[1]},
                       {key_for(e, v->map_gen[0], flags, 0), key_for(e, v->map_gen[1], flags, 1)}};
    }
    v->key[0] = p->key[0];
    v->key[1] = p->key[1];
}

void engine_flags_changed(VCPU *v)
{
    if (!v->engine) {
        return;
    }
    update_keys(v);
    if (v->target->interrupt_ready(v)) {
        vcpu_kick(v);
    }
}

void engine_mode_changed(VCPU *v)
{
    if (v->engine) {
        mmu_select_regimes(v);
        engine_flags_changed(v);
    }
}

// --- exact state for C code under a block

static const SideEntry *side_entry(const Block *b, uintptr_t host_ra)
{
    uint32_t offset = (uint32_t)(host_ra - (uintptr_t)b->code);
    unsigned lo = 0, hi = b->n_side;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        if (b->side[mid].host_offset < offset) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    assert(lo < b->n_side && b->side[lo].host_offset == offset);
    return &b->side[lo];
}

static const RaCacheEntry *call_site(const VCPU *v)
{
    uintptr_t ra = v->host_ra;
    RaCacheEntry *c = &v->engine->ra_cache[(ra ^ ra >> RA_CACHE_BITS) & mask64(RA_CACHE_BITS)];
    if (c->host_ra != ra) {
        // A call that does not return may be the last thing in its block.
        const Block *b = block_at_host(v->engine, ra - 1);
        assert(b);
        *c = (RaCacheEntry){ra, b, side_entry(b, ra)};
    }
    return c;
}

const Block *engine_current_block(const VCPU *v, unsigned *index)
{
    if (v->host_ra) {
        const RaCacheEntry *c = call_site(v);
        *index = c->side->insn_index;
        return c->block;
    }
    *index = v->insn_index;
    return v->block;
}

bool engine_running_code_at(const VCPU *v, const uint8_t *host, uint64_t len)
{
    unsigned index;
    const Block *b = engine_current_block(v, &index);
    return b && block_overlaps(b, host, len);
}

bool engine_in_single(const VCPU *v)
{
    unsigned index;
    const Block *b = engine_current_block(v, &index);
    return !b || b->single;
}

uint64_t engine_running_flags(const VCPU *v)
{
    unsigned index;
    const Block *b = engine_current_block(v, &index);
    return b ? b->flags & ~BLOCK_FLAG_SINGLE : 0;
}

uint64_t engine_icount(const VCPU *v)
{
    unsigned index;
    const Block *b = engine_current_block(v, &index);
    return vcpu_icount(v) - (b ? b->guest_insns - index : 0);
}

void engine_restore(VCPU *v)
{
    unsigned index;
    const Block *b = engine_current_block(v, &index);
    if (b) {
        const SideEntry *s = v->host_ra ? call_site(v)->side : NULL;
        if (s && s->recipe) {
            ir_recipe_follow(b->recipes + s->recipe, v);
        }
        v->budget += (int32_t)(b->guest_insns - index);
        v->pc = b->insn_pc[index];
        v->host_ra = 0;
        v->block = NULL;
    }
}

void engine_exception_begin(VCPU *v)
{
    engine_restore(v);
    v->budget--;
}

void engine_leave(VCPU *v)
{
    Engine *e = v->engine;
    engine_restore(v);
    e->stats.leaves++;
    if (e->config.backend) {
        e->config.backend->left(v);
    }
    longjmp(v->leave, 1);
}

void engine_run_alone(VCPU *v)
{
    v->leave_single = 1;
    engine_leave(v); // restores the state before the instruction
}

unsigned engine_fp_take_flags(VCPU *v)
{
    const HostBackend *b = v->engine ? v->engine->config.backend : NULL;
    return b ? b->fp_take_flags(v) : 0;
}

void engine_fp_set_round(VCPU *v, IRRound round)
{
    const HostBackend *b = v->engine ? v->engine->config.backend : NULL;
    if (b) {
        b->fp_set_round(v, round);
    }
}

void engine_fp_set_control(VCPU *v, uint32_t mxcsr)
{
    const HostBackend *b = v->engine ? v->engine->config.backend : NULL;
    if (b) {
        b->fp_set_control(v, mxcsr);
    }
}

// --- flushing

void engine_flush(Engine *e)
{
    // Code that C code was called from must survive until it returns to the dispatcher.
    const VCPU *v = e->machine->current;
    if (v && (v->host_ra || v->block)) {
        e->flush_wanted = true;
        return;
    }
    e->flush_wanted = false;
    e->stats.flushes++;
    block_free_all(e);
    memset(e->ra_cache, 0, sizeof(e->ra_cache));
    e->cache.used = 0;
    if (e->target) {
        emit_thunks(e);
    }
}

// --- running

static uint32_t key_of(const VCPU *v, uint64_t pc)
{
    return v->key[pc >> 63];
}

static void remember(VCPU *v, Block *b)
{
    JumpCacheEntry *j = &v->jump_cache[JUMP_CACHE_INDEX(b->pc)];
    *j = (JumpCacheEntry){
        .pc = b->pc, .key = key_of(v, b->pc), .code = b->code, .pad2 = (uintptr_t)b};
}

// The block for pc: from the jump cache, the store, or new.
static Block *find_block(VCPU *v, uint64_t left)
{
    Engine *e = v->engine;
    const JumpCacheEntry *j = &v->jump_cache[JUMP_CACHE_INDEX(v->pc)];
    bool single = v->leave_single;
    if (!single && j->pc == v->pc && j->key == key_of(v, v->pc)) {
        Block *b = (Block *)(uintptr_t)j->pad2;
        if (b->guest_insns <= left) {
            return b;
        }
    }
    uint64_t phys;
    const uint8_t *host = mmu_fetch_page(v, vcpu_pc_address(v), &phys);
    bool alone = single || device_insn_known(e, phys);
    uint64_t flags = v->target->block_flags(v) | (alone ? BLOCK_FLAG_SINGLE : 0);
    v->leave_single = 0;
    Block *b = block_lookup(v, v->pc, phys, host, flags);
    if (!b) {
        b = engine_translate(v, v->pc, phys, host, flags);
    }
    if (b->guest_insns > left) {
        return engine_translate_short(v, phys, host, flags, (unsigned)left);
    }
    if (single) {
        e->stats.singles++;
    } else {
        remember(v, b);
    }
    return b;
}

static void interpret(VCPU *v, const Block *b)
{
    v->block = b;
    v->insn_index = 0;
    ir_interp(v, b->ir);
    v->block = NULL;
}

// Follows unlinked ways out, linking them, as long as that is all there is to do.
static void run_code(VCPU *v, Block *b, uint64_t end)
{
    Engine *e = v->engine;
    HostExit out = e->thunks.enter(v, b->code);
    if (out < HOST_EXIT_KINDS) {
        e->stats.jump_misses += out == HOST_EXIT_INDIRECT;
        return;
    }
    BlockLink *l = (BlockLink *)out;
    v->pc = l->target_pc;
    if (e->flush_wanted || v->debug || vcpu_icount(v) >= end) {
        return;
    }
    guint generation = e->stats.flushes;
    Block *to = find_block(v, UINT64_MAX);
    if (generation != e->stats.flushes) {
        return; // the link's own block is gone
    }
    if (to->next_host && !l->checked) {
        return; // it depends on two pages
    }
    e->stats.links++;
    e->stats.relinks += l->to != NULL;
    block_link(e, l, to, key_of(v, l->target_pc));
}

// How far the turn goes: `soft` is where it ends if a block does, `hard` where it ends in any case.
// Both come earlier if a deadline comes up that was not known when it began.
typedef struct TurnEnd {
    uint64_t soft, hard;
} TurnEnd;

static TurnEnd turn_end(const VCPU *v, uint64_t soft, uint64_t hard)
{
    uint64_t deadline = machine_deadline_icount(v->machine);
    return (TurnEnd){MIN_OF(soft, deadline), MIN_OF(hard, deadline)};
}

static void set_budget(VCPU *v, uint64_t now, uint64_t insns)
{
    v->base = (int64_t)(now + insns);
    v->budget = (int32_t)insns;
}

static void run_block(VCPU *v, uint64_t now, const TurnEnd *end)
{
    Engine *e = v->engine;
    Block *b = find_block(v, debug_stepping(v) ? 1 : end->hard - now);
    e->stats.dispatches++;
    if (log_enabled(LOG_EXEC)) {
        log_printf(LOG_EXEC, "exec cpu%u %" PRIu64 " pc 0x%" PRIx64 "\n", v->index, now, v->pc);
    }
    if (b->guest_insns > v->budget) {
        set_budget(v, now, b->guest_insns);
    }
    if (b->ir) {
        interpret(v, b);
    } else {
        run_code(v, b, end->soft);
    }
}

uint64_t engine_run(VCPU *v, uint64_t insns)
{
    return engine_run_turn(v, insns, 0);
}

uint64_t engine_run_turn(VCPU *v, uint64_t insns, uint64_t slack)
{
    Engine *e = v->engine;
    volatile uint64_t start = vcpu_icount(v);
    volatile uint64_t soft = start + insns, hard = soft + slack;
    v->host_x87 = 0; // other vCPUs have used it
    setjmp(v->leave);
    v->host_ra = 0;
    v->block = NULL;
    for (;;) {
        uint64_t now = vcpu_icount(v);
        TurnEnd end = turn_end(v, soft, hard);
        if (e->flush_wanted) {
            engine_flush(e);
        }
        if (now >= end.soft || v->halted || v->stopped || v->yield ||
            v->machine->stop != MACHINE_RUNNING) {
            break;
        }
        set_budget(v, now, end.soft - now);
        if (v->target->interrupt_ready(v)) {
            v->target->interrupt_take(v);
        }
        if (v->debug && debug_should_pause(v)) {
            break;
        }
        run_block(v, now, &end);
    }
    if (e->config.backend && e->config.backend->turn_over) {
        e->config.backend->turn_over(v);
    }
    return vcpu_icount(v) - start;
}

void engine_print_stats(Engine *e, void *file)
{
    const EngineStats *s = &e->stats;
    fprintf(file,
            "engine            %s\nblocks            %" PRIu64 "\nguest insns/block %.1f\n"
            "host bytes/insn   %.1f\ncode cache        %zu of %zu bytes\nflushes           %" PRIu64
            "\ninvalidated       %" PRIu64 " (used again: %" PRIu64 ")\ndispatches        %" PRIu64
            "\nlinks made        %" PRIu64 " (%" PRIu64 " again)\nindirect misses   %" PRIu64
            "\nexceptions etc.   %" PRIu64 "\nsingle blocks     %" PRIu64
            "\nshort blocks      %" PRIu64 "\n",
            e->config.backend ? e->config.backend->name : "interpreter", s->blocks,
            s->blocks ? (double)s->guest_insns / s->blocks : 0.0,
            s->guest_insns ? (double)s->host_bytes / s->guest_insns : 0.0, e->cache.used,
            e->cache.size, s->flushes, s->invalidated, s->revived, s->dispatches, s->links,
            s->relinks, s->jump_misses, s->leaves, s->singles, s->short_blocks);
}
