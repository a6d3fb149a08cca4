#ifndef TESTS_ORACLE_X86_DISASSEMBLE_H
#define TESTS_ORACLE_X86_DISASSEMBLE_H

#include <stdbool.h>
#include <stdint.h>

// Bytes, then the instruction in words, then a newline.
void print_instruction(const uint8_t *code, unsigned len, unsigned bits);

#endif
