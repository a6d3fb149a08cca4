// From a row's encoding to bytes, then from the decoded bytes to register values that make sense.
#include <ctype.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "tests/oracle_x86/generate.h"
#include "tests/oracle_x86/values.h"

// --- bytes

typedef struct Bytes {
    uint8_t byte[32];
    unsigned n;
    XFields at;
    bool extended; // REX or VEX extend r/m or the index
} Bytes;

static void put(Bytes *b, unsigned v)
{
    if (b->n < sizeof b->byte) {
        b->byte[b->n++] = (uint8_t)v;
    }
}

// What an encoding string says (grammar: target-x86/insn/insn.h).
typedef struct Template {
    unsigned mandatory; // 0, 0x66, 0xf3, 0xf2; or NP: 1
    bool vex, reg_in_opcode, modrm, want_mem, want_reg;
    int vex_l, w; // -1: free
    unsigned pp, map;
    int digit; // -1: /r
    uint8_t opcode[4];
    unsigned n_opcode;
} Template;

static unsigned pp_of(const char *s)
{
    return !strcmp(s, "66") ? 1 : !strcmp(s, "F3") ? 2 : !strcmp(s, "F2") ? 3 : 0;
}

static void parse_vex(Template *t, const char *token)
{
    char **part = g_strsplit(token, ".", -1);
    t->vex = true;
    t->map = 1;
    for (unsigned i = 1; part[i]; i++) {
        const char *p = part[i];
        if (!strcmp(p, "128") || !strcmp(p, "256")) {
            t->vex_l = p[0] == '2';
        } else if (!strcmp(p, "LIG")) {
            t->vex_l = 0;
        } else if (!strcmp(p, "0F38")) {
            t->map = 2;
        } else if (!strcmp(p, "0F3A")) {
            t->map = 3;
        } else if (!strcmp(p, "W0") || !strcmp(p, "W1")) {
            t->w = p[1] - '0';
        } else if (strcmp(p, "0F") && strcmp(p, "WIG")) {
            t->pp = pp_of(p);
        }
    }
    g_strfreev(part);
}

static void parse_token(Template *t, const char *s)
{
    if (!strncmp(s, "VEX", 3)) {
        parse_vex(t, s);
    } else if (!strcmp(s, "NP")) {
        t->mandatory = 1;
    } else if (s[0] == '/') {
        t->modrm = true;
        t->digit = s[1] == 'r' ? -1 : s[1] - '0';
    } else if (!strcmp(s, "mem")) {
        t->want_mem = true;
    } else if (!strcmp(s, "reg")) {
        t->want_reg = true;
    } else if (s[0] == 'W') {
        t->w = s[1] - '0';
    } else if (isxdigit((unsigned char)s[0]) && isxdigit((unsigned char)s[1])) {
        unsigned v = (unsigned)strtoul(s, NULL, 16);
        if (!t->n_opcode && !t->vex && !t->mandatory && (v == 0x66 || v == 0xf2 || v == 0xf3) &&
            s[2] == 0) {
            t->mandatory = v;
        } else if (t->n_opcode < 4) {
            t->opcode[t->n_opcode++] = (uint8_t)v;
        }
        t->reg_in_opcode |= s[2] == '+';
    }
}

static Template parse(const char *encoding)
{
    Template t = {.vex_l = -1, .w = -1, .digit = -1};
    char **token = g_strsplit(encoding, " ", -1);
    for (unsigned i = 0; token[i]; i++) {
        parse_token(&t, token[i]);
    }
    g_strfreev(token);
    return t;
}

static bool has_operand(const X86Row *row, char kind)
{
    char **op = g_strsplit(row->operands, ",", -1);
    bool found = false;
    for (unsigned i = 0; op[i]; i++) {
        found |= op[i][0] == kind && islower((unsigned char)op[i][1]);
    }
    g_strfreev(op);
    return found;
}

static void put_disp(XGenerator *g, Bytes *b, unsigned bytes)
{
    int32_t v = (int32_t)xrandom_below(&g->random, 128) - 64;
    b->at.disp_at = b->n;
    b->at.disp_bytes = bytes;
    for (unsigned i = 0; i < bytes; i++) {
        put(b, (unsigned)(v >> (8 * i)) & 0xff);
    }
}

static void put_stack_operand(XGenerator *g, Bytes *b, unsigned reg)
{
    put(b, 0x44 | reg << 3);
    put(b, 0x24);
    put(b, (xrandom_below(&g->random, 14) * 16 + 0x90 + (xo_one_in(g, 4) ? 4 : 0)) & 0xff);
}

static void put_modrm(XGenerator *g, Bytes *b, const Template *t, bool addr16)
{
    unsigned mod = t->want_reg || (g->on_stack && b->extended) ||
                           (!t->want_mem && xrandom_below(&g->random, 5) < 2)
                       ? 3
                       : xrandom_below(&g->random, 3);
    unsigned reg = t->digit >= 0 ? (unsigned)t->digit : xrandom_below(&g->random, 8);
    unsigned rm = xrandom_below(&g->random, 8);
    if (g->on_stack && mod != 3) {
        put_stack_operand(g, b, reg);
        return;
    }
    put(b, mod << 6 | reg << 3 | rm);
    if (mod == 3) {
        return;
    }
    if (addr16) {
        unsigned bytes = mod == 0 ? (rm == 6 ? 2 : 0) : mod;
        put_disp(g, b, bytes);
        return;
    }
    unsigned base = rm;
    if (rm == 4) {
        unsigned sib = (unsigned)xrandom(&g->random) & 0xff;
        put(b, sib);
        base = sib & 7;
    }
    if (mod == 1 || mod == 2) {
        put_disp(g, b, mod == 1 ? 1 : 4);
    } else if (base == 5) {
        put_disp(g, b, 4);
    }
}

static void put_vex(XGenerator *g, Bytes *b, const Template *t)
{
    bool w = t->w >= 0 ? t->w : xo_one_in(g, 2), l = t->vex_l >= 0 ? t->vex_l : xo_one_in(g, 2);
    bool r = g->mode64 ? xo_one_in(g, 2) : true, x = g->mode64 ? xo_one_in(g, 2) : true;
    bool bb = g->mode64 ? xo_one_in(g, 2) : true;
    unsigned vvvv = 15;
    if (!xo_one_in(g, 8)) {
        vvvv = xrandom_below(&g->random, 16);
    }
    if (!g->mode64) {
        vvvv |= 8;
    }
    b->extended = !x || !bb;
    if (t->map == 1 && !w && x && bb && xo_one_in(g, 2)) {
        put(b, 0xc5);
        put(b, (unsigned)r << 7 | vvvv << 3 | (unsigned)l << 2 | t->pp);
        return;
    }
    put(b, 0xc4);
    put(b, (unsigned)r << 7 | (unsigned)x << 6 | (unsigned)bb << 5 | t->map);
    put(b, (unsigned)w << 7 | vvvv << 3 | (unsigned)l << 2 | t->pp);
}

static bool is_string(const X86Row *row)
{
    return has_operand(row, 'X') || has_operand(row, 'Y');
}

static void put_prefixes(XGenerator *g, Bytes *b, const Template *t, const X86Row *row,
                         bool *addr16)
{
    static const uint8_t segments[] = {0x2e, 0x3e, 0x26, 0x36};
    if (xo_one_in(g, 16)) {
        put(b, segments[xrandom_below(&g->random, 4)]);
    }
    bool other = g->on_stack ? g->bits == 16
                             : xo_one_in(g, g->mode64       ? 12
                                            : g->bits == 32 ? 24
                                                            : 3);
    if (other) {
        put(b, 0x67);
    }
    *addr16 = !g->mode64 && other == (g->bits == 32);
    if (t->vex) {
        return;
    }
    if (t->mandatory > 1) {
        put(b, t->mandatory);
    } else if (t->mandatory == 0 && xo_one_in(g, 4) && !(g->mode64 && row->flags & X86_ROW_F64)) {
        put(b, 0x66); // near branches in 64-bit mode: CPUs differ
    }
    if (is_string(row) && xo_one_in(g, 2)) {
        put(b, xo_one_in(g, 2) ? 0xf2 : 0xf3);
    }
    if ((row->flags & X86_ROW_LOCK) && t->modrm && xo_one_in(g, 8)) {
        put(b, 0xf0);
    }
    if (g->mode64 && (t->w == 1 || xo_one_in(g, 2))) {
        unsigned w = t->w >= 0 ? (unsigned)t->w : xrandom_below(&g->random, 2);
        unsigned rxb = xrandom_below(&g->random, 8);
        put(b, 0x40 | w << 3 | rxb);
        b->extended = rxb & 3;
    }
}

static Bytes make_bytes(XGenerator *g, const X86Row *row)
{
    Bytes b = {.n = 0};
    Template t = parse(row->encoding);
    bool addr16 = false;
    put_prefixes(g, &b, &t, row, &addr16);
    if (t.vex) {
        put_vex(g, &b, &t);
    }
    for (unsigned i = 0; i < t.n_opcode; i++) {
        unsigned v = t.opcode[i];
        bool last = i + 1 == t.n_opcode;
        put(&b, last && t.reg_in_opcode ? v | xrandom_below(&g->random, 8) : v);
    }
    if (t.modrm) {
        put_modrm(g, &b, &t, addr16);
    }
    b.at.imm_at = b.n;
    uint64_t imm = xo_one_in(g, 3) ? xrandom_below(&g->random, 64) : xrandom(&g->random);
    for (unsigned i = 0; i < 8; i++) {
        put(&b, (unsigned)(imm >> (8 * i)) & 0xff);
    }
    return b;
}

static bool names(const char *const *list, unsigned n, const char *name)
{
    for (unsigned i = 0; i < n; i++) {
        if (!strcmp(list[i], name)) {
            return true;
        }
    }
    return false;
}

bool xo_row_applies(const XGenerator *g, const X86Row *row)
{
    // Results that differ from run to run, or that belong to the operating system.
    static const char *const left_out[] = {
        "RDRAND",  "POPF",     "IRET",  "RDSEED", "RDTSC",    "RDTSCP", "CPUID",
        "SYSCALL", "SYSENTER", "INT",   "INT3",   "INT1",     "INTO",   "XGETBV",
        "RDPID",   "UMONITOR", "XSAVE", "XSAVEC", "XSAVEOPT", "XRSTOR",
    };
    if (row->flags & (X86_ROW_SYSTEM | X86_ROW_CPL0)) {
        return false;
    }
    if (names(left_out, ARRAY_LEN(left_out), row->name)) {
        return false;
    }
    // Selectors are the operating system's.
    if (has_operand(row, 'S') || strstr(row->operands, "FS") || strstr(row->operands, "GS")) {
        return false;
    }
    return !(row->flags & (g->mode64 ? X86_ROW_I64 : X86_ROW_O64));
}

// Branches under 66 in 64-bit mode: Intel's CPUs ignore the prefix, AMD's do not. None goes back to
// its own bytes.
static bool good_branch(const XGenerator *g, const X86Insn *i)
{
    int64_t rel = (int64_t)i->imm;
    return !(g->mode64 && i->opsize_prefix) && !(rel < 0 && rel >= -(int64_t)i->len);
}

bool xo_generate(XGenerator *g, const X86Row *row, XCase *c, X86Insn *insn)
{
    for (unsigned tries = 0; tries < 400; tries++) {
        Bytes b = make_bytes(g, row);
        if (x86_decode(g->decoder, &g->features, g->block_flags, b.byte, b.n, insn) !=
                X86_DECODED ||
            insn->row != row) {
            continue;
        }
        if (xo_uses(insn, X86_OP_REL) && !good_branch(g, insn)) {
            continue;
        }
        memset(c, 0, sizeof *c);
        c->len = insn->len;
        memcpy(c->code, b.byte, c->len);
        xo_random_state(g, &c->before);
        xo_aim_implicit(g, c, insn);
        if (xo_uses(insn, X86_OP_MEM)) {
            xo_aim_memory(g, c, insn, &b.at);
        }
        if (!g->mode64) {
            for (unsigned k = 0; k < 8; k++) {
                c->before.gpr[k] = (uint32_t)c->before.gpr[k];
            }
        }
        return true;
    }
    return false;
}

// --- sequences

// Not those whose last bit is open, that see more of the unit than is compared, or load all of it.
static bool suits_x87(const X86Row *row)
{
    static const char *const left_out[] = {"F2XM1",  "FYL2X",  "FYL2XP1", "FPTAN",
                                           "FPATAN", "FSIN",   "FCOS",    "FSINCOS",
                                           "FLDENV", "FRSTOR", "FNSAVE",  "FNSTENV"};
    return !names(left_out, ARRAY_LEN(left_out), row->name);
}

static int stack_change(const X86Row *row)
{
    static const char *const pushes[] = {"FLD",   "FILD",   "FBLD",   "FLD1", "FLDL2T", "FLDL2E",
                                         "FLDPI", "FLDLG2", "FLDLN2", "FLDZ", "FXTRACT"};
    static const char *const same[] = {"FNOP", "FDECSTP", "FINCSTP"};
    unsigned n = (unsigned)strlen(row->name);
    bool pops = row->name[n - 1] == 'P' && !names(same, ARRAY_LEN(same), row->name);
    return names(pushes, ARRAY_LEN(pushes), row->name) ? 1
           : !pops                                     ? 0
           : row->name[n - 2] == 'P'                   ? -2
                                                       : -1;
}

// Mostly within the stack; where it goes is noted.
static bool x87_in_range(XGenerator *g, const X86Row *row)
{
    int depth = g->depth + stack_change(row);
    if ((depth < 2 || depth > 7) && !xo_one_in(g, 64)) {
        return false;
    }
    g->depth = depth;
    return true;
}

static bool suits_sequence(const XGenerator *g, const X86Row *row)
{
    // Other addresses than the stack's, changes of rSP, control that leads away, flags that are
    // read where they may be undefined, estimates, control words from memory.
    static const char *const left_out[] = {
        "XLAT",    "MASKMOVQ",   "MASKMOVDQU", "VMASKMOVDQU", "ENTER",      "LEAVE",      "RET",
        "LAHF",    "PUSHF",      "DAA",        "DAS",         "AAA",        "AAS",        "STD",
        "LDMXCSR", "FXRSTOR",    "VLDMXCSR",   "RCPPS",       "RCPSS",      "RSQRTPS",    "RSQRTSS",
        "VRCPPS",  "VRCPSS",     "VRSQRTPS",   "VRSQRTSS",    "FXSAVE",     "XRSTORS",    "XSAVES",
        "CALL",    "JMP",        "VMASKMOVPS", "VMASKMOVPD",  "VPMASKMOVD", "VPMASKMOVQ", "EMMS",
        "SALC",    "CMPXCHG16B",
    };
    bool x87 = g->depth >= 0 && suits_x87(row);
    return xo_row_applies(g, row) && !(row->flags & (X86_ROW_MMX | (x87 ? 0 : X86_ROW_FPU))) &&
           !names(left_out, ARRAY_LEN(left_out), row->name) && !xo_is_gather(row) &&
           !is_string(row) && !has_operand(row, 'O') && !has_operand(row, 'A');
}

static bool writes_sp(const X86Insn *i)
{
    for (unsigned k = 0; k < i->n_operands; k++) {
        const X86Operand *o = &i->operand[k];
        if (o->kind == X86_OP_GPR && o->reg == X86_RSP && !o->high_byte) {
            return true;
        }
    }
    return false;
}

static const X86Row *random_row(XGenerator *g, const char *group, const char *row)
{
    for (;;) {
        const X86Group *gr = x86_groups[xrandom_below(&g->random, x86_n_groups)];
        if (!group || !strcmp(gr->name, group)) {
            const X86Row *r = &gr->rows[xrandom_below(&g->random, gr->n_rows)];
            if (!row || !strcmp(r->name, row)) {
                return r;
            }
        }
    }
}

// A jump to the next instruction: both ways are the same one.
static void make_jump_empty(Bytes *b, const X86Row *row)
{
    if (has_operand(row, 'J')) {
        memset(b->byte + b->at.imm_at, 0, sizeof b->byte - b->at.imm_at);
    }
}

static void append(XGenerator *g, const X86Row *row, XCase *c)
{
    static const uint8_t test_eax[] = {0x85, 0xc0};
    X86Insn i;
    Bytes b = make_bytes(g, row);
    make_jump_empty(&b, row);
    if (x86_decode(g->decoder, &g->features, g->block_flags, b.byte, b.n, &i) != X86_DECODED ||
        i.row != row || writes_sp(&i) || c->len + i.len + sizeof test_eax > XO_MAX_CODE) {
        return;
    }
    memcpy(c->code + c->len, b.byte, i.len);
    c->len += i.len;
    if (row->undefined && strcmp(row->undefined, "A")) {
        memcpy(c->code + c->len, test_eax, sizeof test_eax);
        c->len += sizeof test_eax;
    }
}

static void x87_state(XGenerator *g, XState *s)
{
    unsigned top = s->fsw >> 11 & 7, full = 0x0f0f << top;
    g->depth = 4;
    s->valid = xo_one_in(g, 8) ? s->valid : (uint8_t)(full >> 8);
    if (!xo_one_in(g, 4)) {
        s->fcw |= 0x3f;
        s->fsw &= 0x7fff & ~0x80;
    }
    if (g->bits != 16 && xo_one_in(g, 4)) {
        s->gpr[X86_RSP] = XO_DATA + XO_DATA_SIZE - 40;
    }
}

void xo_generate_sequence(XGenerator *g, unsigned n, const char *group, const char *row, XCase *c)
{
    memset(c, 0, sizeof *c);
    xo_random_state(g, &c->before);
    c->before.gpr[X86_RSP] &= g->bits == 16 ? 0xffff : UINT64_MAX;
    g->depth = -1;
    if (group && !strcmp(group, "x87")) {
        x87_state(g, &c->before);
    }
    g->on_stack = true;
    for (unsigned k = 0; k < n;) {
        bool other = g->depth >= 0 && xo_one_in(g, 4);
        const X86Row *r = random_row(g, other ? NULL : group, other ? NULL : row);
        unsigned len = c->len;
        if (suits_sequence(g, r) && (!(r->flags & X86_ROW_FPU) || x87_in_range(g, r))) {
            append(g, r, c);
            k += c->len != len || c->len > XO_MAX_CODE - 20;
        }
    }
    g->on_stack = false;
}
