// System instructions: control, debug and model-specific registers, descriptor tables, FS and GS
// bases, caches and translations, CPUID, RSM.
//
// A helper that changes the mode, the mapping or what interrupts do ends the block (finish_again,
// x86_exit_loop). Those that leave everything as it is for the next instruction do not.
#include "target-x86/insn/system.h"

#include "target-x86/helpers.h"
#include "target-x86/insn/insn.h"
#include "target-x86/system.h"

static IRRef call(X86Ctx *c, const IRHelper *h, const IRRef *args, unsigned n)
{
    IRRef a[4] = {IR_NONE, IR_NONE, IR_NONE, IR_NONE};
    for (unsigned i = 0; i < n; i++) {
        a[i] = args[i];
    }
    return ir_call(c->b, h, a[0], a[1], a[2], a[3]);
}

static IRRef imm(X86Ctx *c, uint64_t v)
{
    return ir_const(c->b, IR_I64, v);
}

static IRRef wide(X86Ctx *c, IRRef v, unsigned bytes)
{
    return bytes == 8 ? v : ir_extu(c->b, v);
}

static IRRef narrow(X86Ctx *c, IRRef v, unsigned bytes)
{
    return bytes == 8 ? v : ir_trunc(c->b, v);
}

// Instructions of CPL 0 are checked by their row; UMIP takes more.
static bool umip(X86Ctx *c)
{
    return (c->flags & X86_BF_CPL) == 3 && x86_has(c->cpu, X86_FEAT_UMIP);
}

// --- descriptor tables

enum { T_GDT, T_IDT };

static uint32_t table_base(unsigned which)
{
    return which == T_GDT ? offsetof(X86CPUAll, sys.gdt.base) : offsetof(X86CPUAll, sys.idt.base);
}

static uint32_t table_limit(unsigned which)
{
    return which == T_GDT ? offsetof(X86CPUAll, sys.gdt.limit) : offsetof(X86CPUAll, sys.idt.limit);
}

static void umip_check(VCPU *v)
{
    X86CPU *c = x86_cpu(v);
    if ((c->cr4 & X86_CR4_UMIP) && c->cpl != 0) {
        x86_exception(c, X86_GP, 0);
    }
}
static const IRHelper h_umip = {"umip", umip_check, IR_VOID, 0, IR_CALL_READS | IR_CALL_FAULTS};

static void emit_umip(X86Ctx *c)
{
    if (umip(c)) {
        call(c, &h_umip, NULL, 0);
    }
}

// The operand is a limit of 16 bits and a base: 8 bytes in 64-bit mode, else 4, of which LGDT with
// a 16-bit operand size takes 3.
static IRRef pseudo_descriptor(X86Ctx *c, IRRef ea, unsigned off, unsigned bytes, bool store)
{
    IRRef at = off ? ir_add(c->b, ea, imm(c, off)) : ea;
    return x86_linear(c, c->insn.seg, at, bytes, store);
}

static bool tr_store_table(X86Ctx *c, const X86Insn *i)
{
    bool code64 = c->flags & X86_BF_CODE64;
    unsigned n = code64 ? 8 : 4;
    emit_umip(c);
    IRRef ea = x86_ea(c);
    IRRef limit = ir_get(c->b, IR_I32, table_limit(i->row->arg));
    IRRef base = ir_get(c->b, IR_I64, table_base(i->row->arg));
    ir_st(c->b, pseudo_descriptor(c, ea, 0, 2, true), 0, limit, 1);
    IRRef at = pseudo_descriptor(c, ea, 2, n, true);
    ir_st(c->b, at, 0, narrow(c, base, n), code64 ? 3 : 2);
    return true;
}

static void load_table(X86CPU *c, X86Table *t, uint64_t base, uint64_t limit)
{
    if (x86_code64(c) && !x86_canonical(base)) {
        x86_exception(c, X86_GP, 0);
    }
    t->base = base;
    t->limit = (uint32_t)limit & 0xffff;
}

static void lgdt(VCPU *v, uint64_t base, uint64_t limit)
{
    load_table(x86_cpu(v), &x86_cpu(v)->sys->gdt, base, limit);
}

static void lidt(VCPU *v, uint64_t base, uint64_t limit)
{
    load_table(x86_cpu(v), &x86_cpu(v)->sys->idt, base, limit);
}

const IRHelper x86_h_lgdt = {"lgdt", lgdt, IR_VOID, 2, IR_CALL_ALL};
const IRHelper x86_h_lidt = {"lidt", lidt, IR_VOID, 2, IR_CALL_ALL};

static bool tr_load_table(X86Ctx *c, const X86Insn *i)
{
    bool code64 = c->flags & X86_BF_CODE64;
    unsigned n = code64 ? 8 : 4;
    IRRef ea = x86_ea(c);
    IRRef limit = ir_ld(c->b, IR_I32, pseudo_descriptor(c, ea, 0, 2, false), 0, 1);
    IRRef at = pseudo_descriptor(c, ea, 2, n, false);
    IRRef base = wide(c, ir_ld(c->b, code64 ? IR_I64 : IR_I32, at, 0, code64 ? 3 : 2), n);
    if (!code64 && i->op_bytes == 2) {
        base = ir_and(c->b, base, imm(c, 0xffffff));
    }
    const IRRef args[] = {base, wide(c, limit, 4)};
    call(c, i->row->arg == T_GDT ? &x86_h_lgdt : &x86_h_lidt, args, 2);
    return true;
}

// SLDT, STR: 16 bits to memory; to a register the operand size counts, zero-extended.
enum { S_LDT, S_TR };

static void store_word(X86Ctx *c, IRRef v)
{
    const X86Operand *o = &c->insn.operand[0];
    if (o->kind == X86_OP_MEM) {
        ir_st(c->b, x86_mem(c, 2, true), 0, v, 1);
    } else {
        x86_put_gpr(c, o->reg, c->insn.op_bytes, false,
                    c->insn.op_bytes == 8 ? ir_extu(c->b, v) : v);
    }
}

static bool tr_store_selector(X86Ctx *c, const X86Insn *i)
{
    uint32_t off = i->row->arg == S_LDT ? offsetof(X86CPUAll, sys.ldt.selector)
                                        : offsetof(X86CPUAll, sys.tr.selector);
    emit_umip(c);
    store_word(c, ir_get_n(c->b, IR_I32, off, 2));
    return true;
}

static bool tr_load_selector(X86Ctx *c, const X86Insn *i)
{
    const IRRef args[] = {wide(c, x86_read(c, 0), 2)};
    call(c, i->row->arg == S_LDT ? &x86_h_lldt : &x86_h_ltr, args, 1);
    return true;
}

// --- LAR, LSL, VERR, VERW

static bool tr_lar(X86Ctx *c, const X86Insn *i)
{
    unsigned n = i->op_bytes;
    IRRef sel = i->operand[1].kind == X86_OP_MEM ? ir_ld(c->b, IR_I32, x86_mem(c, 2, false), 0, 1)
                                                 : x86_get_gpr(c, i->operand[1].reg, 2, false);
    IRRef old = wide(c, x86_get_gpr(c, i->operand[0].reg, n, false), n);
    const IRRef args[] = {wide(c, sel, 2), old};
    IRRef v = call(c, i->row->arg ? &x86_h_lsl : &x86_h_lar, args, 2);
    x86_put_gpr(c, i->operand[0].reg, n, false, narrow(c, v, n));
    return true;
}

static bool tr_verify(X86Ctx *c, const X86Insn *i)
{
    const IRRef args[] = {wide(c, x86_read(c, 0), 2), imm(c, i->row->arg)};
    call(c, &x86_h_verify, args, 2);
    return true;
}

// --- control and debug registers

static void finish_again(X86Ctx *c)
{
    x86_exit_again(c);
}

// The ways to CR0, CR3, CR4 and CR8 may change everything.
static bool known_cr(unsigned n)
{
    return n == 0 || (n >= 2 && n <= 4) || n == 8;
}

static unsigned full(const X86Ctx *c)
{
    return c->flags & X86_BF_CODE64 ? 8 : 4;
}

static bool tr_mov_from_cr(X86Ctx *c, const X86Insn *i)
{
    unsigned cr = i->operand[1].reg | (i->lock && !(c->flags & X86_BF_CODE64) ? 8u : 0);
    if (!known_cr(cr)) {
        return false;
    }
    const IRRef args[] = {imm(c, cr)};
    IRRef v = cr == 8   ? call(c, &x86_h_read_cr, args, 1)
              : cr == 0 ? ir_get(c->b, IR_I64, offsetof(X86CPU, cr0))
              : cr == 2 ? ir_get(c->b, IR_I64, offsetof(X86CPU, cr2))
              : cr == 3 ? ir_get(c->b, IR_I64, offsetof(X86CPU, cr3))
                        : ir_get(c->b, IR_I64, offsetof(X86CPU, cr4));
    x86_put_gpr(c, i->operand[0].reg, full(c), false, narrow(c, v, full(c)));
    return true;
}

static bool tr_mov_to_cr(X86Ctx *c, const X86Insn *i)
{
    unsigned cr = i->operand[0].reg;
    if (!known_cr(cr)) {
        return false;
    }
    IRRef v = wide(c, x86_get_gpr(c, i->operand[1].reg, full(c), false), full(c));
    if (cr == 2) {
        ir_put(c->b, offsetof(X86CPU, cr2), v);
        return true;
    }
    x86_put_next_pc(c);
    const IRRef args[] = {imm(c, cr), v};
    call(c, &x86_h_write_cr, args, 2);
    finish_again(c);
    return true;
}

static bool tr_mov_from_dr(X86Ctx *c, const X86Insn *i)
{
    const IRRef args[] = {imm(c, i->operand[1].reg)};
    IRRef v = call(c, &x86_h_read_dr, args, 1);
    x86_put_gpr(c, i->operand[0].reg, full(c), false, narrow(c, v, full(c)));
    return true;
}

static bool tr_mov_to_dr(X86Ctx *c, const X86Insn *i)
{
    IRRef v = wide(c, x86_get_gpr(c, i->operand[1].reg, full(c), false), full(c));
    const IRRef args[] = {imm(c, i->operand[0].reg), v};
    x86_put_next_pc(c);
    call(c, &x86_h_write_dr, args, 2);
    finish_again(c);
    return true;
}

static bool tr_smsw(X86Ctx *c, const X86Insn *i)
{
    const X86Operand *o = &i->operand[0];
    emit_umip(c);
    IRRef v = ir_get(c->b, IR_I64, offsetof(X86CPU, cr0));
    if (o->kind == X86_OP_MEM) {
        ir_st(c->b, x86_mem(c, 2, true), 0, ir_trunc(c->b, v), 1);
    } else {
        x86_put_gpr(c, o->reg, i->op_bytes, false, narrow(c, v, i->op_bytes));
    }
    return true;
}

static bool tr_lmsw(X86Ctx *c, const X86Insn *i)
{
    (void)i;
    const IRRef args[] = {wide(c, x86_read(c, 0), 2)};
    x86_put_next_pc(c);
    call(c, &x86_h_lmsw, args, 1);
    finish_again(c);
    return true;
}

// --- helpers without operands, by what follows them

typedef struct Plain {
    const IRHelper *h;
    uint8_t then;
} Plain;

// NEXT: the block ends, as the turn may, and nothing else changes.
enum { THEN_GO_ON, THEN_NEXT, THEN_LOOP, THEN_AGAIN, THEN_TAKEN };
enum { P_CLTS, P_RDMSR, P_WRMSR, P_RDTSC, P_RDTSCP, P_RDPMC, P_CPUID, P_RSM };

static const Plain plain[] = {
    [P_CLTS] = {&x86_h_clts, THEN_AGAIN},    [P_RDMSR] = {&x86_h_rdmsr, THEN_LOOP},
    [P_WRMSR] = {&x86_h_wrmsr, THEN_AGAIN},  [P_RDTSC] = {&x86_h_rdtsc, THEN_NEXT},
    [P_RDTSCP] = {&x86_h_rdtscp, THEN_NEXT}, [P_RDPMC] = {&x86_h_rdpmc, THEN_GO_ON},
    [P_CPUID] = {&x86_h_cpuid, THEN_GO_ON},  [P_RSM] = {&x86_h_rsm, THEN_TAKEN},
};

static bool tr_plain(X86Ctx *c, const X86Insn *i)
{
    const Plain *p = &plain[i->row->arg];
    if (p->then >= THEN_LOOP) {
        x86_put_next_pc(c);
    }
    call(c, p->h, NULL, 0);
    switch (p->then) {
    case THEN_NEXT:
        x86_exit_jump(c, x86_next_eip(c));
        break;
    case THEN_LOOP:
        x86_exit_loop(c);
        break;
    case THEN_AGAIN:
        x86_exit_again(c);
        break;
    case THEN_TAKEN:
        x86_exit_taken(c);
        break;
    default:
        break;
    }
    return true;
}

// --- SYSCALL and its like

enum { C_SYSCALL, C_SYSRET, C_SYSENTER, C_SYSEXIT };

static bool tr_syscall(X86Ctx *c, const X86Insn *i)
{
    static const IRHelper *const h[] = {&x86_h_syscall, &x86_h_sysret, &x86_h_sysenter,
                                        &x86_h_sysexit};
    const IRRef args[] = {imm(c, i->rex_w ? 8 : 4)};
    x86_put_next_pc(c);
    call(c, h[i->row->arg], args, 1);
    x86_exit_taken(c);
    return true;
}

static bool tr_rdpid(X86Ctx *c, const X86Insn *i)
{
    IRRef v = ir_get(c->b, IR_I64, offsetof(X86CPUAll, sys.tsc_aux));
    x86_put_gpr(c, i->operand[0].reg, full(c), false, narrow(c, v, full(c)));
    return true;
}

// --- STAC, CLAC: only what the supervisor may touch changes, not how code is decoded

static void set_ac(VCPU *v, uint64_t on)
{
    X86CPU *c = x86_cpu(v);
    c->eflags = on ? c->eflags | X86_AC : c->eflags & ~(uint32_t)X86_AC;
    x86_level_changed(c);
}
static const IRHelper h_set_ac = {"set_ac", set_ac, IR_VOID, 1, IR_CALL_ALL};

static bool tr_set_ac(X86Ctx *c, const X86Insn *i)
{
    if (c->flags & X86_BF_CPL) {
        return false; // #UD
    }
    const IRRef args[] = {imm(c, i->row->arg)};
    x86_put_next_pc(c);
    call(c, &h_set_ac, args, 1);
    finish_again(c);
    return true;
}

// --- FS, GS

#define FS_BASE offsetof(X86CPU, seg[X86_FS].base)
#define GS_BASE offsetof(X86CPU, seg[X86_GS].base)

static bool tr_swapgs(X86Ctx *c, const X86Insn *i)
{
    (void)i;
    IRRef user = ir_get(c->b, IR_I64, GS_BASE);
    IRRef kernel = ir_get(c->b, IR_I64, offsetof(X86CPU, kernel_gs_base));
    ir_put(c->b, GS_BASE, kernel);
    ir_put(c->b, offsetof(X86CPU, kernel_gs_base), user);
    return true;
}

static void check_canonical(VCPU *v, uint64_t a)
{
    if (!x86_canonical(a)) {
        x86_exception(x86_cpu(v), X86_GP, 0);
    }
}
static const IRHelper h_canonical = {"canonical", check_canonical, IR_VOID, 1, IR_CALL_FAULTS};

enum { B_RD_FS, B_RD_GS, B_WR_FS, B_WR_GS };

static bool tr_base(X86Ctx *c, const X86Insn *i)
{
    unsigned what = i->row->arg, n = i->op_bytes == 8 ? 8 : 4;
    uint32_t off = what == B_RD_FS || what == B_WR_FS ? FS_BASE : GS_BASE;
    if (!(c->flags & X86_BF_FSGSBASE)) {
        return false;
    }
    if (what <= B_RD_GS) {
        x86_put_gpr(c, i->operand[0].reg, n, false, narrow(c, ir_get(c->b, IR_I64, off), n));
        return true;
    }
    IRRef v = wide(c, x86_get_gpr(c, i->operand[0].reg, n, false), n);
    if (n == 8) {
        call(c, &h_canonical, &v, 1);
    }
    ir_put(c->b, off, v);
    return true;
}

// --- translations and caches

static bool tr_invlpg(X86Ctx *c, const X86Insn *i)
{
    (void)i;
    // Not an access: no limit is checked, the segment's base counts.
    IRRef at = x86_ea(c);
    bool based = !(c->flags & X86_BF_CODE64) || c->insn.seg >= X86_FS;
    if (based) {
        at = ir_add(c->b, at, ir_get(c->b, IR_I64, offsetof(X86CPU, seg[c->insn.seg].base)));
    }
    if (!(c->flags & X86_BF_CODE64)) {
        at = ir_and(c->b, at, imm(c, UINT32_MAX));
    }
    x86_put_next_pc(c);
    call(c, &x86_h_invlpg, &at, 1);
    finish_again(c);
    return true;
}

static bool tr_invpcid(X86Ctx *c, const X86Insn *i)
{
    unsigned n = full(c);
    IRRef ea = x86_ea(c);
    IRRef pcid = ir_ld(c->b, IR_I64, x86_linear(c, i->seg, ea, 8, false), 0, 3);
    IRRef second = ir_add(c->b, ea, imm(c, 8));
    IRRef linear = ir_ld(c->b, IR_I64, x86_linear(c, i->seg, second, 8, false), 0, 3);
    IRRef type = wide(c, x86_get_gpr(c, i->operand[0].reg, n, false), n);
    const IRRef args[] = {type, pcid, linear};
    x86_put_next_pc(c);
    call(c, &x86_h_invpcid, args, 3);
    finish_again(c);
    return true;
}

static bool tr_nothing(X86Ctx *c, const X86Insn *i)
{
    (void)c, (void)i;
    return true;
}

// --- extended control registers, MONITOR

static IRRef edx_eax(X86Ctx *c)
{
    IRRef lo = ir_extu(c->b, x86_get_gpr(c, X86_RAX, 4, false));
    IRRef hi = ir_extu(c->b, x86_get_gpr(c, X86_RDX, 4, false));
    return ir_or(c->b, lo, ir_shli(c->b, hi, 32));
}

static bool tr_xgetbv(X86Ctx *c, const X86Insn *i)
{
    (void)i;
    if (!(c->flags & X86_BF_XSAVE)) {
        return false;
    }
    IRRef index = ir_extu(c->b, x86_get_gpr(c, X86_RCX, 4, false));
    IRRef v = call(c, &x86_h_xgetbv, &index, 1);
    x86_put_gpr(c, X86_RAX, 4, false, ir_trunc(c->b, v));
    x86_put_gpr(c, X86_RDX, 4, false, ir_trunc(c->b, ir_shri(c->b, v, 32)));
    return true;
}

static bool tr_xsetbv(X86Ctx *c, const X86Insn *i)
{
    (void)i;
    if (!(c->flags & X86_BF_XSAVE)) {
        return false;
    }
    const IRRef args[] = {ir_extu(c->b, x86_get_gpr(c, X86_RCX, 4, false)), edx_eax(c)};
    x86_put_next_pc(c);
    call(c, &x86_h_xsetbv, args, 2);
    finish_again(c);
    return true;
}

// The address has to be readable; no line is armed.
static bool tr_monitor(X86Ctx *c, const X86Insn *i)
{
    unsigned n = i->addr_bytes, seg = i->seg_prefix == X86_NO_REG ? X86_DS : i->seg_prefix;
    IRRef off = wide(c, x86_get_gpr(c, X86_RAX, n, false), n);
    ir_ld(c->b, IR_I32, x86_linear(c, seg, off, 1, false), 0, 0);
    return true;
}

static bool tr_mwait(X86Ctx *c, const X86Insn *i)
{
    (void)i;
    IRRef hints = ir_extu(c->b, x86_get_gpr(c, X86_RAX, 4, false));
    x86_put_next_pc(c);
    call(c, &x86_h_mwait, &hints, 1);
    x86_exit_loop(c);
    return true;
}

#define SYS      X86_ROW_SYSTEM
#define SYS0     (X86_ROW_SYSTEM | X86_ROW_CPL0)
#define SYS_PROT (X86_ROW_SYSTEM | X86_ROW_NO_REAL)

static const X86Row rows[] = {
    {"SGDT", "0F 01 /0 mem", "M", tr_store_table, T_GDT, SYS},
    {"SIDT", "0F 01 /1 mem", "M", tr_store_table, T_IDT, SYS},
    {"LGDT", "0F 01 /2 mem", "M", tr_load_table, T_GDT, SYS0},
    {"LIDT", "0F 01 /3 mem", "M", tr_load_table, T_IDT, SYS0},
    {"SMSW", "0F 01 /4", "Ev", tr_smsw, 0, SYS},
    {"LMSW", "0F 01 /6", "Ew", tr_lmsw, 0, SYS0},
    {"INVLPG", "0F 01 /7 mem", "M", tr_invlpg, 0, SYS0},
    {"CLAC", "NP 0F 01 CA", "", tr_set_ac, 0, SYS, X86_FEAT_SMAP},
    {"STAC", "NP 0F 01 CB", "", tr_set_ac, 1, SYS, X86_FEAT_SMAP},
    {"SWAPGS", "0F 01 F8", "", tr_swapgs, 0, SYS0 | X86_ROW_O64},
    {"RDTSCP", "0F 01 F9", "", tr_plain, P_RDTSCP, SYS, X86_FEAT_RDTSCP},
    {"MONITOR", "0F 01 C8", "", tr_monitor, 0, SYS0, X86_FEAT_MONITOR},
    {"MWAIT", "0F 01 C9", "", tr_mwait, 0, SYS0, X86_FEAT_MONITOR},
    {"XGETBV", "NP 0F 01 D0", "", tr_xgetbv, 0, SYS, X86_FEAT_XSAVE},
    {"XSETBV", "NP 0F 01 D1", "", tr_xsetbv, 0, SYS0, X86_FEAT_XSAVE},
    {"SLDT", "0F 00 /0", "Ev", tr_store_selector, S_LDT, SYS_PROT},
    {"STR", "0F 00 /1", "Ev", tr_store_selector, S_TR, SYS_PROT},
    {"LLDT", "0F 00 /2", "Ew", tr_load_selector, S_LDT, SYS_PROT | X86_ROW_CPL0},
    {"LTR", "0F 00 /3", "Ew", tr_load_selector, S_TR, SYS_PROT | X86_ROW_CPL0},
    {"VERR", "0F 00 /4", "Ew", tr_verify, 0, SYS_PROT},
    {"VERW", "0F 00 /5", "Ew", tr_verify, 1, SYS_PROT},
    {"LAR", "0F 02 /r", "Gv,Ev", tr_lar, 0, SYS_PROT},
    {"LSL", "0F 03 /r", "Gv,Ev", tr_lar, 1, SYS_PROT},
    {"SYSCALL", "0F 05", "", tr_syscall, C_SYSCALL, SYS, X86_FEAT_SYSCALL},
    {"CLTS", "0F 06", "", tr_plain, P_CLTS, SYS0},
    {"SYSRET", "0F 07", "", tr_syscall, C_SYSRET, SYS, X86_FEAT_SYSCALL},
    {"INVD", "0F 08", "", tr_nothing, 0, SYS0},
    {"WBINVD", "0F 09", "", tr_nothing, 0, SYS0},
    {"MOV", "0F 20 /r", "Ry,Cy", tr_mov_from_cr, 0, SYS0},
    {"MOV", "0F 21 /r", "Ry,Dy", tr_mov_from_dr, 0, SYS0},
    {"MOV", "0F 22 /r", "Cy,Ry", tr_mov_to_cr, 0, SYS0},
    {"MOV", "0F 23 /r", "Dy,Ry", tr_mov_to_dr, 0, SYS0},
    {"WRMSR", "0F 30", "", tr_plain, P_WRMSR, SYS0, X86_FEAT_MSR},
    {"RDTSC", "0F 31", "", tr_plain, P_RDTSC, SYS, X86_FEAT_TSC},
    {"RDMSR", "0F 32", "", tr_plain, P_RDMSR, SYS0, X86_FEAT_MSR},
    {"RDPMC", "0F 33", "", tr_plain, P_RDPMC, SYS, X86_FEAT_MMX},
    {"SYSENTER", "0F 34", "", tr_syscall, C_SYSENTER, SYS, X86_FEAT_SEP},
    {"SYSEXIT", "0F 35", "", tr_syscall, C_SYSEXIT, SYS, X86_FEAT_SEP},
    {"CPUID", "0F A2", "", tr_plain, P_CPUID, SYS},
    {"RSM", "0F AA", "", tr_plain, P_RSM, SYS},
    {"RDFSBASE", "F3 0F AE /0 reg", "Ry", tr_base, B_RD_FS, SYS | X86_ROW_O64, X86_FEAT_FSGSBASE},
    {"RDGSBASE", "F3 0F AE /1 reg", "Ry", tr_base, B_RD_GS, SYS | X86_ROW_O64, X86_FEAT_FSGSBASE},
    {"WRFSBASE", "F3 0F AE /2 reg", "Ry", tr_base, B_WR_FS, SYS | X86_ROW_O64, X86_FEAT_FSGSBASE},
    {"WRGSBASE", "F3 0F AE /3 reg", "Ry", tr_base, B_WR_GS, SYS | X86_ROW_O64, X86_FEAT_FSGSBASE},
    {"RDPID", "F3 0F C7 /7 reg", "Ry", tr_rdpid, 0, SYS, X86_FEAT_RDPID},
    {"INVPCID", "66 0F 38 82 /r", "Gy,Mdq", tr_invpcid, 0, SYS0, X86_FEAT_INVPCID},
};

const X86Group x86_system_group = {"system", rows, ARRAY_LEN(rows)};
