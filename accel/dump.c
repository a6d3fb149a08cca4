// What -d in_asm, op, op_opt and out_asm print.
#include "accel/internal.h"

#include <capstone/capstone.h>

static void disassemble(LogCategory c, int arch, int mode, const uint8_t *code, size_t len,
                        uint64_t address)
{
    csh handle;
    if (cs_open((cs_arch)arch, (cs_mode)mode, &handle) != CS_ERR_OK) {
        log_printf(c, "  (no disassembler for this architecture)\n");
        return;
    }
    cs_option(handle, CS_OPT_SKIPDATA, CS_OPT_ON);
    cs_insn *insn;
    size_t n = cs_disasm(handle, code, len, address, 0, &insn);
    for (size_t i = 0; i < n; i++) {
        log_printf(c, "  0x%" PRIx64 ":  %s %s\n", insn[i].address, insn[i].mnemonic,
                   insn[i].op_str);
    }
    cs_free(insn, n);
    cs_close(&handle);
}

static bool wanted(LogCategory c, uint64_t pc)
{
    return log_enabled(c) && log_addr_in_filter(pc);
}

void dump_block_in(const Engine *e, VCPU *v, const Block *b)
{
    (void)e;
    if (wanted(LOG_IN_ASM, b->pc)) {
        const TargetOps *t = v->target;
        uint8_t crossing[32];
        const uint8_t *host = b->host;
        if (b->next_host) {
            size_t n = MIN_OF(b->guest_bytes, sizeof crossing),
                   first = 0x1000 - (b->pc & v->pc_address & 0xfff);
            memcpy(crossing, b->host, first);
            memcpy(crossing + first, b->next_host, n - first);
            host = crossing;
        }
        log_printf(LOG_IN_ASM, "IN: block 0x%" PRIx64 " phys 0x%" PRIx64 " mode 0x%" PRIx64 "\n",
                   b->pc, b->phys, b->flags);
        disassemble(LOG_IN_ASM, t->capstone_arch,
                    t->capstone_mode_of ? t->capstone_mode_of(b->flags & ~BLOCK_FLAG_SINGLE, b->pc)
                                        : t->capstone_mode,
                    host, b->guest_bytes, b->pc & v->pc_address);
    }
}

void dump_ir(LogCategory c, const IRBlock *b)
{
    if (wanted(c, b->pc)) {
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);
        ir_print(b, f);
        fclose(f);
        log_printf(c, "%s: block 0x%" PRIx64 "\n%s", c == LOG_OP ? "OP" : "OP after passes", b->pc,
                   text);
        free(text);
    }
}

void dump_host_code(const Engine *e, const Block *b)
{
    if (wanted(LOG_OUT_ASM, b->pc)) {
        log_printf(LOG_OUT_ASM, "OUT: block 0x%" PRIx64 ", %u bytes\n", b->pc, b->code_size);
        disassemble(LOG_OUT_ASM, e->config.backend->capstone_arch, e->config.backend->capstone_mode,
                    b->code, b->code_size, (uintptr_t)b->code);
    }
}
