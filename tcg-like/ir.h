// The intermediate representation: typed SSA values within one translation.
//
//   guest bytes --decode--> IRBlock --passes--> IRBlock --allocate, emit--> host code
//                                          \--> interpreter (the reference)
//
// An IRBlock is a straight line of insns with side exits (exit_if*), ending in one terminal op. A
// value is named by the index of the insn that makes it. Guest state is reached by get/put with a
// byte offset from the vCPU, never by a guest register's name. At every op that may fault or
// read state and at every exit, all earlier puts are in the guest state (the backend may keep a
// slot in a pinned host register, which counts as its home).
#ifndef TCG_LIKE_IR_H
#define TCG_LIKE_IR_H

#include "util/bits.h"

struct VCPU;

typedef enum IROpcode {
#define IR_OP(name, sig, eff) IR_##name,
#include "tcg-like/ops.h"
    IR_OPCODES
} IROpcode;

typedef enum IRType { IR_VOID, IR_I32, IR_I64, IR_V128, IR_FLAGS } IRType;

enum {
    IR_EFF_PURE = 0,
    IR_EFF_RD = 1,
    IR_EFF_WR = 2,
    IR_EFF_MEM_R = 4,
    IR_EFF_MEM_W = 8,
    IR_EFF_FAULT = 16,
    IR_EFF_EXIT = 32,
    IR_EFF_TERM = 64,
};

typedef union V128 {
    uint8_t u8[16];
    uint16_t u16[8];
    uint32_t u32[4];
    uint64_t u64[2];
    int8_t s8[16];
    int16_t s16[8];
    int32_t s32[4];
    int64_t s64[2];
    unsigned __int128 u128;
} __attribute__((aligned(16))) V128;

// clang-format off
// Conditions on two integers. cond ^ 1 is the opposite.
typedef enum IRCond {
    IR_EQ, IR_NE, IR_LTU, IR_GEU, IR_GTU, IR_LEU, IR_LT, IR_GE, IR_GT, IR_LE,
    IR_TSTNZ, // (a & b) != 0
    IR_TSTZ,
} IRCond;
// clang-format on

// Packed flags: the layout of x86's LAHF (AH) over SETO (AL). State slots hold 16 bits: in the high
// byte only these count, the low byte is V alone, 0 or 1.
#define IR_FLAG_S    0x8000
#define IR_FLAG_Z    0x4000
#define IR_FLAG_A    0x1000 // carry or borrow between bits 3 and 4
#define IR_FLAG_P    0x0400 // parity of the low byte, even = 1
#define IR_FLAG_C    0x0100
#define IR_FLAG_V    0x0001
#define IR_FLAG_MASK 0xd501

// clang-format off
// Conditions on flags. cond ^ 1 is the opposite.
typedef enum IRFlagCond {
    IR_F_Z, IR_F_NZ, // equal
    IR_F_C, IR_F_NC,
    IR_F_S, IR_F_NS,
    IR_F_V, IR_F_NV,
    IR_F_C_NZ, IR_F_NC_OR_Z,     // C && !Z: Arm HI, LS
    IR_F_GE, IR_F_LT,            // S == V
    IR_F_GT, IR_F_LE,            // !Z && S == V
    IR_F_NC_NZ, IR_F_C_OR_Z,     // !C && !Z: x86 A, BE
    IR_F_P, IR_F_NP,
} IRFlagCond;
// clang-format on

// f_fcmp: how the order is told, and whether a quiet NaN is invalid too. With NZCV as Arm does:
// less S; equal Z,C; greater C; unordered C,V. Without, as x86's COMISD: less C; equal Z; greater
// none; unordered Z,P,C.
#define IR_FCMP_NZCV   0x10
#define IR_FCMP_SIGNAL 0x20

#define IR_FP_SCALAR 0x10
#define IR_FP_SSE    0x40
#define IR_FP_KEEP   0x80 // with SCALAR and SSE: the other lanes are a's
// Arm's standard FPSCR for Advanced SIMD in AArch32, while the guest rounds to nearest: denormal
// operands and results are flushed, NaNs are the default one. The host computes if no operand is
// denormal and no result can be.
#define IR_FP_FLUSH 0x100

// fma under IR_FP_SSE: signs of the product and of c. A NaN keeps its own.
typedef enum IRFmaKind {
    IR_FMA_ADD,     // a * b + c
    IR_FMA_SUB,     // a * b - c
    IR_FMA_NEG_ADD, // -(a * b) + c
    IR_FMA_NEG_SUB, // -(a * b) - c
    IR_FMA_ADD_SUB, // even lanes subtract c, odd ones add it
    IR_FMA_SUB_ADD, // the other way round
} IRFmaKind;

typedef enum IRRound {
    IR_RND_NEAREST, // x86's and C's order of names
    IR_RND_DOWN,
    IR_RND_UP,
    IR_RND_ZERO,
    IR_RND_AWAY,      // ties away from zero
    IR_RND_CURRENT,   // the guest's rounding mode
    IR_RND_EXACT = 8, // flag: raise inexact
} IRRound;

// aux of a memory op.
enum {
    IR_MEM_SIZE = 7,       // log2 of the bytes, 0..4
    IR_MEM_SIGN = 1 << 3,  // sign-extend to the result's type
    IR_MEM_ALIGN = 1 << 4, // natural alignment or an alignment fault
    IR_MEM_ACQ = 1 << 5,
    IR_MEM_REL = 1 << 6,
    IR_MEM_UNPRIV = 1 << 7,  // with the unprivileged regime (LDTR/STTR): vcpu->fast[1]
    IR_MEM_STORE = 1 << 8,   // set by the builder on stores, and on chk for stores
    IR_MEM_ALIGN16 = 1 << 9, // alignment fault only if the access crosses 16 bytes (Arm LSE2)
    IR_MEM_WRITE = 1 << 10,  // on ld: checked as a store would be, as one to there follows
    // With ALIGN: log2 of the alignment in 3 bits, if it is not the natural one (0).
    IR_MEM_ALIGN_TO = 11,
};
// The mask that ALIGN asks to be zero, of an access of `bytes`.
static inline unsigned ir_mem_align_mask(unsigned memop, unsigned bytes)
{
    unsigned to = memop >> IR_MEM_ALIGN_TO & 7;
    return (to ? 1u << to : bytes) - 1;
}

// clang-format off
typedef enum IRRmwKind {
    IR_RMW_XCHG, IR_RMW_ADD, IR_RMW_AND, IR_RMW_CLR, IR_RMW_OR, IR_RMW_XOR,
    IR_RMW_SMAX, IR_RMW_SMIN, IR_RMW_UMAX, IR_RMW_UMIN,
} IRRmwKind;
// clang-format on

typedef enum IRIndKind { IR_IND_JUMP, IR_IND_CALL, IR_IND_RET } IRIndKind;

typedef uint16_t IRRef;
#define IR_NONE ((IRRef)0xffff)

typedef struct IRInsn {
    uint16_t op;  // IROpcode
    uint8_t type; // IRType of the result, or IR_VOID
    uint8_t host; // the allocator's: host register of the result
    uint16_t aux, aux2;
    IRRef arg[4]; // unused ones are IR_NONE
    uint64_t imm;
} IRInsn;

#define IR_MAX_SLOTS 8
#define IR_MAX_INSNS 0xff00

typedef struct IRBlock {
    IRInsn *insn;
    unsigned n, capacity;
    V128 *vpool;
    unsigned n_vpool, vpool_capacity;
    uint64_t pc;          // guest address of the first instruction
    unsigned guest_bytes; // decoded
    unsigned guest_insns; // N of the budget check
    uint64_t exit_pc[IR_MAX_SLOTS];
    unsigned n_slots;
    uint32_t exit_checked; // bit n: slot n's link holds in the mode that it was made in only
    // The passes' working memory, kept from block to block.
    IRInsn *spare;
    unsigned spare_capacity;
    void *scratch;
    size_t scratch_bytes;
    struct IROwned *owned; // helpers that the parser made
} IRBlock;

// A C function that translated code calls: ret fn(VCPU *, arg0, ...), integer arguments only (I32
// values arrive zero-extended in 64 bits). The flags tell what the backend has to do around it.
typedef struct IRHelper {
    const char *name;
    void *fn;
    uint8_t ret; // IRType
    uint8_t n_args;
    uint16_t flags;
} IRHelper;

enum {
    IR_CALL_READS = 1,  // reads guest state: pinned registers must be home before
    IR_CALL_WRITES = 2, // writes guest state: pinned registers are reloaded after
    IR_CALL_FAULTS = 4, // may raise an exception (engine_leave) or touch guest memory
    IR_CALL_COUNT = 8,  // reads the instruction count or changes the budget
    IR_CALL_ALL = 15,
    // With IR_CALL_FAULTS alone beside it: an X87Helper (x87.h). It works on state that no other op
    // names. Not in blocks of an instruction that runs alone.
    IR_CALL_X87 = 16,
};

// A C function on vectors: d may alias a, b or c. Returns by *d. Operands that the op does not
// have are null or any bytes. Reads and writes only the state that the flags say; never guest
// memory.
typedef void IRVFn(struct VCPU *, V128 *d, const V128 *a, const V128 *b, const V128 *c,
                   uint32_t desc);
typedef struct IRVHelper {
    const char *name;
    IRVFn *fn;
    uint16_t flags; // IR_CALL_READS/WRITES: guest state other than the FP status
} IRVHelper;

typedef struct IROpInfo {
    const char *name;
    const char *sig;
    uint8_t n_args;
    uint8_t effects;
} IROpInfo;

extern const IROpInfo ir_op_info[IR_OPCODES];

IRBlock *ir_block_new(void);
void ir_block_reset(IRBlock *b);
void ir_block_free(IRBlock *b);
// Gives back memory that only building and optimising need; for blocks that are kept.
void ir_block_trim(IRBlock *b);
IRRef ir_append(IRBlock *b, IRInsn i); // returns its index
// At least `bytes` of working memory, contents undefined, valid until the next call for this block.
void *ir_scratch(IRBlock *b, size_t bytes);

// Whether a condition holds for two integers of type t (I32 zero-extended), or for packed flags.
bool ir_cond_holds(IRCond c, IRType t, uint64_t x, uint64_t y);
bool ir_flags_hold(IRFlagCond c, unsigned flags);

// Text form, one insn a line: "%7 = add.i64 %3, %5". ir_print writes to a FILE (void * keeps stdio
// out of this header); ir_parse reads what ir_print writes and returns NULL with *error set
// (g_free). Helpers keep name and flags, not the function: a parsed block that calls one cannot be
// run. ir_text gives the same as a string (free).
void ir_print(const IRBlock *b, void *file);
char *ir_text(const IRBlock *b);
IRBlock *ir_parse(const char *text, char **error);

// Checks types, dominance, slots and the one terminal; NULL if sound, else a message (g_free).
char *ir_verify(const IRBlock *b);

#endif
