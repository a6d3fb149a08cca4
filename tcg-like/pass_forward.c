// Forwarding: a get of state whose value is known, from an earlier put or get, becomes that value;
// a put of what the state already holds goes away.
//
//   known[]  by offset: which value (or which bytes of it) the state at that offset holds
//   a put replaces what it overlaps; a helper that writes state empties the table
#include "tcg-like/rewrite.h"

#define CELLS     256 // by offset / 8; a cell that two offsets share holds the later one
#define MAX_BYTES 16

typedef struct Known {
    uint32_t off;
    uint16_t bytes;
    uint16_t generation;
    IRRef ref;
    bool extended; // ref has zeros above `bytes`, or exactly that width
    bool put;      // by a put, not a get
} Known;

typedef struct Forward {
    IRRewrite w;
    Known *known;
    uint16_t generation;
} Forward;

static Known *find(const Forward *f, uint32_t off)
{
    return &f->known[off / 8 % CELLS];
}

static bool valid(const Forward *f, const Known *k)
{
    return k->generation == f->generation;
}

static void forget_overlap(Forward *f, uint32_t off, unsigned bytes)
{
    uint32_t first = off < MAX_BYTES ? 0 : (off - MAX_BYTES + 1) / 8;
    for (uint32_t unit = first; unit <= (off + bytes - 1) / 8; unit++) {
        Known *k = &f->known[unit % CELLS];
        if (valid(f, k) && k->off < off + bytes && off < k->off + k->bytes) {
            k->generation = 0;
        }
    }
}

static void learn(Forward *f, const IRInsn *i, IRRef ref, bool extended)
{
    uint32_t off = (uint32_t)i->imm;
    *find(f, off) = (Known){.off = off,
                            .bytes = i->aux,
                            .generation = f->generation,
                            .ref = ref,
                            .extended = extended,
                            .put = i->op == IR_put};
}

// The known piece of state that all bytes of [off, off + bytes) lie in.
static const Known *cover(const Forward *f, uint32_t off, unsigned bytes)
{
    for (unsigned back = 0; back <= 8 && back <= off; back += 8) {
        const Known *k = find(f, off - back);
        if (valid(f, k) && k->off <= off && off + bytes <= k->off + k->bytes) {
            return k;
        }
    }
    return NULL;
}

static bool is_int(IRType t)
{
    return t == IR_I32 || t == IR_I64;
}

static IRRef change_width(IRBlock *b, IRRef r, IRType t)
{
    if (ir_type(b, r) == t) {
        return r;
    }
    return t == IR_I32 ? ir_trunc(b, r) : ir_extu(b, r);
}

// The bytes at k->off, cut to the get's width.
static IRRef low_part(IRBlock *b, const Known *k, const IRInsn *get)
{
    IRType t = (IRType)get->type;
    IRRef r = k->ref;
    if (get->aux == 8 || (k->extended && get->aux == k->bytes)) {
        return change_width(b, r, t);
    }
    if (get->aux == 4) { // trunc cuts by itself
        return change_width(b, change_width(b, r, IR_I32), t);
    }
    return ir_zext(b, change_width(b, r, t), 8 * get->aux);
}

// Part of a vector that was put. One that was got is left: reading the state is as cheap.
static IRRef vector_part(IRBlock *b, const Known *k, const IRInsn *get)
{
    unsigned esize = (unsigned)__builtin_ctz(get->aux), at = (uint32_t)get->imm - k->off;
    return at % get->aux || !k->put ? IR_NONE
                                    : ir_vget(b, (IRType)get->type, k->ref, esize, at / get->aux);
}

// The get's value made from what is known, or IR_NONE.
static IRRef value_of(Forward *f, const IRInsn *get)
{
    const Known *k = cover(f, (uint32_t)get->imm, get->aux);
    if (!k) {
        return IR_NONE;
    }
    IRBlock *b = f->w.b;
    IRType have = ir_type(b, k->ref), want = (IRType)get->type;
    if (have == want && !is_int(want)) {
        return k->off == get->imm && k->bytes == get->aux ? k->ref : IR_NONE;
    }
    if (have == IR_V128 && is_int(want)) {
        return vector_part(b, k, get);
    }
    if (is_int(have) && is_int(want) && k->off == get->imm) {
        return low_part(b, k, get);
    }
    return IR_NONE;
}

static IRRef visit_get(Forward *f, const IRInsn *i)
{
    IRRef r = value_of(f, i);
    if (r == IR_NONE) {
        r = ir_append(f->w.b, *i);
        if (!cover(f, (uint32_t)i->imm, i->aux)) {
            learn(f, i, r, true);
        }
    }
    return r;
}

static void visit_put(Forward *f, const IRInsn *i)
{
    uint32_t off = (uint32_t)i->imm;
    const Known *k = find(f, off);
    if (valid(f, k) && k->off == off && k->bytes == i->aux && k->ref == i->arg[0]) {
        return;
    }
    forget_overlap(f, off, i->aux);
    bool whole = i->aux == ir_type_bytes(ir_type(f->w.b, i->arg[0]));
    learn(f, i, i->arg[0], whole);
    ir_append(f->w.b, *i);
}

static void visit(Forward *f, unsigned n)
{
    IRInsn i = ir_rewrite_fetch(&f->w, n);
    f->w.map[n] = IR_NONE;
    if (i.op == IR_get) {
        f->w.map[n] = visit_get(f, &i);
    } else if (i.op == IR_put) {
        visit_put(f, &i);
    } else if (i.op != IR_nop) {
        f->w.map[n] = ir_append(f->w.b, i);
        if (ir_touches(&i) & IR_TOUCH_WRITES) {
            f->generation++;
        }
    }
}

void ir_pass_forward(IRBlock *b)
{
    Forward f = {.generation = 1};
    ir_rewrite_begin(&f.w, b, CELLS * sizeof(Known));
    f.known = f.w.extra;
    memset(f.known, 0, CELLS * sizeof(Known));
    for (unsigned n = 0; n < f.w.n; n++) {
        visit(&f, n);
    }
}
