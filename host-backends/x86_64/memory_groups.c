// Which loads and stores of a block can share a page check: those of one kind off one base value,
// not far from each other, with no call of a C function that might change the mapping in between.
#include <glib.h>

#include "host-backends/x86_64/emit.h"

#define MAX_SPAN   256 // bytes; the wider, the more often a group crosses a page
#define MAX_GROUPS 64
#define MAX_APART  60 // insns
#define MAX_OFFSET (1 << 20)
#define OWN_CHECK  (IR_MEM_ALIGN | IR_MEM_ALIGN16 | IR_MEM_UNPRIV)

typedef struct Scan {
    Emit *e;
    unsigned n;
    IRRef last_exit; // the latest way out of the block so far
} Scan;

static bool may_join(const IRInsn *i)
{
    bool memory = i->op == IR_ld || i->op == IR_st || i->op == IR_chk;
    int64_t disp = (int64_t)i->imm;
    return memory && !(i->aux & OWN_CHECK) && disp > -MAX_OFFSET && disp < MAX_OFFSET;
}

// Not a call of the x87: it is no call, or the block ends there.
static bool ends_groups(const IRInsn *i)
{
    unsigned flags = i->op == IR_call ? ((const IRHelper *)(uintptr_t)i->imm)->flags : 0;
    return flags && !(flags & IR_CALL_X87);
}

static void close_all(Scan *s)
{
    for (unsigned k = 0; k < s->n; k++) {
        s->e->group[k].open = false;
    }
}

static bool join(Scan *s, unsigned g, IRRef k, bool store, int64_t low, int64_t high)
{
    MemoryGroup *m = &s->e->group[g];
    if (store && !m->store && s->last_exit > m->first) {
        return false;
    }
    low = MIN_OF(low, m->low);
    high = MAX_OF(high, m->high);
    if (high - low > MAX_SPAN || k - m->last > MAX_APART) {
        m->open = false;
        return false;
    }
    m->store |= store;
    m->low = low;
    m->high = high;
    m->last = k;
    m->members++;
    s->e->group_of[k] = (uint8_t)(g + 1);
    return true;
}

static void place(Scan *s, IRRef k)
{
    const IRInsn *i = &s->e->b->insn[k];
    IRRef base = s->e->ra.v[i->arg[0]].root;
    bool store = i->aux & (IR_MEM_STORE | IR_MEM_WRITE);
    int64_t low = (int64_t)i->imm;
    int64_t high = low + (i->op == IR_chk ? i->aux2 : 1 << (i->aux & IR_MEM_SIZE));
    for (unsigned g = s->n; g-- > 0;) {
        MemoryGroup *m = &s->e->group[g];
        if (m->open && m->base == base && join(s, g, k, store, low, high)) {
            return;
        }
    }
    if (s->n < MAX_GROUPS) {
        s->e->group[s->n++] = (MemoryGroup){.base = base,
                                            .store = store,
                                            .open = true,
                                            .low = low,
                                            .high = high,
                                            .first = k,
                                            .last = k,
                                            .members = 1,
                                            .memo = IR_NONE};
        s->e->group_of[k] = (uint8_t)s->n;
    }
}

void x86_memory_groups(Emit *e)
{
    Scan s = {.e = e};
    unsigned n = 0;
    for (unsigned k = 0; k < e->b->n; k++) {
        n += may_join(&e->b->insn[k]);
    }
    if (n < 2) {
        return;
    }
    e->group = g_new(MemoryGroup, MAX_GROUPS);
    e->group_of = g_malloc0(e->b->n);
    for (unsigned k = 0; k < e->b->n; k++) {
        const IRInsn *i = &e->b->insn[k];
        if (ends_groups(i)) {
            close_all(&s);
        } else if (may_join(i)) {
            place(&s, (IRRef)k);
        } else if (i->op == IR_exit_if || i->op == IR_exit_if_f) {
            s.last_exit = (IRRef)k;
        }
    }
    for (unsigned k = 0; k < e->b->n; k++) { // a group of one is none
        unsigned g = e->group_of[k];
        if (g && e->group[g - 1].members < 2) {
            e->group_of[k] = 0;
        }
    }
}
