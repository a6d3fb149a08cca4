// The two spellings of a backend. -chardev: "socket,id=x,host=h,port=1". -serial and others:
// "tcp:h:1,server=on". The second is turned into the first's keys.
#include <string.h>

#include "chardev/backend.h"
#include "util/nearest.h"

static const ChardevKind *const kinds[] = {
    &chardev_null, &chardev_stdio,  &chardev_file,        &chardev_pipe,
    &chardev_pty,  &chardev_socket, &chardev_serial_line, &chardev_vc,
};

const ChardevKind *chardev_kind_find(const char *name, char **error)
{
    Nearest n;
    nearest_init(&n, name);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (!strcmp(kinds[i]->name, name)) {
            return kinds[i];
        }
        nearest_add(&n, kinds[i]->name);
    }
    nearest_add(&n, "tcp:HOST:PORT");
    char *hint = nearest_hint_or_all(&n);
    *error = g_strdup_printf("unknown character backend '%s'%s", name, hint);
    g_free(hint);
    return NULL;
}

static void prepend(KeyVal *kv, const char *key, char *value)
{
    kv->item = g_renew(KeyValItem, kv->item, kv->n + 1);
    memmove(kv->item + 1, kv->item, kv->n * sizeof(*kv->item));
    kv->item[0] = (KeyValItem){g_strdup(key), value, false, false};
    kv->n++;
}

// "HOST:PORT" or "[v6]:PORT"
static bool split_address(KeyVal *kv, const char *address, char **error)
{
    const char *colon = strrchr(address, ':');
    if (!colon || !colon[1]) {
        *error = g_strdup_printf("tcp:%s: not HOST:PORT", address);
        return false;
    }
    size_t len = (size_t)(colon - address);
    if (len >= 2 && address[0] == '[' && address[len - 1] == ']') {
        prepend(kv, "host", g_strndup(address + 1, len - 2));
    } else {
        prepend(kv, "host", g_strndup(address, len));
    }
    prepend(kv, "port", g_strdup(colon + 1));
    return true;
}

static bool with_path(KeyVal *kv, const char *path, char **error)
{
    if (!*path) {
        *error = g_strdup("a path is expected after the ':'");
        return false;
    }
    prepend(kv, "path", g_strdup(path));
    return true;
}

static bool with_size(KeyVal *kv, const char *size, char **error)
{
    (void)error;
    prepend(kv, "size", g_strdup(size));
    return true;
}

static bool telnet_address(KeyVal *kv, const char *address, char **error)
{
    prepend(kv, "telnet", g_strdup("on"));
    return split_address(kv, address, error);
}

static bool unsupported(KeyVal *kv, const char *rest, char **error)
{
    (void)kv;
    *error = g_strdup_printf("'%s': this kind of character backend is not supported", rest);
    return false;
}

static const struct {
    const char *prefix; // before the ':'
    const char *kind;
    bool (*add)(KeyVal *kv, const char *rest, char **error);
} prefixes[] = {
    {"tcp", "socket", split_address}, {"unix", "socket", with_path},
    {"file", "file", with_path},      {"pipe", "pipe", with_path},
    {"vc", "vc", with_size},          {"telnet", "socket", telnet_address},
    {"udp", "socket", unsupported},   {"websocket", "socket", unsupported},
};

// The first element; it may be missing, or be a key instead.
static const char *kind_of(KeyVal *kv, const char *key, char **error)
{
    const char *kind = keyval_get(kv, key);
    if (!kind) {
        *error = g_strdup(kv->n ? "the kind of character backend has to come first"
                                : "an empty character backend");
    }
    return kind;
}

// The part before the first comma decides; the rest are keys.
static bool parse_short(const char *text, ChardevSpec *spec, char **error)
{
    KeyVal *kv = spec->kv = keyval_parse(text, "what");
    const char *first = kind_of(kv, "what", error);
    if (!first) {
        return false;
    }
    char *what = g_strdup(first);
    char *colon = strchr(what, ':');
    bool ok = false;
    if (what[0] == '/') {
        spec->kind = &chardev_serial_line;
        ok = with_path(kv, what, error);
    } else if (colon) {
        *colon = 0;
        for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
            if (!strcmp(prefixes[i].prefix, what)) {
                spec->kind = chardev_kind_find(prefixes[i].kind, error);
                ok = prefixes[i].add(kv, prefixes[i].add == unsupported ? what : colon + 1, error);
            }
        }
        if (!spec->kind) {
            chardev_kind_find(what, error);
        }
    } else {
        spec->kind = chardev_kind_find(what, error);
        ok = spec->kind != NULL;
    }
    g_free(what);
    return ok;
}

static bool parse_long(const char *text, ChardevSpec *spec, char **error)
{
    spec->kv = keyval_parse(text, "backend");
    const char *name = kind_of(spec->kv, "backend", error);
    spec->id = g_strdup(keyval_get(spec->kv, "id"));
    spec->kind = name ? chardev_kind_find(name, error) : NULL;
    return spec->kind != NULL;
}

bool chardev_parse(const char *text, ChardevSpec *spec, char **error)
{
    *spec = (ChardevSpec){0};
    bool ok;
    if (strstr(text, ",id=")) {
        ok = parse_long(text, spec, error);
    } else {
        if (g_str_has_prefix(text, "mon:")) {
            spec->monitored = true;
            text += 4;
        }
        ok = parse_short(text, spec, error);
    }
    if (!ok) {
        keyval_free(spec->kv);
        g_free(spec->id);
        return false;
    }
    return true;
}
