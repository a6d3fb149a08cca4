// Guest memory: the first-level table inline, everything else out of line.
//
//   lea   rcx, [address + displacement]
//   rorx  rcx, rcx, 7
//   and   rcx, [mask]              entry: 32 bytes for each page
//   lea   rax, [address + displacement + size - 1]
//   and   rax, -4096               an access that crosses the page misses
//   cmp   rax, [r13 + rcx]         rtag, or wtag at +16
//   jne   slow
//   mov   rcx, [r13 + rcx + 8]     host address - guest address
//   mov   value, [rcx + address + displacement]
//
// slow: address in rax, the memop pushed, call of a thunk that keeps all registers. Whatever the
// allocator has to move for an access is moved before the first jump, so that both paths meet again
// with everything in the same place; results are written last.
#include <glib.h>

#include "host-backends/x86_64/emit_x87.h"

// --- cold code
Cold *x86_cold(Emit *e, void (*emit)(Emit *, const Cold *), size_t from)
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
                .recipe = x86_recipe(e),
                .busy_vec = ra_busy(&e->ra, RA_VEC),
                .x87 = x87_snapshot(e)};
    return c;
}

void x86_side_entry(Emit *e, unsigned index, uint32_t recipe)
{
    size_t start = ALIGN_UP(e->r->cache->used, 16);
    hb_side_add(&e->side, e->c.pos - start, index, recipe);
}

// Where the thunks (thunks.c: to_c) leave a register for C code.
static size_t saved_at(const RaRegs *regs, int reg)
{
    if (TEMP_GPR >> reg & 1) {
        return SAVE_GPR(__builtin_popcount(TEMP_GPR & ((1u << reg) - 1)));
    }
    const RaPin *pin = regs->pin[RA_GPR];
    while (pin->reg != reg) {
        pin++;
    }
    return pin->off;
}

uint32_t x86_recipe(Emit *e)
{
    return hb_recipe(&e->recipes, &e->ra, e->at, saved_at);
}

void x86_thunk(Emit *e, unsigned thunk)
{
    x86_call(&e->c, e->r->thunks->offset[thunk]);
}

// Vector temporaries with live values, around a call that is out of line.
void x86_save_vec(Emit *e, uint32_t set, bool restore)
{
    for (; set; set &= set - 1) {
        int reg = __builtin_ctz(set);
        vex_rrm(&e->c, (restore ? 0x28 : 0x29) | X86_0F, reg, 0, state_mem(SAVE_VEC(reg)));
    }
}

// --- the check
typedef struct Access {
    int addr;
    int32_t disp;
    unsigned span; // bytes
    unsigned memop;
    bool store;
} Access;

// A displacement that does not fit is added in the address register.
static Access access_of(Emit *e, const IRInsn *i)
{
    Access a = {.addr = ra_use(&e->ra, i->arg[0]),
                .disp = (int32_t)i->imm,
                .span = 1u << (i->aux & IR_MEM_SIZE),
                .memop = i->aux,
                .store = i->aux & (IR_MEM_STORE | IR_MEM_WRITE)};
    if ((int64_t)i->imm != a.disp || a.disp > INT32_MAX - 4096) {
        int temp = ra_temp(&e->ra, RA_GPR);
        x86_mov_ri(&e->c, temp, i->imm);
        x86_alu_rr(&e->c, ALU_ADD, true, temp, a.addr);
        a.addr = temp;
        a.disp = 0;
    }
    return a;
}

// Jumps of misaligned accesses to the slow path, which knows the answer. rax = address.
static unsigned check_alignment(Emit *e, const Access *a, size_t *from)
{
    X86Code *c = &e->c;
    if (a->memop & IR_MEM_ALIGN) {
        x86_test_ri(c, false, RAX, (int32_t)ir_mem_align_mask(a->memop, a->span));
    } else if (a->memop & IR_MEM_ALIGN16) {
        x86_mov_rr(c, false, RCX, RAX);
        x86_alu_ri(c, ALU_AND, false, RCX, 15);
        x86_alu_ri(c, ALU_CMP, false, RCX, 16 - (int32_t)a->span);
        *from = x86_jcc_fwd(c, CC_A);
        return 1;
    } else {
        return 0;
    }
    *from = x86_jcc_fwd(c, CC_NE);
    return 1;
}

// Leaves the addend in rcx. Fills from[] with the jumps to the slow path.
static unsigned check(Emit *e, const Access *a, size_t *from)
{
    X86Code *c = &e->c;
    unsigned regime = a->memop & IR_MEM_UNPRIV ? 1 : 0;
    unsigned n = 0;
    int va = a->addr;
    if (ir_mem_align_mask(a->memop, a->span) && (a->memop & (IR_MEM_ALIGN | IR_MEM_ALIGN16))) {
        x86_lea(c, true, RAX, x86_mem(a->addr, a->disp));
        n = check_alignment(e, a, from);
        va = RAX;
    } else if (a->disp) {
        x86_lea(c, true, RCX, x86_mem(a->addr, a->disp));
        va = RCX;
    }
    vex_rrr(c, 0xf0 | X86_0F3A | X86_F2 | X86_W, RCX, 0, va); // rorx
    x86_byte(c, 7);
    x86_alu_rm(
        c, ALU_AND, true, RCX,
        state_mem(offsetof(VCPU, fast) + regime * sizeof(TlbFast) + offsetof(TlbFast, mask)));
    x86_lea(c, true, RAX, x86_mem(a->addr, a->disp + (int32_t)a->span - 1));
    x86_alu_ri(c, ALU_AND, true, RAX, -4096);
    int base = REG_TLB, index = RCX;
    if (regime) {
        x86_alu_rm(c, ALU_ADD, true, RCX,
                   state_mem(offsetof(VCPU, fast) + sizeof(TlbFast) + offsetof(TlbFast, entry)));
        base = RCX;
        index = X86_NO_INDEX;
    }
    int32_t tag = a->store ? offsetof(TlbEntry, wtag) : offsetof(TlbEntry, rtag);
    int32_t add = a->store ? offsetof(TlbEntry, wadd) : offsetof(TlbEntry, radd);
    x86_alu_rm(c, ALU_CMP, true, RAX, x86_mem_index(base, index, 0, tag));
    from[n++] = x86_jcc_fwd(c, CC_NE);
    x86_load(c, RCX, x86_mem_index(base, index, 0, add), 8);
    return n;
}

static X86Mem host_mem(const Access *a, int addend)
{
    return x86_mem_index(addend, a->addr, 0, a->disp);
}

// --- the access itself
static bool is_signed(const IRInsn *i)
{
    return i->aux & IR_MEM_SIGN;
}

static void load_vector(X86Code *c, int dst, X86Mem m, unsigned size)
{
    static const uint16_t op[] = {
        [2] = 0x6e | X86_0F | X86_66, [3] = 0x7e | X86_0F | X86_F3, [4] = 0x6f | X86_0F | X86_F3};
    if (size < 2) {
        x86_load(c, RCX, m, 1u << size);
        vex_rrr(c, op[2], dst, 0, RCX);
    } else {
        vex_rrm(c, op[size], dst, 0, m);
    }
}

static void load_value(Emit *e, const IRInsn *i, int dst, X86Mem m)
{
    unsigned size = i->aux & IR_MEM_SIZE;
    if (i->type == IR_V128) {
        load_vector(&e->c, dst, m, size);
    } else if (is_signed(i)) {
        x86_loads(&e->c, dst, m, 1u << size, is_wide(i));
    } else {
        x86_load(&e->c, dst, m, 1u << size);
    }
}

static void store_vector(X86Code *c, int src, X86Mem m, unsigned size)
{
    static const uint16_t op[] = {[0] = 0x14 | X86_0F3A | X86_66,
                                  [1] = 0x15 | X86_0F3A | X86_66,
                                  [2] = 0x7e | X86_0F | X86_66,
                                  [3] = 0xd6 | X86_0F | X86_66,
                                  [4] = 0x7f | X86_0F | X86_F3};
    vex_rrm(c, op[size], src, 0, m);
    if (size < 2) {
        x86_byte(c, 0); // vpextrb, vpextrw: lane 0
    }
}

enum { VALUE_IMM = -1 };

// value: register loaded or stored; a store's VALUE_IMM means imm.
static void perform(Emit *e, const IRInsn *i, const Access *a, int addend, int value, int32_t imm)
{
    unsigned size = i->aux & IR_MEM_SIZE;
    if (x87_operand_of(e, i) != IR_NONE) {
        x87_access(e, i, host_mem(a, addend));
    } else if (i->op == IR_ld) {
        load_value(e, i, value, host_mem(a, addend));
    } else if (i->op == IR_chk) {
        x86_copy(e, true, value, addend);
    } else if (value == VALUE_IMM) {
        x86_store_imm(&e->c, host_mem(a, addend), 1u << size, imm);
    } else if (e->b->insn[i->arg[1]].type == IR_V128) {
        store_vector(&e->c, value, host_mem(a, addend), size);
    } else {
        x86_store(&e->c, value, host_mem(a, addend), 1u << size);
    }
}

// --- slow paths
static void slow_address(Emit *e, const Cold *c)
{
    if (c->reg[2]) {
        x86_patch(&e->c, (size_t)c->reg[2], e->c.pos);
    }
    x87_leave(e, c);
    x86_save_vec(e, c->busy_vec, false);
    x86_lea(&e->c, true, RAX, x86_mem(c->reg[0], c->reg[1]));
}

static void slow_call(Emit *e, const Cold *c, unsigned thunk)
{
    x86_push_imm(&e->c, (int32_t)c->imm);
    x86_thunk(e, thunk);
    x86_side_entry(e, c->index, c->recipe);
    x86_save_vec(e, c->busy_vec, true);
}

static void slow_load(Emit *e, const Cold *c, const IRInsn *i)
{
    slow_call(e, c, i->type == IR_V128 ? T_LOAD128 : T_LOAD);
    if (x87_operand_of(e, i) != IR_NONE) {
        x86_store(&e->c, RAX, state_mem(VARG(0)), 8);
    } else if (i->type == IR_V128) {
        vex_rrr(&e->c, 0x28 | X86_0F, c->reg[3], 0, XMM_B);
    } else {
        x86_mov_rr(&e->c, is_wide(i), c->reg[3], RAX);
    }
}

static void slow_store(Emit *e, const Cold *c, const IRInsn *i)
{
    unsigned size = i->aux & IR_MEM_SIZE;
    bool vector = e->b->insn[i->arg[1]].type == IR_V128;
    if (x87_operand_of(e, i) != IR_NONE) {
        x86_load(&e->c, RCX, state_mem(VARG(0)), 8);
    } else if (vector && size == 4) {
        vex_rrr(&e->c, 0x28 | X86_0F, XMM_B, 0, c->reg[3]);
    } else if (vector) {
        vex_rrr(&e->c, 0x7e | X86_0F | X86_66 | X86_W, c->reg[3], 0, RCX); // vmovq
    } else if (c->reg[3] == VALUE_IMM) {
        x86_mov_ri(&e->c, RCX, (uint64_t)(int64_t)c->reg[4]);
    } else {
        x86_mov_rr(&e->c, true, RCX, c->reg[3]);
    }
    slow_call(e, c, size == 4 ? T_STORE128 : T_STORE);
}

static void slow_access(Emit *e, const Cold *c)
{
    const IRInsn *i = &e->b->insn[c->insn];
    bool x87 = x87_operand_of(e, i) != IR_NONE;
    slow_address(e, c);
    if (i->op == IR_ld) {
        slow_load(e, c, i);
    } else if (i->op == IR_st) {
        slow_store(e, c, i);
    } else {
        slow_call(e, c, T_CHK);
        x86_mov_rr(&e->c, true, c->reg[3], RAX);
    }
    x87_return(e, c);
    if (x87) {
        x87_access(e, i, state_mem(VARG(0)));
    }
    x86_jmp(&e->c, c->back);
}

// The slow path of an access, entered from n places. reg: address, displacement, second way in,
// value or destination.
static Cold *slow(Emit *e, void (*emit)(Emit *, const Cold *), const Access *a, const size_t *from,
                  unsigned n, uint32_t word)
{
    Cold *c = x86_cold(e, emit, from[0]);
    c->reg[0] = a->addr;
    c->reg[1] = a->disp;
    c->reg[2] = n > 1 ? (int)from[1] : 0;
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
                .disp = c->reg[1],
                .span = span_of(i),
                .memop = i->aux & IR_MEM_UNPRIV,
                .store = i->aux & (IR_MEM_STORE | IR_MEM_WRITE)};
    size_t from[2];
    if (c->leader) {
        x86_mov_ri(&e->c, c->memo, 0);
    }
    check(e, &a, from);
    perform(e, i, &a, RCX, c->reg[3], c->reg[4]);
    x86_jmp(&e->c, c->back);
    x86_patch(&e->c, from[0], e->c.pos);
    slow_access(e, c);
}

// The argument that is the memo.
static IRRef memo_of(const IRInsn *i)
{
    return i->op == IR_st ? i->arg[2] : i->op == IR_ld || i->op == IR_chk ? i->arg[1] : IR_NONE;
}

static bool fits_disp(const IRInsn *i)
{
    return (int64_t)i->imm == (int32_t)i->imm && (int32_t)i->imm <= INT32_MAX - 2 * 4096;
}

static void cold_page(Emit *e, const Cold *c)
{
    x86_mov_ri(&e->c, c->reg[0], 0);
    x86_jmp(&e->c, c->back);
}

EMIT(page)
{
    const IRInsn *next = i + 1; // there is one: a block ends by another op
    size_t from[2];
    if (memo_of(next) == e->at && next->arg[0] == i->arg[0] && fits_disp(i) && fits_disp(next)) {
        ra_def(&e->ra, e->at, IR_NONE, true); // filled by the access
        e->page = i;
        return;
    }
    flags_clobber(e);
    Access a = access_of(e, i);
    a.span = i->aux2;
    int dst = ra_def(&e->ra, e->at, i->arg[0], false);
    check(e, &a, from);
    x86_mov_rr(&e->c, true, dst, RCX);
    Cold *c = x86_cold(e, cold_page, from[0]);
    c->reg[0] = dst;
    c->back = e->c.pos;
}

static size_t check_memo(Emit *e, const Access *a, int memo)
{
    size_t from[2];
    if (!e->page) {
        x86_test_rr(&e->c, true, memo, memo);
        return x86_jcc_fwd(&e->c, CC_E);
    }
    Access all = {.addr = a->addr,
                  .disp = (int32_t)e->page->imm,
                  .span = e->page->aux2,
                  .memop = e->page->aux,
                  .store = e->page->aux & IR_MEM_STORE};
    check(e, &all, from);
    x86_mov_rr(&e->c, true, memo, RCX);
    return from[0];
}

// ld, st or chk; value as in perform. All that the allocator has to move has been moved.
static void access_memory(Emit *e, const IRInsn *i, const Access *a, int memo, int value,
                          int32_t imm)
{
    size_t from[2];
    unsigned n = 1;
    int addend = RCX;
    if (memo != RA_NO_REG) {
        from[0] = check_memo(e, a, memo);
        addend = memo;
    } else {
        n = check(e, a, from);
    }
    perform(e, i, a, addend, value, imm);
    uint32_t word = i->aux | (i->op == IR_chk ? (uint32_t)i->aux2 << 16 : 0);
    Cold *c = slow(e, memo != RA_NO_REG ? cold_member : slow_access, a, from, n, word);
    c->reg[3] = value;
    c->reg[4] = imm;
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
    flags_clobber(e);
    Access a = access_of(e, i);
    int memo = memo_register(e, i);
    bool x87 = x87_operand_of(e, i) != IR_NONE;
    int dst = x87 ? RA_NO_REG : ra_def(&e->ra, e->at, i->arg[0], false);
    access_memory(e, i, &a, memo, dst, 0);
}

// A constant that the store instruction itself can hold.
static bool store_constant(Emit *e, const IRInsn *i, uint64_t *v)
{
    unsigned size = i->aux & IR_MEM_SIZE;
    return e->b->insn[i->arg[1]].type != IR_V128 && ra_is_const(&e->ra, i->arg[1], v) &&
           (size < 3 || *v == (uint64_t)(int64_t)(int32_t)*v);
}

EMIT(st)
{
    uint64_t v = 0;
    flags_clobber(e);
    Access a = access_of(e, i);
    a.store = true;
    bool none = x87_operand_of(e, i) != IR_NONE || store_constant(e, i, &v);
    int src = none ? VALUE_IMM : ra_use(&e->ra, i->arg[1]);
    access_memory(e, i, &a, memo_register(e, i), src, (int32_t)v);
}

EMIT(chk)
{
    flags_clobber(e);
    Access a = access_of(e, i);
    a.span = i->aux2;
    a.memop &= ~(unsigned)(IR_MEM_ALIGN | IR_MEM_ALIGN16);
    int memo = memo_register(e, i);
    int dst = ra_def(&e->ra, e->at, i->arg[0], false);
    access_memory(e, i, &a, memo, dst, 0);
}

// --- atomics: one guest thread runs at a time, so a plain read, change and write is enough.
static void slow_rmw(Emit *e, const Cold *c)
{
    const IRInsn *i = &e->b->insn[c->insn];
    slow_address(e, c);
    x86_mov_rr(&e->c, true, RCX, c->reg[4]);
    slow_call(e, c, T_RMW);
    x86_mov_rr(&e->c, is_wide(i), c->reg[3], RAX);
    x87_return(e, c);
    x86_jmp(&e->c, c->back);
}

typedef struct RmwRow {
    X86Alu alu;
    X86Cond take; // min, max: condition under which the old value stays
} RmwRow;

// rax = old value, extended as the comparison wants it; rcx = host address. Writes the new value.
static void change(Emit *e, const IRInsn *i, int value, int temp, unsigned bytes)
{
    static const RmwRow row[] = {
        [IR_RMW_ADD] = {ALU_ADD, 0},      [IR_RMW_AND] = {ALU_AND, 0},
        [IR_RMW_OR] = {ALU_OR, 0},        [IR_RMW_XOR] = {ALU_XOR, 0},
        [IR_RMW_SMAX] = {ALU_CMP, CC_GE}, [IR_RMW_SMIN] = {ALU_CMP, CC_LE},
        [IR_RMW_UMAX] = {ALU_CMP, CC_AE}, [IR_RMW_UMIN] = {ALU_CMP, CC_BE}};
    X86Code *c = &e->c;
    bool w = bytes == 8;
    X86Mem m = x86_mem(RCX, 0);
    if (i->aux2 == IR_RMW_XCHG) {
        x86_store(c, value, m, bytes);
    } else if (i->aux2 == IR_RMW_CLR) {
        vex_rrr(c, 0xf2 | X86_0F38 | X86_W, temp, value, RAX); // andn
        x86_store(c, temp, m, bytes);
    } else if (row[i->aux2].alu != ALU_CMP) {
        x86_mov_rr(c, w, temp, RAX);
        x86_alu_rr(c, row[i->aux2].alu, w, temp, value);
        x86_store(c, temp, m, bytes);
    } else {
        bool sign = i->aux2 == IR_RMW_SMAX || i->aux2 == IR_RMW_SMIN;
        if (sign) {
            x86_movsx(c, temp, value, bytes, w);
            x86_movsx(c, RAX, RAX, bytes, w);
        } else {
            x86_movzx(c, temp, value, bytes);
        }
        x86_alu_rr(c, ALU_CMP, w, RAX, temp);
        x86_cmov(c, row[i->aux2].take, w, temp, RAX);
        x86_store(c, temp, m, bytes);
        if (sign && bytes < 4) {
            x86_movzx(c, RAX, RAX, bytes);
        }
    }
}

EMIT(rmw)
{
    size_t from[2];
    unsigned bytes = 1u << (i->aux & IR_MEM_SIZE);
    flags_clobber(e);
    Access a = access_of(e, i);
    a.store = true;
    int value = ra_use(&e->ra, i->arg[1]);
    int temp = ra_temp(&e->ra, RA_GPR);
    int dst = ra_def(&e->ra, e->at, i->arg[1], false);
    unsigned n = check(e, &a, from);
    x86_lea(&e->c, true, RCX, host_mem(&a, RCX));
    x86_load(&e->c, RAX, x86_mem(RCX, 0), bytes);
    change(e, i, value, temp, bytes);
    x86_mov_rr(&e->c, is_wide(i), dst, RAX);
    Cold *c = slow(e, slow_rmw, &a, from, n, i->aux | (uint32_t)i->aux2 << 16);
    c->reg[3] = dst;
    c->reg[4] = value;
}

static void slow_cas(Emit *e, const Cold *c)
{
    const IRInsn *i = &e->b->insn[c->insn];
    slow_address(e, c);
    x86_movzx(&e->c, RCX, c->reg[4], 1u << (i->aux & IR_MEM_SIZE));
    x86_push(&e->c, (int)(c->imm >> 32));
    Cold word = *c;
    word.imm = (uint32_t)c->imm;
    slow_call(e, &word, T_CAS);
    x86_mov_rr(&e->c, is_wide(i), c->reg[3], RAX);
    x87_return(e, c);
    x86_jmp(&e->c, c->back);
}

static const uint16_t cmpxchg[] = {0xb0 | X86_0F | X86_BYTE_REG, 0xb1 | X86_0F | X86_66,
                                   0xb1 | X86_0F, 0xb1 | X86_0F | X86_W};

EMIT(cas)
{
    size_t from[2];
    unsigned size = i->aux & IR_MEM_SIZE;
    flags_clobber(e);
    Access a = access_of(e, i);
    a.store = true;
    int expected = ra_use(&e->ra, i->arg[1]), value = ra_use(&e->ra, i->arg[2]);
    int dst = ra_def(&e->ra, e->at, i->arg[1], false);
    unsigned n = check(e, &a, from);
    x86_mov_rr(&e->c, true, RAX, expected);
    x86_rm(&e->c, cmpxchg[size], value, host_mem(&a, RCX));
    x86_movzx(&e->c, dst, RAX, 1u << size);
    Cold *c = slow(e, slow_cas, &a, from, n, i->aux);
    c->imm |= (uint64_t)value << 32;
    c->reg[3] = dst;
    c->reg[4] = expected;
}

// --- store-conditional
static void slow_casif(Emit *e, const Cold *c)
{
    const IRInsn *i = &e->b->insn[c->insn];
    unsigned bytes = 1u << (i->aux & IR_MEM_SIZE);
    slow_address(e, c);
    x86_movzx(&e->c, RCX, c->reg[4], bytes);
    x86_push(&e->c, (int)(c->imm >> 32));
    Cold word = *c;
    word.imm = (uint32_t)c->imm;
    slow_call(e, &word, T_CAS);
    x86_movzx(&e->c, RCX, c->reg[4], bytes);
    x86_alu_rr(&e->c, ALU_CMP, true, RAX, RCX);
    x86_setcc(&e->c, CC_NE, RCX);
    x86_movzx(&e->c, c->reg[3], RCX, 1);
    x87_return(e, c);
    x86_jmp(&e->c, c->back);
}

static void cold_not_held(Emit *e, const Cold *c)
{
    x86_mov_ri(&e->c, c->reg[0], 1);
    x86_jmp(&e->c, c->back);
}

EMIT(casif)
{
    size_t from[2];
    flags_clobber(e);
    Access a = access_of(e, i);
    a.store = true;
    int expected = ra_use(&e->ra, i->arg[1]), value = ra_use(&e->ra, i->arg[2]);
    int held = ra_use(&e->ra, i->arg[3]);
    ra_unlock(&e->ra, i->arg[3]); // the result, written last, may go there
    int dst = ra_def(&e->ra, e->at, i->arg[3], false);
    x86_test_rr(&e->c, false, held, held);
    size_t not_held = x86_jcc_fwd(&e->c, CC_E);
    unsigned n = check(e, &a, from);
    x86_mov_rr(&e->c, true, RAX, expected);
    x86_rm(&e->c, cmpxchg[i->aux & IR_MEM_SIZE], value, host_mem(&a, RCX));
    x86_setcc(&e->c, CC_NE, RCX);
    x86_movzx(&e->c, dst, RCX, 1);
    Cold *c = slow(e, slow_casif, &a, from, n, i->aux);
    c->imm |= (uint64_t)value << 32;
    c->reg[3] = dst;
    c->reg[4] = expected;
    c = x86_cold(e, cold_not_held, not_held);
    c->reg[0] = dst;
    c->back = e->c.pos;
}

EMIT(fence)
{
    (void)e, (void)i; // one thread
}

// --- accesses that a chk covers
// The displacement of ldh and sth fits: check elimination leaves others alone.
static X86Mem checked_mem(Emit *e, const IRInsn *i)
{
    int addr = ra_use(&e->ra, i->arg[0]), host = ra_use(&e->ra, i->arg[1]);
    if ((int64_t)i->imm == (int32_t)i->imm) {
        return x86_mem_index(host, addr, 0, (int32_t)i->imm);
    }
    x86_mov_ri(&e->c, RCX, i->imm);
    x86_lea(&e->c, true, RCX, x86_mem_index(RCX, addr, 0, 0));
    return x86_mem_index(RCX, host, 0, 0);
}

EMIT(ldh)
{
    X86Mem m = checked_mem(e, i);
    int dst = ra_def(&e->ra, e->at, IR_NONE, false);
    load_value(e, i, dst, m);
}

EMIT(sth)
{
    unsigned size = i->aux & IR_MEM_SIZE;
    X86Mem m = checked_mem(e, i);
    uint64_t v;
    if (e->b->insn[i->arg[2]].type == IR_V128) {
        store_vector(&e->c, ra_use(&e->ra, i->arg[2]), m, size);
    } else if (ra_is_const(&e->ra, i->arg[2], &v) &&
               (size < 3 || v == (uint64_t)(int64_t)(int32_t)v)) {
        x86_store_imm(&e->c, m, 1u << size, (int32_t)v);
    } else {
        x86_store(&e->c, ra_use(&e->ra, i->arg[2]), m, 1u << size);
    }
}
