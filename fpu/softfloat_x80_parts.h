// What the files of softfloat_x80 share.
#ifndef FPU_SOFTFLOAT_X80_PARTS_H
#define FPU_SOFTFLOAT_X80_PARTS_H

#include "fpu/softfloat_parts.h"
#include "fpu/softfloat_x80.h"

SfParts sf_x80_unpack(SfX80 a); // denormals normalised
SfX80 sf_x80_zero(bool sign);
SfX80 sf_x80_inf(bool sign);
SfX80 sf_x80_divide_by_zero(SfX80Status *s, bool sign); // an infinity

#endif
