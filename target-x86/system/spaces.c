// Address spaces that outlive loads of CR3.
//
// A load of CR3 without PCID drops all translations that are not global. Kernels that isolate their
// page tables load it twice for each system call, and most often the tables are what they were. So
// each value of CR3 has an ASID of its own, as if it were a PCID, and what was derived from tables
// that nobody has stored to since stays:
//
//   walk ------------> frame of each table page: which entries were gone through, by which spaces;
//                      the page is watched (softmmu/page_watch.h)
//   store to it -----> entries gone through before: their pages become `stale` in these spaces, or
//                      all of them does (`whole`) if the entry stands above the last level
//   load of CR3 -----> the space's stale pages, or all its pages, are dropped; it becomes current
//
// After a load all that is left of the space equals what a walk would give, and accessed and dirty
// bits are as the walk left them, so nobody can tell that it was kept. Between loads software finds
// old translations until INVLPG, as on CPUs. INVLPG and INVPCID need to look at the current space
// only: the others are put right when they are loaded, even if PCID's bit 63 forbids a flush.
//
// Not everything is worth a watch: until its CR3 has been loaded a few times, which those of
// short-lived programs never are, a space is `young`. All young ones share one ASID, and a load of
// one drops it all. The first walk through a table page, if it
// happens within a block, counts as stale at once: the block may have checked the page for its
// stores before.
#include <glib.h>
#include <string.h>

#include "softmmu/page_watch.h"
#include "target-x86/system.h"

#define SPACES      32
#define STALE_PAGES 32
#define MATURE      8      // loads
#define YOUNG_ASID  SPACES // the others' is their number
#define IDLE_STORES 64     // that meet no entry, before a page counts as a table no more
#define FRAME_USERS 8
#define MAX_FRAMES  16384
#define ENTRY_WORDS 16 // 1024 entries of 4 bytes

typedef struct X86Space {
    uint64_t cr3, pdpte[4];
    uint64_t last_use;
    bool whole;
    uint8_t loads; // up to MATURE
    uint16_t n_stale;
    uint64_t stale[STALE_PAGES];
} X86Space;

typedef struct X86Spaces {
    X86Space space[SPACES];
    unsigned now;
    uint64_t uses;
    struct Tables *tables;
} X86Spaces;

// Spaces of one CPU that have a table page at one place.
typedef struct FrameUser {
    uint64_t va; // of its first entry, if it is of the last level
    uint32_t spaces;
    uint8_t cpu;
    bool last_level;
} FrameUser;

typedef struct Frame {
    MemPage page;
    uint64_t walked[ENTRY_WORDS];
    uint64_t since; // instruction count of the block that it is watched since
    unsigned entry_bytes, n_users, idle;
    FrameUser user[FRAME_USERS];
} Frame;

// Of a machine.
typedef struct Tables {
    Machine *machine;
    GHashTable *frames; // by watch byte
} Tables;

// --- spaces

static bool young(const X86Space *s)
{
    return s->loads < MATURE;
}

static unsigned asid_of(const X86Spaces *all, unsigned n)
{
    return young(&all->space[n]) ? YOUNG_ASID : n;
}

static void drop_all(X86CPU *c, unsigned n)
{
    X86Space *s = &c->sys->spaces->space[n];
    mmu_flush_asid(&c->vcpu, n);
    s->whole = false;
    s->n_stale = 0;
}

static void add_stale(X86Space *s, uint64_t va)
{
    if (s->n_stale < STALE_PAGES) {
        s->stale[s->n_stale++] = va & ~mask64(12);
    } else {
        s->whole = true;
    }
}

// Makes what is left of space n agree with its tables.
static void put_right(X86CPU *c, unsigned n)
{
    X86Space *s = &c->sys->spaces->space[n];
    if (memcmp(s->pdpte, c->sys->pdpte, sizeof s->pdpte) != 0) {
        memcpy(s->pdpte, c->sys->pdpte, sizeof s->pdpte);
        s->whole = true;
    }
    if (s->whole) {
        drop_all(c, n);
        return;
    }
    for (unsigned i = 0; i < s->n_stale; i++) {
        mmu_flush_range(&c->vcpu, s->stale[i], 1, n);
    }
    s->n_stale = 0;
}

static unsigned find_space(X86CPU *c)
{
    X86Spaces *all = c->sys->spaces;
    unsigned oldest = 0;
    for (unsigned i = 0; i < SPACES; i++) {
        const X86Space *s = &all->space[i];
        if (s->last_use && s->cr3 == c->cr3) {
            return i;
        }
        oldest = s->last_use < all->space[oldest].last_use ? i : oldest;
    }
    X86Space *s = &all->space[oldest];
    *s = (X86Space){.cr3 = c->cr3, .whole = true};
    return oldest;
}

void x86_space_load(X86CPU *c)
{
    X86Spaces *all = c->sys->spaces;
    unsigned n = all->space[all->now].last_use && all->space[all->now].cr3 == c->cr3
                     ? all->now
                     : find_space(c);
    X86Space *s = &all->space[n];
    s->last_use = ++all->uses;
    s->loads += young(s);
    all->now = n;
    if (young(s)) {
        mmu_flush_asid(&c->vcpu, YOUNG_ASID);
    } else {
        put_right(c, n);
    }
}

unsigned x86_space_asid(X86CPU *c)
{
    X86Spaces *all = c->sys->spaces;
    if (!c->vcpu.mmu) {
        return 0;
    }
    if (!all) {
        x86_spaces_new(c);
        x86_space_load(c);
    } else if (all->space[all->now].cr3 != c->cr3) {
        x86_space_load(c); // not by MOV: RSM, reset, a loaded state
    }
    return asid_of(c->sys->spaces, c->sys->spaces->now);
}

void x86_space_drop_pcid(X86CPU *c, uint32_t pcid)
{
    X86Spaces *all = c->sys->spaces;
    bool pcids = c->cr4 & X86_CR4_PCIDE;
    mmu_flush_asid(&c->vcpu, YOUNG_ASID);
    for (unsigned i = 0; i < SPACES; i++) {
        if (!young(&all->space[i]) && (!pcids || (all->space[i].cr3 & 0xfff) == pcid)) {
            drop_all(c, i);
        }
    }
}

// --- table pages

// Somebody stores to an entry that user's spaces went through.
static void entry_changes(const Tables *t, const Frame *f, const FrameUser *u, unsigned entry)
{
    X86Spaces *all = x86_cpu(t->machine->cpu[u->cpu])->sys->spaces;
    for (uint32_t set = u->spaces; set; set &= set - 1) {
        X86Space *s = &all->space[__builtin_ctz(set)];
        if (u->last_level && f->n_users <= FRAME_USERS) {
            add_stale(s, u->va + ((uint64_t)entry << 12));
        } else {
            s->whole = true;
        }
    }
}

static void forget_frame(Tables *t, Frame *f)
{
    page_watch_clear(&f->page, WATCH_TABLES);
    g_hash_table_remove(t->frames, f->page.watch);
}

static void tables_stored(void *opaque, const MemPage *p, unsigned offset, unsigned len)
{
    Tables *t = opaque;
    Frame *f = g_hash_table_lookup(t->frames, p->watch);
    uint64_t left = 0;
    if (!f) {
        page_watch_clear(p, WATCH_TABLES);
        return;
    }
    for (unsigned e = offset / f->entry_bytes; e <= (offset + len - 1) / f->entry_bytes; e++) {
        if (f->walked[e / 64] >> e % 64 & 1) {
            f->walked[e / 64] &= ~BIT(e % 64);
            for (unsigned i = 0; i < f->n_users; i++) {
                entry_changes(t, f, &f->user[i], e);
            }
        }
    }
    for (unsigned i = 0; i < ENTRY_WORDS; i++) {
        left |= f->walked[i];
    }
    if (!left && f->idle++ == IDLE_STORES) {
        forget_frame(t, f);
    }
}

// Nothing that was derived from it can be kept. The caller takes it off the list.
static gboolean give_up(gpointer key, gpointer frame, gpointer tables)
{
    const Frame *f = frame;
    (void)key;
    for (unsigned i = 0; i < f->n_users; i++) {
        FrameUser u = f->user[i];
        u.last_level = false;
        entry_changes(tables, f, &u, 0);
    }
    page_watch_clear(&f->page, WATCH_TABLES);
    return TRUE;
}

static Frame *frame_of(X86CPU *c, const MemPage *p, unsigned entry_bytes)
{
    Tables *t = c->sys->spaces->tables;
    Frame *f = g_hash_table_lookup(t->frames, p->watch);
    if (f && f->entry_bytes != entry_bytes) {
        give_up(NULL, f, t);
        g_hash_table_remove(t->frames, p->watch);
        f = NULL;
    }
    if (!f) {
        if (g_hash_table_size(t->frames) >= MAX_FRAMES) {
            g_hash_table_foreach_remove(t->frames, give_up, t);
        }
        f = g_new0(Frame, 1);
        f->page = *p;
        f->entry_bytes = entry_bytes;
        f->since = vcpu_icount(&c->vcpu);
        g_hash_table_insert(t->frames, p->watch, f);
        page_watch_set(t->machine, p, 1, WATCH_TABLES);
    }
    return f;
}

// False: there are too many.
static bool add_user(Frame *f, const FrameUser *u)
{
    for (unsigned i = 0; i < f->n_users; i++) {
        FrameUser *o = &f->user[i];
        if (o->va == u->va && o->cpu == u->cpu && o->last_level == u->last_level) {
            o->spaces |= u->spaces;
            return true;
        }
    }
    if (f->n_users == FRAME_USERS) {
        return false;
    }
    f->user[f->n_users++] = *u;
    return true;
}

// One entry that the walk to va went through. False: it cannot be followed.
static bool note_entry(X86CPU *c, const X86Walked *w, unsigned i)
{
    VCPU *v = &c->vcpu;
    unsigned per_page = 4096 / w->entry_bytes;
    uint64_t at = w->address[i];
    bool last_level = w->small && i == w->n - 1;
    MemPage p = address_space_page(v->memory ? v->memory : v->machine->memory, at & ~mask64(12));
    if (!p.host) {
        return false;
    }
    FrameUser u = {.va = last_level ? w->va & ~((uint64_t)per_page * 4096 - 1) : 0,
                   .spaces = UINT32_C(1) << c->sys->spaces->now,
                   .cpu = (uint8_t)v->index,
                   .last_level = last_level};
    Frame *f = frame_of(c, &p, w->entry_bytes);
    unsigned entry = (unsigned)(at & mask64(12)) / w->entry_bytes;
    f->walked[entry / 64] |= BIT(entry % 64);
    f->idle = 0;
    if (f->since == vcpu_icount(v)) {
        add_stale(&c->sys->spaces->space[c->sys->spaces->now], w->va);
    }
    return add_user(f, &u);
}

void x86_space_walked(X86CPU *c, const X86Walked *w)
{
    X86Spaces *all = c->sys->spaces;
    X86Space *s = &all->space[all->now];
    if (young(s) || s->whole) {
        return;
    }
    for (unsigned i = 0; i < w->n; i++) {
        if (!note_entry(c, w, i)) {
            s->whole = true;
        }
    }
}

// --- life

void x86_spaces_forget(X86CPU *c)
{
    X86Spaces *all = c->sys->spaces;
    if (!all) {
        return;
    }
    Tables *t = all->tables;
    g_hash_table_foreach_remove(t->frames, give_up, t);
    *all = (X86Spaces){.tables = t};
    all->space[0].cr3 = ~c->cr3;
}

static Tables *tables_of(Machine *m)
{
    Tables *t = machine_lookup(m, "x86-tables");
    if (!t) {
        t = g_new0(Tables, 1);
        t->machine = m;
        t->frames = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
        machine_register(m, "x86-tables", t);
        page_watch_handler(m, WATCH_TABLES, tables_stored, t);
    }
    return t;
}

void x86_spaces_new(X86CPU *c)
{
    c->sys->spaces = g_new0(X86Spaces, 1);
    c->sys->spaces->tables = tables_of(c->vcpu.machine);
    c->sys->spaces->space[0].cr3 = ~c->cr3;
}
