// Kernel and ELF loading: good files, truncated ones, hostile ones.
#include <criterion/criterion.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "hw/core/loader.h"
#include "tests/unit/bare_machine.h"

#define RAM      UINT64_C(0x40000000)
#define RAM_SIZE UINT64_C(0x1000000)

static uint8_t *make_image(uint64_t len, uint64_t text_offset, uint64_t image_size)
{
    uint8_t *p = g_malloc0(len);
    memcpy(p + 8, &text_offset, 8);
    memcpy(p + 16, &image_size, 8);
    memcpy(p + 0x38, "ARM\x64", 4);
    return p;
}

static LoadImage *load(uint8_t *data, uint64_t len, char **error)
{
    *error = NULL;
    return load_arm64_bytes("k", data, len, RAM, RAM_SIZE, error);
}

static void refused(uint8_t *data, uint64_t len, const char *why)
{
    char *error;
    cr_assert_null(load(data, len, &error));
    cr_assert_not_null(error);
    cr_assert(strstr(error, why) && strstr(error, "k: ") == error, "%s", error);
    g_free(error);
}

Test(loader, image_placement)
{
    char *error;
    LoadImage *i = load(make_image(4096, 0, 0x10000), 4096, &error);
    cr_assert_not_null(i);
    cr_assert_eq(i->entry, RAM + 0x200000);
    cr_assert_eq(i->high, RAM + 0x210000);
    cr_assert_eq(i->kind, IMAGE_LINUX);
    load_free(i);
    i = load(make_image(4096, 0x80000, 0), 4096, &error);
    cr_assert_eq(i->entry, RAM + 0x80000);
    load_free(i);
}

Test(loader, image_that_does_not_fit)
{
    refused(make_image(4096, 0, RAM_SIZE), 4096, "RAM has");
    refused(make_image(4096, UINT64_MAX - 4095, 4096), 4096, "RAM has");
    refused(make_image(4096, 0x80000, UINT64_MAX), 4096, "RAM has");
}

Test(loader, other_kinds_are_named)
{
    uint8_t *p = g_malloc0(4096);
    memcpy(p + 0x202, "HdrS", 4);
    refused(p, 4096, "x86 bzImage");
    refused(g_malloc0(4096), 4096, "not an arm64 kernel");
    refused(g_malloc0(10), 10, "only 10 bytes");
    refused(g_malloc0(1), 0, "only 0 bytes");
}

Test(loader, truncated_efi_stub)
{
    uint8_t *p = make_image(4096, 0, 8192);
    uint32_t pe = 0x40, raw = 0x2000, at = 0x1000;
    memcpy(p + 0x3c, &pe, 4);
    memcpy(p + pe, "PE\0\0", 4);
    p[pe + 6] = 1;
    memcpy(p + pe + 24 + 16, &raw, 4);
    memcpy(p + pe + 24 + 20, &at, 4);
    refused(p, 4096, "truncated");
    p = make_image(4096, 0, 8192);
    pe = 0xfffffff0;
    memcpy(p + 0x3c, &pe, 4);
    refused(p, 4096, "truncated");
}

static uint8_t *gzip(const uint8_t *data, uint64_t len, uint64_t *out_len)
{
    z_stream z = {0};
    uint8_t *out = g_malloc0(len + 4096);
    deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    z.next_in = (Bytef *)data;
    z.avail_in = (uInt)len;
    z.next_out = out;
    z.avail_out = (uInt)len + 4096;
    deflate(&z, Z_FINISH);
    *out_len = z.total_out;
    deflateEnd(&z);
    return out;
}

Test(loader, gzip)
{
    char *error;
    uint64_t len;
    uint8_t *image = make_image(1 << 20, 0, 1 << 20);
    uint8_t *z = gzip(image, 1 << 20, &len);
    uint8_t *copy = g_memdup2(z, len);
    LoadImage *i = load(copy, len, &error);
    cr_assert_not_null(i, "%s", error);
    cr_assert_eq(i->segment[0].file_size, 1 << 20);
    load_free(i);
    for (uint64_t cut = 19; cut < len; cut += 37) {
        refused(g_memdup2(z, cut), cut, "bad gzip data");
    }
    for (uint64_t flip = 10; flip < len - 8; flip += 5) {
        copy = g_memdup2(z, len);
        copy[flip] ^= 0x10;
        i = load(copy, len, &error);
        cr_assert(i || error);
        load_free(i);
        g_free(error);
    }
    // A bomb stops at the size of RAM.
    uint64_t big = RAM_SIZE + (1 << 20);
    uint8_t *bomb = g_malloc0(big);
    uint8_t *zb = gzip(bomb, big, &len);
    refused(zb, len, "too large");
}

Test(loader, zboot)
{
    char *error;
    uint64_t len;
    uint8_t *image = make_image(8192, 0, 8192);
    uint8_t *z = gzip(image, 8192, &len);
    uint8_t *p = g_malloc0(4096 + len);
    uint32_t at = 4096, size = (uint32_t)len;
    memcpy(p, "MZ", 2);
    memcpy(p + 4, "zimg", 4);
    memcpy(p + 8, &at, 4);
    memcpy(p + 12, &size, 4);
    memcpy(p + 24, "gzip", 5);
    memcpy(p + 4096, z, len);
    uint8_t *bad = g_memdup2(p, 4096 + len), *zstd = g_memdup2(p, 4096 + len);
    LoadImage *i = load(p, 4096 + len, &error);
    cr_assert_not_null(i, "%s", error);
    load_free(i);
    size = UINT32_MAX;
    memcpy(bad + 12, &size, 4);
    refused(bad, 4096 + len, "truncated");
    memcpy(zstd + 24, "zstd22\0", 7);
    refused(zstd, 4096 + len, "zstd22");
}

typedef struct MiniElf {
    Elf64_Ehdr h;
    Elf64_Phdr p[2];
    uint8_t text[64];
} MiniElf;

static MiniElf mini_elf(void)
{
    MiniElf e = {0};
    memcpy(e.h.e_ident, ELFMAG, SELFMAG);
    e.h.e_ident[EI_CLASS] = ELFCLASS64;
    e.h.e_ident[EI_DATA] = ELFDATA2LSB;
    e.h.e_type = ET_EXEC;
    e.h.e_machine = EM_AARCH64;
    e.h.e_entry = 0xffff000000000010;
    e.h.e_phoff = offsetof(MiniElf, p);
    e.h.e_phentsize = sizeof(Elf64_Phdr);
    e.h.e_phnum = 2;
    e.p[0] = (Elf64_Phdr){.p_type = PT_LOAD,
                          .p_offset = offsetof(MiniElf, text),
                          .p_vaddr = 0xffff000000000000,
                          .p_paddr = RAM + 0x1000,
                          .p_filesz = 64,
                          .p_memsz = 128};
    e.p[1] = (Elf64_Phdr){.p_type = PT_NOTE, .p_offset = UINT64_MAX};
    memset(e.text, 0xaa, sizeof e.text);
    return e;
}

static void elf_refused(const MiniElf *e, uint64_t len, const char *why)
{
    char *error = NULL;
    cr_assert_null(load_elf64_bytes("k", (const uint8_t *)e, len, EM_AARCH64, &error));
    cr_assert(error && strstr(error, why), "%s", error);
    g_free(error);
}

Test(loader, elf)
{
    char *error = NULL;
    MiniElf e = mini_elf();
    LoadImage *i = load_elf64_bytes("k", (const uint8_t *)&e, sizeof e, EM_AARCH64, &error);
    cr_assert_not_null(i, "%s", error);
    cr_assert_eq(i->entry, RAM + 0x1010);
    cr_assert(i->low == RAM + 0x1000 && i->high == RAM + 0x1080 && i->n_segments == 1);
    Machine *m = bare_machine();
    mem_map(address_space_root(m->memory), RAM, mem_ram("ram", 0x10000), 0);
    cr_assert(load_fits(i, "k", m->memory, &error));
    wr(m, RAM + 0x1040, 0x55, 1);
    load_write(i, m->memory);
    cr_assert_eq(rd(m, RAM + 0x103f, 1), 0xaa);
    cr_assert_eq(rd(m, RAM + 0x1040, 1), 0);
    i->segment[0].mem_size = 0x100000;
    cr_assert_not(load_fits(i, "k", m->memory, &error));
    load_free(i);
}

Test(loader, hostile_elf)
{
    MiniElf e = mini_elf();
    for (uint64_t len = 0; len < sizeof e; len++) {
        uint8_t *exact = g_memdup2(&e, len ? len : 1); // so that a sanitizer sees reads beyond
        elf_refused((const MiniElf *)exact, len, "k: ");
        g_free(exact);
    }
    e.h.e_machine = EM_X86_64;
    elf_refused(&e, sizeof e, "for x86-64, not arm64");
    e = mini_elf();
    e.h.e_phoff = UINT64_MAX - 8;
    elf_refused(&e, sizeof e, "truncated");
    e = mini_elf();
    e.h.e_phnum = 0xffff;
    elf_refused(&e, sizeof e, "truncated");
    e = mini_elf();
    e.p[0].p_offset = UINT64_MAX - 8;
    elf_refused(&e, sizeof e, "truncated");
    e = mini_elf();
    e.p[0].p_filesz = UINT64_MAX;
    elf_refused(&e, sizeof e, "truncated");
    e = mini_elf();
    e.p[0].p_memsz = 1;
    elf_refused(&e, sizeof e, "bad ELF segment");
    e = mini_elf();
    e.p[0].p_paddr = UINT64_MAX - 8;
    elf_refused(&e, sizeof e, "bad ELF segment");
    e = mini_elf();
    e.p[0].p_type = PT_NULL;
    elf_refused(&e, sizeof e, "without anything to load");
}

Test(loader, files)
{
    char *error = NULL;
    uint64_t len;
    cr_assert_null(load_file("/nonexistent/kernel", 100, &len, &error));
    cr_assert_str_eq(error, "/nonexistent/kernel: No such file or directory");
    error = NULL;
    cr_assert_null(load_file("/tmp", 100, &len, &error));
    cr_assert(strstr(error, "not a regular file"));
    char path[] = "/tmp/mimus-loader-XXXXXX";
    int fd = mkstemp(path);
    cr_assert_eq(write(fd, "12345678", 8), 8);
    close(fd);
    error = NULL;
    cr_assert_null(load_raw(path, RAM, 7, &error));
    cr_assert(strstr(error, "do not fit"));
    LoadImage *i = load_raw(path, RAM, 8, &error);
    cr_assert(i && i->high == RAM + 8);
    load_free(i);
    unlink(path);
}
