// Nearest names and the option-argument syntax.
#include <criterion/criterion.h>
#include <glib.h>

#include "util/keyval.h"
#include "util/nearest.h"

Test(nearest, distances)
{
    cr_assert_eq(nearest_distance("kernel", "kernel"), 0);
    cr_assert_eq(nearest_distance("kernle", "kernel"), 1); // neighbours swapped
    cr_assert_eq(nearest_distance("krnel", "kernel"), 1);
    cr_assert_eq(nearest_distance("Kernel", "kernel"), 0);
    cr_assert_eq(nearest_distance("", "abc"), 3);
    cr_assert_eq(nearest_distance("abc", "xyz"), 3);
}

static const char *nearest_of(const char *wanted, const char *const *names)
{
    Nearest n;
    nearest_init(&n, wanted);
    for (; *names; names++) {
        nearest_add(&n, *names);
    }
    return nearest_result(&n);
}

Test(nearest, picks_what_was_meant)
{
    static const char *const cpus[] = {"cortex-a53", "cortex-a57", "cortex-a72", "max", NULL};
    cr_assert_str_eq(nearest_of("cortex-a75", cpus), "cortex-a57");
    cr_assert_str_eq(nearest_of("mxa", cpus), "max");
    cr_assert_null(nearest_of("pentium", cpus));
    static const char *const devices[] = {"virtio-blk-pci", "virtio-net-pci", "nvme", NULL};
    cr_assert_str_eq(nearest_of("virtio-net", devices), "virtio-net-pci");
}

Test(nearest, very_long_names_are_harmless)
{
    char *name = g_strnfill(100000, 'x');
    static const char *const one[] = {"virt", NULL};
    cr_assert_null(nearest_of(name, one));
    g_free(name);
}

Test(keyval, elements)
{
    KeyVal *kv = keyval_parse("virt,a=1,b=x,,y,flag,noflag2,c=", "type");
    cr_assert_str_eq(keyval_get(kv, "type"), "virt");
    cr_assert_str_eq(keyval_get(kv, "a"), "1");
    cr_assert_str_eq(keyval_get(kv, "b"), "x,y");
    cr_assert_str_eq(keyval_get(kv, "flag"), "on");
    cr_assert_str_eq(keyval_get(kv, "flag2"), "off");
    cr_assert_str_eq(keyval_get(kv, "c"), "");
    cr_assert_null(keyval_get(kv, "d"));
    keyval_free(kv);
}

Test(keyval, unknown_key_is_named)
{
    static const char *const known[] = {"readonly", "format", NULL};
    char *error = NULL;
    KeyVal *kv = keyval_parse("redonly=on", NULL);
    cr_assert_not(keyval_all_used(kv, known, &error));
    cr_assert_str_eq(error, "unknown property 'redonly' (did you mean 'readonly'?)");
    g_free(error);
    keyval_free(kv);
}

Test(keyval, sizes)
{
    static const struct {
        const char *text;
        uint64_t unit, value;
        bool ok;
    } cases[] = {
        {"512", 1 << 20, 512ull << 20, true},
        {"512M", 1, 512ull << 20, true},
        {"2G", 1, 2ull << 30, true},
        {"1.5k", 1, 1536, true},
        {"0x10", 1, 16, true},
        {"4KiB", 1, 4096, true},
        {"1T", 1, 1ull << 40, true},
        {"8b", 1024, 8, true},
        {"16E", 1, 0, false},
        {"-1", 1, 0, false},
        {"", 1, 0, false},
        {"12x", 1, 0, false},
        {"99999999999999999999", 1, 0, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t v = 0;
        cr_assert_eq(parse_size(cases[i].text, cases[i].unit, &v), cases[i].ok, "%s",
                     cases[i].text);
        cr_assert(!cases[i].ok || v == cases[i].value, "%s", cases[i].text);
    }
}
