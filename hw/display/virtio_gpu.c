// Virtio graphics: queues, commands, configuration. The picture is in virtio_gpu.h.
#include "hw/display/virtio_gpu.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hw/core/machine.h"
#include "hw/display/edid.h"
#include "util/log.h"

#define F_EDID 1

enum { QUEUE_CONTROL, QUEUE_CURSOR };
#define CONTROL_SIZE 64
#define CURSOR_SIZE  16

// Configuration (5.7.4).
enum { CFG_EVENTS = 0, CFG_EVENTS_CLEAR = 4, CFG_SCANOUTS = 8, CFG_CAPSETS = 12, CFG_SIZE = 16 };
#define EVENT_DISPLAY 1

// Commands (5.7.6.8).
enum {
    CMD_GET_DISPLAY_INFO = 0x100,
    CMD_CREATE_2D,
    CMD_UNREF,
    CMD_SET_SCANOUT,
    CMD_FLUSH,
    CMD_TRANSFER_TO_HOST_2D,
    CMD_ATTACH_BACKING,
    CMD_DETACH_BACKING,
    CMD_GET_CAPSET_INFO,
    CMD_GET_CAPSET,
    CMD_GET_EDID,
    CMD_UPDATE_CURSOR = 0x300,
    CMD_MOVE_CURSOR,
};
#define FLAG_FENCE 1

typedef struct Header {
    uint32_t type, flags;
    uint64_t fence;
    uint32_t context, ring;
} Header;

const StateField virtio_gpu_state_fields[] = {
    STATE_STRUCTS(VirtioGpu, v, VirtioDevice, 1, virtio_state_fields),
    STATE_U32(VirtioGpu, events, .keep = true),
    STATE_STRUCTS(VirtioGpu, resource, VirtioGpuResource, VIRTIO_GPU_RESOURCES,
                  virtio_gpu_resource_fields),
    STATE_STRUCTS(VirtioGpu, scanout, VirtioGpuScanout, VIRTIO_GPU_SCANOUTS,
                  virtio_gpu_scanout_fields),
    STATE_END,
};

static VirtioGpu *gpu_of(VirtioDevice *v)
{
    return container_of(v, VirtioGpu, v);
}

void virtio_gpu_guest_error(const VirtioGpu *g, const char *fmt, ...)
{
    char text[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    log_printf(LOG_GUEST_ERRORS, "%s: %s\n", g->v.owner->type->name, text);
}

// --- answers with data: what follows the header

#define MAX_ANSWER 1032
typedef struct Answer {
    VirtioGpuAnswer type;
    uint32_t len;
    uint8_t data[MAX_ANSWER];
} Answer;

// 5.7.6.8, GET_DISPLAY_INFO: x, y, width, height, enabled, flags for each of 16 screens.
static void display_info(VirtioGpu *g, Answer *a)
{
    a->type = GPU_OK_DISPLAY_INFO;
    a->len = VIRTIO_GPU_SCANOUTS * 24;
    memset(a->data, 0, a->len);
    for (unsigned i = 0; i < g->max_outputs; i++) {
        const VirtioGpuScanout *s = &g->scanout[i];
        uint32_t mode[6] = {0, 0, s->want_width, s->want_height, s->want_width != 0, 0};
        memcpy(a->data + 24 * i, mode, sizeof mode);
    }
}

static void get_edid(VirtioGpu *g, uint32_t scanout, Answer *a)
{
    if (!virtio_has(&g->v, F_EDID) || scanout >= g->max_outputs) {
        virtio_gpu_guest_error(g, "EDID of screen %u", scanout);
        a->type = GPU_ERR_PARAMETER;
        return;
    }
    const VirtioGpuScanout *s = &g->scanout[scanout];
    EdidInfo info = {s->want_width ? s->want_width : g->xres,
                     s->want_width ? s->want_height : g->yres, 0, 0, "Mimus Monitor"};
    uint32_t size = EDID_SIZE;
    a->type = GPU_OK_EDID;
    a->len = 8 + 1024;
    memset(a->data, 0, a->len);
    memcpy(a->data, &size, sizeof size);
    edid_make(&info, a->data + 8);
}

// --- commands

typedef struct Command {
    uint32_t type;
    uint32_t words; // of 32 bits that follow the header
    VirtioGpuAnswer (*run)(VirtioGpu *g, const uint32_t *arg);
} Command;

static const Command commands[] = {
    {CMD_CREATE_2D, 4, virtio_gpu_create_2d},          {CMD_UNREF, 2, virtio_gpu_unref},
    {CMD_SET_SCANOUT, 6, virtio_gpu_set_scanout},      {CMD_FLUSH, 6, virtio_gpu_flush},
    {CMD_TRANSFER_TO_HOST_2D, 8, virtio_gpu_transfer}, {CMD_ATTACH_BACKING, 2, virtio_gpu_attach},
    {CMD_DETACH_BACKING, 2, virtio_gpu_detach},
};
#define MAX_WORDS 8

static bool get_args(VirtioGpu *g, const Header *h, uint32_t *arg, uint32_t words)
{
    size_t n = 4 * (size_t)words;
    if (virtelem_read(g->elem, sizeof *h, arg, n) == n) {
        return true;
    }
    virtio_gpu_guest_error(g, "command 0x%x of only %u bytes", h->type,
                           (unsigned)MIN_OF(g->elem->out_len, (uint64_t)UINT32_MAX));
    return false;
}

static VirtioGpuAnswer run_from_table(VirtioGpu *g, const Header *h)
{
    uint32_t arg[MAX_WORDS];
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (commands[i].type == h->type) {
            return get_args(g, h, arg, commands[i].words) ? commands[i].run(g, arg)
                                                          : GPU_ERR_PARAMETER;
        }
    }
    log_printf(h->type == CMD_GET_CAPSET_INFO || h->type == CMD_GET_CAPSET ? LOG_GUEST_ERRORS
                                                                           : LOG_UNIMP,
               "%s: command 0x%x\n", g->v.owner->type->name, h->type);
    return GPU_ERR_UNSPEC; // there are no capability sets: 2D only
}

static void run_command(VirtioGpu *g, const Header *h, Answer *a)
{
    uint32_t scanout[2];
    switch (h->type) {
    case CMD_GET_DISPLAY_INFO:
        display_info(g, a);
        break;
    case CMD_GET_EDID:
        if (get_args(g, h, scanout, 2)) {
            get_edid(g, scanout[0], a);
        } else {
            a->type = GPU_ERR_PARAMETER;
        }
        break;
    default:
        a->type = run_from_table(g, h);
    }
}

static void run_cursor_command(VirtioGpu *g, const Header *h, Answer *a)
{
    uint32_t arg[MAX_WORDS];
    bool shape = h->type == CMD_UPDATE_CURSOR;
    if (!shape && h->type != CMD_MOVE_CURSOR) {
        virtio_gpu_guest_error(g, "command 0x%x in the cursor queue", h->type);
        a->type = GPU_ERR_UNSPEC;
    } else {
        a->type =
            get_args(g, h, arg, MAX_WORDS) ? virtio_gpu_cursor(g, arg, shape) : GPU_ERR_PARAMETER;
    }
}

// Commands are done when they are answered, so that fences are reached in order.
static uint32_t serve_one(VirtioGpu *g, bool cursor)
{
    Header h = {0}, out = {0};
    Answer a = {.type = GPU_ERR_UNSPEC};
    if (virtelem_read(g->elem, 0, &h, sizeof h) == sizeof h) {
        (cursor ? run_cursor_command : run_command)(g, &h, &a);
    } else {
        virtio_gpu_guest_error(g, "a command without its header");
    }
    out.type = a.type;
    if (h.flags & FLAG_FENCE) {
        out.flags = FLAG_FENCE;
        out.fence = h.fence;
        out.context = h.context;
    }
    size_t n = virtelem_write(g->elem, 0, &out, sizeof out);
    return (uint32_t)(n + virtelem_write(g->elem, sizeof out, a.data, a.len));
}

static void gpu_kick(VirtioDevice *v, unsigned queue)
{
    VirtioGpu *g = gpu_of(v);
    VirtQueue *q = &v->queue[queue];
    bool any = false;
    for (unsigned budget = q->num; budget && virtqueue_pop(q, g->elem); budget--) {
        virtqueue_push(q, g->elem, serve_one(g, queue == QUEUE_CURSOR));
        any = true;
    }
    virtqueue_want_kicks(q);
    if (any) {
        virtio_notify(v, q);
    }
}

// --- configuration

static void gpu_get_config(VirtioDevice *v, uint8_t *config)
{
    const VirtioGpu *g = gpu_of(v);
    memcpy(config + CFG_EVENTS, &g->events, 4);
    memcpy(config + CFG_SCANOUTS, &g->max_outputs, 4);
}

static void gpu_set_config(VirtioDevice *v, const uint8_t *config)
{
    uint32_t clear;
    memcpy(&clear, config + CFG_EVENTS_CLEAR, 4);
    gpu_of(v)->events &= ~clear;
}

// --- wishes for another size, which come from outside

typedef struct SizeWish {
    uint32_t scanout, width, height;
} SizeWish;

static void deliver_size(void *opaque, const void *data, size_t len)
{
    VirtioGpu *g = opaque;
    SizeWish w;
    if (len != sizeof w) {
        return;
    }
    memcpy(&w, data, sizeof w);
    if (w.scanout >= g->max_outputs) {
        return;
    }
    VirtioGpuScanout *s = &g->scanout[w.scanout];
    w.width = MIN_OF(w.width, EDID_MAX_SIDE);
    w.height = w.width ? MIN_OF(w.height, EDID_MAX_SIDE) : 0;
    w.width = w.height ? w.width : 0;
    if (w.width != s->want_width || w.height != s->want_height) {
        s->want_width = w.width;
        s->want_height = w.height;
        g->events |= EVENT_DISPLAY;
        virtio_config_changed(&g->v);
    }
}

// --- the device

// What the monitor says stays: nobody tells it again after a reset.
static void gpu_reset(VirtioDevice *v)
{
    VirtioGpu *g = gpu_of(v);
    virtio_gpu_scanouts_off(g);
    virtio_gpu_free_resources(g);
    g->events = 0;
}

static const VirtioClass gpu_class = {
    .name = "virtio-gpu",
    .id = VIRTIO_ID_GPU,
    .modern_only = true,
    .get_config = gpu_get_config,
    .set_config = gpu_set_config,
    .reset = gpu_reset,
    .kick = gpu_kick,
};

static bool check_options(const VirtioGpu *g, char **error)
{
    if (!g->max_outputs || g->max_outputs > VIRTIO_GPU_SCANOUTS) {
        *error = g_strdup_printf("max_outputs=%u: expected 1 to %d", g->max_outputs,
                                 VIRTIO_GPU_SCANOUTS);
        return false;
    }
    if (!g->xres || !g->yres || g->xres > EDID_MAX_SIDE || g->yres > EDID_MAX_SIDE) {
        *error =
            g_strdup_printf("xres=%u,yres=%u: expected 1 to %u", g->xres, g->yres, EDID_MAX_SIDE);
        return false;
    }
    return true;
}

bool virtio_gpu_init(VirtioGpu *g, Device *d, char **error)
{
    if (!check_options(g, error)) {
        return false;
    }
    virtio_init(&g->v, &gpu_class, d, CFG_SIZE);
    g->v.offered |= g->edid ? BIT(F_EDID) : 0;
    virtio_add_queue(&g->v, CONTROL_SIZE);
    virtio_add_queue(&g->v, CURSOR_SIZE);
    g->elem = g_new(VirtElem, 1);
    unsigned n = 0;
    while (console_get(d->machine, n)) {
        n++;
    }
    g->gate_name = g_strdup_printf("display:%u", n);
    g->sizes = (GateSource){.name = g->gate_name, .deliver = deliver_size, .opaque = g};
    gate_add_source(gate_get(d->machine), &g->sizes);
    virtio_gpu_scanouts_init(g);
    return true;
}

void virtio_gpu_free(VirtioGpu *g)
{
    virtio_gpu_scanouts_free(g);
    virtio_gpu_free_resources(g);
    g_free(g->elem);
    g_free(g->gate_name);
}

bool virtio_gpu_loaded(VirtioGpu *g, char **error)
{
    return virtio_gpu_resources_loaded(g, error) && virtio_gpu_scanouts_loaded(g, error);
}
