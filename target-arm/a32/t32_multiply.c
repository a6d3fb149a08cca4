// T32 multiplies and divisions (DDI 0487 F3.1.10). Those that accumulate are the plain ones where
// Ra is 15.
#include "target-arm/a32/t32.h"

#define SELECTS ARM_ROW_SELECTS
#define DIVIDES (ARM_FEAT_IDIV | SELECTS)

static const ArmRow rows[] = {
    {"MLA", "1111 1011 0000 nnnn aaaa dddd 0000 mmmm", a32_tr_mla, SELECTS},
    {"MUL", "1111 1011 0000 nnnn 1111 dddd 0000 mmmm", a32_tr_mul, SELECTS},
    {"MLS", "1111 1011 0000 nnnn aaaa dddd 0001 mmmm", a32_tr_mls, SELECTS},
    {"SMLAxy", "1111 1011 0001 nnnn aaaa dddd 00xy mmmm", a32_tr_smlaxy, SELECTS},
    {"SMULxy", "1111 1011 0001 nnnn 1111 dddd 00xy mmmm", a32_tr_smulxy, SELECTS},
    {"SMLAD", "1111 1011 0010 nnnn aaaa dddd 000x mmmm", a32_tr_smlad, SELECTS},
    {"SMUAD", "1111 1011 0010 nnnn 1111 dddd 000x mmmm", a32_tr_smuad, SELECTS},
    {"SMLAWy", "1111 1011 0011 nnnn aaaa dddd 000y mmmm", a32_tr_smlawy, SELECTS},
    {"SMULWy", "1111 1011 0011 nnnn 1111 dddd 000y mmmm", a32_tr_smulwy, SELECTS},
    {"SMLSD", "1111 1011 0100 nnnn aaaa dddd 000x mmmm", a32_tr_smlsd, SELECTS},
    {"SMUSD", "1111 1011 0100 nnnn 1111 dddd 000x mmmm", a32_tr_smusd, SELECTS},
    {"SMMLA", "1111 1011 0101 nnnn aaaa dddd 000r mmmm", a32_tr_smmla, SELECTS},
    {"SMMUL", "1111 1011 0101 nnnn 1111 dddd 000r mmmm", a32_tr_smmul, SELECTS},
    {"SMMLS", "1111 1011 0110 nnnn aaaa dddd 000r mmmm", a32_tr_smmls, SELECTS},
    {"USADA8", "1111 1011 0111 nnnn aaaa dddd 0000 mmmm", a32_tr_usada8, SELECTS},
    {"USAD8", "1111 1011 0111 nnnn 1111 dddd 0000 mmmm", a32_tr_usad8, SELECTS},

    {"SMULL", "1111 1011 1000 nnnn llll hhhh 0000 mmmm", a32_tr_smull, SELECTS},
    {"SDIV", "1111 1011 1001 nnnn 1111 dddd 1111 mmmm", a32_tr_sdiv, DIVIDES},
    {"UMULL", "1111 1011 1010 nnnn llll hhhh 0000 mmmm", a32_tr_umull, SELECTS},
    {"UDIV", "1111 1011 1011 nnnn 1111 dddd 1111 mmmm", a32_tr_udiv, DIVIDES},
    {"SMLAL", "1111 1011 1100 nnnn llll hhhh 0000 mmmm", a32_tr_smlal, SELECTS},
    {"SMLALxy", "1111 1011 1100 nnnn llll hhhh 10xy mmmm", a32_tr_smlalxy, SELECTS},
    {"SMLALD", "1111 1011 1100 nnnn llll hhhh 110x mmmm", a32_tr_smlald, SELECTS},
    {"SMLSLD", "1111 1011 1101 nnnn llll hhhh 110x mmmm", a32_tr_smlsld, SELECTS},
    {"UMLAL", "1111 1011 1110 nnnn llll hhhh 0000 mmmm", a32_tr_umlal, SELECTS},
    {"UMAAL", "1111 1011 1110 nnnn llll hhhh 0110 mmmm", a32_tr_umaal, SELECTS},
};

const ArmChapter t32_multiply = {"T32 multiplies", rows, ARRAY_LEN(rows)};
