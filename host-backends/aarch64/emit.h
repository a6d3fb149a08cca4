// One block's emission: what the emitters of the op groups share.
#ifndef HOST_BACKENDS_AARCH64_EMIT_H
#define HOST_BACKENDS_AARCH64_EMIT_H

#include "host-backends/aarch64/encode.h"
#include "host-backends/aarch64/registers.h"
#include "host-backends/backend.h"
#include "host-backends/common.h"

// Entry points in the code cache: HostThunks.offset[].
enum {
    T_BUDGET,    // x16 = Block *: gives the budget back, leaves
    T_UNLINKED,  // x16 = BlockLink *: sets the pc from it, leaves
    T_LOOP,      // leaves; the pc has been put
    T_INDIRECT,  // x16 = target: sets the pc, leaves
    T_RET_MISS,  // x16 = target: resets the return stack, looks in the jump cache
    T_LOAD,      // x16 = address, w17 = memop -> x16
    T_STORE,     // x15 = value
    T_LOAD128,   // -> v30
    T_STORE128,  // v30 = value
    T_RMW,       // x15 = operand, w17 = memop | kind << 16 -> x16
    T_CAS,       // x15 = expected, CALL_ARG(0) = new value -> x16
    T_CHK,       // w17 = memop | span << 16 -> x16
    T_CALL,      // x16 = function, arguments in CALL_ARG() -> x16
    T_CALL_PURE, // the same, for functions that touch no guest state
    T_VCALL,     // x16 = IRVFn *, w17 = desc; arguments and result in VARG()
    T_VCALL_PURE,
};

// HostThunks.features: instructions that not every host has.
enum {
    A64_HAS_AES = 1,
    A64_HAS_PMULL = 2,
    A64_HAS_SHA1 = 4,
    A64_HAS_SHA2 = 8,
    A64_HAS_CRC32 = 16,
};

// What NZCV say of a FLAGS value. INVERTED: the value's C is the opposite (a subtraction's borrow).
// SSE: those of an FCMP whose value is COMISD's.
typedef enum NzKind { NZ_PLAIN, NZ_INVERTED, NZ_SSE, NZ_KINDS } NzKind;

// How an op that set NZCV can be done once more, to pack its flags out of line.
typedef struct FlagsSource {
    uint8_t kind; // FlagsOp of emit_flags.h
    uint8_t bits; // of the operation
    uint8_t nz;   // NzKind
    bool imm;     // the second operand is value
    bool lost;    // a holds the result instead
    int8_t a, b;
    uint64_t value;
} FlagsSource;

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
    bool nzcv;         // they are wanted behind it
    uint32_t busy_vec; // temporaries with live values
    int reg[5];        // the emitter's
    int64_t disp;
    uint64_t imm;
    FlagsSource flags;
};

typedef struct PoolUse {
    size_t field; // of a literal load
    V128 value;
} PoolUse;

struct Emit {
    A64Code c;
    RegAlloc ra;
    RaRegs regs;
    const CompileRequest *r;
    const IRBlock *b;
    size_t start;   // of the block's code in the cache
    IRRef at;       // the op being emitted
    unsigned index; // guest instruction it belongs to
    IRRef nz;       // whose flags NZCV are
    NzKind nz_kind;
    FlagsSource source; // of nz, if that is not packed anywhere
    const IRInsn *page; // a page op whose check is left to the current access, or NULL
    Cold *cold;
    unsigned n_cold, cold_capacity;
    SideTable side;
    LazyPlans lazy;
    Recipes recipes;
    PoolUse *pool;
    unsigned n_pool, pool_capacity;
    struct {
        size_t field; // of the jump
        size_t key;   // word that the check compares with, or 0
        size_t stub;
    } link[IR_MAX_SLOTS + 1];
};

typedef void EmitFn(Emit *e, const IRInsn *i);
extern EmitFn *const a64_emit_table[IR_OPCODES];

#define EMIT(name)            void a64_emit_##name(Emit *e, const IRInsn *i)
#define IR_OP(name, sig, eff) EMIT(name);
#include "tcg-like/ops.h"

// --- operands
static inline bool is_wide(const IRInsn *i)
{
    return i->type == IR_I64;
}
static inline bool arg_wide(const Emit *e, IRRef r)
{
    return e->b->insn[r].type == IR_I64;
}
static inline bool has_feature(const Emit *e, unsigned bits)
{
    return (e->r->thunks->features & bits) == bits;
}
static inline void a64_copy(Emit *e, bool wide, int dst, int src) // unless they are the same
{
    if (dst != src) {
        a64_mov(&e->c, wide, dst, src);
    }
}
// The op's operands and result, when the result is written last.
typedef struct Regs {
    int d, a, b, c;
} Regs;
Regs a64_r1(Emit *e, const IRInsn *i);
Regs a64_r2(Emit *e, const IRInsn *i);
Regs a64_r3(Emit *e, const IRInsn *i);
// A 64-bit view of an integer operand: zero-extended into T3 if need be.
int a64_use_wide(Emit *e, IRRef r);
// vd = the constant, read from behind the block's code.
void a64_pool(Emit *e, int vd, V128 value);
void a64_call_helper(Emit *e, const IRInsn *i, const void *fn); // pure: fn(vcpu, args...)

// --- memory and calls
Cold *a64_cold(Emit *e, void (*emit)(Emit *, const Cold *), size_t from);
void a64_cold_alone(Emit *e, const Cold *c); // runs the current instruction alone
// Around C code that is called out of line: live vector temporaries and NZCV.
void a64_cold_save(Emit *e, const Cold *c);
void a64_cold_restore(Emit *e, const Cold *c);
void a64_save_vec(Emit *e, uint32_t set, bool restore);
void a64_thunk(Emit *e, unsigned thunk, unsigned index, uint32_t recipe); // with a side entry
uint32_t a64_recipe(Emit *e);
// Result of a vector function with these operands, through VARG(0).
void a64_vector_call(Emit *e, const IRInsn *i, IRVFn *fn, uint32_t desc, unsigned flags);

// --- links
enum { LINK_LANDING = IR_MAX_SLOTS };

#endif
