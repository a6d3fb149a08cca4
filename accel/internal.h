// Data structures shared by the files of the engine.
#ifndef ACCEL_INTERNAL_H
#define ACCEL_INTERNAL_H

#include <assert.h>
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "accel/codecache.h"
#include "accel/debug_internal.h"
#include "accel/engine.h"
#include "host-backends/backend.h"
#include "hw/core/machine.h"
#include "softmmu/softmmu.h"
#include "tcg-like/builder.h"
#include "tcg-like/lazy_flags.h"
#include "tcg-like/passes.h"
#include "util/log.h"

#define BLOCK_FLAG_SINGLE (UINT64_C(1) << 63) // in Block.flags: one instruction, may touch devices
#define HASH_BITS         18
#define MAX_BLOCK_INSNS   64
#define KEY_CACHE_SETS    256
#define KEY_CACHE_WAYS    4
#define RET_STACK_BYTES   (8u << 20)
#define GRANULE_BITS      6 // of a code page's bitmap: 64 bytes
#define RETIRED_BITS      12

// A page of memory that blocks were made from.
typedef struct CodePage {
    uint64_t host; // its host address, the key
    MemPage page;
    uint64_t granules; // bit n: bytes n*64 .. n*64+63 hold code
    unsigned n_blocks;
    unsigned span;               // granules that a block may reach beyond its first
    Block *begin[64], *crossing; // by first granule; those that began in the page before
} CodePage;

typedef struct KeyCacheEntry {
    uint64_t flags;
    uint32_t generation;
    uint32_t half;
    uint32_t key;
} KeyCacheEntry;

// Both halves' keys of a (code mapping, mode).
#define KEY_PAIR_BITS 5
typedef struct KeyPair {
    uint64_t flags;
    uint32_t generation[2], key[2];
} KeyPair;

// Which block a return address lies in, and its side entry. Forgotten when the code cache is
// emptied.
#define RA_CACHE_BITS 10
typedef struct RaCacheEntry {
    uintptr_t host_ra;
    const Block *block;
    const SideEntry *side;
} RaCacheEntry;

typedef struct EngineStats {
    uint64_t blocks, guest_insns, guest_bytes, host_bytes, flushes, invalidated, revived,
        short_blocks, singles, dispatches, links, relinks, jump_misses, leaves;
} EngineStats;

struct Engine {
    Machine *machine;
    EngineConfig config;
    CodeCache cache;
    HostThunks thunks;
    const TargetOps *target;
    Block *hash[1u << HASH_BITS];
    Block *retired[1u << RETIRED_BITS]; // retired.c
    GHashTable *pages;                  // host address of a page -> CodePage
    GHashTable *device_pages;           // phys page -> DevicePage (device_insns.c)
    GPtrArray *all;                     // Block *, by ascending host code (append order)
    const Block *last_at_host; // that block_at_host found, or NULL: device loops ask for it again
    IRBlock *ir;               // scratch
    const uint8_t *next_host;  // what engine_next_page gave for the translation under way, or NULL
    uint64_t next_phys;
    IRBlock *short_ir; // the block cut to the rest of a turn
    Block short_block;
    uint64_t short_pc[MAX_BLOCK_INSNS];
    RaCacheEntry ra_cache[1u << RA_CACHE_BITS];
    KeyCacheEntry key_cache[KEY_CACHE_SETS][KEY_CACHE_WAYS];
    KeyPair key_pair[1u << KEY_PAIR_BITS];
    uint32_t next_key;
    bool flush_wanted; // by C code that runs under translated code
    FILE *perf_map;
    struct JitDump *jitdump;
    EngineStats stats;
};

// blocks.c
// NULL if there is none. Takes a guest exception if the instruction goes on in a page that cannot
// be fetched.
Block *block_lookup(VCPU *v, uint64_t pc, uint64_t phys, const uint8_t *host, uint64_t flags);
bool block_overlaps(const Block *b, const uint8_t *host, uint64_t len);
void block_insert(VCPU *v, Block *b);
void block_insert_again(VCPU *v, Block *b); // one that was invalidated
void block_free_all(Engine *e);
void block_link(Engine *e, BlockLink *l, Block *to, uint32_t key);
void block_unlink(Engine *e, BlockLink *l);
// Blocks that were made from any of these bytes, which need not be in one page, are stale.
void engine_invalidate(Engine *e, const uint8_t *host, uint64_t len);
WatchStored engine_code_stored;
const Block *block_at_host(Engine *e, uintptr_t host);

// retired.c
void block_retire(Engine *e, Block *b);
// A retired block that the request would make again, in use from now on; or NULL.
Block *block_revive(VCPU *v, const TranslateRequest *r, uint64_t phys, uint64_t flags);

// engine.c: the block under way and the index of its current instruction; NULL between blocks
const Block *engine_current_block(const VCPU *v, unsigned *index);

// device_insns.c
bool device_insn_known(const Engine *e, uint64_t phys);
// Bytes from phys to the next known one after it, or `bytes`.
unsigned device_insn_distance(const Engine *e, uint64_t phys, unsigned bytes);

// translate.c
Block *engine_translate(VCPU *v, uint64_t pc, uint64_t phys, const uint8_t *host, uint64_t flags);
Block *engine_translate_short(VCPU *v, uint64_t phys, const uint8_t *host, uint64_t flags,
                              unsigned insns);

// dump.c: -d
void dump_block_in(const Engine *e, VCPU *v, const Block *b);
void dump_ir(LogCategory c, const IRBlock *b);
void dump_host_code(const Engine *e, const Block *b);

// perf.c: perf map and jitdump
void perf_open(Engine *e);
void perf_block(Engine *e, const Block *b);
void perf_close(Engine *e);

#endif
