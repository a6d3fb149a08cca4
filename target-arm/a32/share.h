// Translators and operations that A32 and T32 rows share. The letters are the fields that a row
// must have; a T32 row with other fields has a translator of its own that calls the operation.
#ifndef TARGET_ARM_A32_SHARE_H
#define TARGET_ARM_A32_SHARE_H

#include "target-arm/a32/a32.h"

// --- data processing (dp.c). clang-format off
enum {
    A32_AND,
    A32_EOR,
    A32_SUB,
    A32_RSB,
    A32_ADD,
    A32_ADC,
    A32_SBC,
    A32_RSC,
    A32_TST,
    A32_TEQ,
    A32_CMP,
    A32_CMN,
    A32_ORR,
    A32_MOV,
    A32_BIC,
    A32_MVN,
    A32_ORN,
};
// clang-format on
// Rd = n op m; set: flags too. d does not count for TST..CMN, n (may be IR_NONE) for MOV and MVN.
// shifted: the flags with the C that the shifter gave (a32_shift_imm and the like), for the logical
// ones; IR_NONE: C stays. To d 15 with set: an exception return (UNDEFINED or UNPREDICTABLE in T32:
// its rows do not come here with both).
bool a32_alu(ArmCtx *c, unsigned op, bool set, unsigned d, IRRef n, IRRef m, IRRef shifted);
// The same with an immediate; carry: as a32_expand_imm gives it.
bool a32_alu_imm(ArmCtx *c, unsigned op, bool set, unsigned d, unsigned n, uint32_t imm, int carry);
// m shifted by an immediate (type 0..3 as DecodeImmShift), or by the register s.
bool a32_alu_shift_imm(ArmCtx *c, unsigned op, bool set, unsigned d, unsigned n, unsigned m,
                       unsigned type, unsigned amount);
bool a32_alu_shift_reg(ArmCtx *c, unsigned op, bool set, unsigned d, unsigned n, unsigned m,
                       unsigned type, unsigned s);
bool a32_movw(ArmCtx *c, unsigned d, uint32_t imm16);
bool a32_movt(ArmCtx *c, unsigned d, uint32_t imm16);

// --- multiplies (multiply.c). d n m [a] S; long ones: h (RdHi) l (RdLo) n m S; x, y: the top half
// of n, of m; x of the dual ones: halves of m exchanged; r: rounded. T32 rows have no S: it is 0.
ArmTranslate a32_tr_mul, a32_tr_mla, a32_tr_mls;                         // d n m a S
ArmTranslate a32_tr_umull, a32_tr_umlal, a32_tr_smull, a32_tr_smlal;     // h l n m S
ArmTranslate a32_tr_umaal;                                               // h l n m
ArmTranslate a32_tr_smulxy, a32_tr_smlaxy, a32_tr_smulwy, a32_tr_smlawy; // d n m a x y
ArmTranslate a32_tr_smlalxy;                                             // h l n m x y
ArmTranslate a32_tr_smuad, a32_tr_smlad, a32_tr_smusd, a32_tr_smlsd;     // d n m a x
ArmTranslate a32_tr_smlald, a32_tr_smlsld;                               // h l n m x
ArmTranslate a32_tr_smmul, a32_tr_smmla, a32_tr_smmls;                   // d n m a r
ArmTranslate a32_tr_sdiv, a32_tr_udiv;                                   // d n m
ArmTranslate a32_tr_usad8, a32_tr_usada8;                                // d n m a

// --- media (media.c)
// p: 1 S, 2 Q, 3 SH, 5 U, 6 UQ, 7 UH; op: 0 ADD16, 1 ASX, 2 SAX, 3 SUB16, 4 ADD8, 7 SUB8
bool a32_parallel(ArmCtx *c, unsigned p, unsigned op, unsigned d, unsigned n, unsigned m);
ArmTranslate a32_tr_sel;                                 // d n m
ArmTranslate a32_tr_pkh;                                 // d n m i (shift) t (1: PKHTB)
ArmTranslate a32_tr_ssat, a32_tr_usat;                   // d n i (shift) h (1: ASR) s (sat_imm)
ArmTranslate a32_tr_ssat16, a32_tr_usat16;               // d n s
ArmTranslate a32_tr_sxtab, a32_tr_sxtah, a32_tr_sxtab16; // d n (15: none) m r (rotation / 8)
ArmTranslate a32_tr_uxtab, a32_tr_uxtah, a32_tr_uxtab16;
ArmTranslate a32_tr_rev, a32_tr_rev16, a32_tr_revsh, a32_tr_rbit, a32_tr_clz; // d m
ArmTranslate a32_tr_bfi;                                           // d n (15: BFC) l (lsb) w (msb)
ArmTranslate a32_tr_sbfx, a32_tr_ubfx;                             // d n l (lsb) w (width - 1)
ArmTranslate a32_tr_qadd, a32_tr_qsub, a32_tr_qdadd, a32_tr_qdsub; // d n m: of Rm, Rn
ArmTranslate a32_tr_crc32;                                         // d n m z (size) C (1: CRC32C)

// --- loads and stores (load_store.c)
typedef enum A32Index { A32_OFFSET, A32_PRE, A32_POST } A32Index;
// t (u): transferred; base n; the offset is disp, or the I32 in reg unless that is IR_NONE.
// memop: size, IR_MEM_SIGN, a32_memop_unprivileged. Rows are not ARM_ROW_SELECTS.
typedef struct A32Transfer {
    bool load;
    uint8_t t, u, n;
    A32Index index;
    int32_t disp;
    IRRef reg;
    unsigned memop;
} A32Transfer;
bool a32_transfer(ArmCtx *c, const A32Transfer *x);      // one register; t = 15 loads into pc
bool a32_transfer_dual(ArmCtx *c, const A32Transfer *x); // LDRD, STRD: t and u; memop is not used

// --- multiple (load_store_multiple.c): list has bit r for register r; before: the address changes
// before each access (IB, DB). No checks of what is UNPREDICTABLE.
bool a32_ldm(ArmCtx *c, unsigned n, uint32_t list, bool up, bool before, bool writeback);
bool a32_stm(ArmCtx *c, unsigned n, uint32_t list, bool up, bool before, bool writeback);

// --- exclusive (exclusive.c). size: log2 of the bytes; 3: t and u.
bool a32_ldrex(ArmCtx *c, unsigned t, unsigned u, unsigned n, uint32_t disp, unsigned size);
bool a32_strex(ArmCtx *c, unsigned d, unsigned t, unsigned u, unsigned n, uint32_t disp,
               unsigned size);
ArmTranslate a32_tr_lda, a32_tr_stl; // t n z (size)
ArmTranslate a32_tr_clrex;

// --- branches (branches.c). A row that does nothing but branch directly may be ARM_ROW_SELECTS:
// a32_exit_jump then branches if c->cond holds. T32's B<c> sets c->cond = field, c->selects = true
// and calls a32_exit_jump.
ArmTranslate a32_tr_bx, a32_tr_blx, a32_tr_bxj;                           // m
ArmTranslate a32_tr_svc, a32_tr_hvc, a32_tr_smc, a32_tr_bkpt, a32_tr_hlt; // i
ArmTranslate a32_tr_udf;
ArmTranslate a32_tr_eret;
// target to pc and SPSR to CPSR: SUBS PC, LR and its kind.
bool a32_exception_return(ArmCtx *c, IRRef target);

// --- system (system.c)
ArmTranslate a32_tr_mrs;        // d R (1: SPSR)
ArmTranslate a32_tr_msr;        // n R k (mask)
ArmTranslate a32_tr_mrs_banked; // d R M b (SYSm = M:b)
ArmTranslate a32_tr_msr_banked; // n R M b
ArmTranslate a32_tr_hint;       // i: 0 NOP, 1 YIELD, 2 WFE, 3 WFI, 4 SEV, 5 SEVL, others NOP
ArmTranslate a32_tr_barrier, a32_tr_isb;
ArmTranslate a32_tr_setend; // E
ArmTranslate a32_tr_setpan; // i
// imod: 2 enables, 3 disables what aif says (A 4, I 2, F 1), 0: mode only; mode: < 0, or the new
// one.
bool a32_cps(ArmCtx *c, unsigned imod, unsigned aif, int mode);
bool a32_rfe(ArmCtx *c, unsigned n, bool up, bool before, bool writeback);
bool a32_srs(ArmCtx *c, unsigned mode, bool up, bool before, bool writeback);

// --- coprocessors but 10 and 11 (coprocessor.c): p (coprocessor) o (opc1) n (CRn) m (CRm) q (opc2)
// t u (Rt, Rt2); the register is told by c->insn. CDP, LDC and STC are UNDEFINED for all others.
ArmTranslate a32_tr_mcr, a32_tr_mrc;
ArmTranslate a32_tr_mcrr, a32_tr_mrrc;

#endif
