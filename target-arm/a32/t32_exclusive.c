// T32 exclusives, load-acquire, store-release (DDI 0487 F3.1.5).
#include "target-arm/a32/t32.h"

static bool tr_ldrex_word(ArmCtx *c, const ArmFields *f)
{
    return f->t != 15 && f->n != 15 && a32_ldrex(c, f->t, 0, f->n, f->i * 4, 2);
}

static bool tr_strex_word(ArmCtx *c, const ArmFields *f)
{
    bool bad = f->t == 15 || f->n == 15 || f->d == 15 || f->d == f->n || f->d == f->t;
    return !bad && a32_strex(c, f->d, f->t, 0, f->n, f->i * 4, 2);
}

// z: log2 of the bytes, 3: with u. The acquiring and releasing ones are no different here: accesses
// are in order.
static bool tr_ldrex(ArmCtx *c, const ArmFields *f)
{
    return f->t != 15 && f->n != 15 && a32_ldrex(c, f->t, 0, f->n, 0, f->z);
}

static bool tr_ldrexd(ArmCtx *c, const ArmFields *f)
{
    bool bad = f->t == 15 || f->u == 15 || f->t == f->u || f->n == 15;
    return !bad && a32_ldrex(c, f->t, f->u, f->n, 0, 3);
}

static bool tr_strex(ArmCtx *c, const ArmFields *f)
{
    bool bad = f->t == 15 || f->n == 15 || f->d == 15 || f->d == f->n || f->d == f->t;
    return !bad && a32_strex(c, f->d, f->t, 0, f->n, 0, f->z);
}

static bool tr_strexd(ArmCtx *c, const ArmFields *f)
{
    bool bad = f->t == 15 || f->u == 15 || f->n == 15 || f->d == 15 || f->d == f->n ||
               f->d == f->t || f->d == f->u;
    return !bad && a32_strex(c, f->d, f->t, f->u, f->n, 0, 3);
}

// z 3 is unallocated.
static bool tr_lda(ArmCtx *c, const ArmFields *f)
{
    return f->z < 3 && f->t != 15 && f->n != 15 && a32_tr_lda(c, f);
}

static bool tr_stl(ArmCtx *c, const ArmFields *f)
{
    return f->z < 3 && f->t != 15 && f->n != 15 && a32_tr_stl(c, f);
}

static bool tr_ldaex_word(ArmCtx *c, const ArmFields *f)
{
    return f->t != 15 && f->n != 15 && a32_ldrex(c, f->t, 0, f->n, 0, 2);
}

static bool tr_stlex_word(ArmCtx *c, const ArmFields *f)
{
    ArmFields x = *f;
    x.z = 2;
    return tr_strex(c, &x);
}

#define V8 ARM_FEAT_A32_V8

static const ArmRow rows[] = {
    {"STREX", "1110 1000 0100 nnnn tttt dddd iiii iiii", tr_strex_word, 0},
    {"LDREX", "1110 1000 0101 nnnn tttt 1111 iiii iiii", tr_ldrex_word, 0},
    {"STREXBH", "1110 1000 1100 nnnn tttt 1111 010z dddd", tr_strex, 0},
    {"STREXD", "1110 1000 1100 nnnn tttt uuuu 0111 dddd", tr_strexd, 0},
    {"LDREXBH", "1110 1000 1101 nnnn tttt 1111 010z 1111", tr_ldrex, 0},
    {"LDREXD", "1110 1000 1101 nnnn tttt uuuu 0111 1111", tr_ldrexd, 0},

    {"STL", "1110 1000 1100 nnnn tttt 1111 10zz 1111", tr_stl, V8},
    {"LDA", "1110 1000 1101 nnnn tttt 1111 10zz 1111", tr_lda, V8},
    {"STLEXBH", "1110 1000 1100 nnnn tttt 1111 110z dddd", tr_strex, V8},
    {"STLEX", "1110 1000 1100 nnnn tttt 1111 1110 dddd", tr_stlex_word, V8},
    {"STLEXD", "1110 1000 1100 nnnn tttt uuuu 1111 dddd", tr_strexd, V8},
    {"LDAEXBH", "1110 1000 1101 nnnn tttt 1111 110z 1111", tr_ldrex, V8},
    {"LDAEX", "1110 1000 1101 nnnn tttt 1111 1110 1111", tr_ldaex_word, V8},
    {"LDAEXD", "1110 1000 1101 nnnn tttt uuuu 1111 1111", tr_ldrexd, V8},
};

const ArmChapter t32_exclusive = {"T32 exclusives", rows, ARRAY_LEN(rows)};
