// info mem, info tlb, gva2gpa: what the guest's page tables say.
//
// Guests can make tables that map themselves over and over: how many places are looked at and how
// much is printed is limited, and the end says so.
#include "monitor/commands.h"

#define MAX_LOOKS 4000000
#define MAX_LINES 6000

typedef struct Listing {
    GString *out;
    unsigned lines, looks;
    TargetMapping range; // gathered so far; size 0: none
} Listing;

static bool walkable(VCPU *v, GString *out)
{
    if (!v || !v->target->mapping) {
        g_string_append(out, "this processor's page tables cannot be listed\n");
        return false;
    }
    if (!v->target->translation_on(v)) {
        g_string_append_printf(out, "CPU %u: address translation is off\n", v->index);
        return false;
    }
    return true;
}

static bool print_range(Listing *l)
{
    const TargetMapping *r = &l->range;
    if (!r->size) {
        return true;
    }
    g_string_append_printf(l->out,
                           "%016" G_GINT64_MODIFIER "x-%016" G_GINT64_MODIFIER
                           "x %016" G_GINT64_MODIFIER "x %s\n",
                           r->va, r->va + r->size, r->size, r->access);
    return ++l->lines < MAX_LINES;
}

// Neighbours with the same rights are one line.
static bool gather(Listing *l, const TargetMapping *p)
{
    TargetMapping *r = &l->range;
    if (r->size && r->va + r->size == p->va && !g_strcmp0(r->access, p->access)) {
        r->size += p->size;
        return true;
    }
    bool more = print_range(l);
    *r = *p;
    return more;
}

static bool print_one(Listing *l, const TargetMapping *p)
{
    g_string_append_printf(l->out, "%016" G_GINT64_MODIFIER "x: %016" G_GINT64_MODIFIER "x %s\n",
                           p->va, p->phys, p->flags);
    return ++l->lines < MAX_LINES;
}

static void each(VCPU *v, Listing *l, bool (*fn)(Listing *, const TargetMapping *))
{
    uint64_t va = 0;
    do {
        TargetMapping p = {0};
        if (v->target->mapping(v, va, &p) && !fn(l, &p)) {
            g_string_append_printf(l->out, "(the rest is left out after %d lines)\n", MAX_LINES);
            l->range.size = 0;
            return;
        }
        if (++l->looks == MAX_LOOKS) {
            g_string_append(l->out, "(the rest is left out: the tables have no end)\n");
            return;
        }
        va = p.next;
    } while (va);
}

static void info_mem(Machine *m, int argc, char **argv, GString *out)
{
    VCPU *v = monitor_cpu(m);
    Listing l = {.out = out};
    (void)argc;
    (void)argv;
    if (walkable(v, out)) {
        each(v, &l, gather);
        print_range(&l);
    }
}

static void info_tlb(Machine *m, int argc, char **argv, GString *out)
{
    VCPU *v = monitor_cpu(m);
    Listing l = {.out = out};
    (void)argc;
    (void)argv;
    if (walkable(v, out)) {
        each(v, &l, print_one);
    }
}

static void cmd_gva2gpa(Machine *m, int argc, char **argv, GString *out)
{
    VCPU *v = monitor_cpu(m);
    uint64_t va, phys;
    if (argc != 2 || !v || !monitor_number(v, argv[1], &va)) {
        monitor_usage(argv[0], out);
        return;
    }
    phys = v->target->virt_to_phys_debug(v, va);
    if (phys == UINT64_MAX) {
        g_string_append_printf(out, "gva2gpa %s: nothing is mapped there\n", argv[1]);
    } else {
        g_string_append_printf(out, "gpa: 0x%" G_GINT64_MODIFIER "x\n", phys);
    }
}

static const MonitorCommand commands[] = {
    {"gva2gpa", NULL, "ADDR", "physical address of a virtual one", cmd_gva2gpa},
    {NULL, NULL, NULL, NULL, NULL},
};
static const MonitorCommand info[] = {
    {"mem", NULL, "", "the vCPU's virtual memory: ranges and their rights", info_mem},
    {"tlb", NULL, "", "the vCPU's virtual memory: every translation", info_tlb},
    {NULL, NULL, NULL, NULL, NULL},
};
static const MonitorTable table = {commands, info};
MONITOR_TABLE(table);
