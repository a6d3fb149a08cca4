// clang-format off
// The op list. Every enum, name, arity, verifier rule, effect and dispatch table derives from it.
//
//   IR_OP(name, signature, effects)
//
// signature: "result=args", one letter a value:
//   T  I32 or I64, the insn's own type           S  I32 or I64, all S of one insn alike
//   w  I32      x  I64      v  V128      f  FLAGS      a  any type      -  nothing
// effects, combined with |:
//   PURE   result depends on the arguments alone
//   RD/WR  reads / writes guest state outside the named slot (get/put name theirs)
//   MEM_R/MEM_W  touches guest memory            FAULT  may leave the block, as a guest exception
//   EXIT   may leave the block on purpose        TERM   always leaves it: the last op of a block
//
// aux, aux2 and imm carry immediates as each row's comment says. "esize" is log2 of the lane's
// bytes: 0 = 8 bit ... 3 = 64 bit. Shift counts that arrive as values are taken modulo the width.

// --- markers and constants
IR_OP(nop, "-=", PURE)
IR_OP(insn, "-=", EXIT)       // guest instruction boundary; imm = guest pc, aux = index in the block
IR_OP(const, "T=", PURE)      // imm
IR_OP(vconst, "v=", PURE)     // imm = index into IRBlock.vpool
IR_OP(fconst, "f=", PURE)     // imm = packed flags

// --- guest state: imm = byte offset from the vCPU, aux = bytes; narrower than the type zero-extends
IR_OP(get, "a=", PURE)
IR_OP(put, "-=a", PURE)       // aux2 = 1: of flags, and only an exception will see it (lazy_flags.h)

// --- integer
IR_OP(add, "T=TT", PURE)
IR_OP(sub, "T=TT", PURE)
IR_OP(mul, "T=TT", PURE)
IR_OP(mulhu, "T=TT", PURE)    // high half of the unsigned product
IR_OP(mulhs, "T=TT", PURE)
IR_OP(divu, "T=TT", PURE)     // x / 0 = 0
IR_OP(divs, "T=TT", PURE)     // x / 0 = 0, MIN / -1 = MIN; rounds to zero
IR_OP(div2u, "T=TTT", PURE)   // (a:b) / c, twice as wide by once; 0 if that does not fit
IR_OP(rem2u, "T=TTT", PURE)   // its remainder, or 0
IR_OP(and, "T=TT", PURE)
IR_OP(or, "T=TT", PURE)
IR_OP(xor, "T=TT", PURE)
IR_OP(andn, "T=TT", PURE)     // a & ~b
IR_OP(orn, "T=TT", PURE)      // a | ~b
IR_OP(xnor, "T=TT", PURE)     // ~(a ^ b)
IR_OP(not, "T=T", PURE)
IR_OP(neg, "T=T", PURE)
IR_OP(shl, "T=TT", PURE)
IR_OP(shr, "T=TT", PURE)
IR_OP(sar, "T=TT", PURE)
IR_OP(ror, "T=TT", PURE)
IR_OP(zext, "T=T", PURE)      // aux = bits kept (8, 16, 32)
IR_OP(sext, "T=T", PURE)      // aux = bits kept (8, 16, 32)
IR_OP(trunc, "w=x", PURE)
IR_OP(extu, "x=w", PURE)
IR_OP(exts, "x=w", PURE)
IR_OP(bswap, "T=T", PURE)     // aux = unit in bits (16, 32, 64): bytes are reversed in each unit
IR_OP(rbit, "T=T", PURE)      // bits reversed
IR_OP(clz, "T=T", PURE)       // clz(0) = width
IR_OP(ctz, "T=T", PURE)       // ctz(0) = width
IR_OP(popcnt, "T=T", PURE)
IR_OP(pdep, "T=TT", PURE)     // a's low bits go to where b has ones
IR_OP(pext, "T=TT", PURE)     // a's bits where b has ones come together at the low end
IR_OP(crc32c, "w=wx", PURE)   // checksum a over the low 1 << aux bytes of b (polynomial 11EDC6F41)
IR_OP(extract, "T=T", PURE)   // aux = position | length << 8
IR_OP(sextract, "T=T", PURE)  // the same, sign-extended
IR_OP(deposit, "T=TT", PURE)  // the field aux of a is replaced by the low bits of b
IR_OP(extr, "T=TT", PURE)     // low half of (a:b) >> imm, 0 <= imm < width
IR_OP(cmpset, "w=SS", PURE)   // aux = IRCond; 0 or 1
IR_OP(select, "T=SSTT", PURE) // aux = IRCond; (a cond b) ? c : d

// --- flags: S, Z, A, P, C, V of a result, as one value (see IR_FLAG_*). C of a subtraction is
// borrow. aux = width of the operation: 8, 16 or 0, the type's own; what is above it is ignored
IR_OP(f_add, "f=SS", PURE)
IR_OP(f_sub, "f=SS", PURE)
IR_OP(f_adc, "f=SSf", PURE)   // a + b + C
IR_OP(f_sbb, "f=SSf", PURE)   // a - b - C
IR_OP(f_logic, "f=S", PURE)   // of a; A = C = V = 0
IR_OP(f_shr1, "f=S", PURE)    // of a >> 1: C = bit 0 of a, V = its highest bit, A = 0
IR_OP(f_sar1, "f=S", PURE)    // the same, signed: V = 0
// --- without a width
IR_OP(f_setc, "f=fw", PURE)   // C = bit 0 of b
IR_OP(f_setv, "f=fw", PURE)   // V = bit 0 of b
IR_OP(f_nz, "f=fw", PURE)     // a with S and Z of b
IR_OP(adc, "T=TTf", PURE)
IR_OP(sbb, "T=TTf", PURE)
IR_OP(f_cmc, "f=f", PURE)     // C inverted
IR_OP(f_pack, "w=f", PURE)    // as IR_FLAG_* bits, all other bits zero
IR_OP(f_unpack, "f=w", PURE)  // other bits of the argument are ignored
IR_OP(f_test, "w=f", PURE)    // aux = IRFlagCond; 0 or 1
IR_OP(f_select, "T=fTT", PURE) // aux = IRFlagCond; cond ? b : c
IR_OP(f_choose, "f=fff", PURE) // aux = IRFlagCond; cond(a) ? b : c
IR_OP(f_fcmp, "f=vv", RD | WR) // lane 0; aux = esize | IR_FCMP_*; imm = exact, as the FP ops below

// --- guest memory: aux = IRMemOp bits, imm = signed displacement added to the address.
// ld of a V128 has a size of 2..4, the bytes above it become zero; st of a V128 stores its low bytes.
// The last argument of ld, st and chk is optional, a page op's result: not 0, it is host address -
// guest address for this access, too, which then needs no check.
IR_OP(ld, "a=xx", MEM_R | FAULT)
IR_OP(st, "-=xax", MEM_W | FAULT)
IR_OP(rmw, "T=xT", MEM_R | MEM_W | FAULT)   // aux2 = IRRmwKind; gives the old value, zero-extended
IR_OP(cas, "T=xTT", MEM_R | MEM_W | FAULT)  // address, expected, new; gives the old value
// address, expected, new, held: gives 0 if new was stored, 1 if memory held something else, or if
// held is 0: then memory is not touched. The store of load-linked, store-conditional.
IR_OP(casif, "w=xSSw", MEM_R | MEM_W | FAULT)
IR_OP(fence, "-=", MEM_R | MEM_W)
// Leaves the block before the current instruction, to run that alone, if the condition (aux2 =
// IRCond) holds; for what only a C function that needs the exact count can do. Not in such blocks.
IR_OP(guard, "-=SS", EXIT)
// Made by the check-elimination pass. page: if the bytes [a+imm, a+imm+aux2) lie in one page that
// accesses of that kind (aux: IR_MEM_STORE, regime) may touch without a slow path, and the
// first-level table knows: host address - guest address. Otherwise 0.
IR_OP(page, "x=x", MEM_R)
// chk: the same, but whatever the table knows; otherwise it leaves the block before the current
// instruction (IR_LEAVE_SINGLE).
IR_OP(chk, "x=xx", MEM_R | FAULT | EXIT)
IR_OP(ldh, "a=xx", MEM_R)     // address, chk's result
IR_OP(sth, "-=xxa", MEM_W)

// --- C functions. call: imm = const IRHelper *. vcall: imm = const IRVHelper *, aux | aux2 << 16 = desc
IR_OP(call, "a=aaaa", RD | WR | MEM_R | MEM_W | FAULT)
IR_OP(vcall, "v=vvv", RD | WR)

// --- vectors, 128 bit: lanes, moves
IR_OP(vzext, "v=v", PURE)     // keeps lane 0 of esize aux, zeroes the rest
IR_OP(vfromg, "v=S", PURE)    // low bits to lane 0 of esize aux, rest zero
IR_OP(vdup, "v=S", PURE)      // low bits to all lanes
IR_OP(vduplane, "v=v", PURE)  // aux = esize | lane << 8
IR_OP(vget, "T=v", PURE)      // aux = esize | lane << 8; zero-extended
IR_OP(vgets, "T=v", PURE)     // sign-extended
IR_OP(vset, "v=vS", PURE)     // lane aux >> 8 of a replaced
IR_OP(vmovlane, "v=vv", PURE) // aux = esize | dst lane << 8 | src lane << 12: a with b's lane
// --- vectors: bitwise, arithmetic, compare (all-ones lanes), aux = esize
IR_OP(vand, "v=vv", PURE)
IR_OP(vor, "v=vv", PURE)
IR_OP(vxor, "v=vv", PURE)
IR_OP(vandn, "v=vv", PURE)    // a & ~b
IR_OP(vorn, "v=vv", PURE)     // a | ~b
IR_OP(vnot, "v=v", PURE)
IR_OP(vbsl, "v=vvv", PURE)    // (a & b) | (~a & c)
IR_OP(vadd, "v=vv", PURE)
IR_OP(vsub, "v=vv", PURE)
IR_OP(vmul, "v=vv", PURE)
IR_OP(vneg, "v=v", PURE)
IR_OP(vabs, "v=v", PURE)
IR_OP(vceq, "v=vv", PURE)
IR_OP(vcgt, "v=vv", PURE)
IR_OP(vcge, "v=vv", PURE)
IR_OP(vcgtu, "v=vv", PURE)
IR_OP(vcgeu, "v=vv", PURE)
IR_OP(vctst, "v=vv", PURE)    // (a & b) != 0
IR_OP(vmins, "v=vv", PURE)
IR_OP(vmaxs, "v=vv", PURE)
IR_OP(vminu, "v=vv", PURE)
IR_OP(vmaxu, "v=vv", PURE)
IR_OP(vqadds, "v=vv", PURE)   // saturating
IR_OP(vqaddu, "v=vv", PURE)
IR_OP(vqsubs, "v=vv", PURE)
IR_OP(vqsubu, "v=vv", PURE)
IR_OP(vavgu, "v=vv", PURE)    // (a + b + 1) >> 1, esize 0 and 1
IR_OP(vabds, "v=vv", PURE)    // |a - b|
IR_OP(vabdu, "v=vv", PURE)
IR_OP(vaddp, "v=vv", PURE)    // sums of neighbours: a's, then b's
IR_OP(vmull_s, "v=vv", PURE)  // low half lanes, widening; aux = source esize
IR_OP(vmull_u, "v=vv", PURE)
IR_OP(vmull2_s, "v=vv", PURE) // high half lanes
IR_OP(vmull2_u, "v=vv", PURE)
IR_OP(vcnt, "v=v", PURE)      // set bits of each byte
IR_OP(vshli, "v=v", PURE)     // imm = count, 0 <= imm < lane bits
IR_OP(vshri, "v=v", PURE)     // imm = count, 0 <= imm <= lane bits
IR_OP(vsari, "v=v", PURE)     // imm = count, 0 <= imm <= lane bits
// --- vectors: permutes, aux = esize
IR_OP(vzip1, "v=vv", PURE)
IR_OP(vzip2, "v=vv", PURE)
IR_OP(vuzp1, "v=vv", PURE)
IR_OP(vuzp2, "v=vv", PURE)
IR_OP(vtrn1, "v=vv", PURE)
IR_OP(vtrn2, "v=vv", PURE)
IR_OP(vext, "v=vv", PURE)     // bytes imm .. imm+15 of b:a (a is low)
IR_OP(vrev, "v=v", PURE)      // lanes reversed within containers of esize aux2
IR_OP(vtbl, "v=vv", PURE)     // a = table, b = byte indices, > 15 gives 0
IR_OP(vwiden_s, "v=v", PURE)  // low half lanes to twice the size; aux = source esize
IR_OP(vwiden_u, "v=v", PURE)
IR_OP(vwiden2_s, "v=v", PURE) // high half lanes
IR_OP(vwiden2_u, "v=v", PURE)
IR_OP(vnarrow, "v=v", PURE)   // truncated to half size in the low half; aux = source esize; high half 0
IR_OP(vnarrow2, "v=vv", PURE) // low half of a; high half = narrowed b
// --- vectors: products, packs, blends, shifts by values. aux = esize of the sources
IR_OP(vshufb, "v=vv", PURE)   // a = table, b = byte indices: low four bits, top bit gives 0
IR_OP(vshuf32, "v=vv", PURE)  // 32-bit lanes: imm is four 2-bit indices, two into a, two into b
IR_OP(vblendi, "v=vv", PURE)  // 16-bit lanes: b's where imm has a bit, else a's
IR_OP(vblendv, "v=vvv", PURE) // b's lanes where c's have their top bit, else a's
IR_OP(vmulh_s, "v=vv", PURE)  // high half of the product, esize 1
IR_OP(vmulh_u, "v=vv", PURE)
IR_OP(vmulhr_s, "v=vv", PURE) // (a * b + 0x4000) >> 15, esize 1
IR_OP(vmule_s, "v=vv", PURE)  // products of the even 32-bit lanes, as 64 bit
IR_OP(vmule_u, "v=vv", PURE)
IR_OP(vmaddp_s, "v=vv", PURE) // esize 1: sums of neighbouring products, as 32 bit
IR_OP(vmaddp_us, "v=vv", PURE) // esize 0: unsigned a by signed b, sums saturated to 16 bit
IR_OP(vsadu, "v=vv", PURE)    // sums of |a - b| of each eight bytes, as 64 bit
IR_OP(vqpack_s, "v=vv", PURE) // esize 1, 2: a's lanes, then b's, saturated to half the size
IR_OP(vqpack_u, "v=vv", PURE) // the same: signed sources, unsigned results
IR_OP(vshl, "v=vv", PURE)     // all lanes by b's low 64 bits, esize 1..3; too much gives 0
IR_OP(vshr, "v=vv", PURE)
IR_OP(vsar, "v=vv", PURE)     // too much gives the sign, in all bits
IR_OP(vshlv, "v=vv", PURE)    // each lane by b's, esize 2, 3
IR_OP(vshrv, "v=vv", PURE)
IR_OP(vsarv, "v=vv", PURE)
IR_OP(vmovmsk, "w=v", PURE)   // the lanes' top bits
IR_OP(f_vtest, "f=vv", PURE)  // Z: (a & b) = 0, C: (~a & b) = 0; the others 0
// --- crypto
IR_OP(vclmul, "v=vv", PURE)   // 64x64 -> 128 carry-less; aux = lane of a | lane of b << 4
IR_OP(aes_enclast, "v=vv", PURE) // ShiftRows(SubBytes(a)) ^ b
IR_OP(aes_declast, "v=vv", PURE) // InvShiftRows(InvSubBytes(a)) ^ b
IR_OP(aes_enc, "v=vv", PURE)  // MixColumns(ShiftRows(SubBytes(a))) ^ b
IR_OP(aes_dec, "v=vv", PURE)  // the inverse steps of a
IR_OP(aes_mc, "v=v", PURE)    // MixColumns
IR_OP(aes_imc, "v=v", PURE)   // InvMixColumns
// SHA (FIPS 180-4), lane 0 = a or e, or the earliest word. Four rounds, c = schedule + constants:
IR_OP(sha1c, "v=vvv", PURE)   // a = abcd, b = e in lane 0: new abcd, f = Ch
IR_OP(sha1p, "v=vvv", PURE)   // f = Parity
IR_OP(sha1m, "v=vvv", PURE)   // f = Maj
IR_OP(sha1su1, "v=vv", PURE)  // a = W[t-16..] ^ W[t-14..] ^ W[t-8..], b = W[t-4..]: W[t..t+3]
IR_OP(sha256h, "v=vvv", PURE) // a = abcd, b = efgh: new abcd
IR_OP(sha256h2, "v=vvv", PURE) // the same: new efgh
IR_OP(sha256su0, "v=vv", PURE) // a = W[t-16..], b = W[t-12..]: a + sigma0(W[t-15..])
IR_OP(sha256su1, "v=vvv", PURE) // a = that, b = W[t-8..], c = W[t-4..]: W[t..t+3]
// The same as x86 keeps it, lane 3 first (SDM vol. 2, SHA1RNDS4 ...):
IR_OP(sha1rnds4, "v=vv", PURE)    // a = abcd, b = words + e; imm = round / 20
IR_OP(sha1nexte, "v=vv", PURE)    // b with lane 3 + rol(a's lane 3, 30)
IR_OP(sha1msg1, "v=vv", PURE)
IR_OP(sha1msg2, "v=vv", PURE)
IR_OP(sha256rnds2, "v=vvv", PURE) // a = cdgh, b = abef, c = two words + constants: new abef
IR_OP(sha256msg1, "v=vv", PURE)
IR_OP(sha256msg2, "v=vv", PURE)

// --- floating point. aux = esize | IR_FP_SCALAR (lane 0 only, other lanes of the result zero);
// imm = const IRVHelper *exact, called with desc = aux | aux2 << 16. A backend may compute on host
// instructions under the guest's rounding mode wherever that gives the same bits and sticky flags,
// and must call exact otherwise; the interpreter always calls it.
// Values that are not vectors pass through lane 0 of 64 bit: fs2f/fu2f give exact the integer in
// a->u64[0] (I32 zero-extended), ff2s/ff2u take their result from d->u64[0] (an I32 from its low
// half), f_fcmp takes packed flags from d->u64[0]. Where the integer side of fs2f/fu2f/ff2s/ff2u
// is I64, bit 31 of desc is set. ir_fp_desc makes desc. FP ops touch no guest state but the FP
// status, unless exact's flags say more.
//
// aux with IR_FP_SSE: the rules of x86's SSE and AVX. The first operand that is a NaN is the
// result, quieted; other invalid operations give the negative default NaN; tininess is found after
// rounding; denormal operands set a flag of their own; results and operands are flushed as the
// control word says (engine_fp_set_control). fmin and fmax give b if either is a NaN or both are
// zeros. Conversions to integers give the smallest integer for what does not fit. fma takes the
// NaN of a, then b, then c; its aux2 is an IRFmaKind. With IR_FP_KEEP (not for fma and conversions)
// the lanes above a scalar result are a's.
IR_OP(fadd, "v=vv", RD | WR)
IR_OP(fsub, "v=vv", RD | WR)
IR_OP(fmul, "v=vv", RD | WR)
IR_OP(fdiv, "v=vv", RD | WR)
IR_OP(fsqrt, "v=v", RD | WR)
IR_OP(fma, "v=vvv", RD | WR)  // a * b + c, rounded once
IR_OP(fmin, "v=vv", RD | WR)
IR_OP(fmax, "v=vv", RD | WR)
IR_OP(fceq, "v=vv", RD | WR)  // all-ones lanes
IR_OP(fcge, "v=vv", RD | WR)
IR_OP(fcgt, "v=vv", RD | WR)
IR_OP(fcmpp, "v=vv", RD | WR) // with IR_FP_SSE; aux2 = predicate of VCMPPS, 0..31
IR_OP(fround, "v=v", RD | WR) // to integral; aux2 = IRRound
// aux = from esize, aux2 = to esize. With IR_FP_SCALAR lane 0; else as many of the lower lanes as
// there is room for, zeros above (SSE only).
IR_OP(fcvt, "v=v", RD | WR)
IR_OP(fs2f, "v=S", RD | WR)   // signed integer to lane 0; aux = esize of the result
IR_OP(fu2f, "v=S", RD | WR)
IR_OP(ff2s, "T=v", RD | WR)   // lane 0 to integer, saturating, NaN -> 0; aux2 = IRRound
IR_OP(ff2u, "T=v", RD | WR)
IR_OP(vs2f, "v=v", RD | WR)   // lane by lane
IR_OP(vu2f, "v=v", RD | WR)
IR_OP(vf2s, "v=v", RD | WR)   // aux2 = IRRound
IR_OP(vf2u, "v=v", RD | WR)
// Between the two lower 32-bit integers and two doubles, SSE only; aux = 3.
IR_OP(vw2f, "v=v", RD | WR)
IR_OP(vf2w, "v=v", RD | WR)   // aux2 = IRRound; zeros above

// --- ways out. aux = slot: IRBlock.exit_pc[slot] is the target; slots become patched links
IR_OP(exit_if, "-=SS", EXIT)   // aux2 = IRCond
IR_OP(exit_if_f, "-=f", EXIT)  // aux2 = IRFlagCond
IR_OP(exit_jump, "-=", TERM)
IR_OP(exit_call, "-=", TERM)   // imm = return address, for the return predictor
// aux2 = IRIndKind, imm = return address of a call. aux: addresses that carry a tag, which the pc
// drops (bits 63..56 become bit 55): 1 those with bit 55 clear, 2 with bit 55 set, 3 all, 0 none.
IR_OP(exit_ind, "-=x", TERM)
IR_OP(exit_loop, "-=", TERM)   // to the dispatcher; the pc has been put

#undef IR_OP
