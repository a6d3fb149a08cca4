// CPU models and what their ID registers say (DDI 0487 D17.2). The feature fields are computed from
// the features that the model has after -cpu's changes, so that they tell what is implemented.
#include "target-arm/system.h"

#include <string.h>

#define F(name) BIT(ARM_FEAT_##name)

#define FEATURES_V8_CRYPTO (F(AES) | F(PMULL) | F(SHA1) | F(SHA256))
// AArch32, at EL0 and in CPUs of 32 bits.
#define FEATURES_A32_V7    (F(AA32) | F(LPAE) | F(IDIV) | F(VFP4))
#define FEATURES_A32_V8    (FEATURES_A32_V7 | F(A32_V8))
#define FEATURES_CORTEX_V8 (F(CRC32) | FEATURES_V8_CRYPTO | F(PMUV3) | FEATURES_A32_V8)
#define FEATURES_CORTEX_V7 (F(AA32_EL1) | FEATURES_A32_V7 | F(VIRT) | F(PMUV3))
#define FEATURES_MAX_A32                                                                           \
    (FEATURES_CORTEX_V7 | F(A32_V8) | F(CRC32) | FEATURES_V8_CRYPTO | F(PAN) | F(SSBS))
#define FEATURES_MAX                                                                               \
    (FEATURES_CORTEX_V8 | F(SHA512) | F(SHA3) | F(LSE) | F(LSE2) | F(RDM) | F(DOTPROD) | F(FP16) | \
     F(FHM) | F(FCMA) | F(JSCVT) | F(LRCPC) | F(LRCPC2) | F(FLAGM) | F(FLAGM2) | F(FRINTTS) |      \
     F(PAN) | F(PAN2) | F(UAO) | F(DPB) | F(DPB2) | F(PAUTH) | F(SB) | F(SSBS) | F(DIT) | F(RNG) | \
     FEATURES_A32_V8 | F(HAFDBS) | F(HPDS) | F(TTCNP) | F(TLBIOS) | F(TLBIRANGE) | F(E0PD) |       \
     F(CSV2) | F(CSV3))

// CTR_EL0: 64-byte lines, write-back and exclusive granules; L1Ip; IDC and DIC where caches need no
// maintenance for code.
#define CTR(l1ip) (0x84440004u | (l1ip) << 14 | 4)
#define CTR_IDC   (1u << 28)
#define CTR_DIC   (1u << 29)

// L1 data, L1 instruction, L2 unified.
#define CLIDR_TWO_LEVELS 0x0a200023

// What all models share; a row's own fields come behind it.
#define EVERY_MODEL                                                                                \
    .clidr = CLIDR_TWO_LEVELS, .granule64 = true, .dc_zva_log2 = 6, .breakpoints = 6,              \
    .watchpoints = 4, .pmu_counters = 6, .id_a32 = id_v8
#define CORTEX_V8 EVERY_MODEL, .features = FEATURES_CORTEX_V8, .cortex_impdef = true

// ID_PFR0, PFR1, DFR0, AFR0, MMFR0-3; ISAR0-5, MMFR4, ISAR6; MVFR0-2, of the Cortex TRMs; without
// EL2 and EL3. What models.c computes (id_fields) is 0 here.
static const uint32_t id_v7_a7[] = {
    0x00001131, 0x00010001, 0x02010505, 0,          0x10101105, 0x40000000, 0x01240000,
    0x02102211, 0x02101110, 0x13112111, 0x21232041, 0x11112131, 0x10011142, 0,
    0,          0,          0x10110222, 0x11111111, 0,
};
static const uint32_t id_v7_a15[] = {
    0x00001131, 0x00010001, 0x02010505, 0,          0x10201105, 0x20000000, 0x01240000,
    0x02102211, 0x02101110, 0x13112111, 0x21232041, 0x11112131, 0x10011142, 0,
    0,          0,          0x10110222, 0x11111111, 0,
};
static const uint32_t id_v8[] = {
    0x00000131, 0x00010001, 0x03010066, 0,          0x10101105, 0x40000000, 0x01260000,
    0x02102211, 0x02101110, 0x13112111, 0x21232042, 0x01112131, 0x00011142, 1,
    0,          0,          0x10110222, 0x12111111, 0x00000043,
};

#define CORTEX_V7                                                                                  \
    .clidr = CLIDR_TWO_LEVELS, .breakpoints = 6, .watchpoints = 4, .pmu_counters = 6,              \
    .cortex_impdef = true, .pa_range = 2, .ccsidr = {0x701fe00a, 0x201fe00a, 0x711fe07a},          \
    .dc_zva_log2 = 6

static const ARMCPUModel models[] = {
    {
        CORTEX_V7,
        .features = FEATURES_CORTEX_V7,
        .name = "cortex-a7",
        .desc = "Arm Cortex-A7",
        .compatible = "arm,cortex-a7",
        .midr = 0x410fc075,
        .revidr = 0x410fc075, // another name of MIDR, where there is none
        .ctr = 0x84448003,
        .id_a32 = id_v7_a7,
    },
    {
        CORTEX_V7,
        .features = FEATURES_CORTEX_V7,
        .name = "cortex-a15",
        .desc = "Arm Cortex-A15",
        .compatible = "arm,cortex-a15",
        .midr = 0x414fc0f0,
        .revidr = 0x414fc0f0,
        .ctr = 0x8444c004,
        .id_a32 = id_v7_a15,
    },
    {
        CORTEX_V7,
        .name = "max",
        .desc = "everything that Mimus implements, 32 bits",
        .compatible = "arm,armv8",
        .features = FEATURES_MAX_A32,
        .midr = 0x414fc0f0,
        .revidr = 0x414fc0f0,
        .ctr = 0x8444c004,
        .id_a32 = id_v8,
    },
    {
        CORTEX_V8,
        .name = "cortex-a53",
        .desc = "Arm Cortex-A53",
        .compatible = "arm,cortex-a53",
        .midr = 0x410fd034,
        .revidr = 0x100,
        .ctr = CTR(2),
        .ccsidr = {0x700fe01a, 0x201fe00a, 0x707fe07a},
        .pa_range = 2,
    },
    {
        CORTEX_V8,
        .name = "cortex-a57",
        .desc = "Arm Cortex-A57",
        .compatible = "arm,cortex-a57",
        .midr = 0x411fd070,
        .ctr = CTR(3),
        .ccsidr = {0x701fe00a, 0x201fe012, 0x70ffe07a},
        .pa_range = 4,
    },
    {
        CORTEX_V8,
        .name = "cortex-a72",
        .desc = "Arm Cortex-A72",
        .compatible = "arm,cortex-a72",
        .midr = 0x410fd083,
        .ctr = CTR(3),
        .ccsidr = {0x701fe00a, 0x201fe012, 0x707fe07a},
        .pa_range = 4,
    },
    {
        EVERY_MODEL,
        .name = "max",
        .desc = "everything that Mimus implements",
        .compatible = "arm,armv8",
        .features = FEATURES_MAX,
        .midr = 0x000f0510,
        .ctr = CTR(3) | CTR_IDC | CTR_DIC,
        .ccsidr = {0x701fe00a, 0x201fe012, 0x70ffe07a},
        .pa_range = 5,
        .granule16 = true,
    },
};

const ARMCPUModel *arm_model_at(unsigned i, bool a32)
{
    for (unsigned m = 0; m < ARRAY_LEN(models); m++) {
        bool fits = !!(models[m].features & F(AA32_EL1)) == a32;
        if (fits && i-- == 0) {
            return &models[m];
        }
    }
    return NULL;
}

const ARMCPUModel *arm_model_find(const char *name, bool a32)
{
    const ARMCPUModel *m;
    for (unsigned i = 0; (m = arm_model_at(i, a32)); i++) {
        if (!strcmp(m->name, name)) {
            return m;
        }
    }
    return NULL;
}

// --- features by name; a feature that another one needs

typedef struct FeatureName {
    const char *name;
    uint8_t bit;
    uint8_t needs; // 0: nothing
} FeatureName;

static const FeatureName names[] = {
    {"crc32", ARM_FEAT_CRC32, 0},
    {"aes", ARM_FEAT_AES, 0},
    {"pmull", ARM_FEAT_PMULL, ARM_FEAT_AES},
    {"sha1", ARM_FEAT_SHA1, 0},
    {"sha2", ARM_FEAT_SHA256, ARM_FEAT_SHA1},
    {"sha512", ARM_FEAT_SHA512, ARM_FEAT_SHA256},
    {"sha3", ARM_FEAT_SHA3, ARM_FEAT_SHA512},
    {"lse", ARM_FEAT_LSE, 0},
    {"lse2", ARM_FEAT_LSE2, 0},
    {"rdm", ARM_FEAT_RDM, 0},
    {"dotprod", ARM_FEAT_DOTPROD, 0},
    {"fp16", ARM_FEAT_FP16, 0},
    {"fhm", ARM_FEAT_FHM, ARM_FEAT_FP16},
    {"fcma", ARM_FEAT_FCMA, 0},
    {"jscvt", ARM_FEAT_JSCVT, 0},
    {"lrcpc", ARM_FEAT_LRCPC, 0},
    {"lrcpc2", ARM_FEAT_LRCPC2, ARM_FEAT_LRCPC},
    {"flagm", ARM_FEAT_FLAGM, 0},
    {"flagm2", ARM_FEAT_FLAGM2, ARM_FEAT_FLAGM},
    {"frintts", ARM_FEAT_FRINTTS, 0},
    {"pan", ARM_FEAT_PAN, 0},
    {"pan2", ARM_FEAT_PAN2, ARM_FEAT_PAN},
    {"uao", ARM_FEAT_UAO, 0},
    {"dpb", ARM_FEAT_DPB, 0},
    {"dpb2", ARM_FEAT_DPB2, ARM_FEAT_DPB},
    {"pauth", ARM_FEAT_PAUTH, 0},
    {"sb", ARM_FEAT_SB, 0},
    {"ssbs", ARM_FEAT_SSBS, 0},
    {"dit", ARM_FEAT_DIT, 0},
    {"rng", ARM_FEAT_RNG, 0},
    {"hafdbs", ARM_FEAT_HAFDBS, 0},
    {"hpds", ARM_FEAT_HPDS, 0},
    {"ttcnp", ARM_FEAT_TTCNP, 0},
    {"tlbios", ARM_FEAT_TLBIOS, 0},
    {"tlbirange", ARM_FEAT_TLBIRANGE, ARM_FEAT_TLBIOS},
    {"e0pd", ARM_FEAT_E0PD, 0},
    {"csv2", ARM_FEAT_CSV2, 0},
    {"csv3", ARM_FEAT_CSV3, 0},
    {"pmu", ARM_FEAT_PMUV3, 0},
};

const char *arm_feature_name(unsigned i, unsigned *bit)
{
    if (i >= ARRAY_LEN(names)) {
        return NULL;
    }
    *bit = names[i].bit;
    return names[i].name;
}

uint64_t arm_features_close(uint64_t features)
{
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) { // rows stand after what they need
        if (names[i].needs && !(features & BIT(names[i].needs))) {
            features &= ~BIT(names[i].bit);
        }
    }
    return features;
}

// --- ID registers

#define ID_PFR0      (1 * 8 + 0)
#define ID_MMFR3     (1 * 8 + 7)
#define ID_ISAR5     (2 * 8 + 5)
#define ID_ISAR6     (2 * 8 + 7)
#define ID_MVFR1     (3 * 8 + 1)
#define ID_PFR2      (3 * 8 + 4)
#define N_ID_A32     19
#define ID_AA64PFR0  (4 * 8 + 0)
#define ID_AA64PFR1  (4 * 8 + 1)
#define ID_AA64DFR0  (5 * 8 + 0)
#define ID_AA64ISAR0 (6 * 8 + 0)
#define ID_AA64ISAR1 (6 * 8 + 1)
#define ID_AA64MMFR0 (7 * 8 + 0)
#define ID_AA64MMFR1 (7 * 8 + 1)
#define ID_AA64MMFR2 (7 * 8 + 2)

// A four-bit field and its value if the feature is there. Of several rows for one field the last
// that applies wins.
typedef struct IdField {
    uint8_t reg, pos, feature, value;
} IdField;

static const IdField id_fields[] = {
    {ID_AA64PFR0, 0, ARM_FEAT_BASE, 1},  // EL0: AArch64 only
    {ID_AA64PFR0, 0, ARM_FEAT_AA32, 2},  // AArch32, too
    {ID_AA64PFR0, 4, ARM_FEAT_BASE, 1},  // EL1
    {ID_AA64PFR0, 16, ARM_FEAT_FP16, 1}, // FP
    {ID_AA64PFR0, 20, ARM_FEAT_FP16, 1}, // AdvSIMD
    {ID_AA64PFR0, 48, ARM_FEAT_DIT, 1},
    {ID_AA64PFR0, 56, ARM_FEAT_CSV2, 3}, // nor by branch history
    {ID_AA64PFR0, 60, ARM_FEAT_CSV3, 1},
    {ID_AA64PFR1, 0, ARM_FEAT_BTI, 1},
    {ID_AA64PFR1, 4, ARM_FEAT_SSBS, 2},
    {ID_AA64DFR0, 0, ARM_FEAT_BASE, 6},
    {ID_AA64DFR0, 8, ARM_FEAT_PMUV3, 1},
    {ID_AA64ISAR0, 4, ARM_FEAT_AES, 1},
    {ID_AA64ISAR0, 4, ARM_FEAT_PMULL, 2},
    {ID_AA64ISAR0, 8, ARM_FEAT_SHA1, 1},
    {ID_AA64ISAR0, 12, ARM_FEAT_SHA256, 1},
    {ID_AA64ISAR0, 12, ARM_FEAT_SHA512, 2},
    {ID_AA64ISAR0, 16, ARM_FEAT_CRC32, 1},
    {ID_AA64ISAR0, 20, ARM_FEAT_LSE, 2},
    {ID_AA64ISAR0, 28, ARM_FEAT_RDM, 1},
    {ID_AA64ISAR0, 32, ARM_FEAT_SHA3, 1},
    {ID_AA64ISAR0, 36, ARM_FEAT_SM3, 1},
    {ID_AA64ISAR0, 40, ARM_FEAT_SM4, 1},
    {ID_AA64ISAR0, 44, ARM_FEAT_DOTPROD, 1},
    {ID_AA64ISAR0, 48, ARM_FEAT_FHM, 1},
    {ID_AA64ISAR0, 52, ARM_FEAT_FLAGM, 1},
    {ID_AA64ISAR0, 52, ARM_FEAT_FLAGM2, 2},
    {ID_AA64ISAR0, 56, ARM_FEAT_TLBIOS, 1},
    {ID_AA64ISAR0, 56, ARM_FEAT_TLBIRANGE, 2},
    {ID_AA64ISAR0, 60, ARM_FEAT_RNG, 1},
    {ID_AA64ISAR1, 0, ARM_FEAT_DPB, 1},
    {ID_AA64ISAR1, 0, ARM_FEAT_DPB2, 2},
    {ID_AA64ISAR1, 8, ARM_FEAT_PAUTH, 1}, // API: our own algorithm
    {ID_AA64ISAR1, 12, ARM_FEAT_JSCVT, 1},
    {ID_AA64ISAR1, 16, ARM_FEAT_FCMA, 1},
    {ID_AA64ISAR1, 20, ARM_FEAT_LRCPC, 1},
    {ID_AA64ISAR1, 20, ARM_FEAT_LRCPC2, 2},
    {ID_AA64ISAR1, 28, ARM_FEAT_PAUTH, 1}, // GPI
    {ID_AA64ISAR1, 32, ARM_FEAT_FRINTTS, 1},
    {ID_AA64ISAR1, 36, ARM_FEAT_SB, 1},
    {ID_AA64ISAR1, 44, ARM_FEAT_BF16, 1},
    {ID_AA64ISAR1, 52, ARM_FEAT_I8MM, 1},
    {ID_AA64MMFR0, 4, ARM_FEAT_BASE, 2}, // 16-bit ASIDs
    {ID_AA64MMFR1, 0, ARM_FEAT_HAFDBS, 2},
    {ID_AA64MMFR1, 12, ARM_FEAT_HPDS, 1},
    {ID_AA64MMFR1, 20, ARM_FEAT_PAN, 1},
    {ID_AA64MMFR1, 20, ARM_FEAT_PAN2, 2},
    {ID_AA64MMFR2, 0, ARM_FEAT_TTCNP, 1},
    {ID_AA64MMFR2, 4, ARM_FEAT_UAO, 1},
    {ID_AA64MMFR2, 32, ARM_FEAT_LSE2, 1}, // AT
    {ID_AA64MMFR2, 60, ARM_FEAT_E0PD, 1},
};

// The same of AArch32's registers (G8.2).
static const IdField id_fields_a32[] = {
    {ID_ISAR5, 4, ARM_FEAT_AES, 1},     {ID_ISAR5, 4, ARM_FEAT_PMULL, 2},
    {ID_ISAR5, 8, ARM_FEAT_SHA1, 1},    {ID_ISAR5, 12, ARM_FEAT_SHA256, 1},
    {ID_ISAR5, 16, ARM_FEAT_CRC32, 1},  {ID_MMFR3, 16, ARM_FEAT_PAN, 1},
    {ID_PFR2, 4, ARM_FEAT_SSBS, 1},     {ID_ISAR5, 24, ARM_FEAT_RDM, 1},
    {ID_ISAR5, 28, ARM_FEAT_FCMA, 1},   {ID_ISAR6, 0, ARM_FEAT_JSCVT, 1},
    {ID_ISAR6, 4, ARM_FEAT_DOTPROD, 1}, {ID_ISAR6, 8, ARM_FEAT_FHM, 1},
    {ID_ISAR6, 20, ARM_FEAT_BF16, 1},   {ID_ISAR6, 24, ARM_FEAT_I8MM, 1},
    {ID_MVFR1, 20, ARM_FEAT_FP16, 2},   {ID_MVFR1, 24, ARM_FEAT_FP16, 3},
};

static void set(ARMSystem *s, unsigned reg, unsigned pos, unsigned value)
{
    s->id[reg] = deposit64(s->id[reg], pos, 4, value);
}

static void set_fields(ARMCPU *c, const IdField *f, unsigned n)
{
    for (unsigned i = 0; i < n; i++, f++) {
        if (f->feature == ARM_FEAT_BASE || arm_has(c, f->feature)) {
            set(c->sys, f->reg, f->pos, f->value);
        }
    }
}

static void set_a32(ARMCPU *c)
{
    ARMSystem *s = c->sys;
    for (unsigned i = 0; c->model->id_a32 && i < N_ID_A32; i++) {
        s->id[ID_PFR0 + i] = c->model->id_a32[i];
    }
    set_fields(c, id_fields_a32, ARRAY_LEN(id_fields_a32));
    if (s->gic) {
        set(s, ID_PFR0 + 1, 28, 1); // ID_PFR1.GIC
    }
}

void arm_id_registers(ARMCPU *c)
{
    const ARMCPUModel *m = c->model;
    ARMSystem *s = c->sys;
    static const uint8_t pa_bits[] = {32, 36, 40, 42, 44, 48};
    memset(s->id, 0, sizeof(s->id));
    set_fields(c, id_fields, ARRAY_LEN(id_fields));
    if (arm_has(c, ARM_FEAT_AA32)) {
        set_a32(c);
    }
    set(s, ID_AA64DFR0, 12, m->breakpoints - 1);
    set(s, ID_AA64DFR0, 20, m->watchpoints - 1);
    set(s, ID_AA64DFR0, 28, 1); // two context-aware breakpoints
    set(s, ID_AA64MMFR0, 0, m->pa_range);
    set(s, ID_AA64MMFR0, 20, m->granule16);
    set(s, ID_AA64MMFR0, 24, m->granule64 ? 0 : 15);
    if (s->gic) {
        set(s, ID_AA64PFR0, 24, 1);
    }
    s->pa_bits = pa_bits[m->pa_range];
    s->midr = m->midr;
    s->revidr = m->revidr;
    s->mpidr = BIT(31) | arm_cpu_affinity_for(c->vcpu.index);
    c->ctr_el0 = m->ctr;
    c->dczid_el0 = m->dc_zva_log2 - 2;
}
