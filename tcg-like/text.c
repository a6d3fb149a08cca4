// Printing a block; text_format.c says what each op shows.
#include <inttypes.h>
#include <stdio.h>
#include "tcg-like/text_format.h"
#include "util/log.h"

static void print_memop(FILE *f, unsigned m)
{
    fprintf(f, "%u", 1u << (m & IR_MEM_SIZE));
    for (unsigned k = 0; k < ARRAY_LEN(ir_text_memop); k++) {
        if (m & (IR_MEM_SIGN << k)) {
            fprintf(f, ",%s", ir_text_memop[k]);
        }
    }
}

static void print_name(FILE *f, const IRTextKey *k, uint64_t x)
{
    for (unsigned n = 0; k->names[n]; n++) {
        if (n == x) {
            fprintf(f, "%s", k->names[n]);
            return;
        }
    }
    fprintf(f, "?%" PRIu64, x);
}

static void print_helper(FILE *f, const char *name, unsigned flags)
{
    fprintf(f, "%s:%u", name ? name : "?", flags);
}

static void print_value(FILE *f, const IRBlock *b, const IRTextKey *k, uint64_t x)
{
    const void *helper = (const void *)(uintptr_t)x;
    switch ((IRTextKind)k->kind) {
    case IR_TEXT_DEC:
        fprintf(f, "%" PRIu64, x);
        break;
    case IR_TEXT_HEX:
        fprintf(f, "0x%" PRIx64, x);
        break;
    case IR_TEXT_SIGNED:
        fprintf(f, "%" PRId64, (int64_t)x);
        break;
    case IR_TEXT_NAME:
        print_name(f, k, x);
        break;
    case IR_TEXT_MEMOP:
        print_memop(f, (unsigned)x);
        break;
    case IR_TEXT_HELPER:
        print_helper(f, helper ? ((const IRHelper *)helper)->name : NULL,
                     helper ? ((const IRHelper *)helper)->flags : 0);
        break;
    case IR_TEXT_VHELPER:
        print_helper(f, helper ? ((const IRVHelper *)helper)->name : NULL,
                     helper ? ((const IRVHelper *)helper)->flags : 0);
        break;
    case IR_TEXT_VCONST:
        fprintf(f, "0x%016" PRIx64 ":0x%016" PRIx64, x < b->n_vpool ? b->vpool[x].u64[1] : 0,
                x < b->n_vpool ? b->vpool[x].u64[0] : 0);
        break;
    case IR_TEXT_TARGET:
        fprintf(f, "0x%" PRIx64, x < b->n_slots ? b->exit_pc[x] : 0);
        break;
    }
}

// Keys that say nothing are left out: a displacement, mode or number of zero.
static bool silent(const IRTextKey *k, uint64_t x)
{
    return x == 0 &&
           (k->kind == IR_TEXT_SIGNED || k->field == IR_TEXT_AUX2 ||
            (k->kind == IR_TEXT_HEX && k->field == IR_TEXT_AUX)) &&
           k->kind != IR_TEXT_NAME;
}

static void print_args(FILE *f, const IRInsn *i)
{
    unsigned n = 4;
    while (n > 0 && i->arg[n - 1] == IR_NONE) {
        n--;
    }
    for (unsigned k = 0; k < n; k++) {
        fprintf(f, k ? ", " : " ");
        if (i->arg[k] == IR_NONE) {
            fprintf(f, "_");
        } else {
            fprintf(f, "%%%u", i->arg[k]);
        }
    }
}

static void print_insn(FILE *f, const IRBlock *b, unsigned n)
{
    const IRInsn *i = &b->insn[n];
    fprintf(f, i->op == IR_insn ? "" : "  ");
    if (i->type != IR_VOID) {
        fprintf(f, "%%%u = %s.%s", n, ir_op_info[i->op].name, ir_text_type[i->type]);
    } else {
        fprintf(f, "%s", ir_op_info[i->op].name);
    }
    print_args(f, i);
    const IRTextOp *op = &ir_text_op[i->op];
    for (unsigned k = 0; k < IR_TEXT_MAX_KEYS && op->key[k]; k++) {
        uint64_t x = ir_text_field(i, op->key[k]);
        if (!silent(op->key[k], x)) {
            fprintf(f, " %s=", op->key[k]->key);
            print_value(f, b, op->key[k], x);
        }
    }
    fprintf(f, "\n");
}

void ir_print(const IRBlock *b, void *file)
{
    FILE *f = file;
    fprintf(f, "block pc=0x%" PRIx64 " bytes=%u insns=%u\n", b->pc, b->guest_bytes, b->guest_insns);
    for (unsigned n = 0; n < b->n; n++) {
        if (b->insn[n].op != IR_nop) {
            print_insn(f, b, n);
        }
    }
}

char *ir_text(const IRBlock *b)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f) {
        die("out of memory");
    }
    ir_print(b, f);
    fclose(f);
    return text;
}
