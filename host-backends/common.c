#include "host-backends/common.h"

#include <glib.h>
#include <stdlib.h>

// --- side table
void hb_side_add(SideTable *t, size_t host_offset, unsigned index, uint32_t recipe)
{
    if (t->n == t->capacity) {
        t->capacity = t->capacity * 2 + 8;
        t->entry = g_renew(SideEntry, t->entry, t->capacity);
    }
    t->entry[t->n++] = (SideEntry){
        .host_offset = (uint32_t)host_offset, .insn_index = (uint16_t)index, .recipe = recipe};
}

static int side_order(const void *a, const void *b)
{
    const SideEntry *x = a, *y = b;
    return x->host_offset < y->host_offset ? -1 : x->host_offset > y->host_offset;
}

void hb_side_finish(SideTable *t, Block *b)
{
    if (t->n) {
        qsort(t->entry, t->n, sizeof(*t->entry), side_order);
    }
    b->side = t->entry;
    b->n_side = t->n;
    t->entry = NULL;
}

// --- recipes
static LazyPlace place_of(RegAlloc *ra, IRRef leaf, HbSavedAt *saved_at)
{
    size_t off = 0;
    unsigned bytes;
    int reg = ra_place(ra, leaf, &off, &bytes);
    if (reg != RA_NO_REG) {
        off = saved_at(ra->regs, reg);
    }
    return (LazyPlace){(uint16_t)off, (uint8_t)bytes};
}

uint32_t hb_recipe(Recipes *r, RegAlloc *ra, IRRef at, HbSavedAt *saved_at)
{
    const LazyPlan *p = ra_pending(ra, at);
    if (!p || !ir_only_faults(&ra->b->insn[at])) {
        return 0;
    }
    if (r->n + LAZY_RECIPE_BYTES > r->capacity) {
        r->capacity = r->capacity * 2 + 4 * LAZY_RECIPE_BYTES;
        r->bytes = g_realloc(r->bytes, r->capacity);
        r->n = MAX_OF(r->n, 1); // 0 is none
    }
    LazyPlace place[LAZY_LEAVES];
    for (unsigned k = 0; k < p->n_leaves; k++) {
        place[k] = place_of(ra, p->leaf[k], saved_at);
    }
    uint32_t offset = r->n;
    r->n += ir_recipe_write(p, place, (uint16_t)ra->b->insn[p->put].imm, r->bytes + offset);
    return offset;
}

// --- partners
static bool same_value(RegAlloc *ra, IRRef a, IRRef b)
{
    if (a == b) {
        return true;
    }
    if (a == IR_NONE || b == IR_NONE || ra->b->insn[a].type != ra->b->insn[b].type) {
        return false;
    }
    uint64_t x = 0, y = 0;
    return ra->v[a].root == ra->v[b].root ||
           (ra_is_const(ra, a, &x) && ra_is_const(ra, b, &y) && x == y);
}

IRRef hb_partner(RegAlloc *ra, IRRef at, IROpcode op, const IRInsn *like)
{
    unsigned end = MIN_OF(at + 8u, ra->b->n);
    for (unsigned k = at + 1u; k < end; k++) {
        const IRInsn *i = &ra->b->insn[k];
        const RaValue *v = &ra->v[k];
        if (i->op == op && i->aux == like->aux && !v->unused && !v->done &&
            same_value(ra, i->arg[0], like->arg[0]) && same_value(ra, i->arg[1], like->arg[1]) &&
            same_value(ra, i->arg[2], like->arg[2])) {
            return (IRRef)k;
        }
    }
    return IR_NONE;
}

// --- pinned slots
const RaPin *hb_whole_pin(const RegAlloc *ra, IRType t, uint64_t off, unsigned bytes)
{
    if (bytes == 8 && t == IR_I64) {
        return ra_pin(ra, RA_GPR, off);
    }
    return bytes == 16 ? ra_pin(ra, RA_VEC, off) : NULL;
}

static unsigned pin_bytes(unsigned cls)
{
    return cls == RA_GPR ? 8 : 16;
}

static bool pin_touched(const RaPin *pin, unsigned cls, size_t off, size_t bytes)
{
    return off < (size_t)pin->off + pin_bytes(cls) && pin->off < off + bytes;
}

bool hb_touches_pin(const RegAlloc *ra, size_t off, size_t bytes)
{
    for (unsigned c = 0; c < RA_CLASSES; c++) {
        for (unsigned p = 0; p < ra->regs->n_pins[c]; p++) {
            if (pin_touched(&ra->regs->pin[c][p], c, off, bytes)) {
                return true;
            }
        }
    }
    return false;
}

void hb_sync_pins(RegAlloc *ra, size_t off, size_t bytes, bool load)
{
    for (unsigned c = 0; c < RA_CLASSES; c++) {
        for (unsigned p = 0; p < ra->regs->n_pins[c]; p++) {
            const RaPin *pin = &ra->regs->pin[c][p];
            if (!pin_touched(pin, c, off, bytes)) {
                continue;
            }
            if (load) {
                ra->ops->load(ra->ctx, c, pin->reg, pin->off, pin_bytes(c));
            } else {
                ra->ops->store(ra->ctx, c, pin->reg, pin->off, pin_bytes(c));
            }
        }
    }
}

// The value stays in guest state memory until it is used.
static void get_later(RegAlloc *ra, IRRef at)
{
    RaValue *v = &ra->v[at];
    v->state = (int32_t)ra->b->insn[at].imm;
    v->state_bytes = (uint8_t)ra->b->insn[at].aux;
    if (!v->listed) {
        v->listed = true;
        ra->in_state[ra->n_in_state++] = at;
    }
}

void hb_get(RegAlloc *ra, IRRef at, HbNarrow *narrow)
{
    const IRInsn *i = &ra->b->insn[at];
    const RaPin *pin = hb_whole_pin(ra, (IRType)i->type, i->imm, i->aux);
    if (pin) {
        ra_get_pinned(ra, at, pin);
        return;
    }
    const RaPin *low = i->aux == 4 && i->type == IR_I32 ? ra_pin(ra, RA_GPR, i->imm) : NULL;
    if (low) {
        narrow(ra->ctx, ra_def(ra, at, IR_NONE, true), low->reg);
        return;
    }
    if (hb_touches_pin(ra, i->imm, i->aux)) {
        hb_sync_pins(ra, i->imm, i->aux, false);
        int dst = ra_def(ra, at, IR_NONE, true);
        ra->ops->load(ra->ctx, (RaClass)ra->v[at].cls, dst, i->imm, i->aux);
        return;
    }
    get_later(ra, at);
}

// --- what is to be emitted
bool hb_wants_code(RegAlloc *ra, IRRef at)
{
    const RaValue *v = &ra->v[at];
    if (v->unused || v->root != at) {
        return false;
    }
    if (v->done) {
        ra->pos = at;
        ra_fuse(ra, at);
        return false;
    }
    return true;
}
