// Memory map, virtual = physical: code, the memory window (both for EL0), a page of exception
// vectors that loop, and the page tables. Everything else is unmapped.
#include "tests/oracle/bare.h"

#include <string.h>

#include "host-backends/backend.h"
#include "target-arm/fp_exact.h"
#include "target-arm/sysregs.h"

#define RAM_BASE    UINT64_C(0x50000000)
#define RAM_SIZE    0x2000000u
#define VECTORS     UINT64_C(0x50100000)
#define TABLES      UINT64_C(0x50200000)
#define BRANCH_SELF 0x14000000u

#define SCTLR_A32_CP15BEN BIT(5)
#define SCTLR_A32_ITD     BIT(7)
#define SCTLR_A32_SED     BIT(8)

#define ENC_FPCR SR(3, 3, 4, 4, 0)
#define ENC_FPSR SR(3, 3, 4, 4, 1)

#define A64_FLAGS 0xf0000000u
#define A32_FLAGS 0xfe0ffe00u // N, Z, C, V, Q, IT, GE, E
#define FPSR_BITS 0x0800009fu

enum { EC_BKPT_A32 = 0x38 };
enum { SIG_ILL = 4, SIG_TRAP = 5, SIG_BUS = 7, SIG_SEGV = 11 };

static const BoardType bare_board = {.name = "oracle", .desc = "no devices", .target = "aarch64"};

// --- page tables: 4 KiB granule, 48 bits, levels 0 to 3 in consecutive pages

#define DESC_TABLE UINT64_C(3)
#define DESC_PAGE  (UINT64_C(3) | UINT64_C(1) << 10 | UINT64_C(3) << 8) // AF, inner shareable
#define DESC_EL0   (UINT64_C(1) << 6)
#define DESC_NG    (UINT64_C(1) << 11)

static uint64_t *table(Bare *b, unsigned n)
{
    return (uint64_t *)(void *)(b->ram + (TABLES - RAM_BASE) + 4096 * n);
}

static void map_page(Bare *b, uint64_t va, uint64_t attr)
{
    unsigned l2 = extract64(va, 21, 9), leaf = 3 + l2 % 16;
    table(b, 0)[extract64(va, 39, 9)] = (TABLES + 4096) | DESC_TABLE;
    table(b, 1)[extract64(va, 30, 9)] = (TABLES + 2 * 4096) | DESC_TABLE;
    table(b, 2)[l2] = (TABLES + 4096 * leaf) | DESC_TABLE;
    table(b, leaf)[extract64(va, 12, 9)] = va | DESC_PAGE | attr;
}

static void map_all(Bare *b)
{
    for (unsigned i = 0; i < ORACLE_CODE_SIZE; i += 4096) {
        map_page(b, ORACLE_CODE + i, DESC_EL0 | DESC_NG);
    }
    for (unsigned i = 0; i < ORACLE_MEM_SIZE; i += 4096) {
        map_page(b, ORACLE_MEM + i, DESC_EL0 | DESC_NG);
    }
    map_page(b, VECTORS, 0);
}

static void fill_code(Bare *b, uint32_t state)
{
    oracle_fill_code((uint32_t *)(void *)(b->ram + (ORACLE_CODE - RAM_BASE)), state);
    mem_dirty(b->machine->memory, ORACLE_CODE, ORACLE_CODE_SIZE);
    b->state = state;
}

static void fill_memory(Bare *b)
{
    uint32_t *vectors = (uint32_t *)(void *)(b->ram + (VECTORS - RAM_BASE));
    for (unsigned i = 0; i < 1024; i++) {
        vectors[i] = BRANCH_SELF;
    }
    b->pristine = g_malloc(ORACLE_MEM_SIZE);
    oracle_fill(b->pristine, ORACLE_MEM_SIZE / 8);
    memcpy(b->ram + (ORACLE_MEM - RAM_BASE), b->pristine, ORACLE_MEM_SIZE);
}

// As Linux has it for its processes: TBI for the lower half, FP on, cache maintenance allowed.
static void set_up_system(ARMCPU *c)
{
    ARMSystem *s = c->sys;
    s->mair_el[1] = 0xff;
    s->tcr_el[1] = 16 | UINT64_C(5) << 32 | TCR_EPD1 | TCR_TBI0 | UINT64_C(1) << 30;
    s->ttbr0_el[1] = TABLES;
    s->vbar_el[1] = VECTORS;
    s->cpacr = 3u << 20;
    for (unsigned i = 0; i < ARRAY_LEN(s->key); i++) {
        s->key[i] = (ARMKey){UINT64_C(0x0123456789abcdef) * (2 * i + 1), ~UINT64_C(0) / (i + 3)};
    }
    s->sctlr_el[1] |= SCTLR_ENIA | SCTLR_ENIB | SCTLR_ENDA | SCTLR_ENDB | SCTLR_M | SCTLR_C |
                      SCTLR_I | SCTLR_UCI | SCTLR_UCT | SCTLR_DZE | SCTLR_NTWI | SCTLR_NTWE;
    s->sctlr_el[1] &= ~(SCTLR_A | SCTLR_SA | SCTLR_SA0 | SCTLR_UMA | SCTLR_WXN);
    s->sctlr_el[1] &= ~(SCTLR_A32_ITD | SCTLR_A32_SED);
    s->sctlr_el[1] |= SCTLR_A32_CP15BEN;
    arm_pauth_update(c);
    arm_mode_changed(c);
    mmu_flush_all(&c->vcpu);
}

void bare_set_zva(Bare *b, unsigned log2)
{
    b->cpu->dczid_el0 = log2 - 2;
    engine_flush(b->machine->engine);
}

Bare *bare_new(const char *cpu, uint64_t features, const struct HostBackend *backend, char **error)
{
    MachineConfig config = {.machine = "oracle", .smp = 1};
    config.engine.backend = backend;
    config.engine.cache_bytes = 64u << 20;
    Bare *b = g_new0(Bare, 1);
    b->machine = machine_new(&bare_board, &config);
    MemRegion *ram = mem_ram("ram", RAM_SIZE);
    mem_map(address_space_root(b->machine->memory), RAM_BASE, ram, 0);
    b->ram = mem_host(ram);
    VCPU *v = arm_cpu_create(b->machine, cpu, error);
    if (!v) {
        return NULL;
    }
    b->cpu = arm_cpu(v);
    b->cpu->features = features ? features : b->cpu->features;
    machine_reset(b->machine);
    map_all(b);
    fill_memory(b);
    fill_code(b, ORACLE_A64);
    set_up_system(b->cpu);
    bare_set_zva(b, 9);
    return b;
}

// --- a case

static void put_code(Bare *b, const OracleCase *c)
{
    uint16_t *window = (uint16_t *)(void *)(b->ram + (ORACLE_WINDOW - RAM_BASE));
    if (b->state != c->state) {
        fill_code(b, c->state);
    }
    oracle_code(c, window);
    mem_dirty(b->machine->memory, ORACLE_WINDOW, 2 * ORACLE_WINDOW_HALVES);
}

#define FPSCR_NZCV 0xf0000000u

static void put_fpscr(ARMCPU *c, const OracleRegs *r)
{
    uint32_t f = r->fpcr;
    arm_fpcr_write(c, f & ~FPSCR_NZCV);
    arm_fpsr_write(c, r->fpsr);
    c->vfp_flags = (uint16_t)((f >> 31 & 1 ? IR_FLAG_S : 0) | (f >> 30 & 1 ? IR_FLAG_Z : 0) |
                              (f >> 29 & 1 ? IR_FLAG_C : 0) | (f >> 28 & 1 ? IR_FLAG_V : 0));
}

static uint32_t take_fpcr(const ARMCPU *c)
{
    unsigned f = c->vfp_flags;
    return c->fpcr | (f & IR_FLAG_S ? 1u << 31 : 0) | (f & IR_FLAG_Z ? 1u << 30 : 0) |
           (f & IR_FLAG_C ? 1u << 29 : 0) | (f & IR_FLAG_V ? 1u << 28 : 0);
}

// AArch32: user mode below an AArch64 EL1, whose view of R0-R14 is X0-X14.
static void give_a32(ARMCPU *c, const OracleCase *k)
{
    VCPU *v = &c->vcpu;
    uint32_t f = k->regs.flags;
    uint32_t it = extract32(f, 10, 6) << 2 | extract32(f, 25, 2);
    arm_set_pstate(c, ARM_MODE_USR | (f & CPSR_E));
    v->pc_address = ARM_PC_ADDRESS;
    v->pc |= (k->state == ORACLE_THUMB ? ARM_PC_T : 0) | (uint64_t)it << ARM_PC_IT_SHIFT;
    c->q = f & CPSR_Q;
    c->ge = 0;
    for (unsigned i = 0; i < 4; i++) {
        c->ge |= f >> (CPSR_GE_SHIFT + i) & 1 ? 0xffu << 8 * i : 0;
    }
    put_fpscr(c, &k->regs);
}

static void give_case(ARMCPU *c, const OracleCase *k)
{
    VCPU *v = &c->vcpu;
    const OracleRegs *r = &k->regs;
    arm_sysreg_write(c, ENC_FPCR, r->fpcr, 0); // at EL1, where the last case ended
    arm_sysreg_write(c, ENC_FPSR, r->fpsr, 0);
    arm_set_pstate(c, 0);
    memcpy(v->gpr, r->x, sizeof r->x);
    memcpy(v->vec, r->v, sizeof r->v);
    arm_set_nzcv(c, r->flags);
    c->exclusive_size = 0;
    v->pc_address = ~UINT64_C(0);
    v->pc = ORACLE_SLOT - k->early;
    if (k->state != ORACLE_A64) {
        give_a32(c, k);
    }
    v->halted = v->stopped = v->yield = 0;
    arm_mode_changed(c);
}

static void take_regs(ARMCPU *c, const OracleCase *k, OracleRegs *r)
{
    VCPU *v = &c->vcpu;
    bool a32 = k->state != ORACLE_A64;
    memcpy(r->v, v->vec, sizeof r->v);
    memcpy(r->x, v->gpr, a32 ? 15 * sizeof r->x[0] : sizeof r->x);
    r->flags = (uint32_t)c->sys->spsr_el[1] & (a32 ? A32_FLAGS : A64_FLAGS);
    r->fpsr = (uint32_t)arm_sysreg_read(c, ENC_FPSR, 0);
    if (a32) {
        r->fpcr = take_fpcr(c);
    } else {
        r->x[31] = c->sys->sp_el[0];
        r->fpcr = (uint32_t)arm_sysreg_read(c, ENC_FPCR, 0);
    }
}

// What Linux makes of the exception.
static uint32_t signal_of(uint32_t esr)
{
    switch (esr >> ESR_EC_SHIFT) {
    case EC_BRK:
    case EC_BKPT_A32:
        return SIG_TRAP;
    case EC_DATA:
        return (esr & 0x3f) == FSC_ALIGNMENT ? SIG_BUS : SIG_SEGV;
    case EC_FETCH:
        return SIG_SEGV;
    case EC_PC_ALIGN:
    case EC_SP_ALIGN:
        return SIG_BUS;
    case EC_UNKNOWN:
    case EC_SYSREG:
    case EC_WFX:
    case EC_ILLEGAL:
        return SIG_ILL;
    default:
        return 1000 + (esr >> ESR_EC_SHIFT);
    }
}

static void take_memory(Bare *b, OracleResult *r)
{
    uint8_t *mem = b->ram + (ORACLE_MEM - RAM_BASE);
    const uint64_t *now = (const uint64_t *)(const void *)mem;
    unsigned n = ORACLE_MEM_SIZE / 8, first = 0, last = n - 1;
    while (first < n && now[first] == b->pristine[first]) {
        first++;
    }
    if (first == n) {
        return;
    }
    while (now[last] == b->pristine[last]) {
        last--;
    }
    r->mem_first = first * 8;
    r->mem_len = (last - first + 1) * 8;
    memcpy(r->mem, mem + first * 8, MIN_OF(ORACLE_MEM_REPORT, ORACLE_MEM_SIZE - first * 8));
    memcpy(mem, b->pristine, ORACLE_MEM_SIZE);
}

// Runs at most n instructions, whether or not the case gives the rest of a turn away.
static uint64_t run_turns(ARMCPU *cpu, uint64_t n)
{
    uint64_t left = n;
    while (left && !cpu->vcpu.halted) {
        cpu->vcpu.yield = 0;
        left -= engine_run(&cpu->vcpu, left);
    }
    return n - left;
}

// Like Linux for a number that it does not have: on behind SVC, with an error in X0.
static bool serve_svc(ARMCPU *c, uint32_t insn)
{
    const ARMSystem *s = c->sys;
    uint32_t esr = (uint32_t)s->esr_el[1];
    bool right =
        arm_el(c) == 1 && esr >> ESR_EC_SHIFT == EC_SVC && (esr & 0xffff) == extract32(insn, 5, 16);
    if (right) {
        uint64_t pc = s->elr_el[1];
        arm_set_pstate(c, (uint32_t)s->spsr_el[1]);
        arm_mode_changed(c);
        c->vcpu.gpr[0] = (uint64_t)-BARE_NO_SYSCALL;
        c->vcpu.pc = pc;
    }
    return right;
}

static bool is_svc(const OracleCase *c)
{
    return c->state == ORACLE_A64 && (c->insn[0] & 0xffe0001fu) == 0xd4000001u;
}

void bare_run(Bare *b, const OracleCase *c, OracleResult *r)
{
    ARMCPU *cpu = b->cpu;
    memset(r, 0, sizeof *r);
    put_code(b, c);
    give_case(cpu, c);
    if (c->poke) {
        memcpy(b->ram + (ORACLE_MEM - RAM_BASE) + c->poke, &c->poked, 4);
    }
    // The instructions, and the BRK behind them; a fault before that spends the rest in the vector.
    if (!is_svc(c)) {
        run_turns(cpu, c->n_insns + 1);
    } else {
        run_turns(cpu, 1);
        if (serve_svc(cpu, c->insn[0])) {
            run_turns(cpu, 1);
        }
    }
    r->signal = signal_of((uint32_t)cpu->sys->esr_el[1]);
    r->pc = cpu->sys->elr_el[1] | (c->state != ORACLE_A64 && (cpu->sys->spsr_el[1] & CPSR_T));
    if (arm_el(cpu) == 0) { // no exception: the case ran away
        r->signal = 0;
        r->pc = cpu->vcpu.pc;
        cpu->vcpu.pc_address = ~UINT64_C(0);
        arm_set_pstate(cpu, PSTATE_SP | 1 << PSTATE_EL_SHIFT);
        arm_mode_changed(cpu);
    }
    take_regs(cpu, c, &r->regs);
    if (c->memory) {
        take_memory(b, r);
    }
}
