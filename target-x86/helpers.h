// C functions that x86 code calls, for the translators. Integer arguments and results only. Those
// that may fault raise with the pc of the current instruction.
#ifndef TARGET_X86_HELPERS_H
#define TARGET_X86_HELPERS_H

#include "target-x86/cpu.h"
#include "tcg-like/ir.h"

// --- for C code: takes the exception now and leaves the block. error is ignored by vectors that
// have none. Faults are reported at the current instruction, which counts as executed.
NORETURN void x86_exception(X86CPU *c, unsigned vector, uint32_t error);
// #GP(0) or #SS(0), as a failed access through seg is.
NORETURN void x86_segment_fault(X86CPU *c, unsigned seg);
// After a change of what block_flags or regime_key depend on.
void x86_mode_changed(X86CPU *c);
// EFLAGS as the guest sees it, and back (all bits as given).
uint32_t x86_eflags_get(const X86CPU *c);
void x86_eflags_set(X86CPU *c, uint32_t value);
// MXCSR with the sticky flags brought home; writing tells the engine the rounding mode.
uint32_t x86_mxcsr_get(X86CPU *c);
void x86_mxcsr_set(X86CPU *c, uint32_t value);
// FCW; FSW with TOP in place; the full tag word.
void x86_fpu_reset(X86CPU *c); // FNINIT
uint16_t x86_fpu_status(const X86CPU *c);
void x86_fpu_set_status(X86CPU *c, uint16_t status);
// Linear address of seg:offset with all checks; leaves by a guest exception.
uint64_t x86_linear_checked(X86CPU *c, unsigned seg, uint64_t offset, unsigned bytes, bool store);

// Where the program's bytes [linear, linear + bytes) are on the host, if they lie in one page that
// needs no further look at all; else NULL.
void *x86_mem_fast(X86CPU *c, uint64_t linear, unsigned bytes, bool store);

// --- system side (system/*.c)
extern const IRHelper x86_h_raise;        // vector, error
extern const IRHelper x86_h_check_access; // seg, offset, bytes | store << 8 -> linear address
extern const IRHelper
    x86_h_load_seg; // segment register, selector: MOV/POP to it (not CS) -> mode changed
extern const IRHelper x86_h_far_jump; // selector, offset, operand bytes; sets pc
extern const IRHelper x86_h_far_call; // the same; next pc has been put
extern const IRHelper x86_h_far_ret;  // operand bytes, bytes to drop; sets pc
extern const IRHelper x86_h_iret;     // operand bytes; sets pc
extern const IRHelper x86_h_int;      // vector, kind (X86_INT_*); next pc has been put; sets pc
extern const IRHelper x86_h_syscall, x86_h_sysret, x86_h_sysenter, x86_h_sysexit; // operand bytes
extern const IRHelper x86_h_popf;           // value, operand bytes
extern const IRHelper x86_h_pushf;          // operand bytes -> EFLAGS image (VM and RF cleared)
extern const IRHelper x86_h_cli, x86_h_sti; // where not inlined: VME, PVI, #GP
extern const IRHelper x86_h_hlt;
extern const IRHelper x86_h_step_done;  // X86_BF_TF: pc is at the next instruction
extern const IRHelper x86_h_breakpoint; // X86_BF_BREAK: linear pc; raises #DB if one matches
extern const IRHelper x86_h_in;         // port, bytes -> value: permission checks included
extern const IRHelper x86_h_out;        // port, value, bytes

enum { X86_INT_N, X86_INT_3, X86_INT_O, X86_INT_1 };

#endif
