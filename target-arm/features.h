// Architecture features that decode or the ID registers depend on (DDI 0487 A2).
#ifndef TARGET_ARM_FEATURES_H
#define TARGET_ARM_FEATURES_H

enum {
    ARM_FEAT_BASE, // ARMv8.0-A, with FP and Advanced SIMD
    ARM_FEAT_CRC32,
    ARM_FEAT_AES,
    ARM_FEAT_PMULL,
    ARM_FEAT_SHA1,
    ARM_FEAT_SHA256,
    ARM_FEAT_SHA512,
    ARM_FEAT_SHA3,
    ARM_FEAT_SM3,
    ARM_FEAT_SM4,
    ARM_FEAT_LSE,
    ARM_FEAT_LSE2,
    ARM_FEAT_RDM,
    ARM_FEAT_DOTPROD,
    ARM_FEAT_FP16,
    ARM_FEAT_FHM,
    ARM_FEAT_FCMA,
    ARM_FEAT_JSCVT,
    ARM_FEAT_LRCPC,
    ARM_FEAT_LRCPC2,
    ARM_FEAT_FLAGM,
    ARM_FEAT_FLAGM2,
    ARM_FEAT_FRINTTS,
    ARM_FEAT_PAN,
    ARM_FEAT_PAN2,
    ARM_FEAT_UAO,
    ARM_FEAT_DPB,
    ARM_FEAT_DPB2,
    ARM_FEAT_PAUTH,
    ARM_FEAT_BTI,
    ARM_FEAT_SB,
    ARM_FEAT_SSBS,
    ARM_FEAT_DIT,
    ARM_FEAT_RNG,
    ARM_FEAT_BF16,
    ARM_FEAT_I8MM,
    ARM_FEAT_HAFDBS,
    ARM_FEAT_HPDS,
    ARM_FEAT_TTCNP,
    ARM_FEAT_XNX,
    ARM_FEAT_TLBIOS,
    ARM_FEAT_TLBIRANGE,
    ARM_FEAT_E0PD,
    ARM_FEAT_CSV2,
    ARM_FEAT_CSV3,
    ARM_FEAT_PMUV3,
    ARM_FEAT_AA32,     // EL0 can run AArch32
    ARM_FEAT_AA32_EL1, // EL1 runs AArch32 from reset on: the CPUs of 32 bits
    ARM_FEAT_A32_V8,   // AArch32 of ARMv8: LDA, STL, VSEL, VRINT, SEVL, HLT
    ARM_FEAT_LPAE,     // AArch32: long descriptors, 64-bit system registers
    ARM_FEAT_IDIV,     // AArch32: SDIV, UDIV
    ARM_FEAT_VFP4,     // AArch32: fused multiply-add, half precision
    ARM_FEAT_VIRT,     // AArch32: ERET, HVC and MRS of banked registers decode
    ARM_FEATURES
};

#endif
