// See values.h.
#include "tests/oracle_x86/values.h"

#include <string.h>

uint64_t xrandom(XRandom *r)
{
    r->s ^= r->s << 13;
    r->s ^= r->s >> 7;
    r->s ^= r->s << 17;
    return r->s * UINT64_C(0x2545f4914f6cdd1d);
}

unsigned xrandom_below(XRandom *r, unsigned n)
{
    return (unsigned)((xrandom(r) >> 33) % n);
}

bool xo_one_in(XGenerator *g, unsigned n)
{
    return xrandom_below(&g->random, n) == 0;
}

bool xo_uses(const X86Insn *i, X86OperandKind kind)
{
    for (unsigned k = 0; k < i->n_operands; k++) {
        if (i->operand[k].kind == kind) {
            return true;
        }
    }
    return false;
}

// --- numbers

static uint64_t random_word(XGenerator *g)
{
    static const uint64_t special[] = {0,
                                       1,
                                       UINT64_MAX,
                                       UINT64_C(1) << 63,
                                       INT64_MAX,
                                       UINT64_C(0x80000000),
                                       UINT64_C(0x7fffffff),
                                       UINT64_C(0xffffffff),
                                       0x8000,
                                       0x7fff,
                                       0x80,
                                       0x7f,
                                       0xff};
    switch (xrandom_below(&g->random, 4)) {
    case 0:
        return special[xrandom_below(&g->random, ARRAY_LEN(special))];
    case 1:
        return xrandom_below(&g->random, 256);
    default:
        return xrandom(&g->random);
    }
}

// A vector's 64 bits: integers, or one or two floats of interest.
static uint64_t random_lane(XGenerator *g)
{
    static const uint32_t f32[] = {0,          0x80000000, 0x3f800000, 0xbf800000, 0x7f800000,
                                   0xff800000, 0x7fc00000, 0x7f800001, 0xffc12345, 0x00000001,
                                   0x007fffff, 0x00800000, 0x7f7fffff, 0x4f000000, 0x5f000000};
    static const uint64_t f64[] = {0,
                                   UINT64_C(1) << 63,
                                   UINT64_C(0x3ff0000000000000),
                                   UINT64_C(0x7ff0000000000000),
                                   UINT64_C(0xfff8000000000000),
                                   UINT64_C(0x7ff0000000000001),
                                   1,
                                   UINT64_C(0x000fffffffffffff),
                                   UINT64_C(0x0010000000000000),
                                   UINT64_C(0x7fefffffffffffff),
                                   UINT64_C(0x41e0000000000000),
                                   UINT64_C(0x43e0000000000000)};
    switch (xrandom_below(&g->random, 6)) {
    case 0:
        return (uint64_t)f32[xrandom_below(&g->random, ARRAY_LEN(f32))] << 32 |
               f32[xrandom_below(&g->random, ARRAY_LEN(f32))];
    case 1:
        return f64[xrandom_below(&g->random, ARRAY_LEN(f64))];
    case 2: // doubles near 1
        return UINT64_C(0x3fd0000000000000) + (xrandom(&g->random) >> 6);
    case 3: // floats near 1
        return (UINT64_C(0x3e8000003e800000) +
                (xrandom(&g->random) & UINT64_C(0x01ffffff01ffffff)));
    default:
        return random_word(g);
    }
}

static void random_st(XGenerator *g, uint8_t *st)
{
    uint64_t frac = xrandom(&g->random) | UINT64_C(1) << 63;
    uint16_t se = (uint16_t)xrandom(&g->random);
    switch (xrandom_below(&g->random, 10)) {
    case 0:
        frac = 0;
        se &= 0x8000;
        break;
    case 1:
        frac = UINT64_C(1) << 63;
        se |= 0x7fff;
        break;
    case 2:
        se |= 0x7fff;
        break;
    case 3:
        frac >>= xrandom_below(&g->random, 64);
        se &= 0x8000;
        break;
    case 4:
        frac = xrandom(&g->random);
        break;
    case 5:
        frac = UINT64_MAX << xrandom_below(&g->random, 64);
        se = (uint16_t)((se & 0x8000) | (16383 + xrandom_below(&g->random, 64)));
        break;
    default:
        se = (uint16_t)((se & 0x8000) | (16383 - 40 + xrandom_below(&g->random, 100)));
        break;
    }
    memset(st, 0, 16);
    memcpy(st, &frac, 8);
    memcpy(st + 8, &se, 2);
}

void xo_random_state(XGenerator *g, XState *s)
{
    static const uint16_t precision[] = {0, 2, 3, 3};
    memset(s, 0, sizeof *s);
    for (unsigned i = 0; i < 16; i++) {
        s->gpr[i] = random_word(g);
        if (!g->mode64) {
            s->gpr[i] = i < 8 ? (uint32_t)s->gpr[i] : 0;
        }
    }
    s->gpr[X86_RSP] = g->bits == 16 ? 0x2800 : XO_DATA + 0x2000;
    s->eflags = (uint32_t)xrandom(&g->random) & X86_STATUS_FLAGS;
    s->mxcsr = 0x1f80 | xrandom_below(&g->random, 4) << 13;
    if (xo_one_in(g, 8)) {
        s->mxcsr |= (xo_one_in(g, 2) ? 0x8000u : 0) | (xo_one_in(g, 2) ? 0x40u : 0);
    }
    if (xo_one_in(g, 8)) {
        s->mxcsr &= ~((uint32_t)xrandom(&g->random) & 0x1f80);
    }
    s->fcw = (uint16_t)(0x7f | precision[xrandom_below(&g->random, 4)] << 8 |
                        xrandom_below(&g->random, 4) << 10);
    if (xo_one_in(g, 8)) {
        s->fcw &= (uint16_t) ~(xrandom(&g->random) & 0x3f);
    }
    s->fsw = (uint16_t)(xrandom_below(&g->random, 8) << 11 | (xrandom(&g->random) & 0x4700));
    if (xo_one_in(g, 16)) { // exceptions that came before, perhaps one that waits
        s->fsw |= xrandom(&g->random) & 0x3f;
        s->fsw |= s->fsw & ~s->fcw & 0x3f ? 0x8080 : 0;
    }
    s->valid = xo_one_in(g, 2) ? 0xff : (uint8_t)xrandom(&g->random);
    for (unsigned i = 0; i < 8; i++) {
        random_st(g, s->st[i]);
    }
    for (unsigned i = 0; i < (g->mode64 ? 16 : 8); i++) {
        for (unsigned k = 0; k < 4; k++) {
            uint64_t v = random_lane(g);
            memcpy(s->ymm[i] + 8 * k, &v, 8);
        }
    }
}

// --- addresses

static uint64_t random_target(XGenerator *g)
{
    unsigned at = 0x1000 + xrandom_below(&g->random, 0x1000);
    if (!xo_one_in(g, 5)) {
        at &= ~63u;
    } else if (xo_one_in(g, 2)) {
        at &= ~7u;
    }
    return XO_DATA + at;
}

// Linear addresses that fault, or do so with some of their bytes. Random ones would hit the
// runner's own memory; XO_GUARD pages are kept free of it.
static uint64_t bad_target(XGenerator *g)
{
    static const uint64_t edges[] = {0x1000, XO_CODE, XO_CODE + XO_CODE_SIZE, XO_DATA,
                                     XO_DATA + XO_DATA_SIZE};
    static const uint64_t far_edges[] = {UINT64_C(1) << 47, UINT64_C(0xffff8000) << 32, 0,
                                         UINT64_C(0xffffffff80000000), UINT64_C(1) << 63};
    unsigned near = xrandom_below(&g->random, 40);
    switch (xrandom_below(&g->random, g->mode64 ? 4 : 3)) {
    case 0:
        return XO_GUARD + xrandom_below(&g->random, XO_GUARD_SIZE);
    case 1:
        return edges[xrandom_below(&g->random, ARRAY_LEN(edges))] - near;
    case 2: // wraps in 32 bits
        return UINT64_C(0x100000000) - near - 1;
    default:
        return far_edges[xrandom_below(&g->random, ARRAY_LEN(far_edges))] - near;
    }
}

static void patch(uint8_t *code, unsigned at, unsigned bytes, uint64_t v)
{
    for (unsigned i = 0; i < bytes; i++) {
        code[at + i] = (uint8_t)(v >> (8 * i));
    }
}

bool xo_is_gather(const X86Row *row)
{
    return strstr(row->name, "GATHER") != NULL;
}

// Small indices in the vector register that a gather takes them from, sound as 32- and as 64-bit
// ones.
static void small_indices(XGenerator *g, XCase *c, unsigned reg)
{
    for (unsigned k = 0; k < 4; k++) {
        uint64_t v = xrandom_below(&g->random, 32);
        memcpy(c->before.ymm[reg] + 8 * k, &v, 8);
    }
}

static void aim_gather(XGenerator *g, XCase *c, const X86Insn *i, const XFields *f, uint64_t t)
{
    small_indices(g, c, i->index);
    if (i->base != X86_NO_REG) {
        c->before.gpr[i->base] = t - (uint64_t)i->disp;
    } else {
        patch(c->code, f->disp_at, 4, t);
    }
}

// An address register; bits above the address size do not count.
static void set_address(XGenerator *g, XCase *c, const X86Insn *i, unsigned reg, uint64_t v)
{
    unsigned bits = 8u * i->addr_bytes;
    uint64_t high = xrandom(&g->random) & ~mask64(bits);
    if (bits == 64 || (g->mode64 && xo_one_in(g, 2))) {
        high = 0;
    }
    c->before.gpr[reg] = (v & mask64(bits)) | high;
}

// Offset of a data address in segments of this mode.
static uint64_t offset_of(const XGenerator *g, uint64_t linear)
{
    return g->bits == 16 ? linear - XO_DATA : linear;
}

// An offset for a memory operand of any kind.
static uint64_t memory_offset(XGenerator *g)
{
    if (!xo_one_in(g, 40)) {
        return offset_of(g, random_target(g));
    }
    if (g->bits != 16) {
        return bad_target(g);
    }
    // At the segment's end, behind the data pages, beyond 64 KiB.
    static const uint64_t from[] = {0xffe0, 0x3fe0, 0, 0xffe0, 0xffffffe0};
    return from[xrandom_below(&g->random, ARRAY_LEN(from))] + xrandom_below(&g->random, 64);
}

void xo_aim_memory(XGenerator *g, XCase *c, const X86Insn *i, const XFields *f)
{
    uint64_t t = memory_offset(g), *gpr = c->before.gpr;
    unsigned scale = 1u << i->scale;
    if (i->addr_bytes == 2 && g->bits != 16) {
        return; // in the first 64 KiB there is nothing
    }
    if (i->rip) {
        patch(c->code, f->disp_at, 4, t - (XO_SLOT + c->len));
        return;
    }
    if (xo_is_gather(i->row)) {
        aim_gather(g, c, i, f, t);
        return;
    }
    if (i->index != X86_NO_REG && i->index == i->base) {
        set_address(g, c, i, i->base, (t - (uint64_t)i->disp) / (scale + 1));
        return;
    }
    uint64_t index = 0;
    if (i->index != X86_NO_REG && i->index != X86_RSP) {
        index = xrandom_below(&g->random, 16);
        set_address(g, c, i, i->index, index);
    } else if (i->index != X86_NO_REG) {
        index = gpr[i->index];
    }
    uint64_t rest = t - index * scale;
    if (i->base != X86_NO_REG) {
        set_address(g, c, i, i->base, rest - (uint64_t)i->disp);
    } else if (f->disp_bytes) {
        patch(c->code, f->disp_at, f->disp_bytes, rest);
    } else { // an absolute address in the immediate
        patch(c->code, f->imm_at, i->addr_bytes, rest);
    }
}

// --- implicit addresses and counts

static void aim_strings(XGenerator *g, XCase *c, const X86Insn *i)
{
    set_address(g, c, i, X86_RSI, memory_offset(g));
    set_address(g, c, i, X86_RDI, memory_offset(g));
    set_address(g, c, i, X86_RCX, xrandom_below(&g->random, 20));
    c->before.eflags |= xo_one_in(g, 3) ? X86_DF : 0;
}

// Bit offsets reach beyond the operand.
static void aim_bits(XGenerator *g, XCase *c, const X86Insn *i)
{
    for (unsigned k = 0; k < i->n_operands; k++) {
        if (i->operand[k].kind == X86_OP_GPR && i->operand[k].reg != X86_RSP) {
            int offset = (int)xrandom_below(&g->random, 4096) - 2048;
            c->before.gpr[i->operand[k].reg] = (uint64_t)(int64_t)offset;
        }
    }
}

// Where indirect branches may go: nowhere that is the runner's.
static void aim_branch(XGenerator *g, XCase *c, const X86Insn *i)
{
    if (i->operand[0].kind == X86_OP_GPR && i->operand[0].reg != X86_RSP) {
        c->before.gpr[i->operand[0].reg] =
            xo_one_in(g, 2) ? XO_CODE + xrandom_below(&g->random, 0x1000) : bad_target(g);
    }
}

void xo_aim_implicit(XGenerator *g, XCase *c, const X86Insn *i)
{
    const char *n = i->row->name;
    if (xo_uses(i, X86_OP_STR_SRC) || xo_uses(i, X86_OP_STR_DST)) {
        aim_strings(g, c, i);
    }
    if (!strncmp(n, "MASKMOV", 7) || !strncmp(n, "VMASKMOVDQU", 11)) {
        set_address(g, c, i, X86_RDI, memory_offset(g));
    }
    if (!strcmp(n, "XLAT") || !strcmp(n, "XLATB")) {
        set_address(g, c, i, X86_RBX, offset_of(g, random_target(g)));
    }
    if (!strcmp(n, "LEAVE") || !strcmp(n, "ENTER")) {
        c->before.gpr[X86_RBP] = offset_of(g, random_target(g) & ~UINT64_C(7));
    }
    if (!strncmp(n, "BT", 2) && !xo_one_in(g, 8)) {
        aim_bits(g, c, i);
    }
    if (!strcmp(n, "JMP") || !strcmp(n, "CALL")) {
        aim_branch(g, c, i);
    }
}
