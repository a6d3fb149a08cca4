// A kernel for PCs that says on COM1 what its loader handed over, and ends by isa-debug-exit. Built
// as Multiboot ELF, as a flat Multiboot file (-DFLAT) or as a PVH kernel (-DPVH).
#include <stdint.h>

#define MULTIBOOT 0x2badb002u
#define PVH_START 0x336ec578u

typedef uint32_t u32;
typedef uint64_t u64;

#ifdef PVH
__asm__(".section .note,\"a\",@note\n"
        ".long 4, 4, 18\n"
        ".asciz \"Xen\"\n"
        ".long start\n"
        ".text\n");
#else
#ifdef FLAT
#define FLAGS "0x10003"
#else
#define FLAGS "3"
#endif
__asm__(".section .header,\"ax\"\n"
        ".balign 4\n"
        "header: .long 0x1badb002, " FLAGS ", -(0x1badb002 + " FLAGS ")\n"
        ".long header, header, _edata, _end, start\n"
        ".text\n");
#endif

__attribute__((used)) static u32 stack[1024];

__asm__(".globl start\n"
        "start: movl $stack + 4096, %esp\n"
        "pushl %ebx\n"
        "pushl %eax\n"
        "call kernel\n"
        "hlt\n");

static void out8(uint16_t port, uint8_t v)
{
    __asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static void text(const char *s)
{
    for (; *s; s++) {
        out8(0x3f8, (uint8_t)*s);
    }
}

static void number(const char *name, u64 v)
{
    text(name);
    text(" ");
    for (int shift = 60; shift >= 0; shift -= 4) {
        out8(0x3f8, (uint8_t) "0123456789abcdef"[v >> shift & 15]);
    }
    text("\n");
}

static void item(const char *name, u64 at)
{
    text(name);
    text(" ");
    text((const char *)(u32)at);
    text("\n");
}

// How the CPU was left: CR0's PE and PG, EFLAGS.IF, and whether bit 20 of addresses counts.
static void processor(void)
{
    u32 cr0, flags;
    volatile u32 *low = (u32 *)0x8000, *high = (u32 *)0x108000;
    __asm__ volatile("movl %%cr0, %0; pushfl; popl %1" : "=r"(cr0), "=r"(flags));
    *low = 1;
    *high = 2;
    number("cpu", (cr0 & 1) | (cr0 >> 31) << 1 | (flags >> 9 & 1) << 2 | (*low == 1) << 3);
}

static void acpi(u64 rsdp)
{
    for (u32 at = 0xe0000; !rsdp && at < 0x100000; at += 16) {
        rsdp = *(u32 *)at == 0x20445352 && *(u32 *)(at + 4) == 0x20525450 ? at : 0; // "RSD PTR "
    }
    const char *p = (const char *)(u32)rsdp;
    text(rsdp && p[0] == 'R' && p[7] == ' ' ? "acpi yes\n" : "acpi no\n");
}

static void multiboot(const u32 *info)
{
    text("loader multiboot\n");
    number("flags", info[0]);
    number("upper", info[2]);
    item("cmdline", info[4]);
    for (u32 i = 0; i < info[5]; i++) {
        const u32 *module = (const u32 *)info[6] + 4 * i;
        item("arguments", module[2]);
        number("size", module[1] - module[0]);
        item("contents", module[0]);
    }
    u64 ram = 0;
    for (u32 at = info[12]; at < info[12] + info[11]; at += *(u32 *)at + 4) {
        ram += *(u32 *)(at + 20) == 1 ? *(u64 *)(at + 12) : 0;
    }
    number("ram", ram);
    acpi(0);
}

static void pvh(const u32 *info)
{
    const u64 *module = (const u64 *)info[4], *range = (const u64 *)info[10];
    text("loader pvh\n");
    item("cmdline", info[6]);
    for (u32 i = 0; i < info[3]; i++, module += 4) {
        number("size", module[1]);
        item("contents", module[0]);
    }
    u64 ram = 0;
    for (u32 i = 0; i < info[12]; i++, range += 3) {
        ram += (u32)range[2] == 1 ? range[1] : 0;
    }
    number("ram", ram);
    acpi(info[8]);
}

void kernel(u32 eax, const u32 *info);
void kernel(u32 eax, const u32 *info)
{
    if (eax == MULTIBOOT) {
        multiboot(info);
    } else if (info[0] == PVH_START) {
        pvh(info);
    } else {
        text("loader unknown\n");
    }
    processor();
    out8(0xf4, 21); // exit status 2 * 21 + 1
}
