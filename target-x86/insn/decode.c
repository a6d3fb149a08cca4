// The decoder: all groups' rows, parsed once and indexed by opcode map and opcode.
//
//   prefixes, opcode --> candidates, most specific first
//     --ModRM, mandatory prefix, W, L, mode, feature--> row
//     --SIB, displacement, immediates--> X86Insn
//
// Sizes and registers of the operands follow from the row's notation (insn.h), so that translators
// never look at prefixes.
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "target-x86/insn/rows.h"
#include "target-x86/insn/sse.h"
#include "util/log.h"

const X86Group *const x86_groups[] = {
    &x86_int_alu,    &x86_int_muldiv,  &x86_int_shift,    &x86_int_data,   &x86_int_bits,
    &x86_int_bmi,    &x86_int_control, &x86_int_string,   &x86_int_bcd,    &x86_int_far,
    &x86_int_eflags, &x86_int_misc,    &x86_system_group, &x86_x87,        &x86_sse_int,
    &x86_sse_shift,  &x86_sse_permute, &x86_sse_move,     &x86_sse_fp,     &x86_sse_convert,
    &x86_sse_crypto, &x86_sse_string,  &x86_avx,          &x86_avx_memory, &x86_fma,
    &x86_xsave,
};
const unsigned x86_n_groups = ARRAY_LEN(x86_groups);

#define N_BUCKETS (X86_MAPS * 256)

typedef struct Entry {
    X86Pattern pattern;
    const X86Row *row;
    unsigned size;
} Entry;

struct X86Decoder {
    Entry *entry; // most specific first
    unsigned n_entries;
    uint16_t first[N_BUCKETS + 1]; // bucket b: list[first[b]] .. list[first[b + 1] - 1]
    uint16_t *list;                // indices into entry
};

// --- building

static int more_specific_first(const void *a, const void *b)
{
    const Entry *x = a, *y = b;
    if (x->size != y->size) {
        return x->size < y->size ? -1 : 1;
    }
    return (x->row > y->row) - (x->row < y->row);
}

static void collect_entries(X86Decoder *d)
{
    unsigned n = 0;
    for (unsigned i = 0; i < x86_n_groups; i++) {
        n += x86_groups[i]->n_rows;
    }
    d->entry = g_new0(Entry, n + 1);
    for (unsigned i = 0; i < x86_n_groups; i++) {
        for (unsigned k = 0; k < x86_groups[i]->n_rows; k++) {
            Entry *e = &d->entry[d->n_entries++];
            const char *why = "";
            e->row = &x86_groups[i]->rows[k];
            if (!x86_parse_row(e->row, &e->pattern, &why)) {
                die("x86 decode table: row %s (\"%s\", \"%s\") is malformed: %s", e->row->name,
                    e->row->encoding, e->row->operands, why);
            }
            e->size = x86_pattern_size(&e->pattern);
        }
    }
    qsort(d->entry, d->n_entries, sizeof(Entry), more_specific_first);
}

static bool in_bucket(const X86Pattern *p, unsigned bucket)
{
    unsigned mask = p->plus_reg ? 0xf8 : 0xff;
    return p->map == bucket >> 8 && ((p->opcode ^ bucket) & mask) == 0;
}

// An opcode has a ModRM byte in all its rows or in none.
static void check_bucket(const X86Decoder *d, const GArray *list, unsigned bucket)
{
    for (unsigned i = d->first[bucket]; i + 1 < list->len; i++) {
        const Entry *x = &d->entry[g_array_index(list, uint16_t, i)];
        const Entry *y = &d->entry[g_array_index(list, uint16_t, i + 1)];
        if (x->pattern.has_modrm != y->pattern.has_modrm) {
            die("x86 decode table: rows %s (\"%s\") and %s (\"%s\") disagree about ModRM",
                x->row->name, x->row->encoding, y->row->name, y->row->encoding);
        }
    }
}

X86Decoder *x86_decoder_new(void)
{
    X86Decoder *d = g_new0(X86Decoder, 1);
    GArray *list = g_array_new(FALSE, FALSE, sizeof(uint16_t));
    collect_entries(d);
    for (unsigned b = 0; b < N_BUCKETS; b++) {
        d->first[b] = (uint16_t)list->len;
        for (unsigned i = 0; i < d->n_entries; i++) {
            if (in_bucket(&d->entry[i].pattern, b)) {
                uint16_t index = (uint16_t)i;
                g_array_append_val(list, index);
            }
        }
        check_bucket(d, list, b);
    }
    d->first[N_BUCKETS] = (uint16_t)list->len;
    d->list = (uint16_t *)(void *)g_array_free(list, FALSE);
    return d;
}

void x86_decoder_free(X86Decoder *d)
{
    if (d) {
        g_free(d->entry);
        g_free(d->list);
        g_free(d);
    }
}

// --- reading bytes

typedef struct Reader {
    const uint8_t *p;
    unsigned n, pos;
    X86DecodeResult result; // X86_DECODED so far
} Reader;

static uint64_t take(Reader *r, unsigned bytes)
{
    uint64_t v = 0;
    if (r->pos + bytes > X86_MAX_INSN_BYTES) {
        r->result = X86_TOO_LONG;
        return 0;
    }
    if (r->pos + bytes > r->n) {
        r->result = X86_MORE;
        return 0;
    }
    for (unsigned i = 0; i < bytes; i++) {
        v |= (uint64_t)r->p[r->pos++] << (8 * i);
    }
    return v;
}

static uint64_t take_signed(Reader *r, unsigned bytes)
{
    return (uint64_t)sextract64(take(r, bytes), 0, 8 * bytes);
}

// --- prefixes and opcode

typedef struct Head {
    Reader r;
    const X86Decoder *d;
    const X86Features *features;
    uint64_t flags;
    bool code64;
    bool addrsize_prefix;
    unsigned prefix; // X86_PFX_*
    unsigned map;
    unsigned rex_r, rex_x, rex_b; // 0 or 8
    const X86Pattern *pattern;
    X86Insn *i;
} Head;

static bool segment_prefix(Head *h, uint8_t byte)
{
    static const uint8_t bytes[X86_SEGS] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};
    for (unsigned s = 0; s < X86_SEGS; s++) {
        if (bytes[s] == byte) {
            // ES, CS, SS, DS mean nothing in 64-bit mode (APM vol. 3, 1.2.4), and do not undo
            // others.
            if (!h->code64 || s >= X86_FS) {
                h->i->seg_prefix = (uint8_t)s;
            }
            return true;
        }
    }
    return false;
}

static bool legacy_prefix(Head *h, uint8_t byte)
{
    X86Insn *i = h->i;
    switch (byte) {
    case 0x66:
        i->opsize_prefix = true;
        return true;
    case 0x67:
        h->addrsize_prefix = true;
        return true;
    case 0xf0:
        i->lock = true;
        return true;
    case 0xf2:
    case 0xf3:
        i->repne = byte == 0xf2;
        i->rep = byte == 0xf3;
        return true;
    default:
        return segment_prefix(h, byte);
    }
}

static void set_rex(Head *h, unsigned rex)
{
    h->i->rex_w = rex >> 3 & 1;
    h->rex_r = (rex >> 2 & 1) * 8;
    h->rex_x = (rex >> 1 & 1) * 8;
    h->rex_b = (rex & 1) * 8;
}

// Returns the first byte that is none. A REX that is not the last prefix is ignored.
static uint8_t take_prefixes(Head *h)
{
    for (;;) {
        uint8_t byte = (uint8_t)take(&h->r, 1);
        if (h->r.result != X86_DECODED) {
            return 0;
        }
        if (h->code64 && byte >> 4 == 4) {
            h->i->rex = true;
            set_rex(h, byte);
        } else if (legacy_prefix(h, byte)) {
            h->i->rex = false;
            set_rex(h, 0);
        } else {
            return byte;
        }
    }
}

static unsigned mandatory_prefix(const X86Insn *i)
{
    return i->rep ? X86_PFX_F3 : i->repne ? X86_PFX_F2 : i->opsize_prefix ? X86_PFX_66 : 0;
}

static void take_legacy_opcode(Head *h, uint8_t byte)
{
    h->map = X86_MAP_1;
    h->prefix = mandatory_prefix(h->i);
    if (byte == 0x0f) {
        byte = (uint8_t)take(&h->r, 1);
        h->map = X86_MAP_0F;
        if (byte == 0x38 || byte == 0x3a) {
            h->map = byte == 0x38 ? X86_MAP_0F38 : X86_MAP_0F3A;
            byte = (uint8_t)take(&h->r, 1);
        }
    }
    h->i->opcode = byte;
}

// Outside 64-bit mode C4 and C5 are LES and LDS if a memory operand follows.
static bool is_vex(const Head *h, uint8_t byte)
{
    if (byte != 0xc4 && byte != 0xc5) {
        return false;
    }
    return h->code64 || (h->r.pos < h->r.n && h->r.p[h->r.pos] >= 0xc0);
}

// SDM vol. 2, 2.3.5. The inverted bits R, X, B and vvvv's highest count in 64-bit mode only.
static bool take_vex_opcode(Head *h, bool three_bytes)
{
    X86Insn *i = h->i;
    bool refused = i->lock || i->rep || i->repne || i->opsize_prefix || i->rex ||
                   !(h->flags & X86_BF_PROTECTED);
    unsigned p0 = (unsigned)take(&h->r, 1), rxb = p0 >> 5, last = p0;
    h->map = X86_MAP_VEX | X86_MAP_0F;
    if (three_bytes) {
        last = (unsigned)take(&h->r, 1);
        h->map = X86_MAP_VEX | (p0 & 31);
        refused |= (p0 & 31) < 1 || (p0 & 31) > 3;
    } else {
        rxb |= 3;
    }
    set_rex(h, (three_bytes ? last >> 7 << 3 : 0) | (h->code64 ? ~rxb & 7 : 0));
    i->vex = true;
    i->vvvv = (~last >> 3 & 15) & (h->code64 ? 15 : 7);
    i->vex_l = last >> 2 & 1;
    h->prefix = last & 3;
    i->opcode = (uint8_t)take(&h->r, 1);
    return !refused;
}

static bool take_opcode(Head *h)
{
    uint8_t byte = take_prefixes(h);
    if (h->r.result != X86_DECODED) {
        return true;
    }
    if (!h->code64 && (byte == 0xc4 || byte == 0xc5) && h->r.pos == h->r.n) {
        h->r.result = X86_MORE;
        return true;
    }
    if (is_vex(h, byte)) {
        return take_vex_opcode(h, byte == 0xc4);
    }
    take_legacy_opcode(h, byte);
    return true;
}

// --- row

static bool entry_fits(const Head *h, const Entry *e, unsigned modrm)
{
    const X86Pattern *p = &e->pattern;
    return p->prefixes >> h->prefix & 1 && p->modrm[modrm / 64] >> (modrm % 64) & 1 &&
           p->w >> h->i->rex_w & 1 && p->l >> h->i->vex_l & 1 && p->modes >> h->code64 & 1 &&
           (!e->row->feature || x86_features_test(h->features, (X86Feature)e->row->feature));
}

static bool find_row(Head *h)
{
    const X86Decoder *d = h->d;
    unsigned bucket = h->map << 8 | h->i->opcode;
    unsigned first = d->first[bucket], end = d->first[bucket + 1];
    if (first == end) {
        return false;
    }
    if (d->entry[d->list[first]].pattern.has_modrm) {
        h->i->has_modrm = true;
        h->i->modrm = (uint8_t)take(&h->r, 1);
        if (h->r.result != X86_DECODED) {
            return true;
        }
    }
    for (unsigned k = first; k < end; k++) {
        const Entry *e = &d->entry[d->list[k]];
        if (entry_fits(h, e, h->i->modrm)) {
            h->pattern = &e->pattern;
            h->i->row = e->row;
            return true;
        }
    }
    return false;
}

// --- sizes

static unsigned operand_bytes(const Head *h)
{
    const X86Insn *i = h->i;
    unsigned row = i->row->flags;
    bool small = i->opsize_prefix && h->pattern->prefixes != 1 << X86_PFX_66;
    if (h->code64) {
        if (i->rex_w || row & X86_ROW_F64) {
            return 8;
        }
        return small ? 2 : row & X86_ROW_D64 ? 8 : 4;
    }
    return !!(h->flags & X86_BF_CODE32) != small ? 4 : 2;
}

static void set_sizes(Head *h)
{
    X86Insn *i = h->i;
    bool code32 = h->flags & X86_BF_CODE32;
    i->op_bytes = (uint8_t)operand_bytes(h);
    if (h->code64) {
        i->addr_bytes = h->addrsize_prefix ? 4 : 8;
        i->stack_bytes = 8;
    } else {
        i->addr_bytes = code32 != h->addrsize_prefix ? 4 : 2;
        i->stack_bytes = h->flags & X86_BF_STACK32 ? 4 : 2;
    }
}

static unsigned size_bytes(const Head *h, unsigned size)
{
    static const uint8_t known[] = {
        [X86_SIZE_B] = 1,   [X86_SIZE_W] = 2,   [X86_SIZE_D] = 4,  [X86_SIZE_Q] = 8,
        [X86_SIZE_DQ] = 16, [X86_SIZE_QQ] = 32, [X86_SIZE_T] = 10, [X86_SIZE_N] = 0,
    };
    const X86Insn *i = h->i;
    switch (size) {
    case X86_SIZE_X:
        return i->vex_l ? 32 : 16;
    case X86_SIZE_H:
        return i->vex_l ? 16 : 8;
    case X86_SIZE_V:
    case X86_SIZE_P:
    case X86_SIZE_BS:
        return i->op_bytes;
    case X86_SIZE_Z:
        return MIN_OF(i->op_bytes, 4);
    case X86_SIZE_Y:
        return i->rex_w && h->code64 ? 8 : 4;
    case X86_SIZE_N:
        return i->addr_bytes;
    default:
        return known[size];
    }
}

// --- memory operand

static void take_mem16(Head *h, unsigned mod, unsigned rm)
{
    static const uint8_t base[8] = {X86_RBX, X86_RBX, X86_RBP, X86_RBP,
                                    X86_RSI, X86_RDI, X86_RBP, X86_RBX};
    static const uint8_t index[8] = {X86_RSI,    X86_RDI,    X86_RSI,    X86_RDI,
                                     X86_NO_REG, X86_NO_REG, X86_NO_REG, X86_NO_REG};
    X86Insn *i = h->i;
    if (mod == 0 && rm == 6) {
        i->disp = (int64_t)take(&h->r, 2);
        return;
    }
    i->base = base[rm];
    i->index = index[rm];
    i->disp = mod ? (int64_t)take_signed(&h->r, mod) : 0;
}

static void take_sib(Head *h, unsigned mod)
{
    X86Insn *i = h->i;
    unsigned sib = (unsigned)take(&h->r, 1), index = (sib >> 3 & 7) | h->rex_x;
    i->scale = (uint8_t)(sib >> 6);
    i->index = index == X86_RSP ? X86_NO_REG : (uint8_t)index;
    if ((sib & 7) == X86_RBP && mod == 0) {
        i->disp = (int64_t)take_signed(&h->r, 4);
    } else {
        i->base = (uint8_t)((sib & 7) | h->rex_b);
    }
}

static void take_mem32(Head *h, unsigned mod, unsigned rm)
{
    X86Insn *i = h->i;
    if (rm == X86_RSP) {
        take_sib(h, mod);
    } else if (mod == 0 && rm == X86_RBP) {
        i->rip = h->code64;
        i->disp = (int64_t)take_signed(&h->r, 4);
    } else {
        i->base = (uint8_t)(rm | h->rex_b);
    }
    if (mod) {
        i->disp = (int64_t)take_signed(&h->r, mod == 1 ? 1 : 4);
    }
}

static void take_memory(Head *h)
{
    X86Insn *i = h->i;
    unsigned mod = i->modrm >> 6, rm = i->modrm & 7;
    if (!i->has_modrm || mod == 3 || h->pattern->ignores_mod) {
        return;
    }
    if (i->addr_bytes == 2) {
        take_mem16(h, mod, rm);
    } else {
        take_mem32(h, mod, rm);
    }
    if (i->seg_prefix == X86_NO_REG && (i->base == X86_RBP || i->base == X86_RSP)) {
        i->seg = X86_SS;
    }
}

// --- operands

static bool set_gpr(const Head *h, X86Operand *o, unsigned reg)
{
    o->kind = X86_OP_GPR;
    o->reg = (uint8_t)reg;
    if (o->bytes == 1 && reg >= 4 && reg < 8 && !h->i->rex && !h->i->vex) {
        o->high_byte = true;
        o->reg = (uint8_t)(reg - 4);
    }
    return true;
}

static bool set_reg(X86Operand *o, unsigned kind, unsigned reg)
{
    o->kind = (uint8_t)kind;
    o->reg = (uint8_t)reg;
    return true;
}

static void take_immediate(Head *h, const X86OperandSpec *s, X86Operand *o)
{
    unsigned bytes = s->size == X86_SIZE_BS ? 1 : o->bytes;
    bool wide = s->size == X86_SIZE_BS || (s->size == X86_SIZE_Z && h->i->op_bytes == 8);
    o->kind = X86_OP_IMM;
    if (s->size == X86_SIZE_Z) {
        o->bytes = h->i->op_bytes;
    }
    o->imm = wide ? take_signed(&h->r, bytes) : take(&h->r, bytes);
    o->imm &= mask64(8u * o->bytes);
}

static void take_relative(Head *h, const X86OperandSpec *s, X86Operand *o)
{
    o->kind = X86_OP_REL;
    o->imm = take_signed(&h->r, s->size == X86_SIZE_B ? 1 : o->bytes);
}

static void take_far_pointer(Head *h, X86Operand *o)
{
    o->kind = X86_OP_FAR;
    o->imm = take(&h->r, o->bytes);
    h->i->far_selector = (uint16_t)take(&h->r, 2);
}

static bool set_rm(const Head *h, X86Operand *o, unsigned kind)
{
    const X86Insn *i = h->i;
    if (i->modrm < 0xc0 && !h->pattern->ignores_mod) {
        o->kind = X86_OP_MEM;
        return true;
    }
    unsigned reg = (i->modrm & 7) | h->rex_b;
    return kind == X86_OP_GPR ? set_gpr(h, o, reg)
                              : set_reg(o, kind, kind == X86_OP_MMX ? reg & 7 : reg);
}

static bool set_operand(Head *h, const X86OperandSpec *s, X86Operand *o)
{
    X86Insn *i = h->i;
    unsigned reg = (i->modrm >> 3 & 7) | h->rex_r;
    o->bytes = (uint8_t)size_bytes(h, s->size);
    switch (s->kind) {
    case 'E':
    case 'M':
    case 'R':
        return set_rm(h, o, X86_OP_GPR);
    case 'W':
    case 'U':
        return set_rm(h, o, X86_OP_VEC);
    case 'Q':
    case 'N':
        return set_rm(h, o, X86_OP_MMX);
    case 'G':
        return set_gpr(h, o, reg);
    case 'Z':
        return set_gpr(h, o, (i->opcode & 7) | h->rex_b);
    case 'B':
        return set_gpr(h, o, i->vvvv);
    case 'V':
        return set_reg(o, X86_OP_VEC, reg);
    case 'H':
        return set_reg(o, X86_OP_VEC, i->vvvv);
    case 'P':
        return set_reg(o, X86_OP_MMX, reg & 7);
    case 'S':
        return set_reg(o, X86_OP_SEG, reg & 7) && (reg & 7) < X86_SEGS;
    case 'C':
        return set_reg(o, X86_OP_CR, reg);
    case 'D':
        return set_reg(o, X86_OP_DR, reg) && reg < 8;
    case 'L':
        return set_reg(o, X86_OP_VEC, (unsigned)take(&h->r, 1) >> 4 & (h->code64 ? 15 : 7));
    case 'I':
        take_immediate(h, s, o);
        return true;
    case 'J':
        take_relative(h, s, o);
        return true;
    case 'A':
        take_far_pointer(h, o);
        return true;
    case 'O':
        i->disp = (int64_t)take(&h->r, i->addr_bytes);
        return set_reg(o, X86_OP_MEM, 0);
    case 'X':
        return set_reg(o, X86_OP_STR_SRC, X86_RSI);
    case 'Y':
        return set_reg(o, X86_OP_STR_DST, X86_RDI);
    case X86_FIXED_GPR:
        return set_reg(o, X86_OP_GPR, s->reg);
    case X86_FIXED_SEG:
        return set_reg(o, X86_OP_SEG, s->reg);
    case X86_FIXED_ONE:
        o->imm = 1;
        return set_reg(o, X86_OP_IMM, 0);
    case X86_FIXED_XMM0:
        return set_reg(o, X86_OP_VEC, 0);
    case X86_FIXED_ST0:
        return set_reg(o, X86_OP_ST, 0);
    case X86_STACK_REG:
        return set_reg(o, X86_OP_ST, i->modrm & 7);
    default:
        return false;
    }
}

static bool uses_vvvv(const X86Pattern *p)
{
    for (unsigned n = 0; n < p->n_operands; n++) {
        if (p->operand[n].kind == 'B' || p->operand[n].kind == 'H') {
            return true;
        }
    }
    return false;
}

static bool set_operands(Head *h)
{
    const X86Pattern *p = h->pattern;
    X86Insn *i = h->i;
    i->n_operands = p->n_operands;
    for (unsigned n = 0; n < p->n_operands; n++) {
        if (!set_operand(h, &p->operand[n], &i->operand[n])) {
            return false;
        }
        if (strchr("IJA", p->operand[n].kind) && i->imm_bytes == 0) {
            i->imm = i->operand[n].imm;
            i->imm_bytes = i->operand[n].bytes;
        }
    }
    return !(i->vex && i->vvvv && !uses_vvvv(p));
}

// LOCK needs a memory destination of an instruction that allows it (SDM vol. 2, LOCK).
static bool lock_allowed(const X86Insn *i)
{
    return !i->lock || (i->row->flags & X86_ROW_LOCK && i->operand[0].kind == X86_OP_MEM);
}

static X86DecodeResult finish(const Head *h, bool valid)
{
    h->i->len = (uint8_t)h->r.pos;
    if (h->r.result != X86_DECODED) {
        return h->r.result;
    }
    return valid ? X86_DECODED : X86_INVALID;
}

X86DecodeResult x86_decode(const X86Decoder *d, const X86Features *f, uint64_t flags,
                           const uint8_t *bytes, unsigned n, X86Insn *i)
{
    Head h = {.r = {bytes, n, 0, X86_DECODED},
              .d = d,
              .features = f,
              .flags = flags,
              .code64 = flags & X86_BF_CODE64,
              .i = i};
    *i = (X86Insn){.seg_prefix = X86_NO_REG, .base = X86_NO_REG, .index = X86_NO_REG};
    if (!take_opcode(&h) || h.r.result != X86_DECODED) {
        return finish(&h, false);
    }
    if (!find_row(&h) || h.r.result != X86_DECODED) {
        return finish(&h, false);
    }
    set_sizes(&h);
    i->seg = i->seg_prefix == X86_NO_REG ? X86_DS : i->seg_prefix;
    take_memory(&h);
    bool valid = set_operands(&h);
    return finish(&h, valid && lock_allowed(i));
}
