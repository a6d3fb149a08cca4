// The virtio graphics device, 2D commands (Virtio 1.2, 5.7).
//
//   control queue --> commands (virtio_gpu.c) --> resources: pictures that the guest creates, fills
//   cursor queue  -->                             from its memory and flushes
//   (virtio_gpu_resource.c)
//                                                     |
//                          scanouts: the part of a resource that a screen shows, its cursor
//                                    (virtio_gpu_scanout.c)
//                                                     |
//                                        ui/console.h: windows, screendumps
//
// A resource is a copy: the screen shows what the guest has transferred, not what its memory holds
// now. Nothing is drawn before somebody looks, and then only what was flushed since. All pictures
// are part of the device's state.
#ifndef HW_DISPLAY_VIRTIO_GPU_H
#define HW_DISPLAY_VIRTIO_GPU_H

#include "hw/virtio/virtio.h"
#include "replay/gate.h"
#include "ui/console.h"

#define VIRTIO_GPU_SCANOUTS   16
#define VIRTIO_GPU_RESOURCES  256
#define VIRTIO_GPU_MAX_PIECES 16384 // of a resource's memory in the guest
#define VIRTIO_GPU_CURSOR     64    // pixels, of a side
#define VIRTIO_GPU_VECTORS    3

// Of a command (5.7.6.8): the first answer is one without data.
typedef enum VirtioGpuAnswer {
    GPU_OK = 0x1100,
    GPU_OK_DISPLAY_INFO = 0x1101,
    GPU_OK_EDID = 0x1104,
    GPU_ERR_UNSPEC = 0x1200,
    GPU_ERR_OUT_OF_MEMORY = 0x1201,
    GPU_ERR_SCANOUT = 0x1202,
    GPU_ERR_RESOURCE = 0x1203,
    GPU_ERR_PARAMETER = 0x1205,
} VirtioGpuAnswer;

// Where the colours are in a little-endian pixel of 32 bits.
typedef struct VirtioGpuFormat {
    uint32_t number; // the guest's
    uint8_t red, green, blue;
    uint8_t alpha; // or the unused byte
} VirtioGpuFormat;

// A piece of the guest's memory, as commands and state have it.
typedef struct VirtioGpuPiece {
    uint64_t addr;
    uint32_t len, pad;
} VirtioGpuPiece;

typedef struct VirtioGpuResource {
    // --- state
    uint32_t id; // 0: the slot is free
    uint32_t format, width, height;
    uint8_t *data; // 4 * width * height bytes, in the guest's format
    size_t data_len;
    uint8_t *backing; // VirtioGpuPieces
    size_t backing_len;
} VirtioGpuResource;

typedef struct VirtioGpu VirtioGpu;

typedef struct VirtioGpuScanout {
    // --- fixed
    VirtioGpu *gpu;
    unsigned index;
    Console *console;
    // --- state
    uint32_t resource; // 0: the screen is off
    uint32_t x, y, width, height;
    uint32_t want_width, want_height; // what the monitor says; 0: it is not connected
    uint32_t cursor_x, cursor_y, cursor_hot_x, cursor_hot_y;
    bool cursor_shown, cursor_set;
    uint32_t cursor_pixels[VIRTIO_GPU_CURSOR * VIRTIO_GPU_CURSOR]; // as console_set_cursor takes
    // --- what has to be drawn: derived, in pixels of the screen
    unsigned n_damage;
    Rect damage[SURFACE_MAX_DAMAGE];
} VirtioGpuScanout;

struct VirtioGpu {
    VirtioDevice v;
    // --- options
    uint32_t max_outputs, xres, yres;
    uint64_t max_hostmem;
    bool edid;
    // --- fixed
    VirtElem *elem;
    GateSource sizes; // wishes for another size of the screen
    char *gate_name;  // of its first screen
    // Shows a screen that is off by other means (the VGA of virtio-vga), or NULL.
    const ConsoleOps *fallback;
    void *fallback_opaque;
    // --- state
    uint32_t events; // of the configuration
    VirtioGpuResource resource[VIRTIO_GPU_RESOURCES];
    VirtioGpuScanout scanout[VIRTIO_GPU_SCANOUTS];
};

#define VIRTIO_GPU_PROPS(T, f)                                                                     \
    VIRTIO_PROPS(T, f.v), {"max_outputs", PROP_U32, offsetof(T, f.max_outputs), "1", "screens"},   \
        {"max_hostmem", PROP_SIZE, offsetof(T, f.max_hostmem), "256M",                             \
         "host memory that the guest's pictures may take"},                                        \
        {"edid", PROP_BOOL, offsetof(T, f.edid), "on", "a monitor's EDID"},                        \
        {"xres", PROP_U32, offsetof(T, f.xres), "1280", "width that the monitor prefers"},         \
    {                                                                                              \
        "yres", PROP_U32, offsetof(T, f.yres), "800", "height that the monitor prefers"            \
    }

extern const StateField virtio_gpu_state_fields[];

// False with *error if an option does not fit.
bool virtio_gpu_init(VirtioGpu *g, Device *d, char **error);
void virtio_gpu_free(VirtioGpu *g);
bool virtio_gpu_loaded(VirtioGpu *g, char **error);
void virtio_gpu_guest_error(const VirtioGpu *g, const char *fmt, ...) PRINTF_LIKE(2, 3);

// --- resources (virtio_gpu_resource.c). arg: the 32-bit words that follow a command's header.
extern const StateField virtio_gpu_resource_fields[];
VirtioGpuResource *virtio_gpu_resource(VirtioGpu *g, uint32_t id); // NULL: there is none
// Whether x, y, width, height lie in it.
bool virtio_gpu_inside(const VirtioGpuResource *r, const uint32_t *rect);
const VirtioGpuFormat *virtio_gpu_format(uint32_t number); // NULL: there is none
VirtioGpuAnswer virtio_gpu_create_2d(VirtioGpu *g, const uint32_t *arg);
VirtioGpuAnswer virtio_gpu_unref(VirtioGpu *g, const uint32_t *arg);
VirtioGpuAnswer virtio_gpu_attach(VirtioGpu *g, const uint32_t *arg);
VirtioGpuAnswer virtio_gpu_detach(VirtioGpu *g, const uint32_t *arg);
VirtioGpuAnswer virtio_gpu_transfer(VirtioGpu *g, const uint32_t *arg);
void virtio_gpu_free_resources(VirtioGpu *g);
bool virtio_gpu_resources_loaded(VirtioGpu *g, char **error);

// --- scanouts (virtio_gpu_scanout.c)
extern const StateField virtio_gpu_scanout_fields[];
VirtioGpuAnswer virtio_gpu_set_scanout(VirtioGpu *g, const uint32_t *arg);
VirtioGpuAnswer virtio_gpu_flush(VirtioGpu *g, const uint32_t *arg);
VirtioGpuAnswer virtio_gpu_cursor(VirtioGpu *g, const uint32_t *arg, bool shape);
void virtio_gpu_resource_gone(VirtioGpu *g, uint32_t id); // screens that show it go off
void virtio_gpu_scanouts_init(VirtioGpu *g);
void virtio_gpu_scanouts_free(VirtioGpu *g);
void virtio_gpu_scanouts_off(VirtioGpu *g);
bool virtio_gpu_scanouts_loaded(VirtioGpu *g, char **error);

#endif
