// A32, T32 and T16: what cases have to keep to, and the rows that are left out, each with its
// reason. The conditions come afterwards (condition_a32.c).
#include "tests/oracle/generate.h"

#include <string.h>

#include "target-arm/a32/a32.h"

#define FIELD(insn, pos, len) extract32(insn, pos, len)

static bool is_thumb(const Gen *g)
{
    return g->isa->state == ORACLE_THUMB;
}

static bool has_field(const Gen *g, char letter)
{
    return strchr(g->row->bits, letter);
}

static bool named(const Gen *g, const char *start)
{
    return !strncmp(g->row->name, start, strlen(start));
}

static ArmFields fields_of(const Gen *g, uint32_t insn)
{
    ArmFields f;
    arm_decode(g->decoder, insn, &f);
    return f;
}

static void put_field(OracleCase *c, unsigned pos, unsigned len, uint32_t v)
{
    c->insn[0] = (uint32_t)deposit64(c->insn[0], pos, len, v);
}

// The decoder's first four bits of A32 are a condition unless the row says so.
static bool unconditional_first(Gen *g, OracleCase *c)
{
    if (g->isa->set->conditional && g->pattern.mask >> 28 != 15) {
        put_field(c, 28, 4, A32_COND_AL);
    }
    return true;
}

// Of the bits that should be zero or one, some rows look at none; QEMU looks at all.
static bool should_be(Gen *g, OracleCase *c)
{
    static const struct {
        const char *row;
        uint32_t mask, value;
    } fixed[] = {
        {"CLREX", 0x000fffff, 0x000ff01f},  {"DSB", 0x000fff00, 0x000ff000},
        {"DMB", 0x000fff00, 0x000ff000},    {"ISB", 0x000fff00, 0x000ff000},
        {"SB", 0x000fff0f, 0x000ff000},     {"CPS", 0x0001fe20, 0},
        {"SETEND", 0x000ffdff, 0x00010000}, {"RFE", 0x0000ffff, 0x0a00},
        {"SRS", 0x000fffe0, 0x000d0500},
    };
    for (unsigned i = 0; i < ARRAY_LEN(fixed); i++) {
        if (!strcmp(g->row->name, fixed[i].row)) {
            c->insn[0] = (c->insn[0] & ~fixed[i].mask) | fixed[i].value;
        }
    }
    return true;
}

// What CPS asks for has to agree with itself.
static bool sound_cps(Gen *g, OracleCase *c)
{
    ArmFields f = fields_of(g, c->insn[0]);
    return f.o != 1 && (f.o | f.M) && (f.o >= 2) == (f.a != 0) && (f.M || !f.m);
}

// --- registers: 15 is UNPREDICTABLE nearly everywhere

static bool any_is_pc(const Gen *g, const ArmFields *f, const char *letters)
{
    const uint32_t *field = &f->a;
    for (; *letters; letters++) {
        if (has_field(g, *letters) && field[*letters - 'a'] == 15) {
            return true;
        }
    }
    return false;
}

static bool data_processing(Gen *g, OracleCase *c)
{
    ArmFields f = fields_of(g, c->insn[0]);
    if (g->chapter == &a32_dp) {
        return f.d != 15 && !(named(g, "DP_reg_reg") && any_is_pc(g, &f, "nms"));
    }
    bool compares =
        f.S && (named(g, "AND") || named(g, "EOR") || named(g, "ADD_") || named(g, "SUB_"));
    bool from_none = named(g, "ORR") || named(g, "ORN") || named(g, "ADDW") || named(g, "SUBW");
    return (f.d != 15 || compares) && (f.n != 15 || from_none) && f.m != 15;
}

static bool no_pc(Gen *g, OracleCase *c)
{
    ArmFields f = fields_of(g, c->insn[0]);
    return !any_is_pc(g, &f, "dnmahl") && !(has_field(g, 'h') && has_field(g, 'l') && f.h == f.l);
}

static bool media(Gen *g, OracleCase *c)
{
    ArmFields f = fields_of(g, c->insn[0]);
    bool twice = named(g, "REV") || named(g, "RBIT") || named(g, "CLZ");
    if (is_thumb(g) && twice) {
        put_field(c, 16, 4, f.m);
        f.n = f.m;
    }
    bool optional = named(g, "SXTA") || named(g, "UXTA") || named(g, "BFI");
    if (named(g, "BFI") && f.w < f.l) {
        return false;
    }
    if ((named(g, "SBFX") || named(g, "UBFX")) && f.l + f.w > 31) {
        return false;
    }
    if (is_thumb(g) && has_field(g, 'h') && f.h && !f.i) { // SSAT16 with a fifth bit
        return false;
    }
    if (named(g, "CRC32") && f.z == 3) {
        return false;
    }
    return !any_is_pc(g, &f, optional ? "dm" : "dnm");
}

// T16's two rows with high registers.
static bool high_registers(Gen *g, OracleCase *c)
{
    ArmFields f = fields_of(g, c->insn[0]);
    return !(named(g, "CMP_high") && (f.n == 15 || f.m == 15));
}

// --- branches

// Somewhere in the quarter of the code that has breakpoints of one instruction set.
static uint32_t other_code(Gen *g, bool thumb)
{
    uint32_t at = gen_below(g, ORACLE_THUMB_END / 4) * 4;
    return (uint32_t)ORACLE_CODE + at + (thumb ? 1 : ORACLE_A32_START);
}

static bool to_register(Gen *g, OracleCase *c)
{
    ArmFields f = fields_of(g, c->insn[0]);
    c->regs.x[f.m] = other_code(g, gen_below(g, 2));
    return f.m != 15;
}

static bool to_same_set(Gen *g, OracleCase *c)
{
    ArmFields f = fields_of(g, c->insn[0]);
    c->regs.x[f.m] = other_code(g, is_thumb(g));
    return f.m != 15;
}

static bool add_to_pc(Gen *g, OracleCase *c)
{
    ArmFields f = fields_of(g, c->insn[0]);
    c->regs.x[f.m] = 0x100 + 2 * gen_below(g, 0x300);
    return f.m != 15;
}

// Offsets in bytes, not back to the instruction or what stands before it.
static int32_t near_offset(Gen *g, unsigned align)
{
    int32_t v = (int32_t)gen_below(g, 0xe00) - 0x700;
    v &= -(int32_t)align;
    return v < 0 && v > -0x40 ? v - 0x40 : v;
}

static bool branch_a32(Gen *g, OracleCase *c)
{
    int32_t offset = near_offset(g, 4);
    if (named(g, "BLX")) {
        offset = (int32_t)(other_code(g, true) - 1 - (ORACLE_SLOT + 8));
        put_field(c, 24, 1, gen_below(g, 2));
    }
    put_field(c, 0, 24, (uint32_t)(offset >> 2));
    return true;
}

static void put_far(OracleCase *c, int32_t offset)
{
    put_field(c, 0, 11, (uint32_t)(offset >> 1));
    put_field(c, 16, 10, (uint32_t)(offset >> 12));
    put_field(c, 26, 1, offset < 0);
    c->insn[0] |= 1u << 13 | 1u << 11; // with the sign's inversion: copies of it
}

static bool branch_t32(Gen *g, OracleCase *c)
{
    int32_t offset = near_offset(g, 2);
    if (named(g, "B_cond")) {
        put_field(c, 0, 11, (uint32_t)(offset >> 1));
        put_field(c, 16, 6, (uint32_t)(offset >> 12));
        put_field(c, 13, 1, offset < 0);
        put_field(c, 11, 1, offset < 0);
        put_field(c, 26, 1, offset < 0);
        return FIELD(c->insn[0], 22, 4) < A32_COND_AL;
    }
    if (named(g, "BLX")) {
        offset = (int32_t)(other_code(g, false) - (ORACLE_SLOT + 4));
    }
    put_far(c, offset);
    return true;
}

static bool branch_t16(Gen *g, OracleCase *c)
{
    unsigned len = named(g, "B_cond") ? 8 : 11;
    (void)g;
    int32_t offset = (int32_t)(FIELD(c->insn[0], 0, len) << (32 - len)) >> (31 - len);
    return offset >= 0 || offset < -0x20;
}

// A table of which the entry leads somewhere in the code.
static bool table_branch(Gen *g, OracleCase *c)
{
    ArmFields f = fields_of(g, c->insn[0]);
    const uint8_t *mem = (const uint8_t *)g->pristine;
    unsigned at = gen_below(g, ORACLE_MEM_SIZE / 2) & ~1u, m = gen_below(g, 64);
    bool half = named(g, "TBH");
    while (half && (mem[at] | mem[at + 1] << 8) > 0x700) {
        at += 2;
        if (at == ORACLE_MEM_SIZE) {
            return false;
        }
    }
    if (f.m == 15 || f.m == f.n || (f.n == 15 && half)) {
        return false;
    }
    c->regs.x[f.m] = m;
    if (f.n != 15) {
        c->regs.x[f.n] = (uint32_t)ORACLE_MEM + at - (m << half);
    }
    return true;
}

// Numbers of semihosting, and Linux's own breakpoints, which are UDFs.
static bool plain_trap(Gen *g, OracleCase *c)
{
    uint32_t insn = c->insn[0];
    (void)g;
    return (insn & 0x0fffffff) != 0x07f001f0 && insn != 0xde01 && insn != 0xf7f0a000 &&
           (insn & 0x0fffffff) != 0x010f0070 && insn != 0xbabc;
}

// --- loads and stores

#define BASE_LOW    0x2000u
#define BASE_SPREAD 0x1000u

static bool set_base(Gen *g, OracleCase *c, unsigned n, unsigned align)
{
    c->memory = 1;
    if (n != 15) {
        unsigned at = gen_below(g, BASE_SPREAD) & ~(align - 1);
        c->regs.x[n] = (uint32_t)ORACLE_MEM + BASE_LOW + at;
    }
    return true;
}

static unsigned random_align(Gen *g)
{
    return 1u << 2 * gen_below(g, 3);
}

// Where the instruction loads pc from: there the address of some code is put.
static bool poke_target(Gen *g, OracleCase *c, uint32_t at)
{
    at -= (uint32_t)ORACLE_MEM;
    c->poke = at;
    c->poked = other_code(g, gen_below(g, 2));
    return at % 4 == 0 && at && at < ORACLE_MEM_SIZE;
}

// The offset register's value, so that shifted it stays small. type: of the shift.
static void set_offset(Gen *g, OracleCase *c, unsigned m, unsigned type, unsigned amount)
{
    uint32_t small = gen_below(g, 1024);
    if (type == 0) {
        c->regs.x[m] = small >> MIN_OF(amount, 10u);
        if (!amount && gen_below(g, 2)) {
            c->regs.x[m] = (uint32_t) - (int32_t)small;
        }
    } else if (type == 1 || type == 2) {
        c->regs.x[m] = amount ? (uint32_t)((uint64_t)small << amount) & 0x7fffffff : small;
    } else if (amount) {
        c->regs.x[m] = small << amount | small >> (32 - amount);
    } else {
        c->regs.x[m] = small << 1; // RRX
        c->regs.flags &= ~(1u << 29);
    }
}

// Writing back a base that is pc or transferred, an index that is the base, a transfer of pc.
static bool sound(const ArmFields *f, bool writeback, bool indexed, unsigned m)
{
    return f->t != 15 && !(writeback && (f->n == 15 || f->n == f->t)) &&
           !(indexed && (m == 15 || m == f->n));
}

static bool memory_a32(Gen *g, OracleCase *c)
{
    ArmFields f = fields_of(g, c->insn[0]);
    bool indexed = has_field(g, 'm'), dual = named(g, "LDRS") && !f.L;
    bool writeback = !f.P || f.W;
    if (named(g, "PL")) {
        return set_base(g, c, FIELD(c->insn[0], 16, 4), 1);
    }
    if (named(g, "LDR_STR_imm") && f.L && !f.B && f.t == 15 && f.n != 15 && !(!f.P && f.W)) {
        set_base(g, c, f.n, 4);
        uint32_t offset = f.U ? f.i : 0 - f.i;
        return poke_target(g, c, (uint32_t)c->regs.x[f.n] + (f.P ? offset : 0));
    }
    if (!sound(&f, writeback, indexed, f.m) || (f.n == 15 && !f.L && !dual)) {
        return false;
    }
    if (dual && ((f.t & 1) || f.t == 14 || (writeback && f.n == f.t + 1) || (!f.P && f.W) ||
                 (f.n == 15 && f.s) || (indexed && (f.m == f.t || f.m == f.t + 1)))) {
        return false;
    }
    if (indexed) {
        bool shifted = named(g, "LDR_STR");
        set_offset(g, c, f.m, shifted ? f.s : 0, shifted ? f.i : 0);
    }
    return set_base(g, c, f.n, random_align(g));
}

static bool memory_t32(Gen *g, OracleCase *c)
{
    ArmFields f = fields_of(g, c->insn[0]);
    bool single = has_field(g, 'z'), load = named(g, "LDR");
    bool imm12 = FIELD(c->insn[0], 23, 1), by_imm8 = single && !imm12 && f.i >> 11;
    bool by_reg = single && !imm12 && !by_imm8 && f.n != 15, writeback = f.W;
    if (by_reg) {
        put_field(c, 6, 6, 0);
    }
    if (by_imm8) {
        writeback = f.i >> 8 & 1 && (f.i >> 8 & 7) != 6;
    }
    unsigned m = f.i & 15;
    bool hint =
        single && f.z < 2 && load && f.t == 15 && !writeback && !(by_imm8 && (f.i >> 8 & 7) == 6);
    bool dual = !single, post = named(g, "LDRD_post") || named(g, "STRD_post");
    writeback |= post;
    if (hint) {
        f.t = 0;
    }
    if (load && imm12 && single && f.z == 2 && !f.S && f.t == 15 && f.n != 15) {
        set_base(g, c, f.n, 4);
        return poke_target(g, c, (uint32_t)c->regs.x[f.n] + f.i);
    }
    if (!sound(&f, writeback, by_reg, m) || (f.n == 15 && !load)) {
        return false;
    }
    if (dual && (f.u == 15 || (load && f.t == f.u) || (writeback && f.n == f.u))) {
        return false;
    }
    if (by_reg) {
        set_offset(g, c, m, 0, f.i >> 4 & 3);
    }
    return set_base(g, c, f.n, random_align(g));
}

static bool memory_t16(Gen *g, OracleCase *c)
{
    ArmFields f = fields_of(g, c->insn[0]);
    unsigned n = named(g, "LDR_sp") || named(g, "STR_sp") ? 13 : named(g, "LDR_lit") ? 15 : f.n;
    if (has_field(g, 'm')) {
        if (f.m == f.n) {
            return false;
        }
        set_offset(g, c, f.m, 0, 0);
    }
    return set_base(g, c, n, random_align(g));
}

// --- several registers

static bool multiple(Gen *g, OracleCase *c)
{
    ArmFields f = fields_of(g, c->insn[0]);
    uint32_t insn = c->insn[0], list = insn & 0xffff, n = 4 * (uint32_t)__builtin_popcount(list);
    bool load = FIELD(insn, 20, 1), before = FIELD(insn, 24, 1), up = FIELD(insn, 23, 1);
    bool t32 = is_thumb(g), to_pc = load && list >> 15;
    if (named(g, "RFE") || named(g, "SRS")) {
        return set_base(g, c, f.n, 4);
    }
    if (f.n == 15 || !f.r || (f.W && f.r >> f.n & 1)) {
        return false;
    }
    if (t32 && ((f.r & (load ? 0x2000 : 0xa000)) || n < 8 || (to_pc && list & 0x4000))) {
        return false;
    }
    set_base(g, c, f.n, to_pc || gen_below(g, 4) ? 4 : 1);
    uint32_t base = (uint32_t)c->regs.x[f.n];
    uint32_t start = up ? base + (before ? 4 : 0) : base - n + (before ? 0 : 4);
    return !to_pc || poke_target(g, c, start + n - 4);
}

static bool multiple_t16(Gen *g, OracleCase *c)
{
    ArmFields f = fields_of(g, c->insn[0]);
    bool stack = named(g, "PUSH") || named(g, "POP");
    bool late_base = named(g, "STM") && (f.r >> f.n & 1) && (f.r & ((1u << f.n) - 1));
    if (late_base || !(f.r | f.M | f.P)) {
        return false;
    }
    set_base(g, c, stack ? 13 : f.n, f.P || gen_below(g, 4) ? 4 : 1);
    uint32_t words = (uint32_t)__builtin_popcount(f.r);
    return !f.P || poke_target(g, c, (uint32_t)c->regs.x[13] + 4 * words);
}

// --- exclusives

// A load exclusive of the same size from the same base, to registers that are not used.
static uint32_t load_exclusive_for(const Gen *g, uint32_t insn, const ArmFields *f)
{
    uint32_t used =
        1u << f->d | 1u << f->t | 1u << ((f->t + 1) & 15) | 1u << f->u | 1u << f->n | 1u << 15;
    unsigned t = 0;
    while (used >> t & 3) { // an even pair
        t += 2;
    }
    if (!is_thumb(g)) {
        return (insn & 0xfff0000f & ~15u) | 1u << 20 | f->n << 16 | t << 12 | 0xf9f;
    }
    if (named(g, "STREX") && !strcmp(g->row->name, "STREX")) {
        return 0xe8500f00 | f->n << 16 | t << 12 | f->i;
    }
    uint32_t size = FIELD(insn, 4, 2) == 3 ? (t + 1) << 8 : 0xf00;
    return 0xe8d0004f | f->n << 16 | t << 12 | size | FIELD(insn, 4, 2) << 4;
}

static bool exclusive(Gen *g, OracleCase *c)
{
    uint32_t insn = c->insn[0];
    ArmFields f = fields_of(g, insn);
    bool load = FIELD(insn, 20, 1), plain = named(g, "LDA") || named(g, "STL");
    bool pair = is_thumb(g) ? has_field(g, 'u') : f.z == 1;
    unsigned u = is_thumb(g) ? f.u : f.t + 1;
    plain = plain && !strstr(g->row->name, "EX");
    if (named(g, "CLREX")) {
        return true;
    }
    if (is_thumb(g) && (f.t == 13 || f.d == 13 || u == 13)) { // UNDEFINED before ARMv8
        return false;
    }
    if (f.t == 15 || f.n == 15 || (pair && (u == 15 || (load && f.t == u)))) {
        return false;
    }
    if (pair && !is_thumb(g) && ((f.t & 1) || f.t == 14)) {
        return false;
    }
    bool status = has_field(g, 'd') && !load && !plain;
    if (status && (f.d == 15 || f.d == f.t || f.d == f.n || (pair && f.d == u))) {
        return false;
    }
    if ((plain && is_thumb(g) && f.z == 3) || (plain && !is_thumb(g) && f.z == 1)) {
        return false;
    }
    set_base(g, c, f.n, gen_below(g, 8) || status ? 16 : 1);
    if (status && gen_below(g, 4)) {
        c->insn[1] = insn;
        c->insn[0] = load_exclusive_for(g, insn, &f);
        c->n_insns = 2;
    }
    return true;
}

// --- system

// QEMU's user mode keeps E from MSR, which the manual allows.
static bool no_endianness(Gen *g, OracleCase *c)
{
    ArmFields f = fields_of(g, c->insn[0]);
    if (has_field(g, 'n')) {
        c->regs.x[f.n] &= ~UINT64_C(0x200);
    } else if (f.k & 2) {
        return false;
    }
    return !any_is_pc(g, &f, "dn");
}

static bool no_wait(Gen *g, OracleCase *c)
{
    unsigned hint = fields_of(g, c->insn[0]).i;
    (void)g;
    return hint != 2 && hint != 3;
}

// What EL0 can write and read: TPIDRURW.
static bool coprocessor(Gen *g, OracleCase *c)
{
    uint32_t insn = c->insn[0];
    unsigned t = FIELD(insn, 12, 4);
    if (has_field(g, 'u') || t == 15) {
        return false;
    }
    c->insn[0] = 0xee0d0f50 | t << 12;                                  // MCR TPIDRURW
    c->insn[1] = (insn & 0xff100000 & ~0xe00000u) | 0x0d0f50 | t << 12; // this, or MRC
    c->n_insns = 2;
    return true;
}

static const char beyond[] = "branches stay in the code area";
static const char window[] =
    "addresses stay in the memory window; register choices that the manual "
    "calls unpredictable are left out";
static const char pc_use[] = "pc as an operand is unpredictable";
static const char ones[] = "bits that should be 0 or 1 are";
static const char user[] = "not in user mode";

// clang-format off
const Rule oracle_rules_a32[] = {
    {NULL, NULL, unconditional_first, "conditions are added afterwards"},
    {"System", NULL, should_be, ones},
    {"Exclusive accesses", "CLREX", should_be, ones},
    {"Load and store multiple", NULL, should_be, ones},
    {"System", "CPS", sound_cps, "what does not is unpredictable"},
    {"T32 system", "CPS", sound_cps, "what does not is unpredictable"},
    {NULL, "SETPAN", NULL, "QEMU 7.2 does not have it"},
    {"Data processing", NULL, data_processing, pc_use},
    {"T32 data processing", NULL, data_processing, pc_use},
    {"Multiply and divide", NULL, no_pc, pc_use},
    {"T32 multiplies", NULL, no_pc, pc_use},
    {"Media and bit operations", NULL, media, pc_use},
    {"T32 media", NULL, media, pc_use},
    {"T16", "CMP_high", high_registers, pc_use},

    {"Branches and exceptions", "B", branch_a32, beyond},
    {"Branches and exceptions", "BL", branch_a32, beyond},
    {"Branches and exceptions", "BLX_imm", branch_a32, beyond},
    {"Branches and exceptions", "BX", to_register, beyond},
    {"Branches and exceptions", "BXJ", to_register, beyond},
    {"Branches and exceptions", "BLX_reg", to_register, beyond},
    {"T32 branches", "B_cond", branch_t32, beyond},
    {"T32 branches", "B", branch_t32, beyond},
    {"T32 branches", "BL", branch_t32, beyond},
    {"T32 branches", "BLX", branch_t32, beyond},
    {"T32 branches", "BXJ", to_register, beyond},
    {"T32 branches", "TBB", table_branch, beyond},
    {"T32 branches", "TBH", table_branch, beyond},
    {"T16", "ADD_pc", add_to_pc, beyond},
    {"T16", "MOV_pc", to_same_set, beyond},
    {"T16", "BX", to_register, beyond},
    {"T16", "BLX", to_register, beyond},
    {"T16", "B", branch_t16, "would not end"},
    {"T16", "B_cond", branch_t16, "would not end"},
    {NULL, "SVC", NULL, "a system call"},
    {NULL, "UDF", plain_trap, "Linux's breakpoints"},
    {NULL, "HLT", plain_trap, "semihosting"},

    {"Loads and stores", NULL, memory_a32, window},
    {"T32 loads and stores", NULL, memory_t32, window},
    {"Load and store multiple", "LDM_user", NULL, user},
    {"Load and store multiple", "STM_user", NULL, user},
    {"Load and store multiple", NULL, multiple, window},
    {"T32 multiple registers", NULL, multiple, window},
    {"Exclusive accesses", "SWP", NULL, "depends on SCTLR.SW"},
    {"Exclusive accesses", NULL, exclusive, window},
    {"T32 exclusives", NULL, exclusive, window},
    {"T16", "LDR_literal", memory_t16, window},
    {"T16", "STR_reg", memory_t16, window},
    {"T16", "STRH_reg", memory_t16, window},
    {"T16", "STRB_reg", memory_t16, window},
    {"T16", "LDRSB_reg", memory_t16, window},
    {"T16", "LDR_reg", memory_t16, window},
    {"T16", "LDRH_reg", memory_t16, window},
    {"T16", "LDRB_reg", memory_t16, window},
    {"T16", "LDRSH_reg", memory_t16, window},
    {"T16", "STR_imm", memory_t16, window},
    {"T16", "LDR_imm", memory_t16, window},
    {"T16", "STRB_imm", memory_t16, window},
    {"T16", "LDRB_imm", memory_t16, window},
    {"T16", "STRH_imm", memory_t16, window},
    {"T16", "LDRH_imm", memory_t16, window},
    {"T16", "STR_sp", memory_t16, window},
    {"T16", "LDR_sp", memory_t16, window},
    {"T16", "PUSH", multiple_t16, window},
    {"T16", "POP", multiple_t16, window},
    {"T16", "STM", multiple_t16, window},
    {"T16", "LDM", multiple_t16, window},

    {NULL, "MSR", no_endianness, "QEMU's user mode keeps E from MSR"},
    {NULL, "MSR_reg", no_endianness, "QEMU's user mode keeps E from MSR"},
    {NULL, "MSR_imm", no_endianness, "QEMU's user mode keeps E from MSR"},
    {NULL, "MRS", no_endianness, pc_use},
    {NULL, "HINT", no_wait, "WFI and WFE have no end"},
    {"Coprocessors 14 and 15", "MCRR", NULL, user},
    {"Coprocessors 14 and 15", "MRRC", NULL, user},
    {"T32 coprocessors", "MCRR", NULL, user},
    {"T32 coprocessors", "MRRC", NULL, user},
    {"Coprocessors 14 and 15", NULL, coprocessor, "what EL0 has"},
    {"T32 coprocessors", NULL, coprocessor, "what EL0 has"},

    {"vfp_move", NULL, rule_vfp_move, pc_use},
    {"vfp_move", "vmrs", rule_vfp_system, pc_use},
    {"vfp_move", "vmsr", rule_vfp_system, pc_use},
    {"vfp_dp", "vcvt_from_fixed", rule_vfp_fixed, "fewer than no fraction bits"},
    {"vfp_dp", "vcvt_to_fixed", rule_vfp_fixed, "fewer than no fraction bits"},
    {"vfp_load_store", "vldst", rule_vfp_one, "QEMU has VLDR.16 on ARMv7, too"},
    {"vfp_load_store", "vldstm_ia", rule_vfp_multiple, window},
    {"vfp_load_store", "vldstm_db", rule_vfp_multiple, window},
    {"neon_permute", "vswp", rule_neon_two_results, "one register twice"},
    {"neon_permute", "vtrn", rule_neon_two_results, "one register twice"},
    {"neon_permute", "vuzp", rule_neon_two_results, "one register twice"},
    {"neon_permute", "vzip", rule_neon_two_results, "one register twice"},
    {"neon_permute", "vtbl", rule_neon_table, "tables beyond D31"},
    {"neon_load_store", NULL, rule_neon_memory, window},
};
// clang-format on
const unsigned oracle_n_rules_a32 = ARRAY_LEN(oracle_rules_a32);
