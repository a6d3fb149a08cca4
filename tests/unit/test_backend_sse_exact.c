// Floating point under x86's rules (IR_FP_SSE): the backend's code against the x86 target's exact
// functions, under random rounding modes, FZ and DAZ. Needs no x86-64 host.
#include "backend_sse.h"
#include "target-x86/fp/sse.h"

// What MXCSR's code wants of an engine and of the rest of the target, which masked exceptions never
// come to.
void engine_fp_set_control(VCPU *v, uint32_t mxcsr)
{
    (void)v, (void)mxcsr;
}

void x86_mode_changed(X86CPU *c)
{
    (void)c;
}

void x86_exception(X86CPU *c, unsigned vector, uint32_t error)
{
    (void)c, (void)vector, (void)error;
    abort();
}

static const Row rows[] = {
    {IR_fadd, &sse_fx_add, true, true, 1},   {IR_fsub, &sse_fx_sub, true, true, 1},
    {IR_fmul, &sse_fx_mul, true, true, 1},   {IR_fdiv, &sse_fx_div, true, true, 1},
    {IR_fmin, &sse_fx_min, true, true, 1},   {IR_fmax, &sse_fx_max, true, true, 1},
    {IR_fsqrt, &sse_fx_sqrt, true, true, 1}, {IR_fma, &sse_fx_fma, true, true, 6},
    {IR_fcmpp, &sse_fx_cmp, true, true, 32}, {IR_fround, &sse_fx_round, true, true, 16},
    {IR_fcvt, &sse_fx_cvt, false, true, 1},  {IR_fs2f, &sse_fx_s2f, false, true, 1},
    {IR_ff2s, &sse_fx_f2s, false, true, 6},  {IR_vs2f, &sse_fx_vs2f, true, false, 1},
    {IR_vf2s, &sse_fx_vf2s, true, false, 6}, {IR_f_fcmp, &sse_fx_fcmp, false, false, 1},
};

Test(backend_sse_exact, results_and_flags, .timeout = 600)
{
    compare_rows(rows, ARRAY_LEN(rows));
}
