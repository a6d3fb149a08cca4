// C functions behind the rows of system.c, and what other groups may use of them.
#ifndef TARGET_X86_INSN_SYSTEM_H
#define TARGET_X86_INSN_SYSTEM_H

#include "tcg-like/ir.h"

extern const IRHelper x86_h_lar, x86_h_lsl;   // selector, old value -> value; ZF
extern const IRHelper x86_h_verify;           // selector, for writing; ZF
extern const IRHelper x86_h_lldt, x86_h_ltr;  // selector
extern const IRHelper x86_h_lgdt, x86_h_lidt; // base, limit
extern const IRHelper x86_h_read_cr, x86_h_write_cr;
extern const IRHelper x86_h_read_dr, x86_h_write_dr;
extern const IRHelper x86_h_lmsw, x86_h_clts, x86_h_xsetbv, x86_h_xgetbv;
extern const IRHelper x86_h_invlpg, x86_h_invpcid;
extern const IRHelper x86_h_rdmsr, x86_h_wrmsr, x86_h_rdtsc, x86_h_rdtscp, x86_h_rdpmc;
extern const IRHelper x86_h_cpuid, x86_h_rsm, x86_h_mwait;

#endif
