// Compressed clusters: read only; a write puts an ordinary cluster in their place.
#include "block/qcow2.h"

#include <errno.h>
#include <zlib.h>
#if CONFIG_ZSTD
#include <zstd.h>
#endif

// What is behind the stream in its last sector is not looked at.
static bool unpack_zlib(Qcow2 *q, const uint8_t *from, uint64_t len)
{
    z_stream z = {.next_in = (uint8_t *)(uintptr_t)from,
                  .avail_in = (uInt)len,
                  .next_out = q->inflated,
                  .avail_out = (uInt)q->cluster};
    if (inflateInit2(&z, -12) != Z_OK) {
        return false;
    }
    int r = inflate(&z, Z_FINISH);
    inflateEnd(&z);
    return (r == Z_STREAM_END || r == Z_BUF_ERROR) && z.avail_out == 0;
}

#if CONFIG_ZSTD
static bool unpack_zstd(Qcow2 *q, const uint8_t *from, uint64_t len)
{
    ZSTD_DCtx *d = ZSTD_createDCtx();
    ZSTD_inBuffer in = {from, len, 0};
    ZSTD_outBuffer out = {q->inflated, q->cluster, 0};
    size_t r = 1;
    while (d && r && out.pos < out.size && in.pos < in.size && !ZSTD_isError(r)) {
        r = ZSTD_decompressStream(d, &out, &in);
    }
    ZSTD_freeDCtx(d);
    return d && !ZSTD_isError(r) && out.pos == out.size;
}
#endif

static bool unpack(Qcow2 *q, const uint8_t *from, uint64_t len)
{
#if CONFIG_ZSTD
    if (q->compression) {
        return unpack_zstd(q, from, len);
    }
#endif
    return unpack_zlib(q, from, len);
}

int q_inflate(Qcow2 *q, uint64_t entry, const uint8_t **bytes)
{
    uint64_t off, len;
    if (!q->inflated) {
        q->inflated = g_malloc(q->cluster);
        q->packed = g_malloc(q->cluster * 2); // the largest len
    }
    *bytes = q->inflated;
    if (q->inflated_entry == entry) {
        return 0;
    }
    q_compressed_place(q, entry, &off, &len);
    q->inflated_entry = 0; // compressed entries have bit 62 set
    int err = q_read(q, off, q->packed, len);
    if (!err && !unpack(q, q->packed, len)) {
        err = BLOCK_EPACKED;
    }
    if (!err) {
        q->inflated_entry = entry;
    }
    return err;
}
