// Finds the known name that a mistyped one is closest to, for error messages.
#ifndef UTIL_NEAREST_H
#define UTIL_NEAREST_H

#include "util/bits.h"

// Edits (insert, delete, replace, swap of neighbours) between two names, case ignored.
unsigned nearest_distance(const char *a, const char *b);

// Feed candidates one by one, then ask for the answer.
typedef struct Nearest {
    const char *wanted;
    const char *best; // borrowed from the candidates
    unsigned distance;
    char all[240]; // the candidates; empty if they do not fit
    bool too_many;
} Nearest;

void nearest_init(Nearest *n, const char *wanted);
void nearest_add(Nearest *n, const char *candidate); // NULL is ignored
// The closest candidate, or NULL if none is close enough to be what was meant.
const char *nearest_result(const Nearest *n);
// " (did you mean 'x'?)" or "": to append to a message. g_free it.
char *nearest_hint(const Nearest *n);
// The same; if none is close enough, " (accepted: a, b, c)" with all candidates, unless they are
// many.
char *nearest_hint_or_all(const Nearest *n);

#endif
