// Accesses of many kinds, from EL1 and EL0, to pages with every kind of descriptor: prints the
// syndrome, the fault address and PAR_EL1 of AT. Compiled with -DV8_5 for a CPU with PAN, UAO,
// hardware access flag and dirty state.
#include "guest.h"

struct Record record;

#define TABLE __attribute__((aligned(4096)))
static uint64_t l1[512] TABLE, l2[512] TABLE, l3[512] TABLE; // level 1: entry 2 leads to l2, l3
static uint64_t kernel2[512] TABLE, kernel3[512] TABLE;      // RAM, one page of it for EL0
static uint8_t data[4096] TABLE;

#define VALID  1ul
#define PAGE   3ul
#define AF     (1ul << 10)
#define NORMAL (1ul << 2)
#define EL0    (1ul << 6)
#define RO     (1ul << 7)
#define INNER  (3ul << 8)
#define DBM    (1ul << 51)
#define PXN    (1ul << 53)
#define UXN    (1ul << 54)
#define VA     0x80200000ul
#define HOLE   0x0b000000ul // no memory, no device
#define PAN    (1ul << 22)

// The accesses, one every 64 bytes; x0 is the address. RET ends them at EL1; at EL0 it leads to
// an SVC.
__asm__(".balign 4096\naccesses:\n"
        ".balign 64\n ldr x1, [x0]\n ret\n"
        ".balign 64\n str x1, [x0]\n ret\n"
        ".balign 64\n br x0\n"
        ".balign 64\n ldtr x1, [x0]\n ret\n"
        ".balign 64\n sttr x1, [x0]\n ret\n"
        ".balign 64\n ldr x1, [x0, #1]\n ret\n"
        ".balign 64\n ldxr x1, [x0]\n ret\n"
        ".balign 64\n ldar x1, [x0]\n ret\n"
        ".balign 64\n dc zva, x0\n ret\n"
        ".balign 64\n stxr w2, x1, [x0]\n ret\n"
        ".balign 64\n ldp x1, x2, [x0, #-8]\n ret\n"
        ".balign 64\n ldaxr x1, [x0]\n stlxr w2, x1, [x0]\n ret\n"
        ".balign 64\n stp q0, q1, [x0, #-16]\n ret\n"
        ".balign 64\n ld1 {v0.16b, v1.16b}, [x0]\n ret\n"
        ".balign 64\n ldrb w1, [x0, #4095]\n ret\n"
#ifdef V8_5
        ".balign 64\n mov x1, #0\n mov x2, #0\n casal x1, x2, [x0]\n ret\n"
        ".balign 64\n mov x2, #0\n mov x3, #0\n mov x4, #0\n mov x5, #0\n casp x2, x3, x4, x5, "
        "[x0]\n ret\n"
        ".balign 64\n mov x1, #0\n ldadd x1, x2, [x0]\n ret\n"
        ".balign 64\n mov x1, #0\n swpal x1, x2, [x0, #0]\n ret\n"
#endif
        ".balign 64\nel0_return: svc #0\n"
        ".balign 4096\n");
extern char accesses[], el0_return[];
static const char *const names[] = {
    "ldr",   "str",  "exec",  "ldtr",  "sttr", "unal", "ldxr", "ldar",
    "zva",   "stxr", "ldp",   "ldaxr", "stp",  "ld1",  "ldrb",
#ifdef V8_5
    "casal", "casp", "ldadd", "swpal",
#endif
};
#define N_ACCESSES (sizeof(names) / sizeof(names[0]))

static void flush(void)
{
    __asm__ volatile("dsb ish; tlbi vmalle1; dsb ish; isb" ::: "memory");
}

static void show(void)
{
    if (!record.hit) {
        put(" ok\n");
        return;
    }
    put(" esr ");
    put_hex(record.esr);
    put(" far ");
    put_hex(record.far);
    put(" spsr ");
    put_hex(record.spsr & 0xffcff3ff); // not BTYPE
    uint64_t offset = record.elr - (uint64_t)accesses;
    put(offset < 4096 ? " at +" : " at ");
    put_hex(offset < 4096 ? offset & 63 : record.elr);
    put("\n");
}

static void show_par(const char *name)
{
    uint64_t par = RD(par_el1), mask = par & 1 ? 0x7f : 0xff00fffffffff180ul;
    put(name);
    put_hex(par & mask);
    put("\n");
}

#define AT(op, va)                                                                                 \
    __asm__ volatile("at " op ", %0; isb" ::"r"(va) : "memory");                                   \
    show_par("  at " op " ")

static uint64_t *leaf(uint64_t va)
{
    return &l3[va >> 12 & 511];
}

static void one_access(const char *name, uint64_t va, uint64_t desc, uint64_t pstate, int el,
                       unsigned n)
{
    *leaf(va) = desc;
    flush();
    *(uint32_t *)data = el ? 0xd65f03c0 : 0xd4000001; // for "exec": RET, SVC
    __asm__ volatile("dc cvau, %0; dsb ish; ic ivau, %0; dsb ish; isb" ::"r"(data) : "memory");
    clear_record();
    record.resume = RD(daif) | 5 | pstate;
    if (el) {
        probe(accesses + 64 * n, va);
    } else {
        probe_el0(accesses + 64 * n, va);
        if (record.esr >> 26 == 0x15) {
            record.hit = 0;
        }
    }
    put(name);
    put(el ? " EL1 " : " EL0 ");
    put(names[n]);
    show();
}

enum { NO_AT = 1 }; // the AT instructions would abort

static void all_accesses(const char *name, uint64_t va, uint64_t desc, uint64_t pstate, int how)
{
    for (int el = 1; el >= 0; el--) {
        for (unsigned n = 0; n < N_ACCESSES; n++) {
            one_access(name, va, desc, pstate, el, n);
        }
    }
    *leaf(va) = desc;
    flush();
    if (!(how & NO_AT)) {
        put(name);
        put("\n");
        AT("s1e1r", va);
        AT("s1e1w", va);
        AT("s1e0r", va);
        AT("s1e0w", va);
    }
    put("  descriptor ");
    put_hex(*leaf(va));
    put("\n");
}

static void make_tables(void)
{
    uint64_t el0_page = (uint64_t)accesses;
    l1[0] = VALID | AF | PXN | UXN; // devices
    l1[1] = (uint64_t)kernel2 | PAGE;
    l1[2] = (uint64_t)l2 | PAGE;
    l2[1] = (uint64_t)l3 | PAGE;
    l2[2] = 0x40000000 | VALID | NORMAL;     // access flag clear
    l2[3] = 1ul << 47 | VALID | AF | NORMAL; // beyond TCR_EL1.IPS
    l2[4] = 1ul << 40 | PAGE;                // so is this table
    l2[5] = HOLE | PAGE;
    l2[6] = 2;
    for (uint64_t i = 0; i < 512; i++) {
        kernel2[i] = (0x40000000 + (i << 21)) | VALID | AF | NORMAL | INNER;
        uint64_t page = (el0_page & ~0x1ffffful) + (i << 12);
        kernel3[i] = page | PAGE | AF | NORMAL | INNER | (page == el0_page ? EL0 | RO : 0);
    }
    kernel2[(el0_page - 0x40000000) >> 21] = (uint64_t)kernel3 | PAGE;
}

static uint64_t sctlr;

static void mmu_on(void)
{
    WR(mair_el1, 0xff00);
    WR(tcr_el1, 25 | 1 << 8 | 1 << 10 | 3 << 12 | 1ul << 23 | 2ul << 32);
    WR(ttbr0_el1, l1);
    flush();
    // M, C, I, DZE, UCT, SPAN, UCI
    sctlr = RD(sctlr_el1) | 1 | 4 | 1 << 12 | 1 << 14 | 1 << 15 | 1 << 23 | 1 << 26;
    WR(sctlr_el1, sctlr);
}

static void descriptors(void)
{
    uint64_t page = (uint64_t)data | PAGE | AF | NORMAL;
    all_accesses("kernel", VA, page, 0, 0);
    all_accesses("user", VA, page | EL0, 0, 0);
    all_accesses("kernel-ro", VA, page | RO, 0, 0);
    all_accesses("user-ro", VA, page | RO | EL0, 0, 0);
    all_accesses("uxn", VA, page | RO | EL0 | UXN, 0, 0);
    all_accesses("pxn", VA, page | RO | EL0 | PXN, 0, 0);
    all_accesses("no-af", VA, (page & ~AF) | EL0, 0, 0);
    all_accesses("invalid", VA, 0, 0, 0);
    all_accesses("reserved", VA, page & ~2ul, 0, 0);
    all_accesses("address-size", VA, 1ul << 45 | PAGE | AF | NORMAL, 0, 0);
    all_accesses("hole", VA, HOLE | PAGE | AF | NORMAL | EL0, 0, 0);
    all_accesses("device", VA, (page & ~NORMAL) | EL0, 0, 0);
}

#ifdef V8_5
static void newer(void)
{
    uint64_t page = (uint64_t)data | PAGE | NORMAL | EL0, tcr = RD(tcr_el1);
    __asm__ volatile("msr pan, #1");
    all_accesses("pan user", VA, page | AF, PAN, 0);
    all_accesses("pan user-ro", VA, page | AF | RO, PAN, 0);
    __asm__ volatile("msr uao, #1");
    all_accesses("pan uao user", VA, page | AF, PAN | 1ul << 23, 0);
    __asm__ volatile("msr uao, #0; msr pan, #0");
    WR(tcr_el1, tcr | 1ul << 39);
    all_accesses("ha", VA, page, 0, 0);
    all_accesses("ha dbm", VA, page | RO | DBM, 0, 0);
    WR(tcr_el1, tcr | 3ul << 39);
    all_accesses("ha hd dbm", VA, page | RO | DBM | PXN, 0, 0);
    WR(tcr_el1, tcr | 1ul << 55);
    all_accesses("e0pd", VA, page | AF, 0, 0);
    WR(tcr_el1, tcr);
}
#endif

static void controls(void)
{
    uint64_t page = (uint64_t)data | PAGE | AF | NORMAL | EL0;
    WR(sctlr_el1, sctlr | 2);
    all_accesses("alignment", VA, page, 0, 0);
    WR(sctlr_el1, sctlr & ~(1ul << 14));
    all_accesses("no-zva", VA, page, 0, 0);
    WR(sctlr_el1, sctlr);
    for (unsigned bit = 59; bit <= 62; bit++) { // PXNTable, UXNTable, APTable
        l2[1] = (uint64_t)l3 | PAGE | 1ul << bit;
        all_accesses(bit < 61 ? "xn-table" : "ap-table", VA, bit < 61 ? page | RO : page, 0, 0);
    }
    l2[1] = (uint64_t)l3 | PAGE;
}

static void addresses(void)
{
    uint64_t page = (uint64_t)data | PAGE | AF | NORMAL | EL0, tcr = RD(tcr_el1);
    all_accesses("level-1", 0xc0000000, page, 0, 0);
    all_accesses("level-2-af", 0x80400000, page, 0, 0);
    all_accesses("level-2-size", 0x80600000, page, 0, 0);
    all_accesses("table-size", 0x80800000, page, 0, 0);
    all_accesses("table-hole", 0x80a00000, page, 0, NO_AT);
    all_accesses("level-2", 0x80c00000, page, 0, 0);
    all_accesses("range", 1ul << 39, page, 0, 0);
    all_accesses("upper", 0xffffff8000000000, page, 0, 0);
    all_accesses("tag", 0x5500000080200000, page, 0, 0);
    WR(tcr_el1, tcr | 1ul << 37);
    all_accesses("tbi", 0x5500000080200000, page, 0, 0);
    all_accesses("tbi-upper", 0xff80000080200000, page, 0, 0);
    WR(tcr_el1, tcr);
}

void main(void)
{
    make_tables();
    mmu_on();
    descriptors();
    controls();
    addresses();
#ifdef V8_5
    newer();
#endif
    put("done\n");
}
