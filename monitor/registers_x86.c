// info registers of an x86 CPU: the form is that of 64-bit code when such code runs, else that of
// 32 bits.
#include "monitor/registers.h"
#include "target-x86/helpers.h"
#include "target-x86/system.h"

// Bits that read as ones (SDM vol. 3, 17.2).
#define DR6_FIXED 0xffff0ff0u
#define DR7_FIXED 0x400u

#define HEX64 "%016" G_GINT64_MODIFIER "x"

static bool in_64_bit_code(const X86CPU *c)
{
    return c->efer & X86_EFER_LMA && c->seg[X86_CS].attr & X86_DESC_L;
}

// A value as wide as registers are now.
static void put(GString *out, bool wide, const char *name, uint64_t value, const char *after)
{
    if (wide) {
        g_string_append_printf(out, "%s=" HEX64 "%s", name, value, after);
    } else {
        g_string_append_printf(out, "%s=%08x%s", name, (uint32_t)value, after);
    }
}

// --- general registers, flags

static void general(const X86CPU *c, bool wide, GString *out)
{
    static const struct {
        const char *name;
        uint8_t reg;
    } rows[] = {{"AX", X86_RAX}, {"BX", X86_RBX}, {"CX", X86_RCX}, {"DX", X86_RDX},
                {"SI", X86_RSI}, {"DI", X86_RDI}, {"BP", X86_RBP}, {"SP", X86_RSP}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char name[4] = {wide ? 'R' : 'E', rows[i].name[0], rows[i].name[1], 0};
        put(out, wide, name, c->vcpu.gpr[rows[i].reg], i % 4 == 3 ? "\n" : " ");
    }
    for (unsigned i = 8; wide && i < 16; i++) {
        char name[4];
        g_snprintf(name, sizeof(name), "R%u", i);
        g_string_append_printf(out, "%-3s=" HEX64 "%s", name, c->vcpu.gpr[i],
                               i % 4 == 3 ? "\n" : " ");
    }
}

static void flags(const X86CPU *c, bool wide, GString *out)
{
    static const struct {
        char letter;
        uint32_t bit;
    } rows[] = {{'D', X86_DF}, {'O', X86_OF}, {'S', X86_SF}, {'Z', X86_ZF},
                {'A', X86_AF}, {'P', X86_PF}, {'C', X86_CF}};
    uint32_t value = x86_eflags_get(c);
    put(out, wide, wide ? "RIP" : "EIP", wide ? c->vcpu.pc : c->vcpu.pc - c->seg[X86_CS].base, " ");
    g_string_append_printf(out, "%s=%08x [", wide ? "RFL" : "EFL", value);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        g_string_append_c(out, value & rows[i].bit ? rows[i].letter : '-');
    }
    g_string_append_printf(out, "] CPL=%u II=%u A20=%d SMM=%u HLT=%d\n", c->cpl, c->inhibit,
                           x86_a20_mask(c) == ~UINT64_C(0), c->smm, c->vcpu.halted);
}

// --- segments

static void code_or_data(uint32_t attr, bool lma, GString *out)
{
    bool code = attr & X86_DESC_CODE;
    const char *size = attr & X86_DESC_B ? "32" : "16";
    if (code) {
        size = lma && attr & X86_DESC_L ? "64" : size;
        g_string_append_printf(out, "CS%s [%c%c", size, attr & X86_DESC_E ? 'C' : '-',
                               attr & X86_DESC_W ? 'R' : '-');
    } else {
        g_string_append_printf(out, "DS%s [%c%c", attr & X86_DESC_B || lma ? "  " : "16",
                               attr & X86_DESC_E ? 'E' : '-', attr & X86_DESC_W ? 'W' : '-');
    }
    g_string_append(out, attr & X86_DESC_A ? "A]" : "-]");
}

// SDM vol. 3, 3.5: system descriptors in 32-bit and in long mode.
static const char *system_name(uint32_t attr, bool lma)
{
    static const char *const names[2][16] = {
        {[1] = "TSS16-avl",
         "LDT",
         "TSS16-busy",
         "CallGate16",
         "TaskGate",
         "IntGate16",
         "TrapGate16",
         [9] = "TSS32-avl",
         [11] = "TSS32-busy",
         "CallGate32",
         [14] = "IntGate32",
         "TrapGate32"},
        {[2] = "LDT",
         [9] = "TSS64-avl",
         [11] = "TSS64-busy",
         "CallGate64",
         [14] = "IntGate64",
         "TrapGate64"},
    };
    const char *name = names[lma][(attr & X86_DESC_TYPE) >> 8];
    return name ? name : "Reserved";
}

static void segment(const X86CPU *c, const char *name, const X86Segment *s, bool wide, GString *out)
{
    bool lma = c->efer & X86_EFER_LMA;
    g_string_append_printf(out, "%-3s=%04x ", name, s->selector);
    g_string_append_printf(out, wide ? HEX64 : "%08" G_GINT64_MODIFIER "x", s->base);
    g_string_append_printf(out, " %08x %08x", s->limit, s->attr);
    if (c->cr0 & X86_CR0_PE && s->attr & X86_DESC_P) {
        g_string_append_printf(out, " DPL=%u ", (s->attr & X86_DESC_DPL) >> X86_DESC_DPL_SHIFT);
        if (s->attr & X86_DESC_S) {
            code_or_data(s->attr, lma, out);
        } else {
            g_string_append(out, system_name(s->attr, lma));
        }
    }
    g_string_append_c(out, '\n');
}

static void table(const char *name, const X86Table *t, bool wide, GString *out)
{
    g_string_append_printf(out, "%s=     ", name);
    g_string_append_printf(out, wide ? HEX64 : "%08" G_GINT64_MODIFIER "x", t->base);
    g_string_append_printf(out, " %08x\n", t->limit);
}

static void segments(const X86CPU *c, bool wide, GString *out)
{
    static const char *const names[X86_SEGS] = {"ES", "CS", "SS", "DS", "FS", "GS"};
    for (unsigned i = 0; i < X86_SEGS; i++) {
        segment(c, names[i], &c->seg[i], wide, out);
    }
    segment(c, "LDT", &c->sys->ldt, wide, out);
    segment(c, "TR", &c->sys->tr, wide, out);
    table("GDT", &c->sys->gdt, wide, out);
    table("IDT", &c->sys->idt, wide, out);
}

// --- control, debug

static void control(const X86CPU *c, bool wide, GString *out)
{
    g_string_append_printf(out, "CR0=%08x ", (uint32_t)c->cr0);
    put(out, wide, "CR2", c->cr2, " ");
    put(out, wide, "CR3", c->cr3, " ");
    g_string_append_printf(out, "CR4=%08x\n", (uint32_t)c->cr4);
    for (unsigned i = 0; i < 4; i++) {
        g_string_append_printf(out, "DR%u=" HEX64 "%s", i, c->sys->dr[i], i < 3 ? " " : "\n");
    }
    g_string_append_printf(out, "DR6=" HEX64 " DR7=" HEX64 "\nEFER=" HEX64 "\n",
                           c->sys->dr[6] | DR6_FIXED, c->sys->dr[7] | DR7_FIXED, c->efer);
}

// --- floating point, vectors

static void floating_point(X86CPU *c, GString *out)
{
    const X86Fpu *f = &c->fpu;
    g_string_append_printf(out, "FCW=%04x FSW=%04x [ST=%u] FTW=%02x MXCSR=%08x\n", f->control,
                           f->status | (unsigned)f->top << 11, f->top, ~f->empty & 0xffu,
                           x86_mxcsr_get(c));
    for (unsigned i = 0; i < 8; i++) {
        g_string_append_printf(out, "FPR%u=" HEX64 " %04x%s", i, f->st[i].frac, f->st[i].se,
                               i % 2 ? "\n" : " ");
    }
}

static void vectors(const VCPU *v, unsigned n, bool wide, GString *out)
{
    for (unsigned i = 0; i < n; i++) {
        const uint64_t *low = (const uint64_t *)&v->vec[i];
        const uint64_t *high = (const uint64_t *)&v->vec[16 + i];
        if (wide) {
            g_string_append_printf(out, "YMM%02u=" HEX64 " " HEX64 " " HEX64 " " HEX64 "\n", i,
                                   high[1], high[0], low[1], low[0]);
        } else {
            g_string_append_printf(out, "XMM%02u=" HEX64 " " HEX64 "%s", i, low[1], low[0],
                                   i % 2 ? "\n" : " ");
        }
    }
}

void monitor_registers_x86(VCPU *v, bool wide, GString *out)
{
    X86CPU *c = x86_cpu(v);
    bool long_mode = c->efer & X86_EFER_LMA, code64 = in_64_bit_code(c);
    general(c, code64, out);
    flags(c, code64, out);
    segments(c, long_mode, out);
    control(c, long_mode, out);
    floating_point(c, out);
    vectors(v, code64 ? 16 : 8, wide, out);
}
