// T32 coprocessor instructions but VFP's (DDI 0487 F3.1.2): A32's with 1110 for the condition.
// Those with 1111 there, of coprocessors 14 and 15, are UNDEFINED.
#include "target-arm/a32/t32.h"

static const ArmRow rows[] = {
    {"MCR", "1110 1110 ooo0 nnnn tttt pppp qqq1 mmmm", a32_tr_mcr, 0},
    {"MRC", "1110 1110 ooo1 nnnn tttt pppp qqq1 mmmm", a32_tr_mrc, 0},
    {"MCRR", "1110 1100 0100 uuuu tttt pppp oooo mmmm", a32_tr_mcrr, 0},
    {"MRRC", "1110 1100 0101 uuuu tttt pppp oooo mmmm", a32_tr_mrrc, 0},
};

const ArmChapter t32_coprocessor = {"T32 coprocessors", rows, ARRAY_LEN(rows)};
