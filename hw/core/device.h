// Devices: one constant DeviceType each, found by name (-device NAME,prop=value).
//
// A device's file reads in one order: interface comment with its manual, registers, state, read and
// write, reset, the constant type, the constructor.
#ifndef HW_CORE_DEVICE_H
#define HW_CORE_DEVICE_H

#include "hw/core/state.h"
#include "hw/core/irq.h"
#include "hw/core/memory.h"
#include "hw/core/clock.h"

struct Machine;

typedef enum PropKind { PROP_BOOL, PROP_U32, PROP_U64, PROP_SIZE, PROP_STRING, PROP_MAC } PropKind;

// A property: option text -> field. PROP_STRING fields are char * (g_free'd with the device).
typedef struct DeviceProp {
    const char *name;
    PropKind kind;
    uint32_t offset;
    const char *def; // default in option syntax, or NULL: zero
    const char *help;
} DeviceProp;

typedef struct Device Device;

typedef struct DeviceType {
    const char *name;  // QEMU's
    const char *alias; // or NULL
    const char *desc;
    const char *bus;         // "sysbus" (placed by the board), "pci", "virtio", "virtio-mmio", ...
    size_t size;             // of the instance, which starts with a Device
    bool user_creatable;     // by -device
    const DeviceProp *props; // ended by name NULL; may be NULL
    const StateDesc *state;  // may be NULL
    // False with *error (g_strdup'd) if the properties or backends do not fit.
    bool (*realize)(Device *d, char **error);
    void (*reset)(Device *d); // after the declared state's reset
    void (*unrealize)(Device *d);
} DeviceType;

struct Device {
    const DeviceType *type;
    char *id; // or NULL
    struct Machine *machine;
    void *bus; // the bus instance that it sits on (type->bus says which kind), or NULL
    Device *parent;
    bool realized;
};

// Types register in a table: the DEVICE_TYPE macro puts a pointer in a linker section.
#define DEVICE_TYPE(t)                                                                             \
    static const DeviceType *const t##_entry __attribute__((used, section("mimus_devices"))) = &(t)

const DeviceType *device_type_find(const char *name);
void device_type_each(void (*fn)(void *, const DeviceType *), void *opaque);

// Errors: false with *error, g_strdup'd, naming the property or the reason.
Device *device_new(const DeviceType *t, struct Machine *m, const char *id); // properties: defaults
// Whether -global TYPE.PROPERTY=VALUE makes sense; device_new applies them. False with *error.
bool device_check_global(const char *type, const char *prop, const char *value, char **error);
bool device_set(Device *d, const char *prop, const char *value, char **error);
bool device_realize(Device *d, char **error); // adds it to the machine's list
// For boards: create, realize, die() with the error.
Device *device_create(struct Machine *m, const char *type_name);
// Declared state, then type->reset. A child's parent is reset by its own entry in the list.
void device_reset(Device *d);
// Unrealizes and frees one that is not, or no longer, in the machine's list.
void device_free(Device *d);
// By its id; NULL if there is none.
Device *device_find(struct Machine *m, const char *id);

// -device "NAME,prop=value,...". "NAME,help" prints the properties and returns true.
bool device_add(struct Machine *m, const char *optarg, char **error);
void device_list(void *file); // -device help
// False with *error unless the type exists; *help is set if the argument asks for help, which is
// then printed. Needs no machine.
bool device_help(const char *optarg, bool *help, char **error);

#endif
