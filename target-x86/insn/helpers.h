// C functions of the integer instructions, for their translators.
#ifndef TARGET_X86_INSN_HELPERS_H
#define TARGET_X86_INSN_HELPERS_H

#include "tcg-like/ir.h"

extern const IRHelper x86_h_end_shadow; // the interrupt shadow ends with this instruction
extern const IRHelper x86_h_inhibit;    // MOV SS, POP SS: the next instruction is in the shadow
extern const IRHelper x86_h_check_eip;  // #GP(0) if beyond the limit of CS, or not canonical
extern const IRHelper x86_h_pause;      // another CPU may go first

extern const IRHelper x86_h_divide_error_if; // #DE if the argument is not 0
extern const IRHelper x86_h_bound_error_if;  // #BR likewise
extern const IRHelper x86_h_idiv64;          // high, low, divisor -> quotient; #DE
// Value, masked count, carry (0, 1), bits -> value, or the carry out.
extern const IRHelper x86_h_rcl, x86_h_rcr, x86_h_rcl_carry, x86_h_rcr_carry;
extern const IRHelper x86_h_cmpxchg16b; // linear address -> 1 if exchanged
// AX, packed flags, immediate -> AX | packed flags << 16
extern const IRHelper x86_h_daa, x86_h_das, x86_h_aaa, x86_h_aas;
extern const IRHelper x86_h_random; // the next number of the generator: 64 bits
extern const IRHelper x86_h_touch;  // linear address: #PF if it cannot be read
extern const IRHelper x86_h_into;   // INTO: OF

// --- string instructions
typedef enum X86StringOp {
    X86_STR_MOVS,
    X86_STR_STOS,
    X86_STR_LODS,
    X86_STR_CMPS,
    X86_STR_SCAS,
    X86_STR_INS,
    X86_STR_OUTS,
} X86StringOp;

typedef enum X86StringRep { X86_NO_REP, X86_REP, X86_REPNE } X86StringRep;

// An instruction, packed as the helper's argument.
typedef struct X86StringDesc {
    uint8_t op;         // X86StringOp
    uint8_t log2_bytes; // of an element
    uint8_t log2_addr;  // of an address: 1, 2, 3
    uint8_t seg;        // of the source
    uint8_t rep;        // X86StringRep
    uint8_t one;        // one element only
    uint8_t align;      // #AC applies
} X86StringDesc;

static inline uint32_t x86_string_desc(X86StringDesc d)
{
    return d.op | (uint32_t)d.log2_bytes << 4 | (uint32_t)d.log2_addr << 8 | (uint32_t)d.seg << 12 |
           (uint32_t)d.rep << 16 | (uint32_t)d.one << 20 | (uint32_t)d.align << 21;
}
static inline X86StringDesc x86_string_undesc(uint32_t v)
{
    return (X86StringDesc){v & 15,       v >> 4 & 15, v >> 8 & 15, v >> 12 & 15,
                           v >> 16 & 15, v >> 20 & 1, v >> 21 & 1};
}

// Executes a chunk. Gives 1 if the instruction has to go on.
extern const IRHelper x86_h_string;

#endif
