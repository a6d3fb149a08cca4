// Flags: see emit_flags.c.
#ifndef HOST_BACKENDS_AARCH64_EMIT_FLAGS_H
#define HOST_BACKENDS_AARCH64_EMIT_FLAGS_H

#include "host-backends/aarch64/emit.h"

typedef enum FlagsOp { FLAGS_NONE, FLAGS_ADD, FLAGS_SUB, FLAGS_AND, FLAGS_TEST } FlagsOp;

bool nz_wanted(Emit *e);  // NZCV hold a value that will be used
void nz_clobber(Emit *e); // before code that changes NZCV; before operands are asked for
void nz_set(Emit *e, IRRef f, NzKind kind);           // NZCV now are f
A64Cond nz_condition(Emit *e, IRRef f, IRFlagCond c); // makes NZCV tell it
void nz_load_carry(Emit *e, IRRef f, bool inverted);  // NZCV's C = C, or its opposite
A64Cond a64_compare(Emit *e, IRCond c, IRRef a, IRRef b);
void nz_put(Emit *e, IRRef f, size_t off);
// Whether somebody will want f as a word, other than out of line right behind the current op.
bool nz_needs_packed(Emit *e, IRRef f);
// Whether the next op is a way out that alone wants f packed. value: a result that may be put
// before it to the pinned register reg, where it is; or IR_NONE.
bool nz_left_to_exit(Emit *e, IRRef f, IRRef value, int reg);
// If all that is wanted of f is f with its C inverted, that is made now: gives that value, or f.
IRRef nz_take_cmc(Emit *e, IRRef f, NzKind *kind);
int nz_use_packed(Emit *e, IRRef f); // in a register
// Packs NZCV of an operation into rd, which may be none of the others. result: where its low byte
// lies, at bit low; half: a register with the half carry at bit low + 4, or -1 for logic; both are
// changed. T2 is.
void nz_pack(A64Code *c, int rd, NzKind kind, int result, int half, unsigned low);
void nz_pack_plain(A64Code *c, int rd, NzKind kind); // A and P clear; NZ_SSE: its own
// Does e->source or a copy of it again, and packs into T3.
void nz_redo(Emit *e, const FlagsSource *s);

static inline IRRef nz_root(const Emit *e, IRRef f)
{
    return e->ra.v[f].root;
}

#endif
