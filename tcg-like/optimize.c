// The pass pipeline.
//
//   forward -> fold -> dead_state -> dead_code -> lazy_flags -> check_elim
//
// Forwarding comes first, as it shows constants to the folder; dead_code closes the gaps that the
// others leave.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tcg-like/passes.h"
#include "util/log.h"

const IRPass ir_passes[] = {
    {"forward", ir_pass_forward},       {"fold", ir_pass_fold},
    {"dead_state", ir_pass_dead_state}, {"dead_code", ir_pass_dead_code},
    {"lazy_flags", ir_pass_lazy_flags}, {"check_elim", ir_pass_check_elim},
};
const unsigned ir_n_passes = ARRAY_LEN(ir_passes);

#ifdef MIMUS_DEBUG
static void verify_after(const IRBlock *b, const char *pass)
{
    char *problem = ir_verify(b);
    if (problem) {
        ir_print(b, stderr);
        die("pass %s made unsound IR of the block at 0x%llx: %s", pass, (unsigned long long)b->pc,
            problem);
    }
}
#endif

void ir_optimize(IRBlock *b, const char *dump, void *file)
{
    for (unsigned k = 0; k < ir_n_passes; k++) {
        ir_passes[k].run(b);
#ifdef MIMUS_DEBUG
        verify_after(b, ir_passes[k].name);
#endif
        if (dump && (!strcmp(dump, "all") || !strcmp(dump, ir_passes[k].name))) {
            fprintf(file, "after %s:\n", ir_passes[k].name);
            ir_print(b, file);
        }
    }
}
