// The text form: "%N = op.type args key=value ...". Which keys an op has, and how each one maps to
// the insn's immediates, stand in tables that the printer and the parser share.
#ifndef TCG_LIKE_TEXT_FORMAT_H
#define TCG_LIKE_TEXT_FORMAT_H

#include "tcg-like/ir.h"

typedef enum IRTextKind {
    IR_TEXT_DEC,
    IR_TEXT_HEX,
    IR_TEXT_SIGNED,
    IR_TEXT_NAME,   // one of names[]
    IR_TEXT_MEMOP,  // size in bytes, then flags: 8,sign,acq
    IR_TEXT_HELPER, // name:flags of an IRHelper
    IR_TEXT_VHELPER,
    IR_TEXT_VCONST, // high:low
    IR_TEXT_TARGET, // the slot's exit_pc
} IRTextKind;

typedef struct IRTextKey {
    const char *key;
    uint8_t kind;
    enum { IR_TEXT_AUX, IR_TEXT_AUX2, IR_TEXT_IMM } field;
    uint8_t pos, len; // bits of the field; len 0: all
    const char *const *names;
} IRTextKey;

#define IR_TEXT_MAX_KEYS 4

typedef struct IRTextOp {
    const IRTextKey *key[IR_TEXT_MAX_KEYS]; // ended by NULL if fewer
} IRTextOp;

extern const IRTextOp ir_text_op[IR_OPCODES];
extern const char *const ir_text_type[5];  // "void", "i32", ...
extern const char *const ir_text_memop[8]; // flags from IR_MEM_SIGN on; IR_MEM_STORE is "store"

uint64_t ir_text_field(const IRInsn *i, const IRTextKey *k);
void ir_text_set_field(IRInsn *i, const IRTextKey *k, uint64_t value);

#endif
