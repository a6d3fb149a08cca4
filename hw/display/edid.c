// Offsets and encodings: VESA E-EDID Standard, release A, revision 2.
#include "hw/display/edid.h"

#include <string.h>

#define REFRESH    60
#define DPI        100
#define DESCRIPTOR 18

static void put_name(uint8_t *d, uint8_t tag, const char *text)
{
    memset(d, 0, DESCRIPTOR);
    d[3] = tag;
    memset(d + 5, ' ', 13);
    size_t n = MIN_OF(strlen(text), (size_t)13);
    memcpy(d + 5, text, n);
    if (n < 13) {
        d[5 + n] = '\n';
    }
}

static void put_range(uint8_t *d)
{
    static const uint8_t range[DESCRIPTOR] = {0,  0,    0,  0xfd, 0,  50, 125, 30, 160,
                                              60, 0x01, 10, 32,   32, 32, 32,  32, 32};
    memcpy(d, range, DESCRIPTOR);
}

// Detailed timing (3.10.2): blanking as large as monitors commonly have it.
static void put_timing(uint8_t *d, unsigned w, unsigned h, unsigned mm_w, unsigned mm_h)
{
    unsigned hblank = MAX_OF(w * 35 / 100, 8u), vblank = MAX_OF(h * 35 / 1000, 3u);
    unsigned hfront = MIN_OF(w * 25 / 100, 1023u), hsync = MIN_OF(MAX_OF(w * 3 / 100, 1u), 1023u);
    unsigned vfront = MIN_OF(MAX_OF(h * 5 / 1000, 1u), 63u);
    unsigned vsync = MIN_OF(MAX_OF(h * 5 / 1000, 1u), 63u);
    uint64_t clock = (uint64_t)REFRESH * (w + hblank) * (h + vblank) / 10000; // 10 kHz
    clock = MIN_OF(clock, UINT64_C(0xffff));
    memset(d, 0, DESCRIPTOR);
    d[0] = (uint8_t)clock;
    d[1] = (uint8_t)(clock >> 8);
    d[2] = (uint8_t)w;
    d[3] = (uint8_t)hblank;
    d[4] = (uint8_t)((w >> 8 & 15) << 4 | (hblank >> 8 & 15));
    d[5] = (uint8_t)h;
    d[6] = (uint8_t)vblank;
    d[7] = (uint8_t)((h >> 8 & 15) << 4 | (vblank >> 8 & 15));
    d[8] = (uint8_t)hfront;
    d[9] = (uint8_t)hsync;
    d[10] = (uint8_t)((vfront & 15) << 4 | (vsync & 15));
    d[11] = (uint8_t)((hfront >> 8 & 3) << 6 | (hsync >> 8 & 3) << 4 | (vfront >> 4 & 3) << 2 |
                      (vsync >> 4 & 3));
    d[12] = (uint8_t)mm_w;
    d[13] = (uint8_t)mm_h;
    d[14] = (uint8_t)((mm_w >> 8 & 15) << 4 | (mm_h >> 8 & 15));
    d[17] = 0x18; // digital, separate sync
}

// Standard timings (3.9): width and aspect ratio.
static void put_standard(const EdidInfo *e, uint8_t *out)
{
    static const struct {
        uint16_t width, height;
        uint8_t aspect; // 0: 16:10, 1: 4:3, 2: 5:4, 3: 16:9
    } modes[] = {{1920, 1080, 3}, {1920, 1200, 0}, {1680, 1050, 0}, {1600, 1200, 1},
                 {1280, 1024, 2}, {1440, 900, 0},  {1280, 800, 0},  {1280, 720, 3}};
    memset(out, 0x01, 16);
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        if ((!e->max_width || modes[i].width <= e->max_width) &&
            (!e->max_height || modes[i].height <= e->max_height)) {
            *out++ = (uint8_t)(modes[i].width / 8 - 31);
            *out++ = (uint8_t)(modes[i].aspect << 6 | (REFRESH - 60));
        }
    }
}

void edid_make(const EdidInfo *e, uint8_t out[EDID_SIZE])
{
    static const uint8_t head[35] = {
        0x00,
        0xff,
        0xff,
        0xff,
        0xff,
        0xff,
        0xff,
        0x00, // header
        ('M' - 64) << 2 | ('M' - 64) >> 3,
        (('M' - 64) << 5 | ('S' - 64)) & 0xff, // "MMS"
        0x01,
        0x00,
        0,
        0,
        0,
        0, // product 1, no serial number
        42,
        34, // week 42 of 2024
        1,
        4,    // EDID 1.4
        0xa5, // digital, 8 bits a colour, DisplayPort
        0,
        0,
        120,  // size (below), gamma 2.2
        0x06, // sRGB, the first timing is preferred
        0xee,
        0x91,
        0xa3,
        0x54,
        0x4c,
        0x99,
        0x26,
        0x0f,
        0x50,
        0x54, // sRGB's colours
    };
    unsigned mm_w = e->width * 254 / (DPI * 10), mm_h = e->height * 254 / (DPI * 10);
    memset(out, 0, EDID_SIZE);
    memcpy(out, head, sizeof head);
    out[21] = (uint8_t)MIN_OF(mm_w / 10, 255u);
    out[22] = (uint8_t)MIN_OF(mm_h / 10, 255u);
    out[35] = 0x21; // 640x480 and 800x600 at 60 Hz
    out[36] = 0x08; // 1024x768 at 60 Hz
    put_standard(e, out + 38);
    put_timing(out + 54, e->width, e->height, mm_w, mm_h);
    put_range(out + 72);
    put_name(out + 90, 0xfc, e->name);
    put_name(out + 108, 0xff, "1");
    unsigned sum = 0;
    for (int i = 0; i < EDID_SIZE - 1; i++) {
        sum += out[i];
    }
    out[EDID_SIZE - 1] = (uint8_t)-sum;
}
