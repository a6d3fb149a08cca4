// EDID 1.4: the block in which a monitor tells its modes.
#ifndef HW_DISPLAY_EDID_H
#define HW_DISPLAY_EDID_H

#include "util/bits.h"

#define EDID_SIZE     128
#define EDID_MAX_SIDE 4095u

typedef struct EdidInfo {
    unsigned width, height;         // preferred mode, pixels: 1 to 4095 each
    unsigned max_width, max_height; // of the standard modes that are told; 0: no limit
    const char *name;               // up to 13 letters
} EdidInfo;

void edid_make(const EdidInfo *e, uint8_t out[EDID_SIZE]);

#endif
