// Files with qcow2 images, and qemu-img to look at them.
#ifndef TESTS_UNIT_QCOW2_RIG_H
#define TESTS_UNIT_QCOW2_RIG_H

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "block/format.h"
#include "block/snapshot.h"
#include "tests/qcow2_image.h"

// --- files

static inline char *qcow2_path(const char *name)
{
    return g_strdup_printf("/tmp/mimus-test-%d-%s", getpid(), name);
}

static inline char *qcow2_make(const char *name, const Qcow2Shape *s)
{
    char *path = qcow2_path(name);
    GByteArray *b = image_qcow2(s);
    cr_assert(g_file_set_contents(path, (char *)b->data, b->len, NULL));
    g_byte_array_free(b, TRUE);
    return path;
}

static inline char *raw_make(const char *name, size_t size)
{
    char *path = qcow2_path(name), *bytes = g_malloc(size);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (char)(i * 7 + i / 512 + 1);
    }
    cr_assert(g_file_set_contents(path, bytes, (gssize)size, NULL));
    g_free(bytes);
    return path;
}

// With so little memory for tables that they come and go.
static inline BlockNode *qcow2_node(const char *path, bool readonly)
{
    char *error = NULL;
    const BlockOpen how = {.format = "qcow2",
                           .readonly = readonly,
                           .discard = true,
                           .no_sync = true,
                           .cache_bytes = 1};
    BlockNode *n = block_open_image(path, &how, &error);
    cr_assert(n, "%s: %s", path, error);
    return n;
}

// --- qemu-img, where it is

static inline bool have_qemu_img(void)
{
    char *path = g_find_program_in_path("qemu-img");
    g_free(path);
    return path != NULL;
}

// The exit status; what it says is shown if it is not one of 0 and `fine`.
static inline int run_tool(int fine, const char *fmt, const char *path, const char *more)
{
    char *command = g_strdup_printf(fmt, path, more), *out = NULL, *err = NULL;
    int status = -1;
    cr_assert(g_spawn_command_line_sync(command, &out, &err, &status, NULL), "%s", command);
    status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (status && status != fine) {
        fprintf(stderr, "%s: %d\n%s%s\n", command, status, out, err);
    }
    g_free(command);
    g_free(out);
    g_free(err);
    return status;
}

// 0: nothing wrong; 3: clusters without a reference.
static inline int qemu_check(const char *path, int fine)
{
    return have_qemu_img() ? run_tool(fine, "qemu-img check -f qcow2 %s%s", path, "") : 0;
}

#endif
