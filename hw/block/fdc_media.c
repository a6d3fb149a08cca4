// What disk an image is, by its size.
#include "hw/block/fdc_internal.h"

enum { DRIVE_360K = 1, DRIVE_1200K = 2, DRIVE_720K = 3, DRIVE_1440K = 4, DRIVE_2880K = 5 };
enum { RATE_500K = 0, RATE_300K = 1, RATE_250K = 2, RATE_1M = 3 };

static const FdcMedia media[] = {
    {2880, DRIVE_1440K, 80, 2, 18, RATE_500K}, // 3 1/2"
    {3200, DRIVE_1440K, 80, 2, 20, RATE_500K}, {3360, DRIVE_1440K, 80, 2, 21, RATE_500K},
    {3444, DRIVE_1440K, 82, 2, 21, RATE_500K}, {3486, DRIVE_1440K, 83, 2, 21, RATE_500K},
    {3680, DRIVE_1440K, 80, 2, 23, RATE_500K}, {3840, DRIVE_1440K, 80, 2, 24, RATE_500K},
    {5760, DRIVE_2880K, 80, 2, 36, RATE_1M},   {6240, DRIVE_2880K, 80, 2, 39, RATE_1M},
    {1440, DRIVE_1440K, 80, 2, 9, RATE_250K},  {1600, DRIVE_1440K, 80, 2, 10, RATE_250K},
    {1640, DRIVE_1440K, 82, 2, 10, RATE_250K}, {1660, DRIVE_1440K, 83, 2, 10, RATE_250K},
    {2400, DRIVE_1200K, 80, 2, 15, RATE_500K}, // 5 1/4"
    {720, DRIVE_1200K, 40, 2, 9, RATE_300K},   {640, DRIVE_1200K, 40, 2, 8, RATE_300K},
    {360, DRIVE_1200K, 40, 1, 9, RATE_300K},   {320, DRIVE_1200K, 40, 1, 8, RATE_300K},
};

// An odd size passes for the start of a 1.44 MB disk: what is missing cannot be read.
const FdcMedia *fdc_media_of(uint64_t bytes)
{
    for (size_t i = 0; i < ARRAY_LEN(media); i++) {
        if (media[i].sectors == bytes / FDC_SECTOR) {
            return &media[i];
        }
    }
    return bytes ? &media[0] : NULL;
}
