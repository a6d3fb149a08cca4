#include "util/log.h"

#include <glib.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FILTERS 16

struct Log {
    FILE *out;
    uint32_t enabled;
    uint64_t count[LOG_CATEGORIES];
    bool timestamps;
    unsigned n_filters;
    struct {
        uint64_t lo, hi;
    } filter[MAX_FILTERS];
};

static const char *const category_names[LOG_CATEGORIES] = {
    [LOG_IN_ASM] = "in_asm",   [LOG_OP] = "op",       [LOG_OP_OPT] = "op_opt",
    [LOG_OUT_ASM] = "out_asm", [LOG_INT] = "int",     [LOG_MMU] = "mmu",
    [LOG_EXEC] = "exec",       [LOG_UNIMP] = "unimp", [LOG_GUEST_ERRORS] = "guest_errors",
    [LOG_VNC] = "vnc",
};

Log *log_get(void)
{
    static Log log;
    return &log;
}

static void list_categories(void)
{
    printf("log items (-d), separated by commas:\n");
    for (int i = 0; i < LOG_CATEGORIES; i++) {
        printf("  %s\n", category_names[i]);
    }
}

static bool enable_category(Log *log, const char *name, size_t len)
{
    for (int i = 0; i < LOG_CATEGORIES; i++) {
        if (strlen(category_names[i]) == len && !memcmp(category_names[i], name, len)) {
            log->enabled |= 1u << i;
            return true;
        }
    }
    return false;
}

bool log_set_categories(const char *items)
{
    if (!strcmp(items, "help") || !strcmp(items, "?")) {
        list_categories();
        return false;
    }
    while (*items) {
        size_t len = strcspn(items, ",");
        if (!enable_category(log_get(), items, len)) {
            return false;
        }
        items += len + (items[len] == ',');
    }
    return true;
}

void log_clear_categories(void)
{
    log_get()->enabled = 0;
}

bool log_set_file(const char *path)
{
    FILE *f = fopen(path, "w");
    if (!f) {
        return false;
    }
    log_get()->out = f;
    return true;
}

// One range: "lo..hi", "start+len" or "start-len".
static bool parse_range(const char *s, uint64_t *lo, uint64_t *hi, const char **rest)
{
    char *end;
    uint64_t a = strtoull(s, &end, 0);
    if (end == s) {
        return false;
    }
    char kind = *end;
    end += (kind == '.') ? 2 : 1;
    char *end2;
    uint64_t b = strtoull(end, &end2, 0);
    if (end2 == end || (*end2 && *end2 != ',')) {
        return false;
    }
    *rest = end2;
    switch (kind) {
    case '.':
        *lo = a;
        *hi = b;
        return true;
    case '+':
        *lo = a;
        *hi = a + b - 1;
        return b != 0;
    case '-':
        *lo = a - b + 1;
        *hi = a;
        return b != 0;
    default:
        return false;
    }
}

bool log_set_filter(const char *ranges)
{
    Log *log = log_get();
    while (*ranges) {
        const char *rest;
        if (log->n_filters == MAX_FILTERS) {
            return false;
        }
        if (!parse_range(ranges, &log->filter[log->n_filters].lo, &log->filter[log->n_filters].hi,
                         &rest)) {
            return false;
        }
        log->n_filters++;
        ranges = rest + (*rest == ',');
    }
    return true;
}

bool log_enabled(LogCategory c)
{
    return log_get()->enabled & (1u << c);
}

bool log_addr_in_filter(uint64_t addr)
{
    const Log *log = log_get();
    for (unsigned i = 0; i < log->n_filters; i++) {
        if (addr >= log->filter[i].lo && addr <= log->filter[i].hi) {
            return true;
        }
    }
    return log->n_filters == 0;
}

void log_printf(LogCategory c, const char *fmt, ...)
{
    Log *log = log_get();
    log->count[c]++;
    if (!log_enabled(c)) {
        return;
    }
    va_list ap;
    va_start(ap, fmt);
    vfprintf(log->out ? log->out : stderr, fmt, ap);
    va_end(ap);
}

void log_set_timestamps(bool on)
{
    log_get()->timestamps = on;
}

uint64_t log_count(LogCategory c)
{
    return log_get()->count[c];
}

void log_flush(void)
{
    if (log_get()->out) {
        fflush(log_get()->out);
    }
}

// One line, whatever a file's name or contents have brought into the message.
static void vreport(const char *fmt, va_list ap)
{
    char *text = g_strdup_vprintf(fmt, ap);
    for (char *p = text; *p; p++) {
        *p = g_ascii_iscntrl(*p) ? '?' : *p;
    }
    if (log_get()->timestamps) {
        GDateTime *now = g_date_time_new_now_utc();
        char *stamp = g_date_time_format(now, "%FT%T.%fZ ");
        fputs(stamp, stderr);
        g_free(stamp);
        g_date_time_unref(now);
    }
    fprintf(stderr, "mimus: %s\n", text);
    g_free(text);
}

void report(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vreport(fmt, ap);
    va_end(ap);
}

void die(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vreport(fmt, ap);
    va_end(ap);
    exit(1);
}
