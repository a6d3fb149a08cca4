#include "host-backends/x86_64/encode.h"

#include <string.h>

// The longest instruction is 15 bytes.
static bool room(X86Code *c)
{
    if (unlikely(c->pos + 16 > c->end)) {
        c->full = true;
        return false;
    }
    return true;
}

static void put(X86Code *c, unsigned b)
{
    c->rw[c->pos++] = (uint8_t)b;
}

static void put32(X86Code *c, uint32_t v)
{
    memcpy(c->rw + c->pos, &v, 4);
    c->pos += 4;
}

void x86_byte(X86Code *c, unsigned b)
{
    if (room(c)) {
        put(c, b);
    }
}

void x86_imm32(X86Code *c, uint32_t v)
{
    if (room(c)) {
        put32(c, v);
    }
}

void x86_imm64(X86Code *c, uint64_t v)
{
    x86_imm32(c, (uint32_t)v);
    x86_imm32(c, (uint32_t)(v >> 32));
}

static void legacy_prefix(X86Code *c, unsigned op, unsigned rex)
{
    static const uint8_t prefix[] = {0, 0x66, 0xf3, 0xf2};
    unsigned map = op >> 8 & 3;
    if (op >> 10 & 3) {
        put(c, prefix[op >> 10 & 3]);
    }
    rex |= (op & X86_W) ? 8 : 0;
    if (rex) {
        put(c, 0x40 | (rex & 15));
    }
    if (map) {
        put(c, 0x0f);
        if (map > 1) {
            put(c, map == 2 ? 0x38 : 0x3a);
        }
    }
    put(c, op & 0xff);
}

#define REX_PRESENT 16 // forces a REX prefix without bits

static unsigned byte_rex(unsigned op, int reg, int rm)
{
    bool need = ((op & X86_BYTE) && rm >= RSP) || ((op & X86_BYTE_REG) && reg >= RSP);
    return need ? REX_PRESENT : 0;
}

static void modrm_mem(X86Code *c, int reg, X86Mem m)
{
    unsigned r = (unsigned)(reg & 7) << 3;
    if (m.base == X86_RIP) {
        put(c, r | 5);
        put32(c, (uint32_t)(m.disp - (int32_t)(c->pos + 4 + m.imm_bytes)));
        return;
    }
    bool sib = m.index != X86_NO_INDEX || (m.base & 7) == RSP;
    unsigned mod = m.disp == 0 && (m.base & 7) != RBP ? 0 : m.disp == (int8_t)m.disp ? 1 : 2;
    put(c, mod << 6 | r | (sib ? 4u : (unsigned)m.base & 7));
    if (sib) {
        unsigned index = m.index == X86_NO_INDEX ? 4 : (unsigned)m.index & 7;
        put(c, (unsigned)m.scale << 6 | index << 3 | ((unsigned)m.base & 7));
    }
    if (mod == 1) {
        put(c, (unsigned)m.disp & 0xff);
    } else if (mod == 2) {
        put32(c, (uint32_t)m.disp);
    }
}

static unsigned mem_rex(X86Mem m)
{
    unsigned b = m.base >= 8 ? 1 : 0;
    unsigned x = m.index >= 8 ? 2 : 0;
    return b | x;
}

void x86_rr(X86Code *c, unsigned op, int reg, int rm)
{
    if (!room(c)) {
        return;
    }
    legacy_prefix(c, op, (unsigned)(reg >> 3) << 2 | (unsigned)rm >> 3 | byte_rex(op, reg, rm));
    put(c, 0xc0 | (unsigned)(reg & 7) << 3 | (unsigned)(rm & 7));
}

void x86_rm(X86Code *c, unsigned op, int reg, X86Mem m)
{
    if (!room(c)) {
        return;
    }
    legacy_prefix(c, op, (unsigned)(reg >> 3) << 2 | mem_rex(m) | byte_rex(op, reg, 0));
    modrm_mem(c, reg, m);
}

// rxb: REX-like bits, 4 = reg, 2 = index, 1 = base or r/m.
static void vex_prefix(X86Code *c, unsigned op, unsigned rxb, int vvvv)
{
    unsigned map = op >> 8 & 3, pp = op >> 10 & 3;
    unsigned tail = (~(unsigned)vvvv & 15) << 3 | pp;
    if (map == 1 && !(op & X86_W) && !(rxb & 3)) {
        put(c, 0xc5);
        put(c, ((rxb & 4) ? 0 : 0x80) | tail);
    } else {
        put(c, 0xc4);
        put(c, (~rxb & 7) << 5 | map);
        put(c, ((op & X86_W) ? 0x80u : 0) | tail);
    }
    put(c, op & 0xff);
}

void vex_rrr(X86Code *c, unsigned op, int reg, int vvvv, int rm)
{
    if (!room(c)) {
        return;
    }
    vex_prefix(c, op, (unsigned)(reg >> 3) << 2 | (unsigned)rm >> 3, vvvv);
    put(c, 0xc0 | (unsigned)(reg & 7) << 3 | (unsigned)(rm & 7));
}

void vex_rrm(X86Code *c, unsigned op, int reg, int vvvv, X86Mem m)
{
    if (!room(c)) {
        return;
    }
    vex_prefix(c, op, (unsigned)(reg >> 3) << 2 | mem_rex(m), vvvv);
    modrm_mem(c, reg, m);
}

static unsigned wide(bool w)
{
    return w ? X86_W : 0;
}

void x86_alu_rr(X86Code *c, X86Alu op, bool w, int dst, int src)
{
    x86_rr(c, (op << 3 | 3) | wide(w), dst, src);
}

void x86_alu_rm(X86Code *c, X86Alu op, bool w, int dst, X86Mem src)
{
    x86_rm(c, (op << 3 | 3) | wide(w), dst, src);
}

void x86_alu_ri(X86Code *c, X86Alu op, bool w, int dst, int32_t imm)
{
    if (imm == (int8_t)imm) {
        x86_rr(c, 0x83 | wide(w), (int)op, dst);
        x86_byte(c, (unsigned)imm & 0xff);
    } else {
        x86_rr(c, 0x81 | wide(w), (int)op, dst);
        x86_imm32(c, (uint32_t)imm);
    }
}

void x86_alu_mi(X86Code *c, X86Alu op, bool w, X86Mem dst, int32_t imm)
{
    if (imm == (int8_t)imm) {
        dst.imm_bytes = 1;
        x86_rm(c, 0x83 | wide(w), (int)op, dst);
        x86_byte(c, (unsigned)imm & 0xff);
    } else {
        dst.imm_bytes = 4;
        x86_rm(c, 0x81 | wide(w), (int)op, dst);
        x86_imm32(c, (uint32_t)imm);
    }
}

void x86_test_rr(X86Code *c, bool w, int a, int b)
{
    x86_rr(c, 0x85 | wide(w), b, a);
}

void x86_test_ri(X86Code *c, bool w, int a, int32_t imm)
{
    if (imm >= 0 && imm <= 0x7f) {
        x86_rr(c, 0xf6 | X86_BYTE, 0, a);
        x86_byte(c, (unsigned)imm);
    } else {
        x86_rr(c, 0xf7 | wide(w && imm < 0), 0, a);
        x86_imm32(c, (uint32_t)imm);
    }
}

void x86_shift_ri(X86Code *c, X86Shift op, bool w, int dst, unsigned count)
{
    x86_rr(c, 0xc1 | wide(w), (int)op, dst);
    x86_byte(c, count);
}

void x86_shift_cl(X86Code *c, X86Shift op, bool w, int dst)
{
    x86_rr(c, 0xd3 | wide(w), (int)op, dst);
}

void x86_mov_rr(X86Code *c, bool w, int dst, int src)
{
    x86_rr(c, 0x8b | wide(w), dst, src);
}

void x86_mov_ri(X86Code *c, int dst, uint64_t imm)
{
    if (!room(c)) {
        return;
    }
    if (imm != (uint32_t)imm && imm == (uint64_t)(int64_t)(int32_t)imm) {
        x86_rr(c, 0xc7 | X86_W, 0, dst);
        put32(c, (uint32_t)imm);
        return;
    }
    bool w = imm != (uint32_t)imm;
    if (w || dst >= R8) {
        put(c, 0x40 | (w ? 8 : 0) | (dst >= R8 ? 1 : 0));
    }
    put(c, 0xb8 | (dst & 7));
    put32(c, (uint32_t)imm);
    if (w) {
        put32(c, (uint32_t)(imm >> 32));
    }
}

void x86_load(X86Code *c, int dst, X86Mem m, unsigned bytes)
{
    static const uint16_t op[] = {
        [1] = 0xb6 | X86_0F, [2] = 0xb7 | X86_0F, [4] = 0x8b, [8] = 0x8b | X86_W};
    x86_rm(c, op[bytes], dst, m);
}

void x86_loads(X86Code *c, int dst, X86Mem m, unsigned bytes, bool w)
{
    static const uint16_t op[] = {
        [1] = 0xbe | X86_0F, [2] = 0xbf | X86_0F, [4] = 0x63, [8] = 0x8b | X86_W};
    x86_rm(c, bytes == 4 && !w ? 0x8b : op[bytes] | wide(w), dst, m);
}

void x86_store(X86Code *c, int src, X86Mem m, unsigned bytes)
{
    static const uint16_t op[] = {
        [1] = 0x88 | X86_BYTE_REG, [2] = 0x89 | X86_66, [4] = 0x89, [8] = 0x89 | X86_W};
    x86_rm(c, op[bytes], src, m);
}

void x86_store_imm(X86Code *c, X86Mem m, unsigned bytes, int32_t imm)
{
    static const uint16_t op[] = {[1] = 0xc6, [2] = 0xc7 | X86_66, [4] = 0xc7, [8] = 0xc7 | X86_W};
    x86_rm(c, op[bytes], 0, m);
    if (bytes >= 4) {
        x86_imm32(c, (uint32_t)imm);
        return;
    }
    x86_byte(c, (unsigned)imm & 0xff);
    if (bytes == 2) {
        x86_byte(c, (unsigned)imm >> 8 & 0xff);
    }
}

void x86_movzx(X86Code *c, int dst, int src, unsigned bytes)
{
    if (bytes >= 4) {
        x86_mov_rr(c, bytes == 8, dst, src);
    } else {
        x86_rr(c, bytes == 1 ? 0xb6 | X86_0F | X86_BYTE : 0xb7 | X86_0F, dst, src);
    }
}

void x86_movsx(X86Code *c, int dst, int src, unsigned bytes, bool w)
{
    static const uint16_t op[] = {[1] = 0xbe | X86_0F | X86_BYTE, [2] = 0xbf | X86_0F, [4] = 0x63};
    if (bytes == 8 || (bytes == 4 && !w)) {
        x86_mov_rr(c, w, dst, src);
    } else {
        x86_rr(c, op[bytes] | wide(w), dst, src);
    }
}

void x86_lea(X86Code *c, bool w, int dst, X86Mem m)
{
    x86_rm(c, 0x8d | wide(w), dst, m);
}

void x86_setcc(X86Code *c, X86Cond cc, int dst)
{
    x86_rr(c, (0x90 + cc) | X86_0F | X86_BYTE, 0, dst);
}

void x86_cmov(X86Code *c, X86Cond cc, bool w, int dst, int src)
{
    x86_rr(c, (0x40 + cc) | X86_0F | wide(w), dst, src);
}

void x86_push(X86Code *c, int reg)
{
    if (room(c)) {
        if (reg >= R8) {
            put(c, 0x41);
        }
        put(c, 0x50 | (reg & 7));
    }
}

void x86_pop(X86Code *c, int reg)
{
    if (room(c)) {
        if (reg >= R8) {
            put(c, 0x41);
        }
        put(c, 0x58 | (reg & 7));
    }
}

void x86_push_imm(X86Code *c, int32_t imm)
{
    if (imm == (int8_t)imm) {
        x86_byte(c, 0x6a);
        x86_byte(c, (unsigned)imm & 0xff);
    } else {
        x86_byte(c, 0x68);
        x86_imm32(c, (uint32_t)imm);
    }
}

void x86_push_mem(X86Code *c, X86Mem m)
{
    x86_rm(c, 0xff, 6, m);
}

void x86_ret(X86Code *c, unsigned bytes)
{
    x86_byte(c, bytes ? 0xc2 : 0xc3);
    if (bytes) {
        x86_byte(c, bytes & 0xff);
        x86_byte(c, bytes >> 8);
    }
}

void x86_jmp_mem(X86Code *c, X86Mem m)
{
    x86_rm(c, 0xff, 4, m);
}

void x86_call_mem(X86Code *c, X86Mem m)
{
    x86_rm(c, 0xff, 2, m);
}

void x86_call_reg(X86Code *c, int reg)
{
    x86_rr(c, 0xff, 2, reg);
}

void x86_jmp_reg(X86Code *c, int reg)
{
    x86_rr(c, 0xff, 4, reg);
}

size_t x86_jcc_fwd(X86Code *c, X86Cond cc)
{
    x86_byte(c, 0x0f);
    x86_byte(c, 0x80 + cc);
    x86_imm32(c, 0);
    return c->pos - 4;
}

size_t x86_jmp_fwd(X86Code *c)
{
    x86_byte(c, 0xe9);
    x86_imm32(c, 0);
    return c->pos - 4;
}

size_t x86_call_fwd(X86Code *c)
{
    x86_byte(c, 0xe8);
    x86_imm32(c, 0);
    return c->pos - 4;
}

void x86_patch(X86Code *c, size_t field, size_t to)
{
    if (!c->full) {
        uint32_t rel = (uint32_t)(to - (field + 4));
        memcpy(c->rw + field, &rel, 4);
    }
}

void x86_jcc(X86Code *c, X86Cond cc, size_t to)
{
    x86_patch(c, x86_jcc_fwd(c, cc), to);
}

void x86_jmp(X86Code *c, size_t to)
{
    x86_patch(c, x86_jmp_fwd(c), to);
}

void x86_call(X86Code *c, size_t to)
{
    x86_patch(c, x86_call_fwd(c), to);
}
