// How a frontend makes IR: one inline function an op. Integer ops take their type from their first
// argument. Constants fold later; build plainly.
#ifndef TCG_LIKE_BUILDER_H
#define TCG_LIKE_BUILDER_H

#include "tcg-like/ir.h"

static inline IRType ir_type(const IRBlock *b, IRRef r)
{
    return (IRType)b->insn[r].type;
}

static inline IRRef ir_make(IRBlock *b, IROpcode op, IRType t, IRRef a0, IRRef a1, IRRef a2,
                            IRRef a3, unsigned aux, unsigned aux2, uint64_t imm)
{
    return ir_append(
        b, (IRInsn){
               .op = op, .type = t, .aux = aux, .aux2 = aux2, .arg = {a0, a1, a2, a3}, .imm = imm});
}

static inline void ir_insn(IRBlock *b, uint64_t pc, unsigned index)
{
    ir_make(b, IR_insn, IR_VOID, IR_NONE, IR_NONE, IR_NONE, IR_NONE, index, 0, pc);
}

static inline IRRef ir_const(IRBlock *b, IRType t, uint64_t v)
{
    return ir_make(b, IR_const, t, IR_NONE, IR_NONE, IR_NONE, IR_NONE, 0, 0,
                   t == IR_I32 ? (uint32_t)v : v);
}
#define ir_i32(b, v) ir_const(b, IR_I32, v)
#define ir_i64(b, v) ir_const(b, IR_I64, v)

IRRef ir_vconst(IRBlock *b, uint64_t lo, uint64_t hi);

static inline IRRef ir_fconst(IRBlock *b, unsigned packed)
{
    return ir_make(b, IR_fconst, IR_FLAGS, IR_NONE, IR_NONE, IR_NONE, IR_NONE, 0, 0, packed);
}

// get/put of a whole slot: I32 4 bytes, I64 8, V128 16, FLAGS 2. _n: a narrower field of the state.
static inline unsigned ir_type_bytes(IRType t)
{
    static const uint8_t bytes[] = {0, 4, 8, 16, 2};
    return bytes[t];
}

static inline IRRef ir_get_n(IRBlock *b, IRType t, size_t off, unsigned bytes)
{
    return ir_make(b, IR_get, t, IR_NONE, IR_NONE, IR_NONE, IR_NONE, bytes, 0, off);
}
static inline IRRef ir_get(IRBlock *b, IRType t, size_t off)
{
    return ir_get_n(b, t, off, ir_type_bytes(t));
}
static inline void ir_put_n(IRBlock *b, size_t off, IRRef v, unsigned bytes)
{
    ir_make(b, IR_put, IR_VOID, v, IR_NONE, IR_NONE, IR_NONE, bytes, 0, off);
}
static inline void ir_put(IRBlock *b, size_t off, IRRef v)
{
    ir_put_n(b, off, v, ir_type_bytes(ir_type(b, v)));
}

#define IR_UNARY(op)                                                                               \
    static inline IRRef ir_##op(IRBlock *b, IRRef a)                                               \
    {                                                                                              \
        return ir_make(b, IR_##op, ir_type(b, a), a, IR_NONE, IR_NONE, IR_NONE, 0, 0, 0);          \
    }
#define IR_BINARY(op)                                                                              \
    static inline IRRef ir_##op(IRBlock *b, IRRef a, IRRef c)                                      \
    {                                                                                              \
        return ir_make(b, IR_##op, ir_type(b, a), a, c, IR_NONE, IR_NONE, 0, 0, 0);                \
    }
#define IR_CONVERT(op, t)                                                                          \
    static inline IRRef ir_##op(IRBlock *b, IRRef a)                                               \
    {                                                                                              \
        return ir_make(b, IR_##op, t, a, IR_NONE, IR_NONE, IR_NONE, 0, 0, 0);                      \
    }
#define IR_UNARY_AUX(op)                                                                           \
    static inline IRRef ir_##op(IRBlock *b, IRRef a, unsigned aux)                                 \
    {                                                                                              \
        return ir_make(b, IR_##op, ir_type(b, a), a, IR_NONE, IR_NONE, IR_NONE, aux, 0, 0);        \
    }

// clang-format off
IR_BINARY(add) IR_BINARY(sub) IR_BINARY(mul) IR_BINARY(mulhu) IR_BINARY(mulhs) IR_BINARY(divu)
IR_BINARY(divs) IR_BINARY(and) IR_BINARY(or) IR_BINARY(xor) IR_BINARY(andn) IR_BINARY(orn)
IR_BINARY(xnor) IR_BINARY(shl) IR_BINARY(shr) IR_BINARY(sar) IR_BINARY(ror)
IR_BINARY(pdep) IR_BINARY(pext)
IR_UNARY(not) IR_UNARY(neg) IR_UNARY(rbit) IR_UNARY(clz) IR_UNARY(ctz) IR_UNARY(popcnt)
IR_UNARY_AUX(zext) IR_UNARY_AUX(sext) IR_UNARY_AUX(bswap)
IR_CONVERT(trunc, IR_I32) IR_CONVERT(extu, IR_I64) IR_CONVERT(exts, IR_I64)
IR_CONVERT(f_cmc, IR_FLAGS) IR_CONVERT(f_pack, IR_I32) IR_CONVERT(f_unpack, IR_FLAGS)

static inline IRRef ir_crc32c(IRBlock *b, IRRef sum, IRRef value, unsigned log2_bytes)
{
    return ir_make(b, IR_crc32c, IR_I32, sum, value, IR_NONE, IR_NONE, log2_bytes, 0, 0);
}
static inline IRRef ir_addi(IRBlock *b, IRRef a, int64_t v)
{
    return v ? ir_add(b, a, ir_const(b, ir_type(b, a), (uint64_t)v)) : a;
}
// clang-format on
// Shifts by a known count below the width.
static inline IRRef ir_shli(IRBlock *b, IRRef a, unsigned n)
{
    return n ? ir_shl(b, a, ir_const(b, ir_type(b, a), n)) : a;
}
static inline IRRef ir_shri(IRBlock *b, IRRef a, unsigned n)
{
    return n ? ir_shr(b, a, ir_const(b, ir_type(b, a), n)) : a;
}
static inline IRRef ir_sari(IRBlock *b, IRRef a, unsigned n)
{
    return n ? ir_sar(b, a, ir_const(b, ir_type(b, a), n)) : a;
}
static inline IRRef ir_extract(IRBlock *b, IRRef a, unsigned pos, unsigned len)
{
    return ir_make(b, IR_extract, ir_type(b, a), a, IR_NONE, IR_NONE, IR_NONE, pos | len << 8, 0,
                   0);
}
static inline IRRef ir_sextract(IRBlock *b, IRRef a, unsigned pos, unsigned len)
{
    return ir_make(b, IR_sextract, ir_type(b, a), a, IR_NONE, IR_NONE, IR_NONE, pos | len << 8, 0,
                   0);
}
static inline IRRef ir_deposit(IRBlock *b, IRRef a, IRRef field, unsigned pos, unsigned len)
{
    return ir_make(b, IR_deposit, ir_type(b, a), a, field, IR_NONE, IR_NONE, pos | len << 8, 0, 0);
}
static inline IRRef ir_extr(IRBlock *b, IRRef hi, IRRef lo, unsigned shift)
{
    return ir_make(b, IR_extr, ir_type(b, hi), hi, lo, IR_NONE, IR_NONE, 0, 0, shift);
}
static inline IRRef ir_cmpset(IRBlock *b, IRCond c, IRRef x, IRRef y)
{
    return ir_make(b, IR_cmpset, IR_I32, x, y, IR_NONE, IR_NONE, c, 0, 0);
}
static inline IRRef ir_select(IRBlock *b, IRCond c, IRRef x, IRRef y, IRRef t, IRRef f)
{
    return ir_make(b, IR_select, ir_type(b, t), x, y, t, f, c, 0, 0);
}

// (hi:lo) / y and its remainder.
static inline IRRef ir_div2u(IRBlock *b, IRRef hi, IRRef lo, IRRef y)
{
    return ir_make(b, IR_div2u, ir_type(b, hi), hi, lo, y, IR_NONE, 0, 0, 0);
}
static inline IRRef ir_rem2u(IRBlock *b, IRRef hi, IRRef lo, IRRef y)
{
    return ir_make(b, IR_rem2u, ir_type(b, hi), hi, lo, y, IR_NONE, 0, 0, 0);
}

// --- flags. _n: of an operation of 8, 16, 32 or 64 bits; what the arguments have above is ignored.
static inline IRRef ir_flag_arg(IRBlock *b, IRRef x, unsigned bits)
{
    return bits < 64 && ir_type(b, x) == IR_I64 ? ir_trunc(b, x) : x;
}
static inline IRRef ir_flags_make(IRBlock *b, IROpcode op, IRRef x, IRRef y, IRRef f, unsigned bits)
{
    x = ir_flag_arg(b, x, bits);
    y = y == IR_NONE ? y : ir_flag_arg(b, y, bits);
    return ir_make(b, op, IR_FLAGS, x, y, f, IR_NONE, bits < 32 ? bits : 0, 0, 0);
}
#define IR_FLAGS1(op)                                                                              \
    static inline IRRef ir_##op##_n(IRBlock *b, IRRef x, unsigned bits)                            \
    {                                                                                              \
        return ir_flags_make(b, IR_##op, x, IR_NONE, IR_NONE, bits);                               \
    }                                                                                              \
    static inline IRRef ir_##op(IRBlock *b, IRRef x)                                               \
    {                                                                                              \
        return ir_##op##_n(b, x, 64);                                                              \
    }
#define IR_FLAGS2(op)                                                                              \
    static inline IRRef ir_##op##_n(IRBlock *b, IRRef x, IRRef y, unsigned bits)                   \
    {                                                                                              \
        return ir_flags_make(b, IR_##op, x, y, IR_NONE, bits);                                     \
    }                                                                                              \
    static inline IRRef ir_##op(IRBlock *b, IRRef x, IRRef y)                                      \
    {                                                                                              \
        return ir_##op##_n(b, x, y, 64);                                                           \
    }
#define IR_FLAGS3(op)                                                                              \
    static inline IRRef ir_##op##_n(IRBlock *b, IRRef x, IRRef y, IRRef f, unsigned bits)          \
    {                                                                                              \
        return ir_flags_make(b, IR_##op, x, y, f, bits);                                           \
    }                                                                                              \
    static inline IRRef ir_##op(IRBlock *b, IRRef x, IRRef y, IRRef f)                             \
    {                                                                                              \
        return ir_##op##_n(b, x, y, f, 64);                                                        \
    }
#define IR_CARRY(op)                                                                               \
    static inline IRRef ir_##op(IRBlock *b, IRRef x, IRRef y, IRRef f)                             \
    {                                                                                              \
        return ir_make(b, IR_##op, ir_type(b, x), x, y, f, IR_NONE, 0, 0, 0);                      \
    }
// clang-format off
IR_FLAGS1(f_logic) IR_FLAGS1(f_shr1) IR_FLAGS1(f_sar1)
IR_FLAGS2(f_add) IR_FLAGS2(f_sub) IR_FLAGS3(f_adc) IR_FLAGS3(f_sbb) IR_CARRY(adc) IR_CARRY(sbb)

// f with C or V = bit 0 of w.
static inline IRRef ir_f_setc(IRBlock *b, IRRef f, IRRef w)
{
    return ir_make(b, IR_f_setc, IR_FLAGS, f, ir_flag_arg(b, w, 32), IR_NONE, IR_NONE, 0, 0, 0);
}
static inline IRRef ir_f_setv(IRBlock *b, IRRef f, IRRef w)
{
    return ir_make(b, IR_f_setv, IR_FLAGS, f, ir_flag_arg(b, w, 32), IR_NONE, IR_NONE, 0, 0, 0);
}
// f with S and Z of the I32 x; A and P stay.
static inline IRRef ir_f_nz(IRBlock *b, IRRef f, IRRef x)
{
    return ir_make(b, IR_f_nz, IR_FLAGS, f, x, IR_NONE, IR_NONE, 0, 0, 0);
}
static inline IRRef ir_f_test(IRBlock *b, IRFlagCond c, IRRef f)
{
    return ir_make(b, IR_f_test, IR_I32, f, IR_NONE, IR_NONE, IR_NONE, c, 0, 0);
}
// clang-format on
static inline IRRef ir_f_select(IRBlock *b, IRFlagCond c, IRRef f, IRRef t, IRRef e)
{
    return ir_make(b, IR_f_select, ir_type(b, t), f, t, e, IR_NONE, c, 0, 0);
}
static inline IRRef ir_f_choose(IRBlock *b, IRFlagCond c, IRRef f, IRRef t, IRRef e)
{
    return ir_make(b, IR_f_choose, IR_FLAGS, f, t, e, IR_NONE, c, 0, 0);
}
static inline IRRef ir_f_fcmp(IRBlock *b, IRRef x, IRRef y, unsigned esize_and_flags,
                              const IRVHelper *exact)
{
    return ir_make(b, IR_f_fcmp, IR_FLAGS, x, y, IR_NONE, IR_NONE, esize_and_flags, 0,
                   (uintptr_t)exact);
}

// --- memory
static inline IRRef ir_ld(IRBlock *b, IRType t, IRRef addr, int64_t disp, unsigned memop)
{
    return ir_make(b, IR_ld, t, addr, IR_NONE, IR_NONE, IR_NONE, memop, 0, (uint64_t)disp);
}
static inline void ir_st(IRBlock *b, IRRef addr, int64_t disp, IRRef v, unsigned memop)
{
    ir_make(b, IR_st, IR_VOID, addr, v, IR_NONE, IR_NONE, memop | IR_MEM_STORE, 0, (uint64_t)disp);
}
static inline IRRef ir_rmw(IRBlock *b, IRRmwKind k, IRRef addr, IRRef v, unsigned memop)
{
    return ir_make(b, IR_rmw, ir_type(b, v), addr, v, IR_NONE, IR_NONE, memop | IR_MEM_STORE, k, 0);
}
static inline IRRef ir_cas(IRBlock *b, IRRef addr, IRRef expected, IRRef v, unsigned memop)
{
    return ir_make(b, IR_cas, ir_type(b, v), addr, expected, v, IR_NONE, memop | IR_MEM_STORE, 0,
                   0);
}
static inline IRRef ir_casif(IRBlock *b, IRRef addr, IRRef expected, IRRef v, IRRef held,
                             unsigned memop)
{
    return ir_make(b, IR_casif, IR_I32, addr, expected, v, held, memop | IR_MEM_STORE, 0, 0);
}
static inline void ir_fence(IRBlock *b)
{
    ir_make(b, IR_fence, IR_VOID, IR_NONE, IR_NONE, IR_NONE, IR_NONE, 0, 0, 0);
}

static inline void ir_guard(IRBlock *b, IRCond c, IRRef x, IRRef y)
{
    ir_make(b, IR_guard, IR_VOID, x, y, IR_NONE, IR_NONE, 0, c, 0);
}

// --- calls; pass IR_NONE for arguments that the helper does not take
static inline IRRef ir_call(IRBlock *b, const IRHelper *h, IRRef a0, IRRef a1, IRRef a2, IRRef a3)
{
    return ir_make(b, IR_call, (IRType)h->ret, a0, a1, a2, a3, 0, 0, (uintptr_t)h);
}
static inline IRRef ir_vcall(IRBlock *b, const IRVHelper *h, IRRef a0, IRRef a1, IRRef a2,
                             uint32_t desc)
{
    return ir_make(b, IR_vcall, IR_V128, a0, a1, a2, IR_NONE, desc & 0xffff, desc >> 16,
                   (uintptr_t)h);
}

// --- vectors and FP: plain shapes, with aux as ops.h says
static inline IRRef ir_v1(IRBlock *b, IROpcode op, IRRef a, unsigned aux)
{
    return ir_make(b, op, IR_V128, a, IR_NONE, IR_NONE, IR_NONE, aux, 0, 0);
}
static inline IRRef ir_v1i(IRBlock *b, IROpcode op, IRRef a, unsigned aux, uint64_t imm)
{
    return ir_make(b, op, IR_V128, a, IR_NONE, IR_NONE, IR_NONE, aux, 0, imm);
}
static inline IRRef ir_v2(IRBlock *b, IROpcode op, IRRef x, IRRef y, unsigned aux)
{
    return ir_make(b, op, IR_V128, x, y, IR_NONE, IR_NONE, aux, 0, 0);
}
static inline IRRef ir_v3(IRBlock *b, IROpcode op, IRRef x, IRRef y, IRRef z, unsigned aux)
{
    return ir_make(b, op, IR_V128, x, y, z, IR_NONE, aux, 0, 0);
}
static inline IRRef ir_vext(IRBlock *b, IRRef lo, IRRef hi, unsigned bytes)
{
    return ir_make(b, IR_vext, IR_V128, lo, hi, IR_NONE, IR_NONE, 0, 0, bytes);
}
static inline IRRef ir_vget(IRBlock *b, IRType t, IRRef v, unsigned esize, unsigned lane)
{
    return ir_make(b, IR_vget, t, v, IR_NONE, IR_NONE, IR_NONE, esize | lane << 8, 0, 0);
}
static inline IRRef ir_vgets(IRBlock *b, IRType t, IRRef v, unsigned esize, unsigned lane)
{
    return ir_make(b, IR_vgets, t, v, IR_NONE, IR_NONE, IR_NONE, esize | lane << 8, 0, 0);
}
static inline IRRef ir_vset(IRBlock *b, IRRef v, IRRef x, unsigned esize, unsigned lane)
{
    return ir_make(b, IR_vset, IR_V128, v, x, IR_NONE, IR_NONE, esize | lane << 8, 0, 0);
}
// Any FP op: result type t (IR_V128 but for ff2s/ff2u), unused arguments IR_NONE.
static inline IRRef ir_fp(IRBlock *b, IROpcode op, IRType t, IRRef x, IRRef y, IRRef z,
                          unsigned aux, unsigned aux2, const IRVHelper *exact)
{
    return ir_make(b, op, t, x, y, z, IR_NONE, aux, aux2, (uintptr_t)exact);
}

// --- ways out
static inline unsigned ir_slot(IRBlock *b, uint64_t target)
{
    b->exit_pc[b->n_slots] = target;
    return b->n_slots++;
}
static inline void ir_exit_if(IRBlock *b, IRCond c, IRRef x, IRRef y, uint64_t target)
{
    ir_make(b, IR_exit_if, IR_VOID, x, y, IR_NONE, IR_NONE, ir_slot(b, target), c, 0);
}
static inline void ir_exit_if_f(IRBlock *b, IRFlagCond c, IRRef f, uint64_t target)
{
    ir_make(b, IR_exit_if_f, IR_VOID, f, IR_NONE, IR_NONE, IR_NONE, ir_slot(b, target), c, 0);
}
static inline void ir_exit_jump(IRBlock *b, uint64_t target)
{
    ir_make(b, IR_exit_jump, IR_VOID, IR_NONE, IR_NONE, IR_NONE, IR_NONE, ir_slot(b, target), 0, 0);
}
static inline void ir_exit_call(IRBlock *b, uint64_t target, uint64_t ret)
{
    ir_make(b, IR_exit_call, IR_VOID, IR_NONE, IR_NONE, IR_NONE, IR_NONE, ir_slot(b, target), 0,
            ret);
}
static inline void ir_exit_ind_tagged(IRBlock *b, IRRef pc, IRIndKind kind, uint64_t ret,
                                      unsigned tags)
{
    ir_make(b, IR_exit_ind, IR_VOID, pc, IR_NONE, IR_NONE, IR_NONE, tags, kind, ret);
}
static inline void ir_exit_ind(IRBlock *b, IRRef pc, IRIndKind kind, uint64_t ret)
{
    ir_exit_ind_tagged(b, pc, kind, ret, 0);
}
static inline void ir_exit_loop(IRBlock *b)
{
    ir_make(b, IR_exit_loop, IR_VOID, IR_NONE, IR_NONE, IR_NONE, IR_NONE, 0, 0, 0);
}

#endif
