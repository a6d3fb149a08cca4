// Check elimination: accesses that are near each other share a page check, in two ways.
//
// Within a block, those off one base share the memo of one page op, which never fails: where the
// memo is 0 (the group crosses a page, or its page needs the slow path), each access makes its own
// check, in its place and order.
//
//   p = page %b disp=0 span=16
//   a = ld %b, p disp=0
//   ...
//   st %b, d, p disp=8
//
// Within one guest instruction, loads alone or stores alone need not even look at a memo: one chk
// is made for them, or takes the block's memo. Its failure leaves before the current instruction,
// so nothing of that may have happened by then: the accesses must come first in it.
//
//   c = chk %b, p disp=16 span=16
//   a = ldh %b, c disp=16
//   d = ldh %b, c disp=24
//
// Bases are sums without their constants (address.h), so that a run of pushes has one. Why that is
// sound for 32-bit guests, whose sums wrap: the addresses (uint32_t)(r + x) of the first access and
// (uint32_t)(r + y) of another differ by y - x but for a multiple of 2^32; where the check covers
// both of them, they are in one page, and there is none.
//
// Blocks of one instruction have no chk: they are what the engine runs when one failed.
#include "tcg-like/address.h"
#include "tcg-like/rewrite.h"

#define MAX_SPAN     256 // bytes; the wider, the more often a group crosses a page
#define MAX_CHK_SPAN 64
#define MAX_GROUPS   64
#define MAX_APART    60 // insns: a memo takes a register
#define MAX_DISP     (1 << 20)
// Need a check of their own.
#define OWN_CHECK (IR_MEM_ALIGN | IR_MEM_ALIGN16)
#define OWN_CHK   (OWN_CHECK | IR_MEM_ACQ | IR_MEM_REL | IR_MEM_WRITE)

// Bytes that are touched, from the base.
typedef struct Range {
    int64_t low, high;
} Range;

// One access, or several under one chk.
typedef struct Unit {
    unsigned first, last; // insns
    unsigned members;
    uint16_t memop; // STORE: as a store is checked; UNPRIV
    uint8_t group;
    IRAddress at; // of the first
    Range bytes;
    IRRef chk;
} Unit;

typedef struct Group {
    unsigned first, last, units;
    uint16_t memop;
    bool open;
    IRAddress at; // of the first access
    Range bytes;
    IRRef memo;
} Group;

typedef struct Pass {
    IRRewrite w;
    Unit *unit;
    uint16_t *unit_of; // by insn: index + 1, or 0
    unsigned n_units, n_groups;
    unsigned last_exit; // the latest way out of the block so far
    bool clean;         // nothing has happened in this instruction that a chk may not come after
    Group group[MAX_GROUPS];
} Pass;

static bool is_access(const IRInsn *i)
{
    return (i->op == IR_ld || i->op == IR_st) && !(i->aux & OWN_CHECK) &&
           (int64_t)i->imm > -MAX_DISP && (int64_t)i->imm < MAX_DISP;
}

static uint16_t check_of(const IRInsn *i)
{
    unsigned store = i->aux & (IR_MEM_STORE | IR_MEM_WRITE) ? IR_MEM_STORE : 0;
    return (uint16_t)(store | (i->aux & IR_MEM_UNPRIV));
}

// --- ranges

static Range join_ranges(Range a, Range b)
{
    return (Range){MIN_OF(a.low, b.low), MAX_OF(a.high, b.high)};
}

static uint64_t span_of(Range r)
{
    return (uint64_t)r.high - (uint64_t)r.low;
}

static Range range_of(const IRAddress *at, const IRInsn *i)
{
    int64_t low = (int64_t)((uint64_t)ir_address_offset(at) + i->imm);
    return (Range){low, low + (1 << (i->aux & IR_MEM_SIZE))};
}

// Both, and what proves that their difference is that of the constants.
static Range join_of(const IRAddress *a, Range x, const IRAddress *b, Range y)
{
    Range r = join_ranges(x, y);
    if (a->inner != b->inner) {
        r = join_ranges(r, (Range){a->inner, a->inner + 1});
        r = join_ranges(r, (Range){b->inner, b->inner + 1});
    }
    return r;
}

// --- units

static bool add_member(Pass *p, Unit *u, unsigned n)
{
    const IRInsn *i = &p->w.old[n];
    IRAddress at = ir_address(p->w.old, i->arg[0]);
    if (!ir_same_base(&at, &u->at)) {
        return false;
    }
    Range r = join_of(&u->at, u->bytes, &at, range_of(&at, i));
    if (span_of(r) > MAX_CHK_SPAN) {
        return false;
    }
    u->bytes = r;
    u->last = n;
    u->members++;
    p->unit_of[n] = (uint16_t)p->n_units;
    return true;
}

// Looks for more accesses like the unit's first in the same instruction.
static void add_members(Pass *p, Unit *u)
{
    const IRInsn *insn = p->w.old, *head = &insn[u->first];
    for (unsigned n = u->first + 1; n < p->w.n; n++) {
        const IRInsn *i = &insn[n];
        bool fits = i->op == head->op && is_access(i) && !(i->aux & OWN_CHK) &&
                    !((i->aux ^ head->aux) & IR_MEM_UNPRIV);
        if (fits ? !add_member(p, u, n)
                 : i->op != IR_put && ir_op_info[i->op].effects != IR_EFF_PURE) {
            break;
        }
    }
}

static Unit *new_unit(Pass *p, unsigned n)
{
    const IRInsn *i = &p->w.old[n];
    Unit *u = &p->unit[p->n_units++];
    *u = (Unit){.first = n,
                .last = n,
                .members = 1,
                .memop = check_of(i),
                .at = ir_address(p->w.old, i->arg[0]),
                .chk = IR_NONE};
    u->bytes = range_of(&u->at, i);
    p->unit_of[n] = (uint16_t)p->n_units;
    if (p->clean && p->w.b->guest_insns > 1 && !(i->aux & OWN_CHK)) {
        add_members(p, u);
    }
    return u;
}

// --- groups

static bool join(Pass *p, Group *g, const Unit *u)
{
    uint16_t memop = g->memop | u->memop;
    // A store that may not be reached does not make loads before it ask for a writable page.
    if (memop != g->memop && p->last_exit > g->first) {
        return false;
    }
    Range r = join_of(&g->at, g->bytes, &u->at, u->bytes);
    if (span_of(r) > MAX_SPAN || u->first - g->last > MAX_APART) {
        g->open = false;
        return false;
    }
    g->memop = memop;
    g->bytes = r;
    g->last = u->last;
    g->units++;
    return true;
}

static void place(Pass *p, Unit *u)
{
    for (unsigned k = p->n_groups; k-- > 0;) {
        Group *g = &p->group[k];
        if (g->open && ir_same_base(&g->at, &u->at) && !((g->memop ^ u->memop) & IR_MEM_UNPRIV) &&
            join(p, g, u)) {
            u->group = (uint8_t)(k + 1);
            return;
        }
    }
    if (p->n_groups < MAX_GROUPS) {
        p->group[p->n_groups++] = (Group){.first = u->first,
                                          .last = u->last,
                                          .units = 1,
                                          .memop = u->memop,
                                          .open = true,
                                          .at = u->at,
                                          .bytes = u->bytes,
                                          .memo = IR_NONE};
        u->group = (uint8_t)p->n_groups;
    }
}

// C functions that may change the mapping.
static void close_groups(Pass *p)
{
    for (unsigned k = 0; k < p->n_groups; k++) {
        p->group[k].open = false;
    }
}

// Not those of the x87: where that is inline, the call is none, or the block ends there.
static bool may_change_mapping(const IRInsn *i)
{
    unsigned flags = i->op == IR_call ? ((const IRHelper *)(uintptr_t)i->imm)->flags : 0;
    return flags && !(flags & IR_CALL_X87);
}

static void scan(Pass *p)
{
    for (unsigned n = 0; n < p->w.n; n++) {
        const IRInsn *i = &p->w.old[n];
        if (i->op == IR_insn) {
            p->clean = true;
        } else if (is_access(i)) {
            if (!p->unit_of[n]) {
                place(p, new_unit(p, n));
            }
            p->clean = false;
        } else if (i->op == IR_put || ir_op_info[i->op].effects != IR_EFF_PURE) {
            p->clean = false;
            if (may_change_mapping(i)) {
                close_groups(p);
            } else if (i->op == IR_exit_if || i->op == IR_exit_if_f) {
                p->last_exit = n;
            }
        }
    }
}

// --- rewriting

static IRRef emit_check(Pass *p, IROpcode op, IRRef address, IRRef memo, uint16_t memop,
                        const IRAddress *at, Range r)
{
    uint64_t disp = (uint64_t)r.low - (uint64_t)ir_address_offset(at);
    return ir_make(p->w.b, op, IR_I64, address, memo, IR_NONE, IR_NONE, memop, (unsigned)span_of(r),
                   disp);
}

static IRRef memo_of(Pass *p, const Unit *u, unsigned n, IRRef address)
{
    Group *g = u->group ? &p->group[u->group - 1] : NULL;
    if (!g || g->units < 2) {
        return IR_NONE;
    }
    if (n == g->first) {
        g->memo = emit_check(p, IR_page, address, IR_NONE, g->memop, &g->at, g->bytes);
    }
    return g->memo;
}

static void rewrite_access(Pass *p, Unit *u, unsigned n, IRInsn *i)
{
    IRRef memo = n == u->first ? memo_of(p, u, n, i->arg[0]) : IR_NONE;
    bool load = i->op == IR_ld;
    if (u->members == 1) {
        i->arg[load ? 1 : 2] = memo;
        return;
    }
    if (n == u->first) {
        u->chk = emit_check(p, IR_chk, i->arg[0], memo, u->memop, &u->at, u->bytes);
    }
    if (!load) {
        i->arg[2] = i->arg[1];
    }
    i->arg[1] = u->chk;
    i->op = load ? IR_ldh : IR_sth;
}

static unsigned count_accesses(const IRBlock *b)
{
    unsigned count = 0;
    for (unsigned n = 0; n < b->n; n++) {
        count += is_access(&b->insn[n]);
    }
    return count;
}

void ir_pass_check_elim(IRBlock *b)
{
    Pass p = {.last_exit = 0};
    unsigned count = count_accesses(b);
    if (count < 2) {
        return;
    }
    size_t units = count * sizeof(Unit);
    ir_rewrite_begin(&p.w, b, units + b->n * sizeof(*p.unit_of));
    p.unit = p.w.extra;
    p.unit_of = (uint16_t *)(void *)((char *)p.w.extra + units);
    memset(p.unit_of, 0, p.w.n * sizeof(*p.unit_of));
    scan(&p);
    for (unsigned n = 0; n < p.w.n; n++) {
        IRInsn i = ir_rewrite_fetch(&p.w, n);
        if (p.unit_of[n]) {
            rewrite_access(&p, &p.unit[p.unit_of[n] - 1], n, &i);
        }
        p.w.map[n] = ir_append(b, i);
    }
}
