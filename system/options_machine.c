// Options that say what the machine is: board, CPU, memory, what it boots.
#include "system/options.h"

#include <stdio.h>
#include <string.h>

#include "target-arm/board.h"
#include "target-x86/board.h"
#include "util/keyval.h"
#include "util/nearest.h"

#define MIB UINT64_C(0x100000)

static OptionsResult set_accel_name(Options *o, const char *name, char **error)
{
    static const char *const names[] = {"jit", "interp", "tcg"};
    if (!strcmp(name, "kvm") || !strcmp(name, "hvf") || !strcmp(name, "xen")) {
        return options_fail(error,
                            "'%s' is the host's virtualization; Mimus always translates "
                            "(jit or interp)",
                            name);
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!strcmp(name, names[i])) {
            o->interpreter = !strcmp(name, "interp");
            o->accel_given = true;
            return OPTIONS_RUN;
        }
    }
    Nearest n;
    nearest_init(&n, name);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        nearest_add(&n, names[i]);
    }
    char *hint = nearest_hint(&n);
    options_fail(error, "unknown accelerator '%s'%s; there are jit (tcg is the same) and interp",
                 name, hint);
    g_free(hint);
    return OPTIONS_ERROR;
}

static OptionsResult parse_accel(Options *o, KeyVal *kv, char **error)
{
    static const char *const known[] = {"accel", "tb-size", "one-insn-per-block", "thread", NULL};
    uint64_t mib = 0;
    const char *name = keyval_get(kv, "accel");
    if (name && set_accel_name(o, name, error) != OPTIONS_RUN) {
        return OPTIONS_ERROR;
    }
    const char *thread = keyval_get(kv, "thread");
    if (thread && strcmp(thread, "single")) {
        return options_fail(error, "thread=%s: one thread runs the machine (thread=single)",
                            thread);
    }
    if (!keyval_u64(kv, "tb-size", &mib, error) ||
        !keyval_bool(kv, "one-insn-per-block", &o->config.engine.one_insn_per_block, error) ||
        !keyval_all_used(kv, known, error)) {
        return OPTIONS_ERROR;
    }
    if (mib > 2047) {
        return options_fail(error, "tb-size=%" G_GUINT64_FORMAT ": at most 2047 MiB", mib);
    }
    if (mib) {
        o->config.engine.cache_bytes = mib * MIB;
    }
    return OPTIONS_RUN;
}

static OptionsResult opt_accel(Options *o, const char *arg, char **error)
{
    if (!strcmp(arg, "help")) {
        puts("Accelerators:\n  jit     translates to host code (also called tcg)\n"
             "  interp  interprets the intermediate code, slowly: the reference");
        return OPTIONS_DONE;
    }
    KeyVal *kv = keyval_parse(arg, "accel");
    OptionsResult r = parse_accel(o, kv, error);
    keyval_free(kv);
    return r;
}

// -M accepts a few keys that every board has; the rest is the board's business.
static OptionsResult set_machine_opt(Options *o, const KeyValItem *it, char **error)
{
    if (!strcmp(it->key, "type")) {
        o->config.machine = options_keep(o, it->value);
    } else if (!strcmp(it->key, "accel")) {
        return set_accel_name(o, it->value, error);
    } else if (!strcmp(it->key, "dumpdtb")) {
        o->config.dumpdtb = options_keep(o, it->value);
    } else {
        g_hash_table_replace(o->config.machine_opts, g_strdup(it->key), g_strdup(it->value));
    }
    return OPTIONS_RUN;
}

static OptionsResult opt_machine(Options *o, const char *arg, char **error)
{
    if (!strcmp(arg, "help") || !strcmp(arg, "?")) {
        help_boards(o);
        return OPTIONS_DONE;
    }
    KeyVal *kv = keyval_parse(arg, "type");
    OptionsResult r = OPTIONS_RUN;
    for (unsigned i = 0; i < kv->n && r == OPTIONS_RUN; i++) {
        if (kv->item[i].bare && !strcmp(kv->item[i].key, "help")) {
            r = help_board_options(o->config.machine, error) ? OPTIONS_DONE : OPTIONS_ERROR;
        } else {
            r = set_machine_opt(o, &kv->item[i], error);
        }
    }
    keyval_free(kv);
    return r;
}

static OptionsResult opt_cpu(Options *o, const char *arg, char **error)
{
    (void)error;
    if (!strcmp(arg, "help") || !strcmp(arg, "?")) {
        if (!o->target || !strcmp(o->target, "aarch64")) {
            arm_cpu_list(stdout, false);
        }
        if (!o->target || !strcmp(o->target, "arm")) {
            arm_cpu_list(stdout, true);
        }
        if (!o->target || !strcmp(o->target, "x86_64") || !strcmp(o->target, "i386")) {
            x86_cpu_list(stdout);
        }
        return OPTIONS_DONE;
    }
    o->config.cpu = options_keep(o, arg);
    return OPTIONS_RUN;
}

static OptionsResult opt_m(Options *o, const char *arg, char **error)
{
    static const char *const known[] = {"size", NULL};
    KeyVal *kv = keyval_parse(arg, "size");
    uint64_t size = 0;
    bool ok = keyval_size(kv, "size", MIB, &size, error) && keyval_all_used(kv, known, error);
    keyval_free(kv);
    if (!ok) {
        return OPTIONS_ERROR;
    }
    if (size < MIB) {
        return options_fail(error, "less than 1 MiB of memory");
    }
    o->config.ram_size = ALIGN_UP(size, MIB);
    return OPTIONS_RUN;
}

// "4", "cpus=4", or a topology whose product is the number.
static bool parse_smp(KeyVal *kv, uint64_t *cpus, char **error)
{
    static const char *const levels[] = {"sockets", "dies", "clusters", "cores", "threads"};
    static const char *const known[] = {"cpus",     "maxcpus", "sockets", "dies",
                                        "clusters", "cores",   "threads", NULL};
    uint64_t product = 1, max = 0;
    bool topology = false;
    for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
        uint64_t n = 1;
        topology |= keyval_get(kv, levels[i]) != NULL;
        if (!keyval_u64(kv, levels[i], &n, error)) {
            return false;
        }
        product *= n <= 256 ? n : 0;
    }
    if (!keyval_u64(kv, "cpus", cpus, error) || !keyval_u64(kv, "maxcpus", &max, error) ||
        !keyval_all_used(kv, known, error)) {
        return false;
    }
    if (!*cpus) {
        *cpus = topology ? product : 0;
    }
    if (max && max < *cpus) {
        *error = g_strdup("maxcpus is less than cpus");
        return false;
    }
    return true;
}

static OptionsResult opt_smp(Options *o, const char *arg, char **error)
{
    KeyVal *kv = keyval_parse(arg, "cpus");
    uint64_t cpus = 0;
    bool ok = parse_smp(kv, &cpus, error);
    keyval_free(kv);
    if (!ok) {
        return OPTIONS_ERROR;
    }
    if (cpus < 1 || cpus > MACHINE_MAX_CPUS) {
        return options_fail(error, "1 to %d CPUs are possible", MACHINE_MAX_CPUS);
    }
    o->config.smp = (unsigned)cpus;
    return OPTIONS_RUN;
}

#define STRING_OPTION(fn, field)                                                                   \
    static OptionsResult fn(Options *o, const char *arg, char **error)                             \
    {                                                                                              \
        (void)error;                                                                               \
        o->config.field = options_keep(o, arg);                                                    \
        return OPTIONS_RUN;                                                                        \
    }
STRING_OPTION(opt_kernel, kernel)
STRING_OPTION(opt_initrd, initrd)
STRING_OPTION(opt_append, append)
STRING_OPTION(opt_dtb, dtb)
STRING_OPTION(opt_bios, bios)

static OptionsResult opt_semihosting(Options *o, const char *arg, char **error)
{
    (void)arg;
    (void)error;
    o->config.semihosting = true;
    return OPTIONS_RUN;
}

static OptionsResult semihosting_item(Options *o, const KeyValItem *it, char **error)
{
    if (!strcmp(it->key, "enable")) {
        if (!parse_bool(it->value, &o->config.semihosting)) {
            return options_fail(error, "enable=%s: not 'on' or 'off'", it->value);
        }
    } else if (!strcmp(it->key, "arg")) {
        const char *a = options_keep(o, it->value);
        g_array_append_val(o->semihosting_args, a);
    } else if (!strcmp(it->key, "dir")) {
        if (!g_file_test(it->value, G_FILE_TEST_IS_DIR)) {
            return options_fail(error, "dir=%s: not a directory", it->value);
        }
        o->config.semihosting_dir = options_keep(o, it->value);
    } else if (!strcmp(it->key, "target")) {
        if (strcmp(it->value, "native") && strcmp(it->value, "auto")) {
            return options_fail(error, "target=%s: only native (and auto) is supported", it->value);
        }
    } else {
        return options_fail(error, "unknown property '%s' (there are enable, arg, dir and target)",
                            it->key);
    }
    return OPTIONS_RUN;
}

static OptionsResult opt_semihosting_config(Options *o, const char *arg, char **error)
{
    KeyVal *kv = keyval_parse(arg, "enable");
    OptionsResult r = OPTIONS_RUN;
    o->config.semihosting = true;
    for (unsigned i = 0; i < kv->n && r == OPTIONS_RUN; i++) {
        r = semihosting_item(o, &kv->item[i], error);
    }
    keyval_free(kv);
    if (r == OPTIONS_RUN && o->semihosting_args->len) {
        char *joined = g_strjoinv(" ", (char **)(void *)o->semihosting_args->data);
        o->config.semihosting_args = options_keep(o, joined);
        g_free(joined);
    }
    return r;
}

// utc, localtime, 2024-05-06T07:08:09 or 2024-05-06.
static bool parse_rtc_base(const char *s, bool *given, uint64_t *seconds)
{
    GDateTime *now = g_date_time_new_now_local(), *t = NULL;
    *given = true;
    if (!strcmp(s, "utc")) {
        *given = false;
    } else if (!strcmp(s, "localtime")) {
        *seconds =
            (uint64_t)(g_date_time_to_unix(now) + g_date_time_get_utc_offset(now) / G_USEC_PER_SEC);
    } else {
        GTimeZone *utc = g_time_zone_new_utc();
        char *full = strchr(s, 'T') ? g_strdup(s) : g_strconcat(s, "T00:00:00", NULL);
        t = g_date_time_new_from_iso8601(full, utc);
        if (t) {
            *seconds = (uint64_t)g_date_time_to_unix(t);
        }
        g_free(full);
        g_time_zone_unref(utc);
    }
    g_date_time_unref(now);
    bool ok = t || !strcmp(s, "utc") || !strcmp(s, "localtime");
    if (t) {
        g_date_time_unref(t);
    }
    return ok && (int64_t)*seconds >= 0;
}

static OptionsResult opt_rtc(Options *o, const char *arg, char **error)
{
    static const char *const known[] = {"base", "clock", NULL};
    KeyVal *kv = keyval_parse(arg, NULL);
    const char *base = keyval_get(kv, "base"), *clock = keyval_get(kv, "clock");
    OptionsResult r = OPTIONS_RUN;
    if (base && !parse_rtc_base(base, &o->rtc_given, &o->rtc_base)) {
        r = options_fail(error, "base=%s: not utc, localtime or a date (2024-05-06T07:08:09)",
                         base);
    } else if (clock && strcmp(clock, "vm")) {
        r = options_fail(error, "clock=%s: the clock follows the machine (clock=vm)", clock);
    } else if (!keyval_all_used(kv, known, error)) {
        r = OPTIONS_ERROR;
    }
    keyval_free(kv);
    return r;
}

// --- -boot

// The letters of a boot order: a and b floppies, c disk, d CD, n network.
static bool check_order(const char *key, const char *order, char **error)
{
    if (!order || (*order && strspn(order, "abcdnop") == strlen(order))) {
        return true;
    }
    *error = g_strdup_printf("%s=%s: letters out of a (floppy), c (disk), d (CD) and n (network)",
                             key, order);
    return false;
}

static bool boot_times(KeyVal *kv, MachineConfig *c, char **error)
{
    uint64_t splash = 0, reboot = 0;
    const char *timeout = keyval_get(kv, "reboot-timeout");
    if (!keyval_u64(kv, "splash-time", &splash, error)) {
        return false;
    }
    if (timeout && !strcmp(timeout, "-1")) {
        timeout = NULL;
    } else if (!keyval_u64(kv, "reboot-timeout", &reboot, error)) {
        return false;
    }
    if (splash > 65535 || reboot > 65535) {
        *error = g_strdup("times are at most 65535 ms");
        return false;
    }
    c->splash_time_ms = (uint32_t)splash;
    c->reboot_timeout_given = timeout != NULL;
    c->reboot_timeout_ms = (uint32_t)reboot;
    return true;
}

static OptionsResult opt_boot(Options *o, const char *arg, char **error)
{
    static const char *const known[] = {"order",          "once",   "menu",   "splash-time",
                                        "reboot-timeout", "strict", "splash", NULL};
    MachineConfig *c = &o->config;
    KeyVal *kv = keyval_parse(arg, "order");
    const char *order = keyval_get(kv, "order"), *once = keyval_get(kv, "once");
    bool strict = false;
    bool ok = check_order("order", order, error) && check_order("once", once, error) &&
              keyval_bool(kv, "menu", &c->boot_menu, error) &&
              keyval_bool(kv, "strict", &strict, error) && boot_times(kv, c, error) &&
              keyval_all_used(kv, known, error);
    if (ok) {
        c->boot_order = order ? options_keep(o, order) : c->boot_order;
        c->boot_once = once ? options_keep(o, once) : c->boot_once;
    }
    keyval_free(kv);
    return ok ? OPTIONS_RUN : OPTIONS_ERROR;
}

// What -M says with a key of its own.
static OptionsResult board_switch(Options *o, const char *key)
{
    g_hash_table_replace(o->config.machine_opts, g_strdup(key), g_strdup("off"));
    return OPTIONS_RUN;
}

static OptionsResult opt_no_acpi(Options *o, const char *arg, char **error)
{
    (void)arg;
    (void)error;
    return board_switch(o, "acpi");
}

static OptionsResult opt_no_hpet(Options *o, const char *arg, char **error)
{
    (void)arg;
    (void)error;
    return board_switch(o, "hpet");
}

static OptionsResult opt_name(Options *o, const char *arg, char **error)
{
    static const char *const known[] = {"guest", "process", "debug-threads", NULL};
    KeyVal *kv = keyval_parse(arg, "guest");
    const char *guest = keyval_get(kv, "guest"), *process = keyval_get(kv, "process");
    bool debug_threads = false; // one thread runs everything: it has the process's name
    bool ok = keyval_bool(kv, "debug-threads", &debug_threads, error) &&
              keyval_all_used(kv, known, error);
    if (ok && guest) {
        o->config.name = options_keep(o, guest);
    }
    if (ok && process) {
        o->process_name = options_keep(o, process);
    }
    keyval_free(kv);
    return ok ? OPTIONS_RUN : OPTIONS_ERROR;
}

static OptionsResult opt_uuid(Options *o, const char *arg, char **error)
{
    if (!g_uuid_string_is_valid(arg)) {
        return options_fail(error, "not a UUID (like 7c9e6679-7425-40de-944b-e07fc1f90ae7)");
    }
    char *lower = g_ascii_strdown(arg, -1);
    o->config.uuid = options_keep(o, lower);
    g_free(lower);
    return OPTIONS_RUN;
}

static OptionsResult opt_data_dir(Options *o, const char *arg, char **error)
{
    (void)error;
    o->config.data_dir = options_keep(o, arg);
    return OPTIONS_RUN;
}

const OptionDef options_machine[] = {
    {"machine", "NAME[,KEY=VALUE]", "the board; 'help' lists them", opt_machine},
    {"M", "NAME[,KEY=VALUE]", "the same as -machine", opt_machine},
    {"cpu", "MODEL[,FEATURE=on|off]", "the CPU; 'help' lists them", opt_cpu},
    {"smp", "N", "number of CPUs (1 to 8)", opt_smp},
    {"m", "SIZE", "memory: 512 (MiB), 512M, 2G, size=2G", opt_m},
    {"accel", "jit|interp[,tb-size=MIB][,one-insn-per-block=on]", "how code is run", opt_accel},
    {"kernel", "FILE", "kernel to boot", opt_kernel},
    {"initrd", "FILE", "initial RAM disk for the kernel", opt_initrd},
    {"append", "TEXT", "kernel command line", opt_append},
    {"dtb", "FILE", "device tree to use instead of the board's own", opt_dtb},
    {"bios", "FILE", "firmware", opt_bios},
    {"boot", "[order=]LETTERS[,once=LETTERS][,menu=on]",
     "what firmware boots: a floppy, c disk, d CD, n network", opt_boot},
    {"no-acpi", NULL, "the same as -M acpi=off", opt_no_acpi},
    {"no-hpet", NULL, "the same as -M hpet=off", opt_no_hpet},
    {"rtc", "base=utc|localtime|DATE", "date and time at the start", opt_rtc},
    {"semihosting", NULL, "let the guest use semihosting calls", opt_semihosting},
    {"semihosting-config", "enable=on[,arg=TEXT][,dir=DIR]",
     "the same, with arguments and a directory whose files the guest may use",
     opt_semihosting_config},
    {"name", "TEXT[,process=TEXT]", "name of the machine; of the process", opt_name},
    {"uuid", "UUID", "the machine's identity (SMBIOS, query-uuid)", opt_uuid},
    {"L", "DIR", "where firmware files are looked for", opt_data_dir},
    {NULL, NULL, NULL, NULL},
};
