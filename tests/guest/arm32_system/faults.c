// Translation by short and by long descriptors: for each kind of mapping, what reading, writing and
// executing does in Supervisor and in User mode, and what the exception says.
#include "guest.h"

#define AREA 0x10000000u // mapped by pages under test

static uint32_t level1[4096] __attribute__((aligned(16384)));
static uint32_t level2[256] __attribute__((aligned(1024)));
static uint32_t target[1024] __attribute__((aligned(4096)));
static uint64_t long1[4] __attribute__((aligned(32)));
static uint64_t long2[512] __attribute__((aligned(4096)));
static uint64_t long3[512] __attribute__((aligned(4096)));

__attribute__((naked, aligned(64))) static void user_read(void)
{
    __asm__("ldr r1, [r0]; svc 1");
}
__attribute__((naked)) static void user_write(void)
{
    __asm__("str r1, [r0]; svc 1");
}
__attribute__((naked)) static void user_run(void)
{
    __asm__("bx r0");
}
__attribute__((naked)) static void system_read(void)
{
    __asm__("ldr r1, [r0]; bx lr");
}
__attribute__((naked)) static void system_write(void)
{
    __asm__("str r1, [r0]; bx lr");
}
__attribute__((naked)) static void system_run(void)
{
    __asm__("mov r12, lr; blx r0; bx r12");
}
__attribute__((naked)) static void system_read_user(void)
{
    __asm__("ldrt r1, [r0]; bx lr");
}
__attribute__((naked)) static void system_write_user(void)
{
    __asm__("strt r1, [r0]; bx lr");
}

static const struct {
    const char *name;
    void (*code)(void);
    int user;
} attempts[] = {
    {"pl1 r", system_read, 0},       {"pl1 w", system_write, 0},       {"pl1 x", system_run, 0},
    {"pl1 rt", system_read_user, 0}, {"pl1 wt", system_write_user, 0}, {"pl0 r", user_read, 1},
    {"pl0 w", user_write, 1},        {"pl0 x", user_run, 1},
};

static void report(const char *what, uint32_t n, unsigned a)
{
    put(what);
    put_field(" ", n);
    put(" ");
    put(attempts[a].name);
    put_field(": ", record.kind);
    if (record.kind == 3) {
        put_field(" ifsr ", record.ifsr & ~0xf0u); // no domain, but with QEMU
        put_field(" ifar ", record.ifar);
    } else if (record.kind == 4) {
        put_field(" dfsr ", record.dfsr);
        put_field(" dfar ", record.dfar);
    }
    if (record.kind) {
        put_field(" spsr ", record.spsr & 0x0fffffff);
    }
    put("\n");
}

static void flush(void)
{
    __asm__ volatile("dsb");
    MCR("p15, 0, %0, c8, c7, 0", 0);
    __asm__ volatile("dsb; isb");
}

static void try_all(const char *what, uint32_t n, uint32_t va)
{
    for (unsigned a = 0; a < sizeof attempts / sizeof *attempts; a++) {
        // PL1: BX LR; PL0: SVC
        target[0] = attempts[a].user ? 0xef000001 : 0xe12fff1e;
        flush();
        record.kind = 0;
        (attempts[a].user ? probe_user : probe)((const void *)attempts[a].code, va);
        report(what, n, a);
    }
}

static void set_sctlr(uint32_t bits)
{
    uint32_t v = MRC("p15, 0, %0, c1, c0, 0");
    v &= ~((1u << 29) | (1u << 28) | (1u << 19) | (1u << 20) | 1u);
    MCR("p15, 0, %0, c1, c0, 0", v | bits);
}

// --- short descriptors

#define SECTION 0x00c02u // AP 3, domain 0

static void short_tables(void)
{
    for (unsigned i = 0; i < 4096; i++) {
        level1[i] = 0;
    }
    level1[0x090] = 0x09000000 | SECTION; // UART
    for (unsigned i = 0x400; i < 0x410; i++) {
        level1[i] = i << 20 | SECTION;
    }
    // An alias of the program where SVC code of the target may run to.
    level1[AREA >> 20] = (uint32_t)level2 | 1 | 1 << 5; // domain 1
    MCR("p15, 0, %0, c2, c0, 0", level1);
    MCR("p15, 0, %0, c2, c0, 1", level1);
    MCR("p15, 0, %0, c2, c0, 2", 0);
    MCR("p15, 0, %0, c3, c0, 0", 1 | 1 << 2);
}

// n: AP[2:0], XN at bit 3, small page at bit 4
static void short_pages(const char *what)
{
    for (unsigned n = 0; n < 32; n++) {
        uint32_t ap = (n & 3) << 4 | (n >> 2 & 1) << 9, xn = n >> 3 & 1;
        uint32_t small = (uint32_t)target | ap | 2 | xn;
        for (unsigned i = 0; i < 16; i++) {
            uint32_t large = ((uint32_t)target & 0xffff0000) | ap | 1 | xn << 15;
            level2[i] = n & 16 ? small : large;
        }
        uint32_t offset = n & 16 ? 0 : (uint32_t)target & 0xf000;
        try_all(what, n, AREA + offset);
    }
}

static void short_sections(void)
{
    for (unsigned n = 0; n < 16; n++) {
        uint32_t ap = (n & 3) << 10 | (n >> 2 & 1) << 15, xn = (n >> 3) << 4;
        level1[0x200] = ((uint32_t)target & 0xfff00000) | ap | xn | 2 | 1 << 5;
        try_all("section", n, 0x20000000 + ((uint32_t)target & 0xfffff));
    }
    level1[0x200] |= 1; // PXN
    try_all("section pxn", 0, 0x20000000 + ((uint32_t)target & 0xfffff));
    for (unsigned i = 0; i < 16; i++) {
        level1[0x300 + i] = ((uint32_t)target & 0xff000000) | 1 << 18 | SECTION;
    }
    try_all("supersection", 0, 0x30000000 + ((uint32_t)target & 0xffffff));
}

static void short_others(void)
{
    level2[1] = 0;
    try_all("no page", 0, AREA + 0x1000);
    try_all("no section", 0, 0x50000000);
    level2[1] = (uint32_t)target | 0x30 | 2;
    for (unsigned d = 0; d < 4; d++) {
        MCR("p15, 0, %0, c3, c0, 0", 1 | d << 2);
        try_all("domain", d, AREA + 0x1000);
        level2[1] |= 1; // XN: managers do not mind
    }
    MCR("p15, 0, %0, c3, c0, 0", 1 | 1 << 2);
    level1[AREA >> 20] |= 4; // PXN of a table
    level2[1] = (uint32_t)target | 0x30 | 2;
    try_all("table pxn", 0, AREA + 0x1000);
    level1[AREA >> 20] &= ~4u;
    try_all("unaligned", 0, AREA + 0x1001);
    // Half the space by TTBR1, whose walks are switched off.
    MCR("p15, 0, %0, c2, c0, 2", 1 | 1 << 5);
    try_all("pd1", 0, 0xa0000000);
    MCR("p15, 0, %0, c2, c0, 2", 0);
}

static void translate(const char *what, uint32_t va)
{
    put(what);
    MCR("p15, 0, %0, c7, c8, 0", va);
    put_field(" ats1cpr ", MRC("p15, 0, %0, c7, c4, 0") & 0xfffff001);
    MCR("p15, 0, %0, c7, c8, 3", va);
    put_field(" ats1cuw ", MRC("p15, 0, %0, c7, c4, 0") & 0xfffff001);
    put("\n");
}

static void short_format(void)
{
    short_tables();
    flush();
    set_sctlr(1);
    short_pages("page");
    short_sections();
    short_others();
    translate("par", AREA + 0x1000);
    translate("par none", 0x50000000);
    set_sctlr(1 | 1u << 29);
    for (unsigned i = 0x400; i < 0x410; i++) {
        level1[i] |= 0x400; // the access flag of what the program needs
    }
    short_pages("afe page");
    set_sctlr(0);
    flush();
}

// --- long descriptors

#define LONG_PAGE(pa) ((uint64_t)(uint32_t)(pa) | 3 | 1 << 10)

static void long_format(void)
{
    long1[0] = (uint32_t)long2 | 3;
    long1[1] = 0x40000000 | 1 | 1 << 6 | 1 << 10;
    long2[0x09000000 >> 21] = 0x09000000 | 1 | 1 << 6 | 1 << 10;
    long2[AREA >> 21] = (uint32_t)long3 | 3;
    MCR("p15, 0, %0, c10, c2, 0", 0xff);
    MCR("p15, 0, %0, c2, c0, 2", 1u << 31);
    __asm__ volatile("mcrr p15, 0, %0, %1, c2; isb" ::"r"(long1), "r"(0));
    flush();
    set_sctlr(1);
    for (unsigned n = 0; n < 32; n++) { // AP[2:1], XN, PXN, AF
        uint64_t d = LONG_PAGE(target) & ~(uint64_t)(1 << 10);
        d |= (uint64_t)(n & 3) << 6 | (uint64_t)(n >> 2 & 1) << 54 | (uint64_t)(n >> 3 & 1) << 53;
        long3[0] = d | (uint64_t)(n >> 4) << 10;
        try_all("long", n, AREA);
    }
    try_all("long none", 0, AREA + 0x1000);
    try_all("long none", 1, 0x20000000);
    try_all("long none", 2, 0x80000000);
    set_sctlr(0);
}

int main(void)
{
    short_format();
    long_format();
    put("done\n");
    return 0;
}
