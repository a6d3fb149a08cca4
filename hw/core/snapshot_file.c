// A snapshot's stream: "MIMUSVM\n" version:u32, then sections (snapshot_internal.h), the last one
// SECTION_END. Numbers are little-endian.
#include <stdarg.h>
#include <string.h>
#include <zlib.h>

#include "hw/core/snapshot_internal.h"

#define HEAD        12 // kind, length
#define MAX_PAYLOAD (UINT64_C(1) << 30)

// --- writing

static bool put(SectionWriter *w, const void *p, size_t n)
{
    return !w->error && w->sink->write(w->sink->opaque, p, n, &w->error);
}

void section_begin_file(SectionWriter *w, const SnapshotSink *sink)
{
    const uint32_t version = SNAPSHOT_VERSION;
    *w = (SectionWriter){.sink = sink, .payload = g_byte_array_new()};
    put(w, SNAPSHOT_MAGIC, SNAPSHOT_MAGIC_LEN);
    put(w, &version, sizeof version);
}

void section_bytes(SectionWriter *w, const void *p, size_t n)
{
    g_byte_array_append(w->payload, p, (guint)n);
}

void section_u32(SectionWriter *w, uint32_t v)
{
    section_bytes(w, &v, sizeof v);
}

void section_u64(SectionWriter *w, uint64_t v)
{
    section_bytes(w, &v, sizeof v);
}

bool section_write(SectionWriter *w, SectionKind kind)
{
    uint8_t head[HEAD];
    const uint32_t k = kind;
    const uint64_t len = w->payload->len;
    memcpy(head, &k, 4);
    memcpy(head + 4, &len, 8);
    uint32_t crc = (uint32_t)crc32(crc32(0, head, HEAD), w->payload->data, w->payload->len);
    put(w, head, HEAD);
    put(w, w->payload->data, w->payload->len);
    put(w, &crc, sizeof crc);
    g_byte_array_set_size(w->payload, 0);
    return !w->error;
}

bool section_end_file(SectionWriter *w, char **error)
{
    section_write(w, SECTION_END);
    g_byte_array_unref(w->payload);
    *error = w->error;
    return !w->error;
}

// --- reading

bool section_fail(const SectionReader *r, char **error, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *why = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    *error = g_strdup_printf("offset %llu: %s", (unsigned long long)r->start, why);
    g_free(why);
    return false;
}

static bool get(SectionReader *r, void *p, uint64_t n, char **error)
{
    char *why = NULL;
    if (n > r->source->size - r->at) {
        return section_fail(r, error, "the state ends here, within a section");
    }
    if (n && !r->source->read(r->source->opaque, r->at, p, n, &why)) {
        section_fail(r, error, "%s", why);
        g_free(why);
        return false;
    }
    r->at += n;
    return true;
}

bool section_open(SectionReader *r, const SnapshotSource *source, char **error)
{
    char magic[SNAPSHOT_MAGIC_LEN];
    uint32_t version;
    *r = (SectionReader){.source = source, .payload = g_byte_array_new()};
    if (!get(r, magic, sizeof magic, error) || !get(r, &version, sizeof version, error)) {
        return false;
    }
    if (memcmp(magic, SNAPSHOT_MAGIC, sizeof magic) != 0) {
        return section_fail(r, error, "not a machine's state as Mimus keeps it");
    }
    if (version != SNAPSHOT_VERSION) {
        return section_fail(r, error, "format %u, this version of Mimus reads format %u", version,
                            SNAPSHOT_VERSION);
    }
    return true;
}

bool section_next(SectionReader *r, char **error)
{
    uint8_t head[HEAD];
    uint32_t kind, crc;
    uint64_t len;
    r->start = r->at;
    r->pos = 0;
    r->short_read = false;
    if (!get(r, head, HEAD, error)) {
        return false;
    }
    memcpy(&kind, head, 4);
    memcpy(&len, head + 4, 8);
    if (len > MAX_PAYLOAD || len > r->source->size - r->at) {
        return section_fail(r, error, "a section of %llu bytes, more than there are",
                            (unsigned long long)len);
    }
    g_byte_array_set_size(r->payload, (guint)len);
    if (!get(r, r->payload->data, len, error) || !get(r, &crc, sizeof crc, error)) {
        return false;
    }
    if (crc != (uint32_t)crc32(crc32(0, head, HEAD), r->payload->data, (uInt)len)) {
        return section_fail(r, error, "damaged: the checksum is another one");
    }
    r->kind = (SectionKind)kind;
    return true;
}

void section_close(SectionReader *r)
{
    g_byte_array_unref(r->payload);
}

const uint8_t *section_take(SectionReader *r, uint64_t n)
{
    if (n > r->payload->len - r->pos) {
        r->short_read = true;
        return NULL;
    }
    r->pos += n;
    return r->payload->data + r->pos - n;
}

uint32_t section_take_u32(SectionReader *r)
{
    uint32_t v = 0;
    const uint8_t *p = section_take(r, sizeof v);
    if (p) {
        memcpy(&v, p, sizeof v);
    }
    return v;
}

uint64_t section_take_u64(SectionReader *r)
{
    uint64_t v = 0;
    const uint8_t *p = section_take(r, sizeof v);
    if (p) {
        memcpy(&v, p, sizeof v);
    }
    return v;
}

char *section_take_text(SectionReader *r, uint64_t n)
{
    const uint8_t *p = section_take(r, n);
    return p ? g_strndup((const char *)p, n) : g_strdup("");
}
