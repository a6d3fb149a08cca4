#include "chardev/chardev.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "chardev/backend.h"
#include "hw/core/machine.h"
#include "util/log.h"

ChardevSet *chardev_set_new(void)
{
    ChardevSet *s = g_new0(ChardevSet, 1);
    s->chardevs = g_ptr_array_new();
    s->serials = g_ptr_array_new();
    return s;
}

static ChardevSet *set_of(struct Machine *m)
{
    if (!m->config.chardevs) {
        m->config.chardevs = chardev_set_new();
        chardev_set_attach(m->config.chardevs, m);
    }
    return m->config.chardevs;
}

static Chardev *find_in(ChardevSet *s, const char *id)
{
    for (unsigned i = 0; i < s->chardevs->len; i++) {
        Chardev *c = g_ptr_array_index(s->chardevs, i);
        if (c->id && !strcmp(c->id, id)) {
            return c;
        }
    }
    return NULL;
}

// --- opening

static bool open_log(Chardev *c, KeyVal *kv, char **error)
{
    const char *path = keyval_get(kv, "logfile");
    bool append = false;
    c->log_fd = -1;
    if (!keyval_bool(kv, "logappend", &append, error)) {
        return false;
    }
    if (path) {
        c->log_fd =
            open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC), 0666);
        if (c->log_fd < 0) {
            *error = g_strdup_printf("logfile=%s: %s", path, g_strerror(errno));
            return false;
        }
    }
    return true;
}

static void free_slot(ChardevSlot *s)
{
    g_byte_array_free(s->queue, TRUE);
    g_free(s->input_name);
    g_free(s->brk_name);
    g_free(s);
}

static void free_chardev(Chardev *c)
{
    for (unsigned i = 0; i < c->n_slots; i++) {
        free_slot(c->slot[i]);
    }
    if (c->log_fd >= 0) {
        close(c->log_fd);
    }
    g_free(c->state);
    g_free(c->id);
    g_free(c->spec);
    g_free(c);
}

static Chardev *open_spec(ChardevSet *set, ChardevSpec *spec, char **error)
{
    static const char *const common[] = {"mux", "logfile", "logappend", NULL};
    if (spec->id && find_in(set, spec->id)) {
        *error = g_strdup_printf("there is a chardev '%s' already", spec->id);
        return NULL;
    }
    Chardev *c = g_new0(Chardev, 1);
    c->kind = spec->kind;
    c->set = set;
    c->log_fd = -1;
    c->mux = c->monitored = spec->monitored;
    c->line_start = true;
    c->id = spec->id     ? g_strdup(spec->id)
            : set->label ? g_strdup(set->label)
                         : g_strdup_printf("%s%u", spec->kind->name, set->chardevs->len);
    if (!keyval_bool(spec->kv, "mux", &c->mux, error) || !open_log(c, spec->kv, error) ||
        !c->kind->open(c, spec->kv, error)) {
        free_chardev(c);
        return NULL;
    }
    c->spec = c->spec ? c->spec : g_strdup(c->kind->name);
    g_ptr_array_add(set->chardevs, c);
    if (!keyval_all_used(spec->kv, c->kind->keys ? c->kind->keys : common, error)) {
        g_ptr_array_remove(set->chardevs, c);
        c->kind->close(c);
        free_chardev(c);
        return NULL;
    }
    return c;
}

Chardev *chardev_set_open(ChardevSet *set, const char *text, char **error)
{
    if (g_str_has_prefix(text, "chardev:")) {
        Chardev *c = find_in(set, text + strlen("chardev:"));
        if (!c) {
            *error = g_strdup_printf("there is no chardev '%s'", text + strlen("chardev:"));
        }
        return c;
    }
    ChardevSpec spec;
    if (!chardev_parse(text, &spec, error)) {
        return NULL;
    }
    Chardev *c = open_spec(set, &spec, error);
    keyval_free(spec.kv);
    g_free(spec.id);
    return c;
}

bool chardev_claim(Chardev *c, char **error)
{
    if (c->claimed && !c->mux) {
        *error = g_strdup_printf("'%s' is in use already (mux=on lets several share it)", c->id);
        return false;
    }
    c->claimed = true;
    return true;
}

// "mon:stdio" twice is one mux with two serial ports on it.
static Chardev *reuse_mux(ChardevSet *s, const char *text)
{
    if (strcmp(text, "mon:stdio")) {
        return NULL;
    }
    for (unsigned i = 0; i < s->chardevs->len; i++) {
        Chardev *c = g_ptr_array_index(s->chardevs, i);
        if (c->kind == &chardev_stdio && c->mux) {
            return c;
        }
    }
    return NULL;
}

bool chardev_set_add_serial(ChardevSet *s, const char *text, char **error)
{
    Chardev *c = NULL;
    if (strcmp(text, "none")) {
        c = reuse_mux(s, text);
        if (!c) {
            s->label = g_strdup_printf("serial%u", s->serials->len);
            c = chardev_set_open(s, text, error);
            g_free(s->label);
            s->label = NULL;
        }
        if (!c) {
            return false;
        }
        if (!chardev_claim(c, error)) {
            return false;
        }
    }
    g_ptr_array_add(s->serials, c);
    return true;
}

static void add_sources(const ChardevSlot *s)
{
    struct Machine *m = s->chardev->set->machine;
    if (m && !s->frontend.direct) {
        gate_add_source(gate_get(m), &s->input);
        gate_add_source(gate_get(m), &s->brk);
    }
}

void chardev_set_attach(ChardevSet *s, struct Machine *m)
{
    s->machine = m;
    for (unsigned i = 0; i < s->chardevs->len; i++) {
        Chardev *c = g_ptr_array_index(s->chardevs, i);
        for (unsigned k = 0; k < c->n_slots; k++) {
            add_sources(c->slot[k]);
        }
        if (c->kind->resume) {
            c->kind->resume(c);
        }
    }
}

Chardev *chardev_open(struct Machine *m, const char *spec, char **error)
{
    Chardev *c = chardev_set_open(set_of(m), spec, error);
    if (c && c->kind->resume) {
        c->kind->resume(c);
    }
    return c;
}

Chardev *chardev_find(struct Machine *m, const char *id)
{
    return find_in(set_of(m), id);
}

bool chardev_use(struct Machine *m, const char *id, Chardev **c, char **error)
{
    *c = id ? chardev_find(m, id) : NULL;
    if (id && !*c) {
        *error = g_strdup_printf("chardev=%s: there is no -chardev with this id", id);
        return false;
    }
    return !id || chardev_claim(*c, error);
}

Chardev *chardev_serial(struct Machine *m, unsigned n)
{
    ChardevSet *s = set_of(m);
    return n < s->serials->len ? g_ptr_array_index(s->serials, n) : NULL;
}

void chardev_each_monitored(struct Machine *m, void (*fn)(void *, Chardev *), void *opaque)
{
    ChardevSet *s = set_of(m);
    for (unsigned i = 0; i < s->chardevs->len; i++) {
        Chardev *c = g_ptr_array_index(s->chardevs, i);
        if (c->monitored) {
            fn(opaque, c);
        }
    }
}

void chardev_each(struct Machine *m, void (*fn)(void *, const ChardevInfo *), void *opaque)
{
    ChardevSet *s = set_of(m);
    for (unsigned i = 0; i < s->chardevs->len; i++) {
        const Chardev *c = g_ptr_array_index(s->chardevs, i);
        const ChardevInfo info = {c->id, c->spec, c->kind->name, c->mux, c->connected, c->n_slots};
        if (c->id) {
            fn(opaque, &info);
        }
    }
}

void chardev_print(struct Machine *m, void *file)
{
    ChardevSet *s = set_of(m);
    for (unsigned i = 0; i < s->chardevs->len; i++) {
        const Chardev *c = g_ptr_array_index(s->chardevs, i);
        if (!c->id) { // closed
            continue;
        }
        fprintf(file, "%s: filename=%s%s", c->id, c->connected ? "" : "disconnected:", c->spec);
        if (c->mux) {
            fprintf(file, ", mux, %u user%s", c->n_slots, c->n_slots == 1 ? "" : "s");
        }
        fputc('\n', file);
    }
}

// Devices that still write to it are heard by nobody. Its name is free again.
void chardev_close(Chardev *c)
{
    c->kind->close(c);
    c->kind = &chardev_null;
    c->stream = NULL;
    c->connected = false;
    g_clear_pointer(&c->id, g_free);
}

void chardev_close_all(struct Machine *m)
{
    ChardevSet *s = set_of(m);
    for (unsigned i = 0; i < s->chardevs->len; i++) {
        chardev_close(g_ptr_array_index(s->chardevs, i));
    }
}

// --- frontends

static void drain(ChardevSlot *s)
{
    const ChardevFrontend *f = &s->frontend;
    if (s->draining) {
        return;
    }
    s->draining = true;
    while (s->queue->len) {
        size_t n = MIN_OF(f->can_receive(f->opaque), (size_t)s->queue->len);
        uint8_t chunk[256];
        n = MIN_OF(n, sizeof(chunk));
        if (!n) {
            break;
        }
        memcpy(chunk, s->queue->data, n);
        g_byte_array_remove_range(s->queue, 0, (guint)n);
        f->receive(f->opaque, chunk, n);
    }
    s->draining = false;
}

static void wake_backend(Chardev *c)
{
    if (c->kind->resume && chardev_room(c)) {
        c->kind->resume(c);
    }
}

static void deliver_input(void *opaque, const void *data, size_t len)
{
    ChardevSlot *s = opaque;
    s->in_flight -= MIN_OF(s->in_flight, len);
    g_byte_array_append(s->queue, data, (guint)len);
    drain(s);
    wake_backend(s->chardev);
}

static void save_input(void *opaque, GByteArray *out)
{
    const ChardevSlot *s = opaque;
    g_byte_array_append(out, s->queue->data, s->queue->len);
}

static void load_input(void *opaque, const void *data, size_t len)
{
    ChardevSlot *s = opaque;
    g_byte_array_set_size(s->queue, 0);
    g_byte_array_append(s->queue, data, (guint)MIN_OF(len, (size_t)CHARDEV_QUEUE));
}

static void deliver_break(void *opaque, const void *data, size_t len)
{
    ChardevSlot *s = opaque;
    (void)data;
    (void)len;
    if (s->frontend.brk) {
        s->frontend.brk(s->frontend.opaque);
    }
}

static void connect_slot(Chardev *c, const ChardevFrontend *f, bool focus)
{
    if (c->n_slots == CHARDEV_MAX_FRONTENDS || (c->n_slots && !c->mux)) {
        die("chardev '%s': too many devices use it", c->id);
    }
    ChardevSlot *s = g_new0(ChardevSlot, 1);
    s->chardev = c;
    s->frontend = *f;
    s->queue = g_byte_array_new();
    s->input_name = g_strdup_printf("chardev:%s/%u", c->id, c->n_slots);
    s->brk_name = g_strdup_printf("break:%s/%u", c->id, c->n_slots);
    s->input = (GateSource){s->input_name, deliver_input, s, save_input, load_input};
    s->brk = (GateSource){.name = s->brk_name, .deliver = deliver_break, .opaque = s};
    add_sources(s);
    if (focus) {
        c->focus = c->n_slots;
    }
    c->slot[c->n_slots++] = s;
    if (c->connected && f->connected && (focus || !c->mux)) {
        f->connected(f->opaque, true);
    }
    wake_backend(c);
}

void chardev_connect(Chardev *c, const ChardevFrontend *f)
{
    if (c) {
        connect_slot(c, f, true);
    }
}

void chardev_connect_behind(Chardev *c, const ChardevFrontend *f)
{
    connect_slot(c, f, c->n_slots == 0);
}

void chardev_ready(Chardev *c)
{
    if (!c) {
        return;
    }
    for (unsigned i = 0; i < c->n_slots; i++) {
        drain(c->slot[i]);
    }
    wake_backend(c);
}

size_t chardev_slot_room(const ChardevSlot *s)
{
    size_t used = s->in_flight + s->queue->len;
    return used < CHARDEV_QUEUE ? CHARDEV_QUEUE - used : 0;
}

void chardev_slot_input(ChardevSlot *s, const uint8_t *buf, size_t len)
{
    len = MIN_OF(len, chardev_slot_room(s));
    if (!len) {
        return;
    }
    if (s->frontend.direct) {
        g_byte_array_append(s->queue, buf, (guint)len);
        drain(s);
    } else {
        s->in_flight +=
            gate_submit(gate_get(s->chardev->set->machine), &s->input, buf, len) ? len : 0;
    }
}

// --- backends

size_t chardev_room(const Chardev *c)
{
    if (!c->set->machine) {
        return 0;
    }
    if (c->keep_reading) {
        return CHARDEV_QUEUE;
    }
    return c->n_slots ? chardev_slot_room(c->slot[c->focus]) : 0;
}

void chardev_input(Chardev *c, const uint8_t *buf, size_t len)
{
    if (c->mux) {
        mux_input(c, buf, len);
    } else if (c->n_slots) {
        chardev_slot_input(c->slot[0], buf, len);
    }
}

void chardev_set_connected(Chardev *c, bool connected)
{
    if (c->connected == connected) {
        return;
    }
    c->connected = connected;
    for (unsigned i = 0; i < c->n_slots; i++) {
        const ChardevFrontend *f = &c->slot[i]->frontend;
        if (f->direct && !connected) { // what this peer said is not the next one's
            g_byte_array_set_size(c->slot[i]->queue, 0);
        }
        if (f->connected) {
            f->connected(f->opaque, connected);
        }
    }
}

void chardev_output_moved(Chardev *c)
{
    for (unsigned i = 0; i < c->n_slots; i++) {
        if (c->slot[i]->frontend.direct) {
            drain(c->slot[i]);
        }
    }
    wake_backend(c);
}

size_t chardev_write_room(const Chardev *c)
{
    return c->stream ? CHARDEV_OUTPUT_QUEUE - MIN_OF(c->stream->queue->len, CHARDEV_OUTPUT_QUEUE)
                     : SIZE_MAX;
}

void chardev_disconnect(Chardev *c)
{
    if (c->connected && c->kind == &chardev_socket) {
        c->stream->hangup(c->stream->opaque);
    }
}

bool chardev_is_mux(const Chardev *c)
{
    return c->mux;
}

void chardev_output(Chardev *c, const uint8_t *buf, size_t len)
{
    if (c->log_fd >= 0) {
        write_all(c->log_fd, buf, len);
    }
    c->kind->write(c, buf, len);
}

void chardev_write(Chardev *c, const void *buf, size_t len)
{
    if (!c || !len) {
        return;
    }
    if (c->mux && c->timestamps) {
        mux_write(c, buf, len);
    } else {
        chardev_output(c, buf, len);
    }
}
