// The programs, assembled into whoever includes this.
#ifndef TESTS_X86_SYSTEM_PROGRAMS_H
#define TESTS_X86_SYSTEM_PROGRAMS_H

__asm__(".pushsection .data.rel.ro.x86_scenarios, \"aw\"\n"
        ".globl x86_scenarios\n"
        "x86_scenarios:\n"
        ".popsection\n"
        ".include \"tests/x86_system/runtime.s\"\n"
        ".include \"tests/x86_system/scenarios32.s\"\n"
        ".include \"tests/x86_system/scenarios64.s\"\n"
        ".section .rodata\n"
        ".globl x86_blob_end\n"
        "x86_blob_end:\n"
        ".code64\n"
        ".pushsection .data.rel.ro.x86_scenarios, \"aw\"\n"
        ".globl x86_scenarios_end\n"
        "x86_scenarios_end:\n"
        ".popsection\n"
        ".text\n");

#endif
