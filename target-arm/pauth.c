// Pointer authentication (DDI 0487 D8.10) with an algorithm of our own, as ID_AA64ISAR1_EL1.API and
// GPI announce: a keyed mix of 64-bit multiplications. It is cheap and has no cryptographic
// strength, like the pointers of an emulated machine.
//
//   with a tag (TBI):    tag 63:56 | select 55 | PAC 54:bottom | address
//   without:             PAC 63:56 | select 55 | PAC 54:bottom | address
#include "target-arm/helpers.h"
#include "target-arm/system.h"

enum { KEY_IA, KEY_IB, KEY_DA, KEY_DB, KEY_GA };

static uint64_t mix(uint64_t h, uint64_t word)
{
    h = (h ^ word) * UINT64_C(0x9fb21c651e98df25);
    return h ^ h >> 29;
}

static uint64_t compute(const ARMCPU *c, uint64_t value, uint64_t modifier, unsigned key)
{
    const ARMKey *k = &c->sys->key[key];
    uint64_t h = mix(k->lo ^ UINT64_C(0x2545f4914f6cdd1d), value);
    h = mix(h ^ k->hi, modifier);
    return mix(h, k->lo + value);
}

static bool is_data(unsigned key)
{
    return key == KEY_DA || key == KEY_DB;
}

static bool tagged(const ARMCPU *c, bool upper, bool data)
{
    uint64_t tcr = c->sys->tcr_el[1];
    bool tbi = tcr & (upper ? TCR_TBI1 : TCR_TBI0), tbid = tcr & (upper ? TCR_TBID1 : TCR_TBID0);
    return tbi && (data || !tbid);
}

static unsigned bottom_bit(const ARMCPU *c, bool upper)
{
    uint64_t tcr = c->sys->tcr_el[1];
    unsigned tsz = (upper ? tcr >> 16 : tcr) & 63;
    return 64 - (tsz < 16 ? 16 : tsz > 39 ? 39 : tsz);
}

// Bits that hold the PAC.
static uint64_t pac_mask(unsigned bottom, bool tbi)
{
    return (mask64(55) & ~mask64(bottom)) | (tbi ? 0 : UINT64_C(0xff) << 56);
}

// The pointer as it was before a PAC went in: bits above the address copy bit 55.
static uint64_t original(uint64_t ptr, unsigned bottom, bool tbi)
{
    uint64_t m = pac_mask(bottom, tbi) | BIT(55);
    return ptr >> 55 & 1 ? ptr | m : ptr & ~m;
}

static uint64_t add_pac(VCPU *v, uint64_t ptr, uint64_t modifier, uint64_t key)
{
    const ARMCPU *c = arm_cpu(v);
    bool data = is_data((unsigned)key);
    bool any_tbi = tagged(c, false, data) || tagged(c, true, data);
    bool select = ptr >> (any_tbi ? 55 : 63) & 1;
    bool tbi = tagged(c, select, data);
    unsigned bottom = bottom_bit(c, select), top = tbi ? 55 : 63;
    uint64_t m = pac_mask(bottom, tbi), all = m | BIT(55);
    uint64_t ext = select ? ptr | all : ptr & ~all;
    uint64_t pac = compute(c, ext, modifier, (unsigned)key);
    uint64_t upper = extract64(ptr, bottom, top - bottom + 1);
    if (upper && upper != mask64(top - bottom + 1)) {
        pac ^= BIT(top - 1); // not a valid address: neither will the result be
    }
    return (ext & ~m) | (pac & m);
}

static uint64_t authenticate(VCPU *v, uint64_t ptr, uint64_t modifier, uint64_t key)
{
    const ARMCPU *c = arm_cpu(v);
    bool upper = ptr >> 55 & 1;
    bool tbi = tagged(c, upper, is_data((unsigned)key));
    unsigned bottom = bottom_bit(c, upper);
    uint64_t m = pac_mask(bottom, tbi), orig = original(ptr, bottom, tbi);
    uint64_t pac = compute(c, orig, modifier, (unsigned)key);
    if (((pac ^ ptr) & m) == 0) {
        return orig;
    }
    // Without FEAT_FPAC a failure leaves an address that cannot be used: 01 for an A key, 10 for B.
    unsigned code = key == KEY_IB || key == KEY_DB ? 2 : 1;
    return deposit64(orig, tbi ? 53 : 61, 2, code);
}

static uint64_t pacga(VCPU *v, uint64_t value, uint64_t modifier)
{
    return compute(arm_cpu(v), value, modifier, KEY_GA) & ~mask64(32);
}

static uint64_t strip(VCPU *v, uint64_t ptr, uint64_t data)
{
    const ARMCPU *c = arm_cpu(v);
    bool upper = ptr >> 55 & 1;
    return original(ptr, bottom_bit(c, upper), tagged(c, upper, data));
}

// They read the keys and TCR_EL1, which translated code may write in place.
const IRHelper arm_h_pac = {"pac", add_pac, IR_I64, 3, IR_CALL_READS};
const IRHelper arm_h_aut = {"aut", authenticate, IR_I64, 3, IR_CALL_READS};
const IRHelper arm_h_pacga = {"pacga", pacga, IR_I64, 2, IR_CALL_READS};
const IRHelper arm_h_xpac = {"xpac", strip, IR_I64, 2, IR_CALL_READS};
