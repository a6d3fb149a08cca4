// The command line, parsed. Handlers only record what was asked for; launch.c acts on it.
#ifndef SYSTEM_OPTIONS_H
#define SYSTEM_OPTIONS_H

#include <glib.h>
#include "hw/core/machine.h"
#include "replay/replay.h"

typedef enum OptionsResult {
    OPTIONS_RUN,   // start the machine
    OPTIONS_DONE,  // the question was answered: exit 0
    OPTIONS_ERROR, // *error says why: exit 1
} OptionsResult;

// One -drive, -device, ... in the order of the command line.
typedef struct OptionsItem {
    const char *option; // spelling for messages: "-drive"
    char *arg;
} OptionsItem;

typedef struct Options {
    MachineConfig config; // strings in it belong to `strings`
    const char *target;   // from the program's name; NULL: any
    const char *file;     // mimus FILE
    GPtrArray *strings;
    GArray *chardevs, *serials, *monitors, *drives, *netdevs, *nics, *devices, *gdb;
    GArray *fw_cfg, *smbios, *acpitables, *displays; // all of them: OptionsItem
    bool net_none, snapshot, nographic, display_asked, full_screen, nodefaults;
    bool paused;                   // -S
    const char *loadvm, *incoming; // a snapshot's tag; file:FILE
    bool daemonize;
    bool interpreter, accel_given;
    const char *pidfile, *process_name;
    const char *screendump; // picture to write at the end
    bool rtc_given;
    uint64_t rtc_base;        // seconds since 1970
    GArray *semihosting_args; // char *
    const char *watchdog_action;
    ReplayMode replay; // -icount rr=
    const char *replay_file, *replay_snapshot;
} Options;

void options_init(Options *o);
void options_free(Options *o);
// argv[0] is the program's name.
OptionsResult options_parse(Options *o, int argc, char **argv, char **error);
// The target that a program name stands for ("mimus-system-aarch64"), or NULL.
const char *options_target_of(const char *program);

// --- between the table and its handlers
typedef struct OptionDef {
    const char *name; // without the dash
    const char *arg;  // for the help text; NULL: takes none
    const char *help;
    OptionsResult (*handle)(Options *o, const char *arg, char **error);
} OptionDef;

typedef struct OptionGroup {
    const char *title;
    const OptionDef *def; // ended by name NULL
} OptionGroup;

extern const OptionDef options_machine[], options_devices[], options_display[], options_run[],
    options_debug[];
extern const OptionGroup option_groups[];
extern const unsigned n_option_groups;

// Keeps a copy as long as the options live.
const char *options_keep(Options *o, const char *s);
void options_add(GArray *items, const char *option, const char *arg);
OptionsResult options_fail(char **error, const char *fmt, ...) PRINTF_LIKE(2, 3);

// --- help.c
OptionsResult help_usage(Options *o, const char *arg, char **error);
OptionsResult help_version(Options *o, const char *arg, char **error);
void help_boards(const Options *o);
bool help_board_options(const char *board, char **error);
char *help_nearest_board(const char *name); // hints, g_free
char *help_nearest_board_option(const BoardType *b, const char *key);

// --- detect.c: what kind of file this is, and how a machine would use it
typedef enum FileUse { FILE_UNKNOWN, FILE_KERNEL, FILE_FIRMWARE, FILE_DISK, FILE_CDROM } FileUse;
typedef struct FileKind {
    FileUse use;
    const char *target; // "aarch64", ...; NULL: the file does not tell
    const char *what;   // for people: "arm64 Linux kernel"
    bool either;        // target is a PC, but one of 32 or 64 bits does as well
} FileKind;
// False with *error if it cannot be read.
bool file_detect(const char *path, FileKind *kind, char **error);

// --- launch.c: from options to a machine's exit status
int launch(Options *o);

#endif
