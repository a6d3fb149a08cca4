// Widths, bit fields, counts and orders of bits and bytes.
#include "host-backends/x86_64/emit.h"

// --- widths
static int unary(Emit *e, const IRInsn *i, int *a)
{
    *a = ra_use(&e->ra, i->arg[0]);
    return ra_def(&e->ra, e->at, i->arg[0], false);
}

EMIT(zext)
{
    int a, dst = unary(e, i, &a);
    x86_movzx(&e->c, dst, a, i->aux / 8);
}
EMIT(sext)
{
    int a, dst = unary(e, i, &a);
    x86_movsx(&e->c, dst, a, i->aux / 8, is_wide(i));
}
EMIT(trunc)
{
    (void)e, (void)i; // shares its operand's register
}
EMIT(extu)
{
    int a, dst = unary(e, i, &a);
    x86_mov_rr(&e->c, false, dst, a);
}
EMIT(exts)
{
    int a, dst = unary(e, i, &a);
    x86_movsx(&e->c, dst, a, 4, true);
}

// --- bits
static void bswap(X86Code *c, bool w, int reg)
{
    if (w || reg >= R8) {
        x86_byte(c, 0x40u | (w ? 8 : 0) | (reg >= R8 ? 1 : 0));
    }
    x86_byte(c, 0x0f);
    x86_byte(c, 0xc8u | (unsigned)(reg & 7));
}

// Swaps neighbouring fields of `shift` bits; mask has the lower one of each pair.
static void swap_fields(Emit *e, bool w, int reg, unsigned shift, uint64_t mask)
{
    X86Code *c = &e->c;
    x86_mov_ri(c, RCX, w ? mask : (uint32_t)mask);
    x86_mov_rr(c, w, RAX, reg);
    x86_shift_ri(c, SH_SHR, w, RAX, shift);
    x86_alu_rr(c, ALU_AND, w, RAX, RCX);
    x86_alu_rr(c, ALU_AND, w, reg, RCX);
    x86_shift_ri(c, SH_SHL, w, reg, shift);
    x86_alu_rr(c, ALU_OR, w, reg, RAX);
}

EMIT(bswap)
{
    bool w = is_wide(i);
    flags_clobber(e);
    int a, dst = unary(e, i, &a);
    x86_copy(e, w, dst, a);
    if (i->aux == 16 && w) {
        swap_fields(e, true, dst, 8, 0x00ff00ff00ff00ff);
        return;
    }
    bswap(&e->c, w, dst);
    if (i->aux == 16) {
        x86_shift_ri(&e->c, SH_ROR, false, dst, 16);
    } else if (i->aux == 32 && w) {
        x86_shift_ri(&e->c, SH_ROR, true, dst, 32);
    }
}

EMIT(rbit)
{
    bool w = is_wide(i);
    flags_clobber(e);
    int a, dst = unary(e, i, &a);
    x86_copy(e, w, dst, a);
    bswap(&e->c, w, dst);
    swap_fields(e, w, dst, 4, 0x0f0f0f0f0f0f0f0f);
    swap_fields(e, w, dst, 2, 0x3333333333333333);
    swap_fields(e, w, dst, 1, 0x5555555555555555);
}

static void emit_count(Emit *e, const IRInsn *i, unsigned op)
{
    flags_clobber(e);
    int a, dst = unary(e, i, &a);
    x86_rr(&e->c, op | X86_0F | X86_F3 | (is_wide(i) ? X86_W : 0), dst, a);
}
EMIT(clz)
{
    emit_count(e, i, 0xbd);
}
EMIT(ctz)
{
    emit_count(e, i, 0xbc);
}
EMIT(popcnt)
{
    emit_count(e, i, 0xb8);
}

static void emit_spread(Emit *e, const IRInsn *i, unsigned prefix)
{
    int a = ra_use(&e->ra, i->arg[0]), mask = ra_use(&e->ra, i->arg[1]);
    int dst = ra_def(&e->ra, e->at, i->arg[0], false);
    vex_rrr(&e->c, 0xf5 | X86_0F38 | prefix | (is_wide(i) ? X86_W : 0), dst, a, mask);
}
EMIT(pdep)
{
    emit_spread(e, i, X86_F2);
}
EMIT(pext)
{
    emit_spread(e, i, X86_F3);
}

EMIT(crc32c)
{
    unsigned op = X86_F2 | X86_0F38;
    int sum = ra_use(&e->ra, i->arg[0]), value = ra_use(&e->ra, i->arg[1]);
    int dst = ra_def(&e->ra, e->at, i->arg[0], false);
    x86_mov_rr(&e->c, false, RAX, sum);
    if (i->aux == 1) {
        x86_byte(&e->c, 0x66);
    }
    op |= i->aux == 0 ? 0xf0 | X86_BYTE : i->aux == 3 ? 0xf1 | X86_W : 0xf1;
    x86_rr(&e->c, op, RAX, value);
    x86_mov_rr(&e->c, false, dst, RAX);
}

EMIT(extract)
{
    bool w = is_wide(i);
    unsigned pos = i->aux & 0xff, len = i->aux >> 8, width = w ? 64 : 32;
    bool moves = pos == 0 && (len == 8 || len == 16 || len == 32 || len == width);
    if (!moves) {
        flags_clobber(e);
    }
    int a, dst = unary(e, i, &a);
    X86Code *c = &e->c;
    if (moves) {
        x86_movzx(c, dst, a, len / 8);
    } else if (pos + len == width) {
        x86_copy(e, w, dst, a);
        x86_shift_ri(c, SH_SHR, w, dst, pos);
    } else if (pos + len == 32) {
        x86_mov_rr(c, false, dst, a);
        x86_shift_ri(c, SH_SHR, false, dst, pos);
    } else if (pos == 0 && len < 32) {
        x86_copy(e, false, dst, a);
        x86_alu_ri(c, ALU_AND, false, dst, (int32_t)mask64(len));
    } else {
        x86_mov_ri(c, RCX, pos | len << 8);
        vex_rrr(c, 0xf7 | X86_0F38 | (w ? X86_W : 0), dst, RCX, a); // bextr
    }
}

EMIT(sextract)
{
    bool w = is_wide(i);
    unsigned pos = i->aux & 0xff, len = i->aux >> 8, width = w ? 64 : 32;
    bool moves = pos == 0 && (len == 8 || len == 16 || len == 32);
    if (!moves) {
        flags_clobber(e);
    }
    int a, dst = unary(e, i, &a);
    if (moves) {
        x86_movsx(&e->c, dst, a, len / 8, w);
        return;
    }
    x86_copy(e, w, dst, a);
    if (pos + len < width) {
        x86_shift_ri(&e->c, SH_SHL, w, dst, width - pos - len);
    }
    if (len < width) {
        x86_shift_ri(&e->c, SH_SAR, w, dst, width - len);
    } else if (!w) {
        x86_mov_rr(&e->c, false, dst, dst);
    }
}

// rax = the low len bits of b, moved to pos.
static void place_field(Emit *e, bool w, int b, unsigned pos, unsigned len)
{
    X86Code *c = &e->c;
    unsigned width = w ? 64 : 32;
    if (len == 8 || len == 16 || len == 32) {
        x86_movzx(c, RAX, b, len / 8);
    } else {
        x86_mov_rr(c, w, RAX, b);
        if (pos + len != width && len < 32) {
            x86_alu_ri(c, ALU_AND, false, RAX, (int32_t)mask64(len));
        } else if (pos + len != width) {
            x86_shift_ri(c, SH_SHL, true, RAX, 64 - len);
            x86_shift_ri(c, SH_SHR, true, RAX, 64 - len);
        }
    }
    if (pos) {
        x86_shift_ri(c, SH_SHL, w, RAX, pos);
    }
}

EMIT(deposit)
{
    bool w = is_wide(i);
    unsigned pos = i->aux & 0xff, len = i->aux >> 8, width = w ? 64 : 32;
    flags_clobber(e);
    int a = ra_use(&e->ra, i->arg[0]), b = ra_use(&e->ra, i->arg[1]);
    int dst = ra_def(&e->ra, e->at, i->arg[0], false);
    uint64_t keep = ~(mask64(len) << pos);
    if (len >= width) {
        x86_mov_rr(&e->c, w, dst, b);
        return;
    }
    place_field(e, w, b, pos, len);
    x86_copy(e, w, dst, a);
    if (!w || keep == (uint64_t)(int64_t)(int32_t)keep) {
        x86_alu_ri(&e->c, ALU_AND, w, dst, (int32_t)keep);
    } else {
        x86_mov_ri(&e->c, RCX, keep);
        x86_alu_rr(&e->c, ALU_AND, w, dst, RCX);
    }
    x86_alu_rr(&e->c, ALU_OR, w, dst, RAX);
}

EMIT(extr)
{
    bool w = is_wide(i);
    flags_clobber(e);
    int hi = ra_use(&e->ra, i->arg[0]), lo = ra_use(&e->ra, i->arg[1]);
    int dst = ra_def(&e->ra, e->at, i->arg[1], false);
    unsigned n = (unsigned)i->imm & (w ? 63 : 31);
    if (hi == lo && n) {
        vex_rrr(&e->c, 0xf0 | X86_0F3A | X86_F2 | (w ? X86_W : 0), dst, 0, lo); // rorx
        x86_byte(&e->c, n);
        return;
    }
    int into = dst == hi && n ? RAX : dst;
    if (into != lo || (!w && !n)) {
        x86_mov_rr(&e->c, w, into, lo);
    }
    if (n) {
        x86_rr(&e->c, 0xac | X86_0F | (w ? X86_W : 0), hi, into); // shrd
        x86_byte(&e->c, n);
    }
    if (into != dst) {
        x86_mov_rr(&e->c, w, dst, into);
    }
}
