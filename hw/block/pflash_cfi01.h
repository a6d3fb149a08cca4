// Parallel NOR flash, as boards see it.
#ifndef HW_BLOCK_PFLASH_CFI01_H
#define HW_BLOCK_PFLASH_CFI01_H

#include "hw/core/device.h"

struct BlockDevice;

// size bytes at base: two 16-bit chips side by side. file may be NULL: the flash is then empty and
// forgets what is written. False with *error if the file does not fit.
Device *pflash_create(struct Machine *m, MemRegion *sysmem, const char *name, uint64_t base,
                      uint64_t size, struct BlockDevice *file, char **error);
// The same as one chip of bytes, with sectors of 4 KiB; size is a multiple of that.
Device *pflash_create_bytewise(struct Machine *m, MemRegion *sysmem, const char *name,
                               uint64_t base, uint64_t size, struct BlockDevice *file,
                               char **error);
// The contents, for -bios. The flash is then read-only.
uint8_t *pflash_contents(Device *d);
void pflash_set_readonly(Device *d);

#endif
