// -blockdev: QEMU's nodes. Each is put into the words of -drive:
//
//   driver=file,node-name=f,filename=a.qcow2  --.   kept until a format's node asks for it
//   driver=qcow2,node-name=d,file=f           --'-> if=none,id=d,format=qcow2,file=a.qcow2
//
// or in one, driver=qcow2,node-name=d,file.driver=file,file.filename=a.qcow2. A node of a file that
// no other has asked for is a raw disk itself.
#include <json-c/json.h>
#include <string.h>

#include "block/block_internal.h"
#include "hw/core/machine.h"
#include "util/keyval.h"

// What -drive calls it; NULL: looked at, and makes no difference.
static const struct {
    const char *key, *drive;
} words[] = {
    {"filename", "file"},
    {"locking", "locking"},
    {"aio", "aio"},
    {"cache.direct", "cache.direct"},
    {"cache.no-flush", "cache.no-flush"},
    {"read-only", "readonly"},
    {"discard", "discard"},
    {"detect-zeroes", "detect-zeroes"},
    {"lazy-refcounts", "lazy-refcounts"},
    {"l2-cache-size", "l2-cache-size"},
    {"cache-size", "cache-size"},
    {"refcount-cache-size", "refcount-cache-size"},
    {"overlap-check", NULL},
    {"auto-read-only", NULL},
    {"driver", NULL},
    {"node-name", NULL},
};

// Of a file's node below another's: what belongs to the disk is said above.
static const char *const below[] = {"filename",     "locking",        "aio",
                                    "cache.direct", "cache.no-flush", NULL};

static void append(GString *s, const char *key, const char *value)
{
    char **parts = g_strsplit(value, ",", -1), *escaped = g_strjoinv(",,", parts);
    g_string_append_printf(s, "%s%s=%s", s->len ? "," : "", key, escaped);
    g_free(escaped);
    g_strfreev(parts);
}

// --- the JSON form, as dotted keys

static bool flatten(GString *out, const char *prefix, json_object *o, char **error)
{
    json_object_object_foreach(o, key, value)
    {
        char *name = g_strdup_printf("%s%s%s", prefix, *prefix ? "." : "", key);
        bool ok = true;
        switch (json_object_get_type(value)) {
        case json_type_object:
            ok = flatten(out, name, value, error);
            break;
        case json_type_boolean:
            append(out, name, json_object_get_boolean(value) ? "on" : "off");
            break;
        case json_type_string:
        case json_type_int:
            append(out, name, json_object_get_string(value));
            break;
        default:
            *error =
                g_strdup_printf("%s: expected a string, a number, true, false or an object", name);
            ok = false;
        }
        g_free(name);
        if (!ok) {
            return false;
        }
    }
    return true;
}

static KeyVal *parse(const char *optarg, char **error)
{
    if (*optarg != '{') {
        return keyval_parse(optarg, NULL);
    }
    json_object *o = json_tokener_parse(optarg);
    GString *s = g_string_new(NULL);
    KeyVal *kv = NULL;
    if (!o || !json_object_is_type(o, json_type_object)) {
        *error = g_strdup("it is not an object of JSON");
    } else if (flatten(s, "", o, error)) {
        kv = keyval_parse(s->str, NULL);
    }
    g_string_free(s, TRUE);
    json_object_put(o);
    return kv;
}

// --- nodes of files that wait for a format: name -> words of -drive

static GHashTable *waiting(Machine *m)
{
    GHashTable *t = machine_lookup(m, "blockdev-files");
    if (!t) {
        t = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        machine_register(m, "blockdev-files", t);
    }
    return t;
}

static bool is_file(const char *driver)
{
    return !strcmp(driver, "file") || !strcmp(driver, "host_device");
}

static const char *strip(const char *key, bool *is_below)
{
    *is_below = g_str_has_prefix(key, "file.");
    return *is_below ? key + strlen("file.") : key;
}

static bool is_listed(const char *word, const char *const *list)
{
    while (*list && strcmp(*list, word)) {
        list++;
    }
    return *list;
}

// All keys but those that name the node, as words of -drive.
static bool translate(const KeyVal *kv, GString *out, char **error)
{
    for (unsigned i = 0; i < kv->n; i++) {
        bool is_below, known = !strcmp(kv->item[i].key, "file");
        const char *key = strip(kv->item[i].key, &is_below);
        for (size_t w = 0; w < ARRAY_LEN(words) && !known; w++) {
            known = !strcmp(words[w].key, key);
            if (known && words[w].drive && (!is_below || is_listed(key, below))) {
                append(out, words[w].drive, kv->item[i].value);
            }
        }
        if (!known) {
            *error = g_strdup_printf("%s: no such option here", kv->item[i].key);
            return false;
        }
    }
    return true;
}

// The words for the file under a format's node.
static bool add_file(Machine *m, KeyVal *kv, GString *out, char **error)
{
    const char *ref = keyval_get(kv, "file"), *driver = keyval_get(kv, "file.driver");
    if (!ref) {
        if (driver && !is_file(driver)) {
            *error = g_strdup_printf("file.driver=%s: not supported, only file", driver);
        } else if (!keyval_get(kv, "file.filename")) {
            *error = g_strdup("file.filename=, or file= with a node's name, is missing");
        }
        return !*error;
    }
    const char *file = g_hash_table_lookup(waiting(m), ref);
    if (!file) {
        *error = g_strdup_printf("file=%s: there is no such node of a file before it, or another "
                                 "has it",
                                 ref);
        return false;
    }
    g_string_append_printf(out, "%s%s", out->len ? "," : "", file);
    g_hash_table_remove(waiting(m), ref);
    return true;
}

static bool add_node(Machine *m, KeyVal *kv, bool snapshot, char **error)
{
    const char *driver = keyval_get(kv, "driver"), *name = keyval_get(kv, "node-name");
    if (!driver || !name || !*name) {
        *error = g_strdup(driver ? "node-name= is missing" : "driver= is missing");
        return false;
    }
    bool file = is_file(driver);
    if (!file && !block_format_known(driver)) {
        *error = g_strdup_printf("driver=%s: not supported, only file, " BLOCK_FORMATS, driver);
        return false;
    }
    GString *s = g_string_new(NULL);
    bool ok = translate(kv, s, error) && (file || add_file(m, kv, s, error));
    if (ok && file) {
        ok = keyval_get(kv, "filename") != NULL;
        *error = ok ? NULL : g_strdup("filename= is missing");
        if (ok) {
            g_hash_table_insert(waiting(m), g_strdup(name), g_strdup(s->str));
        }
    } else if (ok) {
        append(s, "if", "none");
        append(s, "id", name);
        append(s, "format", driver);
        ok = drive_add(m, s->str, snapshot, error);
    }
    g_string_free(s, TRUE);
    return ok;
}

bool blockdev_add(Machine *m, const char *optarg, bool snapshot, char **error)
{
    *error = NULL;
    KeyVal *kv = parse(optarg, error);
    bool ok = kv && add_node(m, kv, snapshot, error);
    if (kv) {
        keyval_free(kv);
    }
    return ok;
}

bool blockdev_finish(Machine *m, bool snapshot, char **error)
{
    GHashTableIter it;
    gpointer name, file;
    g_hash_table_iter_init(&it, waiting(m));
    while (g_hash_table_iter_next(&it, &name, &file)) {
        char *arg = g_strdup_printf("%s,if=none,id=%s,format=raw", (char *)file, (char *)name);
        char *reason = NULL;
        bool ok = drive_add(m, arg, snapshot, &reason);
        g_free(arg);
        if (!ok) {
            *error = g_strdup_printf("node-name=%s: %s", (char *)name, reason);
            g_free(reason);
            return false;
        }
    }
    g_hash_table_remove_all(waiting(m));
    return true;
}
