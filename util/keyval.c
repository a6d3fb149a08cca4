#include "util/keyval.h"

#include <errno.h>
#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "util/nearest.h"

// Takes one element off *text, with doubled commas made single.
static char *next_element(const char **text)
{
    GString *s = g_string_new(NULL);
    const char *p = *text;
    while (*p && (*p != ',' || p[1] == ',')) {
        p += (*p == ',');
        g_string_append_c(s, *p++);
    }
    *text = *p ? p + 1 : p;
    return g_string_free(s, FALSE);
}

static KeyValItem make_item(char *element, const char *implied)
{
    char *eq = strchr(element, '=');
    if (eq) {
        return (KeyValItem){g_strndup(element, (size_t)(eq - element)), g_strdup(eq + 1), false,
                            false};
    }
    if (implied) {
        return (KeyValItem){g_strdup(implied), g_strdup(element), false, false};
    }
    bool no = g_str_has_prefix(element, "no") && element[2];
    return (KeyValItem){g_strdup(element + (no ? 2 : 0)), g_strdup(no ? "off" : "on"), true, false};
}

KeyVal *keyval_parse(const char *text, const char *implied)
{
    KeyVal *kv = g_new0(KeyVal, 1);
    while (*text) {
        char *element = next_element(&text);
        kv->item = g_renew(KeyValItem, kv->item, kv->n + 1);
        kv->item[kv->n] = make_item(element, kv->n == 0 ? implied : NULL);
        kv->n++;
        g_free(element);
    }
    return kv;
}

void keyval_free(KeyVal *kv)
{
    for (unsigned i = 0; i < kv->n; i++) {
        g_free(kv->item[i].key);
        g_free(kv->item[i].value);
    }
    g_free(kv->item);
    g_free(kv);
}

const char *keyval_get(KeyVal *kv, const char *key)
{
    const char *value = NULL;
    for (unsigned i = 0; i < kv->n; i++) {
        if (!strcmp(kv->item[i].key, key)) {
            kv->item[i].used = true;
            value = kv->item[i].value;
        }
    }
    return value;
}

static bool bad_value(char **error, const char *key, const char *value, const char *wanted)
{
    *error = g_strdup_printf("%s=%s: not %s", key, value, wanted);
    return false;
}

bool keyval_bool(KeyVal *kv, const char *key, bool *out, char **error)
{
    const char *v = keyval_get(kv, key);
    return !v || parse_bool(v, out) || bad_value(error, key, v, "'on' or 'off'");
}

bool keyval_u64(KeyVal *kv, const char *key, uint64_t *out, char **error)
{
    const char *v = keyval_get(kv, key);
    return !v || parse_u64(v, out) || bad_value(error, key, v, "a number");
}

bool keyval_size(KeyVal *kv, const char *key, uint64_t unit, uint64_t *out, char **error)
{
    const char *v = keyval_get(kv, key);
    return !v || parse_size(v, unit, out) || bad_value(error, key, v, "a size (like 512M or 2G)");
}

bool keyval_all_used(const KeyVal *kv, const char *const *known, char **error)
{
    for (unsigned i = 0; i < kv->n; i++) {
        const KeyValItem *it = &kv->item[i];
        if (it->used) {
            continue;
        }
        Nearest n;
        nearest_init(&n, it->key);
        for (; known && *known; known++) {
            nearest_add(&n, *known);
        }
        char *hint = nearest_hint_or_all(&n);
        *error = g_strdup_printf("unknown property '%s'%s", it->key, hint);
        g_free(hint);
        return false;
    }
    return true;
}

bool parse_bool(const char *s, bool *out)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"on", true},   {"off", false},   {"yes", true}, {"no", false},
                 {"true", true}, {"false", false}, {"y", true},   {"n", false}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (!strcmp(s, words[i].word)) {
            *out = words[i].value;
            return true;
        }
    }
    return false;
}

bool parse_u64(const char *s, uint64_t *out)
{
    if (!g_ascii_isdigit(*s)) {
        return false;
    }
    char *end;
    errno = 0;
    uint64_t v = strtoull(s, &end, 0);
    if (*end || errno) {
        return false;
    }
    *out = v;
    return true;
}

static bool unit_of(const char *suffix, uint64_t unit, uint64_t *out)
{
    static const char letters[] = "bkmgtpe";
    if (!*suffix) {
        *out = unit;
        return true;
    }
    const char *l = strchr(letters, g_ascii_tolower(*suffix));
    if (!l) {
        return false;
    }
    suffix++;
    if (!g_ascii_strcasecmp(suffix, "ib") || !g_ascii_strcasecmp(suffix, "b")) {
        suffix += strlen(suffix);
    }
    *out = UINT64_C(1) << (10 * (l - letters));
    return !*suffix;
}

bool parse_size(const char *s, uint64_t unit, uint64_t *out)
{
    if (!g_ascii_isdigit(*s)) {
        return false;
    }
    bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X');
    char *end;
    errno = 0;
    uint64_t whole = strtoull(s, &end, hex ? 16 : 10);
    double part = 0;
    if (*end == '.' && !hex) {
        part = g_ascii_strtod(end, &end);
    }
    if (errno || !unit_of(end, unit, &unit) || whole > UINT64_MAX / unit) {
        return false;
    }
    uint64_t v = whole * unit, add = (uint64_t)(part * (double)unit);
    if (v > UINT64_MAX - add) {
        return false;
    }
    *out = v + add;
    return true;
}
