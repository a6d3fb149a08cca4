// capstone's names and the decoder's clash: it has a file of its own.
#include <capstone/capstone.h>
#include <stdio.h>

#include "tests/oracle_x86/disassemble.h"

void print_instruction(const uint8_t *code, unsigned len, unsigned bits)
{
    cs_mode mode = bits == 64 ? CS_MODE_64 : bits == 32 ? CS_MODE_32 : CS_MODE_16;
    csh cs;
    cs_insn *insn = NULL;
    for (unsigned i = 0; i < len; i++) {
        printf(" %02x", code[i]);
    }
    if (cs_open(CS_ARCH_X86, mode, &cs) == CS_ERR_OK) {
        size_t n = cs_disasm(cs, code, len, 0, 0, &insn);
        for (size_t i = 0; i < n; i++) {
            printf("%s %s %s", i ? ";" : " ", insn[i].mnemonic, insn[i].op_str);
        }
        cs_free(insn, n);
        cs_close(&cs);
    }
    printf("\n");
}
