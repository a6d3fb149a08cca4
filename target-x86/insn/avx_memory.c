// Masked moves and gathers: lanes that the mask leaves out do not touch memory. C functions do them
// lane by lane. A gather that faults has done the lanes before: they are in the destination, and
// gone from the mask.
#include "target-x86/insn/sse.h"

#include "softmmu/softmmu.h"

// --- registers in the state
static uint64_t get_lane(const X86CPU *c, unsigned reg, unsigned esize, unsigned k)
{
    unsigned n = 16u >> esize;
    return vector_lane(&c->vcpu.vec[k < n ? reg : reg + 16], esize, k % n);
}

static void set_lane(X86CPU *c, unsigned reg, unsigned esize, unsigned k, uint64_t x)
{
    unsigned n = 16u >> esize;
    vector_set_lane(&c->vcpu.vec[k < n ? reg : reg + 16], esize, k % n, x);
}

static bool lane_on(const X86CPU *c, unsigned reg, unsigned esize, unsigned k)
{
    return get_lane(c, reg, esize, k) >> ((8u << esize) - 1);
}

// Lanes of a VEX form, and zero in the upper half that a 128-bit one has.
static unsigned lanes_of(unsigned esize, bool wide)
{
    return (wide ? 32u : 16u) >> esize;
}

// --- VMASKMOVPS, VPMASKMOVD
// how: register of the data | of the mask << 4 | lane size << 8 | 256 bits << 10 | segment << 11 |
//      log2 of address bytes << 14
enum { MASK_ESIZE_SHIFT = 8, MASK_WIDE = 1 << 10, MASK_SEG_SHIFT = 11, MASK_ADDR_SHIFT = 14 };

// Linear address of a lane; segments are checked lane by lane, too.
static uint64_t masked_address(X86CPU *c, uint64_t offset, uint64_t how, unsigned k, bool store)
{
    unsigned esize = how >> MASK_ESIZE_SHIFT & 3;
    uint64_t mask = mask64(8u << (how >> MASK_ADDR_SHIFT & 3));
    return x86_linear_checked(c, how >> MASK_SEG_SHIFT & 7,
                              (offset + ((uint64_t)k << esize)) & mask, 1u << esize, store);
}

static void masked_load(VCPU *v, uint64_t offset, uint64_t how, uint64_t memop)
{
    X86CPU *c = x86_cpu(v);
    unsigned to = how & 15, mask = how >> 4 & 15, esize = how >> MASK_ESIZE_SHIFT & 3;
    unsigned n = lanes_of(esize, how & MASK_WIDE);
    uint64_t x[8] = {0};
    for (unsigned k = 0; k < n; k++) {
        if (lane_on(c, mask, esize, k)) {
            x[k] = mmu_load(v, masked_address(c, offset, how, k, false), (uint32_t)memop);
        }
    }
    v->vec[16 + to] = (V128){.u64 = {0, 0}};
    for (unsigned k = 0; k < n; k++) {
        set_lane(c, to, esize, k, x[k]);
    }
}
static const IRHelper h_masked_load = {"masked_load", (void *)masked_load, IR_VOID, 3, IR_CALL_ALL};

// All lanes are looked at before one is stored.
static void masked_store(VCPU *v, uint64_t offset, uint64_t how, uint64_t memop)
{
    X86CPU *c = x86_cpu(v);
    unsigned from = how & 15, mask = how >> 4 & 15, esize = how >> MASK_ESIZE_SHIFT & 3;
    unsigned n = lanes_of(esize, how & MASK_WIDE);
    uint64_t at[8];
    for (unsigned k = 0; k < n; k++) {
        if (lane_on(c, mask, esize, k)) {
            at[k] = masked_address(c, offset, how, k, true);
            mmu_probe(v, at[k], 1u << esize, (uint32_t)memop | IR_MEM_STORE);
        }
    }
    for (unsigned k = 0; k < n; k++) {
        if (lane_on(c, mask, esize, k)) {
            mmu_store(v, at[k], get_lane(c, from, esize, k), (uint32_t)memop);
        }
    }
}
static const IRHelper h_masked_store = {"masked_store", (void *)masked_store, IR_VOID, 3,
                                        IR_CALL_ALL};

// arg: lane size | store << 4. Operand 1 is the mask.
static bool tr_maskmov(X86Ctx *c, const X86Insn *i)
{
    bool store = i->row->arg >> 4;
    unsigned esize = i->row->arg & 3, data = i->operand[store ? 2 : 0].reg;
    unsigned how = data | i->operand[1].reg << 4 | esize << MASK_ESIZE_SHIFT |
                   (i->vex_l ? MASK_WIDE : 0) | (unsigned)i->seg << MASK_SEG_SHIFT |
                   (unsigned)__builtin_ctz(i->addr_bytes) << MASK_ADDR_SHIFT;
    ir_call(c->b, store ? &h_masked_store : &h_masked_load, x86_ea(c), ir_i32(c->b, how),
            ir_i32(c->b, x86_memop(c, 1u << esize)), IR_NONE);
    return true;
}

// --- gathers
// how: destination | mask << 4 | index register << 8 | scale << 12 | segment << 14 |
//      log2 of index bytes << 17 | of data bytes << 19 | log2 of address bytes << 21 | lanes << 23
static unsigned gather_how(const X86Insn *i, unsigned index_size, unsigned esize)
{
    unsigned index = i->index == X86_NO_REG ? 4 : i->index; // SIB has no "none" here
    unsigned n = lanes_of(MAX_OF(index_size, esize), i->vex_l);
    return i->operand[0].reg | i->operand[2].reg << 4 | index << 8 | (unsigned)i->scale << 12 |
           (unsigned)i->seg << 14 | index_size << 17 | esize << 19 |
           (i->addr_bytes == 8 ? 3u : 2u) << 21 | n << 23;
}

static uint64_t gather_address(X86CPU *c, uint64_t base, uint32_t how, unsigned k)
{
    unsigned index_size = how >> 17 & 3, esize = how >> 19 & 3;
    int64_t index = sextract64(get_lane(c, how >> 8 & 15, index_size, k), 0, 8u << index_size);
    uint64_t offset = base + ((uint64_t)index << (how >> 12 & 3));
    return x86_linear_checked(c, how >> 14 & 7, offset & mask64(8u << (how >> 21 & 3)), 1u << esize,
                              false);
}

static void gather(VCPU *v, uint64_t base, uint64_t how_, uint64_t memop)
{
    X86CPU *c = x86_cpu(v);
    uint32_t how = (uint32_t)how_;
    unsigned to = how & 15, mask = how >> 4 & 15, esize = how >> 19 & 3, n = how >> 23;
    for (unsigned k = 0; k < n; k++) {
        if (lane_on(c, mask, esize, k)) {
            uint64_t at = gather_address(c, base, how, k);
            set_lane(c, to, esize, k, mmu_load(v, at, (uint32_t)memop));
        }
        set_lane(c, mask, esize, k, 0);
    }
    v->vec[mask] = v->vec[16 + mask] = (V128){.u64 = {0, 0}};
    if (n << esize < 32) {
        v->vec[16 + to] = (V128){.u64 = {0, 0}};
    }
    if (n << esize < 16) {
        v->vec[to].u64[1] = 0;
    }
}
static const IRHelper h_gather = {"gather", (void *)gather, IR_VOID, 3, IR_CALL_ALL};

// arg: log2 of index bytes | of data bytes << 2.
static bool tr_gather(X86Ctx *c, const X86Insn *i)
{
    unsigned index_size = i->row->arg & 3, esize = i->row->arg >> 2;
    unsigned how = gather_how(i, index_size, esize), index = how >> 8 & 15;
    bool sib = (i->modrm & 7) == 4 && i->addr_bytes != 2;
    if (!sib || i->operand[0].reg == i->operand[2].reg || i->operand[0].reg == index ||
        i->operand[2].reg == index) {
        return false;
    }
    uint8_t saved = c->insn.index;
    c->insn.index = X86_NO_REG;
    IRRef base = x86_ea(c);
    c->insn.index = saved;
    ir_call(c->b, &h_gather, base, ir_i32(c->b, how), ir_i32(c->b, x86_memop(c, 1u << esize)),
            IR_NONE);
    return true;
}

#define R_MASK(name, w, load, store, esize, feat)                                                  \
    R_VEX(name, "66.0F38." w " " load " /r", "Vx,Hx,Mx", tr_maskmov, esize, feat),                 \
        R_VEX(name, "66.0F38." w " " store " /r", "Mx,Hx,Vx", tr_maskmov, (esize) | 1 << 4, feat)
#define R_GATHER(name, w, op, index, esize)                                                        \
    R_VEX(name, "66.0F38." w " " op " /r mem", "Vx,Md,Hx", tr_gather, (index) | (esize) << 2, AVX2)

static const X86Row rows[] = {
    R_MASK("MASKMOVPS", "W0", "2C", "2E", 2, AVX),  R_MASK("MASKMOVPD", "W0", "2D", "2F", 3, AVX),
    R_MASK("PMASKMOVD", "W0", "8C", "8E", 2, AVX2), R_MASK("PMASKMOVQ", "W1", "8C", "8E", 3, AVX2),
    R_GATHER("PGATHERDD", "W0", "90", 2, 2),        R_GATHER("PGATHERDQ", "W1", "90", 2, 3),
    R_GATHER("PGATHERQD", "W0", "91", 3, 2),        R_GATHER("PGATHERQQ", "W1", "91", 3, 3),
    R_GATHER("GATHERDPS", "W0", "92", 2, 2),        R_GATHER("GATHERDPD", "W1", "92", 2, 3),
    R_GATHER("GATHERQPS", "W0", "93", 3, 2),        R_GATHER("GATHERQPD", "W1", "93", 3, 3),
};
const X86Group x86_avx_memory = {"avx_memory", rows, ARRAY_LEN(rows)};
