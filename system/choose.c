// Which board, and with what on it.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hw/core/firmware.h"
#include "system/launch.h"
#include "util/log.h"

typedef struct BoardSearch {
    const char *target;
    const BoardType *found;
} BoardSearch;

static void match_default(void *opaque, const BoardType *b)
{
    BoardSearch *s = opaque;
    bool fits = !strcmp(b->target, s->target);
    // "virt" is what a kernel or disk without instructions wants.
    if (fits && (!s->found || b->is_default || !strcmp(b->name, "virt"))) {
        s->found = b;
    }
}

static const BoardType *board_for_target(const char *target)
{
    BoardSearch s = {.target = target};
    board_type_each(match_default, &s);
    if (!s.found) {
        die("there is no board for '%s'", target);
    }
    return s.found;
}

static const BoardType *named_board(const Options *o)
{
    const char *name = o->config.machine;
    const BoardType *b = board_type_find(name, o->target);
    if (!b && !board_type_find(name, NULL)) {
        char *hint = help_nearest_board(name);
        die("-M %s: unknown board%s; -M help lists them", name, hint);
    }
    if (!b) {
        b = board_type_find(name, NULL);
        die("-M %s: this board has '%s' CPUs, not '%s'", name, b->target, o->target);
    }
    return b;
}

// --- `mimus FILE`

// A PC finds its firmware by itself.
static void find_firmware(Options *o, const char *target, const char *why)
{
    static const char *const places[] = {
        "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd", "/usr/share/AAVMF/AAVMF_CODE.fd",
        "/usr/share/edk2/aarch64/QEMU_EFI.fd", "/usr/share/qemu/edk2-aarch64-code.fd"};
    if (o->config.bios || o->config.kernel || strcmp(target, "aarch64")) {
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        if (!access(places[i], R_OK)) {
            o->config.bios = places[i];
            return;
        }
    }
    die("'%s' is %s and needs UEFI firmware: name it with -bios FILE (Debian: package "
        "qemu-efi-aarch64)",
        o->file, why);
}

static void use_file(Options *o, const char *target, const FileKind *k)
{
    const char *as = "";
    switch (k->use) {
    case FILE_KERNEL:
        o->config.kernel = o->file;
        as = "-kernel";
        break;
    case FILE_FIRMWARE:
        o->config.bios = o->file;
        as = "-bios";
        break;
    case FILE_DISK:
    case FILE_CDROM:
        find_firmware(o, target, k->what);
        if (k->use == FILE_DISK) {
            options_add(o->drives, "-hda", o->file);
            as = "-hda";
        } else {
            char **parts = g_strsplit(o->file, ",", -1);
            char *escaped = g_strjoinv(",,", parts);
            const char *index = strcmp(target, "aarch64") ? ",index=2" : "";
            char *arg = g_strdup_printf("file=%s%s,media=cdrom,readonly=on", escaped, index);
            options_add(o->drives, "-cdrom", arg);
            g_free(arg);
            g_free(escaped);
            g_strfreev(parts);
            as = "-cdrom";
        }
        break;
    case FILE_UNKNOWN:
        break;
    }
    report("'%s' is %s %s: used as %s", o->file, strchr("aeiouAEIOU", k->what[0]) ? "an" : "a",
           k->what, as);
}

static bool is_pc(const char *target)
{
    return !strcmp(target, "x86_64") || !strcmp(target, "i386");
}

static bool runs_on(const FileKind *k, const char *target)
{
    return !k->target || !strcmp(k->target, target) ||
           (k->either && is_pc(k->target) && is_pc(target));
}

static const char *target_from_file(Options *o)
{
    FileKind k;
    char *error = NULL;
    const char *path = o->file ? o->file : o->config.kernel;
    if (!file_detect(path, &k, &error)) {
        die("%s%s", o->file ? "" : "-kernel ", error);
    }
    if (o->file && k.use == FILE_UNKNOWN) {
        die("'%s': not a kernel, ELF file, firmware or disk image that Mimus knows; say how to use "
            "it (-M, -kernel, -bios, -drive)",
            path);
    }
    const char *target = o->target ? o->target : k.target ? k.target : "aarch64";
    if (o->target && !runs_on(&k, o->target)) {
        die("'%s': this %s is for '%s', not '%s'", path, k.what, k.target, o->target);
    }
    if (o->file) {
        use_file(o, target, &k);
    }
    return target;
}

static const BoardType *pick_board(Options *o)
{
    if (o->config.machine) {
        const BoardType *b = named_board(o);
        if (o->file) {
            target_from_file(o);
        }
        return b;
    }
    if (o->file || o->config.kernel) {
        const BoardType *b = board_for_target(target_from_file(o));
        report("the board is '%s' (%s)", b->name, b->desc);
        return b;
    }
    if (o->target) {
        return board_for_target(o->target);
    }
    die("nothing to run: name a board (-M virt) or a file to start; -help lists the options");
}

// --- completing and checking

static void check_readable(const char *option, const char *path)
{
    if (path && access(path, R_OK)) {
        die("%s %s: %s", option, path, g_strerror(errno));
    }
}

static bool known_option(const BoardType *b, const char *key)
{
    for (const DeviceProp *p = b->opts; p && p->name; p++) {
        if (!strcmp(p->name, key)) {
            return true;
        }
    }
    return false;
}

static void check_machine_options(const Options *o, const BoardType *b)
{
    GHashTableIter it;
    gpointer key;
    g_hash_table_iter_init(&it, o->config.machine_opts);
    while (g_hash_table_iter_next(&it, &key, NULL)) {
        if (!known_option(b, key)) {
            char *hint = help_nearest_board_option(b, key);
            die("-M %s: unknown option '%s'%s; -M %s,help lists them", b->name, (char *)key, hint,
                b->name);
        }
    }
}

// A name without a directory is looked for in the data directories when it is not here.
static void find_bios(Options *o)
{
    if (!o->config.bios) {
        return;
    }
    char *path = firmware_find(&o->config, o->config.bios);
    if (path) {
        o->config.bios = options_keep(o, path);
    }
    g_free(path);
}

const BoardType *choose_board(Options *o)
{
    const BoardType *b = pick_board(o);
    MachineConfig *c = &o->config;
    c->machine = b->name;
    c->cpu = c->cpu ? c->cpu : b->default_cpu;
    c->smp = c->smp ? c->smp : 1;
    c->ram_size = c->ram_size ? c->ram_size : b->default_ram;
    if (b->max_cpus && c->smp > b->max_cpus) {
        die("-smp %u: board '%s' has at most %u CPUs", c->smp, b->name, b->max_cpus);
    }
    if (c->append && !c->kernel) {
        die("-append: there is no -kernel to give it to");
    }
    if (c->initrd && !c->kernel) {
        die("-initrd %s: there is no -kernel to use it", c->initrd);
    }
    check_machine_options(o, b);
    find_bios(o);
    check_readable("-kernel", c->kernel);
    if (c->initrd && !strpbrk(c->initrd, ", ")) { // may be a list of modules: the loader knows
        check_readable("-initrd", c->initrd);
    }
    check_readable("-dtb", c->dtb);
    check_readable("-bios", c->bios);
    return b;
}
