// Between translate.c and exits.c.
#ifndef TARGET_ARM_A32_INTERNAL_H
#define TARGET_ARM_A32_INTERNAL_H

#include "target-arm/a32/a32.h"

// Beside pc: a stepped instruction whose condition has failed (not an address bit).
#define A32_PC_SKIPPED BIT(40)

// The condition of the current instruction is not known to hold; is known to fail.
bool a32_may_fail(const ArmCtx *c);
bool a32_never(const ArmCtx *c);
// Whether the block may have one more way out of its middle.
bool a32_room_for_exit(const ArmCtx *c);
// The block goes on at c->next.
void a32_exit_next(ArmCtx *c);
// The end of a step over a skipped instruction.
void a32_translate_skipped(ArmCtx *c);

#endif
