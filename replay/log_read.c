// Reads a recording's file: every length and number is checked, as the file may hold anything.
#include "replay/log.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "replay/log_format.h"

struct ReplayReader {
    GMappedFile *file; // NULL: somebody else's bytes
    const uint8_t *bytes;
    size_t len, at;
    bool short_read; // the last value lies behind the end
    const char *bad; // why the last value cannot be
    uint64_t icount, ns;
    GPtrArray *sources; // names by number
    ReplayHeader header;
};

static void free_disk(gpointer disk)
{
    ReplayDisk *d = disk;
    g_free(d->id);
    g_free(d->file);
}

GArray *replay_disk_list(void)
{
    GArray *disks = g_array_new(FALSE, TRUE, sizeof(ReplayDisk));
    g_array_set_clear_func(disks, free_disk);
    return disks;
}

ReplayReader *replay_reader_new(const void *bytes, size_t len)
{
    ReplayReader *r = g_new0(ReplayReader, 1);
    r->bytes = bytes;
    r->len = len;
    r->sources = g_ptr_array_new_with_free_func(g_free);
    r->header.disks = replay_disk_list();
    return r;
}

ReplayReader *replay_reader_open(const char *file, char **error)
{
    struct stat st;
    bool there = !stat(file, &st);
    GMappedFile *mapped =
        there && S_ISREG(st.st_mode) ? g_mapped_file_new(file, FALSE, NULL) : NULL;
    if (!mapped) {
        bool other = there && !S_ISREG(st.st_mode);
        *error = g_strdup_printf("%s: %s", file, other ? "not a regular file" : strerror(errno));
        return NULL;
    }
    ReplayReader *r =
        replay_reader_new(g_mapped_file_get_contents(mapped), g_mapped_file_get_length(mapped));
    r->file = mapped;
    return r;
}

void replay_reader_close(ReplayReader *r)
{
    g_ptr_array_unref(r->sources);
    g_array_unref(r->header.disks);
    g_free(r->header.machine);
    if (r->file) {
        g_mapped_file_unref(r->file);
    }
    g_free(r);
}

// --- values. After a failure (ok) they are 0 and stay so.

static bool ok(const ReplayReader *r)
{
    return !r->short_read && !r->bad;
}

static void fail(ReplayReader *r, const char *why)
{
    if (ok(r)) {
        r->bad = why;
    }
}

static const uint8_t *take(ReplayReader *r, uint64_t n)
{
    if (!ok(r) || r->len - r->at < n) {
        r->short_read |= ok(r);
        return NULL;
    }
    r->at += n;
    return r->bytes + r->at - n;
}

static void take_bytes(ReplayReader *r, void *out, size_t n)
{
    const uint8_t *p = take(r, n);
    if (p) {
        memcpy(out, p, n);
    } else {
        memset(out, 0, n);
    }
}

static uint64_t take_number(ReplayReader *r, uint64_t most, const char *too_large)
{
    uint64_t v = 0;
    for (unsigned shift = 0;; shift += 7) {
        const uint8_t *p = take(r, 1);
        if (!p) {
            return 0;
        }
        if (shift == 63 && *p > 1) {
            fail(r, "a number of more than 64 bits");
            return 0;
        }
        v |= (uint64_t)(*p & 0x7f) << shift;
        if (!(*p & 0x80)) {
            break;
        }
    }
    if (v > most) {
        fail(r, too_large);
        return 0;
    }
    return v;
}

static char *take_string(ReplayReader *r)
{
    uint64_t n = take_number(r, REPLAY_MAX_NAME, "a name that is too long");
    const uint8_t *p = take(r, n);
    if (p && memchr(p, 0, n)) {
        fail(r, "a name with a zero byte");
    }
    return ok(r) ? g_strndup((const char *)p, n) : NULL;
}

static char *error_at(const ReplayReader *r, size_t at)
{
    return g_strdup_printf("offset %zu: %s", at, r->bad ? r->bad : "the file ends here");
}

// --- header

static void take_disk(ReplayReader *r)
{
    ReplayDisk d = {.id = take_string(r), .file = take_string(r)};
    d.size = take_number(r, UINT64_MAX, NULL);
    d.modified = take_number(r, UINT64_MAX, NULL);
    g_array_append_val(r->header.disks, d);
}

static void take_version(ReplayReader *r)
{
    const uint8_t *magic = take(r, REPLAY_MAGIC_LEN);
    uint32_t version;
    take_bytes(r, &version, sizeof version);
    if (magic && memcmp(magic, REPLAY_MAGIC, REPLAY_MAGIC_LEN)) {
        r->bad = "not a recording";
    } else if (ok(r) && version != REPLAY_VERSION) {
        fail(r, "a recording of another version");
    }
}

const ReplayHeader *replay_read_header(ReplayReader *r, char **error)
{
    ReplayHeader *h = &r->header;
    take_version(r);
    h->rtc_base = take_number(r, UINT64_MAX, NULL);
    h->icount_shift = (unsigned)take_number(r, 63, "an impossible shift");
    h->n_cpus = (unsigned)take_number(r, UINT16_MAX, "an impossible number of CPUs");
    h->machine = take_string(r);
    uint64_t n = take_number(r, REPLAY_MAX_DISKS, "too many disks");
    for (; n && ok(r); n--) {
        take_disk(r);
    }
    h->settle = take_number(r, UINT64_C(1) << 60, "an impossible interval");
    if (h->settle && h->settle < REPLAY_MIN_SETTLE) {
        fail(r, "an impossible interval");
    }
    take_bytes(r, h->hash.h, sizeof h->hash.h);
    if (!ok(r)) {
        *error = error_at(r, r->at);
        return NULL;
    }
    return h;
}

// --- records

static uint64_t later(ReplayReader *r, uint64_t from)
{
    uint64_t by = take_number(r, UINT64_MAX, NULL);
    if (from + by < from) {
        fail(r, "a time that is too late");
    }
    return from + by;
}

static const char *take_source(ReplayReader *r)
{
    uint64_t n = take_number(r, r->sources->len, "an unknown source");
    if (ok(r) && n == r->sources->len) {
        char *name = take_string(r);
        if (name) {
            g_ptr_array_add(r->sources, name);
        }
    }
    return ok(r) ? r->sources->pdata[n] : NULL;
}

static void take_input(ReplayReader *r, ReplayRecord *record)
{
    record->source = take_source(r);
    record->len = take_number(r, REPLAY_MAX_INPUT, "an input that is too long");
    record->data = take(r, record->len);
    take_bytes(r, &record->check, sizeof record->check);
}

bool replay_read(ReplayReader *r, ReplayRecord *record, char **error)
{
    size_t start = r->at;
    uint8_t kind = 0;
    *record = (ReplayRecord){0};
    if (start == r->len) {
        return false;
    }
    take_bytes(r, &kind, 1);
    record->kind = kind;
    r->icount = record->icount = later(r, r->icount);
    r->ns = record->ns = later(r, r->ns);
    if (kind == REPLAY_INPUT) {
        take_input(r, record);
    } else if (kind == REPLAY_END) {
        record->status = take_number(r, INT32_MAX, "an impossible exit status");
        take_bytes(r, record->hash.h, sizeof record->hash.h);
    } else if (kind != REPLAY_WAIT) {
        fail(r, "a record of no known kind");
    }
    if (r->bad) {
        *error = error_at(r, start);
    }
    return ok(r);
}

ReplayPlace replay_reader_place(const ReplayReader *r)
{
    return (ReplayPlace){r->at, r->icount, r->ns, r->sources->len};
}

void replay_reader_return(ReplayReader *r, const ReplayPlace *place)
{
    r->at = place->at;
    r->icount = place->icount;
    r->ns = place->ns;
    r->short_read = false;
    r->bad = NULL;
    g_ptr_array_set_size(r->sources, (gint)place->sources);
}
