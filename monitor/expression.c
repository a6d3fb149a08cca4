// Numbers as they are typed into the monitor: C's operators over numbers and registers.
//
//   logic:   sum { (& | ^) sum }          all on one level, as QEMU has it
//   sum:     product { (+ -) product }
//   product: unary { (* / %) unary }
//   unary:   (+ - ~) unary | ( logic ) | $register | number
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/commands.h"

#define MAX_DEPTH 64

typedef struct Expression {
    VCPU *v;
    const char *at;
    unsigned depth;
    char *error; // the first one
} Expression;

static uint64_t logic(Expression *e);

static uint64_t fail(Expression *e, char *why)
{
    if (e->error) {
        g_free(why);
    } else {
        e->error = why;
    }
    return 0;
}

static char next(Expression *e)
{
    e->at += strspn(e->at, " ");
    return *e->at;
}

// One of these characters, which is taken; 0 if there is another.
static char take(Expression *e, const char *of)
{
    char c = next(e);
    if (e->error || !c || !strchr(of, c)) {
        return 0;
    }
    e->at++;
    return c;
}

// --- registers: gdb's names, and those that people know besides

static const char *other_name(const char *name)
{
    static const char *const names[][2] = {
        {"sp", "rsp"}, {"sp", "esp"}, {"fp", "rbp"}, {"fp", "ebp"}, {"lr", "x30"}, {"fp", "x29"},
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!strcmp(names[i][1], name)) {
            return names[i][0];
        }
    }
    return "";
}

static bool read_register(VCPU *v, const char *name, uint64_t *value)
{
    const TargetOps *t = v->target;
    for (unsigned i = 0; i < t->n_gdb_regs; i++) {
        const char *real = t->gdb_regs[i].name;
        uint8_t bytes[64] = {0};
        if (!strcmp(real, name) || !strcmp(other_name(real), name)) {
            bool ok = t->gdb_regs[i].bits <= 512 && t->gdb_read(v, i, bytes);
            memcpy(value, bytes, sizeof(*value));
            return ok;
        }
    }
    return false;
}

// $eax of a processor with an rax.
static bool read_half(VCPU *v, const char *name, uint64_t *value)
{
    char *whole = g_strdup(name);
    bool ok = false;
    if (*whole == 'e') {
        *whole = 'r';
        ok = read_register(v, whole, value);
        *value = (uint32_t)*value;
    }
    g_free(whole);
    return ok;
}

static uint64_t read_named(Expression *e)
{
    size_t len = strspn(e->at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    char *name = g_strndup(e->at, len);
    uint64_t value = 0;
    e->at += len;
    if (!strcmp(name, "pc")) {
        value = e->v->pc;
    } else if (!read_register(e->v, name, &value) && !read_half(e->v, name, &value)) {
        fail(e, g_strdup_printf("unknown register '$%s' ('info registers' shows them)", name));
    }
    g_free(name);
    return value;
}

// --- grammar

static uint64_t number(Expression *e)
{
    char *end;
    errno = 0;
    uint64_t value = g_ascii_strtoull(e->at, &end, 0);
    if (end == e->at || !g_ascii_isdigit(*e->at)) {
        return fail(e, *e->at ? g_strdup_printf("'%s': neither a number nor a $register", e->at)
                              : g_strdup("the expression ends too early"));
    }
    if (errno == ERANGE) {
        return fail(e, g_strdup_printf("'%s': more than 64 bits", e->at));
    }
    e->at = end;
    return value;
}

static uint64_t bracket(Expression *e)
{
    uint64_t value = logic(e);
    return take(e, ")") ? value : fail(e, g_strdup("a ')' is missing"));
}

static uint64_t unary(Expression *e)
{
    uint64_t value;
    if (e->depth >= MAX_DEPTH) {
        return fail(e, g_strdup_printf("more than %d levels", MAX_DEPTH));
    }
    e->depth++;
    switch (take(e, "+-~($")) {
    case '+':
        value = unary(e);
        break;
    case '-':
        value = -unary(e);
        break;
    case '~':
        value = ~unary(e);
        break;
    case '(':
        value = bracket(e);
        break;
    case '$':
        value = e->v ? read_named(e) : fail(e, g_strdup("there is no processor"));
        break;
    default:
        value = number(e);
        break;
    }
    e->depth--;
    return value;
}

static uint64_t product(Expression *e)
{
    uint64_t value = unary(e);
    for (char op; (op = take(e, "*/%"));) {
        uint64_t by = unary(e);
        if (op == '*') {
            value *= by;
        } else if (!by) {
            return fail(e, g_strdup("division by zero"));
        } else {
            value = op == '/' ? value / by : value % by;
        }
    }
    return value;
}

static uint64_t sum(Expression *e)
{
    uint64_t value = product(e);
    for (char op; (op = take(e, "+-"));) {
        uint64_t x = product(e);
        value = op == '+' ? value + x : value - x;
    }
    return value;
}

static uint64_t logic(Expression *e)
{
    uint64_t value = sum(e);
    for (char op; (op = take(e, "&|^"));) {
        uint64_t x = sum(e);
        value = op == '&' ? value & x : op == '|' ? value | x : value ^ x;
    }
    return value;
}

char *monitor_evaluate(VCPU *v, const char *text, uint64_t *value)
{
    Expression e = {.v = v, .at = text};
    *value = logic(&e);
    if (next(&e)) {
        fail(&e, g_strdup_printf("'%s': unexpected", e.at));
    }
    return e.error;
}

bool monitor_number(VCPU *v, const char *text, uint64_t *value)
{
    char *error = monitor_evaluate(v, text, value);
    bool ok = !error;
    g_free(error);
    return ok;
}

bool monitor_expression(VCPU *v, int argc, char **argv, const char *command, uint64_t *value,
                        GString *out)
{
    if (argc < 1) {
        monitor_usage(command, out);
        return false;
    }
    char *text = g_strjoinv(" ", argv); // argv ends with NULL, as a line's words do
    char *error = monitor_evaluate(v, text, value);
    if (error) {
        g_string_append_printf(out, "%s %s: %s\n", command, text, error);
    }
    bool ok = !error;
    g_free(text);
    g_free(error);
    return ok;
}
