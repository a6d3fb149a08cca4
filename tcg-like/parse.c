// Reading the text form back: what ir_print writes, plus comments (#) and blank lines. Values are
// their insn's index; gaps in the numbering become nops.
#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include "tcg-like/builder.h"
#include "tcg-like/owned.h"
#include "tcg-like/text_format.h"

typedef struct Parser {
    IRBlock *b;
    const char *at; // in the line under way
    unsigned line;
    char *error;
} Parser;

static PRINTF_LIKE(2, 3) bool bad(Parser *p, const char *format, ...)
{
    if (!p->error) {
        va_list args;
        va_start(args, format);
        char *why = g_strdup_vprintf(format, args);
        va_end(args);
        p->error = g_strdup_printf("line %u: %s", p->line, why);
        g_free(why);
    }
    return false;
}

// --- words
static void skip_blanks(Parser *p)
{
    p->at += strspn(p->at, " \t\r,");
}

static bool at_end(Parser *p)
{
    skip_blanks(p);
    return *p->at == 0 || *p->at == '#';
}

static bool accept(Parser *p, const char *s)
{
    skip_blanks(p);
    size_t n = strlen(s);
    if (strncmp(p->at, s, n)) {
        return false;
    }
    p->at += n;
    return true;
}

// A name: letters, digits, _. Cut to the buffer.
static bool word(Parser *p, char *buf, size_t size)
{
    skip_blanks(p);
    size_t n = 0;
    while (g_ascii_isalnum(p->at[n]) || p->at[n] == '_') {
        n++;
    }
    g_strlcpy(buf, p->at, MIN_OF(n + 1, size));
    p->at += n;
    return n > 0 || bad(p, "a name is missing at \"%s\"", p->at);
}

static bool number(Parser *p, uint64_t *v)
{
    char *end;
    skip_blanks(p);
    errno = 0;
    *v = *p->at == '-' ? (uint64_t)g_ascii_strtoll(p->at, &end, 0)
                       : g_ascii_strtoull(p->at, &end, 0);
    if (end == p->at || errno) {
        return bad(p, "not a number: \"%s\"", p->at);
    }
    p->at = end;
    return true;
}

static int find_name(const char *const *names, unsigned n, const char *s)
{
    for (unsigned k = 0; k < n && names[k]; k++) {
        if (!strcmp(names[k], s)) {
            return (int)k;
        }
    }
    return -1;
}

// --- values of keys
static bool parse_memop(Parser *p, IRInsn *i, const IRTextKey *k)
{
    uint64_t bytes;
    if (!number(p, &bytes)) {
        return false;
    }
    if (!bytes || bytes > 16 || bytes & (bytes - 1)) {
        return bad(p, "no access has %u bytes", (unsigned)bytes);
    }
    uint64_t m = (uint64_t)__builtin_ctzll(bytes);
    while (*p->at == ',') {
        char name[16];
        p->at++;
        if (!word(p, name, sizeof name)) {
            return false;
        }
        int flag = find_name(ir_text_memop, ARRAY_LEN(ir_text_memop), name);
        if (flag < 0) {
            return bad(p, "no access flag \"%s\"", name);
        }
        m |= (uint64_t)IR_MEM_SIGN << flag;
    }
    ir_text_set_field(i, k, m);
    return true;
}

static IROwned *own(IRBlock *b)
{
    IROwned *o = g_new0(IROwned, 1);
    o->next = b->owned;
    b->owned = o;
    return o;
}

static bool parse_helper(Parser *p, IRInsn *i, const IRTextKey *k)
{
    IROwned *o = own(p->b);
    uint64_t flags;
    if (!word(p, o->name, sizeof o->name) || !accept(p, ":") || !number(p, &flags)) {
        return bad(p, "a helper is written name:flags");
    }
    if (k->kind == IR_TEXT_VHELPER) {
        o->vcall = (IRVHelper){.name = o->name, .flags = (uint16_t)flags};
        i->imm = (uintptr_t)&o->vcall;
        return true;
    }
    uint8_t n = 0;
    while (n < 4 && i->arg[n] != IR_NONE) {
        n++;
    }
    o->call = (IRHelper){.name = o->name, .ret = i->type, .n_args = n, .flags = (uint16_t)flags};
    i->imm = (uintptr_t)&o->call;
    return true;
}

static bool parse_vconst(Parser *p, IRInsn *i)
{
    uint64_t hi, lo;
    if (!number(p, &hi) || !accept(p, ":") || !number(p, &lo)) {
        return bad(p, "a vector constant is written high:low");
    }
    ir_vconst(p->b, lo, hi);
    i->imm = p->b->insn[--p->b->n].imm;
    return true;
}

static bool parse_target(Parser *p, IRInsn *i)
{
    uint64_t pc;
    if (!number(p, &pc)) {
        return false;
    }
    if (i->aux >= IR_MAX_SLOTS) {
        return bad(p, "no slot %u", i->aux);
    }
    p->b->exit_pc[i->aux] = pc;
    p->b->n_slots = MAX_OF(p->b->n_slots, i->aux + 1u);
    return true;
}

static bool parse_name(Parser *p, IRInsn *i, const IRTextKey *k)
{
    char name[16];
    if (!word(p, name, sizeof name)) {
        return false;
    }
    int n = find_name(k->names, 100, name);
    if (n < 0) {
        return bad(p, "%s has no value \"%s\"", k->key, name);
    }
    ir_text_set_field(i, k, (uint64_t)n);
    return true;
}

static bool parse_value(Parser *p, IRInsn *i, const IRTextKey *k)
{
    uint64_t v;
    switch ((IRTextKind)k->kind) {
    case IR_TEXT_NAME:
        return parse_name(p, i, k);
    case IR_TEXT_MEMOP:
        return parse_memop(p, i, k);
    case IR_TEXT_HELPER:
    case IR_TEXT_VHELPER:
        return parse_helper(p, i, k);
    case IR_TEXT_VCONST:
        return parse_vconst(p, i);
    case IR_TEXT_TARGET:
        return parse_target(p, i);
    default:
        break;
    }
    if (!number(p, &v)) {
        return false;
    }
    ir_text_set_field(i, k, v);
    return true;
}

static bool parse_key(Parser *p, IRInsn *i)
{
    char name[16];
    if (!word(p, name, sizeof name)) {
        return false;
    }
    for (unsigned k = 0; k < IR_TEXT_MAX_KEYS && ir_text_op[i->op].key[k]; k++) {
        const IRTextKey *key = ir_text_op[i->op].key[k];
        if (!strcmp(key->key, name)) {
            return accept(p, "=") ? parse_value(p, i, key) : bad(p, "= is missing after %s", name);
        }
    }
    return bad(p, "%s has no \"%s\"", ir_op_info[i->op].name, name);
}

// --- insns
static bool parse_op(Parser *p, IRInsn *i)
{
    char name[16];
    if (!word(p, name, sizeof name)) {
        return false;
    }
    for (unsigned op = 0; op < IR_OPCODES; op++) {
        if (!strcmp(ir_op_info[op].name, name)) {
            i->op = (uint16_t)op;
            return true;
        }
    }
    return bad(p, "no op \"%s\"", name);
}

static bool parse_type(Parser *p, IRInsn *i)
{
    char name[16];
    if (*p->at != '.') {
        return true;
    }
    p->at++;
    if (!word(p, name, sizeof name)) {
        return false;
    }
    int t = find_name(ir_text_type, ARRAY_LEN(ir_text_type), name);
    i->type = (uint8_t)MAX_OF(t, 0);
    return t >= 0 || bad(p, "no type \"%s\"", name);
}

static bool parse_args(Parser *p, IRInsn *i)
{
    for (unsigned k = 0; k < 4; k++) {
        uint64_t n;
        if (accept(p, "_")) {
            continue;
        }
        if (!accept(p, "%")) {
            return true;
        }
        if (!number(p, &n)) {
            return false;
        }
        if (n >= p->b->n) {
            return bad(p, "%%%u is not defined before", (unsigned)n);
        }
        i->arg[k] = (IRRef)n;
    }
    return true;
}

static const IRInsn nop = {.op = IR_nop, .arg = {IR_NONE, IR_NONE, IR_NONE, IR_NONE}};

// "%N = ": the insn must become number N.
static bool parse_result(Parser *p)
{
    uint64_t n;
    if (!accept(p, "%")) {
        return true;
    }
    if (!number(p, &n) || !accept(p, "=")) {
        return bad(p, "a result is written %%number =");
    }
    if (n < p->b->n || n >= IR_MAX_INSNS) {
        return bad(p, "%%%u is out of order: the next is %u", (unsigned)n, p->b->n);
    }
    while (p->b->n < n) {
        ir_append(p->b, nop);
    }
    return true;
}

static bool parse_insn(Parser *p)
{
    IRInsn i = nop;
    if (!parse_result(p) || !parse_op(p, &i) || !parse_type(p, &i) || !parse_args(p, &i)) {
        return false;
    }
    while (!at_end(p)) {
        if (!parse_key(p, &i)) {
            return false;
        }
    }
    if (p->b->n >= IR_MAX_INSNS) {
        return bad(p, "too many insns");
    }
    ir_append(p->b, i);
    return true;
}

static bool parse_header(Parser *p)
{
    uint64_t pc, bytes, insns;
    if (!accept(p, "pc=") || !number(p, &pc) || !accept(p, "bytes=") || !number(p, &bytes) ||
        !accept(p, "insns=") || !number(p, &insns)) {
        return bad(p, "a block is written block pc= bytes= insns=");
    }
    p->b->pc = pc;
    p->b->guest_bytes = (unsigned)bytes;
    p->b->guest_insns = (unsigned)insns;
    return at_end(p) || bad(p, "what is \"%s\"?", p->at);
}

static bool parse_line(Parser *p, const char *line)
{
    p->at = line;
    p->line++;
    if (at_end(p)) {
        return true;
    }
    return accept(p, "block ") ? parse_header(p) : parse_insn(p);
}

IRBlock *ir_parse(const char *text, char **error)
{
    Parser p = {.b = ir_block_new()};
    char **lines = g_strsplit(text, "\n", -1);
    bool ok = true;
    for (unsigned k = 0; ok && lines[k]; k++) {
        ok = parse_line(&p, lines[k]);
    }
    g_strfreev(lines);
    if (ok) {
        return p.b;
    }
    ir_block_free(p.b);
    *error = p.error;
    return NULL;
}
