// The queue of a PS/2 device (IBM PS/2 technical reference, "Keyboard" and "Mouse").
#include "hw/input/ps2.h"

#include <assert.h>
#include <string.h>

const StateField ps2_wire_fields[] = {
    STATE_U8_ARRAY(Ps2Wire, queue, PS2_QUEUE),
    STATE_U8(Ps2Wire, head),
    STATE_U8(Ps2Wire, count),
    STATE_U8_ARRAY(Ps2Wire, reply, PS2_REPLY),
    STATE_U8(Ps2Wire, reply_head),
    STATE_U8(Ps2Wire, reply_count),
    STATE_U8(Ps2Wire, last),
    STATE_U8(Ps2Wire, command),
    STATE_END,
};

bool ps2_wire_loaded(const Ps2Wire *w)
{
    return w->head < PS2_QUEUE && w->count <= PS2_QUEUE && w->reply_head < PS2_REPLY &&
           w->reply_count <= PS2_REPLY;
}

bool ps2_has_data(const Ps2Wire *w)
{
    return w->reply_count || w->count;
}

uint8_t ps2_read(Ps2Wire *w)
{
    if (w->reply_count) {
        w->last = w->reply[w->reply_head];
        w->reply_head = (w->reply_head + 1) % PS2_REPLY;
        w->reply_count--;
    } else if (w->count) {
        w->last = w->queue[w->head];
        w->head = (w->head + 1) % PS2_QUEUE;
        w->count--;
    }
    return w->last;
}

// A guest that sends commands without reading answers loses the answers.
void ps2_reply(Ps2Wire *w, uint8_t v)
{
    if (w->reply_count < PS2_REPLY) {
        w->reply[(w->reply_head + w->reply_count) % PS2_REPLY] = v;
        w->reply_count++;
    }
    w->ready(w->opaque);
}

unsigned ps2_room(const Ps2Wire *w)
{
    return PS2_QUEUE - w->count;
}

void ps2_send(Ps2Wire *w, const uint8_t *bytes, unsigned n)
{
    assert(n <= ps2_room(w));
    for (unsigned i = 0; i < n; i++) {
        w->queue[(w->head + w->count) % PS2_QUEUE] = bytes[i];
        w->count++;
    }
    w->ready(w->opaque);
}

void ps2_clear(Ps2Wire *w)
{
    w->count = w->reply_count = 0;
}
