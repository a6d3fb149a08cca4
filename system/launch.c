// From parsed options to a running machine.
//
//   what to run (choose.c) -> chardevs -> machine, board -> drives, networks, devices
//     -> board's kernel and device tree -> monitor, gdb server -> reset -> run -> close all
#include <signal.h>
#include <string.h>

#include "block/block.h"
#include "chardev/chardev.h"
#include "gdbstub/gdbstub.h"
#include "hw/watchdog/watchdog.h"
#include "host-backends/backend.h"
#include "hw/core/savevm.h"
#include "hw/core/snapshot.h"
#include "hw/i386/acpitable.h"
#include "hw/i386/smbios.h"
#include "hw/nvram/fw_cfg.h"
#include "monitor/monitor.h"
#include "monitor/qmp.h"
#include "net/net.h"
#include "system/launch.h"
#include "system/process.h"
#include "ui/display.h"
#include "ui/screendump.h"
#include "util/log.h"

#define DEFAULT_CACHE (UINT64_C(256) << 20)
// Without -rtc, runs whose states are compared all begin at 2024-01-01 00:00:00 UTC.
#define COMPARED_RTC_BASE UINT64_C(1704067200)

static OptionsItem *item(GArray *list, unsigned i)
{
    return &g_array_index(list, OptionsItem, i);
}

NORETURN static void die_item(const OptionsItem *it, const char *error)
{
    if (error[0] == '-') { // it names the option already
        die("%s", error);
    }
    die("%s %s: %s", it->option, it->arg, error);
}

// --- serial ports and monitor

static bool uses_stdio(const char *spec)
{
    return !strcmp(spec, "stdio") || g_str_has_prefix(spec, "stdio,") || !strcmp(spec, "mon:stdio");
}

// With a window or VNC they are text consoles there, Ctrl-Alt-2 and 3.
static void consoles_on_display(Options *o)
{
    char *error = NULL;
    if (!o->monitors->len) {
        if (!chardev_set_open(o->config.chardevs, "vc,id=compat_monitor0", &error)) {
            die("monitor: %s", error);
        }
        options_add(o->monitors, "-monitor", "chardev:compat_monitor0");
    }
    if (!o->serials->len) {
        options_add(o->serials, "-serial", "vc");
    }
}

// What QEMU does with -nographic: serial port and monitor share the terminal, unless options put
// them elsewhere. The same without any display.
static void default_console(Options *o)
{
    bool stdio_used = false;
    if (o->nodefaults) {
        return;
    }
    if (!o->config.nographic) {
        consoles_on_display(o);
        return;
    }
    if (o->daemonize) {
        return;
    }
    for (unsigned i = 0; i < o->serials->len; i++) {
        stdio_used |= uses_stdio(item(o->serials, i)->arg);
    }
    for (unsigned i = 0; i < o->monitors->len; i++) {
        stdio_used |= uses_stdio(item(o->monitors, i)->arg);
    }
    for (unsigned i = 0; i < o->chardevs->len; i++) {
        stdio_used |= g_str_has_prefix(item(o->chardevs, i)->arg, "stdio,");
    }
    for (unsigned i = 0; i < o->gdb->len; i++) {
        stdio_used |= uses_stdio(item(o->gdb, i)->arg);
    }
    if (stdio_used) {
        return;
    }
    if (!o->serials->len) {
        options_add(o->serials, "-serial", o->monitors->len ? "stdio" : "mon:stdio");
    } else if (!o->monitors->len && o->nographic) {
        options_add(o->monitors, "-monitor", "stdio");
    }
}

static void open_chardevs(Options *o)
{
    char *error = NULL;
    ChardevSet *set = chardev_set_new();
    o->config.chardevs = set;
    for (unsigned i = 0; i < o->chardevs->len; i++) {
        const OptionsItem *it = item(o->chardevs, i);
        if (!strstr(it->arg, ",id=")) {
            die_item(it, "no id= given");
        }
        if (!chardev_set_open(set, it->arg, &error)) {
            die_item(it, error);
        }
    }
    default_console(o);
    for (unsigned i = 0; i < o->serials->len; i++) {
        if (!chardev_set_add_serial(set, item(o->serials, i)->arg, &error)) {
            die_item(item(o->serials, i), error);
        }
    }
}

static void start_monitors(Options *o, Machine *m)
{
    char *error = NULL;
    monitor_add_to_muxes(m);
    for (unsigned i = 0; i < o->monitors->len; i++) {
        const OptionsItem *it = item(o->monitors, i);
        bool ok = !strcmp(it->arg, "none")             ? true
                  : !strcmp(it->option, "-mon")        ? monitor_add(m, it->arg, &error)
                  : !strcmp(it->option, "-qmp")        ? qmp_open(m, it->arg, false, &error)
                  : !strcmp(it->option, "-qmp-pretty") ? qmp_open(m, it->arg, true, &error)
                                                       : monitor_open(m, it->arg, &error);
        if (!ok) {
            die_item(it, error);
        }
    }
}

static void start_gdb(Options *o, Machine *m)
{
    char *error = NULL;
    for (unsigned i = 0; i < o->gdb->len; i++) {
        if (!gdb_server_start(m, item(o->gdb, i)->arg, &error)) {
            die_item(item(o->gdb, i), error);
        }
    }
}

// --- devices

static bool add_drive(Options *o, Machine *m, const OptionsItem *it, char **error)
{
    if (g_str_has_prefix(it->option, "-hd")) {
        unsigned unit = (unsigned)(it->option[3] - 'a');
        return drive_add_file(m, it->arg, NULL, unit, o->snapshot, error);
    }
    bool node = !strcmp(it->option, "-blockdev");
    return (node ? blockdev_add : drive_add)(m, it->arg, o->snapshot, error);
}

static void add_drives(Options *o, Machine *m)
{
    char *error = NULL;
    for (unsigned i = 0; i < o->drives->len; i++) {
        const OptionsItem *it = item(o->drives, i);
        if (!add_drive(o, m, it, &error)) {
            die_item(it, error);
        }
    }
    if (!blockdev_finish(m, o->snapshot, &error)) {
        die("-blockdev %s", error);
    }
}

static void add_each(GArray *list, Machine *m, bool (*add)(Machine *, const char *, char **))
{
    char *error = NULL;
    for (unsigned i = 0; i < list->len; i++) {
        if (!add(m, item(list, i)->arg, &error)) {
            die_item(item(list, i), error);
        }
    }
}

static bool add_nic(Machine *m, const char *arg, char **error)
{
    return nic_add(m, arg, error);
}

static void add_networks(Options *o, Machine *m)
{
    char *error = NULL;
    add_each(o->netdevs, m, netdev_add);
    for (unsigned i = 0; i < o->nics->len; i++) {
        const OptionsItem *it = item(o->nics, i);
        bool ok =
            strcmp(it->option, "-net") ? add_nic(m, it->arg, &error) : net_add(m, it->arg, &error);
        if (!ok) {
            die_item(it, error);
        }
    }
    bool default_nic = !o->net_none && !o->nodefaults && !o->netdevs->len && !o->nics->len;
    if (default_nic && !net_add_default(m, &error)) {
        die("the default network card: %s", error);
    }
}

static void add_devices(Options *o, Machine *m)
{
    char *error = NULL;
    add_drives(o, m);
    add_networks(o, m);
    add_each(o->devices, m, device_add);
    add_each(o->fw_cfg, m, fw_cfg_add_option);
    add_each(o->smbios, m, smbios_add_option);
    add_each(o->acpitables, m, acpitable_add_option);
    if (!drive_create_devices(m, &error) || !nic_create_pending(m, &error)) {
        die("%s", error);
    }
}

// --- engine, clock

static void choose_engine(Options *o)
{
    EngineConfig *e = &o->config.engine;
    const char *why = NULL;
    if (!e->cache_bytes) {
        e->cache_bytes = DEFAULT_CACHE;
    }
    if (o->interpreter) {
        return;
    }
    e->backend = host_backend_find(&why);
    if (!e->backend && o->accel_given) {
        die("-accel jit: %s", why);
    }
    if (!e->backend) {
        report("no translation to host code (%s): interpreting", why);
    }
}

static void set_rtc(const Options *o, Machine *m)
{
    bool compared = o->config.stop_at || o->config.hash_every;
    uint64_t now = compared ? COMPARED_RTC_BASE : (uint64_t)(g_get_real_time() / G_USEC_PER_SEC);
    clock_set_rtc_base(m->clock, replay_rtc_base(m, o->rtc_given ? o->rtc_base : now));
}

static void load_state(const Options *o, Machine *m)
{
    char *error = NULL;
    if (o->replay_snapshot && o->replay == REPLAY_PLAY &&
        !savevm_load(m, o->replay_snapshot, &error)) {
        die("-icount rrsnapshot=%s: %s", o->replay_snapshot, error);
    }
    if (o->loadvm && !savevm_load(m, o->loadvm, &error)) {
        die("-loadvm %s: %s", o->loadvm, error);
    }
    if (o->incoming && snapshot_load_file(m, o->incoming, &error) != SNAPSHOT_LOADED) {
        die("-incoming file:%s", error);
    }
    if (o->replay_snapshot && o->replay == REPLAY_RECORD &&
        !savevm_save(m, o->replay_snapshot, &error)) {
        die("-icount rrsnapshot=%s: %s", o->replay_snapshot, error);
    }
}

static Machine *build(Options *o, const BoardType *board)
{
    char *error = NULL;
    Machine *m = machine_new(board, &o->config);
    if (o->replay && !replay_open(m, o->replay, o->replay_file, &error)) {
        die("-icount rrfile=%s", error);
    }
    set_rtc(o, m);
    if (o->watchdog_action && !watchdog_set_action(m, o->watchdog_action)) {
        die("-watchdog-action %s: there is no such action (reset, shutdown, poweroff, pause, "
            "debug, "
            "none, inject-nmi)",
            o->watchdog_action);
    }
    if (!board->init(m, &error)) {
        die("-M %s: %s", board->name, error);
    }
    add_devices(o, m);
    if (board->finish && !board->finish(m, &error)) {
        die("%s", error);
    }
    chardev_set_attach(m->config.chardevs, m);
    start_monitors(o, m);
    start_gdb(o, m);
    start_displays(o, m);
    machine_reset(m);
    load_state(o, m);
    if (!replay_begin(m, &error)) {
        die("-icount rrfile=%s", error);
    }
    return m;
}

static void dump_screen(const Options *o, Machine *m)
{
    char *error = NULL;
    if (o->screendump &&
        !screendump(m, 0, o->screendump, screendump_format_of(o->screendump), &error)) {
        report("-screendump %s: %s", o->screendump, error);
        g_free(error);
    }
}

static void check_daemon(const Options *o)
{
    GArray *const lists[] = {o->serials, o->monitors, o->gdb};
    if (!o->daemonize) {
        return;
    }
    if (o->nographic) {
        die("-daemonize: there is no terminal to share with -nographic");
    }
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        for (unsigned n = 0; n < lists[i]->len; n++) {
            if (uses_stdio(item(lists[i], n)->arg)) {
                die("%s %s: with -daemonize there is no terminal", item(lists[i], n)->option,
                    item(lists[i], n)->arg);
            }
        }
    }
}

// A file's name for later, when the directory is another one.
static const char *absolute(const char *path)
{
    return path ? g_canonicalize_filename(path, NULL) : NULL;
}

int launch(Options *o)
{
    const BoardType *board = choose_board(o);
    choose_displays(o, board);
    check_daemon(o);
    const char *pidfile_later = absolute(o->pidfile);
    o->screendump = o->daemonize ? absolute(o->screendump) : o->screendump;
    int ready = o->daemonize ? process_daemonize() : -1;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); // an image that may not grow is an error of its disk
    open_chardevs(o);
    choose_engine(o);
    Machine *m = build(o, board);
    process_catch_signals(m);
    process_set_name(o->process_name);
    int pidfile = o->pidfile ? process_write_pidfile(o->pidfile) : -1;
    if (o->daemonize) {
        process_daemon_ready(ready);
    }
    if (o->paused) {
        machine_pause_for(m, MACHINE_PAUSE_PRELAUNCH);
    }
    int status = machine_run(m);
    dump_screen(o, m);
    display_close_all(m);
    gdb_server_exit(m, status);
    block_close_all(m);
    net_close_all(m);
    chardev_close_all(m);
    log_flush();
    process_remove_pidfile(pidfile, pidfile_later);
    return status;
}
