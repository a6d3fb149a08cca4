// A chardev of the test's own: keeps what is written. Defines the functions of chardev.h that
// serial ports call, in place of the library's.
#ifndef TESTS_UNIT_FAKE_CHARDEV_H
#define TESTS_UNIT_FAKE_CHARDEV_H

#include <string.h>

#include "chardev/chardev.h"

struct Chardev {
    ChardevFrontend f;
    char out[256];
    unsigned n, ready;
};

void chardev_connect(Chardev *c, const ChardevFrontend *f)
{
    c->f = *f;
}

void chardev_write(Chardev *c, const void *buf, size_t len)
{
    if (c) {
        memcpy(c->out + c->n, buf, len);
        c->n += (unsigned)len;
    }
}

void chardev_ready(Chardev *c)
{
    c->ready++;
}

#endif
