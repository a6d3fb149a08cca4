// Random cases from the rows of the decode tables of A64, A32, T32 and T16.
#ifndef TESTS_ORACLE_GENERATE_H
#define TESTS_ORACLE_GENERATE_H

#include "target-arm/decode.h"
#include "tests/oracle/case.h"

struct OracleIsa;

typedef struct Gen {
    uint64_t seed; // state of the random numbers
    const struct OracleIsa *isa;
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

// Makes one case of n instructions, from rows that the instruction set's own function chooses.
bool gen_sequence(Gen *g, OracleCase *c, unsigned n);

// What a row's cases have to keep to, and why. adjust may change the case; false: try another one.
typedef bool RuleFn(Gen *g, OracleCase *c);
typedef struct Rule {
    const char *chapter; // NULL: any
    const char *row;     // NULL: all of the chapter
    RuleFn *adjust;      // NULL: the row is left out
    const char *reason;
} Rule;

// rules_a64_pauth.c
RuleFn rule_pac_aut, rule_xpac, rule_pacga, rule_branch_auth_zero, rule_branch_auth;
RuleFn rule_return_auth, rule_load_auth, rule_hint_pauth;
// rules_a32_vfp.c
RuleFn rule_vfp_move, rule_vfp_system, rule_vfp_fixed, rule_vfp_memory;
RuleFn rule_vfp_one, rule_vfp_multiple, rule_neon_two_results, rule_neon_table, rule_neon_memory;

// An instruction set, and what is compared with what.
typedef struct OracleIsa {
    const char *name;
    const ArmInsnSet *set;
    uint32_t state;      // of the cases: ORACLE_A64, ...
    const char *cpu;     // the reference's
    const char *our_cpu; // ours, with these features
    uint64_t features;
    const char *runner, *qemu;
    int cs_arch, cs_mode; // the disassembler's
    uint32_t nop;         // to take instructions out of a sequence
    const Rule *rule;
    const unsigned *n_rules;
    // From registers for A64 to those that the state has.
    void (*trim)(OracleRegs *r);
    // Makes registers of an instruction coincide more often than by chance: from its free bits.
    uint32_t (*coincide)(Gen *g, uint32_t free_bits);
    // Puts the case's instruction under a condition, NULL: there are none. After the rules.
    void (*condition)(Gen *g, OracleCase *c);
    // Fills the case with up to n instructions in a row.
    void (*sequence)(Gen *g, OracleCase *c, unsigned n);
} OracleIsa;

extern const OracleIsa oracle_isa[];
extern const unsigned oracle_n_isas;
void oracle_sequence_a64(Gen *g, OracleCase *c, unsigned n);
void oracle_sequence_a32(Gen *g, OracleCase *c, unsigned n); // T32 and T16, too
void oracle_condition_a32(Gen *g, OracleCase *c);
void oracle_condition_thumb(Gen *g, OracleCase *c);
void oracle_condition_vfp_t32(Gen *g, OracleCase *c);
extern const Rule oracle_rules_a64[], oracle_rules_a32[];
extern const unsigned oracle_n_rules_a64, oracle_n_rules_a32;

bool rule_applies(const Rule *r, const ArmChapter *chapter, const ArmRow *row);
// The reason why a row is left out, or NULL.
const char *row_left_out(const Gen *g, const ArmChapter *chapter, const ArmRow *row);

#endif
