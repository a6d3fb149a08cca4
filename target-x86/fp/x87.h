// The x87 unit as translated code calls it: one C function for each kind of instruction.
//
//   row (insn/x87.c): memory operand loaded by IR --> helper(value, operation, ip, dp)
//        pending exception? #MF --> operands, stack faults --> softfloat_x80 --> FSW, result, pop
//
// A store computes its value first (x87_store32, x87_store64), lets the IR store it, and only then
// pops and sets flags (x87_store_done): a page fault in between leaves everything as it was.
//
// The last instruction's pointers are kept by all but control instructions (SDM vol. 1, 8.1.8).
#ifndef TARGET_X86_FP_X87_H
#define TARGET_X86_FP_X87_H

#include "fpu/softfloat_x80.h"
#include "target-x86/cpu.h"
#include "tcg-like/x87.h"
#include "target-x86/helpers.h"

// FSW and FCW bits (SDM vol. 1, figures 8-4 and 8-6).
enum {
    X87_IE = 1 << 0,
    X87_DE = 1 << 1,
    X87_ZE = 1 << 2,
    X87_OE = 1 << 3,
    X87_UE = 1 << 4,
    X87_PE = 1 << 5,
    X87_EXCEPTIONS = 0x3f,
    X87_SF = 1 << 6,
    X87_ES = 1 << 7,
    X87_C0 = 1 << 8,
    X87_C1 = 1 << 9,
    X87_C2 = 1 << 10,
    X87_TOP_SHIFT = 11,
    X87_TOP = 7 << 11,
    X87_C3 = 1 << 14,
    X87_B = 1 << 15,
    X87_CONDITION = X87_C0 | X87_C1 | X87_C2 | X87_C3,
};

// A function in two forms: for blocks of any kind, with all that a call of C code may do; and as
// backends know it (tcg-like/x87.h), for blocks of several instructions.
typedef struct X87Form {
    IRHelper alone;
    X87Helper inlined;
} X87Form;
#define X87_FORM(name, fn, ret, n_args, call)                                                      \
    const X87Form x87_##name = {                                                                   \
        {"x87_" #name, fn, ret, n_args, X87_ALONE},                                                \
        {{"x87_" #name, fn, ret, n_args, X87_CALL_FLAGS}, &x87_layout, call}}
#define X87_ALONE (IR_CALL_READS | IR_CALL_WRITES | IR_CALL_FAULTS | IR_CALL_COUNT)
extern const X87Layout x87_layout;

// Arguments as X87Call lists them. ST0 is empty or invalid as the SDM says. The helper of a store's
// value takes the linear pc of the next instruction: an unmasked exception that forbids the store
// ends the instruction there.
extern const X87Form x87_arith, x87_arith_mem, x87_load, x87_load80, x87_operand;
extern const X87Form x87_store32, x87_store64; // by the result's type
extern const X87Form x87_store80, x87_store_done;
extern const X87Form x87_misc, x87_comi, x87_cmov;
extern const X87Form x87_wait; // #MF if an exception is pending
extern const X87Form x87_fldcw, x87_control, x87_status;
extern const IRHelper x87_h_init; // FNINIT
extern const IRHelper x87_h_clex; // FNCLEX
extern const IRHelper x87_h_emms;
// FLDENV, FNSTENV, FRSTOR, FNSAVE: segment, offset, format (X87_ENV_*).
extern const IRHelper x87_h_fldenv, x87_h_fstenv, x87_h_frstor, x87_h_fsave;
enum { X87_ENV_32 = 1, X87_ENV_REAL = 2 };

// --- between the files
// Raises #MF (or FERR#) if an unmasked exception is pending.
void x87_check_pending(X86CPU *c);
SfX80Status x87_status_for(const X86CPU *c);
// Notes what an operation raised. False: an unmasked exception forbids its result.
bool x87_note(X86CPU *c, const SfX80Status *s);
void x87_raise(X86CPU *c, unsigned exceptions); // FSW bits; ES and its consequences
// Both leave what the masked response is; false: the exception is unmasked, do nothing.
bool x87_stack_overflow(X86CPU *c);
bool x87_stack_underflow(X86CPU *c);
void x87_keep_pointers(X86CPU *c, uint32_t desc, uint64_t ip);
void x87_keep_operand(X86CPU *c, uint32_t desc, uint64_t dp);
// The host's unit may have flags that the guest's has not any more.
static inline void x87_host_unknown(X86CPU *c)
{
    c->vcpu.host_x87 = 0;
}
// After a change of ES by software.
void x87_update_summary(X86CPU *c);
uint16_t x87_full_tags(const X86CPU *c);

static inline unsigned x87_reg(const X86CPU *c, unsigned i)
{
    return (c->fpu.top + i) & 7;
}
static inline bool x87_is_empty(const X86CPU *c, unsigned i)
{
    return c->fpu.empty >> x87_reg(c, i) & 1;
}
static inline SfX80 x87_get(const X86CPU *c, unsigned i)
{
    const X86Float80 *r = &c->fpu.st[x87_reg(c, i)];
    return (SfX80){r->frac, r->se};
}
static inline void x87_set(X86CPU *c, unsigned i, SfX80 v)
{
    unsigned r = x87_reg(c, i);
    c->fpu.st[r].frac = v.frac;
    c->fpu.st[r].se = v.se;
    c->fpu.empty &= (uint8_t) ~(1u << r);
}
static inline void x87_pop(X86CPU *c)
{
    c->fpu.empty |= (uint8_t)(1u << c->fpu.top);
    c->fpu.top = (c->fpu.top + 1) & 7;
}
// There is room: x87_stack_overflow has been asked.
static inline void x87_push(X86CPU *c, SfX80 v)
{
    c->fpu.top = (c->fpu.top - 1) & 7;
    x87_set(c, 0, v);
}

#endif
