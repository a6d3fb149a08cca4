// What network cards do for drivers that hand over packets in the rough: checksums and cutting
// large TCP packets into segments. Everything is checked: lengths and offsets come from a guest.
#ifndef NET_SEGMENT_H
#define NET_SEGMENT_H

#include "util/bits.h"

// Where the headers of a packet are, as a driver says. Offsets are from the packet's start.
typedef struct SegmentPlan {
    bool ip_checksum, l4_checksum;     // to be filled in
    bool cut;                          // into segments of mss bytes of payload
    bool ipv4, tcp;                    // with cut: what is counted on in headers
    size_t ip_start, ip_field, ip_end; // covered; end 0: to the packet's end, otherwise inclusive
    size_t l4_start, l4_field, l4_end;
    size_t header_len, mss;
} SegmentPlan;

// Sends the packet, in one or several pieces of at most max bytes, through send. The packet and
// `scratch` (of max bytes) are written to. False: the plan does not fit the packet; nothing was
// sent.
bool segment_send(uint8_t *packet, size_t len, const SegmentPlan *plan, uint8_t *scratch,
                  size_t max, void (*send)(void *opaque, const uint8_t *packet, size_t len),
                  void *opaque);

#endif
