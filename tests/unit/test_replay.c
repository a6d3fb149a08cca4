// Recordings: what is written is what is read; broken files are refused with a reason.
#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "hw/core/machine.h"
#include "replay/log.h"
#include "replay/replay.h"

static char *path_of(const char *name)
{
    return g_strdup_printf("/tmp/mimus-test-%d-%s", getpid(), name);
}

static GArray *two_disks(void)
{
    GArray *a = g_array_new(FALSE, TRUE, sizeof(ReplayDisk));
    ReplayDisk d[2] = {{(char *)"hd0", (char *)"a.img", 1 << 20, 5},
                       {(char *)"cd", (char *)"b", 7, UINT64_MAX}};
    g_array_append_vals(a, d, 2);
    return a;
}

static const ReplayRecord records[] = {
    {.kind = REPLAY_INPUT,
     .icount = 5,
     .ns = 5,
     .source = "net:a",
     .data = (const uint8_t *)"abc",
     .len = 3,
     .check = 0xdeadbeef},
    {.kind = REPLAY_WAIT, .icount = 5, .ns = 1000000},
    {.kind = REPLAY_INPUT, .icount = 5, .ns = 1000000, .source = "input", .len = 0, .check = 1},
    {.kind = REPLAY_INPUT,
     .icount = UINT64_C(1) << 40,
     .ns = UINT64_C(1) << 62,
     .source = "net:a",
     .data = (const uint8_t *)"z",
     .len = 1,
     .check = 2},
    {.kind = REPLAY_END, .icount = UINT64_MAX, .ns = UINT64_MAX, .status = 3, .hash = {{4, 5}}},
};

static void write_file(const char *file)
{
    char *error = NULL;
    ReplayWriter *w = replay_writer_open(file, &error);
    cr_assert(w, "%s", error);
    ReplayHeader h = {.rtc_base = 1700000000,
                      .icount_shift = 3,
                      .n_cpus = 2,
                      .machine = (char *)"virt",
                      .disks = two_disks(),
                      .hash = {{1, 2}}};
    replay_write_header(w, &h);
    for (size_t i = 0; i < ARRAY_LEN(records); i++) {
        replay_write(w, &records[i]);
    }
    cr_assert(replay_writer_flush(w, &error));
    replay_writer_close(w);
    g_array_unref(h.disks);
}

static void expect_header(const ReplayHeader *h)
{
    cr_assert(h);
    cr_expect_eq(h->rtc_base, 1700000000);
    cr_expect_eq(h->icount_shift, 3);
    cr_expect_eq(h->n_cpus, 2);
    cr_expect_str_eq(h->machine, "virt");
    cr_assert_eq(h->disks->len, 2);
    cr_expect_str_eq(g_array_index(h->disks, ReplayDisk, 0).file, "a.img");
    cr_expect_eq(g_array_index(h->disks, ReplayDisk, 1).modified, UINT64_MAX);
    cr_expect_eq(h->hash.h[1], 2);
}

static void expect_record(const ReplayRecord *r, const ReplayRecord *want)
{
    cr_expect_eq(r->kind, want->kind);
    cr_expect_eq(r->icount, want->icount);
    cr_expect_eq(r->ns, want->ns);
    cr_expect_eq(r->len, want->len);
    cr_expect_eq(r->check, want->check);
    cr_expect_eq(r->status, want->status);
    cr_expect_eq(r->hash.h[0], want->hash.h[0]);
    if (want->kind == REPLAY_INPUT) {
        cr_expect_str_eq(r->source, want->source);
        cr_expect(!want->len || !memcmp(r->data, want->data, want->len));
    }
}

Test(replay_log, is_read_as_it_was_written)
{
    char *file = path_of("log"), *error = NULL;
    write_file(file);
    ReplayReader *r = replay_reader_open(file, &error);
    cr_assert(r, "%s", error);
    expect_header(replay_read_header(r, &error));
    ReplayRecord record;
    for (size_t i = 0; i < ARRAY_LEN(records); i++) {
        cr_assert(replay_read(r, &record, &error), "%s", error);
        expect_record(&record, &records[i]);
    }
    cr_expect_not(replay_read(r, &record, &error));
    cr_expect_null(error, "the end is no error");
    replay_reader_close(r);
    g_unlink(file);
    g_free(file);
}

// Every shorter file ends early, without an error once the header is whole.
Test(replay_log, may_end_anywhere)
{
    char *file = path_of("short"), *bytes;
    gsize len;
    write_file(file);
    cr_assert(g_file_get_contents(file, &bytes, &len, NULL));
    unsigned whole = 0;
    for (size_t n = 0; n < len; n++) {
        char *error = NULL;
        ReplayReader *r = replay_reader_new(bytes, n);
        bool header = replay_read_header(r, &error) != NULL;
        cr_expect_eq(header, !error);
        ReplayRecord record;
        unsigned read = 0;
        while (header && replay_read(r, &record, &error)) {
            read++;
        }
        cr_expect(!header || !error, "%zu bytes: %s", n, error);
        cr_expect_geq(read, whole);
        whole = read;
        replay_reader_close(r);
        g_free(error);
    }
    cr_expect_eq(whole, ARRAY_LEN(records) - 1);
    g_unlink(file);
    g_free(bytes);
    g_free(file);
}

static void expect_refused(const void *bytes, size_t len, const char *message)
{
    char *error = NULL;
    ReplayReader *r = replay_reader_new(bytes, len);
    cr_expect_null(replay_read_header(r, &error));
    cr_expect_str_eq(error, message);
    g_free(error);
    replay_reader_close(r);
}

Test(replay_log, nonsense_is_named)
{
    expect_refused("\177ELF0123456789", 14, "offset 12: not a recording");
    expect_refused("MIMUSREC\3\0\0\0", 12, "offset 12: a recording of another version");
    expect_refused("MIMUSREC\2\0\0\0\0\177", 14, "offset 14: an impossible shift");
    expect_refused("MIMUSREC\2\0\0\0\377\377\377\377\377\377\377\377\377\377", 22,
                   "offset 22: a number of more than 64 bits");
    expect_refused("MIMUSREC\2\0\0\0\0\0\1\3a\0b", 19, "offset 19: a name with a zero byte");
}

Test(replay, a_file_that_cannot_be_made_is_named)
{
    Machine *m = g_new0(Machine, 1);
    char *error = NULL;
    cr_expect_not(replay_open(m, REPLAY_RECORD, "/no/such/directory/f", &error));
    cr_expect_str_eq(error, "/no/such/directory/f: No such file or directory");
    g_free(error);
    error = NULL;
    cr_expect_not(replay_open(m, REPLAY_PLAY, "/no/such/file", &error));
    cr_expect(strstr(error, "/no/such/file"), "%s", error);
    g_free(error);
}
