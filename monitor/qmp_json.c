// JSON values: small helpers for building them, and their text in QMP's layout.
#include <inttypes.h>
#include <string.h>

#include "monitor/qmp_command.h"

Json *qmp_add(Json *o, const char *key, Json *value)
{
    json_object_object_add(o, key, value);
    return o;
}

Json *qmp_add_str(Json *o, const char *key, const char *value)
{
    return qmp_add(o, key, json_object_new_string(value));
}

Json *qmp_add_int(Json *o, const char *key, int64_t value)
{
    return qmp_add(o, key, json_object_new_int64(value));
}

Json *qmp_add_bool(Json *o, const char *key, bool value)
{
    return qmp_add(o, key, json_object_new_boolean(value));
}

// --- text: ASCII only, so that clients need not care about encodings

static void print_unit(GString *out, unsigned unit)
{
    g_string_append_printf(out, "\\u%04x", unit);
}

static void print_char(GString *out, gunichar c)
{
    static const char plain[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
    const char *at = c && c < 128 ? strchr(plain, (int)c) : NULL;
    if (at) {
        g_string_append_c(out, '\\');
        g_string_append_c(out, letter[at - plain]);
    } else if (c >= 32 && c < 127) {
        g_string_append_c(out, (char)c);
    } else if (c < 0x10000) {
        print_unit(out, c);
    } else { // a surrogate pair
        print_unit(out, 0xd800 + ((c - 0x10000) >> 10));
        print_unit(out, 0xdc00 + ((c - 0x10000) & 0x3ff));
    }
}

static void print_string(GString *out, const char *s, size_t len)
{
    const char *end = s + len;
    g_string_append_c(out, '"');
    while (s < end) {
        gunichar c = g_utf8_get_char_validated(s, end - s);
        bool bad = c >= 0x110000; // replaced, as what follows a wrong byte may be right again
        print_char(out, bad ? 0xfffd : c);
        s += bad ? 1 : g_utf8_skip[*(const uint8_t *)s];
    }
    g_string_append_c(out, '"');
}

static void line(GString *out, bool pretty, unsigned depth)
{
    if (pretty) {
        g_string_append_printf(out, "\n%*s", (int)depth * 4, "");
    }
}

static void print_value(GString *out, Json *v, bool pretty, unsigned depth);

static void print_object(GString *out, Json *v, bool pretty, unsigned depth)
{
    bool first = true;
    g_string_append_c(out, '{');
    json_object_object_foreach(v, key, value)
    {
        g_string_append(out, first ? "" : pretty ? "," : ", ");
        line(out, pretty, depth + 1);
        print_string(out, key, strlen(key));
        g_string_append(out, ": ");
        print_value(out, value, pretty, depth + 1);
        first = false;
    }
    if (!first) {
        line(out, pretty, depth);
    }
    g_string_append_c(out, '}');
}

static void print_array(GString *out, Json *v, bool pretty, unsigned depth)
{
    size_t n = json_object_array_length(v);
    g_string_append_c(out, '[');
    for (size_t i = 0; i < n; i++) {
        g_string_append(out, !i ? "" : pretty ? "," : ", ");
        line(out, pretty, depth + 1);
        print_value(out, json_object_array_get_idx(v, i), pretty, depth + 1);
    }
    if (n) {
        line(out, pretty, depth);
    }
    g_string_append_c(out, ']');
}

static void print_value(GString *out, Json *v, bool pretty, unsigned depth)
{
    switch (json_object_get_type(v)) {
    case json_type_object:
        print_object(out, v, pretty, depth);
        break;
    case json_type_array:
        print_array(out, v, pretty, depth);
        break;
    case json_type_string:
        print_string(out, json_object_get_string(v), (size_t)json_object_get_string_len(v));
        break;
    default: // numbers, true, false, null
        g_string_append(out, json_object_to_json_string_ext(v, JSON_C_TO_STRING_PLAIN));
        break;
    }
}

void qmp_json_print(GString *out, Json *value, bool pretty)
{
    print_value(out, value, pretty, 0);
}
