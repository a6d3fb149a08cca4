// Completion. What an argument may be stands in its row's usage text: FILE, KEYS, ITEM, a|b|c, ...
#include <string.h>

#include "block/block.h"
#include "monitor/commands.h"
#include "ui/console.h"
#include "ui/input.h"

typedef struct Completion {
    GPtrArray *list; // char *
    Machine *machine;
    const char *word; // what is there of it
    const char *command;
} Completion;

static void offer(Completion *c, const char *candidate)
{
    if (g_str_has_prefix(candidate, c->word)) {
        g_ptr_array_add(c->list, g_strdup(candidate));
    }
}

static void offer_rows(Completion *c, bool info)
{
    GPtrArray *rows = monitor_rows(info);
    for (guint i = 0; i < rows->len; i++) {
        offer(c, ((const MonitorCommand *)g_ptr_array_index(rows, i))->name);
    }
    g_ptr_array_unref(rows);
}

static void complete_command(Completion *c)
{
    offer_rows(c, false);
}

static void complete_info(Completion *c)
{
    offer_rows(c, true);
}

// The last of "ctrl-alt-de".
static void complete_keys(Completion *c)
{
    const char *dash = strrchr(c->word, '-'), *whole = c->word;
    char *before = g_strndup(whole, dash ? (gsize)(dash + 1 - whole) : 0);
    for (int k = INPUT_KEY_NONE + 1; k < INPUT_KEYS; k++) {
        char *keys = g_strconcat(before, input_key_name((InputKey)k), NULL);
        offer(c, keys);
        g_free(keys);
    }
    g_free(before);
}

static void complete_file(Completion *c)
{
    const char *slash = strrchr(c->word, '/');
    char *directory = slash ? g_strndup(c->word, (gsize)(slash + 1 - c->word)) : g_strdup("");
    GDir *d = g_dir_open(*directory ? directory : ".", 0, NULL);
    for (const char *name; d && (name = g_dir_read_name(d));) {
        char *path = g_strconcat(directory, name, NULL);
        char *whole = g_file_test(path, G_FILE_TEST_IS_DIR) ? g_strconcat(path, "/", NULL) : NULL;
        offer(c, whole ? whole : path);
        g_free(whole);
        g_free(path);
    }
    if (d) {
        g_dir_close(d);
    }
    g_free(directory);
}

static void offer_drive(void *opaque, BlockDevice *b)
{
    offer(opaque, block_id(b));
}

static void complete_drive(Completion *c)
{
    block_each(c->machine, offer_drive, c);
}

static void complete_device(Completion *c)
{
    for (guint i = 0; i < c->machine->devices->len; i++) {
        const Device *d = g_ptr_array_index(c->machine->devices, i);
        if (d->id) {
            offer(c, d->id);
        }
    }
}

static void complete_display(Completion *c)
{
    for (unsigned i = 0; console_get(c->machine, i); i++) {
        offer(c, console_name(console_get(c->machine, i)));
    }
}

static const struct {
    const char *word; // in the usage text
    void (*complete)(Completion *c);
} words[] = {
    {"COMMAND", complete_command}, {"TOPIC", complete_info},  {"KEYS", complete_keys},
    {"FILE", complete_file},       {"DRIVE", complete_drive}, {"DEVICE", complete_device},
    {"DISPLAY", complete_display},
};

// "[COMMAND]", "FILE", "on|off": what stands at that place of the usage text.
static void complete_argument(Completion *c, const char *usage)
{
    char *bare = g_strdup(usage);
    g_strdelimit(bare, "[]", ' ');
    g_strstrip(bare);
    char **choices = g_strsplit(bare, "|", -1);
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (!strcmp(bare, words[i].word)) {
            words[i].complete(c);
        }
    }
    if (*bare == '-') {
        offer(c, bare);
    }
    for (unsigned i = 0; choices[0] && choices[1] && choices[i]; i++) {
        offer(c, choices[i]);
    }
    g_strfreev(choices);
    g_free(bare);
}

// Where in the usage text the last of these words stands: "[-f" and "[-f]" may be left out.
static const char *usage_of(char **usage, char **word)
{
    for (; *usage && *word; word++) {
        while (*usage && g_str_has_prefix(*usage, "[-") && **word != '-') {
            bool alone = g_str_has_suffix(*usage, "]");
            usage += !alone && usage[1] ? 2 : 1;
        }
        if (!word[1]) {
            return *usage;
        }
        usage += *usage != NULL;
    }
    return NULL;
}

static void complete_words(Completion *c, bool info, char **word)
{
    const MonitorCommand *row = monitor_find(info, word[0]);
    char **usage = g_strsplit(row ? row->args : "", " ", -1);
    const char *at = usage_of(usage, word + 1);
    if (at) {
        complete_argument(c, at);
    }
    g_strfreev(usage);
}

GPtrArray *monitor_complete(Machine *m, const char *line)
{
    char **part = g_strsplit_set(line + strspn(line, " "), " ", -1);
    guint n = g_strv_length(part);
    Completion c = {.list = g_ptr_array_new_with_free_func(g_free), .machine = m, .word = ""};
    if (n <= 1) {
        c.word = n ? part[0] : "";
        complete_command(&c);
    } else {
        bool info = n > 2 && !strcmp(part[0], "info");
        c.word = part[n - 1];
        complete_words(&c, info, part + info);
    }
    g_strfreev(part);
    return c.list;
}
