// Memory, virtual = physical: code and data for the user, and for the supervisor a page each of
// page tables, descriptors, handlers and stack. Every vector has a handler that loops, 16 bytes
// after the last one's, so that the pc tells what happened and the stack holds its frame.
#include "tests/oracle_x86/bare.h"

#include <string.h>

#include "host-backends/backend.h"
#include "softmmu/softmmu.h"
#include "target-x86/system.h"

#define RAM_BASE UINT64_C(0x50000000)
#define RAM_SIZE 0x2000000u
#define TABLES   UINT64_C(0x50100000) // page tables: 16 pages
#define GDT      UINT64_C(0x50110000)
#define IDT      UINT64_C(0x50111000)
#define TSS      UINT64_C(0x50112000)
#define STACK    UINT64_C(0x50114000) // grows down from here
#define HANDLERS UINT64_C(0x50115000)
#define SYSTEM   UINT64_C(0x50110000)
#define SYS_SIZE 0x6000u

enum { KERNEL_CS = 0x10, USER_CS32 = 0x23, USER_DS = 0x2b, USER_CS64 = 0x33, TSS_SELECTOR = 0x40 };
enum { LDT_CODE = 7, LDT_DATA = 15 }; // 16-bit mode: entries 0 and 1

static const BoardType bare_board = {.name = "oracle", .desc = "no devices", .target = "x86_64"};

static uint64_t *at(Bare *b, uint64_t addr)
{
    return (uint64_t *)(void *)(b->ram + (addr - RAM_BASE));
}

// --- page tables

enum { PTE_P = 1, PTE_W = 2, PTE_U = 4, PTE_A = 0x20, PTE_D = 0x40 };
#define PTE_NX  (UINT64_C(1) << 63)
#define PTE_ALL (PTE_P | PTE_W | PTE_U | PTE_A)

static void map_pages(Bare *b, uint64_t va, uint64_t size, uint64_t attr)
{
    for (uint64_t a = va; a < va + size; a += 4096) {
        unsigned l2 = extract64(a, 21, 9), leaf = 3 + l2 % 16;
        at(b, TABLES)[extract64(a, 39, 9)] = (TABLES + 4096) | PTE_ALL;
        at(b, TABLES + 4096)[extract64(a, 30, 9)] = (TABLES + 2 * 4096) | PTE_ALL;
        at(b, TABLES + 2 * 4096)[l2] = (TABLES + 4096 * leaf) | PTE_ALL;
        at(b, TABLES + 4096 * leaf)[extract64(a, 12, 9)] = a | PTE_P | PTE_A | PTE_D | attr;
    }
}

// --- descriptors

static X86Segment segment(uint16_t selector, uint32_t attr)
{
    return (X86Segment){.selector = selector, .limit = UINT32_MAX, .attr = attr};
}

#define FLAT_ATTR (X86_DESC_P | X86_DESC_S | X86_DESC_A | X86_DESC_W | X86_DESC_G)
#define DPL3      (3 << X86_DESC_DPL_SHIFT)
#define CODE64    (FLAT_ATTR | X86_DESC_CODE | X86_DESC_L)
#define CODE32    (FLAT_ATTR | X86_DESC_CODE | X86_DESC_B)
#define DATA16    (X86_DESC_P | X86_DESC_S | X86_DESC_A | X86_DESC_W)
#define CODE16    (DATA16 | X86_DESC_CODE)
#define DATA      (FLAT_ATTR | X86_DESC_B)

static uint64_t flat_descriptor(uint32_t attr)
{
    return (uint64_t)(attr | 0xf0000) << 32 | 0xffff;
}

static void put_gate(Bare *b, unsigned vector)
{
    uint64_t handler = HANDLERS + 16 * vector, *gate = at(b, IDT + 16 * vector);
    unsigned dpl = vector == X86_BP || vector == X86_OF_TRAP ? 3 : 0;
    gate[0] = (handler & 0xffff) | KERNEL_CS << 16 | UINT64_C(0x8e00) << 32 | (uint64_t)dpl << 45 |
              (handler >> 16 & 0xffff) << 48;
    gate[1] = handler >> 32;
    *at(b, handler) = 0xfeeb; // jmp $
}

static void set_up_tables(Bare *b)
{
    uint64_t *gdt = at(b, GDT);
    gdt[KERNEL_CS / 8] = flat_descriptor(CODE64);
    gdt[USER_CS32 / 8] = flat_descriptor(CODE32 | DPL3);
    gdt[USER_DS / 8] = flat_descriptor(DATA | DPL3);
    gdt[USER_CS64 / 8] = flat_descriptor(CODE64 | DPL3);
    for (unsigned v = 0; v < 256; v++) {
        put_gate(b, v);
    }
    uint64_t rsp0 = STACK;
    memcpy((uint8_t *)at(b, TSS) + 4, &rsp0, 8);
    map_pages(b, XO_CODE, XO_CODE_SIZE, PTE_U);
    map_pages(b, XO_DATA, XO_DATA_SIZE, PTE_U | PTE_W | PTE_NX);
    map_pages(b, SYSTEM, SYS_SIZE, PTE_W);
}

static void set_up_cpu(Bare *b)
{
    X86CPU *c = b->cpu;
    X86System *s = c->sys;
    c->cr0 =
        X86_CR0_PE | X86_CR0_MP | X86_CR0_ET | X86_CR0_NE | X86_CR0_WP | X86_CR0_AM | X86_CR0_PG;
    c->cr3 = TABLES;
    c->cr4 = X86_CR4_PAE | X86_CR4_PGE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT | X86_CR4_OSXSAVE |
             X86_CR4_FSGSBASE | X86_CR4_UMIP;
    c->efer = X86_EFER_SCE | X86_EFER_LME | X86_EFER_LMA | X86_EFER_NXE;
    c->xcr0 = 7;
    s->gdt = (X86Table){.base = GDT, .limit = 0xff};
    s->idt = (X86Table){.base = IDT, .limit = 0xfff};
    s->tr = (X86Segment){.selector = TSS_SELECTOR,
                         .base = TSS,
                         .limit = 0x67,
                         .attr = X86_DESC_P | X86_SYS_TSS32_BUSY << 8};
}

Bare *bare_new(const char *cpu, unsigned bits, const struct HostBackend *backend, char **error)
{
    MachineConfig config = {.machine = "oracle", .smp = 1};
    config.engine.backend = backend;
    config.engine.cache_bytes = 64u << 20;
    Bare *b = g_new0(Bare, 1);
    b->bits = bits;
    b->machine = machine_new(&bare_board, &config);
    MemRegion *ram = mem_ram("ram", RAM_SIZE);
    mem_map(address_space_root(b->machine->memory), RAM_BASE, ram, 0);
    b->ram = mem_host(ram);
    VCPU *v = x86_cpu_create(b->machine, cpu, error);
    if (!v) {
        return NULL;
    }
    b->cpu = x86_cpu(v);
    machine_reset(b->machine);
    set_up_tables(b);
    memset(at(b, XO_CODE), 0xcc, XO_CODE_SIZE);
    b->pristine = g_malloc(XO_DATA_SIZE);
    xo_fill(b->pristine, XO_DATA_SIZE / 8);
    memcpy(at(b, XO_DATA), b->pristine, XO_DATA_SIZE);
    set_up_cpu(b);
    return b;
}

// --- state

static void put_fpu(X86CPU *c, const XState *s)
{
    x86_fpu_reset(c);
    c->fpu.control = s->fcw;
    x86_fpu_set_status(c, s->fsw);
    c->fpu.empty = (uint8_t)~s->valid;
    for (unsigned i = 0; i < 8; i++) {
        X86Float80 *r = &c->fpu.st[(c->fpu.top + i) & 7];
        memcpy(&r->frac, s->st[i], 8);
        memcpy(&r->se, s->st[i] + 8, 2);
    }
}

// As Linux leaves them, and as the runner asks for them in 16-bit mode.
static void put_segments(X86CPU *c, unsigned bits)
{
    for (unsigned i = 0; i < X86_SEGS; i++) {
        bool usable = i == X86_SS || (bits != 64 && i < X86_FS);
        c->seg[i] = usable ? segment(USER_DS, DATA | DPL3) : (X86Segment){.selector = 0};
        if (usable && bits == 16) {
            c->seg[i] = (X86Segment){XO_DATA, 0xffff, DATA16 | DPL3, LDT_DATA, {0}};
        }
    }
    c->seg[X86_CS] = bits == 64   ? segment(USER_CS64, CODE64 | DPL3)
                     : bits == 32 ? segment(USER_CS32, CODE32 | DPL3)
                                  : (X86Segment){XO_CODE, 0xffff, CODE16 | DPL3, LDT_CODE, {0}};
}

static void put_state(Bare *b, const XState *s)
{
    X86CPU *c = b->cpu;
    VCPU *v = &c->vcpu;
    for (unsigned i = 0; i < 16; i++) {
        v->gpr[i] = s->gpr[i];
        memcpy(&v->vec[i], s->ymm[i], 16);
        memcpy(&v->vec[16 + i], s->ymm[i] + 16, 16);
    }
    put_segments(c, b->bits);
    c->cpl = 3;
    x86_eflags_set(c, s->eflags | X86_IF | 2);
    x86_mxcsr_set(c, s->mxcsr);
    put_fpu(c, s);
    c->inhibit = 0;
    v->pc = XO_SLOT; // linear
    x86_segments_changed(c);
    x86_refresh(c);
    x86_mode_changed(c);
}

static void get_state(X86CPU *c, XState *s)
{
    const VCPU *v = &c->vcpu;
    for (unsigned i = 0; i < 16; i++) {
        s->gpr[i] = v->gpr[i];
        memcpy(s->ymm[i], &v->vec[i], 16);
        memcpy(s->ymm[i] + 16, &v->vec[16 + i], 16);
    }
    s->mxcsr = x86_mxcsr_get(c);
    s->fcw = c->fpu.control;
    s->fsw = x86_fpu_status(c);
    s->valid = (uint8_t)~c->fpu.empty;
    for (unsigned i = 0; i < 8; i++) {
        const X86Float80 *r = &c->fpu.st[(c->fpu.top + i) & 7];
        memcpy(s->st[i], &r->frac, 8);
        memcpy(s->st[i] + 8, &r->se, 2);
    }
}

// --- a case

// Also makes the data pristine again.
static void take_memory(Bare *b, XResult *r)
{
    uint8_t *data = (uint8_t *)at(b, XO_DATA);
    xo_note_memory(r, data, (const uint8_t *)b->pristine);
    if (r->mem_len) {
        memcpy(data, b->pristine, XO_DATA_SIZE);
    }
}

// The frame that the handler found: [error] rip cs rflags rsp ss, from the stack's top down.
static void read_frame(Bare *b, XResult *r)
{
    const uint64_t *top = at(b, STACK);
    r->after.rip = top[-5];
    r->after.eflags = (uint32_t)top[-3] & (X86_STATUS_FLAGS | X86_DF | X86_AC | X86_ID);
    r->after.gpr[X86_RSP] = top[-2];
    r->error = x86_vector_has_error(r->trap) ? (uint32_t)top[-6] : 0;
    r->cr2 = r->trap == X86_PF_FAULT ? b->cpu->cr2 : 0;
}

void bare_run(Bare *b, const XCase *c, XResult *r)
{
    VCPU *v = &b->cpu->vcpu;
    uint8_t *slot = (uint8_t *)at(b, XO_SLOT);
    memset(r, 0, sizeof *r);
    memset(slot, 0xcc, XO_MAX_CODE + 16);
    memcpy(slot, c->code, c->len);
    mem_dirty(b->machine->memory, XO_SLOT, XO_MAX_CODE + 16);
    put_state(b, &c->before);
    mmu_flush_all(v); // so that first accesses take the slow path
    b->machine->current = v;
    uint64_t end = HANDLERS + 256 * 16;
    // More than a block at a time, as shorter turns are interpreted; handlers loop.
    for (unsigned i = 0; i < 8 && !(v->pc >= HANDLERS && v->pc < end); i++) {
        engine_run(v, 256);
    }
    get_state(b->cpu, &r->after);
    r->trap = v->pc >= HANDLERS && v->pc < end ? (unsigned)(v->pc - HANDLERS) / 16 : 255;
    read_frame(b, r);
    take_memory(b, r);
}
