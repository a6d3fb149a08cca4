// The VGA's registers in a memory BAR, for guests that use no ports:
//
//   000 EDID, 400 VGA ports 3c0-3df, 500 VBE registers (16 bits each), 600 extensions: size of
//   these, and byte order of the frame buffer
#include <glib.h>
#include <string.h>

#include "hw/display/vga.h"
#include "util/log.h"

#define REGS_PORTS       0x400
#define REGS_VBE         0x500
#define REGS_EXT         0x600
#define EXT_SIZE         8
#define LITTLE_ENDIAN_FB 0x1e1e1e1e
#define MIB              (UINT64_C(1) << 20)

static uint64_t regs_read(void *opaque, uint64_t offset, unsigned size)
{
    const VgaRegs *s = opaque;
    if (offset < EDID_SIZE) {
        uint64_t v = 0;
        memcpy(&v, s->edid + offset, size);
        return v;
    }
    if (offset >= REGS_PORTS && offset < REGS_PORTS + 0x20) {
        unsigned port = 0x3c0 + (unsigned)(offset - REGS_PORTS);
        uint64_t v = vga_port_read(s->vga, port);
        return size == 2 ? v | (uint64_t)vga_port_read(s->vga, port + 1) << 8 : v;
    }
    if (offset >= REGS_VBE && offset < REGS_VBE + 2 * VBE_COUNT) {
        uint16_t v = vga_vbe_read(s->vga, (unsigned)(offset - REGS_VBE) / 2);
        return offset & 1 ? v >> 8 : v;
    }
    if (offset >= REGS_EXT && offset < REGS_EXT + EXT_SIZE) {
        uint64_t ext = (uint64_t)LITTLE_ENDIAN_FB << 32 | EXT_SIZE;
        return ext >> (8 * (offset - REGS_EXT));
    }
    return mask64(8 * size);
}

static void regs_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    const VgaRegs *s = opaque;
    if (offset >= REGS_PORTS && offset < REGS_PORTS + 0x20) {
        unsigned port = 0x3c0 + (unsigned)(offset - REGS_PORTS);
        vga_port_write(s->vga, port, (uint8_t)value);
        if (size == 2) {
            vga_port_write(s->vga, port + 1, (uint8_t)(value >> 8));
        }
    } else if (offset >= REGS_VBE && offset < REGS_VBE + 2 * VBE_COUNT && !(offset & 1)) {
        vga_vbe_write(s->vga, (unsigned)(offset - REGS_VBE) / 2, (uint16_t)value);
    } else if (offset >= REGS_EXT && offset < REGS_EXT + EXT_SIZE) {
        if (offset == REGS_EXT + 4 && (value & 0xff) != (LITTLE_ENDIAN_FB & 0xff)) {
            log_printf(LOG_UNIMP, "vga: big-endian frame buffer\n");
        }
    }
}

static const MmioOps regs_ops = {regs_read, regs_write, 1, 2, false};

MemRegion *vga_regs_region(VgaRegs *r, Vga *vga)
{
    r->vga = vga;
    return mem_mmio("vga-regs", VGA_REGS_SIZE, &regs_ops, r);
}

bool vga_check_memory(uint64_t bytes, char **error)
{
    if (bytes >= MIB && bytes <= 512 * MIB && !(bytes & (bytes - 1))) {
        return true;
    }
    *error = g_strdup_printf("video memory of %llu bytes: expected a power of 2 from 1 to 512 MiB",
                             (unsigned long long)bytes);
    return false;
}
