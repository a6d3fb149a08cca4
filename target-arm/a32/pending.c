// Stands in for T32's instructions until they are there (weak: theirs win).
#include "target-arm/a32/a32.h"

#define WEAK __attribute__((weak))

WEAK const ArmInsnSet t32_set = {.name = "T32", .bits = 32, .index = {{20, 8}, {4, 4}}};
WEAK const ArmInsnSet t16_set = {.name = "T16", .bits = 16, .index = {{6, 10}, {0, 0}}};
