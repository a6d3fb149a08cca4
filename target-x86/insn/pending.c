// Weak stand-ins for the C functions of system/ that are not there yet, so that the tree links.
// This file goes when they come.
#include <stdlib.h>

#include "accel/engine.h"
#include "target-x86/helpers.h"

#define WEAK __attribute__((weak))
#define HELPER(name, ret, n)                                                                       \
    extern const IRHelper name WEAK;                                                               \
    const IRHelper name = {#name, missing, ret, n, IR_CALL_ALL}

static void missing(void)
{
    abort();
}

WEAK NORETURN void x86_exception(X86CPU *c, unsigned vector, uint32_t error)
{
    (void)c;
    (void)vector;
    (void)error;
    abort();
}

WEAK void x86_mode_changed(X86CPU *c)
{
    (void)c;
}

WEAK uint64_t x86_linear_checked(X86CPU *c, unsigned seg, uint64_t offset, unsigned bytes,
                                 bool store)
{
    (void)seg;
    (void)bytes;
    (void)store;
    (void)c;
    return offset;
}

HELPER(x86_h_raise, IR_VOID, 2);
HELPER(x86_h_check_access, IR_I64, 3);
HELPER(x86_h_load_seg, IR_VOID, 2);
HELPER(x86_h_far_jump, IR_VOID, 3);
HELPER(x86_h_far_call, IR_VOID, 3);
HELPER(x86_h_far_ret, IR_VOID, 2);
HELPER(x86_h_iret, IR_VOID, 1);
HELPER(x86_h_int, IR_VOID, 2);
HELPER(x86_h_popf, IR_VOID, 2);
HELPER(x86_h_pushf, IR_I32, 0);
HELPER(x86_h_cli, IR_VOID, 0);
HELPER(x86_h_sti, IR_VOID, 0);
HELPER(x86_h_hlt, IR_VOID, 0);
HELPER(x86_h_step_done, IR_VOID, 0);
HELPER(x86_h_breakpoint, IR_VOID, 1);
HELPER(x86_h_in, IR_I32, 2);
HELPER(x86_h_out, IR_VOID, 3);
HELPER(x86_h_random, IR_I64, 0);

WEAK const uint8_t *engine_next_page(VCPU *v, const TranslateRequest *r)
{
    (void)v;
    return r->host;
}
