#include "util/nearest.h"

#include <glib.h>
#include <string.h>

#define MAX_NAME 64

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    return MIN_OF(a, MIN_OF(b, c));
}

// Optimal string alignment: three rows of the distance matrix are enough.
unsigned nearest_distance(const char *a, const char *b)
{
    unsigned rows[3][MAX_NAME + 1];
    size_t la = strlen(a), lb = strlen(b);
    if (la > MAX_NAME || lb > MAX_NAME) {
        return MAX_NAME;
    }
    unsigned *before = rows[0], *prev = rows[1], *cur = rows[2];
    for (size_t j = 0; j <= lb; j++) {
        prev[j] = (unsigned)j;
    }
    for (size_t i = 1; i <= la; i++) {
        cur[0] = (unsigned)i;
        for (size_t j = 1; j <= lb; j++) {
            char x = g_ascii_tolower(a[i - 1]), y = g_ascii_tolower(b[j - 1]);
            cur[j] = least(prev[j] + 1, cur[j - 1] + 1, prev[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == g_ascii_tolower(b[j - 2]) &&
                y == g_ascii_tolower(a[i - 2])) {
                cur[j] = MIN_OF(cur[j], before[j - 2] + 1);
            }
        }
        unsigned *t = before;
        before = prev;
        prev = cur;
        cur = t;
    }
    return prev[lb];
}

void nearest_init(Nearest *n, const char *wanted)
{
    *n = (Nearest){.wanted = wanted, .distance = MAX_NAME};
}

void nearest_add(Nearest *n, const char *candidate)
{
    if (!candidate) {
        return;
    }
    const char *between = n->all[0] ? ", " : "";
    n->too_many |= strlen(n->all) + strlen(between) + strlen(candidate) >= sizeof(n->all);
    if (!n->too_many) {
        g_strlcat(n->all, between, sizeof(n->all));
        g_strlcat(n->all, candidate, sizeof(n->all));
    }
    unsigned d = nearest_distance(n->wanted, candidate);
    // "virtio-net" means "virtio-net-pci" more than anything of the same length.
    size_t len = strlen(n->wanted);
    if (len >= 3 && !strncmp(candidate, n->wanted, len)) {
        d = MIN_OF(d, 1);
    }
    if (d < n->distance) {
        n->distance = d;
        n->best = candidate;
    }
}

const char *nearest_result(const Nearest *n)
{
    unsigned limit = 1 + (unsigned)strlen(n->wanted) / 3;
    return n->best && n->distance <= limit ? n->best : NULL;
}

char *nearest_hint(const Nearest *n)
{
    const char *best = nearest_result(n);
    return best ? g_strdup_printf(" (did you mean '%s'?)", best) : g_strdup("");
}

char *nearest_hint_or_all(const Nearest *n)
{
    if (nearest_result(n) || n->too_many || !n->all[0]) {
        return nearest_hint(n);
    }
    return g_strdup_printf(" (accepted: %s)", n->all);
}
