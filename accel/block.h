// A translated block and its links.
#ifndef ACCEL_BLOCK_H
#define ACCEL_BLOCK_H

#include "tcg-like/ir.h"

struct Block;

// One patchable way out of a block (or the landing site of a predicted return). Code that takes an
// unlinked one returns its address to the dispatcher.
typedef struct BlockLink {
    struct Block *from;
    uint64_t target_pc;
    uint32_t site; // offset in the code cache of what patch_link rewrites
    uint32_t key;  // mapping key that the patched code checks, if checked
    bool checked;  // crosses a page, or is a return landing
    uint8_t misses;
    struct Block *to;                               // linked to, or NULL
    struct BlockLink *next_incoming, **incoming_at; // in the list of `to`
} BlockLink;

typedef struct SideEntry {
    uint32_t host_offset; // return address of the C call, from the block's code
    uint16_t insn_index;
    uint16_t pad;
    uint32_t recipe; // of lazy flags (tcg-like/lazy_flags.h): offset in the block's, or 0
} SideEntry;

// What a look-up compares stands first, in one line of the host's cache.
typedef struct Block {
    uint64_t pc;
    uint64_t phys;  // of the first byte
    uint64_t flags; // mode; BLOCK_SINGLE added
    // Where the bytes lie. The same physical address may show other memory later, or in SMM.
    const uint8_t *host;
    struct Block *next_hash;
    // The page behind pc's, if the block is one instruction that goes on there; else next_host is
    // NULL.
    const uint8_t *next_host;
    uint64_t next_phys;
    uint32_t guest_bytes;
    uint16_t guest_insns;
    uint16_t n_links;
    bool valid;
    bool single;
    const void *code; // host code, executable view; NULL in the interpreter
    uint32_t code_size;
    uint32_t n_side;
    SideEntry *side; // ascending host_offset
    uint8_t *recipes;
    uint8_t *bytes;                // guest_bytes of them; NULL if they go on in another page
    uint64_t *insn_pc;             // guest pc of each instruction, guest_insns of them
    IRBlock *ir;                   // the interpreter's
    BlockLink *link;               // n_links
    BlockLink *incoming;           // links of other blocks that jump here
    struct Block *next_in_page[2]; // of the page of host, of the one of next_host
} Block;

// Bytes from the block's first to its instruction n. The lower halves tell: pcs may hold more than
// addresses (vcpu.pc_address).
static inline uint32_t block_insn_offset(const Block *b, unsigned n)
{
    return (uint32_t)(b->insn_pc[n] - b->pc);
}

#endif
