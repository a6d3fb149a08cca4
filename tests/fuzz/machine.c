#include "tests/fuzz/machine.h"

#include <stdio.h>

#include "block/block.h"
#include "chardev/chardev.h"
#include "net/net.h"
#include "replay/gate.h"

static uint64_t virtual_now(void *opaque)
{
    const FuzzMachine *fm = opaque;
    const Machine *m = fm->m;
    return fm->now + (m->current ? engine_icount(m->current) - m->turn_start : 0);
}

static bool add_each(Machine *m, const char *const *list,
                     bool (*add)(Machine *, const char *, char **), char **error)
{
    for (; list && *list; list++) {
        if (!add(m, *list, error)) {
            return false;
        }
    }
    return true;
}

static bool add_drive(Machine *m, const char *arg, char **error)
{
    return drive_add(m, arg, false, error);
}

static bool build(Machine *m, const FuzzParts *p, char **error)
{
    return m->board->init(m, error) && add_each(m, p->drives, add_drive, error) &&
           add_each(m, p->netdevs, netdev_add, error) &&
           add_each(m, p->devices, device_add, error) && drive_create_devices(m, error) &&
           (!m->board->finish || m->board->finish(m, error));
}

static void complete(MachineConfig *c, const BoardType *board)
{
    c->cpu = c->cpu ? c->cpu : board->default_cpu;
    c->smp = c->smp ? c->smp : 1;
    c->ram_size = c->ram_size ? c->ram_size : UINT64_C(4) << 20;
    c->engine.cache_bytes = c->engine.cache_bytes ? c->engine.cache_bytes : 1 << 20;
    if (!c->machine_opts) {
        c->machine_opts = g_hash_table_new(g_str_hash, g_str_equal);
    }
}

FuzzMachine *fuzz_machine_new(Fuzz *f, const MachineConfig *c, const FuzzParts *parts, char **error)
{
    static const FuzzParts none;
    MachineConfig config = *c;
    const BoardType *board = board_type_find(c->machine, NULL);
    g_assert(board);
    complete(&config, board);
    config.chardevs = chardev_set_new();
    if (!chardev_set_add_serial(config.chardevs, "null", error)) {
        return NULL;
    }
    FuzzMachine *fm = g_new0(FuzzMachine, 1);
    fm->f = f;
    fm->m = machine_new(board, &config);
    clock_set_source(fm->m->clock, virtual_now, fm);
    if (!build(fm->m, parts ? parts : &none, error)) {
        fuzz_machine_free(fm);
        return NULL;
    }
    chardev_set_attach(config.chardevs, fm->m);
    machine_reset(fm->m);
    return fm;
}

void fuzz_machine_free(FuzzMachine *fm)
{
    block_close_all(fm->m);
    net_close_all(fm->m);
    chardev_close_all(fm->m);
    machine_free(fm->m);
    g_free(fm);
}

void fuzz_machine_opt(GHashTable **table, const char *key, const char *value)
{
    if (!*table) {
        *table = g_hash_table_new(g_str_hash, g_str_equal);
    }
    g_hash_table_insert(*table, (char *)key, (char *)value);
}

// --- accesses

static VCPU *take_turn(FuzzMachine *fm)
{
    VCPU *v = fm->m->cpu[fuzz_below(fm->f, fm->m->n_cpus)];
    fm->m->turn_start = vcpu_icount(v);
    return fm->m->current = v;
}

static void write_in(FuzzMachine *fm, AddressSpace *as, uint64_t addr, uint64_t value,
                     unsigned size)
{
    if (fm->f->verbose) {
        printf("%s%u %llx = %llx\n", as == fm->m->io ? "out" : "w", size, (unsigned long long)addr,
               (unsigned long long)value);
        fflush(stdout);
    }
    take_turn(fm);
    mem_write_n(as, addr, value, size);
    fm->m->current = NULL;
    fm->f->inputs++;
}

static uint64_t read_in(FuzzMachine *fm, AddressSpace *as, uint64_t addr, unsigned size)
{
    uint64_t v = 0;
    if (fm->f->verbose) {
        printf("%s%u %llx\n", as == fm->m->io ? "in" : "r", size, (unsigned long long)addr);
        fflush(stdout);
    }
    take_turn(fm);
    mem_read_n(as, addr, &v, size);
    fm->m->current = NULL;
    fm->f->inputs++;
    return v;
}

void fuzz_write(FuzzMachine *fm, uint64_t addr, uint64_t value, unsigned size)
{
    write_in(fm, fm->m->memory, addr, value, size);
}

uint64_t fuzz_read(FuzzMachine *fm, uint64_t addr, unsigned size)
{
    return read_in(fm, fm->m->memory, addr, size);
}

void fuzz_out(FuzzMachine *fm, unsigned port, uint64_t value, unsigned size)
{
    write_in(fm, fm->m->io, port, value, size);
}

uint64_t fuzz_in(FuzzMachine *fm, unsigned port, unsigned size)
{
    return read_in(fm, fm->m->io, port, size);
}

void fuzz_check_states(FuzzMachine *fm)
{
    for (guint i = 0; i < fm->m->devices->len; i++) {
        Device *d = g_ptr_array_index(fm->m->devices, i);
        char *error = NULL;
        if (d->type->state && d->type->state->loaded && !d->type->state->loaded(d, &error)) {
            fuzz_fail("%s: its state is not one that it would load: %s", d->type->name, error);
        }
    }
}

void fuzz_pass_time(FuzzMachine *fm)
{
    Machine *m = fm->m;
    uint64_t next = clock_next_deadline(m->clock);
    fm->now += fuzz_below(fm->f, 1000000);
    if (next != UINT64_MAX && next > fm->now && fuzz_one_in(fm->f, 4)) {
        fm->now = next;
    }
    for (unsigned i = 0; i < 100 && g_main_context_iteration(NULL, FALSE); i++) {
    }
    clock_run_due(m->clock, fm->now);
    gate_deliver(gate_get(m));
}

static void serve_stop(FuzzMachine *fm)
{
    Machine *m = fm->m;
    if (m->stop == MACHINE_PAUSED) {
        if (m->paused) {
            m->paused(m->paused_opaque);
        }
    } else if (m->stop != MACHINE_RUNNING) {
        m->stop = MACHINE_RUNNING;
        machine_reset(m);
    }
}

void fuzz_machine_turn(FuzzMachine *fm, uint64_t n)
{
    Machine *m = fm->m;
    m->round_start_ns = fm->now;
    for (unsigned i = 0; i < m->n_cpus && m->stop == MACHINE_RUNNING; i++) {
        VCPU *v = m->cpu[i];
        v->yield = 0;
        if (v->halted && v->target->has_work(v)) {
            v->halted = 0;
        }
        if (v->halted || v->stopped) {
            continue;
        }
        m->current = v;
        m->turn_start = vcpu_icount(v);
        m->turn_charged_ns = 0;
        m->executed += engine_run(v, n);
        m->current = NULL;
    }
    fm->now += n;
    serve_stop(fm);
}

char *fuzz_disk(Fuzz *f, const char *name, uint64_t n)
{
    uint8_t *data = g_malloc0(n);
    if (n >= 512) {
        data[510] = 0x55;
        data[511] = 0xaa;
    }
    char *path = fuzz_file(f, name, data, n);
    g_free(data);
    return path;
}
