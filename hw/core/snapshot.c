// snapshot.h has the picture.
//
//   MACHINE  PART...  (MEMORY PAGES...)...  END
//
// A load reads the stream twice: first it looks at everything, checksums, layouts and sizes, then
// it changes the machine: the parts, which may still be refused and are put back as they were, then
// memory, which can only fail with the source.
#include "hw/core/snapshot_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "hw/core/run_state.h"
#include "replay/replay.h"
#include "util/log.h"

// --- what has to be the same machine

static char *describe(const Machine *m)
{
    const char *cpu = m->config.cpu ? m->config.cpu : m->board->default_cpu;
    return g_strdup_printf("target=%s\nmachine=%s\ncpu=%s\ncpus=%u\nmemory=%llu bytes\n"
                           "icount=%s\nshift=%u\n",
                           m->n_cpus ? m->cpu[0]->target->name : "none", m->board->name,
                           cpu ? cpu : "none", m->n_cpus, (unsigned long long)m->config.ram_size,
                           m->config.realtime ? "off" : "on", m->config.icount_shift);
}

static bool check_machine(const Machine *m, SectionReader *r, char **error)
{
    char *here = describe(m), *there = section_take_text(r, r->payload->len);
    bool same = !strcmp(here, there);
    if (!same) {
        size_t line = 0, i = 0;
        for (; here[i] && here[i] == there[i]; i++) {
            line = here[i] == '\n' ? i + 1 : line;
        }
        int a = (int)strcspn(there + line, "\n"), b = (int)strcspn(here + line, "\n");
        section_fail(r, error, "another machine: %.*s, here %.*s", MIN_OF(a, 100), there + line, b,
                     here + line);
    }
    g_free(here);
    g_free(there);
    return same;
}

// --- saving

static void save_part(SectionWriter *w, const SnapshotPart *part, const GByteArray *state)
{
    GString *layout = g_string_new(NULL);
    state_layout(part->desc, layout);
    section_u32(w, (uint32_t)strlen(part->name));
    section_bytes(w, part->name, strlen(part->name));
    section_u32(w, (uint32_t)layout->len);
    section_bytes(w, layout->str, layout->len);
    section_bytes(w, state->data, state->len);
    section_write(w, SECTION_PART);
    g_string_free(layout, TRUE);
}

static void save_parts(Machine *m, SectionWriter *w)
{
    SnapshotParts *p = snapshot_parts_new(m);
    GPtrArray *bytes = snapshot_parts_save(p);
    for (unsigned i = 0; i < bytes->len; i++) {
        save_part(w, snapshot_part(p, i), bytes->pdata[i]);
    }
    g_ptr_array_unref(bytes);
    snapshot_parts_free(p);
}

bool snapshot_save(struct Machine *m, const SnapshotSink *sink, char **error)
{
    SectionWriter w;
    g_assert(!m->current);
    if (m->stop == MACHINE_RESET || m->stop == MACHINE_SHUTDOWN) {
        *error = g_strdup("the machine is just being reset or switched off");
        return false;
    }
    section_begin_file(&w, sink);
    char *what = describe(m);
    section_bytes(&w, what, strlen(what));
    section_write(&w, SECTION_MACHINE);
    g_free(what);
    save_parts(m, &w);
    snapshot_save_memory(m, &w);
    if (replay_mode(m) == REPLAY_OFF) { // the others have their own time for it
        snapshot_settle(m);
    }
    return section_end_file(&w, error);
}

// --- loading

typedef struct Load {
    Machine *m;
    SnapshotParts *parts;
    GPtrArray *bytes; // of each part: GByteArray
    SectionReader r;
    SnapshotMemory memory;
    bool machine_seen;
} Load;

static bool take_part(Load *l, char **error)
{
    SectionReader *r = &l->r;
    char *name = section_take_text(r, section_take_u32(r));
    char *layout = section_take_text(r, section_take_u32(r));
    unsigned n = l->bytes->len;
    const SnapshotPart *part =
        n < snapshot_parts_count(l->parts) ? snapshot_part(l->parts, n) : NULL;
    GString *here = g_string_new(NULL);
    char *why = NULL;
    bool ok = false;
    if (part) {
        state_layout(part->desc, here);
    }
    if (r->short_read || !part || strcmp(name, part->name)) {
        section_fail(r, error, "'%.60s' where this machine has '%s'", name,
                     part ? part->name : "nothing more");
    } else if ((why = state_layout_difference(here->str, layout)) != NULL ||
               !state_check(part->desc, r->payload->data + r->pos, r->payload->len - r->pos,
                            &why)) {
        section_fail(r, error, "%s: %s", name, why);
    } else {
        GByteArray *b = g_byte_array_new();
        g_byte_array_append(b, r->payload->data + r->pos, (guint)(r->payload->len - r->pos));
        g_ptr_array_add(l->bytes, b);
        ok = true;
    }
    g_free(why);
    g_free(name);
    g_free(layout);
    g_string_free(here, TRUE);
    return ok;
}

static bool take_end(Load *l, char **error)
{
    unsigned n = l->bytes->len;
    if (n < snapshot_parts_count(l->parts)) {
        return section_fail(&l->r, error, "there is no '%s', which this machine has",
                            snapshot_part(l->parts, n)->name);
    }
    return snapshot_memory_done(&l->memory, &l->r, error);
}

// One section. Parts are only taken the first time.
static bool take_section(Load *l, bool again, char **error)
{
    SectionReader *r = &l->r;
    if (r->kind != SECTION_MACHINE && !l->machine_seen) {
        return section_fail(r, error, "it does not say what machine it is of");
    }
    switch (r->kind) {
    case SECTION_MACHINE:
        l->machine_seen = true;
        return check_machine(l->m, r, error);
    case SECTION_PART:
        return again || take_part(l, error);
    case SECTION_MEMORY:
        return snapshot_take_memory(&l->memory, r, error);
    case SECTION_PAGES:
        return snapshot_take_pages(&l->memory, r, error);
    case SECTION_END:
        return take_end(l, error);
    }
    return section_fail(r, error, "a section of an unknown kind %u", (unsigned)r->kind);
}

// From beginning to end: looks at everything, or (write) puts memory in.
static bool pass(Load *l, const SnapshotSource *source, bool write, char **error)
{
    l->memory.next = 0;
    l->memory.write = write;
    l->machine_seen = false;
    bool ok = section_open(&l->r, source, error);
    while (ok) {
        ok = section_next(&l->r, error) && take_section(l, write, error);
        if (ok && l->r.kind == SECTION_END) {
            break;
        }
    }
    section_close(&l->r);
    return ok;
}

static void broken(Machine *m)
{
    machine_pause(m);
    machine_reset(m);
    m->loads++;
}

static SnapshotResult change(Load *l, const SnapshotSource *source, char **error)
{
    GPtrArray *before = snapshot_parts_save(l->parts);
    SnapshotResult result = SNAPSHOT_LOADED;
    bool changed = false;
    if (!snapshot_parts_load(l->parts, l->bytes, error) ||
        (source->commit && !source->commit(source->opaque, &changed, error))) {
        char *again = NULL;
        result = SNAPSHOT_REFUSED;
        if (!snapshot_parts_load(l->parts, before, &again) || changed) {
            result = SNAPSHOT_BROKEN;
            g_free(again);
        }
    } else if (!pass(l, source, true, error)) {
        result = SNAPSHOT_BROKEN;
    }
    g_ptr_array_unref(before);
    if (result == SNAPSHOT_BROKEN) {
        broken(l->m);
    }
    return result;
}

// What the machine had asked for, or come to, before.
static void alive_again(Machine *m)
{
    if (m->stop == MACHINE_RESET || m->stop == MACHINE_SHUTDOWN) {
        m->stop = MACHINE_RUNNING;
    }
    if (m->stop == MACHINE_PAUSED && m->pause != MACHINE_PAUSE_PRELAUNCH) {
        m->pause = MACHINE_PAUSE_USER;
    }
}

static void unref_bytes(gpointer bytes)
{
    g_byte_array_unref(bytes);
}

SnapshotResult snapshot_load(struct Machine *m, const SnapshotSource *source, char **error)
{
    Load l = {.m = m, .memory.m = m};
    g_assert(!m->current);
    l.parts = snapshot_parts_new(m);
    l.bytes = g_ptr_array_new_with_free_func(unref_bytes);
    SnapshotResult result = SNAPSHOT_REFUSED;
    if (pass(&l, source, false, error)) {
        result = change(&l, source, error);
    }
    if (result == SNAPSHOT_LOADED) {
        engine_flush(m->engine);
        snapshot_settle(m);
        alive_again(m);
    }
    g_free(l.memory.scratch);
    g_ptr_array_unref(l.bytes);
    snapshot_parts_free(l.parts);
    return result;
}

// --- arrays and files

static bool append(void *opaque, const void *bytes, size_t n, char **error)
{
    (void)error;
    g_byte_array_append(opaque, bytes, (guint)n);
    return true;
}

bool snapshot_save_bytes(struct Machine *m, GByteArray *out, char **error)
{
    return snapshot_save(m, &(SnapshotSink){append, out}, error);
}

static bool copy_out(void *opaque, uint64_t at, void *bytes, size_t n, char **error)
{
    (void)error;
    memcpy(bytes, (const uint8_t *)opaque + at, n);
    return true;
}

SnapshotResult snapshot_load_bytes(struct Machine *m, const void *bytes, size_t n, char **error)
{
    return snapshot_load(m, &(SnapshotSource){copy_out, (void *)(uintptr_t)bytes, n, NULL}, error);
}

static bool write_file(void *opaque, const void *bytes, size_t n, char **error)
{
    if (fwrite(bytes, 1, n, opaque) != n) {
        *error = g_strdup(g_strerror(errno));
        return false;
    }
    return true;
}

bool snapshot_save_file(struct Machine *m, const char *file, char **error)
{
    FILE *f = fopen(file, "wb");
    if (!f) {
        *error = g_strdup_printf("%s: %s", file, g_strerror(errno));
        return false;
    }
    char *why = NULL;
    bool ok = snapshot_save(m, &(SnapshotSink){write_file, f}, &why);
    if (fclose(f) && ok) {
        why = g_strdup(g_strerror(errno));
        ok = false;
    }
    if (!ok) {
        *error = g_strdup_printf("%s: %s", file, why);
        g_free(why);
    }
    return ok;
}

static bool read_file(void *opaque, uint64_t at, void *bytes, size_t n, char **error)
{
    FILE *f = opaque;
    if (fseeko(f, (off_t)at, SEEK_SET) || fread(bytes, 1, n, f) != n) {
        *error = g_strdup(ferror(f) ? g_strerror(errno) : "the file ends here");
        return false;
    }
    return true;
}

SnapshotResult snapshot_load_file(struct Machine *m, const char *file, char **error)
{
    char *why = NULL;
    FILE *f = fopen(file, "rb");
    off_t size = f && !fseeko(f, 0, SEEK_END) ? ftello(f) : -1;
    SnapshotResult result = SNAPSHOT_REFUSED;
    if (size < 0) {
        why = g_strdup(g_strerror(errno));
    } else {
        result = snapshot_load(m, &(SnapshotSource){read_file, f, (uint64_t)size, NULL}, &why);
    }
    if (why) {
        *error = g_strdup_printf("%s: %s", file, why);
        g_free(why);
    }
    if (f) {
        fclose(f);
    }
    return result;
}
