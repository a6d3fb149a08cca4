// The few functions of glib that the code under test uses, for programs without foreign libraries.
#define _GNU_SOURCE
#include <glib.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/log.h"

#undef g_free
#undef g_string_append
#undef g_string_append_c
#undef g_string_free
#undef g_strdup

static void *or_die(void *p, gsize n)
{
    if (!p && n) {
        abort();
    }
    return p;
}

void *g_malloc(gsize n)
{
    return n ? or_die(malloc(n), n) : NULL;
}
void *g_malloc0(gsize n)
{
    return n ? or_die(calloc(1, n), n) : NULL;
}
void *g_malloc_n(gsize n, gsize size)
{
    return g_malloc(n * size);
}
void *g_malloc0_n(gsize n, gsize size)
{
    return g_malloc0(n * size);
}
void *g_realloc(void *p, gsize n)
{
    if (!n) {
        free(p);
        return NULL;
    }
    return or_die(realloc(p, n), n);
}
void *g_realloc_n(void *p, gsize n, gsize size)
{
    return g_realloc(p, n * size);
}
void g_free(void *p)
{
    free(p);
}
void *g_memdup2(const void *p, gsize n)
{
    return memcpy(g_malloc(n), p, n);
}
char *g_strdup(const char *s)
{
    return s ? g_memdup2(s, strlen(s) + 1) : NULL;
}
char *g_strndup(const char *s, gsize n)
{
    return or_die(strndup(s, n), 1);
}
char *g_strdup_vprintf(const char *format, va_list args)
{
    char *s = NULL;
    return vasprintf(&s, format, args) < 0 ? NULL : s;
}
char *g_strdup_printf(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *s = g_strdup_vprintf(format, args);
    va_end(args);
    return s;
}

// --- strings
GString *g_string_new(const char *s)
{
    GString *g = g_malloc0(sizeof(*g));
    g->str = g_strdup("");
    return g_string_append(g, s ? s : "");
}
GString *g_string_append_len(GString *g, const char *s, gssize n)
{
    gsize len = n < 0 ? strlen(s) : (gsize)n;
    g->str = g_realloc(g->str, g->len + len + 1);
    memcpy(g->str + g->len, s, len);
    g->len += len;
    g->str[g->len] = 0;
    return g;
}
GString *g_string_append(GString *g, const char *s)
{
    return g_string_append_len(g, s, -1);
}
GString *g_string_append_c(GString *g, char c)
{
    return g_string_append_len(g, &c, 1);
}
void g_string_append_printf(GString *g, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *s = g_strdup_vprintf(format, args);
    va_end(args);
    g_string_append(g, s);
    free(s);
}
char *g_string_free(GString *g, gboolean all)
{
    char *s = all ? NULL : g->str;
    if (all) {
        free(g->str);
    }
    free(g);
    return s;
}
char *(g_string_free_and_steal)(GString *g)
{
    return g_string_free(g, FALSE);
}

// --- util/log.h
void die(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}
