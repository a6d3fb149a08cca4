// What is in an image, as a file: for a look at a disk before there is a machine.
#define _GNU_SOURCE // fopencookie
#include <errno.h>
#include <glib.h>
#include <stdio.h>

#include "block/format.h"

typedef struct Contents {
    BlockNode *node;
    uint64_t at;
} Contents;

static ssize_t contents_read(void *cookie, char *buf, size_t len)
{
    Contents *c = cookie;
    uint64_t size = c->node->size;
    struct iovec v = {buf, c->at < size ? MIN_OF((uint64_t)len, size - c->at) : 0};
    int err = v.iov_len ? c->node->ops->readv(c->node, c->at, &v, 1) : 0;
    if (err) {
        errno = EIO;
        return -1;
    }
    c->at += v.iov_len;
    return (ssize_t)v.iov_len;
}

static int contents_seek(void *cookie, off64_t *off, int whence)
{
    Contents *c = cookie;
    int64_t from = whence == SEEK_CUR   ? (int64_t)c->at
                   : whence == SEEK_END ? (int64_t)c->node->size
                                        : 0;
    if (*off < -from || *off > INT64_MAX - from) {
        errno = EINVAL;
        return -1;
    }
    *off += from;
    c->at = (uint64_t)*off;
    return 0;
}

static int contents_close(void *cookie)
{
    Contents *c = cookie;
    c->node->ops->close(c->node);
    g_free(c);
    return 0;
}

void *block_contents(const char *file)
{
    char *error = NULL;
    const BlockOpen how = {.readonly = true, .quiet = true};
    BlockNode *n = block_open_image(file, &how, &error);
    g_free(error);
    if (!n) {
        return NULL;
    }
    Contents *c = g_new0(Contents, 1);
    c->node = n;
    const cookie_io_functions_t io = {contents_read, NULL, contents_seek, contents_close};
    return fopencookie(c, "r", io);
}
