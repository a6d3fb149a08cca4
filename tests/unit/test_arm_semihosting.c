// Semihosting calls against guest memory: what works, and what a hostile guest may try.
#include "arm_fixture.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BLOCK  (RAM_BASE + 0x1000)
#define BUFFER (RAM_BASE + 0x2000)
#define NAME   (RAM_BASE + 0x3000)

static Fixture f;
static char *dir;

static void setup(void)
{
    fixture_init(&f, "max");
    dir = g_dir_make_tmp("semihosting-XXXXXX", NULL);
    f.m->config.semihosting = true;
    f.m->config.semihosting_dir = dir;
}

static void teardown(void)
{
    arm_semihosting_free(f.c);
    char *command = g_strdup_printf("rm -rf '%s'", dir);
    cr_assert_eq(system(command), 0);
    g_free(command);
}

TestSuite(arm_semihosting, .init = setup, .fini = teardown);

static uint64_t call(uint32_t op, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    uint64_t arg[4] = {a, b, c, d};
    for (unsigned i = 0; i < 4; i++) {
        poke64(&f, BLOCK + 8 * i, arg[i]);
    }
    f.c->vcpu.gpr[0] = op;
    f.c->vcpu.gpr[1] = BLOCK;
    arm_semihosting_call(f.c);
    return f.c->vcpu.gpr[0];
}

static uint64_t open_name(const char *name, uint64_t mode)
{
    strcpy((char *)f.ram + (NAME - RAM_BASE), name);
    return call(0x01, NAME, mode, strlen(name), 0);
}

static char *guest(uint64_t va)
{
    return (char *)f.ram + (va - RAM_BASE);
}

Test(arm_semihosting, files)
{
    uint64_t h = open_name("out.txt", 6);
    cr_assert_eq(h, 1u);
    strcpy(guest(BUFFER), "hello, host");
    cr_assert_eq(call(0x05, h, BUFFER, 11, 0), 0u);
    cr_assert_eq(call(0x0c, h, 0, 0, 0), 11u);
    cr_assert_eq(call(0x0a, h, 7, 0, 0), 0u);
    memset(guest(BUFFER), 0, 32);
    cr_assert_eq(call(0x06, h, BUFFER, 20, 0), 16u); // four of twenty were there
    cr_assert_str_eq(guest(BUFFER), "host");
    cr_assert_eq(call(0x09, h, 0, 0, 0), 0u);
    cr_assert_eq(call(0x02, h, 0, 0, 0), 0u);
    cr_assert_eq(call(0x02, h, 0, 0, 0), UINT64_MAX);
    strcpy(guest(NAME), "out.txt");
    strcpy(guest(NAME + 64), "new.txt");
    cr_assert_eq(call(0x0f, NAME, 7, NAME + 64, 7), 0u);
    cr_assert_eq(open_name("out.txt", 0), UINT64_MAX);
    strcpy(guest(NAME), "new.txt");
    cr_assert_eq(call(0x0e, NAME, 7, 0, 0), 0u);
}

Test(arm_semihosting, nothing_outside_the_directory)
{
    static const char *const names[] = {"/etc/passwd", "../x", "a/../../x", "",     ".",
                                        "..",          "sub/", "./x",       "link", "sub//x"};
    char *sub = g_build_filename(dir, "sub", NULL), *link = g_build_filename(dir, "link", NULL);
    cr_assert_eq(g_mkdir(sub, 0700), 0);
    cr_assert_eq(symlink("/etc/passwd", link), 0);
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        cr_assert_eq(open_name(names[i], 0), UINT64_MAX, "%s", names[i]);
    }
    f.m->config.semihosting_dir = NULL;
    cr_assert_eq(open_name("x", 4), UINT64_MAX);
    g_free(sub);
    g_free(link);
}

Test(arm_semihosting, features_and_console)
{
    uint64_t h = open_name(":semihosting-features", 0);
    cr_assert_eq(call(0x0c, h, 0, 0, 0), 5u);
    cr_assert_eq(call(0x06, h, BUFFER, 5, 0), 0u);
    cr_assert_eq(memcmp(guest(BUFFER), "SHFB\3", 5), 0);
    call(0x0a, h, UINT64_MAX, 0, 0);
    cr_assert_eq(call(0x06, h, BUFFER, 5, 0), 5u);
    h = open_name(":tt", 0);
    cr_assert_eq(call(0x09, h, 0, 0, 0), 1u);
    cr_assert_eq(call(0x06, h, BUFFER, 5, 0), 5u);
    cr_assert_eq(call(0x05, h, BUFFER, 5, 0), 5u, "input only");
}

Test(arm_semihosting, hostile_arguments)
{
    uint64_t h = open_name("x", 6);
    cr_assert_eq(call(0x05, h, UINT64_MAX - 8, UINT64_MAX, 0), UINT64_MAX);
    cr_assert_eq(call(0x06, h, 0, UINT64_MAX, 0), UINT64_MAX);
    cr_assert_eq(call(0x05, 0, BUFFER, 1, 0), 1u);
    cr_assert_eq(call(0x05, 999, BUFFER, 1, 0), 1u);
    cr_assert_eq(call(0x01, NAME, 0, UINT64_MAX, 0), UINT64_MAX);
    cr_assert_eq(call(0x01, NAME, 12, 1, 0), UINT64_MAX);
    cr_assert_eq(call(0x0a, h, UINT64_MAX, 0, 0), UINT64_MAX);
    cr_assert_eq(call(0x77, 0, 0, 0, 0), UINT64_MAX);
    f.c->vcpu.gpr[0] = 0x01;
    f.c->vcpu.gpr[1] = 0x10; // no memory there
    arm_semihosting_call(f.c);
    cr_assert_eq(f.c->vcpu.gpr[0], UINT64_MAX);
    for (unsigned i = 0; i < 70; i++) {
        open_name("x", 0);
    }
    cr_assert_eq(open_name("x", 0), UINT64_MAX, "handles run out");
}

Test(arm_semihosting, time_arguments_exit)
{
    f.now = UINT64_C(2500000000);
    clock_set_rtc_base(f.m->clock, 1000);
    cr_assert_eq(call(0x10, 0, 0, 0, 0), 250u);
    cr_assert_eq(call(0x11, 0, 0, 0, 0), 1002u);
    f.m->config.semihosting_args = "a b c";
    cr_assert_eq(call(0x15, BUFFER, 5, 0, 0), UINT64_MAX, "too short");
    cr_assert_eq(call(0x15, BUFFER, 6, 0, 0), 0u);
    cr_assert_str_eq(guest(BUFFER), "a b c");
    cr_assert_eq(peek64(&f, BLOCK + 8), 5u);
    call(0x20, 0x20026, 42, 0, 0);
    cr_assert_eq(f.m->stop, MACHINE_QUIT);
    cr_assert_eq(f.m->exit_status, 42);
}
