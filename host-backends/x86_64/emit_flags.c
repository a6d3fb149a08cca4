// Flags. At most one FLAGS value is in EFLAGS (Emit.ef), possibly with its C the opposite of CF, as
// Arm has it after a subtraction; e->ef_inverted says so and CMC turns it. Code that changes EFLAGS
// calls flags_clobber first, which packs the value if it is wanted and has no other place:
//
//   pack    lahf ; seto al ; (store ax)       AH = S Z - A - P - C, AL = V
//   unpack  load eax ; add al, 127 ; sahf     the addition overflows if AL = 1
//
// State slots and packed copies have AL = 0 or 1. The ops that make flags are in emit_flags_make.c.
#include "host-backends/x86_64/emit.h"

#define NO_CC 0xff

enum { FORM_PACKED, FORM_ANSWER }; // RaValue.form; an answer is a byte, 0 or 1

// x86 conditions: with CF = C, and with CF = !C.
static const uint8_t condition[][2] = {
    [IR_F_Z] = {CC_E, CC_E},         [IR_F_NZ] = {CC_NE, CC_NE}, [IR_F_C] = {CC_B, CC_AE},
    [IR_F_NC] = {CC_AE, CC_B},       [IR_F_S] = {CC_S, CC_S},    [IR_F_NS] = {CC_NS, CC_NS},
    [IR_F_V] = {CC_O, CC_O},         [IR_F_NV] = {CC_NO, CC_NO}, [IR_F_C_NZ] = {NO_CC, CC_A},
    [IR_F_NC_OR_Z] = {NO_CC, CC_BE}, [IR_F_GE] = {CC_GE, CC_GE}, [IR_F_LT] = {CC_L, CC_L},
    [IR_F_GT] = {CC_G, CC_G},        [IR_F_LE] = {CC_LE, CC_LE}, [IR_F_NC_NZ] = {CC_A, NO_CC},
    [IR_F_C_OR_Z] = {CC_BE, NO_CC},  [IR_F_P] = {CC_P, CC_P},    [IR_F_NP] = {CC_NP, CC_NP},
};

// Conditions that are one bit of the packed form.
static const uint16_t single_bit[] = {
    [IR_F_Z] = IR_FLAG_Z, [IR_F_C] = IR_FLAG_C, [IR_F_S] = IR_FLAG_S,
    [IR_F_V] = IR_FLAG_V, [IR_F_P] = IR_FLAG_P,
};

bool flags_wanted(Emit *e)
{
    return (e->ef != IR_NONE && ra_live(&e->ra, e->ef)) ||
           (e->fcmp != IR_NONE && ra_live(&e->ra, e->fcmp));
}

void flags_complement_carry(Emit *e)
{
    x86_byte(&e->c, 0xf5);
    e->ef_inverted = !e->ef_inverted;
}

void flags_pack_rax(Emit *e, bool inverted, bool any_a)
{
    if (inverted) {
        x86_byte(&e->c, 0xf5); // cmc
    }
    x86_byte(&e->c, 0x9f); // lahf
    x86_setcc(&e->c, CC_O, RAX);
    if (any_a) { // an AND that leaves EFLAGS alone
        unsigned pext = 0xf5 | X86_0F38 | X86_F3, pdep = 0xf5 | X86_0F38 | X86_F2;
        x86_mov_ri(&e->c, RCX, IR_FLAG_MASK & ~IR_FLAG_A);
        vex_rrr(&e->c, pext, RAX, RAX, RCX);
        vex_rrr(&e->c, pdep, RAX, RAX, RCX);
    }
}

// ax = the flags in EFLAGS, packed. rcx may change.
static void pack_rax(Emit *e)
{
    flags_pack_rax(e, e->ef_inverted, e->ef_any_a);
    e->ef_inverted = false;
}

static void unpack_rax(Emit *e)
{
    x86_byte(&e->c, 0x04); // add al, 127
    x86_byte(&e->c, 0x7f);
    x86_byte(&e->c, 0x9e); // sahf
}

// Whether one condition is all that will ever be asked of the value in EFLAGS.
static bool asked_once(Emit *e, IRFlagCond *c)
{
    IRRef j = ra_value(&e->ra, e->ef)->next;
    if (j == IR_NONE) {
        return false;
    }
    const IRInsn *i = &e->b->insn[j];
    bool asks = i->op == IR_f_test || i->op == IR_f_select || i->op == IR_f_choose;
    *c = (IRFlagCond)(i->op == IR_exit_if_f ? i->aux2 : i->aux);
    if (i->op == IR_exit_if_f && ra_pending(&e->ra, j)) {
        return false; // put on the way out
    }
    return (asks || i->op == IR_exit_if_f) && flags_root(e, i->arg[0]) == e->ef &&
           e->ra.next[j][0] == IR_NONE &&
           (i->op != IR_f_choose ||
            (flags_root(e, i->arg[1]) != e->ef && flags_root(e, i->arg[2]) != e->ef));
}

static X86Cond condition_in_eflags(Emit *e, IRFlagCond c)
{
    if (condition[c][e->ef_inverted] == NO_CC) {
        flags_complement_carry(e);
    }
    return (X86Cond)condition[c][e->ef_inverted];
}

// Gives the value in EFLAGS a place of its own: packed, or as the answer to the one question.
void flags_save(Emit *e, bool may_answer)
{
    IRFlagCond c;
    if (ra_has_place(&e->ra, e->ef)) {
        return;
    }
    if (may_answer && ra_can_allocate(&e->ra, RA_GPR) && asked_once(e, &c)) {
        X86Cond cc = condition_in_eflags(e, c);
        ra_value(&e->ra, e->ef)->form = FORM_ANSWER;
        x86_setcc(&e->c, cc, ra_hold(&e->ra, e->ef));
        return;
    }
    pack_rax(e);
    if (ra_can_allocate(&e->ra, RA_GPR)) {
        x86_mov_rr(&e->c, false, ra_hold(&e->ra, e->ef), RAX);
    } else {
        ra_spill_from(&e->ra, e->ef, RAX);
    }
}

void flags_clobber(Emit *e)
{
    if (e->ef != IR_NONE && flags_wanted(e)) {
        flags_save(e, true);
    }
    e->ef = e->fcmp = IR_NONE;
}

void flags_set_fcmp(Emit *e, IRRef f)
{
    e->ef = IR_NONE;
    e->fcmp = flags_root(e, f);
}

void flags_set(Emit *e, IRRef f, bool inverted)
{
    e->ef = flags_root(e, f);
    e->fcmp = IR_NONE;
    e->ef_inverted = inverted;
    e->ef_any_a = false;
}

// The op's own operand, if EFLAGS hold it, gets a place before EFLAGS change.
void flags_keep(Emit *e, IRRef f)
{
    if (e->ef == flags_root(e, f)) {
        flags_save(e, false);
    }
}

// eax = packed flags from wherever they are but EFLAGS.
void flags_load_packed(Emit *e, IRRef f)
{
    uint64_t bits = e->b->insn[flags_root(e, f)].imm;
    size_t off;
    if (e->b->insn[flags_root(e, f)].op == IR_fconst) {
        x86_mov_ri(&e->c, RAX, bits & IR_FLAG_MASK);
    } else if (ra_memory(&e->ra, f, 2, &off)) {
        x86_load(&e->c, RAX, state_mem(off), 2);
    } else {
        x86_mov_rr(&e->c, false, RAX, ra_use(&e->ra, f));
    }
}

void flags_load(Emit *e, IRRef f)
{
    if (e->ef == flags_root(e, f)) {
        return;
    }
    flags_clobber(e);
    flags_load_packed(e, f);
    unpack_rax(e);
    flags_set(e, f, false);
}

static X86Cond test_packed(Emit *e, IRRef f, unsigned bit, bool set)
{
    size_t off;
    flags_clobber(e);
    if (ra_memory(&e->ra, f, 2, &off)) {
        x86_rm(&e->c, 0xf6, 0, state_mem(off + (bit > 0xff)));
        x86_byte(&e->c, bit > 0xff ? bit >> 8 : bit);
    } else {
        x86_rr(&e->c, 0xf7, 0, ra_use(&e->ra, f));
        x86_imm32(&e->c, bit);
    }
    return set ? CC_NE : CC_E;
}

// Conditions that COMIS tells by itself, where unordered is C and V (not S, not Z).
static bool comis_condition(IRFlagCond c, X86Cond *cc)
{
    static const uint8_t table[] = {[IR_F_GE] = CC_AE, [IR_F_LT] = CC_B, [IR_F_GT] = CC_A,
                                    [IR_F_LE] = CC_BE, [IR_F_V] = CC_P,  [IR_F_NV] = CC_NP};
    *cc = c < ARRAY_LEN(table) ? (X86Cond)table[c] : CC_O;
    return *cc != CC_O;
}

X86Cond flags_condition(Emit *e, IRRef f, IRFlagCond c)
{
    unsigned even = c & ~1u;
    X86Cond cc;
    if (e->fcmp == flags_root(e, f) && comis_condition(c, &cc)) {
        return cc;
    }
    if (e->ef != flags_root(e, f) && ra_value(&e->ra, f)->form == FORM_ANSWER) {
        flags_clobber(e);
        int reg = ra_use(&e->ra, f);
        x86_rr(&e->c, 0x84 | X86_BYTE | X86_BYTE_REG, reg, reg);
        return CC_NE;
    }
    if (e->ef != flags_root(e, f) && even < ARRAY_LEN(single_bit) && single_bit[even] &&
        !ra_value(&e->ra, f)->constant) {
        return test_packed(e, f, single_bit[even], c == even);
    }
    flags_load(e, f);
    return condition_in_eflags(e, c);
}

void flags_load_carry(Emit *e, IRRef f)
{
    if (e->ef == flags_root(e, f)) {
        if (flags_wanted(e)) {
            flags_save(e, true);
        }
        if (e->ef_inverted) {
            flags_complement_carry(e);
        }
        e->ef = IR_NONE;
        return;
    }
    flags_clobber(e);
    flags_load_packed(e, f);
    x86_rr(&e->c, 0xba | X86_0F, 4, RAX); // bt eax, 8
    x86_byte(&e->c, 8);
}

void flags_put(Emit *e, IRRef f, size_t off)
{
    if (e->b->insn[flags_root(e, f)].op == IR_fconst) {
        ra_state_changes(&e->ra, off, 2);
        x86_store_imm(&e->c, state_mem(off), 2,
                      (int32_t)(e->b->insn[flags_root(e, f)].imm & IR_FLAG_MASK));
        return;
    }
    if (e->ef == flags_root(e, f)) {
        ra_state_changes(&e->ra, off, 2);
        pack_rax(e);
        x86_store(&e->c, RAX, state_mem(off), 2);
        return;
    }
    int src = ra_use(&e->ra, f);
    ra_state_changes(&e->ra, off, 2);
    x86_store(&e->c, src, state_mem(off), 2);
}

// --- consumers
EMIT(f_pack)
{
    if (e->ef == flags_root(e, i->arg[0])) {
        if (flags_wanted(e)) {
            flags_save(e, true);
        }
        pack_rax(e);
    } else {
        flags_clobber(e);
        flags_load_packed(e, i->arg[0]);
    }
    e->ef = IR_NONE;
    x86_alu_ri(&e->c, ALU_AND, false, RAX, IR_FLAG_MASK);
    x86_mov_rr(&e->c, false, ra_def(&e->ra, e->at, IR_NONE, false), RAX);
}

EMIT(f_unpack)
{
    flags_clobber(e);
    int a = ra_use(&e->ra, i->arg[0]);
    int dst = ra_def(&e->ra, e->at, i->arg[0], false);
    x86_copy(e, false, dst, a);
    x86_alu_ri(&e->c, ALU_AND, false, dst, IR_FLAG_MASK);
}

// A single bit of packed flags, while EFLAGS hold a value that is wanted.
static bool test_beside(Emit *e, const IRInsn *i)
{
    unsigned even = i->aux & ~1u;
    IRRef f = flags_root(e, i->arg[0]);
    if (!flags_wanted(e) || e->ef == f || e->fcmp == f || even >= ARRAY_LEN(single_bit) ||
        !single_bit[even] || ra_value(&e->ra, f)->constant ||
        ra_value(&e->ra, f)->form == FORM_ANSWER) {
        return false;
    }
    flags_load_packed(e, f);
    int dst = ra_def(&e->ra, e->at, IR_NONE, false);
    unsigned bit = (unsigned)__builtin_ctz(single_bit[even]);
    if (i->aux & 1) {
        x86_rr(&e->c, 0xf7, 2, RAX); // not
    }
    vex_rrr(&e->c, 0xf0 | X86_0F3A | X86_F2, RAX, 0, RAX); // rorx: the bit to the top
    x86_byte(&e->c, bit + 1);
    x86_mov_ri(&e->c, RCX, 31);
    vex_rrr(&e->c, 0xf7 | X86_0F38 | X86_F2, dst, RCX, RAX); // shrx
    return true;
}

EMIT(f_test)
{
    if (test_beside(e, i)) {
        return;
    }
    X86Cond cc = flags_condition(e, i->arg[0], (IRFlagCond)i->aux);
    int dst = ra_def(&e->ra, e->at, IR_NONE, false);
    x86_setcc(&e->c, cc, RAX);
    x86_movzx(&e->c, dst, RAX, 1);
}

static void choose(Emit *e, const IRInsn *i, X86Cond cc, bool w)
{
    int t = ra_use(&e->ra, i->arg[1]), f = ra_use(&e->ra, i->arg[2]);
    int dst = ra_def(&e->ra, e->at, i->arg[2], false);
    if (dst == t) {
        x86_cmov(&e->c, cc ^ 1, w, dst, f);
    } else {
        x86_copy(e, w, dst, f);
        x86_cmov(&e->c, cc, w, dst, t);
    }
}

EMIT(f_select)
{
    choose(e, i, flags_condition(e, i->arg[0], (IRFlagCond)i->aux), is_wide(i));
}

EMIT(f_choose)
{
    flags_keep(e, i->arg[1]);
    flags_keep(e, i->arg[2]);
    choose(e, i, flags_condition(e, i->arg[0], (IRFlagCond)i->aux), false);
}
