// Reads kernels, executables and raw files into memory images, which a board copies into guest
// memory at each reset. Files are not trusted: every size and offset is checked.
#ifndef HW_CORE_LOADER_H
#define HW_CORE_LOADER_H

#include "hw/core/memory.h"

typedef struct LoadSegment {
    uint64_t addr;
    uint8_t *data; // g_malloc'd, NULL if file_size is 0
    uint64_t file_size;
    uint64_t mem_size; // the rest is zeroed
} LoadSegment;

typedef enum ImageKind { IMAGE_RAW, IMAGE_ELF, IMAGE_LINUX } ImageKind;

typedef struct LoadImage {
    ImageKind kind;
    unsigned n_segments;
    LoadSegment *segment;
    uint64_t entry;
    uint64_t low, high; // addresses it occupies: low .. high - 1, of all segments
} LoadImage;

// All return NULL with *error, one line that names the file and the reason.

// Bytes of a file, at most max. *len is set.
uint8_t *load_file(const char *path, uint64_t max, uint64_t *len, char **error);
// A file at an address.
LoadImage *load_raw(const char *path, uint64_t addr, uint64_t max, char **error);
// ELF64 executable for the machine (EM_*), segments at their physical addresses.
LoadImage *load_elf64(const char *path, unsigned elf_machine, uint64_t max, char **error);
bool load_is_elf(const char *path);
// An arm64 kernel: Linux "Image", the same compressed by gzip, EFI zboot, or an ELF64 executable.
LoadImage *load_arm64_kernel(const char *path, uint64_t ram_base, uint64_t ram_size, char **error);
// A kernel of 32-bit Arm: zImage or raw Image, uImage, ELF executable.
LoadImage *load_arm_kernel(const char *path, uint64_t ram_base, uint64_t ram_size, char **error);
void load_free(LoadImage *image);

// False with *error unless each segment lies in RAM.
bool load_fits(const LoadImage *image, const char *path, AddressSpace *as, char **error);
void load_write(const LoadImage *image, AddressSpace *as);

// --- pieces, for tests
// Decompresses gzip data to at most max bytes; name is for the error.
uint8_t *load_gunzip(const char *name, const uint8_t *data, uint64_t len, uint64_t max,
                     uint64_t *out_len, char **error);
LoadImage *load_elf64_bytes(const char *name, const uint8_t *data, uint64_t len,
                            unsigned elf_machine, char **error);
// Either class.
LoadImage *load_elf_bytes(const char *name, const uint8_t *data, uint64_t len, unsigned elf_machine,
                          char **error);
// Copies the first max bytes of a note's value, zeroes after its end; false if there is none. The
// file has passed load_elf_bytes.
bool load_elf_note(const uint8_t *data, uint64_t len, const char *owner, uint32_t type, void *value,
                   uint64_t max);
// Takes data over.
LoadImage *load_arm_bytes(const char *name, uint8_t *data, uint64_t len, uint64_t ram_base,
                          uint64_t ram_size, char **error);
LoadImage *load_arm64_bytes(const char *name, uint8_t *data, uint64_t len, uint64_t ram_base,
                            uint64_t ram_size, char **error);

#endif
