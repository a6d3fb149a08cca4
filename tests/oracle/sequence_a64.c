// Sequences of A64 instructions from all chapters but branches and system instructions. Loads and
// stores use X28 as base and X27 as offset, which nothing else writes.
#include "target-arm/a64/a64.h"
#include "tests/oracle/generate.h"

enum { SEQ_OFFSET = 27, SEQ_BASE = 28 };

static bool is_load_store(const ArmChapter *chapter)
{
    return chapter == &a64_load_store || chapter == &a64_load_store_exclusive ||
           chapter == &a64_load_store_simd;
}

// QEMU 7.2 does not check the alignment of LDAPR, and write-backs make the base odd.
static bool fits_sequences(const ArmChapter *chapter, const ArmRow *row)
{
    return chapter != &a64_branches && chapter != &a64_system && row->feature != ARM_FEAT_PAUTH &&
           row->feature != ARM_FEAT_LRCPC && row->feature != ARM_FEAT_LRCPC2;
}

static void random_row(Gen *g)
{
    do {
        g->chapter = a64_set.chapter[gen_below(g, a64_set.n_chapters)];
        g->row = &g->chapter->rows[gen_below(g, g->chapter->n_rows)];
    } while (!fits_sequences(g->chapter, g->row) || row_left_out(g, g->chapter, g->row));
    arm_parse_row(32, g->row, &g->pattern);
}

// Destinations are bits 4..0, and 14..10 of pair loads and 20..16 of exclusives.
static bool writes_reserved(const Gen *g, uint32_t insn)
{
    const unsigned pos[] = {0, 10, 16};
    unsigned n = is_load_store(g->chapter) ? 3 : 1;
    for (unsigned i = 0; i < n; i++) {
        unsigned r = extract32(insn, pos[i], 5);
        if (r == SEQ_BASE || (r == SEQ_OFFSET && pos[i] != 16)) {
            return true;
        }
    }
    return false;
}

static uint32_t deposit32(uint32_t v, unsigned pos, unsigned len, uint32_t field)
{
    return (uint32_t)deposit64(v, pos, len, field);
}

static uint32_t with_reserved(const Gen *g, uint32_t insn)
{
    bool register_offset = (insn & 0x3b200c00) == 0x38200800;
    if (!is_load_store(g->chapter) || (insn & 0x3b000000) == 0x18000000) {
        return insn;
    }
    insn = deposit32(insn, 5, 5, SEQ_BASE);
    return register_offset ? deposit32(insn, 16, 5, SEQ_OFFSET) : insn;
}

static bool add_to_sequence(Gen *g, OracleCase *c)
{
    OracleCase one;
    ArmFields f;
    random_row(g);
    if (!gen_case(g, &one) || one.n_insns != 1) {
        return false;
    }
    uint32_t insn = with_reserved(g, one.insn[0]);
    if (writes_reserved(g, insn) || arm_decode(g->decoder, insn, &f) != g->row) {
        return false;
    }
    c->insn[c->n_insns++] = insn;
    return true;
}

void oracle_sequence_a64(Gen *g, OracleCase *c, unsigned n)
{
    c->memory = 1;
    c->regs.x[SEQ_BASE] = ORACLE_MEM + ORACLE_MEM_SIZE / 4 + 16 * gen_below(g, 64);
    c->regs.x[SEQ_OFFSET] = gen_below(g, 256);
    c->regs.x[31] &= ~UINT64_C(15);
    for (unsigned attempt = 0; c->n_insns < n && attempt < 10000; attempt++) {
        add_to_sequence(g, c);
    }
}
