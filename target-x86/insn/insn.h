// The x86 frontend: rows in the manual's own notation, one file a group of instructions, each row
// with its translator.
//
//   static const X86Row rows[] = {
//       {"ADD", "01 /r", "Ev,Gv", tr_alu, ALU_ADD, X86_ROW_LOCK},
//       {"IMUL", "6B /r", "Gv,Ev,Ibs", tr_imul3},
//       {"ADDPS", "NP 0F 58 /r", "Vx,Wx", tr_fp_add, 0, 0, X86_FEAT_SSE},
//       {"VADDPS", "VEX.NP.0F.WIG 58 /r", "Vx,Hx,Wx", tr_fp_add, 0, 0, X86_FEAT_AVX},
//
// Encoding: [VEX.[128|256|LIG|LZ.]{NP|66|F3|F2}.{0F|0F38|0F3A}.{W0|W1|WIG}] or [NP|66|F3|F2|NFx]
// and the escape bytes (0F, 0F 38, 0F 3A); the opcode byte, "+r" if its low three bits are a
// register; /r or /0../7; for opcodes whose ModRM byte is all of it, that byte as a second one ("0F
// 01 C8", "D9 C0+i"); "mem" or "reg" after it if ModRM.mod has to be so; "W0" or "W1" if REX.W has
// to be so. Without a mandatory prefix in the row, 66 is the operand size and F2, F3 are REP (or
// ignored); NFx is that without F2 and F3. With F2 or F3 in the row, 66 is the operand size. VEX
// without 128/256/LIG takes both lengths. Of two rows that match, the more specific one is meant;
// rows whose feature the CPU lacks do not match.
//
// Operands, comma-separated, in the notation of SDM vol. 2, appendix A.2: a letter for the kind, a
// suffix for the size:
//
//   E  ModRM r/m: register or memory     W  XMM/YMM or memory     Q  MMX or memory
//   M  memory only                       U  XMM/YMM only          N  MMX only
//   R  register only                     V  ModRM.reg XMM/YMM     P  ModRM.reg MMX
//   G  ModRM.reg register                H  VEX.vvvv XMM/YMM      S  ModRM.reg segment register
//   Z  register in the opcode (+r)       L  imm8[7:4] XMM/YMM     C  control register
//   B  VEX.vvvv register                 I  immediate             D  debug register
//   O  memory at an immediate address    J  relative target       A  far pointer immediate
//   X  DS:rSI (DS may be overridden)     Y  ES:rDI
//
//   b 8   w 16   d 32   q 64   dq 128   qq 256   x 128 or 256 by VEX.L   h half of x
//   t 80 (x87)   v by operand size   z v, but 32 at most   y 32 or 64 (REX.W)
//   p far pointer of operand size   bs imm8 sign-extended   n address size   none: no access
//
// and fixed ones by name: AL CL AX DX eAX (z) rAX (v) rCX rDX ... 1 ES CS SS DS FS GS, ST0, STi,
// XMM0.
#ifndef TARGET_X86_INSN_INSN_H
#define TARGET_X86_INSN_INSN_H

#include "accel/target.h"
#include "target-x86/cpu.h"
#include "tcg-like/builder.h"

#define X86_MAX_INSN_BYTES 15

// Rows and tables leave out what is zero at their ends.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

typedef enum X86OperandKind {
    X86_OP_NONE,
    X86_OP_GPR, // reg 0..15; high_byte: AH, CH, DH, BH are reg 0..3
    X86_OP_SEG,
    X86_OP_CR,
    X86_OP_DR,
    X86_OP_VEC, // XMM or YMM
    X86_OP_MMX,
    X86_OP_ST,
    X86_OP_MEM,     // insn->mem
    X86_OP_STR_SRC, // DS:rSI
    X86_OP_STR_DST, // ES:rDI
    X86_OP_IMM,     // insn->imm, sign- or zero-extended to the operation
    X86_OP_REL,     // insn->imm: displacement from the next instruction
    X86_OP_FAR,     // insn->imm: offset; insn->far_selector
} X86OperandKind;

typedef struct X86Operand {
    uint8_t kind;
    uint8_t reg;
    uint8_t bytes; // 1, 2, 4, 8, 10, 16, 32; of a far pointer: the offset's
    bool high_byte;
    uint64_t imm;
} X86Operand;

#define X86_NO_REG 0xff

struct X86Row;

// A decoded instruction. Sizes are in bytes.
typedef struct X86Insn {
    const struct X86Row *row;
    uint8_t len;
    uint8_t op_bytes;    // 2, 4, 8: effective operand size (after D64/F64)
    uint8_t addr_bytes;  // 2, 4, 8
    uint8_t stack_bytes; // 2, 4, 8: width of rSP
    uint8_t opcode, modrm;
    bool has_modrm, lock, rep, repne, vex, vex_l, rex, rex_w, opsize_prefix;
    uint8_t vvvv;
    uint8_t seg_prefix; // X86_ES.., or X86_NO_REG
    // Memory operand, if ModRM or the opcode has one: base + index << scale + disp, in addr_bytes;
    // X86_NO_REG for none. rip: relative to the next instruction. seg: after defaults and prefix.
    uint8_t base, index, scale, seg;
    bool rip;
    int64_t disp;
    uint64_t imm;
    uint16_t far_selector;
    uint8_t imm_bytes;
    uint8_t n_operands;
    X86Operand operand[4];
} X86Insn;

typedef struct X86Ctx {
    IRBlock *b;
    X86CPU *cpu;
    const TranslateRequest *req;
    uint64_t flags; // X86_BF_*
    uint64_t cs_base;
    uint64_t pc;   // linear, of the current instruction
    uint64_t next; // linear, of the next one
    X86Insn insn;
    bool ended;                 // the block has its terminal op
    bool mmx;                   // it has an MMX instruction
    unsigned conditional_exits; // taken branches out of its middle
    unsigned n, limit;          // instructions begun; how many it may have
    unsigned done;              // bytes up to the end of this instruction
    uint8_t shadow;             // X86_SHADOW_*
} X86Ctx;

// Side exits that an instruction may add besides those of the block's end.
#define SLOTS_KEPT 3

// An inline STI's interrupt shadow: begins with the next instruction; this one is in it.
enum { X86_SHADOW_NONE, X86_SHADOW_NEXT, X86_SHADOW_NOW };

// False: the encoding is invalid after all (the caller makes it #UD; nothing may have been
// emitted).
typedef bool X86Translate(X86Ctx *c, const X86Insn *i);

enum {
    X86_ROW_LOCK = 1 << 0,    // LOCK is allowed with a memory destination (else #UD)
    X86_ROW_I64 = 1 << 1,     // invalid in 64-bit mode
    X86_ROW_O64 = 1 << 2,     // 64-bit mode only
    X86_ROW_D64 = 1 << 3,     // operand size defaults to 64 in 64-bit mode (66 makes it 16)
    X86_ROW_F64 = 1 << 4,     // is always 64 there
    X86_ROW_NO_REAL = 1 << 5, // #UD in real and V86 mode
    X86_ROW_CPL0 = 1 << 6,    // #GP(0) unless CPL is 0
    X86_ROW_FPU = 1 << 7,     // x87: #NM on CR0.EM or TS; with WAIT also #MF when pending
    X86_ROW_WAIT = 1 << 8,
    X86_ROW_MMX = 1 << 9,        // #UD on EM, #NM on TS, #MF when pending
    X86_ROW_SSE = 1 << 10,       // #UD on EM or without OSFXSR, #NM on TS
    X86_ROW_AVX = 1 << 11,       // VEX: #UD unless XCR0 and OSXSAVE allow it, #NM on TS
    X86_ROW_UNALIGNED = 1 << 12, // a 16-byte SSE memory operand may be unaligned (else #GP(0))
    X86_ROW_SYSTEM = 1 << 13,    // tests: needs more than a process to be compared with a CPU
};

typedef struct X86Row {
    const char *name;
    const char *encoding;
    const char *operands;
    X86Translate *translate;
    uint16_t arg; // the translator's own
    uint16_t flags;
    uint8_t feature;       // X86Feature; BASE if none
    const char *undefined; // status flags that the manual leaves undefined, of "OSZAPC"; or NULL
} X86Row;

typedef struct X86Group {
    const char *name;
    const X86Row *rows;
    unsigned n_rows;
} X86Group;

extern const X86Group *const x86_groups[]; // all of them (decode.c)
extern const unsigned x86_n_groups;
extern const X86Group x86_int_alu, x86_int_muldiv, x86_int_shift, x86_int_data, x86_int_bits,
    x86_int_bmi, x86_int_control, x86_int_string, x86_int_bcd, x86_int_far, x86_int_eflags,
    x86_int_misc, x86_system_group, x86_x87;

// --- decoder
typedef struct X86Decoder X86Decoder;
X86Decoder *x86_decoder_new(void);
void x86_decoder_free(X86Decoder *d);

typedef enum X86DecodeResult {
    X86_DECODED,
    X86_INVALID,  // #UD
    X86_TOO_LONG, // more than 15 bytes: #GP(0)
    X86_MORE,     // needs more bytes than there are
} X86DecodeResult;

// Decodes one instruction from at most n bytes under block flags. Fills everything in *i.
X86DecodeResult x86_decode(const X86Decoder *d, const X86Features *f, uint64_t flags,
                           const uint8_t *bytes, unsigned n, X86Insn *i);

// The instruction that will be translated after this one, in the same block. False: there is none.
bool x86_peek(X86Ctx *c, X86Insn *next);

// TargetOps.translate
void x86_translate(VCPU *v, IRBlock *b, const TranslateRequest *r);

// --- registers (context.c). Integer values travel as I32 (8, 16, 32 bits, zero-extended) or I64.
IRType x86_type(unsigned bytes);
IRRef x86_get_gpr(X86Ctx *c, unsigned reg, unsigned bytes, bool high_byte);
// 32-bit writes clear the upper half; 8- and 16-bit writes keep the rest.
void x86_put_gpr(X86Ctx *c, unsigned reg, unsigned bytes, bool high_byte, IRRef v);
IRRef x86_reg64(X86Ctx *c, unsigned reg); // all 64 bits
IRRef x86_flags(X86Ctx *c);               // FLAGS value of the status flags
IRFlagCond x86_cond(unsigned cc);         // cc: low four bits of Jcc, SETcc, CMOVcc
void x86_put_flags(X86Ctx *c, IRRef f);

// --- operands: of an instruction, by number. Memory operands are accessed anew at each call: read
// once, write once, write before any register is put (faults must find the old state).
IRRef x86_read(X86Ctx *c, unsigned n);
void x86_write(X86Ctx *c, unsigned n, IRRef v);
// For read-modify-write of operand n: as x86_read, but memory is checked for writing.
IRRef x86_read_rmw(X86Ctx *c, unsigned n);
// Vector operands: 128-bit halves, half 0 or 1 of YMM. Memory operands narrower than 16 bytes load
// what the operand says, rest zero. x86_put_v of half 0 with VEX clears the upper half; without it
// keeps it.
IRRef x86_read_v(X86Ctx *c, unsigned n, unsigned half);
void x86_write_v(X86Ctx *c, unsigned n, unsigned half, IRRef v);
// MMX register or memory, 64 bits in the low half of a V128. The caller has done x86_enter_mmx.
IRRef x86_read_mmx(X86Ctx *c, unsigned n);
void x86_write_mmx(X86Ctx *c, unsigned n, IRRef v);
void x86_enter_mmx(X86Ctx *c); // TOP = 0, all registers valid

// --- addresses
IRRef x86_ea(X86Ctx *c); // offset of the memory operand, I64, cut to the address size
// Linear address of `bytes` at seg:offset, with the checks that the mode asks for; store: for
// writing. In flat segments this is the offset itself.
IRRef x86_linear(X86Ctx *c, unsigned seg, IRRef offset, unsigned bytes, bool store);
IRRef x86_mem(X86Ctx *c, unsigned bytes, bool store); // x86_linear of the memory operand
unsigned x86_memop(X86Ctx *c, unsigned bytes);        // size and common bits (#AC)
// Stack: push and pop of `bytes` (2, 4, 8). rSP is put after the access.
void x86_do_push(X86Ctx *c, IRRef v, unsigned bytes);
IRRef x86_do_pop(X86Ctx *c, unsigned bytes);
// For instructions with several stack accesses: linear address of rSP + displacement, which wraps
// as rSP does; and rSP += n, after the last access.
IRRef x86_stack_address(X86Ctx *c, int64_t displacement, unsigned bytes, bool store);
void x86_stack_move(X86Ctx *c, int64_t n);

// --- exceptions known while translating: end the block (the pc is the instruction's).
void x86_raise_ud(X86Ctx *c);
void x86_raise(X86Ctx *c, unsigned vector, unsigned error);
// In blocks where it cannot be ruled out: leave before the instruction if (x cond y), to run it
// alone; there the exact helper decides. True: this is that single run, call the helper.
bool x86_guard(X86Ctx *c, IRCond cond, IRRef x, IRRef y);

// --- ways out; each ends the block and does what single-stepping and shadows ask for.
void x86_exit_jump(X86Ctx *c, uint64_t target_eip);
void x86_exit_call(X86Ctx *c, uint64_t target_eip); // the caller has pushed the return address
void x86_exit_if(X86Ctx *c, IRCond cond, IRRef x, IRRef y, uint64_t target_eip);
void x86_exit_if_f(X86Ctx *c, IRFlagCond cond, IRRef f, uint64_t target_eip);
// To eip (I64). x86_check_eip raises #GP(0) if it is beyond the limit of CS: before anything is
// put.
void x86_exit_ind(X86Ctx *c, IRRef eip, IRIndKind kind);
void x86_check_eip(X86Ctx *c, IRRef eip);
bool x86_refuse_target(X86Ctx *c, uint64_t eip); // true: it is #GP(0), which has ended the block
// To this same instruction if again (I32) is not 0 (repeated string instructions), else on.
void x86_exit_repeat(X86Ctx *c, IRRef again);
uint64_t x86_next_eip(X86Ctx *c);
// System instructions: x86_put_next_pc, then the helper call, then one of these.
void x86_put_next_pc(X86Ctx *c);
void x86_exit_loop(X86Ctx *c);  // to the dispatcher, which looks for interrupts
void x86_exit_again(X86Ctx *c); // mode or mapping may have changed: look up anew
// After a helper that may have changed the block's flags: on if `changed` (I32) is 0. No
// x86_put_next_pc before it.
void x86_exit_if_mode(X86Ctx *c, IRRef changed);
void x86_exit_taken(X86Ctx *c); // a helper has set pc and mode (IRET, far jump)
// Ends the shadow of an inline STI that is under way, if any; the ways out do it by themselves.
void x86_end_shadow(X86Ctx *c);
// On at vcpu.pc without a single-step trap, which INT and MOV SS do not get.
void x86_exit_unstepped(X86Ctx *c);

#endif
