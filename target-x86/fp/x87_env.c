// FLDENV, FNSTENV, FRSTOR, FNSAVE (SDM vol. 1, figures 8-9 to 8-12).
#include "softmmu/softmmu.h"
#include "target-x86/fp/x87.h"

#define REGISTER_BYTES 10

typedef struct Env {
    X86CPU *c;
    uint64_t addr; // linear
    unsigned unit; // bytes of a field: 2 or 4
    bool real;
} Env;

static unsigned env_bytes(const Env *e)
{
    return 7 * e->unit;
}

static Env env_at(VCPU *v, uint64_t seg, uint64_t offset, uint64_t format, bool registers,
                  bool store)
{
    Env e = {.c = x86_cpu(v), .unit = format & X87_ENV_32 ? 4 : 2, .real = format & X87_ENV_REAL};
    unsigned bytes = env_bytes(&e) + (registers ? 8 * REGISTER_BYTES : 0);
    e.addr = x86_linear_checked(e.c, (unsigned)seg, offset, bytes, store);
    if (store) { // all or nothing
        mmu_probe(v, e.addr + bytes - 1, 1, IR_MEM_STORE);
        mmu_probe(v, e.addr, 1, IR_MEM_STORE);
    }
    return e;
}

static uint32_t field(const Env *e, unsigned i)
{
    return (uint32_t)mmu_load(&e->c->vcpu, e->addr + i * e->unit, e->unit == 4 ? 2 : 1);
}

static void put_field(const Env *e, unsigned i, uint32_t value)
{
    mmu_store(&e->c->vcpu, e->addr + i * e->unit, value, (e->unit == 4 ? 2 : 1) | IR_MEM_STORE);
}

// --- storing

static void store_pointers(const Env *e)
{
    const X86Fpu *f = &e->c->fpu;
    uint32_t ip = (uint32_t)f->ip, dp = (uint32_t)f->dp;
    if (e->real) { // linear addresses
        ip += (uint32_t)f->cs << 4;
        dp += (uint32_t)f->ds << 4;
        put_field(e, 3, ip & 0xffff);
        put_field(e, 4, (ip >> 16) << 12 | f->opcode);
        put_field(e, 5, dp & 0xffff);
        put_field(e, 6, (dp >> 16) << 12);
        return;
    }
    put_field(e, 3, ip);
    put_field(e, 4, f->cs | (e->unit == 4 ? (uint32_t)f->opcode << 16 : 0));
    put_field(e, 5, dp);
    put_field(e, 6, f->ds | (e->unit == 4 ? 0xffff0000u : 0));
}

static void store_env(const Env *e)
{
    const X86CPU *c = e->c;
    uint32_t high = e->unit == 4 ? 0xffff0000u : 0;
    put_field(e, 0, c->fpu.control | high);
    put_field(e, 1, x86_fpu_status(c) | high);
    put_field(e, 2, x87_full_tags(c) | high);
    store_pointers(e);
}

static void h_fstenv(VCPU *v, uint64_t seg, uint64_t offset, uint64_t format)
{
    Env e = env_at(v, seg, offset, format, false, true);
    store_env(&e);
    e.c->fpu.control |= X87_EXCEPTIONS;
    x87_update_summary(e.c);
}
const IRHelper x87_h_fstenv = {"x87_fstenv", h_fstenv, IR_VOID, 3, IR_CALL_ALL};

static void h_fsave(VCPU *v, uint64_t seg, uint64_t offset, uint64_t format)
{
    Env e = env_at(v, seg, offset, format, true, true);
    store_env(&e);
    for (unsigned i = 0; i < 8; i++) {
        uint64_t at = e.addr + env_bytes(&e) + i * REGISTER_BYTES;
        SfX80 r = x87_get(e.c, i);
        mmu_store(v, at, r.frac, 3 | IR_MEM_STORE);
        mmu_store(v, at + 8, r.se, 1 | IR_MEM_STORE);
    }
    x86_fpu_reset(e.c);
}
const IRHelper x87_h_fsave = {"x87_fsave", h_fsave, IR_VOID, 3, IR_CALL_ALL};

// --- loading

typedef struct Loaded {
    uint32_t field[7];
} Loaded;

static Loaded load_env(const Env *e)
{
    Loaded l;
    for (unsigned i = 0; i < 7; i++) {
        l.field[i] = field(e, i);
    }
    return l;
}

static void set_env(const Env *e, const Loaded *l)
{
    X86Fpu *f = &e->c->fpu;
    f->control = (uint16_t)((l->field[0] & 0x1f3f) | 0x40);
    f->empty = 0;
    for (unsigned r = 0; r < 8; r++) {
        f->empty |= (uint8_t)(((l->field[2] >> (2 * r) & 3) == 3) << r);
    }
    if (e->real) {
        f->ip = l->field[3] | (l->field[4] >> 12) << 16;
        f->dp = l->field[5] | (l->field[6] >> 12) << 16;
        f->opcode = l->field[4] & 0x7ff;
        f->cs = f->ds = 0;
    } else {
        f->ip = l->field[3];
        f->cs = (uint16_t)l->field[4];
        f->dp = l->field[5];
        f->ds = (uint16_t)l->field[6];
        f->opcode = l->field[4] >> 16 & 0x7ff;
    }
    x86_fpu_set_status(e->c, (uint16_t)l->field[1]);
}

static void h_fldenv(VCPU *v, uint64_t seg, uint64_t offset, uint64_t format)
{
    x87_check_pending(x86_cpu(v));
    Env e = env_at(v, seg, offset, format, false, false);
    Loaded l = load_env(&e);
    set_env(&e, &l);
}
const IRHelper x87_h_fldenv = {"x87_fldenv", h_fldenv, IR_VOID, 3, IR_CALL_ALL};

static void h_frstor(VCPU *v, uint64_t seg, uint64_t offset, uint64_t format)
{
    x87_check_pending(x86_cpu(v));
    Env e = env_at(v, seg, offset, format, true, false);
    Loaded l = load_env(&e);
    SfX80 r[8];
    for (unsigned i = 0; i < 8; i++) {
        uint64_t at = e.addr + env_bytes(&e) + i * REGISTER_BYTES;
        r[i].frac = mmu_load(v, at, 3);
        r[i].se = (uint16_t)mmu_load(v, at + 8, 1);
    }
    set_env(&e, &l);
    for (unsigned i = 0; i < 8; i++) {
        X86Float80 *st = &e.c->fpu.st[x87_reg(e.c, i)];
        st->frac = r[i].frac;
        st->se = r[i].se;
    }
}
const IRHelper x87_h_frstor = {"x87_frstor", h_frstor, IR_VOID, 3, IR_CALL_ALL};
