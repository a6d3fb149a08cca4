// -smbios: what users put into the SMBIOS tables of a PC.
#ifndef HW_I386_SMBIOS_H
#define HW_I386_SMBIOS_H

#include "util/bits.h"

struct Machine;

#define SMBIOS_OEM_STRINGS 32

// type=N,key=value,... False with *error (the reason only). Before the board's finish.
bool smbios_add_option(struct Machine *m, const char *optarg, char **error);
// The value given for a key of a type, or def.
const char *smbios_text(struct Machine *m, unsigned type, const char *key, const char *def);
bool smbios_given(struct Machine *m, unsigned type); // an option named this type
// type=11,value=...: the n-th string, NULL after the last.
const char *smbios_oem_string(struct Machine *m, unsigned n);

#endif
