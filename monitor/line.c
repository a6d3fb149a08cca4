// Editing a line at a terminal of which nothing is known but that \b goes back.
//
//   (mimus) info re|gisters        text, cursor at |
//
// What is behind the cursor is written again after each change, and the cursor taken back over it.
// A line longer than the terminal is wide is edited right and shown wrong, as with most programs.
#include "monitor/line.h"

#include <string.h>

#define MAX_LINE    1024
#define MAX_HISTORY 64
#define MAX_ESCAPE  8

struct Line {
    LineOwner owner;
    GString *text;
    size_t cursor;
    GPtrArray *history; // char *
    unsigned at;        // position in the history; its length: the new line
    char *unfinished;   // the new line while one looks at older ones; may be NULL
    char escape[MAX_ESCAPE + 1];
    unsigned n_escape; // bytes of an escape sequence seen
};

Line *line_new(const LineOwner *owner)
{
    Line *l = g_new0(Line, 1);
    l->owner = *owner;
    l->text = g_string_new(NULL);
    l->history = g_ptr_array_new_with_free_func(g_free);
    return l;
}

// --- the terminal

static void say(Line *l, const char *text)
{
    l->owner.write(l->owner.opaque, text, strlen(text));
}

static void say_times(Line *l, const char *text, size_t n)
{
    while (n--) {
        say(l, text);
    }
}

void line_show(Line *l)
{
    say(l, l->owner.prompt);
    say(l, l->text->str);
    say_times(l, "\b", l->text->len - l->cursor);
}

// What is behind the cursor has changed and got shorter by n.
static void show_rest(Line *l, size_t n)
{
    say(l, l->text->str + l->cursor);
    say_times(l, " ", n);
    say_times(l, "\b", n + l->text->len - l->cursor);
}

// --- editing

static void insert(Line *l, const char *text, size_t len)
{
    if (l->text->len + len > MAX_LINE) {
        return;
    }
    g_string_insert_len(l->text, (gssize)l->cursor, text, (gssize)len);
    l->owner.write(l->owner.opaque, text, len);
    l->cursor += len;
    if (l->cursor < l->text->len) {
        show_rest(l, 0);
    }
}

static void move_to(Line *l, size_t cursor)
{
    if (cursor < l->cursor) {
        say_times(l, "\b", l->cursor - cursor);
    } else {
        l->owner.write(l->owner.opaque, l->text->str + l->cursor, cursor - l->cursor);
    }
    l->cursor = cursor;
}

// The characters from here up to the cursor, or from the cursor up to here.
static void erase_to(Line *l, size_t to)
{
    size_t from = MIN_OF(l->cursor, to), len = MAX_OF(l->cursor, to) - from;
    move_to(l, from);
    g_string_erase(l->text, (gssize)from, (gssize)len);
    if (len) {
        show_rest(l, len);
    }
}

static void replace(Line *l, const char *text)
{
    move_to(l, 0);
    erase_to(l, l->text->len);
    insert(l, text, strlen(text));
}

static size_t word_start(const Line *l)
{
    size_t i = l->cursor;
    while (i && l->text->str[i - 1] == ' ') {
        i--;
    }
    while (i && l->text->str[i - 1] != ' ') {
        i--;
    }
    return i;
}

static size_t word_end(const Line *l)
{
    size_t i = l->cursor + strspn(l->text->str + l->cursor, " ");
    return i + strcspn(l->text->str + i, " ");
}

void line_drop(Line *l)
{
    g_string_truncate(l->text, 0);
    l->cursor = 0;
    l->n_escape = 0;
}

// --- history

static void remember(Line *l)
{
    for (guint i = 0; l->text->len && i < l->history->len;
         i++) { // a repeated line moves to the end
        if (!strcmp(g_ptr_array_index(l->history, i), l->text->str)) {
            g_ptr_array_remove_index(l->history, i);
        }
    }
    if (l->text->len) {
        g_ptr_array_add(l->history, g_strdup(l->text->str));
    }
    if (l->history->len > MAX_HISTORY) {
        g_ptr_array_remove_index(l->history, 0);
    }
    l->at = l->history->len;
    g_clear_pointer(&l->unfinished, g_free);
}

static void recall(Line *l, int step)
{
    if ((step < 0 && l->at == 0) || (step > 0 && l->at >= l->history->len)) {
        return;
    }
    if (l->at == l->history->len) {
        g_free(l->unfinished);
        l->unfinished = g_strdup(l->text->str);
    }
    l->at += (unsigned)step;
    replace(l, l->at < l->history->len ? g_ptr_array_index(l->history, l->at) : l->unfinished);
}

void line_print_history(const Line *l, GString *out)
{
    for (guint i = 0; i < l->history->len; i++) {
        g_string_append_printf(out, "%u: '%s'\n", i,
                               (const char *)g_ptr_array_index(l->history, i));
    }
}

static void enter(Line *l)
{
    move_to(l, l->text->len);
    say(l, "\r\n");
    remember(l);
    bool prompt = l->owner.entered(l->owner.opaque, l->text->str);
    line_drop(l);
    if (prompt) {
        line_show(l);
    }
}

// --- completion

// How far all of them are the same.
static size_t common_length(const GPtrArray *list)
{
    const char *first = list->len ? g_ptr_array_index(list, 0) : "";
    size_t n = strlen(first);
    for (guint i = 1; i < list->len; i++) {
        const char *other = g_ptr_array_index(list, i);
        size_t same = 0;
        while (same < n && first[same] == other[same]) {
            same++;
        }
        n = same;
    }
    return n;
}

static void list_candidates(Line *l, const GPtrArray *list)
{
    say(l, "\r\n");
    for (guint i = 0; i < list->len; i++) {
        say(l, g_ptr_array_index(list, i));
        say(l, i + 1 < list->len ? " " : "\r\n");
    }
    line_show(l);
}

// What all candidates have in common beyond what is there; the list of them if that is nothing.
static void complete(Line *l)
{
    char *before = g_strndup(l->text->str, l->cursor);
    GPtrArray *list = l->owner.complete(l->owner.opaque, before);
    const char *space = strrchr(before, ' ');
    size_t there = strlen(space ? space + 1 : before), common = common_length(list);
    if (common > there) {
        insert(l, (const char *)g_ptr_array_index(list, 0) + there, common - there);
    }
    if (list->len == 1 && !g_str_has_suffix(g_ptr_array_index(list, 0), "/")) {
        insert(l, " ", 1);
    } else if (list->len > 1 && common <= there) {
        list_candidates(l, list);
    }
    g_ptr_array_unref(list);
    g_free(before);
}

// --- keys

static void key_up(Line *l)
{
    recall(l, -1);
}

static void key_down(Line *l)
{
    recall(l, 1);
}

static void key_left(Line *l)
{
    move_to(l, l->cursor ? l->cursor - 1 : 0);
}

static void key_right(Line *l)
{
    move_to(l, MIN_OF(l->cursor + 1, l->text->len));
}

static void key_home(Line *l)
{
    move_to(l, 0);
}

static void key_end(Line *l)
{
    move_to(l, l->text->len);
}

static void key_word_left(Line *l)
{
    move_to(l, word_start(l));
}

static void key_word_right(Line *l)
{
    move_to(l, word_end(l));
}

static void key_backspace(Line *l)
{
    erase_to(l, l->cursor ? l->cursor - 1 : 0);
}

static void key_delete(Line *l)
{
    erase_to(l, MIN_OF(l->cursor + 1, l->text->len));
}

static void key_erase_word(Line *l)
{
    erase_to(l, word_start(l));
}

static void key_erase_end(Line *l)
{
    erase_to(l, l->text->len);
}

static void key_erase_start(Line *l)
{
    erase_to(l, 0);
}

static void key_give_up(Line *l)
{
    move_to(l, l->text->len);
    if (l->text->len) {
        say(l, "^C\r\n");
        line_drop(l);
        line_show(l);
    }
    l->at = l->history->len;
}

static void key_redraw(Line *l)
{
    say(l, "\033[H\033[2J"); // clears the terminal, the one place where it is taken for a VT100
    line_show(l);
}

#define CONTROL(letter) ((letter)&0x1f)

static const struct {
    uint8_t byte;
    void (*act)(Line *l);
} controls[] = {
    {'\r', enter},
    {'\n', enter},
    {'\b', key_backspace},
    {127, key_backspace},
    {'\t', complete},
    {CONTROL('A'), key_home},
    {CONTROL('B'), key_left},
    {CONTROL('C'), key_give_up},
    {CONTROL('D'), key_delete},
    {CONTROL('E'), key_end},
    {CONTROL('F'), key_right},
    {CONTROL('K'), key_erase_end},
    {CONTROL('L'), key_redraw},
    {CONTROL('N'), key_down},
    {CONTROL('P'), key_up},
    {CONTROL('U'), key_erase_start},
    {CONTROL('W'), key_erase_word},
};

// What follows ESC; an O stands for a [ on terminals in application mode.
static const struct {
    const char *sequence;
    void (*act)(Line *l);
} escapes[] = {
    {"[A", key_up},        {"[B", key_down},         {"[C", key_right},
    {"[D", key_left},      {"[H", key_home},         {"[F", key_end},
    {"[1~", key_home},     {"[4~", key_end},         {"[7~", key_home},
    {"[8~", key_end},      {"[3~", key_delete},      {"b", key_word_left},
    {"f", key_word_right}, {"[1;5D", key_word_left}, {"[1;5C", key_word_right},
};

// "[", parameters, then one byte that ends it; or one byte alone.
static bool is_whole(const char *sequence, unsigned n)
{
    char last = sequence[n - 1];
    return n > 1 ? last >= '@' && last <= '~' : last != '[';
}

static void escape_byte(Line *l, uint8_t c)
{
    unsigned at = l->n_escape - 1;
    l->escape[at] = c == 'O' && at == 0 ? '[' : (char)c;
    l->escape[at + 1] = 0;
    l->n_escape++;
    if (c < ' ' || c > '~' || (!is_whole(l->escape, at + 1) && l->n_escape > MAX_ESCAPE)) {
        l->n_escape = 0;
        return;
    }
    if (!is_whole(l->escape, at + 1)) {
        return;
    }
    l->n_escape = 0;
    for (size_t i = 0; i < ARRAY_LEN(escapes); i++) {
        if (!strcmp(escapes[i].sequence, l->escape)) {
            escapes[i].act(l);
        }
    }
}

static void control_byte(Line *l, uint8_t c)
{
    if (c == 27) {
        l->n_escape = 1;
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(controls); i++) {
        if (controls[i].byte == c) {
            controls[i].act(l);
        }
    }
}

void line_input(Line *l, const uint8_t *buf, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (l->n_escape) {
            escape_byte(l, buf[i]);
        } else if (buf[i] < ' ' || buf[i] == 127) {
            control_byte(l, buf[i]);
        } else {
            insert(l, (const char *)&buf[i], 1);
        }
    }
}
