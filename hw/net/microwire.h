// A serial EEPROM of 64 words on three wires (93C46): what network cards keep their address in.
// Only reading; a card's driver does that bit by bit.
#ifndef HW_NET_MICROWIRE_H
#define HW_NET_MICROWIRE_H

#include "hw/core/state.h"

#define MICROWIRE_WORDS 64

typedef struct Microwire {
    uint16_t word[MICROWIRE_WORDS]; // fixed
    // --- state
    bool clock;     // as it was last
    bool reading;   // a read command came: data goes out
    uint8_t came;   // bits of the command
    uint16_t shift; // these bits
    uint16_t out;   // 1 + number of the data bit on the output; 0: the zero before the first
} Microwire;

extern const StateField microwire_fields[];
void microwire_reset(Microwire *m);
// The wires' levels.
void microwire_write(Microwire *m, bool select, bool clock, bool data);
bool microwire_read(const Microwire *m);

#endif
