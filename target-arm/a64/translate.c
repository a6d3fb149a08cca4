// From A64 instructions to IR, a block at a time (TargetOps.translate):
//
//   word --a64_decode--> row, fields --row->translate--> IR --...--> until a way out
//
// A block ends at a branch, at an instruction that may change the mode, at the end of the page, or
// at the length asked for. Debug modes (software step, armed breakpoints) and PSTATE.IL are in the
// block's flags and change what is emitted around each instruction, not the translators.
#include <inttypes.h>

#include "target-arm/a64/a64.h"
#include "target-arm/helpers.h"
#include "util/log.h"

#define MAX_GUEST_INSNS 64
#define IR_ROOM         1024 // more than any one instruction makes
// Side exits that an instruction may add besides those of the block's end.
#define SLOTS_KEPT 3

enum { SYN_ILLEGAL_STATE = 0x0e << 26 };

static uint32_t fetch(const uint8_t *p)
{
    return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

static void undefined(ArmCtx *c, const char *why)
{
    log_printf(LOG_UNIMP, "a64: %" PRIx64 ": %08x is undefined: %s\n", c->pc, c->insn, why);
    a64_raise_undefined(c);
}

static void translate_insn(ArmCtx *c)
{
    ArmFields fields;
    const ArmRow *row = arm_decode(c->cpu->decoder, c->insn, &fields);
    if (!row) {
        undefined(c, "no such encoding");
    } else if (row->feature && !arm_has(c->cpu, row->feature)) {
        undefined(c, "the CPU lacks the feature");
    } else if (!row->translate(c, &fields)) {
        undefined(c, row->name);
    }
}

static void translate_one(ArmCtx *c)
{
    if (c->flags & ARM_BF_IL) {
        a64_raise(c, SYN_ILLEGAL_STATE);
        return;
    }
    if (c->flags & ARM_BF_BREAK) {
        ir_call(c->b, &arm_h_check_breakpoint, ir_i64(c->b, c->pc), IR_NONE, IR_NONE, IR_NONE);
    }
    translate_insn(c);
}

// A pc that is not a multiple of 4 is a PC alignment fault, or a failed SP check (a64_base).
static void translate_misaligned(ArmCtx *c)
{
    ir_insn(c->b, c->pc, 0);
    ir_call(c->b, &arm_h_misaligned, ir_i64(c->b, c->pc), IR_NONE, IR_NONE, IR_NONE);
    ir_exit_loop(c->b);
    c->b->guest_bytes = 1; // stays within the page
    c->b->guest_insns = 1;
}

static bool room_for_more(const ArmCtx *c, unsigned n, unsigned limit)
{
    return !c->ended && n < limit && c->b->n < IR_MAX_INSNS - IR_ROOM &&
           c->b->n_slots <= IR_MAX_SLOTS - SLOTS_KEPT;
}

void arm_a64_translate(VCPU *v, IRBlock *b, const TranslateRequest *r)
{
    ArmCtx c = {.b = b, .cpu = arm_cpu(v), .req = r, .flags = r->flags, .pc = r->pc};
    if (!c.cpu->decoder) {
        c.cpu->decoder = arm_decoder_new(&a64_set);
    }
    b->pc = r->pc;
    if (r->pc & 3) {
        translate_misaligned(&c);
        return;
    }
    unsigned limit = MIN_OF(MIN_OF(r->max_insns, r->limit / 4), (unsigned)MAX_GUEST_INSNS);
    if (c.flags & ARM_BF_SS) {
        limit = 1;
    }
    unsigned n = 0;
    do {
        c.pc = r->pc + 4 * n;
        c.insn = fetch(r->host + 4 * n);
        ir_insn(b, c.pc, n);
        translate_one(&c);
        n++;
    } while (room_for_more(&c, n, limit));
    if (!c.ended) {
        a64_exit_jump(&c, c.pc + 4);
    }
    b->guest_bytes = 4 * n;
    b->guest_insns = n;
}
