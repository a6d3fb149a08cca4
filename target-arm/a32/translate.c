// From A32 and T32 instructions to IR, a block at a time:
//
//   word or halfwords --decode--> row, fields --> condition --> row->translate --> IR
//
// A block ends where A64's do. ITSTATE is part of each instruction's pc, so that a block may begin
// inside of an IT block. A condition that a branch has told stays known until flags are written:
// what follows under the same one needs no branch, what follows under the opposite never runs.
#include <inttypes.h>

#include "accel/engine.h"
#include "target-arm/a32/a32.h"
#include "target-arm/a32/internal.h"
#include "target-arm/helpers.h"
#include "util/log.h"

#define MAX_GUEST_INSNS 64
#define IR_ROOM         2048 // more than any one instruction makes
#define SLOTS_KEPT      3

enum { SYN_ILLEGAL_STATE = 0x0e << 26 };

// --- fetching

static uint32_t halfword(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8;
}

static bool is_wide(uint32_t first)
{
    return first >> 11 >= 0x1d;
}

// At `done` bytes into the block. False: a later instruction that goes on in the next page.
static bool fetch(ArmCtx *c, unsigned done)
{
    const TranslateRequest *r = c->req;
    const uint8_t *p = r->host + done;
    c->insn = halfword(p);
    c->insn_bytes = 2;
    if (!a32_thumb(c)) {
        c->insn |= halfword(p + 2) << 16;
        c->insn_bytes = 4;
    } else if (is_wide(c->insn)) {
        bool crosses = done + 4 > r->bytes;
        if (crosses && done) {
            return false;
        }
        const uint8_t *second = crosses ? engine_next_page(&c->cpu->vcpu, r) : p + 2;
        c->insn = c->insn << 16 | halfword(second);
        c->insn_bytes = 4;
    }
    return true;
}

// ITSTATE after one instruction (ITAdvance, F1.2.2).
static uint64_t advance(uint64_t pc, unsigned bytes)
{
    unsigned it = pc >> ARM_PC_IT_SHIFT & 0xff;
    it = it & 7 ? (it & 0xe0) | (it << 1 & 0x1f) : 0;
    return ((pc + bytes) & ARM_PC_ADDRESS) | (pc & ARM_PC_T) | (uint64_t)it << ARM_PC_IT_SHIFT;
}

static unsigned condition_of(const ArmCtx *c)
{
    if (!a32_thumb(c)) {
        return c->insn >> 28 == 15 ? A32_COND_AL : c->insn >> 28;
    }
    unsigned it = c->pc >> ARM_PC_IT_SHIFT & 0xff;
    bool hlt = c->insn >> 6 == 0xba80 >> 6 && arm_has(c->cpu, ARM_FEAT_A32_V8);
    if (c->insn_bytes == 2 && (c->insn >> 8 == 0xbe || hlt)) { // or BKPT: in IT blocks too
        return A32_COND_AL;
    }
    return it & 15 ? MIN_OF(it >> 4, (unsigned)A32_COND_AL) : A32_COND_AL;
}

// --- decoding

// What T32 shares with A32 is looked up there: VFP as it is, Advanced SIMD under A32's first byte.
static bool as_a32(uint32_t insn, uint32_t *out)
{
    unsigned top = insn >> 24, cp = insn >> 8 & 15;
    if ((top & 0xef) == 0xef) {
        *out = (insn & 0xffffff) | 0xf2000000 | (insn >> 28 & 1) << 24;
        return true;
    }
    if (top == 0xf9 && !(insn & 1 << 20)) {
        *out = (insn & 0xffffff) | 0xf4000000;
        return true;
    }
    *out = insn;
    bool extension = (top & 0xec) == 0xec;
    bool vfp = cp >= 9 && cp <= 11; // 9: half precision
    return extension && (vfp || (top >= 0xf0 && (cp & ~5u) == 8));
}

static const ArmRow *decode(ArmCtx *c, ArmFields *f)
{
    uint32_t insn = c->insn;
    if (!a32_thumb(c) || (c->insn_bytes == 4 && as_a32(insn, &insn))) {
        return arm_decode(c->cpu->a32_decoder, insn, f);
    }
    return arm_decode(c->insn_bytes == 4 ? c->cpu->t32_decoder : c->cpu->t16_decoder, insn, f);
}

static void make_decoders(ARMCPU *cpu)
{
    if (!cpu->a32_decoder) {
        cpu->a32_decoder = arm_decoder_new(&a32_set);
        cpu->t32_decoder = arm_decoder_new(&t32_set);
        cpu->t16_decoder = arm_decoder_new(&t16_set);
    }
}

// --- one instruction

static void undefined(ArmCtx *c, const char *why)
{
    log_printf(LOG_UNIMP, "%s: %" PRIx64 ": %0*x is undefined: %s\n", a32_thumb(c) ? "t32" : "a32",
               c->pc & ARM_PC_ADDRESS, 2 * c->insn_bytes, c->insn, why);
    a32_undefined(c);
}

static void translate_insn(ArmCtx *c)
{
    ArmFields fields;
    const ArmRow *row = decode(c, &fields);
    unsigned feature = row ? row->feature & ARM_ROW_FEATURE : 0;
    if (a32_never(c)) {
        return;
    }
    if (row && row->feature & ARM_ROW_SELECTS && a32_may_fail(c)) {
        c->selects = true;
        c->cond_flags = a32_flags(c);
    } else {
        a32_skip(c);
    }
    if (!row) {
        undefined(c, "no such encoding");
    } else if (feature && !arm_has(c->cpu, feature)) {
        undefined(c, "the CPU lacks the feature");
    } else if (!row->translate(c, &fields)) {
        undefined(c, row->name);
    }
}

static void translate_one(ArmCtx *c)
{
    c->selects = false;
    c->cond = (uint8_t)condition_of(c);
    c->next = advance(c->pc, c->insn_bytes);
    if (c->flags & ARM_BF_IL) {
        c->cond = A32_COND_AL;
        a32_raise(c, SYN_ILLEGAL_STATE);
        return;
    }
    if (c->flags & ARM_BF_BREAK) {
        IRRef pc = ir_i64(c->b, c->pc & ARM_PC_ADDRESS);
        ir_call(c->b, &arm_h_check_breakpoint, pc, IR_NONE, IR_NONE, IR_NONE);
    }
    if (c->pc & A32_PC_SKIPPED) {
        a32_translate_skipped(c);
    } else {
        translate_insn(c);
    }
}

// --- the block

static bool room_for_more(const ArmCtx *c, unsigned done, unsigned n, unsigned limit)
{
    return !c->ended && n < limit && done < c->req->limit && c->b->n < IR_MAX_INSNS - IR_ROOM &&
           c->b->n_slots <= IR_MAX_SLOTS - SLOTS_KEPT && a32_room_for_exit(c);
}

// A32 code at an address that is not a multiple of 4: a PC alignment fault.
static void translate_misaligned(ArmCtx *c)
{
    ir_insn(c->b, c->pc, 0);
    ir_call(c->b, &arm_h_misaligned, ir_i64(c->b, c->pc & ARM_PC_ADDRESS), IR_NONE, IR_NONE,
            IR_NONE);
    ir_exit_loop(c->b);
    c->b->guest_bytes = 1; // stays within the page
    c->b->guest_insns = 1;
}

// An UNPREDICTABLE instruction may write pc and more (a multiply to pc and another register): what
// is there behind the way out does not happen.
static void drop_behind_exit(IRBlock *b, unsigned from)
{
    while (from < b->n && !(ir_op_info[b->insn[from].op].effects & IR_EFF_TERM)) {
        from++;
    }
    b->n = MIN_OF(from + 1, b->n);
}

void arm_a32_translate(VCPU *v, IRBlock *b, const TranslateRequest *r)
{
    ArmCtx c = {
        .b = b, .cpu = arm_cpu(v), .req = r, .flags = r->flags, .pc = r->pc, .known = A32_COND_AL};
    make_decoders(c.cpu);
    b->pc = r->pc;
    if (!a32_thumb(&c) && (r->pc & 2)) {
        translate_misaligned(&c);
        return;
    }
    unsigned limit = c.flags & ARM_BF_SS ? 1 : MIN_OF(r->max_insns, (unsigned)MAX_GUEST_INSNS);
    unsigned n = 0, done = 0;
    fetch(&c, 0);
    for (;;) {
        ir_insn(b, c.pc, n++);
        unsigned start = b->n;
        translate_one(&c);
        if (c.ended) {
            drop_behind_exit(b, start);
        }
        done += c.insn_bytes;
        if (!room_for_more(&c, done, n, limit)) {
            break;
        }
        c.pc = c.next;
        if (!fetch(&c, done)) {
            c.next = c.pc;
            break;
        }
    }
    if (!c.ended) {
        a32_exit_next(&c);
    }
    b->guest_bytes = done;
    b->guest_insns = n;
}
