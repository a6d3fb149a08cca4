// Declared state as bytes, and back: what snapshots are made of.
//
//   INT     count x size bytes; bits outside the mask are 0
//   BYTES   the bytes
//   BUFFER  length:u64, bytes
//   TIMER   armed:u8 deadline:u64 order:u64
//   STRUCT  the fields of each element
//
// Numbers are little-endian. Nothing says which field is which: that is the layout, a text of one
// line a field, which has to be equal on both sides.
#ifndef HW_CORE_STATE_SAVE_H
#define HW_CORE_STATE_SAVE_H

#include <glib.h>
#include "hw/core/clock.h"
#include "hw/core/state.h"

void state_save(const StateDesc *d, void *obj, GByteArray *out); // calls d->saving
// "NAME VERSION", then the fields.
void state_layout(const StateDesc *d, GString *out);
// The first line in which two layouts differ, in words (g_free it); NULL: they are equal.
char *state_layout_difference(const char *here, const char *there);
// Whether the bytes have the form that state_load wants. False with *error: field and reason.
bool state_check(const StateDesc *d, const void *bytes, size_t len, char **error);
// Writes the fields; d->loaded is the caller's to call. Timers are not touched, but added to
// `timers` (TimerSetting), as what `loaded` does may move them. Only what state_check has accepted.
void state_load(const StateDesc *d, void *obj, const void *bytes, size_t len, GArray *timers);

#endif
