// Resources of the virtio graphics device: pictures and where the guest's copies of them are.
#include <inttypes.h>
#include <string.h>

#include "hw/core/machine.h"
#include "hw/display/virtio_gpu.h"

// --- formats (5.7.6.8), named by the bytes in memory

static const VirtioGpuFormat formats[] = {
    {1, 16, 8, 0, 24},   // B8G8R8A8
    {2, 16, 8, 0, 24},   // B8G8R8X8
    {3, 8, 16, 24, 0},   // A8R8G8B8
    {4, 8, 16, 24, 0},   // X8R8G8B8
    {67, 0, 8, 16, 24},  // R8G8B8A8
    {68, 24, 16, 8, 0},  // X8B8G8R8
    {121, 24, 16, 8, 0}, // A8B8G8R8
    {134, 0, 8, 16, 24}, // R8G8B8X8
};
#define PIXEL 4

const VirtioGpuFormat *virtio_gpu_format(uint32_t number)
{
    for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
        if (formats[i].number == number) {
            return &formats[i];
        }
    }
    return NULL;
}

// --- the table

const StateField virtio_gpu_resource_fields[] = {
    STATE_U32(VirtioGpuResource, id, .keep = true),
    STATE_U32(VirtioGpuResource, format, .keep = true),
    STATE_U32(VirtioGpuResource, width, .keep = true),
    STATE_U32(VirtioGpuResource, height, .keep = true),
    STATE_BUFFER(VirtioGpuResource, data, data_len, .keep = true),
    STATE_BUFFER(VirtioGpuResource, backing, backing_len, .keep = true),
    STATE_END,
};

static VirtioGpuResource *find(VirtioGpu *g, uint32_t id)
{
    for (unsigned i = 0; i < VIRTIO_GPU_RESOURCES; i++) {
        if (g->resource[i].id == id) {
            return &g->resource[i];
        }
    }
    return NULL;
}

VirtioGpuResource *virtio_gpu_resource(VirtioGpu *g, uint32_t id)
{
    return id ? find(g, id) : NULL;
}

static VirtioGpuResource *wanted(VirtioGpu *g, uint32_t id, const char *what)
{
    VirtioGpuResource *r = virtio_gpu_resource(g, id);
    if (!r) {
        virtio_gpu_guest_error(g, "%s: there is no resource %u", what, id);
    }
    return r;
}

static uint64_t memory_used(const VirtioGpu *g)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < VIRTIO_GPU_RESOURCES; i++) {
        n += g->resource[i].data_len;
    }
    return n;
}

static void clear(VirtioGpuResource *r)
{
    g_free(r->data);
    g_free(r->backing);
    *r = (VirtioGpuResource){0};
}

void virtio_gpu_free_resources(VirtioGpu *g)
{
    for (unsigned i = 0; i < VIRTIO_GPU_RESOURCES; i++) {
        clear(&g->resource[i]);
    }
}

// Resource, format, width, height.
VirtioGpuAnswer virtio_gpu_create_2d(VirtioGpu *g, const uint32_t *arg)
{
    uint32_t id = arg[0], width = arg[2], height = arg[3];
    if (!id || find(g, id)) {
        virtio_gpu_guest_error(g, "create: resource %u %s", id, id ? "exists" : "is none");
        return GPU_ERR_RESOURCE;
    }
    if (!virtio_gpu_format(arg[1]) || !width || !height || width > SURFACE_MAX_SIDE ||
        height > SURFACE_MAX_SIDE) {
        virtio_gpu_guest_error(g, "create: format %u, %u x %u", arg[1], width, height);
        return GPU_ERR_PARAMETER;
    }
    uint64_t size = (uint64_t)width * height * PIXEL;
    VirtioGpuResource *r = find(g, 0);
    uint8_t *data = NULL;
    if (r && size <= g->max_hostmem && memory_used(g) <= g->max_hostmem - size) {
        data = g_try_malloc0(size);
    }
    if (!data) {
        virtio_gpu_guest_error(g, "create: %u x %u is beyond max_hostmem=%" PRIu64 "%s", width,
                               height, g->max_hostmem, r ? "" : " (too many resources)");
        return GPU_ERR_OUT_OF_MEMORY;
    }
    *r = (VirtioGpuResource){id, arg[1], width, height, data, size, NULL, 0};
    return GPU_OK;
}

VirtioGpuAnswer virtio_gpu_unref(VirtioGpu *g, const uint32_t *arg)
{
    VirtioGpuResource *r = wanted(g, arg[0], "unref");
    if (!r) {
        return GPU_ERR_RESOURCE;
    }
    virtio_gpu_resource_gone(g, r->id);
    clear(r);
    return GPU_OK;
}

// --- the guest's memory

static bool pieces_in_ram(VirtioGpu *g, const VirtioGpuPiece *p, uint32_t n)
{
    AddressSpace *as = g->v.owner->machine->memory;
    for (uint32_t i = 0; i < n; i++) {
        if (!p[i].len || !mem_dma(as, p[i].addr, p[i].len)) {
            virtio_gpu_guest_error(g, "attach: memory at 0x%" PRIx64 ", %u bytes, is not RAM",
                                   p[i].addr, p[i].len);
            return false;
        }
    }
    return true;
}

#define ATTACH_HEADER 32 // bytes before the pieces

// Resource, number of pieces, and the pieces.
VirtioGpuAnswer virtio_gpu_attach(VirtioGpu *g, const uint32_t *arg)
{
    VirtioGpuResource *r = wanted(g, arg[0], "attach");
    uint32_t n = arg[1];
    if (!r) {
        return GPU_ERR_RESOURCE;
    }
    if (r->backing || !n || n > VIRTIO_GPU_MAX_PIECES) {
        virtio_gpu_guest_error(g, "attach: resource %u, %u pieces%s", r->id, n,
                               r->backing ? " (it has some already)" : "");
        return GPU_ERR_UNSPEC;
    }
    size_t len = n * sizeof(VirtioGpuPiece);
    VirtioGpuPiece *p = g_malloc(len);
    if (virtelem_read(g->elem, ATTACH_HEADER, p, len) != len || !pieces_in_ram(g, p, n)) {
        virtio_gpu_guest_error(g, "attach: resource %u, %u pieces", r->id, n);
        g_free(p);
        return GPU_ERR_UNSPEC;
    }
    r->backing = (uint8_t *)p;
    r->backing_len = len;
    return GPU_OK;
}

VirtioGpuAnswer virtio_gpu_detach(VirtioGpu *g, const uint32_t *arg)
{
    VirtioGpuResource *r = wanted(g, arg[0], "detach");
    if (!r || !r->backing) {
        return r ? GPU_ERR_UNSPEC : GPU_ERR_RESOURCE;
    }
    g_free(r->backing);
    r->backing = NULL;
    r->backing_len = 0;
    return GPU_OK;
}

// --- transfers. Bytes are taken in ascending order, so that pieces are looked up once each.

typedef struct Source {
    AddressSpace *as;
    const VirtioGpuPiece *piece, *end;
    uint64_t start;      // of the piece, in the resource's memory
    const uint8_t *host; // of the piece, or NULL if not looked up
} Source;

static bool copy_from(Source *s, uint64_t offset, uint8_t *to, uint64_t len)
{
    while (len) {
        while (s->piece < s->end && offset >= s->start + s->piece->len) {
            s->start += s->piece->len;
            s->piece++;
            s->host = NULL;
        }
        if (s->piece == s->end) {
            return false;
        }
        s->host = s->host ? s->host : mem_dma(s->as, s->piece->addr, s->piece->len);
        if (!s->host) {
            return false;
        }
        uint64_t skip = offset - s->start, n = MIN_OF(len, s->piece->len - skip);
        memcpy(to, s->host + skip, n);
        offset += n;
        to += n;
        len -= n;
    }
    return true;
}

bool virtio_gpu_inside(const VirtioGpuResource *r, const uint32_t *rect)
{
    return (uint64_t)rect[0] + rect[2] <= r->width && (uint64_t)rect[1] + rect[3] <= r->height;
}

// x, y, width, height, offset (64 bits) of the first pixel in the guest's memory, resource. Lines
// are as far apart there as the resource is wide.
VirtioGpuAnswer virtio_gpu_transfer(VirtioGpu *g, const uint32_t *arg)
{
    VirtioGpuResource *r = wanted(g, arg[6], "transfer");
    uint64_t offset = arg[4] | (uint64_t)arg[5] << 32;
    if (!r) {
        return GPU_ERR_RESOURCE;
    }
    if (!r->backing || !virtio_gpu_inside(r, arg) || offset > UINT64_MAX / 2) {
        virtio_gpu_guest_error(g, "transfer: %u,%u %u x %u to resource %u of %u x %u%s", arg[0],
                               arg[1], arg[2], arg[3], r->id, r->width, r->height,
                               r->backing ? "" : ", which has no memory");
        return r->backing ? GPU_ERR_PARAMETER : GPU_ERR_UNSPEC;
    }
    const VirtioGpuPiece *p = (const VirtioGpuPiece *)(const void *)r->backing;
    Source s = {.as = g->v.owner->machine->memory, .piece = p};
    s.end = p + r->backing_len / sizeof *p;
    uint64_t stride = (uint64_t)r->width * PIXEL, len = (uint64_t)arg[2] * PIXEL, lines = arg[3];
    if (len == stride) {
        len *= lines;
        lines = MIN_OF(lines, 1u);
    }
    uint8_t *to = r->data + arg[1] * stride + (uint64_t)arg[0] * PIXEL;
    for (uint64_t y = 0; y < lines; y++) {
        if (!copy_from(&s, offset + y * stride, to + y * stride, len)) {
            virtio_gpu_guest_error(g, "transfer: the memory of resource %u is too short", r->id);
            return GPU_ERR_PARAMETER;
        }
    }
    return GPU_OK;
}

// --- loading

static bool loaded_one(const VirtioGpu *g, const VirtioGpuResource *r)
{
    if (!r->id) {
        return !r->data_len && !r->backing_len;
    }
    return virtio_gpu_format(r->format) && r->width && r->height && r->width <= SURFACE_MAX_SIDE &&
           r->height <= SURFACE_MAX_SIDE && r->data_len == (uint64_t)r->width * r->height * PIXEL &&
           r->backing_len % sizeof(VirtioGpuPiece) == 0 &&
           r->backing_len / sizeof(VirtioGpuPiece) <= VIRTIO_GPU_MAX_PIECES &&
           memory_used(g) <= g->max_hostmem;
}

bool virtio_gpu_resources_loaded(VirtioGpu *g, char **error)
{
    for (unsigned i = 0; i < VIRTIO_GPU_RESOURCES; i++) {
        if (!loaded_one(g, &g->resource[i])) {
            *error = g_strdup_printf("virtio-gpu: resource %u is not one", g->resource[i].id);
            return false;
        }
    }
    return true;
}
