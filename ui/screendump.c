#include "ui/screendump.h"

#include <errno.h>
#include <glib.h>
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "ui/console.h"

bool screendump_format(const char *name, ScreendumpFormat *format)
{
    if (strcmp(name, "ppm") && strcmp(name, "png")) {
        return false;
    }
    *format = !strcmp(name, "png") ? SCREENDUMP_PNG : SCREENDUMP_PPM;
    return true;
}

ScreendumpFormat screendump_format_of(const char *file)
{
    return g_str_has_suffix(file, ".png") ? SCREENDUMP_PNG : SCREENDUMP_PPM;
}

static void rgb_line(const Surface *s, unsigned y, uint8_t *out)
{
    const uint32_t *line = surface_line(s, y);
    for (unsigned x = 0; x < s->width; x++) {
        out[3 * x] = (uint8_t)(line[x] >> 16);
        out[3 * x + 1] = (uint8_t)(line[x] >> 8);
        out[3 * x + 2] = (uint8_t)line[x];
    }
}

static bool save_ppm(const Surface *s, FILE *f, uint8_t *row)
{
    bool ok = fprintf(f, "P6\n%u %u\n255\n", s->width, s->height) > 0;
    for (unsigned y = 0; ok && y < s->height; y++) {
        rgb_line(s, y, row);
        ok = fwrite(row, 3, s->width, f) == s->width;
    }
    return ok;
}

// libpng leaves by longjmp when a write fails.
static bool save_png(const Surface *s, FILE *f, uint8_t *row)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info || setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        return false;
    }
    png_init_io(png, f);
    png_set_IHDR(png, info, s->width, s->height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (unsigned y = 0; y < s->height; y++) {
        rgb_line(s, y, row);
        png_write_row(png, row);
    }
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    return true;
}

bool surface_save(const Surface *s, const char *file, ScreendumpFormat format, char **error)
{
    FILE *f = fopen(file, "wb");
    if (!f) {
        *error = g_strdup(g_strerror(errno));
        return false;
    }
    uint8_t *row = g_malloc(3 * (size_t)s->width);
    errno = 0;
    bool ok = format == SCREENDUMP_PNG ? save_png(s, f, row) : save_ppm(s, f, row);
    ok = !fclose(f) && ok;
    g_free(row);
    if (!ok) {
        *error = g_strdup(errno ? g_strerror(errno) : "the picture cannot be written");
    }
    return ok;
}

bool screendump(struct Machine *m, unsigned console, const char *file, ScreendumpFormat format,
                char **error)
{
    Console *c = console_get(m, console);
    if (!c) {
        *error = g_strdup_printf("there is no display %u", console);
        return false;
    }
    return surface_save(console_update(c), file, format, error);
}
