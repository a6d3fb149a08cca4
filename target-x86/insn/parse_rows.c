// From a row's strings ("66 0F 38 F6 /r", "Gy,Ey") to an X86Pattern.
#include <stdlib.h>
#include <string.h>

#include "target-x86/insn/rows.h"

#define MAX_TOKENS 12

typedef struct Tokens {
    unsigned n;
    char text[MAX_TOKENS][24];
} Tokens;

static bool split(const char *s, const char *separators, Tokens *t)
{
    t->n = 0;
    for (s += strspn(s, separators); *s; s += strspn(s, separators)) {
        size_t len = strcspn(s, separators);
        if (t->n == MAX_TOKENS || len >= sizeof t->text[0]) {
            return false;
        }
        memcpy(t->text[t->n], s, len);
        t->text[t->n++][len] = 0;
        s += len;
    }
    return true;
}

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

// --- encoding

// A word and what it narrows.
typedef struct Word {
    const char *text;
    uint8_t prefixes, map, w, l; // 0: says nothing of it
} Word;

static const Word words[] = {
    {"NP", 1 << X86_PFX_NONE, 0, 0, 0},
    {"66", 1 << X86_PFX_66, 0, 0, 0},
    {"F3", 1 << X86_PFX_F3, 0, 0, 0},
    {"F2", 1 << X86_PFX_F2, 0, 0, 0},
    {"NFx", 1 << X86_PFX_NONE | 1 << X86_PFX_66, 0, 0, 0},
    {"0F", 0, X86_MAP_0F, 0, 0},
    {"0F38", 0, X86_MAP_0F38, 0, 0},
    {"0F3A", 0, X86_MAP_0F3A, 0, 0},
    {"W0", 0, 0, 1, 0},
    {"W1", 0, 0, 2, 0},
    {"WIG", 0, 0, 3, 0},
    {"128", 0, 0, 0, 1},
    {"LZ", 0, 0, 0, 1},
    {"256", 0, 0, 0, 2},
    {"LIG", 0, 0, 0, 3},
};

static const Word *find_word(const char *s)
{
    for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
        if (same(words[i].text, s)) {
            return &words[i];
        }
    }
    return NULL;
}

static bool apply_word(X86Pattern *p, const char *s)
{
    const Word *w = find_word(s);
    if (!w) {
        return false;
    }
    p->prefixes = w->prefixes ? w->prefixes : p->prefixes;
    p->map = w->map ? w->map : p->map;
    p->w = w->w ? w->w : p->w;
    p->l = w->l ? w->l : p->l;
    return true;
}

static bool parse_vex(const char *s, X86Pattern *p)
{
    Tokens t;
    if (!split(s, ".", &t)) {
        return false;
    }
    p->prefixes = 1 << X86_PFX_NONE;
    for (unsigned i = 1; i < t.n; i++) {
        if (!apply_word(p, t.text[i])) {
            return false;
        }
    }
    p->map |= X86_MAP_VEX;
    return p->map != X86_MAP_VEX;
}

// "C8", "50+r", "C0+i"
static bool parse_byte(const char *s, unsigned *value, bool *plus)
{
    char *end;
    *value = (unsigned)strtoul(s, &end, 16);
    *plus = same(end, "+r") || same(end, "+i");
    return end == s + 2 && (*plus || !*end);
}

static void all_modrm(X86Pattern *p, bool in)
{
    memset(p->modrm, in ? 0xff : 0, sizeof p->modrm);
}

static bool has(const X86Pattern *p, unsigned modrm)
{
    return p->modrm[modrm / 64] >> (modrm % 64) & 1;
}

// Keeps what matches value under mask.
static void keep_modrm(X86Pattern *p, unsigned mask, unsigned value)
{
    for (unsigned i = 0; i < 256; i++) {
        if ((i & mask) != value) {
            p->modrm[i / 64] &= ~BIT(i % 64);
        }
    }
}

static void keep_mod3(X86Pattern *p, bool reg)
{
    for (unsigned i = 0; i < 256; i++) {
        if ((i >= 0xc0) != reg) {
            p->modrm[i / 64] &= ~BIT(i % 64);
        }
    }
}

// What follows the opcode.
static bool parse_suffix(const char *s, X86Pattern *p)
{
    unsigned value;
    bool plus;
    if (s[0] == '/' && s[1] && !s[2]) {
        p->has_modrm = true;
        if (s[1] == 'r') {
            return true;
        }
        keep_modrm(p, 7 << 3, (unsigned)(s[1] - '0') << 3);
        return s[1] >= '0' && s[1] <= '7';
    }
    if (same(s, "mem") || same(s, "reg")) {
        keep_mod3(p, same(s, "reg"));
        return p->has_modrm;
    }
    if (same(s, "W0") || same(s, "W1")) {
        return apply_word(p, s);
    }
    if (!p->has_modrm && parse_byte(s, &value, &plus)) {
        p->has_modrm = true;
        keep_modrm(p, plus ? 0xf8 : 0xff, value);
        return true;
    }
    return false;
}

static bool parse_encoding(const char *s, X86Pattern *p)
{
    Tokens t;
    unsigned i = 0, value;
    if (!split(s, " ", &t) || t.n == 0) {
        return false;
    }
    if (strncmp(t.text[0], "VEX.", 4) == 0) {
        if (!parse_vex(t.text[i++], p)) {
            return false;
        }
    } else {
        const Word *w = find_word(t.text[0]);
        if (w && w->prefixes) {
            p->prefixes = w->prefixes;
            i++;
        }
        if (i < t.n && same(t.text[i], "0F")) {
            p->map = X86_MAP_0F;
            i++;
            if (i < t.n && (same(t.text[i], "38") || same(t.text[i], "3A"))) {
                p->map = same(t.text[i], "38") ? X86_MAP_0F38 : X86_MAP_0F3A;
                i++;
            }
        }
    }
    if (i == t.n || !parse_byte(t.text[i++], &value, &p->plus_reg)) {
        return false;
    }
    p->opcode = (uint8_t)value;
    while (i < t.n) {
        if (!parse_suffix(t.text[i++], p)) {
            return false;
        }
    }
    return !(p->plus_reg && (value & 7));
}

// --- operands

typedef struct Named {
    const char *text;
    X86OperandSpec spec;
} Named;

static const Named fixed[] = {
    {"AL", {X86_FIXED_GPR, X86_SIZE_B, X86_RAX}},  {"CL", {X86_FIXED_GPR, X86_SIZE_B, X86_RCX}},
    {"AX", {X86_FIXED_GPR, X86_SIZE_W, X86_RAX}},  {"DX", {X86_FIXED_GPR, X86_SIZE_W, X86_RDX}},
    {"eAX", {X86_FIXED_GPR, X86_SIZE_Z, X86_RAX}}, {"rAX", {X86_FIXED_GPR, X86_SIZE_V, X86_RAX}},
    {"rCX", {X86_FIXED_GPR, X86_SIZE_V, X86_RCX}}, {"rDX", {X86_FIXED_GPR, X86_SIZE_V, X86_RDX}},
    {"rBX", {X86_FIXED_GPR, X86_SIZE_V, X86_RBX}}, {"rSP", {X86_FIXED_GPR, X86_SIZE_V, X86_RSP}},
    {"rBP", {X86_FIXED_GPR, X86_SIZE_V, X86_RBP}}, {"rSI", {X86_FIXED_GPR, X86_SIZE_V, X86_RSI}},
    {"rDI", {X86_FIXED_GPR, X86_SIZE_V, X86_RDI}}, {"1", {X86_FIXED_ONE, X86_SIZE_B, 0}},
    {"ES", {X86_FIXED_SEG, X86_SIZE_W, X86_ES}},   {"CS", {X86_FIXED_SEG, X86_SIZE_W, X86_CS}},
    {"SS", {X86_FIXED_SEG, X86_SIZE_W, X86_SS}},   {"DS", {X86_FIXED_SEG, X86_SIZE_W, X86_DS}},
    {"FS", {X86_FIXED_SEG, X86_SIZE_W, X86_FS}},   {"GS", {X86_FIXED_SEG, X86_SIZE_W, X86_GS}},
    {"ST0", {X86_FIXED_ST0, X86_SIZE_T, 0}},       {"STi", {X86_STACK_REG, X86_SIZE_T, 0}},
    {"XMM0", {X86_FIXED_XMM0, X86_SIZE_X, 0}},
};

static const struct {
    char text[4];
    uint8_t size;
} sizes[] = {
    {"", X86_SIZE_NONE}, {"b", X86_SIZE_B},   {"w", X86_SIZE_W},   {"d", X86_SIZE_D},
    {"q", X86_SIZE_Q},   {"dq", X86_SIZE_DQ}, {"qq", X86_SIZE_QQ}, {"x", X86_SIZE_X},
    {"h", X86_SIZE_H},   {"t", X86_SIZE_T},   {"v", X86_SIZE_V},   {"z", X86_SIZE_Z},
    {"y", X86_SIZE_Y},   {"p", X86_SIZE_P},   {"bs", X86_SIZE_BS}, {"n", X86_SIZE_N},
};

static bool parse_operand(const char *s, X86OperandSpec *o)
{
    for (unsigned i = 0; i < ARRAY_LEN(fixed); i++) {
        if (same(fixed[i].text, s)) {
            *o = fixed[i].spec;
            return true;
        }
    }
    if (!strchr("EGMRZBIJOSCDVWHULPQNAXY", s[0])) {
        return false;
    }
    for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
        if (same(sizes[i].text, s + 1)) {
            *o = (X86OperandSpec){s[0], sizes[i].size, 0};
            return true;
        }
    }
    return false;
}

// Letters that ModRM.mod has to agree with.
static void constrain_modrm(X86Pattern *p, char kind)
{
    if (kind == 'M') {
        keep_mod3(p, false);
    } else if (strchr("RUN", kind)) {
        keep_mod3(p, true);
    }
}

static bool parse_operands(const char *s, X86Pattern *p)
{
    Tokens t;
    if (!split(s ? s : "", ",", &t) || t.n > ARRAY_LEN(p->operand)) {
        return false;
    }
    p->n_operands = (uint8_t)t.n;
    for (unsigned i = 0; i < t.n; i++) {
        char *kind = &p->operand[i].kind;
        if (!parse_operand(t.text[i], &p->operand[i])) {
            return false;
        }
        if (strchr("EGMRVWUPQNSCD", *kind) && !p->has_modrm) {
            return false;
        }
        p->ignores_mod |= *kind == 'C' || *kind == 'D';
    }
    for (unsigned i = 0; i < t.n && !p->ignores_mod; i++) {
        constrain_modrm(p, p->operand[i].kind);
    }
    return true;
}

bool x86_parse_row(const X86Row *row, X86Pattern *p, const char **why)
{
    memset(p, 0, sizeof *p);
    p->prefixes = 15;
    p->w = p->l = 3;
    p->modes = row->flags & X86_ROW_I64 ? 1 : row->flags & X86_ROW_O64 ? 2 : 3;
    all_modrm(p, true);
    if (!parse_encoding(row->encoding, p)) {
        *why = "encoding";
        return false;
    }
    if (!parse_operands(row->operands, p)) {
        *why = "operands";
        return false;
    }
    if (x86_pattern_size(p) == 0) {
        *why = "nothing can match it";
        return false;
    }
    return true;
}

// --- comparison

static unsigned count(unsigned set)
{
    return (unsigned)__builtin_popcount(set);
}

unsigned x86_pattern_size(const X86Pattern *p)
{
    unsigned n = 0;
    for (unsigned i = 0; i < 4; i++) {
        n += (unsigned)__builtin_popcountll(p->modrm[i]);
    }
    return n * count(p->prefixes) * count(p->w) * count(p->l) * count(p->modes) *
           (p->plus_reg ? 8 : 1);
}

static bool same_opcode(const X86Pattern *a, const X86Pattern *b)
{
    unsigned mask = a->plus_reg || b->plus_reg ? 0xf8 : 0xff;
    return a->map == b->map && ((a->opcode ^ b->opcode) & mask) == 0;
}

bool x86_patterns_overlap(const X86Pattern *a, const X86Pattern *b)
{
    if (!same_opcode(a, b) || !(a->prefixes & b->prefixes) || !(a->w & b->w) || !(a->l & b->l) ||
        !(a->modes & b->modes)) {
        return false;
    }
    for (unsigned i = 0; i < 256; i++) {
        if (has(a, i) && has(b, i)) {
            return true;
        }
    }
    return false;
}

bool x86_pattern_within(const X86Pattern *a, const X86Pattern *b)
{
    if (!same_opcode(a, b) || (a->plus_reg && !b->plus_reg) || a->prefixes & ~b->prefixes ||
        a->w & ~b->w || a->l & ~b->l || a->modes & ~b->modes) {
        return false;
    }
    for (unsigned i = 0; i < 256; i++) {
        if (has(a, i) && !has(b, i)) {
            return false;
        }
    }
    return true;
}
