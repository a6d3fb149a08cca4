// One declaration of state per device and CPU. Reset values, the state hash, snapshots and replay
// all come from it.
//
//   static const StateField pl031_fields[] = {
//       STATE_U32(PL031, match), STATE_U32(PL031, load, .reset = 1), STATE_BOOL(PL031, enabled),
//       STATE_END
//   };
//   static const StateDesc pl031_state = {"pl031", 1, pl031_fields, .loaded = pl031_loaded};
#ifndef HW_CORE_STATE_H
#define HW_CORE_STATE_H

#include "util/bits.h"

typedef enum StateKind {
    STATE_KIND_END,
    STATE_KIND_INT,    // unsigned of `size` bytes (1, 2, 4, 8), `count` of them
    STATE_KIND_BYTES,  // `size` bytes, `count` 1
    STATE_KIND_BUFFER, // pointer to bytes; length in the size_t at count_offset. `size`: how many
                       // there is room for; 0: g_malloc'd to its length
    STATE_KIND_TIMER,  // a Timer * (hw/core/clock.h): its deadline
    STATE_KIND_STRUCT, // nested: `count` elements of `size` bytes described by `fields`
} StateKind;

typedef struct StateField {
    const char *name;
    uint32_t offset;
    uint32_t size;
    uint32_t count;
    uint32_t count_offset;
    StateKind kind;
    uint64_t reset; // value after reset, for STATE_KIND_INT
    uint64_t mask;  // bits that count (0: all)
    bool keep;      // not touched by reset
    bool boolean;   // nothing but 0 and 1 can be
    const struct StateField *fields;
} StateField;

typedef struct StateDesc {
    const char *name;
    unsigned version;
    const StateField *fields;
    // Called before a save or hash, and after a load: checks ranges and restores what derives from
    // the fields. False with *error (g_strdup'd): the state is refused.
    void (*saving)(void *obj);
    bool (*loaded)(void *obj, char **error);
} StateDesc;

#define STATE_FIELD_SIZE(T, f) sizeof(((T *)0)->f)
#define STATE_INT_(T, f, sz, n, ...)                                                               \
    {                                                                                              \
        .name = #f, .offset = offsetof(T, f), .size = (sz), .count = (n), .kind = STATE_KIND_INT,  \
        ##__VA_ARGS__                                                                              \
    }
#define STATE_CHECKED_(T, f, t, n, ...)                                                            \
    STATE_INT_(T, f,                                                                               \
               sizeof(t) + 0 * sizeof(char[STATE_FIELD_SIZE(T, f) == sizeof(t) * (n) ? 1 : -1]),   \
               n, ##__VA_ARGS__)
#define STATE_U8(T, f, ...)           STATE_CHECKED_(T, f, uint8_t, 1, ##__VA_ARGS__)
#define STATE_U16(T, f, ...)          STATE_CHECKED_(T, f, uint16_t, 1, ##__VA_ARGS__)
#define STATE_U32(T, f, ...)          STATE_CHECKED_(T, f, uint32_t, 1, ##__VA_ARGS__)
#define STATE_U64(T, f, ...)          STATE_CHECKED_(T, f, uint64_t, 1, ##__VA_ARGS__)
#define STATE_BOOL(T, f, ...)         STATE_CHECKED_(T, f, bool, 1, .boolean = true, ##__VA_ARGS__)
#define STATE_U8_ARRAY(T, f, n, ...)  STATE_CHECKED_(T, f, uint8_t, n, ##__VA_ARGS__)
#define STATE_U16_ARRAY(T, f, n, ...) STATE_CHECKED_(T, f, uint16_t, n, ##__VA_ARGS__)
#define STATE_U32_ARRAY(T, f, n, ...) STATE_CHECKED_(T, f, uint32_t, n, ##__VA_ARGS__)
#define STATE_U64_ARRAY(T, f, n, ...) STATE_CHECKED_(T, f, uint64_t, n, ##__VA_ARGS__)
#define STATE_BYTES(T, f, ...)                                                                     \
    {                                                                                              \
        .name = #f, .offset = offsetof(T, f), .size = STATE_FIELD_SIZE(T, f), .count = 1,          \
        .kind = STATE_KIND_BYTES, ##__VA_ARGS__                                                    \
    }
#define STATE_BUFFER(T, ptr, len, ...)                                                             \
    {                                                                                              \
        .name = #ptr, .offset = offsetof(T, ptr), .count_offset = offsetof(T, len),                \
        .kind = STATE_KIND_BUFFER, ##__VA_ARGS__                                                   \
    }
#define STATE_TIMER(T, f)                                                                          \
    {                                                                                              \
        .name = #f, .offset = offsetof(T, f), .kind = STATE_KIND_TIMER                             \
    }
#define STATE_STRUCTS(T, f, E, n, flds)                                                            \
    {                                                                                              \
        .name = #f, .offset = offsetof(T, f), .size = sizeof(E), .count = (n),                     \
        .kind = STATE_KIND_STRUCT, .fields = (flds)                                                \
    }
#define STATE_END                                                                                  \
    {                                                                                              \
        .kind = STATE_KIND_END                                                                     \
    }

typedef struct StateHash {
    uint64_t h[2];
} StateHash;

void state_hash_init(StateHash *h);
void state_hash_bytes(StateHash *h, const void *p, size_t n);
void state_hash(StateHash *h, const StateDesc *d, void *obj);
void state_reset(const StateDesc *d, void *obj); // INT fields to .reset, BYTES to 0, timers stopped
// Text dump, one field a line, for lockstep's reports.
void state_print(const StateDesc *d, void *obj, const char *prefix, void *file);

#endif
