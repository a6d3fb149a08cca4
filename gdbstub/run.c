// Packets that let the machine run: c, s, vCont. Their reply is sent when it stops.
#include "gdbstub/internal.h"

// A vCPU that is powered off cannot step.
static void step(GdbServer *g, VCPU *v)
{
    if (v->stopped) {
        gdb_reply_error(g, GDB_E_INVAL);
    } else {
        gdb_resume(g, v);
    }
}

static VCPU *stepping_cpu(const GdbServer *g)
{
    return g->run_cpu ? g->run_cpu : g->reg_cpu;
}

// Both take an optional address to go on from. The pc is a register like others: found by name.
static bool set_pc(GdbServer *g, GdbArgs *a)
{
    uint64_t pc;
    VCPU *v = stepping_cpu(g);
    if (a->p == a->end) {
        return true;
    }
    if (!gdb_take_hex(a, &pc)) {
        return false;
    }
    for (unsigned i = 0; i < v->target->n_gdb_regs; i++) {
        const GdbRegister *r = &v->target->gdb_regs[i];
        if (r->bits == 64 && !g_strcmp0(r->name, "pc")) {
            return v->target->gdb_write(v, i, &pc);
        }
    }
    return false;
}

void gdb_continue(GdbServer *g, GdbArgs *a)
{
    if (set_pc(g, a)) {
        gdb_resume(g, NULL);
    } else {
        gdb_reply_error(g, GDB_E_INVAL);
    }
}

void gdb_step(GdbServer *g, GdbArgs *a)
{
    if (set_pc(g, a)) {
        step(g, stepping_cpu(g));
    } else {
        gdb_reply_error(g, GDB_E_INVAL);
    }
}

// C sig[;addr]: a machine takes no signals; the number is dropped.
static bool skip_signal(GdbArgs *a)
{
    uint64_t signal;
    return gdb_take_hex(a, &signal) && (a->p == a->end || gdb_take_char(a, ';'));
}

void gdb_continue_signal(GdbServer *g, GdbArgs *a)
{
    if (skip_signal(a)) {
        gdb_continue(g, a);
    } else {
        gdb_reply_error(g, GDB_E_INVAL);
    }
}

void gdb_step_signal(GdbServer *g, GdbArgs *a)
{
    if (skip_signal(a)) {
        gdb_step(g, a);
    } else {
        gdb_reply_error(g, GDB_E_INVAL);
    }
}

typedef struct Action {
    char kind; // c or s
    bool all;
    VCPU *cpu;
} Action;

// ";ACTION[:THREAD]"
static bool take_action(GdbServer *g, GdbArgs *a, Action *act)
{
    uint64_t signal;
    *act = (Action){.all = true};
    if (!gdb_take_char(a, ';') || a->p == a->end) {
        return false;
    }
    char c = *a->p++;
    if ((c == 'C' || c == 'S') && !gdb_take_hex(a, &signal)) {
        return false;
    }
    act->kind = g_ascii_tolower(c);
    if (gdb_take_char(a, ':')) {
        if (!gdb_take_thread(g, a, &act->cpu)) {
            return false;
        }
        act->all = act->cpu == NULL;
    }
    return act->kind == 'c' || act->kind == 's';
}

// The first step action decides: that vCPU runs one instruction alone. Without one all run; a
// continue of only some threads is not kept apart.
void gdb_vcont(GdbServer *g, GdbArgs *a)
{
    if (gdb_take_char(a, '?')) {
        gdb_reply(g, "vCont;c;C;s;S");
        return;
    }
    VCPU *stepper = NULL;
    bool any = false;
    while (a->p < a->end) {
        Action act;
        if (!take_action(g, a, &act)) {
            gdb_reply_error(g, GDB_E_INVAL);
            return;
        }
        if (act.kind == 's' && !stepper) {
            stepper = act.all ? stepping_cpu(g) : act.cpu;
        }
        any = true;
    }
    if (!any) {
        gdb_reply_error(g, GDB_E_INVAL);
    } else if (stepper) {
        step(g, stepper);
    } else {
        gdb_resume(g, NULL);
    }
}
