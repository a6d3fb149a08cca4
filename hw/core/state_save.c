// state_save.h has the picture.
#include "hw/core/state_save.h"

#include <string.h>

// --- to bytes

static uint64_t int_at(const uint8_t *p, unsigned size)
{
    uint64_t v = 0;
    memcpy(&v, p, size);
    return v;
}

static void save_ints(const StateField *f, const uint8_t *p, GByteArray *out)
{
    if (!f->mask) {
        g_byte_array_append(out, p, f->size * f->count);
        return;
    }
    for (uint32_t i = 0; i < f->count; i++) {
        uint64_t v = int_at(p + (size_t)i * f->size, f->size) & f->mask;
        g_byte_array_append(out, (const guint8 *)&v, f->size);
    }
}

static void save_buffer(const StateField *f, const uint8_t *obj, GByteArray *out)
{
    const uint8_t *bytes = *(uint8_t *const *)(const void *)(obj + f->offset);
    uint64_t len = bytes ? *(const size_t *)(const void *)(obj + f->count_offset) : 0;
    g_byte_array_append(out, (const guint8 *)&len, sizeof len);
    if (len) {
        g_byte_array_append(out, bytes, (guint)len);
    }
}

static void save_timer(const uint8_t *p, GByteArray *out)
{
    Timer *t = *(Timer *const *)(const void *)p;
    TimerSetting s = t ? timer_setting(t) : (TimerSetting){0};
    uint8_t armed = s.armed;
    g_byte_array_append(out, &armed, 1);
    g_byte_array_append(out, (const guint8 *)&s.deadline, sizeof s.deadline);
    g_byte_array_append(out, (const guint8 *)&s.order, sizeof s.order);
}

static void save_fields(const StateField *f, const uint8_t *obj, GByteArray *out)
{
    for (; f->kind != STATE_KIND_END; f++) {
        const uint8_t *p = obj + f->offset;
        switch (f->kind) {
        case STATE_KIND_INT:
            save_ints(f, p, out);
            break;
        case STATE_KIND_BYTES:
            g_byte_array_append(out, p, f->size * f->count);
            break;
        case STATE_KIND_BUFFER:
            save_buffer(f, obj, out);
            break;
        case STATE_KIND_TIMER:
            save_timer(p, out);
            break;
        case STATE_KIND_STRUCT:
            for (uint32_t i = 0; i < f->count; i++) {
                save_fields(f->fields, p + (size_t)i * f->size, out);
            }
            break;
        case STATE_KIND_END:
            break;
        }
    }
}

void state_save(const StateDesc *d, void *obj, GByteArray *out)
{
    if (d->saving) {
        d->saving(obj);
    }
    save_fields(d->fields, obj, out);
}

// --- layouts

static void layout_of(const StateField *f, const char *prefix, GString *out)
{
    static const char kinds[] = {[STATE_KIND_INT] = 'u',
                                 [STATE_KIND_BYTES] = 'b',
                                 [STATE_KIND_BUFFER] = 'p',
                                 [STATE_KIND_TIMER] = 't',
                                 [STATE_KIND_STRUCT] = 's'};
    for (; f->kind != STATE_KIND_END; f++) {
        g_string_append_printf(out, "%s%s %c", prefix, f->name, kinds[f->kind]);
        if (f->kind == STATE_KIND_INT || f->kind == STATE_KIND_BYTES) {
            g_string_append_printf(out, "%u", f->size * 8);
        }
        if (f->count > 1) {
            g_string_append_printf(out, "[%u]", f->count);
        }
        g_string_append_c(out, '\n');
        if (f->kind == STATE_KIND_STRUCT) {
            char *inner = g_strdup_printf("%s%s.", prefix, f->name);
            layout_of(f->fields, inner, out);
            g_free(inner);
        }
    }
}

void state_layout(const StateDesc *d, GString *out)
{
    g_string_append_printf(out, "%s %u\n", d->name, d->version);
    layout_of(d->fields, "", out);
}

static char *line_at(const char *text)
{
    size_t n = strcspn(text, "\n");
    char *s = n ? g_strndup(text, n) : g_strdup("nothing");
    return g_strdelimit(s, "\t\r\033", '?');
}

char *state_layout_difference(const char *here, const char *there)
{
    size_t line = 0, i = 0;
    for (; here[i] && here[i] == there[i]; i++) {
        line = here[i] == '\n' ? i + 1 : line;
    }
    if (here[i] == there[i]) {
        return NULL;
    }
    char *a = line_at(here + line), *b = line_at(there + line);
    char *s = g_strdup_printf("it has '%.60s' where this version has '%.60s'", b, a);
    g_free(a);
    g_free(b);
    return s;
}

// --- from bytes: one walk, which writes to obj, or only looks if it is NULL

typedef struct Loader {
    const uint8_t *at, *end;
    GArray *timers;
    const char *field; // that is wrong
    const char *why;
} Loader;

static const uint8_t *take(Loader *l, const StateField *f, uint64_t n)
{
    if (l->why || (uint64_t)(l->end - l->at) < n) {
        l->field = l->why ? l->field : f->name;
        l->why = l->why ? l->why : "the state ends here";
        return NULL;
    }
    l->at += n;
    return l->at - n;
}

static void refuse(Loader *l, const StateField *f, const char *why)
{
    if (!l->why) {
        l->field = f->name;
        l->why = why;
    }
}

static void load_ints(Loader *l, const StateField *f, uint8_t *p)
{
    const uint8_t *from = take(l, f, (uint64_t)f->size * f->count);
    for (uint32_t i = 0; from && f->boolean && i < f->count; i++) {
        if (from[i] > 1) {
            refuse(l, f, "neither true nor false");
            return;
        }
    }
    if (from && p) {
        memcpy(p, from, (size_t)f->size * f->count);
    }
}

static void load_buffer(Loader *l, const StateField *f, uint8_t *obj)
{
    uint64_t len = 0;
    const uint8_t *from = take(l, f, sizeof len);
    if (!from) {
        return;
    }
    memcpy(&len, from, sizeof len);
    from = take(l, f, len);
    if (f->size && len > f->size) {
        refuse(l, f, "more bytes than there is room for");
    }
    if (l->why || !obj) {
        return;
    }
    uint8_t **to = (uint8_t **)(void *)(obj + f->offset);
    if (!f->size) {
        g_free(*to);
        *to = len ? g_malloc(len) : NULL;
    }
    if (len) {
        memcpy(*to, from, len);
    }
    *(size_t *)(void *)(obj + f->count_offset) = len;
}

static void load_timer(Loader *l, const StateField *f, const uint8_t *p)
{
    TimerSetting s = {0};
    const uint8_t *from = take(l, f, 17);
    if (!from) {
        return;
    }
    if (from[0] > 1) {
        refuse(l, f, "a timer that is neither armed nor not");
        return;
    }
    s.armed = from[0];
    memcpy(&s.deadline, from + 1, 8);
    memcpy(&s.order, from + 9, 8);
    s.timer = p ? *(Timer *const *)(const void *)p : NULL;
    if (s.timer) {
        g_array_append_val(l->timers, s);
    }
}

static void load_fields(Loader *l, const StateField *f, uint8_t *obj)
{
    for (; f->kind != STATE_KIND_END && !l->why; f++) {
        uint8_t *p = obj ? obj + f->offset : NULL;
        const uint8_t *from;
        switch (f->kind) {
        case STATE_KIND_INT:
            load_ints(l, f, p);
            break;
        case STATE_KIND_BYTES:
            from = take(l, f, (uint64_t)f->size * f->count);
            if (from && p) {
                memcpy(p, from, (size_t)f->size * f->count);
            }
            break;
        case STATE_KIND_BUFFER:
            load_buffer(l, f, obj);
            break;
        case STATE_KIND_TIMER:
            load_timer(l, f, p);
            break;
        case STATE_KIND_STRUCT:
            for (uint32_t i = 0; i < f->count; i++) {
                load_fields(l, f->fields, p ? p + (size_t)i * f->size : NULL);
            }
            break;
        case STATE_KIND_END:
            break;
        }
    }
}

bool state_check(const StateDesc *d, const void *bytes, size_t len, char **error)
{
    Loader l = {.at = bytes, .end = (const uint8_t *)bytes + len};
    load_fields(&l, d->fields, NULL);
    if (!l.why && l.at != l.end) {
        *error = g_strdup_printf("%s: %zu bytes too many", d->name, (size_t)(l.end - l.at));
        return false;
    }
    if (l.why) {
        *error = g_strdup_printf("%s: field '%s': %s", d->name, l.field, l.why);
    }
    return !l.why;
}

void state_load(const StateDesc *d, void *obj, const void *bytes, size_t len, GArray *timers)
{
    Loader l = {.at = bytes, .end = (const uint8_t *)bytes + len, .timers = timers};
    load_fields(&l, d->fields, obj);
    g_assert(!l.why);
}
