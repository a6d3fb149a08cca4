// Pointer authentication (FEAT_PAuth): PAC*, AUT*, XPAC*, PACGA, and their forms in hint space,
// which are NOPs on a CPU without the feature.
#include "target-arm/a64/pauth.h"
#include "target-arm/helpers.h"

#define LR 30

static bool key_enabled(const ArmCtx *c, unsigned key)
{
    return c->flags >> (ARM_BF_PAUTH_SHIFT + key) & 1;
}

IRRef a64_auth(ArmCtx *c, IRRef pointer, IRRef modifier, unsigned key)
{
    if (!key_enabled(c, key)) {
        return pointer;
    }
    return ir_call(c->b, &arm_h_aut, pointer, modifier, ir_i32(c->b, key), IR_NONE);
}

IRRef a64_sign(ArmCtx *c, IRRef pointer, IRRef modifier, unsigned key)
{
    if (!key_enabled(c, key)) {
        return pointer;
    }
    return ir_call(c->b, &arm_h_pac, pointer, modifier, ir_i32(c->b, key), IR_NONE);
}

IRRef a64_strip_pac(ArmCtx *c, IRRef pointer, bool data)
{
    return ir_call(c->b, &arm_h_xpac, pointer, ir_i32(c->b, data), IR_NONE, IR_NONE);
}

// --- hint space

enum { MOD_ZERO = 32, XPAC_INSN = 4 };

typedef struct HintForm {
    uint8_t hint; // CRm:op2
    uint8_t reg;  // pointer
    uint8_t mod;  // modifier: a register (31: SP) or MOD_ZERO
    uint8_t auth;
    uint8_t key; // or XPAC_INSN
} HintForm;

static const HintForm hint_forms[] = {
    {1 << 3 | 0, 17, 16, 0, PAUTH_IA},        // PACIA1716
    {1 << 3 | 2, 17, 16, 0, PAUTH_IB},        // PACIB1716
    {1 << 3 | 4, 17, 16, 1, PAUTH_IA},        // AUTIA1716
    {1 << 3 | 6, 17, 16, 1, PAUTH_IB},        // AUTIB1716
    {0 << 3 | 7, LR, MOD_ZERO, 0, XPAC_INSN}, // XPACLRI
    {3 << 3 | 0, LR, MOD_ZERO, 0, PAUTH_IA},  // PACIAZ
    {3 << 3 | 1, LR, ARM_SP, 0, PAUTH_IA},    // PACIASP
    {3 << 3 | 2, LR, MOD_ZERO, 0, PAUTH_IB},  // PACIBZ
    {3 << 3 | 3, LR, ARM_SP, 0, PAUTH_IB},    // PACIBSP
    {3 << 3 | 4, LR, MOD_ZERO, 1, PAUTH_IA},  // AUTIAZ
    {3 << 3 | 5, LR, ARM_SP, 1, PAUTH_IA},    // AUTIASP
    {3 << 3 | 6, LR, MOD_ZERO, 1, PAUTH_IB},  // AUTIBZ
    {3 << 3 | 7, LR, ARM_SP, 1, PAUTH_IB},    // AUTIBSP
};

static const HintForm *find_hint(unsigned hint)
{
    for (unsigned i = 0; i < ARRAY_LEN(hint_forms); i++) {
        if (hint_forms[i].hint == hint) {
            return &hint_forms[i];
        }
    }
    return NULL;
}

bool a64_pauth_hint(ArmCtx *c, unsigned hint)
{
    const HintForm *h = find_hint(hint);
    if (!h || !arm_has(c->cpu, ARM_FEAT_PAUTH)) {
        return h != NULL;
    }
    IRRef pointer = a64_x(c, h->reg), v;
    if (h->key == XPAC_INSN) {
        v = a64_strip_pac(c, pointer, false);
    } else {
        IRRef modifier = h->mod == MOD_ZERO ? ir_i64(c->b, 0) : a64_x_sp(c, h->mod);
        v = h->auth ? a64_auth(c, pointer, modifier, h->key)
                    : a64_sign(c, pointer, modifier, h->key);
    }
    a64_put(c, h->reg, v);
    return true;
}

// --- data-processing encodings

// Z forms: modifier zero, Rn must be 31.
static bool tr_pac_aut(ArmCtx *c, const ArmFields *f)
{
    if (f->z && f->n != 31) {
        return false;
    }
    IRRef pointer = a64_x(c, f->d);
    IRRef modifier = f->z ? ir_i64(c->b, 0) : a64_x_sp(c, f->n);
    a64_put(c, f->d,
            f->a ? a64_auth(c, pointer, modifier, f->k) : a64_sign(c, pointer, modifier, f->k));
    return true;
}

static bool tr_xpac(ArmCtx *c, const ArmFields *f)
{
    a64_put(c, f->d, a64_strip_pac(c, a64_x(c, f->d), f->D));
    return true;
}

static bool tr_pacga(ArmCtx *c, const ArmFields *f)
{
    IRRef n = a64_x(c, f->n), m = a64_x_sp(c, f->m);
    a64_put(c, f->d, ir_call(c->b, &arm_h_pacga, n, m, IR_NONE, IR_NONE));
    return true;
}

static const ArmRow rows[] = {
    {"PAC_AUT", "1101 1010 1100 0001 00za kknn nnnd dddd", tr_pac_aut, ARM_FEAT_PAUTH},
    {"XPAC", "1101 1010 1100 0001 0100 0D11 111d dddd", tr_xpac, ARM_FEAT_PAUTH},
    {"PACGA", "1001 1010 110m mmmm 0011 00nn nnnd dddd", tr_pacga, ARM_FEAT_PAUTH},
};
const ArmChapter a64_pauth = {"Pointer authentication", rows, ARRAY_LEN(rows)};
