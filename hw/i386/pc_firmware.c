// Firmware of the PC boards: an image that ends at 4 GiB and whose last 128 KiB are also below 1
// MiB.
//
//   -bios FILE (or SeaBIOS)         ROM
//   -drive if=pflash,unit=0, 1      flash: code below 4 GiB, variables below the code
#include <string.h>

#include "block/block.h"
#include "hw/block/pflash_cfi01.h"
#include "hw/core/firmware.h"
#include "hw/i386/pc_internal.h"
#include "util/log.h"

#define DEFAULT_BIOS "bios-256k.bin"
#define MAX_BIOS     (16 * MIB)
#define LOW_COPY     (128 * KIB)

// The end of the image once more where real mode finds it.
static void map_low_copy(Pc *s, const uint8_t *image, uint64_t len)
{
    uint64_t n = MIN_OF(len, LOW_COPY);
    MemRegion *low = machine_add_memory(s->m, mem_rom("isa-bios", n));
    memcpy(mem_host(low), image + len - n, n);
    mem_map(s->mem.pci, MIB - n, low, 1);
}

static bool load_rom(Pc *s, const char *path, char **error)
{
    uint64_t len;
    char *reason = NULL;
    uint8_t *data = load_file(path, MAX_BIOS, &len, &reason);
    if (!data || !len || len % (64 * KIB)) {
        *error = data ? g_strdup_printf("-bios %s: %llu bytes: a PC's firmware has a multiple of "
                                        "64 KiB",
                                        path, (unsigned long long)len)
                      : g_strdup_printf("-bios %s", reason);
        g_free(data);
        g_free(reason);
        return false;
    }
    MemRegion *rom = machine_add_memory(s->m, mem_rom("pc.bios", len));
    memcpy(mem_host(rom), data, len);
    mem_map(s->mem.pci, 4 * GIB - len, rom, 1);
    map_low_copy(s, data, len);
    g_free(data);
    return true;
}

static bool create_flash(Pc *s, unsigned unit, uint64_t *top, char **error)
{
    static const char *const names[] = {"system.flash0", "system.flash1"};
    BlockDevice *file = block_find_interface(s->m, "pflash", unit);
    if (!file) {
        return true;
    }
    uint64_t size = block_size(file);
    if (!size || size % 4096 || size > PC_FLASH_MAX) {
        *error = g_strdup_printf("-drive if=pflash,unit=%u: %llu bytes: flash has a multiple of "
                                 "4 KiB, at most %llu MiB",
                                 unit, (unsigned long long)size,
                                 (unsigned long long)(PC_FLASH_MAX / MIB));
        return false;
    }
    *top -= size;
    Device *d = pflash_create_bytewise(s->m, s->mem.pci, names[unit], *top, size, file, error);
    if (d && unit == 0) {
        map_low_copy(s, pflash_contents(d), size);
    }
    return d != NULL;
}

static bool load_default(Pc *s, char **error)
{
    char *path = firmware_find(&s->m->config, DEFAULT_BIOS);
    if (!path) {
        *error = g_strdup("-bios: there is no SeaBIOS (" DEFAULT_BIOS "; Debian: package seabios) "
                          "and no other firmware was named");
        return false;
    }
    bool ok = load_rom(s, path, error);
    g_free(path);
    return ok;
}

bool pc_firmware_create(Pc *s, char **error)
{
    const MachineConfig *c = &s->m->config;
    bool flash = block_find_interface(s->m, "pflash", 0) != NULL;
    bool named = c->bios && strcmp(c->bios, "none");
    uint64_t top = 4 * GIB;
    if (named && flash) {
        *error = g_strdup_printf("-bios %s: the first flash has a drive (if=pflash,unit=0) already",
                                 c->bios);
        return false;
    }
    if (!create_flash(s, 0, &top, error) || !create_flash(s, 1, &top, error)) {
        return false;
    }
    bool wanted = s->firmware_given ? s->firmware_wanted : !c->kernel || named || flash;
    s->firmware = flash || named || (wanted && !c->bios);
    if (flash || !s->firmware) {
        return true;
    }
    return named ? load_rom(s, c->bios, error) : load_default(s, error);
}
