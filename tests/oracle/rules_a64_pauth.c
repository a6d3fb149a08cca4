// Pointer authentication. The signature itself is implementation-defined, so cases are instructions
// in a row whose outcome is not:
//
//   sign, authenticate        the pointer as it was
//   sign, spoil, authenticate the address with the error code that the key and layout demand
//   sign, strip               the pointer as it was, or as canonical
//   sign, use                 the branch's target, the loaded value; or the fault at a spoilt
//   address
//
// Registers that end with a signature in them are not compared. Pointers of the upper half have all
// bits above 55 set: which bit selects the half of others depends on both halves' TBI, which
// QEMU 7.2 looks at one by one.
#include "tests/oracle/generate.h"

#define PACIA  0xdac10000u // | n << 5 | d
#define PACIZA 0xdac123e0u // | d
#define XPACI  0xdac143e0u
#define XPACD  0xdac147e0u
#define KEY_B  (1u << 10)
#define KEY_D  (1u << 11)
#define AUT    (1u << 12)
#define ZERO   (1u << 13) // the modifier
#define SP     31u

static uint32_t with_d_n(uint32_t insn, unsigned d, unsigned n)
{
    return insn | n << 5 | d;
}

// EOR Xd, Xd, #1 << bit, with a bit that every layout has in the signature.
static uint32_t spoil(Gen *g, unsigned d)
{
    unsigned bit = 48 + gen_below(g, 7);
    return 0xd2400000u | (64 - bit) << 16 | with_d_n(0, d, d);
}

static void emit(OracleCase *c, uint32_t insn)
{
    c->insn[c->n_insns++] = insn;
}

static uint64_t pointer(Gen *g)
{
    uint64_t p = gen_random(g) >> gen_below(g, 32);
    switch (gen_below(g, 4)) {
    case 0:
        return p & mask64(48);
    case 1:
        return (p & mask64(48)) | gen_random(g) << 56; // with a tag
    case 2:
        return p | ~mask64(48);
    default: // not canonical
        return p >> 55 & 1 ? p | ~mask64(56) : p;
    }
}

bool rule_pac_aut(Gen *g, OracleCase *c)
{
    uint32_t insn = c->insn[0] & ~AUT;
    unsigned d = insn & 31, n = insn >> 5 & 31;
    if (insn & ZERO) {
        n = 31;
        insn |= n << 5;
    } else if (n == d) {
        return false; // the modifier would change
    }
    if (d == 31) {
        return false;
    }
    c->regs.x[d] = pointer(g);
    c->n_insns = 0;
    emit(c, insn);
    switch (gen_below(g, 3)) {
    case 0:
        emit(c, insn | AUT);
        break;
    case 1:
        emit(c, spoil(g, d));
        emit(c, insn | AUT);
        break;
    default:
        emit(c, (insn & KEY_D ? XPACD : XPACI) | d);
    }
    return true;
}

bool rule_xpac(Gen *g, OracleCase *c)
{
    unsigned d = c->insn[0] & 31;
    if (d != 31) {
        c->regs.x[d] = pointer(g);
    }
    return true;
}

// Twice the same, the lower half zero: PACGA d; PACGA e; EOR d, d, e; UBFX e, e, #0, #32.
bool rule_pacga(Gen *g, OracleCase *c)
{
    uint32_t insn = c->insn[0];
    unsigned d = insn & 31, n = insn >> 5 & 31, m = insn >> 16 & 31, e = gen_below(g, 31);
    if (d == 31 || d == n || d == m || e == n || e == m || e == d) {
        return false;
    }
    emit(c, (insn & ~31u) | e);
    emit(c, 0xca000000u | e << 16 | with_d_n(0, d, d));
    emit(c, 0xd3407c00u | with_d_n(0, e, e));
    return true;
}

// --- uses of a pointer

// Puts `sign`, and perhaps the spoiling, in front of the one instruction there is.
static bool signed_use(Gen *g, OracleCase *c, unsigned d, uint32_t sign)
{
    uint32_t use = c->insn[0];
    bool bad = gen_below(g, 3) == 0;
    c->n_insns = 0;
    emit(c, sign);
    if (bad) {
        emit(c, spoil(g, d));
    }
    emit(c, use);
    c->ignored_x = 1u << d;
    return bad;
}

static bool branch_by(Gen *g, OracleCase *c, unsigned n, unsigned m, bool zero)
{
    uint32_t insn = c->insn[0];
    uint32_t key = insn >> 10 & 1 ? KEY_B : 0;
    bool link = (insn & 0x00600000u) == 0x00200000u;
    if (n == 31 || (!zero && m == n)) {
        return false;
    }
    c->regs.x[n] = ORACLE_CODE + 4 * gen_below(g, (ORACLE_SLOT - ORACLE_CODE) / 4);
    signed_use(g, c, n, zero ? PACIZA | key | n : with_d_n(PACIA | key, n, m));
    if (link && n == 30) {
        c->ignored_x = 0;
    }
    return true;
}

bool rule_branch_auth_zero(Gen *g, OracleCase *c)
{
    return branch_by(g, c, c->insn[0] >> 5 & 31, 0, true);
}

bool rule_branch_auth(Gen *g, OracleCase *c)
{
    return branch_by(g, c, c->insn[0] >> 5 & 31, c->insn[0] & 31, false);
}

bool rule_return_auth(Gen *g, OracleCase *c)
{
    return branch_by(g, c, 30, SP, false);
}

bool rule_load_auth(Gen *g, OracleCase *c)
{
    uint32_t insn = c->insn[0];
    unsigned n = insn >> 5 & 31, t = insn & 31;
    bool write_back = insn >> 11 & 1, key_b = insn >> 23 & 1;
    if (n == 31 || (write_back && t == n)) {
        return false;
    }
    c->memory = 1;
    c->regs.x[n] = ORACLE_MEM + 0x2000 + gen_below(g, 0x1000);
    bool bad = signed_use(g, c, n, PACIZA | KEY_D | (key_b ? KEY_B : 0) | n);
    if (!bad && (write_back || t == n)) {
        c->ignored_x = 0;
    }
    return true;
}

// --- hints

// Signing and authenticating hints that belong together, and the register they work on.
static const struct {
    uint8_t sign, aut, reg;
} hint_pairs[] = {{8, 12, 17},  {10, 14, 17}, {24, 28, 30},
                  {25, 29, 30}, {26, 30, 30}, {27, 31, 30}};

bool rule_hint_pauth(Gen *g, OracleCase *c)
{
    unsigned p = gen_below(g, ARRAY_LEN(hint_pairs)), reg = hint_pairs[p].reg;
    c->regs.x[reg] = pointer(g);
    c->n_insns = 0;
    emit(c, 0xd503201fu | (unsigned)hint_pairs[p].sign << 5);
    switch (gen_below(g, 3)) {
    case 0:
        emit(c, spoil(g, reg));
        // fall through
    case 1:
        emit(c, 0xd503201fu | (unsigned)hint_pairs[p].aut << 5);
        break;
    default:
        emit(c, reg == 30 ? 0xd50320ffu : XPACI | reg); // XPACLRI
    }
    return true;
}
