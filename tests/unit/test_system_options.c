// The command line: spellings, values, and what errors say.
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "system/options.h"

typedef struct Parsed {
    Options o;
    OptionsResult result;
    char *error;
} Parsed;

// A command line in one string, split at blanks.
static Parsed *parse(const char *line)
{
    Parsed *p = g_new0(Parsed, 1);
    char **argv = g_strsplit(line, " ", -1);
    options_init(&p->o);
    p->result = options_parse(&p->o, (int)g_strv_length(argv), argv, &p->error);
    g_strfreev(argv);
    return p;
}

static void done(Parsed *p)
{
    options_free(&p->o);
    g_free(p->error);
    g_free(p);
}

Test(options, both_dashes)
{
    Parsed *p = parse("mimus --machine virt,gic-version=3 -smp 4 --m 1G -cpu max -kernel k");
    cr_assert_eq(p->result, OPTIONS_RUN, "%s", p->error);
    cr_assert_str_eq(p->o.config.machine, "virt");
    cr_assert_str_eq(g_hash_table_lookup(p->o.config.machine_opts, "gic-version"), "3");
    cr_assert_eq(p->o.config.smp, 4);
    cr_assert_eq(p->o.config.ram_size, 1ull << 30);
    cr_assert_str_eq(p->o.config.kernel, "k");
    done(p);
}

Test(options, program_names)
{
    cr_assert_str_eq(options_target_of("/usr/bin/mimus-system-aarch64"), "aarch64");
    cr_assert_str_eq(options_target_of("qemu-system-x86_64"), "x86_64");
    cr_assert_null(options_target_of("mimus"));
    cr_assert_null(options_target_of("mimus-system-vax"));
}

Test(options, icount)
{
    Parsed *p = parse("mimus -icount shift=3,sleep=off");
    cr_assert(p->o.config.icount && p->o.config.icount_shift == 3 && !p->o.config.icount_sleep);
    done(p);
    p = parse("mimus -icount off");
    cr_assert(!p->o.config.icount && p->o.config.realtime);
    done(p);
    p = parse("mimus -icount 2");
    cr_assert(p->o.config.icount_shift == 2);
    done(p);
}

Test(options, lists_keep_their_order)
{
    Parsed *p = parse("mimus -serial stdio -serial null -drive file=a -hda b -nic user -s");
    cr_assert_eq(p->o.serials->len, 2);
    cr_assert_str_eq(g_array_index(p->o.serials, OptionsItem, 1).arg, "null");
    cr_assert_eq(p->o.drives->len, 2);
    cr_assert_eq(p->o.nics->len, 1);
    cr_assert_str_eq(g_array_index(p->o.gdb, OptionsItem, 0).arg, "tcp::1234");
    done(p);
}

Test(options, rtc_and_semihosting)
{
    Parsed *p = parse("mimus -rtc base=2024-01-02T03:04:05 -semihosting-config "
                      "enable=on,target=native,arg=a,arg=b");
    cr_assert_eq(p->result, OPTIONS_RUN, "%s", p->error);
    cr_assert(p->o.rtc_given);
    cr_assert_eq(p->o.rtc_base, 1704164645);
    cr_assert_str_eq(p->o.config.semihosting_args, "a b");
    done(p);
}

Test(options, errors_name_option_value_and_reason)
{
    static const struct {
        const char *line, *error;
    } cases[] = {
        {"mimus -kernle x", "unknown option '-kernle' (did you mean '-kernel'?)"},
        {"mimus --zzzzzz", "unknown option '--zzzzzz' (see -help)"},
        {"mimus -m", "-m needs an argument: SIZE"},
        {"mimus -m 5Q", "-m 5Q: size=5Q: not a size (like 512M or 2G)"},
        {"mimus -m 1k", "-m 1k: less than 1 MiB of memory"},
        {"mimus -smp 99", "-smp 99: 1 to 8 CPUs are possible"},
        {"mimus -smp 2,maxcpus=1", "-smp 2,maxcpus=1: maxcpus is less than cpus"},
        {"mimus -smp 2,core=1", "-smp 2,core=1: unknown property 'core' (did you mean 'cores'?)"},
        {"mimus -icount shift=88", "-icount shift=88: shift=88: not 0 to 10, auto or off"},
        {"mimus -accel jti", "-accel jti: unknown accelerator 'jti' (did you mean 'jit'?); there "
                             "are jit (tcg is the same) and interp"},
        {"mimus -stop-at -5", "-stop-at -5: not a number of instructions above 0"},
        {"mimus -rtc base=monday",
         "-rtc base=monday: base=monday: not utc, localtime or a date (2024-05-06T07:08:09)"},
        {"mimus a b", "'b': only one file can be started ('a' came before)"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        Parsed *p = parse(cases[i].line);
        cr_assert_eq(p->result, OPTIONS_ERROR, "%s", cases[i].line);
        cr_assert_str_eq(p->error, cases[i].error);
        done(p);
    }
}

// --- what a file is

static FileKind detect(const void *bytes, size_t n)
{
    char path[] = "/tmp/mimus-test-XXXXXX";
    int fd = mkstemp(path);
    cr_assert(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
    close(fd);
    FileKind k;
    char *error = NULL;
    cr_assert(file_detect(path, &k, &error), "%s", error);
    unlink(path);
    return k;
}

Test(detect, kernels_and_elf)
{
    uint8_t b[4096] = {0};
    memcpy(b + 56, "ARM\x64", 4);
    FileKind k = detect(b, sizeof(b));
    cr_assert(k.use == FILE_KERNEL && !strcmp(k.target, "aarch64"));

    uint8_t z[8192];
    z_stream s = {.next_in = b, .avail_in = sizeof(b), .next_out = z, .avail_out = sizeof(z)};
    deflateInit2(&s, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    cr_assert_eq(deflate(&s, Z_FINISH), Z_STREAM_END);
    k = detect(z, sizeof(z) - s.avail_out);
    deflateEnd(&s);
    cr_assert(k.use == FILE_KERNEL && !strcmp(k.target, "aarch64"));

    static const uint8_t elf[20] = {0x7f, 'E', 'L', 'F', 2, 1, [18] = 62};
    k = detect(elf, sizeof(elf));
    cr_assert(k.use == FILE_KERNEL && !strcmp(k.target, "x86_64") && !k.either);
}

// Linux boot protocol 2.12 and later tells whether the kernel is for 64 bits.
Test(detect, linux_for_pcs)
{
    uint8_t b[4096] = {[0x202] = 'H', 'd', 'r', 'S', 0x0f, 2, [0x236] = 0x3f};
    FileKind k = detect(b, sizeof(b));
    cr_assert(k.use == FILE_KERNEL && !strcmp(k.target, "x86_64") && !k.either);
    b[0x236] = 0;
    k = detect(b, sizeof(b));
    cr_assert(!strcmp(k.target, "i386") && k.either);
    b[0x206] = 0x0b;
    k = detect(b, sizeof(b));
    cr_assert(!strcmp(k.target, "x86_64") && k.either);
}

Test(detect, disks_and_firmware)
{
    static uint8_t b[0x9000];
    b[510] = 0x55;
    b[511] = 0xaa;
    FileKind k = detect(b, sizeof(b));
    cr_assert(k.use == FILE_DISK && !k.target);
    memcpy(b + 512, "EFI PART", 8);
    k = detect(b, sizeof(b));
    cr_assert(k.use == FILE_DISK);
    memset(b, 0, sizeof(b));
    memcpy(b + 40, "_FVH", 4);
    k = detect(b, sizeof(b));
    cr_assert(k.use == FILE_FIRMWARE);
}

Test(detect, anything_else_is_unknown)
{
    cr_assert_eq(detect("", 0).use, FILE_UNKNOWN);
    cr_assert_eq(detect("hello", 5).use, FILE_UNKNOWN);
    cr_assert_eq(detect("\x1f\x8b\x08junk", 7).use, FILE_UNKNOWN);
    cr_assert_eq(detect("\177ELF", 4).use, FILE_UNKNOWN);
    GRand *r = g_rand_new_with_seed(1);
    for (int i = 0; i < 200; i++) {
        uint8_t b[600];
        for (size_t j = 0; j < sizeof(b); j++) {
            b[j] = (uint8_t)g_rand_int(r);
        }
        detect(b, (size_t)g_rand_int_range(r, 0, sizeof(b)));
    }
    g_rand_free(r);
}
