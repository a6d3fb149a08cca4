// Files into memory images: raw files, ELF64 executables, gzip.
#include "hw/core/loader.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "util/log.h"

#define MAX_SEGMENTS 64

// --- files

static bool read_all(int fd, uint8_t *buf, uint64_t len)
{
    for (uint64_t done = 0; done < len;) {
        ssize_t n = read(fd, buf + done, MIN_OF(len - done, UINT64_C(1) << 30));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            errno = n ? errno : EIO; // it became shorter
            return false;
        }
        done += (uint64_t)n;
    }
    return true;
}

static uint8_t *read_open_file(int fd, const char *path, uint64_t max, uint64_t *len, char **error)
{
    struct stat st;
    if (fstat(fd, &st) < 0) {
        *error = g_strdup_printf("%s: %s", path, strerror(errno));
        return NULL;
    }
    if (!S_ISREG(st.st_mode)) {
        *error = g_strdup_printf("%s: not a regular file", path);
        return NULL;
    }
    if ((uint64_t)st.st_size > max) {
        *error = g_strdup_printf("%s: %llu bytes do not fit into %llu", path,
                                 (unsigned long long)st.st_size, (unsigned long long)max);
        return NULL;
    }
    *len = (uint64_t)st.st_size;
    uint8_t *data = g_malloc(*len + 1);
    if (!read_all(fd, data, *len)) {
        *error = g_strdup_printf("%s: %s", path, strerror(errno));
        g_free(data);
        return NULL;
    }
    return data;
}

uint8_t *load_file(const char *path, uint64_t max, uint64_t *len, char **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        *error = g_strdup_printf("%s: %s", path, strerror(errno));
        return NULL;
    }
    uint8_t *data = read_open_file(fd, path, max, len, error);
    close(fd);
    return data;
}

// --- images

static LoadImage *image_new(ImageKind kind, unsigned n_segments)
{
    LoadImage *image = g_new0(LoadImage, 1);
    image->kind = kind;
    image->n_segments = n_segments;
    image->segment = g_new0(LoadSegment, n_segments);
    return image;
}

void load_free(LoadImage *image)
{
    if (!image) {
        return;
    }
    for (unsigned i = 0; i < image->n_segments; i++) {
        g_free(image->segment[i].data);
    }
    g_free(image->segment);
    g_free(image);
}

LoadImage *load_raw(const char *path, uint64_t addr, uint64_t max, char **error)
{
    uint64_t len;
    uint8_t *data = load_file(path, max, &len, error);
    if (!data) {
        return NULL;
    }
    LoadImage *image = image_new(IMAGE_RAW, 1);
    image->segment[0] = (LoadSegment){addr, data, len, len};
    image->entry = image->low = addr;
    image->high = addr + len;
    return image;
}

bool load_fits(const LoadImage *image, const char *path, AddressSpace *as, char **error)
{
    for (unsigned i = 0; i < image->n_segments; i++) {
        const LoadSegment *s = &image->segment[i];
        if (s->mem_size && !mem_dma(as, s->addr, s->mem_size)) {
            *error = g_strdup_printf("%s: %llu bytes at 0x%llx do not fit in RAM", path,
                                     (unsigned long long)s->mem_size, (unsigned long long)s->addr);
            return false;
        }
    }
    return true;
}

void load_write(const LoadImage *image, AddressSpace *as)
{
    for (unsigned i = 0; i < image->n_segments; i++) {
        const LoadSegment *s = &image->segment[i];
        uint8_t *ram = s->mem_size ? mem_dma(as, s->addr, s->mem_size) : NULL;
        if (!ram) {
            continue; // load_fits has said so
        }
        if (s->file_size) {
            memcpy(ram, s->data, s->file_size);
        }
        memset(ram + s->file_size, 0, s->mem_size - s->file_size);
        mem_dirty(as, s->addr, s->mem_size);
    }
}

// --- ELF64

bool load_is_elf(const char *path)
{
    char magic[SELFMAG] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool yes = fd >= 0 && read(fd, magic, SELFMAG) == SELFMAG && !memcmp(magic, ELFMAG, SELFMAG);
    if (fd >= 0) {
        close(fd);
    }
    return yes;
}

static const char *elf_machine_name(unsigned machine)
{
    static const struct {
        unsigned machine;
        const char *name;
    } names[] = {
        {EM_386, "x86"},   {EM_X86_64, "x86-64"}, {EM_ARM, "32-bit Arm"}, {EM_AARCH64, "arm64"},
        {EM_MIPS, "MIPS"}, {EM_PPC64, "POWER"},   {EM_RISCV, "RISC-V"},   {EM_S390, "S/390"},
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (names[i].machine == machine) {
            return names[i].name;
        }
    }
    return "another machine";
}

// The header of either class, as the wide one.
static Elf64_Ehdr read_header(const uint8_t *data, uint64_t len)
{
    Elf64_Ehdr h = {0};
    Elf32_Ehdr n = {0};
    memcpy(&h, data, MIN_OF(len, sizeof h));
    if (h.e_ident[EI_CLASS] == ELFCLASS32) {
        memcpy(&n, data, MIN_OF(len, sizeof n));
        h.e_entry = n.e_entry;
        h.e_phoff = n.e_phoff;
        h.e_phentsize = n.e_phentsize;
        h.e_phnum = n.e_phnum;
    }
    return h;
}

static unsigned phdr_size(const Elf64_Ehdr *h)
{
    return h->e_ident[EI_CLASS] == ELFCLASS32 ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr);
}

static Elf64_Phdr read_phdr(const uint8_t *data, const Elf64_Ehdr *h, unsigned i)
{
    Elf64_Phdr p;
    Elf32_Phdr n;
    const uint8_t *at = data + h->e_phoff + (uint64_t)i * phdr_size(h);
    if (h->e_ident[EI_CLASS] == ELFCLASS64) {
        memcpy(&p, at, sizeof p);
        return p;
    }
    memcpy(&n, at, sizeof n);
    return (Elf64_Phdr){.p_type = n.p_type,
                        .p_offset = n.p_offset,
                        .p_vaddr = n.p_vaddr,
                        .p_paddr = n.p_paddr,
                        .p_filesz = n.p_filesz,
                        .p_memsz = n.p_memsz};
}

static char *check_header(const char *name, const Elf64_Ehdr *h, uint64_t len, unsigned machine)
{
    if (len < sizeof(Elf32_Ehdr) || memcmp(h->e_ident, ELFMAG, SELFMAG)) {
        return g_strdup_printf("%s: not an ELF file", name);
    }
    if (h->e_ident[EI_DATA] != ELFDATA2LSB) {
        return g_strdup_printf("%s: a big-endian ELF file", name);
    }
    if (h->e_machine != machine) { // stands at the same place in 32-bit files
        return g_strdup_printf("%s: an ELF file for %s, not %s", name,
                               elf_machine_name(h->e_machine), elf_machine_name(machine));
    }
    if (h->e_type != ET_EXEC && h->e_type != ET_DYN) {
        return g_strdup_printf("%s: an ELF file that is not an executable", name);
    }
    if (h->e_phentsize != phdr_size(h) || h->e_phoff > len ||
        h->e_phnum > (len - h->e_phoff) / phdr_size(h)) {
        return g_strdup_printf("%s: truncated ELF file (program headers)", name);
    }
    return NULL;
}

static char *check_segment(const char *name, const Elf64_Phdr *p, uint64_t len)
{
    if (p->p_offset > len || p->p_filesz > len - p->p_offset) {
        return g_strdup_printf("%s: truncated ELF file (segment at 0x%llx)", name,
                               (unsigned long long)p->p_paddr);
    }
    if (p->p_filesz > p->p_memsz || p->p_paddr + p->p_memsz < p->p_paddr) {
        return g_strdup_printf("%s: bad ELF segment at 0x%llx", name,
                               (unsigned long long)p->p_paddr);
    }
    return NULL;
}

static void add_segment(LoadImage *image, const Elf64_Phdr *p, const uint8_t *data)
{
    LoadSegment *s = &image->segment[image->n_segments++];
    s->addr = p->p_paddr;
    s->file_size = p->p_filesz;
    s->mem_size = p->p_memsz;
    s->data = p->p_filesz ? g_memdup2(data + p->p_offset, p->p_filesz) : NULL;
    image->low = MIN_OF(image->low, s->addr);
    image->high = MAX_OF(image->high, s->addr + s->mem_size);
}

// The entry is a virtual address; the CPU starts without translation.
static uint64_t physical_entry(uint64_t entry, const Elf64_Phdr *p)
{
    return entry >= p->p_vaddr && entry - p->p_vaddr < p->p_memsz ? entry - p->p_vaddr + p->p_paddr
                                                                  : entry;
}

LoadImage *load_elf64_bytes(const char *name, const uint8_t *data, uint64_t len,
                            unsigned elf_machine, char **error)
{
    Elf64_Ehdr h = read_header(data, len);
    *error = check_header(name, &h, len, elf_machine);
    if (!*error && h.e_ident[EI_CLASS] != ELFCLASS64) {
        *error = g_strdup_printf("%s: not a 64-bit ELF file", name);
    }
    return *error ? NULL : load_elf_bytes(name, data, len, elf_machine, error);
}

LoadImage *load_elf_bytes(const char *name, const uint8_t *data, uint64_t len, unsigned elf_machine,
                          char **error)
{
    Elf64_Ehdr h = read_header(data, len);
    *error = check_header(name, &h, len, elf_machine);
    if (*error) {
        return NULL;
    }
    LoadImage *image = image_new(IMAGE_ELF, MAX_SEGMENTS);
    image->n_segments = 0;
    image->low = UINT64_MAX;
    image->entry = h.e_entry;
    for (unsigned i = 0; i < h.e_phnum && !*error; i++) {
        Elf64_Phdr p = read_phdr(data, &h, i);
        if (p.p_type != PT_LOAD || !p.p_memsz) {
            continue;
        }
        *error = check_segment(name, &p, len);
        if (!*error && image->n_segments == MAX_SEGMENTS) {
            *error = g_strdup_printf("%s: more than %d segments", name, MAX_SEGMENTS);
        }
        if (!*error) {
            add_segment(image, &p, data);
            image->entry = image->entry == h.e_entry ? physical_entry(h.e_entry, &p) : image->entry;
        }
    }
    if (!*error && !image->n_segments) {
        *error = g_strdup_printf("%s: an ELF file without anything to load", name);
    }
    if (*error) {
        load_free(image);
        return NULL;
    }
    return image;
}

LoadImage *load_elf64(const char *path, unsigned elf_machine, uint64_t max, char **error)
{
    uint64_t len;
    uint8_t *data = load_file(path, max, &len, error);
    if (!data) {
        return NULL;
    }
    LoadImage *image = load_elf64_bytes(path, data, len, elf_machine, error);
    g_free(data);
    return image;
}

static uint64_t next_note(const uint8_t *data, uint64_t at, uint64_t end, Elf64_Nhdr *n)
{
    if (end - at < sizeof *n) {
        return 0;
    }
    memcpy(n, data + at, sizeof *n);
    uint64_t size =
        sizeof *n + ALIGN_UP((uint64_t)n->n_namesz, 4) + ALIGN_UP((uint64_t)n->n_descsz, 4);
    return size <= end - at ? size : 0;
}

bool load_elf_note(const uint8_t *data, uint64_t len, const char *owner, uint32_t type, void *value,
                   uint64_t max)
{
    Elf64_Ehdr h = read_header(data, len);
    Elf64_Nhdr n;
    uint64_t size, owner_len = strlen(owner) + 1;
    for (unsigned i = 0; i < h.e_phnum; i++) {
        Elf64_Phdr p = read_phdr(data, &h, i);
        if (p.p_type != PT_NOTE || p.p_offset > len || p.p_filesz > len - p.p_offset) {
            continue;
        }
        uint64_t end = p.p_offset + p.p_filesz;
        for (uint64_t at = p.p_offset; (size = next_note(data, at, end, &n)); at += size) {
            uint64_t desc = at + sizeof n + ALIGN_UP((uint64_t)n.n_namesz, 4);
            if (n.n_type == type && n.n_namesz == owner_len && n.n_descsz >= 4 &&
                !memcmp(data + at + sizeof n, owner, owner_len)) {
                memset(value, 0, max);
                memcpy(value, data + desc, MIN_OF(max, (uint64_t)n.n_descsz));
                return true;
            }
        }
    }
    return false;
}

// --- gzip

static bool inflate_all(z_stream *z, uint8_t **out, uint64_t *out_len, uint64_t max)
{
    uint64_t room = 0, done = 0;
    int r = Z_OK;
    while (r == Z_OK) {
        if (done == room) {
            if (room == max) {
                z->msg = (char *)"too large when decompressed";
                return false;
            }
            room = MIN_OF(MAX_OF(room * 2, UINT64_C(1) << 20), max);
            *out = g_realloc(*out, room);
        }
        uInt n = (uInt)MIN_OF(room - done, UINT64_C(1) << 30);
        z->next_out = *out + done;
        z->avail_out = n;
        r = inflate(z, Z_NO_FLUSH);
        done += n - z->avail_out;
        if (r == Z_OK && z->avail_in == 0 && z->avail_out) {
            z->msg = (char *)"truncated";
            return false;
        }
    }
    if (r == Z_BUF_ERROR) {
        z->msg = (char *)"truncated";
    }
    *out_len = done;
    return r == Z_STREAM_END;
}

uint8_t *load_gunzip(const char *name, const uint8_t *data, uint64_t len, uint64_t max,
                     uint64_t *out_len, char **error)
{
    z_stream z = {.next_in = (Bytef *)data, .avail_in = (uInt)len};
    if (len > UINT32_MAX || max == 0 || inflateInit2(&z, 15 + 16) != Z_OK) {
        *error = g_strdup_printf("%s: cannot decompress", name);
        return NULL;
    }
    uint8_t *out = NULL;
    if (!inflate_all(&z, &out, out_len, max)) {
        *error = g_strdup_printf("%s: bad gzip data (%s)", name, z.msg ? z.msg : "corrupt");
        g_free(out);
        out = NULL;
    }
    inflateEnd(&z);
    return out;
}
