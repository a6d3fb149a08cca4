// The six virtio input devices: keyboard, mouse and tablet, on PCI and in virtio-mmio slots.
#include <stdio.h>
#include <string.h>

#include "hw/core/machine.h"
#include "hw/virtio/virtio_input_internal.h"
#include "hw/virtio/virtio_mmio.h"
#include "hw/virtio/virtio_pci.h"

#define VECTORS 2

#define INPUT_PROPS(T, f)                                                                          \
    VIRTIO_PROPS(T, f.v),                                                                          \
    {                                                                                              \
        "serial", PROP_STRING, offsetof(T, f.serial), NULL, "serial number"                        \
    }
#define KEYBOARD_PROPS(T, f)                                                                       \
    INPUT_PROPS(T, f),                                                                             \
    {                                                                                              \
        "repeat", PROP_BOOL, offsetof(T, f.repeat), "on",                                          \
            "the guest is told to repeat keys that are held"                                       \
    }
#define POINTER_PROPS(T, f)                                                                        \
    INPUT_PROPS(T, f),                                                                             \
    {                                                                                              \
        "wheel-axis", PROP_BOOL, offsetof(T, f.wheel_axis), "on", "the wheel is told as an axis"   \
    }

static VirtioInputKind kind_of(const Device *d)
{
    const char *name = d->type->name;
    return strstr(name, "keyboard") ? VIRTIO_INPUT_KEYBOARD
           : strstr(name, "mouse")  ? VIRTIO_INPUT_MOUSE
                                    : VIRTIO_INPUT_TABLET;
}

// --- on PCI

typedef struct VirtioInputPci {
    VirtioPci pci;
    VirtioInput input;
} VirtioInputPci;

static bool pci_realize(Device *d, char **error)
{
    static const uint32_t class_codes[VIRTIO_INPUT_KINDS] = {
        [VIRTIO_INPUT_KEYBOARD] = 0x090000,
        [VIRTIO_INPUT_MOUSE] = 0x090200,
        [VIRTIO_INPUT_TABLET] = 0x098000,
    };
    VirtioInputPci *s = (VirtioInputPci *)d;
    s->input.kind = kind_of(d);
    virtio_input_init(&s->input, d);
    bool ok = virtio_pci_plug(&s->pci, &s->input.v, class_codes[s->input.kind], VECTORS, error);
    if (!ok) {
        virtio_input_free(&s->input);
    }
    return ok;
}

static void pci_reset(Device *d)
{
    virtio_pci_reset(&((VirtioInputPci *)d)->pci);
}

static void pci_unrealize(Device *d)
{
    VirtioInputPci *s = (VirtioInputPci *)d;
    virtio_pci_unplug(&s->pci);
    virtio_input_free(&s->input);
}

static bool pci_loaded(void *obj, char **error)
{
    VirtioInputPci *s = obj;
    return virtio_pci_loaded(&s->pci, error) && virtio_input_loaded(&s->input, error);
}

static const StateField pci_fields[] = {
    STATE_STRUCTS(VirtioInputPci, pci, VirtioPci, 1, virtio_pci_state_fields),
    STATE_STRUCTS(VirtioInputPci, input, VirtioInput, 1, virtio_input_state_fields),
    STATE_END,
};
static const StateDesc pci_state = {
    .name = "virtio-input-pci", .version = 1, .fields = pci_fields, .loaded = pci_loaded};

static const DeviceProp pci_keyboard_props[] = {
    VIRTIO_PCI_PROPS(VirtioInputPci, pci), KEYBOARD_PROPS(VirtioInputPci, input), {0}};
static const DeviceProp pci_pointer_props[] = {
    VIRTIO_PCI_PROPS(VirtioInputPci, pci), POINTER_PROPS(VirtioInputPci, input), {0}};

#define PCI_TYPE(symbol, type_name, text, properties)                                              \
    static const DeviceType symbol = {                                                             \
        .name = type_name "-pci",                                                                  \
        .alias = type_name,                                                                        \
        .desc = text,                                                                              \
        .bus = "pci",                                                                              \
        .size = sizeof(VirtioInputPci),                                                            \
        .user_creatable = true,                                                                    \
        .props = properties,                                                                       \
        .state = &pci_state,                                                                       \
        .realize = pci_realize,                                                                    \
        .reset = pci_reset,                                                                        \
        .unrealize = pci_unrealize,                                                                \
    };                                                                                             \
    DEVICE_TYPE(symbol)

PCI_TYPE(keyboard_pci, "virtio-keyboard", "virtio keyboard", pci_keyboard_props);
PCI_TYPE(mouse_pci, "virtio-mouse", "virtio mouse", pci_pointer_props);
PCI_TYPE(tablet_pci, "virtio-tablet", "virtio tablet: a pointer with positions", pci_pointer_props);

// --- on MMIO

typedef struct VirtioInputMmio {
    VirtioMmioChild mmio;
    VirtioInput input;
} VirtioInputMmio;

static bool mmio_realize(Device *d, char **error)
{
    VirtioInputMmio *s = (VirtioInputMmio *)d;
    s->input.kind = kind_of(d);
    virtio_input_init(&s->input, d);
    bool ok = virtio_mmio_plug(&s->mmio, &s->input.v, error);
    if (!ok) {
        virtio_input_free(&s->input);
    }
    return ok;
}

static void mmio_unrealize(Device *d)
{
    virtio_input_free(&((VirtioInputMmio *)d)->input);
}

static bool mmio_loaded(void *obj, char **error)
{
    VirtioInputMmio *s = obj;
    return virtio_loaded(&s->input.v, error) && virtio_input_loaded(&s->input, error);
}

static const StateField mmio_fields[] = {
    STATE_STRUCTS(VirtioInputMmio, input, VirtioInput, 1, virtio_input_state_fields),
    STATE_END,
};
static const StateDesc mmio_state = {"virtio-input-device", 1, mmio_fields, .loaded = mmio_loaded};

static const DeviceProp mmio_keyboard_props[] = {
    VIRTIO_MMIO_PROPS(VirtioInputMmio, mmio), KEYBOARD_PROPS(VirtioInputMmio, input), {0}};
static const DeviceProp mmio_pointer_props[] = {
    VIRTIO_MMIO_PROPS(VirtioInputMmio, mmio), POINTER_PROPS(VirtioInputMmio, input), {0}};

#define MMIO_TYPE(symbol, type_name, text, properties)                                             \
    static const DeviceType symbol = {                                                             \
        .name = type_name "-device",                                                               \
        .desc = text " in a virtio-mmio slot",                                                     \
        .bus = "virtio-mmio",                                                                      \
        .size = sizeof(VirtioInputMmio),                                                           \
        .user_creatable = true,                                                                    \
        .props = properties,                                                                       \
        .state = &mmio_state,                                                                      \
        .realize = mmio_realize,                                                                   \
        .unrealize = mmio_unrealize,                                                               \
    };                                                                                             \
    DEVICE_TYPE(symbol)

MMIO_TYPE(keyboard_mmio, "virtio-keyboard", "virtio keyboard", mmio_keyboard_props);
MMIO_TYPE(mouse_mmio, "virtio-mouse", "virtio mouse", mmio_pointer_props);
MMIO_TYPE(tablet_mmio, "virtio-tablet", "virtio tablet: a pointer with positions",
          mmio_pointer_props);
