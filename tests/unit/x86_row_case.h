// Instructions made from decode rows, for tests that compare with a CPU: any encoding that a row
// matches, with operands that a process may use. Memory operands lie in the case's buffer: RBX and
// R11 hold its address, and no case has RSP as an operand.
#ifndef TESTS_UNIT_X86_ROW_CASE_H
#define TESTS_UNIT_X86_ROW_CASE_H

#include <string.h>

#include "ir_random.h"
#include "target-x86/insn/rows.h"

enum { X86_CASE_BUFFER = 512, X86_CASE_MIDDLE = 256 };

typedef struct X86Case {
    const X86Row *row;
    X86Pattern p;
    uint8_t bytes[20];
    unsigned len;
    bool memory;
    int32_t disp; // of the memory operand, from the middle of the buffer
    bool vsib;
    uint8_t index; // VSIB: vector register
} X86Case;

typedef struct CaseEncoder {
    X86Case *k;
    Random *r;
    unsigned prefix, w, l, modrm, rex_r, rex_x, rex_b, vvvv;
} CaseEncoder;

static inline void case_byte(X86Case *k, unsigned b)
{
    k->bytes[k->len++] = (uint8_t)b;
}

static inline unsigned case_pick(Random *r, unsigned set)
{
    unsigned k;
    do {
        k = rnd(r, 4);
    } while (!(set >> k & 1));
    return k;
}

static inline bool case_has(const X86Pattern *p, const char *kinds)
{
    for (unsigned n = 0; n < p->n_operands; n++) {
        if (strchr(kinds, p->operand[n].kind)) {
            return true;
        }
    }
    return false;
}

static inline bool case_modrm_fits(const CaseEncoder *e)
{
    const X86Pattern *p = &e->k->p;
    bool reg_sp = (e->modrm >> 3 & 7) == 4 && !e->rex_r && case_has(p, "G");
    bool rm_sp = e->modrm >= 0xc0 && (e->modrm & 7) == 4 && !e->rex_b && case_has(p, "ER");
    return (p->modrm[e->modrm / 64] >> (e->modrm % 64) & 1) && !reg_sp && !rm_sp;
}

// mod 0: [rbx]; mod 1, 2: with displacement. A third of them have a SIB byte.
static inline void case_choose_modrm(CaseEncoder *e)
{
    X86Case *k = e->k;
    do {
        e->modrm = rnd(e->r, 256);
        e->rex_r = rnd(e->r, 2);
        e->rex_b = rnd(e->r, 2);
        e->rex_x = rnd(e->r, 2);
        k->memory = e->modrm < 0xc0;
        if (k->memory) {
            e->modrm = (e->modrm & 0xf8) | (k->vsib || rnd(e->r, 3) == 0 ? 4 : 3);
        }
    } while (!case_modrm_fits(e));
}

static inline void case_address(CaseEncoder *e)
{
    X86Case *k = e->k;
    if (k->vsib) {
        k->index = (uint8_t)(rnd(e->r, 8) | e->rex_x << 3);
        case_byte(k, rnd(e->r, 4) << 6 | (k->index & 7u) << 3 | 3);
    } else if ((e->modrm & 7) == 4) {
        e->rex_x = 0;
        case_byte(k, rnd(e->r, 4) << 6 | 4 << 3 | 3);
    }
    unsigned mod = e->modrm >> 6;
    if (mod) {
        k->disp = rnd(e->r, 2) ? (int)rnd(e->r, 3) * 32 - 32 : (int)rnd(e->r, 128) - 64;
        for (unsigned n = 0; n < (mod == 1 ? 1 : 4); n++) {
            case_byte(k, (uint32_t)k->disp >> 8 * n);
        }
    }
}

static inline void case_opcode(CaseEncoder *e)
{
    X86Case *k = e->k;
    static const uint8_t prefix[] = {0, 0x66, 0xf3, 0xf2};
    static const uint8_t vex_prefix[] = {0, 1, 2, 3};
    unsigned map = k->p.map & 3;
    if (k->p.map & X86_MAP_VEX) {
        unsigned tail = (~e->vvvv & 15) << 3 | e->l << 2 | vex_prefix[e->prefix];
        if (map == X86_MAP_0F && !e->w && !e->rex_x && !e->rex_b && rnd(e->r, 2)) {
            case_byte(k, 0xc5);
            case_byte(k, (e->rex_r ? 0 : 0x80) | tail);
        } else {
            case_byte(k, 0xc4);
            case_byte(k,
                      (e->rex_r ? 0 : 0x80) | (e->rex_x ? 0 : 0x40) | (e->rex_b ? 0 : 0x20) | map);
            case_byte(k, e->w << 7 | tail);
        }
    } else {
        unsigned rex = e->w << 3 | e->rex_r << 2 | e->rex_x << 1 | e->rex_b;
        if (e->prefix) {
            case_byte(k, prefix[e->prefix]);
        }
        if (rex) {
            case_byte(k, 0x40 | rex);
        }
        if (map) {
            case_byte(k, 0x0f);
        }
        if (map > X86_MAP_0F) {
            case_byte(k, map == X86_MAP_0F38 ? 0x38 : 0x3a);
        }
    }
    case_byte(k, k->p.opcode);
}

// False: the row has no form that this can make.
static inline bool x86_case_make(Random *r, const X86Row *row, X86Case *k)
{
    const char *why;
    *k = (X86Case){.row = row};
    if (!x86_parse_row(row, &k->p, &why)) {
        return false;
    }
    k->vsib = strstr(row->name, "GATHER");
    CaseEncoder e = {.k = k, .r = r};
    e.prefix = case_pick(r, k->p.prefixes == 15 ? 3 : k->p.prefixes);
    e.w = case_pick(r, k->p.w);
    e.l = case_pick(r, k->p.l);
    e.vvvv = case_has(&k->p, "HB") ? rnd(r, 16) : 0;
    if (k->p.has_modrm) {
        case_choose_modrm(&e);
    }
    if (k->memory && (e.modrm & 7) == 4 && !k->vsib) {
        e.rex_x = 0;
    }
    case_opcode(&e);
    if (k->p.has_modrm) {
        case_byte(k, e.modrm);
    }
    if (k->memory) {
        case_address(&e);
    }
    if (case_has(&k->p, "IL")) { // one byte, as vector rows have them
        case_byte(k, (unsigned)rnd64(r) & 0xff);
    }
    return true;
}

#endif
