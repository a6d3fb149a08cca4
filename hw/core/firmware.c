// The search for firmware files.
#include "hw/core/firmware.h"

#include <string.h>
#include <unistd.h>

static const char *const places[] = {
    MIMUS_DATADIR,        "pc-bios",
    "/usr/share/seabios", "/usr/share/qemu",
    "/usr/share/OVMF",    "/usr/lib/ipxe/qemu",
    "/usr/lib/ipxe",      "/usr/share/qemu-efi-aarch64",
};

static char *try_file(const char *dir, const char *name)
{
    char *path = g_build_filename(dir, name, NULL);
    if (!access(path, R_OK) && g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        return path;
    }
    g_free(path);
    return NULL;
}

char *firmware_find(const MachineConfig *c, const char *name)
{
    if (strchr(name, '/') || !access(name, R_OK)) {
        return access(name, R_OK) ? NULL : g_strdup(name);
    }
    char *path = c->data_dir ? try_file(c->data_dir, name) : NULL;
    for (size_t i = 0; i < ARRAY_LEN(places) && !path; i++) {
        path = try_file(places[i], name);
    }
    return path;
}
