#include "hw/net/microwire.h"

#include "util/log.h"

#define COMMAND_BITS 9 // start bit, two of operation, six of address
#define READ         6 // start bit and operation
#define DATA_BITS    (MICROWIRE_WORDS * 16)

const StateField microwire_fields[] = {
    STATE_BOOL(Microwire, clock), STATE_BOOL(Microwire, reading), STATE_U8(Microwire, came),
    STATE_U16(Microwire, shift),  STATE_U16(Microwire, out),      STATE_END,
};

void microwire_reset(Microwire *m)
{
    m->clock = m->reading = false;
    m->came = 0;
    m->shift = m->out = 0;
}

static void command_bit(Microwire *m, bool data)
{
    m->shift = (uint16_t)(m->shift << 1 | data);
    if (!m->shift || ++m->came < COMMAND_BITS) { // or the start bit has not come yet
        return;
    }
    if (m->shift >> 6 == READ) {
        m->out = (uint16_t)((m->shift & 63) * 16); // the next clock brings its first bit
        m->reading = true;
    } else if (m->came == COMMAND_BITS) {
        log_printf(LOG_UNIMP, "eeprom: command 0x%x\n", m->shift >> 6 & 7);
    }
    m->came = COMMAND_BITS;
}

void microwire_write(Microwire *m, bool select, bool clock, bool data)
{
    bool rose = clock && !m->clock;
    if (!select) {
        microwire_reset(m);
    } else if (rose && m->reading) {
        m->out = (uint16_t)(m->out % DATA_BITS + 1); // word after word
    } else if (rose) {
        command_bit(m, data);
    }
    m->clock = clock;
}

bool microwire_read(const Microwire *m)
{
    if (!m->reading) {
        return true; // ready
    }
    if (!m->out) {
        return false;
    }
    unsigned bit = (m->out - 1u) % DATA_BITS;
    return m->word[bit / 16] >> (15 - bit % 16) & 1;
}
