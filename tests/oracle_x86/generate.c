// From a row's encoding to bytes, then from the decoded bytes to register values that make sense.
#include <ctype.h>
#include <stdlib.h>
#include <glib.h>
#include <string.h>

#include "tests/oracle_x86/generate.h"

uint64_t xrandom(XRandom *r)
{
    r->s ^= r->s << 13;
    r->s ^= r->s >> 7;
    r->s ^= r->s << 17;
    return r->s * UINT64_C(0x2545f4914f6cdd1d);
}

unsigned xrandom_below(XRandom *r, unsigned n)
{
    return (unsigned)((xrandom(r) >> 33) % n);
}

static bool one_in(XGenerator *g, unsigned n)
{
    return xrandom_below(&g->random, n) == 0;
}

// --- bytes

typedef struct Bytes {
    uint8_t byte[32];
    unsigned n;
    unsigned disp_at, disp_bytes; // of the displacement, 0 bytes: none
    unsigned imm_at;
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
    b->disp_at = b->n;
    b->disp_bytes = bytes;
    for (unsigned i = 0; i < bytes; i++) {
        put(b, (unsigned)(v >> (8 * i)) & 0xff);
    }
}

static void put_stack_operand(XGenerator *g, Bytes *b, unsigned reg)
{
    put(b, 0x44 | reg << 3);
    put(b, 0x24);
    put(b, (xrandom_below(&g->random, 14) * 16 + 0x90 + (one_in(g, 4) ? 4 : 0)) & 0xff);
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
    bool w = t->w >= 0 ? t->w : one_in(g, 2), l = t->vex_l >= 0 ? t->vex_l : one_in(g, 2);
    bool r = g->mode64 ? one_in(g, 2) : true, x = g->mode64 ? one_in(g, 2) : true;
    bool bb = g->mode64 ? one_in(g, 2) : true;
    unsigned vvvv = 15;
    if (!one_in(g, 8)) {
        vvvv = xrandom_below(&g->random, 16);
    }
    if (!g->mode64) {
        vvvv |= 8;
    }
    b->extended = !x || !bb;
    if (t->map == 1 && !w && x && bb && one_in(g, 2)) {
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
    if (one_in(g, 16)) {
        put(b, segments[xrandom_below(&g->random, 4)]);
    }
    if (!g->on_stack && one_in(g, g->mode64 ? 12 : 24)) {
        put(b, 0x67);
        *addr16 = !g->mode64;
    }
    if (t->vex) {
        return;
    }
    if (t->mandatory > 1) {
        put(b, t->mandatory);
    } else if (t->mandatory == 0 && one_in(g, 4) && !(g->mode64 && row->flags & X86_ROW_F64)) {
        put(b, 0x66); // near branches in 64-bit mode: CPUs differ
    }
    if (is_string(row) && one_in(g, 2)) {
        put(b, one_in(g, 2) ? 0xf2 : 0xf3);
    }
    if ((row->flags & X86_ROW_LOCK) && t->modrm && one_in(g, 8)) {
        put(b, 0xf0);
    }
    if (g->mode64 && (t->w == 1 || one_in(g, 2))) {
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
    b.imm_at = b.n;
    uint64_t imm = one_in(g, 3) ? xrandom_below(&g->random, 64) : xrandom(&g->random);
    for (unsigned i = 0; i < 8; i++) {
        put(&b, (unsigned)(imm >> (8 * i)) & 0xff);
    }
    return b;
}

static bool uses(const X86Insn *i, X86OperandKind kind)
{
    for (unsigned k = 0; k < i->n_operands; k++) {
        if (i->operand[k].kind == kind) {
            return true;
        }
    }
    return false;
}

// --- state

static uint64_t random_word(XGenerator *g)
{
    static const uint64_t special[] = {0,
                                       1,
                                       UINT64_MAX,
                                       UINT64_C(1) << 63,
                                       INT64_MAX,
                                       UINT64_C(0x80000000),
                                       UINT64_C(0x7fffffff),
                                       UINT64_C(0xffffffff),
                                       0x8000,
                                       0x7fff,
                                       0x80,
                                       0x7f,
                                       0xff};
    switch (xrandom_below(&g->random, 4)) {
    case 0:
        return special[xrandom_below(&g->random, ARRAY_LEN(special))];
    case 1:
        return xrandom_below(&g->random, 256);
    default:
        return xrandom(&g->random);
    }
}

// A vector's 64 bits: integers, or one or two floats of interest.
static uint64_t random_lane(XGenerator *g)
{
    static const uint32_t f32[] = {0,          0x80000000, 0x3f800000, 0xbf800000, 0x7f800000,
                                   0xff800000, 0x7fc00000, 0x7f800001, 0xffc12345, 0x00000001,
                                   0x007fffff, 0x00800000, 0x7f7fffff, 0x4f000000, 0x5f000000};
    static const uint64_t f64[] = {0,
                                   UINT64_C(1) << 63,
                                   UINT64_C(0x3ff0000000000000),
                                   UINT64_C(0x7ff0000000000000),
                                   UINT64_C(0xfff8000000000000),
                                   UINT64_C(0x7ff0000000000001),
                                   1,
                                   UINT64_C(0x000fffffffffffff),
                                   UINT64_C(0x0010000000000000),
                                   UINT64_C(0x7fefffffffffffff),
                                   UINT64_C(0x41e0000000000000),
                                   UINT64_C(0x43e0000000000000)};
    switch (xrandom_below(&g->random, 6)) {
    case 0:
        return (uint64_t)f32[xrandom_below(&g->random, ARRAY_LEN(f32))] << 32 |
               f32[xrandom_below(&g->random, ARRAY_LEN(f32))];
    case 1:
        return f64[xrandom_below(&g->random, ARRAY_LEN(f64))];
    case 2: // doubles near 1
        return UINT64_C(0x3fd0000000000000) + (xrandom(&g->random) >> 6);
    case 3: // floats near 1
        return (UINT64_C(0x3e8000003e800000) +
                (xrandom(&g->random) & UINT64_C(0x01ffffff01ffffff)));
    default:
        return random_word(g);
    }
}

static void random_st(XGenerator *g, uint8_t *st)
{
    uint64_t frac = xrandom(&g->random) | UINT64_C(1) << 63;
    uint16_t se = (uint16_t)xrandom(&g->random);
    switch (xrandom_below(&g->random, 10)) {
    case 0:
        frac = 0;
        se &= 0x8000;
        break;
    case 1:
        frac = UINT64_C(1) << 63;
        se |= 0x7fff;
        break;
    case 2:
        se |= 0x7fff;
        break;
    case 3:
        frac >>= xrandom_below(&g->random, 64);
        se &= 0x8000;
        break;
    case 4:
        frac = xrandom(&g->random);
        break;
    case 5:
        frac = UINT64_MAX << xrandom_below(&g->random, 64);
        se = (uint16_t)((se & 0x8000) | (16383 + xrandom_below(&g->random, 64)));
        break;
    default:
        se = (uint16_t)((se & 0x8000) | (16383 - 40 + xrandom_below(&g->random, 100)));
        break;
    }
    memset(st, 0, 16);
    memcpy(st, &frac, 8);
    memcpy(st + 8, &se, 2);
}

static void random_state(XGenerator *g, XState *s)
{
    static const uint16_t precision[] = {0, 2, 3, 3};
    memset(s, 0, sizeof *s);
    for (unsigned i = 0; i < 16; i++) {
        s->gpr[i] = random_word(g);
        if (!g->mode64) {
            s->gpr[i] = i < 8 ? (uint32_t)s->gpr[i] : 0;
        }
    }
    s->gpr[X86_RSP] = XO_DATA + 0x2000;
    s->eflags = (uint32_t)xrandom(&g->random) & X86_STATUS_FLAGS;
    s->mxcsr = 0x1f80 | xrandom_below(&g->random, 4) << 13;
    if (one_in(g, 8)) {
        s->mxcsr |= (one_in(g, 2) ? 0x8000u : 0) | (one_in(g, 2) ? 0x40u : 0);
    }
    if (one_in(g, 8)) {
        s->mxcsr &= ~((uint32_t)xrandom(&g->random) & 0x1f80);
    }
    s->fcw = (uint16_t)(0x7f | precision[xrandom_below(&g->random, 4)] << 8 |
                        xrandom_below(&g->random, 4) << 10);
    if (one_in(g, 8)) {
        s->fcw &= (uint16_t) ~(xrandom(&g->random) & 0x3f);
    }
    s->fsw = (uint16_t)(xrandom_below(&g->random, 8) << 11 | (xrandom(&g->random) & 0x4700));
    s->valid = one_in(g, 2) ? 0xff : (uint8_t)xrandom(&g->random);
    for (unsigned i = 0; i < 8; i++) {
        random_st(g, s->st[i]);
    }
    for (unsigned i = 0; i < (g->mode64 ? 16 : 8); i++) {
        for (unsigned k = 0; k < 4; k++) {
            uint64_t v = random_lane(g);
            memcpy(s->ymm[i] + 8 * k, &v, 8);
        }
    }
}

// --- addresses

static uint64_t random_target(XGenerator *g)
{
    unsigned at = 0x1000 + xrandom_below(&g->random, 0x1000);
    if (!one_in(g, 5)) {
        at &= ~63u;
    } else if (one_in(g, 2)) {
        at &= ~7u;
    }
    return XO_DATA + at;
}

static void patch(uint8_t *code, unsigned at, unsigned bytes, uint64_t v)
{
    for (unsigned i = 0; i < bytes; i++) {
        code[at + i] = (uint8_t)(v >> (8 * i));
    }
}

static bool is_gather(const X86Row *row)
{
    return strstr(row->name, "GATHER") != NULL;
}

// Small indices in the vector register that a gather takes them from, sound as 32- and as 64-bit
// ones.
static void small_indices(XGenerator *g, XCase *c, unsigned reg)
{
    for (unsigned k = 0; k < 4; k++) {
        uint64_t v = xrandom_below(&g->random, 32);
        memcpy(c->before.ymm[reg] + 8 * k, &v, 8);
    }
}

static void aim_memory(XGenerator *g, XCase *c, const X86Insn *i, const Bytes *b)
{
    uint64_t t = random_target(g), *gpr = c->before.gpr;
    unsigned scale = 1u << i->scale;
    if (i->addr_bytes == 2 || one_in(g, 64)) {
        return; // wherever it is
    }
    if (i->rip) {
        patch(c->code, b->disp_at, 4, t - (XO_SLOT + c->len));
        return;
    }
    if (is_gather(i->row)) {
        small_indices(g, c, i->index);
        if (i->base != X86_NO_REG) {
            gpr[i->base] = t - (uint64_t)i->disp;
        } else {
            patch(c->code, b->disp_at, 4, t);
        }
        return;
    }
    if (i->index != X86_NO_REG && i->index == i->base) {
        gpr[i->base] = (t - (uint64_t)i->disp) / (scale + 1);
        return;
    }
    uint64_t index = 0;
    if (i->index != X86_NO_REG && i->index != X86_RSP) {
        index = xrandom_below(&g->random, 16);
        gpr[i->index] = index;
    } else if (i->index != X86_NO_REG) {
        index = gpr[i->index];
    }
    uint64_t rest = t - index * scale;
    if (i->base == X86_NO_REG) {
        if (b->disp_bytes) {
            patch(c->code, b->disp_at, b->disp_bytes, rest);
        } else { // an absolute address in the immediate
            patch(c->code, b->imm_at, i->addr_bytes, rest);
        }
        return;
    }
    gpr[i->base] = rest - (uint64_t)i->disp;
    if (i->addr_bytes == 4 && g->mode64 && one_in(g, 2)) {
        gpr[i->base] |= xrandom(&g->random) << 32;
    }
}

// Implicit addresses and counts.
static void aim_implicit(XGenerator *g, XCase *c, const X86Insn *i)
{
    const char *n = i->row->name;
    uint64_t *gpr = c->before.gpr;
    if (uses(i, X86_OP_STR_SRC) || uses(i, X86_OP_STR_DST)) {
        gpr[X86_RSI] = random_target(g);
        gpr[X86_RDI] = random_target(g);
        gpr[X86_RCX] = xrandom_below(&g->random, 20);
        c->before.eflags |= one_in(g, 3) ? X86_DF : 0;
    }
    if (!strncmp(n, "MASKMOV", 7) || !strncmp(n, "VMASKMOVDQU", 11)) {
        gpr[X86_RDI] = random_target(g);
    }
    if (!strcmp(n, "XLAT") || !strcmp(n, "XLATB")) {
        gpr[X86_RBX] = random_target(g);
    }
    if (!strcmp(n, "LEAVE") || !strcmp(n, "ENTER")) {
        gpr[X86_RBP] = random_target(g) & ~UINT64_C(7);
    }
    if (!strncmp(n, "BT", 2) && !one_in(g, 8)) { // bit offsets reach beyond the operand
        for (unsigned k = 0; k < i->n_operands; k++) {
            if (i->operand[k].kind == X86_OP_GPR && i->operand[k].reg != X86_RSP) {
                gpr[i->operand[k].reg] =
                    (uint64_t)(int64_t)((int)xrandom_below(&g->random, 4096) - 2048);
            }
        }
    }
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

bool xo_generate(XGenerator *g, const X86Row *row, XCase *c, X86Insn *insn)
{
    for (unsigned tries = 0; tries < 400; tries++) {
        Bytes b = make_bytes(g, row);
        if (x86_decode(g->decoder, &g->features, g->block_flags, b.byte, b.n, insn) !=
                X86_DECODED ||
            insn->row != row) {
            continue;
        }
        // Branches under 66 in 64-bit mode: Intel's CPUs ignore the prefix, AMD's do not.
        if (g->mode64 && insn->opsize_prefix && uses(insn, X86_OP_REL)) {
            continue;
        }
        memset(c, 0, sizeof *c);
        c->len = insn->len;
        memcpy(c->code, b.byte, c->len);
        random_state(g, &c->before);
        aim_implicit(g, c, insn);
        if (uses(insn, X86_OP_MEM)) {
            aim_memory(g, c, insn, &b);
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
    return xo_row_applies(g, row) && !(row->flags & (X86_ROW_FPU | X86_ROW_MMX)) &&
           !names(left_out, ARRAY_LEN(left_out), row->name) && !is_gather(row) && !is_string(row) &&
           !has_operand(row, 'O') && !has_operand(row, 'A');
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
        memset(b->byte + b->imm_at, 0, sizeof b->byte - b->imm_at);
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

void xo_generate_sequence(XGenerator *g, unsigned n, const char *group, const char *row, XCase *c)
{
    memset(c, 0, sizeof *c);
    random_state(g, &c->before);
    g->on_stack = true;
    for (unsigned k = 0; k < n;) {
        const X86Row *r = random_row(g, group, row);
        unsigned len = c->len;
        if (suits_sequence(g, r)) {
            append(g, r, c);
            k += c->len != len || c->len > XO_MAX_CODE - 20;
        }
    }
    g->on_stack = false;
}
