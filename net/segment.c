#include "net/segment.h"

#include <string.h>

#include "net/checksum.h"

#define TCP_SEQUENCE 4
#define TCP_FLAGS    13
#define TCP_LAST     0x09 // FIN and PSH: only in the last segment
#define UDP_LENGTH   4
#define MIN_MSS      64 // less is not honest, and would make packets without end

// Covered range [start, end), or false if it and its field do not lie in len bytes.
static bool range(size_t start, size_t field, size_t end, size_t len, size_t *count)
{
    end = end && end + 1 < len ? end + 1 : len;
    if (start >= end || field < start || field + 2 > end) {
        return false;
    }
    *count = end - start;
    return true;
}

static void fill_checksums(uint8_t *p, size_t len, const SegmentPlan *s)
{
    size_t count;
    if (s->ip_checksum && range(s->ip_start, s->ip_field, s->ip_end, len, &count)) {
        p[s->ip_field] = p[s->ip_field + 1] = 0;
        net_sum_finish(p + s->ip_start, count, s->ip_field - s->ip_start, false);
    }
    if (s->l4_checksum && range(s->l4_start, s->l4_field, s->l4_end, len, &count)) {
        net_sum_finish(p + s->l4_start, count, s->l4_field - s->l4_start, !s->tcp);
    }
}

static bool fits(const SegmentPlan *s, size_t len, size_t max)
{
    if (!s->cut) {
        return len <= max;
    }
    size_t l4_header = s->tcp ? TCP_FLAGS + 1u : UDP_LENGTH + 2u;
    return s->mss >= MIN_MSS && s->header_len <= len && s->header_len + s->mss <= max &&
           s->ip_start + (s->ipv4 ? 12u : 6u) <= s->header_len &&
           s->l4_start + l4_header <= s->header_len;
}

// Lengths, sequence numbers and flags of segment n, whose payload begins at `offset`.
static void fix_headers(uint8_t *p, size_t len, const SegmentPlan *s, unsigned n, size_t offset,
                        bool last)
{
    uint8_t *ip = p + s->ip_start, *l4 = p + s->l4_start;
    size_t l4_len = len - s->l4_start;
    if (s->ipv4) {
        net_put16(ip + 2, (unsigned)(len - s->ip_start));
        net_put16(ip + 4, net_get16(ip + 4) + n);
    } else {
        net_put16(ip + 4, (unsigned)(len - s->ip_start - MIN_OF(len - s->ip_start, (size_t)40)));
    }
    if (s->tcp) {
        net_put32(l4 + TCP_SEQUENCE, net_get32(l4 + TCP_SEQUENCE) + (uint32_t)offset);
        l4[TCP_FLAGS] &= last ? 0xff : (uint8_t)~TCP_LAST;
    } else {
        net_put16(l4 + UDP_LENGTH, (unsigned)l4_len);
    }
    // The pseudo header's sum came without the length.
    size_t count;
    if (s->l4_checksum && range(s->l4_start, s->l4_field, s->l4_end, len, &count)) {
        uint8_t *field = p + s->l4_field;
        net_put16(field, net_sum_fold((uint64_t)net_get16(field) + l4_len));
    }
}

bool segment_send(uint8_t *packet, size_t len, const SegmentPlan *plan, uint8_t *scratch,
                  size_t max, void (*send)(void *opaque, const uint8_t *packet, size_t len),
                  void *opaque)
{
    if (!fits(plan, len, max)) {
        return false;
    }
    if (!plan->cut) {
        fill_checksums(packet, len, plan);
        send(opaque, packet, len);
        return true;
    }
    size_t head = plan->header_len, payload = len - head, offset = 0;
    for (unsigned n = 0; offset < payload || !n; n++) {
        size_t part = MIN_OF(plan->mss, payload - offset);
        memcpy(scratch, packet, head);
        memcpy(scratch + head, packet + head + offset, part);
        fix_headers(scratch, head + part, plan, n, offset, offset + part == payload);
        fill_checksums(scratch, head + part, plan);
        send(opaque, scratch, head + part);
        offset += part;
    }
    return true;
}
