#include "host-backends/aarch64/encode.h"

#include <assert.h>
#include <string.h>

void a64_word(A64Code *c, uint32_t word)
{
    if (c->pos + 4 > c->end) {
        c->full = true;
        return;
    }
    memcpy(c->rw + c->pos, &word, 4);
    c->pos += 4;
}

// --- registers
void a64_rrr(A64Code *c, uint32_t op, int rd, int rn, int rm)
{
    a64_word(c, op | (uint32_t)rm << 16 | (uint32_t)rn << 5 | (uint32_t)rd);
}

void a64_rrr_shift(A64Code *c, uint32_t op, int rd, int rn, int rm, unsigned kind, unsigned n)
{
    a64_rrr(c, op | kind << 22 | n << 10, rd, rn, rm);
}

void a64_rr(A64Code *c, uint32_t op, int rd, int rn)
{
    a64_word(c, op | (uint32_t)rn << 5 | (uint32_t)rd);
}

void a64_csel(A64Code *c, uint32_t op, int rd, int rn, int rm, A64Cond cond)
{
    a64_rrr(c, op | (uint32_t)cond << 12, rd, rn, rm);
}

void a64_cset(A64Code *c, int rd, A64Cond cond)
{
    a64_csel(c, A64_CSINC, rd, XZR, XZR, cond ^ 1);
}

void a64_mov(A64Code *c, bool wide, int rd, int rm)
{
    a64_rrr(c, a64_wide(A64_ORR, wide), rd, XZR, rm);
}

// --- constants
static void move_wide(A64Code *c, uint32_t op, int rd, unsigned half, uint64_t v)
{
    a64_word(c, op | half << 21 | (uint32_t)(v >> (16 * half) & 0xffff) << 5 | (uint32_t)rd);
}

static unsigned halves_unlike(uint64_t v, unsigned n, unsigned like)
{
    unsigned count = 0;
    for (unsigned k = 0; k < n; k++) {
        count += (v >> (16 * k) & 0xffff) != like;
    }
    return count;
}

// Halves that differ from what the first instruction leaves there.
static void fill_halves(A64Code *c, int rd, uint64_t v, bool wide, bool inverted)
{
    unsigned n = wide ? 4 : 2, rest = inverted ? 0xffff : 0, first = 0;
    uint32_t w = wide ? A64_X : 0;
    while (first < n && (v >> (16 * first) & 0xffff) == rest) {
        first++;
    }
    first = first < n ? first : 0;
    move_wide(c, (inverted ? A64_MOVN : A64_MOVZ) | w, rd, first, inverted ? ~v : v);
    for (unsigned k = first + 1; k < n; k++) {
        if ((v >> (16 * k) & 0xffff) != rest) {
            move_wide(c, A64_MOVK | w, rd, k, v);
        }
    }
}

void a64_const(A64Code *c, int rd, uint64_t v)
{
    uint32_t field;
    bool wide = v >> 32;
    unsigned n = wide ? 4 : 2;
    unsigned zeros = halves_unlike(v, n, 0), ones = halves_unlike(v, n, 0xffff);
    if (MIN_OF(zeros, ones) > 1 && a64_fits_logic(wide, v, &field)) {
        a64_word(c, a64_wide(A64_ORRI, wide) | field | XZR << 5 | (uint32_t)rd);
        return;
    }
    fill_halves(c, rd, v, wide, ones < zeros);
}

// --- bit fields
void a64_bitfield(A64Code *c, uint32_t op, int rd, int rn, unsigned immr, unsigned imms)
{
    uint32_t n = op & A64_X ? 1u << 22 : 0;
    a64_rr(c, op | n | immr << 16 | imms << 10, rd, rn);
}

void a64_ubfx(A64Code *c, bool wide, int rd, int rn, unsigned low, unsigned n)
{
    a64_bitfield(c, a64_wide(A64_UBFM, wide), rd, rn, low, low + n - 1);
}

void a64_sbfx(A64Code *c, bool wide, int rd, int rn, unsigned low, unsigned n)
{
    a64_bitfield(c, a64_wide(A64_SBFM, wide), rd, rn, low, low + n - 1);
}

void a64_bfi(A64Code *c, bool wide, int rd, int rn, unsigned low, unsigned n)
{
    unsigned bits = wide ? 64 : 32;
    a64_bitfield(c, a64_wide(A64_BFM, wide), rd, rn, (bits - low) % bits, n - 1);
}

void a64_lsl(A64Code *c, bool wide, int rd, int rn, unsigned n)
{
    unsigned bits = wide ? 64 : 32;
    a64_bitfield(c, a64_wide(A64_UBFM, wide), rd, rn, (bits - n) % bits, bits - 1 - n);
}

void a64_lsr(A64Code *c, bool wide, int rd, int rn, unsigned n)
{
    a64_bitfield(c, a64_wide(A64_UBFM, wide), rd, rn, n, wide ? 63 : 31);
}

void a64_extr(A64Code *c, bool wide, int rd, int rn, int rm, unsigned n)
{
    a64_rrr(c, a64_wide(A64_EXTR, wide) | (wide ? 1u << 22 : 0) | n << 10, rd, rn, rm);
}

// --- immediates
bool a64_fits_add(uint64_t v)
{
    return v < 0x1000 || (!(v & 0xfff) && v < 0x1000000);
}

// An element of 2^k bits, repeated, that is a run of ones, rotated (DDI 0487, DecodeBitMasks).
bool a64_fits_logic(bool wide, uint64_t v, uint32_t *field)
{
    if (!wide) {
        v = (uint32_t)v | v << 32;
    }
    if (!v || !~v) {
        return false;
    }
    unsigned size = 64;
    while (size > 2 && (v & mask64(size / 2)) == (v >> size / 2 & mask64(size / 2))) {
        size /= 2;
    }
    uint64_t e = v & mask64(size);
    unsigned ones = (unsigned)__builtin_popcountll(e);
    // Turned left by r, the run lies at the low end.
    for (unsigned r = 0; r < size; r++) {
        uint64_t turned = (e << r | (r ? e >> (size - r) : 0)) & mask64(size);
        if (turned == mask64(ones)) {
            unsigned imms = (~(size * 2 - 1) & 0x3f) | (ones - 1);
            *field = (size == 64 ? 1u << 22 : 0) | r << 16 | imms << 10;
            return true;
        }
    }
    return false;
}

void a64_add_imm(A64Code *c, uint32_t op, int rd, int rn, uint64_t imm)
{
    assert(a64_fits_add(imm));
    if (imm >= 0x1000) {
        op |= 1u << 22;
        imm >>= 12;
    }
    a64_rr(c, op | (uint32_t)imm << 10, rd, rn);
}

void a64_logic_imm(A64Code *c, uint32_t op, int rd, int rn, uint64_t v)
{
    uint32_t field = 0;
    bool fits = a64_fits_logic(op & A64_X, v, &field);
    assert(fits);
    (void)fits;
    a64_rr(c, op | field, rd, rn);
}

void a64_add_const(A64Code *c, int rd, int rn, int64_t v, int temp)
{
    uint64_t n = v < 0 ? -(uint64_t)v : (uint64_t)v;
    uint32_t op = (v < 0 ? A64_SUBI : A64_ADDI) | A64_X;
    if (a64_fits_add(n)) {
        a64_add_imm(c, op, rd, rn, n);
    } else if (n < 0x1000000) {
        a64_add_imm(c, op, rd, rn, n & 0xfff000);
        a64_add_imm(c, op, rd, rd, n & 0xfff);
    } else {
        a64_const(c, temp, (uint64_t)v);
        a64_rrr(c, A64_ADD | A64_X, rd, rn, temp);
    }
}

// --- memory
A64Mem a64_load_op(unsigned bytes, bool vector)
{
    static const uint32_t op[] = {[1] = A64_LDRB, [2] = A64_LDRH, [4] = A64_LDR_W, [8] = A64_LDR_X};
    return (A64Mem)(bytes == 16 ? (uint32_t)A64_LDR_Q : op[bytes] | (vector ? A64_VECTOR : 0u));
}

A64Mem a64_store_op(unsigned bytes, bool vector)
{
    static const uint32_t op[] = {[1] = A64_STRB, [2] = A64_STRH, [4] = A64_STR_W, [8] = A64_STR_X};
    return (A64Mem)(bytes == 16 ? (uint32_t)A64_STR_Q : op[bytes] | (vector ? A64_VECTOR : 0u));
}

void a64_mem_index(A64Code *c, A64Mem op, int rt, int rn, int rm)
{
    a64_rrr(c, (uint32_t)op | 0x38206800, rt, rn, rm);
}

void a64_mem(A64Code *c, A64Mem op, int rt, int rn, int64_t off, int temp)
{
    uint32_t w = (uint32_t)op;
    unsigned shift = (w & ~0xc0000000u) >> 22 >= A64_STR_Q >> 22 && w & A64_VECTOR ? 4 : w >> 30;
    if (off >= 0 && !(off & (int64_t)mask64(shift)) && off >> shift < 0x1000) {
        a64_rr(c, w | 0x39000000 | (uint32_t)(off >> shift) << 10, rt, rn);
    } else if (off >= -256 && off < 256) {
        a64_rr(c, w | 0x38000000 | ((uint32_t)off & 0x1ff) << 12, rt, rn);
    } else {
        a64_const(c, temp, (uint64_t)off);
        a64_mem_index(c, op, rt, rn, temp);
    }
}

void a64_pair(A64Code *c, uint32_t op, int rt, int rt2, int rn, int off)
{
    assert(!(off & 7) && off >= -512 && off < 512);
    a64_rr(c, op | ((uint32_t)(off / 8) & 0x7f) << 15 | (uint32_t)rt2 << 10, rt, rn);
}

// --- branches
static size_t placed(A64Code *c, uint32_t word)
{
    size_t at = c->pos;
    a64_word(c, word);
    return at;
}

size_t a64_b_fwd(A64Code *c)
{
    return placed(c, A64_B);
}

size_t a64_bl_fwd(A64Code *c)
{
    return placed(c, A64_BL);
}

size_t a64_bcond_fwd(A64Code *c, A64Cond cond)
{
    return placed(c, A64_BCOND | (uint32_t)cond);
}

size_t a64_cbz_fwd(A64Code *c, bool wide, bool nonzero, int rt)
{
    return placed(c, a64_wide(nonzero ? A64_CBNZ : A64_CBZ, wide) | (uint32_t)rt);
}

size_t a64_adr_fwd(A64Code *c, int rd)
{
    return placed(c, A64_ADR | (uint32_t)rd);
}

void a64_b(A64Code *c, size_t target)
{
    a64_patch(c, a64_b_fwd(c), target);
}

void a64_bl(A64Code *c, size_t target)
{
    a64_patch(c, a64_bl_fwd(c), target);
}

void a64_br(A64Code *c, uint32_t op, int rn)
{
    a64_word(c, op | (uint32_t)rn << 5);
}

static bool put_field(uint32_t *word, int64_t words, unsigned at, unsigned bits)
{
    int64_t limit = (int64_t)BIT(bits - 1);
    uint32_t mask = (uint32_t)mask64(bits) << at;
    *word = (*word & ~mask) | ((uint32_t)words << at & mask);
    return words >= -limit && words < limit;
}

bool a64_retarget(uint32_t *word, int64_t distance)
{
    if ((*word & 0x7c000000) == A64_B) { // B, BL
        return put_field(word, distance >> 2, 0, 26);
    }
    if ((*word & 0x9f000000) == A64_ADR) {
        *word = (*word & ~(3u << 29)) | ((uint32_t)distance & 3) << 29;
        return put_field(word, distance >> 2, 5, 19);
    }
    return put_field(word, distance >> 2, 5, 19); // B.cond, CBZ, CBNZ, LDR of a literal
}

void a64_patch(A64Code *c, size_t field, size_t target)
{
    uint32_t word;
    if (c->full) {
        return;
    }
    memcpy(&word, c->rw + field, 4);
    if (!a64_retarget(&word, (int64_t)target - (int64_t)field)) {
        c->full = true;
    }
    memcpy(c->rw + field, &word, 4);
}

// --- vectors
void a64_fmov_to_vec(A64Code *c, bool wide, int vd, int rn)
{
    a64_rr(c, wide ? 0x9e670000 : 0x1e270000, vd, rn);
}

void a64_fmov_from_vec(A64Code *c, bool wide, int rd, int vn)
{
    a64_rr(c, wide ? 0x9e660000 : 0x1e260000, rd, vn);
}

void a64_vmov(A64Code *c, int vd, int vn)
{
    a64_rrr(c, 0x4ea01c00, vd, vn, vn); // ORR
}
