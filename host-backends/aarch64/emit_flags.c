// Flags. At most one FLAGS value is in NZCV (Emit.nz); nz_kind says what they mean: N, Z, C, V of
// the value itself, or with C inverted, as a subtraction leaves it, or those of an FCMP whose value
// is COMISD's. Nothing but ops that set flags changes NZCV, so that a value can stay there for
// long.
//
// A and P are not in NZCV. Somebody who wants the value as a word (a put to guest state, mostly)
// has it packed where it is made, while operands and result are at hand:
//
//   eor  x16, a, b                     half carry: bit 4 of a ^ b ^ result
//   adds r, a, b
//   eor x16, x16, r ; three shifted eors of r (parity) ; cset, mrs and bit field moves
//
// If only the taken way out of the next op wants it, it is packed there, out of line, by doing the
// operation once more. Values that nobody wants as a word, but that must make room for others, are
// kept as NZCV, or as the answer to the one question that will be asked. The ops that make flags
// are in emit_flags_make.c.
#include "host-backends/aarch64/emit_flags.h"

#include <assert.h>

#define NO_CC 0xff

enum { FORM_PACKED, FORM_ANSWER, FORM_NZCV }; // RaValue.form; FORM_NZCV + NzKind

static const uint8_t condition[][NZ_KINDS] = {
    [IR_F_Z] = {A64_EQ, A64_EQ, NO_CC},     [IR_F_NZ] = {A64_NE, A64_NE, NO_CC},
    [IR_F_C] = {A64_CS, A64_CC, A64_LT},    [IR_F_NC] = {A64_CC, A64_CS, A64_GE},
    [IR_F_S] = {A64_MI, A64_MI, NO_CC},     [IR_F_NS] = {A64_PL, A64_PL, NO_CC},
    [IR_F_V] = {A64_VS, A64_VS, NO_CC},     [IR_F_NV] = {A64_VC, A64_VC, NO_CC},
    [IR_F_C_NZ] = {A64_HI, NO_CC, A64_MI},  [IR_F_NC_OR_Z] = {A64_LS, NO_CC, A64_PL},
    [IR_F_GE] = {A64_GE, A64_GE, NO_CC},    [IR_F_LT] = {A64_LT, A64_LT, NO_CC},
    [IR_F_GT] = {A64_GT, A64_GT, NO_CC},    [IR_F_LE] = {A64_LE, A64_LE, NO_CC},
    [IR_F_NC_NZ] = {NO_CC, A64_HI, A64_GT}, [IR_F_C_OR_Z] = {NO_CC, A64_LS, A64_LE},
    [IR_F_P] = {NO_CC, NO_CC, A64_VS},      [IR_F_NP] = {NO_CC, NO_CC, A64_VC},
};

// Conditions that are one bit of the packed form.
static const uint16_t single_bit[] = {
    [IR_F_Z] = IR_FLAG_Z, [IR_F_C] = IR_FLAG_C, [IR_F_S] = IR_FLAG_S,
    [IR_F_V] = IR_FLAG_V, [IR_F_P] = IR_FLAG_P,
};

static unsigned single_bit_of(IRFlagCond c)
{
    unsigned even = c & ~1u;
    return even < ARRAY_LEN(single_bit) ? single_bit[even] : 0;
}

// Whether NZCV of that kind can tell it, if need be with C turned.
static bool can_tell(IRFlagCond c, NzKind kind)
{
    return kind == NZ_SSE ? condition[c][NZ_SSE] != NO_CC : c < IR_F_P;
}

bool nz_wanted(Emit *e)
{
    return e->nz != IR_NONE && ra_live(&e->ra, e->nz);
}

void nz_set(Emit *e, IRRef f, NzKind kind)
{
    e->nz = nz_root(e, f);
    e->nz_kind = kind;
    e->source.kind = FLAGS_NONE;
}

// --- who wants what
static NzKind kind_of(Emit *e, IRRef f)
{
    const IRInsn *i = &e->b->insn[nz_root(e, f)];
    return i->op == IR_f_fcmp && !(i->aux & IR_FCMP_NZCV) ? NZ_SSE : NZ_PLAIN;
}

static int argument_of(Emit *e, const IRInsn *i, IRRef root)
{
    for (unsigned k = 0; k < ir_op_info[i->op].n_args; k++) {
        if (i->arg[k] != IR_NONE && nz_root(e, i->arg[k]) == root) {
            return (int)k;
        }
    }
    return -1;
}

static bool choose_wants_condition_only(Emit *e, const IRInsn *i, IRRef root)
{
    return nz_root(e, i->arg[1]) != root && nz_root(e, i->arg[2]) != root;
}

static bool needs_packed_from(Emit *e, IRRef root, IRRef j);

// NZCV are enough for this use of argument k.
static bool light_use(Emit *e, IRRef j, int k, IRRef root)
{
    const IRInsn *i = &e->b->insn[j];
    NzKind kind = kind_of(e, root);
    switch (i->op) {
    case IR_exit_if_f:
        return !ra_pending(&e->ra, j) && can_tell((IRFlagCond)i->aux2, kind);
    case IR_f_test:
    case IR_f_select:
        return can_tell((IRFlagCond)i->aux, kind);
    case IR_f_choose:
        return choose_wants_condition_only(e, i, root) && can_tell((IRFlagCond)i->aux, kind);
    case IR_adc:
    case IR_sbb:
        return k == 2 && kind != NZ_SSE;
    case IR_f_adc:
    case IR_f_sbb:
        return k == 2 && kind != NZ_SSE && !i->aux;
    case IR_f_cmc:
        return kind != NZ_SSE && !needs_packed_from(e, j, e->ra.v[j].next);
    default:
        return false;
    }
}

static bool needs_packed_from(Emit *e, IRRef root, IRRef j)
{
    while (j != IR_NONE) {
        int k = argument_of(e, &e->b->insn[j], root);
        if (k < 0 || !light_use(e, j, k, root) || e->ra.next[j][k] == j) {
            return true;
        }
        j = e->ra.next[j][k];
    }
    return false;
}

bool nz_needs_packed(Emit *e, IRRef f)
{
    IRRef root = nz_root(e, f);
    return needs_packed_from(e, root, e->ra.v[root].next);
}

// Ops that make no code, or none that writes a register.
static bool passes_by(Emit *e, IRRef k, IRRef value, int reg)
{
    const IRInsn *i = &e->b->insn[k];
    const RaValue *v = &e->ra.v[k];
    if (v->unused || v->done || v->root != k) {
        return true;
    }
    switch (i->op) {
    case IR_nop:
    case IR_insn:
    case IR_const:
    case IR_vconst:
    case IR_fconst:
        return true;
    case IR_put: {
        const RaPin *pin = hb_whole_pin(&e->ra, (IRType)e->b->insn[i->arg[0]].type, i->imm, i->aux);
        return pin && value != IR_NONE && e->ra.v[i->arg[0]].root == value && pin->reg == reg;
    }
    default:
        return false;
    }
}

bool nz_left_to_exit(Emit *e, IRRef f, IRRef value, int reg)
{
    IRRef root = nz_root(e, f), j = (IRRef)(e->at + 1);
    while (j < e->b->n && passes_by(e, j, value, reg)) {
        j++;
    }
    if (j == e->b->n || e->b->insn[j].op != IR_exit_if_f || e->ra.v[root].next != j ||
        !ra_pending(&e->ra, j) || !can_tell((IRFlagCond)e->b->insn[j].aux2, kind_of(e, root))) {
        return false;
    }
    IRRef next = e->ra.next[j][0];
    return next != j && !needs_packed_from(e, root, next);
}

IRRef nz_take_cmc(Emit *e, IRRef f, NzKind *kind)
{
    IRRef root = nz_root(e, f), j = e->ra.v[root].next;
    if (j == IR_NONE || e->b->insn[j].op != IR_f_cmc || e->ra.next[j][0] != IR_NONE ||
        e->ra.v[j].done || e->ra.v[j].unused) {
        return f;
    }
    ra_fuse(&e->ra, j);
    *kind = *kind == NZ_PLAIN ? NZ_INVERTED : NZ_PLAIN;
    return j;
}

// --- NZCV make room
static void turn_carry(Emit *e)
{
    A64Code *c = &e->c;
    a64_word(c, A64_MRS | SYS_NZCV | T0);
    a64_logic_imm(c, A64_EORI, T0, T0, 1u << 29);
    a64_word(c, A64_MSR | SYS_NZCV | T0);
    e->nz_kind = e->nz_kind == NZ_PLAIN ? NZ_INVERTED : NZ_PLAIN;
}

static A64Cond condition_in_nzcv(Emit *e, IRFlagCond c)
{
    assert(can_tell(c, e->nz_kind));
    if (condition[c][e->nz_kind] == NO_CC) {
        turn_carry(e);
    }
    return (A64Cond)condition[c][e->nz_kind];
}

// Whether one condition is all that will ever be asked of the value in NZCV.
static bool asked_once(Emit *e, IRFlagCond *c)
{
    IRRef j = ra_value(&e->ra, e->nz)->next;
    if (j == IR_NONE) {
        return false;
    }
    const IRInsn *i = &e->b->insn[j];
    bool asks = i->op == IR_f_test || i->op == IR_f_select || i->op == IR_f_choose;
    *c = (IRFlagCond)(i->op == IR_exit_if_f ? i->aux2 : i->aux);
    if (i->op == IR_exit_if_f && ra_pending(&e->ra, j)) {
        return false; // put on the way out
    }
    return (asks || i->op == IR_exit_if_f) && nz_root(e, i->arg[0]) == e->nz &&
           e->ra.next[j][0] == IR_NONE && can_tell(*c, e->nz_kind) &&
           (i->op != IR_f_choose || choose_wants_condition_only(e, i, e->nz));
}

// Gives the value in NZCV a place of its own.
static void save(Emit *e)
{
    IRFlagCond c;
    if (ra_has_place(&e->ra, e->nz)) {
        return;
    }
    RaValue *v = ra_value(&e->ra, e->nz);
    if (!ra_can_allocate(&e->ra, RA_GPR)) {
        v->form = (uint8_t)(FORM_NZCV + e->nz_kind);
        a64_word(&e->c, A64_MRS | SYS_NZCV | T0);
        ra_spill_from(&e->ra, e->nz, T0);
    } else if (asked_once(e, &c)) {
        A64Cond cc = condition_in_nzcv(e, c);
        v->form = FORM_ANSWER;
        a64_cset(&e->c, ra_hold(&e->ra, e->nz), cc);
    } else {
        v->form = (uint8_t)(FORM_NZCV + e->nz_kind);
        a64_word(&e->c, A64_MRS | SYS_NZCV | (uint32_t)ra_hold(&e->ra, e->nz));
    }
}

void nz_clobber(Emit *e)
{
    if (nz_wanted(e)) {
        save(e);
    }
    e->nz = IR_NONE;
}

// --- packing
void nz_pack_plain(A64Code *c, int rd, NzKind kind)
{
    if (kind == NZ_SSE) { // unordered: Z, P, C
        a64_cset(c, rd, A64_VS);
        a64_lsl(c, false, T2, rd, 10);
        a64_csel(c, A64_CSINC, rd, rd, XZR, A64_NE);
        a64_rrr_shift(c, A64_ORR, rd, T2, rd, A64_LSL, 14);
        a64_cset(c, T2, A64_LT);
        a64_bfi(c, false, rd, T2, 8, 1);
        return;
    }
    a64_cset(c, rd, A64_VS);
    a64_cset(c, T2, kind == NZ_PLAIN ? A64_CS : A64_CC);
    a64_bfi(c, false, rd, T2, 8, 1);
    a64_word(c, A64_MRS | SYS_NZCV | T2);
    a64_lsr(c, false, T2, T2, 30);
    a64_bfi(c, false, rd, T2, 14, 2);
}

void nz_pack(A64Code *c, int rd, NzKind kind, int result, int half, unsigned low)
{
    if (half < 0) { // logic: C and V are clear
        a64_word(c, A64_MRS | SYS_NZCV | (uint32_t)rd);
        a64_lsr(c, false, rd, rd, 30);
        a64_lsl(c, false, rd, rd, 14);
    } else {
        nz_pack_plain(c, rd, kind);
        a64_rrr(c, A64_EOR, half, half, result);
        a64_lsr(c, false, half, half, low + 4);
        a64_bfi(c, false, rd, half, 12, 1);
    }
    a64_rrr_shift(c, A64_EOR, T1, result, result, A64_LSR, 4);
    a64_rrr_shift(c, A64_EOR, T1, T1, T1, A64_LSR, 2);
    a64_rrr_shift(c, A64_EON, T1, T1, T1, A64_LSR, 1);
    if (low) {
        a64_lsr(c, false, T1, T1, low);
    }
    a64_bfi(c, false, rd, T1, 10, 1);
}

int nz_use_packed(Emit *e, IRRef f)
{
    assert(ra_has_place(&e->ra, f) && ra_value(&e->ra, f)->form == FORM_PACKED);
    return ra_use(&e->ra, f);
}

// NZCV from a packed value.
static void unpack(A64Code *c, int packed)
{
    a64_lsr(c, false, T0, packed, 14);
    a64_lsl(c, false, T0, T0, 30); // S, Z; other bits above go
    a64_lsr(c, false, T1, packed, 8);
    a64_bfi(c, false, T0, T1, 29, 1);
    a64_bfi(c, false, T0, packed, 28, 1);
    a64_word(c, A64_MSR | SYS_NZCV | T0);
}

// NZCV hold f, and it is no answer.
static void load(Emit *e, IRRef f)
{
    if (e->nz == nz_root(e, f)) {
        return;
    }
    nz_clobber(e);
    unsigned form = ra_value(&e->ra, f)->form;
    int reg = ra_use(&e->ra, f);
    if (form == FORM_PACKED) {
        unpack(&e->c, reg);
        nz_set(e, f, NZ_PLAIN);
    } else {
        a64_word(&e->c, A64_MSR | SYS_NZCV | (uint32_t)reg);
        nz_set(e, f, (NzKind)(form - FORM_NZCV));
    }
}

A64Cond nz_condition(Emit *e, IRRef f, IRFlagCond c)
{
    bool here = e->nz == nz_root(e, f);
    unsigned form = ra_value(&e->ra, f)->form, bit = single_bit_of(c);
    if (here && can_tell(c, e->nz_kind)) {
        return condition_in_nzcv(e, c);
    }
    if (form == FORM_ANSWER) {
        nz_clobber(e);
        a64_logic_imm(&e->c, A64_ANDSI, XZR, ra_use(&e->ra, f), 1);
        return A64_NE;
    }
    if (form == FORM_PACKED && (bit || here)) {
        nz_clobber(e);
        if (!bit) {
            load(e, f);
            return condition_in_nzcv(e, c);
        }
        a64_logic_imm(&e->c, A64_ANDSI, XZR, ra_use(&e->ra, f), bit);
        return c & 1 ? A64_EQ : A64_NE;
    }
    load(e, f);
    return condition_in_nzcv(e, c);
}

void nz_load_carry(Emit *e, IRRef f, bool inverted)
{
    A64Code *c = &e->c;
    uint64_t bits = e->b->insn[nz_root(e, f)].imm;
    bool known = e->b->insn[nz_root(e, f)].op == IR_fconst;
    bool here = e->nz == nz_root(e, f) && e->nz_kind != NZ_SSE;
    if (!known && (here || ra_value(&e->ra, f)->form >= FORM_NZCV)) {
        load(e, f);
        if (nz_wanted(e)) {
            save(e);
        }
        if ((e->nz_kind == NZ_INVERTED) != inverted) {
            turn_carry(e);
        }
        e->nz = IR_NONE;
        return;
    }
    nz_clobber(e);
    if (known) {
        a64_const(c, T0, bits & IR_FLAG_C ? 1 : 0);
    } else {
        a64_ubfx(c, false, T0, ra_use(&e->ra, f), 8, 1);
    }
    if (inverted) {
        a64_rrr(c, A64_SUBS, XZR, XZR, T0); // 0 - C borrows if C
    } else {
        a64_add_imm(c, A64_SUBSI, XZR, T0, 1);
    }
}

void nz_put(Emit *e, IRRef f, size_t off)
{
    int src = nz_use_packed(e, f);
    ra_state_changes(&e->ra, off, 2);
    state_store(&e->c, src, off, 2);
}

// --- consumers
EMIT(f_pack)
{
    int a = nz_use_packed(e, i->arg[0]);
    int dst = ra_def(&e->ra, e->at, i->arg[0], false);
    a64_const(&e->c, T0, IR_FLAG_MASK);
    a64_rrr(&e->c, A64_AND, dst, a, T0);
}

EMIT(f_unpack)
{
    Regs r = a64_r1(e, i);
    a64_const(&e->c, T0, IR_FLAG_MASK);
    a64_rrr(&e->c, A64_AND, r.d, r.a, T0);
}

EMIT(f_test)
{
    IRFlagCond cond = (IRFlagCond)i->aux;
    IRRef f = nz_root(e, i->arg[0]);
    unsigned bit = single_bit_of(cond), form = ra_value(&e->ra, f)->form;
    if (e->nz != f && (form == FORM_ANSWER || (form == FORM_PACKED && bit))) {
        int a = ra_use(&e->ra, i->arg[0]);
        int dst = ra_def(&e->ra, e->at, i->arg[0], false);
        bool turned = form == FORM_PACKED && cond & 1;
        a64_ubfx(&e->c, false, dst, a, form == FORM_PACKED ? (unsigned)__builtin_ctz(bit) : 0, 1);
        if (turned) {
            a64_logic_imm(&e->c, A64_EORI, dst, dst, 1);
        }
        return;
    }
    A64Cond cc = nz_condition(e, i->arg[0], cond);
    a64_cset(&e->c, ra_def(&e->ra, e->at, IR_NONE, false), cc);
}

EMIT(f_select)
{
    A64Cond cc = nz_condition(e, i->arg[0], (IRFlagCond)i->aux);
    int t = ra_use(&e->ra, i->arg[1]), f = ra_use(&e->ra, i->arg[2]);
    int dst = ra_def(&e->ra, e->at, i->arg[2], false);
    a64_csel(&e->c, a64_wide(A64_CSEL, is_wide(i)), dst, t, f, cc);
}

EMIT(f_choose)
{
    A64Cond cc = nz_condition(e, i->arg[0], (IRFlagCond)i->aux);
    int t = nz_use_packed(e, i->arg[1]), f = nz_use_packed(e, i->arg[2]);
    int dst = ra_def(&e->ra, e->at, i->arg[2], false);
    a64_csel(&e->c, A64_CSEL, dst, t, f, cc);
}

EMIT(f_cmc)
{
    bool packed = nz_needs_packed(e, e->at);
    if (packed || (e->nz == nz_root(e, i->arg[0]) && e->nz_kind == NZ_SSE)) {
        int a = nz_use_packed(e, i->arg[0]);
        int dst = ra_def(&e->ra, e->at, i->arg[0], false);
        a64_logic_imm(&e->c, A64_EORI, dst, a, IR_FLAG_C);
        return;
    }
    load(e, i->arg[0]);
    NzKind kind = e->nz_kind == NZ_PLAIN ? NZ_INVERTED : NZ_PLAIN;
    if (nz_wanted(e)) {
        save(e);
    }
    nz_set(e, e->at, kind);
}
