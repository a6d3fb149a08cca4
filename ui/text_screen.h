// Inside text consoles: cells, the cursor, and how they are drawn. Positions are clipped, so that
// no sequence of bytes reaches outside.
#ifndef UI_TEXT_SCREEN_H
#define UI_TEXT_SCREEN_H

#include "ui/console.h"

typedef struct TextPen {
    uint32_t front, back; // pixels
    bool bold, underline, inverse;
} TextPen;

typedef struct TextCell {
    uint32_t ch;
    TextPen pen;
} TextCell;

typedef struct TextScreen {
    unsigned columns, rows;
    TextCell *cell;         // rows * columns
    bool *dirty;            // rows that may differ from what was drawn
    TextCell *drawn;        // as the cells are on the surface
    TextCell *drawn_cursor; // that of them which the cursor is on, or NULL
    bool redraw;            // the surface holds something else
    unsigned x, y;          // of the cursor; x is columns after the last column was written
    unsigned top, bottom;   // scrolling region: rows top .. bottom - 1
    TextPen pen;
    bool no_wrap, cursor_hidden;
} TextScreen;

void text_screen_init(TextScreen *s, unsigned columns, unsigned rows);
void text_screen_free(TextScreen *s);
void text_screen_reset(TextScreen *s);
TextPen text_screen_plain(void);
uint32_t text_screen_colour(unsigned index); // of the usual 256
void text_screen_redraw(TextScreen *s);      // the surface holds something else
void text_screen_put(TextScreen *s, uint32_t ch);
void text_screen_move(TextScreen *s, int x, int y);
void text_screen_show_cursor(TextScreen *s, bool on);
void text_screen_line_feed(TextScreen *s);
void text_screen_reverse_line_feed(TextScreen *s);
void text_screen_scroll(TextScreen *s, int lines);       // up; down if negative
void text_screen_insert_lines(TextScreen *s, int lines); // at the cursor; negative: takes out
void text_screen_insert_cells(TextScreen *s, unsigned n);
void text_screen_delete_cells(TextScreen *s, unsigned n);
void text_screen_erase_cells(TextScreen *s, unsigned n);
void text_screen_erase(TextScreen *s, unsigned how); // 0: from the cursor on, 1: up to it, 2: all
void text_screen_erase_line(TextScreen *s, unsigned how);
void text_screen_draw(TextScreen *s, Surface *to);
char *text_screen_text(const TextScreen *s);

#endif
