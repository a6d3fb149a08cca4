// Guest memory: the first-level table inline, everything else out of line.
//
//   add   x30, address, displacement
//   and   x17, mask, x30, lsr 7         entry: 32 bytes for each page
//   add   x17, table, x17
//   add   x16, x30, size - 1            an access that crosses the page misses
//   and   x16, x16, -4096
//   ldp   x15, x17, [x17]               rtag, radd; or wtag, wadd at +16
//   eor   x15, x15, x16                 NZCV stay as they are
//   cbnz  x15, slow
//   ldr   value, [x17, x30]
//
// slow: address in x16, the memop in w17, call of a thunk that keeps all registers. Whatever the
// allocator has to move for an access is moved before the first jump, so that both paths meet again
// with everything in the same place; results are written last.
#include "host-backends/aarch64/emit_memory.h"

#include <glib.h>

#include "host-backends/aarch64/emit_flags.h"

// --- cold code
Cold *a64_cold(Emit *e, void (*emit)(Emit *, const Cold *), size_t from)
{
    if (e->n_cold == e->cold_capacity) {
        e->cold_capacity *= 2;
        e->cold = g_renew(Cold, e->cold, e->cold_capacity);
    }
    Cold *c = &e->cold[e->n_cold++];
    *c = (Cold){.emit = emit,
                .from = from,
                .insn = e->at,
                .index = (uint16_t)e->index,
                .recipe = a64_recipe(e),
                .nzcv = nz_wanted(e),
                .busy_vec = ra_busy(&e->ra, RA_VEC)};
    return c;
}

// Where the thunks (thunks.c: to_c) leave a register for C code.
static size_t saved_at(const RaRegs *regs, int reg)
{
    if (TEMP_GPR >> reg & 1) {
        return SAVE_GPR(reg);
    }
    const RaPin *pin = regs->pin[RA_GPR];
    while (pin->reg != reg) {
        pin++;
    }
    return pin->off;
}

uint32_t a64_recipe(Emit *e)
{
    return hb_recipe(&e->recipes, &e->ra, e->at, saved_at);
}

void a64_thunk(Emit *e, unsigned thunk, unsigned index, uint32_t recipe)
{
    a64_bl(&e->c, e->r->thunks->offset[thunk]);
    hb_side_add(&e->side, e->c.pos - e->start, index, recipe);
}

void a64_save_vec(Emit *e, uint32_t set, bool restore)
{
    for (; set; set &= set - 1) {
        int reg = __builtin_ctz(set);
        if (restore) {
            state_load_vec(&e->c, reg, SAVE_VEC(reg), 16);
        } else {
            state_store_vec(&e->c, reg, SAVE_VEC(reg), 16);
        }
    }
}

void a64_cold_save(Emit *e, const Cold *c)
{
    a64_save_vec(e, c->busy_vec, false);
    if (c->nzcv) {
        a64_word(&e->c, A64_MRS | SYS_NZCV | T0);
        state_store(&e->c, T0, SAVE_NZCV, 8);
    }
}

void a64_cold_restore(Emit *e, const Cold *c)
{
    a64_save_vec(e, c->busy_vec, true);
    if (c->nzcv) {
        state_load(&e->c, T1, SAVE_NZCV, 8);
        a64_word(&e->c, A64_MSR | SYS_NZCV | T1);
    }
}

// --- the check
Access access_of(Emit *e, const IRInsn *i)
{
    return (Access){.addr = ra_use(&e->ra, i->arg[0]),
                    .disp = (int64_t)i->imm,
                    .span = 1u << (i->aux & IR_MEM_SIZE),
                    .memop = i->aux,
                    .store = i->aux & (IR_MEM_STORE | IR_MEM_WRITE)};
}

int access_address(Emit *e, const Access *a)
{
    if (!a->disp) {
        return a->addr;
    }
    a64_add_const(&e->c, T2, a->addr, a->disp, T2);
    return T2;
}

// Jumps of misaligned accesses to the slow path, which knows the answer.
static unsigned check_alignment(A64Code *c, const Access *a, int va, size_t *from)
{
    unsigned mask = ir_mem_align_mask(a->memop, a->span);
    if (!mask || !(a->memop & (IR_MEM_ALIGN | IR_MEM_ALIGN16))) {
        return 0;
    }
    if (a->memop & IR_MEM_ALIGN) {
        a64_logic_imm(c, A64_ANDI, T0, va, mask);
    } else { // beyond 16 bytes: bit 4 of the last byte's place
        a64_logic_imm(c, A64_ANDI, T0, va, 15);
        a64_add_imm(c, A64_ADDI, T0, T0, a->span - 1);
        a64_lsr(c, false, T0, T0, 4);
    }
    *from = a64_cbz_fwd(c, false, true, T0);
    return 1;
}

unsigned access_check(Emit *e, const Access *a, int va, size_t *from)
{
    A64Code *c = &e->c;
    bool unpriv = a->memop & IR_MEM_UNPRIV;
    unsigned n = check_alignment(c, a, va, from);
    int table = REG_TLB, mask = REG_MASK;
    size_t fast = offsetof(VCPU, fast) + sizeof(TlbFast);
    if (unpriv) {
        state_load(c, mask = T0, fast + offsetof(TlbFast, mask), 8);
    }
    a64_rrr_shift(c, A64_AND | A64_X, T1, mask, va, A64_LSR, 7);
    if (unpriv) {
        state_load(c, table = T0, fast + offsetof(TlbFast, entry), 8);
    }
    a64_rrr(c, A64_ADD | A64_X, T1, table, T1);
    int last = va;
    if (a->span > 1) {
        a64_add_imm(c, A64_ADDI | A64_X, T0, va, a->span - 1);
        last = T0;
    }
    a64_logic_imm(c, A64_ANDI | A64_X, T0, last, ~UINT64_C(0xfff));
    _Static_assert(offsetof(TlbEntry, radd) == offsetof(TlbEntry, rtag) + 8, "one LDP");
    _Static_assert(offsetof(TlbEntry, wadd) == offsetof(TlbEntry, wtag) + 8, "one LDP");
    a64_pair(c, A64_LDP, T3, T1, T1,
             (int)(a->store ? offsetof(TlbEntry, wtag) : offsetof(TlbEntry, rtag)));
    a64_rrr(c, A64_EOR | A64_X, T3, T3, T0);
    from[n++] = a64_cbz_fwd(c, true, true, T3);
    return n;
}

// --- the access itself
static A64Mem load_form(const IRInsn *i)
{
    static const uint32_t sign[][2] = {
        {A64_LDRSB_W, A64_LDRSB_X}, {A64_LDRSH_W, A64_LDRSH_X}, {A64_LDR_W, A64_LDRSW}};
    unsigned size = i->aux & IR_MEM_SIZE;
    if (i->type != IR_V128 && i->aux & IR_MEM_SIGN && size < 3) {
        return (A64Mem)sign[size][is_wide(i)];
    }
    return a64_load_op(1u << size, i->type == IR_V128);
}

// value: register loaded or stored. The host address is addend + va.
static void perform(Emit *e, const IRInsn *i, int va, int addend, int value)
{
    unsigned bytes = 1u << (i->aux & IR_MEM_SIZE);
    if (i->op == IR_ld) {
        a64_mem_index(&e->c, load_form(i), value, addend, va);
    } else if (i->op == IR_chk) {
        a64_copy(e, true, value, addend);
    } else {
        bool vector = e->b->insn[i->arg[1]].type == IR_V128;
        a64_mem_index(&e->c, a64_store_op(bytes, vector), value, addend, va);
    }
}

// --- slow paths. reg: address, second way in, value or destination, the emitter's two
void slow_address(Emit *e, const Cold *c)
{
    if (c->reg[1]) {
        a64_patch(&e->c, (size_t)c->reg[1], e->c.pos);
    }
    a64_cold_save(e, c);
    a64_add_const(&e->c, T0, c->reg[0], c->disp, T0);
    a64_const(&e->c, T1, (uint32_t)c->imm);
}

void slow_call(Emit *e, const Cold *c, unsigned thunk)
{
    a64_thunk(e, thunk, c->index, c->recipe);
    a64_cold_restore(e, c);
}

static void slow_load(Emit *e, const Cold *c, const IRInsn *i)
{
    unsigned size = i->aux & IR_MEM_SIZE;
    slow_call(e, c, size == 4 ? T_LOAD128 : T_LOAD);
    if (size == 4) {
        a64_vmov(&e->c, c->reg[2], VB);
    } else if (i->type == IR_V128) {
        a64_fmov_to_vec(&e->c, true, c->reg[2], T0);
    } else {
        a64_mov(&e->c, is_wide(i), c->reg[2], T0);
    }
}

static void slow_store(Emit *e, const Cold *c, const IRInsn *i)
{
    unsigned size = i->aux & IR_MEM_SIZE;
    if (size == 4) {
        a64_vmov(&e->c, VB, c->reg[2]);
    } else if (e->b->insn[i->arg[1]].type == IR_V128) {
        a64_fmov_from_vec(&e->c, true, T3, c->reg[2]);
    } else {
        a64_mov(&e->c, true, T3, c->reg[2]);
    }
    slow_call(e, c, size == 4 ? T_STORE128 : T_STORE);
}

static void slow_access(Emit *e, const Cold *c)
{
    const IRInsn *i = &e->b->insn[c->insn];
    slow_address(e, c);
    if (i->op == IR_ld) {
        slow_load(e, c, i);
    } else if (i->op == IR_st) {
        slow_store(e, c, i);
    } else {
        slow_call(e, c, T_CHK);
        a64_mov(&e->c, true, c->reg[2], T0);
    }
    a64_b(&e->c, c->back);
}

Cold *access_slow(Emit *e, void (*emit)(Emit *, const Cold *), const Access *a, const size_t *from,
                  unsigned n, uint32_t word)
{
    Cold *c = a64_cold(e, emit, from[0]);
    c->reg[0] = a->addr;
    c->reg[1] = n > 1 ? (int)from[1] : 0;
    c->disp = a->disp;
    c->imm = word;
    c->back = e->c.pos;
    return c;
}

// --- accesses with a page's memo. The page op's check is made with the first access, which needs
// no look at the memo then. Where the memo is 0, an access makes its own check, out of line.
static unsigned span_of(const IRInsn *i)
{
    return i->op == IR_chk ? i->aux2 : 1u << (i->aux & IR_MEM_SIZE);
}

static void cold_member(Emit *e, const Cold *c)
{
    const IRInsn *i = &e->b->insn[c->insn];
    Access a = {.addr = c->reg[0],
                .disp = c->disp,
                .span = span_of(i),
                .memop = i->aux & IR_MEM_UNPRIV,
                .store = i->aux & (IR_MEM_STORE | IR_MEM_WRITE)};
    size_t from[2];
    if (c->leader) {
        a64_mov(&e->c, true, c->memo, XZR);
    }
    int va = access_address(e, &a);
    access_check(e, &a, va, from);
    perform(e, i, va, T1, c->reg[2]);
    a64_b(&e->c, c->back);
    a64_patch(&e->c, from[0], e->c.pos);
    slow_access(e, c);
}

// The argument that is the memo.
static IRRef memo_of(const IRInsn *i)
{
    return i->op == IR_st ? i->arg[2] : i->op == IR_ld || i->op == IR_chk ? i->arg[1] : IR_NONE;
}

static void cold_page(Emit *e, const Cold *c)
{
    a64_mov(&e->c, true, c->reg[0], XZR);
    a64_b(&e->c, c->back);
}

EMIT(page)
{
    const IRInsn *next = i + 1; // there is one: a block ends by another op
    size_t from[2];
    if (memo_of(next) == e->at && next->arg[0] == i->arg[0]) {
        ra_def(&e->ra, e->at, IR_NONE, true); // filled by the access
        e->page = i;
        return;
    }
    Access a = access_of(e, i);
    a.span = i->aux2;
    a.memop &= IR_MEM_UNPRIV;
    int dst = ra_def(&e->ra, e->at, i->arg[0], false);
    access_check(e, &a, access_address(e, &a), from);
    a64_mov(&e->c, true, dst, T1);
    Cold *c = a64_cold(e, cold_page, from[0]);
    c->reg[0] = dst;
    c->back = e->c.pos;
}

static size_t check_memo(Emit *e, const Access *a, int memo)
{
    size_t from[2];
    if (!e->page) {
        return a64_cbz_fwd(&e->c, true, false, memo);
    }
    Access all = {.addr = a->addr,
                  .disp = (int64_t)e->page->imm,
                  .span = e->page->aux2,
                  .memop = e->page->aux & IR_MEM_UNPRIV,
                  .store = e->page->aux & IR_MEM_STORE};
    access_check(e, &all, access_address(e, &all), from);
    a64_mov(&e->c, true, memo, T1);
    return from[0];
}

// ld, st or chk. All that the allocator has to move has been moved.
static void access_memory(Emit *e, const IRInsn *i, const Access *a, int memo, int value)
{
    size_t from[2];
    unsigned n = 1;
    if (memo != RA_NO_REG) {
        from[0] = check_memo(e, a, memo);
        int va = i->op == IR_chk ? XZR : access_address(e, a);
        perform(e, i, va, memo, value);
    } else {
        int va = access_address(e, a);
        n = access_check(e, a, va, from);
        perform(e, i, va, T1, value);
    }
    uint32_t word = i->aux | (i->op == IR_chk ? (uint32_t)i->aux2 << 16 : 0);
    Cold *c = access_slow(e, memo != RA_NO_REG ? cold_member : slow_access, a, from, n, word);
    c->reg[2] = value;
    c->memo = (int8_t)memo;
    c->leader = e->page;
    e->page = NULL;
}

static int memo_register(Emit *e, const IRInsn *i)
{
    IRRef memo = memo_of(i);
    return memo == IR_NONE ? RA_NO_REG : ra_use(&e->ra, memo);
}

// --- loads, stores, checks for neighbours
EMIT(ld)
{
    Access a = access_of(e, i);
    int memo = memo_register(e, i);
    int dst = ra_def(&e->ra, e->at, i->arg[0], false);
    access_memory(e, i, &a, memo, dst);
}

// The value to store: zero has a register.
static int store_value(Emit *e, IRRef r)
{
    uint64_t v;
    bool zero = e->b->insn[r].type != IR_V128 && ra_is_const(&e->ra, r, &v) && !v;
    return zero ? XZR : ra_use(&e->ra, r);
}

EMIT(st)
{
    Access a = access_of(e, i);
    a.store = true;
    int src = store_value(e, i->arg[1]);
    access_memory(e, i, &a, memo_register(e, i), src);
}

EMIT(chk)
{
    Access a = access_of(e, i);
    a.span = i->aux2;
    a.memop &= ~(unsigned)(IR_MEM_ALIGN | IR_MEM_ALIGN16);
    int memo = memo_register(e, i);
    int dst = ra_def(&e->ra, e->at, i->arg[0], false);
    access_memory(e, i, &a, memo, dst);
}

// --- accesses that a chk covers
EMIT(ldh)
{
    Access a = access_of(e, i);
    int host = ra_use(&e->ra, i->arg[1]);
    int dst = ra_def(&e->ra, e->at, IR_NONE, false);
    a64_mem_index(&e->c, load_form(i), dst, host, access_address(e, &a));
}

EMIT(sth)
{
    Access a = access_of(e, i);
    int host = ra_use(&e->ra, i->arg[1]), src = store_value(e, i->arg[2]);
    bool vector = e->b->insn[i->arg[2]].type == IR_V128;
    a64_mem_index(&e->c, a64_store_op(a.span, vector), src, host, access_address(e, &a));
}
