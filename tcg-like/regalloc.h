// Register allocation, shared by the backends: one forward pass, driven by the emitter, with
// next-use distances from a backward scan.
//
//   ra_new      backward scan: next uses, copies that cost nothing, dead values, where a value is
//               going to be put
//   per insn    ra_begin, then the emitter asks for operands (ra_use, ra_memory, ra_is_const) and
//               a result register (ra_def), then ra_end
//
// A value can be in a register, in a spill slot, in guest state whose memory still holds it (a get
// is not loaded before its first use; a value just put need not be spilled), or be a constant,
// which is made again when needed. Pinned registers are the homes of guest state slots: a value got
// from or put to such a slot simply *is* there until the slot is put again; only then is it copied
// if someone still wants it. A value that will be put to a pinned slot is computed straight into it
// if nothing can look at the slot in between.
//
// I32 values: a value that an I32 op makes has zeros above bit 31. One that truncates an I64 shares
// its register, so its upper half is anything (ra_zero_high tells).
//
// FLAGS values that must outlive the host's flag register are kept packed (IR_FLAG_*), as integers.
#ifndef TCG_LIKE_REGALLOC_H
#define TCG_LIKE_REGALLOC_H

#include "tcg-like/ir.h"
#include "tcg-like/lazy_flags.h"

#define RA_NO_REG    (-1)
#define RA_MAX_PINS  24
#define RA_MAX_SPILL 256

typedef enum RaClass { RA_GPR, RA_VEC, RA_CLASSES } RaClass;

typedef struct RaPin {
    uint16_t off; // of the guest state slot: 8 bytes, or 16 of a vector
    int8_t reg;
    int8_t pad;
} RaPin;

typedef struct RaRegs {
    uint32_t temps[RA_CLASSES]; // bit set of allocatable registers
    unsigned n_pins[RA_CLASSES];
    RaPin pin[RA_CLASSES][RA_MAX_PINS];
    size_t spill_off[RA_CLASSES]; // vCPU offset of the first spill slot (8, 16 bytes each)
    unsigned n_spill[RA_CLASSES]; // at most RA_MAX_SPILL
} RaRegs;

// How the backend moves things. None of these may change the host's flags.
typedef struct RaOps {
    void (*move)(void *ctx, RaClass cls, int dst, int src);
    void (*load)(void *ctx, RaClass cls, int dst, size_t off, unsigned bytes); // zero-extends
    void (*store)(void *ctx, RaClass cls, int src, size_t off, unsigned bytes);
    void (*constant)(void *ctx, RaClass cls, int dst, const IRInsn *i);
} RaOps;

typedef struct RaValue {
    IRRef root;      // the value whose register this one shares (itself, mostly)
    IRRef next;      // next use of a root; IR_NONE: none, the value is dead
    IRRef hint_from; // from this insn on it may be computed into register hint
    int16_t spill;   // slot or -1
    int32_t state;   // vCPU offset of memory that holds it, or -1
    uint8_t state_bytes;
    int8_t reg;
    int8_t hint;
    uint8_t cls;
    bool constant;
    bool zero_high;
    bool unused;  // pure and without a use: not emitted
    bool done;    // already emitted together with an earlier insn
    uint8_t form; // of the copy in a register or spill slot: the emitter's, 0 at first
    bool listed;  // in the list of values that guest state memory holds
} RaValue;

typedef struct RegAlloc {
    const IRBlock *b;
    const RaRegs *regs;
    const RaOps *ops;
    void *ctx;
    RaValue *v;       // one an insn
    IRRef (*next)[4]; // next use of each argument's root after each insn
    // Leaves of lazy flags count as used by each observer: they keep a place until it is done.
    const LazyPlans *lazy;
    IRRef (*leaf_next)[LAZY_LEAVES]; // as next, or NULL if there are no lazy flags
    IRRef pos;                       // current insn
    IRRef owner[RA_CLASSES][32];
    uint32_t locked[RA_CLASSES];
    uint64_t spill_used[RA_CLASSES][RA_MAX_SPILL / 64];
    IRRef *in_state; // values with a state copy
    unsigned n_in_state;
    IRRef defined[4]; // results made by the current insn
    unsigned n_defined;
    bool overflow; // out of spill slots: the code is no good
} RegAlloc;

void ra_init(RegAlloc *ra, const IRBlock *b, const LazyPlans *lazy, const RaRegs *regs,
             const RaOps *ops, void *ctx);
void ra_free(RegAlloc *ra);

void ra_begin(RegAlloc *ra, IRRef i);
void ra_end(RegAlloc *ra);
// Insn j is emitted now, with the current one: takes its uses off. ra_def(j) may follow.
void ra_fuse(RegAlloc *ra, IRRef j);

static inline RaValue *ra_value(RegAlloc *ra, IRRef r)
{
    return &ra->v[ra->v[r].root];
}
static inline bool ra_live(RegAlloc *ra, IRRef r) // used again after the current insn
{
    return ra_value(ra, r)->next != IR_NONE;
}
static inline bool ra_zero_high(RegAlloc *ra, IRRef r)
{
    return ra_value(ra, r)->zero_high;
}
static inline bool ra_is_const(RegAlloc *ra, IRRef r, uint64_t *value)
{
    const IRInsn *i = &ra->b->insn[ra->v[r].root];
    if (i->op != IR_const) {
        return false;
    }
    *value = ra->b->insn[r].type == IR_I32 ? (uint32_t)i->imm : i->imm;
    return true;
}

// In a register, which stays untouched until ra_end.
int ra_use(RegAlloc *ra, IRRef r);
// True if it is not in a register and worth reading from memory, where `bytes` of it lie at *off.
bool ra_memory(RegAlloc *ra, IRRef r, unsigned bytes, size_t *off);
// A register for insn i's result. If operand `like` dies here its register is preferred. early: the
// register is written before all operands are read.
int ra_def(RegAlloc *ra, IRRef i, IRRef like, bool early);
int ra_temp(RegAlloc *ra, RaClass cls); // scratch until ra_end
// Operands' registers are locked from ra_begin on. This one has been read for the last time.
void ra_unlock(RegAlloc *ra, IRRef r);
bool ra_can_allocate(const RegAlloc *ra, RaClass cls);
// A temporary that from now on holds r, which had no place; the caller fills it at once.
int ra_hold(RegAlloc *ra, IRRef r);
// Stores reg as r's spilled copy.
void ra_spill_from(RegAlloc *ra, IRRef r, int reg);
static inline bool ra_has_place(RegAlloc *ra, IRRef r)
{
    const RaValue *v = ra_value(ra, r);
    return v->reg != RA_NO_REG || v->spill >= 0 || v->state >= 0 || v->constant;
}
// Where a value is now, for C code called from here: what the backend's registers are saved to is
// its own. reg: that, or RA_NO_REG and *off, *bytes are its copy in memory; constants have neither.
int ra_place(RegAlloc *ra, IRRef r, size_t *off, unsigned *bytes);
// The plan pending at an observer, or NULL.
static inline const LazyPlan *ra_pending(const RegAlloc *ra, IRRef i)
{
    return ra->lazy->at && ra->lazy->at[i] ? &ra->lazy->plan[ra->lazy->at[i] - 1] : NULL;
}
// Empties a certain temporary and locks it until ra_end.
void ra_take(RegAlloc *ra, RaClass cls, int reg);
// The value is dead from here on.
void ra_kill(RegAlloc *ra, IRRef root);
uint32_t ra_busy(const RegAlloc *ra, RaClass cls); // temporaries whose values are used later

// --- guest state
const RaPin *ra_pin(const RegAlloc *ra, RaClass cls, uint64_t off);
// The state bytes are about to change: values that lean on them get a place of their own.
void ra_state_changes(RegAlloc *ra, size_t off, size_t bytes);
// Memory at off now holds all of value r.
void ra_state_holds(RegAlloc *ra, IRRef r, size_t off, unsigned bytes);
// Insn i (a get) takes the pinned register's value.
void ra_get_pinned(RegAlloc *ra, IRRef i, const RaPin *p);
// A put to a pinned slot of value r: makes the register hold it.
void ra_put_pinned(RegAlloc *ra, IRRef r, const RaPin *p);

#endif
