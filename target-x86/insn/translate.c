// From x86 instructions to IR, a block at a time (TargetOps.translate):
//
//   bytes --x86_decode--> X86Insn --checks of the row--> row->translate --> IR ... until a way out
//
// A block ends at a branch, at an instruction that may change the mode, before an instruction that
// is not wholly in the page (unless it is the first), or at the length asked for. Single-stepping,
// the interrupt shadow and armed breakpoints are in the block's flags and change what is emitted
// around each instruction, not the translators.
#include <inttypes.h>
#include <string.h>

#include "accel/engine.h"
#include "target-x86/helpers.h"
#include "target-x86/insn/insn.h"
#include "util/log.h"

#define MAX_GUEST_INSNS 64
#define IR_ROOM         1024 // more than any one instruction makes

// --- what a row demands of the mode

typedef struct Demand {
    uint16_t row;     // X86_ROW_*
    uint16_t vector;  // is raised ...
    uint64_t refused; // ... if the block has one of these
    uint64_t needed;  // ... or lacks one of these
} Demand;

// In the order of their priority.
static const Demand demands[] = {
    {X86_ROW_NO_REAL, X86_UD, 0, X86_BF_PROTECTED},
    {X86_ROW_MMX, X86_UD, X86_BF_EM, 0},
    {X86_ROW_SSE, X86_UD, X86_BF_EM, X86_BF_SSE},
    {X86_ROW_AVX, X86_UD, 0, X86_BF_AVX},
    {X86_ROW_CPL0, X86_GP, X86_BF_CPL, 0},
    {X86_ROW_FPU, X86_NM, X86_BF_EM | X86_BF_TS, 0},
    {X86_ROW_MMX | X86_ROW_SSE | X86_ROW_AVX, X86_NM, X86_BF_TS, 0},
    {X86_ROW_WAIT | X86_ROW_MMX, X86_MF, X86_BF_FPU_ERROR, 0},
};

static bool demands_met(X86Ctx *c, unsigned row_flags)
{
    for (unsigned i = 0; i < ARRAY_LEN(demands); i++) {
        const Demand *d = &demands[i];
        if (row_flags & d->row && (c->flags & d->refused || (c->flags & d->needed) != d->needed)) {
            x86_raise(c, d->vector, 0);
            return false;
        }
    }
    return true;
}

// --- one instruction

static void undefined(X86Ctx *c, const char *why)
{
    log_printf(LOG_UNIMP, "x86: %" PRIx64 ": #UD: %s\n", c->pc, why);
    x86_raise_ud(c);
}

static void translate_insn(X86Ctx *c, X86DecodeResult result)
{
    if (c->flags & X86_BF_BREAK) {
        ir_call(c->b, &x86_h_breakpoint, ir_i64(c->b, c->pc), IR_NONE, IR_NONE, IR_NONE);
    }
    switch (result) {
    case X86_TOO_LONG:
    case X86_MORE: // beyond the limit of CS
        x86_raise(c, X86_GP, 0);
        break;
    case X86_INVALID:
        undefined(c, c->insn.row ? c->insn.row->name : "no such encoding");
        break;
    case X86_DECODED:
        c->mmx |= c->insn.row->flags & X86_ROW_MMX;
        if (c->insn.row->flags & X86_ROW_SYSTEM) {
            x86_end_shadow(c);
        }
        if (demands_met(c, c->insn.row->flags) && !c->insn.row->translate(c, &c->insn)) {
            undefined(c, c->insn.row->name);
        }
        break;
    }
}

// --- bytes

// The bytes of the code segment from pc on.
static uint64_t bytes_to_limit(const X86Ctx *c, uint64_t pc)
{
    if (c->flags & X86_BF_CODE64 || !(c->flags & X86_BF_CS)) {
        return UINT64_MAX;
    }
    uint32_t eip = (uint32_t)(pc - c->cs_base), limit = c->cpu->seg[X86_CS].limit;
    return eip > limit ? 0 : (uint64_t)limit - eip + 1;
}

static X86DecodeResult decode(X86Ctx *c, const uint8_t *p, uint64_t n, X86Insn *insn)
{
    n = MIN_OF(n, X86_MAX_INSN_BYTES + 1);
    return x86_decode(c->cpu->decoder, &c->cpu->features, c->flags, p, (unsigned)n, insn);
}

// The first instruction, which may go on into the next page. *looked: bytes that it depends on, if
// it is none.
static X86DecodeResult decode_first(X86Ctx *c, unsigned *looked)
{
    const TranslateRequest *r = c->req;
    unsigned here = r->bytes;
    uint64_t limit = bytes_to_limit(c, c->pc);
    X86DecodeResult result = decode(c, r->host, MIN_OF(here, limit), &c->insn);
    *looked = MIN_OF(here, X86_MAX_INSN_BYTES);
    if (result != X86_MORE || limit <= here) {
        return result;
    }
    *looked = X86_MAX_INSN_BYTES;
    uint8_t buf[2 * X86_MAX_INSN_BYTES];
    memcpy(buf, r->host, here);
    memcpy(buf + here, engine_next_page(&c->cpu->vcpu, r), X86_MAX_INSN_BYTES);
    return decode(c, buf, MIN_OF((uint64_t)here + X86_MAX_INSN_BYTES, limit), &c->insn);
}

// A later one, c->done bytes into the block. False: it is for a block of its own.
static bool decode_later(X86Ctx *c, X86Insn *insn)
{
    uint64_t n = MIN_OF(c->req->bytes - c->done, bytes_to_limit(c, c->next));
    return decode(c, c->req->host + c->done, n, insn) == X86_DECODED;
}

// --- the block

static bool room_for_more(const X86Ctx *c)
{
    return !c->ended && c->n < c->limit && c->b->n < IR_MAX_INSNS - IR_ROOM &&
           c->b->n_slots <= IR_MAX_SLOTS - SLOTS_KEPT && c->done < c->req->limit;
}

bool x86_peek(X86Ctx *c, X86Insn *next)
{
    return room_for_more(c) && decode_later(c, next);
}

static void set_next(X86Ctx *c)
{
    c->next = c->pc + c->insn.len;
    if (!(c->flags & X86_BF_CODE64)) {
        c->next = (uint32_t)c->next;
    }
}

static void translate_block(X86Ctx *c)
{
    unsigned looked;
    X86DecodeResult result = decode_first(c, &looked);
    do {
        set_next(c);
        ir_insn(c->b, c->pc, c->n++);
        c->done += MAX_OF(c->insn.len, 1);
        translate_insn(c, result);
        if (!c->ended) {
            x86_end_shadow(c);
        }
        if (!room_for_more(c)) {
            break;
        }
        c->shadow = c->shadow == X86_SHADOW_NEXT ? X86_SHADOW_NOW : X86_SHADOW_NONE;
        c->pc = c->next;
    } while (decode_later(c, &c->insn));
    if (!c->ended) {
        x86_exit_jump(c, x86_next_eip(c));
    }
    c->b->guest_bytes = result == X86_DECODED ? c->done : looked;
}

void x86_translate(VCPU *v, IRBlock *b, const TranslateRequest *r)
{
    X86Ctx c = {.b = b, .cpu = x86_cpu(v), .req = r, .flags = r->flags, .pc = r->pc};
    if (!c.cpu->decoder) {
        c.cpu->decoder = x86_decoder_new();
    }
    if (!(c.flags & X86_BF_CODE64)) {
        c.cs_base = c.cpu->seg[X86_CS].base;
    }
    b->pc = r->pc;
    c.limit = MIN_OF(r->max_insns, (unsigned)MAX_GUEST_INSNS);
    if (c.flags & (X86_BF_TF | X86_BF_SHADOW)) {
        c.limit = 1;
    }
    translate_block(&c);
    b->guest_insns = c.n;
}
