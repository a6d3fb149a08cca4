// A console's picture as a file: what `screendump` and -screendump write.
#ifndef UI_SCREENDUMP_H
#define UI_SCREENDUMP_H

#include "ui/surface.h"

struct Machine;

typedef enum ScreendumpFormat { SCREENDUMP_PPM, SCREENDUMP_PNG } ScreendumpFormat;

// "ppm" or "png".
bool screendump_format(const char *name, ScreendumpFormat *format);
// By the file name's ending: .png, otherwise PPM.
ScreendumpFormat screendump_format_of(const char *file);
// False with *error, without the file's name.
bool surface_save(const Surface *s, const char *file, ScreendumpFormat format, char **error);
// The n-th console's picture as of now.
bool screendump(struct Machine *m, unsigned console, const char *file, ScreendumpFormat format,
                char **error);

#endif
