// The tables of the text form.
#include "tcg-like/text_format.h"

const char *const ir_text_type[5] = {"void", "i32", "i64", "v128", "flags"};
const char *const ir_text_memop[8] = {"sign",   "align", "acq",     "rel",
                                      "unpriv", "store", "align16", "write"};

static const char *const cond_names[] = {"eq", "ne", "ltu", "geu",   "gtu",  "leu", "lt",
                                         "ge", "gt", "le",  "tstnz", "tstz", NULL};
static const char *const flag_cond_names[] = {"z",     "nz",     "c",       "nc", "s",  "ns", "v",
                                              "nv",    "c_nz",   "nc_or_z", "ge", "lt", "gt", "le",
                                              "nc_nz", "c_or_z", "p",       "np", NULL};
static const char *const rmw_names[] = {"xchg", "add",  "and",  "clr",  "or", "xor",
                                        "smax", "smin", "umax", "umin", NULL};
static const char *const ind_names[] = {"jump", "call", "ret", NULL};

#define KEY(id, key, kind, field, pos, len, names)                                                 \
    static const IRTextKey key_##id = {key, IR_TEXT_##kind, IR_TEXT_##field, pos, len, names}
KEY(pc, "pc", HEX, IMM, 0, 0, NULL);
KEY(index, "index", DEC, AUX, 0, 0, NULL);
KEY(value, "value", HEX, IMM, 0, 0, NULL);
KEY(vconst, "value", VCONST, IMM, 0, 0, NULL);
KEY(off, "off", HEX, IMM, 0, 0, NULL);
KEY(bytes, "bytes", DEC, AUX, 0, 0, NULL);
KEY(lazy, "lazy", DEC, AUX2, 0, 0, NULL);
KEY(bits, "bits", DEC, AUX, 0, 0, NULL);
KEY(width, "bits", SIGNED, AUX, 0, 0, NULL); // nothing for the type's own
KEY(at, "pos", DEC, AUX, 0, 8, NULL);
KEY(len, "len", DEC, AUX, 8, 8, NULL);
KEY(n, "n", DEC, IMM, 0, 0, NULL);
KEY(imm, "imm", HEX, IMM, 0, 0, NULL);
KEY(cond, "cond", NAME, AUX, 0, 0, cond_names);
KEY(cond2, "cond", NAME, AUX2, 0, 0, cond_names);
KEY(fcond, "cond", NAME, AUX, 0, 0, flag_cond_names);
KEY(fcond2, "cond", NAME, AUX2, 0, 0, flag_cond_names);
KEY(mem, "mem", MEMOP, AUX, 0, 0, NULL);
KEY(disp, "disp", SIGNED, IMM, 0, 0, NULL);
KEY(rmw, "kind", NAME, AUX2, 0, 0, rmw_names);
KEY(span, "span", DEC, AUX2, 0, 0, NULL);
KEY(call, "fn", HELPER, IMM, 0, 0, NULL);
KEY(vcall, "fn", VHELPER, IMM, 0, 0, NULL);
KEY(aux, "aux", HEX, AUX, 0, 0, NULL);
KEY(aux2, "aux2", HEX, AUX2, 0, 0, NULL);
KEY(esize, "esize", DEC, AUX, 0, 8, NULL);
KEY(lane, "lane", DEC, AUX, 8, 8, NULL);
KEY(dst, "dst", DEC, AUX, 8, 4, NULL);
KEY(src, "src", DEC, AUX, 12, 4, NULL);
KEY(unit, "in", DEC, AUX2, 0, 0, NULL);
KEY(lanes, "lanes", HEX, AUX, 0, 0, NULL);
KEY(slot, "slot", DEC, AUX, 0, 0, NULL);
KEY(to, "to", TARGET, AUX, 0, 0, NULL);
KEY(ind, "kind", NAME, AUX2, 0, 0, ind_names);
KEY(tags, "tags", DEC, AUX, 0, 0, NULL);
KEY(ret, "ret", HEX, IMM, 0, 0, NULL);

#define KEYS(...)                                                                                  \
    {                                                                                              \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }
#define ESIZE KEYS(&key_esize)
#define FP    KEYS(&key_aux, &key_aux2, &key_vcall)

// Ops without a row have no immediates.
const IRTextOp ir_text_op[IR_OPCODES] = {
    [IR_insn] = KEYS(&key_pc, &key_index),
    [IR_const] = KEYS(&key_value),
    [IR_vconst] = KEYS(&key_vconst),
    [IR_fconst] = KEYS(&key_value),
    [IR_get] = KEYS(&key_off, &key_bytes),
    [IR_put] = KEYS(&key_off, &key_bytes, &key_lazy),
    [IR_zext] = KEYS(&key_bits),
    [IR_sext] = KEYS(&key_bits),
    [IR_bswap] = KEYS(&key_bits),
    [IR_extract] = KEYS(&key_at, &key_len),
    [IR_sextract] = KEYS(&key_at, &key_len),
    [IR_deposit] = KEYS(&key_at, &key_len),
    [IR_extr] = KEYS(&key_n),
    [IR_cmpset] = KEYS(&key_cond),
    [IR_select] = KEYS(&key_cond),
    [IR_f_add] = KEYS(&key_width),
    [IR_f_sub] = KEYS(&key_width),
    [IR_f_adc] = KEYS(&key_width),
    [IR_f_sbb] = KEYS(&key_width),
    [IR_f_logic] = KEYS(&key_width),
    [IR_f_shr1] = KEYS(&key_width),
    [IR_f_sar1] = KEYS(&key_width),
    [IR_f_test] = KEYS(&key_fcond),
    [IR_f_select] = KEYS(&key_fcond),
    [IR_f_choose] = KEYS(&key_fcond),
    [IR_f_fcmp] = KEYS(&key_aux, &key_vcall),
    [IR_ld] = KEYS(&key_disp, &key_mem),
    [IR_st] = KEYS(&key_disp, &key_mem),
    [IR_rmw] = KEYS(&key_disp, &key_mem, &key_rmw),
    [IR_cas] = KEYS(&key_disp, &key_mem),
    [IR_casif] = KEYS(&key_disp, &key_mem),
    [IR_guard] = KEYS(&key_cond2),
    [IR_page] = KEYS(&key_disp, &key_mem, &key_span),
    [IR_chk] = KEYS(&key_disp, &key_mem, &key_span),
    [IR_ldh] = KEYS(&key_disp, &key_mem),
    [IR_sth] = KEYS(&key_disp, &key_mem),
    [IR_call] = KEYS(&key_call),
    [IR_vcall] = KEYS(&key_aux, &key_aux2, &key_vcall),
    [IR_vzext] = ESIZE,
    [IR_vfromg] = ESIZE,
    [IR_vdup] = ESIZE,
    [IR_vduplane] = KEYS(&key_esize, &key_lane),
    [IR_vget] = KEYS(&key_esize, &key_lane),
    [IR_vgets] = KEYS(&key_esize, &key_lane),
    [IR_vset] = KEYS(&key_esize, &key_lane),
    [IR_vmovlane] = KEYS(&key_esize, &key_dst, &key_src),
    [IR_vadd] = ESIZE,
    [IR_vsub] = ESIZE,
    [IR_vmul] = ESIZE,
    [IR_vneg] = ESIZE,
    [IR_vabs] = ESIZE,
    [IR_vceq] = ESIZE,
    [IR_vcgt] = ESIZE,
    [IR_vcge] = ESIZE,
    [IR_vcgtu] = ESIZE,
    [IR_vcgeu] = ESIZE,
    [IR_vctst] = ESIZE,
    [IR_vmins] = ESIZE,
    [IR_vmaxs] = ESIZE,
    [IR_vminu] = ESIZE,
    [IR_vmaxu] = ESIZE,
    [IR_vqadds] = ESIZE,
    [IR_vqaddu] = ESIZE,
    [IR_vqsubs] = ESIZE,
    [IR_vqsubu] = ESIZE,
    [IR_vavgu] = ESIZE,
    [IR_vabds] = ESIZE,
    [IR_vabdu] = ESIZE,
    [IR_vaddp] = ESIZE,
    [IR_vmull_s] = ESIZE,
    [IR_vmull_u] = ESIZE,
    [IR_vmull2_s] = ESIZE,
    [IR_vmull2_u] = ESIZE,
    [IR_vshli] = KEYS(&key_esize, &key_n),
    [IR_vshri] = KEYS(&key_esize, &key_n),
    [IR_vsari] = KEYS(&key_esize, &key_n),
    [IR_vzip1] = ESIZE,
    [IR_vzip2] = ESIZE,
    [IR_vuzp1] = ESIZE,
    [IR_vuzp2] = ESIZE,
    [IR_vtrn1] = ESIZE,
    [IR_vtrn2] = ESIZE,
    [IR_vext] = KEYS(&key_n),
    [IR_vrev] = KEYS(&key_esize, &key_unit),
    [IR_vwiden_s] = ESIZE,
    [IR_vwiden_u] = ESIZE,
    [IR_vwiden2_s] = ESIZE,
    [IR_vwiden2_u] = ESIZE,
    [IR_vnarrow] = ESIZE,
    [IR_vnarrow2] = ESIZE,
    [IR_vshuf32] = KEYS(&key_imm),
    [IR_vblendi] = KEYS(&key_imm),
    [IR_vblendv] = ESIZE,
    [IR_vqpack_s] = ESIZE,
    [IR_vqpack_u] = ESIZE,
    [IR_vshl] = ESIZE,
    [IR_vshr] = ESIZE,
    [IR_vsar] = ESIZE,
    [IR_vshlv] = ESIZE,
    [IR_vshrv] = ESIZE,
    [IR_vsarv] = ESIZE,
    [IR_vmovmsk] = ESIZE,
    [IR_vclmul] = KEYS(&key_lanes),
    [IR_sha1rnds4] = KEYS(&key_imm),
    [IR_fadd] = FP,
    [IR_fsub] = FP,
    [IR_fmul] = FP,
    [IR_fdiv] = FP,
    [IR_fsqrt] = FP,
    [IR_fma] = FP,
    [IR_fmin] = FP,
    [IR_fmax] = FP,
    [IR_fceq] = FP,
    [IR_fcge] = FP,
    [IR_fcgt] = FP,
    [IR_fcmpp] = FP,
    [IR_fround] = FP,
    [IR_fcvt] = FP,
    [IR_fs2f] = FP,
    [IR_fu2f] = FP,
    [IR_ff2s] = FP,
    [IR_ff2u] = FP,
    [IR_vs2f] = FP,
    [IR_vu2f] = FP,
    [IR_vf2s] = FP,
    [IR_vf2u] = FP,
    [IR_vw2f] = FP,
    [IR_vf2w] = FP,
    [IR_exit_if] = KEYS(&key_cond2, &key_slot, &key_to),
    [IR_exit_if_f] = KEYS(&key_fcond2, &key_slot, &key_to),
    [IR_exit_jump] = KEYS(&key_slot, &key_to),
    [IR_exit_call] = KEYS(&key_slot, &key_to, &key_ret),
    [IR_exit_ind] = KEYS(&key_ind, &key_tags, &key_ret),
};

uint64_t ir_text_field(const IRInsn *i, const IRTextKey *k)
{
    uint64_t x = k->field == IR_TEXT_AUX ? i->aux : k->field == IR_TEXT_AUX2 ? i->aux2 : i->imm;
    return k->len ? extract64(x, k->pos, k->len) : x;
}

void ir_text_set_field(IRInsn *i, const IRTextKey *k, uint64_t value)
{
    unsigned pos = k->len ? k->pos : 0, len = k->len ? k->len : 64;
    switch (k->field) {
    case IR_TEXT_AUX:
        i->aux = (uint16_t)deposit64(i->aux, pos, len, value);
        break;
    case IR_TEXT_AUX2:
        i->aux2 = (uint16_t)deposit64(i->aux2, pos, len, value);
        break;
    default:
        i->imm = deposit64(i->imm, pos, len, value);
        break;
    }
}
