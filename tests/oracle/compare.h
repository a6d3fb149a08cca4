// Comparing results, and showing differences.
#ifndef TESTS_ORACLE_COMPARE_H
#define TESTS_ORACLE_COMPARE_H

#include <capstone/capstone.h>

#include "tests/oracle/case.h"

bool oracle_same(const OracleCase *c, const OracleResult *a, const OracleResult *b);
// nop: not worth showing.
void oracle_show(csh dis, uint32_t nop, const char *engine, const OracleCase *c,
                 const OracleResult *want, const OracleResult *got);

#endif
