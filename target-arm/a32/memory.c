// Loads and stores of A32 and T32. Addresses are computed in 32 bits, which wraps them at 4 GiB,
// and then go through the MMU as 64-bit ones. PSTATE.E turns the bytes of each element around.
#include "target-arm/a32/a32.h"

static bool big_endian(const ArmCtx *c)
{
    return c->flags & ARM_BF_E;
}

static unsigned checked(const ArmCtx *c)
{
    return c->flags & ARM_BF_ALIGN ? IR_MEM_ALIGN : 0;
}

unsigned a32_memop_unprivileged(const ArmCtx *c)
{
    return c->flags & ARM_BF_UNPRIV ? IR_MEM_UNPRIV : 0;
}

IRRef a32_address(ArmCtx *c, IRRef addr, int32_t disp)
{
    return ir_extu(c->b, ir_addi(c->b, addr, disp));
}

static IRRef swap(ArmCtx *c, IRRef v, unsigned size)
{
    return size ? ir_bswap(c->b, v, 8u << size) : v;
}

IRRef a32_load_at(ArmCtx *c, IRRef address, int32_t disp, unsigned memop)
{
    unsigned size = memop & IR_MEM_SIZE;
    IRType type = size == 3 ? IR_I64 : IR_I32;
    if (!big_endian(c) || !size) {
        return ir_ld(c->b, type, address, disp, memop);
    }
    IRRef v = swap(c, ir_ld(c->b, type, address, disp, memop & ~(unsigned)IR_MEM_SIGN), size);
    return memop & IR_MEM_SIGN && size == 1 ? ir_sext(c->b, v, 16) : v;
}

void a32_store_at(ArmCtx *c, IRRef address, int32_t disp, IRRef v, unsigned memop)
{
    if (big_endian(c)) {
        v = swap(c, v, memop & IR_MEM_SIZE);
    }
    ir_st(c->b, address, disp, v, memop);
}

IRRef a32_load(ArmCtx *c, IRRef addr, int32_t disp, unsigned memop)
{
    return a32_load_at(c, a32_address(c, addr, disp), 0, memop | checked(c));
}

IRRef a32_load_aligned(ArmCtx *c, IRRef addr, int32_t disp, unsigned memop)
{
    return a32_load_at(c, a32_address(c, addr, disp), 0, memop | IR_MEM_ALIGN);
}

void a32_store(ArmCtx *c, IRRef addr, int32_t disp, IRRef v, unsigned memop)
{
    a32_store_at(c, a32_address(c, addr, disp), 0, v, memop | checked(c));
}

void a32_store_aligned(ArmCtx *c, IRRef addr, int32_t disp, IRRef v, unsigned memop)
{
    a32_store_at(c, a32_address(c, addr, disp), 0, v, memop | IR_MEM_ALIGN);
}
