// A64: what cases have to keep to, and the rows that are left out, each with its reason.
#include "tests/oracle/generate.h"

#include "target-arm/sysregs.h"

static unsigned reg_d(uint32_t insn)
{
    return insn & 31;
}
static unsigned reg_n(uint32_t insn)
{
    return insn >> 5 & 31;
}
static unsigned reg_u(uint32_t insn)
{
    return insn >> 10 & 31;
}
static unsigned reg_m(uint32_t insn)
{
    return insn >> 16 & 31;
}

static uint32_t small_field(Gen *g, uint32_t insn, unsigned pos, unsigned len, unsigned range)
{
    int v = (int)gen_below(g, 2 * range) - (int)range;
    uint32_t mask = (uint32_t)mask64(len) << pos;
    return (insn & ~mask) | ((uint32_t)v << pos & mask);
}

// --- branches

#define BRANCH_RANGE 0x400 // instructions: stays in the code area

static bool near26(Gen *g, OracleCase *c)
{
    c->insn[0] = small_field(g, c->insn[0], 0, 26, BRANCH_RANGE);
    return true;
}

static bool near19(Gen *g, OracleCase *c)
{
    c->insn[0] = small_field(g, c->insn[0], 5, 19, BRANCH_RANGE);
    return true;
}

static bool near14(Gen *g, OracleCase *c)
{
    c->insn[0] = small_field(g, c->insn[0], 5, 14, BRANCH_RANGE);
    return true;
}

// A branch to itself has no end.
static bool not_to_itself(Gen *g, OracleCase *c)
{
    (void)g;
    uint32_t insn = c->insn[0];
    bool b = (insn & 0x7c000000) == 0x14000000;
    unsigned len = b ? 26 : (insn & 0x7e000000) == 0x36000000 ? 14 : 19;
    return extract32(insn, b ? 0 : 5, len) != 0;
}

static bool target_register(Gen *g, OracleCase *c)
{
    unsigned n = reg_n(c->insn[0]);
    c->regs.x[n] = ORACLE_CODE + 4 * gen_below(g, ORACLE_CODE_SIZE / 4);
    return n != 31 && c->regs.x[n] != ORACLE_SLOT;
}

// --- loads and stores

#define BASE_LOW    0x2000u
#define BASE_SPREAD 0x1000u

static bool is_literal(uint32_t insn)
{
    return (insn & 0x3b000000) == 0x18000000;
}
static bool is_unsigned_offset(uint32_t insn)
{
    return (insn & 0x3b000000) == 0x39000000;
}
static bool is_register_offset(uint32_t insn)
{
    return (insn & 0x3b200c00) == 0x38200800;
}
static bool is_pair(uint32_t insn)
{
    return (insn & 0x3a000000) == 0x28000000;
}
static bool is_vector(uint32_t insn)
{
    return insn >> 26 & 1;
}

static void set_base(Gen *g, OracleCase *c, uint32_t insn, unsigned align)
{
    unsigned n = reg_n(insn);
    unsigned offset = gen_below(g, BASE_SPREAD) & ~(align - 1);
    c->regs.x[n] = ORACLE_MEM + BASE_LOW + (n == 31 ? offset & ~15u : offset);
}

static void set_offset(Gen *g, OracleCase *c, uint32_t insn)
{
    unsigned m = reg_m(insn), n = reg_n(insn);
    if (m != n) {
        c->regs.x[m] = (uint64_t)((int64_t)gen_below(g, 512) - 256);
    }
    if (gen_below(g, 2)) { // 32-bit offsets ignore the upper half
        uint32_t option = insn >> 13 & 7;
        if (m != n && (option == 2 || option == 6)) {
            c->regs.x[m] = (c->regs.x[m] & (option == 2 ? 0xff : UINT32_MAX)) | gen_random(g) << 32;
        }
    }
}

static bool writes_base_back(uint32_t insn)
{
    if (is_pair(insn)) {
        return insn >> 23 & 1;
    }
    return (insn & 0x3b200400) == 0x38000400;
}

static bool is_unpredictable(uint32_t insn)
{
    unsigned t = reg_d(insn), n = reg_n(insn), u = reg_u(insn);
    bool pair = is_pair(insn);
    if (pair && (insn >> 22 & 1) && t == u) {
        return true;
    }
    return writes_base_back(insn) && !is_vector(insn) && n != 31 && (t == n || (pair && u == n));
}

static bool memory(Gen *g, OracleCase *c)
{
    uint32_t insn = c->insn[0];
    c->memory = 1;
    if (c->n_insns > 1) { // made by a rule of its own
        return true;
    }
    if (is_literal(insn)) {
        return near19(g, c);
    }
    if (is_unpredictable(insn)) {
        return false;
    }
    if (is_unsigned_offset(insn)) {
        c->insn[0] = insn &= ~0x00300000u;
    }
    set_base(g, c, insn, gen_below(g, 2) ? 1 : 16);
    if (is_register_offset(insn)) {
        set_offset(g, c, insn);
    }
    return true;
}

static bool aligned_memory(Gen *g, OracleCase *c)
{
    set_base(g, c, c->insn[0], 16);
    c->memory = 1;
    return true;
}

static bool aligned_offset(Gen *g, OracleCase *c)
{
    c->insn[0] &= ~0x0000f000u;
    return aligned_memory(g, c);
}

// A load exclusive of the same size, from the same base, to registers that the case does not use.
static uint32_t load_exclusive_for(uint32_t insn)
{
    uint32_t used = 1u << reg_d(insn) | 1u << reg_n(insn) | 1u << reg_u(insn) | 1u << reg_m(insn);
    unsigned t = (unsigned)__builtin_ctz(~used), u = (unsigned)__builtin_ctz(~used & ~(1u << t));
    uint32_t out = (insn & 0xffa003e0u) | 1u << 22 | 31u << 16 | t;
    return out | (insn >> 21 & 1 ? u : 31u) << 10;
}

static bool exclusive(Gen *g, OracleCase *c)
{
    uint32_t insn = c->insn[0];
    bool load = insn >> 22 & 1, pair = insn >> 21 & 1;
    unsigned s = reg_m(insn), t = reg_d(insn), u = reg_u(insn);
    if (load) {
        c->insn[0] = insn |= 31u << 16; // Rs should be one
        if (pair && t == u) {
            return false;
        }
    } else if (s == t || s == reg_n(insn) || (pair && s == u)) {
        return false;
    }
    aligned_memory(g, c);
    if (!load && gen_below(g, 4)) {
        c->insn[1] = insn;
        c->insn[0] = load_exclusive_for(insn);
        c->n_insns = 2;
    }
    return true;
}

// CAS succeeds sometimes: the expected value is what memory holds.
static bool compare_swap(Gen *g, OracleCase *c)
{
    uint32_t insn = c->insn[0];
    aligned_memory(g, c);
    unsigned n = reg_n(insn), s = reg_m(insn), at = (unsigned)(c->regs.x[n] - ORACLE_MEM) / 8;
    if (gen_below(g, 2) && s != n && s + 1 != n && s < 30) {
        bool narrow_pair = (insn & 0xc0200000) == 0x00200000 && !(insn >> 23 & 1);
        c->regs.x[s] = g->pristine[at];
        if (!(insn >> 23 & 1)) {
            c->regs.x[s + 1] = narrow_pair ? g->pristine[at] >> 32 : g->pristine[at + 1];
        }
    }
    return true;
}

// --- system

#define TPIDR_EL0 SR(3, 3, 13, 0, 2)

// What EL0 can write; TPIDR_EL0 is written before it is read, and read after it is written.
static bool known_register(Gen *g, OracleCase *c)
{
    static const uint32_t reg[] = {SR(3, 3, 4, 2, 0), SR(3, 3, 4, 4, 0), SR(3, 3, 4, 4, 1),
                                   TPIDR_EL0};
    uint32_t enc = reg[gen_below(g, ARRAY_LEN(reg))], insn = c->insn[0];
    c->insn[0] = insn = (insn & ~0x001fffe0u) | enc << 5;
    if (enc == SR(3, 3, 4, 4, 0)) {
        c->regs.x[reg_d(insn)] &= 0x07c80000;
    }
    if (enc == TPIDR_EL0) {
        c->insn[0] = (insn & ~(1u << 21 | 31u)) | gen_below(g, 31);
        c->insn[1] = insn | 1u << 21;
        c->n_insns = 2;
    }
    return true;
}

// Cache maintenance and DC ZVA somewhere in the window, and operations that EL0 does not have.
static bool system_operation(Gen *g, OracleCase *c)
{
    static const uint32_t op[] = {
        SR(1, 3, 7, 4, 1),  SR(1, 3, 7, 4, 1),  SR(1, 3, 7, 4, 1),  // DC ZVA
        SR(1, 3, 7, 5, 1),                                          // IC IVAU
        SR(1, 3, 7, 10, 1), SR(1, 3, 7, 11, 1), SR(1, 3, 7, 14, 1), // DC CVAC, CVAU, CIVAC
    };
    uint32_t insn = c->insn[0];
    unsigned t = reg_d(insn);
    c->regs.fpcr &= ~(UINT32_C(1) << 19); // FZ16, which a Cortex-A72 does not have
    if (gen_below(g, 8) == 0) {
        return extract32(insn, 16, 3) != 3;
    }
    uint32_t enc = op[gen_below(g, ARRAY_LEN(op))];
    c->insn[0] = (insn & ~0x001fffe0u) | (enc & 0xffff) << 5;
    c->memory = 1;
    c->regs.x[t] = ORACLE_MEM + gen_below(g, ORACLE_MEM_SIZE);
    return t != 31;
}

// --- exceptions

// A number that Linux does not have: X0 becomes -ENOSYS, nothing else changes.
static bool unknown_call(Gen *g, OracleCase *c)
{
    c->regs.x[8] = 4000 + gen_below(g, 1000);
    return true;
}

static bool not_semihosting(Gen *g, OracleCase *c)
{
    (void)g;
    return extract32(c->insn[0], 5, 16) != 0xf000;
}

// QEMU's "max" has FEAT_MTE: PSTATE.TCO and STGP.
static bool not_tco(Gen *g, OracleCase *c)
{
    (void)g;
    return (c->insn[0] & 0x000700e0) != 0x00030080;
}

static bool not_stgp(Gen *g, OracleCase *c)
{
    (void)g;
    return (c->insn[0] & 0xfe400000) != 0x68000000;
}

// WFE only with an event there already; WFI has no end, and SEV stays with the next WFE.
static bool hint(Gen *g, OracleCase *c)
{
    unsigned hint = c->insn[0] >> 5 & 0x7f;
    if (gen_below(g, 3) == 0) {
        return rule_hint_pauth(g, c);
    }
    if (hint == 2) { // SEVL; WFE
        c->insn[1] = c->insn[0];
        c->insn[0] = 0xd50320bfu;
        c->n_insns = 2;
    }
    if (hint == 7) {
        return rule_xpac(g, c);
    }
    return hint != 3 && (hint < 8 || hint >= 16) && (hint < 24 || hint >= 32);
}

// Positive denormals that FZ flushes: the manual clears Z (FPToFixedJS), QEMU sets it.
static bool no_flush(Gen *g, OracleCase *c)
{
    (void)g;
    c->regs.fpcr &= ~(UINT32_C(1) << 24);
    return true;
}

// Makes all lanes those of the lowest 16 bits: DUP Vd.8H, Vd.H[0].
static bool low_half(Gen *g, OracleCase *c)
{
    (void)g;
    unsigned d = reg_d(c->insn[0]);
    c->insn[1] = 0x4e020400u | d << 5 | d;
    c->n_insns = 2;
    return true;
}

static const char beyond[] = "branches stay in the code area";
static const char window[] =
    "addresses stay in the memory window; SP is aligned, for QEMU does not "
    "check it; register choices that the manual calls unpredictable are left out";
static const char pac[] = "signed first, as the signature is implementation-defined";

const Rule oracle_rules_a64[] = {
    {NULL, "B", near26, beyond},
    {NULL, "BL", near26, beyond},
    {NULL, "B_cond", near19, beyond},
    {NULL, "CBZ", near19, beyond},
    {NULL, "TBZ", near14, beyond},
    {NULL, "B", not_to_itself, "would not end"},
    {NULL, "BL", not_to_itself, "would not end"},
    {NULL, "B_cond", not_to_itself, "would not end"},
    {NULL, "CBZ", not_to_itself, "would not end"},
    {NULL, "TBZ", not_to_itself, "would not end"},
    {NULL, "BR", target_register, beyond},
    {NULL, "BLR", target_register, beyond},
    {NULL, "RET", target_register, beyond},
    {NULL, "BRA_zero", rule_branch_auth_zero, pac},
    {NULL, "BRA", rule_branch_auth, pac},
    {NULL, "RETA", rule_return_auth, pac},
    {NULL, "LDRA", rule_load_auth, pac},
    {NULL, "PAC_AUT", rule_pac_aut, pac},
    {NULL, "PACGA", rule_pacga, pac},
    {NULL, "XPAC", rule_xpac, pac},
    {NULL, "SVC", unknown_call, "system calls that do not exist"},
    {NULL, "HLT", not_semihosting, "HLT #0xf000 is a semihosting call of the runner"},
    {NULL, "SYS", system_operation,
     "addresses stay in the memory window; QEMU's user mode has no DC CVAP and CVADP"},
    {NULL, "MSR", known_register,
     "other registers are not the same at EL0 of a user-mode emulator"},
    {NULL, "MRS", known_register,
     "other registers are not the same at EL0 of a user-mode emulator"},
    {NULL, "HINT", hint, "WFI has no end; signatures are implementation-defined"},
    {NULL, "MSR_imm", not_tco, "needs FEAT_MTE"},
    {NULL, "LDP_STP", not_stgp, "needs FEAT_MTE"},
    {"Loads and stores", NULL, memory, window},
    {"load_store_simd", NULL, memory, window},
    {NULL, "LDAPUR_STLUR", aligned_offset, "QEMU 7.2 has no FEAT_LSE2"},
    {NULL, "LDXR_STXR", exclusive, window},
    {NULL, "LDXP_STXP", exclusive, window},
    {NULL, "LDAR_STLR", aligned_memory, window},
    {NULL, "LDLAR_STLLR", aligned_memory, window},
    {NULL, "CAS", compare_swap, window},
    {NULL, "CASP", compare_swap, window},
    {NULL, "ATOMIC", aligned_memory, window},
    {NULL, "LDAPR", aligned_memory, window},
    {NULL, "fjcvtzs", no_flush, "QEMU's Z for flushed denormals is not the manual's"},
    {NULL, "fcvtzs_fix_h", low_half, "QEMU 7.2 sign-extends the 16-bit result of the scalar form"},
};
const unsigned oracle_n_rules_a64 = ARRAY_LEN(oracle_rules_a64);
