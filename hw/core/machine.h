// A machine: vCPUs, memory, clock, devices, and the loop that runs them.
#ifndef HW_CORE_MACHINE_H
#define HW_CORE_MACHINE_H

#include <glib.h>
#include "accel/engine.h"
#include "accel/vcpu.h"
#include "hw/core/device.h"
#include "hw/core/events.h"
#include "softmmu/page_watch.h"

#define MACHINE_MAX_CPUS 8

// What a panic that the guest reports does.
typedef enum MachinePanicAction {
    MACHINE_PANIC_SHUTDOWN,
    MACHINE_PANIC_PAUSE,
    MACHINE_PANIC_EXIT_FAILURE, // as SHUTDOWN, with status 1
    MACHINE_PANIC_NONE,
} MachinePanicAction;

// Everything the command line says that a board needs. Strings may be NULL.
typedef struct MachineConfig {
    const char *machine;      // board name
    GHashTable *machine_opts; // -M board,key=value: char * -> char *
    GHashTable *globals;      // -global: "TYPE.PROPERTY" -> value; may be NULL
    const char *cpu;          // model, with ",feature=on" ending
    unsigned smp;
    uint64_t ram_size;
    const char *kernel, *initrd, *append, *dtb, *bios;
    const char *boot_order, *boot_once; // -boot: letters a, c, d, n; NULL: the board's order
    bool boot_menu;
    uint32_t splash_time_ms; // of the boot menu; 0: firmware's own
    bool reboot_timeout_given;
    uint32_t reboot_timeout_ms; // after a failed boot; UINT32_MAX: never
    bool nographic;             // firmware's console is the first serial port
    const char *vga;            // -vga: std, none, ...; NULL: the board's
    bool nodefaults;            // no devices but those asked for
    const char *data_dir;       // -L: where firmware is looked for first
    const char *dumpdtb;
    bool icount; // -icount given
    unsigned icount_shift;
    bool icount_sleep;
    bool realtime; // -icount off: virtual time is the host's
    bool no_reboot, no_shutdown;
    MachinePanicAction panic_action; // -action panic=
    const char *name;                // -name
    const char *uuid;                // -uuid, in its canonical form; NULL: none
    bool semihosting;
    const char *semihosting_args;
    const char *semihosting_dir; // host directory whose files the guest may open, or NULL
    uint64_t stop_at;    // -stop-at N: stop after exactly N instructions and print the state hash
    uint64_t hash_every; // -hash-every N[,from=M]
    uint64_t hash_from;
    bool dump_state;                 // -dump-state: with stop_at, print CPUs and devices
    EngineConfig engine;             // -accel and its options
    struct ChardevSet *chardevs;     // opened before the machine exists (chardev/chardev.h)
    const char *parallel, *debugcon; // backends of these ports as chardev_open has them, or NULL
} MachineConfig;

typedef struct BoardType {
    const char *name, *alias, *desc;
    const char *target; // TargetOps name: "aarch64"
    unsigned rank;      // of boards with one name: the highest is meant if no target is named
    const char *default_cpu;
    uint64_t default_ram;
    unsigned max_cpus;
    bool is_default;
    const char *nic;        // model of a network card that is not named; NULL: virtio
    const DeviceProp *opts; // for -M NAME,help; offsets unused
    // Builds the board: vCPUs, RAM, devices. False with *error.
    bool (*init)(struct Machine *m, char **error);
    // After -device and -drive devices exist: loads kernel, firmware, makes the device tree.
    bool (*finish)(struct Machine *m, char **error);
    void (*reset)(struct Machine *m); // after CPUs and devices: entry point registers
} BoardType;

#define BOARD_TYPE(t)                                                                              \
    static const BoardType *const t##_entry __attribute__((used, section("mimus_boards"))) = &(t)
// By name or alias. Boards of one name may exist for several targets: NULL means that of the
// highest rank.
const BoardType *board_type_find(const char *name, const char *target);
void board_type_each(void (*fn)(void *, const BoardType *), void *opaque);

typedef enum MachineStop {
    MACHINE_RUNNING,
    MACHINE_SHUTDOWN, // guest powered off
    MACHINE_RESET,    // guest asked for a reset
    MACHINE_PAUSED,   // debugger or monitor
    MACHINE_QUIT,     // user quit, signal
} MachineStop;

// What a paused machine waits for. The names are QMP's RunState.
typedef enum MachinePause {
    MACHINE_PAUSE_USER,      // "paused"
    MACHINE_PAUSE_PRELAUNCH, // -S: it has not run yet
    MACHINE_PAUSE_DEBUG,
    MACHINE_PAUSE_SHUTDOWN, // powered off with -no-shutdown: only a reset helps
    MACHINE_PAUSE_PANICKED,
    MACHINE_PAUSE_WATCHDOG,
    MACHINE_PAUSES
} MachinePause;

// A round of turns, one of each vCPU (machine_loop.c).
typedef struct MachineRound {
    bool open;           // it has begun and is not at its end: nobody else may change the machine
    bool in_turn;        // that of `cpu` has begun
    bool idle;           // nobody had more to do than wait
    unsigned cpu;        // whose turn it is
    uint64_t longest_ns; // virtual time that the longest turn has taken so far
} MachineRound;

typedef struct Machine {
    const BoardType *board;
    MachineConfig config;
    void *board_state;
    VCPU *cpu[MACHINE_MAX_CPUS];
    unsigned n_cpus;
    struct Engine *engine;
    AddressSpace *memory;         // guest physical
    Watcher watcher[WATCH_KINDS]; // of its pages
    AddressSpace *io;             // I/O ports (0..0xffff); NULL on boards without
    Clock *clock;
    GPtrArray *devices;    // Device *, in order of realization
    GPtrArray *memories;   // MemRegion * whose bytes are state (machine_add_memory)
    struct Replay *replay; // NULL: nothing is recorded or replayed
    GHashTable *registry;  // name -> object that subsystems keep with the machine
    // --- run state
    MachineStop stop; // what the loop should do next
    int exit_status;
    MachineCause cause;      // of a reset, shutdown or quit
    MachinePause pause;      // while paused
    bool pause_told;         // listeners know of the pause
    uint64_t round_start_ns; // virtual time at which this round of vCPU turns began
    VCPU *current;           // whose turn it is, or NULL
    MachineRound round;
    uint64_t turn_start;      // the current vCPU's instruction count when its turn began
    uint64_t turn_quantum;    // instructions that a turn of this round has; 0: outside the loop
    uint64_t turn_charged_ns; // virtual time of the turn besides its instructions' (machine_charge)
    uint64_t turn_from;       // the same where it was taken up after the last pause
    uint64_t executed;        // instructions of all vCPUs up to turn_from
    uint64_t next_hash;       // instruction count of the next -hash-every line
    uint64_t host_start_ns;   // host clock when virtual time was 0 (moved by pauses, and
                              // back when instructions run ahead of it)
    unsigned loads;           // of snapshots: whoever waits has another machine
    void (*paused)(void *opaque); // told when the machine stops for the debugger
    void *paused_opaque;
} Machine;

Machine *machine_new(const BoardType *board, const MachineConfig *config);
void machine_free(Machine *m);
void machine_add_cpu(Machine *m, VCPU *v);
void machine_reset(Machine *m);
// Runs until the guest powers off, the user quits, or config says stop. Returns the exit status.
int machine_run(Machine *m);
// Objects that belong to the machine, by name: buses ("pci", "virtio-mmio"), subsystems ("gate",
// "chardevs", "block", "net", "debug"). NULL if there is none.
void machine_register(Machine *m, const char *name, void *object);
void *machine_lookup(const Machine *m, const char *name);
// RAM or ROM whose bytes belong to the machine's state, wherever it is mapped. By who makes it, in
// an order that depends on the command line only.
MemRegion *machine_add_memory(Machine *m, MemRegion *r); // returns r
// A further view of physical memory that vCPUs use (VCPU.memory): its changes reach their MMUs.
void machine_hook_memory(Machine *m, AddressSpace *as);
// From devices, PSCI, monitor, signals: takes effect at the end of the current turn.
void machine_request(Machine *m, MachineStop what, int exit_status);
// The same with a cause; machine_request means the guest.
void machine_request_by(Machine *m, MachineStop what, int exit_status, MachineCause cause);
// The reset button, through the gate. A paused machine is reset at once and stays paused.
void machine_reset_button(Machine *m, MachineCause cause);
// By pvpanic and the like: tells listeners and does what -action panic= says.
void machine_panicked(Machine *m);
// For debugger and monitor: machine_run keeps serving the host's files between the two.
void machine_pause(Machine *m);
void machine_pause_for(Machine *m, MachinePause why);
void machine_continue(Machine *m);
// "running", "paused", "prelaunch", ...: QMP's RunState.
const char *machine_run_state(const Machine *m);
// Powered off: it cannot go on without a reset.
bool machine_needs_reset(const Machine *m);
// A vCPU has an interrupt or event to see: wakes it; if it runs, it looks before its next block.
void machine_notify_cpu(VCPU *v);
// The instruction count of the vCPU whose turn it is at which the next timer is due. With several
// vCPUs, at which it has used up the turn's virtual time. UINT64_MAX with the host's time.
uint64_t machine_deadline_icount(const Machine *m);
// A timer may be due before v's turn ends: shortens the turn. For C code at the end of a block.
void machine_meet_deadline(VCPU *v);
// What v, whose turn it is, just did takes ns more virtual time than an instruction. The block has
// to end with it, so that a deadline that comes up is met there.
void machine_charge(VCPU *v, uint64_t ns);
uint64_t machine_icount(const Machine *m);
// At the start and after a load, with `executed` set: the host's clock stands for now_ns.
void machine_set_time(Machine *m, uint64_t now_ns);
void machine_end_round(Machine *m); // wherever it is: virtual time goes on behind it
void machine_state_hash(Machine *m, StateHash *h);
void machine_print_state(Machine *m, void *file);

#endif
