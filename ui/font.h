// 8 x 16 glyphs of text consoles.
#ifndef UI_FONT_H
#define UI_FONT_H

#include "util/bits.h"

#define FONT_WIDTH  8
#define FONT_HEIGHT 16

// Line y of a Unicode character, bit 7 leftmost. ASCII, frames and blocks are drawn; others are a
// hollow box.
uint8_t font_line(uint32_t ch, unsigned y);

#endif
