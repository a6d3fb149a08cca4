// Memory in snapshots: what is not zero, in runs of pages, packed by zlib's fastest level where
// that makes it smaller.
#include <string.h>
#include <zlib.h>

#include "hw/core/snapshot_internal.h"

#define RUN_BYTES (SNAPSHOT_RUN * SNAPSHOT_PAGE)

uint64_t snapshot_pages(const MemRegion *r)
{
    return (mem_size(r) + SNAPSHOT_PAGE - 1) / SNAPSHOT_PAGE;
}

bool snapshot_page_is_zero(const uint8_t *page)
{
    return !page[0] && !memcmp(page, page + 1, SNAPSHOT_PAGE - 1);
}

void snapshot_set_page(Machine *m, MemRegion *r, uint64_t page, const uint8_t *bytes)
{
    uint8_t *at = mem_host(r) + page * SNAPSHOT_PAGE;
    if (bytes ? !memcmp(at, bytes, SNAPSHOT_PAGE) : snapshot_page_is_zero(at)) {
        return;
    }
    if (bytes) {
        memcpy(at, bytes, SNAPSHOT_PAGE);
    } else {
        memset(at, 0, SNAPSHOT_PAGE);
    }
    MemPage p = mem_region_page(r, page * SNAPSHOT_PAGE);
    if (*p.watch) {
        page_watch_stored(m, &p, 0, SNAPSHOT_PAGE, WATCH_ALL);
    }
}

// --- saving

static void save_run(SectionWriter *w, unsigned memory, const uint8_t *host, uint64_t first,
                     uint32_t count, uint8_t *scratch)
{
    const uint8_t *from = host + first * SNAPSHOT_PAGE;
    uLong bytes = count * SNAPSHOT_PAGE;
    uLongf packed = bytes * 7 / 8; // less is not worth it
    bool smaller = compress2(scratch, &packed, from, bytes, Z_BEST_SPEED) == Z_OK;
    section_u32(w, memory);
    section_u64(w, first);
    section_u32(w, count);
    section_u32(w, smaller);
    section_bytes(w, smaller ? scratch : from, smaller ? packed : bytes);
    section_write(w, SECTION_PAGES);
}

static void save_one(SectionWriter *w, unsigned memory, MemRegion *r, uint8_t *scratch)
{
    const uint8_t *host = mem_host(r);
    uint64_t n = snapshot_pages(r);
    for (uint64_t i = 0; i < n && !w->error;) {
        uint32_t run = 0;
        while (run < SNAPSHOT_RUN && i + run < n &&
               !snapshot_page_is_zero(host + (i + run) * SNAPSHOT_PAGE)) {
            run++;
        }
        if (run) {
            save_run(w, memory, host, i, run, scratch);
        }
        i += run ? run : 1;
    }
}

bool snapshot_save_memory(Machine *m, SectionWriter *w)
{
    uint8_t *scratch = g_malloc(RUN_BYTES);
    for (guint i = 0; i < m->memories->len && !w->error; i++) {
        MemRegion *r = m->memories->pdata[i];
        section_u64(w, mem_size(r));
        section_bytes(w, mem_name(r), strlen(mem_name(r)));
        section_write(w, SECTION_MEMORY);
        save_one(w, i, r, scratch);
    }
    g_free(scratch);
    return !w->error;
}

// --- loading

static MemRegion *current(const SnapshotMemory *s)
{
    return s->m->memories->pdata[s->next - 1];
}

// Pages up to `end` that nothing was said of are zero.
static void clear_to(SnapshotMemory *s, uint64_t end)
{
    for (; s->write && s->expected < end; s->expected++) {
        snapshot_set_page(s->m, current(s), s->expected, NULL);
    }
    s->expected = end;
}

static void finish_current(SnapshotMemory *s)
{
    if (s->next) {
        clear_to(s, snapshot_pages(current(s)));
    }
}

bool snapshot_take_memory(SnapshotMemory *s, SectionReader *r, char **error)
{
    uint64_t size = section_take_u64(r);
    char *name = section_take_text(r, r->payload->len - r->pos);
    const MemRegion *here = s->next < s->m->memories->len ? s->m->memories->pdata[s->next] : NULL;
    bool ok = here && !strcmp(name, mem_name(here)) && size == mem_size(here);
    if (!ok && here) {
        section_fail(r, error, "memory '%.60s' of %llu bytes; this machine has '%s' of %llu", name,
                     (unsigned long long)size, mem_name(here), (unsigned long long)mem_size(here));
    } else if (!ok) {
        section_fail(r, error, "memory '%.60s', which this machine does not have", name);
    } else {
        finish_current(s);
        s->next++;
        s->expected = 0;
    }
    g_free(name);
    return ok;
}

static bool unpack(SnapshotMemory *s, SectionReader *r, uint64_t bytes, const uint8_t **from)
{
    uint64_t n = r->payload->len - r->pos;
    const uint8_t *packed = section_take(r, n);
    uLongf len = bytes;
    if (!s->scratch) {
        s->scratch = g_malloc(RUN_BYTES);
    }
    *from = s->scratch;
    return uncompress(s->scratch, &len, packed, n) == Z_OK && len == bytes;
}

bool snapshot_take_pages(SnapshotMemory *s, SectionReader *r, char **error)
{
    uint32_t memory = section_take_u32(r);
    uint64_t first = section_take_u64(r);
    uint32_t count = section_take_u32(r), packed = section_take_u32(r);
    if (r->short_read || !s->next || memory != s->next - 1 || packed > 1 || !count ||
        count > SNAPSHOT_RUN || first < s->expected || first >= snapshot_pages(current(s)) ||
        count > snapshot_pages(current(s)) - first) {
        return section_fail(r, error, "pages that cannot be");
    }
    const uint8_t *from = packed ? NULL : section_take(r, count * SNAPSHOT_PAGE);
    bool ok = packed ? unpack(s, r, count * SNAPSHOT_PAGE, &from) : from != NULL;
    if (!ok || r->pos != r->payload->len) {
        return section_fail(r, error, "pages that cannot be unpacked");
    }
    clear_to(s, first);
    for (uint32_t i = 0; s->write && i < count; i++) {
        snapshot_set_page(s->m, current(s), first + i, from + i * SNAPSHOT_PAGE);
    }
    s->expected = first + count;
    return true;
}

bool snapshot_memory_done(SnapshotMemory *s, const SectionReader *r, char **error)
{
    if (s->next != s->m->memories->len) {
        const MemRegion *here = s->m->memories->pdata[s->next];
        return section_fail(r, error, "there is no memory '%s'", mem_name(here));
    }
    finish_current(s);
    return true;
}
