// Random cases from the rows of the A64 decode tables.
#ifndef TESTS_ORACLE_GENERATE_H
#define TESTS_ORACLE_GENERATE_H

#include "target-arm/a64/a64.h"
#include "tests/oracle/a64_case.h"

typedef struct Gen {
    uint64_t seed; // state of the random numbers
    const ArmDecoder *decoder;
    const uint64_t *pristine; // memory before each case
    const ArmChapter *chapter;
    const ArmRow *row;
    ArmPattern pattern;
} Gen;

uint64_t gen_random(Gen *g);
unsigned gen_below(Gen *g, unsigned n);

// Makes one case for g->row. False if its rules refused every attempt.
bool gen_case(Gen *g, OracleCase *c);

// Makes one case of n instructions from all chapters but branches and system instructions. Loads
// and stores use X28 as base and X27 as offset, which nothing else writes.
bool gen_sequence(Gen *g, OracleCase *c, unsigned n);
bool gen_is_load_store(const ArmChapter *chapter);

// What a row's cases have to keep to, and why. adjust may change the case; false: try another one.
typedef bool RuleFn(Gen *g, OracleCase *c);
typedef struct Rule {
    const char *chapter; // NULL: any
    const char *row;     // NULL: all of the chapter
    RuleFn *adjust;      // NULL: the row is left out
    const char *reason;
} Rule;

// rules_pauth.c
RuleFn rule_pac_aut, rule_xpac, rule_pacga, rule_branch_auth_zero, rule_branch_auth;
RuleFn rule_return_auth, rule_load_auth, rule_hint_pauth;

extern const Rule oracle_rules[];
extern const unsigned oracle_n_rules;

bool rule_applies(const Rule *r, const ArmChapter *chapter, const ArmRow *row);
// The reason why a row is left out, or NULL.
const char *row_left_out(const ArmChapter *chapter, const ArmRow *row);

#endif
