#define _GNU_SOURCE
#include "accel/codecache.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

bool codecache_init(CodeCache *c, size_t size)
{
    int fd = memfd_create("mimus-code", MFD_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    if (ftruncate(fd, (off_t)size) < 0) {
        close(fd);
        return false;
    }
    void *rw = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    void *rx = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    int saved = errno;
    close(fd);
    if (rw == MAP_FAILED || rx == MAP_FAILED) {
        errno = saved;
        return false;
    }
    *c = (CodeCache){.rw = rw, .rx = rx, .size = size};
    return true;
}

void codecache_free(CodeCache *c)
{
    munmap(c->rw, c->size);
    munmap((void *)c->rx, c->size);
}
