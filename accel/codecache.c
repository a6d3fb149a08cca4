// The memory of translated code, mapped twice: written at one address, executed at another.
#define _GNU_SOURCE
#include "accel/codecache.h"

#include <sys/mman.h>
#include <unistd.h>

// Shared memory without a name: perf looks for a map of symbols (-perfmap) only where a mapping has
// no file, or has /dev/zero, as the kernel calls this kind. The second view is a move that leaves
// the first where it is (mremap(2), old_size 0).
static bool map_unnamed(void **rw, void **rx, size_t size)
{
    *rw = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (*rw == MAP_FAILED) {
        return false;
    }
    *rx = mremap(*rw, 0, size, MREMAP_MAYMOVE);
    if (*rx != MAP_FAILED && mprotect(*rx, size, PROT_READ | PROT_EXEC) == 0) {
        return true;
    }
    munmap(*rw, size);
    return false;
}

// Where the system has no such move (under other emulators, for one).
static bool map_file(void **rw, void **rx, size_t size)
{
    int fd = memfd_create("mimus-code", MFD_CLOEXEC);
    bool ok = fd >= 0 && ftruncate(fd, (off_t)size) == 0;
    if (ok) {
        *rw = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        *rx = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
        ok = *rw != MAP_FAILED && *rx != MAP_FAILED;
    }
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

bool codecache_init(CodeCache *c, size_t size)
{
    void *rw, *rx;
    if (!map_unnamed(&rw, &rx, size) && !map_file(&rw, &rx, size)) {
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
