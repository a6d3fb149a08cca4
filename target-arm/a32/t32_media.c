// T32 bit fields, saturation, extends, parallel arithmetic and the like (DDI 0487 F3.1.9, F3.1.10).
#include "target-arm/a32/t32.h"

// Prefix (bits 6..4) and operation (22..20) to A32's numbers.
static bool tr_parallel(ArmCtx *c, const ArmFields *f)
{
    static const int8_t operation[] = {4, 0, 1, -1, 7, 3, 2, -1};
    int op = operation[f->o];
    if (op < 0 || (f->p & 3) == 3) {
        return false;
    }
    return a32_parallel(c, f->p + 1, (unsigned)op, f->d, f->n, f->m);
}

// ASR #0 is the encoding of the 16-bit forms.
static bool tr_ssat(ArmCtx *c, const ArmFields *f)
{
    return !(f->h && !f->i) && a32_tr_ssat(c, f);
}

static bool tr_usat(ArmCtx *c, const ArmFields *f)
{
    return !(f->h && !f->i) && a32_tr_usat(c, f);
}

// Rm is there twice; where the two differ it is UNPREDICTABLE.
static bool unary(ArmCtx *c, const ArmFields *f, ArmTranslate *t)
{
    return f->n == f->m && t(c, f);
}

// clang-format off
static bool tr_rev(ArmCtx *c, const ArmFields *f) { return unary(c, f, a32_tr_rev); }
static bool tr_rev16(ArmCtx *c, const ArmFields *f) { return unary(c, f, a32_tr_rev16); }
static bool tr_rbit(ArmCtx *c, const ArmFields *f) { return unary(c, f, a32_tr_rbit); }
static bool tr_revsh(ArmCtx *c, const ArmFields *f) { return unary(c, f, a32_tr_revsh); }
static bool tr_clz(ArmCtx *c, const ArmFields *f) { return unary(c, f, a32_tr_clz); }
// clang-format on

#define SELECTS ARM_ROW_SELECTS
#define CRC     (ARM_FEAT_CRC32 | SELECTS)

static const ArmRow rows[] = {
    {"PKH", "1110 1010 1100 nnnn 0iii dddd iit0 mmmm", a32_tr_pkh, SELECTS},

    {"SSAT", "1111 0011 00h0 nnnn 0iii dddd ii0s ssss", tr_ssat, SELECTS},
    {"SSAT16", "1111 0011 0010 nnnn 0000 dddd 0000 ssss", a32_tr_ssat16, SELECTS},
    {"USAT", "1111 0011 10h0 nnnn 0iii dddd ii0s ssss", tr_usat, SELECTS},
    {"USAT16", "1111 0011 1010 nnnn 0000 dddd 0000 ssss", a32_tr_usat16, SELECTS},
    {"SBFX", "1111 0011 0100 nnnn 0lll dddd ll0w wwww", a32_tr_sbfx, SELECTS},
    {"BFI", "1111 0011 0110 nnnn 0lll dddd ll0w wwww", a32_tr_bfi, SELECTS},
    {"UBFX", "1111 0011 1100 nnnn 0lll dddd ll0w wwww", a32_tr_ubfx, SELECTS},

    {"SXTAH", "1111 1010 0000 nnnn 1111 dddd 10rr mmmm", a32_tr_sxtah, SELECTS},
    {"UXTAH", "1111 1010 0001 nnnn 1111 dddd 10rr mmmm", a32_tr_uxtah, SELECTS},
    {"SXTAB16", "1111 1010 0010 nnnn 1111 dddd 10rr mmmm", a32_tr_sxtab16, SELECTS},
    {"UXTAB16", "1111 1010 0011 nnnn 1111 dddd 10rr mmmm", a32_tr_uxtab16, SELECTS},
    {"SXTAB", "1111 1010 0100 nnnn 1111 dddd 10rr mmmm", a32_tr_sxtab, SELECTS},
    {"UXTAB", "1111 1010 0101 nnnn 1111 dddd 10rr mmmm", a32_tr_uxtab, SELECTS},
    {"PARALLEL", "1111 1010 1ooo nnnn 1111 dddd 0ppp mmmm", tr_parallel, SELECTS},

    {"QADD", "1111 1010 1000 nnnn 1111 dddd 1000 mmmm", a32_tr_qadd, SELECTS},
    {"QDADD", "1111 1010 1000 nnnn 1111 dddd 1001 mmmm", a32_tr_qdadd, SELECTS},
    {"QSUB", "1111 1010 1000 nnnn 1111 dddd 1010 mmmm", a32_tr_qsub, SELECTS},
    {"QDSUB", "1111 1010 1000 nnnn 1111 dddd 1011 mmmm", a32_tr_qdsub, SELECTS},
    {"REV", "1111 1010 1001 nnnn 1111 dddd 1000 mmmm", tr_rev, SELECTS},
    {"REV16", "1111 1010 1001 nnnn 1111 dddd 1001 mmmm", tr_rev16, SELECTS},
    {"RBIT", "1111 1010 1001 nnnn 1111 dddd 1010 mmmm", tr_rbit, SELECTS},
    {"REVSH", "1111 1010 1001 nnnn 1111 dddd 1011 mmmm", tr_revsh, SELECTS},
    {"SEL", "1111 1010 1010 nnnn 1111 dddd 1000 mmmm", a32_tr_sel, SELECTS},
    {"CLZ", "1111 1010 1011 nnnn 1111 dddd 1000 mmmm", tr_clz, SELECTS},
    {"CRC32", "1111 1010 110C nnnn 1111 dddd 10zz mmmm", a32_tr_crc32, CRC},
};

const ArmChapter t32_media = {"T32 media", rows, ARRAY_LEN(rows)};
