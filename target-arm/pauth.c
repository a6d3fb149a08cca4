// Pointer authentication (DDI 0487 D8.10) with an algorithm of our own, as ID_AA64ISAR1_EL1.API and
// GPI announce: a keyed mix of 64-bit multiplications. It is cheap and has no cryptographic
// strength, like the pointers of an emulated machine.
//
//   with a tag (TBI):    tag 63:56 | select 55 | PAC 54:bottom | address
//   without:             PAC 63:56 | select 55 | PAC 54:bottom | address
#include "target-arm/helpers.h"
#include "target-arm/system.h"

enum { KEY_IA, KEY_IB, KEY_DA, KEY_DB, KEY_GA }; // bit 0: B, bit 1: data

// One multiplication carries the address and the key, one the modifier; the PAC's bits are high
// ones, which depend on everything below them.
static uint64_t compute(const ARMCPU *c, uint64_t value, uint64_t modifier, unsigned key)
{
    const ARMKey *k = &c->sys->key[key];
    uint64_t h = (value ^ k->lo) * UINT64_C(0x9fb21c651e98df25);
    return (h ^ (modifier + k->hi)) * UINT64_C(0xd6e8feb86659fd93);
}

static bool is_data(unsigned key)
{
    return key & KEY_DA;
}

static bool tagged(uint64_t tcr, bool upper, bool data)
{
    bool tbi = tcr & (upper ? TCR_TBI1 : TCR_TBI0), tbid = tcr & (upper ? TCR_TBID1 : TCR_TBID0);
    return tbi && (data || !tbid);
}

static unsigned bottom_bit(uint64_t tcr, bool upper)
{
    unsigned tsz = (upper ? tcr >> 16 : tcr) & 63;
    return 64 - (tsz < 16 ? 16 : tsz > 39 ? 39 : tsz);
}

void arm_pauth_update(ARMCPU *c)
{
    uint64_t tcr = c->sys->tcr_el[1];
    for (unsigned data = 0; data < 2; data++) {
        ARMPacLayout *l = &c->sys->pac[data];
        for (unsigned upper = 0; upper < 2; upper++) {
            uint64_t top = tagged(tcr, upper, data) ? 0 : UINT64_C(0xff) << 56;
            l->field[upper] = (mask64(56) & ~mask64(bottom_bit(tcr, upper))) | top;
        }
        l->select = tagged(tcr, false, data) || tagged(tcr, true, data) ? 55 : 63;
    }
}

// The pointer as it was before a PAC went in: bits above the address copy the select bit.
static uint64_t extended(uint64_t ptr, uint64_t field, bool upper)
{
    return upper ? ptr | field : ptr & ~field;
}

static uint64_t add_pac(VCPU *v, uint64_t ptr, uint64_t modifier, uint64_t key)
{
    const ARMCPU *c = arm_cpu(v);
    const ARMPacLayout *l = &c->sys->pac[is_data((unsigned)key)];
    bool upper = ptr >> l->select & 1;
    uint64_t field = l->field[upper], ext = extended(ptr, field, upper);
    uint64_t pac = compute(c, ext, modifier, (unsigned)key);
    if ((ptr & field) && (ptr & field) != field) {
        pac ^= BIT(field >> 63 ? 62 : 54); // not a valid address: neither will the result be
    }
    field &= ~BIT(55);
    return (ext & ~field) | (pac & field);
}

static uint64_t authenticate(VCPU *v, uint64_t ptr, uint64_t modifier, uint64_t key)
{
    const ARMCPU *c = arm_cpu(v);
    bool upper = ptr >> 55 & 1;
    uint64_t field = c->sys->pac[is_data((unsigned)key)].field[upper];
    uint64_t orig = extended(ptr, field, upper);
    uint64_t pac = compute(c, orig, modifier, (unsigned)key);
    if (likely(((pac ^ ptr) & field & ~BIT(55)) == 0)) {
        return orig;
    }
    // Without FEAT_FPAC a failure leaves an address that cannot be used: 01 for an A key, 10 for B.
    unsigned code = key == KEY_IB || key == KEY_DB ? 2 : 1;
    return deposit64(orig, field >> 63 ? 61 : 53, 2, code);
}

static uint64_t pacga(VCPU *v, uint64_t value, uint64_t modifier)
{
    return compute(arm_cpu(v), value, modifier, KEY_GA) & ~mask64(32);
}

static uint64_t strip(VCPU *v, uint64_t ptr, uint64_t data)
{
    bool upper = ptr >> 55 & 1;
    return extended(ptr, arm_cpu(v)->sys->pac[data & 1].field[upper], upper);
}

// They read nothing that translated code keeps in registers. A key written by the same block counts
// after the context synchronisation that ends it.
const IRHelper arm_h_pac = {"pac", add_pac, IR_I64, 3, 0};
const IRHelper arm_h_aut = {"aut", authenticate, IR_I64, 3, 0};
const IRHelper arm_h_pacga = {"pacga", pacga, IR_I64, 2, 0};
const IRHelper arm_h_xpac = {"xpac", strip, IR_I64, 2, 0};
