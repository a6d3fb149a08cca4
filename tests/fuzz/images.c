#include "tests/fuzz/images.h"

#include <elf.h>
#include <endian.h>
#include <libfdt.h>
#include <string.h>
#include <zlib.h>

#include "tests/qcow2_image.h"

#define LOAD UINT64_C(0x40080000)

// movz x0, #1; add x0, x0, #1; str x0, [sp, #-16]!; b .-8
static const uint32_t program[] = {0xd2800020, 0x91000400, 0xf81f0fe0, 0x17fffffe};

static void append(GByteArray *b, const void *p, size_t n)
{
    g_byte_array_append(b, p, (guint)n);
}

static void put(GByteArray *b, size_t at, const void *p, size_t n)
{
    guint old = b->len;
    if (at + n > old) {
        g_byte_array_set_size(b, (guint)(at + n));
        memset(b->data + old, 0, at + n - old);
    }
    memcpy(b->data + at, p, n);
}

static void put_le(GByteArray *b, size_t at, uint64_t v, size_t n)
{
    put(b, at, &v, n);
}

// --- kernels

static void image_header(GByteArray *b, uint64_t offset, uint64_t size)
{
    put_le(b, 0, 0x14000010, 4); // b .+64
    put_le(b, 8, offset, 8);
    put_le(b, 16, size, 8);
    put_le(b, 24, 10, 8);
    put(b, 0x38, "ARM\x64", 4);
    put(b, 64, program, sizeof(program));
}

static void make_image(GByteArray *b)
{
    image_header(b, 0, 0x10000);
}

static void make_old_image(GByteArray *b)
{
    image_header(b, 0x80000, 0);
}

// With the headers of an EFI program: two sections.
static void make_efi_image(GByteArray *b)
{
    image_header(b, 0, 0x10000);
    put_le(b, 0x3c, 0x80, 4);
    put(b, 0x80, "PE\0\0\x64\xaa", 6);
    put_le(b, 0x86, 2, 2);
    put_le(b, 0x94, 0xf0, 2);
    for (unsigned i = 0; i < 2; i++) {
        put_le(b, 0x188 + 40 * i + 16, 0x100, 4);
        put_le(b, 0x188 + 40 * i + 20, 0x200 + 0x100 * i, 4);
    }
    put_le(b, 0x3f8, 0, 8);
}

static void gzip(GByteArray *out, const GByteArray *in)
{
    uint8_t buf[4096];
    z_stream z = {.next_in = in->data, .avail_in = in->len};
    deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    int r;
    do {
        z.next_out = buf;
        z.avail_out = sizeof(buf);
        r = deflate(&z, Z_FINISH);
        append(out, buf, sizeof(buf) - z.avail_out);
    } while (r == Z_OK);
    deflateEnd(&z);
}

static void make_gzip(GByteArray *b)
{
    GByteArray *in = fuzz_image("image");
    put_le(in, 0x3000, 0, 8);
    gzip(b, in);
    g_byte_array_free(in, TRUE);
}

static void make_zboot(GByteArray *b)
{
    GByteArray *packed = fuzz_image("gzip");
    put(b, 0, "MZ\0\0zimg", 8);
    put_le(b, 8, 0x200, 4);
    put_le(b, 12, packed->len, 4);
    put(b, 24, "gzip", 5);
    put(b, 0x200, packed->data, packed->len);
    g_byte_array_free(packed, TRUE);
}

static void make_elf(GByteArray *b)
{
    Elf64_Ehdr h = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                    .e_type = ET_EXEC,
                    .e_machine = EM_AARCH64,
                    .e_version = EV_CURRENT,
                    .e_entry = LOAD,
                    .e_phoff = sizeof(h),
                    .e_ehsize = sizeof(h),
                    .e_phentsize = sizeof(Elf64_Phdr),
                    .e_phnum = 3};
    const Elf64_Phdr segment[] = {
        {PT_LOAD, PF_R | PF_X, 0x200, LOAD, LOAD, sizeof(program), sizeof(program), 0x1000},
        {PT_NOTE, PF_R, 0x200, 0, 0, 8, 8, 4},
        {PT_LOAD, PF_R | PF_W, 0x210, LOAD + 0x1000, LOAD + 0x1000, 0x20, 0x2000, 0x1000},
    };
    put(b, 0, &h, sizeof(h));
    put(b, sizeof(h), segment, sizeof(segment));
    put(b, 0x200, program, sizeof(program));
    put_le(b, 0x228, UINT64_MAX, 8);
}

static void make_bzimage(GByteArray *b)
{
    put(b, 510, "\x55\xaa\xeb\x66HdrS", 8);
    put_le(b, 0x1f1, 4, 1);
    put_le(b, 0x206, 0x20f, 2);
    put_le(b, 0x211, 1, 1);
    put_le(b, 0x214, 0x100000, 4);
    put_le(b, 0x22c, 0x7fffffff, 4);
    put_le(b, 0x260, 0x1000, 4);
    put_le(b, 0x1400, 0xfeeb, 2);
}

// --- device trees

static void make_fdt(GByteArray *b)
{
    char buf[2048];
    const fdt32_t reg[] = {0, cpu_to_fdt32(0x40000000), 0, cpu_to_fdt32(0x400000)};
    fdt_create(buf, sizeof(buf));
    fdt_finish_reservemap(buf);
    fdt_begin_node(buf, "");
    fdt_property_string(buf, "compatible", "linux,dummy-virt");
    fdt_property_u32(buf, "#address-cells", 2);
    fdt_property_u32(buf, "#size-cells", 2);
    fdt_begin_node(buf, "memory@40000000");
    fdt_property_string(buf, "device_type", "memory");
    fdt_property(buf, "reg", reg, sizeof(reg));
    fdt_end_node(buf);
    fdt_begin_node(buf, "chosen");
    fdt_property_string(buf, "bootargs", "quiet");
    fdt_property_u64(buf, "linux,initrd-start", 0x48000000);
    fdt_end_node(buf);
    fdt_end_node(buf);
    fdt_finish(buf);
    append(b, buf, fdt_totalsize(buf));
}

// --- disks and firmware

static void put_esp(GByteArray *b, size_t at)
{
    put(b, at + 0x40, "BOOTAA64EFI ", 12);
    put_le(b, at + 0x400, 0, 8);
}

static void make_mbr_disk(GByteArray *b)
{
    put(b, 0, "\x33\xc0\x8e\xd0", 4);
    put(b, 446, "\x80\x00\x02\x00\xef", 5);
    put_le(b, 454, 4, 4);
    put_le(b, 458, 16, 4);
    put(b, 510, "\x55\xaa", 2);
    put_esp(b, 4 * 512);
    put_le(b, 0x2ff8, 0, 8);
}

static void make_gpt_disk(GByteArray *b)
{
    static const uint8_t esp_type[] = {0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11,
                                       0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b};
    put(b, 446, "\0\0\2\0\xee", 5);
    put(b, 510, "\x55\xaa", 2);
    put(b, 512, "EFI PART", 8);
    put(b, 1024, esp_type, sizeof(esp_type));
    put_le(b, 1024 + 32, 40, 8);
    put_esp(b, 40 * 512);
    put_le(b, 0x7ff8, 0, 8);
}

static void make_iso(GByteArray *b)
{
    put(b, 0x8000, "\1CD001\1\0", 8);
    put(b, 0x8800, "\0CD001\1EL TORITO SPECIFICATION", 31);
    put_le(b, 0x8847, 20, 4);
    put(b, 0xa000, "\1\xef", 2);
    put_le(b, 0xafff, 0, 1);
}

static void make_firmware(GByteArray *b)
{
    append(b, program, sizeof(program));
    put(b, 40, "_FVH", 4);
    put_le(b, 0x1ff8, 0, 8);
}

// Empty, with an L1 table of a few entries.
static void make_qcow2(GByteArray *b)
{
    const Qcow2Shape shape = {3, 9, 4, false, 128 << 10, NULL, NULL};
    GByteArray *image = image_qcow2(&shape);
    append(b, image->data, image->len);
    g_byte_array_free(image, TRUE);
}

static void put_be(GByteArray *b, size_t at, uint64_t v, size_t n)
{
    v = htobe64(v) >> (64 - 8 * n);
    put(b, at, &v, n);
}

// Four blocks of 4 KiB, two of them there.
static void make_vdi(GByteArray *b)
{
    static const uint32_t header[][2] = {
        {0x40, 0xbeda107f}, {0x44, 0x10001},     {0x4c, 1},   {0x154, 0x200}, {0x158, 0x400},
        {0x170, 0x4000},    {0x178, 0x1000},     {0x180, 4},  {0x200, 1},     {0x204, 0xffffffff},
        {0x208, 0},         {0x20c, 0xfffffffe}, {0x23fc, 7},
    };
    put(b, 0, "<<< fuzz >>>\n", 13);
    for (size_t i = 0; i < ARRAY_LEN(header); i++) {
        put_le(b, header[i][0], header[i][1], 4);
    }
}

static void make_vpc(GByteArray *b)
{
    put(b, 0, "conectix", 8);
    put_be(b, 16, 512, 8);
    put_be(b, 48, 0x4000, 8);
    put_be(b, 60, 3, 4);
    put(b, 512, "cxsparse", 8);
    put_be(b, 512 + 16, 0x600, 8);
    put_be(b, 512 + 28, 4, 4);
    put_be(b, 512 + 32, 0x1000, 4);
    put_be(b, 0x600, UINT64_C(0x4ffffffff), 8);
    put_be(b, 0x608, UINT64_C(0xffffffff0000000d), 8);
    put_le(b, 0x2ff8, 7, 8);
}

static void make_vmdk(GByteArray *b)
{
    uint8_t packed[256];
    uLongf n = sizeof packed;
    uint8_t plain[4096] = "a grain";
    compress(packed, &n, plain, sizeof plain);
    put(b, 0, "KDMV", 4);
    put_le(b, 8, 0x10004, 4);
    put_le(b, 12, 32, 8);
    put_le(b, 20, 8, 8);
    put_le(b, 28, 1, 8);
    put_le(b, 36, 1, 8);
    put_le(b, 44, 512, 4);
    put_le(b, 56, 2, 8);
    put_le(b, 77, 1, 2);
    put(b, 512, "parentCID=ffffffff\n", 19);
    put_le(b, 1024, 3, 4);
    put_le(b, 1536, 7, 4);
    put_le(b, 1540, 1, 4);
    put_le(b, 7 * 512 + 8, n, 4);
    put(b, 7 * 512 + 12, packed, n);
}

static void make_text(GByteArray *b)
{
    append(b, "#!/bin/sh\necho hello\n", 21);
}

const FuzzImage fuzz_images[] = {
    {"image", make_image},
    {"old-image", make_old_image},
    {"efi-image", make_efi_image},
    {"gzip", make_gzip},
    {"zboot", make_zboot},
    {"elf", make_elf},
    {"fdt", make_fdt},
    {"bzimage", make_bzimage},
    {"mbr", make_mbr_disk},
    {"gpt", make_gpt_disk},
    {"iso", make_iso},
    {"firmware", make_firmware},
    {"qcow2", make_qcow2},
    {"vdi", make_vdi},
    {"vpc", make_vpc},
    {"vmdk", make_vmdk},
    {"text", make_text},
};
const unsigned n_fuzz_images = ARRAY_LEN(fuzz_images);

GByteArray *fuzz_image(const char *name)
{
    GByteArray *b = g_byte_array_new();
    for (unsigned i = 0; i < n_fuzz_images; i++) {
        if (!strcmp(fuzz_images[i].name, name)) {
            fuzz_images[i].make(b);
            return b;
        }
    }
    fuzz_fail("no image '%s'", name);
}
