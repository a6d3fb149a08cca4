// The engine: finds or makes the block for the vCPU's pc, runs it, follows links.
//
//   engine_run -> find block -> (translate -> passes -> backend) -> enter code
//        ^                                                             |
//        '-- interrupt? end of turn? --+-- link the way out <----------+ unlinked slot
//                                      +-------------------------------+ budget, indirect miss,
//                                                                        mode change, exception
#ifndef ACCEL_ENGINE_H
#define ACCEL_ENGINE_H

#include "accel/target.h"
#include "accel/block.h"

typedef struct Engine Engine;
struct HostBackend;

typedef struct EngineConfig {
    const struct HostBackend *backend; // NULL: interpreter
    size_t cache_bytes;                // of host code; a full cache is emptied
    bool one_insn_per_block;
    bool perf_map, jitdump;
    const char *dump_pass; // -dump-pass NAME|all
} EngineConfig;

Engine *engine_new(struct Machine *m, const EngineConfig *c);
void engine_free(Engine *e);
void engine_attach(Engine *e, VCPU *v); // once per vCPU

// Runs v for exactly `insns` instructions, or fewer if it halts, yields or the machine asks to
// stop. Returns the number executed.
uint64_t engine_run(VCPU *v, uint64_t insns);
// The same, but up to `slack` more to end with a block; not beyond a deadline.
uint64_t engine_run_turn(VCPU *v, uint64_t insns, uint64_t slack);

// --- for C code called from translated code or from the interpreter
// Makes vcpu->pc and the instruction count exact: the current instruction has not executed.
void engine_restore(VCPU *v);
// Leaves the block for the dispatcher; the state must be complete. The current instruction will run
// again unless engine_exception_begin counted it.
NORETURN void engine_leave(VCPU *v);
// engine_restore, count the instruction, then the caller changes state and calls engine_leave.
void engine_exception_begin(VCPU *v);
// Instructions executed before the current one; exact in any helper that may fault or that has
// IR_CALL_COUNT, and in device code.
uint64_t engine_icount(const VCPU *v);
// Sticky FP flags gathered by translated code (HOST_FP_*; cleared), and its rounding mode.
unsigned engine_fp_take_flags(VCPU *v);
void engine_fp_set_round(VCPU *v, IRRound round);
// For guests with x86's rules: rounding, FZ and DAZ from an image of MXCSR (other bits are
// ignored).
void engine_fp_set_control(VCPU *v, uint32_t mxcsr);
// The instruction under way runs alone in its block and may touch devices. If it does not and has
// to: engine_leave_for_device has it run again that way, and remembers it. Between blocks, when an
// exception or interrupt is entered, all is exact too: that counts as alone.
bool engine_in_single(const VCPU *v);
NORETURN void engine_leave_for_device(VCPU *v);
// block_flags that the block under way was made for; 0 between blocks.
uint64_t engine_running_flags(const VCPU *v);
// Leaves before the current instruction, of which nothing has happened yet, to run it alone.
NORETURN void engine_run_alone(VCPU *v);
// The target changed something that block_flags or regime_key depend on; only block_flags.
void engine_mode_changed(VCPU *v);
void engine_flags_changed(VCPU *v);

// --- code coherence
// Pages with code have WATCH_CODE (softmmu/page_watch.h), which invalidates what a store overlaps.
void engine_flush(Engine *e); // forget all code
// Whether the block under way was made from any of these bytes of host memory.
bool engine_running_code_at(const VCPU *v, const uint8_t *host, uint64_t len);

// While translating: the bytes of the page that follows the one of the request's pc, for a first
// instruction that crosses into it; takes a guest exception if it cannot be fetched. Only if more
// bytes than the page has are needed to tell what the instruction is.
const uint8_t *engine_next_page(VCPU *v, const TranslateRequest *r);

// -d, `info jit`
void engine_print_stats(Engine *e, void *file);

#endif
