// The drives as devices, ide-hd and ide-cd, and the buses that they go on.
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "hw/core/machine.h"
#include "hw/ide/ide_bus.h"
#include "hw/pci/pci.h"

#define AUTO UINT32_MAX

typedef struct IdeDrive {
    Device dev;
    // --- options
    char *drive, *serial, *model, *ver, *bus_opt;
    uint32_t unit, bootindex, cyls, heads, secs, rotation;
    uint32_t logical_block_size, physical_block_size;
    uint64_t wwn;
    // --- fixed
    IdeBus *bus;
    // --- state
    AtaDrive ata;
} IdeDrive;

// --- buses

static GPtrArray *buses(Machine *m)
{
    GPtrArray *all = machine_lookup(m, "ide");
    if (!all) {
        all = g_ptr_array_new();
        machine_register(m, "ide", all);
    }
    return all;
}

static IdeBus *find_bus(Machine *m, const char *name)
{
    GPtrArray *all = buses(m);
    for (guint i = 0; i < all->len; i++) {
        IdeBus *b = all->pdata[i];
        if (!strcmp(b->name, name)) {
            return b;
        }
    }
    return NULL;
}

// The n-th place for a drive with if=ide: only those of the first controller count.
static IdeBus *nth_place(Machine *m, unsigned n, unsigned *unit)
{
    GPtrArray *all = buses(m);
    for (guint i = 0; i < all->len; i++) {
        IdeBus *b = all->pdata[i];
        if (b->controller != ((IdeBus *)all->pdata[0])->controller) {
            break;
        }
        if (n < b->units) {
            *unit = n;
            return b;
        }
        n -= b->units;
    }
    return NULL;
}

static bool create_drive(void *opaque, BlockDevice *disk, char **error)
{
    Machine *m = opaque;
    unsigned unit = 0;
    IdeBus *b = nth_place(m, block_unit(disk), &unit);
    if (!b) {
        *error = g_strdup_printf("there is no if=ide,unit=%u", block_unit(disk));
        return false;
    }
    Device *d = device_new(device_type_find(block_is_cdrom(disk) ? "ide-cd" : "ide-hd"), m, NULL);
    char number[16];
    snprintf(number, sizeof number, "%u", unit);
    if (!device_set(d, "drive", block_id(disk), error) || !device_set(d, "bus", b->name, error) ||
        !device_set(d, "unit", number, error) || !device_realize(d, error)) {
        device_free(d);
        return false;
    }
    return true;
}

void ide_bus_init(IdeBus *b)
{
    GPtrArray *all = buses(b->machine);
    if (b->controller->id) {
        b->name = g_strdup_printf("%s.%u", b->controller->id, b->index);
    } else {
        unsigned n = 0;
        do {
            g_free(b->name);
            b->name = g_strdup_printf("ide.%u", n++);
        } while (find_bus(b->machine, b->name));
    }
    if (!all->len) {
        drive_register_interface(b->machine, "ide", create_drive, b->machine);
    }
    g_ptr_array_add(all, b);
}

// --- finding a place

static bool place_on(IdeBus *b, uint32_t unit, IdeDrive *s)
{
    for (unsigned i = 0; i < b->units; i++) {
        if (!b->drive[i] && (unit == AUTO || unit == i)) {
            s->bus = b;
            s->unit = i;
            return true;
        }
    }
    return false;
}

static bool choose_place(IdeDrive *s, char **error)
{
    GPtrArray *all = buses(s->dev.machine);
    if (!all->len) {
        *error = g_strdup("this machine has no IDE or AHCI controller");
        return false;
    }
    if (s->bus_opt) {
        IdeBus *b = find_bus(s->dev.machine, s->bus_opt);
        if (b && place_on(b, s->unit, s)) {
            return true;
        }
        *error = b ? g_strdup_printf("bus=%s: no free unit%s", s->bus_opt,
                                     s->unit == AUTO ? "" : " of this number")
                   : g_strdup_printf("bus=%s: there is no such bus", s->bus_opt);
        return false;
    }
    for (guint i = 0; i < all->len; i++) {
        if (place_on(all->pdata[i], s->unit, s)) {
            return true;
        }
    }
    *error = g_strdup("all places for IDE drives are taken");
    return false;
}

// --- removable media

static void use_medium(AtaDrive *a, BlockDevice *b, uint64_t sector)
{
    bool in = block_size(b) >= sector;
    a->disk = in ? b : NULL;
    a->sectors = in ? block_size(b) / sector : 0;
}

static bool cd_locked(void *opaque)
{
    return ((IdeDrive *)opaque)->ata.locked;
}

static void cd_request(void *opaque)
{
    atapi_eject_request(&((IdeDrive *)opaque)->ata);
}

static void cd_changed(void *opaque)
{
    IdeDrive *s = opaque;
    use_medium(&s->ata, block_find(s->dev.machine, s->drive), CD_SECTOR);
    atapi_media_changed(&s->ata);
}

static const BlockMedia cd_media = {cd_locked, cd_request, cd_changed};

// --- realizing

static bool open_image(IdeDrive *s, bool cdrom, char **error)
{
    Device *d = &s->dev;
    if (!s->drive) {
        if (cdrom) {
            return true; // an empty drive
        }
        *error = g_strdup("drive=ID is needed");
        return false;
    }
    BlockDevice *b = block_find(d->machine, s->drive);
    if (!b) {
        *error = g_strdup_printf("drive=%s: there is no -drive with this id", s->drive);
        return false;
    }
    if (!block_claim_empty(b, d->id ? d->id : d->type->name, error)) {
        return false;
    }
    uint64_t sector = cdrom ? CD_SECTOR : ATA_SECTOR;
    use_medium(&s->ata, b, sector);
    if (cdrom) {
        block_set_media(b, &cd_media, s);
    } else if (!s->ata.disk) {
        *error = g_strdup_printf("drive=%s: %llu bytes are no disk", s->drive,
                                 (unsigned long long)block_size(b));
        return false;
    }
    return true;
}

static void copy_text(char *to, size_t size, const char *option, const char *def)
{
    snprintf(to, size, "%s", option ? option : def);
}

static void set_names(IdeDrive *s)
{
    AtaDrive *a = &s->ata;
    char serial[16];
    snprintf(serial, sizeof serial, "MM%05u", s->bus->index * IDE_UNITS + s->unit + 1);
    const char *given = s->serial  ? s->serial
                        : s->drive ? block_serial(block_find(s->dev.machine, s->drive))
                                   : NULL;
    copy_text(a->serial, sizeof a->serial, given, serial);
    copy_text(a->model, sizeof a->model, s->model, a->cdrom ? "MIMUS DVD-ROM" : "MIMUS HARDDISK");
    copy_text(a->version, sizeof a->version, s->ver, MIMUS_VERSION);
    a->wwn = s->wwn;
    a->rotation = s->rotation;
}

static bool set_geometry(IdeDrive *s, char **error)
{
    AtaDrive *a = &s->ata;
    uint32_t p = s->physical_block_size;
    if (s->logical_block_size != ATA_SECTOR || p < ATA_SECTOR || p > 1 << 20 || (p & (p - 1))) {
        *error =
            g_strdup_printf("logical_block_size=%u,physical_block_size=%u: expected 512, and a "
                            "power of 2 up to 1048576",
                            s->logical_block_size, p);
        return false;
    }
    a->physical_exp = (uint32_t)__builtin_ctz(p / ATA_SECTOR);
    bool given = s->cyls || s->heads || s->secs;
    if (given && (s->cyls < 1 || s->cyls > 65535 || s->heads < 1 || s->heads > 16 || s->secs < 1 ||
                  s->secs > 255)) {
        *error = g_strdup_printf("cyls=%u,heads=%u,secs=%u: expected 1 to 65535, 16 and 255",
                                 s->cyls, s->heads, s->secs);
        return false;
    }
    a->heads = given ? s->heads : 16;
    a->track_sectors = given ? s->secs : 63;
    uint64_t cylinders = a->sectors / (a->heads * a->track_sectors);
    a->cylinders = given ? s->cyls : (uint32_t)MAX_OF(MIN_OF(cylinders, UINT64_C(16383)), 2u);
    return true;
}

static void drive_interrupt(void *opaque)
{
    IdeDrive *s = opaque;
    s->bus->interrupt(s->bus->opaque, s->unit);
}

static bool realize(IdeDrive *s, bool cdrom, char **error)
{
    AtaDrive *a = &s->ata;
    a->cdrom = cdrom;
    a->interrupt = drive_interrupt;
    a->opaque = s;
    if (!choose_place(s, error) || !open_image(s, cdrom, error) || !set_geometry(s, error)) {
        return false;
    }
    a->sata = s->bus->sata;
    set_names(s);
    s->bus->drive[s->unit] = a;
    s->dev.bus = s->bus;
    s->dev.parent = s->bus->controller;
    ata_power_on(a);
    return true;
}

static bool hd_realize(Device *d, char **error)
{
    return realize((IdeDrive *)d, false, error);
}

static bool cd_realize(Device *d, char **error)
{
    return realize((IdeDrive *)d, true, error);
}

static void unrealize(Device *d)
{
    IdeDrive *s = (IdeDrive *)d;
    s->bus->drive[s->unit] = NULL;
}

static void reset(Device *d)
{
    ata_power_on(&((IdeDrive *)d)->ata);
}

static bool loaded(void *obj, char **error)
{
    return ata_loaded(&((IdeDrive *)obj)->ata, error);
}

static const StateField fields[] = {
    STATE_STRUCTS(IdeDrive, ata, AtaDrive, 1, ata_state_fields),
    STATE_END,
};
static const StateDesc state = {
    .name = "ide-drive", .version = 1, .fields = fields, .loaded = loaded};

#define DRIVE_PROPS                                                                                \
    {"drive", PROP_STRING, offsetof(IdeDrive, drive), NULL, "id of the -drive"},                   \
        {"bus", PROP_STRING, offsetof(IdeDrive, bus_opt), NULL, "ide.0 and up, or CONTROLLER.N"},  \
        {"unit", PROP_U32, offsetof(IdeDrive, unit), "4294967295", "0 or 1"},                      \
        {"serial", PROP_STRING, offsetof(IdeDrive, serial), NULL, "up to 20 letters"},             \
        {"model", PROP_STRING, offsetof(IdeDrive, model), NULL, "up to 40 letters"},               \
        {"ver", PROP_STRING, offsetof(IdeDrive, ver), NULL, "firmware version, 8 letters"},        \
        {"wwn", PROP_U64, offsetof(IdeDrive, wwn), "0", "world wide name"},                        \
        {"logical_block_size", PROP_U32, offsetof(IdeDrive, logical_block_size), "512", "bytes"},  \
        {"physical_block_size", PROP_U32, offsetof(IdeDrive, physical_block_size), "512",          \
         "bytes"},                                                                                 \
    {                                                                                              \
        "bootindex", PROP_U32, offsetof(IdeDrive, bootindex), "4294967295",                        \
            "place in the firmware's boot order"                                                   \
    }

static const DeviceProp hd_props[] = {
    DRIVE_PROPS,
    {"cyls", PROP_U32, offsetof(IdeDrive, cyls), "0", "cylinders (0: from the size)"},
    {"heads", PROP_U32, offsetof(IdeDrive, heads), "0", "heads"},
    {"secs", PROP_U32, offsetof(IdeDrive, secs), "0", "sectors a track"},
    {"rotation_rate", PROP_U32, offsetof(IdeDrive, rotation), "0", "1: does not rotate"},
    {0},
};
static const DeviceProp cd_props[] = {DRIVE_PROPS, {0}};

static const DeviceType hd_type = {
    .name = "ide-hd",
    .desc = "ATA disk",
    .bus = "ide",
    .size = sizeof(IdeDrive),
    .user_creatable = true,
    .props = hd_props,
    .state = &state,
    .realize = hd_realize,
    .reset = reset,
    .unrealize = unrealize,
};
DEVICE_TYPE(hd_type);

static const DeviceType cd_type = {
    .name = "ide-cd",
    .desc = "ATAPI CD-ROM and DVD-ROM drive",
    .bus = "ide",
    .size = sizeof(IdeDrive),
    .user_creatable = true,
    .props = cd_props,
    .state = &state,
    .realize = cd_realize,
    .reset = reset,
    .unrealize = unrealize,
};
DEVICE_TYPE(cd_type);

// --- for firmware tables

bool ide_disk_geometry(Machine *m, unsigned n, IdeGeometry *g)
{
    unsigned unit = 0;
    IdeBus *b = nth_place(m, n, &unit);
    const AtaDrive *a = b ? b->drive[unit] : NULL;
    if (!a || a->cdrom) {
        return false;
    }
    g->cylinders = a->cylinders;
    g->heads = (uint8_t)a->heads;
    g->sectors = (uint8_t)a->track_sectors;
    g->translation = a->cylinders > 1024 || a->track_sectors > 63;
    return true;
}

char *ide_boot_path(const Device *d, uint32_t *bootindex)
{
    if (d->type != &hd_type && d->type != &cd_type) {
        return NULL;
    }
    const IdeDrive *s = (const IdeDrive *)d;
    const PciDevice *p = (const PciDevice *)s->bus->controller;
    char *at = p->devfn % 8 ? g_strdup_printf("%x,%x", p->devfn / 8, p->devfn % 8)
                            : g_strdup_printf("%x", p->devfn / 8);
    char *path;
    *bootindex = s->bootindex;
    if (s->bus->sata) {
        path = g_strdup_printf("pci%04x,%04x@%s/drive@%x/disk@0", pci_get16(p->config, 0),
                               pci_get16(p->config, 2), at, s->bus->index);
    } else {
        path = g_strdup_printf("ide@%s/drive@%x/disk@%x", at, s->bus->index, s->unit);
    }
    g_free(at);
    return path;
}
