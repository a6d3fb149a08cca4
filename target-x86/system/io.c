// IN, OUT, HLT, MWAIT: what reaches out of the CPU.
#include "target-x86/system.h"

#include "target-x86/insn/helpers.h"
#include "target-x86/insn/system.h"
#include "util/log.h"

// Checks in their order: permission, then the device (alone in its block: architecture.md, rule 3),
// then the breakpoint, which is a trap.
static AddressSpace *ports(X86CPU *c, unsigned port, unsigned bytes)
{
    VCPU *v = &c->vcpu;
    if (!x86_io_allowed(c, port, bytes)) {
        x86_exception(c, X86_GP, 0);
    }
    if (!engine_in_single(v)) {
        engine_leave_for_device(v);
    }
    if (unlikely(c->cr4 & X86_CR4_DE)) {
        x86_io_breakpoint(c, port, bytes);
    }
    return v->machine->io;
}

static bool aligned(unsigned port, unsigned bytes)
{
    return !(port & (bytes - 1));
}

// Ports that nothing answers read as ones.
static uint64_t read_port(AddressSpace *io, unsigned port, unsigned bytes)
{
    uint64_t value = mask64(8 * bytes), part;
    if (!io) {
        return value;
    }
    if (aligned(port, bytes)) {
        return mem_read_n(io, port, &value, bytes) == MEM_OK ? value & mask64(8 * bytes)
                                                             : mask64(8 * bytes);
    }
    value = 0;
    for (unsigned i = 0; i < bytes; i++) {
        bool ok = mem_read_n(io, (port + i) & 0xffff, &part, 1) == MEM_OK;
        value |= (ok ? part & 0xff : 0xff) << 8 * i;
    }
    return value;
}

static void write_port(AddressSpace *io, unsigned port, uint64_t value, unsigned bytes)
{
    if (!io) {
        return;
    }
    if (aligned(port, bytes)) {
        mem_write_n(io, port, value & mask64(8 * bytes), bytes);
        return;
    }
    for (unsigned i = 0; i < bytes; i++) {
        mem_write_n(io, (port + i) & 0xffff, value >> 8 * i & 0xff, 1);
    }
}

// A port access takes about what it costs the host, so that a guest that waits by reading a timer
// or a status in a loop waits about as long on the host. (Real ones take about a microsecond.)
#define PORT_ACCESS_NS 250

static uint64_t in(VCPU *v, uint64_t port, uint64_t bytes)
{
    AddressSpace *io = ports(x86_cpu(v), port & 0xffff, (unsigned)bytes);
    uint64_t value = read_port(io, port & 0xffff, (unsigned)bytes);
    machine_charge(v, PORT_ACCESS_NS);
    return value;
}

static void out(VCPU *v, uint64_t port, uint64_t value, uint64_t bytes)
{
    AddressSpace *io = ports(x86_cpu(v), port & 0xffff, (unsigned)bytes);
    write_port(io, port & 0xffff, value, (unsigned)bytes);
    machine_charge(v, PORT_ACCESS_NS);
}

const IRHelper x86_h_in = {"in", in, IR_I64, 2, IR_CALL_ALL};
const IRHelper x86_h_out = {"out", out, IR_VOID, 3, IR_CALL_ALL};

// --- waiting

static void hlt(VCPU *v)
{
    X86CPU *c = x86_cpu(v);
    v->halted = !x86_has_work(v);
    if (v->halted && !(c->eflags & X86_IF)) {
        log_printf(LOG_INT, "cpu%u: HLT with interrupts off\n", v->index);
    }
}

// The monitored store is not watched for: MWAIT may end for any reason, and gives the turn away.
static void mwait(VCPU *v, uint64_t hints)
{
    (void)hints;
    v->yield = x86_has_work(v) ? 0 : VCPU_WAITS;
}

const IRHelper x86_h_hlt = {"hlt", hlt, IR_VOID, 0, IR_CALL_ALL};
const IRHelper x86_h_mwait = {"mwait", mwait, IR_VOID, 1, IR_CALL_ALL};

// --- RDRAND, RDSEED: xorshift128+, seeded by the CPU's number, so that runs repeat

static uint64_t random_(VCPU *v)
{
    uint64_t *s = x86_cpu(v)->sys->rng, a = s[0], b = s[1];
    s[0] = b;
    a ^= a << 23;
    s[1] = a ^ b ^ a >> 18 ^ b >> 5;
    return s[1] + b;
}

const IRHelper x86_h_random = {"random", random_, IR_I64, 0, 0};
