// The log: what -d asks for goes to stderr or to -D FILE. "unimp" and "guest_errors" are counted
// even when they are not shown, so that a run can tell what it did not do.
#ifndef UTIL_LOG_H
#define UTIL_LOG_H

#include "util/bits.h"

typedef enum LogCategory {
    LOG_IN_ASM,       // guest instructions as they are translated
    LOG_OP,           // IR as translated
    LOG_OP_OPT,       // IR after the passes
    LOG_OUT_ASM,      // host code
    LOG_INT,          // exceptions and interrupts
    LOG_MMU,          // page-table walks and TLB maintenance
    LOG_EXEC,         // each block as the dispatcher enters it
    LOG_UNIMP,        // what Mimus does not implement
    LOG_GUEST_ERRORS, // what the guest should not have done
    LOG_VNC,          // viewers that come and go, and why
    LOG_CATEGORIES
} LogCategory;

typedef struct Log Log;

// One log for the process: it is host-side output, not machine state.
Log *log_get(void);

// Parses "in_asm,int,..."; "help" prints the known names. False, silently, on any other item.
bool log_set_categories(const char *items);
void log_clear_categories(void);
bool log_set_file(const char *path);     // false: errno tells why
bool log_set_filter(const char *ranges); // 0x1000..0x1fff,0x2000+0x100: at most 16, or false

bool log_enabled(LogCategory c);
bool log_addr_in_filter(uint64_t addr);
void log_set_timestamps(bool on); // before the lines of report() and die()
void log_printf(LogCategory c, const char *fmt, ...) PRINTF_LIKE(2, 3); // if enabled; counts
uint64_t log_count(LogCategory c);
void log_flush(void);

// One clear line on stderr, prefixed "mimus: ". die() then exits with status 1.
void report(const char *fmt, ...) PRINTF_LIKE(1, 2);
NORETURN void die(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
