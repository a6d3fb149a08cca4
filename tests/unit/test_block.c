// Raw images, the snapshot overlay, -drive, and the virtio disk on top of them.
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "block/block.h"
#include "virtio_rig.h"

static char *image(const char *name, size_t size)
{
    char *path = g_strdup_printf("/tmp/mimus-test-%d-%s.img", getpid(), name);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    cr_assert_geq(fd, 0);
    uint8_t *bytes = g_malloc(size + 1);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(i / 512 + i);
    }
    cr_assert_eq(write(fd, bytes, size), (ssize_t)size);
    close(fd);
    g_free(bytes);
    return path;
}

static BlockDevice *drive(Machine *m, const char *path, const char *rest)
{
    char *arg = g_strdup_printf("file=%s,if=none,id=d%s", path, rest), *error = NULL;
    cr_assert(drive_add(m, arg, false, &error), "%s", error);
    g_free(arg);
    return block_find(m, "d");
}

static char *drive_error(const char *arg)
{
    char *error = NULL;
    cr_assert_not(drive_add(bare_machine(), arg, false, &error), "%s", arg);
    return error;
}

Test(block, reads_and_writes)
{
    char *path = image("rw", 8192);
    Machine *m = bare_machine();
    BlockDevice *b = drive(m, path, ",format=raw");
    uint8_t buf[1024];
    cr_expect_eq(block_size(b), 8192);
    cr_expect(block_read(b, 1000, buf, 24));
    cr_expect_eq(buf[0], (uint8_t)(1000 / 512 + 1000));
    memset(buf, 0x5a, sizeof buf);
    cr_expect(block_write(b, 4000, buf, 1024));
    cr_expect(block_flush(b));
    memset(buf, 0, sizeof buf);
    cr_expect(block_read(b, 4000, buf, 1024));
    cr_expect_eq(buf[1023], 0x5a);
    cr_expect_not(block_read(b, 8192, buf, 1));
    cr_expect_not(block_read(b, UINT64_MAX, buf, 2));
    cr_expect_not(block_write(b, 8000, buf, 512));
    cr_expect(block_write_zeroes(b, 4096, 100, true));
    cr_expect(block_read(b, 4095, buf, 102));
    cr_expect_eq(buf[0], 0x5a);
    cr_expect_eq(buf[1], 0);
    cr_expect_eq(buf[101], 0x5a);
    block_close_all(m);
    unlink(path);
}

Test(block, odd_size_is_padded_with_zeros)
{
    char *path = image("odd", 1000);
    BlockDevice *b = drive(bare_machine(), path, "");
    uint8_t buf[512];
    memset(buf, 1, sizeof buf);
    cr_expect_eq(block_size(b), 1024);
    cr_expect(block_read(b, 512, buf, 512));
    cr_expect_neq(buf[487], 1);
    cr_expect_eq(buf[488], 0);
    cr_expect_eq(buf[511], 0);
    unlink(path);
}

Test(block, truncated_under_us)
{
    char *path = image("cut", 65536);
    BlockDevice *b = drive(bare_machine(), path, "");
    uint8_t buf[4096];
    cr_assert_eq(truncate(path, 30000), 0);
    cr_expect(block_read(b, 0, buf, sizeof buf));
    cr_expect_not(block_read(b, 28672, buf, sizeof buf));
    cr_expect_not(block_read(b, 61440, buf, sizeof buf));
    unlink(path); // a file that vanishes is still open
    cr_expect(block_read(b, 0, buf, sizeof buf));
}

Test(block, readonly_file_and_option)
{
    char *path = image("ro", 4096);
    BlockDevice *b = drive(bare_machine(), path, ",readonly=on");
    uint8_t buf[16] = {1};
    cr_expect(block_readonly(b));
    cr_expect(block_read(b, 0, buf, 16));
    cr_expect_not(block_write(b, 0, buf, 16));
    cr_expect_not(block_write_zeroes(b, 0, 16, false));
    cr_expect_not(block_discard(b, 0, 16));
    cr_expect(block_flush(b));
    unlink(path);
}

Test(block, snapshot_leaves_the_file_alone)
{
    enum { SIZE = 300 * 1024 };
    char *path = image("snap", SIZE);
    chmod(path, 0400);
    char *before, *after;
    gsize len;
    g_file_get_contents(path, &before, &len, NULL);
    Machine *m = bare_machine();
    BlockDevice *b = drive(m, path, ",snapshot=on");
    cr_expect_not(block_readonly(b));
    // Random reads and writes against a model.
    uint8_t *model = g_memdup2(before, SIZE), *buf = g_malloc(SIZE);
    GRand *g = g_rand_new_with_seed(7);
    for (int i = 0; i < 2000; i++) {
        uint32_t off = (uint32_t)g_rand_int_range(g, 0, SIZE);
        uint32_t n = (uint32_t)g_rand_int_range(g, 0, MIN_OF(SIZE - (int)off + 1, 20000));
        switch (g_rand_int_range(g, 0, 4)) {
        case 0:
            memset(buf, i, n);
            memset(model + off, i, n);
            cr_assert(block_write(b, off, buf, n));
            break;
        case 1:
            memset(model + off, 0, n);
            cr_assert(block_write_zeroes(b, off, n, i & 4));
            break;
        default:
            cr_assert(block_read(b, off, buf, n));
            cr_assert_eq(memcmp(buf, model + off, n), 0, "round %d", i);
        }
    }
    cr_assert(block_read(b, 0, buf, SIZE));
    cr_expect_eq(memcmp(buf, model, SIZE), 0);
    block_close_all(m);
    g_file_get_contents(path, &after, &len, NULL);
    cr_expect_eq(memcmp(before, after, SIZE), 0);
    unlink(path);
}

Test(block, errors_name_what_is_wrong)
{
    char *path = image("q", 4096);
    char *arg = g_strdup_printf("file=%s", path);
    cr_expect(strstr(drive_error("file=/nonexistent/x.img"), "No such file"));
    cr_expect(strstr(drive_error("file=/tmp"), "/tmp: "));
    cr_expect(strstr(drive_error("file=x,fromat=raw"), "fromat"));
    cr_expect(strstr(drive_error("file=x,format=vhdx"), "format=vhdx"));
    cr_expect(strstr(drive_error("file=x,if=usb"), "if=usb"));
    cr_expect(strstr(drive_error("file=x,cache=fast"), "cache=fast"));
    cr_expect(strstr(drive_error("file=x,readonly=maybe"), "readonly=maybe"));
    int fd = open(path, O_WRONLY);
    cr_assert_eq(pwrite(fd, "QFI\xfb", 4, 0), 4);
    cr_expect(strstr(drive_error(arg), "version"));
    cr_assert_eq(pwrite(fd, "KDMV", 4, 0), 4);
    close(fd);
    cr_expect(strstr(drive_error(arg), "can only be read"));
    fd = open(path, O_WRONLY);
    cr_assert_eq(pwrite(fd, "vhdxfile", 8, 0), 8);
    close(fd);
    cr_expect(strstr(drive_error(arg), "a vhdx image"));
    unlink(path);
}

Test(block, a_guessed_raw_image_stays_raw)
{
    char *path = image("guess", 4096);
    Machine *m = bare_machine();
    BlockDevice *b = drive(m, path, "");
    uint8_t buf[512] = "QFI\xfb";
    cr_expect_not(block_write(b, 0, buf, 512));
    cr_expect_not(block_write(b, 0, buf, 4));
    cr_expect(block_write(b, 512, buf, 512));
    buf[0] = 0;
    cr_expect(block_write(b, 0, buf, 512));
    block_close_all(m);
    b = drive(bare_machine(), path, ",format=raw");
    buf[0] = 'Q';
    cr_expect(block_write(b, 0, buf, 512));
    unlink(path);
}

Test(block, locks_against_a_second_writer)
{
    char *path = image("lock", 4096), *error = NULL;
    Machine *m = bare_machine();
    drive(m, path, "");
    char *again = g_strdup_printf("file=%s,if=none,id=e", path);
    cr_expect_not(drive_add(m, again, false, &error));
    cr_expect(strstr(error, "another process"));
    char *forced = g_strdup_printf("file=%s,if=none,id=e,file.locking=off", path);
    cr_expect(drive_add(m, forced, false, &error));
    unlink(path);
}

// --- the virtio disk

#define HEADER (DATA)
#define STATUS (DATA + 0x100)
#define BUFFER (DATA + 0x1000)

static Rig *disk_rig(const char *path, const char *rest, uint64_t features)
{
    static const char *const props[] = {"drive=d", "serial=abc", NULL};
    Rig *r = rig_new();
    rig_slot(r, false);
    drive(r->m, path, rest);
    char *error = rig_plug(r, "virtio-blk-device", props);
    cr_assert_null(error, "%s", error);
    start(r, features, 1);
    return r;
}

// One request; data_flags: D_WRITE if the device writes. Returns the status byte.
static uint8_t request(Rig *r, uint32_t type, uint64_t sector, uint32_t len, uint16_t data_flags)
{
    uint32_t header[4] = {type, 0, (uint32_t)sector, (uint32_t)(sector >> 32)};
    memcpy(at(r, HEADER), header, 16);
    *(uint8_t *)at(r, STATUS) = 0xee;
    desc(r, 0, 0, HEADER, 16, D_NEXT, len ? 1 : 2);
    desc(r, 0, 1, BUFFER, len, data_flags | D_NEXT, 2);
    desc(r, 0, 2, STATUS, 1, D_WRITE, 0);
    offer(r, 0, 0);
    kick(r, 0);
    return *(uint8_t *)at(r, STATUS);
}

Test(virtio_blk, serves_requests)
{
    char *path = image("vblk", 65536);
    Rig *r = disk_rig(path, "", UINT64_MAX);
    cr_expect_eq(getreg(r, 0x100), 128); // capacity
    cr_expect_eq(request(r, 0, 3, 1024, D_WRITE), 0);
    cr_expect_eq(((uint8_t *)at(r, BUFFER))[5], (uint8_t)(3 + 3 * 512 + 5));
    cr_expect_eq(used_len(r, 0, 0), 1025);
    memset(at(r, BUFFER), 0x77, 512);
    cr_expect_eq(request(r, 1, 127, 512, 0), 0);
    cr_expect_eq(request(r, 4, 0, 0, 0), 0);
    memset(at(r, BUFFER), 0, 512);
    cr_expect_eq(request(r, 0, 127, 512, D_WRITE), 0);
    cr_expect_eq(((uint8_t *)at(r, BUFFER))[511], 0x77);
    cr_expect_eq(request(r, 8, 0, 20, D_WRITE), 0);
    cr_expect_str_eq(at(r, BUFFER), "abc");
    unlink(path);
}

Test(virtio_blk, refuses_what_it_must)
{
    char *path = image("vbad", 65536);
    Rig *r = disk_rig(path, "", UINT64_MAX);
    cr_expect_eq(request(r, 0, 128, 512, D_WRITE), 1);
    cr_expect_eq(request(r, 0, 127, 1024, D_WRITE), 1);
    cr_expect_eq(request(r, 0, UINT64_MAX, 512, D_WRITE), 1);
    cr_expect_eq(request(r, 0, UINT64_MAX / 512 + 1, 512, D_WRITE), 1);
    cr_expect_eq(request(r, 1, 0, 100, 0), 1);
    cr_expect_eq(request(r, 99, 0, 512, D_WRITE), 2);
    cr_expect_eq(request(r, 8, 0, 3, D_WRITE), 1);
    cr_expect_eq(truncate(path, 512), 0);
    cr_expect_eq(request(r, 0, 100, 512, D_WRITE), 1);
    cr_expect_eq(request(r, 0, 0, 512, D_WRITE), 0);
    cr_expect_eq(status(r), 15);
    unlink(path);
}

Test(virtio_blk, discard_and_zeroes)
{
    char *path = image("vzero", 65536);
    Rig *r = disk_rig(path, ",discard=unmap", UINT64_MAX);
    uint32_t range[4] = {4, 0, 2, 1};
    memcpy(at(r, BUFFER), range, 16);
    cr_expect_eq(request(r, 13, 0, 16, 0), 0);
    cr_expect_eq(request(r, 0, 3, 2048, D_WRITE), 0);
    const uint8_t *p = at(r, BUFFER);
    cr_expect_neq(p[511], 0);
    cr_expect_eq(p[512], 0);
    cr_expect_eq(p[1535], 0);
    cr_expect_neq(p[1537], 0);
    range[3] = 0;
    memcpy(at(r, BUFFER), range, 16);
    cr_expect_eq(request(r, 11, 0, 16, 0), 0);
    range[3] = 2;
    memcpy(at(r, BUFFER), range, 16);
    cr_expect_eq(request(r, 11, 0, 16, 0), 2);
    range[0] = 1000;
    range[3] = 0;
    memcpy(at(r, BUFFER), range, 16);
    cr_expect_eq(request(r, 11, 0, 16, 0), 1);
    unlink(path);
}

Test(virtio_blk, readonly)
{
    char *path = image("vro", 65536);
    Rig *r = disk_rig(path, ",readonly=on", UINT64_MAX);
    reg(r, 0x14, 0);
    cr_expect(getreg(r, 0x10) & BIT(5));
    cr_expect_eq(request(r, 1, 0, 512, 0), 1);
    cr_expect_eq(request(r, 0, 0, 512, D_WRITE), 0);
    unlink(path);
}

Test(virtio_blk, a_request_that_overwrites_its_ring_ends)
{
    char *path = image("vring", 1 << 20);
    Rig *r = disk_rig(path, "", UINT64_MAX);
    // The disk holds an available ring that is always ahead of the device.
    for (int round = 0; round < 50; round++) {
        uint32_t header[4] = {0, 0, (uint32_t)round, 0};
        memcpy(at(r, HEADER), header, 16);
        desc(r, 0, 0, HEADER, 16, D_NEXT, 1);
        desc(r, 0, 1, AVAIL(0), 512, D_WRITE | D_NEXT, 2);
        desc(r, 0, 2, STATUS, 1, D_WRITE, 0);
        offer(r, 0, 0);
        kick(r, 0);
    }
    unlink(path);
}

Test(virtio_blk, drive_option_errors)
{
    static const char *const none[] = {"drive=nope", NULL};
    Rig *r = rig_new();
    rig_slot(r, false);
    cr_expect(strstr(rig_plug(r, "virtio-blk-device", NULL), "drive="));
    cr_expect(strstr(rig_plug(r, "virtio-blk-device", none), "drive=nope"));
}
