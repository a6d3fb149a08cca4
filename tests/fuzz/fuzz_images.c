// Truncated and changed files wherever Mimus takes one: kernels (Image, gzip, zboot, ELF), initrds,
// device trees, firmware, flash, disks, -device loader, and the look at a file that picks a
// machine. A file is refused with one line, or the machine starts and runs for a moment.
#include <stdio.h>
#include <string.h>

#include "host-backends/backend.h"
#include "system/options.h"
#include "tests/fuzz/images.h"
#include "tests/fuzz/machine.h"

#define FILES 12 // a run

typedef struct Case {
    char *file, *kernel;  // the changed one, a good kernel
    char *drive, *device; // option arguments, or NULL
    MachineConfig c;
} Case;

// --- where the file goes

static void as_kernel(Case *k)
{
    k->c.kernel = k->file;
}

static void as_kernel_with_all(Case *k)
{
    k->c.kernel = k->file;
    k->c.initrd = k->kernel;
    k->c.append = "console=ttyAMA0 quiet";
}

static void as_initrd(Case *k)
{
    k->c.kernel = k->kernel;
    k->c.initrd = k->file;
}

static void as_dtb(Case *k)
{
    k->c.kernel = k->kernel;
    k->c.dtb = k->file;
    k->c.append = "quiet";
}

static void as_bios(Case *k)
{
    k->c.bios = k->file;
    k->c.kernel = k->kernel;
}

static void as_pflash(Case *k)
{
    k->drive = g_strdup_printf("file=%s,if=pflash,unit=0,format=raw,readonly=on", k->file);
}

static void as_disk(Case *k)
{
    k->c.kernel = k->kernel;
    k->drive = g_strdup_printf("file=%s,if=virtio,format=raw", k->file);
}

static void as_unknown_disk(Case *k)
{
    k->c.kernel = k->kernel;
    k->drive = g_strdup_printf("file=%s,if=virtio,snapshot=on", k->file);
}

static void as_qcow2(Case *k)
{
    k->c.kernel = k->kernel;
    k->drive = g_strdup_printf("file=%s,if=virtio,format=qcow2", k->file);
}

static void as_program(Case *k)
{
    k->device = g_strdup_printf("loader,file=%s,cpu-num=0", k->file);
}

static void as_data(Case *k)
{
    k->device = g_strdup_printf("loader,file=%s,addr=0x40100000,force-raw=on", k->file);
}

static const struct {
    void (*set)(Case *k);
    const char *fits; // the image that most likely gets far, or NULL
} uses[] = {
    {as_kernel, NULL},       {as_kernel, "image"},  {as_kernel, "efi-image"},   {as_kernel, "gzip"},
    {as_kernel, "zboot"},    {as_kernel, "elf"},    {as_kernel_with_all, NULL}, {as_initrd, NULL},
    {as_dtb, "fdt"},         {as_bios, "firmware"}, {as_pflash, "firmware"},    {as_disk, NULL},
    {as_unknown_disk, NULL}, {as_qcow2, "qcow2"},   {as_unknown_disk, "qcow2"}, {as_program, "elf"},
    {as_data, NULL},
};

// --- what has to be

static void check_error(const char *error)
{
    if (!error || !*error || strchr(error, '\n')) {
        fuzz_fail("refused with '%s'", error ? error : "(no reason)");
    }
}

static void look(Fuzz *f, const char *path)
{
    FileKind kind = {0};
    char *error = NULL;
    if (!file_detect(path, &kind, &error)) {
        check_error(error);
        g_free(error);
    } else if (f->verbose) {
        printf("%s\n", kind.what ? kind.what : "unknown");
    }
}

static void start(Fuzz *f, Case *k)
{
    const char *why;
    char *error = NULL;
    const char *const drives[] = {k->drive, NULL}, *const devices[] = {k->device, NULL};
    k->c.machine = "virt";
    k->c.ram_size = UINT64_C(8) << 20;
    k->c.engine.backend = fuzz_one_in(f, 2) ? host_backend_find(&why) : NULL;
    FuzzMachine *fm = fuzz_machine_new(f, &k->c, &(FuzzParts){drives, NULL, devices}, &error);
    if (!fm) {
        check_error(error);
        if (f->verbose) {
            printf("refused: %s\n", error);
        }
        g_free(error);
        return;
    }
    for (unsigned i = 0; i < 3; i++) {
        fuzz_machine_turn(fm, 500);
    }
    machine_reset(fm->m); // loads everything again
    fuzz_machine_turn(fm, 100);
    fuzz_machine_free(fm);
}

static void one_file(Fuzz *f, const char *kernel)
{
    unsigned use = (unsigned)fuzz_below(f, ARRAY_LEN(uses));
    const FuzzImage *any = &fuzz_images[fuzz_below(f, n_fuzz_images)];
    const char *name = uses[use].fits && !fuzz_one_in(f, 4) ? uses[use].fits : any->name;
    GByteArray *b = fuzz_image(name);
    if (!fuzz_one_in(f, 16)) {
        fuzz_mutate(f, b);
    }
    Case k = {.file = fuzz_file(f, "file", b->data, b->len), .kernel = (char *)kernel};
    if (f->verbose) {
        printf("use %u: %s, %u bytes\n", use, name, b->len);
        fflush(stdout);
    }
    look(f, k.file);
    uses[use].set(&k);
    start(f, &k);
    g_byte_array_free(b, TRUE);
    g_free(k.file);
    g_free(k.drive);
    g_free(k.device);
    f->inputs++;
}

static void run(Fuzz *f)
{
    GByteArray *b = fuzz_image("image");
    char *kernel = fuzz_file(f, "kernel", b->data, b->len);
    for (unsigned i = 0; i < FILES; i++) {
        one_file(f, kernel);
    }
    g_byte_array_free(b, TRUE);
    g_free(kernel);
}

const Fuzzer fuzzer = {
    .name = "fuzz_images",
    .what = "Truncated and changed kernels, device trees, firmware and disks.",
    .unit = "files",
    .runs_per_worker = 50,
    .run = run,
};
