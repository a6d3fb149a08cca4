// Accesses about the end of a 32-bit guest's address space: sums of a register and constants wrap
// at 4 GiB, whichever of them share a page check (tcg-like/pass_check_elim.c). Random programs of
// pushes, pops, loads, stores and additions run translated and interpreted, without paging and with
// it, and what they leave is compared with a model.
//
//   low page   0x00000000                 \  two RAM regions without paging, two pages of one with
//   it; high page  0xfffff000 .. 0xffffffff   /  nothing is at 4 GiB
#include <inttypes.h>

#include "host-backends/backend.h"
#include "target-x86/system.h"
#include "tests/unit/x86_machine.h"

#define RAM       0x40000u
#define CODE      0x8000u // one page, mapped to itself
#define DIRECTORY 0x20000u
#define TABLES    0x21000u // two
#define LOW       0x10000u // the two pages' places with paging
#define HIGH      0x11000u
#define N_INSNS   14
#define N_REGS    8

typedef struct World {
    uint32_t reg[N_REGS];
    uint8_t low[4096], high[4096];
} World;

typedef struct Rig {
    X86CPU *c;
    uint8_t *low, *high, *code;
    GRand *rand;
    unsigned at; // in the code page
} Rig;

static unsigned pick(Rig *r, unsigned n)
{
    return (unsigned)g_rand_int_range(r->rand, 0, (gint32)n);
}

// --- the model. Addresses are multiples of 4, so that no access lies across an end.

static uint8_t *model_at(World *w, uint32_t a)
{
    return a < 4096 ? w->low + a : a >= 0xfffff000 ? w->high + (a & 0xfff) : NULL;
}

static bool is_there(uint32_t a)
{
    return a < 2048 || a >= 0xfffff800;
}

// --- programs

static void byte(Rig *r, unsigned b)
{
    r->code[r->at++] = (uint8_t)b;
}

enum { LOAD = 0x8b, STORE = 0x89 };

// opcode reg, [base + disp]
static void put_mov(Rig *r, unsigned opcode, unsigned reg, unsigned base, int32_t disp)
{
    byte(r, opcode);
    byte(r, 0x80 | reg << 3 | base);
    if (base == X86_RSP) {
        byte(r, 0x24);
    }
    memcpy(r->code + r->at, &disp, 4);
    r->at += 4;
}

static void put_add(Rig *r, unsigned reg, int8_t imm)
{
    byte(r, 0x83);
    byte(r, 0xc0 | reg);
    byte(r, (uint8_t)imm);
}

static void copy(void *to, const void *from)
{
    memcpy(to, from, 4);
}

// PUSHAD and POPAD: eight accesses of one instruction. False if they do not fit.
static bool put_all(Rig *r, World *w, bool push)
{
    uint32_t esp = w->reg[X86_RSP], from = push ? esp - 32 : esp;
    for (unsigned i = 0; i < N_REGS; i++) {
        if (!is_there(from + 4 * i)) {
            return false;
        }
    }
    byte(r, push ? 0x60 : 0x61);
    for (unsigned i = 0; i < N_REGS; i++) { // edi is at the lowest address
        if (push) {
            copy(model_at(w, from + 4 * i), &w->reg[7 - i]);
        } else if (7 - i != X86_RSP) {
            copy(&w->reg[7 - i], model_at(w, from + 4 * i));
        }
    }
    w->reg[X86_RSP] = push ? from : esp + 32;
    return true;
}

// Adds an instruction to the program and does it in the model; false if it does not fit there.
static bool put_insn(Rig *r, World *w)
{
    static const uint8_t bases[] = {X86_RBX, X86_RSI, X86_RSP};
    unsigned base = bases[pick(r, 3)], data = pick(r, 2) ? X86_RAX : X86_RCX, kind = pick(r, 16);
    uint32_t esp = w->reg[X86_RSP];
    int32_t disp = ((int32_t)pick(r, 33) - 16) * 4;
    uint32_t a = w->reg[base] + (uint32_t)disp;
    if (pick(r, 16) == 0) {
        return put_all(r, w, pick(r, 2));
    }
    if (kind < 4 && is_there(esp - 4)) {
        byte(r, 0x50 | data);
        w->reg[X86_RSP] -= 4;
        copy(model_at(w, esp - 4), &w->reg[data]);
    } else if (kind < 7 && is_there(esp)) {
        byte(r, 0x58 | data);
        copy(&w->reg[data], model_at(w, esp));
        w->reg[X86_RSP] += 4;
    } else if (kind < 10 && is_there(a)) {
        put_mov(r, STORE, data, base, disp);
        copy(model_at(w, a), &w->reg[data]);
    } else if (kind < 13 && is_there(a)) {
        put_mov(r, LOAD, data, base, disp);
        copy(&w->reg[data], model_at(w, a));
    } else if (kind >= 13) {
        int8_t imm = (int8_t)(((int)pick(r, 31) - 15) * 4);
        put_add(r, base, imm);
        w->reg[base] += (uint32_t)(int32_t)imm;
    } else {
        return false;
    }
    return true;
}

static uint32_t near_the_end(Rig *r)
{
    return ((uint32_t)pick(r, 129) - 64) * 4;
}

static void one_program(Rig *r, unsigned n)
{
    VCPU *v = &r->c->vcpu;
    World w;
    if (r->at > 4096 - N_INSNS * 8) {
        r->at = 0; // rewritten: translated anew
    }
    unsigned start = r->at;
    for (unsigned i = 0; i < N_REGS; i++) {
        v->gpr[i] = w.reg[i] = near_the_end(r);
    }
    memcpy(w.low, r->low, 4096);
    memcpy(w.high, r->high, 4096);
    unsigned insns = 0;
    while (insns < N_INSNS) {
        insns += put_insn(r, &w);
    }
    byte(r, 0xeb); // jmp .
    byte(r, 0xfe);
    mem_dirty(v->machine->memory, CODE, 4096); // the debugger's way to write code
    v->pc = CODE + start;                      // all of it is one block, as far as it may run

    cr_assert_eq(engine_run(v, N_INSNS + 1), N_INSNS + UINT64_C(1), "program %u", n);
    for (unsigned i = 0; i < N_REGS; i++) {
        cr_assert_eq(v->gpr[i], w.reg[i], "program %u: register %u is 0x%" PRIx64 ", not 0x%x", n,
                     i, v->gpr[i], w.reg[i]);
    }
    cr_assert_arr_eq(r->low, w.low, 4096, "program %u: the low page", n);
    cr_assert_arr_eq(r->high, w.high, 4096, "program %u: the high page", n);
}

// --- machines

static void entry(uint8_t *ram, uint32_t at, uint32_t value)
{
    memcpy(ram + at, &value, 4);
}

static void paging_on(X86Machine *x)
{
    entry(x->ram, DIRECTORY, TABLES | 7);
    entry(x->ram, DIRECTORY + 1023 * 4, (TABLES + 4096) | 7);
    entry(x->ram, TABLES, LOW | 7);
    entry(x->ram, TABLES + (CODE >> 12) * 4, CODE | 7);
    entry(x->ram, TABLES + 4096 + 1023 * 4, HIGH | 7);
    x86_set_cr3(x->c, DIRECTORY);
    x86_set_cr0(x->c, x->c->cr0 | X86_CR0_PG);
}

static void run(bool translate, bool paging)
{
    EngineConfig jit = {.backend = &host_backend_x86_64, .cache_bytes = 32u << 20};
    X86Machine x = x86_machine_new(RAM, translate ? jit : (EngineConfig){0});
    MemRegion *top = mem_ram("top", 0x1000);
    mem_map(address_space_root(x.m->memory), 0xfffff000, top, 0);
    machine_reset(x.m);
    x86_cpu_boot_flat32(&x.c->vcpu, CODE, 0, 0);
    x.c->vcpu.stopped = x.c->vcpu.halted = 0;
    if (paging) {
        paging_on(&x);
    }
    Rig r = {.c = x.c,
             .low = x.ram + (paging ? LOW : 0),
             .high = paging ? x.ram + HIGH : mem_host(top),
             .code = x.ram + CODE,
             .rand = g_rand_new_with_seed(7)};
    for (unsigned n = 0; n < 4000; n++) {
        one_program(&r, n);
    }
}

Test(x86_wrap, interpreted)
{
    run(false, false);
}
Test(x86_wrap, interpreted_paging)
{
    run(false, true);
}
#ifdef __x86_64__
Test(x86_wrap, translated)
{
    run(true, false);
}
Test(x86_wrap, translated_paging)
{
    run(true, true);
}
#endif
