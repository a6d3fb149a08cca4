// Registers as gdb numbers them for i386 and i386:x86-64: org.gnu.gdb.i386.core, .sse, .avx,
// .segments, and the control registers in a feature of our own.
#include "target-x86/system.h"

#include <string.h>

// What a row's number counts in.
typedef enum Kind {
    K_GPR,
    K_PC,
    K_EFLAGS,
    K_SEG,
    K_ST,
    K_FCTRL, // FCTRL, FSTAT, FTAG, FISEG, FIOFF, FOSEG, FOOFF, FOP
    K_XMM,
    K_MXCSR,
    K_YMMH,
    K_BASE, // FS_BASE, GS_BASE, K_GS_BASE
    K_CR,   // CR0, CR2, CR3, CR4, CR8, EFER
} Kind;

typedef struct Range {
    Kind kind;
    uint8_t n;
} Range;

static const Range ranges64[] = {
    {K_GPR, 16}, {K_PC, 1},    {K_EFLAGS, 1}, {K_SEG, 6},  {K_ST, 8}, {K_FCTRL, 8},
    {K_XMM, 16}, {K_MXCSR, 1}, {K_YMMH, 16},  {K_BASE, 3}, {K_CR, 6},
};
static const Range ranges32[] = {
    {K_GPR, 8},   {K_PC, 1},  {K_EFLAGS, 1}, {K_SEG, 6},  {K_ST, 8},
    {K_FCTRL, 8}, {K_XMM, 8}, {K_MXCSR, 1},  {K_YMMH, 8}, {K_CR, 6},
};

// clang-format off
#define R64(nm)  {nm, 64, "int64"}
#define R32(nm)  {nm, 32, "int"}
#define ST(nm)   {nm, 80, "i387_ext"}
#define XMM(nm)  {nm, 128, "vec128"}
#define YMMH(nm) {nm, 128, "uint128"}
#define SEGMENTS R32("cs"), R32("ss"), R32("ds"), R32("es"), R32("fs"), R32("gs")
#define X87 \
    ST("st0"), ST("st1"), ST("st2"), ST("st3"), ST("st4"), ST("st5"), ST("st6"), ST("st7"), \
    R32("fctrl"), R32("fstat"), R32("ftag"), R32("fiseg"), R32("fioff"), R32("foseg"), \
    R32("fooff"), R32("fop")
#define XMM0_7 \
    XMM("xmm0"), XMM("xmm1"), XMM("xmm2"), XMM("xmm3"), XMM("xmm4"), XMM("xmm5"), XMM("xmm6"), \
    XMM("xmm7")
#define YMM0_7 \
    YMMH("ymm0h"), YMMH("ymm1h"), YMMH("ymm2h"), YMMH("ymm3h"), YMMH("ymm4h"), YMMH("ymm5h"), \
    YMMH("ymm6h"), YMMH("ymm7h")

const GdbRegister x86_gdb_regs64[X86_GDB_REGS64] = {
    R64("rax"), R64("rbx"), R64("rcx"), R64("rdx"), R64("rsi"), R64("rdi"),
    {"rbp", 64, "data_ptr"}, {"rsp", 64, "data_ptr"},
    R64("r8"), R64("r9"), R64("r10"), R64("r11"), R64("r12"), R64("r13"), R64("r14"), R64("r15"),
    {"rip", 64, "code_ptr"}, {"eflags", 32, "i386_eflags"}, SEGMENTS, X87,
    XMM0_7, XMM("xmm8"), XMM("xmm9"), XMM("xmm10"), XMM("xmm11"), XMM("xmm12"), XMM("xmm13"),
    XMM("xmm14"), XMM("xmm15"), {"mxcsr", 32, "int"},
    YMM0_7, YMMH("ymm8h"), YMMH("ymm9h"), YMMH("ymm10h"), YMMH("ymm11h"), YMMH("ymm12h"),
    YMMH("ymm13h"), YMMH("ymm14h"), YMMH("ymm15h"),
    R64("fs_base"), R64("gs_base"), R64("k_gs_base"),
    R64("cr0"), R64("cr2"), R64("cr3"), R64("cr4"), R64("cr8"), R64("efer"),
};

const GdbRegister x86_gdb_regs32[X86_GDB_REGS32] = {
    R32("eax"), R32("ecx"), R32("edx"), R32("ebx"),
    {"esp", 32, "data_ptr"}, {"ebp", 32, "data_ptr"}, R32("esi"), R32("edi"),
    {"eip", 32, "code_ptr"}, {"eflags", 32, "i386_eflags"}, SEGMENTS, X87,
    XMM0_7, {"mxcsr", 32, "int"}, YMM0_7,
    R32("cr0"), R32("cr2"), R32("cr3"), R32("cr4"), R32("cr8"), R32("efer"),
};
// clang-format on

static bool is_64(const VCPU *v)
{
    return v->target == &target_x86_64;
}

static bool locate(const VCPU *v, unsigned reg, Kind *kind, unsigned *n)
{
    const Range *r = is_64(v) ? ranges64 : ranges32;
    unsigned count = is_64(v) ? ARRAY_LEN(ranges64) : ARRAY_LEN(ranges32);
    for (unsigned i = 0; i < count; i++) {
        if (reg < r[i].n) {
            *kind = r[i].kind;
            *n = reg;
            return true;
        }
        reg -= r[i].n;
    }
    return false;
}

// gdb's order of the registers in 64-bit mode: by letter.
static unsigned gpr_of(const VCPU *v, unsigned n)
{
    static const uint8_t by_letter[8] = {X86_RAX, X86_RBX, X86_RCX, X86_RDX,
                                         X86_RSI, X86_RDI, X86_RBP, X86_RSP};
    return is_64(v) && n < 8 ? by_letter[n] : n;
}

static unsigned segment_of(unsigned n)
{
    static const uint8_t order[X86_SEGS] = {X86_CS, X86_SS, X86_DS, X86_ES, X86_FS, X86_GS};
    return order[n];
}

// --- x87

static uint16_t tag_word(const X86CPU *c)
{
    uint16_t t = 0;
    for (unsigned i = 0; i < 8; i++) {
        const X86Float80 *f = &c->fpu.st[i];
        unsigned e = f->se & 0x7fff;
        unsigned tag = c->fpu.empty >> i & 1                   ? 3
                       : !e && !f->frac                        ? 1
                       : !e || e == 0x7fff || !(f->frac >> 63) ? 2
                                                               : 0;
        t |= (uint16_t)(tag << 2 * i);
    }
    return t;
}

static uint32_t read_fctrl(const X86CPU *c, unsigned n)
{
    const X86Fpu *f = &c->fpu;
    switch (n) {
    case 0:
        return f->control;
    case 1:
        return (uint32_t)(f->status & ~0x3800) | (uint32_t)f->top << 11;
    case 2:
        return tag_word(c);
    case 3:
        return f->cs;
    case 4:
        return (uint32_t)f->ip;
    case 5:
        return f->ds;
    case 6:
        return (uint32_t)f->dp;
    default:
        return f->opcode;
    }
}

static void write_tags(X86CPU *c, uint32_t value)
{
    c->fpu.empty = 0;
    for (unsigned i = 0; i < 8; i++) {
        c->fpu.empty |= (value >> 2 * i & 3) == 3 ? 1u << i : 0;
    }
}

static void write_fctrl(X86CPU *c, unsigned n, uint32_t value)
{
    X86Fpu *f = &c->fpu;
    switch (n) {
    case 0:
        f->control = (uint16_t)value;
        break;
    case 1:
        f->status = (uint16_t)(value & ~0x3800u);
        f->top = value >> 11 & 7;
        break;
    case 2:
        write_tags(c, value);
        break;
    case 3:
        f->cs = (uint16_t)value;
        break;
    case 4:
        f->ip = value;
        break;
    case 5:
        f->ds = (uint16_t)value;
        break;
    case 6:
        f->dp = value;
        break;
    default:
        f->opcode = (uint16_t)(value & 0x7ff);
        break;
    }
}

static X86Float80 *st(X86CPU *c, unsigned n)
{
    return &c->fpu.st[(c->fpu.top + n) & 7];
}

// --- control registers

static uint64_t read_cr(X86CPU *c, unsigned n)
{
    const X86System *s = c->sys;
    switch (n) {
    case 0:
        return c->cr0;
    case 1:
        return c->cr2;
    case 2:
        return c->cr3;
    case 3:
        return c->cr4;
    case 4:
        return s->apic && s->apic->tpr ? s->apic->tpr(s->apic_opaque) : 0;
    default:
        return c->efer;
    }
}

static uint64_t *base_of(X86CPU *c, unsigned n)
{
    return n == 0 ? &c->seg[X86_FS].base : n == 1 ? &c->seg[X86_GS].base : &c->kernel_gs_base;
}

static uint64_t read_word(X86CPU *c, Kind kind, unsigned n)
{
    switch (kind) {
    case K_GPR:
        return c->vcpu.gpr[gpr_of(&c->vcpu, n)];
    case K_PC:
        return c->vcpu.pc; // linear: what memory is read by
    case K_EFLAGS:
        return x86_eflags_get(c);
    case K_SEG:
        return c->seg[segment_of(n)].selector;
    case K_FCTRL:
        return read_fctrl(c, n);
    case K_MXCSR:
        return c->mxcsr;
    case K_BASE:
        return *base_of(c, n);
    default:
        return read_cr(c, n);
    }
}

bool x86_gdb_read(VCPU *v, unsigned reg, void *buf)
{
    X86CPU *c = x86_cpu(v);
    Kind kind;
    unsigned n;
    if (!locate(v, reg, &kind, &n)) {
        return false;
    }
    if (kind == K_ST) {
        memcpy(buf, st(c, n), 10);
    } else if (kind == K_XMM || kind == K_YMMH) {
        memcpy(buf, &v->vec[n + (kind == K_YMMH ? 16 : 0)], 16);
    } else {
        uint64_t value = read_word(c, kind, n);
        const GdbRegister *r = is_64(v) ? &x86_gdb_regs64[reg] : &x86_gdb_regs32[reg];
        memcpy(buf, &value, r->bits / 8);
    }
    return true;
}

// The debugger changes flags, not the mode.
static void write_eflags(X86CPU *c, uint32_t value)
{
    uint32_t keep = X86_VM;
    x86_eflags_set(c, (value & ~keep) | (c->eflags & keep));
    x86_mode_changed(c);
}

static bool write_word(X86CPU *c, Kind kind, unsigned n, uint64_t value)
{
    switch (kind) {
    case K_GPR:
        c->vcpu.gpr[gpr_of(&c->vcpu, n)] = value;
        return true;
    case K_PC:
        c->vcpu.pc = value;
        return true;
    case K_EFLAGS:
        write_eflags(c, (uint32_t)value);
        return true;
    case K_FCTRL:
        write_fctrl(c, n, (uint32_t)value);
        x86_mode_changed(c);
        return true;
    case K_MXCSR:
        x86_mxcsr_set(c, (uint32_t)value & 0xffff);
        return true;
    case K_BASE:
        *base_of(c, n) = value;
        return true;
    case K_SEG:
        return value == c->seg[segment_of(n)].selector;
    default:
        return value == read_cr(c, n);
    }
}

bool x86_gdb_write(VCPU *v, unsigned reg, const void *buf)
{
    X86CPU *c = x86_cpu(v);
    Kind kind;
    unsigned n;
    if (!locate(v, reg, &kind, &n)) {
        return false;
    }
    if (kind == K_ST) {
        memcpy(st(c, n), buf, 10);
        return true;
    }
    if (kind == K_XMM || kind == K_YMMH) {
        memcpy(&v->vec[n + (kind == K_YMMH ? 16 : 0)], buf, 16);
        return true;
    }
    uint64_t value = 0;
    const GdbRegister *r = is_64(v) ? &x86_gdb_regs64[reg] : &x86_gdb_regs32[reg];
    memcpy(&value, buf, r->bits / 8);
    return write_word(c, kind, n, value);
}
