// Packet commands by which a CD-ROM drive tells about itself and the disc: one data track.
#include "hw/ide/ata.h"

#include <string.h>

#define ILLEGAL       5
#define INVALID_FIELD 0x24
#define LARGEST_CD    405000 // sectors: 90 minutes; what is larger passes for a DVD
#define PROFILE_CD    0x0008
#define PROFILE_DVD   0x0010

static void invalid_field(AtaDrive *d)
{
    atapi_error(d, ILLEGAL, INVALID_FIELD, 0);
}

static bool is_dvd(const AtaDrive *d)
{
    return d->disk && d->sectors > LARGEST_CD;
}

static void put_padded(uint8_t *p, const char *text, unsigned len)
{
    size_t n = strlen(text);
    memset(p, ' ', len);
    memcpy(p, text, MIN_OF(n, (size_t)len));
}

static void cmd_inquiry(AtaDrive *d)
{
    uint8_t *p = d->buf;
    memset(p, 0, 36);
    if (d->packet[1] & 1) { // vital product data: only the list of pages
        if (d->packet[2]) {
            invalid_field(d);
            return;
        }
        p[0] = 5;
        p[3] = 1;
        atapi_reply(d, 5, d->packet[4]);
        return;
    }
    p[0] = 5;    // CD-ROM
    p[1] = 0x80; // removable
    p[2] = 5;    // SPC-3
    p[3] = 0x21; // ATAPI, response format
    p[4] = 31;
    put_padded(p + 8, "MIMUS", 8);
    put_padded(p + 16, d->model, 16);
    put_padded(p + 32, d->version, 4);
    atapi_reply(d, 36, d->packet[4]);
}

// --- table of contents (MMC-5, 6.26)

static void put_address(uint8_t *p, bool msf, uint64_t lba)
{
    if (!msf) {
        be32(p, (uint32_t)lba);
        return;
    }
    uint64_t at = lba + 150;
    p[0] = 0;
    p[1] = (uint8_t)(at / (75 * 60));
    p[2] = (uint8_t)(at / 75 % 60);
    p[3] = (uint8_t)(at % 75);
}

static unsigned toc_tracks(AtaDrive *d, bool msf, uint8_t first)
{
    static const uint8_t tracks[2] = {1, 0xaa}; // the data track and the lead-out
    uint8_t *p = d->buf + 4;
    if (first > 1 && first != 0xaa) {
        return 0;
    }
    d->buf[2] = d->buf[3] = 1;
    for (unsigned i = first == 0xaa; i < 2; i++, p += 8) {
        p[1] = 0x14; // data, copying forbidden
        p[2] = tracks[i];
        put_address(p + 4, msf, i ? d->sectors : 0);
    }
    return (unsigned)(p - d->buf);
}

static unsigned toc_session(AtaDrive *d, bool msf)
{
    d->buf[2] = d->buf[3] = 1;
    d->buf[5] = 0x14;
    d->buf[6] = 1;
    put_address(d->buf + 8, msf, 0);
    return 12;
}

// Session, control, 0, point, 0 0 0, then the point's value.
static unsigned toc_raw(AtaDrive *d)
{
    static const uint8_t points[4] = {0xa0, 0xa1, 0xa2, 1};
    uint8_t *p = d->buf + 4;
    d->buf[2] = d->buf[3] = 1;
    for (unsigned i = 0; i < 4; i++, p += 11) {
        p[0] = 1;
        p[1] = 0x14;
        p[3] = points[i];
        if (i < 2) {
            p[8] = 1; // first, last track
        } else {
            put_address(p + 7, true, i == 2 ? d->sectors : 0);
        }
    }
    return (unsigned)(p - d->buf);
}

static void cmd_read_toc(AtaDrive *d)
{
    bool msf = d->packet[1] & 2;
    unsigned format = d->packet[2] & 15, len;
    if (!atapi_ready(d)) {
        return;
    }
    format = format ? format : d->packet[9] >> 6; // where it stood in older standards
    memset(d->buf, 0, 64);
    len = format == 0   ? toc_tracks(d, msf, d->packet[6])
          : format == 1 ? toc_session(d, msf)
          : format == 2 ? toc_raw(d)
                        : 0;
    if (!len) {
        invalid_field(d);
        return;
    }
    be16(d->buf, len - 2);
    atapi_reply(d, len, get_be16(d->packet + 7));
}

// --- features (5.3)

typedef struct Feature {
    uint16_t code;
    uint8_t flags; // version << 2 | persistent << 1; current is worked out
    uint8_t len;
    uint8_t data[8];
    enum { ALWAYS, WITH_MEDIUM, WITH_CD, WITH_DVD } current;
} Feature;

static const Feature features[] = {
    {0x0000, 0x02, 8, {0x00, 0x10, 0, 0, 0x00, 0x08, 0, 0}, ALWAYS}, // profiles: DVD, CD
    {0x0001, 0x0a, 8, {0, 0, 0, 2, 0, 0, 0, 0}, ALWAYS},             // core: ATAPI
    {0x0002, 0x06, 4, {0}, ALWAYS},                                  // morphing: events polled
    {0x0003, 0x02, 4, {0x29, 0, 0, 0}, ALWAYS},                      // tray, eject, lock
    {0x0010, 0x00, 8, {0, 0, 8, 0, 0, 16, 0, 0}, WITH_MEDIUM},       // random access, 2048 bytes
    {0x001e, 0x08, 4, {0}, WITH_CD},
    {0x001f, 0x00, 4, {0}, WITH_DVD},
};

static bool is_current(const AtaDrive *d, const Feature *f)
{
    bool medium = d->disk && !d->tray_open;
    return f->current == ALWAYS ||
           (medium && (f->current == WITH_MEDIUM || (f->current == WITH_DVD) == is_dvd(d)));
}

static void cmd_get_configuration(AtaDrive *d)
{
    unsigned which = d->packet[1] & 3, from = get_be16(d->packet + 2), len = 8;
    bool medium = d->disk && !d->tray_open, dvd = is_dvd(d);
    if (which == 3) {
        invalid_field(d);
        return;
    }
    memset(d->buf, 0, 128);
    be16(d->buf + 6, !medium ? 0 : dvd ? PROFILE_DVD : PROFILE_CD);
    for (size_t i = 0; i < ARRAY_LEN(features); i++) {
        const Feature *f = &features[i];
        bool current = is_current(d, f);
        if (which == 2 ? f->code != from : f->code < from || (which == 1 && !current)) {
            continue;
        }
        uint8_t *p = d->buf + len;
        be16(p, f->code);
        p[2] = f->flags | current;
        p[3] = f->len;
        memcpy(p + 4, f->data, f->len);
        if (f->code == 0 && medium) {
            p[dvd ? 6 : 10] = 1; // the current profile
        }
        len += 4u + f->len;
    }
    be32(d->buf, len - 4);
    atapi_reply(d, len, get_be16(d->packet + 7));
}

// --- mode pages (7)

static const uint8_t page_errors[] = {0x01, 6, 0, 5, 0, 0, 0, 0};
static const uint8_t page_audio[] = {0x0e, 14, 4, 0, 0, 0, 0, 75, 1, 255, 2, 255, 0, 0, 0, 0};
static const uint8_t page_capabilities[] = {
    0x2a, 18,   0x3b, 0x00, // reads CD-R, CD-RW, DVD-ROM and others
    0x71, 0x60,             // multi-session, mode 2; UPC, ISRC
    0x29, 0x00,             // tray, eject, lock
    0x02, 0xc2, 0,    2,    // 706 kB/s, two volume levels
    0x02, 0x00, 0x02, 0xc2, 0, 0, 0, 0};
static const struct {
    uint8_t code;
    const uint8_t *data;
    uint8_t len;
} mode_pages[] = {
    {0x01, page_errors, sizeof page_errors},
    {0x0e, page_audio, sizeof page_audio},
    {0x2a, page_capabilities, sizeof page_capabilities},
};

static void cmd_mode_sense(AtaDrive *d)
{
    unsigned control = d->packet[2] >> 6, page = d->packet[2] & 0x3f, len = 8;
    if (control == 3) {
        atapi_error(d, ILLEGAL, 0x39, 0); // there are no saved values
        return;
    }
    memset(d->buf, 0, 128);
    for (size_t i = 0; i < ARRAY_LEN(mode_pages); i++) {
        if (page != 0x3f && page != mode_pages[i].code) {
            continue;
        }
        uint8_t *p = d->buf + len;
        memcpy(p, mode_pages[i].data, mode_pages[i].len);
        if (control == 1) { // what may be changed: nothing
            memset(p + 2, 0, mode_pages[i].len - 2u);
        } else if (page_capabilities == mode_pages[i].data && d->locked) {
            p[6] |= 2;
        }
        len += mode_pages[i].len;
    }
    if (len == 8) {
        invalid_field(d);
        return;
    }
    be16(d->buf, len - 2);
    d->buf[2] = !d->disk || d->tray_open ? 0x70 : 1;
    atapi_reply(d, len, get_be16(d->packet + 7));
}

// --- events, disc, track, drive

#define EVENT_MEDIA 4

static void cmd_event_status(AtaDrive *d)
{
    uint8_t *p = d->buf;
    if (!(d->packet[1] & 1)) { // asynchronous notification
        invalid_field(d);
        return;
    }
    memset(p, 0, 8);
    p[3] = 1 << EVENT_MEDIA;
    if (!(d->packet[4] & 1 << EVENT_MEDIA)) {
        be16(p, 2);
        p[2] = 0x80; // no such events
        atapi_reply(d, 4, get_be16(d->packet + 7));
        return;
    }
    be16(p, 6);
    p[2] = EVENT_MEDIA;
    p[4] = d->media_event;
    p[5] = (uint8_t)((d->tray_open ? 1 : 0) | (d->disk && !d->tray_open ? 2 : 0));
    d->media_event = 0;
    atapi_reply(d, 8, get_be16(d->packet + 7));
}

static void cmd_disc_information(AtaDrive *d)
{
    uint8_t *p = d->buf;
    if (!atapi_ready(d)) {
        return;
    }
    memset(p, 0, 34);
    be16(p, 32);
    p[2] = 0x0e; // complete, last session complete
    p[3] = p[4] = p[5] = p[6] = 1;
    p[7] = 0x20; // unrestricted use
    memset(p + 16, 0xff, 8);
    atapi_reply(d, 34, get_be16(d->packet + 7));
}

static void cmd_track_information(AtaDrive *d)
{
    uint8_t *p = d->buf;
    if (!atapi_ready(d)) {
        return;
    }
    memset(p, 0, 36);
    be16(p, 34);
    p[2] = p[3] = 1;
    p[5] = 4; // data
    p[6] = 1;
    be32(p + 24, (uint32_t)d->sectors);
    atapi_reply(d, 36, get_be16(d->packet + 7));
}

static void cmd_subchannel(AtaDrive *d)
{
    uint8_t *p = d->buf;
    if (!atapi_ready(d)) {
        return;
    }
    memset(p, 0, 16);
    p[1] = 0x15; // no audio status
    if (!(d->packet[2] & 0x40)) {
        atapi_reply(d, 4, get_be16(d->packet + 7));
        return;
    }
    if (d->packet[3] != 1) {
        invalid_field(d);
        return;
    }
    be16(p + 2, 12);
    p[4] = 1;
    p[5] = 0x14;
    p[6] = p[7] = 1;
    atapi_reply(d, 16, get_be16(d->packet + 7));
}

static void cmd_mechanism_status(AtaDrive *d)
{
    memset(d->buf, 0, 8);
    d->buf[1] = d->tray_open ? 0x10 : 0;
    d->buf[5] = 1;
    atapi_reply(d, 8, get_be16(d->packet + 8));
}

static void cmd_dvd_structure(AtaDrive *d)
{
    uint8_t *p = d->buf;
    if (!atapi_ready(d)) {
        return;
    }
    if (!is_dvd(d) || d->packet[6] || d->packet[1] & 15) {
        atapi_error(d, ILLEGAL, is_dvd(d) ? INVALID_FIELD : 0x30, is_dvd(d) ? 0 : 2);
        return;
    }
    memset(p, 0, 2052);
    switch (d->packet[7]) {
    case 0x00: { // physical format: DVD-ROM, 120 mm, one layer
        p[4] = 0x01;
        p[5] = 0x0f;
        p[6] = 0x01;
        be32(p + 8, 0x30000);
        be32(p + 12, (uint32_t)(0x30000 + d->sectors - 1));
        be16(p, 2050);
        atapi_reply(d, 2052, get_be16(d->packet + 8));
        return;
    }
    case 0x01: // copyright: none
        be16(p, 6);
        atapi_reply(d, 8, get_be16(d->packet + 8));
        return;
    case 0x04: // manufacturer's: empty
        be16(p, 2050);
        atapi_reply(d, 2052, get_be16(d->packet + 8));
        return;
    }
    invalid_field(d);
}

static const struct {
    uint8_t code;
    void (*run)(AtaDrive *d);
} commands[] = {
    {0x12, cmd_inquiry},           {0x42, cmd_subchannel},   {0x43, cmd_read_toc},
    {0x46, cmd_get_configuration}, {0x4a, cmd_event_status}, {0x51, cmd_disc_information},
    {0x52, cmd_track_information}, {0x5a, cmd_mode_sense},   {0xad, cmd_dvd_structure},
    {0xbd, cmd_mechanism_status},
};

bool atapi_info(AtaDrive *d)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (commands[i].code == d->packet[0]) {
            commands[i].run(d);
            return true;
        }
    }
    return false;
}
