// FPCR and FPSR. The sticky flags of an Arm CPU live in up to three places, merged when they are
// read: cpu->fpsr (set by C functions), the host's FP status (gathered by translated code), and
// cpu->qc (a vector that inline saturating arithmetic ORs into).
#include "accel/engine.h"
#include "target-arm/fp_exact.h"

// Bits that exist in cpu->fpsr: QC, IDC, IXC..IOC; above them are AArch32's condition flags.
// HOST_FP_* and SF_* number the five IEEE flags like FPSR.
#define FPSR_MASK 0x0800009fu

static void clear_inline_qc(ARMCPU *c)
{
    c->qc = (V128){.u64 = {0, 0}};
}

// AArch32's condition flags, which FPSR shows too.
static uint32_t condition_flags(unsigned f)
{
    return (f & IR_FLAG_S ? 1u << 31 : 0) | (f & IR_FLAG_Z ? 1u << 30 : 0) |
           (f & IR_FLAG_C ? 1u << 29 : 0) | (f & IR_FLAG_V ? 1u << 28 : 0);
}

static uint16_t packed_flags(uint32_t v)
{
    return (uint16_t)((v >> 31 & 1 ? IR_FLAG_S : 0) | (v >> 30 & 1 ? IR_FLAG_Z : 0) |
                      (v >> 29 & 1 ? IR_FLAG_C : 0) | (v >> 28 & 1 ? IR_FLAG_V : 0));
}

uint32_t arm_fpsr_read(ARMCPU *c)
{
    c->fpsr |= engine_fp_take_flags(&c->vcpu) & FPSR_FLAGS;
    if (c->qc.u64[0] | c->qc.u64[1]) {
        c->fpsr |= FPSR_QC;
        clear_inline_qc(c);
    }
    return c->fpsr | condition_flags(c->vfp_flags);
}

void arm_fpsr_write(ARMCPU *c, uint32_t value)
{
    engine_fp_take_flags(&c->vcpu);
    clear_inline_qc(c);
    c->fpsr = value & FPSR_MASK;
    c->vfp_flags = packed_flags(value);
}

static const uint8_t round_of_rmode[] = {IR_RND_NEAREST, IR_RND_UP, IR_RND_DOWN, IR_RND_ZERO};

static unsigned rmode(const ARMCPU *c)
{
    return c->fpcr >> FPCR_RMODE_SHIFT & 3;
}

// Trap enables are RAZ/WI: exceptions are never trapped, as on the CPUs that we model.
void arm_fpcr_write(ARMCPU *c, uint32_t value)
{
    uint32_t mask = FPCR_SHORT | FPCR_AHP | FPCR_DN | FPCR_FZ | 3u << FPCR_RMODE_SHIFT;
    if (arm_has(c, ARM_FEAT_FP16)) {
        mask |= FPCR_FZ16;
    }
    c->fpcr = value & mask;
    engine_fp_set_round(&c->vcpu, (IRRound)round_of_rmode[rmode(c)]);
}

SfStatus arm_fp_status(const ARMCPU *c, SfFormat f)
{
    bool flush = c->fpcr & (f == SF_F16 ? FPCR_FZ16 : FPCR_FZ);
    return (SfStatus){.round = round_of_rmode[rmode(c)], // SfRound numbers these like IRRound
                      .nan_rule = SF_NAN_ARM,
                      .default_nan = c->fpcr & FPCR_DN,
                      .flush_in = flush,
                      .flush_out = flush,
                      .flush_flags = SF_UNDERFLOW,
                      .alt_half = false};
}

SfStatus arm_fp_status_of(const ARMCPU *c, SfFormat f, uint32_t desc)
{
    SfStatus s = arm_fp_status(c, f);
    if (desc & IR_FP_FLUSH) {
        bool flush = f != SF_F16 || c->fpcr & FPCR_FZ16;
        s.round = SF_RND_NEAREST;
        s.default_nan = true;
        s.flush_in = s.flush_out = flush;
    }
    return s;
}

// A flushed half-precision operand leaves no trace in IDC.
void arm_fp_note(ARMCPU *c, SfFormat f, const SfStatus *s)
{
    c->fpsr |= s->flags & FPSR_FLAGS;
    if ((s->flags & SF_DENORMAL_IN) && f != SF_F16) {
        c->fpsr |= FPSR_IDC;
    }
}
