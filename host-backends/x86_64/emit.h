// One block's emission: what the emitters of the op groups share.
#ifndef HOST_BACKENDS_X86_64_EMIT_H
#define HOST_BACKENDS_X86_64_EMIT_H

#include "host-backends/backend.h"
#include "host-backends/common.h"
#include "host-backends/x86_64/encode.h"
#include "host-backends/x86_64/registers.h"
#include "tcg-like/regalloc.h"

// Entry points in the code cache: HostThunks.offset[].
enum {
    T_BUDGET,    // rax = Block *: gives the budget back, leaves
    T_UNLINKED,  // rax = BlockLink *: sets the pc from it, leaves
    T_LOOP,      // leaves; the pc has been put
    T_INDIRECT,  // rdx = target: sets the pc, leaves
    T_RET_MISS,  // rdx = target: resets the return stack, looks in the jump cache
    T_LOAD,      // rax = address; one pushed word: memop -> rax
    T_STORE,     // rcx = value
    T_LOAD128,   // -> xmm15
    T_STORE128,  // xmm15 = value
    T_RMW,       // rcx = operand; pushed: memop | kind << 16 -> rax
    T_CAS,       // rcx = expected; pushed: new value, memop -> rax
    T_CHK,       // pushed: memop | span << 16 -> rax
    T_CALL,      // rax = function; pushed: four arguments -> rax
    T_CALL_PURE, // the same, for functions that touch no guest state
    T_VCALL,     // rax = IRVFn *, ecx = desc; arguments and result in VARG()
    T_VCALL_PURE,
};

// Constants in front of the thunks: offsets in the code cache.
enum {
    K_ABS64,
    K_ABS32,
    K_MIN64, // smallest normal numbers
    K_MIN32,
    K_ONES,
    K_TINY32,  // in all 32-bit lanes: 2^-126 as bits, less 2
    K_SMALL32, // the same of 2^-40
    K_SIGN32,
    K_TWO63_64,
    K_TWO63_32,
    K_MXCSR,
    K_COUNT,
};
static inline X86Mem x86_const(unsigned k)
{
    return x86_mem_rip(16 * (size_t)k);
}

typedef struct Emit Emit;
typedef struct Cold Cold;

// Code out of line, written after the block's last op. `from` jumps to it, it returns to `back`.
struct Cold {
    void (*emit)(Emit *e, const Cold *c);
    size_t from, back;
    IRRef insn;
    uint16_t index;  // guest instruction
    uint32_t recipe; // of lazy flags, if the code calls C that may leave
    int8_t memo;     // register of the page memo (emit_memory.c)
    bool leader;
    uint32_t busy_vec; // temporaries with live values
    uint16_t x87;      // index + 1 of the x87's state there (emit_x87.h), or 0: nothing in it
    int reg[5];        // the emitter's
    uint64_t imm;
};

typedef struct PoolUse {
    size_t field; // of a displacement
    V128 value;
} PoolUse;

struct Emit {
    X86Code c;
    RegAlloc ra;
    RaRegs regs;
    const CompileRequest *r;
    const IRBlock *b;
    IRRef at;       // the op being emitted
    unsigned index; // guest instruction it belongs to
    // EFLAGS: whose flags they are; inverted: its C is the opposite of CF.
    IRRef ef;
    bool ef_inverted;
    bool ef_any_a;      // AF says nothing: the value's A is 0
    IRRef fcmp;         // EFLAGS are of the COMIS that made this value, which is packed elsewhere
    const IRInsn *page; // a page op whose check is left to the current access, or NULL
    Cold *cold;
    unsigned n_cold, cold_capacity;
    SideTable side;
    LazyPlans lazy;
    struct X87 *x87; // of blocks with x87 instructions (emit_x87.h)
    Recipes recipes;
    PoolUse *pool;
    unsigned n_pool, pool_capacity;
    struct {
        size_t field; // rel32 of the jump
        size_t key;   // imm32 of the check, or 0
        size_t stub;
    } link[IR_MAX_SLOTS + 1];
};

typedef void EmitFn(Emit *e, const IRInsn *i);
extern EmitFn *const x86_emit_table[IR_OPCODES];

#define EMIT(name)            void x86_emit_##name(Emit *e, const IRInsn *i)
#define IR_OP(name, sig, eff) EMIT(name);
#include "tcg-like/ops.h"

// --- operands
typedef enum OpndKind { OPND_REG, OPND_MEM, OPND_IMM } OpndKind;
typedef struct Opnd {
    OpndKind kind;
    int reg;
    int32_t imm;
    X86Mem mem;
} Opnd;

static inline bool is_wide(const IRInsn *i)
{
    return i->type == IR_I64;
}
static inline bool arg_wide(const Emit *e, IRRef r)
{
    return e->b->insn[r].type == IR_I64;
}
// A register, memory or a 32-bit immediate, whatever is cheapest for a second operand.
Opnd x86_operand(Emit *e, IRRef r, bool w);
void x86_alu(Emit *e, X86Alu op, bool w, int dst, Opnd src);
// dst = a op b. EFLAGS are the operation's.
void x86_two_operand(Emit *e, X86Alu op, bool w, int dst, int a, Opnd b);
// One instruction makes both `value` and `flags` from x and y.
void x86_alu_with_flags(Emit *e, X86Alu op, bool w, IRRef x, IRRef y, IRRef value, IRRef flags);
void x86_copy(Emit *e, bool w, int dst, int src); // unless they are the same
// The op's two operands; a constant one of a commutative op goes second.
void x86_order_operands(Emit *e, const IRInsn *i, IRRef *x, IRRef *y);
// dst = op(vvvv, the constant), read from behind the block's code. Not for ops with an immediate.
void x86_vex_pool(Emit *e, unsigned op, int dst, int vvvv, V128 value);
// XMM register or memory (VEX operands need no alignment).
void x86_vex_operand(Emit *e, unsigned op, int reg, int vvvv, IRRef r);

// --- flags (emit_flags.c)
bool flags_wanted(Emit *e);  // EFLAGS hold a value that will be used
void flags_clobber(Emit *e); // before code that changes EFLAGS; before operands are asked for
void flags_set(Emit *e, IRRef f, bool inverted);         // EFLAGS now are f
void flags_set_fcmp(Emit *e, IRRef f);                   // EFLAGS are of f's COMIS
X86Cond flags_condition(Emit *e, IRRef f, IRFlagCond c); // makes EFLAGS tell it
void flags_load_carry(Emit *e, IRRef f);                 // CF = C
static inline IRRef flags_partner(Emit *e, IROpcode op, const IRInsn *like)
{
    return hb_partner(&e->ra, e->at, op, like);
}
X86Cond x86_compare(Emit *e, IRCond c, IRRef a, IRRef b);
void flags_put(Emit *e, IRRef f, size_t off);
void flags_keep(Emit *e, IRRef f); // an operand in EFLAGS gets a place
// ax = the flags in EFLAGS, packed; rcx may change.
void flags_pack_rax(Emit *e, bool inverted, bool any_a);
// --- between the two files
static inline IRRef flags_root(const Emit *e, IRRef f)
{
    return e->ra.v[f].root;
}
void flags_load(Emit *e, IRRef f);         // into EFLAGS
void flags_load_packed(Emit *e, IRRef f);  // eax = packed, from wherever but EFLAGS
void flags_save(Emit *e, bool may_answer); // the value in EFLAGS gets a place
void flags_complement_carry(Emit *e);      // CF and ef_inverted

// --- memory and calls
Cold *x86_cold(Emit *e, void (*emit)(Emit *, const Cold *), size_t from);
void x86_cold_alone(Emit *e, const Cold *c); // runs the current instruction alone
void x86_save_vec(Emit *e, uint32_t set, bool restore);
void x86_side_entry(Emit *e, unsigned index, uint32_t recipe); // the call just emitted
void x86_thunk(Emit *e, unsigned thunk);                       // call with a side entry
// How to work out the lazy flags pending at the current op, from where values are now; 0: none are.
uint32_t x86_recipe(Emit *e);
// Result of a vector function with these operands, through VARG(0).
void x86_vector_call(Emit *e, const IRInsn *i, IRVFn *fn, uint32_t desc, unsigned flags);

// --- links
enum { LINK_LANDING = IR_MAX_SLOTS };

#endif
