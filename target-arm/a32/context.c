// What every A32 and T32 translator uses: registers, flags, shifter operands, exceptions. Memory is
// in memory.c, the ways out of a block in exits.c.
//
// Integer register slots are read and written whole, as I64 with zeroes above bit 31, so that the
// passes see one type per slot.
#include "target-arm/a32/a32.h"
#include "target-arm/helpers.h"

#define GPR(r)  (offsetof(ARMCPU, vcpu.gpr) + 8 * (size_t)(r))
#define VREG(r) (offsetof(ARMCPU, vcpu.vec) + 16 * (size_t)(r))

enum { SYN_UNDEFINED = 0, SYN_FP_TRAP = 0x07 << 26 | 1 << 24 };
enum { SHIFT_LSL, SHIFT_LSR, SHIFT_ASR, SHIFT_ROR };

// --- integer registers

IRRef a32_r(ArmCtx *c, unsigned r)
{
    if (r == A32_PC) {
        return ir_i32(c->b, (uint32_t)(c->pc & ARM_PC_ADDRESS) + (a32_thumb(c) ? 4 : 8));
    }
    return ir_trunc(c->b, ir_get(c->b, IR_I64, GPR(r)));
}

IRRef a32_r_aligned(ArmCtx *c, unsigned r)
{
    if (r == A32_PC && a32_thumb(c)) {
        return ir_i32(c->b, ((uint32_t)(c->pc & ARM_PC_ADDRESS) + 4) & ~3u);
    }
    return a32_r(c, r);
}

void a32_put(ArmCtx *c, unsigned r, IRRef v)
{
    if (r != A32_PC) {
        if (c->selects) {
            v = ir_f_select(c->b, a32_cond_of(c->cond), c->cond_flags, v, a32_r(c, r));
        }
        ir_put(c->b, GPR(r), ir_extu(c->b, v));
        return;
    }
    a32_skip(c);
    if (a32_thumb(c)) {
        v = ir_or(c->b, v, ir_i32(c->b, ARM_PC_T));
    }
    a32_exit_bx(c, v, IR_IND_JUMP);
}

void a32_put_loaded(ArmCtx *c, unsigned r, IRRef v)
{
    if (r != A32_PC) {
        a32_put(c, r, v);
        return;
    }
    a32_skip(c);
    a32_exit_bx(c, v, IR_IND_JUMP);
}

// --- flags

IRRef a32_flags(ArmCtx *c)
{
    return ir_get(c->b, IR_FLAGS, offsetof(ARMCPU, vcpu.flags));
}

void a32_put_flags(ArmCtx *c, IRRef flags)
{
    if (c->selects) {
        flags = ir_f_choose(c->b, a32_cond_of(c->cond), c->cond_flags, flags, (IRRef)c->cond_flags);
    }
    ir_put(c->b, offsetof(ARMCPU, vcpu.flags), flags);
    c->known = A32_COND_AL;
}

IRFlagCond a32_cond_of(unsigned cond)
{
    static const uint8_t base[] = {IR_F_Z, IR_F_C, IR_F_S, IR_F_V, IR_F_C_NZ, IR_F_GE, IR_F_GT};
    return (IRFlagCond)(base[cond >> 1] ^ (cond & 1));
}

IRRef a32_carry(ArmCtx *c)
{
    return ir_f_test(c->b, IR_F_C, a32_flags(c));
}

void a32_set_q(ArmCtx *c, IRRef nonzero)
{
    IRRef old = ir_get(c->b, IR_I32, offsetof(ARMCPU, q));
    IRRef v = ir_or(c->b, old, nonzero);
    if (c->selects) {
        v = ir_f_select(c->b, a32_cond_of(c->cond), c->cond_flags, v, old);
    }
    ir_put(c->b, offsetof(ARMCPU, q), v);
}

// --- vector registers: always whole slots, of which D and S registers are lanes

IRRef a32_q(ArmCtx *c, unsigned q)
{
    return ir_get(c->b, IR_V128, VREG(q));
}

void a32_put_q(ArmCtx *c, unsigned q, IRRef v)
{
    ir_put(c->b, VREG(q), v);
}

IRRef a32_d(ArmCtx *c, unsigned d)
{
    return ir_vget(c->b, IR_I64, a32_q(c, d >> 1), 3, d & 1);
}

void a32_put_d(ArmCtx *c, unsigned d, IRRef v)
{
    a32_put_q(c, d >> 1, ir_vset(c->b, a32_q(c, d >> 1), v, 3, d & 1));
}

IRRef a32_dv(ArmCtx *c, unsigned d)
{
    IRRef q = a32_q(c, d >> 1);
    return d & 1 ? ir_vext(c->b, q, ir_vconst(c->b, 0, 0), 8) : ir_v1(c->b, IR_vzext, q, 3);
}

static void put_lane(ArmCtx *c, unsigned q, IRRef v, unsigned esize, unsigned lane)
{
    a32_put_q(c, q, ir_v2(c->b, IR_vmovlane, a32_q(c, q), v, esize | lane << 8));
}

void a32_put_dv(ArmCtx *c, unsigned d, IRRef v)
{
    put_lane(c, d >> 1, v, 3, d & 1);
}

IRRef a32_s(ArmCtx *c, unsigned s)
{
    return ir_vget(c->b, IR_I32, a32_q(c, s >> 2), 2, s & 3);
}

void a32_put_s(ArmCtx *c, unsigned s, IRRef v)
{
    a32_put_q(c, s >> 2, ir_vset(c->b, a32_q(c, s >> 2), v, 2, s & 3));
}

IRRef a32_sv(ArmCtx *c, unsigned s)
{
    IRRef q = a32_q(c, s >> 2);
    return s & 3 ? ir_v1(c->b, IR_vduplane, q, 2 | (s & 3) << 8) : q;
}

void a32_put_sv(ArmCtx *c, unsigned s, IRRef v)
{
    put_lane(c, s >> 2, v, 2, s & 3);
}

// --- exceptions

bool a32_raise(ArmCtx *c, uint32_t syndrome)
{
    a32_skip(c);
    ir_call(c->b, &arm_h_raise, ir_i64(c->b, syndrome), IR_NONE, IR_NONE, IR_NONE);
    ir_exit_loop(c->b); // not reached
    c->ended = true;
    return true;
}

bool a32_undefined(ArmCtx *c)
{
    return a32_raise(c, SYN_UNDEFINED);
}

bool a32_vfp_trapped(ArmCtx *c, bool simd)
{
    if ((c->flags & ARM_BF_VFP_OFF) || (simd && (c->flags & ARM_BF_NO_SIMD))) {
        return a32_undefined(c);
    }
    if (c->flags & ARM_BF_FP_TRAP) {
        return a32_raise(c, SYN_FP_TRAP | (uint32_t)c->cond << 20);
    }
    return false;
}

// --- immediates (F1.7.7)

static uint32_t rotate(uint32_t v, unsigned by)
{
    return by ? v >> by | v << (32 - by) : v;
}

uint32_t a32_expand_imm(uint32_t imm12, int *carry)
{
    unsigned by = 2 * (imm12 >> 8 & 15);
    uint32_t v = rotate(imm12 & 0xff, by);
    *carry = by ? (int)(v >> 31) : -1;
    return v;
}

uint32_t t32_expand_imm(uint32_t imm12, int *carry)
{
    static const uint32_t copies[] = {1, 0x00010001, 0x01000100, 0x01010101};
    if (!(imm12 >> 10 & 3)) {
        *carry = -1;
        return (imm12 & 0xff) * copies[imm12 >> 8 & 3];
    }
    uint32_t v = rotate(0x80 | (imm12 & 0x7f), imm12 >> 7 & 31);
    *carry = (int)(v >> 31);
    return v;
}

// --- shifts (F1.7.8)

static IRRef with_carry(ArmCtx *c, IRRef bit)
{
    return ir_f_setc(c->b, a32_flags(c), bit);
}

static IRRef bit_of(ArmCtx *c, IRRef v, unsigned n)
{
    return ir_extract(c->b, v, n, 1);
}

static IRRef rrx(ArmCtx *c, IRRef v)
{
    return ir_or(c->b, ir_shli(c->b, a32_carry(c), 31), ir_shri(c->b, v, 1));
}

static IRRef shift_known(ArmCtx *c, IRRef v, unsigned type, unsigned amount)
{
    switch (type) {
    case SHIFT_LSL:
        return ir_shli(c->b, v, amount);
    case SHIFT_LSR:
        return amount ? ir_shri(c->b, v, amount) : ir_i32(c->b, 0);
    case SHIFT_ASR:
        return ir_sari(c->b, v, amount ? amount : 31);
    default:
        return amount ? ir_ror(c->b, v, ir_i32(c->b, amount)) : rrx(c, v);
    }
}

IRRef a32_shift_imm(ArmCtx *c, IRRef v, unsigned type, unsigned amount, IRRef *carry)
{
    if (carry && type == SHIFT_LSL) {
        *carry = amount ? with_carry(c, bit_of(c, v, 32 - amount)) : a32_flags(c);
    } else if (carry) {
        unsigned last = amount ? amount - 1 : type == SHIFT_ROR ? 0 : 31;
        *carry = with_carry(c, bit_of(c, v, last));
    }
    return shift_known(c, v, type, amount);
}

static IRRef shift_by(ArmCtx *c, IRRef v, unsigned type, IRRef amount)
{
    IRRef width = ir_i32(c->b, 32), zero = ir_i32(c->b, 0), last = ir_i32(c->b, 31);
    switch (type) {
    case SHIFT_LSL:
        return ir_select(c->b, IR_LTU, amount, width, ir_shl(c->b, v, amount), zero);
    case SHIFT_LSR:
        return ir_select(c->b, IR_LTU, amount, width, ir_shr(c->b, v, amount), zero);
    case SHIFT_ASR:
        return ir_sar(c->b, v, ir_select(c->b, IR_LTU, amount, width, amount, last));
    default:
        return ir_ror(c->b, v, amount);
    }
}

// With 64 bits, one more than the value on the side where the carry goes; 33 stands for all more.
static IRRef shift_wide(ArmCtx *c, IRRef v, unsigned type, IRRef amount, IRRef *bit)
{
    if (type == SHIFT_ROR) {
        IRRef r = ir_ror(c->b, v, amount);
        *bit = ir_shri(c->b, r, 31);
        return r;
    }
    IRRef most = ir_i32(c->b, 33);
    IRRef by = ir_extu(c->b, ir_select(c->b, IR_LTU, amount, most, amount, most));
    if (type == SHIFT_LSL) {
        IRRef w = ir_shl(c->b, ir_extu(c->b, v), by);
        *bit = ir_trunc(c->b, ir_extract(c->b, w, 32, 1));
        return ir_trunc(c->b, w);
    }
    bool sign = type == SHIFT_ASR;
    IRRef x = ir_shli(c->b, sign ? ir_exts(c->b, v) : ir_extu(c->b, v), 1);
    IRRef w = sign ? ir_sar(c->b, x, by) : ir_shr(c->b, x, by);
    *bit = ir_trunc(c->b, ir_extract(c->b, w, 0, 1));
    return ir_trunc(c->b, ir_shri(c->b, w, 1));
}

IRRef a32_shift_reg(ArmCtx *c, IRRef v, unsigned type, IRRef amount, IRRef *carry)
{
    IRRef n = ir_zext(c->b, amount, 8), bit;
    if (!carry) {
        return shift_by(c, v, type, n);
    }
    IRRef r = shift_wide(c, v, type, n, &bit);
    IRRef zero = ir_i32(c->b, 0);
    *carry = with_carry(c, ir_select(c->b, IR_NE, n, zero, bit, a32_carry(c)));
    return r;
}
