// Decimal adjustment (none of it exists in 64-bit mode).
#include "target-x86/insn/helpers.h"
#include "target-x86/insn/insn.h"
#include "tcg-like/intops.h"

// --- the algorithms of SDM vol. 2, on AX and packed flags

static unsigned flags_of_al(unsigned al, bool carry, bool adjust)
{
    return ir_flags_of_result(8, al & 0xff) | (carry ? IR_FLAG_C : 0) | (adjust ? IR_FLAG_A : 0);
}

static uint32_t result(unsigned ax, unsigned flags)
{
    return (ax & 0xffff) | flags << 16;
}

static uint32_t daa(void *cpu, uint32_t ax, uint32_t f)
{
    (void)cpu;
    unsigned al = ax & 0xff, old = al;
    bool carry = f & IR_FLAG_C, adjust = f & IR_FLAG_A || (al & 15) > 9;
    al += adjust ? 6 : 0;
    carry |= old > 0x99;
    al += carry ? 0x60 : 0;
    return result((ax & 0xff00) | (al & 0xff), flags_of_al(al, carry, adjust));
}

static uint32_t das(void *cpu, uint32_t ax, uint32_t f)
{
    (void)cpu;
    unsigned al = ax & 0xff, old = al;
    bool high = f & IR_FLAG_C || old > 0x99, adjust = f & IR_FLAG_A || (al & 15) > 9;
    bool borrow = adjust && al < 6;
    al -= adjust ? 6 : 0;
    al -= high ? 0x60 : 0;
    return result((ax & 0xff00) | (al & 0xff), flags_of_al(al, high || borrow, adjust));
}

// AAA adds 106h to AX, AAS takes 6 from AX and 1 from AH. S, Z and P, undefined, are those of AL.
static uint32_t adjust_ascii(uint32_t ax, uint32_t f, unsigned delta)
{
    bool adjust = f & IR_FLAG_A || (ax & 15) > 9;
    ax = (ax + (adjust ? delta : 0)) & 0xff0f;
    return result(ax, flags_of_al(ax, adjust, adjust));
}

static uint32_t aaa(void *cpu, uint32_t ax, uint32_t f)
{
    (void)cpu;
    return adjust_ascii(ax, f, 0x106);
}

static uint32_t aas(void *cpu, uint32_t ax, uint32_t f)
{
    (void)cpu;
    return adjust_ascii(ax, f, 0u - 0x106);
}

const IRHelper x86_h_daa = {"daa", daa, IR_I32, 2, 0};
const IRHelper x86_h_das = {"das", das, IR_I32, 2, 0};
const IRHelper x86_h_aaa = {"aaa", aaa, IR_I32, 2, 0};
const IRHelper x86_h_aas = {"aas", aas, IR_I32, 2, 0};

// --- translators

enum { DAA, DAS, AAA, AAS };

static bool tr_adjust(X86Ctx *c, const X86Insn *i)
{
    static const IRHelper *const helpers[] = {&x86_h_daa, &x86_h_das, &x86_h_aaa, &x86_h_aas};
    IRBlock *b = c->b;
    IRRef ax = x86_get_gpr(c, X86_RAX, 2, false), f = ir_f_pack(b, x86_flags(c));
    IRRef r = ir_call(b, helpers[i->row->arg], ax, f, IR_NONE, IR_NONE);
    x86_put_gpr(c, X86_RAX, 2, false, r);
    x86_put_flags(c, ir_f_unpack(b, ir_shri(b, r, 16)));
    return true;
}

static bool tr_aam(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    if (i->imm == 0) {
        x86_raise(c, X86_DE, 0);
        return true;
    }
    IRRef al = x86_get_gpr(c, X86_RAX, 1, false), base = ir_i32(b, i->imm);
    IRRef q = ir_divu(b, al, base), r = ir_sub(b, al, ir_mul(b, q, base));
    x86_put_gpr(c, X86_RAX, 2, false, ir_or(b, ir_shli(b, q, 8), r));
    x86_put_flags(c, ir_f_logic_n(b, r, 8));
    return true;
}

static bool tr_aad(X86Ctx *c, const X86Insn *i)
{
    IRBlock *b = c->b;
    IRRef al = x86_get_gpr(c, X86_RAX, 1, false), ah = x86_get_gpr(c, X86_RAX, 1, true);
    IRRef r = ir_zext(b, ir_add(b, al, ir_mul(b, ah, ir_i32(b, i->imm))), 8);
    x86_put_gpr(c, X86_RAX, 2, false, r);
    x86_put_flags(c, ir_f_logic_n(b, r, 8));
    return true;
}

// clang-format off
static const X86Row rows[] = {
    {"DAA", "27", "", tr_adjust, DAA, X86_ROW_I64, 0, "O"},
    {"DAS", "2F", "", tr_adjust, DAS, X86_ROW_I64, 0, "O"},
    {"AAA", "37", "", tr_adjust, AAA, X86_ROW_I64, 0, "OSZP"},
    {"AAS", "3F", "", tr_adjust, AAS, X86_ROW_I64, 0, "OSZP"},
    {"AAM", "D4", "Ib", tr_aam, 0, X86_ROW_I64, 0, "OAC"},
    {"AAD", "D5", "Ib", tr_aad, 0, X86_ROW_I64, 0, "OAC"},
};
// clang-format on

const X86Group x86_int_bcd = {"bcd", rows, ARRAY_LEN(rows)};
