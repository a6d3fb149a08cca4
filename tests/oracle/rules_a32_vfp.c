// VFP and Advanced SIMD: what cases have to keep to. Most of what they refuse is UNPREDICTABLE.
#include "tests/oracle/generate.h"

#include "target-arm/features.h"

static unsigned field(const OracleCase *c, unsigned pos, unsigned len)
{
    return extract32(c->insn[0], pos, len);
}

static void set_field(OracleCase *c, unsigned pos, unsigned len, uint32_t value)
{
    c->insn[0] = (uint32_t)deposit64(c->insn[0], pos, len, value);
}

static unsigned d_register(const OracleCase *c, unsigned pos, unsigned bit)
{
    return field(c, bit, 1) << 4 | field(c, pos, 4);
}

// A base register that points into the memory, and not far from its middle.
static void point(Gen *g, OracleCase *c, unsigned n)
{
    uint32_t at = (uint32_t)ORACLE_MEM + ORACLE_MEM_SIZE / 2 + gen_below(g, 0x1000);
    c->regs.x[n] = gen_below(g, 8) ? at & ~UINT32_C(31) : gen_below(g, 2) ? at & ~UINT32_C(3) : at;
}

// Moves: pc is not one of the core registers, which differ if two are written; S registers of a
// pair exist. VMRS and VMSR have a rule of their own.
bool rule_vfp_move(Gen *g, OracleCase *c)
{
    (void)g;
    bool two = field(c, 21, 7) == 0x62, singles = two && !field(c, 8, 1);
    unsigned t = field(c, 12, 4), u = field(c, 16, 4);
    if (field(c, 21, 7) == 0x77 && field(c, 8, 4) == 10) {
        return true;
    }
    if (t == 15 || (two && (u == 15 || (field(c, 20, 1) && t == u)))) {
        return false;
    }
    return !singles || field(c, 0, 4) < 15 || !field(c, 5, 1);
}

// The register that exists for programs: FPSCR.
bool rule_vfp_system(Gen *g, OracleCase *c)
{
    unsigned t = field(c, 12, 4);
    bool to_core = field(c, 20, 1);
    if (gen_below(g, 4)) {
        set_field(c, 16, 4, 1);
    }
    if (t == 15 && (!to_core || field(c, 16, 4) != 1)) {
        return false;
    }
    if (!to_core) {
        c->regs.x[t] &= 0xffff009f;
    }
    return true;
}

// Fixed point: not more integer bits than there are.
bool rule_vfp_fixed(Gen *g, OracleCase *c)
{
    (void)g;
    unsigned integer = field(c, 0, 4) << 1 | field(c, 5, 1);
    return field(c, 7, 1) || integer <= 16;
}

bool rule_vfp_memory(Gen *g, OracleCase *c)
{
    unsigned n = field(c, 16, 4);
    c->memory = true;
    if (n == 15) {
        return false;
    }
    point(g, c, n);
    return true;
}

// One register. QEMU does not ask for FP16 here.
bool rule_vfp_one(Gen *g, OracleCase *c)
{
    bool half = field(c, 8, 2) == 1 && !(g->isa->features >> ARM_FEAT_FP16 & 1);
    return !half && rule_vfp_memory(g, c);
}

bool rule_vfp_multiple(Gen *g, OracleCase *c)
{
    bool is_double = field(c, 8, 1);
    unsigned d = is_double ? d_register(c, 12, 22) : field(c, 12, 4) << 1 | field(c, 22, 1);
    unsigned n = 1 + gen_below(g, is_double ? 16 : 32);
    set_field(c, 0, 8, is_double ? n * 2 : n);
    return d + n <= 32 && rule_vfp_memory(g, c);
}

bool rule_neon_two_results(Gen *g, OracleCase *c)
{
    (void)g;
    return d_register(c, 12, 22) != d_register(c, 0, 5);
}

bool rule_neon_table(Gen *g, OracleCase *c)
{
    (void)g;
    return d_register(c, 16, 7) + field(c, 8, 2) + 1 <= 32;
}

// Indices: registers far from the end, offsets small.
bool rule_neon_memory(Gen *g, OracleCase *c)
{
    unsigned m = field(c, 0, 4), n = field(c, 16, 4);
    if (d_register(c, 12, 22) > 24 || !rule_vfp_memory(g, c)) {
        return false;
    }
    if (m != n && m < 13) {
        c->regs.x[m] &= 0xff;
    }
    return true;
}

// To T32's form, perhaps in an IT block. Those that may not be in one: with no condition in A32.
void oracle_condition_vfp_t32(Gen *g, OracleCase *c)
{
    uint32_t insn = c->insn[0], rest = insn & 0xffffff;
    if (insn >> 25 == 0x79) { // 1111 001U
        c->insn[0] = rest | 0xef000000 | (insn >> 24 & 1) << 28;
    } else if (insn >> 24 == 0xf4) {
        c->insn[0] = rest | 0xf9000000;
    } else if (g->pattern.mask >> 28 != 15) {
        c->insn[0] = (insn & 0x0fffffff) | 0xe0000000;
        oracle_condition_thumb(g, c);
    }
}
