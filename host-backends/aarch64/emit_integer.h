// Between the emitters of integers and of flags.
#ifndef HOST_BACKENDS_AARCH64_EMIT_INTEGER_H
#define HOST_BACKENDS_AARCH64_EMIT_INTEGER_H

#include "host-backends/aarch64/emit_flags.h"

// f is made by op on 32 or 64 bits, and value with it unless that is IR_NONE. y: not for
// FLAGS_TEST.
void nz_operation(Emit *e, FlagsOp op, bool wide, IRRef x, IRRef y, IRRef value, IRRef f);

#endif
