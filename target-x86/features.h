// CPUID features that this guest knows, one name each (QEMU's spelling), with the CPUID bit that
// shows it. A decode row names the one that it needs.
//
//   X86_FEATURE(symbol, "name", leaf, sub-leaf, register, bit)
#ifndef TARGET_X86_FEATURES_H
#define TARGET_X86_FEATURES_H

#include "util/bits.h"

typedef enum X86Feature {
#define X86_FEATURE(symbol, name, leaf, subleaf, reg, bit) X86_FEAT_##symbol,
#include "target-x86/feature_list.h"
    X86_FEATS
} X86Feature;

typedef struct X86Features {
    uint64_t bits[2];
} X86Features;

static inline bool x86_features_test(const X86Features *f, X86Feature n)
{
    return f->bits[n / 64] >> (n % 64) & 1;
}

#endif
