// The guest's x87 in the host's (x87_plan.c, x87_stack.c, emit_x87.c).
//
//   first x87 op            control word and host's as one? registers there that are wanted?
//     |                     load them
//   x87 ops                 the host's instruction on the host's registers
//     |
//   anything that looks     FNSTSW, registers, tags, TOP, pointers go to guest state; the host's
//   or leaves               stack is empty
//
// Between the first op and the end of such a *stretch*, the host's ST(0)..ST(n-1) are the guest's.
// Its rounding and precision are the guest's, and its exception flags are among the guest's or
// waiting to be.
// Memory operands are used where they are: the access of an ld or st makes the whole instruction.
#ifndef HOST_BACKENDS_X86_64_EMIT_X87_H
#define HOST_BACKENDS_X86_64_EMIT_X87_H

#include "host-backends/x86_64/emit.h"
#include "tcg-like/x87.h"

enum { // status word
    X87_SW_RAISED = 0x3f,
    X87_SW_C1 = 0x200,
    X87_SW_CONDITION = 0x4700,
};

#define X87_REGS       8
#define X87_NO_SEGMENT 8

// What is known at one place of a stretch. Registers are numbered from where TOP was at its start,
// as far as guest state has not been told of their change.
typedef struct X87Stack {
    bool active;
    uint8_t n;                // of the host's registers in use
    uint8_t top;              // guest's register in the host's ST(0)
    uint8_t toggled;          // registers whose tag has changed
    uint8_t next_id;          // for values
    uint8_t segment;          // of the last memory operand, or X87_NO_SEGMENT: not changed
    uint16_t pending;         // bits of the status word that the guest's has yet to get
    uint8_t id[2 * X87_REGS]; // which value is in the host's ST(p); the upper half: room for faults
    uint8_t home[X87_REGS];   // the value in guest state, by register; 0: some other
    IRRef last;               // call whose pointers are the unit's, or IR_NONE: not changed
} X87Stack;

typedef struct X87 {
    const X87Layout *at;
    X87Stack now;
    const X87Stack *here; // where code is being emitted: now, or that of the code out of line
    IRRef until;          // the stretch is good for calls before this one
    X87Stack *snapshot;   // for code out of line
    unsigned n_snapshots, capacity;
    // By insn: of an ld or st, the call whose operand it is, and the other way round; or IR_NONE.
    IRRef operand[];
} X87;

// --- for the emitters of other ops. All do nothing in blocks without x87 instructions.
void x87_plan(Emit *e); // before the first op
void x87_free(Emit *e);
void x87_op_begins(Emit *e, const IRInsn *i);
static inline void x87_before(Emit *e, const IRInsn *i) // each op
{
    if (e->x87) {
        x87_op_begins(e, i);
    }
}
static inline bool x87_is_busy(const Emit *e)
{
    return e->x87 && e->x87->now.active;
}
uint16_t x87_snapshot(Emit *e);          // Cold.x87
void x87_cold(Emit *e, const Cold *c);   // before each piece of code out of line
void x87_leave(Emit *e, const Cold *c);  // guest state is made complete; rax, rcx, EFLAGS change
void x87_return(Emit *e, const Cold *c); // the host's registers are as they were before x87_leave
void x87_call(Emit *e, const IRInsn *i); // a call with IR_CALL_X87
static inline IRRef x87_operand_of(const Emit *e, const IRInsn *i)
{
    return e->x87 ? e->x87->operand[i - e->b->insn] : IR_NONE;
}
// The access of such an ld or st: the whole instruction on m, which does not use rax. rax changes.
void x87_access(Emit *e, const IRInsn *i, X86Mem m);

// --- between the files
static inline const X87Helper *x87_helper(const IRInsn *i)
{
    const IRHelper *h = (const IRHelper *)(uintptr_t)i->imm;
    return i->op == IR_call && h->flags & IR_CALL_X87 ? (const X87Helper *)(const void *)h : NULL;
}
uint32_t x87_desc(const Emit *e, const IRInsn *i);
void x87_bytes(Emit *e, unsigned a, unsigned b);
// What the ops from here to call k, and those behind it, want is there, or the instruction runs
// alone. Before operands are asked for.
void x87_ready(Emit *e, IRRef k);
void x87_merge(Emit *e, X87Stack *s);                   // pending bits go to the guest's status
void x87_clean(Emit *e, const X87Stack *s, unsigned p); // guest state gets ST(p); rax, C1 change
bool x87_is_dirty(const X87Stack *s, unsigned p);
X86Mem x87_slot(Emit *e, const X87Stack *s, unsigned p); // of ST(p) in guest state, by rax
void x87_push(X87Stack *s, unsigned id);
void x87_pop(X87Stack *s);
static inline unsigned x87_new_id(X87Stack *s)
{
    return s->next_id++;
}

// Which arguments those are; -1: none.
typedef struct X87Arguments {
    int8_t desc, ip, dp;
} X87Arguments;
X87Arguments x87_arguments(X87Call call);

// How an instruction uses the stack.
typedef struct X87Use {
    int8_t deepest; // ST(0..deepest) must be there; -1: none
    uint8_t pushes, pops;
} X87Use;
X87Use x87_use(X87Call call, uint32_t desc);

#endif
