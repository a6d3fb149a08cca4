// What the parts of the virtio input devices share. The picture is in virtio_input.c.
#ifndef HW_VIRTIO_VIRTIO_INPUT_INTERNAL_H
#define HW_VIRTIO_VIRTIO_INPUT_INTERNAL_H

#include "hw/virtio/virtio.h"
#include "ui/input.h"

#define VIRTIO_INPUT_FIFO 256 // events that wait for buffers of the guest

// Linux's event types and codes, which the specification takes over (Virtio 1.2, 5.8.2).
enum { EV_SYN = 0, EV_KEY = 1, EV_REL = 2, EV_ABS = 3, EV_LED = 17, EV_REP = 20 };
enum { LED_NUM = 0, LED_CAPS = 1, LED_SCROLL = 2 };

typedef enum VirtioInputKind {
    VIRTIO_INPUT_KEYBOARD,
    VIRTIO_INPUT_MOUSE,
    VIRTIO_INPUT_TABLET,
    VIRTIO_INPUT_KINDS
} VirtioInputKind;

typedef struct VirtioInput {
    VirtioDevice v;
    // --- options
    char *serial;
    bool wheel_axis, repeat;
    // --- fixed
    VirtioInputKind kind;
    InputReceiver receiver;
    bool listening; // the receiver is registered: follows from the status
    VirtElem *elem;
    // --- state
    uint8_t select, subsel; // of the configuration
    uint8_t leds;           // BIT(LED_*)
    // Events: type, code << 16, value << 32. The last `open` ones lack their EV_SYN.
    uint64_t fifo[VIRTIO_INPUT_FIFO];
    uint32_t head, count, open;
    bool lost; // the open group did not fit: the rest of it goes too
} VirtioInput;

extern const StateField virtio_input_state_fields[];

// The kind is set before.
void virtio_input_init(VirtioInput *s, Device *d);
void virtio_input_free(VirtioInput *s);
bool virtio_input_loaded(VirtioInput *s, char **error);

// --- configuration (virtio_input_config.c)
#define VIRTIO_INPUT_CONFIG_SIZE 136
void virtio_input_get_config(VirtioDevice *v, uint8_t *config);
void virtio_input_set_config(VirtioDevice *v, const uint8_t *config);

// Linux's code of a key, button or axis; 0 for a key that has none.
uint16_t virtio_input_key_code(unsigned key);
uint16_t virtio_input_button_code(unsigned button);
uint16_t virtio_input_axis_code(unsigned axis);

#endif
