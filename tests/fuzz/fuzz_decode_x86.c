// Random bytes through x86's decoder, translation, passes and backend, in 16-, 32- and 64-bit mode
// and every combination of block flags (blocks.h; running them is tests/oracle_x86's part). Half of
// the instructions fit a row of the decode tables, under a soup of prefixes; the rest is noise.
// Many blocks begin at a page's end. What the decoder says of an instruction must not change with
// the bytes that follow it.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "target-x86/insn/insn.h"
#include "target-x86/system.h"
#include "tests/fuzz/blocks.h"

#define BLOCKS 400 // a run
#define RAM    0x100000
#define BYTES  512

typedef struct Rig {
    Fuzz *f;
    X86CPU *cpu;
    FuzzBlocks blocks;
    uint8_t code[BYTES];
    unsigned n;
} Rig;

static Rig *rig_new(Fuzz *f)
{
    static const char *const models[] = {"max", "max", "qemu64", "qemu32", "486", "Haswell"};
    Rig *r = g_new0(Rig, 1);
    MachineConfig c = {.machine = "pc", .cpu = FUZZ_PICK(f, models)};
    r->f = f;
    fuzz_blocks_init(&r->blocks, f, &c);
    r->cpu = x86_cpu(r->blocks.vcpu);
    r->cpu->decoder = x86_decoder_new();
    return r;
}

// --- bytes

static void put(Rig *r, unsigned byte)
{
    if (r->n < BYTES) {
        r->code[r->n++] = (uint8_t)byte;
    }
}

static void prefixes(Rig *r)
{
    static const uint8_t legacy[] = {0x66, 0x67, 0xf2, 0xf3, 0x2e, 0x36,
                                     0x3e, 0x26, 0x64, 0x65, 0xf0};
    unsigned n = fuzz_one_in(r->f, 2)    ? 0
                 : fuzz_one_in(r->f, 16) ? (unsigned)fuzz_below(r->f, 16)
                                         : (unsigned)fuzz_below(r->f, 4);
    for (unsigned i = 0; i < n; i++) {
        put(r, FUZZ_PICK(r->f, legacy));
    }
    if (fuzz_one_in(r->f, 3)) {
        put(r, 0x40 | (unsigned)fuzz_below(r->f, 16));
    }
}

static void vex(Rig *r, const char *token)
{
    unsigned map = strstr(token, "0F38") ? 2 : strstr(token, "0F3A") ? 3 : 1;
    unsigned pp = strstr(token, ".66.")   ? 1
                  : strstr(token, ".F3.") ? 2
                  : strstr(token, ".F2.") ? 3
                                          : 0;
    unsigned w = strstr(token, "W1") ? 1 : strstr(token, "W0") ? 0 : (unsigned)fuzz_below(r->f, 2);
    unsigned l = strstr(token, "256")   ? 1
                 : strstr(token, "128") ? 0
                                        : (unsigned)fuzz_below(r->f, 2);
    unsigned random = (unsigned)fuzz_random(r->f) & 0xff;
    if (fuzz_one_in(r->f, 16)) {
        map = (unsigned)fuzz_below(r->f, 32);
    }
    put(r, 0xc4);
    put(r, (random & 0xe0) | map);
    put(r, w << 7 | (fuzz_one_in(r->f, 2) ? 0x78 : random & 0x78) | l << 2 | pp);
}

// The row's opcode (grammar: target-x86/insn/insn.h), with ModRM and more bytes behind it.
static void row_bytes(Rig *r, const char *encoding)
{
    char **token = g_strsplit(encoding, " ", -1);
    unsigned modrm = (unsigned)fuzz_random(r->f) & 0xff;
    for (unsigned i = 0; token[i]; i++) {
        const char *s = token[i];
        if (!strncmp(s, "VEX", 3)) {
            vex(r, s);
        } else if (s[0] == '/' && isdigit((unsigned char)s[1])) {
            modrm = (modrm & 0xc7) | (unsigned)(s[1] - '0') << 3;
        } else if (!strcmp(s, "reg")) {
            modrm |= 0xc0;
        } else if (isxdigit((unsigned char)s[0]) && isxdigit((unsigned char)s[1])) {
            put(r,
                (unsigned)strtoul(s, NULL, 16) | (s[2] == '+' ? (unsigned)fuzz_below(r->f, 8) : 0));
        }
    }
    put(r, modrm);
    g_strfreev(token);
}

static void one_insn(Rig *r)
{
    Fuzz *f = r->f;
    if (fuzz_one_in(f, 2)) {
        const X86Group *g = x86_groups[fuzz_below(f, x86_n_groups)];
        prefixes(r);
        row_bytes(r, g->rows[fuzz_below(f, g->n_rows)].encoding);
    }
    for (unsigned n = (unsigned)fuzz_below(f, 8); n; n--) {
        put(r, (unsigned)fuzz_random(f) & 0xff);
    }
}

static void make_code(Rig *r)
{
    unsigned insns = 1 + (unsigned)fuzz_below(r->f, fuzz_one_in(r->f, 4) ? 40 : 6);
    r->n = 0;
    for (unsigned i = 0; i < insns; i++) {
        one_insn(r);
    }
    while (r->n < 32) {
        put(r, (unsigned)fuzz_random(r->f));
    }
}

// --- modes

static uint64_t random_flags(Rig *r)
{
    static const uint64_t modes[] = {
        0,                                                               // real
        X86_BF_V86,                                                      //
        X86_BF_PROTECTED,                                                // 16 bits
        X86_BF_PROTECTED | X86_BF_CODE32 | X86_BF_STACK32,               //
        X86_BF_PROTECTED | X86_BF_LONG | X86_BF_CODE32 | X86_BF_STACK32, //
        X86_BF_PROTECTED | X86_BF_LONG | X86_BF_CODE64,
    };
    uint64_t mode = FUZZ_PICK(r->f, modes), all = UINT64_MAX >> 20;
    uint64_t classes = X86_BF_V86 | X86_BF_PROTECTED | X86_BF_LONG | X86_BF_CODE64 | X86_BF_CODE32;
    uint64_t flags = fuzz_random(r->f) & all & ~(classes | X86_BF_CS);
    if (fuzz_one_in(r->f, 2)) { // flat, no traps
        flags = 0x3f << X86_BF_FLAT_SHIFT | X86_BF_SSE | X86_BF_AVX | X86_BF_XSAVE |
                (fuzz_one_in(r->f, 2) ? 3 : 0);
    }
    if (!(mode & X86_BF_CODE64) && fuzz_one_in(r->f, 3)) {
        flags |= UINT64_C(1) << X86_BF_CS_SHIFT;
    }
    return mode | flags;
}

static void set_code_segment(Rig *r, uint64_t flags, uint64_t pc)
{
    X86Segment *cs = &r->cpu->seg[X86_CS];
    bool based = flags & X86_BF_CS;
    cs->base = based ? (uint32_t)(pc - fuzz_below(r->f, 0x10000)) : 0;
    cs->limit = !based                 ? UINT32_MAX
                : fuzz_one_in(r->f, 4) ? (uint32_t)(pc - cs->base + fuzz_below(r->f, 64))
                                       : 0xffff;
}

// --- the decoder alone

// Too few bytes: more are asked for. Enough: more make no difference.
static void check_lengths(Rig *r, uint64_t flags)
{
    X86Insn all, part;
    X86DecodeResult want = x86_decode(r->cpu->decoder, &r->cpu->features, flags, r->code, 16, &all);
    if (want == X86_MORE || (want == X86_DECODED && all.len > X86_MAX_INSN_BYTES)) {
        fuzz_fail("16 bytes: %s", want == X86_MORE ? "more asked for" : "too long and decoded");
    }
    for (unsigned n = 1; n < 16; n++) {
        X86DecodeResult got =
            x86_decode(r->cpu->decoder, &r->cpu->features, flags, r->code, n, &part);
        bool enough = want == X86_DECODED && n >= all.len;
        bool same =
            got == want && (want != X86_DECODED || (part.len == all.len && part.row == all.row));
        if (enough ? !same : !same && got != X86_MORE) {
            fuzz_fail("%u bytes: %d, length %u; 16 bytes: %d, length %u", n, (int)got, part.len,
                      (int)want, all.len);
        }
    }
}

static TranslateRequest request(Rig *r, uint64_t pc, const uint8_t *host)
{
    Fuzz *f = r->f;
    unsigned here = MIN_OF(r->n, 0x1000 - (unsigned)(pc & 0xfff));
    TranslateRequest q = {.pc = pc,
                          .flags = random_flags(r),
                          .host = host,
                          .bytes = here,
                          .limit = here,
                          .max_insns = fuzz_one_in(f, 8) ? 1 + (unsigned)fuzz_below(f, 64) : 64,
                          .single = fuzz_one_in(f, 8)};
    q.max_insns = q.single ? 1 : q.max_insns;
    q.flags &= q.flags & X86_BF_CODE64 ? ~X86_BF_CS : UINT64_MAX;
    set_code_segment(r, q.flags, pc);
    return q;
}

static void one_block(Rig *r)
{
    Fuzz *f = r->f;
    uint64_t pc = RAM + (fuzz_one_in(f, 3) ? 0xff0 + fuzz_below(f, 16) : fuzz_below(f, 0xf00));
    make_code(r);
    mem_write(r->blocks.m->memory, pc, r->code, r->n);
    TranslateRequest q = request(r, pc, r->code);
    check_lengths(r, q.flags);
    fuzz_block(&r->blocks, &q, r->n, 1);
}

static void run(Fuzz *f)
{
    Rig *r = rig_new(f);
    for (unsigned i = 0; i < BLOCKS; i++) {
        one_block(r);
    }
    fuzz_blocks_free(&r->blocks);
    g_free(r);
}

const Fuzzer fuzzer = {
    .name = "fuzz_decode_x86",
    .what = "Random x86 instructions through decoder, passes and backend, in all modes.",
    .unit = "instructions",
    .run = run,
};
